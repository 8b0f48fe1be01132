//! Mails on lines: collect what came back · decide · write one turn · begin on the lines that are free. The next mails are
//! put into words meanwhile, beside all that. With one line it is the same.
//!
//! Nothing leaves before its mark is durable; what came of a mail is written with the next mark, before anything else is
//! asked of its line. So there are never more mails in doubt after a crash than lines.

use std::collections::VecDeque;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::oneshot;
use tokio::task::yield_now;
use tokio::time::{sleep, timeout};

use super::composing::{Background, Composed, compose, needs_background, waits_at_most, zone_of};
use super::dispatcher::{Departure, Dispatcher, ELSEWHERE, UNTOLD};
use super::lines::{Back, Came, InHand, Place, Rank};
use super::planner::Snapshot;
use crate::ledger::{Aside, Basis, HandOver, Ledger, LedgerError, Mail, Says};
use crate::message::Written;
use crate::plan::Sort;
use crate::plan::hours::waits_until;
use crate::plan::next::{InDoubt, Next, Past, Relay, Verdict, next};
use crate::plan::outcome::Outcome;
use crate::plan::row::Row;
use crate::settings::Mail as Sender;

/// How long a step waits for a line: then it ends, so that what fell due meanwhile can leave on the others.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a line that came back waits at most for others: much less than a relay takes for a mail, and longer than a near one.
const COMPANY: Duration = Duration::from_millis(1);

/// How many mails are put into words ahead for each that is out: so many that one task writes several in a row.
const AHEAD: usize = 4;

/// How long claimed mails wait at most for a line: what falls due meanwhile may be more urgent.
const HELD: TimeDelta = TimeDelta::seconds(30);

/// A mail that is being put into words, or has been, and waits for a line.
struct Ahead {
    rank: Rank,
    words: oneshot::Receiver<(Mail, Composed)>,
}

impl Ahead {
    async fn words(self) -> (Mail, Composed) {
        // Their task panicked: so does this loop, as if it had been one with it.
        self.words.await.unwrap_or_else(|gone| resume_unwind(Box::new(gone.to_string())))
    }
}

/// A mail that is to be put into words.
struct Unwritten {
    mail: Mail,
    background: Option<Arc<Background>>,
    now: DateTime<Utc>,
    words: oneshot::Sender<(Mail, Composed)>,
}

/// A mail that leaves now.
struct Leaving {
    mail: Mail,
    written: Written,
    says: Vec<Says>,
    rank: Rank,
}

impl<L: Ledger> Dispatcher<L> {
    /// Has the claimed mails leave by a way, if there is one that takes any; ends when all lines are here and nothing is
    /// left to begin, or when none has come back for a while.
    pub(super) async fn flow(
        &mut self,
        at: Option<usize>,
        snapshot: &Arc<Snapshot>,
    ) -> Result<(), LedgerError> {
        let mut ahead = VecDeque::new();
        let flowed = self.flow_ahead(at, snapshot, &mut ahead).await;
        // Written anew when their time comes: what they say may have changed by then.
        while let Some(last) = ahead.pop_back() {
            let (mail, _) = last.words().await;
            self.queue.push_front(mail);
        }
        flowed
    }

    async fn flow_ahead(
        &mut self,
        at: Option<usize>,
        snapshot: &Arc<Snapshot>,
        ahead: &mut VecDeque<Ahead>,
    ) -> Result<(), LedgerError> {
        loop {
            self.collect().await;
            let now = self.clock.now();
            let at = at.filter(|at| self.goes_on(*at, now));
            let leaving = match at {
                Some(at) => self.gather(at, snapshot, ahead, now).await?,
                None => Vec::new(),
            };
            let began = !leaving.is_empty();
            self.begin(leaving, snapshot).await?;
            self.tell();
            self.plan_again(now).await?;
            if let Some(at) = at {
                self.open(at, ahead.front().map(|ahead| ahead.rank), ahead.len(), now);
            }
            if at.is_some() {
                let out = self.lines.ranks().count();
                if ahead.len() < out {
                    self.write_ahead(ahead, out * AHEAD, &[], snapshot).await?;
                }
            }
            self.promise(self.lines.patience());
            if self.lines.are_here() {
                if began {
                    continue;
                }
                return Ok(());
            }
            match timeout(PATIENCE, self.lines.next()).await {
                Ok(Some(back)) => self.heed_with_company(back).await,
                Ok(None) => {}
                Err(_) => return Ok(()),
            }
        }
    }

