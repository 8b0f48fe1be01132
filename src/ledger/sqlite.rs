//! The ledger in a file of SQLite, embedded: what a single host needs.
//!
//! A lock file beside it admits one daemon. Every verb runs on one thread, which owns the only connection
//! (`writer.rs`); WAL and `synchronous = FULL`, because anything less may lose the last `sent` in a power cut,
//! and that would be a second mail.

mod asking;
pub mod copy;
pub mod erasing;
mod errors;
mod forgetting;
mod mails;
mod notes;
mod place;
mod relays;
pub mod restore;
mod rows;
mod schema;
mod single;
mod soundness;
mod telling;
mod writer;

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use self::errors::{address, ailing, unusable};
use self::place::{Held, lock, lock_file, make, refuse_no_file};
use self::soundness::Soundness;
use self::writer::Writer;
use super::ailment::Ailment;
use super::{
    Aside, Batch, CopyError, Glance, Hand, Ledger, LedgerError, Mail, Orphans, Rows, Stamp, StoredPosting,
    StoredRelay, Turn, Turned, Version,
};
use crate::diagnostic::say;
use crate::plan::next::InDoubt;
use crate::plan::reconcile::Change;
use crate::plan::row::{Row, State};
use crate::plan::tally::{Purged, Tally};
use crate::plan::told::{Renaming, Revision, Told};
use crate::plan::{Key, Wanted};

/// How long to wait for another program that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// How much of the file is kept in memory, in the words of SQLite: kibibytes below zero. The hot pages of a million rows fit;
/// the default (2 MB) costs a claim more than all the rest.
const CACHE: i64 = -4000;

/// After how many pages of the log they are put in their places: 16 MB. Most of a page's changes are made again and again while
/// mails leave, and each time costs two flushes.
const CHECKPOINT: i64 = 4000;

/// How many statements are kept prepared: more than there are.
const STATEMENTS: usize = 96;

/// A handle on the ledger. Clones share one connection; when the last is dropped, it is closed and the lock
/// let go.
#[derive(Clone)]
pub struct SqliteLedger {
    writer: Arc<Writer>,
    /// Its address, for messages.
    ledger: Arc<str>,
    path: Arc<Path>,
    /// How many rounds were noted: what [`Ledger::version`] does not count.
    rounds: Arc<AtomicU64>,
    soundness: Soundness,
    /// Why there is no copy from before its tables were changed, if they were.
    uncopied: Option<Arc<CopyError>>,
}

impl SqliteLedger {
    /// Opens the ledger for the daemon: makes what is missing, brings an older one up to date (and keeps a copy of it as
    /// it was), and keeps every other daemon out. One whose pages are damaged is refused, and so is a new one where
    /// copies tell of another.
    pub fn open(path: &Path, stamp: Stamp) -> Result<Self, LedgerError> {
        copy::refuse_to_begin_anew(path)?;
        Self::begin(path, stamp, true)
    }

    fn begin(path: &Path, stamp: Stamp, keep: bool) -> Result<Self, LedgerError> {
        let ledger = address(path);
        let path = make(path, &ledger)?;
        let lock = lock(&path, &ledger)?;
        let mut db =
            connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(|error| unusable(&ledger, error))?;
        let found = schema::inspect(&db, &ledger)?; // before anything is written into a file that may not be ours
        let mode: String = db
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(|error| unusable(&ledger, error))?;
        if mode != "wal" {
            let words = say(
                "ce système de fichiers ne peut pas le porter\u{a0}: il n'a pas de mémoire partagée (WAL)",
                "this file system cannot hold it: it has no shared memory (WAL)",
            );
            return Err(ailing(&ledger, Ailment::Unknown, words));
        }
        let soundness = Soundness::look(&db, &path)?;
        let changes = keep && (1..schema::KNOWN).contains(&found);
        let uncopied = if changes { copy::before_migration(&path, found).err() } else { None };
        schema::prepare(&mut db, &ledger, stamp)?;
        let held = Held::look(&path, lock).map_err(|error| unusable(&ledger, error))?;
        let mut opened = Self::start(db, TransactionBehavior::Immediate, Some(held), ledger, &path)?;
        opened.uncopied = uncopied.map(Arc::new);
        opened.soundness = soundness;
        Ok(opened)
    }

    /// Why there is no copy of the ledger from before its tables were changed by this opening, if so.
    #[must_use]
    pub fn uncopied(&self) -> Option<&CopyError> {
        self.uncopied.as_deref()
    }

    /// Opens the ledger to read it, also while a daemon holds it. Nothing is made; every verb that writes errs.
    pub fn read(path: &Path) -> Result<Self, LedgerError> {
        Self::attach(path, OpenFlags::SQLITE_OPEN_READ_ONLY, TransactionBehavior::Deferred)
    }

