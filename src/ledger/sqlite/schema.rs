//! What the tables are, and how an older ledger gets them: migrations in order, each in one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::unusable;
use crate::calendar::zone::TZDB;
use crate::ledger::{LedgerError, Stamp};

/// Every migration, oldest first. The schema's number is how many were applied (`PRAGMA user_version`).
const MIGRATIONS: [&str; 1] = [include_str!("0001.sql")];

/// The newest schema that this program knows.
#[expect(clippy::cast_possible_wrap, reason = "a handful of migrations")]
const KNOWN: i64 = MIGRATIONS.len() as i64;

/// Says in the file's head whose it is (`PRAGMA application_id`): "jalo".
const APPLICATION: i64 = 0x6a61_6c6f;

/// Refuses a file that is not ours, or newer than we are; returns its schema, 0 for an empty file.
pub(super) fn inspect(db: &Connection, ledger: &str) -> Result<i64, LedgerError> {
    let head = || -> rusqlite::Result<(i64, i64, i64)> {
        Ok((
            db.query_row("PRAGMA application_id", [], |row| row.get(0))?,
            db.query_row("PRAGMA user_version", [], |row| row.get(0))?,
            db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
        ))
    };
    match head().map_err(|error| unusable(ledger, error))? {
        (APPLICATION, found, _) if found > KNOWN => {
            Err(LedgerError::Newer { ledger: ledger.to_owned(), found, known: KNOWN })
        }
        (APPLICATION, found, _) => Ok(found),
        (0, 0, 0) => Ok(0),
        _ => Err(unusable(ledger, "the file is a database, but not a ledger of jalon")),
    }
}

/// Refuses a ledger that lacks migrations: only the daemon makes them.
pub(super) fn require(db: &Connection, ledger: &str) -> Result<(), LedgerError> {
    match inspect(db, ledger)? {
        KNOWN => Ok(()),
        0 => Err(unusable(ledger, "it is empty: the daemon has not run yet")),
        _ => Err(unusable(ledger, "an older jalon made it: start the daemon of this version once")),
    }
}

/// Brings the tables up to date and stamps the ledger, or refuses one of the other stamp.
pub(super) fn prepare(db: &mut Connection, ledger: &str, stamp: Stamp) -> Result<(), LedgerError> {
    let found = inspect(db, ledger)?;
    migrate(db, found).map_err(|error| unusable(ledger, error))?;
    let stamped = sign(db, stamp).map_err(|error| unusable(ledger, error))?;
    if stamped == stamp.word() {
        return Ok(());
    }
    Err(LedgerError::Stamp { ledger: ledger.to_owned(), stamped, opened: stamp.word().to_owned() })
}

fn migrate(db: &mut Connection, found: i64) -> rusqlite::Result<()> {
    for (number, sql) in (1..).zip(MIGRATIONS) {
        if number > found {
            let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
            all.execute_batch(sql)?;
            all.pragma_update(None, "user_version", number)?;
            all.pragma_update(None, "application_id", APPLICATION)?;
            all.commit()?;
        }
    }
    Ok(())
}

/// Stamps a new ledger, notes which program opens an old one; returns the stamp that it bears.
fn sign(db: &mut Connection, stamp: Stamp) -> rusqlite::Result<String> {
    let all = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    all.execute(
        "INSERT INTO meta (only_row, stamp, program, tzdb) VALUES (1, ?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET program = excluded.program, tzdb = excluded.tzdb
         WHERE stamp = excluded.stamp",
        [stamp.word(), env!("CARGO_PKG_VERSION"), TZDB],
    )?;
    let stamped = all.query_row("SELECT stamp FROM meta", [], |row| row.get(0))?;
    all.commit()?;
    Ok(stamped)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::calendar::Kind;
    use crate::plan::row::{Reason, State};

    /// The words between quotes in the list that follows some text.
    fn list(after: &str) -> BTreeSet<String> {
        let sql = MIGRATIONS.last().expect("there is one");
        let (_, rest) = sql.split_once(after).expect("the list is there");
        let (list, _) = rest.split_once(')').expect("it ends");
        list.split('\'').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn the_closed_list_of_states_and_reasons_is_that_of_the_plan() {
        let explained = Reason::ALL.map(|(reason, state)| (state, reason.word()));
        let under_way = State::ALL
            .into_iter()
            .filter(|state| explained.iter().all(|(explained, _)| explained != state))
            .map(|state| (state, ""));
        let ours: BTreeSet<String> = explained
            .into_iter()
            .chain(under_way)
            .map(|(state, reason)| format!("{}/{reason}", state.word()))
            .collect();
        assert_eq!(list("ifnull(reason, '') IN ("), ours);
    }

    #[test]
    fn the_closed_list_of_kinds_is_that_of_the_calendar() {
        assert_eq!(list("kind IN ("), Kind::ALL.map(|kind| kind.word().to_owned()).into());
    }

    #[test]
    fn the_closed_list_of_stamps_is_ours() {
        let ours = [Stamp::Real, Stamp::Pretended].map(|stamp| stamp.word().to_owned());
        assert_eq!(list("stamp IN ("), ours.into());
    }
}
