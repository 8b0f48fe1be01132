//! Days and moments in full, as they are said back to whoever wrote them; and what is wrong with what is no date.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, Timelike as _, Weekday};

use super::dates::Slip;
use crate::diagnostic::{Language, Words, say};

/// The months, in French and English.
pub(super) const MONTHS: [(&str, &str); 12] = [
    ("janvier", "January"),
    ("février", "February"),
    ("mars", "March"),
    ("avril", "April"),
    ("mai", "May"),
    ("juin", "June"),
    ("juillet", "July"),
    ("août", "August"),
    ("septembre", "September"),
    ("octobre", "October"),
    ("novembre", "November"),
    ("décembre", "December"),
];

/// The days of the week, likewise.
pub(super) const DAYS: [(&str, &str, Weekday); 7] = [
    ("lundi", "Monday", Weekday::Mon),
    ("mardi", "Tuesday", Weekday::Tue),
    ("mercredi", "Wednesday", Weekday::Wed),
    ("jeudi", "Thursday", Weekday::Thu),
    ("vendredi", "Friday", Weekday::Fri),
    ("samedi", "Saturday", Weekday::Sat),
    ("dimanche", "Sunday", Weekday::Sun),
];

/// The name of a month; nothing where there is none.
pub(super) fn month_of(month: u32, language: Language) -> &'static str {
    let found = usize::try_from(month).ok().and_then(|month| MONTHS.get(month.checked_sub(1)?));
    match (found, language) {
        (None, _) => "",
        (Some((fr, _)), Language::French) => fr,
        (Some((_, en)), Language::English) => en,
    }
}

/// A day in full: « dimanche 28 juin 2026 ».
#[must_use]
pub fn date(day: NaiveDate, language: Language) -> String {
    let name = DAYS
        .iter()
        .find(|(.., weekday)| *weekday == day.weekday())
        .map_or(("", ""), |(fr, en, _)| (*fr, *en));
    let (number, month, year) = (day.day(), month_of(day.month(), language), day.year());
    match language {
        Language::French => {
            let first = if number == 1 { "er" } else { "" };
            format!("{} {number}{first} {month} {year}", name.0)
        }
        Language::English => format!("{} {number} {month} {year}", name.1),
    }
}

/// A moment in full: « lundi 6 juillet 2026 à 9 h 30 ».
#[must_use]
pub fn moment(at: NaiveDateTime, language: Language) -> String {
    let (day, hour, minute) = (date(at.date(), language), at.hour(), at.minute());
    match (language, minute) {
        (Language::French, 0) => format!("{day} à {hour}\u{a0}h"),
        (Language::French, _) => format!("{day} à {hour}\u{a0}h\u{a0}{minute:02}"),
        (Language::English, _) => format!("{day} at {hour}:{minute:02}"),
    }
}

impl Slip {
    /// What is wrong, and what to write, with this year in examples; `None` of what is no date at all.
    #[must_use]
    pub fn say(&self, year: i32) -> Option<(Words, Words)> {
        match self {
            Self::NoDate => None,
            Self::NoHour(word, at) => {
                let day = |language| format!("{} {} {}", at.day, month_of(at.month, language), at.year);
                let (hour_fr, hour_en) = word.example;
                let word = word.word;
                Some((
                    say(
                        format!("« {word} » ne dit pas l'heure"),
                        format!("\"{word}\" does not say the hour"),
                    ),
                    say(
                        format!(
                            "écrivez par exemple {0} à {hour_fr}\u{a0}h\u{a0}; ou {0}, si l'heure n'est pas fixée",
                            day(Language::French)
                        ),
                        format!(
                            "write for instance {0} at {hour_en}; or {0}, if the hour is not fixed",
                            day(Language::English)
                        ),
                    ),
                ))
            }
            Self::NoYear(day, month) => {
                let at = |language| format!("{day} {} {year}", month_of(*month, language));
                Some((
                    say("il manque l'année", "the year is missing"),
                    say(
                        format!("écrivez par exemple {}", at(Language::French)),
                        format!("write for instance {}", at(Language::English)),
                    ),
                ))
            }
            Self::Weekday(day) => Some((
                say(
                    format!("ce jour de la semaine ne va pas\u{a0}: c'est {}", date(*day, Language::French)),
                    format!("the weekday does not fit: it is {}", date(*day, Language::English)),
                ),
                say(
                    "vérifiez la date, ou laissez le jour de la semaine",
                    "check the date, or leave the weekday out",
                ),
            )),
        }
    }
}
