//! README.fr.md: every file, every question and every mail that it quotes is held to the program.

use std::fs;
use std::path::Path;

use jalon::calendar::Kind;
use jalon::cli::new::answers::Asking;
use jalon::cli::new::ask::{Given, Talk};
use jalon::cli::new::page::{Answers, page};
use jalon::cli::new::told;
use jalon::diagnostic::Language;
use jalon::message::{Addressee, Changed, Item, Matter, facts, typography};
use jalon::plan::lay::lay;
use jalon::plan::said::{Said, difference};
use jalon::settings::Settings;

use super::read;
use crate::support;

const FRENCH: &str = include_str!("../../README.fr.md");

/// The blocks of a language in a text.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let parts = text.split(&fence).skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

/// The service as it is shipped, with Sacha.
fn shipped() -> Settings {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/jalon.toml")).unwrap();
    support::service(&format!(
        "{text}\n[people.sacha]\nname = \"Sacha Exemple\"\nemail = \"sacha@example.org\"\n"
    ))
}

fn answered(settings: &Settings, typed: &str) -> (Answers, String) {
    let mut output = Vec::new();
    let answers = Talk {
        input: &mut typed.as_bytes(),
        output: &mut output,
        language: Language::French,
        asking: Asking { house: &settings.house, year: 2027 },
    }
    .ask(&Given::default())
    .unwrap();
    (answers, String::from_utf8(output).unwrap())
}

#[test]
fn the_french_readme_shows_what_new_asks_and_writes() {
    let jalon_toml =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("config/jalon.toml")).unwrap();
    let settings = support::service(&jalon_toml);
    let talk = &blocks(FRENCH, "text")[0];
    let typed: String =
        talk.lines().filter_map(|line| line.strip_prefix("   > ")).map(|line| format!("{line}\n")).collect();
    let (answers, asked) = answered(&settings, &typed);
    let (_, asked) = asked.split_once("\n\n").unwrap();
    let without_answers: String = talk
        .lines()
        .map(|line| if line.starts_with("   > ") { "   > ".to_owned() } else { format!("{line}\n") })
        .collect();
    assert_eq!(without_answers, asked);
    let page = page(&answers, Language::French, 2027, Some("../schema/posting.fr.json"));
    assert_eq!(blocks(FRENCH, "toml")[0], page);
    let posting = read(&page, &settings);
    let planned = lay(std::slice::from_ref(&posting), &settings);
    for reminder in planned.reminders.iter().take(3) {
        let line = told(&posting, reminder, Language::French);
        assert!(FRENCH.contains(&format!("\n  {line}\n")), "{line}");
    }
    let french = typography::text(FRENCH);
    let outside = |text: &str| text.split("```").step_by(2).collect::<String>();
    assert_eq!(outside(FRENCH), outside(&french), "no-break spaces");
}

#[test]
fn the_french_readme_says_which_mail_follows() {
    let settings = shipped();
    let whole: String = blocks(FRENCH, "toml")[0]
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            line.split("  #").next().unwrap().trim_end().replace("recruiters   =", "recruiters =") + "\n"
        })
        .collect();
    let before = read(&whole, &settings);
    let now = "2027-06-24T08:00:00Z".parse().unwrap();
    let to = Addressee {
        name: None,
        email: "camille@example.org",
        language: Language::French.into(),
        zone: before.zone,
    };
    let life = &FRENCH[FRENCH.find("## Ensuite").unwrap()..FRENCH.find("### S'absenter").unwrap()];
    let mut pairs = 0;
    for case in life.split("Avant\u{a0}:\n").skip(1) {
        let blocks = blocks(case, "toml");
        let [old, new] = &blocks[..2] else { panic!("{case}") };
        assert_eq!(whole.matches(old).count(), 1, "{old} in {whole}");
        let after = read(&whole.replace(old, new), &settings);
        let mut headlines = Vec::new();
        for (was, is) in before.events.iter().zip(&after.events) {
            let (was, is) = (Said::of(&before, was), Said::of(&after, is));
            let Some(difference) = difference(&was, &is, now) else { continue };
            let changed = Changed {
                posting: "animation",
                event: "x",
                before: &was,
                after: &is,
                difference,
                reminded: true,
                dropped: false,
                absent: None,
            };
            let facts = facts(&Matter { changes: vec![changed], ..Matter::default() }, &to, now);
            headlines.push(facts.changes[0].headline.clone());
        }
        let expected = if case.contains("Aucun courriel ne suit") {
            assert!(headlines.is_empty(), "{headlines:?}");
            let left = lay(std::slice::from_ref(&after), &settings).reminders;
            assert!(!left.is_empty() && left.iter().all(|one| matches!(one.kind, Kind::Start | Kind::End)));
            continue;
        } else if case.contains("annule toutes les dates") {
            assert_eq!(headlines.len(), 4);
            assert!(headlines.iter().all(|one| one.starts_with("Annulé")), "{headlines:?}");
            continue;
        } else {
            headlines.remove(0)
        };
        assert!(headlines.is_empty());
        assert!(
            case.contains(&format!("Le courriel qui suit\u{a0}: «\u{a0}{expected}\u{a0}»")),
            "{expected}\n{case}"
        );
        pairs += 1;
    }
    assert_eq!(pairs, 4);
}

#[test]
fn the_french_readme_says_who_stands_in() {
    let absence = &FRENCH[FRENCH.find("### S'absenter").unwrap()..];
    let blocks = blocks(absence, "toml");
    for block in &blocks {
        support::service(&format!("time_zone = \"Europe/Paris\"\n{block}"));
    }
    let settings = support::service(&format!("time_zone = \"Europe/Paris\"\n{}", blocks[1]));
    let whole = &self::blocks(FRENCH, "toml")[0];
    let posting = read(whole, &settings);
    let planned = lay(std::slice::from_ref(&posting), &settings);
    let readers: Vec<&str> = planned.reminders.iter().map(|one| one.reader().id.as_str()).collect();
    assert_eq!(readers[..4], ["sacha", "sacha", "sacha", "camille"], "{planned:?}");
    let reminder = &planned.reminders[0];
    let event = &posting.events[0];
    let item = Item {
        posting: &posting,
        event,
        key: &reminder.key(),
        due: reminder.due,
        absent: Some("Camille Exemple"),
    };
    let to = Addressee {
        name: None,
        email: "sacha@example.org",
        language: Language::French.into(),
        zone: posting.zone,
    };
    let facts = facts(&Matter { reminders: vec![item], ..Matter::default() }, &to, reminder.due);
    let expected = facts.reminders[0].absent.clone().unwrap();
    assert!(absence.contains(&format!("«\u{a0}{expected}\u{a0}»")), "{expected}");
}
