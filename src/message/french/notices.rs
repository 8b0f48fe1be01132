//! Pure. French: what is said of changes, new postings, what was missed, digests and absences.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};

use super::super::changed::{Became, Detail, Turn};
use super::super::matter::Why;
use super::super::tongue::{Notices, Tongue as _, row, spelt};
use super::super::worded::Noun;
use super::{French, date, full, hour};
use crate::calendar::Kind;

impl Notices for French {
    fn short(&self, day: NaiveDate, at: Option<NaiveTime>, year: bool) -> String {
        let day = full(day, true, year);
        at.map_or_else(|| day.clone(), |at| format!("{day} à {}", hour(at)))
    }

    fn hours(&self, hours: &[NaiveTime]) -> String {
        let words: Vec<String> = hours.iter().map(|at| format!("à {}", hour(*at))).collect();
        row(&words, "et")
    }

    fn closing(&self, at: Option<NaiveTime>) -> String {
        at.map_or_else(|| "jusqu'à minuit".to_owned(), |at| format!("jusqu'à {}", hour(at)))
    }

    fn changed(&self, turn: &Turn, noun: &Noun, details: &[(Detail, Became)]) -> String {
        let Noun { kind, several, first, inside } = noun;
        // How a participle agrees with what happens; a milestone may be of any gender.
        let agrees = match kind {
            Kind::Deadline | Kind::Start | Kind::End => Some("e"),
            Kind::Interview if *several => Some("s"),
            Kind::Interview => Some(""),
            Kind::Milestone => None,
        };
        let e = agrees.unwrap_or_default();
        let (label, to) = match (turn, agrees) {
            (Turn::Later(to), Some(e)) => return with(&format!("{first} reporté{e} au {to}"), details),
            (Turn::Earlier(to), Some(e)) => return with(&format!("{first} avancé{e} au {to}"), details),
            (Turn::Same, _) => return format!("{first}\u{a0}: {}", detailed(details)),
            (Turn::Later(to) | Turn::Earlier(to) | Turn::Date(to), _) => ("Nouvelle date", Some(to)),
            (Turn::Dates, _) => ("Nouvelles dates", None),
            (Turn::Period, _) => ("Nouvelle période", None),
            (Turn::Hour(to), _) => ("Nouvel horaire", to.as_ref()),
            (Turn::HourToFix, _) => ("Horaire à fixer", None),
            (Turn::Zone, _) => ("Fuseau horaire corrigé", None),
            (Turn::Fixed(Some(to)), _) => ("La date est arrêtée", Some(to)),
            (Turn::Fixed(None), _) => ("Les dates sont arrêtées", None),
            (Turn::HourFixed(to), _) => ("Horaire fixé", to.as_ref()),
            (Turn::Unfixed, _) => ("La date n'est plus arrêtée", None),
            (Turn::ToFix, _) => ("Date à fixer", None),
            (Turn::Cancelled, _) => (&*format!("Annulé{e}"), None),
            (Turn::Removed, _) => (&*format!("Retiré{e} du calendrier"), None),
            (Turn::Restored(to), _) => (&*format!("De nouveau prévu{e}"), to.as_ref()),
        };
        let to = to.map_or_else(String::new, |to| format!(", {to}"));
        with(&format!("{label}\u{a0}: {inside}{to}"), details)
    }

    fn new_posting(&self, heading: &str) -> String {
        format!("Nouveau recrutement\u{a0}: {heading}")
    }

    fn missed(&self, reminders: usize, changes: usize) -> String {
        match (reminders, changes) {
            (1, 0) => "Rappel qui n'a pas pu partir".to_owned(),
            (0, 1) => "Avis de changement qui n'a pas pu partir".to_owned(),
            (reminders, 0) => format!("{reminders} rappels qui n'ont pas pu partir"),
            (0, changes) => format!("{changes} avis de changement qui n'ont pas pu partir"),
            (reminders, changes) => format!("{} messages qui n'ont pas pu partir", reminders + changes),
        }
    }

    fn not_reached(&self, who: &str) -> String {
        format!("{who} ne reçoit pas nos messages")
    }

    fn about(&self, headline: &str, what: &str) -> String {
        format!("{headline}\u{a0}: {what}")
    }

