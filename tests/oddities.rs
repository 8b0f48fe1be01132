//! Warnings that think: each fires, does not fire beside, and is silenced by its name.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jalon::calendar::Zone;
use jalon::calendar::read::{Text, folder};
use jalon::diagnostic::{Severity, WARNINGS};
use jalon::plan::oddities::{Seen, plan, warnings};

/// What `check` thinks of files, as `code file:line`, at noon on 1 June 2026 in Paris.
fn thoughts(jalon: &str, machine: Option<&str>, files: &[(&str, &str)]) -> Vec<String> {
    let jalon = if jalon.contains("time_zone") {
        jalon.to_owned()
    } else {
        format!("time_zone = \"Europe/Paris\"\n{jalon}")
    };
    let people = "\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
    let jalon = if jalon.contains("[people.camille]") { jalon } else { format!("{jalon}{people}") };
    let settings = support::service(&jalon);
    let texts: Vec<Text> = files
        .iter()
        .map(|(file, text)| Text {
            file: (*file).to_owned(),
            stem: file.trim_end_matches(".toml").to_owned(),
            contents: Ok(format!("title = \"{file}\"\nrecruiters = [\"camille\"]\n{text}")),
            guess: None,
        })
        .collect();
    let folder = folder(&texts, &settings.house);
    let errors: Vec<_> =
        folder.problems.iter().filter(|problem| problem.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let mut by_name: BTreeMap<&str, &str> =
        texts.iter().map(|text| (text.file.as_str(), text.contents.as_deref().unwrap())).collect();
    by_name.insert("jalon.toml", &jalon);
    let planned = plan(&folder.postings, &settings);
    let now = "2026-06-01T10:00:00Z".parse().unwrap();
    let seen = Seen {
        postings: &folder.postings,
        reminders: &planned.reminders,
        settings: &settings,
        jalon_toml: "jalon.toml",
        texts: &by_name,
        machine: machine.map(|name| Zone::parse(name).unwrap()),
        now,
    };
    let absences =
        jalon::plan::absence::warnings(&folder.postings, &planned.reminders, &settings.house.directory, now);
    let found = folder.problems.into_iter().chain(planned.warnings).chain(absences).chain(warnings(&seen));
    found
        .map(|problem| {
            assert_eq!(problem.severity, Severity::Warning, "{problem:?}");
            assert!(problem.remedy.is_some(), "{problem:?}");
            assert!(WARNINGS.contains(&problem.code), "{problem:?}");
            let place = problem.place.map_or(0, |place| place.line);
            format!("{} {}:{place}", problem.code, problem.file)
        })
        .collect()
}

/// One posting: what is thought of it, its lines counted from the third.
fn of(text: &str) -> String {
    thoughts("", None, &[("a.toml", text)]).join(", ")
}

/// Fires with this text at this line, not with the others, and is silenced in the posting and in jalon.toml.
fn one(code: &str, line: usize, text: &str, beside: &[&str]) {
    assert_eq!(of(text), format!("{code} a.toml:{line}"), "{text}");
    for beside in beside {
        assert_eq!(of(beside), "", "{beside}");
    }
    assert_eq!(of(&format!("accept = [\"{code}\"]\n{text}")), "", "silenced in the posting");
    let house = format!("accept = [\"{code}\"]");
    assert_eq!(thoughts(&house, None, &[("a.toml", text)]), [""; 0], "silenced in jalon.toml");
    let another = WARNINGS.iter().find(|other| **other != code).unwrap();
    assert_ne!(of(&format!("accept = [\"{another}\"]\n{text}")), "", "{another} is another one");
}

#[test]
fn an_open_posting_of_which_all_is_past() {
    one(
        "past",
        4,
        "[deadline]\nuntil = 2026-05-30\n",
        &[
            "[deadline]\nuntil = 2026-05-30\n[start]\non = 2026-09-01\n", // candidates are being met
            "[deadline]\nuntil = 2026-06-01\n",                           // it closes tonight
            "status = \"filled\"\n[deadline]\nuntil = 2026-05-30\n",
            "status = \"cancelled\"\n[deadline]\nuntil = 2026-05-30\n",
            "[deadline]\nuntil = 2026-05-30\ndone = true\n",
            "[deadline]\nlabel = \"bientôt\"\n",
            "",
        ],
    );
}

#[test]
fn a_date_so_long_past_that_its_year_is_wrong() {
    one(
        "past",
        4,
        "[deadline]\nuntil = 2025-06-28\n[[interview]]\non = 2026-07-06\n",
        &[
            "[deadline]\nuntil = 2026-01-15\n[start]\non = 2026-09-01\n",
            // Somebody works there for two years already.
            "[deadline]\nuntil = 2024-01-15\n[start]\non = 2024-03-01\n[end]\non = 2027-03-01\n",
        ],
    );
}

#[test]
fn dates_in_an_order_that_no_recruitment_has() {
    one(
        "interview-before-deadline",
        6,
        "[deadline]\nuntil = 2026-06-28\n[[interview]]\non = [2026-06-25, 2026-07-06]\n",
        &[
            "[deadline]\nuntil = 2026-06-26\n[[interview]]\non = 2026-06-26\n",
            "[deadline]\nuntil = 2026-06-28\n[[interview]]\nbetween = [2026-06-22, 2026-07-03]\n",
            "[deadline]\nuntil = 2026-06-28\n[[interview]]\non = 2026-06-25\ncancelled = true\n",
            "[deadline]\nuntil = 2026-06-28\n[[interview]]\nlabel = \"au fil de l'eau\"\n",
        ],
    );
    one(
        "start-before-interview",
        6,
        "[[interview]]\non = 2026-07-06\n[start]\non = 2026-07-01\n",
        &[
            "[[interview]]\non = 2026-07-06\n[start]\non = 2026-07-06\n",
            "[[interview]]\non = 2026-07-06\n[start]\nbetween = [2026-07-01, 2026-08-01]\n",
        ],
    );
    one(
        "start-before-deadline",
        6,
        "[deadline]\nuntil = 2026-06-28\n[start]\non = 2026-06-15\n",
        &["[deadline]\nuntil = 2026-06-28\n[start]\nbetween = [2026-06-15, 2026-07-15]\n"],
    );
    one(
        "end-before-start",
        6,
        "[start]\non = 2026-09-01\n[end]\non = 2026-08-31\n",
        &["[start]\non = 2026-09-01\n[end]\non = 2026-09-01\n", "[end]\non = 2026-08-31\n"],
    );
}

#[test]
fn an_interview_on_a_sunday_or_a_holiday() {
    one(
        "day-off",
        4,
        "[[interview]]\non = [2026-07-03, 2026-07-05]\n",
        &[
            "[[interview]]\non = 2026-07-04\n", // Saturdays happen
            "work_days = [2026-07-05]\n[[interview]]\non = 2026-07-05\n",
            "[[interview]]\nbetween = [2026-07-05, 2026-07-06]\n",
            "[start]\non = 2026-07-05\n",
            "[[interview]]\nname = \"Un\"\non = 2026-05-31\n[[interview]]\nname = \"Deux\"\non = 2026-07-06\n", // it was
        ],
    );
    one(
        "day-off",
        4,
        "[[interview]]\non = 2026-07-14T09:00:00\n",
        &["holidays = \"none\"\n[[interview]]\non = 2026-07-14T09:00:00\n"],
    );
    assert_eq!(of("days_off = [2026-07-06]\n[[interview]]\non = 2026-07-06\n"), "day-off a.toml:5");
}

#[test]
fn a_time_that_the_clocks_pass_over() {
    one(
        "hour-skipped",
        4,
        "[start]\non = 2027-03-28T02:30:00\n",
        &[
            "[start]\non = 2027-03-28T03:00:00\n",
            "[start]\non = 2026-10-25T02:30:00\n",
            "time_zone = \"Indian/Reunion\"\n[start]\non = 2027-03-28T02:30:00\n",
        ],
    );
    one(
        "hour-skipped",
        4,
        "[deadline]\nuntil = 2027-03-28T02:30:00\n",
        &["[deadline]\nuntil = 2027-03-28\n"],
    );
}

#[test]
fn a_weekday_in_a_label_that_does_not_fit() {
    one(
        "weekday",
        5,
        "[[interview]]\non = 2026-07-07\nlabel = \"lundi 7 juillet\"\n",
        &[
            "[[interview]]\non = 2026-07-07\nlabel = \"mardi 7 juillet\"\n",
            "[start]\nbetween = [2026-09-01, 2026-09-30]\nlabel = \"un lundi de septembre\"\n",
            "[[interview]]\nlabel = \"lundi 7 juillet\"\n",
        ],
    );
    one("weekday", 5, "[start]\non = 2026-09-01\nlabel = \"Monday, 1 September\"\n", &[]);
    one(
        "weekday",
        5,
        "[[interview]]\non = [2026-07-06, 2026-07-07]\nlabel = \"les lundis 6 et 7\"\n",
        &[
            "[[interview]]\non = 2026-07-07\nlabel = \"mardi 7 (réponse avant vendredi)\"\n",
            "[start]\non = 2026-08-31\nlabel = \"31 août, à temps partiel\u{a0}: du lundi au jeudi\"\n",
        ],
    );
    one(
        "weekday",
        5,
        "[start]\nbetween = [2026-08-31, 2026-09-02]\nlabel = \"un vendredi, fin août\"\n",
        &["[start]\nbetween = [2026-08-31, 2026-09-07]\nlabel = \"un vendredi, fin août\"\n"],
    );
}

#[test]
fn a_person_on_two_panels_at_once() {
    let interview = |name: &str, at: &str, more: &str| {
        format!("[[interview]]\nname = \"{name}\"\non = 2026-07-06T{at}:00\npanel = [\"sacha\"]\n{more}")
    };
    let both =
        format!("{}{}", interview("Un", "09:00", "duration = \"45m\"\n"), interview("Deux", "09:30", ""));
    one(
        "two-at-once",
        10,
        &both,
        &[
            &both.replace("09:30", "09:45"),
            &both.replace("duration = \"45m\"\n", ""),
            &both.replace("panel = [\"sacha\"]\nduration", "panel = [\"camille\"]\nduration"),
            &both.replace("2026-07-06", "2026-05-06").replace(
                "[[interview]]\nname = \"Un\"",
                "[start]\non = 2026-09-01\n[[interview]]\nname = \"Un\"",
            ),
        ],
    );
    let (a, b) = (interview("Un", "09:00", ""), interview("Deux", "09:00", ""));
    let across = |accept: [&str; 2]| {
        thoughts(
            "",
            None,
            &[("a.toml", &format!("{}{a}", accept[0])), ("b.toml", &format!("{}{b}", accept[1]))],
        )
        .join(" ")
    };
    assert_eq!(across(["", ""]), "two-at-once b.toml:5");
    let accept = "accept = [\"two-at-once\"]\n";
    assert_eq!((across([accept, ""]), across(["", accept])), (String::new(), String::new()));
    // Of a copy, one warning is enough.
    let copies = thoughts("", None, &[("a.toml", &a), ("a.toml", &format!("id = \"b\"\n{a}"))]);
    assert_eq!(copies, ["same-posting a.toml:0"]);
    // In another zone it is another hour.
    let reunion = "time_zone = \"Indian/Reunion\"\n";
    assert_eq!(across(["", reunion]), "");
}

#[test]
fn no_reminder_in_the_last_week_before_a_deadline() {
    let with =
        |rule: &str| format!("[deadline]\nuntil = 2026-08-28\n[[remind]]\nevent = \"deadline\"\n{rule}\n");
    one(
        "no-late-reminder",
        4,
        &with("before = [\"30d\", \"14d\"]"),
        &[
            &with("before = [\"30d\", \"7d\"]"),
            &with("before = [\"30d\"]\non_day = true"),
            &with("before = []"), // none, on purpose
            "[deadline]\nuntil = 2026-08-28\n",
        ],
    );
    // The week before is a Sunday, and the reminder leaves on the Friday: nine days before.
    one(
        "no-late-reminder",
        4,
        &with("before = [\"7d\"]").replace("08-28", "08-30"),
        &[&with("before = [\"7d\"]\nday_off = \"later\"").replace("08-28", "08-30")],
    );
}

#[test]
fn what_the_plan_warns_of_is_accepted_too() {
    let late = "[deadline]\nuntil = 2026-08-28T08:00:00\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\n";
    one("rule-twice", 8, late, &[]);
    let list =
        "[deadline]\nuntil = 2026-08-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"7d\"]\n";
    one("rule-twice", 5, list, &[&list.replace("\"7d\"]", "\"1d\"]")]);
    let useless = "[[interview]]\non = 2026-07-06T09:00:00\n[[remind]]\nevent = \"interview\"\nafter = []\nbefore = [\"1d\"]\nday_off = \"later\"\nat = 10:00:00\n";
    one("due-too-late", 5, useless, &[]);
    one("empty-rule", 5, "[start]\non = 2026-09-01\n[[remind]]\nevent = \"start\"\n", &[]);
    one("date-twice", 4, "[[interview]]\non = [2026-07-06, 2026-07-06]\n", &[]);
    one(
        "hidden-character",
        3,
        "# \u{202e}\n[start]\non = 2026-09-01\n",
        &["# é\n[start]\non = 2026-09-01\n"],
    );
}

#[test]
fn who_is_away_and_copies_are_accepted_too() {
    let jalon = "[people.lou]\nemail = \"lou@example.org\"\nleaves = 2026-06-02\n";
    let deadline = "[deadline]\nuntil = 2026-08-28\n";
    let of = |accept: &str| {
        let text =
            format!("{accept}{deadline}[[remind]]\nevent = \"deadline\"\non_day = true\nto = [\"lou\"]\n");
        thoughts(jalon, None, &[("a.toml", &text)]).join(" ")
    };
    // camille, who recruits, reads for lou: nobody is alone.
    assert_eq!(of(""), "nobody-there a.toml:3");
    assert_eq!(of("accept = [\"nobody-there\"]\n"), "");
    let copies = |accept: [&str; 2]| {
        let text = |accept: &str| format!("{accept}organisation = \"O\"\n{deadline}");
        // The title is the file's name: these two are made alike.
        let (a, b) = (text(accept[0]), text(accept[1]));
        thoughts("", None, &[("a.toml", &a), ("a.toml", &format!("id = \"b\"\n{b}"))]).join(" ")
    };
    assert_eq!(copies(["", ""]), "same-posting a.toml:0");
    assert_eq!(copies(["accept = [\"same-posting\"]\n", ""]), "");
    assert_eq!(copies(["", "accept = [\"same-posting\"]\n"]), "");
}

#[test]
fn one_absence_is_told_once() {
    let of = |camille: &str, sacha: &str, accept: &str| {
        let person = |id: &str, more: &str| format!("[people.{id}]\nemail = \"{id}@example.org\"\n{more}\n");
        let jalon = format!("{}{}", person("camille", camille), person("sacha", sacha));
        let rule =
            "[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"1d\"]\nto = [\"recruiters\", \"sacha\"]\n";
        let text = format!("{accept}[deadline]\nuntil = 2026-08-28\n[start]\non = 2026-09-01\n{rule}");
        thoughts(&jalon, None, &[("a.toml", &text)]).join(" ")
    };
    let away = "away = [[2026-06-02, 2026-08-31]]";
    assert_eq!(of(away, away, ""), "nobody-there a.toml:3");
    assert_eq!(of(away, away, "accept = [\"nobody-there\"]\n"), "", "not the other one in its place");
    assert_eq!(of("", away, ""), "", "camille reads for sacha");
    assert_eq!(of(away, "", ""), "alone a.toml:5", "sacha, who is no recruiter, has it, and camille nobody");
    assert_eq!(of(away, "", "accept = [\"alone\"]\n"), "");
}

#[test]
fn a_day_beyond_what_the_relay_takes() {
    let smtp = |rate: &str| format!("[[smtp]]\nhost = \"localhost\"\ntls = \"none\"\n{rate}\n");
    let files = [
        (
            "a.toml",
            "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nto = [\"camille\", \"sacha\"]\n[start]\non = 2026-09-02\n",
        ),
        (
            "b.toml",
            "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nat = 10:00:00\n[start]\non = 2026-09-02\n",
        ),
        ("c.toml", "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\n[start]\non = 2026-09-02\n"),
    ];
    let of = |jalon: &str| thoughts(jalon, None, &files).join(" ");
    // Two at nine (camille's two are one mail), and one at ten.
    assert_eq!(of(&smtp("rate = [\"30/min\", \"2/day\"]")), "over-rate jalon.toml:5");
    assert_eq!(of(&smtp("rate = [\"30/min\", \"3/day\"]")), "");
    assert_eq!(of(&smtp("rate = [\"30/min\"]")), "");
    assert_eq!(of(&smtp("")), "");
    assert_eq!(of(""), "");
    let two = format!("{}{}", smtp("rate = [\"1/day\"]"), smtp("rate = [\"1/day\"]"));
    assert_eq!(of(&two), "over-rate jalon.toml:5", "they take two together");
    assert_eq!(
        of(&format!("{}{}", smtp("rate = [\"1/day\"]"), smtp(""))),
        "",
        "the second one takes the rest"
    );
    assert_eq!(of(&format!("accept = [\"over-rate\"]\n{}", smtp("rate = [\"2/day\"]"))), "");
}

#[test]
fn an_address_that_not_every_relay_takes() {
    let smtp = "[[smtp]]\nhost = \"localhost\"\ntls = \"none\"\n";
    let start = "[start]\non = 2026-09-02\n";
    let of = |jalon: &str, rule: &str| {
        let text = format!("{rule}{start}");
        thoughts(jalon, None, &[("a.toml", text.as_str())]).join(" ")
    };
    let elodie = "[people.elodie]\nemail = \"élodie@example.org\"\n";
    assert_eq!(of(&format!("{smtp}{elodie}"), ""), "beyond-ascii jalon.toml:6");
    assert_eq!(of(&format!("{smtp}{elodie}").replace('é', "e"), ""), "");
    assert_eq!(of(elodie, ""), "", "an outbox takes all");
    assert_eq!(
        of(smtp, "[[remind]]\nevent = \"start\"\nbefore = [\"1d\"]\nto = [\"zoé@example.org\"]\n"),
        "beyond-ascii a.toml:6"
    );
    assert_eq!(of(&format!("accept = [\"beyond-ascii\"]\n{smtp}{elodie}"), ""), "");
}

#[test]
fn a_machine_that_is_somewhere_else() {
    let on = |machine: &str, jalon: &str| thoughts(jalon, Some(machine), &[]).join(" ");
    assert_eq!(on("America/New_York", ""), "zone-differs jalon.toml:1");
    assert_eq!(on("Europe/London", ""), "zone-differs jalon.toml:1");
    for same in ["Europe/Paris", "Europe/Brussels", "UTC", "Etc/UTC", "Etc/GMT"] {
        assert_eq!(on(same, ""), "", "{same}");
    }
    assert_eq!(on("America/New_York", "accept = [\"zone-differs\"]\n"), "");
    assert_eq!(thoughts("", None, &[]), [""; 0]);
}

#[test]
fn a_password_for_a_relay_of_microsofts() {
    let smtp = |host: &str, more: &str| format!("[[smtp]]\nhost = \"{host}\"\nusername = \"u\"\n{more}\n");
    let password = "password = { file = \"p\" }";
    let of = |jalon: &str| thoughts(jalon, None, &[]).join(" ");
    for host in [
        "smtp.office365.com",
        "SMTP.Office365.com",
        "smtp-mail.outlook.com",
        "contoso.mail.protection.outlook.com",
    ] {
        assert_eq!(of(&smtp(host, password)), "password-login jalon.toml:3", "{host}");
        assert_eq!(of(&smtp(host, "token_command = [\"jalon\", \"token\"]")), "", "{host}");
    }
    for host in ["smtp.gmail.com", "smtp.example.org", "notoutlook.com"] {
        assert_eq!(of(&smtp(host, password)), "", "{host}");
    }
    let second = smtp("smtp.example.org", password) + &smtp("smtp.office365.com", password);
    assert_eq!(of(&second), "password-login jalon.toml:7");
    assert_eq!(of(&format!("accept = [\"password-login\"]\n{}", smtp("smtp.office365.com", password))), "");
}

#[test]
fn every_warning_of_the_program_can_be_accepted_and_nothing_else_can() {
    // What only the daemon says, what is said of `accept` itself, and of a last good version.
    let not = ["unknown-accept", "removed-person", "unknown-person", "forbidden-address"];
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let text = text.split("#[cfg(test)]").next().unwrap();
            // A warning is made here or there; its code is the first bare word in quotes behind it.
            for maker in [
                "Problem::warning(",
                ".warning(",
                "self.warn(",
                ".about(",
                "about_settings(",
                "about_line(",
                "miss_softly(",
                "say_so(",
            ] {
                for call in text.split(maker).skip(1) {
                    let words = call.split('"').skip(1).step_by(2).take(3);
                    let is_code = |word: &&str| {
                        word.len() > 3 && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
                    };
                    found.extend(words.filter(is_code).map(str::to_owned));
                }
            }
        }
    }
    for code in WARNINGS {
        assert!(found.contains(*code), "{code} is said nowhere");
    }
    for code in not {
        assert!(!WARNINGS.contains(&code), "{code}");
    }
}

