//! Dates as calendars read them: what a VEVENT says of each shape, that its UID is for ever and its SEQUENCE only rises,
//! that it goes with the mail and cannot be broken out of; `agenda --format ics`; feeds.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code, unreachable_pub, reason = "a test may fail")]

#[path = "ics/reader.rs"]
mod reader;
#[path = "support/running.rs"]
mod running;
#[path = "support/mod.rs"]
mod support;
#[path = "ics/world.rs"]
mod world;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::{Language, Posting};
use jalon::message::icalendar::attached;
use jalon::message::{Dates, Voice};
use jalon::plan::told::{Histories, Revision, revise};
use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use proptest::prelude::*;
use reader::{Calendar, read};
use world::World;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a ledger remembers, round after round of files.
#[derive(Default)]
struct Memory {
    revisions: Vec<Revision>,
    rounds: i64,
}

impl Memory {
    /// A day later: the postings, by id, and those that go by another id now.
    fn round(&mut self, postings: &[&Posting], moved: &[(&str, &str)]) {
        let now = utc("2026-06-01T08:00:00.250Z") + TimeDelta::days(self.rounds);
        self.rounds += 1;
        let postings: Vec<Posting> = postings.iter().map(|posting| (*posting).clone()).collect();
        let moved: BTreeMap<String, String> =
            moved.iter().map(|(old, new)| ((*old).to_owned(), (*new).to_owned())).collect();
        let revised = revise(&postings, &BTreeSet::new(), &moved, self.revisions.clone(), now);
        // As the ledger does it: what is renamed moves, then what is new replaces or is added.
        for renaming in &revised.renamed {
            for known in &mut self.revisions {
                if (&known.posting, &known.event) == (&renaming.from.0, &renaming.from.1) {
                    (known.posting, known.event) = renaming.to.clone();
                }
            }
        }
        for new in revised.new {
            let same = |known: &Revision| {
                (&known.posting, &known.event, known.revision) == (&new.posting, &new.event, new.revision)
            };
            self.revisions.retain(|known| !same(known));
            self.revisions.push(new);
        }
        let order = |known: &Revision| (known.posting.clone(), known.event.clone(), known.revision);
        self.revisions.sort_by_key(order);
    }

    fn calendar(&self, posting: &str, event: &str) -> Option<Calendar> {
        let histories = Histories::of(self.revisions.clone());
        let history = histories.get(posting, event);
        let dates = Dates { posting, event, history, now: None };
        attached(&[dates], &Voice::of(Language::English)).map(|file| read(&file.text))
    }

    /// UID and what is said of each date of an event.
    fn lines(&self, posting: &str, event: &str) -> Vec<(String, String)> {
        let events = self.calendar(posting, event).map(|found| found.events).unwrap_or_default();
        events.iter().map(|one| (one.get("UID").unwrap().to_owned(), one.line())).collect()
    }
}

fn posting(text: &str) -> Posting {
    support::read(&support::house(""), text).unwrap()
}

fn called(id: &str, text: &str) -> Posting {
    Posting { id: id.to_owned(), ..posting(text) }
}

/// The only event of a posting, as calendars show it.
fn shown(text: &str) -> Vec<String> {
    let posting = posting(text);
    let mut memory = Memory::default();
    memory.round(&[&posting], &[]);
    memory.lines("p", &posting.events[0].id).into_iter().map(|(_, line)| line).collect()
}

