//! `jalon backup`: a copy of the ledger, also while a daemon holds it.

use std::path::PathBuf;

use clap::Args;

use super::{Context, Exit, fail, ledger_exit, ledger_path, of_ledger, out, report};
use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, say};
use crate::files;
use crate::ledger::sqlite::copy::{Described, copy};
use crate::ledger::{CopyError, Stamp};
use crate::plan::words;

/// Copy the ledger into a file, also while the daemon runs
#[derive(Debug, Args)]
pub struct Backup {
    /// Where to; nothing may be there yet
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

impl Backup {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        // With --ledger the configuration is not needed, and may be broken or far away.
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        if self.ledger.is_none() && loaded.settings.is_none() {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        }
        let path = match ledger_path(self.ledger.as_deref(), loaded.settings.as_ref(), &context.config) {
            Ok(path) => path,
            Err(error) => return ledger_exit(&error, language),
        };
        let zone = loaded.settings.map_or(Zone::UTC, |settings| settings.house.zone);
        match copy(&path, &self.file) {
            Ok(copied) => out(&format!("{}\n", self.told(&copied, zone, language).say(language))),
            Err(error) => copy_exit(&error, language),
        }
    }

    fn told(&self, copied: &Described, zone: Zone, language: Language) -> Words {
        let file = self.file.display();
        let Described { rows, stamp, .. } = copied;
        let (horloge, clock) = match stamp {
            Stamp::Real => ("", ""),
            Stamp::Pretended => (", horloge simulée", ", pretended clock"),
        };
        let last = copied.last_round.map(|last| words::moment(last, zone, language)).unwrap_or_default();
        say(
            format!(
                "Le registre est copié dans {file} et la copie est vérifiée\u{a0}: lignes\u{a0}: {rows}, dernier tour\u{a0}: {last}{horloge}. Elle contient des adresses\u{a0}: gardez-la à l'abri."
            ),
            format!(
                "The ledger is copied to {file}, and the copy is checked: rows: {rows}, last round: {last}{clock}. It holds addresses: keep it safe."
            ),
        )
    }
}

/// Says why there is no copy, and how the command ends.
pub(super) fn copy_exit(error: &CopyError, language: Language) -> Exit {
    let (exit, words) = of_copy(error);
    fail(exit, language, &words)
}

/// Why there is no copy, and how a command ends.
fn of_copy(error: &CopyError) -> (Exit, Words) {
    let en = error.to_string();
    let words = match error {
        CopyError::Ledger(error) => return of_ledger(error),
        CopyError::Exists { path } => say(
            format!(
                "{} existe déjà, et jalon n'écrase aucune copie\u{a0}: choisissez un autre nom",
                path.display()
            ),
            format!("{en}, and jalon writes over no copy: choose another name"),
        ),
        CopyError::Unwritable { path, source } => say(
            format!(
                "{} ne peut pas être écrit ({source})\u{a0}: vérifiez le dossier, ses droits et la place libre",
                path.display()
            ),
            format!("{en}: check the folder, its permissions and the room that is left"),
        ),
        CopyError::Unsound { path, what } => say(
            format!("la copie {} n'est pas saine, elle est supprimée\u{a0}: {what}", path.display()),
            format!("{en}; it is removed"),
        ),
    };
    (Exit::Failed, words)
}
