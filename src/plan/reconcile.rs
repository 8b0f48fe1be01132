//! Pure. What must change in the ledger so that it holds what the calendar asks for: a difference of two sets.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::row::{Reason, Row, State};
use super::{Key, Reminder};

/// One change of the ledger. A store applies it only to a row that still stands where the change found it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A key never seen before: planned, or skipped when its due instant is past.
    Add(Box<Reminder>, State),
    /// A planned or skipped row whose facts (due, late_after, address …) are now these; its state stays.
    Refresh(Box<Reminder>),
    /// A skipped, withdrawn or failed row that is planned again, with these facts.
    Return(Box<Reminder>, State),
    /// A planned row that no file asks for any more.
    Withdraw(Key),
    /// A claimed, handed or held row: whether the calendar still asks for it.
    Want(Key, bool),
}

/// The changes that bring the ledger's rows to what is planned.
///
/// `frozen` holds the postings whose files cannot be used and of which no good version is known: their rows
/// stay as they are. Rules (the design, 2.5):
/// a row is born planned, or skipped when first seen at or after its due instant; a planned row follows its
/// due instant, into the past too; a skipped one is planned when its due instant has *moved* into the future;
/// what the calendar withdrew returns with the calendar while it is of use; what failed returns with another
/// address; claimed, handed and held rows are only marked; what is final stays.
#[must_use]
pub fn reconcile(
    planned: &[Reminder],
    known: &[Row],
    frozen: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Vec<Change> {
    let known: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
    let asked: BTreeSet<&Key> = planned.iter().map(|reminder| &reminder.key).collect();
    let mut changes = Vec::new();
    for reminder in planned {
        match known.get(&reminder.key) {
            None => {
                let state = if reminder.due <= now { State::Skipped } else { State::Planned };
                changes.push(Change::Add(Box::new(reminder.clone()), state));
            }
            Some(row) => changes.extend(meet(reminder, row, now)),
        }
    }
    for (key, row) in &known {
        if asked.contains(key) || frozen.contains(key.posting()) {
            continue;
        }
        match row.state {
            State::Planned => changes.push(Change::Withdraw((*key).clone())),
            State::Claimed | State::Handed | State::Held if row.wanted => {
                changes.push(Change::Want((*key).clone(), false));
            }
            _ => {}
        }
    }
    changes
}

/// What changes for a row that is still asked for.
fn meet(reminder: &Reminder, row: &Row, now: DateTime<Utc>) -> Option<Change> {
    let same = row.due == reminder.due
        && row.late_after == reminder.late_after
        && row.email == reminder.recipient.email;
    let useful = reminder.late_after > now;
    let whole = || Box::new(reminder.clone());
    match row.state {
        State::Planned => (!same).then(|| Change::Refresh(whole())),
        State::Skipped if row.due != reminder.due && reminder.due > now => {
            Some(Change::Return(whole(), row.state))
        }
        State::Skipped => (!same).then(|| Change::Refresh(whole())),
        State::Withdrawn if row.reason == Some(Reason::Calendar) && useful => {
            Some(Change::Return(whole(), row.state))
        }
        State::Failed if row.email != reminder.recipient.email && useful => {
            Some(Change::Return(whole(), row.state))
        }
        State::Claimed | State::Handed | State::Held => {
            (!row.wanted).then(|| Change::Want(reminder.key.clone(), true))
        }
        State::Withdrawn | State::Failed | State::Sent | State::Superseded | State::Lapsed => None,
    }
}
