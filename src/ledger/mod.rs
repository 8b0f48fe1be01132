//! The durable record of every mail-to-be, reminders and notices, a row each; and the promises that stand on it.
//!
//! 1. No row disappears: each is sent, or ends with a stored reason.
//! 2. None is sent twice, save when the process or the link dies between our durable `handed` and our durable
//!    `sent`; then the copy has the same Message-ID and the row counts the doubt.
//!
//! The states are drawn in [`crate::plan::row`]. A store says yes or no and never decides: what an answer of a
//! relay means is `plan::next`'s business. To add a store, write the verbs of [`Ledger`] in their order and
//! run the contract suite (`tests/ledger/`) on it, unchanged.

pub mod ailment;
pub mod asking;
pub mod erased;
pub mod failure;
pub mod postgres;
pub mod shared;
pub mod sqlite;
pub mod store;
mod stored;

use std::collections::BTreeSet;
use std::future::Future;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

pub use self::asking::{Batch, Glance, Rows, Version};
pub use self::erased::{Erased, Whom};
pub use self::failure::{CopyError, LedgerError};
pub use self::shared::{Attendance, Attended, Basis, Stirs, StoredHost};
pub use self::stored::{Hand, Head, StoredPosting, StoredRelay};
use crate::plan::next::{InDoubt, Verdict};
use crate::plan::reconcile::Change;
use crate::plan::row::{Row, State};
use crate::plan::tally::{Purged, Tally};
use crate::plan::told::{Renaming, Revision, Told};
use crate::plan::{Key, Wanted};
use crate::settings::Rate;

/// A mail: what leaves. A list of one or more rows that one person reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Mail {
    /// The Message-ID, without angle brackets. It never changes once the mail was handed.
    pub message_id: String,
    /// The term of this claim, which no other mail ever has: every verb about the claim names it, and is
    /// refused when it has passed.
    pub term: i64,
    /// The id of who reads it.
    pub reader: String,
    /// The address.
    pub email: String,
    /// What it says, at least one row, by due instant, then key: either mails to the operator, or none such.
    pub rows: Vec<Row>,
}

/// What a worker writes at once: what came of its last mails, and the marks on its next ones. No mail stands in it twice.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// What came of mails: message id, term, verdict.
    pub settle: Vec<(String, i64, Verdict)>,
    /// The mails about to leave.
    pub hand: Vec<HandOver>,
}

impl Turn {
    /// Only what came of one mail.
    #[must_use]
    pub fn settle(message_id: String, term: i64, verdict: Verdict) -> Self {
        Self { settle: vec![(message_id, term, verdict)], hand: Vec::new() }
    }

    /// Only the mark on one mail.
    #[must_use]
    pub fn hand(mail: HandOver) -> Self {
        Self { settle: Vec::new(), hand: vec![mail] }
    }
}

/// A mail about to leave, and what it says: known to be told once its rows are sent, and not before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandOver {
    /// Its Message-ID.
    pub message_id: String,
    /// The term of its claim.
    pub term: i64,
    /// What each of its rows says. Of a row that is not handed after all, nothing is kept.
    pub says: Vec<Says>,
}

/// What one row of a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// How an event is, by a revision of it.
    Event {
        /// The row that says it.
        key: Key,
        /// The posting's id.
        posting: String,
        /// The event's id.
        event: String,
        /// The revision.
        revision: u32,
    },
    /// That another row ended unsent.
    End {
        /// The row that says it.
        key: Key,
        /// The row that ended.
        ended: Key,
    },
}

/// Why some rows of a claimed mail do not leave with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aside {
    /// They cannot be told for now: planned again, not before this instant, with these words.
    Until(DateTime<Utc>, String),
    /// They would say nothing: skipped.
    NothingToTell,
}

/// What a turn came to, part by part in its order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turned {
    /// Whether each settlement was taken: false when the claim's term had passed.
    pub settled: Vec<bool>,
    /// Of each mail, the rows that are handed and may leave now: those still wanted. Empty when there are none, or when
    /// the claim's term had passed: then nothing of it may leave.
    pub handed: Vec<Vec<Key>>,
}

/// Rows that were found claimed or handed by nobody, and what became of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Orphans {
    /// Only claimed: planned again, or withdrawn when no longer wanted.
    pub released: usize,
    /// Handed: in doubt, planned again, or withdrawn when no longer wanted.
    pub doubted: usize,
    /// Handed: in doubt, held.
    pub held: usize,
}

/// Whether a ledger lives on the real clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// The machine's clock.
    Real,
    /// A clock that was told what to say.
    Pretended,
}

