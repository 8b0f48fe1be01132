//! Pure. Dates as calendars read them (RFC 5545): the `.ics` file that is attached to a mail, and feeds.
//!
//! [`Dates`] of an event ─[`component`]─▶ VEVENTs, one a date ─[`lines`]─▶ text. Everything follows from what the ledger
//! knows of the event, nothing from the moment at which it is written: the same revisions give the same bytes.
//!
//! | property | is |
//! |---|---|
//! | UID | a hash of the name by which the event was first noted, and the ordinal of the date in it: for ever |
//! | SEQUENCE | the number of its last revision, from 0: it only rises |
//! | DTSTAMP | when that revision began |
//! | STATUS | CANCELLED for what is cancelled or gone, and for a date that an earlier revision had and this one has not |
//!
//! The writer is our own: libraries draw UID and DTSTAMP at random or from the clock. What may not happen here: a VEVENT
//! for a day that is not fixed, an alarm (reminders are ours), a text of a posting that begins a line of its own.

pub mod component;
pub mod feed;
pub mod lines;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use self::component::components;
use self::lines::Lines;
use crate::calendar::{Event, Posting};
use crate::message::voice::Voice;
use crate::plan::told::Revision;

/// An event, as the ledger knows it and as the files have it.
#[derive(Clone, Copy, Debug)]
pub struct Dates<'a> {
    /// The posting's id.
    pub posting: &'a str,
    /// The event's id.
    pub event: &'a str,
    /// Its revisions, oldest first.
    pub history: &'a [Revision],
    /// Both as they are in force, while they are.
    pub now: Option<(&'a Posting, &'a Event)>,
}

/// A calendar as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarFile {
    /// What the file is called: letters, digits, `.`, `_` and `-`.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// The file that is attached to a mail about these events. None when no day of them is or was fixed.
#[must_use]
pub fn attached(events: &[Dates<'_>], voice: &Voice<'_>) -> Option<CalendarFile> {
    let first = events.first()?.posting;
    let of_one = events.iter().all(|event| event.posting == first);
    let text = written(events, voice, None, |_| true)?;
    Some(CalendarFile { name: format!("{}.ics", if of_one { first } else { "jalon" }), text })
}

/// A calendar of those dates of these events that are wanted, by when they are over; each event once. `name`: what a feed
/// is called. None when nothing is in it.
#[must_use]
pub fn written(
    events: &[Dates<'_>],
    voice: &Voice<'_>,
    name: Option<&str>,
    wanted: impl Fn(DateTime<Utc>) -> bool,
) -> Option<String> {
    let mut lines = Lines::default();
    lines.words("BEGIN", "VCALENDAR");
    lines.words("VERSION", "2.0");
    lines.words("PRODID", "-//jalon//jalon//EN");
    lines.words("CALSCALE", "GREGORIAN");
    lines.words("METHOD", "PUBLISH");
    if let Some(name) = name {
        // RFC 7986 §5.1 and §5.7, and what clients went by before it.
        lines.text("NAME", name);
        lines.text("X-WR-CALNAME", name);
        lines.words("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
        lines.words("X-PUBLISHED-TTL", "PT1H");
    }
    let mut seen = BTreeSet::new();
    let mut any = false;
    for event in events {
        if !seen.insert((event.posting, event.event)) {
            continue;
        }
        for component in components(event, voice).into_iter().filter(|one| wanted(one.over)) {
            component.write(&mut lines);
            any = true;
        }
    }
    lines.words("END", "VCALENDAR");
    (any || name.is_some()).then(|| lines.into_text())
}
