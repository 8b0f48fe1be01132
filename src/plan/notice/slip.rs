//! Pure. Slips: what is wrong with a posting's file, told to those who can mend it: its recruiters, once for each
//! distinct error.
//!
//! A slip is told some minutes after it was met, so that whoever is still editing hears of nothing. A row that ended
//! is the record that its reader knows, for as long as the error is there; once it is gone the row is marked as not
//! wanted, and if the error comes back, that is the next time of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

use super::{MISSED, Scene};
use crate::calendar::read::{Broken, Text};
use crate::calendar::{Posting, Recipient};
use crate::diagnostic::{Place, Problem, Severity, Words, say};
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort, Wanted};

/// How many errors of a file are told: more are no help, and `jalon check` shows them all.
pub const MOST: usize = 10;

/// How long after an error was met it is told: whoever is editing mends it meanwhile.
const SETTLE: TimeDelta = TimeDelta::minutes(5);

/// How far apart two mails about one error are at least, where it was mended and is back.
const APART: TimeDelta = TimeDelta::hours(1);

/// Errors behind which others may hide: of a file that cannot be read to its end, nobody knows what else is mended.
const HIDING: [&str; 5] = ["syntax", "empty-file", "not-utf8", "file-too-large", "unreadable-file"];

/// What is wrong with a posting's file, and who can mend it.
#[derive(Clone, Debug, PartialEq)]
pub struct Slips {
    /// The file's name: `accueil.toml`.
    pub file: String,
    /// The id of the posting whose last good version stays in force; none when the file never was right.
    pub posting: Option<String>,
    /// Since when that version has been the one in force.
    pub since: Option<DateTime<Utc>>,
    /// What is recruited, if that could be read.
    pub title: Option<String>,
    /// Who recruits, likewise.
    pub organisation: Option<String>,
    /// The errors, in the order of the file.
    pub errors: Vec<Wrong>,
    /// Who can mend them.
    pub readers: Vec<Recipient>,
}

/// One error of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// What it is known by in keys: the same wherever in the file it stands.
    pub error: String,
    /// Where it stands; none when it is about the whole file.
    pub place: Option<Place>,
    /// What is wrong.
    pub sentence: Words,
    /// What to do about it.
    pub remedy: Option<Words>,
    /// Whether others may hide behind it.
    hiding: bool,
}

/// The slips of this moment, by file name. `texts`: every file of the folder; `postings`: those in force, by id;
/// `since`: since when the text of each has been in force.
#[must_use]
pub fn found(
    broken: &[Broken],
    problems: &[Problem],
    texts: &[Text],
    postings: &BTreeMap<String, Posting>,
    since: &BTreeMap<&str, DateTime<Utc>>,
) -> BTreeMap<String, Slips> {
    let there = texts.iter().map(|text| name_of(&text.file)).collect();
    found_among(broken, problems, &there, postings, since)
}

/// The same, of a folder that has files of these names.
#[must_use]
pub fn found_among(
    broken: &[Broken],
    problems: &[Problem],
    there: &BTreeSet<&str>,
    postings: &BTreeMap<String, Posting>,
    since: &BTreeMap<&str, DateTime<Utc>>,
) -> BTreeMap<String, Slips> {
    if broken.is_empty() {
        return BTreeMap::new();
    }
    let mut errors: BTreeMap<&str, Vec<&Problem>> = BTreeMap::new();
    for problem in problems.iter().filter(|problem| problem.severity == Severity::Error) {
        errors.entry(&problem.file).or_default().push(problem);
    }
    let by_name: BTreeMap<&str, &Posting> =
        postings.values().map(|posting| (name_of(&posting.file), posting)).collect();
    let mut found = BTreeMap::new();
    for Broken { file, id, title, recruiters } in broken {
        let name = name_of(file);
        // The version that this file had; or, of one that was renamed too, that its id had.
        let moved = || postings.get(id.as_ref()?).filter(|last| !there.contains(name_of(&last.file)));
        let last = by_name.get(name).copied().or_else(moved);
        let slips = Slips {
            file: name.to_owned(),
            posting: last.map(|last| last.id.clone()),
            since: last.and_then(|last| since.get(last.id.as_str()).copied()),
            title: last.map(|last| last.title.clone()).or_else(|| title.clone()),
            organisation: last.and_then(|last| last.organisation.clone()),
            errors: wrongs(errors.get(file.as_str()).map_or(&[][..], Vec::as_slice)),
            readers: last.map_or_else(|| recruiters.clone(), |last| last.recruiters.clone()),
        };
        found.insert(slips.file.clone(), slips);
    }
    found
}

/// The name of a file, without its folder.
#[must_use]
pub fn name_of(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or_default()
}

