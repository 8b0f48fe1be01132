//! Notices in a world of their own: planner and dispatcher on a clock that jumps, a real ledger and a relay that can
//! refuse. What must not be lost, doubled or begun again when things go wrong.
#![allow(clippy::unwrap_used, dead_code, reason = "a test may fail")]

#[path = "year/relay.rs"]
mod relay;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Departure, Dispatcher, Way};
use jalon::daemon::planner::{Planner, Round, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::next::Verdict;
use jalon::plan::row::{Row, State};
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use relay::Relay;
use tokio::sync::watch;

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    relay: Relay,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Option<Arc<Snapshot>>,
    stop: watch::Sender<bool>,
    aside: usize,
    resting: Vec<String>,
}

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const TOML: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\noutbox = \"out\"\n";

impl World {
    /// jalon.toml's text, and postings by file.
    async fn new(start: &str, toml: &str, postings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::create_dir_all(config.join("postings")).unwrap();
        std::fs::write(config.join("jalon.toml"), toml).unwrap();
        for (file, text) in postings {
            std::fs::write(config.join("postings").join(file), text).unwrap();
        }
        let clock = Clock::jumping(utc(start));
        let relay = Relay::start().await;
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
        let settings = relay.settings();
        let smtp = Smtp::new(&settings, None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
        let way = Way::new(settings.host, Transport::Smtp(Box::new(smtp)));
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), vec![way], TimeDelta::minutes(30), stopping);
        let mut world = Self {
            folder,
            clock,
            relay,
            ledger,
            planner,
            dispatcher,
            snapshot: None,
            stop,
            aside: 0,
            resting: vec![],
        };
        world.minute().await;
        world
    }

    fn restart(&mut self) {
        let config = self.folder.path().join("config");
        self.planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.clone(), load(&config));
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join("config").join(file), text).unwrap();
    }

    fn remove(&self, file: &str) {
        std::fs::remove_file(self.folder.path().join("config").join(file)).unwrap();
    }

    async fn to(&self, at: &str) {
        self.clock.wait_until(utc(at)).await;
    }

    async fn plan(&mut self) -> Round {
        self.planner.heed(self.dispatcher.health());
        let (snapshot, round) = self.planner.step().await.unwrap();
        if snapshot.is_some() {
            self.snapshot = snapshot;
        }
        round
    }

    async fn dispatch(&mut self) -> Vec<Departure> {
        let mut all = Vec::new();
        for n in 0.. {
            assert!(n < 3000, "no end");
            let snapshot = self.snapshot.clone().unwrap();
            let report = self.dispatcher.step(&snapshot).await.unwrap();
            self.aside += report.aside.len();
            self.resting.extend(report.resting.map(|(name, _, why)| format!("{name}: {why}")));
            all.extend(report.departures);
            if !report.worked {
                break;
            }
        }
        all
    }

    /// One minute of the daemon's life: files, plan, send.
    async fn minute(&mut self) -> Vec<Departure> {
        let _ = self.planner.reload();
        self.plan().await;
        self.dispatch().await
    }

    /// So many minutes, one after the other.
    async fn minutes(&mut self, count: usize) -> Vec<Departure> {
        let mut all = Vec::new();
        for _ in 0..count {
            self.clock.wait_until(self.clock.now() + TimeDelta::minutes(1)).await;
            all.extend(self.minute().await);
        }
        all
    }

    async fn rows(&self, start: &str) -> Vec<Row> {
        let rows = self.ledger.known().await.unwrap();
        rows.into_iter().filter(|row| row.key.as_str().starts_with(start)).collect()
    }

    async fn show(&self, start: &str) -> Vec<String> {
        let show = |row: Row| format!("{} {:?} {:?} {:?}", row.key, row.state, row.reason, row.reply);
        self.rows(start).await.into_iter().map(show).collect()
    }

    /// What a second round right after a first changes.
    async fn still(&mut self) {
        self.plan().await;
        let round = self.plan().await;
        assert_eq!((round.added, round.skipped, round.moved, round.withdrawn), (0, 0, 0, 0));
    }
}

fn sent(departures: &[Departure]) -> Vec<String> {
    let one = |d: &Departure| {
        let keys: Vec<&str> = d.keys.iter().map(jalon::plan::Key::as_str).collect();
        format!("{} {} <- {}", d.at.format("%d %H:%M"), d.email, keys.join(" "))
    };
    departures.iter().filter(|d| matches!(d.verdict, Verdict::Sent { .. })).map(one).collect()
}

