//! Pure. `[people]` and `[teams]`.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;
use toml::de::DeValue;

use super::cron::recurrence;
use crate::calendar::meant::key;
use crate::calendar::people::{DigestOf, Person};
use crate::calendar::read::{address, dotless, forbidden, language, resolve, spans, zone};
use crate::calendar::slug::{is_id, propose};
use crate::calendar::value::text;
use crate::calendar::walk::{At, Source, Table};
use crate::calendar::{Directory, House, Language, WorkingDays, Zone};
use crate::diagnostic::{nearest, say};

/// The people and teams of jalon.toml; `allowed` is what `[mail] recipients` says.
pub(super) fn directory(table: &Table<'_, '_>, allowed: Option<Vec<String>>) -> Directory {
    let source = table.source;
    let mut directory = Directory { allowed, ..Directory::default() };
    elsewhere(table, &mut directory);
    if let Some(people) = table.table("people") {
        if people.entries().any(|(key, value)| is_loose(&key, value)) {
            without_a_name(&people);
            directory.torn = true;
        }
        persons(&people, &mut directory);
    } else {
        directory.torn |= table.get("people").is_some();
    }
    covers(table, &directory);
    let mut members: BTreeMap<String, Vec<At<String>>> = BTreeMap::new();
    if let Some(teams) = table.table("teams") {
        for (id, value) in teams.entries() {
            let Some(list) = value.get_ref().as_array() else {
                source.wrong_type(value, id.get_ref(), &say("une liste de personnes", "a list of people"));
                directory.doubtful.insert(id.into_inner());
                continue;
            };
            if list.is_empty() {
                empty_team(source, &id);
            }
            let names: Vec<_> = list.iter().filter_map(|value| text(source, id.get_ref(), value)).collect();
            if name_is_free(source, &id, &mut directory, "teams") {
                directory
                    .teams
                    .insert(id.get_ref().clone(), names.iter().map(|name| name.get_ref().clone()).collect());
                members.insert(id.into_inner(), names);
            }
        }
    } else {
        directory.torn |= table.get("teams").is_some();
    }
    whole_teams(source, &mut directory, &members);
    directory
}

/// `[people.camille]` and the others.
fn persons(people: &Table<'_, '_>, directory: &mut Directory) {
    let source = people.source;
    for (id, value) in people.entries() {
        if source.is_second(id.get_ref(), "") {
            // Of two that are called the same, one has a name that is not here.
            directory.torn = true;
            continue;
        }
        if is_loose(&id, value) {
            continue;
        }
        let Some(inner) = people.as_table(&format!("people.{}", id.get_ref()), value) else {
            directory.doubtful.insert(id.into_inner());
            continue;
        };
        let person = person(&inner, &id);
        inner.finish();
        if !name_is_free(source, &id, directory, "people") {
            continue;
        }
        let person = person.unwrap_or_else(|| nobody(id.get_ref()));
        if person.email.ends_with(NOBODY) {
            // The file is refused for that entry, and not for an address that nobody wrote.
            directory.allowed.iter_mut().for_each(|allowed| allowed.push(person.email.clone()));
        }
        one_mailbox_each(source, &id, &person, directory);
        directory.people.insert(id.into_inner(), person);
    }
}

/// Names that are declared under a heading which is none: `[team]`, `[sacha]`.
fn elsewhere(table: &Table<'_, '_>, directory: &mut Directory) {
    for (name, value) in table.entries() {
        let Some(inner) = value.get_ref().as_table() else { continue };
        let name = name.into_inner();
        if ["people", "teams"].contains(&name.as_str()) {
            continue;
        }
        if key(&name, ["people", "teams"]).is_some() {
            directory.doubtful.extend(inner.keys().map(|key| key.get_ref().to_string()));
        } else if inner.get("email").is_some() {
            directory.doubtful.insert(name);
        }
    }
}

/// Whether an entry of `[people]` is one of a person whose name is missing from the heading.
fn is_loose(key: &At<String>, value: &At<DeValue<'_>>) -> bool {
    const OF_A_PERSON: [&str; 8] =
        ["name", "email", "digest", "language", "time_zone", "away", "leaves", "cover"];
    OF_A_PERSON.contains(&key.get_ref().as_str()) && !value.get_ref().is_table()
}

