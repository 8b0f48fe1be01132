//! The look at each relay before a day with mails: on the evening before, while somebody is still there to mend what is
//! wrong. Nothing is sent: it is reached, secured, logged in to (a token is asked for), and said goodbye.
//!
//! It is level-triggered: what is due stands in the ledger, and so does when each relay was last tried. A look that was
//! missed is made up for until an hour before the mails are due; one that was made, or mails that left since, are enough. What it finds is
//! how the relay does, as if a mail had met it: the same rests, the same trouble, the same mail to the operator.

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};

use super::dispatcher::{Dispatcher, Way};
use super::planner::Snapshot;
use crate::calendar::Zone;
use crate::ledger::{Ledger, LedgerError};

/// How long before the look a relay may have been tried instead.
const RECENT: TimeDelta = TimeDelta::hours(6);

/// How long before a mail is due it is no use to look any more: the mail itself does.
const LATEST: TimeDelta = TimeDelta::hours(1);

/// Pure. When a relay is to be looked at, at `now` or before if that is overdue: at this time of the day before the next
/// mail is due, in this zone. None when no mail is to come, or when it was tried that evening or shortly before.
#[must_use]
pub fn due_at(
    now: DateTime<Utc>,
    next_due: Option<DateTime<Utc>>,
    tried: Option<DateTime<Utc>>,
    at: NaiveTime,
    zone: Zone,
) -> Option<DateTime<Utc>> {
    let due = next_due.filter(|due| *due > now + LATEST)?;
    let evening = zone.instant(zone.date(due).pred_opt()?.and_time(at));
    tried.is_none_or(|tried| tried < evening - RECENT).then_some(evening)
}

impl<L: Ledger> Dispatcher<L> {
    /// Looks at the first relay that should be by now; the next step looks at the next. Only when nothing is to leave.
    pub(super) async fn preflight(
        &mut self,
        snapshot: &Snapshot,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let Some(at) = snapshot.settings.delivery.preflight else { return Ok(()) };
        let zone = snapshot.settings.house.zone;
        let due = self.ledger.next_due().await?;
        let wants = |way: &Way| {
            let rests = way.rest_until.is_some_and(|until| until > now);
            let look = due_at(now, due, way.tried, at, zone).filter(|_| !rests && way.outbox().is_none());
            look.is_some_and(|look| look <= now)
        };
        let here = |way: &Way| way.first().is_some() && wants(way);
        let Some(at) = self.ways.iter().position(here) else { return Ok(()) };
        let ready = self.make_ready(at).await;
        if self.ways[at].tried.is_some_and(|tried| tried >= now) {
            self.report.worked = true;
            self.report.looked_at = Some((self.ways[at].name.clone(), ready));
        }
        self.ways[at].close().await;
        self.note_ways().await
    }
}
