//! What a verb does to the ledger, and by whose clock its leases go.

use chrono::{DateTime, Utc};

/// By whose clock leases go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leases {
    /// The database's: one for all hosts.
    Database,
    /// The caller's `now`: of a pretended clock, or where a test says what time it is.
    Caller,
}

impl Leases {
    /// What the database is told instead of its own clock.
    pub(super) fn told(self, now: DateTime<Utc>) -> Option<i64> {
        (self == Self::Caller).then(|| now.timestamp_millis())
    }
}

/// What a verb does to the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Reads,
    /// It asks several questions, and answers as of one moment.
    Surveys,
    /// It writes what no plan depends on: that a round was made, that a host is there.
    Notes,
    Writes,
    /// It writes what other hosts should look at soon.
    Tells,
}

impl Kind {
    /// What begins its transaction, where it has one.
    pub(super) fn begins(self) -> Option<&'static str> {
        match self {
            Self::Reads => None,
            Self::Surveys => Some("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"),
            Self::Notes | Self::Writes | Self::Tells => Some("BEGIN"),
        }
    }

    /// What ends it, after so many rows were changed.
    pub(super) fn ends(self, changed: usize) -> &'static str {
        match self {
            Self::Writes | Self::Tells if changed > 0 => "SELECT nextval('writes'); COMMIT",
            _ => "COMMIT",
        }
    }

    pub(super) fn is_write(self) -> bool {
        !matches!(self, Self::Reads | Self::Surveys)
    }
}