#[test]
fn every_shape_has_its_dates() {
    let interview = |rest: &str| format!("[[interview]]\n{rest}");
    let milestone = |rest: &str| format!("[[milestone]]\nname = \"M\"\n{rest}");
    for (text, expected) in [
        // A deadline at midnight is its last day; the end of a whole day is the next one (RFC 5545 §3.6.1).
        ("[deadline]\nuntil = 2026-06-28".to_owned(), vec!["20260628 20260629 0 CONFIRMED TRANSPARENT"]),
        ("[deadline]\nbefore = 2026-06-29".to_owned(), vec!["20260628 20260629 0 CONFIRMED TRANSPARENT"]),
        (
            "[deadline]\nuntil = 2026-06-29T00:00:00".to_owned(),
            vec!["20260628 20260629 0 CONFIRMED TRANSPARENT"],
        ),
        ("[start]\non = 2026-12-31".to_owned(), vec!["20261231 20270101 0 CONFIRMED TRANSPARENT"]),
        ("[start]\non = 2028-02-28".to_owned(), vec!["20280228 20280229 0 CONFIRMED TRANSPARENT"]),
        // Within a day it is an instant, in UTC, that takes no time.
        (
            "[deadline]\nuntil = 2026-06-28T12:00:00".to_owned(),
            vec!["20260628T100000Z - 0 CONFIRMED TRANSPARENT"],
        ),
        (
            interview("on = [2026-07-07, 2026-07-06]"),
            vec!["20260706 20260707 0 CONFIRMED TRANSPARENT", "20260707 20260708 0 CONFIRMED TRANSPARENT"],
        ),
        (
            interview("on = 2026-07-06T09:30:00\nduration = \"45m\""),
            vec!["20260706T073000Z 20260706T081500Z 0 CONFIRMED OPAQUE"],
        ),
        // Of no known length: an hour.
        (interview("on = 2026-12-07T09:30:00"), vec!["20261207T083000Z 20261207T093000Z 0 CONFIRMED OPAQUE"]),
        // The night on which clocks go back.
        (
            milestone("on = 2026-10-25T01:30:00\nduration = \"3h\""),
            vec!["20261024T233000Z 20261025T023000Z 0 CONFIRMED OPAQUE"],
        ),
        // A day is a day, whatever the zone.
        (
            "time_zone = \"Indian/Reunion\"\n[deadline]\nuntil = 2026-06-28".to_owned(),
            vec!["20260628 20260629 0 CONFIRMED TRANSPARENT"],
        ),
        // No day is fixed.
        (interview("between = [2026-07-06, 2026-07-10]"), vec![]),
        (interview("label = \"en juillet\""), vec![]),
    ] {
        assert_eq!(shown(&text), expected, "{text}");
    }
}

#[test]
fn a_date_that_moves_keeps_its_uid_and_its_number_only_rises() {
    let interview = |rest: &str| posting(&format!("[[interview]]\n{rest}"));
    let mut memory = Memory::default();
    let mut round = |rest: &str| {
        memory.round(&[&interview(rest)], &[]);
        memory.lines("p", "interview")
    };
    let first = round("on = [2026-07-06T09:00:00, 2026-07-07T09:00:00]");
    let uids: Vec<&str> = first.iter().map(|(uid, _)| uid.as_str()).collect();
    for (rest, expected) in [
        // Words are no change.
        (
            "on = [2026-07-06T09:00:00, 2026-07-07T09:00:00]\nlabel = \"6 ou 7\"",
            [
                "20260706T070000Z 20260706T080000Z 0 CONFIRMED OPAQUE",
                "20260707T070000Z 20260707T080000Z 0 CONFIRMED OPAQUE",
            ],
        ),
        // A length is: its end is otherwise.
        (
            "on = [2026-07-06T09:00:00, 2026-07-07T09:00:00]\nduration = \"30m\"",
            [
                "20260706T070000Z 20260706T073000Z 1 CONFIRMED OPAQUE",
                "20260707T070000Z 20260707T073000Z 1 CONFIRMED OPAQUE",
            ],
        ),
        (
            "on = [2026-07-08T09:00:00, 2026-07-09T09:00:00]\nduration = \"30m\"",
            [
                "20260708T070000Z 20260708T073000Z 2 CONFIRMED OPAQUE",
                "20260709T070000Z 20260709T073000Z 2 CONFIRMED OPAQUE",
            ],
        ),
        // One date less: the other is taken back, where it last was.
        (
            "on = 2026-07-08T09:00:00\nduration = \"30m\"",
            [
                "20260708T070000Z 20260708T073000Z 3 CONFIRMED OPAQUE",
                "20260709T070000Z 20260709T073000Z 3 CANCELLED TRANSPARENT",
            ],
        ),
        // No day is fixed any more: what calendars show is not to be believed.
        (
            "between = [2026-07-06, 2026-07-10]",
            [
                "20260708T070000Z 20260708T073000Z 4 CANCELLED TRANSPARENT",
                "20260709T070000Z 20260709T073000Z 4 CANCELLED TRANSPARENT",
            ],
        ),
        (
            "on = [2026-07-06, 2026-07-07]",
            ["20260706 20260707 5 CONFIRMED TRANSPARENT", "20260707 20260708 5 CONFIRMED TRANSPARENT"],
        ),
        (
            "on = [2026-07-06, 2026-07-07]\ncancelled = true",
            ["20260706 20260707 6 CANCELLED TRANSPARENT", "20260707 20260708 6 CANCELLED TRANSPARENT"],
        ),
        (
            "on = [2026-07-06, 2026-07-07]",
            ["20260706 20260707 7 CONFIRMED TRANSPARENT", "20260707 20260708 7 CONFIRMED TRANSPARENT"],
        ),
    ] {
        let lines = round(rest);
        assert_eq!(lines.iter().map(|(uid, _)| uid.as_str()).collect::<Vec<_>>(), uids, "{rest}");
        assert_eq!(lines.iter().map(|(_, line)| line.as_str()).collect::<Vec<_>>(), expected, "{rest}");
    }
    // It is in no file any more.
    memory.round(&[&posting("[start]\non = 2026-09-01")], &[]);
    let gone = memory.calendar("p", "interview").unwrap().events;
    assert!(
        gone.iter().all(|one| one.get("STATUS") == Some("CANCELLED") && one.get("SEQUENCE") == Some("8"))
    );
    assert_eq!(gone[0].get("SUMMARY"), Some("Cancelled: Interview – T"));
    // Its stamp is the moment at which that revision began.
    assert_eq!(gone[0].get("DTSTAMP"), Some("20260610T080000Z"));
}

