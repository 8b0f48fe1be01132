//! Three daemons, one PostgreSQL, one relay; and everything that may die does, while reminders fall due: a daemon, the one
//! that plans, the database, the way to it before and after a commit, a daemon that stands still beyond its lease between
//! the hand and the answer. None is lost, and none leaves twice without a doubt that was counted.
//!
//! `tests/hosts/run` does the same with ten thousand reminders, for as long as it takes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "ledger/cut.rs"]
mod cut;
#[path = "hosts/net.rs"]
mod net;
#[path = "support/postgres.rs"]
mod server;
#[path = "support/slow_relay.rs"]
mod slow_relay;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use cut::{Next, Way};
use jalon::clock::Clock;
use jalon::ledger::Ledger as _;
use jalon::ledger::postgres::PostgresLedger;
use jalon::ledger::postgres::place::Place;
use jalon::plan::row::{Row, State};
use net::Net;
use slow_relay::{Dice, Dot, Moment, Relay};

/// How long anything may take before a test gives up.
const LIMIT: Duration = Duration::from_secs(90);

/// How much falls due, and how fast.
struct Size {
    people: u32,
    seconds: u32,
    a_second: u32,
}

/// A reminder that the files ask for: what every mail says that reminds of it, and no other.
struct Asked {
    key: String,
    mark: String,
}

struct World {
    folder: tempfile::TempDir,
    cluster: PathBuf,
    ways: Vec<Way>,
    asked: Vec<Asked>,
    /// When the last reminder is due.
    end: Instant,
    lives: Cell<u32>,
    /// The network between hosts and database; without one they meet at a socket.
    net: Option<Net>,
}

struct Daemon {
    process: Child,
    host: usize,
    log: PathBuf,
    /// What the service manager hears of it.
    manager: UnixDatagram,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Daemon {
    fn signal(&self, name: &str) {
        assert!(
            Command::new("kill").args([name, &self.process.id().to_string()]).status().unwrap().success()
        );
    }

    fn says(&self, wanted: &str) -> bool {
        self.said(wanted) > 0
    }

    /// How often it said this.
    fn said(&self, wanted: &str) -> usize {
        fs::read_to_string(&self.log).unwrap_or_default().matches(wanted).count()
    }

    /// Has it read its files again, say that it is there, and plan or follow; waits until that is done.
    fn looks_again(&self, world: &World) {
        let before = self.said("event=\"loaded\"");
        // Files that are new are told to the ledger at once; this is new, and changes nothing of the plan.
        let posting = world.config(self.host).join("postings/p001.toml");
        let text = fs::read_to_string(&posting).unwrap();
        fs::write(&posting, text + "# again\n").unwrap();
        self.signal("-HUP");
        world.wait("it does not look again", || self.said("event=\"loaded\"") > before);
    }

    /// Waits until the last that the service manager heard is, or is not, about this.
    fn tells(&self, world: &World, wanted: &str, is: bool) {
        let mut last = String::new();
        world.wait(wanted, || {
            let mut bytes = [0; 4096];
            while let Ok(read) = self.manager.recv(&mut bytes) {
                let told = String::from_utf8_lossy(&bytes[..read]).into_owned();
                last = told
                    .lines()
                    .find_map(|line| line.strip_prefix("STATUS="))
                    .map_or(last.clone(), str::to_owned);
            }
            last.contains(wanted) == is && !last.is_empty()
        });
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(pid) = server::server_pid(&self.cluster) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
    }
}

impl World {
    /// A database of its own, three hosts with the same files, and reminders that begin to fall due `ahead` from now.
    fn found(port: u16, size: &Size, ahead: TimeDelta, more: &str) -> Self {
        Self::found_on(None, port, size, ahead, more)
    }

