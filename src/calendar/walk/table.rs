//! Pure. One table of a file being read: which keys it has, which were asked for, and what is wrong with the others.

use std::cell::RefCell;
use std::ops::Range;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::super::slug::propose;
use super::super::value::{date, naive_time, parse_duration, text};
use super::super::{meant, written};
use super::{At, Source};
use crate::diagnostic::{Severity, Words, nearest, say, speaks_of_a_secret};

/// A table being read.
#[derive(Debug)]
pub struct Table<'s, 'a> {
    /// The file it stands in.
    pub source: &'s Source<'a>,
    inner: &'s DeTable<'a>,
    /// Where it stands.
    pub span: Range<usize>,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<Missing>>,
}

/// Something that should be there.
#[derive(Debug)]
struct Missing {
    severity: Severity,
    keys: Vec<&'static str>,
    code: &'static str,
    sentence: Words,
    remedy: Words,
}

impl<'s, 'a> Table<'s, 'a> {
    /// A table at a place.
    #[must_use]
    pub fn new(source: &'s Source<'a>, table: &'s DeTable<'a>, span: Range<usize>) -> Self {
        Self {
            source,
            inner: table,
            span,
            asked: RefCell::new(Vec::new()),
            missing: RefCell::new(Vec::new()),
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.inner.is_empty()
    }

    /// Whether a key stands here twice, which the file's mending told already.
    #[must_use]
    pub fn has_twice(&self, key: &str) -> bool {
        self.inner.iter().any(|(name, _)| self.source.is_second(name.get_ref(), key))
    }

    /// The raw value of a key.
    pub fn get(&self, key: &'static str) -> Option<&'s At<DeValue<'a>>> {
        if !self.asked.borrow().contains(&key) {
            self.asked.borrow_mut().push(key);
        }
        self.inner.get(key)
    }

    /// The raw value of a key, or of one that was meant for it. For telling people what is wrong: a posting is never read
    /// this way.
    pub fn guessed(&self, key: &'static str) -> Option<&'s DeValue<'a>> {
        let meant = || self.inner.iter().find(|(name, _)| meant::key(name.get_ref(), [key]).is_some());
        self.inner.get(key).or_else(|| meant().map(|(_, value)| value)).map(Spanned::get_ref)
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

    /// Reports every key that was not asked for, and what is missing unless one of these was meant for it.
    pub fn finish(&self) {
        let asked = self.asked.borrow();
        let mut meant_for = Vec::new();
        let mut unknown: Vec<_> =
            self.inner.iter().filter(|(key, _)| !asked.contains(&key.get_ref().as_ref())).collect();
        // Of many, the first of the file are told.
        unknown.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in unknown {
            let name = key.get_ref().as_ref();
            if self.source.is_full() {
                self.source.count(Severity::Error);
                continue;
            }
            let (near, remedy) = self.unknown(name, value);
            meant_for.extend(near);
            // What is no key at all may be a password.
            let sentence = if near.is_none() && self.source.keeps_back(&key.span()) {
                say("cette clé est inconnue", "this key is unknown")
            } else {
                // `[[interviews]]` may stand there several times.
                let tables = value
                    .get_ref()
                    .as_array()
                    .filter(|list| list.len() > 1 && list.iter().all(|value| value.get_ref().is_table()));
                let (fr, en) = tables.map_or_else(Default::default, |list| {
                    let count = list.len();
                    (format!(", écrite {count} fois"), format!(", written {count} times"))
                });
                say(format!("clé inconnue « {name} »{fr}"), format!("unknown key `{name}`{en}"))
            };
            self.source.error(&key.span(), "unknown-key", sentence, Some(remedy));
        }
        for Missing { severity, keys, code, sentence, remedy } in self.missing.borrow_mut().drain(..) {
            let there = keys.iter().any(|key| meant_for.contains(key));
            if !there && !self.source.has_lost(&self.span, &keys) {
                match severity {
                    Severity::Error => self.source.error(&self.span, code, sentence, Some(remedy)),
                    Severity::Warning => self.source.warning(&self.span, code, sentence, Some(remedy)),
                }
            }
        }
    }

    /// What an unknown key was meant for, and what to do about it.
    fn unknown(&self, name: &str, value: &At<DeValue<'_>>) -> (Option<&'static str>, Words) {
        let asked = self.asked.borrow();
        let known = || {
            asked.iter().copied().filter(|key| self.inner.get(*key).is_none() || meant::shown(key).is_some())
        };
        // Where a secret is kept, its names are no keys of another table.
        let elsewhere = !asked.contains(&"credential");
        let home =
            |name: &str| meant::home(name, self.span == (0..0), self.source.settings).filter(|_| elsewhere);
        let named = meant::translated(name, &known());
        if let Some(near) = named {
            return (Some(near), did_you_mean(near, value));
        }
        // Another name for what is there already.
        let mut others = meant::translations(name).filter(|key| asked.contains(key));
        if let Some(other) = others.find(|key| self.inner.get(*key).is_some()) {
            return (
                None,
                say(
                    format!(
                        "c'est un autre nom de « {other} », qui est déjà là\u{a0}: gardez une seule des deux lignes"
                    ),
                    format!(
                        "that is another name of `{other}`, which is there already: keep one of the two lines"
                    ),
                ),
            );
        }
        if self.source.settings && self.span == (0..0) && is_person(value) {
            let id = propose(name).unwrap_or_else(|| "camille".to_owned());
            return (
                None,
                say(
                    format!("une personne s'écrit [people.{id}]"),
                    format!("a person is written [people.{id}]"),
                ),
            );
        }
        if let Some(home) = home(name).or_else(|| meant::translations(name).find_map(home)) {
            return (None, home);
        }
        if let Some(near) = nearest(name, known()) {
            return (Some(near), did_you_mean(near, value));
        }
        let list = asked.join(", ");
        (None, say(format!("ici, jalon connaît\u{a0}: {list}"), format!("here jalon knows: {list}")))
    }

    /// Reports that a key is missing, unless an unknown one turns out to be it.
    pub fn missing(&self, key: &'static str, example: &str) {
        self.miss(
            &[key],
            "missing-key",
            say(format!("il manque « {key} »"), format!("`{key}` is missing")),
            say(format!("ajoutez par exemple\u{a0}: {example}"), format!("add for instance: {example}")),
        );
    }

    /// Reports that none of these keys is there, unless an unknown one turns out to be one of them.
    pub fn miss(&self, keys: &[&'static str], code: &'static str, sentence: Words, remedy: Words) {
        let (severity, keys) = (Severity::Error, keys.to_vec());
        self.missing.borrow_mut().push(Missing { severity, keys, code, sentence, remedy });
    }

    /// Warns that a key is missing, unless an unknown one turns out to be it.
    pub fn miss_softly(&self, key: &'static str, code: &'static str, sentence: Words, remedy: Words) {
        let (severity, keys) = (Severity::Warning, vec![key]);
        self.missing.borrow_mut().push(Missing { severity, keys, code, sentence, remedy });
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
                Some(match value.get_ref().as_str().and_then(|text| text.trim().parse::<i64>().ok()) {
                    Some(number) if bounds.contains(&number) => say(
                        format!("écrivez {key} = {number}, sans guillemets"),
                        format!("write {key} = {number}, without quotes"),
                    ),
                    _ => say(
                        format!("écrivez un nombre entre {low} et {high}, sans guillemets"),
                        format!("write a number between {low} and {high}, without quotes"),
                    ),
                }),
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
            Some(match value.get_ref().as_str().and_then(written::time) {
                Some(time) => say(
                    format!("écrivez {key} = {time}, sans guillemets"),
                    format!("write {key} = {time}, without quotes"),
                ),
                None => say(
                    "écrivez par exemple 09:00:00, sans guillemets",
                    "write for instance 09:00:00, without quotes",
                ),
            }),
        );
        None
    }

    /// A length of time such as `45m`, `1h30m`, `3d`.
    pub fn duration(&self, key: &'static str) -> Option<TimeDelta> {
        let value = self.get(key)?;
        let found = value.get_ref().as_str().and_then(parse_duration);
        if found.is_none() {
            // A number alone counts what such a length is counted in.
            let unit = if matches!(key, "keep" | "late_limit") { "d" } else { "m" };
            let bare = value.get_ref().as_integer().map(|number| format!("{}{unit}", number.as_str()));
            let length = value.get_ref().as_str().and_then(written::length).or(bare);
            let length = length.filter(|length| parse_duration(length).is_some());
            self.source.error(
                &value.span(),
                "wrong-duration",
                say(format!("« {key} » attend une durée"), format!("`{key}` wants a length of time")),
                Some(match length {
                    Some(length) => {
                        say(format!("écrivez {key} = \"{length}\""), format!("write {key} = \"{length}\""))
                    }
                    None => say(
                        "écrivez par exemple \"45m\", \"1h30m\" ou \"3d\"",
                        "write for instance \"45m\", \"1h30m\" or \"3d\"",
                    ),
                }),
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
        let raw = self.source.raw(&value.span());
        self.source.error(
            &value.span(),
            "wrong-type",
            say(format!("« {key} » attend une liste"), format!("`{key}` wants a list")),
            Some(match value.get_ref() {
                DeValue::String(text) if example.contains("2026-") && written::date(text).is_some() => {
                    let date = written::date(text).and_then(written::Guess::toml).unwrap_or(raw.to_owned());
                    say(format!("écrivez {key} = [{date}]"), format!("write {key} = [{date}]"))
                }
                // What stands there, in brackets.
                DeValue::String(_) | DeValue::Datetime(_) if raw.len() <= 80 && !speaks_of_a_secret(key) => {
                    say(format!("écrivez {key} = [{raw}]"), format!("write {key} = [{raw}]"))
                }
                _ => say(
                    format!("écrivez par exemple\u{a0}: {key} = {example}"),
                    format!("write for instance: {key} = {example}"),
                ),
            }),
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
        self.no_table(key, value);
        None
    }

    /// Reports what stands in place of a table.
    fn no_table(&self, key: &str, value: &At<DeValue<'_>>) {
        let shown = meant::shown(key).unwrap_or_else(|| format!("[{key}]"));
        match value.get_ref() {
            DeValue::Array(list)
                if !list.is_empty() && list.iter().all(|inner| inner.get_ref().is_table()) =>
            {
                self.one_only(key, value, list.len());
            }
            DeValue::Datetime(_) => {
                let inner = if key == "deadline" { "until" } else { "on" };
                let raw = self.source.raw(&value.span());
                self.source.error(
                    &value.span(),
                    "wrong-type",
                    say(
                        format!("« {key} » est un titre, sous lequel s'écrit la date"),
                        format!("`{key}` is a heading, under which the date is written"),
                    ),
                    Some(say(
                        format!("écrivez {shown}, et {inner} = {raw} sur la ligne suivante"),
                        format!("write {shown}, and {inner} = {raw} on the next line"),
                    )),
                );
            }
            DeValue::String(text) if key == "apply" && text.contains('@') => {
                let wanted = format!("apply = {{ email = \"{}\" }}", text.trim());
                self.source.error(
                    &value.span(),
                    "wrong-type",
                    say(
                        "« apply » attend une adresse entre accolades",
                        "`apply` wants an address within braces",
                    ),
                    Some(say(format!("écrivez {wanted}"), format!("write {wanted}"))),
                );
            }
            _ => {
                let wanted = say(format!("une table {shown}"), format!("a table {shown}"));
                self.source.wrong_type(value, key, &wanted);
            }
        }
    }

    /// Reports `[[key]]` where there can be one only.
    fn one_only(&self, key: &str, value: &At<DeValue<'_>>, count: usize) {
        let (sentence, remedy) = if count > 1 {
            (
                say(
                    format!("[[{key}]] est écrit {count} fois, et il n'en faut qu'un"),
                    format!("[[{key}]] is written {count} times, and there can be one only"),
                ),
                say(
                    format!(
                        "gardez un seul [{key}]\u{a0}; une autre date importante s'écrit sous [[milestone]]"
                    ),
                    format!("keep one [{key}]; another date that matters is written under [[milestone]]"),
                ),
            )
        } else {
            (
                say(
                    format!("[[{key}]] a des crochets doubles, et il n'y en a qu'un"),
                    format!("[[{key}]] has double brackets, and there can be one only"),
                ),
                say(format!("écrivez [{key}]"), format!("write [{key}]")),
            )
        };
        self.source.error(&value.span(), "wrong-type", sentence, Some(remedy));
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
            Some(match meant::word(found.get_ref(), known.iter().copied()) {
                Some(near) => say(
                    format!("vouliez-vous dire {key} = \"{near}\"\u{a0}?"),
                    format!("did you mean {key} = \"{near}\"?"),
                ),
                None => meant::choices(found.get_ref(), &known),
            }),
        );
        None
    }
}

/// Whether a table is a person's.
fn is_person(value: &At<DeValue<'_>>) -> bool {
    value.get_ref().as_table().is_some_and(|table| table.get("email").is_some())
}

/// The remedy for a key that was meant to be another one: how that one is written.
fn did_you_mean(near: &str, value: &At<DeValue<'_>>) -> Words {
    match (meant::shown(near), value.get_ref()) {
        (None, found) if near == "password" && !found.is_table() => say(
            "écrivez password = { file = \"smtp.password\" }, et le mot de passe seul dans ce fichier",
            "write password = { file = \"smtp.password\" }, and the password alone in that file",
        ),
        (Some(shown), DeValue::Datetime(_)) => {
            let key = if near == "deadline" { "until" } else { "on" };
            say(
                format!("écrivez {shown}, et la date sur la ligne suivante\u{a0}: {key} = …"),
                format!("write {shown}, and the date on the next line: {key} = …"),
            )
        }
        (Some(shown), _) => {
            say(format!("vouliez-vous dire {shown}\u{a0}?"), format!("did you mean {shown}?"))
        }
        (None, _) => say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean `{near}`?")),
    }
}