#[test]
fn uids_are_for_ever() {
    let mut memory = Memory::default();
    memory.round(&[&posting("[deadline]\nuntil = 2026-06-28")], &[]);
    assert_eq!(memory.lines("p", "deadline")[0].0, "jalon-4caf56158010fee999cca6801c3b7fc8-1");
}

#[test]
fn a_renamed_event_keeps_its_uid_and_lends_it_to_nobody() {
    let mut memory = Memory::default();
    let first = |id: &str, day: &str| called(id, &format!("[[interview]]\nname = \"{day}\"\non = {day}"));
    let uid = |memory: &Memory, posting: &str, event: &str| memory.lines(posting, event)[0].0.clone();
    memory.round(&[&first("p", "2026-07-06")], &[]);
    let born = uid(&memory, "p", "interview:2026-07-06");
    // Another name, the same time: renamed. Then its file goes by another name. Then both at once.
    let named =
        |id: &str, name: &str| called(id, &format!("[[interview]]\nname = \"{name}\"\non = 2026-07-06"));
    memory.round(&[&named("p", "Tour")], &[]);
    assert_eq!(uid(&memory, "p", "interview:tour"), born);
    memory.round(&[&named("q", "Tour")], &[("p", "q")]);
    assert_eq!(uid(&memory, "q", "interview:tour"), born);
    memory.round(&[&named("r", "Premier tour")], &[("q", "r")]);
    assert_eq!(uid(&memory, "r", "interview:premier-tour"), born);
    assert_eq!(memory.lines("r", "interview:premier-tour")[0].1, "20260706 20260707 0 CONFIRMED TRANSPARENT");
    // A new file takes the first name: another event, with a UID of its own, which stays its own.
    let renamed = named("r", "Premier tour");
    memory.round(&[&first("p", "2026-07-06"), &renamed], &[]);
    let second = uid(&memory, "p", "interview:2026-07-06");
    assert_ne!(second, born);
    memory.round(&[&first("p", "2026-07-06"), &renamed], &[]);
    assert_eq!(uid(&memory, "p", "interview:2026-07-06"), second);
    // It moves as any other: by number, under the same UID.
    let later = called("r", "[[interview]]\nname = \"Premier tour\"\non = 2026-07-13");
    memory.round(&[&first("p", "2026-07-06"), &later], &[]);
    assert_eq!(
        memory.lines("r", "interview:premier-tour"),
        [(born, "20260713 20260714 1 CONFIRMED TRANSPARENT".to_owned())]
    );
}

#[test]
fn a_renamed_file_keeps_the_uids_of_its_dates_from_round_to_round() {
    let mut memory = Memory::default();
    let text = "[deadline]\nuntil = 2026-06-28\n[[interview]]\non = 2026-07-06";
    memory.round(&[&called("p", text)], &[]);
    memory.round(&[&called("p", "[deadline]\nuntil = 2026-06-28")], &[]); // the interview is gone
    let born = [memory.lines("p", "deadline"), memory.lines("p", "interview")];
    memory.round(&[&called("q", "[deadline]\nuntil = 2026-06-28")], &[("p", "q")]);
    for _ in 0..2 {
        assert_eq!([memory.lines("q", "deadline"), memory.lines("q", "interview")], born);
        memory.round(&[&called("q", "[deadline]\nuntil = 2026-06-28")], &[]);
    }
}

#[test]
fn what_is_done_with_stays_where_it_was_and_what_was_filled_goes() {
    let mut memory = Memory::default();
    let text = "[deadline]\nuntil = 2026-05-20\n[[interview]]\non = 2026-07-06";
    memory.round(&[&posting(text)], &[]);
    memory.round(&[&posting(&format!("status = \"filled\"\n{text}"))], &[]);
    assert_eq!(memory.lines("p", "deadline").len(), 1, "it was over by then");
    assert_eq!(memory.lines("p", "interview"), []);
}

