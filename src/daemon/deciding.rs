//! Pure. Which version of each posting is in force: what the files show, else the last good text, else nothing; which
//! postings only go by another name; which are new.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::calendar::read::{Folder, Text, last_good_posting};
use crate::calendar::{House, Posting};
use crate::diagnostic::{Problem, say};
use crate::ledger::{Ledger, LedgerError, StoredPosting};
use crate::plan::notice::is_on_its_way;
use crate::plan::presence::{Presence, presence};
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Revision};
use crate::plan::{Key, Reminder};

/// What a ledger remembers, before a round.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// The postings, by id.
    pub stored: Vec<StoredPosting>,
    /// Every row.
    pub known: Vec<Row>,
    /// Whether a plan was ever written.
    pub filled: bool,
    /// The people: id and entry.
    pub people: Vec<(String, String)>,
    /// Every revision of every event.
    pub revisions: Vec<Revision>,
}

impl Memory {
    /// What a ledger remembers now.
    pub async fn of(ledger: &impl Ledger) -> Result<Self, LedgerError> {
        Ok(Self {
            stored: ledger.postings().await?,
            known: ledger.known().await?,
            filled: ledger.is_filled().await?,
            people: ledger.people().await?,
            revisions: ledger.revisions().await?,
        })
    }
}

/// What the files and the ledger show, before anything is decided.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// The postings as the files have them.
    pub folder: &'a Folder,
    /// Their texts.
    pub texts: &'a [Text],
    /// Whether the folder of postings could be read at all.
    pub readable: bool,
    /// The postings that the ledger remembers.
    pub stored: &'a [StoredPosting],
    /// Every row.
    pub known: &'a [Row],
    /// Every revision of their events.
    pub revisions: &'a [Revision],
    /// Whether the ledger was ever filled.
    pub filled: bool,
}

pub(super) struct Decided {
    /// The postings in force.
    pub postings: Vec<Posting>,
    /// Those whose rows stay as they are, because no version of them can be used.
    pub frozen: BTreeSet<String>,
    /// What became of files that are gone.
    pub presence: Presence,
    /// Postings that go by another id: old to new.
    pub renamed: BTreeMap<String, String>,
    /// Postings met for the first time.
    pub first_seen: BTreeSet<String>,
    /// What is to be said of all that.
    pub problems: Vec<Problem>,
}

/// Which version of each posting is in force.
pub(super) fn decide(seen: Seen<'_>, house: &House, now: DateTime<Utc>) -> Decided {
    let Seen { folder, stored, known, .. } = seen;
    let mut postings = folder.postings.clone();
    let good: BTreeSet<&str> = folder.postings.iter().map(|posting| posting.id.as_str()).collect();
    let absent: Vec<&StoredPosting> =
        stored.iter().filter(|posting| !good.contains(posting.id.as_str())).collect();
    let broken = broken_files(&absent, folder, stored);
    let vanished = absent.iter().filter(|posting| !broken.contains_key(posting.id.as_str())).copied();
    let renamed = renamed(vanished, seen, house);
    let present: BTreeSet<String> = good.iter().chain(broken.keys()).map(|id| (*id).to_owned()).collect();
    let open =
        known.iter().filter(|row| is_on_its_way(row)).map(|row| row.key.posting().to_owned()).collect();
    let remembered = stored
        .iter()
        .filter(|posting| !renamed.contains_key(&posting.id))
        .map(|posting| (posting.id.clone(), posting.vanished_at))
        .collect();
    let accepted = stored
        .iter()
        .filter(|posting| posting.accepted.is_some())
        .map(|posting| posting.id.clone())
        .collect();
    let mut presence = presence(&remembered, &accepted, &open, &present, !seen.readable, now);
    presence.gone.extend(renamed.keys().cloned());
    let mut frozen: BTreeSet<String> = folder
        .broken
        .iter()
        .filter_map(|file| file.id.clone())
        .filter(|id| !good.contains(id.as_str()))
        .collect();
    let mut problems = Vec::new();
    for last_good in stored {
        let file = broken.get(last_good.id.as_str());
        if file.is_none() && !presence.missed.contains_key(&last_good.id) {
            continue;
        }
        let read = last_good_posting(&last_good.path, &last_good.id, &last_good.text, house);
        let file = file.map_or(last_good.path.as_str(), |file| file);
        if let Some(posting) = read.posting {
            frozen.remove(&last_good.id);
            postings.push(posting);
            problems.push(Problem::warning(
                "last-good",
                file,
                say(
                    format!("« {} » suit sa dernière version correcte", last_good.id),
                    format!("\"{}\" goes on as its last good version has it", last_good.id),
                ),
            ));
        } else {
            frozen.insert(last_good.id.clone());
        }
    }
    let first_seen = first_seen(seen, &renamed);
    Decided { postings, frozen, presence, renamed, first_seen, problems }
}

