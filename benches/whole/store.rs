//! P9 and P10. The ledger's part of a mail: claimed, handed, settled, a hundred at a time as they fall due among many, with
//! SQLite FULL; against bare rusqlite that selects a hundred due rows, updates them, and updates them again. And a claim among many rows against one
//! among few.

use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Mail, Says, Stamp, Turn};
use jalon::plan::next::Verdict;
use jalon::plan::reconcile::Change;
use jalon::plan::row::State;
use jalon::plan::{Key, Wanted};
use rusqlite::{Connection, params};

use crate::common::{Asked, Target, median, print, real, short};

const AT_ONCE: usize = 100;

pub fn p9(asked: &Asked) {
    if !asked.wants("P9") {
        return;
    }
    for rows in asked.sizes(300_000, &[10_000, 100_000, 1_000_000]) {
        let folder = tempfile::tempdir().unwrap();
        let (bare, ours) = (Bare::filled(folder.path(), rows), Ours::filled(folder.path(), rows));
        let what = format!("claim + hand + settle of {AT_ONCE}, of {rows} planned");
        let rounds = asked.rounds(15).min(rows / AT_ONCE / CYCLES);
        let mut at = [0, 0];
        let mut next = |who: usize| {
            at[who] += CYCLES;
            at[who] - CYCLES..at[who]
        };
        let pairs: Vec<_> = (0..rounds).map(|_| (bare.drain(next(0)), ours.drain(next(1)))).collect();
        print("P9", &what, "rows/s", Target::AtLeast(0.7), &pairs);
    }
}

pub fn p10(asked: &Asked) {
    if !asked.wants("P10") {
        return;
    }
    for rows in asked.sizes(1_000_000, &[10_000, 100_000, 1_000_000, 10_000_000]) {
        let (few, many) = (Store::filled(1_000), Store::filled(rows));
        let rounds = asked.rounds(40);
        let pairs: Vec<_> = (0..rounds).map(|_| (few.claims(), many.claims())).collect();
        let ratio = median(pairs.iter().map(|(few, many)| many / few).collect());
        let verdict = if ratio <= 2.0 { "met" } else { "MISSED" };
        println!(
            "P10  a claim of {AT_ONCE} among {rows} rows: {} µs; among 1000: {} µs; ratio {ratio:.3} ≤ 2 {verdict}",
            short(median(pairs.iter().map(|(_, many)| many * 1e6).collect())),
            short(median(pairs.iter().map(|(few, _)| few * 1e6).collect())),
        );
    }
}

fn due() -> DateTime<Utc> {
    "2026-06-25T10:00:00Z".parse().unwrap()
}

fn wanted(n: usize, due: DateTime<Utc>) -> Wanted {
    let to = format!("p{n:07}@example.org");
    Wanted {
        key: Key::from_text(format!("p{:05}/milestone:passation/2026-06-25T10:30/-30m/{to}", n / AT_ONCE)),
        posting: format!("p{:05}", n / AT_ONCE),
        event: "milestone:passation".to_owned(),
        recipient: to.clone(),
        reader: to.clone(),
        email: to,
        due,
        late_after: due + TimeDelta::days(3),
        why: "config/jalon.toml:12, postings/p.toml:7".to_owned(),
    }
}

