//! `jalon schema`: what an editor needs to know of the files, so that it proposes keys, explains them, and underlines
//! slips while people type.
//!
//! JSON Schema draft-07, as taplo (Even Better TOML) reads it. The readers of `calendar` and `settings` rule;
//! `tests/schema.rs` asks them for every key and every word that they know, and holds this to it, both ways.

mod posting;
mod settings;
mod shape;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::{Context, Exit, out};
use crate::diagnostic::Language;
use crate::files;

/// Print a JSON Schema of the files, for editors
#[derive(Debug, Args)]
pub struct Schema {
    /// Of which file
    #[arg(value_enum)]
    of: Of,
}

/// The kinds of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Of {
    /// A posting: config/postings/*.toml
    Posting,
    /// The service: config/jalon.toml
    Settings,
}

impl Schema {
    /// Runs the command. jalon.toml is read for its language only, and need not be there.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let language = context.language.unwrap_or_else(|| context.speak(&files::load(&context.config)));
        out(&text(self.of, language))
    }
}

/// The schema of a kind of file, with its descriptions in one language.
#[must_use]
pub fn schema(of: Of, language: Language) -> Value {
    match of {
        Of::Posting => posting::schema(language),
        Of::Settings => settings::schema(language),
    }
}

/// The same as it is printed and shipped.
#[must_use]
pub fn text(of: Of, language: Language) -> String {
    format!("{:#}\n", schema(of, language))
}
