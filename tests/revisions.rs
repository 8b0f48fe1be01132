//! What is a change, and what is none: what was said of an event against what holds now; how a round's files make
//! revisions; what only goes by another name.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::Posting;
use jalon::plan::said::{Said, Shift, Standing, difference};
use jalon::plan::told::{Revised, Revision, revise, settled_before};

fn now() -> DateTime<Utc> {
    "2026-06-20T08:00:00Z".parse().unwrap()
}

fn posting(text: &str) -> Posting {
    support::read(&support::house(""), text).unwrap()
}

/// What is said of the first event of a posting.
fn said(text: &str) -> Said {
    let posting = posting(text);
    Said::of(&posting, &posting.events[0])
}

/// The difference between two postings' first events, in a word.
fn word(before: &str, after: &str) -> String {
    difference(&said(before), &said(after), now()).map_or_else(
        || "none".to_owned(),
        |found| {
            let details = [("place", found.place), ("link", found.link), ("panel", found.panel)];
            let details = details.into_iter().filter(|(_, is)| *is).map(|(name, _)| name.to_owned());
            let shift = found.shift.map(|shift| format!("{shift:?}").to_lowercase());
            shift.into_iter().chain(details).collect::<Vec<_>>().join(" ")
        },
    )
}

#[test]
fn a_change_has_a_kind() {
    let interview = |rest: &str| format!("[[interview]]\n{rest}\n");
    let on = |rest: &str| interview(&format!("on = 2026-07-06\n{rest}"));
    for (before, after, expected) in [
        ("[deadline]\nuntil = 2026-06-28".to_owned(), "[deadline]\nuntil = 2026-07-05".to_owned(), "moved"),
        // The same instant, written otherwise.
        ("[deadline]\nuntil = 2026-06-28".to_owned(), "[deadline]\nbefore = 2026-06-29".to_owned(), "none"),
        ("[deadline]\nuntil = 2026-06-28".to_owned(), "[deadline]\nbefore = 2026-06-28".to_owned(), "moved"),
        (
            "[deadline]\nuntil = 2026-06-28".to_owned(),
            "[deadline]\nuntil = 2026-06-29T00:00:00".to_owned(),
            "none",
        ),
        // Another zone is another instant.
        (
            "[deadline]\nuntil = 2026-06-28".to_owned(),
            "time_zone = \"Indian/Reunion\"\n[deadline]\nuntil = 2026-06-28".to_owned(),
            "moved",
        ),
        // Of whole days the dates count.
        (on(""), format!("time_zone = \"Indian/Reunion\"\n{}", on("")), "none"),
        (interview("between = [2026-07-06, 2026-07-10]"), on(""), "fixed"),
        (interview("label = \"en juillet\""), on(""), "fixed"),
        (on(""), interview("on = 2026-07-06T09:30:00"), "fixed"),
        (on(""), interview("on = 2026-07-07T09:30:00"), "moved"),
        (on(""), interview("label = \"en juillet\""), "unfixed"),
        (
            interview("between = [2026-07-06, 2026-07-10]"),
            interview("between = [2026-07-06, 2026-07-11]"),
            "moved",
        ),
        (on(""), on("cancelled = true"), "cancelled"),
        (on(""), format!("status = \"cancelled\"\n{}", on("")), "cancelled"),
        (on("cancelled = true"), on(""), "restored"),
        (on("cancelled = true"), format!("status = \"cancelled\"\n{}", on("")), "none"),
        (on(""), on("done = true"), "none"),
        (on(""), format!("status = \"filled\"\n{}", on("")), "none"),
        (on(""), on("place = \"Crest\""), "place"),
        (on("place = \"Crest\""), on("place = \"Die\"\nlink = \"https://example.org/\""), "place link"),
        (on("panel = [\"camille\"]"), on("panel = [\"sacha\", \"camille\"]"), "panel"),
        (on("panel = [\"camille\", \"sacha\"]"), on("panel = [\"sacha\", \"camille\"]"), "none"),
        (on("place = \"Crest\""), interview("on = 2026-07-08\nplace = \"Die\""), "moved place"),
        (on("place = \"Crest\""), interview("on = 2026-06-10\nplace = \"Die\""), "moved"),
        // Only interviews are met somewhere by somebody.
        (
            "[start]\non = 2026-09-01\nplace = \"Crest\"".to_owned(),
            "[start]\non = 2026-09-01\nplace = \"Die\"".to_owned(),
            "none",
        ),
        // Words are no change.
        (on("label = \"lundi\""), on("label = \"le 6\"\nname = \"Premier tour\""), "none"),
    ] {
        assert_eq!(word(&before, &after), expected, "{before}\n→\n{after}");
    }
}

