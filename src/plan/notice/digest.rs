//! Pure. Digests: at a person's own minute, by their own clock. Only the next one is planned; after a time when
//! nothing ran, the last one that is still of use is made up for, and no other.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Scene, is_on_its_way, people};
use crate::calendar::people::Person;
use crate::calendar::{Recurrence, Zone};
use crate::plan::absence::is_away;
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort, Wanted};

/// How long a digest is of use at most.
const USEFUL: TimeDelta = TimeDelta::hours(24);

/// How many minutes of a cron line are tried for one on which the person is there.
const TRIES: usize = 2000;

/// The digests that the ledger should hold: nobody has one while they are away.
#[must_use]
pub fn digests(scene: &Scene<'_>) -> Vec<Wanted> {
    let mut rows: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in scene.rows(Sort::Digest) {
        rows.entry(row.key.recipient()).or_default().push(row);
    }
    people(&scene.house.directory)
        .filter_map(|person| Some((person, person.digest.as_ref()?)))
        .flat_map(|(person, line)| {
            let theirs = rows.remove(person.id.as_str()).unwrap_or_default();
            Reader::new(scene, person, line).digests(&theirs)
        })
        .collect()
}

struct Reader<'a> {
    scene: &'a Scene<'a>,
    person: &'a Person,
    line: &'a Recurrence,
    zone: Zone,
}

impl<'a> Reader<'a> {
    fn new(scene: &'a Scene<'a>, person: &'a Person, line: &'a Recurrence) -> Self {
        Self { scene, person, line, zone: person.zone.unwrap_or(scene.house.zone) }
    }

    fn digests(&self, rows: &[&Row]) -> Vec<Wanted> {
        let now = self.scene.now;
        let mut wanted = Vec::new();
        // What is due is on its way out; it stays.
        for row in rows.iter().filter(|row| is_on_its_way(row) && row.due <= now && row.late_after > now) {
            wanted.extend(self.wanted(row.key.clone(), row.due, row.late_after));
        }
        let last = rows.iter().filter(|row| !is_withdrawn(row)).map(|row| row.due).max();
        let missed =
            last.filter(|last| *last <= now).and_then(|last| self.last_since(last.max(now - USEFUL)));
        wanted.extend(missed.and_then(|due| self.at(due)));
        wanted.extend(self.next().and_then(|due| self.at(due)));
        wanted
    }

    /// When the line comes next on a day when the person is there.
    fn next(&self) -> Option<DateTime<Utc>> {
        let stays =
            |due: &DateTime<Utc>| self.person.leaves.is_none_or(|leaves| self.zone.date(*due) < leaves);
        self.from(self.scene.now).take(TRIES).take_while(stays).find(|due| self.is_there(*due))
    }

    /// When it last came after an instant and until now.
    fn last_since(&self, since: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let until_now = self.from(since).take(TRIES).take_while(|due| *due <= self.scene.now);
        until_now.filter(|due| self.is_there(*due)).last()
    }

    /// Every instant of the line after one.
    fn from(&self, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        std::iter::successors(self.line.next(after, self.zone), |due| self.line.next(*due, self.zone))
    }

    fn is_there(&self, due: DateTime<Utc>) -> bool {
        !is_away(self.person, self.zone.date(due))
    }

    fn at(&self, due: DateTime<Utc>) -> Option<Wanted> {
        let next = self.line.next(due, self.zone);
        let late_after = next.map_or(due + USEFUL, |next| next.min(due + USEFUL));
        self.wanted(Key::digest(self.zone.local(due), &self.person.id), due, late_after)
    }

    fn wanted(&self, key: Key, due: DateTime<Utc>, late_after: DateTime<Utc>) -> Option<Wanted> {
        (late_after > self.scene.now).then(|| Wanted {
            key,
            posting: String::new(),
            event: String::new(),
            recipient: self.person.id.clone(),
            reader: self.person.id.clone(),
            email: self.person.email.clone(),
            due,
            late_after,
            why: self.line.line().to_owned(),
        })
    }
}

fn is_withdrawn(row: &Row) -> bool {
    row.state == State::Withdrawn && row.reason == Some(Reason::Calendar)
}
