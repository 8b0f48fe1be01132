//! Pure. What is wrong with one value, and how it was meant.

use std::ops::Range;

use toml::de::DeValue;

use super::super::meant::boolean;
use super::super::written::{self, Guess, Piece};
use super::words::{self, Said};
use super::{Open, Sureness, list};

/// A value that is written anew.
pub(super) struct Found {
    pub(super) text: String,
    /// The bytes of the old one to underline.
    pub(super) mark: Range<usize>,
    pub(super) said: Said,
    pub(super) kind: Sureness,
}

/// How long the text is that begins here with a quote, quotes included; to the end of the line if it is not closed.
pub(super) fn text_length(text: &str) -> usize {
    let Some(quote) = text.chars().next() else { return 0 };
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A line without its comment.
pub(super) fn code(line: &str) -> &str {
    let mut byte = 0;
    while let Some(c) = line[byte..].chars().next() {
        match c {
            '#' => return &line[..byte],
            // An apostrophe within a word opens nothing.
            '\'' if line[..byte].ends_with(char::is_alphanumeric) => byte += 1,
            '"' | '\'' => byte += text_length(&line[byte..]),
            c => byte += c.len_utf8(),
        }
    }
    line
}

/// The keys of a line but the first: what stands before an equals sign, outside quotes.
pub(super) fn later_keys(line: &str) -> Vec<String> {
    let (mut found, mut byte) = (Vec::new(), 0);
    while let Some(c) = line[byte..].chars().next() {
        match c {
            '"' => {
                byte += text_length(&line[byte..]);
                continue;
            }
            '=' => found.push(line[..byte].split_whitespace().next_back().unwrap_or_default().to_owned()),
            _ => {}
        }
        byte += c.len_utf8();
    }
    found.split_off(found.len().min(1))
}

/// A text as TOML writes it.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn is_value(text: &str) -> bool {
    DeValue::parse(text).is_ok()
}

/// Quotes of word processors.
const SMART: [char; 10] = ['“', '”', '„', '‟', '«', '»', '‹', '›', '‘', '‛'];

/// Without quotes of any kind around it, nor blanks within them.
fn bare(text: &str) -> &str {
    let quotes = |c: char| SMART.contains(&c) || matches!(c, '"' | '\'' | '’') || c.is_whitespace();
    text.trim_matches(quotes)
}

/// Where something begins that is quoted as in a word processor.
pub(super) fn smart(text: &str) -> Option<usize> {
    let mut byte = 0;
    while let Some(c) = text[byte..].chars().next() {
        match c {
            '"' if text_length(&text[byte..]) < text[byte..].len() || text.ends_with('"') => {
                byte += text_length(&text[byte..]);
                continue;
            }
            '"' if text.ends_with(SMART) || text.ends_with('’') => return Some(byte),
            c if SMART.contains(&c)
                && text[..byte].trim_end().trim_end_matches(['[', ',', '{', '=', ';'])
                    != text[..byte].trim_end() =>
            {
                return Some(byte);
            }
            c if SMART.contains(&c) && text[..byte].trim().is_empty() => return Some(byte),
            _ => {}
        }
        byte += c.len_utf8();
    }
    None
}

/// The elements between the commas (or semicolons) of a list.
pub(super) fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut depth, mut byte) = (Vec::new(), 0, 0_usize, 0);
    while let Some(c) = text[byte..].chars().next() {
        match c {
            '"' => {
                byte += text_length(&text[byte..]);
                continue;
            }
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            ',' | ';' if depth == 0 => {
                parts.push(&text[start..byte]);
                start = byte + 1;
            }
            _ => {}
        }
        byte += c.len_utf8();
    }
    parts.push(&text[start..]);
    parts
}

/// One value as it was probably meant.
pub(super) fn of_any(key: &str, text: &str) -> String {
    let comment = code(text);
    let written = comment.trim();
    let tail = &text[comment.trim_end().len()..];
    let plain = written.trim_end_matches([',', ';']);
    let mended = if written.is_empty() {
        "\"\"".to_owned()
    } else if is_value(plain) {
        plain.to_owned()
    } else if let Some(inner) = written.strip_prefix('[') {
        format!("[{}]", element_list(inner.trim_end().trim_end_matches(']')))
    } else {
        element(key, written)
    };
    format!("{mended}{tail}")
}

