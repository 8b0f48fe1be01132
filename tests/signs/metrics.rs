//! The file of metrics: what is in it, that it is whole, and that what it counts never goes down.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use jalon::daemon::metrics::{Seen, page, write};
use jalon::daemon::monitor::Monitor;
use jalon::daemon::troubles::{Health, WayHealth};
use jalon::ledger::Ledger as _;
use jalon::plan::complaint::Complaint;
use jalon::plan::tally::Tally;

use crate::running::Daemon;
use crate::server::{Script, Server};
use crate::world::{World, folder, utc, way};

fn relay(name: &str, health: Health) -> WayHealth {
    WayHealth { name: name.into(), health }
}

/// A page with every line.
fn whole() -> String {
    let now = utc("2026-06-24T07:20:00Z");
    let tally = Tally {
        planned: 12,
        sent: 345,
        failed: 1,
        held: 2,
        doubts: 3,
        overdue: Some(now - TimeDelta::seconds(1234)),
        next_due: Some(utc("2026-06-24T07:00:00Z")),
    };
    let (words, advice, complaint) = ("no to camille@example.org".to_owned(), None, Complaint::Login);
    let failing = Health::Failing { since: now, last: now, complaint, words, advice };
    let relays = [
        relay("smtp.example.org", Health::Well),
        relay("b:25 (\"x\\y\")", failing),
        relay("new.example.org", Health::Unknown),
    ];
    page(&Seen { tally: &tally, relays: &relays, config_ok: true, real: true, now })
}

#[test]
fn the_page_is_what_prometheus_reads() {
    let page = whole();
    let values: Vec<&str> = page.lines().filter(|line| !line.starts_with('#')).collect();
    let build = format!("jalon_build_info{{version=\"{}\",clock=\"real\"}} 1", env!("CARGO_PKG_VERSION"));
    assert_eq!(
        values,
        [
            "jalon_planned 12",
            "jalon_sent_total 345",
            "jalon_failed 1",
            "jalon_doubts_total 3",
            "jalon_held 2",
            "jalon_overdue_seconds 1234",
            "jalon_relay_up{relay=\"smtp.example.org\"} 1",
            "jalon_relay_up{relay=\"b:25 (\\\"x\\\\y\\\")\"} 0",
            "jalon_config_ok 1",
            "jalon_last_round_timestamp_seconds 1782285600",
            "jalon_next_due_timestamp_seconds 1782284400",
            &build,
        ]
    );
    assert!(!page.contains('@') && page.ends_with('\n'), "{page}");
    // Before each, what it is.
    let names: Vec<&str> = values.iter().map(|line| line.split(['{', ' ']).next().unwrap()).collect();
    for name in names {
        let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
        let (help, rest) = page.split_once(&format!("# TYPE {name} {kind}\n")).unwrap();
        assert!(help.lines().last().unwrap().starts_with(&format!("# HELP {name} ")), "{page}");
        assert!(rest.starts_with(name), "{page}");
    }
}

#[test]
fn promtool_finds_nothing_to_say() {
    let named = std::env::var_os("JALON_PROMTOOL").unwrap_or_else(|| "promtool".into());
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("page"), whole()).unwrap();
    let page = fs::File::open(folder.path().join("page")).unwrap();
    let Ok(output) = Command::new(named).args(["check", "metrics"]).stdin(page).output() else {
        eprintln!("skipped: promtool is missing (apt install prometheus, or JALON_PROMTOOL=…/promtool)");
        return;
    };
    let said = crate::running::text(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn what_is_not_known_has_no_line() {
    let now = utc("2026-06-24T07:20:00Z");
    let seen = Seen { tally: &Tally::default(), relays: &[], config_ok: false, real: false, now };
    let page = page(&seen);
    assert!(!page.contains("relay_up") && !page.contains("next_due"), "{page}");
    assert!(page.contains("jalon_overdue_seconds 0\n") && page.contains("jalon_config_ok 0\n"), "{page}");
    assert!(page.contains("clock=\"pretended\""), "{page}");
}

#[test]
fn a_page_takes_the_place_of_the_one_before_in_one_step() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jalon.prom");
    write(&path, "one\n").unwrap();
    let mut open = fs::File::open(&path).unwrap();
    // What a writer left that was cut off, or somebody put there, is not written through.
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    symlink(&precious, folder.path().join(".jalon.prom.new")).unwrap();
    write(&path, "two\n").unwrap();
    let mut text = String::new();
    open.read_to_string(&mut text).unwrap();
    assert_eq!((text.as_str(), fs::read_to_string(&path).unwrap().as_str()), ("one\n", "two\n"));
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    let names = || fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names(), 2, "nothing is left beside");
    // A folder stands there: it cannot be written, and nothing is left.
    fs::create_dir(folder.path().join("other.prom")).unwrap();
    assert!(write(&folder.path().join("other.prom"), "x").is_err());
    assert_eq!(names(), 3);
}

