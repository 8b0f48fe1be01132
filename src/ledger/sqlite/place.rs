//! The ledger's files: made for the owner's eyes only, held by one daemon, and watched while it lasts.
//!
//! SQLite goes on writing into a file that has been deleted or replaced: a mark made there is no mark. So whoever
//! holds the ledger looks, before each commit, whether its files are still the ones that were opened.

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::PATIENCE;
use super::errors::{ailing, no_database, unusable};
use crate::diagnostic::say;
use crate::ledger::LedgerError;
use crate::ledger::ailment::Ailment;

/// How long to wait for whoever only asks who holds the lock.
const A_MOMENT: Duration = Duration::from_millis(2);

/// What the one daemon holds of a ledger; let go of when dropped.
pub(super) struct Held {
    files: Vec<(PathBuf, Identity)>,
    _lock: File,
}

/// A file, whatever its name: device and inode.
type Identity = (u64, u64);

impl Held {
    /// Notes which files these are. The ledger must be open, in WAL mode.
    pub(super) fn look(path: &Path, lock: File) -> io::Result<Self> {
        let names = ["", "-wal", "-shm", ".lock"].map(|end| beside(path, end));
        let files = names.into_iter().map(|name| identity(&name).map(|found| (name, found)));
        Ok(Self { files: files.collect::<io::Result<_>>()?, _lock: lock })
    }

    /// Whether all of them are where they were.
    pub(super) fn stand(&self) -> bool {
        self.files.iter().all(|(name, found)| identity(name).is_ok_and(|now| now == *found))
    }
}

fn identity(path: &Path) -> io::Result<Identity> {
    path.metadata().map(|file| (file.dev(), file.ino()))
}

/// A file beside the ledger: its name, and then this.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// What every database begins with (https://sqlite.org/fileformat2.html, §1.3).
const HEAD: &[u8] = b"SQLite format 3\0";

/// Refuses a folder, a device and the like. Nothing is opened here: whoever closes a file that SQLite has open elsewhere in
/// this process lets go of its locks (https://sqlite.org/howtocorrupt.html, §2.2).
pub(super) fn refuse_no_file(path: &Path, ledger: &str) -> Result<(), LedgerError> {
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        let words = say(
            "ce n'est pas un fichier\u{a0}: donnez le nom d'un fichier",
            "it is not a file: give the name of one",
        );
        return Err(ailing(ledger, Ailment::Unknown, words));
    }
    Ok(())
}

/// Makes the folder and the file where they are missing, for the owner's eyes only: it holds addresses. What can be no ledger
/// is refused, before a lock is made beside it. Returns the one true path, so that two ways to write it share one lock.
pub(super) fn make(path: &Path, ledger: &str) -> Result<PathBuf, LedgerError> {
    refuse_no_file(path, ledger)?;
    let (links, head) = made(path).map_err(|error| unusable(ledger, error))?;
    if links > 1 {
        // Another name has another lock and another WAL: two daemons would each believe themselves alone.
        let words = say(
            "il a un second nom (un lien dur)\u{a0}: supprimez l'un des deux",
            "it has a second name (a hard link): remove one of them",
        );
        return Err(ailing(ledger, Ailment::Unknown, words));
    }
    if !head.is_empty() && head != HEAD {
        return Err(ailing(ledger, Ailment::Damaged, no_database()));
    }
    path.canonicalize().map_err(|error| unusable(ledger, error))
}

/// Makes them; how many names the file has, and what it begins with.
fn made(path: &Path) -> io::Result<(u64, Vec<u8>)> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = open_private(path)?;
    let (links, mut head) = (file.metadata()?.nlink(), Vec::new());
    file.take(HEAD.len() as u64).read_to_end(&mut head)?;
    Ok((links, head))
}

pub(super) fn open_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(path)
}

/// Waits until what a folder holds is on the disk.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Takes the lock file beside the ledger. The system lets go of it when the process ends, however it ends.
/// Whoever only asks whether a daemon holds it shares it for a moment, and is waited for.
pub(super) fn lock(path: &Path, ledger: &str) -> Result<File, LedgerError> {
    let file = open_private(&lock_file(path)).map_err(|error| unusable(ledger, error))?;
    let mut waited = Duration::ZERO;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if waited < PATIENCE && file.try_lock_shared().is_ok() => {
                file.unlock().map_err(|error| unusable(ledger, error))?;
            }
            Err(TryLockError::WouldBlock) => return Err(LedgerError::Busy { ledger: ledger.to_owned() }),
            Err(TryLockError::Error(error)) => return Err(unusable(ledger, error)),
        }
        std::thread::sleep(A_MOMENT);
        waited += A_MOMENT;
    }
}

pub(super) fn lock_file(path: &Path) -> PathBuf {
    beside(path, ".lock")
}
