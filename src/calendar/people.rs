//! Pure. People, teams and addresses, and what a name in `recruiters`, `panel` or `to` stands for.
//!
//! One recipient is one: a person reached twice counts once, and a plain address that is a person's is that
//! person (addresses are compared in lower case).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::days::Span;
use super::slug::slug;
use super::{Language, Recurrence, Zone};
use crate::diagnostic::{Problem, nearest, say};

/// Somebody of `[people]`; stored as they are, so that whoever leaves the file is not forgotten.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// The key in `[people]`, and the last part of reminders' keys.
    pub id: String,
    /// The name in mails.
    pub name: Option<String>,
    /// The address.
    pub email: String,
    /// The language of their mails, if it is not the posting's.
    #[serde(default, with = "by_code")]
    pub language: Option<Language>,
    /// The zone in which their day begins, if it is not the posting's.
    pub zone: Option<Zone>,
    /// When digests are wanted.
    pub digest: Option<Recurrence>,
    /// What their digests are about.
    #[serde(default)]
    pub digest_of: DigestOf,
    /// Whether a digest comes also when there is nothing in it.
    #[serde(default)]
    pub digest_always: bool,
    /// When they are away, first and last day included.
    #[serde(default)]
    pub away: Vec<Span>,
    /// The first day on which they are gone for good.
    pub leaves: Option<NaiveDate>,
    /// Who receives their mail meanwhile: a person's id.
    pub cover: Option<String>,
}

/// What a digest is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DigestOf {
    /// The postings of which they are reminded.
    #[default]
    Own,
    /// All postings.
    All,
}

