//! Pure. What a mail is to tell, before it is put into words: reminders, notices, a digest; and, on a page of its
//! own, what the operator must know.

use chrono::{DateTime, NaiveDate, Utc};

use super::icalendar::Dates;
use crate::calendar::{Event, Language, Posting, Zone};
use crate::plan::Key;
use crate::plan::notice::slip;
use crate::plan::said::{Difference, Said};

/// Everything that a mail tells its reader. All of it may be empty but one.
#[derive(Clone, Debug, Default)]
pub struct Matter<'a> {
    /// What it reminds of.
    pub reminders: Vec<Item<'a>>,
    /// What is wrong with files.
    pub slips: Vec<Slip<'a>>,
    /// What is otherwise than the reader was told.
    pub changes: Vec<Changed<'a>>,
    /// Postings that the reader hears of for the first time.
    pub news: Vec<New<'a>>,
    /// What could not leave while it was of use.
    pub missed: Vec<Missed<'a>>,
    /// Who is not reached.
    pub refusals: Vec<Refusal<'a>>,
    /// What lies ahead, and what left.
    pub digest: Option<Digest<'a>>,
    /// The events whose dates go with it, as a calendar.
    pub calendar: Vec<Dates<'a>>,
}

impl<'a> Matter<'a> {
    /// The id of the posting that all of it is about. None when there are several, or when that is not known.
    #[must_use]
    pub fn about(&self) -> Option<&'a str> {
        let slips = self.slips.iter().map(|slip| slip.of.posting.as_deref());
        let ids = (self.reminders.iter().map(|item| item.posting.id.as_str()))
            .chain(self.changes.iter().map(|change| change.posting))
            .chain(self.news.iter().map(|new| new.posting.id.as_str()))
            .chain(self.missed.iter().map(|missed| missed.heading.id))
            .chain(self.refusals.iter().map(|refusal| refusal.heading.id));
        let mut all = ids.map(Some).chain(slips);
        let first = all.next()??;
        (self.digest.is_none() && all.all(|id| id == Some(first))).then_some(first)
    }
}

/// A reminder that a mail is to tell of.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The posting as it is now.
    pub posting: &'a Posting,
    /// The event as it is now.
    pub event: &'a Event,
    /// The reminder's key.
    pub key: &'a Key,
    /// When it was to leave.
    pub due: DateTime<Utc>,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// Something wrong with the file of a posting.
#[derive(Clone, Copy, Debug)]
pub struct Slip<'a> {
    /// The file, and all that is wrong with it.
    pub of: &'a slip::Slips,
    /// What of that the mail is to tell.
    pub error: &'a slip::Wrong,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// An event that is otherwise than the reader was told.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    /// The posting's id.
    pub posting: &'a str,
    /// The event's id.
    pub event: &'a str,
    /// What the reader was told.
    pub before: &'a Said,
    /// What holds.
    pub after: &'a Said,
    /// What is otherwise.
    pub difference: Difference,
    /// Whether the reader will be reminded of it.
    pub reminded: bool,
    /// Whether the reader was on its panel, and is not any more.
    pub dropped: bool,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// A posting that the reader hears of for the first time.
#[derive(Clone, Debug)]
pub struct New<'a> {
    /// The posting.
    pub posting: &'a Posting,
    /// The reminders to come: of which event, and when each will leave.
    pub planned: Vec<(&'a Event, DateTime<Utc>)>,
    /// The reminders that will not leave, because their time was past when the posting came.
    pub skipped: Vec<(&'a Event, DateTime<Utc>)>,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// A reminder or a notice that could not leave while it was of use.
#[derive(Clone, Copy, Debug)]
pub struct Missed<'a> {
    /// Of which posting.
    pub heading: PostingRef<'a>,
    /// Of what.
    pub said: &'a Said,
    /// When it was to leave.
    pub due: DateTime<Utc>,
    /// When it was given up.
    pub lapsed: DateTime<Utc>,
    /// Whether it was the notice of a change, not a reminder.
    pub was_change: bool,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// Somebody who is not reached, because their address is refused.
#[derive(Clone, Debug)]
pub struct Refusal<'a> {
    /// Of which posting.
    pub heading: PostingRef<'a>,
    /// Their name.
    pub name: Option<&'a str>,
    /// The address.
    pub email: &'a str,
    /// The relay's words.
    pub reply: Option<&'a str>,
    /// What they were not told of, when that was to leave, and whether it was the notice of a change.
    pub untold: Vec<(Said, DateTime<Utc>, bool)>,
    /// The name of the person in whose place the reader receives it.
    pub absent: Option<&'a str>,
}

/// The name of a posting, which need not be there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostingRef<'a> {
    /// Its id.
    pub id: &'a str,
    /// What is recruited.
    pub title: &'a str,
    /// Who recruits.
    pub organisation: Option<&'a str>,
}

/// What lies ahead, and what left since the last digest.
#[derive(Clone, Debug)]
pub struct Digest<'a> {
    /// The first day ahead.
    pub from: NaiveDate,
    /// The first day that is too far ahead: fourteen days later.
    pub until: NaiveDate,
    /// The events of these days.
    pub coming: Vec<(&'a Posting, &'a Event)>,
    /// The mails that left.
    pub sent: Vec<Past<'a>>,
    /// Those that did not.
    pub failed: Vec<Past<'a>>,
    /// The events whose date is still to be fixed.
    pub to_fix: Vec<(&'a Posting, &'a Event)>,
    /// Whether it tells of every posting, not of the reader's alone.
    pub all: bool,
}

/// A mail that left, or did not.
#[derive(Clone, Debug)]
pub struct Past<'a> {
    /// Title and organisation of its posting, else its id.
    pub posting: &'a str,
    /// What it told of; none when that is no longer known.
    pub said: Option<&'a Said>,
    /// When it left, or was to leave.
    pub at: DateTime<Utc>,
    /// Whether it was the notice of a change, not a reminder.
    pub change: bool,
    /// To whom, when that is not the reader.
    pub to: Option<String>,
    /// Why it did not leave.
    pub why: Option<Why>,
}

/// Why a mail did not leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It could not leave while it was of use.
    Lapsed,
    /// It was refused, with these words of the relay.
    Refused(String),
    /// It may have arrived: nobody knows, and a person has to say.
    Held,
    /// It has not left yet, for this reason.
    Delayed(String),
}

/// Something that the operator must know of.
#[derive(Clone, Copy, Debug)]
pub struct Trouble<'a> {
    /// What is wrong, in the reader's language.
    pub sentence: &'a str,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was healed.
    pub healed: Option<DateTime<Utc>>,
}

/// To whom a mail goes.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// Their name.
    pub name: Option<&'a str>,
    /// Their address.
    pub email: &'a str,
    /// The language they read.
    pub language: Language,
    /// The zone in which they live.
    pub zone: Zone,
}
