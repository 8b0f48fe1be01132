//! The dispatcher's step: take · decide · do · decide · write.
//!
//! 1. write what the last step could not, end what is overdue and should not leave;
//! 2. choose the first relay that does not rest, and claim a few mails;
//! 3. make the relay ready; if it is away, release them: they lost nothing;
//! 4. for each: write it, mark it as handed (and settle the one before, in the same transaction), send;
//! 5. settle the last, release what was not begun.
//!
//! A reminder that cannot be told is set aside alone. Nothing is logged here: the step returns what it did.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::composing::{Background, Composed, compose, needs_background, waits_at_most, zone_of};
use super::planner::Snapshot;
use super::troubles::{Fault, Felt, Health, WayHealth};
use crate::clock::Clock;
use crate::diagnostic::Problem;
use crate::fail_point::{fail_point, fail_points};
use crate::ledger::{Aside, Hand, HandOver, Ledger, LedgerError, Mail, Turn};
use crate::message::advice::advice;
use crate::message::{Templates, Written};
use crate::plan::hours::waits_until;
use crate::plan::next::{Next, Past, Relay, Verdict, next};
use crate::plan::notice::MISSED;
use crate::plan::outcome::{Outcome, Phase};
use crate::plan::row::{Row, State};
use crate::plan::{Key, Sort};
use crate::transport::{Letter, Transport};

/// How many mails a claim takes: a crash before they are handed costs nothing.
const BATCH: usize = 16;

/// How long a reminder waits that could not be told.
const UNTOLD: TimeDelta = TimeDelta::minutes(15);

/// So many recipients refused in a row with one code, and it is we who are refused, not they.
const IN_A_ROW: usize = 3;

/// How long a relay rests that refuses us so.
const REFUSED_REST: TimeDelta = TimeDelta::minutes(15);

/// A way out, and how it does.
#[derive(Debug)]
pub struct Way {
    /// Its name, for the log: the relay's host, or the outbox.
    pub name: String,
    /// The transport.
    pub transport: Transport,
    /// It takes no mail before this instant.
    pub rest_until: Option<DateTime<Utc>>,
    /// How often in a row it failed before it could judge a mail.
    pub failures: u32,
    /// How it does, as far as the operator is concerned.
    pub health: Health,
    /// Whether what failed last would have failed while it was made ready.
    early: bool,
}

impl Way {
    /// A way out that is well as far as is known.
    #[must_use]
    pub fn new(name: String, transport: Transport) -> Self {
        Self { name, transport, rest_until: None, failures: 0, health: Health::Unknown, early: false }
    }
}

/// What became of one mail.
#[derive(Debug)]
pub struct Departure {
    /// Its Message-ID.
    pub message_id: String,
    /// The id of who reads it.
    pub reader: String,
    /// Its address.
    pub email: String,
    /// The mail.
    pub written: Written,
    /// The reminders in it.
    pub keys: Vec<Key>,
    /// When.
    pub at: DateTime<Utc>,
    /// What was written of it.
    pub verdict: Verdict,
}

/// What a step did.
#[derive(Debug, Default)]
pub struct Report {
    /// Whether it found work: then it wants to be called again.
    pub worked: bool,
    /// What became of mails.
    pub departures: Vec<Departure>,
    /// Reminders that ended unsent: superseded or lapsed.
    pub ended: Vec<(Key, State)>,
    /// Reminders that cannot be told for now.
    pub aside: Vec<Key>,
    /// Notices that had nothing to tell.
    pub empty: Vec<Key>,
    /// Templates that failed, each told once while they are in force.
    pub templates: Vec<Problem>,
    /// A relay that rests from now on: its name, until when, and why.
    pub resting: Option<(String, DateTime<Utc>, String)>,
}

/// A mail's Message-ID and the term of its claim.
type Claim = (String, i64);

