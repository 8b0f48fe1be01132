//! Pure. What is wrong with one line, and how it was meant.

use std::ops::Range;

use toml::de::DeTable;

use super::super::{alien, meant};
use super::words::{self, Said};
use super::{Finding, Open, Sureness, heading, list, value};
use crate::diagnostic::{begins_a_statement, is_unsafe};

/// The longest line in which a slip is looked for, in bytes.
pub(super) const LONGEST: usize = 4_000;

/// What is wrong where the parser stumbled: at a byte of line `n`, with this message.
pub(super) fn find(lines: &[String], n: usize, at: usize, message: &str, open: &Open) -> Finding {
    let line = &lines[n];
    let whole = content(line);
    let with = |text: String, mark: Range<usize>, said: Said, kind| Finding {
        edits: vec![(n, text)],
        mark: (n, mark),
        sentence: said.0,
        remedy: said.1,
        kind,
    };
    if ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark)) {
        return with(line.clone(), whole, words::conflict(line.starts_with('|')), Sureness::Last);
    }
    if line.len() > LONGEST {
        return with(format!("#{line}"), whole, words::too_long(line), Sureness::Unsure);
    }
    if let Some(hidden) = line.find(is_unsafe) {
        let c = line[hidden..].chars().next().unwrap_or_default();
        if c == '\r' {
            return with(line.clone(), whole, alien::carriage(), Sureness::Last);
        }
        let clean = line.chars().filter(|c| !is_unsafe(*c)).collect();
        return with(clean, hidden..hidden + c.len_utf8(), words::hidden(c), Sureness::Sure);
    }
    if open.text.is_none()
        && let Some((text, byte, length)) = odd_spaces(line)
    {
        return with(text, byte..byte + length, words::odd_space(), Sureness::Sure);
    }
    if let Some((first, byte, quotes)) = open.text {
        // It ends where something new begins.
        let new = |line: &String| begins_a_statement(line);
        let last = lines.iter().skip(first + 1).position(new).map_or(lines.len() - 1, |next| first + next);
        let text = format!("{}{quotes}", lines[last]);
        let said = words::unclosed_long_text(quotes);
        let mark = (first, byte..lines[first].len());
        let edits = vec![(last, text)];
        return Finding { edits, mark, sentence: said.0, remedy: said.1, kind: Sureness::Sure };
    }
    let outer = open.brackets.iter().find(|(opener, ..)| *opener < n);
    if let Some(&(opener, byte, bracket)) = outer {
        let at_end = n + 1 >= lines.len() && line.trim().is_empty();
        let new = is_no_element(line, bracket, lines, opener);
        if at_end || new || message.starts_with("unclosed") {
            return unclosed(lines, n, (opener, byte, bracket), open, !new);
        }
        return within(line, n, at, message);
    }
    if let Some(rest) = without_bullet(line) {
        let said = (words::both(words::bullet()), words::write(&shown(rest)));
        return with(rest.to_owned(), whole.start..line.len() - rest.len(), said, Sureness::Sure);
    }
    if line.trim_start().starts_with('[') {
        return heading::table(lines, n, message);
    }
    statement(lines, n, at, message, open)
}

/// Whether it looks like a blank and is none to TOML.
fn is_odd_space(c: char) -> bool {
    c.is_whitespace() && !c.is_ascii() || c == '\u{200b}' || c == '\u{ad}'
}

/// A line that is good once ordinary spaces stand in place of the others outside its quotes; the byte of the first of
/// these, and its length.
fn odd_spaces(line: &str) -> Option<(String, usize, usize)> {
    let (mut text, mut first, mut byte) = (String::new(), None, 0);
    while let Some(c) = line[byte..].chars().next() {
        let length = if matches!(c, '"' | '\'') { value::text_length(&line[byte..]) } else { c.len_utf8() };
        if is_odd_space(c) {
            first.get_or_insert((byte, length));
            text.push(' ');
        } else {
            text.push_str(&line[byte..byte + length]);
        }
        byte += length;
    }
    let (byte, length) = first?;
    DeTable::parse(&text).is_ok().then_some((text, byte, length))
}

/// What stands behind the bullet of a word processor's list: a heading, or a key and its value.
fn without_bullet(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix(['•', '◦', '▪', '‣', '·', '–', '—', '*', '-'])?;
    let rest = Some(rest.trim_start()).filter(|trimmed| trimmed.len() < rest.len())?;
    begins_a_statement(rest).then_some(rest)
}

