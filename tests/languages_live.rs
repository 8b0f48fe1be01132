//! A language of one's own in the real program: what `check` says of it, what commands write in it, and a daemon while its
//! folder comes, breaks and goes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;
#[path = "languages/season.rs"]
mod season;

use std::fs;
use std::path::Path;

use jalon::clock::Clock;
use jalon::daemon::feeding::Feeds;
use jalon::daemon::planner::{Memory, Planner};
use jalon::files;

use running::{Daemon, ended, jalon};

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\nlanguage = \"de\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str = "title = \"Gärtner\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-25\n[[interview]]\non = 2026-07-06T09:30:00\nlink = \"https://visio.example.org/a\"\n";

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// Puts the German folder where templates are.
fn speak_german(folder: &Path) {
    for (name, text) in season::folder() {
        write(folder, &format!("config/templates/{name}"), &text);
    }
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "config/jalon.toml", JALON);
    write(folder.path(), "config/postings/p.toml", POSTING);
    folder
}

/// What a command prints, to both, and its code.
fn ran(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    ended(&jalon(folder).args(["--config", "config"]).args(arguments).output().unwrap())
}

/// The mails in a folder, each whole.
fn mails(folder: &Path) -> Vec<String> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
    paths.sort();
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn check_says_which_languages_there_are_and_how_one_is_added() {
    let folder = folder();
    let path = folder.path();
    write(path, "config/jalon.toml", &format!("language = \"it\"\n{JALON}"));
    write(path, "config/postings/q.toml", &format!("language = \"pt-BR\"\n{POSTING}"));
    let (code, out, err) = ran(path, &["check"]);
    let said = format!("{out}{err}");
    assert_eq!(code, 78, "{said}");
    for expected in [
        "no folder of templates speaks the language \"it\": these mails are in English\n --> config/jalon.toml:1:12\n",
        "speaks the language \"de\": these mails are in English\n --> config/jalon.toml:9:12\n",
        "speaks the language \"pt-BR\": these mails are in English\n --> config/postings/q.toml:1:12\n",
        "= there are fr, en; to add one, copy templates/en to templates/it and translate it: see templates/README.md",
    ] {
        assert!(said.contains(expected), "{expected}\n{said}");
    }
    assert_eq!(said.matches("no folder of templates").count(), 3, "{said}");
    let french = ran(path, &["--lang", "fr", "check"]);
    assert!(format!("{}{}", french.1, french.2).contains("aucun dossier de modèles ne parle la langue"));
    // With the folder, that is all there is to say of it.
    write(path, "config/jalon.toml", &JALON.replace("\"de\"", "\"dee\""));
    fs::remove_file(path.join("config/postings/q.toml")).unwrap();
    speak_german(path);
    let (_, out, err) = ran(path, &["--lang", "en", "check"]);
    assert!(format!("{out}{err}").contains("did you mean language = \"de\"?"), "{out}{err}");
    write(path, "config/jalon.toml", JALON);
    let (code, out, err) = ran(path, &["check"]);
    assert_eq!(code, 0, "{out}{err}");
    // And without a file of it, where it would stand.
    fs::remove_file(path.join("config/templates/de/parts/change.txt")).unwrap();
    let (code, out, err) = ran(path, &["--lang", "en", "check"]);
    let said = format!("{out}{err}");
    assert_eq!(code, 78);
    assert!(
        said.contains("the language \"de\" lacks this file\n --> config/templates/de/parts/change.txt\n"),
        "{said}"
    );
}

#[test]
fn check_tries_every_mail_of_a_language_that_nobody_reads_yet() {
    let folder = folder();
    let path = folder.path();
    write(path, "config/jalon.toml", &JALON.replace("language = \"de\"\n", ""));
    fs::remove_file(path.join("config/postings/p.toml")).unwrap();
    speak_german(path);
    assert_eq!(ran(path, &["check"]).0, 0);
    for name in jalon::message::render::EACH {
        let file = path.join("config/templates/de").join(name);
        let good = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{good}{{{{ nothing }}}}")).unwrap();
        let (code, out, err) = ran(path, &["check"]);
        fs::write(&file, &good).unwrap();
        assert_eq!(code, 78, "{name}: {out}{err}");
        assert!(format!("{out}{err}").contains(&format!("config/templates/de/{name}")), "{out}{err}");
    }
}

