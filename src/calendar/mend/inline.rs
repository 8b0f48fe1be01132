//! Pure. What is wrong with a table within braces, on one line.

use super::value::{Found, closing, is_value, of_any, split, text_length};
use super::{Open, Sureness, words};

/// The pairs of `email = "a" cc = "b"`, where a comma is missing: each begins at the word before its equals sign.
fn pairs(part: &str) -> Vec<&str> {
    let (mut found, mut start, mut byte) = (Vec::new(), 0, 0);
    let mut word = 0;
    while let Some(c) = part[byte..].chars().next() {
        match c {
            '"' => {
                byte += text_length(&part[byte..]);
                continue;
            }
            '=' if word > start && part[start..word].contains('=') => {
                found.push(part[start..word].trim());
                start = word;
            }
            c if c.is_whitespace() && part[byte..].trim_start().starts_with(char::is_alphabetic) => {
                word = byte + c.len_utf8();
            }
            _ => {}
        }
        byte += c.len_utf8();
    }
    found.push(part[start..].trim());
    found
}

/// `{ key = value }` on one line.
pub(super) fn of_table(key: &str, text: &str, at: usize, message: &str, open: &Open) -> Found {
    let end = closing(text);
    let rest = end.map_or("", |end| text[end..].trim());
    let inner = &text[1..end.map_or(text.len(), |end| end - 1)];
    let inner = inner.trim().trim_end_matches(['}', ']']);
    let mut parts = Vec::new();
    for part in split(inner).into_iter().map(str::trim).filter(|part| !part.is_empty()) {
        let pieces = pairs(part);
        for piece in pieces {
            let (name, value) = piece.split_once(['=', ':']).unwrap_or((piece, ""));
            parts.push(format!("{} = {}", name.trim().trim_matches('"'), of_any(name.trim(), value.trim())));
        }
    }
    let value = format!("{{ {} }}", parts.join(", "));
    let good = is_value(&value);
    let at = at.min(text.len());
    // In front of a value stands a colon, in one pair at least.
    let of_colon = |part: &&str| part.find(':').is_some_and(|colon| !part[..colon].contains(['=', '"']));
    let colon = split(inner).iter().any(of_colon);
    let sentence = if !rest.is_empty() {
        words::both(words::something_after())
    } else if inner.matches('"').count() % 2 == 1 {
        words::unclosed_text("").0
    } else if end.is_none() && open.brackets.len() < 2 && message.starts_with("unclosed") {
        words::unclosed_bracket('{', 1).0
    } else if colon || message.starts_with("missing assignment") {
        words::both(words::colon())
    } else if message.starts_with("missing comma") {
        words::both(words::no_comma())
    } else if message.contains("quoted") {
        words::both(words::no_quotes())
    } else {
        words::fallback().0
    };
    let mark = if rest.is_empty() { 0..text.len() } else { at..text.len() };
    if good {
        let remedy = words::write(&format!("{key} = {value}"));
        return Found { text: value, mark, said: (sentence, remedy), kind: Sureness::Sure };
    }
    Found { text: "{}".to_owned(), mark, said: (sentence, words::fallback().1), kind: Sureness::Unsure }
}
