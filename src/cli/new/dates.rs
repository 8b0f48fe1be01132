//! Dates as people write them: « 28/06/2026 », « dimanche 28 juin 2026 », « 6 et 7 juillet 2026 à 9 h 30 »,
//! 2026-06-28, "June 28, 2026"; and how they are said back, so that a slip is seen at once.
//!
//! Days come before months, as everywhere in Europe. A day that no calendar has (31 June) is handed on as it is:
//! the reader of postings has the sentence for it.

use std::fmt;

use chrono::{Datelike as _, NaiveDate, Weekday};

use super::said::{DAYS, MONTHS};
pub use super::said::{date, moment};
use crate::calendar::slug::slug;
use crate::diagnostic::Language;

/// A date as it was written, which may not exist; `Display` writes it as TOML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The year, such as 2026.
    pub year: u32,
    /// The month, such as 6.
    pub month: u32,
    /// The day, such as 28.
    pub day: u32,
    /// Hour and minute, if they were given.
    pub time: Option<(u32, u32)>,
}

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)?;
        self.time.map_or(Ok(()), |(hour, minute)| write!(f, "T{hour:02}:{minute:02}:00"))
    }
}

impl Written {
    /// A day that there is, perhaps with a time.
    #[must_use]
    pub fn of(day: NaiveDate, time: Option<(u32, u32)>) -> Self {
        Self { year: day.year().unsigned_abs(), month: day.month(), day: day.day(), time }
    }

    /// The date, if there is such a day.
    #[must_use]
    pub fn date(self) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(i32::try_from(self.year).ok()?, self.month, self.day)
    }

    /// The date in full, with its weekday.
    #[must_use]
    pub fn said(self, language: Language) -> String {
        let Some(day) = self.date() else { return self.to_string() };
        match self.time.and_then(|(hour, minute)| day.and_hms_opt(hour, minute, 0)) {
            Some(at) => moment(at, language),
            None => date(day, language),
        }
    }
}

/// What somebody wrote where dates were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The dates, at least one, in the order written.
    pub dates: Vec<Written>,
    /// Which of them end a span that the one before begins: « du 6 au 8 juillet 2026 ».
    pub ends: Vec<usize>,
    /// Whether they are the bounds of a window: « entre le 15 mai et le 1er juin 2026 ».
    pub between: bool,
    /// Whether it began with "before": « avant le 29 juin 2026 ».
    pub before: bool,
}

/// Why a text is no date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slip {
    /// It is none that we know.
    NoDate,
    /// It says a part of the day, and no hour: this word, of this day.
    NoHour(DayPart, Written),
    /// It has no year.
    NoYear(u32, u32),
    /// It is on another weekday.
    Weekday(NaiveDate),
}

/// A date of which parts may be missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Part {
    weekday: Option<Weekday>,
    day: Option<u32>,
    month: Option<u32>,
    year: Option<u32>,
    time: Option<(u32, u32)>,
    /// Whether it ends a span that the one before begins.
    ends: bool,
}

/// Reads one or several dates.
pub fn read(text: &str) -> Result<Answer, Slip> {
    let mut words = words(text);
    let Some(at) = words.iter().position(|word| day_part(word).is_some()) else { return dates(&words) };
    let part = day_part(&words.remove(at)).ok_or(Slip::NoDate)?;
    let mut answer = dates(&words)?;
    for date in &mut answer.dates {
        // « 9 h du matin », « 2 h de l'après-midi »: the hour says it, or nearly.
        let hour = date.time.map(|(hour, minute)| (if hour < 12 { hour + part.add } else { hour }, minute));
        date.time = match hour {
            Some((hour, _)) if part.add == 0 && hour >= 12 => return Err(Slip::NoHour(part, *date)),
            Some(time) => Some(time),
            None => return Err(Slip::NoHour(part, *date)),
        };
    }
    Ok(answer)
}

