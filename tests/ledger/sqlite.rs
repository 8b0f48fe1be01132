//! SQLite under contract, and what only a file has: a lock, a mode, a schema, constraints.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Hand, Ledger as _, LedgerError, Stamp};
use jalon::plan::row::State;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::world::*;

/// A ledger in a folder of its own.
pub struct InFile {
    folder: TempDir,
}

impl InFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("var").join("jalon.db")
    }

    /// The file, past the ledger.
    fn raw(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }
}

impl Fixture for InFile {
    type Ledger = SqliteLedger;

    fn new() -> Self {
        Self { folder: TempDir::new().unwrap() }
    }

    fn open(&self) -> SqliteLedger {
        SqliteLedger::open(&self.path(), Stamp::Real).unwrap()
    }
}

fn error<T>(result: Result<T, LedgerError>) -> LedgerError {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error,
    }
}

#[test]
fn a_second_daemon_is_refused() {
    let world = World::<InFile>::new();
    let path = world.fixture.path();
    assert!(matches!(error(SqliteLedger::open(&path, Stamp::Real)), LedgerError::Busy { .. }));
    // By another name, too.
    let alias = world.fixture.folder.path().join("alias.db");
    symlink(&path, &alias).unwrap();
    assert!(matches!(error(SqliteLedger::open(&alias, Stamp::Real)), LedgerError::Busy { .. }));
    drop(world.ledger);
    SqliteLedger::open(&alias, Stamp::Real).unwrap();
}

#[test]
fn it_is_known_whether_a_daemon_holds_it_and_nobody_is_kept_out() {
    let fixture = InFile::new();
    let path = fixture.path();
    assert!(!SqliteLedger::is_held(&path));
    assert!(!path.exists(), "asking makes nothing");
    let held = fixture.open();
    let alias = fixture.folder.path().join("alias.db");
    symlink(&path, &alias).unwrap();
    assert!(SqliteLedger::is_held(&path) && SqliteLedger::is_held(&alias));
    let beside = SqliteLedger::beside(&path).unwrap();
    drop(held);
    assert!(!SqliteLedger::is_held(&path), "whoever writes beside a daemon does not hold it");
    drop(beside);
    // Somebody asks, and a daemon starts at that moment.
    let lock = fs::File::open(format!("{}.lock", path.display())).unwrap();
    lock.lock_shared().unwrap();
    let (opened, answer) = mpsc::channel();
    let daemon =
        std::thread::spawn(move || opened.send(SqliteLedger::open(&path, Stamp::Real).map(drop)).unwrap());
    assert!(answer.recv_timeout(Duration::from_millis(50)).is_err(), "it waits");
    drop(lock);
    answer.recv().unwrap().unwrap();
    daemon.join().unwrap();
}

#[tokio::test]
async fn the_lock_is_held_until_the_last_handle_is_dropped() {
    let world = World::<InFile>::new();
    let (path, last) = (world.fixture.path(), world.ledger.clone());
    drop(world.ledger);
    assert!(matches!(error(SqliteLedger::open(&path, Stamp::Real)), LedgerError::Busy { .. }));
    last.known().await.unwrap();
    drop(last);
    SqliteLedger::open(&path, Stamp::Real).unwrap();
}

#[test]
fn only_its_owner_may_read_it() {
    let world = World::<InFile>::new();
    let folder = world.fixture.path().parent().unwrap().to_owned();
    let files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 2, "{files:?}");
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

#[test]
fn a_newer_ledger_is_refused_and_untouched() {
    let World { fixture, ledger } = World::<InFile>::new();
    drop(ledger);
    fixture.raw().pragma_update(None, "user_version", 99).unwrap();
    for opened in [SqliteLedger::open(&fixture.path(), Stamp::Real), SqliteLedger::read(&fixture.path())] {
        let refusal = error(opened);
        assert!(matches!(refusal, LedgerError::Newer { found: 99, .. }), "{refusal}");
    }
    let version: i64 = fixture.raw().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 99);
}

#[tokio::test]
async fn a_ledger_of_the_other_clock_is_refused() {
    let fixture = InFile::new();
    let path = fixture.path();
    drop(SqliteLedger::open(&path, Stamp::Pretended).unwrap());
    let refusal = error(SqliteLedger::open(&path, Stamp::Real));
    let words = format!(
        "the ledger sqlite:{} was begun on a pretended clock and is opened on a real one",
        path.display()
    );
    assert_eq!(refusal.to_string(), words);
    drop(SqliteLedger::open(&path, Stamp::Pretended).unwrap());
    let reader = SqliteLedger::read(&path).unwrap();
    reader.known().await.unwrap();
    assert_eq!(reader.stamp().await.unwrap(), Stamp::Pretended);
}

