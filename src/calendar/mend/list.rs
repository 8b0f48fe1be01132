//! Pure. What is wrong with several values, and how they were meant.

use std::ops::Range;

use chrono::{Datelike as _, NaiveDate, NaiveTime};

use super::super::written::{self, Guess, Piece};
use super::Sureness;
use super::value::{
    Found, after, closing, element_list, is_value, of_any, of_date, quote, smart, split, text_length,
};
use super::words::{self, Said};

/// Keys whose value is a list of people.
const NAMES: [&str; 3] = ["recruiters", "to", "panel"];
/// Other keys whose value is a list.
const LISTS: [&str; 9] =
    ["accept", "on", "between", "before", "after", "away", "days_off", "work_days", "recipients"];

/// Whether a key takes names.
pub(super) fn is_of_names(key: &str) -> bool {
    NAMES.contains(&key)
}

/// Whether what is to be written for a key could be names, if names are wanted: no bracket, no quote is part of one.
pub(super) fn are_names(key: &str, value: &str) -> bool {
    let inner = value.trim_start_matches('[').trim_end_matches(']');
    !is_of_names(key)
        || split(inner).iter().all(|name| {
            let name = name.trim();
            let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
            !name.contains(['(', ')', '[', ']', '{', '}', '"', ',']) && !are_dots(name)
        })
}

/// An ellipsis, or another mark that is no value.
pub(super) fn are_dots(part: &str) -> bool {
    !part.is_empty() && part.chars().all(|c| matches!(c, '…' | '.'))
}

/// `("camille", "rh")` and `{"camille", "rh"}`, as a list.
pub(super) fn in_other_brackets(key: &str, text: &str) -> Option<String> {
    if !is_of_names(key) && !LISTS.contains(&key) {
        return None;
    }
    let round = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
    let inner = round.or_else(|| text.strip_prefix('{').and_then(|text| text.strip_suffix('}')))?;
    let list = format!("[{}]", element_list(inner));
    (!inner.contains(['=', ':', '(', '{']) && is_value(&list)).then_some(list)
}

/// A list whose elements stand between « et », as one with commas.
pub(super) fn with_commas(text: &str) -> String {
    const BETWEEN: [&str; 5] = [" et ", " ou ", " and ", " or ", " & "];
    let (mut found, mut byte) = (String::new(), 0);
    while let Some(c) = text[byte..].chars().next() {
        let between = BETWEEN.iter().find(|word| text[byte..].starts_with(**word));
        let length = match between {
            Some(word) => word.len(),
            None if c == '"' => text_length(&text[byte..]),
            None => c.len_utf8(),
        };
        found.push_str(if between.is_some() { ", " } else { &text[byte..byte + length] });
        byte += length;
    }
    found
}

/// Names of which one lacks a quote: `"camille, "rh"`.
fn requoted(key: &str, inner: &str) -> Option<String> {
    if !is_of_names(key) || inner.matches('"').count().is_multiple_of(2) || inner.contains('\\') {
        return None;
    }
    let names: Vec<&str> = inner.split(',').map(|part| part.trim().trim_matches('"').trim()).collect();
    let plain =
        |name: &&str| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.@+".contains(c));
    let quoted: Vec<String> = names.iter().map(|name| quote(name)).collect();
    names.iter().all(plain).then(|| format!("[{}]", quoted.join(", ")))
}

/// Several dates in a row, or from one to another: `2027-07-06 et 2027-07-07`, `2027-07-06 au 2027-07-09`.
pub(super) fn of_dates(key: &str, text: &str) -> Option<(String, Said, Sureness)> {
    const EACH: [&str; 9] = [" et ", " ou ", " and ", " or ", " puis ", " & ", " / ", " + ", ", "];
    const SPAN: [&str; 7] = [" au ", " à ", " to ", " - ", " \u{2013} ", " jusqu'au ", " \u{2192} "];
    let between = |marks: &[&str]| {
        let parts = marks.iter().fold(text.to_owned(), |text, mark| text.replace(mark, "\n"));
        dates(parts.split('\n'))
    };
    let (dates, is_span) = match between(&EACH) {
        Some(dates) => (dates, false),
        // `2026-07-06 à 14h` goes nowhere.
        None => (between(&SPAN).filter(|dates| dates.len() == 2 && !dates[0].1)?, true),
    };
    let dates: Vec<String> = dates.into_iter().map(|(date, _)| date).collect();
    let (first, last) = (dates.first()?, dates.last()?);
    let list = format!("[{}]", dates.join(", "));
    let value = match key {
        "away" | "days_off" | "work_days" if is_span => format!("[{list}]"),
        "on" | "between" | "away" | "days_off" | "work_days" => list,
        "published" | "leaves" | "before" => return Some(one_only(key, first)),
        "until" => return Some(one_only(key, last)),
        _ => return None,
    };
    let key = if key == "on" && is_span { "between" } else { key };
    let sentence = if is_span { words::span_form() } else { words::list_brackets() };
    let said = (words::both(sentence), words::write(&format!("{key} = {value}")));
    Some((value, said, Sureness::Sure))
}

