//! The verbs of a round of planning: narrow questions, and the one that brings rows and what they stand for together.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Params, named_params, params};

use super::rows::{At, COLUMNS, read};
use super::{CACHE, CHECKPOINT, notes, single, telling};
use crate::ledger::{Batch, Glance, Head, Rows, StoredPosting};
use crate::plan::Key;
use crate::plan::row::Row;
use crate::plan::tally::Tally;
use crate::plan::told::Revision;

/// What a round begins with.
pub(super) fn glance(db: &Connection) -> rusqlite::Result<Glance> {
    // In the order of the file: to go by an index, and from there to each of ten thousand rows, takes longer than to sort.
    let mut heads: Vec<Head> = db
        .prepare("SELECT id, path, since, vanished_at, accepted, basis FROM postings NOT INDEXED")?
        .query_map([], |row| {
            Ok(Head {
                id: row.get(0)?,
                path: row.get(1)?,
                since: row.get::<_, At>(2)?.0,
                vanished_at: row.get::<_, Option<At>>(3)?.map(|at| at.0),
                accepted: row.get::<_, Option<At>>(4)?.map(|at| at.0),
                basis: row.get(5)?,
            })
        })?
        .collect::<Result<_, _>>()?;
    heads.sort_by(|a, b| a.id.cmp(&b.id));
    let stirred = texts(db, "SELECT posting FROM stirred ORDER BY posting")?;
    Ok(Glance { heads, stirred, filled: notes::is_filled(db)?, people: notes::people(db)? })
}

fn texts(db: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// These postings, those that are remembered, in the order asked for.
pub(super) fn postings_of(db: &Connection, ids: &[String]) -> rusqlite::Result<Vec<StoredPosting>> {
    let mut ask = db.prepare(&format!("{} WHERE id = ?1", notes::POSTINGS))?;
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        for posting in ask.query_map([id], notes::read_posting)? {
            found.push(posting?);
        }
    }
    Ok(found)
}

/// The revisions of these postings' events.
pub(super) fn revisions_of(db: &Connection, postings: &[String]) -> rusqlite::Result<Vec<Revision>> {
    let mut ask =
        db.prepare(&format!("{} WHERE posting = ?1 ORDER BY posting, event, revision", telling::REVISIONS))?;
    let mut found = Vec::new();
    for posting in postings {
        for revision in ask.query_map([posting], telling::read_revision)? {
            found.push(revision?);
        }
    }
    Ok(found)
}

/// Every revision of what was revised.
pub(super) const REVISED: &str = "
    FROM (SELECT DISTINCT posting AS p, event AS e FROM revisions INDEXED BY revised WHERE revision > 1)
    CROSS JOIN revisions ON posting = p AND event = e ORDER BY posting, event, revision";

pub(super) fn revised(db: &Connection) -> rusqlite::Result<Vec<Revision>> {
    let columns = telling::REVISIONS.trim_end_matches("FROM revisions");
    db.prepare(&format!("{columns} {REVISED}"))?.query_map([], telling::read_revision)?.collect()
}

/// The revisions that say under which other name calendars know their event.
pub(super) fn known_otherwise(db: &Connection) -> rusqlite::Result<Vec<Revision>> {
    db.prepare(&format!(
        "{} INDEXED BY known_otherwise WHERE instr(said, '\"known_as\"') > 0 ORDER BY posting, event, revision",
        telling::REVISIONS
    ))?
    .query_map([], telling::read_revision)?
    .collect()
}

/// Of these postings, those of which a mail is on its way.
pub(super) const ON_THEIR_WAY: &str = "
    SELECT EXISTS (SELECT 1 FROM rows INDEXED BY of_one_event
    WHERE posting = ?1 AND state IN ('planned', 'claimed', 'handed', 'held') AND sort <> 'slip')";

