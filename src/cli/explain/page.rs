//! The answer of `explain`: one screen. Without an event a line for each moment at which a posting reminds somebody;
//! with one, its chain (see `chain`). Then what the files do not ask for any more, and the notices.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::chain::Chain;
use super::names::Whom;
use super::record::{Moment, Record};
use crate::calendar::{Event, Posting, Recipient, When};
use crate::diagnostic::{Language, say};
use crate::plan::lay::lay_telling;
use crate::plan::presence::PATIENCE;
use crate::plan::refused::{Refusal, silence};
use crate::plan::row::Row;
use crate::plan::told::Histories;
use crate::plan::why::Scene;
use crate::plan::{Key, Occurrence, Reminder, Sort, words};
use crate::settings::Settings;

/// How the file of a posting stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// It is in force.
    InForce,
    /// It is wrong: its last good version is in force, which was first read then.
    LastGood(DateTime<Utc>),
    /// It is wrong, and no good version is known. Which file.
    NeverGood(String),
    /// It is gone, and that is not believed yet. Since when, if the service has seen it; and whether so many are gone
    /// that it is not believed at all.
    Vanished(Option<DateTime<Utc>>, bool),
    /// There is none.
    Gone,
}

/// What is asked, and what the answer is made from.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The posting's id.
    pub id: &'a str,
    /// The posting in force, if there is one.
    pub posting: Option<&'a Posting>,
    /// How its file stands.
    pub file: &'a File,
    /// The settings.
    pub settings: &'a Settings,
    /// What the ledger holds; `None` without one.
    pub rows: Option<&'a [Row]>,
    /// What was said of events.
    pub histories: &'a Histories,
    /// Of this event only, in whole.
    pub event: Option<&'a str>,
    /// To these people or addresses only.
    pub to: Option<&'a Whom>,
    /// By which team of `recruiters` somebody is reached.
    pub teams: &'a BTreeMap<String, String>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The language.
    pub language: Language,
}

impl Asked<'_> {
    pub(super) fn speak(&self, fr: impl Into<String>, en: impl Into<String>) -> String {
        say(fr, en).say(self.language).to_owned()
    }

    pub(super) fn colon(&self) -> &'static str {
        if self.language == Language::French { "\u{a0}:" } else { ":" }
    }

    fn semicolon(&self) -> &'static str {
        if self.language == Language::French { "\u{a0};" } else { ";" }
    }

    pub(super) fn is_to(&self, recipient: &Recipient) -> bool {
        self.to.is_none_or(|to| to.ids.contains(&recipient.id))
    }

    pub(super) fn concerns(&self, reminder: &Reminder) -> bool {
        self.is_to(reminder.recipient()) || self.is_to(reminder.reader())
    }

    fn is_row_to(&self, row: &Row) -> bool {
        let known = |id: &str| self.to.is_none_or(|to| to.ids.contains(id));
        known(row.key.recipient()) || known(&row.reader)
    }

    pub(super) fn moment(&self) -> Moment {
        let zone = self.posting.map_or(self.settings.house.zone, |posting| posting.zone);
        Moment { zone, now: self.now, language: self.language }
    }

    /// Names that have the same said of them, together: `camille, sacha : parti ; lou : prévu`.
    pub(super) fn together(&self, said: Vec<(String, String)>) -> String {
        let mut groups: Vec<(Vec<String>, String)> = Vec::new();
        for (name, text) in said {
            match groups.iter_mut().find(|(_, known)| *known == text) {
                Some((names, _)) => names.push(name),
                None => groups.push((vec![name], text)),
            }
        }
        let one = |(names, text): (Vec<String>, String)| {
            let names = names.join(", ");
            if text.is_empty() { names } else { format!("{names}{} {text}", self.colon()) }
        };
        groups.into_iter().map(one).collect::<Vec<_>>().join(&format!("{} ", self.semicolon()))
    }
}

/// Everything that the answer is made from.
pub(super) struct Matter<'a> {
    pub asked: &'a Asked<'a>,
    pub reminders: &'a [Reminder],
    pub refusals: &'a [Refusal],
}

