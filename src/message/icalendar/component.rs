//! Pure. One VEVENT for each date of an event (RFC 5545 §3.6.1).

use chrono::{DateTime, Datelike as _, NaiveDate, TimeDelta, Timelike as _, Utc};

use super::Dates;
use super::lines::Lines;
use crate::calendar::{Kind, Language};
use crate::message::facts::NameFacts;
use crate::message::identity::digest;
use crate::message::moment::{Shown, whole};
use crate::message::tongue::{Fact, Tongue};
use crate::message::typography;
use crate::message::voice::Voice;
use crate::message::worded::{Noun, dated, line, link};
use crate::plan::said::{Said, Standing};
use crate::plan::told::Revision;

/// How long a start is shown for whose length nobody wrote: without an end it would last no time at all (§3.6.1), and a
/// client would show a line and let the hour be taken.
const USUAL: TimeDelta = TimeDelta::hours(1);

/// A date of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Component {
    uid: String,
    sequence: u32,
    stamp: DateTime<Utc>,
    slot: Slot,
    /// The first instant at which it is over.
    pub over: DateTime<Utc>,
    cancelled: bool,
    summary: String,
    description: String,
    location: Option<String>,
    url: Option<String>,
}

/// When it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Slot {
    /// A whole day, wherever one is.
    Day(NaiveDate),
    /// An instant, which takes no time: a deadline's.
    At(DateTime<Utc>),
    /// From an instant to another.
    Span(DateTime<Utc>, DateTime<Utc>),
}

/// Every date that an event has or had: those that it has first, in their order; then those that are gone, as they last
/// were. Of what is done with, or filled, only what was over by then.
pub(super) fn components(dates: &Dates<'_>, voice: &Voice<'_>) -> Vec<Component> {
    let Some((last, said)) = dates.history.last().and_then(|last| Some((last, last.said()?))) else {
        return Vec::new();
    };
    let earlier: Vec<Said> = dates.history.iter().rev().skip(1).filter_map(Revision::said).collect();
    let known_as = said.known_as.clone().unwrap_or_else(|| format!("{}/{}", dates.posting, dates.event));
    let known_as = digest(&known_as);
    // Those that it has first, then those that it had, the last ones first.
    let all: Vec<(Vec<Slot>, &Said)> =
        [&said].into_iter().chain(&earlier).map(|said| (slots(said), said)).collect();
    let most = all.iter().map(|(slots, _)| slots.len()).max().unwrap_or_default();
    let takes_place = match said.standing {
        Standing::On | Standing::Over => slots(&said).len(),
        Standing::Cancelled | Standing::Removed => 0,
    };
    let stays =
        |one: &Component| said.standing != Standing::Over || (one.over <= last.since && !one.cancelled);
    (0..most)
        .filter_map(|n| {
            // The date that it has, else the last one that it had.
            let (slot, of) = all.iter().find_map(|(slots, said)| Some((*slots.get(n)?, *said)))?;
            let cancelled = n >= takes_place;
            let words = Words { dates, said: &said, cancelled, tongue: voice.tongue() };
            Some(Component {
                uid: format!("jalon-{known_as}-{}", n + 1),
                sequence: last.revision.saturating_sub(1),
                stamp: last.since,
                slot,
                over: over(slot, of),
                cancelled,
                summary: words.summary(),
                description: words.description(),
                location: words.location(),
                url: words.url(),
            })
        })
        .filter(stays)
        .collect()
}

/// The dates of what was said, in their order; none while no day is fixed.
fn slots(said: &Said) -> Vec<Slot> {
    match whole(&said.when, said.zone) {
        Shown::Through(day, _) => vec![Slot::Day(day)],
        Shown::Until(closes) => vec![Slot::At(closes)],
        Shown::Days(days) => days.into_iter().map(Slot::Day).collect(),
        Shown::Starts(starts) => {
            let length = length(said).unwrap_or(USUAL);
            let ends = |at: DateTime<Utc>| at.checked_add_signed(length).unwrap_or(at);
            starts.into_iter().map(|at| Slot::Span(at, ends(at))).collect()
        }
        Shown::Window(..) | Shown::Open => Vec::new(),
    }
}

fn length(said: &Said) -> Option<TimeDelta> {
    said.minutes.filter(|minutes| *minutes > 0).and_then(TimeDelta::try_minutes)
}

fn over(slot: Slot, said: &Said) -> DateTime<Utc> {
    match slot {
        Slot::Day(day) => said.zone.end_of(day),
        Slot::At(at) => at,
        Slot::Span(_, end) => end,
    }
}

