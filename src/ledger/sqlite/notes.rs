//! The verbs about what the daemon notes down for itself: last good texts, the people as they were, and when it last
//! looked.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Statement, named_params, params};

use super::rows::At;
use crate::ledger::StoredPosting;

/// Every posting remembered, by id.
pub(super) fn postings(db: &Connection) -> rusqlite::Result<Vec<StoredPosting>> {
    db.prepare_cached(&format!("{POSTINGS} ORDER BY id"))?.query_map([], read_posting)?.collect()
}

/// What [`read_posting`] reads.
pub(super) const POSTINGS: &str = "SELECT id, path, text, since, vanished_at, accepted FROM postings";

/// Reads a posting.
pub(super) fn read_posting(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredPosting> {
    Ok(StoredPosting {
        id: row.get(0)?,
        path: row.get(1)?,
        text: row.get(2)?,
        since: row.get::<_, At>(3)?.0,
        vanished_at: row.get::<_, Option<At>>(4)?.map(|at| at.0),
        accepted: row.get::<_, Option<At>>(5)?.map(|at| at.0),
    })
}

/// Remembers a posting, and what its rows stand for if they do.
pub(super) const KEEP: &str = "
    INSERT INTO postings (id, path, text, since, vanished_at, accepted, basis) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (id) DO UPDATE
    SET path = excluded.path, text = excluded.text, since = excluded.since, vanished_at = excluded.vanished_at,
        accepted = iif(excluded.vanished_at IS NULL, NULL, postings.accepted), basis = excluded.basis";

/// Does [`KEEP`].
pub(super) fn keep(
    statement: &mut Statement<'_>,
    posting: &StoredPosting,
    basis: Option<&str>,
) -> rusqlite::Result<()> {
    let StoredPosting { id, path, text, since, vanished_at, accepted } = posting;
    let given = params![id, path, text, At(*since), vanished_at.map(At), accepted.map(At), basis];
    statement.execute(given).map(drop)
}

/// Forgets some, remembers others: what is in both is remembered. The ledger is filled from then on.
pub(super) fn remember(
    db: &Connection,
    postings: &[StoredPosting],
    forget: &[String],
) -> rusqlite::Result<()> {
    let mut drop = db.prepare_cached("DELETE FROM postings WHERE id = ?1")?;
    for id in forget {
        drop.execute([id])?;
    }
    let mut statement = db.prepare_cached(KEEP)?;
    for posting in postings {
        keep(&mut statement, posting, None)?;
    }
    db.execute("UPDATE meta SET filled = 1 WHERE NOT filled", [])?;
    Ok(())
}

/// Notes that a person accepts that these are gone, also those that no daemon has missed yet.
pub(super) fn accept(db: &Connection, gone: &[String], now: DateTime<Utc>) -> rusqlite::Result<()> {
    let mut accept = db.prepare_cached(
        "UPDATE postings SET accepted = ?2, vanished_at = ifnull(vanished_at, ?2) WHERE id = ?1",
    )?;
    for id in gone {
        accept.execute(params![id, At(now)])?;
    }
    Ok(())
}

/// Whether a plan was ever written.
pub(super) fn is_filled(db: &Connection) -> rusqlite::Result<bool> {
    db.query_row("SELECT filled FROM meta", [], |row| row.get(0))
}

/// The people as they were last known, by id.
pub(super) fn people(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    db.prepare_cached("SELECT id, entry FROM people ORDER BY id")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Forgets some people, remembers others: who is in both is remembered.
pub(super) fn remember_people(
    db: &Connection,
    entries: &[(String, String)],
    forget: &[String],
) -> rusqlite::Result<()> {
    let mut drop = db.prepare_cached("DELETE FROM people WHERE id = ?1")?;
    for id in forget {
        drop.execute([id])?;
    }
    let mut keep = db.prepare_cached("INSERT OR REPLACE INTO people (id, entry) VALUES (?1, ?2)")?;
    for (id, entry) in entries {
        keep.execute([id, entry])?;
    }
    Ok(())
}

/// When the last round was.
pub(super) fn last_round(db: &Connection) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let mut ask = db.prepare_cached("SELECT last_round FROM meta")?;
    ask.query_row([], |row| Ok(row.get::<_, Option<At>>(0)?.map(|at| at.0)))
}

/// Notes a round; an earlier one than the last only if that is accepted. How many rows that changed.
pub(super) fn note_round(
    db: &Connection,
    now: DateTime<Utc>,
    accept_earlier: bool,
) -> rusqlite::Result<usize> {
    db.execute(
        "UPDATE meta SET last_round = :now WHERE last_round IS NULL OR last_round < :now OR :accept_earlier",
        named_params! { ":now": At(now), ":accept_earlier": accept_earlier },
    )
}