pub(super) fn on_their_way(db: &Connection, postings: &[String]) -> rusqlite::Result<BTreeSet<String>> {
    let mut ask = db.prepare(ON_THEIR_WAY)?;
    let mut found = BTreeSet::new();
    for posting in postings {
        if ask.query_row([posting], |row| row.get(0))? {
            found.insert(posting.clone());
        }
    }
    Ok(found)
}

pub(super) const OF: &str = "FROM rows WHERE posting = ?1";
pub(super) const IS: &str = "FROM rows WHERE key = ?1";
pub(super) const USEFUL: &str = "FROM rows INDEXED BY notices WHERE sort <> 'reminder' AND late_after > ?1";
pub(super) const UNDER_WAY: &str =
    "FROM rows INDEXED BY under_way WHERE term IS NOT NULL AND state IN ('claimed', 'handed')";
pub(super) const HELD: &str = "FROM rows INDEXED BY held WHERE state = 'held'";
pub(super) const WAITING_NOTICES: &str =
    "FROM rows INDEXED BY notices WHERE sort <> 'reminder' AND state = 'planned' AND late_after <= ?1";
/// No posting's id begins with `~`, and `0` follows `/`.
pub(super) const WHOLE_SORT: &str = "FROM rows WHERE key >= '~' || ?1 || '/' AND key < '~' || ?1 || '0'";
pub(super) const READERS_OF_DIGESTS: &str =
    "SELECT DISTINCT recipient FROM rows INDEXED BY digests WHERE sort = 'digest' ORDER BY recipient";
pub(super) const LAST_DIGEST: &str = "
    FROM rows INDEXED BY digests WHERE sort = 'digest' AND recipient = ?1
    AND NOT (state = 'withdrawn' AND reason = 'calendar') ORDER BY due DESC LIMIT 1";
pub(super) const FAILED: &str = "FROM rows INDEXED BY failed WHERE state = 'failed' AND changed >= ?1";
pub(super) const REACHED: &str = "
    FROM rows INDEXED BY left_at WHERE state = 'sent' AND changed >= ?1 AND email = ?2 AND sort <> 'operator'
    ORDER BY changed DESC LIMIT 1";
pub(super) const LAPSED: &str = "FROM rows INDEXED BY lapsed WHERE state = 'lapsed' AND changed >= ?1";
pub(super) const LEFT: &str = "FROM rows INDEXED BY left_at WHERE state = 'sent' AND changed >= ?1";
pub(super) const REFUSED_FOR_NOW: &str =
    "FROM rows INDEXED BY planned_by_due WHERE state = 'planned' AND due <= ?1 AND attempts > 0";
pub(super) const OWN_LEFT: &str = "
    FROM rows INDEXED BY left_at WHERE state = 'sent' AND changed >= ?2 AND reader = ?1 AND recipient = ?1
    AND due BETWEEN ?2 AND ?3";
pub(super) const OWN_PLANNED: &str = "
    FROM rows INDEXED BY planned_by_due WHERE state = 'planned' AND reader = ?1 AND recipient = ?1
    AND due BETWEEN ?2 AND ?3";

/// The rows that are asked for, each once, by key.
pub(super) fn known_of(db: &Connection, asked: &[Rows]) -> rusqlite::Result<Vec<Row>> {
    let mut found = Found { db, rows: BTreeMap::new() };
    for asked in asked {
        found.ask(asked)?;
    }
    Ok(found.rows.into_values().collect())
}

struct Found<'a> {
    db: &'a Connection,
    rows: BTreeMap<Key, Row>,
}

