//! Clauses of `known` and `apply`: what the calendar does to the ledger.

use std::collections::{BTreeMap, BTreeSet};

use jalon::ledger::{Hand, Ledger as _};
use jalon::plan::Wanted;
use jalon::plan::reconcile::{Change, reconcile};
use jalon::plan::row::{Reason, Row, State};

use crate::world::*;

pub async fn planning_twice_is_planning_once<F: Fixture>(world: World<F>) {
    let planned = [wanted(WEEK, 10, 100), wanted(DAY, 50, 100), wanted(SACHA, -5, 100)];
    let changes = reconcile(&planned, &[], &BTreeMap::new(), &BTreeSet::new(), at(0));
    assert_eq!(world.ledger.apply(changes.clone(), at(0)).await.unwrap(), 0);
    let known = world.ledger.known().await.unwrap();

    assert_eq!(reconcile(&planned, &known, &BTreeMap::new(), &BTreeSet::new(), at(1)), []);
    assert_eq!(world.ledger.apply(changes, at(1)).await.unwrap(), 3, "each is there already");
    assert_eq!(world.ledger.known().await.unwrap(), known);
}

pub async fn what_is_planned_is_remembered_whole<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100), (DAY, 50, 100)]).await;
    let row = |text, due| Row {
        key: key(text),
        reader: "camille".into(),
        email: "camille@example.org".into(),
        due: at(due),
        late_after: at(100),
        state: State::Planned,
        reason: None,
        wanted: true,
        attempts: 0,
        doubts: 0,
        in_doubt: false,
        not_before: None,
        message_id: None,
        sent_at: None,
        reply: None,
        born: before(),
        changed: before(),
        why: "config/jalon.toml:12".into(),
    };
    assert_eq!(world.ledger.known().await.unwrap(), [row(DAY, 50), row(WEEK, 10)], "by key");
}

pub async fn what_is_past_when_first_seen_is_skipped<F: Fixture>(world: World<F>) {
    let past = Change::Add(Box::new(wanted(WEEK, -1, 100)), State::Skipped);
    assert!(world.change(past, 0).await);
    assert_eq!(world.state(WEEK).await, (State::Skipped, Some(Reason::PastWhenFirstSeen)));
    assert_eq!(world.claim(1).await, []);
}

pub async fn a_planned_row_follows_its_date_and_its_address<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100)]).await;
    let moved =
        to("new@example.org", Wanted { why: "p.toml:3".into(), ..*read_by("sacha", wanted(WEEK, 20, 200)) });
    assert!(world.change(Change::Refresh(moved), 0).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.due, row.late_after, row.email.as_str()), (at(20), at(200), "new@example.org"));
    assert_eq!((row.reader.as_str(), row.why.as_str()), ("sacha", "p.toml:3"));
    assert_eq!((row.born, row.changed), (before(), at(0)));
    assert_eq!(world.claim(19).await, []);
    assert_eq!(world.claim_one(20).await.email, "new@example.org");
}

pub async fn a_skipped_row_follows_its_date_and_stays_skipped<F: Fixture>(world: World<F>) {
    world.change(Change::Add(Box::new(wanted(WEEK, -9, 100)), State::Skipped), 0).await;
    assert!(world.change(Change::Refresh(Box::new(wanted(WEEK, -8, 100))), 0).await);
    assert_eq!(world.state(WEEK).await.0, State::Skipped);
    assert_eq!(world.row(WEEK).await.due, at(-8));
}

pub async fn a_planned_row_keeps_its_message_id_when_its_address_changes<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let first = world.attempt(again(5, true), 1).await;
    assert!(world.change(Change::Refresh(to("new@example.org", wanted(WEEK, 0, 100))), 2).await);
    let second = world.claim_one(5).await;
    assert_eq!((second.message_id, second.email.as_str()), (first.message_id, "new@example.org"));
}

pub async fn what_the_calendar_withdraws_returns_with_it_as_new<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert!(world.settle(&mail, again(90, true), 1).await);
    assert!(world.change(Change::Withdraw(key(WEEK)), 2).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.wanted), (State::Withdrawn, Some(Reason::Calendar), false));
    assert_eq!(world.claim(95).await, []);

    let new =
        to("new@example.org", Wanted { why: "p.toml:3".into(), ..*read_by("sacha", wanted(WEEK, 3, 200)) });
    let back = Change::Return(new, State::Withdrawn);
    assert!(world.change(back, 2).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.wanted), (State::Planned, None, true));
    assert_eq!((row.attempts, row.not_before, row.message_id), (0, None, None));
    assert_eq!((row.due, row.late_after, row.email.as_str()), (at(3), at(200), "new@example.org"));
    assert_eq!((row.reader.as_str(), row.why.as_str()), ("sacha", "p.toml:3"));
    assert_eq!(world.claim(3).await.len(), 1);
}

