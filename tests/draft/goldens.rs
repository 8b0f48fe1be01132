//! Whole postings, in French and English, clean and filthy, and the page that is made of each.

use std::fs;
use std::path::{Path, PathBuf};

use jalon::calendar::read::posting;
use jalon::diagnostic::{Language, any_error};
use jalon::draft::draft;
use jalon::draft::page::{Recruiters, page, warnings};

use crate::support::{house, shown};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/draft/postings")
}

/// Every text of the folder, by name.
pub(crate) fn texts() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    all.sort();
    assert!(all.len() > 10, "the postings were not found");
    all
}

pub(crate) fn camille() -> Recruiters {
    Recruiters { names: vec!["camille".to_owned()], doubt: None }
}

#[test]
fn postings_become_pages() {
    let settings = house("");
    let mut wrong = Vec::new();
    for (name, text) in texts() {
        let draft = draft(&text, None);
        let mut made = page(&draft, &camille(), None);
        let read = posting("p.toml", "p", &made, &settings.house);
        assert!(!any_error(&read.problems), "{name}\n{made}\n{}", shown(&read.problems));
        made.push_str("\n# Standard error:\n");
        for warning in warnings(&draft) {
            let line = warning.quote.map(|quote| format!("line {}: ", quote.line)).unwrap_or_default();
            made.push_str(&format!("# {line}{}\n", warning.sentence.say(Language::English)));
        }
        let golden = folder().join(format!("{name}.toml"));
        if std::env::var_os("JALON_BLESS").is_some() {
            fs::write(&golden, &made).unwrap();
        } else if fs::read_to_string(&golden).unwrap_or_default() != made {
            wrong.push(format!("{name}:\n{made}"));
        }
    }
    assert!(wrong.is_empty(), "these pages have changed (JALON_BLESS=1 writes them):\n{}", wrong.join("\n"));
}
