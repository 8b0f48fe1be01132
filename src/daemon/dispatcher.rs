//! The dispatcher's step: take · decide · do · decide · write.
//!
//! 1. write what the last step could not, end what is overdue and should not leave;
//! 2. see whether a relay that was away is back; choose the first that neither rests nor has been given all that its
//!    rates allow, and claim a few mails, no more than these allow: those that are soonest of no use come first;
//! 3. make the relay ready; if it is away, release them: they lost nothing;
//! 4. for each: write it, mark it as handed (and settle the one before, in the same transaction), send;
//! 5. settle the last, release what was not begun.
//!
//! A reminder that cannot be told is set aside alone. Nothing is logged here: the step returns what it did.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::composing::{Background, Composed, compose, needs_background, waits_at_most, zone_of};
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
use crate::ledger::{Aside, Hand, HandOver, Ledger, LedgerError, Mail, Turn};
use crate::message::Templates;
use crate::message::advice::advice;
use crate::plan::hours::waits_until;
use crate::plan::next::{Past, Relay, Verdict, next};
use crate::plan::notice::MISSED;
use crate::plan::outcome::Outcome;
use crate::plan::row::Row;
use crate::plan::{Key, Sort};
use crate::settings::Mail as Sender;
use crate::transport::Letter;

/// How many mails a claim takes: a crash before they are handed costs nothing.
const BATCH: usize = 16;

/// How long a reminder waits that could not be told.
const UNTOLD: TimeDelta = TimeDelta::minutes(15);

/// A mail's Message-ID and the term of its claim.
type Claim = (String, i64);

/// Sends what is due.
#[derive(Debug)]
pub struct Dispatcher<L> {
    pub(super) ledger: L,
    clock: Clock,
    pub(super) ways: Vec<Way>,
    lease: TimeDelta,
    stop: watch::Receiver<bool>,
    /// What this step did; what a failed step did is told by the next.
    pub(super) report: Report,
    /// Mails at which a conversation ended. They are tried last, so that none of them holds up the others, and a
    /// second loss is the relay's.
    suspects: BTreeSet<String>,
    /// Recipients refused one after the other.
    refusals: Refusals,
    /// Rows that were refused and are to be planned again: the relay had refused us, not them.
    again: Vec<Key>,
    /// What came of a mail, not written yet: written with the next mark, or by the next step if the ledger failed.
    unsettled: Option<(String, i64, Verdict)>,
    /// What was claimed: what was not begun is given back at the end of a step, or by the next one if the ledger
    /// failed. Giving back touches only what is still claimed, in that term.
    claimed: Vec<Claim>,
    /// What notices are written from, read once a step at most.
    background: Option<Background>,
    /// Whether nothing but digests left since.
    fresh: bool,
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
            suspects: BTreeSet::new(),
            refusals: Refusals::default(),
            again: Vec::new(),
            unsettled: None,
            claimed: Vec::new(),
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

    /// How it is known to be alive.
    pub(super) fn life(&self) -> Option<&Life> {
        self.life.as_ref()
    }