/// The values in a file of metrics.
fn value(path: &Path, name: &str) -> String {
    let page = fs::read_to_string(path).unwrap();
    let line = page.lines().find(|line| line.starts_with(&format!("jalon_{name} ")));
    line.unwrap_or_else(|| panic!("no {name} in {page}")).rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_counted_stays_counted_when_it_is_forgotten() {
    let server = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let page = tempfile::tempdir().unwrap();
    let path = page.path().join("jalon.prom");
    let more = format!("[monitoring]\nmetrics = \"{}\"", path.display());
    let mut world = World::new(&more, "2026-06-20T07:00:00Z", vec![way(&server, "one")]).await;
    let mut monitor = Monitor::new(world.ledger.clone(), world.clock.clone());
    world.round(&mut monitor).await;
    assert_eq!((value(&path, "planned"), value(&path, "sent_total")), ("1".into(), "0".into()));
    assert_eq!(value(&path, "next_due_timestamp_seconds"), "1782284400");
    // It is due, and late; then it leaves.
    world.go("2026-06-24T07:01:00Z").await;
    world.round(&mut monitor).await;
    assert_eq!(value(&path, "overdue_seconds"), "60");
    world.drain().await;
    world.round(&mut monitor).await;
    assert_eq!(
        ["planned", "sent_total", "overdue_seconds"].map(|name| value(&path, name)),
        ["0", "1", "0"].map(str::to_owned)
    );
    world.go("2028-06-24T07:00:00Z").await;
    assert_eq!(world.ledger.purge(world.clock.now() - TimeDelta::days(400)).await.unwrap(), 1);
    world.round(&mut monitor).await;
    assert_eq!(value(&path, "sent_total"), "1");
    let mut another = Monitor::new(world.ledger.clone(), world.clock.clone());
    world.round(&mut another).await;
    assert_eq!(value(&path, "sent_total"), "1", "also by the next daemon");
    // A round that could not be made leaves the page as it is.
    let before = fs::read_to_string(&path).unwrap();
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(9)).await;
    world.no_round(&mut another).await;
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_writes_for_all_to_read_and_goes_on_when_it_cannot() {
    let page = tempfile::tempdir().unwrap();
    let path = page.path().join("later/jalon.prom");
    let more = format!("[monitoring]\nmetrics = \"{}\"\n", path.display());
    let folder = folder(&more);
    let toml = folder.path().join("config/jalon.toml");
    let text = fs::read_to_string(&toml).unwrap().replace("operator", "outbox = \"outbox\"\noperator");
    fs::write(&toml, &text).unwrap();
    let mut command = Command::new("/bin/sh");
    let binary = env!("CARGO_BIN_EXE_jalon");
    let run = format!("umask 077; exec {binary} run --as-of 2026-06-24T08:59:58 --ledger sqlite:jalon.db");
    command.args(["-c", &run]).current_dir(folder.path()).env_clear().env("LANG", "C");
    let mut daemon = Daemon::spawn(command);
    daemon.until("event=\"metrics\"");
    fs::create_dir(page.path().join("later")).unwrap();
    let log = daemon.until("event=\"sent\"").join("\n");
    assert!(!log.contains("ERROR"), "{log}");
    daemon.hang_up();
    daemon.until("the metrics are written again");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!((value(&path, "sent_total"), value(&path, "config_ok")), ("1".into(), "1".into()));
    // A file that is wrong.
    fs::write(&toml, text.replace("[people", "people]")).unwrap();
    daemon.hang_up();
    daemon.until("event=\"refused\"");
    daemon.hang_up();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while value(&path, "config_ok") != "0" {
        assert!(std::time::Instant::now() < deadline);
        tokio::task::yield_now().await;
    }
    daemon.stop();
}
