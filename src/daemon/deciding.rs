//! Pure. Which version of each posting is in force: what the files show, else the last good text, else nothing; which
//! postings only go by another name; which are new.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};

use crate::calendar::read::{Folder, Leaf, fingerprint, last_good_posting};
use crate::calendar::zone::TZDB;
use crate::calendar::{House, Posting};
use crate::diagnostic::{Problem, say};
use crate::ledger::{Head, Ledger, LedgerError, StoredPosting};
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

/// What is known of all postings, before a round: what the files show, and what the ledger remembers.
#[derive(Clone, Copy)]
pub(super) struct Ground<'a> {
    /// What the files show; of its postings, those that are read already.
    pub folder: &'a Folder,
    /// Whether the folder of postings could be read at all.
    pub readable: bool,
    /// The postings that the ledger remembers.
    pub heads: &'a [Head],
    /// Those of rows that a hand touched.
    pub stirred: &'a [String],
    /// The digest of what rows are made from besides their posting; none when every posting is to be looked at.
    pub circumstances: Option<&'a str>,
}

/// Postings of which no file shows a version that can be used.
pub(super) struct Absent<'a> {
    /// Those whose file is broken: id to file.
    pub broken: BTreeMap<&'a str, &'a str>,
    /// Those whose file is gone.
    pub vanished: Vec<&'a Head>,
}

/// What became of every posting since the ledger was last brought to the files.
#[derive(Clone, Debug, Default)]
pub(super) struct Survey {
    /// What became of files that are gone.
    pub(super) presence: Presence,
    /// Postings that go by another id: old to new.
    pub(super) renamed: BTreeMap<String, String>,
    /// Postings whose file is broken: id to file.
    pub(super) broken: BTreeMap<String, String>,
    /// Postings whose rows may have to change, and all whose last good version rules: everything else is as it was.
    pub(super) stirring: BTreeSet<String>,
}

