//! Pure. Where a text speaks of dates: days, alternatives, ranges, weeks, parts of months, with what is missing.
//!
//! Nothing here knows what a date is for: `roles` does. An expression looks at a bounded number of words, and the
//! next one begins behind it.

use super::lexicon::{self, Join};
use super::points::{Part, Point, is_scanned_first, point};
use super::times::{self, Time};
use super::words::{Gap, Kind, Words};

/// What stands before a date and says how far it reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lead {
    /// Nothing of that kind.
    None,
    /// « avant le », "before".
    Before,
    /// « jusqu'au », "until".
    Until,
    /// « au plus tard le », "by", « pour le ».
    By,
    /// « à partir du », "from".
    From,
    /// « entre … et », "between".
    Between,
    /// « du … au », "from … to".
    Span,
    /// « après le », "after".
    After,
}

/// Where the text speaks of a date.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    /// One or several, each perhaps with the end of a range.
    pub(super) spans: Vec<(Point, Option<Point>)>,
    /// Its words: the dates alone.
    pub(super) from: usize,
    pub(super) to: usize,
    /// Its words, with what says how far it reaches and at what time.
    pub(super) whole: (usize, usize),
    pub(super) lead: Lead,
    /// « inclus » follows.
    pub(super) included: bool,
    pub(super) time: Option<Time>,
    /// Only a month, or day and month in figures: it takes a clear word to be a date.
    pub(super) bare: bool,
    /// A letter was read as a digit.
    pub(super) slip: bool,
}

impl Expression {
    /// Whether it is one day, or one stretch of a month.
    pub(super) fn is_single(&self) -> bool {
        matches!(self.spans[..], [(_, None)])
    }

    /// Every point of it.
    pub(super) fn points(&self) -> impl Iterator<Item = &Point> {
        self.spans.iter().flat_map(|(first, last)| std::iter::once(first).chain(last))
    }
}

/// How many dates one expression may join.
const MOST: usize = 12;

/// Every expression of a text, in order.
pub(super) fn expressions(words: &Words<'_>) -> Vec<Expression> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match expression(words, at) {
            Some(expression) => {
                let street = is_street(words, at);
                at = expression.whole.1.max(expression.to).max(at + 1);
                if !street {
                    found.push(expression);
                }
            }
            None => at += 1,
        }
    }
    month_first(words, &mut found);
    found
}

/// « 12 rue du 8 mai 1945 ».
fn is_street(words: &Words<'_>, from: usize) -> bool {
    let back = |n: usize| if from >= n { words.fold(from - n) } else { "" };
    let named = matches!(
        back(2),
        "rue"
            | "place"
            | "avenue"
            | "av"
            | "bd"
            | "boulevard"
            | "quai"
            | "square"
            | "allee"
            | "impasse"
            | "esplanade"
    );
    back(1) == "du" && named && !matches!(back(3), "en" | "sur")
}

/// If one date in figures can only be month first, those that could be are.
fn month_first(words: &Words<'_>, found: &mut [Expression]) {
    let sure = |point: &Point| point.turns && matches!(point.part, Part::Day(day) if day > 12);
    let figures = found.iter().filter(|one| one.points().any(|point| point.turns));
    let american = figures.clone().any(|one| one.points().any(|point| sure(point) && point.month_first));
    let european = figures.clone().any(|one| one.points().any(|point| sure(point) && !point.month_first));
    // "April 17, 2026" beside dollars says the same.
    let named = |first: bool| {
        found.iter().flat_map(Expression::points).any(|point| {
            !point.turns
                && matches!(point.part, Part::Day(_))
                && point.month_first == first
                && point.month.is_some()
                && !point.iso
        })
    };
    let american = american || words.text.contains('$') && named(true) && !named(false);
    if !american || european {
        return;
    }
    for (first, last) in found.iter_mut().flat_map(|one| &mut one.spans) {
        for point in std::iter::once(first).chain(last) {
            if let (Part::Day(day @ ..=12), Some(month), true) = (point.part, point.month, point.turns) {
                (point.part, point.month) = (Part::Day(month), Some(day));
            }
        }
    }
}

