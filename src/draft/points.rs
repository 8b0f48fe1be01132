//! Pure. One date as people write it, of which month and year may be missing: « 28 juin 2026 », `31/08/26`, « mi-mai »,
//! « semaine 24 », "June 28th".

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::lexicon;
use super::words::{Gap, Kind, Words};

/// How a stretch of a month is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// One day of it.
    Day(u8),
    /// Monday to Friday of the week in which this day is.
    WeekOf(u8),
    /// From one day to another: « mi-mai » is 11 to 20; beyond the last day of the month is the last day.
    Days(u8, u8),
    /// Monday to Friday of a week of ISO 8601; it has no month.
    IsoWeek(u8),
}

/// One date, of which month and year may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    pub(super) part: Part,
    pub(super) month: Option<u8>,
    pub(super) year: Option<i32>,
    pub(super) weekday: Option<Weekday>,
    /// It was written month first, with a name: "June 28".
    pub(super) month_first: bool,
    /// Written year first.
    pub(super) iso: bool,
    /// Written in figures, and it could be month first: « 4/5 ».
    pub(super) turns: bool,
}

/// The first and the last day of a point, if the calendar has them.
pub(super) fn days(point: &Point, year: i32) -> Option<(NaiveDate, NaiveDate)> {
    let on = |day: u8| NaiveDate::from_ymd_opt(year, u32::from(point.month?), u32::from(day));
    let working_week = |day: NaiveDate| {
        // Of a Saturday or a Sunday, the week that follows is meant.
        let back = day.weekday().num_days_from_monday();
        let monday = if back < 5 { day - Days::new(back.into()) } else { day + Days::new((7 - back).into()) };
        (monday, monday + Days::new(4))
    };
    match point.part {
        Part::Day(day) => on(day).map(|day| (day, day)),
        Part::WeekOf(day) => on(day).map(working_week),
        Part::Days(first, last) => {
            let end = (28..=last.min(31)).rev().find_map(on).or_else(|| on(last))?;
            Some((on(first)?, end))
        }
        Part::IsoWeek(week) => NaiveDate::from_isoywd_opt(year, week.into(), Weekday::Mon).map(working_week),
    }
}

pub(super) fn skip_fillers(words: &Words<'_>, from: usize) -> usize {
    let mut at = from;
    while at < from + 4
        && !is_scanned_first(words, at)
        && (lexicon::is_filler(words.fold(at)) || words.is(at, '\''))
    {
        at += 1;
    }
    at
}

const NEW: Point = Point {
    part: Part::Day(0),
    month: None,
    year: None,
    weekday: None,
    month_first: false,
    iso: false,
    turns: false,
};

/// One date, and where it ends.
pub(super) fn point(words: &Words<'_>, from: usize) -> Option<(Point, usize)> {
    let at = skip_fillers(words, from);
    let word = words.fold(at);
    match words.get(at).kind {
        Kind::Number(_) => figures(words, at)
            .or_else(|| ordinal_part(words, at))
            .or_else(|| numbered(words, at))
            .map(|(point, to)| weekday_behind(words, point, to)),
        Kind::Letters => {
            // « mar. » is Tuesday and March: a weekday stands before a day.
            let day = lexicon::weekday(word).and_then(|weekday| {
                let mut next = at + 1;
                while next < at + 4
                    && (words.is(next, '.') || words.is(next, ',') || lexicon::is_filler(words.fold(next)))
                {
                    next += 1;
                }
                let (point, to) = match words.get(next).kind {
                    Kind::Number(_) => figures(words, next).or_else(|| numbered(words, next)),
                    Kind::Letters => named_month(words, next),
                    _ => None,
                }?;
                matches!(point.part, Part::Day(_)).then_some((Point { weekday: Some(weekday), ..point }, to))
            });
            day.or_else(|| scanned_first(words, at))
                .or_else(|| week(words, at))
                .or_else(|| part_of_month(words, at))
                .or_else(|| named_month(words, at))
        }
        _ => None,
    }
}

