//! `jalon diff`: what the files would change in the plan, before they do.

pub mod foresee;
pub mod shown;

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Context, Exit, Format, Listing, fail, ledger_exit, ledger_path, out, report};
use crate::daemon::planner::Memory;
use crate::diagnostic::{Language, any_error, say};
use crate::files::{self, Loaded};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger as _, LedgerError};
use crate::plan::told::Told;

/// What the files would change in the plan, before they do
#[derive(Debug, Args)]
pub struct Diff {
    /// Compare with this configuration folder, and with no ledger
    #[arg(long, value_name = "DIR", conflicts_with = "ledger")]
    base: Option<PathBuf>,
    /// End with 1 when anything would change
    #[arg(long)]
    exit_code: bool,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

impl Diff {
    /// Runs the command. It reads beside a running daemon, and changes nothing.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        report(&loaded.problems, false, language);
        let broken = any_error(&loaded.problems);
        if loaded.settings.is_none() || !loaded.postings_readable {
            return Exit::Configuration;
        }
        let now = context.clock.now();
        let (memory, told) = match &self.base {
            Some(base) => match from_folder(base, now, language) {
                Ok(memory) => (memory, Vec::new()),
                Err(exit) => return exit,
            },
            None => match self.remembered(&loaded) {
                Ok(found) => found,
                Err(error) => return ledger_exit(&error, language),
            },
        };
        let Some(foreseen) = foresee::foresee(&context.config, loaded, memory, told, now) else {
            return Exit::Configuration;
        };
        let text = match self.listing.format {
            Format::Json => shown::json(&foreseen.lines),
            Format::Table => Some(shown::people(&foreseen, now, language)),
        };
        let Some(text) = text else { return fail(Exit::Failed, language, &say("JSON", "JSON")) };
        match out(&text) {
            Exit::Done if broken => Exit::Configuration,
            Exit::Done if self.exit_code && !foreseen.lines.is_empty() => Exit::Failed,
            exit => exit,
        }
    }

    fn remembered(&self, loaded: &Loaded) -> Result<(Memory, Vec<Told>), LedgerError> {
        let path = ledger_path(self.ledger.as_deref(), loaded.settings.as_ref())?;
        let ledger = SqliteLedger::read(&path)?;
        super::wait(async { Ok((Memory::of(&ledger).await?, ledger.told().await?)) })
    }
}

/// What the daemon would know if it had gone by another folder. What is wrong there is nobody's business now.
fn from_folder(base: &Path, now: chrono::DateTime<chrono::Utc>, language: Language) -> Result<Memory, Exit> {
    let loaded = files::load(base);
    if loaded.settings.is_none() {
        report(&loaded.problems, false, language);
        return Err(Exit::Configuration);
    }
    foresee::as_if(base, loaded, now).ok_or(Exit::Configuration)
}
