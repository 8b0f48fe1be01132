//! taplo, where it is there, takes what is right, refuses what is wrong, and proposes keys (`complete.cjs`).

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jalon::cli::schema::{Of, text};
use jalon::diagnostic::Language;
use serde_json::{Value, json};

use super::{project, right, shipped, wrong};

/// taplo, if it is there: `$JALON_TAPLO`, else on the path.
fn taplo() -> Option<PathBuf> {
    let named = std::env::var_os("JALON_TAPLO").map(PathBuf::from);
    let found = named.unwrap_or_else(|| PathBuf::from("taplo"));
    let works = Command::new(&found).arg("--version").output().is_ok_and(|output| output.status.success());
    works.then_some(found)
}

/// Files in a folder of their own, with the schemas beside them.
struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("schema")).unwrap();
        for (of, name) in [(Of::Posting, "posting.fr.json"), (Of::Settings, "settings.fr.json")] {
            fs::write(folder.path().join("schema").join(name), text(of, Language::French)).unwrap();
        }
        Self { folder }
    }

    fn put(&self, of: Of, name: &str, text: &str) -> PathBuf {
        let kind = if of == Of::Posting { "posting" } else { "settings" };
        let path = self.folder.path().join(name);
        fs::write(&path, format!("#:schema schema/{kind}.fr.json\n{text}")).unwrap();
        path
    }
}

#[test]
fn taplo_takes_what_is_right_and_refuses_what_is_wrong() {
    let Some(taplo) = taplo() else {
        eprintln!("skipped: taplo is missing (pip install taplo, then JALON_TAPLO=…/bin/taplo)");
        return;
    };
    let desk = Desk::new();
    let mut files = shipped();
    for (n, (of, text)) in right().iter().enumerate() {
        files.push(desk.put(*of, &format!("right-{n}.toml"), text));
    }
    let lint = |files: &[PathBuf]| Command::new(&taplo).arg("lint").args(files).output().unwrap();
    let output = lint(&files);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for (n, (of, text)) in wrong().iter().enumerate() {
        let file = desk.put(*of, &format!("wrong-{n}.toml"), text);
        let output = lint(&[file]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("error: "), "{}: {text}\n{said}", output.status);
        // taplo has no TOML 1.1; what it takes for a slip of syntax proves nothing of the schema.
        assert!(!said.contains("invalid TOML"), "{text}\n{said}");
    }
}

/// What taplo's language server proposes where `|` stands, if it is there: `$JALON_TAPLO_LSP` is the `node_modules`
/// that holds @taplo/lsp.
fn proposed(desk: &Desk, documents: &[(Of, &str)]) -> Option<Vec<Value>> {
    let modules = std::env::var_os("JALON_TAPLO_LSP")?;
    let list: Vec<Value> = documents
        .iter()
        .enumerate()
        .map(|(n, (of, text))| {
            let path = desk.put(*of, &format!("cursor-{n}.toml"), text);
            json!({ "path": path, "text": fs::read_to_string(&path).unwrap() })
        })
        .collect();
    let mut node = Command::new("node")
        .arg(project().join("tests/schema/complete.cjs"))
        .current_dir(desk.folder.path())
        .env("NODE_PATH", modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(Value::from(list).to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn an_editor_proposes_keys_and_words_and_explains_them() {
    let desk = Desk::new();
    let head = "title = \"T\"\nrecruiters = [\"camille\"]\n";
    let at = |rest: &str| format!("{head}{rest}");
    let posting = [
        at("|"),
        at("[deadline]\n|"),
        at("[[interview]]\n|"),
        at("[[|]]"),
        at("status = \"|\""),
        at("[[remind]]\nevent = \"|\""),
        at("[dead|line]\nuntil = 2026-06-28"),
    ];
    let mut documents: Vec<(Of, &str)> = posting.iter().map(|text| (Of::Posting, text.as_str())).collect();
    documents.push((Of::Settings, "time_zone = \"Europe/Paris\"\n[people.camille]\n|"));
    let Some(found) = proposed(&desk, &documents) else {
        eprintln!(
            "skipped: taplo's language server is missing (npm install @taplo/lsp, then JALON_TAPLO_LSP=…/node_modules)"
        );
        return;
    };
    let has = |n: usize, what: &str, wanted: &[&str]| {
        let list: Vec<&str> = found[n][what].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for one in wanted {
            assert!(list.contains(one), "{}: {one} is not in {list:?}", documents[n].1);
        }
    };
    has(0, "labels", &["organisation", "status", "deadline", "interview", "remind", "apply"]);
    has(1, "labels", &["until", "before", "label", "cancelled", "done"]);
    // A date is proposed without quotes.
    has(1, "inserts", &["until = $0"]);
    has(1, "documentation", &["Annulée\u{a0}: plus de rappel, et qui avait été prévenu l'apprend."]);
    has(2, "labels", &["on", "between", "panel", "place", "duration", "candidate"]);
    has(2, "inserts", &["on = $0"]);
    has(3, "labels", &["interview", "milestone", "remind"]);
    has(4, "labels", &["\"open\"", "\"filled\"", "\"cancelled\""]);
    has(4, "documentation", &["abandonné\u{a0}: plus aucun rappel, et chacun l'apprend"]);
    has(5, "labels", &["\"deadline\"", "\"interview\"", "\"start\"", "\"end\"", "\"milestone\""]);
    let hover = found[6]["hover"].as_str().unwrap();
    assert!(hover.contains("La clôture des candidatures"), "{hover}");
    has(7, "labels", &["email", "away", "leaves", "cover", "digest"]);
    has(7, "inserts", &["leaves = $0"]);
}