    /// Takes note of a line that has come back, and of those that do so in a moment: one flush to the disk serves them all.
    async fn heed_with_company(&mut self, first: Back) {
        self.heed(first).await;
        let moment = sleep(COMPANY);
        tokio::pin!(moment);
        while !self.lines.are_here() {
            tokio::select! {
                back = self.lines.next() => match back {
                    Some(back) => self.heed(back).await,
                    None => return,
                },
                () = &mut moment => return,
            }
        }
    }

    /// Takes note of every line that has come back by now.
    pub(super) async fn collect(&mut self) {
        while let Some(back) = self.lines.back() {
            self.heed(back).await;
        }
    }

    /// Waits for every line, and takes note.
    pub(super) async fn collect_all(&mut self) -> Result<(), LedgerError> {
        while let Some(back) = self.lines.next().await {
            self.heed(back).await;
            self.collect().await;
            self.turn(Vec::new(), self.clock.now()).await?;
        }
        Ok(())
    }

    /// Whether more may be begun by a way.
    pub(super) fn goes_on(&self, at: usize, now: DateTime<Utc>) -> bool {
        // A slow relay must not eat up the lease of the mails behind.
        let held = now - self.claimed_at;
        !*self.stop.borrow() && self.ways[at].free_at(now).is_none() && held <= HELD.min(self.lease / 2)
    }

    /// The mails that leave now, each with its line.
    async fn gather(
        &mut self,
        at: usize,
        snapshot: &Arc<Snapshot>,
        ahead: &mut VecDeque<Ahead>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Place, Leaving)>, LedgerError> {
        let mut leaving: Vec<(Place, Leaving)> = Vec::new();
        let room = self.ways[at].allowance(now).unwrap_or(usize::MAX).min(self.ways[at].ready_lines());
        while leaving.len() < room {
            let begun: Vec<Rank> = leaving.iter().map(|(_, leaving)| leaving.rank).collect();
            self.write_ahead(ahead, room - leaving.len(), &begun, snapshot).await?;
            let Some(next) = ahead.pop_front() else { break };
            if self.waits(next.rank, begun.iter().copied()) {
                ahead.push_front(next);
                break;
            }
            let Some(next) = self.read(next, snapshot).await? else { continue };
            let Some(line) = self.ways[at].take_ready() else { break };
            leaving.push(((at, line), next));
        }
        Ok(leaving)
    }

    /// Has lines made ready while more mails wait than there are lines for: the first alone, for it shows whether the relay
    /// is there at all.
    fn open(&mut self, at: usize, first: Option<Rank>, ahead: usize, now: DateTime<Utc>) {
        let first = first.or_else(|| self.queue.front().map(|mail| self.rank(mail)));
        let Some(first) = first.filter(|rank| !self.waits(*rank, std::iter::empty())) else { return };
        let waiting = if first.suspect { 1 } else { ahead + self.queue.len() };
        loop {
            let way = &self.ways[at];
            let (opening, busy) = self.lines.out_of(at);
            let here = way.ready_lines();
            let up = here + busy;
            if opening + here >= waiting || (up == 0 && opening > 0) {
                return;
            }
            let Some(line) = way.line_to_open(up + opening, now) else { return };
            let Some(transport) = self.ways[at].take_line(line) else { return };
            self.lines.ready((at, line), transport, self.stop.clone());
        }
    }