/// The errors of one file. Two that say the same of two equal lines are two.
fn wrongs(problems: &[&Problem]) -> Vec<Wrong> {
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    let wrong = |problem: &&Problem| {
        // A path is the service's business.
        let folder = problem.file.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
        let plain = |words: &Words| match &folder {
            Some(folder) => say(words.fr.replace(folder, ""), words.en.replace(folder, "")),
            None => words.clone(),
        };
        // What is missing from the whole file is reported at its first letter.
        let whole = |place: &Place| (place.line, place.column, place.width) == (1, 1, 1);
        let place = problem.place.clone().filter(|place| !whole(place));
        let sentence = plain(&problem.sentence);
        let line = place.as_ref().map_or("", |place| place.text.trim());
        let known_by = format!("{}\n{}\n{line}", problem.code, without_lines(&sentence.fr));
        let nth = met.entry(known_by.clone()).or_default();
        *nth += 1;
        let error = short_hash(&format!("{known_by}\n{nth}"));
        let remedy = problem.remedy.as_ref().map(plain);
        Wrong { error, place, sentence, remedy, hiding: HIDING.contains(&problem.code) }
    };
    problems.iter().map(wrong).collect()
}

/// A sentence without the numbers of lines in it: « la première fois ligne 3 » moves with its line.
fn without_lines(sentence: &str) -> String {
    let mut parts = sentence.split("ligne ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "ligne " + part.trim_start_matches(|c: char| c.is_ascii_digit()))
}

/// The first twelve digits of a text's SHA-256.
fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(6).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

/// The notices of slips that the ledger should hold.
#[must_use]
pub fn slips(scene: &Scene<'_>, found: &BTreeMap<String, Slips>) -> Vec<Wanted> {
    let mut known: BTreeMap<&str, Told<'_>> = BTreeMap::new();
    for row in scene.rows(Sort::Slip) {
        let Some((file, error, n)) = row.key.slipped() else { continue };
        let last = known.entry(file).or_default().entry((error, row.key.recipient())).or_insert((n, row));
        if n > last.0 {
            *last = (n, row);
        }
    }
    let none = Told::default();
    let of = |slips| Desk { scene, slips, known: known.get(slips.file.as_str()).unwrap_or(&none) }.wanted();
    found.values().flat_map(of).collect()
}

/// Of one file, the last row of each error and recipient, and which time it is.
type Told<'a> = BTreeMap<(&'a str, &'a str), (u32, &'a Row)>;

struct Desk<'a> {
    scene: &'a Scene<'a>,
    slips: &'a Slips,
    known: &'a Told<'a>,
}

impl Desk<'_> {
    fn wanted(&self) -> Vec<Wanted> {
        let errors: Vec<&str> = self.slips.errors.iter().map(|wrong| wrong.error.as_str()).collect();
        let hiding = self.slips.errors.iter().any(|wrong| wrong.hiding);
        let mut wanted = Vec::new();
        for reader in &self.slips.readers {
            for (nth, error) in errors.iter().enumerate() {
                wanted.extend(self.one(error, nth < MOST, reader));
            }
            let hidden = |(known, id): &(&str, &str)| *id == reader.id && !errors.contains(known);
            for ((error, _), (n, row)) in self.known.iter().filter(|(known, _)| hiding && hidden(known)) {
                // What was not told yet is no loss: it is told when it shows again.
                if is_open(row) && row.state != State::Planned {
                    wanted.push(self.notice(error, *n, reader, (row.due, row.late_after)));
                }
            }
        }
        wanted
    }

    /// The notice of an error that is there: the open row as it is, else a new one, if the error is among those told.
    fn one(&self, error: &str, is_told: bool, reader: &Recipient) -> Option<Wanted> {
        let from = |due: DateTime<Utc>| (due, due + MISSED);
        let soon = self.scene.now + SETTLE;
        let (n, times) = match self.known.get(&(error, reader.id.as_str())) {
            Some((n, row)) if is_open(row) => (*n, (row.due, row.late_after)),
            _ if !is_told => return None,
            None => (1, from(soon)),
            // Withdrawn before it left: nobody was told.
            Some((n, row)) if is_withdrawn(row) && !row.in_doubt => (*n, from(soon)),
            Some((n, row)) => (n + 1, from(soon.max(row.born + APART))),
        };
        Some(self.notice(error, n, reader, times))
    }

    fn notice(
        &self,
        error: &str,
        n: u32,
        reader: &Recipient,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Wanted {
        let key = Key::slip(&self.slips.file, error, n, &reader.id);
        let posting = self.slips.posting.as_deref().unwrap_or_default();
        self.scene.notice_among(key, (posting, ""), reader, times, &self.slips.readers)
    }
}

/// Whether a row is on its way, or stands for the mail that told, or tried to tell, of an error that lasts. One that had
/// nothing to tell told nothing.
fn is_open(row: &Row) -> bool {
    row.wanted && row.state != State::Skipped && !is_withdrawn(row)
}

fn is_withdrawn(row: &Row) -> bool {
    row.state == State::Withdrawn && row.reason == Some(Reason::Calendar)
}
