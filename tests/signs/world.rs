//! The daemon's parts on a clock that is moved by hand: a mail to Camille is due on 24 June 2026 at nine, Paris.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::monitor::Monitor;
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::row::Row;
use jalon::transport::Transport;
use jalon::transport::smtp::{Credentials, Smtp, Timeouts};
use tokio::sync::watch;

use crate::server::Server;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\"]\nannounce = false\n[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n";

pub(crate) fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A way to a relay that wants a login.
pub(crate) fn way(server: &Server, name: &str) -> Way {
    let login = Credentials { username: "camille".to_owned(), password: "ouvre-toi".to_owned() };
    let limits = Timeouts::all(Duration::from_secs(20));
    let smtp = Smtp::new(&server.relay(), Some(login), &[], limits).unwrap();
    Way::new(name.to_owned(), Transport::Smtp(Box::new(smtp)))
}

/// A configuration in `config/`, with more at the end of jalon.toml.
pub(crate) fn folder(more: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    fs::write(folder.path().join("config/jalon.toml"), format!("{JALON}{more}")).unwrap();
    fs::write(folder.path().join("config/postings/p.toml"), POSTING).unwrap();
    folder
}

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) clock: Clock,
    pub(crate) ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    stop: watch::Sender<bool>,
}

impl World {
    /// At a moment, with more under `[delivery]`.
    pub(crate) async fn new(delivery: &str, now: &str, ways: Vec<Way>) -> Self {
        let folder = folder(&format!("[delivery]\n{delivery}\n"));
        let clock = Clock::jumping(utc(now));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let config = folder.path().join("config");
        let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
        let snapshot = planner.step().await.unwrap().0.unwrap();
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), ways, TimeDelta::minutes(30), stopping);
        Self { folder, clock, ledger, planner, dispatcher, snapshot, stop }
    }

    /// The daemon starts anew: what it knew is gone, the ledger stays.
    pub(crate) fn restart(self, ways: Vec<Way>) -> Self {
        let Self { folder, clock, ledger, planner, dispatcher, snapshot, stop } = self;
        drop((ledger, planner, dispatcher));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let config = folder.path().join("config");
        let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
        let stopping = stop.subscribe();
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), ways, TimeDelta::minutes(30), stopping);
        Self { folder, clock, ledger, planner, dispatcher, snapshot, stop }
    }

    pub(crate) async fn go(&self, when: &str) {
        self.clock.wait_until(utc(when)).await;
    }

    /// Steps until there is no more work; which relays were looked at, and what was found.
    pub(crate) async fn drain(&mut self) -> Vec<(String, bool)> {
        let mut looks = Vec::new();
        loop {
            let report = self.dispatcher.step(&self.snapshot).await.unwrap();
            looks.extend(report.looked_at);
            if !report.worked {
                return looks;
            }
        }
    }

    /// A round of planning that knows how the relays do.
    pub(crate) async fn plan(&mut self) {
        self.planner.heed(self.dispatcher.health());
        self.snapshot = self.planner.step().await.unwrap().0.unwrap();
    }

    /// A round of planning, and the signs that are given after it.
    pub(crate) async fn round(&mut self, monitor: &mut Monitor<SqliteLedger>) {
        let felt = self.dispatcher.health();
        self.planner.heed(felt.clone());
        monitor.before().await;
        let (snapshot, round) = self.planner.step().await.unwrap();
        self.snapshot = snapshot.unwrap();
        monitor.after(Some(&round), &felt, self.planner.files()).await;
        monitor.given().await;
    }

    /// A round that could not be made.
    pub(crate) async fn no_round(&mut self, monitor: &mut Monitor<SqliteLedger>) {
        monitor.before().await;
        monitor.after(None, &self.dispatcher.health(), self.planner.files()).await;
        monitor.given().await;
    }

    pub(crate) async fn row(&self, key: &str) -> Row {
        self.ledger.known().await.unwrap().into_iter().find(|row| row.key.as_str() == key).unwrap()
    }
}
