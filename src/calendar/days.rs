//! Pure. Working days: weekends, French holidays by region, days off, days taken back.
//!
//! Sources: Code du travail L3133-1 (the eleven national days), L3134-13 (Alsace-Moselle), L3422-2 (abolition
//! of slavery, overseas); movable feasts from Easter by the Meeus/Jones/Butcher rule (Gregorian calendar).

use chrono::{Datelike as _, Days, NaiveDate, TimeDelta, Weekday};

/// A list of public holidays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Holidays {
    /// None at all.
    None,
    /// The national days.
    #[default]
    France,
    /// With Good Friday and 26 December.
    AlsaceMoselle,
    /// With 27 May.
    Guadeloupe,
    /// With 22 May.
    Martinique,
    /// With 10 June.
    Guyane,
    /// With 20 December.
    Reunion,
    /// With 27 April.
    Mayotte,
    /// With 28 May.
    SaintMartin,
    /// With 9 October.
    SaintBarthelemy,
}

impl Holidays {
    /// Every list, in the order in which they are shown to people.
    pub const ALL: [Self; 10] = [
        Self::None,
        Self::France,
        Self::AlsaceMoselle,
        Self::Guadeloupe,
        Self::Martinique,
        Self::Guyane,
        Self::Reunion,
        Self::Mayotte,
        Self::SaintMartin,
        Self::SaintBarthelemy,
    ];

    /// The code in files.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::France => "FR",
            Self::AlsaceMoselle => "FR-alsace-moselle",
            Self::Guadeloupe => "FR-guadeloupe",
            Self::Martinique => "FR-martinique",
            Self::Guyane => "FR-guyane",
            Self::Reunion => "FR-reunion",
            Self::Mayotte => "FR-mayotte",
            Self::SaintMartin => "FR-saint-martin",
            Self::SaintBarthelemy => "FR-saint-barthelemy",
        }
    }

    /// The list of a code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|list| list.code() == code)
    }

    /// Whether a day is a holiday of this list.
    #[must_use]
    pub fn contains(self, day: NaiveDate) -> bool {
        if self == Self::None {
            return false;
        }
        // Of the days that go with Easter none is later than the fiftieth after it: none stands outside March to June.
        let easter = (3..=6).contains(&day.month()).then(|| easter(day.year())).flatten();
        let from_easter = easter.map(|easter| (day - easter).num_days());
        let national = matches!(
            (day.month(), day.day()),
            (1 | 5 | 11, 1) | (5, 8) | (7, 14) | (8, 15) | (11, 11) | (12, 25)
        ) || matches!(from_easter, Some(1 | 39 | 50));
        national
            || match self {
                Self::None | Self::France => false,
                Self::AlsaceMoselle => (day.month(), day.day()) == (12, 26) || from_easter == Some(-2),
                Self::Guadeloupe => (day.month(), day.day()) == (5, 27),
                Self::Martinique => (day.month(), day.day()) == (5, 22),
                Self::Guyane => (day.month(), day.day()) == (6, 10),
                Self::Reunion => (day.month(), day.day()) == (12, 20),
                Self::Mayotte => (day.month(), day.day()) == (4, 27),
                Self::SaintMartin => (day.month(), day.day()) == (5, 28),
                Self::SaintBarthelemy => (day.month(), day.day()) == (10, 9),
            }
    }
}

/// Easter Sunday of a year of the Gregorian calendar.
#[expect(clippy::many_single_char_names, reason = "the letters are those of the published rule")]
fn easter(year: i32) -> Option<NaiveDate> {
    let a = year.rem_euclid(19);
    let (b, c) = (year.div_euclid(100), year.rem_euclid(100));
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

/// First and last day of a span, both included.
pub type Span = (NaiveDate, NaiveDate);

/// Which days are worked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkingDays {
    /// The public holidays that apply.
    pub holidays: Holidays,
    /// Days off besides weekends and holidays.
    pub off: Vec<Span>,
    /// Days worked whatever else is said of them.
    pub worked: Vec<Span>,
}

/// How far a walk over working days goes before it gives up: ten years, as leads do, with room for closures.
const FARTHEST: u64 = 3 * 3660;

impl WorkingDays {
    /// Whether work is done on a day.
    #[must_use]
    pub fn is_worked(&self, day: NaiveDate) -> bool {
        let within = |spans: &[Span]| spans.iter().any(|(first, last)| (*first..=*last).contains(&day));
        within(&self.worked)
            || !(matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
                || self.holidays.contains(day)
                || within(&self.off))
    }

