//! Who reads a reminder when the person it is for is away: the design's 2.3.10 and 2.3.11, as tables; and what holds
//! whatever the absences.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use chrono::NaiveDateTime;
use jalon::calendar::{Person, Posting, Recipient, Zone};
use jalon::plan::absence::{Route, is_away, route, warnings};
use jalon::plan::lay::lay;
use jalon::settings::Settings;
use proptest::prelude::*;
use support::{read, service};

/// camille, sacha and lou; `more` is what each one's entry says besides the address.
fn people(more: [&str; 3]) -> Settings {
    let entry = |(id, more): (&str, &str)| format!("[people.{id}]\nemail = \"{id}@example.org\"\n{more}\n");
    let entries: String = ["camille", "sacha", "lou"].into_iter().zip(more).map(entry).collect();
    service(&format!("time_zone = \"Europe/Paris\"\n{entries}"))
}

fn paris() -> Zone {
    Zone::parse("Europe/Paris").unwrap()
}

fn named(settings: &Settings, names: &[&str]) -> Vec<Recipient> {
    let mut found = Vec::new();
    for name in names {
        settings.house.directory.resolve(name, &mut found).unwrap();
    }
    found
}

/// Who reads what is due to the first of these names at that Paris time; with `!` when nobody stands in.
fn reader(settings: &Settings, names: &[&str], due: &str) -> String {
    let all = named(settings, names);
    let due = paris().instant(NaiveDateTime::parse_from_str(due, "%Y-%m-%dT%H:%M").unwrap());
    let Route { reader, alone } = route(&all[0], due, paris(), &all, &settings.house.directory);
    format!("{}{}", reader.id, if alone { "!" } else { "" })
}

#[test]
fn absences_are_dates_first_and_last_included_and_on_leaves_itself_one_is_gone() {
    let span = "away = [[2026-08-01, 2026-08-23]]\ncover = \"sacha\"";
    let day = "away = [2026-08-10]\ncover = \"sacha\"";
    let leaves = "leaves = 2026-09-01\ncover = \"sacha\"";
    for (more, due, expected) in [
        (span, "2026-07-31T23:59", "camille"),
        (span, "2026-08-01T00:00", "sacha"),
        (span, "2026-08-23T23:59", "sacha"),
        (span, "2026-08-24T00:00", "camille"),
        (day, "2026-08-09T23:59", "camille"),
        (day, "2026-08-10T09:00", "sacha"),
        (day, "2026-08-11T00:00", "camille"),
        (leaves, "2026-08-31T23:59", "camille"),
        (leaves, "2026-09-01T00:00", "sacha"),
        (leaves, "2031-01-01T09:00", "sacha"),
    ] {
        assert_eq!(reader(&people([more, "", ""]), &["camille"], due), expected, "{more} at {due}");
    }
}

#[test]
fn a_day_is_that_of_whoever_is_away() {
    // La Réunion is two hours ahead of Paris in summer.
    let far = "away = [[2026-08-01, 2026-08-23]]\ncover = \"sacha\"\ntime_zone = \"Indian/Reunion\"";
    for (due, expected) in [
        ("2026-07-31T21:59", "camille"),
        ("2026-07-31T22:00", "sacha"),
        ("2026-08-23T21:59", "sacha"),
        ("2026-08-23T22:00", "camille"),
    ] {
        assert_eq!(reader(&people([far, "", ""]), &["camille"], due), expected, "{due}");
    }
    // The cover's day is the cover's, and the posting's for a cover who has no zone of their own.
    let cover = "away = [2026-08-02]\ntime_zone = \"Indian/Reunion\"\ncover = \"lou\"";
    let near = "away = [[2026-08-01, 2026-08-23]]\ncover = \"sacha\"";
    for (cover, due, expected) in [
        (cover, "2026-08-01T21:59", "sacha"),
        (cover, "2026-08-01T22:00", "lou"),
        (cover, "2026-08-02T22:00", "sacha"),
        ("away = [2026-08-02]\ncover = \"lou\"", "2026-08-01T23:59", "sacha"),
        ("away = [2026-08-02]\ncover = \"lou\"", "2026-08-02T00:00", "lou"),
    ] {
        for camille in [near, far] {
            assert_eq!(reader(&people([camille, cover, ""]), &["camille"], due), expected, "{cover} {due}");
        }
    }
}

