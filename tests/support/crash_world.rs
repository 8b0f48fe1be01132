//! A service whose reminders fall due second after second, whose daemon is killed again and again; and what is left to
//! see of it: the ledger as the crash left it, `jalon history`, and what the relay took.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use jalon::ledger::Ledger as _;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::plan::row::{Row, State};

/// How long anything may take before a test gives up.
pub const LIMIT: Duration = Duration::from_mins(1);

/// The first reminders are due so long after the clock begins: by then the plan is made, on any machine.
const AHEAD: TimeDelta = TimeDelta::minutes(10);

/// A reminder that the files ask for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub key: String,
    pub email: String,
    /// What every mail says that reminds of it, and no other.
    pub mark: String,
}

/// How much falls due, and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub people: u32,
    pub seconds: u32,
    pub a_second: u32,
    /// How many lines the relay is given.
    pub connections: u32,
}

pub struct World {
    pub folder: PathBuf,
    binary: PathBuf,
    pub asked: Vec<Asked>,
    size: Size,
    begun: Instant,
    /// How many daemons ran so far: each has a log of its own.
    lives: Cell<u32>,
}

/// The instant at which the clock of every world begins.
fn origin() -> DateTime<Utc> {
    "2026-06-25T10:00:00Z".parse().unwrap()
}

/// The binary under test: the one of this build, unless another is named.
pub fn binary() -> PathBuf {
    std::env::var_os("JALON_CRASH_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_jalon").into(), PathBuf::from)
}

impl World {
    /// Writes the files, and has the daemon plan. Every reminder is due half an hour before a milestone of its own.
    pub fn found(folder: &Path, port: u16, in_doubt: &str, size: Size) -> Self {
        let postings = folder.join("config/postings");
        fs::create_dir_all(&postings).unwrap();
        let mut settings = format!(
            "time_zone = \"Etc/UTC\"\nlanguage = \"en\"\n[mail]\nfrom = \"Recruitment <r@example.org>\"\n\
             [smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\nconnections = {}\n[delivery]\nin_doubt = \"{in_doubt}\"\n\
             [[remind]]\nevent = \"milestone\"\nbefore = [\"30m\"]\non_day = false\n",
            size.connections
        );
        let mut texts = vec![String::new(); size.people as usize];
        let mut asked = Vec::new();
        for (person, text) in texts.iter_mut().enumerate() {
            write!(settings, "[people.q{person:02}]\nemail = \"q{person:02}@example.org\"\n").unwrap();
            write!(text, "title = \"Post {person:02}\"\nrecruiters = [\"q{person:02}\"]\n").unwrap();
        }
        for n in 0..size.seconds * size.a_second {
            // Neighbours in time have different readers, and now and then one reader has two at once.
            let person = (n * 7 + n / 50) % size.people;
            let on =
                origin() + AHEAD + TimeDelta::minutes(30) + TimeDelta::seconds(i64::from(n / size.a_second));
            let on = on.format("%Y-%m-%dT%H:%M:%S").to_string();
            write!(texts[person as usize], "[[milestone]]\nname = \"K{n:04}\"\non = {on}\n").unwrap();
            asked.push(Asked {
                key: format!(
                    "p{person:02}/milestone:k{n:04}/{}/-30m/q{person:02}",
                    on.strip_suffix(":00").unwrap_or(&on)
                ),
                email: format!("q{person:02}@example.org"),
                mark: format!("K{n:04}"),
            });
        }
        for (person, text) in texts.iter().enumerate() {
            fs::write(postings.join(format!("p{person:02}.toml")), text).unwrap();
        }
        fs::write(folder.join("config/jalon.toml"), settings).unwrap();
        let mut world = Self {
            folder: folder.to_owned(),
            binary: binary(),
            asked,
            size,
            begun: Instant::now(),
            lives: Cell::new(0),
        };
        let first = world.daemon(None);
        world.until("the plan was not made", |rows| rows.len() >= world.asked.len());
        first.terminate();
        world.begun = Instant::now().checked_sub(AHEAD.to_std().unwrap()).unwrap();
        world
    }

    fn jalon(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.current_dir(&self.folder).env_clear().env("LANG", "C").stdin(Stdio::null());
        command
    }

    /// A daemon whose clock says what has passed since the world began; `fail`: the fail point at which it dies.
    pub fn daemon(&self, fail: Option<&str>) -> Daemon {
        self.daemon_after(self.begun.elapsed(), fail)
    }