impl<'a> Ground<'a> {
    /// Every file that can be used, by its posting's id.
    pub(super) fn leaf(&self, id: &str) -> Option<&'a Leaf> {
        let leaves = &self.folder.leaves;
        leaves.binary_search_by(|leaf| leaf.id.as_str().cmp(id)).ok().map(|at| &leaves[at])
    }

    /// Those of these postings; of none, all there are.
    pub(super) fn leaves(&self, of: Option<&BTreeSet<String>>) -> Vec<&'a Leaf> {
        match of {
            Some(ids) => ids.iter().filter_map(|id| self.leaf(id)).collect(),
            None => self.folder.leaves.iter().collect(),
        }
    }

    pub(super) fn head(&self, id: &str) -> Option<&'a Head> {
        self.heads.binary_search_by(|head| head.id.as_str().cmp(id)).ok().map(|at| &self.heads[at])
    }

    pub(super) fn absent(&self) -> Absent<'a> {
        let absent: Vec<&Head> = self.heads.iter().filter(|head| self.leaf(&head.id).is_none()).collect();
        let broken = self.broken_files(&absent);
        let vanished = absent.into_iter().filter(|head| !broken.contains_key(head.id.as_str())).collect();
        Absent { broken, vanished }
    }

    /// Which broken file each absent posting was: by its id, or by its place in the folder when the id that the file
    /// has now is nobody's.
    fn broken_files(&self, absent: &[&'a Head]) -> BTreeMap<&'a str, &'a str> {
        let broken = &self.folder.broken;
        let by_id: BTreeMap<&str, &str> =
            broken.iter().filter_map(|file| Some((file.id.as_deref()?, file.file.as_str()))).collect();
        let nobodys =
            broken.iter().filter(|file| file.id.as_deref().is_none_or(|id| self.head(id).is_none()));
        let by_place: BTreeMap<Option<&OsStr>, &str> =
            nobodys.map(|file| (place(&file.file), file.file.as_str())).collect();
        absent
            .iter()
            .filter_map(|head| {
                let id = head.id.as_str();
                let file = by_id.get(id).or_else(|| by_place.get(&place(&head.path)))?;
                Some((id, *file))
            })
            .collect()
    }

    /// The files that postings that vanished may be now: new ones, and those that stand in their place.
    pub(super) fn candidates(&self, vanished: &[&Head]) -> Vec<&'a Leaf> {
        if vanished.is_empty() {
            return Vec::new();
        }
        let places: BTreeSet<Option<&OsStr>> = vanished.iter().map(|head| place(&head.path)).collect();
        let may_be = |leaf: &&Leaf| self.head(&leaf.id).is_none() || places.contains(&place(&leaf.file));
        self.folder.leaves.iter().filter(may_be).collect()
    }

    /// Those of vanished postings that are there under another id, old to new: the same file, the same text, or a new
    /// file with equal title, organisation and dates. They did not vanish, and nobody is to be reminded twice.
    pub(super) fn renamed(
        &self,
        vanished: &[StoredPosting],
        candidates: &[Posting],
        house: &House,
    ) -> BTreeMap<String, String> {
        if vanished.is_empty() {
            return BTreeMap::new();
        }
        let by_text: BTreeMap<u128, &str> =
            self.folder.leaves.iter().map(|leaf| (leaf.text, leaf.id.as_str())).collect();
        let by_place: BTreeMap<Option<&OsStr>, &Posting> =
            candidates.iter().map(|posting| (place(&posting.file), posting)).collect();
        let mut new: BTreeMap<&str, Vec<&Posting>> = BTreeMap::new();
        for posting in candidates.iter().filter(|posting| self.head(&posting.id).is_none()) {
            new.entry(&posting.title).or_default().push(posting);
        }
        let mut renamed = BTreeMap::new();
        for old in vanished {
            let same_file = by_place.get(&place(&old.path)).copied();
            let found = by_text.get(&fingerprint(&old.text)).copied().or_else(|| {
                let worth_it = same_file.is_some() || !new.is_empty();
                let last =
                    worth_it.then(|| last_good_posting(&old.path, &old.id, &old.text, house).posting)??;
                // A file that was written over with another recruitment is another recruitment.
                let same = same_file
                    .filter(|posting| posting.title == last.title || posting.same_recruitment(&last))
                    .or_else(|| {
                        let alike = new.get(last.title.as_str())?;
                        alike.iter().copied().find(|posting| posting.same_recruitment(&last))
                    });
                same.map(|posting| posting.id.as_str())
            });
            if let Some(found) = found {
                for alike in new.values_mut() {
                    alike.retain(|posting| posting.id != found);
                }
                renamed.insert(old.id.clone(), found.to_owned());
            }
        }
        renamed
    }

    /// What became of every posting. `open`: of which mails are on their way; it matters only when files are gone.
    pub(super) fn survey(
        &self,
        absent: &Absent<'_>,
        renamed: BTreeMap<String, String>,
        open: &BTreeSet<String>,
        now: DateTime<Utc>,
    ) -> Survey {
        let good = self.folder.leaves.iter().map(|leaf| leaf.id.as_str());
        let present: BTreeSet<&str> = good.chain(absent.broken.keys().copied()).collect();
        let remembered = self.heads.iter().filter(|head| !renamed.contains_key(&head.id));
        let remembered = remembered.map(|head| (head.id.as_str(), head.vanished_at)).collect();
        let accepted = self.heads.iter().filter(|head| head.accepted.is_some());
        let accepted = accepted.map(|head| head.id.as_str()).collect();
        let mut presence = presence(&remembered, &accepted, open, &present, !self.readable, now);
        presence.gone.extend(renamed.keys().cloned());
        let mut stirring: BTreeSet<String> = self.stirred.iter().cloned().collect();
        stirring
            .extend(self.folder.leaves.iter().filter(|leaf| !self.rests(leaf)).map(|leaf| leaf.id.clone()));
        stirring.extend(presence.gone.iter().chain(presence.missed.keys()).chain(renamed.values()).cloned());
        let owned = |(id, file): (&&str, &&str)| ((*id).to_owned(), (*file).to_owned());
        let broken: BTreeMap<String, String> = absent.broken.iter().map(owned).collect();
        stirring.extend(broken.keys().cloned());
        Survey { presence, renamed, broken, stirring }
    }

    /// Whether a posting's rows stand for all that they would be made from now.
    fn rests(&self, leaf: &Leaf) -> bool {
        let basis = self.circumstances.map(|circumstances| basis(leaf, circumstances));
        self.head(&leaf.id).is_some_and(|head| {
            head.vanished_at.is_none() && head.path == leaf.file && basis.is_some() && head.basis == basis
        })
    }
}

/// What rows are made from, besides their posting: jalon.toml as it is in force, whoever was removed from it and is still
/// named, this program and its zones.
pub(super) fn circumstances(jalon_toml: &str, recalled: &[&(String, String)]) -> String {
    made_from([env!("CARGO_PKG_VERSION"), TZDB, &format!("{recalled:?}"), jalon_toml])
}

/// The digest of these.
fn made_from<const N: usize>(all: [&str; N]) -> String {
    let mut text = String::with_capacity(all.iter().map(|one| one.len() + 8).sum());
    for one in all {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{}\n{one}", one.len());
    }
    format!("{:032x}", fingerprint(&text))
}

/// What the rows of a posting are made from.
pub(super) fn basis(leaf: &Leaf, circumstances: &str) -> String {
    let Leaf { id, file, text, .. } = leaf;
    made_from([circumstances, &format!("{text:032x}"), id, file])
}

