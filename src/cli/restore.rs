//! `jalon restore`: a copy takes the ledger's place, and what may have left since it was made is held for a person.
//!
//! All is made ready beside the ledger, also the first round of planning over the present files; then the draft takes
//! the ledger's place in one step. `--dry-run` does the same, and leaves the place alone.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::Args;

use super::backup::copy_exit;
use super::{Context, Exit, fail, ledger_exit, ledger_path, moment, out};
use crate::calendar::Zone;
use crate::clock::Clock;
use crate::daemon::planner::Planner;
use crate::diagnostic::{Language, Words, say};
use crate::files::Loaded;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::sqlite::copy::{Described, describe};
use crate::ledger::sqlite::restore::{Draft, Place};
use crate::ledger::{CopyError, Ledger as _, LedgerError, Stamp};
use crate::plan::row::{Reason, Row};
use crate::plan::trust::SLACK;
use crate::plan::words;
use crate::settings::Settings;

/// How many held mails are listed.
const LISTED: usize = 40;

/// Put a copy in the ledger's place, and hold what may have left since
#[derive(Debug, Args)]
pub struct Restore {
    /// The copy
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Say what would be held, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    /// Of a ledger on a pretended clock: what that clock says [default: the latest moment that the present ledger tells of]
    #[arg(long, value_name = "MOMENT")]
    as_of: Option<String>,
}

/// Why nothing is restored.
enum Refusal {
    Ledger(LedgerError),
    Copy(CopyError),
    Said(Exit, Words),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<CopyError> for Refusal {
    fn from(error: CopyError) -> Self {
        Self::Copy(error)
    }
}

/// What became of it.
struct Restored {
    copy: Described,
    held: Vec<Row>,
    /// Where the former ledger is, if there was one.
    aside: Option<PathBuf>,
}

impl Restore {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let (loaded, settings, language) = match context.settled() {
            Ok(settled) => settled,
            Err(exit) => return exit,
        };
        match self.restore(context, loaded, &settings) {
            Ok(restored) => out(&self.told(&restored, settings.house.zone, language)),
            Err(Refusal::Ledger(error)) => ledger_exit(&error, language),
            Err(Refusal::Copy(error)) => copy_exit(&error, language),
            Err(Refusal::Said(exit, words)) => fail(exit, language, &words),
        }
    }

    fn restore(&self, context: &Context, loaded: Loaded, settings: &Settings) -> Result<Restored, Refusal> {
        if !loaded.postings_readable {
            return Err(Refusal::Said(Exit::Failed, blind(&context.config.join(&settings.postings))));
        }
        let path = ledger_path(self.ledger.as_deref(), Some(settings), &context.config)?;
        let copy = describe(&self.file)?;
        let present = path.exists().then(|| describe(&path)).transpose().ok().flatten();
        self.same_clock(&path, &copy, present.as_ref())?;
        let now = self.now(context, settings, &copy, present.as_ref())?;
        // A daemon that starts meanwhile would write into what is about to be replaced.
        let place = if self.dry_run { None } else { Some(Place::hold(&path)?) };
        let draft = Draft::of(&self.file, &path)?;
        let held = {
            let ledger = draft.open(copy.stamp)?;
            super::wait(doubt(&ledger, context, loaded, settings, &copy, now))?
        };
        let aside = match place {
            Some(place) => place.put(&draft, now)?,
            None => None,
        };
        Ok(Restored { copy, held, aside })
    }

    /// Refuses a copy that lives on another clock than the ledger that it replaces.
    fn same_clock(&self, path: &Path, copy: &Described, present: Option<&Described>) -> Result<(), Refusal> {
        let expected = match present {
            Some(present) => present.stamp,
            None if self.as_of.is_some() => Stamp::Pretended,
            None => Stamp::Real,
        };
        if copy.stamp == expected {
            return Ok(());
        }
        let ledger = format!("sqlite:{}", path.display());
        let (found, opened) = (copy.stamp.word(), expected.word());
        let words = say(
            format!(
                "{} ne peut pas prendre la place de {ledger}\u{a0}: l'un suit une horloge simulée (--as-of), l'autre la vraie\u{a0}; choisissez une autre copie ou un autre --ledger",
                self.file.display()
            ),
            format!(
                "{} cannot take the place of {ledger}: it lives on a {found} clock, not on a {opened} one; choose another copy, or another --ledger",
                self.file.display()
            ),
        );
        Err(Refusal::Said(Exit::Configuration, words))
    }

    /// Now, on the clock that the copy lives on.
    fn now(
        &self,
        context: &Context,
        settings: &Settings,
        copy: &Described,
        present: Option<&Described>,
    ) -> Result<DateTime<Utc>, Refusal> {
        let last = copy.latest.max(present.and_then(|present| present.latest));
        match (copy.stamp, &self.as_of) {
            (Stamp::Real, Some(_)) => {
                let words = say(
                    "cette copie suit l'horloge de la machine\u{a0}: retirez --as-of",
                    "this copy lives on the machine's clock: leave --as-of out",
                );
                Err(Refusal::Said(Exit::Usage, words))
            }
            (Stamp::Real, None) => {
                let now = context.clock.now();
                match last.filter(|last| *last - now > SLACK) {
                    Some(last) => Err(Refusal::Said(Exit::Failed, behind(now, last, settings.house.zone))),
                    None => Ok(now),
                }
            }
            (Stamp::Pretended, Some(text)) => moment(text, settings.house.zone).ok_or_else(|| {
                let words = say(
                    format!("« {text} » n'est pas un moment\u{a0}: écrivez 2026-06-19T08:59:00"),
                    format!("\"{text}\" is not a moment: write 2026-06-19T08:59:00"),
                );
                Refusal::Said(Exit::Usage, words)
            }),
            (Stamp::Pretended, None) => Ok(last.unwrap_or_else(|| context.clock.now())),
        }
    }