fn all(departures: &[Departure]) -> Vec<String> {
    departures
        .iter()
        .map(|d| format!("{} {} {:?} {:?}", d.at.format("%d %H:%M"), d.email, d.keys, d.verdict))
        .collect()
}

const CAMILLE: &str = "[people.camille]\nemail = \"camille@example.org\"\n";
const SACHA: &str = "[people.sacha]\nemail = \"sacha@example.org\"\n";

fn posting(title: &str, who: &str, rest: &str) -> String {
    format!("title = \"{title}\"\nrecruiters = [{who}]\n{rest}\n")
}

#[tokio::test]
async fn what_was_missed_is_not_told_anew_each_minute_to_a_refused_address() {
    let toml = format!("{TOML}{CAMILLE}{SACHA}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28\n");
    let other = posting("Q", "\"sacha\"", "[deadline]\nuntil = 2026-07-28\n");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text), ("q.toml", &other)]).await;
    // The machine is off from the 20th to the 29th: all of p's reminders lapse. And camille's mailbox is gone.
    world.relay.refuse(vec!["camille@example.org".into()]);
    world.to("2026-06-29T08:00:00Z").await;
    world.restart();
    let first = world.minute().await;
    let left = world.minutes(30).await;
    let missed = world.show("~missed").await;
    assert!(
        missed.len() <= 1,
        "{} rows in half an hour:\n{}\nresting {:?}\n{}\n{}",
        missed.len(),
        missed.join("\n"),
        world.resting,
        all(&first).join("\n"),
        all(&left).join("\n")
    );
}

// a new row is begun every minute.
#[tokio::test]
async fn what_lapsed_before_a_rename_is_told_once() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28\n[end]\non = 2027-06-01");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.relay.set_down(true);
    world.to("2026-06-21T07:00:00Z").await;
    world.minutes(3).await;
    world.to("2026-06-28T22:00:00Z").await;
    world.minutes(3).await; // lapsed: the relay is still down
    assert!(!world.rows("p/").await.iter().all(|row| row.state != State::Lapsed));
    world.remove("postings/p.toml");
    world.write("postings/p2.toml", &text);
    world.minutes(3).await;
    world.relay.set_down(false);
    world.to("2026-06-29T08:00:00Z").await;
    let left = world.minutes(30).await;
    let missed = world.show("~missed").await;
    assert!(
        missed.len() <= 1 && sent(&left).iter().any(|s| s.contains("~missed")),
        "{} rows:\n{}\n{}",
        missed.len(),
        missed.join("\n"),
        sent(&left).join("\n")
    );
}

#[tokio::test]
async fn what_lapsed_for_an_address_that_is_a_persons_now_is_told_once() {
    let text =
        posting("P", "\"camille@example.org\"", "[deadline]\nuntil = 2026-06-28\n[end]\non = 2027-06-01");
    let mut world = World::new("2026-06-01T10:00:00Z", TOML, &[("p.toml", &text)]).await;
    world.relay.set_down(true);
    world.to("2026-06-21T07:00:00Z").await;
    world.minutes(3).await;
    world.to("2026-06-28T22:00:00Z").await;
    world.minutes(3).await;
    world.write("jalon.toml", &format!("{TOML}{CAMILLE}"));
    world.minutes(3).await;
    world.relay.set_down(false);
    world.to("2026-06-29T08:00:00Z").await;
    let left = world.minutes(30).await;
    let missed = world.show("~missed").await;
    assert!(
        missed.len() <= 2 && sent(&left).iter().any(|s| s.contains("~missed")),
        "{} rows:\n{}\n{}",
        missed.len(),
        missed.join("\n"),
        sent(&left).join("\n")
    );
}

#[tokio::test]
async fn what_was_missed_and_withdrawn_by_hand_stays_withdrawn() {
    use jalon::ledger::Hand;
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28\n[end]\non = 2027-06-01");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.relay.set_down(true);
    world.to("2026-06-28T22:00:00Z").await;
    world.minutes(3).await;
    for _ in 0..5 {
        for row in world.rows("~missed").await {
            world.ledger.by_hand(row.key, Hand::Withdraw, world.clock.now()).await.unwrap();
        }
        world.minutes(1).await;
    }
    let missed = world.show("~missed").await;
    assert!(missed.len() <= 1, "{}", missed.join("\n"));
}

