//! Pure. Under which subject candidates write: « avec pour objet : », "with the subject line". A text that has no address
//! near says none, and the head of a mail or a letter (« Objet : ») is none.

use super::sentences::sentences;
use super::words::{Gap, Kind, Words};
use super::{Found, quote};
use crate::diagnostic::is_unsafe;

/// How far an address may stand, in words, and how long a subject may be.
const NEAR: usize = 60;
const LONGEST: usize = 30;
/// How many words may stand between what announces a subject and the subject.
const APART: usize = 9;

/// How a subject is announced.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    /// By its name: a quotation, what stands behind a colon, a code.
    Subject,
    /// As a reference: the same, but one that the sentence names.
    Reference,
    /// As something to be mentioned: only what is quoted, or behind a colon.
    Mention,
}

/// Under which subject candidates write.
pub(super) fn subject(words: &Words<'_>) -> Option<Found<String>> {
    let mut list = None;
    for at in 0..words.len() {
        let Some((kind, to)) = announces(words, at) else { continue };
        let near = at.saturating_sub(NEAR)..at + NEAR;
        if !near.clone().any(|at| words.get(at).kind == Kind::Mailbox) {
            continue;
        }
        let sentences = list.get_or_insert_with(|| sentences(words));
        let quoted = behind(words, to).or_else(|| {
            let named = kind == Announced::Subject;
            named.then(|| before(words, sentences, at).or_else(|| code_before(words, at))).flatten()
        });
        let stretch = quoted
            .or_else(|| after_colon(words, to, at))
            .or_else(|| (kind != Announced::Mention).then(|| code(words, to)).flatten());
        let Some((from, to)) = stretch else { continue };
        let said: String = words.said(from, to).chars().filter(|c| !is_unsafe(*c)).collect();
        let value = said.trim_matches([' ', '"', '«', '»', '“', '”', '\'', '\u{a0}', ',', '*', '_']);
        let whole = value.strip_prefix('[').and_then(|value| value.strip_suffix(']'));
        let value = whole.filter(|value| !value.contains(['[', ']'])).unwrap_or(value).to_owned();
        if (2..=120).contains(&value.chars().count()) && !value.contains('@') {
            return Some(Found { value, quote: quote(words, from, to), doubts: Vec::new() });
        }
    }
    None
}

/// What announces a subject here, and where that ends.
fn announces(words: &Words<'_>, at: usize) -> Option<(Announced, usize)> {
    use Announced::{Mention, Reference, Subject};
    let next = words.fold(at + 1);
    let back = |n: usize| if at >= n { words.fold(at - n) } else { "" };
    let earlier = |list: &[&str]| (1..=4).any(|n| list.contains(&back(n)));
    // « du mail », « de votre message », "of your e-mail".
    let of_mail = || {
        (at + 1..at + 7)
            .any(|at| matches!(words.fold(at), "mail" | "message" | "courriel" | "mel" | "email" | "envoi"))
    };
    // « Objet : » at the head of a letter, "Subject:" at that of a mail.
    let heads = || words.get(at).gap >= Gap::Line || words.fold(at) == "subject" && back(1) == "-";
    match words.fold(at) {
        "objet" | "sujet" => {
            let purpose =
                back(1) == "pour" && matches!(back(2), "a" | "ont" | "ayant" | "eu") || next == "social";
            let topic = matches!(back(1), "au" | "ce" | "du") || matches!(next, "de" | "d") && !of_mail();
            (!purpose && !topic && (!heads() || of_mail())).then_some((Subject, at + 1))
        }
        "intitule" | "titre" | "format" => {
            (of_mail() || earlier(&["sous", "avec"]) && next != "de").then_some((Subject, at + 1))
        }
        "libelle" => earlier(&["sous", "avec"]).then_some((Subject, at + 1)),
        "subject" => {
            let line = matches!(next, "line" | "heading" | "header" | "field" | "title" | "box");
            let governed = earlier(&["with", "as", "in", "under", "use", "using", "email", "the", "your"]);
            let other =
                matches!(next, "to" | "matter" | "area" | "areas" | "specialist" | "leader" | "knowledge");
            (!other && !heads() && (line || governed || words.is(at + 1, ':')))
                .then_some((Subject, at + 1 + usize::from(line)))
        }
        "head" | "title" | "label" | "mark" => {
            let yours = matches!(next, "your" | "the" | "it");
            let mail = (at + 2..at + 5)
                .find(|at| matches!(words.fold(*at), "mail" | "email" | "message" | "application"));
            mail.filter(|_| yours).map(|at| (Subject, at + 1))
        }
        "quoting" => Some((Reference, at + 1)),
        "quote" if matches!(next, "ref" | "reference" | "the" | "job" | "vacancy" | "code") => {
            Some((Reference, at + 1))
        }
        "mention" => earlier(&["avec", "la", "portant", "porter", "sous"]).then_some((Mention, at + 1)),
        "mentionnant" | "indiquant" | "precisant" | "inscrivant" | "headed" | "marked" | "titled"
        | "labelled" | "labeled" => Some((Mention, at + 1)),
        "reference" | "references" | "ref" | "numero" | "vacancynumber" => {
            let recalled = matches!(words.fold(at + 2), "rappeler" | "mentionner" | "indiquer" | "preciser")
                || earlier(&[
                    "rappeler",
                    "rappelant",
                    "rappelez",
                    "mentionner",
                    "mentionnant",
                    "mention",
                    "sous",
                ]);
            recalled.then_some((Reference, at + 1))
        }
        _ => None,
    }
}

