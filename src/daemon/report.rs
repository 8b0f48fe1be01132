//! What a step of the dispatcher did, for the log and for whoever plays a span of time.

use chrono::{DateTime, Utc};

use crate::diagnostic::Problem;
use crate::message::Written;
use crate::plan::Key;
use crate::plan::next::Verdict;
use crate::plan::row::State;

/// What became of one mail.
#[derive(Debug)]
pub struct Departure {
    /// Its Message-ID.
    pub message_id: String,
    /// The id of who reads it.
    pub reader: String,
    /// Its address.
    pub email: String,
    /// By which way out.
    pub relay: String,
    /// The mail.
    pub written: Written,
    /// The reminders in it.
    pub keys: Vec<Key>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written of it.
    pub verdict: Verdict,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether what is in force is not what mails are composed by any more: nothing was sent.
    pub stale: bool,
    /// Whether it found work: then it wants to be called again.
    pub worked: bool,
    /// What became of mails, as far as nobody has heard of it yet.
    pub departures: Vec<Departure>,
    /// Reminders that ended unsent: superseded or lapsed.
    pub ended: Vec<(Key, State)>,
    /// Reminders that cannot be told for now.
    pub aside: Vec<Key>,
    /// Notices that had nothing to tell.
    pub empty: Vec<Key>,
    /// Templates that failed, each told once while they are in force.
    pub templates: Vec<Problem>,
    /// A relay that rests from now on: its name, until when, and why.
    pub resting: Option<(String, DateTime<Utc>, String)>,
    /// A relay that was looked at before mails are due: its name, and whether it would take them.
    pub looked_at: Option<(String, bool)>,
}
