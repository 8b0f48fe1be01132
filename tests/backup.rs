//! Copies of the ledger, and what restoring one does: nothing that may have left leaves again by itself, and nothing is
//! lost.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::housekeeping::Copies;
use jalon::daemon::planner::Planner;
use jalon::daemon::troubles::{Felt, Health};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{CopyError, Hand, HandOver, Ledger as _, LedgerError, Stamp, Turn};
use jalon::plan::next::Verdict;
use jalon::plan::row::{Reason, Row, State};
use running::{Daemon, jalon, refused};
use rusqlite::Connection;
use serde_json::Value;

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-25\n";
const DAY_BEFORE: &str = "p/deadline/2026-06-25/-1d/camille";
const ON_DAY: &str = "p/deadline/2026-06-25/0d/camille";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
    fs::write(folder.path().join("config/postings/p.toml"), POSTING).unwrap();
    folder
}

fn start(folder: &Path, as_of: &str) -> Daemon {
    Daemon::start(folder, &["--as-of", as_of, "--ledger", "sqlite:jalon.db"])
}

/// Runs the daemon until its log says something, and stops it.
fn live(folder: &Path, as_of: &str, until: &str) {
    let mut daemon = start(folder, as_of);
    daemon.until(until);
    daemon.stop();
}

fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = jalon(folder);
    command.args(arguments);
    refused(command)
}

fn backup(folder: &Path, to: &str) -> (i32, String, String) {
    run(folder, &["backup", to, "--ledger", "sqlite:jalon.db"])
}

fn restore(folder: &Path, more: &[&str]) -> (i32, String, String) {
    run(folder, &[&["restore", "copy.db", "--ledger", "sqlite:jalon.db"], more].concat())
}

fn history(folder: &Path, ledger: &str) -> Vec<Value> {
    let (code, text, complaint) =
        run(folder, &["history", "--ledger", &format!("sqlite:{ledger}"), "--format", "json"]);
    assert_eq!(code, 0, "{complaint}");
    serde_json::from_str(&text).unwrap()
}

/// State, reason and Message-ID of a row.
fn stands(folder: &Path, key: &str) -> (String, String, String) {
    let rows = history(folder, "jalon.db");
    let row = rows.iter().find(|row| row["key"] == key).unwrap_or_else(|| panic!("{key}: {rows:#?}"));
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    (text("state"), text("reason"), text("message_id"))
}

fn mails(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("outbox")).into_iter().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o777
}

/// What is in a folder, but for what SQLite and the daemon keep beside a ledger.
fn names(folder: &Path) -> Vec<String> {
    let passing = |name: &String| ["-wal", "-shm", ".lock"].iter().any(|end| name.ends_with(end));
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !passing(name))
        .collect();
    names.sort();
    names
}

#[test]
fn a_copy_is_made_while_the_daemon_runs_and_writes_over_nothing() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    let (code, said, complaint) = backup(path, "copy.db");
    assert_eq!(code, 0, "{complaint}");
    assert!(said.contains("copied to copy.db, and the copy is checked: rows: 3"), "{said}");
    assert!(said.contains("pretended clock"), "{said}");
    assert_eq!(mode(&path.join("copy.db")), 0o600);
    daemon.stop();
    assert_eq!(history(path, "copy.db"), history(path, "jalon.db"));
    let before = fs::read(path.join("copy.db")).unwrap();
    let (code, _, complaint) = backup(path, "copy.db");
    assert_eq!(code, 1);
    assert!(
        complaint.contains("is there already") && complaint.contains("choose another name"),
        "{complaint}"
    );
    assert_eq!(fs::read(path.join("copy.db")).unwrap(), before);
    // Nothing is left behind by what cannot be done.
    assert_eq!(backup(path, "nowhere/copy.db").0, 1);
    let (code, _, complaint) = run(path, &["backup", "other.db", "--ledger", "sqlite:none.db"]);
    assert_eq!(code, 69, "{complaint}");
    assert!(!path.join("other.db").exists() && !path.join(".other.db.part").exists());
}

#[test]
fn a_damaged_ledger_gives_no_copy() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"planned\"");
    damage(&path.join("jalon.db"));
    let (code, _, complaint) = backup(path, "copy.db");
    assert_ne!(code, 0);
    assert!(complaint.contains("malformed") || complaint.contains("damaged"), "{complaint}");
    assert!(!path.join("copy.db").exists());
}