/// « l er », as scanners see « 1er ».
pub(super) fn is_scanned_first(words: &Words<'_>, at: usize) -> bool {
    matches!(words.fold(at), "l" | "i") && words.fold(at + 1) == "er"
}

fn scanned_first(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let month = month_named(words, at + 2).filter(|_| is_scanned_first(words, at))?;
    let (year, to) = year_behind(words, at + 3);
    Some((Point { part: Part::Day(1), month: Some(month), year, ..NEW }, to))
}

/// « le 15 juin (mardi) ».
fn weekday_behind(words: &Words<'_>, point: Point, to: usize) -> (Point, usize) {
    let weekday = lexicon::weekday(words.fold(to + 1)).filter(|_| words.is(to, '(') && words.is(to + 2, ')'));
    match weekday.filter(|_| point.weekday.is_none()) {
        Some(weekday) => (Point { weekday: Some(weekday), ..point }, to + 3),
        None => (point, to),
    }
}

/// A day in figures: `31/08/26`, `30.4.2013`, `5/10`, `2026-06-28`.
fn figures(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let separator = ['/', '.', '-'].into_iter().find(|mark| words.is(at + 1, *mark))?;
    // A phone number, a reference, a fraction, a page.
    let touches = |at: usize, mark: char| words.is(at, mark) && words.is_glued(at);
    if at > 0
        && words.is_glued(at)
        && ['/', '.', '-', '+', '€', '£', '$', '°'].iter().any(|mark| words.is(at - 1, *mark))
    {
        return None;
    }
    let (first, second) = (words.number(at)?, words.number(at + 2)?);
    let small = |at: usize| (1..=2).contains(&words.get(at).digits);
    if words.get(at).digits == 4 {
        let third = words.number(at + 4).filter(|_| words.is(at + 3, separator) && separator != '.')?;
        let point = Point {
            part: Part::Day(day(third)?),
            month: Some(month(second)?),
            year: Some(year(first)?),
            iso: true,
            ..NEW
        };
        return Some((point, at + 5));
    }
    let third = words.number(at + 4).filter(|_| words.is(at + 3, separator));
    let Some(third) = third else {
        // Without a year only « 5/10 » is taken: 5.10 is a number, 5-10 a range.
        let listed =
            separator == '.' && lexicon::join(words.fold(at + 3)).is_some() && is_dotted(words, at + 4);
        let alone = (separator == '/' || listed)
            && small(at)
            && small(at + 2)
            && words.is_glued(at + 1)
            && words.is_glued(at + 2)
            && !touches(at + 3, '/')
            && !(words.is_glued(at + 3) && matches!(words.get(at + 3).kind, Kind::Letters | Kind::Number(_)))
            && (!lexicon::is_unit(words.fold(at + 3)) || words.is(at + 3, ':') && !words.is_glued(at + 3))
            && lexicon::month(words.fold(at + 3)).is_none();
        let (point, _) = alone.then(|| day_and_month(first, second)).flatten()?;
        return Some((point, at + 3));
    };
    let digits = words.get(at + 4).digits;
    if !small(at)
        || !small(at + 2)
        || touches(at + 5, '/')
        || touches(at + 5, '.') && words.is_glued(at + 6) && words.number(at + 6).is_some()
    {
        return None;
    }
    let year = match digits {
        4 => year(third)?,
        2 if words.is_glued(at + 4) => 2000 + i32::try_from(third).ok()?,
        _ => return None,
    };
    let (point, _) = day_and_month(first, second)?;
    Some((Point { year: Some(year), ..point }, at + 5))
}

/// Whether « 13.5.2026 » or « le 13.5.2026 » begins here.
fn is_dotted(words: &Words<'_>, from: usize) -> bool {
    let at = skip_fillers(words, from);
    let (point, year) = (words.is(at + 1, '.') && words.is(at + 3, '.'), words.number(at + 4).and_then(year));
    point && words.number(at).is_some() && words.number(at + 2).is_some() && year.is_some()
}

