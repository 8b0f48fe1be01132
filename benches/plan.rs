//! Planning, restart, memory and rest, each beside something bare that does the least of it, in one run and one after the
//! other (issue 9, P3 to P8). `cargo bench --bench plan [-- P3 P5 …]`; ratios count, absolute figures are of the machine.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement may fail; figures are rounded"
)]

use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeZone as _};
use jalon::calendar::read::posting;
use jalon::clock::Clock;
use jalon::daemon::planner::Planner;
use jalon::files::{leaves, load};
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::lay::lay;
use rusqlite::Connection;

/// A house: how many postings, and how many reminders each has.
#[derive(Clone, Copy)]
enum Size {
    /// Four events, five leads, five people: a hundred.
    Hundred,
    /// One event, five leads, two people: ten.
    Ten,
}

fn jalon_toml(size: Size) -> String {
    let people = if matches!(size, Size::Hundred) { 5 } else { 2 };
    let mut toml =
        "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"R <r@example.org>\"\noutbox = \"outbox\"\n"
            .to_owned();
    for n in 0..people {
        toml += &format!("[people.p{n}]\nname = \"Personne {n}\"\nemail = \"p{n}@example.org\"\n");
    }
    let team: Vec<String> = (0..people).map(|n| format!("\"p{n}\"")).collect();
    toml += &format!("[teams]\nrh = [{}]\n", team.join(", "));
    for kind in ["deadline", "interview", "start", "end"] {
        toml += &format!(
            "[[remind]]\nevent = \"{kind}\"\nbefore = [\"30d\", \"14d\", \"7d\", \"1d\"]\non_day = true\n"
        );
    }
    toml
}

fn text(n: usize, size: Size) -> String {
    let day = |offset: i64| {
        NaiveDate::from_ymd_opt(2032, 3, 1).unwrap()
            + chrono::TimeDelta::days(offset + i64::try_from(n % 700).unwrap())
    };
    let mut text = format!(
        "title = \"Chargé·e d'accompagnement des habitants, poste {n}\"\norganisation = \"Villages et territoires de la vallée {}\"\nrecruiters = [\"rh\"]\ncontract = \"CDD de 9 mois, temps plein, 35 heures\"\nlocation = \"26400 Crest, avec des déplacements dans le département\"\nurl = \"https://example.org/offres/{n}\"\nreference = \"REF-{n}\"\n\n[deadline]\nuntil = {}\n",
        n % 97,
        day(0)
    );
    if matches!(size, Size::Hundred) {
        text += &format!(
            "[[interview]]\non = {}T10:00:00\nplace = \"Crest, ou en visio\"\n[start]\non = {}\n[end]\non = {}\nlabel = \"fin du contrat\"\n",
            day(10),
            day(45),
            day(320)
        );
    }
    text
}

fn house(folder: &Path, postings: usize, size: Size) -> PathBuf {
    let config = folder.join("config");
    fs::create_dir_all(config.join("postings")).unwrap();
    fs::write(config.join("jalon.toml"), jalon_toml(size)).unwrap();
    for n in 0..postings {
        fs::write(config.join(format!("postings/posting-{n:06}.toml")), text(n, size)).unwrap();
    }
    config
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed().as_secs_f64(), done)
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(work)
}

/// Reads and parses every file, and keeps nothing.
fn read_and_parse(config: &Path) -> f64 {
    let house = load_house(config);
    let (time, read) = timed(|| {
        let mut read = 0;
        for entry in fs::read_dir(config.join("postings")).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            let stem = path.file_stem().unwrap().to_str().unwrap();
            read += usize::from(posting(path.to_str().unwrap(), stem, &text, &house).posting.is_some());
        }
        read
    });
    assert!(read > 0);
    time
}

fn load_house(config: &Path) -> jalon::calendar::House {
    let path = config.join("jalon.toml");
    let text = fs::read_to_string(&path).unwrap();
    jalon::settings::read::reading(path.to_str().unwrap(), &text).settings.unwrap().house
}

async fn import(config: &Path, ledger: &Path) -> f64 {
    let loaded = leaves::load(config, None);
    let ledger = SqliteLedger::open(ledger, Stamp::Real).unwrap();
    let planner = Planner::new(ledger, Clock::real(), config.to_owned(), loaded);
    let begun = Instant::now();
    planner.step().await.unwrap();
    begun.elapsed().as_secs_f64()
}