fn expression(words: &Words<'_>, from: usize) -> Option<Expression> {
    // A filler begins nothing: the date behind it does.
    if lexicon::is_filler(words.fold(from)) && !is_scanned_first(words, from) {
        return None;
    }
    let (first, mut to) = point(words, from)?;
    let (lead, leading) = lead(words, from);
    let mut points = vec![first];
    let mut joins = Vec::new();
    let mut ends = vec![to];
    while points.len() < MOST {
        let Some((joined, next)) = joined(words, to, lead) else { break };
        let Some((mut point, end)) = point(words, next) else { break };
        if words.get(next).gap == Gap::Paragraph {
            break;
        }
        // « les semaines du 18 et du 25 mai », « semaines 22 et 23 ».
        match (points.last().map(|last| last.part), point.part) {
            (Some(Part::WeekOf(_)), Part::Day(day)) if joined == Join::List && words.fold(next) != "le" => {
                point.part = Part::WeekOf(day);
            }
            (Some(Part::IsoWeek(_)), Part::Day(week)) if is_incomplete(&point) => {
                point.part = Part::IsoWeek(week);
            }
            _ => {}
        }
        if joined == Join::List && is_another_day(words, next, end, &points, &point) {
            (point.month, point.year) = points.last().map_or((None, None), |last| (last.month, last.year));
        }
        joins.push(joined);
        points.push(point);
        ends.push(end);
        to = end;
    }
    let kept = kept(&points, &joins);
    if kept == 0 {
        return None;
    }
    points.truncate(kept);
    joins.truncate(kept - 1);
    to = ends[kept - 1];
    complete(&mut points);
    let spans = spans(&points, &joins);
    if spans.iter().flat_map(|(first, last)| std::iter::once(first).chain(last)).any(is_incomplete) {
        return None;
    }
    let bare = is_bare(words, from, to, &points);
    let slip = (from..to).any(|at| words.get(at).slip || is_scanned_first(words, at));
    let mut found = Expression {
        spans,
        from,
        to,
        whole: (leading.min(from), to),
        lead,
        included: false,
        time: None,
        bare,
        slip,
    };
    around(words, &mut found);
    Some(found)
}

fn is_incomplete(point: &Point) -> bool {
    point.month.is_none() && !matches!(point.part, Part::IsoWeek(_))
}

/// « le 28 mai et le 29 »: a day of the month that was just named.
fn is_another_day(words: &Words<'_>, from: usize, to: usize, before: &[Point], point: &Point) -> bool {
    let told = point.weekday.is_some() || matches!(words.fold(from), "le" | "the");
    let later = match (before.last().map(|last| (last.part, last.month)), point.part) {
        (Some((Part::Day(last), Some(_))), Part::Day(day)) => day > last,
        _ => false,
    };
    // « le 3 mai et le 4 ou 5 juin », « et le 2 postes ».
    let next = words.get(to);
    let ends = next.kind != Kind::Letters
        || next.gap >= Gap::Line
        || matches!(
            words.fold(to),
            "au" | "a" | "en" | "dans" | "de" | "pour" | "matin" | "apres" | "at" | "in" | "by" | "puis"
        );
    told && later
        && is_incomplete(point)
        && ends
        && !words.is(to, ',')
        && lexicon::join(words.fold(to)) != Some(Join::List)
}

/// A month alone, or figures without a year.
fn is_bare(words: &Words<'_>, from: usize, to: usize, points: &[Point]) -> bool {
    let is_named = (from..to).any(|at| lexicon::month(words.fold(at)).is_some());
    let has_year = points.iter().any(|point| point.year.is_some());
    let month_alone = to - from == 1;
    !has_year && (!is_named || month_alone)
}

/// How many of the points belong together: those behind the last that has a month may not, nor those that a mere comma
/// joins to a date that is whole.
fn kept(points: &[Point], joins: &[Join]) -> usize {
    let days = |point: &Point| if let Part::Day(day) = point.part { Some(day) } else { None };
    let grows = points.windows(2).all(|pair| days(&pair[0]) < days(&pair[1]));
    // « 27, 28, 29 mai ».
    let listed = joins.contains(&Join::List) || joins.len() > 1 && grows;
    let cut = joins.iter().zip(points.windows(2)).position(|(join, pair)| {
        let (before, after) = (&pair[0], &pair[1]);
        let goes_on = listed
            && (before.weekday.is_some() && before.year.is_none()
                || before.month_first && is_incomplete(after) && days(before) < days(after));
        *join == Join::Comma && (before.month.is_some() && !goes_on || !listed && before.weekday.is_none())
    });
    let mut kept = cut.map_or(points.len(), |cut| cut + 1);
    let month_first = points[..kept].iter().any(|point| point.month_first);
    while kept > 0 && is_incomplete(&points[kept - 1]) && !(month_first && kept > 1) {
        kept -= 1;
    }
    kept
}

