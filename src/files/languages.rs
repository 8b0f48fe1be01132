//! Languages that somebody is to read mails in, and of which there is no folder of templates.

use std::collections::BTreeSet;
use std::path::Path;

use super::Loaded;
use crate::calendar::Language;
use crate::calendar::read::Leaf;
use crate::diagnostic::{Place, Problem, nearest, say};
use crate::message::render::languages;
use crate::settings::Settings;
use crate::settings::place::{place, place_of_person};

/// The code of a language of which there is no folder.
const UNKNOWN: &str = "unknown-language";

/// The languages in which mails are read.
#[must_use]
pub fn read_in(settings: &Settings, postings: &[Leaf]) -> BTreeSet<Language> {
    let people = settings.house.directory.people.values().filter_map(|person| person.language);
    let postings = postings.iter().map(|posting| posting.language);
    people.chain(postings).chain([settings.house.language]).collect()
}

/// Every place at which a language is named that nobody speaks. Those mails are English; nothing else comes of it.
pub(super) fn unknown(config: &Path, loaded: &Loaded, settings: &Settings) -> Vec<Problem> {
    let known: BTreeSet<Language> = languages(&loaded.templates).into_iter().chain(Language::ALL).collect();
    let problem = |language: Language, file: String, place: Option<Place>| {
        let problem = about(language, &known, file);
        match place {
            Some(place) => problem.at(place),
            None => problem,
        }
    };
    let mut problems = Vec::new();
    let jalon_toml = config.join("jalon.toml").display().to_string();
    let of_house = settings.house.language;
    if !known.contains(&of_house) {
        problems.push(problem(of_house, jalon_toml.clone(), place(&loaded.text, None, "language")));
    }
    for person in settings.house.directory.people.values() {
        if let Some(language) = person.language.filter(|language| !known.contains(language)) {
            let place = place_of_person(&loaded.text, &person.id, "language");
            problems.push(problem(language, jalon_toml.clone(), place));
        }
    }
    for leaf in loaded.folder.leaves.iter().filter(|leaf| !known.contains(&leaf.language)) {
        // One that names none has the house's, of which it is said once.
        let place = loaded.text(leaf).and_then(|text| place(&text, None, "language"));
        if place.is_some() {
            problems.push(problem(leaf.language, leaf.file.clone(), place));
        }
    }
    problems
}

fn about(language: Language, known: &BTreeSet<Language>, file: String) -> Problem {
    let code = language.code();
    let sentence = say(
        format!(
            "aucun dossier de modèles ne parle la langue «\u{a0}{code}\u{a0}»\u{a0}: ces courriels sont en anglais"
        ),
        format!("no folder of templates speaks the language \"{code}\": these mails are in English"),
    );
    let known: Vec<&str> = known.iter().map(Language::code).collect();
    let remedy = if let Some(near) = nearest(code, known.iter().copied()) {
        say(
            format!("vouliez-vous dire language = \"{near}\"\u{a0}?"),
            format!("did you mean language = \"{near}\"?"),
        )
    } else {
        let known = known.join(", ");
        say(
            format!(
                "il y a {known}\u{a0}; pour en ajouter une, copiez templates/en en templates/{code} et traduisez-le\u{a0}: voir templates/README.md"
            ),
            format!(
                "there are {known}; to add one, copy templates/en to templates/{code} and translate it: see templates/README.md"
            ),
        )
    };
    Problem::error(UNKNOWN, file, sentence).remedy(remedy)
}
