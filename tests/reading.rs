//! Wrong files are refused with file, line, column, sentence and remedy, all at once.
//!
//! Each `tests/bad/NAME.toml` is read and must give exactly `tests/bad/NAME.txt`, in English and in French. Files
//! called `jalon-…` are settings, the others postings. `JALON_BLESS=1` writes the texts anew: read the difference.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::fmt::Write as _;
use std::path::Path;

use jalon::calendar::read::{Text, folder, posting};
use jalon::calendar::{DigestOf, Person, Recurrence};
use jalon::diagnostic::{Language, Problem};

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
        for problem in &problems {
            assert!(problem.remedy.is_some() && problem.place.is_some(), "{name}: {problem:?}");
            // No word of the parser's, and no name of a Rust type.
            for word in ["expected", "invalid", "literal string", "Some(", "::", "unwrap", "serde", "TOML 1"]
            {
                let said = [&problem.sentence.en, &problem.remedy.as_ref().unwrap().en];
                assert!(said.iter().all(|said| !said.contains(word)), "{name}: {word} in {problem:?}");
            }
        }
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
    assert!(seen >= 100, "only {seen} bad files were found");
    assert!(differences.is_empty(), "{differences}");
}

#[test]
fn of_thousands_of_problems_a_hundred_are_told_and_the_others_counted() {
    let mut text = String::from("title = \"T\"\nrecruiters = [\"camille\"]\n");
    for n in 0..20_000 {
        writeln!(text, "k{n} = 1").unwrap();
    }
    let begun = std::time::Instant::now();
    let (usable, problems) = problems_of("p", &text);
    assert!(!usable && problems.len() == 101, "{}", problems.len());
    let last = &problems[100];
    assert_eq!(last.sentence.fr, "… et 19900 autres problèmes dans ce fichier");
    assert!(last.place.as_ref().is_some_and(|place| place.line == 102), "{last:?}");
    assert!(begun.elapsed().as_secs() < 20);
    // An error among those that are not told refuses the file all the same.
    let twice = "\n[[milestone]]\nname = \"M{}\"\non = [2026-07-06, 2026-07-06]\n";
    let many = |count: usize| -> String { (0..count).map(|n| twice.replace("{}", &n.to_string())).collect() };
    let head = "title = \"T\"\nrecruiters = [\"camille\"]\n";
    assert!(problems_of("p", &format!("{head}{}", many(120))).0, "warnings alone");
    let broken = format!("{head}{}[[remind]]\nevent = \"zzz\"\nbefore = [\"1d\"]\n", many(120));
    let (usable, problems) = problems_of("p", &broken);
    assert!(!usable && jalon::diagnostic::any_error(&problems));
}

#[test]
fn a_password_is_never_shown() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad");
    let mut seen = 0;
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_none_or(|extension| extension != "toml") || !text.contains("hunter2") {
            continue;
        }
        seen += 1;
        let name = path.file_stem().unwrap().to_str().unwrap();
        for problem in problems_of(name, &text).1 {
            let said = format!("{problem:?}").to_lowercase();
            assert!(!said.contains("hunter"), "{name}: {problem:?}");
        }
    }
    assert!(seen >= 10, "only {seen} files with a secret were found");
}

#[test]
fn a_name_that_is_declared_wrongly_is_told_once_and_not_in_every_posting() {
    let people = "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\n";
    for (rest, code) in [
        ("[teams]\nrh = [\"camille\", \"sasha\"]\n", "unknown-person"),
        ("[teams]\nrh = []\n", "empty-team"),
        ("[team]\nrh = [\"camille\"]\n", "unknown-key"),
        ("[rh]\nemail = \"rh@example.org\"\n", "unknown-key"),
        ("[people.RH]\nemail = \"rh@example.org\"\n", "unfit-id"),
        ("[people.rh-a]\nemail = 1\n[teams]\nrh = [\"rh-a\"]\n", "wrong-type"),
        ("[people.camille]\nemail = \"rh@example.org\"\n", "syntax"),
        ("[people]\nname = \"RH\"\nemail = \"rh@example.org\"\n", "unfit-id"),
    ] {
        let read = jalon::settings::read::reading("jalon.toml", &format!("{people}{rest}"));
        assert_eq!(codes(&read.problems), [code], "{rest}: {}", support::shown(&read.problems));
        assert!(read.settings.is_none());
        let (house, _) = read.house.unwrap();
        let read = posting("p.toml", "p", "title = \"T\"\nrecruiters = [\"camille\", \"rh\"]\n", &house);
        assert!(read.problems.is_empty(), "{rest}: {}", support::shown(&read.problems));
    }
}