    fn found_on(net: Option<Net>, port: u16, size: &Size, ahead: TimeDelta, more: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("jalon-hosts-").tempdir().unwrap();
        // The server's account passes through.
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(folder.path(), open).unwrap();
        let cluster = folder.path().join("pg");
        server::make_cluster(&cluster, false);
        match &net {
            None => server::start(&cluster),
            Some(net) => start_in(net, &cluster),
        }
        let ways = (0..3).map(|_| Way::to(&cluster)).collect();
        let mut settings = format!(
            "time_zone = \"Etc/UTC\"\nlanguage = \"en\"\n[mail]\nfrom = \"Recruitment <r@example.org>\"\n\
             [smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\n{more}\n\
             [[remind]]\nevent = \"milestone\"\nbefore = [\"30m\"]\non_day = false\n"
        );
        let mut texts = vec![String::new(); size.people as usize];
        for (n, text) in texts.iter_mut().enumerate() {
            write!(settings, "[people.q{n:03}]\nemail = \"q{n:03}@example.org\"\n").unwrap();
            write!(text, "title = \"Post {n:03}\"\nrecruiters = [\"q{n:03}\"]\n").unwrap();
        }
        let origin = Clock::real().now() + ahead;
        let mut asked = Vec::new();
        for n in 0..size.seconds * size.a_second {
            let person = (n * 7 + n / 50) % size.people;
            let on = origin + TimeDelta::minutes(30) + TimeDelta::seconds(i64::from(n / size.a_second));
            let on = on.format("%Y-%m-%dT%H:%M:%S").to_string();
            write!(texts[person as usize], "[[milestone]]\nname = \"K{n:05}\"\non = {on}\n").unwrap();
            let occurrence = on.strip_suffix(":00").unwrap_or(&on);
            asked.push(Asked {
                key: format!("p{person:03}/milestone:k{n:05}/{occurrence}/-30m/q{person:03}"),
                mark: format!("K{n:05}"),
            });
        }
        for host in 0..3 {
            let config = folder.path().join(format!("host{host}/config"));
            fs::create_dir_all(config.join("postings")).unwrap();
            fs::write(config.join("jalon.toml"), &settings).unwrap();
            for (n, text) in texts.iter().enumerate() {
                fs::write(config.join(format!("postings/p{n:03}.toml")), text).unwrap();
            }
        }
        let all = ahead.to_std().unwrap() + Duration::from_secs(u64::from(size.seconds));
        Self { folder, cluster, ways, asked, end: Instant::now() + all, lives: Cell::new(0), net }
    }

    fn config(&self, host: usize) -> PathBuf {
        self.folder.path().join(format!("host{host}/config"))
    }

    fn daemon(&self, host: usize) -> Daemon {
        self.lives.set(self.lives.get() + 1);
        let folder = self.folder.path().join(format!("host{host}"));
        let log = folder.join(format!("log-{:03}", self.lives.get()));
        let manager = folder.join(format!("manager-{:03}", self.lives.get()));
        let heard = UnixDatagram::bind(&manager).unwrap();
        heard.set_nonblocking(true).unwrap();
        let (mut command, url) = match &self.net {
            None => {
                let way = self.ways[host].folder();
                let url = format!("postgres://jalon@/postgres?host={}", way.display());
                (Command::new(env!("CARGO_BIN_EXE_jalon")), url)
            }
            Some(net) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", &net.host(host), env!("CARGO_BIN_EXE_jalon")]);
                (command, format!("postgres://jalon@{}/postgres?sslmode=disable", net::DATABASE))
            }
        };
        let process = command
            .current_dir(&folder)
            .env_clear()
            .env("LANG", "C")
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("NOTIFY_SOCKET", &manager)
            .args(["run", "--ledger", &url])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Daemon { process, host, log, manager: heard }
    }

