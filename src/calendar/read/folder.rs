//! Pure. The texts of a folder → its postings, and what is wrong between them.
//!
//! A folder may be read text by text, of which nothing is kept but a [`Leaf`] each: what stands in ten thousand files need
//! not stand in memory as well. What is wrong *between* files is then seen by reading those together that have something in
//! common ([`Folder::in_common`]).

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::super::slug::is_id;
use super::super::{House, Language, Posting, Recipient, Recruitment, When, Zone};
use super::{Read, posting};
use crate::diagnostic::{Place, Problem, is_unsafe, say};

/// The text of a posting's file, as it was found.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file, as problems name it.
    pub file: String,
    /// Its name without `.toml`.
    pub stem: String,
    /// What stands in it, or why that could not be read.
    pub contents: Result<String, Problem>,
    /// Of a text in another encoding, what stands in it as far as it can be guessed: who can mend it.
    pub guess: Option<String>,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub file: String,
    /// The id it has or would have, when that much is known.
    pub id: Option<String>,
    /// What is recruited, when that much is known.
    pub title: Option<String>,
    /// Its recruiters, as far as they are known and may be written to.
    pub recruiters: Vec<Recipient>,
}

/// A file that can be used: what is known of it without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// The posting's id.
    pub id: String,
    /// The file.
    pub file: String,
    /// The zone in which its dates are meant.
    pub zone: Zone,
    /// The language in which those who name none are written to.
    pub language: Language,
    /// The [`fingerprint`] of its text.
    pub text: u128,
    /// The same of the [`Recruitment`] that it is; none when it has no date.
    alike: Option<u128>,
}

/// The first half of a text's SHA-256.
#[must_use]
pub fn fingerprint(text: &str) -> u128 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// What came of reading a folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// Every file that can be used, by id.
    pub leaves: Vec<Leaf>,
    /// The postings that can be used, by id; none of a folder that was read leaf by leaf.
    pub postings: Vec<Posting>,
    /// The files that cannot.
    pub broken: Vec<Broken>,
    /// Everything wrong or odd.
    pub problems: Vec<Problem>,
}

/// Reads every posting of a folder. Two files with one id are both broken.
#[must_use]
pub fn folder(texts: &[Text], house: &House) -> Folder {
    let mut folder = Folder::default();
    for text in texts {
        let posting = folder.add(text, house);
        folder.postings.extend(posting);
    }
    folder.postings.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    folder.sort();
    refuse_twins(&mut folder, texts);
    doubt_copies(&mut folder);
    folder
}

impl Folder {
    /// Reads one text more: its posting, if it can be used, is not kept.
    pub fn add(&mut self, text: &Text, house: &House) -> Option<Posting> {
        let read = match &text.contents {
            Ok(contents) => posting(&text.file, &text.stem, contents, house),
            Err(problem) => unread(text, problem, house),
        };
        let Read { posting, id, title, recruiters, problems } = read;
        self.problems.extend(problems);
        let (Some(posting), Ok(contents)) = (posting, &text.contents) else {
            self.broken.push(Broken { file: text.file.clone(), id, title, recruiters });
            return None;
        };
        let alike = is_dated(&posting).then(|| fingerprint(&format!("{:?}", posting.recruitment())));
        let (id, file) = (posting.id.clone(), text.file.clone());
        self.leaves.push(Leaf {
            id,
            file,
            zone: posting.zone,
            language: posting.language,
            text: fingerprint(contents),
            alike,
        });
        Some(posting)
    }

    /// Puts leaves in order.
    fn sort(&mut self) {
        self.leaves.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    }

    /// After the last text: the files that have an id or a recruitment in common, to be read together.
    #[must_use]
    pub fn in_common(&mut self) -> BTreeSet<String> {
        self.sort();
        let mut common = BTreeSet::new();
        let mut first: BTreeMap<u128, &Leaf> = BTreeMap::new();
        let twins = self.leaves.windows(2).filter(|pair| pair[0].id == pair[1].id);
        for file in twins.flat_map(|pair| pair.iter().map(|leaf| &leaf.file)) {
            common.insert(file.clone());
        }
        for leaf in &self.leaves {
            let Some(alike) = leaf.alike else { continue };
            if let Some(other) = first.get(&alike) {
                common.extend([leaf.file.clone(), other.file.clone()]);
            } else {
                first.insert(alike, leaf);
            }
        }
        common
    }

