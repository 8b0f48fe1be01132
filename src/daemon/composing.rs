//! Which rows of a mail can be told, and the mail that tells them. Pure but for the guard against panics: one poisoned
//! row must fail alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};

use super::attaching::calendar;
use super::digesting::{digest, past};
use super::planner::Snapshot;
use crate::calendar::{Posting, Recipient, Zone};
use crate::diagnostic::{Problem, say};
use crate::ledger::{Mail, Says};
use crate::message::{
    Addressee, Changed, Digest, Item, Matter, Missed, New, PostingRef, Refusal, Slip, Templates, Trouble,
    Written, write, write_operator,
};
use crate::plan::lay::is_live;
use crate::plan::notice::refused::is_refused;
use crate::plan::notice::slip;
use crate::plan::row::{Row, State};
use crate::plan::said::{Difference, Said, difference};
use crate::plan::told::{Revision, Told, settled_before};
use crate::plan::{Key, Sort};

/// What notices are written from: the whole of the ledger, as it was when the step began.
#[derive(Debug)]
pub(super) struct Background {
    /// Every row.
    pub known: Vec<Row>,
    /// What readers were last told of events that have changed.
    pub told: Vec<Told>,
    /// What lapsed and was not told.
    pub untold: Vec<Row>,
}

/// Whether a mail cannot be written from the calendar alone: it holds a notice, or a reminder of an event that its
/// reader may have been told otherwise.
pub(super) fn needs_background(mail: &Mail, snapshot: &Snapshot) -> bool {
    mail.rows.iter().any(|row| {
        row.key.sort() != Sort::Reminder
            || snapshot.histories.get(row.key.posting(), row.key.event()).len() > 1
    })
}

/// A mail as it would be now.
#[derive(Debug, Default)]
pub(super) struct Composed {
    /// The mail; `None` when nothing can be told.
    pub written: Option<Written>,
    /// Rows that cannot be told: what they are about is not in force (a change is on its way, or no version of the
    /// posting can be used), or no template can write them.
    pub untold: Vec<Key>,
    /// Notices that have nothing to tell any more: empty digests, changes that are known.
    pub nothing: Vec<Key>,
    /// What the mail says.
    pub says: Vec<Says>,
    /// What is wrong with a template in force, if it failed and the built-in ones wrote the mail.
    pub template: Option<Problem>,
}

