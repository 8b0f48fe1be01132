//! A year of edits: what people do to their files, and what happens to the machine (year/script.toml), played on a clock
//! that jumps, against the mails that a reasonable person expects (year/expected.txt). No mail too many, none missing.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "year/expected.rs"]
mod expected;
#[path = "year/relay.rs"]
mod relay;
#[path = "year/script.rs"]
mod script;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use expected::{Left, compare, expected};
use jalon::calendar::Zone;
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Departure, Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::next::{InDoubt, Verdict};
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use relay::Relay;
use script::{Power, Step, script};
use tokio::sync::watch;

/// When a running jalon looks at its files again, in minutes after a step of the script. (The real one looks every
/// minute, all year.)
const LOOKS: [i64; 20] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 25, 26, 60, 61];

/// The same, after something was tried at the relay or came to an end.
const LOOKS_AFTER_TRIES: [i64; 4] = [1, 11, 16, 61];

/// More rounds than this at one moment, and something goes round in circles.
const MOST_ROUNDS: usize = 200;

/// Whose mailbox an address is.
const MAILBOXES: [(&str, &str); 6] = [
    ("camille@example.org", "camille"),
    ("camille.exemple@example.org", "camille"),
    ("sacha@example.org", "sacha"),
    ("lou@example.org", "lou"),
    ("noe@example.org", "noe"),
    ("admin@example.org", "operator"),
];

#[tokio::test]
async fn a_year_of_edits() {
    let script = script(include_str!("year/script.toml"));
    let expected = expected(include_str!("year/expected.txt"));
    assert!(script.len() >= 45, "a year has more than {} steps", script.len());
    let left = Year::new().await.play(&script).await;
    let difference = compare(&expected, &left);
    if !difference.is_empty() {
        let place = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("year-left.txt");
        let lines: Vec<String> = left.iter().map(ToString::to_string).collect();
        std::fs::write(&place, lines.join("\n")).unwrap();
        panic!(
            "{} mails expected, {} left (all of them: {}):\n\n{difference}",
            expected.len(),
            left.len(),
            place.display()
        );
    }
}

fn paris() -> Zone {
    Zone::parse("Europe/Paris").unwrap()
}

/// jalon while it runs. What a power cut takes away.
struct Machine {
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Option<Arc<Snapshot>>,
    _stop: watch::Sender<bool>,
}

struct Year {
    folder: tempfile::TempDir,
    clock: Clock,
    relay: Relay,
    machine: Option<Machine>,
    /// Moments at which to look at the files though nothing may be due.
    looks: BTreeSet<DateTime<Utc>>,
    left: Vec<Left>,
}

