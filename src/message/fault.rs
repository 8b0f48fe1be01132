//! Pure. What a template did wrong → a problem with its file, its line, and a remedy.

use std::error::Error as _;

use minijinja::value::{Value, ValueKind};
use minijinja::{Error, ErrorKind};

use super::sandbox::{self, LONGEST_SOURCE};
use super::typography;
use crate::diagnostic::{Place, Problem, Words, nearest};

/// The file of a template, as people see it.
pub(super) fn file(name: &str) -> String {
    format!("templates/{name}")
}

/// The code of a template that does not end, or that makes a mail too long.
pub(super) const TOO_LONG: &str = "template-too-long";

/// The code of a name that replaces nothing.
pub(super) const UNKNOWN: &str = "unknown-template";

/// The code of a file that a language lacks.
const MISSING: &str = "missing-template";

/// What a template may not use.
pub(super) fn forbidden(name: &str, source: &str) -> Option<Problem> {
    if source.len() > LONGEST_SOURCE {
        let words =
            say("ce modèle est trop long : 200 ko au plus", "this template is too long: 200 kB at most");
        return Some(Problem::error(TOO_LONG, file(name), words));
    }
    let (span, sentence) = sandbox::forbidden(source)?;
    let problem = Problem::error("template-calculates", file(name), sentence).remedy(sandbox::remedy());
    Some(problem.at(Place::of(source, &span)))
}

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

/// A file that a language lacks.
pub(super) fn missing(name: &str) -> Problem {
    let (folder, rest) = name.split_once('/').unwrap_or_default();
    let sentence = say(
        format!("il manque ce fichier à la langue « {folder} »"),
        format!("the language \"{folder}\" lacks this file"),
    );
    Problem::error(MISSING, file(name), sentence).remedy(say(
        format!("copiez en/{rest} et traduisez-le (voir templates/README.md) ; un dossier dont le nom commence par _ n'est pas lu"),
        format!("copy en/{rest} and translate it (see templates/README.md); a folder whose name begins with _ is not read"),
    ))
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
                _ => match values.and_then(top_names) {
                    Some(names) => problem.remedy(say(
                        format!("ce modèle connaît : {names}"),
                        format!("this template knows: {names}"),
                    )),
                    None => problem,
                },
            }
        }
        ErrorKind::SyntaxError | ErrorKind::BadEscape => {
            problem.remedy(syntax(error.detail().unwrap_or_default()).1)
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
        ErrorKind::SyntaxError | ErrorKind::BadEscape => ("template-syntax", syntax(detail).0),
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
            (TOO_LONG, say("ce modèle n'en finit pas", "this template does not come to an end"))
        }
        ErrorKind::WriteFailure => (
            TOO_LONG,
            say("ce modèle produit un message trop long", "this template makes a mail that is too long"),
        ),
        kind => (
            "template-fails",
            both(&format!("ce modèle échoue ({kind})"), &format!("this template fails ({kind})")),
        ),
    }
}

/// What is wrong with the writing of a template, and what to do: minijinja's words are for programmers.
fn syntax(detail: &str) -> (Words, Words) {
    if let Some(name) = detail.strip_prefix("unknown statement ") {
        if name.starts_with("el") || name.starts_with("end") {
            return (
                say(
                    format!("« {name} » ne répond à rien qui soit ouvert plus haut"),
                    format!("{name} answers nothing that is open above it"),
                ),
                say(
                    "supprimez-le, ou vérifiez le {% if … %} ou le {% for … %} d'avant",
                    "remove it, or check the {% if … %} or the {% for … %} before it",
                ),
            );
        }
        return (
            say(
                format!("jalon ne connaît pas « {name} » entre {{% et %}}"),
                format!("{name} is unknown between {{% and %}}"),
            ),
            say(
                "écrivez if, else, endif, for, endfor, set ou include ; un nom à remplacer va entre {{ et }}",
                "write if, else, endif, for, endfor, set or include; a name to be filled in goes between {{ and }}",
            ),
        );
    }
    let (fr, en, do_fr, do_en) = match detail {
        "unexpected end of string" => (
            "un texte entre guillemets n'est pas fermé ici",
            "a text between quotes is not closed here",
            "ajoutez le guillemet qui manque",
            "add the quote that is missing",
        ),
        "unexpected end of comment" => (
            "un commentaire {# n'est jamais fermé",
            "a comment {# is never closed",
            "ajoutez #} à sa fin",
            "add #} at its end",
        ),
        _ if detail.starts_with("unexpected end of input") => (
            "ce modèle finit trop tôt : un if, un for ou une accolade n'est pas fermé",
            "this template ends too early: an if, a for or a brace is not closed",
            "ajoutez {% endif %}, {% endfor %}, %} ou }}",
            "add {% endif %}, {% endfor %}, %} or }}",
        ),
        _ if detail.ends_with("expected end of variable block") => (
            "il faut }} ici, pour fermer {{",
            "}} is needed here, to close {{",
            "entre {{ et }}, écrivez un seul nom : {{ reminder.posting.title }}",
            "write one name between {{ and }}: {{ reminder.posting.title }}",
        ),
        _ if detail.ends_with("expected end of block") => (
            "il faut %} ici, pour fermer {%",
            "%} is needed here, to close {%",
            "écrivez par exemple {% if late %} … {% endif %}",
            "write for instance {% if late %} … {% endif %}",
        ),
        _ => (
            "ce modèle a une faute de syntaxe",
            "this template has a syntax error",
            "vérifiez que chaque {{ a son }}, chaque {% son %}, chaque if son endif et chaque for son endfor",
            "check that each {{ has its }}, each {% its %}, each if its endif and each for its endfor",
        ),
    };
    (say(fr, en), say(do_fr, do_en))
}

/// The names that a template may begin with.
fn top_names(values: &Value) -> Option<String> {
    let names: Vec<String> = values.try_iter().ok()?.take(24).map(|name| name.to_string()).collect();
    (values.kind() == ValueKind::Map && !names.is_empty()).then(|| names.join(", "))
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
pub(super) fn say(french: impl AsRef<str>, english: impl Into<String>) -> Words {
    crate::diagnostic::say(typography::text(french.as_ref()), english)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use crate::message::Templates;

    #[test]
    fn what_is_wrong_with_the_writing_is_said_in_words() {
        for (text, french) in [
            ("Bonjour {{ nom }", "il faut }} ici"),
            ("Bonjour {{ nom prenom }}", "il faut }} ici"),
            ("{% if late }{% endif %}", "il faut %} ici"),
            ("{% if late %}", "finit trop tôt"),
            ("{% for a in more %}{{ a }}", "finit trop tôt"),
            ("{% nom %}", "jalon ne connaît pas « nom » entre {% et %}"),
            ("{% endif %}", "« endif » ne répond à rien"),
            ("{{ \"a }}", "un texte entre guillemets n'est pas fermé"),
            ("{# a", "un commentaire {# n'est jamais fermé"),
            ("{{ § }}", "ce modèle a une faute de syntaxe"),
        ] {
            let overrides = BTreeMap::from([("fr/reminder.txt".to_owned(), text.to_owned())]);
            let problems = Templates::read(overrides).1;
            let [problem] = &problems[..] else { unreachable!("{text}: {problems:?}") };
            let said = problem.sentence.fr.replace('\u{a0}', " ");
            assert!(said.contains(french), "{text}: {said}");
            let remedy = problem.remedy.as_ref().unwrap();
            for words in [&problem.sentence, remedy] {
                assert!(!format!("{words:?}").contains("expected"), "{text}: {words:?}");
            }
        }
    }
}
