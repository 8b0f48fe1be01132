//! What a ledger remembers besides rows, and what a person may do to one.

use chrono::{DateTime, Utc};

use crate::plan::complaint::Complaint;

/// A posting as the ledger remembers it: its last good text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPosting {
    /// Its id.
    pub id: String,
    /// The file, as problems name it.
    pub path: String,
    /// The whole text.
    pub text: String,
    /// When this very text was first remembered.
    pub since: DateTime<Utc>,
    /// Since when the file is gone.
    pub vanished_at: Option<DateTime<Utc>>,
    /// When a person accepted that it is.
    pub accepted: Option<DateTime<Utc>>,
}

/// How a relay does, as the ledger remembers it: what outlives a restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRelay {
    /// Its name, as the log and the operator know it.
    pub name: String,
    /// It takes no mail before this instant.
    pub rest_until: Option<DateTime<Utc>>,
    /// How often in a row it failed before it could judge a mail.
    pub failures: u32,
    /// Since when it fails, what the matter is, and what it said; none while it is well.
    pub trouble: Option<(DateTime<Utc>, Complaint, String)>,
    /// When it was last looked at or given mails, to the hour, whatever came of it.
    pub tried: Option<DateTime<Utc>>,
}

/// A posting as the ledger remembers it, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its id.
    pub id: String,
    /// The file, as problems name it.
    pub path: String,
    /// When its very text was first remembered.
    pub since: DateTime<Utc>,
    /// Since when the file is gone.
    pub vanished_at: Option<DateTime<Utc>>,
    /// When a person accepted that it is.
    pub accepted: Option<DateTime<Utc>>,
    /// A digest of all that its rows were made from, where they are all as that asks for; written with them.
    pub basis: Option<String>,
}

/// What a person may do to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    /// A failed, held, or withdrawn row is planned again, due at once.
    Retry,
    /// A held row did arrive: it is sent.
    Confirm,
    /// A planned, held or skipped row is not wanted; only a hand brings it back.
    Withdraw,
}
