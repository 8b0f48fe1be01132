//! What a round would change, by the planner's own decisions, and nothing written: over what a ledger remembers, or
//! over another folder as if the daemon had gone by it so far.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::daemon::planner::{Memory, Planner, Snapshot, early};
use crate::files::Loaded;
use crate::ledger::StoredPosting;
use crate::plan::difference::{Action, Line, after, begun, lines};
use crate::plan::notice::change::changes;
use crate::plan::notice::{Scene, is_on_its_way};
use crate::plan::reconcile::{Change, reconcile};
use crate::plan::row::{Reason, Row, State};
use crate::plan::said::Said;
use crate::plan::told::{Renaming, Revision, Told};
use crate::plan::{Key, Sort, Wanted};

/// What a round would change.
#[derive(Debug)]
pub struct Foreseen {
    /// The changes of reminders and confirmations, and the notices of change that follow; by instant, then key.
    pub lines: Vec<Line>,
    /// Postings whose files are gone and not believed to be.
    pub missed: Vec<String>,
    /// Whether so many are gone at once that none is believed.
    pub doubted: bool,
    /// What would be in force.
    pub snapshot: Arc<Snapshot>,
    /// The changes, as the ledger would be given them.
    pub changes: Vec<Change>,
}

impl Foreseen {
    /// Of a notice of change: what its event was and what it is, if that is known.
    #[must_use]
    pub fn turn(&self, key: &Key) -> Option<(Said, Said)> {
        let history = self.snapshot.histories.get(key.posting(), key.event());
        let (last, before) = history.split_last()?;
        Some((before.last()?.said()?, last.said()?))
    }
}

/// What a round of a daemon that reads these files now, and remembers this, would change. `told`: what the ledger says
/// of who was told what. `None` when the settings cannot be used.
#[must_use]
pub fn foresee(
    config: &Path,
    loaded: Loaded,
    memory: Memory,
    told: Vec<Told>,
    now: DateTime<Utc>,
) -> Option<Foreseen> {
    let planner = Planner::new((), Clock::jumping(now), config.to_owned(), loaded);
    let noted = memory.revisions.clone();
    let laid = planner.decide(memory, now)?;
    let wanted = laid.wanted();
    let mine = laid.known.iter().filter(|row| early(row));
    let mut all = reconcile(&wanted, mine, &laid.heirs, &laid.frozen, now);
    let rows = after(&laid.known, &all, now);
    let by_key: BTreeMap<&Key, &Row> = rows.iter().map(|row| (&row.key, row)).collect();
    let house = &laid.snapshot.settings.house;
    let scene = Scene { postings: &laid.snapshot.postings, house, known: &by_key, now };
    let mut told = told;
    told.extend(told_once(&laid.known, &noted));
    rename(&mut told, &laid.renamings);
    let notices = changes(&scene, &laid.snapshot.histories, &told, &laid.reminders);
    let changed = rows.iter().filter(|row| row.key.sort() == Sort::Change);
    all.extend(reconcile(&notices, changed, &BTreeMap::new(), &laid.frozen, now));
    let mut lines = lines(&all, &laid.known, now);
    if !laid.round.doubted {
        lines.extend(vanishing(&laid.known, &laid.round.missed));
    }
    Some(Foreseen {
        lines,
        missed: laid.round.missed,
        doubted: laid.round.doubted,
        snapshot: laid.snapshot,
        changes: all,
    })
}

/// What will be withdrawn once it is believed that a file is gone.
fn vanishing<'a>(known: &'a [Row], missed: &'a [String]) -> impl Iterator<Item = Line> + 'a {
    let open = |row: &&Row| is_on_its_way(row) && missed.iter().any(|id| id == row.key.posting());
    known.iter().filter(open).map(|row| Line {
        action: Action::Vanishing,
        key: row.key.clone(),
        former: None,
        due: None,
        was: Some(row.due),
        reader: row.reader.clone(),
    })
}

/// Who was told of events that never changed so far (a ledger tells it of those that did): the readers of what was
/// sent. What a digest told is not known.
fn told_once(known: &[Row], noted: &[Revision]) -> Vec<Told> {
    let mut events: BTreeMap<&str, BTreeMap<&str, Vec<&Revision>>> = BTreeMap::new();
    for one in noted {
        events.entry(&one.posting).or_default().entry(&one.event).or_default().push(one);
    }
    let mut told: BTreeMap<(&str, &str, &str), Told> = BTreeMap::new();
    for row in known.iter().filter(|row| row.state == State::Sent) {
        let all = match row.key.sort() {
            Sort::Reminder => false,
            Sort::New => true,
            Sort::Digest | Sort::Change | Sort::Missed | Sort::Slip | Sort::Operator => continue,
        };
        let at = row.sent_at.unwrap_or(row.changed);
        for (event, revisions) in events.get(row.key.posting()).into_iter().flatten() {
            let [only] = revisions.as_slice() else { continue };
            // What was added to a posting later, its first notice did not tell.
            if all && only.since <= at || row.key.event() == *event {
                told.entry((&only.posting, event, &row.reader)).or_insert_with(|| Told {
                    posting: only.posting.clone(),
                    event: only.event.clone(),
                    reader: row.reader.clone(),
                    revision: only.revision,
                    at,
                    by_notice: false,
                });
            }
        }
    }
    told.into_values().collect()
}

fn rename(told: &mut [Told], renamings: &[Renaming]) {
    for one in told {
        let same = |to: &&Renaming| to.from.0 == one.posting && to.from.1 == one.event;
        if let Some(Renaming { to, .. }) = renamings.iter().find(same) {
            (one.posting, one.event) = to.clone();
        }
    }
}

/// What a ledger would remember if the daemon had gone by a folder so far: what is past was sent, the rest is planned.
#[must_use]
pub fn as_if(base: &Path, loaded: Loaded, now: DateTime<Utc>) -> Option<Memory> {
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
