//! Pure. What was said of events before now: their revisions, who was told which, and how a round's files change them.
//!
//! A revision is a state of an event that somebody may have been told: it begins when the files first had it. Its
//! number only rises. A wording (a title, a name, a label) makes none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::said::{Said, Standing};
use crate::calendar::Posting;

/// How long a revision must stand before it counts as what was: whoever corrects a slip at once changed nothing.
pub const SETTLED: TimeDelta = TimeDelta::minutes(10);

/// A state of an event, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The posting's id.
    pub posting: String,
    /// The event's id.
    pub event: String,
    /// Its number, from 1.
    pub revision: u32,
    /// A [`Said`], in JSON.
    pub said: String,
    /// Since when the files have it.
    pub since: DateTime<Utc>,
}

impl Revision {
    /// What was said; `None` when a later program wrote it.
    #[must_use]
    pub fn said(&self) -> Option<Said> {
        serde_json::from_str(&self.said).ok()
    }
}

/// An event that goes by another name from now on: (posting, event).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renaming {
    /// What it was called.
    pub from: (String, String),
    /// What it is called.
    pub to: (String, String),
}

/// What a reader was last told of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The posting's id.
    pub posting: String,
    /// The event's id.
    pub event: String,
    /// The reader's id.
    pub reader: String,
    /// The revision.
    pub revision: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was the notice of a change that told them.
    pub by_notice: bool,
}

/// The revisions of an event, oldest first; never empty.
pub type History = Vec<Revision>;

/// The revisions of every event, by posting and event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histories(BTreeMap<String, BTreeMap<String, History>>);

impl Histories {
    /// From the ledger's rows, in the order of their numbers.
    #[must_use]
    pub fn of(revisions: Vec<Revision>) -> Self {
        let mut histories = Self::default();
        for revision in revisions {
            histories.history(&revision.posting, &revision.event).push(revision);
        }
        histories
    }

    fn history(&mut self, posting: &str, event: &str) -> &mut History {
        self.0.entry(posting.to_owned()).or_default().entry(event.to_owned()).or_default()
    }

    /// The revisions of an event; empty when it was never noted.
    #[must_use]
    pub fn get(&self, posting: &str, event: &str) -> &[Revision] {
        self.0.get(posting).and_then(|events| events.get(event)).map_or(&[], Vec::as_slice)
    }

    /// Every event that has changed since it was first noted.
    pub fn changed(&self) -> impl Iterator<Item = (&str, &str, &[Revision])> {
        self.0.iter().flat_map(|(posting, events)| {
            let changed = events.iter().filter(|(_, history)| history.len() > 1);
            changed.map(move |(event, history)| (posting.as_str(), event.as_str(), history.as_slice()))
        })
    }

    /// Every event, with its revisions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, &[Revision])> {
        self.0.iter().flat_map(|(posting, events)| {
            events.iter().map(move |(event, history)| (posting.as_str(), event.as_str(), history.as_slice()))
        })
    }

    /// The names under which calendars know events that go by another one.
    fn names_kept(&self) -> BTreeSet<String> {
        let last = self.iter().filter_map(|(_, _, history)| history.last());
        // Few were ever renamed: the others need not be read.
        let renamed = last.filter(|last| last.said.contains("\"known_as\""));
        renamed.filter_map(|last| last.said()?.known_as).collect()
    }

    /// Moves an event to its new name. Calendars go on knowing it by the old one: its last revision, in these words.
    fn rename(&mut self, renaming: &Renaming) -> Option<Revision> {
        let (posting, event) = &renaming.from;
        let history = self.0.get_mut(posting).and_then(|events| events.remove(event))?;
        let first_name = format!("{posting}/{event}");
        let (posting, event) = &renaming.to;
        let there = self.history(posting, event);
        if !there.is_empty() {
            return None;
        }
        let moved = |old| Revision { posting: posting.clone(), event: event.clone(), ..old };
        *there = history.into_iter().map(moved).collect();
        let last = there.last_mut()?;
        let said = last.said()?;
        let known_as = said.known_as.clone().or(Some(first_name));
        last.said = serde_json::to_string(&Said { known_as, ..said }).ok()?;
        Some(last.clone())
    }
}

/// What a round found out about events.
#[derive(Clone, Debug, Default)]
pub struct Revised {
    /// Events that only go by another name.
    pub renamed: Vec<Renaming>,
    /// New revisions; or known ones, by their number, in new words.
    pub new: Vec<Revision>,
    /// All of them, those included.
    pub histories: Histories,
    /// The names that no new event may have in calendars, because another one has it.
    taken: BTreeSet<String>,
}

/// Compares the events in force with the revisions that are known. `gone`: postings whose files are believed to be
/// gone; `moved`: postings that go by another id, old to new. An event that vanishes while one of the same kind and
/// the same time appears in its posting was renamed.
#[must_use]
pub fn revise(
    postings: &[Posting],
    gone: &BTreeSet<String>,
    moved: &BTreeMap<String, String>,
    known: Vec<Revision>,
    now: DateTime<Utc>,
) -> Revised {
    revise_beside(postings, gone, moved, known, &[], now)
}

