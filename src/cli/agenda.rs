//! `jalon agenda`: the reminders to come, from the files alone; or their dates as a calendar, numbered as the ledger has
//! them if there is one, so that a client knows the dates of mails and feeds again.

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::listing::table;
use super::whose::Who;
use super::{Context, Exit, fail, ledger_exit, ledger_place, moment, now_of, out, report, rfc3339, wait};
use crate::clock::Clock;
use crate::daemon::planner::{Laid, Memory, Planner};
use crate::diagnostic::{Language, any_error, nearest, say};
use crate::files::{self, Loaded};
use crate::ledger::LedgerError;
use crate::ledger::store::Store;
use crate::message::icalendar::feed::{dates, is_theirs, reminded};
use crate::message::icalendar::written;
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
    /// How to print it; `ics`: the dates themselves, not their reminders, as a calendar, the last thirty days included
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// The ledger, for --format ics [default: jalon.toml's, if it is there]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

/// How an agenda is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Table,
    /// One JSON array, with stable names and RFC 3339 instants.
    Json,
    /// An iCalendar file (RFC 5545).
    Ics,
}

/// How far back a calendar goes.
const BACK: TimeDelta = TimeDelta::days(30);

#[derive(Serialize)]
struct Row<'a> {
    key: String,
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
    language: &'a str,
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
        if self.format == Form::Ics {
            return self.calendar(context, loaded, bounds, language);
        }
        let from = bounds[0].unwrap_or_else(|| context.clock.now());
        let planned = plan::lay::lay(&loaded.folder.postings, settings);
        let wanted: Vec<&Reminder> = planned
            .reminders
            .iter()
            .filter(|reminder| reminder.due >= from && bounds[1].is_none_or(|until| reminder.due < until))
            .filter(|reminder| self.posting.as_ref().is_none_or(|id| *reminder.posting == **id))
            .filter(|reminder| {
                self.person.as_ref().is_none_or(|id| {
                    [reminder.recipient(), reminder.reader()]
                        .iter()
                        .any(|one| one.id == *id || one.email.eq_ignore_ascii_case(id))
                })
            })
            .collect();
        let text = match self.format {
            Form::Json => json(&wanted),
            Form::Table | Form::Ics => Some(people(&wanted, language)),
        };
        match text.map_or(Exit::Failed, |text| out(&text)) {
            Exit::Done if any_error(&loaded.problems) => Exit::Configuration,
            exit => exit,
        }
    }
}

impl Agenda {
    /// The dates as a calendar: as the daemon would have them now, by the ledger if there is one.
    fn calendar(
        &self,
        context: &Context,
        loaded: Loaded,
        [from, until]: [Option<DateTime<Utc>>; 2],
        language: Language,
    ) -> Exit {
        let broken = any_error(&loaded.problems);
        let (now, memory) = match self.remembered(context, &loaded, language) {
            Ok(found) => found,
            Err(error) => return ledger_exit(&error, language),
        };
        let remembered = memory.people.clone();
        let planner = Planner::new((), Clock::jumping(now), context.config.clone(), loaded);
        let Some(laid) = planner.decide(memory, now) else { return Exit::Configuration };
        let Laid { snapshot, reminders, known, .. } = &laid;
        let directory = &snapshot.settings.house.directory;
        let mut all = dates(&snapshot.histories, &snapshot.postings);
        all.retain(|dates| self.posting.as_ref().is_none_or(|id| dates.posting == id));
        let mut speaks = snapshot.settings.house.language;
        if let Some(asked) = &self.person {
            let who = Who::named(asked, Some(directory), &remembered);
            let reminded = reminded(reminders, known, &snapshot.postings);
            all.retain(|dates| who.ids.iter().any(|id| is_theirs(dates, id, &reminded)));
            let people: Vec<_> = who.ids.iter().filter_map(|id| directory.people.get(id)).collect();
            if all.is_empty() && people.is_empty() {
                return fail(Exit::Usage, language, &nobody(asked, directory.people.keys()));
            }
            speaks = people.iter().find_map(|person| person.language).unwrap_or(speaks);
        }
        let from = from.unwrap_or(now - BACK);
        let wanted = |over| over > from && until.is_none_or(|until| over <= until);
        // A folder of calendars has one for each command; a name tells them apart.
        let name = self.person.as_deref().or(self.posting.as_deref()).unwrap_or("jalon");
        let text = snapshot.templates.speak(speaks, |voice| written(&all, voice, Some(name), wanted));
        match text.map_or(Exit::Failed, |text| out(&text)) {
            Exit::Done if broken => Exit::Configuration,
            exit => exit,
        }
    }

    /// The moment, and what the ledger remembers; nothing where there is none.
    fn remembered(
        &self,
        context: &Context,
        loaded: &Loaded,
        language: Language,
    ) -> Result<(DateTime<Utc>, Memory), LedgerError> {
        let settings = loaded.settings.as_ref();
        let path = ledger_place(self.ledger.as_deref(), settings, &context.config);
        let ledger = path.and_then(|path| Store::read(&path));
        match ledger {
            // Numbers that fall would have clients keep what they have: a ledger that is there is read, or nothing is said.
            Err(LedgerError::Missing { .. }) if self.ledger.is_none() => {
                Ok((context.clock.now(), Memory::default()))
            }
            Err(error) => Err(error),
            Ok(ledger) => wait(async {
                let now = now_of(&ledger, context, settings, language).await?;
                Ok((now, Memory::of(&ledger).await?))
            }),
        }
    }
}

fn nobody<'a>(asked: &str, known: impl Iterator<Item = &'a String>) -> crate::diagnostic::Words {
    let (fr, en) = nearest(asked, known.map(String::as_str)).map_or_else(
        || (String::new(), String::new()),
        |near| {
            (format!("\u{a0}; vouliez-vous dire « {near} »\u{a0}?"), format!("; did you mean \"{near}\"?"))
        },
    );
    say(format!("aucune date n'est celle de « {asked} »{fr}"), format!("no date is that of \"{asked}\"{en}"))
}

fn json(reminders: &[&Reminder]) -> Option<String> {
    let rows: Vec<Row<'_>> = reminders
        .iter()
        .map(|reminder| Row {
            key: reminder.key().to_string(),
            posting: &reminder.posting,
            event: &reminder.event,
            occurrence: reminder.occurrence.to_string(),
            lead: reminder.lead.to_string(),
            recipient: &reminder.recipient().id,
            email: &reminder.reader().email,
            due: rfc3339(reminder.due),
            late_after: rfc3339(reminder.late_after),
            rule: reminder.origin.to_string(),
            moved_from: reminder.moved_from.map(|day| day.to_string()),
            template: "reminder",
            language: reminder.reminded().language.code(),
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
                reminder.posting.to_string(),
                reminder.event.to_string(),
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
    let (whom, reader) = (&reminder.recipient().id, &reminder.reader().id);
    if whom == reader { whom.clone() } else { format!("{whom} → {reader}") }
}