#[test]
fn the_cover_else_the_covers_cover_else_another_recruiter_else_the_person() {
    const GONE: &str = "leaves = 2026-01-01";
    let to = |id: &str| format!("{GONE}\ncover = \"{id}\"");
    let (sacha, lou, camille) = (to("sacha"), to("lou"), to("camille"));
    for (more, names, expected) in [
        (["", GONE, GONE], &["camille", "sacha"][..], "camille"),
        ([&sacha, "", ""], &["camille", "lou"], "sacha"),
        ([&sacha, &lou, ""], &["camille"], "lou"),
        ([&sacha, GONE, ""], &["camille"], "camille!"),
        ([&sacha, GONE, ""], &["camille", "sacha", "lou"], "lou"),
        // A circle of covers ends where it began.
        ([&sacha, &camille, ""], &["camille"], "camille!"),
        ([&sacha, &camille, ""], &["camille", "lou"], "lou"),
        ([&sacha, &lou, &sacha], &["camille", "x@example.org"], "x@example.org"),
        // The first of the others who is there, in the order written; never the person.
        ([GONE, "", ""], &["camille", "lou", "sacha"], "lou"),
        ([GONE, "", GONE], &["camille", "lou", "sacha", "x@example.org"], "sacha"),
        ([GONE, GONE, GONE], &["camille", "lou", "sacha"], "camille!"),
        ([GONE, "", ""], &["camille"], "camille!"),
        // A plain address is never away; one that is a person's is that person.
        ([GONE, GONE, GONE], &["x@example.org", "camille"], "x@example.org"),
        ([&sacha, "", ""], &["CAMILLE@example.org"], "sacha"),
    ] {
        assert_eq!(reader(&people(more), names, "2026-06-01T09:00"), expected, "{more:?} {names:?}");
    }
}

#[test]
fn nobody_stands_in_who_may_not_be_written_to() {
    let mut settings = people(["leaves = 2026-01-01\ncover = \"sacha\"", "cover = \"lou\"", ""]);
    assert_eq!(reader(&settings, &["camille"], "2026-06-01T09:00"), "sacha");
    settings.house.directory.allowed = Some(vec!["camille@example.org".into(), "lou@example.org".into()]);
    assert_eq!(reader(&settings, &["camille"], "2026-06-01T09:00"), "lou");
}

#[test]
fn somebody_may_be_away_twice_and_then_gone() {
    let day = |text: &str| text.parse().unwrap();
    let person = Person {
        away: vec![(day("2026-08-01"), day("2026-08-02")), (day("2026-08-05"), day("2026-08-05"))],
        leaves: Some(day("2026-08-07")),
        ..Person::default()
    };
    let days: String = day("2026-07-31")
        .iter_days()
        .take(9)
        .map(|day| if is_away(&person, day) { 'x' } else { '.' })
        .collect();
    assert_eq!(days, ".xx..x.xx");
}

#[test]
fn the_mail_is_the_readers_and_the_hour_the_recipients() {
    let settings = people([
        "time_zone = \"America/New_York\"\nlanguage = \"fr\"\naway = [[2026-06-23, 2026-06-25]]\ncover = \"sacha\"",
        "time_zone = \"Indian/Reunion\"\nlanguage = \"en\"",
        "",
    ]);
    let text =
        "[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"3d\", \"1d\"]\n";
    let plan = lay(&[read(&settings, text).unwrap()], &settings);
    let shown: Vec<_> = plan
        .reminders
        .iter()
        .map(|r| {
            let due = r.zone.rfc3339(r.due);
            format!("{} to {} in {} at {due}", r.key(), r.reader().email, r.reminded().language.code())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "p/deadline/2026-06-25/-3d/camille to camille@example.org in fr at 2026-06-22T09:00:00-04:00",
            "p/deadline/2026-06-25/-1d/camille to sacha@example.org in en at 2026-06-24T09:00:00-04:00",
        ]
    );
    // A reader without a language of their own reads the posting's, not that of whoever is away.
    let settings = people(["language = \"en\"\nleaves = 2026-01-01\ncover = \"sacha\"", "", ""]);
    let plan = lay(&[read(&settings, text).unwrap()], &settings);
    assert!(
        plan.reminders.iter().all(|r| r.reminded().language.code() == "fr" && r.recipient().id == "camille")
    );
}

