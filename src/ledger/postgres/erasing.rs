//! Somebody is forgotten: a pseudonym takes their place in every table, in one transaction; then the server writes the
//! tables anew, for what a row said before stays in their files until then. What it keeps besides (its log, copies, other
//! servers that follow it) is in the hands of who keeps the database.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::time::{Instant, sleep};
use tokio_postgres::types::ToSql;

use super::errors::Fault;
use super::notes::EDITION;
use super::place::Place;
use super::pool::Session;
use super::rows::millis;
use crate::ledger::erased::rewritten;
use crate::ledger::{Erased, Whom};
use crate::plan::pseudonym::Pseudonym;

/// How long others may still read what was there before, until it is said that they do.
const READERS: Duration = Duration::from_secs(10);

/// How long one table may take: daemons wait ten seconds for a lock, and are not to be troubled.
const BRIEFLY: &str = "SET statement_timeout = '8s'";

/// The tables of the ledger.
const TABLES: &str = "SELECT quote_ident(relname) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname";

/// What the files of the tables are called: those that were written anew have other names. What the server knows of
/// their columns comes last.
const FILES: &str = "SELECT oid::regclass::text, pg_relation_filenode(oid)::bigint FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' OR oid = 'pg_statistic'::regclass
    ORDER BY oid = 'pg_statistic'::regclass, relname";

/// Of a table without rows nothing is looked at anew; this has what is known of its columns forgotten.
const NOBODY: &str = "ALTER TABLE people ALTER id TYPE text COLLATE \"C\", ALTER entry TYPE text";

/// A key, wherever it stands: what points to a row is looked at when all of this is done.
const RENAME: &str = "WITH said AS (UPDATE says SET key = $2 WHERE key = $1),
         told AS (UPDATE tells SET key = $2 WHERE key = $1)
    UPDATE rows SET key = $2 WHERE key = $1";