#[tokio::test]
async fn a_new_posting_is_confirmed_though_the_round_was_cut_off() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.write("postings/new.toml", &posting("New", "\"camille\"", "[deadline]\nuntil = 2026-07-28"));
    world.planner.reload().unwrap();
    // The disk is full, or the process dies, between the verbs of `write`: here the notices cannot be written.
    let db = rusqlite::Connection::open(world.folder.path().join("jalon.db")).unwrap();
    db.execute_batch("CREATE TRIGGER cut BEFORE INSERT ON rows WHEN new.sort <> 'reminder' BEGIN SELECT RAISE(ABORT, 'disk full'); END").unwrap();
    world.planner.step().await.unwrap_err();
    db.execute_batch("DROP TRIGGER cut").unwrap();
    let left = world.minutes(5).await;
    assert!(
        sent(&left).iter().any(|s| s.contains("~new/new/camille")),
        "{:?} {:?}",
        sent(&left),
        world.show("~new").await
    );
}

#[tokio::test]
async fn new_words_of_a_revision_are_written_once() {
    let toml = format!("{TOML}{CAMILLE}");
    let mut world = World::new(
        "2026-06-01T10:00:00Z",
        &toml,
        &[("p.toml", &posting("Pee", "\"camille\"", "[deadline]\nuntil = 2026-06-28"))],
    )
    .await;
    world.write("postings/p.toml", &posting("Other title", "\"camille\"", "[deadline]\nuntil = 2026-06-28"));
    world.minutes(2).await;
    let revisions = world.ledger.revisions().await.unwrap();
    let all = world.planner.look_at_all().await.unwrap().unwrap().snapshot;
    let shown = all.histories.get("p", "deadline").to_vec();
    assert_eq!(revisions, shown, "what is stored is what is shown; else each round asks to write it again");
}

#[tokio::test]
async fn the_operator_hears_of_all_that_lapsed_on_a_day() {
    let toml = format!("{TOML}{CAMILLE}");
    let a = posting(
        "A",
        "\"camille\"",
        "[deadline]\nuntil = 2026-06-28T08:00:00\n[[remind]]\nevent=\"deadline\"\nbefore=[\"1h\"]",
    );
    let b = posting(
        "B",
        "\"camille\"",
        "[deadline]\nuntil = 2026-06-28T18:00:00\n[[remind]]\nevent=\"deadline\"\nbefore=[\"1h\"]",
    );
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("a.toml", &a), ("b.toml", &b)]).await;
    // Off from 04:00Z until 06:30Z (a's deadline passed), and from 15:00Z until 17:00Z.
    world.to("2026-06-28T06:30:00Z").await;
    let mut left = world.minutes(20).await;
    world.to("2026-06-28T17:00:00Z").await;
    left.extend(world.minutes(20).await);
    let told: String =
        left.iter().filter(|d| d.email == "admin@example.org").map(|d| d.written.text.clone()).collect();
    assert!(told.contains("b/deadline"), "{:?}\n{told}", sent(&left));
}

#[tokio::test]
async fn a_corrected_plain_address_is_no_trouble_any_more() {
    let text = |who: &str| posting("P", who, "[deadline]\nuntil = 2026-06-28\n[end]\non = 2027-06-01");
    let mut world =
        World::new("2026-06-01T10:00:00Z", TOML, &[("p.toml", &text("\"lou@exmaple.org\""))]).await;
    world.relay.refuse(vec!["lou@exmaple.org".into()]);
    world.to("2026-06-21T07:00:00Z").await;
    let mut left = world.minutes(3).await;
    world.write("postings/p.toml", &text("\"lou@example.org\""));
    left.extend(world.minutes(30).await);
    world.to("2026-06-27T07:00:00Z").await;
    left.extend(world.minutes(30).await);
    let round = world.plan().await;
    assert!(round.troubles.is_empty(), "{:?}\n{}", round.troubles, sent(&left).join("\n"));
}

