//! Pure. What a digest has to tell: the next fourteen days of what its reader is concerned with, what is to be fixed,
//! and what became of mails since the last one.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::composing::among;
use super::planner::Snapshot;
use crate::calendar::people::DigestOf;
use crate::calendar::{Event, Person, Posting, When};
use crate::message::{Past, Why};
use crate::plan::lay::is_live;
use crate::plan::row::{Row, State};
use crate::plan::said::Said;
use crate::plan::told::Revision;
use crate::plan::{Key, Sort};

/// How many days a digest looks ahead.
const AHEAD: Days = Days::new(14);

/// How far it looks back when there was none before, and how far at most.
const BACK: TimeDelta = TimeDelta::days(7);
pub(super) const FARTHEST: TimeDelta = TimeDelta::days(31);

/// How long a mail must have waited to be worth a line.
const DELAYED: TimeDelta = TimeDelta::hours(4);

/// How many lines a section has at most.
const MOST: usize = 100;

/// A digest before it is worded.
pub(super) struct Collected<'a> {
    pub from: NaiveDate,
    pub until: NaiveDate,
    pub coming: Vec<(&'a Posting, &'a Event)>,
    pub to_fix: Vec<(&'a Posting, &'a Event)>,
    pub sent: Vec<Line>,
    pub failed: Vec<Line>,
    /// Of these, the events that are the reader's own, by posting and event: they count as told.
    pub own: Vec<(&'a str, &'a str)>,
    pub all: bool,
}

/// What became of a mail.
pub(super) struct Line {
    posting: String,
    said: Option<Said>,
    at: DateTime<Utc>,
    change: bool,
    to: Option<String>,
    why: Option<Why>,
}

impl Collected<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.coming.is_empty() && self.to_fix.is_empty() && self.sent.is_empty() && self.failed.is_empty()
    }
}

/// A line as templates are given it.
pub(super) fn past(line: &Line) -> Past<'_> {
    Past {
        posting: &line.posting,
        said: line.said.as_ref(),
        at: line.at,
        change: line.change,
        to: line.to.clone(),
        why: line.why.clone(),
    }
}

/// What a person's digest has to tell at `now`.
pub(super) fn digest<'a>(
    person: &Person,
    snapshot: &'a Snapshot,
    known: &[Row],
    now: DateTime<Utc>,
) -> Collected<'a> {
    let zone = person.zone.unwrap_or(snapshot.settings.house.zone);
    let from = zone.date(now);
    let until = from.checked_add_days(AHEAD).unwrap_or(from);
    let scope = Scope { person, snapshot, all: person.digest_of == DigestOf::All };
    let mut coming: Vec<(NaiveDate, (&Posting, &Event))> = Vec::new();
    let mut to_fix = Vec::new();
    for posting in snapshot.postings.values() {
        for event in posting.events.iter().filter(|event| is_live(posting, event)) {
            if !scope.holds(posting, event) {
                continue;
            }
            let past = Said::of(posting, event).is_past(now);
            match &event.when {
                When::Open => to_fix.push((posting, event)),
                When::Window { .. } if !past => to_fix.push((posting, event)),
                When::Window { .. } => {}
                _ => {
                    let day = dates(event).into_iter().find(|day| (from..until).contains(day));
                    coming.extend(day.filter(|_| !past).map(|day| (day, (posting, event))));
                }
            }
        }
    }
    coming.sort_by(|(a, (p, e)), (b, (q, f))| (a, &p.id, e.line).cmp(&(b, &q.id, f.line)));
    let since = last_one(person, known, now);
    let told = coming.iter().map(|(_, event)| event).chain(&to_fix);
    let own = told.filter(|(posting, event)| scope.owns(posting, event));
    let own = own.map(|(posting, event)| (posting.id.as_str(), event.id.as_str())).collect();
    Collected {
        from,
        until,
        coming: coming.into_iter().map(|(_, event)| event).collect(),
        to_fix,
        sent: scope.lines(known, |row| {
            row.sent_at.filter(|at| row.state == State::Sent && *at > since).map(|at| (at, None))
        }),
        failed: scope.lines(known, |row| what_failed(row, since, now)),
        own,
        all: scope.all,
    }
}

/// Whether a digest may tell of a posting now: of a date of it that is near in any zone, or that is to be fixed.
pub(super) fn is_at_hand(posting: &Posting, now: DateTime<Utc>) -> bool {
    let from = now.date_naive() - Days::new(1);
    let until = from + AHEAD + Days::new(2);
    let near = |event: &Event| match event.when {
        When::Open | When::Window { .. } => true,
        _ => dates(event).into_iter().any(|day| (from..=until).contains(&day)),
    };
    posting.events.iter().any(|event| is_live(posting, event) && near(event))
}

