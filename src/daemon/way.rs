//! A way out, a relay or an outbox, and how it does: whether it rests, how much it may still be given, what the
//! operator must hear of it. What outlives a restart is kept in the ledger; nothing is asked of the world here but
//! through the transport.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::status::Bearing;
use super::troubles::{Health, WayHealth};
use crate::diagnostic::Problem;
use crate::ledger::StoredRelay;
use crate::message::advice::advice;
use crate::plan::complaint::Complaint;
use crate::plan::outcome::{Outcome, Phase};
use crate::plan::pace;
use crate::settings::{Rate, Settings};
use crate::transport::Transport;
use crate::transport::folder::Outbox;

/// How long a rest that was remembered lasts at most: the clock may have been ahead when it began.
const LONGEST_REST: TimeDelta = TimeDelta::hours(1);

/// How exactly the ledger knows when a way out was tried: not every mail is worth a note.
const NOTED: TimeDelta = TimeDelta::hours(1);

/// How long a relay is given no more lines than it took, after it refused another one.
const NARROW: TimeDelta = TimeDelta::minutes(15);

/// One of the conversations that a way out may have side by side.
#[derive(Debug)]
struct Line {
    /// Gone while it is out.
    transport: Option<Transport>,
    /// Whether it is known to be ready for a mail.
    ready: bool,
    /// What it is to become once it is here.
    renewed: Option<Transport>,
}

impl Line {
    fn new(transport: Transport) -> Self {
        Self { transport: Some(transport), ready: false, renewed: None }
    }
}

/// A way out, and how it does.
#[derive(Debug)]
pub struct Way {
    /// Its name, for the log: the relay's host, or the outbox.
    pub name: String,
    /// Its lines, one at least.
    lines: Vec<Line>,
    /// How many of them are used: fewer than there are when the settings were changed.
    most: usize,
    /// It refused one line more than these, and is given no more until then.
    narrow: Option<(usize, DateTime<Utc>)>,
    /// How much it takes.
    rates: Vec<Rate>,
    /// When it was given mails, within the longest of these.
    begun: Vec<DateTime<Utc>>,
    /// It takes no mail before this instant.
    pub(super) rest_until: Option<DateTime<Utc>>,
    /// How often in a row it failed before it could judge a mail.
    pub(super) failures: u32,
    /// How often it began to rest: what was begun before says nothing of how it does since.
    pub(super) rests: u32,
    /// How it does, as far as the operator is concerned.
    pub(super) health: Health,
    /// Whether what failed last would have failed while it was made ready: then being ready again is being well.
    early: bool,
    /// When it was last looked at or given mails, whatever came of it.
    pub(super) tried: Option<DateTime<Utc>>,
    /// What the ledger knows of it.
    noted: StoredRelay,
}

impl Way {
    /// A way out that is well as far as is known, and takes any number of mails.
    #[must_use]
    pub fn new(name: String, transport: Transport) -> Self {
        let noted =
            StoredRelay { name: name.clone(), rest_until: None, failures: 0, trouble: None, tried: None };
        Self {
            name,
            lines: vec![Line::new(transport)],
            most: 1,
            narrow: None,
            rates: Vec::new(),
            begun: Vec::new(),
            rest_until: None,
            failures: 0,
            rests: 0,
            health: Health::Unknown,
            early: false,
            tried: None,
            noted,
        }
    }

    /// The same, with more lines.
    #[must_use]
    pub fn with_lines(mut self, more: impl IntoIterator<Item = Transport>) -> Self {
        self.lines.extend(more.into_iter().map(Line::new));
        self.most = self.lines.len();
        self
    }

    /// The first of its lines; none while that is out.
    #[must_use]
    pub fn first(&self) -> Option<&Transport> {
        self.lines.first()?.transport.as_ref()
    }

    /// The same, to use it.
    pub fn first_mut(&mut self) -> Option<&mut Transport> {
        self.lines.first_mut()?.transport.as_mut()
    }

    /// The outbox, if it is one.
    #[must_use]
    pub fn outbox(&self) -> Option<Outbox> {
        match self.first() {
            Some(Transport::Folder(outbox)) => Some(outbox.clone()),
            _ => None,
        }
    }

    /// Nothing is known any more of which lines are ready.
    pub(super) fn doubt_lines(&mut self) {
        self.lines.iter_mut().for_each(|line| line.ready = false);
    }

    /// Gives a line that is here and ready to a mail: until it was out, it is not ready for another.
    pub(super) fn take_ready(&mut self) -> Option<usize> {
        let line = self.lines[..self.most].iter().position(|line| line.ready && line.transport.is_some())?;
        self.lines[line].ready = false;
        Some(line)
    }

    /// A line that was given to a mail which does not leave now is ready for another.
    pub(super) fn keep_ready(&mut self, line: usize) {
        self.lines[line].ready = true;
    }

    /// How many lines are here and ready.
    pub(super) fn ready_lines(&self) -> usize {
        self.lines[..self.most].iter().filter(|line| line.ready && line.transport.is_some()).count()
    }