#[test]
fn commands_write_in_the_language_of_the_reader() {
    let folder = folder();
    let path = folder.path();
    speak_german(path);
    let (code, mail, err) = ran(path, &["preview", "p", "interview", "--to", "camille", "--format", "eml"]);
    assert_eq!(code, 0, "{err}");
    assert!(mail.contains("Content-Language: de\r\n") || mail.contains("Content-Language: de\n"), "{mail}");
    let (_, page, _) = ran(path, &["preview", "p", "interview", "--to", "camille", "--format", "html"]);
    assert!(page.contains("<html lang=\"de\">") && page.contains("Ortszeit Paris"), "{page}");
    let (_, text, _) = ran(path, &["preview", "p", "interview", "--to", "sacha"]);
    assert!(text.contains("heure de Paris"), "{text}");
    let (code, calendar, err) = ran(
        path,
        &[
            "agenda",
            "--format",
            "ics",
            "--person",
            "camille",
            "--from",
            "2026-06-01",
            "--until",
            "2026-08-01",
        ],
    );
    let calendar = calendar.replace("\r\n ", "");
    assert_eq!(code, 0, "{err}");
    assert!(calendar.contains("SUMMARY:Vorstellungsgespräch – Gärtner"), "{calendar}");
    assert!(calendar.contains("Die Dauer ist nicht angegeben"), "{calendar}");
    let (code, rows, _) =
        ran(path, &["agenda", "--format", "json", "--from", "2026-06-01", "--until", "2026-08-01"]);
    assert_eq!(code, 0);
    assert!(rows.contains("\"language\": \"de\"") && rows.contains("\"language\": \"fr\""), "{rows}");
    let (code, _, err) = ran(path, &["rehearse", "--gallery", "--out", "models"]);
    assert_eq!(code, 0, "{err}");
    let gallery = fs::read_to_string(path.join("models/index.html")).unwrap();
    for language in ["(fr)", "(en)", "(de)"] {
        assert!(gallery.matches(language).count() >= 40, "{language}");
    }
    let (code, _, err) =
        ran(path, &["rehearse", "--from", "2026-06-01", "--until", "2026-08-01", "--out", "season"]);
    assert_eq!(code, 0, "{err}");
    let mails: Vec<String> = fs::read_dir(path.join("season/mails"))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let of = |who: &str| mails.iter().filter(|mail| mail.contains(who)).collect::<Vec<_>>();
    let (camille, sacha) = (of("To: camille@"), of("To: sacha@"));
    assert!(camille.len() >= 4 && camille.len() == sacha.len(), "{} {}", camille.len(), sacha.len());
    assert!(camille.iter().all(|mail| mail.contains("Content-Language: de")));
    assert!(sacha.iter().all(|mail| mail.contains("Content-Language: fr")));
}

/// What the file of a folder says whose name begins so.
fn said_in(folder: &Path, name: &str) -> String {
    let files = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut files = files.filter(|file| file.file_name().to_string_lossy().starts_with(name));
    files.next().map_or_else(String::new, |file| fs::read_to_string(file.path()).unwrap_or_default())
}

#[test]
fn feeds_are_in_the_language_of_whoever_subscribes() {
    let folder = folder();
    let path = folder.path();
    let feeds = path.join("feeds");
    write(path, "config/jalon.toml", &format!("{JALON}[feed]\nfolder = \"{}\"\n", feeds.display()));
    speak_german(path);
    let now = "2026-06-01T10:00:00Z".parse().unwrap();
    let (config, mut written) = (path.join("config"), Feeds::new(path.to_owned(), path.join("feed-secret")));
    let mut feed = || {
        let planner = Planner::new((), Clock::jumping(now), config.clone(), files::load(&config));
        let laid = planner.decide(Memory::default(), now).unwrap();
        written.step(&laid.snapshot, now);
    };
    feed();
    assert!(said_in(&feeds, "camille-").contains("SUMMARY:Vorstellungsgespräch"));
    assert!(said_in(&feeds, "camille-").contains("NAME:Stellenausschreibungen (camille)"));
    assert!(said_in(&feeds, "sacha-").contains("SUMMARY:Entretien"));
    // Other words are other feeds.
    let words = path.join("config/templates/de/words.txt");
    fs::write(&words, fs::read_to_string(&words).unwrap().replace("Vorstellungsgespräch", "Gespräch"))
        .unwrap();
    feed();
    assert!(said_in(&feeds, "camille-").contains("SUMMARY:Gespräch"));
}

