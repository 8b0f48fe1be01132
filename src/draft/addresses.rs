//! Pure. Where candidates write: of all the addresses in a text the one that the words around it call so, not those of
//! contacts, signatures and links left behind.

use super::roles::Scene;
use super::words::{Gap, Kind, Words, tidy};
use super::{Apply, Found, Warning, quote};
use crate::calendar::people::is_address;
use crate::diagnostic::{is_unsafe, say};

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Apply,
    Copy,
    /// Questions.
    Info,
    /// « Contact », which may be either.
    Contact,
}

struct Mailbox {
    at: usize,
    address: String,
    to: Option<Use>,
    score: i32,
    /// It only stands in a link.
    hidden: bool,
}

/// How many addresses are weighed, and how far words reach.
const MOST: usize = 30;
const BEFORE: usize = 60;
const AFTER: usize = 14;

/// Where candidates write, and what should be looked at.
pub(super) fn apply(scene: &Scene<'_>, warnings: &mut Vec<Warning>) -> Option<Apply> {
    let words = scene.words;
    let mut found = mailboxes(scene);
    let mut copied = in_copy_by_name(words, &found);
    let shown = |one: &Mailbox| !one.hidden;
    if found.iter().any(|one| shown(one) && one.to == Some(Use::Apply)) {
        found.retain(shown);
    }
    let best = found
        .iter()
        .filter(|one| one.to == Some(Use::Apply))
        .max_by_key(|one| (one.score, std::cmp::Reverse(one.at)));
    // The only address of a text that names no other way is where one writes.
    let only = || {
        let [one] = &found[..] else { return None };
        (matches!(one.to, None | Some(Use::Contact)) && !elsewhere(words)).then_some(one)
    };
    let best = best.or_else(only)?;
    let sure = best.to == Some(Use::Apply);
    let second = || {
        let near =
            |one: &&Mailbox| one.to == Some(Use::Apply) && one.address != best.address && one.at > best.at;
        let second = found.iter().find(near).filter(|one| joined(words, best.at, one.at))?;
        Some((second.at, second.address.clone(), true))
    };
    copied = copied.filter(|(_, address, _)| *address != best.address);
    let of_copy = found.iter().find(|one| one.to == Some(Use::Copy) && one.address != best.address);
    let cc = of_copy.map(|one| (one.at, one.address.clone(), false)).or(copied).or_else(second);
    let rival = found.iter().find(|one| {
        one.to == Some(Use::Apply)
            && one.address != best.address
            && one.score >= best.score - 4
            && cc.as_ref().is_none_or(|(_, address, _)| *address != one.address)
    });
    let doubt = rival.map(|one| {
        say(
            format!("le texte donne aussi {}, ligne {}", one.address, words.get(one.at).line + 1),
            format!("the text also gives {}, line {}", one.address, words.get(one.at).line + 1),
        )
    });
    let doubt = doubt.or_else(|| {
        (!sure).then(|| {
            say(
                "la seule adresse du texte, qui ne dit pas si c'est là qu'on écrit",
                "the only address of the text, which does not say that one applies there",
            )
        })
    });
    let at = quote(words, best.at, best.at + 1);
    if let Some(doubt) = &doubt {
        warnings.push(Warning { sentence: doubt.clone(), quote: Some(at.clone()) });
    }
    let email = Found { value: best.address.clone(), quote: at, doubts: doubt.into_iter().collect() };
    let cc = cc.map(|(at, value, also)| {
        let also = also
            .then(|| say("candidatures à envoyer aux deux adresses", "applications go to both addresses"));
        Found { value, quote: quote(words, at, at + 1), doubts: also.into_iter().collect() }
    });
    Some(Apply { email, cc, subject: subject(words) })
}

/// How many lines a signature has.
const SIGNATURE: usize = 12;

