//! The dispatcher's loop: woken by the wall clock when something is due, and after planning.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::{Notify, mpsc, watch};

use super::dispatcher::{Dispatcher, Report, Way};
use super::guard::Guard;
use super::log;
use super::planner::Snapshot;
use super::pulse::MARGIN;
use super::status::Status;
use super::troubles::Felt;
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError};

/// The longest sleep: after it, everything is looked at again whatever the timers say.
const RECHECK: TimeDelta = TimeDelta::minutes(5);

/// The same, as the pulse counts.
const LONGEST_SLEEP: Duration = Duration::from_mins(5);

/// The shortest sleep between two rounds that found no work, though something was due.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// How long nothing is tried after the ledger failed.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(30);

/// What stands around the sending loop.
pub(super) struct Around {
    pub(super) shown: watch::Receiver<Option<Arc<Snapshot>>>,
    pub(super) wake: Arc<Notify>,
    /// What is in force is not what is shown any more.
    pub(super) stale: Arc<Notify>,
    pub(super) feel: watch::Sender<Felt>,
    /// Ways out that were made anew.
    pub(super) renewed: mpsc::UnboundedReceiver<Vec<Way>>,
    /// How the service does.
    pub(super) status: Status,
}

/// Sends what is due, waits until something is, and again, until told to stop.
pub(super) async fn send_loop<L: Ledger>(
    mut dispatcher: Dispatcher<L>,
    guard: Guard,
    ledger: L,
    clock: Clock,
    around: Around,
    mut stopping: watch::Receiver<bool>,
) {
    let Around { mut shown, wake, stale, feel, mut renewed, status } = around;
    let mut stirs = ledger.stirs();
    // Since when the ledger fails.
    let mut failing: Option<DateTime<Utc>> = None;
    while !*stopping.borrow() {
        if let Some(life) = dispatcher.life() {
            life.begins(dispatcher.patience()).await;
        }
        while let Ok(ways) = renewed.try_recv() {
            dispatcher.adopt(ways).await;
        }
        let snapshot = shown.borrow_and_update().clone();
        let (mut worked, mut failed) = (false, None);
        if let Some(snapshot) = snapshot {
            match send_once(&mut dispatcher, &guard, &ledger, &snapshot).await {
                Ok(report) => {
                    worked = report.worked;
                    if report.stale {
                        stale.notify_one();
                    }
                    log::dispatched(&report);
                }
                Err(error) => {
                    log::ledger_failed("sending", &error);
                    failed = Some((*failing.get_or_insert_with(|| clock.now()), error));
                }
            }
        }
        status.sending(dispatcher.bearings(), failed.as_ref().map(|(_, error)| error));
        let fails = failed.is_some();
        if !fails {
            failing = None;
        }
        // The planner says so at once: what fails, and what is well again.
        let now =
            Felt { ledger: failed.map(|(since, error)| (since, error.to_string())), ..dispatcher.health() };
        feel.send_if_modified(|felt| {
            *felt != now && {
                *felt = now.clone();
                true
            }
        });
        if worked {
            continue;
        }
        status.clock(guard.distrust());
        status.tell();
        let now = clock.now();
        let until = if fails { now + AFTER_FAILURE } else { next_look(&dispatcher, &ledger, now).await };
        if let Some(life) = dispatcher.life() {
            life.within(LONGEST_SLEEP + MARGIN);
        }
        tokio::select! {
            () = clock.wait_until(until) => {}
            () = wake.notified() => {}
            () = stirs.next() => {}
            () = dispatcher.hang_up() => {}
            _ = stopping.changed() => {}
        }
    }
    log::dispatched(&dispatcher.close().await);
}

async fn send_once<L: Ledger>(
    dispatcher: &mut Dispatcher<L>,
    guard: &Guard,
    ledger: &L,
    snapshot: &Snapshot,
) -> Result<Report, LedgerError> {
    if guard.allows(ledger).await? { dispatcher.step(snapshot).await } else { Ok(Report::default()) }
}

/// When to look again: when something is due, unless no relay takes a mail before later, and when one that was away is
/// to be tried; in five minutes at most, and in a second where that is past already.
async fn next_look<L: Ledger>(dispatcher: &Dispatcher<L>, ledger: &L, now: DateTime<Utc>) -> DateTime<Utc> {
    let due = ledger.next_due().await.ok().flatten().unwrap_or(now + RECHECK);
    let due = dispatcher.rests_until().map_or(due, |rested| due.max(rested));
    let due = dispatcher.probes_at().map_or(due, |probe| due.min(probe));
    wake_at(due, now)
}

/// When to look for what is due then: neither early nor a moment late, and never without a pause for what was not taken.
fn wake_at(due: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if due > now { due.min(now + RECHECK) } else { now + PAUSE }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_in_a_moment_is_not_waited_for_any_longer() {
        let now = DateTime::UNIX_EPOCH;
        let soon = now + TimeDelta::milliseconds(3);
        assert_eq!(wake_at(soon, now), soon);
        assert_eq!(wake_at(now, now), now + PAUSE, "it was looked at just now");
        assert_eq!(wake_at(now + TimeDelta::days(1), now), now + RECHECK);
    }
}
