//! Pure. What is wrong with the file of a posting: where, in which words, what to do, and what holds meanwhile.

use std::collections::BTreeMap;

use chrono::Timelike as _;
use serde::Serialize;

use super::matter::Slip;
use super::tongue::Tongue;
use super::worded::{Reader, line, with_first};
use crate::diagnostic::{Place, Words, is_unsafe};
use crate::plan::notice::slip::{MOST, Slips, Wrong};

/// How much of a line is shown, in characters: what fits on a line of a mail.
const SHOWN: usize = 72;

/// How much of it stands before the mark, where it is cut.
const LEAD: usize = 24;

/// A posting's file with something wrong in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SlipFacts {
    /// The file and its first error: « Fiche à corriger : accueil.toml, ligne 12 (et 2 autres erreurs) ».
    pub headline: String,
    /// The file's name: « accueil.toml ».
    pub file: String,
    /// Title and organisation of the posting, if they are known.
    pub title: Option<String>,
    /// What is wrong, in the order of the file.
    pub errors: Vec<ErrorFacts>,
    /// How many errors are not shown: « et 5 autres ». None when all are.
    pub more: Option<String>,
    /// Which version stays in force: « la version du 3 juin », « la version d'aujourd'hui, 9 h 12, ». None when the
    /// file never was right, and nothing of it is followed.
    pub since: Option<String>,
    /// In whose place the reader receives it: « En l'absence de Camille Exemple. »
    pub absent: Option<String>,
}

/// One error of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorFacts {
    /// Its line, from 1. None when it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong, in a sentence. It follows a colon where there is a line.
    pub sentence: String,
    /// What to do about it, without a full stop: « écrivez until = 2026-06-30 ».
    pub remedy: Option<String>,
    /// What stands on that line, cut where it is long. None where it cannot be shown: it may hold a secret.
    pub text: Option<String>,
    /// What to print below that line, so that carets stand under the place.
    pub mark: String,
    /// The same line in three pieces, for a mark around the place: what stands before it,
    pub before: String,
    /// the place itself, never empty,
    pub marked: String,
    /// and what follows.
    pub after: String,
}

