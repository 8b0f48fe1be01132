//! Which reminders of a mail can be told, and the mail that tells them. Pure but for the guard against panics: one
//! poisoned reminder must fail alone.

use std::panic::{AssertUnwindSafe, catch_unwind};

use chrono::{DateTime, Utc};

use super::planner::Snapshot;
use crate::calendar::Zone;
use crate::ledger::Mail;
use crate::message::{Addressee, Item, Matter, Templates, Written, write};
use crate::plan::Key;
use crate::plan::lay::is_live;
use crate::plan::row::Row;

/// The mail as it would be now, of all its rows or of those in `only`; and the rows that cannot be told: their
/// event is not in force (a change is on its way, or no version of the posting can be used), or no template can
/// write them.
pub(super) fn compose(
    mail: &Mail,
    only: Option<&[Key]>,
    snapshot: &Snapshot,
    now: DateTime<Utc>,
) -> (Option<Written>, Vec<Key>) {
    let keys = |rows: Vec<&Row>| rows.into_iter().map(|row| row.key.clone()).collect::<Vec<_>>();
    let rows = mail.rows.iter().filter(|row| only.is_none_or(|keys| keys.contains(&row.key)));
    let (told, untold): (Vec<&Row>, Vec<&Row>) = rows.partition(|row| item(row, snapshot).is_some());
    let mut untold = keys(untold);
    if told.is_empty() {
        return (None, untold);
    }
    if let Some(written) = guarded(mail, &told, snapshot, now) {
        return (Some(written), untold);
    }
    let (told, poisoned): (Vec<&Row>, Vec<&Row>) =
        told.into_iter().partition(|row| guarded(mail, &[row], snapshot, now).is_some());
    untold.extend(keys(poisoned));
    let written = if told.is_empty() { None } else { guarded(mail, &told, snapshot, now) };
    if written.is_none() {
        untold.extend(keys(told));
    }
    (written, untold)
}

/// What a row is about, if that is in force.
fn item<'a>(row: &'a Row, snapshot: &'a Snapshot) -> Option<Item<'a>> {
    let (posting, event) = snapshot.event(row.key.posting(), row.key.event())?;
    is_live(posting, event).then_some(Item { posting, event, key: &row.key, due: row.due, absent: None })
}

fn guarded(mail: &Mail, rows: &[&Row], snapshot: &Snapshot, now: DateTime<Utc>) -> Option<Written> {
    catch_unwind(AssertUnwindSafe(|| written(mail, rows, snapshot, now))).ok().flatten()
}

fn written(mail: &Mail, rows: &[&Row], snapshot: &Snapshot, now: DateTime<Utc>) -> Option<Written> {
    let sender = snapshot.settings.mail.as_ref()?;
    let items: Vec<Item<'_>> = rows.iter().map(|row| item(row, snapshot)).collect::<Option<_>>()?;
    let first = items.first()?.posting;
    let person = snapshot.settings.house.directory.people.get(&mail.reader);
    let to = Addressee {
        name: person.and_then(|person| person.name.as_deref()),
        email: &mail.email,
        // A plain address has neither language nor zone of its own: those of its first posting.
        language: person.and_then(|person| person.language).unwrap_or(first.language),
        zone: person.and_then(|person| person.zone).unwrap_or(first.zone),
    };
    let matter = Matter { reminders: items, ..Matter::default() };
    let write = |templates: &Templates| write(templates, &matter, &to, sender, &mail.message_id, now).ok();
    // A template that fails on this very mail gives way to the built-in one: a mail never waits for a template.
    write(&snapshot.templates).or_else(|| write(&Templates::built_in()))
}

/// The zone of a mail's recipient: their own, else that of its first posting, else the house's.
pub(super) fn zone_of(mail: &Mail, snapshot: &Snapshot) -> Zone {
    let house = &snapshot.settings.house;
    let own = house.directory.people.get(&mail.reader).and_then(|person| person.zone);
    let first = mail.rows.first().and_then(|row| snapshot.postings.get(row.key.posting()));
    own.or(first.map(|posting| posting.zone)).unwrap_or(house.zone)
}
