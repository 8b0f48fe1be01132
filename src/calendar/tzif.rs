//! Pure. The machine's own idea of a zone, and where it parts from ours: this program's database of zones ages, and so
//! may the machine's.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Zone;

/// How far apart two looks at a zone are: its offset changes on the quarter of an hour, if it does.
const STEP: TimeDelta = TimeDelta::minutes(15);

/// The first instant at which two databases part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parting {
    /// The zone.
    pub zone: Zone,
    /// When.
    pub at: DateTime<Utc>,
    /// Our offset then, in seconds east of Greenwich.
    pub ours: i32,
    /// The machine's.
    pub theirs: i32,
}

/// A file of zones that is none.
#[derive(Debug, thiserror::Error)]
#[error("the machine's file of {zone} is not TZif (RFC 9636): {why}")]
pub struct NotTzif {
    /// The zone.
    pub zone: &'static str,
    /// What is wrong with it.
    pub why: String,
}

/// Where the machine's file of a zone (TZif, RFC 9636) and ours part first, within a span of time.
pub fn parting(
    zone: Zone,
    tzif: &[u8],
    from: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Option<Parting>, NotTzif> {
    let theirs = TimeZone::tzif(zone.name(), tzif)
        .map_err(|error| NotTzif { zone: zone.name(), why: error.to_string() })?;
    let quarters = from.timestamp().div_euclid(STEP.num_seconds()) * STEP.num_seconds();
    let first = DateTime::from_timestamp(quarters, 0).unwrap_or(from);
    let all = std::iter::successors(Some(first), |at| at.checked_add_signed(STEP));
    Ok(all.take_while(|at| *at < until).find_map(|at| {
        let theirs = theirs.to_offset(Timestamp::from_second(at.timestamp()).ok()?).seconds();
        let ours = zone.offset(at);
        (ours != theirs).then_some(Parting { zone, at, ours, theirs })
    }))
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ours, theirs] = [self.ours, self.theirs].map(offset);
        write!(f, "{} {}: {ours} / {theirs}", self.zone.name(), self.at.to_rfc3339())
    }
}

/// An offset as ISO 8601 writes it: `+02:00`.
#[must_use]
pub fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}