/// P3: laying reminders, and nothing but turning the same local times into instants.
fn planning(postings: usize) {
    let folder = tempfile::tempdir().unwrap();
    let config = house(folder.path(), postings, Size::Hundred);
    let loaded = load(&config);
    let settings = loaded.settings.unwrap();
    let postings = loaded.folder.postings;
    let locals: Vec<_> =
        lay(&postings, &settings).reminders.iter().map(|one| one.zone.local(one.due)).collect();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        bare.push(
            timed(|| {
                locals
                    .iter()
                    .map(|at| chrono_tz::Europe::Paris.from_local_datetime(at).unwrap().timestamp())
                    .sum::<i64>()
            })
            .0,
        );
        ours.push(timed(|| lay(&postings, &settings).reminders.len()).0);
    }
    let (ours, bare) = (median(ours), median(bare));
    let count = locals.len() as f64;
    println!(
        "P3 planning of {} reminders: {:.2} M/s; bare chrono-tz {:.2} M/s; ratio {:.3} (target 0.15)",
        locals.len(),
        count / ours / 1e6,
        count / bare / 1e6,
        bare / ours
    );
}

/// Bare rusqlite: the same rows, a thousand a transaction, FULL, a unique key and one partial index.
fn bare_upsert(from: &Path, to: &Path) -> (f64, usize) {
    type Bare = (String, String, String, String, String, i64, i64, String);
    let source = Connection::open(from).unwrap();
    let rows: Vec<Bare> = source
        .prepare("SELECT key, posting, event, recipient, email, due, late_after, why FROM rows")
        .unwrap()
        .query_map([], |r| {
            Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?, r.get(5)?, r.get(6)?, r.get(7)?))
        })
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut db = Connection::open(to).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE rows (key TEXT PRIMARY KEY, posting TEXT, event TEXT, recipient TEXT, email TEXT, due INTEGER,
                            late_after INTEGER, why TEXT, state TEXT DEFAULT 'planned') STRICT;
         CREATE INDEX due ON rows (due) WHERE state = 'planned';",
    )
    .unwrap();
    let (time, ()) = timed(|| {
        for some in rows.chunks(1000) {
            let all = db.transaction().unwrap();
            let mut put = all
                .prepare("INSERT INTO rows (key, posting, event, recipient, email, due, late_after, why) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                          ON CONFLICT (key) DO UPDATE SET due = excluded.due")
                .unwrap();
            for r in some {
                put.execute(rusqlite::params![r.0, r.1, r.2, r.3, r.4, r.5, r.6, r.7]).unwrap();
            }
            drop(put);
            all.commit().unwrap();
        }
    });
    (time, rows.len())
}

/// P4: the first import.
fn importing(postings: usize) {
    let folder = tempfile::tempdir().unwrap();
    let config = house(folder.path(), postings, Size::Ten);
    let ledger = folder.path().join("jalon.db");
    let ours = block_on(import(&config, &ledger));
    let (bare, rows) = bare_upsert(&ledger, &folder.path().join("bare.db"));
    println!(
        "P4 first import of {postings} postings, {rows} rows: {ours:.2} s; bare upsert {bare:.2} s; ratio {:.2} (target 0.5)",
        bare / ours
    );
}

/// The daemon, as a service manager starts it.
struct Daemon {
    child: Child,
    ready: Duration,
}

impl Daemon {
    fn start(folder: &Path, config: &Path) -> Self {
        let socket = folder.join("notify");
        let _ = fs::remove_file(&socket); // of the daemon before
        let ear = UnixDatagram::bind(&socket).unwrap();
        let log = fs::File::create(folder.join("log")).unwrap();
        let begun = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_jalon"))
            .args(["run", "--config"])
            .arg(config)
            .arg("--ledger")
            .arg(format!("sqlite:{}", folder.join("jalon.db").display()))
            .env("NOTIFY_SOCKET", &socket)
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut word = [0; 4096];
        loop {
            let length = ear.recv(&mut word).unwrap();
            if String::from_utf8_lossy(&word[..length]).contains("READY=1") {
                break;
            }
        }
        let ready = begun.elapsed();
        // Whoever speaks to it later must not be kept waiting by a full socket.
        std::thread::spawn(move || while ear.recv(&mut [0; 4096]).is_ok() {});
        Self { child, ready }
    }

