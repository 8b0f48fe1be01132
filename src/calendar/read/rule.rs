//! Pure. `[[remind]]`, in jalon.toml and in postings.

use super::super::rule::{DEFAULT_AT, DayOff, FARTHEST_LEAD, Lead, Origin, Rule, Target, To, Unit};
use super::super::slug::slug;
use super::super::value::text;
use super::super::walk::{At, Source, Table};
use super::super::{House, Kind, meant, written};
use super::event::Events;
use super::resolve;
use crate::diagnostic::{nearest, say};

/// The rules of jalon.toml: each about a kind.
pub fn of_house(table: &Table<'_, '_>, house: &House) -> Vec<Rule> {
    table.tables("remind").iter().filter_map(|table| rule(table, house, None)).collect()
}

/// The rules of a posting: each about a kind, or about one of its events.
pub(super) fn of_posting(table: &Table<'_, '_>, events: &Events, house: &House) -> Vec<Rule> {
    table.tables("remind").iter().filter_map(|table| rule(table, house, Some(events))).collect()
}

fn rule(table: &Table<'_, '_>, house: &House, events: Option<&Events>) -> Option<Rule> {
    let source = table.source;
    let target = target(table, events);
    let before = leads(table, "before", -1);
    let on_day = table.boolean("on_day");
    let after = leads(table, "after", 1);
    let at = table.time("at");
    let day_off = table.choice(
        "day_off",
        &[
            ("earlier", DayOff::Earlier),
            ("later", DayOff::Later),
            ("keep", DayOff::Keep),
            ("skip", DayOff::Skip),
        ],
    );
    let to = to(table, house);
    table.finish();
    if ["before", "on_day", "after"].iter().all(|key| table.get(key).is_none()) {
        source.warning(
            &table.span,
            "empty-rule",
            say("cette règle ne demande aucun rappel", "this rule asks for no reminder"),
            Some(say(
                "écrivez before, on_day ou after\u{a0}; before = [] dit que c'est voulu",
                "write before, on_day or after; before = [] says that it is meant",
            )),
        );
    }
    let rule = Rule {
        target: target?,
        before,
        on_day: on_day.unwrap_or_default(),
        after,
        at: at.unwrap_or(DEFAULT_AT),
        day_off,
        to,
        origin: Origin { file: Some(source.file.to_owned()), line: source.line(&table.span) },
    };
    if let Some(events) = events {
        timed_leads_need_an_instant(table, &rule, events);
    }
    Some(rule)
}

fn target(table: &Table<'_, '_>, events: Option<&Events>) -> Option<Target> {
    let Some(word) = table.text("event") else {
        if table.get("event").is_none() {
            table.missing("event", "event = \"deadline\"");
        }
        return None;
    };
    if let Some(kind) = Kind::parse(word.get_ref()) {
        return Some(Target::Kind(kind));
    }
    let good = events.iter().flat_map(|events| &events.good).map(|event| event.id.as_str());
    let ids: Vec<&str> =
        good.chain(events.iter().flat_map(|events| &events.broken).map(String::as_str)).collect();
    if ids.contains(&word.get_ref().as_str()) {
        return Some(Target::Event(word.into_inner()));
    }
    let mut known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.word()).collect();
    known.extend(ids.into_iter().filter(|id| Kind::parse(id).is_none()));
    // « Premier tour » is the name of interview:premier-tour.
    let named = slug(word.get_ref());
    let named =
        known.iter().find(|id| id.split_once(':').is_some_and(|(_, end)| Some(end) == named.as_deref()));
    table.source.error(
        &word.span(),
        "unknown-event",
        say(
            format!("il n'y a pas de date « {} »", word.get_ref()),
            format!("there is no event \"{}\"", word.get_ref()),
        ),
        Some(match named.copied().or_else(|| meant::word(word.get_ref(), known.iter().copied())) {
            Some(near) => say(
                format!("vouliez-vous dire event = \"{near}\"\u{a0}?"),
                format!("did you mean event = \"{near}\"?"),
            ),
            None => meant::choices(word.get_ref(), &known),
        }),
    );
    None
}

fn leads(table: &Table<'_, '_>, key: &'static str, sign: i64) -> Vec<Lead> {
    let list = table.list(key, "[\"7d\", \"1d\"]").unwrap_or_default();
    let on_day = table.get("on_day").and_then(|value| value.get_ref().as_bool()).unwrap_or_default();
    list.iter()
        .filter_map(|value| lead(table.source, key, value, on_day))
        .map(|lead| Lead { count: lead.count * sign, ..lead })
        .collect()
}

