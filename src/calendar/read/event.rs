//! Pure. The events of a posting.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::super::slug::slug;
use super::super::value::{Moment, date, moment};
use super::super::walk::{At, Table};
use super::super::{Event, House, Kind, Start, When, Zone};
use super::{id_or_problem, link, plain, recipients};
use crate::diagnostic::say;

/// The events of a posting.
pub(super) struct Events {
    /// In the order of the kinds, as written within each.
    pub(super) good: Vec<Event>,
    /// The ids of those that are wrong: rules may name them all the same.
    pub(super) broken: Vec<String>,
}

/// Every event of a posting.
pub(super) fn events(table: &Table<'_, '_>, zone: Zone, house: &House) -> Events {
    let (mut events, mut broken) = (Vec::new(), Vec::new());
    for kind in Kind::ALL {
        let found = match kind {
            Kind::Interview | Kind::Milestone => table.tables(kind.word()),
            _ => table.table(kind.word()).into_iter().collect(),
        };
        let several = found.len() > 1;
        let mut names = Names::of(&found);
        for (n, table) in found.iter().enumerate() {
            let several = several.then(|| names.propose(kind, n));
            match event(table, kind, several.as_deref(), zone, house) {
                Ok(event) => events.push(event),
                Err(id) => broken.push(id.unwrap_or_else(|| kind.word().to_owned())),
            }
            table.finish();
        }
    }
    twice(table, &events);
    Events { good: events, broken }
}

/// The names of the events of one kind, as slugs: what is proposed to one without a name is no other's.
struct Names(Vec<String>);

impl Names {
    fn of(tables: &[Table<'_, '_>]) -> Self {
        let name = |table: &Table<'_, '_>| {
            let (_, value) = table.entries().find(|(key, _)| key.get_ref() == "name")?;
            slug(value.get_ref().as_str()?)
        };
        Self(tables.iter().filter_map(name).collect())
    }

    /// A name for the event at this place, if it has none.
    fn propose(&mut self, kind: Kind, n: usize) -> String {
        let names: &[&str] = if kind == Kind::Milestone {
            &["Passation", "Bilan", "Accueil", "Formation"]
        } else {
            &["Premier tour", "Second tour", "Troisième tour", "Quatrième tour"]
        };
        let in_turn = names.iter().skip(n).chain(names);
        let free = in_turn.copied().find(|name| slug(name).is_some_and(|slug| !self.0.contains(&slug)));
        free.map_or_else(|| format!("{} {}", names[0], n + 1), str::to_owned)
    }
}

fn twice(table: &Table<'_, '_>, events: &[Event]) {
    let mut seen: HashMap<&str, &Event> = HashMap::new();
    for event in events {
        let first = *seen.entry(&event.id).or_insert(event);
        if std::ptr::eq(first, event) {
            continue;
        }
        table.source.error(
            &table.source.span_of_line(event.line),
            "event-twice",
            say(
                format!(
                    "deux dates s'appellent « {} »\u{a0}: la première est ligne {}",
                    event.id, first.line
                ),
                format!("two events are called \"{}\": the first is on line {}", event.id, first.line),
            ),
            Some(say(
                "donnez-leur des noms différents (name), ou un id",
                "give them different names, or an id",
            )),
        );
    }
}

/// An event, or as much of its id as could be read.
fn event(
    table: &Table<'_, '_>,
    kind: Kind,
    several: Option<&str>,
    zone: Zone,
    house: &House,
) -> Result<Event, Option<String>> {
    let source = table.source;
    if table.is_empty() {
        if source.has_lost(&table.span, &["until", "before", "on", "between", "label", "name"]) {
            return Err(None);
        }
        source.error(
            &table.span,
            "empty-event",
            say(format!("[{}] est vide", kind.word()), format!("[{}] is empty", kind.word())),
            Some(say(
                "écrivez une date, ou un label si elle reste à fixer",
                "write a date, or a label if it is still to be fixed",
            )),
        );
        return Err(None);
    }
    let named = matches!(kind, Kind::Interview | Kind::Milestone);
    let name = if named { table.text("name") } else { None };
    let label = plain(table, "label");
    let id =
        event_id(table, kind, several, name.as_ref().map(toml::Spanned::get_ref).map(String::as_str), named);
    let when = if kind == Kind::Deadline {
        deadline(table, zone, label.is_some())
    } else {
        dates(table, zone, label.is_some())
    };
    let (mut place, mut at, mut duration, mut panel, mut candidate) = (None, None, None, Vec::new(), None);
    if kind != Kind::Deadline {
        place = plain(table, "place");
        at = link(table, "link");
        duration = table.duration("duration");
    }
    if kind == Kind::Interview {
        panel = recipients(table, "panel", house).unwrap_or_default();
        candidate = plain(table, "candidate");
    }
    let cancelled = table.boolean("cancelled").unwrap_or_default();
    let done = table.boolean("done").unwrap_or_default();
    let Some(when) = when else { return Err(id) };
    Ok(Event {
        id: id.ok_or(None)?,
        kind,
        name: name.map(toml::Spanned::into_inner),
        label,
        when,
        place,
        link: at,
        duration,
        panel,
        candidate,
        cancelled,
        done,
        line: source.line(&table.span),
    })
}

