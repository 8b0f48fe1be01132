//! The answer of `explain`, a screen of plain words: for each reminder of an event the chain from its rule to its
//! fate, whether it was planned or not; then the notices.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};

use super::record::{Moment, record};
use crate::calendar::rule::Origin;
use crate::calendar::{Event, Kind, Lead, Posting, Recipient, Rule, When};
use crate::diagnostic::{Language, Words, say};
use crate::plan::absence::is_away;
use crate::plan::lay::{house_rules, lay_telling, levels};
use crate::plan::refused::{Refusal, Refused, silence};
use crate::plan::row::Row;
use crate::plan::words;
use crate::plan::{Key, Reminder, Sort};
use crate::settings::Settings;

/// What is asked, and what the answer is made from.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The posting's id.
    pub id: &'a str,
    /// The posting, if a file or the ledger still has it.
    pub posting: Option<&'a Posting>,
    /// The settings.
    pub settings: &'a Settings,
    /// What the ledger holds; `None` without one.
    pub rows: Option<&'a [Row]>,
    /// Of this event only.
    pub event: Option<&'a str>,
    /// To this person or address only.
    pub to: Option<&'a str>,
    /// By which team of `recruiters` somebody is reached.
    pub teams: &'a BTreeMap<String, String>,
    /// Now.
    pub now: DateTime<Utc>,
    /// The language.
    pub language: Language,
}

impl Asked<'_> {
    fn speak(&self, fr: impl Into<String>, en: impl Into<String>) -> String {
        say(fr, en).say(self.language).to_owned()
    }

    /// `name : text`, with the language's colon.
    fn line(&self, name: &Words, text: &str) -> String {
        let colon = if self.language == Language::French { "\u{a0}:" } else { ":" };
        format!("    {}{colon} {text}\n", name.say(self.language))
    }

    fn is_to(&self, recipient: &Recipient) -> bool {
        self.to.is_none_or(|to| recipient.id == to || recipient.email.eq_ignore_ascii_case(to))
    }

    fn is_row_to(&self, row: &Row) -> bool {
        let to =
            |to: &str| row.key.recipient() == to || row.reader == to || row.email.eq_ignore_ascii_case(to);
        self.to.is_none_or(to)
    }

    fn moment(&self) -> Moment {
        Moment { zone: self.settings.house.zone, now: self.now, language: self.language }
    }

    /// What the ledger says of a key, or that it does not know it.
    fn fate(&self, key: &Key, at: Moment) -> Option<String> {
        let rows = self.rows?;
        let found = rows.iter().find(|row| row.key == *key).map(|row| record(row, rows, &at));
        Some(found.unwrap_or_else(|| {
            self.speak(
                "pas encore inscrit\u{a0}: le service n'a pas lu cette version",
                "not noted yet: the service has not read this version",
            )
        }))
    }
}

/// The whole answer.
#[must_use]
pub fn page(asked: &Asked<'_>) -> String {
    let mut text = if let Some(posting) = asked.posting {
        let head = asked.speak(format!("Fiche {}", asked.id), format!("Posting {}", asked.id));
        format!("{head} — {} ({})\n", posting.title, posting.file)
    } else {
        let head = asked.speak(
            format!(
                "Fiche {}\u{a0}: plus aucun fichier ne l'a\u{a0}; voici ce que le registre en garde",
                asked.id
            ),
            format!("Posting {}: no file has it any more; this is what the ledger keeps", asked.id),
        );
        format!("{head}\n")
    };
    let mut shown: BTreeSet<Key> = BTreeSet::new();
    if let Some(posting) = asked.posting {
        let mut refusals = Vec::new();
        let plan = lay_telling(std::slice::from_ref(posting), asked.settings, Some(&mut refusals));
        let asked_for = |event: &&Event| asked.event.is_none_or(|id| event.id == id);
        for event in posting.events.iter().filter(asked_for) {
            let chapter = Chapter { asked, posting, event };
            text.push_str(&chapter.text(&plan.reminders, &refusals, &mut shown));
        }
    }
    text + &former(asked, &shown) + &notices(asked)
}

/// One event.
struct Chapter<'a> {
    asked: &'a Asked<'a>,
    posting: &'a Posting,
    event: &'a Event,
}

