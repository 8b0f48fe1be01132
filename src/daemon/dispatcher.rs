//! The dispatcher's step: take · decide · do · decide · write.
//!
//! 1. collect what came back since, write what the last step could not, end what is overdue and should not leave;
//! 2. see whether a relay that was away is back; choose the first that neither rests nor has been given all that its
//!    rates allow, and claim some mails, no more than these allow: those that are soonest of no use come first;
//! 3. have them leave on its lines (`flow`), of which the first shows whether the relay is there: if it is away, release
//!    them, they lost nothing;
//! 4. release what was not begun. A line that is slow is not waited for: a later step settles its mail.
//!
//! A reminder that cannot be told is set aside alone. Nothing is logged here: the step returns what it did.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::batch::Batch;
use super::composing::Background;
use super::lines::{Lines, told_to_stop};
use super::planner::Snapshot;
use super::pulse::{Life, ROUND};
use super::refusals::Refusals;
pub use super::report::{Departure, Report};
use super::status::Bearing;
use super::troubles::{Fault, Felt};
pub use super::way::Way;
use crate::clock::Clock;
use crate::diagnostic::Problem;
use crate::fail_point::{fail_point, fail_points};
use crate::ledger::{Hand, HandOver, Ledger, LedgerError, Mail, Turn};
use crate::message::Templates;
use crate::message::advice::advice;
use crate::plan::Key;
use crate::plan::next::Verdict;
use crate::plan::outcome::Outcome;

/// How long what was tidied is claimed from, while mails leave without a pause: a look at all that is due, with ten thousand
/// due, costs as much as many mails. Where the look itself took long, so many times as long.
const LOOK: Duration = Duration::from_secs(1);
const LOOKS: u32 = 10;

/// How long a reminder waits that could not be told.
pub(super) const UNTOLD: TimeDelta = TimeDelta::minutes(15);

/// How long a reminder waits that another host may tell.
pub(super) const ELSEWHERE: TimeDelta = TimeDelta::minutes(1);

/// A mail's Message-ID and the term of its claim.
pub(super) type Claim = (String, i64);

/// Sends what is due.
#[derive(Debug)]
pub struct Dispatcher<L> {
    pub(super) ledger: L,
    pub(super) clock: Clock,
    pub(super) ways: Vec<Way>,
    pub(super) lease: TimeDelta,
    pub(super) stop: watch::Receiver<bool>,
    /// What this step did; what a failed step did is told by the next.
    pub(super) report: Report,
    /// Who hears of every mail as soon as what became of it is written, in place of the report.
    tell: Option<fn(&Departure)>,
    /// Mails at which a conversation ended. They are tried last and alone, so that none of them holds up the others, and
    /// a second loss is the relay's.
    pub(super) suspects: BTreeSet<String>,
    /// Recipients refused one after the other.
    pub(super) refusals: Refusals,
    /// Rows that were refused and are to be planned again: the relay had refused us, not them.
    pub(super) again: Vec<Key>,
    /// What came of mails, not written yet: written with the next mark, or by the next step if the ledger failed.
    pub(super) unsettled: Vec<(String, i64, Verdict)>,
    /// What was claimed and not wholly handed: given back at the end of a step, or by the next one if the ledger failed.
    /// Giving back touches only what is still claimed, in that term.
    pub(super) claimed: BTreeSet<Claim>,
    /// The mails of these that wait for a line, in the order in which they leave, and since when.
    pub(super) queue: VecDeque<Mail>,
    pub(super) claimed_at: DateTime<Utc>,
    /// After a claim that found all that it could take: the instant as of which was last tidied, and until when, of
    /// CLOCK_MONOTONIC, the next claims go by it.
    tidied: Option<(DateTime<Utc>, Duration)>,
    /// How many mails the next claim takes.
    batch: Batch,
    /// The lines that are out with a mail.
    pub(super) lines: Lines,
    /// What notices are written from, read once a step at most.
    pub(super) background: Option<Arc<Background>>,
    /// Whether nothing but digests left since.
    pub(super) fresh: bool,
    /// The templates in force, and how they failed since they are.
    templates: (Arc<Templates>, Vec<Fault>),
    /// Whether it is known what the ledger remembers of the ways out.
    recalled: bool,
    /// How it is known to be alive, where somebody wants to know.
    life: Option<Life>,
}