/// Day and month in figures, day first where both can be.
fn day_and_month(first: u32, second: u32) -> Option<(Point, bool)> {
    let (day_first, month_first) = (day(first).zip(month(second)), day(second).zip(month(first)));
    let ((day, month), turned) =
        day_first.map(|found| (found, false)).or(month_first.map(|found| (found, true)))?;
    Some((
        Point { part: Part::Day(day), month: Some(month), turns: true, month_first: turned, ..NEW },
        turned,
    ))
}

fn day(number: u32) -> Option<u8> {
    u8::try_from(number).ok().filter(|day| (1..=31).contains(day))
}

fn month(number: u32) -> Option<u8> {
    u8::try_from(number).ok().filter(|month| (1..=12).contains(month))
}

fn year(number: u32) -> Option<i32> {
    i32::try_from(number).ok().filter(|year| (1950..2100).contains(year))
}

/// « 28 juin 2026 », « 1er juin », « 28 de junio de 2026 », or a day whose month stands further on.
fn numbered(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let number = day(words.number(at)?).filter(|_| words.get(at).digits <= 2)?;
    let glued =
        |marks: &[char]| at > 0 && words.is_glued(at) && marks.iter().any(|mark| words.is(at - 1, *mark));
    if glued(&['.', '€', '£', '$', '+', '°']) {
        return None;
    }
    let mut next = at + 1;
    let ordinal =
        lexicon::is_ordinal_end(words.fold(next)) && (words.is_glued(next) || words.fold(next) == "er");
    next += usize::from(ordinal || words.is(next, '°') || words.is(next, '.') && !words.is_glued(next + 1));
    let mut month_at = next;
    while month_at < next + 2
        && (matches!(words.fold(month_at), "of" | "de" | "d" | "du") || words.is(month_at, '\''))
    {
        month_at += 1;
    }
    month_at += usize::from(words.is(month_at, '-') && words.is_glued(month_at));
    if let Some(month) = month_named(words, month_at) {
        let (year, to) = year_behind(words, month_at + 1);
        return Some((Point { part: Part::Day(number), month: Some(month), year, ..NEW }, to));
    }
    // « les 27/28 mai » are two days, 27/28 is none.
    if glued(&['/']) || lexicon::is_unit(words.fold(next)) {
        return None;
    }
    // A bare day: its month may come, or has come.
    let (year, to) = match words.number(next + 1).and_then(year) {
        Some(year) if words.is(next, ',') && words.get(next + 1).digits == 4 => (Some(year), next + 2),
        _ => (None, next),
    };
    Some((Point { part: Part::Day(number), year, ..NEW }, to))
}

/// A month by its name; of those that are also other words, only where they look like months.
fn month_named(words: &Words<'_>, at: usize) -> Option<u8> {
    (words.get(at).kind == Kind::Letters).then(|| lexicon::month(words.fold(at))).flatten()
}

/// The year behind a month, and where the date ends.
fn year_behind(words: &Words<'_>, from: usize) -> (Option<i32>, usize) {
    // « sept. 2026 », "June, 2026", « junio de 2026 », « juin '26 ».
    let dotted = from + usize::from(words.is(from, '.') && words.get(from + 1).gap < Gap::Paragraph);
    let mut at = dotted;
    while at < dotted + 2
        && (words.is(at, ',')
            || words.is(at, '\'')
            || words.is(at, '-')
            || words.is(at, '/')
            || matches!(words.fold(at), "de" | "del"))
    {
        at += 1;
    }
    let after = words.fold(at + 1);
    let is_time = words.is_glued(at + 1) && (after == "h" || after == ":" && words.get(at).digits < 4);
    if words.get(at).gap < Gap::Paragraph && !is_time {
        if let Some(year) = words.number(at).and_then(year).filter(|_| words.get(at).digits == 4) {
            return (Some(year), at + 1);
        }
        let short = words.number(at).filter(|_| {
            words.get(at).digits == 2
                && at > from
                && (words.is(at - 1, '\'')
                    || words.get(from - 1).kind == Kind::Letters
                        && words.is_glued(at)
                        && words.is_glued(at - 1)
                        && (words.is(at - 1, '-') || words.is(at - 1, '/')))
        });
        if let Some(year) = short.and_then(|year| i32::try_from(2000 + year).ok()) {
            return (Some(year), at + 1);
        }
    }
    let cut_short = words.fold(from.saturating_sub(1)).len() <= 4
        && words.is(from, '.')
        && !matches!(words.get(from + 1).gap, Gap::Paragraph | Gap::Line)
        && !words.get(from + 1).capital;
    (None, if cut_short { from + 1 } else { from })
}

