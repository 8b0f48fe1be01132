//! Pure. Dates that are past, out of order, on a Sunday or a holiday, or at an hour that does not exist.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::{Seen, called, called_en, days, live, over_at};
use crate::calendar::{Event, Kind, Posting, Status, When};
use crate::diagnostic::{Problem, say};

/// A gap between two dates of one recruitment that looks like a wrong year.
const WRONG_YEAR: TimeDelta = TimeDelta::days(300);

pub(super) fn warnings(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    let mut found = past(seen, posting);
    // Where everything is over, the rest is history.
    if found.is_empty()
        || live(posting).any(|event| over_at(posting, event).is_some_and(|end| end > seen.now))
    {
        found.extend(order(seen, posting));
        for event in live(posting) {
            found.extend(day_off(seen, posting, event));
            found.extend(skipped_hour(seen, posting, event));
        }
    }
    found
}

/// An open posting of which everything is over; or a deadline or an interview so long ago, with more to come, that
/// its year must be wrong. A deadline that has passed while candidates are met is how it should be.
fn past(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    if posting.status != Status::Open {
        return Vec::new();
    }
    let dated: Vec<_> =
        live(posting).filter_map(|event| Some((event, over_at(posting, event)?, days(event)?))).collect();
    let Some((last, end, (_, day))) = dated.iter().max_by_key(|(_, end, _)| *end) else { return Vec::new() };
    if *end <= seen.now {
        return vec![seen.about(
            posting,
            last,
            KEYS,
            "past",
            say(
                format!("toutes les dates de cette fiche ouverte sont passées, la dernière le {day}"),
                format!("all dates of this open posting are past, the last one on {day}"),
            ),
            say(
                "vérifiez l'année\u{a0}; si le poste est pourvu, écrivez status = \"filled\", ou rangez la fiche ailleurs",
                "check the year; if somebody was found, write status = \"filled\", or move the posting elsewhere",
            ),
        )];
    }
    let coming = |kind: Kind| matches!(kind, Kind::Interview | Kind::Start | Kind::Deadline);
    let next = dated.iter().filter(|(event, end, _)| coming(event.kind) && *end > seen.now);
    let Some((next, _, (first, _))) = next.min_by_key(|(_, end, _)| *end) else { return Vec::new() };
    let suspect = |event: &Event, day: NaiveDate| {
        matches!(event.kind, Kind::Deadline | Kind::Interview) && *first - day > WRONG_YEAR
    };
    let long_past = dated.iter().filter(|(event, end, (_, day))| *end <= seen.now && suspect(event, *day));
    long_past
        .map(|(event, _, (_, day))| {
            seen.about(
                posting,
                event,
                KEYS,
                "past",
                say(
                    format!(
                        "{} est passé depuis le {day}, et {} est au {first}",
                        called(event),
                        called(next)
                    ),
                    format!(
                        "{} is past since {day}, and {} is on {first}",
                        called_en(event),
                        called_en(next)
                    ),
                ),
                say("vérifiez l'année", "check the year"),
            )
        })
        .collect()
}

const KEYS: &[&str] = &["until", "before", "on", "between"];

/// Dates in an order that no recruitment has. A window is taken at its most favourable.
fn order(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    let of = |kind: Kind| live(posting).filter(move |event| event.kind == kind);
    let last = |event: &Event| days(event).map(|(_, last)| last);
    let mut found = Vec::new();
    let mut say_so = |event: &Event, other: &Event, code: &'static str| {
        let (Some(day), Some(than)) = (last(event), last(other)) else { return };
        // The interview's first day counts, but a window may yet be used from the deadline on.
        let day = match (&event.when, event.kind, days(event)) {
            (When::Days(_) | When::Timed(_), Kind::Interview, Some((first, _))) => first,
            _ => day,
        };
        if day < than {
            found.push(seen.about(
                posting,
                event,
                KEYS,
                code,
                say(
                    format!("{} ({day}) vient avant {} ({than})", called(event), called(other)),
                    format!("{} ({day}) comes before {} ({than})", called_en(event), called_en(other)),
                ),
                say("vérifiez ces deux dates", "check these two dates"),
            ));
        }
    };
    let latest = |kind: Kind| of(kind).filter(|event| last(event).is_some()).max_by_key(|event| last(event));
    let (deadline, interview) = (latest(Kind::Deadline), latest(Kind::Interview));
    let (start, end) = (latest(Kind::Start), latest(Kind::End));
    if let Some(deadline) = deadline {
        for interview in of(Kind::Interview) {
            say_so(interview, deadline, "interview-before-deadline");
        }
    }
    if let Some(start) = start {
        match (interview, deadline) {
            (Some(interview), _) => say_so(start, interview, "start-before-interview"),
            (None, Some(deadline)) => say_so(start, deadline, "start-before-deadline"),
            (None, None) => {}
        }
        if let Some(end) = end {
            say_so(end, start, "end-before-start");
        }
    }
    found
}

/// An interview still to come on a Sunday, a holiday, or a day on which the house is closed.
fn day_off(seen: &Seen<'_>, posting: &Posting, event: &Event) -> Option<Problem> {
    let dates: Vec<NaiveDate> = match &event.when {
        _ if event.kind != Kind::Interview => return None,
        When::Days(days) => days.clone(),
        When::Timed(starts) => starts.iter().map(|start| start.local.date()).collect(),
        When::Deadline { .. } | When::Window { .. } | When::Open => return None,
    };
    let today = posting.zone.date(seen.now);
    let shut = |day: &NaiveDate| day.weekday() != Weekday::Sat && !posting.days.is_worked(*day);
    let day = dates.into_iter().filter(|day| *day >= today).find(shut)?;
    let (fr, en) = if posting.days.holidays.contains(day) {
        ("un jour férié", "a public holiday")
    } else if day.weekday() == Weekday::Sun {
        ("un dimanche", "a Sunday")
    } else {
        ("un jour de fermeture (days_off)", "a day off (days_off)")
    };
    Some(seen.about(
        posting,
        event,
        KEYS,
        "day-off",
        say(
            format!("{} tombe {fr}\u{a0}: le {day}", called(event)),
            format!("{} falls on {en}: {day}", called_en(event)),
        ),
        say("choisissez un jour ouvré", "choose a working day"),
    ))
}

/// A time that the clocks pass over when summer time begins.
fn skipped_hour(seen: &Seen<'_>, posting: &Posting, event: &Event) -> Option<Problem> {
    let zone = posting.zone;
    let skipped = |local: &NaiveDateTime| zone.local(zone.instant(*local)) != *local;
    let local = match &event.when {
        When::Deadline { written: Some(local), .. } => Some(*local).filter(skipped),
        When::Timed(starts) => starts.iter().map(|start| start.local).find(skipped),
        When::Deadline { written: None, .. } | When::Days(_) | When::Window { .. } | When::Open => None,
    }?;
    let (name, read) = (zone.name(), zone.local(zone.instant(local)).format("%H:%M"));
    let (day, time) = (local.date(), local.format("%H:%M"));
    Some(seen.about(
        posting,
        event,
        KEYS,
        "hour-skipped",
        say(
            format!("le {day}, il n'y a pas de {time} à {name}\u{a0}: on y passe à l'heure d'été"),
            format!("on {day} there is no {time} in {name}: summer time begins"),
        ),
        say(
            format!("jalon lit {read}\u{a0}; écrivez l'heure voulue"),
            format!("jalon reads {read}; write the time that is meant"),
        ),
    ))
}