pub(super) fn element_list(text: &str) -> String {
    let parts = split(text);
    parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty() && !list::are_dots(part))
        .map(|part| element("", part))
        .collect::<Vec<_>>()
        .join(", ")
}

/// An element, or a value that is no list.
fn element(key: &str, text: &str) -> String {
    if is_value(text) {
        return text.to_owned();
    }
    if smart(text).is_some() {
        return quote(bare(text));
    }
    if let Some(Guess::Day(..)) = written::date(text) {
        return written::date(text).and_then(Guess::toml).unwrap_or_default();
    }
    if matches!(key, "at" | "heure")
        && let Some(time) = written::time(text)
    {
        return time.format("%H:%M:%S").to_string();
    }
    if let Some(word) = boolean(text).filter(|_| key.is_empty() || is_boolean(key)) {
        return word.to_owned();
    }
    quote(bare(text))
}

fn is_boolean(key: &str) -> bool {
    matches!(key, "on_day" | "announce" | "cancelled" | "done" | "digest_always")
}

/// What is wrong with a date or a time, if the text was meant as one; else nothing.
pub(super) fn of_date(key: &str, text: &str) -> Option<(String, Said, Sureness)> {
    let shown =
        |text: &str| words::write(&if key.is_empty() { text.to_owned() } else { format!("{key} = {text}") });
    if let Some(time) = written::time(text) {
        let text = time.format("%H:%M:%S").to_string();
        let said = (words::both(words::time_form()), shown(&text));
        return Some((text, said, Sureness::Sure));
    }
    match written::date(text)? {
        guess @ Guess::Day(day, time) => {
            // The date itself may be well written.
            let form = match time {
                _ if !text.starts_with(&day.to_string()) => words::date_form(),
                Some(_) => words::hour_form(),
                None => words::something_after(),
            };
            let text = guess.toml()?;
            let said = (words::both(form), shown(&text));
            Some((text, said, Sureness::Sure))
        }
        Guess::Nowhere(year, month, day) => {
            Some(("2026-01-01".to_owned(), written::no_such_day(Some(year), month, day), Sureness::Unsure))
        }
        Guess::Yearless(day, month) => {
            Some(("2026-01-01".to_owned(), written::yearless(month, day), Sureness::Unsure))
        }
    }
}

/// What is wrong with the value of a key; `at` is the byte where the parser stumbled. What is to be written instead
/// must read well itself, else it is said in general words.
pub(super) fn of(key: &str, text: &str, at: usize, message: &str, open: &Open) -> Found {
    let found = guess(key, text, at, message, open);
    let reads = is_value(&found.text);
    if found.kind == Sureness::Unsure
        || reads && list::are_names(key, &found.text) && list::are_dates(key, &found.text)
    {
        return found;
    }
    let said = if reads && !list::are_dates(key, &found.text) {
        words::no_date(key)
    } else if list::is_of_names(key) {
        words::list_of_names(key)
    } else {
        words::fallback()
    };
    let text = if is_value(&found.text) { found.text } else { "\"\"".to_owned() };
    Found { text, mark: 0..found.mark.end.max(1), said, kind: Sureness::Unsure }
}