/// Sends what is due.
#[derive(Debug)]
pub struct Dispatcher<L> {
    ledger: L,
    clock: Clock,
    ways: Vec<Way>,
    lease: TimeDelta,
    stop: watch::Receiver<bool>,
    /// What this step did; what a failed step did is told by the next.
    report: Report,
    /// Mails at which a conversation ended. They are tried last, so that none of them holds up the others, and a
    /// second loss is the relay's.
    suspects: BTreeSet<String>,
    /// Addresses refused for good one after the other, with one code; and the rows of those mails.
    refused: Vec<(u16, String, Vec<Key>)>,
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
            refused: Vec::new(),
            again: Vec::new(),
            unsettled: None,
            claimed: Vec::new(),
            background: None,
            fresh: false,
            templates: (Arc::new(Templates::built_in()), Vec::new()),
        }
    }

    /// How the ways out do, and the templates.
    #[must_use]
    pub fn health(&self) -> Felt {
        let health = |way: &Way| WayHealth { name: way.name.clone(), health: way.health.clone() };
        let ways = self.ways.iter().map(health).collect();
        Felt { ways, templates: self.templates.1.clone(), ..Felt::default() }
    }

    /// A template failed on a mail: once while it is in force.
    fn blame(&mut self, problem: Problem, now: DateTime<Utc>) {
        if !self.templates.1.iter().any(|known| known.problem.file == problem.file) {
            self.report.templates.push(problem.clone());
            self.templates.1.push(Fault { problem, since: now });
        }
    }

    /// Until when every way out rests; `None` when one does not.
    #[must_use]
    pub fn rests_until(&self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let rests: Option<Vec<_>> =
            self.ways.iter().map(|way| way.rest_until.filter(|until| *until > now)).collect();
        rests.and_then(|rests| rests.into_iter().min())
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
        self.turn(None, now).await?;
        self.plan_again(now).await?;
        self.release().await?;
        let ended = self.ledger.tidy(now).await?;
        self.report.worked = !ended.is_empty();
        self.report.ended.extend(ended);
        let Some(sender) = snapshot.settings.mail.as_ref() else { return Ok(()) };
        let Some(at) = self.ways.iter().position(|way| way.rest_until.is_none_or(|until| until <= now))
        else {
            return Ok(());
        };
        if *self.stop.borrow() {
            return Ok(());
        }
        fail_point("before-claim");
        let mut mails = self.ledger.claim(now, self.lease, BATCH, sender.from.domain()).await?;
        if mails.is_empty() {
            return Ok(());
        }
        fail_point("after-claim");
        self.report.worked = true;
        self.claimed = mails.iter().map(|mail| (mail.message_id.clone(), mail.term)).collect();
        // Digests tell of what left before them; what the operator hears comes last.
        mails.sort_by_key(|mail| {
            (self.suspects.contains(&mail.message_id), holds(mail, Sort::Operator), holds(mail, Sort::Digest))
        });
        let ready = tokio::select! {
            ready = self.ways[at].transport.ready() => Some(ready),
            () = told_to_stop(self.stop.clone()) => None,
        };
        match ready {
            Some(Ok(())) => {
                let way = &mut self.ways[at];
                if way.early || way.health == Health::Unknown {
                    (way.health, way.early) = (Health::Well, false);
                }
                self.send_all(at, mails, snapshot, now).await?;
            }
            Some(Err(outcome)) => {
                let past = Past { relay_failures: self.ways[at].failures, retried: true, ..Past::default() };
                let next = next(&outcome, past, snapshot.settings.delivery.in_doubt, self.clock.now());
                self.rest(at, next.relay, &outcome);
            }
            None => self.ways[at].transport.close().await,
        }
        self.turn(None, self.clock.now()).await?;
        self.release().await
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
            let slow = self.clock.now() - claimed_at > self.lease / 2;
            if !goes_on || slow || *self.stop.borrow() {
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
        let sender = snapshot.settings.mail.as_ref();
        let from = sender.map_or("", |sender| sender.bounces.as_deref().unwrap_or(&sender.from.email));
        let outcome = match &written.bytes {
            Ok(bytes) => {
                let letter = Letter { from, to: &mail.email, message_id: &mail.message_id, bytes };
                self.ways[at].transport.send_unless(letter, told_to_stop(self.stop.clone())).await
            }
            Err(error) => Outcome::Unfit(error.to_string()),
        };
        let now = self.clock.now();
        let past = Past {
            attempts: mail.rows.iter().map(|row| row.attempts).max().unwrap_or_default(),
            doubts: mail.rows.iter().map(|row| row.doubts).max().unwrap_or_default(),
            relay_failures: self.ways[at].failures,
            retried: self.suspects.contains(&mail.message_id),
        };
        let mut next = next(&outcome, past, delivery.in_doubt, now);
        self.in_a_row(&outcome, &mut next, &mail.email, &handed, now);
        // Kept before anything else is asked of the ledger: what came of this mail must not be lost.
        self.unsettled = Some((claim.0, claim.1, next.verdict.clone()));
        self.report.departures.push(Departure {
            message_id: mail.message_id.clone(),
            reader: mail.reader.clone(),
            email: mail.email.clone(),
            written,
            keys: handed,
            at: now,
            verdict: next.verdict,
        });
        match next.relay {
            Relay::GoesOn => {
                self.ways[at].failures = 0;
                self.ways[at].health = Health::Well;
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

    /// Three addresses refused for good in a row, with one code: the relay refuses us. It rests, and their rows are
    /// planned again: this one's by its verdict, those of the others by hand. One address that is refused three times
    /// says nothing of the relay.
    fn in_a_row(
        &mut self,
        outcome: &Outcome,
        next: &mut Next,
        email: &str,
        keys: &[Key],
        now: DateTime<Utc>,
    ) {
        let (Outcome::Refused(Phase::Recipient, reply), Verdict::Never { reply: said, .. }) =
            (outcome, &next.verdict)
        else {
            self.refused.clear();
            return;
        };
        self.refused.retain(|(code, _, _)| *code == reply.code);
        if let Some((_, _, known)) = self.refused.iter_mut().find(|(_, known, _)| known == email) {
            known.extend_from_slice(keys);
        } else if self.refused.len() + 1 < IN_A_ROW {
            self.refused.push((reply.code, email.to_owned(), keys.to_vec()));
        } else {
            next.verdict = Verdict::Again { at: now, counted: false, reply: said.clone() };
            next.relay = Relay::Rests(now + REFUSED_REST);
            self.again.extend(std::mem::take(&mut self.refused).into_iter().flat_map(|(_, _, keys)| keys));
        }
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
        let way = &mut self.ways[at];
        if let Relay::Rests(until) = relay {
            way.failures += 1;
            way.rest_until = Some(until);
            let why = match outcome {
                Outcome::Accepted(reply) => reply.to_string(),
                Outcome::Refused(phase, reply) => format!("{}: {reply}", phase.word()),
                Outcome::Lost(phase, words) => format!("{}: {words}", phase.word()),
                Outcome::NoToken(words) => format!("{}: {words}", Phase::Auth.word()),
                Outcome::Unfit(words) | Outcome::Unwritable(words) => words.clone(),
            };
            let since = match way.health {
                Health::Failing { since, .. } => since,
                _ => self.clock.now(),
            };
            way.early = is_early(outcome);
            let at_once = cannot_wait(outcome, way.failures);
            let advice = advice(outcome);
            let told = advice.as_ref().map_or_else(|| why.clone(), |advice| format!("{why}. {}", advice.en));
            way.health = Health::Failing { since, at_once, words: why, advice };
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

/// Whether a failure came before the relay could be given a mail: then being ready again is being well again.
fn is_early(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused(phase, _) | Outcome::Lost(phase, _) => *phase <= Phase::Auth,
        Outcome::NoToken(_) => true,
        _ => false,
    }
}

/// Whether no waiting will mend a failure, so that the operator hears of it at once: a refused login, sender or quota;
/// TLS, or a token's program, that fails twice.
fn cannot_wait(outcome: &Outcome, failures: u32) -> bool {
    match outcome {
        Outcome::Refused(Phase::Auth | Phase::Sender, reply) => reply.code >= 500,
        Outcome::Refused(Phase::Recipient | Phase::Data | Phase::Dot, _) => true,
        Outcome::Refused(Phase::Tls, _) | Outcome::Lost(Phase::Tls, _) | Outcome::NoToken(_) => failures > 1,
        _ => false,
    }
}

async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could tell.
        std::future::pending::<()>().await;
    }
}
