//! Pure. People, teams and addresses, and what a name in `recruiters`, `panel` or `to` stands for.
//!
//! One recipient is one: a person reached twice counts once, and a plain address that is a person's is that
//! person (addresses are compared in lower case).

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::days::Span;
use super::{Language, Zone};
use crate::diagnostic::nearest;

/// Somebody of `[people]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Person {
    /// The key in `[people]`, and the last part of reminders' keys.
    pub id: String,
    /// The name in mails.
    pub name: Option<String>,
    /// The address.
    pub email: String,
    /// The language of their mails, if it is not the posting's.
    pub language: Option<Language>,
    /// The zone in which their day begins, if it is not the posting's.
    pub zone: Option<Zone>,
    /// When digests are wanted: a cron line of five fields.
    pub digest: Option<String>,
    /// When they are away, first and last day included.
    pub away: Vec<Span>,
    /// The first day on which they are gone for good.
    pub leaves: Option<NaiveDate>,
    /// Who receives their mail meanwhile: a person's id.
    pub cover: Option<String>,
}

/// One who receives reminders: a person, or a plain address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recipient {
    /// The person's id, else the address in lower case.
    pub id: String,
    /// The name in mails.
    pub name: Option<String>,
    /// The address.
    pub email: String,
    /// Their own language.
    pub language: Option<Language>,
    /// Their own zone.
    pub zone: Option<ZoneName>,
}

/// A zone, ordered by its name so that recipients can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZoneName(pub Zone);

impl PartialOrd for ZoneName {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ZoneName {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.name().cmp(other.0.name())
    }
}

/// Everybody that jalon.toml names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Directory {
    /// People by id.
    pub people: BTreeMap<String, Person>,
    /// Teams by id: people, teams or addresses; never in a circle.
    pub teams: BTreeMap<String, Vec<String>>,
    /// When set, the only addresses that may be written to: `@domain` or whole addresses, lower case.
    pub allowed: Option<Vec<String>>,
}

/// Why a name stands for nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Neither a person nor a team; perhaps this one was meant.
    Name(Option<String>),
    /// It has an `@` and yet is no address.
    Address,
    /// An address (this one) that `recipients` in jalon.toml does not allow.
    Forbidden(String),
}

impl Directory {
    /// Adds to `found` whom a name stands for, each once.
    pub fn resolve(&self, name: &str, found: &mut Vec<Recipient>) -> Result<(), Unknown> {
        let recipient = if let Some(team) = self.teams.get(name) {
            return team.iter().try_for_each(|member| self.resolve(member, found));
        } else if let Some(person) = self.people.get(name) {
            Self::person(person)
        } else if name.contains('@') {
            if !is_address(name) {
                return Err(Unknown::Address);
            }
            let lower = name.to_lowercase();
            self.people.values().find(|person| person.email.to_lowercase() == lower).map_or_else(
                || Recipient { id: lower, name: None, email: name.to_owned(), language: None, zone: None },
                Self::person,
            )
        } else {
            let names = self.people.keys().chain(self.teams.keys()).map(String::as_str);
            return Err(Unknown::Name(nearest(name, names).map(str::to_owned)));
        };
        if !self.allows(&recipient.email) {
            return Err(Unknown::Forbidden(recipient.email));
        }
        if !found.iter().any(|known| known.id == recipient.id) {
            found.push(recipient);
        }
        Ok(())
    }

    fn person(person: &Person) -> Recipient {
        Recipient {
            id: person.id.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            language: person.language,
            zone: person.zone.map(ZoneName),
        }
    }

    /// Whether an address may be written to.
    #[must_use]
    pub fn allows(&self, email: &str) -> bool {
        let email = email.to_lowercase();
        self.allowed.as_ref().is_none_or(|allowed| {
            allowed.iter().any(|rule| {
                if rule.starts_with('@') { email.ends_with(rule.as_str()) } else { *rule == email }
            })
        })
    }
}

/// Whether a text is one plain address that can be written to (RFC 5321 §4.1.2 without quoted local parts
/// and address literals; RFC 6531 letters allowed).
#[must_use]
pub fn is_address(text: &str) -> bool {
    let options = email_address::Options::default().without_display_text().without_domain_literal();
    !text.contains('"')
        && !text.chars().any(crate::diagnostic::is_unsafe)
        && email_address::EmailAddress::parse_with_options(text, options).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let person = |id: &str, email: &str| Person {
            id: id.into(),
            name: None,
            email: email.into(),
            language: None,
            zone: None,
            digest: None,
            away: vec![],
            leaves: None,
            cover: None,
        };
        Directory {
            people: [person("camille", "Camille@example.org"), person("sacha", "sacha@example.org")]
                .map(|p| (p.id.clone(), p))
                .into(),
            teams: [(
                "rh".to_owned(),
                vec!["camille".to_owned(), "sacha".to_owned(), "a@example.org".to_owned()],
            )]
            .into(),
            allowed: None,
        }
    }

    #[test]
    fn a_person_reached_three_ways_is_one() {
        let mut found = vec![];
        for name in ["rh", "camille", "CAMILLE@example.org", "B@Example.org"] {
            directory().resolve(name, &mut found).unwrap();
        }
        let ids: Vec<_> = found.iter().map(|r| r.id.as_str()).collect();
        assert_eq!(ids, ["camille", "sacha", "a@example.org", "b@example.org"]);
    }

    #[test]
    fn an_unknown_name_proposes_the_nearest() {
        assert_eq!(directory().resolve("camile", &mut vec![]), Err(Unknown::Name(Some("camille".into()))));
        assert_eq!(directory().resolve("a@@b", &mut vec![]), Err(Unknown::Address));
    }

    #[test]
    fn the_allow_list_holds_for_people_too() {
        let directory = Directory { allowed: Some(vec!["@example.net".into()]), ..directory() };
        assert!(matches!(directory.resolve("camille", &mut vec![]), Err(Unknown::Forbidden(_))));
        assert!(directory.resolve("x@Example.net", &mut vec![]).is_ok());
    }

    #[test]
    fn addresses_are_plain() {
        for good in ["a@example.org", "jean.d'arc+x@ex-ample.org", "zoé@exemple.fr"] {
            assert!(is_address(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a@",
            "@b",
            "a b@c.org",
            "\"a b\"@c.org",
            "a@[127.0.0.1]",
            "A <a@b.org>",
            "a@b.org\r\nBcc: c@d.org",
        ] {
            assert!(!is_address(bad), "{bad}");
        }
    }
}
