//! Pure. Who reads a reminder when the person it is for is away: whoever stands in for them, else the first of the
//! posting's other recruiters who is there, else the person all the same, and somebody is told.
//!
//! Absences are dates of the person's own day. Only the reader changes: key and due instant stay the person's, so
//! that an absence announced late, or taken back, repeats nothing. A reminder has one reader: the other recruiters
//! have their own as a rule, and the first of them who is there also receives that of the absent one.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::Reminder;
use crate::calendar::{Directory, Kind, Person, Posting, Recipient, Zone};
use crate::diagnostic::{Place, Problem, say};

/// To whom a reminder goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Who reads it.
    pub reader: Recipient,
    /// The person is away and nobody stands in: the mail goes to them all the same, and the operator is told.
    pub alone: bool,
}

/// Who reads what is due to somebody at an instant. `zone` is the posting's, the day of whoever has no zone of
/// their own; `others` are the posting's recruiters. A plain address is never away.
#[must_use]
pub fn route(
    recipient: &Recipient,
    due: DateTime<Utc>,
    zone: Zone,
    others: &[Recipient],
    directory: &Directory,
) -> Route {
    let there = |reader: Recipient| Route { reader, alone: false };
    let Some(person) = directory.people.get(&recipient.id) else { return there(recipient.clone()) };
    if !is_away_at(person, due, zone) {
        return there(recipient.clone());
    }
    if let Some(cover) = stand_in(person, due, zone, directory) {
        return there(Recipient::from(cover));
    }
    let is_there = |other: &&Recipient| {
        directory.people.get(&other.id).is_none_or(|person| !is_away_at(person, due, zone))
    };
    match others.iter().find(is_there) {
        Some(other) => there(other.clone()),
        None => Route { reader: recipient.clone(), alone: true },
    }
}

/// Where a mail goes whose recipient is not there; `None` when they read it themselves.
#[must_use]
pub fn reroute(
    recipient: &Recipient,
    due: DateTime<Utc>,
    zone: Zone,
    others: &[Recipient],
    directory: &Directory,
) -> Option<Route> {
    let person = directory.people.get(&recipient.id)?;
    is_away_at(person, due, zone).then(|| route(recipient, due, zone, others, directory))
}

/// Whether somebody is away on a day of theirs, or gone: on `leaves` itself they are.
#[must_use]
pub fn is_away(person: &Person, day: NaiveDate) -> bool {
    person.leaves.is_some_and(|leaves| leaves <= day)
        || person.away.iter().any(|(first, last)| (*first..=*last).contains(&day))
}

/// Whether somebody of this id is away on any day, or will be gone.
#[must_use]
pub fn is_ever_away(id: &str, directory: &Directory) -> bool {
    directory.people.get(id).is_some_and(|person| person.leaves.is_some() || !person.away.is_empty())
}

fn is_away_at(person: &Person, at: DateTime<Utc>, zone: Zone) -> bool {
    // Most people are never away, and asking a zone for the day is dear.
    let ever = person.leaves.is_some() || !person.away.is_empty();
    ever && is_away(person, day_of(person, at, zone))
}

fn day_of(person: &Person, at: DateTime<Utc>, zone: Zone) -> NaiveDate {
    person.zone.unwrap_or(zone).date(at)
}

/// The first of the chain of covers who is there, each on a day of their own; a circle ends it. Somebody who may
/// not be written to (an entry remembered from before `recipients` said so) is passed over.
fn stand_in<'a>(
    person: &'a Person,
    at: DateTime<Utc>,
    zone: Zone,
    directory: &'a Directory,
) -> Option<&'a Person> {
    let mut asked = BTreeSet::from([person.id.as_str()]);
    let mut next = person.cover.as_deref();
    while let Some(cover) = next.filter(|id| asked.insert(id)).and_then(|id| directory.people.get(id)) {
        if !is_away_at(cover, at, zone) && directory.allows(&cover.email) {
            return Some(cover);
        }
        next = cover.cover.as_deref();
    }
    None
}

/// What `check` warns of, in reminders still to come at `now`: a deadline whose last reminder before its closing
/// finds nobody there; else everybody who is away without anybody to stand in, once for each posting. One absence
/// is told once.
#[must_use]
pub fn warnings(
    postings: &[Posting],
    reminders: &[Reminder],
    directory: &Directory,
    now: DateTime<Utc>,
) -> Vec<Problem> {
    let mut by_posting: BTreeMap<&str, Vec<&Reminder>> = BTreeMap::new();
    for reminder in reminders {
        by_posting.entry(&*reminder.posting).or_default().push(reminder);
    }
    let mut problems = Vec::new();
    for posting in postings {
        let Some(planned) = by_posting.get(posting.id.as_str()) else { continue };
        let away = nobody_there(posting, planned, directory, now);
        let mut said: BTreeSet<&String> = away.iter().map(|reminder| &reminder.recipient().id).collect();
        if let Some(first) = away.first().filter(|_| !posting.accepts("nobody-there")) {
            problems.push(all_away(posting, first, &said, directory));
        }
        if posting.accepts("alone") {
            continue;
        }
        for reminder in planned.iter().filter(|reminder| reminder.reminded().alone && reminder.due > now) {
            if said.insert(&reminder.recipient().id) {
                problems.extend(alone(posting, reminder, directory));
            }
        }
    }
    problems
}

