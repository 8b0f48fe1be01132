//! What the tests of whole mails share: what is told, to whom, and how the mail must read.

#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::collections::BTreeSet;
use std::{fs, path::Path};

use jalon::calendar::{Event, Language, Posting};
use jalon::message::{Addressee, Changed, Item, Matter, Rendered, Templates, facts};
use jalon::plan::Key;
use jalon::plan::said::{Said, difference};

use crate::posting::*;

pub const NOW: &str = "2026-06-22T09:05";
pub const HEADING: &str = "Chargé·e d'accompagnement (Villages Vivants)";

pub fn camille(language: Language) -> Addressee<'static> {
    Addressee {
        name: Some("Camille Exemple"),
        email: "camille@example.org",
        language,
        zone: zone("Europe/Paris"),
    }
}

pub fn mail(matter: &Matter<'_>, to: &Addressee<'_>) -> Rendered {
    let mail = Templates::built_in().render(&facts(matter, to, paris(NOW))).unwrap();
    html_says_what_text_says(&mail);
    mail
}

pub fn html_says_what_text_says(Rendered { text, html, .. }: &Rendered) {
    let body = html.split_once("<body").unwrap().1;
    let mut words: String =
        body.split(['<', '>']).enumerate().map(|(n, piece)| if n % 2 == 1 { piece } else { " " }).collect();
    for (entity, c) in [("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
        words = words.replace(entity, c);
    }
    let words = words.to_lowercase();
    let said: BTreeSet<&str> = words.split(['\u{a0}', ' ', ':', '\n']).collect();
    // The line of a file, and the mark below it, are one in HTML.
    let is_quoted = |line: &&str| line.starts_with("    ");
    let lines = text.lines().filter(|line| !line.contains("://") && !matches!(*line, "—" | "* * *"));
    let lines = lines.filter(|line| !is_quoted(line));
    for line in lines {
        let line = line.trim_start_matches("– ").to_lowercase();
        for word in line.split(['\u{a0}', ' ', ':']) {
            // An element may begin or end within a word: "(before: <s>Crest</s>)".
            assert!(
                said.contains(word) || words.contains(word.trim_end_matches(')')),
                "{word:?} of {line:?}"
            );
        }
    }
    for unwanted in ["<img", "src=", "url(", "<link", "<script", "{{", "{%", "None"] {
        assert!(!html.replace("{{ 7 * 7 }}", "").contains(unwanted), "{unwanted}");
    }
}

pub fn golden(name: &str, mail: &Rendered) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails").join(format!("{name}.txt"));
    let found = format!("{}\n\n{}", mail.subject, mail.text).replace('\u{a0}', "~");
    if std::env::var_os("JALON_BLESS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "\n{found}\nis not what {} says", path.display());
}

pub fn both(name: &str, matter: &Matter<'_>) {
    for language in Language::ALL {
        golden(&format!("{name}.{}", language.code()), &mail(matter, &camille(language)));
    }
}

/// What is said of the only event of a posting.
pub fn said(posting: &Posting) -> Said {
    Said::of(posting, &posting.events[0])
}

/// What is otherwise between what was said of an event and what is said of it now.
pub fn changed<'a>(event: &'a str, before: &'a Said, after: &'a Said) -> Changed<'a> {
    let difference = difference(before, after, paris(NOW)).unwrap();
    Changed {
        posting: "accompagnement",
        event,
        before,
        after,
        difference,
        reminded: true,
        dropped: false,
        absent: None,
    }
}

pub fn change<'a>(event: &'a str, before: &'a Said, after: &'a Said) -> Matter<'a> {
    Matter { changes: vec![changed(event, before, after)], ..Matter::default() }
}

pub fn first_round() -> Event {
    let when = at(&["2026-07-06T09:00", "2026-07-06T14:30"]);
    Event { name: Some("Premier tour".into()), ..met(event("interview:premier-tour", when)) }
}

/// What becomes of an event when it stands otherwise in its file.
pub fn edited(event: &Event, edit: impl FnOnce(&mut Event)) -> (Said, Said) {
    let before = said(&full(vec![event.clone()]));
    let mut event = event.clone();
    edit(&mut event);
    (before, said(&full(vec![event])))
}

pub fn reminder<'a>(posting: &'a Posting, n: usize, key: &'a Key, due: &str) -> Item<'a> {
    Item { posting, event: &posting.events[n], key, due: paris(due), absent: None }
}

pub fn canteen(events: Vec<Event>) -> Posting {
    Posting {
        id: "cantine".into(),
        title: "Cuisinier·ère".into(),
        organisation: Some("La Fabrique".into()),
        ..minimal(events)
    }
}
