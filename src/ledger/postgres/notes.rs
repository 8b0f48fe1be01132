//! The verbs about what the daemon notes down for itself: last good texts, the people as they were, and when it last
//! looked.

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{Found, millis, text};
use crate::ledger::StoredPosting;

/// Every posting remembered, by id.
pub(super) async fn postings(db: &Session) -> Result<Vec<StoredPosting>, Fault> {
    let found = db.query(&format!("{POSTINGS} ORDER BY id"), &[]).await?;
    found.iter().map(read_posting).collect()
}

/// What [`read_posting`] reads.
pub(super) const POSTINGS: &str = "SELECT id, path, text, since, vanished_at, accepted FROM postings";

/// Reads a posting.
pub(super) fn read_posting(row: &Found) -> Result<StoredPosting, Fault> {
    Ok(StoredPosting {
        id: row.get(0)?,
        path: row.get(1)?,
        text: row.get(2)?,
        since: row.at(3)?,
        vanished_at: row.at_if_any(4)?,
        accepted: row.at_if_any(5)?,
    })
}

/// Hosts that do not plan go by what is in force: they see that it changed.
pub(super) const EDITION: &str = "UPDATE meta SET edition = edition + 1";

/// Forgets some, remembers others: what is in both is remembered. The ledger is filled from then on.
pub(super) async fn remember(
    db: &Session,
    postings: &[StoredPosting],
    forget: &[String],
) -> Result<(), Fault> {
    db.execute(FORGET, &[&forget]).await?;
    for posting in postings {
        keep(db, posting, None).await?;
    }
    db.execute("UPDATE meta SET filled = true, edition = edition + 1", &[]).await?;
    Ok(())
}

/// Forgets postings.
pub(super) const FORGET: &str = "DELETE FROM postings WHERE id = ANY ($1)";

const KEEP: &str = "
    INSERT INTO postings (id, path, text, since, vanished_at, accepted, basis) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (id) DO UPDATE
    SET path = excluded.path, text = excluded.text, since = excluded.since, vanished_at = excluded.vanished_at,
        accepted = CASE WHEN excluded.vanished_at IS NULL THEN NULL ELSE postings.accepted END, basis = excluded.basis";

/// Remembers one posting, with what its rows stand for.
pub(super) async fn keep(db: &Session, posting: &StoredPosting, basis: Option<&str>) -> Result<(), Fault> {
    let StoredPosting { id, path, text: words, since, vanished_at, accepted } = posting;
    let (vanished, accepted) = (vanished_at.map(millis), accepted.map(millis));
    db.execute(KEEP, &[id, path, &text(words), &millis(*since), &vanished, &accepted, &basis]).await?;
    Ok(())
}

/// Notes that a person accepts that these are gone, also those that no daemon has missed yet.
pub(super) async fn accept(db: &Session, gone: &[String], now: DateTime<Utc>) -> Result<(), Fault> {
    db.execute(
        "UPDATE postings SET accepted = $2, vanished_at = coalesce(vanished_at, $2) WHERE id = ANY ($1)",
        &[&gone, &millis(now)],
    )
    .await?;
    Ok(())
}

/// Whether a plan was ever written.
pub(super) async fn is_filled(db: &Session) -> Result<bool, Fault> {
    db.one("SELECT filled FROM meta", &[]).await?.get(0)
}

/// The people as they were last known, by id.
pub(super) async fn people(db: &Session) -> Result<Vec<(String, String)>, Fault> {
    let found = db.query("SELECT id, entry FROM people ORDER BY id", &[]).await?;
    found.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Forgets some people, remembers others: who is in both is remembered.
pub(super) async fn remember_people(
    db: &Session,
    entries: &[(String, String)],
    forget: &[String],
) -> Result<(), Fault> {
    db.execute("DELETE FROM people WHERE id = ANY ($1)", &[&forget]).await?;
    for (id, entry) in entries {
        db.execute(
            "INSERT INTO people (id, entry) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET entry = excluded.entry",
            &[id, &text(entry)],
        )
        .await?;
    }
    db.execute(EDITION, &[]).await?;
    Ok(())
}

/// When the last round was.
pub(super) async fn last_round(db: &Session) -> Result<Option<DateTime<Utc>>, Fault> {
    db.one("SELECT last_round FROM meta", &[]).await?.at_if_any(0)
}

/// Notes a round; an earlier one than the last only if that is accepted.
pub(super) async fn note_round(db: &Session, now: DateTime<Utc>, accept_earlier: bool) -> Result<(), Fault> {
    db.execute(
        "UPDATE meta SET last_round = $1 WHERE last_round IS NULL OR last_round < $1 OR $2",
        &[&millis(now), &accept_earlier],
    )
    .await?;
    Ok(())
}

/// How often what is in force was written.
pub(super) async fn edition(db: &Session) -> Result<i64, Fault> {
    db.one("SELECT edition FROM meta", &[]).await?.get(0)
}
