//! Pure. Dates, leads and days off in plain words, for terminals and the log: the same in `explain`, `diff` and `accept`.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, TimeDelta, Timelike as _, Utc, Weekday};

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

/// `9 h`, `9 h 05`, `09:05`.
#[must_use]
pub fn clock(at: NaiveTime, language: Language) -> String {
    match (language, at.minute(), at.second()) {
        (Language::French, 0, 0) => format!("{}\u{a0}h", at.hour()),
        (Language::French, minute, 0) => format!("{}\u{a0}h\u{a0}{minute:02}", at.hour()),
        (Language::French, minute, second) => {
            format!("{}\u{a0}h\u{a0}{minute:02}\u{a0}min\u{a0}{second:02}\u{a0}s", at.hour())
        }
        (Language::English, _, 0) => at.format("%H:%M").to_string(),
        (Language::English, ..) => at.format("%H:%M:%S").to_string(),
    }
}

/// `dimanche 28 juin 2026 à 9 h`, `Sunday 28 June 2026 at 09:00`.
#[must_use]
pub fn time(at: DateTime<Utc>, zone: Zone, language: Language) -> String {
    let local = zone.local(at);
    at_time(&day(local.date(), language), local.time(), language)
}

/// `dimanche 28 juin à 9 h`, `Sunday 28 June at 09:00`: with the year only where it is not that of `now`.
#[must_use]
pub fn short_time(at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>, language: Language) -> String {
    let local = zone.local(at);
    at_time(&short_day(local.date(), zone.date(now), language), local.time(), language)
}

/// `dimanche 28 juin`, `Sunday 28 June`: with the year only where it is not that of `today`.
#[must_use]
pub fn short_day(on: NaiveDate, today: NaiveDate, language: Language) -> String {
    let whole = day(on, language);
    let year = format!(" {}", on.year());
    let short = (on.year() == today.year()).then(|| whole.strip_suffix(&year).map(str::to_owned)).flatten();
    short.unwrap_or(whole)
}

fn at_time(day: &str, time: NaiveTime, language: Language) -> String {
    // To the second, as people want to know it.
    let time = clock(time.with_nanosecond(0).unwrap_or(time), language);
    let word = if language == Language::French { "à" } else { "at" };
    format!("{day} {word} {time}")
}

/// `25 h`, `3 jours`: so long, to what somebody would say.
#[must_use]
pub fn span(length: TimeDelta) -> Words {
    let (minutes, hours, days) = (length.num_minutes(), length.num_hours(), length.num_days());
    if hours < 2 {
        return say(format!("{minutes}\u{a0}min"), format!("{minutes} min"));
    }
    if hours < 48 {
        return say(format!("{hours}\u{a0}h"), format!("{hours} h"));
    }
    say(format!("{days} jours"), format!("{days} days"))
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
