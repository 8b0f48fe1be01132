//! A third language is a folder: a whole one (German) is read, checked and spoken; one that lacks anything, or that has
//! something wrong in it, is told in full.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/posting.rs"]
mod posting;
#[path = "languages/season.rs"]
mod season;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};
use jalon::calendar::{Language, When};
use jalon::diagnostic::Problem;
use jalon::message::facts::facts_by;
use jalon::message::icalendar::feed::feed;
use jalon::message::render::EACH;
use jalon::message::spoken::{MODEL, PHRASES, answers};
use jalon::message::{Dates, Item, Matter, Templates, Voice};
use jalon::plan::Key;
use jalon::plan::said::{Said, Standing};
use jalon::plan::told::Revision;

use posting::{at, event, full, met, paris};
use season::{camille, folder, german, shown};

/// What is wrong with the folder when its file of words is written otherwise.
fn worded(edit: impl FnOnce(&str) -> String) -> Vec<Problem> {
    let mut texts = folder();
    let words = texts.get_mut("de/words.txt").unwrap();
    let edited = edit(words);
    assert_ne!(*words, edited, "nothing was edited");
    *words = edited;
    Templates::read(texts).1
}

#[test]
fn a_whole_folder_has_nothing_wrong_in_it() {
    let (templates, problems) = Templates::read(folder());
    assert_eq!(shown(&problems), "");
    assert_eq!(templates.unwrap().folders().collect::<Vec<_>>(), [german()]);
}

#[test]
fn the_model_says_what_jalon_says_in_english() {
    let texts = BTreeMap::from([("en/words.txt".to_owned(), MODEL.to_owned())]);
    let templates = Templates::new(texts).unwrap();
    let model = templates.voice(Language::English);
    let (said, expected) = (answers(&model), answers(&Voice::of(Language::English)));
    assert_eq!(model.fault(), None);
    let phrases: BTreeSet<&str> = expected.iter().map(|(phrase, _)| *phrase).collect();
    assert_eq!(phrases, PHRASES.iter().map(|phrase| phrase.name).collect(), "every phrase has a sample");
    for (said, expected) in said.iter().zip(&expected) {
        assert_eq!(said, expected);
    }
}

#[test]
fn a_copy_of_the_english_folder_is_whole() {
    let english = jalon::message::render::BUILT_IN.iter().filter(|(name, _)| name.starts_with("en/"));
    let mut texts: BTreeMap<String, String> =
        english.map(|(name, text)| (name.replacen("en/", "it/", 1), (*text).to_owned())).collect();
    texts.insert("it/words.txt".to_owned(), MODEL.to_owned());
    assert_eq!(shown(&Templates::read(texts.clone()).1), "");
    // It includes its own parts, not those of the folder that it was copied from.
    texts.insert("it/parts/posting.txt".to_owned(), "Annuncio".to_owned());
    let italian = Language::parse("it").unwrap();
    let templates = Templates::new(texts).unwrap();
    let mails = season::mails(&templates, italian);
    assert!(mails["Interview: the day before"].text.contains("Annuncio"));
}

#[test]
fn each_file_that_is_missing_is_named() {
    for name in EACH.iter().copied().chain(["words.txt"]) {
        let mut texts = folder();
        texts.remove(&format!("de/{name}")).unwrap();
        let (templates, problems) = Templates::read(texts);
        assert!(templates.is_none(), "{name}: a language is whole, or none");
        let [problem] = &problems[..] else { panic!("{name}: {}", shown(&problems)) };
        assert_eq!(
            (problem.code, problem.file.as_str()),
            ("missing-template", &*format!("templates/de/{name}"))
        );
        assert!(problem.remedy.as_ref().unwrap().en.contains(&format!("copy en/{name}")), "{problem:?}");
    }
    // All of them at once.
    let alone = BTreeMap::from([("de/words.txt".to_owned(), MODEL.to_owned())]);
    assert_eq!(Templates::read(alone).1.len(), EACH.len());
}

