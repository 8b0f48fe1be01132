//! What a round of planning asks of a ledger, and what it brings: narrow questions, so that a round costs what it is about
//! and not what there is.

use chrono::{DateTime, Utc};

use super::{Head, StoredPosting};
use crate::plan::Key;
use crate::plan::reconcile::Change;
use crate::plan::told::{Renaming, Revision};

/// What a round of planning begins with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// The postings remembered, by id.
    pub heads: Vec<Head>,
    /// The postings of rows that a hand touched since they were last brought.
    pub stirred: Vec<String>,
    /// Whether a plan was ever written.
    pub filled: bool,
    /// The people as they were last known: id and entry.
    pub people: Vec<(String, String)>,
}

/// Rows that are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those of these postings: their reminders, and the notices about them.
    Of(Vec<String>),
    /// Those of these keys.
    Keys(Vec<Key>),
    /// The notices that may still count: those to the operator, of slips and of what was missed, all of them; each reader's
    /// last digest that the calendar did not withdraw; of the others what is of use after an instant, or is planned.
    /// And whatever is [open](Rows::Open).
    Notices(DateTime<Utc>),
    /// What is claimed, handed or held.
    Open,
    /// What failed at or after an instant; and of each address of those, what left for it last since the first of them.
    Refused(DateTime<Utc>),
    /// What lapsed at or after an instant.
    Lapsed(DateTime<Utc>),
    /// What somebody reads of their own, due in this time (both ends included), and that is planned or left.
    Own {
        /// Their id.
        reader: String,
        /// From when on.
        since: DateTime<Utc>,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// What left, failed or lapsed at or after an instant; what is [open](Rows::Open); and what is due now, planned, and
    /// was refused for now.
    Ended {
        /// The instant.
        since: DateTime<Utc>,
        /// Now.
        now: DateTime<Utc>,
    },
}

/// What a round writes of some postings, all at once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// As the verb `apply`.
    pub changes: Vec<Change>,
    /// As the verb `revise`.
    pub renamed: Vec<Renaming>,
    /// Likewise.
    pub revisions: Vec<Revision>,
    /// Postings to remember, each with the digest of what its rows were made from, if they are all as that asks for.
    pub remember: Vec<(StoredPosting, Option<String>)>,
    /// Postings to forget.
    pub forget: Vec<String>,
    /// Postings that no hand has touched any more.
    pub rested: Vec<String>,
}

/// What a ledger is like: another one whenever anything was written since, but for the note of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub i64, pub u64);