/// The warnings of one posting, as `CODE line LINE: SENTENCE`.
fn warned(settings: &Settings, text: &str, now: &str) -> Vec<String> {
    let postings: Vec<Posting> = vec![read(settings, text).unwrap()];
    let plan = lay(&postings, settings);
    let found = warnings(&postings, &plan.reminders, &settings.house.directory, now.parse().unwrap());
    let shown = |problem: &jalon::diagnostic::Problem| {
        assert_eq!((problem.file.as_str(), problem.remedy.is_some()), ("p.toml", true));
        let line = problem.place.as_ref().unwrap().line;
        format!("{} line {line}: {}", problem.code, problem.sentence.en)
    };
    found.iter().map(shown).collect()
}

/// Their codes.
fn codes(settings: &Settings, text: &str, now: &str) -> String {
    let found = warned(settings, text, now);
    found.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>().join(" ")
}

const DEADLINE: &str = "recruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-28\n";
const EARLY: &str = "2026-06-01T00:00:00Z";

#[test]
fn check_names_the_person_the_date_and_the_deadlines_line() {
    assert_eq!(
        warned(&people(["away = [[2026-06-26, 2026-06-30]]", "", ""]), DEADLINE, EARLY),
        [
            "nobody-there line 3: the last reminder before the closing is for \"camille\" only, who is not there on 2026-06-28 and has no `cover` who is",
        ]
    );
}

#[test]
fn check_warns_of_a_deadline_that_nobody_would_hear_of_any_more() {
    let away = "away = [2026-06-28]";
    let covered = "away = [2026-06-28]\ncover = \"sacha\"";
    let two = DEADLINE.replace("\"camille\"", "\"camille\", \"sacha\"");
    let other = format!(
        "{two}[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\"]\non_day = true\nto = [\"camille\"]\n"
    );
    let after = format!("{DEADLINE}[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\"]\nafter = [\"1d\"]\n");
    for (why, settings, text, now, expected) in [
        ("alone", people([away, "", ""]), DEADLINE, EARLY, "nobody-there"),
        ("gone", people(["leaves = 2026-06-28", "", ""]), DEADLINE, EARLY, "nobody-there"),
        ("back in time", people(["away = [[2026-06-19, 2026-06-27]]", "", ""]), DEADLINE, EARLY, "alone"),
        ("covered", people([covered, "", ""]), DEADLINE, EARLY, ""),
        ("the cover is away too", people([covered, away, ""]), DEADLINE, EARLY, "nobody-there"),
        ("two are reminded", people([away, "", ""]), &two, EARLY, ""),
        (
            "two are reminded, at two instants",
            people([away, "time_zone = \"Indian/Reunion\"", ""]),
            &two,
            EARLY,
            "",
        ),
        ("two, and both are away", people([away, away, ""]), &two, EARLY, "nobody-there"),
        ("another recruiter, who is not reminded", people([away, "", ""]), &other, EARLY, "nobody-there"),
        (
            "what comes after the closing is not counted",
            people(["away = [2026-06-29]", "", ""]),
            &after,
            EARLY,
            "alone",
        ),
        ("it is past", people([away, "", ""]), DEADLINE, "2026-06-28T07:00:00Z", ""),
        (
            "the other's is past",
            people([away, "time_zone = \"Indian/Reunion\"", ""]),
            &two,
            "2026-06-28T06:00:00Z",
            "",
        ),
        (
            "a plain address",
            people([away, "", ""]),
            "recruiters = [\"x@example.org\"]\n[deadline]\nuntil = 2026-06-28\n",
            EARLY,
            "",
        ),
        ("it is filled", people([away, "", ""]), &format!("status = \"filled\"\n{DEADLINE}"), EARLY, ""),
    ] {
        assert_eq!(codes(&settings, text, now), expected, "{why}");
    }
}