/// The mail as it would be now, of all its rows or of those in `only`.
pub(super) fn compose(
    mail: &Mail,
    only: Option<&[Key]>,
    snapshot: &Snapshot,
    background: Option<&Background>,
    now: DateTime<Utc>,
) -> Composed {
    let desk = Desk { mail, snapshot, background, now };
    let mut composed = Composed::default();
    let mut told = Vec::new();
    for row in mail.rows.iter().filter(|row| only.is_none_or(|keys| keys.contains(&row.key))) {
        match desk.piece(row) {
            Piece::Nothing => composed.nothing.push(row.key.clone()),
            Piece::Untellable => composed.untold.push(row.key.clone()),
            piece => told.push((row, piece)),
        }
    }
    if told.is_empty() {
        return composed;
    }
    let mut pieces: Vec<&(&Row, Piece<'_>)> = told.iter().collect();
    let mut whole = desk.guarded(&pieces);
    if whole.is_none() {
        let (good, poisoned): (Vec<_>, Vec<_>) =
            pieces.into_iter().partition(|piece| desk.guarded(&[piece]).is_some());
        composed.untold.extend(poisoned.into_iter().map(|(row, _)| row.key.clone()));
        whole = if good.is_empty() { None } else { desk.guarded(&good) };
        pieces = good;
    }
    if let Some((written, template)) = whole {
        (composed.written, composed.template) = (Some(written), template);
    }
    if composed.written.is_none() {
        composed.untold.extend(pieces.iter().map(|(row, _)| row.key.clone()));
    } else {
        composed.says = pieces.iter().flat_map(|(row, piece)| desk.says(row, piece)).collect();
    }
    composed
}

/// What a row has to say.
enum Piece<'a> {
    Reminder(Item<'a>, Option<Change<'a>>),
    Change(Change<'a>),
    New(&'a Posting, Vec<&'a Row>),
    Missed(Vec<(&'a Row, Said)>),
    Refused(Box<Refusal<'a>>),
    Slip(&'a slip::Slips, &'a slip::Wrong),
    Digest(Box<crate::daemon::digesting::Collected<'a>>),
    Trouble { sentence: &'a str, since: DateTime<Utc>, healed: Option<DateTime<Utc>> },
    Nothing,
    Untellable,
}

/// What is otherwise now than the reader was told.
struct Change<'a> {
    posting: &'a str,
    event: &'a str,
    before: Said,
    after: Said,
    difference: Difference,
    reminded: bool,
    dropped: bool,
}

struct Desk<'a> {
    mail: &'a Mail,
    snapshot: &'a Snapshot,
    background: Option<&'a Background>,
    now: DateTime<Utc>,
}

impl<'a> Desk<'a> {
    fn piece(&self, row: &'a Row) -> Piece<'a> {
        let found = match row.key.sort() {
            Sort::Reminder => self.reminder(row),
            Sort::Change => self.notice_of_change(row),
            Sort::New => self.new_posting(row),
            Sort::Missed => self.missed(row),
            Sort::Refused => self.refused(row),
            Sort::Slip => self.slip(row),
            Sort::Digest => self.digest(row),
            Sort::Operator => self.trouble(row),
        };
        found.unwrap_or(Piece::Untellable)
    }

    fn reminder(&self, row: &'a Row) -> Option<Piece<'a>> {
        let (posting, event) = self.snapshot.event(row.key.posting(), row.key.event())?;
        let item = Item { posting, event, key: &row.key, due: row.due, absent: self.absent(row) };
        let (posting_id, event_id) = (row.key.posting(), row.key.event());
        let told_otherwise =
            || self.told(posting_id, event_id).and_then(|_| self.change(posting_id, event_id));
        is_live(posting, event).then(|| Piece::Reminder(item, told_otherwise()))
    }

    /// The name of the person in whose place the reader receives a row.
    fn absent(&self, row: &'a Row) -> Option<&'a str> {
        let id = row.key.recipient();
        if id == self.mail.reader || id.is_empty() {
            return None;
        }
        let person = self.snapshot.settings.house.directory.people.get(id);
        Some(person.and_then(|person| person.name.as_deref()).unwrap_or(id))
    }

    /// What a reader was last told of an event.
    fn told(&self, posting: &str, event: &str) -> Option<u32> {
        let told = &self.background?.told;
        let found = told
            .iter()
            .find(|told| told.reader == self.mail.reader && told.posting == posting && told.event == event);
        found.map(|told| told.revision)
    }

    fn change(&self, posting: &'a str, event: &'a str) -> Option<Change<'a>> {
        let history = self.snapshot.histories.get(posting, event);
        let after = history.last()?.said()?;
        let before = match self.told(posting, event) {
            Some(number) => history.iter().find(|revision| revision.revision == number)?,
            None => settled_before(history)?,
        }
        .said()?;
        let difference = difference(&before, &after, self.now)?;
        let on = |said: &Said| said.panel.iter().any(|member| member.id == self.mail.reader);
        let dropped = difference.panel && on(&before) && !on(&after);
        let reminded = self.is_reminded(posting, event);
        Some(Change { posting, event, before, after, difference, reminded, dropped })
    }

    /// Whether reminders of an event will still come to the reader.
    fn is_reminded(&self, posting: &str, event: &str) -> bool {
        self.background.is_some_and(|background| {
            background.known.iter().any(|row| {
                row.key.sort() == Sort::Reminder
                    && row.state == State::Planned
                    && row.due > self.now
                    && row.reader == self.mail.reader
                    && (row.key.posting(), row.key.event()) == (posting, event)
            })
        })
    }

    /// A change of which its reader has heard meanwhile, or that was taken back, is nothing to tell.
    fn notice_of_change(&self, row: &'a Row) -> Option<Piece<'a>> {
        let (posting, event) = (row.key.posting(), row.key.event());
        self.snapshot.histories.get(posting, event).last()?.said()?;
        Some(self.change(posting, event).map_or(Piece::Nothing, Piece::Change))
    }

    fn new_posting(&self, row: &'a Row) -> Option<Piece<'a>> {
        let posting = self.snapshot.postings.get(row.key.posting())?;
        let theirs = |known: &&Row| {
            known.key.sort() == Sort::Reminder
                && known.key.posting() == posting.id
                && known.key.recipient() == row.key.recipient()
                && matches!(known.state, State::Planned | State::Claimed | State::Skipped)
        };
        let mut rows: Vec<&Row> = self.background?.known.iter().filter(theirs).collect();
        rows.sort_by_key(|row| row.due);
        Some(Piece::New(posting, rows))
    }

    fn missed(&self, row: &'a Row) -> Option<Piece<'a>> {
        let untold = self.background?.untold.iter();
        let theirs = untold.filter(|lapsed| lapsed.key.recipient() == row.key.recipient());
        let told: Vec<(&Row, Said)> = theirs.map(|row| (row, self.last_said(row))).collect();
        Some(if told.is_empty() { Piece::Nothing } else { Piece::Missed(told) })
    }

    /// Who is not reached, and of what they were not told. Once they are, there is nothing to tell.
    fn refused(&self, row: &'a Row) -> Option<Piece<'a>> {
        let posting = self.snapshot.postings.get(row.key.posting())?;
        let about = |failed: &&Row| {
            is_refused(failed) && Key::refused(&posting.id, &failed.email, row.key.recipient()) == row.key
        };
        let mut failed: Vec<&Row> = self.background?.known.iter().filter(about).collect();
        failed.retain(|failed| failed.key.posting() == posting.id);
        failed.sort_by_key(|failed| failed.due);
        let Some(last) = failed.iter().max_by_key(|failed| failed.changed) else {
            return Some(Piece::Nothing);
        };
        let person = self.snapshot.settings.house.directory.people.get(&last.reader);
        let of_events = failed.iter().filter(|failed| !failed.key.event().is_empty());
        Some(Piece::Refused(Box::new(Refusal {
            heading: PostingRef {
                id: &posting.id,
                title: &posting.title,
                organisation: posting.organisation.as_deref(),
            },
            name: person.and_then(|person| person.name.as_deref()),
            email: &last.email,
            reply: last.reply.as_deref().map(|reply| reply.strip_prefix("rcpt: ").unwrap_or(reply)),
            untold: of_events
                .map(|row| (self.last_said(row), row.due, row.key.sort() == Sort::Change))
                .collect(),
            absent: self.absent(row),
        })))
    }

    /// An error that was mended is nothing to tell.
    fn slip(&self, row: &'a Row) -> Option<Piece<'a>> {
        let (file, error, _) = row.key.slipped()?;
        let slips = self.snapshot.slips.get(file);
        let found = slips.and_then(|of| Some((of, of.errors.iter().find(|wrong| wrong.error == error)?)));
        Some(found.map_or(Piece::Nothing, |(of, wrong)| Piece::Slip(of, wrong)))
    }

    /// What was last said of the event of a row; of one that goes by another name by now, what its key says.
    fn last_said(&self, row: &Row) -> Said {
        let last = self.snapshot.histories.get(row.key.posting(), row.key.event()).last();
        last.and_then(Revision::said)
            .unwrap_or_else(|| Said::of_key(&row.key, row.late_after, self.snapshot.settings.house.zone))
    }

    fn digest(&self, row: &'a Row) -> Option<Piece<'a>> {
        let person = self.snapshot.settings.house.directory.people.get(row.key.recipient())?;
        let collected = digest(person, self.snapshot, &self.background?.known, self.now);
        let empty = collected.is_empty() && !person.digest_always;
        Some(if empty { Piece::Nothing } else { Piece::Digest(Box::new(collected)) })
    }

    fn trouble(&self, row: &'a Row) -> Option<Piece<'a>> {
        let (problem, number, healed) = row.key.episode()?;
        if !healed {
            return Some(Piece::Trouble { sentence: &row.why, since: row.born, healed: None });
        }
        let began = Key::operator(problem, number);
        let began = self.background?.known.iter().find(|known| known.key == began);
        let since = began.map_or(row.born, |began| began.born);
        // What is over needs no remedy: the first sentence names it.
        let sentence = row.why.split(". ").next().unwrap_or(&row.why);
        Some(Piece::Trouble { sentence, since, healed: Some(row.born) })
    }

    fn says(&self, row: &Row, piece: &Piece<'_>) -> Vec<Says> {
        let of_event = |posting: &str, event: &str| {
            let last = self.snapshot.histories.get(posting, event).last()?;
            Some(Says::Event {
                key: row.key.clone(),
                posting: posting.to_owned(),
                event: event.to_owned(),
                revision: last.revision,
            })
        };
        match piece {
            Piece::Reminder(..) | Piece::Change(_) => {
                of_event(row.key.posting(), row.key.event()).into_iter().collect()
            }
            Piece::New(posting, _) => {
                posting.events.iter().filter_map(|event| of_event(&posting.id, &event.id)).collect()
            }
            Piece::Missed(lapsed) => lapsed
                .iter()
                .map(|(lapsed, _)| Says::End { key: row.key.clone(), ended: lapsed.key.clone() })
                .collect(),
            Piece::Digest(collected) => {
                let told = collected.own.iter();
                told.filter_map(|(posting, event)| of_event(posting, event)).collect()
            }
            Piece::Refused(_)
            | Piece::Slip(..)
            | Piece::Trouble { .. }
            | Piece::Nothing
            | Piece::Untellable => Vec::new(),
        }
    }

    /// The mail that says these, and what is wrong with the templates in force if they cannot write it. A template that
    /// fails on this very mail gives way to the built-in ones: a mail never waits for a template.
    fn guarded(&self, pieces: &[&(&'a Row, Piece<'a>)]) -> Option<(Written, Option<Problem>)> {
        let write = |templates: &Templates| {
            catch_unwind(AssertUnwindSafe(|| self.written(pieces, templates))).ok().flatten()
        };
        match write(&self.snapshot.templates) {
            Some(Ok(written)) => Some((written, None)),
            failed => {
                let written = write(&Templates::built_in())?.ok()?;
                Some((written, failed.and_then(Result::err).or_else(|| Some(panicked()))))
            }
        }
    }

    fn written(
        &self,
        pieces: &[&(&'a Row, Piece<'a>)],
        templates: &Templates,
    ) -> Option<Result<Written, Problem>> {
        let sender = self.snapshot.settings.mail.as_ref()?;
        let house = &self.snapshot.settings.house;
        let person = house.directory.people.get(&self.mail.reader);
        let first = self.mail.rows.iter().find_map(|row| posting_of(row, self.snapshot));
        let to = Addressee {
            name: person.and_then(|person| person.name.as_deref()),
            email: &self.mail.email,
            // A plain address has neither language nor zone of its own: those of its first posting.
            language: person
                .and_then(|person| person.language)
                .unwrap_or(first.map_or(house.language, |p| p.language)),
            zone: zone_of(self.mail, self.snapshot),
        };
        let id = &self.mail.message_id;
        let troubles: Vec<Trouble<'_>> = pieces.iter().filter_map(|(_, piece)| trouble(piece)).collect();
        Some(if troubles.is_empty() {
            write(templates, &self.matter(pieces), &to, sender, id, self.now)
        } else {
            write_operator(templates, &troubles, &to, sender, id, self.now)
        })
    }

    /// What the pieces tell, each change once.
    fn matter<'b>(&'b self, pieces: &'b [&'b (&'a Row, Piece<'a>)]) -> Matter<'b> {
        let mut matter = Matter::default();
        for (row, piece) in pieces {
            let absent = self.absent(row);
            match piece {
                Piece::Reminder(item, change) => {
                    matter.reminders.push(*item);
                    add(&mut matter.changes, change.as_ref(), absent);
                }
                Piece::Change(change) => add(&mut matter.changes, Some(change), absent),
                Piece::New(posting, rows) => {
                    let event = |row: &&Row| posting.events.iter().find(|event| event.id == row.key.event());
                    let split = |skipped: bool| {
                        let of = rows.iter().filter(move |row| (row.state == State::Skipped) == skipped);
                        of.filter_map(|row| Some((event(row)?, row.due))).collect()
                    };
                    matter.news.push(New { posting, planned: split(false), skipped: split(true), absent });
                }
                Piece::Missed(lapsed) => matter.missed.extend(lapsed.iter().map(|(row, said)| Missed {
                    heading: PostingRef {
                        id: row.key.posting(),
                        title: &said.title,
                        organisation: said.organisation.as_deref(),
                    },
                    said,
                    due: row.due,
                    lapsed: row.changed,
                    was_change: row.key.sort() == Sort::Change,
                    absent,
                })),
                Piece::Refused(refusal) => matter.refusals.push((**refusal).clone()),
                Piece::Slip(of, error) => matter.slips.push(Slip { of, error, absent }),
                Piece::Digest(collected) => {
                    matter.digest = Some(Digest {
                        from: collected.from,
                        until: collected.until,
                        coming: collected.coming.clone(),
                        sent: collected.sent.iter().map(past).collect(),
                        failed: collected.failed.iter().map(past).collect(),
                        to_fix: collected.to_fix.clone(),
                        all: collected.all,
                    });
                }
                Piece::Trouble { .. } | Piece::Nothing | Piece::Untellable => {}
            }
        }
        matter.calendar = calendar(&matter, self.snapshot);
        matter
    }
}

/// What is said of templates that made the program stumble.
fn panicked() -> Problem {
    Problem::error(
        "template-panic",
        "templates",
        say("un modèle a fait trébucher jalon", "a template made jalon stumble"),
    )
}

fn trouble<'a>(piece: &Piece<'a>) -> Option<Trouble<'a>> {
    match piece {
        Piece::Trouble { sentence, since, healed } => {
            // To the minute: a second is nobody's.
            let minute = |at: DateTime<Utc>| at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at);
            Some(Trouble { sentence, since: minute(*since), healed: healed.map(minute) })
        }
        _ => None,
    }
}

fn add<'b>(changes: &mut Vec<Changed<'b>>, change: Option<&'b Change<'b>>, absent: Option<&'b str>) {
    let Some(change) = change else { return };
    if !changes.iter().any(|known| known.posting == change.posting && known.event == change.event) {
        changes.push(Changed {
            posting: change.posting,
            event: change.event,
            before: &change.before,
            after: &change.after,
            difference: change.difference,
            reminded: change.reminded,
            dropped: change.dropped,
            absent,
        });
    }
}

/// Until when a row can wait for the hours of delivery: while it is of use, and of a change until what was told, or
/// what holds, begins. Whoever is to be somewhere else at seven must not read so at eight.
pub(super) fn waits_at_most(row: &Row, snapshot: &Snapshot, now: DateTime<Utc>) -> DateTime<Utc> {
    if row.key.sort() != Sort::Change {
        return row.late_after;
    }
    let history = snapshot.histories.get(row.key.posting(), row.key.event());
    let begins = history.iter().rev().take(2).filter_map(|revision| revision.said()?.begins());
    begins.filter(|begins| *begins > now).chain([row.late_after]).min().unwrap_or(row.late_after)
}

/// The posting that a row is about, as it is in force.
fn posting_of<'s>(row: &Row, snapshot: &'s Snapshot) -> Option<&'s Posting> {
    let slips = row.key.slipped().and_then(|(file, ..)| snapshot.slips.get(file));
    snapshot.postings.get(slips.map_or(Some(row.key.posting()), |slips| slips.posting.as_deref())?)
}

/// The zone of a mail's reader: their own, else that of its first posting, else the house's.
pub(super) fn zone_of(mail: &Mail, snapshot: &Snapshot) -> Zone {
    let house = &snapshot.settings.house;
    let own = house.directory.people.get(&mail.reader).and_then(|person| person.zone);
    let first = mail.rows.iter().find_map(|row| posting_of(row, snapshot));
    own.or(first.map(|posting| posting.zone)).unwrap_or(house.zone)
}

/// Whether somebody is one of these.
pub(super) fn among(id: &str, people: &[Recipient]) -> bool {
    people.iter().any(|person| person.id == id)
}
