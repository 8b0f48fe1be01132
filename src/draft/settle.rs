//! Pure. Dates with their roles → the events of a posting; where they contradict each other, one is kept and all are
//! told.

use chrono::{Datelike, NaiveDate};

use super::cues::{Hit, Topic};
use super::expressions::{Expression, Lead};
use super::points::Part as Stretch;
use super::roles::{Part, Role, Scene, begins_line};

use super::times::{Midnight, Time};
use super::years::{self, Known, Lacking};
use super::{Draft, Event, Found, Moment, Warning, When, contracts, quote, rounds};
use crate::diagnostic::{Words, say};

/// How many dates of one role are weighed: a text with more is no posting.
pub(super) const MOST: usize = 40;

/// The events of a posting.
pub(super) fn settle(scene: &Scene<'_>, parts: &[Part], given: Option<NaiveDate>) -> Draft {
    let mut draft = Draft::default();
    let mut known = known(scene, parts);
    known.published = given.or(known.published);
    draft.published = known.published;
    deadline(scene, parts, &known, &mut draft);
    known.deadline = draft.deadline.as_ref().and_then(|event| match &event.when {
        When::Until(moment) => Some(moment.day),
        When::Before(day) => Some(*day),
        _ => None,
    });
    rounds::interviews(scene, parts, &known, &mut draft);
    contracts::contract(scene, parts, &known, &mut draft);
    impossible(scene, parts, &mut draft);
    oddities(&mut draft);
    draft
}

/// What the dates whose year is written tell of the others.
fn known(scene: &Scene<'_>, parts: &[Part]) -> Known {
    let empty = Known::default();
    let first = |role: Role| {
        let of_role = parts
            .iter()
            .filter(move |part| part.role == role || role == Role::Start && part.role == Role::Contract);
        of_role.filter_map(move |part| {
            let point = scene.expressions[part.at].spans.first()?.0;
            point.year.and_then(|_| years::settle(&point, role, &empty).ok()).map(|settled| settled.first)
        })
    };
    Known {
        published: published(scene, parts),
        deadline: None,
        interview: first(Role::Interview).min(),
        start: first(Role::Start).min(),
        mentioned: scene.expressions.iter().flat_map(Expression::points).filter_map(|point| point.year).max(),
    }
}

/// How many lines at the top may tell the day of publication in the middle of one.
const TOP: usize = 6;

/// When the posting appeared: a line of its own says so, or the top. What a report or a law says of itself does not.
fn published(scene: &Scene<'_>, parts: &[Part]) -> Option<NaiveDate> {
    let own = |cue: &Hit| begins_line(scene.words, cue.from) || scene.words.get(cue.from).line < TOP;
    let opens = |cue: &Hit| scene.words.fold(cue.from).starts_with('o');
    let told = of_role(scene, parts, Role::Published)
        .filter(|(part, _)| part.cue.as_ref().is_some_and(|cue| own(cue) && !opens(cue)));
    let mut days = told.filter_map(|(_, expression)| {
        let point = expression.spans.first()?.0;
        point.year.and_then(|_| years::settle(&point, Role::Published, &Known::default()).ok())
    });
    days.next().map(|settled| settled.first)
}

/// The expressions of a role, in order.
pub(super) fn of_role<'a>(
    scene: &'a Scene<'_>,
    parts: &'a [Part],
    role: Role,
) -> impl Iterator<Item = (&'a Part, &'a Expression)> {
    parts
        .iter()
        .filter(move |part| part.role == role)
        .take(MOST)
        .map(|part| (part, &scene.expressions[part.at]))
}

/// What is told of a date that has no day.
pub(super) fn lacking(scene: &Scene<'_>, expression: &Expression, why: Lacking) -> Warning {
    let written = scene.words.said(expression.from, expression.to);
    let sentence = match why {
        Lacking::Year => say(
            format!(
                "« {written} » n'a pas d'année, et rien ne la dit\u{a0}: donnez --published, le jour de parution de l'annonce"
            ),
            format!(
                "\"{written}\" has no year, and nothing tells it: give --published, the day the posting appeared"
            ),
        ),
        Lacking::Day => say(
            format!("« {written} » n'existe pas dans le calendrier\u{a0}: demandez la bonne date"),
            format!("\"{written}\" is not a day of the calendar: ask for the right date"),
        ),
    };
    Warning {
        sentence,
        quote: Some(quote(scene.words, expression.whole.0, expression.whole.1.max(expression.to))),
    }
}

