//! What is forgotten with time: rows that are over. Copies are made, and removed, by who keeps the database.

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{millis, size};
use crate::plan::tally::Purged;

/// What is forgotten.
const OVER: &str = "late_after < $1
    AND state IN ('sent', 'failed', 'withdrawn', 'skipped', 'superseded', 'lapsed')
    AND (sort = 'reminder' OR posting NOT IN (SELECT id FROM postings)
         OR NOT EXISTS (SELECT 1 FROM rows AS other
                        WHERE other.posting = rows.posting AND other.late_after >= $1))";

/// Forgets final rows that were of use until an instant. Of a posting that is remembered, the notices stay as long as
/// any row of it does: they say what its readers were told of dates to come. What the rows said goes with them; the
/// revisions of a posting that is not remembered go with its last row.
///
/// A reminder that is forgotten here is not laid again while its file is still there (`daemon::planner`); were it, it
/// would be met for the first time after its due instant, and skipped.
///
/// What was sent, and the doubts, are counted in the statement that forgets them: see [`purged`].
pub(super) async fn purge(db: &Session, before: DateTime<Utc>) -> Result<usize, Fault> {
    let forgotten = db
        .change(
            &format!(
                "WITH gone AS (DELETE FROM rows WHERE {OVER} RETURNING state, doubts),
                 counted AS (
                     UPDATE meta SET
                         forgotten_sent = forgotten_sent + (SELECT count(*) FILTER (WHERE state = 'sent') FROM gone),
                         forgotten_doubts = forgotten_doubts + (SELECT coalesce(sum(doubts), 0)::bigint FROM gone))
                 SELECT count(*) FROM gone"
            ),
            &[&millis(before)],
        )
        .await?;
    db.execute(
        "DELETE FROM revisions WHERE posting NOT IN (SELECT id FROM postings)
         AND NOT EXISTS (SELECT 1 FROM rows WHERE rows.posting = revisions.posting)",
        &[],
    )
    .await?;
    forgotten.first().map_or(Ok(0), |row| Ok(size(row.get::<i64>(0)?.unsigned_abs())))
}

/// How much was forgotten of what is counted.
pub(super) async fn purged(db: &Session) -> Result<Purged, Fault> {
    let row = db.one("SELECT forgotten_sent, forgotten_doubts FROM meta", &[]).await?;
    let count = |column| row.get::<i64>(column).map(i64::unsigned_abs);
    Ok(Purged { sent: count(0)?, doubts: count(1)? })
}