/// A text that goes on over the next line or two: the whole of it, and its last line.
fn broken_text(lines: &[String], n: usize, value: &str) -> Option<(String, usize)> {
    let closed = value.len() > 1 && value.ends_with('"');
    if !value.starts_with('"') || value::text_length(value) < value.len() || closed {
        return None;
    }
    let mut text = value.trim_end().to_owned();
    for (m, line) in lines.iter().enumerate().skip(n + 1).take(4) {
        let line = line.trim();
        if line.is_empty() || begins_a_statement(line) {
            return None;
        }
        text = format!("{text} {line}");
        if line.contains('"') {
            return value::is_value(&text).then_some((text, m));
        }
    }
    None
}

/// The bytes of a line without the blanks at its ends.
pub(super) fn content(line: &str) -> Range<usize> {
    let start = line.len() - line.trim_start().len();
    start..line.trim_end().len().max(start)
}

/// Whether a line can only be the beginning of something new, and not an element of what is open.
fn is_no_element(line: &str, bracket: char, lines: &[String], opener: usize) -> bool {
    let line = line.trim();
    let name =
        |text: &str| text.chars().next().is_some_and(char::is_alphabetic) && !text.contains(['"', ',', '\'']);
    if let Some(table) = line.strip_prefix('[') {
        let table = table.trim_start_matches('[');
        return table.split_once(']').is_some_and(|(inner, _)| name(inner.trim()));
    }
    let key = line.split_once(['=', ':']).is_some_and(|(key, _)| name(key.trim()));
    // The elements of `{`, when it stands alone at the end of its line, are keys and values themselves.
    key && (bracket == '[' || !lines[opener].trim_end().ends_with('{'))
}

/// A bracket that is still open where something new begins; `of_this` when line `n` belongs to it.
fn unclosed(lines: &[String], n: usize, opener: (usize, usize, char), open: &Open, of_this: bool) -> Finding {
    let ends = (opener.0..=n.min(lines.len() - 1)).rev();
    let last = ends
        .filter(|m| *m < n || opener.0 == n || of_this)
        .find(|m| !value::code(&lines[*m]).trim().is_empty());
    let last = last.unwrap_or(opener.0);
    let closers: String = open
        .brackets
        .iter()
        .rev()
        .filter(|(opened, ..)| *opened <= last)
        .map(|(.., bracket)| if *bracket == '[' { ']' } else { '}' })
        .collect();
    let line = &lines[last];
    let code = value::code(line).trim_end().len();
    let text = format!("{}{closers}{}", &line[..code], &line[code..]);
    let said = words::unclosed_bracket(opener.2, last + 1);
    Finding {
        edits: vec![(last, text)],
        mark: (opener.0, opener.1..opener.1 + 1),
        sentence: said.0,
        remedy: said.1,
        kind: Sureness::Sure,
    }
}

/// A line of elements, within a list that began before it.
fn within(line: &str, n: usize, at: usize, message: &str) -> Finding {
    let code = value::code(line);
    let trimmed = code.trim();
    let start = code.len() - code.trim_start().len();
    let closed = trimmed.trim_end_matches([']', '}', ',', ' ']);
    let (elements, tail) = trimmed.split_at(closed.len());
    let commas = list::with_commas(elements);
    if commas != elements && value::is_value(&format!("[{commas}]")) {
        let text = format!("{}{commas}{tail}{}", &line[..start], &line[start + trimmed.len()..]);
        let remedy = words::write(&format!("{commas}{tail}"));
        return Finding {
            edits: vec![(n, text)],
            mark: (n, start..start + trimmed.len()),
            sentence: words::both(words::no_comma()),
            remedy,
            kind: Sureness::Sure,
        };
    }
    let found = list::elements(elements, at.saturating_sub(start), message);
    let text = format!("{}{}{tail}{}", &line[..start], found.text, &line[start + trimmed.len()..]);
    let mut said = found.said;
    if message.starts_with("missing comma") {
        said = words::comma_before(n);
    }
    let comma = at.min(line.len());
    let text = if message.starts_with("missing comma") {
        // The comma belongs behind the element before: here that is in front of this one.
        format!("{},{}", &line[..comma], &line[comma..])
    } else {
        text
    };
    Finding {
        edits: vec![(n, text)],
        mark: (n, start..start + trimmed.len()),
        sentence: said.0,
        remedy: said.1,
        kind: found.kind,
    }
}

/// What people begin a comment with who write other languages.
pub(super) fn comment_mark(text: &str) -> Option<&'static str> {
    ["//", "--", ";", "/*", "<!--", "%"].into_iter().find(|mark| text.starts_with(mark))
}

