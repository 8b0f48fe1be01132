//! What `retry`, `confirm` and `withdraw` share: which rows are meant, what is said of each, and how it ends.
//!
//! They write beside a running daemon, in transactions of their own; it sees what they wrote when it next looks, within
//! a minute. For every row it is said what was done, or why nothing was.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use clap::Args;

use super::whose::Who;
use super::{Context, Exit, fail, ledger_exit, ledger_place, now_of, out, report};
use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, nearest, say};
use crate::files::{self, Loaded};
use crate::ledger::store::Store;
use crate::ledger::{Ledger as _, LedgerError};
use crate::plan::byhand::{Refused, Unasked};
use crate::plan::row::{Reason, Row, State};
use crate::plan::words::time;

/// Which rows are meant: by key, or by what they are about.
#[derive(Clone, Debug, Default, Args)]
pub struct Selection {
    /// Keys, as jalon history shows them
    #[arg(value_name = "KEY", conflicts_with_all = ["posting", "person"])]
    pub keys: Vec<String>,
    /// All of this posting
    #[arg(long, value_name = "POSTING")]
    pub posting: Option<String>,
    /// Only of this event of the posting, such as deadline or interview:premier-tour
    #[arg(long, value_name = "EVENT", requires = "posting")]
    pub event: Option<String>,
    /// Only those for this person or address
    #[arg(long, visible_alias = "to", value_name = "PERSON")]
    pub person: Option<String>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    pub ledger: Option<String>,
}

/// Why a command came to nothing.
pub enum Stop {
    /// The ledger failed.
    Ledger(LedgerError),
    /// A sentence, and how the command ends.
    Said(Exit, Words),
    /// The files say why.
    Files,
}

impl From<LedgerError> for Stop {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// A ledger in hand.
pub struct Table {
    /// The ledger.
    pub ledger: Store,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Whether a daemon holds it.
    pub held: bool,
    /// Now, on the ledger's clock.
    pub now: DateTime<Utc>,
    /// The zone of what is said.
    pub zone: Zone,
    /// The language of what is said.
    pub language: Language,
}

/// What is said of one row, and whether it was done.
pub struct Told {
    /// The row's key, or what was taken for one.
    pub key: String,
    /// What was done, or why not.
    pub words: Words,
    /// Whether it was done, or would be.
    pub done: bool,
}

impl Selection {
    fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.posting.is_none() && self.person.is_none()
    }

    /// Opens the ledger beside a daemon, runs a command's work, and says what came of it.
    pub fn run<F, W>(&self, context: &Context, all: bool, counted: fn(usize) -> Words, work: F) -> Exit
    where
        F: FnOnce(Table, Loaded) -> W,
        W: Future<Output = Result<Vec<Told>, Stop>>,
    {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let problems = loaded.problems.clone();
        match self.told(context, loaded, all, language, work) {
            Ok(told) => self.show(&told, counted, language),
            Err(Stop::Ledger(error)) => ledger_exit(&error, language),
            Err(Stop::Said(exit, words)) => fail(exit, language, &words),
            Err(Stop::Files) => {
                report(&problems, false, language);
                Exit::Configuration
            }
        }
    }

    fn told<F, W>(
        &self,
        context: &Context,
        loaded: Loaded,
        all: bool,
        language: Language,
        work: F,
    ) -> Result<Vec<Told>, Stop>
    where
        F: FnOnce(Table, Loaded) -> W,
        W: Future<Output = Result<Vec<Told>, Stop>>,
    {
        if self.is_empty() && !all {
            return Err(Stop::Said(Exit::Usage, nothing_named()));
        }
        let settings = loaded.settings.clone();
        let settings = settings.as_ref();
        if self.ledger.is_none() && settings.is_none() {
            return Err(Stop::Files);
        }
        let zone = settings.map_or(Zone::UTC, |settings| settings.house.zone);
        let path = ledger_place(self.ledger.as_deref(), settings, &context.config)?;
        let ledger = if self.dry_run { Store::read(&path)? } else { Store::beside(&path)? };
        super::wait(async {
            let held = path.is_held().await;
            let now = now_of(&ledger, context, settings, language).await?;
            let rows = ledger.known().await?;
            work(Table { ledger, rows, held, now, zone, language }, loaded).await
        })
    }

