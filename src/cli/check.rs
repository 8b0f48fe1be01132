//! `jalon check`: everything read as the daemon reads it; every problem, every warning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use clap::Args;

use super::{Context, Exit, out, report};
use crate::calendar::Posting;
use crate::diagnostic::{Language, Problem, any_error, say};
use crate::files;
use crate::message::{Addressee, Item, Templates, facts};
use crate::plan;
use crate::plan::Reminder;
use crate::settings::{Secret, Settings};

/// Read everything as the daemon would, and say what is wrong or odd
#[derive(Debug, Args)]
pub struct Check {}

impl Check {
    /// Runs the command: 78 if there is any error.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let mut problems = loaded.problems;
        let Some(settings) = loaded.settings else {
            report(&problems, true, language);
            return Exit::Configuration;
        };
        let planned = plan::lay::lay(&loaded.folder.postings, &settings);
        problems.extend(planned.warnings);
        problems.extend(plan::absence::warnings(
            &loaded.folder.postings,
            &planned.reminders,
            &settings.house.directory,
            context.clock.now(),
        ));
        problems.extend(rendering(&loaded.folder.postings, &planned.reminders, &loaded.templates));
        problems.extend(secrets(&settings, &context.config));
        report(&problems, true, language);
        let (postings, reminders, files) =
            (loaded.folder.postings.len(), planned.reminders.len(), loaded.texts.len());
        let ignored = loaded.ignored.iter().map(|file| format!("  {file}\n")).collect::<String>();
        let plural = |count: usize| if count > 1 { "s" } else { "" };
        let (p, r) = (plural(postings), plural(reminders));
        let (summary, title) = match language {
            Language::French => {
                (format!("{postings} fiche{p} lue{p} sur {files}, {reminders} rappel{r}"), "ignorés\u{a0}:")
            }
            Language::English => {
                (format!("{postings} of {files} postings read, {reminders} reminder{r}"), "ignored:")
            }
        };
        let text = if ignored.is_empty() {
            format!("{summary}\n")
        } else {
            format!("{summary}\n{title}\n{ignored}")
        };
        match out(&text) {
            Exit::Done if any_error(&problems) => Exit::Configuration,
            exit => exit,
        }
    }
}

/// What goes wrong when each event is told, once in each language in which it will be: broken templates, and
/// templates that name what is not there.
fn rendering(
    postings: &[Posting],
    reminders: &[Reminder],
    overrides: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let templates = match Templates::new(overrides.clone()) {
        Ok(templates) => templates,
        Err(problems) => return problems,
    };
    let by_id: BTreeMap<&str, &Posting> =
        postings.iter().map(|posting| (posting.id.as_str(), posting)).collect();
    let mut told = BTreeSet::new();
    let mut problems: Vec<Problem> = Vec::new();
    for reminder in reminders {
        if !told.insert((&reminder.posting, &reminder.event, reminder.language)) {
            continue;
        }
        let Some(posting) = by_id.get(reminder.posting.as_str()) else { continue };
        let Some(event) = posting.events.iter().find(|event| event.id == reminder.event) else { continue };
        let item = Item { posting, event, key: &reminder.key, due: reminder.due };
        let to = Addressee {
            name: reminder.reader.name.as_deref(),
            email: &reminder.reader.email,
            language: reminder.language,
            zone: reminder.reader.zone.map_or(posting.zone, |zone| zone.0),
        };
        if let Err(problem) = templates.render(&facts(&[item], &to, reminder.due))
            && !problems.contains(&problem)
        {
            problems.push(problem);
        }
    }
    problems
}

/// Password files that the daemon would refuse. Credentials and variables exist only where the daemon runs.
fn secrets(settings: &Settings, config: &Path) -> Vec<Problem> {
    let file = config.join("jalon.toml").display().to_string();
    let kept = settings.relays.iter().filter_map(|relay| relay.password.as_ref());
    let trouble = kept
        .filter(|secret| matches!(secret, Secret::File(_)))
        .filter_map(|secret| files::secret(secret, config).err());
    trouble
        .map(|error| Problem::error("unreadable-secret", &file, say(error.to_string(), error.to_string())))
        .collect()
}
