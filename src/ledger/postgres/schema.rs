//! What the tables are, and how an older ledger gets them: migrations in order, each in one transaction; of several hosts
//! that open it at once, one makes them.

use super::errors::{Fault, unusable};
use super::pool::Session;
use super::rows::word;
use crate::calendar::zone::TZDB;
use crate::diagnostic::say;
use crate::ledger::failure::{not_begun, older};
use crate::ledger::{LedgerError, Stamp};

/// Every migration, oldest first, with the schema that it makes (`meta.schema`).
const MIGRATIONS: [(i64, &str); 1] = [(1, include_str!("0001.sql"))];

/// The newest schema that this program knows.
pub(super) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// Refuses a database that is not ours, or newer than we are; returns its schema, 0 for an empty one.
async fn inspect(db: &Session) -> Result<i64, Fault> {
    match head(db).await? {
        found if found > KNOWN => Err(Fault::Newer(found)),
        found => Ok(found),
    }
}

async fn head(db: &Session) -> Result<i64, Fault> {
    let head = db
        .one(
            "SELECT count(*) FILTER (WHERE relname IN ('meta', 'rows', 'legible')), count(*) FROM pg_class
             WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v')",
            &[],
        )
        .await?;
    match (head.get::<i64>(0)?, head.get::<i64>(1)?) {
        (3, _) => db.one("SELECT schema FROM meta", &[]).await?.get(0),
        (_, 0) => Ok(0),
        _ => Err(Fault::Unfit(say(
            "cette base a des tables, mais n'est pas un registre de jalon\u{a0}: donnez à jalon une base à lui",
            "the database holds tables, but is no ledger of jalon: give jalon a database of its own",
        ))),
    }
}

/// Refuses a ledger that lacks migrations: only the daemon makes them.
pub(super) async fn require(db: &Session) -> Result<(), Fault> {
    match inspect(db).await? {
        KNOWN => Ok(()),
        0 => Err(Fault::Unfit(not_begun())),
        _ => Err(Fault::Unfit(older())),
    }
}

/// Brings the tables up to date and stamps the ledger, or refuses one of the other stamp.
pub(super) async fn prepare(db: &Session, ledger: &str, stamp: Stamp) -> Result<(), LedgerError> {
    let failed = |fault| unusable(ledger, fault);
    db.batch("BEGIN").await.map_err(failed)?;
    db.query("SELECT pg_advisory_xact_lock(hashtextextended('jalon schema', 0))", &[])
        .await
        .map_err(failed)?;
    let found = inspect(db).await.map_err(failed)?;
    migrate(db, found, stamp).await.map_err(failed)?;
    let stamped = sign(db, stamp).await.map_err(failed)?;
    db.batch("COMMIT").await.map_err(failed)?;
    if stamped == stamp.word() {
        return Ok(());
    }
    Err(LedgerError::Stamp { ledger: ledger.to_owned(), stamped, opened: stamp.word().to_owned() })
}

/// All that is missing, in the transaction of whoever holds the lock: PostgreSQL takes back tables, too.
async fn migrate(db: &Session, found: i64, stamp: Stamp) -> Result<(), Fault> {
    for (number, sql) in MIGRATIONS {
        if number > found {
            db.batch(sql).await?;
            db.execute(
                "INSERT INTO meta (only_row, schema, stamp, program, tzdb) VALUES (1, $1, $2, $3, $4)
                 ON CONFLICT (only_row) DO UPDATE SET schema = excluded.schema",
                &[&number, &stamp.word(), &env!("CARGO_PKG_VERSION"), &TZDB],
            )
            .await?;
        }
    }
    Ok(())
}

/// Which clock the ledger lives on.
pub(super) async fn stamp(db: &Session) -> Result<Stamp, Fault> {
    word(db.one("SELECT stamp FROM meta", &[]).await?.get(0)?, Stamp::parse)
}

/// Notes which program opens the ledger; returns the stamp that it bears.
async fn sign(db: &Session, stamp: Stamp) -> Result<String, Fault> {
    db.execute(
        "UPDATE meta SET program = $2, tzdb = $3 WHERE stamp = $1 AND (program <> $2 OR tzdb <> $3)",
        &[&stamp.word(), &env!("CARGO_PKG_VERSION"), &TZDB],
    )
    .await?;
    db.one("SELECT stamp FROM meta", &[]).await?.get(0)
}
