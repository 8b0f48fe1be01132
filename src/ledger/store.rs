//! The ledger that an address names, either store: what commands and the daemon open. Nothing is decided here.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use super::postgres::PostgresLedger;
use super::postgres::place::Place;
use super::shared::Host;
use super::sqlite::{SqliteLedger, erasing};
use super::{
    Aside, Attendance, Attended, Basis, Batch, CopyError, Erased, Glance, Hand, Ledger, LedgerError, Mail,
    Orphans, Rows, Stamp, Stirs, StoredHost, StoredPosting, StoredRelay, Turn, Turned, Version, Whom,
};
use crate::plan::next::InDoubt;
use crate::plan::reconcile::Change;
use crate::plan::row::{Row, State};
use crate::plan::tally::{Purged, Tally};
use crate::plan::told::{Renaming, Revision, Told};
use crate::plan::{Key, Wanted};
use crate::settings::Rate;

/// Where a ledger is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file of SQLite.
    File(PathBuf),
    /// A database of PostgreSQL.
    Server(Box<Place>),
}

impl Location {
    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Server(_) => None,
        }
    }

    /// As it may be shown.
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => format!("sqlite:{}", path.display()),
            Self::Server(place) => place.shown().to_owned(),
        }
    }

    /// Forgets somebody. Their planned rows are withdrawn; where others are under way, nothing is done.
    pub async fn erase(&self, whom: &Whom, now: DateTime<Utc>) -> Result<Erased, LedgerError> {
        match self {
            Self::File(path) => erasing::erase(path, whom, now),
            Self::Server(place) => PostgresLedger::beside((**place).clone()).erase(whom, now).await,
        }
    }

    /// Whether a daemon is at work on it.
    pub async fn is_held(&self) -> bool {
        match self {
            Self::File(path) => SqliteLedger::is_held(path),
            Self::Server(place) => {
                let hosts = PostgresLedger::read((**place).clone()).hosts().await;
                hosts.is_ok_and(|hosts| hosts.iter().any(|host| host.lives))
            }
        }
    }
}

/// A ledger in either store.
#[derive(Clone)]
pub enum Store {
    /// A file of SQLite.
    Sqlite(SqliteLedger),
    /// A database of PostgreSQL.
    Postgres(PostgresLedger),
}

impl Store {
    /// Opens it for the daemon.
    pub async fn open(location: &Location, stamp: Stamp, host: Host) -> Result<Self, LedgerError> {
        match location {
            Location::File(path) => SqliteLedger::open(path, stamp).map(Self::Sqlite),
            Location::Server(place) => {
                PostgresLedger::open((**place).clone(), stamp, host).await.map(Self::Postgres)
            }
        }
    }

    /// Opens it to read it.
    pub fn read(location: &Location) -> Result<Self, LedgerError> {
        match location {
            Location::File(path) => SqliteLedger::read(path).map(Self::Sqlite),
            Location::Server(place) => Ok(Self::Postgres(PostgresLedger::read((**place).clone()))),
        }
    }

    /// Opens it for the hand of a person.
    pub fn beside(location: &Location) -> Result<Self, LedgerError> {
        match location {
            Location::File(path) => SqliteLedger::beside(path).map(Self::Sqlite),
            Location::Server(place) => Ok(Self::Postgres(PostgresLedger::beside((**place).clone()))),
        }
    }

    /// Why there is no copy from before its tables were changed by this opening, if so.
    #[must_use]
    pub fn uncopied(&self) -> Option<&CopyError> {
        match self {
            Self::Sqlite(ledger) => ledger.uncopied(),
            Self::Postgres(_) => None,
        }
    }
}

macro_rules! of {
    ($store:ident, $ledger:ident => $verb:expr) => {
        match $store {
            Store::Sqlite($ledger) => $verb.await,
            Store::Postgres($ledger) => $verb.await,
        }
    };
}

impl Ledger for Store {
    async fn known(&self) -> Result<Vec<Row>, LedgerError> {
        of!(self, ledger => ledger.known())
    }

    async fn glance(&self) -> Result<Glance, LedgerError> {
        of!(self, ledger => ledger.glance())
    }

    async fn known_of(&self, asked: Vec<Rows>) -> Result<Vec<Row>, LedgerError> {
        of!(self, ledger => ledger.known_of(asked))
    }

    async fn postings_of(&self, ids: Vec<String>) -> Result<Vec<StoredPosting>, LedgerError> {
        of!(self, ledger => ledger.postings_of(ids))
    }

    async fn revisions_of(&self, postings: Vec<String>) -> Result<Vec<Revision>, LedgerError> {
        of!(self, ledger => ledger.revisions_of(postings))
    }

    async fn revised(&self) -> Result<Vec<Revision>, LedgerError> {
        of!(self, ledger => ledger.revised())
    }

    async fn known_otherwise(&self) -> Result<Vec<Revision>, LedgerError> {
        of!(self, ledger => ledger.known_otherwise())
    }

    async fn on_their_way(&self, postings: Vec<String>) -> Result<BTreeSet<String>, LedgerError> {
        of!(self, ledger => ledger.on_their_way(postings))
    }

    async fn bring(&self, batch: Batch, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        of!(self, ledger => ledger.bring(batch, now))
    }