    /// Takes what came of reading some files together, in the place of what came of reading each by itself.
    pub fn join(&mut self, files: &BTreeSet<String>, together: Self) {
        self.leaves.retain(|leaf| !files.contains(&leaf.file));
        self.broken.retain(|broken| !files.contains(&broken.file));
        self.problems.retain(|problem| !files.contains(&problem.file));
        self.leaves.extend(together.leaves);
        self.broken.extend(together.broken);
        self.problems.extend(together.problems);
        self.sort();
    }
}

/// Whether anything of a posting has a date.
fn is_dated(posting: &Posting) -> bool {
    posting.events.iter().any(|event| !matches!(event.when, When::Open))
}

/// A file of which nothing is used: only whose it is may be guessed.
fn unread(text: &Text, problem: &Problem, house: &House) -> Read {
    let guess = text.guess.as_ref().map(|guess| posting(&text.file, &text.stem, guess, house));
    let guess = guess.unwrap_or_else(|| Read::failed(Vec::new()));
    let (title, recruiters) = match guess.posting {
        Some(posting) => (Some(posting.title), posting.recruiters),
        None => (guess.title, guess.recruiters),
    };
    // A wrong guess is no title.
    let title = title.filter(|title| !title.chars().any(is_unsafe));
    let id = guess.id.or_else(|| is_id(&text.stem).then(|| text.stem.clone()));
    Read { posting: None, id, title, recruiters, problems: vec![problem.clone()] }
}

/// Two files that are about one recruitment under two ids: everybody would be reminded twice.
fn doubt_copies(folder: &mut Folder) {
    let mut first: BTreeMap<Recruitment<'_>, &Posting> = BTreeMap::new();
    // Of two without a date nobody is reminded at all.
    let mut by_file: Vec<&Posting> = folder.postings.iter().filter(|posting| is_dated(posting)).collect();
    // `poste-2.toml` is the copy of `poste.toml`.
    by_file.sort_by_key(|posting| (posting.file.len(), &posting.file));
    for posting in by_file {
        let file = &posting.file;
        match first.entry(posting.recruitment()) {
            Entry::Vacant(entry) => {
                entry.insert(posting);
            }
            Entry::Occupied(entry) if entry.get().accepts("same-posting") || posting.accepts("same-posting") => {}
            Entry::Occupied(entry) => folder.problems.push(
                Problem::warning(
                    "same-posting",
                    file,
                    say(
                        format!(
                            "{file} a l'intitulé, l'organisation et les dates de {}\u{a0}: chaque rappel partirait deux fois",
                            entry.get().file
                        ),
                        format!(
                            "{file} has the title, the organisation and the dates of {}: each reminder would leave twice",
                            entry.get().file
                        ),
                    ),
                )
                .remedy(say(
                    "supprimez l'un des deux\u{a0}; si ce sont bien deux postes, ne changez rien",
                    "remove one of the two; if they really are two, change nothing",
                )),
            ),
        }
    }
}

fn refuse_twins(folder: &mut Folder, texts: &[Text]) {
    let twins: Vec<(String, String)> = folder
        .postings
        .windows(2)
        .filter(|pair| pair[0].id == pair[1].id)
        .flat_map(|pair| {
            [(pair[0].file.clone(), pair[1].file.clone()), (pair[1].file.clone(), pair[0].file.clone())]
        })
        .collect();
    for (file, other) in twins {
        let Some(at) = folder.postings.iter().position(|posting| posting.file == file) else { continue };
        let twin = folder.postings.remove(at);
        folder.leaves.retain(|leaf| leaf.file != file);
        let problem = Problem::error(
            "id-twice",
            &file,
            say(
                format!("{file} et {other} ont le même identifiant « {} »", twin.id),
                format!("{file} and {other} have the same id \"{}\"", twin.id),
            ),
        )
        .remedy(say("donnez un autre id à l'un des deux", "give one of them another id"));
        let text = texts.iter().find(|text| text.file == file).and_then(|text| text.contents.as_deref().ok());
        folder.problems.push(match text.and_then(line_of_id) {
            Some(place) => problem.at(place),
            None => problem,
        });
        let Posting { id, title, recruiters, .. } = twin;
        folder.broken.push(Broken { file, id: Some(id), title: Some(title), recruiters });
    }
}

/// Where a file says its id, if it does: the name of the file is another file's business.
fn line_of_id(text: &str) -> Option<Place> {
    let mut start = 0;
    for line in text.split_inclusive('\n').take_while(|line| !line.trim_start().starts_with('[')) {
        if line.split_once('=').is_some_and(|(key, _)| key.trim() == "id") {
            return Some(Place::of(text, &(start..start + line.trim_end().len())));
        }
        start += line.len();
    }
    None
}