    fn digest(&self, first: NaiveDate, last: NaiveDate, all: bool) -> String {
        let whose = if all { "Tous les recrutements" } else { "Vos recrutements" };
        let ends: Vec<String> =
            spelt(&[first, last]).map(|(day, month, _)| date(day, month, false)).collect();
        format!("{whose} du {}", ends.join(" au "))
    }

    fn failure(&self, why: &Why) -> String {
        match why {
            Why::Lapsed => "l'envoi n'a pas été possible à temps".to_owned(),
            Why::Refused(words) => quoting("refusé par la messagerie", words),
            Why::Held => "peut-être parti, sans certitude\u{a0}; à vérifier".to_owned(),
            Why::Delayed(words) => quoting("pas encore parti", words),
        }
    }

    fn absent(&self, names: &[String], also: bool) -> String {
        match (also, names.len()) {
            (true, 1) => format!("Aussi pour {}, en son absence.", self.list(names)),
            (true, _) => format!("Aussi pour {}, en leur absence.", self.list(names)),
            (false, _) => format!("En l'absence {}.", of(names)),
        }
    }

    fn to_correct(&self, file: &str, line: Option<usize>, others: usize) -> String {
        let place = match (line, others) {
            (None, 0) => String::new(),
            (None, others) => format!(", {} erreurs", others + 1),
            (Some(line), 0) => format!(", ligne {line}"),
            (Some(line), 1) => format!(", ligne {line} (et 1 autre erreur)"),
            (Some(line), others) => format!(", ligne {line} (et {others} autres erreurs)"),
        };
        format!("Fiche à corriger\u{a0}: {file}{place}")
    }

    fn more_errors(&self, others: usize) -> String {
        if others == 1 { "et 1 autre".to_owned() } else { format!("et {others} autres") }
    }

    fn version(&self, day: NaiveDate, today: Option<NaiveTime>, year: bool) -> String {
        today.map_or_else(
            || format!("la version du {}", date(day, true, year)),
            |at| format!("la version d'aujourd'hui, {},", hour(at)),
        )
    }

    fn rest(&self, reminders: usize, notices: usize, other: bool) -> String {
        let news = match (notices, other) {
            (1, true) => "1 autre nouvelle".to_owned(),
            (1, false) => "1 nouvelle".to_owned(),
            (notices, true) => format!("{notices} autres nouvelles"),
            (notices, false) => format!("{notices} nouvelles"),
        };
        match reminders {
            0 => format!("et {news}"),
            1 => format!("avec 1 autre rappel et {news}"),
            reminders => format!("avec {reminders} autres rappels et {news}"),
        }
    }

    fn more_troubles(&self, others: usize) -> String {
        if others == 1 { "et 1 autre problème".to_owned() } else { format!("et {others} autres problèmes") }
    }

    fn why_digest(&self, all: bool) -> Cow<'static, str> {
        Cow::Borrowed(if all {
            "un point régulier sur tous les recrutements est prévu pour vous"
        } else {
            "un point régulier sur vos recrutements est prévu pour vous"
        })
    }

    fn why_absent(&self, names: &[String]) -> String {
        let whose = if names.len() > 1 { "leur" } else { "son" };
        format!("vous prenez le relais {} en {whose} absence", of(names))
    }
}

/// A headline and the details that are otherwise too.
fn with(headline: &str, details: &[(Detail, Became)]) -> String {
    if details.is_empty() { headline.to_owned() } else { format!("{headline}, {}", detailed(details)) }
}

/// « nouveau lieu »; of several details, « nouvelles modalités ».
fn detailed(details: &[(Detail, Became)]) -> &'static str {
    match details {
        [(Detail::Place, Became::Known)] => "lieu fixé",
        [(Detail::Place, Became::Other)] => "nouveau lieu",
        [(Detail::Place, Became::Unknown)] => "lieu à préciser",
        [(Detail::Link, Became::Known)] => "lien ajouté",
        [(Detail::Link, Became::Other)] => "nouveau lien",
        [(Detail::Link, Became::Unknown)] => "lien retiré",
        [(Detail::Panel, Became::Known)] => "jury fixé",
        [(Detail::Panel, Became::Other)] => "nouveau jury",
        [(Detail::Panel, Became::Unknown)] => "jury à préciser",
        _ => "nouvelles modalités",
    }
}