fn dates(words: &[String]) -> Result<Answer, Slip> {
    let mut words = words.iter().map(String::as_str).peekable();
    let before = words.next_if(|word| matches!(*word, "avant" | "before")).is_some();
    while words.next_if(|word| matches!(*word, "jusqu" | "until" | "by")).is_some() {}
    let between = words.next_if(|word| matches!(*word, "entre" | "between")).is_some();
    let rest: Vec<&str> = words.collect();
    let mut parts: Vec<Part> = Vec::new();
    let mut ends = false;
    for chunk in rest.split_inclusive(|word| SEPARATORS.contains(word)) {
        let (chunk, to) = match chunk.split_last() {
            Some((last, chunk)) if SEPARATORS.contains(last) => (chunk, REACHING.contains(last)),
            _ => (chunk, false),
        };
        let reached = to || (ends && chunk.is_empty());
        let ends = std::mem::replace(&mut ends, reached);
        if chunk.is_empty() {
            continue;
        }
        // "June 28, 2026 at 9:30": the comma before a year separates nothing.
        if let ([year, time @ ..], Some(last)) = (chunk, parts.last_mut())
            && let (Some(year), None, Some(_)) = (four_digits(year), last.year, last.month)
        {
            let time = part(time).ok_or(Slip::NoDate)?;
            if time != (Part { time: time.time, ..Part::default() }) || last.time.and(time.time).is_some() {
                return Err(Slip::NoDate);
            }
            (last.year, last.time) = (Some(year), last.time.or(time.time));
            continue;
        }
        let mut part = Part { ends: ends && !parts.is_empty(), ..part(chunk).ok_or(Slip::NoDate)? };
        // "Sunday, June 28": nor does the comma behind a weekday.
        if let Some(weekday) = parts.pop_if(|last| *last == Part { weekday: last.weekday, ..Part::default() })
        {
            part.weekday = part.weekday.or(weekday.weekday);
        }
        parts.push(part);
    }
    let parts = timed(parts);
    let ends = parts.iter().enumerate().filter(|(_, part)| part.ends).map(|(at, _)| at).collect();
    Ok(Answer { dates: complete(parts)?, ends, between, before })
}

const SEPARATORS: [&str; 15] =
    [",", ";", "et", "and", "ou", "or", "&", "au", "jusqu", "to", "until", "through", "→", "–", "-"];

/// The separators of the two ends of a span.
const REACHING: [&str; 8] = ["au", "jusqu", "to", "until", "through", "→", "–", "-"];

/// A part of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayPart {
    /// What it is called.
    pub word: &'static str,
    /// An hour in it, in French and English.
    pub example: (u32, &'static str),
    /// What makes an hour of twelve one of twenty-four.
    add: u32,
}

fn day_part(word: &str) -> Option<DayPart> {
    let part = |word, hour, english, add| Some(DayPart { word, example: (hour, english), add });
    match word {
        "matin" | "matinee" => part("matin", 9, "9:00 am", 0),
        "morning" => part("morning", 9, "9:00 am", 0),
        "apres-midi" => part("après-midi", 14, "2:00 pm", 12),
        "afternoon" => part("afternoon", 14, "2:00 pm", 12),
        "soir" | "soiree" => part("soir", 18, "6:00 pm", 12),
        "evening" => part("evening", 18, "6:00 pm", 12),
        _ => None,
    }
}

/// Lower-case words without accents; commas and semicolons are words of their own, fillers are left out.
pub(super) fn words(text: &str) -> Vec<String> {
    let text = text.replace(['\u{a0}', '\u{202f}', '\t'], " ").replace(['’', '\''], " ");
    let text = text.replace(',', " , ").replace(';', " ; ");
    let fillers = ["le", "les", "the", "a", "at", "of", "on", "du", "de", "l", "d", "in", "from"];
    text.split(' ')
        .flat_map(|word| days(word).map_or_else(|| vec![word], |(first, last)| vec![first, "-", last]))
        .map(|word| word.trim().to_lowercase())
        .map(|word| if word.chars().any(char::is_alphabetic) { fold(&word) } else { word })
        .filter(|word| !word.is_empty() && !fillers.contains(&word.as_str()))
        .collect()
}

/// « 6-8 », of a span of days.
fn days(word: &str) -> Option<(&str, &str)> {
    let (first, last) = word.split_once(['-', '–'])?;
    let day = |text: &str| number(text).is_some_and(|day| (1..=31).contains(&day));
    (day(first) && day(last)).then_some((first, last))
}

/// A word without accents, its digits and its colons and slashes kept.
fn fold(word: &str) -> String {
    if word.chars().all(|c| char::is_alphabetic(c) || c == '-') && word.chars().any(char::is_alphabetic) {
        return slug(word).unwrap_or_else(|| word.to_owned());
    }
    word.trim_end_matches('.').to_owned()
}

fn four_digits(word: &str) -> Option<u32> {
    (word.len() == 4).then(|| number(word)).flatten()
}

fn number(word: &str) -> Option<u32> {
    (word.len() <= 4 && word.chars().all(|c| c.is_ascii_digit())).then(|| word.parse().ok()).flatten()
}

