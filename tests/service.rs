//! The daemon as a service: what it tells the service manager and the journal. The real binary, a datagram socket in the
//! manager's place and one in the journal's.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write};
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::guard::Guard;
use jalon::daemon::housekeeping::{Copies, Housekeeper};
use jalon::daemon::log;
use jalon::daemon::planner::Planner;
use jalon::files::load;
use jalon::ledger::Stamp;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::telemetry::shortened;
use jalon::transport::Transport;
use jalon::transport::folder::Outbox;
use running::jalon;
use server::{Act, Script, Server, Stage, say};
use tokio::sync::watch;

const MINUTE: Duration = Duration::from_mins(1);
const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin.nistrateur@example.org\"\n[people.camille]\nemail = \"claire.voyante@example.org\"\n";
const OUTBOX: &str = "[mail]\noutbox = \"var/outbox\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-26\n";
/// Two days before anything is due.
const QUIET: &str = "2026-06-22T08:00:00";
/// Two seconds before the reminder of the eve.
const JUST_BEFORE: &str = "2026-06-25T08:59:58";

/// A socket that somebody listens on.
struct Ear(UnixDatagram);

impl Ear {
    fn new(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(MINUTE)).unwrap();
        Self(socket)
    }

    /// The next datagram.
    fn next(&self) -> Vec<u8> {
        let mut bytes = vec![0; 100_000];
        let length = self.0.recv(&mut bytes).unwrap();
        bytes.truncate(length);
        bytes
    }

    fn text(&self) -> String {
        String::from_utf8(self.next()).unwrap()
    }

    /// The first datagram that begins so.
    fn until(&self, start: &str) -> String {
        loop {
            let said = self.text();
            if said.starts_with(start) {
                return said;
            }
        }
    }

    /// All that was said, and not read yet.
    fn rest(&self) -> Vec<String> {
        self.0.set_nonblocking(true).unwrap();
        let mut bytes = vec![0; 100_000];
        let read = std::iter::from_fn(|| self.0.recv(&mut bytes).ok().map(|length| bytes[..length].to_vec()));
        let read = read.map(|bytes| String::from_utf8(bytes).unwrap()).collect();
        self.0.set_nonblocking(false).unwrap();
        read
    }
}

/// An entry of the journal, as its protocol has it: names and values in order.
fn entry(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let line = String::from_utf8(bytes[..end].to_vec()).unwrap();
        bytes = &bytes[end + 1..];
        if let Some((name, value)) = line.split_once('=') {
            fields.push((name.to_owned(), value.to_owned()));
        } else {
            let length = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
            fields.push((line, String::from_utf8(bytes[8..8 + length].to_vec()).unwrap()));
            bytes = &bytes[8 + length + 1..];
        }
    }
    assert!(bytes.is_empty(), "an entry ends with its last field");
    fields
}

/// The values of a field.
fn all<'a>(entry: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    entry.iter().filter(|(found, _)| found == name).map(|(_, value)| value.as_str()).collect()
}

struct World {
    folder: tempfile::TempDir,
    manager: Ear,
    journal: Ear,
    daemon: Option<Child>,
}

