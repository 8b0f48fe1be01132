//! `jalon accept`: the real binary, beside whoever holds the ledger, and what the planner's next round makes of it.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::guard::Guard;
use jalon::daemon::planner::{Planner, Round};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp, StoredPosting};
use jalon::plan::row::State;
use running::{Daemon, ended, jalon};

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const BEGIN: &str = "2026-06-01T08:00:00Z";
const PRETENDED: [&str; 2] = ["--ledger", "sqlite:jalon.db"];

fn posting(title: &str, day: &str) -> String {
    format!("title = \"{title}\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = {day}\n")
}

/// A folder of configuration with these postings, due far away from any test's day.
fn folder(postings: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    std::fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
    for id in postings {
        put(folder.path(), id);
    }
    folder
}

fn file(folder: &Path, id: &str) -> std::path::PathBuf {
    folder.join(format!("config/postings/{id}.toml"))
}

fn put(folder: &Path, id: &str) {
    std::fs::write(file(folder, id), posting(&format!("Poste {id}"), "2190-06-28")).unwrap();
}

fn take(folder: &Path, ids: &[&str]) {
    for id in ids {
        std::fs::remove_file(file(folder, id)).unwrap();
    }
}

/// A ledger that somebody holds, and a planner that reads the files anew each round.
struct World {
    folder: tempfile::TempDir,
    ledger: SqliteLedger,
    clock: Clock,
}

impl World {
    async fn new(postings: &[&str]) -> Self {
        let folder = folder(postings);
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let clock = Clock::jumping(BEGIN.parse().unwrap());
        let world = Self { folder, ledger, clock };
        world.round(0).await;
        world
    }

    /// A round, so many minutes later.
    async fn round(&self, minutes: i64) -> Round {
        self.clock.wait_until(self.clock.now() + TimeDelta::minutes(minutes)).await;
        self.ledger.note_round(self.clock.now(), false).await.unwrap();
        let config = self.folder.path().join("config");
        let planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.clone(), load(&config));
        planner.step().await.unwrap().1
    }

    fn take(&self, ids: &[&str]) {
        take(self.folder.path(), ids);
    }

    fn accept(&self, arguments: &[&str]) -> (i32, String, String) {
        accept(self.folder.path(), &[&PRETENDED, arguments].concat())
    }

    async fn stored(&self) -> Vec<StoredPosting> {
        self.ledger.postings().await.unwrap()
    }

    /// How many reminders of a posting stand so.
    async fn count(&self, id: &str, state: State) -> usize {
        let known = self.ledger.known().await.unwrap();
        known.iter().filter(|row| row.key.posting() == id && row.state == state).count()
    }
}

fn accept(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    ended(&jalon(folder).arg("accept").args(["--lang", "fr"]).args(arguments).output().unwrap())
}

const NOTHING: &str = "Rien n'attend d'être accepté.\n";

