//! Copies of the ledger: one a day, one before its tables change, one wherever a person asks for it. A copy is written
//! aside by a connection of its own while the daemon goes on, looked through, and only then given its name.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags};

use super::errors::{address, ailing, unusable};
use super::place::{refuse_no_file, sync_folder};
use super::rows::At;
use super::{connect, notes, schema};
use crate::diagnostic::say;
use crate::ledger::ailment::Ailment;
use crate::ledger::{CopyError, LedgerError, Stamp};

/// The folder of copies beside the ledger.
pub const FOLDER: &str = "backups";

/// How many daily copies are kept.
pub const KEPT: usize = 3;

/// How old the latest copy is when it is time for the next.
const DAILY: TimeDelta = TimeDelta::days(1);

/// How a copy's name says when it was made: UTC.
const WHEN: &str = "%Y%m%dT%H%M%SZ";

/// A sound ledger that no daemon need hold: what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its schema.
    pub schema: i64,
    /// Which clock it lives on.
    pub stamp: Stamp,
    /// When its last round was.
    pub last_round: Option<DateTime<Utc>>,
    /// The latest moment that anything in it tells of: the last round is noted twice a minute only.
    pub latest: Option<DateTime<Utc>>,
    /// How many rows it has.
    pub rows: i64,
}

/// Copies a ledger to where no file is yet, also while a daemon holds it: for the owner's eyes only, on the disk, and
/// looked through. What cannot be finished leaves nothing behind.
pub fn copy(ledger: &Path, to: &Path) -> Result<Described, CopyError> {
    let (db, _) = open(ledger)?;
    // The name is taken first, so that nothing of somebody else's is ever written over.
    private(to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => CopyError::Exists { path: to.to_owned() },
        _ => unwritable(to, error),
    })?;
    let copied = write(&db, &address(ledger), to);
    if copied.is_err() {
        let _ = fs::remove_file(to);
    }
    copied
}

/// Reads what a file is, and looks it through. Refuses what is no ledger, is newer than this program, or is damaged.
pub fn describe(ledger: &Path) -> Result<Described, LedgerError> {
    checked(ledger, "integrity_check")
}

/// The same in less time: whether its indexes agree with its tables is not asked.
pub fn glance(ledger: &Path) -> Result<Described, LedgerError> {
    checked(ledger, "quick_check")
}

/// When the latest daily copy of a ledger was made, if there is any.
#[must_use]
pub fn latest(ledger: &Path) -> Option<DateTime<Utc>> {
    copies(ledger, "").into_iter().map(|(at, _)| at).max()
}

fn checked(ledger: &Path, check: &str) -> Result<Described, LedgerError> {
    let (db, schema) = open(ledger)?;
    let name = address(ledger);
    sound(&db, check, &name)?;
    described(&db, schema).map_err(|error| unusable(&name, error))
}

/// The daily copy, if it is time for it; all but the last few are removed.
pub(super) fn daily(ledger: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>, CopyError> {
    let latest = copies(ledger, "").into_iter().map(|(at, _)| at).filter(|at| *at <= now).max();
    if latest.is_some_and(|latest| now - latest < DAILY) {
        return Ok(None);
    }
    let to = keep(ledger, "", now)?;
    // What a clock that was ahead has dated is no newer than what is.
    let mut kept = copies(ledger, "");
    kept.sort_by_key(|(at, path)| (*at <= now, *at, path.clone()));
    for (_, old) in kept.iter().rev().skip(KEPT) {
        fs::remove_file(old).map_err(|error| unwritable(old, error))?;
    }
    Ok(Some(to))
}

/// A copy of a ledger as an older program knows it. One of each schema is kept: the first, which no attempt at changing
/// it has touched.
pub(super) fn before_migration(ledger: &Path, schema: i64) -> Result<(), CopyError> {
    let name = format!("schema-{schema}.");
    if copies(ledger, &name).is_empty() {
        let (db, _) = open(ledger)?;
        let last = notes::last_round(&db).map_err(|error| unusable(&address(ledger), error))?;
        keep(ledger, &name, last.unwrap_or_default())?;
    }
    Ok(())
}

/// Refuses a ledger that is not there though copies of it are: with a new one in its place, what was missed meanwhile
/// would count as past when first seen, and nobody would hear of it.
pub(super) fn refuse_to_begin_anew(ledger: &Path) -> Result<(), LedgerError> {
    if ledger.metadata().is_ok_and(|file| file.len() > 0) || ledger.is_dir() || copies(ledger, "").is_empty()
    {
        return Ok(());
    }
    let folder = folder(ledger);
    Err(ailing(
        &address(ledger),
        Ailment::Gone,
        say(
            format!("il a disparu, et {} en garde des copies", folder.display()),
            format!("it is gone, and {} has copies of it", folder.display()),
        ),
    ))
}

/// Runs one of SQLite's own checks.
pub(super) fn sound(db: &Connection, check: &str, ledger: &str) -> Result<(), LedgerError> {
    match flaw(db, check).map_err(|error| unusable(ledger, error))? {
        None => Ok(()),
        Some(found) => Err(damaged(ledger, &found)),
    }
}

/// What one of SQLite's own checks finds, if anything.
pub(super) fn flaw(db: &Connection, check: &str) -> rusqlite::Result<Option<String>> {
    let found: String = db.query_row(&format!("PRAGMA {check}(1)"), [], |row| row.get(0))?;
    Ok((found != "ok").then_some(found))
}

/// Of a ledger of which this is not as it should be.
pub(super) fn damaged(ledger: &str, found: &str) -> LedgerError {
    let words = say(format!("il est abîmé\u{a0}: {found}"), format!("it is damaged: {found}"));
    ailing(ledger, Ailment::Damaged, words)
}

fn folder(ledger: &Path) -> PathBuf {
    ledger.with_file_name(FOLDER)
}

/// What the names of a ledger's copies begin with.
fn prefix(ledger: &Path, sort: &str) -> String {
    let name = ledger.file_name().map(|name| name.to_string_lossy().into_owned());
    format!("{}.{sort}", name.unwrap_or_default())
}

/// The copies of a ledger, each with its date. What a crash left half-made is none.
fn copies(ledger: &Path, sort: &str) -> Vec<(DateTime<Utc>, PathBuf)> {
    let prefix = prefix(ledger, sort);
    let Ok(entries) = fs::read_dir(folder(ledger)) else { return Vec::new() };
    let dated = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let at = NaiveDateTime::parse_from_str(name.strip_prefix(&prefix)?, WHEN).ok()?.and_utc();
        (path.metadata().ok()?.len() > 0).then_some((at, path))
    };
    entries.filter_map(|entry| dated(entry.ok()?.path())).collect()
}

