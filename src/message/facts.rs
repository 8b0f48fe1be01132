//! Pure. The variables that a template may name. Each field's comment is its manual.
//!
//! Facts are words that are ready to be read, in the recipient's language: a template decides where they stand,
//! not how a date is spelt. A fact that the posting does not give is `none`: it is false in an `if`, and prints
//! nothing. To add a template variable, add a field here; every template sees it at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::changed::{ChangeFacts, changes};
use super::digest::{DigestFacts, MissedFacts, digest, missed, noun};
use super::leaf::LeafFacts;
use super::matter::{Addressee, Item, Matter};
use super::news::{NewFacts, news};
use super::refusal::{RefusalFacts, refusals};
use super::slip::{SlipFacts, slips};
use super::told::Told;
use super::voice::Voice;
use super::worded::{Reader, absentees, line};
use crate::calendar::Language;

/// Everything that a template may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The language of the mail: `fr`, `en`, or the name of its folder.
    #[serde(serialize_with = "code")]
    pub language: Language,
    /// To whom the mail goes.
    pub recipient: RecipientFacts,
    /// What it begins with: `reminders`, `slips`, `changes`, `news`, `refusals`, `missed` or `digest`; they stand in
    /// this order. The headline of the first of them is the title of the page.
    pub begins: &'static str,
    /// What it tells first, and of which posting: « Annulé : entretien – Chargé·e d'accompagnement (Villages
    /// Vivants) ». For the subject of a mail with notices, and for the title of its page.
    pub headline: String,
    /// What follows that, for a subject: « et 1 autre nouvelle », « avec 2 autres rappels et 1 nouvelle ». None
    /// when nothing does.
    pub rest: Option<String>,
    /// One for each event: the nearest date first, what is past last. Empty in a mail of notices alone, which
    /// `notice.*` writes.
    pub reminders: Vec<ReminderFacts>,
    /// How many follow the first reminder, for a subject: « et 2 autres rappels ». None when it is the only one.
    pub more: Option<String>,
    /// The files with something wrong in them. May be empty, as may all that follows.
    pub slips: Vec<SlipFacts>,
    /// What is otherwise than the reader was told, posting by posting.
    pub changes: Vec<ChangeFacts>,
    /// The recruitments that the reader hears of for the first time.
    pub news: Vec<NewFacts>,
    /// What could not leave while it was of use.
    pub missed: Option<MissedFacts>,
    /// Who is not reached.
    pub refusals: Vec<RefusalFacts>,
    /// What lies ahead, and what left since the last digest.
    pub digest: Option<DigestFacts>,
    /// When its reminders were to leave, if that was more than fifteen minutes ago: « jeudi 25 juin 2026 à 9 h »,
    /// in the recipient's own time. Of several late reminders, the oldest.
    pub late: Option<String>,
    /// Why they receive it, after "because": « vous êtes parmi les destinataires des rappels de ce recrutement ».
    pub why: String,
    /// Who recruits: « Villages Vivants », « Villages Vivants et La Fabrique ».
    pub organisations: Option<String>,
}

/// To whom the mail goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecipientFacts {
    /// Their name, if jalon.toml gives one.
    pub name: Option<String>,
    /// Their address.
    pub email: String,
}

