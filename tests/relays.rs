//! Relays in order: how much each may be given, what is remembered of them when the daemon starts anew, connections that
//! lie idle, and secrets that are read again. Real sockets and a real ledger; a clock that jumps, or the real daemon.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::diagnostic::Language;
use jalon::files::load;
use jalon::files::secrets::secret;
use jalon::ledger::Stamp;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::settings::{Rate, Secret};
use jalon::transport::Transport;
use jalon::transport::smtp::{IDLE_SECONDS, Smtp, Timeouts};
use running::{Daemon, ended, jalon};
use server::{Act, Script, Server, Stage, decode, say};
use tokio::sync::watch;

const JALON: &str =
    "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\n";
/// When the first mails are due.
const DUE: &str = "2026-06-24T07:00:00Z";

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn way(server: &Server, name: &str, rates: &[(u32, TimeDelta)]) -> Way {
    let smtp = Smtp::new(&server.relay(), None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
    let rates = rates.iter().map(|&(mails, per)| Rate { mails, per }).collect();
    Way::new(name.to_owned(), Transport::Smtp(Box::new(smtp))).with_rates(rates)
}

/// For whom a relay was given mails, in order.
fn recipients(server: &Server) -> Vec<String> {
    let rcpt = |line: &String| Some(line.strip_prefix("RCPT TO:<")?.split('@').next()?.to_owned());
    server.lines().iter().filter_map(rcpt).collect()
}

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    stop: watch::Sender<bool>,
}

impl World {
    /// A world at nine, when one mail is due to each of these people: of those with the number `n`, it is of no use `n`
    /// days later.
    async fn new(people: &[(&str, u32)], ways: Vec<Way>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut toml = JALON.to_owned();
        for (name, days) in people {
            toml += &format!("[people.{name}]\nemail = \"{name}@example.org\"\n");
            let last = utc(DUE).date_naive() + chrono::Days::new(u64::from(*days));
            let posting = format!(
                "title = \"T\"\nrecruiters = [\"{name}\"]\n[deadline]\nuntil = {last}\n[[remind]]\nevent = \"deadline\"\nbefore = [\"{days}d\"]\n"
            );
            write(folder.path(), &format!("postings/{name}.toml"), &posting);
        }
        write(folder.path(), "jalon.toml", &toml);
        let clock = Clock::jumping(utc("2026-06-20T06:00:00Z"));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        let snapshot = planner.step().await.unwrap().0.unwrap();
        clock.wait_until(utc(DUE)).await;
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), ways, TimeDelta::minutes(30), stopping);
        Self { folder, clock, ledger, dispatcher, snapshot, stop }
    }

    /// The daemon starts anew: what it knew is gone, the ledger stays.
    fn restart(mut self, ways: Vec<Way>) -> Self {
        drop(self.dispatcher);
        drop(self.ledger);
        self.ledger = SqliteLedger::open(&self.folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let stopping = self.stop.subscribe();
        self.dispatcher =
            Dispatcher::new(self.ledger.clone(), self.clock.clone(), ways, TimeDelta::minutes(30), stopping);
        self
    }

    async fn drain(&mut self) {
        while self.dispatcher.step(&self.snapshot).await.unwrap().worked {}
    }

    /// For how many seconds no relay takes a mail.
    fn rest(&self) -> i64 {
        self.dispatcher.rests_until().map_or(0, |until| (until - self.clock.now()).num_seconds())
    }

    async fn wait(&self, seconds: i64) {
        self.clock.wait_until(self.clock.now() + TimeDelta::seconds(seconds)).await;
    }
}

/// Seven people; whose mail is soonest of no use is neither the first nor the last by name.
const SEVEN: [(&str, u32); 7] = [("a", 9), ("b", 3), ("c", 8), ("d", 1), ("e", 7), ("f", 2), ("g", 6)];

