//! What SQLite and the system say, as errors of a ledger.

use std::error::Error;
use std::io;
use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use super::writer::Fault;
use crate::diagnostic::{Words, say};
use crate::ledger::LedgerError;
use crate::ledger::ailment::Ailment;
use crate::ledger::failure::Cause;

/// A ledger's address, from its path.
pub(super) fn address(path: &Path) -> String {
    format!("sqlite:{}", path.display())
}

/// A ledger that cannot be used, with what ails it as far as the source can tell.
pub(super) fn unusable(ledger: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> LedgerError {
    let source = source.into();
    let ailment = ailment(source.as_ref());
    match of_store(source.as_ref()).and_then(plainer) {
        Some(words) => ailing(ledger, ailment, words),
        None => LedgerError::Unusable { ledger: ledger.to_owned(), ailment, source: Cause::Theirs(source) },
    }
}

/// The same, where we know what ails it.
pub(super) fn ailing(ledger: &str, ailment: Ailment, words: Words) -> LedgerError {
    LedgerError::Unusable { ledger: ledger.to_owned(), ailment, source: Cause::Ours(words) }
}

/// What a transaction fails with whose ledger is not where it was.
pub(super) fn moved() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(ffi::SQLITE_READONLY_DBMOVED), None)
}

fn ailment(source: &(dyn Error + Send + Sync + 'static)) -> Ailment {
    if let Some(error) = source.downcast_ref::<io::Error>() {
        return of_system(error);
    }
    of_store(source).map_or(Ailment::Unknown, of_sqlite)
}

/// What SQLite said, if it was SQLite.
fn of_store(source: &(dyn Error + Send + Sync + 'static)) -> Option<ffi::Error> {
    let error = match source.downcast_ref::<Fault>() {
        Some(Fault::Job(error)) => Some(error),
        Some(Fault::Commit(error)) => Some(&**error),
        Some(Fault::CutOff) => None,
        None => source.downcast_ref::<rusqlite::Error>(),
    };
    error.and_then(rusqlite::Error::sqlite_error).copied()
}

/// What we say better than SQLite does.
fn plainer(error: ffi::Error) -> Option<Words> {
    match error.code {
        _ if error.extended_code == ffi::SQLITE_READONLY_DBMOVED => Some(say(
            "ses fichiers ont été supprimés, déplacés ou remplacés pendant que jalon les tenait",
            "its files were deleted, moved or replaced while jalon held them",
        )),
        ErrorCode::NotADatabase => Some(no_database()),
        _ => None,
    }
}

/// Of a file that holds something else.
pub(super) fn no_database() -> Words {
    say("ce fichier n'est pas une base de données", "the file is not a database")
}

fn of_sqlite(error: ffi::Error) -> Ailment {
    match error.code {
        _ if error.extended_code == ffi::SQLITE_READONLY_DBMOVED => Ailment::Moved,
        ErrorCode::DiskFull => Ailment::Full,
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen => Ailment::ReadOnly,
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Ailment::Damaged,
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Ailment::Occupied,
        ErrorCode::SystemIoFailure => Ailment::Disk,
        _ => Ailment::Unknown,
    }
}

fn of_system(error: &io::Error) -> Ailment {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            Ailment::Full
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Ailment::ReadOnly,
        _ => Ailment::Unknown,
    }
}
