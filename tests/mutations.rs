//! Files as hands, editors and disks damage them: whatever is done to a good file, it is read or refused, at once,
//! and what is said of it is about it. `fuzz/` holds the same promises without bounds.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

#[path = "support/promises.rs"]
mod promises;

use jalon::calendar::Recurrence;
use proptest::prelude::*;
use proptest::sample::Index;

use promises::{RICH_JALON, RICH_POSTING, keep};

/// What is damaged: the shipped files, and two that say all that can be said.
const FILES: [(&str, &str); 8] = [
    ("a", include_str!("../config/postings/cress-aura-grappe.toml")),
    ("b", include_str!("../config/postings/labo-ess-projets-collectifs.toml")),
    ("c", include_str!("../config/postings/villages-vivants-accompagnement.toml")),
    ("d", include_str!("../config/postings/villages-vivants-vie-cooperative.toml")),
    ("e", include_str!("../config/postings/villes-au-carre-questions-urbaines.toml")),
    ("rich", RICH_POSTING),
    ("jalon", include_str!("../config/jalon.toml")),
    ("jalon-rich", RICH_JALON),
];

/// What hands slip in.
const SNIPPETS: [&str; 40] = [
    "\"",
    "'",
    "[",
    "]",
    "[[",
    "]]",
    "{",
    "}",
    "=",
    ",",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\t",
    "\u{a0}",
    "\u{feff}",
    "\0",
    "\u{202e}",
    "“",
    "”",
    "« ",
    " »",
    "\"\"\"",
    "'''",
    "\\",
    ":",
    "31/06",
    "28 juin 2026",
    "2026-06-31",
    "9h",
    "oui",
    "é",
    "= =",
    "[deadline]",
    "[[interview]]\n",
    "title",
    "\nuntil = 2026-06-28\n",
    "<<<<<<< HEAD\n",
    "//",
];

#[derive(Clone, Debug)]
enum Slip {
    /// Takes away so many characters.
    Delete(Index, usize),
    /// Writes so many characters twice.
    Duplicate(Index, usize),
    /// Swaps two characters that stand side by side.
    Swap(Index),
    /// Writes something between two characters.
    Insert(Index, usize),
    /// Takes a line away.
    DeleteLine(Index),
    /// Writes a line twice.
    DuplicateLine(Index),
    /// Moves a line elsewhere.
    MoveLine(Index, Index),
    /// Takes a word away, or a mark.
    DeleteToken(Index),
    /// Swaps two words, or marks.
    SwapTokens(Index, Index),
    /// Cuts the file off.
    Cut(Index),
}

fn slip() -> impl Strategy<Value = Slip> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1_usize..12).prop_map(|(at, count)| Slip::Delete(at, count)),
        (at(), 1_usize..12).prop_map(|(at, count)| Slip::Duplicate(at, count)),
        at().prop_map(Slip::Swap),
        (at(), 0..SNIPPETS.len()).prop_map(|(at, what)| Slip::Insert(at, what)),
        at().prop_map(Slip::DeleteLine),
        at().prop_map(Slip::DuplicateLine),
        (at(), at()).prop_map(|(from, to)| Slip::MoveLine(from, to)),
        at().prop_map(Slip::DeleteToken),
        (at(), at()).prop_map(|(one, other)| Slip::SwapTokens(one, other)),
        at().prop_map(Slip::Cut),
    ]
}

/// The words and marks of a text, blanks with them.
fn tokens(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for c in text.chars() {
        let joins = |last: &String| c.is_alphanumeric() && last.chars().all(char::is_alphanumeric);
        match found.last_mut() {
            Some(last) if joins(last) => last.push(c),
            _ => found.push(c.to_string()),
        }
    }
    found
}

fn damaged(text: &str, slip: &Slip) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    if chars.is_empty() {
        return String::new();
    }
    match slip {
        Slip::Delete(at, count) => {
            let at = at.index(chars.len());
            chars.drain(at..(at + count).min(chars.len()));
        }
        Slip::Duplicate(at, count) => {
            let at = at.index(chars.len());
            let twice = chars[at..(at + count).min(chars.len())].to_vec();
            chars.splice(at..at, twice);
        }
        Slip::Swap(at) => {
            let at = at.index(chars.len());
            chars.swap(at, at.saturating_sub(1));
        }
        Slip::Insert(at, what) => {
            let at = at.index(chars.len());
            chars.splice(at..at, SNIPPETS[*what].chars());
        }
        Slip::Cut(at) => chars.truncate(at.index(chars.len())),
        Slip::DeleteLine(at) => {
            lines.remove(at.index(lines.len()));
            return lines.concat();
        }
        Slip::DuplicateLine(at) => {
            let at = at.index(lines.len());
            lines.insert(at, lines[at]);
            return lines.concat();
        }
        Slip::MoveLine(from, to) => {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
            return lines.concat();
        }
        Slip::DeleteToken(at) => {
            let mut tokens = tokens(text);
            tokens.remove(at.index(tokens.len()));
            return tokens.concat();
        }
        Slip::SwapTokens(one, other) => {
            let mut tokens = tokens(text);
            let (one, other) = (one.index(tokens.len()), other.index(tokens.len()));
            tokens.swap(one, other);
            return tokens.concat();
        }
    }
    chars.into_iter().collect()
}

#[test]
fn good_files_are_good() {
    for (name, text) in FILES {
        assert!(keep(name, text), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_file_is_read_or_refused(file in 0..FILES.len(), slips in prop::collection::vec(slip(), 1..5)) {
        let (name, whole) = FILES[file];
        let text = slips.iter().fold(whole.to_owned(), |text, slip| damaged(&text, slip));
        keep(name, &text);
    }

    #[test]
    fn whatever_is_written_is_read_or_refused(text in "\\PC{0,300}", lines in "([a-z_]{0,8} ?[=:\\[\\]\"'{},#] ?[a-z0-9é«»\"'-]{0,10}\n){0,12}") {
        for text in [&text, &lines] {
            keep("x", text);
            keep("jalon", text);
            let _ = Recurrence::parse(text);
        }
    }

    #[test]
    fn a_password_is_never_printed(which in 0_usize..6, slips in prop::collection::vec(slip(), 1..3)) {
        // Whatever is done to what stands around it, under [smtp], in any of the ways in which people write one.
        let (before, after) = [
            ("password = \"", "\"\n"),
            ("password = ", "\n"),
            ("pasword: '", "'\n"),
            ("mot_de_passe = “", "”\n"),
            ("password = { value = \"", "\" }\n"),
            ("password = \"\"\"\n", "\n\"\"\"\n"),
        ][which];
        let before = slips.iter().fold(before.to_owned(), |text, slip| damaged(&text, slip)).replace('[', "(");
        let after = slips.iter().fold(after.to_owned(), |text, slip| damaged(&text, slip));
        // Letters that touch it would make another word of it.
        if before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric) {
            return Ok(());
        }
        let text = format!("time_zone = \"Europe/Paris\"\n[smtp]\nhost = \"smtp.example.org\"\nusername = \"u\"\n{before}hunter2{after}rate = [\"1/min\"]\n");
        let problems = jalon::settings::read::reading("jalon.toml", &text).problems;
        prop_assert!(!format!("{problems:?}").contains("hunter2"), "{text}\n{}", support::shown(&problems));
    }
}