impl Chapter<'_> {
    fn text(&self, reminders: &[Reminder], refusals: &[Refusal], shown: &mut BTreeSet<Key>) -> String {
        let Self { asked, posting, event } = self;
        let colon = if asked.language == Language::French { "\u{a0}:" } else { ":" };
        let when = words::when(&event.when, event.label.as_deref(), posting.zone, asked.language);
        let mut text = format!(
            "\n{} ({}:{}){colon} {when}, {}\n",
            event.id,
            posting.file,
            event.line,
            posting.zone.name()
        );
        if let Some(why) = silence(posting, event) {
            text.push_str(&format!("  {}\n", why.sentence().say(asked.language)));
            return text;
        }
        let house = house_rules(asked.settings);
        let levels = levels(posting, event, &house);
        let mine = |id: &str, of: &str| id == posting.id && of == event.id;
        let mut said = false;
        for reminder in reminders.iter().filter(|one| mine(&one.posting, &one.event)) {
            shown.insert(reminder.key.clone());
            if !asked.is_to(&reminder.recipient) && !asked.is_to(&reminder.reader) {
                continue;
            }
            let rule = levels.iter().flatten().find(|rule| rule.origin == reminder.origin);
            text.push_str(&self.reminder(reminder, rule.copied()));
            said = true;
        }
        for refusal in refusals.iter().filter(|one| mine(&one.posting, &one.event)) {
            if asked.is_to(&refusal.recipient) {
                text.push_str(&self.refusal(refusal));
                said = true;
            }
        }
        text.push_str(&self.replaced(&levels));
        if !said {
            text.push_str(&self.nothing(&levels));
        }
        text
    }

    fn reminder(&self, reminder: &Reminder, rule: Option<&Rule>) -> String {
        let asked = self.asked;
        let at = Moment { zone: reminder.zone, ..asked.moment() };
        let title = asked.speak("Rappel", "Reminder");
        let mut text = format!("  {title} {} → {}\n", reminder.lead, reminder.recipient.id);
        text.push_str(&self.rule(&reminder.origin));
        text.push_str(&asked.line(&say("date", "date"), &self.date(reminder)));
        let due = at.time(reminder.due);
        let whose = if reminder.recipient.zone.is_some() {
            asked.speak(
                format!(", fuseau de {}", reminder.recipient.id),
                format!(", {}'s own zone", reminder.recipient.id),
            )
        } else {
            String::new()
        };
        let early = rule.is_some_and(|rule| {
            reminder.lead.count == 0 && reminder.zone.local(reminder.due).time() < rule.at
        });
        let margin = if early {
            asked.speak("\u{a0}; au plus tard deux heures avant", "; two hours before at the latest")
        } else {
            String::new()
        };
        let leaves = format!("{due}, {}{whose}{margin}", reminder.zone.name());
        text.push_str(&asked.line(&say("départ", "leaves"), &leaves));
        text.push_str(&asked.line(&say("destinataire", "to"), &self.to(reminder)));
        match asked.fate(&reminder.key, at) {
            Some(fate) => text.push_str(&asked.line(&say("registre", "ledger"), &fate)),
            None if reminder.due <= asked.now => {
                let past = asked.speak("cette heure est passée", "that time is past");
                text.push_str(&asked.line(&say("registre", "ledger"), &past));
            }
            None => {}
        }
        text
    }

    fn refusal(&self, refusal: &Refusal) -> String {
        let asked = self.asked;
        let (title, not) = (asked.speak("Rappel", "Reminder"), asked.speak("pas prévu", "not planned"));
        let colon = if asked.language == Language::French { "\u{a0}:" } else { ":" };
        let mut text = format!("  {title} {} → {}{colon} {not}\n", refusal.lead, refusal.recipient.id);
        text.push_str(&self.rule(&refusal.origin));
        let mut why = refusal.why.sentence(refusal.lead).say(asked.language).to_owned();
        let at = asked.moment();
        match refusal.why {
            Refused::Useless { due, late_after } => {
                let (due, until) = (at.time(due), at.time(late_after));
                why += &asked.speak(
                    format!("\u{a0}: le {due}, or il ne sert que jusqu'au {until}"),
                    format!(": on {due}, and it is of use until {until} only"),
                );
            }
            Refused::DayOff(day) => {
                why += &format!(" ({})", words::off(day, &self.posting.days).say(asked.language));
            }
            _ => {}
        }
        text + &asked.line(&say("pourquoi", "why"), &why)
    }

    fn rule(&self, origin: &Origin) -> String {
        let text = if origin.file.is_some() {
            origin.to_string()
        } else {
            let kind = self.event.kind.word();
            self.asked.speak(
                format!("d'origine\u{a0}: aucun fichier n'en donne pour {kind}"),
                format!("built in: no file has one for {kind}"),
            )
        };
        self.asked.line(&say("règle", "rule"), &text)
    }

    /// From the event's date to the reminder's.
    fn date(&self, reminder: &Reminder) -> String {
        let asked = self.asked;
        let lead = words::lead(reminder.lead);
        if reminder.lead.is_timed() {
            let from = match &self.event.when {
                When::Deadline { .. } => say("la clôture", "the closing"),
                _ if reminder.lead.count > 0 => say("la fin", "the end"),
                _ => say("le début", "the start"),
            };
            return asked.speak(format!("{} {}", lead.fr, from.fr), format!("{} {}", lead.en, from.en));
        }
        let day = |day: NaiveDate| words::day(day, asked.language);
        let from = self.counted_from(reminder);
        if reminder.lead.count == 0 {
            return format!("{}, {}", lead.say(asked.language), day(from));
        }
        // `at` of that date, in the recipient's zone: so is the date.
        let on = reminder.zone.date(reminder.due);
        let first = reminder.moved_from.unwrap_or(on);
        let mut text = asked.speak(
            format!("{} le {}, soit le {}", lead.fr, day(from), day(first)),
            format!("{} {}: {}", lead.en, day(from), day(first)),
        );
        if let Some(off) = reminder.moved_from {
            let why = words::off(off, &self.posting.days);
            let (fr, en) = if on < off { ("avancé", "moved earlier") } else { ("reporté", "moved later") };
            text += &asked.speak(
                format!(" — non travaillé ({}), {fr} au {}", why.fr, day(on)),
                format!(" — a day off ({}), {en} to {}", why.en, day(on)),
            );
        }
        text
    }

    /// The day from which a lead in days counts.
    fn counted_from(&self, reminder: &Reminder) -> NaiveDate {
        use crate::plan::Occurrence;
        if let When::Deadline { last_day, .. } = self.event.when {
            return last_day;
        }
        match &reminder.occurrence {
            Occurrence::Day(day) => *day,
            Occurrence::Time(time) => time.date(),
            Occurrence::Window(first, _) if reminder.lead.count < 0 => *first,
            Occurrence::Window(_, last) => *last,
        }
    }

    fn to(&self, reminder: &Reminder) -> String {
        let asked = self.asked;
        let (recipient, reader) = (&reminder.recipient, &reminder.reader);
        let among = |list: &[Recipient]| list.iter().any(|one| one.id == recipient.id);
        let by =
            if let Some(team) = asked.teams.get(&recipient.id).filter(|_| among(&self.posting.recruiters)) {
                asked.speak(
                    format!("par l'équipe {team}, dans recruiters"),
                    format!("by the team {team}, in recruiters"),
                )
            } else if among(&self.posting.recruiters) {
                asked.speak("par recruiters", "by recruiters")
            } else if among(&self.event.panel) {
                asked.speak("par panel", "by panel")
            } else {
                asked.speak("par le « to » de la règle", "by the rule's `to`")
            };
        let mut text = format!("{} <{}>, {by}", recipient.id, recipient.email);
        let absent = asked.settings.house.directory.people.get(&recipient.id).is_some_and(|person| {
            is_away(person, person.zone.unwrap_or(self.posting.zone).date(reminder.due))
        });
        if reminder.alone {
            text += &asked.speak(
                "\u{a0}; absent ce jour-là, et personne ne remplace\u{a0}: part quand même à cette adresse",
                "; away on that day, and nobody stands in: it goes to that address all the same",
            );
        } else if absent && reader.id != recipient.id {
            text += &asked.speak(
                format!(
                    "\u{a0}; absent ce jour-là\u{a0}: c'est {} <{}> qui le reçoit",
                    reader.id, reader.email
                ),
                format!("; away on that day: {} <{}> receives it", reader.id, reader.email),
            );
        }
        text
    }

    /// Rules that others took the place of.
    fn replaced(&self, levels: &[Vec<&Rule>; 3]) -> String {
        let asked = self.asked;
        let Some(at) = levels.iter().position(|rules| !rules.is_empty()) else { return String::new() };
        let name = |rule: &&Rule| match &rule.origin.file {
            Some(_) => rule.origin.to_string(),
            None => asked.speak("la règle d'origine", "the built-in rule"),
        };
        let of = |rules: &[&Rule]| rules.iter().map(name).collect::<Vec<_>>().join(", ");
        let others: Vec<String> =
            levels[at + 1..].iter().filter(|rules| !rules.is_empty()).map(|rules| of(rules)).collect();
        if others.is_empty() {
            return String::new();
        }
        let (mine, others) = (of(&levels[at]), others.join(", "));
        let text = asked.speak(
            format!("{mine}, de la fiche, remplace {others}"),
            format!("{mine}, the posting's own, takes the place of {others}"),
        );
        format!("  {text}\n")
    }

    /// Why there is not even a lead to speak of.
    fn nothing(&self, levels: &[Vec<&Rule>; 3]) -> String {
        let asked = self.asked;
        let rules = levels.iter().find(|rules| !rules.is_empty());
        let leads: Vec<Lead> = rules
            .into_iter()
            .flatten()
            .flat_map(|rule| rule.before.iter().chain(&rule.after).copied())
            .collect();
        let on_day = rules.into_iter().flatten().any(|rule| rule.on_day);
        let text = match asked.to {
            _ if leads.is_empty() && !on_day => asked.speak(
                "aucun rappel\u{a0}: sa règle n'en demande pas",
                "no reminder: its rule asks for none",
            ),
            Some(to) => {
                let panel = self.event.kind == Kind::Interview && !self.event.panel.is_empty();
                let (fr, en) = if panel {
                    (
                        "ni dans recruiters, ni dans panel, ni dans le « to » d'une règle",
                        "neither in recruiters nor in panel, nor in a rule's `to`",
                    )
                } else {
                    (
                        "ni dans recruiters, ni dans le « to » d'une règle",
                        "neither in recruiters nor in a rule's `to`",
                    )
                };
                asked.speak(
                    format!("aucun rappel pour {to}, qui n'est {fr} pour cette étape"),
                    format!("no reminder for {to}, who is {en} for this event"),
                )
            }
            None => asked.speak("aucun rappel", "no reminder"),
        };
        format!("  {text}\n")
    }
}

