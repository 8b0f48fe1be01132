//! The ledger on SQLite: one file, one daemon, one writer.
//!
//! WAL and `synchronous = FULL`: NORMAL can lose the last `sent` in a power cut, which would be a double mail. A
//! lock file beside the ledger admits one daemon; readers (`history`) need none.

mod mails;
mod reminders;
mod rows;
mod schema;
mod writer;

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, TransactionBehavior, params};

use super::{Hand, Ledger, LedgerError, Mail, Orphans, Stamp, StoredPosting, Turn, Turned};
use crate::plan::Key;
use crate::plan::next::InDoubt;
use crate::plan::reconcile::Change;
use crate::plan::row::{Row, State};
use rows::At;
use writer::Writer;

/// A ledger in a SQLite file.
#[derive(Clone)]
pub struct SqliteLedger {
    name: Arc<str>,
    writer: Arc<Writer>,
}

impl std::fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteLedger").field("name", &self.name).finish_non_exhaustive()
    }
}

fn unusable(ledger: &str, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LedgerError {
    LedgerError::Unusable { ledger: ledger.to_owned(), source: error.into() }
}

impl SqliteLedger {
    /// Opens a ledger for the daemon: makes it where there is none, takes the lock, migrates, checks the stamp.
    pub fn open(path: &Path, stamp: Stamp) -> Result<Self, LedgerError> {
        let name = format!("sqlite:{}", path.display());
        let trouble = |error: std::io::Error| unusable(&name, error);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(trouble)?;
        }
        let mut lock_path = PathBuf::from(path).into_os_string();
        lock_path.push(".lock");
        let lock = private(Path::new(&lock_path)).map_err(trouble)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { ledger: name }),
            Err(TryLockError::Error(error)) => return Err(trouble(error)),
        }
        private(path).map_err(trouble)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = Connection::open_with_flags(path, flags).map_err(|error| unusable(&name, error))?;
        schema::inspect(&db, &name)?;
        configure(&db).map_err(|error| unusable(&name, error))?;
        schema::prepare(&mut db, &name, stamp)?;
        let writer = Writer::start(db, TransactionBehavior::Immediate, Some(lock)).map_err(trouble)?;
        Ok(Self { name: name.clone().into(), writer: Arc::new(writer) })
    }

    /// Opens a ledger to be read, beside the daemon that may hold it. Changes nothing, makes nothing.
    pub fn read(path: &Path) -> Result<Self, LedgerError> {
        let name = format!("sqlite:{}", path.display());
        if !path.exists() {
            return Err(unusable(&name, "there is no such file: the daemon has not run yet"));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(path, flags).map_err(|error| unusable(&name, error))?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(|error| unusable(&name, error))?;
        schema::require(&db, &name)?;
        let writer =
            Writer::start(db, TransactionBehavior::Deferred, None).map_err(|error| unusable(&name, error))?;
        Ok(Self { name: name.clone().into(), writer: Arc::new(writer) })
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.writer.ask(work).await.map_err(|fault| unusable(&self.name, fault))
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn configure(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(std::time::Duration::from_secs(5))?;
    db.pragma_update(None, "journal_mode", "WAL")?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

impl Ledger for SqliteLedger {
    async fn known(&self) -> Result<Vec<Row>, LedgerError> {
        self.ask(reminders::known).await
    }

    async fn apply(&self, changes: Vec<Change>, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        self.ask(move |db| reminders::apply(db, &changes, now)).await
    }

    async fn tidy(&self, now: DateTime<Utc>) -> Result<Vec<(Key, State)>, LedgerError> {
        self.ask(move |db| reminders::tidy(db, now)).await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        most: usize,
        domain: &str,
    ) -> Result<Vec<Mail>, LedgerError> {
        let domain = domain.to_owned();
        self.ask(move |db| mails::claim(db, now, lease, most, &domain)).await
    }

    async fn turn(&self, turn: Turn, now: DateTime<Utc>, lease: TimeDelta) -> Result<Turned, LedgerError> {
        self.ask(move |db| mails::turn(db, &turn, now, lease)).await
    }

    async fn set_aside(
        &self,
        claim: (String, i64),
        keys: Vec<Key>,
        until: DateTime<Utc>,
        reply: String,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.ask(move |db| mails::set_aside(db, &claim, &keys, until, &reply, now)).await
    }

    async fn release(&self, mails: Vec<(String, i64)>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.ask(move |db| mails::release(db, &mails, now)).await
    }

    async fn orphans(
        &self,
        every: bool,
        policy: InDoubt,
        now: DateTime<Utc>,
    ) -> Result<Orphans, LedgerError> {
        self.ask(move |db| mails::orphans(db, every, policy, now)).await
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.ask(|db| {
            db.query_row("SELECT min(ready) FROM reminders WHERE state = 'planned'", [], |row| {
                row.get::<_, Option<At>>(0)
            })
            .map(|at| at.map(|at| at.0))
        })
        .await
    }

    async fn by_hand(&self, key: Key, hand: Hand, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.ask(move |db| reminders::by_hand(db, &key, hand, now)).await
    }

    async fn postings(&self) -> Result<Vec<StoredPosting>, LedgerError> {
        self.ask(|db| {
            db.prepare("SELECT id, path, text, vanished_at FROM postings ORDER BY id")?
                .query_map([], |row| {
                    Ok(StoredPosting {
                        id: row.get(0)?,
                        path: row.get(1)?,
                        text: row.get(2)?,
                        vanished_at: row.get::<_, Option<At>>(3)?.map(|at| at.0),
                    })
                })?
                .collect()
        })
        .await
    }

    async fn remember(&self, postings: Vec<StoredPosting>, forget: Vec<String>) -> Result<(), LedgerError> {
        self.ask(move |db| {
            let mut keep = db.prepare(
                "INSERT INTO postings (id, path, text, vanished_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (id) DO UPDATE SET path = excluded.path, text = excluded.text, vanished_at = excluded.vanished_at",
            )?;
            for posting in &postings {
                keep.execute(params![posting.id, posting.path, posting.text, posting.vanished_at.map(At)])?;
            }
            let mut drop = db.prepare("DELETE FROM postings WHERE id = ?1")?;
            for id in &forget {
                drop.execute([id])?;
            }
            Ok(())
        })
        .await
    }

    async fn last_round(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.ask(|db| {
            let found = db
                .query_row("SELECT last_round FROM meta", [], |row| row.get::<_, Option<At>>(0))
                .optional()?;
            Ok(found.flatten().map(|at| at.0))
        })
        .await
    }

    async fn note_round(&self, now: DateTime<Utc>, accept_earlier: bool) -> Result<(), LedgerError> {
        self.ask(move |db| {
            db.execute(
                "UPDATE meta SET last_round = ?1 WHERE last_round IS NULL OR last_round < ?1 OR ?2",
                params![At(now), accept_earlier],
            )
            .map(|_| ())
        })
        .await
    }

    async fn purge(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        self.ask(move |db| reminders::purge(db, before)).await
    }
}
