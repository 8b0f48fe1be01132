//! `jalon preview`: one mail as it would be now.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Args, ValueEnum};

use super::{Context, Exit, fail, out, report};
use crate::calendar::{Event, Posting, Recipient};
use crate::diagnostic::{Language, nearest, say};
use crate::files;
use crate::message::{Addressee, Dates, Item, Matter, Templates, message_id, write};
use crate::plan;
use crate::plan::Reminder;
use crate::plan::told::revise;

/// Show one mail as it would be now
#[derive(Debug, Args)]
pub struct Preview {
    /// The posting's id
    posting: String,
    /// The event: deadline, interview, interview:premier-tour, start, end, milestone:passation
    event: String,
    /// To whom: a person or an address of this posting [default: the first recipient]
    #[arg(long, value_name = "PERSON")]
    to: Option<String>,
    /// What to show of it
    #[arg(long, value_enum, default_value_t)]
    format: Part,
}

/// What to show of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Subject and text.
    #[default]
    Text,
    /// The HTML part.
    Html,
    /// The whole mail.
    Eml,
}

impl Preview {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        report(&loaded.problems, false, language);
        let Some(settings) = &loaded.settings else { return Exit::Configuration };
        let Some(sender) = &settings.mail else {
            return fail(
                Exit::Configuration,
                language,
                &say("il manque [mail] dans jalon.toml", "[mail] is missing in jalon.toml"),
            );
        };
        let postings = &loaded.folder.postings;
        let Some(posting) = postings.iter().find(|posting| posting.id == self.posting) else {
            return unknown(
                "fiche",
                "posting",
                &self.posting,
                postings.iter().map(|posting| posting.id.as_str()),
                language,
            );
        };
        let Some(event) = posting.events.iter().find(|event| event.id == self.event) else {
            return unknown(
                "date",
                "event",
                &self.event,
                posting.events.iter().map(|event| event.id.as_str()),
                language,
            );
        };
        let now = context.clock.now();
        let planned = plan::lay::lay(std::slice::from_ref(posting), settings);
        let of_event: Vec<&Reminder> =
            planned.reminders.iter().filter(|reminder| *reminder.event == *event.id).collect();
        let Some(recipient) = self.recipient(posting, event, &of_event, language) else { return Exit::Usage };
        let of_recipient: Vec<&Reminder> =
            of_event.into_iter().filter(|reminder| reminder.recipient().id == recipient.id).collect();
        // The next to leave, else the last that left; an event without reminders is shown all the same.
        let next = of_recipient.iter().find(|reminder| reminder.due >= now).or(of_recipient.last());
        let key = next.map_or_else(
            || plan::Key::from_text(format!("{}/{}/-/0d/{}", posting.id, event.id, recipient.id)),
            |reminder| reminder.key(),
        );
        if !of_recipient.iter().any(|reminder| reminder.due >= now) {
            let why = if plan::lay::is_live(posting, event) {
                say("aucun rappel de cette date n'est à venir", "no reminder of this event is to come")
            } else {
                say(
                    "annulé, fait ou pourvu\u{a0}: aucun rappel ne partira",
                    "cancelled, done or filled: no reminder will leave",
                )
            };
            fail(Exit::Done, language, &why);
        }
        let item = Item { posting, event, key: &key, due: now, absent: None };
        // As if it were noted now, for the first time.
        let (gone, moved) = (BTreeSet::new(), BTreeMap::new());
        let noted = revise(std::slice::from_ref(posting), &gone, &moved, Vec::new(), now).histories;
        let history = noted.get(&posting.id, &event.id);
        let dates = Dates { posting: &posting.id, event: &event.id, history, now: Some((posting, event)) };
        let matter = Matter { reminders: vec![item], calendar: vec![dates], ..Matter::default() };
        let to = Addressee {
            name: recipient.name.as_deref(),
            email: &recipient.email,
            language: recipient.language.unwrap_or(posting.language),
            zone: recipient.zone.map_or(posting.zone, |zone| zone.0),
        };
        let (templates, problems) = Templates::or_built_in(&loaded.templates);
        report(&problems, true, language);
        let id = message_id([&key], sender.from.domain());
        match write(&templates, &matter, &to, sender, &id, now) {
            Err(problem) => {
                report(&[problem], true, language);
                Exit::Configuration
            }
            Ok(mail) => match (self.format, mail.bytes) {
                (Part::Text, _) => out(&format!("{}\n\n{}", mail.subject, mail.text)),
                (Part::Html, _) => out(&mail.html),
                (Part::Eml, Ok(bytes)) => out(&String::from_utf8_lossy(&bytes)),
                (Part::Eml, Err(error)) => {
                    fail(Exit::Failed, language, &say(error.to_string(), error.to_string()))
                }
            },
        }
    }

    fn recipient(
        &self,
        posting: &Posting,
        event: &Event,
        reminders: &[&Reminder],
        language: Language,
    ) -> Option<Recipient> {
        let mut all: Vec<&Recipient> = reminders.iter().map(|reminder| reminder.recipient()).collect();
        all.extend(posting.recruiters.iter().chain(&event.panel));
        let Some(wanted) = &self.to else { return all.first().map(|recipient| (*recipient).clone()) };
        let found = all
            .iter()
            .find(|recipient| recipient.id == *wanted || recipient.email.eq_ignore_ascii_case(wanted));
        if found.is_none() {
            unknown(
                "personne",
                "person",
                wanted,
                all.iter().map(|recipient| recipient.id.as_str()),
                language,
            );
        }
        found.map(|recipient| (*recipient).clone())
    }
}

fn unknown<'a>(
    fr: &str,
    en: &str,
    wanted: &str,
    known: impl Iterator<Item = &'a str>,
    language: Language,
) -> Exit {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    known.dedup();
    let (near_fr, near_en) = nearest(wanted, known.iter().copied()).map_or_else(
        || {
            (
                format!("jalon connaît\u{a0}: {}", known.join(", ")),
                format!("jalon knows: {}", known.join(", ")),
            )
        },
        |near| (format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?")),
    );
    let words =
        say(format!("aucune {fr} « {wanted} »\u{a0}; {near_fr}"), format!("no {en} \"{wanted}\"; {near_en}"));
    fail(Exit::Usage, language, &words)
}