#[tokio::test]
async fn what_vanished_together_is_doubted_until_it_is_accepted() {
    let world = World::new(&["p", "q"]).await;
    world.take(&["p", "q"]);
    for minutes in [1, 60] {
        let round = world.round(minutes).await;
        assert!(round.doubted && round.gone.is_empty());
        let told = round.troubles.iter().map(|trouble| trouble.sentence.fr.as_str()).collect::<String>();
        assert!(told.contains("Remettez-les ; si c'était voulu, lancez jalon accept."), "{told}");
    }
    let (stored, known) = (world.stored().await, world.ledger.known().await.unwrap());
    let asked = world.accept(&["--dry-run"]);
    let expected = "2 fiches n'ont plus de fichier, et cela reste à accepter\u{a0}:
  p — Poste p\u{a0}: 3 rappels à venir
  q — Poste q\u{a0}: 3 rappels à venir
Dans la minute, leurs rappels sont retirés\u{a0}; qui avait appris une de leurs dates à venir apprend qu'elle est retirée du calendrier.
(--dry-run\u{a0}: rien n'est accepté.)
";
    assert_eq!((asked.0, asked.1.as_str()), (0, expected), "{}", asked.2);
    assert!(asked.2.contains("son dernier tour, le 1er juin 2026, 11\u{a0}h\u{a0}01"), "{}", asked.2);
    assert_eq!((world.stored().await, world.ledger.known().await.unwrap()), (stored, known));
    assert!(world.round(1).await.doubted);

    let (code, said, _) = world.accept(&[]);
    assert_eq!(code, 0);
    assert!(
        said.starts_with("2 fiches n'ont plus de fichier. C'est accepté\u{a0}:\n  p — Poste p"),
        "{said}"
    );
    assert!(!said.contains("dry-run"), "{said}");
    assert_eq!(world.accept(&[]).1, NOTHING, "once");
    let round = world.round(1).await;
    assert_eq!((round.doubted, round.gone, round.missed), (false, vec!["p".into(), "q".into()], vec![]));
    assert_eq!(round.troubles, []);
    assert_eq!((world.count("p", State::Withdrawn).await, world.count("q", State::Withdrawn).await), (3, 3));
    assert_eq!(world.stored().await, []);
}

#[tokio::test]
async fn one_that_is_missed_for_some_minutes_may_be_accepted_too_and_so_may_what_nobody_missed_yet() {
    let world = World::new(&["p", "q", "r"]).await;
    world.take(&["p"]);
    assert_eq!(world.round(1).await.missed, ["p"]);
    world.take(&["q"]);
    let (_, said, _) = world.accept(&["vanished"]);
    assert!(said.contains("2 fiches") && said.contains("  q — Poste q"), "{said}");
    let round = world.round(0).await;
    assert_eq!((round.gone, round.missed), (vec!["p".into(), "q".into()], vec![]));
    assert_eq!((world.count("q", State::Withdrawn).await, world.count("r", State::Planned).await), (3, 3));
    // A posting with nothing to come.
    std::fs::write(file(world.folder.path(), "old"), posting("Vieux", "2026-05-02")).unwrap();
    world.round(1).await;
    world.take(&["old"]);
    let (_, said, _) = world.accept(&[]);
    assert!(
        said.starts_with(
            "Une fiche n'a plus de fichier. C'est accepté\u{a0}:\n  old — Vieux\u{a0}: aucun rappel à venir\n"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn what_returned_and_vanished_again_needs_another_word() {
    let world = World::new(&["p", "q"]).await;
    for _ in 0..2 {
        world.take(&["p", "q"]);
        assert!(world.round(1).await.doubted);
        assert_eq!(world.accept(&[]).0, 0);
        for id in ["p", "q"] {
            put(world.folder.path(), id);
        }
        let round = world.round(1).await;
        assert!(round.gone.is_empty() && round.missed.is_empty());
        assert!(world.stored().await.iter().all(|kept| kept.accepted.is_none()));
        world.take(&["p", "q"]);
        let round = world.round(60).await;
        assert!(round.doubted && round.gone.is_empty());
        for id in ["p", "q"] {
            put(world.folder.path(), id);
        }
        world.round(1).await;
    }
    assert_eq!(world.count("p", State::Planned).await, 3);
}

#[tokio::test]
async fn a_file_that_is_broken_has_not_vanished() {
    let world = World::new(&["p", "q"]).await;
    for id in ["p", "q"] {
        std::fs::write(file(world.folder.path(), id), "title = \"T\n").unwrap();
    }
    world.round(20).await;
    assert_eq!(world.accept(&[]).1, NOTHING);
    // Nor does a word that came before it broke speak for it.
    world.take(&["p", "q"]);
    world.round(1).await;
    world.accept(&[]);
    std::fs::write(file(world.folder.path(), "p"), "title = \"T\n").unwrap();
    let round = world.round(1).await;
    assert_eq!(round.gone, ["q"]);
    world.take(&["p"]);
    assert_eq!(world.round(1).await.missed, ["p"]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_says_of_no_posting_that_it_is_gone() {
    let world = World::new(&["p", "q"]).await;
    let postings = world.folder.path().join("config/postings");
    let away = world.folder.path().join("away");
    std::fs::rename(&postings, &away).unwrap();
    assert!(world.round(1).await.doubted);
    let stored = world.stored().await;
    for what in [&[][..], &["vanished"], &["--dry-run"], &["vanished", "clock"]] {
        let (code, said, error) = world.accept(what);
        assert_eq!((code, said.as_str()), (1, ""), "{what:?}");
        assert!(error.contains("le dossier des fiches ne peut pas être lu (config/postings)"), "{error}");
        assert!(error.contains("Remettez-le ou") && error.contains("créez un dossier vide"), "{error}");
    }
    assert_eq!(world.stored().await, stored);
    assert_eq!(world.accept(&["clock"]).0, 0, "that is another question");
    // An empty folder says it.
    std::fs::create_dir(&postings).unwrap();
    assert!(world.round(1).await.doubted);
    assert_eq!(world.accept(&[]).0, 0);
    // And while it cannot be read, a word that was given waits.
    std::fs::remove_dir(&postings).unwrap();
    assert!(world.round(1).await.gone.is_empty());
    std::fs::create_dir(&postings).unwrap();
    assert_eq!(world.round(1).await.gone, ["p", "q"]);
}

#[test]
fn what_goes_wrong_ends_as_with_other_commands() {
    let folder = folder(&["p"]);
    let path = folder.path();
    assert_eq!(accept(path, &[]).0, 69, "no ledger");
    assert_eq!(accept(path, &["--ledger", "mysql:x"]).0, 78);
    assert_eq!(accept(path, &["everything"]).0, 2);
    drop(SqliteLedger::open(&path.join("jalon.db"), Stamp::Real).unwrap());
    let ledger = ["--ledger", "sqlite:jalon.db"];
    assert_eq!(accept(path, &ledger), (0, NOTHING.into(), String::new()));
    assert_eq!(accept(path, &[&ledger[..], &["--as-of", "2026-06-01"]].concat()).0, 2, "it is real");
    std::fs::write(path.join("config/jalon.toml"), "time_zone = 3\n").unwrap();
    assert_eq!(accept(path, &ledger).0, 78);
    for known in [&["accept", "--help"][..], &["completions", "bash"], &["man"]] {
        let said = running::text(&jalon(path).args(known).output().unwrap().stdout);
        assert!(said.contains("accept"), "{known:?}");
    }
}

#[tokio::test]
async fn without_a_daemon_it_is_taken_up_at_the_next_start() {
    let world = World::new(&["p", "q"]).await;
    let World { folder, ledger, clock } = world;
    let path = folder.path();
    drop(ledger);
    take(path, &["p", "q"]);
    let (code, said, _) = accept(path, &PRETENDED);
    assert_eq!(code, 0);
    assert!(said.contains("Au prochain démarrage de jalon, leurs rappels sont retirés"), "{said}");
    let ledger = SqliteLedger::open(&path.join("jalon.db"), Stamp::Pretended).unwrap();
    let world = World { folder, ledger, clock };
    assert_eq!(world.round(1).await.gone, ["p", "q"]);
}

#[test]
fn a_running_daemon_takes_it_up() {
    let folder = folder(&["p", "q"]);
    let path = folder.path();
    let mut daemon = Daemon::start(path, &[&PRETENDED[..], &["--as-of", "2026-06-01T08:00:00"]].concat());
    daemon.until("event=\"planned\"");
    take(path, &["p", "q"]);
    daemon.hang_up();
    let log = daemon.until("event=\"vanished\"");
    assert!(log.last().unwrap().contains("jalon accept"), "{log:?}");
    assert_eq!(accept(path, &PRETENDED).0, 0);
    daemon.hang_up();
    daemon.until("event=\"gone\"");
    daemon.stop();
    let history = [&["history"], &PRETENDED[..], &["--state", "withdrawn", "--format", "json"]].concat();
    let rows = jalon(path).args(history).output().unwrap();
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&rows.stdout).unwrap();
    assert_eq!(rows.len(), 6);
}

async fn last_round(path: &Path) -> Option<DateTime<Utc>> {
    SqliteLedger::read(&path.join("jalon.db")).unwrap().last_round().await.unwrap()
}

/// A ledger of the real clock whose last round was then.
async fn real(path: &Path, last: DateTime<Utc>) -> SqliteLedger {
    let ledger = SqliteLedger::open(&path.join("jalon.db"), Stamp::Real).unwrap();
    ledger.note_round(last, true).await.unwrap();
    ledger
}

#[tokio::test]
async fn a_clock_behind_the_last_round_is_accepted_and_rounds_go_on() {
    let folder = folder(&["p"]);
    let path = folder.path();
    let far = "2190-01-01T12:00:00Z".parse().unwrap();
    drop(real(path, far).await);
    let manager = UnixDatagram::bind(path.join("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let status = || {
        let mut datagram = [0; 1000];
        let length = manager.recv(&mut datagram).unwrap();
        running::text(&datagram[..length])
    };
    let mut command = jalon(path);
    command.arg("run").args(PRETENDED).env("NOTIFY_SOCKET", path.join("notify"));
    let mut daemon = Daemon::spawn(command);
    let log = daemon.until("event=\"clock\"");
    assert!(log.last().unwrap().contains("jalon accept"), "{log:?}");
    let said = status();
    assert!(said.starts_with("READY=1\nSTATUS=nothing is planned or sent: the clock is "), "{said}");
    assert!(
        said.ends_with("behind the ledger's last round; set it right, or run jalon accept clock"),
        "{said}"
    );
    let compared =
        "le dernier tour du registre est du 1er janvier 2190, 13\u{a0}h\u{a0}00 (heures de Europe/Paris).\n";
    let (code, said, _) = accept(path, &[&PRETENDED[..], &["--dry-run"]].concat());
    assert!(code == 0 && said.starts_with("L'horloge dit ") && said.contains(compared), "{said}");
    assert_eq!(accept(path, &[&PRETENDED[..], &["vanished"]].concat()).1, NOTHING);
    assert_eq!(last_round(path).await, Some(far));
    let (code, said, _) = accept(path, &PRETENDED);
    assert!(code == 0 && said.contains(compared) && said.contains("C'est accepté"), "{said}");
    let noted = last_round(path).await.unwrap();
    assert!((Clock::real().now() - noted).abs() < TimeDelta::minutes(5), "{noted}");
    daemon.hang_up();
    daemon.until("event=\"planned\"");
    while !status().contains("STATUS=1 posting; next reminder ") {}
    daemon.stop();
}

#[tokio::test]
async fn a_pretended_clock_behind_the_last_round_is_accepted_when_it_is_said() {
    let folder = folder(&["p"]);
    let path = folder.path();
    let start = |moment: &str| Daemon::start(path, &[&PRETENDED[..], &["--as-of", moment]].concat());
    let mut daemon = start("2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    let mut daemon = start("2026-06-18T08:00:00");
    daemon.until("event=\"clock\"");
    let ask = |more: &[&str]| accept(path, &[&PRETENDED[..], &["clock"], more].concat());
    let (code, said, _) = ask(&[]);
    assert!(code == 0 && said.contains("--as-of MOMENT"), "{said}");
    assert_eq!(ask(&["--as-of", "hier"]).0, 2);
    let (code, said, _) = ask(&["--as-of", "2026-06-18T08:00"]);
    let compared = "L'horloge dit 18 juin 2026, 8\u{a0}h\u{a0}00\u{a0}; le dernier tour du registre est du 20 juin 2026, 8\u{a0}h\u{a0}00";
    assert!(code == 0 && said.starts_with(compared), "{said}");
    daemon.hang_up();
    daemon.until("event=\"loaded\"");
    daemon.stop();
}

#[tokio::test]
async fn a_clock_that_jumped_ahead_holds_until_it_is_accepted() {
    let folder = folder(&["p"]);
    let path = folder.path();
    let now = Clock::real().now();
    let clock = Clock::jumping(now - TimeDelta::days(3));
    let ledger = real(path, clock.now()).await;
    let guard = Guard::new(clock.clone());
    assert!(guard.allows(&ledger).await.unwrap());
    // Time passes as it should, and then too fast; also bit by bit, as long as nobody looks in between.
    clock.wait_until(clock.now() + TimeDelta::hours(20)).await;
    assert!(guard.allows(&ledger).await.unwrap());
    clock.wait_until(now).await;
    for _ in 0..2 {
        assert!(!guard.allows(&ledger).await.unwrap());
    }
    let (code, said, _) = accept(path, &[&PRETENDED[..], &["--dry-run"]].concat());
    assert!(code == 0 && said.starts_with("L'horloge dit "), "{said}");
    assert!(!guard.allows(&ledger).await.unwrap());
    assert_eq!(accept(path, &[&PRETENDED[..], &["clock"]].concat()).0, 0);
    clock.wait_until(Clock::real().now()).await;
    assert!(guard.allows(&ledger).await.unwrap(), "the ledger vouches for it");
    assert_eq!(accept(path, &PRETENDED).1, NOTHING);
}

#[tokio::test]
async fn a_ledger_that_nobody_holds_was_only_switched_off() {
    let folder = folder(&["p"]);
    let path = folder.path();
    let long_ago = Clock::real().now() - TimeDelta::days(3);
    drop(real(path, long_ago).await);
    assert_eq!(accept(path, &PRETENDED).1, NOTHING);
    assert_eq!(last_round(path).await.unwrap().timestamp_millis(), long_ago.timestamp_millis());
}
