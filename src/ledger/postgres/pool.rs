//! The connections: a few of our own, opened when they are asked for, each used by one verb at a time. (A pool from a
//! crate would be one more dependency for forty lines; and what matters here, when a connection is given up, is ours.)
//!
//! A verb that is given up half-way drops its connection, and the server undoes what it did. Whatever errs in a way that
//! says nothing about the connection undoes its transaction; whatever else, closes it.

use std::collections::HashMap;
use std::ops::Deref;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{Client, Statement};

use super::errors::Fault;
use super::place::Place;
use super::rows::{Found, Values, size};
use super::schema;
use crate::fail_point::fail_point;

/// How many connections there are at most: the planner's, the dispatcher's, the housekeeper's, and one to spare.
const MOST: usize = 4;

/// How long a verb tries to connect: a server that is restarted is back by then, or it takes longer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries to connect: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How long a statement may go unanswered. The server gives up before: see [`TERMS`].
const ANSWER: Duration = Duration::from_secs(75);

/// What is agreed with the server on each connection. Who stands still inside a transaction loses it, and with it the
/// locks. A commit that is answered is on the disk, whatever the server does for others. Times are told in UTC.
const TERMS: &str = "
    SET statement_timeout = '60s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '30s';
    SET timezone = 'UTC';
    SELECT set_config('synchronous_commit', 'on', false)
        WHERE current_setting('synchronous_commit') IN ('off', 'local');";

/// A connection, and the statements that it knows.
pub(super) struct Session {
    client: Client,
    known: Mutex<HashMap<String, Statement>>,
    driver: JoinHandle<()>,
    /// How many rows were changed since a verb began.
    changed: AtomicUsize,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.driver.abort(); // it is closed at once
    }
}

impl Session {
    pub(super) async fn open(place: &Place) -> Result<Self, Fault> {
        let connecting = timeout(PATIENCE * 2, place.config.connect(place.tls.clone()));
        let (client, connection) = connecting.await.map_err(|_| Fault::Silent)??;
        let driver = tokio::spawn(async move {
            // What it fails with is what the statements are told.
            let _ = connection.await;
        });
        let session = Self { client, known: Mutex::default(), driver, changed: AtomicUsize::new(0) };
        session.batch(TERMS).await?;
        if place.read_only {
            session.batch("SET default_transaction_read_only = on").await?;
        }
        if place.made {
            schema::require(&session).await?;
        }
        Ok(session)
    }

    /// Statements without values.
    pub(super) async fn batch(&self, sql: &str) -> Result<(), Fault> {
        Ok(timeout(ANSWER, self.client.batch_execute(sql)).await.map_err(|_| Fault::Silent)??)
    }

    async fn prepare(&self, sql: &str) -> Result<Statement, Fault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(sql).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let new = timeout(ANSWER, self.client.prepare(sql)).await.map_err(|_| Fault::Silent)??;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(sql.to_owned(), new.clone());
        Ok(new)
    }

    /// The rows that a statement answers with.
    pub(super) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Found>, Fault> {
        let statement = self.prepare(sql).await?;
        let rows =
            timeout(ANSWER, self.client.query(&statement, values)).await.map_err(|_| Fault::Silent)??;
        Ok(rows.into_iter().map(Found).collect())
    }

    /// The one row that a statement answers with.
    pub(super) async fn one(&self, sql: &str, values: Values<'_>) -> Result<Found, Fault> {
        let mut rows = self.query(sql, values).await?;
        rows.pop().ok_or_else(|| Fault::Odd("a row is missing that every ledger has".to_owned()))
    }

    /// How many rows a statement changed.
    pub(super) async fn execute(&self, sql: &str, values: Values<'_>) -> Result<usize, Fault> {
        let statement = self.prepare(sql).await?;
        let executing = timeout(ANSWER, self.client.execute(&statement, values));
        let changed = size(executing.await.map_err(|_| Fault::Silent)??);
        self.changed.fetch_add(changed, Ordering::Relaxed);
        Ok(changed)
    }

    /// The rows that a statement changed.
    pub(super) async fn change(&self, sql: &str, values: Values<'_>) -> Result<Vec<Found>, Fault> {
        let rows = self.query(sql, values).await?;
        self.changed.fetch_add(rows.len(), Ordering::Relaxed);
        Ok(rows)
    }

    /// How many rows this verb changed by now.
    pub(super) fn changed(&self) -> usize {
        self.changed.load(Ordering::Relaxed)
    }
}

