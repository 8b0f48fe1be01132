//! Pure. Files that are no postings at all: of a word processor, of the web, of an old Mac, of a full disk.

use crate::diagnostic::{Words, say};

/// What bytes are that are another program's, and what to do about it.
#[must_use]
pub fn of_bytes(bytes: &[u8]) -> Option<(Words, Words)> {
    // A zip (docx, odt), and what Word wrote before.
    [&b"PK\x03\x04"[..], b"\xd0\xcf\x11\xe0", b"{\\rtf"]
        .iter()
        .any(|mark| bytes.starts_with(mark))
        .then(word_processor)
}

/// The same of a text that is no TOML.
#[must_use]
pub fn of_text(text: &str) -> Option<(Words, Words)> {
    let start: String = text.trim_start().chars().take(15).flat_map(char::to_lowercase).collect();
    if text.chars().all(|c| c == '\0') {
        return Some((
            say(
                "ce fichier ne contient que des octets nuls\u{a0}: il a été abîmé (disque plein, coupure de courant)",
                "this file holds nothing but null bytes: it was damaged (disk full, power cut)",
            ),
            say("remettez une sauvegarde à sa place", "put a backup in its place"),
        ));
    }
    if ["<!doctype", "<html", "<?xml"].iter().any(|mark| start.starts_with(mark)) {
        return Some((
            say(
                "ce fichier est une page web, et non une fiche",
                "this file is a web page, and not a posting",
            ),
            say(
                "téléchargez de nouveau la fiche, ou remettez une sauvegarde à sa place",
                "download the posting again, or put a backup in its place",
            ),
        ));
    }
    let is_mac = || text.trim_end().contains('\r') && !text.contains('\n');
    of_bytes(text.trim_start().as_bytes()).or_else(|| is_mac().then(carriage))
}

fn word_processor() -> (Words, Words) {
    (
        say(
            "ce fichier vient d'un traitement de texte (Word, LibreOffice)\u{a0}: ce n'est pas du texte simple",
            "this file comes from a word processor (Word, LibreOffice): it is no plain text",
        ),
        say(
            "enregistrez-le comme « texte seul », en UTF-8, sous un nom qui finit par .toml",
            "save it as plain text, in UTF-8, under a name that ends with .toml",
        ),
    )
}

/// Line endings of an old Mac, in the whole file or in one line of it.
pub(super) fn carriage() -> (Words, Words) {
    (
        say(
            "les fins de ligne de ce fichier sont celles d'un vieux Mac (CR)",
            "the line endings of this file are those of an old Mac (CR)",
        ),
        say("enregistrez-le avec des fins de ligne LF", "save it with LF line endings"),
    )
}
