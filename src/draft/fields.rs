//! Pure. What is recruited, by whom, where, and under what contract.
//!
//! Lines are read from the top: a key (« Intitulé du poste : »), a sentence (« X recrute un·e … »), a heading. Nothing is
//! guessed from the middle of a paragraph.

use super::organisations::{institution, introduced, letterhead, repeated, without_article};
use super::roles::Scene;
use super::titles::{Line, heading, names_a_trade, plain, recruits, title, value_of, who_recruits};
use super::words::{Kind, Words, tidy};
use super::{Draft, Found, Quote, quote};
use crate::diagnostic::Language;

/// The language of a text: whose little words it is full of.
pub(super) fn language(words: &Words<'_>) -> Language {
    let (mut french, mut english) = (0, 0);
    for at in 0..words.len().min(4000) {
        match words.fold(at) {
            "le" | "la" | "les" | "et" | "de" | "des" | "du" | "un" | "une" | "pour" | "vous" | "au"
            | "est" | "sur" => french += 1,
            "the" | "and" | "of" | "to" | "for" | "with" | "is" | "will" | "you" | "in" | "by" | "be"
            | "our" => english += 1,
            _ => {}
        }
    }
    if english > french { Language::English } else { Language::French }
}

/// How many lines are looked at.
const TOP: usize = 40;

/// How many lines the head of a letter has.
const HEAD: usize = 5;

/// Keys of titles.
const TITLES: &str = "title|titre du poste|titre|intitule du poste|intitule|poste|job title|position|\
    post title|post|role|roles|vacancy|fonction|emploi|metier|poste a pourvoir|poste propose|intitule de l'emploi|\
    titre de la these|sujet de these|role title|position title|job|emploi propose";
/// Keys of who recruits.
const ORGANISATIONS: &str = "organisation|organization|employeur|employer|structure|entreprise|company|institution|\
    organisme|recruteur|collectivite|etablissement|structure d'accueil|employing organisation|hiring organization";

/// Title, organisation, contract and location.
pub(super) fn fill(scene: &Scene<'_>, draft: &mut Draft) {
    let words = scene.words;
    let lines = top(words);
    let recruiting = lines.iter().enumerate().find_map(|(nth, line)| {
        let found = recruits(&whole(&lines, nth)).filter(|(_, what)| title(what).is_some())?;
        Some((line, found))
    });
    let found = |line: &Line, value: &str| {
        let value = shown(value)?;
        Some(Found { value, quote: of_line(words, line.at), doubts: Vec::new() })
    };
    let keyed = |keys: &str| {
        lines.iter().find_map(|line| {
            let value = value_of(&line.text, keys)?;
            let value = if matches!(value, "" | ">-" | "|" | ">") { words.line(line.at + 1) } else { value };
            Some((line, title(value)?))
        })
    };
    let recruited = recruiting.as_ref().and_then(|(line, (_, what))| Some((*line, title(what)?)));
    let headings = lines.iter().enumerate().filter_map(|(nth, line)| Some((line, heading(&lines, nth)?)));
    // A key, a sentence, a heading: whichever names a trade, in that order.
    let mut titles: Vec<(i32, (&Line, String))> = Vec::new();
    titles.extend(keyed(TITLES).map(|one| (6, one)));
    titles.extend(recruited.map(|one| (5, one)));
    titles.extend(headings.take(25).enumerate().map(|(nth, one)| (if nth == 0 { 3 } else { 2 }, one)));
    let named =
        |(weight, (_, value)): &(i32, (&Line, String))| weight + if names_a_trade(value) { 4 } else { 0 };
    let best = titles.iter().rev().max_by_key(|one| named(one));
    draft.title = best.and_then(|(_, (line, value))| found(line, value));
    let by_key = lines.iter().find_map(|line| Some((line, value_of(&line.text, ORGANISATIONS)?.to_owned())));
    // « …, Lady Margaret / Hall, is seeking »: a name that was broken is not whole.
    let broken = |line: &Line| {
        lines.iter().any(|other| {
            other.at + 1 == line.at
                && other.text.chars().count() > 58
                && !other.text.ends_with(['.', '!', ':', '?'])
        })
    };
    let by_verb = recruiting.as_ref().filter(|(line, _)| !broken(line));
    let by_verb = by_verb.map(|(line, (who, _))| (*line, who.split(", ").next().unwrap_or(who).to_owned()));
    let alone = || lines.iter().find_map(|line| Some((line, who_recruits(&line.text)?)));
    let organisation =
        by_key.or(by_verb).or_else(alone).and_then(|(line, value)| found(line, &without_article(&value)));
    let organisation = organisation.filter(|found| found.value.chars().count() > 1);
    let taken = draft.title.as_ref().map(|title| title.quote.line);
    let head = || {
        let mut first = lines.iter().take(HEAD).filter(|line| Some(line.at + 1) != taken);
        first.find_map(|line| found(line, &letterhead(&line.text)?))
    };
    draft.organisation = organisation.or_else(head).or_else(|| introduced(words)).or_else(|| {
        let named = institution(words);
        // A university is named for itself; of others the name that comes back says more.
        let university = named.as_ref().is_some_and(|one| one.value.to_lowercase().contains("universi"));
        if university { named } else { repeated(words).or(named) }
    });
    draft.contract = contract(words);
    draft.location = location(words);
}

