//! Pure. One event that a mail reminds of: what is told of it, put into words.

use std::str::FromStr as _;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Utc};

use super::facts::{ApplyFacts, EventFacts, NameFacts, PostingFacts, ReminderFacts};
use super::leaf::leaf;
use super::matter::Item;
use super::moment::{Distance, Moment, moment};
use super::tongue::{Tense, Tongue};
use super::worded::{Dated, Reader, dated, is_several, is_vague, line, link, site};
use crate::calendar::{Apply, Event, Kind, Posting, Recipient, When};
use crate::plan::hours::LATE;
use crate::plan::lay::is_live;
use crate::plan::{Key, Occurrence};

/// Of how many days ahead it is said that the date is near.
const NEAR: i64 = 2;

/// One event and what is told of it.
pub(super) struct Told<'a> {
    /// Of several reminders of the event, the one that fell due last.
    pub item: Item<'a>,
    moment: Moment,
    /// Whether that one leaves more than fifteen minutes late.
    pub late: bool,
    /// In whose places the reader receives them; none for their own.
    readers: Vec<Option<&'a str>>,
}

impl<'a> Told<'a> {
    /// What is told of an event of which these reminders are.
    pub(super) fn of(items: &[Item<'a>], now: DateTime<Utc>) -> Option<Self> {
        let item = *items.iter().max_by_key(|item| item.due)?;
        let over: Vec<NaiveDateTime> = items.iter().map_while(|item| looks_back_on(item.key)).collect();
        // A reminder of what is to come says more than one of what was.
        let over = if over.len() == items.len() { over } else { Vec::new() };
        let moment = moment(&item.event.when, item.posting.zone, &over, now);
        let readers = items.iter().map(|item| item.absent).collect();
        Some(Self { item, moment, late: now - item.due > LATE, readers })
    }

    /// What comes next stands first; of what is past, the latest.
    pub(super) fn order(&self) -> (bool, i32, &'a str, Option<DateTime<Utc>>, usize) {
        let date = self.moment.date.map_or(i32::MAX, |date| date.num_days_from_ce());
        let date = if self.moment.past { -date } else { date };
        (self.moment.past, date, &self.item.posting.id, self.moment.at, self.item.event.line)
    }

    /// The words for its reader.
    pub(super) fn facts(&self, reader: &Reader<'_>) -> ReminderFacts {
        let Item { posting, event, .. } = self.item;
        let tongue = reader.tongue;
        let label = event.label.as_deref().and_then(line);
        let name = event.name.as_deref().and_then(line);
        let shown = &self.moment.shown;
        let vague = is_vague(shown);
        let Dated { when, there } =
            dated(shown, event.label.as_deref(), false, posting.zone, reader.zone, tongue);
        let remaining = self.moment.distance.map(|distance| tongue.distance(distance));
        let tense = match (vague, self.moment.past) {
            (true, _) => Tense::Vague,
            (false, true) => Tense::Past,
            (false, false) => Tense::Coming,
        };
        let what = tongue.what(event.kind, tense, is_several(shown));
        let what = match &name {
            Some(name) if event.kind == Kind::Milestone => name.clone(),
            Some(name) => tongue.named(&what, name),
            None => what.into_owned(),
        };
        let headline = match &remaining {
            Some(remaining) => tongue.headline(&what, remaining),
            None => tongue.vaguely(&what, self.moment.past),
        };
        let days = match self.moment.distance {
            Some(Distance::Days(days)) => days,
            Some(Distance::Minutes(_)) => 0,
            None => i64::MAX,
        };
        ReminderFacts {
            headline,
            leaf: leaf(shown, posting.zone, tongue),
            when,
            when_there: there,
            remaining,
            past: self.moment.past,
            near: !self.moment.past && days <= NEAR,
            vague,
            late: self.late,
            again: false,
            absent: reader.absent(self.readers.iter().copied()),
            posting: PostingFacts::of(posting, Some(event), tongue),
            event: EventFacts {
                id: event.id.clone(),
                kind: event.kind.word(),
                name,
                label,
                place: event.place.as_deref().and_then(line),
                link: event.link.as_deref().and_then(link),
                site: event.link.as_deref().and_then(link).map(|link| site(&link)),
                duration: event.duration.map(|length| tongue.duration(length.num_minutes())),
                panel: people(&event.panel, tongue),
                candidate: event.candidate.as_deref().and_then(line),
            },
        }
    }
}

/// A date that is still to be fixed, and what is said of it.
pub(super) fn to_fix(event: &Event, tongue: &dyn Tongue) -> String {
    let what = tongue.what(event.kind, Tense::Vague, false);
    let name = event.name.as_deref().and_then(line);
    let what = match name {
        Some(name) if event.kind == Kind::Milestone => name,
        Some(name) => tongue.named(&what, &name),
        None => what.into_owned(),
    };
    match event.label.as_deref().and_then(line) {
        Some(label) => format!("{what} ({label})"),
        None => what,
    }
}

impl NameFacts {
    pub(super) fn of(id: &str, title: &str, organisation: Option<&str>) -> Self {
        let title = line(title).unwrap_or_else(|| id.to_owned());
        let organisation = organisation.and_then(line);
        let heading = match &organisation {
            Some(organisation) => format!("{title} ({organisation})"),
            None => title.clone(),
        };
        Self { id: id.to_owned(), heading, title, organisation }
    }
}

impl PostingFacts {
    /// The words of a posting, of which one event is told.
    pub(super) fn of(posting: &Posting, told: Option<&Event>, tongue: &dyn Tongue) -> Self {
        let NameFacts { id, heading, title, organisation } =
            NameFacts::of(&posting.id, &posting.title, posting.organisation.as_deref());
        let told = told.map(|event| event.id.as_str());
        let open = |event: &&Event| {
            event.when == When::Open && Some(event.id.as_str()) != told && is_live(posting, event)
        };
        Self {
            id,
            heading,
            title,
            organisation,
            contract: posting.contract.as_deref().and_then(line),
            location: posting.location.as_deref().and_then(line),
            url: posting.url.as_deref().and_then(link),
            site: posting.url.as_deref().and_then(link).map(|link| site(&link)),
            reference: posting.reference.as_deref().and_then(line),
            published: posting.published.map(|day| tongue.date(day)),
            apply: posting.apply.as_ref().map(|Apply { email, cc, subject }| ApplyFacts {
                email: line(email).unwrap_or_default(),
                cc: cc.as_deref().and_then(line),
                subject: subject.as_deref().and_then(line),
            }),
            to_fix: posting.events.iter().filter(open).map(|event| to_fix(event, tongue)).collect(),
        }
    }
}

/// The start that a reminder hours or minutes *after* an event looks back on.
fn looks_back_on(key: &Key) -> Option<NaiveDateTime> {
    let lead = key.lead();
    match Occurrence::from_str(key.occurrence()) {
        Ok(Occurrence::Time(start)) if lead.starts_with('+') && lead.ends_with(['h', 'm']) => Some(start),
        _ => None,
    }
}

/// The names of people in a row; addresses of those who have none.
fn people(people: &[Recipient], tongue: &dyn Tongue) -> Option<String> {
    let names: Vec<String> = people
        .iter()
        .map(|person| {
            person.name.as_deref().and_then(line).or_else(|| line(&person.email)).unwrap_or_default()
        })
        .collect();
    (!names.is_empty()).then(|| tongue.list(&names))
}