impl Found<'_> {
    fn ask(&mut self, asked: &Rows) -> rusqlite::Result<()> {
        match asked {
            Rows::Of(postings) => self.add_each(OF, postings.iter().map(|posting| [posting])),
            Rows::Keys(keys) => self.add_each(IS, keys.iter().map(|key| [key])),
            Rows::Notices(now) => self.notices(At(*now)),
            Rows::Open => self.open(),
            Rows::Refused(since) => self.refused(*since),
            Rows::Lapsed(since) => self.add(LAPSED, [At(*since)]),
            Rows::Own { reader, since, until } => {
                let theirs = params![reader, At(*since), At(*until)];
                self.add(OWN_LEFT, theirs)?;
                self.add(OWN_PLANNED, theirs)
            }
            Rows::Ended { since, now } => {
                [LEFT, FAILED, LAPSED].iter().try_for_each(|sql| self.add(sql, [At(*since)]))?;
                self.open()?;
                self.add(REFUSED_FOR_NOW, [At(*now)])
            }
        }
    }

    fn open(&mut self) -> rusqlite::Result<()> {
        self.add(UNDER_WAY, [])?;
        self.add(HELD, [])
    }

    fn add(&mut self, sql: &str, given: impl Params) -> rusqlite::Result<()> {
        self.add_each(sql, std::iter::once(given))
    }

    fn add_each<P: Params>(&mut self, sql: &str, each: impl Iterator<Item = P>) -> rusqlite::Result<()> {
        let mut ask = self.db.prepare(&format!("SELECT {COLUMNS} {sql}"))?;
        for given in each {
            for row in ask.query_map(given, read)? {
                let row = row?;
                self.rows.insert(row.key.clone(), row);
            }
        }
        Ok(())
    }

    fn notices(&mut self, now: At) -> rusqlite::Result<()> {
        for sort in ["operator", "slip", "missed"] {
            self.add(WHOLE_SORT, [sort])?;
        }
        self.add(USEFUL, [now])?;
        self.add(WAITING_NOTICES, [now])?;
        self.open()?;
        for reader in texts(self.db, READERS_OF_DIGESTS)? {
            self.add(LAST_DIGEST, [reader])?;
        }
        Ok(())
    }

    fn refused(&mut self, since: DateTime<Utc>) -> rusqlite::Result<()> {
        let mut ask = self.db.prepare(&format!("SELECT {COLUMNS} {FAILED}"))?;
        let failed: Vec<Row> = ask.query_map([At(since)], read)?.collect::<Result<_, _>>()?;
        let mut first: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
        for row in &failed {
            let at = first.entry(&row.email).or_insert(row.changed);
            *at = row.changed.min(*at);
        }
        for (email, at) in first {
            self.add(REACHED, params![At(at), email])?;
        }
        self.rows.extend(failed.iter().map(|row| (row.key.clone(), row.clone())));
        Ok(())
    }
}

/// How many changes are many.
const MANY: usize = 500;

/// While many rows are brought: how much of the file is kept in memory, negative numbers are KiB
/// (https://sqlite.org/pragma.html#pragma_cache_size), and how many pages wait in the WAL to be put in their places. Rows by
/// due instant, by key and by event are pages far apart, and each is met again by the next rows.
const ROOM: (i64, i64) = (-65_536, 16_384);

/// Otherwise (https://sqlite.org/pragma.html#pragma_wal_autocheckpoint).
const REST: (i64, i64) = (CACHE, CHECKPOINT);

fn room(db: &Connection, (cache, waiting): (i64, i64)) -> rusqlite::Result<bool> {
    let now: i64 = db.pragma_query_value(None, "cache_size", |row| row.get(0))?;
    if now == cache {
        return Ok(false);
    }
    db.pragma_update(None, "cache_size", cache)?;
    db.query_row(&format!("PRAGMA wal_autocheckpoint = {waiting}"), [], |_| Ok(()))?;
    Ok(true)
}

/// After a round: no room is kept that many rows took, neither in memory nor on the disk.
pub(super) fn rest(db: &Connection) -> rusqlite::Result<()> {
    if room(db, REST)? {
        db.query_row("PRAGMA journal_size_limit = 4194304", [], |_| Ok(()))?;
        db.execute_batch("PRAGMA shrink_memory")?;
    }
    Ok(())
}

