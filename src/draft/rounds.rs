//! Pure. Interviews: which dates are choices of one, which are rounds that follow each other, and what they are called.

use chrono::NaiveDate;

use super::expressions::{Expression, Lead};
use super::points::Part as Stretch;
use super::roles::{Part, Role, Scene};
use super::settle::{event, lacking, of_role, own_doubts};
use super::times::{Midnight, Time};
use super::years::{self, Known};
use super::{Draft, Event, Moment, Warning, When, quote};
use crate::diagnostic::{Words, say};

/// The longest range whose days are all interview days; a longer one is a window.
const DAYS: usize = 6;

/// The interviews of a posting.
pub(super) fn interviews(scene: &Scene<'_>, parts: &[Part], known: &Known, draft: &mut Draft) {
    let mut found: Vec<(Event, Named)> = Vec::new();
    let mut last: Option<(usize, usize)> = None;
    for (part, expression) in of_role(scene, parts, Role::Interview) {
        let (when, doubts) = match days(scene, part, known) {
            Ok(found) => found,
            Err(warning) => {
                draft.warnings.push(warning);
                continue;
            }
        };
        if is_elsewhere(&when, known) {
            draft.warnings.push(elsewhere(scene, expression));
            continue;
        }
        let cue = part.cue.map_or(expression.from, |cue| cue.from);
        let name = named(scene, cue, expression.whole.0, expression.to);
        let sentence = scene.sentences.get(expression.from).copied().unwrap_or_default();
        let place = (cue, usize::try_from(sentence).unwrap_or_default());
        // Dates that hang on the same word, without a word for another round, are choices of one.
        let follows = (expression.whole.0.saturating_sub(3)..expression.whole.0)
            .any(|at| matches!(scene.words.fold(at), "puis" | "ensuite" | "then"));
        let joined = !follows
            && last == Some(place)
            && found.last().is_some_and(|(_, before)| *before == name || name == Named::default());
        last = Some(place);
        if let (true, Some((Event { when: When::On(before), .. }, _)), When::On(more)) =
            (joined, found.last_mut(), &when)
            && before.iter().chain(more).all(|moment| moment.time.is_some())
                == before.iter().chain(more).any(|moment| moment.time.is_some())
        {
            before.extend(more.iter().copied());
            before.sort_unstable();
            before.dedup();
            continue;
        }
        let mut event = event(scene, part, when, doubts);
        if let When::Between(..) = event.when {
            event.label = Some(scene.words.said(expression.whole.0, expression.to));
        }
        found.push((event, name));
    }
    for (_, expression) in of_role(scene, parts, Role::Unsaid) {
        let written = scene.words.said(expression.whole.0, expression.to);
        let sentence = say(
            format!("entretiens «\u{a0}{written}\u{a0}»\u{a0}: cela ne dit pas quel jour"),
            format!("interviews \"{written}\": that does not say which day"),
        );
        draft
            .warnings
            .push(Warning { sentence, quote: Some(quote(scene.words, expression.whole.0, expression.to)) });
    }
    draft.interviews = named_apart(without_twins(found));
}

/// How many days before the end of applications an interview may stand, as a slip, and how many after.
const SLIP: i64 = 45;
const LATEST: i64 = 300;

/// Whether days are too far from the end of applications to be of this recruitment.
fn is_elsewhere(when: &When, known: &Known) -> bool {
    let Some((first, last)) = bounds(when) else { return false };
    known.deadline.is_some_and(|end| (end - last).num_days() > SLIP || (first - end).num_days() > LATEST)
        || known.published.is_some_and(|published| last < published)
}

fn elsewhere(scene: &Scene<'_>, expression: &Expression) -> Warning {
    let written = scene.words.said(expression.whole.0, expression.to);
    let sentence = say(
        format!("« {written} » est trop loin de la date limite pour un entretien\u{a0}: laissé de côté"),
        format!("\"{written}\" is too far from the deadline for an interview: left out"),
    );
    Warning { sentence, quote: Some(quote(scene.words, expression.whole.0, expression.to)) }
}

/// The same dates told twice are one interview: the first telling stays, unless a window is told more exactly later.
fn without_twins(found: Vec<(Event, Named)>) -> Vec<(Event, Named)> {
    let mut kept: Vec<(Event, Named)> = Vec::new();
    for (event, name) in found {
        let twin = kept
            .iter_mut()
            .find(|(other, _)| covers(&other.when, &event.when) || covers(&event.when, &other.when));
        match twin {
            None => kept.push((event, name)),
            Some((other, _))
                if matches!(other.when, When::Between(..)) && matches!(event.when, When::On(_)) =>
            {
                *other = event;
            }
            Some(_) => {}
        }
    }
    kept
}

fn bounds(when: &When) -> Option<(NaiveDate, NaiveDate)> {
    match when {
        When::On(days) => days.first().zip(days.last()).map(|(first, last)| (first.day, last.day)),
        When::Between(first, last) => Some((*first, *last)),
        _ => None,
    }
}

fn covers(one: &When, other: &When) -> bool {
    bounds(one).zip(bounds(other)).is_some_and(|(one, other)| one.0 <= other.0 && other.1 <= one.1)
}

