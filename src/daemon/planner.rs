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
use super::deciding::{Decided, Seen, decide, heirs, remembered, to_remember};
use super::taken::Taken;
use super::troubles::{Felt, Signs, operator, troubles};
use crate::calendar::people::removed;
use crate::calendar::read::{Broken, Folder, folder};
use crate::calendar::{Event, House, Person, Posting, named};
use crate::clock::Clock;
use crate::diagnostic::{Problem, Words, say};
use crate::files::Loaded;
use crate::ledger::{Ledger, LedgerError, StoredPosting};
use crate::message::Templates;
use crate::message::icalendar::feed::{Events, reminded};
use crate::plan::lay::lay;
use crate::plan::notice::change::{changes, told_already};
use crate::plan::notice::digest::digests;
use crate::plan::notice::episode::{Trouble, episodes};
use crate::plan::notice::refused::refused;
use crate::plan::notice::slip::{self, Slips};
use crate::plan::notice::{MISSED, Scene, missed, news};
use crate::plan::reconcile::{Change, reconcile};
use crate::plan::row::{Row, State};
use crate::plan::tally::Tally;
use crate::plan::told::{Histories, Renaming, Revised, Revision, revise};
use crate::plan::{Key, Reminder, Sort, Wanted};
use crate::settings::{Mail, Settings};

/// What is in force: settings, templates and postings, swapped in one step.
#[derive(Debug)]
pub struct Snapshot {
    /// The settings; among its people also those who were removed and are still named.
    pub settings: Settings,
    /// The templates.
    pub templates: Arc<Templates>,
    /// The postings in force, by id.
    pub postings: BTreeMap<String, Posting>,
    /// What was said of their events, and of others that are gone.
    pub histories: Histories,
    /// Of which events whoever has a digest is reminded, by any rule.
    pub concerns: BTreeMap<String, BTreeSet<(String, String)>>,
    /// Of which events each person is or was reminded, where feeds are written.
    pub reminded: BTreeMap<String, Events>,
    /// What is wrong with the files of postings, by file name.
    pub slips: BTreeMap<String, Slips>,
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
#[derive(Debug, Default)]
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
    /// How the ledger stood.
    pub tally: Tally,
}

/// Plans.
#[derive(Debug)]
pub struct Planner<L> {
    pub(super) ledger: L,
    clock: Clock,
    files: Taken,
    /// How the ways out and the templates do; none while nobody has said.
    felt: Option<Felt>,
}

/// How often a round tries again whose changes met rows that had moved meanwhile.
const TRIES: usize = 5;

impl<L> Planner<L> {
    /// A planner over what was loaded from a folder.
    pub fn new(ledger: L, clock: Clock, config: PathBuf, loaded: Loaded) -> Self {
        Self::over(ledger, clock, Taken::new(config, loaded))
    }

