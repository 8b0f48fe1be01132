//! Who is meant by an id, a name or an address, and which rows are theirs. Shared by the commands that take one.

use std::collections::BTreeSet;

use crate::calendar::{Directory, Person};
use crate::plan::pseudonym::Pseudonym;
use crate::plan::row::Row;
use crate::plan::told::Revision;

/// Somebody, by every id, address and name that they are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    /// Their ids: what was asked for, and the id of the person that it names.
    pub ids: BTreeSet<String>,
    /// Their addresses, in lower case.
    pub emails: BTreeSet<String>,
    /// Their names.
    pub names: BTreeSet<String>,
}

impl Who {
    /// Whoever `asked` names: among the people of jalon.toml, those that the ledger remembers (id and entry), and those
    /// who are only an address.
    #[must_use]
    pub fn named(asked: &str, directory: Option<&Directory>, remembered: &[(String, String)]) -> Self {
        let asked = asked.trim();
        let mut who = Self::default();
        if asked.contains('@') {
            who.emails.insert(asked.to_lowercase());
            who.ids.insert(asked.to_lowercase());
        } else {
            who.ids.insert(asked.to_owned());
        }
        let present = directory.into_iter().flat_map(|directory| directory.people.values().cloned());
        let gone = remembered.iter().filter_map(|(_, entry)| serde_json::from_str::<Person>(entry).ok());
        for person in present.chain(gone) {
            let same = |text: &str| text.to_lowercase() == asked.to_lowercase();
            if same(&person.id) || same(&person.email) || person.name.as_deref().is_some_and(same) {
                who.ids.insert(person.id);
                who.emails.insert(person.email.to_lowercase());
                who.names.extend(person.name);
            }
        }
        who
    }

    /// Adds what a ledger knows of them and jalon.toml does not any more: the addresses that they were written to by their
    /// id; of an address, the ids that read there, unless these are somebody's who is still there; their names in panels.
    pub fn learn(&mut self, rows: &[Row], revisions: &[Revision], directory: Option<&Directory>) {
        let is_there = |id: &str| directory.is_some_and(|directory| directory.people.contains_key(id));
        let asked = self.clone();
        for row in rows {
            if asked.ids.contains(&row.reader) {
                self.emails.insert(row.email.to_lowercase());
            }
            if asked.emails.contains(&row.email.to_lowercase())
                && asked.ids.iter().any(|id| id.contains('@'))
                && !is_there(&row.reader)
            {
                self.ids.insert(row.reader.clone());
            }
        }
        let said = revisions.iter().filter_map(Revision::said);
        let members = said.flat_map(|said| said.panel).filter(|member| self.ids.contains(&member.id));
        let shown = members.map(|member| member.shown).filter(|shown| !shown.contains('@'));
        let shown: Vec<String> = shown.collect();
        self.names.extend(shown);
    }

    /// Whether a row is for them: they are its recipient, whoever reads it.
    #[must_use]
    pub fn is_recipient_of(&self, row: &Row) -> bool {
        let id = row.key.recipient();
        self.ids.contains(id) || self.emails.contains(id)
    }

    /// Whether anything in a row is about them: it is for them, they read or read it for somebody else, it went to
    /// their address, or its words name it.
    #[must_use]
    pub fn is_in(&self, row: &Row) -> bool {
        self.is_recipient_of(row)
            || self.ids.contains(&row.reader)
            || self.emails.contains(&row.email.to_lowercase())
            || [Some(row.why.as_str()), row.reply.as_deref(), Some(row.key.as_str())]
                .into_iter()
                .flatten()
                .any(|words| self.is_named_in(words))
    }

    /// Whether a text holds one of their addresses or whole names, or one of their ids between quotes or brackets.
    #[must_use]
    pub fn is_named_in(&self, text: &str) -> bool {
        let pseudonym = Pseudonym::new("~", &self.ids, &self.emails, &self.names);
        pseudonym.is_in(text) || pseudonym.json(text) != text
    }
}
