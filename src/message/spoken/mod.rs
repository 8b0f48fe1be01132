//! Pure. A language that a folder of templates speaks: its file of words, `words.txt`, holds a macro for each phrase that
//! a mail is made of, and grammar is what the macro asks of its arguments.
//!
//! ```text
//! words.txt ─[`Lexicon::read`]─▶ Lexicon ─[`Lexicon::speaker`]─▶ a `Tongue` for one mail, which says what went wrong with it
//! ```
//! `phrases` is the list of what a language must have; `samples` says each of them with arguments of every sort, so that a
//! lexicon that was read has said all it can. templates/en/words.txt is a whole one in English, for people to copy; jalon's
//! own English is in code, and a test holds the two to the same words. What may not happen here: a macro that reads
//! anything but its arguments, or that uses up the machine (`confine`).

mod confine;
mod phrases;
mod samples;
mod speaker;
mod value;

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::value::{Kwargs, Value};
use minijinja::{Environment, Error, ErrorKind, Output, State};

pub use self::phrases::{PHRASES, Phrase};
pub use self::samples::answers;
pub(super) use self::speaker::Speaker;
use super::fault::{fault, file, say};
use super::sandbox;
use super::worded::line;
use crate::calendar::Language;
use crate::diagnostic::{Place, Problem, nearest};

/// The file of words in the folder of a language.
pub const WORDS: &str = "words.txt";

/// The model of such a file, to be copied and translated: what jalon says in English.
pub const MODEL: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/en/words.txt"));

/// How many instructions a phrase may run.
const FUEL: u64 = 100_000;

/// How much a phrase may print, in bytes, counting what its macros print for each other.
const MOST_PRINTED: usize = 200_000;

/// The words of a language, read and tried.
#[derive(Clone, Debug)]
pub struct Lexicon {
    language: Language,
    name: String,
    jinja: Environment<'static>,
}

/// A macro as it is written.
struct Written<'a> {
    name: &'a str,
    at: Range<usize>,
    takes: Vec<(&'a str, Range<usize>)>,
}

impl Lexicon {
    /// Reads a file of words and says every phrase of it; everything that is wrong, at once.
    pub fn read(language: Language, text: &str) -> Result<Self, Vec<Problem>> {
        let name = format!("{}/{WORDS}", language.code());
        let mut jinja = sandbox::room(FUEL);
        jinja.set_formatter(print);
        let source = |_: &str| Some(text.to_owned());
        if let Some(problem) = confine::too_long(&name, text) {
            return Err(vec![problem]);
        }
        if let Err(error) = jinja.add_template_owned(name.clone(), text.to_owned()) {
            return Err(vec![fault(&error, &name, source, None)]);
        }
        if let Some(problem) = confine::forbidden(&name, text) {
            return Err(vec![problem]);
        }
        if let Err(error) = jinja.get_template(&name).and_then(|template| template.render_captured(())) {
            return Err(vec![fault(&error, &name, source, None)]);
        }
        let written = written(text);
        let mut problems = strange(&name, text, &written);
        let has = |phrase: &&Phrase| !written.iter().any(|written| written.name == phrase.name);
        problems.extend(PHRASES.iter().filter(has).map(|phrase| missing(&name, phrase)));
        let lexicon = Self { language, name, jinja };
        for sample in samples::samples() {
            let speaker = lexicon.speaker();
            (sample.say)(&speaker);
            problems.extend(speaker.fault().filter(|problem| !problems.contains(problem)));
        }
        if problems.is_empty() { Ok(lexicon) } else { Err(problems) }
    }

