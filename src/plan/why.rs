//! Pure. Why a row stands where it stands, as far as the rows, the revisions of events and what is in force tell:
//! what took a reminder back, what kept a late one waiting, where a recipient was. What they do not tell is not guessed.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::hours::LATE;
use super::notice::episode::RELAY;
use super::refused::{Refusal, Refused, Silence, silence};
use super::row::{Row, State};
use super::said::{Said, Standing};
use super::told::{Histories, Revision};
use super::{Key, Occurrence, Reminder, Sort};
use crate::calendar::rule::Origin;
use crate::calendar::{Event, Person, Posting, When, Zone};

/// What reasons are looked for in.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The posting in force, if any is.
    pub posting: Option<&'a Posting>,
    /// Every row of the ledger.
    pub rows: &'a [Row],
    /// What was said of events.
    pub histories: &'a Histories,
    /// What the posting's rules ask for, and is planned.
    pub reminders: &'a [Reminder],
    /// What they ask for, and is not.
    pub refusals: &'a [Refusal],
}

/// Why the calendar took a reminder back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// The posting's file is gone.
    FileGone,
    /// It goes on under another name: (posting, event).
    Renamed(String, String),
    /// The event stands in its file no more.
    EventRemoved,
    /// Nobody is reminded of the event any more.
    Silent(Silence),
    /// Nobody was reminded of it from then on, whatever holds now.
    Stopped(Standing),
    /// The event has another date.
    Moved {
        /// What it was.
        from: When,
        /// What it became.
        to: When,
    },
    /// No rule in force reminds this recipient.
    NotAmong,
    /// The rules in force ask for no such lead.
    Rule(Vec<Origin>),
    /// They ask for it, and it falls away.
    Refused(Refused),
    /// They ask for it again.
    Wanted,
}

impl Scene<'_> {
    /// Why the calendar took a row back: by what changed at that very moment, else by what holds now.
    #[must_use]
    pub fn withdrawal(&self, row: &Row) -> Withdrawal {
        let key = &row.key;
        if let Some(heir) = self.heir(row) {
            return Withdrawal::Renamed(heir.posting().to_owned(), heir.event().to_owned());
        }
        let Some(posting) = self.posting else { return Withdrawal::FileGone };
        let Some(event) = posting.events.iter().find(|event| event.id == key.event()) else {
            return Withdrawal::EventRemoved;
        };
        let history = self.histories.get(key.posting(), key.event());
        turned(history, row.changed, silence(posting, event))
            .unwrap_or_else(|| self.by_now(row, posting, event))
    }

    /// The key under which a row's reminder went on, from the very round that took it back.
    fn heir(&self, row: &Row) -> Option<&Key> {
        let kind = |key: &Key| key.event().split(':').next().unwrap_or_default().to_owned();
        let parts = |key: &Key| {
            [kind(key), key.occurrence().to_owned(), key.lead().to_owned(), key.recipient().to_owned()]
        };
        let found = self.rows.iter().map(|other| (&other.key, other.born)).find(|(key, born)| {
            *born == row.changed
                && (key.posting(), key.event()) != (row.key.posting(), row.key.event())
                && parts(key) == parts(&row.key)
                && (key.posting() == row.key.posting() || self.posting.is_none())
        });
        found.map(|(key, _)| key)
    }

    fn by_now(&self, row: &Row, posting: &Posting, event: &Event) -> Withdrawal {
        if let Some(why) = silence(posting, event) {
            return Withdrawal::Silent(why);
        }
        let key = &row.key;
        if self.reminders.iter().any(|one| one.key() == *key) {
            return Withdrawal::Wanted;
        }
        let from = Said::of_key(key, row.late_after, posting.zone).when;
        let moved = Withdrawal::Moved { from, to: event.when.clone() };
        if !occurrences(event).contains(&key.occurrence().to_owned()) {
            return moved;
        }
        // A lead counts from the first or the last of several dates: another one may be that now.
        self.by_rule(key).unwrap_or(moved)
    }

    /// Why rules do not ask for a reminder, whatever the date; `None` when they ask for such a one.
    fn by_rule(&self, key: &Key) -> Option<Withdrawal> {
        let (posting, event) = (key.posting(), key.event());
        let planned = self.reminders.iter().filter(|one| *one.posting == *posting && *one.event == *event);
        let planned = planned.map(|one| (one.lead, &one.recipient().id, &*one.origin, None));
        let refused = self.refusals.iter().filter(|one| one.posting == posting && one.event == event);
        let refused = refused.map(|one| (one.lead, &one.recipient.id, &one.origin, Some(one.why)));
        let asked: Vec<_> = planned.chain(refused).collect();
        let theirs = || asked.iter().filter(|(_, id, ..)| *id == key.recipient());
        if !asked.is_empty() && theirs().next().is_none() {
            return Some(Withdrawal::NotAmong);
        }
        let same = theirs().find(|(lead, _, _, why)| lead.to_string() == key.lead() && why.is_some());
        if let Some((.., Some(why))) = same {
            return Some(Withdrawal::Refused(*why));
        }
        if theirs().any(|(lead, ..)| lead.to_string() == key.lead()) {
            return None;
        }
        let mut rules: Vec<Origin> = asked.iter().map(|(_, _, origin, _)| (*origin).clone()).collect();
        rules.sort();
        rules.dedup();
        Some(Withdrawal::Rule(rules))
    }
}

