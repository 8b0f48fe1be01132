//! templates/README.md names every variable of templates, with its type and an example: the comments of the structs that
//! templates see, and what the samples of mails hold. `JALON_BLESS=1` writes it anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use jalon::calendar::Language;
use jalon::message::render::BUILT_IN;
use jalon::message::samples::samples;
use jalon::message::spoken::{PHRASES, Phrase, answers};
use jalon::message::{Templates, Voice};
use serde_json::Value;

/// Where what is written begins.
const MARK: &str = "is out of date. -->\n";

/// How long an example may be, in characters.
const SHORT: usize = 90;

/// A field of a struct that templates see.
#[derive(Debug)]
struct Field {
    name: String,
    kind: String,
    said: String,
}

/// A struct that is being read: its name, what is said of it, its fields.
type Open = Option<(String, String, Vec<Field>)>;

/// The structs of the room of mails that can be serialized, with what is said of each, by name.
fn structs() -> BTreeMap<String, (String, Vec<Field>)> {
    let mut found = BTreeMap::new();
    let room = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/message");
    let files = fs::read_dir(room).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    for path in files {
        let text = fs::read_to_string(path).unwrap();
        let (mut said, mut open): (Vec<String>, Open) = (Vec::new(), None);
        for line in text.lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("///") {
                said.push(words.trim().to_owned());
            } else if let Some(name) =
                line.strip_prefix("pub struct ").and_then(|rest| rest.strip_suffix("Facts {"))
            {
                open = Some((format!("{name}Facts"), said.join(" "), Vec::new()));
                said.clear();
            } else if let (Some((_, _, fields)), Some((name, kind))) = (
                &mut open,
                line.strip_prefix("pub ").and_then(|rest| rest.strip_suffix(',')?.split_once(": ")),
            ) {
                fields.push(Field { name: name.to_owned(), kind: kind.to_owned(), said: said.join(" ") });
                said.clear();
            } else if let ("}", Some((name, about, fields))) = (line, open.take_if(|_| line == "}")) {
                found.insert(name, (about, fields));
            } else if !line.starts_with("#[") {
                said.clear();
            }
        }
    }
    found
}

/// What stands at each path of the facts of all samples: the first that says something.
fn examples() -> (BTreeSet<String>, BTreeMap<String, Value>) {
    let (mut paths, mut found) = (BTreeSet::new(), BTreeMap::new());
    for sample in samples(&Templates::built_in(), Language::French, "2026-06-21".parse().unwrap()) {
        walk(&serde_json::to_value(&sample.facts).unwrap(), String::new(), &mut paths, &mut found);
    }
    (paths, found)
}

fn walk(value: &Value, path: String, paths: &mut BTreeSet<String>, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                walk(inner, path, paths, found);
            }
            return;
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for item in items {
                walk(item, format!("{path}[]"), paths, found);
            }
            return;
        }
        _ => {}
    }
    paths.insert(path.clone());
    let says = match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    if says {
        found.entry(path).or_insert_with(|| value.clone());
    }
}

/// A type in words, and the struct that it is of, if it is one.
fn words(kind: &str) -> (String, Option<String>) {
    if let Some(inner) = kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
        let (words, of) = words(inner);
        return (format!("{words}, or none"), of);
    }
    if let Some(inner) = kind.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>')) {
        let (words, of) = words(inner);
        return (format!("list of {words}"), of);
    }
    match kind {
        "String" | "&'static str" | "Language" => ("text".to_owned(), None),
        "bool" => ("true or false".to_owned(), None),
        "usize" => ("number".to_owned(), None),
        name => (format!("[{name}](#{})", name.to_lowercase()), Some(name.to_owned())),
    }
}

