//! Pure. Times of the day beside a date: « à midi », « 23h59 », "5pm (UK time)", "23.59".

use super::lexicon;
use super::words::{Kind, Words};

/// A time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Time {
    pub(super) hour: u8,
    pub(super) minute: u8,
    /// Its zone, where the text names it.
    pub(super) zone: Option<&'static str>,
    /// « 0h », "00:00", « minuit »: the end of that day as well as its beginning.
    pub(super) midnight: Midnight,
}

/// Which midnight a time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Midnight {
    /// None.
    No,
    /// « minuit »: of a deadline, the end of the day.
    Word,
    /// « 0h »: the beginning of the day, though its end may be meant.
    Zero,
}

fn time(hour: u32, minute: u32) -> Option<Time> {
    if hour == 24 && minute == 0 {
        return Some(Time { hour: 23, minute: 59, zone: None, midnight: Midnight::Word });
    }
    let (hour, minute) =
        (u8::try_from(hour).ok().filter(|hour| *hour < 24)?, u8::try_from(minute).ok().filter(|m| *m < 60)?);
    let midnight = if (hour, minute) == (0, 0) { Midnight::Zero } else { Midnight::No };
    Some(Time { hour, minute, zone: None, midnight })
}

const MIDNIGHT: Time = Time { hour: 23, minute: 59, zone: None, midnight: Midnight::Word };
const NOON: Time = Time { hour: 12, minute: 0, zone: None, midnight: Midnight::No };

/// The time that begins at a place, and where it ends. `spoken` is whether a word before announces one: "at 12.00".
fn at(words: &Words<'_>, from: usize, spoken: bool) -> Option<(Time, usize)> {
    match words.fold(from) {
        "midi" | "noon" | "midday" => return Some((NOON, from + 1)),
        "minuit" | "midnight" => return Some((MIDNIGHT, from + 1)),
        _ => {}
    }
    if from > 0
        && words.is_glued(from)
        && matches!(words.get(from - 1).kind, Kind::Mark('/' | '.' | '-' | '€' | '£' | '$'))
    {
        return None;
    }
    let military = spoken && words.get(from).digits == 4;
    if let Some(number) = words.number(from).filter(|_| military) {
        return Some((time(number / 100, number % 100)?, from + 1));
    }
    let hour = words.number(from).filter(|_| words.get(from).digits <= 2)?;
    let minutes = |at: usize| words.number(at).filter(|_| words.get(at).digits == 2);
    match words.fold(from + 1) {
        "h" | "hr" | "hrs" | "heure" | "heures" | "uhr" => {
            let minute = minutes(from + 2).filter(|minute| *minute < 60);
            let minute =
                minute.filter(|_| words.fold(from + 1) == "h" || words.fold(from + 1).starts_with("heure"));
            // « 12 h 14 postes »: minutes are glued, or as far away as the hour.
            let minute = minute
                .filter(|_| words.get(from + 2).gap <= words.get(from + 1).gap.max(super::words::Gap::None));
            let found = time(hour, minute.unwrap_or(0))?;
            Some((found, from + 2 + usize::from(minute.is_some())))
        }
        ":" | "." if words.is_glued(from + 1) && words.is_glued(from + 2) => {
            let minute = minutes(from + 2)?;
            let mut to = from + 3;
            let half = half(words, to);
            if words.fold(from + 1) == "."
                && half.is_none()
                && (!spoken || words.is(to, '.') && words.is_glued(to + 1))
            {
                return None;
            }
            if words.is(to, ':') && minutes(to + 1).is_some() {
                to += 2;
            }
            if let Some((afternoon, end)) = half {
                return Some((time(on_clock(hour, afternoon)?, minute)?, end));
            }
            if matches!(words.fold(to), "noon" | "midday") {
                return Some((NOON, to + 1));
            }
            let unit = matches!(words.fold(to), "h" | "hrs" | "hours" | "uhr");
            Some((time(hour, minute)?, to + usize::from(unit)))
        }
        "noon" | "midday" if hour == 12 => Some((NOON, from + 2)),
        "midnight" if hour == 12 => Some((MIDNIGHT, from + 2)),
        _ => {
            let (afternoon, to) = half(words, from + 1)?;
            Some((time(on_clock(hour, afternoon)?, 0)?, to))
        }
    }
}

