//! Several lines to one relay: mails leave side by side, and what one line meets costs the others nothing. A clock that
//! jumps, a real ledger, a scripted relay on a real socket.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/server.rs"]
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::next::InDoubt;
use jalon::plan::row::{Row, State};
use jalon::settings::Rate;
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use server::{Act, Script, Server, Stage, say};
use tokio::sync::watch;

const LINES: usize = 4;
const LEASE: TimeDelta = TimeDelta::minutes(30);

/// How many people have a mail at nine.
const PEOPLE: usize = 16;

/// How long a test waits for what must come.
const LIMIT: Duration = Duration::from_mins(1);

struct World {
    _folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    server: Server,
    _stop: watch::Sender<bool>,
}

impl World {
    /// Nine in the morning, when one mail is due to each of sixteen people: `more` stands in jalon.toml.
    async fn new(more: &str, rules: Vec<(Stage, usize, Act)>) -> Self {
        Self::with(more, rules, &[], Timeouts::all(Duration::from_secs(20))).await
    }

    async fn with(more: &str, rules: Vec<(Stage, usize, Act)>, rates: &[Rate], timeouts: Timeouts) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut toml = format!("time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"R <r@example.org>\"\n{more}");
        let names: Vec<String> = (0..PEOPLE).map(|n| format!("p{n:02}")).collect();
        for name in &names {
            write!(toml, "[people.{name}]\nemail = \"{name}@example.org\"\n").unwrap();
        }
        fs::create_dir(folder.path().join("postings")).unwrap();
        fs::write(folder.path().join("jalon.toml"), toml).unwrap();
        let posting = format!(
            "title = \"T\"\nrecruiters = {names:?}\nannounce = false\n[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n"
        );
        fs::write(folder.path().join("postings/p.toml"), posting).unwrap();
        let clock = Clock::jumping("2026-06-20T06:00:00Z".parse().unwrap());
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        planner.step().await.unwrap();
        clock.wait_until("2026-06-24T07:00:00Z".parse().unwrap()).await;
        let snapshot = planner.step().await.unwrap().0.unwrap();
        let server = Server::start(Script { rules, ..Script::default() }).await;
        let smtp = Smtp::new(&server.relay(), None, &[], timeouts).unwrap();
        let line = |smtp: Smtp| Transport::Smtp(Box::new(smtp));
        let more: Vec<_> = (1..LINES).map(|_| line(smtp.another())).collect();
        let way = Way::new("relay".into(), line(smtp)).with_lines(more).with_rates(rates.to_vec());
        let (stop, stopping) = watch::channel(false);
        let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), vec![way], LEASE, stopping);
        Self { _folder: folder, clock, ledger, dispatcher, snapshot, server, _stop: stop }
    }

    async fn drain(&mut self) {
        while self.dispatcher.step(&self.snapshot).await.unwrap().worked {}
    }

    /// Steps until the ledger is as wanted.
    async fn until(&mut self, wanted: impl Fn(&[Row]) -> bool) -> Vec<Row> {
        let done = tokio::time::timeout(LIMIT, async {
            loop {
                self.dispatcher.step(&self.snapshot).await.unwrap();
                let rows = self.reminders().await;
                if wanted(&rows) {
                    return rows;
                }
            }
        });
        done.await.unwrap()
    }

    async fn reminders(&self) -> Vec<Row> {
        let mut rows = self.ledger.known().await.unwrap();
        rows.retain(|row| row.key.posting() == "p" && row.state != State::Skipped);
        rows
    }

    async fn states(&self) -> BTreeMap<&'static str, usize> {
        let mut states = BTreeMap::new();
        for row in self.reminders().await {
            *states.entry(row.state.word()).or_default() += 1;
        }
        states
    }

    fn rest(&self) -> Option<TimeDelta> {
        self.dispatcher.rests_until().map(|until: DateTime<Utc>| until - self.clock.now())
    }

    /// On how many connections there was a mail.
    fn used(&self) -> usize {
        let mails = self.server.heard().into_iter().filter(|heard| heard.what.starts_with("MAIL"));
        mails.map(|heard| heard.connection).collect::<BTreeSet<_>>().len()
    }

    fn taken(&self) -> Vec<String> {
        let mut taken: Vec<String> =
            self.server.lines().iter().filter_map(|line| of(line, "RCPT TO:<")).collect();
        taken.sort();
        taken
    }
}