#[test]
fn what_is_wholly_past_is_none_of_anybodys_business() {
    for (before, after, expected) in [
        ("until = 2026-06-10", "until = 2026-06-12", "none"),
        ("until = 2026-06-10", "until = 2026-07-12", "moved"),
        ("until = 2026-07-10", "until = 2026-06-12", "moved"),
        ("until = 2026-06-10", "until = 2026-06-10\ncancelled = true", "none"),
        ("until = 2026-06-10\ncancelled = true", "until = 2026-06-10", "none"),
    ] {
        assert_eq!(word(&format!("[deadline]\n{before}"), &format!("[deadline]\n{after}")), expected);
    }
    let past = "[[interview]]\non = 2026-06-10\nplace = ";
    assert_eq!(word(&format!("{past}\"Crest\""), &format!("{past}\"Die\"")), "none");
}

/// Rounds of files against one memory.
#[derive(Default)]
struct Memory {
    revisions: Vec<Revision>,
    at: TimeDelta,
}

impl Memory {
    /// A round, some minutes later. What it found, and what the ledger holds afterwards.
    fn round(
        &mut self,
        minutes: i64,
        postings: &[&Posting],
        gone: &[&str],
        moved: &[(&str, &str)],
    ) -> Revised {
        self.at += TimeDelta::minutes(minutes);
        let postings: Vec<Posting> = postings.iter().map(|posting| (*posting).clone()).collect();
        let gone: BTreeSet<String> = gone.iter().map(|id| (*id).to_owned()).collect();
        let moved: BTreeMap<String, String> =
            moved.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let revised = revise(&postings, &gone, &moved, self.revisions.clone(), now() + self.at);
        for renaming in &revised.renamed {
            for revision in &mut self.revisions {
                if (&revision.posting, &revision.event) == (&renaming.from.0, &renaming.from.1) {
                    (revision.posting, revision.event) = renaming.to.clone();
                }
            }
        }
        for new in &revised.new {
            self.revisions.retain(|known| {
                (&known.posting, &known.event, known.revision) != (&new.posting, &new.event, new.revision)
            });
            self.revisions.push(new.clone());
        }
        self.revisions
            .sort_by(|a, b| (&a.posting, &a.event, a.revision).cmp(&(&b.posting, &b.event, b.revision)));
        revised
    }

    fn numbers(&self) -> Vec<String> {
        let numbered = self.revisions.iter();
        numbered.map(|known| format!("{}/{} {}", known.posting, known.event, known.revision)).collect()
    }
}

#[test]
fn a_revision_is_made_when_something_changes_and_its_number_only_rises() {
    let mut memory = Memory::default();
    let first = posting("[deadline]\nuntil = 2026-06-28");
    let later = posting("[deadline]\nuntil = 2026-07-05");
    assert_eq!(memory.round(0, &[&first], &[], &[]).new.len(), 1);
    assert_eq!(memory.round(1, &[&first], &[], &[]).new, []);
    memory.round(1, &[&later], &[], &[]);
    memory.round(1, &[&first], &[], &[]);
    assert_eq!(memory.numbers(), ["p/deadline 1", "p/deadline 2", "p/deadline 3"]);
    assert!(memory.revisions[0].said().unwrap().same_time(&memory.revisions[2].said().unwrap()));
}

#[test]
fn new_words_keep_the_number_and_its_beginning() {
    let mut memory = Memory::default();
    memory.round(0, &[&posting("[[interview]]\non = 2026-07-06")], &[], &[]);
    let worded = posting("[[interview]]\non = 2026-07-06\nlabel = \"lundi\"");
    let revised = memory.round(5, &[&worded], &[], &[]);
    assert_eq!((revised.new.len(), revised.new[0].revision, revised.new[0].since), (1, 1, now()));
    assert_eq!(revised.new[0].said().unwrap().label.as_deref(), Some("lundi"));
}

