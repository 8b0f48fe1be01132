//! Pure. A candidate who is named: « Jeanne Dupont », an address, a telephone number. Postings are read, copied and mailed
//! by more people than should know who applied; a code is enough (GDPR art. 5.1 c).

use super::{Seen, live};
use crate::calendar::written::{WEEKDAYS, month};
use crate::calendar::{Event, Kind, Posting};
use crate::diagnostic::{Problem, Words, say};

pub(super) fn warnings(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    let interviews = live(posting).filter(|event| event.kind == Kind::Interview);
    interviews.filter_map(|event| of_event(seen, posting, event)).collect()
}

fn of_event(seen: &Seen<'_>, posting: &Posting, event: &Event) -> Option<Problem> {
    let candidate = event.candidate.as_deref().map(|text| ("candidate", text, true));
    let name = event.name.as_deref().map(|text| ("name", text, false));
    let label = event.label.as_deref().map(|text| ("label", text, false));
    let (key, what) = [candidate, name, label].into_iter().flatten().find_map(|(key, text, whole)| {
        let found = if has_address(text) {
            Some(say("une adresse", "an address"))
        } else if has_telephone(text) {
            Some(say("un numéro de téléphone", "a telephone number"))
        } else {
            (whole && is_name(text)).then(|| say("un nom", "a name"))
        };
        Some((key, found?))
    })?;
    let Words { fr, en } = what;
    let sentence = say(
        format!("« {key} » ressemble à {fr}\u{a0}: une fiche n'a pas à dire qui est candidat"),
        format!("`{key}` looks like {en}: a posting need not say who applies"),
    );
    let remedy = say(
        "écrivez un code, par exemple candidate = \"C-014\", et gardez les noms ailleurs",
        "write a code, for instance candidate = \"C-014\", and keep the names elsewhere",
    );
    Some(seen.about(posting, event, &[key], "candidate-named", sentence, remedy))
}

fn has_address(text: &str) -> bool {
    let dotted = |domain: &str| domain.trim_matches('.').contains('.');
    text.split(|c: char| c.is_whitespace() || "<>(),;:\"".contains(c))
        .filter_map(|word| word.split_once('@'))
        .any(|(local, domain)| !local.is_empty() && dotted(domain))
}

/// Nine digits and more that only such signs part as stand in a number, in a French or an international beginning.
fn has_telephone(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || " .-/()\u{a0}\u{202f}+".contains(c);
    text.split(|c| !is_part(c)).any(|run| {
        let run = run.trim_start_matches(|c: char| !c.is_ascii_digit() && c != '+');
        let digits = run.chars().filter(char::is_ascii_digit).count();
        let abroad = run.starts_with('+') || run.starts_with("00");
        let home = run.starts_with('0') && digits == 10 && !run.contains('-');
        let parted = run.starts_with('0') && digits == 10 && run.matches('-').count() == 4;
        (abroad && digits >= 9) || home || parted
    })
}

/// Two to four words and nothing else, each beginning with a capital or a particle: « Jeanne Dupont », « J. de la Tour »,
/// « DUPONT Jeanne ». Words that speak of applications, days and months are nobody's.
fn is_name(text: &str) -> bool {
    const PARTICLES: [&str; 12] =
        ["de", "du", "des", "la", "le", "van", "von", "den", "der", "el", "ben", "d'"];
    const COMMON: [&str; 14] = [
        "candidat",
        "candidate",
        "candidats",
        "candidature",
        "candidatures",
        "dossier",
        "applicant",
        "application",
        "profil",
        "numéro",
        "groupe",
        "group",
        "code",
        "ref",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &str| word.trim_matches(['.', ',']).to_lowercase();
    let is_capital = |word: &str| {
        let letters = word.trim_matches(['.', ',']);
        letters.chars().next().is_some_and(char::is_uppercase)
            && letters.chars().all(|c| c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))
    };
    let is_particle = |word: &str| PARTICLES.contains(&plain(word).as_str()) || plain(word).starts_with("d'");
    let is_common = |word: &str| {
        let word = plain(word);
        COMMON.contains(&word.as_str())
            || month(&word).is_some()
            || WEEKDAYS.iter().any(|names| names.contains(&word.as_str()))
    };
    let capitals = words.iter().filter(|word| is_capital(word)).count();
    // « C B » and « JD 2 » are codes; somebody's name has a word of some length.
    let long = words.iter().any(|word| is_capital(word) && word.chars().count() > 2);
    (2..=5).contains(&words.len())
        && capitals >= 2
        && long
        && words.iter().all(|word| is_capital(word) || is_particle(word))
        && !words.iter().any(|word| is_common(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_codes() {
        for name in [
            "Jeanne Dupont",
            "DUPONT Jeanne",
            "Jean-Pierre Lefèvre",
            "J. Dupont",
            "Marie de la Tour",
            "Élodie D'Arc",
            "Ana María López",
            "Dupont, Jeanne",
            "N'Golo Kanté",
        ] {
            assert!(is_name(name), "{name}");
        }
        for code in [
            "C-12",
            "C-014",
            "JD",
            "J. D.",
            "candidature 3",
            "Candidature B",
            "Candidat A",
            "Dossier Bleu",
            "2026-07-A",
            "lot 4 Paris",
            "A B",
            "Camille",
            "Lundi Matin",
            "le troisième dossier",
            "Groupe Nord",
            "",
        ] {
            assert!(!is_name(code), "{code}");
        }
    }

    #[test]
    fn addresses_and_telephones_are_found_within_a_text() {
        for text in ["jeanne@example.org", "Jeanne <j.d@example.org>", "écrire à a+b@mail.example.org."] {
            assert!(has_address(text), "{text}");
        }
        for text in ["@lot", "C@12", "9h@Crest", "jeanne@", "à @example.org"] {
            assert!(!has_address(text), "{text}");
        }
        for text in [
            "06 12 34 56 78",
            "06.12.34.56.78",
            "0612345678",
            "06-12-34-56-78",
            "+33 6 12 34 56 78",
            "tél. +33 (0)6 12 34 56 78",
            "0033612345678",
            "06\u{a0}12\u{a0}34\u{a0}56\u{a0}78",
        ] {
            assert!(has_telephone(text), "{text}");
        }
        for text in [
            "C-014",
            "2026-07-06",
            "6 et 7 juillet 2026",
            "26000",
            "0475 25",
            "1234567890123",
            "2026 07 06 12",
        ] {
            assert!(!has_telephone(text), "{text}");
        }
    }
}
