//! What sending is where several hosts share a ledger: rates are theirs together, and so is what a relay holds against
//! the account.

use chrono::{DateTime, Utc};

use super::dispatcher::Dispatcher;
use crate::ledger::{Ledger, LedgerError};

impl<L: Ledger> Dispatcher<L> {
    /// Learns what other hosts know of the ways out.
    pub(super) async fn hear(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        if !self.ledger.is_shared() {
            return Ok(());
        }
        for known in self.ledger.relays().await? {
            for way in self.ways.iter_mut().filter(|way| way.name == known.name) {
                way.hear(&known, now);
            }
        }
        for way in &mut self.ways {
            if let Some(window) = way.window() {
                way.recount(self.ledger.counted_mails(way.name.clone(), now - window).await?);
            }
        }
        Ok(())
    }

    /// Counts a mail before it may leave (what was counted for nothing costs less than a limit that is broken); false when
    /// the other hosts gave the way out all that its rates allow.
    pub(super) async fn may_begin(&mut self, at: usize, now: DateTime<Utc>) -> Result<bool, LedgerError> {
        let way = &mut self.ways[at];
        let Some(window) = way.window() else { return Ok(true) };
        if self.ledger.admit(way.name.clone(), way.rates().to_vec(), now).await? {
            way.begins(now);
            return Ok(true);
        }
        way.recount(self.ledger.counted_mails(way.name.clone(), now - window).await?);
        Ok(false)
    }
}
