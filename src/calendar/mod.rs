//! Pure. What recruiters write: postings, their events, their people, and when days are worked.
//!
//! A [`Posting`] is complete and checked: every recipient is resolved, every date has its zone, every id is
//! known to be good. It can only be made by [`read::posting`], which returns every problem of a file instead.
//! Nothing here knows what a reminder is (that is `plan`), and nothing reads a disk or a clock.

pub mod accept;
pub mod alien;
pub mod days;
pub mod language;
pub mod meant;
mod mend;
pub mod people;
pub mod read;
pub mod recurrence;
pub mod rule;
pub mod slug;
pub mod tzif;
pub mod value;
pub mod walk;
pub mod written;
pub mod zone;

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use days::WorkingDays;
pub use language::Language;
pub use people::{DigestOf, Directory, Person, Recipient};
pub use recurrence::Recurrence;
pub use rule::{DayOff, Lead, Rule, To, Unit};
pub use zone::Zone;

/// What a posting takes from jalon.toml unless it says otherwise.
#[derive(Clone, Debug)]
pub struct House {
    /// The zone in which dates are meant.
    pub zone: Zone,
    /// The language of the mails.
    pub language: Language,
    /// The days on which work is done.
    pub days: WorkingDays,
    /// The people, the teams, and who may be written to.
    pub directory: Directory,
    /// The warnings that are not to be said of any file.
    pub accept: BTreeSet<String>,
}

/// One recruitment, from one TOML file.
#[derive(Clone, Debug, PartialEq)]
pub struct Posting {
    /// Its id: the first part of every key; for ever.
    pub id: String,
    /// The file it came from, as problems name it.
    pub file: String,
    /// What is recruited, such as "Chargé·e d'accompagnement".
    pub title: String,
    /// Who recruits.
    pub organisation: Option<String>,
    /// Who is reminded, each once, in the order written.
    pub recruiters: Vec<Recipient>,
    /// The contract, in words.
    pub contract: Option<String>,
    /// Where the work is done, in words.
    pub location: Option<String>,
    /// The address of the published posting (http or https).
    pub url: Option<String>,
    /// The organisation's own reference.
    pub reference: Option<String>,
    /// The day on which it was published.
    pub published: Option<NaiveDate>,
    /// Where candidates write.
    pub apply: Option<Apply>,
    /// Open, filled or cancelled.
    pub status: Status,
    /// The zone in which its dates are meant.
    pub zone: Zone,
    /// The language of its mails, for recipients who have none of their own.
    pub language: Language,
    /// Its working days.
    pub days: WorkingDays,
    /// Its events, in the order: deadline, interviews, start, end, milestones; as written within each.
    pub events: Vec<Event>,
    /// Its own rules, in file order.
    pub rules: Vec<Rule>,
    /// Whether its recruiters are told when it is new.
    pub announce: bool,
    /// The warnings that are not to be said of it: its own, and the house's.
    pub accept: BTreeSet<String>,
}

/// What makes two files one recruitment: title, organisation, and every date with its kind, in any order.
pub type Recruitment<'a> = (&'a str, Option<&'a str>, Vec<(Kind, &'a When)>);

impl Posting {
    /// What makes this posting the recruitment that it is, whatever its file and id.
    #[must_use]
    pub fn recruitment(&self) -> Recruitment<'_> {
        let mut dates: Vec<_> = self.events.iter().map(|event| (event.kind, &event.when)).collect();
        dates.sort_unstable();
        (&self.title, self.organisation.as_deref(), dates)
    }

    /// Whether somebody has read a warning (its code) and does not want to read it again.
    #[must_use]
    pub fn accepts(&self, code: &str) -> bool {
        self.accept.contains(code)
    }

    /// Whether another posting is about the same recruitment: a copy, or the same file under another name.
    #[must_use]
    pub fn same_recruitment(&self, other: &Self) -> bool {
        self.recruitment() == other.recruitment()
    }
}

/// Everybody whom postings name, each id once: recruiters, panels, and the `to` of their own rules.
#[must_use]
pub fn named(postings: &[Posting]) -> BTreeSet<&str> {
    postings
        .iter()
        .flat_map(|posting| {
            let panels = posting.events.iter().flat_map(|event| &event.panel);
            let to = posting.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| match to {
                To::Some(list) => Some(list),
                To::Recruiters | To::Panel => None,
            });
            posting.recruiters.iter().chain(panels).chain(to.flatten())
        })
        .map(|recipient| recipient.id.as_str())
        .collect()
}

/// Where candidates write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    /// The address.
    pub email: String,
    /// The address that receives a copy.
    pub cc: Option<String>,
    /// The subject to be given.
    pub subject: Option<String>,
}

/// How far a recruitment is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Candidates are sought.
    #[default]
    Open,
    /// Somebody was found: start, end and milestones still count.
    Filled,
    /// It will not happen.
    Cancelled,
}

/// The kinds of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Until when applications are accepted.
    Deadline,
    /// Meeting candidates.
    Interview,
    /// The first day of work.
    Start,
    /// The last day of the contract.
    End,
    /// A named date.
    Milestone,
}

impl Kind {
    /// Every kind, in the order of a posting.
    pub const ALL: [Self; 5] = [Self::Deadline, Self::Interview, Self::Start, Self::End, Self::Milestone];

    /// The word in files and keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Interview => "interview",
            Self::Start => "start",
            Self::End => "end",
            Self::Milestone => "milestone",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// A date of a posting.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `deadline`, `start`, `end`, `interview`, `interview:SLUG` or `milestone:SLUG`.
    pub id: String,
    /// What kind of date it is.
    pub kind: Kind,
    /// Its name, such as "Premier tour".
    pub name: Option<String>,
    /// How mails word its date, instead of the date.
    pub label: Option<String>,
    /// When it takes place.
    pub when: When,
    /// Where, in words.
    pub place: Option<String>,
    /// Where, as an address (http or https).
    pub link: Option<String>,
    /// How long each occurrence of a timed event lasts.
    pub duration: Option<TimeDelta>,
    /// Who meets the candidates; empty when the file names nobody.
    pub panel: Vec<Recipient>,
    /// Whom they meet: a code, not a name.
    pub candidate: Option<String>,
    /// It will not take place, and people are told.
    pub cancelled: bool,
    /// It is done with; nobody needs to hear of it.
    pub done: bool,
    /// The line in the posting's file, from 1.
    pub line: usize,
}

/// When an event takes place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Applications are accepted until an instant.
    Deadline {
        /// The first instant at which they no longer are.
        closes: DateTime<Utc>,
        /// The date, in the posting's zone, of the last instant before that.
        last_day: NaiveDate,
        /// The date-time that was written, if one was.
        written: Option<NaiveDateTime>,
    },
    /// Whole days, sorted, none twice, at least one.
    Days(Vec<NaiveDate>),
    /// Starts at given times, sorted by instant, none twice, at least one.
    Timed(Vec<Start>),
    /// Some day from the first to the last, not fixed yet.
    Window {
        /// The first day.
        first: NaiveDate,
        /// The last day, included.
        last: NaiveDate,
    },
    /// To be fixed: only a label.
    Open,
}

/// The start of a timed occurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Start {
    /// The instant, by the posting's zone.
    pub instant: DateTime<Utc>,
    /// As written: local to the posting.
    pub local: NaiveDateTime,
}

impl When {
    /// Whether the event has at least one instant, from which hours and minutes can be counted.
    #[must_use]
    pub fn has_instant(&self) -> bool {
        matches!(self, Self::Deadline { .. } | Self::Timed(_))
    }
}
