//! The machine's own database of time zones: only ever compared with ours, never used.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use crate::calendar::Zone;
use crate::calendar::tzif::{NotTzif, Parting, parting};
use crate::settings::Settings;

/// How far ahead the databases are compared.
const AHEAD: TimeDelta = TimeDelta::days(731);

/// What came of comparing.
#[derive(Debug, Default)]
pub struct Compared {
    /// How many zones are in use.
    pub zones: usize,
    /// How many of them the machine knows.
    pub known: usize,
    /// The version of the machine's database, if it says one.
    pub version: Option<String>,
    /// Where it parts from ours.
    pub partings: Vec<Parting>,
    /// Files of it that are none.
    pub unreadable: Vec<NotTzif>,
}

/// Compares the two databases on the zones in use, from now on and over the next two years.
#[must_use]
pub fn compare(settings: &Settings, postings: impl Iterator<Item = Zone>, now: DateTime<Utc>) -> Compared {
    let people = settings.house.directory.people.values().filter_map(|person| person.zone);
    let used = [settings.house.zone].into_iter().chain(people).chain(postings);
    let used: BTreeMap<&str, Zone> = used.map(|zone| (zone.name(), zone)).collect();
    let version = fs::read_to_string(folder().join("tzdata.zi")).ok();
    let version = version.as_deref().and_then(|text| text.lines().next()?.strip_prefix("# version "));
    let mut compared =
        Compared { zones: used.len(), version: version.map(str::to_owned), ..Compared::default() };
    for (name, zone) in used {
        let Ok(tzif) = fs::read(folder().join(name)) else { continue };
        compared.known += 1;
        match parting(zone, &tzif, now, now + AHEAD) {
            Ok(parts) => compared.partings.extend(parts),
            Err(error) => compared.unreadable.push(error),
        }
    }
    compared
}

/// Where the machine keeps it: `$TZDIR` (tzset(3)), else where every distribution does.
fn folder() -> PathBuf {
    std::env::var_os("TZDIR")
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| "/usr/share/zoneinfo".into(), PathBuf::from)
}
