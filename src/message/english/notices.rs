//! Pure. English: what is said of changes, new postings, what was missed, digests and absences.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};

use super::super::changed::{Became, Detail, Turn};
use super::super::matter::Why;
use super::super::tongue::{Notices, Tongue as _, row, spelt};
use super::super::worded::Noun;
use super::{English, date, full, hour};
use crate::calendar::Kind;

impl Notices for English {
    fn short(&self, day: NaiveDate, at: Option<NaiveTime>, year: bool) -> String {
        let day = full(day, true, year);
        at.map_or_else(|| day.clone(), |at| format!("{day} at {}", hour(at)))
    }

    fn hours(&self, hours: &[NaiveTime]) -> String {
        let words: Vec<String> = hours.iter().map(|at| hour(*at)).collect();
        format!("at {}", row(&words, "and"))
    }

    fn closing(&self, at: Option<NaiveTime>) -> String {
        at.map_or_else(|| "until midnight".to_owned(), |at| format!("until {}", hour(at)))
    }

    fn changed(&self, turn: &Turn, noun: &Noun, details: &[(Detail, Became)]) -> String {
        let Noun { kind, first, inside, .. } = noun;
        let (label, to) = match (turn, kind) {
            (Turn::Same, _) => return format!("{first}: {}", detailed(details)),
            (Turn::Later(to), Kind::Deadline) => return with(&format!("{first} extended to {to}"), details),
            (Turn::Later(to) | Turn::Earlier(to), Kind::Milestone) | (Turn::Date(to), _) => {
                ("New date", Some(to))
            }
            (Turn::Later(to), _) => return with(&format!("{first} postponed to {to}"), details),
            (Turn::Earlier(to), _) => return with(&format!("{first} brought forward to {to}"), details),
            (Turn::Dates, _) => ("New dates", None),
            (Turn::Period, _) => ("New period", None),
            (Turn::Hour(to), _) => ("New time", to.as_ref()),
            (Turn::HourToFix, _) => ("Time to be set", None),
            (Turn::Zone, _) => ("Time zone corrected", None),
            (Turn::Fixed(Some(to)), _) => ("Date set", Some(to)),
            (Turn::Fixed(None), _) => ("Dates set", None),
            (Turn::HourFixed(to), _) => ("Time set", to.as_ref()),
            (Turn::Unfixed, _) => ("Date no longer set", None),
            (Turn::ToFix, _) => ("Date to be set", None),
            (Turn::Cancelled, _) => ("Cancelled", None),
            (Turn::Removed, _) => ("Removed from the calendar", None),
            (Turn::Restored(to), _) => ("Going ahead after all", to.as_ref()),
        };
        let to = to.map_or_else(String::new, |to| format!(", {to}"));
        with(&format!("{label}: {inside}{to}"), details)
    }

    fn new_posting(&self, heading: &str) -> String {
        format!("New recruitment: {heading}")
    }

    fn missed(&self, reminders: usize, changes: usize) -> String {
        match (reminders, changes) {
            (1, 0) => "Reminder that could not leave".to_owned(),
            (0, 1) => "Notice of a change that could not leave".to_owned(),
            (reminders, 0) => format!("{reminders} reminders that could not leave"),
            (0, changes) => format!("{changes} notices of changes that could not leave"),
            (reminders, changes) => format!("{} messages that could not leave", reminders + changes),
        }
    }

    fn not_reached(&self, who: &str) -> String {
        format!("{who} does not receive our mails")
    }

    fn about(&self, headline: &str, what: &str) -> String {
        format!("{headline}: {what}")
    }

    fn digest(&self, first: NaiveDate, last: NaiveDate, all: bool) -> String {
        let whose = if all { "All recruitments" } else { "Your recruitments" };
        let ends: Vec<String> =
            spelt(&[first, last]).map(|(day, month, _)| date(day, month, false)).collect();
        format!("{whose} from {}", ends.join(" to "))
    }

    fn failure(&self, why: &Why) -> String {
        match why {
            Why::Lapsed => "it could not be sent in time".to_owned(),
            Why::Refused(words) => quoting("refused by the mail server", words),
            Why::Held => "it may have left, nobody knows; please check".to_owned(),
            Why::Delayed(words) => quoting("not sent yet", words),
        }
    }

    fn absent(&self, names: &[String], also: bool) -> String {
        let are = if names.len() > 1 { "are" } else { "is" };
        let also = if also { "Also for" } else { "For" };
        format!("{also} {}, who {are} away.", self.list(names))
    }

    fn to_correct(&self, file: &str, line: Option<usize>, others: usize) -> String {
        let place = match (line, others) {
            (None, 0) => String::new(),
            (None, others) => format!(", {} errors", others + 1),
            (Some(line), 0) => format!(", line {line}"),
            (Some(line), 1) => format!(", line {line} (and 1 more error)"),
            (Some(line), others) => format!(", line {line} (and {others} more errors)"),
        };
        format!("To be corrected: {file}{place}")
    }

    fn more_errors(&self, others: usize) -> String {
        format!("and {others} more")
    }

    fn version(&self, day: NaiveDate, today: Option<NaiveTime>, year: bool) -> String {
        today.map_or_else(
            || format!("the version of {}", date(day, true, year)),
            |at| format!("today's version, of {},", hour(at)),
        )
    }

    fn rest(&self, reminders: usize, notices: usize, other: bool) -> String {
        let updates = match (notices, other) {
            (1, true) => "1 other update".to_owned(),
            (1, false) => "1 update".to_owned(),
            (notices, true) => format!("{notices} other updates"),
            (notices, false) => format!("{notices} updates"),
        };
        match reminders {
            0 => format!("and {updates}"),
            1 => format!("with 1 other reminder and {updates}"),
            reminders => format!("with {reminders} other reminders and {updates}"),
        }
    }

    fn more_troubles(&self, others: usize) -> String {
        if others == 1 { "and 1 other problem".to_owned() } else { format!("and {others} other problems") }
    }

    fn why_digest(&self, all: bool) -> Cow<'static, str> {
        Cow::Borrowed(if all {
            "a regular summary of all recruitments is set up for you"
        } else {
            "a regular summary of your recruitments is set up for you"
        })
    }

    fn why_absent(&self, names: &[String]) -> String {
        format!("you are standing in for {}", self.list(names))
    }
}

/// A headline and the details that are otherwise too.
fn with(headline: &str, details: &[(Detail, Became)]) -> String {
    if details.is_empty() { headline.to_owned() } else { format!("{headline}, {}", detailed(details)) }
}

/// "new place"; of several details, "new arrangements".
fn detailed(details: &[(Detail, Became)]) -> &'static str {
    match details {
        [(Detail::Place, Became::Known)] => "place set",
        [(Detail::Place, Became::Other)] => "new place",
        [(Detail::Place, Became::Unknown)] => "place to be confirmed",
        [(Detail::Link, Became::Known)] => "link added",
        [(Detail::Link, Became::Other)] => "new link",
        [(Detail::Link, Became::Unknown)] => "link removed",
        [(Detail::Panel, Became::Known)] => "panel set",
        [(Detail::Panel, Became::Other)] => "new panel",
        [(Detail::Panel, Became::Unknown)] => "panel to be confirmed",
        _ => "new arrangements",
    }
}

/// A reason, and the words of somebody else if there are any.
fn quoting(reason: &str, words: &str) -> String {
    if words.is_empty() { reason.to_owned() } else { format!("{reason}: “{words}”") }
}
