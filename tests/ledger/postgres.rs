//! PostgreSQL under contract, and what only a shared store has: several hosts, a server that goes away, another clock.

use chrono::TimeDelta;
use jalon::clock::Clock;
use jalon::ledger::postgres::place::Place;
use jalon::ledger::postgres::{Leases, PostgresLedger};
use jalon::ledger::shared::Host;
use jalon::ledger::{Attendance, Basis, Hand, Ledger as _, LedgerError, Mail, Orphans, Stamp, Turn};
use jalon::plan::next::{InDoubt, Verdict};
use jalon::plan::reconcile::Change;
use jalon::settings::Rate;

use crate::cut::{Next, Way};
use crate::server::{self, Database};
use crate::world::*;

/// A ledger in a database of its own, whose leases go by the clock that the clauses say.
pub struct InDatabase {
    database: Database,
}

impl Fixture for InDatabase {
    type Ledger = PostgresLedger;

    fn new() -> Self {
        Self { database: Database::new() }
    }

    fn open(&self) -> PostgresLedger {
        let place = Place::parse(&self.database.url()).unwrap();
        let host = Host { id: "host".into(), name: "host".into(), run: "1".into() };
        now(PostgresLedger::open_by(place, Stamp::Real, host, Leases::Caller)).unwrap()
    }

    fn here() -> bool {
        Database::can_be()
    }
}

/// Waits inside a test that has a runtime around it.
fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

fn host(name: &str) -> Host {
    Host { id: name.into(), name: name.into(), run: "1".into() }
}

/// A host that opens the ledger of a place, as a daemon does.
async fn opens(database: &Database, name: &str) -> PostgresLedger {
    let place = Place::parse(&database.url()).unwrap();
    PostgresLedger::open(place, Stamp::Real, host(name)).await.unwrap()
}

/// The same by a way that may be cut, on the clock of the clauses.
async fn opens_by(way: &Way, database: &Database, name: &str) -> PostgresLedger {
    let url = database
        .url()
        .replace(&Database::folder().display().to_string(), &way.folder().display().to_string());
    PostgresLedger::open_by(Place::parse(&url).unwrap(), Stamp::Real, host(name), Leases::Caller)
        .await
        .unwrap()
}

/// Leaves a test out where there is no PostgreSQL.
macro_rules! database {
    () => {
        if Database::can_be() {
            Database::new()
        } else {
            return eprintln!("skipped: no programs of PostgreSQL here");
        }
    };
}

fn attendance(digest: &str, readable: bool) -> Attendance {
    Attendance { digest: digest.into(), readable, now: Clock::real().now() }
}

