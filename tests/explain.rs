//! `jalon explain`: situations and the whole answer to each, in both languages; and the real binary.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::{Command, Output};

use chrono::{DateTime, Utc};
use jalon::cli::explain::page::{Asked, page};
use jalon::diagnostic::Language;
use jalon::plan::difference::begun;
use jalon::plan::lay::lay;
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::{Key, Wanted};
use support::{house, read};

/// A situation: what it is called, jalon.toml's addition, the posting, whom it is about, and what became of the rows.
type Situation = (&'static str, &'static str, &'static str, Option<&'static str>, fn(&mut Vec<Row>));

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const DEADLINE: &str = "[deadline]\nuntil = 2026-06-28\n";

/// The row of a lead ends so.
fn end(rows: &mut [Row], lead: &str, state: State, reason: Option<Reason>, reply: Option<&str>) {
    let row = rows.iter_mut().find(|row| row.key.lead() == lead).unwrap();
    (row.state, row.reason, row.reply) = (state, reason, reply.map(str::to_owned));
    row.changed = row.due;
    row.sent_at = (state == State::Sent).then_some(row.due);
}

const SITUATIONS: &[Situation] = &[
    ("it was sent; the next was superseded; the last waits", "", DEADLINE, None, |rows| {
        end(rows, "-7d", State::Superseded, Some(Reason::LaterReminder), None);
        end(rows, "-1d", State::Sent, Some(Reason::Accepted), Some("250 2.0.0 Ok: queued as 4F"));
    }),
    ("it was past when first read, withdrawn by hand, refused", "", DEADLINE, None, |rows| {
        end(rows, "-7d", State::Skipped, Some(Reason::PastWhenFirstSeen), None);
        end(rows, "-1d", State::Withdrawn, Some(Reason::Hand), None);
        end(rows, "0d", State::Failed, Some(Reason::RecipientRefused), Some("550 5.1.1 no such user"));
    }),
    ("it lapsed, is held, or confirmed", "", DEADLINE, None, |rows| {
        end(rows, "-7d", State::Lapsed, Some(Reason::TooLate), None);
        end(rows, "-1d", State::Held, Some(Reason::InDoubt), None);
        end(rows, "0d", State::Sent, Some(Reason::Confirmed), None);
    }),
    ("it is tried again later", "", DEADLINE, None, |rows| {
        end(rows, "-7d", State::Planned, None, Some("451 4.3.0 later"));
        rows[0].not_before = Some(utc("2026-06-27T08:00:00Z"));
        rows[0].attempts = 2;
    }),
    (
        "a day off is skipped",
        "",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"1d\"]\nday_off = \"skip\"\n",
        None,
        |_| (),
    ),
    ("a holiday moves it", "", "[[milestone]]\nname = \"M\"\non = 2026-07-15\n", None, |_| ()),
    (
        "due after it is of use",
        "",
        "[deadline]\nuntil = 2026-06-26T08:00:00\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1h\"]\non_day = true\nat = 07:00:00\n[[interview]]\non = 2026-07-06T09:00:00\n[[remind]]\nevent = \"interview\"\nbefore = [\"1d\"]\nday_off = \"later\"\nat = 10:00:00\n",
        None,
        |_| (),
    ),
    (
        "the same instant as a shorter lead",
        "",
        "[deadline]\nuntil = 2026-06-29\n[[remind]]\nevent = \"deadline\"\nbefore = [\"2d\", \"3d\"]\n",
        None,
        |_| (),
    ),
    (
        "filled",
        "",
        "status = \"filled\"\n[deadline]\nuntil = 2026-06-28\n[start]\non = 2026-09-02\n",
        None,
        |_| (),
    ),
    ("cancelled", "", "status = \"cancelled\"\n[deadline]\nuntil = 2026-06-28\n", None, |_| ()),
    (
        "an event done, an event cancelled",
        "",
        "[deadline]\nuntil = 2026-06-28\ndone = true\n[start]\non = 2026-09-02\ncancelled = true\n",
        None,
        |_| (),
    ),
    (
        "to be fixed, and a window",
        "",
        "[[interview]]\nname = \"A\"\nlabel = \"fin juin\"\n[[interview]]\nname = \"B\"\nbetween = [2026-07-06, 2026-07-10]\n",
        None,
        |_| (),
    ),
    (
        "the posting's own rule",
        "[[remind]]\nevent = \"deadline\"\nbefore = [\"3d\"]\n",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"2w\"]\n",
        None,
        |_| (),
    ),
    ("somebody who is nobody here", "", DEADLINE, Some("sacha"), |_| ()),
    (
        "a rule that asks for none",
        "",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = []\n",
        None,
        |_| (),
    ),
    ("a date that was another, and a notice of it", "", DEADLINE, None, |rows| {
        let mut old = rows[0].clone();
        old.key = Key::from_text("p/deadline/2026-06-20/-7d/camille");
        (old.state, old.reason) = (State::Withdrawn, Some(Reason::Calendar));
        let mut notice = rows[0].clone();
        notice.key = Key::change("p", "deadline", 2, "camille");
        (notice.state, notice.reason, notice.sent_at) = (State::Sent, Some(Reason::Accepted), Some(old.due));
        rows.extend([old, notice]);
    }),
    ("another's zone", "", "recruiters = [\"sacha\"]\n[start]\non = 2026-09-02T11:00:00\n", None, |_| ()),
    ("no ledger", "", DEADLINE, None, |rows| rows.clear()),
];

