//! Pure. French: dates, hours, distances, zones, and the names of events.
//!
//! A no-break space stands inside what must not be cut at the end of a line ("9 h 30"); dates are written with
//! plain ones. The spaces that punctuation wants are `typography`'s, for templates want them too.

mod notices;

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};

use super::leaf::LeafFacts;
use super::moment::Distance;
use super::tongue::{Clock, Entries, Tense, Tongue, by_day, clock, row, span, spelt};
use crate::calendar::{Kind, Language, Zone};

/// French.
#[derive(Debug)]
pub(super) struct French;

const WEEKDAYS: [&str; 7] = ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"];
const MONTHS: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];

/// As calendars have them (Lexique des règles typographiques en usage à l'Imprimerie nationale, « abréviations »).
const SHORT_WEEKDAYS: [&str; 7] = ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."];
const SHORT_MONTHS: [&str; 12] =
    ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."];

/// Zones whose name in French is not "de" and the last part of the IANA name.
const ZONES: &[(&str, &str)] = &[
    ("Africa/Algiers", "d'Alger"),
    ("Africa/Cairo", "du Caire"),
    ("America/Guadeloupe", "de la Guadeloupe"),
    ("America/Marigot", "de Saint-Martin"),
    ("America/Martinique", "de la Martinique"),
    ("America/Mexico_City", "de Mexico"),
    ("America/Miquelon", "de Saint-Pierre-et-Miquelon"),
    ("America/Montreal", "de Montréal"),
    ("America/St_Barthelemy", "de Saint-Barthélemy"),
    ("Atlantic/Canary", "des Canaries"),
    ("Atlantic/Azores", "des Açores"),
    ("Europe/Athens", "d'Athènes"),
    ("Europe/Brussels", "de Bruxelles"),
    ("Europe/Bucharest", "de Bucarest"),
    ("Europe/Copenhagen", "de Copenhague"),
    ("Europe/Lisbon", "de Lisbonne"),
    ("Europe/London", "de Londres"),
    ("Europe/Moscow", "de Moscou"),
    ("Europe/Vienna", "de Vienne"),
    ("Europe/Warsaw", "de Varsovie"),
    ("Indian/Mauritius", "de Maurice"),
    ("Indian/Reunion", "de La Réunion"),
    ("Pacific/Gambier", "des Gambier"),
    ("Pacific/Marquesas", "des Marquises"),
    ("Pacific/Noumea", "de Nouméa"),
];

impl Entries for French {
    fn language(&self) -> Language {
        Language::French
    }
}

impl Tongue for French {
    fn leaf(&self, day: NaiveDate) -> LeafFacts {
        LeafFacts {
            month: SHORT_MONTHS[day.month0() as usize].to_owned(),
            day: day.day().to_string(),
            weekday: SHORT_WEEKDAYS[day.weekday().num_days_from_monday() as usize].to_owned(),
        }
    }

    fn date(&self, day: NaiveDate) -> String {
        date(day, true, true)
    }

    fn days(&self, days: &[NaiveDate]) -> String {
        if let Some(ends) = span(days) {
            let words: Vec<String> = spelt(&ends).map(|(day, m, y)| full(day, m, y)).collect();
            return format!("du {}", words.join(" au "));
        }
        let words: Vec<String> = spelt(days).map(|(day, month, year)| full(day, month, year)).collect();
        row(&words, "et")
    }

    fn starts(&self, starts: &[NaiveDateTime]) -> String {
        let (days, times) = by_day(starts);
        let words: Vec<String> = spelt(&days)
            .zip(times)
            .map(|((day, _, year), times)| {
                let hours: Vec<String> = times.into_iter().map(|time| format!("à {}", hour(time))).collect();
                format!("{} {}", full(day, true, year), row(&hours, "et"))
            })
            .collect();
        words.join(", puis ")
    }