#[test]
fn each_phrase_that_is_missing_is_named() {
    for phrase in PHRASES {
        let opens = format!("{{% macro {}(", phrase.name);
        let problems = worded(|words| words.replace(&opens, &format!("{{% macro _{}(", phrase.name)));
        let missing: Vec<&Problem> = problems.iter().filter(|found| found.code == "missing-phrase").collect();
        let [problem] = missing[..] else { panic!("{}: {}", phrase.name, shown(&problems)) };
        assert_eq!(problem.sentence.en, format!("the phrase {} is missing", phrase.name));
        assert!(problem.remedy.as_ref().unwrap().en.contains(&phrase.signature()), "{problem:?}");
        assert_eq!(problem.file, "templates/de/words.txt");
    }
    let none = worded(|_| "{# nothing yet #}".to_owned());
    let missing = none.iter().filter(|found| found.code == "missing-phrase").count();
    assert_eq!((missing, none.len()), (PHRASES.len(), PHRASES.len()));
}

/// The only problem: what is wrong, the words that are marked, and what to do.
fn only(problems: &[Problem]) -> [String; 3] {
    let [Problem { sentence, place: Some(place), remedy: Some(remedy), .. }] = problems else {
        panic!("{}", shown(problems))
    };
    let marked = place.text.chars().skip(place.column - 1).take(place.width).collect();
    [sentence.en.clone(), marked, remedy.en.clone()]
}

#[test]
fn what_is_wrong_with_words_is_said_where_it_is() {
    let also = |text: &str| worded(|words| format!("{words}{text}\n"));
    let turned = |from: &str, to: &str| worded(|words| words.replace(from, to));
    for (problems, expected) in [
        (
            also("{% macro betwen(first, last) %}x{% endmacro %}"),
            ["there is no phrase called betwen", "betwen", "did you mean between?"],
        ),
        (
            also("{% macro weather(day) %}x{% endmacro %}"),
            [
                "there is no phrase called weather",
                "weather",
                "see templates/README.md; what is for yourself is called _weather",
            ],
        ),
        (
            turned("that_is(label, when) %}{{ label }}", "that_is(labl, when) %}{{ when }}"),
            ["that_is is given nothing that is called labl", "labl", "did you mean label?"],
        ),
        (
            turned("that_is(label, when)", "that_is(label, when, weather)"),
            ["that_is is given nothing that is called weather", "weather", "it is given: label, when"],
        ),
        (
            turned("to_be_fixed()", "to_be_fixed(kind)"),
            ["to_be_fixed is given nothing that is called kind", "kind", "write to_be_fixed()"],
        ),
        (
            also("{% macro date(day) %}x{% endmacro %}"),
            ["date is written twice", "date", "keep one of the two"],
        ),
        (
            turned("{{ label }}, das", "{{ labl }}, das"),
            ["this template names a variable that does not exist", "labl", "did you mean label?"],
        ),
        (
            turned("{% else %}Ausschreibung{% endif %}: {{ what }}", "{% endif %}"),
            [
                "the phrase fact says nothing",
                "fact",
                "maybe its conditions leave out a case: see templates/README.md",
            ],
        ),
        (
            turned("{{ label }}, das", "{{ label das"),
            [
                "}} is needed here, to close {{",
                "das",
                "write one name between {{ and }}: {{ reminder.posting.title }}",
            ],
        ),
    ] {
        assert_eq!(only(&problems), expected);
    }
}

