//! `jalon rehearse`: the daemon's own steps on a clock that jumps from due to due; no real ledger, no relay.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use tokio::sync::watch;

use super::{Context, Exit, fail, ledger_exit, moment, out, report};
use crate::calendar::{Language as ReadIn, Zone};
use crate::clock::Clock;
use crate::daemon::dispatcher::{Departure, Dispatcher, Way};
use crate::daemon::planner::{Planner, Snapshot};
use crate::diagnostic::{Language, any_error, say};
use crate::files;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, LedgerError, Stamp};
use crate::message::Templates;
use crate::message::gallery::{Page, gallery, models};
use crate::message::samples::{Sample, samples};
use crate::plan::next::Verdict;
use crate::plan::row::{Row, State};
use crate::transport::Transport;
use crate::transport::folder::{Outbox, file_name};

/// Play a span of time in seconds, and keep every mail that would have left
#[derive(Debug, Args)]
pub struct Rehearse {
    /// The moment at which the rehearsal begins
    #[arg(long, value_name = "MOMENT", required_unless_present = "gallery")]
    from: Option<String>,
    /// The moment at which it ends, excluded
    #[arg(long, value_name = "MOMENT", required_unless_present = "gallery")]
    until: Option<String>,
    /// Instead, one page with every kind of mail in every language and shape, by the templates in force
    #[arg(long, conflicts_with_all = ["from", "until"])]
    gallery: bool,
    /// The folder for the .eml files and index.html; what an earlier rehearsal left there is replaced
    #[arg(long, value_name = "DIR", default_value = "var/rehearsal")]
    out: PathBuf,
}

/// With more reminders than this, and a terminal, a bar grows instead of a line a mail.
const MANY: usize = 60;

/// How wide the bar is, in characters.
const BAR: usize = 32;

impl Rehearse {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        report(&loaded.problems, false, language);
        let Some(settings) = loaded.settings.clone() else { return Exit::Configuration };
        if self.gallery {
            return self.models(loaded, settings.house.zone, language);
        }
        if settings.mail.is_none() {
            return fail(
                Exit::Configuration,
                language,
                &say("il manque [mail] dans jalon.toml", "[mail] is missing in jalon.toml"),
            );
        }
        let zone = settings.house.zone;
        let moment = |text: &Option<String>| text.as_deref().and_then(|text| moment(text, zone));
        let (Some(from), Some(until)) = (moment(&self.from), moment(&self.until)) else {
            let words = say(
                "--from et --until attendent un moment\u{a0}: écrivez 2026-06-01 ou 2026-06-01T09:00",
                "--from and --until want a moment: write 2026-06-01 or 2026-06-01T09:00",
            );
            return fail(Exit::Usage, language, &words);
        };
        if from >= until {
            let words = say("--from doit précéder --until", "--from must come before --until");
            return fail(Exit::Usage, language, &words);
        }
        if let Err(exit) = self.fresh(language) {
            return exit;
        }
        let broken = any_error(&loaded.problems);
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        let stage = Stage { out: &self.out, zone, from, until, language };
        match runtime.block_on(stage.play(context, loaded)) {
            Ok(departures) => match stage.show(&departures) {
                Exit::Done if broken => Exit::Configuration,
                exit => exit,
            },
            Err(error) => ledger_exit(&error, language),
        }
    }

    fn fresh(&self, language: Language) -> Result<(), Exit> {
        fresh_folder(&self.out).map_err(|error| {
            let words = say(
                format!("{} ne peut pas être refait\u{a0}: {error}", self.out.display()),
                format!("{} cannot be made anew: {error}", self.out.display()),
            );
            fail(Exit::Failed, language, &words)
        })
    }

    /// Writes the page of all samples. If a template cannot be read at all, built-in ones stand for them all.
    fn models(&self, loaded: files::Loaded, zone: Zone, language: Language) -> Exit {
        if let Err(exit) = self.fresh(language) {
            return exit;
        }
        let (templates, problems) = Templates::read(loaded.templates);
        report(&problems, false, language);
        let broken = any_error(&loaded.problems) || any_error(&problems);
        let templates = templates.unwrap_or_else(Templates::built_in);
        let today = zone.date(Clock::real().now());
        let all = ReadIn::ALL.into_iter().chain(templates.folders());
        let all = all.flat_map(|language| samples(&templates, language, today));
        let all: Vec<Sample> = all.collect();
        let index = self.out.join("index.html");
        if let Err(error) = std::fs::write(&index, models(&all, language)) {
            let words = format!("{}: {error}", index.display());
            return fail(Exit::Failed, language, &say(words.clone(), words));
        }
        let (count, page) = (all.len(), index.display());
        let told = say(
            format!("{count} courriels. Lisez-les\u{a0}: {page}\n"),
            format!("{count} mails. Read them: {page}\n"),
        );
        let exit = out(told.say(language));
        if broken || all.iter().any(|sample| sample.mail.is_err()) { Exit::Configuration } else { exit }
    }
}

/// The file by which a rehearsal knows its folder again.
const MARK: &str = ".jalon-rehearsal";

