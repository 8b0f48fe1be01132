//! Pure. The order of reminders.

use std::cmp::Ordering;
use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::plan::Reminder;

/// By due instant, then key. Keys are dear, and need not be made for it: postings are put in the order of their keys, and of
/// the few that one posting has at one instant most differ in the recipient alone.
pub(in crate::plan) fn in_order(reminders: Vec<Reminder>) -> Vec<Reminder> {
    let mut end = 0;
    let of_one = reminders.chunk_by(|a, b| a.posting == b.posting).map(|of_one| {
        let start = end;
        end += of_one.len();
        (&*of_one[0].posting, start..end)
    });
    let mut postings: Vec<(&str, Range<usize>)> = of_one.collect();
    // An id as it begins keys: with what follows it there.
    postings.sort_by(|(a, _), (b, _)| a.bytes().chain([b'/']).cmp(b.bytes().chain([b'/'])));
    let mut order: Vec<(DateTime<Utc>, usize, usize)> = Vec::with_capacity(reminders.len());
    for (n, (_, places)) in postings.into_iter().enumerate() {
        order.extend(places.map(|place| (reminders[place].due, n, place)));
    }
    order.sort_unstable();
    for same in order.chunk_by_mut(|a, b| (a.0, a.1) == (b.0, b.1)) {
        same.sort_unstable_by(|a, b| by_key(&reminders[a.2], &reminders[b.2]));
    }
    let mut reminders: Vec<Option<Reminder>> = reminders.into_iter().map(Some).collect();
    let mut arranged = Vec::with_capacity(order.len());
    arranged.extend(order.into_iter().filter_map(|(.., place)| reminders[place].take()));
    arranged
}

/// By key, for two of one posting: most often it is the same date and the same lead.
fn by_key(a: &Reminder, b: &Reminder) -> Ordering {
    let same = |one: &Reminder| (one.occurrence, one.lead);
    if a.event == b.event && same(a) == same(b) {
        return a.recipient.id.cmp(&b.recipient.id);
    }
    a.key().cmp(&b.key())
}
