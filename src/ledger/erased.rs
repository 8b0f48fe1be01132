//! Whom a ledger is to forget, what came of it, and what each of its columns becomes: the same in every store.

use std::collections::BTreeSet;

use crate::plan::pseudonym::Pseudonym;

/// Whom to forget.
#[derive(Clone, Debug, Default)]
pub struct Whom {
    /// Every id that they go by; a plain address is one.
    pub ids: BTreeSet<String>,
    /// Their addresses, in lower case.
    pub emails: BTreeSet<String>,
    /// Their names.
    pub names: BTreeSet<String>,
}

impl Whom {
    /// Whether a row is for them, is read by them, or goes to their address.
    #[must_use]
    pub fn is_of(&self, recipient: &str, reader: &str, email: &str) -> bool {
        self.ids.contains(recipient)
            || self.ids.contains(reader)
            || self.emails.contains(&email.to_lowercase())
    }

    /// What stands in their place.
    #[must_use]
    pub fn pseudonym(&self, word: &str) -> Pseudonym {
        Pseudonym::new(word, &self.ids, &self.emails, &self.names)
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erased {
    /// They are forgotten.
    Done {
        /// What stands in their place.
        word: String,
        /// How many entries were rewritten.
        entries: usize,
        /// Whether what the entries said before may still be in the store's files: somebody else was reading it.
        left: bool,
    },
    /// So many of their rows are leaving or wait for a decision: nothing was done.
    Open(usize),
}

/// What the text of a column becomes. `is_operators`: whether it is of a row to the operator, which speaks of people by id.
#[must_use]
pub fn rewritten(pseudonym: &Pseudonym, column: &str, is_operators: bool, old: &str) -> String {
    match column {
        "email" => pseudonym.text(&pseudonym.email(old)),
        "recipient" | "reader" | "id" | "holder" => pseudonym.text(&pseudonym.id(old)),
        "key" | "ended" => pseudonym.key(old),
        "said" | "entry" => pseudonym.json(old),
        "why" if is_operators => pseudonym.sentence(old),
        _ => pseudonym.text(old),
    }
}
