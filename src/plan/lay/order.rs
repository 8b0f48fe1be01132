//! Pure. The order of reminders.

use std::cmp::Ordering;
use std::ops::Range;

use chrono::{DateTime, Utc};

use crate::plan::Reminder;

/// Reminders side by side, of one posting and due instant: most often those of one occasion. The instant, the posting's
/// place among postings, and theirs among reminders.
type Run = (DateTime<Utc>, usize, Range<usize>);

/// By due instant, then key. Keys are dear, and need not be made for it: postings are put in the order of their keys, and of
/// the few that one posting has at one instant most differ in the recipient alone.
pub(in crate::plan) fn in_order(reminders: Vec<Reminder>) -> Vec<Reminder> {
    let mut runs = runs(&reminders);
    runs.sort_unstable_by_key(|(due, posting, places)| (*due, *posting, places.start));
    let mut reminders: Vec<Option<Reminder>> = reminders.into_iter().map(Some).collect();
    let mut arranged = Vec::with_capacity(reminders.len());
    for same in runs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let start = arranged.len();
        let places = same.iter().flat_map(|(.., places)| places.clone());
        arranged.extend(places.filter_map(|place| reminders[place].take()));
        arranged[start..].sort_unstable_by(by_key);
    }
    arranged
}

fn runs(reminders: &[Reminder]) -> Vec<Run> {
    let mut start = 0;
    let mut postings: Vec<(&str, usize, &[Reminder])> = Vec::new();
    for of_one in reminders.chunk_by(|a, b| a.posting == b.posting) {
        postings.push((&of_one[0].posting, start, of_one));
        start += of_one.len();
    }
    // An id as it begins keys: with what follows it there.
    postings.sort_by(|(a, ..), (b, ..)| a.bytes().chain([b'/']).cmp(b.bytes().chain([b'/'])));
    let mut runs = Vec::new();
    for (n, (_, mut start, of_one)) in postings.into_iter().enumerate() {
        for run in of_one.chunk_by(|a, b| a.is_said_with(b) || a.due == b.due) {
            runs.push((run[0].due, n, start..start + run.len()));
            start += run.len();
        }
    }
    runs
}

/// By key, for two of one posting: most often it is the same date and the same lead.
fn by_key(a: &Reminder, b: &Reminder) -> Ordering {
    let same = |one: &Reminder| (one.occurrence, one.lead);
    if a.is_said_with(b) || (a.event == b.event && same(a) == same(b)) {
        return a.recipient().id.cmp(&b.recipient().id);
    }
    a.key().cmp(&b.key())
}