/// An event to be reminded of.
#[expect(clippy::struct_excessive_bools, reason = "each is a question that a template asks")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReminderFacts {
    /// What happens and how far away it is: « Clôture des candidatures dans 7 jours »; of a day that is not fixed,
    /// « Prise de poste : jour à fixer ».
    pub headline: String,
    /// The date as a leaf of a calendar: the first of several. None for a day that is not fixed.
    pub leaf: Option<LeafFacts>,
    /// The date in full: « dimanche 28 juin 2026 inclus, jusqu'à minuit, heure de Paris »; days still to come
    /// only. After the event's label if it has one: « 6 ou 7 juillet, soit lundi 6 et mardi 7 juillet 2026 ».
    /// A day that is not fixed has the label alone, else « entre le 21 et le 31 juillet 2023 ».
    pub when: String,
    /// The same in the recipient's own time, where the clocks differ: « lundi 29 juin 2026 à 2 h, heure de La
    /// Réunion ». None for whole days.
    pub when_there: Option<String>,
    /// The true distance when the mail is written: « aujourd'hui », « demain », « dans 3 jours », « dans 2 heures »
    /// (when it is near), « il y a 3 jours ». None for a day that is not fixed.
    pub remaining: Option<String>,
    /// True when the event is over.
    pub past: bool,
    /// True when it is today, tomorrow or the day after.
    pub near: bool,
    /// True when the day is not fixed yet.
    pub vague: bool,
    /// True when this reminder leaves more than fifteen minutes late.
    pub late: bool,
    /// True when an earlier reminder of the mail is about the same posting, whose facts have then been said.
    pub again: bool,
    /// In whose place the reader receives it: « En l'absence de Camille Exemple. », « Aussi pour Camille Exemple, en
    /// son absence. »
    pub absent: Option<String>,
    /// What is recruited.
    pub posting: PostingFacts,
    /// What happens.
    pub event: EventFacts,
}

/// The name of a recruitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NameFacts {
    /// Its id, as commands take it.
    pub id: String,
    /// Title and organisation: « Chargé·e d'accompagnement (Villages Vivants) ».
    pub heading: String,
    /// What is recruited.
    pub title: String,
    /// Who recruits.
    pub organisation: Option<String>,
}

/// A recruitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PostingFacts {
    /// Its id, as commands take it.
    pub id: String,
    /// Title and organisation: « Chargé·e d'accompagnement (Villages Vivants) ».
    pub heading: String,
    /// What is recruited.
    pub title: String,
    /// Who recruits.
    pub organisation: Option<String>,
    /// The contract, in words.
    pub contract: Option<String>,
    /// Where the work is done, in words.
    pub location: Option<String>,
    /// The address of the published posting; safe to link to.
    pub url: Option<String>,
    /// Where that leads, for the words of a link: « villagesvivants.com ».
    pub site: Option<String>,
    /// The organisation's own reference.
    pub reference: Option<String>,
    /// When it was published: « 3 juin 2026 ».
    pub published: Option<String>,
    /// Where candidates write.
    pub apply: Option<ApplyFacts>,
    /// Its other dates that are still to be fixed: « entretien « Premier tour » (fin juillet) ». May be empty.
    pub to_fix: Vec<String>,
}

/// Where candidates write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ApplyFacts {
    /// The address.
    pub email: String,
    /// The address that receives a copy.
    pub cc: Option<String>,
    /// The subject to be given.
    pub subject: Option<String>,
}

/// A date of a recruitment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventFacts {
    /// Its id, as commands take it: `deadline`, `interview:premier-tour`.
    pub id: String,
    /// `deadline`, `interview`, `start`, `end` or `milestone`: also the name of its part.
    pub kind: &'static str,
    /// Its name: « Premier tour ».
    pub name: Option<String>,
    /// How the posting words its date; `when` has it already.
    pub label: Option<String>,
    /// Where, in words.
    pub place: Option<String>,
    /// Where, as an address; safe to link to.
    pub link: Option<String>,
    /// Where that leads, for the words of a link: « meet.example.org ».
    pub site: Option<String>,
    /// How long it lasts: « 45 min ».
    pub duration: Option<String>,
    /// Who meets the candidates: « Camille et Sacha ».
    pub panel: Option<String>,
    /// Whom they meet: a code, not a name.
    pub candidate: Option<String>,
}

/// The facts of a mail that tells this to its reader at `now`, as jalon words them itself. Several reminders of one event
/// are one.
#[must_use]
pub fn facts(matter: &Matter<'_>, to: &Addressee<'_>, now: DateTime<Utc>) -> Facts {
    facts_by(&Voice::of(to.language), matter, to, now)
}