/// Overwrites every page of a ledger but the first.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    bytes[4096..].fill(0x5a);
    fs::write(path, bytes).unwrap();
}

#[test]
fn while_a_daemon_holds_the_ledger_nothing_is_restored() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    assert_eq!(backup(path, "copy.db").0, 0);
    let (code, _, complaint) = restore(path, &[]);
    assert_eq!(code, 75, "{complaint}");
    // But it may be asked what it would do.
    let (code, said, complaint) = restore(path, &["--dry-run"]);
    assert_eq!(code, 0, "{complaint}");
    assert!(said.contains("can take the ledger's place") && said.contains("nothing is changed"), "{said}");
    daemon.stop();
}

#[test]
fn what_is_no_ledger_of_ours_is_not_restored() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"day\"");
    let before = history(path, "jalon.db");
    let copy = path.join("copy.db");
    let refused = |expected: i32, words: &str| {
        let (code, _, complaint) = restore(path, &[]);
        assert_eq!(code, expected, "{complaint}");
        assert!(complaint.contains(words), "{words}: {complaint}");
        assert_eq!(history(path, "jalon.db"), before);
        let _ = fs::remove_file(&copy);
    };
    refused(69, "no such file");
    fs::write(&copy, "title = \"no ledger\"\n".repeat(400)).unwrap();
    refused(69, "not a database");
    fs::write(&copy, "").unwrap();
    refused(69, "it is empty");
    fs::create_dir(&copy).unwrap();
    refused(69, "");
    fs::remove_dir(&copy).unwrap();
    Connection::open(&copy).unwrap().execute_batch("CREATE TABLE t (n); PRAGMA user_version = 1").unwrap();
    refused(69, "not a ledger of jalon");
    assert_eq!(backup(path, "copy.db").0, 0);
    Connection::open(&copy).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    refused(75, "use the newer jalon");
    assert_eq!(backup(path, "copy.db").0, 0);
    damage(&copy);
    refused(69, "");
    // A ledger on the real clock.
    drop(SqliteLedger::open(&copy, Stamp::Real).unwrap());
    refused(78, "clock");
    let mine = |name: &String| {
        !["backups", "config", "jalon.db", "jalon.last-good", "outbox"].contains(&name.as_str())
    };
    assert_eq!(names(path).into_iter().filter(mine).count(), 0, "nothing is left behind");
}

#[test]
fn what_fell_due_since_the_copy_is_held_and_a_person_decides() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"planned\"");
    assert_eq!(backup(path, "copy.db").0, 0);
    // It leaves, after the copy was made.
    live(path, "2026-06-24T08:59:59", "event=\"sent\"");
    let (state, _, id) = stands(path, DAY_BEFORE);
    assert_eq!((state.as_str(), mails(path).len()), ("sent", 1));

    let dry = restore(path, &["--dry-run"]);
    assert_eq!(stands(path, DAY_BEFORE).0, "sent", "{}", dry.1);
    let (code, said, complaint) = restore(path, &[]);
    assert_eq!(code, 0, "{complaint}");
    for words in
        ["so are held: 1", DAY_BEFORE, "jalon retry KEY", "jalon confirm KEY", "The former one is kept"]
    {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(dry.1.contains(DAY_BEFORE) && dry.1.contains("so are held: 1"), "{}", dry.1);
    // Under the id that it left with: a copy of it can be known for one.
    assert_eq!(stands(path, DAY_BEFORE), ("held".into(), "restored".into(), id.clone()));
    assert_eq!(stands(path, ON_DAY).0, "planned");

    // It does not leave by itself; the operator hears of it, and what falls due from now on leaves.
    let mut daemon = start(path, "2026-06-25T08:59:58");
    daemon.until("wait for a decision: 1");
    assert!(daemon.until("p/deadline/2026-06-25/0d").last().unwrap().contains("event=\"sent\""));
    daemon.stop();
    assert_eq!(stands(path, DAY_BEFORE).0, "held");
    assert!(mails(path).len() >= 2);
    // And by hand it does, under the same id.
    let kept = mails(path).len();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let ledger = SqliteLedger::beside(&path.join("jalon.db")).unwrap();
        let row =
            ledger.known().await.unwrap().into_iter().find(|row| row.key.as_str() == DAY_BEFORE).unwrap();
        assert!(ledger.by_hand(row.key, Hand::Retry, at("2026-06-25T07:00:30Z")).await.unwrap());
    });
    let (state, _, again) = stands(path, DAY_BEFORE);
    assert_eq!((state.as_str(), again), ("planned", id));
    assert_eq!(mails(path).len(), kept);
}

