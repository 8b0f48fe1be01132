//! The law of the house: imports look left, nothing left of the wall touches the world, every file says what it
//! is for, and none is too tall.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};

const ORDER: &[&str] = &[
    "diagnostic",
    "calendar",
    "settings",
    "plan",
    "message",
    "draft", // pure
    "fail_point",
    "clock",
    "files",
    "ledger",
    "transport",
    "telemetry",
    "daemon",
    "cli",
    "main",
];
const PURE: usize = 6;
const WORLD: &[&str] = &[
    "tokio",
    "rusqlite",
    "tracing",
    "std::fs",
    "std::env",
    "std::process",
    "TcpStream",
    "SystemTime",
    "Instant::now",
    "Utc::now",
    "Local::now",
    "println!",
    "eprintln!",
];
const TALL: usize = 520;

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// What is wrong with one file, given its path below `src` and its text.
fn faults(name: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if !text.starts_with("//!") {
        faults.push(format!("{name}: says nothing about itself (`//!` first)"));
    }
    if text.lines().count() > TALL {
        faults.push(format!("{name}: taller than {TALL} lines"));
    }
    let room = name.split(['/', '.']).next().unwrap();
    if room == "lib" {
        return faults;
    }
    let Some(here) = ORDER.iter().position(|known| *known == room) else {
        faults.push(format!("{name}: no such room"));
        return faults;
    };
    for (n, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap();
        let n = n + 1;
        if code.contains("crate::{") {
            faults.push(format!("{name}:{n}: one room an import, so that every import greps"));
        }
        for there in code.split("crate::").skip(1) {
            let there = there.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            if !there.is_empty() && ORDER.iter().position(|known| *known == there).is_none_or(|at| at > here)
            {
                faults.push(format!("{name}:{n}: `{room}` looks right, at `{there}`"));
            }
        }
        if here < PURE {
            if let Some(word) = WORLD.iter().find(|word| code.contains(**word)) {
                faults.push(format!("{name}:{n}: `{word}` in a pure room"));
            }
            let lettre = code.contains("lettre::") && (room != "message" || code.contains("transport"));
            if lettre {
                faults.push(format!(
                    "{name}:{n}: only `message` may build mails, and nobody here may send them"
                ));
            }
        }
    }
    faults
}

#[test]
fn every_line_knows_its_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    sources(&src, &mut all);
    assert!(all.len() > 20, "the sources were not found");
    let found: Vec<String> = all
        .iter()
        .flat_map(|path| {
            faults(
                &path.strip_prefix(&src).unwrap().display().to_string(),
                &fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_law_bites() {
    let broken = [
        ("plan/x.rs", "//! x\nuse crate::ledger::Ledger;", "looks right"),
        ("calendar/x.rs", "//! x\nuse crate::{diagnostic, plan};", "one room an import"),
        ("plan/x.rs", "//! x\nlet text = std::fs::read(path);", "in a pure room"),
        ("settings/x.rs", "//! x\nlet now = Utc::now();", "in a pure room"),
        ("plan/x.rs", "//! x\nuse lettre::Message;", "only `message`"),
        ("message/x.rs", "//! x\nuse lettre::transport::smtp;", "only `message`"),
        ("utils.rs", "//! x", "no such room"),
        ("plan/x.rs", "use std::fmt;", "says nothing"),
    ];
    for (name, text, expected) in broken {
        let found = faults(name, text).join("\n");
        assert!(found.contains(expected), "{name}: {text:?} gave {found:?}");
    }
    assert!(faults("ledger/x.rs", "//! x\nuse crate::plan::Key;\nuse std::fs;").is_empty());
}
