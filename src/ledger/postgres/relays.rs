//! The verbs about relays: how they do, and when they were given mails. Only daemons ask.

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{Found, count, instant, millis, text, word};
use crate::ledger::StoredRelay;
use crate::plan::complaint::Complaint;
use crate::plan::pace;
use crate::settings::Rate;

/// Every relay remembered, by name.
pub(super) async fn relays(db: &Session) -> Result<Vec<StoredRelay>, Fault> {
    let found = db
        .query(
            "SELECT name, rest_until, failures, since, complaint, words, tried FROM relays ORDER BY name",
            &[],
        )
        .await?;
    let relay = |row: &Found| {
        let trouble = match row.at_if_any(3)? {
            Some(since) => Some((since, word(row.get(4)?, Complaint::parse)?, row.get(5)?)),
            None => None,
        };
        Ok(StoredRelay {
            name: row.get(0)?,
            rest_until: row.at_if_any(1)?,
            failures: count(row.get(2)?)?,
            trouble,
            tried: row.at_if_any(6)?,
        })
    };
    found.iter().map(relay).collect()
}

/// Remembers one relay.
pub(super) async fn note_relay(db: &Session, relay: &StoredRelay) -> Result<(), Fault> {
    let (since, complaint, words) = match &relay.trouble {
        Some((since, complaint, words)) => (Some(millis(*since)), Some(complaint.word()), Some(text(words))),
        None => (None, None, None),
    };
    db.execute(
        "INSERT INTO relays (name, rest_until, failures, since, complaint, words, tried)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (name) DO UPDATE
         SET rest_until = excluded.rest_until, failures = excluded.failures, since = excluded.since,
             complaint = excluded.complaint, words = excluded.words, tried = excluded.tried",
        &[
            &relay.name,
            &relay.rest_until.map(millis),
            &i64::from(relay.failures),
            &since,
            &complaint,
            &words,
            &relay.tried.map(millis),
        ],
    )
    .await?;
    Ok(())
}

/// Notes one mail, and forgets older ones.
pub(super) async fn count_mail(
    db: &Session,
    relay: &str,
    at: DateTime<Utc>,
    forget_before: DateTime<Utc>,
) -> Result<(), Fault> {
    db.execute("DELETE FROM relay_mails WHERE relay = $1 AND at < $2", &[&relay, &millis(forget_before)])
        .await?;
    db.execute("INSERT INTO relay_mails (relay, at) VALUES ($1, $2)", &[&relay, &millis(at)]).await?;
    Ok(())
}

/// When a relay was given mails.
pub(super) async fn counted_mails(
    db: &Session,
    relay: &str,
    since: DateTime<Utc>,
) -> Result<Vec<DateTime<Utc>>, Fault> {
    let found = db
        .query(
            "SELECT at FROM relay_mails WHERE relay = $1 AND at >= $2 ORDER BY at",
            &[&relay, &millis(since)],
        )
        .await?;
    found.iter().map(|row| instant(row.get(0)?)).collect()
}

/// Counts one mail, unless the mails of all hosts together have used up what the rates allow. Who asks about one relay
/// does so one after the other.
pub(super) async fn admit(
    db: &Session,
    relay: &str,
    rates: &[Rate],
    at: DateTime<Utc>,
) -> Result<bool, Fault> {
    let Some(window) = pace::window(rates) else { return Ok(true) };
    db.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", &[&format!("jalon relay {relay}")])
        .await?;
    let begun = counted_mails(db, relay, at - window).await?;
    if pace::free_at(rates, &begun, at).is_some() {
        return Ok(false);
    }
    count_mail(db, relay, at, at - window).await?;
    Ok(true)
}
