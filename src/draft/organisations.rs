//! Pure. Who recruits, where neither a key nor « X recrute » says so: who speaks of itself, else the first institution
//! that is named.

use super::fields::shown;
use super::titles::fold;
use super::words::{Gap, Kind, Words};
use super::{Found, quote};

/// Words with which the name of an institution begins, and those with which it ends.
const FIRST: &str = "universite|university|musee|museum|theatre|association|fondation|foundation|mairie|\
    ville|commune|communaute|departement|conseil|ecole|institut|institute|laboratoire|\
    cooperative|centre|maison|federation|syndicat|orchestre|opera|mediatheque|bibliotheque|\
    compagnie|college|universidad|colegio|parc";
const LAST: &str = "university|museum|theatre|trust|council|college|libraries|library|foundation|society|\
    association|institute|gallery|school|charity|co-operative|cooperative|hospital|centre|\
    orchestra|archive|archives";

/// « La CRESS » is called CRESS; « Le Labo » keeps its article.
pub(super) fn without_article(name: &str) -> String {
    let name = name.trim().trim_end_matches(['!', ',', ':', '-', ' ']);
    let rest = ["La ", "Le ", "L'", "L’", "Les ", "The ", "l’", "l'"]
        .iter()
        .find_map(|article| name.strip_prefix(article));
    match rest {
        Some(rest) => {
            let first = rest.split(' ').next().unwrap_or_default();
            let acronym = first.chars().filter(|c| c.is_uppercase()).count() > 1
                && !first.chars().any(char::is_lowercase);
            let common = rest.chars().next().is_some_and(char::is_lowercase);
            let rest = rest.strip_prefix("association ").unwrap_or(rest);
            if acronym || common { rest.to_owned() } else { name.to_owned() }
        }
        None => name.to_owned(),
    }
}

/// « Villages Vivants est une coopérative »: who speaks of itself, in the first sentence that does.
pub(super) fn introduced(words: &Words<'_>) -> Option<Found<String>> {
    for at in 1..words.len().min(1500) {
        let is = matches!(
            (words.fold(at), words.fold(at + 1)),
            ("est", "un" | "une" | "le" | "la" | "l") | ("is", "a" | "an" | "the") | ("sont", "un" | "une")
        );
        if !is {
            continue;
        }
        let mut from = at;
        while from > 0 && at - from < 10 {
            let before = words.get(from - 1);
            let stops = matches!(before.kind, Kind::Mark(',' | '.' | ':' | ';' | '!' | '?' | '•' | '>'))
                || words.get(from).gap >= Gap::Paragraph;
            if stops {
                break;
            }
            from -= 1;
        }
        let name = words.said(from, at);
        let name = ["l’association ", "l'association ", "L'association ", "L’association "]
            .iter()
            .find_map(|head| name.strip_prefix(head))
            .unwrap_or(&name);
        let capitals =
            name.split([' ', '-']).filter(|word| word.chars().next().is_some_and(char::is_uppercase)).count();
        let count = name.split_whitespace().count();
        let vague = matches!(
            fold(name).split(' ').next(),
            Some(
                "ce" | "cette"
                    | "il"
                    | "elle"
                    | "this"
                    | "it"
                    | "the"
                    | "poste"
                    | "votre"
                    | "notre"
                    | "our"
                    | "your"
                    | "mission"
            )
        );
        // « Le télétravail est une possibilité »: an article, and no name behind it.
        let common = without_article(name).chars().next().is_some_and(char::is_lowercase)
            && !begins_an_institution(name);
        let alone = count == 1 && words.text.matches(name).take(2).count() < 2;
        if capitals > 0
            && count <= 8
            && !common
            && !alone
            && !vague
            && name.chars().next().is_some_and(char::is_uppercase)
        {
            return Some(Found {
                value: shown(&without_article(name))?,
                quote: quote(words, from, at),
                doubts: Vec::new(),
            });
        }
    }
    None
}

/// « Université de Lausanne », "Leeds University", « musée du Trièves »: the first institution that is named.
pub(super) fn institution(words: &Words<'_>) -> Option<Found<String>> {
    let capital = |at: usize| words.get(at).kind == Kind::Letters && words.get(at).capital;
    let links = |at: usize| {
        matches!(
            words.fold(at),
            "of" | "de"
                | "d"
                | "du"
                | "des"
                | "la"
                | "le"
                | "les"
                | "l"
                | "'"
                | "-"
                | "the"
                | "at"
                | "and"
                | "et"
                | "&"
                | "in"
        )
    };
    for at in 0..words.len().min(1200) {
        if !capital(at) {
            continue;
        }
        let word = words.fold(at);
        let mut to = at + 1;
        if FIRST.split('|').any(|one| one == word) {
            let mut next = to;
            while next < at + 10 && words.get(next).gap < Gap::Paragraph && (capital(next) || links(next)) {
                next += 1;
                if capital(next - 1) {
                    to = next;
                }
            }
        }
        let mut from = at;
        if LAST.split('|').any(|one| one == word) && to == at + 1 {
            while from > 0 && at - from < 5 && capital(from - 1) && words.get(from).gap < Gap::Paragraph {
                from -= 1;
            }
        }
        if to - from > 1 {
            return Some(Found {
                value: shown(&words.said(from, to))?,
                quote: quote(words, from, to),
                doubts: Vec::new(),
            });
        }
    }
    None
}

/// « Le musée … », « La ville … ».
fn begins_an_institution(name: &str) -> bool {
    name.split([' ', '\'', '’']).nth(1).is_some_and(|word| FIRST.split('|').any(|one| one == fold(word)))
}