fn guess(key: &str, text: &str, at: usize, message: &str, open: &Open) -> Found {
    let all = 0..text.len();
    let found = |text: String, mark: Range<usize>, said: Said, kind| Found { text, mark, said, kind };
    let written = |value: &str, sentence: (&str, &str), mark: Range<usize>| {
        let remedy = words::write(&format!("{key} = {value}"));
        Found { text: value.to_owned(), mark, said: (words::both(sentence), remedy), kind: Sureness::Sure }
    };
    let odd = |c: char| c.is_whitespace() && !c.is_ascii() || c == '\u{200b}' || c == '\u{ad}';
    if let Some(list) = list::in_other_brackets(key, text) {
        return written(&list, words::square(), all);
    }
    if let Some(list) = list::in_words(key, text) {
        let sentence = if text.starts_with('[') { words::no_comma() } else { words::list_brackets() };
        return written(&list, sentence, all);
    }
    let plain = text.replace(odd, " ");
    if plain != text && is_value(plain.trim()) {
        let byte = text.find(odd).unwrap_or_default();
        return found(plain, byte..byte + 2, words::odd_space(), Sureness::Sure);
    }
    if let Some(byte) = smart(text) {
        let table = || text.replace(SMART, "\"");
        let value = match text.chars().next() {
            Some('[') => of_any(key, text),
            Some('{') if is_value(&table()) => table(),
            _ if split(text).len() > 1 => format!("[{}]", element_list(text)),
            _ => quote(bare(text)),
        };
        let length = text[byte..].chars().next().map_or(1, char::len_utf8);
        return written(&value, words::smart_quotes(), byte..byte + length);
    }
    match text.chars().next() {
        Some('[') => return list::of_list(key, text, at, message),
        Some('{') => return super::inline::of_table(key, text, at, message, open),
        Some(quote @ ('"' | '\'')) => return of_text(key, text, quote),
        _ => {}
    }
    if let Some(word) = boolean(text).filter(|_| {
        is_boolean(key) || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
    }) {
        return written(word, words::boolean(), all);
    }
    if text.contains(',') {
        // `June 29, 2027` is one date, and no list of two.
        if let Some(Guess::Day(..)) = written::date(text)
            && let Some((value, said, kind)) = of_date(key, text)
        {
            return found(value, all, said, kind);
        }
        if let Some((value, said, kind)) = list::of_dates(key, text) {
            return found(value, all, said, kind);
        }
    }
    let parts = split(text);
    let is_date = |part: &&str| is_value(part.trim()) || written::date(part).is_some();
    let numeric = text.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
        && text.chars().all(|c| c.is_ascii_digit() || "+-., _eE".contains(c))
        && !text[1..].contains('-');
    if parts.len() > 1
        && !numeric
        && parts.iter().all(|part| !part.trim().is_empty())
        && parts.iter().all(is_date)
    {
        return written(&format!("[{}]", element_list(text)), words::list_brackets(), all);
    }
    let end = text.trim_end_matches([',', ';', '.', ' ']);
    if end.len() < text.len() && is_value(end) {
        return written(end, words::something_after(), end.len()..text.len());
    }
    let commented =
        |rest: &str| ["//", "--", ";", "/*"].iter().any(|mark| rest.trim_start().starts_with(mark));
    if let Some((first, rest)) = text.split_once(char::is_whitespace)
        && is_value(first)
        && commented(rest)
    {
        return after(key, first, rest, text);
    }
    if let Some((begin, length)) = written::slot(text) {
        let value = begin.format("%Y-%m-%dT%H:%M:%S").to_string();
        return found(value, all, written::no_range(key, begin, length), Sureness::Sure);
    }
    if let Some((value, said, kind)) = list::of_dates(key, text).or_else(|| of_date(key, end)) {
        return found(value, all, said, kind);
    }
    let is_time = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
    if message.starts_with("invalid time") && text.split_once(' ').is_none_or(|(_, rest)| is_time(rest)) {
        return found("09:00:00".to_owned(), all, words::no_such_time(), Sureness::Unsure);
    }
    // `2026-06-28 inclus`, `2026-06-28 // comment`, `12 # 3`: a good value, and something after it.
    if let Some((first, rest)) = text.split_once(char::is_whitespace)
        && is_value(first)
    {
        return after(key, first, rest, text);
    }
    if numeric {
        return found("0".to_owned(), all, words::number(), Sureness::Unsure);
    }
    // What is wrong with the text itself is said instead, if anything is.
    Found { kind: Sureness::Yields, ..written(&quote(bare(end)), words::no_quotes(), all) }
}