/// Months and years that a date takes from its neighbours: « 6 et 7 juillet 2026 », "January 25 - 27, 2017".
fn complete(points: &mut [Point]) {
    for at in 1..points.len() {
        let before = points[at - 1];
        let here = &mut points[at];
        if is_incomplete(here) && before.month_first {
            (here.month, here.month_first) = (before.month, true);
        }
    }
    for at in (1..points.len()).rev() {
        let next = points[at];
        let here = &mut points[at - 1];
        if is_incomplete(here) {
            here.month = next.month;
        }
        if here.year.is_none() {
            // « du 31 août au 30 avril 2027 »: the year before.
            let later = next.month.zip(here.month).is_some_and(|(next, here)| here > next);
            here.year = next.year.map(|year| if later { year - 1 } else { year });
        }
    }
    for at in 1..points.len() {
        let before = points[at - 1];
        let here = &mut points[at];
        if let (None, Some(year)) = (here.year, before.year) {
            let later = here.month.zip(before.month).is_some_and(|(here, before)| here < before);
            here.year = Some(if later { year + 1 } else { year });
        }
    }
}

fn spans(points: &[Point], joins: &[Join]) -> Vec<(Point, Option<Point>)> {
    let mut spans: Vec<(Point, Option<Point>)> = vec![(points[0], None)];
    for (point, join) in points[1..].iter().zip(joins) {
        match spans.last_mut() {
            Some((_, end @ None)) if *join == Join::Range => *end = Some(*point),
            _ => spans.push((*point, None)),
        }
    }
    spans
}

/// Behind « après-midi », « au matin », "afternoon".
fn half_of_day(words: &Words<'_>, at: usize) -> usize {
    let from = at + usize::from(matches!(words.fold(at), "au" | "("));
    let to = match words.fold(from) {
        "matin" | "soir" | "morning" | "afternoon" | "evening" => from + 1,
        "apres" => from + 3,
        _ => return at,
    };
    to + usize::from(words.is(to, ')'))
}

/// The join at a place, and where the next date would begin.
fn joined(words: &Words<'_>, at: usize, lead: Lead) -> Option<(Join, usize)> {
    let mut next = half_of_day(words, at);
    if words.is(next, ',') && lexicon::join(words.fold(next + 1)).is_some_and(|join| join != Join::Comma) {
        next += 1;
    }
    let mut found = lexicon::join(words.fold(next))?;
    let word = words.fold(next);
    if lead == Lead::Between && matches!(word, "et" | "and" | "und") {
        found = Join::Range;
    }
    next += 1;
    // « le 1er juillet ou au 1er septembre ».
    next += usize::from(found == Join::List && matches!(words.fold(next), "au" | "puis"));
    // « et/ou », « jusqu'au ».
    if found == Join::List && words.is(next, '/') && matches!(words.fold(next + 1), "ou" | "or") {
        next += 2;
    }
    if word == "jusqu" {
        while words.is(next, '\'') || matches!(words.fold(next), "au" | "a") {
            next += 1;
        }
    }
    Some((found, next))
}