#[test]
fn two_files_with_one_id_are_both_refused_and_both_named() {
    let text = |file: &str| Text {
        file: file.to_owned(),
        stem: file.trim_end_matches(".toml").to_owned(),
        contents: Ok("id = \"same\"\ntitle = \"T\"\nrecruiters = [\"camille\"]\n".to_owned()),
        guess: None,
    };
    let good = Text {
        file: "good.toml".to_owned(),
        stem: "good".to_owned(),
        contents: Ok("title = \"T\"\nrecruiters = [\"camille\"]\n".to_owned()),
        guess: None,
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

#[test]
fn a_person_may_say_when_they_want_a_digest_when_they_are_away_and_who_stands_in() {
    let settings = support::house(
        "[people.lou]\nemail = \"lou@example.org\"\ndigest = \"0 8  * * Mon\"\ndigest_of = \"all\"\ndigest_always = true\naway = [[2026-08-01, 2026-08-23], 2026-09-14]\nleaves = 2026-10-01\ncover = \"camille\"\n",
    );
    let people = &settings.house.directory.people;
    let day = |text: &str| text.parse().unwrap();
    let lou = Person {
        id: "lou".into(),
        email: "lou@example.org".into(),
        digest: Recurrence::parse("0 8 * * Mon").ok(),
        digest_of: DigestOf::All,
        digest_always: true,
        away: vec![(day("2026-08-01"), day("2026-08-23")), (day("2026-09-14"), day("2026-09-14"))],
        leaves: Some(day("2026-10-01")),
        cover: Some("camille".into()),
        ..Person::default()
    };
    assert_eq!(people["lou"], lou);
    assert_eq!((people["camille"].digest_of, people["camille"].digest_always), (DigestOf::Own, false));
}

#[test]
fn what_a_digest_says_is_a_warning_where_none_is_asked_for() {
    let text = "time_zone = \"Europe/Paris\"\n[people.a]\nemail = \"a@example.org\"\ndigest_of = \"own\"\ndigest_always = false\n";
    let (settings, problems) = jalon::settings::read::settings("jalon.toml", text);
    assert!(settings.is_some());
    assert_eq!(codes(&problems), ["no-digest", "no-digest"]);
}

#[test]
fn a_posting_is_announced_unless_it_says_otherwise() {
    let announce = |line: &str| support::read(&support::house(""), line).map(|posting| posting.announce);
    assert_eq!(announce(""), Ok(true));
    assert_eq!(announce("announce = true\n"), Ok(true));
    assert_eq!(announce("announce = false\n"), Ok(false));
    assert!(announce("announce = \"non\"\n").unwrap_err().contains("`announce` wants true or false"));
}

fn codes(problems: &[Problem]) -> Vec<&'static str> {
    problems.iter().map(|problem| problem.code).collect()
}

/// camille is within the list, sacha and loin.org are not.
const LISTED: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"r@example.org\"\noperator = \"a@example.org\"\nrecipients = [\"@example.org\", \"un@loin.org\"]\n[people.camille]\nemail = \"Camille@Example.ORG\"\n[people.sacha]\nemail = \"sacha@loin.org\"\n";

#[test]
fn whom_recipients_does_not_allow_cannot_be_named_in_a_posting() {
    let settings = support::service(LISTED);
    let refused = |text: &str| {
        let problems = support::read(&settings, text).err().unwrap_or_default();
        assert_eq!(problems.is_empty(), !problems.contains("does not allow to write to"), "{problems}");
        !problems.is_empty()
    };
    for name in ["sacha", "x@loin.org", "SACHA@loin.org", "x@example.org.loin.org"] {
        assert!(refused(&format!("recruiters = [\"camille\", \"{name}\"]\n")), "a recruiter, {name}");
        assert!(
            refused(&format!("[[interview]]\non = 2026-07-06\npanel = [\"{name}\"]\n")),
            "a panel, {name}"
        );
        assert!(
            refused(&format!(
                "[start]\non = 2026-07-06\n[[remind]]\nevent = \"start\"\non_day = true\nto = [\"{name}\"]\n"
            )),
            "to, {name}"
        );
    }
    for name in ["camille", "camille@example.org", "Un@Loin.org", "x@example.org"] {
        assert!(!refused(&format!("recruiters = [\"{name}\"]\n")), "{name}");
    }
    let mut teams = settings.clone();
    teams.house.directory.teams.insert("rh".into(), vec!["camille".into(), "sacha".into()]);
    assert!(
        support::read(&teams, "recruiters = [\"rh\"]\n").unwrap_err().contains("sacha@loin.org"),
        "a team"
    );
}

#[test]
fn whom_recipients_does_not_allow_cannot_be_named_in_jalon_toml() {
    let forbidden = |more: &str| {
        let (settings, problems) = jalon::settings::read::settings("jalon.toml", &format!("{LISTED}{more}"));
        assert_eq!(settings.is_some(), problems.is_empty());
        codes(&problems).join(" ")
    };
    assert_eq!(forbidden("cover = \"camille\"\n"), "", "sacha may have a cover");
    for more in [
        "[people.lou]\nemail = \"lou@example.org\"\ncover = \"sacha\"\n",
        "[teams]\nrh = [\"camille\", \"sacha\"]\n",
        "[teams]\nrh = [\"x@loin.org\"]\n",
        "[[remind]]\nevent = \"start\"\non_day = true\nto = [\"sacha\"]\n",
    ] {
        assert_eq!(forbidden(more), "forbidden-address", "{more}");
    }
    // An entry that cannot be used is not blamed for an address that nobody wrote.
    let broken = "[people.lou]\nemial = \"lou@example.org\"\n[teams]\nrh = [\"lou\"]\n";
    assert_eq!(forbidden(broken), "unknown-key", "the one slip, once");
}

const DATED: &str = "title = \"Chargé·e\"\norganisation = \"O\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-28\n[[interview]]\nname = \"A\"\non = 2026-07-06\n[[interview]]\nname = \"B\"\non = [2026-07-08, 2026-07-09]\n";

fn good(file: &str, text: &str) -> Text {
    let stem = file.trim_end_matches(".toml").to_owned();
    Text { file: file.to_owned(), stem, contents: Ok(text.to_owned()), guess: None }
}

#[test]
fn a_copy_under_another_name_is_a_warning_on_the_second_file() {
    let house = support::house("").house;
    let copy = "recruiters = [\"sacha\"]\norganisation = \"O\"\ntitle = \"Chargé·e\"\n[deadline]\nbefore = 2026-06-29\n[[interview]]\nname = \"Un\"\non = [2026-07-09, 2026-07-08]\n[[interview]]\nname = \"Deux\"\non = 2026-07-06\n";
    let other = DATED.replace("2026-07-06", "2026-07-07");
    let read = folder(
        &[
            good("c.toml", &format!("id = \"a\"\n{copy}")),
            good("b.toml", DATED),
            good("d.toml", &other),
            good("e.toml", copy),
        ],
        &house,
    );
    assert_eq!(read.postings.len(), 4, "all are used");
    let told: Vec<_> = read.problems.iter().map(|problem| (problem.code, problem.file.as_str())).collect();
    assert_eq!(told, [("same-posting", "c.toml"), ("same-posting", "e.toml")]);
    for problem in &read.problems {
        assert!(problem.sentence.fr.contains("dates de b.toml"), "{problem:?}");
    }
}

#[test]
fn of_two_postings_without_a_date_nothing_would_leave_twice() {
    let house = support::house("").house;
    for dates in ["", "[deadline]\nlabel = \"fin juin\"\n"] {
        let text = format!("title = \"T\"\nrecruiters = [\"camille\"]\n{dates}");
        let read = folder(&[good("a.toml", &text), good("b.toml", &text)], &house);
        assert!(read.problems.is_empty(), "{:?}", read.problems);
    }
}

#[test]
fn whoever_is_called_by_their_name_is_proposed_by_their_id() {
    let people =
        "time_zone = \"Europe/Paris\"\n[people.zoe]\nname = \"Zoé Exemple\"\nemail = \"zoe@example.org\"\n";
    let settings = support::service(people);
    for names in [
        "recruiters = [\"Zoé Exemple\"]\n",
        "recruiters = [\"ZOE  EXEMPLE\"]\n",
        "recruiters = [\"zoe\"]\n[[interview]]\non = 2026-07-06\npanel = [\"zoé exemple\"]\n",
        "recruiters = [\"zoe\"]\n[[remind]]\nevent = \"deadline\"\non_day = true\nto = [\"Zoé\\u00a0Exemple\"]\n",
    ] {
        let read = posting("p.toml", "p", &format!("title = \"T\"\n{names}"), &settings.house);
        let [problem] = &read.problems[..] else { panic!("{names}: {:?}", read.problems) };
        let remedy = problem.remedy.as_ref().unwrap();
        assert!(
            problem.code == "unknown-person" && remedy.fr.starts_with("vouliez-vous dire « zoe »"),
            "{remedy:?}"
        );
        assert!(read.recruiters.iter().all(|one| one.id == "zoe"));
    }
    for more in [
        "[teams]\nrh = [\"Zoé Exemple\"]\n",
        "[people.lou]\nemail = \"lou@example.org\"\ncover = \"Zoé Exemple\"\n",
    ] {
        let read = jalon::settings::read::reading("jalon.toml", &format!("{people}{more}"));
        let remedy = read.problems[0].remedy.as_ref().unwrap();
        assert!(remedy.fr.starts_with("vouliez-vous dire « zoe »"), "{more}: {remedy:?}");
    }
}

#[test]
fn title_organisation_and_dates_make_a_recruitment() {
    let read = |text: &str| posting("p.toml", "p", text, &support::house("").house).posting.unwrap();
    let same = |text: &str| {
        let (one, two) = (read(DATED), read(text));
        assert_eq!(one.same_recruitment(&two), two.same_recruitment(&one));
        one.same_recruitment(&two)
    };
    assert!(same(&format!("id = \"autre\"\nstatus = \"cancelled\"\nlocation = \"Crest\"\n{DATED}")));
    assert!(same(&DATED.replace("\"A\"", "\"C\"").replace("camille", "sacha")), "names and people aside");
    assert!(!same(&DATED.replace("Chargé·e", "Chargée")));
    assert!(!same(&DATED.replace("\"O\"", "\"P\"")));
    assert!(!same(&DATED.replace("organisation = \"O\"\n", "")));
    assert!(!same(&DATED.replace("2026-06-28", "2026-06-29")));
    assert!(!same(&DATED.replace("2026-06-28", "2026-06-28T12:00:00")));
    assert!(!same(&DATED.replace("[2026-07-08, 2026-07-09]", "2026-07-08")));
    assert!(!same(&DATED.replace("[2026-07-08, 2026-07-09]", "2026-07-06")), "as many as there are");
    assert!(!same(&DATED.replace("[[interview]]\nname = \"B\"", "[[milestone]]\nname = \"B\"")), "a kind");
    assert!(!same(&format!("{DATED}[start]\non = 2026-09-01\n")));
}

#[test]
fn everybody_whom_postings_name_is_known() {
    let settings = support::house("[people.lou]\nemail = \"lou@example.org\"\n");
    let text = "recruiters = [\"camille\", \"X@example.org\"]\n[[interview]]\non = 2026-07-06\npanel = [\"sacha\"]\n[[remind]]\nevent = \"interview\"\non_day = true\nto = [\"panel\", \"lou\"]\n";
    let postings = [support::read(&settings, text).unwrap(), support::read(&settings, "").unwrap()];
    let named: Vec<_> = jalon::calendar::named(&postings).into_iter().collect();
    assert_eq!(named, ["camille", "lou", "sacha", "x@example.org"]);
}
