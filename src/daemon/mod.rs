//! The life of the process on one page.
//!
//! Open the ledger, see to orphans, plan once; then three loops, each around a step: the planner's (woken every
//! minute, by edits and by SIGHUP), the dispatcher's (woken by the wall clock when something is due, and after planning;
//! on a thread of its own), the housekeeper's (every ten minutes). SIGTERM and SIGINT: nothing new is begun, what is in
//! hand is finished within twenty seconds. Wake-ups only say "look again"; the ledger says what is due. The service
//! manager hears when work can begin (the first round of planning has ended; whether a relay answers has no part in it),
//! of reloads and of the end (`status`), and as long as every loop is alive (`pulse`).

mod attaching;
mod batch;
mod composing;
mod deciding;
mod digesting;
pub mod dispatcher;
pub mod duty;
pub mod feeding;
mod flow;
mod following;
pub mod foreseen;
pub mod forgetting;
mod gathering;
pub mod guard;
pub mod heartbeat;
pub mod housekeeping;
mod keeping;
mod laying;
mod lines;
pub mod log;
pub mod metrics;
pub mod monitor;
mod noticing;
pub mod pacemaker;
pub mod planner;
mod planning;
pub mod preflight;
pub mod pulse;
mod refusals;
mod report;
pub mod rounds;
mod sending;
mod sharing;
pub mod status;
pub mod taken;
pub mod troubles;
pub mod way;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError};
use crate::telemetry::manager::{Manager, watchdog};
use dispatcher::{Dispatcher, Way};
use duty::Office;
use feeding::Feeds;
use guard::Guard;
use keeping::keep_loop;
use monitor::Monitor;
use pacemaker::Beats;
use planner::{Planner, Snapshot};
use planning::{PlanWakes, plan_loop};
use pulse::{Loop, Pulse};
use sending::{Around, send_loop};
use status::Status;
use way::Remake;

/// How long what is in hand may take after SIGTERM.
const GRACE: Duration = Duration::from_secs(20);

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
    /// Who writes feeds; nobody does on a pretended clock.
    pub feeds: Option<Feeds>,
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

/// Runs a loop on this thread until it ends, with its lines and its words: to wake another thread for each step of a mail takes
/// a fifth of the time that mails take (benches/README.md).
fn on_its_own(runtime: Runtime, work: impl Future<Output = ()>) {
    let ended = catch_unwind(AssertUnwindSafe(|| runtime.block_on(work)));
    // What it has set going and cannot stop, such as a question for the address of a host, is not waited for.
    runtime.shutdown_background();
    ended.unwrap_or_else(|panic| resume_unwind(panic));
}

/// Runs until told to stop.
pub async fn run<L: Ledger>(parts: Parts<L>) -> Result<(), DaemonError> {
    let Parts { ledger, clock, planner, ways, remake, lease, feeds, signals } = parts;
    let Signals { mut terminate, mut interrupt, hangup } = signals;

    let beats = Beats::default();
    let wake = Arc::new(Notify::new());
    let (stop, stopping) = watch::channel(false);
    let (show, shown) = watch::channel(None::<Arc<Snapshot>>);
    let guard = Guard::new(clock.clone());
    let stale = Arc::new(Notify::new());

    let outboxes = ways.iter().filter_map(Way::outbox).collect();
    let (manager, pulse) = (Manager::of_this_process(), Pulse::default());
    let status = Status::new(manager.clone());
    let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), ways, lease, stopping.clone())
        .with_life(pulse.of(Loop::Sending))
        .telling(log::departed);
    let (feel, felt) = watch::channel(dispatcher.health());
    let (copies, copied) = housekeeping::Copies::new();
    let (renew, renewed) = mpsc::unbounded_channel();
    let office = Office::new(ledger.clone(), clock.clone());
    let attending =
        office.clone().attend_loop(shown.clone(), wake.clone(), pulse.of(Loop::Attending), stopping.clone());
    let planning = plan_loop(
        planner,
        (guard.clone(), office, ledger.clone(), Monitor::new(ledger.clone(), clock.clone())),
        show,
        PlanWakes {
            wake: wake.clone(),
            replan: beats.replan.clone(),
            stale: stale.clone(),
            hangup,
            felt,
            copied,
        },
        (remake, renew, feeds),
        (pulse.of(Loop::Planning), status.clone()),
        stopping.clone(),
    );
    let sending = send_loop(
        dispatcher,
        guard.clone(),
        ledger.clone(),
        clock.clone(),
        Around { shown: shown.clone(), wake: wake.clone(), stale, feel, renewed, status },
        stopping.clone(),
    );
    let keeping = keep_loop(
        guard,
        (ledger, clock),
        shown,
        beats.housekeeping.clone(),
        (copies, outboxes),
        pulse.of(Loop::Housekeeping),
        stopping,
    );
    let mut pacemaker = pacemaker::start(&beats)
        .await
        .map_err(|error| DaemonError::Process { what: "the pacemaker", why: error.to_string() })?;
    let apart = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| DaemonError::Process { what: "the thread that sends", why: error.to_string() })?;
    let mut loops = JoinSet::new();
    loops.spawn(planning);
    loops.spawn_blocking(|| on_its_own(apart, sending));
    loops.spawn(keeping);
    loops.spawn(attending);
    let feeding = tokio::spawn(pulse.feed(manager.clone(), watchdog()));
    log::started();

    // A loop ends only when it is told to: one that ends before has panicked, and a daemon without it is a ghost.
    let ghost = tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        _ = loops.join_next() => true,
    };
    log::stopping();
    manager.stopping();
    let _ = stop.send(true);
    wake.notify_one();
    let all = async {
        let _ = pacemaker.shutdown().await;
        while loops.join_next().await.is_some() {}
    };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        log::cut_short();
    }
    feeding.abort();
    if ghost {
        return Err(DaemonError::Process {
            what: "a loop of the daemon",
            why: "it ended by itself".to_owned(),
        });
    }
    log::stopped();
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use tokio::task::spawn_blocking;

    use super::*;

    #[test]
    fn what_a_loop_cannot_stop_does_not_keep_it_from_ending() {
        for panics in [false, true] {
            let (answer, question) = mpsc::channel::<()>();
            let (say, said) = mpsc::channel();
            thread::spawn(move || {
                let runtime = Builder::new_current_thread().enable_all().build().expect("is made");
                let ended = thread::spawn(move || {
                    on_its_own(runtime, async {
                        let (begin, begun) = tokio::sync::oneshot::channel();
                        drop(spawn_blocking(move || begin.send(()).map(|()| question.recv())));
                        begun.await.expect("it begins");
                        assert!(!panics, "on purpose");
                    });
                });
                say.send(ended.join().is_err())
            });
            assert_eq!(
                said.recv_timeout(Duration::from_mins(1)),
                Ok(panics),
                "it ends, and a panic is not lost"
            );
            drop(answer);
        }
    }
}
