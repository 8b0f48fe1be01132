//! Pure. The year of a date that has none: from the day of publication, from the other dates, from its weekday; and
//! what speaks against a date.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use super::points::{Part, Point, days};
use super::roles::Role;
use crate::diagnostic::{Words, say};

/// What is known of the time of the recruitment.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// When the posting was published.
    pub(super) published: Option<NaiveDate>,
    /// The last day of applications.
    pub(super) deadline: Option<NaiveDate>,
    /// The first interview whose year is written.
    pub(super) interview: Option<NaiveDate>,
    /// The first day of work, if its year is written.
    pub(super) start: Option<NaiveDate>,
    /// The latest year that any date of the text has.
    pub(super) mentioned: Option<i32>,
}

/// A date with its year.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Settled {
    pub(super) first: NaiveDate,
    pub(super) last: NaiveDate,
    pub(super) doubts: Vec<Words>,
}

/// Why a date has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lacking {
    /// Nothing tells its year.
    Year,
    /// The calendar has no such day.
    Day,
}

/// A date of the text as days of the calendar.
pub(super) fn settle(point: &Point, role: Role, known: &Known) -> Result<Settled, Lacking> {
    let mut doubts = Vec::new();
    let year = if let Some(year) = point.year {
        year
    } else {
        let (year, why) =
            inferred(point, role, known).ok_or(if exists(point) { Lacking::Year } else { Lacking::Day })?;
        doubts.push(why);
        year
    };
    let (first, last) = days(point, year).ok_or(Lacking::Day)?;
    if let (Some(said), Part::Day(_)) = (point.weekday, point.part)
        && said != first.weekday()
    {
        doubts.push(not_that_weekday(first, said));
    }
    if point.turns
        && matches!((point.part, point.month), (Part::Day(day @ ..=12), Some(month)) if day != month)
        && point.year.is_none()
    {
        // Without a year nothing else tells the day from the month.
        let (day, month) = (first.day(), first.month());
        doubts.push(say(
            format!("lu {day:02}/{month:02}, le jour d'abord"),
            format!("read {day:02}/{month:02}, day first"),
        ));
    }
    Ok(Settled { first, last, doubts })
}

/// Whether any year has such a day.
pub(super) fn exists(point: &Point) -> bool {
    days(point, point.year.unwrap_or(2024)).is_some()
}

fn inferred(point: &Point, role: Role, known: &Known) -> Option<(i32, Words)> {
    let on = |year: i32| days(point, year).map(|(first, last)| (year, first, last));
    let from = |floor: NaiveDate| {
        (floor.year()..floor.year() + 5).filter_map(on).find(|(_, _, last)| *last >= floor)
    };
    let until = |ceiling: NaiveDate| {
        (ceiling.year() - 5..=ceiling.year()).rev().filter_map(on).find(|(_, first, _)| *first <= ceiling)
    };
    let fits = |year: i32| {
        point.weekday.is_none_or(|said| on(year).is_some_and(|(_, first, _)| first.weekday() == said))
    };
    let floor = match role {
        Role::Deadline => known.published,
        _ => known.deadline.or(known.published),
    };
    let ceiling = match role {
        Role::Deadline => known.interview.or(known.start),
        Role::Interview => known.start,
        _ => None,
    };
    // Between two dates there is one year, whatever the weekday says; else the weekday chooses among neighbours.
    if let Some(floor) = floor {
        let (year, ..) = from(floor)?;
        if fits(year) || role != Role::Deadline {
            return Some((year, since(floor, role, known)));
        }
        let (fitting, why) = match ceiling.and_then(until) {
            Some((other, ..)) if fits(other) => (other, by_other_dates()),
            _ => (year, since(floor, role, known)),
        };
        return Some((fitting, why));
    }
    if let Some((year, ..)) = ceiling.and_then(until) {
        return Some((year, by_other_dates()));
    }
    let near = known.mentioned.or(known.start.map(|start| start.year()))?;
    let fitting = [near, near + 1, near - 1].into_iter().find(|year| fits(*year) && on(*year).is_some());
    let by_weekday = point.weekday.is_some() && fitting.is_some();
    let why = if by_weekday {
        say("année déduite du jour de la semaine", "year inferred from the weekday")
    } else {
        by_other_dates()
    };
    fitting.or(Some(near)).map(|year| (year, why))
}

fn since(floor: NaiveDate, role: Role, known: &Known) -> Words {
    if role != Role::Deadline && known.deadline == Some(floor) {
        return say("année déduite de la date limite", "year inferred from the deadline");
    }
    say(
        format!("année déduite de la publication, le {}", floor.format("%d/%m/%Y")),
        format!("year inferred from the publication on {floor}"),
    )
}

fn by_other_dates() -> Words {
    say("année déduite des autres dates", "year inferred from the other dates")
}

fn not_that_weekday(day: NaiveDate, said: Weekday) -> Words {
    let (fr, en) = name(day.weekday());
    let (said_fr, said_en) = name(said);
    say(
        format!("le {} est un {fr}, le texte dit {said_fr}", day.format("%d/%m/%Y")),
        format!("{day} is a {en}, the text says {said_en}"),
    )
}

fn name(day: Weekday) -> (&'static str, &'static str) {
    match day {
        Weekday::Mon => ("lundi", "Monday"),
        Weekday::Tue => ("mardi", "Tuesday"),
        Weekday::Wed => ("mercredi", "Wednesday"),
        Weekday::Thu => ("jeudi", "Thursday"),
        Weekday::Fri => ("vendredi", "Friday"),
        Weekday::Sat => ("samedi", "Saturday"),
        Weekday::Sun => ("dimanche", "Sunday"),
    }
}

/// Every day from one to another, while they are few.
pub(super) fn every_day(first: NaiveDate, last: NaiveDate, most: usize) -> Option<Vec<NaiveDate>> {
    let length = usize::try_from((last - first).num_days()).ok().filter(|length| *length < most)?;
    (0..=length).map(|n| first.checked_add_days(Days::new(u64::try_from(n).ok()?))).collect()
}
