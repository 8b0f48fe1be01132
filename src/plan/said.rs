//! Pure. What can be told of an event, in a form that outlives the file: so that what was told can be compared with
//! what holds now, and both can be put into words.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Key, Occurrence};
use crate::calendar::{Event, Kind, Posting, Recipient, Start, Status, When, Zone};

/// What is said of an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What is recruited.
    pub title: String,
    /// Who recruits.
    pub organisation: Option<String>,
    /// What kind of date it is.
    pub kind: Kind,
    /// Its name.
    pub name: Option<String>,
    /// How its date is worded.
    pub label: Option<String>,
    /// The zone in which its date is meant.
    pub zone: Zone,
    /// When it takes place.
    pub when: When,
    /// Whether it takes place.
    pub standing: Standing,
    /// Where, in words.
    pub place: Option<String>,
    /// Where, as an address.
    pub link: Option<String>,
    /// Who meets the candidates.
    pub panel: Vec<Member>,
    /// How many minutes each start lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<i64>,
    /// The name under which calendars know it: that which it was first noted by (`POSTING/EVENT`). None while that is
    /// its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_as: Option<String>,
}

/// Somebody of a panel.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Member {
    /// The recipient's id.
    pub id: String,
    /// The name that mails show, else the address.
    pub shown: String,
}

/// Whether an event takes place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It does.
    On,
    /// It is done with, or its posting is filled: nobody needs to hear of it any more.
    Over,
    /// It, or its posting, is cancelled: people are told.
    Cancelled,
    /// It is in no file any more: people are told.
    Removed,
}

/// What is otherwise now than it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What became of the date.
    pub shift: Option<Shift>,
    /// It takes place elsewhere.
    pub place: bool,
    /// It has another address.
    pub link: bool,
    /// Other people meet the candidates.
    pub panel: bool,
}

/// What became of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Another date, or another window.
    Moved,
    /// A window or an open date became a day; or a day, an hour.
    Fixed,
    /// A day became a window, or open.
    Unfixed,
    /// It will not take place.
    Cancelled,
    /// It stands in no file any more.
    Removed,
    /// It takes place after all.
    Restored,
}

impl Said {
    /// What is said of an event of a posting.
    #[must_use]
    pub fn of(posting: &Posting, event: &Event) -> Self {
        let met = matches!(event.kind, Kind::Deadline | Kind::Interview);
        let standing = if event.done || (posting.status == Status::Filled && met) {
            Standing::Over
        } else if event.cancelled || posting.status == Status::Cancelled {
            Standing::Cancelled
        } else {
            Standing::On
        };
        let member = |one: &Recipient| Member {
            id: one.id.clone(),
            shown: one.name.clone().unwrap_or_else(|| one.email.clone()),
        };
        Self {
            title: posting.title.clone(),
            organisation: posting.organisation.clone(),
            kind: event.kind,
            name: event.name.clone(),
            label: event.label.clone(),
            zone: posting.zone,
            when: event.when.clone(),
            standing,
            place: event.place.clone(),
            link: event.link.clone(),
            panel: event.panel.iter().map(member).collect(),
            minutes: event.duration.map(|length| length.num_minutes()),
            known_as: None,
        }
    }

    /// What the key of a reminder or a change says of its event, when nothing else is known of it any more: its names
    /// are ids, and of a deadline the instant is that until which the mail was of use.
    #[must_use]
    pub fn of_key(key: &Key, late_after: DateTime<Utc>, zone: Zone) -> Self {
        let (kind, name) = match key.event().split_once(':') {
            Some((kind, name)) => (kind, Some(name.to_owned())),
            None => (key.event(), None),
        };
        let kind = Kind::parse(kind).unwrap_or(Kind::Milestone);
        let when = match (kind, key.occurrence().parse()) {
            (Kind::Deadline, Ok(Occurrence::Day(last_day))) => {
                When::Deadline { closes: late_after, last_day, written: None }
            }
            (_, Ok(Occurrence::Day(day))) => When::Days(vec![day]),
            (_, Ok(Occurrence::Time(local))) => {
                When::Timed(vec![Start { instant: zone.instant(local), local }])
            }
            (_, Ok(Occurrence::Window(first, last))) => When::Window { first, last },
            (_, Err(())) => When::Open,
        };
        Self {
            title: key.posting().to_owned(),
            organisation: None,
            kind,
            name,
            label: None,
            zone,
            when,
            standing: Standing::On,
            place: None,
            link: None,
            panel: Vec::new(),
            minutes: None,
            known_as: None,
        }
    }

