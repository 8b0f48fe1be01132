//! The lines of the ways out: conversations side by side, each with one mail at a time. A line is here, or out: then a task
//! of its own has it, makes it ready or sends one mail, and brings it back. Nothing is decided here, and nothing written.
//!
//! A task that panics takes the loop along, as if it had been one with it: the daemon ends, and its next start finds what
//! is in doubt.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

use super::pulse::{MARGIN, ROUND};
use crate::clock::Clock;
use crate::ledger::Mail;
use crate::message::Written;
use crate::plan::Key;
use crate::plan::next::InDoubt;
use crate::plan::outcome::Outcome;
use crate::transport::{Letter, Transport};

/// Which line: the way's place, and the line's place in it.
pub(super) type Place = (usize, usize);

/// In which order mails are begun, the smallest first; one of a greater rank waits until those of a smaller one are settled.
/// Suspects come last, what the operator hears before them, digests, which tell of what left, before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    /// A conversation ended at it.
    pub(super) suspect: bool,
    /// It is to the operator.
    pub(super) operator: bool,
    /// It holds a digest.
    pub(super) digest: bool,
}

/// A mail that was handed.
#[derive(Debug)]
pub(super) struct InHand {
    pub(super) mail: Mail,
    pub(super) written: Written,
    /// The rows of it that were handed.
    pub(super) keys: Vec<Key>,
    pub(super) rank: Rank,
    /// When it was handed.
    pub(super) at: DateTime<Utc>,
    /// What becomes of it if it is in doubt.
    pub(super) policy: InDoubt,
    /// How often in a row its way had failed, and rested at all, when it was begun.
    pub(super) failures: u32,
    pub(super) rests: u32,
}

/// What a line comes back with.
#[derive(Debug)]
pub(super) enum Came {
    /// Whether it is ready; `None` when it was told to stop before that was known.
    Ready(Option<Result<(), Outcome>>),
    /// What came of a mail.
    Sent(Box<InHand>, Outcome),
}

/// A line that is here again.
#[derive(Debug)]
pub(super) struct Back {
    pub(super) place: Place,
    pub(super) transport: Transport,
    pub(super) came: Came,
}

/// What a line is out for.
#[derive(Debug)]
struct Errand {
    /// The rank of the mail; none when the line is made ready.
    rank: Option<Rank>,
    /// By when, of CLOCK_MONOTONIC, it is back or never will be.
    until: Duration,
    /// When the mail was handed: the claim lasts from then on.
    handed: Option<DateTime<Utc>>,
}

/// The lines that are out.
#[derive(Debug, Default)]
pub(super) struct Lines {
    tasks: JoinSet<Back>,
    errands: BTreeMap<Place, Errand>,
}

impl Lines {
    /// Makes a line ready, or lets it be when it is told to stop.
    pub(super) fn ready(&mut self, place: Place, mut transport: Transport, stop: watch::Receiver<bool>) {
        self.goes(place, &transport, None);
        self.tasks.spawn(async move {
            let ready = tokio::select! {
                ready = transport.ready() => Some(ready),
                () = told_to_stop(stop) => None,
            };
            if ready.is_none() {
                transport.close().await;
            }
            Back { place, transport, came: Came::Ready(ready) }
        });
    }

    /// Sends a mail from this envelope sender on a line that is ready.
    pub(super) fn send(
        &mut self,
        place: Place,
        mut transport: Transport,
        mail: Box<InHand>,
        from: String,
        stop: watch::Receiver<bool>,
    ) {
        self.goes(place, &transport, Some((mail.rank, mail.at)));
        self.tasks.spawn(async move {
            let outcome = match &mail.written.bytes {
                Ok(bytes) => {
                    let Mail { message_id, email, .. } = &mail.mail;
                    let letter = Letter { from: &from, to: email, message_id, bytes };
                    transport.send_unless(letter, told_to_stop(stop)).await
                }
                Err(error) => Outcome::Unfit(error.to_string()),
            };
            Back { place, transport, came: Came::Sent(mail, outcome) }
        });
    }

    fn goes(&mut self, place: Place, transport: &Transport, mail: Option<(Rank, DateTime<Utc>)>) {
        let until = Clock::monotonic() + transport.longest() + MARGIN;
        let (rank, handed) = mail.unzip();
        self.errands.insert(place, Errand { rank, until, handed });
    }

    /// Whether every line is here.
    pub(super) fn are_here(&self) -> bool {
        self.errands.is_empty()
    }

    /// Whether a mail is out that was handed before an instant.
    pub(super) fn have_mail_from_before(&self, instant: DateTime<Utc>) -> bool {
        self.errands.values().filter_map(|errand| errand.handed).any(|handed| handed < instant)
    }

    /// The ranks of the mails that are out.
    pub(super) fn ranks(&self) -> impl Iterator<Item = Rank> {
        self.errands.values().filter_map(|errand| errand.rank)
    }

    /// How many lines of a way are out to be made ready, and how many with a mail.
    pub(super) fn out_of(&self, way: usize) -> (usize, usize) {
        let of_way = self.errands.range((way, 0)..(way + 1, 0));
        let mails = of_way.clone().filter(|(_, errand)| errand.rank.is_some()).count();
        (of_way.count() - mails, mails)
    }

    /// How long the loop may be silent: until a line is overdue, which is a hang.
    pub(super) fn patience(&self) -> Duration {
        let soonest = self.errands.values().map(|errand| errand.until).min();
        soonest.map_or(ROUND, |until| until.saturating_sub(Clock::monotonic()).min(ROUND))
    }

    /// A line that has come back, if one has.
    pub(super) fn back(&mut self) -> Option<Back> {
        let back = self.tasks.try_join_next()?;
        Some(self.here(back))
    }

    /// Waits for a line to come back; `None` when all are here.
    pub(super) async fn next(&mut self) -> Option<Back> {
        let back = self.tasks.join_next().await?;
        Some(self.here(back))
    }

    fn here(&mut self, back: Result<Back, JoinError>) -> Back {
        let back = back.unwrap_or_else(|error| panicked(error));
        self.errands.remove(&back.place);
        back
    }
}

/// A task of ours panicked: the loop that it worked for does as well.
fn panicked(error: JoinError) -> ! {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        // Nobody aborts them but the end of the runtime, and then nobody waits for them.
        Err(error) => std::panic::resume_unwind(Box::new(error.to_string())),
    }
}

/// Ends when it is time to stop.
pub(super) async fn told_to_stop(mut stop: watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        // Nobody is left who could tell.
        std::future::pending::<()>().await;
    }
}
