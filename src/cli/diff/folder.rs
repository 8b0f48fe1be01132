//! `jalon diff --base`: over another folder, as if the daemon had gone by it so far.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::daemon::foreseen::Foreseen;
use crate::daemon::planner::{Memory, Planner};
use crate::files::Loaded;
use crate::ledger::StoredPosting;
use crate::plan::Wanted;
use crate::plan::difference::begun;
use crate::plan::row::{Reason, Row, State};
use crate::plan::told::Told;

/// What a round of a daemon that reads these files now would change, if it had gone by those of `base` so far. `None`
/// when the settings of one of them cannot be used.
#[must_use]
pub fn foresee(
    (config, loaded): (&Path, Loaded),
    (base, former): (&Path, Loaded),
    now: DateTime<Utc>,
) -> Option<Foreseen> {
    let memory = as_if(base, former, now)?;
    let told = told_once(&memory);
    let planner = Planner::new((), Clock::jumping(now), config.to_owned(), loaded);
    Some(planner.decide(memory, now)?.foresee(told))
}

/// What a ledger would remember: what is past was sent, the rest is planned.
fn as_if(base: &Path, loaded: Loaded, now: DateTime<Utc>) -> Option<Memory> {
    let before = now - TimeDelta::days(1);
    let planner = Planner::new((), Clock::jumping(before), base.to_owned(), loaded);
    let laid = planner.decide(Memory::default(), before)?;
    let row = |wanted: Wanted| {
        let state = if wanted.due <= now { State::Sent } else { State::Planned };
        let row = begun(&wanted, state, Reason::PastWhenFirstSeen, before);
        let sent = state == State::Sent;
        Row { sent_at: sent.then_some(row.due), reason: sent.then_some(Reason::Accepted), ..row }
    };
    let known = laid.reminders.iter().map(|reminder| row(Wanted::from(reminder))).collect();
    // A file that the new folder does not have is meant to be gone.
    let gone = |stored: StoredPosting| StoredPosting { vanished_at: Some(before), ..stored };
    Some(Memory {
        stored: laid.remember.into_iter().map(gone).collect(),
        known,
        filled: true,
        people: laid.remember_people.0,
        revisions: laid.revisions,
    })
}

/// Who was told of the events as they were: the readers of what was sent.
fn told_once(memory: &Memory) -> Vec<Told> {
    let sent = memory.known.iter().filter(|row| row.state == State::Sent);
    let told: BTreeSet<(&str, &str, &str)> =
        sent.map(|row| (row.key.posting(), row.key.event(), row.reader.as_str())).collect();
    let told = told.into_iter().map(|(posting, event, reader)| Told {
        posting: posting.to_owned(),
        event: event.to_owned(),
        reader: reader.to_owned(),
        revision: 1,
        at: DateTime::UNIX_EPOCH,
        by_notice: false,
    });
    told.collect()
}
