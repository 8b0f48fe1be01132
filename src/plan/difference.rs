//! Pure. The changes of a round, as people and programs read them before it is made: what is added, what moves from
//! when to when, what is withdrawn, what leaves at once. And the rows as they would stand after it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::reconcile::Change;
use super::row::{Reason, Row, State};
use super::{Key, Sort, Wanted};

/// What becomes of a mail-to-be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// It is due in the past and still of use: it leaves in the next moments.
    Leaves,
    /// It is new, and waits for its due instant.
    Added,
    /// It is due at another instant, or about another date.
    Moved,
    /// It goes by another name, and is as it was: nothing changes for anybody.
    Renamed,
    /// It was skipped, withdrawn or refused, and is planned again.
    Returned,
    /// Somebody else reads it, or at another address.
    Rerouted,
    /// It leaves when it would have, and is of use until another instant; or says something else.
    Kept,
    /// It is not asked for any more.
    Withdrawn,
    /// Its file is gone: it will be withdrawn once that is believed.
    Vanishing,
    /// It is new and due in the past: nothing leaves.
    Skipped,
    /// It was skipped, and is again.
    StaysSkipped,
    /// It is due, and of no use any more: it ends unsent.
    Lapses,
    /// A notice that follows.
    Notice,
}

impl Action {
    /// Every action, in the order in which people are shown them.
    pub const ALL: [Self; 13] = [
        Self::Leaves,
        Self::Added,
        Self::Moved,
        Self::Renamed,
        Self::Returned,
        Self::Rerouted,
        Self::Kept,
        Self::Withdrawn,
        Self::Vanishing,
        Self::Skipped,
        Self::StaysSkipped,
        Self::Lapses,
        Self::Notice,
    ];

    /// The word in listings.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Leaves => "leaves",
            Self::Added => "added",
            Self::Moved => "moved",
            Self::Renamed => "renamed",
            Self::Returned => "returned",
            Self::Rerouted => "rerouted",
            Self::Kept => "kept",
            Self::Withdrawn => "withdrawn",
            Self::Vanishing => "vanishing",
            Self::Skipped => "skipped",
            Self::StaysSkipped => "stays-skipped",
            Self::Lapses => "lapses",
            Self::Notice => "notice",
        }
    }
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What becomes of it.
    pub action: Action,
    /// Its key.
    pub key: Key,
    /// The key that it has had until now: the same reminder of an event that had another date, or another name.
    pub former: Option<Key>,
    /// When it is due, if it is to leave.
    pub due: Option<DateTime<Utc>>,
    /// When it was due, if it was planned.
    pub was: Option<DateTime<Utc>>,
    /// Who reads it.
    pub reader: String,
}

/// The lines of a round's changes, each change in one of them. A reminder that is withdrawn while one with the same
/// lead of the same event begins for the same recipient has moved.
#[must_use]
pub fn lines(changes: &[Change], known: &[Row], now: DateTime<Utc>) -> Vec<Line> {
    let rows: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
    let row = |key: &Key| rows.get(key).copied();
    let mut lines: Vec<Line> = changes.iter().filter_map(|change| line(change, row, now)).collect();
    let mut gone: BTreeMap<[String; 4], Vec<usize>> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        if line.action == Action::Withdrawn && line.key.sort() == Sort::Reminder {
            gone.entry(same(&line.key)).or_default().push(at);
        }
    }
    let mut former: BTreeMap<usize, usize> = BTreeMap::new();
    for (at, line) in lines.iter().enumerate() {
        let begins = matches!(line.action, Action::Added | Action::Leaves) && line.former.is_none();
        if begins && line.was.is_none() && line.key.sort() == Sort::Reminder {
            let old = gone.get_mut(&same(&line.key)).filter(|old| !old.is_empty());
            former.extend(old.map(|old| (at, old.remove(0))));
        }
    }
    for (at, old) in former {
        let (key, was) = (lines[old].key.clone(), lines[old].was);
        let line = &mut lines[at];
        (line.former, line.was) = (Some(key), was);
        if line.action == Action::Added {
            line.action = Action::Moved;
        }
    }
    let had: BTreeSet<Key> = lines.iter().filter_map(|line| line.former.clone()).collect();
    lines.retain(|line| line.action != Action::Withdrawn || !had.contains(&line.key));
    lines.sort_by(|a, b| (a.due.or(a.was), &a.key).cmp(&(b.due.or(b.was), &b.key)));
    lines
}

/// What makes two keys one reminder of an event, whatever its date.
fn same(key: &Key) -> [String; 4] {
    [key.posting(), key.event(), key.lead(), key.recipient()].map(str::to_owned)
}