/// One date, or a piece of one.
fn part(words: &[&str]) -> Option<Part> {
    let mut part = Part::default();
    // A number of which the next word says what it is: « 9 h 30 », "9 am".
    let mut pending: Option<u32> = None;
    let mut minutes_may_follow = false;
    for word in words {
        let minutes_follow = std::mem::take(&mut minutes_may_follow);
        let is_unit = matches!(*word, "h" | "heure" | "heures" | "am" | "pm");
        if is_unit && pending.is_none() && part.month.is_none() {
            // « et 14 h 30 »: the number was no day.
            pending = part.day.take();
        }
        if let Some(hour) = pending.filter(|_| is_unit) {
            part.time = Some((hour, 0));
            pending = None;
            minutes_may_follow = word.starts_with('h');
            if !minutes_may_follow {
                part.time = Some(half((hour, 0), word)?);
            }
        } else if let (Some((hour, 0)), true, Some(minute)) = (part.time, minutes_follow, number(word)) {
            part.time = Some((hour, minute));
        } else if let (Some(time), true) = (part.time, matches!(*word, "am" | "pm")) {
            part.time = Some(half(time, word)?);
        } else if pending.is_some() {
            return None;
        } else if let Some(year) = four_digits(word) {
            fill(&mut part.year, year)?;
        } else if let Some(value) = number(word) {
            if part.day.is_none() { part.day = Some(value) } else { pending = Some(value) }
        } else if matches!(*word, "midi" | "noon") {
            fill(&mut part.time, (12, 0))?;
        } else if let Some(day) = ordinal(word) {
            fill(&mut part.day, day)?;
        } else if let Some(month) = named(word, &MONTHS.map(|(fr, en)| [fr, en])) {
            fill(&mut part.month, u32::try_from(month + 1).ok()?)?;
        } else if let Some(weekday) = named(word, &DAYS.map(|(fr, en, _)| [fr, en])) {
            fill(&mut part.weekday, DAYS[weekday].2)?;
        } else if let Some((day, time)) = numeric(word) {
            fill(&mut part.year, day.year?)?;
            fill(&mut part.month, day.month?)?;
            fill(&mut part.day, day.day?)?;
            part.time = time.or(part.time);
        } else if let Some(time) = clock(word) {
            fill(&mut part.time, time)?;
        } else {
            return None;
        }
    }
    pending.is_none().then_some(part)
}

/// Puts a value where none is.
fn fill<T>(place: &mut Option<T>, value: T) -> Option<()> {
    place.is_none().then(|| *place = Some(value))
}

/// Morning or afternoon.
fn half((hour, minute): (u32, u32), word: &str) -> Option<(u32, u32)> {
    (1..=12).contains(&hour).then(|| (hour % 12 + if word == "pm" { 12 } else { 0 }, minute))
}

/// « 1er », "28th".
fn ordinal(word: &str) -> Option<u32> {
    ["er", "ere", "e", "st", "nd", "rd", "th"].iter().find_map(|end| word.strip_suffix(end)).and_then(number)
}

/// The place in a list of a name or of its beginning, of three letters at least: « janv. », "Sept".
fn named<const N: usize>(word: &str, names: &[[&str; 2]; N]) -> Option<usize> {
    let word = word.trim_end_matches('.');
    let plain = slug(word)?;
    let fits = |name: &str| slug(name).is_some_and(|name| name.starts_with(&plain));
    let mut found = names.iter().enumerate().filter(|(_, names)| names.iter().any(|name| fits(name)));
    match (plain.chars().count() >= 3, found.next(), found.next()) {
        (true, Some((at, _)), None) => Some(at),
        // « jui » would be June and July; « mai » is whole.
        _ => names.iter().position(|names| names.iter().any(|name| slug(name).as_deref() == Some(&plain))),
    }
}

/// `28/06/2026`, `28.6.26`, `2026-06-28`, with a time behind a `T`.
fn numeric(word: &str) -> Option<(Part, Option<(u32, u32)>)> {
    let (day, time) = match word.split_once('t') {
        Some((day, time)) => (day, Some(clock(time)?)),
        None => (word, None),
    };
    let pieces: Vec<&str> = day.split(['/', '.', '-']).collect();
    let [first, second, third] = pieces[..] else { return None };
    let (year, month, day) = if first.len() == 4 {
        (number(first)?, number(second)?, number(third)?)
    } else {
        let year = if third.len() == 2 { 2000 + number(third)? } else { four_digits(third)? };
        (year, number(second)?, number(first)?)
    };
    Some((Part { day: Some(day), month: Some(month), year: Some(year), ..Part::default() }, time))
}