/// The name in an address of a command.
fn of(line: &str, command: &str) -> Option<String> {
    Some(line.strip_prefix(command)?.split('@').next()?.to_owned())
}

#[tokio::test]
async fn a_line_that_hangs_stops_no_other_and_its_mail_is_settled_as_it_should() {
    let timeouts = Timeouts {
        answer: Duration::from_secs(3),
        body: Duration::from_secs(3),
        ..Timeouts::all(Duration::from_secs(20))
    };
    let mut world = World::with("", vec![(Stage::Dot, 1, Act::Stall)], &[], timeouts).await;
    let rows =
        world.until(|rows| rows.iter().filter(|row| row.state == State::Sent).count() == PEOPLE - 1).await;
    let hangs = rows.iter().find(|row| row.state != State::Sent).unwrap();
    assert_eq!((hangs.state, hangs.doubts), (State::Handed, 0), "it hangs still");
    assert!(world.used() > 1);
    // What falls due meanwhile leaves as well: the step does not wait for the line.
    let rows = world.until(|rows| rows.iter().all(|row| row.state != State::Handed)).await;
    let doubted = rows.iter().find(|row| row.key == hangs.key).unwrap();
    assert_eq!((doubted.state, doubted.doubts, doubted.in_doubt), (State::Planned, 1, true));
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(1)).await;
    world.drain().await;
    assert_eq!(world.states().await, BTreeMap::from([("sent", PEOPLE)]));
    assert_eq!(world.taken().len(), PEOPLE + 1, "one copy, of the one in doubt");
}

#[tokio::test]
async fn what_a_line_has_out_beyond_its_lease_is_not_sent_by_another_before_the_line_is_back() {
    let mut world = World::new("", vec![(Stage::Dot, 1, Act::Stall)]).await;
    let sent = |rows: &[Row]| rows.iter().filter(|row| row.state == State::Sent).count();
    world.until(|rows| sent(rows) == PEOPLE - 1).await;
    // The machine slept; the housekeeper wakes first, and takes the mail for one whose worker is gone.
    world.clock.wait_until(world.clock.now() + LEASE * 4).await;
    assert_eq!(world.ledger.orphans(false, InDoubt::Resend, world.clock.now()).await.unwrap().doubted, 1);
    world.dispatcher.step(&world.snapshot).await.unwrap();
    assert_eq!(world.states().await, BTreeMap::from([("planned", 1), ("sent", PEOPLE - 1)]));
    assert_eq!(world.taken().len(), PEOPLE, "no copy while the answer may still come");
}

#[tokio::test]
async fn a_421_closes_one_line_and_one_mail_waits() {
    let closes = Act::SayAndDrop(b"421 4.3.2 closing\r\n".to_vec());
    let mut world = World::new("", vec![(Stage::Rcpt, 3, closes)]).await;
    world.drain().await;
    assert_eq!(world.states().await, BTreeMap::from([("planned", 1), ("sent", PEOPLE - 1)]));
    assert_eq!(world.rest(), None, "the relay is well");
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(1)).await;
    world.drain().await;
    assert_eq!(world.states().await, BTreeMap::from([("sent", PEOPLE)]));
}

#[tokio::test]
async fn a_relay_that_takes_fewer_lines_is_given_fewer_and_is_well() {
    // It closes the door to all but the first two, again and again.
    let busy = || Act::SayAndDrop(b"421 4.7.0 too many connections\r\n".to_vec());
    let mut rules: Vec<_> = (3..20).map(|n| (Stage::Greeting, n, busy())).collect();
    rules.push((Stage::Noop, 1, say("250 ok")));
    let mut world = World::new("", rules).await;
    world.drain().await;
    assert_eq!(world.states().await, BTreeMap::from([("sent", PEOPLE)]));
    assert_eq!(world.rest(), None);
    assert!(world.used() <= 2);
    assert_eq!(world.taken().len(), PEOPLE, "none twice");
}