#[tokio::test]
async fn a_change_that_its_reader_has_heard_of_ends_quietly() {
    let toml = |away: &str| format!("{TOML}{CAMILLE}cover = \"sacha\"\n{away}{SACHA}");
    let text = |day: &str| {
        posting(
            "P",
            "\"camille\", \"sacha\"",
            &format!(
                "[[interview]]\nname=\"Tour\"\non = [{day}]\n[[remind]]\nevent=\"interview\"\nbefore=[\"20d\", \"8d\"]"
            ),
        )
    };
    let mut world = World::new("2026-06-01T10:00:00Z", &toml(""), &[("p.toml", &text("2026-07-10"))]).await;
    world.to("2026-06-20T07:00:00Z").await;
    let mut left = world.minutes(1).await; // both are told the 10th
    world.to("2026-06-22T10:00:00Z").await;
    world.write("jalon.toml", &toml("away = [[2026-06-23, 2026-07-05]]\n"));
    left.extend(world.minutes(1).await);
    // Moved five minutes before the reminder of the new date: the 8 days before 2026-07-09 are 2026-07-01 at 09:00.
    world.to("2026-07-01T06:55:00Z").await;
    world.write("postings/p.toml", &text("2026-07-09"));
    left.extend(world.minutes(60).await);
    println!("{}", sent(&left).join("\n"));
    let change = world.show("~change").await;
    assert_eq!(world.aside, 0, "{}", change.join("\n"));
}