/// `key = value`, or what should be.
fn statement(lines: &[String], n: usize, at: usize, message: &str, open: &Open) -> Finding {
    let line = &lines[n];
    let mark = content(line);
    let with = |text: String, mark: Range<usize>, said: Said, kind| Finding {
        edits: vec![(n, text)],
        mark: (n, mark),
        sentence: said.0,
        remedy: said.1,
        kind,
    };
    if line.trim() == "{" && lines[..n].iter().all(|line| value::code(line).trim().is_empty()) {
        return with(line.clone(), mark, words::json(), Sureness::Last);
    }
    if !line.contains(char::is_alphanumeric) {
        return with(format!("#{line}"), mark, words::not_toml(), Sureness::Unsure);
    }
    if comment_mark(line.trim_start()).is_some() {
        let said = (
            words::both(words::comment()),
            words::write(&format!("# {}", line.trim_start_matches(|c: char| !c.is_alphanumeric()))),
        );
        return with(format!("#{line}"), mark, said, Sureness::Sure);
    }
    let Some((key, equals)) = split(line) else {
        // An equals sign as wide as a Chinese character.
        if let Some(at) = line.find(WIDE_EQUALS) {
            let text = line.replacen(WIDE_EQUALS, "=", 1);
            let said = (words::both(words::wide_equals()), words::write(&shown(&text)));
            return with(text, at..at + WIDE_EQUALS.len_utf8(), said, Sureness::Sure);
        }
        return no_equals(line, n);
    };
    let name = key.trim();
    if let Some(before) = name.strip_suffix(':').map(str::trim).filter(|before| is_bare(before)) {
        let rest = line[key.len()..].trim_start_matches(['=', '>', ' ', '\t']);
        let text = format!("{before} = {rest}");
        let said = (words::both(words::equals()), words::write(&shown(&text)));
        return with(text, before.len()..line.len() - rest.len(), said, Sureness::Sure);
    }
    // `url: https://a?b=c`: the colon stands before the equals sign.
    if let Some((before, after)) = name.split_once(':').filter(|(before, _)| is_bare(before.trim())) {
        let after = format!("{after}{}", &line[key.len()..]);
        return colon(line, n, before, &after);
    }
    if message.contains("duplicate key") || message.starts_with("cannot extend") {
        return heading::twice(lines, n, name, 0);
    }
    if name.is_empty() {
        return with(format!("#{line}"), mark, words::not_toml(), Sureness::Unsure);
    }
    let after = &line[key.len() + equals..];
    if at <= key.len() && key.contains(is_odd_space) {
        let space = key.find(is_odd_space).unwrap_or_default();
        let text = format!("{}{}", key.replace(is_odd_space, " "), &line[key.len()..]);
        return with(text, space..space + 2, words::odd_space(), Sureness::Sure);
    }
    if at <= key.len() && !is_bare(name) {
        let parts: Vec<String> = name.split('.').map(|part| heading::quoted_key(part.trim())).collect();
        let text = format!("{}{} {}", &line[..mark.start], parts.join("."), &line[key.len()..]);
        return with(text, mark.start..mark.start + name.len(), heading::key_form(name), Sureness::Yields);
    }
    if equals > 1 || after.trim_start().starts_with(['=', ':']) {
        let rest = after.trim_start_matches(['=', ':', '>', ' ', '\t']);
        let text = format!("{name} = {rest}");
        let said = (words::both(words::equals()), words::write(&shown(&text)));
        return with(text, key.len()..line.len() - rest.len(), said, Sureness::Sure);
    }
    let blank = after.len() - after.trim_start_matches([' ', '\t']).len();
    let start = key.len() + equals + blank;
    let code = value::code(&line[start..]);
    let written = code.trim_end();
    if written.is_empty() {
        let text = format!("{}= \"\" {}", &line[..key.len()], &line[start..]);
        return with(text, mark.start..mark.start + name.len(), words::no_value(name), Sureness::Unsure);
    }
    if let Some((text, last)) = broken_text(lines, n, &line[start..]) {
        let said = words::broken_text(&format!("{name} = {text}"));
        let mut edits = vec![(n, format!("{}{text}", &line[..start]))];
        edits.extend((n + 1..=last).map(|m| (m, String::new())));
        let mark = (n, start..line.len());
        return Finding { edits, mark, sentence: said.0, remedy: said.1, kind: Sureness::Sure };
    }
    let found = value::of(name, written, at.saturating_sub(start), message, open);
    let text = format!("{}{}{}", &line[..start], found.text, &line[start + written.len()..]);
    let mark = start + found.mark.start..start + found.mark.end;
    with(text, mark, found.said, found.kind)
}