#[tokio::test]
async fn a_rate_binds_and_what_is_soonest_of_no_use_leaves_first() {
    let server = Server::start(Script::default()).await;
    let rates = [(2, TimeDelta::minutes(1)), (5, TimeDelta::hours(1))];
    let mut world = World::new(&SEVEN, vec![way(&server, "one", &rates)]).await;
    for (expected, rest) in [("d f", 60), ("d f b g", 60), ("d f b g e", 3480), ("d f b g e c a", 60)] {
        world.drain().await;
        assert_eq!(recipients(&server).join(" "), expected);
        assert_eq!(world.rest(), rest, "after {expected}");
        world.wait(rest).await;
    }
    world.drain().await;
    assert_eq!(recipients(&server).len(), 7, "each once");
}

#[tokio::test]
async fn what_a_relay_was_given_counts_after_a_restart_as_well() {
    let server = Server::start(Script::default()).await;
    let ways = || vec![way(&server, "one", &[(3, TimeDelta::days(1))])];
    let mut world = World::new(&SEVEN, ways()).await;
    world.drain().await;
    assert_eq!(recipients(&server), ["d", "f", "b"]);
    for _ in 0..3 {
        world = world.restart(ways());
        world.wait(3600).await;
        world.drain().await;
        assert_eq!(recipients(&server), ["d", "f", "b"]);
    }
    assert_eq!(world.rest(), 21 * 3600, "a day is 24 hours that slide");
    world.wait(21 * 3600).await;
    world.drain().await;
    assert_eq!(recipients(&server), ["d", "f", "b", "g", "e", "c"]);
}

#[tokio::test]
async fn mails_that_were_refused_count_as_well() {
    let refuse = (1..=2).map(|n| (Stage::Rcpt, n, say("550 5.1.1 gone"))).collect();
    let server = Server::start(Script { rules: refuse, ..Script::default() }).await;
    let mut world = World::new(&SEVEN, vec![way(&server, "one", &[(3, TimeDelta::hours(1))])]).await;
    world.drain().await;
    assert_eq!(recipients(&server), ["d", "f", "b"]);
}

#[tokio::test]
async fn what_one_relay_may_not_be_given_leaves_by_the_next_each_by_its_own_rate() {
    let (one, two) = (Server::start(Script::default()).await, Server::start(Script::default()).await);
    let ways = vec![
        way(&one, "one", &[(2, TimeDelta::minutes(1))]),
        way(&two, "two", &[(1, TimeDelta::minutes(1))]),
    ];
    let mut world = World::new(&SEVEN, ways).await;
    world.drain().await;
    assert_eq!((recipients(&one).join(" "), recipients(&two).join(" ")), ("d f".to_owned(), "b".to_owned()));
    world.wait(60).await;
    world.drain().await;
    assert_eq!(
        (recipients(&one).join(" "), recipients(&two).join(" ")),
        ("d f g e".to_owned(), "b c".to_owned())
    );
}

#[tokio::test]
async fn the_first_relay_that_does_not_rest_is_used_and_the_first_again_when_it_is_back() {
    let away = vec![(Stage::Greeting, 1, Act::Drop)];
    let one = Server::start(Script { rules: away, ..Script::default() }).await;
    let two = Server::start(Script::default()).await;
    let mut world = World::new(&SEVEN[..2], vec![way(&one, "one", &[]), way(&two, "two", &[])]).await;
    world.drain().await;
    assert_eq!((recipients(&one).len(), recipients(&two).len()), (0, 2));
    // It is looked at again when its rest is over, also with nothing to send.
    assert_eq!(world.dispatcher.probes_at(), Some(world.clock.now() + TimeDelta::seconds(5)));
    world.wait(5).await;
    world.drain().await;
    assert_eq!((world.dispatcher.probes_at(), one.connections(), recipients(&one).len()), (None, 2, 0));
}