fn keep(ledger: &Path, sort: &str, at: DateTime<Utc>) -> Result<PathBuf, CopyError> {
    let folder = folder(ledger);
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| unwritable(&folder, error))?;
    let to = folder.join(format!("{}{}", prefix(ledger, sort), at.format(WHEN)));
    let (db, _) = open(ledger)?;
    write(&db, &address(ledger), &to)?;
    Ok(to)
}

/// A connection that reads, and the schema it found.
fn open(ledger: &Path) -> Result<(Connection, i64), LedgerError> {
    let name = address(ledger);
    if !ledger.exists() {
        return Err(LedgerError::Missing { ledger: name });
    }
    refuse_no_file(ledger, &name)?;
    let db = connect(ledger, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(|error| unusable(&name, error))?;
    match schema::inspect(&db, &name)? {
        0 => Err(ailing(
            &name,
            Ailment::Damaged,
            say(
                "il est vide\u{a0}: aucun registre n'y a jamais été écrit",
                "it is empty: no ledger was ever written there",
            ),
        )),
        schema => Ok((db, schema)),
    }
}

/// Writes a copy aside, looks it through, and gives it its name.
fn write(db: &Connection, ledger: &str, to: &Path) -> Result<Described, CopyError> {
    let mut name = std::ffi::OsString::from(".");
    name.push(to.file_name().unwrap_or_default());
    name.push(".part");
    let aside = to.with_file_name(name);
    let _ = fs::remove_file(&aside); // of an attempt that died
    let written = written(db, ledger, &aside).and_then(|described| {
        fs::rename(&aside, to).and_then(|()| sync_folder(to)).map_err(|error| unwritable(to, error))?;
        Ok(described)
    });
    if written.is_err() {
        let _ = fs::remove_file(&aside);
        let _ = fs::remove_file(super::place::beside(&aside, "-journal"));
    }
    written
}

fn written(db: &Connection, ledger: &str, aside: &Path) -> Result<Described, CopyError> {
    private(aside).map_err(|error| unwritable(aside, error))?;
    let path = aside.to_str().ok_or_else(|| unwritable(aside, "its name is not UTF-8"))?;
    db.execute("VACUUM INTO ?1", [path]).map_err(|error| match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase) => {
            unusable(ledger, error).into()
        }
        _ => unwritable(aside, error),
    })?;
    File::open(aside).and_then(|file| file.sync_all()).map_err(|error| unwritable(aside, error))?;
    let unsound = |error: LedgerError| CopyError::Unsound { path: aside.to_owned(), what: error.to_string() };
    let copy = describe(aside).map_err(unsound)?;
    let stamp = schema::stamp(db).map_err(|error| unusable(ledger, error))?;
    if copy.stamp != stamp {
        let what = format!("it is stamped {}, not {}", copy.stamp.word(), stamp.word());
        return Err(CopyError::Unsound { path: aside.to_owned(), what });
    }
    Ok(copy)
}

fn described(db: &Connection, schema: i64) -> rusqlite::Result<Described> {
    Ok(Described {
        schema,
        stamp: schema::stamp(db)?,
        last_round: notes::last_round(db)?,
        latest: db.query_row(
            "SELECT max(ifnull(last_round, 0), (SELECT ifnull(max(changed), 0) FROM rows)) FROM meta",
            [],
            |row| Ok(row.get::<_, Option<At>>(0)?.map(|at| at.0)),
        )?,
        rows: db.query_row("SELECT count(*) FROM rows", [], |row| row.get::<_, i64>(0))?,
    })
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create_new(true).write(true).mode(0o600).open(path)
}

fn unwritable(path: &Path, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> CopyError {
    CopyError::Unwritable { path: path.to_owned(), source: source.into() }
}
