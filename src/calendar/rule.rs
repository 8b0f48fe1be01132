//! Pure. Rules: which reminders are wanted of an event, how far from it, at what time, for whom.
//!
//! A lead is written `7d`, `2w`, `3bd`, `2h` or `30m`; in keys it carries its sign: `-7d`, `0d`, `+1d`.

use std::fmt;

use chrono::NaiveTime;

use super::{Kind, Recipient};

/// The unit of a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Calendar days.
    Day,
    /// Weeks of seven calendar days.
    Week,
    /// Worked days.
    WorkedDay,
    /// Hours of sixty minutes.
    Hour,
    /// Minutes.
    Minute,
}

impl Unit {
    /// Every unit, with its spelling.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::WorkedDay, "bd"),
        (Self::Day, "d"),
        (Self::Week, "w"),
        (Self::Hour, "h"),
        (Self::Minute, "m"),
    ];

    /// The spelling in files and keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(unit, _)| *unit == self).map_or("", |(_, word)| word)
    }

    /// How many minutes one of it counts for when leads are compared: a worked day as a day.
    #[must_use]
    pub fn minutes(self) -> i64 {
        match self {
            Self::Day | Self::WorkedDay => 24 * 60,
            Self::Week => 7 * 24 * 60,
            Self::Hour => 60,
            Self::Minute => 1,
        }
    }
}

/// A distance from an event: negative before it, zero on the day, positive after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lead {
    /// How many, with its sign.
    pub count: i64,
    /// Of what; days for zero.
    pub unit: Unit,
}

/// The farthest that a lead may reach, in minutes: 3660 days.
pub const FARTHEST_LEAD: i64 = 3660 * 24 * 60;

impl Lead {
    /// On the day itself.
    pub const ON_DAY: Self = Self { count: 0, unit: Unit::Day };

    /// How far it is, in minutes, whichever way: leads are compared by it.
    #[must_use]
    pub fn length(self) -> i64 {
        self.count.abs() * self.unit.minutes()
    }

    /// Whether it is counted from an instant (hours, minutes) rather than from a day.
    #[must_use]
    pub fn is_timed(self) -> bool {
        matches!(self.unit, Unit::Hour | Unit::Minute)
    }

    /// The same distance, before the event.
    #[must_use]
    pub fn before(self) -> Self {
        Self { count: -self.count.abs(), ..self }
    }
}

impl fmt::Display for Lead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            0 => write!(f, "0{}", self.unit.word()),
            count => write!(f, "{count:+}{}", self.unit.word()),
        }
    }
}

/// What becomes of a lead whose date is not a worked day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DayOff {
    /// The nearest worked day before (what `before` does unless told otherwise).
    Earlier,
    /// The nearest worked day after (what `after` does unless told otherwise).
    Later,
    /// That day all the same.
    Keep,
    /// No reminder.
    Skip,
}

/// Which events a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// All events of a kind.
    Kind(Kind),
    /// One event, by its id: only in a posting's own rules.
    Event(String),
}

/// Whom a rule reminds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// The posting's recruiters.
    Recruiters,
    /// The event's panel; the recruiters where there is none.
    Panel,
    /// These.
    Some(Vec<Recipient>),
}

/// Where a rule was written, so that every reminder can say why it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The file; `None` for a built-in rule.
    pub file: Option<String>,
    /// The line, from 1.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{file}:{}", self.line),
            None => f.write_str("built-in"),
        }
    }
}

/// "Remind these people so long before, on, or after such an event, at such a time."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which events.
    pub target: Target,
    /// Leads before, in the order written.
    pub before: Vec<Lead>,
    /// Whether to remind on each day.
    pub on_day: bool,
    /// Leads after, in the order written.
    pub after: Vec<Lead>,
    /// The local time of leads in days, weeks and worked days, and of `on_day`.
    pub at: NaiveTime,
    /// What becomes of days off, if the file says.
    pub day_off: Option<DayOff>,
    /// Whom to remind; empty for the default: recruiters, and the panel of an interview that has one.
    pub to: Vec<To>,
    /// Where it was written.
    pub origin: Origin,
}

/// The time of day of a rule that names none.
pub const DEFAULT_AT: NaiveTime = NaiveTime::from_hms_opt(9, 0, 0).unwrap();

/// The built-in rule of a kind, used where no file has one.
#[must_use]
pub fn built_in(kind: Kind) -> Rule {
    let (days, on_day): (&[i64], bool) = match kind {
        Kind::Deadline => (&[7, 1], true),
        Kind::Interview | Kind::Milestone => (&[1], true),
        Kind::Start => (&[14, 1], false),
        Kind::End => (&[30, 7], false),
    };
    Rule {
        target: Target::Kind(kind),
        before: days.iter().map(|count| Lead { count: -count, unit: Unit::Day }).collect(),
        on_day,
        after: Vec::new(),
        at: DEFAULT_AT,
        day_off: None,
        to: Vec::new(),
        origin: Origin { file: None, line: 0 },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_are_spelt_for_ever() {
        for (count, unit, expected) in [
            (-7, Unit::Day, "-7d"),
            (-2, Unit::Week, "-2w"),
            (-3, Unit::WorkedDay, "-3bd"),
            (-2, Unit::Hour, "-2h"),
            (-30, Unit::Minute, "-30m"),
            (0, Unit::Day, "0d"),
            (1, Unit::Day, "+1d"),
        ] {
            assert_eq!(Lead { count, unit }.to_string(), expected);
        }
    }
}
