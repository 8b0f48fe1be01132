//! `jalon explain`, the real binary: names as people say them, one screen, on the copy of a jalon.toml that is wrong,
//! only what is asked about; and what a real ledger remembers of why a reminder was taken back.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::path::Path;
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::planner::Planner;
use jalon::files::kept::Kept;
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};

const JALON: &str = r#"time_zone = "Europe/Paris"
language = "fr"
[people.camille]
name = "Camille Exemple"
email = "camille@example.org"
[people.sacha]
email = "sacha@example.org"
[people.eve]
email = "eve@example.org"
[teams]
rh = ["camille", "sacha"]
"#;

const ACCUEIL: &str = r#"title = "Chargé·e d'accueil"
recruiters = ["rh", "eve"]
[deadline]
until = 2190-06-28
[[interview]]
name = "Premier tour"
on = [2190-07-06, 2190-07-07]
[start]
on = 2190-09-02
[end]
on = 2191-04-30
"#;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        folder.write("config/jalon.toml", JALON);
        folder.write("config/postings/villages-vivants-accueil.toml", ACCUEIL);
        let other = ACCUEIL.replace("accueil", "atelier").replace("06-28", "06-30");
        folder.write("config/postings/villages-vivants-atelier.toml", &other);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// The exit code, what was answered, and what else was said.
    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
        let output =
            command.args(arguments).current_dir(self.path()).env_clear().env("LANG", "C").output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// What `explain` answers, where it does.
    fn explain(&self, arguments: &[&str]) -> String {
        let (code, answer, said) = self.run(&[&["--lang", "en", "explain"], arguments].concat());
        assert_eq!((code, said.as_str()), (0, ""), "{arguments:?}: {answer}{said}");
        answer
    }
}

#[test]
fn names_are_understood_as_people_say_them() {
    let folder = Folder::new();
    let id = "villages-vivants-accueil";
    let whole = folder.explain(&[id]);
    for name in [
        "accueil",
        "ACCUEIL",
        "Chargé·e d'accueil",
        "villages-vivants-accueil.toml",
        "config/postings/villages-vivants-accueil.toml",
        "/elsewhere/postings/villages-vivants-accueil.toml",
    ] {
        assert_eq!(folder.explain(&[name]), whole, "{name}");
    }
    for (id, names) in [
        ("deadline", &["clôture", "Clôture des candidatures", "DEADLINE", "date limite"][..]),
        (
            "interview:premier-tour",
            &["entretien", "interview", "Entretiens", "Premier tour", "premier-tour", "premier"],
        ),
        ("start", &["début", "prise de poste"]),
        ("end", &["fin", "fin de contrat"]),
    ] {
        let whole = folder.explain(&["accueil", id]);
        assert!(whole.contains(&format!("\n{id} (")), "{whole}");
        for name in names {
            assert_eq!(folder.explain(&["accueil", name]), whole, "{name}");
        }
    }
    let to = |name: &str| folder.explain(&["accueil", "deadline", "--to", name]);
    for (name, id) in [
        ("Camille Exemple", "camille"),
        ("Exemple", "camille"),
        ("Camille@Example.org", "camille"),
        ("Eve", "eve"),
        ("EVE@example.org", "eve"),
    ] {
        assert_eq!(to(name), to(id), "{name}");
    }
    let team = to("rh");
    assert!(team.contains("camille <") && team.contains("sacha <") && !team.contains("eve <"), "{team}");
    assert_eq!(to("RH"), team);
}

#[test]
fn a_name_that_is_none_or_several_is_answered_with_what_there_is() {
    let folder = Folder::new();
    let postings = "\n  villages-vivants-accueil — Chargé·e d'accueil\n  villages-vivants-atelier — Chargé·e d'atelier\n";
    let events = "\n  deadline — jusqu'au lundi 28 juin 2190 inclus\n  interview:premier-tour — Premier tour, mardi 6 juillet 2190, mercredi 7 juillet 2190\n  start — jeudi 2 septembre 2190\n  end — samedi 30 avril 2191\n";
    let people = "\n  camille — Camille Exemple\n  eve\n  sacha\n";
    for (arguments, expected) in [
        (&["villages"][..], format!("jalon\u{a0}: « villages » peut désigner plusieurs fiches\u{a0}:{postings}")),
        (&["zzz"], format!("jalon\u{a0}: aucune fiche ne s'appelle « zzz »\u{a0}; il y a{postings}")),
        (
            &["accueil", "zzz"],
            format!(
                "jalon\u{a0}: aucune étape de villages-vivants-accueil ne s'appelle « zzz »\u{a0}; il y a{events}"
            ),
        ),
        (
            &["accueil", "strat"],
            format!(
                "jalon\u{a0}: aucune étape de villages-vivants-accueil ne s'appelle « strat »\u{a0}; vouliez-vous dire « start »\u{a0}?{events}"
            ),
        ),
        (
            &["accueil", "--to", "camile"],
            "jalon\u{a0}: personne ne s'appelle « camile » ici\u{a0}; vouliez-vous dire « camille »\u{a0}?\n  camille — Camille Exemple\n  eve\n  sacha\n  rh\n"
                .to_owned(),
        ),
        // Another person's address is nobody's business.
        (
            &["accueil", "--to", "camile@example.org"],
            format!("jalon\u{a0}: personne n'a l'adresse camile@example.org ici\u{a0}; il y a{people}"),
        ),
    ] {
        let (code, answer, said) = folder.run(&[&["--lang", "fr", "explain"], arguments].concat());
        assert_eq!((code, answer.as_str(), said.as_str()), (2, "", expected.as_str()));
    }
}