    fn through(&self, day: NaiveDate) -> String {
        format!("{} inclus, jusqu'à minuit", full(day, true, true))
    }

    fn between(&self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last {
            return full(first, true, true);
        }
        let ends: Vec<String> = spelt(&[first, last]).map(|(day, m, y)| date(day, m, y)).collect();
        format!("entre le {}", ends.join(" et le "))
    }

    fn zone(&self, zone: Zone) -> String {
        let known = ZONES.iter().find(|(name, _)| *name == zone.name());
        match (known, clock(zone.name())) {
            (Some((_, of)), _) => format!("heure {of}"),
            (None, Clock::City(city)) if city.starts_with(['A', 'E', 'I', 'O', 'U']) => {
                format!("heure d'{city}")
            }
            (None, Clock::City(city)) => format!("heure de {city}"),
            (None, Clock::Utc(name)) => format!("heure {name}"),
            (None, Clock::Other(name)) => format!("heure {name}"),
        }
    }

    fn duration(&self, minutes: i64) -> String {
        match (minutes / 60, minutes % 60) {
            (0, minutes) => format!("{minutes}\u{a0}min"),
            (hours, 0) => format!("{hours}\u{a0}h"),
            (hours, minutes) => format!("{hours}\u{a0}h\u{a0}{minutes:02}"),
        }
    }

    fn distance(&self, distance: Distance) -> String {
        match distance {
            Distance::Days(0) => "aujourd'hui".to_owned(),
            Distance::Days(1) => "demain".to_owned(),
            Distance::Days(-1) => "hier".to_owned(),
            Distance::Days(days) if days < 0 => format!("il y a {} jours", -days),
            Distance::Days(days) => format!("dans {days} jours"),
            Distance::Minutes(0) => "dans un instant".to_owned(),
            Distance::Minutes(1) => "dans 1 minute".to_owned(),
            Distance::Minutes(60) => "dans 1 heure".to_owned(),
            Distance::Minutes(minutes) if minutes < 60 => format!("dans {minutes} minutes"),
            Distance::Minutes(minutes) if minutes % 60 == 0 => format!("dans {} heures", minutes / 60),
            Distance::Minutes(minutes) => format!("dans {}", self.duration(minutes)),
        }
    }

    fn list(&self, items: &[String]) -> String {
        row(items, "et")
    }

    fn that_is(&self, label: &str, when: &str) -> String {
        format!("{label}, soit {when}")
    }

    fn to_be_fixed(&self) -> Cow<'static, str> {
        Cow::Borrowed("date à fixer")
    }

    fn what(&self, kind: Kind, tense: Tense, several: bool) -> Cow<'static, str> {
        Cow::Borrowed(match (kind, tense) {
            (Kind::Deadline, Tense::Past) => "Candidatures closes",
            (Kind::Deadline, _) => "Clôture des candidatures",
            (Kind::Interview, _) if several => "Entretiens",
            (Kind::Interview, _) => "Entretien",
            (Kind::Start, _) => "Prise de poste",
            (Kind::End, Tense::Past) => "Contrat terminé",
            (Kind::End, _) => "Fin du contrat",
            (Kind::Milestone, _) => "Date à retenir",
        })
    }

    fn named(&self, what: &str, name: &str) -> String {
        format!("{what} «\u{a0}{name}\u{a0}»")
    }

    fn vaguely(&self, what: &str, past: bool) -> String {
        format!("{what}\u{a0}: {}", if past { "période écoulée" } else { "jour à fixer" })
    }

    fn more(&self, others: usize) -> String {
        if others == 1 { "et 1 autre rappel".to_owned() } else { format!("et {others} autres rappels") }
    }

    fn why(&self, postings: usize) -> Cow<'static, str> {
        Cow::Borrowed(if postings > 1 {
            "vous êtes parmi les destinataires des rappels de ces recrutements"
        } else {
            "vous êtes parmi les destinataires des rappels de ce recrutement"
        })
    }
}

