//! What must change in the ledger: a table over every state, asked for or not.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::plan::Reminder;
use jalon::plan::reconcile::{Change, reconcile};
use jalon::plan::row::{Reason, Row, State};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One reminder: due on 24 June 2026 at 07:00 UTC, of use until 25 June 22:00 UTC.
fn reminder() -> Reminder {
    support::plan(
        &support::house(""),
        "[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n",
    )
    .reminders
    .remove(0)
}

fn row(state: State) -> Row {
    let reminder = reminder();
    Row {
        key: reminder.key.clone(),
        email: reminder.recipient.email.clone(),
        due: reminder.due,
        late_after: reminder.late_after,
        state,
        reason: Reason::ALL.iter().find(|(_, of)| *of == state).map(|(reason, _)| *reason),
        wanted: true,
        attempts: 0,
        doubts: 0,
        in_doubt: false,
        not_before: None,
        message_id: None,
        sent_at: None,
        reply: None,
    }
}

fn changes(planned: &[Reminder], row: Row, now: &str) -> String {
    reconcile(planned, &[row], &BTreeSet::new(), at(now))
        .iter()
        .map(|change| match change {
            Change::Add(_, state) => format!("add {}", state.word()),
            Change::Refresh(_) => "refresh".to_owned(),
            Change::Return(_, from) => format!("return from {}", from.word()),
            Change::Withdraw(_) => "withdraw".to_owned(),
            Change::Want(_, wanted) => format!("want {wanted}"),
        })
        .collect::<Vec<_>>()
        .join(", ")
}

const BEFORE: &str = "2026-06-01T00:00:00Z";
const DUE: &str = "2026-06-24T07:00:00Z";
const PAST: &str = "2026-07-01T00:00:00Z";

#[test]
fn a_row_is_born_planned_or_skipped_when_first_seen_at_or_after_its_due_instant() {
    for (now, expected) in [
        (BEFORE, State::Planned),
        ("2026-06-24T06:59:59Z", State::Planned),
        (DUE, State::Skipped),
        (PAST, State::Skipped),
    ] {
        let found = reconcile(&[reminder()], &[], &BTreeSet::new(), at(now));
        assert_eq!(found, [Change::Add(Box::new(reminder()), expected)], "{now}");
    }
}

#[test]
fn what_is_as_it_should_be_stays() {
    for state in State::ALL {
        let expected = if state == State::Withdrawn { "return from withdrawn" } else { "" };
        assert_eq!(changes(&[reminder()], row(state), BEFORE), expected, "{}", state.word());
    }
}

#[test]
fn what_nobody_asks_for_is_withdrawn_or_marked_and_what_is_final_stays() {
    for state in State::ALL {
        let expected = match state {
            State::Planned => "withdraw",
            State::Claimed | State::Handed | State::Held => "want false",
            _ => "",
        };
        assert_eq!(changes(&[], row(state), BEFORE), expected, "{}", state.word());
        assert_eq!(
            changes(&[], Row { wanted: false, ..row(state) }, BEFORE),
            if state == State::Planned { "withdraw" } else { "" }
        );
    }
}

#[test]
fn an_unwanted_row_that_is_asked_for_again_is_wanted() {
    for state in [State::Claimed, State::Handed, State::Held] {
        assert_eq!(changes(&[reminder()], Row { wanted: false, ..row(state) }, BEFORE), "want true");
    }
}

#[test]
fn a_moved_due_instant_moves_what_is_planned_into_the_past_too() {
    let mut later = reminder();
    later.due += TimeDelta::hours(3);
    let mut earlier = reminder();
    earlier.due -= TimeDelta::hours(3);
    for state in State::ALL {
        let expected = match state {
            State::Planned => ("refresh", "refresh"),
            // Skipped, and its due instant has moved: into the future it lives again, into the past it only notes it.
            State::Skipped => ("return from skipped", "refresh"),
            State::Withdrawn => ("return from withdrawn", "return from withdrawn"),
            _ => ("", ""),
        };
        assert_eq!(changes(&[later.clone()], row(state), DUE), expected.0, "{}", state.word());
        assert_eq!(changes(&[earlier.clone()], row(state), DUE), expected.1, "{}", state.word());
    }
}

#[test]
fn a_clock_set_back_brings_no_skipped_row_to_life() {
    assert_eq!(changes(&[reminder()], row(State::Skipped), BEFORE), "");
}

#[test]
fn what_the_calendar_withdrew_returns_with_the_calendar_while_it_is_of_use() {
    assert_eq!(changes(&[reminder()], row(State::Withdrawn), DUE), "return from withdrawn");
    assert_eq!(changes(&[reminder()], row(State::Withdrawn), PAST), "");
    let by_hand = Row { reason: Some(Reason::Hand), ..row(State::Withdrawn) };
    assert_eq!(changes(&[reminder()], by_hand, BEFORE), "");
}

#[test]
fn what_failed_returns_with_a_corrected_address() {
    let mut corrected = reminder();
    corrected.recipient.email = "new@example.org".into();
    assert_eq!(changes(&[corrected.clone()], row(State::Failed), DUE), "return from failed");
    assert_eq!(changes(&[corrected.clone()], row(State::Failed), PAST), "");
    assert_eq!(changes(&[corrected], row(State::Planned), BEFORE), "refresh");
    assert_eq!(changes(&[reminder()], row(State::Failed), BEFORE), "");
}

#[test]
fn the_rows_of_a_frozen_posting_stay_as_they_are() {
    let frozen = BTreeSet::from(["p".to_owned()]);
    assert_eq!(reconcile(&[], &[row(State::Planned)], &frozen, at(BEFORE)), []);
}
