//! Pure. What must change in the ledger so that it holds what is wanted: a difference of two sets.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::row::{Reason, Row, State};
use super::{Key, Sort, Wanted};

/// One change of the ledger. A store applies it only to a row that still stands where the change found it.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A key never seen before: planned, or a reminder that is skipped because its due instant is past.
    Add(Box<Wanted>, State),
    /// A key never seen before, of a mail that was known under another one before a rename: that key, and where its
    /// row stood. It is planned and goes on as that row did, doubts and Message-ID with it; or it is skipped.
    Inherit(Box<Wanted>, State, (Key, State)),
    /// A planned or skipped row whose facts (due, late_after, reader, address …) are now these; its state stays.
    Refresh(Box<Wanted>),
    /// A skipped, withdrawn or failed row that is planned again, with these facts.
    Return(Box<Wanted>, State),
    /// A planned row that nothing asks for any more.
    Withdraw(Key),
    /// A planned notice of a change of which its reader was told by another mail.
    Told(Key),
    /// A claimed, handed or held row: whether it is still asked for. And the ended row of a slip that nothing asks for
    /// any more: what was wrong is not, and if it comes back it is told again.
    Want(Key, bool),
}

/// The changes that bring the ledger's rows to what is planned. Reminders and notices may come together or apart,
/// each with their own rows.
///
/// `frozen` holds the postings whose files cannot be used and of which no good version is known: their rows
/// stay as they are. `heirs` says of new keys under which key the same mail was known before a rename; nothing may
/// ask for the old one any more. Rules (the design, 2.5):
/// a reminder is born planned, or skipped when first seen at or after its due instant; a notice is born planned, or
/// not at all once it is of no use; an heir goes on planned, however late, where its predecessor was on its way, and
/// is skipped where that one left, may have, or ended; a planned row follows its due instant, into the past too; a
/// skipped reminder is planned when its due instant has *moved* into the future; what the calendar withdrew returns
/// with the calendar while it is of use; what failed returns with another address; claimed, handed and held rows are
/// only marked; what is final stays, but the row of a slip that is mended is marked too.
#[must_use]
pub fn reconcile<'a>(
    planned: &[Wanted],
    known: impl IntoIterator<Item = &'a Row>,
    heirs: &BTreeMap<Key, Key>,
    frozen: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Vec<Change> {
    let known: BTreeMap<&Key, &Row> = known.into_iter().map(|row| (&row.key, row)).collect();
    let asked: BTreeSet<&Key> = planned.iter().map(|wanted| &wanted.key).collect();
    let mut changes = Vec::new();
    for wanted in planned {
        if let Some(row) = known.get(&wanted.key) {
            changes.extend(meet(wanted, row, now));
        } else {
            let former = heirs.get(&wanted.key).and_then(|former| known.get(former));
            changes.extend(born(wanted, former.copied(), now));
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
            _ if row.wanted && key.sort() == Sort::Slip => {
                changes.push(Change::Want((*key).clone(), false));
            }
            _ => {}
        }
    }
    changes
}

/// How a new key begins. What was on its way under a former key goes on, however late it is; what had left, may
/// have, or had ended is not begun again. What the calendar had withdrawn or passed over counts for nothing.
fn born(wanted: &Wanted, former: Option<&Row>, now: DateTime<Utc>) -> Option<Change> {
    let whole = || Box::new(wanted.clone());
    let inherits = former.and_then(|row| match (row.state, row.reason) {
        (State::Planned | State::Claimed, _) => Some((State::Planned, row)),
        (State::Withdrawn, Some(Reason::Calendar)) => None,
        (State::Skipped, reason) if reason != Some(Reason::Renamed) => None,
        _ => Some((State::Skipped, row)),
    });
    if let Some((state, row)) = inherits {
        return Some(Change::Inherit(whole(), state, (row.key.clone(), row.state)));
    }
    match wanted.key.sort() {
        Sort::Reminder if wanted.due <= now => Some(Change::Add(whole(), State::Skipped)),
        Sort::Reminder => Some(Change::Add(whole(), State::Planned)),
        _ => (wanted.late_after > now).then(|| Change::Add(whole(), State::Planned)),
    }
}

/// What changes for a row that is still asked for.
fn meet(wanted: &Wanted, row: &Row, now: DateTime<Utc>) -> Option<Change> {
    let reminder = wanted.key.sort() == Sort::Reminder;
    let same = row.due == wanted.due
        && row.late_after == wanted.late_after
        && row.reader == wanted.reader
        && row.email == wanted.email
        // A rule that stands on another line is the same rule; another sentence is another mail.
        && (reminder || row.why == wanted.why);
    let useful = wanted.late_after > now;
    let whole = || Box::new(wanted.clone());
    match row.state {
        State::Planned => (!same).then(|| Change::Refresh(whole())),
        State::Skipped if !reminder || row.reason == Some(Reason::Renamed) => None,
        State::Skipped if row.due != wanted.due && wanted.due > now => {
            Some(Change::Return(whole(), row.state))
        }
        State::Skipped => (!same).then(|| Change::Refresh(whole())),
        State::Withdrawn if row.reason == Some(Reason::Calendar) && useful => {
            Some(Change::Return(whole(), row.state))
        }
        State::Failed if row.email != wanted.email && useful => Some(Change::Return(whole(), row.state)),
        State::Claimed | State::Handed | State::Held => {
            (!row.wanted).then(|| Change::Want(wanted.key.clone(), true))
        }
        State::Withdrawn | State::Failed | State::Sent | State::Superseded | State::Lapsed => None,
    }
}