pub async fn what_a_hand_withdrew_meanwhile_does_not_return_with_the_calendar<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    assert!(world.by_hand(WEEK, Hand::Withdraw, 1).await);
    let back = Change::Return(Box::new(wanted(WEEK, 0, 100)), State::Withdrawn);
    assert!(!world.change(back, 2).await);
    assert_eq!(world.state(WEEK).await, (State::Withdrawn, Some(Reason::Hand)));
}

pub async fn what_returns_after_a_doubt_keeps_its_doubts_and_its_message_id<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(resend(5), 1).await;
    assert!(world.change(Change::Withdraw(key(WEEK)), 2).await);
    let back = Change::Return(Box::new(wanted(WEEK, 0, 100)), State::Withdrawn);
    assert!(world.change(back, 3).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.doubts, row.in_doubt, row.not_before), (1, true, None));
    assert_eq!(row.message_id, Some(mail.message_id));
}

pub async fn what_returns_is_wanted_from_the_state_in_which_it_was_seen<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(never(), 1).await;
    for other in State::ALL.into_iter().filter(|state| *state != State::Failed) {
        assert!(!world.change(Change::Return(Box::new(wanted(WEEK, 0, 100)), other), 2).await, "{other:?}");
    }
    assert_eq!(world.state(WEEK).await.0, State::Failed);
    let back = Change::Return(to("new@example.org", wanted(WEEK, 0, 100)), State::Failed);
    assert!(world.change(back, 2).await);
    assert_eq!(world.claim_one(3).await.email, "new@example.org");
}

pub async fn rows_under_way_are_only_marked<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let want = |wanted| Change::Want(key(WEEK), wanted);
    assert!(!world.change(want(false), 1).await, "a planned row is withdrawn instead");
    let mail = world.claim_one(1).await;
    for expected in [State::Claimed, State::Handed, State::Held] {
        match expected {
            State::Handed => assert_eq!(world.hand(&mail, 1).await.len(), 1),
            State::Held => assert!(world.settle(&mail, hold(), 1).await),
            _ => {}
        }
        for wanted in [false, true] {
            let unmarked = Row { wanted, changed: at(2), ..world.row(WEEK).await };
            assert!(world.change(want(wanted), 2).await);
            assert_eq!(world.row(WEEK).await, unmarked);
            assert_eq!(unmarked.state, expected);
        }
    }
}

pub async fn the_ended_row_of_a_slip_is_marked_too<F: Fixture>(world: World<F>) {
    world.plan(&[(SLIP, 0, 100), (NEW, 0, 100)]).await;
    let want = |text, wanted| Change::Want(key(text), wanted);
    assert!(!world.change(want(SLIP, false), 1).await, "a planned row is withdrawn instead");
    world.attempt(sent(), 2).await;
    let ended = world.row(SLIP).await;
    assert!(!world.change(want(NEW, false), 3).await, "what ended stays, of every other sort");
    assert!(world.change(want(SLIP, false), 3).await);
    assert_eq!(world.row(SLIP).await, Row { wanted: false, ..ended.clone() }, "it ended when it did");
    assert!(!world.change(want(SLIP, true), 4).await, "what comes back is another row");
    assert_eq!(ended.state, State::Sent);
}

pub async fn changes_to_rows_that_moved_meanwhile_are_counted_as_missed<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 100), (START, 50, 100)]).await;
    assert_eq!(world.claim(1).await.len(), 2);
    let known = world.ledger.known().await.unwrap();
    let missed = vec![
        add(WEEK, 5, 100),
        Change::Refresh(Box::new(wanted(WEEK, 5, 100))),
        Change::Withdraw(key(SACHA)),
        Change::Return(Box::new(wanted(SACHA, 5, 100)), State::Withdrawn),
        Change::Want(key(START), false),
        Change::Withdraw(key("p/end/2026-12-31/0d/nobody")),
    ];
    let (count, found) = (missed.len(), Change::Refresh(Box::new(wanted(START, 60, 100))));
    let changes = missed.into_iter().chain([found]).collect();
    assert_eq!(world.ledger.apply(changes, at(2)).await.unwrap(), count);
    let moved = |row: &Row| {
        let (due, changed) = if row.key == key(START) { (at(60), at(2)) } else { (row.due, row.changed) };
        Row { due, changed, ..row.clone() }
    };
    let expected: Vec<Row> = known.iter().map(moved).collect();
    assert_eq!(world.ledger.known().await.unwrap(), expected);
}