/// The slips of a mail, file by file. The same one in several people's places is one.
pub(super) fn slips(slips: &[Slip<'_>], reader: &Reader<'_>) -> Vec<SlipFacts> {
    let mut files: BTreeMap<&str, Vec<&Slip<'_>>> = BTreeMap::new();
    for slip in slips {
        files.entry(&slip.of.file).or_default().push(slip);
    }
    files.into_values().filter_map(|group| Some(one(group.first()?.of, &group, reader))).collect()
}

fn one(of: &Slips, told: &[&Slip<'_>], reader: &Reader<'_>) -> SlipFacts {
    let is_told = |wrong: &&Wrong| told.iter().any(|slip| slip.error == *wrong);
    let errors: Vec<ErrorFacts> =
        of.errors.iter().filter(is_told).map(|wrong| error_facts(wrong, reader)).collect();
    let more = of.errors.len().saturating_sub(MOST);
    let others = (errors.len() + more).saturating_sub(1);
    let file = line(&of.file).unwrap_or_else(|| "?".to_owned());
    let title = of.title.as_deref().and_then(line);
    let heading = title.map(|title| match of.organisation.as_deref().and_then(line) {
        Some(organisation) => format!("{title} ({organisation})"),
        None => title,
    });
    SlipFacts {
        headline: reader.tongue.to_correct(&file, errors.first().and_then(|error| error.line), others),
        file,
        title: heading,
        errors,
        more: (more > 0).then(|| reader.tongue.more_errors(more)),
        since: of.since.map(|since| {
            let (at, now) = (reader.zone.local(since), reader.zone.local(reader.now));
            // To the minute: a second is nobody's.
            let time = at.time().with_second(0).and_then(|time| time.with_nanosecond(0)).unwrap_or(at.time());
            let time = (at.date() == now.date()).then_some(time);
            reader.tongue.version(at.date(), time, reader.other_year(at.date()))
        }),
        absent: reader.absent(told.iter().map(|slip| slip.absent)),
    }
}

fn error_facts(error: &Wrong, reader: &Reader<'_>) -> ErrorFacts {
    let say = |words: &Words| said(words, reader.tongue);
    let sentence = say(&error.sentence);
    let shown = error.place.as_ref().and_then(excerpt);
    let text = shown.as_ref().map(|[before, marked, after]| format!("{before}{marked}{after}"));
    let [before, marked, after] = shown.unwrap_or_default();
    let count = |text: &str| text.chars().count();
    ErrorFacts {
        line: error.place.as_ref().map(|place| place.line),
        sentence: full_stop(match error.place {
            Some(_) => sentence,
            None => with_first(&sentence, char::to_uppercase),
        }),
        remedy: error.remedy.as_ref().map(say).filter(|remedy| !remedy.is_empty()),
        mark: format!("{}{}", " ".repeat(count(&before)), "^".repeat(count(&marked).max(1))),
        text: text.map(|text| text.trim_end().to_owned()),
        before,
        // Where something is missing at the end of a line, the mark is a blank.
        marked: if marked.is_empty() { "\u{a0}".to_owned() } else { marked },
        after,
    }
}

fn said(words: &Words, tongue: &dyn Tongue) -> String {
    line(words.say(tongue.language().spoken())).unwrap_or_default()
}

fn full_stop(sentence: String) -> String {
    if sentence.ends_with(['.', '!', '?', '…']) { sentence } else { sentence + "." }
}

/// The line of a place: what stands before the mark, what is marked, what follows. A long line is cut round the mark;
/// what would turn the writing round is replaced.
fn excerpt(place: &Place) -> Option<[String; 3]> {
    let plain = |c: char| match c {
        '\t' => ' ',
        c if is_unsafe(c) => '\u{fffd}',
        c => c,
    };
    let whole: Vec<char> = place.text.trim_end().chars().map(plain).collect();
    let indent = whole.iter().position(|c| *c != ' ')?;
    let start = (place.column - 1).clamp(indent, whole.len());
    let end = (start + place.width).min(whole.len());
    let (mut from, mut until) = (indent, whole.len());
    if until - from > SHOWN {
        from = start.saturating_sub(LEAD).clamp(indent, until - SHOWN);
        until = from + SHOWN;
    }
    let text = |of: &[char]| of.iter().collect::<String>();
    let cut = |is_cut| if is_cut { "…" } else { "" };
    let end = end.min(until);
    let before = format!("{}{}", cut(from > indent), text(&whole[from..start]));
    let after = format!("{}{}", text(&whole[end..until]), cut(until < whole.len()));
    Some([before, text(&whole[start..end]), after])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, column: usize, width: usize) -> Option<String> {
        let place = Place { line: 1, column, width, text: text.to_owned() };
        excerpt(&place).map(|pieces| pieces.join("|"))
    }

    #[test]
    fn a_line_is_shown_round_its_mark() {
        for (text, column, width, expected) in [
            ("until = 2026-06-31", 9, 10, "until = |2026-06-31|"),
            ("\tuntil = x # why", 10, 1, "until = |x| # why"),
            ("title = \"Accueil", 17, 1, "title = \"Accueil||"),
            ("title = \"Accueil", 99, 1, "title = \"Accueil||"),
            ("é = 1", 1, 1, "|é| = 1"),
            ("a = \"\u{202e}b\"", 5, 3, "a = |\"\u{fffd}b|\""),
        ] {
            assert_eq!(shown(text, column, width).as_deref(), Some(expected), "{text}");
        }
        for nothing in ["", "  \t "] {
            assert_eq!(shown(nothing, 1, 1), None, "no line, or the line of a secret");
        }
    }

    #[test]
    fn a_long_line_is_cut_round_its_mark() {
        let long = format!("{}X{}", "a".repeat(150), "b".repeat(149));
        let cut = shown(&long, 151, 1).unwrap();
        assert_eq!(cut, format!("…{}|X|{}…", "a".repeat(24), "b".repeat(47)));
        let all = shown(&long, 1, 300).unwrap();
        assert_eq!(all, format!("|{}|…", &long[..72]));
        let end = shown(&long, 300, 1).unwrap();
        assert_eq!(end, format!("…{}|b|", "b".repeat(71)));
    }
}
