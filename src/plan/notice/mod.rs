//! Pure. Notices: the mails that no rule asks for. Each is a row of the ledger like a reminder, with a key that
//! begins with `~`, and follows from what the ledger and the files hold now, never from what just happened: a round
//! that is missed, or made twice, changes nothing.
//!
//! | kind | says | file |
//! |---|---|---|
//! | change | what you were told is otherwise now | `change` |
//! | new | a posting is new: its dates, and what will be reminded | here |
//! | missed | this could not leave in time | here |
//! | refused | somebody of your posting is not reached | `refused` |
//! | slip | a posting's file is wrong | `slip` |
//! | digest | the next fourteen days | `digest` |
//! | operator | a trouble began, or is over | `episode` |

pub mod change;
pub mod digest;
pub mod episode;
pub mod refused;
pub mod slip;

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::absence::route;
use super::row::{Row, State};
use super::{Key, Sort, Wanted};
use crate::calendar::{Directory, House, Posting, Recipient};

/// How long the confirmation of a new posting is of use.
const NEW: TimeDelta = TimeDelta::days(3);

/// How long it is of use to know what was missed; and what the operator is told.
pub const MISSED: TimeDelta = TimeDelta::days(7);

/// What notices are made from, besides what is theirs alone.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The postings in force, by id.
    pub postings: &'a BTreeMap<String, Posting>,
    /// The house: its people, its zone.
    pub house: &'a House,
    /// Every row of the ledger, by key.
    pub known: &'a BTreeMap<&'a Key, &'a Row>,
    /// The moment.
    pub now: DateTime<Utc>,
}

impl<'a> Scene<'a> {
    /// The rows of a sort.
    fn rows(&self, sort: Sort) -> impl Iterator<Item = &'a Row> {
        // Notices stand together, after every reminder: no posting's id begins with `~`.
        let notices = self.known.range::<Key, _>(Key::from_text("~")..).map(|(_, row)| *row);
        notices.filter(move |row| row.key.sort() == sort)
    }

    /// A recipient by their id: a person, or an address that may be written to.
    fn recipient(&self, id: &str) -> Option<Recipient> {
        let mut found = Vec::new();
        self.house.directory.resolve(id, &mut found).ok()?;
        found.pop().filter(|_| found.is_empty())
    }

    /// A notice to somebody: read by whoever stands in for them at `due`.
    fn notice(
        &self,
        key: Key,
        about: (&str, &str),
        to: &Recipient,
        times: (DateTime<Utc>, DateTime<Utc>),
    ) -> Wanted {
        let others = self.postings.get(about.0).map_or(&[][..], |posting| &posting.recruiters);
        self.notice_among(key, about, to, times, others)
    }

    /// The same, where these are the recruiters.
    fn notice_among(
        &self,
        key: Key,
        about: (&str, &str),
        to: &Recipient,
        (due, late_after): (DateTime<Utc>, DateTime<Utc>),
        others: &[Recipient],
    ) -> Wanted {
        let posting = self.postings.get(about.0);
        let zone =
            to.zone.map_or_else(|| posting.map_or(self.house.zone, |posting| posting.zone), |zone| zone.0);
        let reader = route(to, due, zone, others, &self.house.directory).reader;
        Wanted {
            key,
            posting: about.0.to_owned(),
            event: about.1.to_owned(),
            recipient: to.id.clone(),
            reader: reader.id,
            email: reader.email,
            due,
            late_after,
            why: String::new(),
        }
    }
}

/// Whether a row is on its way: what is planned, or about to leave.
#[must_use]
pub fn is_on_its_way(row: &Row) -> bool {
    matches!(row.state, State::Planned | State::Claimed | State::Handed | State::Held)
}

/// Confirmations: of the postings met for the first time in this round, and those that are still on their way.
#[must_use]
pub fn news(scene: &Scene<'_>, first_seen: &[&Posting]) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for posting in first_seen.iter().filter(|posting| posting.announce && is_to_come(posting, scene.now)) {
        for recruiter in &posting.recruiters {
            let key = Key::new_posting(&posting.id, &recruiter.id);
            wanted.push(scene.notice(key, (&posting.id, ""), recruiter, (scene.now, scene.now + NEW)));
        }
    }
    // What is on its way; and what was refused, or went with its file, and may return with an address or the file.
    let may_leave = |row: &&Row| {
        let returns = matches!(row.state, State::Failed | State::Withdrawn) && row.late_after > scene.now;
        is_on_its_way(row) || returns
    };
    for row in scene.rows(Sort::New).filter(may_leave) {
        let Some(posting) = scene.postings.get(row.key.posting()) else { continue };
        let recruiter = posting.recruiters.iter().find(|recruiter| recruiter.id == row.key.recipient());
        let known = wanted.iter().any(|wanted: &Wanted| wanted.key == row.key);
        if let Some(recruiter) =
            recruiter.filter(|_| !known && posting.announce && is_to_come(posting, scene.now))
        {
            let times = (row.due, row.late_after);
            wanted.push(scene.notice(row.key.clone(), (&posting.id, ""), recruiter, times));
        }
    }
    wanted
}

/// Whether a posting has anything to come of which people are reminded.
fn is_to_come(posting: &Posting, now: DateTime<Utc>) -> bool {
    use super::said::{Said, Standing};
    posting.events.iter().any(|event| {
        let said = Said::of(posting, event);
        said.standing == Standing::On && !said.is_past(now)
    })
}

/// What lapsed and was not told yet, to each person whose it was: in the next mail. Once a mail about it has ended,
/// however it ended, only what lapsed since begins another one.
#[must_use]
pub fn missed(scene: &Scene<'_>, untold: &[Row]) -> Vec<Wanted> {
    let mut newest: BTreeMap<&str, DateTime<Utc>> = BTreeMap::new();
    for row in untold {
        let lapsed = newest.entry(row.key.recipient()).or_insert(row.changed);
        *lapsed = row.changed.max(*lapsed);
    }
    newest.into_iter().filter_map(|(id, lapsed)| one_missed(scene, id, lapsed)).collect()
}

fn one_missed(scene: &Scene<'_>, id: &str, lapsed: DateTime<Utc>) -> Option<Wanted> {
    // The id is the row's, whatever it stands for by now.
    let to = Recipient { id: id.to_owned(), ..scene.recipient(id)? };
    let theirs: Vec<&Row> = scene.rows(Sort::Missed).filter(|row| row.key.recipient() == id).collect();
    if let Some(row) = theirs.iter().find(|row| is_on_its_way(row)) {
        return Some(scene.notice(row.key.clone(), ("", ""), &to, (row.due, row.late_after)));
    }
    if theirs.iter().any(|row| row.state != State::Lapsed && row.born >= lapsed) {
        return None;
    }
    let zone = to.zone.map_or(scene.house.zone, |zone| zone.0);
    let mut day = zone.date(scene.now);
    // Of two on one day, the second bears the next day's date: what was told stays told.
    while scene.known.contains_key(&Key::missed(day, id)) {
        day = day.succ_opt()?;
    }
    let times = (scene.now, scene.now + MISSED);
    Some(scene.notice(Key::missed(day, id), ("", ""), &to, times))
}

/// The people who can be written to.
fn people(directory: &Directory) -> impl Iterator<Item = &crate::calendar::Person> {
    directory.people.values().filter(|person| directory.allows(&person.email))
}