/// A line, and where it was broken in the middle of a sentence the rest of that.
fn whole(lines: &[Line], nth: usize) -> String {
    const WRAPPED: usize = 58;
    let Some(line) = lines.get(nth) else { return String::new() };
    let next =
        lines.get(nth + 1).filter(|next| next.at == line.at + 1 && line.text.chars().count() > WRAPPED);
    let Some(next) = next.filter(|_| !line.text.ends_with(['.', '!', ':', '?'])) else {
        return line.text.clone();
    };
    let sentence = next.text.split(". ").next().unwrap_or_default();
    format!("{} {}", line.text, sentence.trim_end_matches('.'))
}

fn top(words: &Words<'_>) -> Vec<Line> {
    let lines = (0..words.lines.len().min(400)).map(|at| {
        let text = plain(words.line(at));
        words.looked(text.len());
        Line { at, text }
    });
    lines.filter(|line| !line.text.is_empty()).take(TOP).collect()
}

pub(super) fn shown(value: &str) -> Option<String> {
    let value = tidy(value);
    let value: String = value.chars().filter(|c| !crate::diagnostic::is_unsafe(*c)).take(300).collect();
    let value = value.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

fn of_line(words: &Words<'_>, line: usize) -> Quote {
    let span = words.lines.get(line).cloned().unwrap_or_default();
    Quote { words: tidy(words.line(line)), line: line + 1, span }
}

/// « CDD de 9 mois », « CDI », "fixed-term".
fn contract(words: &Words<'_>) -> Option<Found<String>> {
    let mut kind = None;
    for at in 0..words.len() {
        let word = words.fold(at);
        let is_kind = matches!(word, "cdd" | "cdi" | "permanent")
            || matches!((word, words.fold(at + 2)), ("fixed", "term"));
        if !is_kind {
            continue;
        }
        let to = at + if word == "fixed" { 3 } else { 1 };
        let length = (to..to + 5).find(|at| {
            matches!(words.fold(*at), "mois" | "an" | "ans" | "months" | "years" | "year")
                && words.number(at - 1).is_some()
        });
        let length = length.filter(|end| *end > to && words.get(*end).line == words.get(at).line);
        if let Some(end) = length {
            let close =
                end + 1 + usize::from(words.is(end + 1, ')') && (to..end).any(|at| words.is(at, '(')));
            return Some(Found {
                value: shown(&words.said(at, close))?,
                quote: quote(words, at, close),
                doubts: Vec::new(),
            });
        }
        kind = kind.or_else(|| {
            Some(Found {
                value: shown(&words.said(at, to))?,
                quote: quote(words, at, to),
                doubts: Vec::new(),
            })
        });
    }
    kind
}

/// « Lieu de travail : Besançon », « Poste basé à Crest », "based in".
fn location(words: &Words<'_>) -> Option<Found<String>> {
    for at in 0..words.len() {
        let (word, next) = (words.fold(at), words.fold(at + 1));
        let from = match (word, next) {
            ("lieu" | "localisation" | "location" | "localite", ":" | "|")
            | ("base" | "basee" | "situe", "a" | "au" | "aux")
            | ("based", "in" | "at") => at + 2,
            ("lieu", "de" | "d")
                if matches!(words.fold(at + 2), "travail" | "exercice")
                    && (words.is(at + 3, ':') || words.is(at + 3, '|')) =>
            {
                at + 4
            }
            ("lieu", "d") if words.is(at + 4, ':') => at + 5,
            _ => continue,
        };
        // « basé à » without a post may be where the organisation is.
        let keyed = words.is(from - 1, ':') || words.is(from - 1, '|');
        let post = (at.saturating_sub(4)..at).any(|at| {
            matches!(words.fold(at), "poste" | "post" | "position" | "role" | "job" | "travail" | "be")
        });
        let begins = words.get(at).gap >= super::words::Gap::Line
            || at > 0 && matches!(words.get(at - 1).kind, Kind::Mark(_));
        if !(keyed && begins || post) {
            continue;
        }
        let line = words.get(from).line;
        let mut to = from;
        while to < from + 14 && to < words.len() && words.get(to).line == line {
            let stops = match words.get(to).kind {
                Kind::Mark('.' | ';' | '|' | '\\' | ':') => true,
                Kind::Mark(',') => to > from + 1,
                Kind::Mark('-') => words.get(to).gap > super::words::Gap::None,
                _ if to > from && words.get(to).span.start - words.get(to - 1).span.end >= 3 => true,
                _ => matches!(words.fold(to), "avec" | "possibilite" | "with" | "et" | "and"),
            };
            if stops {
                break;
            }
            to += 1;
        }
        let value = words.said(from, to).trim_matches([',', ' ', '|', '-']).to_owned();
        if !keyed && !words.get(from).capital && words.fold(from) != "l" || value.is_empty() {
            continue;
        }
        return Some(Found { value: shown(&value)?, quote: quote(words, at, to), doubts: Vec::new() });
    }
    None
}
