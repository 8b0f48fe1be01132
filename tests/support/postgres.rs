//! A PostgreSQL of the tests' own, where its programs are: a cluster in a temporary folder, on a socket there, with a
//! database for each test. One server serves all test programs that run at the same time; the last one to end leaves a
//! watchman behind, who stops the server and removes the folder.
//!
//! Where there are no programs of PostgreSQL, what needs them says so and is left out; `tests/run` lists it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder of initdb and postgres; none when there are none. `JALON_POSTGRES` names another.
pub fn programs() -> Option<PathBuf> {
    let asked = std::env::var_os("JALON_POSTGRES").map(PathBuf::from);
    let debian = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut found: Vec<PathBuf> = debian.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).collect();
    found.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = asked.into_iter().chain(found.into_iter().rev()).chain(std::env::split_paths(&path));
    all.find(|folder| ["initdb", "postgres", "pg_ctl", "psql"].iter().all(|name| folder.join(name).exists()))
}

/// As whom the server runs: it refuses root.
pub fn servant() -> Option<&'static str> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let known = |name: &&str| users.lines().any(|line| line.split(':').next() == Some(*name));
    ["postgres", "nobody"].into_iter().find(known)
}

/// A command, as whoever may run the server.
pub fn as_servant(program: &Path) -> Command {
    match servant() {
        Some(user) => {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid"]).arg(group(user)).args(["--clear-groups", "--"]);
            command.arg(program);
            command
        }
        None => Command::new(program),
    }
}

fn group(user: &str) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let line = users.lines().find(|line| line.split(':').next() == Some(user)).unwrap_or_default();
    line.split(':').nth(3).unwrap_or("0").to_owned()
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Makes a cluster in a folder that is not there yet: whoever reaches its socket may do everything.
pub fn make_cluster(folder: &Path, durable: bool) {
    let programs = programs().unwrap();
    fs::create_dir_all(folder).unwrap();
    if let Some(user) = servant() {
        let owner = format!("{user}:{}", group(user));
        run(Command::new("chown").arg(&owner).arg(folder));
    }
    let data = folder.join("data");
    run(as_servant(&programs.join("initdb")).arg("-D").arg(&data).args([
        "--username=jalon",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    ]));
    let quick = if durable { "" } else { "fsync = off\nsynchronous_commit = on\nfull_page_writes = off\n" };
    let conf = format!(
        "listen_addresses = ''\nunix_socket_directories = '{}'\nunix_socket_permissions = 0777\nmax_connections = 200\nshared_buffers = 64MB\nautovacuum = on\nlog_min_messages = fatal\n{quick}",
        folder.display()
    );
    let file = data.join("postgresql.conf");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{before}\n{conf}")).unwrap();
}

/// Starts the server of a cluster, and waits until it answers. It outlives us.
pub fn start(folder: &Path) {
    let programs = programs().unwrap();
    run(as_servant(&programs.join("pg_ctl"))
        .args(["start", "-w", "-s", "-t", "60", "-D"])
        .arg(folder.join("data"))
        .arg("-l")
        .arg(folder.join("log"))
        .stdout(Stdio::null()));
}

/// Starts it, if it can be started now.
pub fn starts(folder: &Path) -> bool {
    let mut start = as_servant(&programs().unwrap().join("pg_ctl"));
    start
        .args(["start", "-w", "-s", "-t", "60", "-D"])
        .arg(folder.join("data"))
        .arg("-l")
        .arg(folder.join("log"));
    start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success()
}

/// The process of a running server.
pub fn server_pid(folder: &Path) -> Option<i32> {
    fs::read_to_string(folder.join("data/postmaster.pid")).ok()?.lines().next()?.parse().ok()
}

fn psql(folder: &Path, database: &str, text: &str) -> Command {
    let mut psql = Command::new(programs().unwrap().join("psql"));
    psql.args([
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-U",
        "jalon",
        "-d",
        database,
        "-c",
        text,
        "-h",
    ])
    .arg(folder)
    .stdin(Stdio::null())
    .env("PGOPTIONS", "--client-min-messages=warning");
    psql
}

/// Runs SQL past every ledger, in one database of a cluster; what it answered.
pub fn sql(folder: &Path, database: &str, text: &str) -> String {
    let output = psql(folder, database, text).output().unwrap();
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// The server that all test programs of this user share, for as long as any of them runs.
pub struct Shared {
    folder: PathBuf,
    _place: File,
}

impl Shared {
    fn get() -> &'static Self {
        static SHARED: std::sync::OnceLock<Shared> = std::sync::OnceLock::new();
        SHARED.get_or_init(Self::join)
    }

    fn join() -> Self {
        let folder =
            std::env::temp_dir().join(format!("jalon-tests-postgres-{}", rustix::process::getuid().as_raw()));
        let lock = |name: &str| folder.with_extension(name);
        let file = |path: &Path| File::options().create(true).truncate(false).write(true).open(path).unwrap();
        // Who makes, starts or stops the server is alone; whoever uses it shares.
        let making = file(&lock("making"));
        making.lock().unwrap();
        let place = file(&lock("used"));
        place.lock_shared().unwrap();
        if !is_up(&folder) {
            if !folder.join("ready").exists() {
                let _ = fs::remove_dir_all(&folder);
                make_cluster(&folder, false);
                fs::write(folder.join("ready"), "").unwrap();
            }
            start(&folder);
            watch(&folder, [&lock("making"), &lock("used")]);
        }
        Self { folder, _place: place }
    }
}

