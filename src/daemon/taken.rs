//! What was taken of the files: the version in force of jalon.toml and of the templates, and why another was not.
//!
//! All is read, then swapped in one step. What cannot be used changes nothing: its last good version rules, across
//! restarts by copies in the state folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::way::{Remake, Way};
use crate::diagnostic::{Problem, say};
use crate::files::kept::Kept;
use crate::files::languages::read_in;
use crate::files::looks::{Looks, looks};
use crate::files::{Loaded, leaves, load, load_by, with_paths};
use crate::message::render::languages;
use crate::message::{Templates, trial};
use crate::plan::lay::lay;
use crate::settings::Settings;

/// How long files must have been still before they are read.
const STILL: Duration = Duration::from_secs(1);

/// So often stillness is waited for: what is written without end is read all the same.
const UNREST: usize = 10;

/// What was taken of the files.
#[derive(Debug)]
pub struct Taken {
    config: PathBuf,
    /// What is in force.
    pub loaded: Loaded,
    /// What the files looked like when they were last read.
    looks: Looks,
    /// The templates in force, ready; and their texts, where they replace built-in ones.
    templates: (Arc<Templates>, BTreeMap<String, String>),
    /// The templates that were tried last, and what is wrong with them.
    tried: (BTreeMap<String, String>, Vec<Problem>),
    /// Why the files were not taken when they were last read.
    pub refused: Vec<Problem>,
    /// Where copies are kept, and what they are.
    keeps: Option<(PathBuf, Option<Kept>)>,
}

impl Taken {
    /// What was loaded from a folder. Templates of one's own are tried on every posting.
    #[must_use]
    pub fn new(config: PathBuf, loaded: Loaded) -> Self {
        let looks = loaded.looks.clone();
        let templates = (Arc::new(Templates::built_in()), BTreeMap::new());
        let tried = (BTreeMap::new(), Vec::new());
        let mut taken = Self { config, loaded, looks, templates, tried, refused: Vec::new(), keeps: None };
        taken.try_templates();
        taken
    }

    /// The same, with copies in a folder: of what is good from now on, and in place of what is not. `refused`: why
    /// jalon.toml is not in force but its copy, if so.
    #[must_use]
    pub fn keeping(config: PathBuf, loaded: Loaded, folder: PathBuf, refused: Vec<Problem>) -> Self {
        let kept = Kept::read(&folder, &config);
        let mut taken = Self::new(config, loaded);
        taken.refused = refused;
        if let Some(Kept { templates, .. }) = &kept
            && (!taken.templates_are_good() || taken.loses_a_language_of(templates))
            && let (Some(ready), _) = Templates::read(templates.clone())
        {
            taken.templates = (Arc::new(ready), templates.clone());
        }
        taken.keeps = Some((folder, kept));
        taken
    }

    /// The same templates over what else may be in force; of that no copies are kept.
    #[must_use]
    pub(super) fn over(&self, loaded: Loaded) -> Self {
        Self {
            config: self.config.clone(),
            loaded,
            looks: self.looks.clone(),
            templates: self.templates.clone(),
            tried: self.tried.clone(),
            refused: Vec::new(),
            keeps: None,
        }
    }

    /// The configuration folder.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// What the files looked like when they were last read.
    #[must_use]
    pub fn looks(&self) -> &Looks {
        &self.looks
    }

    /// Whether the files look otherwise than when they were last read.
    #[must_use]
    pub fn changed(&self) -> bool {
        self.look() != self.looks
    }

    fn look(&self) -> Looks {
        looks(&self.config, self.loaded.settings.as_ref())
    }

    /// Waits until the files look the same twice, a second apart: nobody is writing them.
    pub async fn stillness(&self) {
        let mut seen = self.look();
        for _ in 0..UNREST {
            tokio::time::sleep(STILL).await;
            let now = self.look();
            if std::mem::replace(&mut seen, now.clone()) == now {
                break;
            }
        }
    }

    /// Reads the files again. `Err` says why jalon.toml is not taken: it cannot be used, or what changed in it takes a
    /// restart, or it names a folder of postings that cannot be read. Postings and templates are read by the version
    /// in force then; only when the folder of postings cannot be read by that one either does nothing change.
    pub fn reload(&mut self) -> Result<(), Vec<Problem>> {
        // By the settings in force, as it is looked at again, and before anything is read: as what is loaded by them was.
        let first = self.loaded.settings.is_none().then(|| self.look());
        let lean = self.loaded.lean;
        let before = Some(&self.loaded);
        let mut loaded = if lean { leaves::load(&self.config, before) } else { load(&self.config) };
        self.refused = self.against(&loaded);
        if !self.refused.is_empty() {
            let now = Kept { settings: self.loaded.text.clone(), templates: self.loaded.templates.clone() };
            let by_it =
                if lean { leaves::load_by(&self.config, &now, before) } else { load_by(&self.config, &now) };
            let looks = by_it.as_ref().map(|loaded| loaded.looks.clone()).or(first);
            self.looks = looks.unwrap_or_else(|| self.look());
            let by_the_version_in_force = by_it.filter(|loaded| loaded.postings_readable);
            let Some(in_force) = by_the_version_in_force else { return Err(self.refused.clone()) };
            loaded = in_force;
        }
        self.looks = loaded.looks.clone();
        self.loaded = loaded;
        self.try_templates();
        if self.refused.is_empty() { Ok(()) } else { Err(self.refused.clone()) }
    }

