//! Pure. Whether the clock can be trusted: a machine that wakes in 1970 must not plan or send, nor one whose clock
//! jumps a year ahead under a running daemon. (A clock that is ahead at start looks like downtime.)
//!
//! A daemon notes no round while it distrusts its clock. So a last round that is near a clock that jumped ahead was
//! noted by a person, beside the daemon (`jalon accept`), and vouches for it.

use chrono::{DateTime, TimeDelta, Utc};

/// How far behind the last round a clock may be: what time servers correct every day.
pub const SLACK: TimeDelta = TimeDelta::minutes(1);

/// How far a running clock may jump ahead of the time that really passed.
pub const LONGEST_JUMP: TimeDelta = TimeDelta::days(1);

/// What is to be made of the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// It agrees with what is known.
    Agrees,
    /// It is behind the ledger's last round by so much.
    Behind(TimeDelta),
    /// It jumped ahead by so much while we ran.
    Ahead(TimeDelta),
}

/// Judges the clock. `last_round`: when the ledger last saw a round; `seen`: what the clock said when it was
/// last trusted in this process, and how much time has really passed since, suspend included. Of our own rounds none
/// can be near a clock that is ahead: the last of them was noted when it was last trusted, or before.
#[must_use]
pub fn trust(
    now: DateTime<Utc>,
    last_round: Option<DateTime<Utc>>,
    seen: Option<(DateTime<Utc>, TimeDelta)>,
) -> Trust {
    if let Some(behind) = behind(now, last_round) {
        return Trust::Behind(behind);
    }
    let vouched = last_round.is_some_and(|last| now - last <= LONGEST_JUMP);
    match seen.map(|(then, passed)| now - (then + passed)) {
        Some(ahead) if ahead > LONGEST_JUMP && !vouched => Trust::Ahead(ahead),
        _ => Trust::Agrees,
    }
}

fn behind(now: DateTime<Utc>, last_round: Option<DateTime<Utc>>) -> Option<TimeDelta> {
    last_round.map(|last| last - now).filter(|behind| *behind > SLACK)
}

/// What a daemon may hold against the clock, as it looks from outside: a last round that is ahead of it; or, while a
/// daemon runs (`held`), one of more than a day ago: a daemon that trusted its clock would have noted one since.
#[must_use]
pub fn held_against(now: DateTime<Utc>, last_round: Option<DateTime<Utc>>, held: bool) -> Trust {
    match (behind(now, last_round), last_round.map(|last| now - last)) {
        (Some(behind), _) => Trust::Behind(behind),
        (None, Some(ago)) if held && ago > LONGEST_JUMP => Trust::Ahead(ago),
        _ => Trust::Agrees,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(hours)
    }

    #[test]
    fn a_clock_behind_the_last_round_holds() {
        assert_eq!(trust(at(10), Some(at(11)), None), Trust::Behind(TimeDelta::hours(1)));
        assert_eq!(trust(at(10), Some(at(10) + SLACK), None), Trust::Agrees);
    }

    #[test]
    fn a_jump_of_more_than_a_day_holds_and_downtime_does_not() {
        let seen = Some((at(0), TimeDelta::hours(1)));
        assert_eq!(trust(at(24), None, seen), Trust::Agrees);
        assert_eq!(trust(at(26), None, seen), Trust::Ahead(TimeDelta::hours(25)));
        assert_eq!(trust(at(9000), Some(at(0)), None), Trust::Agrees, "a year's downtime is no jump");
    }

    #[test]
    fn a_last_round_near_a_clock_that_jumped_vouches_for_it() {
        let seen = Some((at(0), TimeDelta::hours(1)));
        let ahead = Trust::Ahead(TimeDelta::hours(99));
        for (last, expected) in [
            (0, ahead),
            (75, ahead),
            (76, Trust::Agrees),
            (100, Trust::Agrees),
            // Behind another round is behind, whoever noted it.
            (102, Trust::Behind(TimeDelta::hours(2))),
        ] {
            assert_eq!(trust(at(100), Some(at(last)), seen), expected, "{last}");
        }
        // What a daemon notes by itself never vouches: at the moment it last trusted, or before.
        for hour in 26..200 {
            assert!(matches!(trust(at(hour), Some(at(0)), seen), Trust::Ahead(_)), "{hour}");
        }
    }

    #[test]
    fn what_is_held_against_a_clock_is_seen_from_outside() {
        for (last, held, expected) in [
            (Some(102), false, Trust::Behind(TimeDelta::hours(2))),
            (Some(102), true, Trust::Behind(TimeDelta::hours(2))),
            (Some(75), true, Trust::Ahead(TimeDelta::hours(25))),
            (Some(75), false, Trust::Agrees),
            (Some(76), true, Trust::Agrees),
            (Some(100), true, Trust::Agrees),
            (None, true, Trust::Agrees),
        ] {
            assert_eq!(held_against(at(100), last.map(at), held), expected, "{last:?} {held}");
        }
        assert_eq!(held_against(at(100), Some(at(100) + SLACK), true), Trust::Agrees);
    }
}
