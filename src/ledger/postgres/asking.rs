//! The verbs of a round of planning: narrow questions, and the one that brings rows and what they stand for together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{COLUMNS, Found, Values, millis, read};
use super::{mails, notes, single, telling};
use crate::ledger::{Batch, Glance, Head, Rows, StoredPosting};
use crate::plan::Key;
use crate::plan::row::Row;
use crate::plan::tally::Tally;
use crate::plan::told::Revision;

/// What a round begins with.
pub(super) async fn glance(db: &Session) -> Result<Glance, Fault> {
    let sql = "SELECT id, path, since, vanished_at, accepted, basis FROM postings ORDER BY id";
    let head = |row: &Found| {
        Ok(Head {
            id: row.get(0)?,
            path: row.get(1)?,
            since: row.at(2)?,
            vanished_at: row.at_if_any(3)?,
            accepted: row.at_if_any(4)?,
            basis: row.get(5)?,
        })
    };
    let heads = db.query(sql, &[]).await?.iter().map(head).collect::<Result<_, Fault>>()?;
    let stirred = db.query("SELECT posting FROM stirred ORDER BY posting", &[]).await?;
    let stirred = stirred.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    Ok(Glance { heads, stirred, filled: notes::is_filled(db).await?, people: notes::people(db).await? })
}

/// These postings, those that are remembered, in the order asked for.
pub(super) async fn postings_of(db: &Session, ids: &[String]) -> Result<Vec<StoredPosting>, Fault> {
    let found = db.query(&format!("{} WHERE id = ANY ($1)", notes::POSTINGS), &[&ids]).await?;
    let found = found.iter().map(notes::read_posting).collect::<Result<Vec<_>, _>>()?;
    let by_id: BTreeMap<&str, &StoredPosting> =
        found.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    Ok(ids.iter().filter_map(|id| by_id.get(id.as_str()).map(|posting| (*posting).clone())).collect())
}

/// The revisions of these postings' events.
pub(super) async fn revisions_of(db: &Session, postings: &[String]) -> Result<Vec<Revision>, Fault> {
    let sql = format!(
        "{} JOIN unnest($1::text[]) WITH ORDINALITY AS asked (posting, nth) USING (posting)
         ORDER BY nth, event, revision",
        telling::REVISIONS
    );
    db.query(&sql, &[&postings]).await?.iter().map(telling::read_revision).collect()
}

/// Every revision of what was revised.
pub(super) const REVISED: &str = "
    JOIN (SELECT DISTINCT posting, event FROM revisions WHERE revision > 1) AS moved USING (posting, event)
    ORDER BY posting, event, revision";

pub(super) async fn revised(db: &Session) -> Result<Vec<Revision>, Fault> {
    let sql = format!("{} {REVISED}", telling::REVISIONS);
    db.query(&sql, &[]).await?.iter().map(telling::read_revision).collect()
}

/// The revisions that say under which other name calendars know their event.
pub(super) async fn known_otherwise(db: &Session) -> Result<Vec<Revision>, Fault> {
    let sql = format!(
        "{} WHERE strpos(said, '\"known_as\"') > 0 ORDER BY posting, event, revision",
        telling::REVISIONS
    );
    db.query(&sql, &[]).await?.iter().map(telling::read_revision).collect()
}

/// Of these postings, those of which a mail is on its way.
pub(super) const ON_THEIR_WAY: &str = "
    SELECT posting FROM unnest($1::text[]) AS asked (posting) WHERE EXISTS (
        SELECT 1 FROM rows WHERE rows.posting = asked.posting
            AND state IN ('planned', 'claimed', 'handed', 'held') AND sort <> 'slip')";

pub(super) async fn on_their_way(db: &Session, postings: &[String]) -> Result<BTreeSet<String>, Fault> {
    db.query(ON_THEIR_WAY, &[&postings]).await?.iter().map(|row| row.get(0)).collect()
}

pub(super) const OF: &str = "FROM rows WHERE posting = ANY ($1)";
pub(super) const IS: &str = "FROM rows WHERE key = ANY ($1)";
pub(super) const USEFUL: &str = "FROM rows WHERE sort <> 'reminder' AND late_after > $1";
pub(super) const OPEN: &str = "FROM rows WHERE state IN ('claimed', 'handed', 'held')";
pub(super) const WAITING_NOTICES: &str =
    "FROM rows WHERE sort <> 'reminder' AND state = 'planned' AND late_after <= $1";
