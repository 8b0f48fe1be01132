//! `jalon check`: everything read as the daemon reads it; every problem, every warning.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use serde::Serialize;

use super::ways::{no_heartbeat, troubles};
use super::{Context, Exit, Format, Listing, out, report};
use crate::calendar::read::Text;
use crate::diagnostic::{Language, Problem, Severity, any_error, printable};
use crate::files::{self, Loaded};
use crate::message::trial;
use crate::plan;
use crate::plan::Plan;
use crate::plan::oddities::{self, Seen};
use crate::settings::Settings;

/// Read everything as the daemon would, and say what is wrong or odd
#[derive(Debug, Args)]
pub struct Check {
    /// jalon runs elsewhere: do not look for the files that hold passwords and certificate authorities
    #[arg(long)]
    elsewhere: bool,
    #[command(flatten)]
    listing: Listing,
}

/// A problem as `--format json` shows it.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    width: Option<usize>,
    severity: &'static str,
    code: &'static str,
    sentence: &'a str,
    remedy: Option<&'a str>,
}

impl Check {
    /// Runs the command: 78 if there is any error.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let mut loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let (problems, reminders) = all_problems(context, &mut loaded, self.elsewhere);
        let text = match self.listing.format {
            Format::Json => json(&problems, language),
            Format::Table => {
                report(&problems, true, language);
                loaded.settings.as_ref().map(|_| summary(&loaded, reminders, language))
            }
        };
        match text.map_or(Exit::Done, |text| out(&text)) {
            Exit::Done if any_error(&problems) => Exit::Configuration,
            exit => exit,
        }
    }
}

/// Every problem and warning of what was loaded, and how many reminders it plans.
pub(super) fn all_problems(context: &Context, loaded: &mut Loaded, elsewhere: bool) -> (Vec<Problem>, usize) {
    let mut problems = std::mem::take(&mut loaded.problems);
    let Some(settings) = &loaded.settings else { return (problems, 0) };
    let planned = oddities::plan(&loaded.folder.postings, settings);
    problems.extend(thought(context, loaded, settings, &planned));
    let tried = trial(&loaded.folder.postings, &planned.reminders, &loaded.templates);
    problems.extend(files::with_paths(tried, loaded, &context.config));
    let troubles = troubles(settings, &context.config, elsewhere).into_iter();
    problems.extend(troubles.map(|trouble| trouble.problem(&context.config, &loaded.text)));
    let heartbeat = no_heartbeat(settings, &context.config, &loaded.text);
    problems.extend(heartbeat.filter(|_| !elsewhere));
    (problems, planned.reminders.len())
}

/// The warnings about files that are good, and the lines that they are about.
pub(super) fn thought(
    context: &Context,
    loaded: &Loaded,
    settings: &Settings,
    planned: &Plan,
) -> Vec<Problem> {
    let postings = &loaded.folder.postings;
    let jalon_toml = context.config.join("jalon.toml").display().to_string();
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for Text { file, contents, .. } in &loaded.texts {
        texts.extend(contents.as_deref().ok().map(|contents| (file.as_str(), contents)));
    }
    texts.insert(&jalon_toml, &loaded.text);
    let now = context.clock.now();
    let seen = Seen {
        postings,
        reminders: &planned.reminders,
        settings,
        jalon_toml: &jalon_toml,
        texts: &texts,
        machine: files::machine_zone(),
        now,
    };
    let absences = plan::absence::warnings(postings, &planned.reminders, &settings.house.directory, now);
    let found = planned.warnings.iter().cloned().chain(absences).chain(oddities::warnings(&seen));
    found
        .map(|problem| match texts.get(problem.file.as_str()) {
            Some(text) => problem.in_its_text(text),
            None => problem,
        })
        .collect()
}

fn json(problems: &[Problem], language: Language) -> Option<String> {
    let rows: Vec<Row<'_>> = problems
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref();
            Row {
                file: &problem.file,
                line: place.map(|place| place.line),
                column: place.map(|place| place.column),
                width: place.map(|place| place.width),
                severity: match problem.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                },
                code: problem.code,
                sentence: problem.sentence.say(language),
                remedy: problem.remedy.as_ref().map(|remedy| remedy.say(language)),
            }
        })
        .collect();
    serde_json::to_string_pretty(&rows).ok().map(|text| text + "\n")
}

/// How much was read, and what was passed over.
fn summary(loaded: &Loaded, reminders: usize, language: Language) -> String {
    let (postings, files) = (loaded.folder.postings.len(), loaded.texts.len());
    let plural = |count: usize| if count > 1 { "s" } else { "" };
    let (p, r) = (plural(postings), plural(reminders));
    let (summary, title, folder) = match language {
        Language::French => (
            format!("{postings} fiche{p} lue{p} sur {files}, {reminders} rappel{r}"),
            "ignorés\u{a0}:",
            " (un dossier)",
        ),
        Language::English => (
            format!("{postings} of {files} postings read, {reminders} reminder{r}"),
            "ignored:",
            " (a folder)",
        ),
    };
    let line = |file: &String| {
        let is_folder =
            Path::new(file).extension().is_some_and(|ending| ending == "toml") && Path::new(file).is_dir();
        format!("  {}{}\n", printable(file), if is_folder { folder } else { "" })
    };
    let ignored: String = loaded.ignored.iter().map(line).collect();
    if ignored.is_empty() { format!("{summary}\n") } else { format!("{summary}\n{title}\n{ignored}") }
}
