//! The planner's step: read the world · decide purely · write once.
//!
//! 1. read the files (or keep what was read), and what the ledger remembers;
//! 2. put last good versions in place of files that are broken, or gone and not believed to be;
//! 3. lay the plan, compare it with the ledger's rows, apply the difference;
//! 4. remember the good texts.
//!
//! Nothing is sent here, and nothing is logged: the step returns what is worth saying.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::calendar::read::{Folder, Text, last_good_posting};
use crate::calendar::{Event, House, Posting};
use crate::clock::Clock;
use crate::diagnostic::{Problem, say};
use crate::files::{Loaded, load};
use crate::ledger::{Ledger, LedgerError, StoredPosting};
use crate::message::Templates;
use crate::plan::lay::lay;
use crate::plan::presence::{Presence, presence};
use crate::plan::reconcile::{Change, reconcile};
use crate::plan::row::{Row, State};
use crate::plan::{Reminder, Wanted};
use crate::settings::Settings;

/// What is in force: settings, templates and postings, swapped in one step.
#[derive(Debug)]
pub struct Snapshot {
    /// The settings.
    pub settings: Settings,
    /// The templates.
    pub templates: Templates,
    /// The postings in force, by id.
    pub postings: BTreeMap<String, Posting>,
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
    /// Postings whose files are gone and not believed to be.
    pub missed: Vec<String>,
    /// Whether so many are gone at once that none is believed.
    pub doubted: bool,
    /// Postings that are believed to be gone since this round.
    pub gone: Vec<String>,
    /// Everything wrong or odd with the files.
    pub problems: Vec<Problem>,
}

/// Plans.
#[derive(Debug)]
pub struct Planner<L> {
    ledger: L,
    clock: Clock,
    config: PathBuf,
    loaded: Loaded,
}

/// How often a round tries again whose changes met rows that had moved meanwhile.
const TRIES: usize = 5;

impl<L: Ledger> Planner<L> {
    /// A planner over what was loaded from a folder.
    pub fn new(ledger: L, clock: Clock, config: PathBuf, loaded: Loaded) -> Self {
        Self { ledger, clock, config, loaded }
    }

    /// Reads the files again. `Err`, and nothing changes, when jalon.toml cannot be used, when the folder of
    /// postings cannot be read, or when what changed takes a restart: the problems say why.
    pub fn reload(&mut self) -> Result<(), Vec<Problem>> {
        let mut loaded = load(&self.config);
        let refused = match (&loaded.settings, &self.loaded.settings) {
            (None, _) => true,
            (Some(new), Some(old)) if takes_a_restart(old, new) => {
                let file = self.config.join("jalon.toml").display().to_string();
                let sentence = say(
                    "[smtp], [mail] outbox ou [ledger] url ont changé",
                    "[smtp], [mail] outbox or [ledger] url have changed",
                );
                let remedy = say("redémarrez jalon", "restart jalon");
                loaded.problems.push(Problem::error("takes-a-restart", file, sentence).remedy(remedy));
                true
            }
            _ => !loaded.postings_readable,
        };
        if refused {
            return Err(loaded.problems);
        }
        self.loaded = loaded;
        Ok(())
    }

    /// One round: looks, and writes. `None` as snapshot when no usable settings were ever read.
    pub async fn step(&self) -> Result<(Option<Arc<Snapshot>>, Round), LedgerError> {
        match self.look().await? {
            Some(laid) => Ok((Some(Arc::clone(&laid.snapshot)), self.write(laid).await?)),
            None => Ok((None, Round::default())),
        }
    }

    /// The first half of a round: what should be in force, decided and not yet written. Its snapshot may be shown
    /// at once: what it does not hold is about to be withdrawn.
    pub async fn look(&self) -> Result<Option<Laid>, LedgerError> {
        let Some(settings) = self.loaded.settings.clone() else { return Ok(None) };
        let now = self.clock.now();
        let stored = self.ledger.postings().await?;
        let known = self.ledger.known().await?;
        let decided = decide(&self.loaded, &stored, &known, &settings.house, now);
        let plan = lay(&decided.postings, &settings);
        let (templates, mut template_problems) = Templates::or_built_in(&self.loaded.templates);
        let mut problems = self.loaded.problems.clone();
        problems.extend(decided.problems);
        problems.extend(plan.warnings);
        problems.append(&mut template_problems);
        let round = Round {
            missed: decided.presence.missed.keys().cloned().collect(),
            gone: decided.presence.gone.iter().cloned().collect(),
            doubted: decided.presence.doubted,
            problems,
            ..Round::default()
        };
        let remember = remembered(&self.loaded.folder, &self.loaded.texts, &stored, &decided.presence);
        let postings = decided.postings.into_iter().map(|posting| (posting.id.clone(), posting)).collect();
        let snapshot = Arc::new(Snapshot { settings, templates, postings });
        Ok(Some(Laid {
            snapshot,
            reminders: plan.reminders,
            known,
            frozen: decided.frozen,
            remember,
            round,
            now,
        }))
    }

