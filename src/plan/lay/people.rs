//! Pure. Those whom reminders are for, each held once however many postings name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::calendar::{Directory, Posting, Recipient, Zone};
use crate::plan::Reminded;
use crate::plan::absence::{Route, is_ever_away, reroute};

/// One who is reminded.
#[derive(Clone)]
pub(super) struct Held {
    /// The number of their id: one recipient is one.
    pub(super) number: usize,
    pub(super) recipient: Arc<Recipient>,
    /// Whether they are ever away, and somebody else may have to read it.
    is_away_at_times: bool,
}

/// Those of an event whose days are in one zone: they are reminded at once.
#[derive(Clone)]
pub(super) struct Group {
    pub(super) zone: Zone,
    pub(super) held: Vec<Held>,
    /// As they are reminded of whatever it is; none where somebody is away at times.
    always: Option<Arc<[Reminded]>>,
}

impl Group {
    /// Recipients of a posting, by the zones of their days; each once.
    pub(super) fn by_zone(all: impl IntoIterator<Item = Held>, posting: &Posting) -> Vec<Self> {
        let mut groups: Vec<Self> = Vec::new();
        let is_in = |group: &Self, number| group.held.iter().any(|held| held.number == number);
        for held in all {
            if groups.iter().any(|group| is_in(group, held.number)) {
                continue;
            }
            let zone = held.recipient.zone.map_or(posting.zone, |zone| zone.0);
            match groups.iter_mut().find(|group| group.zone == zone) {
                Some(group) => group.held.push(held),
                None => groups.push(Self { zone, held: vec![held], always: None }),
            }
        }
        for group in &mut groups {
            if group.held.iter().all(|held| !held.is_away_at_times) {
                group.always = Some(group.held.iter().map(|held| held.told(None, posting)).collect());
            }
        }
        groups
    }

    /// As they are reminded at an instant.
    pub(super) fn at(&self, due: DateTime<Utc>, posting: &Posting, directory: &Directory) -> Arc<[Reminded]> {
        let routed = |held: &Held| {
            let route = held
                .is_away_at_times
                .then(|| reroute(&held.recipient, due, posting.zone, &posting.recruiters, directory));
            held.told(route.flatten(), posting)
        };
        self.always.clone().unwrap_or_else(|| self.held.iter().map(routed).collect())
    }
}

impl Held {
    fn told(&self, route: Option<Route>, posting: &Posting) -> Reminded {
        let (substitute, alone) = match route {
            None => (None, false),
            Some(Route { alone: true, .. }) => (None, true),
            Some(Route { reader, alone: false }) => (Some(Arc::new(reader)), false),
        };
        let reader = substitute.as_ref().unwrap_or(&self.recipient);
        let language = reader.language.unwrap_or(posting.language);
        Reminded { recipient: Arc::clone(&self.recipient), substitute, alone, language }
    }
}

/// All who were met so far.
pub(super) struct People<'a> {
    directory: &'a Directory,
    numbers: BTreeMap<&'a str, usize>,
    /// One address may be spelt in several ways.
    held: BTreeMap<&'a Recipient, Held>,
}

impl<'a> People<'a> {
    pub(super) fn of(directory: &'a Directory) -> Self {
        Self { directory, numbers: BTreeMap::new(), held: BTreeMap::new() }
    }

    pub(super) fn hold(&mut self, recipients: &'a [Recipient]) -> Vec<Held> {
        recipients.iter().map(|recipient| self.hold_one(recipient)).collect()
    }

    fn hold_one(&mut self, recipient: &'a Recipient) -> Held {
        if let Some(held) = self.held.get(recipient) {
            return held.clone();
        }
        let next = self.numbers.len();
        let held = Held {
            number: *self.numbers.entry(&recipient.id).or_insert(next),
            recipient: Arc::new(recipient.clone()),
            is_away_at_times: is_ever_away(&recipient.id, self.directory),
        };
        self.held.insert(recipient, held.clone());
        held
    }
}
