//! Pure. One event of a mail: what is told of it, put into words.

use std::str::FromStr as _;

use chrono::{DateTime, Datelike as _, NaiveDateTime, NaiveTime, Utc};

use super::facts::{ApplyFacts, EventFacts, Item, PostingFacts, ReminderFacts};
use super::moment::{Moment, Shown, moment};
use super::tongue::{Tense, Tongue};
use crate::calendar::{Apply, Event, Kind, Posting, Recipient, When, Zone};
use crate::diagnostic::is_unsafe;
use crate::plan::hours::LATE;
use crate::plan::lay::is_live;
use crate::plan::{Key, Occurrence};

/// One event and what is told of it.
pub(super) struct Told<'a> {
    /// Of several reminders of the event, the one that fell due last.
    pub item: Item<'a>,
    moment: Moment,
    /// Whether that one leaves more than fifteen minutes late.
    pub late: bool,
}

impl<'a> Told<'a> {
    /// What is told of an event of which these reminders are.
    pub(super) fn of(items: &[Item<'a>], now: DateTime<Utc>) -> Option<Self> {
        let item = *items.iter().max_by_key(|item| item.due)?;
        let over: Vec<NaiveDateTime> = items.iter().map_while(|item| looks_back_on(item.key)).collect();
        // A reminder of what is to come says more than one of what was.
        let over = if over.len() == items.len() { over } else { Vec::new() };
        let moment = moment(&item.event.when, item.posting.zone, &over, now);
        Some(Self { item, moment, late: now - item.due > LATE })
    }

    /// What comes next stands first; of what is past, the latest.
    pub(super) fn order(&self) -> (bool, i32, &'a str, Option<DateTime<Utc>>, usize) {
        let date = self.moment.date.map_or(i32::MAX, |date| date.num_days_from_ce());
        let date = if self.moment.past { -date } else { date };
        (self.moment.past, date, &self.item.posting.id, self.moment.at, self.item.event.line)
    }

    /// The words for a recipient who lives `there`.
    pub(super) fn facts(&self, there: Zone, tongue: &dyn Tongue) -> ReminderFacts {
        let Item { posting, event, .. } = self.item;
        let label = event.label.as_deref().and_then(line);
        let name = event.name.as_deref().and_then(line);
        let vague = matches!(self.moment.shown, Shown::Window(..) | Shown::Open);
        let when = match (self.words(posting.zone, tongue), &label) {
            (Some(when), Some(label)) if !vague && *label != when => tongue.that_is(label, &when),
            (_, Some(label)) => label.clone(),
            (Some(when), None) => when,
            (None, None) => tongue.to_be_fixed().to_owned(),
        };
        let when_there = self.words(there, tongue).filter(|_| self.reads_differently(there));
        let remaining = self.moment.distance.map(|distance| tongue.distance(distance));
        let tense = match (vague, self.moment.past) {
            (true, _) => Tense::Vague,
            (false, true) => Tense::Past,
            (false, false) => Tense::Coming,
        };
        let several = match &self.moment.shown {
            Shown::Days(days) => days.len() > 1,
            Shown::Starts(starts) => starts.len() > 1,
            _ => false,
        };
        let what = tongue.what(event.kind, tense, several);
        let what = match &name {
            Some(name) if event.kind == Kind::Milestone => name.clone(),
            Some(name) => tongue.named(what, name),
            None => what.to_owned(),
        };
        let headline = match &remaining {
            Some(remaining) => format!("{what} {remaining}"),
            None => tongue.vaguely(&what, self.moment.past),
        };
        ReminderFacts {
            headline,
            when,
            when_there,
            remaining,
            past: self.moment.past,
            vague,
            late: self.late,
            again: false,
            posting: PostingFacts::of(posting, event, tongue),
            event: EventFacts {
                id: event.id.clone(),
                kind: event.kind.word(),
                name,
                label,
                place: event.place.as_deref().and_then(line),
                link: event.link.as_deref().and_then(link),
                duration: event.duration.map(|length| tongue.duration(length.num_minutes())),
                panel: people(&event.panel, tongue),
                candidate: event.candidate.as_deref().and_then(line),
            },
        }
    }

    /// The date in words, as a clock of this zone shows it.
    fn words(&self, zone: Zone, tongue: &dyn Tongue) -> Option<String> {
        let here = zone == self.item.posting.zone;
        let (words, timed) = match &self.moment.shown {
            Shown::Through(day, _) if here => (tongue.through(*day), true),
            Shown::Through(_, closes) | Shown::Until(closes) => {
                let local = zone.local(*closes);
                match local.date().pred_opt() {
                    // Midnight belongs to the day that ends: nobody reads "Monday at 0:00" right.
                    Some(day) if local.time() == NaiveTime::MIN => (tongue.through(day), true),
                    _ => (tongue.starts(&[local]), true),
                }
            }
            Shown::Starts(starts) => {
                let local: Vec<NaiveDateTime> = starts.iter().map(|at| zone.local(*at)).collect();
                (tongue.starts(&local), true)
            }
            Shown::Days(days) => (tongue.days(days), false),
            Shown::Window(first, last) => (tongue.between(*first, *last), false),
            Shown::Open => return None,
        };
        Some(if timed { format!("{words}, {}", tongue.zone(zone)) } else { words })
    }

    /// Whether a clock of that zone shows something else than the posting's.
    fn reads_differently(&self, there: Zone) -> bool {
        let here = self.item.posting.zone;
        let differs = |at: &DateTime<Utc>| here.local(*at) != there.local(*at);
        match &self.moment.shown {
            Shown::Through(_, closes) | Shown::Until(closes) => differs(closes),
            Shown::Starts(starts) => starts.iter().any(differs),
            Shown::Days(_) | Shown::Window(..) | Shown::Open => false,
        }
    }
}

/// A date that is still to be fixed, and what is said of it.
fn to_fix(event: &Event, tongue: &dyn Tongue) -> String {
    let what = tongue.what(event.kind, Tense::Vague, false);
    let name = event.name.as_deref().and_then(line);
    let what = match name {
        Some(name) if event.kind == Kind::Milestone => name,
        Some(name) => tongue.named(what, &name),
        None => what.to_owned(),
    };
    match event.label.as_deref().and_then(line) {
        Some(label) => format!("{what} ({label})"),
        None => what,
    }
}

impl PostingFacts {
    fn of(posting: &Posting, told: &Event, tongue: &dyn Tongue) -> Self {
        let title = line(&posting.title).unwrap_or_else(|| posting.id.clone());
        let organisation = posting.organisation.as_deref().and_then(line);
        Self {
            id: posting.id.clone(),
            heading: match &organisation {
                Some(organisation) => format!("{title} ({organisation})"),
                None => title.clone(),
            },
            title,
            organisation,
            contract: posting.contract.as_deref().and_then(line),
            location: posting.location.as_deref().and_then(line),
            url: posting.url.as_deref().and_then(link),
            reference: posting.reference.as_deref().and_then(line),
            published: posting.published.map(|day| tongue.date(day)),
            apply: posting.apply.as_ref().map(|Apply { email, cc, subject }| ApplyFacts {
                email: email.clone(),
                cc: cc.clone(),
                subject: subject.as_deref().and_then(line),
            }),
            to_fix: posting
                .events
                .iter()
                .filter(|event| event.when == When::Open && event.id != told.id && is_live(posting, event))
                .map(|event| to_fix(event, tongue))
                .collect(),
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
        .map(|person| person.name.as_deref().and_then(line).unwrap_or_else(|| person.email.clone()))
        .collect();
    (!names.is_empty()).then(|| tongue.list(&names))
}

/// A text on one line, without control characters; none when nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    let spaced: String = text.chars().map(|c| if is_unsafe(c) || c == '\t' { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// An address that a click may follow; none for any other scheme, such as `javascript:`.
fn link(address: &str) -> Option<String> {
    let address = address.trim();
    let (scheme, _) = address.split_once(':')?;
    let known = ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let plain = !address.chars().any(|c| is_unsafe(c) || c.is_whitespace());
    (known && plain).then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_one_line() {
        assert_eq!(line("  Crest,\r\n ou\tvisio \u{202e}"), Some("Crest, ou visio".to_owned()));
        assert_eq!(line("6\u{a0}juillet"), Some("6\u{a0}juillet".to_owned()));
        assert_eq!(line(" \n"), None);
    }

    #[test]
    fn only_harmless_schemes_are_links() {
        for good in
            ["https://example.org/a?b", "HTTP://example.org", "mailto:a@example.org", "tel:+33123456789"]
        {
            assert_eq!(link(good).as_deref(), Some(good));
        }
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "example.org", "https://a b", "java\nscript:x", ""]
        {
            assert_eq!(link(bad), None, "{bad:?}");
        }
    }
}
