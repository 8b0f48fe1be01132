//! Pure. Whether the clock can be trusted: a machine that wakes in 1970 must not plan or send, nor one whose clock
//! jumps a year ahead under a running daemon. (A clock that is ahead at start looks like downtime.)

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
/// last trusted in this process, and how much time has really passed since, suspend included.
#[must_use]
pub fn trust(
    now: DateTime<Utc>,
    last_round: Option<DateTime<Utc>>,
    seen: Option<(DateTime<Utc>, TimeDelta)>,
) -> Trust {
    if let Some(behind) = last_round.map(|last| last - now).filter(|behind| *behind > SLACK) {
        return Trust::Behind(behind);
    }
    match seen.map(|(then, passed)| now - (then + passed)) {
        Some(ahead) if ahead > LONGEST_JUMP => Trust::Ahead(ahead),
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
}
