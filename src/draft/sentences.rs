//! Pure. Where sentences, paragraphs and items of lists begin: a cue speaks of the dates of its own sentence.

use super::words::{Gap, Kind, Words};

/// For each word the number of its sentence.
pub(super) fn sentences(words: &Words<'_>) -> Vec<u32> {
    let mut list = Vec::with_capacity(words.len());
    let mut number = 0;
    for at in 0..words.len() {
        if at > 0 && begins(words, at) {
            number += 1;
        }
        list.push(number);
    }
    list
}

/// A line shorter than this does not go on in the next one, unless it ends in the middle of something.
const SHORT: usize = 50;

fn begins(words: &Words<'_>, at: usize) -> bool {
    let word = words.get(at);
    let previous = words.fold(at - 1);
    if word.gap >= Gap::Line {
        if is_open(previous) {
            return false;
        }
        if word.gap == Gap::Paragraph {
            return !matches!(previous, ":");
        }
        let is_item = matches!(word.kind, Kind::Mark('•' | '-' | '>' | '+' | '#' | '|' | '~' | '✓' | '☐'));
        if is_item {
            return true;
        }
        // A row that ends with its date.
        let last = words.get(at - 1);
        if last.digits == 4 && word.capital && words.line(last.line).trim_start().contains("   ") {
            return true;
        }
        let length = words.lines.get(words.get(at - 1).line).map_or(0, std::ops::Range::len);
        let begins = word.capital || matches!(word.kind, Kind::Number(_) | Kind::Mailbox);
        if begins && length < SHORT && previous != ":" {
            return true;
        }
    }
    match previous {
        "!" | "?" => word.gap > Gap::None,
        "." => {
            word.gap > Gap::None && (word.capital || word.gap >= Gap::Line) && !is_abbreviation(words, at - 1)
        }
        "•" => false,
        _ => word.kind == Kind::Mark('•') && word.gap > Gap::None,
    }
}

/// Words after which a sentence goes on, whatever the lines do.
pub(super) fn is_open(word: &str) -> bool {
    matches!(
        word,
        "le" | "la"
            | "les"
            | "du"
            | "de"
            | "des"
            | "au"
            | "aux"
            | "a"
            | "et"
            | "ou"
            | "en"
            | "par"
            | "pour"
            | "avant"
            | "jusqu"
            | "d"
            | "l"
            | "'"
            | ","
            | "("
            | "the"
            | "of"
            | "on"
            | "by"
            | "before"
            | "until"
            | "to"
            | "and"
            | "or"
            | "at"
            | "in"
            | "from"
            | "for"
            | "with"
            | "un"
            | "une"
            | "partir"
            | "compter"
            | "entre"
            | "between"
            | "is"
            | "be"
            | "est"
            | "sont"
            | "than"
    )
}

/// Whether the point at a place ends an abbreviation: « sept. », « M. », "p.m."
fn is_abbreviation(words: &Words<'_>, point: usize) -> bool {
    if point == 0 || !words.is_glued(point) {
        return false;
    }
    let word = words.fold(point - 1);
    // "5 p.m. Monday".
    if word == "m"
        && words.is(point.saturating_sub(2), '.')
        && (super::lexicon::weekday(words.fold(point + 1)).is_some()
            || matches!(
                words.fold(point + 1),
                "central" | "eastern" | "pacific" | "mountain" | "et" | "est" | "gmt" | "bst"
            )
            || !words.get(point + 1).capital)
    {
        return true;
    }
    words.get(point - 1).kind == Kind::Letters
        && (word.len() == 1 && words.fold(point.saturating_sub(2)) == "." && !matches!(word, "m")
            || word.len() == 1 && words.get(point - 1).capital
            || matches!(
                word,
                "mr" | "mrs"
                    | "ms"
                    | "dr"
                    | "mme"
                    | "mlle"
                    | "st"
                    | "ste"
                    | "prof"
                    | "env"
                    | "tel"
                    | "no"
                    | "art"
                    | "ext"
                    | "approx"
                    | "janv"
                    | "fevr"
                    | "avr"
                    | "juil"
                    | "sept"
                    | "oct"
                    | "nov"
                    | "dec"
                    | "jan"
                    | "feb"
                    | "aug"
                    | "sep"
                    | "hr"
            ))
}
