//! `jalon agenda`: the reminders to come, from the files alone.

use clap::Args;
use serde::Serialize;

use super::listing::table;
use super::{Context, Exit, Format, Listing, fail, moment, out, report, rfc3339};
use crate::diagnostic::{Language, any_error, nearest, say};
use crate::files;
use crate::plan;
use crate::plan::Reminder;

/// List the reminders to come, from the files alone
#[derive(Debug, Args)]
pub struct Agenda {
    /// From this date on, included [default: now]
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Until this date, excluded
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Of this posting only
    #[arg(long, value_name = "POSTING")]
    posting: Option<String>,
    /// To this person or address only, also where somebody stands in for them, or they for somebody
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    #[command(flatten)]
    listing: Listing,
}

#[derive(Serialize)]
struct Row<'a> {
    key: &'a str,
    posting: &'a str,
    event: &'a str,
    occurrence: String,
    lead: String,
    recipient: &'a str,
    email: &'a str,
    due: String,
    late_after: String,
    rule: String,
    moved_from: Option<String>,
    template: &'static str,
    language: &'static str,
}

impl Agenda {
    /// Runs the command: with a broken file it prints the rest, and 78.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        report(&loaded.problems, false, language);
        let Some(settings) = &loaded.settings else { return Exit::Configuration };
        let zone = settings.house.zone;
        let mut bounds = [None, None];
        for (bound, text) in bounds.iter_mut().zip([&self.from, &self.until]) {
            let Some(text) = text else { continue };
            let Some(at) = moment(text, zone) else {
                let words = say(
                    format!("« {text} » n'est pas une date\u{a0}: écrivez 2026-06-28"),
                    format!("\"{text}\" is not a date: write 2026-06-28"),
                );
                return fail(Exit::Usage, language, &words);
            };
            *bound = Some(at);
        }
        if let [Some(from), Some(until)] = bounds
            && from >= until
        {
            let words = say("--from doit précéder --until", "--from must come before --until");
            return fail(Exit::Usage, language, &words);
        }
        let known = |id: &String| {
            let broken = loaded.folder.broken.iter().any(|file| file.id.as_ref() == Some(id));
            broken || loaded.folder.postings.iter().any(|posting| posting.id == *id)
        };
        if let Some(id) = self.posting.as_ref().filter(|id| !known(id)) {
            let ids = loaded.folder.postings.iter().map(|posting| posting.id.as_str());
            let hint = nearest(id, ids).map_or_else(
                || (String::new(), String::new()),
                |near| {
                    (
                        format!("\u{a0}; vouliez-vous dire « {near} »\u{a0}?"),
                        format!("; did you mean \"{near}\"?"),
                    )
                },
            );
            let words =
                say(format!("aucune fiche « {id} »{}", hint.0), format!("no posting \"{id}\"{}", hint.1));
            return fail(Exit::Usage, language, &words);
        }
        let from = bounds[0].unwrap_or_else(|| context.clock.now());
        let planned = plan::lay::lay(&loaded.folder.postings, settings);
        let wanted: Vec<&Reminder> = planned
            .reminders
            .iter()
            .filter(|reminder| reminder.due >= from && bounds[1].is_none_or(|until| reminder.due < until))
            .filter(|reminder| self.posting.as_ref().is_none_or(|id| reminder.posting == *id))
            .filter(|reminder| {
                self.person.as_ref().is_none_or(|id| {
                    [&reminder.recipient, &reminder.reader]
                        .iter()
                        .any(|one| one.id == *id || one.email.eq_ignore_ascii_case(id))
                })
            })
            .collect();
        let text = match self.listing.format {
            Format::Json => json(&wanted),
            Format::Table => Some(people(&wanted, language)),
        };
        match text.map_or(Exit::Failed, |text| out(&text)) {
            Exit::Done if any_error(&loaded.problems) => Exit::Configuration,
            exit => exit,
        }
    }
}

fn json(reminders: &[&Reminder]) -> Option<String> {
    let rows: Vec<Row<'_>> = reminders
        .iter()
        .map(|reminder| Row {
            key: reminder.key.as_str(),
            posting: &reminder.posting,
            event: &reminder.event,
            occurrence: reminder.occurrence.to_string(),
            lead: reminder.lead.to_string(),
            recipient: &reminder.recipient.id,
            email: &reminder.reader.email,
            due: rfc3339(reminder.due),
            late_after: rfc3339(reminder.late_after),
            rule: reminder.origin.to_string(),
            moved_from: reminder.moved_from.map(|day| day.to_string()),
            template: "reminder",
            language: reminder.language.code(),
        })
        .collect();
    serde_json::to_string_pretty(&rows).ok().map(|text| text + "\n")
}

fn people(reminders: &[&Reminder], language: Language) -> String {
    let head = match language {
        Language::French => ["DÉPART", "FUSEAU", "À", "FICHE", "ÉTAPE", "DATE", "DÉLAI"],
        Language::English => ["LEAVES", "ZONE", "TO", "POSTING", "EVENT", "ON", "LEAD"],
    };
    let rows: Vec<Vec<String>> = reminders
        .iter()
        .map(|reminder| {
            vec![
                reminder.zone.local(reminder.due).format("%Y-%m-%d %H:%M").to_string(),
                reminder.zone.name().to_owned(),
                to(reminder),
                reminder.posting.clone(),
                reminder.event.clone(),
                reminder.occurrence.to_string(),
                reminder.lead.to_string(),
            ]
        })
        .collect();
    if rows.is_empty() {
        return match language {
            Language::French => "aucun rappel à venir\n".to_owned(),
            Language::English => "no reminder to come\n".to_owned(),
        };
    }
    table(&head, &rows)
}

/// Whom a reminder is for; and who reads it, where that is somebody else.
fn to(reminder: &Reminder) -> String {
    let (whom, reader) = (&reminder.recipient.id, &reminder.reader.id);
    if whom == reader { whom.clone() } else { format!("{whom} → {reader}") }
}
