//! Relays are looked at on the evening before a day with mails.

use chrono::{NaiveTime, TimeDelta};
use jalon::calendar::Zone;
use jalon::daemon::preflight::due_at;
use jalon::ledger::Ledger as _;
use jalon::plan::Sort;
use jalon::plan::row::State;

use crate::running::Daemon;
use crate::server::{Act, Script, Server, Stage, say};
use crate::world::{World, folder, utc, way};

#[test]
fn the_evening_before_is_the_houses_and_keeps_to_summer_time() {
    let paris = Zone::parse("Europe/Paris").unwrap();
    let five = NaiveTime::from_hms_opt(17, 0, 0).unwrap();
    let look = |now: &str, due: Option<&str>, tried: Option<&str>| {
        due_at(utc(now), due.map(utc), tried.map(utc), five, paris)
    };
    let june = "2026-06-20T00:00:00Z";
    for (now, due, expected) in [
        (june, "2026-06-24T07:00:00Z", "2026-06-23T15:00:00Z"),
        // A mail after midnight in Paris, where it is the day before in UTC.
        (june, "2026-06-23T22:30:00Z", "2026-06-23T15:00:00Z"),
        // On the evening before the clocks change, and on the evening of that day.
        ("2026-03-01T00:00:00Z", "2026-03-29T07:00:00Z", "2026-03-28T16:00:00Z"),
        ("2026-03-01T00:00:00Z", "2026-03-30T07:00:00Z", "2026-03-29T15:00:00Z"),
        ("2026-10-01T00:00:00Z", "2026-10-25T08:00:00Z", "2026-10-24T15:00:00Z"),
        ("2026-10-01T00:00:00Z", "2026-10-26T08:00:00Z", "2026-10-25T16:00:00Z"),
        // One that was missed is made up for.
        ("2026-06-24T05:59:59Z", "2026-06-24T07:00:00Z", "2026-06-23T15:00:00Z"),
    ] {
        assert_eq!(look(now, Some(due), None), Some(utc(expected)), "{due}");
    }
    let due = Some("2026-06-24T07:00:00Z");
    assert_eq!(look(june, None, None), None, "no mail, no look");
    assert_eq!(look("2026-06-24T06:00:00Z", due, None), None, "the mail itself is tried");
    let evening = Some(utc("2026-06-23T15:00:00Z"));
    for (tried, expected) in [
        ("2026-06-23T08:59:59Z", evening),
        ("2026-06-23T09:00:00Z", None),
        ("2026-06-23T15:00:00Z", None),
        ("2026-06-24T03:00:00Z", None),
    ] {
        assert_eq!(look(june, due, Some(tried)), expected, "tried at {tried}");
    }
}

#[tokio::test]
async fn each_relay_is_looked_at_once_and_nothing_is_sent() {
    let script = Script { offers: vec!["AUTH PLAIN"], ..Script::default() };
    let (one, two) = (Server::start(script.clone()).await, Server::start(script).await);
    let ways = || vec![way(&one, "one"), way(&two, "two")];
    // The evening of the 22nd: no mail leaves on the 23rd.
    let mut world = World::new("", "2026-06-22T15:00:00Z", ways()).await;
    assert_eq!(world.drain().await, []);
    world.go("2026-06-23T14:59:59Z").await;
    assert_eq!(world.drain().await, []);
    assert_eq!((one.connections(), two.connections()), (0, 0));
    world.go("2026-06-23T15:00:00Z").await;
    assert_eq!(world.drain().await, [("one".to_owned(), true), ("two".to_owned(), true)]);
    for server in [&one, &two] {
        let verbs: Vec<String> =
            server.lines().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(verbs, ["EHLO", "AUTH", "QUIT"]);
    }
    // Once, also for another daemon.
    for hour in 0..4 {
        world.go(&format!("2026-06-23T{}:30:00Z", 15 + hour)).await;
        assert_eq!(world.drain().await, []);
        world = world.restart(ways());
        assert_eq!(world.drain().await, []);
    }
    world.go("2026-06-24T07:00:00Z").await;
    assert_eq!(world.drain().await, []);
    assert_eq!(one.lines().iter().filter(|line| line.starts_with("MAIL")).count(), 1);
    assert_eq!((one.connections(), two.connections()), (2, 1));
}

#[tokio::test]
async fn nobody_is_looked_at_where_that_is_not_wanted_or_a_relay_rests() {
    let server = Server::start(Script::default()).await;
    let mut world = World::new("preflight = false", "2026-06-23T15:00:00Z", vec![way(&server, "one")]).await;
    assert_eq!(world.drain().await, []);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_refused_login_is_told_at_once_by_the_relay_that_works() {
    let rules = vec![(Stage::Auth, 0, say("535 5.7.8 bad credentials"))];
    let one = Server::start(Script { rules, offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let two = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let ways = || vec![way(&one, "one"), way(&two, "two")];
    let mut world = World::new("", "2026-06-23T15:00:00Z", ways()).await;
    assert_eq!(world.drain().await, [("one".to_owned(), false), ("two".to_owned(), true)]);
    world.plan().await;
    assert_eq!(world.drain().await, []);
    let rows = world.ledger.known().await.unwrap();
    let told: Vec<_> = rows.iter().filter(|row| row.key.sort() == Sort::Operator).collect();
    let [row] = &told[..] else { panic!("{told:?}") };
    assert_eq!((row.key.as_str(), row.state), ("~operator/relay-one/1", State::Sent));
    assert!(row.why.contains("535 5.7.8 bad credentials"), "{}", row.why);
    assert_eq!(two.lines().iter().filter(|line| line.starts_with("RCPT")).count(), 1);
    // Accounts are locked for logins that fail again and again: not tried anew that evening, nor by another daemon.
    let tries = || one.lines().iter().filter(|line| line.starts_with("AUTH")).count();
    world.go("2026-06-23T16:00:00Z").await;
    world = world.restart(ways());
    assert_eq!((world.drain().await.len(), tries()), (0, 1));
}

#[tokio::test]
async fn a_relay_that_is_away_is_told_if_it_still_is_an_hour_later() {
    let rules = vec![(Stage::Greeting, 0, Act::Drop)];
    let one = Server::start(Script { rules, ..Script::default() }).await;
    let mut world = World::new("", "2026-06-23T15:00:00Z", vec![way(&one, "one")]).await;
    assert_eq!(world.drain().await, [("one".to_owned(), false)]);
    world.plan().await;
    let row = world.row("~operator/relay-one/1").await;
    assert_eq!((row.state, row.due), (State::Planned, utc("2026-06-23T16:00:00Z")));
    // It is back half an hour later: nobody hears of it.
    let back = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    world = world.restart(vec![way(&back, "one")]);
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(30)).await;
    assert_eq!(world.drain().await, []);
    world.plan().await;
    assert_eq!(world.row("~operator/relay-one/1").await.state, State::Withdrawn);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_daemon_says_so_in_its_log() {
    let server = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let folder = folder(&format!(
        "[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"none\"\nusername = \"camille\"\npassword = {{ env = \"PASSWORD\" }}\n",
        server.port
    ));
    let mut command = crate::running::jalon(folder.path());
    command.env("PASSWORD", "ouvre-toi");
    command.args(["run", "--as-of", "2026-06-23T18:30:00", "--ledger", "sqlite:jalon.db"]);
    let mut daemon = Daemon::spawn(command);
    let log = daemon.until("event=\"preflight\"");
    assert!(log.last().unwrap().contains("relay=\"localhost\" ready=true"), "{log:?}");
    daemon.stop();
    assert!(server.lines().iter().all(|line| !line.starts_with("MAIL")));
}