    /// Why what was loaded is not to be taken; nothing when it is.
    fn against(&self, loaded: &Loaded) -> Vec<Problem> {
        let file = self.config.join("jalon.toml").display().to_string();
        if let (Some(new), Some(old)) = (&loaded.settings, &self.loaded.settings)
            && takes_a_restart(old, new)
        {
            let sentence = say(
                "[smtp], [mail] outbox ou [ledger] url ont changé",
                "[smtp], [mail] outbox or [ledger] url have changed",
            );
            let remedy = say("redémarrez jalon", "restart jalon");
            return vec![Problem::error("takes-a-restart", file, sentence).remedy(remedy)];
        }
        if loaded.settings.is_some() && loaded.postings_readable {
            return Vec::new();
        }
        // What is wrong with postings by settings that are not in force is not wrong by those that are.
        let Loaded { folder, texts, .. } = loaded;
        let postings: BTreeSet<&str> = (texts.iter().map(|text| text.file.as_str()))
            .chain(folder.leaves.iter().map(|leaf| leaf.file.as_str()))
            .chain(folder.broken.iter().map(|broken| broken.file.as_str()))
            .collect();
        let others = |problem: &&Problem| !postings.contains(problem.file.as_str());
        loaded.problems.iter().filter(others).cloned().collect()
    }

    /// The ways out, made anew from secrets and authorities as they are now. `Err`, which the operator hears of as well,
    /// when one of these cannot be read: those in force stay.
    pub fn remake(&mut self, remake: &Remake) -> Result<Vec<Way>, Problem> {
        let Some(settings) = &self.loaded.settings else { return Ok(Vec::new()) };
        remake.ways(settings, &self.loaded.text).inspect_err(|problem| self.refused.push(problem.clone()))
    }

    /// Takes the templates that were loaded, unless one of them is broken or fails on any posting: then those in force
    /// stay. A mail never waits for a template.
    fn try_templates(&mut self) {
        let Loaded { templates, templates_readable, settings, .. } = &self.loaded;
        if !templates_readable {
            return;
        }
        if *templates != self.tried.0 {
            let postings = self.loaded.postings();
            let reminders = settings.as_ref().map(|settings| lay(&postings, settings).reminders);
            let problems = trial(&postings, &reminders.unwrap_or_default(), templates);
            let problems = with_paths(problems, &self.loaded, &self.config);
            self.tried = (templates.clone(), problems);
        }
        if *templates != self.templates.1
            && self.templates_are_good()
            && !self.loses_a_language_of(&self.templates.1)
            && let (Some(ready), _) = Templates::read(templates.clone())
        {
            self.templates = (Arc::new(ready), templates.clone());
        }
    }

    /// Whether those that were tried last are in force: what replaces nothing stands in nobody's way.
    fn templates_are_good(&self) -> bool {
        self.loaded.templates_readable
            && self.tried.1.iter().all(|problem| problem.code == "unknown-template")
    }

    /// Whether somebody reads a language that these templates speak and those that were loaded do not: a folder that is
    /// gone is broken, too.
    fn loses_a_language_of(&self, others: &BTreeMap<String, String>) -> bool {
        let Loaded { templates, folder, settings, .. } = &self.loaded;
        let read = settings.as_ref().map(|settings| read_in(settings, &folder.leaves)).unwrap_or_default();
        let there = languages(templates);
        languages(others).iter().any(|language| read.contains(language) && !there.contains(language))
    }

    /// The templates in force.
    #[must_use]
    pub fn templates(&self) -> Arc<Templates> {
        Arc::clone(&self.templates.0)
    }

    /// The files of wrong templates in place of which the built-in ones are in force: no good version was ever taken.
    #[must_use]
    pub fn built_in_instead(&self) -> BTreeSet<String> {
        let files = self.tried.1.iter().map(|problem| &problem.file);
        files.filter(|file| !self.templates.1.keys().any(|name| file.ends_with(name))).cloned().collect()
    }

    /// What is wrong with the templates that are there.
    #[must_use]
    pub fn template_problems(&self) -> &[Problem] {
        &self.tried.1
    }

    /// Keeps copies of what is in force, if they are to be kept and are not yet; whether any were written. The next
    /// call tries again what failed.
    pub fn keep(&mut self) -> io::Result<bool> {
        let Some((folder, kept)) = &mut self.keeps else { return Ok(false) };
        let now = Kept { settings: self.loaded.text.clone(), templates: self.templates.1.clone() };
        if kept.as_ref() == Some(&now) {
            return Ok(false);
        }
        now.write(folder, &self.config)?;
        *kept = Some(now);
        Ok(true)
    }
}

/// Whether a change is about what is set up once: the ways out and the ledger.
fn takes_a_restart(old: &Settings, new: &Settings) -> bool {
    let outbox = |settings: &Settings| settings.mail.as_ref().map(|mail| mail.outbox.clone());
    old.relays != new.relays || outbox(old) != outbox(new) || old.ledger.url != new.ledger.url
}