/// The postings met for the first time: not while a ledger is filled for the first time, nor those that came back.
fn first_seen(seen: Seen<'_>, renamed: &BTreeMap<String, String>) -> BTreeSet<String> {
    if !seen.filled {
        return BTreeSet::new();
    }
    let stored = seen.stored.iter().map(|posting| posting.id.as_str());
    let before = seen.known.iter().map(|row| row.key.posting());
    let noted = seen.revisions.iter().map(|revision| revision.posting.as_str());
    let names = renamed.values().map(String::as_str);
    let known: BTreeSet<&str> = stored.chain(before).chain(noted).chain(names).collect();
    let ids = seen.folder.postings.iter().map(|posting| &posting.id);
    ids.filter(|id| !known.contains(id.as_str())).cloned().collect()
}

/// Which broken file each absent posting was: by its id, or by its place in the folder when the id that the file
/// has now is nobody's.
fn broken_files<'a>(
    absent: &[&'a StoredPosting],
    folder: &'a Folder,
    stored: &[StoredPosting],
) -> BTreeMap<&'a str, &'a str> {
    let ids: BTreeSet<&str> = stored.iter().map(|posting| posting.id.as_str()).collect();
    let by_id: BTreeMap<&str, &str> =
        folder.broken.iter().filter_map(|file| Some((file.id.as_deref()?, file.file.as_str()))).collect();
    let nobodys = folder.broken.iter().filter(|file| file.id.as_deref().is_none_or(|id| !ids.contains(id)));
    let by_place: BTreeMap<Option<&OsStr>, &str> =
        nobodys.map(|file| (place(&file.file), file.file.as_str())).collect();
    absent
        .iter()
        .filter_map(|posting| {
            let id = posting.id.as_str();
            let file = by_id.get(id).or_else(|| by_place.get(&place(&posting.path)))?;
            Some((id, *file))
        })
        .collect()
}

/// Those of absent postings that are there under another id, old to new: the same file, the same text, or a new file
/// with equal title, organisation and dates. They did not vanish, and nobody is to be reminded twice.
fn renamed<'a>(
    absent: impl Iterator<Item = &'a StoredPosting>,
    seen: Seen<'_>,
    house: &House,
) -> BTreeMap<String, String> {
    let texts: BTreeMap<&str, &str> = seen
        .texts
        .iter()
        .filter_map(|text| Some((text.file.as_str(), text.contents.as_deref().ok()?)))
        .collect();
    let there = &seen.folder.postings;
    let by_place: BTreeMap<Option<&OsStr>, &Posting> =
        there.iter().map(|posting| (place(&posting.file), posting)).collect();
    let by_text: BTreeMap<&str, &Posting> =
        there.iter().filter_map(|posting| Some((*texts.get(posting.file.as_str())?, posting))).collect();
    let ids: BTreeSet<&str> = seen.stored.iter().map(|posting| posting.id.as_str()).collect();
    let mut new: BTreeMap<&str, Vec<&Posting>> = BTreeMap::new();
    for posting in there.iter().filter(|posting| !ids.contains(posting.id.as_str())) {
        new.entry(&posting.title).or_default().push(posting);
    }
    let mut renamed = BTreeMap::new();
    for old in absent {
        let same_file = by_place.get(&place(&old.path)).copied();
        let same_text = by_text.get(old.text.as_str()).copied();
        let found = same_text.or_else(|| {
            let worth_it = same_file.is_some() || !new.is_empty();
            let last =
                worth_it.then(|| last_good_posting(&old.path, &old.id, &old.text, house).posting)??;
            // A file that was written over with another recruitment is another recruitment.
            same_file
                .filter(|posting| posting.title == last.title || posting.same_recruitment(&last))
                .or_else(|| {
                    let alike = new.get(last.title.as_str())?;
                    alike.iter().copied().find(|posting| posting.same_recruitment(&last))
                })
        });
        if let Some(found) = found {
            if let Some(alike) = new.get_mut(found.title.as_str()) {
                alike.retain(|posting| posting.id != found.id);
            }
            renamed.insert(old.id.clone(), found.id.clone());
        }
    }
    renamed
}

