//! What a ledger says of a row, in plain sentences.

use chrono::{DateTime, Utc};

use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, say};
use crate::plan::row::{Reason, Row, State};
use crate::plan::words::time;

/// Where and when a sentence is said.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The zone of its times.
    pub zone: Zone,
    /// Now.
    pub now: DateTime<Utc>,
    /// The language.
    pub language: Language,
}

impl Moment {
    /// An instant in words.
    #[must_use]
    pub fn time(&self, at: DateTime<Utc>) -> String {
        time(at, self.zone, self.language)
    }
}

/// What became of a row. `all` are the rows of the ledger, among which a nearer reminder is looked for.
#[must_use]
pub fn record(row: &Row, all: &[Row], at: &Moment) -> String {
    let mut said = state(row, all, at).say(at.language).to_owned();
    if row.in_doubt || (row.doubts > 0 && row.state == State::Sent) {
        let doubt = say(
            "\u{a0}; un envoi précédent est resté sans réponse\u{a0}: il est peut-être arrivé deux fois",
            "; an earlier sending had no answer: it may have arrived twice",
        );
        let pending = say(
            "\u{a0}; un envoi précédent est resté sans réponse\u{a0}: il est peut-être déjà arrivé",
            "; an earlier sending had no answer: it may have arrived already",
        );
        said += if row.state == State::Sent { &doubt } else { &pending }.say(at.language);
    }
    let unwanted = !row.wanted && matches!(row.state, State::Claimed | State::Handed | State::Held);
    if unwanted {
        let words = say("\u{a0}; plus aucun fichier ne le demande", "; no file asks for it any more");
        said += words.say(at.language);
    }
    said
}

fn state(row: &Row, all: &[Row], at: &Moment) -> Words {
    let (due, changed, born) = (at.time(row.due), at.time(row.changed), at.time(row.born));
    // What a relay says is a stranger's text: it must not move the cursor.
    let reply = row.reply.as_deref().map(|reply| {
        let clean: String =
            reply.chars().map(|c| if crate::diagnostic::is_unsafe(c) { ' ' } else { c }).collect();
        format!(" ({clean})")
    });
    let reply = reply.unwrap_or_default();
    let sent = at.time(row.sent_at.unwrap_or(row.changed));
    match (row.state, row.reason) {
        (State::Planned, _) => waiting(row, &due, &reply, at),
        (State::Claimed, _) => say("sur le point de partir", "about to leave"),
        (State::Handed, _) => say(
            "en train de partir\u{a0}: la réponse du relais est attendue",
            "leaving: the relay's answer is awaited",
        ),
        (State::Sent, Some(Reason::Confirmed)) => say(
            format!("parti le {sent}\u{a0}: quelqu'un a confirmé qu'il est arrivé"),
            format!("sent on {sent}: somebody confirmed that it arrived"),
        ),
        (State::Sent, _) => say(
            format!("parti le {sent}, accepté par le relais{reply}"),
            format!("sent on {sent}, accepted by the relay{reply}"),
        ),
        (State::Skipped, Some(Reason::NothingToTell)) => say(
            format!("sauté le {changed}\u{a0}: il n'y avait rien à dire"),
            format!("skipped on {changed}: there was nothing to tell"),
        ),
        (State::Skipped, Some(Reason::Renamed)) => say(
            "sauté\u{a0}: la fiche ou l'étape a changé de nom, et il avait déjà son sort sous l'ancien",
            "skipped: the posting or the event has another name, and under the old one it was dealt with",
        ),
        (State::Skipped, _) => say(
            format!(
                "sauté\u{a0}: déjà passé quand la fiche a été lue ainsi pour la première fois, le {born}"
            ),
            format!("skipped: already past when the posting was first read like this, on {born}"),
        ),
        (State::Superseded, Some(Reason::ToldAlready)) => say(
            format!("remplacé le {changed}\u{a0}: un autre courriel disait déjà ce changement"),
            format!("superseded on {changed}: another mail told of this change"),
        ),
        (State::Superseded, _) => superseded(row, all, &changed),
        (State::Withdrawn, Some(Reason::Hand)) => {
            say(format!("retiré à la main le {changed}"), format!("withdrawn by hand on {changed}"))
        }
        (State::Withdrawn, _) => say(
            format!("retiré le {changed}\u{a0}: plus aucun fichier ne le demandait"),
            format!("withdrawn on {changed}: no file asked for it any more"),
        ),
        (State::Lapsed, _) => {
            let until = at.time(row.late_after);
            say(
                format!("périmé\u{a0}: il n'a pas pu partir tant qu'il servait, jusqu'au {until}{reply}"),
                format!("lapsed: it could not leave while it was of use, until {until}{reply}"),
            )
        }
        (State::Failed, Some(Reason::RecipientRefused)) => {
            let to = &row.email;
            say(
                format!("refusé le {changed}\u{a0}: le relais refuse l'adresse {to}{reply}"),
                format!("refused on {changed}: the relay refuses the address {to}{reply}"),
            )
        }
        (State::Failed, _) => say(
            format!("refusé le {changed}\u{a0}: le relais refuse ce courriel{reply}"),
            format!("refused on {changed}: the relay refuses this mail{reply}"),
        ),
        (State::Held, _) => say(
            format!(
                "retenu depuis le {changed}\u{a0}: il est peut-être déjà parti, et quelqu'un doit décider"
            ),
            format!("held since {changed}: it may have left already, and somebody must decide"),
        ),
    }
}

fn waiting(row: &Row, due: &str, reply: &str, at: &Moment) -> Words {
    if let Some(later) = row.not_before.filter(|later| *later > at.now && *later > row.due) {
        let later = at.time(later);
        return say(
            format!("attend\u{a0}: nouvel essai à partir du {later}{reply}"),
            format!("waits: tried again from {later} on{reply}"),
        );
    }
    if row.due > at.now {
        return say(format!("attend le {due}"), format!("waits for {due}"));
    }
    if row.late_after <= at.now {
        return say(
            "n'a pas pu partir tant qu'il servait, et ne partira plus",
            "could not leave while it was of use, and will not leave any more",
        );
    }
    say(
        format!("attend de partir\u{a0}: prévu le {due}{reply}"),
        format!("waits to leave: was due {due}{reply}"),
    )
}

/// Which later reminder of the event said it better.
fn superseded(row: &Row, all: &[Row], changed: &str) -> Words {
    let parts = |row: &Row| [row.key.posting(), row.key.event(), row.key.recipient()].map(str::to_owned);
    let later = |other: &&Row| {
        other.due > row.due
            && parts(other) == parts(row)
            && !matches!(other.state, State::Withdrawn | State::Skipped)
    };
    let by = all.iter().filter(later).min_by_key(|other| other.due);
    let by = by.map(|other| format!(" {}", other.key.lead())).unwrap_or_default();
    say(
        format!("remplacé le {changed} par le rappel{by} de la même étape, plus proche de la date"),
        format!("superseded on {changed} by the reminder{by} of the same event, nearer to its date"),
    )
}
