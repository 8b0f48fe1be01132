//! Pure. What is odd about files that are good: warnings that think, for `check`. None stops anything, and each is
//! silenced by its name, in the posting or for all in jalon.toml: `accept = ["past"]`.

mod candidate;
mod dates;
mod label;
mod load;
mod relay;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::lay::order::in_order;
use super::lay::{is_live, lay};
use super::{Plan, Reminder};
use crate::calendar::{Event, Posting, When, Zone};
use crate::diagnostic::{Place, Problem, Words};
use crate::settings::Settings;

/// What there is to think about.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The postings that can be used.
    pub postings: &'a [Posting],
    /// What they plan.
    pub reminders: &'a [Reminder],
    /// The settings.
    pub settings: &'a Settings,
    /// jalon.toml, as problems name it.
    pub jalon_toml: &'a str,
    /// The texts of the files by name, in which the lines are found.
    pub texts: &'a BTreeMap<&'a str, &'a str>,
    /// The machine's own zone, if it says one.
    pub machine: Option<Zone>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Everything that these postings ask for, with the warnings that they do not accept.
#[must_use]
pub fn plan(postings: &[Posting], settings: &Settings) -> Plan {
    let mut whole = Plan::default();
    for posting in postings {
        let Plan { reminders, warnings } = lay(std::slice::from_ref(posting), settings);
        whole.reminders.extend(reminders);
        whole.warnings.extend(warnings.into_iter().filter(|warning| !posting.accepts(warning.code)));
    }
    Plan { reminders: in_order(whole.reminders), ..whole }
}

/// Every warning that is not accepted.
#[must_use]
pub fn warnings(seen: &Seen<'_>) -> Vec<Problem> {
    let mut of_posting: BTreeMap<&str, Vec<&Reminder>> = BTreeMap::new();
    for reminder in seen.reminders {
        of_posting.entry(&*reminder.posting).or_default().push(reminder);
    }
    let mut problems = Vec::new();
    for posting in seen.postings {
        let planned = of_posting.remove(posting.id.as_str()).unwrap_or_default();
        let mut found = dates::warnings(seen, posting);
        found.extend(label::warnings(seen, posting));
        found.extend(candidate::warnings(seen, posting));
        found.extend(load::no_late_reminder(seen, posting, &planned));
        found.retain(|problem| !posting.accepts(problem.code));
        problems.append(&mut found);
    }
    problems.extend(load::two_at_once(seen));
    let of_settings = [load::over_rate(seen), load::zone_differs(seen), relay::password_login(seen)];
    let mut found: Vec<Problem> = of_settings.into_iter().flatten().chain(load::beyond_ascii(seen)).collect();
    found.retain(|problem| !seen.settings.house.accept.contains(problem.code));
    problems.append(&mut found);
    problems
}

impl Seen<'_> {
    /// A warning about an event, at the first of these keys that it has.
    fn about(
        &self,
        posting: &Posting,
        event: &Event,
        keys: &[&str],
        code: &'static str,
        sentence: Words,
        remedy: Words,
    ) -> Problem {
        let text = self.texts.get(posting.file.as_str()).copied().unwrap_or_default();
        let line = line_of(text, event.line, keys).unwrap_or(event.line);
        let place = Place { line, column: 1, width: 1, text: String::new() };
        Problem::warning(code, &posting.file, sentence).at(place).in_its_text(text).remedy(remedy)
    }

    /// A warning about jalon.toml, at a key.
    fn about_settings(&self, key: &str, code: &'static str, sentence: Words, remedy: Words) -> Problem {
        let text = self.texts.get(self.jalon_toml).copied().unwrap_or_default();
        let line = text.lines().position(|line| has_key(line, key));
        self.about_line(line, code, sentence, remedy)
    }

    /// A warning about a line of jalon.toml, counted from 0, if it is known.
    fn about_line(&self, line: Option<usize>, code: &'static str, sentence: Words, remedy: Words) -> Problem {
        let text = self.texts.get(self.jalon_toml).copied().unwrap_or_default();
        let problem = Problem::warning(code, self.jalon_toml, sentence).remedy(remedy);
        match line {
            Some(line) => {
                let place = Place { line: line + 1, column: 1, width: 1, text: String::new() };
                problem.at(place).in_its_text(text)
            }
            None => problem,
        }
    }
}

/// The line of the first of these keys in the table that begins on line `head`.
fn line_of(text: &str, head: usize, keys: &[&str]) -> Option<usize> {
    let within = || {
        let lines = text.lines().enumerate().skip(head);
        lines.take_while(|(_, line)| !line.trim_start().starts_with('['))
    };
    keys.iter().find_map(|key| within().find(|(_, line)| has_key(line, key)).map(|(n, _)| n + 1))
}

fn has_key(line: &str, key: &str) -> bool {
    line.split_once('=').is_some_and(|(found, _)| found.trim() == key)
}

/// The events that people are still to be reminded of, or were.
fn live(posting: &Posting) -> impl Iterator<Item = &Event> {
    posting.events.iter().filter(|event| is_live(posting, event))
}

/// The first and the last day on which an event may take place.
fn days(event: &Event) -> Option<(NaiveDate, NaiveDate)> {
    match &event.when {
        When::Deadline { last_day, .. } => Some((*last_day, *last_day)),
        When::Days(days) => Some((*days.first()?, *days.last()?)),
        When::Timed(starts) => Some((starts.first()?.local.date(), starts.last()?.local.date())),
        When::Window { first, last } => Some((*first, *last)),
        When::Open => None,
    }
}

/// The instant at which an event is over.
fn over_at(posting: &Posting, event: &Event) -> Option<DateTime<Utc>> {
    match &event.when {
        When::Deadline { closes, .. } => Some(*closes),
        When::Timed(starts) => Some(starts.last()?.instant + event.duration.unwrap_or_default()),
        When::Days(_) | When::Window { .. } => Some(posting.zone.end_of(days(event)?.1)),
        When::Open => None,
    }
}

/// What an event is called in a sentence: its name, else the heading under which it stands.
fn called(event: &Event) -> String {
    match &event.name {
        Some(name) => format!("« {name} »"),
        None => format!("[{}]", event.kind.word()),
    }
}

/// The same in English, where quotes are others.
fn called_en(event: &Event) -> String {
    event.name.as_ref().map_or_else(|| called(event), |name| format!("\"{name}\""))
}