/// The key (with the blanks around it) and how many bytes the equals sign takes; none outside quotes is none.
fn split(line: &str) -> Option<(&str, usize)> {
    let mut byte = 0;
    while let Some(c) = line[byte..].chars().next() {
        match c {
            '"' | '\'' if line[..byte].trim().is_empty() || line[..byte].trim_end().ends_with('.') => {
                byte += value::text_length(&line[byte..]);
            }
            '=' => {
                let sign =
                    if line[byte..].starts_with("=>") || line[byte..].starts_with("==") { 2 } else { 1 };
                return Some((&line[..byte], sign));
            }
            '#' => return None,
            _ => byte += c.len_utf8(),
        }
    }
    None
}

const WIDE_EQUALS: char = '\u{ff1d}';

/// A key as TOML has it, dotted or not.
fn is_bare(key: &str) -> bool {
    let plain =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    let quoted = |part: &str| {
        ['"', '\''].iter().any(|quote| {
            let inner = part.strip_prefix(*quote).and_then(|part| part.strip_suffix(*quote));
            inner.is_some_and(|inner| !inner.contains(*quote))
        })
    };
    key.split('.').map(str::trim).all(|part| plain(part) || quoted(part))
}

/// A short line, fit to be shown as what to write.
fn shown(text: &str) -> String {
    value::code(text).trim().to_owned()
}

fn colon(line: &str, n: usize, before: &str, after: &str) -> Finding {
    let key = before.trim();
    let mended = value::of_any(key, after.trim());
    let text = format!("{key} = {mended}");
    let at = line.find(':').unwrap_or_default();
    let remedy = words::write(&shown(&text));
    Finding {
        edits: vec![(n, text)],
        mark: (n, at..at + 1),
        sentence: words::both(words::colon()),
        remedy,
        kind: Sureness::Sure,
    }
}

/// A line without an equals sign.
fn no_equals(line: &str, n: usize) -> Finding {
    let mark = content(line);
    let code = value::code(line).trim();
    let with = |text: String, mark: Range<usize>, said: Said, kind| Finding {
        edits: vec![(n, text)],
        mark: (n, mark),
        sentence: said.0,
        remedy: said.1,
        kind,
    };
    if let Some((before, after)) = code.split_once([':', '\u{ff1a}']) {
        let key = before.trim();
        let known = is_bare(key) || meant::key(key, ALL.iter().copied()).is_some();
        if known && !key.contains(' ') && !after.trim().is_empty() {
            return colon(line, n, before, after);
        }
    }
    let (first, rest) = code.split_once(char::is_whitespace).unwrap_or((code, ""));
    let word = first.trim_end_matches(':');
    if rest.trim().is_empty() {
        let table = meant::key(word, ["deadline", "interview", "start", "end", "milestone", "remind"]);
        if let Some(shown) = table.and_then(meant::shown) {
            return with(shown.clone(), mark, words::heading(&shown), Sureness::Sure);
        }
        if is_bare(word) {
            return with(format!("#{line}"), mark, words::no_value(word), Sureness::Unsure);
        }
    }
    let rest = rest.trim();
    let is_key =
        is_bare(first) && (ALL.contains(&first) || rest.starts_with(['"', '\'', '[', '{', '“', '«']));
    if is_key {
        let text = format!("{first} = {}", value::of_any(first, rest));
        let said = (words::both(words::no_equals()), words::write(&shown(&text)));
        return with(text, mark, said, Sureness::Sure);
    }
    with(format!("#{line}"), mark, words::not_toml(), Sureness::Unsure)
}

/// The keys of every file, to tell a key from a sentence.
const ALL: &[&str] = &[
    "id",
    "title",
    "organisation",
    "recruiters",
    "contract",
    "location",
    "url",
    "reference",
    "published",
    "apply",
    "status",
    "time_zone",
    "language",
    "holidays",
    "days_off",
    "work_days",
    "announce",
    "accept",
    "name",
    "until",
    "before",
    "on",
    "between",
    "label",
    "place",
    "link",
    "duration",
    "panel",
    "candidate",
    "cancelled",
    "done",
    "event",
    "on_day",
    "after",
    "at",
    "day_off",
    "to",
    "email",
    "cc",
    "subject",
    "away",
    "leaves",
    "cover",
    "digest",
    "from",
    "operator",
    "reply_to",
    "bounces",
    "recipients",
    "outbox",
    "host",
    "port",
    "tls",
    "username",
    "password",
    "rate",
    "connections",
    "keep",
    "postings",
    "templates",
    "late_limit",
    "in_doubt",
    "hours",
];
