//! Pure. What each date is for: the nearest word of its own sentence that says so decides, else its label or heading.
//!
//! Every choice keeps the cue it rests on. Where nothing says what a date is for, it is none of the recruitment's:
//! founding years, laws and festivals fall away without being known one by one.

use super::columns;
use super::cues::{Hit, Topic};
use super::employment::Employment;
use super::expressions::{Expression, Lead};
use super::sentences::sentences;
use super::words::{Gap, Kind, Words};

/// What a date is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The end of applications.
    Deadline,
    /// An interview, a test, a jury.
    Interview,
    /// The first day of work.
    Start,
    /// The last day of the contract.
    End,
    /// The whole contract: its first and its last day.
    Contract,
    /// The day the posting was published.
    Published,
    /// Nothing of the recruitment's.
    None,
    /// It speaks of the interviews, but only says until when: no day to remind of.
    Unsaid,
}

/// A date with what it is for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// Which expression.
    pub(super) at: usize,
    pub(super) role: Role,
    /// How surely; only to be compared.
    pub(super) score: i32,
    /// The word that says so.
    pub(super) cue: Option<Hit>,
}

/// What the choice looks at.
pub(super) struct Scene<'a> {
    pub(super) words: &'a Words<'a>,
    pub(super) expressions: &'a [Expression],
    pub(super) hits: &'a [Hit],
    pub(super) sentences: Vec<u32>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(words: &'a Words<'a>, expressions: &'a [Expression], hits: &'a [Hit]) -> Self {
        Self { words, expressions, hits, sentences: sentences(words) }
    }
}

/// How far a cue reaches, in words, before and after the date.
const BEFORE: usize = 60;
const AFTER: usize = 12;
/// Below this nothing is said.
const LEAST: i32 = -36;

/// What every expression is for.
pub(super) fn roles(scene: &Scene<'_>) -> Vec<Part> {
    let employment = Employment::new();
    (0..scene.expressions.len()).map(|at| role(scene, at, &employment)).collect()
}

fn role(scene: &Scene<'_>, at: usize, employment: &Employment) -> Part {
    let expression = &scene.expressions[at];
    let none = Part { at, role: Role::None, score: 0, cue: None };
    if let Some(hit) = header(scene, at) {
        return Part { role: Role::Published, score: 50, cue: Some(hit), ..none };
    }
    let best = columns::heading(scene, at)
        .or_else(|| in_row(scene, at))
        .or_else(|| if leads_row(scene, at) { None } else { in_sentence(scene, at) })
        .or_else(|| by_label(scene, at))
        .or_else(|| nearby(scene, at));
    let Some((hit, score)) = best else { return none };
    let bare = expression.bare && (score < 0 || expression.lead == Lead::None && score < 8);
    if bare
        && matches!(hit.topic, Topic::Contracting | Topic::Applying | Topic::Interviewing | Topic::Starting)
        && score < 0
    {
        return none;
    }
    let role = match employment.checked(scene, expression, &hit, resolve(scene, expression, &hit)) {
        Role::Deadline if is_foreign(scene, &hit, expression) => return none,
        role => role,
    };
    Part { role, score, cue: Some(hit), ..none }
}