/// No posting's id begins with `~`, and `0` follows `/`.
pub(super) const WHOLE_SORT: &str =
    "FROM rows WHERE key >= '~' || $1::text || '/' AND key < '~' || $1::text || '0'";
pub(super) const LAST_DIGESTS: &str = "
    FROM (SELECT DISTINCT ON (recipient) * FROM rows
          WHERE sort = 'digest' AND NOT (state = 'withdrawn' AND reason = 'calendar')
          ORDER BY recipient, due DESC) AS rows";
pub(super) const FAILED: &str = "FROM rows WHERE state = 'failed' AND changed >= $1";
pub(super) const REACHED: &str = "
    FROM rows WHERE state = 'sent' AND changed >= $1 AND email = $2 AND sort <> 'operator'
    ORDER BY changed DESC LIMIT 1";
pub(super) const LAPSED: &str = "FROM rows WHERE state = 'lapsed' AND changed >= $1";
pub(super) const LEFT: &str = "FROM rows WHERE state = 'sent' AND changed >= $1";
pub(super) const REFUSED_FOR_NOW: &str = "FROM rows WHERE state = 'planned' AND due <= $1 AND attempts > 0";
pub(super) const OWN_LEFT: &str = "
    FROM rows WHERE state = 'sent' AND changed >= $2 AND reader = $1 AND recipient = $1 AND due BETWEEN $2 AND $3";
pub(super) const OWN_PLANNED: &str = "
    FROM rows WHERE state = 'planned' AND reader = $1 AND recipient = $1 AND due BETWEEN $2 AND $3";

/// The rows that are asked for, each once, by key.
pub(super) async fn known_of(db: &Session, asked: &[Rows]) -> Result<Vec<Row>, Fault> {
    let mut found = Asked { db, rows: BTreeMap::new() };
    for asked in asked {
        found.ask(asked).await?;
    }
    Ok(found.rows.into_values().collect())
}

struct Asked<'a> {
    db: &'a Session,
    rows: BTreeMap<Key, Row>,
}

impl Asked<'_> {
    async fn ask(&mut self, asked: &Rows) -> Result<(), Fault> {
        match asked {
            Rows::Of(postings) => self.add(OF, &[postings]).await,
            Rows::Keys(keys) => {
                let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
                self.add(IS, &[&keys]).await
            }
            Rows::Notices(now) => self.notices(*now).await,
            Rows::Open => self.add(OPEN, &[]).await,
            Rows::Refused(since) => self.refused(*since).await,
            Rows::Lapsed(since) => self.add(LAPSED, &[&millis(*since)]).await,
            Rows::Own { reader, since, until } => {
                let (since, until) = (millis(*since), millis(*until));
                self.add(OWN_LEFT, &[reader, &since, &until]).await?;
                self.add(OWN_PLANNED, &[reader, &since, &until]).await
            }
            Rows::Ended { since, now } => {
                for sql in [LEFT, FAILED, LAPSED] {
                    self.add(sql, &[&millis(*since)]).await?;
                }
                self.add(OPEN, &[]).await?;
                self.add(REFUSED_FOR_NOW, &[&millis(*now)]).await
            }
        }
    }

    async fn add(&mut self, sql: &str, given: Values<'_>) -> Result<(), Fault> {
        for row in self.db.query(&format!("SELECT {COLUMNS} {sql}"), given).await? {
            let row = read(&row)?;
            self.rows.insert(row.key.clone(), row);
        }
        Ok(())
    }

    async fn notices(&mut self, now: DateTime<Utc>) -> Result<(), Fault> {
        for sort in ["operator", "slip", "missed"] {
            self.add(WHOLE_SORT, &[&sort]).await?;
        }
        self.add(USEFUL, &[&millis(now)]).await?;
        self.add(WAITING_NOTICES, &[&millis(now)]).await?;
        self.add(OPEN, &[]).await?;
        self.add(LAST_DIGESTS, &[]).await
    }

    async fn refused(&mut self, since: DateTime<Utc>) -> Result<(), Fault> {
        let found = self.db.query(&format!("SELECT {COLUMNS} {FAILED}"), &[&millis(since)]).await?;
        let failed = found.iter().map(read).collect::<Result<Vec<Row>, _>>()?;
        let mut first: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for row in &failed {
            let at = first.entry(&row.email).or_insert(row.changed);
            *at = row.changed.min(*at);
        }
        for (email, at) in first {
            self.add(REACHED, &[&millis(at), &email]).await?;
        }
        self.rows.extend(failed.iter().map(|row| (row.key.clone(), row.clone())));
        Ok(())
    }
}

