//! Pure. Templates (given as text) and facts → subject, text and HTML.
//!
//! Templates are Jinja, as minijinja has it. Those that are built in can be replaced one by one by files of the
//! same name; a folder that is called as a language is, and that has a file of each name, is one more language.
//! Nothing is read from a disk: an `include` finds what was given, or nothing. An unknown variable is an error; a
//! fact that a posting does not give prints nothing; work, depth and length have limits, so that a template that
//! loops for ever fails alone and at once. What templates may do at all is in `sandbox`.

#![expect(clippy::result_large_err, reason = "a template fails rarely, and its problem is handed on once")]

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use minijinja::Environment;
use minijinja::value::{Serde, Value};

use super::facts::Facts;
use super::fault::{UNKNOWN, fault, file, forbidden, missing, unknown};
use super::operator::OperatorFacts;
use super::sandbox::{self, bad_link};
use super::spoken::{Lexicon, WORDS};
use super::typography;
use crate::calendar::Language;
use crate::diagnostic::{Problem, is_unsafe, say};

/// Every built-in language has every template: one that is missing does not compile.
macro_rules! built_in {
    (shapes: [$($shape:literal)*] languages: $languages:tt each: $each:tt) => {
        built_in!(@ [$(($shape, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $shape))),)*] $languages $each);
    };
    (@ [$($done:tt)*] [$language:literal $($rest:literal)*] [$($name:literal)*]) => {
        built_in!(@ [$($done)* $((
            concat!($language, "/", $name),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $language, "/", $name)),
        ),)*] [$($rest)*] [$($name)*]);
    };
    (@ [$($done:tt)*] [] [$($name:literal)*]) => {
        /// The built-in templates: their names, and their texts.
        pub const BUILT_IN: &[(&str, &str)] = &[$($done)*];

        /// The templates of each language, by their names in its folder.
        pub const EACH: &[&str] = &[$($name),*];
    };
}

built_in! {
    shapes: [
        "layout.html"
        "parts/heading.html"
        "parts/date.html"
        "parts/event.html"
        "parts/fact.html"
        "parts/rule.html"
    ]
    languages: ["fr" "en"]
    each: [
        "reminder.subject.txt"
        "reminder.txt"
        "reminder.html"
        "notice.subject.txt"
        "notice.txt"
        "notice.html"
        "operator.subject.txt"
        "operator.txt"
        "operator.html"
        "parts/reminder.txt"
        "parts/reminder.html"
        "parts/posting.txt"
        "parts/posting.html"
        "parts/change.txt"
        "parts/change.html"
        "parts/refused.txt"
        "parts/refused.html"
        "parts/slip.txt"
        "parts/slip.html"
        "parts/new.txt"
        "parts/new.html"
        "parts/missed.txt"
        "parts/missed.html"
        "parts/digest.txt"
        "parts/digest.html"
        "parts/deadline.txt"
        "parts/deadline.html"
        "parts/interview.txt"
        "parts/interview.html"
        "parts/start.txt"
        "parts/start.html"
        "parts/end.txt"
        "parts/end.html"
        "parts/milestone.txt"
        "parts/milestone.html"
    ]
}

/// How many instructions a template may run.
const FUEL: u64 = 1_000_000;
/// How long a text is without growing, in bytes.
const USUAL: usize = 8 * 1024;
/// How long a text may become, in bytes.
const LONGEST: usize = 3_000_000;
/// How long a subject may become, in characters.
const LONGEST_SUBJECT: usize = 200;

/// A mail in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The language it is in.
    pub language: Language,
    /// The id of the posting that all of it is about, for the thread that it belongs to; none when there are several.
    pub about: Option<String>,
    /// One line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML page.
    pub html: String,
}

/// Every template, read and ready.
#[derive(Clone, Debug)]
pub struct Templates {
    /// For subjects and texts.
    jinja: Environment<'static>,
    /// For pages, where everything is escaped.
    pages: Environment<'static>,
    /// The words of the languages that a folder has words for.
    pub(super) words: BTreeMap<Language, Lexicon>,
}