/// The days of an expression that speaks of interviews.
fn days(scene: &Scene<'_>, part: &Part, known: &Known) -> Result<(When, Vec<Words>), Warning> {
    let expression = &scene.expressions[part.at];
    let mut doubts = own_doubts(scene, expression);
    let mut all: Vec<(NaiveDate, NaiveDate, bool)> = Vec::new();
    for (first, last) in &expression.spans {
        let settled = |point| {
            years::settle(point, Role::Interview, known).map_err(|why| lacking(scene, expression, why))
        };
        let one = settled(first)?;
        let end = last.as_ref().map(settled).transpose()?;
        doubts.extend(one.doubts);
        let is_day = matches!(first.part, Stretch::Day(_));
        let until = end.as_ref().map_or(one.last, |end| end.last);
        doubts.extend(end.map(|end| end.doubts).unwrap_or_default());
        all.push((one.first, until.max(one.first), is_day));
    }
    doubts.dedup();
    let time = expression.time.filter(|time| time.midnight == Midnight::No);
    let moment =
        |day: NaiveDate, time: Option<Time>| Moment { day, time: time.map(|time| (time.hour, time.minute)) };
    let fuzzy = all.iter().any(|(_, _, is_day)| !is_day) || expression.lead == Lead::Between;
    let mut list = Vec::new();
    for (first, last, _) in &all {
        if let Some(days) = years::every_day(*first, *last, DAYS).filter(|_| !fuzzy) {
            list.extend(days);
        } else {
            let (first, last) =
                all.iter().fold((*first, *last), |(first, last), one| (first.min(one.0), last.max(one.1)));
            return Ok((When::Between(first, last), doubts));
        }
    }
    list.sort_unstable();
    list.dedup();
    let only = list.len() == 1;
    Ok((When::On(list.into_iter().map(|day| moment(day, time.filter(|_| only))).collect()), doubts))
}

/// What an interview is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Named {
    round: u8,
    kind: Option<(&'static str, &'static str)>,
}

/// The round and the kind of interview that the words around a date say.
fn named(scene: &Scene<'_>, cue: usize, from: usize, to: usize) -> Named {
    let words = scene.words;
    let mut named = Named::default();
    let sentence = scene.sentences.get(from);
    let first = cue.saturating_sub(4).min(from.saturating_sub(8)).max(from.saturating_sub(24));
    for at in (first..to + 3).filter(|at| scene.sentences.get(*at) == sentence || cue <= *at && *at < from) {
        let next = |mark: &str| words.fold(at + 1).starts_with(mark) || words.fold(at + 2).starts_with(mark);
        let of_rounds = ["tour", "entretien", "interview", "round", "stage", "phase", "etape", "jury"]
            .iter()
            .any(|mark| next(mark));
        if of_rounds {
            named.round = match words.fold(at) {
                "premier" | "premiere" | "premiers" | "first" | "1er" | "1st" | "1ere" => 1,
                "1" if words.is_glued(at + 1) => 1,
                "second" | "seconde" | "seconds" | "deuxieme" | "2nd" | "2e" | "2eme" => 2,
                "2" if words.is_glued(at + 1) => 2,
                "troisieme" | "third" => 3,
                "3" if words.is_glued(at + 1) => 3,
                _ => named.round,
            };
        }
        named.kind = match words.fold(at) {
            "test" | "tests" | "epreuve" | "epreuves" if at < to => Some(("Épreuve", "Test")),
            "audition" | "auditions" => Some(("Audition", "Audition")),
            "jury" => Some(("Jury", "Panel")),
            "assessment" => Some(("Évaluation", "Assessment")),
            _ => named.kind,
        };
    }
    named
}

/// Names, where there are several.
fn named_apart(found: Vec<(Event, Named)>) -> Vec<Event> {
    let several = found.len() > 1;
    let mut events: Vec<(Event, Words)> = Vec::new();
    for (nth, (event, named)) in found.into_iter().enumerate() {
        let round = if named.round > 0 { named.round } else { u8::try_from(nth + 1).unwrap_or(u8::MAX) };
        let name = match (named.round, named.kind) {
            (0, Some((fr, en))) => say(fr, en),
            _ => by_round(round),
        };
        let taken = events.iter().filter(|(_, other)| *other == name).count();
        let name = if taken == 0 { name } else { by_round(u8::try_from(nth + 1).unwrap_or(u8::MAX)) };
        let taken = events.iter().any(|(_, other)| *other == name);
        let name = if taken {
            say(format!("Entretien {}", nth + 1), format!("Interview {}", nth + 1))
        } else {
            name
        };
        events.push((event, name));
    }
    let name = |(event, name): (Event, Words)| Event { name: several.then_some(name), ..event };
    events.into_iter().map(name).collect()
}

fn by_round(round: u8) -> Words {
    match round {
        1 => say("Premier tour", "First round"),
        2 => say("Second tour", "Second round"),
        3 => say("Troisième tour", "Third round"),
        _ => say(format!("Tour {round}"), format!("Round {round}")),
    }
}