#[test]
fn an_event_that_only_changes_its_name_is_renamed() {
    let mut memory = Memory::default();
    memory.round(0, &[&posting("[[interview]]\non = 2026-07-06")], &[], &[]);
    let second = "[[interview]]\nname = \"Premier tour\"\non = 2026-07-06\n[[interview]]\nname = \"Second tour\"\non = 2026-07-20";
    let revised = memory.round(5, &[&posting(second)], &[], &[]);
    assert_eq!(revised.renamed.len(), 1);
    assert_eq!(memory.numbers(), ["p/interview:premier-tour 1", "p/interview:second-tour 1"]);
}

#[test]
fn an_event_of_another_kind_on_the_same_day_is_another_event() {
    let mut memory = Memory::default();
    memory.round(0, &[&posting("[[interview]]\non = 2026-07-06")], &[], &[]);
    let revised = memory.round(5, &[&posting("[start]\non = 2026-07-06")], &[], &[]);
    assert_eq!(revised.renamed, []);
    assert_eq!(memory.numbers(), ["p/interview 1", "p/interview 2", "p/start 1"]);
}

#[test]
fn what_is_renamed_twice_at_once_goes_from_its_first_name_to_its_last() {
    let mut memory = Memory::default();
    memory.round(0, &[&posting("[[interview]]\non = 2026-07-06")], &[], &[]);
    let named = posting("[[interview]]\nname = \"Premier tour\"\non = 2026-07-06");
    let moved = Posting { id: "q".to_owned(), ..named };
    let revised = memory.round(5, &[&moved], &["p"], &[("p", "q")]);
    let renamed: Vec<_> = revised.renamed.iter().map(|one| (one.from.clone(), one.to.clone())).collect();
    let name = |posting: &str, event: &str| (posting.to_owned(), event.to_owned());
    assert_eq!(renamed, [(name("p", "interview"), name("q", "interview:premier-tour"))]);
    assert_eq!(memory.numbers(), ["q/interview:premier-tour 1"]);
}

#[test]
fn an_event_that_vanishes_is_removed_and_one_that_is_over_is_not() {
    let mut memory = Memory::default();
    let two = "[[interview]]\nname = \"A\"\non = 2026-07-06\n[[interview]]\nname = \"B\"\non = 2026-07-07\ndone = true";
    memory.round(0, &[&posting(two)], &[], &[]);
    memory.round(5, &[&posting("[deadline]\nuntil = 2026-06-28")], &[], &[]);
    assert_eq!(memory.numbers(), ["p/deadline 1", "p/interview:a 1", "p/interview:a 2", "p/interview:b 1"]);
    assert_eq!(memory.revisions[2].said().unwrap().standing, Standing::Removed);
    // And it can come back.
    memory.round(5, &[&posting(two)], &[], &[]);
    let [.., removed, back, _] = memory.revisions.as_slice() else { panic!() };
    let found = difference(&removed.said().unwrap(), &back.said().unwrap(), now());
    assert_eq!(found.and_then(|found| found.shift), Some(Shift::Restored));
}

#[test]
fn a_posting_that_is_gone_takes_its_events_along_and_one_that_moved_does_not() {
    let mut memory = Memory::default();
    let first = posting("[deadline]\nuntil = 2026-06-28");
    memory.round(0, &[&first], &[], &[]);
    let other = Posting { id: "q".to_owned(), ..first.clone() };
    memory.round(5, &[&other], &["p"], &[("p", "q")]);
    assert_eq!(memory.numbers(), ["q/deadline 1"]);
    memory.round(5, &[], &["q"], &[]);
    assert_eq!(memory.numbers(), ["q/deadline 1", "q/deadline 2"]);
    // A posting of which the files say nothing for now (broken, or missed) keeps what it had.
    memory.round(5, &[], &[], &[]);
    assert_eq!(memory.numbers(), ["q/deadline 1", "q/deadline 2"]);
}

#[test]
fn what_stood_for_a_while_is_what_was() {
    let mut memory = Memory::default();
    let on = |day: u32| posting(&format!("[deadline]\nuntil = 2026-07-{day:02}"));
    memory.round(0, &[&on(1)], &[], &[]);
    memory.round(60, &[&on(2)], &[], &[]);
    memory.round(3, &[&on(3)], &[], &[]);
    memory.round(3, &[&on(4)], &[], &[]);
    assert_eq!(settled_before(&memory.revisions).unwrap().revision, 1);
    memory.round(60, &[&on(5)], &[], &[]);
    assert_eq!(settled_before(&memory.revisions).unwrap().revision, 4);
    assert_eq!(settled_before(&memory.revisions[..1]), None);
}
