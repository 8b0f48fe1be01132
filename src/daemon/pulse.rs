//! Whether the daemon's loops are alive: each promises by when it will be heard of next, and the service manager's
//! watchdog is fed as long as every promise is kept. A round that ends with an error is a round that ended; one that
//! does not end is a hang, and from then on nothing is fed: the manager starts us anew.
//!
//! Promises are in monotonic time: neither a pretended clock nor one that is set has a part in them. What nobody could
//! do while the whole process stood still (a frozen machine) is no broken promise.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::log;
use crate::clock::Clock;
use crate::fail_point::{blocks, hangs, panics};
use crate::telemetry::manager::Manager;

/// How long a round may take that only asks the ledger and the files: 10,000 postings take seconds, a busy disk minutes.
pub(super) const ROUND: Duration = Duration::from_mins(5);

/// How much later than it was to wake somebody may wake.
pub(super) const MARGIN: Duration = Duration::from_mins(1);

/// How often promises are looked at when no watchdog waits: the log hears of a hang at any rate.
const UNWATCHED: Duration = Duration::from_secs(30);

/// A loop of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Loop {
    /// It reads files and plans.
    Planning,
    /// It sends.
    Sending,
    /// It sees to the ledger.
    Housekeeping,
    /// It says that this host is there.
    Attending,
}

impl Loop {
    /// Its name in the log.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Sending => "sending",
            Self::Housekeeping => "housekeeping",
            Self::Attending => "attendance",
        }
    }
}

/// A promise to be heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Who gave it.
    pub by: Loop,
    /// When it was given: what its giver was last heard of.
    pub given: Duration,
    /// Until when it is kept by silence.
    pub until: Duration,
}

/// The promises that hold, one of each loop at most. Every moment is of CLOCK_MONOTONIC.
#[derive(Debug, Default)]
pub struct Promises(Vec<Promise>);

impl Promises {
    /// A loop is heard of now, and will be again within this time.
    pub fn give(&mut self, by: Loop, now: Duration, within: Duration) {
        self.end(by);
        self.0.push(Promise { by, given: now, until: now.saturating_add(within) });
    }

    /// A loop ended, and owes nothing any more.
    pub fn end(&mut self, by: Loop) {
        self.0.retain(|promise| promise.by != by);
    }

    /// For so long nobody could keep anything.
    pub fn excuse(&mut self, lost: Duration) {
        for promise in &mut self.0 {
            promise.until = promise.until.saturating_add(lost);
        }
    }

    /// A promise that was not kept.
    #[must_use]
    pub fn broken(&self, now: Duration) -> Option<Promise> {
        self.0.iter().copied().filter(|promise| promise.until < now).min_by_key(|promise| promise.until)
    }
}

/// The promises of all loops.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<Mutex<Promises>>);

impl Pulse {
    /// What one loop promises by. From here on it owes a round.
    #[must_use]
    pub fn of(&self, by: Loop) -> Life {
        let life = Life { by, pulse: self.clone() };
        life.within(ROUND);
        life
    }

    fn promises(&self) -> MutexGuard<'_, Promises> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Feeds a watchdog that waits so long, if there is one, as long as every promise is kept; then says which was not,
    /// and ends. A task of the runtime, and no thread: when the runtime is dead, so is the pulse.
    pub async fn feed(self, manager: Manager, watchdog: Option<Duration>) {
        let every = watchdog.map_or(UNWATCHED, |watchdog| watchdog / 3);
        let mut looked = Clock::monotonic();
        loop {
            let now = Clock::monotonic();
            {
                let mut promises = self.promises();
                promises.excuse(now.saturating_sub(looked).saturating_sub(2 * every));
                if let Some(promise) = promises.broken(now) {
                    log::hang(promise, now);
                    return;
                }
            }
            looked = now;
            if watchdog.is_some() {
                manager.alive();
            }
            tokio::time::sleep(every).await;
        }
    }
}

/// How one loop is heard of. Dropped with the loop, which then owes nothing.
#[derive(Debug)]
pub struct Life {
    by: Loop,
    pulse: Pulse,
}

impl Life {
    /// I am alive, and will be heard of again within this time.
    pub fn within(&self, time: Duration) {
        self.pulse.promises().give(self.by, Clock::monotonic(), time);
    }

    /// A round begins, which takes no longer than this.
    pub async fn begins(&self, longest: Duration) {
        self.within(longest);
        if hangs(self.by.word()) {
            self.within(Duration::ZERO);
            std::future::pending::<()>().await;
        }
        if panics(self.by.word()) {
            std::panic::panic_any("on purpose");
        }
        if blocks(self.by.word()) {
            self.within(Duration::ZERO);
            loop {
                std::thread::park();
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.pulse.promises().end(self.by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn one_loop_that_is_silent_for_too_long_is_a_hang_whatever_the_others_do() {
        let mut promises = Promises::default();
        assert_eq!(promises.broken(at(1000)), None, "nobody promised anything");
        promises.give(Loop::Planning, at(0), at(300));
        promises.give(Loop::Sending, at(10), at(60));
        promises.give(Loop::Housekeeping, at(0), at(900));
        assert_eq!(promises.broken(at(70)), None, "to the second");
        let broken = Promise { by: Loop::Sending, given: at(10), until: at(70) };
        assert_eq!(promises.broken(at(71)), Some(broken));
        promises.give(Loop::Planning, at(71), at(300));
        assert_eq!(promises.broken(at(72)), Some(broken), "that of another does not mend it");
        promises.give(Loop::Sending, at(72), at(300));
        assert_eq!(promises.broken(at(371)), None);
        promises.end(Loop::Planning);
        assert_eq!(promises.broken(at(372)), None, "who ended owes nothing");
        assert_eq!(promises.broken(at(373)).map(|promise| promise.by), Some(Loop::Sending));
    }

    #[test]
    fn a_machine_that_stood_still_breaks_no_promise() {
        let mut promises = Promises::default();
        promises.give(Loop::Sending, at(0), at(60));
        promises.excuse(at(1000));
        assert_eq!(promises.broken(at(1060)), None);
        assert!(promises.broken(at(1061)).is_some());
        promises.give(Loop::Sending, at(0), Duration::MAX);
        promises.excuse(at(1));
        assert_eq!(promises.broken(at(u64::MAX)), None, "and nothing overflows");
    }

    #[tokio::test]
    async fn who_hung_once_is_not_trusted_again() {
        let pulse = Pulse::default();
        let life = pulse.of(Loop::Planning);
        let feeding = tokio::spawn(pulse.feed(Manager::default(), Some(Duration::from_millis(3))));
        life.within(Duration::ZERO);
        tokio::time::timeout(Duration::from_mins(1), feeding).await.expect("it ends").expect("by itself");
    }

    #[test]
    fn a_life_that_ends_takes_its_promise_along() {
        let pulse = Pulse::default();
        let life = pulse.of(Loop::Housekeeping);
        let later = Clock::monotonic() + ROUND + MARGIN;
        assert!(pulse.promises().broken(later).is_some());
        life.within(2 * ROUND);
        assert!(pulse.promises().broken(later).is_none());
        drop(life);
        assert!(pulse.promises().broken(later + 3 * ROUND).is_none());
    }
}
