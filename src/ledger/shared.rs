//! What a ledger says of the hosts that share it.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

use crate::files::machine::Machine;

/// Who opens a ledger that hosts share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// What tells it from other hosts, for as long as it stands: no blank in it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What tells this run of it from others.
    pub run: String,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn of(machine: &Machine) -> Self {
        Self { id: machine.id.clone(), name: machine.name.clone(), run: machine.run.clone() }
    }
}

/// What a host says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// What its files say of the plan, as a digest.
    pub digest: String,
    /// Whether it could read them.
    pub readable: bool,
    /// What its clock says.
    pub now: DateTime<Utc>,
}

/// What it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attended {
    /// The term in which it plans; none when another host does.
    pub term: Option<i64>,
    /// Every host, this one too.
    pub hosts: Vec<StoredHost>,
}

/// What a plan, and the mails that tell it, are made by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Basis {
    /// The files: nobody else is there.
    #[default]
    Alone,
    /// The files, in this term of the duty.
    Term(i64),
    /// What the ledger held in force, in this edition.
    Edition(i64),
}

/// A host as the ledger remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredHost {
    /// What tells it from others.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The version of its program.
    pub program: String,
    /// What its files say of the plan, as a digest.
    pub digest: String,
    /// Whether it could read them.
    pub readable: bool,
    /// By how much its clock is ahead of the database's.
    pub ahead: TimeDelta,
    /// When it was last heard of, by the database's clock.
    pub seen: DateTime<Utc>,
    /// Whether that is short enough ago for it to be there.
    pub lives: bool,
    /// Whether it plans.
    pub plans: bool,
}

/// Hears that somebody else wrote to the ledger. Only a hint: who hears nothing looks all the same.
#[derive(Clone, Debug)]
pub struct Stirs(Option<(watch::Receiver<()>, Arc<dyn std::any::Any + Send + Sync>)>);

impl Stirs {
    /// Nothing is ever heard.
    #[must_use]
    pub fn never() -> Self {
        Self(None)
    }

    /// What is heard of here; `by` is kept as long as somebody listens.
    #[must_use]
    pub fn of(heard: watch::Receiver<()>, by: Arc<dyn std::any::Any + Send + Sync>) -> Self {
        Self(Some((heard, by)))
    }

    /// Waits for the next.
    pub async fn next(&mut self) {
        if let Some((heard, _)) = &mut self.0
            && heard.changed().await.is_ok()
        {
            return;
        }
        std::future::pending::<()>().await;
    }
}
