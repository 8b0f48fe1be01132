//! tokio-cron-scheduler, in UTC, and nowhere else: it only wakes our own steps.
//!
//! It freezes a zone's offset, fires early, loses jobs under load and polls twice a second (measured; see the
//! upstream issues 107 and 61): so it is the pacemaker of recurring work that is idempotent and may come late,
//! never the calendar. What is due is the ledger's to say.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};

/// What recurs.
#[derive(Clone, Debug, Default)]
pub struct Beats {
    /// Every minute: look again at what should be planned.
    pub replan: Arc<Notify>,
    /// Every ten minutes: leases that ran out, rows to be forgotten.
    pub housekeeping: Arc<Notify>,
}

/// Starts the pacemaker. It lives as long as what is returned.
pub async fn start(beats: &Beats) -> Result<JobScheduler, JobSchedulerError> {
    let scheduler = JobScheduler::new().await?;
    // What is due is due at a whole minute, nearly always: nothing else happens then.
    for (line, beat) in [("30 * * * * *", &beats.replan), ("45 7/10 * * * *", &beats.housekeeping)] {
        let beat = Arc::clone(beat);
        scheduler.add(Job::new(line, move |_, _| beat.notify_one())?).await?;
    }
    scheduler.start().await?;
    Ok(scheduler)
}
