//! An event in whole: where it is written, its rule, its recipients; and for each lead the date, the zone, the day off,
//! what became of it for each recipient, what the relay answered; or why it is not planned.

use chrono::NaiveDate;

use super::page::{Matter, groups, title};
use crate::calendar::rule::Origin;
use crate::calendar::{Event, Kind, Lead, Posting, Recipient, Rule, When};
use crate::diagnostic::{Words, say};
use crate::plan::lay::{house_rules, levels};
use crate::plan::refused::{Refused, silence};
use crate::plan::why::{Absence, absence};
use crate::plan::{Occurrence, Reminder, words};

/// One event.
pub(super) struct Chain<'a> {
    pub matter: &'a Matter<'a>,
    pub posting: &'a Posting,
    pub event: &'a Event,
}

impl Chain<'_> {
    pub(super) fn text(&self) -> String {
        let asked = self.matter.asked;
        let mut text = title(asked, self.posting, self.event);
        if self.event.when == When::Open || silence(self.posting, self.event).is_some() {
            return text;
        }
        let groups = groups(self.matter.of(self.event));
        let mut origins: Vec<&Origin> = self.matter.of(self.event).map(|one| &*one.origin).collect();
        origins.extend(self.matter.refused(self.event).map(|one| &one.origin));
        origins.sort();
        origins.dedup();
        let one_rule = origins.len() == 1;
        for origin in origins.iter().filter(|_| one_rule) {
            text.push_str(&format!("  {}\n", self.rule(origin)));
        }
        text.push_str(&self.replaced());
        text.push_str(&self.recipients());
        for group in &groups {
            let rule = if one_rule { String::new() } else { format!(" ({})", self.rule(&group[0].origin)) };
            text.push_str(&format!("  {}{rule}\n", self.date(group[0])));
            text.push_str(&self.fates(group));
        }
        text.push_str(&self.refusals(one_rule));
        if groups.is_empty() && self.matter.refused(self.event).next().is_none() {
            text.push_str(&self.nothing());
        }
        text
    }

    /// Where a rule is written.
    fn rule(&self, origin: &Origin) -> String {
        let asked = self.matter.asked;
        let kind = self.event.kind.word();
        if origin.file.is_some() {
            return asked.speak(format!("règle\u{a0}: {origin}"), format!("rule: {origin}"));
        }
        asked.speak(
            format!("règle d'origine\u{a0}: aucun fichier n'en donne pour {kind}"),
            format!("the built-in rule: no file has one for {kind}"),
        )
    }

    /// Each recipient, and by what they are one.
    fn recipients(&self) -> String {
        let mut known: Vec<&str> = Vec::new();
        let mut text = String::new();
        for reminder in self.matter.of(self.event) {
            if !known.contains(&reminder.recipient().id.as_str()) {
                known.push(&reminder.recipient().id);
                text.push_str(&format!("  {}\n", self.recipient(reminder)));
            }
        }
        text
    }

    fn recipient(&self, reminder: &Reminder) -> String {
        let asked = self.matter.asked;
        let recipient = reminder.recipient();
        let among = |list: &[Recipient]| list.iter().any(|one| one.id == recipient.id);
        let recruiter = among(&self.posting.recruiters);
        let by = if let Some(team) = asked.teams.get(&recipient.id).filter(|_| recruiter) {
            asked.speak(
                format!("par l'équipe {team}, dans recruiters"),
                format!("by the team {team}, in recruiters"),
            )
        } else if recruiter {
            asked.speak("par recruiters", "by recruiters")
        } else if among(&self.event.panel) {
            asked.speak("par panel", "by panel")
        } else {
            asked.speak("par le « to » de la règle", "by the rule's `to`")
        };
        let zone = reminder.zone.name();
        let zone = asked.speak(format!("heure de {zone}"), format!("{zone} time"));
        let name = if recipient.id.eq_ignore_ascii_case(&recipient.email) {
            recipient.email.clone()
        } else {
            format!("{} <{}>", recipient.id, recipient.email)
        };
        format!("{name}, {by}, {zone}")
    }

    /// From the event's date to the reminder's: `7 jours avant (-7d) : dimanche 21 juin 2026 …`.
    fn date(&self, reminder: &Reminder) -> String {
        let asked = self.matter.asked;
        let language = asked.language;
        let lead = words::lead(reminder.lead);
        let time = words::time(reminder.due, reminder.zone, language);
        let colon = asked.colon();
        let whole = |lead: &str, when: String| format!("{lead} ({}){colon} {when}", reminder.lead);
        if reminder.lead.is_timed() {
            let from = self.counted_from_instant(reminder.lead);
            let from = asked.speak(format!("{} {}", lead.fr, from.fr), format!("{} {}", lead.en, from.en));
            return whole(&from, time);
        }
        if reminder.lead.count == 0 {
            let margin = if self.is_early(reminder) {
                asked.speak("\u{a0}; au plus tard deux heures avant", "; two hours before at the latest")
            } else {
                String::new()
            };
            return whole(lead.say(language), time + &margin);
        }
        let Some(off) = reminder.moved_from else {
            return whole(lead.say(language), time + &self.several(reminder));
        };
        let why = words::off(off, &self.posting.days);
        let first = words::day(off, language);
        let earlier = reminder.zone.date(reminder.due) < off;
        let (fr, en) = if earlier { ("avancé", "moved earlier") } else { ("reporté", "moved later") };
        let moved = asked.speak(
            format!("{first}, non travaillé ({})\u{a0}; {fr} au {time}", why.fr),
            format!("{first}, a day off ({}); {en} to {time}", why.en),
        );
        whole(lead.say(language), moved + &self.several(reminder))
    }

    /// From which of several days a lead counts.
    fn several(&self, reminder: &Reminder) -> String {
        let asked = self.matter.asked;
        let several = match &self.event.when {
            When::Days(days) => days.len() > 1,
            When::Timed(starts) => starts.len() > 1,
            When::Window { .. } => true,
            When::Deadline { .. } | When::Open => false,
        };
        let from: Option<NaiveDate> = match &reminder.occurrence {
            Occurrence::Day(day) => Some(*day),
            Occurrence::Time(time) => Some(time.date()),
            Occurrence::Window(first, _) if reminder.lead.count < 0 => Some(*first),
            Occurrence::Window(_, last) => Some(*last),
        };
        let Some(from) = from.filter(|_| several) else { return String::new() };
        let day = words::day(from, asked.language);
        asked.speak(format!(" (compté du {day})"), format!(" (counted from {day})"))
    }

    fn counted_from_instant(&self, lead: Lead) -> Words {
        match &self.event.when {
            When::Deadline { .. } => say("la clôture", "the closing"),
            _ if lead.count > 0 => say("la fin", "the end"),
            _ => say("le début", "the start"),
        }
    }

    /// Whether a reminder on the day leaves before its rule's hour, because the event begins early.
    fn is_early(&self, reminder: &Reminder) -> bool {
        let house = house_rules(self.matter.asked.settings);
        let levels = levels(self.posting, self.event, &house);
        let mut rules = levels.iter().flatten();
        let rule = rules.find(|rule| rule.origin == *reminder.origin);
        rule.is_some_and(|rule| reminder.zone.local(reminder.due).time() < rule.at)
    }

    /// What became of a lead, for each recipient: those of one fate together.
    fn fates(&self, group: &[&Reminder]) -> String {
        let asked = self.matter.asked;
        let mut lines: Vec<(Vec<String>, String)> = Vec::new();
        for reminder in group {
            let fate = self.matter.fate(reminder);
            let reader = self.reader(reminder);
            let name = format!("{}{reader}", reminder.recipient().id);
            // Who is away has a line of their own.
            let alike = |(names, known): &&mut (Vec<String>, String)| {
                *known == fate && reader.is_empty() && !names[0].ends_with(')')
            };
            match lines.iter_mut().find(alike) {
                Some((names, _)) => names.push(name),
                None => lines.push((vec![name], fate)),
            }
        }
        let line = |(names, fate): (Vec<String>, String)| {
            let names = names.join(", ");
            if fate.is_empty() {
                format!("    {names}\n")
            } else {
                format!("    {names}{} {fate}\n", asked.colon())
            }
        };
        lines.into_iter().map(line).collect()
    }

    /// Where a recipient is who does not read it, and who does.
    fn reader(&self, reminder: &Reminder) -> String {
        let asked = self.matter.asked;
        let (recipient, reader) = (reminder.recipient(), reminder.reader());
        let people = &asked.settings.house.directory.people;
        let absent = people
            .get(&recipient.id)
            .and_then(|person| absence(person, person.zone.unwrap_or(self.posting.zone).date(reminder.due)));
        let Some(absent) = absent else { return String::new() };
        let day = |day| words::day(day, asked.language);
        let where_to = match absent {
            Absence::Left(since) => {
                asked.speak(format!("parti·e le {}", day(since)), format!("left on {}", day(since)))
            }
            Absence::Away(first, last) => asked.speak(
                format!("absent·e du {} au {}", day(first), day(last)),
                format!("away from {} through {}", day(first), day(last)),
            ),
        };
        let goes = if reminder.reminded().alone {
            asked.speak(
                "personne ne remplace\u{a0}: part quand même à cette adresse",
                "nobody stands in: it goes to that address all the same",
            )
        } else {
            asked.speak(
                format!("{} <{}> le reçoit", reader.id, reader.email),
                format!("{} <{}> receives it", reader.id, reader.email),
            )
        };
        format!(" ({where_to}, {goes})")
    }

    /// What rules ask for and is not planned, and why: together for everybody of whom it is so.
    fn refusals(&self, one_rule: bool) -> String {
        let asked = self.matter.asked;
        let mut lines: Vec<(String, Vec<&str>)> = Vec::new();
        for refusal in self.matter.refused(self.event) {
            let rule = if one_rule { String::new() } else { format!(" ({})", self.rule(&refusal.origin)) };
            let why = format!("{}{rule}", self.refusal(refusal.why, refusal.lead));
            match lines.iter_mut().find(|(known, _)| *known == why) {
                Some((_, names)) if names.contains(&refusal.recipient.id.as_str()) => {}
                Some((_, names)) => names.push(&refusal.recipient.id),
                None => lines.push((why, vec![&refusal.recipient.id])),
            }
        }
        let line = |(why, names): (String, Vec<&str>)| {
            let not = asked.speak("rien", "nothing");
            format!("  {not} → {}{} {why}\n", names.join(", "), asked.colon())
        };
        lines.into_iter().map(line).collect()
    }

    fn refusal(&self, why: Refused, lead: Lead) -> String {
        let asked = self.matter.asked;
        let at = asked.moment();
        let sentence = why.sentence(lead).say(asked.language).to_owned();
        let more = match why {
            Refused::Useless { due, late_after } => {
                let (due, until) = (at.time(due), at.time(late_after));
                asked.speak(
                    format!(" (le {due}, or il ne sert que jusqu'au {until})"),
                    format!(" (on {due}, and it is of use until {until} only)"),
                )
            }
            Refused::DayOff(day) => {
                format!(" ({})", words::off(day, &self.posting.days).say(asked.language))
            }
            _ => String::new(),
        };
        sentence + &more
    }

    /// Rules that others took the place of.
    fn replaced(&self) -> String {
        let asked = self.matter.asked;
        let house = house_rules(asked.settings);
        let levels = levels(self.posting, self.event, &house);
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
    pub(super) fn nothing(&self) -> String {
        let asked = self.matter.asked;
        let house = house_rules(asked.settings);
        let levels = levels(self.posting, self.event, &house);
        let rules = levels.iter().find(|rules| !rules.is_empty());
        let asks = |rule: &&&Rule| rule.on_day || !rule.before.is_empty() || !rule.after.is_empty();
        let text = match asked.to {
            _ if !rules.into_iter().flatten().any(|rule| asks(&rule)) => asked.speak(
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
                let name = &to.name;
                asked.speak(
                    format!("rien pour {name}, qui n'est {fr}"),
                    format!("nothing for {name}, who is {en}"),
                )
            }
            None => asked.speak("aucun rappel", "no reminder"),
        };
        format!("  {text}\n")
    }
}