/// How long the overview is.
fn lines(text: &str) -> usize {
    text.lines().count()
}

#[test]
fn it_is_one_screen() {
    let folder = Folder::new();
    let usual = folder.explain(&["accueil"]);
    assert!(lines(&usual) <= 24, "{}: {usual}", lines(&usual));
    let more = "[[interview]]\nname = \"Second tour\"\non = [2190-07-13, 2190-07-14]\n[[milestone]]\nname = \"A\"\non = 2190-08-03\n[[milestone]]\nname = \"B\"\nlabel = \"à l'automne\"\n";
    folder.write("config/postings/villages-vivants-accueil.toml", &format!("{ACCUEIL}{more}"));
    let rich = folder.explain(&["accueil"]);
    assert!(lines(&rich) <= 40, "{}: {rich}", lines(&rich));
    assert!(
        rich.contains(
            "\nmilestone:b (villages-vivants-accueil.toml:18): the date is still to be fixed (à l'automne)\n"
        ),
        "{rich}"
    );
    let whole = folder.explain(&["accueil", "deadline"]);
    assert!(lines(&whole) <= 24, "{}: {whole}", lines(&whole));
}

#[test]
fn only_what_is_asked_about_is_said_to_be_wrong() {
    let folder = Folder::new();
    folder.write("config/postings/wrong.toml", "title = 3\n");
    folder.explain(&["accueil", "--to", "sacha"]);
    // A file that was wrong from the first: its errors, as `check` has them.
    let (code, answer, said) = folder.run(&["--lang", "en", "explain", "wrong"]);
    assert_eq!(code, 78);
    assert!(
        answer.contains("nobody is reminded of it, because config/postings/wrong.toml is wrong"),
        "{answer}"
    );
    assert!(said.contains("--> config/postings/wrong.toml:1:9"), "{said}");
}

#[test]
fn while_jalon_toml_is_wrong_its_copy_is_used_as_by_the_service() {
    let folder = Folder::new();
    let good = folder.explain(&["accueil"]);
    let kept = Kept { settings: JALON.to_owned(), templates: std::collections::BTreeMap::new() };
    // As the service keeps it: by the path that it was started with.
    let config = folder.path().canonicalize().unwrap().join("config");
    kept.write(&folder.path().join("var/last-good"), &config).unwrap();
    folder.write("config/jalon.toml", &format!("langage = \"fr\"\n{JALON}"));
    let config = config.to_str().unwrap();
    let (code, answer, said) = folder.run(&["--config", config, "--lang", "en", "explain", "accueil"]);
    assert_eq!((code, lines(&answer)), (0, lines(&good)), "{answer}{said}");
    assert_eq!(lines(&said), 1, "{said}");
    for expected in ["jalon.toml, line 1: ", "Its last good version is followed here"] {
        assert!(said.contains(expected), "{said}");
    }
    // `history` has the zone of the copy, and `diff` goes by it; both say so.
    let ledger = SqliteLedger::open(&folder.path().join("var/jalon.db"), Stamp::Real).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kept = jalon::files::load_by(Path::new(config), &kept).unwrap();
        let clock = Clock::jumping("2026-06-01T08:00:00Z".parse().unwrap());
        Planner::new(ledger.clone(), clock, config.into(), kept).step().await.unwrap();
    });
    drop(ledger);
    let (code, answer, said) = folder.run(&["--config", config, "history"]);
    assert_eq!((code, lines(&said)), (0, 1), "{said}");
    assert!(answer.contains("2190-06-28 09:00"), "{answer}");
    let (code, answer, said) = folder.run(&["--config", config, "--lang", "en", "diff"]);
    assert_eq!((code, lines(&said)), (78, 1), "{said}");
    assert!(answer.contains("these files change nothing"), "{answer}");
    // Without a copy there is nothing to go by.
    std::fs::remove_dir_all(folder.path().join("var/last-good")).unwrap();
    let (code, answer, said) = folder.run(&["--config", config, "explain", "accueil"]);
    assert_eq!((code, answer.as_str()), (78, ""), "{said}");
}

