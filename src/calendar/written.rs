//! Pure. Dates, times and lengths as people write them, where TOML would have them otherwise. Only remedies are
//! made from it; nothing is ever read this way.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta};

use crate::diagnostic::{Words, say};

/// A date as somebody wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// A day that exists, and a time if there was one.
    Day(NaiveDate, Option<NaiveTime>),
    /// Year, month and day of a day that does not exist.
    Nowhere(i32, u32, u32),
    /// A day and a month without a year.
    Yearless(u32, u32),
}

impl Guess {
    /// How TOML writes it, if it exists.
    #[must_use]
    pub fn toml(self) -> Option<String> {
        match self {
            Self::Day(day, None) => Some(day.to_string()),
            Self::Day(day, Some(time)) => Some(format!("{day}T{}", time.format("%H:%M:%S"))),
            Self::Nowhere(..) | Self::Yearless(..) => None,
        }
    }
}

const MONTHS: [&[&str]; 12] = [
    &["janvier", "janv", "january", "jan"],
    &["février", "fevrier", "févr", "fév", "fev", "february", "feb"],
    &["mars", "march", "mar"],
    &["avril", "avr", "april", "apr"],
    &["mai", "may"],
    &["juin", "june", "jun"],
    &["juillet", "juil", "july", "jul"],
    &["août", "aout", "august", "aug"],
    &["septembre", "sept", "september", "sep"],
    &["octobre", "oct", "october"],
    &["novembre", "nov", "november"],
    &["décembre", "decembre", "déc", "dec", "december"],
];

/// The days of the week from Monday, in French and in English.
pub const WEEKDAYS: [[&str; 2]; 7] = [
    ["lundi", "monday"],
    ["mardi", "tuesday"],
    ["mercredi", "wednesday"],
    ["jeudi", "thursday"],
    ["vendredi", "friday"],
    ["samedi", "saturday"],
    ["dimanche", "sunday"],
];

/// Words that may stand around a date.
const AROUND: [&str; 18] = [
    "le", "au", "du", "the", "of", "on", "de", "er", "st", "nd", "rd", "th", "à", "a", "at", "t", "inclus",
    "avant",
];

/// The month of a word, from 1.
#[must_use]
pub fn month(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let at = MONTHS.iter().position(|names| names.contains(&word.as_str()))?;
    u32::try_from(at + 1).ok()
}

/// The day of the week of a word, counted from Monday.
#[must_use]
pub fn weekday(word: &str) -> Option<u32> {
    let word = word.to_lowercase();
    let at = WEEKDAYS.iter().position(|names| names.contains(&word.as_str()))?;
    u32::try_from(at).ok()
}

/// A piece of a text: a number with its digits, a word, or a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A number, and how many digits it has.
    Number(u32, usize),
    /// Letters.
    Word(String),
    /// Anything else but blanks.
    Mark(char),
}