#[test]
fn a_file_that_is_not_ours_is_refused_and_untouched() {
    let fixture = InFile::new();
    fs::create_dir_all(fixture.path().parent().unwrap()).unwrap();
    fixture.raw().execute_batch("CREATE TABLE theirs (n INTEGER); PRAGMA user_version = 1").unwrap();
    let before = fs::read(fixture.path()).unwrap();
    let refusal = error(SqliteLedger::open(&fixture.path(), Stamp::Real));
    assert!(refusal.to_string().ends_with("the file is a database, but not a ledger of jalon"), "{refusal}");
    assert_eq!(fs::read(fixture.path()).unwrap(), before);

    fs::write(fixture.path(), "title = \"not a database\"\n".repeat(100)).unwrap();
    let refusal = error(SqliteLedger::open(&fixture.path(), Stamp::Real));
    assert!(matches!(refusal, LedgerError::Unusable { .. }), "{refusal}");
}

#[tokio::test]
async fn it_can_be_read_while_a_daemon_holds_it_and_afterwards() {
    let world = World::<InFile>::new();
    world.plan(&[(WEEK, 0, 100)]).await;
    let reader = SqliteLedger::read(&world.fixture.path()).unwrap();
    assert_eq!(reader.known().await.unwrap().len(), 1);
    world.plan(&[(DAY, 0, 100)]).await;
    assert_eq!(reader.known().await.unwrap().len(), 2, "it sees what is written meanwhile");
    reader.claim(at(1), lease(), 1, DOMAIN).await.unwrap_err();
    reader.by_hand(key(WEEK), Hand::Withdraw, at(1)).await.unwrap_err();
    assert_eq!(world.state(WEEK).await.0, State::Planned);
    drop((world.ledger, reader));
    let reader = SqliteLedger::read(&world.fixture.path()).unwrap();
    assert_eq!(reader.known().await.unwrap().len(), 2);
}

/// The file as a power cut would leave it: read away from under the daemon.
#[tokio::test]
async fn what_was_answered_is_on_the_disk() {
    let world = World::<InFile>::new();
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    world.hand(&mail, 1).await;
    let after = InFile::new();
    fs::create_dir_all(after.path().parent().unwrap()).unwrap();
    for end in ["", "-wal"] {
        let of = |path: PathBuf| PathBuf::from(format!("{}{end}", path.display()));
        fs::copy(of(world.fixture.path()), of(after.path())).unwrap();
    }
    let known = after.open().known().await.unwrap();
    assert_eq!(known, world.ledger.known().await.unwrap());
    assert_eq!(known[0].state, State::Handed);
}

#[tokio::test]
async fn a_person_may_act_while_a_daemon_holds_it() {
    let world = World::<InFile>::new();
    world.plan(&[(WEEK, 0, 100)]).await;
    let person = SqliteLedger::beside(&world.fixture.path()).unwrap();
    assert!(person.by_hand(key(WEEK), Hand::Withdraw, at(1)).await.unwrap());
    assert_eq!(world.state(WEEK).await.0, State::Withdrawn);
}

#[test]
fn reading_makes_nothing() {
    let fixture = InFile::new();
    for opened in [SqliteLedger::read(&fixture.path()), SqliteLedger::beside(&fixture.path())] {
        let refusal = error(opened).to_string();
        assert!(refusal.contains("there is no such file"), "{refusal}");
    }
    assert_eq!(fs::read_dir(fixture.folder.path()).unwrap().count(), 0);

    fs::create_dir_all(fixture.path().parent().unwrap()).unwrap();
    fs::write(fixture.path(), "").unwrap();
    let refusal = error(SqliteLedger::read(&fixture.path())).to_string();
    assert!(refusal.contains("the daemon has not run yet"), "{refusal}");
}