    fn daemon_after(&self, elapsed: Duration, fail: Option<&str>) -> Daemon {
        let now = origin() + TimeDelta::from_std(elapsed).unwrap();
        self.lives.set(self.lives.get() + 1);
        let log = self.folder.join(format!("log-{:03}", self.lives.get()));
        let mut command = self.jalon();
        command
            .args(["run", "--ledger", "sqlite:jalon.db", "--as-of"])
            .arg(now.to_rfc3339_opts(SecondsFormat::Millis, true))
            .envs(fail.map(|name| ("JALON_FAIL", name)))
            .stderr(File::create(&log).unwrap());
        Daemon { process: command.spawn().unwrap(), log }
    }

    /// Whether reminders still fall due.
    pub fn goes_on(&self) -> bool {
        self.begun.elapsed() < self.end()
    }

    /// Moves the clock to where all is due.
    pub fn all_is_due(&mut self) {
        self.begun = Instant::now().checked_sub(self.end()).unwrap();
    }

    /// When all is due, counted from the beginning of the clock.
    fn end(&self) -> Duration {
        AHEAD.to_std().unwrap() + Duration::from_secs(u64::from(self.size.seconds))
    }

    /// What the ledger holds, read from a copy: the next daemon finds everything as the last one left it.
    pub fn left(&self) -> Vec<Row> {
        let copy = self.folder.join("left");
        fs::create_dir_all(&copy).unwrap();
        for name in ["jalon.db", "jalon.db-wal"] {
            let _ = fs::remove_file(copy.join(name));
            let _ = fs::copy(self.folder.join(name), copy.join(name));
        }
        let _ = fs::remove_file(copy.join("jalon.db-shm"));
        rows(&copy.join("jalon.db")).unwrap()
    }

    /// Waits until the ledger is as wanted, beside a running daemon.
    pub fn until(&self, otherwise: &str, wanted: impl Fn(&[Row]) -> bool) {
        let begun = Instant::now();
        while !rows(&self.folder.join("jalon.db")).is_some_and(|rows| wanted(&rows)) {
            assert!(begun.elapsed() < LIMIT, "{otherwise}; see {}", self.folder.display());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a daemon undisturbed, when all is due, until nothing is left to do.
    pub fn drain(&self) {
        let daemon = self.daemon_after(self.begun.elapsed().max(self.end()), None);
        let open = |row: &Row| matches!(row.state, State::Planned | State::Claimed | State::Handed);
        self.until("reminders never left", |rows| !rows.iter().any(open));
        daemon.terminate();
    }

    /// `jalon history --format json`.
    pub fn history(&self) -> Vec<serde_json::Value> {
        let output = self
            .jalon()
            .args(["history", "--ledger", "sqlite:jalon.db", "--format", "json"])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }
}

fn rows(path: &Path) -> Option<Vec<Row>> {
    let ledger = SqliteLedger::read(path).ok()?;
    jalon::cli::wait(ledger.known()).ok()
}

/// A daemon; no test leaves one behind.
pub struct Daemon {
    process: Child,
    log: PathBuf,
}

impl Daemon {
    /// SIGKILL.
    pub fn kill(mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Waits until its log holds this.
    pub fn says(&self, wanted: &str) {
        let begun = Instant::now();
        while !fs::read_to_string(&self.log).is_ok_and(|log| log.contains(wanted)) {
            assert!(begun.elapsed() < LIMIT, "{} has no {wanted}", self.log.display());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// SIGTERM.
    pub fn tell_to_stop(&self) {
        assert!(Command::new("kill").arg(self.process.id().to_string()).status().unwrap().success());
    }

    /// SIGTERM; it must end well.
    pub fn terminate(mut self) {
        self.says("event=\"started\"");
        self.tell_to_stop();
        assert_eq!(self.process.wait().unwrap().code(), Some(0));
    }

    pub fn has_ended(&mut self) -> bool {
        self.process.try_wait().unwrap().is_some()
    }

    /// Waits for it to end by itself: by which signal, if by one.
    pub fn signal(mut self) -> Option<i32> {
        let begun = Instant::now();
        while begun.elapsed() < LIMIT {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.signal();
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        panic!("the daemon does not end");
    }

    /// Waits for it to end by itself: its exit code.
    pub fn code(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