/// The numbers, words and marks of a text, in order.
#[must_use]
pub fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let of = |keep: fn(char) -> bool| rest.len() - rest.trim_start_matches(keep).len();
        let length = if first.is_ascii_digit() {
            let length = of(|c| c.is_ascii_digit());
            found.push(Piece::Number(rest[..length].parse().unwrap_or(u32::MAX), length));
            length
        } else if first.is_alphabetic() {
            let length = of(char::is_alphabetic);
            found.push(Piece::Word(rest[..length].to_lowercase()));
            length
        } else {
            if !first.is_whitespace() {
                found.push(Piece::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    found
}

/// The one date of a text that holds a date and little else.
#[must_use]
pub fn date(text: &str) -> Option<Guess> {
    if text.len() > 60 {
        return None;
    }
    let mut pieces = pieces(text);
    let time = take_time(&mut pieces);
    let (mut numbers, mut name, mut slash) = (Vec::new(), None, false);
    for (n, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Number(value, digits) => numbers.push((n, *value, *digits)),
            Piece::Word(word) => match month(word) {
                Some(found) if name.is_none() => name = Some(found),
                None if weekday(word).is_some() || AROUND.contains(&word.as_str()) => {}
                _ => return None,
            },
            Piece::Mark('/') => slash = true,
            Piece::Mark('-' | '.' | ',' | '\u{2013}' | '\u{2011}') => {}
            Piece::Mark(_) => return None,
        }
    }
    let numbers: Vec<(u32, usize)> = numbers.into_iter().map(|(_, value, digits)| (value, digits)).collect();
    let (year, month, day) = match (name, &numbers[..]) {
        (Some(month), [(year, 4), (day, _)] | [(day, _), (year, 4)]) => (*year, month, *day),
        (Some(month), [(day, 1 | 2)]) => return Some(Guess::Yearless(*day, month)),
        (None, [(year, 4), (month, _), (day, _)] | [(day, _), (month, _), (year, 4)]) => {
            in_order(*year, *month, *day)
        }
        (None, [(day, 1 | 2), (month, 1 | 2), (year, 2)]) if slash => in_order(2000 + *year, *month, *day),
        (None, [(day, 1 | 2), (month @ 1..=12, 1 | 2)]) if slash && time.is_none() => {
            return Some(Guess::Yearless(*day, *month));
        }
        _ => return None,
    };
    let year = i32::try_from(year).ok()?;
    Some(
        NaiveDate::from_ymd_opt(year, month, day)
            .map_or(Guess::Nowhere(year, month, day), |day| Guess::Day(day, time)),
    )
}

/// A month beyond twelve is the day, if that makes a date.
fn in_order(year: u32, month: u32, day: u32) -> (u32, u32, u32) {
    if month > 12 && day <= 12 { (year, day, month) } else { (year, month, day) }
}

/// The one time of day of a text that holds nothing else: `9h`, `9h30`, `9:30`, `9 heures`.
#[must_use]
pub fn time(text: &str) -> Option<NaiveTime> {
    let mut pieces = pieces(text);
    pieces.retain(|piece| *piece != Piece::Word("à".to_owned()));
    let time = take_time(&mut pieces)?;
    pieces.is_empty().then_some(time)
}

/// Takes a time of day out of the pieces.
fn take_time(pieces: &mut Vec<Piece>) -> Option<NaiveTime> {
    let hours = |piece: &Piece| match piece {
        Piece::Word(word) => matches!(word.as_str(), "h" | "heure" | "heures" | "am" | "pm"),
        Piece::Mark(mark) => *mark == ':',
        Piece::Number(..) => false,
    };
    let at =
        pieces.windows(2).position(|pair| matches!(pair[0], Piece::Number(_, 1 | 2)) && hours(&pair[1]))?;
    let Piece::Number(hour, _) = pieces[at] else { return None };
    let mut until = at + 2;
    let mut parts = [0, 0];
    for part in &mut parts {
        let Some(Piece::Number(found, 1 | 2)) = pieces.get(until) else { break };
        *part = *found;
        until += 1;
        match pieces.get(until) {
            Some(Piece::Mark(':')) => until += 1,
            Some(Piece::Word(word)) if matches!(word.as_str(), "m" | "min" | "s" | "z") => until += 1,
            _ => break,
        }
    }
    // `9 am`, `2:30 PM`
    let half = |piece: Option<&Piece>| match piece {
        Some(Piece::Word(word)) if (1..=12).contains(&hour) => match word.as_str() {
            "am" => Some(hour % 12),
            "pm" => Some(hour % 12 + 12),
            _ => None,
        },
        _ => None,
    };
    let hour = match (half(pieces.get(at + 1)), half(pieces.get(until))) {
        (None, Some(hour)) => {
            until += 1;
            hour
        }
        (Some(hour), _) => hour,
        (None, None) => hour,
    };
    let time = NaiveTime::from_hms_opt(hour, parts[0], parts[1])?;
    pieces.drain(at..until);
    Some(time)
}

/// A date with a time from when until when: `2026-07-20 9h30 - 10h15`, `2026-07-20 de 9h30 à 10h15`.
#[must_use]
pub fn slot(text: &str) -> Option<(NaiveDateTime, TimeDelta)> {
    let splits = ["-", "\u{2013}", " à ", " a ", " to "]
        .into_iter()
        .flat_map(|mark| text.match_indices(mark).map(|(at, mark)| (&text[..at], &text[at + mark.len()..])));
    let mut found = splits.filter_map(|(before, after)| {
        let Guess::Day(day, Some(begin)) = date(before)? else { return None };
        let length = time(after)? - begin;
        (length > TimeDelta::zero()).then(|| (day.and_time(begin), length))
    });
    found.next()
}

/// What is wrong with a time from when until when, and what to write.
#[must_use]
pub fn no_range(key: &str, begin: NaiveDateTime, length: TimeDelta) -> (Words, Words) {
    let end = begin + length;
    let (from, to) = (begin.format("%H:%M"), end.format("%H:%M"));
    let sentence = say(
        format!("ceci se lit comme une plage horaire, de {from} à {to}"),
        format!("this reads as a range of hours, from {from} to {to}"),
    );
    let (begin, end) = (begin.format("%Y-%m-%dT%H:%M:%S"), end.format("%Y-%m-%dT%H:%M:%S"));
    let remedy = if matches!(key, "until" | "before") {
        say(
            format!("une clôture n'a qu'une heure\u{a0}: écrivez {key} = {end}"),
            format!("a deadline has one hour only: write {key} = {end}"),
        )
    } else {
        let (hours, minutes) = (length.num_hours(), length.num_minutes() % 60);
        let part = |count: i64, unit: &str| if count > 0 { format!("{count}{unit}") } else { String::new() };
        let length = format!("{}{}", part(hours, "h"), part(minutes, "m"));
        say(
            format!("écrivez {begin}, et duration = \"{length}\""),
            format!("write {begin}, and duration = \"{length}\""),
        )
    };
    (sentence, remedy)
}

/// The French and the English name of a month.
fn names(month: u32) -> Option<(&'static str, &'static str)> {
    let at = usize::try_from(month).ok()?.checked_sub(1)?;
    Some((MONTHS.get(at)?.first()?, ENGLISH.get(at)?))
}

/// Why a day does not exist, and what to write.
#[must_use]
pub fn no_such_day(year: Option<i32>, month: u32, day: u32) -> (Words, Words) {
    let example = || say("écrivez par exemple 2026-06-28", "write for instance 2026-06-28");
    let Some((fr, en)) = names(month) else {
        let fr = format!("il n'y a pas de mois {month}\u{a0}: une date s'écrit année-mois-jour");
        return (say(fr, format!("there is no month {month}: a date is written year-month-day")), example());
    };
    let of_year = year.unwrap_or(2028);
    let last = (28..=31).rev().find_map(|last| NaiveDate::from_ymd_opt(of_year, month, last));
    let days = last.map_or(31, |last| last.day());
    let leap = if month == 2 && day == 29 { (" cette année-là", " in that year") } else { ("", "") };
    let first = if day == 1 { "1er".to_owned() } else { day.to_string() };
    let year = year.map(|year| format!(" {year}")).unwrap_or_default();
    let remedy = last.filter(|_| !year.is_empty()).map_or_else(example, |last| {
        say(
            format!("le dernier jour du mois s'écrit {last}"),
            format!("the last day of that month is written {last}"),
        )
    });
    let sentence = say(
        format!("le {first} {fr}{year} n'existe pas\u{a0}: {fr} a {days} jours{}", leap.0),
        format!("{day} {en}{year} does not exist: {en} has {days} days{}", leap.1),
    );
    (sentence, remedy)
}

/// What is wrong with a date that has no year, and what to write.
#[must_use]
pub fn yearless(month: u32, day: u32) -> (Words, Words) {
    if NaiveDate::from_ymd_opt(2028, month, day).is_none() {
        return no_such_day(None, month, day);
    }
    (
        say("il manque l'année de cette date", "the year of this date is missing"),
        say(
            format!("écrivez par exemple 2026-{month:02}-{day:02}"),
            format!("write for instance 2026-{month:02}-{day:02}"),
        ),
    )
}

const ENGLISH: [&str; 12] = [
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

/// A length of time, or a lead, in a few of the ways in which people write one: how many, and of which unit.
#[must_use]
pub fn length(text: &str) -> Option<String> {
    let unit = |word: &str| {
        Some(match word {
            "d" | "j" | "jour" | "jours" | "day" | "days" => "d",
            "w" | "s" | "sem" | "semaine" | "semaines" | "week" | "weeks" => "w",
            "bd" | "jo" | "b" => "bd",
            "h" | "heure" | "heures" | "hour" | "hours" | "hr" => "h",
            "m" | "mn" | "min" | "minute" | "minutes" => "m",
            _ => return None,
        })
    };
    match &pieces(text)[..] {
        [Piece::Number(count, _), Piece::Word(word)] => match word.as_str() {
            "mois" | "month" | "months" => Some(format!("{}d", count.checked_mul(30)?)),
            word => Some(format!("{count}{}", unit(word)?)),
        },
        [Piece::Number(count, _), Piece::Word(word), Piece::Word(kind)]
            if unit(word) == Some("d") || ["business", "working"].contains(&word.as_str()) =>
        {
            let worked = ["ouvré", "ouvrés", "ouvrable", "ouvrables"].contains(&kind.as_str())
                || unit(kind) == Some("d");
            worked.then(|| format!("{count}bd"))
        }
        [Piece::Number(hours, _), Piece::Word(word), Piece::Number(minutes, _), rest @ ..]
            if unit(word) == Some("h")
                && (rest.is_empty() || matches!(rest, [Piece::Word(word)] if unit(word) == Some("m"))) =>
        {
            Some(format!("{hours}h{minutes}m"))
        }
        [Piece::Number(hours, _), Piece::Mark(':'), Piece::Number(minutes, _)] => {
            Some(if *minutes == 0 { format!("{hours}h") } else { format!("{hours}h{minutes}m") })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_people_write_them() {
        for (text, expected) in [
            ("28/06/2026", "2026-06-28"),
            ("28-06-2026", "2026-06-28"),
            ("28.06.2026", "2026-06-28"),
            ("28 juin 2026", "2026-06-28"),
            ("dimanche 28 juin 2026 inclus", "2026-06-28"),
            ("le 1er août 2026", "2026-08-01"),
            ("June 28, 2026", "2026-06-28"),
            ("28th of June 2026", "2026-06-28"),
            ("2026/06/28", "2026-06-28"),
            ("2026-6-8", "2026-06-08"),
            ("2026-28-06", "2026-06-28"),
            ("06/28/2026", "2026-06-28"),
            ("28/06/26", "2026-06-28"),
            ("28 juin 2026 à 12h", "2026-06-28T12:00:00"),
            ("2026-06-28 12h30", "2026-06-28T12:30:00"),
            ("2026-06-28T12:00:00", "2026-06-28T12:00:00"),
        ] {
            assert_eq!(date(text).and_then(Guess::toml).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(date("31/06"), Some(Guess::Yearless(31, 6)));
        assert_eq!(date("28 juin"), Some(Guess::Yearless(28, 6)));
        assert_eq!(date("31 juin 2026"), Some(Guess::Nowhere(2026, 6, 31)));
        for none in
            ["", "juin 2026", "3,5", "12 mois", "C-014", "45m", "http://a/1/2", "1 2 3 4", "127.0.0.1"]
        {
            assert_eq!(date(none), None, "{none}");
        }
    }

    #[test]
    fn times_and_lengths_as_people_write_them() {
        for (text, expected) in [
            ("9h", "09:00:00"),
            ("9h30", "09:30:00"),
            ("9:05", "09:05:00"),
            ("14 heures", "14:00:00"),
            ("9:30 AM", "09:30:00"),
            ("2:30 PM", "14:30:00"),
            ("12 am", "00:00:00"),
            ("12:15 pm", "12:15:00"),
        ] {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), Some(expected), "{text}");
        }
        assert_eq!([time("25h"), time("9"), time("9h demain")], [None; 3]);
        for (text, expected) in [
            ("7j", "7d"),
            ("7 days", "7d"),
            ("1 semaine", "1w"),
            ("3 jours ouvrés", "3bd"),
            ("2 business days", "2bd"),
            ("2 mois", "60d"),
            ("45 minutes", "45m"),
            ("1h30", "1h30m"),
            ("1:30", "1h30m"),
            ("1 heure", "1h"),
        ] {
            assert_eq!(length(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!([length("bientôt"), length("7"), length("")], [None, None, None]);
    }
}