    /// A line that is here and may be made ready, where so many are ready or out.
    pub(super) fn line_to_open(&self, up: usize, now: DateTime<Utc>) -> Option<usize> {
        let narrow = self.narrow.filter(|(_, until)| *until > now).map_or(usize::MAX, |(lines, _)| lines);
        let cold = || self.lines[..self.most].iter().position(|line| !line.ready && line.transport.is_some());
        if up < narrow { cold() } else { None }
    }

    /// Takes a line that is here.
    pub(super) fn take_line(&mut self, line: usize) -> Option<Transport> {
        let line = self.lines.get_mut(line)?;
        line.ready = false;
        line.transport.take()
    }

    /// A line is here again, ready for the next mail or not.
    pub(super) async fn line_is_back(&mut self, line: usize, transport: Transport, ready: bool) {
        let Some(line) = self.lines.get_mut(line) else { return };
        line.ready = ready && line.renewed.is_none();
        let transport = line.transport.insert(transport);
        if let Some(renewed) = line.renewed.take() {
            transport.adopt(renewed).await;
        }
    }

    /// It refused a line while it took mails on so many others.
    pub(super) fn narrows(&mut self, lines: usize, now: DateTime<Utc>) {
        self.narrow = Some((lines.max(1), now + NARROW));
    }

    /// The line here that has lain idle for longest, and until when it may.
    pub(super) fn idle(&mut self) -> Option<(tokio::time::Instant, &mut Transport)> {
        let here = self.lines.iter_mut().filter_map(|line| line.transport.as_mut());
        here.filter_map(|transport| Some((transport.idle_until()?, transport)))
            .min_by_key(|(until, _)| *until)
    }

    /// Says goodbye on every line that is here.
    pub(super) async fn close(&mut self) {
        for transport in self.lines.iter_mut().filter_map(|line| line.transport.as_mut()) {
            transport.close().await;
        }
    }

    /// The same, which takes only so many mails.
    #[must_use]
    pub fn with_rates(mut self, rates: Vec<Rate>) -> Self {
        self.rates = rates;
        self
    }

    /// How far back mails count against its rates; none when it has none.
    pub(super) fn window(&self) -> Option<TimeDelta> {
        pace::window(&self.rates)
    }

    /// Takes over what the ledger remembers.
    pub(super) fn recall(
        &mut self,
        known: Option<StoredRelay>,
        begun: Vec<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) {
        self.begun = begun;
        let Some(known) = known else { return };
        // Whoever restarts has mended what only a hand can mend, or thinks so: it is tried at once.
        let mended = known.trouble.as_ref().is_some_and(|(_, complaint, _)| complaint.wants_a_hand());
        // Also one that is over: then a relay that was away is looked at now.
        let rest = known.rest_until.filter(|_| !mended);
        self.rest_until = rest.map(|at| at.min(now + LONGEST_REST));
        self.failures = known.failures;
        self.tried = known.tried.map(|tried| tried.min(now));
        if let Some((since, complaint, words)) = known.trouble.clone() {
            self.early = matches!(
                complaint,
                Complaint::Away | Complaint::Untrusted | Complaint::Login | Complaint::Token
            );
            let since = since.min(now);
            self.health = Health::Failing { since, last: since, complaint, words, advice: None };
        }
        self.noted = known;
    }

    /// How much it takes.
    pub(super) fn rates(&self) -> &[Rate] {
        &self.rates
    }

    /// When it was given mails, by whichever host.
    pub(super) fn recount(&mut self, begun: Vec<DateTime<Utc>>) {
        self.begun = begun;
    }

    /// Hears what another host noted of it: what the relay holds against us all makes it rest here too. That it cannot be
    /// reached from elsewhere, or not be trusted there, says nothing about the way from here.
    pub(super) fn hear(&mut self, known: &StoredRelay, now: DateTime<Utc>) {
        let Some((since, complaint, words)) = &known.trouble else { return };
        let here = matches!(complaint, Complaint::Away | Complaint::Untrusted | Complaint::Outbox);
        let until = known.rest_until.map(|until| until.min(now + LONGEST_REST));
        if here || until.is_none_or(|until| until <= now) || until <= self.rest_until || *known == self.noted
        {
            return;
        }
        (self.rest_until, self.failures) = (until, self.failures.max(known.failures));
        self.early = matches!(complaint, Complaint::Login | Complaint::Token);
        let (since, words) = ((*since).min(now), words.clone());
        self.health = Health::Failing { since, last: since, complaint: *complaint, words, advice: None };
        self.noted = known.clone();
    }

    /// What the ledger should remember, where that is not what it does.
    pub(super) fn to_note(&self) -> Option<StoredRelay> {
        let trouble = match &self.health {
            Health::Failing { since, complaint, words, .. } => Some((*since, *complaint, words.clone())),
            Health::Unknown | Health::Well => None,
        };
        let known = self.noted.tried;
        let news = known.is_none_or(|known| self.tried.is_some_and(|tried| tried - known >= NOTED));
        let relay = StoredRelay {
            name: self.name.clone(),
            rest_until: self.rest_until,
            failures: self.failures,
            trouble,
            tried: if news { self.tried } else { known },
        };
        (relay != self.noted).then_some(relay)
    }