    /// The second half: the ledger is brought to what was laid, and the good texts are remembered.
    pub async fn write(&self, laid: Laid) -> Result<Round, LedgerError> {
        let Laid { reminders, mut known, frozen, remember, mut round, now, .. } = laid;
        let wanted: Vec<Wanted> = reminders.iter().map(Wanted::from).collect();
        for _ in 0..TRIES {
            let changes = reconcile(&wanted, &known, &BTreeMap::new(), &frozen, now);
            count(&changes, &mut round);
            if changes.is_empty() || self.ledger.apply(changes, now).await? == 0 {
                break;
            }
            known = self.ledger.known().await?;
        }
        if !remember.is_empty() || !round.gone.is_empty() {
            self.ledger.remember(remember, round.gone.clone()).await?;
        }
        Ok(round)
    }
}

/// Whether a change is about what is set up once: the ways out and the ledger.
fn takes_a_restart(old: &Settings, new: &Settings) -> bool {
    let outbox = |settings: &Settings| settings.mail.as_ref().map(|mail| mail.outbox.clone());
    old.relays != new.relays || outbox(old) != outbox(new) || old.ledger.url != new.ledger.url
}

/// What a round decided, before it is written.
#[derive(Debug)]
pub struct Laid {
    /// What is in force.
    pub snapshot: Arc<Snapshot>,
    reminders: Vec<Reminder>,
    known: Vec<Row>,
    frozen: BTreeSet<String>,
    remember: Vec<StoredPosting>,
    round: Round,
    now: DateTime<Utc>,
}

fn count(changes: &[Change], round: &mut Round) {
    for change in changes {
        match change {
            Change::Add(_, State::Planned) | Change::Inherit(_, State::Planned, _) => round.added += 1,
            Change::Add(..) | Change::Inherit(..) => round.skipped += 1,
            Change::Refresh(_) | Change::Return(..) => round.moved += 1,
            Change::Withdraw(_) | Change::Want(_, false) => round.withdrawn += 1,
            Change::Want(_, true) => {}
        }
    }
}

struct Decided {
    /// The postings in force.
    postings: Vec<Posting>,
    /// Those whose rows stay as they are, because no version of them can be used.
    frozen: BTreeSet<String>,
    presence: Presence,
    problems: Vec<Problem>,
}

/// Pure: which version of each posting is in force.
fn decide(
    loaded: &Loaded,
    stored: &[StoredPosting],
    known: &[Row],
    house: &House,
    now: DateTime<Utc>,
) -> Decided {
    let folder = &loaded.folder;
    let mut postings = folder.postings.clone();
    let good: BTreeSet<&str> = postings.iter().map(|posting| posting.id.as_str()).collect();
    let absent: Vec<&StoredPosting> =
        stored.iter().filter(|posting| !good.contains(posting.id.as_str())).collect();
    let broken = broken_files(&absent, folder, stored);
    let renamed = renamed(absent.iter().filter(|posting| !broken.contains_key(posting.id.as_str())), loaded);
    let present: BTreeSet<String> = good.iter().chain(broken.keys()).map(|id| (*id).to_owned()).collect();
    let on_its_way =
        |row: &&Row| matches!(row.state, State::Planned | State::Claimed | State::Handed | State::Held);
    let open = known.iter().filter(on_its_way).map(|row| row.key.posting().to_owned()).collect();
    let remembered = stored
        .iter()
        .filter(|posting| !renamed.contains(posting.id.as_str()))
        .map(|posting| (posting.id.clone(), posting.vanished_at))
        .collect();
    let mut presence = presence(&remembered, &open, &present, !loaded.postings_readable, now);
    presence.gone.extend(renamed.into_iter().map(str::to_owned));
    let mut frozen: BTreeSet<String> = folder
        .broken
        .iter()
        .filter_map(|file| file.id.clone())
        .filter(|id| !good.contains(id.as_str()))
        .collect();
    let mut problems = Vec::new();
    for last_good in stored {
        let file = broken.get(last_good.id.as_str());
        if file.is_none() && !presence.missed.contains_key(&last_good.id) {
            continue;
        }
        let read = last_good_posting(&last_good.path, &last_good.id, &last_good.text, house);
        let file = file.map_or(last_good.path.as_str(), |file| file);
        if let Some(posting) = read.posting {
            frozen.remove(&last_good.id);
            postings.push(posting);
            problems.push(Problem::warning(
                "last-good",
                file,
                say(
                    format!("« {} » suit sa dernière version correcte", last_good.id),
                    format!("\"{}\" goes on as its last good version has it", last_good.id),
                ),
            ));
        } else {
            frozen.insert(last_good.id.clone());
        }
    }
    Decided { postings, frozen, presence, problems }
}

