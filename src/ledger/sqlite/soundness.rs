//! Whether the pages of a ledger are sound. A small one is looked through before it is opened. Of a large one that takes
//! seconds, in which planning may begin already; but nothing is claimed, and so nothing leaves, before it is known.

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::thread::Builder;

use rusqlite::{Connection, OpenFlags};

use super::errors::address;
use super::{connect, copy};
use crate::ledger::LedgerError;

/// How large a ledger may be that is looked through before it is opened: a fifth of a second or so.
const AT_ONCE: u64 = 24 * 1024 * 1024;

/// What is known of the pages so far: nothing, that they are sound, or what is wrong with them.
#[derive(Clone, Default)]
pub(super) struct Soundness(Arc<OnceLock<Option<String>>>);

impl Soundness {
    /// Of a ledger that nobody need look through.
    pub(super) fn known() -> Self {
        let known = Self::default();
        let _ = known.0.set(None); // it is new
        known
    }

    /// Looks a ledger through: now, or beside what goes on.
    pub(super) fn look(db: &Connection, path: &Path) -> Result<Self, LedgerError> {
        let large = path.metadata().is_ok_and(|file| file.len() > AT_ONCE);
        let (unknown, place) = (Self::default(), path.to_owned());
        let shared = unknown.clone();
        let beside = move || {
            let looked = connect(&place, OpenFlags::SQLITE_OPEN_READ_ONLY)
                .and_then(|db| copy::flaw(&db, "quick_check"));
            let _ = shared.0.set(looked.unwrap_or_else(|error| Some(error.to_string()))); // nobody else does
        };
        if large && Builder::new().name("soundness".into()).spawn(beside).is_ok() {
            return Ok(unknown);
        }
        copy::sound(db, "quick_check", &address(path))?;
        Ok(Self::known())
    }

    /// Whether it is known that they are sound; an error when they are not.
    pub(super) fn is_known(&self, ledger: &str) -> Result<bool, LedgerError> {
        match self.0.get() {
            None => Ok(false),
            Some(None) => Ok(true),
            Some(Some(found)) => Err(copy::damaged(ledger, found)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt as _;
    use std::path::PathBuf;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::ledger::ailment::Ailment;

    fn large(folder: &Path) -> PathBuf {
        let path = folder.join("large.db");
        let db = Connection::open(&path).expect("opens");
        let pages = AT_ONCE / 4096 + 100;
        db.execute_batch(&format!(
            "CREATE TABLE t (x BLOB);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {pages})
             INSERT INTO t SELECT zeroblob(4000) FROM n;"
        ))
        .expect("is filled");
        path
    }

    fn found(path: &Path) -> Result<bool, LedgerError> {
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
        let soundness = Soundness::look(&db, path).expect("it is looked through beside");
        let deadline = Instant::now() + Duration::from_mins(1);
        loop {
            match soundness.is_known("x") {
                Ok(false) if Instant::now() < deadline => std::thread::yield_now(),
                found => return found,
            }
        }
    }

    #[test]
    fn a_large_ledger_is_looked_through_beside_what_goes_on() {
        let folder = tempfile::tempdir().expect("is made");
        let path = large(folder.path());
        assert!(matches!(found(&path), Ok(true)));
        let file = OpenOptions::new().write(true).open(&path).expect("opens");
        file.write_all_at(&[0xff; 4096], AT_ONCE / 2 / 4096 * 4096).expect("is damaged");
        let refusal = found(&path).expect_err("it is damaged");
        assert!(matches!(refusal, LedgerError::Unusable { ailment: Ailment::Damaged, .. }), "{refusal}");
        assert_eq!(refusal.to_string().matches("cannot be used").count(), 1, "{refusal}");
    }

    #[test]
    fn nothing_is_known_before_it_is_looked_through() {
        assert!(matches!(Soundness::default().is_known("x"), Ok(false)));
        assert!(matches!(Soundness::known().is_known("x"), Ok(true)));
    }
}