/// The line below which a mail is signed (RFC 3676, 4.3).
fn signed(words: &Words<'_>) -> usize {
    let lines = words.lines.len();
    let last = (lines.saturating_sub(SIGNATURE)..lines).find(|line| words.line(*line).trim_end() == "--");
    last.unwrap_or(lines)
}

fn mailboxes(scene: &Scene<'_>) -> Vec<Mailbox> {
    let words = scene.words;
    let signed = signed(words);
    let mut found: Vec<Mailbox> = Vec::new();
    for at in (0..words.len()).filter(|at| words.get(*at).kind == Kind::Mailbox).take(MOST) {
        let span = words.get(at).span.clone();
        let address = address(words.text.get(span).unwrap_or_default());
        if !is_address(&address) {
            continue;
        }
        let linked = at > 1 && words.is(at - 1, ':') && words.fold(at - 2) == "mailto";
        let behind =
            linked && (at > 3 && words.is(at - 3, '(') || at > 2 && words.get(at - 2).gap == Gap::None);
        let signature = words.get(at).line > signed;
        let (to, score) = if signature { (Some(Use::Info), 0) } else { used(scene, at) };
        match found.iter_mut().find(|one| one.address.eq_ignore_ascii_case(&address)) {
            Some(one) => {
                let stays = one.to == Some(Use::Apply) && to != Some(Use::Apply);
                if !stays
                    && (score > one.score && to.is_some()
                        || one.to.is_none()
                        || one.to == Some(Use::Info) && to == Some(Use::Apply))
                {
                    (one.to, one.score, one.at) =
                        (to.or(one.to), score, if one.hidden { at } else { one.at });
                }
                one.hidden &= linked && !behind;
            }
            None => found.push(Mailbox { at, address, to, score, hidden: linked && !behind }),
        }
    }
    found
}

/// An address that was spelt out, as it is typed.
fn address(written: &str) -> String {
    let text = tidy(written);
    let text = [
        " at ",
        " AT ",
        " [at] ",
        " (at) ",
        "[at]",
        "(at)",
        " [@] ",
        "[@]",
        "(@)",
        " (a) ",
        "(a)",
        " [a] ",
        "[a]",
        " @ ",
        " (AT) ",
        "(AT)",
        "[AT]",
        " [AT] ",
        "(arobase)",
        "[arobase]",
        " (arobase) ",
        " [arobase] ",
    ]
    .iter()
    .fold(text, |text, at| text.replace(at, "@"));
    text.replace(' ', "").replace(['\u{2010}', '\u{2011}'], "-")
}

/// What the words around an address say it is for.
fn used(scene: &Scene<'_>, at: usize) -> (Option<Use>, i32) {
    let words = scene.words;
    let mut best: Option<(Use, i32)> = None;
    let mut applying = false;
    let mut consider = |found: Option<(Use, i32)>, score: i32| {
        if let Some((to, weight)) = found {
            let score = weight * 4 - score;
            if best.is_none_or(|(_, known)| score > known) {
                best = Some((to, score));
            }
        }
    };
    let here = scene.sentences.get(at);
    let mut cost = 0;
    for before in (at.saturating_sub(BEFORE)..at).rev() {
        let distance = i32::try_from(at - before).unwrap_or(i32::MAX / 8);
        if words.get(before + 1).gap == Gap::Paragraph {
            cost += 6;
        }
        if words.get(before).kind == Kind::Mailbox {
            cost += 5;
        }
        if scene.sentences.get(before) != here
            && scene.sentences.get(before) != scene.sentences.get(before + 1)
        {
            cost += 3;
        }
        // A copy is said right before its address, or by name.
        let found = said(words, before).filter(|(to, _)| *to != Use::Copy || distance <= 10 && cost == 0);
        applying |= matches!(found, Some((Use::Apply, _))) && cost == 0;
        consider(found, distance.min(14) + (distance - 14).max(0) / 3 + cost);
    }
    for after in at + 1..at + 1 + AFTER {
        let next_line = words.get(after).gap >= Gap::Line && words.get(after).capital;
        if scene.sentences.get(after) != here || words.get(after).kind == Kind::Mailbox || next_line {
            break;
        }
        let distance = i32::try_from(after - at).unwrap_or_default();
        let found = said(words, after);
        applying |= matches!(found, Some((Use::Apply, _)));
        consider(found, distance * 2 + 4);
    }
    // "Contact … with a CV": a contact in a sentence that speaks of applications is for them.
    let best = best.map(|(to, score)| (if to == Use::Contact && applying { Use::Apply } else { to }, score));
    best.filter(|(_, score)| *score > -14).map_or((None, -99), |(to, score)| (Some(to), score))
}