/// What makes an expression doubtful by itself.
pub(super) fn own_doubts(scene: &Scene<'_>, expression: &Expression) -> Vec<Words> {
    let written = scene.words.said(expression.from, expression.to);
    let slip = || say(format!("« {written} » est mal numérisé"), format!("\"{written}\" is badly scanned"));
    expression.slip.then(slip).into_iter().collect()
}

pub(super) fn event(scene: &Scene<'_>, part: &Part, when: When, doubts: Vec<Words>) -> Event {
    let expression = &scene.expressions[part.at];
    let (from, to) = (expression.whole.0, expression.whole.1.max(expression.to));
    // The cue with its date, where they stand close together.
    let from = part.cue.filter(|cue| cue.from < from && from - cue.from <= 12).map_or(from, |cue| cue.from);
    Event { name: None, when, label: None, quote: quote(scene.words, from, to), doubts }
}

/// « Avant fin mai »: applications end, but no day is said.
fn vague(scene: &Scene<'_>, expression: &Expression) -> Warning {
    let written = scene.words.said(expression.whole.0, expression.to);
    let sentence = say(
        format!("candidatures «\u{a0}{written}\u{a0}»\u{a0}: cela ne dit pas quel jour"),
        format!("applications \"{written}\": that does not say which day"),
    );
    Warning { sentence, quote: Some(quote(scene.words, expression.whole.0, expression.to)) }
}

struct Closing<'a> {
    part: &'a Part,
    day: NaiveDate,
    time: Option<Time>,
    before: bool,
    rank: i32,
    doubts: Vec<Words>,
}

fn deadline(scene: &Scene<'_>, parts: &[Part], known: &Known, draft: &mut Draft) {
    let mut found: Vec<Closing<'_>> = Vec::new();
    let mut impossible = None;
    for (part, expression) in of_role(scene, parts, Role::Deadline) {
        let Some(&(first, last)) = expression.spans.last() else { continue };
        let point = last.unwrap_or(first);
        if !matches!(point.part, Stretch::Day(_)) {
            draft.warnings.push(vague(scene, expression));
            continue;
        }
        let settled = match years::settle(&point, Role::Deadline, known) {
            Ok(settled) => settled,
            Err(why) => {
                draft.warnings.push(lacking(scene, expression, why));
                if why == Lacking::Day {
                    impossible = Some(part);
                }
                continue;
            }
        };
        let limit = matches!(expression.lead, Lead::Before | Lead::Until | Lead::By) || expression.included;
        let named = part.cue.is_some_and(|cue| cue.topic == Topic::Closing);
        let rank = i32::from(named) * 4 + i32::from(limit) * 2 + i32::from(part.score > 0)
            - if part.score <= -30 { 4 } else { 0 }
            - if expression.bare { 3 } else { 0 };
        let mut doubts = own_doubts(scene, expression);
        doubts.extend(settled.doubts);
        doubts.extend(part.cue.and_then(|cue| of_review(scene, &cue)));
        let before = expression.lead == Lead::Before && !expression.included;
        found.push(Closing { part, day: settled.first, time: expression.time, before, rank, doubts });
    }
    // A deadline long past when the posting appeared is of another posting.
    if let (true, Some(published)) = (found.len() > 1, known.published)
        && found.iter().any(|one| one.day >= published)
    {
        found.retain(|one| one.day >= published);
    }
    let Some(best) = found.iter().max_by_key(|one| (one.rank, std::cmp::Reverse(one.part.at))) else {
        draft.deadline = impossible.map(|part| {
            let expression = &scene.expressions[part.at];
            event(scene, part, When::Impossible(scene.words.said(expression.from, expression.to)), Vec::new())
        });
        return;
    };
    let same: Vec<&Closing<'_>> = found.iter().filter(|one| one.day == best.day).collect();
    let mut doubts = best.doubts.clone();
    let others: Vec<&Closing<'_>> = found.iter().filter(|one| one.day != best.day && one.rank > -2).collect();
    if let Some(other) = others.first() {
        let expression = &scene.expressions[other.part.at];
        let written = scene.words.said(expression.whole.0, expression.to);
        let line = scene.words.get(expression.from).line + 1;
        doubts.push(say(
            format!("le texte donne aussi « {written} », ligne {line}"),
            format!("the text also gives \"{written}\", line {line}"),
        ));
    }
    // A date with its « avant le » or its « jusqu'au » says more than one in passing.
    let worded =
        |one: &&&Closing<'_>| scene.expressions[one.part.at].lead != Lead::None || one.time.is_some();
    let chosen = same.iter().filter(worded).max_by_key(|one| {
        (one.part.at == best.part.at || one.part.role == Role::Deadline, std::cmp::Reverse(one.part.at))
    });
    let chosen = if scene.expressions[best.part.at].lead == Lead::None {
        chosen.copied().unwrap_or(best)
    } else {
        best
    };
    let time = best.time.or_else(|| same.iter().find_map(|one| one.time));
    if time.is_none()
        && same
            .iter()
            .any(|one| one.before != chosen.before && scene.expressions[one.part.at].lead != Lead::None)
    {
        doubts.push(say(
            "le texte dit ailleurs « jusqu'au » et « avant » de ce même jour",
            "the text says both \"until\" and \"before\" of that same day",
        ));
    }
    let when = match time {
        Some(time) => {
            doubts.extend(of_midnight(&time, chosen.before));
            let (hour, minute) = if time.midnight == Midnight::Zero && !chosen.before {
                (23, 59)
            } else {
                (time.hour, time.minute)
            };
            When::Until(Moment { day: best.day, time: Some((hour, minute)) })
        }
        None if chosen.before => When::Before(best.day),
        None => When::Until(Moment { day: best.day, time: None }),
    };
    let mut settled = event(scene, chosen.part, when, doubts);
    let zoned = same.iter().find(|one| one.time.is_some_and(|time| time.zone.is_some()));
    draft.time_zone = zoned.and_then(|one| {
        let quote = quote(
            scene.words,
            scene.expressions[one.part.at].whole.0,
            scene.expressions[one.part.at].whole.1,
        );
        one.time?.zone.map(|zone| Found { value: zone.to_owned(), quote, doubts: Vec::new() })
    });
    settled.doubts.dedup();
    draft.deadline = Some(settled);
}

