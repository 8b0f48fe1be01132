//! Pure. What could not leave in time, and the digest: what lies ahead, what left, what did not and why.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::Serialize;

use super::facts::NameFacts;
use super::matter::{Digest, Missed, Past, Why};
use super::moment::{Shown, whole};
use super::told::to_fix;
use super::tongue::by_day;
use super::worded::{Noun, Reader, dated, is_several, line, reads_differently, with_first};
use crate::calendar::{Event, Posting, When};
use crate::plan::said::Said;

/// What could not leave while it was of use.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissedFacts {
    /// How many there are: « Rappel qui n'a pas pu partir », « 3 rappels qui n'ont pas pu partir ».
    pub headline: String,
    /// One for each, by the moment at which it was to leave.
    pub messages: Vec<LapsedFacts>,
}

/// A reminder or a notice that could not leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LapsedFacts {
    /// What it told of: « Clôture des candidatures ».
    pub what: String,
    /// Of which recruitment.
    pub posting: NameFacts,
    /// The date of the event in full.
    pub when: String,
    /// The same in the recipient's own time, where the clocks differ.
    pub when_there: Option<String>,
    /// When it was to leave, in the recipient's own time: « dimanche 21 juin 2026 à 9 h, heure de Paris ».
    pub due: String,
    /// When it was given up, likewise.
    pub lapsed: String,
    /// True when it was the notice of a change, not a reminder.
    pub change: bool,
    /// In whose place the reader receives it: « En l'absence de Camille Exemple. »
    pub absent: Option<String>,
}

/// What lies ahead, and what left since the last digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DigestFacts {
    /// Of which days: « Vos recrutements du 29 juin au 12 juillet ».
    pub headline: String,
    /// True when it tells of every recruitment, not of the reader's alone.
    pub all: bool,
    /// The days on which something takes place, in order. May be empty.
    pub days: Vec<DayFacts>,
    /// The dates that are still to be fixed. May be empty.
    pub to_fix: Vec<EntryFacts>,
    /// What left, in order. May be empty.
    pub sent: Vec<PastFacts>,
    /// What did not leave, in order. May be empty.
    pub failed: Vec<PastFacts>,
    /// True when there is nothing at all to say.
    pub empty: bool,
}

/// A day of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayFacts {
    /// « Lundi 29 juin ».
    pub day: String,
    /// What takes place, in order.
    pub entries: Vec<EntryFacts>,
}

/// A date of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EntryFacts {
    /// What happens: « Entretien « Premier tour » »; of a date that is to be fixed, with its label.
    pub what: String,
    /// What more is known of that day: « à 9 h et à 14 h 30 », « jusqu'à minuit »; of a day that is not fixed,
    /// « entre le 29 juin et le 3 juillet 2026 ».
    pub at: Option<String>,
    /// Title and organisation.
    pub posting: String,
}

/// A mail that left, or did not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PastFacts {
    /// What it told of, if that is known: « Clôture des candidatures ».
    pub what: Option<String>,
    /// Title and organisation.
    pub posting: String,
    /// When it left, or was to leave, in the recipient's own time: « dimanche 21 juin à 9 h ».
    pub at: String,
    /// To whom, when that is not the recipient of the digest.
    pub to: Option<String>,
    /// Why it did not leave: « refusé par la messagerie : « 550 5.1.1 … » ».
    pub why: Option<String>,
    /// True when it was the notice of a change, not a reminder.
    pub change: bool,
}

/// What could not leave; none when all could.
pub(super) fn missed(missed: &[Missed<'_>], reader: &Reader<'_>) -> Option<MissedFacts> {
    let changes = missed.iter().filter(|missed| missed.was_change).count();
    let mut sorted: Vec<&Missed<'_>> = missed.iter().collect();
    sorted.sort_by_key(|missed| (missed.due, missed.heading.id));
    let words = |missed: &&Missed<'_>| {
        let said = missed.said;
        let shown = whole(&said.when, said.zone);
        let date = dated(&shown, said.label.as_deref(), false, said.zone, reader.zone, reader.tongue);
        LapsedFacts {
            what: noun(said, reader).first,
            posting: NameFacts::of(missed.heading.id, missed.heading.title, missed.heading.organisation),
            when: date.when,
            when_there: date.there,
            due: reader.instant(missed.due),
            lapsed: reader.instant(missed.lapsed),
            change: missed.was_change,
            absent: reader.absent([missed.absent].into_iter()),
        }
    };
    (!missed.is_empty()).then(|| MissedFacts {
        headline: reader.tongue.missed(missed.len() - changes, changes),
        messages: sorted.iter().map(words).collect(),
    })
}

/// What an event is called that is known by what was said of it.
pub(super) fn noun(said: &Said, reader: &Reader<'_>) -> Noun {
    Noun::of(said.kind, said.name.as_deref(), is_several(&whole(&said.when, said.zone)), reader.tongue)
}

pub(super) fn digest(digest: &Digest<'_>, reader: &Reader<'_>) -> DigestFacts {
    let last = digest.until.pred_opt().unwrap_or(digest.until);
    let entry = |(posting, event): &(&Posting, &Event)| EntryFacts {
        what: to_fix(event, reader.tongue),
        at: None,
        posting: named(posting),
    };
    let (sent, failed) = (past(&digest.sent, reader), past(&digest.failed, reader));
    let days = coming(digest, reader);
    DigestFacts {
        headline: reader.tongue.digest(digest.from, last, digest.all),
        all: digest.all,
        empty: days.is_empty() && digest.to_fix.is_empty() && sent.is_empty() && failed.is_empty(),
        days,
        to_fix: digest.to_fix.iter().map(entry).collect(),
        sent,
        failed,
    }
}

