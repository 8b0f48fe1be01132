//! Pure. What rules ask for and the plan does not hold, and why: for whoever asks why no mail came. Laying a plan
//! without asking makes none of these.

use chrono::{DateTime, NaiveDate, Utc};

use super::Occurrence;
use crate::calendar::rule::Origin;
use crate::calendar::{Event, Kind, Lead, Posting, Recipient, Status};
use crate::diagnostic::{Words, say};

/// A reminder that a rule in force asks for and that is not planned.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// The posting's id.
    pub posting: String,
    /// The event's id.
    pub event: String,
    /// The rule.
    pub origin: Origin,
    /// How far from the event.
    pub lead: Lead,
    /// Which occurrence, where there is one to count from.
    pub occurrence: Option<Occurrence>,
    /// For whom.
    pub recipient: Recipient,
    /// Why not.
    pub why: Refused,
}

/// Why a reminder is not planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It would fall on this day off, and the rule says to skip it.
    DayOff(NaiveDate),
    /// There is no working day within reach.
    Nowhere,
    /// It would leave when it is of no use any more.
    Useless {
        /// When it would leave.
        due: DateTime<Utc>,
        /// From when on it is of no use.
        late_after: DateTime<Utc>,
    },
    /// A rule written before asks for the same.
    Double,
    /// The same rule asks for it twice.
    Repeated,
    /// A reminder with this shorter lead leaves at the same instant.
    Shorter(Lead),
    /// Hours and minutes count from an instant, and the event has none.
    NoInstant,
    /// A window has no day of its own.
    NoDay,
    /// The date is still to be fixed.
    Open,
}

impl Refused {
    /// Why, as `check` and `explain` both say it.
    #[must_use]
    pub fn sentence(self, lead: Lead) -> Words {
        match self {
            Self::DayOff(day) => say(
                format!(
                    "le rappel {lead} tomberait le {day}, qui n'est pas travaillé, et sa règle dit day_off = \"skip\""
                ),
                format!(
                    "the reminder {lead} would fall on {day}, a day off, and its rule says day_off = \"skip\""
                ),
            ),
            Self::Nowhere => say(
                format!("le rappel {lead} ne trouve aucun jour ouvré"),
                format!("the reminder {lead} finds no working day"),
            ),
            Self::Useless { .. } => say(
                format!("le rappel {lead} tomberait quand il ne sert plus"),
                format!("the reminder {lead} would fall due when it is of no use"),
            ),
            Self::Double => say(
                format!("deux règles demandent le rappel {lead}\u{a0}; la première écrite vaut"),
                format!("two rules ask for the reminder {lead}; the first written counts"),
            ),
            Self::Repeated => say(
                format!("le rappel {lead} est écrit deux fois dans la même règle"),
                format!("the reminder {lead} is written twice in one rule"),
            ),
            Self::Shorter(other) => say(
                format!(
                    "le rappel {lead} partirait au même instant que {other}, plus proche\u{a0}: un seul part"
                ),
                format!(
                    "the reminder {lead} would leave at the same instant as {other}, which is nearer: only one leaves"
                ),
            ),
            Self::NoInstant => say(
                format!("le rappel {lead} se compte depuis une heure, et l'étape n'en a pas"),
                format!("the reminder {lead} counts from a time of day, and the event has none"),
            ),
            Self::NoDay => say(
                "le jour même n'est pas connu\u{a0}: la date n'est encore qu'une période",
                "the day itself is not known: the date is only a window so far",
            ),
            Self::Open => say("la date reste à fixer", "the date is still to be fixed"),
        }
    }
}

/// Why nobody is reminded of an event at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The posting is filled: nobody applies or is met any more.
    Filled,
    /// The posting is cancelled.
    PostingCancelled,
    /// The event is cancelled.
    Cancelled,
    /// The event is done with.
    Done,
}

impl Silence {
    /// Why, in words.
    #[must_use]
    pub fn sentence(self) -> Words {
        match self {
            Self::Filled => say(
                "fiche pourvue (status = \"filled\")\u{a0}: plus de rappel de la clôture ni des entretiens",
                "posting filled (status = \"filled\"): no more reminders of the deadline and the interviews",
            ),
            Self::PostingCancelled => say(
                "fiche annulée (status = \"cancelled\")\u{a0}: plus aucun rappel",
                "posting cancelled (status = \"cancelled\"): no more reminders at all",
            ),
            Self::Cancelled => say(
                "étape annulée (cancelled = true)\u{a0}: plus de rappel",
                "event cancelled (cancelled = true): no more reminders",
            ),
            Self::Done => say(
                "étape faite (done = true)\u{a0}: plus de rappel",
                "event done (done = true): no more reminders",
            ),
        }
    }
}

/// Why nobody is reminded of an event; `None` when people are.
#[must_use]
pub fn silence(posting: &Posting, event: &Event) -> Option<Silence> {
    let met = matches!(event.kind, Kind::Deadline | Kind::Interview);
    match posting.status {
        Status::Cancelled => Some(Silence::PostingCancelled),
        Status::Filled if met => Some(Silence::Filled),
        _ if event.cancelled => Some(Silence::Cancelled),
        _ if event.done => Some(Silence::Done),
        Status::Open | Status::Filled => None,
    }
}
