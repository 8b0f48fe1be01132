//! The dispatcher's step: take · decide · do · decide · write.
//!
//! 1. end what is overdue and should not leave;
//! 2. choose the first relay that does not rest, and claim a few mails;
//! 3. make the relay ready; if it is away, release them: they lost nothing;
//! 4. for each: write it, mark it as handed (and settle the one before, in the same transaction), send;
//! 5. settle the last.
//!
//! A mail that cannot be written fails alone. Nothing is logged here: the step returns what it did.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use super::planner::Snapshot;
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError, Mail, Turn};
use crate::message::{Addressee, Item, Templates, Written, write};
use crate::plan::Key;
use crate::plan::next::{Past, Relay, Verdict, next};
use crate::plan::outcome::Outcome;
use crate::plan::row::State;
use crate::transport::{Letter, Transport};

/// How many mails a claim takes: a crash before they are handed costs nothing.
const BATCH: usize = 16;

/// How long a mail waits that could not be written.
const UNWRITTEN: TimeDelta = TimeDelta::minutes(15);

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
    /// The mail; `None` when it could not be written.
    pub written: Option<Written>,
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
    /// A relay that rests from now on: its name, until when, and why.
    pub resting: Option<(String, DateTime<Utc>, String)>,
}

/// Sends what is due.
#[derive(Debug)]
pub struct Dispatcher<L> {
    ledger: L,
    clock: Clock,
    ways: Vec<Way>,
    lease: TimeDelta,
    stop: watch::Receiver<bool>,
    /// Mails that were tried again at once, on a new connection; the next loss is the relay's.
    retried: BTreeSet<String>,
    /// What came of a mail, not written yet: written with the next mark, or by the next step if the ledger failed.
    unsettled: Option<(String, i64, Verdict)>,
    /// Mails that were claimed: what was not begun is given back at the end of a step, or by the next one if the ledger
    /// failed. Giving back touches only what is still claimed, in that term.
    claimed: Vec<(String, i64)>,
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
            retried: BTreeSet::new(),
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
        let mut report = Report::default();
        let Some(sender) = snapshot.settings.mail.as_ref() else { return Ok(report) };
        let now = self.clock.now();
        self.turn(None, now).await?;
        self.release().await?;
        report.ended = self.ledger.tidy(now).await?;
        report.worked = !report.ended.is_empty();
        let Some(at) = self.ways.iter().position(|way| way.rest_until.is_none_or(|until| until <= now))
        else {
            return Ok(report);
        };
        if *self.stop.borrow() {
            return Ok(report);
        }
        let mails = self.ledger.claim(now, self.lease, BATCH, sender.from.domain()).await?;
        if mails.is_empty() {
            return Ok(report);
        }
        report.worked = true;
        self.claimed = mails.iter().map(|mail| (mail.message_id.clone(), mail.term)).collect();
        if let Err(outcome) = self.ways[at].transport.ready().await {
            let past = Past { relay_failures: self.ways[at].failures, retried: true, ..Past::default() };
            let next = next(&outcome, past, snapshot.settings.delivery.in_doubt, self.clock.now());
            self.rest(at, next.relay, &outcome, &mut report);
            self.release().await?;
            return Ok(report);
        }
        self.send_all(at, mails, snapshot, report).await
    }

    async fn send_all(
        &mut self,
        at: usize,
        mails: Vec<Mail>,
        snapshot: &Snapshot,
        mut report: Report,
    ) -> Result<Report, LedgerError> {
        for mail in mails {
            let goes_on = self.send_one(at, &mail, snapshot, &mut report).await?;
            if !goes_on || *self.stop.borrow() {
                break;
            }
        }
        self.turn(None, self.clock.now()).await?;
        self.release().await?;
        Ok(report)
    }

    /// Sends one claimed mail. False when the way out should be given no more for now.
    async fn send_one(
        &mut self,
        at: usize,
        mail: &Mail,
        snapshot: &Snapshot,
        report: &mut Report,
    ) -> Result<bool, LedgerError> {
        let now = self.clock.now();
        let Some(mut written) = compose(mail, None, snapshot, now) else {
            self.turn(None, now).await?;
            self.unwritten(mail, now, report);
            return Ok(true);
        };
        let handed = self.turn(Some((mail.message_id.clone(), mail.term)), now).await?;
        if handed.is_empty() {
            return Ok(true);
        }
        if handed.len() < mail.rows.len() {
            // Something dropped out since the claim: the mail says only what is still wanted.
            let Some(again) = compose(mail, Some(&handed), snapshot, now) else {
                self.unwritten(mail, now, report);
                return Ok(true);
            };
            written = again;
        }
        let sender = snapshot.settings.mail.as_ref();
        let from = sender.map_or("", |sender| sender.bounces.as_deref().unwrap_or(&sender.from.email));
        let way = &mut self.ways[at];
        let outcome = match &written.bytes {
            Ok(bytes) => {
                let letter = Letter { from, to: &mail.email, message_id: &mail.message_id, bytes };
                way.transport.send(letter).await
            }
            Err(error) => Outcome::Unfit(error.to_string()),
        };
        let now = self.clock.now();
        let past = Past {
            attempts: mail.rows.iter().map(|row| row.attempts).max().unwrap_or_default(),
            doubts: mail.rows.iter().map(|row| row.doubts).max().unwrap_or_default(),
            relay_failures: way.failures,
            retried: self.retried.contains(&mail.message_id),
        };
        let next = next(&outcome, past, snapshot.settings.delivery.in_doubt, now);
        self.unsettled = Some((mail.message_id.clone(), mail.term, next.verdict.clone()));
        report.departures.push(departure(mail, Some(written), &handed, now, next.verdict));
        match next.relay {
            Relay::GoesOn => {
                way.failures = 0;
                self.retried.remove(&mail.message_id);
                Ok(true)
            }
            Relay::Closes => {
                way.transport.close().await;
                self.retried.insert(mail.message_id.clone());
                Ok(false)
            }
            Relay::Rests(_) => {
                self.retried.remove(&mail.message_id);
                self.rest(at, next.relay, &outcome, report);
                Ok(false)
            }
        }
    }

    /// A mail that cannot be written waits, and fails nobody else.
    fn unwritten(&mut self, mail: &Mail, now: DateTime<Utc>, report: &mut Report) {
        let reply = "it could not be written".to_owned();
        let verdict = Verdict::Again { at: now + UNWRITTEN, counted: false, reply };
        self.unsettled = Some((mail.message_id.clone(), mail.term, verdict.clone()));
        report.departures.push(departure(mail, None, &[], now, verdict));
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
        let turn = Turn { settle: self.unsettled.clone(), hand };
        let turned = self.ledger.turn(turn, now, self.lease).await?;
        self.unsettled = None;
        Ok(turned.handed)
    }

    fn rest(&mut self, at: usize, relay: Relay, outcome: &Outcome, report: &mut Report) {
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
            report.resting = Some((way.name.clone(), until, why));
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

fn departure(
    mail: &Mail,
    written: Option<Written>,
    handed: &[Key],
    at: DateTime<Utc>,
    verdict: Verdict,
) -> Departure {
    Departure {
        message_id: mail.message_id.clone(),
        recipient: mail.recipient.clone(),
        email: mail.email.clone(),
        written,
        keys: handed.to_vec(),
        at,
        verdict,
    }
}

/// Pure but for the guard: the mail as it would be now, of all its rows or of those in `only`. `None` when a
/// row's event is not in force (a change is on its way), when no template can write it, or when writing panics:
/// one poisoned row must not stop the others.
fn compose(mail: &Mail, only: Option<&[Key]>, snapshot: &Snapshot, now: DateTime<Utc>) -> Option<Written> {
    catch_unwind(AssertUnwindSafe(|| try_compose(mail, only, snapshot, now))).ok().flatten()
}

fn try_compose(
    mail: &Mail,
    only: Option<&[Key]>,
    snapshot: &Snapshot,
    now: DateTime<Utc>,
) -> Option<Written> {
    let sender = snapshot.settings.mail.as_ref()?;
    let rows = mail.rows.iter().filter(|row| only.is_none_or(|keys| keys.contains(&row.key)));
    let items: Vec<Item<'_>> = rows
        .map(|row| {
            let (posting, event) = snapshot.event(row.key.posting(), row.key.event())?;
            Some(Item { posting, event, key: &row.key, due: row.due })
        })
        .collect::<Option<_>>()?;
    let first = items.first()?.posting;
    let person = snapshot.settings.house.directory.people.get(&mail.recipient);
    let to = Addressee {
        name: person.and_then(|person| person.name.as_deref()),
        email: &mail.email,
        language: person.and_then(|person| person.language).unwrap_or(first.language),
        zone: person.and_then(|person| person.zone).unwrap_or(first.zone),
    };
    let write = |templates: &Templates| write(templates, &items, &to, sender, &mail.message_id, now).ok();
    // A template that fails on this very mail gives way to the built-in one: a mail never waits for a template.
    write(&snapshot.templates).or_else(|| write(&Templates::built_in()))
}
