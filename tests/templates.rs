//! Templates: the built-in ones, those that replace them, and what is said of those that fail.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;

use std::collections::{BTreeMap, BTreeSet};
use std::{fs, path::Path};

use jalon::calendar::{Event, Language, Posting};
use jalon::diagnostic::Language as Commands;
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
            } else if !path.ends_with("en/words.txt")
                && path.extension().is_none_or(|extension| extension != "md")
            {
                files.insert(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let built_in: BTreeSet<String> = BUILT_IN.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(built_in, files);
}

#[test]
fn every_language_has_every_template() {
    // That each has the same is how the list is written: a file that is missing does not compile.
    let folders: BTreeSet<&str> = BUILT_IN
        .iter()
        .filter(|(_, text)| !text.is_empty())
        .filter_map(|(name, _)| name.strip_suffix("/reminder.subject.txt"))
        .collect();
    assert_eq!(folders, Language::ALL.iter().map(Language::code).collect());
    let count = |folder: &str| BUILT_IN.iter().filter(|(name, _)| name.starts_with(folder)).count();
    assert!(folders.iter().all(|folder| count(folder) == count("fr/")), "{folders:?}");
}

#[test]
fn french_and_english_templates_name_the_same_variables_in_the_same_places() {
    for (name, french) in BUILT_IN.iter().filter(|(name, _)| name.starts_with("fr/")) {
        let english =
            BUILT_IN.iter().find(|(other, _)| other[2..] == name[2..] && other.starts_with("en")).unwrap();
        let english = english.1.replace("\"en/", "\"fr/");
        let shapes = |text| tags(text).into_iter().map(shape).collect::<Vec<_>>();
        assert_eq!(shapes(french), shapes(&english), "{name}");
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

/// A tag without the words that it hands on: `{% set label = "Quand" %}` and `{% set label = "When" %}` are one.
fn shape(tag: &str) -> String {
    if !tag.starts_with("{% set") && !tag.starts_with("{% with") {
        return tag.to_owned();
    }
    tag.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// The names that a template uses, each once: `reminder.posting.title`, and none that stands between quotes.
fn variables(template: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for tag in tags(template) {
        let outside = tag.split('"').step_by(2);
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
            "max-width:600px",
            "font-size:16px",
        ] {
            assert!(html.contains(wanted), "{wanted}");
        }
        for unwanted in ["<img", "src=", "url(", "@import", "<link", "<script", "<form", "{{", "{%", "None"] {
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
    let shown: Vec<String> = problems.iter().map(|problem| problem.show(Commands::English)).collect();
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
        problem.show(Commands::French),
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
fn a_template_that_works_too_hard_or_says_too_much_fails_alone_and_at_once() {
    let long = "x".repeat(2000);
    let loops = "{% for a in range(999) %}{% for b in range(999) %}";
    for (text, code) in [
        (format!("{loops}{{% endfor %}}{{% endfor %}}"), "template-too-long"),
        (format!("{loops}{{{{ '{long}' }}}}{{% endfor %}}{{% endfor %}}"), "template-too-long"),
        (format!("{loops}{long}{{% endfor %}}{{% endfor %}}"), "template-too-long"),
        ("{{ range(1000000000) | length }}".to_owned(), "template-fails"),
        ("{{ range(1000) | join('0123456789') }}".to_owned(), "template-fails"),
        ("{{ 'abc' | join('0123456789') }}".to_owned(), "template-fails"),
        ("{% include 'fr/reminder.txt' %}".to_owned(), "template-fails"),
        ("{% include '/etc/hostname' %}".to_owned(), "template-not-found"),
        ("{% include '../layout.html' %}".to_owned(), "template-not-found"),
        ("{% extends 'fr/reminder.txt' %}".to_owned(), "template-fails"),
        ("{{ reminders | nofilter }}".to_owned(), "template-fails"),
    ] {
        let begun = std::time::Instant::now();
        let problem = failure("fr/reminder.txt", &text);
        assert_eq!((problem.code, problem.file.as_str()), (code, "templates/fr/reminder.txt"), "{text:.80}");
        assert!(begun.elapsed().as_secs() < 5, "{:?}: {text:.80}", begun.elapsed());
    }
}

#[test]
fn what_doubles_is_refused_where_the_template_is_read() {
    for text in [
        "{{ 'x' * 99999999 }}",
        "{{ 2 ** 30 }}",
        "{% set a = headline ~ headline %}",
        "{% set a = headline + headline %}",
        "{%- set ns.a = ns.a ~ ns.a -%}",
        "{% set a = [headline, headline] %}",
        "{% set a = {'a': headline} %}",
        "{% for a in [headline ~ headline] %}{% endfor %}",
        "{% for a in [1, 2] %}{% endfor %}",
        "{% with a = headline ~ headline %}{% endwith %}",
        "{% set a %}{{ headline }}{{ headline }}{% endset %}",
        "{% macro m(x) %}{{ m(x ~ x) }}{% endmacro %}{{ m('x') }}",
        "{% filter upper %}x{% endfilter %}",
        "{% import 'layout.html' as x %}",
        "{{ super() }}",
        "{{ self.title() }}",
        "{{ loop(reminders) }}",
        "{{ dict(a=1) }}",
        "{% for a in reminders recursive %}{% endfor %}",
        "{{ headline | replace('a', headline) }}",
        "{{ headline|indent(99999999) }}",
        "{{ '%99999999d' | format(1) }}",
        "{# ~ #}{{ 'a' }}{{ \"it's\" * 3 }}",
        "{% raw %}{{ 'a' * 3 }}{% endraw %}",
    ] {
        let problems = replaced(&[("fr/reminder.txt", text)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        let known = ["template-calculates", "template-syntax"].contains(&problems[0].code);
        assert!(known && problems[0].place.is_some() && problems[0].remedy.is_some(), "{text}: {problems:?}");
    }
    for text in [
        "{% set reminder = reminders[0] %}{% include 'fr/parts/' ~ reminders[0].event.kind ~ '.txt' ignore missing %}",
        "{{ reminders[0].headline ~ ' + ' ~ 'x' }}",
        "{% set a = reminders[0].posting %}{{ a.title }}",
        "{% set a = \"[*~+\" %}{{ a }}",
        "{% set a = 'it\\'s * 2' %}{{ a }}",
        "{# ~ * [ #} 2 * 3 ~ [4] {+}",
        "{% for a in range(3) %}{{ loop.cycle('a', 'b') }}{{ loop.index + 1 }}{% endfor %}",
        "{{ reminders[0].posting.to_fix | join(', ') | upper | default('x', true) }}",
        "{%- if (late) or 'a' in ['a', 'b'] -%} x {%+ endif %}",
        "{{ (reminders | first).headline | trim }}{{ '&' | e }}",
    ] {
        let rendered = replaced(&[("fr/reminder.txt", text)]).map(|ours| {
            ours.render(&some_facts(&every_kind(), Language::French)).unwrap();
        });
        assert!(rendered.is_ok(), "{text}: {rendered:?}");
    }
    let long = "x".repeat(300_000);
    assert_eq!(replaced(&[("fr/reminder.txt", &long)]).unwrap_err()[0].code, "template-too-long");
}

fn hostile() -> Posting {
    let hostile = Some("<b onclick='x'>JavaScript:&".to_owned());
    Posting { location: hostile, ..every_kind() }
}

/// What a page of HTML is that stands in the place of reminder.html.
fn page(text: &str) -> Result<String, Problem> {
    let ours = replaced(&[("fr/reminder.html", text)]).map_err(|mut problems| problems.remove(0))?;
    ours.render(&some_facts(&hostile(), Language::French)).map(|mail| mail.html)
}

#[test]
fn facts_are_escaped_in_a_page_whatever_its_template_says() {
    let name = "reminders[0].posting.location";
    for text in [
        format!("{{{{ {name} }}}}"),
        format!("{{{{ {name} | e }}}}"),
        format!("{{{{ {name} ~ '' }}}}"),
        format!("{{% set a = {name} %}}{{{{ a | default('') }}}}"),
        format!("{{{{ [{name}] | join }}}}"),
        format!("{{{{ [{name}] }}}}"),
        format!("{{{{ {{'a': {name}}} }}}}"),
        "{% set reminder = reminders[0] %}{% include 'fr/parts/reminder.txt' %}".to_owned(),
    ] {
        let html = page(&text).unwrap();
        assert!(html.contains("&lt;b onclick=") && !html.contains('<'), "{text}: {html}");
    }
    for text in [
        format!("{{{{ {name} | safe }}}}"),
        format!("{{{{ {name}|safe }}}}"),
        format!("{{% autoescape false %}}{{{{ {name} }}}}{{% endautoescape %}}"),
    ] {
        assert_eq!(page(&text).unwrap_err().code, "template-calculates", "{text}");
    }
}

#[test]
fn a_link_leads_to_a_page_a_mail_or_a_telephone() {
    for bad in [
        "<a href=\"javascript:alert(1)\">",
        "<a href='JaVaScRiPt:alert(1)'>",
        "<a href=javascript:alert(1)>",
        "<A class=x HREF = \"java\tscript:alert(1)\">",
        "<a href=\"java&#115;cript:alert(1)\">",
        "<a href=\"&#106;avascript:alert(1)\">",
        "<a href=\" \u{1}javascript:alert(1)\">",
        "<a title='>' href=\"data:text/html,x\">",
        "<a href=\"vbscript:x\">",
        "<a href=\"file:///etc/passwd\">",
        "<a href=\"//example.org\">",
        "<svg><a xlink:href=\"javascript:alert(1)\">",
        "<a/href=\"javascript:alert(1)\">",
        "<a href=\"{{ reminders[0].posting.location }}\">",
    ] {
        let problem = page(bad).unwrap_err();
        assert_eq!(
            (problem.code, problem.file.as_str()),
            ("template-link", "templates/fr/reminder.html"),
            "{bad}"
        );
    }
    for good in [
        "<a href=\"https://example.org/\">",
        "<a href='HTTP://example.org/'>",
        "<a href=\"mailto:a@example.org\">",
        "<a href=tel:+33123456789>",
        "<a href=\"#top\"><!-- <a href=\"javascript:x\"> -->",
        "<a href=\"{{ reminders[0].posting.url }}\">",
        "<p title=\"href=javascript:x\">href=\"javascript:x\" {{ reminders[0].posting.location }} < 3 <img src=\"cid:x\">",
    ] {
        assert!(page(good).is_ok(), "{good}: {:?}", page(good));
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
    assert!(problem.show(Commands::English).ends_with("= did you mean before?\n"), "{problem:?}");
}
