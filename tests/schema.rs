//! The schemas that editors read: the readers of the files rule, and are asked for every key and every word that they
//! know; what is shipped is what is printed; and taplo agrees (`tests/schema/taplo.rs`).
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;
#[path = "schema/taplo.rs"]
mod taplo;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jalon::calendar::read::posting;
use jalon::cli::schema::{Of, schema, text};
use jalon::diagnostic::{Language, Problem};
use jalon::message::typography;
use jalon::settings::read::settings;
use serde_json::{Value, json};

const WHOLE_POSTING: &str = include_str!("schema/posting.toml");
const WHOLE_SETTINGS: &str = include_str!("schema/settings.toml");

/// What the reader of such a file has to say of a text.
fn problems(of: Of, text: &str) -> Vec<Problem> {
    match of {
        Of::Posting => {
            let (house, _) = settings("jalon.toml", WHOLE_SETTINGS);
            posting("x.toml", "x", text, &house.unwrap().house).problems
        }
        Of::Settings => settings("jalon.toml", text).1,
    }
}

/// Every table of a kind of file whose keys are fixed: where the schema has it, and a file with one impossible key
/// in it. A table that may stand in a list is twice in the schema.
fn tables(of: Of) -> Vec<(&'static str, &'static str)> {
    match of {
        Of::Posting => vec![
            ("", "zzzzzzzz = 1"),
            ("/properties/apply", "[apply]\nzzzzzzzz = 1"),
            ("/properties/deadline", "[deadline]\nzzzzzzzz = 1"),
            ("/properties/interview", "[interview]\nzzzzzzzz = 1"),
            ("/properties/interview/items", "[[interview]]\nzzzzzzzz = 1\n[[interview]]\non = 2026-07-06"),
            ("/properties/start", "[start]\nzzzzzzzz = 1"),
            ("/properties/end", "[end]\nzzzzzzzz = 1"),
            ("/properties/milestone", "[milestone]\nzzzzzzzz = 1"),
            ("/properties/milestone/items", "[[milestone]]\nzzzzzzzz = 1"),
            ("/properties/remind", "[remind]\nzzzzzzzz = 1"),
            ("/properties/remind/items", "[[remind]]\nzzzzzzzz = 1"),
        ],
        Of::Settings => vec![
            ("", "zzzzzzzz = 1"),
            ("/properties/ledger", "[ledger]\nzzzzzzzz = 1"),
            ("/properties/ledger/properties/password", "[ledger]\npassword = { zzzzzzzz = 1 }"),
            ("/properties/mail", "[mail]\nzzzzzzzz = 1"),
            ("/properties/smtp", "[smtp]\nzzzzzzzz = 1"),
            ("/properties/smtp/items", "[[smtp]]\nzzzzzzzz = 1"),
            ("/properties/smtp/properties/password", "[smtp.password]\nzzzzzzzz = 1"),
            ("/properties/smtp/items/properties/password", "[[smtp]]\npassword = { zzzzzzzz = 1 }"),
            ("/properties/delivery", "[delivery]\nzzzzzzzz = 1"),
            ("/properties/feed", "[feed]\nzzzzzzzz = 1"),
            ("/properties/monitoring", "[monitoring]\nzzzzzzzz = 1"),
            ("/properties/monitoring/properties/heartbeat/anyOf/1", "[monitoring.heartbeat]\nzzzzzzzz = 1"),
            ("/properties/people/additionalProperties", "[people.x]\nzzzzzzzz = 1"),
            ("/properties/remind", "[remind]\nzzzzzzzz = 1"),
            ("/properties/remind/items", "[[remind]]\nzzzzzzzz = 1"),
        ],
    }
}