/// All of it, situation by situation.
fn answers() -> String {
    let mut text = String::new();
    for (name, more, posting, to, became) in SITUATIONS {
        let settings = house(more);
        let posting = read(&settings, posting).unwrap();
        let born = utc("2026-06-01T08:00:00Z");
        let planned = lay(std::slice::from_ref(&posting), &settings).reminders;
        let row = |wanted: Wanted| begun(&wanted, State::Planned, Reason::PastWhenFirstSeen, born);
        let mut rows: Vec<Row> = planned.iter().map(|one| row(Wanted::from(one))).collect();
        became(&mut rows);
        for language in Language::ALL {
            let _ = writeln!(text, "=== {name} [{}]", language.code());
            text.push_str(&page(&Asked {
                id: "p",
                posting: Some(&posting),
                settings: &settings,
                rows: (*name != "no ledger").then_some(rows.as_slice()),
                event: None,
                to: *to,
                teams: &BTreeMap::new(),
                now: utc("2026-06-26T12:00:00Z"),
                language,
            }));
        }
    }
    text
}

#[test]
fn every_situation_has_its_answer() {
    let (found, place) = (answers(), "tests/explain/answers.txt");
    if std::env::var_os("JALON_WRITE_ANSWERS").is_some() {
        std::fs::write(place, &found).unwrap();
    }
    let expected = std::fs::read_to_string(place).unwrap();
    for (found, expected) in found.split("=== ").zip(expected.split("=== ")) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n[teams]\nrh = [\"camille\"]\n";

fn run(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.args(arguments).current_dir(folder).env_clear().env("LANG", "C").output().unwrap()
}

#[test]
fn the_binary_answers_without_a_ledger_and_proposes_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    write("config/jalon.toml", JALON);
    write("config/postings/good.toml", "title = \"T\"\nrecruiters = [\"rh\"]\n[start]\non = 2190-09-02\n");
    let said = |arguments: &[&str]| {
        let output = run(folder.path(), arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = said(&["explain", "good", "start", "--to", "camille"]);
    assert_eq!(code, 0, "{text}");
    for expected in ["Without a ledger", "Reminder -14d → camille", "by the team rh", "good.toml:3"] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    for (arguments, expected) in [
        (&["explain", "god"][..], "no posting \"god\"; did you mean \"good\"?"),
        (&["explain", "good", "strat"], "no event \"strat\" in good; did you mean \"start\"?"),
        (
            &["explain", "good", "--to", "camile"],
            "nobody here is called \"camile\"; did you mean \"camille\"?",
        ),
        (&["explain", "good", "--to", "camile", "--lang", "fr"], "vouliez-vous dire «\u{20}camille\u{20}»"),
    ] {
        let (code, text) = said(arguments);
        assert_eq!(code, 2, "{text}");
        assert!(text.contains(expected), "{expected}: {text}");
    }
    write("config/postings/good.toml", "title = \"T\"\nrecruiters = [\"rx\"]\n");
    let (code, text) = said(&["explain", "good"]);
    assert_eq!(code, 78, "{text}");
    assert!(text.contains("no good version of it is known"), "{text}");
}