#[tokio::test]
async fn much_that_lapsed_is_told() {
    much(400).await;
}
#[tokio::test]
async fn less_that_lapsed_is_told() {
    much(90).await;
}
async fn much(count: usize) {
    let toml = format!("{TOML}{CAMILLE}");
    let files: Vec<(String, String)> = (0..count)
        .map(|n| {
            (
                format!("p{n}.toml"),
                posting(
                    &format!("Posting number {n}"),
                    "\"camille\"",
                    "[deadline]\nuntil = 2026-06-28\n[end]\non = 2027-06-01",
                ),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut world = World::new("2026-06-25T10:00:00Z", &toml, &files).await;
    world.to("2026-06-29T08:00:00Z").await;
    let left = world.minutes(40).await;
    let missed = world.show("~missed").await;
    let one = sent(&left).into_iter().find(|s| s.contains("~missed")).map(|s| s.len());
    assert!(one.is_some() && world.aside == 0, "aside {} {:?} {}", world.aside, one, missed.join("\n"));
}

#[tokio::test]
async fn a_big_digest_is_told() {
    for count in [100, 300, 800] {
        let toml = format!("{TOML}{CAMILLE}digest = \"0 8 * * Mon\"\ndigest_of = \"all\"\n{SACHA}");
        let files: Vec<(String, String)> = (0..count)
            .map(|n| {
                (
                    format!("p{n}.toml"),
                    posting(
                        &format!("Posting number {n}"),
                        "\"sacha\"",
                        "[deadline]\nuntil = 2026-07-08\n[end]\non = 2027-06-01",
                    ),
                )
            })
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let mut world = World::new("2026-06-25T10:00:00Z", &toml, &files).await;
        world.to("2026-06-29T06:00:00Z").await;
        let left = world.minutes(3).await;
        assert!(
            world.aside == 0 && sent(&left).iter().any(|s| s.contains("~digest")),
            "{count}: {} {:?} {:?}",
            world.aside,
            sent(&left),
            world.show("~digest").await
        );
    }
}

#[tokio::test]
async fn what_went_out_stands_in_one_digest() {
    let toml =
        format!("{TOML}{CAMILLE}digest = \"0 9 * * *\"\ndigest_of = \"all\"\ndigest_always = true\n{SACHA}");
    let text = posting(
        "Villages",
        "\"sacha\"",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent=\"deadline\"\non_day = true",
    );
    let mut world = World::new("2026-06-25T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    let mut digests = Vec::new();
    for day in 26..=30 {
        world.to(&format!("2026-06-{day}T07:00:00Z")).await;
        let left = world.minute().await;
        println!("{:?}", sent(&left));
        digests.extend(left.into_iter().filter(|d| d.email == "camille@example.org").map(|d| d.written.text));
    }
    let told = digests
        .iter()
        .filter(|text| text.contains("0d") || text.contains("What went out") || text.contains("to sacha"))
        .count();
    assert!(told > 0, "{}", digests.iter().skip(2).cloned().collect::<Vec<_>>().join("\n=====\n"));
}

#[tokio::test]
async fn troubles_are_known_without_an_operator() {
    let toml = format!("{}{CAMILLE}", TOML.replace("operator = \"admin@example.org\"\n", ""));
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.write("postings/p.toml", "title = \n");
    let _ = world.planner.reload();
    let round = world.plan().await;
    assert!(!round.troubles.is_empty());
}

#[tokio::test]
async fn a_withdrawn_operator_mail_does_not_silence_the_next_episode() {
    use jalon::ledger::Hand;
    let toml = format!("{TOML}{CAMILLE}");
    let good = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &good)]).await;
    world.write("postings/p.toml", "title = \n");
    world.minutes(2).await;
    let row = world.rows("~operator").await.remove(0);
    assert!(world.ledger.by_hand(row.key, Hand::Withdraw, world.clock.now()).await.unwrap());
    world.minutes(30).await;
    world.write("postings/p.toml", &good);
    world.minutes(30).await;
    world.to("2026-06-05T10:00:00Z").await;
    world.write("postings/p.toml", "title = \n");
    let left = world.minutes(30).await;
    assert!(
        sent(&left).iter().any(|s| s.contains("~operator/file-p.toml")),
        "{:?} {:?}",
        sent(&left),
        world.show("~operator").await
    );
}

#[tokio::test]
async fn a_second_round_changes_nothing() {
    let toml = |more: &str| {
        format!(
            "{TOML}{CAMILLE}cover = \"sacha\"\ndigest = \"0 8 * * *\"\n{more}{SACHA}digest = \"*/30 * * * *\"\ntime_zone = \"Indian/Reunion\"\n[people.lou]\nemail = \"Lou@Example.org\"\nleaves = 2026-06-10\n"
        )
    };
    let text = |title: &str, day: &str| {
        posting(title, "\"camille\", \"Sacha@Example.org\", \"lou\", \"A/b+c@example.net\"", &format!("[deadline]\nuntil = {day}\n[[interview]]\nname=\"Tour\"\non = [2026-07-01T09:30:00]\n[start]\nbetween = [2026-08-01, 2026-08-15]\n[end]\nuntil_label = 1\n").replace("[end]\nuntil_label = 1\n", "[end]\nlabel = \"later\"\n"))
    };
    let mut world = World::new(
        "2026-06-01T10:00:00Z",
        &toml(""),
        &[("a.b-c.toml", &text("P", "2026-06-28")), ("z.toml", &text("Z", "9999-12-31"))],
    )
    .await;
    world.still().await;
    world.write("postings/new.toml", &text("N", "2026-06-29"));
    world.minutes(1).await;
    world.still().await;
    world.write("postings/a.b-c.toml", &text("P", "2026-06-20"));
    for _ in 0..15 {
        world.minutes(1).await;
        world.still().await;
    }
    world.write("jalon.toml", &toml("away = [[2026-06-02, 2026-07-20]]\n"));
    world.minutes(1).await;
    world.still().await;
    world.relay.set_down(true);
    world.write("postings/a.b-c.toml", &text("P", "2026-06-03T09:00:00"));
    for _ in 0..90 {
        world.minutes(1).await;
        world.still().await;
    }
    world.to("2026-06-03T10:00:00Z").await;
    for _ in 0..20 {
        world.minutes(1).await;
        world.still().await;
    }
    world.remove("postings/new.toml");
    world.write("postings/a.b-c.toml", "title = 3");
    for _ in 0..20 {
        world.minutes(1).await;
        world.still().await;
    }
    world.relay.refuse(vec!["sacha@example.org".into()]);
    world.relay.set_down(false);
    world.remove("postings/z.toml");
    world.write("postings/y.toml", &text("Z", "9999-12-31"));
    for _ in 0..40 {
        world.minutes(1).await;
        world.still().await;
    }
}

#[tokio::test]
async fn whoever_was_taken_off_a_posting_hears_of_one_change_more() {
    let toml = format!("{TOML}{CAMILLE}{SACHA}");
    let text = |who: &str, day: &str| posting("P", who, &format!("[deadline]\nuntil = {day}"));
    let mut world = World::new(
        "2026-06-01T10:00:00Z",
        &toml,
        &[("p.toml", &text("\"camille\", \"sacha\"", "2026-06-28"))],
    )
    .await;
    world.to("2026-06-21T07:00:00Z").await;
    world.minutes(2).await;
    world.write("postings/p.toml", &text("\"camille\"", "2026-06-28"));
    world.to("2026-06-22T08:00:00Z").await;
    world.minutes(2).await;
    let mut left = Vec::new();
    for day in 1..4 {
        world.to(&format!("2026-06-2{}T08:00:00Z", day + 2)).await;
        world.write("postings/p.toml", &text("\"camille\"", &format!("2026-07-1{day}")));
        left.extend(world.minutes(15).await);
    }
    // Sacha was told 28 June, and hears once that it is not so any more.
    let told = sent(&left).iter().filter(|s| s.contains("sacha")).count();
    assert_eq!(told, 1, "{}", sent(&left).join("\n"));
}

#[tokio::test]
async fn a_file_written_over_with_another_recruitment_is_new() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |id: &str, title: &str, day: &str| {
        posting(title, "\"camille\"", &format!("id = \"{id}\"\n[deadline]\nuntil = {day}"))
    };
    let mut world = World::new(
        "2026-06-01T10:00:00Z",
        &toml,
        &[
            ("poste.toml", &text("cook", "Cook", "2026-06-28")),
            ("other.toml", &text("other", "Other", "2026-07-28")),
        ],
    )
    .await;
    world.to("2026-06-21T07:00:00Z").await;
    world.minutes(2).await;
    world.write("postings/poste.toml", &text("driver", "Driver", "2026-09-30"));
    let left = world.minutes(60).await;
    let texts: String = left.iter().map(|d| d.written.text.clone()).collect();
    assert!(sent(&left).iter().any(|s| s.contains("~new/driver")), "{}\n{texts}", sent(&left).join("\n"));
}

