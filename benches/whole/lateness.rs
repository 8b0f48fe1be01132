//! P2. How late the first byte of a mail comes after its due instant, with 100,000 others planned; beside it, a bare timerfd
//! loop that waits for the same instants at the same time.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

use crate::common::daemon::{Asked as Mail, files, plan, start};
use crate::common::{Asked, percentile, short};

/// Over how many seconds the mails of a round, some fifty, are spread. `--rounds 17` asks for a thousand: half an hour.
const SPREAD: u32 = 120;

type Heard = Arc<Mutex<BTreeMap<String, DateTime<Utc>>>>;

pub fn p2(asked: &Asked) {
    if !asked.wants("P2") {
        return;
    }
    for others in asked.sizes(100_000, &[1_000, 10_000, 100_000, 1_000_000]) {
        run(others, SPREAD * u32::try_from(asked.rounds(1)).unwrap());
    }
}

fn run(others: usize, spread: u32) {
    let folder = tempfile::tempdir().unwrap();
    let heard: Heard = Arc::default();
    let port = listen(&heard);
    // Instants at random: a mail in one second of two, by a fixed sequence.
    let mut dice = 7_u64;
    let mut after: Vec<u32> = Vec::new();
    for second in 0..spread {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        if dice >> 63 == 1 {
            after.push(second);
        }
    }
    let mut mails: Vec<Mail> =
        after.iter().map(|after| Mail { to: format!("due{after:04}@example.org"), after: *after }).collect();
    mails.extend((0..others).map(|n| Mail { to: format!("p{n:07}@example.org"), after: 86_400 * 30 }));
    let ahead = TimeDelta::seconds(25 + i64::try_from(others / 4_000).unwrap());
    let due = now() + ahead;
    let due = DateTime::from_timestamp(due.timestamp() + 1, 0).unwrap();
    files(folder.path(), port, 1, due, &mails);
    plan(folder.path(), None, mails.len());
    let daemon = start(folder.path(), None);
    daemon.says("event=\"started\"");
    assert!(now() < due, "the machine was too slow to plan in {ahead}");
    let mut bare = Vec::new();
    for after in &after {
        let at = due + TimeDelta::seconds(i64::from(*after));
        wait(at);
        bare.push(millis(now() - at));
    }
    let begun = std::time::Instant::now();
    while heard.lock().unwrap().len() < after.len() && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    daemon.stop();
    let heard = heard.lock().unwrap();
    let late = |after: &u32| {
        let at = heard.get(&format!("due{after:04}@example.org")).expect("every mail came");
        millis(*at - (due + TimeDelta::seconds(i64::from(*after))))
    };
    let mut ours: Vec<f64> = after.iter().map(late).collect();
    let mut worst: Vec<_> = after.iter().zip(&ours).map(|(after, late)| (*late, *after)).collect();
    worst.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (late, after) in worst.iter().take(after.len().div_ceil(20)) {
        let at = due + TimeDelta::seconds(i64::from(*after));
        println!("     (late by {} ms at {})", short(*late), at.format("%H:%M:%S"));
    }
    let early = ours.iter().filter(|late| **late < 0.0).count();
    let (mine, theirs) = (percentile(&mut ours, 99.0), percentile(&mut bare, 99.0));
    let verdict = if early == 0 && mine - theirs <= 10.0 { "met" } else { "MISSED" };
    println!(
        "P2   lateness of {}, {others} others planned: bare p50 {} p99 {}; ours p50 {} p99 {} ms; {early} early; beyond the bare p99: {} ms, ≤ 10 {verdict}",
        after.len(),
        short(percentile(&mut bare, 50.0)),
        short(theirs),
        short(percentile(&mut ours, 50.0)),
        short(mine),
        short(mine - theirs),
    );
}

#[allow(clippy::disallowed_methods, reason = "what is measured is the machine's clock")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn millis(time: TimeDelta) -> f64 {
    time.as_seconds_f64() * 1000.0
}

/// The bare loop.
fn wait(at: DateTime<Utc>) {
    let fd = timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC).unwrap();
    let once = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec { tv_sec: at.timestamp(), tv_nsec: i64::from(at.timestamp_subsec_nanos()) },
    };
    timerfd_settime(&fd, TimerfdTimerFlags::ABSTIME, &once).unwrap();
    std::fs::File::from(fd).read_exact(&mut [0; 8]).unwrap();
}

/// A relay that notes when the first byte for each address came: after the answer to the mail before, or at the start of
/// the connection.
fn listen(heard: &Heard) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let heard = Arc::clone(heard);
    std::thread::spawn(move || {
        for tcp in listener.incoming() {
            let (tcp, heard) = (tcp.unwrap(), Arc::clone(&heard));
            std::thread::spawn(move || talk(&tcp, &heard));
        }
    });
    port
}

fn talk(tcp: &TcpStream, heard: &Heard) -> Option<()> {
    tcp.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(tcp);
    let say = |text: &[u8]| (&mut &*tcp).write_all(text).ok();
    say(b"220 sink\r\n")?;
    let mut first: Option<DateTime<Utc>> = None;
    let mut body = false;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let at = *first.get_or_insert_with(now);
        match line.get(..4).unwrap_or_default() {
            _ if body && line == ".\r\n" => {
                (body, first) = (false, None);
                say(b"250 ok\r\n")?;
            }
            _ if body => {}
            "EHLO" => say(b"250-sink\r\n250 8BITMIME\r\n")?,
            "DATA" => {
                body = true;
                say(b"354 go\r\n")?;
            }
            "RCPT" => {
                let to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                heard.lock().unwrap().entry(to).or_insert(at);
                say(b"250 ok\r\n")?;
            }
            _ => say(b"250 ok\r\n")?,
        }
    }
}