/// "pm", "p.m."
fn half(words: &Words<'_>, at: usize) -> Option<(bool, usize)> {
    match words.fold(at) {
        "am" => Some((false, at + 1)),
        "pm" => Some((true, at + 1)),
        half @ ("a" | "p") if words.is(at + 1, '.') && words.fold(at + 2) == "m" => {
            Some((half == "p", at + 3 + usize::from(words.is(at + 3, '.'))))
        }
        _ => None,
    }
}

fn on_clock(hour: u32, afternoon: bool) -> Option<u32> {
    (1..=12).contains(&hour).then(|| hour % 12 + if afternoon { 12 } else { 0 })
}

/// The words that may stand between a date and its time.
fn may_stand_between(word: &str) -> bool {
    matches!(
        word,
        "," | "("
            | "-"
            | "a"
            | "at"
            | "avant"
            | "before"
            | "by"
            | "au"
            | "plus"
            | "tard"
            | "de"
            | "jusqu"
            | "'"
            | "inclus"
            | "le"
            | "the"
            | "until"
            | "heure"
            | "limite"
            | ":"
            | "um"
            | "for"
            | "soit"
            | "on"
            | "no"
            | "later"
            | "than"
            | "partir"
            | "from"
    )
}

/// The time behind a date that ends here, and where it ends.
pub(super) fn after(words: &Words<'_>, date: usize) -> Option<(Time, usize)> {
    let mut from = date;
    while from < date + 6 {
        let spoken = from > date
            && matches!(words.fold(from - 1), "a" | "at" | "by" | "before" | "than" | "avant" | "until");
        // "2026-05-15T17:00"; of "T00:00" only the date is meant.
        let iso = words.fold(from) == "t" && words.is_glued(from) && words.is_glued(from + 1);
        if let Some((time, to)) = at(words, from + usize::from(iso), spoken) {
            if iso && time.midnight != Midnight::No {
                return None;
            }
            return Some((Time { zone: zone(words, from, to), ..time }, to));
        }
        if !may_stand_between(words.fold(from)) {
            return None;
        }
        from += 1;
    }
    None
}

/// Where the time before a date begins that begins here, if there is one.
pub(super) fn before(words: &Words<'_>, date: usize) -> Option<usize> {
    found_before(words, date).map(|(_, from)| from)
}

/// The time before a date that begins here.
pub(super) fn read_before(words: &Words<'_>, date: usize) -> Option<Time> {
    found_before(words, date).map(|(time, _)| time)
}

fn found_before(words: &Words<'_>, date: usize) -> Option<(Time, usize)> {
    // Farther back first: "12:00 noon" is more than "noon".
    let floor = date.saturating_sub(12);
    let (time, from) = (floor..date).find_map(|from| {
        let spoken = from > 0
            && matches!(words.fold(from - 1), "a" | "at" | "by" | "before" | "than" | "avant" | "until");
        let (time, to) = at(words, from, spoken).filter(|(_, to)| *to <= date)?;
        let close = (to..date).all(|at| {
            let word = words.fold(at);
            matches!(
                word,
                "(" | ")"
                    | ","
                    | "on"
                    | "the"
                    | "le"
                    | "du"
                    | "of"
                    | "-"
                    | "time"
                    | "uk"
                    | "gmt"
                    | "bst"
                    | "cet"
                    | "cest"
                    | "heure"
                    | "de"
                    | "paris"
                    | "l"
                    | "'"
                    | "ce"
                    | "local"
                    | "utc"
                    | "central"
                    | "eastern"
                    | "pacific"
                    | "mountain"
                    | "est"
            ) || lexicon::weekday(word).is_some()
                || zone(words, at, at).is_some()
        });
        close.then_some((Time { zone: zone(words, from, date), ..time }, from))
    })?;
    Some((time, from))
}

/// The zone named among or right behind these words.
fn zone(words: &Words<'_>, from: usize, to: usize) -> Option<&'static str> {
    (from..to + 4).find_map(|at| {
        let mut next = at + 1;
        while next < at + 3 && matches!(words.fold(next), "de" | "du" | "d" | "'") {
            next += 1;
        }
        lexicon::zone([words.fold(at), words.fold(next)])
    })
}
