//! Pure. Cron lines of five fields: minute, hour, day of the month, month, day of the week. The only file that
//! calls `croner`.
//!
//! Everything is computed on local time, so that [`Zone`] alone decides about summer time: 02:30 on the night on
//! which it does not exist is 03:30, on the night on which it exists twice it is the first, and comes once.
//! As in every cron, a line that restricts both kinds of day means either. Also understood: `L` (the last day),
//! `LW`, `15W` (the worked day nearest to the 15th), `Mon#1` (the first Monday), `Mon#L` or `1L` (the last one).

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};

use super::Zone;

/// A cron line of five fields that comes again and again; compared and stored by its line.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Recurrence {
    line: String,
    cron: Arc<Cron>,
}

/// Why a text is no recurrence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no cron line of five fields.
    #[error("this is not a cron line of five fields")]
    Malformed,
    /// It names a day that no year has, such as 31 February.
    #[error("this cron line never comes")]
    Never,
}

/// What each field may hold besides digits and ` * , - / `: words, whole and in any case.
const WORDS: [&[&str]; 5] = [
    &[],
    &[],
    &["L", "W", "LW"],
    &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
    &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", "L"],
];

impl Recurrence {
    /// Reads a cron line: five fields, no seconds, no years, no `@daily`. Blanks between fields count as one.
    pub fn parse(line: &str) -> Result<Self, Unfit> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.len() != WORDS.len()
            || !fields.iter().zip(WORDS).all(|(field, words)| is_plain(field, words))
        {
            return Err(Unfit::Malformed);
        }
        let line = fields.join(" ");
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(&line).map_err(|_| Unfit::Malformed)?;
        let recurrence = Self { line, cron: Arc::new(cron) };
        // The calendar repeats itself every four hundred years: what does not come after one date never does.
        let some_day = NaiveDate::from_ymd_opt(2000, 1, 1).map(|day| day.and_time(NaiveTime::MIN));
        if some_day.and_then(|local| recurrence.after(local)).is_some() {
            Ok(recurrence)
        } else {
            Err(Unfit::Never)
        }
    }

    /// The line, with single blanks.
    #[must_use]
    pub fn line(&self) -> &str {
        &self.line
    }

    /// The first minute strictly after a local time; `None` beyond the year 4999.
    #[must_use]
    pub fn after(&self, local: NaiveDateTime) -> Option<NaiveDateTime> {
        if !(1..5000).contains(&local.year()) {
            return None;
        }
        self.cron.find_next_occurrence(&local, false).ok()
    }

    /// The first instant strictly after another at which the line comes in a zone. What a gap of the clocks moved
    /// is found also from within the hour that it was moved to; what they repeat comes once.
    #[must_use]
    pub fn next(&self, after: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
        // What the clock would show if it had not been turned since yesterday.
        let unturned = zone.local(after - TimeDelta::days(1)) + TimeDelta::days(1);
        let mut local = zone.local(after).min(unturned);
        loop {
            local = self.after(local)?;
            let instant = zone.instant(local);
            if instant > after {
                return Some(instant);
            }
        }
    }
}

/// Whether a field holds nothing but what cron lines hold: names stand in the field that they belong to.
fn is_plain(field: &str, words: &[&str]) -> bool {
    let marks = field.chars().all(|c| c.is_ascii_alphanumeric() || "*,-/#?".contains(c));
    let whole = field.split(',').all(|part| !part.is_empty());
    let mut found = field.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    marks && whole && found.all(|word| words.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

impl fmt::Debug for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.line, f)
    }
}

impl fmt::Display for Recurrence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl PartialEq for Recurrence {
    fn eq(&self, other: &Self) -> bool {
        self.line == other.line
    }
}

impl Eq for Recurrence {}

impl PartialOrd for Recurrence {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Recurrence {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.line.cmp(&other.line)
    }
}

impl From<Recurrence> for String {
    fn from(recurrence: Recurrence) -> Self {
        recurrence.line
    }
}

impl TryFrom<String> for Recurrence {
    type Error = Unfit;