    /// A planner over what was taken of the files.
    pub fn over(ledger: L, clock: Clock, files: Taken) -> Self {
        Self { ledger, clock, files, felt: None }
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

    fn jalon_toml(&self) -> String {
        self.files.config().join("jalon.toml").display().to_string()
    }

    /// What should be in force by the files and by what a ledger remembers, decided and not yet written. `None` when no
    /// usable settings were ever read.
    #[must_use]
    pub fn decide(&self, memory: Memory, now: DateTime<Utc>) -> Option<Laid> {
        let mut settings = self.files.loaded.settings.clone()?;
        let Memory { stored, known, filled, people, revisions } = memory;
        let cast = self.cast(&mut settings.house, &people);
        let folder = cast.folder.as_ref().unwrap_or(&self.files.loaded.folder);
        let seen = Seen {
            folder,
            texts: &self.files.loaded.texts,
            readable: self.files.loaded.postings_readable,
            stored: &stored,
            known: &known,
            revisions: &revisions,
            filled,
        };
        let decided = decide(seen, &settings.house, now);
        let remember = remembered(seen, &decided.presence, now);
        let followed = |file: &&Broken| !decided.problems.iter().any(|problem| problem.file == file.file);
        let unfollowed = folder.broken.iter().filter(followed).map(|file| file.file.clone()).collect();
        let broken = folder.broken.clone();
        let Decided { postings, frozen, presence, renamed, first_seen, problems: odd } = decided;
        let mut plan = lay(&postings, &settings);
        // What the ledger may have forgotten is not laid again; what it still holds is.
        let kept = now - settings.ledger.keep;
        if plan.reminders.iter().any(|reminder| reminder.late_after < kept) {
            let held: BTreeSet<&Key> = known.iter().map(|row| &row.key).collect();
            plan.reminders.retain(|reminder| reminder.late_after >= kept || held.contains(&reminder.key));
        }
        let revised = revise(&postings, &presence.gone, &renamed, revisions, now);
        let templates = self.files.templates();
        let (mut problems, removed) = self.of_people(cast, &mut settings.house, &postings, now);
        let remember_people = to_remember(&settings.house, &people);
        let postings = postings.into_iter().map(|posting| (posting.id.clone(), posting)).collect();
        let since = stored.iter().map(|posting| (posting.id.as_str(), posting.since)).collect();
        let slips = slip::found(&broken, &problems, &self.files.loaded.texts, &postings, &since);
        problems.extend(odd);
        problems.extend(plan.warnings);
        problems.extend_from_slice(self.files.template_problems());
        let round = Round {
            missed: presence.missed.keys().cloned().collect(),
            gone: presence.gone.iter().cloned().collect(),
            doubted: presence.doubted,
            problems,
            removed,
            unfollowed,
            ..Round::default()
        };
        let concerns = concerns(&settings.house, &plan.reminders);
        let feed = settings.feed.as_ref();
        let reminded = feed.map(|_| reminded(&plan.reminders, &known, &postings)).unwrap_or_default();
        let Revised { renamed: renamings, new: revisions, histories, .. } = revised;
        let heirs = heirs(&plan.reminders, &renamings);
        let snapshot =
            Arc::new(Snapshot { settings, templates, postings, histories, concerns, reminded, slips });
        Some(Laid {
            snapshot,
            reminders: plan.reminders,
            known,
            frozen,
            heirs,
            renamings,
            revisions,
            first_seen,
            remember,
            remember_people,
            filled,
            round,
            now,
        })
    }

    /// Adds to the house whom jalon.toml no longer has, as their last known entry had them; and reads the postings
    /// again if there are such people.
    fn cast(&self, house: &mut House, people: &[(String, String)]) -> Cast {
        let entries = people.iter().filter_map(|(id, entry)| {
            let person: Person = serde_json::from_str(entry).ok()?;
            Some((id.clone(), person))
        });
        let recalled: BTreeSet<String> = house.directory.recall(entries.collect()).into_iter().collect();
        let folder = (!recalled.is_empty()).then(|| folder(&self.files.loaded.texts, house));
        Cast { recalled, folder }
    }

    /// What is wrong with the files, and who was removed and is still named. Who was recalled for nothing leaves the
    /// house again.
    fn of_people<'a>(
        &self,
        cast: Cast,
        house: &mut House,
        postings: &'a [Posting],
        now: DateTime<Utc>,
    ) -> (Vec<Problem>, Vec<(String, Words)>) {
        let mut problems = self.files.loaded.problems.clone();
        if let Some(folder) = cast.folder {
            let files: BTreeSet<&str> =
                self.files.loaded.texts.iter().map(|text| text.file.as_str()).collect();
            problems.retain(|problem| !files.contains(problem.file.as_str()));
            problems.extend(folder.problems);
        }
        let mut still_named = Vec::new();
        for id in cast.recalled {
            let names = |posting: &&Posting| named(std::slice::from_ref(*posting)).contains(id.as_str());
            let name = |posting: &'a Posting| posting.file.rsplit('/').next().unwrap_or_default();
            let by: Vec<&str> = postings.iter().filter(names).map(name).collect();
            if by.is_empty() {
                house.directory.people.remove(&id);
            } else {
                let problem = removed(&self.jalon_toml(), &id, &by, house.zone.date(now));
                still_named.push((id, with_remedy(&problem)));
                problems.push(problem);
            }
        }
        (problems, still_named)
    }
}

impl<L: Ledger> Planner<L> {
    /// One round: looks, and writes. `None` as snapshot when no usable settings were ever read.
    pub async fn step(&self) -> Result<(Option<Arc<Snapshot>>, Round), LedgerError> {
        match self.look().await? {
            Some(laid) => Ok((Some(Arc::clone(&laid.snapshot)), self.write(laid).await?)),
            None => Ok((None, Round::default())),
        }
    }

    /// The first half of a round: what should be in force, decided and not yet written. Once a first round has been
    /// written, its snapshot may be shown at once: what it does not hold is about to be withdrawn.
    pub async fn look(&self) -> Result<Option<Laid>, LedgerError> {
        if self.files.loaded.settings.is_none() {
            return Ok(None);
        }
        let now = self.clock.now();
        Ok(self.decide(Memory::of(&self.ledger).await?, now))
    }