impl<'a> Matter<'a> {
    pub(super) fn record(&self, at: Moment) -> Record<'a> {
        let asked = self.asked;
        let scene = Scene {
            posting: asked.posting,
            rows: asked.rows.unwrap_or_default(),
            histories: asked.histories,
            reminders: self.reminders,
            refusals: self.refusals,
        };
        Record { scene, settings: asked.settings, at }
    }

    /// What is said of the row of a key, or that there is none yet.
    pub(super) fn fate(&self, reminder: &Reminder) -> String {
        let asked = self.asked;
        let record = self.record(Moment { zone: reminder.zone, ..asked.moment() });
        let Some(rows) = asked.rows else {
            let past = reminder.due <= asked.now;
            return if past {
                asked.speak("cette heure est passée", "that time is past")
            } else {
                String::new()
            };
        };
        let key = reminder.key();
        rows.iter().find(|row| row.key == key).map_or_else(
            || {
                asked.speak(
                    "pas encore inscrit, le service n'a pas lu cette version",
                    "not noted yet, the service has not read this version",
                )
            },
            |row| self.said(&record, row),
        )
    }

    /// Whole where an event is asked about, else in a few words.
    fn said(&self, record: &Record<'_>, row: &Row) -> String {
        if self.asked.event.is_some() { record.whole(row) } else { record.short(row) }
    }

    pub(super) fn of(&self, event: &Event) -> impl Iterator<Item = &'a Reminder> {
        let (asked, id) = (self.asked, event.id.clone());
        self.reminders.iter().filter(move |one| *one.event == *id && asked.concerns(one))
    }

    pub(super) fn refused(&self, event: &Event) -> impl Iterator<Item = &'a Refusal> {
        let (asked, id) = (self.asked, event.id.clone());
        self.refusals.iter().filter(move |one| one.event == id && asked.is_to(&one.recipient))
    }
}

/// Reminders that leave at one moment of their recipients' own days, with one lead: they are told together.
pub(super) fn groups<'a>(reminders: impl Iterator<Item = &'a Reminder>) -> Vec<Vec<&'a Reminder>> {
    let mut groups: Vec<Vec<&Reminder>> = Vec::new();
    let same = |one: &Reminder| (one.lead, one.occurrence, one.zone.local(one.due), one.moved_from);
    for reminder in reminders {
        match groups.iter_mut().find(|group| same(group[0]) == same(reminder)) {
            Some(group) => group.push(reminder),
            None => groups.push(vec![reminder]),
        }
    }
    groups
}

/// The whole answer.
#[must_use]
pub fn page(asked: &Asked<'_>) -> String {
    let mut refusals = Vec::new();
    let plan = asked.posting.map(|posting| {
        lay_telling(std::slice::from_ref(posting), asked.settings, Some(&mut refusals)).reminders
    });
    let reminders = plan.unwrap_or_default();
    let matter = Matter { asked, reminders: &reminders, refusals: &refusals };
    let mut text = heading(asked);
    if let Some(posting) = asked.posting {
        let events = posting.events.iter().filter(|event| asked.event.is_none_or(|id| event.id == id));
        for event in events {
            let told = match asked.event {
                Some(_) => Chain { matter: &matter, posting, event }.text(),
                None => summary(&matter, posting, event),
            };
            text.push_str(&format!("\n{told}"));
        }
    }
    text + &former(&matter) + &notices(&matter) + &hint(&matter)
}

/// Which posting it is, and how its file stands.
fn heading(asked: &Asked<'_>) -> String {
    let id = asked.id;
    let mut text = match (asked.posting, asked.file) {
        (Some(posting), _) => {
            let head = asked.speak(format!("Fiche {id}"), format!("Posting {id}"));
            format!("{head} — {} ({})\n", posting.title, posting.file)
        }
        (None, File::NeverGood(file)) => asked.speak(
            format!("Fiche {id}\u{a0}: rien n'en est rappelé, car {file} est faux et aucune version correcte n'en est connue. Corrigez-le\u{a0}: jalon check dit comment.\n"),
            format!("Posting {id}: nobody is reminded of it, because {file} is wrong and no good version of it is known. Mend it: jalon check says how.\n"),
        ),
        (None, _) => asked.speak(
            format!("Fiche {id}\u{a0}: plus aucun fichier ne l'a\u{a0}; voici ce que le registre en garde.\n"),
            format!("Posting {id}: no file has it any more; this is what the ledger keeps.\n"),
        ),
    };
    text.push_str(&standing(asked));
    text
}