    /// The rows that are meant: those of the keys, whatever their state, and of the rest those that `fit`. Of a key that
    /// is none, what was perhaps meant.
    pub async fn rows(
        &self,
        table: &Table,
        loaded: &Loaded,
        fit: impl Fn(&Row) -> bool,
    ) -> Result<(Vec<Row>, Vec<Told>), Stop> {
        let (mut found, mut unknown) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for key in &self.keys {
            match table.rows.iter().find(|row| row.key.as_str() == key) {
                Some(row) if seen.insert(&row.key) => found.push(row.clone()),
                Some(_) => {}
                None => {
                    unknown.push(Told { key: key.clone(), words: no_such(key, &table.rows), done: false });
                }
            }
        }
        if self.keys.is_empty() {
            let directory = loaded.settings.as_ref().map(|settings| &settings.house.directory);
            let people = table.ledger.people().await?;
            let who = self.person.as_ref().map(|person| Who::named(person, directory, &people));
            let meant = |row: &&Row| {
                self.posting.as_ref().is_none_or(|id| row.key.posting() == id)
                    && self.event.as_ref().is_none_or(|id| row.key.event() == id)
                    && who.as_ref().is_none_or(|who| who.is_recipient_of(row))
            };
            let mut meant: Vec<&Row> = table.rows.iter().filter(meant).collect();
            if meant.is_empty() && !self.is_empty() {
                return Err(Stop::Said(Exit::Failed, nothing_such()));
            }
            meant.retain(|row| fit(row));
            meant.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
            found.extend(meant.into_iter().cloned());
        }
        Ok((found, unknown))
    }

    fn show(&self, told: &[Told], counted: fn(usize) -> Words, language: Language) -> Exit {
        let colon = if language == Language::French { "\u{a0}:" } else { ":" };
        let mut text: String =
            told.iter().map(|one| format!("{}{colon} {}\n", one.key, one.words.say(language))).collect();
        let done = told.iter().filter(|one| one.done).count();
        let words = match (told.len(), self.dry_run) {
            (0, _) => Some(say("Rien n'est concerné.", "Nothing is concerned.")),
            (_, true) => Some(say("(--dry-run\u{a0}: rien n'est fait.)", "(--dry-run: nothing is done.)")),
            (1, false) => None,
            (_, false) => Some(counted(done)),
        };
        if let Some(words) = words {
            text += &format!("{}\n", words.say(language));
        }
        match out(&text) {
            Exit::Done if done < told.len() => Exit::Failed,
            exit => exit,
        }
    }
}

impl Table {
    /// An instant in words.
    pub fn time(&self, at: DateTime<Utc>) -> String {
        time(at, self.zone, self.language)
    }

    /// Of a row that may not be touched, why.
    pub fn refused(&self, row: &Row, why: &Refused) -> Told {
        Told { key: row.key.to_string(), words: self.why(why), done: false }
    }

    /// Of a row that stood elsewhere when it was written.
    pub fn moved(row: &Row) -> Told {
        let words = say(
            "rien n'est fait\u{a0}: il vient de changer d'état\u{a0}; regardez jalon history, puis recommencez",
            "nothing is done: its state has just changed; look at jalon history, then try again",
        );
        Told { key: row.key.to_string(), words, done: false }
    }

    fn why(&self, why: &Refused) -> Words {
        match why {
            Refused::Sent(at) => {
                let at = self.time(*at);
                say(
                    format!("rien n'est fait\u{a0}: déjà envoyé, le {at}"),
                    format!("nothing is done: it was sent, on {at}"),
                )
            }
            Refused::Waits(at) => {
                let at = self.time(*at);
                say(
                    format!("rien à faire\u{a0}: il est prévu, le {at}"),
                    format!("nothing to do: it is planned, for {at}"),
                )
            }
            Refused::Leaving => say(
                "rien n'est fait\u{a0}: il est en train de partir\u{a0}; recommencez dans une minute",
                "nothing is done: it is leaving; try again in a minute",
            ),
            Refused::TooLate(at) => {
                let at = self.time(*at);
                say(
                    format!("rien n'est fait\u{a0}: il n'est plus utile depuis le {at}"),
                    format!("nothing is done: it has been of no use since {at}"),
                )
            }
            Refused::Nearer(key) => say(
                format!("rien n'est fait\u{a0}: un rappel plus proche de la date le remplace, {key}"),
                format!("nothing is done: a reminder nearer to the date stands for it, {key}"),
            ),
            Refused::Withdrawn => say(
                "rien à faire\u{a0}: il est déjà retiré à la main",
                "nothing to do: it is withdrawn by hand already",
            ),
            Refused::Ended(state, reason) => ended(*state, *reason),
            Refused::NotHeld(state) => {
                let state_fr = super::history::state_word(*state, Language::French);
                say(
                    format!(
                        "rien n'est fait\u{a0}: seul ce qui est retenu se confirme, et il est «\u{a0}{state_fr}\u{a0}»"
                    ),
                    format!(
                        "nothing is done: only what is held can be confirmed, and it is {}",
                        state.word()
                    ),
                )
            }
            Refused::Unasked(why) => unasked(*why),
        }
    }
}

