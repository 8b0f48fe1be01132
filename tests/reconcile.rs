//! What must change in the ledger: a table over every state, asked for or not; of reminders, of notices, and of what
//! has another key since a rename.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::plan::reconcile::{Change, reconcile};
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::{Key, Sort, Wanted};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// One reminder: due on 24 June 2026 at 07:00 UTC, of use until 25 June 22:00 UTC.
fn reminder() -> Wanted {
    let plan = support::plan(
        &support::house(""),
        "[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n",
    );
    Wanted::from(&plan.reminders[0])
}

/// A notice of the same posting, due and of use as the reminder is.
fn notice() -> Wanted {
    Wanted { key: Key::change("p", "deadline", 2, "camille"), why: String::new(), ..reminder() }
}

fn row(state: State) -> Row {
    row_of(&reminder(), state)
}

fn row_of(wanted: &Wanted, state: State) -> Row {
    Row {
        key: wanted.key.clone(),
        reader: wanted.reader.clone(),
        email: wanted.email.clone(),
        due: wanted.due,
        late_after: wanted.late_after,
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
        born: at(BEFORE),
        changed: at(BEFORE),
        why: wanted.why.clone(),
    }
}

fn none() -> (BTreeMap<Key, Key>, BTreeSet<String>) {
    <_>::default()
}

fn changes(planned: &[Wanted], row: Row, now: &str) -> String {
    let (heirs, frozen) = none();
    words(&reconcile(planned, &[row], &heirs, &frozen, at(now)))
}

