//! Pure. What became of an event since its reader was told of it: what was said, what holds, and what to call it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::Serialize;

use super::facts::NameFacts;
use super::leaf::{LeafFacts, leaf};
use super::matter::Changed;
use super::moment::{Shown, whole};
use super::tongue::Tongue;
use super::worded::{Dated, Noun, Reader, dated, is_several, is_vague, line, link, reads_differently, site};
use crate::calendar::When;
use crate::plan::said::{Member, Said, Shift};

/// An event that is otherwise than the reader was told.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a template asks")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeFacts {
    /// What happened: « Clôture des candidatures reportée au dimanche 5 juillet », « Annulé : entretien »,
    /// « Entretien : nouveau lieu ».
    pub headline: String,
    /// `moved`, `hour` when it is on the same days, `fixed`, `unfixed`, `cancelled`, `removed`, `restored`, or
    /// `details` when the date is as it was.
    pub what: &'static str,
    /// Of which recruitment.
    pub posting: NameFacts,
    /// The event's id, as commands take it: `deadline`, `interview:premier-tour`.
    pub event: String,
    /// `deadline`, `interview`, `start`, `end` or `milestone`.
    pub kind: &'static str,
    /// The event's name: « Premier tour ».
    pub name: Option<String>,
    /// The date that was told, whole: « dimanche 28 juin 2026 inclus, jusqu'à minuit, heure de Paris ». None when
    /// it is as it was.
    pub before: Option<String>,
    /// The same in the recipient's own time, where the clocks differ.
    pub before_there: Option<String>,
    /// The date that holds as a leaf of a calendar. None for a day that is not fixed, and when nothing takes place.
    pub leaf: Option<LeafFacts>,
    /// The date that holds, whole. None when nothing takes place any more.
    pub now: Option<String>,
    /// The same in the recipient's own time, where the clocks differ.
    pub now_there: Option<String>,
    /// The place, if it is another one.
    pub place: Option<TurnFacts>,
    /// The address, if it is another one; safe to link to.
    pub link: Option<TurnFacts>,
    /// Who meets the candidates, if these are others: « Camille Exemple et Sacha Exemple ».
    pub panel: Option<TurnFacts>,
    /// True when reminders of it will follow.
    pub reminded: bool,
    /// True when the reader was on the panel and is not any more.
    pub dropped: bool,
    /// True when the day that holds is not fixed.
    pub vague: bool,
    /// True when nothing is known yet of the date that holds.
    pub open: bool,
    /// True when the date that holds is past.
    pub past: bool,
    /// True when the change before this one is of the same posting, whose name has then been said.
    pub again: bool,
    /// In whose place the reader receives it: « En l'absence de Camille Exemple. »
    pub absent: Option<String>,
}

/// Something that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TurnFacts {
    /// What it was, if it was anything.
    pub before: Option<String>,
    /// What it is, if it is anything.
    pub now: Option<String>,
    /// Of a link, where it leads: « meet.example.org ».
    pub site: Option<String>,
}

/// What became of a date, as headlines see it. The words are the date that holds, in short, where it is one.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is later.
    Later(String),
    /// It is earlier.
    Earlier(String),
    /// It is one, where several or none were comparable with it.
    Date(String),
    /// It is several dates.
    Dates,
    /// It is a window.
    Period,
    /// It is at another hour of the same days.
    Hour(Option<String>),
    /// Its hour is not fixed any more.
    HourToFix,
    /// It was read in the wrong zone.
    Zone,
    /// It is fixed.
    Fixed(Option<String>),
    /// Its hour is fixed.
    HourFixed(Option<String>),
    /// It is not fixed any more.
    Unfixed,
    /// Nothing of it is known any more.
    ToFix,
    /// It will not take place.
    Cancelled,
    /// It stands in no file any more.
    Removed,
    /// It takes place after all.
    Restored(Option<String>),
    /// It is as it was.
    Same,
}

impl Turn {
    /// What templates call it.
    fn word(&self) -> &'static str {
        match self {
            Self::Later(_) | Self::Earlier(_) | Self::Date(_) | Self::Dates | Self::Period => "moved",
            Self::Hour(_) | Self::HourToFix | Self::Zone => "hour",
            Self::Fixed(_) | Self::HourFixed(_) => "fixed",
            Self::Unfixed | Self::ToFix => "unfixed",
            Self::Cancelled => "cancelled",
            Self::Removed => "removed",
            Self::Restored(_) => "restored",
            Self::Same => "details",
        }
    }
}