    /// The ledger remembers this.
    pub(super) fn is_noted(&mut self, relay: StoredRelay) {
        self.noted = relay;
    }

    /// When it may be given a mail, if not now: it rests, or has been given all that its rates allow.
    pub(super) fn free_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let rest = self.rest_until.filter(|until| *until > now);
        rest.max(pace::free_at(&self.rates, &self.begun, now))
    }

    /// How many mails it may be given now; none when there is no limit.
    pub(super) fn allowance(&self, now: DateTime<Utc>) -> Option<usize> {
        pace::allowance(&self.rates, &self.begun, now)
    }

    /// It is given a mail.
    pub(super) fn begins(&mut self, now: DateTime<Utc>) {
        if let Some(window) = self.window() {
            self.begun.retain(|at| *at >= now - window);
            self.begun.push(now);
        }
    }

    /// When it is to be looked at whether or not there is a mail for it: a relay that was away or not to be trusted. A
    /// refused login is not tried for nothing: accounts are locked for that.
    pub(super) fn probe_at(&self) -> Option<DateTime<Utc>> {
        match (&self.health, self.early) {
            (Health::Failing { complaint: Complaint::Away | Complaint::Untrusted, .. }, true) => {
                self.rest_until
            }
            _ => None,
        }
    }

    /// It is ready for a mail.
    pub(super) fn is_ready(&mut self) {
        if self.early || self.health == Health::Unknown {
            (self.health, self.early, self.rest_until) = (Health::Well, false, None);
        }
    }

    /// It judged a mail.
    pub(super) fn is_well(&mut self) {
        (self.health, self.early, self.rest_until, self.failures) = (Health::Well, false, None, 0);
    }

    /// It rests, because of this.
    pub(super) fn rests(&mut self, until: DateTime<Utc>, outcome: &Outcome, now: DateTime<Utc>) {
        let since = match self.health {
            Health::Failing { since, .. } => since,
            Health::Unknown | Health::Well => now,
        };
        self.failures += 1;
        self.rests += 1;
        self.rest_until = Some(until);
        self.early = is_early(outcome);
        let (complaint, words) = (Complaint::of(outcome), outcome.words());
        self.health = Health::Failing { since, last: now, complaint, words, advice: advice(outcome) };
    }

    /// How it does now, for the service manager.
    pub(super) fn bearing(&self, now: DateTime<Utc>) -> (String, Bearing) {
        let rests = self.rest_until.filter(|until| *until > now);
        let bearing = match (&self.health, self.first()) {
            (Health::Failing { complaint, .. }, _) => rests
                .map_or(Bearing::Fails(complaint.word()), |until| Bearing::Rests(until, complaint.word())),
            (_, Some(Transport::Folder(_))) => Bearing::Outbox,
            (Health::Unknown, _) => Bearing::Unknown,
            (Health::Well, _) => Bearing::Well,
        };
        (self.name.clone(), bearing)
    }

    /// How it does, by name.
    pub(super) fn felt(&self) -> WayHealth {
        WayHealth { name: self.name.clone(), health: self.health.clone() }
    }

    /// Takes over a way of the same name that was made anew: with other terms (a password, an authority), on new
    /// connections, and what it said before counts no more. A line that is out changes when it is back.
    pub(super) async fn adopt(&mut self, new: Self) {
        self.rates = new.rates;
        (self.most, self.narrow) = (new.most, None);
        let mut same = true;
        for (n, renewed) in new.lines.into_iter().filter_map(|line| line.transport).enumerate() {
            match self.lines.get_mut(n) {
                Some(Line { transport: Some(here), ready, .. }) => {
                    *ready = false;
                    same &= here.adopt(renewed).await;
                }
                Some(out) => out.renewed = Some(renewed),
                None => self.lines.push(Line::new(renewed)),
            }
        }
        if !same {
            (self.health, self.early, self.rest_until, self.failures) = (Health::Unknown, false, None, 0);
        }
    }
}

/// Whether a failure came before the relay could be given a mail.
fn is_early(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Refused(phase, _) | Outcome::Lost(phase, _) => *phase <= Phase::Auth,
        Outcome::Untrusted(_) | Outcome::NoToken(_) => true,
        Outcome::Accepted(_) | Outcome::Unfit(_) | Outcome::Unwritable(_) => false,
    }
}

/// Makes ways out by settings; a problem is placed in the text of jalon.toml, which comes second.
type Make = dyn Fn(&Settings, &str) -> Result<Vec<Way>, Problem> + Send + Sync;

/// How ways out are made anew at a reload, from secrets and authorities as they are then.
pub struct Remake(Box<Make>);

impl Remake {
    /// Made so.
    pub fn new(make: impl Fn(&Settings, &str) -> Result<Vec<Way>, Problem> + Send + Sync + 'static) -> Self {
        Self(Box::new(make))
    }

    /// The ways out by these settings, the text of which is given; or why they cannot be made.
    pub fn ways(&self, settings: &Settings, text: &str) -> Result<Vec<Way>, Problem> {
        (self.0)(settings, text)
    }
}

impl fmt::Debug for Remake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remake")
    }
}