/// Whether what is handed in or closes is none of the recruitment's: a grant's file, a season, a ballot.
fn is_foreign(scene: &Scene<'_>, cue: &Hit, expression: &Expression) -> bool {
    let words = scene.words;
    let (from, to) = (cue.from.min(expression.from).saturating_sub(10), cue.to.max(expression.to) + 6);
    let sentence = scene.sentences.get(expression.from);
    let here = |at: &usize| scene.sentences.get(*at) == sentence;
    let first = scene.hits.partition_point(|hit| hit.from < from);
    let foreign = scene.hits[first..].iter().take_while(|hit| hit.from < to);
    let foreign = foreign.filter(|hit| hit.topic == Topic::Foreign && here(&hit.from)).last();
    // « Le dossier de candidature au poste de chargé des subventions » stays one.
    let own = |at: usize| {
        let word = words.fold(at);
        let begins = |list: &[&str]| list.iter().any(|start| word.starts_with(start));
        let papers = || begins(&["lettre", "letter", "diplom"]);
        let applies = || begins(&["application", "apply"]);
        begins(&OWN)
            || matches!(word, "cv" | "cvs" | "resume" | "poste" | "post" | "position" | "role" | "job")
            || foreign.is_none_or(|foreign| foreign.weight < 9) && papers()
            || foreign.is_none_or(|foreign| at < foreign.from) && applies()
    };
    let within = |reach: usize| {
        let mut around = (from.saturating_sub(reach)..to + reach).filter(here);
        around.any(|at| foreign.is_none_or(|hit| !(hit.from..hit.to).contains(&at)) && own(at))
    };
    let verb = words.fold(cue.from);
    let handed = cue.to - cue.from == 1 && HANDED.iter().any(|start| verb.starts_with(start));
    let told = |at: usize| match (words.fold(at), words.fold(at + 1)) {
        ("holder", "will") => Some(true),
        ("candidate", "will") => Some(at > 0 && words.fold(at - 1) == "successful"),
        ("you", "will") => Some(false),
        _ => None,
    };
    let told = (from.saturating_sub(10)..cue.from).filter(here).find_map(told).filter(|_| handed);
    if told == Some(true) || within(20) {
        return told == Some(true);
    }
    // "The library closes on", where nothing says that it is the posting.
    let this = cue.from > 0 && matches!(words.fold(cue.from - 1), "it" | "this" | "one");
    let closes = verb.starts_with("close") && words.fold(cue.from + 1) != "date" && !this;
    foreign.is_some()
        || closes && !begins_line(words, cue.from) && cue.from > 0 && here(&(cue.from - 1))
        // "You will submit the accounts by": what the work is.
        || told.is_some()
        || handed && !spoken_of(scene, cue)
}

/// What only a recruitment speaks of, by how it begins.
const OWN: [&str; 12] = [
    "candid",
    "postul",
    "motivation",
    "curriculum",
    "recrut",
    "vacanc",
    "applicant",
    "advert",
    "posting",
    "offre",
    "annonce",
    "emploi",
];

/// Verbs of handing in anything, by how they begin.
const HANDED: [&str; 14] = [
    "submi", "complete", "return", "receiv", "send", "sent", "transm", "adress", "depos", "envo", "soumet",
    "remet", "remis", "recu",
];

/// Whether the text speaks of applications near a verb that does not say so itself.
fn spoken_of(scene: &Scene<'_>, cue: &Hit) -> bool {
    (cue.from.saturating_sub(80)..cue.to + 40).any(|at| {
        let word = scene.words.fold(at);
        let begins =
            ["candid", "appl", "cv", "dossier", "lettre", "letter", "form", "postul", "resume", "pli"];
        begins.iter().any(|start| word.starts_with(start))
    })
}

/// The head of a file or of a mail: `date: 2020-12-14`, « Date : 18 juillet 2023 ».
fn header(scene: &Scene<'_>, at: usize) -> Option<Hit> {
    let (words, from) = (scene.words, scene.expressions[at].from);
    if !scene.expressions[at].is_single() || words.get(from).line > 40 {
        return None;
    }
    let mut first = from;
    while first > 0 && words.get(first).gap < Gap::Line && from - first < 6 {
        first -= 1;
    }
    let key = words.fold(first);
    let colon = (first + 1..from).any(|at| words.is(at, ':') || words.is(at, '='));
    let short = from - first <= 6;
    let named = matches!(
        key,
        "date" | "posted" | "pubdate" | "published" | "publishdate" | "created" | "posting" | "updated"
    ) && (first + 1..from).all(|at| {
        words.get(at).kind != Kind::Letters
            || matches!(
                words.fold(at),
                "on" | "le"
                    | "du"
                    | "de"
                    | "publication"
                    | "mon"
                    | "tue"
                    | "wed"
                    | "thu"
                    | "fri"
                    | "sat"
                    | "sun"
            )
    });
    (colon && short && named).then_some(Hit {
        topic: Topic::Publishing,
        weight: 10,
        from: first,
        to: first + 1,
    })
}

