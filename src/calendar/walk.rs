//! Pure. A walk over TOML that keeps every span and collects every problem, instead of stopping at the first.
//!
//! [`Table`] remembers which keys were asked for; [`Table::finish`] reports the others, with the nearest known
//! key. A getter that meets the wrong type reports it and returns `None`: callers go on, so that one reading
//! says everything. A partial tree is for messages only; whoever reads refuses the file if there was an error.

use std::cell::{Cell, RefCell};
use std::ops::Range;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::value::{date, naive_time, parse_duration, text};
use crate::diagnostic::{Place, Problem, Severity, Words, nearest, say};

/// A value and where it stands.
pub type At<T> = Spanned<T>;

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 1_000_000;

/// A file being read, and what is wrong with it.
#[derive(Debug)]
pub struct Source<'a> {
    /// The file, as problems name it.
    pub file: &'a str,
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    /// Set when a problem must not show its line.
    secretive: Cell<bool>,
    /// Whether people who are not known are passed over.
    lenient: bool,
}

impl<'a> Source<'a> {
    /// A file and its text.
    #[must_use]
    pub fn new(file: &'a str, text: &'a str) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self {
            file,
            text,
            lines,
            problems: RefCell::new(Vec::new()),
            secretive: Cell::new(false),
            lenient: false,
        }
    }

    /// The same, read for what can still be used of it: see `read::last_good_posting`.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// Whether people who are not known are passed over.
    #[must_use]
    pub fn is_lenient(&self) -> bool {
        self.lenient
    }

    /// Reports somebody who is not known, or may not be written to.
    pub fn absence(&self, span: &Range<usize>, code: &'static str, sentence: Words, remedy: Option<Words>) {
        let severity = if self.lenient { Severity::Warning } else { Severity::Error };
        self.report(severity, span, code, sentence, remedy);
    }

    /// Parses the text; syntax errors become problems, all of them.
    #[must_use]
    pub fn parse(&self) -> At<DeTable<'a>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let message = error.message().replace('\n', ", ");
            let span = error.span().unwrap_or(0..0);
            let sentence = if message.contains("invalid date") || message.contains("invalid time") {
                say("cette date ou cette heure n'existe pas", "there is no such date or time")
            } else {
                say(format!("ce n'est pas du TOML\u{a0}: {message}"), format!("this is not TOML: {message}"))
            };
            self.error(&span, "syntax", sentence, Some(syntax_remedy(self.text, &span)));
        }
        table
    }

    /// The 1-based line of a place.
    #[must_use]
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.lines.partition_point(|start| *start <= span.start).max(1)
    }

    /// The place of a whole line, counted from 1.
    #[must_use]
    pub fn span_of_line(&self, line: usize) -> Range<usize> {
        let start = self.lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let length = self.text[start..].lines().next().map_or(0, str::len);
        start..start + length
    }

    /// Reports an error.
    pub fn error(&self, span: &Range<usize>, code: &'static str, sentence: Words, remedy: Option<Words>) {
        self.report(Severity::Error, span, code, sentence, remedy);
    }

    /// Reports a warning.
    pub fn warning(&self, span: &Range<usize>, code: &'static str, sentence: Words, remedy: Option<Words>) {
        self.report(Severity::Warning, span, code, sentence, remedy);
    }

    /// Reports an error about a secret: its line is not shown.
    pub fn error_without_text(
        &self,
        span: &Range<usize>,
        code: &'static str,
        sentence: Words,
        remedy: Words,
    ) {
        self.secretive.set(true);
        self.error(span, code, sentence, Some(remedy));
        self.secretive.set(false);
    }

    fn report(
        &self,
        severity: Severity,
        span: &Range<usize>,
        code: &'static str,
        sentence: Words,
        remedy: Option<Words>,
    ) {
        let line = self.line(span);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        let within = |at: usize| at.clamp(start, end) - start;
        let mut place = Place::of(&self.text[start..end], &(within(span.start)..within(span.end)));
        place.line = line;
        if self.secretive.get() || speaks_of_a_secret(&place.text) {
            place.text = String::new();
        }
        self.problems.borrow_mut().push(Problem {
            severity,
            code,
            file: self.file.to_owned(),
            place: Some(place),
            sentence,
            remedy,
        });
    }

    /// Whether there was an error so far.
    #[must_use]
    pub fn failed(&self) -> bool {
        crate::diagnostic::any_error(&self.problems.borrow())
    }

    /// Every problem, in the order of their places. After a syntax error the rest is guesswork: then only the
    /// first one of each line is kept, and what stands before them.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let place =
            |problem: &Problem| problem.place.as_ref().map_or((0, 0), |place| (place.line, place.column));
        let mut problems = self.problems.into_inner();
        problems.sort_by_key(place);
        if let Some(first) = problems.iter().find(|problem| problem.code == "syntax").map(place) {
            let mut said = 0;
            problems.retain(|problem| {
                let line = place(problem).0;
                if problem.code == "syntax" {
                    return std::mem::replace(&mut said, line) != line;
                }
                line < first.0
                    && !matches!(problem.code, "missing-key" | "no-date" | "empty-event" | "unknown-event")
            });
        }
        problems
    }

    /// Reports a value of the wrong type.
    pub fn wrong_type(&self, value: &At<DeValue<'_>>, key: &str, wanted: &Words) {
        let found = match value.get_ref() {
            DeValue::String(_) => ("un texte", "a text"),
            DeValue::Integer(_) | DeValue::Float(_) => ("un nombre", "a number"),
            DeValue::Boolean(_) => ("true ou false", "true or false"),
            DeValue::Datetime(_) => ("une date ou une heure", "a date or a time"),
            DeValue::Array(_) => ("une liste", "a list"),
            DeValue::Table(_) => ("une table", "a table"),
        };
        self.error(
            &value.span(),
            "wrong-type",
            say(
                format!("« {key} » attend {}, et non {}", wanted.fr, found.0),
                format!("`{key}` wants {}, not {}", wanted.en, found.1),
            ),
            Some(say(format!("écrivez {}", wanted.fr), format!("write {}", wanted.en))),
        );
    }
}