/// Brings rows, revisions and texts, and what they stand for, in one go; returns how many rows stood elsewhere. The queue is
/// taken first: who ends rows takes it, too, and then rows.
pub(super) async fn bring(db: &Session, batch: &Batch, now: DateTime<Utc>) -> Result<usize, Fault> {
    db.query(mails::QUEUE, &[]).await?;
    let missed = single::apply(db, &batch.changes, now).await?;
    if !batch.renamed.is_empty() || !batch.revisions.is_empty() {
        telling::revise(db, &batch.renamed, &batch.revisions).await?;
    }
    let whole = missed == 0;
    if whole {
        if !batch.forget.is_empty() {
            db.execute(notes::FORGET, &[&batch.forget]).await?;
        }
        if !batch.rested.is_empty() {
            db.execute("DELETE FROM stirred WHERE posting = ANY ($1)", &[&batch.rested]).await?;
        }
    }
    for (posting, basis) in &batch.remember {
        notes::keep(db, posting, basis.as_deref().filter(|_| whole)).await?;
    }
    if !batch.forget.is_empty() || !batch.remember.is_empty() {
        db.execute(notes::EDITION, &[]).await?;
    }
    Ok(missed)
}

/// A hand touched a row: its posting is looked at by the next round.
pub(super) async fn stir(db: &Session, key: &Key) -> Result<(), Fault> {
    let sql = "INSERT INTO stirred (posting) SELECT posting FROM rows WHERE key = $1 AND posting <> ''
         ON CONFLICT DO NOTHING";
    db.execute(sql, &[&key.as_str()]).await.map(drop)
}

pub(super) const NEXT_REMINDER: &str = "
    SELECT due FROM rows WHERE state = 'planned' AND due > $1 AND sort = 'reminder' ORDER BY due LIMIT 1";

/// When the next reminder is due.
pub(super) async fn next_reminder(db: &Session, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Fault> {
    db.query(NEXT_REMINDER, &[&millis(now)]).await?.first().map(|row| row.at(0)).transpose()
}

/// How all rows stand.
pub(super) async fn tally(db: &Session, now: DateTime<Utc>) -> Result<Tally, Fault> {
    let row = db
        .one(
            "SELECT count(*) FILTER (WHERE state = 'planned'), count(*) FILTER (WHERE state = 'sent'),
                 count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'held'),
                 coalesce(sum(doubts), 0)::bigint,
                 min(ready) FILTER (WHERE state = 'planned' AND ready <= $1 AND late_after > $1),
                 min(ready) FILTER (WHERE state = 'planned')
             FROM rows",
            &[&millis(now)],
        )
        .await?;
    let count = |column| row.get::<i64>(column).map(i64::unsigned_abs);
    Ok(Tally {
        planned: count(0)?,
        sent: count(1)?,
        failed: count(2)?,
        held: count(3)?,
        doubts: count(4)?,
        overdue: row.at_if_any(5)?,
        next_due: row.at_if_any(6)?,
    })
}

/// How often anything was written; none while somebody is about to have done so. Whoever writes counts that last, and holds
/// its lock on the count until what it wrote can be seen: so the count is read first, then who is still at it.
pub(super) async fn version(db: &Session) -> Result<Option<i64>, Fault> {
    let writes = db.one("SELECT last_value + is_called::int FROM writes", &[]).await?.get(0)?;
    Ok((!db.one(COUNTING, &[]).await?.get::<bool>(0)?).then_some(writes))
}

const COUNTING: &str = "
    SELECT EXISTS (SELECT 1 FROM pg_locks WHERE relation = 'writes'::regclass AND mode = 'RowExclusiveLock'
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))";
