//! How many mails a second 1, 2 and 4 dispatchers claim, hand and settle in one PostgreSQL, and one in SQLite: the ledger
//! alone, without a relay. `cargo bench --bench hosts`; where there are no programs of PostgreSQL, only SQLite's figure.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "it is a measurement")]

#[path = "../tests/support/postgres.rs"]
mod server;

use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::ledger::postgres::PostgresLedger;
use jalon::ledger::postgres::place::Place;
use jalon::ledger::shared::Host;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger, Mail, Stamp, Turn};
use jalon::plan::next::Verdict;
use jalon::plan::reconcile::Change;
use jalon::plan::row::State;
use jalon::plan::{Key, Wanted};

/// How many mails there are, of one row each.
const MAILS: usize = 4000;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn wanted(n: usize) -> Wanted {
    let id = format!("q{n:05}");
    Wanted {
        key: Key::from_text(format!("p/deadline/2026-06-28/-7d/{id}")),
        posting: "p".into(),
        event: "deadline".into(),
        email: format!("{id}@example.org"),
        reader: id.clone(),
        recipient: id,
        due: now() - TimeDelta::minutes(1),
        late_after: now() + TimeDelta::days(1),
        why: "config/jalon.toml:12".into(),
    }
}

/// How many lines each has.
const LINES: usize = 4;

/// Claims mails, hands as many as it has lines, and settles these with the next, as the daemon does.
async fn dispatch<L: Ledger>(ledger: L) -> usize {
    let (mut sent, lease) = (0, TimeDelta::minutes(30));
    let mut settle = Vec::new();
    loop {
        let mails = ledger.claim(now(), lease, 256, "example.org").await.unwrap();
        if mails.is_empty() && ledger.next_due().await.unwrap().is_none() {
            ledger.turn(Turn { settle, hand: Vec::new() }, now(), lease).await.unwrap();
            return sent;
        }
        for mails in mails.chunks(LINES) {
            let over = |mail: &Mail| HandOver {
                message_id: mail.message_id.clone(),
                term: mail.term,
                says: Vec::new(),
            };
            let turn = Turn { settle: std::mem::take(&mut settle), hand: mails.iter().map(over).collect() };
            sent += ledger.turn(turn, now(), lease).await.unwrap().handed.concat().len();
            let reply = || Verdict::Sent { reply: "250 2.0.0 taken".into() };
            settle.extend(mails.iter().map(|mail| (mail.message_id.clone(), mail.term, reply())));
        }
    }
}

async fn measure<L: Ledger>(name: &str, ledgers: Vec<L>) {
    let rows = (0..MAILS).map(|n| Change::Add(Box::new(wanted(n)), State::Planned)).collect();
    ledgers[0].apply(rows, now() - TimeDelta::days(1)).await.unwrap();
    let begun = Instant::now();
    let working: Vec<_> = ledgers.into_iter().map(|ledger| tokio::spawn(dispatch(ledger))).collect();
    let mut sent = 0;
    for worker in working {
        sent += worker.await.unwrap();
    }
    assert_eq!(sent, MAILS, "each once");
    let seconds = begun.elapsed().as_secs_f64();
    println!("{name:<28}{:>8.0} mails/s", f64::from(u32::try_from(sent).unwrap()) / seconds);
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    runtime.block_on(async {
        let file = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Real).unwrap();
        measure("SQLite, 1 dispatcher", vec![file]).await;
        if server::programs().is_none() {
            return println!("no programs of PostgreSQL here");
        }
        let cluster = folder.path().join("pg");
        server::make_cluster(&cluster, true);
        server::start(&cluster);
        for count in [1, 2, 4] {
            let name = format!("of_{count}");
            server::sql(&cluster, "postgres", &format!("CREATE DATABASE {name}"));
            let url = format!("postgres://jalon@/{name}?host={}", cluster.display());
            let mut ledgers = Vec::new();
            for n in 0..count {
                let host = Host { id: format!("h{n}"), name: format!("h{n}"), run: "1".into() };
                let place = Place::parse(&url).unwrap();
                ledgers.push(PostgresLedger::open(place, Stamp::Real, host).await.unwrap());
            }
            measure(&format!("PostgreSQL, {count} dispatcher(s)"), ledgers).await;
        }
        let pid = server::server_pid(&cluster).unwrap().to_string();
        let _ = std::process::Command::new("kill").args(["-INT", &pid]).status();
    });
}
