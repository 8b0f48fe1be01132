//! Templates: the built-in ones, those that replace them, and what is said of those that fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path};

use jalon::calendar::{Event, Language, Posting};
use jalon::diagnostic::Problem;
use jalon::message::render::BUILT_IN;
use jalon::message::{Addressee, Changed, Facts, Item, Matter, Rendered, Templates, facts};
use jalon::plan::Key;
use jalon::plan::said::{Said, difference};

use posting::*;

fn replaced(files: &[(&str, &str)]) -> Result<Templates, Vec<Problem>> {
    Templates::new(files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
}

fn some_facts(posting: &Posting, language: Language) -> Facts {
    let now = paris("2026-06-21T09:00");
    let keys: Vec<Key> = posting
        .events
        .iter()
        .map(|event| Key::from_text(format!("{}/{}/x/-7d/camille", posting.id, event.id)))
        .collect();
    let items: Vec<Item<'_>> = posting
        .events
        .iter()
        .zip(&keys)
        .map(|(event, key)| Item { posting, event, key, due: now, absent: None })
        .collect();
    let camille = Addressee {
        name: Some("Camille Exemple"),
        email: "camille@example.org",
        language,
        zone: zone("Indian/Reunion"),
    };
    let matter = Matter { reminders: items, ..Matter::default() };
    facts(&matter, &camille, now + chrono::TimeDelta::hours(1))
}

fn every_kind() -> Posting {
    full(vec![
        event("deadline", until("2026-06-28")),
        Event { name: Some("Premier tour".into()), ..met(event("interview", at(&["2026-07-06T09:00"]))) },
        Event { label: Some("fin août".into()), ..event("start", between("2026-08-24", "2026-08-31")) },
        event("end", on(&["2026-06-01"])),
        Event { name: Some("Passation".into()), ..met(event("milestone:passation", on(&["2026-09-04"]))) },
    ])
}

/// The problem of a mail whose one template is replaced by this text.
fn failure(name: &str, text: &str) -> Problem {
    replaced(&[(name, text)]).unwrap().render(&some_facts(&every_kind(), Language::French)).unwrap_err()
}

#[test]
fn the_built_in_templates_are_the_files_of_the_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
    let mut files = BTreeSet::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let built_in: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(built_in, files);
}

#[test]
fn french_and_english_templates_name_the_same_variables_in_the_same_places() {
    for (name, french) in BUILT_IN.iter().filter(|(name, _)| name.starts_with("fr/")) {
        let english =
            BUILT_IN.iter().find(|(other, _)| other[2..] == name[2..] && other.starts_with("en")).unwrap();
        assert_eq!(tags(french), tags(&english.1.replace("\"en/", "\"fr/")), "{name}");
    }
}

#[test]
fn each_pair_of_templates_uses_one_set_of_variables() {
    for (name, french) in BUILT_IN.iter().filter(|(name, _)| name.starts_with("fr/")) {
        let english = BUILT_IN.iter().find(|(other, _)| *other == name.replacen("fr/", "en/", 1)).unwrap().1;
        let (fr, en) = (variables(french), variables(english));
        assert_eq!(fr, en, "{name}");
        assert!(!fr.is_empty(), "{name} names nothing");
    }
}

/// The names that a template uses, each once: `reminder.posting.title`, and none that stands between quotes.
fn variables(template: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for tag in tags(template) {
        let outside = tag.split(['"', '\'']).step_by(2);
        let is_name = |c: char| c.is_alphanumeric() || "_.".contains(c);
        let names = outside.flat_map(|text| text.split(move |c| !is_name(c)));
        found.extend(names.filter(|name| name.starts_with(char::is_alphabetic)));
    }
    found
}

/// What stands between braces, in order.
fn tags(template: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = template;
    while let Some(start) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let end = start + rest[start..].find(['}']).unwrap();
        found.push(&rest[start..end]);
        rest = &rest[end..];
    }
    found
}

#[test]
fn html_says_what_text_says() {
    for language in Language::ALL {
        let Rendered { text, html, .. } =
            Templates::new(BTreeMap::new()).unwrap().render(&some_facts(&every_kind(), language)).unwrap();
        let body = html.split_once("<body").unwrap().1;
        let mut words = String::new();
        for (n, piece) in body.split(['<', '>']).enumerate() {
            words.push_str(if n % 2 == 1 { piece } else { " " });
        }
        let words = words.replace("&#39;", "'").replace("&quot;", "\"").replace("&amp;", "&");
        for line in text.lines().filter(|line| !line.contains("://") && !matches!(*line, "—" | "* * *")) {
            for word in line.split(['\u{a0}', ' ', ':']) {
                assert!(words.contains(word), "{word:?} of {line:?} is not in the HTML");
            }
        }
        for link in
            ["https://visio.example.org/aef", "https://www.example.org/recrutement/aef?lang=fr&amp;v=2"]
        {
            assert!(html.contains(&format!("<a href=\"{link}\">")), "{link}");
        }
    }
}

