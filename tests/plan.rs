//! What a date means: every line of the design's 2.3 and 2.4, as tables; and properties over random postings.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use jalon::plan::lay::lay;
use proptest::prelude::*;
use support::{house, lines, plan, read};

/// The day and hour of each reminder of an event of a shipped posting, at 09:00 Paris.
fn shipped(file: &str) -> Vec<(String, String)> {
    let loaded = jalon::files::load(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config")));
    assert!(loaded.problems.is_empty(), "{}", support::shown(&loaded.problems));
    let settings = loaded.settings.unwrap();
    let plan = lay(&loaded.folder.postings, &settings);
    assert!(plan.warnings.is_empty(), "{}", support::shown(&plan.warnings));
    plan.reminders
        .iter()
        .filter(|reminder| *reminder.posting == *file)
        .map(|reminder| {
            let due = reminder.zone.local(reminder.due);
            assert_eq!(due.format("%H:%M").to_string(), "09:00");
            let star = if reminder.moved_from.is_some() { "*" } else { "" };
            (reminder.event.to_string(), format!("{}{star}", due.format("%d/%m/%y")))
        })
        .collect()
}

fn expect(file: &str, expected: &[(&str, &str)]) {
    let mut found = shipped(file);
    for (event, days) in expected {
        let of_event: Vec<String> =
            found.iter().filter(|(id, _)| id == event).map(|(_, day)| day.clone()).collect();
        assert_eq!(of_event.join(" "), *days, "{file} {event}");
        found.retain(|(id, _)| id != event);
    }
    assert!(found.is_empty(), "{file}: {found:?}");
}

#[test]
fn accompagnement() {
    expect(
        "villages-vivants-accompagnement",
        &[
            ("deadline", "19/06/26* 26/06/26* 28/06/26"),
            ("interview", "03/07/26* 06/07/26 07/07/26"),
            ("start", "17/08/26 28/08/26*"),
            ("end", "31/03/27 23/04/27"),
        ],
    );
}

#[test]
fn vie_cooperative() {
    expect(
        "villages-vivants-vie-cooperative",
        &[
            ("deadline", "28/09/23 04/10/23 05/10/23"),
            ("interview:premier-tour", "25/10/23 26/10/23"),
            ("interview:deuxieme-tour", "27/10/23* 30/10/23"),
            ("start", "19/12/23 29/12/23*"),
        ],
    );
}

#[test]
fn questions_urbaines() {
    expect(
        "villes-au-carre-questions-urbaines",
        &[("deadline", "07/02/24 13/02/24 14/02/24"), ("start", "26/04/24* 10/05/24")],
    );
}

#[test]
fn projets_collectifs() {
    expect(
        "labo-ess-projets-collectifs",
        &[
            ("deadline", "07/07/23* 13/07/23* 16/07/23"),
            ("interview:second-entretien", "20/07/23"),
            ("start", "18/08/23 31/08/23"),
        ],
    );
}

#[test]
fn grappe() {
    expect(
        "cress-aura-grappe",
        &[
            ("deadline", "13/08/21* 20/08/21* 22/08/21"),
            ("interview", "30/08/21 31/08/21"),
            ("start", "18/08/21 31/08/21"),
        ],
    );
}

/// A posting's text, and what it plans.
#[track_caller]
fn table(more: &str, text: &str, expected: &[&str]) {
    assert_eq!(lines(&house(more), text), expected);
}

#[test]
fn until_is_open_through_the_whole_day_and_before_closes_at_its_beginning() {
    let rule = "[[remind]]\nevent = \"deadline\"\non_day = true\n";
    table(
        "",
        &format!("[deadline]\nuntil = 2026-06-28\n{rule}"),
        &["deadline 2026-06-28 0d camille due 2026-06-28T09:00 late 2026-06-29T00:00"],
    );
    table(
        "",
        &format!("[deadline]\nbefore = 2026-06-29\n{rule}"),
        &["deadline 2026-06-28 0d camille due 2026-06-28T09:00 late 2026-06-29T00:00"],
    );
    table(
        "",
        &format!("[deadline]\nuntil = 2026-06-28T12:00:00\n{rule}"),
        &["deadline 2026-06-28T12:00 0d camille due 2026-06-28T09:00 late 2026-06-28T12:00"],
    );
    table(
        "",
        &format!("[deadline]\nbefore = 2026-06-29T00:00:00\n{rule}"),
        &["deadline 2026-06-29T00:00 0d camille due 2026-06-28T09:00 late 2026-06-29T00:00"],
    );
}

#[test]
fn days_count_before_from_the_first_and_after_from_the_last() {
    let text = "[[interview]]\non = [2026-07-08, 2026-07-07, 2026-07-09]\n[[remind]]\nevent = \"interview\"\nbefore = [\"1d\"]\non_day = true\nafter = [\"1d\"]\n";
    table(
        "",
        text,
        &[
            "interview 2026-07-07 -1d camille due 2026-07-06T09:00 late 2026-07-08T00:00",
            "interview 2026-07-07 0d camille due 2026-07-07T09:00 late 2026-07-08T00:00",
            "interview 2026-07-08 0d camille due 2026-07-08T09:00 late 2026-07-09T00:00",
            "interview 2026-07-09 0d camille due 2026-07-09T09:00 late 2026-07-10T00:00",
            "interview 2026-07-09 +1d camille due 2026-07-10T09:00 late 2026-07-13T09:00",
        ],
    );
}

#[test]
fn timed_events_count_hours_before_each_start_and_after_each_end() {
    let text = "[[interview]]\non = [2026-07-07T14:00:00, 2026-07-07T09:30:00, 2026-07-08T10:00:00]\nduration = \"45m\"\n[[remind]]\nevent = \"interview\"\nbefore = [\"1d\", \"2h\"]\non_day = true\nafter = [\"30m\"]\n";
    table(
        "",
        text,
        &[
            "interview 2026-07-07T09:30 -1d camille due 2026-07-06T09:00 late 2026-07-07T09:30",
            // On the day: at 09:00, but no later than two hours before the first start. The lead of two hours falls
            // on the same instant and gives way: the shortest lead stays, and 0d is the shortest.
            "interview 2026-07-07T09:30 0d camille due 2026-07-07T07:30 late 2026-07-07T09:30",
            "interview 2026-07-07T09:30 +30m camille due 2026-07-07T10:45 late 2026-07-10T10:45",
            "interview 2026-07-07T14:00 -2h camille due 2026-07-07T12:00 late 2026-07-07T14:00",
            "interview 2026-07-07T14:00 +30m camille due 2026-07-07T15:15 late 2026-07-10T15:15",
            "interview 2026-07-08T10:00 0d camille due 2026-07-08T08:00 late 2026-07-08T10:00",
            "interview 2026-07-08T10:00 +30m camille due 2026-07-08T11:15 late 2026-07-11T11:15",
        ],
    );
}

#[test]
fn windows_have_no_day_of_their_own_and_open_events_plan_nothing() {
    let rules = "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\non_day = true\nafter = [\"1d\"]\n";
    table(
        "",
        &format!("[start]\nbetween = [2026-05-19, 2026-06-03]\n{rules}"),
        &[
            "start 2026-05-19..2026-06-03 -1d camille due 2026-05-18T09:00 late 2026-06-04T00:00",
            "start 2026-05-19..2026-06-03 +1d camille due 2026-06-04T09:00 late 2026-06-07T09:00",
        ],
    );
    table("", &format!("[start]\nlabel = \"à convenir\"\n{rules}"), &[]);
}

#[test]
fn hours_count_from_the_closing_of_a_deadline() {
    let text = "[deadline]\nuntil = 2026-03-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"24h\"]\nafter = [\"2h\"]\n";
    // Twenty-four hours before midnight; and two hours after it, on the night in which 02:00 does not exist.
    table(
        "",
        text,
        &[
            "deadline 2026-03-28 -24h camille due 2026-03-28T00:00 late 2026-03-29T00:00",
            "deadline 2026-03-28 +2h camille due 2026-03-29T03:00 late 2026-04-01T03:00",
        ],
    );
}

#[test]
fn the_date_is_the_postings_and_the_hour_the_recipients() {
    let text = "recruiters = [\"sacha\"]\n[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n";
    table("", text, &["deadline 2026-06-25 -1d sacha due 2026-06-24T09:00 late 2026-06-26T02:00"]);
}

#[test]
fn a_posting_may_have_its_own_zone_holidays_and_days_off() {
    let rule = "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\n";
    // 20 December is a holiday in La Réunion; the 19th is closed by the house, the 18th by the posting.
    let text = format!(
        "time_zone = \"Indian/Reunion\"\nholidays = \"FR-reunion\"\ndays_off = [2029-12-18]\n[start]\non = 2029-12-21\n{rule}"
    );
    table(
        "days_off = [2029-12-19]",
        &text,
        &["start 2029-12-21 -1d camille due 2029-12-17T09:00 late 2029-12-22T00:00"],
    );
    let text = format!("work_days = [2029-12-20]\n{text}");
    table(
        "days_off = [2029-12-19]",
        &text,
        &["start 2029-12-21 -1d camille due 2029-12-20T09:00 late 2029-12-22T00:00"],
    );
}

#[test]
fn working_days_walk_over_weekends_and_holidays() {
    let text = "[start]\non = 2026-07-15\n[[remind]]\nevent = \"start\"\nbefore = [\"1bd\", \"3bd\"]\nafter = [\"3bd\"]\n";
    table(
        "",
        text,
        &[
            "start 2026-07-15 -3bd camille due 2026-07-09T09:00 late 2026-07-16T00:00",
            "start 2026-07-15 -1bd camille due 2026-07-13T09:00 late 2026-07-16T00:00",
            "start 2026-07-15 +3bd camille due 2026-07-20T09:00 late 2026-07-23T09:00",
        ],
    );
}

#[test]
fn a_day_off_moves_a_lead_as_the_rule_says() {
    // 2026-06-21 is a Sunday.
    for (day_off, expected) in [
        ("", vec!["start 2026-06-28 -7d camille due 2026-06-19T09:00 late 2026-06-29T00:00"]),
        (
            "day_off = \"earlier\"",
            vec!["start 2026-06-28 -7d camille due 2026-06-19T09:00 late 2026-06-29T00:00"],
        ),
        (
            "day_off = \"later\"",
            vec!["start 2026-06-28 -7d camille due 2026-06-22T09:00 late 2026-06-29T00:00"],
        ),
        (
            "day_off = \"keep\"",
            vec!["start 2026-06-28 -7d camille due 2026-06-21T09:00 late 2026-06-29T00:00"],
        ),
        ("day_off = \"skip\"", vec![]),
    ] {
        table(
            "",
            &format!(
                "[start]\non = 2026-06-28\n[[remind]]\nevent = \"start\"\nbefore = [\"7d\"]\n{day_off}\n"
            ),
            &expected,
        );
    }
    // After: the nearest worked day after.
    table(
        "",
        "[start]\non = 2026-06-26\n[[remind]]\nevent = \"start\"\nafter = [\"1d\"]\n",
        &["start 2026-06-26 +1d camille due 2026-06-29T09:00 late 2026-07-02T09:00"],
    );
}

#[test]
fn a_reminder_that_would_come_too_late_is_not_planned_and_check_warns() {
    let settings = house("");
    let plan = plan(
        &settings,
        "[deadline]\nuntil = 2026-06-24T08:00:00\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\nday_off = \"later\"\n[start]\non = 2026-06-21\n[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nday_off = \"later\"\n",
    );
    let keys: Vec<_> = plan.reminders.iter().map(|r| r.key().to_string()).collect();
    assert_eq!(keys, ["p/deadline/2026-06-24T08:00/-1d/camille"]);
    let codes: Vec<_> = plan.warnings.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["due-too-late"]);
}