#[test]
fn whoever_is_alone_is_told_once_a_posting() {
    let text = "recruiters = [\"camille\", \"sacha\"]\n[start]\non = 2026-09-02\n[end]\non = 2027-04-30\n";
    let gone = "leaves = 2026-01-01";
    assert_eq!(codes(&people([gone, gone, ""]), text, EARLY), "alone alone");
    assert_eq!(codes(&people([gone, "", ""]), text, EARLY), "");
    assert_eq!(codes(&people([gone, gone, ""]), text, "2027-04-30T00:00:00Z"), "", "what is past is past");
}

/// What one entry may say of absences: spans around the deadline, a departure, a cover.
fn absence(id: &'static str) -> impl Strategy<Value = String> {
    let span = (1_u32..29, 0_u32..9)
        .prop_map(|(day, length)| format!("[2026-06-{day:02}, 2026-06-{:02}]", (day + length).min(30)));
    let spans = prop::collection::vec(span, 0..3);
    let leaves = prop::option::of(1_u32..31);
    let others: Vec<_> = ["camille", "sacha", "lou"].into_iter().filter(|other| *other != id).collect();
    let cover = prop::option::of(prop::sample::select(others));
    (spans, leaves, cover).prop_map(|(spans, leaves, cover)| {
        let leaves = leaves.map(|day| format!("leaves = 2026-06-{day:02}\n")).unwrap_or_default();
        let cover = cover.map(|id| format!("cover = \"{id}\"\n")).unwrap_or_default();
        format!("away = [{}]\n{leaves}{cover}", spans.join(", "))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whoever_reads_is_there_and_absences_change_nothing_else(
        camille in absence("camille"),
        sacha in absence("sacha"),
        lou in absence("lou"),
        zones in prop::array::uniform3(prop::sample::select(vec!["", "time_zone = \"Indian/Reunion\"\n", "time_zone = \"Pacific/Apia\"\n"])),
        names in prop::sample::subsequence(vec!["camille", "sacha", "lou", "x@example.org"], 1..=4).prop_shuffle(),
    ) {
        let away: Vec<String> = [camille, sacha, lou].iter().zip(zones).map(|(away, zone)| format!("{zone}{away}")).collect();
        let settings = people([&away[0], &away[1], &away[2]]);
        let text = format!("recruiters = {names:?}\n[deadline]\nuntil = 2026-06-26\n[[interview]]\non = 2026-06-11T01:30:00\npanel = [\"lou\"]\n");
        let planned = lay(&[read(&settings, &text).unwrap()], &settings).reminders;
        let everybody = people(zones);
        let unmoved = lay(&[read(&everybody, &text).unwrap()], &everybody).reminders;
        let what = |reminders: &[jalon::plan::Reminder]| -> Vec<_> {
            reminders.iter().map(|r| (r.key(), r.due, r.late_after, r.zone, r.recipient().clone())).collect()
        };
        prop_assert_eq!(what(&planned), what(&unmoved), "key and due are the person's");
        prop_assert!(unmoved.iter().all(|r| r.reader() == r.recipient() && !r.reminded().alone));
        let directory = &settings.house.directory;
        for reminder in &planned {
            let away = |one: &Recipient| {
                let day = one.zone.map_or(paris(), |zone| zone.0).date(reminder.due);
                directory.people.get(&one.id).is_some_and(|person| is_away(person, day))
            };
            prop_assert_eq!(away(reminder.reader()), reminder.reminded().alone, "{:?}", reminder);
            prop_assert!(!reminder.reminded().alone || reminder.reader() == reminder.recipient());
            prop_assert!(away(reminder.recipient()) || reminder.reader() == reminder.recipient(), "who is there reads");
            if reminder.reminded().alone {
                prop_assert!(named(&settings, &names).iter().all(away), "somebody was there");
            }
        }
    }
}
