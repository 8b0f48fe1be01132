//! `jalon accept`: what waits for a person's word. Postings that vanished and are not believed to be gone; a clock
//! that does not agree with the ledger.
//!
//! It writes beside a running daemon, which sees it when it next looks, within a minute; or at its next start.

use std::path::Path;

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};

use super::{Context, Exit, fail, ledger_exit, ledger_place, moment, now_of, out};
use crate::clock::Clock;
use crate::daemon::planner::{Laid, Memory, Planner};
use crate::diagnostic::{Language, Words, say};
use crate::files::Loaded;
use crate::ledger::store::Store;
use crate::ledger::{Ledger as _, LedgerError, Stamp};
use crate::plan::Sort;
use crate::plan::notice::is_on_its_way;
use crate::plan::trust::{Trust, held_against};
use crate::plan::words;
use crate::settings::Settings;

/// Accept what waits for a person: postings that vanished, a clock that was set
#[derive(Debug, Args)]
pub struct Accept {
    /// What to accept [default: whatever waits]
    #[arg(value_enum, value_name = "WHAT")]
    what: Vec<What>,
    /// Say what waits, and accept nothing
    #[arg(long)]
    dry_run: bool,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    /// Of a ledger on a pretended clock: what that clock says [default: the moment of the last round]
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Postings whose files are gone, before that is believed
    Vanished,
    /// A clock behind the ledger's last round, or that jumped ahead by more than a day
    Clock,
}

/// What waits.
struct Waiting {
    now: DateTime<Utc>,
    /// What the planner decides now; none when vanished postings were not asked for.
    laid: Option<Laid>,
    last_round: Option<DateTime<Utc>>,
    /// What is held against the clock.
    clock: Trust,
    /// Whether a daemon will take it up at once.
    held: bool,
    /// Whether nobody said what the ledger's pretended clock says.
    unsaid: bool,
}

/// Why nothing can be accepted.
enum Refusal {
    Ledger(LedgerError),
    Said(Exit, Words),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl Accept {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let (loaded, settings, language) = match context.settled() {
            Ok(settled) => settled,
            Err(exit) => return exit,
        };
        match self.accept(context, loaded, &settings, language) {
            Ok(text) => out(&text),
            Err(Refusal::Ledger(error)) => ledger_exit(&error, language),
            Err(Refusal::Said(exit, words)) => fail(exit, language, &words),
        }
    }

    fn asks(&self, what: What) -> bool {
        self.what.is_empty() || self.what.contains(&what)
    }

    /// Says what waits, and accepts it.
    fn accept(
        &self,
        context: &Context,
        loaded: Loaded,
        settings: &Settings,
        language: Language,
    ) -> Result<String, Refusal> {
        if self.asks(What::Vanished) && !loaded.postings_readable {
            return Err(Refusal::Said(Exit::Failed, blind(&context.config.join(&settings.postings))));
        }
        let path = ledger_place(self.ledger.as_deref(), Some(settings), &context.config)?;
        let ledger = if self.dry_run { Store::read(&path)? } else { Store::beside(&path)? };
        let waiting = super::wait(async {
            let held = path.is_held().await;
            let waiting = self.waiting(&ledger, held, context, loaded, language).await?;
            if !self.dry_run {
                write(&ledger, &waiting).await?;
            }
            Ok::<_, Refusal>(waiting)
        })?;
        Ok(self.told(&waiting, settings, language))
    }

    async fn waiting(
        &self,
        ledger: &Store,
        held: bool,
        context: &Context,
        loaded: Loaded,
        language: Language,
    ) -> Result<Waiting, Refusal> {
        let settings = loaded.settings.as_ref();
        let pretended = ledger.stamp().await? == Stamp::Pretended;
        let now = match &self.as_of {
            None => now_of(ledger, context, settings, language).await?,
            Some(text) if pretended => {
                let zone = settings.map(|settings| settings.house.zone);
                zone.and_then(|zone| moment(text, zone)).ok_or_else(|| no_moment(text))?
            }
            Some(_) => return Err(Refusal::Said(Exit::Usage, real())),
        };
        let last_round = ledger.last_round().await?;
        let clock = if self.asks(What::Clock) { held_against(now, last_round, held) } else { Trust::Agrees };
        let laid = if self.asks(What::Vanished) {
            let memory = Memory::of(ledger).await?;
            // The planner's own decision, and no second opinion.
            Planner::new((), Clock::jumping(now), context.config.clone(), loaded).decide(memory, now)
        } else {
            None
        };
        let unsaid = pretended && self.as_of.is_none();
        Ok(Waiting { now, laid, last_round, clock, held, unsaid })
    }

    fn told(&self, waiting: &Waiting, settings: &Settings, language: Language) -> String {
        let mut text = String::new();
        if let Some(laid) = waiting.laid.as_ref().filter(|laid| !laid.round.missed.is_empty()) {
            text += &self.vanished(laid, waiting.held, language);
        }
        if waiting.clock != Trust::Agrees {
            text += &self.clock(waiting, settings, language);
        }
        let words = match (text.is_empty(), self.dry_run) {
            (true, _) if waiting.unsaid && self.what == [What::Clock] => say(
                "Rien n'attend d'être accepté. (Ce que dit une horloge simulée, dites-le\u{a0}: --as-of MOMENT.)",
                "Nothing waits to be accepted. (What a pretended clock says, say it: --as-of MOMENT.)",
            ),
            (true, _) => say("Rien n'attend d'être accepté.", "Nothing waits to be accepted."),
            (false, true) => {
                say("(--dry-run\u{a0}: rien n'est accepté.)", "(--dry-run: nothing is accepted.)")
            }
            (false, false) => return text,
        };
        text + words.say(language) + "\n"
    }