#[tokio::test]
async fn a_rest_and_its_trouble_are_kept_across_restarts() {
    let refused = vec![(Stage::Mail, 0, say("451 4.7.1 daily quota exceeded"))];
    let server = Server::start(Script { rules: refused, ..Script::default() }).await;
    let ways = || vec![way(&server, "one", &[])];
    let mut world = World::new(&SEVEN[..1], ways()).await;
    world.drain().await;
    let before = format!("{:?}", world.dispatcher.health().ways);
    assert!(before.contains("Quota") && before.contains("451 4.7.1 daily quota exceeded"), "{before}");
    let (rest, heard) = (world.rest(), server.lines().len());
    world.wait(600).await;
    world = world.restart(ways());
    world.drain().await;
    assert_eq!((world.rest(), server.lines().len()), (rest - 600, heard), "it is left alone");
    assert_eq!(format!("{:?}", world.dispatcher.health().ways), before);
    world.wait(rest - 600).await;
    world.drain().await;
    assert_eq!((rest, world.rest()), (900, 3600), "and then tried again");
    // How often it failed is known too: a relay that is away rests longer each time.
    let away =
        Server::start(Script { rules: vec![(Stage::Greeting, 0, Act::Drop)], ..Script::default() }).await;
    let ways = || vec![way(&away, "two", &[])];
    for rest in [5, 30, 120, 300, 900, 900] {
        world = world.restart(ways());
        world.drain().await;
        assert_eq!(world.rest(), rest);
        world.wait(rest).await;
    }
}

#[tokio::test]
async fn what_a_hand_mends_is_tried_at_once_after_a_restart() {
    let refused = vec![(Stage::Mail, 1, say("550 5.7.1 not your address"))];
    let server = Server::start(Script { rules: refused, ..Script::default() }).await;
    let ways = || vec![way(&server, "one", &[])];
    let mut world = World::new(&SEVEN[..1], ways()).await;
    world.drain().await;
    assert_eq!(world.rest(), 900);
    world = world.restart(ways());
    world.drain().await;
    assert_eq!((world.rest(), recipients(&server).len()), (0, 1));
}

#[tokio::test]
async fn an_idle_connection_is_said_goodbye() {
    let server = Server::start(Script::default()).await;
    let mut world = World::new(&SEVEN[..1], vec![way(&server, "one", &[])]).await;
    world.drain().await;
    let quits = || server.lines().iter().filter(|line| *line == "QUIT").count();
    tokio::select! {
        biased;
        () = world.dispatcher.hang_up() => panic!("too soon"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(quits(), 0);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(IDLE_SECONDS)).await;
    tokio::time::resume();
    world.dispatcher.hang_up().await;
    assert_eq!(quits(), 1);
    tokio::select! {
        biased;
        () = world.dispatcher.hang_up() => panic!("there is none any more"),
        () = std::future::ready(()) => {}
    }
}

#[test]
fn a_password_that_others_can_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("smtp.password");
    fs::write(&path, "ouvre-toi\n").unwrap();
    let read = || secret(&Secret::File("smtp.password".into()), folder.path());
    for mode in [0o640, 0o604, 0o644, 0o660, 0o666, 0o620, 0o610, 0o777] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let error = read().unwrap_err();
        let (sentence, remedy) = error.words();
        assert!(sentence.say(Language::English).contains(&format!("(mode {mode:o})")), "{error}");
        assert_eq!(remedy.say(Language::French), format!("chmod 600 {}", path.display()));
        assert!(!format!("{error:?}").contains("ouvre-toi"));
    }
    for mode in [0o600, 0o400, 0o700] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(read().unwrap(), "ouvre-toi");
    }
    // A link is what it leads to.
    std::os::unix::fs::symlink(&path, folder.path().join("link")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(secret(&Secret::File("link".into()), folder.path()).is_err());
}

fn passwords(server: &Server) -> Vec<String> {
    let line = |line: &String| line.strip_prefix("AUTH PLAIN ").map(decode);
    server.lines().iter().filter_map(line).collect()
}

fn protect(folder: &Path, file: &str, text: &str) {
    write(folder, file, text);
    fs::set_permissions(folder.join(file), fs::Permissions::from_mode(0o600)).unwrap();
}

/// A folder for the daemon: a mail to Camille is due at nine, by a relay that wants a password.
fn folder(server: &Server, kept: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let toml = format!(
        "{JALON}[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nusername = \"camille\"\npassword = {kept}\n[people.camille]\nemail = \"camille@example.org\"\n",
        server.port
    );
    write(folder.path(), "config/jalon.toml", &toml);
    write(
        folder.path(),
        "config/postings/p.toml",
        "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-25\n",
    );
    folder
}

