//! The housekeeper's step: claims that nobody holds any more, what is to be forgotten, the daily copy of the ledger; and
//! once a day of the house, the day in one line.
//!
//! The beat only asks whether it is time; a copy that fails is tried again at the next beat, told to the operator, and
//! stops nothing.

use std::path::PathBuf;

use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::watch;

use super::guard::Guard;
use super::planner::Snapshot;
use super::troubles::Health;
use super::{forgetting, log};
use crate::clock::Clock;
use crate::ledger::{Basis, Ledger, LedgerError, Rows};
use crate::plan::complaint::Complaint;
use crate::plan::row::Row;
use crate::transport::folder::Outbox;

/// What the day in one line is told from.
type Day = (usize, Vec<Row>, u64, Option<DateTime<Utc>>);

/// Sees to the ledger.
#[derive(Debug)]
pub struct Housekeeper<L> {
    guard: Guard,
    ledger: L,
    clock: Clock,
    copies: Copies,
    outboxes: Vec<Outbox>,
    /// The last copy of the ledger of which the log was not told.
    copy: Option<PathBuf>,
    /// The last day, in the house's zone, that the log was told of.
    told: Option<NaiveDate>,
}

impl<L: Ledger> Housekeeper<L> {
    /// One that has told the log of no day yet; with the daily copies, and the outboxes in which mails are forgotten.
    pub fn new(guard: Guard, ledger: L, clock: Clock, (copies, outboxes): (Copies, Vec<Outbox>)) -> Self {
        Self { guard, ledger, clock, copies, outboxes, copy: None, told: None }
    }

    /// One round; what fails is said, and tried again by the next.
    pub async fn step(&mut self, snapshot: &Snapshot) {
        match self.guard.allows(&self.ledger).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => return log::ledger_failed("housekeeping", &error),
        }
        let now = self.clock.now();
        match self.ledger.orphans(false, snapshot.settings.delivery.in_doubt, now).await {
            Ok(orphans) => log::orphans(&orphans),
            Err(error) => log::ledger_failed("housekeeping", &error),
        }
        let before = now - snapshot.settings.ledger.keep;
        // How long the ledger keeps anything is said by the files of the host that plans.
        let plans = !matches!(snapshot.basis, Basis::Edition(_));
        if plans {
            match forgetting::forget(&self.ledger, &self.outboxes, before).await {
                Ok(forgotten) => log::forgotten(forgotten),
                Err(error) => log::ledger_failed("housekeeping", &error),
            }
        } else {
            log::forgotten(forgetting::forget_mails(&self.outboxes, before));
        }
        self.copy = self.copies.step(&self.ledger, now).await.or(self.copy.take());
        let zone = snapshot.settings.house.zone;
        let today = zone.date(now);
        if self.told == Some(today) {
            return;
        }
        match self.day(zone.start_of(today.pred_opt().unwrap_or(today)), now).await {
            Ok((postings, rows, planned, next)) => {
                self.told = Some(today);
                log::day(postings, (&rows, planned, next), self.copy.take().as_deref(), zone, now);
            }
            Err(error) => log::ledger_failed("housekeeping", &error),
        }
    }

    /// How many postings there are, what ended since an instant and what is held, how many rows are planned, and when the
    /// next reminder is due.
    async fn day(&self, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<Day, LedgerError> {
        Ok((
            self.ledger.glance().await?.heads.len(),
            self.ledger.known_of(vec![Rows::Ended { since, now }]).await?,
            self.ledger.tally(now).await?.planned,
            self.ledger.next_reminder(now).await?,
        ))
    }
}

/// Makes the daily copies, and says how they do.
#[derive(Debug)]
pub struct Copies {
    health: watch::Sender<Health>,
}

impl Copies {
    /// Copies of which nothing is known yet, and who hears of them.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<Health>) {
        let (health, heard) = watch::channel(Health::Unknown);
        (Self { health }, heard)
    }

    /// Copies the ledger if the last copy is a day old; the copy, if one was made.
    pub async fn step<L: Ledger>(&mut self, ledger: &L, now: DateTime<Utc>) -> Option<PathBuf> {
        match ledger.keep_copy(now).await {
            Ok(copy) => {
                if let Some(copy) = &copy {
                    log::copied(copy);
                }
                self.health.send_replace(Health::Well);
                copy
            }
            Err(error) => {
                let since = match *self.health.borrow() {
                    Health::Failing { since, .. } => Some(since),
                    _ => None,
                };
                if since.is_none() {
                    log::not_copied(&error);
                }
                let (since, words) = (since.unwrap_or(now), error.to_string());
                let complaint = Complaint::Away;
                self.health.send_replace(Health::Failing {
                    since,
                    last: now,
                    complaint,
                    words,
                    advice: None,
                });
                None
            }
        }
    }
}