/// Where structs stand in the facts of a mail: `reminders[].posting`, by the name of the struct.
fn places(
    name: &str,
    path: &str,
    structs: &BTreeMap<String, (String, Vec<Field>)>,
    order: &mut Vec<String>,
    found: &mut BTreeMap<String, Vec<String>>,
) {
    if !order.iter().any(|known| known == name) {
        order.push(name.to_owned());
    }
    found.entry(name.to_owned()).or_default().push(path.to_owned());
    for field in &structs[name].1 {
        if let Some(of) = words(&field.kind).1 {
            let list = if field.kind.contains("Vec<") { "[]" } else { "" };
            let dot = if path.is_empty() { "" } else { "." };
            places(&of, &format!("{path}{dot}{}{list}", field.name), structs, order, found);
        }
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn shown(value: Option<&Value>) -> String {
    let text = match value {
        None => return String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            items.iter().map(|item| item.as_str().unwrap_or_default()).collect::<Vec<_>>().join(" · ")
        }
        Some(other) => other.to_string(),
    };
    let text = text.replace('\u{a0}', " ");
    if text.chars().count() <= SHORT { text } else { text.chars().take(SHORT).chain(['…']).collect() }
}

/// The generated part, and the variables of which no sample says anything.
fn written() -> (String, Vec<String>) {
    let structs = structs();
    let (_, examples) = examples();
    let (mut text, mut silent) = (String::new(), Vec::new());
    writeln!(text, "\n## Shapes\n\nWhat each wants to be `set` before it is included. `none` is nothing.\n\n| file | |\n|---|---|").unwrap();
    for (name, template) in BUILT_IN.iter().filter(|(name, _)| !name.starts_with(|c: char| "fe".contains(c)))
    {
        let said = template.split_once("{#").and_then(|(_, rest)| Some(rest.split_once("#}")?.0));
        let said = said.unwrap_or_else(|| panic!("{name} does not say what it is"));
        let said: Vec<&str> = said.trim_end_matches('-').split_whitespace().collect();
        writeln!(text, "| `{name}` | {} |", cell(&said.join(" "))).unwrap();
    }
    for (root, title, used) in [
        (
            "Facts",
            "Variables of `reminder.*`, `notice.*` and their parts",
            "In a part, `reminder` is one of `reminders`, `change` one of `changes`, `new` one of `news`, and so on.",
        ),
        ("OperatorFacts", "Variables of `operator.*`", "One of `troubles` is a `trouble`."),
    ] {
        let (mut order, mut found) = (Vec::new(), BTreeMap::new());
        places(root, "", &structs, &mut order, &mut found);
        writeln!(text, "\n## {title}\n\n{used}").unwrap();
        for name in order {
            let (about, fields) = &structs[&name];
            let at: Vec<String> =
                found[&name].iter().filter(|path| !path.is_empty()).map(|path| format!("`{path}`")).collect();
            if name != root {
                writeln!(text, "\n### {name}\n\n{about} At {}.", at.join(", ")).unwrap();
            }
            writeln!(text, "\n| variable | type | what it is | example |\n|---|---|---|---|").unwrap();
            for Field { name: field, kind, said } in fields {
                let (kind, of) = words(kind);
                let mut at = found[&name]
                    .iter()
                    .map(|path| if path.is_empty() { field.clone() } else { format!("{path}.{field}") });
                let example = at.find_map(|path| examples.get(&path));
                if example.is_none() && of.is_none() {
                    silent.push(format!("{name}.{field}"));
                }
                let example = if of.is_some() { String::new() } else { shown(example) };
                writeln!(text, "| `{field}` | {kind} | {} | {} |", cell(said), cell(&example)).unwrap();
            }
        }
    }
    phrases(&mut text);
    (text, silent)
}

/// What a language says: every phrase, what it is given, and its English.
fn phrases(text: &mut String) {
    let answers = answers(&Voice::of(Language::English));
    text.push_str(PHRASES_ARE);
    for Phrase { name, takes, said } in PHRASES {
        let mut all: Vec<&str> = Vec::new();
        for (_, words) in answers.iter().filter(|(of, _)| of == name) {
            if !all.contains(&words.as_str()) {
                all.push(words);
            }
        }
        // Four of them, as far from each other as they are.
        let spread: BTreeSet<usize> = (0..4).map(|n| n * (all.len() - 1) / 3).collect();
        let english: Vec<&str> = spread.into_iter().map(|n| all[n]).collect();
        let takes: Vec<String> = takes.iter().map(|(name, kind)| format!("`{name}`: {kind}")).collect();
        let english = english.join(" · ").replace('\u{a0}', " ");
        writeln!(text, "| `{name}` | {} | {said} | {} |", takes.join("<br>"), cell(&english)).unwrap();
    }
}

const PHRASES_ARE: &str = "
## Phrases of a language

The macros of `words.txt`. A macro may take fewer arguments than it is given, by these names. In the English, A, B and T stand for
texts.

- A day is `.day`, `.month` (1 to 12), `.year`, `.weekday` (1 is Monday), and `.with_month` and `.with_year`: false where the day
  that follows in the row says them. Of `starts`, it has `.hours` as well.
- An hour is `.hour` (0 to 23), `.minute` and `.second` (0 unless somebody wrote one).
- `turn` is `later` or `earlier` (on another day), `date`, `dates` or `period` (a day, days or a window that cannot be compared with
  what was), `hour` (another hour of the same days), `hour_to_fix`, `zone` (the zone was wrong), `fixed`, `hour_fixed`, `unfixed`,
  `to_fix` (nothing is known any more), `cancelled`, `removed` (from the calendar), `restored` (it takes place after all) or `same`
  (there is a `detail`). `to` is there with `later`, `earlier` and `date`, and with some of the others.

A macro answers in one line: line breaks count as blanks, save those after a tag. Lists are lists of words between quotes; `~`, `+`
and `*` are refused, for what grows could grow without end.

| phrase | given | says | in English |
|---|---|---|---|
";

#[test]
fn the_manual_of_templates_names_every_variable_with_its_type_and_an_example() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/README.md");
    let manual = fs::read_to_string(&path).unwrap();
    let (by_hand, _) = manual.split_once(MARK).unwrap();
    let (generated, silent) = written();
    assert_eq!(silent, Vec::<String>::new(), "no sample says anything of these");
    let expected = format!("{by_hand}{MARK}{generated}");
    if std::env::var_os("JALON_BLESS").is_some() {
        fs::write(&path, &expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    assert!(
        found == expected,
        "templates/README.md is out of date: JALON_BLESS=1 cargo test --test variables"
    );
}

#[test]
fn what_the_manual_reads_from_the_code_is_what_templates_see() {
    let structs = structs();
    let (paths, _) = examples();
    let mut known = BTreeSet::new();
    for root in ["Facts", "OperatorFacts"] {
        let (mut order, mut found) = (Vec::new(), BTreeMap::new());
        places(root, "", &structs, &mut order, &mut found);
        for (name, at) in &found {
            for field in &structs[name].1 {
                assert!(!field.said.is_empty(), "{name}.{} says nothing of itself", field.name);
                known.extend(at.iter().map(|path| {
                    if path.is_empty() { field.name.clone() } else { format!("{path}.{}", field.name) }
                }));
            }
        }
    }
    let strangers: Vec<&String> = paths.iter().filter(|path| !known.contains(*path)).collect();
    assert!(strangers.is_empty(), "templates see what the manual does not know: {strangers:?}");
    assert!(known.len() > 150, "{}", known.len());
}

#[test]
fn a_shape_says_whatever_it_wants() {
    const WORDS: [&str; 20] = [
        "if", "elif", "else", "endif", "for", "in", "endfor", "set", "with", "endwith", "include", "block",
        "endblock", "or", "and", "not", "none", "of", "language", "title",
    ];
    for (name, template) in BUILT_IN.iter().filter(|(name, _)| name.starts_with("parts/")) {
        let (said, body) = template.strip_prefix("{#").unwrap().split_once("#}").unwrap();
        let given: BTreeSet<&str> = body
            .split("{%")
            .filter_map(|tag| tag.split("%}").next())
            .filter_map(|tag| tag.trim().strip_prefix("with "))
            .flat_map(|tag| tag.split(',').filter_map(|one| one.split_once('=')).map(|(name, _)| name.trim()))
            .collect();
        for tag in body
            .split("{{")
            .skip(1)
            .map(|rest| ("}}", rest))
            .chain(body.split("{%").skip(1).map(|rest| ("%}", rest)))
        {
            let tag = tag.1.split(tag.0).next().unwrap();
            let outside = tag.split('"').step_by(2).flat_map(|text| text.split([' ', '=', ',', '|']));
            for used in outside
                .filter_map(|word| word.split('.').next())
                .filter(|word| word.starts_with(char::is_alphabetic))
            {
                let is_said = said.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == used);
                assert!(
                    is_said || WORDS.contains(&used) || given.contains(used),
                    "{name} wants {used}, and does not say so"
                );
            }
        }
    }
}
