//! `jalon diff`: what the files would change in the plan, before they do.

pub mod folder;
pub mod shown;

use std::path::{Path, PathBuf};

use clap::Args;

use super::{Context, Exit, Format, Listing, fail, in_force, ledger_exit, ledger_place, now_of, out, report};
use crate::clock::Clock;
use crate::daemon::foreseen::Foreseen;
use crate::daemon::planner::Planner;
use crate::diagnostic::{Language, any_error, say};
use crate::files::{self, Loaded};
use crate::ledger::LedgerError;
use crate::ledger::store::Store;

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
        let in_force = in_force::load(&context.config, self.ledger.as_deref());
        let language = context.speak(&in_force.loaded);
        in_force.warn(language);
        let broken = !in_force.refused.is_empty() || any_error(&in_force.loaded.problems);
        let loaded = in_force.loaded;
        report(&loaded.problems, false, language);
        if loaded.settings.is_none() || !loaded.postings_readable {
            return Exit::Configuration;
        }
        let foreseen = match &self.base {
            Some(base) => from_folder(base, loaded, context, language),
            None => self.on_ledger(loaded, context, language).map_err(|error| ledger_exit(&error, language)),
        };
        let foreseen = match foreseen {
            Ok(Some(foreseen)) => foreseen,
            Ok(None) => return Exit::Configuration,
            Err(exit) => return exit,
        };
        let text = match self.listing.format {
            Format::Json => shown::json(&foreseen.lines),
            Format::Table => Some(shown::people(&foreseen, language)),
        };
        let Some(text) = text else { return fail(Exit::Failed, language, &say("JSON", "JSON")) };
        match out(&text) {
            Exit::Done if broken => Exit::Configuration,
            Exit::Done if self.exit_code && !foreseen.lines.is_empty() => Exit::Failed,
            exit => exit,
        }
    }

    fn on_ledger(
        &self,
        loaded: Loaded,
        context: &Context,
        language: Language,
    ) -> Result<Option<Foreseen>, LedgerError> {
        let path = ledger_place(self.ledger.as_deref(), loaded.settings.as_ref(), &context.config)?;
        let ledger = Store::read(&path)?;
        super::wait(async {
            let now = now_of(&ledger, context, loaded.settings.as_ref(), language).await?;
            let planner = Planner::new(ledger, Clock::jumping(now), context.config.clone(), loaded);
            Ok(planner.look_ahead().await?.map(|(_, foreseen)| foreseen))
        })
    }
}

/// As if the daemon had gone by another folder. What is wrong there is nobody's business now.
fn from_folder(
    base: &Path,
    loaded: Loaded,
    context: &Context,
    language: Language,
) -> Result<Option<Foreseen>, Exit> {
    let former = files::load(base);
    if former.settings.is_none() {
        report(&former.problems, false, language);
        return Err(Exit::Configuration);
    }
    Ok(folder::foresee((&context.config, loaded), (base, former), context.clock.now()))
}