    fn vanished(&self, laid: &Laid, held: bool, language: Language) -> String {
        let missed = &laid.round.missed;
        let said = match (missed.len(), self.dry_run) {
            (1, false) => say(
                "Une fiche n'a plus de fichier. C'est accepté\u{a0}:",
                "A posting has no file any more. It is accepted:",
            ),
            (1, true) => say(
                "Une fiche n'a plus de fichier, et cela reste à accepter\u{a0}:",
                "A posting has no file any more, and that waits to be accepted:",
            ),
            (many, false) => say(
                format!("{many} fiches n'ont plus de fichier. C'est accepté\u{a0}:"),
                format!("{many} postings have no file any more. It is accepted:"),
            ),
            (many, true) => say(
                format!("{many} fiches n'ont plus de fichier, et cela reste à accepter\u{a0}:"),
                format!("{many} postings have no file any more, and that waits to be accepted:"),
            ),
        };
        let mut text = said.say(language).to_owned() + "\n";
        for id in missed {
            text += &format!("  {}\n", one(laid, id).say(language));
        }
        let when = if held {
            say("Dans la minute", "Within a minute")
        } else {
            say("Au prochain démarrage de jalon", "When jalon next starts")
        };
        let what = say(
            format!(
                "{}, leurs rappels sont retirés\u{a0}; qui avait appris une de leurs dates à venir apprend qu'elle est retirée du calendrier.",
                when.fr
            ),
            format!(
                "{}, their reminders are withdrawn; whoever was told one of their dates to come hears that it was removed from the calendar.",
                when.en
            ),
        );
        text + what.say(language) + "\n"
    }

    fn clock(&self, waiting: &Waiting, settings: &Settings, language: Language) -> String {
        let zone = settings.house.zone;
        let Some(last) = waiting.last_round else { return String::new() };
        let at = |at| words::moment(at, zone, language);
        let (now, last) = (at(waiting.now), at(last));
        let compared = say(
            format!(
                "L'horloge dit {now}\u{a0}; le dernier tour du registre est du {last} (heures de {}).",
                zone.name()
            ),
            format!(
                "The clock says {now}; the ledger's last round was on {last} (times of {}).",
                zone.name()
            ),
        );
        let what = if self.dry_run {
            say(
                "Si l'horloge dit vrai, jalon accept clock la fait croire\u{a0}; sinon, remettez-la à l'heure.",
                "If the clock is right, jalon accept clock makes it believed; otherwise set it.",
            )
        } else {
            say(
                "C'est accepté\u{a0}: jalon suit cette horloge. Si elle se trompe, remettez-la à l'heure, puis relancez jalon accept clock.",
                "It is accepted: jalon goes by this clock. If it is wrong, set it, then run jalon accept clock again.",
            )
        };
        format!("{}\n{}\n", compared.say(language), what.say(language))
    }
}

async fn write(ledger: &Store, waiting: &Waiting) -> Result<(), LedgerError> {
    let missed = waiting.laid.as_ref().map(|laid| laid.round.missed.clone()).unwrap_or_default();
    if !missed.is_empty() {
        ledger.accept(missed, waiting.now).await?;
    }
    match waiting.clock {
        Trust::Agrees => Ok(()),
        Trust::Behind(_) => ledger.note_round(waiting.now, true).await,
        Trust::Ahead(_) => ledger.note_round(waiting.now, false).await,
    }
}

/// A posting: its title, and how many of its reminders are to come.
fn one(laid: &Laid, id: &str) -> Words {
    let title = laid.snapshot.postings.get(id).map(|posting| format!(" — {}", posting.title));
    let title = title.unwrap_or_default();
    let to_come = laid
        .known
        .iter()
        .filter(|row| row.key.sort() == Sort::Reminder && row.key.posting() == id && is_on_its_way(row));
    match to_come.count() {
        0 => say(
            format!("{id}{title}\u{a0}: aucun rappel à venir"),
            format!("{id}{title}: no reminder to come"),
        ),
        1 => say(format!("{id}{title}\u{a0}: 1 rappel à venir"), format!("{id}{title}: 1 reminder to come")),
        many => say(
            format!("{id}{title}\u{a0}: {many} rappels à venir"),
            format!("{id}{title}: {many} reminders to come"),
        ),
    }
}

/// A folder that cannot be read says of no file that it is gone.
fn blind(folder: &Path) -> Words {
    let folder = folder.display();
    say(
        format!(
            "le dossier des fiches ne peut pas être lu ({folder})\u{a0}: rien ne dit que des fiches ont disparu. Remettez-le ou, si toutes doivent disparaître, créez un dossier vide à sa place"
        ),
        format!(
            "the folder of postings cannot be read ({folder}): nothing says that postings are gone. Put it back or, if all of them are to go, make an empty folder in its place"
        ),
    )
}

fn no_moment(text: &str) -> Refusal {
    let words = say(
        format!("« {text} » n'est pas un moment\u{a0}: écrivez 2026-06-19T08:59:00"),
        format!("\"{text}\" is not a moment: write 2026-06-19T08:59:00"),
    );
    Refusal::Said(Exit::Usage, words)
}

fn real() -> Words {
    say(
        "ce registre suit l'horloge de la machine\u{a0}: retirez --as-of",
        "this ledger lives on the machine's clock: leave --as-of out",
    )
}
