//! The verbs about what people were told: the revisions of events, and which of them a mail spoke of.
//!
//! What a row says is written down when it is handed and counts once it is sent, however that comes to be known: by
//! the relay's answer, a late one, or a person's word.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{COLUMNS, Found, count, millis, read, text};
use crate::ledger::Says;
use crate::plan::Key;
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Revision, Told};

/// Keeps what handed rows say, in the place of what they said before.
pub(super) async fn keep(db: &Session, handed: &[Key], says: &[Says]) -> Result<(), Fault> {
    if handed.is_empty() {
        return Ok(());
    }
    let keys: Vec<&str> = handed.iter().map(Key::as_str).collect();
    for sql in ["DELETE FROM says WHERE key = ANY ($1)", "DELETE FROM tells WHERE key = ANY ($1)"] {
        db.execute(sql, &[&keys]).await?;
    }
    let handed: BTreeSet<&Key> = handed.iter().collect();
    // Of what one row says of one event, the last word counts.
    let (mut said, mut told) = (BTreeMap::new(), BTreeSet::new());
    for one in says {
        match one {
            Says::Event { key, posting, event, revision } if handed.contains(key) => {
                said.insert((key.as_str(), posting.as_str(), event.as_str()), i64::from(*revision));
            }
            Says::End { key, ended } if handed.contains(key) => {
                told.insert((key.as_str(), ended.as_str()));
            }
            Says::Event { .. } | Says::End { .. } => {}
        }
    }
    if !said.is_empty() {
        let column = |of: fn(&(&'_ str, &'_ str, &'_ str)) -> String| said.keys().map(of).collect::<Vec<_>>();
        let revisions: Vec<i64> = said.values().copied().collect();
        db.execute(
            "INSERT INTO says (key, posting, event, revision)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[])",
            &[
                &column(|(key, _, _)| (*key).to_owned()),
                &column(|(_, posting, _)| (*posting).to_owned()),
                &column(|(_, _, event)| (*event).to_owned()),
                &revisions,
            ],
        )
        .await?;
    }
    if !told.is_empty() {
        let (keys, ended): (Vec<&str>, Vec<&str>) = told.into_iter().unzip();
        db.execute(
            "INSERT INTO tells (key, ended) SELECT * FROM unnest($1::text[], $2::text[])",
            &[&keys, &ended],
        )
        .await?;
    }
    Ok(())
}

/// Every revision, by posting, event and revision.
pub(super) async fn revisions(db: &Session) -> Result<Vec<Revision>, Fault> {
    let found = db.query(&format!("{REVISIONS} ORDER BY posting, event, revision"), &[]).await?;
    found.iter().map(read_revision).collect()
}

/// What [`read_revision`] reads.
pub(super) const REVISIONS: &str = "SELECT posting, event, revision, said, since FROM revisions";

/// Reads a revision.
pub(super) fn read_revision(row: &Found) -> Result<Revision, Fault> {
    Ok(Revision {
        posting: row.get(0)?,
        event: row.get(1)?,
        revision: count(row.get(2)?)?,
        said: row.get(3)?,
        since: row.at(4)?,
    })
}

/// Moves what is known of renamed events, then adds new revisions.
///
/// All of it first leaves its old place, for one that no posting can have; so the order of renamings does not count,
/// and two events may change places.
pub(super) async fn revise(db: &Session, renamed: &[Renaming], new: &[Revision]) -> Result<(), Fault> {
    for (n, Renaming { from, .. }) in renamed.iter().enumerate() {
        rename(db, (&from.0, &from.1), ("~", &n.to_string())).await?;
    }
    for (n, Renaming { to, .. }) in renamed.iter().enumerate() {
        let stays = db
            .one("SELECT EXISTS (SELECT 1 FROM revisions WHERE posting = $1 AND event = $2)", &[&to.0, &to.1])
            .await?;
        if !stays.get(0)? {
            rename(db, ("~", &n.to_string()), (&to.0, &to.1)).await?;
        }
    }
    if !renamed.is_empty() {
        db.execute("DELETE FROM revisions WHERE posting = '~'", &[]).await?;
        db.execute("DELETE FROM says WHERE posting = '~'", &[]).await?;
    }
    for Revision { posting, event, revision, said, since } in new {
        db.execute(
            "INSERT INTO revisions (posting, event, revision, said, since) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (posting, event, revision) DO UPDATE SET said = excluded.said",
            &[posting, event, &i64::from(*revision), &text(said), &millis(*since)],
        )
        .await?;
    }
    db.execute(super::notes::EDITION, &[]).await?;
    Ok(())
}

/// Puts what is known of one event in another's place; what is there gives way (SQLite: `UPDATE OR REPLACE`).
async fn rename(db: &Session, from: (&str, &str), to: (&str, &str)) -> Result<(), Fault> {
    for (table, id) in [("revisions", "revision"), ("says", "key")] {
        db.execute(
            &format!(
                "DELETE FROM {table} WHERE posting = $3 AND event = $4
                 AND {id} IN (SELECT {id} FROM {table} WHERE posting = $1 AND event = $2)"
            ),
            &[&from.0, &from.1, &to.0, &to.1],
        )
        .await?;
        db.execute(
            &format!("UPDATE {table} SET posting = $3, event = $4 WHERE posting = $1 AND event = $2"),
            &[&from.0, &from.1, &to.0, &to.1],
        )
        .await?;
    }
    Ok(())
}

/// Of two rows of one mail the later revision counts.
pub(super) const TOLD: &str = "
    SELECT posting, event, reader, revision, sent_at, sort = 'change' FROM (
        SELECT says.posting, says.event, said.reader, says.revision, said.sent_at, said.sort,
            row_number() OVER (PARTITION BY says.posting, says.event, said.reader
                               ORDER BY said.sent_at DESC, says.revision DESC) AS nth
        FROM (SELECT DISTINCT posting, event FROM revisions WHERE revision > 1) AS moved
        JOIN says ON says.posting = moved.posting AND says.event = moved.event
        JOIN rows AS said ON said.key = says.key
        WHERE said.state = 'sent') AS last
    WHERE nth = 1 ORDER BY posting, event, reader";

/// What each reader was last told of each event that was revised.
pub(super) async fn told(db: &Session) -> Result<Vec<Told>, Fault> {
    db.query(TOLD, &[]).await?.iter().map(read_told).collect()
}

fn read_told(row: &Found) -> Result<Told, Fault> {
    Ok(Told {
        posting: row.get(0)?,
        event: row.get(1)?,
        reader: row.get(2)?,
        revision: count(row.get(3)?)?,
        at: row.at(4)?,
        by_notice: row.get(5)?,
    })
}

/// The rows that said an event, what left last first.
pub(super) const TOLD_OF: &str = "
    SELECT says.posting, says.event, said.reader, says.revision, said.sent_at, said.sort = 'change'
    FROM says JOIN rows AS said ON said.key = says.key
    WHERE says.posting = $1 AND says.event = $2 AND said.state = 'sent'
    ORDER BY said.reader, said.sent_at DESC, says.revision DESC";

/// What each reader was last told of these events.
pub(super) async fn told_of(db: &Session, events: &[(String, String)]) -> Result<Vec<Told>, Fault> {
    let mut all = Vec::new();
    for (posting, event) in events {
        let found = db.query(TOLD_OF, &[posting, event]).await?;
        let mut of_one = found.iter().map(read_told).collect::<Result<Vec<_>, _>>()?;
        of_one.dedup_by(|later, first| later.reader == first.reader);
        all.append(&mut of_one);
    }
    Ok(all)
}

/// The rows that lapsed untold, before their columns are named.
pub(super) const UNTOLD: &str = "
    FROM rows
    WHERE state = 'lapsed' AND changed >= $1 AND sort IN ('reminder', 'change') AND NOT EXISTS (
        SELECT 1 FROM tells JOIN rows AS other ON other.key = tells.key
        WHERE tells.ended = rows.key AND other.state = 'sent')
    ORDER BY due, key";

/// The rows that lapsed since an instant, and nobody was told.
pub(super) async fn untold(db: &Session, since: DateTime<Utc>) -> Result<Vec<Row>, Fault> {
    let sql = format!("SELECT {COLUMNS} {UNTOLD}");
    db.query(&sql, &[&millis(since)]).await?.iter().map(read).collect()
}