#[tokio::test]
async fn what_a_forgotten_row_said_leaves_the_file() {
    let world = World::<InFile>::new();
    world.plan(&[(MISSED, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    world.hand_saying(&mail, vec![says_of(MISSED, "deadline", 2), ended(MISSED, WEEK)], 1).await;
    world.settle(&mail, sent(), 1).await;
    let count = |table| {
        let sql = format!("SELECT count(*) FROM {table}");
        world.fixture.raw().query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(["rows", "says", "tells"].map(count), [1, 1, 1]);
    world.ledger.purge(at(101)).await.unwrap();
    assert_eq!(["rows", "says", "tells"].map(count), [0, 0, 0]);
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_an_error() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let refusal = error(SqliteLedger::open(&folder.path().join("file/jalon.db"), Stamp::Real));
    assert!(matches!(refusal, LedgerError::Unusable { .. }), "{refusal}");
}

#[tokio::test]
async fn nonsense_is_refused_by_the_tables_themselves() {
    let world = World::<InFile>::new();
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200), (START, 0, 100)]).await;
    world.change(jalon::plan::reconcile::Change::Withdraw(key(START)), 0).await;
    let mails = world.claim(1).await;
    world.hand(&mails[1], 1).await;
    world.settle(&mails[1], sent(), 1).await;
    world.plan(&[(DAY, 0, 100)]).await;
    let raw = world.fixture.raw();
    let known = world.ledger.known().await.unwrap();
    for (text, nonsense) in [
        (DAY, "state = 'lost'"),
        (DAY, "state = NULL"),
        (DAY, "reason = 'accepted'"),
        (DAY, "state = 'lapsed'"),
        (DAY, "state = 'lapsed', reason = 'hand'"),
        (DAY, "state = 'lapsed', reason = 'because'"),
        (DAY, "state = 'claimed'"),
        (DAY, "state = 'claimed', message_id = 'x', term = 1"),
        (DAY, "state = 'claimed', message_id = 'x', lease_until = 1"),
        (DAY, "state = 'claimed', term = 1, lease_until = 1"),
        (DAY, "lease_until = 1"),
        (DAY, "message_id = 'x'"),
        (DAY, "hands = 1"),
        (DAY, "sent_at = 1"),
        (DAY, "wanted = 0"),
        (DAY, "wanted = 2"),
        (DAY, "in_doubt = 2"),
        (DAY, "attempts = -1"),
        (DAY, "doubts = -1"),
        (DAY, "hands = -1, message_id = 'x'"),
        (DAY, "late_after = due"),
        (DAY, "due = 'tomorrow'"),
        (DAY, "email = NULL"),
        (DAY, "sort = 'party'"),
        (DAY, "sort = 'digest'"),
        (DAY, "reader = NULL"),
        (DAY, "key = '~digest/2026-06-28T08:00/camille'"),
        (DAY, "state = 'lapsed', reason = 'nothing-to-tell'"),
        (START, "key = '~new/p/camille', sort = 'missed'"),
        (START, "not_before = 1"),
        (START, "state = 'failed', reason = NULL"),
        (START, "state = 'sent', reason = 'confirmed', sent_at = 1"),
        (WEEK, "lease_until = NULL"),
        (WEEK, "message_id = NULL"),
        (WEEK, "state = 'handed', term = NULL"),
        (SACHA, "sent_at = NULL"),
        (SACHA, "message_id = NULL, hands = 0"),
        (SACHA, "reason = NULL"),
        (SACHA, "reason = 'mail-refused'"),
        (SACHA, "key = NULL"),
    ] {
        let done = raw.execute(&format!("UPDATE rows SET {nonsense} WHERE key = ?1"), [text]);
        let refusal = done.expect_err(nonsense).to_string();
        assert!(refusal.contains("constraint failed") || refusal.contains("cannot store"), "{refusal}");
    }
    for nonsense in [
        "INSERT INTO meta (only_row, stamp, program, tzdb) VALUES (2, 'real', '', '')",
        "UPDATE meta SET stamp = 'imagined'",
        "UPDATE meta SET filled = 2",
        "INSERT INTO postings (id, path, text, since) VALUES ('p', 'p.toml', NULL, 0)",
        "INSERT INTO postings (id, path, text) VALUES ('p', 'p.toml', '')",
        "INSERT INTO postings (id, path, text, since, accepted) VALUES ('p', 'p.toml', '', 0, 1)",
        "INSERT INTO people (id, entry) VALUES ('camille', NULL)",
        "INSERT INTO revisions (posting, event, revision, said, since) VALUES ('p', 'start', 0, '', 0)",
        "INSERT INTO revisions (posting, event, revision, said, since) VALUES ('p', 'start', 1, NULL, 0)",
    ] {
        raw.execute(nonsense, []).expect_err(nonsense);
    }
    assert_eq!(world.ledger.known().await.unwrap(), known);
}
