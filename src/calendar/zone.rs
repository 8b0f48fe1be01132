//! Pure. The one place where a zone turns a date into an instant; nobody else calls chrono-tz.
//!
//! The policy is RFC 5545 §3.3.5: a local time inside a gap is read with the offset before the gap (02:30 on
//! 29 March 2026 in Paris is 03:30 CEST); a local time that exists twice is the first of the two.
//! The database is the one compiled into chrono-tz; its version is [`TZDB`].

use std::fmt;

use chrono::offset::{LocalResult, Offset as _};
use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

/// The version of the time zone database in this program, such as `2025b`.
pub const TZDB: &str = chrono_tz::IANA_TZDB_VERSION;

/// A named time zone of the IANA database; stored by its name.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Zone(Tz);

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl TryFrom<String> for Zone {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::parse(&name).ok_or_else(|| format!("there is no time zone {name}"))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Self = Self(Tz::UTC);

    /// The zone of an IANA name such as `Europe/Paris`; names are matched exactly.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        name.parse().ok().map(Self)
    }

    /// The IANA name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// Every name that [`Zone::parse`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// The instant of a local date-time (see the policy above).
    #[must_use]
    pub fn instant(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.0.from_local_datetime(&local) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.with_timezone(&Utc),
            LocalResult::None => {
                let before = GapInfo::new(&local, &self.0).and_then(|gap| gap.begin).map_or_else(
                    // No gap that chrono-tz can describe: the offset a day earlier is before it.
                    || self.0.offset_from_utc_datetime(&(local - TimeDelta::days(1))).fix(),
                    |(_, offset)| offset.fix(),
                );
                (local - TimeDelta::seconds(i64::from(before.local_minus_utc()))).and_utc()
            }
        }
    }

    /// The local date-time of an instant.
    #[must_use]
    pub fn local(self, instant: DateTime<Utc>) -> NaiveDateTime {
        instant.with_timezone(&self.0).naive_local()
    }

    /// How far local time is ahead of UTC at an instant, in seconds.
    #[must_use]
    pub fn offset(self, instant: DateTime<Utc>) -> i32 {
        self.0.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()
    }

    /// The local date of an instant.
    #[must_use]
    pub fn date(self, instant: DateTime<Utc>) -> NaiveDate {
        self.local(instant).date()
    }

    /// The instant at which a day begins: 00:00, or the end of the gap that swallows it.
    #[must_use]
    pub fn start_of(self, day: NaiveDate) -> DateTime<Utc> {
        self.instant(day.and_time(NaiveTime::MIN))
    }

    /// The first instant after a day: 00:00 of the next one.
    #[must_use]
    pub fn end_of(self, day: NaiveDate) -> DateTime<Utc> {
        self.start_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
    }

    /// An instant with its offset, RFC 3339, such as `2026-06-26T09:00:00+02:00`.
    #[must_use]
    pub fn rfc3339(self, instant: DateTime<Utc>) -> String {
        instant.with_timezone(&self.0).to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris(text: &str) -> String {
        let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap();
        Zone::parse("Europe/Paris").unwrap().instant(local).to_rfc3339()
    }

    #[test]
    fn a_time_in_the_gap_is_read_with_the_offset_before_it() {
        assert_eq!(paris("2026-03-29T02:30"), "2026-03-29T01:30:00+00:00");
    }

    #[test]
    fn a_time_that_exists_twice_is_the_first() {
        assert_eq!(paris("2026-10-25T02:30"), "2026-10-25T00:30:00+00:00");
    }

    #[test]
    fn a_day_that_begins_in_a_gap_begins_at_its_end() {
        let beirut = Zone::parse("Asia/Beirut").unwrap();
        let day = NaiveDate::from_ymd_opt(2026, 3, 29).unwrap();
        assert_eq!(beirut.local(beirut.start_of(day)).to_string(), "2026-03-29 01:00:00");
    }
}