#[test]
fn a_date_says_what_one_needs_in_the_readers_language() {
    let text = "organisation = \"Villages Vivants\"\nurl = \"https://example.org/annonce?a=1&b=été\"\n[[interview]]\nname = \"Premier tour\"\non = 2026-07-06T09:30:00\nplace = \"Crest; salle 2, ou visio\"\nlink = \"https://example.org/visio\"\npanel = [\"camille\"]\ncandidate = \"C-014\"";
    let posting = posting(text);
    let mut memory = Memory::default();
    memory.round(&[&posting], &[]);
    let histories = Histories::of(memory.revisions);
    let event = &posting.events[0];
    let history = histories.get("p", &event.id);
    let dates = Dates { posting: "p", event: &event.id, history, now: Some((&posting, event)) };
    let french = attached(&[dates, dates], &Voice::of(Language::French)).unwrap();
    assert_eq!(french.name, "p.ics");
    let calendar = read(&french.text);
    assert_eq!(calendar.events.len(), 1, "an event that a mail tells twice is one");
    let one = &calendar.events[0];
    assert_eq!(one.get("SUMMARY"), Some("Entretien «\u{a0}Premier tour\u{a0}» – T (Villages Vivants)"));
    assert_eq!(one.get("LOCATION"), Some("Crest; salle 2, ou visio"));
    assert_eq!(one.get("URL"), Some("https://example.org/visio"));
    assert_eq!(
        one.get("DESCRIPTION"),
        Some(
            "lundi 6 juillet 2026 à 9\u{a0}h\u{a0}30, heure de Paris\nJury\u{a0}: camille@example.org\nCandidature\u{a0}: C-014\nLien\u{a0}: https://example.org/visio\nAnnonce\u{a0}: https://example.org/annonce?a=1&b=été\nLa durée n'est pas précisée\u{a0}: une heure est réservée."
        )
    );
    let english = read(&attached(&[dates], &Voice::of(Language::English)).unwrap().text);
    assert_eq!(english.events[0].get("SUMMARY"), Some("Interview “Premier tour” – T (Villages Vivants)"));
    assert_eq!(english.events[0].get("UID"), one.get("UID"));
    // Nowhere to click but the posting: an address is ASCII.
    let alone = Dates {
        history: &[Revision {
            said: history[0].said.replace("https://example.org/visio", "javascript:x"),
            ..history[0].clone()
        }],
        ..dates
    };
    let calendar = read(&attached(&[alone], &Voice::of(Language::English)).unwrap().text);
    assert_eq!(calendar.events[0].get("URL"), Some("https://example.org/annonce?a=1&b=%C3%A9t%C3%A9"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever a posting says, it stays within its value, and is read as it was written (control characters gone).
    #[test]
    fn nothing_that_is_written_breaks_out_of_its_line(
        title in "\\PC{1,120}|(.|[\r\n\t,;:\\\\]){1,80}|(\r\nEND:VEVENT|\\\\n|é,|🙂;){1,20}",
        place in "\\PC{0,90}|(.|[\r\n\t,;:\\\\]){0,80}",
        label in "\\PC{0,90}|(.|[\r\n\t,;:\\\\]){0,80}",
        url in "https://example\\.org/(.|[\r\n\"<>]){0,60}",
    ) {
        let base = posting("organisation = \"O\"\n[[interview]]\non = [2026-07-06, 2026-07-07]\nplace = \"x\"\nlabel = \"y\"");
        let mut event = base.events[0].clone();
        (event.place, event.label, event.link) = (Some(place.clone()), Some(label), Some(url));
        let posting = Posting { title: title.clone(), events: vec![event], ..base };
        let mut memory = Memory::default();
        memory.round(&[&posting], &[]);
        let calendar = memory.calendar("p", "interview").unwrap();
        prop_assert_eq!(calendar.events.len(), 2);
        let bare = |text: &str| text.split(|c: char| c.is_whitespace() || jalon::diagnostic::is_unsafe(c)).collect::<String>();
        for event in &calendar.events {
            prop_assert_eq!(event.get("DTSTART;VALUE=DATE").map(str::len), Some(8));
            let summary = bare(event.get("SUMMARY").unwrap());
            let shown = bare(&title);
            prop_assert!(shown.is_empty() || summary.contains(&shown), "{:?} in {:?}", shown, summary);
            if !bare(&place).is_empty() {
                prop_assert_eq!(bare(event.get("LOCATION").unwrap()), bare(&place));
            }
            if let Some(url) = event.get("URL") {
                prop_assert!(url.bytes().all(|b| b.is_ascii_graphic()), "{}", url);
            }
        }
    }
}

const POSTING: &str = "title = \"Accueil\"\nrecruiters = [\"camille\"]\nannounce = false\n";

fn accueil(rest: &str) -> String {
    format!("{POSTING}{rest}\n")
}

#[tokio::test]
async fn a_mail_brings_its_dates_as_a_file() {
    let interview = "[[interview]]\non = 2026-07-07T09:30:00\nduration = \"45m\"\n[start]\nbetween = [2026-09-01, 2026-09-10]";
    let mut world = World::new("2026-07-05T10:00:00Z", &[("accueil.toml", &accueil(interview))]);
    world.plan().await;
    world.to("2026-07-06T07:00:00Z").await;
    let sent = world.minute().await;
    let bytes = sent[0].written.bytes.as_ref().unwrap().clone();
    let mail = MessageParser::default().parse(&bytes).unwrap();
    // Text and HTML are alternatives; the dates are none, but stand beside them.
    let kinds: Vec<String> = mail
        .parts
        .iter()
        .map(|part| {
            let kind = part.content_type().unwrap();
            let inside = if let PartType::Multipart(inside) = &part.body {
                format!(" {inside:?}")
            } else {
                String::new()
            };
            format!("{}/{}{inside}", kind.ctype(), kind.subtype().unwrap())
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "multipart/mixed [1, 4]",
            "multipart/alternative [2, 3]",
            "text/plain",
            "text/html",
            "text/calendar"
        ]
    );
    let part = &mail.parts[4];
    let kind = part.content_type().unwrap();
    for (name, value) in [("charset", "utf-8"), ("method", "PUBLISH"), ("name", "accueil.ics")] {
        assert_eq!(kind.attribute(name), Some(value));
    }
    assert!(part.content_disposition().unwrap().is_attachment());
    let (name, text) = world::attached(&sent[0]).unwrap();
    assert_eq!(name, "accueil.ics");
    let events = read(&text).events;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].line(), "20260707T073000Z 20260707T081500Z 0 CONFIRMED OPAQUE");
    assert_eq!(events[0].get("DTSTAMP"), Some("20260705T100000Z"), "when it was noted");
    assert!(events[0].get("SUMMARY").unwrap().starts_with("Entretien – Accueil"), "in the reader's language");
}

