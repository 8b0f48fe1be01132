//! `.deny.toml` bites: what may not come into the tree is refused, by its licence, its name or its version.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;
use std::process::Command;

/// What `cargo deny` says of a program that depends on this crate; `None` where there is no cargo-deny.
fn judged(name: &str, version: &str, licence: &str, wanted: &str) -> Option<Result<(), String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join("target/deny/bin/cargo-deny");
    let program = if own.exists() { own } else { "cargo-deny".into() };
    if Command::new(&program).arg("--version").output().is_err() {
        println!("skipped: cargo-deny is missing (tests/run --install)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let manifest = |place: &str, text: String| {
        fs::create_dir_all(folder.path().join(place).join("src")).unwrap();
        fs::write(folder.path().join(place).join("src/lib.rs"), "").unwrap();
        fs::write(folder.path().join(place).join("Cargo.toml"), text).unwrap();
    };
    let package = |name: &str, version: &str, licence: &str| {
        format!(
            "[package]\nname = \"{name}\"\nversion = \"{version}\"\nedition = \"2024\"\nlicense = \"{licence}\"\n"
        )
    };
    manifest("other", package(name, version, licence));
    let dependency = format!("[dependencies]\n{name} = {{ path = \"other\"{wanted} }}\n");
    manifest(".", package("program", "0.1.0", "MIT") + "publish = false\n" + &dependency);
    let output = Command::new(program)
        .current_dir(folder.path())
        .args(["--offline", "--manifest-path", "Cargo.toml", "--config"])
        .arg(root.join(".deny.toml"))
        .args(["check", "bans", "licenses", "sources"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

#[test]
fn what_may_not_come_into_the_tree_is_refused() {
    let Some(good) = judged("other", "1.0.0", "MIT OR Apache-2.0", ", version = \"1\"") else { return };
    assert_eq!(good, Ok(()));
    for (name, licence, wanted, code) in [
        ("other", "GPL-3.0-only", ", version = \"1\"", "rejected"),
        ("openssl", "MIT", ", version = \"1\"", "banned"),
        ("other", "MIT", ", version = \"*\"", "wildcard"),
    ] {
        let said =
            judged(name, "1.0.0", licence, wanted).unwrap().expect_err(&format!("{name} {licence} {wanted}"));
        assert!(said.contains(code), "{name} {licence} {wanted}: {said}");
    }
}
