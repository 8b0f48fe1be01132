//! What is kept no longer than jalon.toml says (`[ledger] keep`): rows that are over, mails in an outbox, copies of the
//! ledger. A step of the housekeeper.

use chrono::{DateTime, Utc};

use crate::ledger::{Ledger, LedgerError};
use crate::transport::folder::Outbox;

/// What was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows of the ledger.
    pub rows: usize,
    /// Mails in outboxes.
    pub mails: usize,
    /// Copies of the ledger.
    pub copies: usize,
}

/// Forgets what was over, or was written, before an instant. An outbox that cannot be read keeps what it has until it can.
pub async fn forget<L: Ledger>(
    ledger: &L,
    outboxes: &[Outbox],
    before: DateTime<Utc>,
) -> Result<Forgotten, LedgerError> {
    let rows = ledger.purge(before).await?;
    let copies = ledger.purge_copies(before).await?;
    Ok(Forgotten { rows, copies, ..forget_mails(outboxes, before) })
}

/// Forgets mails in outboxes only.
#[must_use]
pub fn forget_mails(outboxes: &[Outbox], before: DateTime<Utc>) -> Forgotten {
    let mails = outboxes.iter().filter_map(|outbox| outbox.purge(before).ok()).sum();
    Forgotten { mails, ..Forgotten::default() }
}
