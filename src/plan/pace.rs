//! Pure. How many mails a relay may be given, and when the next: `rate` under `[smtp]`.
//!
//! A rate is a window that slides: in no stretch of a minute, an hour or 24 hours are there more mails than it allows,
//! however these lie to the clock's minutes and days. So it stays below a provider's limit whether that counts by the
//! day or by the last 24 hours. What counts is each mail that was begun, taken or not, in whichever run of the daemon.

use chrono::{DateTime, TimeDelta, Utc};

use crate::settings::Rate;

/// How far back anything is counted: the longest window.
#[must_use]
pub fn window(rates: &[Rate]) -> Option<TimeDelta> {
    rates.iter().map(|rate| rate.per).max()
}

/// How many mails may be begun at `now`, after those begun at these instants; none when there is no limit.
#[must_use]
pub fn allowance(rates: &[Rate], begun: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<usize> {
    let left = |rate: &Rate| {
        let in_window = begun.iter().filter(|at| **at > now - rate.per).count();
        usize::try_from(rate.mails).unwrap_or(usize::MAX).saturating_sub(in_window)
    };
    rates.iter().map(left).min()
}

/// When the next mail may be begun, if that is not now. At most a whole window from now, also where the clock was
/// ahead when mails were begun.
#[must_use]
pub fn free_at(rates: &[Rate], begun: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let free = |rate: &Rate| {
        let mut recent: Vec<_> = begun.iter().filter(|at| **at > now - rate.per).copied().collect();
        recent.sort_unstable();
        // The window has room once it has left behind all but one less than it allows.
        let most = usize::try_from(rate.mails).unwrap_or(usize::MAX);
        let last = recent.len().checked_sub(most).and_then(|at| recent.get(at))?;
        Some((*last).min(now) + rate.per)
    };
    rates.iter().filter_map(free).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn rate(mails: u32, per: TimeDelta) -> Rate {
        Rate { mails, per }
    }

    #[test]
    fn no_stretch_of_a_window_holds_more_than_its_rate() {
        let rates = [rate(3, TimeDelta::minutes(1)), rate(7, TimeDelta::hours(1))];
        let mut begun = Vec::new();
        for second in 0..4 * 3600 {
            let now = at(second);
            let free = free_at(&rates, &begun, now);
            assert_eq!(free.is_none(), allowance(&rates, &begun, now) > Some(0), "{second}");
            assert!(free.is_none_or(|free| free > now), "{second}");
            if free.is_none() {
                begun.push(now);
            }
        }
        for rate in rates {
            for (n, first) in begun.iter().enumerate() {
                let within = begun[n..].iter().filter(|at| **at - *first < rate.per).count();
                assert!(within <= rate.mails as usize, "{within} in {}", rate.per);
            }
        }
        assert_eq!(begun.len(), 4 * 7, "and no fewer than it allows");
    }

    #[test]
    fn the_next_mail_may_begin_when_the_tightest_window_has_room() {
        let rates = [rate(2, TimeDelta::minutes(1)), rate(3, TimeDelta::days(1))];
        let begun = [at(0), at(10)];
        assert_eq!(allowance(&rates, &begun, at(20)), Some(0));
        assert_eq!(free_at(&rates, &begun, at(20)), Some(at(60)));
        assert_eq!(allowance(&rates, &begun, at(60)), Some(1));
        let begun = [at(0), at(10), at(60)];
        assert_eq!(free_at(&rates, &begun, at(70)), Some(at(86_400)), "a day is 24 hours that slide");
        assert_eq!(free_at(&rates, &begun, at(86_400)), None);
        assert_eq!((allowance(&[], &begun, at(70)), free_at(&[], &begun, at(70))), (None, None));
    }

    #[test]
    fn a_clock_that_was_ahead_holds_mails_up_for_a_window_at_most() {
        let rates = [rate(1, TimeDelta::hours(1))];
        assert_eq!(free_at(&rates, &[at(1_000_000)], at(0)), Some(at(3600)));
    }
}