#[test]
fn what_only_the_files_know_of_is_held_too() {
    let folder = folder();
    let path = folder.path();
    let postings = path.join("config/postings");
    live(path, "2026-06-15T08:00:00", "event=\"planned\"");
    live(path, "2026-06-18T08:59:59", "event=\"sent\""); // seven days before: they were told the date
    assert_eq!(backup(path, "copy.db").0, 0);
    // A posting is added, and a date is moved: both are told, after the copy.
    fs::write(postings.join("q.toml"), POSTING.replace("06-25", "06-26").replace("\"T\"", "\"Q\"")).unwrap();
    fs::write(postings.join("p.toml"), POSTING.replace("06-25", "06-29")).unwrap();
    live(path, "2026-06-18T10:00:00", "event=\"planned\"");
    let mut daemon = start(path, "2026-06-19T10:00:00"); // q's seven days before, with what is new of it; p's change
    daemon.until("event=\"sent\"");
    daemon.stop();
    let left: Vec<String> = history(path, "jalon.db")
        .iter()
        .filter(|row| row["state"] == "sent" && row["sent_at"].as_str() > Some("2026-06-18T07:30:00Z"))
        .map(|row| row["key"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(left.len(), 3, "a change, a new posting, a reminder: {left:?}");
    let sent = mails(path);

    let (code, said, complaint) = restore(path, &["--as-of", "2026-06-19T10:05:00"]);
    assert_eq!(code, 0, "{complaint}");
    for key in &left {
        assert!(said.contains(key.as_str()), "{key}: {said}");
        let (state, reason, _) = stands(path, key);
        assert_eq!((state.as_str(), reason.as_str()), ("held", "restored"), "{key}");
    }
    // Days later nothing of it has left again.
    let mut daemon = start(path, "2026-06-20T10:00:00");
    daemon.until("event=\"started\"");
    daemon.until("event=\"sent\""); // the operator's mail: it says that some wait for a decision
    daemon.stop();
    for key in &left {
        assert_eq!(stands(path, key).0, "held", "{key}");
    }
    let new: Vec<_> = mails(path).into_iter().filter(|name| !sent.contains(name)).collect();
    assert_eq!(new.len(), 1, "{new:?}");
    let text = fs::read_to_string(path.join("outbox").join(&new[0])).unwrap();
    assert!(text.contains("a@example.org"), "{text}");
}

#[test]
fn the_former_ledger_is_kept_aside_whole_even_when_it_is_damaged() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"planned\"");
    assert_eq!(backup(path, "copy.db").0, 0);
    live(path, "2026-06-24T08:59:59", "event=\"sent\"");
    let before = history(path, "jalon.db");
    let aside = |said: &str| {
        let (_, rest) = said.split_once("The former one is kept: ").unwrap();
        rest.lines().next().unwrap().to_owned()
    };
    let (_, said, _) = restore(path, &[]);
    let kept = aside(&said);
    assert_eq!(mode(&path.join(&kept)), 0o600);
    assert_eq!(history(path, Path::new(&kept).file_name().unwrap().to_str().unwrap()), before);
    // A damaged one has no say, but it is kept.
    damage(&path.join("jalon.db"));
    let damaged = fs::read(path.join("jalon.db")).unwrap();
    let (code, said, complaint) = restore(path, &["--as-of", "2026-06-24T10:00:00"]);
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(fs::read(aside(&said)).unwrap(), damaged);
    assert_eq!(stands(path, DAY_BEFORE).0, "held");
    live(path, "2026-06-24T11:00:00", "event=\"started\"");
}