#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_found_again_and_one_that_was_lost_is_made() {
    for fate in [Next::IsLost, Next::IsUnanswered] {
        let database = database!();
        let way = Way::to(&Database::folder());
        let ledger = opens_by(&way, &database, "one").await;
        ledger.apply(vec![add(WEEK, 0, 100), add(SACHA, 0, 100)], before()).await.unwrap();
        way.next(fate);
        let mails = ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap();
        assert_eq!(mails.len(), 2, "{fate:?}");
        assert_eq!(
            database.sql("SELECT count(*), max(term) FROM rows WHERE state = 'claimed'"),
            "2|2",
            "{fate:?}"
        );
        assert!(ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_was_handed_though_nobody_heard_may_leave_and_is_settled_once() {
    for fate in [Next::IsLost, Next::IsUnanswered] {
        let database = database!();
        let way = Way::to(&Database::folder());
        let ledger = opens_by(&way, &database, "one").await;
        ledger.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
        let mail = ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap().remove(0);
        way.next(fate);
        let turn = Turn::hand(over(&mail));
        let turned = ledger.turn(turn, at(1), lease()).await.unwrap();
        assert_eq!(turned.handed, [[key(WEEK)]], "{fate:?}");
        assert_eq!(database.sql("SELECT state, hands FROM rows"), "handed|1", "{fate:?}");
        way.next(fate);
        let settle = Turn::settle(mail.message_id.clone(), mail.term, sent());
        ledger.turn(settle, at(2), lease()).await.unwrap();
        assert_eq!(database.sql("SELECT state, doubts FROM rows"), "sent|0", "{fate:?}");
    }
}

#[tokio::test]
async fn of_many_that_were_settled_and_handed_at_once_none_leaves_twice_though_nobody_heard() {
    for fate in [Next::IsLost, Next::IsUnanswered] {
        let database = database!();
        let way = Way::to(&Database::folder());
        let ledger = opens_by(&way, &database, "one").await;
        let rows = [WEEK, SACHA, "q/start/2026-08-31/-1d/noa", "q/start/2026-08-31/-1d/lou"];
        ledger.apply(rows.iter().map(|row| add(row, 0, 100)).collect(), before()).await.unwrap();
        let mails = ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap();
        let first = Turn { settle: vec![], hand: mails[..2].iter().map(over).collect() };
        assert_eq!(ledger.turn(first, at(1), lease()).await.unwrap().handed.concat().len(), 2);
        // Of the next two, one is not wanted any more.
        let dropped = mails[3].rows[0].key.clone();
        ledger.apply(vec![Change::Want(dropped, false)], at(1)).await.unwrap();
        way.next(fate);
        let settle = |mail: &Mail| (mail.message_id.clone(), mail.term, sent());
        let settle = mails[..2].iter().map(settle).collect();
        let next = Turn { settle, hand: mails[2..].iter().map(over).collect() };
        let turned = ledger.turn(next, at(2), lease()).await.unwrap();
        assert_eq!(turned.settled, [true, true], "{fate:?}");
        assert_eq!(turned.handed, [vec![mails[2].rows[0].key.clone()], vec![]], "{fate:?}");
        let states = database.sql("SELECT string_agg(state || hands, ' ' ORDER BY state) FROM rows");
        assert_eq!(states, "handed1 sent1 sent1 withdrawn0", "{fate:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_somebody_commits_no_version_stands() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    let version = async || one.version().await.unwrap();
    let before_all = version().await;
    assert_eq!(version().await, before_all);
    two.attend(attendance("a", true)).await.unwrap();
    assert_eq!(version().await, before_all, "that a host is there is no news");
    database.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END';
         CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON rows DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let quiet = version().await;
    let writing = tokio::spawn(async move { two.apply(vec![add(WEEK, 0, 100)], before()).await });
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while database.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0" {
        assert!(std::time::Instant::now() < until);
    }
    let [first, second] = [version().await, version().await];
    assert!(writing.is_finished() || (first != second && first != quiet), "{first:?} {second:?}");
    writing.await.unwrap().unwrap();
    assert_ne!(version().await, quiet);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_outlives_the_loop_that_asked_for_it() {
    let database = database!();
    let ledger = opens(&database, "one").await;
    let mut somebody = server::session(&Database::folder(), "postgres");
    somebody.say(&format!("BEGIN; LOCK TABLE {}.rows IN EXCLUSIVE MODE; SELECT 1;", database.name));
    let writes = |text: &str| {
        let (ledger, change) = (ledger.clone(), add(text, 0, 100));
        tokio::spawn(async move { ledger.apply(vec![change], before()).await })
    };
    let locks = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'rows'::regclass";
    let wait_for = |count: &str| {
        let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while database.sql(locks) != count {
            assert!(std::time::Instant::now() < until);
        }
    };
    // The connection that there is has something to do: a loop with a runtime of its own has another one made.
    let first = writes(WEEK);
    wait_for("1");
    let apart = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (asks, (go, ends)) = (ledger.clone(), std::sync::mpsc::channel::<()>());
    let (say, said) = tokio::sync::oneshot::channel();
    let other = std::thread::spawn(move || {
        say.send(apart.block_on(asks.next_due())).unwrap();
        ends.recv().unwrap();
    });
    said.await.unwrap().unwrap();
    // Somebody else writes by it when that loop ends.
    let second = writes(DAY);
    wait_for("2");
    go.send(()).unwrap();
    other.join().unwrap();
    somebody.say("ROLLBACK; SELECT 1;");
    first.await.unwrap().unwrap();
    second.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_may_not_be_known_to_be_handed_does_not_leave() {
    let database = database!();
    let way = Way::to(&Database::folder());
    let ledger = opens_by(&way, &database, "one").await;
    ledger.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
    let mail = ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap().remove(0);
    // The answer is lost, and before it is looked for somebody put the row in doubt: it is another's now.
    database.sql(
        "CREATE FUNCTION away() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.state = ''planned'';
            NEW.lease_until = NULL; NEW.in_doubt = true; NEW.doubts = 1; NEW.term = NULL; RETURN NEW; END';
         CREATE TRIGGER away BEFORE UPDATE ON rows FOR EACH ROW WHEN (NEW.state = 'handed') EXECUTE FUNCTION away()",
    );
    way.next(Next::IsUnanswered);
    let turned = ledger.turn(Turn::hand(over(&mail)), at(1), lease()).await.unwrap();
    assert!(turned.handed.concat().is_empty(), "{turned:?}");
}

#[tokio::test]
async fn leases_go_by_the_clock_of_the_database() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    one.apply(vec![add(WEEK, 0, 1_000_000)], before()).await.unwrap();
    let mail = one.claim(at(1), lease(), 100, DOMAIN).await.unwrap().remove(0);
    // Another host's clock may say anything.
    let orphans = two.orphans(false, InDoubt::Resend, at(900_000)).await.unwrap();
    assert_eq!(orphans, Orphans::default());
    let turn = Turn::hand(over(&mail));
    assert_eq!(one.turn(turn.clone(), at(900_000), lease()).await.unwrap().handed, [[key(WEEK)]]);
    // Its lease is over when the database says so.
    database.sql("UPDATE rows SET lease_until = lease_clock(NULL) - 1");
    let orphans = two.orphans(false, InDoubt::Resend, at(2)).await.unwrap();
    assert_eq!(orphans.doubted, 1);
    assert!(one.turn(turn, at(2), lease()).await.unwrap().handed.concat().is_empty());
}

#[tokio::test]
async fn a_host_that_is_silent_loses_what_it_claimed_and_not_what_it_handed() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    one.attend(attendance("a", true)).await.unwrap();
    two.attend(attendance("a", true)).await.unwrap();
    one.apply(vec![add(WEEK, 0, 1_000_000), add(SACHA, 0, 1_000_000)], before()).await.unwrap();
    let mails = one.claim(at(1), lease(), 100, DOMAIN).await.unwrap();
    one.turn(Turn::hand(over(&mails[0])), at(1), lease()).await.unwrap();
    assert_eq!(two.orphans(false, InDoubt::Resend, at(2)).await.unwrap(), Orphans::default());
    database.sql("UPDATE hosts SET seen = seen - 61000 WHERE id = 'one'");
    let orphans = two.orphans(false, InDoubt::Resend, at(2)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 1, doubted: 0, held: 0 });
    // It comes back: what it claimed is not its own any more, what it handed is.
    assert!(one.turn(Turn::hand(over(&mails[1])), at(2), lease()).await.unwrap().handed.concat().is_empty());
    let settle = Turn::settle(mails[0].message_id.clone(), mails[0].term, sent());
    assert!(one.turn(settle, at(3), lease()).await.unwrap().settled == [true]);
}

#[tokio::test]
async fn at_its_start_a_host_sees_to_what_its_own_runs_left_and_to_nothing_else() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    one.apply(vec![add(WEEK, 0, 1_000_000), add(SACHA, 0, 1_000_000)], before()).await.unwrap();
    let mine = one.claim(at(1), lease(), 1, DOMAIN).await.unwrap();
    let theirs = two.claim(at(1), lease(), 1, DOMAIN).await.unwrap();
    for (ledger, mail) in [(&one, &mine[0]), (&two, &theirs[0])] {
        ledger.turn(Turn::hand(over(mail)), at(1), lease()).await.unwrap();
    }
    let place = Place::parse(&database.url()).unwrap();
    let again = Host { run: "2".into(), ..host("one") };
    let again = PostgresLedger::open(place, Stamp::Real, again).await.unwrap();
    assert_eq!(again.orphans(true, InDoubt::Resend, at(2)).await.unwrap().doubted, 1);
    assert_eq!(database.sql("SELECT count(*) FROM rows WHERE state = 'handed'"), "1");
}

#[tokio::test]
async fn one_host_plans_and_what_the_last_one_still_writes_is_refused() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    let first = one.attend(attendance("a", true)).await.unwrap().term;
    assert!(first.is_some());
    assert_eq!(two.attend(attendance("a", true)).await.unwrap().term, None);
    let [planner, other] = [one.on_duty(first), two.on_duty(None)];
    planner.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
    let refused = |result: Result<usize, LedgerError>| matches!(result, Err(LedgerError::OffDuty { .. }));
    assert!(refused(other.apply(vec![add(SACHA, 0, 100)], before()).await));
    assert!(one.stands(Basis::Term(first.unwrap())).await.unwrap());
    // One stands still for longer than its duty lasts.
    database.sql("UPDATE duty SET until = lease_clock(NULL)");
    let second = two.attend(attendance("a", true)).await.unwrap().term;
    assert!(second > first);
    assert!(refused(planner.apply(vec![add(SACHA, 0, 100)], before()).await));
    assert!(planner.remember(vec![posting("a", "old")], vec![]).await.is_err());
    assert!(!one.stands(Basis::Term(first.unwrap())).await.unwrap());
    assert_eq!(one.attend(attendance("a", true)).await.unwrap().term, None, "the other keeps it");
    two.on_duty(second).apply(vec![add(SACHA, 0, 100)], before()).await.unwrap();
    assert_eq!(database.sql("SELECT count(*) FROM rows"), "2");
    let hosts = one.hosts().await.unwrap();
    let said: Vec<_> = hosts.iter().map(|host| (host.name.as_str(), host.lives, host.plans)).collect();
    assert_eq!(said, [("one", true, false), ("two", true, true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_takes_the_duty_over_waits_for_what_is_being_written() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    let term = one.attend(attendance("a", true)).await.unwrap().term;
    // A transaction of the planner that lasts: every row takes a while.
    database.sql(
        "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END';
         CREATE TRIGGER slow BEFORE INSERT ON rows FOR EACH ROW EXECUTE FUNCTION slow()",
    );
    let planner = one.on_duty(term);
    let writing =
        tokio::spawn(
            async move { planner.apply(vec![add(WEEK, 0, 100), add(SACHA, 0, 100)], before()).await },
        );
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while database.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == "0" {
        assert!(std::time::Instant::now() < until);
    }
    // The duty lapses meanwhile; whoever would move its end waits, as whoever takes it does.
    database.sql("UPDATE duty SET until = lease_clock(NULL)");
    assert!(writing.is_finished() || writing.await.unwrap().is_ok());
    assert!(two.attend(attendance("a", true)).await.unwrap().term > term);
    assert_eq!(database.sql("SELECT count(*) FROM rows"), "2", "all of it was written before");
}

#[tokio::test]
async fn rates_are_those_of_all_hosts_together() {
    let database = database!();
    let hosts = [opens(&database, "one").await, opens(&database, "two").await];
    let rates = vec![Rate { mails: 5, per: TimeDelta::minutes(1) }];
    let asking = (0..20).map(|n| {
        let (ledger, rates) = (hosts[n % 2].clone(), rates.clone());
        tokio::spawn(async move { ledger.admit("relay".into(), rates, at(1)).await.unwrap() })
    });
    let mut admitted = 0;
    for asked in asking.collect::<Vec<_>>() {
        admitted += usize::from(asked.await.unwrap());
    }
    assert_eq!(admitted, 5);
    assert!(hosts[0].admit("another".into(), rates.clone(), at(1)).await.unwrap());
    assert!(hosts[1].admit("relay".into(), rates, at(3)).await.unwrap(), "the minute is over");
}

#[tokio::test]
async fn what_one_host_writes_the_others_hear_of() {
    let database = database!();
    let [one, two] = [opens(&database, "one").await, opens(&database, "two").await];
    let mut of_two = two.stirs();
    // It is a hint: whoever has not begun to listen hears nothing.
    let brief = std::time::Duration::from_millis(200);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let mut heard = 0;
    while heard < 3 {
        assert!(std::time::Instant::now() < until);
        one.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
        heard += u32::from(tokio::time::timeout(brief, of_two.next()).await.is_ok());
    }
    // The other way round too: from here on it is known to listen. Then what is still on its way, and silence.
    let mut of_one = one.stirs();
    while heard < 6 {
        assert!(std::time::Instant::now() < until);
        two.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
        heard += u32::from(tokio::time::timeout(brief, of_one.next()).await.is_ok());
    }
    while tokio::time::timeout(brief, of_one.next()).await.is_ok() {
        assert!(std::time::Instant::now() < until);
    }
    one.apply(vec![add(SACHA, 0, 100)], before()).await.unwrap();
    let nothing = tokio::time::timeout(std::time::Duration::from_millis(300), of_one.next()).await;
    assert!(nothing.is_err(), "what it wrote itself is no news");
}

#[tokio::test]
async fn after_a_connection_is_lost_another_is_made() {
    let database = database!();
    let way = Way::to(&Database::folder());
    let by_way = opens_by(&way, &database, "two").await;
    for fate in [Next::IsLost, Next::IsUnanswered] {
        way.next(fate);
        // What cannot be known is said; what comes after it goes well, on another connection.
        assert!(by_way.note_round(at(1), false).await.is_err());
        by_way.note_round(at(1), false).await.unwrap();
        assert_eq!(by_way.last_round().await.unwrap(), Some(at(1)));
    }
}

#[tokio::test]
async fn a_newer_ledger_and_another_database_are_refused() {
    let database = database!();
    let ledger = opens(&database, "one").await;
    let place = || Place::parse(&database.url()).unwrap();
    let pretended = PostgresLedger::open(place(), Stamp::Pretended, host("two")).await;
    assert!(matches!(pretended, Err(LedgerError::Stamp { .. })), "{pretended:?}");
    database.sql("UPDATE meta SET schema = 999");
    let newer = PostgresLedger::open(place(), Stamp::Real, host("two")).await;
    assert!(matches!(newer, Err(LedgerError::Newer { found: 999, .. })), "{newer:?}");
    assert!(matches!(PostgresLedger::read(place()).known().await, Err(LedgerError::Newer { .. })));
    drop(ledger);
    let others = Database::new();
    others.sql("CREATE TABLE theirs (n int)");
    let place = Place::parse(&others.url()).unwrap();
    let refused = PostgresLedger::open(place, Stamp::Real, host("one")).await.unwrap_err().to_string();
    assert!(refused.contains("a database of its own"), "{refused}");
    assert_eq!(others.sql("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"), "1");
}

#[tokio::test]
async fn who_only_reads_writes_nothing_and_makes_nothing() {
    let database = database!();
    let place = || Place::parse(&database.url()).unwrap();
    let empty = PostgresLedger::read(place()).known().await.unwrap_err();
    assert!(empty.to_string().contains("the daemon has not run yet"), "{empty}");
    let LedgerError::Unusable { source, .. } = empty else { panic!("{empty}") };
    assert_eq!(source.french(), "il est vide\u{a0}: le service n'a pas encore tourné");
    let ledger = opens(&database, "one").await;
    ledger.apply(vec![add(WEEK, 0, 100)], before()).await.unwrap();
    let reader = PostgresLedger::read(place());
    assert_eq!(reader.known().await.unwrap().len(), 1);
    assert!(reader.by_hand(key(WEEK), Hand::Withdraw, at(1)).await.is_err());
    let hand = PostgresLedger::beside(place());
    assert!(hand.by_hand(key(WEEK), Hand::Withdraw, at(1)).await.unwrap());
}

#[tokio::test]
async fn daemons_that_open_it_at_once_make_its_tables_once() {
    let database = database!();
    let opening: Vec<_> = (0..6)
        .map(|n| {
            let place = Place::parse(&database.url()).unwrap();
            tokio::spawn(PostgresLedger::open(place, Stamp::Real, host(&format!("host{n}"))))
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
    assert_eq!(database.sql("SELECT count(*) FROM meta"), "1");
}

#[tokio::test]
async fn what_a_relay_says_may_hold_any_character() {
    let database = database!();
    let ledger = opens(&database, "one").await;
    ledger.apply(vec![add(WEEK, 0, 1_000_000)], before()).await.unwrap();
    let mail = ledger.claim(at(1), lease(), 100, DOMAIN).await.unwrap().remove(0);
    ledger.turn(Turn::hand(over(&mail)), at(1), lease()).await.unwrap();
    let sent = Verdict::Sent { reply: "250 a\0b é".into() };
    let settle = Turn::settle(mail.message_id, mail.term, sent);
    assert!(ledger.turn(settle, at(1), lease()).await.unwrap().settled == [true]);
    assert_eq!(ledger.known().await.unwrap()[0].reply.as_deref(), Some("250 a\u{fffd}b é"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_claim_at_once_take_whole_mails_each_in_a_term_of_its_own() {
    let database = database!();
    let mut hosts = Vec::new();
    for name in ["one", "two", "three", "four"] {
        hosts.push(opens(&database, name).await);
    }
    let rows = (0..60).flat_map(|reader| {
        (0..5).map(move |n| add(&format!("p/milestone:m{n}/2026-06-28/-7d/q{reader:02}"), n, 1_000_000))
    });
    hosts[0].apply(rows.collect(), before()).await.unwrap();
    let claiming = hosts.into_iter().map(|ledger| {
        tokio::spawn(async move {
            let mut mails = Vec::new();
            // A mail that somebody is writing to is passed over, and is there at the next look.
            while ledger.next_due().await.unwrap().is_some() {
                mails.extend(ledger.claim(at(10), lease(), 3, DOMAIN).await.unwrap());
            }
            mails
        })
    });
    let mut mails = Vec::new();
    for claimed in claiming.collect::<Vec<_>>() {
        mails.extend(claimed.await.unwrap());
    }
    assert_eq!(mails.len(), 60);
    assert!(mails.iter().all(|mail| mail.rows.len() == 5), "{mails:#?}");
    let terms: std::collections::BTreeSet<i64> = mails.iter().map(|mail| mail.term).collect();
    assert_eq!(terms.len(), 60);
}