/// `9h30`, `9h`, `09:30`, `09:30:00`, `9:30am`, `9am`.
fn clock(word: &str) -> Option<(u32, u32)> {
    if let Some(end) = ["am", "pm"].into_iter().find(|end| word.ends_with(end)) {
        let rest = word.strip_suffix(end)?;
        return half(clock(rest).or_else(|| number(rest).map(|hour| (hour, 0)))?, end);
    }
    let (hour, minute) = word.split_once(['h', ':'])?;
    let minute = minute.strip_suffix(":00").unwrap_or(minute);
    Some((number(hour)?, if minute.is_empty() && word.contains('h') { 0 } else { number(minute)? }))
}

/// Times that stand alone belong to the date before: « 6 juillet 2026 à 9 h et 14 h » are two moments of it.
fn timed(mut parts: Vec<Part>) -> Vec<Part> {
    let mut at = 1;
    while at < parts.len() {
        let Part { day, month, year, time, ends, .. } = parts[at];
        if time.is_some() && day.is_none() && month.is_none() && year.is_none() {
            if parts[at - 1].time.is_none() {
                // « 28 juin 2026, 12:00 »: the comma separates nothing.
                parts[at - 1].time = time;
                parts.remove(at);
                continue;
            }
            parts[at] = Part { time, ends, ..parts[at - 1] };
        }
        at += 1;
    }
    parts
}

