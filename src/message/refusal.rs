//! Pure. Somebody who is not reached: whose address is refused, with which words, and what they were not told.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digest::noun;
use super::facts::NameFacts;
use super::matter::Refusal;
use super::moment::whole;
use super::worded::{Reader, dated, line};
use crate::plan::said::Said;

/// Somebody who is not reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalFacts {
    /// Who: « Camille Exemple ne reçoit pas nos messages ».
    pub headline: String,
    /// Their name, else their address.
    pub who: String,
    /// The address that is refused.
    pub email: String,
    /// The relay's words: « 550 5.1.1 no such user ». None when it said nothing that can be shown.
    pub reply: Option<String>,
    /// Of which recruitment.
    pub posting: NameFacts,
    /// What they were not told. Empty when it was only that the recruitment is new.
    pub messages: Vec<UntoldFacts>,
    /// In whose place the reader receives it: « En l'absence de Sacha Exemple. »
    pub absent: Option<String>,
}

/// A message that somebody did not receive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UntoldFacts {
    /// What it told of: « Clôture des candidatures ».
    pub what: String,
    /// The date in full.
    pub when: String,
    /// The same in the reader's own time, where the clocks differ.
    pub when_there: Option<String>,
    /// When it was to leave, in the reader's own time: « dimanche 21 juin 2026 à 9 h, heure de Paris ».
    pub due: String,
    /// True when it was the notice of a change, not a reminder.
    pub change: bool,
}

/// The refusals of a mail.
pub(super) fn refusals(refusals: &[Refusal<'_>], reader: &Reader<'_>) -> Vec<RefusalFacts> {
    refusals.iter().map(|refusal| one(refusal, reader)).collect()
}

fn one(refusal: &Refusal<'_>, reader: &Reader<'_>) -> RefusalFacts {
    let email = line(refusal.email).unwrap_or_else(|| "?".to_owned());
    let who = refusal.name.and_then(line).unwrap_or_else(|| email.clone());
    let heading = refusal.heading;
    RefusalFacts {
        headline: reader.tongue.not_reached(&who),
        who,
        email,
        reply: refusal.reply.and_then(line),
        posting: NameFacts::of(heading.id, heading.title, heading.organisation),
        messages: refusal
            .untold
            .iter()
            .map(|(said, due, change)| untold(said, *due, *change, reader))
            .collect(),
        absent: reader.absent([refusal.absent].into_iter()),
    }
}

fn untold(said: &Said, due: DateTime<Utc>, change: bool, reader: &Reader<'_>) -> UntoldFacts {
    let shown = whole(&said.when, said.zone);
    let date = dated(&shown, said.label.as_deref(), false, said.zone, reader.zone, reader.tongue);
    UntoldFacts {
        what: noun(said, reader).first,
        when: date.when,
        when_there: date.there,
        due: reader.instant(due),
        change,
    }
}