    /// Whether a mail must wait until others are settled: those that are out, and these.
    fn waits(&self, rank: Rank, begun: impl Iterator<Item = Rank>) -> bool {
        let mut others = self.lines.ranks().chain(begun).peekable();
        if others.peek().is_none() {
            return false;
        }
        rank.suspect || (rank.digest && !self.fresh) || others.any(|other| other.suspect || other < rank)
    }

    fn rank(&self, mail: &Mail) -> Rank {
        Rank {
            suspect: self.suspects.contains(&mail.message_id),
            operator: holds(mail, Sort::Operator),
            digest: holds(mail, Sort::Digest),
        }
    }

    /// In which order claimed mails leave.
    pub(super) fn in_order(&self, mut mails: Vec<Mail>) -> VecDeque<Mail> {
        mails.sort_by_key(|mail| self.rank(mail));
        mails.into()
    }

    /// Has the next mails put into words, until there are so many that may leave after those that are begun.
    async fn write_ahead(
        &mut self,
        ahead: &mut VecDeque<Ahead>,
        count: usize,
        begun: &[Rank],
        snapshot: &Arc<Snapshot>,
    ) -> Result<(), LedgerError> {
        let mut unwritten = Vec::new();
        let done = self.choose((&mut *ahead, &mut unwritten), count, begun, snapshot).await;
        if !unwritten.is_empty() {
            let snapshot = Arc::clone(snapshot);
            // One after the other by one task: what the first has warmed up serves the others.
            tokio::spawn(async move {
                for Unwritten { mail, background, now, words } in unwritten {
                    let composed = compose(&mail, None, &snapshot, background.as_deref(), now);
                    // Nobody waits for it any more when the daemon ends.
                    let _ = words.send((mail, composed));
                    yield_now().await;
                }
            });
        }
        done
    }

    /// Which mails are to be put into words. Those that were chosen before the ledger fails are, too: somebody waits for them.
    async fn choose(
        &mut self,
        (ahead, unwritten): (&mut VecDeque<Ahead>, &mut Vec<Unwritten>),
        count: usize,
        begun: &[Rank],
        snapshot: &Snapshot,
    ) -> Result<(), LedgerError> {
        while ahead.len() < count
            && let Some(mail) = self.queue.pop_front()
        {
            let rank = self.rank(&mail);
            if self.waits(rank, begun.iter().copied().chain(ahead.iter().map(|ahead| ahead.rank))) {
                self.queue.push_front(mail);
                break;
            }
            if let Some((next, task)) = self.prepare(mail, rank, snapshot).await? {
                ahead.push_back(next);
                unwritten.push(task);
            }
        }
        Ok(())
    }

    /// How a claimed mail is to be put into words; none when it does not leave now.
    async fn prepare(
        &mut self,
        mail: Mail,
        rank: Rank,
        snapshot: &Snapshot,
    ) -> Result<Option<(Ahead, Unwritten)>, LedgerError> {
        let now = self.clock.now();
        let at_most = |row: &Row| waits_at_most(row, snapshot, now);
        let zone = zone_of(&mail, snapshot);
        if let Some(at) = waits_until(&mail.rows, at_most, zone, snapshot.settings.delivery.hours, now) {
            let reply = "it waits for the hours of delivery".to_owned();
            self.settles((mail.message_id, mail.term), Verdict::Again { at, counted: false, reply });
            return Ok(None);
        }
        if needs_background(&mail, snapshot) && (self.background.is_none() || (rank.digest && !self.fresh)) {
            self.turn(Vec::new(), now).await?;
            self.background = Some(Arc::new(snapshot.background(&self.ledger, rank.digest, now).await?));
            self.fresh = true;
        }
        self.fresh &= mail.rows.iter().all(|row| row.key.sort() == Sort::Digest);
        let (words, written) = oneshot::channel();
        let unwritten = Unwritten { mail, background: self.background.clone(), now, words };
        Ok(Some((Ahead { rank, words: written }, unwritten)))
    }