/// Where in the folder a file stands: the folder is flat, and `--config` may spell the way to it differently.
fn place(file: &str) -> Option<&OsStr> {
    Path::new(file).file_name()
}

/// The texts to remember, where they differ from what is remembered; only good ones, so that a broken file never
/// takes the place of its last good version.
pub(super) fn remembered(seen: Seen<'_>, presence: &Presence, now: DateTime<Utc>) -> Vec<StoredPosting> {
    let texts: BTreeMap<&str, &str> = seen
        .texts
        .iter()
        .filter_map(|text| Some((text.file.as_str(), text.contents.as_deref().ok()?)))
        .collect();
    let by_id: BTreeMap<&str, &StoredPosting> =
        seen.stored.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    let gone: Vec<&StoredPosting> =
        seen.stored.iter().filter(|posting| presence.gone.contains(&posting.id)).collect();
    let good = seen.folder.postings.iter().filter_map(|posting| {
        let text = (*texts.get(posting.file.as_str())?).to_owned();
        let same = |stored: &&StoredPosting| stored.text == text;
        let known = by_id.get(posting.id.as_str()).copied().filter(same);
        // A text that only goes by another id is not new.
        let known = known.or_else(|| gone.iter().copied().find(same));
        Some(StoredPosting {
            id: posting.id.clone(),
            path: posting.file.clone(),
            since: known.map_or(now, |stored| stored.since),
            text,
            vanished_at: None,
            accepted: None,
        })
    });
    let shown: BTreeSet<&str> = seen.folder.postings.iter().map(|posting| posting.id.as_str()).collect();
    let others = seen
        .stored
        .iter()
        .filter(|posting| !shown.contains(posting.id.as_str()) && !presence.gone.contains(&posting.id))
        .map(|posting| {
            let vanished_at = presence.missed.get(&posting.id).copied();
            StoredPosting {
                vanished_at,
                accepted: posting.accepted.filter(|_| vanished_at.is_some()),
                ..posting.clone()
            }
        });
    good.chain(others).filter(|posting| by_id.get(posting.id.as_str()) != Some(&posting)).collect()
}

/// Under which keys reminders of renamed events were known.
pub(super) fn heirs(reminders: &[Reminder], renamings: &[Renaming]) -> BTreeMap<Key, Key> {
    let origins: BTreeMap<(&str, &str), (&str, &str)> = renamings
        .iter()
        .map(|Renaming { from, to }| ((to.0.as_str(), to.1.as_str()), (from.0.as_str(), from.1.as_str())))
        .collect();
    reminders
        .iter()
        .filter_map(|reminder| {
            let (posting, event) = origins.get(&(reminder.posting.as_str(), reminder.event.as_str()))?;
            let old = Key::new(posting, event, &reminder.occurrence, reminder.lead, &reminder.recipient.id);
            Some((reminder.key.clone(), old))
        })
        .collect()
}

/// What is to be remembered of people: entries that are new, and whom to forget.
pub(super) fn to_remember(
    house: &House,
    people: &[(String, String)],
) -> (Vec<(String, String)>, Vec<String>) {
    let known: BTreeMap<&str, &str> =
        people.iter().map(|(id, entry)| (id.as_str(), entry.as_str())).collect();
    let entries = house.directory.people.iter().filter_map(|(id, person)| {
        let entry = serde_json::to_string(person).ok()?;
        (known.get(id.as_str()) != Some(&entry.as_str())).then(|| (id.clone(), entry))
    });
    let gone = known.keys().filter(|id| !house.directory.people.contains_key(**id));
    (entries.collect(), gone.map(|id| (*id).to_owned()).collect())
}