    fn try_from(line: String) -> Result<Self, Unfit> {
        Self::parse(&line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    fn paris() -> Zone {
        Zone::parse("Europe/Paris").unwrap()
    }

    /// The first times after a local one, in Paris, with their offsets.
    fn times(line: &str, from: &str, count: usize) -> Vec<String> {
        let line = Recurrence::parse(line).unwrap();
        let mut at = local(from);
        let mut next = || {
            at = line.after(at).unwrap();
            paris().rfc3339(paris().instant(at))
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn eight_on_mondays_is_eight_on_both_sides_of_a_change_of_summer_time() {
        assert_eq!(
            times("0 8 * * Mon", "2026-03-20T12:00", 2),
            ["2026-03-23T08:00:00+01:00", "2026-03-30T08:00:00+02:00"]
        );
        assert_eq!(
            times("0 8 * * Mon", "2026-10-18T12:00", 2),
            ["2026-10-19T08:00:00+02:00", "2026-10-26T08:00:00+01:00"]
        );
    }

    #[test]
    fn a_time_in_a_gap_is_moved_and_one_that_exists_twice_comes_once() {
        assert_eq!(
            times("30 2 * * *", "2026-03-28T02:30", 2),
            ["2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"]
        );
        assert_eq!(
            times("30 2 * * *", "2026-10-24T02:30", 2),
            ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"]
        );
    }

    #[test]
    fn the_next_instant_is_found_from_within_a_turn_of_the_clocks() {
        let daily = Recurrence::parse("30 2 * * *").unwrap();
        for (after, expected) in [
            // 03:10 in summer time, on the night without 02:30: it is still to come, at 03:30.
            ("2026-03-29T01:10:00Z", "2026-03-29T01:30:00Z"),
            ("2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"),
            // 02:10 and 02:30 for the second time: it has come.
            ("2026-10-25T01:10:00Z", "2026-10-26T01:30:00Z"),
            ("2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"),
            ("2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(
                daily.next(after.parse().unwrap(), paris()),
                Some(expected.parse().unwrap()),
                "{after}"
            );
        }
    }

    #[test]
    fn rare_days_come_when_they_come() {
        let next = |line: &str, from: &str| times(line, from, 1).remove(0);
        assert_eq!(next("0 8 29 2 *", "2026-03-01T00:00"), "2028-02-29T08:00:00+01:00");
        assert_eq!(next("0 8 29 FEB ?", "2096-03-01T00:00"), "2104-02-29T08:00:00+01:00");
        assert_eq!(next("0 8 * * Mon#L", "2026-03-01T00:00"), "2026-03-30T08:00:00+02:00");
        assert_eq!(next("0 8 * * 1L", "2026-03-01T00:00"), "2026-03-30T08:00:00+02:00");
        assert_eq!(next("0 8 * * tue#2", "2026-03-01T00:00"), "2026-03-10T08:00:00+01:00");
        assert_eq!(next("0 8 L * *", "2026-02-01T00:00"), "2026-02-28T08:00:00+01:00");
        assert_eq!(next("0 8 LW * *", "2026-05-01T00:00"), "2026-05-29T08:00:00+02:00");
    }

    #[test]
    fn it_is_strictly_after_and_on_whole_minutes() {
        let line = Recurrence::parse("*/15 8-9 * * Mon-Fri").unwrap();
        let monday = NaiveDate::from_ymd_opt(2026, 7, 6).unwrap();
        let at = |h, m, s, milli| monday.and_hms_milli_opt(h, m, s, milli).unwrap();
        assert_eq!(line.after(at(8, 0, 0, 0)), Some(at(8, 15, 0, 0)));
        assert_eq!(line.after(at(8, 14, 59, 999)), Some(at(8, 15, 0, 0)));
        assert_eq!(line.after(at(8, 15, 0, 1)), Some(at(8, 30, 0, 0)));
        assert_eq!(line.after(at(9, 45, 0, 0)), Some(local("2026-07-07T08:00")));
        assert_eq!(line.after(NaiveDateTime::MAX), None);
        assert_eq!(line.after(NaiveDateTime::MIN), None);
    }

    #[test]
    fn nothing_but_five_fields_is_taken() {
        for line in [
            "",
            "chaque lundi",
            "@daily",
            "0 8 * *",
            "0 0 8 * * Mon",
            "0 8 * * Mon 2026",
            "0 8 * * lundi",
            "60 8 * * *",
            "0 24 * * *",
            "0 8 0 * *",
            "0 8 * 13 *",
            "0 8 * * 8",
            "*/0 8 * * *",
            "Mon 8 * * *",
            "0 8 Mon * *",
            "0 8 * Mon *",
            "0 8 * * Jan",
            "0 8 * * +Mon",
            "0 8 * * Mon#6",
            "0 8 * * Monday",
            "@ @ @ @ @",
            "٠ 8 * * *",
            "0 8 * * Mon#",
            "*/65535 8 * * *x",
            "5/10 8 * * *",
            ", 8 * * *",
            "0 8 * * 1,",
        ] {
            assert_eq!(Recurrence::parse(line), Err(Unfit::Malformed), "{line}");
        }
    }

    #[test]
    fn a_line_that_never_comes_is_refused_without_a_long_search() {
        for line in ["0 0 31 2 *", "* * 30 2 *", "0 0 31 4,6,9,11 *", "0 8 * * L"] {
            assert_eq!(Recurrence::parse(line), Err(Unfit::Never), "{line}");
        }
    }

    #[test]
    fn it_is_its_line() {
        let line = Recurrence::parse(" 0  8 * *\tMon ").unwrap();
        assert_eq!(line.line(), "0 8 * * Mon");
        assert_eq!(line, Recurrence::parse("0 8 * * Mon").unwrap());
        assert!(line < Recurrence::parse("1 8 * * Mon").unwrap());
        let stored = serde_json::to_string(&line).unwrap();
        assert_eq!(stored, "\"0 8 * * Mon\"");
        assert_eq!(serde_json::from_str::<Recurrence>(&stored).unwrap(), line);
        assert!(serde_json::from_str::<Recurrence>("\"0 0 31 2 *\"").is_err());
    }
}
