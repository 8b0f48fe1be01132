//! Pure. A posting that its reader hears of for the first time: its dates, and what will be reminded of when.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::facts::PostingFacts;
use super::leaf::{LeafFacts, leaf};
use super::matter::New;
use super::moment::whole;
use super::worded::{Noun, Reader, dated, is_several};
use crate::calendar::{Event, Posting, When};
use crate::plan::lay::is_live;
use crate::plan::said::Said;

/// A recruitment that the reader hears of for the first time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewFacts {
    /// The recruitment.
    pub posting: PostingFacts,
    /// Its dates that are in force, in its own order.
    pub dates: Vec<DateFacts>,
    /// Whose time reminders are given in, when the recipient's clock is not the posting's: « heure de La Réunion ».
    pub clock: Option<String>,
    /// In whose place the reader receives it: « En l'absence de Camille Exemple. »
    pub absent: Option<String>,
}

/// A date of a new recruitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DateFacts {
    /// What happens: « Entretien « Premier tour » ».
    pub what: String,
    /// `deadline`, `interview`, `start`, `end` or `milestone`.
    pub kind: &'static str,
    /// The date as a leaf of a calendar: the first of several. None for a day that is not fixed.
    pub leaf: Option<LeafFacts>,
    /// The date in full: « dimanche 28 juin 2026 inclus, jusqu'à minuit, heure de Paris »; « à la rentrée
    /// (date à fixer) ».
    pub when: String,
    /// The same in the recipient's own time, where the clocks differ.
    pub when_there: Option<String>,
    /// True when nothing of the date is known yet.
    pub open: bool,
    /// When its reminders will leave, in the recipient's own time: « dimanche 21 juin à 9 h ». May be empty.
    pub reminders: Vec<String>,
    /// When those would have left whose time was past already. May be empty.
    pub skipped: Vec<String>,
}

/// The new postings of a mail, that with the nearest date first. The same one in several people's places is one.
pub(super) fn news(news: &[New<'_>], reader: &Reader<'_>) -> Vec<NewFacts> {
    let mut same: BTreeMap<&str, Vec<&New<'_>>> = BTreeMap::new();
    for new in news {
        same.entry(&new.posting.id).or_default().push(new);
    }
    let mut postings: Vec<(&Posting, Vec<&New<'_>>)> =
        same.into_values().filter_map(|group| Some((group.first()?.posting, group))).collect();
    postings.sort_by_cached_key(|(posting, _)| (nearest(posting, reader.now), posting.id.clone()));
    postings.iter().map(|(posting, group)| one(posting, group, reader)).collect()
}

/// The next date of a posting: those that are over, or not known, come last.
fn nearest(posting: &Posting, now: DateTime<Utc>) -> DateTime<Utc> {
    let said =
        posting.events.iter().filter(|event| is_live(posting, event)).map(|event| Said::of(posting, event));
    said.filter(|said| !said.is_past(now))
        .filter_map(|said| said.begins())
        .min()
        .unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn one(posting: &Posting, group: &[&New<'_>], reader: &Reader<'_>) -> NewFacts {
    let mut planned = by_event(group.iter().flat_map(|new| &new.planned));
    let mut skipped = by_event(group.iter().flat_map(|new| &new.skipped));
    let clock = planned
        .values()
        .chain(skipped.values())
        .flatten()
        .any(|at| posting.zone.local(*at) != reader.zone.local(*at))
        .then(|| reader.tongue.zone(reader.zone));
    let events = posting.events.iter().filter(|event| is_live(posting, event));
    let mut words = |event: &Event| {
        let shown = whole(&event.when, posting.zone);
        let noun = Noun::of(event.kind, event.name.as_deref(), is_several(&shown), reader.tongue);
        let label = event.label.as_deref();
        let date = dated(&shown, label, false, posting.zone, reader.zone, reader.tongue);
        let (open, to_fix) = (event.when == When::Open, reader.tongue.to_be_fixed());
        DateFacts {
            what: noun.first,
            kind: event.kind.word(),
            leaf: leaf(&shown, posting.zone, reader.tongue),
            when: if open && date.when != to_fix { format!("{} ({to_fix})", date.when) } else { date.when },
            when_there: date.there,
            open,
            reminders: instants(planned.remove(event.id.as_str()), reader),
            skipped: instants(skipped.remove(event.id.as_str()), reader),
        }
    };
    NewFacts {
        posting: PostingFacts::of(posting, None, reader.tongue),
        dates: events.map(&mut words).collect(),
        clock,
        absent: reader.absent(group.iter().map(|new| new.absent)),
    }
}

/// Instants by the id of their event.
fn by_event<'a>(
    rows: impl Iterator<Item = &'a (&'a Event, DateTime<Utc>)>,
) -> BTreeMap<&'a str, Vec<DateTime<Utc>>> {
    let mut found: BTreeMap<&str, Vec<DateTime<Utc>>> = BTreeMap::new();
    for (event, due) in rows {
        found.entry(&event.id).or_default().push(*due);
    }
    found
}

/// Instants in short, sorted, each once.
fn instants(at: Option<Vec<DateTime<Utc>>>, reader: &Reader<'_>) -> Vec<String> {
    let mut at = at.unwrap_or_default();
    at.sort_unstable();
    at.dedup();
    at.into_iter().map(|at| reader.short(at)).collect()
}
