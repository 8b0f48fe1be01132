//! Pure. Notices of change, level-triggered: whoever was told something that is otherwise now gets one, and so does
//! everybody to whom a `before` reminder was lost because an event moved so near.
//!
//! It is planned some minutes after the change, so that whoever is still editing sends one notice and not five; the
//! next change has another number and another key, and a change back asks for none.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::Scene;
use crate::plan::row::{Row, State};
use crate::plan::said::{Said, Standing, difference};
use crate::plan::told::{Histories, Revision, SETTLED, Told, settled_before};
use crate::plan::{Key, Reminder, Sort, Wanted};

/// How long after a change its notice leaves.
const SETTLE: TimeDelta = SETTLED;

/// How long after a change that is near.
const SETTLE_NEAR: TimeDelta = TimeDelta::minutes(3);

/// How near an event is whose change cannot wait.
const NEAR: TimeDelta = TimeDelta::hours(48);

/// How long a notice is of use whose dates are both unknown.
const OPEN: TimeDelta = TimeDelta::days(7);

/// The notices of change that the ledger should hold.
#[must_use]
pub fn changes(
    scene: &Scene<'_>,
    histories: &Histories,
    told: &[Told],
    reminders: &[Reminder],
) -> Vec<Wanted> {
    let mut readers: BTreeMap<(&str, &str), Vec<&Told>> = BTreeMap::new();
    for told in told {
        readers.entry((&told.posting, &told.event)).or_default().push(told);
    }
    let mut before_reminders: BTreeMap<(&str, &str), Vec<&Reminder>> = BTreeMap::new();
    for reminder in reminders.iter().filter(|reminder| reminder.lead.count < 0) {
        before_reminders.entry((&*reminder.posting, &*reminder.event)).or_default().push(reminder);
    }
    let mut wanted = Vec::new();
    for (posting, event, history) in histories.changed() {
        let about = (posting, event);
        let Some((last, after)) = history.last().and_then(|last| Some((last, last.said()?))) else {
            continue;
        };
        let readers = readers.get(&about).map_or(&[][..], Vec::as_slice);
        let mut notices = Notices { scene, about, last, after: &after, wanted: &mut wanted };
        let concerned = |id: &str| is_concerned(scene, about, &after, reminders, id);
        for told in readers {
            // Whoever was taken off hears of the next change, and of no other.
            if told.by_notice && !concerned(&told.reader) {
                continue;
            }
            if let Some(before) = said_at(history, told.revision) {
                notices.tell(&told.reader, &before);
            }
        }
        let Some(base) = settled_before(history) else { continue };
        let Some(before) = base.said().filter(|before| !before.same_time(&after)) else { continue };
        let told: BTreeSet<&str> = readers.iter().map(|told| told.reader.as_str()).collect();
        let moved = history
            .iter()
            .find(|revision| revision.revision > base.revision)
            .map_or(last.since, |at| at.since);
        let mut robbed: Vec<&str> = before_reminders
            .get(&about)
            .into_iter()
            .flatten()
            .filter(|reminder| was_lost(scene, reminder, moved, last.since))
            .map(|reminder| reminder.recipient().id.as_str())
            .filter(|id| !told.contains(id))
            .collect();
        robbed.sort_unstable();
        robbed.dedup();
        for id in robbed {
            notices.tell(id, &before);
        }
    }
    wanted
}

/// The notices that wait in vain: another mail told their readers of the change.
#[must_use]
pub fn told_already(scene: &Scene<'_>, wanted: &[Wanted], told: &[Told]) -> Vec<Key> {
    let still: BTreeSet<&Key> = wanted.iter().map(|wanted| &wanted.key).collect();
    let knows = |row: &&Row| {
        told.iter().any(|told| {
            (told.posting.as_str(), told.event.as_str()) == (row.key.posting(), row.key.event())
                && told.reader == row.reader
                && Some(told.revision) >= row.key.revision()
        })
    };
    let waiting = scene.rows(Sort::Change).filter(|row| row.state == State::Planned);
    let vain = waiting.filter(|row| !still.contains(&row.key)).filter(knows);
    vain.map(|row| row.key.clone()).collect()
}

/// Whether a change of an event may still be told: its notice is of use until the end of the later of both dates.
#[must_use]
pub fn may_tell(history: &[Revision], now: DateTime<Utc>) -> bool {
    let ends = history.iter().filter_map(|revision| revision.said()?.ends());
    let open = history.last().map(|last| last.since + OPEN);
    ends.chain(open).any(|until| until > now)
}

/// Whether somebody still has to do with an event: as a recruiter, on its panel, or by a rule. Of what is in force no
/// more, everybody who was told.
fn is_concerned(
    scene: &Scene<'_>,
    (posting, event): (&str, &str),
    after: &Said,
    reminders: &[Reminder],
    id: &str,
) -> bool {
    let Some(there) = scene.postings.get(posting).filter(|_| after.standing == Standing::On) else {
        return true;
    };
    there.recruiters.iter().any(|recruiter| recruiter.id == id)
        || after.panel.iter().any(|member| member.id == id)
        || reminders.iter().any(|reminder| {
            *reminder.posting == *posting
                && *reminder.event == *event
                && (reminder.recipient().id == id || reminder.reader().id == id)
        })
}

/// What a revision said.
fn said_at(history: &[Revision], number: u32) -> Option<Said> {
    history.iter().find(|revision| revision.revision == number)?.said()
}

/// Whether a reminder was skipped because its event moved: its row was born then.
fn was_lost(scene: &Scene<'_>, reminder: &Reminder, moved: DateTime<Utc>, last: DateTime<Utc>) -> bool {
    scene
        .known
        .get(&reminder.key())
        .is_some_and(|row| row.state == State::Skipped && (moved..=last + SETTLE).contains(&row.born))
}

struct Notices<'a, 'b> {
    scene: &'a Scene<'b>,
    about: (&'a str, &'a str),
    last: &'a Revision,
    after: &'a Said,
    wanted: &'a mut Vec<Wanted>,
}

impl Notices<'_, '_> {
    /// One notice, to somebody who believes that `before` holds.
    fn tell(&mut self, id: &str, before: &Said) {
        let now = self.scene.now;
        if difference(before, self.after, now).is_none() {
            return;
        }
        let Some(to) = self.scene.recipient(id) else { return };
        let (due, late_after) = when(before, self.after, self.last.since);
        if late_after <= now {
            return;
        }
        let key = Key::change(self.about.0, self.about.1, self.last.revision, id);
        self.wanted.push(self.scene.notice(key, self.about, &to, (due, late_after)));
    }
}

/// When a notice leaves, and until when it is of use: the end of the later of both dates.
fn when(before: &Said, after: &Said, since: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let near = [before, after]
        .iter()
        .any(|said| said.begins().is_some_and(|begins| begins - since <= NEAR) && !said.is_past(since));
    let ends = [before.ends(), after.ends()].into_iter().flatten().max();
    let late_after = ends.filter(|ends| *ends > since).unwrap_or(since + OPEN);
    let due = since + if near { SETTLE_NEAR } else { SETTLE };
    // What is about to end cannot wait at all.
    (if due < late_after { due } else { since }, late_after)
}