fn line<'a>(change: &Change, row: impl Fn(&Key) -> Option<&'a Row>, now: DateTime<Utc>) -> Option<Line> {
    let of = |wanted: &Wanted, action, former: Option<&Key>, was| Line {
        action,
        key: wanted.key.clone(),
        former: former.cloned(),
        due: (!matches!(action, Action::Skipped | Action::StaysSkipped | Action::Lapses))
            .then_some(wanted.due),
        was,
        reader: wanted.reader.clone(),
    };
    // What is due leaves, or lapses; what is not does as it says.
    let due = |wanted: &Wanted, waits| match (wanted.due <= now, wanted.late_after <= now) {
        (_, true) => Action::Lapses,
        (true, false) => Action::Leaves,
        (false, false) => waits,
    };
    let as_it_was = |row: &Row, action, due| Line {
        action,
        key: row.key.clone(),
        former: None,
        due,
        was: Some(row.due),
        reader: row.reader.clone(),
    };
    Some(match change {
        Change::Add(wanted, State::Planned) if wanted.key.sort() != Sort::Reminder => {
            of(wanted, Action::Notice, None, None)
        }
        Change::Add(wanted, State::Planned) => of(wanted, due(wanted, Action::Added), None, None),
        Change::Add(wanted, _) => of(wanted, Action::Skipped, None, None),
        Change::Inherit(wanted, state, (former, _)) => {
            let row = row(former);
            let was = row.filter(|row| row.state == State::Planned).map(|row| row.due);
            let action = match row.filter(|row| row.due == wanted.due) {
                None if *state == State::Planned => due(wanted, Action::Moved),
                None => Action::Skipped,
                Some(_) if *state != State::Planned => Action::Renamed,
                Some(row) if row.reader != wanted.reader || row.email != wanted.email => {
                    due(wanted, Action::Rerouted)
                }
                Some(_) => due(wanted, Action::Renamed),
            };
            let due = (*state == State::Planned).then_some(wanted.due);
            let line = of(wanted, action, Some(former), was);
            Line { due: line.due.and(due), ..line }
        }
        Change::Refresh(wanted) => {
            let row = row(&wanted.key)?;
            let was = (row.state == State::Planned).then_some(row.due);
            let action = if row.state == State::Skipped {
                Action::StaysSkipped
            } else if row.due != wanted.due {
                due(wanted, Action::Moved)
            } else if row.reader != wanted.reader || row.email != wanted.email {
                Action::Rerouted
            } else {
                due(wanted, Action::Kept)
            };
            of(wanted, action, None, was)
        }
        Change::Return(wanted, _) => of(wanted, due(wanted, Action::Returned), None, None),
        Change::Withdraw(key) | Change::Told(key) | Change::Want(key, false) => {
            as_it_was(row(key)?, Action::Withdrawn, None)
        }
        Change::Want(key, true) => {
            let row = row(key)?;
            as_it_was(row, Action::Kept, Some(row.due))
        }
    })
}

/// The rows as they stand once a round's changes are made.
#[must_use]
pub fn after(known: &[Row], changes: &[Change], now: DateTime<Utc>) -> Vec<Row> {
    let mut rows: BTreeMap<Key, Row> = known.iter().map(|row| (row.key.clone(), row.clone())).collect();
    for change in changes {
        match change {
            Change::Add(wanted, state) => {
                rows.insert(wanted.key.clone(), begun(wanted, *state, Reason::PastWhenFirstSeen, now));
            }
            Change::Inherit(wanted, state, _) => {
                rows.insert(wanted.key.clone(), begun(wanted, *state, Reason::Renamed, now));
            }
            Change::Refresh(wanted) | Change::Return(wanted, _) => {
                let Some(row) = rows.get_mut(&wanted.key) else { continue };
                if matches!(change, Change::Return(..)) {
                    (row.state, row.reason) = (State::Planned, None);
                }
                (row.due, row.late_after) = (wanted.due, wanted.late_after);
                row.reader.clone_from(&wanted.reader);
                row.email.clone_from(&wanted.email);
                row.changed = now;
            }
            Change::Withdraw(key) => {
                let Some(row) = rows.get_mut(key) else { continue };
                (row.state, row.reason, row.changed) = (State::Withdrawn, Some(Reason::Calendar), now);
            }
            Change::Told(key) => {
                let Some(row) = rows.get_mut(key) else { continue };
                (row.state, row.reason, row.changed) = (State::Superseded, Some(Reason::ToldAlready), now);
            }
            Change::Want(key, is_wanted) => {
                let Some(row) = rows.get_mut(key) else { continue };
                row.wanted = *is_wanted;
            }
        }
    }
    rows.into_values().collect()
}

/// A row at its beginning.
#[must_use]
pub fn begun(wanted: &Wanted, state: State, why_skipped: Reason, now: DateTime<Utc>) -> Row {
    Row {
        key: wanted.key.clone(),
        reader: wanted.reader.clone(),
        email: wanted.email.clone(),
        due: wanted.due,
        late_after: wanted.late_after,
        state,
        reason: (state == State::Skipped).then_some(why_skipped),
        wanted: true,
        attempts: 0,
        doubts: 0,
        in_doubt: false,
        not_before: None,
        message_id: None,
        sent_at: None,
        reply: None,
        born: now,
        changed: now,
        why: wanted.why.clone(),
    }
}
