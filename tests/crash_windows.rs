//! Every window on purpose: the daemon dies before and after each durable write, and before and after the dot. What the
//! ledger holds then, what leaves afterwards, and what is counted. And a stop, which is no crash: it leaves no doubt.
//!
//! It needs a debug build: the points at which it dies are in no other (`src/fail_point.rs`).
#![cfg(debug_assertions)]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/crash_world.rs"]
mod crash_world;
#[path = "support/slow_relay.rs"]
mod slow_relay;

use crash_world::{LIMIT, Size, World};
use jalon::plan::row::{Row, State};
use slow_relay::{Dot, Moment, Relay};

use State::{Claimed, Handed, Held, Planned, Sent};

/// Three mails of one reminder each.
const THREE: Size = Size { people: 3, seconds: 1, a_second: 3, connections: 1 };

/// Eight such mails, and four lines.
const EIGHT: Size = Size { people: 8, seconds: 1, a_second: 8, connections: 4 };

/// SIGABRT: how a fail point ends the process.
const ABORTED: i32 = 6;

struct Window {
    /// The fail point, and the how-many-th time it is reached.
    fail: &'static str,
    /// What the crash leaves, by mail.
    left: [State; 3],
    /// How often the relay took each mail before the crash.
    taken: [usize; 3],
}

const WINDOWS: [Window; 13] = [
    Window { fail: "before-claim", left: [Planned; 3], taken: [0, 0, 0] },
    Window { fail: "after-claim", left: [Claimed; 3], taken: [0, 0, 0] },
    Window { fail: "before-hand", left: [Claimed; 3], taken: [0, 0, 0] },
    Window { fail: "after-hand", left: [Handed, Claimed, Claimed], taken: [0, 0, 0] },
    Window { fail: "before-dot", left: [Handed, Claimed, Claimed], taken: [0, 0, 0] },
    Window { fail: "after-dot", left: [Handed, Claimed, Claimed], taken: [1, 0, 0] },
    // The settlement of one mail and the mark on the next are one transaction.
    Window { fail: "before-settle", left: [Handed, Claimed, Claimed], taken: [1, 0, 0] },
    Window { fail: "after-settle", left: [Sent, Handed, Claimed], taken: [1, 0, 0] },
    Window { fail: "before-hand:2", left: [Handed, Claimed, Claimed], taken: [1, 0, 0] },
    Window { fail: "after-hand:2", left: [Sent, Handed, Claimed], taken: [1, 0, 0] },
    Window { fail: "after-dot:2", left: [Sent, Handed, Claimed], taken: [1, 1, 0] },
    Window { fail: "before-settle:3", left: [Sent, Sent, Handed], taken: [1, 1, 1] },
    Window { fail: "after-settle:3", left: [Sent, Sent, Sent], taken: [1, 1, 1] },
];

/// The reminders' rows, in the order in which they leave.
fn rows(world: &World) -> Vec<Row> {
    let left = world.left();
    let row = |key: &String| left.iter().find(|row| row.key.as_str() == key).unwrap().clone();
    world.asked.iter().map(|asked| row(&asked.key)).collect()
}

/// The Message-IDs under which the relay took each.
fn taken(world: &World, dots: &[Dot]) -> Vec<Vec<String>> {
    let of = |mark: &String| {
        let dots = dots.iter().filter(|dot| dot.taken && dot.text.contains(mark));
        dots.map(|dot| dot.message_id.clone()).collect()
    };
    world.asked.iter().map(|asked| of(&asked.mark)).collect()
}

fn states(rows: &[Row]) -> Vec<State> {
    rows.iter().map(|row| row.state).collect()
}

fn counts(taken: &[Vec<String>]) -> Vec<usize> {
    taken.iter().map(Vec::len).collect()
}