/// « dimanche 28 juin 2026 », or less of it.
fn full(day: NaiveDate, month: bool, year: bool) -> String {
    let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
    format!("{weekday} {}", date(day, month, year))
}

/// « 28 juin 2026 », or less of it.
fn date(day: NaiveDate, month: bool, year: bool) -> String {
    let mut words = if day.day() == 1 { "1er".to_owned() } else { day.day().to_string() };
    if month {
        words = format!("{words} {}", MONTHS[day.month0() as usize]);
    }
    if year { format!("{words} {}", day.year()) } else { words }
}

/// « 9 h », « 9 h 05 »; seconds only where somebody wrote some.
fn hour(time: NaiveTime) -> String {
    match (time.hour(), time.minute(), time.second()) {
        (hour, 0, 0) => format!("{hour}\u{a0}h"),
        (hour, minute, 0) => format!("{hour}\u{a0}h\u{a0}{minute:02}"),
        (hour, minute, second) => {
            format!("{hour}\u{a0}h\u{a0}{minute:02}\u{a0}min\u{a0}{second:02}\u{a0}s")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> Vec<NaiveDate> {
        text.split(' ').map(|day| day.parse().unwrap()).collect()
    }

    fn starts(text: &str) -> Vec<NaiveDateTime> {
        text.split(' ').map(|at| NaiveDateTime::parse_from_str(at, "%Y-%m-%dT%H:%M").unwrap()).collect()
    }

    /// No-break spaces as `_`, so that tables can be read.
    fn seen(words: &str) -> String {
        words.replace('\u{a0}', "_")
    }

    #[test]
    fn days_in_words() {
        for (days, expected) in [
            ("2026-06-28", "dimanche 28 juin 2026"),
            ("2026-06-01", "lundi 1er juin 2026"),
            ("2026-08-11", "mardi 11 août 2026"),
            ("2026-07-06 2026-07-07", "lundi 6 et mardi 7 juillet 2026"),
            ("2026-08-31 2026-09-01", "lundi 31 août et mardi 1er septembre 2026"),
            ("2026-12-31 2027-01-01", "jeudi 31 décembre 2026 et vendredi 1er janvier 2027"),
            ("2026-07-06 2026-07-08 2026-07-10", "lundi 6, mercredi 8 et vendredi 10 juillet 2026"),
            ("2026-07-06 2026-07-08 2026-09-03", "lundi 6, mercredi 8 juillet et jeudi 3 septembre 2026"),
            ("2026-07-06 2026-07-07 2026-07-08", "du lundi 6 au mercredi 8 juillet 2026"),
            ("2026-08-31 2026-09-01 2026-09-02", "du lundi 31 août au mercredi 2 septembre 2026"),
        ] {
            assert_eq!(French.days(&dates(days)), expected);
        }
        assert_eq!(French.date(dates("2026-06-03")[0]), "3 juin 2026");
        assert_eq!(French.through(dates("2026-06-28")[0]), "dimanche 28 juin 2026 inclus, jusqu'à minuit");
    }

    #[test]
    fn starts_in_words() {
        for (at, expected) in [
            ("2026-07-06T09:30", "lundi 6 juillet 2026 à 9_h_30"),
            ("2026-07-06T12:00", "lundi 6 juillet 2026 à 12_h"),
            ("2026-07-06T00:05", "lundi 6 juillet 2026 à 0_h_05"),
            ("2026-07-06T09:00 2026-07-06T14:30", "lundi 6 juillet 2026 à 9_h et à 14_h_30"),
            (
                "2026-07-06T09:00 2026-07-06T10:00 2026-07-06T11:00",
                "lundi 6 juillet 2026 à 9_h, à 10_h et à 11_h",
            ),
            (
                "2026-07-06T09:00 2026-07-06T14:30 2026-07-07T09:00",
                "lundi 6 juillet à 9_h et à 14_h_30, puis mardi 7 juillet 2026 à 9_h",
            ),
        ] {
            assert_eq!(seen(&French.starts(&starts(at))), expected);
        }
        let late = NaiveTime::from_hms_opt(23, 59, 59).unwrap();
        assert_eq!(seen(&hour(late)), "23_h_59_min_59_s");
    }

    #[test]
    fn windows_in_words() {
        for (days, expected) in [
            ("2023-07-21 2023-07-31", "entre le 21 et le 31 juillet 2023"),
            ("2026-05-15 2026-06-01", "entre le 15 mai et le 1er juin 2026"),
            ("2026-12-15 2027-01-15", "entre le 15 décembre 2026 et le 15 janvier 2027"),
            ("2026-06-01 2026-06-01", "lundi 1er juin 2026"),
        ] {
            let days = dates(days);
            assert_eq!(French.between(days[0], days[1]), expected);
        }
    }

    #[test]
    fn distances_and_durations_in_words() {
        for (distance, expected) in [
            (Distance::Days(0), "aujourd'hui"),
            (Distance::Days(1), "demain"),
            (Distance::Days(2), "dans 2 jours"),
            (Distance::Days(30), "dans 30 jours"),
            (Distance::Days(-1), "hier"),
            (Distance::Days(-3), "il y a 3 jours"),
            (Distance::Minutes(0), "dans un instant"),
            (Distance::Minutes(1), "dans 1 minute"),
            (Distance::Minutes(45), "dans 45 minutes"),
            (Distance::Minutes(60), "dans 1 heure"),
            (Distance::Minutes(90), "dans 1_h_30"),
            (Distance::Minutes(120), "dans 2 heures"),
        ] {
            assert_eq!(seen(&French.distance(distance)), expected);
        }
        for (minutes, expected) in [(45, "45_min"), (60, "1_h"), (90, "1_h_30"), (125, "2_h_05")] {
            assert_eq!(seen(&French.duration(minutes)), expected);
        }
    }

    #[test]
    fn zones_in_words() {
        for (name, expected) in [
            ("Europe/Paris", "heure de Paris"),
            ("Indian/Reunion", "heure de La Réunion"),
            ("Indian/Mayotte", "heure de Mayotte"),
            ("America/Martinique", "heure de la Martinique"),
            ("America/Guadeloupe", "heure de la Guadeloupe"),
            ("America/Cayenne", "heure de Cayenne"),
            ("Pacific/Noumea", "heure de Nouméa"),
            ("Pacific/Tahiti", "heure de Tahiti"),
            ("America/Miquelon", "heure de Saint-Pierre-et-Miquelon"),
            ("Europe/Brussels", "heure de Bruxelles"),
            ("Europe/London", "heure de Londres"),
            ("Africa/Algiers", "heure d'Alger"),
            ("Europe/Oslo", "heure d'Oslo"),
            ("America/New_York", "heure de New York"),
            ("America/Argentina/Buenos_Aires", "heure de Buenos Aires"),
            ("UTC", "heure UTC"),
            ("Etc/UTC", "heure UTC"),
            ("Etc/GMT+3", "heure UTC−3"),
            ("CET", "heure CET"),
        ] {
            assert_eq!(French.zone(Zone::parse(name).unwrap()), expected);
        }
        // Every name in the table is a zone: a slip of the pen would never be found.
        assert!(ZONES.iter().all(|(name, _)| Zone::parse(name).is_some()));
    }

    #[test]
    fn counts_in_words() {
        assert_eq!(French.more(1), "et 1 autre rappel");
        assert_eq!(French.more(2), "et 2 autres rappels");
        let people = ["Camille", "Sacha", "Noé"].map(str::to_owned);
        assert_eq!(French.list(&people), "Camille, Sacha et Noé");
        assert_eq!(French.list(&people[..1]), "Camille");
        assert_eq!(French.list(&[]), "");
    }
}