fn standing(asked: &Asked<'_>) -> String {
    let at = asked.moment();
    match asked.file {
        File::LastGood(since) => {
            let since = at.time(*since);
            asked.speak(
                format!("Le fichier est faux maintenant\u{a0}: sa dernière version correcte, lue le {since}, reste en vigueur.\n"),
                format!("The file is wrong now: its last good version, read on {since}, stays in force.\n"),
            )
        }
        File::Vanished(_, true) => asked.speak(
            "Le fichier manque, et tant d'autres avec lui que jalon n'y croit pas\u{a0}: les rappels continuent jusqu'à ce qu'ils reviennent, ou que quelqu'un lance jalon accept.\n",
            "The file is gone, and so many others with it that jalon does not believe it: reminders go on until they return, or somebody runs jalon accept.\n",
        ),
        File::Vanished(Some(since), false) => {
            let (since, until) = (at.time(*since), at.time(*since + PATIENCE));
            asked.speak(
                format!("Le fichier manque depuis le {since}\u{a0}: jalon y croira le {until}, ou dès « jalon accept »\u{a0}; d'ici là, les rappels continuent.\n"),
                format!("The file is gone since {since}: jalon will believe it on {until}, or at once after `jalon accept`; until then, reminders go on.\n"),
            )
        }
        File::Vanished(None, false) => asked.speak(
            "Le fichier manque\u{a0}: jalon y croira un quart d'heure après l'avoir vu, ou dès « jalon accept »\u{a0}; d'ici là, les rappels continuent.\n",
            "The file is gone: jalon will believe it a quarter of an hour after it sees that, or at once after `jalon accept`; until then, reminders go on.\n",
        ),
        File::InForce | File::NeverGood(_) | File::Gone => String::new(),
    }
}

/// An event, a line for each moment.
fn summary(matter: &Matter<'_>, posting: &Posting, event: &Event) -> String {
    let asked = matter.asked;
    let mut text = title(asked, posting, event);
    if event.when == When::Open || silence(posting, event).is_some() {
        return text;
    }
    let groups = groups(matter.of(event));
    for group in &groups {
        text.push_str(&line(matter, posting, group));
    }
    let mut refused: Vec<(String, Vec<&str>)> = Vec::new();
    for refusal in matter.refused(event) {
        let why = refusal.why.sentence(refusal.lead).say(asked.language).to_owned();
        match refused.iter_mut().find(|(known, _)| *known == why) {
            Some((_, names)) if names.contains(&refusal.recipient.id.as_str()) => {}
            Some((_, names)) => names.push(&refusal.recipient.id),
            None => refused.push((why, vec![&refusal.recipient.id])),
        }
    }
    for (why, names) in &refused {
        let not = asked.speak("rien", "nothing");
        text.push_str(&format!("  {not} → {}{} {why}\n", names.join(", "), asked.colon()));
    }
    if groups.is_empty() && refused.is_empty() {
        text.push_str(&Chain { matter, posting, event }.nothing());
    }
    text
}

/// Which event, where it is written, when it takes place; and why nobody is reminded of it, if so.
pub(super) fn title(asked: &Asked<'_>, posting: &Posting, event: &Event) -> String {
    let label = event.label.as_deref();
    let when = match event.when {
        When::Open => {
            let open = asked.speak("la date reste à fixer", "the date is still to be fixed");
            label.map_or_else(|| open.clone(), |label| format!("{open} ({label})"))
        }
        _ => words::when(&event.when, label, posting.zone, asked.language),
    };
    let file = posting.file.rsplit('/').next().unwrap_or_default();
    let why = silence(posting, event)
        .map(|why| format!("{} {}", asked.semicolon(), why.sentence().say(asked.language)));
    format!("{} ({file}:{}){} {when}{}\n", event.id, event.line, asked.colon(), why.unwrap_or_default())
}

/// One moment: `vendredi 19 juin à 9 h, 7 jours avant → camille, sacha : parti`.
fn line(matter: &Matter<'_>, posting: &Posting, group: &[&Reminder]) -> String {
    let asked = matter.asked;
    let first = group[0];
    let when = words::short_time(first.due, first.zone, asked.now, asked.language);
    let lead = words::lead(first.lead);
    let said = group.iter().map(|reminder| {
        let mut name = reminder.recipient().id.clone();
        if reminder.reader().id != reminder.recipient().id {
            name += &asked.speak(
                format!(" (lu par {})", reminder.reader().id),
                format!(" (read by {})", reminder.reader().id),
            );
        }
        if reminder.zone.name() != posting.zone.name() {
            name += &format!(" ({})", reminder.zone.name());
        }
        (name, matter.fate(reminder))
    });
    format!("  {when}, {} → {}\n", lead.say(asked.language), asked.together(said.collect()))
}