fn without_a_name(people: &Table<'_, '_>) {
    let first = |key| people.get(key).and_then(|value| value.get_ref().as_str());
    let word = first("name").or_else(|| first("email")).and_then(|text| text.split([' ', '@']).next());
    let id = word.and_then(propose).unwrap_or_else(|| "camille".to_owned());
    people.source.error(
        &people.span,
        "unfit-id",
        say(
            "sous [people], il manque le nom de la personne",
            "under [people], the name of the person is missing",
        ),
        Some(say(format!("écrivez [people.{id}]"), format!("write [people.{id}]"))),
    );
}

fn empty_team(source: &Source<'_>, id: &At<String>) {
    let name = id.get_ref();
    source.error(
        &id.span(),
        "empty-team",
        say(
            format!("l'équipe « {name} » est vide\u{a0}: personne ne serait prévenu"),
            format!("the team \"{name}\" is empty: nobody would be reminded"),
        ),
        Some(say(
            format!(
                "nommez au moins une personne, par exemple {name} = [\"camille\"], ou supprimez la ligne"
            ),
            format!("name at least one person, for instance {name} = [\"camille\"], or remove the line"),
        )),
    );
}

/// Stands for a person whose entry is wrong, in a file that is refused for it: so that whoever names them is not
/// told that they do not exist.
fn nobody(id: &str) -> Person {
    Person { id: id.to_owned(), email: format!("{id}{NOBODY}"), ..Person::default() }
}

const NOBODY: &str = "@nobody.invalid";

/// Words that mean somebody else in `to`.
const RESERVED: [&str; 2] = ["recruiters", "panel"];

/// Whether a name may be one, in `people` or in `teams`; one that may not is reported, and known as such.
fn name_is_free(source: &Source<'_>, id: &At<String>, directory: &mut Directory, under: &str) -> bool {
    let name = id.get_ref();
    let slug = propose(name).filter(|slug| slug != name);
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
    let remedy = match &slug {
        None => say("choisissez un autre nom", "choose another name"),
        Some(slug) if under == "teams" => say(
            format!("écrivez {slug} = […], et « {slug} » dans les fiches"),
            format!("write {slug} = […], and \"{slug}\" in the postings"),
        ),
        Some(slug) => {
            let first = name.split_whitespace().next().and_then(propose).filter(|first| first != slug);
            let (or, or_en) = first.map_or_else(Default::default, |first| {
                (format!("[people.{first}] ou "), format!("[people.{first}] or "))
            });
            say(
                format!("écrivez {or}[people.{slug}], et le même nom dans les équipes et les fiches"),
                format!("write {or_en}[people.{slug}], and the same name in teams and postings"),
            )
        }
    };
    source.error(&id.span(), "unfit-id", trouble, Some(remedy));
    // Others may have written it right.
    let words = slug.iter().flat_map(|slug| slug.split('-').chain([slug.as_str()])).map(str::to_owned);
    directory.doubtful.extend(words.chain([name.clone()]));
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
        if directory.torn || directory.doubtful.contains(cover) {
            continue;
        }
        let span = inner.get("cover").map_or(inner.span.clone(), Spanned::span);
        if let Some(person) = directory.people.get(cover).filter(|_| cover != id.get_ref()) {
            if !directory.allows(&person.email) {
                forbidden(table.source, &span, &person.email);
            }
            continue;
        }
        let others = || directory.people.keys().map(String::as_str).filter(|other| other != id.get_ref());
        let near = directory.meant(cover).filter(|near| others().any(|other| other == *near));
        let near = near.or_else(|| nearest(cover, others()));
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
        language: Language::default(),
        days: WorkingDays::default(),
        directory: directory.clone(),
        accept: BTreeSet::new(),
    };
    for (id, names) in members {
        for name in names.iter().filter(|name| !broken.contains(id) && !members.contains_key(name.get_ref()))
        {
            dotless(source, name);
            if directory.resolve(name.get_ref(), &mut Vec::new()).is_err() {
                resolve(source, name, &house, &mut Vec::new());
                // It is told here, and not in every posting that names the team.
                directory.doubtful.insert(id.clone());
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