/// Whether a cue can say anything of such a date.
fn fits(topic: Topic, expression: &Expression) -> bool {
    let limit = matches!(expression.lead, Lead::Before | Lead::Until | Lead::By);
    let range = expression.spans.iter().any(|(_, last)| last.is_some());
    match topic {
        Topic::Applying => limit || expression.included || range && expression.lead == Lead::Span,
        Topic::Contracting => matches!(expression.lead, Lead::Until | Lead::From | Lead::Span) || range,
        _ => true,
    }
}

/// Whether a date begins its line and a mark sets off what it is for: « 15 mai 2026 : clôture ».
fn leads_row(scene: &Scene<'_>, at: usize) -> bool {
    let (words, expression) = (scene.words, &scene.expressions[at]);
    let behind = expression.whole.1.max(expression.to);
    let line = words.get(expression.from).line;
    let set_off =
        matches!(words.get(behind).kind, Kind::Mark(':' | '-' | '|')) && words.get(behind).line == line;
    let first = expression.whole.0;
    let begins = || first == 0 || scene.sentences.get(first - 1) != scene.sentences.get(first);
    set_off
        && words.get(behind + 1).line == line
        && words.get(behind + 1).kind == Kind::Letters
        && (begins_line(words, first) || begins())
}

/// What the rest of its line says of a date that begins it.
fn in_row(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let expression = &scene.expressions[at];
    if !leads_row(scene, at) {
        return None;
    }
    let line = scene.words.get(expression.from).line;
    let first = scene.hits.partition_point(|hit| hit.from < expression.to);
    let sentence = scene.sentences.get(expression.from);
    let hits = scene.hits[first..].iter().take_while(|hit| scene.words.get(hit.from).line == line);
    let hits = hits.take_while(|hit| scene.sentences.get(hit.from) == sentence);
    let hits = hits.take(AFTER).filter(|hit| fits(hit.topic, expression));
    let score = |hit: &Hit| hit.weight * 4 - far(hit.from.saturating_sub(expression.to));
    hits.map(|hit| (*hit, score(hit))).max_by_key(|(_, score)| *score)
}

fn far(distance: usize) -> i32 {
    let distance = i32::try_from(distance).unwrap_or(i32::MAX / 8);
    distance.min(6) * 4 + (distance - 6).max(0)
}

/// The cue in its own sentence that says most surely what a date is for.
fn in_sentence(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let expression = &scene.expressions[at];
    let sentence = *scene.sentences.get(expression.from)?;
    let same = |hit: &Hit| scene.sentences.get(hit.from) == Some(&sentence);
    let middle = scene.hits.partition_point(|hit| hit.from < expression.from);
    let limit = matches!(expression.lead, Lead::Before | Lead::Until | Lead::By);
    let bonus =
        |topic: Topic| if limit && matches!(topic, Topic::Applying | Topic::Closing) { 10 } else { 0 };
    let before = scene.hits[..middle].iter().rev();
    let before = before
        .take_while(|hit| expression.from - hit.from <= BEFORE && same(hit))
        .filter(|hit| hit.to <= expression.from && fits(hit.topic, expression))
        .map(|hit| {
            let distance = expression.whole.0.saturating_sub(hit.to);
            let between = between(scene, at, hit.from);
            (
                *hit,
                hit.weight * 4 - far(distance) + bonus(hit.topic) - crossed(scene, hit, expression, between),
            )
        });
    let first_in_line = begins_line(scene.words, expression.whole.0);
    let next = scene.expressions.get(at + 1);
    let after = scene.hits[middle..]
        .iter()
        .skip_while(|hit| hit.from < expression.to)
        .take_while(|hit| hit.from - expression.to <= AFTER && same(hit))
        .filter(|hit| fits(hit.topic, expression))
        .filter(|hit| next.is_none_or(|next| hit.from < next.from))
        .filter(|hit| !barred(scene.words, expression.whole.1.max(expression.to), hit.from, first_in_line))
        .map(|hit| {
            let distance = hit.from.saturating_sub(expression.whole.1);
            let claimed = next.is_some_and(|next| {
                next.from.saturating_sub(hit.to) < 4 && scene.sentences.get(next.from) == Some(&sentence)
            });
            let score = hit.weight * 4 - far(distance) - 6 + bonus(hit.topic) - if claimed { 15 } else { 0 };
            (*hit, score)
        });
    before.chain(after).max_by_key(|(_, score)| *score).filter(|(_, score)| *score >= LEAST)
}