/// Reminders that the ledger knows and the files do not ask for: a line for each date and fate.
fn former(matter: &Matter<'_>) -> String {
    let asked = matter.asked;
    let rows = asked.rows.unwrap_or_default();
    let shown: BTreeSet<Key> = matter.reminders.iter().map(Reminder::key).collect();
    let mine = |row: &&Row| {
        row.key.sort() == Sort::Reminder
            && row.key.posting() == asked.id
            && asked.event.is_none_or(|event| row.key.event() == event)
            && !shown.contains(&row.key)
            && asked.is_row_to(row)
    };
    let mut found: Vec<&Row> = rows.iter().filter(mine).collect();
    if found.is_empty() {
        return String::new();
    }
    found.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
    let head = match asked.file {
        File::NeverGood(_) => asked.speak("Le registre en garde\u{a0}:", "The ledger keeps of it:"),
        _ => asked
            .speak("Ce que les fichiers ne demandent plus\u{a0}:", "What the files do not ask for any more:"),
    };
    let record = matter.record(asked.moment());
    let mut lines: Vec<(String, String, Vec<&str>, Vec<&str>)> = Vec::new();
    for row in found {
        let about = format!("{} ({})", row.key.event(), occurrence(asked, row));
        let fate = matter.said(&record, row);
        let at = lines.iter().position(|(of, said, ..)| *of == about && *said == fate);
        let at = at.unwrap_or_else(|| {
            lines.push((about, fate, Vec::new(), Vec::new()));
            lines.len() - 1
        });
        let (_, _, leads, names) = &mut lines[at];
        add(leads, row.key.lead());
        add(names, row.key.recipient());
    }
    let mut text = format!("\n{head}\n");
    for (about, fate, leads, names) in lines {
        let (leads, names) = (leads.join(" "), names.join(", "));
        text.push_str(&format!("  {about} {leads} → {names}{} {fate}\n", asked.colon()));
    }
    text
}

fn add<'a>(list: &mut Vec<&'a str>, one: &'a str) {
    if !list.contains(&one) {
        list.push(one);
    }
}

/// The date that a row is of.
fn occurrence(asked: &Asked<'_>, row: &Row) -> String {
    let today = asked.moment().zone.date(asked.now);
    let day = |day| words::short_day(day, today, asked.language);
    match row.key.occurrence().parse() {
        Ok(Occurrence::Day(on)) => day(on),
        Ok(Occurrence::Time(at)) => {
            format!("{}, {}", day(at.date()), words::clock(at.time(), asked.language))
        }
        Ok(Occurrence::Window(first, last)) => format!("{} – {}", day(first), day(last)),
        Err(()) => row.key.occurrence().to_owned(),
    }
}

/// The notices about the posting.
fn notices(matter: &Matter<'_>) -> String {
    let asked = matter.asked;
    let mine = |row: &&Row| {
        let sort = match row.key.sort() {
            Sort::Change => asked.event.is_none_or(|event| row.key.event() == event),
            Sort::New => asked.event.is_none(),
            _ => false,
        };
        sort && row.key.posting() == asked.id && asked.is_row_to(row)
    };
    let mut found: Vec<&Row> = asked.rows.unwrap_or_default().iter().filter(mine).collect();
    found.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
    let record = matter.record(asked.moment());
    let mut about: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for row in found {
        let due = words::short_time(row.due, record.at.zone, asked.now, asked.language);
        let event = row.key.event();
        let what = if row.key.sort() == Sort::New {
            asked.speak("avis de nouvelle fiche", "notice of the new posting")
        } else {
            asked.speak(format!("avis de changement de {event}"), format!("notice of the change of {event}"))
        };
        let what = format!("{due}, {what}");
        let whom = row.key.recipient();
        let name = if row.reader == whom { whom.to_owned() } else { format!("{whom} → {}", row.reader) };
        let fate = matter.said(&record, row);
        match about.iter_mut().find(|(known, _)| *known == what) {
            Some((_, said)) => said.push((name, fate)),
            None => about.push((what, vec![(name, fate)])),
        }
    }
    let mut text = if about.is_empty() { String::new() } else { "\n".to_owned() };
    for (what, said) in about {
        text.push_str(&format!("{what} → {}\n", asked.together(said)));
    }
    if asked.event.is_none() && asked.posting.is_some_and(|posting| !posting.announce) {
        text.push_str(&asked.speak(
            "\nPas d'avis de nouvelle fiche\u{a0}: announce = false.\n",
            "\nNo notice of a new posting: announce = false.\n",
        ));
    }
    text
}

/// How to ask for more.
fn hint(matter: &Matter<'_>) -> String {
    let asked = matter.asked;
    let Some(first) = matter.reminders.first().filter(|_| asked.event.is_none()) else {
        return String::new();
    };
    let command = format!("jalon explain {} {}", asked.id, first.event);
    asked.speak(
        format!("\nTout d'une étape, de sa règle à la réponse du relais\u{a0}: {command}\n"),
        format!("\nAll of an event, from its rule to the relay's answer: {command}\n"),
    )
}