/// "Review of applications begins": those that come later may still be read.
fn of_review(scene: &Scene<'_>, cue: &Hit) -> Option<Words> {
    let doubt = say(
        "ce jour-là commence la lecture des candidatures\u{a0}: en acceptez-vous après\u{a0}?",
        "on that day the reading of applications begins: are later ones accepted?",
    );
    matches!(scene.words.fold(cue.from), "review" | "screening").then_some(doubt)
}

/// « 0h » of a deadline: the day begins or ends.
fn of_midnight(time: &Time, before: bool) -> Option<Words> {
    let doubt = say(
        "0 h\u{a0}: le début ou la fin de ce jour\u{a0}? Lu comme la fin",
        "00:00: the beginning or the end of that day? Read as its end",
    );
    (time.midnight == Midnight::Zero && !before).then_some(doubt)
}

/// Days that no calendar has, also where they are for something else.
fn impossible(scene: &Scene<'_>, parts: &[Part], draft: &mut Draft) {
    let others = parts.iter().filter(|part| matches!(part.role, Role::None | Role::Published)).take(MOST);
    for expression in others.map(|part| &scene.expressions[part.at]) {
        let is_named = !expression.bare;
        if is_named
            && expression.points().any(|point| matches!(point.part, Stretch::Day(_)) && !years::exists(point))
        {
            draft.warnings.push(lacking(scene, expression, Lacking::Day));
        }
    }
}

/// Dates in an order that cannot be.
fn oddities(draft: &mut Draft) {
    let day = |event: &Event| match &event.when {
        When::Until(moment) => Some(moment.day),
        When::Before(day) | When::Between(_, day) => Some(*day),
        When::On(days) => days.first().map(|moment| moment.day),
        _ => None,
    };
    let Some(deadline) = draft.deadline.as_ref().and_then(day) else { return };
    let odd = |what: (&str, &str), on: NaiveDate| {
        say(
            format!(
                "{} ({}) vient avant la date limite ({})",
                what.0,
                on.format("%d/%m/%Y"),
                deadline.format("%d/%m/%Y")
            ),
            format!("{} ({on}) comes before the deadline ({deadline})", what.1),
        )
    };
    for interview in &mut draft.interviews {
        if let Some(on) = day(interview).filter(|on| *on < deadline) {
            interview.doubts.push(odd(("cet entretien", "this interview"), on));
        }
    }
    if let Some(start) = &mut draft.start
        && let Some(on) = day(start).filter(|on| *on < deadline)
    {
        start.doubts.push(odd(("la prise de poste", "the first day"), on));
    }
    if let Some(event) = &mut draft.deadline
        && let Some(published) = draft.published
        && (deadline < published || deadline.year() > published.year() + 1)
    {
        event.doubts.push(say(
            format!("l'annonce a paru le {}", published.format("%d/%m/%Y")),
            format!("the posting appeared on {published}"),
        ));
    }
}