#[tokio::test]
async fn an_outage_that_hits_every_line_is_one_failure() {
    let mut world =
        World::new("", vec![(Stage::Dot, 0, say("452 4.5.4 Daily sending quota exceeded"))]).await;
    world.drain().await;
    assert_eq!(world.rest(), Some(TimeDelta::minutes(15)), "the first rest, not the second");
    assert_eq!(world.states().await, BTreeMap::from([("planned", PEOPLE)]));
    assert!(world.reminders().await.iter().all(|row| row.attempts == 0));
    assert!(world.taken().len() <= 2 * LINES, "nothing is begun at a relay that rests: {:?}", world.taken());
}

#[tokio::test]
async fn a_mail_taken_after_the_relay_said_no_more_does_not_end_its_rest() {
    // Four mails are under way; one is answered by the quota, the others are taken.
    let rules = (1..=2 * LINES).filter(|n| *n != 2).map(|n| (Stage::Dot, n, say("250 ok")));
    let rules = rules.chain([(Stage::Dot, 2, say("452 4.5.4 Daily sending quota exceeded"))]).collect();
    let mut world = World::new("", rules).await;
    world.drain().await;
    assert_eq!(world.rest(), Some(TimeDelta::minutes(15)));
    let states = world.states().await;
    assert!(states["sent"] < PEOPLE && states["sent"] + states["planned"] == PEOPLE, "{states:?}");
}

#[tokio::test]
async fn recipients_refused_on_every_line_are_about_us_and_nobody_fails() {
    let mut world = World::new("", vec![(Stage::Rcpt, 0, say("550 5.7.1 relaying denied"))]).await;
    world.drain().await;
    assert_eq!(world.rest(), Some(TimeDelta::minutes(15)));
    assert_eq!(world.states().await, BTreeMap::from([("planned", PEOPLE)]));
}

#[tokio::test]
async fn a_rate_is_never_broken_by_several_lines() {
    let rates = [Rate { mails: 6, per: TimeDelta::minutes(1) }];
    let mut world = World::with("", vec![], &rates, Timeouts::all(Duration::from_secs(20))).await;
    for left in [6, 12, PEOPLE] {
        world.drain().await;
        assert_eq!(world.taken().len(), left);
        world.clock.wait_until(world.clock.now() + TimeDelta::minutes(1)).await;
    }
    assert_eq!(world.states().await, BTreeMap::from([("sent", PEOPLE)]));
}

#[tokio::test]
async fn a_digest_is_begun_when_all_that_left_before_it_is_settled() {
    // Its reader's digest is due at the same time; it lists the reminders that were sent.
    let digest = "operator = \"admin@example.org\"\n[people.chef]\nemail = \"chef@example.org\"\ndigest = \"0 9 * * *\"\ndigest_of = \"all\"\n";
    let mut world = World::new(digest, vec![]).await;
    world.drain().await;
    let heard = world.server.lines();
    let bodies: Vec<bool> = heard
        .iter()
        .filter(|line| line.contains("Message-ID:"))
        .map(|body| body.contains("To: chef@example.org"))
        .collect();
    let digests = bodies.iter().filter(|digest| **digest).count();
    assert_eq!((bodies.len(), digests), (PEOPLE + 1, 1), "{:?}", world.taken());
    assert_eq!(bodies.last(), Some(&true), "the digest left last");
    let begun = heard.iter().position(|line| line.contains("RCPT TO:<chef")).unwrap();
    let before = heard[..begun].iter().filter(|line| line.contains("Message-ID:")).count();
    assert_eq!(before, PEOPLE, "every other mail was whole when it was begun");
}

#[tokio::test]
async fn a_mail_at_which_a_line_was_lost_is_tried_again_alone() {
    let mut world =
        World::new("", vec![(Stage::Data, 2, Act::Drop), (Stage::Dot, PEOPLE, say("250 last"))]).await;
    world.drain().await;
    assert_eq!(world.states().await, BTreeMap::from([("sent", PEOPLE)]));
    let heard = world.server.lines();
    let twice = world.taken().windows(2).find(|two| two[0] == two[1]).unwrap()[0].clone();
    let again = heard.iter().rposition(|line| of(line, "RCPT TO:<").as_ref() == Some(&twice)).unwrap();
    let whole = heard[..again].iter().filter(|line| line.contains("Message-ID:")).count();
    assert_eq!(whole, PEOPLE - 1, "all others had left when it was begun anew");
}