pub async fn changes_are_applied_all_or_none<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let known = world.ledger.known().await.unwrap();
    let nonsense = Change::Add(Box::new(wanted(SACHA, 0, 100)), State::Sent);
    let changes = vec![add(DAY, 0, 100), Change::Withdraw(key(WEEK)), nonsense];
    world.ledger.apply(changes, at(1)).await.unwrap_err();
    assert_eq!(world.ledger.known().await.unwrap(), known);
}

/// [`WEEK`] after its posting was renamed.
const RENAMED: &str = "q/deadline/2026-06-28/-7d/camille";

fn inherit(born: State, stood: State) -> Change {
    Change::Inherit(Box::new(wanted(RENAMED, 0, 100)), born, (key(WEEK), stood))
}

pub async fn an_heir_is_planned_or_skipped<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    assert!(world.change(inherit(State::Planned, State::Planned), 5).await);
    let row = world.row(RENAMED).await;
    assert_eq!((row.state, row.reason, row.wanted, row.born), (State::Planned, None, true, at(5)));
    assert_eq!((row.due, row.late_after, row.email.as_str()), (at(0), at(100), "camille@example.org"));
    assert!(!world.change(inherit(State::Planned, State::Planned), 5).await, "it is there already");

    let world = World::<F>::new();
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(sent(), 1).await;
    assert!(world.change(inherit(State::Skipped, State::Sent), 5).await);
    assert_eq!(world.state(RENAMED).await, (State::Skipped, Some(Reason::Renamed)));
    assert_eq!(world.row(RENAMED).await.message_id, None);
    assert_eq!(world.claim(5).await, []);
}

pub async fn an_heir_goes_on_as_the_row_before_it_did<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(again(1, true), 1).await;
    let mail = world.attempt(resend(9), 1).await;
    let changes = vec![inherit(State::Planned, State::Planned), Change::Withdraw(key(WEEK))];
    assert_eq!(world.ledger.apply(changes, at(2)).await.unwrap(), 0);
    let row = world.row(RENAMED).await;
    assert_eq!((row.attempts, row.doubts, row.in_doubt, row.not_before), (1, 1, true, Some(at(9))));
    // What may have left leaves again as the same mail.
    assert_eq!(world.claim_one(9).await.message_id, mail.message_id);

    // What was only claimed has nothing to hand down.
    let world = World::<F>::new();
    world.plan(&[(WEEK, 0, 100)]).await;
    world.claim_one(1).await;
    assert!(world.change(inherit(State::Planned, State::Claimed), 2).await);
    let row = world.row(RENAMED).await;
    assert_eq!((row.state, row.message_id, row.doubts), (State::Planned, None, 0));
}

/// A mail that was handed while the plan was laid leaves, and must not leave under its new key as well.
pub async fn nothing_is_inherited_of_a_row_that_moved_meanwhile<F: Fixture>(world: World<F>) {
    assert!(!world.change(inherit(State::Planned, State::Planned), 0).await, "there is none");
    world.plan(&[(WEEK, 0, 100)]).await;
    world.claim_and_hand(1).await;
    for stood in State::ALL.into_iter().filter(|state| *state != State::Handed) {
        assert!(!world.change(inherit(State::Planned, stood), 2).await, "{stood:?}");
    }
    assert_eq!(world.ledger.known().await.unwrap().len(), 1);
    assert!(world.change(inherit(State::Skipped, State::Handed), 2).await);
}

pub async fn what_was_skipped_for_a_rename_returns_by_no_hand<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(sent(), 1).await;
    assert!(world.change(inherit(State::Skipped, State::Sent), 5).await);
    for hand in [Hand::Retry, Hand::Confirm] {
        assert!(!world.by_hand(RENAMED, hand, 6).await);
    }
}
