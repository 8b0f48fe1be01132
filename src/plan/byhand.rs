//! Pure. Whether a hand may do what it wants to a row, and if not, why not.
//!
//! A retry is refused when nobody asks for the row any more or it is of no use: what left is never sent again by hand,
//! and what would give way to a nearer reminder is not begun. The store refuses once more, should the row have moved
//! meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::lay::is_live;
use super::row::{Reason, Row, State};
use super::{Key, Reminder, Sort, Wanted};
use crate::calendar::{Posting, Status};

/// Why a hand may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It left at this instant.
    Sent(DateTime<Utc>),
    /// It waits to leave, at this instant.
    Waits(DateTime<Utc>),
    /// It is leaving.
    Leaving,
    /// It has been of no use since this instant.
    TooLate(DateTime<Utc>),
    /// A nearer reminder of the same event left, or is about to.
    Nearer(Key),
    /// It ended in this way, which no hand turns back.
    Ended(State, Option<Reason>),
    /// A hand withdrew it already.
    Withdrawn,
    /// Only what is held can be confirmed.
    NotHeld(State),
    /// No file asks for it any more.
    Unasked(Unasked),
}

/// Why no file asks for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unasked {
    /// Its posting has no version that can be used.
    Unusable,
    /// Its posting is gone.
    NoPosting,
    /// Its posting is filled or cancelled, or its event is cancelled or done.
    Over,
    /// Its event is not in the posting any more.
    NoEvent,
    /// Its event has another date.
    Moved,
    /// Its recipient is reminded of nothing in this event.
    NotNamed,
    /// No rule asks for it any more.
    NoRule,
    /// A notice that has nothing to tell any more.
    NothingToTell,
}

/// What there is to judge by.
#[derive(Clone, Copy, Debug)]
pub struct Bench<'a> {
    /// Every row.
    pub rows: &'a [Row],
    /// What is asked for now, reminders and notices.
    pub wanted: &'a BTreeMap<&'a Key, &'a Wanted>,
    /// What the files ask for.
    pub reminders: &'a [Reminder],
    /// The postings in force.
    pub postings: &'a BTreeMap<String, Posting>,
    /// Those of which no version can be used.
    pub unusable: &'a BTreeSet<String>,
    /// Now.
    pub now: DateTime<Utc>,
}

impl<'a> Bench<'a> {
    /// Whether a row may be planned again: then with these facts.
    pub fn retry(&self, row: &Row) -> Result<&'a Wanted, Refused> {
        match (row.state, row.reason) {
            (State::Failed | State::Held, _) | (State::Withdrawn, Some(Reason::Hand)) => {}
            (State::Sent, _) => return Err(Refused::Sent(row.sent_at.unwrap_or(row.changed))),
            (State::Planned, _) => return Err(Refused::Waits(row.due)),
            (State::Claimed | State::Handed, _) => return Err(Refused::Leaving),
            (State::Lapsed, _) => return Err(Refused::TooLate(row.late_after)),
            // What the calendar withdrew comes back with it; a hand cannot ask for what no file asks for.
            (State::Withdrawn, _) => return Err(Refused::Unasked(self.unasked(&row.key))),
            (State::Skipped | State::Superseded, reason) => return Err(Refused::Ended(row.state, reason)),
        }
        let Some(wanted) = self.wanted.get(&row.key).copied() else {
            return Err(Refused::Unasked(self.unasked(&row.key)));
        };
        if wanted.late_after <= self.now {
            return Err(Refused::TooLate(wanted.late_after));
        }
        match self.nearer(row, wanted) {
            Some(nearer) => Err(Refused::Nearer(nearer.key.clone())),
            None => Ok(wanted),
        }
    }

    /// The reminder to which this one would give way at once (as the ledger's `tidy` has it).
    fn nearer(&self, row: &Row, wanted: &Wanted) -> Option<&'a Row> {
        let key = &row.key;
        let of_the_same = |other: &&Row| {
            other.key.sort() == Sort::Reminder
                && other.due > wanted.due
                && (other.key.posting(), other.key.event(), other.key.recipient())
                    == (key.posting(), key.event(), key.recipient())
        };
        let speaks = |other: &&Row| match other.state {
            State::Sent | State::Claimed | State::Handed | State::Held => true,
            State::Planned => other.due <= self.now && other.late_after >= wanted.late_after,
            _ => false,
        };
        let reminder = key.sort() == Sort::Reminder && wanted.due <= self.now;
        self.rows.iter().filter(|_| reminder).filter(of_the_same).find(speaks)
    }

    fn unasked(&self, key: &Key) -> Unasked {
        let posting = match self.postings.get(key.posting()) {
            Some(posting) => posting,
            None if key.posting().is_empty() => return Unasked::NothingToTell,
            None if self.unusable.contains(key.posting()) => return Unasked::Unusable,
            None => return Unasked::NoPosting,
        };
        let event = posting.events.iter().find(|event| event.id == key.event());
        match (key.sort(), event) {
            (Sort::Reminder | Sort::Change, None) => return Unasked::NoEvent,
            (Sort::Reminder, Some(event)) if !is_live(posting, event) => return Unasked::Over,
            (Sort::Reminder, Some(_)) => {}
            _ if posting.status == Status::Cancelled => return Unasked::Over,
            _ => return Unasked::NothingToTell,
        }
        let mut of_event = self
            .reminders
            .iter()
            .filter(|reminder| *reminder.posting == *key.posting() && *reminder.event == *key.event())
            .peekable();
        let moved = of_event.peek().is_some()
            && of_event.clone().all(|reminder| reminder.occurrence.to_string() != key.occurrence());
        if moved {
            Unasked::Moved
        } else if of_event.all(|reminder| reminder.recipient().id != key.recipient()) {
            Unasked::NotNamed
        } else {
            Unasked::NoRule
        }
    }
}

/// Whether a person may say that a row arrived.
pub fn confirm(row: &Row) -> Result<(), Refused> {
    match row.state {
        State::Held => Ok(()),
        State::Sent => Err(Refused::Sent(row.sent_at.unwrap_or(row.changed))),
        State::Claimed | State::Handed => Err(Refused::Leaving),
        state => Err(Refused::NotHeld(state)),
    }
}

/// Whether a row may be withdrawn.
pub fn withdraw(row: &Row) -> Result<(), Refused> {
    match (row.state, row.reason) {
        (State::Planned | State::Held | State::Skipped, _) => Ok(()),
        (State::Sent, _) => Err(Refused::Sent(row.sent_at.unwrap_or(row.changed))),
        (State::Claimed | State::Handed, _) => Err(Refused::Leaving),
        (State::Withdrawn, Some(Reason::Hand)) => Err(Refused::Withdrawn),
        (state, reason) => Err(Refused::Ended(state, reason)),
    }
}