/// Whether a line may hold a secret, also under a misspelt key: then it is not shown.
fn speaks_of_a_secret(line: &str) -> bool {
    let line = line.to_lowercase();
    ["pass", "secret", "token", "pwd", "mdp", "credential"].iter().any(|word| line.contains(word))
}

fn syntax_remedy(text: &str, span: &Range<usize>) -> Words {
    let place = Place::of(text, span);
    if place.text.contains(['«', '»', '“', '”', '‘', '’']) {
        return say(
            "les textes s'écrivent entre guillemets droits\u{a0}: \"comme ceci\"",
            "texts stand between straight quotes: \"like this\"",
        );
    }
    say(
        "vérifiez les guillemets, les crochets et les virgules de cette ligne\u{a0}; une date s'écrit 2026-06-28",
        "check the quotes, brackets and commas of this line; a date is written 2026-06-28",
    )
}

/// A table being read.
#[derive(Debug)]
pub struct Table<'s, 'a> {
    /// The file it stands in.
    pub source: &'s Source<'a>,
    inner: &'s DeTable<'a>,
    /// Where it stands.
    pub span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
}

impl<'s, 'a> Table<'s, 'a> {
    /// A table at a place.
    #[must_use]
    pub fn new(source: &'s Source<'a>, table: &'s DeTable<'a>, span: Range<usize>) -> Self {
        Self { source, inner: table, span, asked: RefCell::new(Vec::new()) }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// The raw value of a key.
    pub fn get(&self, key: &'static str) -> Option<&'s At<DeValue<'a>>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.inner.get(key)
    }

    /// Where a key stands; the table's own place when it does not.
    #[must_use]
    pub fn key_span(&self, key: &str) -> Range<usize> {
        self.inner.get_key_value(key).map_or_else(|| self.span.clone(), |(key, _)| key.span())
    }

    /// Every entry, for tables whose keys are names.
    pub fn entries(&self) -> impl Iterator<Item = (At<String>, &'s At<DeValue<'a>>)> + use<'s, 'a> {
        self.inner.iter().map(|(key, value)| (Spanned::new(key.span(), key.get_ref().to_string()), value))
    }

    /// Reports every key that was not asked for.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        for (key, _) in self.inner {
            let name = key.get_ref().as_ref();
            if asked.contains(&name) {
                continue;
            }
            let remedy = match nearest(name, asked.iter().copied())
                .or_else(|| french(name).filter(|known| asked.contains(known)))
            {
                Some(near) => {
                    say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean `{near}`?"))
                }
                None => say(
                    format!("ici, jalon connaît\u{a0}: {}", asked.join(", ")),
                    format!("here jalon knows: {}", asked.join(", ")),
                ),
            };
            self.source.error(
                &key.span(),
                "unknown-key",
                say(format!("clé inconnue « {name} »"), format!("unknown key `{name}`")),
                Some(remedy),
            );
        }
    }

    /// Reports that a key is missing.
    pub fn missing(&self, key: &str, example: &str) {
        self.source.error(
            &self.span,
            "missing-key",
            say(format!("il manque « {key} »"), format!("`{key}` is missing")),
            Some(say(
                format!("ajoutez par exemple\u{a0}: {example}"),
                format!("add for instance: {example}"),
            )),
        );
    }

    /// A text on one line, trimmed, not empty.
    pub fn text(&self, key: &'static str) -> Option<At<String>> {
        self.get(key).and_then(|value| text(self.source, key, value))
    }

    /// True or false.
    pub fn boolean(&self, key: &'static str) -> Option<bool> {
        let value = self.get(key)?;
        let found = value.get_ref().as_bool();
        if found.is_none() {
            self.source.wrong_type(value, key, &say("true ou false", "true or false"));
        }
        found
    }

    /// A whole number within bounds.
    pub fn number(&self, key: &'static str, bounds: Range<i64>) -> Option<i64> {
        let value = self.get(key)?;
        let found = value
            .get_ref()
            .as_integer()
            .and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok())
            .filter(|number| bounds.contains(number));
        if found.is_none() {
            let (low, high) = (bounds.start, bounds.end - 1);
            let wanted = say(
                format!("un nombre entier de {low} à {high}"),
                format!("a whole number from {low} to {high}"),
            );
            self.source.error(
                &value.span(),
                "wrong-number",
                say(format!("« {key} » attend {}", wanted.fr), format!("`{key}` wants {}", wanted.en)),
                None,
            );
        }
        found
    }

    /// A date.
    pub fn date(&self, key: &'static str) -> Option<NaiveDate> {
        self.get(key).and_then(|value| date(self.source, key, value))
    }

    /// A time of day.
    pub fn time(&self, key: &'static str) -> Option<NaiveTime> {
        let value = self.get(key)?;
        if let Some(Datetime { date: None, time: Some(time), offset: None }) = value.get_ref().as_datetime()
            && let Some(time) = naive_time(time)
        {
            return Some(time);
        }
        self.source.error(
            &value.span(),
            "wrong-time",
            say(format!("« {key} » attend une heure"), format!("`{key}` wants a time of day")),
            Some(say(
                "écrivez par exemple 09:00:00, sans guillemets",
                "write for instance 09:00:00, without quotes",
            )),
        );
        None
    }

    /// A length of time such as `45m`, `1h30m`, `3d`.
    pub fn duration(&self, key: &'static str) -> Option<TimeDelta> {
        let value = self.get(key)?;
        let found = value.get_ref().as_str().and_then(parse_duration);
        if found.is_none() {
            self.source.error(
                &value.span(),
                "wrong-duration",
                say(format!("« {key} » attend une durée"), format!("`{key}` wants a length of time")),
                Some(say(
                    "écrivez par exemple \"45m\", \"1h30m\" ou \"3d\"",
                    "write for instance \"45m\", \"1h30m\" or \"3d\"",
                )),
            );
        }
        found
    }

    /// A list; a value that is none is reported with this example.
    pub fn list(&self, key: &'static str, example: &str) -> Option<&'s [At<DeValue<'a>>]> {
        let value = self.get(key)?;
        if let DeValue::Array(list) = value.get_ref() {
            return Some(&list[..]);
        }
        self.source.error(
            &value.span(),
            "wrong-type",
            say(format!("« {key} » attend une liste"), format!("`{key}` wants a list")),
            Some(say(
                format!("écrivez par exemple\u{a0}: {key} = {example}"),
                format!("write for instance: {key} = {example}"),
            )),
        );
        None
    }

    /// A list of texts.
    pub fn texts(&self, key: &'static str, example: &str) -> Option<Vec<At<String>>> {
        Some(self.list(key, example)?.iter().filter_map(|value| text(self.source, key, value)).collect())
    }

    /// A table.
    pub fn table(&self, key: &'static str) -> Option<Table<'s, 'a>> {
        let value = self.get(key)?;
        self.as_table(key, value)
    }

    /// One table or several: `[key]` or `[[key]]`.
    pub fn tables(&self, key: &'static str) -> Vec<Table<'s, 'a>> {
        match self.get(key) {
            None => Vec::new(),
            Some(value) => match value.get_ref() {
                DeValue::Array(list) => list.iter().filter_map(|value| self.as_table(key, value)).collect(),
                _ => self.as_table(key, value).into_iter().collect(),
            },
        }
    }

    /// The table that a value is, or a problem.
    pub fn as_table(&self, key: &str, value: &'s At<DeValue<'a>>) -> Option<Table<'s, 'a>> {
        if let DeValue::Table(table) = value.get_ref() {
            return Some(Table::new(self.source, table, value.span()));
        }
        self.source.wrong_type(value, key, &say(format!("une table [{key}]"), format!("a table [{key}]")));
        None
    }

    /// One word of a closed list.
    pub fn choice<T: Copy>(&self, key: &'static str, words: &[(&str, T)]) -> Option<T> {
        let found = self.text(key)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == found.get_ref()) {
            return Some(*value);
        }
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.source.error(
            &found.span(),
            "unknown-word",
            say(
                format!("« {key} » ne peut pas être « {} »", found.get_ref()),
                format!("`{key}` cannot be \"{}\"", found.get_ref()),
            ),
            Some(choices(found.get_ref(), &known)),
        );
        None
    }
}

/// The remedy for a word outside a closed list.
#[must_use]
pub fn choices(found: &str, known: &[&str]) -> Words {
    nearest(found, known.iter().copied()).map_or_else(
        || {
            say(
                format!("choisissez parmi\u{a0}: {}", known.join(", ")),
                format!("choose among: {}", known.join(", ")),
            )
        },
        |near| say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?")),
    )
}

/// The key that a French word stands for: what people write who think in French.
fn french(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "titre" | "intitulé" => "title",
        "recruteurs" | "recruteur" | "recruteuses" => "recruiters",
        "contrat" => "contract",
        "lieu" => "place",
        "lien" => "link",
        "durée" | "duree" => "duration",
        "statut" => "status",
        "langue" => "language",
        "fuseau" => "time_zone",
        "date" | "dates" | "le" => "on",
        "entre" => "between",
        "nom" => "name",
        "libellé" | "libelle" => "label",
        "jusqu'au" | "fin" => "until",
        "avant" => "before",
        "après" | "apres" => "after",
        "entretien" | "entretiens" => "interview",
        "début" | "debut" => "start",
        "rappel" | "rappels" => "remind",
        _ => return None,
    })
}
