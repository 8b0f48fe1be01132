//! What the tests share: readings of small texts, made short to write.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use jalon::calendar::Posting;
use jalon::calendar::read::posting;
use jalon::diagnostic::{Language, Problem};
use jalon::plan::lay::lay;
use jalon::plan::{Plan, Reminder};
use jalon::settings::Settings;
use jalon::settings::read::settings;

/// A jalon.toml with two people and a team; `more` is added at its top.
pub fn house(more: &str) -> Settings {
    let text = format!(
        "{}{more}\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\ntime_zone = \"Indian/Reunion\"\n[teams]\nrh = [\"camille\", \"sacha\"]\n",
        if more.contains("time_zone") { "" } else { "time_zone = \"Europe/Paris\"\n" }
    );
    service(&text)
}

/// The settings of a whole jalon.toml.
pub fn service(text: &str) -> Settings {
    let (settings, problems) = settings("jalon.toml", text);
    settings.unwrap_or_else(|| panic!("{}", shown(&problems)))
}

/// Problems as a person reads them, in English.
pub fn shown(problems: &[Problem]) -> String {
    problems.iter().map(|problem| problem.show(Language::English)).collect()
}

/// A posting called `p`, of camille unless the text says otherwise.
pub fn read(settings: &Settings, text: &str) -> Result<Posting, String> {
    let recruiters = if text.contains("recruiters") { "" } else { "recruiters = [\"camille\"]\n" };
    let text = format!("title = \"T\"\n{recruiters}{text}");
    let read = posting("p.toml", "p", &text, &settings.house);
    read.posting.ok_or_else(|| shown(&read.problems))
}

/// What a posting's text plans.
pub fn plan(settings: &Settings, text: &str) -> Plan {
    let posting = read(settings, text).unwrap_or_else(|problems| panic!("{problems}"));
    lay(&[posting], settings)
}

/// A reminder as `EVENT OCCURRENCE LEAD RECIPIENT due LOCAL late LOCAL`, in the recipient's and in Paris time.
pub fn line(reminder: &Reminder) -> String {
    let key = reminder.key();
    let key = key.as_str().split_once('/').unwrap().1.replace('/', " ");
    let local = |at| reminder.zone.local(at).format("%Y-%m-%dT%H:%M").to_string();
    format!("{key} due {} late {}", local(reminder.due), local(reminder.late_after))
}

/// What a posting's text plans, a line each.
pub fn lines(settings: &Settings, text: &str) -> Vec<String> {
    plan(settings, text).reminders.iter().map(line).collect()
}
