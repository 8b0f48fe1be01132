//! Pure. Where candidates write: of all the addresses in a text the one that the words around it call so, not those of
//! contacts, signatures and links left behind.

use super::roles::Scene;
use super::subjects::subject;
use super::words::{Gap, Kind, Words, tidy};
use super::{Apply, Found, Warning, quote};
use crate::calendar::people::is_address;
use crate::diagnostic::say;

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
    same(words, &mut found);
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
    let parts = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '{' | '}'));
    let mut is_local = true;
    let typed = parts.filter(|part| !part.is_empty()).enumerate().map(|(nth, part)| {
        match part.to_lowercase().as_str() {
            "@" | "at" | "a" | "arobase" | "arobas" | "chez" if nth > 0 && is_local => {
                is_local = false;
                "@".to_owned()
            }
            "dot" | "point" | "punkt" if nth > 0 => ".".to_owned(),
            _ => part.replace(['\u{2010}', '\u{2011}'], "-"),
        }
    });
    typed.collect()
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
        // « Merci de ne pas écrire à ».
        let found = match found {
            Some((Use::Apply, _)) if is_denied(words, before) && cost == 0 => Some((Use::Info, 7)),
            other => other,
        };
        applying |= matches!(found, Some((Use::Apply, _))) && cost == 0;
        consider(found, distance.min(14) + (distance - 14).max(0) / 3 + cost);
    }
    consider(addressed(scene, at), 0);
    let mut bracketed = false;
    for after in at + 1..at + 1 + AFTER {
        bracketed = (bracketed || words.is(after, '(')) && !words.is(after, ')');
        if bracketed {
            continue;
        }
        let next_line = words.get(after).gap >= Gap::Line && words.get(after).capital;
        if scene.sentences.get(after) != here || words.get(after).kind == Kind::Mailbox || next_line {
            break;
        }
        let distance = i32::try_from(after - at).unwrap_or_default();
        // « X, copie à Y » speaks of the next address; « X en copie » of this one.
        let found = said(words, after).filter(|(to, _)| {
            *to != Use::Copy
                || matches!(words.fold(after - 1), "en" | "in")
                    && !matches!(words.fold(after + 1), "a" | "to" | ":")
        });
        applying |= matches!(found, Some((Use::Apply, _)));
        consider(found, distance * 2 + 4);
    }
    // "Contact … with a CV": a contact in a sentence that speaks of applications is for them.
    let best = best.map(|(to, score)| (if to == Use::Contact && applying { Use::Apply } else { to }, score));
    best.filter(|(_, score)| *score > -14).map_or((None, -99), |(to, score)| (Some(to), score))
}

/// Whether a word is denied: « ne pas écrire », "do not send".
fn is_denied(words: &Words<'_>, at: usize) -> bool {
    (at.saturating_sub(3)..at)
        .any(|at| matches!(words.fold(at), "pas" | "not" | "aucune" | "aucun" | "never"))
}

/// "Applications should be sent to:" and below it an address of several lines, the mailbox among them.
fn addressed(scene: &Scene<'_>, at: usize) -> Option<(Use, i32)> {
    let words = scene.words;
    let floor = at.saturating_sub(BEFORE);
    let block = (floor..at).rev().take_while(|before| words.get(before + 1).gap < Gap::Paragraph);
    let colon =
        block.filter(|before| words.is(*before, ':') && words.get(before + 1).gap == Gap::Line).last()?;
    let sentence = scene.sentences.get(colon);
    let before =
        (colon.saturating_sub(30)..colon).rev().take_while(|at| scene.sentences.get(*at) == sentence);
    let mut said = before.filter_map(|at| said(words, at));
    matches!(words.fold(colon - 1), "to" | "a" | "an" | "adresse" | "suivante" | "address")
        .then(|| said.next().filter(|(to, _)| *to == Use::Apply).map(|_| (Use::Apply, 5)))
        .flatten()
}

/// Whether questions are spoken of that somebody may have, not those that candidates answer.
fn asks(words: &Words<'_>, at: usize) -> bool {
    let before = words.fold(at.saturating_sub(1));
    words.get(at).gap >= Gap::Line
        || matches!(
            words.fold(at + 1),
            "?" | ":" | "," | "please" | "about" | "sur" | "relative" | "relatives"
        )
        || matches!(
            before,
            "any"
                | "for"
                | "with"
                | "further"
                | "toute"
                | "toutes"
                | "une"
                | "des"
                | "vos"
                | "have"
                | "pour"
                | "other"
                | "autre"
                | "autres"
                | "."
                | "technical"
                | "specific"
                | "your"
        )
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
            | "dpo"
            | "personnelles"
            | "recommendation"
            | "recommandation"
            | "newsletter"
            | "webmaster"
            | "webinar"
            | "webinaire"
            | "rsvp"
            | "presse"
            | "technical"
            | "technique"
            | "reservation"
            | "reservations"
            | "adhesion"
            | "adhesions"
            | "unsubscribe"
    ) || word == "sign" && next("up")
        || word == "pack"
            && matches!(words.fold(at.saturating_sub(1)), "application" | "recruitment" | "candidate")
        || word.starts_with("question") && asks(words, at)
        || word == "references"
            && matches!(words.fold(at + 1), "must" | "should" | "will" | "are" | "to" | ":")
        || word == "plus" && next("d") && words.fold(at + 3).starts_with("info")
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
        "candidat", "postul", "appl", "envoy", "envoie", "ecris", "deposez", "remett", "proposer", "adress",
        "transmet", "soumet", "submit", "bewerb", "parvenir",
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
    ) || word == "post" && matches!(words.fold(at + 1), "it" | "them")
        || (word == "email" || word == "mail" && words.fold(at.saturating_sub(2)) == "e")
            && matches!(
                words.fold(at + 1),
                "one"
                    | "letter"
                    | "resume"
                    | "cover"
                    | "your"
                    | "us"
                    | "a"
                    | "cv"
                    | "them"
                    | "it"
                    | "application"
                    | "applications"
                    | "the"
                    | "to"
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
                | ("formulaire" | "plateforme" | "portail" | "portal", _)
                | ("application", "form")
                | ("online", "application")
                | ("via", "le" | "the")
        )
    })
}

/// "Completed applications go to the same address": the one before.
fn same(words: &Words<'_>, found: &mut [Mailbox]) {
    for at in 0..words.len() {
        let same = matches!((words.fold(at), words.fold(at + 1)), ("same", "address") | ("meme", "adresse"));
        let applying = (at.saturating_sub(12)..at).any(|at| matches!(said(words, at), Some((Use::Apply, _))));
        if let Some(one) = found.iter_mut().rev().find(|one| one.at < at).filter(|_| same && applying) {
            (one.to, one.score) = (Some(Use::Apply), one.score.max(0));
        }
    }
}

/// Whether two addresses are given in one breath: « à A et B », « A (…) et B ».
fn joined(words: &Words<'_>, first: usize, second: usize) -> bool {
    // « Aux deux adresses suivantes : A ; B ».
    let both = (first.saturating_sub(10)..first)
        .any(|at| matches!(words.fold(at), "adresses" | "addresses" | "both" | "deux"));
    if both && (first + 1..second).all(|at| words.get(at).kind != Kind::Letters) {
        return true;
    }
    // « A, B ».
    if second - first <= 2 && (first + 1..second).all(|at| matches!(words.fold(at), "," | ";" | "/" | "&")) {
        return true;
    }
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