    /// Waits for something, and not for ever.
    fn wait(&self, what: &str, mut done: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !done() {
            assert!(begun.elapsed() < LIMIT, "{what}: {}", self.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn sql(&self, text: &str) -> String {
        server::sql(&self.cluster, "postgres", text)
    }

    fn rows(&self) -> Vec<Row> {
        let place = format!("postgres://jalon@/postgres?host={}", self.cluster.display());
        let ledger = PostgresLedger::read(Place::parse(&place).unwrap());
        jalon::cli::wait(ledger.known()).unwrap()
    }

    /// Waits until an answer of the database is this one.
    fn until(&self, text: &str, wanted: &str) {
        self.until_while(text, wanted, || {});
    }

    /// The same, doing something between two looks.
    fn until_while(&self, text: &str, wanted: &str, mut meanwhile: impl FnMut()) {
        let mut found = String::new();
        let begun = Instant::now();
        while found != wanted {
            assert!(begun.elapsed() < LIMIT, "{text}: {found}, not {wanted}; {}", self.logs());
            meanwhile();
            std::thread::sleep(Duration::from_millis(50)); // between two looks
            found = self.sql(text);
        }
    }

    /// What a service manager does: a daemon that lost the database while it began has ended, and begins anew.
    fn start_again(&self, daemons: &mut [Daemon]) {
        for daemon in daemons {
            if let Some(status) = daemon.process.try_wait().unwrap() {
                let log = fs::read_to_string(&daemon.log).unwrap();
                assert!(status.code() == Some(69) && !log.contains("event=\"started\""), "{status}: {log}");
                *daemon = self.daemon(daemon.host);
            }
        }
    }

    fn logs(&self) -> String {
        let mut all = String::new();
        for host in 0..3 {
            let folder = self.folder.path().join(format!("host{host}"));
            for entry in fs::read_dir(folder).unwrap().filter_map(Result::ok) {
                if entry.file_name().to_string_lossy().starts_with("log-") {
                    let log = fs::read_to_string(entry.path()).unwrap_or_default();
                    let tail: Vec<&str> = log.lines().rev().take(12).collect();
                    writeln!(all, "== {}", entry.path().display()).unwrap();
                    tail.iter().rev().for_each(|line| writeln!(all, "{line}").unwrap());
                }
            }
        }
        all
    }

    /// The host that plans, of those that run.
    fn planner(&self, daemons: &[Daemon]) -> Option<usize> {
        let run = self.sql(
            "SELECT split_part(split_part(run, ' ', 2), '.', 1) FROM duty WHERE until > lease_clock(NULL)",
        );
        daemons.iter().position(|daemon| daemon.process.id().to_string() == run)
    }

    /// SIGKILL for the whole server; it is started again.
    fn kill_database(&self) {
        let pid = server::server_pid(&self.cluster).unwrap().to_string();
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        // Its children go by themselves; until they have gone, it refuses to start.
        self.wait("the database does not come back", || server::starts(&self.cluster));
    }

    /// Has a daemon stand still while its mail is at the relay, until its lease is over (the ledger is told that it is)
    /// and another host has put the mail in doubt.
    fn stand_still(&self, relay: &Relay, daemons: &mut [Daemon], at: usize) -> bool {
        let theirs = format!("state = 'handed' AND holder LIKE '% {}.%'", daemons[at].process.id());
        relay.hold(Moment::Dot);
        let begun = Instant::now();
        while self.sql(&format!("SELECT count(*) FROM rows WHERE {theirs}")) == "0" {
            if begun.elapsed() > Duration::from_secs(15) {
                relay.let_go();
                return false; // the others were quicker
            }
            std::thread::sleep(Duration::from_millis(50)); // between two looks
        }
        daemons[at].signal("-STOP");
        relay.let_go();
        let doubted = self.sql(&format!(
            "WITH ended AS (UPDATE rows SET lease_until = 1 WHERE {theirs} RETURNING key) SELECT min(key) FROM ended"
        ));
        let doubted = format!("SELECT doubts > 0 FROM rows WHERE key = '{doubted}'");
        self.until_while(&doubted, "t", || self.start_again(daemons));
        daemons[at].signal("-CONT");
        true
    }

    /// Waits until nothing is left to do, and compares what the ledger says with what the relay took.
    fn count(&self, relay: &Relay, mut daemons: Vec<Daemon>) -> Count {
        let left = "SELECT count(*) FROM rows WHERE state IN ('planned', 'claimed', 'handed')";
        self.until_while(left, "0", || self.start_again(&mut daemons));
        drop(daemons);
        relay.quiet();
        let (rows, dots) = (self.rows(), relay.dots());
        let mut count = Count::default();
        let mut by_mark: BTreeMap<String, Vec<&Dot>> = BTreeMap::new();
        for dot in dots.iter().filter(|dot| dot.taken) {
            for mark in marks(&dot.text) {
                by_mark.entry(mark).or_default().push(dot);
            }
        }
        let rows: BTreeMap<&str, &Row> = rows.iter().map(|row| (row.key.as_str(), row)).collect();
        for asked in &self.asked {
            count.due += 1;
            let Some(row) = rows.get(asked.key.as_str()) else {
                count.faults.push(format!("LOST: the ledger does not have {}", asked.key));
                continue;
            };
            let copies = by_mark.get(&asked.mark).cloned().unwrap_or_default();
            count.doubts += u64::from(row.doubts);
            count.copied += u64::from(copies.len() > 1);
            let fault = if row.state != State::Sent && !(row.state == State::Held && row.doubts >= 6) {
                Some("neither sent nor held")
            } else if row.state == State::Sent && copies.is_empty() {
                Some("LOST: sent, and the relay never took it")
            } else if copies.len() > 1 + row.doubts as usize {
                Some("COPY without a doubt")
            } else if copies.iter().any(|dot| row.message_id.as_ref() != Some(&dot.message_id)) {
                Some("it left under another Message-ID")
            } else {
                None
            };
            if let Some(fault) = fault {
                count.faults.push(format!("{}: {fault}; {row:?}", asked.key));
            }
        }
        count
    }
}

/// The reminders that a mail tells of: K and five digits.
fn marks(text: &str) -> BTreeSet<String> {
    let after = text.split('K').skip(1).filter_map(|rest| rest.get(..5));
    after
        .filter(|mark| mark.bytes().all(|byte| byte.is_ascii_digit()))
        .map(|mark| format!("K{mark}"))
        .collect()
}

#[derive(Debug, Default)]
struct Count {
    due: u64,
    doubts: u64,
    copied: u64,
    faults: Vec<String>,
}

/// Starts the server where it listens to the network.
fn start_in(net: &Net, cluster: &Path) {
    let data = cluster.join("data");
    for (file, more) in [
        ("postgresql.conf", format!("listen_addresses = '{}'\n", net::DATABASE)),
        ("pg_hba.conf", "host all all 10.213.0.0/24 trust\n".to_owned()),
    ] {
        let text = fs::read_to_string(data.join(file)).unwrap();
        fs::write(data.join(file), text + "\n" + &more).unwrap();
    }
    let pg_ctl = server::as_servant(&server::programs().unwrap().join("pg_ctl"));
    let mut start = Command::new("ip");
    start.args(["netns", "exec", &net.hub()]).arg(pg_ctl.get_program()).args(pg_ctl.get_args());
    start.args(["start", "-w", "-s", "-t", "60", "-D"]).arg(&data).arg("-l").arg(cluster.join("log"));
    assert!(start.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap().success());
}

/// Starts three hosts and waits until one of them has planned.
fn three(world: &World) -> Vec<Daemon> {
    let daemons: Vec<Daemon> = (0..3).map(|host| world.daemon(host)).collect();
    world.wait("nobody plans", || daemons.iter().any(|daemon| daemon.says("event=\"planned\"")));
    let all = world.asked.len().to_string();
    world.until("SELECT count(*) FROM rows", &all);
    daemons
}

fn kill_and_start(world: &World, daemons: &mut Vec<Daemon>, at: usize) {
    let daemon = daemons.remove(at);
    let host = daemon.host;
    daemon.signal("-KILL");
    drop(daemon);
    daemons.insert(at, world.daemon(host));
}

#[test]
fn whatever_dies_nothing_is_lost_and_nothing_leaves_twice_without_a_counted_doubt() {
    if server::programs().is_none() {
        return eprintln!("skipped: no programs of PostgreSQL here");
    }
    let relay = Relay::start(1, 3000);
    relay.forget_none();
    let size = Size { people: 60, seconds: 16, a_second: 30 };
    let world = World::found(relay.port, &size, TimeDelta::seconds(12), "");
    let mut daemons = three(&world);
    let mut dice = Dice(7);
    world.until("SELECT count(*) > 20 FROM rows WHERE state = 'sent'", "t");
    let stood = world.stand_still(&relay, &mut daemons, 2);
    let mut done = 0;
    while Instant::now() < world.end || done < 6 {
        world.start_again(&mut daemons);
        match done % 6 {
            0 => kill_and_start(&world, &mut daemons, 1),
            1 => world.ways[0].next(Next::IsUnanswered),
            2 => {
                if let Some(at) = world.planner(&daemons) {
                    kill_and_start(&world, &mut daemons, at);
                }
            }
            3 => world.kill_database(),
            4 => world.ways[2].next(Next::IsLost),
            _ => world.ways[1].next(Next::IsUnanswered),
        }
        done += 1;
        // Not to wait for anything: this is how fast faults follow each other.
        std::thread::sleep(Duration::from_millis(500 + dice.below(1500)));
    }
    let count = world.count(&relay, daemons);
    assert!(count.faults.is_empty(), "{count:#?}\n{}", world.logs());
    println!("{count:?}; stood still: {stood}");
}

#[test]
fn hosts_whose_files_differ_never_undo_each_others_plan() {
    if server::programs().is_none() {
        return eprintln!("skipped: no programs of PostgreSQL here");
    }
    let relay = Relay::start(2, 0);
    relay.forget_none();
    let size = Size { people: 2, seconds: 2, a_second: 2 };
    let world = World::found(relay.port, &size, TimeDelta::hours(5), "");
    // The third host's files lag behind: another title, another date.
    let posting = world.config(2).join("postings/p000.toml");
    let text = fs::read_to_string(&posting).unwrap();
    fs::write(
        &posting,
        text.replace("Post 000", "Other 000").replace("[[milestone]]", "[[milestone]]\ndone = true"),
    )
    .unwrap();
    let first = world.daemon(0);
    world.wait("nobody plans", || first.says("event=\"planned\""));
    let all = world.asked.len().to_string();
    world.until("SELECT count(*) FROM rows WHERE state = 'planned'", &all);
    let lagging = world.daemon(2);
    world.wait("it does not begin", || lagging.says("event=\"hosts\"") && lagging.says("event=\"loaded\""));
    assert!(lagging.says("the files of"), "who differs is named: {}", world.logs());
    let edition = world.sql("SELECT edition FROM meta");
    // It is told to look again, and again: it goes by what the other planned.
    for _ in 0..3 {
        lagging.looks_again(&world);
    }
    assert_eq!(world.sql("SELECT edition FROM meta"), edition, "nobody wrote");
    first.signal("-HUP");
    assert_eq!(world.sql("SELECT count(*) FROM rows WHERE state = 'planned'"), all);
    // The host that plans is gone: the other does not take over at once, for its files are not the same.
    drop(first);
    world.sql("UPDATE duty SET until = lease_clock(NULL)");
    lagging.looks_again(&world);
    assert_eq!(world.sql("SELECT count(*) FROM rows WHERE state = 'planned'"), all);
    // It does after five minutes; the first comes back, and leaves it be.
    world.sql("UPDATE duty SET until = lease_clock(NULL) - 300000");
    lagging.looks_again(&world);
    world.until("SELECT count(*) FROM rows WHERE state = 'withdrawn'", "2");
    let edition = world.sql("SELECT edition FROM meta");
    let back = world.daemon(0);
    world.wait("it does not begin", || back.says("event=\"hosts\"") && back.says("event=\"loaded\""));
    back.looks_again(&world);
    assert_eq!(world.sql("SELECT edition FROM meta"), edition, "nobody wrote");
}

#[test]
fn a_mail_says_what_the_plan_does_whichever_host_sends_it() {
    if server::programs().is_none() {
        return eprintln!("skipped: no programs of PostgreSQL here");
    }
    let relay = Relay::start(3, 0);
    relay.forget_none();
    let size = Size { people: 1, seconds: 16, a_second: 1 };
    let world = World::found(relay.port, &size, TimeDelta::seconds(8), "");
    // The host that plans cannot reach a relay; the one that can has older files.
    let settings = world.config(0).join("jalon.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, text.replace(&format!("port = {}", relay.port), "port = 9")).unwrap();
    let (ours, theirs) =
        (world.config(0).join("postings/p000.toml"), world.config(2).join("postings/p000.toml"));
    let text = fs::read_to_string(&ours).unwrap();
    fs::write(&theirs, text.replace("Post 000", "Old title")).unwrap();
    let planner = world.daemon(0);
    world.wait("it does not plan", || planner.says("event=\"planned\""));
    let sender = world.daemon(2);
    world.wait("nothing is sent", || !relay.dots().is_empty());
    assert!(relay.dots()[0].text.contains("Post 000"), "{}", relay.dots()[0].text);
    // The title changes where it is planned: what leaves after that is written says the new one.
    fs::write(&ours, text.replace("Post 000", "New title")).unwrap();
    world.until("SELECT count(*) FROM postings WHERE text LIKE '%New title%'", "1");
    let before = relay.dots().len() + 1; // one may be on its way
    world.wait("nothing more is sent", || relay.dots().len() > before + 1);
    drop((planner, sender));
    let dots = relay.dots();
    for dot in &dots[before..] {
        assert!(dot.text.contains("New title"), "{}", dot.text);
    }
    assert!(dots.iter().all(|dot| !dot.text.contains("Old title")));
}

/// `tests/run --install`, where the programs are missing and where they are there: it asks apt for them, and for no cluster.
#[test]
fn the_tests_install_postgresql_where_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (tests, programs, log) =
        (folder.path().join("tests"), folder.path().join("programs"), folder.path().join("asked"));
    fs::create_dir_all(&tests).unwrap();
    fs::create_dir_all(&programs).unwrap();
    let script = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run")).unwrap();
    assert!(script.contains("/usr/lib/postgresql/*"));
    fs::write(tests.join("run"), script.replace("/usr/lib/postgresql/*", "/nowhere/*")).unwrap();
    let program = |name: &str, text: &str| {
        let path = programs.join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, open).unwrap();
    };
    for name in ["apt-get", "sed"] {
        program(name, &format!("echo {name} \"$@\" >>'{}'", log.display()));
    }
    program("sudo", "exec \"$@\"");
    program("id", "echo 0");
    program("dirname", &format!("echo '{}'", tests.display()));
    for name in ["cc", "cargo-deny", "cargo-fmt", "cargo-clippy"] {
        program(name, "");
    }
    let asked = || {
        let _ = fs::remove_file(&log);
        let run = Command::new("/bin/bash")
            .env_clear()
            .env("PATH", &programs)
            .arg(tests.join("run"))
            .arg("--install")
            .output()
            .unwrap();
        // It goes no further: there is no cargo.
        assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
        fs::read_to_string(&log).unwrap_or_default()
    };
    let found = asked();
    let lines: Vec<&str> = found.lines().collect();
    let [update, common, none, all] = lines[..] else { panic!("{found}") };
    assert!(update.starts_with("apt-get update"), "{found}");
    assert!(common.starts_with("apt-get install") && common.ends_with(" postgresql-common"), "{found}");
    assert!(none.contains("create_main_cluster = false"), "before the servers' package: {found}");
    assert!(all.starts_with("apt-get install") && all.ends_with(" postgresql"), "{found}");
    program("initdb", "");
    program("psql", "");
    assert_eq!(asked(), "");
}

/// How a host is cut off.
#[derive(Clone, Copy, Debug)]
enum Cut {
    /// The cable is pulled, before the relay has answered for a mail that it was given.
    PulledBefore,
    /// Nothing passes any more and nobody is told, after the relay has answered and before that is in the ledger.
    DammedAfter,
}

impl World {
    /// Cuts a host off while it has mails at the relay; how many.
    fn cut(&self, relay: &Relay, daemon: &Daemon, how: Cut) -> u32 {
        let theirs = format!("state = 'handed' AND holder LIKE '% {}.%'", daemon.process.id());
        let count = format!("SELECT count(*) FROM rows WHERE {theirs}");
        relay.hold(Moment::Dot);
        self.wait("it hands nothing", || self.sql(&count) != "0");
        let net = self.net.as_ref().unwrap();
        match how {
            Cut::PulledBefore => {
                net.pull(daemon.host);
                relay.let_go();
            }
            Cut::DammedAfter => {
                // What it writes of the answer waits in the database, and has not been committed when the way is cut.
                let mut somebody = server::session(&self.cluster, "postgres");
                somebody.say("BEGIN; LOCK TABLE rows IN EXCLUSIVE MODE; SELECT 1;");
                relay.let_go();
                self.wait("the relay does not answer", || relay.dots().iter().all(|dot| dot.answered));
                net.dam(daemon.host);
            }
        }
        self.sql(&count).parse().unwrap()
    }
}

/// Asked for by `tests/hosts/run`.
#[test]
#[ignore = "takes minutes, and root: tests/hosts/run"]
fn a_host_that_is_cut_off_from_the_database_loses_and_doubles_nothing() {
    if server::programs().is_none() {
        return eprintln!("skipped: no programs of PostgreSQL here");
    }
    let net = match Net::found(3) {
        Ok(net) => net,
        Err(why) => return println!("\nskipped: hosts cut off by the network: {why}"),
    };
    let relay = Relay::start(4, 3000);
    relay.forget_none();
    (0..3).for_each(|host| relay.also(net.listener(host, relay.port)));
    let size = Size { people: 60, seconds: 200, a_second: 5 };
    let world = World::found_on(Some(net), relay.port, &size, TimeDelta::seconds(20), "");
    let daemons = three(&world);
    let begun = Instant::now();
    for how in [Cut::PulledBefore, Cut::DammedAfter] {
        let planner = world.planner(&daemons).unwrap();
        // First one that sends, then the one that plans.
        let at = if matches!(how, Cut::PulledBefore) { (planner + 1) % 3 } else { planner };
        let daemon = &daemons[at];
        let handed = world.cut(&relay, daemon, how);
        let cut = Instant::now();
        let holder = format!("holder LIKE '% {}.%'", daemon.process.id());
        let sent: u32 = world.sql("SELECT count(*) FROM rows WHERE state = 'sent'").parse().unwrap();
        // It says so: to its manager, and in its log.
        daemon.tells(&world, "nothing leaves: ", true);
        assert!(daemon.says("event=\"ledger-failed\""), "{}", world.logs());
        let said = cut.elapsed();
        // The others go on meanwhile, with what it had claimed as well, and one of them plans.
        world.until(&format!("SELECT count(*) > {} FROM rows WHERE state = 'sent'", sent + 20), "t");
        world.wait("nobody else plans", || {
            world.planner(&daemons).is_some_and(|planner| planner != at || how as u8 == 0)
        });
        world.until(&format!("SELECT count(*) FROM rows WHERE state = 'claimed' AND {holder}"), "0");
        let taken = cut.elapsed();
        // What it had given to the relay is in doubt once its lease, half an hour, is over.
        let lease = "WITH ended AS (UPDATE rows SET lease_until = 1 WHERE state = 'handed' AND";
        let doubted = world.sql(&format!("{lease} {holder} RETURNING key) SELECT count(*) FROM ended"));
        world.until(&format!("SELECT count(*) FROM rows WHERE state = 'handed' AND {holder}"), "0");
        // The way is whole again: it comes back, by itself.
        world.net.as_ref().unwrap().mend(daemon.host);
        let mended = Instant::now();
        daemon.tells(&world, "nothing leaves: ", false);
        let seen = format!(
            "SELECT bool_or(seen > lease_clock(NULL) - 5000) FROM hosts WHERE run LIKE '% {}.%'",
            daemon.process.id()
        );
        world.until(&seen, "t");
        println!(
            "{how:?}: {handed} mails' reminders at the relay, {doubted} in doubt; the others had all after {taken:.0?}, \
             it had said so after {said:.0?}, and was back {:.0?} after the way was",
            mended.elapsed()
        );
    }
    let count = world.count(&relay, daemons);
    println!("{count:?} in {:.0?}", begun.elapsed());
    assert!(count.faults.is_empty(), "{count:#?}\n{}", world.logs());
    assert!(count.doubts > 0, "the ways were cut while mails were on them");
}

/// Asked for by `tests/hosts/run`.
#[test]
#[ignore = "takes minutes: tests/hosts/run"]
fn a_campaign() {
    let number = |name: &str, default: u32| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let (seconds, seed) = (number("JALON_HOSTS_SECONDS", 250), number("JALON_HOSTS_SEED", 1));
    let relay = Relay::start(u64::from(seed), 4000);
    relay.forget_none();
    let size = Size { people: 400, seconds, a_second: 40 };
    let world = World::found(relay.port, &size, TimeDelta::seconds(30), "");
    let mut daemons = three(&world);
    let mut dice = Dice(u64::from(seed));
    let (mut faults, mut stood) = ([0_u32; 6], 0);
    while Instant::now() < world.end {
        world.start_again(&mut daemons);
        let at = usize::try_from(dice.below(3)).unwrap();
        let kind = usize::try_from(dice.below(6)).unwrap();
        faults[kind] += 1;
        match kind {
            0 => kill_and_start(&world, &mut daemons, at),
            1 => {
                if let Some(at) = world.planner(&daemons) {
                    kill_and_start(&world, &mut daemons, at);
                }
            }
            2 => world.kill_database(),
            3 => world.ways[at].next(Next::IsUnanswered),
            4 => world.ways[at].next(Next::IsLost),
            _ => stood += u32::from(world.stand_still(&relay, &mut daemons, at)),
        }
        // Not to wait for anything: this is how fast faults follow each other.
        std::thread::sleep(Duration::from_millis(200 + dice.below(2500)));
    }
    let count = world.count(&relay, daemons);
    println!(
        "{} reminders due on three hosts, seed {seed}: {} left twice, {} doubts counted, {} faults of the promise\n\
         killed: {} daemons, {} planners, {} databases; ways cut: {} after a commit, {} before; stood still: {stood}",
        count.due,
        count.copied,
        count.doubts,
        count.faults.len(),
        faults[0],
        faults[1],
        faults[2],
        faults[3],
        faults[4]
    );
    assert!(count.faults.is_empty(), "{:#?}", count.faults);
}
