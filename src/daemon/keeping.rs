//! The housekeeper's loop: every ten minutes.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::guard::Guard;
use super::housekeeping::{Copies, Housekeeper};
use super::planner::Snapshot;
use super::pulse::{Life, MARGIN};
use crate::clock::Clock;
use crate::ledger::Ledger;
use crate::transport::folder::Outbox;

/// How long housekeeping goes without being woken, should the pacemaker fall silent.
const LONGEST_SLEEP: Duration = Duration::from_mins(15);

/// How long a round may take: a copy of a large ledger on a slow disk takes minutes.
const ROUND: Duration = Duration::from_mins(30);

/// Sees to the ledger at every beat, until told to stop.
pub(super) async fn keep_loop<L: Ledger>(
    guard: Guard,
    (ledger, clock): (L, Clock),
    mut shown: watch::Receiver<Option<Arc<Snapshot>>>,
    beat: Arc<Notify>,
    own: (Copies, Vec<Outbox>),
    life: Life,
    mut stopping: watch::Receiver<bool>,
) {
    let mut housekeeper = Housekeeper::new(guard, ledger, clock, own);
    // Once as soon as there are settings; then at every beat.
    let mut first = true;
    loop {
        life.within(LONGEST_SLEEP + MARGIN);
        tokio::select! {
            () = beat.notified() => {}
            settled = shown.wait_for(Option::is_some), if first => first = settled.is_err(),
            () = tokio::time::sleep(LONGEST_SLEEP) => {}
            _ = stopping.changed() => return,
        }
        life.begins(ROUND).await;
        let snapshot = shown.borrow().clone();
        if let Some(snapshot) = snapshot {
            housekeeper.step(&snapshot).await;
        }
    }
}
