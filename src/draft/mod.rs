//! Pure. A posting's text → the posting: a careful reader of French and English, without a model and without a network.
//!
//! ```text
//! text ─▶ words ─▶ expressions (dates, what is missing) ─▶ roles (what each is for) ─▶ years ─▶ settle ┬▶ Draft ─▶ page
//!                                                         fields, mailboxes (title, where to apply) ─┘
//! ```
//!
//! A value that is wrong costs as much as one that is missing, and more trust: where two readings are as likely, it is
//! left out and said. Whatever is inferred or doubtful keeps its reason; every value keeps its words and their line.
//! No clock: the day of publication is given, or read. Time grows with the length of the text (`Draft::steps`).

mod addresses;
mod columns;
mod contracts;
mod cues;
mod employment;
mod entities;
mod expressions;
mod fields;
mod lexicon;
mod mailboxes;
mod organisations;
pub mod page;
mod points;
mod roles;
mod rounds;
mod sentences;
mod settle;
mod soon;
mod subjects;
mod times;
mod titles;
mod words;
mod years;

use std::ops::Range;

use chrono::NaiveDate;

use crate::diagnostic::{Language, Words};

/// The words that a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// As they stand, on one line.
    pub words: String,
    /// The line on which they begin, from 1.
    pub line: usize,
    /// Their bytes in the text.
    pub span: Range<usize>,
}

/// A value of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub quote: Quote,
    /// Why it should be looked at; empty where it is plain.
    pub doubts: Vec<Words>,
}

/// A day, perhaps with a time of the posting's zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The day.
    pub day: NaiveDate,
    /// Hour and minute.
    pub time: Option<(u8, u8)>,
}

/// When an event takes place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum When {
    /// Open until the end of this day, or until this moment.
    Until(Moment),
    /// Open until this day begins.
    Before(NaiveDate),
    /// These days.
    On(Vec<Moment>),
    /// Some day of this window.
    Between(NaiveDate, NaiveDate),
    /// No date: the words that stand for one.
    Open(String),
    /// A date that the calendar does not have, as it was written.
    Impossible(String),
}

/// An event of the posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is called, where there are several.
    pub name: Option<Words>,
    /// When.
    pub when: When,
    /// How mails word it, where the words say more than the date.
    pub label: Option<String>,
    /// Where it stands.
    pub quote: Quote,
    /// Why it should be looked at.
    pub doubts: Vec<Words>,
}

/// Where candidates write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apply {
    /// To whom.
    pub email: Found<String>,
    /// With a copy to.
    pub cc: Option<Found<String>>,
    /// Under which subject.
    pub subject: Option<Found<String>>,
}

/// Something that was seen and needs a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// What.
    pub sentence: Words,
    /// Where.
    pub quote: Option<Quote>,
}

/// What a text says of a recruitment.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// The language of the text, as far as the house speaks it.
    pub language: Language,
    /// What is recruited.
    pub title: Option<Found<String>>,
    /// Who recruits.
    pub organisation: Option<Found<String>>,
    /// What kind of contract.
    pub contract: Option<Found<String>>,
    /// Where the work is.
    pub location: Option<Found<String>>,
    /// The day on which it was published, as given or as the text says.
    pub published: Option<NaiveDate>,
    /// The zone that the text names beside the deadline's time.
    pub time_zone: Option<Found<String>>,
    /// Where candidates write.
    pub apply: Option<Apply>,
    /// The end of applications.
    pub deadline: Option<Event>,
    /// Interviews, in the order of the text.
    pub interviews: Vec<Event>,
    /// The first day of work.
    pub start: Option<Event>,
    /// The last day of the contract.
    pub end: Option<Event>,
    /// What needs a person: every doubt, and what could not be settled.
    pub warnings: Vec<Warning>,
    /// How often a word was looked at: what the time depends on.
    pub steps: usize,
}

/// Reads a posting's text. `published` is the day on which it was published, which tells the year of dates that have
/// none; without it the text's own is taken.
#[must_use]
pub fn draft(text: &str, published: Option<NaiveDate>) -> Draft {
    let words = words::words(text);
    let expressions = expressions::expressions(&words);
    let hits = cues::hits(&words);
    let scene = roles::Scene::new(&words, &expressions, &hits);
    let parts = roles::roles(&scene);
    let mut draft = settle::settle(&scene, &parts, published);
    draft.language = fields::language(&words);
    fields::fill(&scene, &mut draft);
    draft.apply = addresses::apply(&scene, &mut draft.warnings);
    draft.steps = words.steps();
    draft
}

/// The words from one up to another.
fn quote(words: &words::Words<'_>, from: usize, to: usize) -> Quote {
    let (first, last) = (words.get(from), words.get(to.max(from + 1) - 1));
    Quote {
        words: words.said(from, to.max(from + 1)),
        line: first.line + 1,
        span: first.span.start..last.span.end.max(first.span.start),
    }
}
