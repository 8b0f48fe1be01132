//! Pure. A walk over TOML that keeps every span and collects every problem, instead of stopping at the first.
//!
//! [`Table`] remembers which keys were asked for; [`Table::finish`] reports the others, with the nearest known
//! key. A getter that meets the wrong type reports it and returns `None`: callers go on, so that one reading
//! says everything. A partial tree is for messages only; whoever reads refuses the file if there was an error.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::mend::{Mended, Slip, hidden, mend, not_toml};
use crate::diagnostic::{
    Place, Problem, Severity, Words, any_error, begins_a_statement, fit_to_show, is_invisible, say,
    speaks_of_a_secret,
};

pub use super::meant::choices;
pub use table::Table;

mod table;

/// A value and where it stands.
pub type At<T> = Spanned<T>;

/// The largest file that is read, in bytes.
pub const LARGEST: usize = 1_000_000;

/// How many problems of one file are told; of the others, only how many there are.
pub const MOST_PROBLEMS: usize = 100;

/// A file being read, and what is wrong with it.
#[derive(Debug)]
pub struct Source<'a> {
    /// The file, as problems name it.
    pub file: &'a str,
    text: &'a str,
    /// Where each line begins.
    lines: Vec<usize>,
    problems: RefCell<Vec<Problem>>,
    /// How many more there are, and whether one of them is an error.
    untold: Cell<(usize, bool)>,
    /// Set when a problem must not show its line.
    secretive: Cell<bool>,
    /// Whether people who are not known are passed over.
    lenient: bool,
    /// Whether it is jalon.toml, and no posting.
    settings: bool,
    /// The text as it was mended, if it is not TOML: every span is then one of this text.
    mended: OnceCell<Mended>,
    /// The warnings that are not to be said.
    accepted: RefCell<BTreeSet<String>>,
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
            untold: Cell::new((0, false)),
            secretive: Cell::new(false),
            lenient: false,
            settings: false,
            mended: OnceCell::new(),
            accepted: RefCell::new(BTreeSet::new()),
        }
    }

    /// The same, read for what can still be used of it: see `read::last_good_posting`.
    #[must_use]
    pub fn lenient(self) -> Self {
        Self { lenient: true, ..self }
    }

    /// The same, for jalon.toml: keys belong in other tables there.
    #[must_use]
    pub fn settings(self) -> Self {
        Self { settings: true, ..self }
    }

    /// From here on, these warnings are not said.
    pub fn accept(&self, codes: &BTreeSet<String>) {
        self.accepted.borrow_mut().extend(codes.iter().cloned());
    }

    /// Whether nothing is written in it, comments aside.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        let mut lines = self.text.trim_start_matches('\u{feff}').lines();
        lines.all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    }

    /// Reports that nothing is written in the file.
    pub fn blank(&self, remedy: Words) {
        let sentence = if self.text.contains('#') {
            say("ce fichier ne contient que des commentaires", "this file holds nothing but comments")
        } else {
            say("ce fichier est vide", "this file is empty")
        };
        self.error(&(0..0), "empty-file", sentence, Some(remedy));
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

    /// Parses the text. One that is not TOML is mended first, and every slip will be told.
    #[must_use]
    pub fn parse(&self) -> At<DeTable<'_>> {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            return table;
        }
        let mended = self.mended.get_or_init(|| mend(self.text));
        DeTable::parse_recoverable(&mended.text).0
    }

    /// Whether what was read is no more than a guess in places: something written is missing from it.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.mended.get().is_some_and(|mended| mended.hopeless.is_some() || !mended.lost.is_empty())
    }

    /// Whether a name is what mending made of the second of two keys that are called the same; `key` may be empty.
    #[must_use]
    pub fn is_second(&self, name: &str, key: &str) -> bool {
        let digit = |c: char| c.is_ascii_digit();
        self.mended.get().is_some()
            && name.strip_suffix("_twice").is_some_and(|name| {
                let first = name.trim_end_matches(digit);
                first.len() < name.len() && (key.is_empty() || first == key)
            })
    }

    /// What stands at a place, as it was read.
    #[must_use]
    pub fn raw(&self, span: &Range<usize>) -> &str {
        let text = self.mended.get().map_or(self.text, |mended| mended.text.as_str());
        text.get(span.clone()).unwrap_or_default()
    }

    /// A place in the text as it was written.
    fn written(&self, span: &Range<usize>) -> Range<usize> {
        self.mended.get().map_or_else(
            || span.clone(),
            |mended| mended.original(span.start, false)..mended.original(span.end, true),
        )
    }

    /// The 1-based line of a place.
    #[must_use]
    pub fn line(&self, span: &Range<usize>) -> usize {
        self.line_at(self.written(span).start)
    }

    fn line_at(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte).max(1)
    }

    /// The place of a whole line, counted from 1.
    #[must_use]
    pub fn span_of_line(&self, line: usize) -> Range<usize> {
        let (text, lines) = self
            .mended
            .get()
            .map_or((self.text, &self.lines), |mended| (mended.text.as_str(), &mended.starts));
        let start = lines.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let length = text[start..].lines().next().map_or(0, str::len);
        start..start + length
    }

    /// Whether one of these keys stood in a table (its place is given) on a line of which nothing could be made.
    #[must_use]
    pub fn has_lost(&self, table: &Range<usize>, keys: &[&str]) -> bool {
        self.mended.get().is_some_and(|mended| {
            mended.hopeless.is_some()
                || mended.has_lost(if *table == (0..0) { 0 } else { self.line(table) }, keys)
        })
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

    /// Whether no more problems of this file will be told: then there is no need to think about them.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.problems.borrow().len() >= MOST_PROBLEMS
    }

    /// Counts a problem that is not told.
    pub fn count(&self, severity: Severity) {
        let (count, errors) = self.untold.get();
        self.untold.set((count + 1, errors || severity == Severity::Error));
    }

    fn report(
        &self,
        severity: Severity,
        span: &Range<usize>,
        code: &'static str,
        sentence: Words,
        remedy: Option<Words>,
    ) {
        if self.is_full() {
            return self.count(severity);
        }
        let problem = Problem { severity, code, file: self.file.to_owned(), place: None, sentence, remedy };
        let problem = self.put(problem, &self.written(span));
        self.problems.borrow_mut().push(problem);
    }

    /// A problem at a place. Every problem of a file comes through here: where a secret may stand, the line is not
    /// shown and nothing of it is repeated.
    fn put(&self, problem: Problem, span: &Range<usize>) -> Problem {
        let place = self.place(span);
        let last = self.line_at(span.end.max(span.start + 1) - 1).clamp(place.line, place.line + 50);
        let hidden = !self.secretive.get() && (place.line..=last).any(|line| self.hides(line));
        let problem = problem.at(place);
        if hidden { problem.discreet(self.statement(span)) } else { problem }
    }

    /// A place to be shown, unless a secret stands there: on its line, or where its statement begins.
    fn place(&self, span: &Range<usize>) -> Place {
        let line = self.line_at(span.start);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        let within = |at: usize| at.clamp(start, end) - start;
        let mut place = Place::of(&self.text[start..end], &(within(span.start)..within(span.end)));
        place.line = line;
        let shown = if self.secretive.get() { None } else { self.fit(line) };
        if shown.is_none_or(|shown| shown.len() < place.text.len()) {
            shown.unwrap_or_default().clone_into(&mut place.text);
            let left = place.text.chars().count().saturating_sub(place.column - 1);
            place.width = place.width.min(left).max(1);
        }
        place
    }

    /// What may be shown of a line.
    fn fit(&self, line: usize) -> Option<&str> {
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        fit_to_show(self.text[..end].lines().rev())
    }

    /// Whether a line is not to be shown.
    fn hides(&self, line: usize) -> bool {
        self.fit(line).is_none()
    }

    /// The lines of a place, and those above it on which its statement begins.
    fn statement(&self, span: &Range<usize>) -> &str {
        let last = self.line_at(span.end.max(span.start + 1) - 1);
        let line = |n: usize| self.text[self.lines[n - 1]..].lines().next().unwrap_or_default();
        let here = self.line_at(span.start);
        let above = (1..=here).rev().take(300);
        let first = above.into_iter().find(|n| begins_a_statement(line(*n))).unwrap_or(here);
        &self.text[self.lines[first - 1]..self.lines.get(last).copied().unwrap_or(self.text.len())]
    }

    /// Whether the line of a place is not to be shown: it may hold a secret.
    #[must_use]
    pub fn keeps_back(&self, span: &Range<usize>) -> bool {
        self.hides(self.line(span))
    }

    /// Whether there was an error so far.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.mended.get().is_some() || self.untold.get().1 || any_error(&self.problems.borrow())
    }

    /// Every problem, in the order of their places: slips of the pen, and whatever else is not a consequence of one.
    #[must_use]
    pub fn into_problems(self) -> Vec<Problem> {
        let line = |problem: &Problem| problem.place.as_ref().map_or(0, |place| place.line);
        let mut problems = std::mem::take(&mut *self.problems.borrow_mut());
        let accepted = self.accepted.borrow();
        problems.retain(|problem| problem.severity == Severity::Error || !accepted.contains(problem.code));
        if let Some(mended) = self.mended.get() {
            let consequence = |problem: &Problem| {
                let later = mended.hopeless.is_some_and(|from| line(problem) >= from);
                let of_another = matches!(problem.code, "unknown-event" | "lead-without-time")
                    && !mended.unsure.is_empty();
                later || of_another || mended.unsure.contains(&line(problem))
            };
            problems.retain(|problem| !consequence(problem));
            let within = |slip: &Slip| {
                let slip = self.place(&slip.span);
                let columns = slip.column..slip.column + slip.width;
                let said = |place: &Place| place.line == slip.line && columns.contains(&place.column);
                problems.iter().any(|problem| problem.place.as_ref().is_some_and(said))
            };
            let slips: Vec<_> =
                mended.slips.iter().filter(|slip| !slip.yields || !within(slip)).cloned().collect();
            problems.extend(slips.into_iter().map(|slip| {
                let problem = Problem::error("syntax", self.file, slip.sentence).remedy(slip.remedy);
                self.put(problem, &slip.span)
            }));
            if !any_error(&problems) {
                let (sentence, remedy) = not_toml();
                problems.push(
                    Problem::error("syntax", self.file, sentence).at(self.place(&(0..0))).remedy(remedy),
                );
            }
        }
        self.hidden(&mut problems);
        problems
            .sort_by_key(|problem| problem.place.as_ref().map_or((0, 0), |place| (place.line, place.column)));
        problems.dedup();
        self.and_more(&mut problems);
        problems
    }

    /// Keeps as many problems as anybody reads, and says how many more there are.
    fn and_more(&self, problems: &mut Vec<Problem>) {
        for problem in problems.drain(MOST_PROBLEMS.min(problems.len())..) {
            self.count(problem.severity);
        }
        let (count, errors) = self.untold.get();
        if count == 0 {
            return;
        }
        let (fr, en) = if count == 1 {
            ("un autre problème".to_owned(), "one more problem".to_owned())
        } else {
            (format!("{count} autres problèmes"), format!("{count} more problems"))
        };
        let severity = if errors { Severity::Error } else { Severity::Warning };
        problems.push(Problem {
            severity,
            code: "and-more",
            file: self.file.to_owned(),
            place: problems.last().and_then(|last| last.place.clone()),
            sentence: say(format!("… et {fr} dans ce fichier"), format!("… and {en} in this file")),
            remedy: Some(say("corrigez d'abord ceux qui précèdent", "mend those above first")),
        });
    }

    /// Adds a warning for each line that holds an invisible character of which nothing was said.
    fn hidden(&self, problems: &mut Vec<Problem>) {
        if self.accepted.borrow().contains("hidden-character") {
            return;
        }
        let text = self.text.trim_start_matches('\u{feff}');
        let dropped = self.text.len() - text.len();
        let odd = |c: &char| is_invisible(*c) && !matches!(c, '\n' | '\r');
        let told = |problem: &Problem| problem.place.as_ref().map(|place| place.line);
        let lines: BTreeSet<usize> = problems.iter().filter_map(told).collect();
        let mut last = 0;
        for (at, c) in text.char_indices().filter(|(_, c)| odd(c)) {
            let line = self.line_at(at + dropped);
            if line == last || lines.contains(&line) {
                continue;
            }
            last = line;
            let (sentence, remedy) = hidden(c);
            let place = self.place(&(at + dropped..at + dropped + c.len_utf8()));
            problems.push(Problem::warning("hidden-character", self.file, sentence).at(place).remedy(remedy));
        }
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
            Some(self.written_as(value, key, wanted)),
        );
    }

    /// What to write in place of a value of the wrong type.
    fn written_as(&self, value: &At<DeValue<'_>>, key: &str, wanted: &Words) -> Words {
        let raw = self.raw(&value.span());
        let short = raw.len() <= 80 && !raw.contains('\n') && !speaks_of_a_secret(key);
        match value.get_ref() {
            DeValue::String(text) if wanted.en.starts_with("true") => {
                if let Some(word) = super::meant::boolean(text) {
                    return say(format!("écrivez {key} = {word}"), format!("write {key} = {word}"));
                }
            }
            DeValue::Boolean(found) => {
                if let Some(words) = super::meant::of_boolean(key, *found) {
                    return words;
                }
            }
            DeValue::Table(_) | DeValue::Array(_) | DeValue::String(_) => {}
            _ if short && wanted.en.starts_with("a text") => {
                return say(format!("écrivez {key} = \"{raw}\""), format!("write {key} = \"{raw}\""));
            }
            _ => {}
        }
        say(format!("écrivez {}", wanted.fr), format!("write {}", wanted.en))
    }
}
