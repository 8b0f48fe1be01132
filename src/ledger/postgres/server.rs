//! What a database says of itself.

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::{hosts, schema};

/// What a database says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The server's version.
    pub version: String,
    /// Whether what it commits survives a power cut.
    pub durable: bool,
    /// How large the database is, in bytes.
    pub bytes: u64,
    /// What its clock says.
    pub now: DateTime<Utc>,
    /// The schema of the ledger.
    pub schema: i64,
}

/// Asks it.
pub(super) async fn server(db: &Session) -> Result<Server, Fault> {
    let row = db
        .one(
            "SELECT current_setting('server_version'), current_setting('fsync') = 'on',
                 current_setting('full_page_writes') = 'on', pg_database_size(current_database())",
            &[],
        )
        .await?;
    Ok(Server {
        version: row.get(0)?,
        durable: row.get::<bool>(1)? && row.get(2)?,
        bytes: row.get::<i64>(3)?.unsigned_abs(),
        now: hosts::clock(db).await?,
        schema: schema::KNOWN,
    })
}
