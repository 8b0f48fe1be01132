//! The planner's loop: woken every minute, by edits and by SIGHUP. It reads files again, has the planner's step made, and
//! shows the others what is in force.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::sync::{Notify, mpsc, watch};

use super::dispatcher::Way;
use super::feeding::Feeds;
use super::guard::Guard;
use super::log;
use super::monitor::Monitor;
use super::planner::{Planner, Round, Snapshot};
use super::pulse::{Life, MARGIN, ROUND};
use super::status::Status;
use super::troubles::{Felt, Health};
use super::way::Remake;
use crate::files::watch::Watch;
use crate::ledger::{Ledger, LedgerError};

/// How long planning goes without being woken.
const LONGEST_REPLAN: Duration = Duration::from_mins(5);

/// What wakes the planner.
pub(super) struct PlanWakes {
    pub(super) wake: Arc<Notify>,
    pub(super) replan: Arc<Notify>,
    pub(super) hangup: Signal,
    /// How the ways out and the templates do.
    pub(super) felt: watch::Receiver<Felt>,
    /// How the daily copies of the ledger do.
    pub(super) copied: watch::Receiver<Health>,
}

/// Plans, waits to be woken, and plans again, until told to stop. The service is ready when the first round has ended,
/// however it did; and again after each SIGHUP, once a round was made by what the files say then.
pub(super) async fn plan_loop<L: Ledger>(
    mut planner: Planner<L>,
    (guard, ledger, mut monitor): (Guard, L, Monitor<L>),
    show: watch::Sender<Option<Arc<Snapshot>>>,
    mut wakes: PlanWakes,
    (remake, renew, mut feeds): (Remake, mpsc::UnboundedSender<Vec<Way>>, Option<Feeds>),
    (life, status): (Life, Status),
    mut stopping: watch::Receiver<bool>,
) {
    let mut told = log::Told::default();
    let mut ears = Ears::open();
    // Whether nobody is left to say how the ways out do.
    let mut unheard = false;
    // Whether files were taken, and the log has not said yet what they change: also those that were edited while no
    // daemon was there to see it.
    let mut taken = ledger.is_filled().await.unwrap_or_default();
    // Whether the service manager waits to hear that work can begin.
    let mut awaited = true;
    while !*stopping.borrow() {
        life.begins(ROUND).await;
        let felt = Felt {
            copies: wakes.copied.borrow().clone(),
            feeds: feeds.as_ref().map_or(Health::Well, |feeds| feeds.health.clone()),
            ..wakes.felt.borrow_and_update().clone()
        };
        planner.heed(felt.clone());
        monitor.before().await;
        let planned = plan_once(&planner, &guard, &ledger, &show, taken).await;
        let round = planned.as_ref().ok().and_then(|done| done.as_ref()).map(|(_, round)| round);
        monitor.after(round, &felt, planner.files()).await;
        match planned {
            Ok(Some((snapshot, round))) => {
                taken = false;
                let postings = snapshot.postings.len();
                log::planned(&round, &mut told, postings);
                status.planned(&round, postings, snapshot.settings.house.zone, &planner.files().refused);
                wakes.wake.notify_one();
                log::kept(planner.files().keep(), &mut told);
                if let Some(feeds) = &mut feeds {
                    feeds.step(&snapshot, planner.now());
                }
            }
            Ok(None) => {}
            Err(error) => {
                status.planning_failed(&error);
                log::ledger_failed("planning", &error);
            }
        }
        status.clock(guard.distrust());
        if std::mem::take(&mut awaited) {
            status.ready();
        } else {
            status.tell();
        }
        ears.listen(&planner.files().looks().places);
        // What was edited before anybody listened is seen all the same.
        let mut beat = false;
        let edited = loop {
            life.within(LONGEST_REPLAN + MARGIN);
            if planner.files().changed() {
                tokio::select! {
                    () = planner.files().stillness() => {}
                    _ = wakes.hangup.recv() => awaited = true,
                    _ = stopping.changed() => {}
                }
                break true;
            }
            if beat {
                break false;
            }
            beat = tokio::select! {
                () = wakes.replan.notified() => true,
                // Should the pacemaker fall silent.
                () = tokio::time::sleep(LONGEST_REPLAN) => true,
                () = ears.stirred() => false,
                // What failed is told, also when the daemon is stopped a moment later.
                felt = wakes.felt.changed(), if !unheard => { unheard = felt.is_err(); !unheard }
                _ = wakes.hangup.recv() => { awaited = true; break true }
                _ = stopping.changed() => break false,
            };
        };
        if awaited {
            status.reloading();
        }
        if edited {
            told = log::Told::default();
        }
        // A file that is gone is looked for again before it is believed to be.
        if (edited || told.misses_files()) && !*stopping.borrow() {
            life.within(ROUND);
            taken |= edited;
            let reloaded = planner.reload();
            match planner.files().remake(&remake) {
                // The sending loop is gone only when all is about to end.
                Ok(ways) => drop(renew.send(ways)),
                Err(problem) => log::refused(&[problem]),
            }
            if let Err(problems) = reloaded
                && edited
            {
                log::refused(&problems);
            }
        }
    }
}

/// Hears of edits. Where that cannot be, every beat looks.
struct Ears {
    watch: Option<Watch>,
    /// Whether the log was told of places that cannot be listened to.
    told: bool,
}

impl Ears {
    fn open() -> Self {
        let watch = Watch::begin();
        Self { told: watch.is_err(), watch: watch.map_err(|why| log::deaf(&why)).ok() }
    }

    fn listen(&mut self, places: &BTreeSet<PathBuf>) {
        let heard = self.watch.as_ref().map_or(Ok(()), |watch| watch.listen(places));
        if let Err(why) = heard
            && !std::mem::replace(&mut self.told, true)
        {
            log::deaf(&why);
        }
    }

    async fn stirred(&mut self) {
        let Some(watch) = &mut self.watch else { return std::future::pending().await };
        if let Err(why) = watch.stirred().await {
            log::deaf(&why);
            self.watch = None;
        }
    }
}

async fn plan_once<L: Ledger>(
    planner: &Planner<L>,
    guard: &Guard,
    ledger: &L,
    show: &watch::Sender<Option<Arc<Snapshot>>>,
    taken: bool,
) -> Result<Option<(Arc<Snapshot>, Round)>, LedgerError> {
    if !guard.allows(ledger).await? {
        return Ok(None);
    }
    let mut laid = if taken {
        let Some((laid, foreseen)) = planner.look_ahead().await? else { return Ok(None) };
        log::foreseen(&foreseen);
        laid
    } else {
        let Some(laid) = planner.look().await? else { return Ok(None) };
        laid
    };
    let snapshot = Arc::clone(&laid.snapshot);
    // Shown before it is written: a row that the ledger holds and the snapshot does not is on its way out. But nothing
    // leaves before the first round is written: what was missed is told in the same mail as what is late.
    if show.borrow().is_some() && planner.note(&mut laid).await? {
        show.send_replace(Some(Arc::clone(&snapshot)));
        return Ok(Some((snapshot, planner.write(laid).await?)));
    }
    let round = planner.write(laid).await?;
    show.send_replace(Some(Arc::clone(&snapshot)));
    Ok(Some((snapshot, round)))
}
