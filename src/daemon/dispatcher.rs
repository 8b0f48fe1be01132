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

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::composing::{compose, zone_of};
use super::planner::Snapshot;
use crate::clock::Clock;
use crate::ledger::{Aside, Hand, HandOver, Ledger, LedgerError, Mail, Turn};
use crate::message::Written;
use crate::plan::Key;
use crate::plan::hours::waits_until;
use crate::plan::next::{Next, Past, Relay, Verdict, next};
use crate::plan::outcome::{Outcome, Phase};
use crate::plan::row::State;
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
}

impl Way {
    /// A way out that is well as far as is known.
    #[must_use]
    pub fn new(name: String, transport: Transport) -> Self {
        Self { name, transport, rest_until: None, failures: 0 }
    }
}

/// What became of one mail.
#[derive(Debug)]
pub struct Departure {
    /// Its Message-ID.
    pub message_id: String,
    /// Its recipient's id.
    pub recipient: String,
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
    /// Recipients refused for good one after the other, with one code.
    refused: Vec<(u16, Vec<Key>)>,
    /// What came of a mail, not written yet: written with the next mark, or by the next step if the ledger failed.
    unsettled: Option<(String, i64, Verdict)>,
    /// What was claimed: what was not begun is given back at the end of a step, or by the next one if the ledger
    /// failed. Giving back touches only what is still claimed, in that term.
    claimed: Vec<Claim>,
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
            unsettled: None,
            claimed: Vec::new(),
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
        self.turn(None, now).await?;
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
        let mut mails = self.ledger.claim(now, self.lease, BATCH, sender.from.domain()).await?;
        if mails.is_empty() {
            return Ok(());
        }
        self.report.worked = true;
        self.claimed = mails.iter().map(|mail| (mail.message_id.clone(), mail.term)).collect();
        mails.sort_by_key(|mail| self.suspects.contains(&mail.message_id));
        let ready = tokio::select! {
            ready = self.ways[at].transport.ready() => Some(ready),
            () = told_to_stop(self.stop.clone()) => None,
        };
        match ready {
            Some(Ok(())) => self.send_all(at, mails, snapshot, now).await?,
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
        if let Some(opening) = waits_until(&mail.rows, zone_of(mail, snapshot), delivery.hours, now) {
            self.turn(None, now).await?;
            let reply = "late: it waits for the hours of delivery".to_owned();
            self.unsettled = Some((claim.0, claim.1, Verdict::Again { at: opening, counted: false, reply }));
            return Ok(true);
        }
        let (written, untold) = compose(mail, None, snapshot, now);
        if !untold.is_empty() {
            let reply = "it cannot be told: no usable version of its posting holds it".to_owned();
            let aside = Aside::Until(now + UNTOLD, reply);
            self.ledger.set_aside(claim.clone(), untold.clone(), aside, now).await?;
            self.report.aside.extend(untold.iter().cloned());
        }
        let Some(mut written) = written else { return Ok(true) };
        let handed = self.turn(Some(claim.clone()), now).await?;
        if handed.is_empty() {
            return Ok(true);
        }
        if handed.len() + untold.len() < mail.rows.len() {
            // Something dropped out since the claim: the mail says only what is still wanted.
            let (Some(again), _) = compose(mail, Some(&handed), snapshot, now) else {
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
                self.ways[at].transport.send(letter).await
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
        let planned_again = self.in_a_row(&outcome, &mut next, &handed, now);
        // Kept before anything else is asked of the ledger: what came of this mail must not be lost.
        self.unsettled = Some((claim.0, claim.1, next.verdict.clone()));
        self.report.departures.push(Departure {
            message_id: mail.message_id.clone(),
            recipient: mail.reader.clone(),
            email: mail.email.clone(),
            written,
            keys: handed,
            at: now,
            verdict: next.verdict,
        });
        match next.relay {
            Relay::GoesOn => {
                self.ways[at].failures = 0;
                self.suspects.remove(&mail.message_id);
            }
            Relay::Closes => self.ways[at].transport.close().await,
            Relay::Rests(_) => self.rest(at, next.relay, &outcome),
        }
        if next.relay != Relay::GoesOn {
            self.suspects.insert(mail.message_id.clone());
        }
        for key in planned_again {
            self.ledger.by_hand(key, Hand::Retry, now).await?;
        }
        Ok(next.relay == Relay::GoesOn)
    }

    /// Three recipients refused for good in a row, with one code: the relay refuses us. It rests, and their
    /// reminders are planned again: this one's by its verdict, those of the others by the keys returned.
    fn in_a_row(&mut self, outcome: &Outcome, next: &mut Next, keys: &[Key], now: DateTime<Utc>) -> Vec<Key> {
        let (Outcome::Refused(Phase::Recipient, reply), Verdict::Never { reply: said, .. }) =
            (outcome, &next.verdict)
        else {
            self.refused.clear();
            return Vec::new();
        };
        self.refused.retain(|(code, _)| *code == reply.code);
        if self.refused.len() + 1 < IN_A_ROW {
            self.refused.push((reply.code, keys.to_vec()));
            return Vec::new();
        }
        next.verdict = Verdict::Again { at: now, counted: false, reply: said.clone() };
        next.relay = Relay::Rests(now + REFUSED_REST);
        std::mem::take(&mut self.refused).into_iter().flat_map(|(_, keys)| keys).collect()
    }

    /// Writes what came of the last mail and marks the next one, in one transaction. What could not be written is
    /// kept for the next try.
    async fn turn(
        &mut self,
        hand: Option<(String, i64)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Key>, LedgerError> {
        if self.unsettled.is_none() && hand.is_none() {
            return Ok(Vec::new());
        }
        let hand = hand.map(|(message_id, term)| HandOver { message_id, term, says: Vec::new() });
        let turn = Turn { settle: self.unsettled.clone(), hand };
        let turned = self.ledger.turn(turn, now, self.lease).await?;
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
                Outcome::Unfit(words) | Outcome::Unwritable(words) => words.clone(),
            };
            self.report.resting = Some((way.name.clone(), until, why));
        }
    }

    async fn release(&mut self) -> Result<(), LedgerError> {
        if !self.claimed.is_empty() {
            self.ledger.release(self.claimed.clone(), self.clock.now()).await?;
            self.claimed.clear();
        }
        Ok(())
    }

    /// Says goodbye to every relay.
    pub async fn close(&mut self) {
        for way in &mut self.ways {
            way.transport.close().await;
        }
    }
}

async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could tell.
        std::future::pending::<()>().await;
    }
}