#[test]
fn the_rules_of_an_event_are_the_nearest_ones() {
    let jalon = "[[remind]]\nevent = \"interview\"\nbefore = [\"2d\"]\n";
    let two = "[[interview]]\nname = \"A\"\non = 2026-07-08\n[[interview]]\nname = \"B\"\non = 2026-07-15\n";
    let leads = |more: &str, text: &str| {
        plan(&house(more), text)
            .reminders
            .iter()
            .map(|r| format!("{} {}", r.event, r.lead))
            .collect::<Vec<_>>()
            .join(", ")
    };
    assert_eq!(leads("", two), "interview:a -1d, interview:a 0d, interview:b -1d, interview:b 0d");
    assert_eq!(leads(jalon, two), "interview:a -2d, interview:b -2d");
    let own = format!(
        "{two}[[remind]]\nevent = \"interview\"\nbefore = [\"3d\"]\n[[remind]]\nevent = \"interview:b\"\nbefore = [\"5d\"]\n"
    );
    assert_eq!(leads(jalon, &own), "interview:a -3d, interview:b -5d");
    let none = format!("{two}[[remind]]\nevent = \"interview\"\nbefore = []\n");
    assert_eq!(leads(jalon, &none), "");
}

#[test]
fn an_interview_with_a_panel_reminds_the_panel_too() {
    let to = |text: &str| {
        plan(&house(""), text)
            .reminders
            .iter()
            .filter(|r| r.lead.count == 0)
            .map(|r| r.recipient().id.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(to("[[interview]]\non = 2026-07-08\npanel = [\"sacha\", \"camille\"]\n"), "sacha camille");
    assert_eq!(to("[[interview]]\non = 2026-07-08\npanel = []\n"), "camille");
    assert_eq!(
        to(
            "[[interview]]\non = 2026-07-08\npanel = [\"sacha\"]\n[[remind]]\nevent = \"interview\"\non_day = true\nto = [\"panel\"]\n"
        ),
        "sacha"
    );
    assert_eq!(
        to(
            "[[milestone]]\nname = \"M\"\non = 2026-07-08\n[[remind]]\nevent = \"milestone\"\non_day = true\nto = [\"panel\", \"rh\", \"X@example.org\", \"SACHA@example.org\"]\n"
        ),
        "sacha camille x@example.org"
    );
}

#[test]
fn one_key_is_one_reminder_and_the_first_written_stays() {
    let settings = house("");
    let plan = plan(
        &settings,
        "[start]\non = 2026-07-08\n[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nat = 08:00:00\n[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nat = 10:00:00\n",
    );
    assert_eq!(
        plan.reminders.iter().map(support::line).collect::<Vec<_>>(),
        ["start 2026-07-08 -1d camille due 2026-07-07T08:00 late 2026-07-09T00:00"]
    );
    assert_eq!(plan.warnings.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["rule-twice"]);
}

#[test]
fn at_one_due_instant_the_shortest_lead_stays() {
    let leads = |rules: &str| {
        plan(&house(""), &format!("[start]\non = 2026-07-06\n{rules}"))
            .reminders
            .iter()
            .map(|r| r.lead.to_string())
            .collect::<Vec<_>>()
            .join(" ")
    };
    // 2026-07-06 is a Monday: one, two and three days before all fall on Friday.
    assert_eq!(leads("[[remind]]\nevent = \"start\"\nbefore = [\"3d\", \"2d\", \"1d\"]\n"), "-1d");
    assert_eq!(
        leads("[[remind]]\nevent = \"start\"\nbefore = [\"1bd\", \"1d\"]\n"),
        "-1bd",
        "a working day counts as a day: the first written stays"
    );
    assert_eq!(leads("[[remind]]\nevent = \"start\"\nbefore = [\"7d\", \"1w\"]\n"), "-7d");
    assert_eq!(leads("[[remind]]\nevent = \"start\"\nbefore = [\"1w\", \"7d\"]\n"), "-1w");
}

#[test]
fn what_is_filled_cancelled_or_done_is_not_reminded() {
    let text = "[deadline]\nuntil = 2026-06-25\n[[interview]]\non = 2026-07-08\n[start]\non = 2026-09-02\n[[milestone]]\nname = \"Passation\"\non = 2026-09-09\n";
    let events = |more: &str| {
        let mut events: Vec<_> = plan(&house(""), &format!("{more}{text}"))
            .reminders
            .iter()
            .map(|r| r.event.to_string())
            .collect();
        events.dedup();
        events.join(" ")
    };
    assert_eq!(events(""), "deadline interview start milestone:passation");
    assert_eq!(events("status = \"filled\"\n"), "start milestone:passation");
    assert_eq!(events("status = \"cancelled\"\n"), "");
    for word in ["cancelled", "done"] {
        let gone = text.replace("[[interview]]\n", &format!("[[interview]]\n{word} = true\n"));
        assert!(!plan(&house(""), &gone).reminders.iter().any(|r| &*r.event == "interview"), "{word}");
    }
}

#[test]
fn keys_are_for_ever() {
    let keys =
        |text: &str| plan(&house(""), text).reminders.iter().map(|r| r.key().to_string()).collect::<Vec<_>>();
    assert_eq!(
        keys("id = \"autre.nom_1\"\n[deadline]\nuntil = 2026-06-28\n")[0],
        "autre.nom_1/deadline/2026-06-28/-7d/camille"
    );
    assert_eq!(
        keys("[[interview]]\nname = \"Cœur d'équipe nº 2\"\non = 2026-07-06T09:30:15\n")[0],
        "p/interview:coeur-d-equipe-no-2/2026-07-06T09:30:15/-1d/camille"
    );
    assert_eq!(
        keys("[[interview]]\nid = \"x1\"\non = 2026-07-06\n")[0],
        "p/interview:x1/2026-07-06/-1d/camille"
    );
    assert_eq!(
        keys("recruiters = [\"Camille.X@Example.org\"]\n[start]\nbetween = [2026-05-15, 2026-06-01]\n")[0],
        "p/start/2026-05-15..2026-06-01/-14d/camille.x@example.org"
    );
    assert_eq!(
        keys(
            "[[milestone]]\nname = \"Passation\"\non = 2026-09-04\n[[remind]]\nevent = \"milestone\"\nbefore = [\"2w\", \"3bd\"]\nafter = [\"1d\"]\n"
        ),
        [
            "p/milestone:passation/2026-09-04/-2w/camille",
            "p/milestone:passation/2026-09-04/-3bd/camille",
            "p/milestone:passation/2026-09-04/+1d/camille",
        ]
    );
}

#[test]
fn a_change_of_hour_moves_the_instant_and_keeps_the_key() {
    let at = |time: &str| {
        plan(&house(""), &format!("[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\nat = {time}\n")).reminders
    };
    let (morning, evening) = (at("08:00:00"), at("18:00:00"));
    assert_eq!(morning[0].key(), evening[0].key());
    assert_ne!(morning[0].due, evening[0].due);
}

fn random_posting() -> impl Strategy<Value = String> {
    let day = (2024_i32..2032, 1_u32..13, 1_u32..29).prop_map(|(y, m, d)| format!("{y}-{m:02}-{d:02}"));
    let time = (0_u32..24, 0_u32..60).prop_map(|(h, m)| format!("{h:02}:{m:02}:00"));
    let lead = (1_i64..40, prop::sample::select(vec!["d", "w", "bd"]))
        .prop_map(|(n, unit)| format!("\"{n}{unit}\""));
    let leads = prop::collection::vec(lead, 0..4).prop_map(|leads| format!("[{}]", leads.join(", ")));
    let zone = prop::sample::select(vec![
        "Europe/Paris",
        "America/Havana",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Atlantic/Azores",
    ]);
    let day_off = prop::sample::select(vec![
        "",
        "day_off = \"earlier\"",
        "day_off = \"later\"",
        "day_off = \"keep\"",
        "day_off = \"skip\"",
    ]);
    let rule = (leads.clone(), any::<bool>(), leads, time.clone(), day_off).prop_map(
        |(before, on_day, after, at, day_off)| {
            format!("before = {before}\non_day = {on_day}\nafter = {after}\nat = {at}\n{day_off}\n")
        },
    );
    let when = prop_oneof![
        prop::collection::vec(day.clone(), 1..4).prop_map(|days| format!("on = [{}]", days.join(", "))),
        prop::collection::vec((day.clone(), time), 1..4).prop_map(|times| format!(
            "on = [{}]",
            times.iter().map(|(d, t)| format!("{d}T{t}")).collect::<Vec<_>>().join(", ")
        )),
        Just("label = \"à fixer\"".to_owned()),
    ];
    (zone, day, prop::collection::vec((when, rule.clone()), 0..4), prop::collection::vec(rule, 0..3)).prop_map(|(zone, deadline, interviews, rules)| {
        let mut text = format!("time_zone = \"{zone}\"\nrecruiters = [\"rh\", \"a@example.org\"]\n[deadline]\nuntil = {deadline}\n");
        for (n, (when, _)) in interviews.iter().enumerate() {
            text += &format!("[[interview]]\nname = \"Tour {n}\"\n{when}\n");
        }
        for (n, (_, rule)) in interviews.iter().enumerate() {
            text += &format!("[[remind]]\nevent = \"interview:tour-{n}\"\n{rule}");
        }
        for rule in rules {
            text += &format!("[[remind]]\nevent = \"deadline\"\n{rule}");
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_written_the_plan_keeps_its_word(text in random_posting()) {
        let settings = house("");
        let posting = read(&settings, &text).map_err(TestCaseError::fail)?;
        let one = lay(std::slice::from_ref(&posting), &settings);
        let again = lay(std::slice::from_ref(&posting), &settings);
        prop_assert_eq!(&one, &again, "planning twice is planning once");
        let named = |id: &str| jalon::calendar::Posting { id: id.to_owned(), ..posting.clone() };
        let many = lay(&["pa", "p", "p-a"].map(named), &settings).reminders;
        prop_assert_eq!(many.len(), 3 * one.reminders.len());
        prop_assert!(many.is_sorted_by_key(|reminder| (reminder.due, reminder.key())), "by due instant, then key");
        let mut keys = std::collections::BTreeSet::new();
        let mut instants = std::collections::BTreeSet::new();
        for reminder in &one.reminders {
            prop_assert!(keys.insert(reminder.key()), "two of one key");
            prop_assert!(instants.insert((reminder.event.to_string(), reminder.recipient().id.clone(), reminder.due)), "two at one instant");
            prop_assert!(reminder.due < reminder.late_after, "useless when due");
            let key = &reminder.key();
            prop_assert_eq!(key.recipient(), reminder.recipient().id.as_str());
            prop_assert_eq!(key.occurrence().parse(), Ok(reminder.occurrence));
            if reminder.lead.count != 0 {
                let day = reminder.zone.date(reminder.due);
                let rule = posting.rules.iter().find(|rule| rule.origin == *reminder.origin);
                let at = rule.map_or(jalon::calendar::rule::DEFAULT_AT, |rule| rule.at);
                prop_assert_eq!(reminder.due, reminder.zone.instant(day.and_time(at)), "a lead in days leaves at its hour");
                if reminder.moved_from.is_some() {
                    prop_assert!(posting.days.is_worked(day), "moved to a day off");
                }
            }
        }
    }
}