#[tokio::test]
async fn a_revision_is_written_down_before_anybody_is_told() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |place: &str| {
        posting("P", "\"camille\"", &format!("[[interview]]\non = 2026-06-20T15:00:00\nplace = \"{place}\""))
    };
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text("Room A"))]).await;
    world.to("2026-06-19T07:00:00Z").await; // the eve's reminder is due
    world.write("postings/p.toml", &text("Room B"));
    world.planner.reload().unwrap();
    // As plan_once does: shown, then written; the write fails (or the process dies).
    let mut laid = world.planner.look().await.unwrap().unwrap();
    assert!(world.planner.note(&mut laid).await.unwrap(), "it may be shown");
    world.snapshot = Some(Arc::clone(&laid.snapshot));
    let first = world.dispatch().await;
    drop(laid);
    assert!(first.iter().any(|d| d.written.text.contains("Room B")), "{first:?}");
    world.write("postings/p.toml", &text("Room C"));
    let left = world.minutes(20).await;
    assert!(
        sent(&left).iter().any(|s| s.contains("~change")),
        "told Room B, it is Room C: {:?} {:?}",
        sent(&left),
        world.ledger.told().await
    );
}

#[tokio::test]
async fn a_posting_that_came_back_is_not_new() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nlabel = \"in autumn\"");
    let other = posting("Q", "\"camille\"", "[deadline]\nuntil = 2026-09-28");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text), ("q.toml", &other)]).await;
    world.remove("postings/p.toml");
    let mut left = world.minutes(40).await;
    world.write("postings/p.toml", &text);
    left.extend(world.minutes(20).await);
    assert!(sent(&left).is_empty(), "{}", sent(&left).join("\n"));
}

#[tokio::test]
async fn the_operator_hears_of_a_change_told_to_somebody_who_is_away_alone() {
    let toml = |away: &str| format!("{TOML}{CAMILLE}{away}");
    let text = |day: &str| posting("P", "\"camille\"", &format!("[deadline]\nuntil = {day}"));
    let mut world = World::new("2026-06-01T10:00:00Z", &toml(""), &[("p.toml", &text("2026-06-28"))]).await;
    world.to("2026-06-21T07:00:00Z").await;
    world.minutes(2).await;
    world.write("jalon.toml", &toml("away = [[2026-06-22, 2026-07-20]]\n"));
    world.to("2026-06-23T08:00:00Z").await;
    world.write("postings/p.toml", &text("2026-09-28"));
    let left = world.minutes(30).await;
    assert!(sent(&left).iter().any(|s| s.contains("~operator/away")), "{}", sent(&left).join("\n"));
}

#[tokio::test]
async fn the_operators_own_refused_address_is_not_healed_by_a_refusal() {
    let toml = format!("{TOML}[people.admin]\nemail = \"Admin@Example.org\"\n");
    let text = posting(
        "P",
        "\"admin\"",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent=\"deadline\"\nbefore=[\"7d\",\"6d\",\"5d\"]",
    );
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.relay.refuse(vec!["Admin@Example.org".into(), "admin@example.org".into()]);
    world.to("2026-06-21T07:00:00Z").await;
    let left = world.minutes(60).await;
    let rows = world.show("~operator").await;
    assert!(!rows.iter().any(|row| row.contains("healed")), "{}\n{}", rows.join("\n"), all(&left).join("\n"));
}