impl Component {
    pub(super) fn write(&self, lines: &mut Lines) {
        let instant = |at: DateTime<Utc>| {
            let (hour, minute, second) = (at.hour(), at.minute(), at.second());
            format!("{}T{hour:02}{minute:02}{second:02}Z", date(at.date_naive()))
        };
        lines.words("BEGIN", "VEVENT");
        lines.words("UID", &self.uid);
        lines.words("SEQUENCE", &self.sequence.to_string());
        lines.words("DTSTAMP", &instant(self.stamp));
        match self.slot {
            Slot::Day(day) => {
                lines.words("DTSTART;VALUE=DATE", &date(day));
                // The first day that is not meant any more.
                lines.words("DTEND;VALUE=DATE", &date(day.succ_opt().unwrap_or(day)));
            }
            Slot::At(at) => lines.words("DTSTART", &instant(at)),
            Slot::Span(start, end) => {
                lines.words("DTSTART", &instant(start));
                lines.words("DTEND", &instant(end));
            }
        }
        lines.words("STATUS", if self.cancelled { "CANCELLED" } else { "CONFIRMED" });
        let takes_time = matches!(self.slot, Slot::Span(..)) && !self.cancelled;
        lines.words("TRANSP", if takes_time { "OPAQUE" } else { "TRANSPARENT" });
        lines.text("SUMMARY", &self.summary);
        lines.text("DESCRIPTION", &self.description);
        if let Some(location) = &self.location {
            lines.text("LOCATION", location);
        }
        if let Some(url) = &self.url {
            lines.uri("URL", url);
        }
        lines.words("END", "VEVENT");
    }
}

/// A date as §3.3.4 has it.
fn date(day: NaiveDate) -> String {
    format!("{:04}{:02}{:02}", day.year(), day.month(), day.day())
}

/// What is said of a date.
struct Words<'a> {
    dates: &'a Dates<'a>,
    /// What holds of the event.
    said: &'a Said,
    cancelled: bool,
    tongue: &'a dyn Tongue,
}

impl Words<'_> {
    fn summary(&self) -> String {
        let noun = Noun::of(self.said.kind, self.said.name.as_deref(), false, self.tongue);
        let posting = NameFacts::of(self.dates.posting, &self.said.title, self.said.organisation.as_deref());
        let whole = format!("{} – {}", noun.first, posting.heading);
        // An event may go on, at other dates.
        let said = if self.cancelled {
            self.tongue.no_more(&whole, self.said.standing != Standing::On)
        } else {
            whole
        };
        self.set(said)
    }

    fn description(&self) -> String {
        let Said { when, zone, label, .. } = self.said;
        let shown = whole(when, *zone);
        let mut lines = vec![dated(&shown, label.as_deref(), true, *zone, *zone, self.tongue).when];
        let mut more = |fact, what: String| lines.push(self.tongue.fact(fact, &what));
        let met = self.said.kind == Kind::Interview && !self.cancelled;
        if let Some(panel) = self.panel().filter(|_| met) {
            more(Fact::Panel, panel);
        }
        if let Some(candidate) = self.candidate().filter(|_| met) {
            more(Fact::Application, candidate);
        }
        if let Some(link) = self.said.link.as_deref().and_then(link).filter(|_| !self.cancelled) {
            more(Fact::Link, link);
        }
        if let Some(page) = self.page() {
            more(Fact::Posting, page);
        }
        if matches!(shown, Shown::Starts(_)) && length(self.said).is_none() && !self.cancelled {
            lines.push(self.tongue.no_length());
        }
        self.set(lines.join("\n"))
    }

    fn location(&self) -> Option<String> {
        let link = || self.said.link.as_deref().and_then(link);
        self.said.place.as_deref().and_then(line).or_else(link).filter(|_| !self.cancelled)
    }

    /// Where one clicks: to meet, else to read the posting.
    fn url(&self) -> Option<String> {
        let link = self.said.link.as_deref().and_then(link).filter(|_| !self.cancelled);
        link.or_else(|| self.page())
    }

    fn page(&self) -> Option<String> {
        self.dates.now.and_then(|(posting, _)| link(posting.url.as_deref()?))
    }

    fn panel(&self) -> Option<String> {
        let names: Vec<String> = self.said.panel.iter().filter_map(|member| line(&member.shown)).collect();
        (!names.is_empty()).then(|| self.tongue.list(&names))
    }

    fn candidate(&self) -> Option<String> {
        self.dates.now.and_then(|(_, event)| line(event.candidate.as_deref()?))
    }

    fn set(&self, words: String) -> String {
        if self.tongue.language() == Language::French { typography::text(&words) } else { words }
    }
}