/// Reminders that the ledger knows and the files do not ask for.
fn former(asked: &Asked<'_>, shown: &BTreeSet<Key>) -> String {
    let rows = asked.rows.unwrap_or_default();
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
    let head = asked.speak(
        "Rappels que les fichiers ne demandent plus\u{a0}:",
        "Reminders that the files do not ask for any more:",
    );
    let mut text = format!("\n{head}\n");
    for row in found {
        let key = &row.key;
        text.push_str(&format!(
            "  {} {} ({}) → {}\n",
            key.event(),
            key.lead(),
            key.occurrence(),
            key.recipient()
        ));
        let fate = record(row, rows, &asked.moment());
        text.push_str(&asked.line(&say("registre", "ledger"), &fate));
    }
    text
}

/// The notices about the posting.
fn notices(asked: &Asked<'_>) -> String {
    let rows = asked.rows.unwrap_or_default();
    let mine = |row: &&Row| {
        let sort = match row.key.sort() {
            Sort::Change => asked.event.is_none_or(|event| row.key.event() == event),
            Sort::New => true,
            _ => false,
        };
        sort && row.key.posting() == asked.id && asked.is_row_to(row)
    };
    let mut found: Vec<&Row> = rows.iter().filter(mine).collect();
    let mut text = String::new();
    if !found.is_empty() {
        found.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
        text.push_str(&format!("\n{}\n", asked.speak("Avis\u{a0}:", "Notices:")));
    }
    for row in found {
        let whom = row.key.recipient();
        let what = if row.key.sort() == Sort::New {
            asked.speak("nouvelle fiche", "new posting")
        } else {
            let event = row.key.event();
            asked.speak(format!("changement de {event}"), format!("change of {event}"))
        };
        let reader = if row.reader == whom { String::new() } else { format!(" → {}", row.reader) };
        text.push_str(&format!("  {what} → {whom}{reader}\n"));
        let fate = record(row, rows, &asked.moment());
        text.push_str(&asked.line(&say("registre", "ledger"), &fate));
    }
    if asked.posting.is_some_and(|posting| !posting.announce) {
        let silent = asked.speak(
            "Pas d'avis de nouvelle fiche\u{a0}: announce = false.",
            "No notice of a new posting: announce = false.",
        );
        text.push_str(&format!("\n{silent}\n"));
    }
    text
}
