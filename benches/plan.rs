//! Planning, restart, memory and rest, each beside something bare that does the least of it, by turns in one run (issue 9,
//! P3 to P8). `cargo bench --bench plan -- P3 P5 --size 1000 --rounds 5`, `-- P3 P4 P5 --growth`; sizes are postings.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a measurement may fail; figures are rounded"
)]

mod common;

use std::collections::HashSet;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Weekday};
use jalon::calendar::days::Holidays;
use jalon::calendar::read::posting;
use jalon::clock::Clock;
use jalon::daemon::planner::Planner;
use jalon::files::{leaves, load};
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::lay::lay;
use rusqlite::Connection;

use common::Target::{AtLeast, AtMost, None as Orientation};
use common::plot::{self, Point};
use common::{Asked, compare, print};

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

/// P3: laying reminders; beside it nothing but turning the same local times into instants, posting by posting as files
/// have them, so that neighbours are of different days; and the same with the days that a plan by hand would walk over.
fn planning(postings: usize, asked: &Asked) -> Point {
    let folder = tempfile::tempdir().unwrap();
    let config = house(folder.path(), postings, Size::Hundred);
    let loaded = load(&config);
    let settings = loaded.settings.unwrap();
    let postings = loaded.folder.postings;
    let in_files = || postings.iter().flat_map(|one| lay(std::slice::from_ref(one), &settings).reminders);
    let locals: Vec<NaiveDateTime> = in_files().map(|one| one.zone.local(one.due)).collect();
    let paris = |at: &NaiveDateTime| chrono_tz::Europe::Paris.from_local_datetime(at).unwrap().timestamp();
    let count = locals.len() as f64;
    let rate = |seconds: f64| count / seconds / 1e6;
    let ours = || rate(timed(|| lay(&postings, &settings).reminders.len()).0);
    let what = format!("{} reminders laid, beside bare conversions", locals.len());
    let bare = || rate(timed(|| locals.iter().map(paris).sum::<i64>()).0);
    let (bare_rate, our_rate) = compare("P3", &what, "M/s", AtLeast(0.15), asked.rounds(7), bare, ours);
    let holidays: HashSet<NaiveDate> = NaiveDate::from_ymd_opt(2031, 1, 1)
        .unwrap()
        .iter_days()
        .take(3000)
        .filter(|day| Holidays::France.contains(*day))
        .collect();
    let leads: Vec<(NaiveDate, i64)> =
        in_files().map(|one| (one.occurrence.to_string()[..10].parse().unwrap(), one.lead.count)).collect();
    let by_hand = |(on, count): &(NaiveDate, i64)| {
        let mut day = *on + TimeDelta::days(*count);
        while *count != 0 && (matches!(day.weekday(), Weekday::Sat | Weekday::Sun) || holidays.contains(&day))
        {
            day = day.pred_opt().unwrap();
        }
        paris(&day.and_hms_opt(9, 0, 0).unwrap())
    };
    let bare = || rate(timed(|| leads.iter().map(by_hand).sum::<i64>()).0);
    compare(
        "P3",
        "the same, beside days walked with a HashSet",
        "M/s",
        Orientation,
        asked.rounds(7),
        bare,
        ours,
    );
    (count, bare_rate, our_rate)
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
fn importing(postings: usize, asked: &Asked) -> Point {
    let one = || {
        let folder = tempfile::tempdir().unwrap();
        let config = house(folder.path(), postings, Size::Ten);
        let ledger = folder.path().join("jalon.db");
        let ours = block_on(import(&config, &ledger));
        let (bare, rows) = bare_upsert(&ledger, &folder.path().join("bare.db"));
        (rows as f64 / bare, rows as f64 / ours)
    };
    let pairs: Vec<(f64, f64)> = (0..asked.rounds(1)).map(|_| one()).collect();
    let what = format!("first import: {postings} postings of ten");
    let (bare, ours) = print("P4", &what, "rows/s", AtLeast(0.5), &pairs);
    (postings as f64 * 10.0, bare, ours)
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

/// P5, P7, P8 and P6, of one house; the point of P5, if it was asked for.
fn living(postings: usize, asked: &Asked) -> Option<Point> {
    let folder = tempfile::tempdir().unwrap();
    let config = house(folder.path(), postings, Size::Hundred);
    let rows = postings * 100;
    let import = block_on(import(&config, &folder.path().join("jalon.db")));
    println!("     ({postings} postings, {rows} rows, imported in {import:.1} s)");
    let restart = asked.wants("P5").then(|| {
        let (bare, ours) = compare(
            "P5",
            &format!("restart of {postings} → READY, beside parsing"),
            "ms",
            AtMost(3.0),
            asked.rounds(5),
            || read_and_parse(&config) * 1e3,
            || Daemon::start(folder.path(), &config).ready.as_secs_f64() * 1e3,
        );
        (rows as f64, bare, ours)
    });
    if asked.wants("P6") {
        let what = format!("one of {postings} edited → written, beside 100 ms");
        print("P6", &what, "ms", AtMost(1.0), &editing(folder.path(), &config, asked.rounds(7)));
    }
    if !asked.wants("P7") && !asked.wants("P8") {
        return restart;
    }
    let daemon = Daemon::start(folder.path(), &config);
    std::thread::sleep(Duration::from_secs(10));
    if asked.wants("P7") {
        let [now, most] = ["VmRSS", "VmHWM"].map(|field| daemon.status(field) as f64 / 1024.0);
        print(
            "P7",
            &format!("memory after a restart, {rows} rows, beside 40 MB"),
            "MB",
            AtMost(1.0),
            &[(40.0, now)],
        );
        println!("     (at most {most:.1} MB)");
    }
    if asked.wants("P8") {
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
        let what = format!("idle 60 s, {rows} planned, beside an empty scheduler");
        print("P8", &what, "wakes/s", AtMost(1.2), &[(bare.0, ours.0)]);
        print("P8", "the same", "ms CPU", AtMost(1.2), &[(bare.1, ours.1)]);
    }
    drop(daemon);
    restart
}

/// P6: one file is edited; milliseconds allowed, and taken.
fn editing(folder: &Path, config: &Path, rounds: usize) -> Vec<(f64, f64)> {
    block_on(async {
        let ledger = SqliteLedger::open(&folder.join("jalon.db"), Stamp::Real).unwrap();
        let mut planner =
            Planner::new(ledger.clone(), Clock::real(), config.to_owned(), leaves::load(config, None));
        planner.step().await.unwrap();
        let mut times = Vec::new();
        for n in 0..rounds {
            let file = config.join(format!("postings/posting-{n:06}.toml"));
            fs::write(&file, text(n + 1, Size::Hundred)).unwrap();
            let before = ledger.version().await.unwrap();
            let begun = Instant::now();
            planner.reload().unwrap();
            let mut begins = planner.begin(false).await.unwrap().unwrap();
            let laid = planner.next(&mut begins).await.unwrap().unwrap();
            let written = begun.elapsed();
            let round = planner.write(laid).await.unwrap();
            times.push((100.0, begun.elapsed().as_secs_f64() * 1e3));
            assert!(
                round.moved + round.added > 0 && ledger.version().await.unwrap() != before,
                "{written:?}"
            );
        }
        times
    })
}

fn main() {
    if std::env::args().any(|arg| arg == "--empty-scheduler") {
        block_on(async {
            let scheduler = tokio_cron_scheduler::JobScheduler::new().await.unwrap();
            scheduler.start().await.unwrap();
            std::future::pending::<()>().await;
        });
    }
    let asked = Asked::read();
    let drawn = |name, title, unit, points: Vec<Point>| {
        if asked.growth {
            plot::draw(name, title, unit, &points);
        }
    };
    if asked.wants("P3") {
        let sizes = asked.sizes(10_000, &[10, 100, 1_000, 10_000]).into_iter();
        let points = sizes.map(|size| planning(size, &asked)).collect();
        drawn("p3", "P3: so many reminders laid in memory", "millions a second", points);
    }
    if asked.wants("P4") {
        let sizes = asked.sizes(100_000, &[100, 1_000, 10_000, 100_000]).into_iter();
        let points = sizes.map(|size| importing(size, &asked)).collect();
        drawn("p4", "P4: a first import of so many rows", "rows/s", points);
    }
    if ["P5", "P6", "P7", "P8"].iter().any(|row| asked.wants(row)) {
        let sizes = asked.sizes(10_000, &[10, 100, 1_000, 10_000]).into_iter();
        let points: Vec<Point> = sizes.filter_map(|size| living(size, &asked)).collect();
        if !points.is_empty() {
            drawn("p5", "P5: a restart with so many rows planned", "ms", points);
        }
    }
}