impl Stamp {
    /// The word in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Pretended => "pretended",
        }
    }

    /// The stamp of a word in the ledger.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Real, Self::Pretended].into_iter().find(|stamp| stamp.word() == word)
    }
}

/// A store of rows. Verbs are atomic: after a crash each has happened wholly or not at all, and when one
/// returns `Ok`, what it wrote survives a power cut.
pub trait Ledger: Clone + Send + Sync + 'static {
    /// Every row of every sort, by key.
    fn known(&self) -> impl Future<Output = Result<Vec<Row>, LedgerError>> + Send;

    /// What a round of planning begins with: every posting without its text, and little else.
    fn glance(&self) -> impl Future<Output = Result<Glance, LedgerError>> + Send;

    /// The rows that are asked for, each once, by key.
    fn known_of(&self, asked: Vec<Rows>) -> impl Future<Output = Result<Vec<Row>, LedgerError>> + Send;

    /// These postings, as far as they are remembered.
    fn postings_of(
        &self,
        ids: Vec<String>,
    ) -> impl Future<Output = Result<Vec<StoredPosting>, LedgerError>> + Send;

    /// Every revision of the events of these postings; of each by event and revision.
    fn revisions_of(
        &self,
        postings: Vec<String>,
    ) -> impl Future<Output = Result<Vec<Revision>, LedgerError>> + Send;

    /// Every revision of the events that have more than one, by posting, event and revision.
    fn revised(&self) -> impl Future<Output = Result<Vec<Revision>, LedgerError>> + Send;

    /// The revisions that say under which other name calendars know their event (`known_as`).
    fn known_otherwise(&self) -> impl Future<Output = Result<Vec<Revision>, LedgerError>> + Send;

    /// Of these postings, those of which a mail is on its way: planned, claimed, handed or held; notices of slips do
    /// not count.
    fn on_their_way(
        &self,
        postings: Vec<String>,
    ) -> impl Future<Output = Result<BTreeSet<String>, LedgerError>> + Send;

    /// Writes what a round decided of some postings, in one transaction: rows as [`Ledger::apply`] does, revisions as
    /// [`Ledger::revise`] does, texts as [`Ledger::remember`] does (the ledger is not filled by it). Returns how many
    /// rows stood elsewhere than a change supposes. Where any did, no posting is forgotten, none has rested, and no digest is
    /// kept of those that are remembered: the next reconciling sees to them.
    fn bring(
        &self,
        batch: Batch,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<usize, LedgerError>> + Send;

    /// When the next planned reminder is due after an instant.
    fn next_reminder(
        &self,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<DateTime<Utc>>, LedgerError>> + Send;

    /// How all rows stand at an instant. It reads each of them.
    fn tally(&self, now: DateTime<Utc>) -> impl Future<Output = Result<Tally, LedgerError>> + Send;

    /// What the ledger is like, also as others wrote it: the same answer twice means that nothing was written in between.
    /// A store that cannot tell never gives the same answer.
    fn version(&self) -> impl Future<Output = Result<Version, LedgerError>> + Send;

    /// Applies changes in one transaction; each only to a row that stands where the change supposes. Returns
    /// how many found their row elsewhere: the next reconciling sees to those.
    fn apply(
        &self,
        changes: Vec<Change>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<usize, LedgerError>> + Send;

    /// Ends what is overdue and should not leave: planned rows at or after `late_after` lapse (of the
    /// reminders of one event to one recipient that do so together, the latest speaks for all); then a planned
    /// reminder that is due gives way (superseded) to a later-due reminder of the same posting, event and recipient
    /// that is sent, claimed, handed or held, or planned and due. No notice gives way, nor does anything to one.
    /// Returns the keys ended, with their state.
    fn tidy(&self, now: DateTime<Utc>)
    -> impl Future<Output = Result<Vec<(Key, State)>, LedgerError>> + Send;

    /// Takes up to `most` mails: the due rows (due and `not_before` at or before now, `late_after` after it)
    /// of one reader and address each, nearest `late_after` first: two persons' rows that one reader gets at one
    /// address are one mail, one address under two readers is two. Rows to the operator are a mail apart from what
    /// the same person reads as a recruiter. Rows that bear the same Message-ID are a
    /// mail of their own, which nothing joins; rows without one are gathered and given the id of their sorted
    /// keys at `domain`. A row under whose id other rows were sent, and which is not in doubt itself, counts
    /// as without: mail servers would drop it as a copy.
    fn claim(
        &self,
        now: DateTime<Utc>,
        lease: TimeDelta,
        most: usize,
        domain: &str,
    ) -> impl Future<Output = Result<Vec<Mail>, LedgerError>> + Send;

    /// Settles mails, then hands the next ones, all in one transaction: each as if it were alone, so that one whose term
    /// has passed stands in no other's way. Settling takes handed rows, and claimed ones for `Verdict::Again`; a row no longer wanted that would be planned again is withdrawn instead. A late
    /// `Sent` is still taken for a row that was put in doubt and not claimed since, whatever else became of it:
    /// it did leave. Handing takes claimed rows of that term within their lease that are still of use,
    /// withdraws those not wanted, and renews the lease of the rest. What the handed rows say takes the place of
    /// what they said when they were last handed.
    fn turn(
        &self,
        turn: Turn,
        now: DateTime<Utc>,
        lease: TimeDelta,
    ) -> impl Future<Output = Result<Turned, LedgerError>> + Send;

    /// Puts some rows of a claimed mail aside: planned again for later, or skipped; those not wanted any more are
    /// withdrawn. The rest of the mail goes on without them.
    fn set_aside(
        &self,
        claim: (String, i64),
        keys: Vec<Key>,
        aside: Aside,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Gives claimed mails back, untouched: planned, or withdrawn when no longer wanted. A mail never handed
    /// forgets its Message-ID, so that what falls due meanwhile can leave with it.
    fn release(
        &self,
        mails: Vec<(String, i64)>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Sees to rows whose holder is gone: all of them (`every`, at start of the only daemon), or those whose
    /// lease has passed. Claimed ones are released; handed ones are in doubt, by `plan::next::doubt`.
    fn orphans(
        &self,
        every: bool,
        policy: InDoubt,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Orphans, LedgerError>> + Send;

    /// The earliest instant at which a planned row can be claimed or lapses; `None` when nothing is planned.
    fn next_due(&self) -> impl Future<Output = Result<Option<DateTime<Utc>>, LedgerError>> + Send;

    /// Does what a person asks of a row, and notes its posting as one that a hand touched. False when the row is not in a state that allows it, or unknown.
    fn by_hand(
        &self,
        key: Key,
        hand: Hand,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// As [`Hand::Retry`], of a row that is asked for with these facts: reader, address, due and `late_after` are these
    /// from the moment on at which it may leave.
    fn retry(
        &self,
        wanted: Wanted,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// Every posting remembered, by id.
    fn postings(&self) -> impl Future<Output = Result<Vec<StoredPosting>, LedgerError>> + Send;

    /// Forgets those ids and remembers these postings (by id, whole). From then on the ledger is filled. Of a posting
    /// that is remembered already, an acceptance ends with `vanished_at` and otherwise stays as it is: one that came
    /// since the caller looked is not lost.
    fn remember(
        &self,
        postings: Vec<StoredPosting>,
        forget: Vec<String>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Notes that a person accepts that the files of these postings are gone. What is not remembered is passed over.
    fn accept(
        &self,
        gone: Vec<String>,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Whether a plan was ever written: before that, whatever is met was there already.
    fn is_filled(&self) -> impl Future<Output = Result<bool, LedgerError>> + Send;

    /// The people as they were last known, by id: id and entry.
    fn people(&self) -> impl Future<Output = Result<Vec<(String, String)>, LedgerError>> + Send;

    /// Forgets those ids and remembers these entries (by id).
    fn remember_people(
        &self,
        entries: Vec<(String, String)>,
        forget: Vec<String>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Every revision of every event, by posting, event and revision.
    fn revisions(&self) -> impl Future<Output = Result<Vec<Revision>, LedgerError>> + Send;

    /// Moves the revisions of renamed events, and what mails said of these, all at once; then adds new ones. Where
    /// an event stays that has revisions already, what the renamed one had is dropped. A revision that is there is
    /// put into new words, and keeps its beginning.
    fn revise(
        &self,
        renamed: Vec<Renaming>,
        new: Vec<Revision>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// For every event of which there is more than the first revision, and every reader: what a sent row said of it
    /// last. By posting, event and reader.
    fn told(&self) -> impl Future<Output = Result<Vec<Told>, LedgerError>> + Send;

    /// The same for these events, by posting and event, however many revisions they have.
    fn told_of(
        &self,
        events: Vec<(String, String)>,
    ) -> impl Future<Output = Result<Vec<Told>, LedgerError>> + Send;

    /// The reminders and changes that lapsed at or after an instant, and of which no sent row tells that they ended.
    /// By due instant, then key.
    fn untold(&self, since: DateTime<Utc>) -> impl Future<Output = Result<Vec<Row>, LedgerError>> + Send;

    /// Whether it lives on the real clock.
    fn stamp(&self) -> impl Future<Output = Result<Stamp, LedgerError>> + Send;

    /// When the last round was, if there was one.
    fn last_round(&self) -> impl Future<Output = Result<Option<DateTime<Utc>>, LedgerError>> + Send;

    /// Notes that a round was made now. Never goes back unless `accept_earlier`.
    fn note_round(
        &self,
        now: DateTime<Utc>,
        accept_earlier: bool,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Every relay remembered, by name.
    fn relays(&self) -> impl Future<Output = Result<Vec<StoredRelay>, LedgerError>> + Send;

    /// Remembers how a relay does (by name, whole).
    fn note_relay(&self, relay: StoredRelay) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// Notes that a relay is given a mail at an instant, and forgets those that it was given before another.
    fn count_mail(
        &self,
        relay: String,
        at: DateTime<Utc>,
        forget_before: DateTime<Utc>,
    ) -> impl Future<Output = Result<(), LedgerError>> + Send;

    /// When a relay was given mails at or after an instant, in order.
    fn counted_mails(
        &self,
        relay: String,
        since: DateTime<Utc>,
    ) -> impl Future<Output = Result<Vec<DateTime<Utc>>, LedgerError>> + Send;

    /// Forgets final rows (sent, failed, withdrawn, skipped, superseded, lapsed) whose usefulness ended before
    /// an instant, and what they said. The notices of a posting that is remembered stay as long as any later row of it.
    /// With the last row of a posting that is not go the revisions of its events. Returns how many rows.
    fn purge(&self, before: DateTime<Utc>) -> impl Future<Output = Result<usize, LedgerError>> + Send;

    /// How much [`Ledger::purge`] forgot of what is counted, since the ledger began.
    fn purged(&self) -> impl Future<Output = Result<Purged, LedgerError>> + Send;

    /// Keeps a copy of the whole ledger where the last one is a day old; returns where the new one is. A store that
    /// its own administrators copy keeps none.
    fn keep_copy(
        &self,
        now: DateTime<Utc>,
    ) -> impl Future<Output = Result<Option<PathBuf>, CopyError>> + Send;

    /// Whether several hosts may share it. One that is not is held by its daemon alone, and the verbs below are empty.
    fn is_shared(&self) -> bool {
        false
    }

    /// Notes that this host is there, and says whether it plans. To be said every third of `plan::duty::LEASE`.
    fn attend(&self, card: Attendance) -> impl Future<Output = Result<Attended, LedgerError>> + Send {
        let _ = card;
        async { Ok(Attended { term: Some(0), hosts: Vec::new() }) }
    }

    /// The hosts that share it, by name.
    fn hosts(&self) -> impl Future<Output = Result<Vec<StoredHost>, LedgerError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// The same ledger for whoever plans: what is written through it is refused with [`LedgerError::OffDuty`] once the
    /// term of [`Attended`] has passed.
    #[must_use]
    fn on_duty(&self, term: Option<i64>) -> Self {
        let _ = term;
        self.clone()
    }

    /// Rises whenever what is in force is written: texts, people, revisions.
    fn edition(&self) -> impl Future<Output = Result<i64, LedgerError>> + Send {
        async { Ok(0) }
    }

    /// Whether what was made on this basis is still what is in force.
    fn stands(&self, basis: Basis) -> impl Future<Output = Result<bool, LedgerError>> + Send {
        let _ = basis;
        async { Ok(true) }
    }

    /// Counts a mail that a relay is about to be given ([`Ledger::count_mail`]), unless the mails of all hosts have used
    /// up what these rates allow: then it may not be given.
    fn admit(
        &self,
        relay: String,
        rates: Vec<Rate>,
        at: DateTime<Utc>,
    ) -> impl Future<Output = Result<bool, LedgerError>> + Send {
        async move {
            if let Some(window) = crate::plan::pace::window(&rates) {
                self.count_mail(relay, at, at - window).await?;
            }
            Ok(true)
        }
    }

    /// Tells, as a hint, that another host or a person wrote something.
    fn stirs(&self) -> Stirs {
        Stirs::never()
    }

    /// Removes what the store keeps of copies of itself that were made before an instant. Returns how many.
    fn purge_copies(&self, before: DateTime<Utc>) -> impl Future<Output = Result<usize, LedgerError>> + Send;
}