/// What a word says of an address.
fn said(words: &Words<'_>, at: usize) -> Option<(Use, i32)> {
    let word = words.fold(at);
    let starts = |list: &[&str]| list.iter().any(|start| word.starts_with(start));
    let next = |word: &str| words.fold(at + 1) == word;
    if matches!(word, "copie" | "cc" | "cci")
        && words.fold(at + 1) != "de"
        && words.fold(at + 1) != "des"
        && words.fold(at + 1) != "du"
        || word == "copy" && matches!(words.fold(at + 1), "to" | ":")
        || word == "copying"
        || word == "copied"
    {
        return Some((Use::Copy, 6));
    }
    if starts(&[
        "renseignement",
        "informal",
        "enquir",
        "inquir",
        "question",
        "complement",
        "discuss",
        "precision",
        "queries",
        "handicap",
        "accessib",
        "adjustment",
        "confidential",
        "request",
    ]) || matches!(
        word,
        "information"
            | "informations"
            | "infos"
            | "info"
            | "query"
            | "details"
            | "rgpd"
            | "gdpr"
            | "referees"
            | "recommendation"
            | "references"
            | "recommandation"
            | "newsletter"
            | "webmaster"
            | "pack"
    ) || word == "plus" && next("d") && words.fold(at + 3).starts_with("info")
    {
        return Some((Use::Info, 6));
    }
    if starts(&["contact", "talk", "visit", "chat"])
        || matches!(
            word,
            "signature" | "cordialement" | "regards" | "sincerely" | "tel" | "telephone" | "phone" | "fax"
        )
    {
        return Some(if word.starts_with("contact") { (Use::Contact, 3) } else { (Use::Info, 3) });
    }
    if starts(&[
        "candidat", "postul", "appl", "envoy", "adress", "transmet", "soumet", "submit", "bewerb", "parvenir",
    ]) || matches!(
        word,
        "cv" | "send"
            | "sent"
            | "motivation"
            | "dossier"
            | "dossiers"
            | "resume"
            | "returned"
            | "return"
            | "ecrivez"
            | "ecrire"
            | "resumes"
            | "vitae"
            | "deposer"
            | "envoi"
            | "returning"
            | "forward"
            | "forwarded"
            | "repondre"
            | "richten"
            | "interessee"
            | "interesse"
            | "recrutement"
            | "reponse"
    ) || word == "email"
        && matches!(
            words.fold(at + 1),
            "your" | "us" | "a" | "cv" | "them" | "it" | "application" | "applications" | "the" | "to"
        )
    {
        return Some((Use::Apply, 5));
    }
    None
}

/// Whether the text sends candidates to a page or a form.
fn elsewhere(words: &Words<'_>) -> bool {
    (0..words.len()).any(|at| {
        matches!(
            (words.fold(at), words.fold(at + 1)),
            ("apply" | "applications", "online")
                | ("en", "ligne")
                | ("on", "line")
                | ("formulaire", _)
                | ("application", "form")
                | ("online", "application")
                | ("via", "le" | "the")
        )
    })
}