    /// Somebody who speaks it, for one mail.
    #[must_use]
    pub(super) fn speaker(&self) -> Speaker<'_> {
        Speaker::new(self)
    }

    /// Says a phrase. A macro is given those of the arguments that it takes.
    fn say(&self, phrase: &Phrase, given: &[(&'static str, Value)]) -> Result<String, Problem> {
        let known = || value::table(given.iter().cloned());
        let said = self.call(phrase.name, given).map_err(|error| match error {
            Some(error) => fault(&error, &self.name, |_| self.source(), Some(&known())),
            None => missing(&self.name, phrase),
        })?;
        line(&said).ok_or_else(|| silent(&self.name, phrase, &self.source().unwrap_or_default()))
    }

    /// What a macro prints; no error when there is none of that name.
    fn call(&self, name: &str, given: &[(&'static str, Value)]) -> Result<String, Option<Error>> {
        // Each phrase has fuel of its own: that of one mail does not end with the mail's length.
        let mut words =
            self.jinja.get_template(&self.name).and_then(|template| template.render_captured(()))?;
        words.with_state_mut(|state| {
            let found = state.lookup(name).ok_or(None)?;
            let takes: Vec<Value> = found.get_attr("arguments")?.try_iter()?.collect();
            let taken =
                given.iter().filter(|(name, _)| takes.iter().any(|taken| taken.as_str() == Some(name)));
            let arguments: Kwargs = taken.cloned().collect();
            Ok(state.call_macro(name, &[arguments.into()])?)
        })
    }

    fn source(&self) -> Option<String> {
        self.jinja.get_template(&self.name).ok().map(|template| template.source().to_owned())
    }
}

/// How much was printed for a phrase, in bytes.
struct Printed(usize);

fn print(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    let length = value.as_str().map_or(0, str::len);
    let Printed(printed) = state.get_or_insert_extension(Printed(0));
    *printed += length;
    if *printed > MOST_PRINTED {
        return Err(Error::from(ErrorKind::OutOfFuel));
    }
    match value.as_str() {
        // What a macro returns ends where its last line does: that is no blank between two words.
        Some(words) if !words.trim_matches(BLANKS).is_empty() => {
            Ok(out.write_str(words.trim_matches(BLANKS))?)
        }
        _ => sandbox::print_text(out, state, value),
    }
}

/// What people put between words and between lines. A no-break space is meant.
const BLANKS: [char; 4] = [' ', '\n', '\r', '\t'];

/// The macros of a file, in their order.
fn written(source: &str) -> Vec<Written<'_>> {
    let mut found = Vec::new();
    let _: Option<()> = sandbox::tags(source, |tokens, statement| {
        let mut tokens = tokens.iter().map(|token| (&source[token.clone()], token.clone()));
        let word = tokens.find(|(word, _)| !matches!(*word, "-" | "+")).map(|(word, _)| word);
        if let (true, Some("macro"), Some((name, at))) = (statement, word, tokens.next()) {
            let mut takes = Vec::new();
            let mut before = "";
            for (word, at) in tokens {
                if matches!(before, "(" | ",") && word != ")" {
                    takes.push((word, at));
                }
                before = word;
            }
            found.push(Written { name, at, takes });
        }
        None
    });
    found
}

/// Macros that no phrase asks for, or that take what they are not given.
fn strange(name: &str, source: &str, written: &[Written<'_>]) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    let problem = |code, at: &Range<usize>, sentence| {
        Problem::error(code, file(name), sentence).at(Place::of(source, at))
    };
    for Written { name, at, takes } in written {
        if !seen.insert(*name) {
            let sentence = say(format!("« {name} » est écrit deux fois"), format!("{name} is written twice"));
            let remedy = say("gardez l'un des deux", "keep one of the two");
            problems.push(problem("phrase-twice", at, sentence).remedy(remedy));
        }
        // What a phrase is made of is the folder's own.
        if name.starts_with('_') {
            continue;
        }
        let Some(phrase) = PHRASES.iter().find(|phrase| phrase.name == *name) else {
            let sentence = say(
                format!("aucune phrase ne s'appelle « {name} »"),
                format!("there is no phrase called {name}"),
            );
            let remedy = match nearest(name, PHRASES.iter().map(|phrase| phrase.name)) {
                Some(near) => say(format!("vouliez-vous dire « {near} » ?"), format!("did you mean {near}?")),
                None => say(
                    format!("voyez templates/README.md ; ce qui n'est que pour vous s'appelle « _{name} »"),
                    format!("see templates/README.md; what is for yourself is called _{name}"),
                ),
            };
            problems.push(problem("unknown-phrase", at, sentence).remedy(remedy));
            continue;
        };
        let known = || phrase.takes.iter().map(|(known, _)| *known);
        for (argument, at) in takes.iter().filter(|(argument, _)| !known().any(|known| known == *argument)) {
            let sentence = say(
                format!("« {name} » ne reçoit rien qui s'appelle « {argument} »"),
                format!("{name} is given nothing that is called {argument}"),
            );
            let all: Vec<&str> = known().collect();
            let all = all.join(", ");
            let remedy = match (nearest(argument, known()), all.is_empty()) {
                (Some(near), _) => {
                    say(format!("vouliez-vous dire « {near} » ?"), format!("did you mean {near}?"))
                }
                (None, false) => say(format!("elle reçoit : {all}"), format!("it is given: {all}")),
                (None, true) => say(format!("écrivez {name}()"), format!("write {name}()")),
            };
            problems.push(problem("unknown-argument", at, sentence).remedy(remedy));
        }
    }
    problems
}

fn missing(name: &str, phrase: &Phrase) -> Problem {
    let (phrase, takes) = (phrase.name, phrase.signature());
    let sentence =
        say(format!("il manque la phrase « {phrase} »"), format!("the phrase {phrase} is missing"));
    Problem::error("missing-phrase", file(name), sentence).remedy(say(
        format!("copiez {{% macro {takes} %}} … de en/{WORDS} et traduisez-la"),
        format!("copy {{% macro {takes} %}} … of en/{WORDS} and translate it"),
    ))
}

fn silent(name: &str, phrase: &Phrase, source: &str) -> Problem {
    let sentence = say(
        format!("la phrase « {} » ne dit rien", phrase.name),
        format!("the phrase {} says nothing", phrase.name),
    );
    let problem = Problem::error("silent-phrase", file(name), sentence).remedy(say(
        "elle a peut-être un cas que ses conditions oublient : voyez templates/README.md",
        "maybe its conditions leave out a case: see templates/README.md",
    ));
    match written(source).iter().find(|written| written.name == phrase.name) {
        Some(written) => problem.at(Place::of(source, &written.at)),
        None => problem,
    }
}