/// Brings rows, revisions and texts, and what they stand for, in one go; returns how many rows stood elsewhere.
pub(super) fn bring(db: &Connection, batch: &Batch, now: DateTime<Utc>) -> rusqlite::Result<usize> {
    if batch.changes.len() >= MANY {
        room(db, ROOM)?;
    }
    let missed = single::apply(db, &batch.changes, now)?;
    if !batch.renamed.is_empty() || !batch.revisions.is_empty() {
        telling::revise(db, &batch.renamed, &batch.revisions)?;
    }
    let whole = missed == 0;
    if whole {
        let mut drop = db.prepare("DELETE FROM postings WHERE id = ?1")?;
        for id in &batch.forget {
            drop.execute([id])?;
        }
        let mut rest = db.prepare("DELETE FROM stirred WHERE posting = ?1")?;
        for id in &batch.rested {
            rest.execute([id])?;
        }
    }
    let mut keep = db.prepare(notes::KEEP)?;
    for (posting, basis) in &batch.remember {
        notes::keep(&mut keep, posting, basis.as_deref().filter(|_| whole))?;
    }
    Ok(missed)
}

/// A hand touched a row: its posting is looked at by the next round.
pub(super) fn stir(db: &Connection, key: &Key) -> rusqlite::Result<()> {
    db.execute(
        "INSERT OR IGNORE INTO stirred (posting) SELECT posting FROM rows WHERE key = ?1 AND posting <> ''",
        [key],
    )?;
    Ok(())
}

pub(super) const NEXT_REMINDER: &str = "
    SELECT due FROM rows INDEXED BY planned_by_due
    WHERE state = 'planned' AND due > ?1 AND sort = 'reminder' ORDER BY due LIMIT 1";

/// When the next reminder is due.
pub(super) fn next_reminder(db: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let mut ask = db.prepare(NEXT_REMINDER)?;
    let mut found = ask.query_map([At(now)], |row| Ok(row.get::<_, At>(0)?.0))?;
    found.next().transpose()
}

/// How all rows stand.
pub(super) fn tally(db: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Tally> {
    db.query_row(
        "SELECT count(*) FILTER (WHERE state = 'planned'), count(*) FILTER (WHERE state = 'sent'),
                count(*) FILTER (WHERE state = 'failed'), count(*) FILTER (WHERE state = 'held'),
                ifnull(sum(doubts), 0),
                min(ready) FILTER (WHERE state = 'planned' AND ready <= :now AND late_after > :now),
                min(ready) FILTER (WHERE state = 'planned')
         FROM (SELECT state, doubts, late_after, max(due, ifnull(not_before, due)) AS ready FROM rows)",
        named_params! { ":now": At(now) },
        |row| {
            let count = |column| row.get::<_, i64>(column).map(i64::unsigned_abs);
            Ok(Tally {
                planned: count(0)?,
                sent: count(1)?,
                failed: count(2)?,
                held: count(3)?,
                doubts: count(4)?,
                overdue: row.get::<_, Option<At>>(5)?.map(|at| at.0),
                next_due: row.get::<_, Option<At>>(6)?.map(|at| at.0),
            })
        },
    )
}

/// What changed in this file since it was opened: by others, and by this connection.
pub(super) fn version(db: &Connection) -> rusqlite::Result<(i64, u64)> {
    let others = db.query_row("PRAGMA data_version", [], |row| row.get(0))?;
    Ok((others, db.total_changes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_rows_took_is_given_back() {
        let db = Connection::open_in_memory().expect("opens");
        let now = || {
            let of =
                |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).expect("is known");
            (of("cache_size"), of("wal_autocheckpoint"))
        };
        for _ in 0..2 {
            room(&db, ROOM).expect("has room");
            assert_eq!(now(), ROOM);
            rest(&db).expect("rests");
            assert_eq!(now(), REST);
        }
    }
}