/// A reason, and the words of somebody else if there are any.
fn quoting(reason: &str, words: &str) -> String {
    if words.is_empty() { reason.to_owned() } else { format!("{reason}\u{a0}: «\u{a0}{words}\u{a0}»") }
}

/// « de Camille et d'Élise ».
fn of(names: &[String]) -> String {
    let words: Vec<String> = names
        .iter()
        .map(|name| if elides(name) { format!("d'{name}") } else { format!("de {name}") })
        .collect();
    row(&words, "et")
}

/// Whether « de » loses its vowel before a name: « d'Élise », « d'Hélène », « d'Yves », but « de Yasmine ».
fn elides(name: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    let vowel = |c: char| "aàâäeéèêëiîïoôöuùûüœæ".contains(c);
    match letters.next() {
        Some('h') => true,
        Some('y') => !letters.next().is_some_and(vowel),
        first => first.is_some_and(vowel),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> Vec<NaiveDate> {
        text.split(' ').map(|day| day.parse().unwrap()).collect()
    }

    #[test]
    fn absences_in_words() {
        for (names, expected) in [
            ("Camille Exemple", "En l'absence de Camille Exemple."),
            ("Élise", "En l'absence d'Élise."),
            ("Hélène", "En l'absence d'Hélène."),
            ("Yves", "En l'absence d'Yves."),
            ("Yasmine", "En l'absence de Yasmine."),
            ("Camille, Élise", "En l'absence de Camille et d'Élise."),
        ] {
            let names: Vec<String> = names.split(", ").map(str::to_owned).collect();
            assert_eq!(French.absent(&names, false), expected);
        }
        let names = ["Camille", "Élise"].map(str::to_owned);
        assert_eq!(French.absent(&names[1..], true), "Aussi pour Élise, en son absence.");
        assert_eq!(French.absent(&names, true), "Aussi pour Camille et Élise, en leur absence.");
        assert_eq!(French.why_absent(&names[1..]), "vous prenez le relais d'Élise en son absence");
    }

    #[test]
    fn the_days_of_a_digest_in_words() {
        for (days, expected) in [
            ("2026-06-29 2026-07-12", "Vos recrutements du 29 juin au 12 juillet"),
            ("2026-07-01 2026-07-14", "Vos recrutements du 1er au 14 juillet"),
            ("2026-12-28 2027-01-10", "Vos recrutements du 28 décembre au 10 janvier"),
        ] {
            let days = dates(days);
            assert_eq!(French.digest(days[0], days[1], false), expected);
        }
    }

    #[test]
    fn slips_in_words() {
        assert_eq!(French.to_correct("a.toml", None, 0), "Fiche à corriger\u{a0}: a.toml");
        assert_eq!(French.to_correct("a.toml", None, 1), "Fiche à corriger\u{a0}: a.toml, 2 erreurs");
        let one = French.to_correct("a.toml", Some(12), 1);
        assert_eq!(one, "Fiche à corriger\u{a0}: a.toml, ligne 12 (et 1 autre erreur)");
        assert_eq!([1, 5].map(|others| French.more_errors(others)), ["et 1 autre", "et 5 autres"]);
        let day = dates("2026-06-01")[0];
        assert_eq!(French.version(day, None, false), "la version du 1er juin");
        assert_eq!(French.version(day, None, true), "la version du 1er juin 2026");
        let at = NaiveTime::from_hms_opt(9, 12, 0);
        assert_eq!(French.version(day, at, false), "la version d'aujourd'hui, 9\u{a0}h\u{a0}12,");
    }

    #[test]
    fn what_follows_in_words() {
        assert_eq!(French.rest(0, 1, true), "et 1 autre nouvelle");
        assert_eq!(French.rest(0, 2, false), "et 2 nouvelles");
        assert_eq!(French.rest(2, 1, false), "avec 2 autres rappels et 1 nouvelle");
        assert_eq!(French.missed(0, 2), "2 avis de changement qui n'ont pas pu partir");
        assert_eq!(French.missed(1, 1), "2 messages qui n'ont pas pu partir");
    }
}
