//! Pure. `[people]` and `[teams]`.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use crate::calendar::people::{DigestOf, Person};
use crate::calendar::read::{address, forbidden, language, resolve, spans, zone};
use crate::calendar::recurrence::{Recurrence, Unfit};
use crate::calendar::slug::{is_id, propose};
use crate::calendar::value::text;
use crate::calendar::walk::{At, Source, Table};
use crate::calendar::{Directory, House, WorkingDays, Zone};
use crate::diagnostic::{Language, nearest, say};

/// The people and teams of jalon.toml; `allowed` is what `[mail] recipients` says.
pub(super) fn directory(table: &Table<'_, '_>, allowed: Option<Vec<String>>) -> Directory {
    let source = table.source;
    let mut directory = Directory { allowed, ..Directory::default() };
    if let Some(people) = table.table("people") {
        for (id, value) in people.entries() {
            let Some(inner) = people.as_table(&format!("people.{}", id.get_ref()), value) else { continue };
            let person = person(&inner, &id);
            inner.finish();
            if !name_is_free(source, &id, &directory) {
                continue;
            }
            let person = person.unwrap_or_else(|| nobody(id.get_ref()));
            if person.email.ends_with(NOBODY) {
                // The file is refused for that entry, and not for an address that nobody wrote.
                directory.allowed.iter_mut().for_each(|allowed| allowed.push(person.email.clone()));
            }
            one_mailbox_each(source, &id, &person, &directory);
            directory.people.insert(id.into_inner(), person);
        }
    }
    covers(table, &directory);
    let mut members: BTreeMap<String, Vec<At<String>>> = BTreeMap::new();
    if let Some(teams) = table.table("teams") {
        for (id, value) in teams.entries() {
            let Some(list) = value.get_ref().as_array() else {
                source.wrong_type(value, id.get_ref(), &say("une liste de personnes", "a list of people"));
                continue;
            };
            let names: Vec<_> = list.iter().filter_map(|value| text(source, id.get_ref(), value)).collect();
            if name_is_free(source, &id, &directory) {
                directory
                    .teams
                    .insert(id.get_ref().clone(), names.iter().map(|name| name.get_ref().clone()).collect());
                members.insert(id.into_inner(), names);
            }
        }
    }
    whole_teams(source, &mut directory, &members);
    directory
}

/// Stands for a person whose entry is wrong, in a file that is refused for it: so that whoever names them is not
/// told that they do not exist.
fn nobody(id: &str) -> Person {
    Person { id: id.to_owned(), email: format!("{id}{NOBODY}"), ..Person::default() }
}

const NOBODY: &str = "@nobody.invalid";

/// Words that mean somebody else in `to`.
const RESERVED: [&str; 2] = ["recruiters", "panel"];

fn name_is_free(source: &Source<'_>, id: &At<String>, directory: &Directory) -> bool {
    let name = id.get_ref();
    let trouble = if !is_id(name) {
        say(
            format!(
                "« {name} » ne convient pas comme identifiant\u{a0}: il faut des minuscules a–z, 0–9, point, tiret ou tiret bas"
            ),
            format!("\"{name}\" is not a valid id: use a–z, 0–9, dot, hyphen or underscore"),
        )
    } else if RESERVED.contains(&name.as_str()) {
        say(format!("« {name} » est un mot de jalon"), format!("\"{name}\" is a word of jalon's"))
    } else if directory.people.contains_key(name) || directory.teams.contains_key(name) {
        say(
            format!("« {name} » est à la fois une personne et une équipe"),
            format!("\"{name}\" is both a person and a team"),
        )
    } else {
        return true;
    };
    let proposal = propose(name).filter(|slug| slug != name);
    source.error(
        &id.span(),
        "unfit-id",
        trouble,
        Some(proposal.map_or_else(
            || say("choisissez un autre nom", "choose another name"),
            |slug| say(format!("écrivez « {slug} »"), format!("write \"{slug}\"")),
        )),
    );
    false
}

fn one_mailbox_each(source: &Source<'_>, id: &At<String>, person: &Person, directory: &Directory) {
    let lower = person.email.to_lowercase();
    if let Some(other) = directory.people.values().find(|other| other.email.to_lowercase() == lower) {
        source.warning(
            &id.span(),
            "shared-address",
            say(
                format!(
                    "« {} » et « {} » ont la même adresse\u{a0}: elle recevra chaque rappel deux fois",
                    other.id, person.id
                ),
                format!(
                    "\"{}\" and \"{}\" share an address: it will receive each reminder twice",
                    other.id, person.id
                ),
            ),
            Some(say("gardez une seule des deux", "keep one of the two")),
        );
    }
}

fn person(table: &Table<'_, '_>, id: &At<String>) -> Option<Person> {
    let name = table.text("name").map(At::into_inner);
    let email = address(table, "email");
    if table.get("email").is_none() {
        table.missing("email", "email = \"camille@example.org\"");
    }
    let language = language(table);
    let zone = zone(table, "time_zone");
    let digest = table.text("digest").and_then(|line| recurrence(table.source, &line));
    let digest_of = table.choice("digest_of", &[("own", DigestOf::Own), ("all", DigestOf::All)]);
    let digest_always = table.boolean("digest_always");
    digests_are_asked_for(table);
    let away = spans(table, "away");
    let leaves = table.date("leaves");
    let cover = table.text("cover").map(At::into_inner);
    Some(Person {
        id: id.get_ref().clone(),
        name,
        email: email?,
        language,
        zone,
        digest,
        digest_of: digest_of.unwrap_or_default(),
        digest_always: digest_always.unwrap_or_default(),
        away,
        leaves,
        cover,
    })
}

