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
    compagnie|college|universidad|colegio|parc|office|union|agence|chambre|ligue|reseau|collectif|groupement|\
    lycee|hopital|clinique|scop|scic|cinema|festival|conservatoire|archives|region|metropole|ministere|caue|ccas|\
    chu|ehpad|cpie|observatoire|residence|society|trust";
const LAST: &str = "university|museum|theatre|trust|council|college|libraries|library|foundation|society|\
    association|institute|gallery|school|charity|co-operative|cooperative|hospital|centre|\
    orchestra|archive|archives|playhouse|union|cathedral|hospice|network|alliance|federation|\
    authority|agency|cinema|studios|club|academy|laboratory";

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

/// What institutions do in the first sentence about them.
fn speaks_of_itself(verb: &str) -> bool {
    const VERBS: [&str; 13] = [
        "rassemble",
        "regroupe",
        "accueille",
        "propose",
        "gere",
        "federe",
        "emploie",
        "compte",
        "makes",
        "provides",
        "supports",
        "employs",
        "delivers",
    ];
    VERBS.contains(&verb)
}

/// « Villages Vivants est une coopérative »: who speaks of itself, in the first sentence that does.
pub(super) fn introduced(words: &Words<'_>) -> Option<Found<String>> {
    for at in 1..words.len().min(1500) {
        let next = words.fold(at + 1);
        let is = match words.fold(at) {
            "est" => matches!(next, "un" | "une" | "le" | "la" | "l"),
            "is" => matches!(next, "a" | "an" | "the"),
            "sont" => matches!(next, "un" | "une"),
            "was" => matches!(next, "founded" | "set" | "established" | "created"),
            "a" => next == "ete",
            word => speaks_of_itself(word),
        };
        if !is || words.get(at).capital {
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
                    | "quel"
                    | "quelle"
                    | "role"
                    | "post"
                    | "job"
                    | "tu"
                    | "vous"
                    | "nous"
                    | "on"
                    | "chaque"
                    | "what"
                    | "who"
                    | "there"
                    | "here"
                    | "candidate"
            )
        );
        // « Le télétravail est une possibilité »: an article, and no name behind it.
        let common = without_article(name).chars().next().is_some_and(char::is_lowercase)
            && !begins_an_institution(name);
        let alone = count == 1 && words.text.matches(name).take(2).count() < 2;
        if capitals > 0
            && !name.contains(|c: char| c.is_ascii_digit())
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
    // A name goes on in the next line only behind a little word, and not in the next column.
    let goes_on = |at: usize| {
        let blanks = words.get(at).span.start.saturating_sub(words.get(at - 1).span.end);
        words.get(at).gap < Gap::Line && blanks < 3 || words.get(at).gap == Gap::Line && links(at - 1)
    };
    for at in 0..words.len().min(1200) {
        if !capital(at) {
            continue;
        }
        let word = words.fold(at);
        let mut to = at + 1;
        if FIRST.split('|').any(|one| one == word) {
            let mut next = to;
            while next < at + 10 && goes_on(next) && (capital(next) || links(next)) {
                next += 1;
                if capital(next - 1) {
                    to = next;
                }
            }
        }
        let mut from = at;
        if LAST.split('|').any(|one| one == word) && to == at + 1 {
            while from > 0 && at - from < 5 && capital(from - 1) && words.get(from).gap < Gap::Line {
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

/// The head of a letter: one of the first lines, alone, the name of an institution.
pub(super) fn letterhead(line: &str) -> Option<String> {
    let cell = line.split(" | ").next()?;
    let cell = [" — ", " – ", " -- "]
        .iter()
        .find_map(|mark| cell.split_once(mark))
        .map_or(cell, |(name, _)| name)
        .trim();
    let count = cell.split_whitespace().count();
    // Behind a comma, where it is; « Department of X, University of Y » is the university's.
    let cell = cell.split(" (").next().unwrap_or(cell);
    let parts = || cell.split(", ").map(str::trim);
    let university = parts().find(|part| fold(part).starts_with("universit"));
    let cell = university.or_else(|| parts().next()).unwrap_or(cell);
    let folded = fold(cell);
    let mut tokens = folded.split(|c: char| !c.is_alphanumeric()).filter(|token| !token.is_empty());
    let is_sentence = [" est ", " is ", " recrut", " cherch", " pour ", " we ", " au sein "]
        .iter()
        .any(|part| folded.contains(part));
    let is_name = (2..=8).contains(&count)
        && !is_sentence
        && cell.starts_with(char::is_uppercase)
        && !cell.ends_with(['.', ':', ',', '?', '!'])
        && !cell.contains(['@', ':'])
        && !cell.contains(|c: char| c.is_ascii_digit());
    let begins = tokens.next().is_some_and(|first| FIRST.split('|').any(|one| one == first));
    let named = begins
        || tokens.any(|token| {
            LAST.split('|').any(|one| one == token)
                || matches!(
                    token,
                    "university"
                        | "universite"
                        | "union"
                        | "museum"
                        | "musee"
                        | "center"
                        | "partnership"
                        | "board"
                )
        });
    (is_name && named).then(|| cell.to_owned())
}

/// A name of several capitals with which one of the first lines begins, and which the text repeats.
pub(super) fn repeated(words: &Words<'_>) -> Option<Found<String>> {
    let little = |at: usize| {
        matches!(words.fold(at), "de" | "du" | "des" | "d" | "'" | "of" | "the" | "la" | "&" | "-")
    };
    for from in 0..words.len().min(300) {
        let first = words.get(from);
        if first.gap < Gap::Line || first.kind != Kind::Letters || !first.capital || first.line > 14 {
            continue;
        }
        let goes_on = |at: usize| words.get(at).gap < Gap::Line && (words.get(at).capital || little(at));
        let end = (from + 1..from + 9).find(|at| !goes_on(*at)).unwrap_or(from + 9);
        let to = (from + 1..=end).rev().find(|to| words.get(*to - 1).capital)?;
        let name = words.said(from, to);
        let capitals = (from..to).filter(|at| words.get(*at).capital).count();
        let again = words.text.matches(name.as_str()).take(3).count() > 1;
        if capitals > 1 && again && !super::titles::names_a_trade(&name) {
            return Some(Found { value: shown(&name)?, quote: quote(words, from, to), doubts: Vec::new() });
        }
    }
    None
}

/// « Le musée … », « La ville … ».
fn begins_an_institution(name: &str) -> bool {
    name.split([' ', '\'', '’']).nth(1).is_some_and(|word| FIRST.split('|').any(|one| one == fold(word)))
}
