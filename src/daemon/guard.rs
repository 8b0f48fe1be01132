//! Whether a round may be made now: the clock is judged before each.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::log;
use crate::clock::Clock;
use crate::ledger::{Ledger, LedgerError};
use crate::plan::trust::{Trust, trust};
use crate::telemetry;

/// How often a round is noted in the ledger.
const NOTED: TimeDelta = TimeDelta::seconds(30);

/// Judges the clock before each round: a round on a wrong clock would skip, or send, what it should not.
#[derive(Clone, Debug)]
pub struct Guard {
    clock: Clock,
    seen: Arc<std::sync::Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// What the clock said when it was last trusted, and how long the machine had been up.
    trusted: Option<(DateTime<Utc>, Duration)>,
    /// Whether the present episode of distrust was told.
    told: bool,
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
            // Every time: a round that was under way may have said since that all is well.
            telemetry::status(&log::status_distrusted(verdict));
            return Ok(false);
        }
        if last.is_none_or(|last| now - last >= NOTED) {
            ledger.note_round(now, false).await?;
        }
        Ok(true)
    }

    fn judge(&self, now: DateTime<Utc>, last_round: Option<DateTime<Utc>>) -> Trust {
        let up = Clock::since_boot();
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let passed = |at| TimeDelta::from_std(up.saturating_sub(at)).unwrap_or_default();
        let verdict = trust(now, last_round, seen.trusted.map(|(then, at)| (then, passed(at))));
        if verdict == Trust::Agrees {
            *seen = Seen { trusted: Some((now, up)), told: false };
        } else if !std::mem::replace(&mut seen.told, true) {
            log::distrusted(verdict, now, last_round);
        }
        verdict
    }
}
