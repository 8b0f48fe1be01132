//! What commands go by that only read: the files; and where jalon.toml cannot be used, the copy of its last good
//! version, on which the daemon goes on too.

use std::path::Path;

use super::{err, run};
use crate::diagnostic::{Language, Problem, Severity, say};
use crate::files::kept::Kept;
use crate::files::{self, Loaded};

/// What is in force, as a daemon that starts now would have it.
#[derive(Debug)]
pub struct InForce {
    /// The files; by the copy of jalon.toml where its own text cannot be used and there is one.
    pub loaded: Loaded,
    /// What is wrong with jalon.toml, where its copy is used.
    pub refused: Vec<Problem>,
}

/// Reads a configuration folder. Copies are looked for beside the ledger that is asked for, and in the state folder.
#[must_use]
pub fn load(config: &Path, ledger: Option<&str>) -> InForce {
    let loaded = files::load(config);
    if loaded.settings.is_some() {
        return InForce { loaded, refused: Vec::new() };
    }
    let places = [run::kept_folder(ledger, config), run::kept_folder(None, config)];
    let copy = places.iter().find_map(|folder| files::load_by(config, &Kept::read(folder, config)?));
    let Some(copy) = copy else { return InForce { loaded, refused: Vec::new() } };
    let jalon_toml = config.join("jalon.toml").display().to_string();
    let wrong = |problem: &Problem| problem.file == jalon_toml && problem.severity == Severity::Error;
    InForce { refused: loaded.problems.into_iter().filter(wrong).collect(), loaded: copy }
}

impl InForce {
    /// Says in one line that jalon.toml is wrong and what is used instead, if that is so.
    pub fn warn(&self, language: Language) {
        let Some(first) = self.refused.first() else { return };
        let line = first.place.as_ref().map(|place| place.line.to_string());
        let (ligne, line) =
            line.map_or_else(Default::default, |n| (format!(", ligne {n}"), format!(", line {n}")));
        let file = &first.file;
        let words = say(
            format!(
                "{file}{ligne}\u{a0}: {}. Sa dernière version correcte est suivie ici, comme par le service\u{a0}; jalon check dit tout.",
                first.sentence.fr
            ),
            format!(
                "{file}{line}: {}. Its last good version is followed here, as by the service; jalon check tells all.",
                first.sentence.en
            ),
        );
        err(&format!("{}\n", crate::diagnostic::printable(words.say(language))));
    }
}
