//! The ledger in PostgreSQL: what several hosts share.
//!
//! Any number of daemons may hold it. Every verb is one transaction (`pool.rs`); what each may touch is said in its
//! statements, and leases go by the database's clock, which is one for all: a daemon's `now` rules only what is due. (A
//! ledger on a pretended clock has one daemon, and its leases go by what that says.) A commit whose answer was lost is in
//! doubt: the two verbs after which something may leave, or be held, look again before they answer; the others err, and
//! are asked again by whoever asked.

mod asking;
mod erasing;
mod errors;
mod forgetting;
mod hosts;
mod kind;
mod listening;
mod mails;
mod notes;
pub mod place;
mod pool;
mod relays;
mod rows;
mod schema;
mod server;
mod single;
mod telling;
mod tls;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use self::errors::{Fault, unusable};
use self::kind::Kind;
pub use self::kind::Leases;
use self::listening::{CHANNEL, Ear};
use self::place::Place;
use self::pool::{Ended, Lent, Pool, Session};
pub use self::server::Server;
use super::shared::Host;
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

/// The duty of whoever plans.
const PLANNER: &str = "planner";

/// How often a verb is tried of which nothing was written: another host wrote to the same rows, or the server restarted.
const TRIES: u32 = 5;

/// Who holds what this run claims.
struct Holder {
    host: String,
    name: String,
    /// The host and the run of it, in one word for each.
    run: String,
}

/// A handle on the ledger. Clones share a few connections; when the last is dropped, they are closed.
#[derive(Clone)]
pub struct PostgresLedger {
    pool: Arc<Pool>,
    /// Its address, for messages.
    ledger: Arc<str>,
    holder: Arc<Holder>,
    leases: Leases,
    /// The term in which what is written through this handle is allowed, where it is the planner's.
    duty: Option<i64>,
    /// The last term in which this run claimed. Claims of one run are made one after the other, so that those of a lost
    /// answer can be told from others.
    claimed: Arc<Mutex<i64>>,
    /// How often the ledger could not tell its [`Ledger::version`].
    untold: Arc<AtomicU64>,
    /// Hears of what others write, for a daemon.
    ear: Option<Arc<Ear>>,
}

impl std::fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.ledger)
    }
}

/// Makes one verb: as often as it takes, where nothing was written.
macro_rules! ask {
    ($self:ident, $kind:expr, $db:ident => $work:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            match ask_once!($self, $kind, $db => $work) {
                Ended::Done(value) => break Ok(value),
                // What was only read is known, however that ended.
                Ended::InDoubt(value, _) if !$kind.is_write() => break Ok(value),
                Ended::Failed(fault) if tries < TRIES && fault.is_worth_a_try() => {}
                Ended::Failed(fault) | Ended::InDoubt(_, fault) => break Err(unusable(&$self.ledger, fault)),
            }
        }
    }};
}

macro_rules! ask_once {
    ($self:ident, $kind:expr, $db:ident => $work:expr) => {
        match $self.begin($kind).await {
            Ok(lent) => {
                let done = {
                    let $db: &Session = &lent;
                    $work.await
                };
                $self.end(lent, $kind, done).await
            }
            Err(fault) => Ended::Failed(fault),
        }
    };
}

impl PostgresLedger {
    /// Opens the ledger for a daemon: makes what is missing, brings an older one up to date, and begins to hear what
    /// others write.
    pub async fn open(place: Place, stamp: Stamp, host: Host) -> Result<Self, LedgerError> {
        let leases = match stamp {
            Stamp::Real => Leases::Database,
            Stamp::Pretended => Leases::Caller,
        };
        Self::open_by(place, stamp, host, leases).await
    }

    /// The same, where leases go by this clock.
    pub async fn open_by(
        place: Place,
        stamp: Stamp,
        host: Host,
        leases: Leases,
    ) -> Result<Self, LedgerError> {
        let mut opened = Self::over(Pool::new(place, Some(Handle::current())), host, leases);
        let lent = opened.pool.begin(None).await.map_err(|fault| unusable(&opened.ledger, fault))?;
        schema::prepare(&lent, &opened.ledger, stamp).await?;
        let _: Ended<()> = opened.pool.end(lent, "", Ok(())).await;
        opened.ear = Some(Arc::new(Ear::open(opened.pool.place.clone(), opened.holder.run.clone())));
        Ok(opened)
    }

    /// A handle to read the ledger by. It is connected to by the first verb, which errs where the daemon has not made its
    /// tables; every verb that writes errs.
    #[must_use]
    pub fn read(mut place: Place) -> Self {
        place.read_only = true;
        Self::beside(place)
    }

