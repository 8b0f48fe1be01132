//! A difference as people and programs read it.

use serde::Serialize;

use crate::cli::rfc3339;
use crate::daemon::foreseen::Foreseen;
use crate::diagnostic::{Language, say};
use crate::plan::Key;
use crate::plan::difference::Line;
use crate::plan::worded::{counts, doubt, nothing, sentence};

#[derive(Serialize)]
struct Row<'a> {
    action: &'static str,
    key: &'a str,
    former: Option<&'a str>,
    due: Option<String>,
    was: Option<String>,
}

/// One array.
#[must_use]
pub fn json(lines: &[Line]) -> Option<String> {
    let rows: Vec<Row<'_>> = lines
        .iter()
        .map(|line| Row {
            action: line.action.word(),
            key: line.key.as_str(),
            former: line.former.as_ref().map(Key::as_str),
            due: line.due.map(rfc3339),
            was: line.was.map(rfc3339),
        })
        .collect();
    serde_json::to_string_pretty(&rows).ok().map(|text| text + "\n")
}

/// The lines by posting, in plain words, times in the house's zone.
#[must_use]
pub fn people(foreseen: &Foreseen, language: Language) -> String {
    let mut text = String::new();
    if foreseen.doubted && !foreseen.missed.is_empty() {
        text.push_str(&format!("{}\n", doubt(&foreseen.missed).say(language)));
    }
    let lines = foreseen.ordered();
    if lines.is_empty() {
        return text + nothing().say(language) + "\n";
    }
    let wording = foreseen.wording(language, str::to_owned);
    let zone = wording.zone.name();
    text.push_str(&format!(
        "{}\n",
        say(format!("heures de {zone}"), format!("times of {zone}")).say(language)
    ));
    for posting in lines.chunk_by(|one, next| one.key.posting() == next.key.posting()) {
        let id = posting[0].key.posting();
        let title = foreseen.snapshot.postings.get(id).map(|posting| posting.title.as_str());
        let title = title.map(|title| format!(" — {title}")).unwrap_or_default();
        text.push_str(&format!("\n{id}{title}\n"));
        for line in posting {
            text.push_str(&format!("  {}\n", sentence(line, &wording)));
        }
    }
    text + "\n" + &counts(&lines, language) + "\n"
}
