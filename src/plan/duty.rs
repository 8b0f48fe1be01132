//! Pure. Which of the hosts that share a ledger plans: one at a time, and the same one as long as it can. Two hosts whose
//! files differ must not undo each other's plan in turn.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a duty lasts unless it is renewed; it is, at a third of this.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);

/// A host is there while it was heard of in this time.
pub const SILENCE: TimeDelta = TimeDelta::seconds(60);

/// How much longer a host waits whose files are not those that were planned by: one that restarts, or that is being
/// brought up to date, comes back.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(5);

/// Who plans, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    /// The host.
    pub holder: String,
    /// Which run of it.
    pub run: String,
    /// What its files say of the plan, as a digest.
    pub digest: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The host.
    pub host: String,
    /// Which run of it.
    pub run: String,
    /// What its files say of the plan, as a digest.
    pub digest: String,
    /// Whether it could read them.
    pub readable: bool,
}

/// What becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It goes on to plan.
    Renew,
    /// It plans from now on, in a new term.
    Take,
    /// It does not plan.
    Leave,
}

/// Decides by the database's clock. `others`: whether another host is there that can read its files.
#[must_use]
pub fn turn(duty: Option<&Duty>, me: &Candidate, others: bool, now: DateTime<Utc>) -> Turn {
    let Some(duty) = duty else { return if me.readable { Turn::Take } else { Turn::Leave } };
    if duty.run == me.run && duty.until > now {
        // What it read last goes on to rule, where nobody can do better.
        return if me.readable || !others { Turn::Renew } else { Turn::Leave };
    }
    let free = if duty.holder == me.host {
        true // it was restarted: the run that planned is over
    } else if duty.digest == me.digest {
        duty.until <= now
    } else {
        duty.until + PATIENCE <= now
    };
    if free && me.readable { Turn::Take } else { Turn::Leave }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn candidate(host: &str, digest: &str) -> Candidate {
        Candidate { host: host.into(), run: format!("{host} 1"), digest: digest.into(), readable: true }
    }

    /// `one` plans by files `a` until the sixtieth second.
    fn duty() -> Duty {
        Duty { holder: "one".into(), run: "one 1".into(), digest: "a".into(), until: at(60) }
    }

    #[test]
    fn the_first_that_can_read_its_files_plans() {
        assert_eq!(turn(None, &candidate("one", "a"), false, at(0)), Turn::Take);
        let blind = Candidate { readable: false, ..candidate("one", "a") };
        assert_eq!(turn(None, &blind, false, at(0)), Turn::Leave);
    }

    #[test]
    fn who_plans_goes_on_whatever_its_files_become() {
        let duty = duty();
        for digest in ["a", "b"] {
            assert_eq!(turn(Some(&duty), &candidate("one", digest), true, at(59)), Turn::Renew);
        }
        let blind = Candidate { readable: false, ..candidate("one", "a") };
        assert_eq!(turn(Some(&duty), &blind, true, at(59)), Turn::Leave, "another can read");
        assert_eq!(turn(Some(&duty), &blind, false, at(59)), Turn::Renew, "nobody can");
    }

    #[test]
    fn the_same_files_take_over_at_once_and_others_after_a_while() {
        let duty = duty();
        let (same, other) = (candidate("two", "a"), candidate("two", "b"));
        let blind = Candidate { readable: false, ..same.clone() };
        for (now, of_same, of_other) in [
            (59, Turn::Leave, Turn::Leave),
            (60, Turn::Take, Turn::Leave),
            (359, Turn::Take, Turn::Leave),
            (360, Turn::Take, Turn::Take),
        ] {
            assert_eq!(turn(Some(&duty), &same, true, at(now)), of_same, "{now}");
            assert_eq!(turn(Some(&duty), &other, true, at(now)), of_other, "{now}");
            assert_eq!(turn(Some(&duty), &blind, true, at(now)), Turn::Leave, "{now}");
        }
    }

    #[test]
    fn who_was_restarted_goes_on_in_a_new_term() {
        let duty = duty();
        let again = Candidate { run: "one 2".into(), ..candidate("one", "b") };
        assert_eq!(turn(Some(&duty), &again, true, at(5)), Turn::Take);
        // And what lapsed is not renewed as if nothing had been.
        assert_eq!(turn(Some(&duty), &candidate("one", "a"), true, at(60)), Turn::Take);
    }
}
