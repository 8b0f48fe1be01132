//! Pure. Mail addresses in a text (RFC 5321, the part of it that postings use), also those that are spelt out so
//! that robots do not read them: « camille at example.org ».

use std::ops::Range;

use super::words::{Kind, Words};

/// The longest local part and the longest domain (RFC 5321, 4.5.3.1).
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// The bytes of every address, in order.
pub(super) fn mailboxes(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('@') {
        let floor = found.last().map_or(0, |last| last.end);
        let local: usize =
            text[floor..at].chars().rev().take(LOCAL).take_while(|c| is_local(*c)).map(char::len_utf8).sum();
        let domain = bytes[at + 1..].iter().take(DOMAIN).take_while(|b| is_domain(**b)).count();
        let mut start = at - local;
        let mut end = at + 1 + domain;
        while end > at + 1 && matches!(bytes[end - 1], b'.' | b'-') {
            end -= 1;
        }
        while let Some(c) = text[start..at].chars().next().filter(|c| !c.is_ascii_alphanumeric()) {
            start += c.len_utf8();
        }
        start = unglued(text, start, at);
        end = uncapitalised(text, at + 1, end);
        let host = &text[at + 1..end];
        let is_host = host.rsplit_once('.').is_some_and(|(name, last)| {
            !name.is_empty() && last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic())
        });
        if start < at && is_host {
            found.push(start..end);
        }
    }
    found
}

fn is_local(c: char) -> bool {
    // Typesetters put hyphens of their own: U+2010, U+2011.
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '\u{2010}' | '\u{2011}')
}

fn is_domain(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-')
}

/// Past a sentence's last year to which the address is glued: « 2020.jobs@example.org ».
fn unglued(text: &str, start: usize, at: usize) -> usize {
    let local = &text[start..at];
    let year = local.split_once('.').filter(|(year, rest)| {
        year.len() == 4
            && (year.starts_with("19") || year.starts_with("20"))
            && year.bytes().all(|b| b.is_ascii_digit())
            && rest.starts_with(|c: char| c.is_ascii_alphabetic())
    });
    year.map_or(start, |(year, _)| start + year.len() + 1)
}

/// Before a sentence that is glued to the address: « jobs@example.org.Please ».
fn uncapitalised(text: &str, start: usize, end: usize) -> usize {
    let host = &text[start..end];
    let last = host.rsplit_once('.').filter(|(name, last)| {
        name.contains('.')
            && last.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| !b.is_ascii_uppercase())
    });
    last.map_or(end, |(name, _)| start + name.len())
}

/// The first and last words of addresses that are spelt out.
pub(super) fn spelt_out(words: &Words<'_>) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for at in 1..words.len() {
        let word = words.fold(at);
        let bracketed = matches!(word, "at" | "a" | "arobase" | "chez")
            && ['(', '['].iter().any(|mark| words.is(at - 1, *mark))
            && [')', ']'].iter().any(|mark| words.is(at + 1, *mark));
        let spaced = word == "@" || word == "at" && !words.is_glued(at);
        let (before, after) = match (bracketed, spaced) {
            (true, _) => (at.saturating_sub(2), at + 2),
            (_, true) => (at - 1, at + 1),
            _ => continue,
        };
        let Some((last, spelt)) = domain(words, after) else { continue };
        let first = local(words, before);
        let is_dotted = first < before;
        let announced =
            first > 0 && (matches!(words.fold(first - 1), ":" | "<" | "(" | "mail" | "email" | "e-mail"));
        if first <= before && (bracketed || spelt || word == "@" || is_dotted || announced) {
            found.push((first, last));
        }
    }
    found
}

/// The last word of a domain that begins here, and whether its dots are spelt out: words and dots without a blank, the
/// last of letters.
fn domain(words: &Words<'_>, from: usize) -> Option<(usize, bool)> {
    let is_part = |at: usize| matches!(words.get(at).kind, Kind::Letters | Kind::Number(_));
    let mut at = from;
    let mut last = None;
    let mut spelt = false;
    while at < from + 24 && is_part(at) {
        let dotted = spelt_dot(words, at + 1);
        if words.is(at + 1, '.') && words.is_glued(at + 1) && words.is_glued(at + 2) || dotted.is_some() {
            spelt |= dotted.is_some();
            at = dotted.unwrap_or(at + 2);
            if words.get(at).kind == Kind::Letters && (2..=8).contains(&words.fold(at).len()) {
                last = Some(at);
            }
        } else if words.is(at + 1, '-') && words.is_glued(at + 1) && words.is_glued(at + 2) {
            at += 2;
        } else if words.is_glued(at + 1) && is_part(at + 1) {
            at += 1;
        } else {
            break;
        }
    }
    last.filter(|last| *last == at).map(|last| (last, spelt))
}

/// Where what follows « dot », "[dot]", « (point) » begins.
fn spelt_dot(words: &Words<'_>, at: usize) -> Option<usize> {
    let bracketed = ['(', '['].iter().any(|mark| words.is(at, *mark));
    let word = at + usize::from(bracketed);
    let closed = [')', ']'].iter().any(|mark| words.is(word + 1, *mark));
    (matches!(words.fold(word), "dot" | "point" | "punkt") && bracketed == closed)
        .then_some(word + 1 + usize::from(closed))
}

/// The first word of a local part that ends here; beyond it where there is none.
fn local(words: &Words<'_>, to: usize) -> usize {
    let is_part = |at: usize| matches!(words.get(at).kind, Kind::Letters | Kind::Number(_));
    if !is_part(to) {
        return to + 1;
    }
    let mut first = to;
    while first >= 2
        && to - first < 10
        && words.is_glued(first)
        && words.is_glued(first - 1)
        && (words.is(first - 1, '.') || words.is(first - 1, '-'))
        && is_part(first - 2)
    {
        first -= 2;
    }
    first
}