/// How many other dates stand between a cue and a date.
fn between(scene: &Scene<'_>, at: usize, from: usize) -> usize {
    scene.expressions[..at].iter().rev().take(8).take_while(|other| other.from > from).count()
}

/// What it costs a cue that other dates stand between, or the end of a part of the sentence.
fn crossed(scene: &Scene<'_>, hit: &Hit, expression: &Expression, between: usize) -> i32 {
    let marks = (hit.to..expression.from)
        .rev()
        .take(20)
        .filter(|at| scene.words.is(*at, ';') || scene.words.is(*at, '|'))
        .count();
    let dates = if hit.topic == Topic::Interviewing { 3 } else { 14 };
    let many = |count: usize| i32::try_from(count).unwrap_or(20);
    many(between) * dates + many(marks.min(3)) * 4
}

/// Whether a mark stands between a date and a cue behind it that ends what is said of the date.
fn barred(words: &Words<'_>, from: usize, to: usize, first_in_line: bool) -> bool {
    let mut barred = false;
    for at in from..to {
        let word = words.get(at);
        barred |= match word.kind {
            Kind::Mark(';' | '.' | '!' | '?' | '•') => true,
            // « le 28 mai (entretiens) ».
            Kind::Mark('(') => !first_in_line && at + 1 < to,
            Kind::Mark(',' | ':' | '|') => !first_in_line,
            _ => word.gap >= Gap::Line && word.capital,
        };
    }
    let behind = words.get(to);
    barred |= behind.gap >= Gap::Line && behind.capital && !first_in_line;
    barred
}

/// Whether only marks and fillers stand before a word on its line.
pub(super) fn begins_line(words: &Words<'_>, from: usize) -> bool {
    let line = words.get(from).line;
    let mut at = from;
    while at > 0 && from - at < 6 && words.get(at - 1).line == line {
        at -= 1;
        let fold = words.fold(at);
        let passes = matches!(words.get(at).kind, Kind::Mark(_))
            || super::lexicon::is_filler(fold)
            || super::lexicon::weekday(fold).is_some();
        if !passes {
            return false;
        }
    }
    true
}

/// How many lines a label may stand above its last date.
const BELOW: usize = 8;

/// The label above a date that begins its line: « Date limite : », a heading, the line before in a list.
fn by_label(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let (words, expression) = (scene.words, &scene.expressions[at]);
    if !begins_line(words, expression.whole.0) {
        return None;
    }
    let here = words.get(expression.from).line;
    let mut line = here;
    let mut passed = 0;
    while line > 0 && here - line < BELOW {
        line -= 1;
        let text = words.line(line).trim();
        if text.is_empty() {
            continue;
        }
        let first = first_of_line(words, expression.from, line)?;
        let end = (first..expression.from).find(|at| words.get(*at).line > line).unwrap_or(expression.from);
        let is_label = end - first <= 12;
        let hits = scene.hits.partition_point(|hit| hit.from < first)
            ..scene.hits.partition_point(|hit| hit.from < end);
        let dated =
            scene.expressions[..at].iter().rev().take(12).any(|other| (first..end).contains(&other.from));
        if dated {
            // A list of dates below one label.
            passed += 1;
            continue;
        }
        if !is_label || passed > 4 {
            return None;
        }
        let labels = scene.hits[hits].iter();
        let labels = labels.map(|hit| {
            let applying = hit.topic == Topic::Applying && !fits(Topic::Applying, expression);
            (*hit, hit.weight * 4 - 20 - if applying { 40 } else { 0 })
        });
        return labels
            .max_by_key(|(_, score)| *score)
            .filter(|(hit, score)| *score >= LEAST && fits(hit.topic, expression));
    }
    None
}