#[tokio::test]
async fn a_refused_confirmation_returns_with_a_corrected_address() {
    let toml = |at: &str| format!("{TOML}[people.camille]\nemail = \"{at}\"\n");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-09-28");
    let mut world =
        World::new("2026-06-01T10:00:00Z", &toml("camile@example.org"), &[("p.toml", &text)]).await;
    world.relay.refuse(vec!["camile@example.org".into()]);
    world.write("postings/n.toml", &text.replace('P', "N"));
    world.minutes(5).await;
    world.write("jalon.toml", &toml("camille@example.org"));
    let left = world.minutes(5).await;
    assert!(
        sent(&left).iter().any(|s| s.contains("~new/n/camille")),
        "{} {:?}",
        sent(&left).join("\n"),
        world.show("~new").await
    );
}

#[tokio::test]
async fn a_confirmation_returns_with_the_calendar() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-09-28");
    let mut world = World::new("2026-06-01T20:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.write("postings/n.toml", &text.replace('P', "N"));
    world.minutes(5).await; // ten in the evening: it waits for the morning
    world.remove("postings/n.toml");
    world.minutes(20).await;
    world.write("postings/n.toml", &text.replace('P', "N"));
    world.minutes(5).await;
    world.to("2026-06-02T06:00:00Z").await;
    let left = world.minutes(5).await;
    assert!(
        sent(&left).iter().any(|s| s.contains("~new/n/camille")),
        "{} {:?}",
        sent(&left).join("\n"),
        world.show("~new").await
    );
}

#[tokio::test]
async fn a_notice_does_not_wait_for_the_hours_when_what_it_tells_begins_before_them() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |at: &str| {
        posting(
            "P",
            "\"camille\"",
            &format!("[[interview]]\non = {at}\n[[remind]]\nevent = \"interview\"\nbefore = [\"7d\"]\n"),
        )
    };
    // Told a week before; moved at 22:30 in Paris: to seven the next morning, and to ten.
    for (moved, expected) in [("2026-06-20T07:00:00", 1), ("2026-06-20T10:00:00", 0)] {
        let mut world =
            World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text("2026-06-26T15:00:00"))]).await;
        world.to("2026-06-19T07:00:00Z").await;
        world.minutes(1).await;
        world.to("2026-06-19T20:30:00Z").await;
        world.write("postings/p.toml", &text(moved));
        let left = world.minutes(10).await;
        assert_eq!(sent(&left).len(), expected, "{moved}: {:?}", sent(&left));
    }
}

#[tokio::test]
async fn a_restart_says_nothing_of_a_relay_that_was_not_tried_yet() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    world.relay.set_down(true);
    world.to("2026-06-26T07:00:00Z").await; // −1d, moved from Saturday
    world.minutes(70).await;
    assert_eq!(world.rows("~operator/relay-").await.len(), 1);
    // A planner that nobody has told anything yet, as the first of a new process.
    world.restart();
    world.planner.step().await.unwrap();
    let rows = world.rows("~operator/relay-").await;
    assert_eq!(rows.iter().map(|row| row.state).collect::<Vec<_>>(), [State::Planned]);
}

#[tokio::test]
async fn what_a_digest_told_counts_as_told() {
    let toml = format!("{TOML}[people.camille]\nemail = \"camille@example.org\"\ndigest = \"0 8 * * *\"\n");
    let text = |day: &str| posting("P", "\"camille\"", &format!("[deadline]\nuntil = {day}"));
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text("2026-06-15"))]).await;
    world.to("2026-06-02T06:00:00Z").await;
    assert_eq!(sent(&world.minutes(1).await).len(), 1, "the digest");
    world.write("postings/p.toml", &text("2026-07-15"));
    let left = world.minutes(15).await;
    assert!(
        sent(&left).iter().any(|line| line.contains("~change/p/deadline/2/camille")),
        "{:?}",
        sent(&left)
    );
}

