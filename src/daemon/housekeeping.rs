//! The daily copy of the ledger. The housekeeper's beat only asks whether it is time; a copy that fails is tried again at
//! the next beat, told to the operator, and stops nothing.

use chrono::{DateTime, Utc};
use tokio::sync::watch;

use super::log;
use super::troubles::Health;
use crate::ledger::Ledger;
use crate::plan::complaint::Complaint;

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

    /// Copies the ledger if the last copy is a day old.
    pub async fn step<L: Ledger>(&mut self, ledger: &L, now: DateTime<Utc>) {
        match ledger.keep_copy(now).await {
            Ok(copy) => {
                if let Some(copy) = copy {
                    log::copied(&copy);
                }
                self.health.send_replace(Health::Well);
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
            }
        }
    }
}