/// A month by its name, with or without a day behind it: "June 28, 2026", « juin 2026 ».
fn named_month(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let found = month_named(words, at)?;
    let mut next = at + 1;
    while next < at + 3 && (words.is(next, '.') || words.fold(next) == "the") {
        next += 1;
    }
    if let Some(number) = words
        .number(next)
        .and_then(day)
        .filter(|_| words.get(next).digits <= 2 && words.get(next).gap < Gap::Paragraph)
    {
        let ordinal = lexicon::is_ordinal_end(words.fold(next + 1)) && words.is_glued(next + 1);
        let behind = next + 1 + usize::from(ordinal);
        let is_day = ordinal || !lexicon::is_unit(words.fold(behind)) && month_named(words, behind).is_none();
        if is_day && is_english(words.fold(at)) {
            let (year, to) = year_behind(words, behind);
            let to = if year.is_none() { behind } else { to };
            return Some((
                Point { part: Part::Day(number), month: Some(found), year, month_first: true, ..NEW },
                to,
            ));
        }
    }
    let (year, to) = year_behind(words, at + 1);
    let whole = Point { part: Part::Days(1, 31), month: Some(found), year, ..NEW };
    let before = words.fold(at.saturating_sub(1));
    let introduced = matches!(
        before,
        "en" | "in"
            | "de"
            | "d"
            | "pour"
            | "mois"
            | "courant"
            | "from"
            | "a"
            | "au"
            | "to"
            | "et"
            | "ou"
            | "and"
            | "or"
            | "-"
            | "/"
            | ":"
            | "'"
            | "of"
            | "des"
            | "for"
    );
    // « CDD, avril à octobre 2026 ».
    let introduced = introduced
        || matches!(words.fold(at + 1), "to" | "a" | "au" | "-")
            && month_named(words, at + 2).is_some()
            && year_behind(words, at + 3).0.is_some();
    let is_a_name = words.get(at).capital
        || !matches!(words.fold(at), "may" | "march" | "mar" | "sept" | "dec" | "jan" | "avr" | "mars");
    (year.is_some() || introduced && is_a_name && words.fold(at).len() > 2).then_some((whole, to))
}

/// Whether dates may be written with this month first.
fn is_english(month: &str) -> bool {
    matches!(
        month,
        "january"
            | "jan"
            | "february"
            | "feb"
            | "march"
            | "mar"
            | "april"
            | "apr"
            | "may"
            | "june"
            | "jun"
            | "july"
            | "jul"
            | "august"
            | "aug"
            | "september"
            | "sept"
            | "sep"
            | "october"
            | "oct"
            | "november"
            | "nov"
            | "december"
            | "dec"
    )
}

/// « semaine du 12 mai », "week commencing 12 May", "W/C 10/02", « semaine 24 », « S24 ».
fn week(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let next = match words.fold(at) {
        "semaine" | "semaines" => {
            if let Some(week) = words.number(at + 1).filter(|week| (1..=53).contains(week)) {
                return iso_week(words, week, at + 2);
            }
            matches!(words.fold(at + 1), "du" | "de" | "des" | "commencant").then_some(at + 2)?
        }
        "week" | "weeks" => match words.fold(at + 1) {
            "commencing" | "beginning" | "starting" | "of" | "from" => at + 2,
            _ => {
                let week = words.number(at + 1).filter(|week| (1..=53).contains(week))?;
                return iso_week(words, week, at + 2);
            }
        },
        "w" if words.is(at + 1, '/') && matches!(words.fold(at + 2), "c" | "b") => at + 3,
        "wc" | "wb" => at + 1,
        "s" if words.is_glued(at + 1) => {
            let week = words
                .number(at + 1)
                .filter(|week| (1..=53).contains(week) && words.get(at + 1).digits == 2)?;
            return iso_week(words, week, at + 2);
        }
        _ => return None,
    };
    let mut next = next;
    next += usize::from(words.is(next, ':') || words.is(next, '.'));
    let next = skip_fillers(words, next);
    let next = lexicon::weekday(words.fold(next))
        .map_or(next, |_| skip_fillers(words, next + 1 + usize::from(words.is(next + 1, ','))));
    let (point, to) = match words.get(next).kind {
        Kind::Number(_) => figures(words, next).or_else(|| numbered(words, next)),
        Kind::Letters => named_month(words, next),
        _ => None,
    }?;
    let Part::Day(day) = point.part else { return None };
    // « semaine du 12 au 16 mai » is a range like any other.
    let ranged = matches!(words.fold(to), "au" | "to" | "-");
    Some((Point { part: if ranged { Part::Day(day) } else { Part::WeekOf(day) }, ..point }, to))
}