#[test]
fn a_ledger_that_is_gone_is_not_begun_anew_where_copies_tell_of_it() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"day\"");
    let copies: Vec<_> = fs::read_dir(path.join("backups")).unwrap().collect();
    assert_eq!(copies.len(), 1);
    let copy = copies[0].as_ref().unwrap().path();
    for end in ["", "-wal", "-shm", ".lock"] {
        let _ = fs::remove_file(path.join(format!("jalon.db{end}")));
    }
    let again = ["run", "--as-of", "2026-06-24T10:00:00", "--ledger", "sqlite:jalon.db"];
    let (code, _, complaint) = run(path, &again);
    assert_eq!(code, 69, "{complaint}");
    assert!(complaint.contains("it is gone") && complaint.contains("jalon restore FILE"), "{complaint}");
    let copy = copy.to_str().unwrap();
    let (code, said, complaint) =
        run(path, &["restore", copy, "--ledger", "sqlite:jalon.db", "--as-of", "2026-06-24T10:00:00"]);
    assert_eq!(code, 0, "{complaint}");
    assert!(said.contains(DAY_BEFORE), "{said}");
    live(path, "2026-06-24T10:00:00", "event=\"started\"");
}

#[test]
fn why_a_ledger_cannot_be_used_is_said_in_french_as_well() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"day\"");
    let says = |ledger: &str, words: &str| {
        let (code, _, complaint) =
            run(path, &["--lang", "fr", "run", "--as-of", "2026-06-20T08:00:00", "--ledger", ledger]);
        assert_eq!(code, 69, "{complaint}");
        assert!(complaint.contains(words) && !complaint.contains(" it "), "{words}: {complaint}");
    };
    fs::create_dir(path.join("other")).unwrap();
    let other = Connection::open(path.join("other/jalon.db")).unwrap();
    other.execute_batch("CREATE TABLE t (n)").unwrap();
    says("sqlite:other/jalon.db", "mais pas un registre de jalon");
    fs::hard_link(path.join("jalon.db"), path.join("other/linked.db")).unwrap();
    says("sqlite:other/linked.db", "il a un second nom (un lien dur)");
    fs::remove_file(path.join("other/linked.db")).unwrap();
    // Nothing is made beside what is no ledger.
    fs::write(path.join("other/notes"), "Camille\n").unwrap();
    says("sqlite:other/notes", "ce fichier n'est pas une base de données");
    let (_, _, complaint) = run(path, &["--lang", "fr", "history", "--ledger", "sqlite:other/notes"]);
    assert!(complaint.contains("ce fichier n'est pas une base de données"), "{complaint}");
    says("sqlite:other", "ce n'est pas un fichier");
    assert!(!path.join("other/notes.lock").exists() && !path.join("other.lock").exists());
    fs::write(path.join("copy.db"), "").unwrap();
    let (_, _, complaint) = run(path, &["--lang", "fr", "restore", "copy.db", "--ledger", "sqlite:jalon.db"]);
    assert!(complaint.contains("il est vide\u{a0}: aucun registre"), "{complaint}");
    fs::remove_file(path.join("jalon.db")).unwrap();
    says("sqlite:jalon.db", "il a disparu, et ");
}

#[tokio::test]
async fn a_copy_is_kept_every_day_and_three_stay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jalon.db");
    let ledger = SqliteLedger::open(&path, Stamp::Real).unwrap();
    let backups = folder.path().join("backups");
    let first = at("2026-06-20T06:07:00Z");
    let made = ledger.keep_copy(first).await.unwrap().unwrap();
    assert_eq!((mode(&backups), mode(&made)), (0o700, 0o600));
    assert_eq!(ledger.keep_copy(first + TimeDelta::hours(23)).await.unwrap(), None);
    for day in 1..5 {
        assert!(ledger.keep_copy(first + TimeDelta::days(day)).await.unwrap().is_some());
    }
    let kept = |days: [u32; 3]| days.map(|day| format!("jalon.db.202606{day}T060700Z"));
    assert_eq!(names(&backups), kept([22, 23, 24]));
    assert!(SqliteLedger::read(&backups.join("jalon.db.20260624T060700Z")).unwrap().known().await.is_ok());
    // What is somebody else's stays, and what a clock that was ahead has dated pushes nothing out.
    fs::write(backups.join("notes.txt"), "").unwrap();
    fs::write(backups.join("jalon.db.20990101T000000Z"), "x").unwrap();
    fs::write(backups.join("jalon.db.20260625T060700Z"), "").unwrap(); // a crash left it, half-made
    assert!(ledger.keep_copy(at("2026-06-25T06:08:00Z")).await.unwrap().is_some());
    let left = names(&backups);
    assert!(
        left.contains(&"jalon.db.20260625T060800Z".into()) && left.contains(&"notes.txt".into()),
        "{left:?}"
    );
    assert!(!left.contains(&"jalon.db.20990101T000000Z".into()), "{left:?}");
}