fn one_only(key: &str, date: &str) -> (String, Said, Sureness) {
    let said = (words::both(words::one_date()), words::write(&format!("{key} = {date}")));
    (date.to_owned(), said, Sureness::Unsure)
}

/// Two dates or more as TOML has them, all with an hour or none. An hour alone is one of the day before it; « 6 et
/// 7 juillet 2027 » share their month and their year.
fn dates<'t>(parts: impl Iterator<Item = &'t str>) -> Option<Vec<(String, bool)>> {
    let mut found: Vec<(NaiveDate, Option<NaiveTime>)> = Vec::new();
    let mut waiting: Vec<&str> = Vec::new();
    for part in parts {
        let found_here = match (written::date(part), found.last()) {
            (Some(Guess::Day(day, time)), _) => (day, time),
            (None, Some((day, Some(_)))) if waiting.is_empty() => (*day, Some(written::time(part)?)),
            _ => {
                waiting.push(part);
                continue;
            }
        };
        for part in waiting.drain(..) {
            found.push((share(part, found_here.0)?, None));
        }
        found.push(found_here);
    }
    let alike = found.windows(2).all(|pair| pair[0].1.is_some() == pair[1].1.is_some());
    if found.len() < 2 || !alike || !waiting.is_empty() {
        return None;
    }
    found.into_iter().map(|(day, time)| Some((Guess::Day(day, time).toml()?, time.is_some()))).collect()
}

/// A day whose year, or whose month and year, are those of the date behind it.
fn share(part: &str, other: NaiveDate) -> Option<NaiveDate> {
    match (written::date(part), &written::pieces(part)[..]) {
        (Some(Guess::Yearless(day, month)), _) => NaiveDate::from_ymd_opt(other.year(), month, day),
        (None, [Piece::Number(day, 1 | 2)]) => other.with_day(*day),
        (None, [Piece::Word(word), Piece::Number(day, 1 | 2)])
            if matches!(word.as_str(), "le" | "les" | "du") =>
        {
            other.with_day(*day)
        }
        _ => None,
    }
}

/// Names or leads between « et », with quotes or without: `camille et sacha`.
pub(super) fn in_words(key: &str, text: &str) -> Option<String> {
    let is_lead = matches!(key, "before" | "after");
    let commas = with_commas(text);
    if commas == text || !(is_of_names(key) || is_lead) {
        return None;
    }
    let one = |part: &str| {
        let part = part.trim().trim_matches(['"', '\'']).trim();
        if is_lead {
            return written::length(part);
        }
        let plain = |c: char| c.is_alphanumeric() || "-_.@+".contains(c);
        (!part.is_empty() && part.chars().all(plain)).then(|| part.to_owned())
    };
    let inner = commas.trim_start_matches('[').trim_end_matches(']');
    let parts: Vec<String> = inner.split(',').map(one).collect::<Option<_>>()?;
    let quoted: Vec<String> = parts.iter().map(|part| quote(part)).collect();
    Some(format!("[{}]", quoted.join(", ")))
}

/// Whether what is to be written for a key could be dates, if dates are wanted. (A text is told by whoever reads it.)
pub(super) fn are_dates(key: &str, value: &str) -> bool {
    let first = value.trim_start_matches('[');
    !matches!(key, "on" | "until" | "between" | "published" | "leaves")
        || first.starts_with('"')
        || matches!(written::pieces(first)[..], [Piece::Number(_, 4), Piece::Mark('-'), ..])
}

