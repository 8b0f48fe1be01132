//! Pure. A weekday written in a label that is not the weekday of the date: « lundi 7 juillet », when it is a Tuesday.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{Seen, days, live};
use crate::calendar::written::{Piece, WEEKDAYS, month, pieces, weekday};
use crate::calendar::{Event, Posting, When};
use crate::diagnostic::{Problem, say};

pub(super) fn warnings(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    live(posting).filter_map(|event| of_event(seen, posting, event)).collect()
}

fn of_event(seen: &Seen<'_>, posting: &Posting, event: &Event) -> Option<Problem> {
    let label = event.label.as_deref()?;
    let own = dates(event);
    // The year is the event's, else one of the posting's other dates'.
    let mut years: BTreeSet<i32> = own.iter().map(Datelike::year).collect();
    if years.is_empty() {
        let all = posting.events.iter().filter_map(days);
        years = all.flat_map(|(first, last)| [first.year(), last.year()]).collect();
    }
    let Unfit { written, day } = unfit(label, &own, &years, matches!(event.when, When::Window { .. }))?;
    let name = |language: usize| WEEKDAYS.get(written as usize).map_or("", |names| names[language]);
    let real = |language: usize| {
        WEEKDAYS.get(day.weekday().num_days_from_monday() as usize).map_or("", |names| names[language])
    };
    let english = |name: &str| format!("{}{}", name[..1].to_uppercase(), &name[1..]);
    Some(seen.about(
        posting,
        event,
        &["label"],
        "weekday",
        say(
            format!("le {day} est un {}, et non un {}", real(0), name(0)),
            format!("{day} is a {}, not a {}", english(real(1)), english(name(1))),
        ),
        say("corrigez le label, ou la date", "mend the label, or the date"),
    ))
}

/// The days that an event certainly takes place on.
fn dates(event: &Event) -> Vec<NaiveDate> {
    match &event.when {
        When::Days(days) => days.clone(),
        When::Timed(starts) => starts.iter().map(|start| start.local.date()).collect(),
        When::Deadline { .. } | When::Window { .. } => {
            days(event).map(|(first, last)| vec![first, last]).unwrap_or_default()
        }
        When::Open => Vec::new(),
    }
}

/// A weekday (from Monday) and the day that it is not the weekday of.
struct Unfit {
    written: u32,
    day: NaiveDate,
}

/// The first weekday of a label that fits no date that it may stand for.
fn unfit(label: &str, own: &[NaiveDate], years: &BTreeSet<i32>, window: bool) -> Option<Unfit> {
    let pieces = pieces(label);
    let word = |n: usize| match pieces.get(n) {
        Some(Piece::Word(word)) => Some(word.as_str()),
        _ => None,
    };
    for n in 0..pieces.len() {
        let Some(written) = word(n).and_then(weekday) else { continue };
        // « lundi le 7 », "Monday, the 7th", "Monday July 7": the number may stand behind a word or two.
        let is_filler = |at: usize| {
            matches!(word(at), Some("le" | "the" | "of"))
                || matches!(pieces.get(at), Some(Piece::Mark(',' | '(')))
        };
        let mut at = n + 1;
        while is_filler(at) || word(at).and_then(month).is_some() {
            at += 1;
        }
        let number = match pieces.get(at) {
            Some(Piece::Number(day @ 1..=31, 1 | 2)) if !is_time(&pieces, at) => Some(*day),
            _ => None,
        };
        let Some(number) = number else {
            // A weekday alone is one of the event's days; in a window it may be any.
            let fits = own.iter().any(|day| day.weekday().num_days_from_monday() == written);
            if !own.is_empty() && !fits && !window {
                return Some(Unfit { written, day: *own.first()? });
            }
            continue;
        };
        let within = (n + 1..at).find_map(|at| word(at).and_then(month));
        let named = within.or_else(|| (at + 1..pieces.len()).find_map(|at| word(at).and_then(month)));
        let year = pieces[at..].iter().find_map(|piece| match piece {
            Piece::Number(year, 4) => i32::try_from(*year).ok(),
            _ => None,
        });
        let years: Vec<i32> = year.map_or_else(|| years.iter().copied().collect(), |year| vec![year]);
        let months: BTreeSet<u32> =
            named.map_or_else(|| own.iter().map(Datelike::month).collect(), |month| [month].into());
        let days: Vec<NaiveDate> = years
            .iter()
            .flat_map(|year| months.iter().filter_map(|month| NaiveDate::from_ymd_opt(*year, *month, number)))
            .collect();
        let fits = days.iter().any(|day| day.weekday().num_days_from_monday() == written);
        if let (false, Some(day)) = (fits, days.first()) {
            return Some(Unfit { written, day: *day });
        }
    }
    None
}

/// Whether a number is an hour: `14h`, `9:30`.
fn is_time(pieces: &[Piece], at: usize) -> bool {
    match pieces.get(at + 1) {
        Some(Piece::Word(word)) => matches!(word.as_str(), "h" | "heures" | "heure" | "am" | "pm"),
        Some(Piece::Mark(mark)) => *mark == ':',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_held_against_the_dates_that_they_name() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let own = [day("2026-07-07"), day("2026-07-08")]; // a Tuesday and a Wednesday
        for (label, expected) in [
            ("mardi 7 juillet", None),
            ("lundi 7 juillet", Some("2026-07-07")),
            ("Lundi 7", Some("2026-07-07")),
            ("mardi 7 ou mercredi 8 juillet", None),
            ("mardi 7 ou jeudi 8 juillet", Some("2026-07-08")),
            ("Monday, July 7th", Some("2026-07-07")),
            ("Tuesday the 7th of July", None),
            ("avant le lundi 29 juin", None),
            ("avant le lundi 30 juin", Some("2026-06-30")),
            ("lundi 7 juillet 2025", None),
            ("un mardi", None),
            ("un lundi", Some("2026-07-07")),
            ("mercredi 14h", None),
            ("lundi 14h", Some("2026-07-07")),
            ("mi-juillet", None),
            ("lundi 31 juin", None),
        ] {
            let found = unfit(label, &own, &[2026].into(), false);
            assert_eq!(found.map(|found| found.day), expected.map(day), "{label}");
        }
        assert!(unfit("un lundi", &own, &[2026].into(), true).is_none(), "a window may hold any");
        assert!(unfit("lundi 7 juillet", &[], &BTreeSet::new(), false).is_none(), "of no known year");
        assert!(unfit("lundi 7 juillet", &[], &[2025, 2026].into(), false).is_none(), "it was one in 2025");
    }
}
