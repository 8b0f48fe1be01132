//! What is kept no longer than `keep`: rows, texts, outboxes, copies of the ledger; on a pretended clock.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use jalon::clock::Clock;
use jalon::daemon::forgetting::{Forgotten, forget};
use jalon::daemon::planner::{Planner, Round};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::row::State;
use jalon::transport::Letter;
use jalon::transport::folder::Outbox;
use running::Daemon;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"Poste\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-28\n";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

struct World {
    folder: tempfile::TempDir,
    ledger: SqliteLedger,
    clock: Clock,
}

impl World {
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        std::fs::write(folder.path().join("config/jalon.toml"), format!("{JALON}{more}")).unwrap();
        std::fs::write(folder.path().join("config/postings/p.toml"), POSTING).unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        Self { folder, ledger, clock: Clock::jumping(at("2026-06-01T08:00:00Z")) }
    }

    async fn round(&self, moment: &str) -> Round {
        self.clock.wait_until(at(moment)).await;
        self.ledger.note_round(self.clock.now(), false).await.unwrap();
        let config = self.folder.path().join("config");
        let planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.clone(), load(&config));
        planner.step().await.unwrap().1
    }

    /// What the housekeeper does, with the settings' own `keep`.
    async fn keep(&self) -> Forgotten {
        let settings = load(&self.folder.path().join("config")).settings.unwrap();
        let outbox = Outbox::new(self.folder.path().join("outbox"));
        forget(&self.ledger, &[outbox], self.clock.now() - settings.ledger.keep).await.unwrap()
    }

    async fn keys(&self) -> Vec<String> {
        self.ledger.known().await.unwrap().iter().map(|row| row.key.to_string()).collect()
    }
}

#[tokio::test]
async fn what_was_over_400_days_ago_is_forgotten_though_its_file_is_still_there() {
    let world = World::new("");
    world.round("2026-06-01T08:00:00Z").await;
    // The deadline was of use until midnight of 28 June, Paris.
    world.round("2027-08-02T21:59:00Z").await;
    assert_eq!(world.keep().await.rows, 0, "a minute early");
    let keys = world.keys().await;
    assert_eq!(keys.iter().filter(|key| key.starts_with("p/")).count(), 3, "{keys:?}");
    let round = world.round("2027-08-02T22:01:00Z").await;
    assert_eq!(world.keep().await.rows, 3, "{round:?}");
    // And is not met for the first time again.
    let round = world.round("2027-08-02T22:02:00Z").await;
    assert_eq!((round.added, round.skipped), (0, 0));
    let keys = world.keys().await;
    assert!(keys.iter().all(|key| key.starts_with('~')), "{keys:?}");
}

#[tokio::test]
async fn a_file_that_is_used_again_for_another_year_is_planned_as_new() {
    let world = World::new("");
    world.round("2026-06-01T08:00:00Z").await;
    world.round("2027-08-03T08:00:00Z").await;
    world.keep().await;
    let next = POSTING.replace("2026-06-28", "2027-10-28");
    std::fs::write(world.folder.path().join("config/postings/p.toml"), next).unwrap();
    let round = world.round("2027-08-03T08:01:00Z").await;
    assert_eq!((round.added, round.skipped), (3, 0), "and nobody hears that a date of last year has moved");
    let keys = world.keys().await;
    assert!(!keys.iter().any(|key| key.starts_with("~change")), "{keys:?}");
}

#[tokio::test]
async fn a_planned_row_is_not_forgotten_however_old() {
    let world = World::new("");
    world.round("2026-06-01T08:00:00Z").await;
    // Nothing ran for years: what is planned must end with its reason before it may be forgotten.
    world.clock.wait_until(at("2030-01-01T08:00:00Z")).await;
    assert_eq!(world.keep().await.rows, 0);
    let round = world.round("2030-01-01T08:00:00Z").await;
    assert!(!round.ended.is_empty() && round.withdrawn == 0, "{round:?}");
    assert_eq!(world.keep().await.rows, 3);
}

#[tokio::test]
async fn the_text_of_a_posting_that_is_gone_is_forgotten_when_that_is_believed() {
    let world = World::new("");
    world.round("2026-06-01T08:00:00Z").await;
    assert_eq!(world.ledger.postings().await.unwrap().len(), 1);
    std::fs::remove_file(world.folder.path().join("config/postings/p.toml")).unwrap();
    world.round("2026-06-01T08:01:00Z").await;
    assert_eq!(world.ledger.postings().await.unwrap().len(), 1, "not yet");
    world.round("2026-06-01T08:20:00Z").await;
    assert_eq!(world.ledger.postings().await.unwrap(), []);
    // Its rows and revisions stay as long as `keep`.
    assert_eq!((world.keep().await.rows, world.ledger.revisions().await.unwrap().len()), (0, 2));
    world.clock.wait_until(at("2027-08-02T22:01:00Z")).await;
    assert_eq!((world.keep().await.rows, world.ledger.revisions().await.unwrap().len()), (3, 0));
}