    fn promise(&self, within: Duration) {
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
    fn blame(&mut self, problem: Problem, now: DateTime<Utc>) {
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
        let idle = self.ways.iter_mut().filter_map(|way| Some((way.transport.idle_until()?, way)));
        let Some((until, way)) = idle.min_by_key(|(until, _)| *until) else {
            return std::future::pending().await;
        };
        tokio::time::sleep_until(until).await;
        way.transport.close().await;
    }

    /// One step.
    pub async fn step(&mut self, snapshot: &Snapshot) -> Result<Report, LedgerError> {
        self.try_step(snapshot).await?;
        Ok(std::mem::take(&mut self.report))
    }

    async fn try_step(&mut self, snapshot: &Snapshot) -> Result<(), LedgerError> {
        let now = self.clock.now();
        self.background = None;
        if !Arc::ptr_eq(&self.templates.0, &snapshot.templates) {
            self.templates = (Arc::clone(&snapshot.templates), Vec::new());
        }
        self.recall(now).await?;
        self.turn(None, now).await?;
        self.plan_again(now).await?;
        self.release().await?;
        self.note_ways().await?;
        let ended = self.ledger.tidy(now).await?;
        self.report.worked = !ended.is_empty();
        self.report.ended.extend(ended);
        let Some(sender) = snapshot.settings.mail.as_ref() else { return Ok(()) };
        let back = |way: &Way| way.probe_at().is_some_and(|at| at <= now);
        if let Some(at) = self.ways.iter().position(back)
            && !*self.stop.borrow()
            && !self.make_ready(at, snapshot).await
        {
            self.report.worked = true;
            return self.note_ways().await;
        }
        let Some(at) = self.ways.iter().position(|way| way.free_at(now).is_none()) else { return Ok(()) };
        if *self.stop.borrow() {
            return Ok(());
        }
        let most = self.ways[at].allowance(now).map_or(BATCH, |left| left.min(BATCH));
        fail_point("before-claim");
        let mut mails = self.ledger.claim(now, self.lease, most, sender.from.domain()).await?;
        if mails.is_empty() {
            return self.preflight(snapshot, now).await;
        }
        fail_point("after-claim");
        self.report.worked = true;
        self.claimed = mails.iter().map(|mail| (mail.message_id.clone(), mail.term)).collect();
        // Digests tell of what left before them; what the operator hears comes last.
        mails.sort_by_key(|mail| {
            (self.suspects.contains(&mail.message_id), holds(mail, Sort::Operator), holds(mail, Sort::Digest))
        });
        if self.make_ready(at, snapshot).await {
            self.send_all(at, mails, snapshot, now).await?;
        }
        self.turn(None, self.clock.now()).await?;
        self.release().await?;
        self.note_ways().await
    }

    /// Makes a way out ready for a mail; false when it is not, or when it is time to stop.
    pub(super) async fn make_ready(&mut self, at: usize, snapshot: &Snapshot) -> bool {
        self.promise(self.ways[at].transport.longest());
        let ready = tokio::select! {
            ready = self.ways[at].transport.ready() => Some(ready),
            () = told_to_stop(self.stop.clone()) => None,
        };
        if ready.is_some() {
            self.ways[at].tried = Some(self.clock.now());
        }
        self.promise(ROUND);
        match ready {
            Some(Ok(())) => self.ways[at].is_ready(),
            Some(Err(outcome)) => {
                let past = Past { relay_failures: self.ways[at].failures, retried: true, ..Past::default() };
                let next = next(&outcome, past, snapshot.settings.delivery.in_doubt, self.clock.now());
                self.rest(at, next.relay, &outcome);
                return false;
            }
            None => self.ways[at].transport.close().await,
        }
        ready.is_some()
    }

    /// Learns, once, what the ledger remembers of the ways out.
    async fn recall(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        if self.recalled {
            return Ok(());
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

    async fn send_all(
        &mut self,
        at: usize,
        mails: Vec<Mail>,
        snapshot: &Snapshot,
        claimed_at: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        for mail in mails {
            let goes_on = self.send_one(at, &mail, snapshot).await?;
            // A slow relay must not eat up the lease of the mails behind.
            let now = self.clock.now();
            let slow = now - claimed_at > self.lease / 2;
            if !goes_on || slow || self.ways[at].free_at(now).is_some() || *self.stop.borrow() {
                break;
            }
        }
        Ok(())
    }

    /// Sends one claimed mail. False when the way out should be given no more for now.
    async fn send_one(&mut self, at: usize, mail: &Mail, snapshot: &Snapshot) -> Result<bool, LedgerError> {
        let now = self.clock.now();
        let claim = (mail.message_id.clone(), mail.term);
        let delivery = &snapshot.settings.delivery;
        let at_most = |row: &Row| waits_at_most(row, snapshot, now);
        let zone = zone_of(mail, snapshot);
        if let Some(opening) = waits_until(&mail.rows, at_most, zone, delivery.hours, now) {
            self.turn(None, now).await?;
            let reply = "it waits for the hours of delivery".to_owned();
            self.unsettled = Some((claim.0, claim.1, Verdict::Again { at: opening, counted: false, reply }));
            return Ok(true);
        }
        let digest = holds(mail, Sort::Digest);
        if needs_background(mail, snapshot) && (self.background.is_none() || (digest && !self.fresh)) {
            self.turn(None, now).await?;
            self.background = Some(self.background(now).await?);
            self.fresh = true;
        }
        self.fresh &= mail.rows.iter().all(|row| row.key.sort() == Sort::Digest);
        let background = self.background.as_ref();
        let Composed { written, untold, nothing, says, template } =
            compose(mail, None, snapshot, background, now);
        if let Some(problem) = template {
            self.blame(problem, now);
        }
        if !untold.is_empty() {
            let reply = "it cannot be told: no usable version of its posting holds it".to_owned();
            let aside = Aside::Until(now + UNTOLD, reply);
            self.ledger.set_aside(claim.clone(), untold.clone(), aside, now).await?;
            self.report.aside.extend(untold.iter().cloned());
        }
        if !nothing.is_empty() {
            self.ledger.set_aside(claim.clone(), nothing.clone(), Aside::NothingToTell, now).await?;
            self.report.empty.extend(nothing.iter().cloned());
        }
        let Some(mut written) = written else { return Ok(true) };
        // Counted before it may leave: what was counted for nothing costs less than a limit that is broken.
        if let Some(window) = self.ways[at].window() {
            self.ledger.count_mail(self.ways[at].name.clone(), now, now - window).await?;
            self.ways[at].begins(now);
        }
        let hand = HandOver { message_id: claim.0.clone(), term: claim.1, says };
        let handed = self.turn(Some(hand), now).await?;
        if handed.is_empty() {
            return Ok(true);
        }
        if handed.len() + untold.len() + nothing.len() < mail.rows.len() {
            // Something dropped out since the claim: the mail says only what is still wanted.
            let background = self.background.as_ref();
            let again = compose(mail, Some(&handed), snapshot, background, now).written;
            let Some(again) = again else {
                let reply = "it cannot be told".to_owned();
                self.unsettled =
                    Some((claim.0, claim.1, Verdict::Again { at: now + UNTOLD, counted: false, reply }));
                self.report.aside.extend(handed);
                return Ok(true);
            };
            written = again;
        }
        let from = snapshot.settings.mail.as_ref().map_or("", Sender::envelope);
        self.promise(self.ways[at].transport.longest());
        let outcome = match &written.bytes {
            Ok(bytes) => {
                let letter = Letter { from, to: &mail.email, message_id: &mail.message_id, bytes };
                self.ways[at].transport.send_unless(letter, told_to_stop(self.stop.clone())).await
            }
            Err(error) => Outcome::Unfit(error.to_string()),
        };
        self.promise(ROUND);
        let now = self.clock.now();
        let past = Past {
            attempts: mail.rows.iter().map(|row| row.attempts).max().unwrap_or_default(),
            doubts: mail.rows.iter().map(|row| row.doubts).max().unwrap_or_default(),
            relay_failures: self.ways[at].failures,
            retried: self.suspects.contains(&mail.message_id),
        };
        let mut next = next(&outcome, past, delivery.in_doubt, now);
        let undone = self.refusals.heed(&outcome, &mut next, mail, &handed, now);
        self.again.extend(undone.again);
        self.suspects.extend(undone.message_ids);
        // Kept before anything else is asked of the ledger: what came of this mail must not be lost.
        self.unsettled = Some((claim.0, claim.1, next.verdict.clone()));
        self.report.departures.push(Departure {
            message_id: mail.message_id.clone(),
            reader: mail.reader.clone(),
            email: mail.email.clone(),
            relay: self.ways[at].name.clone(),
            written,
            keys: handed,
            at: now,
            verdict: next.verdict,
        });
        match next.relay {
            Relay::GoesOn => {
                self.ways[at].is_well();
                self.suspects.remove(&mail.message_id);
            }
            Relay::Closes => self.ways[at].transport.close().await,
            Relay::Rests(_) => self.rest(at, next.relay, &outcome),
        }
        if next.relay != Relay::GoesOn {
            self.suspects.insert(mail.message_id.clone());
        }
        self.plan_again(now).await?;
        Ok(next.relay == Relay::GoesOn)
    }

    /// Plans again what was refused for nothing; what could not be, is by the next step.
    async fn plan_again(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        while let Some(key) = self.again.last() {
            self.ledger.by_hand(key.clone(), Hand::Retry, now).await?;
            self.again.pop();
        }
        Ok(())
    }

    /// Writes what came of the last mail and marks the next one, in one transaction. What could not be written is
    /// kept for the next try.
    async fn turn(&mut self, hand: Option<HandOver>, now: DateTime<Utc>) -> Result<Vec<Key>, LedgerError> {
        if self.unsettled.is_none() && hand.is_none() {
            return Ok(Vec::new());
        }
        let turn = Turn { settle: self.unsettled.clone(), hand };
        let parts = [("settle", turn.settle.is_some()), ("hand", turn.hand.is_some())];
        fail_points("before", parts);
        let turned = self.ledger.turn(turn, now, self.lease).await?;
        fail_points("after", parts);
        self.unsettled = None;
        Ok(turned.handed)
    }

    fn rest(&mut self, at: usize, relay: Relay, outcome: &Outcome) {
        if let Relay::Rests(until) = relay {
            let way = &mut self.ways[at];
            way.rests(until, outcome, self.clock.now());
            let words = outcome.words();
            let told =
                advice(outcome).map_or_else(|| words.clone(), |advice| format!("{words}. {}", advice.en));
            self.report.resting = Some((way.name.clone(), until, told));
        }
    }

    /// What notices are written from.
    async fn background(&self, now: DateTime<Utc>) -> Result<Background, LedgerError> {
        Ok(Background {
            known: self.ledger.known().await?,
            told: self.ledger.told().await?,
            untold: self.ledger.untold(now - MISSED).await?,
        })
    }

    async fn release(&mut self) -> Result<(), LedgerError> {
        if !self.claimed.is_empty() {
            self.ledger.release(self.claimed.clone(), self.clock.now()).await?;
            self.claimed.clear();
        }
        Ok(())
    }

    /// Says goodbye to every relay. What came of the last mail, and could not be written then, has a last chance: what
    /// is not written leaves again after the next start.
    pub async fn close(&mut self) {
        let _ = self.turn(None, self.clock.now()).await;
        for way in &mut self.ways {
            way.transport.close().await;
        }
    }
}

/// Whether a mail holds rows of a sort.
fn holds(mail: &Mail, sort: Sort) -> bool {
    mail.rows.iter().any(|row| row.key.sort() == sort)
}

async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could tell.
        std::future::pending::<()>().await;
    }
}