impl Templates {
    /// The built-in templates, some replaced: `overrides` holds texts by name, such as `fr/reminder.txt`.
    /// Every problem of every text is returned at once.
    pub fn new(overrides: BTreeMap<String, String>) -> Result<Self, Vec<Problem>> {
        let (templates, problems) = Self::with(overrides);
        if problems.is_empty() { Ok(templates) } else { Err(problems) }
    }

    /// The built-in templates, some replaced, unless one of them is broken; and everything that is wrong. A name that
    /// replaces nothing is wrong, and stands in nobody's way.
    #[must_use]
    pub fn read(overrides: BTreeMap<String, String>) -> (Option<Self>, Vec<Problem>) {
        let (templates, problems) = Self::with(overrides);
        let broken = problems.iter().any(|problem| problem.code != UNKNOWN);
        ((!broken).then_some(templates), problems)
    }

    fn with(mut overrides: BTreeMap<String, String>) -> (Self, Vec<Problem>) {
        let mut jinja = sandbox::room(FUEL);
        jinja.set_formatter(sandbox::print_text);
        let mut pages = jinja.clone();
        pages.set_auto_escape_callback(sandbox::html);
        pages.set_formatter(sandbox::print_html);

        let mut problems = Vec::new();
        for (name, text) in BUILT_IN {
            let text = overrides.remove(*name).unwrap_or_else(|| (*text).to_owned());
            problems.extend(add(&mut jinja, &mut pages, name, &text));
        }
        let mut words = BTreeMap::new();
        for language in Language::ALL.into_iter().chain(languages(&overrides)) {
            let name = |file: &str| format!("{}/{file}", language.code());
            if matches!(language, Language::Other(_)) {
                for name in EACH.iter().map(|file| name(file)) {
                    match overrides.remove(&name) {
                        Some(text) => problems.extend(add(&mut jinja, &mut pages, &name, &text)),
                        None => problems.push(missing(&name)),
                    }
                }
            }
            match overrides.remove(&name(WORDS)) {
                Some(text) => match Lexicon::read(language, &text) {
                    Ok(read) => drop(words.insert(language, read)),
                    Err(mut wrong) => problems.append(&mut wrong),
                },
                None if Language::ALL.contains(&language) => {}
                None => problems.push(missing(&name(WORDS))),
            }
        }
        // What is left replaces nothing.
        for name in overrides.keys() {
            // In the folder of another language, the English one names what there may be.
            let folder =
                name.split('/').next().filter(|code| Language::parse(code).is_some()).unwrap_or("en");
            let known = BUILT_IN.iter().filter_map(|(known, _)| known.strip_prefix("en/")).chain([WORDS]);
            let mut known: Vec<String> = known.map(|known| format!("{folder}/{known}")).collect();
            known.extend(BUILT_IN.iter().map(|(known, _)| (*known).to_owned()));
            problems.push(unknown(name, known.iter().map(String::as_str)));
        }
        (Self { jinja, pages, words }, problems)
    }

    /// The languages that are spoken here besides French and English.
    pub fn folders(&self) -> impl Iterator<Item = Language> {
        self.words.keys().copied().filter(|language| matches!(language, Language::Other(_)))
    }

    /// The built-in templates.
    #[must_use]
    pub fn built_in() -> Self {
        Self::with(BTreeMap::new()).0
    }

    /// A mail in words. Reminders alone are `reminder.*`; with anything else they are `notice.*`, so that templates
    /// of one's own for reminders can neither fail for a notice nor leave it out.
    pub fn render(&self, facts: &Facts) -> Result<Rendered, Problem> {
        let page = if facts.has_notices() { "notice" } else { "reminder" };
        self.mail(page, facts.language, &Value::from(Serde(facts)))
    }

    /// A mail to the operator in words.
    pub fn render_operator(&self, facts: &OperatorFacts) -> Result<Rendered, Problem> {
        self.mail("operator", facts.language, &Value::from(Serde(facts)))
    }