fn lease() -> TimeDelta {
    TimeDelta::minutes(30)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// How many times a hundred in one measurement.
const CYCLES: usize = 50;

/// When a row is due: a hundred at each second, those that are planned together at seconds far apart.
fn second(n: usize, rows: usize) -> i64 {
    i64::try_from((n * 7_919) % (rows / AT_ONCE)).unwrap()
}

/// Our ledger, in which a hundred rows fall due each second.
struct Ours(SqliteLedger);

impl Ours {
    fn filled(folder: &Path, rows: usize) -> Self {
        let ledger = SqliteLedger::open(&folder.join("jalon.db"), Stamp::Pretended).unwrap();
        run(async {
            for begin in (0..rows).step_by(10_000) {
                let add = (begin..rows.min(begin + 10_000)).map(|n| {
                    let due = due() + TimeDelta::seconds(second(n, rows));
                    Change::Add(Box::new(wanted(n, due)), State::Planned)
                });
                ledger.apply(add.collect(), due() - TimeDelta::days(1)).await.unwrap();
            }
        });
        Self(ledger)
    }

    /// Rows a second, over what falls due at these seconds.
    fn drain(&self, seconds: Range<usize>) -> f64 {
        let Self(ledger) = self;
        let (mut rows, begun) = (0, Instant::now());
        run(async {
            let mut settle = Vec::new();
            for second in seconds {
                let now = due() + TimeDelta::seconds(i64::try_from(second).unwrap());
                let mails = ledger.claim(now, lease(), AT_ONCE, "example.org").await.unwrap();
                rows += mails.len();
                let turn =
                    Turn { settle: std::mem::take(&mut settle), hand: mails.iter().map(over).collect() };
                ledger.turn(turn, now, lease()).await.unwrap();
                let sent = || Verdict::Sent { reply: "250 2.0.0 Ok: queued as 4Xy1Zz0000z".to_owned() };
                settle = mails.into_iter().map(|mail| (mail.message_id, mail.term, sent())).collect();
            }
            ledger.turn(Turn { settle, hand: Vec::new() }, due(), lease()).await.unwrap();
        });
        real(rows) / begun.elapsed().as_secs_f64()
    }
}

fn over(mail: &Mail) -> HandOver {
    let says = mail.rows.iter().map(|row| Says::Event {
        key: row.key.clone(),
        posting: row.key.posting().to_owned(),
        event: row.key.event().to_owned(),
        revision: 1,
    });
    HandOver { message_id: mail.message_id.clone(), term: mail.term, says: says.collect() }
}

/// The least that a durable outbox does.
struct Bare(RefCell<Connection>);

impl Bare {
    fn filled(folder: &Path, rows: usize) -> Self {
        let mut db = open(&folder.join("bare.db"));
        db.execute_batch(
            "CREATE TABLE outbox (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, email TEXT NOT NULL, due_at INTEGER NOT NULL,
                 state INTEGER NOT NULL DEFAULT 0, lease INTEGER, reply TEXT, payload TEXT NOT NULL) STRICT;
             CREATE INDEX due ON outbox (due_at) WHERE state = 0;",
        )
        .unwrap();
        let fill = db.transaction().unwrap();
        for n in 0..rows {
            let Wanted { key, email, .. } = wanted(n, due());
            fill.prepare_cached("INSERT INTO outbox (key, email, due_at, payload) VALUES (?1, ?2, ?3, ?4)")
                .unwrap()
                .execute(params![key.as_str(), email, second(n, rows), "x".repeat(150)])
                .unwrap();
        }
        fill.commit().unwrap();
        Self(RefCell::new(db))
    }

    /// Rows a second: a hundred are selected and updated, and updated again.
    fn drain(&self, seconds: Range<usize>) -> f64 {
        let mut db = self.0.borrow_mut();
        let (mut rows, begun) = (0, Instant::now());
        for second in seconds {
            let claim = db.transaction().unwrap();
            let ids: Vec<i64> = claim
                .prepare_cached("SELECT id, key, email, payload FROM outbox WHERE state = 0 AND due_at <= ?1 ORDER BY due_at LIMIT ?2")
                .unwrap()
                .query_map(params![i64::try_from(second).unwrap(), 100], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            for id in &ids {
                claim
                    .prepare_cached("UPDATE outbox SET state = 1, lease = ?2 WHERE id = ?1")
                    .unwrap()
                    .execute([*id, 1])
                    .unwrap();
            }
            claim.commit().unwrap();
            rows += ids.len();
            let settle = db.transaction().unwrap();
            for id in &ids {
                let sql = "UPDATE outbox SET state = 2, lease = NULL, reply = ?2 WHERE id = ?1";
                settle
                    .prepare_cached(sql)
                    .unwrap()
                    .execute(params![id, "250 2.0.0 Ok: queued as 4Xy1Zz0000z"])
                    .unwrap();
            }
            settle.commit().unwrap();
        }
        real(rows) / begun.elapsed().as_secs_f64()
    }
}

fn open(path: &Path) -> Connection {
    let db = Connection::open(path).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8000;")
        .unwrap();
    db
}

/// A ledger with a hundred rows due, and so many in all.
struct Store {
    _folder: tempfile::TempDir,
    ledger: SqliteLedger,
}

impl Store {
    fn filled(rows: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jalon.db");
        let ledger = SqliteLedger::open(&path, Stamp::Pretended).unwrap();
        let first = due() - TimeDelta::days(1);
        run(async {
            for begin in (0..rows).step_by(10_000) {
                let add = (begin..rows.min(begin + 10_000)).map(|n| {
                    // All but a hundred are due on other days, far ahead.
                    let later =
                        TimeDelta::minutes(if n < AT_ONCE { 0 } else { 1_440 + i64::try_from(n).unwrap() });
                    Change::Add(Box::new(wanted(n, due() + later)), State::Planned)
                });
                ledger.apply(add.collect(), first).await.unwrap();
            }
        });
        Self { _folder: folder, ledger }
    }

    /// Seconds that a claim takes; all is given back.
    fn claims(&self) -> f64 {
        run(async {
            let begun = Instant::now();
            let mails = self.ledger.claim(due(), lease(), AT_ONCE, "example.org").await.unwrap();
            let took = begun.elapsed().as_secs_f64();
            assert_eq!(mails.len(), AT_ONCE);
            let claims = mails.into_iter().map(|mail| (mail.message_id, mail.term)).collect();
            self.ledger.release(claims, due()).await.unwrap();
            took
        })
    }
}
