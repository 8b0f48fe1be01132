//! The verbs about what people were told: the revisions of events, and which of them a mail spoke of.
//!
//! What a row says is written down when it is handed and counts once it is sent, however that comes to be known: by
//! the relay's answer, a late one, or a person's word.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::rows::{At, COLUMNS, read};
use crate::ledger::Says;
use crate::plan::Key;
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Revision, Told};

/// Forgets what rows said when they were handed before.
pub(super) fn unsay(db: &Connection, rows: &[&Key]) -> rusqlite::Result<()> {
    for key in rows {
        for sql in ["DELETE FROM says WHERE key = ?1", "DELETE FROM tells WHERE key = ?1"] {
            db.prepare_cached(sql)?.execute([key])?;
        }
    }
    Ok(())
}

/// Keeps what handed rows say.
pub(super) fn keep(db: &Connection, handed: &[Key], says: &[Says]) -> rusqlite::Result<()> {
    let mut say = db.prepare_cached(
        "INSERT OR REPLACE INTO says (key, posting, event, revision) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut tell = db.prepare_cached("INSERT OR REPLACE INTO tells (key, ended) VALUES (?1, ?2)")?;
    let handed: BTreeSet<&Key> = handed.iter().collect();
    for one in says {
        match one {
            Says::Event { key, posting, event, revision } if handed.contains(key) => {
                say.execute(params![key, posting, event, revision])?;
            }
            Says::End { key, ended } if handed.contains(key) => {
                tell.execute(params![key, ended])?;
            }
            Says::Event { .. } | Says::End { .. } => {}
        }
    }
    Ok(())
}

/// Every revision, by posting, event and revision.
pub(super) fn revisions(db: &Connection) -> rusqlite::Result<Vec<Revision>> {
    db.prepare_cached(&format!("{REVISIONS} ORDER BY posting, event, revision"))?
        .query_map([], read_revision)?
        .collect()
}

/// What [`read_revision`] reads.
pub(super) const REVISIONS: &str = "SELECT posting, event, revision, said, since FROM revisions";

/// Reads a revision.
pub(super) fn read_revision(row: &rusqlite::Row<'_>) -> rusqlite::Result<Revision> {
    Ok(Revision {
        posting: row.get(0)?,
        event: row.get(1)?,
        revision: row.get(2)?,
        said: row.get(3)?,
        since: row.get::<_, At>(4)?.0,
    })
}

/// Moves what is known of renamed events, then adds new revisions.
///
/// All of it first leaves its old place, for one that no posting can have; so the order of renamings does not count,
/// and two events may change places.
pub(super) fn revise(db: &Connection, renamed: &[Renaming], new: &[Revision]) -> rusqlite::Result<()> {
    let rename = |from: (&str, &str), to: (&str, &str)| -> rusqlite::Result<()> {
        for table in ["revisions", "says"] {
            db.execute(
                &format!(
                    "UPDATE OR REPLACE {table} SET posting = ?3, event = ?4 WHERE posting = ?1 AND event = ?2"
                ),
                [from.0, from.1, to.0, to.1],
            )?;
        }
        Ok(())
    };
    for (n, Renaming { from, .. }) in renamed.iter().enumerate() {
        rename((&from.0, &from.1), ("~", &n.to_string()))?;
    }
    let mut stays =
        db.prepare_cached("SELECT EXISTS (SELECT 1 FROM revisions WHERE posting = ?1 AND event = ?2)")?;
    for (n, Renaming { to, .. }) in renamed.iter().enumerate() {
        if !stays.query_row([&to.0, &to.1], |row| row.get::<_, bool>(0))? {
            rename(("~", &n.to_string()), (&to.0, &to.1))?;
        }
    }
    if !renamed.is_empty() {
        db.execute_batch("DELETE FROM revisions WHERE posting = '~'; DELETE FROM says WHERE posting = '~'")?;
    }
    let mut add = db.prepare_cached(
        "INSERT INTO revisions (posting, event, revision, said, since) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET said = excluded.said",
    )?;
    for Revision { posting, event, revision, said, since } in new {
        add.execute(params![posting, event, revision, said, At(*since)])?;
    }
    Ok(())
}

/// `CROSS JOIN` and `INDEXED BY` keep SQLite to this order: events that were revised are few, often none. Of two rows
/// of one mail the later revision counts.
pub(super) const TOLD: &str = "
    SELECT posting, event, reader, revision, sent_at, sort = 'change' FROM (
        SELECT says.posting, says.event, said.reader, says.revision, said.sent_at, said.sort,
            row_number() OVER (PARTITION BY says.posting, says.event, said.reader
                               ORDER BY said.sent_at DESC, says.revision DESC) AS nth
        FROM (SELECT DISTINCT posting, event FROM revisions INDEXED BY revised WHERE revision > 1) AS moved
        CROSS JOIN says ON says.posting = moved.posting AND says.event = moved.event
        CROSS JOIN rows AS said ON said.key = says.key
        WHERE said.state = 'sent')
    WHERE nth = 1 ORDER BY posting, event, reader";

/// What each reader was last told of each event that was revised.
pub(super) fn told(db: &Connection) -> rusqlite::Result<Vec<Told>> {
    db.prepare_cached(TOLD)?.query_map([], read_told)?.collect()
}

fn read_told(row: &rusqlite::Row<'_>) -> rusqlite::Result<Told> {
    Ok(Told {
        posting: row.get(0)?,
        event: row.get(1)?,
        reader: row.get(2)?,
        revision: row.get(3)?,
        at: row.get::<_, At>(4)?.0,
        by_notice: row.get(5)?,
    })
}

/// The rows that said an event, what left last first.
pub(super) const TOLD_OF: &str = "
    SELECT says.posting, says.event, said.reader, says.revision, said.sent_at, said.sort = 'change'
    FROM says CROSS JOIN rows AS said ON said.key = says.key
    WHERE says.posting = ?1 AND says.event = ?2 AND said.state = 'sent'
    ORDER BY said.reader, said.sent_at DESC, says.revision DESC";

/// What each reader was last told of these events.
pub(super) fn told_of(db: &Connection, events: &[(String, String)]) -> rusqlite::Result<Vec<Told>> {
    let mut ask = db.prepare_cached(TOLD_OF)?;
    let mut all = Vec::new();
    for (posting, event) in events {
        let mut of_one = ask.query_map([posting, event], read_told)?.collect::<Result<Vec<_>, _>>()?;
        of_one.dedup_by(|later, first| later.reader == first.reader);
        all.append(&mut of_one);
    }
    Ok(all)
}

/// The rows that lapsed untold, before their columns are named.
pub(super) const UNTOLD: &str = "
    FROM rows AS mine
    WHERE state = 'lapsed' AND changed >= ?1 AND sort IN ('reminder', 'change') AND NOT EXISTS (
        SELECT 1 FROM tells JOIN rows AS other ON other.key = tells.key
        WHERE tells.ended = mine.key AND other.state = 'sent')
    ORDER BY due, key";

/// The rows that lapsed since an instant, and nobody was told.
pub(super) fn untold(db: &Connection, since: DateTime<Utc>) -> rusqlite::Result<Vec<Row>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} {UNTOLD}"))?.query_map([At(since)], read)?.collect()
}
