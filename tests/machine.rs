//! The machine fails: disks, files, descriptors, clocks, whole years. Nothing leaves without its durable mark, nothing is
//! lost, what is wrong is said with its remedy, and what can go on goes on by itself.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::cli::ways::ways;
use jalon::clock::Clock;
use jalon::daemon::dispatcher::Dispatcher;
use jalon::daemon::guard::Guard;
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::ailment::Ailment;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, LedgerError, Stamp};
use jalon::plan::next::InDoubt;
use jalon::plan::row::{Row, State};
use running::{Daemon, ended, jalon, refused};
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, geteuid, prlimit};
use tokio::sync::watch;

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\nWAY\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str =
    "title = \"T\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-25\n";
const CAMILLE: &str = "p/deadline/2026-06-25/-1d/camille";
const SACHA: &str = "p/deadline/2026-06-25/-1d/sacha";
/// Two seconds before both are due.
const JUST_BEFORE: &str = "2026-06-24T08:59:58";
const DUE: &str = "2026-06-24T07:00:00Z";
const MINUTE: Duration = Duration::from_mins(1);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A folder with a configuration that sends this way.
fn folder(way: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    configure(folder.path(), way);
    fs::write(folder.path().join("config/postings/p.toml"), POSTING).unwrap();
    folder
}

fn configure(folder: &Path, way: &str) {
    fs::write(folder.join("config/jalon.toml"), JALON.replace("WAY", way)).unwrap();
}

const OUTBOX: &str = "outbox = \"outbox\"";

/// A relay that takes every mail, and answers the dot when it is told to, if it is to be told.
struct Relay {
    port: u16,
    /// The Message-ID of each mail whose dot has come.
    dots: mpsc::Receiver<String>,
    /// Lets it answer one dot.
    answer: mpsc::Sender<()>,
    /// Every line that it heard but bodies.
    heard: Arc<Mutex<Vec<String>>>,
    /// The Message-IDs of what it took.
    taken: Arc<Mutex<Vec<String>>>,
}

impl Relay {
    fn start(asks: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ((dot, dots), (answer, may_answer)) = (mpsc::channel(), mpsc::channel());
        let (heard, taken) = <(Arc<Mutex<Vec<String>>>, Arc<Mutex<Vec<String>>>)>::default();
        let (hears, takes) = (Arc::clone(&heard), Arc::clone(&taken));
        std::thread::spawn(move || {
            for link in listener.incoming() {
                let ask = || if asks { may_answer.recv().is_ok() } else { true };
                let _ = talk(link.unwrap(), &dot, ask, &hears, &takes);
            }
        });
        Self { port, dots, answer, heard, taken }
    }

    fn way(&self) -> String {
        // The rest of [mail] is above it: a relay is a table of its own.
        format!("[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nconnections = 1", self.port)
    }

    /// The next dot, from a daemon that is woken until it comes.
    fn dot_of(&self, daemon: &Daemon) -> String {
        let begun = Instant::now();
        loop {
            daemon.hang_up();
            match self.dots.recv_timeout(Duration::from_millis(500)) {
                Ok(id) => return id,
                Err(_) => assert!(begun.elapsed() < MINUTE, "nothing leaves"),
            }
        }
    }

    fn dot(&self) -> String {
        self.dots.recv_timeout(MINUTE).unwrap()
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    fn mails_begun(&self) -> usize {
        self.heard.lock().unwrap().iter().filter(|line| line.starts_with("MAIL")).count()
    }
}

fn talk(
    mut link: TcpStream,
    dot: &mpsc::Sender<String>,
    ask: impl Fn() -> bool,
    heard: &Mutex<Vec<String>>,
    taken: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    link.write_all(b"220 relay ESMTP\r\n")?;
    let (mut in_body, mut id) = (false, String::new());
    for line in BufReader::new(link.try_clone()?).lines() {
        let line = line?;
        let reply: &[u8] = match (in_body, line.split(' ').next().unwrap()) {
            (true, ".") => {
                in_body = false;
                // It is theirs from here on, whether the answer arrives or not.
                taken.lock().unwrap().push(id.clone());
                let _ = dot.send(id.clone());
                if !ask() {
                    return Ok(());
                }
                b"250 2.0.0 taken\r\n"
            }
            (true, _) => {
                if let Some(rest) = line.strip_prefix("Message-ID: <") {
                    rest.trim_end_matches('>').clone_into(&mut id);
                }
                continue;
            }
            (_, "DATA") => {
                in_body = true;
                b"354 go on\r\n"
            }
            (_, "QUIT") => b"221 bye\r\n",
            _ => b"250 fine\r\n",
        };
        heard.lock().unwrap().push(line);
        link.write_all(reply)?;
    }
    Ok(())
}

/// The daemon's parts, on a clock that is moved by hand.
struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    _stop: watch::Sender<bool>,
}

