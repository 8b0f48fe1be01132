//! Which dates go with a mail, as a calendar: those of the events that it reminds of, that are otherwise, or that are new.
//! A digest has none: it repeats what other mails said, and whoever wants all of it subscribes to a feed.

use super::planner::Snapshot;
use crate::message::{Dates, Matter};
use crate::plan::lay::is_live;

/// The events whose dates go with a mail that tells this.
pub(super) fn calendar<'a>(matter: &Matter<'a>, snapshot: &'a Snapshot) -> Vec<Dates<'a>> {
    let reminded = matter.reminders.iter().map(|one| (one.posting.id.as_str(), one.event.id.as_str()));
    // Who is not on the panel any more keeps what they have: the interview takes place.
    let changed = matter.changes.iter().filter(|one| !one.dropped || one.difference.shift.is_some());
    let changed = changed.map(|one| (one.posting, one.event));
    let new = matter.news.iter().flat_map(|one| {
        let live = one.posting.events.iter().filter(|event| is_live(one.posting, event));
        live.map(|event| (one.posting.id.as_str(), event.id.as_str()))
    });
    reminded.chain(changed).chain(new).map(|(posting, event)| snapshot.dates(posting, event)).collect()
}

impl Snapshot {
    /// An event as calendars show it.
    fn dates<'a>(&'a self, posting: &'a str, event: &'a str) -> Dates<'a> {
        Dates { posting, event, history: self.histories.get(posting, event), now: self.event(posting, event) }
    }
}
