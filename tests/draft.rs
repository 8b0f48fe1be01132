//! `jalon draft`: what a careful reader finds in the text of a posting, what they leave alone, and how both are told.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "draft/phrases.rs"]
mod phrases;
#[path = "draft/calendars.rs"]
mod calendars;
#[path = "draft/contracts.rs"]
mod contracts;
#[path = "draft/goldens.rs"]
mod goldens;
#[path = "draft/promises.rs"]
mod promises;
#[path = "draft/properties.rs"]
mod properties;
#[path = "draft/command.rs"]
mod command;
mod support;

use chrono::NaiveDate;
use jalon::draft::page::warnings;
use jalon::draft::{Draft, Event, Moment, When, draft};

use calendars::{DEADLINES, INTERVIEWS, LAYOUTS, OTHERS};
use phrases::{ADDRESSES, PHRASES};

fn published() -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(2026, 3, 2)
}

fn moment(moment: Moment) -> String {
    match moment.time {
        Some((hour, minute)) => format!("{}T{hour:02}:{minute:02}", moment.day),
        None => moment.day.to_string(),
    }
}

fn when(event: &Event) -> String {
    let when = match &event.when {
        When::Until(until) => format!("until {}", moment(*until)),
        When::Before(day) => format!("before {day}"),
        When::On(days) => days.iter().copied().map(moment).collect::<Vec<_>>().join(" "),
        When::Between(first, last) => format!("{first}..{last}"),
        When::Open(words) => format!("{words:?}"),
        When::Impossible(words) => format!("impossible {words:?}"),
    };
    if event.doubts.is_empty() { when } else { format!("{when} ?") }
}

/// The dates of a draft on one line; a question mark where something is to be checked.
fn dates(draft: &Draft) -> String {
    let mut all: Vec<String> = draft.deadline.iter().map(when).collect();
    all.extend(draft.interviews.iter().map(|event| format!("interview {}", when(event))));
    all.extend(draft.start.iter().map(|event| format!("start {}", when(event))));
    all.extend(draft.end.iter().map(|event| format!("end {}", when(event))));
    all.join("; ")
}

#[test]
fn phrases_are_read_as_people_mean_them() {
    let mut wrong = Vec::new();
    let all = [PHRASES, DEADLINES, INTERVIEWS, LAYOUTS, OTHERS].concat();
    for (text, expected) in &all {
        let found = dates(&draft(text, published()));
        if found != *expected {
            wrong.push(format!("{text:?}\n    gave     {found}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), all.len(), wrong.join("\n"));
}

#[test]
fn what_gives_no_day_is_left_out_and_told() {
    let told = |text: &str| {
        let draft = draft(text, published());
        let all: Vec<String> = warnings(&draft).into_iter().map(|warning| warning.sentence.en).collect();
        (dates(&draft), all.join("\n"))
    };
    let (found, said) = told("Candidatures avant fin mai 2026");
    assert_eq!(found, "");
    assert!(said.contains("applications \"avant fin mai 2026\": that does not say which day"), "{said}");
    let (found, said) = told("Date limite : 15 mai 2026. Prochain jury le 12 juin 2029.");
    assert_eq!(found, "until 2026-05-15");
    assert!(said.contains("\"le 12 juin 2029\" is too far from the deadline for an interview"), "{said}");
}

#[test]
fn the_address_is_the_one_where_one_applies() {
    let mut wrong = Vec::new();
    for (text, expected) in ADDRESSES {
        let found = draft(text, published()).apply.map_or_else(String::new, |apply| {
            let cc = apply.cc.map(|cc| format!(" cc {}", cc.value)).unwrap_or_default();
            format!("{}{cc}", apply.email.value)
        });
        if found != *expected {
            wrong.push(format!("{text:?}\n    gave     {found}\n    expected {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}\n{}", wrong.len(), ADDRESSES.len(), wrong.join("\n"));
}

#[test]
fn only_the_posting_tells_when_it_appeared() {
    let report = "\n".repeat(8) + "Le cahier des charges a été publié le 7 juin 2021, la loi le 3 mai.\n";
    assert_eq!(draft(&report, None).published, None);
    let own = "\n".repeat(8) + "Publié le 2 mars 2026\n\nDate limite : 3 mai\n";
    let read = draft(&own, None);
    assert_eq!(read.published, published());
    assert_eq!(dates(&read), "until 2026-05-03 ?");
    let given = NaiveDate::from_ymd_opt(2024, 6, 1);
    assert_eq!(dates(&draft(&own, given)), "until 2025-05-03 ?");
}