/// What is quoted behind a word, within its sentence.
fn behind(words: &Words<'_>, from: usize) -> Option<(usize, usize)> {
    for at in from..(from + APART).min(words.len()) {
        if words.is(at, '"') && !words.is_glued(at + 1) || words.is(at, '"') {
            return closed(words, at + 1, |at| words.is(at, '"'));
        }
        // 'Like this': no apostrophe.
        if words.is(at, '\'') && !words.is_glued(at) && words.is_glued(at + 1) {
            return closed(words, at + 1, |at| {
                words.is(at, '\'') && (!words.is_glued(at + 1) || words.get(at + 1).kind != Kind::Letters)
            });
        }
        let over = words.get(at).kind == Kind::Mailbox
            || words.is(at, '.') && !words.is_glued(at + 1)
            || words.get(at).gap == Gap::Paragraph && !words.is(at - 1, ':');
        if over {
            return None;
        }
    }
    None
}

fn closed(words: &Words<'_>, from: usize, ends: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
    let to = (from..(from + LONGEST).min(words.len())).find(|at| ends(*at))?;
    (to > from).then_some((from, to))
}

/// « Mets « X » dans l'objet », "with "X" as the subject".
fn before(words: &Words<'_>, sentences: &[u32], at: usize) -> Option<(usize, usize)> {
    let close = (at.saturating_sub(6)..at).rev().find(|at| words.is(*at, '"'))?;
    let same = sentences.get(close) == sentences.get(at);
    let between = (close + 1..at)
        .all(|at| words.get(at).kind == Kind::Letters || words.is(at, '\'') || words.is(at, ','));
    let open = (close.saturating_sub(LONGEST)..close).rev().find(|at| words.is(*at, '"'))?;
    (same && between && close > open + 1).then_some((open + 1, close))
}

/// "With VDO in the subject line".
fn code_before(words: &Words<'_>, at: usize) -> Option<(usize, usize)> {
    let mut last = at;
    while last > 0
        && at - last < 4
        && matches!(words.fold(last - 1), "in" | "as" | "the" | "your" | "en" | "dans" | "comme" | "l" | "'")
    {
        last -= 1;
    }
    let from = (last.saturating_sub(8)..last).rev().find(|from| !words.is_glued(*from))?;
    let announced = from > 0
        && matches!(
            words.fold(from - 1),
            "with" | "put" | "quoting" | "quote" | "use" | "mettre" | "indiquer" | "mettez"
        );
    code(words, from).filter(|(_, to)| announced && *to == last && last < at)
}

/// What stands behind a colon, up to the end of its line, its sentence or its brackets.
fn after_colon(words: &Words<'_>, from: usize, cue: usize) -> Option<(usize, usize)> {
    let colon = (from..from + APART)
        .take_while(|at| {
            matches!(words.get(*at).kind, Kind::Letters | Kind::Mark('\'' | ':' | '-'))
                && words.get(*at).gap < Gap::Paragraph
        })
        .find(|at| words.is(*at, ':'))?;
    let first = colon + 1;
    let line = words.get(first).line;
    let bracketed = (cue.saturating_sub(8)..cue).rev().find_map(|at| match words.get(at).kind {
        Kind::Mark('(') => Some(true),
        Kind::Mark(')') => Some(false),
        _ => None,
    });
    let ends = |at: usize| {
        words.get(at).line != line
            || words.is(at, ';')
            || words.is(at, '.') && !words.is_glued(at + 1)
            || words.is(at, ')') && bracketed == Some(true)
            || words.get(at).kind == Kind::Mailbox
    };
    let last = (first + LONGEST).min(words.len());
    let to = (first..last).find(|at| ends(*at)).unwrap_or(last);
    (to > first && words.get(first).line <= words.get(colon).line + 1).then_some((first, to))
}

/// « POWS/26 », "NSC": a code right behind, perhaps behind « la », "number".
fn code(words: &Words<'_>, from: usize) -> Option<(usize, usize)> {
    let mut at = from;
    while at < from + 4
        && matches!(
            words.fold(at),
            "the"
                | "la"
                | "le"
                | "reference"
                | "ref"
                | "vacancy"
                | "job"
                | "number"
                | "code"
                | "no"
                | "numero"
                | "n"
                | "suivante"
                | "suivant"
                | "post"
                | "vacancynumber"
                | "°"
                | "of"
                | "with"
                | "."
                | "as"
        )
    {
        at += 1;
    }
    let piece = |at: usize| match words.get(at).kind {
        Kind::Letters => words.get(at).capital,
        Kind::Number(_) => true,
        _ => false,
    };
    if !piece(at) {
        return None;
    }
    let mut to = at + 1;
    while to < at + 9 && words.is_glued(to) && (piece(to) || words.is_glued(to + 1) && piece(to + 1)) {
        to += 1;
    }
    let text = words.said(at, to);
    let coded =
        text.chars().any(|c| c.is_ascii_digit()) || text.len() > 1 && !text.chars().any(char::is_lowercase);
    coded.then_some((at, to))
}
