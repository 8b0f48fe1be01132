//! Dates that are not fixed yet: « fin juin », « septembre 2027 », "early summer". They are kept in the words of whoever
//! wrote them, as the label of a date that is still to be written.

use super::dates::words;
use super::said::MONTHS;
use crate::calendar::slug::slug;

/// What may stand beside the name of a month, a season or a week.
const BESIDE: &str = "debut mi fin milieu courant vers environ premiere seconde deuxieme derniere quinzaine moitie \
    mois et ou early mid late beginning start middle end around about during half first second last \
    or and la en";

const SEASONS: &str = "printemps ete automne hiver rentree spring summer autumn winter";

fn among(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// The text, if it says a time of the year and no day: to be said in mails as it is.
#[must_use]
pub(super) fn label(text: &str) -> Option<String> {
    let words = words(text);
    let mut words = words.iter().flat_map(|word| word.split('-')).peekable();
    let (mut says_when, mut week) = (false, false);
    while let Some(word) = words.next() {
        let is_month =
            || MONTHS.iter().any(|(fr, en)| [fr, en].iter().any(|name| slug(name).as_deref() == Some(word)));
        let is_year = || word.len() == 4 && word.chars().all(|c| c.is_ascii_digit());
        if matches!(word, "semaine" | "week") {
            // « semaine 27 »
            let number = |word: &&str| word.len() <= 2 && word.chars().all(|c| c.is_ascii_digit());
            week = words.next_if(number).is_some();
            says_when |= week;
        } else if week && is_month() {
            // « la semaine du 6 juillet » has a day in it.
            return None;
        } else if among(SEASONS, word) || is_month() {
            says_when = true;
        } else if !is_year() && !among(BESIDE, word) {
            return None;
        }
    }
    says_when.then(|| text.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_the_year_without_a_day_is_a_label() {
        for text in [
            "fin juin",
            "Fin juin 2027",
            "mi-juin",
            "septembre 2027",
            "début septembre",
            "juin ou juillet 2027",
            "à la rentrée",
            "semaine 27",
            "en été",
            "mid-June 2027",
            "late summer",
            "in September",
        ] {
            assert_eq!(label(text).as_deref(), Some(text));
        }
        for text in [
            "",
            "2027",
            "semaine",
            "demain",
            "28 juin",
            "la semaine du 6 juillet",
            "à définir",
            "juin 28",
            "fin",
            "lundi",
        ] {
            assert_eq!(label(text), None, "{text}");
        }
        assert_eq!(label("  fin \u{a0} juin ").as_deref(), Some("fin juin"));
    }
}