/// Rewrites every table: what stands in their place and how many entries did not say that before; or how many rows stand
/// in the way. Meanwhile nobody else writes; whoever reads, reads what was there.
pub(super) async fn rewrite(db: &Session, whom: &Whom, now: DateTime<Utc>) -> Result<Erased, Fault> {
    let tables: Vec<String> =
        db.query(TABLES, &[]).await?.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
    // The one that claims take first is the first here as well.
    db.batch("LOCK TABLE meta IN EXCLUSIVE MODE").await?;
    db.batch(&format!("LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", "))).await?;
    let open = theirs(db, whom, "state IN ('claimed', 'handed', 'held')").await?;
    if !open.is_empty() {
        return Ok(Erased::Open(open.len()));
    }
    let planned = theirs(db, whom, "state = 'planned'").await?;
    db.execute(
        "UPDATE rows SET state = 'withdrawn', reason = 'hand', wanted = false, not_before = NULL, changed = $2
         WHERE number = ANY ($1)",
        &[&planned, &millis(now)],
    )
    .await?;
    let word = free_word(db).await?;
    let pseudonym = whom.pseudonym(&word);
    let ids: Vec<&String> = whom.ids.iter().collect();
    let mut entries = db.execute("DELETE FROM people WHERE id = ANY ($1)", &[&ids]).await?;
    for table in &tables {
        entries += rewrite_table(db, table, &pseudonym).await?;
    }
    let keys = db.query("SELECT key FROM rows", &[]).await?;
    for old in keys.iter().map(|row| row.get::<&str>(0)) {
        let old = old?;
        let new = pseudonym.key(old);
        if new != old {
            db.execute(RENAME, &[&old, &new]).await?;
        }
    }
    // What its rows stood for is another text now.
    db.execute("UPDATE postings SET basis = NULL", &[]).await?;
    db.execute(EDITION, &[]).await?;
    // What the server knows of their columns holds the commonest values (`pg_stats`): looked at anew with all the rest.
    db.batch(&format!("ANALYZE {}", tables.join(", "))).await?;
    Ok(Erased::Done { word, entries, left: true })
}

/// The rows that are for them, that they read, or that go to their address.
async fn theirs(db: &Session, whom: &Whom, state: &str) -> Result<Vec<i64>, Fault> {
    let sql = format!("SELECT number, recipient, reader, email FROM rows WHERE {state}");
    let mut found = Vec::new();
    for row in db.query(&sql, &[]).await? {
        if whom.is_of(row.get(1)?, row.get(2)?, row.get(3)?) {
            found.push(row.get(0)?);
        }
    }
    Ok(found)
}

/// A word that stands for nobody yet. It is drawn, not made from whom it stands for: nobody can try names on it.
async fn free_word(db: &Session) -> Result<String, Fault> {
    loop {
        let word: String =
            db.one("SELECT 'oublie-' || left(gen_random_uuid()::text, 4)", &[]).await?.get(0)?;
        let taken =
            "SELECT EXISTS (SELECT 1 FROM rows WHERE starts_with(recipient, $1) OR starts_with(reader, $1))";
        if !db.one(taken, &[&word]).await?.get::<bool>(0)? {
            return Ok(word);
        }
    }
}

/// Rewrites the texts of a table, but for the keys of rows: those change all at once. How many entries change.
async fn rewrite_table(db: &Session, table: &str, pseudonym: &Pseudonym) -> Result<usize, Fault> {
    let columns: Vec<String> = db
        .query(
            "SELECT attname::text FROM pg_attribute
             WHERE attrelid = $1::text::regclass AND atttypid = 'text'::regtype AND attnum > 0 AND NOT attisdropped",
            &[&table],
        )
        .await?
        .iter()
        .map(|row| row.get(0))
        .collect::<Result<_, _>>()?;
    if columns.is_empty() {
        return Ok(0);
    }
    let is_renamed = |column: &str| column == "key" && matches!(table, "rows" | "says" | "tells");
    let at: Vec<usize> = (0..columns.len()).filter(|n| !is_renamed(&columns[*n])).collect();
    let set: Vec<String> =
        at.iter().enumerate().map(|(n, column)| format!("{} = ${}", columns[*column], n + 2)).collect();
    let update = format!("UPDATE {table} SET {} WHERE ctid = $1::text::tid", set.join(", "));
    let mut changed = 0;
    for row in db.query(&format!("SELECT ctid::text, {} FROM {table}", columns.join(", ")), &[]).await? {
        let key = columns.iter().position(|column| table == "rows" && column == "key");
        let is_operators =
            key.map_or(Ok(false), |n| Ok::<_, Fault>(row.get::<&str>(n + 1)?.starts_with("~operator/")))?;
        let old: Vec<Option<&str>> = (1..=columns.len()).map(|n| row.get(n)).collect::<Result<_, _>>()?;
        let new: Vec<Option<String>> = (columns.iter().zip(&old))
            .map(|(column, old)| old.map(|old| rewritten(pseudonym, column, is_operators, old)))
            .collect();
        let differs = |n: usize| new[n].as_deref() != old[n];
        changed += usize::from((0..columns.len()).any(differs));
        if at.iter().any(|n| differs(*n)) {
            let place: &str = row.get(0)?;
            let mut values: Vec<&(dyn ToSql + Sync)> = vec![&place];
            values.extend(at.iter().map(|n| &new[*n] as &(dyn ToSql + Sync)));
            db.execute(&update, &values).await?;
        }
    }
    Ok(changed)
}

/// Has the server write the tables anew, and what it knows of their columns, once nobody reads what was there before. It
/// is said when that could not be: they are forgotten all the same.
pub(super) async fn renew(place: &Place, erased: Erased) -> Erased {
    match erased {
        Erased::Done { word, entries, .. } => {
            let left = !renewed(place).await.unwrap_or(false);
            Erased::Done { word, entries, left }
        }
        open @ Erased::Open(_) => open,
    }
}

/// Whether all of it was written anew, and without what was there before.
async fn renewed(place: &Place) -> Result<bool, Fault> {
    let db = Session::open(place).await?;
    let before = files(&db).await?;
    let alone = nobody_reads(&db).await?;
    db.batch(BRIEFLY).await?;
    let mut all = true;
    if !db.one("SELECT EXISTS (SELECT 1 FROM people)", &[]).await?.get::<bool>(0)? {
        all &= db.batch(NOBODY).await.is_ok();
    }
    for (table, _) in &before {
        // One by one: it is not done within a transaction.
        all &= db.batch(&format!("VACUUM FULL {table}")).await.is_ok();
    }
    // What we may not touch, the server passes over with a remark.
    let after = files(&db).await?;
    Ok(alone && all && before.iter().all(|file| !after.contains(file)))
}

async fn files(db: &Session) -> Result<Vec<(String, i64)>, Fault> {
    db.query(FILES, &[]).await?.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect()
}

/// Waits until nobody here reads what was there before this moment, and nobody on this server writes since before: whoever
/// looks now would look as of then. False when somebody goes on.
async fn nobody_reads(db: &Session) -> Result<bool, Fault> {
    let now: String = db.one("SELECT pg_snapshot_xmax(pg_current_snapshot())::text", &[]).await?.get(0)?;
    let reads = "SELECT pg_snapshot_xmin(pg_current_snapshot()) < $1::text::xid8
        OR EXISTS (
            SELECT 1 FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_xmin IS NOT NULL
              AND age(backend_xmin) > age($1::text::xid8::xid))
        OR EXISTS (SELECT 1 FROM pg_replication_slots WHERE xmin IS NOT NULL AND age(xmin) > age($1::text::xid8::xid))
        OR EXISTS (SELECT 1 FROM pg_prepared_xacts WHERE database = current_database())";
    let begun = Instant::now();
    while db.one(reads, &[&now]).await?.get(0)? {
        if begun.elapsed() > READERS {
            return Ok(false);
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(true)
}