#[tokio::test]
async fn a_copy_that_fails_stops_nothing_and_the_operator_hears_of_it() {
    let folder = folder();
    let path = folder.path();
    let ledger = SqliteLedger::open(&path.join("jalon.db"), Stamp::Pretended).unwrap();
    fs::write(path.join("backups"), "in the way").unwrap();
    let now = at("2026-06-20T06:07:00Z");
    let (mut copies, heard) = Copies::new();
    copies.step(&ledger, now).await;
    copies.step(&ledger, now + TimeDelta::minutes(10)).await;
    let Health::Failing { since, words, .. } = heard.borrow().clone() else { panic!("it does well") };
    assert_eq!(since, now);
    assert!(words.contains("backups cannot be written"), "{words}");
    let clock = Clock::jumping(now);
    let mut planner =
        Planner::new(ledger.clone(), clock.clone(), path.join("config"), load(&path.join("config")));
    planner.heed(Felt { copies: heard.borrow().clone(), ..Felt::default() });
    planner.step().await.unwrap();
    let told =
        |rows: Vec<Row>| rows.into_iter().find(|row| row.key.as_str().starts_with("~operator/backup/"));
    let row = told(ledger.known().await.unwrap()).unwrap();
    assert_eq!((row.state, row.due), (State::Planned, now));
    assert!(row.why.contains("The daily copy of the ledger is not made"), "{}", row.why);
    // It goes on once it can.
    fs::remove_file(path.join("backups")).unwrap();
    copies.step(&ledger, now + TimeDelta::minutes(20)).await;
    assert_eq!(*heard.borrow(), Health::Well);
    assert_eq!(names(&path.join("backups")).len(), 1);
}

/// The frozen ledgers, by schema: every schema before the present one has one.
fn frozen() -> Vec<(i64, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ledgers");
    let mut found: Vec<(i64, PathBuf)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_str().unwrap().parse().unwrap(), path))
        .collect();
    found.sort();
    found
}

