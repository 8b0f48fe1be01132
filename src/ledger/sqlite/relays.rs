//! The verbs about relays: how they do, and when they were given mails. Only the daemon asks.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::rows::At;
use crate::ledger::StoredRelay;

/// Every relay remembered, by name.
pub(super) fn relays(db: &Connection) -> rusqlite::Result<Vec<StoredRelay>> {
    db.prepare_cached(
        "SELECT name, rest_until, failures, since, complaint, words, tried FROM relays ORDER BY name",
    )?
    .query_map([], |row| {
        let since: Option<At> = row.get(3)?;
        let trouble = match since {
            Some(At(since)) => Some((since, row.get(4)?, row.get(5)?)),
            None => None,
        };
        Ok(StoredRelay {
            name: row.get(0)?,
            rest_until: row.get::<_, Option<At>>(1)?.map(|at| at.0),
            failures: row.get(2)?,
            trouble,
            tried: row.get::<_, Option<At>>(6)?.map(|at| at.0),
        })
    })?
    .collect()
}

/// Remembers one relay.
pub(super) fn note_relay(db: &Connection, relay: &StoredRelay) -> rusqlite::Result<()> {
    let (since, complaint, words) = match &relay.trouble {
        Some((since, complaint, words)) => (Some(At(*since)), Some(complaint), Some(words)),
        None => (None, None, None),
    };
    db.execute(
        "INSERT OR REPLACE INTO relays (name, rest_until, failures, since, complaint, words, tried)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            relay.name,
            relay.rest_until.map(At),
            relay.failures,
            since,
            complaint,
            words,
            relay.tried.map(At)
        ],
    )?;
    Ok(())
}

/// Notes one mail, and forgets older ones.
pub(super) fn count_mail(
    db: &Connection,
    relay: &str,
    at: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> rusqlite::Result<()> {
    db.execute("DELETE FROM relay_mails WHERE relay = ?1 AND at < ?2", params![relay, At(forget_before)])?;
    db.execute("INSERT INTO relay_mails (relay, at) VALUES (?1, ?2)", params![relay, At(at)])?;
    Ok(())
}

/// When a relay was given mails.
pub(super) fn counted_mails(
    db: &Connection,
    relay: &str,
    since: DateTime<Utc>,
) -> rusqlite::Result<Vec<DateTime<Utc>>> {
    db.prepare_cached("SELECT at FROM relay_mails WHERE relay = ?1 AND at >= ?2 ORDER BY at")?
        .query_map(params![relay, At(since)], |row| Ok(row.get::<_, At>(0)?.0))?
        .collect()
}
