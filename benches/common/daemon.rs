//! A daemon over files and a ledger of its own, on a clock that begins when the bench says.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags};

/// One mail-to-be: to whom, and how many seconds after the first it is due.
pub struct Asked {
    pub to: String,
    pub after: u32,
}

/// How many people one posting has.
const A_POSTING: usize = 100;

/// Writes files that ask for these mails, one reminder each, the first of them due then.
pub fn files(folder: &Path, port: u16, connections: usize, due: DateTime<Utc>, asked: &[Asked]) {
    let postings = folder.join("config/postings");
    fs::create_dir_all(&postings).unwrap();
    let settings = format!(
        "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\n\
         [smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\nconnections = {connections}\n\
         [[remind]]\nevent = \"milestone\"\nbefore = [\"30m\"]\non_day = false\n"
    );
    fs::write(folder.join("config/jalon.toml"), settings).unwrap();
    let mut sorted: Vec<&Asked> = asked.iter().collect();
    sorted.sort_by_key(|asked| asked.after);
    for (n, some) in
        sorted.chunk_by(|a, b| a.after == b.after).flat_map(|same| same.chunks(A_POSTING)).enumerate()
    {
        let on = due + TimeDelta::minutes(30) + TimeDelta::seconds(i64::from(some[0].after));
        let on = on.format("%Y-%m-%dT%H:%M:%S");
        let mut text = format!(
            "title = \"Chargé·e d'accompagnement {n}\"\norganisation = \"Villages Vivants\"\nlocation = \"Crest (Drôme)\"\n\
             contract = \"CDD 9 mois\"\nurl = \"https://example.org/postes/{n}\"\ntime_zone = \"Etc/UTC\"\nannounce = false\n\
             recruiters = ["
        );
        for asked in some {
            write!(text, "\"{}\", ", asked.to).unwrap();
        }
        write!(text, "]\n[[milestone]]\nname = \"Passation\"\non = {on}\n").unwrap();
        fs::write(postings.join(format!("p{n:06}.toml")), text).unwrap();
    }
}

/// Has all of it planned by a daemon whose clock says this.
pub fn plan(folder: &Path, now: Option<DateTime<Utc>>, rows: usize) {
    let first = start(folder, now);
    first.says("event=\"started\"");
    while in_state(folder, "planned") < rows {
        std::thread::sleep(Duration::from_millis(100));
    }
    first.stop();
}

/// How many rows are in a state.
pub fn in_state(folder: &Path, state: &str) -> usize {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let Ok(db) = Connection::open_with_flags(folder.join("jalon.db"), flags) else { return 0 };
    let count =
        db.query_row("SELECT count(*) FROM rows WHERE state = ?1", [state], |row| row.get::<_, i64>(0));
    count.map_or(0, |count| usize::try_from(count).unwrap())
}

pub struct Daemon {
    process: Child,
    log: PathBuf,
}

/// A daemon whose clock says this when it starts, or is the machine's.
pub fn start(folder: &Path, now: Option<DateTime<Utc>>) -> Daemon {
    let log = folder.join("log");
    let process = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .current_dir(folder)
        .env_clear()
        .args(["run", "--ledger", "sqlite:jalon.db"])
        .args(
            now.iter()
                .flat_map(|now| ["--as-of".to_owned(), now.to_rfc3339_opts(SecondsFormat::Millis, true)]),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log).unwrap())
        .spawn()
        .unwrap();
    Daemon { process, log }
}

impl Daemon {
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until its log holds this.
    pub fn says(&self, wanted: &str) {
        while !fs::read_to_string(&self.log).is_ok_and(|log| log.contains(wanted)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn stop(mut self) {
        let _ = Command::new("kill").arg(self.id().to_string()).status();
        let _ = self.process.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
