//! What a ledger says of a row, in plain sentences: whole ones where an event is asked about, short ones in the overview.

use chrono::{DateTime, Utc};

use crate::calendar::{Directory, When, Zone};
use crate::diagnostic::{Language, Words, is_unsafe, say};
use crate::plan::row::{Reason, Row, State};
use crate::plan::said::Standing;
use crate::plan::why::{Delay, Scene, Withdrawal, delay, held_up};
use crate::plan::words::{self, clock, time};
use crate::settings::Settings;

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

/// What sentences about rows are made from.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Where reasons are looked for.
    pub scene: Scene<'a>,
    /// The settings.
    pub settings: &'a Settings,
    /// Where and when.
    pub at: Moment,
}

impl Record<'_> {
    /// What became of a row, whole: when, why, and what the relay said.
    #[must_use]
    pub fn whole(&self, row: &Row) -> String {
        let mut said = self.state(row).say(self.at.language).to_owned();
        if row.in_doubt || (row.doubts > 0 && row.state == State::Sent) {
            let doubt = say(
                "\u{a0}; un envoi précédent est resté sans réponse\u{a0}: il est peut-être arrivé deux fois",
                "; an earlier sending had no answer: it may have arrived twice",
            );
            let pending = say(
                "\u{a0}; un envoi précédent est resté sans réponse\u{a0}: il est peut-être déjà arrivé",
                "; an earlier sending had no answer: it may have arrived already",
            );
            said += if row.state == State::Sent { &doubt } else { &pending }.say(self.at.language);
        }
        let unwanted = !row.wanted && matches!(row.state, State::Claimed | State::Handed | State::Held);
        if unwanted {
            let words = say("\u{a0}; plus aucun fichier ne le demande", "; no file asks for it any more");
            said += words.say(self.at.language);
        }
        said
    }

    /// What became of a row, in a few words; why, where that is not the usual.
    #[must_use]
    pub fn short(&self, row: &Row) -> String {
        let at = &self.at;
        let words = match (row.state, row.reason) {
            (State::Planned, _) if row.due > at.now => say("prévu", "planned"),
            (State::Planned, _)
                if row.late_after > at.now && row.not_before.is_none_or(|not| not <= at.now) =>
            {
                say("attend de partir", "waits to leave")
            }
            (State::Claimed | State::Handed, _) => say("en train de partir", "leaving"),
            (State::Sent, _) => match self.delay(row) {
                None => say("parti", "sent"),
                Some((late, _)) => {
                    let late = words::span(late);
                    say(format!("parti avec {} de retard", late.fr), format!("sent {} late", late.en))
                }
            },
            (State::Skipped, Some(Reason::PastWhenFirstSeen)) => {
                say("sauté, déjà passé à la première lecture", "skipped, past when first read")
            }
            (State::Superseded, Some(Reason::LaterReminder)) => {
                say("remplacé par le suivant", "superseded by the next")
            }
            (State::Lapsed, _) => say("périmé, n'a pas pu partir à temps", "lapsed, could not leave in time"),
            (State::Failed, Some(Reason::RecipientRefused)) => say(
                "refusé, le relais ne veut pas de cette adresse",
                "refused, the relay does not want this address",
            ),
            (State::Failed, _) => say("refusé par le relais", "refused by the relay"),
            (State::Held, _) => say("retenu, quelqu'un doit décider", "held, somebody must decide"),
            _ => self.state(row),
        };
        words.say(at.language).to_owned()
    }

    fn delay(&self, row: &Row) -> Option<(chrono::TimeDelta, Delay)> {
        let zone = reader_zone(&self.settings.house.directory, row).unwrap_or(self.at.zone);
        delay(row, self.scene.rows, self.settings.delivery.hours, zone)
    }

    fn state(&self, row: &Row) -> Words {
        let at = &self.at;
        let (changed, born) = (at.time(row.changed), at.time(row.born));
        let reply = reply(row);
        match (row.state, row.reason) {
            (State::Planned, _) => waiting(row, &reply, at),
            (State::Claimed, _) => say("sur le point de partir", "about to leave"),
            (State::Handed, _) => say(
                "en train de partir\u{a0}: la réponse du relais est attendue",
                "leaving: the relay's answer is awaited",
            ),
            (State::Sent, Some(Reason::Confirmed)) => say(
                format!("parti, quelqu'un a confirmé le {changed} qu'il est arrivé"),
                format!("sent, somebody confirmed on {changed} that it arrived"),
            ),
            (State::Sent, _) => self.sent(row, &reply),
            (State::Skipped, Some(Reason::NothingToTell)) => say(
                format!("sauté le {changed}\u{a0}: il n'y avait rien à dire"),
                format!("skipped on {changed}: there was nothing to tell"),
            ),
            (State::Skipped, Some(Reason::Renamed)) => say(
                "sauté, la fiche ou l'étape a changé de nom, et il avait déjà son sort sous l'ancien",
                "skipped, the posting or the event has another name, and under the old one it was dealt with",
            ),
            (State::Skipped, _) => say(
                format!("sauté, déjà passé quand la fiche a été lue ainsi pour la première fois, le {born}"),
                format!("skipped, already past when the posting was first read like this, on {born}"),
            ),
            (State::Superseded, Some(Reason::ToldAlready)) => say(
                format!("remplacé le {changed}\u{a0}: un autre courriel disait déjà ce changement"),
                format!("superseded on {changed}: another mail told of this change"),
            ),
            (State::Superseded, _) => superseded(row, self.scene.rows, &changed),
            (State::Withdrawn, Some(Reason::Hand)) => {
                say(format!("retiré à la main le {changed}"), format!("withdrawn by hand on {changed}"))
            }
            (State::Withdrawn, _) => {
                let why = self.withdrawal(row);
                say(
                    format!("retiré le {changed}\u{a0}: {}", why.fr),
                    format!("withdrawn on {changed}: {}", why.en),
                )
            }
            (State::Lapsed, _) => {
                let until = at.time(row.late_after);
                let why = cause(&held_up(row, self.scene.rows, row.late_after), at.language);
                say(
                    format!(
                        "périmé\u{a0}: il n'a pas pu partir tant qu'il servait, jusqu'au {until}\u{a0}; {}{reply}",
                        why.fr
                    ),
                    format!(
                        "lapsed: it could not leave while it was of use, until {until}; {}{reply}",
                        why.en
                    ),
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

    fn sent(&self, row: &Row, reply: &str) -> Words {
        let sent = self.at.time(row.sent_at.unwrap_or(row.changed));
        match self.delay(row) {
            None => say(
                format!("parti le {sent}, accepté par le relais{reply}"),
                format!("sent on {sent}, accepted by the relay{reply}"),
            ),
            Some((late, why)) => {
                let (late, why) = (words::span(late), cause(&why, self.at.language));
                say(
                    format!(
                        "parti le {sent}, en retard de {}\u{a0}: {}\u{a0}; accepté par le relais{reply}",
                        late.fr, why.fr
                    ),
                    format!("sent on {sent}, {} late: {}; accepted by the relay{reply}", late.en, why.en),
                )
            }
        }
    }

    /// Why the calendar took a row back.
    fn withdrawal(&self, row: &Row) -> Words {
        let zone = self.scene.posting.map_or(self.at.zone, |posting| posting.zone);
        let when = |when: &When, language| words::when(when, None, zone, language);
        let who = row.key.recipient();
        match self.scene.withdrawal(row) {
            Withdrawal::FileGone => say(
                "son fichier manquait (depuis quinze minutes, ou quelqu'un l'avait accepté)",
                "its file was gone (for fifteen minutes, or somebody had accepted it)",
            ),
            Withdrawal::Renamed(posting, event) if posting == row.key.posting() => say(
                format!("l'étape s'appelle maintenant {event}, et le rappel y est repris"),
                format!("the event is called {event} now, and the reminder goes on there"),
            ),
            Withdrawal::Renamed(posting, event) => say(
                format!("la fiche s'appelle maintenant {posting}, et le rappel y est repris ({event})"),
                format!("the posting is called {posting} now, and the reminder goes on there ({event})"),
            ),
            Withdrawal::EventRemoved => {
                say("l'étape n'est plus dans la fiche", "the event is not in the posting any more")
            }
            Withdrawal::Silent(why) => why.sentence(),
            Withdrawal::Stopped(Standing::Cancelled) => {
                say("c'était annulé ce jour-là", "it was cancelled at that time")
            }
            Withdrawal::Stopped(Standing::Removed) => {
                say("l'étape n'était plus dans la fiche", "the event was not in the posting any more")
            }
            Withdrawal::Stopped(_) => {
                say("c'était fait ou pourvu ce jour-là", "it was done or filled at that time")
            }
            Withdrawal::Moved { from, to } => say(
                format!(
                    "la date a changé (c'était {}, c'est devenu {})",
                    when(&from, Language::French),
                    when(&to, Language::French)
                ),
                format!(
                    "the date changed (it was {}, it became {})",
                    when(&from, Language::English),
                    when(&to, Language::English)
                ),
            ),
            Withdrawal::NotAmong => say(
                format!("{who} n'est plus parmi les destinataires (recruiters, panel, « to » d'une règle)"),
                format!("{who} is not among the recipients any more (recruiters, panel, a rule's `to`)"),
            ),
            Withdrawal::Rule(rules) => {
                let rules = rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let (fr, en) = if rules.is_empty() || rules == "built-in" {
                    (String::new(), String::new())
                } else {
                    (format!(" ({rules})"), format!(" ({rules})"))
                };
                let lead = row.key.lead();
                say(
                    format!(
                        "la règle a changé, celle qui vaut maintenant{fr} ne demande pas de rappel {lead}"
                    ),
                    format!("the rule changed, the one in force now{en} asks for no reminder {lead}"),
                )
            }
            Withdrawal::Refused(why) => {
                let lead = self.lead_of(row);
                lead.map_or_else(unknown, |lead| why.sentence(lead))
            }
            Withdrawal::Wanted => say(
                "les fichiers ne le demandaient plus\u{a0}; ils le demandent de nouveau",
                "the files did not ask for it any more; they do again",
            ),
        }
    }

    fn lead_of(&self, row: &Row) -> Option<crate::calendar::Lead> {
        let leads = self.scene.refusals.iter().map(|refusal| refusal.lead);
        leads.into_iter().find(|lead| lead.to_string() == row.key.lead())
    }
}

fn unknown() -> Words {
    say("plus aucun fichier ne le demandait", "no file asked for it any more")
}

/// The zone of who reads a row, if they have one of their own.
fn reader_zone(directory: &Directory, row: &Row) -> Option<Zone> {
    directory.people.get(&row.reader)?.zone
}

/// What kept a mail waiting.
fn cause(delay: &Delay, language: Language) -> Words {
    match delay {
        Delay::Refused(1) => {
            say("le relais l'a d'abord refusé pour l'instant", "the relay first refused it for now")
        }
        Delay::Refused(times) => say(
            format!("le relais l'a refusé {times} fois pour l'instant"),
            format!("the relay refused it {times} times for now"),
        ),
        Delay::Unanswered => {
            say("un envoi précédent est resté sans réponse", "an earlier sending had no answer")
        }
        Delay::Relay(None) => say("le relais ne répondait pas", "the relay did not answer"),
        Delay::Relay(Some(name)) => say(
            format!("le relais {name} ne prenait plus de courriels"),
            format!("the relay {name} took no mail"),
        ),
        Delay::Hours(from, until) => {
            let hours = [*from, *until].map(|at| clock(at, language));
            let [from, until] = hours;
            say(
                format!("ce qui est en retard attend les heures d'envoi ({from}–{until})"),
                format!("what is late waits for the hours of delivery ({from}–{until})"),
            )
        }
        Delay::Otherwise => say(
            "d'autres courriels partaient pourtant\u{a0}: la date ou la règle a changé après coup, ou le débit du relais (rate) était atteint",
            "other mails left meanwhile: the date or the rule changed afterwards, or the relay's rate was reached",
        ),
        Delay::Down => say(
            "le service était arrêté ou le relais injoignable",
            "the service was stopped or the relay out of reach",
        ),
    }
}

/// What the relay said, in brackets. It is a stranger's text: it must not move the cursor.
fn reply(row: &Row) -> String {
    let clean =
        |reply: &String| reply.chars().map(|c| if is_unsafe(c) { ' ' } else { c }).collect::<String>();
    row.reply.as_ref().map(|reply| format!(" ({})", clean(reply))).unwrap_or_default()
}

fn waiting(row: &Row, reply: &str, at: &Moment) -> Words {
    let due = at.time(row.due);
    if let Some(later) = row.not_before.filter(|later| *later > at.now && *later > row.due) {
        let later = at.time(later);
        return say(
            format!("attend, nouvel essai à partir du {later}{reply}"),
            format!("waits, tried again from {later} on{reply}"),
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
    say(format!("attend de partir, prévu le {due}{reply}"), format!("waits to leave, was due {due}{reply}"))
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
