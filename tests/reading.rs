//! Wrong files are refused with file, line, column, sentence and remedy, all at once.
//!
//! Each `tests/bad/NAME.toml` is read and must give exactly `tests/bad/NAME.txt`, in English and in French. Files
//! called `jalon-…` are settings, the others postings. `JALON_BLESS=1` writes the texts anew: read the difference.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use jalon::calendar::read::{Text, folder, posting};
use jalon::diagnostic::{Language, Problem};
use proptest::prelude::*;

fn problems_of(name: &str, text: &str) -> (bool, Vec<Problem>) {
    let file = format!("{name}.toml");
    if name.starts_with("jalon") {
        let (settings, problems) = jalon::settings::read::settings(&file, text);
        (settings.is_some(), problems)
    } else {
        let read = posting(&file, name, text, &support::house("").house);
        (read.posting.is_some(), read.problems)
    }
}

#[test]
fn every_bad_file_is_told_in_full() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut seen = 0;
    let mut differences = String::new();
    let mut paths: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        seen += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        let (usable, problems) = problems_of(name, &std::fs::read_to_string(path).unwrap());
        assert_eq!(usable, name.starts_with("warning"), "{name}: used as it is");
        let mut found = String::new();
        for language in [Language::English, Language::French] {
            for problem in &problems {
                writeln!(found, "{}", problem.show(language)).unwrap();
            }
        }
        let expected = path.with_extension("txt");
        if std::env::var_os("JALON_BLESS").is_some() {
            std::fs::write(&expected, &found).unwrap();
        }
        if std::fs::read_to_string(&expected).unwrap_or_default() != found {
            writeln!(differences, "== {name} gives\n{found}").unwrap();
        }
    }
    assert!(seen >= 17, "only {seen} bad files were found");
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn a_password_is_never_shown() {
    for name in ["jalon-smtp", "jalon-secrets", "jalon-secret-syntax"] {
        let path = format!("{}/tests/bad/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        let (usable, problems) = problems_of("jalon", &std::fs::read_to_string(path).unwrap());
        assert!(!usable, "{name}");
        for problem in &problems {
            assert!(!format!("{problem:?}").contains("hunter2"), "{name}: {problem:?}");
        }
    }
}

#[test]
fn two_files_with_one_id_are_both_refused_and_both_named() {
    let text = |file: &str| Text {
        file: file.to_owned(),
        stem: file.trim_end_matches(".toml").to_owned(),
        contents: Ok("id = \"same\"\ntitle = \"T\"\nrecruiters = [\"camille\"]\n".to_owned()),
    };
    let good = Text {
        file: "good.toml".to_owned(),
        stem: "good".to_owned(),
        contents: Ok("title = \"T\"\nrecruiters = [\"camille\"]\n".to_owned()),
    };
    let folder = folder(&[text("a.toml"), good, text("b.toml")], &support::house("").house);
    assert_eq!(folder.postings.iter().map(|posting| posting.id.as_str()).collect::<Vec<_>>(), ["good"]);
    assert_eq!(folder.broken.len(), 2);
    for problem in &folder.problems {
        assert!(
            problem.sentence.en.contains("a.toml") && problem.sentence.en.contains("b.toml"),
            "{problem:?}"
        );
    }
}

#[test]
fn a_time_with_an_offset_shows_the_local_time_to_write() {
    let problems =
        support::read(&support::house(""), "[deadline]\nuntil = 2026-06-28T10:00:00Z\n").unwrap_err();
    assert!(problems.contains("write 2026-06-28T12:00:00"), "{problems}");
}

#[test]
fn toml_1_1_short_times_are_accepted() {
    let settings = support::house("");
    assert!(support::read(&settings, "[deadline]\nuntil = 2026-06-28T12:00\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\nat = 09:00\n").is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_written_makes_the_reader_panic(text in "\\PC{0,300}", cut in 0_usize..4000, noise in any::<u8>()) {
        problems_of("x", &text);
        problems_of("jalon", &text);
        // A shipped file, cut or with one byte changed, is read or refused, and refused with a place.
        for (name, whole) in [("x", include_str!("../config/postings/labo-ess-projets-collectifs.toml")), ("jalon", include_str!("../config/jalon.toml"))] {
            let mut bytes = whole.as_bytes().to_vec();
            let at = cut % bytes.len();
            bytes[at] = noise;
            let cut = String::from_utf8_lossy(&bytes[..at]).into_owned();
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            for text in [cut, changed] {
                let (usable, problems) = problems_of(name, &text);
                prop_assert!(usable || problems.iter().any(|problem| problem.place.is_some()));
            }
        }
    }
}
