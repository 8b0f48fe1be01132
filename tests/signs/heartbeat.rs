//! Somebody listens to the heartbeat, or nobody does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::daemon::heartbeat::{Heartbeats, Progress, ask, is_good, target};
use jalon::daemon::planner::Round;
use jalon::daemon::troubles::{Felt, Health, WayHealth};
use jalon::plan::complaint::Complaint;
use jalon::plan::tally::Tally;
use jalon::settings::Secret;
use jalon::settings::monitoring::{Heartbeat, Target};

use crate::certificates::Authority;
use crate::ear::{Ear, STALL};
use crate::running::{Daemon, ended, jalon};
use crate::server::{Script, Server, Stage, say};
use crate::world::{folder, utc};

const NOON: &str = "2026-06-24T12:00:00Z";

fn failing(complaint: Complaint, minutes: i64) -> WayHealth {
    let since = utc(NOON) - TimeDelta::minutes(minutes);
    let health = Health::Failing { since, last: since, complaint, words: String::new(), advice: None };
    WayHealth { name: "one".into(), health }
}

#[test]
fn a_round_is_good_while_reminders_leave_as_they_should() {
    let well = || WayHealth { name: "two".into(), health: Health::Well };
    let unknown = || WayHealth { name: "two".into(), health: Health::Unknown };
    let ways = |ways: Vec<WayHealth>| Felt { ways, ..Felt::default() };
    let round = Round::default();
    let good = |felt: &Felt| is_good(Some(&round), felt, false, utc(NOON));
    for (felt, expected) in [
        (ways(vec![]), true),
        (ways(vec![well()]), true),
        (ways(vec![unknown()]), true),
        // What waiting may mend has an hour; what it cannot mend, none.
        (ways(vec![failing(Complaint::Away, 59)]), true),
        (ways(vec![failing(Complaint::Away, 60)]), false),
        (ways(vec![failing(Complaint::Quota, 59)]), true),
        (ways(vec![failing(Complaint::Quota, 60)]), false),
        (ways(vec![failing(Complaint::Login, 0)]), false),
        (ways(vec![failing(Complaint::Untrusted, 0)]), false),
        (ways(vec![failing(Complaint::Token, 0)]), false),
        // Mails leave by the other one.
        (ways(vec![failing(Complaint::Login, 900), well()]), true),
        (ways(vec![failing(Complaint::Login, 900), failing(Complaint::Away, 60)]), false),
        (Felt { ledger: Some((utc(NOON), "full".into())), ..Felt::default() }, false),
    ] {
        assert_eq!(good(&felt), expected, "{felt:?}");
    }
    let felt = Felt::default();
    assert!(!is_good(None, &felt, false, utc(NOON)), "the ledger fails, or the clock does not agree");
    assert!(!is_good(Some(&round), &felt, true, utc(NOON)), "nothing leaves");
    let doubted = Round { doubted: true, ..Round::default() };
    assert!(!is_good(Some(&doubted), &felt, false, utc(NOON)), "the postings vanished");
}

/// Whether mails are stuck at each of these minutes; how many had been sent, and whether any waits, and with a reason.
fn stuck(rounds: &[(i64, u64, bool, bool)]) -> Vec<bool> {
    let mut progress = Progress::default();
    let ask = |&(minute, sent, waits, excused): &(i64, u64, bool, bool)| {
        let now: DateTime<Utc> = utc(NOON) + TimeDelta::minutes(minute);
        let overdue = waits.then(|| now - TimeDelta::days(1));
        progress.is_stuck(&Tally { sent, overdue, ..Tally::default() }, excused, now)
    };
    rounds.iter().map(ask).collect()
}

#[test]
fn mails_are_stuck_when_none_leaves_for_fifteen_minutes_without_a_reason() {
    let every = |minutes: std::ops::RangeInclusive<i64>, rest: fn(i64) -> (u64, bool, bool)| {
        minutes.map(|m| (m, rest(m).0, rest(m).1, rest(m).2)).collect::<Vec<_>>()
    };
    let last = |rounds: &[(i64, u64, bool, bool)]| *stuck(rounds).last().unwrap();
    assert!(!last(&every(0..=15, |_| (7, true, false))), "what is overdue at start has fifteen minutes");
    assert!(last(&every(0..=16, |_| (7, true, false))));
    assert!(!last(&every(0..=60, |_| (7, false, false))), "nothing is due");
    assert!(!last(&every(0..=60, |m| (7 + m.unsigned_abs() / 10, true, false))), "they leave one by one");
    assert!(!last(&every(0..=60, |m| (7, true, m % 10 == 0))), "a rate holds them back");
    // A machine that slept: what fell due meanwhile has fifteen minutes from then on.
    let mut slept = every(0..=10, |_| (7, true, false));
    slept.extend(every(600..=615, |_| (7, true, false)));
    assert!(!last(&slept));
    slept.push((616, 7, true, false));
    assert!(last(&slept));
    assert!(!last(&[(20, 7, true, false), (0, 7, true, false)]), "a clock that was set back");
}