/// A detail of an event that is otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// Where, in words.
    Place,
    /// Where, as an address.
    Link,
    /// Who meets the candidates.
    Panel,
}

/// How a detail is otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Became {
    /// There was none.
    Known,
    /// There was another.
    Other,
    /// There is none any more.
    Unknown,
}

/// The changes of a mail: posting by posting, the nearest first. The same change in several people's places is one.
pub(super) fn changes(changes: &[Changed<'_>], reader: &Reader<'_>) -> Vec<ChangeFacts> {
    let mut same: BTreeMap<(&str, &str), Vec<Vec<&Changed<'_>>>> = BTreeMap::new();
    for change in changes {
        let groups = same.entry((change.posting, change.event)).or_default();
        let told = |group: &Vec<&Changed<'_>>| {
            group.iter().all(|other| (other.before, other.after) == (change.before, change.after))
        };
        // One reader was told an event in as many ways as there are people in whose place they were told it.
        match groups.iter_mut().find(|group| told(group)) {
            Some(group) => group.push(change),
            None => groups.push(vec![change]),
        }
    }
    let begins = |change: &Changed<'_>| holds(change).begins().unwrap_or(DateTime::<Utc>::MAX_UTC);
    let mut first: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for change in changes {
        let at = first.entry(change.posting).or_insert(DateTime::<Utc>::MAX_UTC);
        *at = begins(change).min(*at);
    }
    let mut groups: Vec<Vec<&Changed<'_>>> = same.into_values().flatten().collect();
    groups.sort_by_key(|group| {
        group.first().map(|one| (first.get(one.posting).copied(), one.posting, begins(one)))
    });
    let mut told: Vec<ChangeFacts> = Vec::with_capacity(groups.len());
    for group in groups {
        let Some(change) = group.first() else { continue };
        let again = told.last().is_some_and(|last| last.posting.id == change.posting);
        let absent = reader.absent(group.iter().map(|change| change.absent));
        let reminded = group.iter().any(|change| change.reminded);
        told.push(ChangeFacts { reminded, again, absent, ..one(change, reader) });
    }
    told
}

/// What is left to say of an event: what it was, once nothing takes place any more.
fn holds<'a>(change: &Changed<'a>) -> &'a Said {
    match change.difference.shift {
        Some(Shift::Cancelled | Shift::Removed) => change.before,
        _ => change.after,
    }
}

fn one(change: &Changed<'_>, reader: &Reader<'_>) -> ChangeFacts {
    let Changed { before, after, difference, .. } = *change;
    let tongue = reader.tongue;
    let said = holds(change);
    let gone = matches!(difference.shift, Some(Shift::Cancelled | Shift::Removed));
    let shown = whole(&said.when, said.zone);
    let (told, now) = dates(before, after, reader);
    let now = (!gone).then_some(now);
    let told = (gone || (difference.shift.is_some() && !before.same_time(after))).then_some(told);
    let noun = Noun::of(said.kind, said.name.as_deref(), is_several(&shown), tongue);
    let mut turned = Vec::new();
    let place = difference.place.then(|| turn_of(before.place.as_deref(), after.place.as_deref(), line));
    let safe = |address: &str| link(address);
    let link = difference.link.then(|| {
        let turned = turn_of(before.link.as_deref(), after.link.as_deref(), safe);
        TurnFacts { site: turned.now.as_deref().map(site), ..turned }
    });
    let panel = difference.panel.then(|| TurnFacts {
        before: people(&before.panel, tongue),
        now: people(&after.panel, tongue),
        site: None,
    });
    for (detail, found) in [(Detail::Place, &place), (Detail::Link, &link), (Detail::Panel, &panel)] {
        turned.extend(found.as_ref().map(|found| (detail, found.became())));
    }
    let split = |dated: Option<Dated>| dated.map_or((None, None), |dated| (Some(dated.when), dated.there));
    let (before_words, before_there) = split(told);
    let (now_words, now_there) = split(now);
    let turn = turn(before, after, difference.shift, reader);
    ChangeFacts {
        headline: tongue.changed(&turn, &noun, &turned),
        what: turn.word(),
        posting: NameFacts::of(change.posting, &after.title, after.organisation.as_deref()),
        event: change.event.to_owned(),
        kind: said.kind.word(),
        name: said.name.as_deref().and_then(line),
        before: before_words,
        before_there,
        leaf: if gone { None } else { leaf(&shown, said.zone, tongue) },
        now: now_words,
        now_there,
        place,
        link,
        panel,
        reminded: change.reminded,
        dropped: change.dropped,
        vague: is_vague(&shown),
        open: shown == Shown::Open,
        past: after.is_past(reader.now),
        again: false,
        absent: None,
    }
}