/// The dates of an event, in its posting's zone.
fn dates(event: &Event) -> Vec<NaiveDate> {
    match &event.when {
        When::Deadline { last_day, .. } => vec![*last_day],
        When::Days(days) => days.clone(),
        When::Timed(starts) => starts.iter().map(|start| start.local.date()).collect(),
        When::Window { .. } | When::Open => Vec::new(),
    }
}

/// Since when a digest tells what became of mails: since the last one.
fn last_one(person: &Person, known: &[Row], now: DateTime<Utc>) -> DateTime<Utc> {
    let theirs =
        known.iter().filter(|row| row.key.sort() == Sort::Digest && row.key.recipient() == person.id);
    theirs.filter_map(|row| row.sent_at).max().unwrap_or(now - BACK).max(now - FARTHEST)
}

/// When and why a row did not leave, if that is news.
fn what_failed(row: &Row, since: DateTime<Utc>, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Option<Why>)> {
    let reply = || row.reply.clone().unwrap_or_default();
    let why = match row.state {
        State::Lapsed => Why::Lapsed,
        State::Failed => Why::Refused(reply()),
        State::Held => Why::Held,
        State::Planned | State::Claimed if row.attempts > 0 && now - row.due > DELAYED => {
            return Some((row.due, Some(Why::Delayed(reply()))));
        }
        _ => return None,
    };
    (row.changed > since).then_some((row.changed, Some(why)))
}

/// What tells lines apart: the minute, posting and event, and whether it was the notice of a change.
type Place<'a> = (i64, &'a str, &'a str, bool);

struct Scope<'a> {
    person: &'a Person,
    snapshot: &'a Snapshot,
    all: bool,
}

impl Scope<'_> {
    /// Whether an event is in the person's digest.
    fn holds(&self, posting: &Posting, event: &Event) -> bool {
        self.all || self.owns(posting, event)
    }

    /// Whether an event is the person's to know: a recruiter's, a panel's, or a rule's.
    fn owns(&self, posting: &Posting, event: &Event) -> bool {
        let id = &self.person.id;
        let by_rule = |events: &std::collections::BTreeSet<(String, String)>| {
            events.contains(&(posting.id.clone(), event.id.clone()))
        };
        among(id, &posting.recruiters)
            || among(id, &event.panel)
            || self.snapshot.concerns.get(id).is_some_and(by_rule)
    }

    /// Whether what became of a row is the person's to know.
    fn concerns(&self, key: &Key, row: &Row) -> bool {
        let posting = self.snapshot.postings.get(key.posting());
        self.all
            || key.recipient() == self.person.id
            || row.reader == self.person.id
            || (row.state != State::Sent
                && posting.is_some_and(|posting| among(&self.person.id, &posting.recruiters)))
    }

    /// A line for each event and minute at which something became of mails about it.
    fn lines(&self, known: &[Row], what: impl Fn(&Row) -> Option<(DateTime<Utc>, Option<Why>)>) -> Vec<Line> {
        let mut lines: BTreeMap<Place<'_>, (Line, Vec<&str>)> = BTreeMap::new();
        for row in known {
            let counts = matches!(row.key.sort(), Sort::Reminder | Sort::Change);
            let found =
                Some(&row.key).filter(|key| counts && self.concerns(key, row)).and_then(|_| what(row));
            let Some((at, why)) = found else { continue };
            let (posting, event) = (row.key.posting(), row.key.event());
            let change = row.key.sort() == Sort::Change;
            let said = self.snapshot.histories.get(posting, event).last().and_then(Revision::said);
            let heading = said.as_ref().map_or_else(
                || posting.to_owned(),
                |said| match &said.organisation {
                    Some(organisation) => format!("{} ({organisation})", said.title),
                    None => said.title.clone(),
                },
            );
            let line = || (Line { posting: heading, said, at, change, to: None, why }, Vec::new());
            let (_, readers) =
                lines.entry((at.timestamp() / 60, posting, event, change)).or_insert_with(line);
            if !readers.contains(&row.reader.as_str()) {
                readers.push(&row.reader);
            }
        }
        // The latest, if there are too many to be read.
        let lines = lines.into_values().rev().take(MOST).rev();
        lines.map(|(line, readers)| Line { to: self.names(&readers), ..line }).collect()
    }

    /// Who read it, where that is not the person alone.
    fn names(&self, readers: &[&str]) -> Option<String> {
        if readers.iter().all(|id| **id == self.person.id) {
            return None;
        }
        let people = &self.snapshot.settings.house.directory.people;
        let name = |id: &&str| {
            people.get(*id).and_then(|person| person.name.clone()).unwrap_or_else(|| (*id).to_owned())
        };
        Some(readers.iter().map(name).collect::<Vec<_>>().join(", "))
    }
}
