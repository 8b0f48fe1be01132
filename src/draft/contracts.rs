//! Pure. Dates with their roles → the first and the last day of the work; where they contradict each other, one is kept
//! and the others are told.

use super::cues::{Hit, Topic};
use super::expressions::{Expression, Lead};
use super::points::Point;
use super::roles::{Part, Role, Scene};
use super::settle::{MOST, event, lacking, own_doubts};
use super::soon::soon;
use super::years::{self, Known, Settled};
use super::{Draft, Moment, When};
use crate::diagnostic::{Words, say};

/// The first and the last day of the work.
pub(super) fn contract(scene: &Scene<'_>, parts: &[Part], known: &Known, draft: &mut Draft) {
    start(scene, parts, known, draft);
    end(scene, parts, known, draft);
}

struct Beginning<'a> {
    part: &'a Part,
    settled: Settled,
    is_day: bool,
    latest: bool,
    rank: i32,
}

fn start(scene: &Scene<'_>, parts: &[Part], known: &Known, draft: &mut Draft) {
    let mut found: Vec<Beginning<'_>> = Vec::new();
    for part in parts.iter().filter(|part| matches!(part.role, Role::Start | Role::Contract)).take(MOST) {
        let expression = &scene.expressions[part.at];
        let Some((first, last)) = window(expression, part.role) else { continue };
        let known = Known { start: None, ..*known };
        let settled = years::settle(&first, part.role, &known).and_then(|one| {
            let other = years::settle(&last, part.role, &known)?;
            Ok(Settled { last: other.last.max(one.last), ..one })
        });
        let settled = match settled {
            Ok(settled) => settled,
            Err(why) => {
                draft.warnings.push(lacking(scene, expression, why));
                continue;
            }
        };
        let named = part.cue.is_some_and(|cue| cue.topic == Topic::Starting);
        let is_day = settled.first == settled.last;
        let rank = i32::from(named) * 4 + i32::from(part.role == Role::Contract) + i32::from(is_day)
            - i32::from(expression.bare);
        let latest = matches!(expression.lead, Lead::By | Lead::Before) && is_day;
        found.push(Beginning { part, settled, is_day, latest, rank });
    }
    let Some(best) =
        found.iter().max_by_key(|one| (one.rank - i32::from(one.latest) * 2, std::cmp::Reverse(one.part.at)))
    else {
        draft.start = soon(scene);
        return;
    };
    let mut doubts = own_doubts(scene, &scene.expressions[best.part.at]);
    doubts.extend(best.settled.doubts.iter().cloned());
    let (mut first, mut last) = (best.settled.first, best.settled.last);
    // A day inside a window that is written elsewhere fixes it.
    if let Some(day) = found.iter().find(|one| {
        one.is_day
            && !one.latest
            && one.rank >= 4
            && first <= one.settled.first
            && one.settled.first <= last
            && !best.is_day
    }) {
        (first, last) = (day.settled.first, day.settled.first);
    }
    let mut bounded = false;
    // « À partir de mi-mai, au plus tard le 1er juin » is a window; a day is a day, however late it might become.
    let open = !best.is_day || scene.expressions[best.part.at].lead == Lead::From;
    for other in found.iter().filter(|one| one.part.at != best.part.at) {
        let day = other.settled.first;
        let near = scene.sentences.get(scene.expressions[other.part.at].from)
            == scene.sentences.get(scene.expressions[best.part.at].from);
        if other.latest && near && day > first && open {
            last = day;
            bounded = true;
        } else if other.rank >= 3
            && (day > last || other.settled.last < first)
            && (day - first).num_days().abs() > 3
        {
            let expression = &scene.expressions[other.part.at];
            let written = scene.words.said(expression.from, expression.to);
            let line = scene.words.get(expression.from).line + 1;
            doubts.push(say(
                format!("le texte donne aussi « {written} », ligne {line}"),
                format!("the text also gives \"{written}\", line {line}"),
            ));
        }
    }
    let when = if first == last {
        When::On(vec![Moment { day: first, time: None }])
    } else {
        When::Between(first, last)
    };
    let mut event = event(scene, best.part, when, doubts);
    let expression = &scene.expressions[best.part.at];
    if first != last || bounded || best.latest {
        event.label = Some(label(scene, expression, best, bounded, &found));
    }
    draft.start = Some(event);
}

