//! Pure. What was meant by a name: a posting by its id, its title, its file or a part of these; an event by its id, its
//! name or the word for its kind; a person by their id, their name, their address or a team of theirs.
//!
//! A name that fits one thing is understood. One that fits several, or none, is answered with what there is.

use std::collections::BTreeSet;

use crate::calendar::slug::slug;
use crate::calendar::{Directory, Event, Kind};
use crate::diagnostic::{Language, Words, nearest, say};
use crate::plan::words;

/// So many things are listed at most.
const LISTED: usize = 12;

/// Something that can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// What else it is called: a title, a name, a file.
    pub others: Vec<String>,
    /// How it is listed, besides its id.
    pub shown: String,
}

/// Who is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whom {
    /// As they are called.
    pub name: String,
    /// The ids of all of them.
    pub ids: BTreeSet<String>,
}

/// The words for a kind of event, as slugs.
fn kinds(word: &str) -> Option<Kind> {
    Some(match word {
        "cloture"
        | "cloture-des-candidatures"
        | "date-limite"
        | "candidature"
        | "candidatures"
        | "closing" => Kind::Deadline,
        "entretien" | "entretiens" | "interviews" => Kind::Interview,
        "debut" | "prise-de-poste" | "premier-jour" | "first-day" => Kind::Start,
        "fin" | "fin-de-contrat" | "fin-du-contrat" | "dernier-jour" | "last-day" => Kind::End,
        "etape" | "etapes" | "jalon" | "jalons" | "milestones" => Kind::Milestone,
        _ => return Kind::parse(word),
    })
}

/// An event as it can be asked about.
#[must_use]
pub fn event(event: &Event, zone: crate::calendar::Zone, language: Language) -> Named {
    let when = words::when(&event.when, event.label.as_deref(), zone, language);
    let name = event.name.clone();
    let shown = name.iter().chain([&when]).map(String::as_str).collect::<Vec<_>>().join(", ");
    let slug = event.id.split_once(':').map(|(_, slug)| slug.to_owned());
    Named { id: event.id.clone(), others: name.into_iter().chain(slug).collect(), shown }
}

/// What sort of thing a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// A posting.
    Posting,
    /// An event of this posting.
    Event(&'a str),
    /// A person or a team.
    Person,
}

/// Which of these a name means; else a sentence that says what there is.
pub fn which<'a>(name: &str, there: &'a [Named], what: What<'_>) -> Result<&'a Named, Words> {
    let found = candidates(name, there);
    match found[..] {
        [one] => Ok(one),
        [] => Err(unknown(name, there, what)),
        _ => Err(ambiguous(name, &found, what)),
    }
}

/// Those that a name fits: the first way in which it fits any.
fn candidates<'a>(name: &str, there: &'a [Named]) -> Vec<&'a Named> {
    let asked = slug(name).unwrap_or_default();
    let is = |text: &str| !asked.is_empty() && slug(text).as_deref() == Some(asked.as_str());
    let holds = |text: &str| slug(text).is_some_and(|text| asked.len() > 1 && has_words(&text, &asked));
    // A path means the file, wherever it is seen from.
    let file =
        name.rsplit('/').next().filter(|_| name.contains('/') || name.to_lowercase().contains(".toml"));
    let of_file = |other: &String| file.is_some_and(|file| other.rsplit('/').next() == Some(file));
    let kind = kinds(&asked);
    let of_kind = |id: &str| kind.is_some_and(|kind| id.split(':').next() == Some(kind.word()));
    let ways: [&dyn Fn(&Named) -> bool; 6] = [
        &|one| one.id == name,
        &|one| one.others.iter().any(of_file),
        &|one| is(&one.id),
        &|one| one.others.iter().any(|other| is(other)),
        &|one| of_kind(&one.id),
        &|one| holds(&one.id) || one.others.iter().any(|other| holds(other)),
    ];
    ways.iter()
        .map(|way| there.iter().filter(|one| way(one)).collect::<Vec<_>>())
        .find(|found| !found.is_empty())
        .unwrap_or_default()
}

/// Whether a slug holds another one, from the beginning of one of its words on.
fn has_words(slug: &str, part: &str) -> bool {
    slug.match_indices(part).any(|(at, _)| at == 0 || slug[..at].ends_with('-'))
}