/// The last reminder before the closing, in each copy, if nobody reads it: its one recipient is away and has no cover
/// who is there (the others are not asked), or all of several are, and nobody reads for them.
fn nobody_there<'a>(
    posting: &Posting,
    planned: &[&'a Reminder],
    directory: &Directory,
    now: DateTime<Utc>,
) -> Vec<&'a Reminder> {
    let before_closing =
        || planned.iter().filter(|reminder| reminder.kind == Kind::Deadline && reminder.lead.count <= 0);
    let last = before_closing().max_by_key(|reminder| reminder.due).filter(|last| last.due > now);
    let Some(last) = last else { return Vec::new() };
    // One lead leaves at as many instants as its recipients have zones: it is one reminder all the same.
    let all: Vec<&Reminder> =
        before_closing().filter(|reminder| reminder.lead == last.lead).copied().collect();
    let uncovered = |reminder: &Reminder| {
        directory.people.get(&reminder.recipient().id).is_some_and(|person| {
            is_away_at(person, reminder.due, posting.zone)
                && stand_in(person, reminder.due, posting.zone, directory).is_none()
        })
    };
    let nobody = match all[..] {
        [only] => uncovered(only),
        _ => all.iter().all(|reminder| reminder.reminded().alone),
    };
    if nobody { all } else { Vec::new() }
}

fn all_away(posting: &Posting, last: &Reminder, away: &BTreeSet<&String>, directory: &Directory) -> Problem {
    let zone = directory.people.get(&last.recipient().id).and_then(|person| person.zone);
    let day = zone.unwrap_or(posting.zone).date(last.due);
    let (fr, en): (Vec<_>, Vec<_>) = away.iter().map(|id| (format!("« {id} »"), format!("\"{id}\""))).unzip();
    let (fr, en) = (fr.join(", "), en.join(", "));
    let id = &last.recipient().id;
    let sentence = if away.len() == 1 {
        say(
            format!(
                "le dernier rappel avant la clôture est pour {fr} seulement\u{a0}: cette personne n'est pas là le {day}, et aucun « cover » présent ne la remplace"
            ),
            format!(
                "the last reminder before the closing is for {en} only, who is not there on {day} and has no `cover` who is"
            ),
        )
    } else {
        say(
            format!(
                "le dernier rappel avant la clôture est pour {fr}\u{a0}: personne n'est là le {day}, et aucun « cover » présent ne les remplace"
            ),
            format!(
                "the last reminder before the closing is for {en}: nobody is there on {day}, and they have no `cover` who is"
            ),
        )
    };
    Problem::warning("nobody-there", &posting.file, sentence).at(place(posting, last)).remedy(say(
        format!("ajoutez cover sous [people.{id}], ou nommez quelqu'un d'autre dans recruiters"),
        format!("add a cover under [people.{id}], or name somebody else in recruiters"),
    ))
}

/// The first reminder of somebody who is away, and for whom nobody stands in.
fn alone(posting: &Posting, reminder: &Reminder, directory: &Directory) -> Option<Problem> {
    let person = directory.people.get(&reminder.recipient().id)?;
    let (id, day) = (&person.id, day_of(person, reminder.due, posting.zone));
    let (event, lead) = (&reminder.event, reminder.lead);
    let warning = Problem::warning(
        "alone",
        &posting.file,
        say(
            format!(
                "« {id} » n'est pas là le {day}, et personne ne peut lire à sa place le rappel {event} {lead}\u{a0}: il partira quand même à son adresse"
            ),
            format!(
                "\"{id}\" is not there on {day}, and nobody can read the reminder {event} {lead} in their place: it goes to their address all the same"
            ),
        ),
    );
    Some(
        warning.at(place(posting, reminder)).remedy(say(
            format!("ajoutez cover sous [people.{id}]"),
            format!("add a cover under [people.{id}]"),
        )),
    )
}

/// The line of the event that a reminder is of.
fn place(posting: &Posting, reminder: &Reminder) -> Place {
    let event = posting.events.iter().find(|event| *event.id == *reminder.event);
    Place { line: event.map_or(1, |event| event.line), column: 1, width: 1, text: String::new() }
}