    /// Writes down what events are from now on, so that whoever is told of it from here on is known to have been; false
    /// when the whole round must be written first, because something goes by another name.
    pub async fn note(&self, laid: &mut Laid) -> Result<bool, LedgerError> {
        if !laid.renamings.is_empty() {
            return Ok(false);
        }
        let revisions = std::mem::take(&mut laid.revisions);
        if !revisions.is_empty() {
            self.ledger.revise(Vec::new(), revisions).await?;
        }
        Ok(true)
    }

    /// The second half: the ledger is brought to what was laid, and the good texts are remembered.
    pub async fn write(&self, laid: Laid) -> Result<Round, LedgerError> {
        let wanted = laid.wanted();
        let Laid { snapshot, reminders, mut known, frozen, heirs, mut round, now, .. } = laid;
        let Laid { renamings, revisions, remember, remember_people: (people, forget), filled, .. } = laid;
        let changed = self.bring(&wanted, &mut known, early, (&frozen, &heirs), now, &mut round).await?;
        round.ended = self.ledger.tidy(now).await?;
        if !renamings.is_empty() || !revisions.is_empty() {
            self.ledger.revise(renamings, revisions).await?;
        }
        if changed || !round.ended.is_empty() {
            known = self.ledger.known().await?;
        }
        let (notices, vain) = self.notices(&snapshot, &reminders, &known, &mut round, now).await?;
        if !vain.is_empty() {
            let vain: Vec<Change> = vain.into_iter().map(Change::Told).collect();
            count(&vain, &mut round);
            self.ledger.apply(vain, now).await?;
            known = self.ledger.known().await?;
        }
        self.bring(&notices, &mut known, |row| !early(row), (&frozen, &BTreeMap::new()), now, &mut round)
            .await?;
        round.tally = Tally::of(&known, now);
        if !people.is_empty() || !forget.is_empty() {
            self.ledger.remember_people(people, forget).await?;
        }
        if !remember.is_empty() || !round.gone.is_empty() || !filled {
            self.ledger.remember(remember, round.gone.clone()).await?;
        }
        round.next = next_reminder(&known, now);
        Ok(round)
    }

    /// Brings rows of some sorts to what is wanted; whether anything changed.
    async fn bring(
        &self,
        wanted: &[Wanted],
        known: &mut Vec<Row>,
        ours: impl Fn(&Row) -> bool,
        (frozen, heirs): (&BTreeSet<String>, &BTreeMap<Key, Key>),
        now: DateTime<Utc>,
        round: &mut Round,
    ) -> Result<bool, LedgerError> {
        let mut changed = false;
        for _ in 0..TRIES {
            let rows = known.iter().filter(|row| ours(row));
            let changes = reconcile(wanted, rows, heirs, frozen, now);
            if changes.is_empty() {
                break;
            }
            changed = true;
            count(&changes, round);
            if self.ledger.apply(changes, now).await? == 0 {
                break;
            }
            *known = self.ledger.known().await?;
        }
        Ok(changed)
    }

    /// The notices that the ledger should hold, and those that wait in vain.
    pub(super) async fn notices(
        &self,
        snapshot: &Snapshot,
        reminders: &[Reminder],
        known: &[Row],
        round: &mut Round,
        now: DateTime<Utc>,
    ) -> Result<(Vec<Wanted>, Vec<Key>), LedgerError> {
        let mut changed = snapshot.histories.changed();
        let told = if changed.next().is_some() { self.ledger.told().await? } else { Vec::new() };
        let lapsed = known.iter().any(|row| row.state == State::Lapsed);
        let untold = if lapsed { self.ledger.untold(now - MISSED).await? } else { Vec::new() };
        let by_key: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
        let house = &snapshot.settings.house;
        let scene = Scene { postings: &snapshot.postings, house, known: &by_key, now };
        let mut notices = changes(&scene, &snapshot.histories, &told, reminders);
        let vain = told_already(&scene, &notices, &told);
        notices.extend(digests(&scene));
        notices.extend(missed(&scene, &untold));
        notices.extend(refused(&scene));
        notices.extend(slip::slips(&scene, &snapshot.slips));
        let operator = operator(&snapshot.settings);
        let signs = Signs {
            language: operator
                .as_ref()
                .and_then(|operator| operator.language)
                .unwrap_or(house.language)
                .spoken(),
            zone: house.zone,
            problems: &round.problems,
            removed: &round.removed,
            unfollowed: &round.unfollowed,
            refused: &self.files.refused,
            missed: if round.doubted { &round.missed } else { &[] },
            sender: snapshot.settings.mail.as_ref().map_or("", Mail::envelope),
            gone: &round.gone,
            built_in: &self.files.built_in_instead(),
            reminders,
            known,
            felt: self.felt.as_ref(),
            now,
        };
        let troubles = troubles(&signs, &house.directory);
        round.troubles.clone_from(&troubles.present);
        if let Some(operator) = operator {
            notices.extend(episodes(&scene, &operator, &troubles));
        }
        Ok((notices, vain))
    }
}

