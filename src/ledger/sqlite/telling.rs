//! The verbs about what people were told: the revisions of events, and which of them a mail spoke of.
//!
//! What a row says is written down when it is handed and counts once it is sent, however that comes to be known: by
//! the relay's answer, a late one, or a person's word.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::rows::{At, COLUMNS, read};
use crate::ledger::Says;
use crate::plan::Key;
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Revision, Told};

/// A row that says something, and the event that it is of.
pub(super) struct Teller {
    pub(super) key: Key,
    pub(super) posting: String,
    pub(super) event: String,
}

impl Teller {
    /// The revision that it says of its own event: that stands in its row.
    pub(super) fn own(&self, says: &[Says]) -> Option<u32> {
        says.iter().rev().find_map(|says| match says {
            Says::Event { key, revision, .. } if *key == self.key && self.is_own(says) => Some(*revision),
            _ => None,
        })
    }

    fn is_own(&self, says: &Says) -> bool {
        matches!(says, Says::Event { posting, event, .. } if *posting == self.posting && *event == self.event)
    }
}

/// Keeps what a handed row says beside its own event, and forgets what it said when it was handed before.
pub(super) fn keep(db: &Connection, teller: &Teller, says: &[Says]) -> rusqlite::Result<()> {
    for sql in ["DELETE FROM says WHERE key = ?1", "DELETE FROM tells WHERE key = ?1"] {
        db.prepare_cached(sql)?.execute([&teller.key])?;
    }
    for one in says {
        match one {
            Says::Event { key, posting, event, revision } if *key == teller.key && !teller.is_own(one) => {
                db.prepare_cached(
                    "INSERT OR REPLACE INTO says (key, posting, event, revision) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![key, posting, event, revision])?;
            }
            Says::End { key, ended } if *key == teller.key => {
                db.prepare_cached("INSERT OR REPLACE INTO tells (key, ended) VALUES (?1, ?2)")?
                    .execute(params![key, ended])?;
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
/// and two events may change places. What rows said of their own event, they said under its old name.
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
        let place = n.to_string();
        rename((&from.0, &from.1), ("~", &place))?;
        db.execute(
            "INSERT OR REPLACE INTO says SELECT key, '~', ?3, said FROM rows WHERE posting = ?1 AND event = ?2 AND said IS NOT NULL",
            [&from.0, &from.1, &place],
        )?;
        db.execute(
            "UPDATE rows SET said = NULL WHERE posting = ?1 AND event = ?2 AND said IS NOT NULL",
            [&from.0, &from.1],
        )?;
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
    WITH moved AS (SELECT DISTINCT posting, event FROM revisions INDEXED BY revised WHERE revision > 1),
    told AS (
        SELECT moved.posting, moved.event, teller.reader, teller.said AS revision, teller.sent_at, teller.sort
        FROM moved CROSS JOIN rows AS teller INDEXED BY of_one_event
            ON teller.posting = moved.posting AND teller.event = moved.event
        WHERE teller.said IS NOT NULL AND teller.state = 'sent'
        UNION ALL
        SELECT moved.posting, moved.event, teller.reader, says.revision, teller.sent_at, teller.sort
        FROM moved CROSS JOIN says ON says.posting = moved.posting AND says.event = moved.event
        CROSS JOIN rows AS teller ON teller.key = says.key
        WHERE teller.state = 'sent')
    SELECT posting, event, reader, revision, sent_at, sort = 'change' FROM (
        SELECT *, row_number() OVER (PARTITION BY posting, event, reader
                                     ORDER BY sent_at DESC, revision DESC) AS nth FROM told)
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
    SELECT posting, event, reader, said, sent_at, sort = 'change' FROM rows AS teller INDEXED BY of_one_event
    WHERE posting = ?1 AND event = ?2 AND said IS NOT NULL AND state = 'sent'
    UNION ALL
    SELECT says.posting, says.event, teller.reader, says.revision, teller.sent_at, teller.sort = 'change'
    FROM says CROSS JOIN rows AS teller ON teller.key = says.key
    WHERE says.posting = ?1 AND says.event = ?2 AND teller.state = 'sent'
    ORDER BY 3, 5 DESC, 4 DESC";

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