fn iso_week(words: &Words<'_>, week: u32, to: usize) -> Option<(Point, usize)> {
    let of = to + usize::from(matches!(words.fold(to), "de" | "of" | ","));
    let written = words.number(of).and_then(year).filter(|_| words.get(of).digits == 4);
    let part = Part::IsoWeek(u8::try_from(week).ok()?);
    Some((Point { part, year: written, ..NEW }, if written.is_some() { of + 1 } else { to }))
}

/// « mi-mai », « fin du mois de juin », "early June", « 1ère quinzaine d'avril », « dernière semaine d'août ».
fn part_of_month(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let part = match words.fold(at) {
        // "Start June 2026", « Date de début    juin 2026 »: a label with its date.
        "start" | "beginning" if words.fold(at + 1) != "of" => return None,
        "debut" if words.get(at + 1).span.start > words.get(at).span.end + 2 => return None,
        "debut" | "early" | "beginning" | "start" | "anfang" => Part::Days(1, 10),
        "mi" | "mid" | "milieu" | "middle" | "mitte" => Part::Days(11, 20),
        "fin" | "late" | "end" | "ende" => Part::Days(21, 31),
        "courant" => Part::Days(1, 31),
        word => return lexicon::ordinal(word).and_then(|which| ordinal_of_month(words, which, at + 1)),
    };
    in_month(words, part, at + 1)
}

/// « 1ère quinzaine », « 2e semaine ».
fn ordinal_part(words: &Words<'_>, at: usize) -> Option<(Point, usize)> {
    let which = i8::try_from(words.number(at).filter(|number| (1..=5).contains(number))?).ok()?;
    let next = at + 1;
    let ends = matches!(
        words.fold(next),
        "er" | "ere" | "re" | "e" | "eme" | "nde" | "nd" | "de" | "st" | "rd" | "th"
    );
    ordinal_of_month(words, which, next + usize::from(ends))
}

fn ordinal_of_month(words: &Words<'_>, which: i8, at: usize) -> Option<(Point, usize)> {
    let part = match (words.fold(at), which) {
        ("quinzaine" | "moitie" | "half", 1) => Part::Days(1, 15),
        ("quinzaine" | "moitie" | "half", 2 | -1) => Part::Days(16, 31),
        ("semaine" | "week", -1) => Part::Days(25, 31),
        ("semaine" | "week", 1..=4) => {
            let first = u8::try_from(which).ok()?.saturating_sub(1) * 7 + 1;
            Part::Days(first, first + 6)
        }
        _ => return None,
    };
    in_month(words, part, at + 1)
}

fn in_month(words: &Words<'_>, part: Part, from: usize) -> Option<(Point, usize)> {
    let mut at = from;
    while at < from + 6
        && (matches!(words.fold(at), "du" | "de" | "d" | "of" | "in" | "mois" | "the" | "le" | "month" | "-")
            || words.is(at, '\''))
    {
        at += 1;
    }
    let month = month_named(words, at)?;
    let (year, to) = year_behind(words, at + 1);
    Some((Point { part, month: Some(month), year, ..NEW }, to))
}