    /// The first instant at which it is past: a deadline's closing, a day's end, a start. `None` when it is open.
    #[must_use]
    pub fn ends(&self) -> Option<DateTime<Utc>> {
        match &self.when {
            When::Deadline { closes, .. } => Some(*closes),
            When::Days(days) => days.last().map(|day| self.zone.end_of(*day)),
            When::Timed(starts) => starts.last().map(|start| start.instant),
            When::Window { last, .. } => Some(self.zone.end_of(*last)),
            When::Open => None,
        }
    }

    /// The first instant of it that is known: a deadline's closing, a day's beginning, a start.
    #[must_use]
    pub fn begins(&self) -> Option<DateTime<Utc>> {
        match &self.when {
            When::Deadline { closes, .. } => Some(*closes),
            When::Days(days) => days.first().map(|day| self.zone.start_of(*day)),
            When::Timed(starts) => starts.first().map(|start| start.instant),
            When::Window { first, .. } => Some(self.zone.start_of(*first)),
            When::Open => None,
        }
    }

    /// Whether it is wholly past.
    #[must_use]
    pub fn is_past(&self, now: DateTime<Utc>) -> bool {
        self.ends().is_some_and(|ends| ends <= now)
    }

    /// Whether nobody needs to hear of the difference, whatever the moment, and no calendar shows it otherwise: the
    /// words alone may differ.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.standing == other.standing
            && self.same_time(other)
            && self.minutes == other.minutes
            && (self.kind != Kind::Interview
                || (self.place == other.place && self.link == other.link && self.ids() == other.ids()))
    }

    /// Who is on the panel.
    fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.panel.iter().map(|member| member.id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether a day or an instant is known.
    fn is_fixed(&self) -> bool {
        !matches!(self.when, When::Window { .. } | When::Open)
    }

    /// Whether both take place at the same time: instants are compared, not how they are written; of whole days,
    /// the dates.
    #[must_use]
    pub fn same_time(&self, other: &Self) -> bool {
        match (&self.when, &other.when) {
            (When::Deadline { closes: a, .. }, When::Deadline { closes: b, .. }) => a == b,
            (When::Timed(a), When::Timed(b)) => {
                a.iter().map(|at| at.instant).eq(b.iter().map(|at| at.instant))
            }
            (a, b) => a == b,
        }
    }
}

/// What is otherwise in `after` than `before` had it, if anybody needs to hear of it at `now`. Nobody does when all
/// of it is past, nor when the event is over by the calendar's word. Place, address and panel count for interviews
/// that are still to come.
#[must_use]
pub fn difference(before: &Said, after: &Said, now: DateTime<Utc>) -> Option<Difference> {
    let none = Difference { shift: None, place: false, link: false, panel: false };
    let shift = |shift| Some(Difference { shift: Some(shift), ..none });
    let held = matches!(before.standing, Standing::On | Standing::Over);
    match after.standing {
        Standing::Over => None,
        Standing::Cancelled | Standing::Removed if !held || before.is_past(now) => None,
        Standing::Cancelled => shift(Shift::Cancelled),
        Standing::Removed => shift(Shift::Removed),
        Standing::On if !held => shift(Shift::Restored).filter(|_| !after.is_past(now)),
        Standing::On if before.is_past(now) && after.is_past(now) => None,
        Standing::On => {
            let coming = after.kind == Kind::Interview && !after.is_past(now);
            let found = Difference {
                shift: moved(before, after),
                place: coming && before.place != after.place,
                link: coming && before.link != after.link,
                panel: coming && before.ids() != after.ids(),
            };
            (found != none).then_some(found)
        }
    }
}

fn moved(before: &Said, after: &Said) -> Option<Shift> {
    if before.same_time(after) {
        return None;
    }
    let refined = match (&before.when, &after.when) {
        (When::Days(days), When::Timed(starts)) => {
            let mut dates: Vec<_> = starts.iter().map(|start| start.local.date()).collect();
            dates.dedup();
            *days == dates
        }
        _ => false,
    };
    Some(match (before.is_fixed(), after.is_fixed()) {
        (false, true) => Shift::Fixed,
        (true, false) => Shift::Unfixed,
        (false, false) if after.when == When::Open => Shift::Unfixed,
        _ if refined => Shift::Fixed,
        _ => Shift::Moved,
    })
}