#[test]
fn html_is_one_plain_page_that_fetches_nothing() {
    for language in Language::ALL {
        let html = Templates::new(BTreeMap::new())
            .unwrap()
            .render(&some_facts(&every_kind(), language))
            .unwrap()
            .html;
        assert!(html.starts_with("<!DOCTYPE html>\n"), "{}", &html[..80]);
        for wanted in [
            &format!("<html lang=\"{}\">", language.code()),
            "name=\"viewport\"",
            "<meta name=\"color-scheme\" content=\"light dark\">",
            "@media (prefers-color-scheme: dark)",
            "max-width:534px",
            "font-size:16px",
        ] {
            assert!(html.contains(wanted), "{wanted}");
        }
        for unwanted in
            ["<img", "src=", "url(", "@import", "<link", "<script", "<table", "<form", "{{", "{%", "None"]
        {
            assert!(!html.contains(unwanted), "{unwanted}");
        }
    }
}

#[test]
fn one_file_replaces_one_built_in_and_french_spaces_are_set_in_it_too() {
    let templates = replaced(&[
        ("fr/reminder.subject.txt", "  Rappel : {{ reminders[0].headline }} !\n\n"),
        ("fr/parts/milestone.txt", "{{ reminder.event.name }} {{ reminder.posting.reference }}\n"),
    ])
    .unwrap();
    let mail = templates.render(&some_facts(&every_kind(), Language::French)).unwrap();
    assert_eq!(mail.subject, "Rappel\u{a0}: Clôture des candidatures dans 7 jours\u{a0}!");
    assert!(mail.text.contains("\n* * *\n\nPassation AEF-2026\n"));
    assert!(mail.html.contains(">Lieu de travail\u{a0}:</span>") && mail.html.contains("</style>"));
    assert!(!mail.html.split_once("</style>").unwrap().0.contains('\u{a0}'));
    let english = templates.render(&some_facts(&every_kind(), Language::English)).unwrap();
    assert!(english.subject.starts_with("Applications close in 7 days – "));
}

#[test]
fn a_fact_that_is_not_given_prints_nothing() {
    let templates = replaced(&[("fr/reminder.txt", "[{{ reminders[0].posting.contract }}]")]).unwrap();
    let posting = minimal(vec![event("deadline", until("2026-06-28"))]);
    assert_eq!(templates.render(&some_facts(&posting, Language::French)).unwrap().text, "[]\n");
}

#[test]
fn a_template_that_cannot_be_read_names_its_file_and_its_line_and_all_are_named_at_once() {
    let problems = replaced(&[
        ("fr/reminder.txt", "Bonjour,\n{% for reminder in reminders %}\n{{ reminder.headline }\n"),
        ("layout.html", "<p>\n{% endfor %}"),
        ("fr/remider.html", ""),
        ("de/erinnerung", ""),
    ])
    .unwrap_err();
    let shown: Vec<String> = problems.iter().map(|problem| problem.show(Language::English)).collect();
    assert_eq!(
        shown,
        [
            "error: endfor answers nothing that is open above it\n --> templates/layout.html:2:4\n  |\n2 | {% endfor %}\n  |    ^^^^^^\n  = remove it, or check the {% if … %} or the {% for … %} before it\n",
            "error: }} is needed here, to close {{\n --> templates/fr/reminder.txt:3:22\n  |\n3 | {{ reminder.headline }\n  |                      ^\n  = write one name between {{ and }}: {{ reminder.posting.title }}\n",
            "error: this file replaces no template\n --> templates/de/erinnerung\n  = a template bears the name of the one it replaces, such as fr/reminder.txt or layout.html\n",
            "error: this file replaces no template\n --> templates/fr/remider.html\n  = did you mean fr/reminder.html?\n",
        ]
    );
}

