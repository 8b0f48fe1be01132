//! The thread that owns the connection. Callers send it jobs and wait; it takes all that wait into one
//! transaction, so that many workers share one flush to the disk, and answers only after the commit.
//!
//! Each of several jobs has a savepoint of its own: one that errs, or panics, is undone alone. A job by itself is undone with
//! its transaction: a savepoint would have every page that it touches written aside first.

use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::oneshot;

use super::errors::moved;
use super::place::Held;
use crate::fail_point::fail_point;

/// How many jobs share one transaction at most.
const TOGETHER: usize = 64;

/// After how many changed rows, and how long without a question, the log is put in its place.
const MUCH: u64 = 100;
const QUIET: Duration = Duration::from_millis(200);

/// Why a job came to nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Fault {
    /// The job itself erred.
    #[error(transparent)]
    Job(rusqlite::Error),
    /// The transaction it was part of did not come to be.
    #[error("nothing was written: {0}")]
    Commit(Arc<rusqlite::Error>),
    /// The job panicked, or the thread is gone.
    #[error("nothing was written: the work was cut off")]
    CutOff,
}

/// The way to the thread. When it is dropped, the thread finishes what waits, closes the connection, lets go
/// of the lock file and ends; the drop waits for that, so that the next one to open finds the ledger free.
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. What is held is held as long as it lives, and nothing is committed once it is gone.
    pub(super) fn start(
        db: Connection,
        behaviour: TransactionBehavior,
        held: Option<Held>,
    ) -> std::io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let thread = Builder::new().name("ledger".into()).spawn(move || {
            serve(db, behaviour, held.as_ref(), &waiting);
            drop(held); // after the connection: whoever takes it next finds no open file
        })?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does some work inside a transaction. `Ok` means that it is committed.
    ///
    /// Whoever stops waiting does not stop the work.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, Fault> {
        let (reply, answer) = oneshot::channel();
        let ask: Box<dyn Job> = Box::new(Ask { work: Some(work), done: None, reply });
        self.jobs.as_ref().and_then(|jobs| jobs.send(ask).ok()).ok_or(Fault::CutOff)?;
        answer.await.unwrap_or(Err(Fault::CutOff))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // It cannot have panicked: jobs are caught, and the rest has nothing to panic with.
            let _ = thread.join();
        }
    }
}

/// Some work, and whoever waits for it.
trait Job: Send {
    /// Does the work; false when it must be undone.
    fn work(&mut self, db: &Connection) -> bool;
    /// Says what came of it, once it is known whether the transaction was committed.
    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>);
}

struct Ask<F, T> {
    work: Option<F>,
    done: Option<rusqlite::Result<T>>,
    reply: oneshot::Sender<Result<T, Fault>>,
}

impl<F, T> Job for Ask<F, T>
where
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn work(&mut self, db: &Connection) -> bool {
        self.done = self.work.take().map(|work| work(db));
        matches!(self.done, Some(Ok(_)))
    }

    fn answer(self: Box<Self>, committed: Result<(), Arc<rusqlite::Error>>) {
        let answer = match (self.done, committed) {
            (Some(Err(error)), _) => Err(Fault::Job(error)),
            (_, Err(error)) => Err(Fault::Commit(error)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(Fault::CutOff),
        };
        let _ = self.reply.send(answer); // nobody may be waiting any more
    }
}