fn crash_at(window: &Window, in_doubt: &str) {
    let at = format!("{} {in_doubt}", window.fail);
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(0, 0);
    relay.forget_none();
    let mut world = World::found(folder.path(), relay.port, in_doubt, THREE);
    world.all_is_due();
    assert_eq!(world.daemon(Some(window.fail)).signal(), Some(ABORTED), "{at}");
    relay.quiet();

    let left = rows(&world);
    assert_eq!(states(&left), window.left, "{at}");
    assert_eq!(counts(&taken(&world, &relay.dots())), window.taken, "{at}");
    assert!(left.iter().all(|row| row.doubts == 0), "{at}: a doubt is counted when it is found");

    world.drain();
    relay.quiet();
    let (ended, taken) = (rows(&world), taken(&world, &relay.dots()));
    for (n, row) in ended.iter().enumerate() {
        let doubted = window.left[n] == Handed;
        let held = doubted && in_doubt == "hold";
        assert_eq!(row.state, if held { Held } else { Sent }, "{at}: {}", row.key);
        assert_eq!(row.doubts, u32::from(doubted), "{at}: {}", row.key);
        let again = usize::from(!held && window.left[n] != Sent);
        assert_eq!(taken[n].len(), window.taken[n] + again, "{at}: {}", row.key);
        let id = row.message_id.clone().unwrap();
        assert!(taken[n].iter().all(|taken| *taken == id), "{at}: {taken:?} and not {id}");
        assert!(!doubted || left[n].message_id.as_ref() == Some(&id), "{at}: the Message-ID changed");
    }
}

#[test]
fn a_crash_in_any_window_resends_under_the_same_id_only_what_may_not_have_left() {
    std::thread::scope(|scope| {
        for windows in WINDOWS.chunks(4) {
            scope.spawn(|| windows.iter().for_each(|window| crash_at(window, "resend")));
        }
    });
}

#[test]
fn a_crash_in_any_window_doubles_nothing_when_doubts_are_held() {
    std::thread::scope(|scope| {
        for windows in WINDOWS.chunks(4) {
            scope.spawn(|| windows.iter().for_each(|window| crash_at(window, "hold")));
        }
    });
}

/// Dies before and after every commit there is, reads included, from the start to the last settlement.
#[test]
fn a_crash_around_any_commit_loses_nothing_and_counts_every_copy() {
    std::thread::scope(|scope| {
        for point in ["before-commit", "after-commit"] {
            scope.spawn(move || {
                let died = (1..1000).take_while(|n| crash_around(&format!("{point}:{n}"))).count();
                assert!(died > 10, "{point}: only {died} commits were found");
            });
        }
    });
}

