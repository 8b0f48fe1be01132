//! The steps of planner and dispatcher on a ledger that hosts share: what a host sends is what is in force now, and what a
//! relay holds against one host makes it rest for all.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/postgres.rs"]
mod server;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::postgres::PostgresLedger;
use jalon::ledger::postgres::place::Place;
use jalon::ledger::shared::Host;
use jalon::ledger::{Basis, Ledger as _, Stamp, StoredRelay};
use jalon::plan::complaint::Complaint;
use jalon::plan::row::State;
use jalon::settings::Rate;
use jalon::transport::Transport;
use jalon::transport::folder::Outbox;
use server::Database;
use tokio::sync::watch;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"r@example.org\"\noutbox = \"out\"\n[people.camille]\nname = \"TITLE\"\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"TITLE\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-25\n";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn opens(database: &Database, name: &str) -> PostgresLedger {
    let place = Place::parse(&database.url()).unwrap();
    let host = Host { id: name.into(), name: name.into(), run: "1".into() };
    PostgresLedger::open(place, Stamp::Pretended, host).await.unwrap()
}

/// Files with this title, planned by one host; and what another goes by that has older files.
struct World {
    folder: tempfile::TempDir,
    database: Database,
    clock: Clock,
    ledger: PostgresLedger,
    planner: Planner<PostgresLedger>,
    follower: Planner<PostgresLedger>,
    stop: watch::Sender<bool>,
}

impl World {
    async fn new() -> Option<Self> {
        if !Database::can_be() {
            eprintln!("skipped: no programs of PostgreSQL here");
            return None;
        }
        let (folder, database) = (tempfile::tempdir().unwrap(), Database::new());
        let write = |host: &str, title: &str| {
            let postings = folder.path().join(host).join("postings");
            fs::create_dir_all(&postings).unwrap();
            fs::write(folder.path().join(host).join("jalon.toml"), JALON.replace("TITLE", title)).unwrap();
            fs::write(postings.join("p.toml"), POSTING.replace("TITLE", title)).unwrap();
        };
        write("one", "New");
        write("two", "Old");
        let clock = Clock::jumping(at("2026-06-20T06:00:00Z"));
        let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
        let of = |ledger: &PostgresLedger, host: &str| {
            let config = folder.path().join(host);
            Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config))
        };
        let (planner, follower) = (of(&one, "one"), of(&two, "two"));
        planner.step().await.unwrap();
        let (stop, _) = watch::channel(false);
        Some(Self { folder, database, clock, ledger: two, planner, follower, stop })
    }

    async fn followed(&mut self) -> Arc<Snapshot> {
        self.follower.serve(Basis::Edition(self.ledger.edition().await.unwrap()));
        self.follower.follow().await.unwrap().unwrap()
    }

    fn dispatcher(&self) -> Dispatcher<PostgresLedger> {
        let outbox = Outbox::new(self.out());
        let rates = vec![Rate { mails: 2, per: TimeDelta::minutes(1) }];
        let way = Way::new("out".into(), Transport::Folder(outbox)).with_rates(rates);
        let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
        Dispatcher::new(ledger, clock, vec![way], TimeDelta::minutes(30), self.stop.subscribe())
    }

    fn out(&self) -> std::path::PathBuf {
        self.folder.path().join("out")
    }
}

fn mails(folder: &Path) -> Vec<String> {
    let found = fs::read_dir(folder).into_iter().flatten().filter_map(|entry| {
        let path = entry.ok()?.path();
        (path.extension()? == "eml").then(|| fs::read_to_string(path).unwrap())
    });
    found.collect()
}

#[tokio::test]
async fn nothing_is_sent_by_what_is_in_force_no_more() {
    let Some(mut world) = World::new().await else { return };
    let stale = world.followed().await;
    let people = &stale.settings.house.directory.people;
    assert_eq!(people["camille"].name.as_deref(), Some("New"), "it goes by what was planned");
    // The host that plans takes up an edit, and the other has not looked since.
    let posting = world.folder.path().join("one/postings/p.toml");
    fs::write(&posting, POSTING.replace("TITLE", "Newer")).unwrap();
    world.planner.reload().unwrap();
    world.planner.step().await.unwrap();
    world.clock.wait_until(at("2026-06-24T07:00:01Z")).await;
    let mut dispatcher = world.dispatcher();
    let report = dispatcher.step(&stale).await.unwrap();
    assert!(report.stale && report.departures.is_empty(), "{report:?}");
    assert!(world.ledger.known().await.unwrap().iter().all(|row| row.state != State::Claimed));
    let fresh = world.followed().await;
    let report = dispatcher.step(&fresh).await.unwrap();
    assert_eq!(report.departures.len(), 1, "{report:?}");
    let sent = mails(&world.out());
    assert!(sent.iter().all(|mail| mail.contains("Newer")) && sent.len() == 1, "{sent:?}");
}

