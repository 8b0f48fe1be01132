//! The life of the process on one page.
//!
//! Open the ledger, see to orphans, plan once; then three loops, each around a step: the planner's (woken every
//! minute, by edits and by SIGHUP), the dispatcher's (woken by the wall clock when something is due, and after planning),
//! the housekeeper's (every ten minutes). SIGTERM and SIGINT: nothing new is begun, what is in hand is finished within
//! twenty seconds. Wake-ups only say "look again"; the ledger says what is due.

mod composing;
mod deciding;
mod digesting;
pub mod dispatcher;
pub mod foreseen;
pub mod forgetting;
pub mod guard;
pub mod housekeeping;
pub mod log;
pub mod pacemaker;
pub mod planner;
mod refusals;
pub mod taken;
pub mod troubles;
pub mod way;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::files::watch::Watch;
use crate::ledger::{Ledger, LedgerError};
use crate::telemetry;
use crate::transport::folder::Outbox;
use dispatcher::{Dispatcher, Way};
use guard::Guard;
use pacemaker::Beats;
use planner::{Planner, Snapshot};
use troubles::{Felt, Health};
use way::Remake;

/// How long what is in hand may take after SIGTERM.
const GRACE: Duration = Duration::from_secs(20);

/// The longest sleep: after it, everything is looked at again whatever the timers say.
const RECHECK: TimeDelta = TimeDelta::minutes(5);

/// The shortest sleep between two rounds that found no work.
const PAUSE: TimeDelta = TimeDelta::seconds(1);

/// How long planning goes without being woken.
const LONGEST_REPLAN: Duration = Duration::from_mins(5);

/// How long nothing is tried after the ledger failed.
const AFTER_FAILURE: TimeDelta = TimeDelta::seconds(30);

/// Why the daemon ended otherwise than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The ledger failed at start.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The process could not be set up: signals, pacemaker.
    #[error("{what}: {why}")]
    Process {
        /// What could not be set up.
        what: &'static str,
        /// What was said.
        why: String,
    },
}

/// The parts that a daemon is built from.
#[derive(Debug)]
pub struct Parts<L> {
    /// The ledger, opened.
    pub ledger: L,
    /// The clock.
    pub clock: Clock,
    /// The planner, over files that were read.
    pub planner: Planner<L>,
    /// The ways out, in order of preference.
    pub ways: Vec<Way>,
    /// How they are made anew at a reload.
    pub remake: Remake,
    /// How long a claim lasts.
    pub lease: TimeDelta,
    /// What the process is told from outside.
    pub signals: Signals,
}

/// What the process is told from outside: SIGTERM and SIGINT, SIGHUP.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Begins to listen: from here on none of them ends the process by itself. Done before anything is opened.
    pub fn listen() -> Result<Self, DaemonError> {
        let listen =
            |kind, what| signal(kind).map_err(|why| DaemonError::Process { what, why: why.to_string() });
        Ok(Self {
            terminate: listen(SignalKind::terminate(), "SIGTERM")?,
            interrupt: listen(SignalKind::interrupt(), "SIGINT")?,
            hangup: listen(SignalKind::hangup(), "SIGHUP")?,
        })
    }
}