const LEASE: TimeDelta = TimeDelta::minutes(30);

impl World {
    /// At eight in the morning of 20 June 2026; the plan is laid.
    async fn new(way: &str) -> Self {
        Self::at(folder(way), "2026-06-20T06:00:00Z").await
    }

    /// As the daemon starts.
    async fn at(folder: tempfile::TempDir, now: &str) -> Self {
        let clock = Clock::jumping(at(now));
        let config = folder.path().join("config");
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        ledger.orphans(true, InDoubt::Resend, clock.now()).await.unwrap();
        let loaded = load(&config);
        let settings = loaded.settings.clone().unwrap_or_else(|| panic!("{:?}", loaded.problems));
        let mut ways = ways(&settings, &config).map_err(|_| "no way").unwrap();
        for way in &mut ways {
            if let Some(jalon::transport::Transport::Folder(outbox)) = way.first_mut() {
                *outbox = jalon::transport::folder::Outbox::new(folder.path().join("outbox"));
            }
        }
        let planner = Planner::new(ledger.clone(), clock.clone(), config, loaded);
        let snapshot = planner.step().await.unwrap().0.unwrap();
        let (stop, stopping) = watch::channel(false);
        let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), ways, LEASE, stopping);
        Self { folder, clock, ledger, planner, dispatcher, snapshot, _stop: stop }
    }

    /// The process dies; another begins, at this moment.
    async fn dies(self, now: &str) -> Self {
        let Self { folder, ledger, planner, dispatcher, .. } = self;
        drop((ledger, planner, dispatcher));
        Self::at(folder, now).await
    }

    async fn go(&self, when: &str) {
        self.clock.wait_until(at(when)).await;
    }

    /// Steps until there is no more work, or the ledger fails.
    async fn drain(&mut self) -> Result<usize, LedgerError> {
        let mut departures = 0;
        loop {
            let report = self.dispatcher.step(&self.snapshot).await?;
            departures += report.departures.len();
            if !report.worked {
                return Ok(departures);
            }
        }
    }

    async fn row(&self, key: &str) -> Row {
        self.ledger.known().await.unwrap().into_iter().find(|row| row.key.as_str() == key).unwrap()
    }

    fn raw(&self) -> Connection {
        Connection::open(self.folder.path().join("jalon.db")).unwrap()
    }

    /// From now on, no row can be written that comes into this state: the disk is full when it would be.
    fn fails_at(&self, state: &str, how: &str) {
        let trigger = format!(
            "CREATE TRIGGER full BEFORE UPDATE OF state ON rows WHEN NEW.state = '{state}' AND OLD.state <> '{state}'
             BEGIN SELECT RAISE({how}, 'database or disk is full'); END"
        );
        self.raw().execute_batch(&trigger).unwrap();
    }

    fn mends(&self) {
        self.raw().execute_batch("DROP TRIGGER full").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_that_cannot_be_committed_lets_nothing_leave() {
    for how in ["ABORT", "ROLLBACK"] {
        for state in ["claimed", "handed"] {
            let relay = Relay::start(false);
            let mut world = World::new(&relay.way()).await;
            world.go(DUE).await;
            world.fails_at(state, how);
            for _ in 0..3 {
                let error = world.drain().await.unwrap_err().to_string();
                assert!(error.contains("full") || error.contains("half-way"), "{state}: {error}");
            }
            assert_eq!(relay.mails_begun(), 0, "{state} {how}");
            let row = world.row(CAMILLE).await;
            assert!(matches!(row.state, State::Planned | State::Claimed), "{state}: {row:?}");
            world.mends();
            world.drain().await.unwrap();
            assert_eq!(relay.taken().len(), 2, "{state} {how}");
            assert_eq!((world.row(CAMILLE).await.state, world.row(CAMILLE).await.doubts), (State::Sent, 0));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_and_cannot_be_noted_stops_all_and_is_noted_later() {
    for how in ["ABORT", "ROLLBACK"] {
        let relay = Relay::start(false);
        let mut world = World::new(&relay.way()).await;
        world.go(DUE).await;
        world.fails_at("sent", how);
        for _ in 0..3 {
            world.drain().await.unwrap_err();
        }
        assert_eq!(relay.taken().len(), 1, "after the first, nothing leaves any more");
        assert_eq!(world.row(CAMILLE).await.state, State::Handed);
        world.mends();
        world.drain().await.unwrap();
        for key in [CAMILLE, SACHA] {
            let row = world.row(key).await;
            assert_eq!((row.state, row.doubts), (State::Sent, 0), "{key} {how}");
        }
        assert_eq!(relay.taken().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_left_and_was_never_noted_is_in_doubt_after_a_restart_and_its_copy_is_known_for_one() {
    let relay = Relay::start(false);
    let mut world = World::new(&relay.way()).await;
    world.go(DUE).await;
    world.fails_at("sent", "ABORT");
    world.drain().await.unwrap_err();
    let world_folder = world.folder.path().to_owned();
    Connection::open(world_folder.join("jalon.db")).unwrap().execute_batch("DROP TRIGGER full").unwrap();
    let mut world = world.dies("2026-06-24T07:05:00Z").await;
    world.drain().await.unwrap();
    let row = world.row(CAMILLE).await;
    assert_eq!((row.state, row.doubts), (State::Sent, 1));
    let taken = relay.taken();
    assert_eq!(taken.iter().filter(|id| Some(*id) == row.message_id.as_ref()).count(), 2, "{taken:?}");
    assert_eq!(taken.len(), 3, "the other left once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_note_is_written_at_the_end_if_it_can_be() {
    let relay = Relay::start(false);
    let mut world = World::new(&relay.way()).await;
    world.go(DUE).await;
    world.fails_at("sent", "ABORT");
    world.drain().await.unwrap_err();
    world.mends();
    // Told to stop before it tried again.
    world.dispatcher.close().await;
    let world = world.dies("2026-06-24T07:05:00Z").await;
    assert_eq!((world.row(CAMILLE).await.state, world.row(CAMILLE).await.doubts), (State::Sent, 0));
}

/// Runs the daemon so that a file too large is an error to it, and not its end (SIGXFSZ).
fn start_limited(folder: &Path, as_of: &str, status: &Path) -> Daemon {
    let mut command = Command::new("/bin/sh");
    command.current_dir(folder).env_clear().env("NOTIFY_SOCKET", status);
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_jalon"), "run"]);
    command.args(["--as-of", as_of, "--ledger", "sqlite:jalon.db"]);
    Daemon::spawn(command)
}

fn start(folder: &Path, as_of: &str) -> Daemon {
    Daemon::start(folder, &["--as-of", as_of, "--ledger", "sqlite:jalon.db"])
}

fn limit(daemon: &Daemon, resource: Resource, to: Option<u64>) {
    let pid = Pid::from_raw(i32::try_from(daemon.id()).unwrap());
    let old = prlimit(pid, resource, Rlimit { current: to, maximum: None });
    if old.is_err() {
        // Without privileges the hard limit cannot be raised: it is left as it is.
        let id = daemon.id().to_string();
        let name = if resource == Resource::Fsize { "Max file size" } else { "Max open files" };
        let limits = fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        let hard = line[name.len()..].split_whitespace().nth(1).unwrap().parse().ok();
        prlimit(pid, resource, Rlimit { current: to.or(hard), maximum: hard }).unwrap();
    }
}

fn history(folder: &Path) -> BTreeMap<String, serde_json::Value> {
    let output =
        jalon(folder).args(["history", "--ledger", "sqlite:jalon.db", "--format", "json"]).output().unwrap();
    let (code, text, complaint) = ended(&output);
    assert_eq!(code, 0, "{complaint}");
    let rows: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    rows.into_iter().map(|row| (row["key"].as_str().unwrap().to_owned(), row)).collect()
}

/// What the service manager was told, until it holds some words.
fn status(socket: &UnixDatagram, words: &str) -> String {
    socket.set_read_timeout(Some(MINUTE)).unwrap();
    let mut bytes = [0; 2000];
    loop {
        let length = socket.recv(&mut bytes).unwrap();
        let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if said.contains(words) {
            return said;
        }
    }
}

#[test]
fn a_full_disk_holds_everything_and_says_so_and_when_there_is_room_it_goes_on() {
    let relay = Relay::start(true);
    let folder = folder(&relay.way());
    let path = folder.path();
    let socket = UnixDatagram::bind(path.join("status")).unwrap();
    let mut daemon = start_limited(path, JUST_BEFORE, &path.join("status"));
    daemon.until("event=\"day\"");
    limit(&daemon, Resource::Fsize, Some(0));
    let said = daemon.until("event=\"ledger-failed\"").pop().unwrap();
    assert!(said.contains("check its disk") || said.contains("make room"), "{said}");
    status(&socket, "nothing leaves: the ledger sqlite:jalon.db cannot be used");
    assert_eq!(relay.mails_begun(), 0);
    // There is room again: the first leaves. It vanishes before that can be noted: nothing else leaves.
    limit(&daemon, Resource::Fsize, None);
    let first = relay.dot_of(&daemon);
    limit(&daemon, Resource::Fsize, Some(0));
    relay.answer.send(()).unwrap();
    daemon.until("event=\"ledger-failed\"");
    daemon.hang_up();
    daemon.until("event=\"ledger-failed\"");
    assert_eq!(relay.taken(), std::slice::from_ref(&first));
    // And again: what left is noted, without a doubt, and the rest leaves.
    limit(&daemon, Resource::Fsize, None);
    let second = relay.dot_of(&daemon);
    relay.answer.send(()).unwrap();
    daemon.until("event=\"sent\"");
    status(&socket, "STATUS=1 posting; next reminder ");
    assert_ne!(first, second);
    daemon.stop();
    let rows = history(path);
    for key in [CAMILLE, SACHA] {
        assert_eq!(
            (rows[key]["state"].as_str(), rows[key]["doubts"].as_u64()),
            (Some("sent"), Some(0)),
            "{key}"
        );
    }
    assert_eq!(relay.taken().len(), 2);
}

#[test]
fn a_crash_on_a_full_disk_is_a_doubt_and_nothing_else_is_lost() {
    let relay = Relay::start(true);
    let folder = folder(&relay.way());
    let path = folder.path();
    let _socket = UnixDatagram::bind(path.join("status")).unwrap();
    let mut daemon = start_limited(path, JUST_BEFORE, &path.join("status"));
    daemon.until("event=\"day\"");
    let first = relay.dot();
    limit(&daemon, Resource::Fsize, Some(0));
    relay.answer.send(()).unwrap();
    daemon.until("event=\"ledger-failed\"");
    daemon.kill();
    let mut daemon = start(path, "2026-06-24T09:02:00");
    daemon.until("event=\"doubt\"");
    for _ in 0..2 {
        relay.dot();
        relay.answer.send(()).unwrap();
    }
    daemon.until("event=\"sent\"");
    daemon.until("event=\"sent\"");
    daemon.stop();
    assert_eq!(relay.taken().iter().filter(|id| **id == first).count(), 2);
    assert_eq!(relay.taken().len(), 3);
    let doubts: u64 =
        [CAMILLE, SACHA].iter().map(|key| history(path)[*key]["doubts"].as_u64().unwrap()).sum();
    assert_eq!(doubts, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_outbox_costs_nothing_but_time() {
    let mut world = World::new(OUTBOX).await;
    let outbox = world.folder.path().join("outbox");
    fs::create_dir(&outbox).unwrap();
    // A real « no space left on device »: what is written aside goes there.
    let id = jalon::message::identity::message_id(&[jalon::plan::Key::from_text(CAMILLE)], "example.org");
    let aside = outbox.join(format!(".{id}.tmp"));
    std::os::unix::fs::symlink("/dev/full", &aside).unwrap();
    world.go(DUE).await;
    world.drain().await.unwrap();
    let row = world.row(CAMILLE).await;
    assert_eq!((row.state, row.attempts, row.doubts), (State::Planned, 0, 0));
    assert!(row.reply.unwrap().contains("No space left"));
    let rests = world.dispatcher.rests_until().unwrap();
    assert!(rests > world.clock.now());
    assert_eq!(
        fs::read_dir(&outbox)
            .unwrap()
            .filter(|e| !e.as_ref().unwrap().file_name().to_string_lossy().starts_with('.'))
            .count(),
        0
    );
    fs::remove_file(&aside).unwrap();
    world.clock.wait_until(rests).await;
    world.drain().await.unwrap();
    assert_eq!((world.row(CAMILLE).await.state, world.row(SACHA).await.state), (State::Sent, State::Sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_deleted_moved_or_replaced_under_the_daemon_lets_nothing_leave() {
    for end in ["", "-wal", "-shm", ".lock"] {
        for replaced in [false, true] {
            let relay = Relay::start(false);
            let mut world = World::new(&relay.way()).await;
            world.go(DUE).await;
            let there = world.folder.path().join(format!("jalon.db{end}"));
            let elsewhere = world.folder.path().join("elsewhere");
            fs::rename(&there, &elsewhere).unwrap();
            if replaced {
                fs::copy(&elsewhere, &there).unwrap();
            }
            for _ in 0..2 {
                let error = world.drain().await.unwrap_err();
                assert!(
                    matches!(&error, LedgerError::Unusable { ailment: Ailment::Moved, source, .. }
                        if source.french().starts_with("ses fichiers ont été supprimés")),
                    "{end}: {error}"
                );
                assert!(error.remedy().unwrap().en.contains("jalon restore FILE"));
            }
            assert_eq!(relay.mails_begun(), 0, "jalon.db{end}");
            // Put back, it goes on.
            fs::rename(&elsewhere, &there).unwrap();
            world.drain().await.unwrap();
            assert_eq!(relay.taken().len(), 2, "jalon.db{end}");
        }
    }
}

#[test]
fn what_is_no_ledger_at_start_is_refused_with_what_to_do() {
    let folder = folder(OUTBOX);
    let path = folder.path();
    let run = || {
        let run = ["run", "--as-of", "2026-06-20", "--ledger", "sqlite:jalon.db"];
        let mut command = jalon(path);
        command.args(run);
        refused(command)
    };
    let db = path.join("jalon.db");
    fs::create_dir(&db).unwrap();
    let (code, _, complaint) = run();
    assert_eq!(code, 69, "{complaint}");
    fs::remove_dir(&db).unwrap();
    let garbage = "garbage\n".repeat(2000);
    fs::write(&db, &garbage).unwrap();
    let (code, _, complaint) = run();
    assert_eq!(code, 69, "{complaint}");
    assert!(complaint.contains("not a database") && complaint.contains("jalon restore FILE"), "{complaint}");
    assert_eq!(fs::read_to_string(&db).unwrap(), garbage, "what is not ours is left as it is");
    fs::remove_file(&db).unwrap();
    // A ledger whose pages were overwritten, one after the other.
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    // A page that holds nothing can be overwritten without damage: there is none.
    Connection::open(&db).unwrap().execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let whole = fs::read(&db).unwrap();
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        fs::write(&db, &bytes).unwrap();
        let (code, _, complaint) = run();
        assert_eq!(code, 69, "page {page}: {complaint}");
        assert!(complaint.contains("jalon restore FILE"), "page {page}: {complaint}");
    }
    // In French, as a person reads it.
    let french = ["--lang", "fr", "run", "--as-of", "2026-06-20", "--ledger", "sqlite:jalon.db"];
    let mut command = jalon(path);
    command.args(french);
    let (_, _, complaint) = refused(command);
    assert!(complaint.contains("arrêtez jalon, puis restaurez une copie"), "{complaint}");
}

#[test]
fn a_ledger_that_may_not_be_written_is_refused_with_what_to_do() {
    let folder = folder(OUTBOX);
    let path = folder.path();
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    let set = |file: &Path, mode| fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
    set(path, 0o555);
    set(&path.join("jalon.db"), 0o444);
    // Root may write whatever the permissions say: somebody else runs it.
    let binary = tempfile::tempdir().unwrap();
    set(binary.path(), 0o755);
    let program = binary.path().join("jalon");
    fs::copy(env!("CARGO_BIN_EXE_jalon"), &program).unwrap();
    let mut command = Command::new(program);
    command.current_dir(path).env_clear().args([
        "run",
        "--as-of",
        "2026-06-20",
        "--ledger",
        "sqlite:jalon.db",
    ]);
    if geteuid().is_root() {
        command.uid(65534).gid(65534);
    }
    let (code, _, complaint) = refused(command);
    set(path, 0o755);
    assert_eq!(code, 69, "{complaint}");
    assert!(complaint.contains("let jalon's user write this file and its folder"), "{complaint}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_the_ledger_that_was_cut_off_anywhere_gives_an_earlier_whole_ledger() {
    let relay = Relay::start(false);
    let mut world = World::new(&relay.way()).await;
    world.go(DUE).await;
    world.drain().await.unwrap();
    // As a power cut would leave it: the files, while it is open.
    let files = ["", "-wal"].map(|end| fs::read(world.folder.path().join(format!("jalon.db{end}"))).unwrap());
    let all = world.ledger.known().await.unwrap();
    let after = tempfile::tempdir().unwrap();
    let mut whole = 0;
    for cut in (0..files[1].len()).step_by(files[1].len() / 23).chain([files[1].len()]) {
        let path = after.path().join(format!("{cut}/jalon.db"));
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, &files[0]).unwrap();
        fs::write(path.with_file_name("jalon.db-wal"), &files[1][..cut]).unwrap();
        // Before the first commit there is no ledger at all, and one is begun.
        let ledger = SqliteLedger::open(&path, Stamp::Pretended).unwrap();
        let known = ledger.known().await.unwrap();
        assert!(known.is_empty() || known.len() >= 4, "a round is written whole: {known:?}");
        whole += usize::from(known == all);
        drop(ledger);
        let sound: String = Connection::open(&path)
            .unwrap()
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .unwrap();
        assert_eq!(sound, "ok", "{cut}");
    }
    assert!(whole > 0);
}

#[test]
fn without_file_descriptors_nothing_is_lost_and_with_them_it_goes_on() {
    let relay = Relay::start(false);
    let folder = folder(&relay.way());
    let path = folder.path();
    let mut daemon = start(path, JUST_BEFORE);
    daemon.until("event=\"planned\"");
    limit(&daemon, Resource::Nofile, Some(3));
    // It is to read its files again, and cannot; and to send, and cannot.
    daemon.hang_up();
    daemon.until("event=\"relay-rests\"");
    assert_eq!(relay.mails_begun(), 0);
    limit(&daemon, Resource::Nofile, Some(1024));
    daemon.hang_up();
    daemon.until("event=\"sent\"");
    daemon.until("event=\"sent\"");
    daemon.stop();
    let rows = history(path);
    assert_eq!(rows[CAMILLE]["state"], "sent");
    assert_eq!(rows[CAMILLE]["attempts"], 0);
    assert_eq!(
        rows["p/deadline/2026-06-25/0d/camille"]["state"], "planned",
        "no file was believed to be gone"
    );
}

#[test]
fn with_too_few_file_descriptors_to_begin_it_ends_in_words() {
    let folder = folder(OUTBOX);
    for most in [4, 6, 8, 10] {
        let mut command = Command::new("/bin/sh");
        command.current_dir(folder.path()).env_clear();
        command.args([
            "-c",
            &format!("ulimit -n {most}; exec \"$0\" \"$@\""),
            env!("CARGO_BIN_EXE_jalon"),
            "run",
        ]);
        command.args(["--as-of", "2026-06-20", "--ledger", "sqlite:jalon.db"]);
        let (code, _, complaint) = refused(command);
        assert!([1, 69, 78].contains(&code), "{most}: {code} {complaint}");
        assert!(!complaint.is_empty() && !complaint.contains("panicked"), "{most}: {complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_clock_moves_nothing_and_a_right_one_goes_on() {
    let relay = Relay::start(false);
    let mut world = World::new(&relay.way()).await;
    let guard = Guard::new(world.clock.clone());
    let Clock::Jumping(hand) = world.clock.clone() else { panic!("it jumps") };
    let set = |text: &str| hand.store(at(text).timestamp_millis(), std::sync::atomic::Ordering::SeqCst);
    assert!(guard.allows(&world.ledger).await.unwrap());
    let before = world.ledger.known().await.unwrap();
    for wrong in
        ["1970-01-01T00:00:10Z", "2026-06-20T05:58:00Z", "2027-06-20T06:00:00Z", "2038-01-19T03:14:08Z"]
    {
        set(wrong);
        assert!(!guard.allows(&world.ledger).await.unwrap(), "{wrong}");
        assert_eq!(world.ledger.known().await.unwrap(), before);
    }
    set("2026-06-20T06:01:00Z");
    assert!(guard.allows(&world.ledger).await.unwrap());
    world.go(DUE).await;
    world.drain().await.unwrap();
    assert_eq!(relay.taken().len(), 2);
}

#[test]
fn a_daemon_that_begins_in_1970_touches_nothing() {
    let folder = folder(OUTBOX);
    let path = folder.path();
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    let before = history(path);
    let mut daemon = start(path, "1970-01-01T00:00:10Z");
    let said = daemon.until("event=\"clock\"").pop().unwrap();
    assert!(said.contains("jalon accept clock"), "{said}");
    daemon.stop();
    assert_eq!(history(path), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_stood_still_beyond_its_lease_sends_no_second_copy() {
    let relay = Relay::start(true);
    let mut world = World::new(&relay.way()).await;
    world.go(DUE).await;
    let (ledger, clock) = (world.ledger.clone(), world.clock.clone());
    let (dots, answer) = (relay.dots, relay.answer);
    let asleep = tokio::task::spawn_blocking(move || {
        let id = dots.recv_timeout(MINUTE).unwrap();
        tokio::runtime::Handle::current().block_on(async {
            // Hours later the housekeeper wakes first, and takes the mail for one whose worker is gone.
            clock.wait_until(clock.now() + LEASE * 4).await;
            assert!(ledger.orphans(false, InDoubt::Resend, clock.now()).await.unwrap().doubted > 0);
        });
        answer.send(()).unwrap();
        answer.send(()).unwrap(); // and for the other one
        id
    });
    world.drain().await.unwrap();
    let id = asleep.await.unwrap();
    world.drain().await.unwrap();
    let taken = relay.taken.lock().unwrap().clone();
    assert_eq!(taken.iter().filter(|taken| **taken == id).count(), 1, "{taken:?}");
    for key in [CAMILLE, SACHA] {
        assert_eq!(world.row(key).await.state, State::Sent, "{key}");
    }
}

#[test]
fn a_daemon_that_is_stopped_keeps_its_ledger_and_goes_on_where_it_was() {
    let relay = Relay::start(true);
    let folder = folder(&relay.way());
    let path = folder.path();
    let mut daemon = start(path, JUST_BEFORE);
    let first = relay.dot();
    daemon.signal("-STOP");
    // Whatever the ledger is called.
    std::os::unix::fs::symlink("jalon.db", path.join("link.db")).unwrap();
    fs::create_dir(path.join("sub")).unwrap();
    for ledger in ["sqlite:jalon.db", "sqlite:link.db", "sqlite:sub/../jalon.db", "sqlite:./jalon.db"] {
        let mut second = jalon(path);
        second.args(["run", "--as-of", JUST_BEFORE, "--ledger", ledger]);
        assert_eq!(refused(second).0, 75, "{ledger}");
    }
    relay.answer.send(()).unwrap();
    relay.answer.send(()).unwrap();
    daemon.signal("-CONT");
    daemon.until("event=\"sent\"");
    daemon.until("event=\"sent\"");
    daemon.stop();
    assert_eq!(relay.taken().len(), 2);
    assert_eq!(relay.taken().iter().filter(|id| **id == first).count(), 1);
    assert_eq!(history(path)[CAMILLE]["doubts"], 0);
}

#[test]
fn a_ledger_with_two_names_is_refused() {
    let folder = folder(OUTBOX);
    let path = folder.path();
    let mut daemon = start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    fs::hard_link(path.join("jalon.db"), path.join("other.db")).unwrap();
    let run = ["run", "--as-of", "2026-06-20", "--ledger", "sqlite:other.db"];
    let mut command = jalon(path);
    command.args(run);
    let (code, _, complaint) = refused(command);
    assert_eq!(code, 69, "{complaint}");
    assert!(complaint.contains("hard link"), "{complaint}");
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_year_of_downtime_people_get_a_few_mails_and_every_row_has_its_end() {
    let folder = folder(OUTBOX);
    let config = folder.path().join("config");
    let digest = JALON.replace("WAY", OUTBOX) + "digest = \"0 8 * * Mon\"\n";
    fs::write(config.join("jalon.toml"), digest).unwrap();
    for month in 1..=12 {
        let (year, month) = if month > 6 { (2026, month) } else { (2027, month) };
        let text = format!(
            "title = \"M{month}\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = {year}-{month:02}-10\n[[interview]]\non = {year}-{month:02}-15\n[start]\non = {year}-{month:02}-25\n"
        );
        fs::write(config.join(format!("postings/m{month}.toml")), text).unwrap();
    }
    let world = World::at(folder, "2026-06-20T06:00:00Z").await;
    let planned = world.ledger.known().await.unwrap().len();
    assert!(planned > 150, "{planned}");
    // The machine comes back a year later, on the eve of the last start.
    let mut world = world.dies("2027-06-24T08:00:00Z").await;
    world.drain().await.unwrap();
    world.clock.wait_until(world.clock.now() + TimeDelta::hours(1)).await;
    world.snapshot = world.planner.step().await.unwrap().0.unwrap();
    world.drain().await.unwrap();
    let rows = world.ledger.known().await.unwrap();
    let now = world.clock.now();
    for row in &rows {
        assert!(row.state != State::Planned || row.due > now, "{row:?}");
    }
    let mut per: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.state == State::Sent) {
        per.entry(&row.email).or_default().insert(row.message_id.as_deref().unwrap());
    }
    for (who, mails) in &per {
        assert!(mails.len() <= 4, "{who}: {}", mails.len());
    }
    // What is still of use left: the start of the morrow.
    assert_eq!(world.row("m6/start/2027-06-25/-1d/camille").await.state, State::Sent);
    assert_eq!(world.row("m6/deadline/2027-06-10/0d/camille").await.state, State::Lapsed);
}

#[test]
fn a_ledger_of_many_rows_is_looked_through_in_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jalon.db");
    drop(SqliteLedger::open(&path, Stamp::Real).unwrap());
    let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
        INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why, state, reason, born, changed)
        SELECT 'p' || i || '/deadline/2026-06-25/-1d/camille', 'reminder', 'p' || i, 'deadline', 'camille', 'camille',
            'camille@example.org', i, i + 1000, 'jalon.toml:1', 'lapsed', 'too-late', 1, 1 FROM n";
    Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let begun = Instant::now();
    drop(SqliteLedger::open(&path, Stamp::Real).unwrap());
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
