//! Pure. The day, start or window of an event, as keys spell it.

use std::fmt;

use chrono::{NaiveDate, NaiveDateTime, Timelike as _};

/// One day, start or window in which an event takes place, as keys spell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occurrence {
    /// `2026-06-28`
    Day(NaiveDate),
    /// `2026-07-06T09:30`, with seconds only where they were written.
    Time(NaiveDateTime),
    /// `2026-05-15..2026-06-01`
    Window(NaiveDate, NaiveDate),
}

impl fmt::Display for Occurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Time(time) => {
                write!(f, "{}T{:02}:{:02}", time.date(), time.hour(), time.minute())?;
                if time.second() == 0 { Ok(()) } else { write!(f, ":{:02}", time.second()) }
            }
            Self::Window(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl std::str::FromStr for Occurrence {
    type Err = ();

    /// Reads an occurrence back from a key.
    fn from_str(text: &str) -> Result<Self, ()> {
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d");
        if let Some((first, last)) = text.split_once("..") {
            return Ok(Self::Window(day(first).map_err(|_| ())?, day(last).map_err(|_| ())?));
        }
        day(text).map(Self::Day).or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M")
                .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S"))
                .map(Self::Time)
                .map_err(|_| ())
        })
    }
}