/// Runs until told to stop.
pub async fn run<L: Ledger>(parts: Parts<L>) -> Result<(), DaemonError> {
    let Parts { ledger, clock, planner, ways, remake, lease, signals } = parts;
    let Signals { mut terminate, mut interrupt, hangup } = signals;

    let beats = Beats::default();
    let wake = Arc::new(Notify::new());
    let (stop, stopping) = watch::channel(false);
    let (show, shown) = watch::channel(None::<Arc<Snapshot>>);
    let guard = Guard::new(clock.clone());

    let outboxes = ways.iter().filter_map(Way::outbox).collect();
    let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), ways, lease, stopping.clone());
    let (feel, felt) = watch::channel(dispatcher.health());
    let (copies, copied) = housekeeping::Copies::new();
    let (renew, renewed) = mpsc::unbounded_channel();
    let planning = plan_loop(
        planner,
        guard.clone(),
        ledger.clone(),
        show,
        PlanWakes { wake: wake.clone(), replan: beats.replan.clone(), hangup, felt, copied },
        (remake, renew),
        stopping.clone(),
    );
    let sending = send_loop(
        dispatcher,
        guard.clone(),
        ledger.clone(),
        clock.clone(),
        Around { shown: shown.clone(), wake: wake.clone(), feel, renewed },
        stopping.clone(),
    );
    let keeping = keep_loop(
        guard.clone(),
        ledger.clone(),
        clock,
        shown,
        beats.housekeeping.clone(),
        (copies, outboxes),
        stopping,
    );
    let mut pacemaker = pacemaker::start(&beats)
        .await
        .map_err(|error| DaemonError::Process { what: "the pacemaker", why: error.to_string() })?;
    let mut loops = JoinSet::new();
    loops.spawn(planning);
    loops.spawn(sending);
    loops.spawn(keeping);
    log::started();

    // A loop ends only when it is told to: one that ends before has panicked, and a daemon without it is a ghost.
    let ghost = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        _ = loops.join_next() => true,
    };
    log::stopping();
    let _ = stop.send(true);
    wake.notify_one();
    let all = async {
        let _ = pacemaker.shutdown().await;
        while loops.join_next().await.is_some() {}
    };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        log::cut_short();
    }
    if ghost {
        return Err(DaemonError::Process {
            what: "a loop of the daemon",
            why: "it ended by itself".to_owned(),
        });
    }
    log::stopped();
    Ok(())
}

struct PlanWakes {
    wake: Arc<Notify>,
    replan: Arc<Notify>,
    hangup: Signal,
    /// How the ways out and the templates do.
    felt: watch::Receiver<Felt>,
    /// How the daily copies of the ledger do.
    copied: watch::Receiver<Health>,
}