    async fn next_reminder(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, LedgerError> {
        of!(self, ledger => ledger.next_reminder(now))
    }

    async fn tally(&self, now: DateTime<Utc>) -> Result<Tally, LedgerError> {
        of!(self, ledger => ledger.tally(now))
    }

    async fn version(&self) -> Result<Version, LedgerError> {
        of!(self, ledger => ledger.version())
    }

    async fn apply(&self, changes: Vec<Change>, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        of!(self, ledger => ledger.apply(changes, now))
    }

    async fn tidy(&self, now: DateTime<Utc>) -> Result<Vec<(Key, State)>, LedgerError> {
        of!(self, ledger => ledger.tidy(now))
    }

    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        most: usize,
        domain: &str,
    ) -> Result<Vec<Mail>, LedgerError> {
        of!(self, ledger => ledger.claim(now, lease, most, domain))
    }

    async fn turn(&self, turn: Turn, now: DateTime<Utc>, lease: TimeDelta) -> Result<Turned, LedgerError> {
        of!(self, ledger => ledger.turn(turn, now, lease))
    }

    async fn set_aside(
        &self,
        claim: (String, i64),
        keys: Vec<Key>,
        aside: Aside,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.set_aside(claim, keys, aside, now))
    }

    async fn release(&self, mails: Vec<(String, i64)>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.release(mails, now))
    }

    async fn orphans(
        &self,
        every: bool,
        policy: InDoubt,
        now: DateTime<Utc>,
    ) -> Result<Orphans, LedgerError> {
        of!(self, ledger => ledger.orphans(every, policy, now))
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        of!(self, ledger => ledger.next_due())
    }

    async fn by_hand(&self, key: Key, hand: Hand, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        of!(self, ledger => ledger.by_hand(key, hand, now))
    }

    async fn retry(&self, wanted: Wanted, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        of!(self, ledger => ledger.retry(wanted, now))
    }

    async fn postings(&self) -> Result<Vec<StoredPosting>, LedgerError> {
        of!(self, ledger => ledger.postings())
    }

    async fn remember(&self, postings: Vec<StoredPosting>, forget: Vec<String>) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.remember(postings, forget))
    }

    async fn accept(&self, gone: Vec<String>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.accept(gone, now))
    }

    async fn is_filled(&self) -> Result<bool, LedgerError> {
        of!(self, ledger => ledger.is_filled())
    }

    async fn people(&self) -> Result<Vec<(String, String)>, LedgerError> {
        of!(self, ledger => ledger.people())
    }

    async fn remember_people(
        &self,
        entries: Vec<(String, String)>,
        forget: Vec<String>,
    ) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.remember_people(entries, forget))
    }

    async fn revisions(&self) -> Result<Vec<Revision>, LedgerError> {
        of!(self, ledger => ledger.revisions())
    }

    async fn revise(&self, renamed: Vec<Renaming>, new: Vec<Revision>) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.revise(renamed, new))
    }

    async fn told(&self) -> Result<Vec<Told>, LedgerError> {
        of!(self, ledger => ledger.told())
    }

    async fn told_of(&self, events: Vec<(String, String)>) -> Result<Vec<Told>, LedgerError> {
        of!(self, ledger => ledger.told_of(events))
    }

    async fn untold(&self, since: DateTime<Utc>) -> Result<Vec<Row>, LedgerError> {
        of!(self, ledger => ledger.untold(since))
    }

    async fn stamp(&self) -> Result<Stamp, LedgerError> {
        of!(self, ledger => ledger.stamp())
    }

    async fn last_round(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        of!(self, ledger => ledger.last_round())
    }

    async fn note_round(&self, now: DateTime<Utc>, accept_earlier: bool) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.note_round(now, accept_earlier))
    }

    async fn relays(&self) -> Result<Vec<StoredRelay>, LedgerError> {
        of!(self, ledger => ledger.relays())
    }

    async fn note_relay(&self, relay: StoredRelay) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.note_relay(relay))
    }

    async fn count_mail(
        &self,
        relay: String,
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        of!(self, ledger => ledger.count_mail(relay, at, forget_before))
    }

    async fn counted_mails(
        &self,
        relay: String,
        since: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, LedgerError> {
        of!(self, ledger => ledger.counted_mails(relay, since))
    }

    async fn purge(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        of!(self, ledger => ledger.purge(before))
    }

    async fn purge_copies(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        of!(self, ledger => ledger.purge_copies(before))
    }

    async fn purged(&self) -> Result<Purged, LedgerError> {
        of!(self, ledger => ledger.purged())
    }

    async fn keep_copy(&self, now: DateTime<Utc>) -> Result<Option<PathBuf>, CopyError> {
        of!(self, ledger => ledger.keep_copy(now))
    }

    fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    async fn attend(&self, card: Attendance) -> Result<Attended, LedgerError> {
        of!(self, ledger => ledger.attend(card))
    }

    async fn hosts(&self) -> Result<Vec<StoredHost>, LedgerError> {
        of!(self, ledger => ledger.hosts())
    }

    fn on_duty(&self, term: Option<i64>) -> Self {
        match self {
            Self::Sqlite(ledger) => Self::Sqlite(ledger.on_duty(term)),
            Self::Postgres(ledger) => Self::Postgres(ledger.on_duty(term)),
        }
    }

    async fn edition(&self) -> Result<i64, LedgerError> {
        of!(self, ledger => ledger.edition())
    }

    async fn stands(&self, basis: Basis) -> Result<bool, LedgerError> {
        of!(self, ledger => ledger.stands(basis))
    }

    async fn admit(&self, relay: String, rates: Vec<Rate>, at: DateTime<Utc>) -> Result<bool, LedgerError> {
        of!(self, ledger => ledger.admit(relay, rates, at))
    }

    fn stirs(&self) -> Stirs {
        match self {
            Self::Sqlite(ledger) => ledger.stirs(),
            Self::Postgres(ledger) => ledger.stirs(),
        }
    }
}
