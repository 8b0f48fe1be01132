//! Pure, but for what it asks the ledger. What a round would change, by the planner's own decisions, before anything
//! is written: `jalon diff` shows it, and the daemon logs it when it takes edited files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::planner::{Laid, Planner, Snapshot};
use crate::diagnostic::Language;
use crate::ledger::{Ledger, LedgerError};
use crate::plan::difference::{Action, Line, after, lines};
use crate::plan::notice::change::changes;
use crate::plan::notice::{Scene, is_on_its_way};
use crate::plan::reconcile::{Change, reconcile};
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Told};
use crate::plan::worded::{Wording, names};
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
    /// The moment.
    pub now: DateTime<Utc>,
}

impl Foreseen {
    /// The lines as people read them: posting by posting, what leaves at once first; a name that changed, once.
    #[must_use]
    pub fn ordered(&self) -> Vec<&Line> {
        let mut told = BTreeSet::new();
        let mut lines: Vec<&Line> = self
            .lines
            .iter()
            .filter(|line| line.action != Action::Renamed || told.insert((line.key.posting(), names(line))))
            .collect();
        lines.sort_by_key(|line| (line.key.posting(), line.action));
        lines
    }

    /// How the lines are worded: times in the house's zone.
    #[must_use]
    pub fn wording(&self, language: Language, name: fn(&str) -> String) -> Wording<'_> {
        let zone = self.snapshot.settings.house.zone;
        Wording { zone, now: self.now, language, name, histories: &self.snapshot.histories }
    }
}

impl<L: Ledger> Planner<L> {
    /// The first half of a round, and what the second would change.
    pub async fn look_ahead(&self) -> Result<Option<(Laid, Foreseen)>, LedgerError> {
        let Some(laid) = self.look().await? else { return Ok(None) };
        let foreseen = self.foresee(&laid).await?;
        Ok(Some((laid, foreseen)))
    }

    /// What the second half of a round would change.
    pub async fn foresee(&self, laid: &Laid) -> Result<Foreseen, LedgerError> {
        // Of what is revised for the first time, `told` says nothing before that is written.
        let first = laid.first_revised();
        let of_first = self.ledger.told_of(first.clone()).await?;
        let mut told = self.ledger.told().await?;
        told.retain(|told| !first.iter().any(|event| told.posting == event.0 && told.event == event.1));
        told.extend(of_first);
        Ok(laid.foresee(told))
    }

    /// The first half of a round, and all that the ledger should hold now, reminders and notices; nothing is written.
    pub async fn asked(&self) -> Result<Option<(Laid, Vec<Wanted>)>, LedgerError> {
        let Some(mut laid) = self.look_at_all().await? else { return Ok(None) };
        let mut round = std::mem::take(&mut laid.round);
        let (notices, _) = self.notices(&laid, &mut round).await?;
        laid.round = round;
        let mut wanted = laid.wanted();
        wanted.extend(notices);
        Ok(Some((laid, wanted)))
    }
}

impl Laid {
    /// The events that have their second revision from this round on, by the names that the ledger has for them.
    fn first_revised(&self) -> Vec<(String, String)> {
        let second = self.revisions.iter().filter(|revision| revision.revision == 2);
        let names = second.map(|revision| (revision.posting.clone(), revision.event.clone()));
        let former = |name: (String, String)| {
            let renaming = self.renamings.iter().find(|renaming| renaming.to == name);
            renaming.map_or(name, |renaming| renaming.from.clone())
        };
        names.map(former).collect()
    }

    /// What the round would change. `told`: who was told what of events that are revised.
    #[must_use]
    pub fn foresee(&self, mut told: Vec<Told>) -> Foreseen {
        let (known, now) = (&self.known, self.now);
        let mine = known.iter().filter(|row| self.is_ours(row));
        let mut all = reconcile(&self.wanted(), mine, &self.heirs, &self.frozen, now);
        let rows = after(known, &all, now);
        let by_key: BTreeMap<&Key, &Row> = rows.iter().map(|row| (&row.key, row)).collect();
        let Snapshot { settings, postings, histories, .. } = &*self.snapshot;
        let scene = Scene { postings, house: &settings.house, known: &by_key, now };
        rename(&mut told, &self.renamings);
        let notices = changes(&scene, histories, &told, &self.reminders);
        let changed = rows.iter().filter(|row| row.key.sort() == Sort::Change);
        all.extend(reconcile(&notices, changed, &BTreeMap::new(), &self.frozen, now));
        let mut lines = lines(&all, known, now);
        let (missed, doubted) = (self.round.missed.clone(), self.round.doubted);
        if !doubted {
            lines.extend(vanishing(known, &missed));
        }
        Foreseen { lines, missed, doubted, snapshot: Arc::clone(&self.snapshot), changes: all, now }
    }
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

fn rename(told: &mut [Told], renamings: &[Renaming]) {
    for one in told {
        let same = |to: &&Renaming| to.from.0 == one.posting && to.from.1 == one.event;
        if let Some(Renaming { to, .. }) = renamings.iter().find(same) {
            (one.posting, one.event) = to.clone();
        }
    }
}