    /// A handle for the hand of a person, likewise.
    #[must_use]
    pub fn beside(mut place: Place) -> Self {
        place.made = true;
        let nobody = Host { id: "hand".to_owned(), name: String::new(), run: "hand".to_owned() };
        Self::over(Pool::new(place, None), nobody, Leases::Database)
    }

    fn over(pool: Pool, host: Host, leases: Leases) -> Self {
        let ledger = pool.place.shown().into();
        let holder = Holder { run: format!("{} {}", host.id, host.run), host: host.id, name: host.name };
        Self {
            pool: Arc::new(pool),
            ledger,
            holder: Arc::new(holder),
            leases,
            duty: None,
            claimed: Arc::default(),
            untold: Arc::default(),
            ear: None,
        }
    }

    /// Its address, without a password.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.ledger
    }

    /// What the database says of itself: its version, whether its commits reach the disk, and its clock.
    pub async fn server(&self) -> Result<Server, LedgerError> {
        ask!(self, Kind::Reads, db => server::server(db))
    }

    /// Forgets somebody; then has the server write its files anew.
    pub async fn erase(&self, whom: &Whom, now: DateTime<Utc>) -> Result<Erased, LedgerError> {
        let erased = ask!(self, Kind::Tells, db => erasing::rewrite(db, whom, now))?;
        Ok(erasing::renew(&self.pool.place, erased).await)
    }

    async fn begin(&self, kind: Kind) -> Result<Lent, Fault> {
        let lent = self.pool.begin(kind.begins()).await?;
        if let (true, Some(term)) = (kind.is_write(), self.duty) {
            hosts::on_duty(&lent, &self.holder.run, term).await?;
        }
        Ok(lent)
    }

    async fn end<T>(&self, lent: Lent, kind: Kind, mut done: Result<T, Fault>) -> Ended<T> {
        if kind == Kind::Tells
            && done.is_ok()
            && let Err(fault) = lent.query(listening::NOTE, &[&CHANNEL, &self.holder.run]).await
        {
            done = Err(fault);
        }
        let commit = kind.ends(lent.changed());
        self.pool.end(lent, commit, done).await
    }
}

impl Ledger for PostgresLedger {
    async fn known(&self) -> Result<Vec<Row>, LedgerError> {
        ask!(self, Kind::Reads, db => single::known(db))
    }

    async fn glance(&self) -> Result<Glance, LedgerError> {
        ask!(self, Kind::Surveys, db => asking::glance(db))
    }

    async fn known_of(&self, asked: Vec<Rows>) -> Result<Vec<Row>, LedgerError> {
        ask!(self, Kind::Surveys, db => asking::known_of(db, &asked))
    }

