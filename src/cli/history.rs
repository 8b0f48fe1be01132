//! `jalon history`: the record.

use clap::Args;
use serde::Serialize;

use super::listing::table;
use super::whose::Who;
use super::{Context, Exit, Format, Listing, fail, in_force, ledger_exit, ledger_place, out, rfc3339};
use crate::diagnostic::{Language, say};
use crate::files;
use crate::ledger::Ledger as _;
use crate::ledger::store::Store;
use crate::plan::row::{Row, State};

/// What became of each reminder
#[derive(Debug, Args)]
pub struct History {
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    /// Of this posting only
    #[arg(long, value_name = "POSTING")]
    posting: Option<String>,
    /// Of this person only, by id, name or address: also where they stand in for somebody, or are written about
    #[arg(long, value_name = "PERSON")]
    person: Option<String>,
    /// In this state only: planned, sent, failed, held, skipped, …
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
    #[command(flatten)]
    listing: Listing,
}

fn state(text: &str) -> Result<State, String> {
    State::parse(text).ok_or_else(|| State::ALL.map(State::word).join(", "))
}

#[derive(Serialize)]
struct Shown<'a> {
    key: &'a str,
    email: &'a str,
    state: &'static str,
    reason: Option<&'static str>,
    due: String,
    attempts: u32,
    doubts: u32,
    in_doubt: bool,
    message_id: Option<&'a str>,
    sent_at: Option<String>,
    reply: Option<&'a str>,
}

impl History {
    /// Runs the command. It reads beside a running daemon, and changes nothing.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        // With --ledger the configuration is not needed, and may be broken or far away.
        let in_force = in_force::load(&context.config, self.ledger.as_deref());
        let loaded = &in_force.loaded;
        let language = context.speak(loaded);
        in_force.warn(language);
        if self.ledger.is_none() && loaded.settings.is_none() {
            super::report(&loaded.problems, false, language);
            return Exit::Configuration;
        }
        let kept = ledger_place(self.ledger.as_deref(), loaded.settings.as_ref(), &context.config);
        let kept = kept.and_then(|path| {
            let ledger = Store::read(&path)?;
            super::wait(async {
                Ok((ledger.known().await?, ledger.people().await?, ledger.revisions().await?))
            })
        });
        let (rows, remembered, revisions) = match kept {
            Ok(kept) => kept,
            Err(error) => return ledger_exit(&error, language),
        };
        let directory = loaded.settings.as_ref().map(|settings| &settings.house.directory);
        let who = self.person.as_ref().map(|person| {
            let mut who = Who::named(person, directory, &remembered);
            who.learn(&rows, &revisions, directory);
            who
        });
        let mut rows: Vec<&Row> = rows
            .iter()
            .filter(|row| self.posting.as_ref().is_none_or(|id| row.key.posting() == id))
            .filter(|row| self.state.is_none_or(|state| row.state == state))
            .filter(|row| who.as_ref().is_none_or(|who| who.is_in(row)))
            .collect();
        rows.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
        let text = match self.listing.format {
            Format::Json => json(&rows),
            Format::Table => Some(people(&rows, loaded, language)),
        };
        text.map_or_else(|| fail(Exit::Failed, language, &say("JSON", "JSON")), |text| out(&text))
    }
}

fn json(rows: &[&Row]) -> Option<String> {
    let shown: Vec<Shown<'_>> = rows
        .iter()
        .map(|row| Shown {
            key: row.key.as_str(),
            email: &row.email,
            state: row.state.word(),
            reason: row.reason.map(crate::plan::row::Reason::word),
            due: rfc3339(row.due),
            attempts: row.attempts,
            doubts: row.doubts,
            in_doubt: row.in_doubt,
            message_id: row.message_id.as_deref(),
            sent_at: row.sent_at.map(rfc3339),
            reply: row.reply.as_deref(),
        })
        .collect();
    serde_json::to_string_pretty(&shown).ok().map(|text| text + "\n")
}

fn people(rows: &[&Row], loaded: &files::Loaded, language: Language) -> String {
    let head = match language {
        Language::French => ["ÉCHÉANCE", "ÉTAT", "RAISON", "RAPPEL", "ENVOYÉ", "RÉPONSE"],
        Language::English => ["DUE", "STATE", "REASON", "REMINDER", "SENT", "REPLY"],
    };
    if rows.is_empty() {
        return match language {
            Language::French => "rien dans le registre\n".to_owned(),
            Language::English => "nothing in the ledger\n".to_owned(),
        };
    }
    let zone = loaded.settings.as_ref().map_or(crate::calendar::Zone::UTC, |settings| settings.house.zone);
    let time = |at: chrono::DateTime<chrono::Utc>| zone.local(at).format("%Y-%m-%d %H:%M").to_string();
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| {
            vec![
                time(row.due),
                state_word(row.state, language).to_owned(),
                row.reason.map(|reason| reason_word(reason, language).to_owned()).unwrap_or_default(),
                row.key.to_string(),
                row.sent_at.map(time).unwrap_or_default(),
                row.reply.clone().unwrap_or_default(),
            ]
        })
        .collect();
    table(&head, &cells)
}

pub(super) fn state_word(state: State, language: Language) -> &'static str {
    match (language, state) {
        (Language::English, state) => state.word(),
        (_, State::Planned) => "prévu",
        (_, State::Claimed) => "pris",
        (_, State::Handed) => "en route",
        (_, State::Sent) => "envoyé",
        (_, State::Failed) => "refusé",
        (_, State::Held) => "retenu",
        (_, State::Withdrawn) => "retiré",
        (_, State::Skipped) => "sauté",
        (_, State::Superseded) => "remplacé",
        (_, State::Lapsed) => "périmé",
    }
}

fn reason_word(reason: crate::plan::row::Reason, language: Language) -> &'static str {
    use crate::plan::row::Reason;
    match (language, reason) {
        (Language::English, reason) => reason.word(),
        (_, Reason::Accepted) => "accepté",
        (_, Reason::Confirmed) => "confirmé",
        (_, Reason::PastWhenFirstSeen) => "déjà passé",
        (_, Reason::NothingToTell) => "rien à dire",
        (_, Reason::Renamed) => "renommé",
        (_, Reason::Calendar) => "calendrier",
        (_, Reason::Hand) => "à la main",
        (_, Reason::LaterReminder) => "rappel suivant",
        (_, Reason::ToldAlready) => "dit par un autre courriel",
        (_, Reason::TooLate) => "trop tard",
        (_, Reason::RecipientRefused) => "destinataire refusé",
        (_, Reason::MailRefused) => "courriel refusé",
        (_, Reason::InDoubt) => "dans le doute",
        (_, Reason::TooManyDoubts) => "trop de doutes",
        (_, Reason::Restored) => "registre restauré",
    }
}