fn is_up(folder: &Path) -> bool {
    let socket = std::os::unix::net::UnixStream::connect(folder.join(".s.PGSQL.5432"));
    !matches!(socket, Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused))
}

/// Leaves somebody behind who stops the server once nobody uses it.
fn watch(folder: &Path, [making, used]: [&Path; 2]) {
    let pg_ctl = programs().unwrap().join("pg_ctl");
    let mut stop = as_servant(&pg_ctl);
    stop.args(["stop", "-s", "-m", "immediate", "-D"]).arg(folder.join("data"));
    let words: Vec<String> = std::iter::once(stop.get_program())
        .chain(stop.get_args())
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let script = format!(
        "trap '' HUP INT; while sleep 5; do flock -x '{making}' flock -n -x '{used}' sh -c \"{stop}; rm -rf '{folder}'\" && exit; done",
        making = making.display(),
        used = used.display(),
        stop = words.join(" "),
        folder = folder.display()
    );
    let mut watchman = Command::new("sh");
    watchman.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    watchman.process_group(0);
    drop(watchman.spawn().unwrap());
}

/// A place for one ledger on the shared server: a schema of its own, which is made in a few milliseconds where a database
/// takes a hundred.
pub struct Database {
    pub name: String,
}

impl Database {
    /// Whether there can be any.
    pub fn can_be() -> bool {
        programs().is_some()
    }

    fn number() -> u32 {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        NUMBER.fetch_add(1, Ordering::Relaxed)
    }

    pub fn new() -> Self {
        let name = format!("t{}_{}", std::process::id(), Self::number());
        sql(
            &Shared::get().folder,
            "postgres",
            &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        );
        Self { name }
    }

    /// The folder of its server's socket.
    pub fn folder() -> PathBuf {
        Shared::get().folder.clone()
    }

    pub fn url(&self) -> String {
        let folder = Self::folder();
        format!("postgres://jalon@/postgres?host={}&options=-csearch_path%3D{}", folder.display(), self.name)
    }

    /// Runs SQL past the ledger; what it answered.
    pub fn sql(&self, text: &str) -> String {
        sql(&Self::folder(), "postgres", &format!("SET search_path TO {}; {text}", self.name))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // What somebody still reads stays until the cluster goes.
        let text = format!("SET lock_timeout = '2s'; DROP SCHEMA {} CASCADE", self.name);
        let _ = psql(&Self::folder(), "postgres", &text).output();
    }
}

/// A database of its own, whose owner may do no more than the README gives to jalon. What a server does for a whole
/// database at a time touches nobody else.
pub struct Apart {
    pub name: String,
}

impl Apart {
    pub fn new() -> Self {
        let name = format!("apart{}_{}", std::process::id(), Database::number());
        let folder = &Shared::get().folder;
        sql(folder, "postgres", &format!("CREATE ROLE {name} LOGIN"));
        sql(folder, "postgres", &format!("CREATE DATABASE {name} OWNER {name}"));
        Self { name }
    }

    pub fn url(&self) -> String {
        format!("postgres://{name}@/{name}?host={}", Database::folder().display(), name = self.name)
    }

    /// Runs SQL past the ledger, as the server's master; what it answered.
    pub fn sql(&self, text: &str) -> String {
        sql(&Database::folder(), &self.name, text)
    }

    /// Everything in its tables, and what the server knows of their columns.
    pub fn dump(&self) -> String {
        let tables = self.sql(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'",
        );
        assert!(tables.lines().count() > 5, "{tables}");
        let all = tables.lines().map(|table| self.sql(&format!("SELECT t::text FROM {table} AS t")));
        let all: Vec<String> = all.collect();
        all.join("\n") + &self.sql("SELECT s::text FROM pg_stats AS s WHERE schemaname = 'public'")
    }

    /// The bytes of all its files.
    pub fn files(&self) -> Vec<Vec<u8>> {
        let oid = self.sql("CHECKPOINT; SELECT oid FROM pg_database WHERE datname = current_database()");
        let folder = Database::folder().join("data/base").join(oid);
        let files = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        files.collect()
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        let name = &self.name;
        for text in [format!("DROP DATABASE {name} WITH (FORCE)"), format!("DROP ROLE {name}")] {
            let _ = psql(&Database::folder(), "postgres", &text).output();
        }
    }
}

/// A session of somebody else, which stays.
pub struct Session {
    process: std::process::Child,
    answers: std::io::BufReader<std::process::ChildStdout>,
}

/// Begins one in a database of a cluster.
pub fn session(folder: &Path, database: &str) -> Session {
    let mut psql = Command::new(programs().unwrap().join("psql"));
    psql.args(["-X", "-q", "-A", "-t", "-U", "jalon", "-d", database, "-h"]).arg(folder);
    let mut process = psql.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let answers = std::io::BufReader::new(process.stdout.take().unwrap());
    Session { process, answers }
}

impl Session {
    /// Says something, and waits for the one line of the answer.
    pub fn say(&mut self, text: &str) -> String {
        use std::io::{BufRead as _, Write as _};
        writeln!(self.process.stdin.as_mut().unwrap(), "{text}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
