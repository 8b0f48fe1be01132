//! Pure. The texts of a folder → its postings, and what is wrong between them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::super::slug::is_id;
use super::super::{House, Posting, Recipient, Recruitment, When};
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

/// What came of reading a folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// The postings that can be used, by id.
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
        let read = match &text.contents {
            Ok(contents) => posting(&text.file, &text.stem, contents, house),
            Err(problem) => unread(text, problem, house),
        };
        let Read { posting, id, title, recruiters, problems } = read;
        folder.problems.extend(problems);
        match posting {
            Some(posting) => folder.postings.push(posting),
            None => folder.broken.push(Broken { file: text.file.clone(), id, title, recruiters }),
        }
    }
    folder.postings.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    refuse_twins(&mut folder, texts);
    doubt_copies(&mut folder);
    folder
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
    let dated = |posting: &&Posting| posting.events.iter().any(|event| !matches!(event.when, When::Open));
    let mut by_file: Vec<&Posting> = folder.postings.iter().filter(dated).collect();
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
