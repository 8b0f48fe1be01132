//! P1. Mails due at once → rendered, handed, sent over loopback SMTP, settled, with SQLite FULL and four connections; against
//! bare lettre with ready bytes on four kept connections with TCP_NODELAY.

use std::process::Command;

use lettre::address::Envelope;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;

use crate::common::daemon::{Asked as Mail, Daemon, files, in_state, plan, start};
use crate::common::{Asked, Target, cpu, median, plot, print, real, sink};

const LINES: usize = 4;

pub fn p1(asked: &Asked) {
    if !asked.wants("P1") {
        return;
    }
    if sink::start().is_none() {
        println!("P1   left out: there is no smtp-sink here (Debian: the package postfix)");
        return;
    }
    let mut points = Vec::new();
    for mails in asked.sizes(10_000, &[1_000, 10_000, 100_000, 1_000_000]) {
        let rounds = asked.rounds(if mails > 50_000 { 1 } else { 3 });
        let (mut speed, mut work) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let (bare, bare_cpu) = bare(mails.min(20_000));
            let (ours, our_cpu) = ours(mails);
            speed.push((bare, ours));
            work.push((bare_cpu, our_cpu));
        }
        let what = format!("drain of {mails}, {LINES} connections");
        print("P1", &what, "mails/s", Target::AtLeast(0.4), &speed);
        print("P1", "  the sender's processor time a mail", "µs", Target::AtMost(2.5), &work);
        points.push((
            real(mails),
            median(speed.iter().map(|(bare, _)| *bare).collect()),
            median(speed.iter().map(|(_, ours)| *ours).collect()),
        ));
    }
    if asked.growth {
        plot::draw("p1", "P1: a drain of so many mails", "mails/s", &points);
    }
}

/// A mail like ours.
fn bytes() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    files(folder.path(), 25, 1, due(), &mails(2));
    let output = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .args(["--config", "config", "preview", "p000000", "milestone:passation", "--format", "eml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.stdout.len() > 1000, "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn due() -> chrono::DateTime<chrono::Utc> {
    "2026-06-25T10:00:00Z".parse().unwrap()
}

fn mails(count: usize) -> Vec<Mail> {
    (0..count).map(|n| Mail { to: format!("p{n:07}@example.org"), after: 0 }).collect()
}

/// Mails a second, and microseconds of processor time a mail.
fn bare(mails: usize) -> (f64, f64) {
    let (sink, bytes) = (sink::start().unwrap(), bytes());
    let before = cpu(std::process::id());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..LINES {
            let (port, bytes) = (sink.port, bytes.clone());
            tasks.spawn(async move {
                let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                tcp.set_nodelay(true).unwrap();
                let name = ClientId::default();
                let mut link =
                    AsyncSmtpConnection::connect_with_transport(Box::new(tcp), &name).await.unwrap();
                let (from, to) = ("r@example.org".parse().unwrap(), "p@example.org".parse().unwrap());
                let envelope = Envelope::new(Some(from), vec![to]).unwrap();
                for _ in 0..mails / LINES {
                    link.send(&envelope, &bytes).await.unwrap();
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    });
    let took = sink.taken(mails / LINES * LINES);
    let used = cpu(std::process::id()).saturating_sub(before);
    (real(mails) / took, used.as_secs_f64() * 1e6 / real(mails))
}

/// The same, of the daemon.
fn ours(count: usize) -> (f64, f64) {
    let folder = tempfile::tempdir().unwrap();
    let sink = sink::start().unwrap();
    files(folder.path(), sink.port, LINES, due(), &mails(count));
    plan(folder.path(), Some(due() - chrono::TimeDelta::hours(2)), count);
    let ahead = chrono::TimeDelta::seconds(5 + i64::try_from(count / 20_000).unwrap());
    let daemon: Daemon = start(folder.path(), Some(due() - ahead));
    daemon.says("event=\"started\"");
    std::thread::sleep((ahead - chrono::TimeDelta::seconds(1)).to_std().unwrap());
    let before = cpu(daemon.id());
    let took = sink.taken(count);
    while in_state(folder.path(), "sent") < count {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let used = cpu(daemon.id()).saturating_sub(before);
    daemon.stop();
    (real(count) / took, used.as_secs_f64() * 1e6 / real(count))
}
