//! Clauses of `known` and `apply`: what the calendar does to the ledger.

use std::collections::BTreeSet;

use jalon::ledger::{Hand, Ledger as _};
use jalon::plan::reconcile::{Change, reconcile};
use jalon::plan::row::{Reason, Row, State};

use crate::world::*;

pub async fn planning_twice_is_planning_once<F: Fixture>(world: World<F>) {
    let planned = [reminder(WEEK, 10, 100), reminder(DAY, 50, 100), reminder(SACHA, -5, 100)];
    let changes = reconcile(&planned, &[], &BTreeSet::new(), at(0));
    assert_eq!(world.ledger.apply(changes.clone(), at(0)).await.unwrap(), 0);
    let known = world.ledger.known().await.unwrap();

    assert_eq!(reconcile(&planned, &known, &BTreeSet::new(), at(1)), []);
    assert_eq!(world.ledger.apply(changes, at(1)).await.unwrap(), 3, "each is there already");
    assert_eq!(world.ledger.known().await.unwrap(), known);
}

pub async fn what_is_planned_is_remembered_whole<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100), (DAY, 50, 100)]).await;
    let row = |text, due| Row {
        key: key(text),
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
    };
    assert_eq!(world.ledger.known().await.unwrap(), [row(DAY, 50), row(WEEK, 10)], "by key");
}

pub async fn what_is_past_when_first_seen_is_skipped<F: Fixture>(world: World<F>) {
    let past = Change::Add(Box::new(reminder(WEEK, -1, 100)), State::Skipped);
    assert!(world.change(past, 0).await);
    assert_eq!(world.state(WEEK).await, (State::Skipped, Some(Reason::PastWhenFirstSeen)));
    assert_eq!(world.claim(1).await, []);
}

pub async fn a_planned_row_follows_its_date_and_its_address<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100)]).await;
    let moved = to("new@example.org", reminder(WEEK, 20, 200));
    assert!(world.change(Change::Refresh(moved), 0).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.due, row.late_after, row.email.as_str()), (at(20), at(200), "new@example.org"));
    assert_eq!(world.claim(19).await, []);
    assert_eq!(world.claim_one(20).await.email, "new@example.org");
}

pub async fn a_skipped_row_follows_its_date_and_stays_skipped<F: Fixture>(world: World<F>) {
    world.change(Change::Add(Box::new(reminder(WEEK, -9, 100)), State::Skipped), 0).await;
    assert!(world.change(Change::Refresh(Box::new(reminder(WEEK, -8, 100))), 0).await);
    assert_eq!(world.state(WEEK).await.0, State::Skipped);
    assert_eq!(world.row(WEEK).await.due, at(-8));
}

pub async fn a_planned_row_keeps_its_message_id_when_its_address_changes<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let first = world.attempt(again(5, true), 1).await;
    assert!(world.change(Change::Refresh(to("new@example.org", reminder(WEEK, 0, 100))), 2).await);
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

    let back = Change::Return(to("new@example.org", reminder(WEEK, 3, 200)), State::Withdrawn);
    assert!(world.change(back, 2).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.wanted), (State::Planned, None, true));
    assert_eq!((row.attempts, row.not_before, row.message_id), (0, None, None));
    assert_eq!((row.due, row.late_after, row.email.as_str()), (at(3), at(200), "new@example.org"));
    assert_eq!(world.claim(3).await.len(), 1);
}

pub async fn what_a_hand_withdrew_meanwhile_does_not_return_with_the_calendar<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    assert!(world.by_hand(WEEK, Hand::Withdraw, 1).await);
    let back = Change::Return(Box::new(reminder(WEEK, 0, 100)), State::Withdrawn);
    assert!(!world.change(back, 2).await);
    assert_eq!(world.state(WEEK).await, (State::Withdrawn, Some(Reason::Hand)));
}

pub async fn what_returns_after_a_doubt_keeps_its_doubts_and_its_message_id<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(resend(5), 1).await;
    assert!(world.change(Change::Withdraw(key(WEEK)), 2).await);
    let back = Change::Return(Box::new(reminder(WEEK, 0, 100)), State::Withdrawn);
    assert!(world.change(back, 3).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.doubts, row.in_doubt, row.not_before), (1, true, None));
    assert_eq!(row.message_id, Some(mail.message_id));
}

pub async fn what_returns_is_wanted_from_the_state_in_which_it_was_seen<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(never(), 1).await;
    for other in State::ALL.into_iter().filter(|state| *state != State::Failed) {
        assert!(!world.change(Change::Return(Box::new(reminder(WEEK, 0, 100)), other), 2).await, "{other:?}");
    }
    assert_eq!(world.state(WEEK).await.0, State::Failed);
    let back = Change::Return(to("new@example.org", reminder(WEEK, 0, 100)), State::Failed);
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
            let unmarked = Row { wanted, ..world.row(WEEK).await };
            assert!(world.change(want(wanted), 2).await);
            assert_eq!(world.row(WEEK).await, unmarked);
            assert_eq!(unmarked.state, expected);
        }
    }
}

pub async fn changes_to_rows_that_moved_meanwhile_are_counted_as_missed<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 100), (START, 50, 100)]).await;
    assert_eq!(world.claim(1).await.len(), 2);
    let known = world.ledger.known().await.unwrap();
    let missed = vec![
        add(WEEK, 5, 100),
        Change::Refresh(Box::new(reminder(WEEK, 5, 100))),
        Change::Withdraw(key(SACHA)),
        Change::Return(Box::new(reminder(SACHA, 5, 100)), State::Withdrawn),
        Change::Want(key(START), false),
        Change::Withdraw(key("p/end/2026-12-31/0d/nobody")),
    ];
    let (count, found) = (missed.len(), Change::Refresh(Box::new(reminder(START, 60, 100))));
    let changes = missed.into_iter().chain([found]).collect();
    assert_eq!(world.ledger.apply(changes, at(2)).await.unwrap(), count);
    let moved = |row: &Row| if row.key == key(START) { at(60) } else { row.due };
    let expected: Vec<Row> = known.iter().map(|row| Row { due: moved(row), ..row.clone() }).collect();
    assert_eq!(world.ledger.known().await.unwrap(), expected);
}

pub async fn changes_are_applied_all_or_none<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let known = world.ledger.known().await.unwrap();
    let nonsense = Change::Add(Box::new(reminder(SACHA, 0, 100)), State::Sent);
    let changes = vec![add(DAY, 0, 100), Change::Withdraw(key(WEEK)), nonsense];
    world.ledger.apply(changes, at(1)).await.unwrap_err();
    assert_eq!(world.ledger.known().await.unwrap(), known);
}