/// The first word of a line above a word.
fn first_of_line(words: &Words<'_>, below: usize, line: usize) -> Option<usize> {
    let mut at = below;
    while at > 0 && words.get(at - 1).line >= line && below - at < 400 {
        at -= 1;
    }
    (words.get(at).line == line).then_some(at)
}

/// How many sentences away applications may be spoken of.
const NEXT: u32 = 2;

/// A date with « avant le » or « jusqu'au » whose sentence says nothing, beside one that speaks of applications.
fn nearby(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let expression = &scene.expressions[at];
    if !matches!(expression.lead, Lead::Before | Lead::Until | Lead::By) || expression.bare {
        return None;
    }
    let middle = scene.hits.partition_point(|hit| hit.from < expression.from);
    let here = scene.sentences.get(expression.from).copied().unwrap_or_default();
    let speaks = |hit: &&Hit| {
        let there = scene.sentences.get(hit.from).copied().unwrap_or_default();
        matches!(hit.topic, Topic::Applying | Topic::Closing) && here.abs_diff(there) <= NEXT
    };
    let before =
        scene.hits[..middle].iter().rev().take_while(|hit| expression.from - hit.from <= 40).find(speaks);
    let after =
        || scene.hits[middle..].iter().take_while(|hit| hit.from - expression.from <= 15).find(speaks);
    before.or_else(after).map(|hit| (*hit, -30))
}

/// What a date is for, given what its sentence is about.
fn resolve(scene: &Scene<'_>, expression: &Expression, hit: &Hit) -> Role {
    let single = expression.is_single();
    let range = expression.spans.iter().any(|(_, last)| last.is_some());
    match (hit.topic, expression.lead) {
        (Topic::Closing | Topic::Applying | Topic::Ending, Lead::From | Lead::After) => Role::None,
        (Topic::Closing | Topic::Applying, _) => Role::Deadline,
        (Topic::Interviewing, Lead::Before | Lead::Until | Lead::By | Lead::After) if single => Role::Unsaid,
        (Topic::Interviewing, _) => Role::Interview,
        (Topic::Starting, Lead::Until) if single => {
            let sentence = scene.sentences.get(expression.from);
            let behind = scene.hits.partition_point(|other| other.from <= hit.to);
            let contract = scene.hits[..behind].iter().rev().take(6);
            let mut contract = contract.filter(|other| scene.sentences.get(other.from) == sentence);
            if contract.any(|other| other.topic == Topic::Contracting) { Role::End } else { Role::None }
        }
        (Topic::Starting, lead) if lead != Lead::Between && range && is_long(expression) => Role::Contract,
        (Topic::Starting, _) => Role::Start,
        (Topic::Contracting, Lead::From) if single => Role::Start,
        (Topic::Contracting, Lead::Until) if single => Role::End,
        (Topic::Contracting, _) if range => Role::Contract,
        (Topic::Ending, _) => Role::End,
        (Topic::Publishing, _) => Role::Published,
        _ => Role::None,
    }
}

/// Whether a range is longer than the window in which something may begin.
pub(super) fn is_long(expression: &Expression) -> bool {
    let Some((first, Some(last))) = expression.spans.first() else { return false };
    let month = |point: &super::points::Point| {
        point.month.map(i32::from).unwrap_or_default() + 12 * point.year.unwrap_or_default()
    };
    let apart = month(last) - month(first);
    !(0..=1).contains(&apart)
}