/// The command of a daemon whose clock begins a moment before nine.
fn run(folder: &Path) -> std::process::Command {
    let mut command = jalon(folder);
    command.args(["run", "--as-of", "2026-06-24T08:59:58", "--ledger", "sqlite:var/jalon.db"]);
    command
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_is_read_again_at_a_reload() {
    for kept in ["{ file = \"smtp.password\" }", "{ credential = \"smtp-password\" }"] {
        let rules = vec![(Stage::Auth, 1, say("535 5.7.8 bad credentials"))];
        let script = Script { rules, offers: vec!["AUTH PLAIN"], ..Script::default() };
        let server = Server::start(script).await;
        let folder = folder(&server, kept);
        let file = if kept.contains("file") { "config/smtp.password" } else { "secrets/smtp-password" };
        protect(folder.path(), file, "old\n");
        let mut command = run(folder.path());
        command.env("CREDENTIALS_DIRECTORY", folder.path().join("secrets"));
        let mut daemon = Daemon::spawn(command);
        daemon.until("event=\"relay-rests\"");
        protect(folder.path(), file, "new\n");
        daemon.hang_up();
        daemon.until("event=\"sent\"");
        assert_eq!(passwords(&server), ["\0camille\0old", "\0camille\0new"], "{kept}");
        // One that cannot be used is told, and the one in force stays.
        fs::remove_file(folder.path().join(file)).unwrap();
        daemon.hang_up();
        let log = daemon.until("event=\"refused\"").join("\n");
        assert!(log.contains("unreadable-secret") && !log.contains("new\n"), "{log}");
        daemon.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_that_cannot_be_written_says_so_and_nothing_leaves() {
    let server = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let folder = folder(&server, "{ file = \"smtp.password\" }");
    let path = folder.path();
    protect(path, "config/smtp.password", "ouvre-toi\n");
    fs::create_dir(path.join("var")).unwrap();
    drop(SqliteLedger::open(&path.join("var/jalon.db"), Stamp::Pretended).unwrap());
    let db = rusqlite::Connection::open(path.join("var/jalon.db")).unwrap();
    let trigger = "CREATE TRIGGER forbid BEFORE UPDATE OF state ON rows WHEN NEW.state = 'handed'
        BEGIN SELECT RAISE(ABORT, 'the disk is full'); END";
    db.execute_batch(trigger).unwrap();
    let manager = UnixDatagram::bind(path.join("notify")).unwrap();
    manager.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    let status = || {
        let mut datagram = [0; 1000];
        manager.recv(&mut datagram).map(|length| running::text(&datagram[..length]))
    };
    let mut command = run(path);
    command.env("NOTIFY_SOCKET", path.join("notify"));
    let mut daemon = Daemon::spawn(command);
    daemon.until("event=\"ledger-failed\"");
    while !status().unwrap().contains("nothing leaves: ") {}
    // A round of planning that goes well does not hide it.
    daemon.until("Nothing leaves");
    daemon.hang_up();
    daemon.until("event=\"loaded\"");
    daemon.stop();
    manager.set_nonblocking(true).unwrap();
    let said: Vec<String> = std::iter::from_fn(|| status().ok()).collect();
    assert!(
        said.iter().all(|said| !said.starts_with("STATUS=") || said.contains("nothing leaves")),
        "{said:?}"
    );
    assert!(!server.lines().iter().any(|line| line.starts_with("MAIL")), "{:?}", server.lines());
}

#[tokio::test]
async fn a_password_that_others_can_read_lets_nobody_begin() {
    let server = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let folder = folder(&server, "{ file = \"smtp.password\" }");
    write(folder.path(), "config/smtp.password", "ouvre-toi\n");
    fs::set_permissions(folder.path().join("config/smtp.password"), fs::Permissions::from_mode(0o640))
        .unwrap();
    let (code, out, err) = ended(&jalon(folder.path()).arg("check").output().unwrap());
    let said = format!("{out}{err}");
    assert_eq!(code, 78, "{said}");
    assert!(said.contains("chmod 600") && !said.contains("ouvre-toi"), "{said}");
    let said = Daemon::spawn(run(folder.path())).until("chmod 600").join("\n");
    assert!(!said.contains("ouvre-toi") && !said.contains("event="), "{said}");
}