/// A cron line that comes.
fn recurrence(source: &Source<'_>, line: &At<String>) -> Option<Recurrence> {
    let text = line.get_ref();
    let (code, sentence, remedy) = match Recurrence::parse(text) {
        Ok(recurrence) => return Some(recurrence),
        Err(Unfit::Malformed) => (
            "wrong-cron",
            say(
                format!("« {text} » n'est pas une ligne cron de cinq champs"),
                format!("\"{text}\" is not a cron line of five fields"),
            ),
            say("écrivez par exemple \"0 8 * * Mon\"", "write for instance \"0 8 * * Mon\""),
        ),
        Err(Unfit::Never) => (
            "never-comes",
            say(
                format!("« {text} » ne vient jamais\u{a0}: aucune année n'a ce jour"),
                format!("\"{text}\" never comes: no year has such a day"),
            ),
            say(
                "vérifiez le jour et le mois\u{a0}; \"0 8 L * *\" est le dernier jour de chaque mois",
                "check the day and the month; \"0 8 L * *\" is the last day of each month",
            ),
        ),
    };
    source.error(&line.span(), code, sentence, Some(remedy));
    None
}

/// What says how a digest is says nothing where none is asked for.
fn digests_are_asked_for(table: &Table<'_, '_>) {
    if table.get("digest").is_some() {
        return;
    }
    for key in ["digest_of", "digest_always"].into_iter().filter(|key| table.get(key).is_some()) {
        table.source.warning(
            &table.key_span(key),
            "no-digest",
            say(
                format!("« {key} » sans « digest »\u{a0}: aucun récapitulatif ne partira"),
                format!("`{key}` without `digest`: no digest will leave"),
            ),
            Some(say(
                "ajoutez par exemple digest = \"0 8 * * Mon\"",
                "add for instance digest = \"0 8 * * Mon\"",
            )),
        );
    }
}

/// `cover` names another person, who may be written to.
fn covers(table: &Table<'_, '_>, directory: &Directory) {
    let Some(people) = table.table("people") else { return };
    for (id, value) in people.entries() {
        let Some(inner) =
            value.get_ref().as_table().map(|inner| Table::new(table.source, inner, value.span()))
        else {
            continue;
        };
        let Some(cover) = directory.people.get(id.get_ref()).and_then(|person| person.cover.as_ref()) else {
            continue;
        };
        let span = inner.get("cover").map_or(inner.span.clone(), Spanned::span);
        if let Some(person) = directory.people.get(cover).filter(|_| cover != id.get_ref()) {
            if !directory.allows(&person.email) {
                forbidden(table.source, &span, &person.email);
            }
            continue;
        }
        let near =
            nearest(cover, directory.people.keys().map(String::as_str).filter(|other| other != id.get_ref()));
        table.source.error(
            &span,
            "unknown-person",
            say(
                format!("« cover » doit nommer une autre personne, et non « {cover} »"),
                format!("`cover` must name another person, not \"{cover}\""),
            ),
            Some(near.map_or_else(
                || {
                    say(
                        "écrivez le nom d'une entrée [people.…], ou ajoutez-en une",
                        "write the name of an entry [people.…], or add one",
                    )
                },
                |near| {
                    say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?"))
                },
            )),
        );
    }
}

/// Every member is known, and no team holds itself. Teams in a circle are emptied, so that nothing loops.
fn whole_teams(source: &Source<'_>, directory: &mut Directory, members: &BTreeMap<String, Vec<At<String>>>) {
    let mut broken = Vec::new();
    for (id, names) in members {
        let mut trail = vec![id.clone()];
        if let Some(circle) = circle(&directory.teams, &mut trail) {
            broken.push(id.clone());
            let span = names.first().map_or(0..0, Spanned::span);
            source.error(
                &span,
                "circle",
                say(
                    format!("l'équipe « {id} » se contient elle-même\u{a0}: {circle}"),
                    format!("the team \"{id}\" holds itself: {circle}"),
                ),
                Some(say(
                    "retirez l'une de ces équipes de l'autre",
                    "take one of these teams out of the other",
                )),
            );
        }
    }
    for id in &broken {
        directory.teams.insert(id.clone(), Vec::new());
    }
    let house = House {
        zone: Zone::UTC,
        language: Language::French,
        days: WorkingDays::default(),
        directory: directory.clone(),
        accept: BTreeSet::new(),
    };
    for (id, names) in members {
        if !broken.contains(id) {
            for name in names.iter().filter(|name| !members.contains_key(name.get_ref())) {
                resolve(source, name, &house, &mut Vec::new());
            }
        }
    }
}

fn circle(teams: &BTreeMap<String, Vec<String>>, trail: &mut Vec<String>) -> Option<String> {
    let last = trail.last()?.clone();
    for member in teams.get(&last).into_iter().flatten() {
        if *member == trail[0] {
            return Some(format!("{} → {member}", trail.join(" → ")));
        }
        if teams.contains_key(member) && !trail.contains(member) {
            trail.push(member.clone());
            if let Some(found) = circle(teams, trail) {
                return Some(found);
            }
            trail.pop();
        }
    }
    None
}