/// Whether two addresses are given in one breath: « à A et B », « A (…) et B ».
fn joined(words: &Words<'_>, first: usize, second: usize) -> bool {
    second - first < 40
        && (first + 1..second).any(|at| matches!(words.fold(at), "et" | "and" | "&" | "ou" | "or" | "/"))
        && (first + 1..second).all(|at| !words.is(at, '.') || words.is_glued(at + 1))
}

/// « Avec copie à Hélène Dugué », whose address stands elsewhere.
fn in_copy_by_name(words: &Words<'_>, found: &[Mailbox]) -> Option<(usize, String, bool)> {
    let at = (0..words.len()).find(|at| {
        words.fold(*at) == "copie" && words.fold(at + 1) == "a"
            || words.fold(*at) == "copy" && words.fold(at + 1) == "to"
    })?;
    let mut names = (at + 2..at + 8)
        .take_while(|at| words.get(*at).kind == Kind::Letters)
        .filter(|at| words.get(*at).capital);
    let (first, last) = (names.next()?, names.next()?);
    let (first, last) = (words.fold(first), words.fold(last));
    let theirs = |one: &&Mailbox| {
        let local = one.address.split('@').next().unwrap_or_default().to_lowercase();
        last.len() > 2 && local.contains(last) || first.len() > 3 && local.starts_with(first)
    };
    found.iter().find(theirs).map(|one| (one.at, one.address.clone(), false))
}

/// « Sous l'intitulé suivant : », « objet : », "with the subject line".
fn subject(words: &Words<'_>) -> Option<Found<String>> {
    for at in 0..words.len() {
        let word = words.fold(at);
        let announces = match word {
            "intitule" | "format" => {
                matches!(words.fold(at + 1), "suivant" | ":")
                    && (at.saturating_sub(3)..at).any(|at| matches!(words.fold(at), "sous" | "avec"))
            }
            "objet" => {
                let before = (at.saturating_sub(3)..at).any(|at| {
                    matches!(
                        words.fold(at),
                        "en" | "pour"
                            | "comme"
                            | "preciser"
                            | "precisant"
                            | "indiquant"
                            | "avec"
                            | "mentionnant"
                            | "mail"
                            | "courriel"
                    )
                });
                before && (at + 1..at + 5).any(|at| words.is(at, ':') || words.is(at, '"'))
            }
            "subject" => {
                (at + 1..at + 4).any(|at| words.is(at, ':') || words.is(at, '"'))
                    && (at.saturating_sub(4)..at)
                        .any(|at| matches!(words.fold(at), "with" | "the" | "email" | "as" | "in" | "using"))
            }
            "sujet" => {
                (at + 1..at + 9).any(|at| words.is(at, '"'))
                    && matches!(words.fold(at.saturating_sub(1)), "en" | "comme" | "pour" | "avec")
            }
            "quoting" => words.is(at + 1, '"') || words.is(at + 2, '"'),
            _ => false,
        };
        if !announces {
            continue;
        }
        let Some(mark) = (at + 1..at + 10).find(|at| words.is(*at, ':') || words.is(*at, '"')) else {
            continue;
        };
        let from = mark + 1 + usize::from(words.is(mark, ':') && words.is(mark + 1, '"'));
        let quoted = words.is(from - 1, '"');
        let line = words.get(from).line;
        let end = |at: usize| {
            quoted && words.is(at, '"')
                || !quoted
                    && (words.get(at).line != line || words.is(at, '.') && words.get(at + 1).gap > Gap::None)
        };
        let to =
            (from..(from + 30).min(words.len())).find(|at| end(*at)).unwrap_or((from + 30).min(words.len()));
        let value: String = words.said(from, to).chars().filter(|c| !is_unsafe(*c)).collect();
        let value = value.trim_matches([' ', '"', '«', '»', '“', '”', '[', ']', '\u{a0}']).to_owned();
        if (3..=120).contains(&value.chars().count()) && !value.contains('@') {
            return Some(Found { value, quote: quote(words, from, to), doubts: Vec::new() });
        }
    }
    None
}
