//! The real binary: `jalon draft FILE|-` and `jalon new --from FILE`.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"rh@example.org\"\noutbox = \"out\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const TEXT: &str = "Offre d'emploi : Jardinier·ère\n\nDate limite de candidature : mardi 15 mai\nEnvoyer CV et lettre à \
                    terre@example.org\nPrise de poste : 1er septembre 2026\n";

fn jalon(folder: &TempDir, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
    folder
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_draft_is_printed_and_passes_check() {
    let folder = folder();
    fs::write(folder.path().join("annonce.txt"), TEXT).unwrap();
    let output = jalon(&folder, &["--lang", "en", "draft", "annonce.txt", "--published", "2026-03-02"], b"");
    let (page, told) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(page.contains("until = 2026-05-15"), "{page}");
    assert!(
        page.contains("« limite de candidature\u{a0}: mardi 15 mai », ligne 3") || page.contains("ligne 3"),
        "{page}"
    );
    assert!(page.contains("# à vérifier\u{a0}: le 15/05/2026 est un vendredi, le texte dit mardi"), "{page}");
    assert!(page.contains("recruiters   = [\"camille\"]"), "{page}");
    assert!(told.contains("2026-05-15 is a Friday, the text says Tuesday"), "{told}");
    assert!(told.contains("annonce.txt:3:"), "{told}");
    fs::write(folder.path().join("config/postings/jardin.toml"), &page).unwrap();
    let check = jalon(&folder, &["--lang", "en", "check"], b"");
    assert_eq!(check.status.code(), Some(0), "{}{}", text(&check.stdout), text(&check.stderr));
}

#[test]
fn the_standard_input_will_do_and_windows_too() {
    let folder = folder();
    let latin: Vec<u8> = TEXT.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    let output = jalon(&folder, &["--lang", "fr", "draft", "-", "--published", "2026-03-02"], &latin);
    let page = text(&output.stdout);
    assert!(
        page.contains("title        = \"Jardinier·ère\"") && page.contains("until = 2026-05-15"),
        "{page}"
    );
    assert!(text(&output.stderr).contains("le texte dit mardi"), "{}", text(&output.stderr));
}

#[test]
fn what_is_no_text_is_told_with_a_remedy() {
    let folder = folder();
    for (bytes, told) in [
        (&b"%PDF-1.7 \xff"[..], "pdftotext -layout"),
        (b"PK\x03\x04 \xff", "save it as plain text"),
        (b" \n", "is empty"),
    ] {
        let output = jalon(&folder, &["--lang", "en", "draft", "-"], bytes);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains(told), "{}", text(&output.stderr));
    }
    let output = jalon(&folder, &["--lang", "en", "draft", "nowhere.txt"], b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("nowhere.txt cannot be read"), "{}", text(&output.stderr));
}

#[test]
fn without_jalon_toml_somebody_is_named_to_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let output = jalon(&folder, &["--lang", "en", "draft", "-"], TEXT.as_bytes());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("who is reminded?"), "{}", text(&output.stderr));
    let output = jalon(
        &folder,
        &["--lang", "en", "draft", "-", "--recruiter", "lea@example.org, rh"],
        TEXT.as_bytes(),
    );
    assert!(text(&output.stdout).contains("recruiters   = [\"lea@example.org\", \"rh\"]"));
    assert!(!text(&output.stderr).contains("who is reminded?"));
}

#[test]
fn new_takes_a_posting_from_its_text() {
    let folder = folder();
    let arguments = ["--lang", "en", "new", "jardin", "--from", "-", "--published", "2026-03-02"];
    let output = jalon(&folder, &arguments, TEXT.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let written = fs::read_to_string(folder.path().join("config/postings/jardin.toml")).unwrap();
    assert!(written.contains("until = 2026-05-15") && written.contains("à vérifier"), "{written}");
    assert!(text(&output.stderr).contains("the text says Tuesday"));
    let again = jalon(&folder, &arguments, TEXT.as_bytes());
    assert_eq!(again.status.code(), Some(1), "nothing is overwritten");
}
