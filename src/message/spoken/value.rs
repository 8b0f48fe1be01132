//! Pure. What phrases are given: plain data, of which a macro makes words.

use chrono::{Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use minijinja::value::Value;

use super::super::changed::{Became, Detail, Turn};
use super::super::tongue::{Fact, Tense};

/// A day; and whether its month and its year have to be said, or go without saying.
pub(super) fn day(day: NaiveDate, month: bool, year: bool) -> Value {
    day_at(day, month, year, None)
}

/// The same with hours, where there are some.
pub(super) fn day_at(day: NaiveDate, month: bool, year: bool, hours: Option<&[NaiveTime]>) -> Value {
    let hours = hours.map_or(Value::from(()), |hours| hours.iter().copied().map(hour).collect());
    table([
        ("day", Value::from(day.day())),
        ("month", Value::from(day.month())),
        ("year", Value::from(day.year())),
        ("weekday", Value::from(day.weekday().number_from_monday())),
        ("with_month", Value::from(month)),
        ("with_year", Value::from(year)),
        ("hours", hours),
    ])
}

/// Values by their names.
pub(super) fn table(values: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::from_pairs(values)
}

/// A time of day.
pub(super) fn hour(at: NaiveTime) -> Value {
    table(
        [("hour", at.hour()), ("minute", at.minute()), ("second", at.second())]
            .map(|(name, n)| (name, n.into())),
    )
}

pub(super) fn maybe<T: Into<Value>>(value: Option<T>) -> Value {
    value.map_or(Value::from(()), Into::into)
}

pub(super) fn tense(tense: Tense) -> &'static str {
    match tense {
        Tense::Coming => "coming",
        Tense::Past => "past",
        Tense::Vague => "vague",
    }
}

/// A turn, and the date in words that comes with some.
pub(super) fn turn(turn: &Turn) -> (&'static str, Option<&str>) {
    match turn {
        Turn::Later(to) => ("later", Some(to)),
        Turn::Earlier(to) => ("earlier", Some(to)),
        Turn::Date(to) => ("date", Some(to)),
        Turn::Dates => ("dates", None),
        Turn::Period => ("period", None),
        Turn::Hour(to) => ("hour", to.as_deref()),
        Turn::HourToFix => ("hour_to_fix", None),
        Turn::Zone => ("zone", None),
        Turn::Fixed(to) => ("fixed", to.as_deref()),
        Turn::HourFixed(to) => ("hour_fixed", to.as_deref()),
        Turn::Unfixed => ("unfixed", None),
        Turn::ToFix => ("to_fix", None),
        Turn::Cancelled => ("cancelled", None),
        Turn::Removed => ("removed", None),
        Turn::Restored(to) => ("restored", to.as_deref()),
        Turn::Same => ("same", None),
    }
}

pub(super) fn detail(detail: Detail) -> &'static str {
    match detail {
        Detail::Place => "place",
        Detail::Link => "link",
        Detail::Panel => "panel",
    }
}

pub(super) fn became(became: Became) -> &'static str {
    match became {
        Became::Known => "known",
        Became::Other => "other",
        Became::Unknown => "unknown",
    }
}

pub(super) fn fact(fact: Fact) -> &'static str {
    match fact {
        Fact::Panel => "panel",
        Fact::Application => "application",
        Fact::Link => "link",
        Fact::Posting => "posting",
    }
}
