//! The planner's step: read the world · decide purely · write.
//!
//! 1. read the files (or keep what was read), and what the ledger remembers;
//! 2. put last good versions in place of files that are broken, or gone and not believed to be, and of people who
//!    were removed while a posting names them;
//! 3. lay the plan, compare it with the ledger's rows, apply the difference; end what is overdue;
//! 4. see what is otherwise now than it was told, what is new, what lapsed, what troubles there are: the notices,
//!    compared and applied in the same way;
//! 5. remember the good texts.
//!
//! Each of these is level-triggered: a step that is cut off is made again. Nothing is sent here, and nothing is
//! logged: the step returns what is worth saying.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use super::deciding::Memory;
pub use super::laying::Laid;
use super::taken::Taken;
use super::troubles::Felt;
use crate::calendar::{Event, House, Posting};
use crate::clock::Clock;
use crate::diagnostic::{Problem, Words};
use crate::files::Loaded;
use crate::ledger::Basis;
use crate::message::Templates;
use crate::message::icalendar::feed::Events;
use crate::plan::notice::episode::Trouble;
use crate::plan::notice::slip::Slips;
use crate::plan::row::{Row, State};
use crate::plan::tally::Tally;
use crate::plan::told::Histories;
use crate::plan::{Key, Reminder, Sort};
use crate::settings::Settings;

/// How many postings are read, or brought, at once: a transaction of some thousand rows, and what they are made from in memory.
pub(super) const TOGETHER: usize = 500;

/// What is in force: settings and templates, swapped in one step; and of the postings, those that are at hand.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The settings; among its people also those who were removed and are still named.
    pub settings: Arc<Settings>,
    /// The templates.
    pub templates: Arc<Templates>,
    /// The postings in force that are at hand, by id: those that a round looked at, those of a mail, or all.
    pub postings: BTreeMap<String, Posting>,
    /// What was said of their events, and of others that are gone.
    pub histories: Histories,
    /// Of which events whoever has a digest is reminded, by any rule.
    pub concerns: BTreeMap<String, BTreeSet<(String, String)>>,
    /// Of which events each person is or was reminded, where feeds are written.
    pub reminded: BTreeMap<String, Events>,
    /// What is wrong with the files of postings, by file name.
    pub slips: Arc<BTreeMap<String, Slips>>,
    /// The postings that mails at hand are about.
    pub about: Vec<String>,
    /// By what it was made.
    pub basis: Basis,
}

impl Snapshot {
    /// A posting and one of its events.
    #[must_use]
    pub fn event(&self, posting: &str, event: &str) -> Option<(&Posting, &Event)> {
        let posting = self.postings.get(posting)?;
        Some((posting, posting.events.iter().find(|found| found.id == event)?))
    }
}

/// What a round of planning came to.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// How many rows were born planned.
    pub added: usize,
    /// How many were born skipped.
    pub skipped: usize,
    /// How many moved or came back.
    pub moved: usize,
    /// How many were withdrawn.
    pub withdrawn: usize,
    /// Rows that ended unsent: superseded or lapsed.
    pub ended: Vec<(Key, State)>,
    /// Postings whose files are gone and not believed to be.
    pub missed: Vec<String>,
    /// Whether so many are gone at once that none is believed.
    pub doubted: bool,
    /// Postings that are believed to be gone since this round.
    pub gone: Vec<String>,
    /// Everything wrong or odd with the files.
    pub problems: Vec<Problem>,
    /// People who were removed and are still named, and what is said of it.
    pub removed: Vec<(String, Words)>,
    /// Files that are wrong, and of which no good version is known.
    pub unfollowed: Vec<String>,
    /// What is the matter now.
    pub troubles: Vec<Trouble>,
    /// When the next reminder is due.
    pub next: Option<DateTime<Utc>>,
    /// When the next notice is.
    pub notice: Option<DateTime<Utc>>,
    /// How the ledger stood, where somebody watches.
    pub tally: Tally,
    /// How many postings are in force.
    pub postings: usize,
}

impl Round {
    /// What this and the rest of it came to.
    #[must_use]
    pub fn and(self, rest: Self) -> Self {
        Self {
            added: self.added + rest.added,
            skipped: self.skipped + rest.skipped,
            moved: self.moved + rest.moved,
            withdrawn: self.withdrawn + rest.withdrawn,
            ended: [self.ended, rest.ended].concat(),
            ..rest
        }
    }
}

/// Plans.
#[derive(Debug)]
pub struct Planner<L> {
    pub(super) ledger: L,
    pub(super) clock: Clock,
    pub(super) files: Taken,
    /// How the ways out and the templates do; none while nobody has said.
    pub(super) felt: Option<Felt>,
    /// By what plans are made.
    pub(super) basis: Basis,
    /// How many postings are brought at once.
    pub(super) share: usize,
}

impl<L> Planner<L> {
    /// A planner over what was loaded from a folder.
    pub fn new(ledger: L, clock: Clock, config: PathBuf, loaded: Loaded) -> Self {
        Self::over(ledger, clock, Taken::new(config, loaded))
    }

    /// A planner over what was taken of the files.
    pub fn over(ledger: L, clock: Clock, files: Taken) -> Self {
        Self { ledger, clock, files, felt: None, basis: Basis::Alone, share: TOGETHER }
    }

    /// Has fewer postings brought at once, or more.
    #[must_use]
    pub fn in_shares_of(self, postings: usize) -> Self {
        Self { share: postings, ..self }
    }

    /// What was taken of the files.
    pub fn files(&mut self) -> &mut Taken {
        &mut self.files
    }

    /// Takes note of how the ways out and the templates do.
    pub fn heed(&mut self, felt: Felt) {
        self.felt = Some(felt);
    }

    /// Reads the files again: see [`Taken::reload`].
    pub fn reload(&mut self) -> Result<(), Vec<Problem>> {
        self.files.reload()
    }

    /// What its clock says.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn jalon_toml(&self) -> String {
        self.files.config().join("jalon.toml").display().to_string()
    }
}

/// Whether a row is brought up to date before the other notices are: reminders and confirmations.
pub(super) fn early(row: &Row) -> bool {
    matches!(row.key.sort(), Sort::Reminder | Sort::New)
}

/// Of which events those who have a digest are reminded.
pub(super) fn concerns(
    house: &House,
    reminders: &[Reminder],
) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let digests = |id: &str| house.directory.people.get(id).is_some_and(|person| person.digest.is_some());
    let mut concerns: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for reminder in reminders.iter().filter(|reminder| digests(&reminder.recipient().id)) {
        let event = (reminder.posting.to_string(), reminder.event.to_string());
        concerns.entry(reminder.recipient().id.clone()).or_default().insert(event);
    }
    concerns
}