fn ambiguous(name: &str, found: &[&Named], what: What<'_>) -> Words {
    let (fr, en) = match what {
        What::Posting => ("fiches".to_owned(), "postings".to_owned()),
        What::Event(id) => (format!("étapes de {id}"), format!("events of {id}")),
        What::Person => ("personnes".to_owned(), "people".to_owned()),
    };
    let listed = listed(found);
    say(
        format!("« {name} » peut désigner plusieurs {fr}\u{a0}:{listed}"),
        format!("\"{name}\" may mean several {en}:{listed}"),
    )
}

fn unknown(name: &str, there: &[Named], what: What<'_>) -> Words {
    let (mut fr, mut en) = match what {
        What::Posting => {
            (format!("aucune fiche ne s'appelle « {name} »"), format!("no posting is called \"{name}\""))
        }
        What::Event(id) => (
            format!("aucune étape de {id} ne s'appelle « {name} »"),
            format!("no event of {id} is called \"{name}\""),
        ),
        What::Person => {
            (format!("personne ne s'appelle « {name} » ici"), format!("nobody here is called \"{name}\""))
        }
    };
    if let Some(near) = nearest(name, there.iter().map(|one| one.id.as_str())) {
        fr += &format!("\u{a0}; vouliez-vous dire « {near} »\u{a0}?");
        en += &format!("; did you mean \"{near}\"?");
    } else if !there.is_empty() {
        fr += "\u{a0}; il y a";
        en += "; there is";
    }
    let listed = listed(&there.iter().collect::<Vec<_>>());
    say(fr + &listed, en + &listed)
}

/// A line each.
fn listed(list: &[&Named]) -> String {
    let mut text = String::new();
    for one in list.iter().take(LISTED) {
        let shown = if one.shown.is_empty() { String::new() } else { format!(" — {}", one.shown) };
        text.push_str(&format!("\n  {}{shown}", one.id));
    }
    if list.len() > LISTED {
        text.push_str(&format!("\n  … (+{})", list.len() - LISTED));
    }
    text
}

/// Who is meant by a name. `ids` and `addresses` (with their ids): everybody else who has to do with the posting.
pub fn whom(name: &str, directory: &Directory, others: &[(String, String)]) -> Result<Whom, Words> {
    let one = |id: &str| Whom { name: id.to_owned(), ids: BTreeSet::from([id.to_owned()]) };
    let lower = name.trim().to_lowercase();
    let people = directory.people.values().map(|person| (person.id.as_str(), person.email.as_str()));
    let others = others.iter().map(|(id, email)| (id.as_str(), email.as_str()));
    let all: Vec<(&str, &str)> = people.chain(others).collect();
    let reached: BTreeSet<String> = all
        .iter()
        .filter(|(id, email)| *id == name || email.to_lowercase() == lower)
        .map(|(id, _)| (*id).to_owned())
        .collect();
    if !reached.is_empty() {
        return Ok(Whom { name: name.to_owned(), ids: reached });
    }
    if let Some(team) = directory.teams.keys().find(|team| **team == name || **team == lower) {
        let mut found = Vec::new();
        // A member who may not be written to is nobody's recipient.
        let _ = directory.resolve(team, &mut found);
        return Ok(Whom { name: team.clone(), ids: found.into_iter().map(|one| one.id).collect() });
    }
    let ids: BTreeSet<&str> = all.iter().map(|(id, _)| *id).filter(|id| !id.contains('@')).collect();
    let named: Vec<Named> = ids
        .iter()
        .map(|id| {
            let person = directory.people.get(*id);
            let name = person.and_then(|person| person.name.clone());
            Named {
                id: (*id).to_owned(),
                shown: name.clone().unwrap_or_default(),
                others: name.into_iter().collect(),
            }
        })
        .collect();
    if name.contains('@') {
        // An address is right or wrong; another person's is nobody's business.
        let list: Vec<&Named> = named.iter().collect();
        let (fr, en) =
            (format!("personne n'a l'adresse {name} ici"), format!("nobody has the address {name} here"));
        let listed = listed(&list);
        return Err(say(format!("{fr}\u{a0}; il y a{listed}"), format!("{en}; there is{listed}")));
    }
    let teams = directory.teams.keys();
    let teams = teams.map(|id| Named { id: id.clone(), others: Vec::new(), shown: String::new() });
    let all: Vec<Named> = named.into_iter().chain(teams).collect();
    let found = which(name, &all, What::Person)?;
    if directory.teams.contains_key(&found.id) {
        return whom(&found.id, directory, &[]);
    }
    Ok(one(&found.id))
}