fn schema(path: &Path) -> i64 {
    Connection::open(path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_ledger_of_every_schema_opens_keeps_its_rows_and_works() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteLedger::open(&folder.path().join("new.db"), Stamp::Real).unwrap());
    let newest = schema(&folder.path().join("new.db"));
    assert_eq!(
        frozen().iter().map(|(number, _)| *number).collect::<Vec<_>>(),
        (1..newest).collect::<Vec<_>>()
    );
    for (number, sql) in frozen() {
        let path = folder.path().join(format!("{number}.db"));
        let raw = Connection::open(&path).unwrap();
        raw.execute_batch(&fs::read_to_string(sql).unwrap()).unwrap();
        let count = |db: &Connection| -> Vec<i64> {
            let tables = ["rows", "postings", "people", "revisions", "tells"];
            tables
                .map(|table| {
                    db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
                })
                .into()
        };
        let text = |db: &Connection| -> Vec<String> {
            let sql = "SELECT concat_ws('|', key, state, reason, due, late_after, message_id, hands, doubts, sent_at, reply) FROM rows ORDER BY key";
            db.prepare(sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        // What rows say of their own event stands in them since schema 6.
        let says = |db: &Connection, own: &str| -> Vec<String> {
            let sql = format!(
                "SELECT key || ' ' || posting || ' ' || event || ' ' || revision FROM
                 (SELECT key, posting, event, revision FROM says {own}) ORDER BY 1"
            );
            db.prepare(&sql).unwrap().query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let before = (count(&raw), text(&raw), says(&raw, ""));
        let restored = text(&raw).iter().filter(|row| row.contains("|held|restored|")).count();
        drop(raw);
        // Whoever only reads it is told what to do.
        let refusal = SqliteLedger::read(&path).err().unwrap().to_string();
        assert!(refusal.contains("start the daemon of this version once"), "{refusal}");

        let ledger = SqliteLedger::open(&path, Stamp::Real).unwrap();
        assert!(ledger.uncopied().is_none());
        let raw = Connection::open(&path).unwrap();
        let own = "UNION ALL SELECT key, posting, event, said FROM rows WHERE said IS NOT NULL";
        assert_eq!((count(&raw), text(&raw), says(&raw, own)), before, "schema {number}");
        assert_eq!(schema(&path), newest);
        // The copy from before is what it was.
        let copies = names(&folder.path().join("backups"));
        let copy =
            copies.iter().find(|name| name.starts_with(&format!("{number}.db.schema-{number}."))).unwrap();
        let copy = folder.path().join("backups").join(copy);
        assert_eq!((schema(&copy), mode(&copy)), (number, 0o600));

        // And it works: what was in hand is seen to, what is due leaves, what may have left can be held.
        let now = at("2026-06-24T07:30:00Z");
        let lease = TimeDelta::minutes(30);
        let orphans = ledger.orphans(true, jalon::plan::next::InDoubt::Resend, now).await.unwrap();
        assert_eq!((orphans.released, orphans.doubted), (1, 1));
        let mails = ledger.claim(now, lease, 16, "example.org").await.unwrap();
        assert_eq!(mails.len(), 3, "{mails:?}");
        for mail in mails {
            let hand = HandOver { message_id: mail.message_id.clone(), term: mail.term, says: Vec::new() };
            let turned = ledger.turn(Turn::hand(hand), now, lease).await.unwrap();
            assert_eq!(turned.handed.concat().len(), mail.rows.len());
            let sent = Verdict::Sent { reply: "250 fine".into() };
            let settle = Turn::settle(mail.message_id, mail.term, sent);
            assert_eq!(ledger.turn(settle, now, lease).await.unwrap().settled, [true]);
        }
        assert_eq!(ledger.doubt_due(at("2026-06-26T00:00:00Z"), "example.org").await.unwrap(), 2);
        let held = ledger.known().await.unwrap();
        assert_eq!(held.iter().filter(|row| row.reason == Some(Reason::Restored)).count(), restored + 2);
        assert_eq!(raw.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    }
}

#[tokio::test]
async fn tables_are_changed_even_where_no_copy_can_be_made_and_that_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("1.db");
    let sql = fs::read_to_string(&frozen()[0].1).unwrap();
    Connection::open(&path).unwrap().execute_batch(&sql).unwrap();
    fs::write(folder.path().join("backups"), "in the way").unwrap();
    let ledger = SqliteLedger::open(&path, Stamp::Real).unwrap();
    assert!(matches!(ledger.uncopied(), Some(CopyError::Unwritable { .. })));
    assert!(ledger.known().await.is_ok());
}

#[test]
fn an_older_program_refuses_a_newer_ledger_whatever_it_is_asked() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"planned\"");
    assert_eq!(backup(path, "copy.db").0, 0);
    Connection::open(path.join("jalon.db")).unwrap().execute_batch("PRAGMA user_version = 99").unwrap();
    for arguments in
        [&["run", "--as-of", "2026-06-20"][..], &["history"], &["accept"], &["diff"], &["backup", "new.db"]]
    {
        let (code, _, complaint) = run(path, &[arguments, &["--ledger", "sqlite:jalon.db"]].concat());
        assert_eq!(code, 75, "{arguments:?}: {complaint}");
        assert!(complaint.contains("use the newer jalon"), "{arguments:?}: {complaint}");
    }
    assert_eq!(schema(&path.join("jalon.db")), 99);
    assert!(matches!(
        SqliteLedger::open(&path.join("jalon.db"), Stamp::Pretended),
        Err(LedgerError::Newer { found: 99, .. })
    ));
}

#[test]
fn of_what_fell_due_since_nothing_lapses_or_gives_way_before_a_person_has_decided() {
    let folder = folder();
    let path = folder.path();
    live(path, "2026-06-20T08:00:00", "event=\"planned\"");
    assert_eq!(backup(path, "copy.db").0, 0);
    // Both are due, and the later one would make the earlier give way; days later, both would lapse.
    for now in ["2026-06-25T10:00:00", "2026-06-29T10:00:00"] {
        let (code, said, complaint) = restore(path, &["--as-of", now]);
        assert_eq!(code, 0, "{complaint}");
        assert!(said.contains("so are held: 2"), "{now}: {said}");
        for key in [DAY_BEFORE, ON_DAY] {
            assert_eq!(stands(path, key).1, "restored", "{now} {key}");
        }
    }
}