    fn mail(&self, name: &str, language: Language, values: &Value) -> Result<Rendered, Problem> {
        let name = |ending: &str| format!("{}/{name}.{ending}", language.code());
        let page = |ending: &str| self.page(&self.jinja, &name(ending), values);
        let french = language == Language::French;
        let set = |words: String| if french { typography::text(&words) } else { words };

        let subject = one_line(&set(page("subject.txt")?), &name("subject.txt"))?;
        let text = set(close_up(&page("txt")?));
        let html = self.page(&self.pages, &name("html"), values)?;
        if let Some(link) = bad_link(&html) {
            return Err(leads_astray(&name("html"), link));
        }
        let html = if french { typography::html(&html) } else { html };
        Ok(Rendered { language, about: None, subject, text, html })
    }

    fn page(&self, jinja: &Environment<'_>, name: &str, values: &Value) -> Result<String, Problem> {
        let mut page = Page(Vec::with_capacity(USUAL));
        jinja
            .get_template(name)
            .and_then(|template| template.render_captured_to(values.clone(), &mut page).map(drop))
            .map_err(|error| fault(&error, name, |name| self.source(name), Some(values)))?;
        // Templates and values are UTF-8, and no writer cuts a character.
        Ok(String::from_utf8(page.0)
            .unwrap_or_else(|page| String::from_utf8_lossy(page.as_bytes()).into_owned()))
    }

    fn source(&self, name: &str) -> Option<String> {
        self.jinja.get_template(name).ok().map(|template| template.source().to_owned())
    }
}

/// The languages other than French and English of which there is a folder among these texts, by their names.
#[must_use]
pub fn languages(texts: &BTreeMap<String, String>) -> BTreeSet<Language> {
    let folder = |name: &String| {
        let (folder, file) = name.split_once('/')?;
        Language::parse(folder).filter(|_| file == WORDS || EACH.contains(&file))
    };
    texts.keys().filter_map(folder).filter(|language| !Language::ALL.contains(language)).collect()
}

/// Adds a template, as far as it can be read; what is wrong with it.
fn add(
    jinja: &mut Environment<'static>,
    pages: &mut Environment<'static>,
    name: &str,
    text: &str,
) -> Option<Problem> {
    let mut each = [jinja, pages].into_iter();
    match each.try_for_each(|jinja| jinja.add_template_owned(name.to_owned(), text.to_owned())) {
        Err(error) => Some(fault(&error, name, |_| Some(text.to_owned()), None)),
        Ok(()) => forbidden(name, text),
    }
}

/// A page that is being written, up to the limit.
struct Page(Vec<u8>);

impl io::Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > LONGEST {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write(bytes).map(drop)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn leads_astray(name: &str, link: &str) -> Problem {
    let link: String = link.chars().take(40).collect();
    let sentence = say(
        format!(
            "un lien de ce modèle ne mène ni à une page, ni à une adresse, ni à un téléphone\u{a0}: {link}"
        ),
        format!(
            "a link of this template leads neither to a page, nor to an address, nor to a telephone: {link}"
        ),
    );
    let remedy = "reminder.posting.url, reminder.event.link";
    Problem::error("template-link", file(name), sentence).remedy(say(
        format!("pour un lien tiré d'une fiche, prenez {remedy}"),
        format!("for a link out of a posting, take {remedy}"),
    ))
}

/// A subject: its words with one space between them, cut at the limit.
fn one_line(subject: &str, name: &str) -> Result<String, Problem> {
    let words: Vec<&str> = subject.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.is_empty() || line.chars().any(is_unsafe) {
        return Err(Problem::error(
            "template-subject",
            file(name),
            say(
                "l'objet du message est vide, ou contient un caractère de contrôle",
                "the subject of the mail is empty, or has a control character in it",
            ),
        ));
    }
    if line.chars().count() <= LONGEST_SUBJECT {
        return Ok(line);
    }
    let cut: String = line.chars().take(LONGEST_SUBJECT - 1).collect();
    Ok(format!("{}…", cut.trim_end()))
}

/// A text without blank lines at its ends, and with one at most between two others.
fn close_up(text: &str) -> String {
    let mut closed = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines() {
        if line.trim().is_empty() {
            blank = true;
            continue;
        }
        if blank && !closed.is_empty() {
            closed.push('\n');
        }
        blank = false;
        closed.push_str(line);
        closed.push('\n');
    }
    closed
}