fn ended(state: State, reason: Option<Reason>) -> Words {
    match (state, reason) {
        (State::Superseded, _) => say(
            "rien n'est fait\u{a0}: un autre courriel a dit la même chose à sa place",
            "nothing is done: another mail said the same in its place",
        ),
        (State::Skipped, _) => say(
            "rien n'est fait\u{a0}: il n'y avait rien à envoyer (voyez jalon explain)",
            "nothing is done: there was nothing to be sent (see jalon explain)",
        ),
        (State::Withdrawn, _) => say(
            "rien à faire\u{a0}: aucun fichier ne le demande plus, il est déjà retiré",
            "nothing to do: no file asks for it any more, it is withdrawn already",
        ),
        (State::Failed, _) => say(
            "rien à faire\u{a0}: il a été refusé et ne repart que par jalon retry, ou avec une autre adresse",
            "nothing to do: it was refused, and leaves only by jalon retry or with another address",
        ),
        _ => say("rien à faire\u{a0}: c'est déjà fini pour lui", "nothing to do: it has ended"),
    }
}

fn unasked(why: Unasked) -> Words {
    let (fr, en) = match why {
        Unasked::Unusable => (
            "sa fiche ne peut pas être lue\u{a0}: corrigez-la d'abord (jalon check)",
            "its posting cannot be read: mend it first (jalon check)",
        ),
        Unasked::NoPosting => ("sa fiche n'est plus là", "its posting is gone"),
        Unasked::Over => (
            "son étape est annulée ou terminée, ou la fiche est pourvue ou annulée",
            "its event is cancelled or done, or the posting is filled or cancelled",
        ),
        Unasked::NoEvent => ("son étape n'est plus dans la fiche", "its event is no longer in the posting"),
        Unasked::Moved => ("la date de son étape a changé", "the date of its event has changed"),
        Unasked::NotNamed => (
            "cette personne n'est plus prévenue de cette étape",
            "this person is no longer reminded of this event",
        ),
        Unasked::NoRule => ("plus aucune règle ne le demande", "no rule asks for it any more"),
        Unasked::NothingToTell => {
            ("ce qu'il avait à dire n'a plus lieu d'être", "what it had to tell is not so any more")
        }
    };
    say(format!("rien n'est fait\u{a0}: {fr}"), format!("nothing is done: {en}"))
}

fn nothing_named() -> Words {
    say(
        "dites lesquels\u{a0}: des clés (jalon history les montre), ou --posting FICHE, ou --person PERSONNE",
        "say which: keys (jalon history shows them), or --posting POSTING, or --person PERSON",
    )
}

fn nothing_such() -> Words {
    say(
        "rien de tel dans le registre\u{a0}: jalon history montre ce qu'il contient",
        "there is no such thing in the ledger: jalon history shows what it holds",
    )
}

fn no_such(key: &str, rows: &[Row]) -> Words {
    match nearest(key, rows.iter().map(|row| row.key.as_str())) {
        Some(near) => say(
            format!("inconnu du registre\u{a0}; vouliez-vous dire {near}\u{a0}?"),
            format!("unknown to the ledger; did you mean {near}?"),
        ),
        None => say(
            "inconnu du registre\u{a0}: jalon history montre les clés",
            "unknown to the ledger: jalon history shows the keys",
        ),
    }
}