#[tokio::test]
async fn a_mail_about_a_day_that_is_not_fixed_brings_none() {
    let text = accueil("[start]\nbetween = [2026-09-01, 2026-09-10]");
    let mut world = World::new("2026-08-01T10:00:00Z", &[("accueil.toml", &text)]);
    world.plan().await;
    world.to("2026-08-18T07:00:00Z").await;
    let sent = world.minute().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(world::attached(&sent[0]), None);
    let bytes = String::from_utf8(sent[0].written.bytes.as_ref().unwrap().clone()).unwrap();
    assert!(bytes.contains("Content-Type: multipart/alternative;") && !bytes.contains("multipart/mixed"));
}

#[tokio::test]
async fn what_moved_and_what_is_cancelled_is_told_to_calendars_too() {
    let interview = |rest: &str| {
        let interview = if rest.is_empty() { String::new() } else { format!("[[interview]]\n{rest}\n") };
        accueil(&format!("{interview}[deadline]\nuntil = 2026-06-20"))
    };
    let mut world = World::new("2026-06-01T10:00:00Z", &[]);
    world.minute().await;
    let first = interview("on = [2026-07-06, 2026-07-07]").replace("announce = false\n", "");
    world.write("postings/accueil.toml", &first);
    let announced = world.minute().await;
    let (name, text) = world::attached(&announced[0]).unwrap();
    assert_eq!(name, "accueil.ics");
    assert_eq!(read(&text).events.len(), 3, "a new posting brings all its dates");
    let uids = |text: &str| -> Vec<String> {
        let mut events = read(text).events;
        events.retain(|one| one.get("DTSTART;VALUE=DATE").unwrap().starts_with("202607"));
        events.iter().map(|one| one.get("UID").unwrap().to_owned()).collect()
    };
    let born = uids(&text);
    for (at, rest, expected) in [
        (
            "2026-06-02T10:00:00Z",
            "on = [2026-07-08, 2026-07-09]",
            ["20260708 20260709 1 CONFIRMED TRANSPARENT", "20260709 20260710 1 CONFIRMED TRANSPARENT"],
        ),
        (
            "2026-06-03T10:00:00Z",
            "between = [2026-07-06, 2026-07-10]",
            ["20260708 20260709 2 CANCELLED TRANSPARENT", "20260709 20260710 2 CANCELLED TRANSPARENT"],
        ),
        (
            "2026-06-04T10:00:00Z",
            "on = [2026-07-08, 2026-07-09]",
            ["20260708 20260709 3 CONFIRMED TRANSPARENT", "20260709 20260710 3 CONFIRMED TRANSPARENT"],
        ),
        (
            "2026-06-05T10:00:00Z",
            "on = [2026-07-08, 2026-07-09]\ncancelled = true",
            ["20260708 20260709 4 CANCELLED TRANSPARENT", "20260709 20260710 4 CANCELLED TRANSPARENT"],
        ),
        (
            "2026-06-06T10:00:00Z",
            "on = 2026-07-08",
            ["20260708 20260709 5 CONFIRMED TRANSPARENT", "20260709 20260710 5 CANCELLED TRANSPARENT"],
        ),
        // It is in no file any more.
        (
            "2026-06-07T10:00:00Z",
            "",
            ["20260708 20260709 6 CANCELLED TRANSPARENT", "20260709 20260710 6 CANCELLED TRANSPARENT"],
        ),
    ] {
        world.to(at).await;
        world.write("postings/accueil.toml", &interview(rest));
        let mut sent = world.minute().await;
        // A change waits ten minutes, in case it was a slip.
        world.clock.wait_until(world.now() + TimeDelta::minutes(15)).await;
        sent.extend(world.minute().await);
        assert_eq!(sent.len(), 1, "{rest}");
        let (_, text) = world::attached(&sent[0]).unwrap();
        let lines: Vec<String> = read(&text).events.iter().map(reader::Component::line).collect();
        assert_eq!(lines, expected, "{rest}");
        assert_eq!(uids(&text), born);
    }
}

