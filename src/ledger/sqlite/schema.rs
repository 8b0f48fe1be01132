//! What the tables are, and how an older ledger gets them: migrations in order, each in one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::errors::{ailing, unusable};
use crate::calendar::zone::TZDB;
use crate::diagnostic::say;
use crate::ledger::ailment::Ailment;
use crate::ledger::failure::{not_begun, older};
use crate::ledger::{LedgerError, Stamp};

/// Every migration, oldest first, with the schema that it makes (`PRAGMA user_version`).
const MIGRATIONS: [(i64, &str); 6] = [
    (1, include_str!("0001.sql")),
    (2, include_str!("0002.sql")),
    (3, include_str!("0003.sql")),
    (4, include_str!("0004.sql")),
    (5, include_str!("0005.sql")),
    (6, include_str!("0006.sql")),
];

/// The newest schema that this program knows.
pub(super) const KNOWN: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

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
        _ => Err(ailing(
            ledger,
            Ailment::Damaged,
            say(
                "ce fichier est une base de données, mais pas un registre de jalon",
                "the file is a database, but not a ledger of jalon",
            ),
        )),
    }
}

/// Refuses a ledger that lacks migrations: only the daemon makes them.
pub(super) fn require(db: &Connection, ledger: &str) -> Result<(), LedgerError> {
    match inspect(db, ledger)? {
        KNOWN => Ok(()),
        0 => Err(ailing(ledger, Ailment::Unknown, not_begun())),
        _ => Err(ailing(ledger, Ailment::Unknown, older())),
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
    for (number, sql) in MIGRATIONS {
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

/// Which clock the ledger lives on.
pub(super) fn stamp(db: &Connection) -> rusqlite::Result<Stamp> {
    db.query_row("SELECT stamp FROM meta", [], |row| row.get(0))
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

    use super::super::{mails, single, telling};
    use super::*;
    use crate::plan::Sort;
    use crate::plan::complaint::Complaint;
    use crate::plan::row::{Reason, State};

    /// The words between quotes in the list that follows some text.
    fn list(after: &str) -> BTreeSet<String> {
        let mut db = Connection::open_in_memory().expect("opens");
        migrate(&mut db, 0).expect("migrates");
        let tables = "SELECT group_concat(sql, ' ') FROM sqlite_schema WHERE type = 'table'";
        let sql: String = db.query_row(tables, [], |row| row.get(0)).expect("are there");
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
        let list = list("every_end_has_its_reason CHECK (instr(");
        assert_eq!(
            list.into_iter().filter(|word| word.len() > 1 && word.contains('/')).collect::<BTreeSet<_>>(),
            ours
        );
    }

    #[test]
    fn the_closed_list_of_sorts_is_that_of_the_plan() {
        assert_eq!(list("CHECK (sort = "), Sort::ALL.map(|sort| sort.word().to_owned()).into());
    }

    #[test]
    fn the_closed_list_of_stamps_is_ours() {
        let ours = [Stamp::Real, Stamp::Pretended].map(|stamp| stamp.word().to_owned());
        assert_eq!(list("stamp IN ("), ours.into());
    }

    #[test]
    fn the_closed_list_of_complaints_is_that_of_the_plan() {
        assert_eq!(list("complaint IN ("), Complaint::ALL.map(|one| one.word().to_owned()).into());
    }

    #[test]
    fn the_hot_questions_read_only_what_is_due() {
        let mut db = Connection::open_in_memory().expect("opens");
        migrate(&mut db, 0).expect("migrates");
        let untold = format!("SELECT 1 {}", telling::UNTOLD);
        for (sql, indexes) in [
            (mails::WAITING, vec!["planned_by_due"]),
            (mails::LEFT_WITHOUT_IT, vec!["left_later"]),
            (mails::LEASED, vec!["under_way"]),
            (mails::NEXT_DUE, vec!["planned_by_due", "postponed"]),
            (single::TOGETHER, vec!["planned_by_due", "of_one_event"]),
            (single::LAPSE, vec!["planned_by_due"]),
            (single::SUPERSEDE, vec!["planned_by_due", "of_one_event"]),
            (telling::TOLD, vec!["of_one_event", "said_of_event", "sqlite_autoindex_rows_1"]),
            (telling::TOLD_OF, vec!["of_one_event", "said_of_event", "sqlite_autoindex_rows_1"]),
            (&untold, vec!["lapsed", "told_of_row", "sqlite_autoindex_rows_1"]),
        ] {
            let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("is SQL");
            let any = rusqlite::params_from_iter(vec![1; explain.parameter_count()]);
            let steps: Vec<String> = explain
                .query_map(any, |row| row.get("detail"))
                .expect("runs")
                .collect::<Result<_, _>>()
                .expect("are words");
            let used: Vec<&str> = steps
                .iter()
                .filter(|step| step.starts_with("SEARCH"))
                .filter_map(|step| step.split_once(" INDEX "))
                .filter_map(|(_, index)| index.split(' ').next())
                .collect();
            if sql == mails::WAITING {
                assert!(
                    steps.iter().any(|step| step.contains("COVERING INDEX planned_by_due")),
                    "{steps:#?}"
                );
            }
            let scans = ["mine", "rows", "other", "later", "teller", "says", "tells", "revisions"]
                .map(|table| format!("SCAN {table}"));
            assert_eq!(used, indexes, "{sql}\n{steps:#?}");
            // This one holds only what was revised, and is read whole.
            let reads_all = |step: &&String| {
                scans.iter().any(|scan| step.split(" USING ").next() == Some(scan))
                    && !step.ends_with(" revised")
            };
            assert_eq!(steps.iter().find(reads_all), None, "{sql}\n{steps:#?}");
        }
    }
}