/// A good value with something after it.
pub(super) fn after(key: &str, value: &str, rest: &str, text: &str) -> Found {
    let from = text.len() - rest.len();
    let mark = from + (rest.len() - rest.trim_start().len())..text.len();
    let rest = rest.trim();
    let two =
        rest.split_once('=').is_some_and(|(key, _)| !key.trim().is_empty() && !key.trim().contains(' '));
    if two {
        return Found { text: value.to_owned(), mark, said: words::two_on_a_line(), kind: Sureness::Unsure };
    }
    let sentence = if ["//", "--", ";", "/*"].iter().any(|comment| rest.starts_with(comment)) {
        words::comment()
    } else {
        words::something_after()
    };
    let kept = rest.trim_matches(|c: char| !c.is_alphanumeric());
    let remedy =
        if kept.is_empty() { format!("{key} = {value}") } else { format!("{key} = {value}  # {kept}") };
    // A second date is no comment.
    let numbers = written::pieces(kept).iter().filter(|piece| matches!(piece, Piece::Number(..))).count();
    let dated = value.starts_with(|c: char| c.is_ascii_digit());
    let remedy = if dated && numbers > 2 { words::several_dates() } else { words::write(&remedy) };
    Found { text: value.to_owned(), mark, said: (words::both(sentence), remedy), kind: Sureness::Sure }
}

/// A value that begins with a quote.
fn of_text(key: &str, text: &str, mark: char) -> Found {
    let sure = |value: String, sentence: (&str, &str), mark: Range<usize>| {
        let remedy = words::write(&format!("{key} = {value}"));
        Found { text: value, mark, said: (words::both(sentence), remedy), kind: Sureness::Sure }
    };
    let length = text_length(text);
    let closed = length > 1 && text[..length].ends_with(mark);
    if !closed {
        // `"a\"` has its closing quote eaten by the backslash.
        if text.len() > 1 && text.ends_with("\\\"") {
            return sure(quote(&text[1..text.len() - 1]), words::backslash(), 0..text.len());
        }
        let value = quote(bare(text));
        let said = words::unclosed_text(&format!("{key} = {value}"));
        return Found { text: value, mark: 0..text.len(), said, kind: Sureness::Sure };
    }
    let rest = text[length..].trim();
    if rest.is_empty() {
        // Whole, and yet wrong: what a backslash stands before.
        if text.contains('\\') && mark == '"' {
            return sure(quote(&text[1..length - 1]), words::backslash(), 0..text.len());
        }
        return Found {
            text: "\"\"".to_owned(),
            mark: 0..text.len(),
            said: words::fallback(),
            kind: Sureness::Unsure,
        };
    }
    let parts = split(text);
    if parts.len() > 1 && parts.iter().all(|part| is_value(part.trim())) {
        return sure(format!("[{}]", element_list(text)), words::list_brackets(), 0..text.len());
    }
    if rest.chars().all(|c| ",;. ".contains(c)) {
        let from = text.len() - rest.len();
        return sure(text[..length].to_owned(), words::something_after(), from..text.len());
    }
    if text.ends_with(mark) && !rest.contains('=') {
        let inner = &text[1..text.len() - 1];
        let (value, sentence) = if mark == '\'' {
            (quote(inner), words::inner_apostrophe())
        } else {
            (quote(inner), words::inner_quotes())
        };
        return sure(value, sentence, 0..text.len());
    }
    if mark == '\'' && text[length..].starts_with(char::is_alphanumeric) {
        return sure(quote(bare(text)), words::inner_apostrophe(), 0..text.len());
    }
    after(key, &text[..length], &text[length..], text)
}

/// Where the list or table ends that begins here.
pub(super) fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut byte) = (0_usize, 0);
    while let Some(c) = text[byte..].chars().next() {
        match c {
            '"' => {
                byte += text_length(&text[byte..]);
                continue;
            }
            '[' | '{' => depth += 1,
            ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(byte + 1);
                }
            }
            _ => {}
        }
        byte += c.len_utf8();
    }
    None
}