/// Removes what an earlier rehearsal wrote, and only that. A folder that holds something and bears no mark of ours
/// is refused.
fn fresh_folder(out: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(out)?;
    let ours = out.join(MARK).exists();
    if !ours && std::fs::read_dir(out)?.next().is_some() {
        return Err(std::io::Error::other("it holds something that is no rehearsal"));
    }
    std::fs::write(out.join(MARK), "")?;
    let mails = out.join("mails");
    let ledger = ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "index.html"]
        .map(|name| out.join(name));
    let written = mails.is_dir().then(|| std::fs::read_dir(&mails)).transpose()?.into_iter().flatten();
    let written = written.filter_map(Result::ok).map(|entry| entry.path());
    for path in written.filter(|path| is_ours(path)).chain(ledger) {
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Whether a file is a mail that a rehearsal wrote.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.starts_with("jalon.") && path.extension().is_some_and(|extension| extension == "eml")
}

struct Stage<'a> {
    out: &'a Path,
    zone: Zone,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    language: Language,
}

impl Stage<'_> {
    /// The daemon's loop, on a clock that jumps: plan once, then send whatever is due next.
    async fn play(&self, context: &Context, loaded: files::Loaded) -> Result<Vec<Departure>, LedgerError> {
        let clock = Clock::jumping(self.from);
        let ledger = SqliteLedger::open(&self.out.join("ledger.db"), Stamp::Pretended)?;
        let planner = Planner::new(ledger.clone(), clock.clone(), context.config.clone(), loaded);
        if planner.step().await?.0.is_none() {
            return Ok(Vec::new());
        }
        let outbox = Way::new("rehearsal".to_owned(), Transport::Folder(Outbox::new(self.out.join("mails"))));
        let (_keep, stop) = watch::channel(false);
        let mut dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), vec![outbox], TimeDelta::minutes(30), stop);
        let planned = |row: &Row| row.state == State::Planned && row.due < self.until;
        let total = ledger.known().await?.iter().filter(|row| planned(row)).count();
        let mut departures = Vec::new();
        while let Some(due) = ledger.next_due().await?.filter(|due| *due < self.until) {
            // An outbox that cannot be written rests, as a relay does.
            clock.wait_until(dispatcher.rests_until().map_or(due, |rested| due.max(rested))).await;
            // Planned before and after, as the daemon does every minute: digests are planned one at a time.
            if let (Some(snapshot), _) = planner.step().await? {
                self.drain(&mut dispatcher, &snapshot, &mut departures, total).await?;
            }
            planner.step().await?;
        }
        Ok(departures)
    }

    async fn drain<L: Ledger>(
        &self,
        dispatcher: &mut Dispatcher<L>,
        snapshot: &Snapshot,
        departures: &mut Vec<Departure>,
        total: usize,
    ) -> Result<(), LedgerError> {
        loop {
            let step = dispatcher.step(snapshot).await?;
            for departure in step.departures {
                departures.push(departure);
                let told = departures.iter().map(|departure| departure.keys.len()).sum();
                if let Some(departure) = departures.last() {
                    self.line(departure, told, total);
                }
            }
            if !step.worked {
                return Ok(());
            }
        }
    }

    /// A line a mail; or a bar, where there are many and somebody looks.
    fn line(&self, departure: &Departure, told: usize, total: usize) {
        let sent = matches!(departure.verdict, Verdict::Sent { .. });
        let when = self.zone.local(departure.at).format("%Y-%m-%d %H:%M");
        if sent && total > MANY && std::io::stdout().is_terminal() {
            let full = BAR * told.min(total) / total;
            let mut stdout = std::io::stdout().lock();
            let _ = write!(
                stdout,
                "\r\u{1b}[K[{}{}] {told}/{total}  {when}",
                "#".repeat(full),
                ".".repeat(BAR - full)
            );
            let _ = stdout.flush();
        } else {
            let mark = if sent { "✉" } else { "✗" };
            out(&format!("{when}  {mark} {}  {}\n", departure.reader, departure.written.subject));
        }
    }

    /// Writes the index page and says where to look.
    fn show(&self, departures: &[Departure]) -> Exit {
        let pages: Vec<Page> = departures
            .iter()
            .filter(|departure| matches!(departure.verdict, Verdict::Sent { .. }))
            .map(|departure| {
                let written = &departure.written;
                Page {
                    file: format!("mails/{}", file_name(&departure.message_id)),
                    at: self.zone.local(departure.at).format("%Y-%m-%d %H:%M").to_string(),
                    to: departure.email.clone(),
                    subject: written.subject.clone(),
                    text: written.text.clone(),
                    html: written.html.clone(),
                }
            })
            .collect();
        let index = self.out.join("index.html");
        if let Err(error) = std::fs::write(&index, gallery(&pages, self.language)) {
            let words = format!("{}: {error}", index.display());
            return fail(Exit::Failed, self.language, &say(words.clone(), words));
        }
        let reminders: usize = departures.iter().map(|departure| departure.keys.len()).sum();
        let (mails, page, zone) = (pages.len(), index.display(), self.zone.name());
        let failed = departures.len() - mails;
        let exit = out(&match self.language {
            _ if mails == 0 => say("\nAucun rappel dans cette période.\n", "\nNo reminder in this span.\n")
                .say(self.language)
                .to_owned(),
            Language::French => {
                let (r, m) = (if reminders > 1 { "s" } else { "" }, if mails > 1 { "s" } else { "" });
                format!(
                    "\n{reminders} rappel{r} dans {mails} courriel{m} (heures de {zone}). Lisez-les\u{a0}: {page}\n"
                )
            }
            Language::English => {
                let (r, m) = (if reminders > 1 { "s" } else { "" }, if mails > 1 { "s" } else { "" });
                format!("\n{reminders} reminder{r} in {mails} mail{m} (times of {zone}). Read them: {page}\n")
            }
        });
        if failed > 0 { Exit::Failed } else { exit }
    }
}
