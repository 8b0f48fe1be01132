//! What the Debian package ships agrees with the program: manual pages, completions, the unit's exit codes. The package
//! itself is tried by `tests/systemd/run`. `JALON_BLESS=1` writes the manual pages anew: read the difference.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jalon::files::INSTALLED;

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn jalon(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_jalon")).args(words).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn pages(folder: &Path) -> BTreeMap<String, String> {
    let pages = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    pages
        .map(|page| (page.file_name().into_string().unwrap(), fs::read_to_string(page.path()).unwrap()))
        .collect()
}

#[test]
fn manual_pages_agree_with_the_program() {
    let (made, shipped) = (tempfile::tempdir().unwrap(), here("systemd/man"));
    jalon(&["man", "--out", made.path().to_str().unwrap()]);
    let made = pages(made.path());
    assert!(made.len() > 20, "the pages of all commands");
    if std::env::var_os("JALON_BLESS").is_some() {
        fs::remove_dir_all(&shipped).unwrap();
        fs::create_dir(&shipped).unwrap();
        for (name, text) in &made {
            fs::write(shipped.join(name), text).unwrap();
        }
    }
    for (name, text) in &made {
        let page = pages(&shipped).get(name).cloned();
        assert_eq!(page.as_ref(), Some(text), "systemd/man/{name} is not the program's: JALON_BLESS=1");
    }
    assert_eq!(pages(&shipped).len(), made.len(), "no page of a command that is gone");
}

fn manifest_text<'a>(manifest: &'a toml::Table, key: &str) -> &'a str {
    manifest["package"]["metadata"]["deb"][key].as_str().unwrap()
}

#[test]
fn what_the_package_lists_exists() {
    let manifest: toml::Table = fs::read_to_string(here("Cargo.toml")).unwrap().parse().unwrap();
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array().unwrap();
    for asset in assets {
        let source = asset[0].as_str().unwrap();
        // A pattern stands for at least one file of its folder.
        let folder = here(source.split('*').next().unwrap());
        let built = source.starts_with("target/");
        let exists = if source.contains('*') {
            fs::read_dir(folder).is_ok_and(|mut found| found.next().is_some())
        } else {
            folder.is_file()
        };
        assert!(built || exists, "{source} is in the package's list, and not here");
    }
    let changelog = fs::read_to_string(here(manifest_text(&manifest, "changelog"))).unwrap();
    let version = concat!("jalon (", env!("CARGO_PKG_VERSION"), "-1)");
    assert!(changelog.starts_with(version), "{version} is not the first of the package's changelog");
    let listed = |name: &str| assets.iter().any(|asset| asset[0].as_str() == Some(name));
    for entry in fs::read_dir(here("systemd")).unwrap().map(|entry| entry.unwrap()) {
        let name = format!("systemd/{}", entry.file_name().into_string().unwrap());
        // The script that builds it is no part of it.
        assert!(
            entry.path().is_dir() || name == "systemd/package" || listed(&name),
            "{name} is not in the package"
        );
    }
}

#[test]
fn the_unit_names_the_folders_that_commands_by_hand_look_into() {
    let unit = fs::read_to_string(here("systemd/jalon.service")).unwrap();
    let name = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    for line in [
        format!("ConfigurationDirectory={}", name(INSTALLED.config)),
        format!("StateDirectory={}", name(INSTALLED.state)),
        format!("ReadOnlyPaths={}", INSTALLED.config),
        "RestartPreventExitStatus=2 75 78".to_owned(),
    ] {
        assert!(unit.lines().any(|written| written == line), "{line}");
    }
    assert_eq!(name(INSTALLED.credentials), "jalon.service");
}

#[test]
fn every_line_of_the_sandbox_is_explained() {
    let unit = fs::read_to_string(here("systemd/jalon.service")).unwrap();
    let (_, sandbox) = unit.split_once("## The sandbox").unwrap();
    let lines: Vec<&str> = sandbox.lines().skip(1).take_while(|line| !line.starts_with('[')).collect();
    let settings = |line: &str| !line.is_empty() && !line.starts_with('#');
    assert!(lines.iter().filter(|line| settings(line)).count() > 30);
    for pair in lines.windows(2).filter(|pair| settings(pair[1])) {
        assert!(pair[0].starts_with("# "), "{}: say what it forbids, and why jalon can do without", pair[1]);
    }
}