/// The two dates in words; with all that is known of them, if less would not tell them apart.
fn dates(before: &Said, after: &Said, reader: &Reader<'_>) -> (Dated, Dated) {
    let words = |said: &Said, both| {
        let shown = whole(&said.when, said.zone);
        dated(&shown, said.label.as_deref(), both, said.zone, reader.zone, reader.tongue)
    };
    let (told, now) = (words(before, false), words(after, false));
    if told.when == now.when && !before.same_time(after) {
        return (words(before, true), words(after, true));
    }
    (told, now)
}

fn turn(before: &Said, after: &Said, shift: Option<Shift>, reader: &Reader<'_>) -> Turn {
    let (was, is) = (days(before), days(after));
    let to = || match is.as_slice() {
        [day] => Some(in_short(after, *day, reader)),
        _ => None,
    };
    let fixed = |said: &Said| !matches!(said.when, When::Window { .. } | When::Open);
    match shift {
        None => Turn::Same,
        Some(Shift::Cancelled) => Turn::Cancelled,
        Some(Shift::Removed) => Turn::Removed,
        Some(Shift::Restored) => Turn::Restored(to()),
        Some(Shift::Unfixed) if fixed(before) => Turn::Unfixed,
        Some(Shift::Unfixed) => Turn::ToFix,
        Some(Shift::Fixed) if fixed(before) => Turn::HourFixed(to()),
        Some(Shift::Fixed) => Turn::Fixed(to()),
        Some(Shift::Moved) if !fixed(after) => Turn::Period,
        Some(Shift::Moved) if was == is => {
            let hour_lost = matches!((&before.when, &after.when), (When::Timed(_), When::Days(_)));
            match hour_lost {
                true => Turn::HourToFix,
                false if before.zone != after.zone && written(before) == written(after) => Turn::Zone,
                false => Turn::Hour(to()),
            }
        }
        Some(Shift::Moved) => match (to(), was.len()) {
            (Some(to), 1) if after.ends() > before.ends() => Turn::Later(to),
            (Some(to), 1) => Turn::Earlier(to),
            (Some(to), _) => Turn::Date(to),
            (None, _) => Turn::Dates,
        },
    }
}

/// The days that are known, in the event's own zone.
fn days(said: &Said) -> Vec<NaiveDate> {
    match &said.when {
        When::Deadline { last_day, .. } => vec![*last_day],
        When::Days(days) => days.clone(),
        When::Timed(starts) => {
            let mut days: Vec<NaiveDate> = starts.iter().map(|start| start.local.date()).collect();
            days.dedup();
            days
        }
        When::Window { .. } | When::Open => Vec::new(),
    }
}

/// The times of day, as somebody wrote them.
fn written(said: &Said) -> Vec<NaiveTime> {
    match &said.when {
        When::Deadline { written, .. } => written.iter().map(chrono::NaiveDateTime::time).collect(),
        When::Timed(starts) => starts.iter().map(|start| start.local.time()).collect(),
        _ => Vec::new(),
    }
}

/// One day of an event in short, with its hour if it has one that the reader's clock shows too.
fn in_short(said: &Said, day: NaiveDate, reader: &Reader<'_>) -> String {
    let shown = whole(&said.when, said.zone);
    let hour = match &shown {
        Shown::Until(at) => Some(*at),
        Shown::Starts(starts) if starts.len() == 1 => starts.first().copied(),
        _ => None,
    };
    let hour = hour.filter(|_| !reads_differently(&shown, said.zone, reader.zone));
    reader.tongue.short(day, hour.map(|at| said.zone.local(at).time()), reader.other_year(day))
}

fn turn_of(before: Option<&str>, now: Option<&str>, words: impl Fn(&str) -> Option<String>) -> TurnFacts {
    TurnFacts { before: before.and_then(&words), now: now.and_then(&words), site: None }
}

impl TurnFacts {
    fn became(&self) -> Became {
        match (&self.before, &self.now) {
            (_, None) => Became::Unknown,
            (None, Some(_)) => Became::Known,
            (Some(_), Some(_)) => Became::Other,
        }
    }
}

fn people(members: &[Member], tongue: &dyn Tongue) -> Option<String> {
    let names: Vec<String> = members.iter().filter_map(|member| line(&member.shown)).collect();
    (!names.is_empty()).then(|| tongue.list(&names))
}
