//! Feeds: the folder of jalon.toml's `[feed]` is brought to what is in force, after each round of planning. A step that
//! looks again each time: what was removed by hand comes back, what is as it should be is not touched. They are written anew
//! when something changed, and every hour, because days go by. A folder that cannot be written is the operator's to hear of,
//! and stops nothing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::log;
use super::planner::Snapshot;
use super::troubles::Health;
use crate::files::feeds::{bring, secret};
use crate::message::icalendar::Dates;
use crate::message::icalendar::feed::{Owner, dates, feed, file_name, is_ours, is_theirs};
use crate::plan::complaint::Complaint;

/// Writes feeds.
#[derive(Debug)]
pub struct Feeds {
    /// Below which a relative folder is.
    state: PathBuf,
    /// Where the secret is kept.
    secret: PathBuf,
    /// How they do.
    pub health: Health,
    /// What they were last written from.
    last: Option<Last>,
}

/// What feeds were written from, and where.
#[derive(Debug)]
struct Last {
    snapshot: Arc<Snapshot>,
    at: DateTime<Utc>,
    secret: String,
    files: Vec<PathBuf>,
}

/// How long feeds stand that nothing changes.
const AGAIN: TimeDelta = TimeDelta::hours(1);

impl Feeds {
    /// Feeds below a state folder, named by a secret that is kept at a place.
    #[must_use]
    pub fn new(state: PathBuf, secret: PathBuf) -> Self {
        Self { state, secret, health: Health::Unknown, last: None }
    }

    /// Brings the folder to what is in force now.
    pub fn step(&mut self, snapshot: &Arc<Snapshot>, now: DateTime<Utc>) {
        let Some(settings) = &snapshot.settings.feed else {
            self.health = Health::Well;
            return;
        };
        let folder = self.state.join(&settings.folder);
        let secret = secret(&self.secret).map_err(|error| (&self.secret, error));
        let stands =
            |secret: &String| self.last.as_ref().is_some_and(|last| last.stands(snapshot, secret, now));
        if secret.as_ref().is_ok_and(stands) {
            return;
        }
        self.last = None;
        let brought = secret.and_then(|secret| {
            let feeds = written(snapshot, &secret, now);
            let changed = bring(&folder, &feeds, is_ours).map_err(|error| (&folder, error))?;
            let files = feeds.keys().map(|name| folder.join(name)).collect();
            self.last = Some(Last { snapshot: Arc::clone(snapshot), at: now, secret, files });
            Ok(changed)
        });
        let (path, error) = match brought {
            Ok(changed) => {
                log::fed(changed, &folder);
                self.health = Health::Well;
                return;
            }
            Err(trouble) => trouble,
        };
        let words = format!("{}: {error}", path.display());
        let since = if let Health::Failing { since, .. } = self.health {
            since
        } else {
            log::not_fed(&words);
            now
        };
        self.health = Health::Failing { since, last: now, complaint: Complaint::Outbox, words, advice: None };
    }
}

impl Last {
    /// Whether feeds would be as they were.
    fn stands(&self, snapshot: &Snapshot, secret: &str, now: DateTime<Utc>) -> bool {
        let (before, house) = (&self.snapshot.settings, &snapshot.settings.house);
        (now - self.at).abs() < AGAIN
            && self.secret == secret
            && before.feed == snapshot.settings.feed
            && before.house.directory.people == house.directory.people
            && before.house.language == house.language
            && Arc::ptr_eq(&self.snapshot.templates, &snapshot.templates)
            && self.snapshot.reminded == snapshot.reminded
            && self.snapshot.histories == snapshot.histories
            && self.snapshot.postings == snapshot.postings
            && self.files.iter().all(|file: &PathBuf| Path::exists(file))
    }
}

/// Every feed as it is now, by the name of its file.
fn written(snapshot: &Snapshot, secret: &str, now: DateTime<Utc>) -> BTreeMap<String, String> {
    let house = &snapshot.settings.house;
    let all = dates(&snapshot.histories, &snapshot.postings);
    let mut feeds = BTreeMap::new();
    let said = |events: &[Dates<'_>], owner, language| {
        snapshot.templates.speak(language, |voice| feed(events, owner, voice, now))
    };
    feeds.insert(file_name(None, secret), said(&all, None, house.language));
    let present = house.directory.people.values().filter(|person| {
        let zone = person.zone.unwrap_or(house.zone);
        person.leaves.is_none_or(|day| zone.date(now) < day)
    });
    for person in present {
        let theirs: Vec<Dates<'_>> =
            all.iter().filter(|dates| is_theirs(dates, &person.id, &snapshot.reminded)).copied().collect();
        let owner = Owner { id: &person.id, name: person.name.as_deref() };
        let language = person.language.unwrap_or(house.language);
        feeds.insert(file_name(Some(&person.id), secret), said(&theirs, Some(owner), language));
    }
    feeds
}