    /// Opens the ledger for the hand of a person, also while a daemon holds it. Nothing is made.
    pub fn beside(path: &Path) -> Result<Self, LedgerError> {
        Self::attach(path, OpenFlags::SQLITE_OPEN_READ_WRITE, TransactionBehavior::Immediate)
    }

    /// Whether a daemon holds the ledger. The lock is shared for a moment, which keeps no daemon out (see `lock`).
    #[must_use]
    pub fn is_held(path: &Path) -> bool {
        let file = path.canonicalize().and_then(|path| File::open(lock_file(&path)));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    fn attach(path: &Path, flags: OpenFlags, behaviour: TransactionBehavior) -> Result<Self, LedgerError> {
        let ledger = address(path);
        if !path.exists() {
            return Err(LedgerError::Missing { ledger });
        }
        refuse_no_file(path, &ledger)?;
        let db = connect(path, flags).map_err(|error| unusable(&ledger, error))?;
        schema::require(&db, &ledger)?;
        Self::start(db, behaviour, None, ledger, path)
    }

    fn start(
        db: Connection,
        behaviour: TransactionBehavior,
        held: Option<Held>,
        ledger: String,
        path: &Path,
    ) -> Result<Self, LedgerError> {
        let writer = Writer::start(db, behaviour, held).map_err(|error| unusable(&ledger, error))?;
        let (ledger, path) = (ledger.into(), path.into());
        Ok(Self {
            writer: Arc::new(writer),
            ledger,
            path,
            rounds: Arc::default(),
            soundness: Soundness::known(),
            uncopied: None,
        })
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, LedgerError> {
        self.writer.ask(work).await.map_err(|fault| unusable(&self.ledger, fault))
    }
}

fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(PATIENCE)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "cache_size", CACHE)?;
    db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    db.pragma_update(None, "temp_store", "MEMORY")?; // what a savepoint keeps aside is not worth a file
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.pragma_update(None, "secure_delete", true)?; // what is forgotten leaves the file
    Ok(db)
}

impl Ledger for SqliteLedger {
    async fn known(&self) -> Result<Vec<Row>, LedgerError> {
        self.ask(single::known).await
    }

    async fn glance(&self) -> Result<Glance, LedgerError> {
        self.ask(asking::glance).await
    }

    async fn known_of(&self, asked: Vec<Rows>) -> Result<Vec<Row>, LedgerError> {
        self.ask(move |db| asking::known_of(db, &asked)).await
    }

    async fn postings_of(&self, ids: Vec<String>) -> Result<Vec<StoredPosting>, LedgerError> {
        self.ask(move |db| asking::postings_of(db, &ids)).await
    }

    async fn revisions_of(&self, postings: Vec<String>) -> Result<Vec<Revision>, LedgerError> {
        self.ask(move |db| asking::revisions_of(db, &postings)).await
    }

    async fn revised(&self) -> Result<Vec<Revision>, LedgerError> {
        self.ask(asking::revised).await
    }

    async fn known_otherwise(&self) -> Result<Vec<Revision>, LedgerError> {
        self.ask(asking::known_otherwise).await
    }

    async fn on_their_way(&self, postings: Vec<String>) -> Result<BTreeSet<String>, LedgerError> {
        self.ask(move |db| asking::on_their_way(db, &postings)).await
    }

    async fn bring(&self, batch: Batch, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        self.ask(move |db| asking::bring(db, &batch, now)).await
    }

    async fn next_reminder(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.ask(move |db| asking::next_reminder(db, now)).await
    }

    async fn tally(&self, now: DateTime<Utc>) -> Result<Tally, LedgerError> {
        self.ask(move |db| asking::tally(db, now)).await
    }

    async fn version(&self) -> Result<Version, LedgerError> {
        let rounds = Arc::clone(&self.rounds);
        let version = self.ask(move |db| Ok((asking::version(db)?, rounds.load(Ordering::Relaxed)))).await?;
        let ((others, ours), rounds) = version;
        Ok(Version(others, ours.saturating_sub(rounds)))
    }

    async fn apply(&self, changes: Vec<Change>, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        self.ask(move |db| single::apply(db, &changes, now)).await
    }

    async fn tidy(&self, now: DateTime<Utc>) -> Result<Vec<(Key, State)>, LedgerError> {
        self.ask(move |db| {
            asking::rest(db)?;
            single::tidy(db, now)
        })
        .await
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        most: usize,
        domain: &str,
    ) -> Result<Vec<Mail>, LedgerError> {
        if !self.soundness.is_known(&self.ledger)? {
            return Ok(Vec::new());
        }
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
        aside: Aside,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.ask(move |db| mails::set_aside(db, &claim, &keys, &aside, now)).await
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
        self.ask(mails::next_due).await
    }