/// What the files and the ledger show of some postings, before anything is decided about them.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    /// These postings, as far as files that can be used show them, with their texts.
    pub shown: &'a [(Posting, String)],
    /// These postings, as far as the ledger remembers them.
    pub stored: &'a [StoredPosting],
    /// Their rows.
    pub known: &'a [Row],
    /// The revisions of their events.
    pub revisions: &'a [Revision],
    /// Whether the ledger was ever filled.
    pub filled: bool,
}

pub(super) struct Decided {
    /// The postings in force.
    pub postings: Vec<Posting>,
    /// Those whose rows stay as they are, because no version of them can be used.
    pub frozen: BTreeSet<String>,
    /// Postings met for the first time.
    pub first_seen: BTreeSet<String>,
    /// What is to be said of all that.
    pub problems: Vec<Problem>,
}

/// Which version of each of these postings is in force.
pub(super) fn decide(seen: Seen<'_>, ground: Ground<'_>, survey: &Survey, house: &House) -> Decided {
    let mut postings: Vec<Posting> = seen.shown.iter().map(|(posting, _)| posting.clone()).collect();
    let mut frozen: BTreeSet<String> = ground
        .folder
        .broken
        .iter()
        .filter_map(|file| file.id.clone())
        .filter(|id| ground.leaf(id).is_none())
        .collect();
    let mut problems = Vec::new();
    for last_good in seen.stored {
        let file = survey.broken.get(&last_good.id);
        if file.is_none() && !survey.presence.missed.contains_key(&last_good.id) {
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
    let first_seen = first_seen(seen, ground, &survey.renamed);
    Decided { postings, frozen, first_seen, problems }
}

/// The postings met for the first time: not while a ledger is filled for the first time, nor those that came back.
fn first_seen(seen: Seen<'_>, ground: Ground<'_>, renamed: &BTreeMap<String, String>) -> BTreeSet<String> {
    if !seen.filled {
        return BTreeSet::new();
    }
    let before = seen.known.iter().map(|row| row.key.posting());
    let noted = seen.revisions.iter().map(|revision| revision.posting.as_str());
    let names = renamed.values().map(String::as_str);
    let known: BTreeSet<&str> = before.chain(noted).chain(names).collect();
    let ids = seen.shown.iter().map(|(posting, _)| &posting.id);
    ids.filter(|id| !known.contains(id.as_str()) && ground.head(id).is_none()).cloned().collect()
}

/// Where in the folder a file stands: the folder is flat, and `--config` may spell the way to it differently.
fn place(file: &str) -> Option<&OsStr> {
    Path::new(file).file_name()
}

/// The texts to remember, where they differ from what is remembered; only good ones, so that a broken file never
/// takes the place of its last good version.
pub(super) fn remembered(seen: Seen<'_>, presence: &Presence, now: DateTime<Utc>) -> Vec<StoredPosting> {
    let by_id: BTreeMap<&str, &StoredPosting> =
        seen.stored.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    let gone: Vec<&StoredPosting> =
        seen.stored.iter().filter(|posting| presence.gone.contains(&posting.id)).collect();
    let good = seen.shown.iter().map(|(posting, text)| {
        let same = |stored: &&StoredPosting| stored.text == *text;
        let known = by_id.get(posting.id.as_str()).copied().filter(same);
        // A text that only goes by another id is not new.
        let known = known.or_else(|| gone.iter().copied().find(same));
        StoredPosting {
            id: posting.id.clone(),
            path: posting.file.clone(),
            since: known.map_or(now, |stored| stored.since),
            text: text.clone(),
            vanished_at: None,
            accepted: None,
        }
    });
    let shown: BTreeSet<&str> = seen.shown.iter().map(|(posting, _)| posting.id.as_str()).collect();
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
            let (posting, event) = origins.get(&(&*reminder.posting, &*reminder.event))?;
            let old = Key::new(posting, event, &reminder.occurrence, reminder.lead, &reminder.recipient().id);
            Some((reminder.key(), old))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_rows_are_made_from_makes_another_digest() {
        let all = ["0.1.0", "2026a", "[]", "time_zone = \"Europe/Paris\""];
        for n in 0..all.len() {
            let mut other = all;
            other[n] = "another";
            assert_ne!(made_from(all), made_from(other), "{n}");
        }
        assert_ne!(made_from(["a", "b\n"]), made_from(["a\n", "b"]));
        let person = ("noa".to_owned(), "{}".to_owned());
        assert_ne!(circumstances("", &[]), circumstances("", &[&person]));
        assert_ne!(circumstances("", &[]), circumstances("# a word", &[]));
        assert_eq!(circumstances("", &[]), made_from([env!("CARGO_PKG_VERSION"), TZDB, "[]", ""]));
    }
}