/// Asks, off the threads of the test.
async fn asked(url: String, good: bool) -> Result<(), String> {
    tokio::task::spawn_blocking(move || ask(&Target::parse(&url).unwrap(), good)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_address_is_asked_for_and_after_a_bad_round_its_fail() {
    let ear = Ear::start(None, 200).await;
    assert_eq!(asked(ear.url(), true).await, Ok(()));
    assert_eq!(asked(ear.url(), false).await, Ok(()));
    assert_eq!(ear.asked(), ["GET /6b1c7c5e HTTP/1.1", "GET /6b1c7c5e/fail HTTP/1.1"]);
    // Of another grammar nothing is asked for: what is missing is the alarm.
    assert_eq!(asked(format!("{}?status=up", ear.url()), false).await, Ok(()));
    assert_eq!(asked(format!("{}?status=up", ear.url()), true).await, Ok(()));
    assert_eq!(ear.asked()[2..], ["GET /6b1c7c5e?status=up HTTP/1.1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn why_nobody_listens_is_said_without_the_address() {
    let ear = Ear::start(None, 404).await;
    assert_eq!(asked(ear.url(), true).await.unwrap_err(), "it answers 404");
    ear.answer(301);
    assert_eq!(
        asked(ear.url(), true).await.unwrap_err(),
        "it answers 301: write the address that it leads to"
    );
    assert_eq!(ear.asked().len(), 2, "nobody is led on");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let why = asked(format!("http://{nobody}/6b1c7c5e"), true).await.unwrap_err();
    assert!(why.contains("refused") && !why.contains("6b1c"), "{why}");
    // A certificate that nobody knows.
    let tls = Authority::new("nobody's").server(&["localhost"], 2199);
    let ear = Ear::start(Some(tls), 200).await;
    let why = asked(ear.url(), true).await.unwrap_err();
    assert!(why.contains("certificate") && !why.contains("6b1c"), "{why}");
    assert_eq!(ear.asked(), [""; 0], "and nothing was said to it");
}

#[test]
fn an_address_that_is_kept_is_read_each_time_and_never_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("heartbeat.url");
    let heartbeat = Heartbeat::Kept(Secret::File("heartbeat.url".into()));
    let read = || target(&heartbeat, folder.path());
    assert!(read().unwrap_err().en.starts_with("the address of `heartbeat` ("), "{:?}", read());
    fs::write(&path, "https://hc-ping.com/6b1c7c5e\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(read().unwrap_err().en.contains("can be read by others"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(read().unwrap().url(true).as_deref(), Some("https://hc-ping.com/6b1c7c5e"));
    assert!(!format!("{:?}", read()).contains("6b1c"));
    fs::write(&path, "hc-ping.com/6b1c7c5e\n").unwrap();
    let words = read().unwrap_err();
    assert!(words.en.contains("is no https address") && !format!("{words:?}").contains("6b1c"));
}

/// Beats until somebody was asked so often.
async fn beat(beats: &mut Heartbeats, ear: &Ear, good: bool, now: &str, times: usize) {
    while beats.is_asking() {
        tokio::task::yield_now().await;
    }
    let heartbeat = Heartbeat::Written(Target::parse(&ear.url()).unwrap());
    beats.beat(&heartbeat, Path::new("."), good, false, utc(now));
    assert_eq!(ear.heard(times).await.len(), times);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_beats_once_a_minute_and_at_once_when_a_round_is_otherwise() {
    let (ear, mut beats) = (Ear::start(None, 200).await, Heartbeats::default());
    beat(&mut beats, &ear, true, "2026-06-24T12:00:30Z", 1).await;
    beat(&mut beats, &ear, true, "2026-06-24T12:00:31Z", 1).await;
    beat(&mut beats, &ear, true, "2026-06-24T12:00:59Z", 1).await;
    beat(&mut beats, &ear, true, "2026-06-24T12:01:30Z", 2).await;
    beat(&mut beats, &ear, false, "2026-06-24T12:01:31Z", 3).await;
    beat(&mut beats, &ear, false, "2026-06-24T12:01:32Z", 3).await;
    beat(&mut beats, &ear, true, "2026-06-24T12:01:33Z", 4).await;
    beat(&mut beats, &ear, true, "2026-06-24T12:02:00Z", 5).await;
    let fails: Vec<bool> = ear.asked().iter().map(|line| line.contains("/fail")).collect();
    assert_eq!(fails, [false, false, true, false, false]);
    // One that is not answered is not overtaken.
    ear.answer(STALL);
    beat(&mut beats, &ear, true, "2026-06-24T12:03:00Z", 6).await;
    let heartbeat = Heartbeat::Written(Target::parse(&ear.url()).unwrap());
    for minute in 4..20 {
        beats.beat(&heartbeat, Path::new("."), true, false, utc(&format!("2026-06-24T12:{minute:02}:00Z")));
    }
    assert!(beats.is_asking() && ear.asked().len() == 6);
    ear.answer(200);
    beat(&mut beats, &ear, false, "2026-06-24T12:30:00Z", 7).await;
    assert!(ear.asked()[6].contains("/fail"), "{:?}", ear.asked());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_pretended_clock_nobody_is_asked_but_this_machine() {
    let mut beats = Heartbeats::default();
    let ear = Ear::start(None, 200).await;
    // This leads here as well, and does not look it.
    let elsewhere = ear.url().replace("localhost", "0.0.0.0");
    let far = Heartbeat::Written(Target::parse(&elsewhere).unwrap());
    beats.beat(&far, Path::new("."), false, true, utc("2026-06-24T12:00:30Z"));
    while beats.is_asking() {
        tokio::task::yield_now().await;
    }
    let near = Heartbeat::Written(Target::parse(&ear.url()).unwrap());
    beats.beat(&near, Path::new("."), true, true, utc("2026-06-24T12:01:30Z"));
    assert_eq!(ear.heard(1).await, ["GET /6b1c7c5e HTTP/1.1"]);
}

/// A daemon on the evening before, by a relay that answers AUTH like this.
async fn live(auth: Option<&str>, monitoring: &str) -> (Server, tempfile::TempDir, std::process::Command) {
    let rules = auth.map(|words| (Stage::Auth, 0, say(words))).into_iter().collect();
    let server = Server::start(Script { rules, offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let folder = folder(&format!(
        "[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nusername = \"camille\"\npassword = {{ env = \"PASSWORD\" }}\n[monitoring]\n{monitoring}\n",
        server.port
    ));
    let mut command = jalon(folder.path());
    command.env("PASSWORD", "ouvre-toi");
    // A moment before another minute begins.
    command.args(["run", "--as-of", "2026-06-23T18:29:57", "--ledger", "sqlite:jalon.db"]);
    (server, folder, command)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_beats_over_tls_and_says_when_no_relay_takes_a_mail() {
    let authority = Authority::new("ours");
    let ear = Ear::start(Some(authority.server(&["localhost"], 2199)), 200).await;
    let kept = "heartbeat = { file = \"heartbeat.url\" }";
    let (_server, folder, mut command) = live(Some("535 5.7.8 bad credentials"), kept).await;
    let secret = folder.path().join("config/heartbeat.url");
    fs::write(&secret, ear.url()).unwrap();
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
    command.env("SSL_CERT_FILE", folder.path().join("ca.pem"));
    let mut daemon = Daemon::spawn(command);
    // The first round is good, for nothing is known yet; then the relay is looked at.
    let asked = ear.heard(2).await;
    assert_eq!(asked, ["GET /6b1c7c5e HTTP/1.1", "GET /6b1c7c5e/fail HTTP/1.1"]);
    let log = daemon.until("event=\"relay-rests\"").join("\n");
    assert!(!log.contains("6b1c") && !log.contains("event=\"heartbeat\""), "{log}");
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_nobody_listens_is_one_line_and_delays_no_mail_and_no_stop() {
    let ear = Ear::start(None, 500).await;
    let (_server, folder, command) = live(None, &format!("heartbeat = \"{}\"", ear.url())).await;
    let mut daemon = Daemon::spawn(command);
    let line = daemon.until("event=\"heartbeat\"").pop().unwrap();
    assert!(line.contains("host=\"localhost\" why=\"it answers 500\"") && !line.contains("6b1c"), "{line}");
    // It is asked again in the next minute: nothing more is said.
    let deadline = Instant::now() + Duration::from_secs(30);
    while ear.asked().len() < 2 {
        assert!(Instant::now() < deadline);
        daemon.hang_up();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // Nobody answers at all any more: mails are written and files are read, and the stop is no later.
    ear.answer(STALL);
    let posting = folder.path().join("config/postings/p.toml");
    let text = fs::read_to_string(&posting).unwrap().replace("2026-06-25", "2026-06-26");
    fs::write(&posting, text).unwrap();
    daemon.hang_up();
    let log = daemon.until("event=\"planned\"").join("\n");
    assert!(!log.contains("event=\"heartbeat\""), "{log}");
    let begun = Instant::now();
    daemon.stop();
    assert!(begun.elapsed().as_secs() < 8, "{:?}", begun.elapsed());
}

#[test]
fn check_warns_of_an_address_that_is_not_where_it_should_be() {
    let folder = folder("outbox = \"x\"\n[monitoring]\nheartbeat = { file = \"heartbeat.url\" }\n");
    let toml = folder.path().join("config/jalon.toml");
    // `outbox` stands under [mail].
    let text = fs::read_to_string(&toml).unwrap().replace("outbox = \"x\"\n", "");
    fs::write(&toml, text.replace("operator", "outbox = \"x\"\noperator")).unwrap();
    let check = |arguments: &[&str]| ended(&jalon(folder.path()).args(arguments).output().unwrap());
    let (code, out, err) = check(&["check", "--lang", "en"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(format!("{out}{err}").contains("the address of `heartbeat`"), "{out}{err}");
    let (_, out, err) = check(&["check", "--lang", "en", "--elsewhere"]);
    assert!(!format!("{out}{err}").contains("heartbeat"), "{out}{err}");
}
