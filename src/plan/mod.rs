//! Pure. From a calendar to reminders; from reminders to what must change in the ledger; from what a relay
//! answered to what comes next.
//!
//! ```text
//! postings ─[`lay`]─▶ reminders ─[`reconcile`]─▶ changes            outcome ─[`next`]─▶ verdict
//! ```
//! Every function here is total and takes `now` as a parameter. Nothing is stored, sent, logged or waited for.

pub mod absence;
pub mod hours;
pub mod lay;
pub mod next;
pub mod outcome;
pub mod presence;
pub mod reconcile;
pub mod row;
pub mod said;
pub mod trust;

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use crate::calendar::rule::Origin;
use crate::calendar::{Kind, Language, Lead, Recipient, Zone};

/// The identity of a reminder: `POSTING/EVENT/OCCURRENCE/LEAD/RECIPIENT`. It is for ever.
///
/// It holds the event's date and not the due instant: a change of `at` moves what is planned and repeats
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of these parts.
    #[must_use]
    pub fn new(posting: &str, event: &str, occurrence: &Occurrence, lead: Lead, recipient: &str) -> Self {
        Self(format!("{posting}/{event}/{occurrence}/{lead}/{recipient}"))
    }

    /// A key that was stored as text.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, n: usize) -> &str {
        self.0.splitn(5, '/').nth(n).unwrap_or_default()
    }

    /// The posting's id.
    #[must_use]
    pub fn posting(&self) -> &str {
        self.part(0)
    }

    /// The event's id.
    #[must_use]
    pub fn event(&self) -> &str {
        self.part(1)
    }

    /// The occurrence, as written in the key.
    #[must_use]
    pub fn occurrence(&self) -> &str {
        self.part(2)
    }

    /// The lead, as written in the key.
    #[must_use]
    pub fn lead(&self) -> &str {
        self.part(3)
    }

    /// The recipient's id: a person's, else an address in lower case.
    #[must_use]
    pub fn recipient(&self) -> &str {
        self.part(4)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One day, start or window in which an event takes place, as keys spell it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occurrence {
    /// `2026-06-28`
    Day(NaiveDate),
    /// `2026-07-06T09:30`, with seconds only where they were written.
    Time(NaiveDateTime),
    /// `2026-05-15..2026-06-01`
    Window(NaiveDate, NaiveDate),
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Self::Time(time) if time.format("%S").to_string() == "00" => {
                write!(f, "{}", time.format("%Y-%m-%dT%H:%M"))
            }
            Self::Time(time) => write!(f, "{}", time.format("%Y-%m-%dT%H:%M:%S")),
            Self::Window(first, last) => {
                write!(f, "{}..{}", first.format("%Y-%m-%d"), last.format("%Y-%m-%d"))
            }
        }
    }
}

/// One rule × one occurrence × one recipient.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    /// Its identity.
    pub key: Key,
    /// The posting's id.
    pub posting: String,
    /// The event's id.
    pub event: String,
    /// The event's kind.
    pub kind: Kind,
    /// Which occurrence.
    pub occurrence: Occurrence,
    /// How far from it.
    pub lead: Lead,
    /// Whom it is for: the key's last part, whoever reads it.
    pub recipient: Recipient,
    /// Who reads it: the recipient, unless they are away and somebody stands in (see [`absence`]).
    pub reader: Recipient,
    /// Whether the recipient is away and nobody stands in: it goes to them all the same, and the operator is told.
    pub alone: bool,
    /// The language of the mail: the reader's, else the posting's.
    pub language: Language,
    /// The zone of the recipient's day, which decides when it is due; the reader's own is in `reader.zone`.
    pub zone: Zone,
    /// When it is to leave.
    pub due: DateTime<Utc>,
    /// From when on it is of no use.
    pub late_after: DateTime<Utc>,
    /// The rule that wants it.
    pub origin: Origin,
    /// The date that a day off moved it from.
    pub moved_from: Option<NaiveDate>,
}

/// What a calendar asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The reminders, by due instant, then key.
    pub reminders: Vec<Reminder>,
    /// What is odd about it: warnings only.
    pub warnings: Vec<crate::diagnostic::Problem>,
}

impl std::str::FromStr for Occurrence {
    type Err = ();

    /// Reads an occurrence back from a key.
    fn from_str(text: &str) -> Result<Self, ()> {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d");
        if let Some((first, last)) = text.split_once("..") {
            return Ok(Self::Window(day(first).map_err(|_| ())?, day(last).map_err(|_| ())?));
        }
        day(text).map(Self::Day).or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
                .map(Self::Time)
                .map_err(|_| ())
        })
    }
}