fn serve(
    mut db: Connection,
    behaviour: TransactionBehavior,
    held: Option<&Held>,
    waiting: &mpsc::Receiver<Box<dyn Job>>,
) {
    let mut settled = db.total_changes();
    loop {
        let much = db.total_changes() - settled >= MUCH;
        let next = if much { waiting.recv_timeout(QUIET) } else { waiting.recv().map_err(Into::into) };
        let first = match next {
            Ok(first) => first,
            Err(RecvTimeoutError::Timeout) => {
                settle(&db);
                settled = db.total_changes();
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let mut jobs: Vec<_> = iter::once(first).chain(waiting.try_iter()).take(TOGETHER).collect();
        let committed = together(&mut db, behaviour, held, &mut jobs).map_err(Arc::new);
        for job in jobs {
            job.answer(committed.clone());
        }
    }
}

/// Puts the pages of the log in their places, as far as nobody reads them. SQLite does so itself after many, within the commit
/// of whoever comes then, and that may be a mail which is due: so it is done beforehand, and need not succeed.
fn settle(db: &Connection) {
    let _ = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
}

/// Does jobs in one transaction.
fn together(
    db: &mut Connection,
    behaviour: TransactionBehavior,
    held: Option<&Held>,
    jobs: &mut [Box<dyn Job>],
) -> rusqlite::Result<()> {
    let mut all = db.transaction_with_behavior(behaviour)?;
    if let [alone] = jobs {
        if !does(alone.as_mut(), &all) {
            return if all.is_autocommit() { Err(given_up()) } else { all.rollback() };
        }
        if all.is_autocommit() {
            return Err(given_up());
        }
        return commit(all, held);
    }
    for job in jobs {
        let one = all.savepoint()?;
        if does(job.as_mut(), &one) {
            one.commit()?;
        } else {
            one.finish()?; // undoes it
        }
        // On a full disk and the like, SQLite undoes the whole transaction by itself. A later job would then
        // be committed on its own, and be told that it was not.
        if all.is_autocommit() {
            return Err(given_up());
        }
    }
    commit(all, held)
}

/// Does one job; false when it must be undone.
fn does(job: &mut dyn Job, db: &Connection) -> bool {
    // Nothing is shared with a job but the connection, and that is put right by undoing what it did.
    catch_unwind(AssertUnwindSafe(|| job.work(db))).unwrap_or(false)
}

fn given_up() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(
        rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT),
        Some("the transaction was given up half-way".to_owned()),
    )
}

