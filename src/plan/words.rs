//! Pure. Dates, leads and days off in plain words, for terminals and the log: the same in `explain`, `diff` and `accept`.

use chrono::{DateTime, Datelike as _, NaiveDate, Timelike as _, Utc, Weekday};

use crate::calendar::days::Holidays;
use crate::calendar::{Lead, Unit, When, WorkingDays, Zone};
use crate::diagnostic::{Language, Words, say};

const DAYS: [[&str; 7]; 2] = [
    ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
];
const MONTHS: [[&str; 12]; 2] = [
    [
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
    ],
    [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
];

/// `dimanche 28 juin 2026`, `Sunday 28 June 2026`.
#[must_use]
pub fn day(day: NaiveDate, language: Language) -> String {
    let at = usize::from(language == Language::English);
    let weekday = DAYS[at][day.weekday().num_days_from_monday() as usize];
    let number = match (language, day.day()) {
        (Language::French, 1) => "1er".to_owned(),
        (_, number) => number.to_string(),
    };
    format!("{weekday} {number} {} {}", MONTHS[at][day.month0() as usize], day.year())
}

/// `dimanche 28 juin 2026 à 09:00`, `Sunday 28 June 2026 at 09:00`.
#[must_use]
pub fn time(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let local = zone.local(at);
    let word = if language == Language::French { "à" } else { "at" };
    let format = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    format!("{} {word} {}", day(local.date(), language), local.format(format))
}

/// `3 juin 2026, 9 h 12`, `3 June 2026, 09:12`: for a clock, whose weekday nobody asks for.
#[must_use]
pub fn moment(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let local = zone.local(at);
    let day = day(local.date(), language);
    let day = day.split_once(' ').map_or(day.as_str(), |(_, rest)| rest);
    match language {
        Language::French => format!("{day}, {}\u{a0}h\u{a0}{:02}", local.hour(), local.minute()),
        Language::English => format!("{day}, {}", local.format("%H:%M")),
    }
}

/// `7 jours avant`, `le jour même`.
#[must_use]
pub fn lead(lead: Lead) -> Words {
    if lead.count == 0 {
        return say("le jour même", "on the day itself");
    }
    let many = lead.count.unsigned_abs();
    let units = match lead.unit {
        Unit::Day => ["jour", "jours", "day", "days"],
        Unit::Week => ["semaine", "semaines", "week", "weeks"],
        Unit::WorkedDay => ["jour ouvré", "jours ouvrés", "working day", "working days"],
        Unit::Hour => ["heure", "heures", "hour", "hours"],
        Unit::Minute => ["minute", "minutes", "minute", "minutes"],
    };
    let several = usize::from(many > 1);
    let (fr, en) = if lead.count < 0 { ("avant", "before") } else { ("après", "after") };
    say(format!("{many} {} {fr}", units[several]), format!("{many} {} {en}", units[2 + several]))
}

/// When an event takes place, as its file says.
#[must_use]
pub fn when(when: &When, label: Option<&str>, zone: Zone, language: Language) -> String {
    let french = language == Language::French;
    let days =
        |days: Vec<NaiveDate>| days.into_iter().map(|one| day(one, language)).collect::<Vec<_>>().join(", ");
    match when {
        When::Deadline { last_day, written: None, .. } if french => {
            format!("jusqu'au {} inclus", day(*last_day, language))
        }
        When::Deadline { last_day, written: None, .. } => {
            format!("through the whole of {}", day(*last_day, language))
        }
        When::Deadline { closes, .. } => {
            let until = if french { "jusqu'au" } else { "until" };
            format!("{until} {}", time(*closes, zone, language))
        }
        When::Days(all) => days(all.clone()),
        When::Timed(starts) => {
            let all = starts.iter().map(|start| time(start.instant, zone, language));
            all.collect::<Vec<_>>().join(", ")
        }
        When::Window { first, last } => {
            let (first, last) = (day(*first, language), day(*last, language));
            if french {
                format!("entre le {first} et le {last}")
            } else {
                format!("between {first} and {last}")
            }
        }
        When::Open => {
            let open = if french { "date à fixer" } else { "date to be fixed" };
            label.map_or_else(|| open.to_owned(), |label| format!("{open} ({label})"))
        }
    }
}

/// Why no work is done on a day.
#[must_use]
pub fn off(on: NaiveDate, days: &WorkingDays) -> Words {
    if days.holidays.contains(on) {
        let (fr, en) = holiday(on, days.holidays);
        return say(format!("férié\u{a0}: {fr}"), format!("public holiday: {en}"));
    }
    if days.off.iter().any(|(first, last)| (*first..=*last).contains(&on)) {
        return say("jour de fermeture, days_off", "closed, days_off");
    }
    let at = on.weekday().num_days_from_monday() as usize;
    say(DAYS[0][at], DAYS[1][at])
}

fn holiday(on: NaiveDate, list: Holidays) -> (&'static str, &'static str) {
    match (on.month(), on.day()) {
        (1, 1) => ("jour de l'an", "New Year's Day"),
        (5, 1) => ("fête du Travail", "Labour Day"),
        (5, 8) => ("victoire de 1945", "Victory Day"),
        (7, 14) => ("fête nationale", "Bastille Day"),
        (8, 15) => ("Assomption", "Assumption"),
        (11, 1) => ("Toussaint", "All Saints' Day"),
        (11, 11) => ("armistice de 1918", "Armistice Day"),
        (12, 25) => ("Noël", "Christmas"),
        (12, 26) if list == Holidays::AlsaceMoselle => ("Saint-Étienne", "Saint Stephen's Day"),
        _ => match on.weekday() {
            // The rest are movable, or a region's: those that the national list has are movable.
            Weekday::Mon if Holidays::France.contains(on) && on.month() < 5 => {
                ("lundi de Pâques", "Easter Monday")
            }
            Weekday::Mon if Holidays::France.contains(on) => ("lundi de Pentecôte", "Whit Monday"),
            Weekday::Thu if Holidays::France.contains(on) => ("Ascension", "Ascension Day"),
            Weekday::Fri if list == Holidays::AlsaceMoselle => ("vendredi saint", "Good Friday"),
            _ => ("abolition de l'esclavage", "abolition of slavery"),
        },
    }
}
