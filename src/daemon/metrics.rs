//! The metrics: a file in Prometheus' text format, for node-exporter's textfile collector, written after every round. There
//! is no socket to listen on, and nobody's address is in it.
//!
//! A round that could not be made writes nothing: `jalon_last_round_timestamp_seconds` stands still, which is what an alarm
//! should look at first.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use chrono::{DateTime, Utc};

use super::troubles::{Health, WayHealth};
use crate::plan::tally::Tally;

/// What the page is written from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// How the ledger stands; sent and doubts with what was forgotten of them.
    pub tally: &'a Tally,
    /// How the relays do; of an outbox, nothing.
    pub relays: &'a [WayHealth],
    /// Whether every file is right.
    pub config_ok: bool,
    /// Whether the clock is the machine's.
    pub real: bool,
    /// When the round was made.
    pub now: DateTime<Utc>,
}

/// Pure. The page (<https://prometheus.io/docs/instrumenting/exposition_formats>). What is not known has no line.
#[must_use]
pub fn page(seen: &Seen<'_>) -> String {
    let Seen { tally, relays, config_ok, real, now } = *seen;
    let overdue = tally.overdue.map_or(0, |since| (now - since).num_seconds().max(0));
    let relay = |way: &WayHealth| {
        let up = match way.health {
            Health::Unknown => return None,
            Health::Well => 1,
            Health::Failing { .. } => 0,
        };
        Some((format!("{{relay=\"{}\"}}", escaped(&way.name)), up))
    };
    let one = |value: u64| vec![(String::new(), i64::try_from(value).unwrap_or(i64::MAX))];
    let at = |at: DateTime<Utc>| vec![(String::new(), at.timestamp())];
    let clock = if real { "real" } else { "pretended" };
    let build = format!("{{version=\"{}\",clock=\"{clock}\"}}", env!("CARGO_PKG_VERSION"));
    let mut page = String::new();
    for (name, kind, help, values) in [
        ("planned", "gauge", "Reminders and notices that wait to be sent.", one(tally.planned)),
        ("sent_total", "counter", "Reminders and notices sent since the ledger began.", one(tally.sent)),
        (
            "failed",
            "gauge",
            "Reminders and notices refused for good, as long as they are kept.",
            one(tally.failed),
        ),
        (
            "doubts_total",
            "counter",
            "How often one may have left without an answer, since the ledger began.",
            one(tally.doubts),
        ),
        ("held", "gauge", "Those that may have left and wait for a person.", one(tally.held)),
        (
            "overdue_seconds",
            "gauge",
            "For how long the oldest has been waiting that could have left; 0 when none waits.",
            vec![(String::new(), overdue)],
        ),
        (
            "relay_up",
            "gauge",
            "Whether a relay was ready when it was last tried.",
            relays.iter().filter_map(relay).collect(),
        ),
        (
            "config_ok",
            "gauge",
            "Whether every file is right, so that none is in force by its last good version.",
            one(u64::from(config_ok)),
        ),
        (
            "last_round_timestamp_seconds",
            "gauge",
            "When jalon last planned: it does so every minute.",
            at(now),
        ),
        (
            "next_due_timestamp_seconds",
            "gauge",
            "When the next one leaves.",
            tally.next_due.map(at).unwrap_or_default(),
        ),
        ("build_info", "gauge", "The program, and whether its clock is the machine's.", vec![(build, 1)]),
    ] {
        if values.is_empty() {
            continue;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(page, "# HELP jalon_{name} {help}\n# TYPE jalon_{name} {kind}");
        for (labels, value) in values {
            let _ = writeln!(page, "jalon_{name}{labels} {value}");
        }
    }
    page
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Puts a page in the place of the one before, for all to read: whoever reads meanwhile finds the one or the other, whole.
pub fn write(path: &Path, page: &str) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy();
    // Not called *.prom: what is not whole is not collected.
    let beside = path.with_file_name(format!(".{name}.new"));
    let done = write_beside(&beside, page).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

fn write_beside(beside: &Path, page: &str) -> io::Result<()> {
    // One that was cut off; or a link that somebody else put there, which is not followed.
    match fs::remove_file(beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(beside)?;
    // Whatever the umask.
    file.set_permissions(Permissions::from_mode(0o644))?;
    file.write_all(page.as_bytes())
}
