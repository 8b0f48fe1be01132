//! The German folder, and what is written with it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jalon::calendar::{Language, Zone};
use jalon::diagnostic::Problem;
use jalon::message::render::EACH;
use jalon::message::samples::samples;
use jalon::message::{Addressee, Rendered, Templates};

pub fn german() -> Language {
    Language::parse("de").unwrap()
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/languages")
}

/// The texts of the folder, as a configuration folder gives them.
pub fn folder() -> BTreeMap<String, String> {
    let names = EACH.iter().copied().chain(["words.txt"]);
    names
        .map(|name| (format!("de/{name}"), std::fs::read_to_string(root().join("de").join(name)).unwrap()))
        .collect()
}

pub fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.show(jalon::diagnostic::Language::English)).collect()
}

/// Every sample of a language, by its shape in English.
pub fn mails(templates: &Templates, language: Language) -> BTreeMap<String, Rendered> {
    let shown = samples(templates, language, "2026-06-21".parse().unwrap());
    shown
        .into_iter()
        .map(|sample| {
            let mail = sample.mail.unwrap_or_else(|problem| panic!("{}: {problem:?}", sample.shape.en));
            (sample.shape.en, mail)
        })
        .collect()
}

pub fn camille(language: Language) -> Addressee<'static> {
    let zone = Zone::parse("Europe/Paris").unwrap();
    Addressee { name: Some("Camille Exemple"), email: "camille@example.org", language, zone }
}

pub fn golden(name: &str, mail: &Rendered) {
    let path = root().join("mails").join(format!("{name}.txt"));
    let found = format!("{}\n\n{}", mail.subject, mail.text).replace('\u{a0}', "~");
    if std::env::var_os("JALON_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "\n{found}\nis not what {} says", path.display());
}