fn named(posting: &Posting) -> String {
    NameFacts::of(&posting.id, &posting.title, posting.organisation.as_deref()).heading
}

/// What takes place on a day of an event: its hour, for the order within a day, and what is known of it.
type Entry = (NaiveDate, NaiveTime, Option<String>);

fn coming(digest: &Digest<'_>, reader: &Reader<'_>) -> Vec<DayFacts> {
    let mut entries = Vec::new();
    for (posting, event) in &digest.coming {
        for (day, time, at) in days(posting, event, digest, reader) {
            entries.push((day, time, &posting.id, event.line, *event, *posting, at));
        }
    }
    entries.sort_by_key(|(day, time, posting, line, ..)| (*day, *time, *posting, *line));
    let year = digest.from.year();
    let mut days: Vec<(NaiveDate, DayFacts)> = Vec::new();
    for (day, _, _, _, event, posting, at) in entries {
        let several = is_several(&whole(&event.when, posting.zone)) && at.is_some();
        let what = Noun::of(event.kind, event.name.as_deref(), several, reader.tongue).first;
        let entry = EntryFacts { what, at, posting: named(posting) };
        match days.last_mut() {
            Some((last, facts)) if *last == day => facts.entries.push(entry),
            _ => {
                let words = reader.tongue.short(day, None, day.year() != year);
                let words = with_first(&words, char::to_uppercase);
                days.push((day, DayFacts { day: words, entries: vec![entry] }));
            }
        }
    }
    days.into_iter().map(|(_, facts)| facts).collect()
}

/// The days of a digest on which an event takes place. An event of which none is in sight stands on its first day
/// with its whole date, for it was not put there for nothing.
fn days(posting: &Posting, event: &Event, digest: &Digest<'_>, reader: &Reader<'_>) -> Vec<Entry> {
    let (zone, tongue) = (posting.zone, reader.tongue);
    let within = |day: &NaiveDate| (digest.from..digest.until).contains(day);
    let clocked = |words: String, at: &[DateTime<Utc>]| {
        let differs = reads_differently(&Shown::Starts(at.to_vec()), zone, reader.zone);
        if differs { format!("{words}, {}", tongue.zone(zone)) } else { words }
    };
    let whole_date = || {
        let shown = whole(&event.when, zone);
        dated(&shown, event.label.as_deref(), false, zone, reader.zone, tongue).when
    };
    let end_of_day = NaiveTime::from_hms_opt(23, 59, 59).unwrap_or_default();
    let found: Vec<Entry> = match &event.when {
        When::Deadline { closes, last_day, .. } if within(last_day) => {
            let time = match whole(&event.when, zone) {
                Shown::Until(at) => Some(zone.local(at).time()),
                _ => None,
            };
            let words = clocked(tongue.closing(time), &[*closes]);
            vec![(*last_day, time.unwrap_or(end_of_day), Some(words))]
        }
        When::Days(days) => {
            days.iter().filter(|day| within(day)).map(|day| (*day, NaiveTime::MIN, None)).collect()
        }
        When::Timed(starts) => {
            let starts: Vec<_> = starts.iter().filter(|start| within(&start.local.date())).collect();
            let local: Vec<NaiveDateTime> = starts.iter().map(|start| start.local).collect();
            let at: Vec<DateTime<Utc>> = starts.iter().map(|start| start.instant).collect();
            let (days, times) = by_day(&local);
            let first = |times: &[NaiveTime]| times.first().copied().unwrap_or_default();
            days.into_iter()
                .zip(times)
                .map(|(day, times)| (day, first(&times), Some(clocked(tongue.hours(&times), &at))))
                .collect()
        }
        When::Window { first, last } if *first < digest.until && *last >= digest.from => {
            vec![((*first).max(digest.from), NaiveTime::MIN, Some(whole_date()))]
        }
        _ => Vec::new(),
    };
    if found.is_empty() {
        let begins = Said::of(posting, event).begins().map(|at| zone.date(at));
        return vec![(begins.unwrap_or(digest.from), NaiveTime::MIN, Some(whole_date()))];
    }
    found
}

fn past(past: &[Past<'_>], reader: &Reader<'_>) -> Vec<PastFacts> {
    let mut sorted: Vec<&Past<'_>> = past.iter().collect();
    sorted.sort_by_key(|past| (past.at, past.posting));
    let words = |past: &Past<'_>| PastFacts {
        what: past.said.map(|said| noun(said, reader).first),
        posting: line(past.posting).unwrap_or_else(|| "?".to_owned()),
        at: reader.short(past.at),
        change: past.change,
        to: past.to.as_deref().and_then(line),
        why: past.why.as_ref().map(|why| reader.tongue.failure(&tidy(why))),
    };
    sorted.into_iter().map(words).collect()
}

/// A reason whose words are one line.
fn tidy(why: &Why) -> Why {
    match why {
        Why::Refused(words) => Why::Refused(line(words).unwrap_or_default()),
        Why::Delayed(words) => Why::Delayed(line(words).unwrap_or_default()),
        Why::Lapsed | Why::Held => why.clone(),
    }
}
