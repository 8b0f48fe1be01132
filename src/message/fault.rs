//! Pure. What a template did wrong → a problem with its file, its line, and a remedy.

use std::error::Error as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::typography;
use crate::diagnostic::{Place, Problem, Words, nearest};

/// The file of a template, as people see it.
pub(super) fn file(name: &str) -> String {
    format!("templates/{name}")
}

/// The code of a name that replaces nothing.
pub(super) const UNKNOWN: &str = "unknown-template";

/// A file that replaces nothing: a slip in its name, or a part that nobody asks for.
pub(super) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Problem {
    let problem = Problem::error(
        UNKNOWN,
        file(name),
        say("ce fichier ne remplace aucun modèle", "this file replaces no template"),
    );
    match nearest(name, known) {
        Some(near) => problem.remedy(say(format!("vouliez-vous dire « {near} » ?"), format!("did you mean {near}?"))),
        None => problem.remedy(say(
            "un modèle porte le nom de celui qu'il remplace, par exemple « fr/reminder.txt » ou « layout.html »",
            "a template bears the name of the one it replaces, such as fr/reminder.txt or layout.html",
        )),
    }
}

/// What went wrong with the template `asked`, or with one that it calls: the innermost error is the one to
/// mend. `values` are the facts it was given, whose names are proposed instead of an unknown one.
pub(super) fn fault(
    error: &Error,
    asked: &str,
    source: impl Fn(&str) -> Option<String>,
    values: Option<&Value>,
) -> Problem {
    let mut error = error;
    while let Some(inner) = error.source().and_then(|inner| inner.downcast_ref::<Error>()) {
        error = inner;
    }
    let name = error.name().unwrap_or(asked);
    let place = source(name).and_then(|source| place(error, &source));
    let (code, sentence) = sentence(error);
    let problem = Problem::error(code, file(name), sentence);
    let problem = match &place {
        Some(place) => problem.at(place.clone()),
        None => problem,
    };
    match error.kind() {
        ErrorKind::UndefinedError => {
            let wrong = place.as_ref().map_or_else(String::new, last_name);
            let mut names = Vec::new();
            if let Some(values) = values {
                collect(values, &mut names);
            }
            match nearest(&wrong, names.iter().map(String::as_str)) {
                Some(near) if near != wrong => problem
                    .remedy(say(format!("vouliez-vous dire « {near} » ?"), format!("did you mean {near}?"))),
                _ => problem,
            }
        }
        ErrorKind::OutOfFuel => problem.remedy(say(
            "une boucle ou un appel de trop ? simplifiez le modèle",
            "a loop or a call too many? make the template simpler",
        )),
        _ => problem,
    }
}

fn sentence(error: &Error) -> (&'static str, Words) {
    let detail = error.detail().unwrap_or_default();
    let with = |words: &str, colon: &str| match detail {
        "" => words.to_owned(),
        detail => format!("{words}{colon} {detail}"),
    };
    let both = |fr: &str, en: &str| say(with(fr, " :"), with(en, ":"));
    match error.kind() {
        ErrorKind::SyntaxError | ErrorKind::BadEscape => {
            ("template-syntax", both("ce modèle a une faute de syntaxe", "this template has a syntax error"))
        }
        ErrorKind::UndefinedError => (
            "template-unknown-variable",
            say(
                "ce modèle nomme une variable qui n'existe pas",
                "this template names a variable that does not exist",
            ),
        ),
        ErrorKind::TemplateNotFound => (
            "template-not-found",
            both("ce modèle en appelle un qui n'existe pas", "this template calls one that does not exist"),
        ),
        ErrorKind::OutOfFuel => {
            ("template-too-long", say("ce modèle n'en finit pas", "this template does not come to an end"))
        }
        ErrorKind::WriteFailure => (
            "template-too-long",
            say("ce modèle produit un message trop long", "this template makes a mail that is too long"),
        ),
        kind => (
            "template-fails",
            both(&format!("ce modèle échoue ({kind})"), &format!("this template fails ({kind})")),
        ),
    }
}

/// Where the error stands; its whole line when only that is known.
fn place(error: &Error, source: &str) -> Option<Place> {
    if let Some(range) = error.range() {
        return Some(Place::of(source, &range));
    }
    let line = error.line()?;
    let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let text = source.get(start..)?.lines().next().unwrap_or_default();
    let indent = text.len() - text.trim_start().len();
    Some(Place::of(source, &(start + indent..start + text.trim_end().len())))
}

/// The last name under the mark: `titel` of `reminder.posting.titel`.
fn last_name(place: &Place) -> String {
    let marked: String = place.text.chars().skip(place.column - 1).take(place.width).collect();
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    marked.split(|c| !is_name(c)).rfind(|name| !name.is_empty()).unwrap_or_default().to_owned()
}

/// Every name in the facts.
fn collect(value: &Value, names: &mut Vec<String>) {
    let within = match value.kind() {
        ValueKind::Map | ValueKind::Seq => value.try_iter().into_iter().flatten(),
        _ => return,
    };
    for inner in within {
        if value.kind() == ValueKind::Map {
            names.push(inner.to_string());
            collect(&value.get_item(&inner).unwrap_or_default(), names);
        } else {
            collect(&inner, names);
        }
    }
}

/// A sentence in both languages; the French one is typed with ordinary spaces.
fn say(french: impl AsRef<str>, english: impl Into<String>) -> Words {
    crate::diagnostic::say(typography::text(french.as_ref()), english)
}