/// How mails word a beginning that is no single day.
fn label(
    scene: &Scene<'_>,
    expression: &Expression,
    best: &Beginning<'_>,
    bounded: bool,
    found: &[Beginning<'_>],
) -> String {
    let own = scene.words.said(expression.whole.0, expression.to);
    let bound = found.iter().find(|one| one.latest && one.part.at != best.part.at).filter(|_| bounded);
    match bound.map(|bound| &scene.expressions[bound.part.at]) {
        Some(bound) => format!("{own}, {}", scene.words.said(bound.whole.0, bound.to)),
        None => own,
    }
}

/// The days in which something begins.
fn window(expression: &Expression, role: Role) -> Option<(Point, Point)> {
    let (first, last) = expression.spans.first().copied()?;
    Some(match (role, last) {
        (Role::Contract, _) | (_, None) => {
            let other = expression.spans.last().map(|(point, _)| *point).filter(|_| role == Role::Start);
            (first, other.unwrap_or(first))
        }
        (_, Some(last)) => (first, last),
    })
}

fn end(scene: &Scene<'_>, parts: &[Part], known: &Known, draft: &mut Draft) {
    let started = draft.start.as_ref().and_then(|event| match &event.when {
        When::On(days) => days.first().map(|moment| moment.day),
        When::Between(first, _) => Some(*first),
        _ => None,
    });
    let known = Known { deadline: started.or(known.deadline), ..*known };
    let mut found: Vec<(i32, &Part, Settled)> = Vec::new();
    for part in parts.iter().filter(|part| matches!(part.role, Role::End | Role::Contract)).take(MOST) {
        let expression = &scene.expressions[part.at];
        let Some(&(first, last)) = expression.spans.last() else { continue };
        let Some(point) = last.or_else(|| (part.role == Role::End).then_some(first)) else { continue };
        match years::settle(&point, Role::End, &known) {
            Ok(settled) => {
                // What ends before the work begins, or years before the posting, is something else.
                if started.is_some_and(|started| settled.last <= started) {
                    continue;
                }
                let named = part.cue.is_some_and(|cue| cue.topic == Topic::Ending);
                found.push((i32::from(named) * 2 + i32::from(part.role == Role::Contract), part, settled));
            }
            Err(why) => draft.warnings.push(lacking(scene, expression, why)),
        }
    }
    let Some((_, part, settled)) =
        found.iter().max_by_key(|(rank, part, _)| (*rank, std::cmp::Reverse(part.at)))
    else {
        return;
    };
    let mut doubts = own_doubts(scene, &scene.expressions[part.at]);
    doubts.extend(settled.doubts.iter().cloned());
    doubts.extend(part.cue.and_then(|cue| of_funds(scene, &cue)));
    let other = found.iter().find(|(_, _, other)| (other.last - settled.last).num_days().abs() > 3);
    if let Some((_, other, _)) = other {
        let expression = &scene.expressions[other.at];
        let written = scene.words.said(expression.from, expression.to);
        let line = scene.words.get(expression.from).line + 1;
        doubts.push(say(
            format!("le texte donne aussi « {written} », ligne {line}"),
            format!("the text also gives \"{written}\", line {line}"),
        ));
    }
    let when = if settled.first == settled.last {
        When::On(vec![Moment { day: settled.first, time: None }])
    } else {
        When::Between(settled.first, settled.last)
    };
    draft.end = Some(event(scene, part, when, doubts));
}

/// « Financé jusqu'au »: the money ends, and perhaps the contract.
fn of_funds(scene: &Scene<'_>, cue: &Hit) -> Option<Words> {
    let doubt = say(
        "le texte dit jusqu'à quand le poste est financé\u{a0}: est-ce la fin du contrat\u{a0}?",
        "the text says until when the post is funded: does the contract end then?",
    );
    let word = scene.words.fold(cue.from);
    (word.starts_with("financ") || word.starts_with("fund")).then_some(doubt)
}