/// Every closed list of words: where the schema has it, and a file with an impossible word in it.
fn lists(of: Of) -> Vec<(&'static str, &'static str)> {
    match of {
        Of::Posting => vec![
            ("/properties/holidays", "holidays = \"zzzzzzzz\""),
            ("/properties/status", "status = \"zzzzzzzz\""),
            ("/properties/accept/items", "accept = [\"zzzzzzzz\"]"),
            ("/properties/remind/properties/event/anyOf/0", "[remind]\nevent = \"zzzzzzzz\""),
            ("/properties/remind/items/properties/event/anyOf/0", "[[remind]]\nevent = \"zzzzzzzz\""),
            ("/properties/remind/properties/day_off", "[remind]\nday_off = \"zzzzzzzz\""),
            ("/properties/remind/items/properties/day_off", "[[remind]]\nday_off = \"zzzzzzzz\""),
        ],
        Of::Settings => vec![
            ("/properties/holidays", "holidays = \"zzzzzzzz\""),
            ("/properties/accept/items", "accept = [\"zzzzzzzz\"]"),
            (
                "/properties/people/additionalProperties/properties/digest_of",
                "[people.x]\ndigest_of = \"zzzzzzzz\"",
            ),
            ("/properties/delivery/properties/in_doubt", "[delivery]\nin_doubt = \"zzzzzzzz\""),
            ("/properties/smtp/properties/tls", "[smtp]\ntls = \"zzzzzzzz\""),
            ("/properties/smtp/items/properties/tls", "[[smtp]]\ntls = \"zzzzzzzz\""),
            ("/properties/smtp/properties/auth/items", "[smtp]\nauth = [\"zzzzzzzz\"]"),
            ("/properties/smtp/items/properties/auth/items", "[[smtp]]\nauth = [\"zzzzzzzz\"]"),
            ("/properties/remind/properties/event", "[remind]\nevent = \"zzzzzzzz\""),
            ("/properties/remind/items/properties/event", "[[remind]]\nevent = \"zzzzzzzz\""),
            ("/properties/remind/properties/day_off", "[remind]\nday_off = \"zzzzzzzz\""),
            ("/properties/remind/items/properties/day_off", "[[remind]]\nday_off = \"zzzzzzzz\""),
        ],
    }
}

/// What the reader lists when it meets `zzzzzzzz`: the keys of that table, or the words of that list.
fn known(of: Of, text: &str, code: &str) -> BTreeSet<String> {
    let found = problems(of, text);
    let problem = found
        .iter()
        .find(|problem| {
            let sentence = problem.sentence.en.as_str();
            // Where secrets are written, what is not known is not repeated.
            let unsaid = sentence.contains('…') || sentence == "this key is unknown";
            problem.code == code && (sentence.contains("zzzzzzzz") || unsaid)
        })
        .unwrap_or_else(|| panic!("{text}: no {code} in {}", support::shown(&found)));
    let remedy = &problem.remedy.as_ref().unwrap().en;
    let (_, list) = remedy.split_once(": ").unwrap_or_else(|| panic!("{text}: {remedy}"));
    list.split(", ").map(str::to_owned).collect()
}

/// Every place below a schema, with what stands there.
fn walk(value: &Value, at: &str, found: &mut BTreeMap<String, Value>) {
    found.insert(at.to_owned(), value.clone());
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => list.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (key, value) in inner {
        walk(value, &format!("{at}/{key}"), found);
    }
}

fn places(of: Of) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    walk(&schema(of, Language::English), "", &mut found);
    found
}

const BOTH: [Of; 2] = [Of::Posting, Of::Settings];

