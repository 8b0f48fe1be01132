//! Pure. Those whom reminders are for, each held once however many postings name them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::calendar::{Directory, Recipient};
use crate::plan::absence::is_ever_away;

/// One who is reminded.
#[derive(Clone)]
pub(super) struct Held {
    /// The number of their id: one recipient is one.
    pub(super) number: usize,
    pub(super) recipient: Arc<Recipient>,
    /// Whether they are ever away, and somebody else may have to read it.
    pub(super) is_away_at_times: bool,
}

/// All who were met so far.
pub(super) struct People<'a> {
    directory: &'a Directory,
    numbers: BTreeMap<&'a str, usize>,
    /// One address may be spelt in several ways.
    held: BTreeMap<&'a Recipient, Held>,
}

impl<'a> People<'a> {
    pub(super) fn of(directory: &'a Directory) -> Self {
        Self { directory, numbers: BTreeMap::new(), held: BTreeMap::new() }
    }

    pub(super) fn hold(&mut self, recipients: &'a [Recipient]) -> Vec<Held> {
        recipients.iter().map(|recipient| self.hold_one(recipient)).collect()
    }

    fn hold_one(&mut self, recipient: &'a Recipient) -> Held {
        if let Some(held) = self.held.get(recipient) {
            return held.clone();
        }
        let next = self.numbers.len();
        let held = Held {
            number: *self.numbers.entry(&recipient.id).or_insert(next),
            recipient: Arc::new(recipient.clone()),
            is_away_at_times: is_ever_away(&recipient.id, self.directory),
        };
        self.held.insert(recipient, held.clone());
        held
    }
}