#[test]
fn accept_itself_is_read_with_care() {
    let settings = support::house("");
    let problems = |line: &str| {
        let text = format!("title = \"T\"\nrecruiters = [\"camille\"]\n{line}\n[start]\non = 2026-09-01\n");
        let read = jalon::calendar::read::posting("p.toml", "p", &text, &settings.house);
        assert_eq!(read.posting.is_some(), !line.contains('5'), "{line}");
        support::shown(&read.problems)
    };
    assert_eq!(problems("accept = [\"past\", \"day-off\"]"), "", "what silences nothing is not told of");
    assert!(problems("accept = [\"dayoff\"]").contains("did you mean \"day-off\"?"));
    assert!(problems("accept = [\"everything\"]").contains("choose among: past, "));
    assert!(problems("accept = \"past\"\npublished = 5").contains("write accept = [\"past\"]"));
    // It is known before anything is said, wherever it stands in the file.
    assert_eq!(
        problems(
            "days_off = []\naccept = [\"date-twice\"]\nmilestone = [{ name = \"M\", on = [2026-07-06, 2026-07-06] }]"
        ),
        ""
    );
}

#[test]
fn a_candidate_who_is_named() {
    let interview = |more: &str| format!("[[interview]]\non = 2026-07-06\n{more}\n");
    let fine = [
        interview("candidate = \"C-014\""),
        interview("candidate = \"JD\""),
        interview("candidate = \"candidature 3\""),
        interview("name = \"Premier Tour\"\nlabel = \"6 ou 7 juillet 2026, à Crest\""),
        format!("{}cancelled = true\n", interview("candidate = \"Jeanne Dupont\"")),
    ];
    let fine: Vec<&str> = fine.iter().map(String::as_str).collect();
    one("candidate-named", 5, &interview("candidate = \"Jeanne Dupont\""), &fine);
    for named in [
        "candidate = \"jeanne@example.org\"",
        "candidate = \"06 12 34 56 78\"",
        "name = \"Entretien jeanne@example.org\"",
        "label = \"6 juillet (+33 6 12 34 56 78)\"",
    ] {
        assert_eq!(of(&interview(named)), "candidate-named a.toml:5", "{named}");
    }
}
