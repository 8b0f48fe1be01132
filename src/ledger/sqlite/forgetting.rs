//! What is forgotten with time, and where: rows that are over, and copies of the ledger that are older than these may be.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};
use rusqlite::Connection;

use super::rows::At;
use crate::plan::tally::Purged;

/// How the name of a copy ends: when it was made, UTC.
const WHEN: &str = "%Y%m%dT%H%M%SZ";

/// What is forgotten.
const OVER: &str = "late_after < ?1
    AND state IN ('sent', 'failed', 'withdrawn', 'skipped', 'superseded', 'lapsed')
    AND (sort = 'reminder' OR posting NOT IN (SELECT id FROM postings)
         OR NOT EXISTS (SELECT 1 FROM rows AS other
                        WHERE other.posting = rows.posting AND other.late_after >= ?1))";

/// Forgets final rows that were of use until an instant. Of a posting that is remembered, the notices stay as long as
/// any row of it does: they say what its readers were told of dates to come. What the rows said goes with them; the
/// revisions of a posting that is not remembered go with its last row.
///
/// A reminder that is forgotten here is not laid again while its file is still there (`daemon::planner`); were it, it
/// would be met for the first time after its due instant, and skipped.
///
/// What was sent, and the doubts, are counted: see [`purged`].
pub(super) fn purge(db: &Connection, before: DateTime<Utc>) -> rusqlite::Result<usize> {
    let forgotten = [At(before)];
    db.execute(
        &format!(
            "UPDATE meta SET (forgotten_sent, forgotten_doubts) = (
                 SELECT forgotten_sent + count(*) FILTER (WHERE state = 'sent'),
                        forgotten_doubts + ifnull(sum(doubts), 0)
                 FROM rows WHERE {OVER})"
        ),
        forgotten,
    )?;
    let rows = db.execute(&format!("DELETE FROM rows WHERE {OVER}"), forgotten)?;
    db.execute(
        "DELETE FROM revisions WHERE posting NOT IN (SELECT id FROM postings)
         AND NOT EXISTS (SELECT 1 FROM rows WHERE rows.posting = revisions.posting)",
        [],
    )?;
    Ok(rows)
}

/// How much was forgotten of what is counted.
pub(super) fn purged(db: &Connection) -> rusqlite::Result<Purged> {
    db.query_row("SELECT forgotten_sent, forgotten_doubts FROM meta", [], |row| {
        let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
        Ok(Purged { sent: count(0)?, doubts: count(1)? })
    })
}

/// The copies of a ledger: in `backups/` beside it, and what `restore` put aside. Each with when it was made, by its name.
pub(super) fn copies(ledger: &Path) -> Vec<(DateTime<Utc>, PathBuf)> {
    let Some(name) = ledger.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let folders = [
        (ledger.with_file_name("backups"), format!("{name}.")),
        (ledger.parent().map(Path::to_owned).unwrap_or_default(), format!("{name}.replaced-")),
    ];
    let mut found = Vec::new();
    for (folder, prefix) in folders {
        let Ok(entries) = fs::read_dir(if folder.as_os_str().is_empty() { Path::new(".") } else { &folder })
        else {
            continue;
        };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let made = path.file_name().and_then(|name| name.to_str()).and_then(|name| {
                let rest = name.strip_prefix(prefix.as_str())?;
                let rest = rest.trim_end_matches("-wal").trim_end_matches("-shm");
                let when = rest.get(rest.len().checked_sub(16)?..)?;
                Some(NaiveDateTime::parse_from_str(when, WHEN).ok()?.and_utc())
            });
            found.extend(made.map(|made| (made, path)));
        }
    }
    found.sort();
    found
}

/// Removes the copies of a ledger that were made before an instant; how many.
pub(super) fn purge_copies(ledger: &Path, before: DateTime<Utc>) -> io::Result<usize> {
    let mut removed = 0;
    for (_, path) in copies(ledger).into_iter().filter(|(made, _)| *made < before) {
        match fs::remove_file(&path) {
            Ok(()) => removed += 1,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{}: {error}", path.display()))),
        }
    }
    Ok(removed)
}