    async fn postings_of(&self, ids: Vec<String>) -> Result<Vec<StoredPosting>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::postings_of(db, &ids))
    }

    async fn revisions_of(&self, postings: Vec<String>) -> Result<Vec<Revision>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::revisions_of(db, &postings))
    }

    async fn revised(&self) -> Result<Vec<Revision>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::revised(db))
    }

    async fn known_otherwise(&self) -> Result<Vec<Revision>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::known_otherwise(db))
    }

    async fn on_their_way(&self, postings: Vec<String>) -> Result<BTreeSet<String>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::on_their_way(db, &postings))
    }

    async fn bring(&self, batch: Batch, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        ask!(self, Kind::Tells, db => asking::bring(db, &batch, now))
    }

    async fn next_reminder(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, LedgerError> {
        ask!(self, Kind::Reads, db => asking::next_reminder(db, now))
    }

    async fn tally(&self, now: DateTime<Utc>) -> Result<Tally, LedgerError> {
        ask!(self, Kind::Reads, db => asking::tally(db, now))
    }

    /// While somebody writes, it cannot tell: never the same answer.
    async fn version(&self) -> Result<Version, LedgerError> {
        let writes = ask!(self, Kind::Reads, db => asking::version(db))?;
        let untold = || self.untold.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(writes.map_or_else(|| Version(-1, untold()), |writes| Version(writes, 0)))
    }

    async fn apply(&self, changes: Vec<Change>, now: DateTime<Utc>) -> Result<usize, LedgerError> {
        ask!(self, Kind::Tells, db => single::apply(db, &changes, now))
    }

    async fn tidy(&self, now: DateTime<Utc>) -> Result<Vec<(Key, State)>, LedgerError> {
        ask!(self, Kind::Writes, db => single::tidy(db, now))
    }

    /// When the answer to the commit is lost, the claim is looked for: what it took must not lie until its lease ends.
    async fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        most: usize,
        domain: &str,
    ) -> Result<Vec<Mail>, LedgerError> {
        let mut last = self.claimed.lock().await;
        let (times, mut tries, mut lost) = ((now, self.leases, lease), 0, false);
        let mails = loop {
            tries += 1;
            let ended = ask_once!(self, Kind::Writes, db => async {
                if lost {
                    // The queue is taken first: a commit under way is over then.
                    db.query(mails::QUEUE, &[]).await?;
                    let found = mails::claimed_since(db, &self.holder, *last).await?;
                    if !found.is_empty() {
                        return Ok(found);
                    }
                }
                mails::claim(db, times, most, domain, &self.holder).await
            });
            match ended {
                Ended::Done(mails) => break mails,
                Ended::InDoubt(..) if tries < TRIES => lost = true,
                Ended::Failed(fault) if tries < TRIES && fault.is_worth_a_try() => {}
                Ended::Failed(fault) | Ended::InDoubt(_, fault) => return Err(unusable(&self.ledger, fault)),
            }
        };
        *last = mails.iter().map(|mail| mail.term).fold(*last, i64::max);
        Ok(mails)
    }

    /// When the answer to the commit is lost, nothing leaves unless it is read that it may: what stands handed in this
    /// term was handed by us. A settlement is made again: it touches nothing twice.
    async fn turn(&self, turn: Turn, now: DateTime<Utc>, lease: TimeDelta) -> Result<Turned, LedgerError> {
        let (times, mut tries, mut lost) = ((now, self.leases, lease), 0, false);
        loop {
            tries += 1;
            let ended = ask_once!(self, Kind::Writes, db => async {
                if lost && let Some(turned) = mails::turned(db, &turn).await? {
                    return Ok(turned);
                }
                mails::turn(db, &turn, times).await
            });
            match ended {
                Ended::Done(turned) => return Ok(turned),
                Ended::InDoubt(..) if tries < TRIES => lost = true,
                Ended::Failed(fault) if tries < TRIES && fault.is_worth_a_try() => {}
                Ended::Failed(fault) | Ended::InDoubt(_, fault) => return Err(unusable(&self.ledger, fault)),
            }
        }
    }

    async fn set_aside(
        &self,
        claim: (String, i64),
        keys: Vec<Key>,
        aside: Aside,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        ask!(self, Kind::Writes, db => mails::set_aside(db, &claim, &keys, &aside, now))
    }

    async fn release(&self, mails: Vec<(String, i64)>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        ask!(self, Kind::Writes, db => mails::release(db, &mails, now))
    }

    async fn orphans(
        &self,
        every: bool,
        policy: InDoubt,
        now: DateTime<Utc>,
    ) -> Result<Orphans, LedgerError> {
        ask!(self, Kind::Writes, db => mails::orphans(db, every, policy, (now, self.leases), &self.holder))
    }

    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        ask!(self, Kind::Reads, db => mails::next_due(db))
    }

    async fn by_hand(&self, key: Key, hand: Hand, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        ask!(self, Kind::Tells, db => single::by_hand(db, &key, hand, now))
    }

    async fn retry(&self, wanted: Wanted, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        ask!(self, Kind::Tells, db => single::retry(db, &wanted, now))
    }

    async fn postings(&self) -> Result<Vec<StoredPosting>, LedgerError> {
        ask!(self, Kind::Reads, db => notes::postings(db))
    }

    async fn remember(&self, postings: Vec<StoredPosting>, forget: Vec<String>) -> Result<(), LedgerError> {
        ask!(self, Kind::Tells, db => notes::remember(db, &postings, &forget))
    }

    async fn accept(&self, gone: Vec<String>, now: DateTime<Utc>) -> Result<(), LedgerError> {
        ask!(self, Kind::Tells, db => notes::accept(db, &gone, now))
    }

    async fn is_filled(&self) -> Result<bool, LedgerError> {
        ask!(self, Kind::Reads, db => notes::is_filled(db))
    }

    async fn people(&self) -> Result<Vec<(String, String)>, LedgerError> {
        ask!(self, Kind::Reads, db => notes::people(db))
    }

    async fn remember_people(
        &self,
        entries: Vec<(String, String)>,
        forget: Vec<String>,
    ) -> Result<(), LedgerError> {
        ask!(self, Kind::Tells, db => notes::remember_people(db, &entries, &forget))
    }

    async fn revisions(&self) -> Result<Vec<Revision>, LedgerError> {
        ask!(self, Kind::Reads, db => telling::revisions(db))
    }

    async fn revise(&self, renamed: Vec<Renaming>, new: Vec<Revision>) -> Result<(), LedgerError> {
        ask!(self, Kind::Tells, db => telling::revise(db, &renamed, &new))
    }

    async fn told(&self) -> Result<Vec<Told>, LedgerError> {
        ask!(self, Kind::Reads, db => telling::told(db))
    }

    async fn told_of(&self, events: Vec<(String, String)>) -> Result<Vec<Told>, LedgerError> {
        ask!(self, Kind::Reads, db => telling::told_of(db, &events))
    }

    async fn untold(&self, since: DateTime<Utc>) -> Result<Vec<Row>, LedgerError> {
        ask!(self, Kind::Reads, db => telling::untold(db, since))
    }

    async fn stamp(&self) -> Result<Stamp, LedgerError> {
        ask!(self, Kind::Reads, db => schema::stamp(db))
    }

    async fn last_round(&self) -> Result<Option<DateTime<Utc>>, LedgerError> {
        ask!(self, Kind::Reads, db => notes::last_round(db))
    }

    async fn note_round(&self, now: DateTime<Utc>, accept_earlier: bool) -> Result<(), LedgerError> {
        ask!(self, Kind::Notes, db => notes::note_round(db, now, accept_earlier))
    }

    async fn relays(&self) -> Result<Vec<StoredRelay>, LedgerError> {
        ask!(self, Kind::Reads, db => relays::relays(db))
    }

    async fn note_relay(&self, relay: StoredRelay) -> Result<(), LedgerError> {
        ask!(self, Kind::Tells, db => relays::note_relay(db, &relay))
    }

    async fn count_mail(
        &self,
        relay: String,
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        ask!(self, Kind::Writes, db => relays::count_mail(db, &relay, at, forget_before))
    }

    async fn counted_mails(
        &self,
        relay: String,
        since: DateTime<Utc>,
    ) -> Result<Vec<DateTime<Utc>>, LedgerError> {
        ask!(self, Kind::Reads, db => relays::counted_mails(db, &relay, since))
    }

    async fn purge(&self, before: DateTime<Utc>) -> Result<usize, LedgerError> {
        ask!(self, Kind::Writes, db => forgetting::purge(db, before))
    }

    /// There are none: who keeps the database copies it.
    async fn purge_copies(&self, _: DateTime<Utc>) -> Result<usize, LedgerError> {
        Ok(0)
    }

    async fn purged(&self) -> Result<Purged, LedgerError> {
        ask!(self, Kind::Reads, db => forgetting::purged(db))
    }

    /// None: who keeps the database copies it (`pg_dump`, or its log).
    async fn keep_copy(&self, _: DateTime<Utc>) -> Result<Option<PathBuf>, CopyError> {
        Ok(None)
    }

    fn is_shared(&self) -> bool {
        true
    }

    async fn attend(&self, card: Attendance) -> Result<Attended, LedgerError> {
        ask!(self, Kind::Notes, db => hosts::attend(db, &self.holder, &card))
    }

    async fn hosts(&self) -> Result<Vec<StoredHost>, LedgerError> {
        ask!(self, Kind::Reads, db => hosts::hosts(db))
    }

    fn on_duty(&self, term: Option<i64>) -> Self {
        // Without a term nothing may be written: no duty has this one.
        Self { duty: Some(term.unwrap_or(-1)), ..self.clone() }
    }

    async fn edition(&self) -> Result<i64, LedgerError> {
        ask!(self, Kind::Reads, db => notes::edition(db))
    }

    async fn stands(&self, basis: Basis) -> Result<bool, LedgerError> {
        ask!(self, Kind::Reads, db => async {
            match basis {
                Basis::Alone => Ok(true),
                Basis::Term(term) => hosts::plans(db, &self.holder.run, term).await,
                Basis::Edition(edition) => Ok(notes::edition(db).await? == edition),
            }
        })
    }

    async fn admit(&self, relay: String, rates: Vec<Rate>, at: DateTime<Utc>) -> Result<bool, LedgerError> {
        ask!(self, Kind::Writes, db => relays::admit(db, &relay, &rates, at))
    }

    fn stirs(&self) -> Stirs {
        match &self.ear {
            Some(ear) => Stirs::of(ear.heard(), ear.clone()),
            None => Stirs::never(),
        }
    }
}
