//! Whether a round may be made now: the clock is judged before each.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::log;
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError};
use crate::plan::trust::{Trust, trust};

/// How often a round is noted in the ledger.
const NOTED: TimeDelta = TimeDelta::seconds(30);

/// Judges the clock before each round: a round on a wrong clock would skip, or send, what it should not.
#[derive(Clone, Debug)]
pub struct Guard {
    clock: Clock,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What the clock said when it was last trusted, and how long the machine had been up.
    trusted: Option<(DateTime<Utc>, Duration)>,
    /// Why the clock is not trusted now, if it is not: told once an episode.
    distrust: Option<Trust>,
}

impl Guard {
    /// A guard over a clock that was not judged yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, seen: Arc::default() }
    }

    /// Whether a round may be made now; the log hears of it once an episode when not.
    pub async fn allows<L: Ledger>(&self, ledger: &L) -> Result<bool, LedgerError> {
        let now = self.clock.now();
        let last = ledger.last_round().await?;
        let verdict = self.judge(now, last);
        if verdict != Trust::Agrees {
            return Ok(false);
        }
        if last.is_none_or(|last| now - last >= NOTED) {
            ledger.note_round(now, false).await?;
        }
        Ok(true)
    }

    /// Why the clock was not trusted when it was last judged, if it was not.
    #[must_use]
    pub fn distrust(&self) -> Option<Trust> {
        self.seen().distrust
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn judge(&self, now: DateTime<Utc>, last_round: Option<DateTime<Utc>>) -> Trust {
        let up = Clock::since_boot();
        let mut seen = self.seen();
        let passed = |at| TimeDelta::from_std(up.saturating_sub(at)).unwrap_or_default();
        let verdict = trust(now, last_round, seen.trusted.map(|(then, at)| (then, passed(at))));
        if verdict == Trust::Agrees {
            *seen = Seen { trusted: Some((now, up)), distrust: None };
        } else if seen.distrust.replace(verdict).is_none() {
            log::distrusted(verdict, now, last_round);
        }
        verdict
    }
}
