//! What can go wrong with a ledger, and with copies of it.

use std::error::Error;
use std::path::PathBuf;

use super::ailment::Ailment;
use crate::diagnostic::{Words, say};

/// What can go wrong with a ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// Another daemon holds it (exit 75).
    #[error("the ledger {ledger} is held by another jalon")]
    Busy {
        /// The ledger's address.
        ledger: String,
    },
    /// A newer program made it (exit 75).
    #[error("the ledger {ledger} has schema {found}; this program knows up to {known}: use the newer jalon")]
    Newer {
        /// The ledger's address.
        ledger: String,
        /// The schema found.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// It was begun on a pretended clock and is opened on the real one, or the reverse (exit 78).
    #[error("the ledger {ledger} was begun on a {stamped} clock and is opened on a {opened} one")]
    Stamp {
        /// The ledger's address.
        ledger: String,
        /// What it is stamped with: `real` or `pretended`.
        stamped: String,
        /// What it is opened with.
        opened: String,
    },
    /// The address is none that this program knows (exit 78).
    #[error("{url} is no address of a ledger: write sqlite:PATH, or postgres://USER@HOST/DATABASE")]
    Address {
        /// What was written.
        url: String,
    },
    /// The address is one of PostgreSQL, and cannot be used as it is written (exit 78). Nothing of it is repeated.
    #[error("{}", why.en)]
    Unfit {
        /// Why, and what to write.
        why: Words,
    },
    /// Another host plans now: what was to be written was not (`plan::duty`).
    #[error("the ledger {ledger} is planned by another host")]
    OffDuty {
        /// The ledger's address.
        ledger: String,
    },
    /// It is not there yet (exit 69).
    #[error(
        "the ledger {ledger} does not exist yet: there is no such file; the daemon makes it when it first runs"
    )]
    Missing {
        /// The ledger's address.
        ledger: String,
    },
    /// It cannot be reached, read or written (exit 69).
    #[error("the ledger {ledger} cannot be used: {source}")]
    Unusable {
        /// The ledger's address.
        ledger: String,
        /// What ails it, as far as that can be told.
        ailment: Ailment,
        /// Why, in words.
        source: Cause,
    },
}

impl LedgerError {
    /// What to do about it, where that does not stand in its words already.
    #[must_use]
    pub fn remedy(&self) -> Option<Words> {
        match self {
            Self::Unusable { ailment, .. } => ailment.remedy(),
            _ => None,
        }
    }
}

/// Why a ledger cannot be used. As an error it speaks English, as the stores do.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// As we say it ourselves.
    #[error("{}", .0.en)]
    Ours(Words),
    /// As the store or the system says it.
    #[error(transparent)]
    Theirs(Box<dyn Error + Send + Sync>),
}

impl Cause {
    /// In French; what is not ours, in English.
    #[must_use]
    pub fn french(&self) -> String {
        match self {
            Self::Ours(words) => words.fr.clone(),
            Self::Theirs(error) => error.to_string(),
        }
    }
}

/// Of a ledger without tables, to whoever does not make them.
pub(super) fn not_begun() -> Words {
    say("il est vide\u{a0}: le service n'a pas encore tourné", "it is empty: the daemon has not run yet")
}

/// Of a ledger that lacks tables, to whoever does not make them.
pub(super) fn older() -> Words {
    say(
        "un jalon plus ancien l'a écrit\u{a0}: démarrez une fois le service de cette version",
        "an older jalon made it: start the daemon of this version once",
    )
}

/// Why there is no copy of a ledger.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// There is a file of that name already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The copy cannot be written.
    #[error("{} cannot be written: {source}", path.display())]
    Unwritable {
        /// The copy.
        path: PathBuf,
        /// What was said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The copy was written, and is not sound: it was removed again.
    #[error("the copy {} is not sound: {what}", path.display())]
    Unsound {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}