#[test]
fn an_unknown_variable_is_a_problem_where_it_stands_with_the_name_that_was_meant() {
    let problem = failure("fr/parts/deadline.txt", "ok\n{{ reminder.posting.titel }}\n");
    assert_eq!(
        problem.show(Language::French),
        "erreur\u{a0}: ce modèle nomme une variable qui n'existe pas\n --> templates/fr/parts/deadline.txt:2:12\n  |\n2 | {{ reminder.posting.titel }}\n  |            ^^^^^^^^^^^^^^\n  = vouliez-vous dire «\u{a0}title\u{a0}»\u{a0}?\n"
    );
    for text in [
        "{% if organisation %}{% endif %}",
        "{{ reminders[0].nothing.at.all }}",
        "{{ reminders[9].headline }}",
    ] {
        assert_eq!(failure("fr/reminder.txt", text).code, "template-unknown-variable", "{text}");
    }
}

#[test]
fn a_template_that_works_too_hard_or_says_too_much_fails_alone() {
    for (text, code) in [
        ("{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}", "template-too-long"),
        ("{% for a in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "template-too-long"),
        ("{% include 'fr/reminder.txt' %}", "template-fails"),
        ("{% include '/etc/hostname' %}", "template-not-found"),
        ("{% include '../layout.html' %}", "template-not-found"),
        ("{{ reminders | nofilter }}", "template-fails"),
    ] {
        let problem = failure("fr/reminder.txt", text);
        assert_eq!((problem.code, problem.file.as_str()), (code, "templates/fr/reminder.txt"), "{text}");
    }
}

#[test]
fn a_subject_is_one_line_of_words() {
    for text in ["", " \n ", "Rappel\u{7}", "Rappel \u{202e}lepparR"] {
        let problem = failure("fr/reminder.subject.txt", text);
        assert_eq!(
            (problem.code, problem.file.as_str()),
            ("template-subject", "templates/fr/reminder.subject.txt")
        );
    }
}

// Mails with notices.

/// A mail that reminds of a deadline, or only tells that it was moved.
fn moved(templates: &Templates, reminded: bool) -> Result<Rendered, Problem> {
    let posting = full(vec![event("deadline", until("2026-07-05"))]);
    let now = paris("2026-06-21T09:00");
    let after = Said::of(&posting, &posting.events[0]);
    let before = Said { when: until("2026-06-28"), ..after.clone() };
    let change = Changed {
        posting: &posting.id,
        event: "deadline",
        before: &before,
        after: &after,
        difference: difference(&before, &after, now).unwrap(),
        reminded: true,
        dropped: true,
        absent: None,
    };
    let key = Key::from_text("accompagnement/deadline/2026-07-05/-14d/camille");
    let item = Item { posting: &posting, event: &posting.events[0], key: &key, due: now, absent: None };
    let reminders = if reminded { vec![item] } else { Vec::new() };
    let matter = Matter { reminders, changes: vec![change], ..Matter::default() };
    let to = Addressee {
        name: None,
        email: "camille@example.org",
        language: Language::French,
        zone: zone("Europe/Paris"),
    };
    templates.render(&facts(&matter, &to, now))
}

#[test]
fn templates_of_ones_own_for_reminders_neither_break_notices_nor_leave_them_out() {
    let ours = replaced(&[
        ("fr/reminder.subject.txt", "{{ reminders[0].headline }}"),
        ("fr/reminder.txt", "{{ reminders[0].when }}"),
        ("fr/reminder.html", "{{ reminders[0].when }}"),
    ])
    .unwrap();
    for reminded in [false, true] {
        let mail = moved(&ours, reminded).unwrap();
        assert!(mail.text.contains("\nMaintenant\u{a0}: dimanche 5 juillet 2026 inclus"), "{}", mail.text);
        assert_eq!(mail, moved(&Templates::built_in(), reminded).unwrap());
    }
}

#[test]
fn a_part_of_ones_own_shows_what_changed() {
    let ours =
        replaced(&[("fr/parts/change.txt", "{{ change.what }} {{ change.event }} : {{ change.now }}\n")]);
    let text = moved(&ours.unwrap(), true).unwrap().text;
    assert!(text.contains("\nmoved deadline\u{a0}: dimanche 5 juillet 2026 inclus"), "{text}");
    let broken = replaced(&[("fr/parts/change.html", "{{ change.befor }}")]).unwrap();
    let problem = moved(&broken, false).unwrap_err();
    assert_eq!(
        (problem.code, problem.file.as_str()),
        ("template-unknown-variable", "templates/fr/parts/change.html")
    );
    assert!(problem.show(Language::English).ends_with("= did you mean before?\n"), "{problem:?}");
}