/// Fills what a date takes from its neighbours: « 6 et 7 juillet 2026 ».
fn complete(mut parts: Vec<Part>) -> Result<Vec<Written>, Slip> {
    for at in (1..parts.len()).rev() {
        let next = parts[at];
        let part = &mut parts[at - 1];
        if part.month.is_none() && part.year.is_none() {
            part.month = next.month;
            part.time = part.time.or(next.time);
        }
        part.year = part.year.or(next.year);
    }
    let written = parts.into_iter().map(|part| {
        let (Some(day), Some(month)) = (part.day, part.month) else { return Err(Slip::NoDate) };
        let Some(year) = part.year else { return Err(Slip::NoYear(day, month)) };
        let written = Written { year, month, day, time: part.time };
        match (written.date(), part.weekday) {
            (Some(date), Some(weekday)) if date.weekday() != weekday => Err(Slip::Weekday(date)),
            _ => Ok(written),
        }
    });
    let written = written.collect::<Result<Vec<_>, _>>()?;
    if written.is_empty() { Err(Slip::NoDate) } else { Ok(written) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(text: &str) -> String {
        match read(text) {
            Ok(answer) => {
                let dots = |at| if answer.ends.contains(&at) { ".." } else { "" };
                let dates = answer.dates.iter().enumerate();
                let dates: Vec<_> = dates.map(|(at, date)| format!("{}{date}", dots(at))).collect();
                let how = if answer.between {
                    "between "
                } else if answer.before {
                    "before "
                } else {
                    ""
                };
                format!("{how}{}", dates.join(" "))
            }
            Err(Slip::NoHour(part, _)) => format!("NoHour {}", part.word),
            Err(slip) => format!("{slip:?}"),
        }
    }

    #[test]
    fn dates_are_taken_as_people_write_them() {
        let mut wrong = Vec::new();
        for (text, expected) in [
            ("28/06/2026", "2026-06-28"),
            ("28/6/26", "2026-06-28"),
            ("28.06.2026", "2026-06-28"),
            ("28-06-2026", "2026-06-28"),
            ("2026-06-28", "2026-06-28"),
            ("  28 juin 2026 ", "2026-06-28"),
            ("dimanche 28 juin 2026", "2026-06-28"),
            ("Le dimanche 28 JUIN 2026", "2026-06-28"),
            ("dim. 28 juin 2026", "2026-06-28"),
            ("1er juin 2026", "2026-06-01"),
            ("15 août 2026", "2026-08-15"),
            ("15 aout 2026", "2026-08-15"),
            ("3 févr. 2026", "2026-02-03"),
            ("31 déc 2026", "2026-12-31"),
            ("3 mars 2026", "2026-03-03"),
            ("mardi 3 mars 2026", "2026-03-03"),
            ("28\u{a0}juin\u{202f}2026", "2026-06-28"),
            ("June 28 2026", "2026-06-28"),
            ("June 28, 2026", "2026-06-28"),
            ("28 June 2026", "2026-06-28"),
            ("Sunday, June 28th, 2026", "2026-06-28"),
            ("Sunday June 28th, 2026", "2026-06-28"),
            ("the 1st of July 2026", "2026-07-01"),
            ("Sept 1 2026", "2026-09-01"),
            ("avant le 29 juin 2026", "before 2026-06-29"),
            ("before June 29, 2026", "before 2026-06-29"),
            ("jusqu'au 28 juin 2026", "2026-06-28"),
            ("28 juin 2026 à 12h", "2026-06-28T12:00:00"),
            ("28 juin 2026, 12:00", "2026-06-28T12:00:00"),
            ("2026-06-28T12:00:00", "2026-06-28T12:00:00"),
            ("2026-06-28 12:00", "2026-06-28T12:00:00"),
            ("6 juillet 2026 à 9 h 30", "2026-07-06T09:30:00"),
            ("6 juillet 2026 à 9h30", "2026-07-06T09:30:00"),
            ("6 July 2026 at 9:30 pm", "2026-07-06T21:30:00"),
            ("6 July 2026 at 12am", "2026-07-06T00:00:00"),
            ("6 et 7 juillet 2026", "2026-07-06 2026-07-07"),
            ("6, 7 et 8 juillet 2026", "2026-07-06 2026-07-07 2026-07-08"),
            ("6 or 7 July 2026", "2026-07-06 2026-07-07"),
            ("30 juin et 1er juillet 2026", "2026-06-30 2026-07-01"),
            ("06/07/2026, 07/07/2026", "2026-07-06 2026-07-07"),
            ("6 juillet 2026 à 9 h et 14 h 30", "2026-07-06T09:00:00 2026-07-06T14:30:00"),
            ("6 July 2026 at 9:30 am and 2 pm", "2026-07-06T09:30:00 2026-07-06T14:00:00"),
            ("6 juillet à 9 h", "NoYear(6, 7)"),
            ("28 h", "NoDate"),
            ("6 et 7 juillet 2026 à 9 h", "2026-07-06T09:00:00 2026-07-07T09:00:00"),
            ("entre le 15 mai et le 1er juin 2026", "between 2026-05-15 2026-06-01"),
            ("31/08/2026 au 30/04/2027", "2026-08-31 ..2027-04-30"),
            ("31 août 2026 - 30 avril 2027", "2026-08-31 ..2027-04-30"),
            ("31/06/2026", "2026-06-31"),
            ("06/28/2026", "2026-28-06"),
            ("28 juin", "NoYear(28, 6)"),
            ("lundi 28 juin 2026", "Weekday(2026-06-28)"),
            ("demain", "NoDate"),
            ("du 6 au 8 juillet 2026", "2026-07-06 ..2026-07-08"),
            ("du 6 jusqu'au 8 juillet 2026", "2026-07-06 ..2026-07-08"),
            ("6-8 juillet 2026", "2026-07-06 ..2026-07-08"),
            ("6–8 July 2026", "2026-07-06 ..2026-07-08"),
            ("from 6 to 8 and 10 July 2026", "2026-07-06 ..2026-07-08 2026-07-10"),
            ("July 6, 2026 at 9:30", "2026-07-06T09:30:00"),
            ("July 6, 2026 at 9:30, 14:00", "2026-07-06T09:30:00 2026-07-06T14:00:00"),
            ("July 6, 2026 28", "NoDate"),
            ("6 juillet 2026 à midi", "2026-07-06T12:00:00"),
            ("6 juillet 2026 à 9 h du matin", "2026-07-06T09:00:00"),
            ("6 juillet 2026 à 2 h de l'après-midi", "2026-07-06T14:00:00"),
            ("6 July 2026 at 8:30 in the evening", "2026-07-06T20:30:00"),
            ("6 July 2026 at 14:00 in the morning", "NoHour morning"),
            ("6 juillet 2026 matin", "NoHour matin"),
            ("6 juillet 2026 après-midi", "NoHour après-midi"),
            ("fin juin 2026", "NoDate"),
            ("juin 2026", "NoDate"),
            ("28 28 juin 2026", "NoDate"),
            ("28 juin juin 2026", "NoDate"),
            ("2026", "NoDate"),
            ("", "NoDate"),
            (",", "NoDate"),
            ("28/06/20266", "NoDate"),
        ] {
            if dates(text) != expected {
                wrong.push(format!("{text}: {} and not {expected}", dates(text)));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_date_is_said_back_in_full() {
        let day = Written { year: 2026, month: 7, day: 1, time: Some((9, 5)) };
        assert_eq!(day.said(Language::French), "mercredi 1er juillet 2026 à 9\u{a0}h\u{a0}05");
        assert_eq!(day.said(Language::English), "Wednesday 1 July 2026 at 9:05");
        assert_eq!(Written { day: 31, month: 6, time: None, ..day }.said(Language::French), "2026-06-31");
    }
}