    async fn by_hand(&self, key: Key, hand: Hand, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.ask(move |db| single::by_hand(db, &key, hand, now)).await
    }

    async fn retry(&self, wanted: Wanted, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        self.ask(move |db| single::retry(db, &wanted, now)).await
    }

    async fn postings(&self) -> Result<Vec<StoredPosting>, LedgerError> {
        self.ask(notes::postings).await
    }

    async fn remember(&self, postings: Vec<StoredPosting>, forget: Vec<String>) -> Result<(), LedgerError> {
        self.ask(move |db| notes::remember(db, &postings, &forget)).await
    }

    async fn accept(&self, gone: Vec<String>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.ask(move |db| notes::accept(db, &gone, now)).await
    }

    async fn is_filled(&self) -> Result<bool, LedgerError> {
        self.ask(notes::is_filled).await
    }

    async fn people(&self) -> Result<Vec<(String, String)>, LedgerError> {
        self.ask(notes::people).await
    }

    async fn remember_people(
        &self,
        entries: Vec<(String, String)>,
        forget: Vec<String>,
    ) -> Result<(), LedgerError> {
        self.ask(move |db| notes::remember_people(db, &entries, &forget)).await
    }

    async fn revisions(&self) -> Result<Vec<Revision>, LedgerError> {
        self.ask(telling::revisions).await
    }

    async fn revise(&self, renamed: Vec<Renaming>, new: Vec<Revision>) -> Result<(), LedgerError> {
        self.ask(move |db| telling::revise(db, &renamed, &new)).await
    }

    async fn told(&self) -> Result<Vec<Told>, LedgerError> {
        self.ask(telling::told).await
    }

    async fn told_of(&self, events: Vec<(String, String)>) -> Result<Vec<Told>, LedgerError> {
        self.ask(move |db| telling::told_of(db, &events)).await
    }

    async fn untold(&self, since: DateTime<Utc>) -> Result<Vec<Row>, LedgerError> {
        self.ask(move |db| telling::untold(db, since)).await
    }

    async fn stamp(&self) -> Result<Stamp, LedgerError> {
        self.ask(schema::stamp).await
    }

    async fn last_round(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        self.ask(notes::last_round).await
    }

    async fn note_round(&self, now: DateTime<Utc>, accept_earlier: bool) -> Result<(), LedgerError> {
        let rounds = Arc::clone(&self.rounds);
        self.ask(move |db| {
            let noted = notes::note_round(db, now, accept_earlier)?;
            rounds.fetch_add(noted as u64, Ordering::Relaxed);
            Ok(())
        })
        .await
    }

    async fn relays(&self) -> Result<Vec<StoredRelay>, LedgerError> {
        self.ask(relays::relays).await
    }

    async fn note_relay(&self, relay: StoredRelay) -> Result<(), LedgerError> {
        self.ask(move |db| relays::note_relay(db, &relay)).await
    }

    async fn count_mail(
        &self,
        relay: String,
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        self.ask(move |db| relays::count_mail(db, &relay, at, forget_before)).await
    }

    async fn counted_mails(
        &self,
        relay: String,
        since: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, LedgerError> {
        self.ask(move |db| relays::counted_mails(db, &relay, since)).await
    }

    async fn purge(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        self.ask(move |db| forgetting::purge(db, before)).await
    }

    async fn purge_copies(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        let path = self.ask(|db| Ok(db.path().map(PathBuf::from))).await?;
        let removed = path.map_or(Ok(0), |path| forgetting::purge_copies(&path, before));
        removed.map_err(|error| unusable(&self.ledger, error))
    }

    async fn purged(&self) -> Result<Purged, LedgerError> {
        self.ask(forgetting::purged).await
    }

    async fn keep_copy(&self, now: DateTime<Utc>) -> Result<Option<PathBuf>, CopyError> {
        let path = Arc::clone(&self.path);
        let copied = tokio::task::spawn_blocking(move || copy::daily(&path, now)).await;
        copied.unwrap_or_else(|_| Err(unusable(&self.ledger, "the copying was cut off").into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_waits_for_the_disk_at_every_commit() {
        let db = connect(Path::new(":memory:"), OpenFlags::SQLITE_OPEN_READ_WRITE).expect("opens");
        let ask = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        assert_eq!(ask("synchronous"), Ok(2), "FULL");
        assert_eq!(ask("foreign_keys"), Ok(1));
        assert_eq!(ask("busy_timeout"), Ok(5000));
        assert_eq!(ask("secure_delete"), Ok(1));
    }
}