/// The mails that a daemon sends from a moment on, until so many are there.
fn sends(folder: &Path, at: &str, until: &str) -> Vec<String> {
    let mut daemon = Daemon::start(folder, &["--as-of", at, "--ledger", "sqlite:var/jalon.db"]);
    daemon.until(until);
    daemon.stop();
    mails(&folder.join("outbox"))
}

#[test]
fn a_daemon_takes_a_folder_as_it_comes_and_keeps_it_when_it_breaks_or_goes() {
    let folder = folder();
    let path = folder.path();
    let without = JALON.replace("language = \"de\"\n", "");
    write(path, "config/jalon.toml", &without);
    let mut daemon =
        Daemon::start(path, &["--as-of", "2026-06-01T12:00:00", "--ledger", "sqlite:var/jalon.db"]);
    daemon.until("event=\"kept\"");
    speak_german(path);
    write(path, "config/jalon.toml", JALON);
    daemon.hang_up();
    daemon.until("event=\"kept\"");
    let kept = path.join("var/jalon.last-good");
    let has = |name: &str| kept.join("templates").join(name).exists();
    assert!(has("de/words.txt") && has("de/parts/change.html"));
    // A folder that breaks is not taken, and the one in force stays.
    let words = path.join("config/templates/de/words.txt");
    let good = fs::read_to_string(&words).unwrap();
    fs::write(&words, good.replace("macro between(", "macro betwen(")).unwrap();
    daemon.hang_up();
    daemon.until("there is no phrase called betwen");
    daemon.stop();
    assert_eq!(fs::read_to_string(kept.join("templates/de/words.txt")).unwrap(), good);
    // After a restart on the broken folder, and on none: German, by the copies.
    let said = sends(path, "2026-06-18T08:59:58", "event=\"sent\"");
    let german = |mails: &[String]| mails.iter().filter(|mail| mail.contains("Content-Language: de")).count();
    assert_eq!(german(&said), 1, "{said:?}");
    fs::remove_dir_all(path.join("config/templates")).unwrap();
    let said = sends(path, "2026-06-24T08:59:58", "event=\"sent\"");
    assert_eq!(german(&said), 2, "{said:?}");
    assert!(has("de/words.txt"), "a folder that is gone is not forgotten while somebody reads it");
    // Nobody reads it any more: it is let go.
    write(path, "config/jalon.toml", &without);
    let mut daemon =
        Daemon::start(path, &["--as-of", "2026-06-24T12:00:00", "--ledger", "sqlite:var/jalon.db"]);
    daemon.until("event=\"kept\"");
    daemon.stop();
    assert!(!has("de/words.txt"));
}

#[test]
fn a_phrase_that_fails_at_sending_is_told_and_the_mail_leaves_in_english() {
    let folder = folder();
    let path = folder.path();
    speak_german(path);
    let words = path.join("config/templates/de/words.txt");
    // No sample is four days away: a reminder of seven days that leaves three days late is.
    let fails = "{% macro days_away(days, past) %}{% if days == 4 %}{{ nothing }}{% endif %}";
    let text = fs::read_to_string(&words).unwrap().replace("{% macro days_away(days, past) %}", fails);
    fs::write(&words, text).unwrap();
    assert_eq!(ran(path, &["check"]).0, 0);
    let mut daemon =
        Daemon::start(path, &["--as-of", "2026-06-10T12:00:00", "--ledger", "sqlite:var/jalon.db"]);
    daemon.until("event=\"kept\"");
    daemon.stop();
    let mut daemon =
        Daemon::start(path, &["--as-of", "2026-06-21T09:00:00", "--ledger", "sqlite:var/jalon.db"]);
    let log = daemon.until("event=\"template\"").join("\n");
    daemon.stop();
    assert!(log.contains("de/words.txt"), "{log}");
    let sent = mails(&path.join("outbox"));
    let late: Vec<&String> = sent.iter().filter(|mail| mail.contains("To: camille@")).collect();
    assert!(!late.is_empty() && late.iter().all(|mail| mail.contains("Content-Language: en")), "{sent:?}");
}