/// `deadline`, `start`, `end`; `interview` when it is the only one and has neither name nor id; else
/// `KIND:ID` or `KIND:SLUG`.
fn event_id(
    table: &Table<'_, '_>,
    kind: Kind,
    several: Option<&str>,
    name: Option<&str>,
    named: bool,
) -> Option<String> {
    if !named {
        return Some(kind.word().to_owned());
    }
    let id = table.text("id");
    let unnamed = table.get("name").is_none();
    if unnamed && (several.is_some() || kind == Kind::Milestone) {
        table.missing("name", &format!("name = \"{}\"", several.unwrap_or("Passation")));
        return None;
    }
    if let Some(id) = id {
        let span = id.span();
        let id = id_or_problem(table.source, id.into_inner(), &span, &say("l'identifiant", "the id"))?;
        return Some(format!("{}:{id}", kind.word()));
    }
    if unnamed {
        return Some(kind.word().to_owned());
    }
    let name = name?;
    let slug = slug(name);
    if slug.is_none() {
        table.source.error(
            &table.key_span("name"),
            "unfit-name",
            say(
                format!("le nom « {name} » n'a ni lettre latine ni chiffre"),
                format!("the name \"{name}\" has neither a Latin letter nor a digit"),
            ),
            Some(say(
                "ajoutez un id, par exemple id = \"tour-1\"",
                "add an id, for instance id = \"round-1\"",
            )),
        );
    }
    slug.map(|slug| format!("{}:{slug}", kind.word()))
}

/// `until` or `before`.
fn deadline(table: &Table<'_, '_>, zone: Zone, labelled: bool) -> Option<When> {
    let (until, before) = (table.get("until"), table.get("before"));
    let is_window = || table.entries().any(|(key, _)| key.get_ref() == "between");
    if until.is_none() && before.is_none() && is_window() {
        return no_window(table);
    }
    let (value, key) = match (until, before) {
        (Some(_), Some(second)) => {
            table.source.error(
                &second.span(),
                "two-dates",
                say(
                    "« until » et « before » ne vont pas ensemble",
                    "`until` and `before` do not go together",
                ),
                Some(say(
                    "gardez until (dernier jour inclus), ou before (premier jour exclu)",
                    "keep until (last day, included) or before (first day, excluded)",
                )),
            );
            return None;
        }
        (Some(value), None) => (value, "until"),
        (None, Some(value)) => (value, "before"),
        (None, None) => return undated(table, labelled, "until = 2026-06-28"),
    };
    let (closes, written) = match moment(table.source, key, value, Some(zone))? {
        Moment::Day(day) if key == "until" => (zone.end_of(day), None),
        Moment::Day(day) => (zone.start_of(day), None),
        Moment::Time(time) => (zone.instant(time), Some(time)),
    };
    Some(When::Deadline { closes, last_day: zone.date(closes - TimeDelta::nanoseconds(1)), written })
}

/// A deadline written as a window: its last day is what counts.
fn no_window(table: &Table<'_, '_>) -> Option<When> {
    let value = table.get("between")?;
    let last = own_dates(value).pop().unwrap_or_else(|| "2026-06-28".to_owned());
    table.source.error(
        &value.span(),
        "wrong-span",
        say("une clôture est un seul jour, et non une période", "a deadline is one day, not a window"),
        Some(say(
            format!("écrivez until = {last}, le dernier jour inclus"),
            format!("write until = {last}, the last day, included"),
        )),
    );
    None
}

/// The dates of a value or of a list, in order, as TOML has them.
fn own_dates(value: &At<toml::de::DeValue<'_>>) -> Vec<String> {
    let single = std::slice::from_ref(value);
    let list = value.get_ref().as_array().map_or(single, |list| &list[..]);
    let date = |value: &At<toml::de::DeValue<'_>>| value.get_ref().as_datetime()?.date;
    let mut dates: Vec<_> = list.iter().filter_map(date).collect();
    dates.sort_unstable_by_key(|date| (date.year, date.month, date.day));
    dates.into_iter().map(|date| date.to_string()).collect()
}