/// Whether the daemon came to that commit before all was done.
fn crash_around(fail: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let relay = Relay::start(0, 0);
    let mut world = World::found(folder.path(), relay.port, "resend", THREE);
    world.all_is_due();
    let mut daemon = world.daemon(Some(fail));
    let all_left = || relay.dots().len() == 3 && rows(&world).iter().all(|row| row.state == Sent);
    let died = loop {
        if daemon.has_ended() {
            break true;
        }
        if all_left() {
            break false;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    daemon.kill();
    relay.quiet();
    world.drain();
    for (row, taken) in rows(&world).iter().zip(taken(&world, &relay.dots())) {
        assert_eq!(row.state, Sent, "{fail}: {}", row.key);
        assert!(!taken.is_empty(), "{fail}: {} is lost", row.key);
        assert!(taken.len() <= 1 + row.doubts as usize, "{fail}: {} left {} times", row.key, taken.len());
        let id = row.message_id.as_ref();
        assert!(taken.iter().all(|taken| Some(taken) == id), "{fail}: the Message-ID changed");
    }
    died
}

#[test]
fn a_stop_gives_up_a_mail_whose_dot_has_not_left_rather_than_leave_a_doubt() {
    std::thread::scope(|scope| {
        for moment in [Moment::Connected, Moment::Mail, Moment::Rcpt, Moment::Data] {
            scope.spawn(move || {
                let folder = tempfile::tempdir().unwrap();
                let relay = Relay::start(0, 0);
                let mut world = World::found(folder.path(), relay.port, "hold", THREE);
                world.all_is_due();
                relay.hold(moment);
                let daemon = world.daemon(None);
                assert!(relay.reached(moment, 1, LIMIT), "{moment:?}");
                // It says nothing more, for as long as the daemon lives.
                daemon.terminate();
                let rows = rows(&world);
                assert_eq!(states(&rows), [Planned; 3], "{moment:?}");
                assert!(rows.iter().all(|row| row.doubts == 0 && !row.in_doubt), "{moment:?}");
                relay.let_go();
                world.drain();
                relay.quiet();
                assert_eq!(counts(&taken(&world, &relay.dots())), [1; 3], "{moment:?}");
            });
        }
    });
}

#[test]
fn a_stop_at_any_moment_of_a_mail_leaves_no_doubt() {
    use Moment::{Answered, Connected, Data, Dot, Ehlo, Mail, Rcpt};
    for (moment, sent) in
        [(Connected, 0), (Ehlo, 0), (Mail, 1), (Rcpt, 1), (Data, 1), (Dot, 1), (Answered, 1)]
    {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::start(0, 0);
        let mut world = World::found(folder.path(), relay.port, "resend", THREE);
        world.all_is_due();
        relay.hold(moment);
        let daemon = world.daemon(None);
        assert!(relay.reached(moment, 1, LIMIT), "{moment:?}");
        daemon.tell_to_stop();
        daemon.says("event=\"stopping\"");
        relay.let_go();
        assert_eq!(daemon.code(), Some(0), "{moment:?}");
        relay.quiet();
        let rows = rows(&world);
        let (gone, rest) = rows.split_at(sent);
        assert!(gone.iter().all(|row| row.state == Sent), "{moment:?}: {:?}", states(&rows));
        // The answer to a mail may have come before the word to stop: then the next one may be in hand, and leaves too.
        assert!(
            rest.iter().all(|row| matches!(row.state, Planned | Sent)),
            "{moment:?}: {:?}",
            states(&rows)
        );
        assert!(rows.iter().all(|row| row.doubts == 0 && !row.in_doubt), "{moment:?}");
        world.drain();
        relay.quiet();
        assert_eq!(counts(&taken(&world, &relay.dots())), [1; 3], "{moment:?}");
    }
}

#[test]
fn a_crash_with_four_lines_busy_leaves_four_doubts_and_no_more() {
    for moment in [Moment::Rcpt, Moment::Data, Moment::Dot] {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::start(0, 0);
        relay.forget_none();
        let mut world = World::found(folder.path(), relay.port, "resend", EIGHT);
        world.all_is_due();
        relay.hold(moment);
        let daemon = world.daemon(None);
        assert!(relay.reached(moment, 4, LIMIT), "{moment:?}");
        daemon.kill();
        relay.let_go();
        relay.quiet();
        let left = rows(&world);
        let in_doubt = left.iter().filter(|row| row.state == Handed).count();
        assert_eq!(in_doubt, 4, "{moment:?}: {:?}", states(&left));
        assert!(
            left.iter().all(|row| matches!(row.state, Handed | Claimed)),
            "{moment:?}: {:?}",
            states(&left)
        );
        world.drain();
        relay.quiet();
        let (ended, taken) = (rows(&world), taken(&world, &relay.dots()));
        for (n, row) in ended.iter().enumerate() {
            let doubted = left[n].state == Handed;
            assert_eq!((row.state, row.doubts), (Sent, u32::from(doubted)), "{moment:?}: {}", row.key);
            let copies = usize::from(doubted && moment == Moment::Dot);
            assert_eq!(taken[n].len(), 1 + copies, "{moment:?}: {}", row.key);
            let id = row.message_id.as_ref();
            assert!(taken[n].iter().all(|taken| Some(taken) == id), "{moment:?}: the Message-ID changed");
        }
    }
}

#[test]
fn a_stop_with_four_lines_busy_leaves_no_doubt() {
    for (moment, sent) in [(Moment::Mail, 0), (Moment::Dot, 4)] {
        let folder = tempfile::tempdir().unwrap();
        let relay = Relay::start(0, 0);
        relay.forget_none();
        let mut world = World::found(folder.path(), relay.port, "resend", EIGHT);
        world.all_is_due();
        relay.hold(moment);
        let daemon = world.daemon(None);
        assert!(relay.reached(moment, 4, LIMIT), "{moment:?}");
        daemon.tell_to_stop();
        daemon.says("event=\"stopping\"");
        // Before the dot they are given up; after it their answers are waited for.
        if sent > 0 {
            relay.let_go();
        }
        assert_eq!(daemon.code(), Some(0), "{moment:?}");
        relay.let_go();
        relay.quiet();
        let left = rows(&world);
        assert_eq!(
            left.iter().filter(|row| row.state == Sent).count(),
            sent,
            "{moment:?}: {:?}",
            states(&left)
        );
        let rest = left.iter().filter(|row| row.state == Planned).count();
        assert_eq!(rest, 8 - sent, "{moment:?}: {:?}", states(&left));
        assert!(left.iter().all(|row| row.doubts == 0 && !row.in_doubt), "{moment:?}");
        world.drain();
        relay.quiet();
        assert_eq!(counts(&taken(&world, &relay.dots())), [1; 8], "{moment:?}");
    }
}