/// The same of some postings: what their new events may not be called in calendars, because others are, is in these
/// revisions of others.
#[must_use]
pub fn revise_beside(
    postings: &[Posting],
    gone: &BTreeSet<String>,
    moved: &BTreeMap<String, String>,
    known: Vec<Revision>,
    others: &[Revision],
    now: DateTime<Utc>,
) -> Revised {
    let mut revised = Revised { histories: Histories::of(known), ..Revised::default() };
    revised.taken = revised.histories.names_kept();
    revised.taken.extend(others.iter().filter_map(|other| other.said()?.known_as));
    for (old, new) in moved {
        let events: Vec<String> =
            revised.histories.0.get(old).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        for event in events {
            revised.rename((old, &event), (new, &event));
        }
    }
    for posting in postings {
        revised.meet(posting, now);
    }
    for id in gone.iter().filter(|id| !moved.contains_key(*id)) {
        let events: Vec<String> =
            revised.histories.0.get(id).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        for event in events {
            revised.remove(id, &event, now);
        }
    }
    revised
}

impl Revised {
    fn rename(&mut self, from: (&str, &str), to: (&str, &str)) {
        let owned = |(posting, event): (&str, &str)| (posting.to_owned(), event.to_owned());
        let renaming = Renaming { from: owned(from), to: owned(to) };
        // What was noted in this round already goes by the new name too.
        for new in self.new.iter_mut().filter(|new| (new.posting.as_str(), new.event.as_str()) == from) {
            (new.posting, new.event) = renaming.to.clone();
        }
        if let Some(last) = self.histories.rename(&renaming) {
            self.taken.extend(last.said().and_then(|said| said.known_as));
            self.new.push(last);
        }
        // Twice renamed in one round is renamed once: from the first name to the last.
        match self.renamed.iter_mut().find(|known| known.to == renaming.from) {
            Some(known) => known.to = renaming.to,
            None => self.renamed.push(renaming),
        }
    }

    fn meet(&mut self, posting: &Posting, now: DateTime<Utc>) {
        let current: BTreeMap<&str, Said> =
            posting.events.iter().map(|event| (event.id.as_str(), Said::of(posting, event))).collect();
        let noted: Vec<String> =
            self.histories.0.get(&posting.id).into_iter().flat_map(BTreeMap::keys).cloned().collect();
        let mut appeared: Vec<&str> =
            current.keys().copied().filter(|id| self.histories.get(&posting.id, id).is_empty()).collect();
        for old in noted.iter().filter(|id| !current.contains_key(id.as_str())) {
            let last = self.histories.get(&posting.id, old).last().and_then(Revision::said);
            let there = last.filter(|last| last.standing != Standing::Removed).and_then(|last| {
                appeared.iter().position(|id| {
                    let new = &current[id];
                    new.kind == last.kind && new.same_time(&last)
                })
            });
            match there {
                Some(at) => {
                    let new = appeared.remove(at);
                    self.rename((&posting.id, old), (&posting.id, new));
                }
                None => self.remove(&posting.id, old, now),
            }
        }
        for (event, said) in current {
            self.note(&posting.id, event, &said, now);
        }
    }

    /// What stood, and stands in no file any more. What was over or cancelled stays so.
    fn remove(&mut self, posting: &str, event: &str, now: DateTime<Utc>) {
        let last = self.histories.get(posting, event).last().and_then(Revision::said);
        if let Some(last) = last.filter(|last| last.standing == Standing::On) {
            self.note(posting, event, &Said { standing: Standing::Removed, ..last }, now);
        }
    }

    /// What a new event is called in calendars, where another one that was renamed has its name.
    fn free_name(&mut self, posting: &str, event: &str) -> Option<String> {
        let name = format!("{posting}/{event}");
        if !self.taken.contains(&name) {
            return None;
        }
        // No event's id holds a `~`. Of those that are taken and one more, one is free.
        let mut candidates = (2..=self.taken.len() + 2).map(|n| format!("{name}~{n}"));
        let free = candidates.find(|name| !self.taken.contains(name))?;
        self.taken.insert(free.clone());
        Some(free)
    }

    fn note(&mut self, posting: &str, event: &str, said: &Said, now: DateTime<Utc>) {
        let known_as = match self.histories.get(posting, event).last() {
            Some(last) => last.said().and_then(|last| last.known_as),
            None => self.free_name(posting, event),
        };
        let Ok(text) = serde_json::to_string(&Said { known_as, ..said.clone() }) else { return };
        let history = self.histories.history(posting, event);
        let (revision, since) = match history.last() {
            None => (1, now),
            Some(last) if last.said == text => return,
            Some(last) if last.said().is_some_and(|known| known.is_same(said)) => (last.revision, last.since),
            Some(last) => (last.revision + 1, now),
        };
        let new =
            Revision { posting: posting.to_owned(), event: event.to_owned(), revision, said: text, since };
        match history.last_mut().filter(|last| last.revision == revision) {
            Some(last) => *last = new.clone(),
            None => history.push(new.clone()),
        }
        self.new.push(new);
    }
}

/// What stood before the last change: the last revision that stood long enough to count. `None` when the event is
/// younger than that.
#[must_use]
pub fn settled_before(history: &[Revision]) -> Option<&Revision> {
    history.windows(2).rev().find(|pair| pair[1].since - pair[0].since >= SETTLED).map(|pair| &pair[0])
}
