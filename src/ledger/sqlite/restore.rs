//! Restoring a copy. What fell due since the copy was made may have left, and the copy does not know: every such row is
//! held for a person, under the Message-ID that it most likely left with. The daemon's own planner lays a first round
//! over the present files before anything is put in place, so that what those ask for since is held too
//! (`cli/restore.rs` takes the steps in their order).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, named_params, params_from_iter};

use super::errors::{address, unusable};
use super::place::{beside, lock, sync_folder};
use super::rows::At;
use super::{SqliteLedger, connect, copy};
use crate::ledger::{CopyError, LedgerError, Stamp};
use crate::message::identity::message_id;
use crate::plan::Key;

/// A ledger that is being made ready, beside the one whose place it is to take. Dropped before that, it is gone.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
}

impl Draft {
    /// Copies a copy to beside a ledger.
    pub fn of(copied: &Path, ledger: &Path) -> Result<Self, CopyError> {
        let path = beside(ledger, ".restoring");
        if let Some(folder) = ledger.parent() {
            fs::create_dir_all(folder)
                .map_err(|error| CopyError::Unwritable { path: path.clone(), source: error.into() })?;
        }
        let draft = Self { path };
        draft.clear(); // of an attempt that died
        copy::copy(copied, &draft.path)?;
        Ok(draft)
    }

    /// Opens it, and brings it up to date.
    pub fn open(&self, stamp: Stamp) -> Result<SqliteLedger, LedgerError> {
        SqliteLedger::begin(&self.path, stamp, false)
    }

    fn clear(&self) {
        for end in ["", "-wal", "-shm", "-journal", ".lock"] {
            let _ = fs::remove_file(beside(&self.path, end)); // most are not there
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The place of a ledger, which no daemon takes meanwhile.
#[derive(Debug)]
pub struct Place {
    path: PathBuf,
    ledger: String,
    _lock: File,
}

impl Place {
    /// Keeps every daemon out; refused while one holds the ledger.
    pub fn hold(path: &Path) -> Result<Self, LedgerError> {
        let ledger = address(path);
        let path = one_true(path).map_err(|error| unusable(&ledger, error))?;
        let lock = lock(&path, &ledger)?;
        Ok(Self { path, ledger, _lock: lock })
    }

    /// Puts a draft, closed, into the ledger's place, and keeps what was there aside; returns where. At every moment
    /// there is a whole ledger in the place.
    pub fn put(&self, draft: &Draft, now: DateTime<Utc>) -> Result<Option<PathBuf>, LedgerError> {
        let aside = beside(&self.path, &now.format(".replaced-%Y%m%dT%H%M%SZ").to_string());
        self.swap(draft, &aside).map_err(|error| unusable(&self.ledger, error))
    }

    fn swap(&self, draft: &Draft, aside: &Path) -> io::Result<Option<PathBuf>> {
        let there = self.path.exists();
        if there {
            self.fold();
            // A log left behind would be read into the ledger that comes: it goes with the one it belongs to.
            keep_aside(&self.path, aside)?;
            let log = beside(&self.path, "-wal");
            if log.exists() {
                fs::rename(log, beside(aside, "-wal"))?;
            }
            let _ = fs::remove_file(beside(&self.path, "-shm"));
        }
        File::open(&draft.path)?.sync_all()?;
        fs::rename(&draft.path, &self.path)?;
        sync_folder(&self.path)?;
        Ok(there.then(|| aside.to_owned()))
    }

    /// Folds the log of what is there into its file, as well as it can: it may be damaged.
    fn fold(&self) {
        if let Ok(db) = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
            let _ = db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        }
    }
}

/// The one true path of a ledger that may not be there; its folder is made.
fn one_true(path: &Path) -> io::Result<PathBuf> {
    if path.exists() {
        return path.canonicalize();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    Ok(folder.canonicalize()?.join(path.file_name().unwrap_or_default()))
}

/// A copy of a file as it is, for the owner's eyes only, on the disk, under a name that is free.
fn keep_aside(from: &Path, to: &Path) -> io::Result<()> {
    let mut copy = fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(to)?;
    io::copy(&mut File::open(from)?, &mut copy)?;
    copy.sync_all()
}

/// What may have left since a copy was made.
#[derive(Clone, Copy)]
enum Doubtful {
    /// Whatever was due by now.
    Due,
    /// What the first round met, or moved, that was due since this instant; and the notices that it wrote, which may
    /// have been written before.
    Met(DateTime<Utc>),
}

impl SqliteLedger {
    /// Holds every row that is on its way and due. Mails to the operator are not held: the operator restores.
    pub async fn doubt_due(&self, now: DateTime<Utc>, domain: &str) -> Result<usize, LedgerError> {
        let domain = domain.to_owned();
        self.ask(move |db| hold(db, Doubtful::Due, now, &domain)).await
    }

    /// Holds what a round at this very instant met or moved and that was due since another, the copy's last round;
    /// and the notices that it wrote.
    pub async fn doubt_met(
        &self,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
        domain: &str,
    ) -> Result<usize, LedgerError> {
        let domain = domain.to_owned();
        self.ask(move |db| hold(db, Doubtful::Met(since), now, &domain)).await
    }
}

const DUE: &str = "
    SELECT key, reader, email, due, message_id IS NULL FROM rows
    WHERE sort <> 'operator' AND state IN ('planned', 'claimed', 'handed') AND due <= ?1
    ORDER BY key";

const MET: &str = "
    SELECT key, reader, email, due, message_id IS NULL FROM rows
    WHERE sort <> 'operator' AND (
        (state = 'planned' AND (due <= ?1 OR (born = ?1 AND sort IN ('change', 'new', 'missed', 'slip'))))
        OR (state = 'skipped' AND reason = 'past-when-first-seen' AND born = ?1 AND due > ?2 AND due <= ?1))
    ORDER BY key";

/// Rows that one reader was to get at one moment most likely left as one mail: they share its Message-ID, so that a
/// copy can be known for one.
fn hold(db: &Connection, what: Doubtful, now: DateTime<Utc>, domain: &str) -> rusqlite::Result<usize> {
    let (sql, moments) = match what {
        Doubtful::Due => (DUE, vec![At(now)]),
        Doubtful::Met(since) => (MET, vec![At(now), At(since)]),
    };
    let mut mails: BTreeMap<(String, String, i64, bool), Vec<Key>> = BTreeMap::new();
    let mut found = db.prepare(sql)?;
    let mut found = found.query(params_from_iter(moments))?;
    while let Some(row) = found.next()? {
        let mail = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        mails.entry(mail).or_default().push(row.get(0)?);
    }
    let mut mark = db.prepare(
        "UPDATE rows SET state = 'held', reason = 'restored', message_id = ifnull(message_id, :id),
             hands = max(hands, 1), doubts = doubts + 1, in_doubt = 1, not_before = NULL, term = NULL,
             lease_until = NULL, changed = :now
         WHERE key = :key",
    )?;
    let mut held = 0;
    for keys in mails.values() {
        let id = message_id(keys, domain);
        for key in keys {
            held += mark.execute(named_params! { ":key": key, ":id": id, ":now": At(now) })?;
        }
    }
    Ok(held)
}