/// A ledger that the planner keeps over a folder, round by round, with a posting that changes.
#[tokio::test]
async fn a_real_ledger_tells_why_a_reminder_was_taken_back() {
    let folder = Folder::new();
    // On a pretended clock the last round is now.
    let accueil = ACCUEIL.replace("2190", "2026").replace("2191", "2027");
    let other = accueil.replace("accueil", "atelier").replace("06-28", "06-30");
    folder.write("config/postings/villages-vivants-accueil.toml", &accueil);
    folder.write("config/postings/villages-vivants-atelier.toml", &other);
    let config = folder.path().join("config");
    let path = folder.path().join("var/jalon.db");
    std::fs::create_dir_all(folder.path().join("var")).unwrap();
    let ledger = SqliteLedger::open(&path, Stamp::Pretended).unwrap();
    let clock = Clock::jumping("2026-06-01T08:00:00Z".parse().unwrap());
    let round = async || {
        let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
        planner.step().await.unwrap();
        ledger.note_round(clock.now(), false).await.unwrap();
        let later: DateTime<Utc> = clock.now() + TimeDelta::hours(1);
        clock.wait_until(later).await;
    };
    let posting = |text: &str| folder.write("config/postings/villages-vivants-accueil.toml", text);
    let said = |expected: &str, arguments: &[&str]| {
        let (code, answer, error) = folder.run(&[&["--lang", "en", "explain"], arguments].concat());
        assert_eq!(code, 0, "{answer}{error}");
        assert!(answer.contains(expected), "{expected}\n{answer}");
    };
    round().await;
    said("09:00, 7 days before → camille, eve, sacha: planned\n", &["accueil"]);
    // The deadline moves; then a recruiter leaves: each is told as what it was.
    posting(&accueil.replace("06-28", "07-02"));
    round().await;
    let moved = "  deadline (Sunday 28 June) -7d -1d 0d → camille, eve, sacha: withdrawn on Monday 1 June 2026 at 11:00: the date changed (it was through the whole of Sunday 28 June 2026, it became through the whole of Thursday 2 July 2026)\n";
    said(moved, &["accueil"]);
    posting(&accueil.replace("06-28", "07-02").replace("[\"rh\", \"eve\"]", "[\"camille\", \"eve\"]"));
    round().await;
    said(moved, &["accueil"]);
    said(
        "  deadline (Thursday 2 July) -7d -1d 0d → sacha: withdrawn on Monday 1 June 2026 at 12:00: sacha is not among the recipients any more",
        &["accueil", "--to", "sacha"],
    );
    // Filled: the interviews end, the first day of work goes on.
    posting(&accueil.replace("06-28", "07-02").replace("title", "status = \"filled\"\ntitle"));
    round().await;
    said(
        "withdrawn on Monday 1 June 2026 at 13:00: posting filled (status = \"filled\")",
        &["accueil", "entretien"],
    );
    // The file is wrong: its last good version goes on.
    posting("title = 3\n");
    round().await;
    said(
        "The file is wrong now: its last good version, read on Monday 1 June 2026 at 13:00, stays in force.",
        &["accueil"],
    );
    // Gone, and not believed yet; then under another name.
    std::fs::remove_file(config.join("postings/villages-vivants-accueil.toml")).unwrap();
    let planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
    planner.step().await.unwrap();
    ledger.note_round(clock.now(), false).await.unwrap();
    said(
        "The file is gone since Monday 1 June 2026 at 15:00: jalon will believe it on Monday 1 June 2026 at 15:15, or at once after `jalon accept`",
        &["accueil"],
    );
    clock.wait_until(clock.now() + TimeDelta::minutes(1)).await;
    folder.write(
        "config/postings/hotesse.toml",
        &accueil.replace("06-28", "07-02").replace("title", "status = \"filled\"\ntitle"),
    );
    round().await;
    said(
        "the posting is called hotesse now, and the reminder goes on there (start)",
        &["villages-vivants-accueil"],
    );
}