impl Year {
    async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Clock::jumping(DateTime::UNIX_EPOCH),
            relay: Relay::start().await,
            machine: None,
            looks: BTreeSet::new(),
            left: Vec::new(),
        }
    }

    /// Plays the script to the end of its year, and says what left.
    async fn play(mut self, script: &[Step]) -> Vec<Left> {
        let zone = paris();
        let first = script.first().unwrap().at;
        let end = NaiveDate::from_ymd_opt(2027, 1, 1).unwrap();
        let days = first.date().iter_days().skip(1).take_while(|day| *day <= end);
        self.looks = days.map(|day| zone.instant(day.and_hms_opt(0, 5, 0).unwrap())).collect();
        let end = zone.instant((end + Days::new(1)).and_hms_opt(0, 0, 0).unwrap());
        let mut steps = script.iter().peekable();
        loop {
            let step = steps.peek().map(|step| zone.instant(step.at));
            let now = match (step, self.next_moment().await) {
                (Some(step), Some(moment)) => step.min(moment),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => break,
            };
            if now >= end {
                break;
            }
            self.clock.wait_until(now).await;
            while let Some(step) = steps.next_if(|step| zone.instant(step.at) <= now) {
                self.take(step).await;
                self.look_later(now, &LOOKS);
            }
            self.round().await;
        }
        assert_eq!(
            self.relay.taken().iter().map(|address| mailbox(address)).collect::<Vec<_>>(),
            self.left.iter().map(|left| left.reader.clone()).collect::<Vec<_>>(),
            "what the relay took, and what jalon says that it sent"
        );
        self.left
    }

    /// One step of the script: the edit, then what happens to the machine.
    async fn take(&mut self, step: &Step) {
        step.edit(self.folder.path());
        if let Some(down) = step.relay_down {
            self.relay.set_down(down);
        }
        if let Some(addresses) = &step.refuse {
            self.relay.refuse(addresses.clone());
        }
        match step.power {
            Some(Power::Cut) => self.machine = None,
            Some(Power::On) => self.start().await,
            Some(Power::Cycle) => {
                self.machine = None;
                self.start().await;
            }
            None => {}
        }
    }

    /// Starts jalon, as `run` does.
    async fn start(&mut self) {
        let config = self.folder.path().join("config");
        let ledger = SqliteLedger::open(&self.folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        ledger.orphans(true, InDoubt::Resend, self.clock.now()).await.unwrap();
        let planner = Planner::new(ledger.clone(), self.clock.clone(), config.clone(), load(&config));
        let settings = self.relay.settings();
        let smtp = Smtp::new(&settings, None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
        let way = Way::new(settings.host, Transport::Smtp(Box::new(smtp)));
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), self.clock.clone(), vec![way], TimeDelta::minutes(30), stopping);
        self.machine = Some(Machine { ledger, planner, dispatcher, snapshot: None, _stop: stop });
    }

    /// When something is to be done next: a look, or what the ledger says is due. Never now again.
    async fn next_moment(&mut self) -> Option<DateTime<Utc>> {
        let now = self.clock.now();
        let Some(machine) = &self.machine else {
            return None;
        };
        let due = machine.ledger.next_due().await.unwrap();
        let rested = machine.dispatcher.rests_until();
        let due = due.map(|due| rested.map_or(due, |rested| rested.max(due)));
        // What is due and did not leave waits for what a look may bring.
        let due = due.filter(|due| *due > now);
        self.looks = self.looks.split_off(&(now + TimeDelta::milliseconds(1)));
        self.looks.first().copied().into_iter().chain(due).min()
    }

    fn look_later(&mut self, now: DateTime<Utc>, minutes: &[i64]) {
        self.looks.extend(minutes.iter().map(|minutes| now + TimeDelta::minutes(*minutes)));
    }

    /// All that jalon does at one moment: looks at the files, and plans and sends until there is nothing to send.
    async fn round(&mut self) {
        let now = self.clock.now();
        let Some(machine) = &mut self.machine else { return };
        // A folder or settings that cannot be used change nothing.
        let _ = machine.planner.reload();
        machine.plan().await;
        let mut tried = false;
        for round in 0.. {
            assert!(round < MOST_ROUNDS, "no end of rounds at {now}");
            let Some(snapshot) = machine.snapshot.clone() else { return };
            let report = machine.dispatcher.step(&snapshot).await.unwrap();
            if !report.worked {
                break;
            }
            tried |= report.resting.is_some() || !report.departures.is_empty() || !report.ended.is_empty();
            self.left.extend(report.departures.into_iter().filter_map(Left::of));
            machine.plan().await;
        }
        // Planning twice is planning once.
        let (_, again) = machine.planner.step().await.unwrap();
        let changed = again.added + again.skipped + again.moved + again.withdrawn;
        assert_eq!(changed, 0, "a second look at {now} changes the plan");
        if tried {
            self.look_later(now, &LOOKS_AFTER_TRIES);
        }
    }
}

impl Machine {
    async fn plan(&mut self) {
        self.planner.heed(self.dispatcher.health());
        if let (Some(snapshot), _) = self.planner.step().await.unwrap() {
            self.snapshot = Some(snapshot);
        }
    }
}

impl Left {
    /// A mail that the relay took.
    fn of(departure: Departure) -> Option<Self> {
        matches!(departure.verdict, Verdict::Sent { .. }).then(|| Self {
            at: paris().local(departure.at),
            reader: mailbox(&departure.email),
            keys: departure.keys.iter().map(|key| key.as_str().to_owned()).collect(),
            subject: departure.written.subject,
        })
    }
}

fn mailbox(address: &str) -> String {
    let known = MAILBOXES.iter().find(|(known, _)| *known == address);
    known.map_or_else(|| address.to_owned(), |(_, reader)| (*reader).to_owned())
}

/// A moment of the script or of the list: `2026-01-09 06:00`, or with a `T` and seconds.
fn moment(text: &str) -> NaiveDateTime {
    let text = text.replacen('T', " ", 1);
    let spelt = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let read = spelt.iter().find_map(|format| NaiveDateTime::parse_from_str(&text, format).ok());
    read.unwrap_or_else(|| panic!("{text} is no moment"))
}
