//! The real binary: exit codes, listings, and what it says when it is called wrongly.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::{Command, Output};

struct Jalon {
    folder: tempfile::TempDir,
}

impl Jalon {
    fn new(jalon_toml: &str, postings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        std::fs::write(folder.path().join("config/jalon.toml"), jalon_toml).unwrap();
        for (name, text) in postings {
            std::fs::write(folder.path().join("config/postings").join(name), text).unwrap();
        }
        Self { folder }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_jalon"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("LANG", "C")
            .output()
            .unwrap()
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const GOOD: &str = "title = \"T\"\nrecruiters = [\"camille\", \"sacha\"]\n[start]\non = 2026-09-02\n";
const BAD: &str = "title = \"T\"\nrecruiters = [\"camile\"]\n";

#[test]
fn agenda_lists_stable_names() {
    let jalon = Jalon::new(JALON, &[("good.toml", GOOD)]);
    let output = jalon.run(&["agenda", "--from", "2026-01-01", "--person", "camille", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        rows[1],
        serde_json::json!({
            "key": "good/start/2026-09-02/-1d/camille", "posting": "good", "event": "start", "occurrence": "2026-09-02",
            "lead": "-1d", "recipient": "camille", "email": "camille@example.org", "due": "2026-09-01T07:00:00Z",
            "late_after": "2026-09-02T22:00:00Z", "rule": "built-in", "moved_from": null, "template": "reminder",
            "language": "en",
        })
    );
    assert_eq!(rows.as_array().unwrap().len(), 2);
}

#[test]
fn agenda_takes_from_included_until_excluded_in_the_houses_zone() {
    let jalon = Jalon::new(JALON, &[("good.toml", GOOD)]);
    let count = |from: &str, until: &str| {
        let output = jalon
            .run(&["agenda", "--from", from, "--until", until, "--person", "camille", "--format", "json"]);
        serde_json::from_slice::<Vec<serde_json::Value>>(&output.stdout).unwrap().len()
    };
    assert_eq!(count("2026-08-19", "2026-08-20"), 1);
    assert_eq!(count("2026-08-19T09:00", "2026-08-20"), 1);
    assert_eq!(count("2026-08-19T09:01", "2026-08-20"), 0);
    assert_eq!(count("2026-08-19", "2026-08-19T09:00"), 0);
    assert_eq!(count("2026-08-19T07:00:00Z", "2026-08-19T07:00:01Z"), 1);
}

/// camille, whom sacha reads for meanwhile.
const AWAY: &str = "away = [[2026-08-19, 2026-08-19]]\ncover = \"sacha\"\n[people.sacha]";

#[test]
fn agenda_shows_to_whom_a_reminder_goes() {
    let settings = JALON
        .replace("[people.sacha]", AWAY)
        .replace("sacha@example.org\"", "sacha@example.org\"\nlanguage = \"fr\"");
    let jalon =
        Jalon::new(&settings, &[("good.toml", &GOOD.replace("\"camille\", \"sacha\"", "\"camille\""))]);
    let rows = |person: &str| {
        let output = jalon.run(&["agenda", "--from", "2026-01-01", "--person", person, "--format", "json"]);
        let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
        let line = |row: &serde_json::Value| {
            ["lead", "recipient", "email", "language"]
                .map(|name| row[name].as_str().unwrap().to_owned())
                .join(" ")
        };
        rows.iter().map(line).collect::<Vec<_>>()
    };
    let stood_in = "-14d camille sacha@example.org fr";
    assert_eq!(rows("camille"), [stood_in, "-1d camille camille@example.org en"]);
    assert_eq!(rows("sacha"), [stood_in]);
    assert_eq!(rows("SACHA@example.org"), [stood_in]);
    let shown = text(&jalon.run(&["agenda", "--from", "2026-01-01"]).stdout);
    assert!(
        shown.contains("  camille → sacha  good") && shown.contains("  camille          good"),
        "{shown}"
    );
}

#[test]
fn check_warns_of_a_last_reminder_that_nobody_would_read() {
    let settings = WITH_MAIL.replace("[people.sacha]", "leaves = 2190-06-28\n[people.sacha]");
    let posting = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-28\n";
    let jalon = Jalon::new(&settings, &[("good.toml", posting)]);
    let output = jalon.run(&["check"]);
    assert_eq!(output.status.code(), Some(0), "warnings");
    let said = text(&output.stderr);
    for expected in [
        "warning: the last reminder before the closing is for \"camille\" only, who is not there on 2190-06-28",
        "good.toml:3:1",
        "= add a cover under [people.camille]",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    assert_eq!(said.matches("warning:").count(), 1, "one absence, one warning: {said}");
}

#[test]
fn a_broken_file_does_not_hide_the_others_and_exits_78() {
    let jalon = Jalon::new(JALON, &[("good.toml", GOOD), ("bad.toml", BAD)]);
    let output = jalon.run(&["agenda", "--from", "2026-01-01"]);
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output.stdout).contains("good"));
    assert!(text(&output.stderr).contains("bad.toml:2:15"), "{}", text(&output.stderr));
}

#[test]
fn check_lists_all_problems_and_what_it_ignored() {
    let jalon = Jalon::new(
        JALON,
        &[
            ("good.toml", GOOD),
            ("bad.toml", BAD),
            ("Pas bon.toml", GOOD),
            (".hidden.toml", BAD),
            ("old.toml~", BAD),
        ],
    );
    std::fs::create_dir(jalon.path().join("config/postings/folder.toml")).unwrap();
    std::fs::write(jalon.path().join("config/postings/latin1.toml"), b"title = \"\xe9t\xe9\"\n").unwrap();
    let output = jalon.run(&["check"]);
    assert_eq!(output.status.code(), Some(78));
    let (listed, said) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(
        listed,
        "1 of 4 postings read, 4 reminders\nignored:\n  config/postings/.hidden.toml\n  config/postings/folder.toml (a folder)\n  config/postings/old.toml~\n"
    );
    for expected in ["bad.toml:2:15", "write id = \"pas-bon\"", "latin1.toml:1:10", "is not UTF-8"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn check_prints_one_json_array_with_stable_names() {
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", &GOOD.replace("2026", "2191")), ("bad.toml", BAD)]);
    let output = jalon.run(&["check", "--format", "json"]);
    assert_eq!(output.status.code(), Some(78));
    assert_eq!(text(&output.stderr), "");
    let rows: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        rows,
        serde_json::json!([{
            "file": "config/postings/bad.toml", "line": 2, "column": 15, "width": 8, "severity": "error",
            "code": "unknown-person", "sentence": "\"camile\" is neither a person nor a team of jalon.toml",
            "remedy": "did you mean \"camille\"? If they left, put their entry back into jalon.toml with leaves = 2026-09-01",
        }])
    );
    let french = jalon.run(&["check", "--format", "json", "--lang", "fr"]);
    assert!(text(&french.stdout).contains("n'est ni une personne ni une équipe"));
    let good = Jalon::new(WITH_MAIL, &[("good.toml", &GOOD.replace("2026", "2191"))]);
    let output = good.run(&["check", "--format", "json"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "[]\n".to_owned()));
    // jalon.toml that cannot be used is told in the same array.
    let broken = Jalon::new("time_zone = Europe/Paris\n", &[("bad.toml", "titre = \"T\"\n")]);
    let output = broken.run(&["check", "--format", "json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(78));
    assert!(
        rows.iter().any(|row| row["code"] == "syntax") && rows.iter().any(|row| row["code"] == "unknown-key")
    );
}

#[test]
fn check_warns_says_how_to_silence_it_and_never_blocks() {
    let posting = format!("{GOOD}[[interview]]\non = 2190-01-03\n").replace("2026", "2190"); // a Sunday
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", &posting)]);
    let output = jalon.run(&["check"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    for expected in [
        "warning: [interview] falls on a Sunday: 2190-01-03\n",
        " --> config/postings/good.toml:6:1\n",
        "6 | on = 2190-01-03\n  | ^^^^^^^^^^^^^^^\n",
        " = if it is meant, at the top of the file: accept = [\"day-off\"]\n",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let accepted = Jalon::new(WITH_MAIL, &[("good.toml", &format!("accept = [\"day-off\"]\n{posting}"))]);
    assert_eq!(text(&accepted.run(&["check"]).stderr), "");
}

#[test]
fn check_compares_the_machines_zone_and_nobody_else_reads_it() {
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", &GOOD.replace("2026", "2191"))]);
    let run = |zone: &str, command: &str| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_jalon"));
        let output = run.arg(command).current_dir(jalon.path()).env_clear().env("TZ", zone).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        (text(&output.stdout), text(&output.stderr))
    };
    assert_eq!(run("Europe/Paris", "check").1, "");
    assert_eq!(run("UTC", "check").1, "");
    let said = run("Asia/Tokyo", "check").1;
    assert!(
        said.contains("this machine is on the time of Asia/Tokyo") && said.contains("jalon.toml:1:1"),
        "{said}"
    );
    assert_eq!(run("Asia/Tokyo", "agenda"), run("Europe/Paris", "agenda"));
}

#[test]
fn a_template_of_a_language_that_nobody_reads_yet_is_checked_too() {
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", &GOOD.replace("2026", "2191"))]);
    for (name, line) in [
        ("fr/parts/start.txt", "2:12"),
        ("fr/parts/change.html", "2:4"),
        ("fr/operator.txt", "2:4"),
        ("fr/parts/digest.txt", "2:4"),
    ] {
        let path = jalon.path().join("config/templates").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let wrong = if line == "2:12" { "ok\n{{ reminder.posting.titel }}\n" } else { "ok\n{{ nothing }}\n" };
        std::fs::write(&path, wrong).unwrap();
        let output = jalon.run(&["check"]);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{name}: {said}");
        assert!(said.contains(&format!("config/templates/{name}:{line}")), "{name}: {said}");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(jalon.run(&["check"]).status.code(), Some(0));
    }
}

#[test]
fn a_wrong_jalon_toml_does_not_hide_what_is_wrong_with_the_postings() {
    let settings = JALON.replace("email = \"sacha@example.org\"", "emial = \"sacha@example.org\"");
    let jalon = Jalon::new(&settings, &[("good.toml", GOOD), ("bad.toml", BAD)]);
    let output = jalon.run(&["check"]);
    assert_eq!(output.status.code(), Some(78));
    let said = text(&output.stderr);
    assert!(said.contains("unknown key `emial`") && said.contains("\"camile\" is neither"), "{said}");
    assert!(!said.contains("\"sacha\" is neither"), "sacha's entry is wrong, and sacha is somebody: {said}");
}

#[test]
fn without_jalon_toml_nothing_is_guessed() {
    let jalon = Jalon::new(JALON, &[]);
    std::fs::remove_file(jalon.path().join("config/jalon.toml")).unwrap();
    for arguments in [&["check", "--config", "config"][..], &["agenda", "--config", "config"]] {
        let output = jalon.run(arguments);
        assert_eq!(output.status.code(), Some(78), "{arguments:?}");
    }
}

#[test]
fn wrong_arguments_are_usage_errors() {
    let jalon = Jalon::new(JALON, &[]);
    for arguments in [
        &["agneda"][..],
        &["agenda", "--format", "xml"],
        &["agenda", "--from", "tomorrow"],
        &["--lang", "de", "check"],
        &[],
    ] {
        let output = jalon.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
}

#[test]
fn messages_follow_lang_then_the_locale_then_jalon_toml() {
    let jalon = Jalon::new(JALON, &[("bad.toml", BAD)]);
    let said = |arguments: &[&str]| text(&jalon.run(arguments).stderr);
    assert!(said(&["check"]).starts_with("error:"));
    assert!(said(&["check", "--lang", "fr"]).starts_with("erreur\u{a0}:"));
    let french = Command::new(env!("CARGO_BIN_EXE_jalon"))
        .arg("check")
        .current_dir(jalon.path())
        .env_clear()
        .env("LC_ALL", "fr_FR.UTF-8")
        .output()
        .unwrap();
    assert!(text(&french.stderr).starts_with("erreur\u{a0}:"));
}

const WITH_MAIL: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"r@example.org\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";

#[test]
fn a_rehearsal_replaces_what_it_wrote_and_nothing_else() {
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", GOOD)]);
    let site = jalon.path().join("site");
    std::fs::create_dir(&site).unwrap();
    std::fs::write(site.join("index.html"), "a site").unwrap();
    let rehearse = |out: &str, until: &str| {
        jalon.run(&["rehearse", "--from", "2026-08-01", "--until", until, "--out", out]).status.code()
    };
    assert_eq!(rehearse("site", "2026-09-01"), Some(1), "a folder that is none of ours");
    assert_eq!(std::fs::read_to_string(site.join("index.html")).unwrap(), "a site");
    let mails = || std::fs::read_dir(jalon.path().join("out/mails")).unwrap().count();
    assert_eq!(rehearse("out", "2026-09-02"), Some(0));
    assert_eq!(mails(), 4);
    std::fs::write(jalon.path().join("out/notes.txt"), "mine").unwrap();
    assert_eq!(rehearse("out", "2026-08-30"), Some(0));
    assert_eq!(mails(), 2);
    assert!(jalon.path().join("out/notes.txt").exists());
    assert_eq!(rehearse("out", "2026-08-01"), Some(2), "a span turned round");
}

#[test]
fn mails_say_which_dates_are_still_to_be_fixed() {
    let posting = format!("{GOOD}[[interview]]\nname = \"Premier tour\"\nlabel = \"late June\"\n");
    let jalon = Jalon::new(WITH_MAIL, &[("good.toml", &posting)]);
    for (format, expected) in
        [("text", "To be fixed: Interview"), ("html", ">To be fixed:</span> <span class=\"fact\"")]
    {
        let shown = text(&jalon.run(&["preview", "good", "start", "--format", format]).stdout);
        assert!(shown.contains(expected) && shown.contains("(late June)"), "{shown}");
    }
}

#[test]
fn names_of_files_cannot_move_the_cursor() {
    let jalon = Jalon::new(JALON, &[("esc\u{1b}[31m.toml", GOOD)]);
    let said = jalon.run(&["check"]).stderr;
    assert!(!said.contains(&0x1b), "{}", text(&said));
}

#[test]
fn a_password_file_that_the_daemon_would_refuse_is_an_error_of_check() {
    let settings = WITH_MAIL.replace("outbox = \"outbox\"\n", "")
        + "[smtp]\nhost = \"smtp.example.org\"\nusername = \"u\"\npassword = { file = \"secret\" }\n";
    let jalon = Jalon::new(&settings, &[("good.toml", GOOD)]);
    assert_eq!(jalon.run(&["check"]).status.code(), Some(78), "it is missing");
    std::fs::write(jalon.path().join("config/secret"), "hunter2\n").unwrap();
    let set = |mode: &str| {
        assert!(
            Command::new("chmod")
                .args([mode, "config/secret"])
                .current_dir(jalon.path())
                .status()
                .unwrap()
                .success()
        );
    };
    set("644");
    let said = jalon.run(&["check"]);
    assert_eq!(said.status.code(), Some(78), "others can read it");
    assert!(!text(&said.stderr).contains("hunter2"));
    set("600");
    assert_eq!(jalon.run(&["check"]).status.code(), Some(0));
}

#[test]
fn what_run_would_refuse_for_what_the_files_say_is_an_error_of_check() {
    let with_relay = |more: &str| {
        WITH_MAIL.replace("outbox = \"outbox\"\n", "") + "[smtp]\nhost = \"smtp.example.org\"\n" + more
    };
    for (settings, place, said) in [
        (JALON.to_owned(), "config/jalon.toml", "[mail] is missing"),
        (WITH_MAIL.replace("outbox = \"outbox\"\n", ""), "jalon.toml:3:1", "there is no relay"),
        (
            with_relay("ca_file = \"nowhere.pem\"\n"),
            "jalon.toml:12:11",
            "nowhere.pem) cannot be read: this file does",
        ),
        (
            with_relay("ca_file = \"hunter2\"\n"),
            "jalon.toml:12:11",
            "(ca_file) cannot be read: this file does",
        ),
        (with_relay("ca_file = \"jalon.toml\"\n"), "jalon.toml:12:11", "it holds no certificate"),
        (
            with_relay("username = \"u\"\npassword = { file = \"hunter2\" }\n"),
            "jalon.toml:13:12",
            "the password cannot be read: this file does not exist",
        ),
        (
            with_relay("username = \"u\"\npassword = { file = \"postings\" }\n"),
            "jalon.toml:13:12",
            "this is a folder, not a file",
        ),
        (
            format!("{WITH_MAIL}[ledger]\nurl = \"postgres://jalon:hunter2@db/jalon\"\n"),
            "jalon.toml:12:7",
            "a password is not written in the ledger's address",
        ),
        (
            format!("{WITH_MAIL}[ledger]\nurl = \"host=db user=jalon password=hunter2\"\n"),
            "jalon.toml:12:7",
            "`url` is not the address of a ledger",
        ),
    ] {
        let jalon = Jalon::new(&settings, &[("good.toml", &GOOD.replace("2026", "2191"))]);
        for command in ["check", "run"] {
            let output = jalon.run(&[command]);
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(78), "{command}: {told}");
            assert!(told.contains(place) && told.contains(said), "{command}: {said}: {told}");
            assert!(!told.contains("hunter2"), "{command}: {told}");
        }
        let agenda = jalon.run(&["agenda", "--from", "2026-01-01"]);
        let usable = !settings.contains("host=db");
        assert_eq!(agenda.status.code(), Some(if usable { 0 } else { 78 }), "{}", text(&agenda.stderr));
    }
    // What is kept out of a repository is not looked for where jalon does not run; all else is.
    let good = GOOD.replace("2026", "2191");
    let kept = "ca_file = \"nowhere.pem\"\nusername = \"u\"\npassword = { file = \"smtp.password\" }\n";
    let jalon = Jalon::new(&with_relay(kept), &[("good.toml", &good)]);
    assert_eq!(jalon.run(&["check"]).status.code(), Some(78));
    let output = jalon.run(&["check", "--elsewhere"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let jalon = Jalon::new("time_zone = \"Europe/Paris\"\n", &[("good.toml", &good)]);
    assert_eq!(jalon.run(&["check", "--elsewhere"]).status.code(), Some(78));
    let jalon = Jalon::new(WITH_MAIL, &[]);
    for url in ["host=db password=hunter2", "postgres://u:hunter2@db/x", "hunter2"] {
        for command in ["run", "history"] {
            let output = jalon.run(&[command, "--ledger", url]);
            assert_eq!(output.status.code(), Some(78), "{command} {url}");
            assert!(!text(&output.stderr).contains("hunter2"), "{command} {url}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn a_folder_that_is_missing_is_told_at_the_line_that_names_it() {
    for (line, said, remedy) in [
        (
            "postings = \"posting\"",
            "the folder of postings does not exist",
            "did you mean postings = \"postings\"?",
        ),
        ("postings = \"jalon.toml\"", "which is a file", "did you mean postings = \"postings\"?"),
        ("templates = \"modeles\"", "the folder of templates does not exist", "make this folder, or name"),
    ] {
        let jalon = Jalon::new(&format!("{line}\n{WITH_MAIL}"), &[]);
        let output = jalon.run(&["check"]);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(78), "{told}");
        for expected in [said, remedy, "config/jalon.toml:1:", line] {
            assert!(told.contains(expected), "{expected}: {told}");
        }
        assert!(!told.contains("os error"), "{told}");
    }
    // Where no line names it, it is told all the same.
    let jalon = Jalon::new(WITH_MAIL, &[]);
    std::fs::remove_dir(jalon.path().join("config/postings")).unwrap();
    let told = text(&jalon.run(&["check", "--lang", "fr"]).stderr);
    assert!(
        told.contains("le dossier des fiches n'existe pas") && told.contains("créez ce dossier"),
        "{told}"
    );
}
