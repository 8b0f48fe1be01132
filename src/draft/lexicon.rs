//! Pure. The words dates are made of: months, days of the week, ordinals, the words between two dates and those
//! before one. French and English whole; of German and Spanish what a posting's dates need.

use chrono::Weekday;

/// The number of a month by its name, whole or cut short, in lower case and without accents.
pub(super) fn month(word: &str) -> Option<u8> {
    Some(match word {
        "janvier" | "janv" | "jan" | "january" | "januar" | "janner" | "enero" => 1,
        "fevrier" | "fevr" | "fev" | "f?vrier" | "february" | "feb" | "februar" | "febrero" => 2,
        "mars" | "march" | "mar" | "marz" | "maerz" | "marzo" => 3,
        "avril" | "avr" | "april" | "apr" | "abril" => 4,
        "mai" | "may" | "mayo" => 5,
        "juin" | "june" | "jun" | "juni" | "junio" => 6,
        "juillet" | "juil" | "juill" | "jul" | "july" | "juli" | "julio" => 7,
        "aout" | "ao?t" | "august" | "aug" | "agosto" => 8,
        "septembre" | "sept" | "sep" | "september" | "septiembre" | "setiembre" => 9,
        "octobre" | "oct" | "october" | "oktober" | "okt" | "octubre" => 10,
        "novembre" | "nov" | "november" | "noviembre" => 11,
        "decembre" | "dec" | "d?cembre" | "december" | "dezember" | "dez" | "diciembre" => 12,
        _ => return None,
    })
}

/// The day of the week by its name, whole or cut short.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "lundi" | "lun" | "monday" | "mon" | "montag" | "lunes" => Weekday::Mon,
        "mardi" | "mar" | "tuesday" | "tue" | "tues" | "dienstag" | "martes" => Weekday::Tue,
        "mercredi" | "mer" | "merc" | "wednesday" | "wed" | "weds" | "mittwoch" | "miercoles" => Weekday::Wed,
        "jeudi" | "jeu" | "thursday" | "thu" | "thur" | "thurs" | "donnerstag" | "jueves" => Weekday::Thu,
        "vendredi" | "ven" | "vend" | "friday" | "fri" | "freitag" | "viernes" => Weekday::Fri,
        "samedi" | "sam" | "saturday" | "sat" | "samstag" | "sabado" => Weekday::Sat,
        "dimanche" | "dim" | "sunday" | "sun" | "sonntag" | "domingo" => Weekday::Sun,
        _ => return None,
    })
}

/// What makes a number an ordinal: « 1er », "28th".
pub(super) fn is_ordinal_end(word: &str) -> bool {
    matches!(word, "er" | "st" | "nd" | "rd" | "th" | "e" | "eme" | "ere" | "°")
}

/// An ordinal of two: first or second; -1 is the last.
pub(super) fn ordinal(word: &str) -> Option<i8> {
    Some(match word {
        "premier" | "premiere" | "first" | "1ere" => 1,
        "second" | "seconde" | "deuxieme" | "2eme" => 2,
        "troisieme" | "third" => 3,
        "quatrieme" | "fourth" => 4,
        "derniere" | "dernier" | "last" | "final" => -1,
        _ => return None,
    })
}

/// Words that stand before a date and say nothing.
pub(super) fn is_filler(word: &str) -> bool {
    matches!(
        word,
        "le" | "les" | "the" | "du" | "de" | "des" | "d" | "on" | "of" | "l" | "der" | "dem" | "el" | "del"
    )
}

/// How two dates are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// One or the other, one and the other.
    List,
    /// The same, by a comma only.
    Comma,
    /// From one to the other.
    Range,
}

/// The join that a word makes.
pub(super) fn join(word: &str) -> Option<Join> {
    Some(match word {
        "et" | "and" | "ou" | "or" | "&" | "/" | "und" | "y" | "+" => Join::List,
        "," => Join::Comma,
        "au" | "aux" | "to" | "-" | "until" | "till" | "through" | "bis" | "al" | "a" | "jusqu" => {
            Join::Range
        }
        _ => return None,
    })
}

/// What follows a number that is no day.
pub(super) fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "h" | "heure"
            | "heures"
            | "hours"
            | "am"
            | "pm"
            | ":"
            | "%"
            | "€"
            | "£"
            | "$"
            | "ans"
            | "an"
            | "mois"
            | "jours"
            | "jour"
            | "days"
            | "months"
            | "month"
            | "years"
            | "year"
            | "euros"
            | "min"
            | "minutes"
            | "k"
            | "km"
            | "semaines"
            | "weeks"
            | "personnes"
            | "people"
            | "postes"
            | "x"
    )
}

/// A zone that a text names beside a time, as the tz database knows it.
pub(super) fn zone(words: [&str; 2]) -> Option<&'static str> {
    Some(match words {
        ["uk" | "bst" | "british", _] | ["london", "time"] => "Europe/London",
        ["heure", "paris" | "francaise"] | ["paris", "time"] => "Europe/Paris",
        ["sydney", "time"] | ["aest" | "aedt", _] => "Australia/Sydney",
        ["heure", "bruxelles"] | ["brussels", "time"] => "Europe/Brussels",
        ["heure", "montreal"] | ["montreal", "time"] => "America/Toronto",
        ["dublin" | "irish", "time"] => "Europe/Dublin",
        _ => return None,
    })
}