/// What became of an event at a moment, if anything did of which its reminders end.
fn turned(history: &[Revision], at: DateTime<Utc>, now: Option<Silence>) -> Option<Withdrawal> {
    let pair = history.windows(2).find(|pair| pair[1].since == at)?;
    let (before, after) = (pair[0].said()?, pair[1].said()?);
    match (after.standing, now) {
        (Standing::On, _) if before.same_time(&after) => None,
        (Standing::On, _) => Some(Withdrawal::Moved { from: before.when, to: after.when }),
        (_, Some(why)) => Some(Withdrawal::Silent(why)),
        (stopped, None) => Some(Withdrawal::Stopped(stopped)),
    }
}

/// The occurrences of an event, as keys spell them.
fn occurrences(event: &Event) -> Vec<String> {
    let found = match &event.when {
        When::Deadline { last_day, written, .. } => {
            vec![written.map_or(Occurrence::Day(*last_day), Occurrence::Time)]
        }
        When::Days(days) => days.iter().copied().map(Occurrence::Day).collect(),
        When::Timed(starts) => starts.iter().map(|start| Occurrence::Time(start.local)).collect(),
        When::Window { first, last } => vec![Occurrence::Window(*first, *last)],
        When::Open => Vec::new(),
    };
    found.iter().map(ToString::to_string).collect()
}

/// What kept a mail waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delay {
    /// The relay refused it for now, so many times.
    Refused(u32),
    /// An earlier sending had no answer.
    Unanswered,
    /// The relay took no mail: its name, or none when only its words are known.
    Relay(Option<String>),
    /// Late mails wait for these hours.
    Hours(NaiveTime, NaiveTime),
    /// Others left meanwhile: neither was the service stopped nor the relay out of reach.
    Otherwise,
    /// The service was stopped, or no relay could be reached: nothing tells which.
    Down,
}

/// How late a row left, and why; `None` when it was on time. `hours`: when late mails leave, in its reader's zone.
#[must_use]
pub fn delay(
    row: &Row,
    rows: &[Row],
    hours: (NaiveTime, NaiveTime),
    zone: Zone,
) -> Option<(TimeDelta, Delay)> {
    let sent = row.sent_at.filter(|_| row.state == State::Sent)?;
    let late = sent - row.due;
    if late <= LATE {
        return None;
    }
    let local = zone.local(sent).time();
    let opened = local >= hours.0 && local - hours.0 <= LATE && late > TimeDelta::hours(1);
    let meanwhile = |at: DateTime<Utc>| row.due + LATE < at && at < sent - LATE;
    let others = rows.iter().any(|other| other.key != row.key && other.sent_at.is_some_and(meanwhile));
    let cause = match held_up(row, rows, sent) {
        Delay::Down if opened => Delay::Hours(hours.0, hours.1),
        Delay::Down if others => Delay::Otherwise,
        known => known,
    };
    Some((late, cause))
}

/// Why a row could not leave from its due instant until another, as far as it can be known.
#[must_use]
pub fn held_up(row: &Row, rows: &[Row], until: DateTime<Utc>) -> Delay {
    let relay = |other: &Row| {
        let (problem, _, healed) = other.key.episode().filter(|_| other.key.sort() == Sort::Operator)?;
        let name = problem.strip_prefix(RELAY).filter(|_| !healed)?;
        (row.due..=until).contains(&other.born).then(|| name.to_owned())
    };
    if row.attempts > 0 {
        return Delay::Refused(row.attempts);
    }
    if row.doubts > 0 {
        return Delay::Unanswered;
    }
    if let Some(name) = rows.iter().find_map(relay) {
        return Delay::Relay(Some(name));
    }
    if row.state != State::Sent && row.reply.is_some() {
        return Delay::Relay(None);
    }
    Delay::Down
}

/// Where a person is who does not read their mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// Gone for good, from this day on.
    Left(NaiveDate),
    /// Away, from this day through that.
    Away(NaiveDate, NaiveDate),
}

/// Where somebody is on a day of theirs; `None` when they are there.
#[must_use]
pub fn absence(person: &Person, day: NaiveDate) -> Option<Absence> {
    let left = person.leaves.filter(|leaves| *leaves <= day).map(Absence::Left);
    let away = person.away.iter().find(|(first, last)| (*first..=*last).contains(&day));
    left.or(away.map(|(first, last)| Absence::Away(*first, *last)))
}