#[tokio::test]
async fn a_copy_of_a_mail_brings_the_same_bytes() {
    let interview = accueil("[[interview]]\non = 2026-07-07T09:30:00");
    let mut found = Vec::new();
    for dies in [false, true] {
        let mut world = World::new("2026-07-05T10:00:00Z", &[("accueil.toml", &interview)]);
        world.plan().await;
        world.to("2026-07-06T07:00:00Z").await;
        if dies {
            world.die_while_handed().await;
            world.to("2026-07-06T08:30:00Z").await;
        }
        let sent = world.minute().await;
        assert_eq!(sent.len(), 1);
        found.push((sent[0].message_id.clone(), world::attached(&sent[0]), sent[0].written.text.clone()));
    }
    assert_eq!((&found[0].0, &found[0].1), (&found[1].0, &found[1].1));
    assert_ne!(found[0].2, found[1].2, "its words tell the distance as it is by then");
}

#[tokio::test]
async fn feeds_show_each_person_what_is_theirs() {
    let mine = accueil(
        "[[interview]]\non = 2026-07-06T09:30:00\npanel = [\"sacha\"]\n[deadline]\nuntil = 2026-06-20\n[start]\non = 2026-04-01",
    );
    let other =
        "title = \"Ferme\"\nrecruiters = [\"sacha\"]\nannounce = false\n[deadline]\nuntil = 2026-06-25\n";
    let mut world = World::new("2026-06-01T10:00:00Z", &[("accueil.toml", &mine), ("ferme.toml", other)]);
    world.plan().await;
    let summaries = |text: &str| -> Vec<String> {
        let mut all: Vec<String> =
            read(text).events.iter().map(|one| one.get("SUMMARY").unwrap().to_owned()).collect();
        all.sort();
        all
    };
    assert_eq!(world.fed().len(), 3);
    // What was over for more than thirty days is in none.
    assert_eq!(
        summaries(&world.feed("all")),
        [
            "Closing date for applications – Accueil",
            "Closing date for applications – Ferme",
            "Interview – Accueil"
        ]
    );
    assert_eq!(
        summaries(&world.feed("camille")),
        ["Clôture des candidatures – Accueil", "Entretien – Accueil"]
    );
    assert_eq!(
        summaries(&world.feed("sacha")),
        ["Closing date for applications – Ferme", "Interview – Accueil"]
    );
    assert_eq!(read(&world.feed("camille")).own.get("NAME"), Some("Recrutements (Camille Exemple)"));
    // A posting that is gone stays with those whose it was, cancelled, until its dates are thirty days past.
    world.remove("postings/ferme.toml");
    for minutes in [1, 20, 40] {
        world.clock.wait_until(utc("2026-06-01T10:00:00Z") + TimeDelta::minutes(minutes)).await;
        world.plan().await;
    }
    let gone =
        |text: &str| summaries(text).into_iter().filter(|name| name.contains("Ferme")).collect::<Vec<_>>();
    assert_eq!(gone(&world.feed("sacha")), ["Cancelled: Closing date for applications – Ferme"]);
    assert_eq!(gone(&world.feed("camille")), Vec::<String>::new());
    world.to("2026-07-25T21:00:00Z").await;
    world.plan().await;
    assert_eq!(gone(&world.feed("sacha")).len(), 1);
    world.to("2026-07-25T23:00:00Z").await;
    world.plan().await;
    assert_eq!(gone(&world.feed("all")), Vec::<String>::new());
}

