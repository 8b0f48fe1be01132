//! Pure. Feeds: calendars that a client subscribes to, one of everything and one for each person.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Dates, written};
use crate::calendar::slug::slug;
use crate::calendar::{Posting, Recipient};
use crate::message::identity::digest;
use crate::message::voice::Voice;
use crate::plan::row::Row;
use crate::plan::told::Histories;
use crate::plan::{Reminder, Sort};

/// How long a date stays in a feed when it is over, cancelled or not.
const KEPT: TimeDelta = TimeDelta::days(30);

/// Events by posting and event.
pub type Events = BTreeSet<(String, String)>;

/// Whose events a feed shows.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// The person's id.
    pub id: &'a str,
    /// Their name.
    pub name: Option<&'a str>,
}

/// Every event that is or was noted, as calendars show it.
#[must_use]
pub fn dates<'a>(histories: &'a Histories, postings: &'a BTreeMap<String, Posting>) -> Vec<Dates<'a>> {
    let now = |posting: &str, event: &str| {
        let posting = postings.get(posting)?;
        Some((posting, posting.events.iter().find(|found| found.id == event)?))
    };
    histories
        .iter()
        .map(|(posting, event, history)| Dates { posting, event, history, now: now(posting, event) })
        .collect()
}

/// Of which events each person is reminded, by any rule, or was, while the event is in force no more.
#[must_use]
pub fn reminded(
    reminders: &[Reminder],
    rows: &[Row],
    postings: &BTreeMap<String, Posting>,
) -> BTreeMap<String, Events> {
    let mut theirs: BTreeMap<String, Events> = BTreeMap::new();
    let mut add = |id: &str, posting: &str, event: &str| {
        let events = theirs.entry(id.to_owned()).or_default();
        events.insert((posting.to_owned(), event.to_owned()));
    };
    for reminder in reminders {
        for id in [&reminder.recipient().id, &reminder.reader().id] {
            add(id, &reminder.posting, &reminder.event);
        }
    }
    for row in rows.iter().filter(|row| row.key.sort() == Sort::Reminder) {
        let (posting, event) = (row.key.posting(), row.key.event());
        let in_force =
            postings.get(posting).is_some_and(|posting| posting.events.iter().any(|e| e.id == event));
        if !in_force {
            add(row.key.recipient(), posting, event);
            add(&row.reader, posting, event);
        }
    }
    theirs
}

/// Whether an event is somebody's to know: a recruiter's, a panel's, or a rule's.
#[must_use]
pub fn is_theirs(dates: &Dates<'_>, id: &str, reminded: &BTreeMap<String, Events>) -> bool {
    let among = |people: &[Recipient]| people.iter().any(|person| person.id == id);
    let now = dates.now.is_some_and(|(posting, event)| among(&posting.recruiters) || among(&event.panel));
    let on_panel = || {
        let last = dates.history.last().and_then(crate::plan::told::Revision::said);
        dates.now.is_none() && last.is_some_and(|said| said.panel.iter().any(|member| member.id == id))
    };
    let event = || (dates.posting.to_owned(), dates.event.to_owned());
    now || reminded.get(id).is_some_and(|events| events.contains(&event())) || on_panel()
}

/// A feed as it is now: what is to come, and what was over in the last thirty days.
#[must_use]
pub fn feed(events: &[Dates<'_>], owner: Option<Owner<'_>>, voice: &Voice<'_>, now: DateTime<Utc>) -> String {
    let name = voice.tongue().feed(owner.map(|owner| owner.name.unwrap_or(owner.id)));
    written(events, voice, Some(&name), |over| over > now - KEPT).unwrap_or_default()
}

/// What the file of a feed is called. Whoever does not know the secret cannot guess it, nor tell it from another
/// person's.
#[must_use]
pub fn file_name(owner: Option<&str>, secret: &str) -> String {
    let stem = owner.and_then(slug).unwrap_or_else(|| "all".to_owned());
    // A person called "all" is not everybody: no id is empty.
    format!("{stem}-{}.ics", digest(&format!("{secret}\n{}", owner.unwrap_or_default())))
}

/// Whether a file is a feed of ours, by its name and its first lines: only those are ever removed.
#[must_use]
pub fn is_ours(name: &str, text: &str) -> bool {
    let unguessable = name
        .strip_suffix(".ics")
        .and_then(|stem| stem.rsplit_once('-'))
        .is_some_and(|(_, hex)| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    unguessable && text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//jalon//")
}