/// When the next reminder is due.
fn next_reminder(known: &[Row], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let waits = |row: &&Row| row.state == State::Planned && row.key.sort() == Sort::Reminder && row.due > now;
    known.iter().filter(waits).map(|row| row.due).min()
}

/// Whether a row is brought up to date before the other notices are: reminders and confirmations.
pub(super) fn early(row: &Row) -> bool {
    matches!(row.key.sort(), Sort::Reminder | Sort::New)
}

/// The confirmations of postings that are new.
fn confirmations(
    snapshot: &Snapshot,
    first_seen: &BTreeSet<String>,
    known: &[Row],
    now: DateTime<Utc>,
) -> Vec<Wanted> {
    let known: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
    let house = &snapshot.settings.house;
    let scene = Scene { postings: &snapshot.postings, house, known: &known, now };
    let first_seen: Vec<&Posting> = first_seen.iter().filter_map(|id| snapshot.postings.get(id)).collect();
    news(&scene, &first_seen)
}

/// What is wrong, and what to do about it.
fn with_remedy(problem: &Problem) -> Words {
    let Some(remedy) = &problem.remedy else { return problem.sentence.clone() };
    let both = |sentence: &str, remedy: &str| {
        let mut letters = remedy.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{sentence}. {first}{}.", letters.as_str())
    };
    say(both(&problem.sentence.fr, &remedy.fr), both(&problem.sentence.en, &remedy.en))
}

/// People who were recalled, and the postings as they read with them.
struct Cast {
    recalled: BTreeSet<String>,
    folder: Option<Folder>,
}

impl Laid {
    /// The reminders and confirmations that the ledger should hold. They go together, all or none: once a posting has
    /// rows, it is not new any more.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let confirmed = confirmations(&self.snapshot, &self.first_seen, &self.known, self.now);
        self.reminders.iter().map(Wanted::from).chain(confirmed).collect()
    }
}

/// What a round decided, before it is written.
#[derive(Debug)]
pub struct Laid {
    /// What is in force.
    pub snapshot: Arc<Snapshot>,
    pub(crate) reminders: Vec<Reminder>,
    pub(crate) known: Vec<Row>,
    pub(crate) frozen: BTreeSet<String>,
    pub(crate) heirs: BTreeMap<Key, Key>,
    pub(crate) renamings: Vec<Renaming>,
    pub(crate) revisions: Vec<Revision>,
    first_seen: BTreeSet<String>,
    pub(crate) remember: Vec<StoredPosting>,
    pub(crate) remember_people: (Vec<(String, String)>, Vec<String>),
    /// Whether a plan was ever written before.
    filled: bool,
    pub(crate) round: Round,
    pub(crate) now: DateTime<Utc>,
}

/// Of which events those who have a digest are reminded.
fn concerns(house: &House, reminders: &[Reminder]) -> BTreeMap<String, BTreeSet<(String, String)>> {
    let digests = |id: &str| house.directory.people.get(id).is_some_and(|person| person.digest.is_some());
    let mut concerns: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for reminder in reminders.iter().filter(|reminder| digests(&reminder.recipient.id)) {
        let event = (reminder.posting.clone(), reminder.event.clone());
        concerns.entry(reminder.recipient.id.clone()).or_default().insert(event);
    }
    concerns
}

fn count(changes: &[Change], round: &mut Round) {
    for change in changes {
        match change {
            Change::Add(_, State::Planned) | Change::Inherit(_, State::Planned, _) => round.added += 1,
            Change::Add(..) | Change::Inherit(..) => round.skipped += 1,
            Change::Refresh(_) | Change::Return(..) => round.moved += 1,
            // What was wrong is mended.
            Change::Want(key, false) if key.sort() == Sort::Slip => {}
            Change::Withdraw(_) | Change::Told(_) | Change::Want(_, false) => round.withdrawn += 1,
            Change::Want(_, true) => {}
        }
    }
}
