//! The planner's loop: woken every minute, by edits and by SIGHUP. It reads files again, has the planner's round made, and
//! shows the others what is in force.
//!
//! A minute in which nothing stirred costs a question to the ledger and nothing else: a round is made when a file, the ledger
//! or the ways out are otherwise than before the last one, when a notice falls due, and every ten minutes whatever happens.
//! The files are looked at when the kernel says that they stir, and as often; where it cannot tell, every minute.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::signal::unix::Signal;
use tokio::sync::{Notify, mpsc, watch};

use super::dispatcher::Way;
use super::duty::Office;
use super::feeding::Feeds;
use super::guard::Guard;
use super::log;
use super::monitor::Monitor;
use super::planner::{Planner, Round, Snapshot};
use super::pulse::{Life, MARGIN, ROUND};
use super::status::Status;
use super::troubles::{Felt, Health};
use super::way::Remake;
use crate::files::watch::{Watch, is_heard};
use crate::ledger::{Basis, Ledger, LedgerError, Version};

/// How long planning goes without being woken.
const LONGEST_REPLAN: Duration = Duration::from_mins(5);

/// How long the files are not looked at, and no round is made, while nothing says that anything stirred.
const REST: Duration = Duration::from_mins(10);

/// What wakes the planner.
pub(super) struct PlanWakes {
    pub(super) wake: Arc<Notify>,
    pub(super) replan: Arc<Notify>,
    /// What is in force is not what is shown any more.
    pub(super) stale: Arc<Notify>,
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
    (guard, office, ledger, mut monitor): (Guard, Office<L>, L, Monitor<L>),
    show: watch::Sender<Option<Arc<Snapshot>>>,
    mut wakes: PlanWakes,
    (remake, renew, mut feeds): (Remake, mpsc::UnboundedSender<Vec<Way>>, Option<Feeds>),
    (life, status): (Life, Status),
    mut stopping: watch::Receiver<bool>,
) {
    let mut told = log::Told::default();
    let mut ears = Ears::open();
    let mut rest: Option<Rest> = None;
    let mut looked = Instant::now();
    let (mut stirs, mut standing) = (ledger.stirs(), office.heard());
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
        let version = ledger.version().await.ok();
        let basis = office.basis(planner.files()).await;
        let basis = basis.inspect(|basis| planner.serve(*basis));
        let still = |rest: &Rest| {
            rest.lasts(version, &felt, planner.now())
                && basis.as_ref().is_ok_and(|basis| *basis == rest.snapshot.basis)
        };
        let rests = rest.take().filter(|rest| !taken && !awaited && still(rest));
        let idle = rests.is_some();
        let follows = matches!(basis, Ok(Basis::Edition(_)));
        let planned = match (basis, rests) {
            (Err(error), _) => Err(error),
            (Ok(_), Some(still)) => rest.insert(still).go_on(&planner, &guard, &ledger).await,
            (Ok(Basis::Edition(_)), None) => follow_once(&planner, &guard, &ledger, &show, taken).await,
            (Ok(_), None) => plan_once(&planner, &guard, &ledger, &show, taken).await,
        };
        status.hosts(standing.borrow_and_update().line());
        let round = planned.as_ref().ok().and_then(|done| done.as_ref()).map(|(_, round)| round);
        monitor.after(round, &felt, planner.files()).await;
        match planned {
            Ok(Some((snapshot, _))) if idle => {
                if let Some(feeds) = &mut feeds {
                    feeds.step(&snapshot, planner.now());
                }
            }
            Ok(Some((snapshot, round))) => {
                taken = false;
                let postings = round.postings;
                log::planned(&round, &mut told, postings);
                status.planned(&round, postings, snapshot.settings.house.zone, &planner.files().refused);
                wakes.wake.notify_one();
                log::kept(planner.files().keep(), &mut told);
                if let Some(feeds) = &mut feeds {
                    feeds.step(&snapshot, planner.now());
                }
                let rests = version.filter(|_| !follows);
                rest = rests.and_then(|version| Rest::after(snapshot, round, version, felt, planner.now()));
            }
            Ok(None) => rest = None,
            Err(error) => {
                rest = None;
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
        if !idle {
            ears.listen(&planner.files().looks().places);
        }
        // What was edited before anybody listened is seen all the same.
        let (mut beat, mut look) = (false, !idle);
        let edited = loop {
            life.within(LONGEST_REPLAN + MARGIN);
            look |= ears.deaf || looked.elapsed() >= REST;
            if std::mem::take(&mut look) && {
                looked = Instant::now();
                planner.files().changed()
            } {
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
            let follows = standing.borrow().term.is_none();
            beat = tokio::select! {
                () = wakes.replan.notified() => true,
                // Should the pacemaker fall silent.
                () = tokio::time::sleep(LONGEST_REPLAN) => true,
                () = wakes.stale.notified() => true,
                () = stirs.next(), if follows => true,
                changed = standing.changed(), if ledger.is_shared() => changed.is_ok(),
                () = ears.stirred() => { look = true; false }
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

/// A time in which nothing stirs, and no round need be made.
struct Rest {
    /// What the ledger was like before the last round: what that wrote itself counts as well, so that the last round
    /// before a rest is one that wrote nothing.
    version: Version,
    felt: Felt,
    until: DateTime<Utc>,
    snapshot: Arc<Snapshot>,
    round: Round,
}

impl Rest {
    /// After a round that found nothing about to happen by itself.
    fn after(
        snapshot: Arc<Snapshot>,
        round: Round,
        version: Version,
        felt: Felt,
        now: DateTime<Utc>,
    ) -> Option<Self> {
        let longest = now + TimeDelta::from_std(REST).unwrap_or_default();
        let until = round.notice.map_or(longest, |notice| notice.min(longest));
        let waits = round.missed.is_empty() && !round.doubted;
        waits.then_some(Self { version, felt, until, snapshot, round })
    }

    /// Whether it goes on.
    fn lasts(&self, version: Option<Version>, felt: &Felt, now: DateTime<Utc>) -> bool {
        let behind = self.until - now > TimeDelta::from_std(REST).unwrap_or_default();
        version == Some(self.version) && self.felt == *felt && now < self.until && !behind
    }

    /// What the last round came to; with how the ledger stands now, where somebody watches.
    async fn go_on<L: Ledger>(
        &self,
        planner: &Planner<L>,
        guard: &Guard,
        ledger: &L,
    ) -> Result<Option<(Arc<Snapshot>, Round)>, LedgerError> {
        if !guard.allows(ledger).await? {
            return Ok(None);
        }
        let mut round = self.round.clone();
        if self.snapshot.settings.monitoring.is_any() {
            round.tally = ledger.tally(planner.now()).await?;
        }
        Ok(Some((Arc::clone(&self.snapshot), round)))
    }
}

/// Hears of edits. Where that cannot be, every beat looks.
struct Ears {
    watch: Option<Watch>,
    /// Whether edits may go unheard.
    deaf: bool,
    /// Whether the log was told of places that cannot be listened to.
    told: bool,
}

impl Ears {
    fn open() -> Self {
        let watch = Watch::begin();
        Self { told: watch.is_err(), deaf: true, watch: watch.map_err(|why| log::deaf(&why)).ok() }
    }

    fn listen(&mut self, places: &BTreeSet<PathBuf>) {
        let heard = self.watch.as_ref().map_or(Ok(()), |watch| watch.listen(places));
        self.deaf = self.watch.is_none() || heard.is_err() || !places.iter().all(|place| is_heard(place));
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
            self.deaf = true;
        }
    }
}

/// One round of a host that goes by what another planned.
async fn follow_once<L: Ledger>(
    planner: &Planner<L>,
    guard: &Guard,
    ledger: &L,
    show: &watch::Sender<Option<Arc<Snapshot>>>,
    taken: bool,
) -> Result<Option<(Arc<Snapshot>, Round)>, LedgerError> {
    if !guard.allows(ledger).await? || !ledger.is_filled().await? {
        return Ok(None);
    }
    let shown = show.borrow().clone().filter(|shown| planner.is_by(shown.basis) && !taken);
    let snapshot = match shown {
        Some(shown) => shown,
        None => match planner.follow().await? {
            Some(followed) => followed,
            None => return Ok(None),
        },
    };
    show.send_replace(Some(Arc::clone(&snapshot)));
    let round = planner.standing(&snapshot).await?;
    Ok(Some((snapshot, round)))
}

/// One round of the host that plans.
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
    match plan(planner, show, taken).await {
        // Another host took over meanwhile: nothing was written, and the next round goes by what that one plans.
        Err(LedgerError::OffDuty { .. }) => Ok(None),
        planned => planned,
    }
}

async fn plan<L: Ledger>(
    planner: &Planner<L>,
    show: &watch::Sender<Option<Arc<Snapshot>>>,
    taken: bool,
) -> Result<Option<(Arc<Snapshot>, Round)>, LedgerError> {
    let Some(mut begun) = planner.begin(false).await? else { return Ok(None) };
    planner.introduce(&begun).await?;
    let (mut snapshot, mut round) = (None, Round::default());
    let mut next = planner.next(&mut begun).await?;
    while let Some(mut laid) = next {
        if taken {
            log::foreseen(&planner.foresee(&laid).await?);
        }
        let shown = Arc::clone(snapshot.insert(Arc::clone(&laid.snapshot)));
        // Shown before it is written: a row that the ledger holds and the posting does not is on its way out. But nothing
        // leaves before the first round is written: what was missed is told in the same mail as what is late.
        if show.borrow().is_some() && planner.note(&mut laid).await? {
            show.send_replace(Some(shown));
        }
        let written;
        (written, next) = planner.write_and_next(laid, &mut begun).await?;
        round = round.and(written);
    }
    show.send_replace(snapshot.clone());
    Ok(snapshot.map(|snapshot| (snapshot, round)))
}