    /// The nearest worked day at or before a day.
    #[must_use]
    pub fn at_or_before(&self, day: NaiveDate) -> Option<NaiveDate> {
        (0..FARTHEST).map_while(|n| day.checked_sub_days(Days::new(n))).find(|day| self.is_worked(*day))
    }

    /// The nearest worked day at or after a day.
    #[must_use]
    pub fn at_or_after(&self, day: NaiveDate) -> Option<NaiveDate> {
        (0..FARTHEST).map_while(|n| day.checked_add_days(Days::new(n))).find(|day| self.is_worked(*day))
    }

    /// The day reached by walking from `day`, not counting it, until `count` worked days are counted:
    /// backwards when `count` is negative.
    #[must_use]
    pub fn walk(&self, day: NaiveDate, count: i64) -> Option<NaiveDate> {
        let step = TimeDelta::days(count.signum());
        let mut left = count.unsigned_abs();
        let mut at = day;
        for _ in 0..FARTHEST {
            if left == 0 {
                return Some(at);
            }
            at = at.checked_add_signed(step)?;
            left -= u64::from(self.is_worked(at));
        }
        (left == 0).then_some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn easter_falls_where_the_church_says() {
        for (year, expected) in [
            (1990, "1990-04-15"),
            (2000, "2000-04-23"),
            (2008, "2008-03-23"),
            (2024, "2024-03-31"),
            (2025, "2025-04-20"),
            (2026, "2026-04-05"),
            (2038, "2038-04-25"),
            (2100, "2100-03-28"),
        ] {
            assert_eq!(easter(year), Some(day(expected)));
        }
    }

    #[test]
    fn the_law_counts_eleven_national_days() {
        // C. trav. L3133-1 for 2026, in its order.
        let expected = [
            "2026-01-01",
            "2026-04-06",
            "2026-05-01",
            "2026-05-08",
            "2026-05-14",
            "2026-05-25",
            "2026-07-14",
            "2026-08-15",
            "2026-11-01",
            "2026-11-11",
            "2026-12-25",
        ];
        let found: Vec<_> = day("2026-01-01")
            .iter_days()
            .take(365)
            .filter(|d| Holidays::France.contains(*d))
            .map(|d| d.to_string())
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn each_region_adds_its_own() {
        for (list, extra) in [
            (Holidays::AlsaceMoselle, vec!["2026-04-03", "2026-12-26"]),
            (Holidays::Guadeloupe, vec!["2026-05-27"]),
            (Holidays::Martinique, vec!["2026-05-22"]),
            (Holidays::Guyane, vec!["2026-06-10"]),
            (Holidays::Reunion, vec!["2026-12-20"]),
            (Holidays::Mayotte, vec!["2026-04-27"]),
            (Holidays::SaintMartin, vec!["2026-05-28"]),
            (Holidays::SaintBarthelemy, vec!["2026-10-09"]),
        ] {
            let found: Vec<_> = day("2026-01-01")
                .iter_days()
                .take(365)
                .filter(|d| list.contains(*d) && !Holidays::France.contains(*d))
                .map(|d| d.to_string())
                .collect();
            assert_eq!(found, extra, "{}", list.code());
        }
    }

    #[test]
    fn what_goes_with_easter_stands_from_march_to_june() {
        for year in 1900..=2200 {
            let easter = easter(year).unwrap();
            for (list, days) in [(Holidays::France, vec![1, 39, 50]), (Holidays::AlsaceMoselle, vec![-2])] {
                let there = |days: &i64| list.contains(easter + TimeDelta::days(*days));
                assert!(days.iter().all(there), "{} {year}", list.code());
            }
        }
    }

    #[test]
    fn a_walk_counts_only_worked_days() {
        let days = WorkingDays::default();
        assert_eq!(days.walk(day("2026-07-15"), -1), Some(day("2026-07-13")));
        assert_eq!(days.walk(day("2026-07-12"), 2), Some(day("2026-07-15")));
        let shut =
            WorkingDays { off: vec![(day("1900-01-01"), day("2200-01-01"))], ..WorkingDays::default() };
        assert_eq!(shut.walk(day("2026-07-12"), 1), None);
        assert_eq!(shut.at_or_before(day("2026-07-12")), None);
    }
}
