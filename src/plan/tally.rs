//! Pure. How the ledger stands, in numbers: for those who watch over the service. A round reads every row at any rate, so
//! that counting them costs nothing (a count in SQL costs 40 ms of the ledger's only thread with 100,000 rows).

use chrono::{DateTime, Utc};

use super::row::{Row, State};

/// How many rows there are of what. A row is a reminder or a notice to one person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that wait for their instant, or to be tried again.
    pub planned: u64,
    /// Rows that were sent.
    pub sent: u64,
    /// Rows that were refused for good.
    pub failed: u64,
    /// Rows that may have left and wait for a person.
    pub held: u64,
    /// How often a row may have left without an answer.
    pub doubts: u64,
    /// When the first of the planned rows could leave, of those that could by now and are still of use.
    pub overdue: Option<DateTime<Utc>>,
    /// When the first planned row can leave.
    pub next_due: Option<DateTime<Utc>>,
}

impl Tally {
    /// How these rows stand.
    #[must_use]
    pub fn of(rows: &[Row], now: DateTime<Utc>) -> Self {
        let mut tally = Self::default();
        let first = |known: Option<DateTime<Utc>>, at| Some(known.map_or(at, |known| known.min(at)));
        for row in rows {
            tally.doubts += u64::from(row.doubts);
            match row.state {
                State::Planned => {
                    let ready = row.not_before.map_or(row.due, |at| at.max(row.due));
                    tally.planned += 1;
                    tally.next_due = first(tally.next_due, ready);
                    if ready <= now && row.late_after > now {
                        tally.overdue = first(tally.overdue, ready);
                    }
                }
                State::Sent => tally.sent += 1,
                State::Failed => tally.failed += 1,
                State::Held => tally.held += 1,
                _ => {}
            }
        }
        tally
    }
}

/// How much of what was counted is forgotten since the ledger began (`[ledger] keep`): with it, what is counted never goes
/// down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    /// Rows that were sent.
    pub sent: u64,
    /// Their doubts, and those of rows that ended otherwise.
    pub doubts: u64,
}