    /// Takes a mail that was put into words; none when nothing of it leaves now.
    async fn read(&mut self, ahead: Ahead, snapshot: &Snapshot) -> Result<Option<Leaving>, LedgerError> {
        let rank = ahead.rank;
        let (mut mail, Composed { written, mut untold, mut nothing, says, template }) = ahead.words().await;
        let (now, claim) = (self.clock.now(), (mail.message_id.clone(), mail.term));
        // Whether there is something to tell, only who plans can say: the others do not know all of its files.
        let follows = matches!(snapshot.basis, Basis::Edition(_));
        if !nothing.is_empty() && (follows || !self.ledger.stands(snapshot.basis).await?) {
            untold.append(&mut nothing);
        }
        if let Some(problem) = template {
            self.blame(problem, now);
        }
        mail.rows.retain(|row| !untold.contains(&row.key) && !nothing.contains(&row.key));
        if !untold.is_empty() {
            let (wait, reply) = if follows {
                (
                    ELSEWHERE,
                    "it waits for the host that plans: what the ledger holds in force does not tell it",
                )
            } else {
                (UNTOLD, "it cannot be told: no usable version of its posting holds it")
            };
            let aside = Aside::Until(now + wait, reply.to_owned());
            self.ledger.set_aside(claim.clone(), untold.clone(), aside, now).await?;
            self.report.aside.extend(untold);
        }
        if !nothing.is_empty() {
            self.ledger.set_aside(claim, nothing.clone(), Aside::NothingToTell, now).await?;
            self.report.empty.extend(nothing);
        }
        Ok(written.map(|written| Leaving { mail, written, says, rank }))
    }

    /// Writes what came of mails, marks these, and has them leave.
    async fn begin(
        &mut self,
        leaving: Vec<(Place, Leaving)>,
        snapshot: &Snapshot,
    ) -> Result<(), LedgerError> {
        let now = self.clock.now();
        let mut leaving = self.admitted(leaving, now).await?;
        let over = |(_, leaving): &mut (Place, Leaving)| HandOver {
            message_id: leaving.mail.message_id.clone(),
            term: leaving.mail.term,
            says: std::mem::take(&mut leaving.says),
        };
        let handed = self.turn(leaving.iter_mut().map(over).collect(), now).await?;
        for ((place, Leaving { mail, mut written, rank, .. }), keys) in leaving.into_iter().zip(handed) {
            let claim = (mail.message_id.clone(), mail.term);
            if keys.is_empty() {
                continue;
            }
            if keys.len() < mail.rows.len() {
                // Something dropped out since the claim: the mail says only what is still wanted.
                let again = compose(&mail, Some(&keys), snapshot, self.background.as_deref(), now).written;
                let Some(again) = again else {
                    let reply = "it cannot be told".to_owned();
                    self.settles(claim, Verdict::Again { at: now + UNTOLD, counted: false, reply });
                    self.report.aside.extend(keys);
                    continue;
                };
                written = again;
            } else {
                self.claimed.remove(&claim);
            }
            let way = &mut self.ways[place.0];
            let Some(transport) = way.take_line(place.1) else { continue };
            let hand = InHand {
                mail,
                written,
                keys,
                rank,
                at: now,
                policy: snapshot.settings.delivery.in_doubt,
                failures: way.failures,
                rests: way.rests,
            };
            let from = snapshot.settings.mail.as_ref().map_or("", Sender::envelope).to_owned();
            self.lines.send(place, transport, Box::new(hand), from, self.stop.clone());
        }
        Ok(())
    }

