//! Pure. How many mails a claim takes.
//!
//! A claim looks at all that is due, and takes what ends first. While a million are due, looking takes longer than sending a few
//! hundred: then claims grow, until they are a small part of the time. What falls due meanwhile waits for those that are
//! claimed, some seconds at most; so they grow only while looking takes a part of it that counts.

use std::time::Duration;

/// How many mails a claim takes: a crash before they are handed costs nothing.
const USUAL: usize = 512;

/// How many at most. Where claims are shared, a host that dies leaves behind no more than usual.
const MOST: usize = 16_384;

/// How many times as long as a claim sending its mails should last at least, and at most while claims are large.
const ENOUGH: u32 = 32;
const PLENTY: u32 = 64;

/// How many mails the next claim takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch {
    mails: usize,
    /// How long the last claim took and when it was done, of CLOCK_MONOTONIC, if it found all that it could take.
    last: Option<(Duration, Duration)>,
}

impl Default for Batch {
    fn default() -> Self {
        Self { mails: USUAL, last: None }
    }
}

impl Batch {
    /// How many to claim now.
    pub(super) fn next(&mut self, now: Duration) -> usize {
        self.mails = match self.last.take() {
            Some((took, done)) if now.saturating_sub(done) < took * ENOUGH => (self.mails * 2).min(MOST),
            Some((took, done)) if now.saturating_sub(done) <= took * PLENTY => self.mails,
            _ => USUAL,
        };
        self.mails
    }

    /// Takes note of a claim that found all that it could take.
    pub(super) fn was_full(&mut self, begun: Duration, done: Duration) {
        self.last = Some((done.saturating_sub(begun), done));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_grow_while_looking_takes_the_time_and_are_as_usual_again_afterwards() {
        let ms = Duration::from_millis;
        let mut batch = Batch::default();
        assert_eq!(batch.next(ms(0)), 512);
        // A second to look, a sixth of one to send.
        let mut now = 0;
        for expected in [1024, 2048, 4096, 8192, 16_384, 16_384] {
            batch.was_full(ms(now), ms(now + 1000));
            now += 1160;
            assert_eq!(batch.next(ms(now)), expected);
        }
        // Sending them takes forty times as long.
        batch.was_full(ms(now), ms(now + 1000));
        assert_eq!(batch.next(ms(now + 41_000)), 16_384);
        // A relay that takes its time; and less than could be taken.
        batch.was_full(ms(now), ms(now + 1000));
        assert_eq!(batch.next(ms(now + 65_001)), 512);
        batch.was_full(ms(now), ms(now + 1000));
        assert_eq!(batch.next(ms(now + 1001)), 1024);
        assert_eq!(batch.next(ms(now + 1002)), 512);
    }
}