/// Which broken file each absent posting was: by its id, or by its place in the folder when the id that the file
/// has now is nobody's.
fn broken_files<'a>(
    absent: &[&'a StoredPosting],
    folder: &'a Folder,
    stored: &[StoredPosting],
) -> BTreeMap<&'a str, &'a str> {
    let ids: BTreeSet<&str> = stored.iter().map(|posting| posting.id.as_str()).collect();
    let by_id: BTreeMap<&str, &str> =
        folder.broken.iter().filter_map(|file| Some((file.id.as_deref()?, file.file.as_str()))).collect();
    let nobodys = folder.broken.iter().filter(|file| file.id.as_deref().is_none_or(|id| !ids.contains(id)));
    let by_place: BTreeMap<Option<&OsStr>, &str> =
        nobodys.map(|file| (place(&file.file), file.file.as_str())).collect();
    absent
        .iter()
        .filter_map(|posting| {
            let id = posting.id.as_str();
            let file = by_id.get(id).or_else(|| by_place.get(&place(&posting.path)))?;
            Some((id, *file))
        })
        .collect()
}

/// Those of absent postings that are there under another id: the same text, or the same file. They did not vanish,
/// and their old ids are forgotten at once: nobody is to be reminded twice.
fn renamed<'a, 'b: 'a>(
    absent: impl Iterator<Item = &'a &'b StoredPosting>,
    loaded: &Loaded,
) -> BTreeSet<&'b str> {
    let files: BTreeSet<&str> = loaded.folder.postings.iter().map(|posting| posting.file.as_str()).collect();
    let places: BTreeSet<Option<&OsStr>> = files.iter().map(|file| place(file)).collect();
    let good = loaded.texts.iter().filter(|text| files.contains(text.file.as_str()));
    let texts: BTreeSet<&str> = good.filter_map(|text| text.contents.as_deref().ok()).collect();
    absent
        .filter(|posting| places.contains(&place(&posting.path)) || texts.contains(posting.text.as_str()))
        .map(|posting| posting.id.as_str())
        .collect()
}

/// Where in the folder a file stands: the folder is flat, and `--config` may spell the way to it differently.
fn place(file: &str) -> Option<&OsStr> {
    Path::new(file).file_name()
}

/// Pure: the texts to remember, where they differ from what is remembered; only good ones, so that a broken
/// file never takes the place of its last good version.
fn remembered(
    folder: &Folder,
    texts: &[Text],
    stored: &[StoredPosting],
    presence: &Presence,
) -> Vec<StoredPosting> {
    let texts: BTreeMap<&str, &str> =
        texts.iter().filter_map(|text| Some((text.file.as_str(), text.contents.as_deref().ok()?))).collect();
    let by_id: BTreeMap<&str, &StoredPosting> =
        stored.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    let good = folder.postings.iter().filter_map(|posting| {
        let text = (*texts.get(posting.file.as_str())?).to_owned();
        Some(StoredPosting { id: posting.id.clone(), path: posting.file.clone(), text, vanished_at: None })
    });
    let shown: BTreeSet<&str> = folder.postings.iter().map(|posting| posting.id.as_str()).collect();
    let others = stored
        .iter()
        .filter(|posting| !shown.contains(posting.id.as_str()) && !presence.gone.contains(&posting.id))
        .map(|posting| StoredPosting {
            vanished_at: presence.missed.get(&posting.id).copied(),
            ..posting.clone()
        });
    good.chain(others).filter(|posting| by_id.get(posting.id.as_str()) != Some(&posting)).collect()
}
