//! The signs that the daemon gives of itself after each round of planning: the heartbeat and the metrics. Both are given
//! beside the rounds, and whatever becomes of them is nobody's trouble but whoever watches: a line of the log an episode.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use tokio::task::{JoinHandle, spawn_blocking};

use super::heartbeat::{Heartbeats, Progress, is_good};
use super::log;
use super::metrics::{Seen, page, write};
use super::planner::Round;
use super::taken::Taken;
use super::troubles::{Felt, Health};
use crate::clock::Clock;
use crate::diagnostic::any_error;
use crate::ledger::Ledger;
use crate::plan::pace;
use crate::plan::tally::{Purged, Tally};
use crate::settings::Settings;

/// Whether something fails, as far as the log was told.
#[derive(Clone, Debug, Default)]
pub struct Episode(Arc<AtomicBool>);

impl Episode {
    /// It fails: whether that is news.
    pub(super) fn begins(&self) -> bool {
        !self.0.swap(true, Ordering::Relaxed)
    }

    /// It does not fail: whether that is news.
    pub(super) fn ends(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// Gives the signs that the settings ask for.
#[derive(Debug)]
pub struct Monitor<L> {
    ledger: L,
    clock: Clock,
    progress: Progress,
    /// What was forgotten before the present round; and the totals that were given last.
    purged: Purged,
    totals: (u64, u64),
    heartbeats: Heartbeats,
    writing: Option<JoinHandle<()>>,
    unwritten: Episode,
}

impl<L: Ledger> Monitor<L> {
    /// Signs of a daemon that has just begun.
    pub fn new(ledger: L, clock: Clock) -> Self {
        Self {
            ledger,
            clock,
            progress: Progress::default(),
            purged: Purged::default(),
            totals: (0, 0),
            heartbeats: Heartbeats::default(),
            writing: None,
            unwritten: Episode::default(),
        }
    }

    /// Before a round reads its rows: what is forgotten meanwhile is then counted a round later, and nothing twice.
    pub async fn before(&mut self) {
        if let Ok(purged) = self.ledger.purged().await {
            self.purged = purged;
        }
    }

    /// A tally with what was forgotten: what is counted never goes down.
    fn with_purged(&mut self, tally: &Tally) -> Tally {
        let (sent, doubts) = self.totals;
        self.totals =
            (sent.max(tally.sent + self.purged.sent), doubts.max(tally.doubts + self.purged.doubts));
        Tally { sent: self.totals.0, doubts: self.totals.1, ..tally.clone() }
    }

    /// Waits until the metrics are written: a test that looks at them must.
    pub async fn given(&mut self) {
        if let Some(writing) = self.writing.take() {
            let _ = writing.await;
        }
    }

    /// After a round: none when it could not be made, because the ledger failed or the clock does not agree.
    pub async fn after(&mut self, round: Option<&Round>, felt: &Felt, files: &Taken) {
        let Some(settings) = &files.loaded.settings else { return };
        let monitoring = &settings.monitoring;
        if monitoring.heartbeat.is_none() && monitoring.metrics.is_none() {
            return;
        }
        let now = self.clock.now();
        let tally = round.map(|round| self.with_purged(&round.tally));
        let real = matches!(self.clock, Clock::Running { ahead } if ahead.is_zero());
        if let Some(heartbeat) = &monitoring.heartbeat {
            let stuck = match &tally {
                Some(tally) => {
                    let excused = tally.overdue.is_some() && self.has_a_reason(settings, felt, now).await;
                    self.progress.is_stuck(tally, excused, now)
                }
                None => false,
            };
            let good = is_good(round, felt, stuck, now);
            self.heartbeats.beat(heartbeat, files.config(), good, !real, now);
        }
        if let (Some(path), Some(tally), Some(round)) = (&monitoring.metrics, &tally, round)
            && self.writing.as_ref().is_none_or(JoinHandle::is_finished)
        {
            let relays = if settings.relays.is_empty() { &[][..] } else { &felt.ways };
            let config_ok = files.refused.is_empty() && !any_error(&round.problems);
            let page = page(&Seen { tally, relays, config_ok, real, now });
            let (path, unwritten) = (path.clone(), self.unwritten.clone());
            self.writing = Some(spawn_blocking(move || match write(&path, &page) {
                Ok(()) if unwritten.ends() => log::metrics_written(&path),
                Err(why) if unwritten.begins() => log::metrics_unwritten(&path, &why),
                Ok(()) | Err(_) => {}
            }));
        }
    }

    /// Whether there is a reason that mails wait: no relay takes any, or one was given all that its rate allows.
    async fn has_a_reason(&self, settings: &Settings, felt: &Felt, now: DateTime<Utc>) -> bool {
        if felt.ways.iter().all(|way| matches!(way.health, Health::Failing { .. })) {
            return true;
        }
        for (relay, way) in settings.relays.iter().zip(&felt.ways) {
            let Some(window) = pace::window(&relay.rate) else { continue };
            let begun = self.ledger.counted_mails(way.name.clone(), now - window).await.unwrap_or_default();
            if pace::free_at(&relay.rate, &begun, now).is_some() {
                return true;
            }
        }
        false
    }
}