/// The connections that nobody uses.
pub(super) struct Pool {
    pub(super) place: Place,
    /// Where connections live, whoever asks for one: what a loop with a runtime of its own has opened must not end with that
    /// loop while another writes by it. If it is not said, where they are asked for.
    home: Option<Handle>,
    idle: Mutex<Vec<Session>>,
    room: Arc<Semaphore>,
}

/// A connection in use. Dropped, it is closed; [`Pool::end`] puts it back.
pub(super) struct Lent {
    session: Session,
    _room: OwnedSemaphorePermit,
    /// Whether a transaction was begun on it.
    begun: bool,
}

impl Deref for Lent {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

/// How a verb ended.
pub(super) enum Ended<T> {
    /// As it should: what it wrote is on the disk.
    Done(T),
    /// Nothing was written.
    Failed(Fault),
    /// Everything was done, and nobody knows whether it was written: the answer to the commit was lost.
    InDoubt(T, Fault),
}

impl Pool {
    pub(super) fn new(place: Place, home: Option<Handle>) -> Self {
        Self { place, home, idle: Mutex::default(), room: Arc::new(Semaphore::new(MOST)) }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection for one verb; in a transaction, if it begins one.
    pub(super) async fn begin(&self, begins: Option<&str>) -> Result<Lent, Fault> {
        let room = Arc::clone(&self.room).acquire_owned().await;
        let room = room.map_err(|_| Fault::Unreachable("the ledger is closed".to_owned()))?;
        loop {
            let idle = self.idle().pop();
            let (session, used) = match idle {
                Some(session) if session.client.is_closed() => continue,
                Some(session) => (session, true),
                None => (self.connect().await?, false),
            };
            if let Some(begins) = begins
                && let Err(fault) = session.batch(begins).await
            {
                if used && fault.is_lost() {
                    continue; // the server was restarted since
                }
                return Err(fault);
            }
            session.changed.store(0, Ordering::Relaxed);
            return Ok(Lent { session, _room: room, begun: begins.is_some() });
        }
    }

    /// A new connection. While the server is away, it is asked again, more and more seldom, for some seconds.
    async fn connect(&self) -> Result<Session, Fault> {
        let (begun, mut pause) = (Instant::now(), PAUSES.0);
        loop {
            match self.open().await {
                Ok(session) => return Ok(session),
                Err(fault) if fault.is_refusal() => return Err(fault),
                Err(fault) if begun.elapsed() + pause > PATIENCE => {
                    return Err(Fault::Unreachable(fault.to_string()));
                }
                Err(_) => sleep(pause).await,
            }
            pause = (pause * 2).min(PAUSES.1);
        }
    }

    async fn open(&self) -> Result<Session, Fault> {
        let Some(home) = &self.home else { return Session::open(&self.place).await };
        let place = self.place.clone();
        let opening = home.spawn(async move { Session::open(&place).await });
        opening.await.unwrap_or_else(|ended| match ended.try_into_panic() {
            Ok(panic) => resume_unwind(panic),
            Err(ended) => Err(Fault::Unreachable(ended.to_string())),
        })
    }

    /// Ends what a verb did: by this, which commits it, if it went well; else it is undone.
    pub(super) async fn end<T>(&self, lent: Lent, commit: &str, done: Result<T, Fault>) -> Ended<T> {
        match done {
            Ok(value) if !lent.begun => {
                self.idle().push(lent.session);
                Ended::Done(value)
            }
            Ok(value) => {
                fail_point("before-commit");
                let committed = lent.batch(commit).await;
                fail_point("after-commit");
                match committed {
                    Ok(()) => {
                        self.idle().push(lent.session);
                        Ended::Done(value)
                    }
                    Err(fault) if fault.is_lost() => Ended::InDoubt(value, fault),
                    Err(fault) => Ended::Failed(fault),
                }
            }
            Err(fault) => {
                if !fault.is_lost() && (!lent.begun || lent.batch("ROLLBACK").await.is_ok()) {
                    self.idle().push(lent.session);
                }
                Ended::Failed(fault)
            }
        }
    }
}
