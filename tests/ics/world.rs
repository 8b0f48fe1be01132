//! A daemon's steps on a clock that jumps: real files, a real ledger, an outbox, feeds.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Departure, Dispatcher, Way};
use jalon::daemon::feeding::Feeds;
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Stamp, Turn};
use jalon::settings::InDoubt;
use jalon::transport::Transport;
use jalon::transport::folder::Outbox;
use mail_parser::{MessageParser, MimeHeaders as _};
use tokio::sync::watch;

pub const TOML: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[feed]\nfolder = \"feeds\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\noutbox = \"out\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\nlanguage = \"fr\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";

const LEASE: TimeDelta = TimeDelta::minutes(30);

pub struct World {
    pub folder: tempfile::TempDir,
    pub clock: Clock,
    pub ledger: SqliteLedger,
    pub feeds: Feeds,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    pub snapshot: Option<Arc<Snapshot>>,
    _stop: watch::Sender<bool>,
}

impl World {
    pub fn new(start: &str, postings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::create_dir_all(config.join("postings")).unwrap();
        std::fs::write(config.join("jalon.toml"), TOML).unwrap();
        for (file, text) in postings {
            std::fs::write(config.join("postings").join(file), text).unwrap();
        }
        let clock = Clock::jumping(start.parse().unwrap());
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Real).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
        let way = Way::new("outbox".to_owned(), Transport::Folder(Outbox::new(folder.path().join("out"))));
        let (stop, stopping) = watch::channel(false);
        let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), vec![way], LEASE, stopping);
        let feeds = Feeds::new(folder.path().to_owned(), folder.path().join("state/feed-secret"));
        Self { folder, clock, ledger, feeds, planner, dispatcher, snapshot: None, _stop: stop }
    }

    pub fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join("config").join(file), text).unwrap();
    }

    pub fn remove(&self, file: &str) {
        std::fs::remove_file(self.folder.path().join("config").join(file)).unwrap();
    }

    pub async fn to(&self, at: &str) {
        self.clock.wait_until(at.parse().unwrap()).await;
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Reads the files again, plans, and writes feeds.
    pub async fn plan(&mut self) {
        let _ = self.planner.reload();
        let (snapshot, _) = self.planner.step().await.unwrap();
        self.feeds.step(snapshot.as_ref().unwrap(), self.clock.now());
        self.snapshot = snapshot;
    }

    /// The same, and sends what is due.
    pub async fn minute(&mut self) -> Vec<Departure> {
        self.plan().await;
        let mut all = Vec::new();
        loop {
            let report = self.dispatcher.step(self.snapshot.as_ref().unwrap()).await.unwrap();
            all.extend(report.departures);
            if !report.worked {
                return all;
            }
        }
    }

    /// What is due is handed, and the process dies; the next one finds it in doubt.
    pub async fn die_while_handed(&mut self) {
        self.plan().await;
        let mails = self.ledger.claim(self.now(), LEASE, 10, "example.org").await.unwrap();
        assert!(!mails.is_empty(), "nothing is due");
        for mail in mails {
            let hand = HandOver { message_id: mail.message_id, term: mail.term, says: Vec::new() };
            let turn = Turn::hand(hand);
            self.ledger.turn(turn, self.now(), LEASE).await.unwrap();
        }
        let orphans = self.ledger.orphans(true, InDoubt::Resend, self.now()).await.unwrap();
        assert!(orphans.doubted > 0);
    }

    /// The feeds, by the name of their file.
    pub fn fed(&self) -> BTreeMap<String, String> {
        let folder: PathBuf = self.folder.path().join("feeds");
        let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        entries.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
    }

    /// The feed of a person, or of all.
    pub fn feed(&self, whose: &str) -> String {
        let mut found = self.fed().into_iter().filter(|(name, _)| name.starts_with(&format!("{whose}-")));
        let (_, text) = found.next().unwrap();
        assert!(found.next().is_none());
        text
    }
}

/// The calendar that goes with a mail, if one does: the name of its file, and its text.
pub fn attached(departure: &Departure) -> Option<(String, String)> {
    let bytes = departure.written.bytes.as_ref().unwrap();
    let mail = MessageParser::default().parse(bytes).unwrap();
    let mut found = mail
        .attachments()
        .filter(|part| part.content_type().is_some_and(|kind| kind.subtype() == Some("calendar")));
    let part = found.next()?;
    assert!(found.next().is_none(), "one calendar a mail");
    Some((part.attachment_name().unwrap().to_owned(), String::from_utf8(part.contents().to_vec()).unwrap()))
}