/// A language, stored by its code.
mod by_code {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer};

    use super::Language;

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(language: &Option<Language>, to: S) -> Result<S::Ok, S::Error> {
        language.as_ref().map(Language::code).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Language>, D::Error> {
        let Some(code) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let known = Language::parse(&code);
        known.map(Some).ok_or_else(|| D::Error::custom(format!("there is no language {code}")))
    }
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

impl From<&Person> for Recipient {
    fn from(person: &Person) -> Self {
        Self {
            id: person.id.clone(),
            name: person.name.clone(),
            email: person.email.clone(),
            language: person.language,
            zone: person.zone.map(ZoneName),
        }
    }
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
    /// Names of a file that is refused for them: nothing is said of whoever uses them.
    pub doubtful: BTreeSet<String>,
    /// Whether such a file lacks a name that nobody can guess: nothing is said of names that are not known.
    pub torn: bool,
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
        let recipient = if self.doubtful.contains(name) {
            return Ok(());
        } else if let Some(team) = self.teams.get(name) {
            return team.iter().try_for_each(|member| self.resolve(member, found));
        } else if let Some(person) = self.people.get(name) {
            Recipient::from(person)
        } else if name.contains('@') {
            if !is_address(name) {
                return Err(Unknown::Address);
            }
            let lower = name.to_lowercase();
            self.people.values().find(|person| person.email.to_lowercase() == lower).map_or_else(
                || Recipient { id: lower, name: None, email: name.to_owned(), language: None, zone: None },
                Recipient::from,
            )
        } else if self.torn {
            return Ok(());
        } else {
            return Err(Unknown::Name(self.meant(name).map(str::to_owned)));
        };
        if !self.allows(&recipient.email) {
            return Err(Unknown::Forbidden(recipient.email));
        }
        if !found.iter().any(|known| known.id == recipient.id) {
            found.push(recipient);
        }
        Ok(())
    }

    /// The person or team that a name was probably meant to be: written as people write it (« Camille Exemple »),
    /// whatever its case, its accents and its blanks; else the nearest id or name. `None` where two are called so.
    #[must_use]
    pub fn meant(&self, name: &str) -> Option<&str> {
        let wanted = slug(name);
        let called = self.called();
        let mut same: Vec<&str> = called
            .iter()
            .filter(|(text, _)| wanted.is_some() && slug(text) == wanted)
            .map(|(_, id)| *id)
            .collect();
        same.dedup();
        match same[..] {
            [] => {
                let near = nearest(name, called.iter().map(|(text, _)| *text))?;
                called.iter().find(|(text, _)| *text == near).map(|(_, id)| *id)
            }
            [one] => Some(one),
            _ => None,
        }
    }

    /// Ids, and the names that people have; each with the id.
    fn called(&self) -> Vec<(&str, &str)> {
        let people = self.people.values().flat_map(|person| {
            let id = person.id.as_str();
            [Some((id, id)), person.name.as_deref().map(|name| (name, id))].into_iter().flatten()
        });
        people.chain(self.teams.keys().map(|id| (id.as_str(), id.as_str()))).collect()
    }

    /// Brings back people who are no longer here, as they were last known, and says whom: their id is nobody's now,
    /// neither a person's nor a team's, and nobody who is here has their address.
    pub fn recall(&mut self, remembered: BTreeMap<String, Person>) -> BTreeSet<String> {
        let here: BTreeSet<String> = self.people.values().map(|person| person.email.to_lowercase()).collect();
        let gone = |id: &String, person: &Person| {
            let taken = self.people.contains_key(id) || self.teams.contains_key(id);
            !taken && !here.contains(&person.email.to_lowercase())
        };
        let back: BTreeMap<_, _> = remembered.into_iter().filter(|(id, person)| gone(id, person)).collect();
        let whom = back.keys().cloned().collect();
        self.people.extend(back);
        whom
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

/// What is wrong when somebody left jalon.toml (`file`) while postings (their files) still name them. The daemon
/// goes on with their last entry; people are told until the file says whether they left.
#[must_use]
pub fn removed(file: &str, id: &str, postings: &[&str], today: NaiveDate) -> Problem {
    let files = postings.join(", ");
    let (fr, en) = if postings.len() > 1 { ("nomment", "name") } else { ("nomme", "names") };
    Problem::error(
        "removed-person",
        file,
        say(
            format!(
                "« {id} » n'est plus dans jalon.toml, mais {files} {fr} encore cette personne\u{a0}: sa dernière entrée connue reste en vigueur"
            ),
            format!(
                "\"{id}\" is no longer in jalon.toml, but {files} still {en} this person: their last known entry stays in force"
            ),
        ),
    )
    .remedy(say(
        format!(
            "si la personne est partie, remettez son entrée avec leaves = {today}\u{a0}; sinon retirez son nom de {files}"
        ),
        format!("if they left, put their entry back with leaves = {today}; otherwise take their name out of {files}"),
    ))
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
        let person =
            |id: &str, email: &str| Person { id: id.into(), email: email.into(), ..Person::default() };
        Directory {
            people: [person("camille", "Camille@example.org"), person("sacha", "sacha@example.org")]
                .map(|p| (p.id.clone(), p))
                .into(),
            teams: [(
                "rh".to_owned(),
                vec!["camille".to_owned(), "sacha".to_owned(), "a@example.org".to_owned()],
            )]
            .into(),
            ..Directory::default()
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
        let mut directory = directory();
        for (id, name) in [("camille", "Camille Exemple"), ("sacha", "Zoé  d'Ys")] {
            directory.people.get_mut(id).unwrap().name = Some(name.into());
        }
        for (written, meant) in [
            ("Camille Exemple", Some("camille")),
            ("camille\u{a0}EXEMPLE ", Some("camille")),
            ("Camille Exempel", Some("camille")),
            ("zoe d’ys", Some("sacha")),
            ("RH", Some("rh")),
            ("Béatrice Martin", None),
            ("日本", None),
        ] {
            assert_eq!(directory.meant(written), meant, "{written}");
        }
        directory.people.get_mut("sacha").unwrap().name = Some("Camille Exemple".into());
        assert_eq!(directory.meant("Camille exemple"), None, "which one?");
        assert_eq!(directory.resolve("a@@b", &mut vec![]), Err(Unknown::Address));
    }

    #[test]
    fn the_allow_list_holds_for_people_too() {
        let directory = Directory { allowed: Some(vec!["@example.net".into()]), ..directory() };
        assert!(matches!(directory.resolve("camille", &mut vec![]), Err(Unknown::Forbidden(_))));
        assert!(directory.resolve("x@Example.net", &mut vec![]).is_ok());
    }

    #[test]
    fn only_who_is_gone_is_recalled() {
        let person =
            |id: &str, email: &str| Person { id: id.into(), email: email.into(), ..Person::default() };
        let remembered = [
            person("camille", "old@example.org"), // still here, with another address
            person("rh", "rh@example.org"),       // the id is a team's now
            person("cam", "CAMILLE@example.org"), // renamed: the address is somebody's
            person("lou", "lou@example.org"),
            person("loulou", "lou@example.org"),
        ];
        let remembered = remembered.map(|person| (person.id.clone(), person)).into();
        let mut directory = directory();
        let before = directory.clone();
        assert_eq!(directory.recall(remembered), ["lou".to_owned(), "loulou".to_owned()].into());
        assert_eq!(directory.people.len(), before.people.len() + 2);
        assert_eq!(directory.people["camille"], before.people["camille"]);
        let mut found = vec![];
        directory.resolve("lou", &mut found).unwrap();
        assert_eq!(found[0].email, "lou@example.org");
    }

    #[test]
    fn whoever_was_removed_is_told_with_the_day_to_write() {
        let day = NaiveDate::from_ymd_opt(2026, 7, 2).unwrap();
        let one = removed("jalon.toml", "sacha", &["villages.toml"], day);
        assert_eq!((one.code, one.severity), ("removed-person", crate::diagnostic::Severity::Error));
        assert_eq!(
            one.sentence.fr,
            "« sacha » n'est plus dans jalon.toml, mais villages.toml nomme encore cette personne\u{a0}: sa dernière entrée connue reste en vigueur"
        );
        let remedy = one.remedy.unwrap();
        assert_eq!(
            remedy.fr,
            "si la personne est partie, remettez son entrée avec leaves = 2026-07-02\u{a0}; sinon retirez son nom de villages.toml"
        );
        let two = removed("jalon.toml", "sacha", &["a.toml", "b.toml"], day);
        assert!(two.sentence.fr.contains("a.toml, b.toml nomment encore"), "{two:?}");
    }

    #[test]
    fn a_person_is_stored_and_read_back() {
        let whole = Person {
            id: "lou".into(),
            name: Some("Lou".into()),
            email: "lou@example.org".into(),
            language: Some(Language::English),
            zone: Zone::parse("Indian/Reunion"),
            digest: Recurrence::parse("0 8 * * Mon").ok(),
            digest_of: DigestOf::All,
            digest_always: true,
            away: vec![(NaiveDate::MIN, NaiveDate::MAX)],
            leaves: NaiveDate::from_ymd_opt(2026, 9, 1),
            cover: Some("camille".into()),
        };
        for person in [whole, Person::default()] {
            let text = serde_json::to_string(&person).unwrap();
            assert_eq!(serde_json::from_str::<Person>(&text).unwrap(), person, "{text}");
        }
        let short = serde_json::from_str::<Person>("{\"id\":\"a\",\"email\":\"a@example.org\"}").unwrap();
        assert_eq!(short, Person { id: "a".into(), email: "a@example.org".into(), ..Person::default() });
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