#[tokio::test]
async fn feeds_are_written_when_they_change_and_only_then() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let text = |day: &str| accueil(&format!("[deadline]\nuntil = {day}"));
    let mut world = World::new("2026-06-01T10:00:00Z", &[("accueil.toml", &text("2026-06-20"))]);
    world.plan().await;
    let folder = world.folder.path().join("feeds");
    let files = |world: &World| -> BTreeMap<String, u64> {
        let inode = |name: &String| std::fs::metadata(folder.join(name)).unwrap().ino();
        world.fed().keys().map(|name| (name.clone(), inode(name))).collect()
    };
    let first = files(&world);
    // Names tell nothing but whose they are; the secret is for nobody else.
    let secret = world.folder.path().join("state/feed-secret");
    assert_eq!(std::fs::metadata(&secret).unwrap().permissions().mode() & 0o777, 0o600);
    for name in first.keys() {
        let (stem, hex) = name.strip_suffix(".ics").unwrap().rsplit_once('-').unwrap();
        assert!(["all", "camille", "sacha"].contains(&stem) && hex.len() == 32, "{name}");
        assert_eq!(std::fs::metadata(folder.join(name)).unwrap().permissions().mode() & 0o777, 0o644);
    }
    let unguessable: BTreeSet<&str> = first.keys().map(|name| name.rsplit_once('-').unwrap().1).collect();
    assert_eq!(unguessable.len(), 3);
    // Nothing changed, then a day goes by: not a file is touched.
    world.plan().await;
    world.to("2026-06-02T10:00:00Z").await;
    world.plan().await;
    assert_eq!(files(&world), first);
    // What was removed by hand comes back, though nothing changed.
    let camille = first.keys().find(|name| name.starts_with("camille")).unwrap();
    std::fs::remove_file(folder.join(camille)).unwrap();
    world.plan().await;
    let first = files(&world);
    assert_eq!(first.len(), 3);
    // A date moves: those who are concerned, and all.
    world.write("postings/accueil.toml", &text("2026-06-21"));
    world.plan().await;
    let second = files(&world);
    let touched: Vec<&str> = first
        .iter()
        .filter(|(name, inode)| second[*name] != **inode)
        .map(|(name, _)| name.split('-').next().unwrap())
        .collect();
    assert_eq!(touched, ["all", "camille"]);
    // What is not ours is nobody's to remove; what was removed by hand comes back; who is gone is shown no more.
    let foreign = ["notes.txt", "holidays.ics", "x-0123456789abcdef0123456789abcdef.ics"];
    for name in foreign {
        std::fs::write(folder.join(name), "BEGIN:VCALENDAR\r\nPRODID:other\r\n").unwrap();
    }
    std::fs::remove_file(folder.join(second.keys().find(|name| name.starts_with("camille")).unwrap()))
        .unwrap();
    world.write("jalon.toml", &world::TOML.replace("[people.sacha]\nemail = \"sacha@example.org\"\n", ""));
    world.plan().await;
    let stems: Vec<String> = world
        .fed()
        .keys()
        .map(|name| name.rsplit_once('-').map_or(name.as_str(), |(stem, _)| stem).to_owned())
        .collect();
    assert_eq!(stems, ["all", "camille", "holidays.ics", "notes.txt", "x"]);
    // With the same secret the names are the same; with another one, all others.
    let names = |world: &World| {
        world.fed().into_keys().filter(|name| name.starts_with("camille")).collect::<Vec<_>>()
    };
    let before = names(&world);
    std::fs::remove_file(&secret).unwrap();
    world.plan().await;
    assert_eq!((names(&world).len(), names(&world) == before), (1, false));
}