/// The same, as somebody words them.
#[must_use]
pub fn facts_by(voice: &Voice<'_>, matter: &Matter<'_>, to: &Addressee<'_>, now: DateTime<Utc>) -> Facts {
    let reader = Reader { tongue: voice.tongue(), zone: to.zone, now };
    let (reminders, oldest) = reminded(&matter.reminders, &reader);
    let others = reminders.len().saturating_sub(1);
    let mut facts = Facts {
        language: voice.language(),
        recipient: RecipientFacts::of(to),
        begins: "",
        headline: String::new(),
        rest: None,
        more: (others > 0).then(|| reader.tongue.more(others)),
        reminders,
        slips: slips(&matter.slips, &reader),
        changes: changes(&matter.changes, &reader),
        news: news(&matter.news, &reader),
        missed: missed(&matter.missed, &reader),
        refusals: refusals(&matter.refusals, &reader),
        digest: matter.digest.as_ref().map(|one| digest(one, &reader)),
        late: oldest.map(|due| reader.instant(due)),
        why: String::new(),
        organisations: None,
    };
    facts.begins = facts.beginning();
    facts.headline = facts.first(matter, &reader);
    facts.rest = facts.others(&reader);
    facts.why = facts.reason(matter, &reader);
    facts.organisations = facts.recruiting(matter, &reader);
    facts
}