fn commit(all: Transaction<'_>, held: Option<&Held>) -> rusqlite::Result<()> {
    if held.is_some_and(|held| !held.stand()) {
        return Err(moved());
    }
    fail_point("before-commit");
    all.commit()?;
    fail_point("after-commit");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table in which a job can break a promise that is only looked at by the commit.
    const TABLES: &str = "PRAGMA foreign_keys = ON;
        CREATE TABLE parent (n INTEGER PRIMARY KEY);
        CREATE TABLE child (n INTEGER REFERENCES parent (n) DEFERRABLE INITIALLY DEFERRED);";

    fn writer() -> Arc<Writer> {
        let db = Connection::open_in_memory().expect("opens");
        db.execute_batch(TABLES).expect("are made");
        Arc::new(Writer::start(db, TransactionBehavior::Immediate, None).expect("starts"))
    }

    fn put(n: i64) -> impl FnOnce(&Connection) -> rusqlite::Result<i64> + Send + 'static {
        move |db| db.execute("INSERT INTO parent VALUES (?1)", [n]).map(|_| n)
    }

    async fn stored(writer: &Writer) -> Vec<i64> {
        let all = |db: &Connection| {
            db.prepare("SELECT n FROM parent ORDER BY n")?.query_map([], |row| row.get(0))?.collect()
        };
        writer.ask(all).await.expect("reads")
    }

    /// Runs three jobs in one transaction, which wait together while another one is kept busy: two good ones,
    /// before and after a bad one.
    async fn around(
        writer: &Arc<Writer>,
        bad: impl FnOnce(&Connection) -> rusqlite::Result<i64> + Send + 'static,
    ) -> [Result<i64, Fault>; 3] {
        let (go, gate) = mpsc::channel::<()>();
        let busy = writer.ask(move |_| {
            let _ = gate.recv_timeout(Duration::from_mins(1));
            Ok(())
        });
        let [first, last] = [writer.ask(put(1)), writer.ask(put(3))];
        // Polled in this order, each sends its job before it waits.
        let (_, first, bad, last, ()) =
            tokio::join!(busy, first, writer.ask(bad), last, async { go.send(()).expect("is awaited") });
        [first, bad, last]
    }

    #[tokio::test]
    async fn once_it_is_quiet_the_log_is_put_in_its_place() {
        let folder = tempfile::tempdir().expect("is made");
        let path = folder.path().join("some.db");
        let db = Connection::open(&path).expect("opens");
        db.execute_batch(&format!("PRAGMA journal_mode = WAL; {TABLES}")).expect("are made");
        let writer = Writer::start(db, TransactionBehavior::Immediate, None).expect("starts");
        let much = |db: &Connection| {
            let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
                        INSERT INTO parent SELECT i FROM n";
            db.execute(many, [])
        };
        writer.ask(much).await.expect("is written");
        // What the file itself holds, without its log.
        let in_place = || {
            let copy = folder.path().join("copy.db");
            std::fs::copy(&path, &copy).expect("is copied");
            let db = Connection::open(&copy).expect("opens");
            db.query_row("SELECT count(*) FROM parent", [], |row| row.get::<_, i64>(0)).unwrap_or_default()
        };
        let begun = std::time::Instant::now();
        while in_place() < 1000 {
            assert!(begun.elapsed() < Duration::from_secs(30), "it stays in the log");
            std::thread::yield_now();
        }
    }

    #[tokio::test]
    async fn a_job_that_errs_is_undone_alone() {
        let writer = writer();
        let bad = |db: &Connection| {
            put(2)(db)?;
            db.execute("INSERT INTO nowhere VALUES (1)", []).map(|_| 0)
        };
        assert!(matches!(around(&writer, bad).await, [Ok(1), Err(Fault::Job(_)), Ok(3)]));
        assert_eq!(stored(&writer).await, [1, 3]);
    }

    #[tokio::test]
    async fn a_job_that_panics_is_undone_alone_and_the_thread_lives() {
        let writer = writer();
        let bad = |db: &Connection| {
            put(2)(db)?;
            panic!("on purpose")
        };
        assert!(matches!(around(&writer, bad).await, [Ok(1), Err(Fault::CutOff), Ok(3)]));
        assert_eq!(stored(&writer).await, [1, 3]);
    }

    #[tokio::test]
    async fn a_job_by_itself_is_undone_as_well() {
        let writer = writer();
        let errs = |db: &Connection| {
            put(2)(db)?;
            db.execute("INSERT INTO nowhere VALUES (1)", []).map(|_| 0)
        };
        assert!(matches!(writer.ask(errs).await, Err(Fault::Job(_))));
        let panics = |db: &Connection| {
            put(3)(db)?;
            panic!("on purpose")
        };
        assert!(matches!(writer.ask::<i64>(panics).await, Err(Fault::CutOff)));
        let loses = |db: &Connection| db.execute_batch("ROLLBACK").map(|()| 0);
        assert!(matches!(writer.ask(loses).await, Err(Fault::Commit(_))));
        let late = |db: &Connection| db.execute("INSERT INTO child VALUES (7)", []).map(|_| 0);
        assert!(matches!(writer.ask(late).await, Err(Fault::Commit(_))));
        assert!(matches!(writer.ask(put(9)).await, Ok(9)));
        assert_eq!(stored(&writer).await, [9]);
    }

    #[tokio::test]
    async fn when_the_commit_fails_nobody_is_told_that_it_is_done() {
        let writer = writer();
        let bad = |db: &Connection| db.execute("INSERT INTO child VALUES (7)", []).map(|_| 0);
        let answers = around(&writer, bad).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(Fault::Commit(_)))), "{answers:?}");
        assert_eq!(stored(&writer).await, [0_i64; 0]);
        assert!(matches!(writer.ask(put(9)).await, Ok(9)), "the next transaction is a new one");
    }

    #[tokio::test]
    async fn when_the_transaction_is_lost_half_way_no_later_job_is_done() {
        let writer = writer();
        let bad = |db: &Connection| db.execute_batch("ROLLBACK; SAVEPOINT _rusqlite_sp").map(|()| 0);
        let answers = around(&writer, bad).await;
        assert!(answers.iter().all(|answer| matches!(answer, Err(Fault::Commit(_)))), "{answers:?}");
        assert_eq!(stored(&writer).await, [0_i64; 0]);
    }
}