#[tokio::test]
async fn feeds_that_cannot_be_written_are_told_and_stop_nothing() {
    use jalon::daemon::troubles::Health;
    let mut world =
        World::new("2026-06-01T10:00:00Z", &[("accueil.toml", &accueil("[deadline]\nuntil = 2026-06-20"))]);
    let folder = world.folder.path().join("feeds");
    std::fs::write(&folder, "a file where a folder should be").unwrap();
    world.plan().await;
    let Health::Failing { since, words, .. } = world.feeds.health.clone() else {
        panic!("{:?}", world.feeds.health)
    };
    assert!(words.contains("feeds"), "{words}");
    world.to("2026-06-01T10:05:00Z").await;
    world.plan().await;
    assert!(matches!(world.feeds.health, Health::Failing { since: still, .. } if still == since));
    std::fs::remove_file(&folder).unwrap();
    world.plan().await;
    assert_eq!((world.feeds.health.clone(), world.fed().len()), (Health::Well, 3));
}

#[tokio::test]
async fn an_agenda_as_a_calendar_has_the_ledgers_numbers() {
    let text = |day: &str| accueil(&format!("[[interview]]\non = {day}\n[deadline]\nuntil = 2099-06-20"));
    let mut world = World::new("2026-06-01T10:00:00Z", &[("accueil.toml", &text("2099-07-06"))]);
    let run = |world: &World, more: &[&str]| {
        let mut command = running::jalon(world.folder.path());
        command.args(["--config", "config", "agenda", "--format", "ics"]).args(more);
        running::ended(&command.output().unwrap())
    };
    let numbers = |text: &str| -> Vec<String> {
        read(text)
            .events
            .iter()
            .map(|one| format!("{} {}", one.get("UID").unwrap(), one.get("SEQUENCE").unwrap()))
            .collect()
    };
    let (code, alone, _) = run(&world, &[]);
    assert_eq!((code, read(&alone).events.len()), (0, 2));
    world.plan().await;
    world.to("2026-06-02T10:00:00Z").await;
    world.write("postings/accueil.toml", &text("2099-07-07"));
    world.plan().await;
    let with = ["--ledger", "sqlite:jalon.db"];
    let (code, noted, _) = run(&world, &with);
    assert_eq!((code, numbers(&noted)), (0, numbers(&world.feed("all"))));
    let sequences: Vec<String> =
        read(&noted).events.iter().map(|one| one.get("SEQUENCE").unwrap().to_owned()).collect();
    assert_eq!(sequences, ["0", "1"], "the deadline stayed, the interview moved");
    let uids = |text: &str| -> Vec<String> {
        read(text).events.iter().map(|one| one.get("UID").unwrap().to_owned()).collect()
    };
    assert_eq!(uids(&noted), uids(&alone), "a ledger changes no UID");
    // Of one person, one posting, one span of time.
    let of = |more: &[&str]| uids(&run(&world, more).1).len();
    assert_eq!(of(&["--person", "camille"]), 2);
    assert_eq!(of(&["--person", "sacha"]), 0);
    assert_eq!(of(&["--posting", "accueil", "--from", "2099-07-01"]), 1);
    assert_eq!(of(&["--until", "2099-07-01"]), 1);
    let (code, out, err) = run(&world, &["--person", "camile"]);
    assert_eq!(
        (code, out.as_str(), err.trim()),
        (2, "", "jalon: no date is that of \"camile\"; did you mean \"camille\"?")
    );
    // A ledger that is there and cannot be read: numbers that fall would undo what calendars know.
    std::fs::write(world.folder.path().join("broken.db"), "no database at all, and long enough to be none")
        .unwrap();
    let (code, out, _) = run(&world, &["--ledger", "sqlite:broken.db"]);
    assert_eq!((code, out.as_str()), (69, ""));
}

#[test]
fn the_daemon_writes_feeds_but_not_on_a_pretended_clock() {
    for (arguments, fed) in
        [(&[][..], true), (&["--ledger", "sqlite:p.db", "--as-of", "2026-06-01T10:00:00"], false)]
    {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        std::fs::write(folder.path().join("config/jalon.toml"), world::TOML).unwrap();
        let text = accueil("[deadline]\nuntil = 2099-06-20");
        std::fs::write(folder.path().join("config/postings/accueil.toml"), text).unwrap();
        let mut daemon = running::Daemon::start(folder.path(), arguments);
        daemon.until(if fed { "calendars to subscribe to" } else { "planned" });
        daemon.stop();
        assert_eq!(folder.path().join("feeds").exists(), fed);
        assert_eq!(folder.path().join("var/feed-secret").exists(), fed);
    }
}
