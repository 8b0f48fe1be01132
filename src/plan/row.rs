//! Pure. What the ledger holds of a mail-to-be, a reminder or a notice: its state, and how it came to it.
//!
//! ```text
//! planned ─claim─▶ claimed ─hand─▶ handed ─2xx─▶ sent
//!    ▲                │               ├─ never ─▶ failed
//!    ├──── again ─────┴───────────────┤
//!    └──── doubt, resend ─────────────┴─ doubt ─▶ held
//! planned ─▶ withdrawn · superseded · lapsed          first seen, or claimed ─▶ skipped
//! ```

use chrono::{DateTime, Utc};

use super::Key;

/// What became of a mail-to-be so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// It waits for its due instant, or to be tried again.
    Planned,
    /// A worker has taken it into a mail; nothing of it has left.
    Claimed,
    /// It is marked as leaving: from here on it may have left.
    Handed,
    /// It left.
    Sent,
    /// It was refused for good.
    Failed,
    /// It may have left, and a person decides.
    Held,
    /// The calendar, or a hand, took it back.
    Withdrawn,
    /// There was nothing to be sent: it was past when first seen, for one.
    Skipped,
    /// A later reminder of the same event says it better.
    Superseded,
    /// It could not leave while it was of use.
    Lapsed,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Claimed,
        Self::Handed,
        Self::Sent,
        Self::Failed,
        Self::Held,
        Self::Withdrawn,
        Self::Skipped,
        Self::Superseded,
        Self::Lapsed,
    ];

    /// The word in the ledger and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Claimed => "claimed",
            Self::Handed => "handed",
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Withdrawn => "withdrawn",
            Self::Skipped => "skipped",
            Self::Superseded => "superseded",
            Self::Lapsed => "lapsed",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// Why a row stands where it stands: stored with every state that is not on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// Sent: the relay (or the outbox) took it.
    Accepted,
    /// Sent: a person says that it arrived.
    Confirmed,
    /// Skipped: past when first seen.
    PastWhenFirstSeen,
    /// Skipped: a digest with nothing in it.
    NothingToTell,
    /// Skipped: it has a new key, and had left, may have, or had ended under the old one.
    Renamed,
    /// Withdrawn: no file asks for it any more.
    Calendar,
    /// Withdrawn: by hand.
    Hand,
    /// Superseded: a later reminder of the event was due or had been sent.
    LaterReminder,
    /// Superseded: another mail told its reader of the change.
    ToldAlready,
    /// Lapsed: its usefulness ended first.
    TooLate,
    /// Failed: the relay refuses this recipient.
    RecipientRefused,
    /// Failed: the relay refuses this mail.
    MailRefused,
    /// Held: it may have left, and the settings say to ask.
    InDoubt,
    /// Held: it may have left, six times over.
    TooManyDoubts,
    /// Held: it fell due between a copy of the ledger and its restoring, and may have left meanwhile.
    Restored,
}

impl Reason {
    /// Every reason, with the state that it explains.
    pub const ALL: [(Self, State); 15] = [
        (Self::Accepted, State::Sent),
        (Self::Confirmed, State::Sent),
        (Self::PastWhenFirstSeen, State::Skipped),
        (Self::NothingToTell, State::Skipped),
        (Self::Renamed, State::Skipped),
        (Self::Calendar, State::Withdrawn),
        (Self::Hand, State::Withdrawn),
        (Self::LaterReminder, State::Superseded),
        (Self::ToldAlready, State::Superseded),
        (Self::TooLate, State::Lapsed),
        (Self::RecipientRefused, State::Failed),
        (Self::MailRefused, State::Failed),
        (Self::InDoubt, State::Held),
        (Self::TooManyDoubts, State::Held),
        (Self::Restored, State::Held),
    ];

    /// The word in the ledger and in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Confirmed => "confirmed",
            Self::PastWhenFirstSeen => "past-when-first-seen",
            Self::NothingToTell => "nothing-to-tell",
            Self::Renamed => "renamed",
            Self::Calendar => "calendar",
            Self::Hand => "hand",
            Self::LaterReminder => "later-reminder",
            Self::ToldAlready => "told-already",
            Self::TooLate => "too-late",
            Self::RecipientRefused => "recipient-refused",
            Self::MailRefused => "mail-refused",
            Self::InDoubt => "in-doubt",
            Self::TooManyDoubts => "too-many-doubts",
            Self::Restored => "restored",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(reason, _)| reason).find(|reason| reason.word() == word)
    }
}

/// A mail-to-be as the ledger holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its identity.
    pub key: Key,
    /// The id of who reads it: not always the recipient that the key names.
    pub reader: String,
    /// The address it goes to.
    pub email: String,
    /// When it is to leave.
    pub due: DateTime<Utc>,
    /// From when on it is of no use.
    pub late_after: DateTime<Utc>,
    /// Where it stands.
    pub state: State,
    /// Why, for every state but planned, claimed and handed.
    pub reason: Option<Reason>,
    /// Whether the calendar still asks for it; decided rows keep the last answer.
    pub wanted: bool,
    /// How often the relay refused it for now.
    pub attempts: u32,
    /// How often it was in doubt.
    pub doubts: u32,
    /// Whether it still is.
    pub in_doubt: bool,
    /// While planned: not to be tried before this instant.
    pub not_before: Option<DateTime<Utc>>,
    /// The Message-ID, without angle brackets, once its mail has been handed or is claimed.
    pub message_id: Option<String>,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// What the relay last said of it.
    pub reply: Option<String>,
    /// When the ledger first met its key.
    pub born: DateTime<Utc>,
    /// When the row last changed in any way; of one that ended, when it did.
    pub changed: DateTime<Utc>,
    /// Of a reminder, the rule that wants it; of an operator's mail, its sentence.
    pub why: String,
}