#[test]
fn words_cannot_use_up_the_machine() {
    let phrase = |body: &str| {
        let body = body.to_owned();
        worded(move |words| {
            words.replace(
                "{% macro to_be_fixed() %}Termin noch offen",
                &format!("{{% macro to_be_fixed() %}}{body}"),
            )
        })
    };
    let begun = std::time::Instant::now();
    for (body, code) in [
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}",
            "template-too-long",
        ),
        ("{{ to_be_fixed() }}", "template-fails"),
        ("{% set a = 'x' ~ 'x' %}{{ a }}", "template-calculates"),
        ("{{ list(items=[1] * 9999) }}", "template-calculates"),
        ("{{ list(items=[nbsp, nbsp]) }}", "template-calculates"),
        ("{% set a %}x{% endset %}{{ a }}", "template-calculates"),
        ("{{ nbsp.upper() }}", "template-calculates"),
        ("{% include 'de/reminder.txt' %}", "template-calculates"),
        ("{{ nbsp | replace('a', 'b') }}", "template-calculates"),
        ("{% raw %}x{% endraw %}", "template-calculates"),
        ("{% filter upper %}x{% endfilter %}", "template-calculates"),
    ] {
        let problems = phrase(body);
        assert_eq!(problems.first().map(|problem| problem.code), Some(code), "{body}: {}", shown(&problems));
    }
    // What doubles by being handed on.
    let mut doubles =
        "{% macro _d0(x) %}{{ x }}{{ x }}{{ x }}{{ x }}{{ x }}{{ x }}{{ x }}{{ x }}{% endmacro %}".to_owned();
    for n in 1..7 {
        doubles = format!("{doubles}{{% macro _d{n}(x) %}}{{{{ _d{0}(_d{0}(x)) }}}}{{% endmacro %}}", n - 1);
    }
    let problems = worded(|words| {
        let words = words.replace("Termin noch offen{% endmacro", "{{ _d6('xxxxxxxx') }}{% endmacro");
        words.replacen("{# Daten #}", &doubles, 1)
    });
    assert_eq!(
        problems.first().map(|problem| problem.code),
        Some("template-too-long"),
        "{}",
        shown(&problems)
    );
    let long = phrase(&"x".repeat(600));
    assert_eq!(long.first().map(|problem| problem.code), Some("template-calculates"));
    let longer = worded(|words| format!("{words}{{# {} #}}", "x".repeat(60_000)));
    assert_eq!(longer.first().map(|problem| problem.code), Some("template-too-long"));
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

#[test]
fn a_folder_of_another_name_is_none() {
    let moved = |to: &str| {
        let texts = folder().into_iter().map(|(name, text)| (name.replacen("de/", to, 1), text));
        Templates::read(texts.collect())
    };
    for to in ["deutsch/", "DE/", "pt_BR/", "d/"] {
        let (templates, problems) = moved(to);
        assert!(templates.is_some_and(|templates| templates.folders().next().is_none()), "{to}");
        assert!(problems.iter().all(|problem| problem.code == "unknown-template"), "{}", shown(&problems));
    }
    assert_eq!(shown(&moved("de-AT/").1), "");
    // A file too many, and a slip in a name.
    let mut texts = folder();
    texts.insert("de/parts/remindr.txt".to_owned(), String::new());
    let problems = Templates::read(texts).1;
    assert!(shown(&problems).contains("did you mean de/parts/reminder.txt?"), "{}", shown(&problems));
    assert_eq!(problems.len(), 1);
}

#[test]
fn words_of_ones_own_replace_those_of_english() {
    let words = MODEL.replace("date to be fixed", "no date yet");
    let templates = Templates::new(BTreeMap::from([("en/words.txt".to_owned(), words)])).unwrap();
    let said =
        |language| answers(&templates.voice(language)).into_iter().find(|(name, _)| *name == "to_be_fixed");
    assert_eq!(said(Language::English).unwrap().1, "no date yet");
    assert_eq!(said(Language::French).unwrap().1, "date à fixer");
}

#[test]
fn a_season_in_german_reads_as_it_should() {
    let templates = Templates::new(folder()).unwrap();
    let mails = season::mails(&templates, german());
    for (name, shape) in [
        ("reminder", "Deadline: a week before"),
        ("interview", "Interview: the day before"),
        ("vague", "Start: a window"),
        ("several", "Several late reminders"),
        ("moved", "An interview that moved, without a place"),
        ("cancelled", "A cancelled recruitment"),
        ("new", "Several new recruitments"),
        ("missed", "Several messages that could not leave"),
        ("refused", "An address that is refused"),
        ("digest", "A summary"),
        ("slip", "A wrong file, the former one still holds"),
        ("operator", "Operator: several incidents"),
    ] {
        season::golden(name, &mails[shape]);
    }
}