    fn status(&self, field: &str) -> u64 {
        field_of(&format!("/proc/{}/status", self.child.id()), field)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn field_of(path: &str, field: &str) -> u64 {
    let text = fs::read_to_string(path).unwrap();
    let line = text.lines().find(|line| line.starts_with(field)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Voluntary switches and nanoseconds of CPU of all threads of a process.
fn spent(process: u32) -> (u64, u64) {
    let (mut switches, mut nanos) = (0, 0);
    for task in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        let path = task.unwrap().path().display().to_string();
        switches += field_of(&format!("{path}/status"), "voluntary_ctxt_switches");
        let stat = fs::read_to_string(format!("{path}/schedstat")).unwrap();
        nanos += stat.split_whitespace().next().unwrap().parse::<u64>().unwrap();
    }
    (switches, nanos)
}

/// P5, P7, P8 and P6, of one house.
fn living(postings: usize, asked: &dyn Fn(&str) -> bool) {
    let folder = tempfile::tempdir().unwrap();
    let config = house(folder.path(), postings, Size::Hundred);
    let import = block_on(import(&config, &folder.path().join("jalon.db")));
    println!("   (import of {postings} postings, {} rows: {import:.1} s)", postings * 100);
    if asked("P5") {
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        for _ in 0..5 {
            bare.push(read_and_parse(&config));
            ours.push(Daemon::start(folder.path(), &config).ready.as_secs_f64());
        }
        let (ours, bare) = (median(ours), median(bare));
        println!(
            "P5 restart of {postings} unchanged postings → READY: {:.0} ms; reading and parsing {:.0} ms; ratio {:.2} (target at most 3)",
            ours * 1e3,
            bare * 1e3,
            ours / bare
        );
    }
    if asked("P6") {
        editing(folder.path(), &config);
    }
    let daemon = Daemon::start(folder.path(), &config);
    std::thread::sleep(Duration::from_secs(10));
    if asked("P7") {
        println!(
            "P7 memory after a restart, {postings} postings, {} rows: {:.1} MB RSS, {:.1} MB at most (target at most 40)",
            postings * 100,
            daemon.status("VmRSS") as f64 / 1024.0,
            daemon.status("VmHWM") as f64 / 1024.0
        );
    }
    if asked("P8") {
        let mut empty =
            Command::new(std::env::current_exe().unwrap()).arg("--empty-scheduler").spawn().unwrap();
        // Past the rounds that follow a start.
        std::thread::sleep(Duration::from_secs(150));
        let before = (spent(daemon.child.id()), spent(empty.id()));
        std::thread::sleep(Duration::from_mins(1));
        let after = (spent(daemon.child.id()), spent(empty.id()));
        let _ = empty.kill();
        let _ = empty.wait();
        let of = |now: (u64, u64), then: (u64, u64)| {
            ((now.0 - then.0) as f64 / 60.0, (now.1 - then.1) as f64 / 1e6)
        };
        let (ours, bare) = (of(after.0, before.0), of(after.1, before.1));
        println!(
            "P8 idle 60 s, {} planned: {:.2} wake-ups/s, {:.1} ms of CPU; empty tokio-cron-scheduler {:.2}/s, {:.1} ms; ratios {:.2} and {:.2} (target at most 1.2)",
            postings * 100,
            ours.0,
            ours.1,
            bare.0,
            bare.1,
            ours.0 / bare.0,
            ours.1 / bare.1
        );
    }
    drop(daemon);
}

/// P6: one file is edited.
fn editing(folder: &Path, config: &Path) {
    block_on(async {
        let ledger = SqliteLedger::open(&folder.join("jalon.db"), Stamp::Real).unwrap();
        let mut planner =
            Planner::new(ledger.clone(), Clock::real(), config.to_owned(), leaves::load(config, None));
        planner.step().await.unwrap();
        let mut times = Vec::new();
        for n in 0..7 {
            let file = config.join(format!("postings/posting-{n:06}.toml"));
            fs::write(&file, text(n + 1, Size::Hundred)).unwrap();
            let before = ledger.version().await.unwrap();
            let begun = Instant::now();
            planner.reload().unwrap();
            let mut begins = planner.begin(false).await.unwrap().unwrap();
            let laid = planner.next(&mut begins).await.unwrap().unwrap();
            let written = begun.elapsed();
            let round = planner.write(laid).await.unwrap();
            times.push(begun.elapsed().as_secs_f64());
            assert!(
                round.moved + round.added > 0 && ledger.version().await.unwrap() != before,
                "{written:?}"
            );
        }
        println!(
            "P6 one file edited → round written: {:.0} ms after it is noticed (target at most 100)",
            median(times) * 1e3
        );
    });
}

fn main() {
    if std::env::args().any(|arg| arg == "--empty-scheduler") {
        block_on(async {
            let scheduler = tokio_cron_scheduler::JobScheduler::new().await.unwrap();
            scheduler.start().await.unwrap();
            std::future::pending::<()>().await;
        });
    }
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg.starts_with('P')).collect();
    let asked = |what: &str| args.is_empty() || args.iter().any(|arg| arg == what);
    if asked("P3") {
        planning(10_000);
    }
    if asked("P4") {
        importing(100_000);
    }
    if ["P5", "P6", "P7", "P8"].iter().any(|what| asked(what)) {
        living(10_000, &asked);
    }
    if args.iter().any(|arg| arg == "PGROWTH") {
        for postings in [10, 100, 1_000, 10_000] {
            planning(postings);
            importing(postings);
            living(postings, &|what| what == "P5" || what == "P6" || what == "P7");
        }
    }
    let _ = io::Write::flush(&mut io::stdout());
}