    /// Those of these mails that the rates of their way allow; the others wait again, and their lines are ready as before.
    async fn admitted(
        &mut self,
        mut leaving: Vec<(Place, Leaving)>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(Place, Leaving)>, LedgerError> {
        let mut admitted = 0;
        while admitted < leaving.len() && self.may_begin(leaving[admitted].0.0, now).await? {
            admitted += 1;
        }
        for ((at, line), Leaving { mail, .. }) in leaving.drain(admitted..).rev() {
            self.ways[at].keep_ready(line);
            self.queue.push_front(mail);
        }
        Ok(leaving)
    }

    /// Decides what becomes of what a line came back with, and of the line.
    async fn heed(&mut self, Back { place: (at, line), transport, came }: Back) {
        let worn = transport.is_worn();
        match came {
            Came::Ready(ready) => {
                let is_ready = matches!(ready, Some(Ok(())));
                self.ways[at].line_is_back(line, transport, is_ready).await;
                self.heed_ready(at, ready);
            }
            Came::Sent(hand, outcome) => {
                let mut transport = transport;
                let relay = self.heed_mail(at, *hand, &outcome);
                if relay == Relay::Closes {
                    transport.close().await;
                }
                self.ways[at].line_is_back(line, transport, relay == Relay::GoesOn && !worn).await;
            }
        }
    }

    pub(super) fn heed_ready(&mut self, at: usize, ready: Option<Result<(), Outcome>>) {
        let Some(ready) = ready else { return };
        let now = self.clock.now();
        let (_, busy) = self.lines.out_of(at);
        let way = &mut self.ways[at];
        way.tried = Some(now);
        let up = way.ready_lines() + busy;
        match ready {
            Ok(()) => way.is_ready(),
            // It takes mails, only not on so many lines.
            Err(_) if up > 0 => way.narrows(up, now),
            Err(_) if way.rest_until.is_some_and(|until| until > now) => {}
            Err(outcome) => self.is_away(at, &outcome),
        }
    }

    /// What becomes of a mail; what is to become of its line is returned.
    fn heed_mail(&mut self, at: usize, hand: InHand, outcome: &Outcome) -> Relay {
        let now = self.clock.now();
        let InHand { mail, written, keys, policy, failures, rests, .. } = hand;
        let past = Past {
            attempts: mail.rows.iter().map(|row| row.attempts).max().unwrap_or_default(),
            doubts: mail.rows.iter().map(|row| row.doubts).max().unwrap_or_default(),
            relay_failures: failures,
            retried: self.suspects.contains(&mail.message_id),
        };
        let mut next: Next = next(outcome, past, policy, now);
        let late = rests != self.ways[at].rests;
        let undone = self.refusals.heed(outcome, &mut next, &mail, &keys, late, now);
        self.again.extend(undone.again);
        self.suspects.extend(undone.message_ids);
        // Kept before anything else is asked of the ledger: what came of this mail must not be lost.
        self.settles((mail.message_id.clone(), mail.term), next.verdict.clone());
        if next.relay == Relay::GoesOn {
            self.suspects.remove(&mail.message_id);
        } else {
            self.suspects.insert(mail.message_id.clone());
        }
        let way = &mut self.ways[at];
        match next.relay {
            Relay::GoesOn if !late => way.is_well(),
            // Of an outage that hits several lines each one tells: it is one failure.
            Relay::Rests(until) if late => way.rest_until = way.rest_until.max(Some(until)),
            Relay::Rests(until) => self.rest(at, until, outcome),
            Relay::GoesOn | Relay::Closes => {}
        }
        self.report.departures.push(Departure {
            message_id: mail.message_id,
            reader: mail.reader,
            email: mail.email,
            relay: self.ways[at].name.clone(),
            written,
            keys,
            at: now,
            verdict: next.verdict,
        });
        next.relay
    }

    /// What came of a claimed mail is to be written.
    fn settles(&mut self, (message_id, term): (String, i64), verdict: Verdict) {
        self.unsettled.push((message_id, term, verdict));
    }

    /// A relay could not be made ready.
    pub(super) fn is_away(&mut self, at: usize, outcome: &Outcome) {
        let past = Past { relay_failures: self.ways[at].failures, retried: true, ..Past::default() };
        // No mail is in doubt here.
        let next = next(outcome, past, InDoubt::Hold, self.clock.now());
        if let Relay::Rests(until) = next.relay {
            self.rest(at, until, outcome);
        }
    }
}

/// Whether a mail holds rows of a sort.
fn holds(mail: &Mail, sort: Sort) -> bool {
    mail.rows.iter().any(|row| row.key.sort() == sort)
}