fn eml(id: &str, date: &str) -> String {
    format!("Date: {date}\r\nMessage-ID: <{id}>\r\nTo: camille@example.org\r\n\r\nDate: never\r\n")
}

#[tokio::test]
async fn old_mails_of_an_outbox_go_and_nothing_else_in_the_folder_does() {
    let world = World::new("[ledger]\nkeep = \"30d\"\n");
    let folder = world.folder.path().join("outbox");
    let outbox = Outbox::new(folder.clone());
    for (id, date) in [
        ("old@example.org", "Fri, 01 May 2026 07:59:00 +0000"),
        ("new@example.org", "Sat, 02 May 2026 10:01:00 +0200"),
    ] {
        let bytes = eml(id, date);
        let letter =
            Letter { from: "r@example.org", to: "c@example.org", message_id: id, bytes: bytes.as_bytes() };
        let _ = outbox.send(letter);
    }
    // Somebody else's: another name than its Message-ID's, no mail at all, a folder.
    std::fs::write(folder.join("letter.eml"), eml("old@example.org", "Fri, 01 May 2020 08:00:00 +0000"))
        .unwrap();
    std::fs::write(folder.join("notes.txt"), eml("notes", "Fri, 01 May 2020 08:00:00 +0000")).unwrap();
    std::fs::create_dir(folder.join("x@example.org.eml")).unwrap();
    world.clock.wait_until(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(world.keep().await, Forgotten { mails: 1, ..Forgotten::default() });
    let left: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(
        left,
        ["letter.eml", "new@example.org.eml", "notes.txt", "x@example.org.eml"].map(String::from).into()
    );
    assert_eq!(world.keep().await, Forgotten::default(), "once");
}

#[tokio::test]
async fn copies_of_the_ledger_go_by_the_date_in_their_name() {
    let world = World::new("[ledger]\nkeep = \"30d\"\n");
    let folder = world.folder.path().to_owned();
    std::fs::create_dir(folder.join("backups")).unwrap();
    let old = [
        "backups/jalon.db.20260501T080000Z",
        "backups/jalon.db.schema-1.20260101T000000Z",
        "jalon.db.replaced-20260430T120000Z",
        "jalon.db.replaced-20260430T120000Z-wal",
    ];
    let stay = [
        "backups/jalon.db.20260502T080001Z",
        "backups/other.db.20200101T000000Z",
        "backups/jalon.db.copy",
        "jalon.db.mine",
        "jalon.db.replaced-by-me",
    ];
    for name in old.iter().chain(&stay) {
        std::fs::write(folder.join(name), "x").unwrap();
    }
    world.clock.wait_until(at("2026-06-01T08:00:00Z")).await;
    assert_eq!(world.keep().await, Forgotten { copies: 4, ..Forgotten::default() });
    assert!(old.iter().all(|name| !folder.join(name).exists()));
    assert!(stay.iter().all(|name| folder.join(name).exists()));
    assert!(folder.join("jalon.db").exists());
}

/// Plans in a folder, and ends.
async fn planned(folder: &Path, moment: &str) {
    let ledger = SqliteLedger::open(&folder.join("jalon.db"), Stamp::Pretended).unwrap();
    let clock = Clock::jumping(at(moment));
    ledger.note_round(clock.now(), false).await.unwrap();
    let config = folder.join("config");
    Planner::new(ledger, clock, config.clone(), load(&config)).step().await.unwrap();
}

#[tokio::test]
async fn the_daemon_forgets_when_it_starts_and_then_at_every_beat() {
    let World { folder, ledger, .. } = World::new("");
    drop(ledger);
    planned(folder.path(), "2026-06-01T08:00:00Z").await;
    let arguments = ["--ledger", "sqlite:jalon.db", "--as-of", "2026-06-29T08:00:00"];
    let mut daemon = Daemon::start(folder.path(), &arguments);
    daemon.until("event=\"sent\"");
    daemon.stop();
    let kept = || async {
        let known = SqliteLedger::read(&folder.path().join("jalon.db")).unwrap().known().await.unwrap();
        known.iter().filter(|row| row.key.posting() == "p" && row.state != State::Planned).count()
    };
    assert_eq!(kept().await, 3);
    // A ledger that stood still for a year has a clock to accept.
    let accept = ["accept", "clock", "--ledger", "sqlite:jalon.db", "--as-of", "2027-08-10T08:00:00"];
    assert!(running::jalon(folder.path()).args(accept).status().unwrap().success());
    let arguments = ["--ledger", "sqlite:jalon.db", "--as-of", "2027-08-10T08:00:00"];
    let mut daemon = Daemon::start(folder.path(), &arguments);
    let log = daemon.until("event=\"forgotten\"").pop().unwrap();
    assert!(log.contains("rows=") && log.contains("mails="), "{log}");
    daemon.stop();
    assert_eq!(kept().await, 0);
}
