//! `jalon new`: what it writes is what was answered, whatever that was; the real binary by options and on a terminal;
//! and README.fr.md, whose every file and every quoted mail is held to the program.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "new/readme.rs"]
mod readme;
mod support;

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use jalon::calendar::read::posting;
use jalon::calendar::{Posting, When};
use jalon::cli::new::answers::{Asking, contract, deadline, event, recruiters, text};
use jalon::cli::new::dates;
use jalon::cli::new::page::{Answers, page, quote};
use jalon::diagnostic::{Language, any_error, is_unsafe};
use jalon::settings::Settings;
use proptest::prelude::*;

use support::{house, shown};

/// Reads a page as the daemon would.
fn read(text: &str, settings: &Settings) -> Posting {
    let read = posting("x.toml", "x", text, &settings.house);
    assert!(!any_error(&read.problems), "{text}\n{}", shown(&read.problems));
    read.posting.unwrap()
}

/// Who is asked, in 2026.
fn asking(settings: &Settings) -> Asking<'_> {
    Asking { house: &settings.house, year: 2027 }
}

/// Whether the reader takes this as a text on one line.
fn fits(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && !text.chars().any(is_unsafe) && text.chars().count() <= 500
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_written_is_what_was_answered(
        title in "\\PC{1,40}|[\"\\\\'#\\[\\]={}🦊é«» ]{1,12}",
        organisation in proptest::option::of("\\PC{1,40}|[\"\\\\'#]{1,9}"),
        names in proptest::collection::vec("(camille|sacha|rh|[a-z]{1,8}@example\\.org)", 1..4),
        (until, first, days, start) in (0_u64..70_000, 0_u64..70_000, 1_u64..9, 0_u64..70_000),
        (hour, minute) in (0_u32..24, 0_u32..60),
        (timed, before, between) in any::<(bool, bool, bool)>(),
        french in any::<bool>(),
        schema in proptest::option::of(Just("../schema/posting.fr.json")),
    ) {
        prop_assume!(fits(&title) && organisation.as_deref().is_none_or(fits));
        let settings = house("");
        let asking = &asking(&settings);
        let language = if french { Language::French } else { Language::English };
        let on = |n: u64| chrono::NaiveDate::from_ymd_opt(1950, 1, 1).unwrap().checked_add_days(chrono::Days::new(n)).unwrap();
        let list: Vec<_> = (0..days).map(|n| on(first + n)).collect();
        let written: Vec<String> = list
            .iter()
            .map(|day| if timed { format!("{day} {hour}:{minute:02}") } else { dates::date(*day, language) })
            .collect();
        let until_said = format!("{}{}", if before { "avant le " } else { "" }, dates::date(on(until), language));
        let start_said = if between {
            format!("entre le {} et le {}", on(start).format("%d/%m/%Y"), on(start + 5))
        } else {
            on(start).format("%d.%m.%Y").to_string()
        };
        let answers = Answers {
            title: text("title", &title, asking).unwrap().0,
            organisation: organisation.as_ref().map(|one| text("organisation", one, asking).unwrap().0),
            recruiters: recruiters(&names, asking).unwrap().0,
            deadline: Some(deadline(&until_said, asking).unwrap().0),
            interview: Some(event("interview", &written.join(", "), asking).unwrap().0),
            start: Some(event("start", &start_said, asking).unwrap().0),
            end: None,
        };
        let read = read(&page(&answers, language, 2027, schema), &settings);
        prop_assert_eq!(read.title, title.trim());
        prop_assert_eq!(read.organisation.as_deref(), organisation.as_deref().map(str::trim));
        let mut expected = Vec::new();
        for name in &names {
            asking.house.directory.resolve(name, &mut expected).unwrap();
        }
        prop_assert_eq!(read.recruiters, expected);
        prop_assert_eq!(read.events.len(), 3);
        let When::Deadline { last_day, written: None, .. } = &read.events[0].when else { panic!() };
        prop_assert_eq!(*last_day, if before { on(until).pred_opt().unwrap() } else { on(until) });
        match &read.events[1].when {
            When::Days(found) => prop_assert!(!timed && *found == list),
            When::Timed(found) => {
                let expected: Vec<_> = list.iter().map(|day| day.and_hms_opt(hour, minute, 0).unwrap()).collect();
                prop_assert!(timed && found.iter().map(|one| one.local).collect::<Vec<_>>() == expected);
            }
            other => panic!("{other:?}"),
        }
        match &read.events[2].when {
            When::Window { first, last } => prop_assert!(between && (*first, *last) == (on(start), on(start + 5))),
            When::Days(found) => prop_assert!(!between && *found == [on(start)]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_quoted_text_is_one_value_and_the_same(text in any::<String>()) {
        let line = format!("x = {}\n", quote(&text));
        prop_assert_eq!(line.lines().count(), 1);
        prop_assert!(!line.trim_end().chars().any(is_unsafe));
        let read: toml::Table = toml::from_str(&line).unwrap();
        prop_assert_eq!(read["x"].as_str(), Some(text.as_str()));
    }

    #[test]
    fn no_text_is_a_date_that_breaks_out_of_its_line(text in any::<String>()) {
        if let Ok(answer) = dates::read(&text) {
            for date in answer.dates {
                prop_assert!(date.to_string().chars().all(|c| c.is_ascii_digit() || "-:T".contains(c)));
            }
        }
    }
}

#[test]
fn what_check_would_refuse_is_refused_with_its_words() {
    let settings = house("[mail]\nfrom = \"r@example.org\"\nrecipients = [\"@example.org\"]\n");
    let asking = &asking(&settings);
    let hidden = |c: &str| format!("l'intitulé contient un caractère invisible ({c})");
    let (bidi, escape) = (hidden("U+202E, sens d'écriture"), hidden("U+001B"));
    for (title, expected) in [
        ("  ", "l'intitulé est vide"),
        ("a\nb", "l'intitulé contient un retour à la ligne"),
        ("a\u{202e}b", &bidi),
        ("a\u{1b}[31mb", &escape),
        (&"é".repeat(501), "l'intitulé dépasse 500 caractères"),
    ] {
        assert_eq!(text("title", title, asking).unwrap_err().sentence.fr, expected);
    }
    for (names, expected) in [
        (&["camile"][..], "« camile » n'est ni une personne ni une équipe de jalon.toml"),
        (&["a@@b"], "« a@@b » n'est pas une adresse de courriel"),
        (&["a@example.com"], "jalon.toml n'autorise pas à écrire à a@example.com"),
        (&[], "la liste de qui reçoit les rappels est vide\u{a0}: personne ne recevrait de rappel"),
        (&[" , "], "la liste de qui reçoit les rappels est vide\u{a0}: personne ne recevrait de rappel"),
    ] {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(recruiters(&names, asking).unwrap_err().sentence.fr, expected);
    }
    let examples = "écrivez par exemple 28/06/2027, 28 juin 2027 ou 2027-06-28\u{a0}; si le jour n'est pas fixé, « fin juin 2027 »";
    for (written, sentence, remedy) in [
        ("demain", "jalon ne comprend pas « demain » comme une date", examples),
        ("31/06/2026", "le 31 juin 2026 n'existe pas\u{a0}: juin a 30 jours", examples),
        ("28/06/2026 à 25h", "cette heure n'existe pas", examples),
        ("28/06/1026", "l'année de 1026-06-28 n'est pas plausible", "les années vont de 1900 à 2199"),
        ("28 juin", "il manque l'année", "écrivez par exemple 28 juin 2027"),
        ("6 et 7 juillet 2026", "il faut une seule date", examples),
        (
            "6 juillet 2027 matin",
            "« matin » ne dit pas l'heure",
            "écrivez par exemple 6 juillet 2027 à 9\u{a0}h\u{a0}; ou 6 juillet 2027, si l'heure n'est pas fixée",
        ),
        (
            "lundi 28 juin 2026",
            "ce jour de la semaine ne va pas\u{a0}: c'est dimanche 28 juin 2026",
            "vérifiez la date, ou laissez le jour de la semaine",
        ),
    ] {
        let fault = deadline(written, asking).unwrap_err();
        assert_eq!(
            (fault.sentence.fr.as_str(), fault.remedy.unwrap().fr.as_str()),
            (sentence, remedy),
            "{written}"
        );
    }
    let fault = event("interview", "6 juillet 2026 à 9 h, 8/7/2026", asking).unwrap_err();
    assert_eq!(fault.sentence.en, "one date has a time, another has none");
    let fault = event("start", "entre le 1er juin et le 15 mai 2026", asking).unwrap_err();
    assert!(fault.sentence.fr.starts_with("cette période finit le 2026-05-15"), "{fault:?}");
    assert_eq!(
        contract("31/08/2026 au 30/04/2026", asking).unwrap_err().sentence.fr,
        "la fin précède le début"
    );
}

#[test]
fn people_may_be_called_by_their_names() {
    let settings = support::service(
        "time_zone = \"Europe/Paris\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n[teams]\nrh = [\"camille\"]\n",
    );
    let called = |names: &str| recruiters(&[names.to_owned()], &asking(&settings)).unwrap().0.join(" ");
    assert_eq!(called("camille exemple, RH et a@example.org"), "camille rh a@example.org");
    assert_eq!(called("Camille; rh"), "camille rh");
    assert_eq!(called("  CAMILLE\u{a0}Exemplé"), "camille");
}

/// What an answer about a date writes, and what is said back.
fn answered(kind: &'static str, written: &str, settings: &Settings) -> (String, String) {
    let asking = asking(settings);
    let ((key, value), echo) =
        if kind == "deadline" { deadline(written, &asking) } else { event(kind, written, &asking) }
            .unwrap_or_else(|fault| panic!("{written}: {fault:?}"));
    (format!("{key} = {value}"), echo.unwrap().fr)
}

#[test]
fn of_a_span_of_interview_days_every_working_day_is_written_and_said() {
    let settings = house("");
    for (written, page, echo) in [
        (
            "du 6 au 8 juillet 2027",
            "on = [2027-07-06, 2027-07-07, 2027-07-08]",
            "mardi 6 juillet 2027, mercredi 7 juillet 2027, jeudi 8 juillet 2027",
        ),
        (
            "6-8 juillet 2027 à 9 h",
            "on = [2027-07-06T09:00:00, 2027-07-07T09:00:00, 2027-07-08T09:00:00]",
            "mardi 6 juillet 2027 à 9\u{a0}h, mercredi 7 juillet 2027 à 9\u{a0}h, jeudi 8 juillet 2027 à 9\u{a0}h",
        ),
        // A weekend and 14 July.
        (
            "du 9 juillet au 15 juillet 2027",
            "on = [2027-07-09, 2027-07-12, 2027-07-13, 2027-07-15]",
            "vendredi 9 juillet 2027, lundi 12 juillet 2027, mardi 13 juillet 2027, jeudi 15 juillet 2027 (sauf samedi 10 juillet 2027, dimanche 11 juillet 2027, mercredi 14 juillet 2027\u{a0}: on n'y travaille pas)",
        ),
        // Who names a Sunday works on it.
        (
            "du 9 au 11 juillet 2027",
            "on = [2027-07-09, 2027-07-10, 2027-07-11]",
            "vendredi 9 juillet 2027, samedi 10 juillet 2027, dimanche 11 juillet 2027",
        ),
        (
            "du 6 au 8 et 12 juillet 2027",
            "on = [2027-07-06, 2027-07-07, 2027-07-08, 2027-07-12]",
            "mardi 6 juillet 2027, mercredi 7 juillet 2027, jeudi 8 juillet 2027, lundi 12 juillet 2027",
        ),
    ] {
        assert_eq!(
            answered("interview", written, &settings),
            (page.to_owned(), echo.to_owned()),
            "{written}"
        );
    }
    for (kind, written) in [
        ("interview", "du 8 au 6 juillet 2027"),
        ("interview", "du 6 juillet au 6 septembre 2027"),
        ("interview", "du 6 juillet 2027 à 9 h au 8 juillet 2027 à 17 h"),
        ("start", "du 6 au 8 juillet 2027"),
    ] {
        let fault = event(kind, written, &asking(&settings)).unwrap_err();
        let remedy = fault.remedy.unwrap().fr;
        assert!(fault.sentence.fr.starts_with("cette période ne dit pas quels jours"), "{written}");
        assert!(remedy.contains("entre le ") && remedy.contains(" juillet 2027 et le "), "{remedy}");
    }
}

#[test]
fn a_date_that_is_not_fixed_is_left_open_in_the_words_of_whoever_wrote_it() {
    let settings = house("");
    for (kind, written) in
        [("deadline", "fin juin"), ("interview", "mi-septembre 2027"), ("start", "septembre 2027")]
    {
        let (page, echo) = answered(kind, written, &settings);
        assert_eq!(page, format!("label = \"{written}\""));
        assert!(echo.contains("aucun rappel ne part tant que la date n'est pas écrite"), "{echo}");
    }
    let label = |text| Some(("label", quote(text)));
    let answers = Answers {
        title: "T".to_owned(),
        recruiters: vec!["camille".to_owned()],
        deadline: label("fin juin"),
        interview: label("mi-septembre"),
        start: label("Toussaint"),
        end: None,
        organisation: None,
    };
    for language in Language::ALL {
        let page = page(&answers, language, 2027, None);
        let read = read(&page, &settings);
        let labels: Vec<_> =
            read.events.iter().map(|event| (event.when.clone(), event.label.as_deref())).collect();
        let open = |label| (When::Open, Some(label));
        assert_eq!(labels, [open("fin juin"), open("mi-septembre"), open("Toussaint")]);
        for line in ["# until = 2027-06-28", "# on = [2027-07-06, 2027-07-07]", "# on = 2027-08-31"] {
            assert!(page.contains(line), "{page}");
        }
    }
}

#[test]
fn every_line_that_is_commented_out_can_be_taken_in() {
    let settings = house("");
    let entry = |key, value: &str| Some((key, value.to_owned()));
    let whole = Answers {
        title: "T".to_owned(),
        organisation: Some("O".to_owned()),
        recruiters: vec!["camille".to_owned()],
        deadline: entry("before", "2026-06-29"),
        interview: entry("on", "2026-07-06T09:30:00"),
        start: entry("on", "2026-08-31"),
        end: entry("on", "2027-04-30"),
    };
    let bare = Answers {
        organisation: None,
        deadline: None,
        interview: None,
        start: None,
        end: None,
        ..whole.clone()
    };
    for (answers, events) in [(whole, 4), (bare, 0)] {
        for language in Language::ALL {
            let page = page(&answers, language, 2027, None);
            assert_eq!(read(&page, &settings).events.len(), events);
            assert!(page.lines().all(|line| line.chars().count() <= 100), "{page}");
            let is_toml = |line: &str| line.starts_with('[') || line.split(' ').nth(1) == Some("=");
            let taken: String = page
                .lines()
                .map(|line| line.strip_prefix("# ").filter(|rest| is_toml(rest)).unwrap_or(line))
                .map(|line| format!("{line}\n"))
                .collect();
            let all = read(&taken, &settings);
            assert_eq!((all.events.len(), all.rules.len()), (4, 1), "{taken}");
            assert!(all.contract.is_some() && all.apply.is_some() && all.organisation.is_some());
        }
    }
}

struct Desk {
    folder: tempfile::TempDir,
}

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n[mail]\nfrom = \"r@example.org\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n";

impl Desk {
    fn new(jalon_toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("config")).unwrap();
        fs::write(folder.path().join("config/jalon.toml"), jalon_toml).unwrap();
        Self { folder }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        said(&self.command(arguments).output().unwrap())
    }

    fn page(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("config/postings").join(name)).unwrap_or_default()
    }
}

fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn by_options_nobody_is_asked() {
    let desk = Desk::new(JALON);
    let (code, out, err) = desk.run(&[
        "new",
        "Chargée d'accueil",
        "--title",
        "Chargé·e d'\"accueil\" 🦊",
        "--organisation",
        "Villages Vivants",
        "--recruiter",
        "camille",
        "--recruiter",
        "a@example.org",
        "--until",
        "28 juin 2190",
        "--interview",
        "06/07/2190",
        "07/07/2190",
        "--start",
        "2190-08-31",
        "--end",
        "30 April 2191",
    ]);
    assert_eq!((code, err.as_str()), (Some(0), ""), "{out}");
    let first = "  lundi 21 juin 2190 à 9\u{a0}h, à a@example.org\u{a0}: Clôture des candidatures dans 7";
    assert!(out.contains("config/postings/chargee-d-accueil.toml est écrit") && out.contains(first), "{out}");
    assert_eq!(out.lines().filter(|line| line.starts_with("  ")).count(), 3);
    assert!(out.starts_with("→ jusqu'au lundi 28 juin 2190\n→ mardi 6 juillet 2190, mercredi 7"), "{out}");
    let page = desk.page("chargee-d-accueil.toml");
    for line in [
        "title        = \"Chargé·e d'\\\"accueil\\\" 🦊\"",
        "recruiters   = [\"camille\", \"a@example.org\"]",
        "until = 2190-06-28 ",
        "on = [2190-07-06, 2190-07-07] ",
        "on = 2190-08-31 ",
        "on = 2191-04-30 ",
    ] {
        assert!(page.contains(line), "{line}: {page}");
    }
    let (code, out, err) = desk.run(&["check"]);
    assert_eq!((code, out.as_str(), err.as_str()), (Some(0), "1 fiche lue sur 1, 20 rappels\n", ""));
}

#[test]
fn nothing_is_overwritten_and_no_id_is_twice() {
    let desk = Desk::new(JALON);
    let ask = |name: &str| desk.run(&["new", name, "--title", "T", "--recruiter", "camille"]);
    assert_eq!(ask("accueil").0, Some(0));
    let page = desk.page("accueil.toml");
    for name in ["accueil", "Accueil", "accueil.toml", "config/postings/accueil.toml"] {
        let (code, out, err) = ask(name);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{name}");
        assert!(err.contains("config/postings/accueil.toml existe déjà"), "{err}");
    }
    let other = desk.folder.path().join("config/postings/other.toml");
    fs::write(&other, "id = \"b\"\ntitle = \"T\"\nrecruiters = [\"camille\"]\n[start]\non = 2190-01-01\n")
        .unwrap();
    assert!(ask("b").2.contains("other.toml existe déjà"));
    fs::write(&other, "id = \"b\"\ntitle = 3\n").unwrap();
    assert!(ask("b").2.contains("other.toml existe déjà"), "a wrong file has its id too");
    std::os::unix::fs::symlink("nowhere", desk.folder.path().join("config/postings/c.toml")).unwrap();
    assert_eq!(ask("c").0, Some(1), "a link that leads nowhere");
    assert_eq!(ask("日本").0, Some(1));
    assert_eq!(ask("d.v2_x").0, Some(0));
    assert_eq!(desk.page("accueil.toml"), page);
    let mut names: Vec<_> = fs::read_dir(desk.folder.path().join("config/postings"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["accueil.toml", "c.toml", "d.v2_x.toml", "other.toml"]);
}

#[test]
fn a_wrong_option_is_named_and_nothing_is_written() {
    let desk = Desk::new(JALON);
    let good = ["new", "x", "--title", "T", "--recruiter", "camille"];
    let with = |more: &[&'static str]| [&good[..], more].concat();
    for (arguments, expected) in [
        (vec!["new", "x"], "--title et --recruiter (--title --organisation --recruiter --until --interview"),
        (vec!["new", "x", "--title", "T"], "personne ne peut répondre ici"),
        (vec!["new", "x", "--title", " ", "--recruiter", "camille"], "--title\u{a0}: l'intitulé est vide"),
        (vec!["new", "x", "--title", "T", "--recruiter", "camile"], "--recruiter\u{a0}: « camile » n'est ni"),
        (with(&["--until", "demain"]), "--until\u{a0}: jalon ne comprend pas « demain » comme une date"),
        (with(&["--interview", "6 juillet"]), "--interview\u{a0}: il manque l'année"),
        (with(&["--start", "31/06/2026"]), "--start\u{a0}: le 31 juin 2026 n'existe pas"),
        (with(&["--end", "x"]), "--end\u{a0}: jalon ne comprend pas « x » comme"),
        (with(&["--organisation", "a\nb"]), "--organisation\u{a0}: l'organisation contient un retour"),
    ] {
        let (code, out, err) = desk.run(&arguments);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(err.contains(expected) && err.lines().count() == 1, "{arguments:?}: {err}");
    }
    assert!(!desk.folder.path().join("config/postings").exists());
    let broken = Desk::new("time_zone = \"Europe/Pariss\"\n");
    assert_eq!(broken.run(&good).0, Some(78));
}

#[test]
fn the_page_speaks_the_language_of_whoever_asks_and_names_the_schema_that_is_there() {
    let title = |locale: &str, more: &[&str]| {
        let desk = Desk::new(JALON);
        let schemas = desk.folder.path().join("config/schema");
        fs::create_dir(&schemas).unwrap();
        fs::write(schemas.join("posting.en.json"), "{}").unwrap();
        let arguments = [&["new", "x", "--title", "T", "--recruiter", "camille"], more].concat();
        let output = desk.command(&arguments).env("LANG", locale).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        desk.page("x.toml").lines().next().unwrap().to_owned()
    };
    let (french, english) = ("# Un recrutement.", "#:schema ../schema/posting.en.json");
    assert!(title("C", &[]).starts_with(french));
    assert!(title("fr_FR.UTF-8", &[]).starts_with(french));
    assert_eq!(title("en_GB.UTF-8", &[]), english);
    assert_eq!(title("fr_FR.UTF-8", &["--lang", "en"]), english);
}

#[test]
fn without_a_date_to_come_it_says_so() {
    let desk = Desk::new(JALON);
    let (code, out, _) =
        desk.run(&["new", "x", "--title", "T", "--recruiter", "camille", "--until", "28/06/1999"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("Aucun rappel ne partira"), "{out}");
}

#[test]
fn what_check_would_warn_of_is_said_at_once_with_the_line() {
    let desk = Desk::new(JALON);
    let (code, out, err) = desk.run(&[
        "new",
        "x",
        "--title",
        "T",
        "--recruiter",
        "camille",
        "--until",
        "8 juillet 2190",
        "--interview",
        "6 juillet 2190",
        "--start",
        "30/06/2190",
    ]);
    assert_eq!(code, Some(0));
    let page = desk.page("x.toml");
    let line = |key: &str| page.lines().position(|line| line.starts_with(key)).unwrap() + 1;
    for (key, sentence) in [
        ("on = 2190-07-06", "[interview] (2190-07-06) vient avant [deadline] (2190-07-08)"),
        ("on = 2190-06-30", "[start] (2190-06-30) vient avant"),
    ] {
        let place = format!("--> config/postings/x.toml:{}:", line(key));
        let at = err.find(sentence).unwrap_or_else(|| panic!("{sentence}: {err}"));
        assert!(err[at..].lines().nth(1).unwrap().contains(&place), "{err}");
    }
    assert!(out.contains("Relisez ce qui est dit plus haut"), "{out}");
    // The very sentences of check, and those of no other file.
    let (_, _, checked) = desk.run(&["check"]);
    assert_eq!(err, checked);
    let (_, out, err) =
        desk.run(&["new", "y", "--title", "Y", "--recruiter", "camille", "--start", "2190-09-01"]);
    assert!(err.is_empty() && !out.contains("Relisez"), "{err}{out}");
    let (_, out, err) =
        desk.run(&["new", "z", "--title", "Z", "--recruiter", "camille", "--until", "28/06/1999"]);
    assert!(
        err.contains("toutes les dates de cette fiche ouverte sont passées") && out.contains("Aucun rappel")
    );
}

#[test]
fn examples_are_of_the_year_to_come() {
    let desk = Desk::new(JALON);
    desk.run(&["new", "x", "--title", "T", "--recruiter", "camille"]);
    let page = desk.page("x.toml");
    // Whatever the day: a check of this page has no past date to tell of.
    let taken = page.replace("# [deadline]", "[deadline]").replace("# until", "until");
    fs::write(desk.folder.path().join("config/postings/x.toml"), taken).unwrap();
    let (code, _, err) = desk.run(&["check"]);
    assert!(code == Some(0) && !err.contains("passé"), "{err}");
}

/// Answers typed on a real terminal: its other end is ours.
fn typed(desk: &Desk, arguments: &[&str], answers: &str) -> (Option<i32>, String, String) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut master = fs::File::from(master);
    let mut child = desk
        .command(arguments)
        .stdin(Stdio::from(slave.try_clone().unwrap()))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    master.write_all(answers.as_bytes()).unwrap();
    // Who waits for an answer that nobody will give waits for ever.
    for _ in 0..400 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let _ = child.kill();
    drop(slave);
    said(&child.wait_with_output().unwrap())
}

#[test]
fn on_a_terminal_six_questions_are_asked_and_wrong_answers_asked_again() {
    let desk = Desk::new(JALON);
    let answers = "\nComptable\n\nsacha\n\n31/06/2190\n28/06/2190\n\ndemain\n31 août 2190\n";
    let (code, out, err) = typed(&desk, &["new", "compta"], answers);
    assert_eq!(code, Some(0), "{err}");
    for n in 1..=6 {
        assert_eq!(err.matches(&format!("{n}/6  ")).count(), 1, "{err}");
    }
    for sentence in [
        "l'intitulé est vide",
        "« sacha » n'est ni une personne ni une équipe de jalon.toml",
        "le 31 juin 2190 n'existe pas",
        "→ jusqu'au lundi 28 juin 2190",
        "jalon ne comprend pas « demain » comme une date",
        "→ mardi 31 août 2190",
        "(Entrée\u{a0}: camille)",
    ] {
        assert!(err.contains(sentence), "{sentence}: {err}");
    }
    assert!(out.contains("compta.toml est écrit"), "{out}");
    let page = desk.page("compta.toml");
    assert!(page.contains("recruiters   = [\"camille\"]") && page.contains("# [[interview]]"), "{page}");
    // Nobody is asked six questions for nothing.
    fs::create_dir(desk.folder.path().join("config/postings/taken.toml")).unwrap();
    for name in ["compta", "taken"] {
        let (code, _, err) = typed(&desk, &["new", name], "\u{4}");
        assert!(code == Some(1) && err.contains("existe déjà") && !err.contains("1/6"), "{err}");
    }
    // What is given is not asked.
    let (code, _, err) = typed(
        &desk,
        &["new", "b", "--until", "demain", "--title", "T", "--end", "1/9/2191"],
        "\ncamille\n\n\n1/9/2190\n",
    );
    assert_eq!(code, Some(0), "{err}");
    assert!(
        !err.contains("1/6") && err.contains("4/6") && err.contains("jalon ne comprend pas « demain »"),
        "{err}"
    );
    let page = desk.page("b.toml");
    assert!(page.contains("on = 2190-09-01") && page.contains("on = 2191-09-01"), "{page}");
}

#[test]
fn who_leaves_before_the_end_leaves_nothing_behind() {
    let desk = Desk::new(JALON);
    for answers in ["\u{4}", "Comptable\n\u{4}", "Comptable\n\ncamille\n28/06/2190\n\nhalf\u{4}\u{4}"] {
        let (code, out, err) = typed(&desk, &["new", "compta"], answers);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.ends_with("rien n'a été écrit\n"), "{err}");
    }
    assert!(!desk.folder.path().join("config/postings").exists());
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let desk = Desk::new(JALON);
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let (code, out, _) = desk.run(&["completions", shell]);
        assert!(
            code == Some(0) && ["rehearse", "schema", "recruiter"].iter().all(|word| out.contains(word)),
            "{shell}"
        );
    }
    assert_eq!(desk.run(&["completions", "tcsh"]).0, Some(2));
    let (code, out, _) = desk.run(&["man"]);
    assert!(code == Some(0) && out.contains(".TH jalon 1") && out.contains("rehearse"));
    let (code, out, _) = desk.run(&["man", "--out", "pages/man1"]);
    assert_eq!((code, out.as_str()), (Some(0), ""));
    for name in ["jalon.1", "jalon-run.1", "jalon-new.1"] {
        assert!(desk.folder.path().join("pages/man1").join(name).is_file(), "{name}");
    }
    assert_eq!(desk.run(&["man", "--out", "config/jalon.toml"]).0, Some(1));
}