impl<L: Ledger> Dispatcher<L> {
    /// A dispatcher over ways out, in order of preference. `lease` must outlast every step of sending one mail;
    /// `stop` turns true when nothing new may be begun.
    pub fn new(
        ledger: L,
        clock: Clock,
        ways: Vec<Way>,
        lease: TimeDelta,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            ledger,
            clock,
            ways,
            lease,
            stop,
            report: Report::default(),
            tell: None,
            suspects: BTreeSet::new(),
            refusals: Refusals::default(),
            again: Vec::new(),
            unsettled: Vec::new(),
            claimed: BTreeSet::new(),
            queue: VecDeque::new(),
            claimed_at: DateTime::UNIX_EPOCH,
            tidied: None,
            batch: Batch::default(),
            lines: Lines::default(),
            background: None,
            fresh: false,
            templates: (Arc::new(Templates::built_in()), Vec::new()),
            recalled: false,
            life: None,
        }
    }

    /// The same, which promises to be heard of before and after each word with a relay.
    #[must_use]
    pub fn with_life(self, life: Life) -> Self {
        Self { life: Some(life), ..self }
    }

    /// The same, which tells of every mail as soon as what became of it is written: there may be many in a step, and its
    /// report keeps them with all their words.
    #[must_use]
    pub fn telling(self, tell: fn(&Departure)) -> Self {
        Self { tell: Some(tell), ..self }
    }

    /// Tells of the mails that are done with, if somebody hears of each.
    pub(super) fn tell(&mut self) {
        if let Some(tell) = self.tell {
            self.report.departures.drain(..).for_each(|departure| tell(&departure));
        }
    }

    /// How it is known to be alive.
    pub(super) fn life(&self) -> Option<&Life> {
        self.life.as_ref()
    }

    /// How long it may be silent: as long as a round takes, or until a line should be back.
    pub(super) fn patience(&self) -> Duration {
        self.lines.patience()
    }

    pub(super) fn promise(&self, within: Duration) {
        self.life.iter().for_each(|life| life.within(within));
    }

    /// How the ways out do, for the service manager.
    pub(super) fn bearings(&self) -> Vec<(String, Bearing)> {
        let now = self.clock.now();
        self.ways.iter().map(|way| way.bearing(now)).collect()
    }

    /// How the ways out do, and the templates.
    #[must_use]
    pub fn health(&self) -> Felt {
        let ways = self.ways.iter().map(Way::felt).collect();
        Felt { ways, templates: self.templates.1.clone(), ..Felt::default() }
    }

    /// A template failed on a mail: once while it is in force.
    pub(super) fn blame(&mut self, problem: Problem, now: DateTime<Utc>) {
        if !self.templates.1.iter().any(|known| known.problem.file == problem.file) {
            self.report.templates.push(problem.clone());
            self.templates.1.push(Fault { problem, since: now });
        }
    }

    /// Until when no way out takes a mail; `None` when one does.
    #[must_use]
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let busy: Option<Vec<_>> = self.ways.iter().map(|way| way.free_at(now)).collect();
        busy.and_then(|busy| busy.into_iter().min())
    }

    /// When a relay that is away is to be looked at again, whether or not a mail is due.
    #[must_use]
    pub fn probes_at(&self) -> Option<DateTime<Utc>> {
        self.ways.iter().filter_map(Way::probe_at).min()
    }

    /// Takes over ways out that were made anew, by name: a connection to a relay whose terms are the same goes on.
    pub async fn adopt(&mut self, ways: Vec<Way>) {
        for new in ways {
            if let Some(way) = self.ways.iter_mut().find(|way| way.name == new.name) {
                way.adopt(new).await;
            }
        }
    }

    /// Waits until a connection has lain idle for long enough, and says goodbye on it. Without any, waits for ever.
    pub async fn hang_up(&mut self) {
        let idle = self.ways.iter_mut().filter_map(Way::idle);
        let Some((until, transport)) = idle.min_by_key(|(until, _)| *until) else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(until).await;
        transport.close().await;
    }

    /// One step.
    pub async fn step(&mut self, snapshot: &Snapshot) -> Result<Report, LedgerError> {
        let done = self.try_step(snapshot).await;
        if done.is_err() {
            self.queue.clear();
        }
        done.map(|()| std::mem::take(&mut self.report))
    }

    async fn try_step(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        let now = self.clock.now();
        (self.background, self.fresh) = (None, false);
        if !Arc::ptr_eq(&self.templates.0, &snapshot.templates) {
            self.templates = (Arc::clone(&snapshot.templates), Vec::new());
        }
        self.ways.iter_mut().for_each(Way::doubt_lines);
        self.recall(now).await?;
        self.collect().await;
        self.turn(Vec::new(), now).await?;
        self.plan_again(now).await?;
        if self.queue.is_empty() {
            self.release().await?;
        }
        self.note_ways().await?;
        self.report.worked = !self.lines.are_here();
        let (seen, until) = self.tidy(now).await?;
        let Some(sender) = snapshot.settings.mail.as_ref() else { return Ok(()) };
        let stopping = *self.stop.borrow();
        let back = |way: &Way| way.probe_at().is_some_and(|at| at <= now) && way.first().is_some();
        if let Some(at) = self.ways.iter().position(back)
            && !stopping
            && !self.make_ready(at).await
        {
            self.report.worked = true;
            return self.note_ways().await;
        }
        let free = self.ways.iter().position(|way| way.free_at(now).is_none()).filter(|_| !stopping);
        // A process that stood still: what a line has out may stand in doubt by now, and would be claimed again while its
        // answer is on the way. A tenth of the lease is more than clocks read one after the other differ by.
        let lapsing = self.lines.have_mail_from_before(now - self.lease * 9 / 10);
        if let Some(at) = free
            && self.queue.is_empty()
            && !lapsing
        {
            let begun = Clock::monotonic();
            let batch = self.batch.next(begun);
            let most = self.ways[at].allowance(now).map_or(batch, |left| left.min(batch));
            fail_point("before-claim");
            let mails = self.ledger.claim(seen, self.lease, most, sender.from.domain()).await?;
            // Where there is less than that, the next step looks for what fell due meanwhile.
            self.tidied = (mails.len() == most).then_some((seen, until));
            if mails.len() == batch && !self.ledger.is_shared() {
                self.batch.was_full(begun, Clock::monotonic());
            }
            if mails.is_empty() && self.lines.are_here() {
                self.report.worked |= seen < now;
                return if seen < now { Ok(()) } else { self.preflight(snapshot, now).await };
            }
            fail_point("after-claim");
            self.report.worked = true;
            self.claimed.extend(mails.iter().map(|mail| (mail.message_id.clone(), mail.term)));
            self.claimed_at = now;
            self.queue = self.in_order(mails);
        }
        let snapshot = snapshot.with_mails(&self.ledger, self.queue.make_contiguous(), now).await?;
        let snapshot = &Arc::new(snapshot);
        // What is claimed was planned before, and what it says was read since: all of it is in force now, or nothing leaves.
        let stands = self.queue.is_empty() || self.ledger.stands(snapshot.basis).await?;
        if !stands {
            self.report.stale = true;
            self.release().await?;
        }
        self.flow(free.filter(|_| stands), snapshot).await?;
        self.turn(Vec::new(), self.clock.now()).await?;
        if !stands {
            self.report.worked = !self.lines.are_here();
        }
        if self.lines.are_here() || free.is_none_or(|at| !self.goes_on(at, self.clock.now())) {
            self.release().await?;
        }
        self.note_ways().await
    }

    /// Ends what is overdue and should not leave; returns as of when, and until when claims may go by that.
    async fn tidy(&mut self, now: DateTime<Utc>) -> Result<(DateTime<Utc>, Duration), LedgerError> {
        let begun = Clock::monotonic();
        if let Some((seen, until)) = self.tidied.take().filter(|(seen, until)| begun < *until && *seen <= now)
        {
            return Ok((seen, until));
        }
        let ended = self.ledger.tidy(now).await?;
        let done = Clock::monotonic();
        self.report.worked |= !ended.is_empty();
        self.report.ended.extend(ended);
        Ok((now, done + LOOK.max(LOOKS * done.saturating_sub(begun))))
    }

    /// Makes the first line of a way out ready for a mail; false when it is not, or when it is time to stop.
    pub(super) async fn make_ready(&mut self, at: usize) -> bool {
        let stop = self.stop.clone();
        let Some(transport) = self.ways[at].first_mut() else { return false };
        let longest = transport.longest();
        self.life.iter().for_each(|life| life.within(longest));
        let ready = tokio::select! {
            ready = transport.ready() => Some(ready),
            () = told_to_stop(stop) => None,
        };
        if ready.is_none() {
            transport.close().await;
        }
        self.promise(ROUND);
        let is_ready = matches!(ready, Some(Ok(())));
        self.heed_ready(at, ready);
        is_ready
    }

    /// Learns, once, what the ledger remembers of the ways out.
    async fn recall(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        if self.recalled {
            return self.hear(now).await;
        }
        let known = self.ledger.relays().await?;
        for way in &mut self.ways {
            let begun = match way.window() {
                Some(window) => self.ledger.counted_mails(way.name.clone(), now - window).await?,
                None => Vec::new(),
            };
            way.recall(known.iter().find(|relay| relay.name == way.name).cloned(), begun, now);
        }
        self.recalled = true;
        Ok(())
    }

    /// Has the ledger remember how the ways out do.
    pub(super) async fn note_ways(&mut self) -> Result<(), LedgerError> {
        for way in &mut self.ways {
            if let Some(relay) = way.to_note() {
                self.ledger.note_relay(relay.clone()).await?;
                way.is_noted(relay);
            }
        }
        Ok(())
    }

    /// Plans again what was refused for nothing; what could not be, is by the next step.
    pub(super) async fn plan_again(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        while let Some(key) = self.again.last() {
            self.ledger.by_hand(key.clone(), Hand::Retry, now).await?;
            self.again.pop();
        }
        Ok(())
    }

    /// Writes what came of mails and marks the next ones, in one transaction; returns which of their rows may leave. What
    /// could not be written is kept for the next try.
    pub(super) async fn turn(
        &mut self,
        hand: Vec<HandOver>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Vec<Key>>, LedgerError> {
        if self.unsettled.is_empty() && hand.is_empty() {
            return Ok(Vec::new());
        }
        let turn = Turn { settle: self.unsettled.clone(), hand };
        let parts = [("settle", !turn.settle.is_empty()), ("hand", !turn.hand.is_empty())];
        fail_points("before", parts);
        let turned = self.ledger.turn(turn, now, self.lease).await?;
        fail_points("after", parts);
        self.unsettled.clear();
        Ok(turned.handed)
    }

    pub(super) fn rest(&mut self, at: usize, until: DateTime<Utc>, outcome: &Outcome) {
        let way = &mut self.ways[at];
        way.rests(until, outcome, self.clock.now());
        let words = outcome.words();
        let told = advice(outcome).map_or_else(|| words.clone(), |advice| format!("{words}. {}", advice.en));
        self.report.resting = Some((way.name.clone(), until, told));
    }

    async fn release(&mut self) -> Result<(), LedgerError> {
        self.queue.clear();
        if !self.claimed.is_empty() {
            self.ledger.release(self.claimed.iter().cloned().collect(), self.clock.now()).await?;
            self.claimed.clear();
        }
        Ok(())
    }

    /// Waits for the lines, which finish what is in hand or give it up, and says goodbye to every relay. What came of a
    /// mail, and could not be written then, has a last chance: what is not written leaves again after the next start.
    pub async fn close(&mut self) -> Report {
        let _ = self.collect_all().await;
        let _ = self.turn(Vec::new(), self.clock.now()).await;
        let _ = self.release().await;
        for way in &mut self.ways {
            way.close().await;
        }
        std::mem::take(&mut self.report)
    }
}
