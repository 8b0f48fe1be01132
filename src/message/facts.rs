//! Pure. The variables that a template may name. Each field's comment is its manual.
//!
//! Facts are words that are ready to be read, in the recipient's language: a template decides where they stand,
//! not how a date is spelt. A fact that the posting does not give is `none`: it is false in an `if`, and prints
//! nothing. To add a template variable, add a field here; every template sees it at once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use super::told::{Told, line};
use super::tongue::tongue;
use crate::calendar::{Event, Language, Posting, Zone};
use crate::plan::Key;

/// A reminder that a mail is to tell of.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    /// The posting as it is now.
    pub posting: &'a Posting,
    /// The event as it is now.
    pub event: &'a Event,
    /// The reminder's key.
    pub key: &'a Key,
    /// When it was to leave.
    pub due: DateTime<Utc>,
}

/// To whom a mail goes.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// Their name.
    pub name: Option<&'a str>,
    /// Their address.
    pub email: &'a str,
    /// The language they read.
    pub language: Language,
    /// The zone in which they live.
    pub zone: Zone,
}

/// Everything that a template may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The language of the mail: `fr` or `en`.
    #[serde(serialize_with = "code")]
    pub language: Language,
    /// To whom the mail goes.
    pub recipient: RecipientFacts,
    /// One for each event: the nearest date first, what is past last.
    pub reminders: Vec<ReminderFacts>,
    /// How many follow the first reminder, for a subject: « et 2 autres rappels ». None when it is the only one.
    pub more: Option<String>,
    /// When the mail was to leave, if that was more than fifteen minutes ago: « jeudi 25 juin 2026 à 9 h »,
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
    /// True when the day is not fixed yet.
    pub vague: bool,
    /// True when this reminder leaves more than fifteen minutes late.
    pub late: bool,
    /// True when an earlier reminder of the mail is about the same posting, whose facts have then been said.
    pub again: bool,
    /// What is recruited.
    pub posting: PostingFacts,
    /// What happens.
    pub event: EventFacts,
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
    /// How long it lasts: « 45 min ».
    pub duration: Option<String>,
    /// Who meets the candidates: « Camille et Sacha ».
    pub panel: Option<String>,
    /// Whom they meet: a code, not a name.
    pub candidate: Option<String>,
}

/// The facts of a mail that tells of these reminders at `now`. Several reminders of one event are one.
#[must_use]
pub fn facts(items: &[Item<'_>], to: &Addressee<'_>, now: DateTime<Utc>) -> Facts {
    let tongue = tongue(to.language);
    let mut events: BTreeMap<(&str, &str), Vec<Item<'_>>> = BTreeMap::new();
    for item in items {
        events.entry((&item.posting.id, &item.event.id)).or_default().push(*item);
    }
    let mut told: Vec<Told<'_>> = events.values().filter_map(|items| Told::of(items, now)).collect();
    told.sort_by_key(Told::order);

    let mut organisations: Vec<String> = Vec::new();
    for name in told.iter().filter_map(|told| line(told.item.posting.organisation.as_deref()?)) {
        if !organisations.contains(&name) {
            organisations.push(name);
        }
    }
    let oldest = told.iter().filter(|told| told.late).map(|told| told.item.due).min();
    let mut reminders: Vec<ReminderFacts> = told.iter().map(|told| told.facts(to.zone, tongue)).collect();
    let mut said = BTreeSet::new();
    for reminder in &mut reminders {
        reminder.again = !said.insert(reminder.posting.id.clone());
    }
    let others = told.len().saturating_sub(1);
    Facts {
        language: to.language,
        recipient: RecipientFacts { name: to.name.and_then(line), email: to.email.to_owned() },
        more: (others > 0).then(|| tongue.more(others)),
        late: oldest.map(|due| format!("{}, {}", tongue.starts(&[to.zone.local(due)]), tongue.zone(to.zone))),
        why: tongue.why(said.len()).to_owned(),
        organisations: (!organisations.is_empty()).then(|| tongue.list(&organisations)),
        reminders,
    }
}

// Signature set by serde's `serialize_with`.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields over by reference")]
fn code<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(language.code())
}