async fn plan_loop<L: Ledger>(
    mut planner: Planner<L>,
    guard: Guard,
    ledger: L,
    show: watch::Sender<Option<Arc<Snapshot>>>,
    mut wakes: PlanWakes,
    (remake, renew): (Remake, mpsc::UnboundedSender<Vec<Way>>),
    mut stopping: watch::Receiver<bool>,
) {
    let mut told = log::Told::default();
    let mut ears = Ears::open();
    // Whether nobody is left to say how the ways out do.
    let mut unheard = false;
    // Whether files were taken, and the log has not said yet what they change: also those that were edited while no
    // daemon was there to see it.
    let mut taken = ledger.is_filled().await.unwrap_or_default();
    while !*stopping.borrow() {
        let felt = Felt { copies: wakes.copied.borrow().clone(), ..wakes.felt.borrow_and_update().clone() };
        let sends = felt.ledger.is_none();
        planner.heed(felt);
        match plan_once(&planner, &guard, &ledger, &show, taken).await {
            Ok(Some((postings, round))) => {
                taken = false;
                log::planned(&round, &mut told, postings);
                if sends {
                    telemetry::status(&log::status(&round, postings));
                }
                wakes.wake.notify_one();
                log::kept(planner.files().keep(), &mut told);
            }
            Ok(None) => {}
            Err(error) => {
                telemetry::status(&log::status_failed(&error));
                log::ledger_failed("planning", &error);
            }
        }
        ears.listen(&planner.files().looks().places);
        // What was edited before anybody listened is seen all the same.
        let mut beat = false;
        let edited = loop {
            if planner.files().changed() {
                tokio::select! {
                    () = planner.files().stillness() => {}
                    _ = wakes.hangup.recv() => {}
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
                _ = wakes.hangup.recv() => break true,
                _ = stopping.changed() => break false,
            };
        };
        if edited {
            told = log::Told::default();
        }
        // A file that is gone is looked for again before it is believed to be.
        if (edited || told.misses_files()) && !*stopping.borrow() {
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
) -> Result<Option<(usize, planner::Round)>, LedgerError> {
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
    let postings = laid.snapshot.postings.len();
    let snapshot = Some(Arc::clone(&laid.snapshot));
    // Shown before it is written: a row that the ledger holds and the snapshot does not is on its way out. But nothing
    // leaves before the first round is written: what was missed is told in the same mail as what is late.
    if show.borrow().is_some() && planner.note(&mut laid).await? {
        show.send_replace(snapshot);
        return Ok(Some((postings, planner.write(laid).await?)));
    }
    let round = planner.write(laid).await?;
    show.send_replace(snapshot);
    Ok(Some((postings, round)))
}

/// What stands around the sending loop.
struct Around {
    shown: watch::Receiver<Option<Arc<Snapshot>>>,
    wake: Arc<Notify>,
    feel: watch::Sender<Felt>,
    /// Ways out that were made anew.
    renewed: mpsc::UnboundedReceiver<Vec<Way>>,
}

async fn send_loop<L: Ledger>(
    mut dispatcher: Dispatcher<L>,
    guard: Guard,
    ledger: L,
    clock: Clock,
    around: Around,
    mut stopping: watch::Receiver<bool>,
) {
    let Around { mut shown, wake, feel, mut renewed } = around;
    // Since when the ledger fails.
    let mut failing: Option<DateTime<Utc>> = None;
    while !*stopping.borrow() {
        while let Ok(ways) = renewed.try_recv() {
            dispatcher.adopt(ways).await;
        }
        let snapshot = shown.borrow_and_update().clone();
        let (mut worked, mut failed) = (false, None);
        if let Some(snapshot) = snapshot {
            match send_once(&mut dispatcher, &guard, &ledger, &snapshot).await {
                Ok(report) => {
                    worked = report.worked;
                    log::dispatched(&report);
                }
                Err(error) => {
                    telemetry::status(&log::status_failed(&error));
                    log::ledger_failed("sending", &error);
                    failed = Some((*failing.get_or_insert_with(|| clock.now()), error.to_string()));
                }
            }
        }
        let fails = failed.is_some();
        if !fails {
            failing = None;
        }
        // The planner says so at once: what fails, and what is well again.
        let now = Felt { ledger: failed, ..dispatcher.health() };
        feel.send_if_modified(|felt| {
            *felt != now && {
                *felt = now.clone();
                true
            }
        });
        if worked {
            continue;
        }
        let now = clock.now();
        let until = if fails { now + AFTER_FAILURE } else { next_look(&dispatcher, &ledger, now).await };
        tokio::select! {
            () = clock.wait_until(until) => {}
            () = wake.notified() => {}
            () = dispatcher.hang_up() => {}
            _ = stopping.changed() => {}
        }
    }
    dispatcher.close().await;
}

async fn send_once<L: Ledger>(
    dispatcher: &mut Dispatcher<L>,
    guard: &Guard,
    ledger: &L,
    snapshot: &Snapshot,
) -> Result<dispatcher::Report, LedgerError> {
    if guard.allows(ledger).await? {
        dispatcher.step(snapshot).await
    } else {
        Ok(dispatcher::Report::default())
    }
}

/// When to look again: when something is due, unless no relay takes a mail before later, and when one that was away is
/// to be tried; at least a second from now, at most five minutes.
async fn next_look<L: Ledger>(dispatcher: &Dispatcher<L>, ledger: &L, now: DateTime<Utc>) -> DateTime<Utc> {
    let due = ledger.next_due().await.ok().flatten().unwrap_or(now + RECHECK);
    let due = dispatcher.rests_until().map_or(due, |rested| due.max(rested));
    let due = dispatcher.probes_at().map_or(due, |probe| due.min(probe));
    due.clamp(now + PAUSE, now + RECHECK)
}

async fn keep_loop<L: Ledger>(
    guard: Guard,
    ledger: L,
    clock: Clock,
    mut shown: watch::Receiver<Option<Arc<Snapshot>>>,
    beat: Arc<Notify>,
    (mut copies, outboxes): (housekeeping::Copies, Vec<Outbox>),
    mut stopping: watch::Receiver<bool>,
) {
    // Once at start, when there are settings; then at every beat.
    tokio::select! {
        _ = shown.wait_for(Option::is_some) => beat.notify_one(),
        _ = stopping.changed() => return,
    }
    loop {
        tokio::select! {
            () = beat.notified() => {}
            _ = stopping.changed() => return,
        }
        let Some(snapshot) = shown.borrow().clone() else { continue };
        match guard.allows(&ledger).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                log::ledger_failed("housekeeping", &error);
                continue;
            }
        }
        let now = clock.now();
        match ledger.orphans(false, snapshot.settings.delivery.in_doubt, now).await {
            Ok(orphans) => log::orphans(&orphans),
            Err(error) => log::ledger_failed("housekeeping", &error),
        }
        match forgetting::forget(&ledger, &outboxes, now - snapshot.settings.ledger.keep).await {
            Ok(forgotten) => log::forgotten(forgotten),
            Err(error) => log::ledger_failed("housekeeping", &error),
        }
        copies.step(&ledger, now).await;
    }
}