fn words(changes: &[Change]) -> String {
    changes
        .iter()
        .map(|change| match change {
            Change::Add(_, state) => format!("add {}", state.word()),
            Change::Inherit(_, state, (_, from)) => format!("inherit {} from {}", state.word(), from.word()),
            Change::Refresh(_) => "refresh".to_owned(),
            Change::Return(_, from) => format!("return from {}", from.word()),
            Change::Withdraw(_) => "withdraw".to_owned(),
            Change::Told(_) => "told".to_owned(),
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
        let (heirs, frozen) = none();
        let found = reconcile(&[reminder()], &[], &heirs, &frozen, at(now));
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
fn the_row_of_a_slip_that_is_mended_is_marked_however_it_ended() {
    let slip = Wanted { key: Key::slip("p.toml", "0a1b", 1, "camille"), ..notice() };
    for state in State::ALL {
        let expected = if state == State::Planned { "withdraw" } else { "want false" };
        assert_eq!(changes(&[], row_of(&slip, state), BEFORE), expected, "{}", state.word());
        let marked = Row { wanted: false, ..row_of(&slip, state) };
        assert_eq!(
            changes(&[], marked, BEFORE),
            if state == State::Planned { "withdraw" } else { "" },
            "once is enough"
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
    corrected.email = "new@example.org".into();
    assert_eq!(changes(&[corrected.clone()], row(State::Failed), DUE), "return from failed");
    assert_eq!(changes(&[corrected.clone()], row(State::Failed), PAST), "");
    assert_eq!(changes(&[corrected], row(State::Planned), BEFORE), "refresh");
    assert_eq!(changes(&[reminder()], row(State::Failed), BEFORE), "");
}

#[test]
fn the_rows_of_a_frozen_posting_stay_as_they_are() {
    let frozen = BTreeSet::from(["p".to_owned()]);
    for row in [row(State::Planned), row_of(&notice(), State::Planned)] {
        assert_eq!(reconcile(&[], &[row], &BTreeMap::new(), &frozen, at(BEFORE)), []);
    }
    let digest = Wanted { key: Key::from_text("~digest/2026-06-24T09:00/camille"), ..notice() };
    let found = reconcile(&[], &[row_of(&digest, State::Planned)], &BTreeMap::new(), &frozen, at(BEFORE));
    assert_eq!(words(&found), "withdraw", "it is of no posting");
}

#[test]
fn a_planned_row_follows_who_reads_it_but_not_the_line_of_its_rule() {
    let covered = Wanted { reader: "sacha".into(), ..reminder() };
    assert_eq!(changes(from_ref(&covered), row(State::Planned), BEFORE), "refresh");
    assert_eq!(changes(&[covered], row(State::Skipped), PAST), "refresh");
    let moved = Wanted { why: "jalon.toml:99".into(), ..reminder() };
    assert_eq!(changes(&[moved], row(State::Planned), BEFORE), "");
    let operator = Wanted { key: Key::operator("relay-rests", 1), why: "it rests".into(), ..notice() };
    let before = Row { why: "it does not answer".into(), ..row_of(&operator, State::Planned) };
    assert_eq!(changes(&[operator], before, BEFORE), "refresh", "another sentence is another mail");
}

#[test]
fn a_notice_is_born_planned_while_it_is_of_use_and_never_skipped() {
    let (heirs, frozen) = none();
    for (now, expected) in
        [(BEFORE, "add planned"), (DUE, "add planned"), ("2026-06-25T21:59:59Z", "add planned"), (PAST, "")]
    {
        let found = reconcile(&[notice()], &[], &heirs, &frozen, at(now));
        assert_eq!(words(&found), expected, "{now}");
    }
    let end = notice().late_after.to_rfc3339();
    assert_eq!(reconcile(&[notice()], &[], &heirs, &frozen, at(&end)), [], "of no use at that very instant");
}

#[test]
fn the_row_of_a_notice_is_as_one_of_a_reminder_but_what_was_skipped_never_returns() {
    let later = Wanted { due: reminder().due + TimeDelta::hours(3), ..notice() };
    let elsewhere = Wanted { email: "new@example.org".into(), ..notice() };
    for state in State::ALL {
        let row = || row_of(&notice(), state);
        let expected = match state {
            State::Planned => ("", "refresh", "refresh", "withdraw"),
            State::Claimed | State::Handed | State::Held => ("", "", "", "want false"),
            State::Withdrawn => {
                ("return from withdrawn", "return from withdrawn", "return from withdrawn", "")
            }
            State::Failed => ("", "", "return from failed", ""),
            _ => ("", "", "", ""),
        };
        assert_eq!(changes(&[notice()], row(), DUE), expected.0, "{}", state.word());
        assert_eq!(changes(from_ref(&later), row(), DUE), expected.1, "{}", state.word());
        assert_eq!(changes(from_ref(&elsewhere), row(), DUE), expected.2, "{}", state.word());
        assert_eq!(changes(&[], row(), DUE), expected.3, "{}", state.word());
    }
}

/// What becomes of a mail under its new key, given the row that it had under the old one.
fn inherited(wanted: &Wanted, former: Row, now: &str) -> String {
    let heirs = BTreeMap::from([(wanted.key.clone(), former.key.clone())]);
    let frozen = BTreeSet::new();
    let found = reconcile(from_ref(wanted), &[former], &heirs, &frozen, at(now));
    words(&found[..1.min(found.len())])
}

#[test]
fn what_was_renamed_goes_on_or_is_not_begun_again() {
    for wanted in [reminder(), notice()] {
        let key = wanted.key.as_str().replacen('p', "q", 1);
        let renamed = Wanted { key: Key::from_text(key), ..wanted.clone() };
        assert_eq!(renamed.key.posting(), "q");
        let is_reminder = renamed.key.sort() == Sort::Reminder;
        let as_new = |now| if now == DUE && is_reminder { "add skipped" } else { "add planned" };
        for now in [BEFORE, DUE] {
            for state in State::ALL {
                let expected = match state {
                    State::Planned | State::Claimed => format!("inherit planned from {}", state.word()),
                    // The first reasons of both: past when first seen, and the calendar.
                    State::Skipped | State::Withdrawn => as_new(now).to_owned(),
                    _ => format!("inherit skipped from {}", state.word()),
                };
                let found = inherited(&renamed, row_of(&wanted, state), now);
                assert_eq!(found, expected, "{} from {} at {now}", renamed.key, state.word());
            }
            for (reason, state) in [(Reason::Hand, State::Withdrawn), (Reason::Renamed, State::Skipped)] {
                let former = Row { reason: Some(reason), ..row_of(&wanted, state) };
                let expected = format!("inherit skipped from {}", state.word());
                assert_eq!(inherited(&renamed, former, now), expected, "{reason:?}");
            }
            let empty = Row { reason: Some(Reason::NothingToTell), ..row_of(&wanted, State::Skipped) };
            assert_eq!(inherited(&renamed, empty, now), as_new(now));
        }
        // What was on its way is not lost for being late: it lapses, and that is told.
        let found = inherited(&renamed, row_of(&wanted, State::Planned), PAST);
        assert_eq!(found, "inherit planned from planned");
    }
}

#[test]
fn an_heir_is_told_whom_it_follows_and_one_of_nobody_is_as_any_other() {
    let renamed = Wanted { key: Key::from_text("q/deadline/2026-06-25/-1d/camille"), ..reminder() };
    let heirs = BTreeMap::from([(renamed.key.clone(), reminder().key)]);
    let found = reconcile(from_ref(&renamed), &[row(State::Claimed)], &heirs, &BTreeSet::new(), at(DUE));
    let inherit =
        Change::Inherit(Box::new(renamed.clone()), State::Planned, (reminder().key, State::Claimed));
    assert_eq!(found, [inherit, Change::Want(reminder().key, false)]);
    // Neither an unknown predecessor counts, nor any once the new key has a row.
    let found = reconcile(from_ref(&renamed), &[], &heirs, &BTreeSet::new(), at(DUE));
    assert_eq!(words(&found), "add skipped");
    let known = [row_of(&renamed, State::Sent), row(State::Planned)];
    assert_eq!(words(&reconcile(&[renamed], &known, &heirs, &BTreeSet::new(), at(DUE))), "withdraw");
}

#[test]
fn what_was_dealt_with_before_a_rename_never_returns() {
    let skipped = Row { reason: Some(Reason::Renamed), ..row(State::Skipped) };
    let later = Wanted { due: reminder().due + TimeDelta::hours(3), ..reminder() };
    assert_eq!(changes(&[later], skipped, DUE), "");
}