#[tokio::test]
async fn a_notice_that_left_within_a_reminders_mail_says_so() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |place: &str| {
        posting("P", "\"camille\"", &format!("[[interview]]\non = 2026-06-25T15:00:00\nplace = \"{place}\""))
    };
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text("A"))]).await;
    world.to("2026-06-24T07:00:00Z").await;
    assert_eq!(sent(&world.minutes(1).await).len(), 1, "the eve's");
    world.to("2026-06-25T06:58:00Z").await;
    world.write("postings/p.toml", &text("B"));
    let left = world.minutes(10).await;
    assert_eq!(sent(&left).len(), 1, "{:?}", sent(&left));
    assert!(left[0].written.text.contains("before: A"), "{}", left[0].written.text);
    let rows = world.rows("~change/").await;
    assert_eq!(
        (rows[0].state, rows[0].reason.map(jalon::plan::row::Reason::word)),
        (State::Superseded, Some("told-already"))
    );
}

#[tokio::test]
async fn whoever_was_told_nothing_yet_is_reminded_of_what_holds_and_of_nothing_before() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |place: &str| {
        posting("P", "\"camille\"", &format!("[[interview]]\non = 2026-06-25T15:00:00\nplace = \"{place}\""))
    };
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text("Red room"))]).await;
    world.to("2026-06-24T06:58:00Z").await;
    world.write("postings/p.toml", &text("Blue room"));
    let left = world.minutes(10).await;
    assert_eq!(sent(&left).len(), 1, "{:?}", sent(&left));
    let words = &left[0].written.text;
    assert!(words.contains("Blue room") && !words.contains("Red room"), "{words}");
}

#[tokio::test]
async fn whoever_was_told_of_a_posting_that_is_accepted_to_be_gone_hears_of_it_and_so_does_the_operator() {
    let toml = format!("{TOML}{CAMILLE}");
    let text = |title: &str| posting(title, "\"camille\"", "[deadline]\nuntil = 2026-06-28\n");
    let (p, q) = (text("P"), text("Q").replace("06-28", "07-28"));
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &p), ("q.toml", &q)]).await;
    world.to("2026-06-21T07:00:00Z").await;
    assert_eq!(sent(&world.minute().await).len(), 1, "a week before, of p");
    world.remove("postings/p.toml");
    world.remove("postings/q.toml");
    let left = world.minutes(60).await;
    let told: Vec<&str> = left.iter().map(|departure| departure.written.text.as_str()).collect();
    assert_eq!(sent(&left), ["21 07:01 admin@example.org <- ~operator/vanished/1"]);
    assert!(told[0].contains("if it was on purpose, run jalon accept."), "{}", told[0]);
    world.ledger.accept(vec!["p".into(), "q".into()], world.clock.now()).await.unwrap();
    let left = world.minutes(15).await;
    let told: Vec<&str> = left.iter().map(|departure| departure.written.text.as_str()).collect();
    assert_eq!(
        sent(&left),
        [
            "21 08:11 camille@example.org <- ~change/p/deadline/2/camille",
            "21 08:11 admin@example.org <- ~operator/vanished/1/healed",
        ],
    );
    assert!(told[0].contains("Removed from the calendar"), "{}", told[0]);
    let accepted = "It was accepted that postings are gone (p, q): their reminders are withdrawn.";
    assert!(told[1].contains(accepted) && !told[1].contains("does not believe"), "{}", told[1]);
    assert!(world.rows("q/").await.iter().all(|row| row.state == State::Withdrawn), "nobody was told of q");
    world.still().await;
}

#[tokio::test]
async fn the_operator_is_told_which_template_serves_in_place_of_a_wrong_one() {
    let text = posting("P", "\"camille\"", "[deadline]\nuntil = 2026-06-28\n");
    let toml = format!("{TOML}{CAMILLE}");
    let mut world = World::new("2026-06-01T10:00:00Z", &toml, &[("p.toml", &text)]).await;
    std::fs::create_dir_all(world.folder.path().join("config/templates/fr")).unwrap();
    for (version, then) in [
        ("{{ nothing }}", "jalon's own template is used in its place."),
        ("Rappel maison", ""),
        ("{{ nothing }}", "The last good version stays in force."),
    ] {
        world.write("templates/fr/reminder.subject.txt", version);
        let told = world.minutes(80).await;
        let told: Vec<&str> = told.iter().map(|mail| mail.written.text.as_str()).collect();
        let found = told.iter().any(|text| text.contains("reminder.subject.txt") && text.contains(then));
        assert!(found, "{then}: {told:#?}");
    }
}