impl World {
    fn new(mail: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("config/postings")).unwrap();
        let toml = match mail.strip_prefix("[mail]\n") {
            Some(outbox) => JALON.replace("[people", &format!("{outbox}[people")),
            None => format!("{JALON}{mail}"),
        };
        fs::write(path.join("config/jalon.toml"), toml).unwrap();
        fs::write(path.join("config/postings/p.toml"), POSTING).unwrap();
        let (manager, journal) = (Ear::new(&path.join("notify")), Ear::new(&path.join("journal")));
        Self { folder, manager, journal, daemon: None }
    }

    fn relay(server: &Server) -> Self {
        Self::new(&format!("[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\n", server.port))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A daemon's command: its standard error is a file.
    fn command(&self, as_of: &str) -> Command {
        let mut command = jalon(self.folder.path());
        command.args(["run", "--ledger", "sqlite:var/jalon.db", "--as-of", as_of]);
        command.env("NOTIFY_SOCKET", self.path("notify"));
        command.stderr(File::create(self.path("log")).unwrap());
        command
    }

    /// The same, with that file as the journal's stream.
    fn journalled(&self, as_of: &str) -> Command {
        let mut command = self.command(as_of);
        let meta = self.path("log").metadata().unwrap();
        command.env("JOURNAL_STREAM", format!("{}:{}", meta.dev(), meta.ino()));
        command.env("JALON_JOURNAL", self.path("journal"));
        command
    }

    fn start(&mut self, mut command: Command) {
        self.daemon = Some(command.spawn().unwrap());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Waits until the log holds this.
    fn logs(&self, wanted: &str) -> String {
        let begun = Instant::now();
        loop {
            let log = self.log();
            if log.contains(wanted) {
                return log;
            }
            assert!(begun.elapsed() < MINUTE, "no {wanted}:\n{log}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The first entry of this event in the journal.
    fn entry(&self, event: &str) -> Vec<(String, String)> {
        loop {
            let entry = entry(&self.journal.next());
            if all(&entry, "JALON_EVENT") == [event] {
                return entry;
            }
        }
    }

    fn signal(&self, name: &str) {
        let id = self.daemon.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn ends(&mut self) -> Option<i32> {
        self.daemon.take().unwrap().wait().unwrap().code()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    /// Has the daemon begin a round of planning at once.
    fn plans_again(&self) {
        self.write("config/postings/p.toml", &POSTING.replace("06-26", "06-27"));
        self.signal("-HUP");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

/// In turn, for the daemon is waited for as a process.
async fn waited(world: World, work: impl FnOnce(&mut World) + Send + 'static) {
    let mut world = world;
    tokio::task::spawn_blocking(move || work(&mut world)).await.unwrap();
}

#[test]
fn ready_when_work_can_begin_reloading_and_ready_again_then_stopping() {
    let mut world = World::new(OUTBOX);
    let command = world.command(QUIET);
    world.start(command);
    let outbox = format!("outbox {}: nobody receives anything", "var/outbox");
    let well = format!("STATUS=1 posting; next reminder Thu 25 Jun 09:00 Europe/Paris; {outbox}");
    let first = world.manager.text();
    assert!(first.starts_with("READY=1\nSTATUS=1 posting; next reminder Thu 25 Jun 09:00"), "{first}");
    // The ledger was written by then.
    let held = rusqlite::Connection::open(world.path("var/jalon.db")).unwrap();
    let rows: i64 = held.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
    assert!(rows > 0);

    for text in [POSTING.replace("06-26", "06-27"), POSTING.replace("[deadline]", "[deadlin")] {
        let before = Clock::monotonic();
        world.write("config/postings/p.toml", &text);
        world.signal("-HUP");
        let said = world.manager.until("RELOADING=1");
        let stamp = said.lines().nth(1).unwrap().strip_prefix("MONOTONIC_USEC=").unwrap();
        let stamp = Duration::from_micros(stamp.parse().unwrap());
        assert!((before..=Clock::monotonic()).contains(&stamp), "{stamp:?}");
        let said = world.manager.until("READY=1\n");
        assert!(said.contains("STATUS=1 posting; next reminder Fri 26 Jun 09:00 Europe/Paris"), "{said}");
        let wrong = said.contains(" problems in p.toml (jalon check)");
        assert_eq!(wrong, text.contains("[deadlin\n"), "{said}");
    }
    let toml = fs::read_to_string(world.path("config/jalon.toml")).unwrap();
    world.write("config/jalon.toml", "time_zone = \"Nowhere\"\n");
    world.signal("-HUP");
    world.manager.until("RELOADING=1");
    let said = world.manager.until("READY=1\n");
    assert!(said.contains("jalon.toml") && said.contains("(jalon check)"), "{said}");
    // What is mended and noticed by itself is no reload, but its status is news.
    world.write("config/jalon.toml", &toml);
    world.write("config/postings/p.toml", POSTING);
    assert_eq!(world.manager.until(&well), well);

    world.signal("-TERM");
    let said = world.manager.until("STOPPING=1");
    assert_eq!(said, "STOPPING=1\nSTATUS=finishing what is in hand");
    assert_eq!(world.ends(), Some(0));
    assert_eq!(world.manager.rest(), Vec::<String>::new(), "nothing is said after the end");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_does_not_answer_keeps_nobody_from_beginning() {
    let server =
        Server::start(Script { rules: vec![(Stage::Greeting, 0, Act::Stall)], ..Script::default() }).await;
    waited(World::relay(&server), |world| {
        let command = world.command(JUST_BEFORE);
        world.start(command);
        let said = world.manager.text();
        assert!(said.starts_with("READY=1\nSTATUS=1 posting; next reminder "), "{said}");
        assert!(said.contains("; localhost was not tried yet"), "{said}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_fails_is_said_to_rest_and_then_to_be_well() {
    let rules = vec![(Stage::Greeting, 1, Act::Drop)];
    let server = Server::start(Script { rules, ..Script::default() }).await;
    waited(World::relay(&server), |world| {
        let command = world.command(JUST_BEFORE);
        world.start(command);
        let rests = |said: &String| said.contains("; localhost rests until 09:00 Europe/Paris (away)");
        let well = |said: &String| said.contains("; localhost is well");
        let said: Vec<String> = std::iter::from_fn(|| Some(world.manager.text())).take(3).collect();
        assert!(said.iter().any(rests) || said.iter().any(well), "{said:?}");
        while !well(&world.manager.text()) {}
        world.logs("event=\"sent\"");
        world.signal("-TERM");
        assert_eq!(world.ends(), Some(0));
        assert!(world.manager.rest().iter().all(|said| !said.contains("voyante")));
    })
    .await;
}

#[test]
fn nobody_is_ready_who_cannot_begin_and_the_journal_hears_why() {
    for (file, text, wanted) in [
        ("config/jalon.toml", "time_zone = \"Nowhere\"\n", "Nowhere"),
        ("config/jalon.toml", "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n", "no reminder could leave"),
    ] {
        let mut world = World::new(OUTBOX);
        world.write(file, text);
        let mut command = world.journalled(QUIET);
        world.start({
            command.env("LANG", "fr_FR.UTF-8");
            command
        });
        assert_eq!(world.ends(), Some(78));
        assert_eq!(world.manager.rest(), Vec::<String>::new());
        let said = entry(&world.journal.next());
        assert_eq!(all(&said, "PRIORITY"), ["3"]);
        assert!(all(&said, "MESSAGE")[0].contains(wanted), "{said:?}");
        assert_eq!(world.log(), "", "once, and in the journal");
    }
    // The same for what is no file's: here, a ledger that another daemon holds.
    let mut world = World::new(OUTBOX);
    let command = world.command(QUIET);
    world.start(command);
    world.manager.until("READY=1");
    let status = world.journalled(QUIET).env_remove("NOTIFY_SOCKET").status().unwrap();
    assert_eq!(status.code(), Some(75));
    let said = world.entry("exit");
    assert_eq!((all(&said, "PRIORITY"), all(&said, "JALON_EXIT_STATUS")), (vec!["3"], vec!["75"]));
}

#[test]
fn the_watchdog_is_fed_until_one_loop_hangs_and_then_never_again() {
    // The housekeeper's next round is minutes away; the others' are not the first, and the service is ready before.
    for (hung, round) in [("planning", 2), ("sending", 2), ("housekeeping", 1)] {
        let mut world = World::new(OUTBOX);
        let mut command = world.command(QUIET);
        command.env("JALON_FAIL", format!("hang-{hung}:{round}")).env("WATCHDOG_USEC", "300000");
        world.start(command);
        world.manager.until("READY=1");
        if hung == "planning" {
            world.manager.until("WATCHDOG=1");
            world.manager.until("WATCHDOG=1");
            world.plans_again();
        }
        let log = world.logs("event=\"hang\"");
        let line = log.lines().find(|line| line.contains("event=\"hang\"")).unwrap();
        assert!(line.contains("ERROR") && line.contains(&format!("doing=\"{hung}\"")), "{line}");
        world.manager.rest();
        // Nine times as long as it was fed after.
        world.manager.0.set_read_timeout(Some(Duration::from_millis(900))).unwrap();
        let mut bytes = [0; 1000];
        while let Ok(length) = world.manager.0.recv(&mut bytes) {
            assert_ne!(&bytes[..length], b"WATCHDOG=1", "{hung}");
        }
        assert_eq!(world.log().matches("event=\"hang\"").count(), 1, "it is said once");
    }
}

/// A loop that does not even let go of its thread: on one core there is another one for the pulse.
#[test]
fn a_loop_that_holds_its_thread_is_a_hang_like_another() {
    ["planning", "sending"].into_iter().for_each(holds_its_thread);
}

fn holds_its_thread(hung: &str) {
    let mut world = World::new(OUTBOX);
    let inner = world.command(QUIET);
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(inner.get_program()).args(inner.get_args());
    if Command::new("taskset").arg("--version").output().is_err() {
        println!("taskset is missing: tried on all cores");
        command = world.command(QUIET);
    }
    command.current_dir(world.folder.path()).env_clear().stderr(File::create(world.path("log")).unwrap());
    command.env("NOTIFY_SOCKET", world.path("notify")).env("WATCHDOG_USEC", "300000");
    command.env("JALON_FAIL", format!("block-{hung}:2"));
    world.start(command);
    world.manager.until("READY=1");
    if hung == "planning" {
        world.plans_again();
    }
    let log = world.logs("event=\"hang\"");
    assert!(log.contains(&format!("doing=\"{hung}\"")), "{log}");
}

#[test]
fn a_daemon_does_not_go_on_without_a_loop_that_panicked() {
    for (loses, round) in [("planning", 2), ("sending", 2), ("housekeeping", 1)] {
        let mut world = World::new(OUTBOX);
        let mut command = world.command(QUIET);
        command.env("JALON_FAIL", format!("panic-{loses}:{round}"));
        world.start(command);
        if loses == "planning" {
            world.manager.until("READY=1");
            world.plans_again();
        }
        assert_eq!(world.ends(), Some(1), "{loses}: {}", world.log());
        let log = world.log();
        assert!(log.contains("on purpose") && log.contains("it ended by itself"), "{loses}: {log}");
    }
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let mut world = World::new(OUTBOX);
    let mut command = world.command(QUIET);
    command.env("WATCHDOG_USEC", "30000").env("WATCHDOG_PID", "1");
    world.start(command);
    world.manager.until("READY=1");
    world.logs("event=\"day\"");
    world.signal("-TERM");
    assert_eq!(world.ends(), Some(0));
    assert!(world.manager.rest().iter().all(|said| !said.contains("WATCHDOG")));
}

#[test]
fn a_ledger_that_fails_is_no_hang() {
    let mut world = World::new(OUTBOX);
    let mut command = world.command(JUST_BEFORE);
    command.env("WATCHDOG_USEC", "300000");
    drop(world.command(QUIET));
    world.start(command);
    world.manager.until("READY=1");
    // Nothing can be written any more.
    let db = rusqlite::Connection::open(world.path("var/jalon.db")).unwrap();
    let trigger =
        "CREATE TRIGGER forbid BEFORE UPDATE OF state ON rows BEGIN SELECT RAISE(ABORT, 'full'); END";
    db.execute_batch(trigger).unwrap();
    world.manager.until("STATUS=nothing leaves: ");
    for _ in 0..3 {
        world.manager.until("WATCHDOG=1");
    }
    assert!(!world.log().contains("event=\"hang\""), "{}", world.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_gets_one_entry_a_mail_with_its_fields() {
    let rules = vec![(Stage::Rcpt, 1, say("550 5.1.1 <claire.voyante@example.org>: claire.voyante unknown"))];
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let world = World::relay(&server);
    // Two postings, one reader: one mail.
    world.write("config/postings/q.toml", POSTING);
    waited(world, |world| {
        let command = world.journalled(JUST_BEFORE);
        world.start(command);
        let started = world.entry("started");
        assert_eq!(all(&started, "PRIORITY"), ["6"]);
        assert_eq!(all(&started, "SYSLOG_IDENTIFIER"), ["jalon"]);
        let failed = world.entry("failed");
        let keys = ["p/deadline/2026-06-26/-1d/camille", "q/deadline/2026-06-26/-1d/camille"];
        for (name, values) in [
            ("PRIORITY", &["3"][..]),
            ("JALON_KEY", &keys),
            ("JALON_POSTING", &["p", "q"]),
            ("JALON_POSTING_EVENT", &["deadline"]),
            ("JALON_STATE", &["failed"]),
            ("JALON_RELAY", &["localhost"]),
            ("JALON_RELAY_CODE", &["550"]),
            ("JALON_RELAY_STATUS", &["5.1.1"]),
            ("JALON_TO", &["camille"]),
        ] {
            assert_eq!(all(&failed, name), values, "{name} of {failed:?}");
        }
        let id = all(&failed, "JALON_MESSAGE_ID")[0];
        assert!(id.starts_with("jalon.") && id.ends_with("@example.org"), "{id}");
        assert!(all(&failed, "MESSAGE")[0].starts_with("refused for good (to=camille keys=p/deadline/"));
        let trouble = world.entry("trouble");
        let words = all(&trouble, "MESSAGE")[0];
        assert!(words.contains("is refused"), "English: {words}");
        world.signal("-TERM");
        assert_eq!(world.ends(), Some(0));
        let rest = world.journal.rest().join("\n");
        let said = format!("{failed:?}{trouble:?}{rest}");
        assert!(!said.contains("voyante") && !said.contains("nistrateur"), "{said}");
        let claire = shortened("claire.voyante@example.org");
        assert!(said.contains(&claire), "{claire}: {said}");
        assert_eq!(world.log(), "", "nothing is said twice");
    })
    .await;
}

#[test]
fn a_journal_that_does_not_listen_is_written_to_line_by_line() {
    let mut world = World::new(OUTBOX);
    let mut command = world.journalled(QUIET);
    command.env("JALON_JOURNAL", world.path("nowhere"));
    world.start(command);
    let log = world.logs("event=\"day\"");
    for (start, event) in [("<6>", "started"), ("<4>", "outbox"), ("<6>", "loaded")] {
        let line = log.lines().find(|line| line.contains(&format!("event=\"{event}\""))).unwrap();
        assert!(line.starts_with(start), "{line}");
    }
    assert!(log.lines().all(|line| line.starts_with('<')), "{log}");
    // One that goes away meanwhile costs no line either.
    let mut world = World::new(OUTBOX);
    let command = world.journalled(QUIET);
    world.start(command);
    world.entry("day");
    let (path, other) = (world.path("journal"), world.path("other"));
    world.journal = Ear::new(&other);
    fs::remove_file(path).unwrap();
    world.signal("-TERM");
    assert_eq!(world.ends(), Some(0));
    assert!(world.log().contains("<6>stopped event=\"stopped\"\n"), "{}", world.log());
}

#[test]
fn a_pipe_is_no_journal() {
    let mut world = World::new(OUTBOX);
    let mut command = world.journalled(QUIET);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    world.daemon = Some(child);
    let line = lines.map(Result::unwrap).find(|line| line.contains("event=\"started\"")).unwrap();
    assert!(line.contains(" INFO jalon is at work") && line.starts_with("20"), "with its time: {line}");
    assert_eq!(world.journal.rest(), Vec::<String>::new());
}

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_quiet_day_is_one_line() {
    let world = World::new(OUTBOX);
    let (config, clock) = (world.path("config"), Clock::jumping("2026-06-22T21:30:00Z".parse().unwrap()));
    let ledger = SqliteLedger::open(&world.path("jalon.db"), Stamp::Pretended).unwrap();
    let mut planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
    let outbox = Way::new("outbox".to_owned(), Transport::Folder(Outbox::new(world.path("outbox"))));
    let (_stop, stopping) = watch::channel(false);
    let mut dispatcher =
        Dispatcher::new(ledger.clone(), clock.clone(), vec![outbox], TimeDelta::hours(1), stopping);
    let (copies, _copied) = Copies::new();
    let mut housekeeper =
        Housekeeper::new(Guard::new(clock.clone()), ledger.clone(), clock.clone(), (copies, Vec::new()));
    let (lines, mut told) = (Lines::default(), log::Told::default());
    let writer = lines.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).with_ansi(false).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let mut rounds = async |times: usize| {
        for _ in 0..times {
            planner.heed(dispatcher.health());
            let (snapshot, round) = planner.step().await.unwrap();
            let snapshot = snapshot.unwrap();
            log::planned(&round, &mut told, snapshot.postings.len());
            log::dispatched(&dispatcher.step(&snapshot).await.unwrap());
            housekeeper.step(&snapshot).await;
            clock.wait_until(clock.now() + TimeDelta::minutes(10)).await;
        }
        String::from_utf8(std::mem::take(&mut *lines.0.lock().unwrap())).unwrap()
    };
    // At the start, the day before in one line; then another at midnight, in Paris.
    let start = rounds(2).await;
    assert_eq!(start.matches("event=\"day\" day=2026-06-21 ").count(), 1, "{start}");
    let quiet = rounds(144).await;
    assert_eq!(quiet.lines().count(), 1, "{quiet}");
    let wanted = "event=\"day\" day=2026-06-22 postings=1 sent=0 failed=0 held=0 planned=2 next=\"2026-06-25T09:00:00+02:00\"";
    assert!(quiet.contains(wanted), "{quiet}");
    rounds(2 * 144).await;
    let busy = rounds(144).await;
    assert_eq!(busy.matches("event=\"sent\"").count(), 1, "{busy}");
    let day = busy.lines().find(|line| line.contains("event=\"day\"")).unwrap();
    assert!(day.contains("day=2026-06-25 postings=1 sent=1 failed=0"), "{busy}");
}

/// Every name of an event in the sources.
fn events(folder: &Path, found: &mut BTreeSet<String>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            events(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        for mark in ["event = \"", "\"event\", \""] {
            let names = code.split(mark).skip(1).filter_map(|rest| rest.split('"').next());
            let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            found.extend(names.filter(is_name).map(str::to_owned));
        }
    }
}

#[test]
fn every_event_stands_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeSet::from(["superseded".to_owned(), "skipped".to_owned()]);
    events(&root.join("src"), &mut found);
    assert!(found.len() > 30, "{found:?}");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let section = readme.split("### What the log says").nth(1).unwrap().split("\n#").next().unwrap();
    let missing: Vec<&String> =
        found.iter().filter(|event| !section.contains(&format!("`{event}`"))).collect();
    assert!(missing.is_empty(), "the README does not know {missing:?}");
}