#[test]
fn every_mail_of_a_third_language_is_in_it() {
    let templates = Templates::new(folder()).unwrap();
    let english = season::mails(&templates, Language::English);
    let mails = season::mails(&templates, german());
    assert_eq!(mails.len(), english.len());
    for (shape, mail) in &mails {
        assert_eq!(mail.language, german());
        assert!(mail.html.contains("<html lang=\"de\">"), "{shape}");
        // What is wrong with a file or with jalon is said in English.
        let ours = !shape.contains("file") && !shape.contains("Operator") && shape != "Everything at once";
        let text = mail.text.replace("end of the month", "").replace("after the holidays", "");
        let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphabetic()).collect();
        for foreign in ["the", "is", "of", "reminder", "Reminder", "and", "le", "et", "du"] {
            assert!(!ours || !words.contains(foreign), "{shape}: {foreign}\n{}", mail.text);
        }
        // No French spacing, and nothing left of a macro.
        assert!(!mail.text.contains("\u{a0}:") && !mail.html.contains("\u{a0}:"), "{shape}");
        for left in ["{{", "{%", "  \n", " ,", " .", "none", "undefined"] {
            assert!(!mail.text.contains(left), "{shape}: {left:?}\n{}", mail.text);
        }
    }
}

#[test]
fn no_spaces_but_french_ones_are_set() {
    let mut texts = folder();
    texts.insert("de/reminder.subject.txt".to_owned(), "« Frage » : ja".to_owned());
    texts.insert("fr/reminder.subject.txt".to_owned(), "« Question » : oui".to_owned());
    let templates = Templates::new(texts).unwrap();
    let subject = |language| season::mails(&templates, language)["Deadline: a week before"].subject.clone();
    assert_eq!(subject(german()), "« Frage » : ja");
    assert_eq!(subject(Language::French), "«\u{a0}Question\u{a0}»\u{a0}: oui");
}

#[test]
fn each_day_of_seven_years_is_said_in_german() {
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    const DAYS: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
    let templates = Templates::new(folder()).unwrap();
    let mut day: NaiveDate = "2024-01-01".parse().unwrap();
    let mut seen = 0;
    while day.year() < 2031 {
        let (weekday, month) = (DAYS[day.weekday() as usize], MONTHS[day.month0() as usize]);
        let expected = format!("{weekday}, {}. {month} {}", day.day(), day.year());
        let event = event("start", When::Days(vec![day]));
        let posting = full(vec![event]);
        let key = Key::from_text("p/start/x/-1d/camille".to_owned());
        let due = paris("2023-06-01T09:00");
        let item = Item { posting: &posting, event: &posting.events[0], key: &key, due, absent: None };
        let to = camille(german());
        let voice = templates.voice(german());
        let matter = Matter { reminders: vec![item], ..Matter::default() };
        let facts = facts_by(&voice, &matter, &to, due);
        assert_eq!((facts.reminders[0].when.as_str(), voice.fault()), (&*expected, None));
        let leaf = facts.reminders[0].leaf.as_ref().unwrap();
        assert!(weekday.starts_with(leaf.weekday.trim_end_matches('.')), "{leaf:?}");
        assert!(
            month.starts_with(leaf.month.trim_end_matches('.')) && leaf.day == day.day().to_string(),
            "{leaf:?}"
        );
        day = day.succ_opt().unwrap();
        seen += 1;
    }
    assert_eq!(seen, 2557);
}

#[test]
fn calendars_are_in_the_language_of_their_reader() {
    let templates = Templates::new(folder()).unwrap();
    let posting = full(vec![met(event("interview:erste-runde", at(&["2026-07-06T09:00"])))]);
    let said = Said::of(&posting, &posting.events[0]);
    let gone = Said { standing: Standing::Cancelled, ..said.clone() };
    let revision = |revision, said: &Said| Revision {
        posting: "p".to_owned(),
        event: "interview:erste-runde".to_owned(),
        revision,
        said: serde_json::to_string(said).unwrap(),
        since: paris("2026-06-01T09:00"),
    };
    let (first, second) = (revision(1, &said), revision(2, &gone));
    let calendar = |history: &[Revision]| {
        let dates = Dates {
            posting: "p",
            event: "interview:erste-runde",
            history,
            now: Some((&posting, &posting.events[0])),
        };
        templates.speak(german(), |voice| feed(&[dates], None, voice, paris("2026-06-02T09:00")))
    };
    let text = calendar(std::slice::from_ref(&first)).replace("\r\n ", "");
    for expected in
        ["SUMMARY:Vorstellungsgespräch", "Auswahlkommission: Camille", "NAME:Stellenausschreibungen"]
    {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(calendar(&[first, second]).contains("SUMMARY:Entfällt: Vorstellungsgespräch"));
}