/// The reminders, and when the oldest of those that are late was to leave.
fn reminded(items: &[Item<'_>], reader: &Reader<'_>) -> (Vec<ReminderFacts>, Option<DateTime<Utc>>) {
    let mut events: BTreeMap<(&str, &str), Vec<Item<'_>>> = BTreeMap::new();
    for item in items {
        events.entry((&item.posting.id, &item.event.id)).or_default().push(*item);
    }
    let mut told: Vec<Told<'_>> = events.values().filter_map(|items| Told::of(items, reader.now)).collect();
    told.sort_by_key(Told::order);
    let oldest = told.iter().filter(|told| told.late).map(|told| told.item.due).min();
    let mut reminders: Vec<ReminderFacts> = told.iter().map(|told| told.facts(reader)).collect();
    let mut said = BTreeSet::new();
    for reminder in &mut reminders {
        reminder.again = !said.insert(reminder.posting.id.clone());
    }
    (reminders, oldest)
}

impl Facts {
    /// Whether there is anything but reminders.
    pub(super) fn has_notices(&self) -> bool {
        let none = self.slips.is_empty() && self.changes.is_empty() && self.news.is_empty();
        !none
            || !self.refusals.is_empty()
            || self.missed.is_some()
            || self.digest.is_some()
            || self.reminders.is_empty()
    }

    fn beginning(&self) -> &'static str {
        [
            ("reminders", self.reminders.is_empty()),
            ("slips", self.slips.is_empty()),
            ("changes", self.changes.is_empty()),
            ("news", self.news.is_empty()),
            ("refusals", self.refusals.is_empty()),
            ("missed", self.missed.is_none()),
        ]
        .into_iter()
        .find_map(|(name, empty)| (!empty).then_some(name))
        .unwrap_or("digest")
    }

    fn first(&self, matter: &Matter<'_>, reader: &Reader<'_>) -> String {
        if let Some(reminder) = self.reminders.first() {
            let when = if reminder.vague { format!(" ({})", reminder.when) } else { String::new() };
            return format!("{}{when} – {}", reminder.headline, reminder.posting.heading);
        }
        if let Some(slip) = self.slips.first() {
            return slip.headline.clone();
        }
        if let Some(change) = self.changes.first() {
            return format!("{} – {}", change.headline, change.posting.heading);
        }
        if let Some(new) = self.news.first() {
            return reader.tongue.new_posting(&new.posting.heading);
        }
        if let Some(refusal) = self.refusals.first() {
            return format!("{} – {}", refusal.headline, refusal.posting.heading);
        }
        match (&self.missed, matter.missed.as_slice(), &self.digest) {
            (Some(missed), [one], _) => {
                let heading = missed.messages.first().map_or("", |message| &message.posting.heading);
                format!(
                    "{} – {heading}",
                    reader.tongue.about(&missed.headline, &noun(one.said, reader).inside)
                )
            }
            (Some(missed), ..) => missed.headline.clone(),
            (None, _, Some(digest)) => digest.headline.clone(),
            (None, _, None) => "jalon".to_owned(),
        }
    }

    fn others(&self, reader: &Reader<'_>) -> Option<String> {
        let missed = self.missed.as_ref().map_or(0, |missed| missed.messages.len());
        let told = self.slips.len() + self.changes.len() + self.news.len() + self.refusals.len();
        let notices = told + missed + usize::from(self.digest.is_some());
        let (reminders, notices, other) = match (self.reminders.len(), told, missed) {
            (0, 0, 0) => (0, 0, true),
            // One headline tells of all that was missed.
            (0, 0, missed) => (0, notices - missed, true),
            (0, _, _) => (0, notices - 1, true),
            (reminders, ..) => (reminders - 1, notices, false),
        };
        match (reminders, notices) {
            (0, 0) => None,
            (reminders, 0) => Some(reader.tongue.more(reminders)),
            (reminders, notices) => Some(reader.tongue.rest(reminders, notices, other)),
        }
    }

    fn reason(&self, matter: &Matter<'_>, reader: &Reader<'_>) -> String {
        let mut postings: BTreeSet<&str> = self.reminders.iter().map(|one| one.posting.id.as_str()).collect();
        postings.extend(self.changes.iter().map(|one| one.posting.id.as_str()));
        postings.extend(self.news.iter().map(|one| one.posting.id.as_str()));
        postings.extend(matter.missed.iter().map(|one| one.heading.id));
        postings.extend(matter.refusals.iter().map(|one| one.heading.id));
        postings
            .extend(matter.slips.iter().map(|one| one.of.posting.as_ref().unwrap_or(&one.of.file).as_str()));
        if let (true, Some(digest)) = (postings.is_empty(), &self.digest) {
            return reader.tongue.why_digest(digest.all).into_owned();
        }
        let items = matter.reminders.iter().map(|one| one.absent);
        let items = items.chain(matter.changes.iter().map(|one| one.absent));
        let items = items.chain(matter.news.iter().map(|one| one.absent));
        let items = items.chain(matter.slips.iter().map(|one| one.absent));
        let items = items.chain(matter.refusals.iter().map(|one| one.absent));
        let (names, own) = absentees(items.chain(matter.missed.iter().map(|one| one.absent)));
        if names.is_empty() || own || self.digest.is_some() {
            return reader.tongue.why(postings.len()).into_owned();
        }
        reader.tongue.why_absent(&names)
    }

    /// Who recruits: of a digest, those of its dates.
    fn recruiting(&self, matter: &Matter<'_>, reader: &Reader<'_>) -> Option<String> {
        let mut known: Vec<Option<String>> =
            self.reminders.iter().map(|one| one.posting.organisation.clone()).collect();
        known.extend(matter.slips.iter().map(|one| one.of.organisation.as_deref().and_then(line)));
        known.extend(self.changes.iter().map(|one| one.posting.organisation.clone()));
        known.extend(self.news.iter().map(|one| one.posting.organisation.clone()));
        known.extend(matter.missed.iter().map(|one| one.heading.organisation.and_then(line)));
        known.extend(matter.refusals.iter().map(|one| one.heading.organisation.and_then(line)));
        if let Some(digest) = &matter.digest {
            let postings = digest.coming.iter().chain(&digest.to_fix);
            known.extend(postings.map(|(posting, _)| posting.organisation.as_deref().and_then(line)));
        }
        let mut said = BTreeSet::new();
        let names: Vec<String> =
            known.into_iter().flatten().filter(|name| said.insert(name.clone())).collect();
        (!names.is_empty()).then(|| reader.tongue.list(&names))
    }
}

impl RecipientFacts {
    pub(super) fn of(to: &Addressee<'_>) -> Self {
        Self { name: to.name.and_then(line), email: line(to.email).unwrap_or_default() }
    }
}

pub(super) fn code<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.code())
}