#[tokio::test]
async fn a_relay_that_refuses_one_host_rests_for_all_and_one_that_it_cannot_reach_does_not() {
    let Some(mut world) = World::new().await else { return };
    let snapshot = world.followed().await;
    world.clock.wait_until(at("2026-06-24T07:00:01Z")).await;
    let mut dispatcher = world.dispatcher();
    // It learns what was known when it began; what comes now is another host's.
    dispatcher.step(&snapshot).await.unwrap();
    let now = world.clock.now();
    for (complaint, rests) in [(Complaint::Away, false), (Complaint::Quota, true)] {
        let relay = StoredRelay {
            name: "out".into(),
            rest_until: Some(now + TimeDelta::minutes(15)),
            failures: 1,
            trouble: Some((now, complaint, "no".into())),
            tried: Some(now),
        };
        world.ledger.note_relay(relay).await.unwrap();
        dispatcher.step(&snapshot).await.unwrap();
        assert_eq!(dispatcher.rests_until().is_some(), rests, "{complaint:?}");
    }
}

#[tokio::test]
async fn a_mail_that_another_host_left_no_room_for_stays_and_leaves_later() {
    let Some(mut world) = World::new().await else { return };
    let snapshot = world.followed().await;
    world.clock.wait_until(at("2026-06-24T07:00:01Z")).await;
    let mut dispatcher = world.dispatcher();
    // While it claims, another host gives the relay all that it takes.
    let now = world.clock.now().timestamp_millis();
    world.database.sql(&format!(
        "CREATE FUNCTION given() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN INSERT INTO relay_mails (relay, at) VALUES (''out'', {now}), (''out'', {now}); RETURN NEW; END';
         CREATE TRIGGER given AFTER UPDATE ON rows FOR EACH ROW WHEN (NEW.state = 'claimed') EXECUTE FUNCTION given()"
    ));
    let report = dispatcher.step(&snapshot).await.unwrap();
    assert!(report.departures.is_empty() && mails(&world.out()).is_empty(), "{report:?}");
    assert!(world.ledger.known().await.unwrap().iter().all(|row| row.state != State::Claimed));
    world.database.sql("DROP TRIGGER given ON rows");
    world.clock.wait_until(at("2026-06-24T07:02:02Z")).await;
    let report = dispatcher.step(&snapshot).await.unwrap();
    assert_eq!(report.departures.len(), 1, "{report:?}");
}

#[tokio::test]
async fn people_are_known_before_what_is_planned_for_them() {
    let Some(mut world) = World::new().await else { return };
    let config = world.folder.path().join("one");
    let more = "[people.sacha]\nemail = \"sacha@example.org\"\n";
    fs::write(config.join("jalon.toml"), JALON.replace("TITLE", "New") + more).unwrap();
    let posting = POSTING.replace("TITLE", "New").replace("[\"camille\"]", "[\"camille\", \"sacha\"]");
    fs::write(config.join("postings/p.toml"), posting).unwrap();
    world.planner.reload().unwrap();
    // The planner dies as it writes the first row of hers.
    world.database.sql(
        "CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''dies''; END';
         CREATE TRIGGER dies BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION dies()",
    );
    assert!(world.planner.step().await.is_err());
    let followed = world.followed().await;
    assert!(
        followed.settings.house.directory.people.contains_key("sacha"),
        "whoever sends knows her already"
    );
}

#[tokio::test]
async fn what_the_ledger_does_not_tell_waits_for_the_host_that_plans() {
    let Some(mut world) = World::new().await else { return };
    world.database.sql("DELETE FROM postings");
    let snapshot = world.followed().await;
    world.clock.wait_until(at("2026-06-24T07:00:01Z")).await;
    let report = world.dispatcher().step(&snapshot).await.unwrap();
    assert!(report.departures.is_empty() && report.aside.len() == 1, "{report:?}");
    let row =
        world.ledger.known().await.unwrap().into_iter().find(|row| report.aside.contains(&row.key)).unwrap();
    let reply = row.reply.unwrap_or_default();
    assert!(reply.starts_with("it waits for the host that plans"), "{reply}");
    assert_eq!(
        (row.state, row.not_before),
        (State::Planned, Some(world.clock.now() + TimeDelta::minutes(1)))
    );
}
