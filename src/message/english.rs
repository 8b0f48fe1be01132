//! Pure. English, as it is written in Britain: dates, hours, distances, zones, and the names of events.

mod notices;

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};

use super::leaf::LeafFacts;
use super::moment::Distance;
use super::tongue::{Clock, Entries, Tense, Tongue, by_day, clock, row, span, spelt};
use crate::calendar::{Kind, Language, Zone};

/// English.
#[derive(Debug)]
pub(super) struct English;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: [&str; 12] = [
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
];

/// Zones whose name in English is not the last part of the IANA name.
const ZONES: &[(&str, &str)] = &[
    ("America/Marigot", "Saint-Martin"),
    ("America/Miquelon", "Saint-Pierre and Miquelon"),
    ("America/Montreal", "Montréal"),
    ("America/St_Barthelemy", "Saint-Barthélemy"),
    ("Indian/Reunion", "Réunion"),
    ("Pacific/Noumea", "Nouméa"),
];

impl Entries for English {
    fn language(&self) -> Language {
        Language::English
    }
}

impl Tongue for English {
    fn leaf(&self, day: NaiveDate) -> LeafFacts {
        let short = |name: &str| name.chars().take(3).collect();
        LeafFacts {
            month: short(MONTHS[day.month0() as usize]),
            day: day.day().to_string(),
            weekday: short(WEEKDAYS[day.weekday().num_days_from_monday() as usize]),
        }
    }

    fn date(&self, day: NaiveDate) -> String {
        date(day, true, true)
    }

    fn days(&self, days: &[NaiveDate]) -> String {
        if let Some(ends) = span(days) {
            let words: Vec<String> = spelt(&ends).map(|(day, m, y)| full(day, m, y)).collect();
            return format!("from {}", words.join(" to "));
        }
        let words: Vec<String> = spelt(days).map(|(day, month, year)| full(day, month, year)).collect();
        row(&words, "and")
    }

    fn starts(&self, starts: &[NaiveDateTime]) -> String {
        let (days, times) = by_day(starts);
        let words: Vec<String> = spelt(&days)
            .zip(times)
            .map(|((day, _, year), times)| {
                let hours: Vec<String> = times.into_iter().map(hour).collect();
                format!("{} at {}", full(day, true, year), row(&hours, "and"))
            })
            .collect();
        words.join(", then ")
    }

    fn through(&self, day: NaiveDate) -> String {
        format!("{}, included, until midnight", full(day, true, true))
    }

    fn between(&self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last {
            return full(first, true, true);
        }
        let ends: Vec<String> = spelt(&[first, last]).map(|(day, m, y)| date(day, m, y)).collect();
        format!("between {}", ends.join(" and "))
    }

    fn zone(&self, zone: Zone) -> String {
        let known = ZONES.iter().find(|(name, _)| *name == zone.name());
        match (known, clock(zone.name())) {
            (Some((_, place)), _) => format!("{place} time"),
            (None, Clock::City(city)) => format!("{city} time"),
            (None, Clock::Utc(name)) => name,
            (None, Clock::Other(name)) => format!("{name} time"),
        }
    }

    fn duration(&self, minutes: i64) -> String {
        match (minutes / 60, minutes % 60) {
            (0, minutes) => count(minutes, "minute"),
            (hours, 0) => count(hours, "hour"),
            (hours, minutes) => format!("{} {}", count(hours, "hour"), count(minutes, "minute")),
        }
    }

    fn distance(&self, distance: Distance) -> String {
        match distance {
            Distance::Days(0) => "today".to_owned(),
            Distance::Days(1) => "tomorrow".to_owned(),
            Distance::Days(-1) => "yesterday".to_owned(),
            Distance::Days(days) if days < 0 => format!("{} days ago", -days),
            Distance::Days(days) => format!("in {days} days"),
            Distance::Minutes(0) => "in a moment".to_owned(),
            Distance::Minutes(minutes) => format!("in {}", self.duration(minutes)),
        }
    }

    fn list(&self, items: &[String]) -> String {
        row(items, "and")
    }

    fn that_is(&self, label: &str, when: &str) -> String {
        format!("{label}, that is {when}")
    }

    fn to_be_fixed(&self) -> Cow<'static, str> {
        Cow::Borrowed("date to be fixed")
    }

    fn what(&self, kind: Kind, tense: Tense, several: bool) -> Cow<'static, str> {
        Cow::Borrowed(match (kind, tense) {
            (Kind::Deadline, Tense::Coming) => "Applications close",
            (Kind::Deadline, Tense::Past) => "Applications closed",
            (Kind::Deadline, Tense::Vague) => "Closing date for applications",
            (Kind::Interview, _) if several => "Interviews",
            (Kind::Interview, _) => "Interview",
            (Kind::Start, Tense::Past) => "Start date was",
            (Kind::Start, _) => "Start date",
            (Kind::End, Tense::Coming) => "Contract ends",
            (Kind::End, Tense::Past) => "Contract ended",
            (Kind::End, Tense::Vague) => "End of the contract",
            (Kind::Milestone, _) => "Date to remember",
        })
    }

    fn named(&self, what: &str, name: &str) -> String {
        format!("{what} “{name}”")
    }

    fn vaguely(&self, what: &str, past: bool) -> String {
        format!("{what}: {}", if past { "period over" } else { "day to be set" })
    }

    fn more(&self, others: usize) -> String {
        if others == 1 { "and 1 other reminder".to_owned() } else { format!("and {others} other reminders") }
    }

    fn why(&self, postings: usize) -> Cow<'static, str> {
        Cow::Borrowed(if postings > 1 {
            "you are on the reminder list for these recruitments"
        } else {
            "you are on the reminder list for this recruitment"
        })
    }
}