/// `on` or `between`.
fn dates(table: &Table<'_, '_>, zone: Zone, labelled: bool) -> Option<When> {
    let source = table.source;
    match (table.get("on"), table.get("between")) {
        (Some(_), Some(second)) => {
            source.error(
                &second.span(),
                "two-dates",
                say("« on » et « between » ne vont pas ensemble", "`on` and `between` do not go together"),
                Some(say(
                    "gardez on (dates fixées), ou between (dates à fixer entre deux)",
                    "keep on (fixed dates) or between (some day between two)",
                )),
            );
            None
        }
        (Some(value), None) => {
            let single = std::slice::from_ref(value);
            let list = value.get_ref().as_array().map_or(single, |list| &list[..]);
            if list.is_empty() {
                source.error(
                    &value.span(),
                    "no-date",
                    say("la liste « on » est vide", "the list `on` is empty"),
                    Some(say(
                        "écrivez une date, ou remplacez on par un label",
                        "write a date, or put a label in place of on",
                    )),
                );
                return None;
            }
            let read: Vec<_> = list.iter().map(|value| moment(source, "on", value, Some(zone))).collect();
            let read: Vec<_> = read.into_iter().collect::<Option<_>>()?;
            fixed(table, &read, zone)
        }
        (None, Some(value)) => {
            let list = value.get_ref().as_array().map(|list| &list[..]).unwrap_or_default();
            let [first, last] = list else {
                source.error(
                    &value.span(),
                    "wrong-span",
                    say("« between » attend deux dates", "`between` wants two dates"),
                    Some(match &own_dates(value)[..] {
                        [only] => say(
                            format!("écrivez on = {only}, ou ajoutez le dernier jour"),
                            format!("write on = {only}, or add the last day"),
                        ),
                        [first, .., last] => say(
                            format!("écrivez between = [{first}, {last}]"),
                            format!("write between = [{first}, {last}]"),
                        ),
                        [] => say(
                            "écrivez between = [2026-05-15, 2026-06-01]",
                            "write between = [2026-05-15, 2026-06-01]",
                        ),
                    }),
                );
                return None;
            };
            let (first, last) = (date(source, "between", first), date(source, "between", last));
            let (first, last) = (first?, last?);
            if first > last {
                source.error(
                    &value.span(),
                    "turned-round",
                    say(
                        format!("cette période finit le {last}, avant de commencer le {first}"),
                        format!("this window ends on {last}, before it begins on {first}"),
                    ),
                    Some(say(format!("écrivez [{last}, {first}]"), format!("write [{last}, {first}]"))),
                );
                return None;
            }
            Some(When::Window { first, last })
        }
        (None, None) => undated(table, labelled, "on = 2026-07-06"),
    }
}

fn undated(table: &Table<'_, '_>, labelled: bool, example: &str) -> Option<When> {
    if labelled {
        return Some(When::Open);
    }
    if table.get("label").is_none() {
        table.miss(
            &["until", "before", "on", "between", "label"],
            "no-date",
            say(
                "il manque une date, ou un label si elle reste à fixer",
                "a date is missing, or a label if it is still to be fixed",
            ),
            say(format!("ajoutez par exemple\u{a0}: {example}"), format!("add for instance: {example}")),
        );
    }
    None
}

fn fixed(table: &Table<'_, '_>, read: &[Moment], zone: Zone) -> Option<When> {
    let source = table.source;
    let value_span = table.get("on").map_or_else(|| table.span.clone(), toml::Spanned::span);
    let mut days: Vec<_> =
        read.iter().filter_map(|m| if let Moment::Day(day) = m { Some(*day) } else { None }).collect();
    let mut starts: Vec<_> = read
        .iter()
        .filter_map(|m| {
            if let Moment::Time(local) = m {
                Some(Start { instant: zone.instant(*local), local: *local })
            } else {
                None
            }
        })
        .collect();
    if !days.is_empty() && !starts.is_empty() {
        source.error(
            &value_span,
            "mixed-dates",
            say("« on » mêle des dates et des dates avec heure", "`on` mixes dates and dates with a time"),
            Some(say("donnez une heure à toutes, ou à aucune", "give all of them a time, or none")),
        );
        return None;
    }
    days.sort_unstable();
    starts.sort_unstable();
    let before = days.len() + starts.len();
    days.dedup();
    starts.dedup();
    if days.len() + starts.len() < before {
        source.warning(
            &value_span,
            "date-twice",
            say("une date est écrite deux fois", "a date is written twice"),
            Some(say("elle compte une fois", "it counts once")),
        );
    }
    Some(if starts.is_empty() { When::Days(days) } else { When::Timed(starts) })
}