/// What stands before a date, and where it begins.
fn lead(words: &Words<'_>, from: usize) -> (Lead, usize) {
    let mut at = from;
    let floor = from.saturating_sub(6);
    while at > floor {
        let word = words.fold(at - 1);
        let passed = lexicon::is_filler(word) && !matches!(word, "du" | "des" | "on")
            || lexicon::weekday(word).is_some()
            || matches!(word, "'" | "(" | "\"" | "en" | "a" | "fin" | "environ" | "either")
            || word == "date" && words.get(at).gap < Gap::Line
            || word == ":"
                && at > 1
                && matches!(words.fold(at - 2), "le" | "au" | "avant" | "by" | "before" | "until")
            || words.get(at - 1).kind == Kind::Mark('\u{1}');
        if !passed {
            break;
        }
        at -= 1;
    }
    let at = close_of_day(words, at);
    let at = times::before(words, at).unwrap_or(at);
    let back = |n: usize| if at >= n { words.fold(at - n) } else { "" };
    // How many words before the date say it.
    let (lead, count) = match (back(1), back(2)) {
        ("avant", "pas") => (Lead::None, 0),
        ("before", "or") | ("tard", _) | ("than", "later") => (Lead::By, 3),
        ("to", "prior") => (Lead::Before, 2),
        ("avant" | "before", _) => (Lead::Before, 1),
        ("au" | "en", "'") if back(3) == "jusqu" => (Lead::Until, 3),
        ("au", "jusqu") | ("zum", "bis") | ("including", "and") => (Lead::Until, 2),
        ("jusqu" | "until" | "till" | "hasta" | "bis" | "to" | "through", _) | ("du", "limite") => {
            (Lead::Until, 1)
        }
        ("du", "dela") if is_refused(words, from) => (Lead::Until, 4),
        ("after" | "apres" | "passe", _) if is_refused(words, from) => (Lead::Until, 1),
        ("after" | "following" | "apres" | "suivant", _) => (Lead::After, 1),
        ("au", "ici") => (Lead::By, 2),
        ("au", "tard") => (Lead::By, 4),
        ("by" | "ici" | "pour", _) => (Lead::By, 1),
        ("du", "partir" | "compter") => (Lead::From, 3),
        ("partir" | "compter", _) | ("of", "as") => (Lead::From, 2),
        ("des" | "from" | "ab", _) => (Lead::From, 1),
        ("entre" | "between" | "zwischen", _) => (Lead::Between, 1),
        ("du" | "vom", _) => (Lead::Span, 1),
        _ => (Lead::None, 0),
    };
    (lead, at.saturating_sub(count))
}

/// Where "the end of", "close of business on" begin, if they stand before a date.
fn close_of_day(words: &Words<'_>, date: usize) -> usize {
    let from = date - usize::from(date > 0 && words.fold(date - 1) == "on");
    let back = |n: usize| if from >= n { words.fold(from - n) } else { "" };
    let the = |count: usize| count + usize::from(from > count && words.fold(from - count - 1) == "the");
    let count = match (back(4), back(3), back(2), back(1)) {
        (_, "close", "of", "business" | "play") | (_, "end", "of", "day") => the(3),
        (_, _, "end", "of") => the(2),
        (_, _, _, "cob" | "eod") => 1,
        _ => return date,
    };
    from - count
}

/// Whether what comes after a date is refused: « aucune candidature après le », "will not be considered".
fn is_refused(words: &Words<'_>, from: usize) -> bool {
    (from.saturating_sub(12)..from + 16).any(|at| {
        let word = words.fold(at);
        matches!(
            word,
            "not" | "no" | "nothing" | "rien" | "late" | "rejected" | "aucun" | "aucune" | "ne" | "hors"
        ) || word.starts_with("ecart")
            || word.starts_with("rejet")
            || word.starts_with("irrecevable")
    })
}

/// What stands around a date: its time, and « inclus ».
fn around(words: &Words<'_>, found: &mut Expression) {
    if let Some((time, to)) = times::after(words, found.to) {
        found.time = Some(time);
        found.whole.1 = to;
    } else if let Some(time) = times::read_before(words, found.from) {
        found.time = Some(time);
    }
    let behind = found.whole.1.max(found.to);
    for at in behind..behind + 6 {
        match words.fold(at) {
            "inclus" | "incluse" | "inclue" | "compris" | "included" | "inclusive" | "inclusif" => {
                found.included = true;
                found.whole.1 = found.whole.1.max(at + 1);
                return;
            }
            "tard" if words.fold(at - 1) == "plus" && found.lead == Lead::None => {
                found.lead = Lead::By;
                found.whole.1 = found.whole.1.max(at + 1);
                return;
            }
            "latest" | "rigueur" if found.lead == Lead::None => {
                found.lead = Lead::By;
                found.whole.1 = found.whole.1.max(at + 1);
                return;
            }
            "." | ";" | ":" | "et" | "and" | "!" => return,
            _ => {}
        }
    }
}