/// The elements of one line of a list.
pub(super) fn elements(text: &str, at: usize, message: &str) -> Found {
    let quotes = text.chars().filter(|c| *c == '"').count();
    let element_at = {
        let mut start = 0;
        let mut found = text;
        for part in split(text) {
            if at <= start + part.len() {
                found = part;
                break;
            }
            start += part.len() + 1;
        }
        found.trim()
    };
    let list = element_list(text);
    let write = |sentence: (&str, &str)| (words::both(sentence), words::write(&list));
    if split(text).iter().all(|part| part.trim().is_empty() || are_dots(part.trim())) {
        let said = (words::both(words::dots()), words::both(words::remove_dots()));
        return Found { text: String::new(), mark: 0..0, said, kind: Sureness::Sure };
    }
    let (said, kind): (Said, _) = if smart(text).is_some() {
        (write(words::smart_quotes()), Sureness::Sure)
    } else if quotes % 2 == 1 {
        (
            (
                words::both(words::quote_missing()),
                words::both((
                    "mettez chaque élément entre deux guillemets\u{a0}: \"camille\", \"sacha\"",
                    "put each element between two quotes: \"camille\", \"sacha\"",
                )),
            ),
            Sureness::Unsure,
        )
    } else if message.starts_with("missing comma") {
        (write(words::no_comma()), Sureness::Sure)
    } else if message.starts_with("extra comma") || text.contains(';') {
        (write(words::commas()), Sureness::Sure)
    } else if let Some((_, said, kind)) = of_date("", element_at).filter(|_| !is_value(element_at)) {
        (said, kind)
    } else {
        (write(words::no_quotes()), Sureness::Sure)
    };
    let text = if kind == Sureness::Unsure { String::new() } else { list };
    Found { text, mark: 0..0, said, kind }
}

/// A list on one line.
pub(super) fn of_list(key: &str, text: &str, at: usize, message: &str) -> Found {
    let sure = |value: String, sentence: (&str, &str), mark: Range<usize>| {
        let remedy = words::write(&format!("{key} = {value}"));
        Found { text: value, mark, said: (words::both(sentence), remedy), kind: Sureness::Sure }
    };
    let end = closing(text);
    let rest = end.map_or("", |end| text[end..].trim());
    if let Some(end) = end
        && !rest.is_empty()
    {
        let value = if is_value(&text[..end]) { text[..end].to_owned() } else { of_any(key, &text[..end]) };
        let mark = text.len() - rest.len()..text.len();
        if rest.chars().all(|c| "],;. ".contains(c)) {
            return sure(value, words::something_after(), mark);
        }
        return after(key, &value, rest, text);
    }
    let inner = text[1..].trim_end().trim_end_matches(']');
    let at = at.min(text.len());
    let commas = with_commas(text);
    if commas != text && is_value(&commas) {
        return sure(commas, words::no_comma(), 0..text.len());
    }
    if let Some(list) = requoted(key, inner) {
        return sure(list, words::quote_missing(), 0..text.len());
    }
    if split(inner).into_iter().any(|part| are_dots(part.trim())) {
        let list = format!("[{}]", element_list(inner));
        return sure(list, words::dots(), 0..text.len());
    }
    if message.starts_with("missing comma") {
        let value = missing_comma(text, at);
        if is_value(&value) {
            return sure(value, words::no_comma(), at..text.len().min(at + 1));
        }
    }
    let found = elements(inner, at.saturating_sub(1), message);
    let value = format!("[{}]", found.text);
    let remedy =
        if found.kind == Sureness::Sure { words::write(&format!("{key} = {value}")) } else { found.said.1 };
    Found { text: value, mark: 0..text.len(), said: (found.said.0, remedy), kind: found.kind }
}

/// A list with a comma where the parser missed one; a semicolon makes room for it.
fn missing_comma(text: &str, at: usize) -> String {
    let floor = (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, after) = text.split_at(floor);
    let after = after.strip_prefix(';').unwrap_or(after);
    let once = format!("{}, {}", before.trim_end(), after.trim_start());
    if is_value(&once) {
        once
    } else {
        format!("[{}]", element_list(once.trim_start_matches('[').trim_end_matches(']')))
    }
}