/// A lead without its sign.
fn lead(
    source: &Source<'_>,
    key: &'static str,
    value: &At<toml::de::DeValue<'_>>,
    on_day: bool,
) -> Option<Lead> {
    let example = say(
        "écrivez par exemple \"7d\" (jours), \"2w\" (semaines), \"3bd\" (jours ouvrés), \"2h\" ou \"30m\"",
        "write for instance \"7d\" (days), \"2w\" (weeks), \"3bd\" (working days), \"2h\" or \"30m\"",
    );
    if let Some(number) = value.get_ref().as_integer() {
        source.error(
            &value.span(),
            "wrong-lead",
            say("il manque l'unité", "the unit is missing"),
            Some(say(
                format!("écrivez \"{}d\" pour des jours", number.as_str()),
                format!("write \"{}d\" for days", number.as_str()),
            )),
        );
        return None;
    }
    let found = text(source, key, value)?;
    let wrong = |sentence, remedy| {
        source.error(&found.span(), "wrong-lead", sentence, Some(remedy));
        None
    };
    let word = found.get_ref().as_str();
    let plain = word.trim_start_matches(['-', '+', 'J', 'j']);
    let digits = plain.len() - plain.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (count, unit) = plain.split_at(digits);
    let nonsense = || say(format!("« {word} » n'est pas un délai"), format!("\"{word}\" is not a lead"));
    let Ok(count) = count.parse::<i64>() else { return wrong(nonsense(), example) };
    let Some((unit, _)) = Unit::ALL.into_iter().find(|(_, spelling)| *spelling == unit) else {
        let meant = if unit.trim().is_empty() { Some(format!("{count}d")) } else { written::length(plain) };
        return match meant {
            Some(meant) => {
                wrong(nonsense(), say(format!("écrivez \"{meant}\""), format!("write \"{meant}\"")))
            }
            None => wrong(nonsense(), example),
        };
    };
    if plain.len() < word.len() {
        return wrong(
            nonsense(),
            say(
                format!("« {key} » donne déjà le sens\u{a0}: écrivez \"{plain}\""),
                format!("`{key}` already says which way: write \"{plain}\""),
            ),
        );
    }
    if count == 0 {
        return wrong(
            say(format!("« {word} » est le jour même"), format!("\"{word}\" is the day itself")),
            if on_day {
                say(
                    format!("supprimez \"{word}\"\u{a0}: on_day = true le dit déjà"),
                    format!("remove \"{word}\": on_day = true says so already"),
                )
            } else {
                say(
                    format!("supprimez \"{word}\", et écrivez on_day = true"),
                    format!("remove \"{word}\", and write on_day = true"),
                )
            },
        );
    }
    let lead = Lead { count, unit };
    if count > FARTHEST_LEAD || lead.length() > FARTHEST_LEAD {
        return wrong(
            say(format!("« {word} » dépasse 3660 jours"), format!("\"{word}\" is beyond 3660 days")),
            say("choisissez un délai plus court", "choose a shorter lead"),
        );
    }
    Some(lead)
}

fn to(table: &Table<'_, '_>, house: &House) -> Vec<To> {
    let names = table.texts("to", "[\"recruiters\"]").unwrap_or_default();
    if table.get("to").and_then(|value| value.get_ref().as_array()).is_some_and(|list| list.is_empty()) {
        table.source.error(
            &table.key_span("to"),
            "nobody",
            say(
                "« to » est vide\u{a0}: personne ne serait prévenu",
                "`to` is empty: nobody would be reminded",
            ),
            Some(say(
                "écrivez to = [\"recruiters\"], ou supprimez la règle avec before = []",
                "write to = [\"recruiters\"], or switch the rule off with before = []",
            )),
        );
    }
    names
        .iter()
        .map(|name| match name.get_ref().as_str() {
            "recruiters" => To::Recruiters,
            "panel" => To::Panel,
            word if near_role(word, house).is_some() => {
                let role = near_role(word, house).unwrap_or_default();
                table.source.error(
                    &name.span(),
                    "unknown-person",
                    say(
                        format!("« {word} » n'est ni une personne ni une équipe de jalon.toml"),
                        format!("\"{word}\" is neither a person nor a team of jalon.toml"),
                    ),
                    Some(say(
                        format!("vouliez-vous dire to = [\"{role}\"]\u{a0}?"),
                        format!("did you mean to = [\"{role}\"]?"),
                    )),
                );
                To::Some(Vec::new())
            }
            _ => {
                let mut found = Vec::new();
                resolve(table.source, name, house, &mut found);
                To::Some(found)
            }
        })
        .collect()
}

/// The role of a posting that a name was meant for which is nobody's.
fn near_role(word: &str, house: &House) -> Option<&'static str> {
    let directory = &house.directory;
    let taken = |name: &String| *name == word || nearest(word, [name.as_str()]).is_some();
    let roles = ["recruiters", "panel"];
    (!directory.people.keys().chain(directory.teams.keys()).chain(&directory.doubtful).any(taken))
        .then(|| meant::key(word, roles).or_else(|| meant::word(word, roles)))
        .flatten()
}

/// A posting's own rule with leads in hours or minutes must find an instant to count from.
fn timed_leads_need_an_instant(table: &Table<'_, '_>, rule: &Rule, events: &Events) {
    let Some(lead) = rule.before.iter().chain(&rule.after).find(|lead| lead.is_timed()) else { return };
    let addressed = events.good.iter().filter(|event| match &rule.target {
        Target::Kind(kind) => event.kind == *kind,
        Target::Event(id) => event.id == *id,
    });
    // One whose date is wrong may have an instant when it is mended.
    let broken = events.broken.iter().any(|id| match &rule.target {
        Target::Kind(kind) => id.split(':').next() == Some(kind.word()),
        Target::Event(target) => id == target,
    });
    if broken || addressed.into_iter().any(|event| event.when.has_instant()) {
        return;
    }
    let key = if lead.count < 0 { "before" } else { "after" };
    let (count, unit) = (lead.count.abs(), lead.unit.word());
    table.source.error(
        &table.key_span(key),
        "lead-without-time",
        say(
            format!("« {count}{unit} » compte depuis une heure, et aucune date de cette règle n'en a"),
            format!("\"{count}{unit}\" counts from a time of day, and no event of this rule has one"),
        ),
        Some(say(
            "comptez en jours (\"1d\"), ou donnez une heure à la date\u{a0}: 2026-07-06T09:30:00",
            "count in days (\"1d\"), or give the event a time: 2026-07-06T09:30:00",
        )),
    );
}