/// "Sunday 28 June 2026", or less of it.
fn full(day: NaiveDate, month: bool, year: bool) -> String {
    let weekday = WEEKDAYS[day.weekday().num_days_from_monday() as usize];
    format!("{weekday} {}", date(day, month, year))
}

/// "28 June 2026", or less of it.
fn date(day: NaiveDate, month: bool, year: bool) -> String {
    let mut words = day.day().to_string();
    if month {
        words = format!("{words} {}", MONTHS[day.month0() as usize]);
    }
    if year { format!("{words} {}", day.year()) } else { words }
}

/// "9 am", "2:30 pm", "12 noon"; seconds only where somebody wrote some.
fn hour(time: NaiveTime) -> String {
    let (afternoon, hour) = time.hour12();
    let half = if afternoon { "pm" } else { "am" };
    match (time.hour(), time.minute(), time.second()) {
        (12, 0, 0) => "12\u{a0}noon".to_owned(),
        (_, 0, 0) => format!("{hour}\u{a0}{half}"),
        (_, minute, 0) => format!("{hour}:{minute:02}\u{a0}{half}"),
        (_, minute, second) => format!("{hour}:{minute:02}:{second:02}\u{a0}{half}"),
    }
}

/// "1 hour", "2 hours".
fn count(many: i64, noun: &str) -> String {
    format!("{many} {noun}{}", if many == 1 { "" } else { "s" })
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

    #[test]
    fn days_in_words() {
        for (days, expected) in [
            ("2026-06-28", "Sunday 28 June 2026"),
            ("2026-07-06 2026-07-07", "Monday 6 and Tuesday 7 July 2026"),
            ("2026-08-31 2026-09-01", "Monday 31 August and Tuesday 1 September 2026"),
            ("2026-12-31 2027-01-01", "Thursday 31 December 2026 and Friday 1 January 2027"),
            ("2026-07-06 2026-07-07 2026-07-08", "from Monday 6 to Wednesday 8 July 2026"),
            ("2026-08-31 2026-09-01 2026-09-02", "from Monday 31 August to Wednesday 2 September 2026"),
        ] {
            assert_eq!(English.days(&dates(days)), expected);
        }
        assert_eq!(English.date(dates("2026-06-03")[0]), "3 June 2026");
        assert_eq!(English.through(dates("2026-06-28")[0]), "Sunday 28 June 2026, included, until midnight");
    }

    #[test]
    fn starts_in_words() {
        for (at, expected) in [
            ("2026-07-06T09:30", "Monday 6 July 2026 at 9:30_am"),
            ("2026-07-06T12:00", "Monday 6 July 2026 at 12_noon"),
            ("2026-07-06T00:30", "Monday 6 July 2026 at 12:30_am"),
            ("2026-07-06T23:59", "Monday 6 July 2026 at 11:59_pm"),
            ("2026-07-06T09:00 2026-07-06T14:30", "Monday 6 July 2026 at 9_am and 2:30_pm"),
            (
                "2026-07-06T09:00 2026-07-06T14:30 2026-07-07T09:00",
                "Monday 6 July at 9_am and 2:30_pm, then Tuesday 7 July 2026 at 9_am",
            ),
        ] {
            assert_eq!(English.starts(&starts(at)).replace('\u{a0}', "_"), expected);
        }
    }

    #[test]
    fn windows_in_words() {
        for (days, expected) in [
            ("2023-07-21 2023-07-31", "between 21 and 31 July 2023"),
            ("2026-05-15 2026-06-01", "between 15 May and 1 June 2026"),
            ("2026-12-15 2027-01-15", "between 15 December 2026 and 15 January 2027"),
        ] {
            let days = dates(days);
            assert_eq!(English.between(days[0], days[1]), expected);
        }
    }

    #[test]
    fn distances_and_durations_in_words() {
        for (distance, expected) in [
            (Distance::Days(0), "today"),
            (Distance::Days(1), "tomorrow"),
            (Distance::Days(2), "in 2 days"),
            (Distance::Days(-1), "yesterday"),
            (Distance::Days(-3), "3 days ago"),
            (Distance::Minutes(0), "in a moment"),
            (Distance::Minutes(1), "in 1 minute"),
            (Distance::Minutes(60), "in 1 hour"),
            (Distance::Minutes(90), "in 1 hour 30 minutes"),
            (Distance::Minutes(120), "in 2 hours"),
        ] {
            assert_eq!(English.distance(distance), expected);
        }
        assert_eq!(English.duration(45), "45 minutes");
        assert_eq!(English.duration(121), "2 hours 1 minute");
    }

    #[test]
    fn zones_in_words() {
        for (name, expected) in [
            ("Europe/Paris", "Paris time"),
            ("Indian/Reunion", "Réunion time"),
            ("America/New_York", "New York time"),
            ("UTC", "UTC"),
            ("Etc/GMT-4", "UTC+4"),
        ] {
            assert_eq!(English.zone(Zone::parse(name).unwrap()), expected);
        }
        assert!(ZONES.iter().all(|(name, _)| Zone::parse(name).is_some()));
    }
}
