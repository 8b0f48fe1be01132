//! Somebody is forgotten: a pseudonym takes their place in every table, and what they were named by leaves the file. Beside
//! a daemon or without one, on a connection of its own.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params_from_iter};

use super::forgetting::copies;
use super::rows::At;
use super::{address, connect, schema, unusable};
use crate::ledger::erased::rewritten;
use crate::ledger::{Erased, LedgerError, Whom};
use crate::plan::pseudonym::Pseudonym;

/// Forgets somebody. Their planned rows are withdrawn; where others are under way, nothing is done.
pub fn erase(path: &Path, whom: &Whom, now: DateTime<Utc>) -> Result<Erased, LedgerError> {
    let ledger = address(path);
    if !path.exists() {
        return Err(LedgerError::Missing { ledger });
    }
    let mut db =
        connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| unusable(&ledger, error))?;
    schema::require(&db, &ledger)?;
    let done = rewrite(&mut db, whom, now).map_err(|error| unusable(&ledger, error))?;
    let Ok((word, entries)) = done else { return Ok(Erased::Open(done.err().unwrap_or_default())) };
    // VACUUM writes the whole file anew into the log; the log is then written back and cut off.
    db.execute_batch("VACUUM").map_err(|error| unusable(&ledger, error))?;
    db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .map_err(|error| unusable(&ledger, error))?;
    let left = in_the_file(path, whom).map_err(|error| unusable(&ledger, error))?;
    Ok(Erased::Done { word, entries, left })
}

/// Copies of the ledger, here and in `backups/`, that still hold one of their addresses.
pub fn copies_with(path: &Path, whom: &Whom) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for (_, copy) in copies(path) {
        if mention(&copy, whom)? {
            found.push(copy);
        }
    }
    Ok(found)
}

/// Whether the ledger's own file still holds one of their addresses, or the log beside it.
pub fn in_the_file(path: &Path, whom: &Whom) -> io::Result<bool> {
    Ok(mention(path, whom)? || mention(&beside(path, "-wal"), whom)?)
}

/// Whether a file holds one of their addresses, in any case. One that is not there holds nothing.
pub fn mention(path: &Path, whom: &Whom) -> io::Result<bool> {
    let mut bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        bytes => bytes?,
    };
    bytes.make_ascii_lowercase();
    let holds = |email: &String| bytes.windows(email.len().max(1)).any(|window| window == email.as_bytes());
    Ok(whom.emails.iter().any(holds))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// Rewrites every table, in one transaction: the word and how many entries; or how many rows stand in the way.
fn rewrite(
    db: &mut Connection,
    whom: &Whom,
    now: DateTime<Utc>,
) -> rusqlite::Result<Result<(String, usize), usize>> {
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // A key changes before what points to it does.
    all.pragma_update(None, "defer_foreign_keys", true)?;
    let open = theirs(&all, whom, "state IN ('claimed', 'handed', 'held')")?;
    if !open.is_empty() {
        return Ok(Err(open.len()));
    }
    for row in theirs(&all, whom, "state = 'planned'")? {
        all.execute(
            "UPDATE rows SET state = 'withdrawn', reason = 'hand', wanted = 0, not_before = NULL, changed = ?2
             WHERE rowid = ?1",
            (row, At(now)),
        )?;
    }
    let word = free_word(&all)?;
    let pseudonym = whom.pseudonym(&word);
    let mut entries = 0;
    for id in &whom.ids {
        entries += all.execute("DELETE FROM people WHERE id = ?1", [id])?;
    }
    let tables: Vec<String> = all
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for table in tables {
        entries += rewrite_table(&all, &table, &pseudonym)?;
    }
    // What its rows stood for is another text now.
    all.execute("UPDATE postings SET basis = NULL", [])?;
    all.commit()?;
    Ok(Ok((word, entries)))
}

/// The rows that are for them, that they read, or that go to their address.
fn theirs(db: &Connection, whom: &Whom, state: &str) -> rusqlite::Result<Vec<i64>> {
    let mut found = Vec::new();
    let mut rows = db.prepare(&format!("SELECT rowid, recipient, reader, email FROM rows WHERE {state}"))?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let (recipient, reader, email): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        if whom.is_of(&recipient, &reader, &email) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

/// A word that stands for nobody yet. It is drawn, not made from whom it stands for: nobody can try names on it.
fn free_word(db: &Connection) -> rusqlite::Result<String> {
    loop {
        let word: String =
            db.query_row("SELECT 'oublie-' || lower(hex(randomblob(2)))", [], |row| row.get(0))?;
        let taken = db
            .query_row(
                "SELECT 1 FROM rows WHERE recipient GLOB ?1 OR reader GLOB ?1",
                [format!("{word}*")],
                |_| Ok(()),
            )
            .optional()?;
        if taken.is_none() {
            return Ok(word);
        }
    }
}

fn rewrite_table(db: &Connection, table: &str, pseudonym: &Pseudonym) -> rusqlite::Result<usize> {
    let columns: Vec<String> = db
        .prepare("SELECT name FROM pragma_table_info(?1) WHERE type = 'TEXT'")?
        .query_map([table], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    if columns.is_empty() {
        return Ok(0);
    }
    let mut changes = Vec::new();
    let mut rows = db.prepare(&format!("SELECT {} FROM {table}", columns.join(", ")))?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        let is_operators = table == "rows" && row.get::<_, String>("key")?.starts_with("~operator/");
        let (mut values, mut before) = (Vec::new(), Vec::new());
        let mut changed = false;
        for (n, column) in columns.iter().enumerate() {
            let old: Option<String> = row.get(n)?;
            let new = old.as_deref().map(|old| rewritten(pseudonym, column, is_operators, old));
            changed |= new != old;
            values.push(new.map_or(Value::Null, Value::Text));
            before.push(old.map_or(Value::Null, Value::Text));
        }
        if changed {
            values.append(&mut before);
            changes.push(values);
        }
    }
    // By what it was: every key is text, and not every table has row numbers.
    let each = |sign: &str, first: usize, between: &str| {
        let words = columns.iter().enumerate().map(|(n, column)| format!("{column} {sign} ?{}", first + n));
        words.collect::<Vec<_>>().join(between)
    };
    let (set, before) = (each("=", 1, ", "), each("IS", columns.len() + 1, " AND "));
    let mut update = db.prepare(&format!("UPDATE {table} SET {set} WHERE {before}"))?;
    for values in &changes {
        update.execute(params_from_iter(values))?;
    }
    Ok(changes.len())
}
