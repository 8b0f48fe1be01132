//! Pure. What is to be said, to whom, and when.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Key, Occurrence};
use crate::calendar::rule::Origin;
use crate::calendar::{Kind, Language, Lead, Recipient, Zone};

/// One rule × one occurrence × one recipient.
///
/// A plan holds a million: what it says and when, which most of its recipients have in common, is held once, and read as
/// if it stood here.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    /// What it says, and when.
    pub occasion: Arc<Occasion>,
    /// Whom it is for: the key's last part, whoever reads it.
    pub recipient: Arc<Recipient>,
    /// Who stands in for them, if they are away then and somebody does (see [`absence`](super::absence)).
    pub substitute: Option<Arc<Recipient>>,
    /// Whether the recipient is away and nobody stands in: it goes to them all the same, and the operator is told.
    pub alone: bool,
    /// The language of the mail: the reader's, else the posting's.
    pub language: Language,
}

/// One rule × one occurrence, in one zone.
#[derive(Clone, Debug, PartialEq)]
pub struct Occasion {
    /// The posting's id.
    pub posting: Arc<str>,
    /// The event's id.
    pub event: Arc<str>,
    /// The event's kind.
    pub kind: Kind,
    /// Which occurrence.
    pub occurrence: Occurrence,
    /// How far from it.
    pub lead: Lead,
    /// The zone of the recipient's day, which decides when it is due; the reader's own is in `reader.zone`.
    pub zone: Zone,
    /// When it is to leave.
    pub due: DateTime<Utc>,
    /// From when on it is of no use.
    pub late_after: DateTime<Utc>,
    /// The rule that wants it.
    pub origin: Arc<Origin>,
    /// The date that a day off moved it from.
    pub moved_from: Option<NaiveDate>,
}

impl Reminder {
    /// Who reads it: the recipient, or whoever stands in.
    #[must_use]
    pub fn reader(&self) -> &Recipient {
        self.substitute.as_ref().unwrap_or(&self.recipient)
    }

    /// Its identity.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(&self.posting, &self.event, &self.occurrence, self.lead, &self.recipient.id)
    }
}

impl Deref for Reminder {
    type Target = Occasion;

    fn deref(&self) -> &Occasion {
        &self.occasion
    }
}
