//! `jalon check`: everything read as the daemon reads it; every problem, every warning.

use clap::Args;

use super::{Context, Exit, out, report};
use crate::diagnostic::{Language, any_error};
use crate::files;
use crate::plan;

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
        let planned = plan::lay::lay(&loaded.folder.postings, &settings.rules, settings.delivery.late_limit);
        problems.extend(planned.warnings);
        report(&problems, true, language);
        let (postings, reminders, files) =
            (loaded.folder.postings.len(), planned.reminders.len(), loaded.texts.len());
        let ignored = loaded.ignored.iter().map(|file| format!("  {file}\n")).collect::<String>();
        let text = match language {
            Language::French => {
                let ignored =
                    if ignored.is_empty() { ignored } else { format!("ignorés\u{a0}:\n{ignored}") };
                format!("{postings} fiches lues sur {files}, {reminders} rappels\n{ignored}")
            }
            Language::English => {
                let ignored = if ignored.is_empty() { ignored } else { format!("ignored:\n{ignored}") };
                format!("{postings} of {files} postings read, {reminders} reminders\n{ignored}")
            }
        };
        match out(&text) {
            Exit::Done if any_error(&problems) => Exit::Configuration,
            exit => exit,
        }
    }
}