    fn told(&self, restored: &Restored, zone: Zone, language: Language) -> String {
        let Restored { copy, held, aside } = restored;
        let last = copy.last_round.map(|last| words::moment(last, zone, language)).unwrap_or_default();
        let file = self.file.display();
        let mut said = vec![if self.dry_run {
            say(
                format!("La copie {file} (dernier tour\u{a0}: {last}) peut prendre la place du registre."),
                format!("The copy {file} (last round: {last}) can take the ledger's place."),
            )
        } else {
            say(
                format!("La copie {file} (dernier tour\u{a0}: {last}) a pris la place du registre."),
                format!("The copy {file} (last round: {last}) has taken the ledger's place."),
            )
        }];
        if let Some(aside) = aside {
            let aside = aside.display();
            said.push(say(
                format!("L'ancien est gardé\u{a0}: {aside}"),
                format!("The former one is kept: {aside}"),
            ));
        }
        said.push(match held.len() {
            0 => say(
                "Rien n'est échu depuis\u{a0}: rien n'est retenu.",
                "Nothing fell due since: nothing is held.",
            ),
            count => say(
                format!("Échus ou écrits depuis, peut-être déjà partis, et donc retenus\u{a0}: {count}"),
                format!("Fell due or were written since, may have left already, and so are held: {count}"),
            ),
        });
        for row in held.iter().take(LISTED) {
            let due = zone.local(row.due).format("%Y-%m-%d %H:%M");
            let line = format!("  {due}  {}", row.key);
            said.push(say(line.clone(), line));
        }
        if held.len() > LISTED {
            let more = held.len() - LISTED;
            said.push(say(format!("  … et {more} autres"), format!("  … and {more} more")));
        }
        if !held.is_empty() {
            said.push(say(
                "Pour chacun, regardez s'il est arrivé (ou s'il figure dans les journaux du relais)\u{a0}: jalon confirm CLÉ s'il l'est, jalon retry CLÉ sinon. La liste\u{a0}: jalon history --state held",
                "Of each, find out whether it arrived (or stands in the relay's log): jalon confirm KEY if it did, jalon retry KEY if not. The list: jalon history --state held",
            ));
        }
        said.push(if self.dry_run {
            say("(--dry-run\u{a0}: rien n'est changé.)", "(--dry-run: nothing is changed.)")
        } else {
            say("Le reste attend jalon run.", "The rest waits for jalon run.")
        });
        said.iter().map(|words| format!("{}\n", words.say(language))).collect()
    }
}

/// Holds what may have left: what the copy knows to be due; then, once the planner has laid a first round over the
/// present files, what only they know of.
async fn doubt(
    ledger: &SqliteLedger,
    context: &Context,
    loaded: Loaded,
    settings: &Settings,
    copy: &Described,
    now: DateTime<Utc>,
) -> Result<Vec<Row>, LedgerError> {
    let domain = settings.mail.as_ref().map_or("localhost", |mail| mail.from.domain());
    ledger.doubt_due(now, domain).await?;
    if ledger.is_filled().await? {
        let planner = Planner::new(ledger.clone(), Clock::jumping(now), context.config.clone(), loaded);
        planner.step().await?;
        ledger.doubt_met(copy.last_round.unwrap_or(now), now, domain).await?;
    }
    ledger.note_round(now, false).await?;
    let held = |row: &Row| row.reason == Some(Reason::Restored) && row.changed == now;
    let mut rows: Vec<Row> = ledger.known().await?.into_iter().filter(held).collect();
    rows.sort_by(|a, b| (a.due, &a.key).cmp(&(b.due, &b.key)));
    Ok(rows)
}

/// Without the postings nobody can say what was asked for since the copy.
fn blind(folder: &Path) -> Words {
    let folder = folder.display();
    say(
        format!(
            "le dossier des fiches ne peut pas être lu ({folder})\u{a0}: remettez d'abord les fiches, elles disent ce qui a pu partir depuis la copie"
        ),
        format!(
            "the folder of postings cannot be read ({folder}): put the postings back first, they say what may have left since the copy"
        ),
    )
}

/// On a clock that is behind, what is due cannot be told.
fn behind(now: DateTime<Utc>, last: DateTime<Utc>, zone: Zone) -> Words {
    let at = |at, language| words::moment(at, zone, language);
    let (fr, en) = (Language::French, Language::English);
    say(
        format!(
            "l'horloge dit {}, mais le registre a connu le {}\u{a0}: remettez-la à l'heure, puis recommencez",
            at(now, fr),
            at(last, fr)
        ),
        format!(
            "the clock says {}, but the ledger has seen {}: set it, then try again",
            at(now, en),
            at(last, en)
        ),
    )
}