#[test]
fn the_schema_and_the_reader_know_the_same_keys() {
    for of in BOTH {
        let places = places(of);
        let cases = tables(of);
        for (at, text) in &cases {
            let keys: BTreeSet<String> =
                places[*at]["properties"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(keys, known(of, text, "unknown-key"), "{of:?} {at}");
            assert_eq!(places[*at]["additionalProperties"], json!(false), "{of:?} {at}");
        }
        // No table of the schema was left out.
        let listed: BTreeSet<&str> = cases.iter().map(|(at, _)| *at).collect();
        for (at, value) in &places {
            let is_table =
                value.get("properties").is_some_and(Value::is_object) && !at.ends_with("/properties");
            assert!(!is_table || listed.contains(at.as_str()), "{of:?}: {at} is not compared");
        }
    }
}

#[test]
fn the_schema_and_the_reader_know_the_same_words() {
    for of in BOTH {
        let places = places(of);
        let cases = lists(of);
        for (at, text) in &cases {
            let words: BTreeSet<String> = places[*at]["enum"]
                .as_array()
                .unwrap()
                .iter()
                .map(|word| word.as_str().unwrap().to_owned())
                .collect();
            let code = match at {
                at if at.ends_with("/event") || at.contains("/event/") => "unknown-event",
                at if at.ends_with("/holidays") => "unknown-holidays",
                at if at.ends_with("/accept/items") => "unknown-accept",
                _ => "unknown-word",
            };
            assert_eq!(words, known(of, text, code), "{of:?} {at}");
        }
        let listed: BTreeSet<&str> = cases.iter().map(|(at, _)| *at).collect();
        for (at, value) in &places {
            let closed = value.get("enum").is_some_and(Value::is_array);
            // `to` also takes people: its two words are tried with the examples.
            assert!(
                !closed || at.contains("/to/") || listed.contains(at.as_str()),
                "{of:?}: {at} is not compared"
            );
        }
    }
}

#[test]
fn what_the_schema_requires_is_what_the_reader_misses() {
    for of in BOTH {
        let places = places(of);
        let missing = |text: &str| -> BTreeSet<String> {
            let found = problems(of, text);
            let missing = found.iter().filter(|problem| problem.code == "missing-key");
            missing.map(|problem| problem.sentence.en.split('`').nth(1).unwrap().to_owned()).collect()
        };
        let of_root = missing("language = \"fr\"");
        for (at, text) in tables(of) {
            let required: BTreeSet<String> = places[at]
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .map(|key| key.as_str().unwrap().to_owned())
                .collect();
            let mut expected = required.clone();
            if !at.is_empty() {
                expected.extend(of_root.clone());
            }
            if at.contains("/smtp/") && at.ends_with("/password") {
                expected.insert("host".to_owned()); // of the relay around it
            }
            if at == "/properties/interview/items" {
                expected.insert("name".to_owned()); // of several, each has one
            }
            assert_eq!(missing(text), expected, "{of:?} {at}");
        }
    }
}

#[test]
fn every_key_is_described_in_both_languages() {
    for of in BOTH {
        let [mut french, mut english] = [BTreeMap::new(), BTreeMap::new()];
        walk(&schema(of, Language::French), "", &mut french);
        walk(&schema(of, Language::English), "", &mut english);
        assert_eq!(french.keys().collect::<Vec<_>>(), english.keys().collect::<Vec<_>>());
        let mut count = 0;
        for at in french.keys().filter(|at| at.rsplit('/').nth(1) == Some("properties")) {
            let [fr, en] =
                [&french, &english].map(|places| places[at]["description"].as_str().unwrap_or_default());
            assert!(fr.len() > 5 && en.len() > 5 && fr != en, "{of:?} {at}: {fr} / {en}");
            assert_eq!(fr, typography::text(fr), "{at}");
            count += 1;
        }
        assert!(count > 40, "{count}");
    }
}

/// A value of JSON as TOML: what looks like a date or a time is one.
fn toml(value: &Value) -> String {
    let parses = |text: &str| format!("x = {text}").parse::<toml::Table>().is_ok();
    let dated =
        |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.len() >= 8 && parses(text);
    match value {
        Value::String(text) if dated(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(toml).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[test]
fn what_the_schema_shows_as_an_example_is_right() {
    let mut tried = 0;
    for of in BOTH {
        let places = places(of);
        for (at, text) in tables(of) {
            for (key, shape) in places[at]["properties"].as_object().unwrap() {
                let examples = shape["examples"].as_array().cloned().unwrap_or_default();
                let words = shape["enum"].as_array().cloned().unwrap_or_default();
                for value in examples.iter().chain(shape.get("default")).chain(&words) {
                    let label = if at.ends_with("password") { "" } else { "\nlabel = \"x\"" };
                    let line = format!("{key} = {}", toml(value));
                    let dated = ["deadline", "interview", "start", "end", "milestone"]
                        .iter()
                        .any(|kind| at.contains(kind));
                    let more = if dated && key != "label" { label } else { "" };
                    let text = text.replace("zzzzzzzz = 1", &format!("{line}{more}"));
                    // A rule is tried with the event that it names.
                    let text = if line.contains("interview:") {
                        text + "\n[[interview]]\nname = \"Premier tour\"\non = 2026-07-06T09:00:00"
                    } else {
                        text
                    };
                    let found = problems(of, &text);
                    let own = |problem: &&Problem| {
                        problem.severity == jalon::diagnostic::Severity::Error
                            && !["missing-key", "half-login", "lead-without-time"].contains(&problem.code)
                            && !(of == Of::Settings && problem.code == "unknown-person")
                    };
                    let wrong: Vec<&Problem> = found.iter().filter(own).collect();
                    assert!(wrong.is_empty(), "{of:?} {at}: {text}\n{wrong:?}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 150, "{tried}");
}

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every TOML file that is shipped.
fn shipped() -> Vec<PathBuf> {
    let mut files = vec![project().join("config/jalon.toml")];
    files.extend(fs::read_dir(project().join("config/postings")).unwrap().map(|entry| entry.unwrap().path()));
    files
}

#[test]
fn what_is_shipped_is_what_is_printed() {
    for of in BOTH {
        for language in Language::ALL {
            let name = if of == Of::Posting { "posting" } else { "settings" };
            let file = format!("config/schema/{name}.{}.json", language.code());
            let command = format!("jalon schema {name} --lang {} > {file}", language.code());
            let found = fs::read_to_string(project().join(&file)).unwrap_or_default();
            assert!(found == text(of, language), "{file} is of yesterday: {command}");
        }
    }
    for file in shipped() {
        let text = fs::read_to_string(&file).unwrap();
        let directive =
            text.lines().next().unwrap().strip_prefix("#:schema ").expect("the first line names the schema");
        let schema = file.parent().unwrap().join(directive);
        assert!(schema.is_file(), "{}: {directive}", file.display());
        let kind = if file.ends_with("jalon.toml") { "settings." } else { "posting." };
        assert!(schema.file_name().unwrap().to_str().unwrap().starts_with(kind), "{directive}");
    }
}

#[test]
fn the_command_prints_it_in_the_language_that_is_asked_for() {
    let run = |arguments: &[&str], locale: &str| -> Output {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("jalon.toml"), "language = \"en\"\n").unwrap();
        Command::new(env!("CARGO_BIN_EXE_jalon"))
            .args(arguments)
            .args(["--config", dir.path().to_str().unwrap()])
            .env_clear()
            .env("LC_ALL", locale)
            .output()
            .unwrap()
    };
    for (arguments, locale, of, language) in [
        (&["schema", "posting", "--lang", "fr"][..], "C", Of::Posting, Language::French),
        (&["schema", "settings"], "fr_FR.UTF-8", Of::Settings, Language::French),
        (&["schema", "posting"], "C", Of::Posting, Language::English),
    ] {
        let output = run(arguments, locale);
        assert_eq!(output.status.code(), Some(0));
        assert!(output.stdout == text(of, language).into_bytes(), "{arguments:?} {locale}");
    }
    assert_eq!(run(&["schema", "people"], "C").status.code(), Some(2));
}

/// What is right for the reader and must be right for the editor: besides what is shipped, one file of each kind
/// with every key.
fn right() -> Vec<(Of, String)> {
    let twins = "title = \"T\"\nrecruiters = [\"camille\"]\n[[interview]]\nname = \"A\"\non = [2026-05-26T09:30:00, 2026-05-27T14:00:00]\n[[interview]]\nname = \"B\"\nlabel = \"x\"\n";
    let single = "title = \"T\"\nrecruiters = [\"a@example.org\"]\n[interview]\nbetween = [2026-07-06, 2026-07-07]\n[remind]\nevent = \"interview\"\nbefore = []\n";
    let relay = "time_zone = \"Europe/Paris\"\n[smtp]\nhost = \"localhost\"\ntls = \"none\"\nusername = \"u\"\npassword = { env = \"P\" }\n";
    let mut right = vec![(Of::Posting, WHOLE_POSTING.to_owned()), (Of::Settings, WHOLE_SETTINGS.to_owned())];
    right.extend([twins, single].map(|text| (Of::Posting, text.to_owned())));
    right.push((Of::Settings, relay.to_owned()));
    right
}

/// What is wrong for both.
fn wrong() -> Vec<(Of, String)> {
    let posting = |rest: &str| (Of::Posting, format!("title = \"T\"\nrecruiters = [\"camille\"]\n{rest}\n"));
    let settings = |rest: &str| (Of::Settings, format!("time_zone = \"Europe/Paris\"\n{rest}\n"));
    vec![
        (Of::Posting, "recruiters = [\"camille\"]\n".to_owned()),
        (Of::Posting, "title = \"T\"\nrecruiters = []\n".to_owned()),
        (Of::Posting, "title = \"T\"\nrecruiters = \"camille\"\n".to_owned()),
        (Of::Posting, "title = \"\"\nrecruiters = [\"camille\"]\n".to_owned()),
        (Of::Posting, "title = \"a\\nb\"\nrecruiters = [\"camille\"]\n".to_owned()),
        posting("recruteurs = [\"camille\"]"),
        posting("status = \"pourvu\""),
        posting("published = 2026-06-28T12:00:00"),
        posting("published = 1826-06-28"),
        posting("url = \"www.example.org\""),
        posting("apply = { email = \"candidatures\" }"),
        posting("[deadline]"),
        posting("[deadline]\nuntil = 2026-06-28T12:00:00+02:00"),
        posting("[deadline]\nuntil = 2026-06-28T12:00:00Z"),
        posting("[deadline]\nuntil = 28"),
        posting("[deadline]\nuntil = 2026-06-28\nbefore = 2026-06-29"),
        posting("[deadline]\non = 2026-06-28"),
        posting("[[interview]]\non = []"),
        posting("[[interview]]\non = 2026-07-06\n[[interview]]\non = 2026-07-07"),
        posting("[[interview]]\non = 2026-07-06\nlieu = \"Crest\""),
        posting("[[interview]]\non = 2026-07-06\nduration = \"45\""),
        posting("[start]\nbetween = [2026-05-15]"),
        posting("[[milestone]]\non = 2026-09-04"),
        posting("[[remind]]\nevent = \"deadline\"\nbefore = [\"7\"]"),
        posting("[[remind]]\nevent = \"deadline\"\nbefore = [\"0d\"]"),
        posting("[[remind]]\nevent = \"entretien\"\nbefore = [\"7d\"]"),
        posting("[[remind]]\nevent = \"deadline\"\non_day = true\nat = 9"),
        posting("[[remind]]\nbefore = [\"7d\"]"),
        (Of::Settings, "language = \"fr\"\n".to_owned()),
        settings("language = \"deutsch\""),
        settings("language = \"pt-br\""),
        settings("[people.camille]\nname = \"Camille\""),
        settings("[people.Camille]\nemail = \"camille@example.org\""),
        settings("[people.camille]\nemail = \"camille@example.org\"\naway = [[2026-08-01]]"),
        settings("[smtp]\nhost = \"smtp.example.org\"\nusername = \"u\"\npassword = \"hunter2\""),
        settings("[smtp]\nhost = \"smtp.example.org\"\nusername = \"u\""),
        settings("[smtp]\nhost = \"smtp.example.org\"\nport = 70000"),
        settings("[smtp]\nhost = \"smtp.example.org\"\nrate = [\"30\"]"),
        settings("[delivery]\nlate_limit = \"three days\""),
        settings("[delivery]\nhours = \"7-21\""),
        settings("[delivery]\npreflight = \"le soir\""),
        settings("[delivery]\npreflight = 17"),
        settings("[monitoring]\nheartbeat = \"hc-ping.com/x\""),
        settings("[monitoring]\nheartbeat = { file = \"a\", env = \"B\" }"),
        settings("[monitoring]\nmetrics = \"jalon.prom\""),
        settings("[monitoring]\nmetrics = \"/var/lib/jalon.txt\""),
    ]
}

fn is_wrong(of: Of, text: &str) -> bool {
    jalon::diagnostic::any_error(&problems(of, text))
}

#[test]
fn the_samples_are_what_they_say() {
    for (of, text) in right() {
        assert!(!is_wrong(of, &text), "{text}\n{}", support::shown(&problems(of, &text)));
    }
    for (of, text) in wrong() {
        assert!(is_wrong(of, &text), "{text}");
    }
    // Every key of the schema stands in one of the whole files.
    for (of, whole) in [(Of::Posting, WHOLE_POSTING), (Of::Settings, WHOLE_SETTINGS)] {
        for (at, value) in places(of).iter().filter(|(at, _)| !at.contains("/items/")) {
            let keys =
                value.get("properties").and_then(Value::as_object).filter(|_| !at.ends_with("/properties"));
            for key in keys.into_iter().flat_map(serde_json::Map::keys) {
                let stands = whole.contains(&format!("{key} = "))
                    || [format!("[{key}]"), format!("[[{key}]]"), format!("[{key}.")]
                        .iter()
                        .any(|head| whole.contains(head));
                assert!(stands, "{of:?}: {key} stands nowhere");
            }
        }
    }
}
