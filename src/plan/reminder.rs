//! Pure. What is to be said, to whom, and when.

use std::ops::Deref;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Key, Occurrence};
use crate::calendar::rule::Origin;
use crate::calendar::{Kind, Language, Lead, Recipient, Zone};

/// One rule × one occurrence × one recipient.
///
/// A plan holds a million: what it says and when is held once for all whom it is said to, and read as if it stood here.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminder {
    occasion: Arc<Occasion>,
    /// The recipient's place in `occasion.to`.
    nth: usize,
}

/// One who is reminded.
#[derive(Clone, Debug, PartialEq)]
pub struct Reminded {
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
    /// Those whom it may be said to: who hears it from another rule, too, hears it once.
    pub to: Arc<[Reminded]>,
}

impl Occasion {
    /// The reminders of all whom it may be said to, in that order.
    pub fn reminders(self: &Arc<Self>) -> impl Iterator<Item = Reminder> {
        (0..self.to.len()).map(|nth| Reminder { occasion: Arc::clone(self), nth })
    }
}

impl Reminded {
    /// Who reads it: the recipient, or whoever stands in.
    #[must_use]
    pub fn reader(&self) -> &Recipient {
        self.substitute.as_ref().unwrap_or(&self.recipient)
    }
}

impl Reminder {
    /// Its identity.
    #[must_use]
    pub fn key(&self) -> Key {
        Key::new(&self.posting, &self.event, &self.occurrence, self.lead, &self.recipient().id)
    }

    /// Whom it is for, whoever reads it.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.reminded().recipient
    }

    /// Who reads it.
    #[must_use]
    pub fn reader(&self) -> &Recipient {
        self.reminded().reader()
    }

    /// Whom it is for, and who reads it.
    #[must_use]
    pub fn reminded(&self) -> &Reminded {
        &self.occasion.to[self.nth]
    }

    /// Whether both are of one occasion.
    #[must_use]
    pub fn is_said_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.occasion, &other.occasion)
    }
}

impl Deref for Reminder {
    type Target = Occasion;

    fn deref(&self) -> &Occasion {
        &self.occasion
    }
}
