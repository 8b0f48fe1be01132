//! The command line: one file a command. Here stand the grammar, the exit codes and what the commands share.

pub mod accept;
pub mod agenda;
pub mod backup;
pub mod check;
pub mod completions;
pub mod confirm;
pub mod diff;
pub mod doctor;
pub mod draft;
pub mod explain;
pub mod forget;
pub mod hands;
pub mod history;
pub mod in_force;
pub mod listing;
pub mod new;
pub mod preview;
pub mod rehearse;
pub mod restore;
pub mod retry;
pub mod run;
pub mod schema;
pub mod send_test;
pub mod token;
pub mod ways;
pub mod whose;
pub mod withdraw;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};
use tracing::Level;

use crate::calendar::Zone;
use crate::clock::Clock;
use crate::diagnostic::{Language, Problem, Severity, Words, looks_like_a_path, say};
use crate::files::secrets::{authorities, secret};
use crate::files::{self, INSTALLED, Loaded};
use crate::ledger::ailment::Ailment;
use crate::ledger::failure::Cause;
use crate::ledger::postgres::place::{Place, is_postgres};
use crate::ledger::store::Location;
use crate::ledger::{Ledger, LedgerError, Stamp};
use crate::plan::words;
use crate::settings::Settings;
use crate::telemetry::complain;
use crate::telemetry::journal::Entry;

/// How a command ends (sysexits where there is one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It is done.
    Done,
    /// It failed.
    Failed,
    /// It was called wrongly.
    Usage,
    /// The relay or the ledger cannot be reached.
    Unreachable,
    /// The ledger is held by another daemon, or newer than the program.
    Busy,
    /// The configuration is wrong.
    Configuration,
}

impl Exit {
    /// The status of the process.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Unreachable => 69,
            Self::Busy => 75,
            Self::Configuration => 78,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// jalon keeps the dates of recruitments: it reads postings written in TOML and mails a reminder for every date
/// that matters, once, at the right moment.
#[derive(Debug, Parser)]
#[command(name = "jalon", version, max_term_width = 100)]
pub struct Line {
    /// The folder of jalon.toml [default: $CONFIGURATION_DIRECTORY, ./config, /etc/jalon]
    #[arg(long, global = true, value_name = "DIR")]
    pub config: Option<PathBuf>,
    /// The language of messages [default: the locale's, else jalon.toml's]
    #[arg(long, global = true, value_name = "fr|en", value_parser = language)]
    pub lang: Option<Language>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Keep the dates: plan, wait, send
    Run(run::Run),
    /// Read everything as the daemon would, and say what is wrong or odd
    Check(check::Check),
    /// List the reminders to come, from the files alone
    Agenda(agenda::Agenda),
    /// Play a span of time in seconds, and keep every mail that would have left
    Rehearse(rehearse::Rehearse),
    /// Show one mail as it would be now
    Preview(preview::Preview),
    /// What became of each reminder
    History(history::History),
    /// Make a posting, by six questions or by options
    New(new::New),
    /// Make a posting from the text of an advertisement
    Draft(draft::Draft),
    /// Print a JSON Schema of the files, for editors
    Schema(schema::Schema),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print the manual page, or write those of all commands into a folder
    Man(completions::Man),
    /// What the files would change in the plan, before they do
    Diff(diff::Diff),
    /// Why a reminder came, or did not
    Explain(explain::Explain),
    /// Print an access token of Microsoft or Google, for `token_command`
    Token(token::Token),
    /// Accept what waits for a person: postings that vanished, a clock that was set
    Accept(accept::Accept),
    /// Copy the ledger into a file, also while the daemon runs
    Backup(backup::Backup),
    /// Put a copy in the ledger's place, and hold what may have left since
    Restore(restore::Restore),
    /// Try again what was refused or is held, or was withdrawn by hand
    Retry(retry::Retry),
    /// Say that what is held did arrive: it counts as sent
    Confirm(confirm::Confirm),
    /// Take back what is planned or held: it does not leave, whatever the files say
    Withdraw(withdraw::Withdraw),
    /// Forget somebody who left: their name, address and id leave the ledger
    Forget(forget::Forget),
    /// Say whether all is well, and what to do where it is not; nothing is sent or changed
    Doctor(doctor::Doctor),
    /// Send one test mail now, and say each step
    SendTest(send_test::SendTest),
}

/// How a listing is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON array, with stable names and RFC 3339 instants.
    Json,
}

/// The option of every listing.
#[derive(Clone, Copy, Debug, Args)]
pub struct Listing {
    /// How to print it
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

fn language(text: &str) -> Result<Language, String> {
    Language::parse(text).ok_or_else(|| "fr, en".to_owned())
}

/// What every command is given.
#[derive(Debug)]
pub struct Context {
    /// The folder of jalon.toml.
    pub config: PathBuf,
    /// The language that was asked for, or that the locale has.
    pub language: Option<Language>,
    /// The clock.
    pub clock: Clock,
}

impl Context {
    /// The language in which to speak, given what jalon.toml says.
    #[must_use]
    pub fn speak(&self, loaded: &Loaded) -> Language {
        self.language.or(loaded.language).unwrap_or_default()
    }

    /// The files, for a command that can do nothing without jalon.toml: what is wrong with it is said.
    pub fn settled(&self) -> Result<(Loaded, Settings, Language), Exit> {
        let loaded = files::load(&self.config);
        let language = self.speak(&loaded);
        if let Some(settings) = loaded.settings.clone() {
            return Ok((loaded, settings, language));
        }
        report(&loaded.problems, false, language);
        Err(Exit::Configuration)
    }
}

/// Runs a command line.
#[must_use]
pub fn run(line: Line) -> Exit {
    let context = Context {
        config: line.config.unwrap_or_else(default_config),
        language: line.lang.or_else(locale),
        clock: Clock::real(),
    };
    match line.command {
        Command::Run(command) => command.run(&context),
        Command::Check(command) => command.run(&context),
        Command::Agenda(command) => command.run(&context),
        Command::Rehearse(command) => command.run(&context),
        Command::Preview(command) => command.run(&context),
        Command::History(command) => command.run(&context),
        Command::New(command) => command.run(&context),
        Command::Draft(command) => command.run(&context),
        Command::Schema(command) => command.run(&context),
        Command::Completions(command) => command.run(),
        Command::Man(command) => command.run(&context),
        Command::Diff(command) => command.run(&context),
        Command::Explain(command) => command.run(&context),
        Command::Token(command) => command.run(&context),
        Command::Accept(command) => command.run(&context),
        Command::Backup(command) => command.run(&context),
        Command::Restore(command) => command.run(&context),
        Command::Retry(command) => command.run(&context),
        Command::Confirm(command) => command.run(&context),
        Command::Withdraw(command) => command.run(&context),
        Command::Forget(command) => command.run(&context),
        Command::Doctor(command) => command.run(&context),
        Command::SendTest(command) => command.run(&context),
    }
}

fn default_config() -> PathBuf {
    if let Some(dir) = std::env::var_os("CONFIGURATION_DIRECTORY").filter(|dir| !dir.is_empty()) {
        return PathBuf::from(dir);
    }
    let here = Path::new("config");
    if here.join("jalon.toml").exists() { here.to_owned() } else { PathBuf::from(INSTALLED.config) }
}

/// The language of the locale (POSIX: `LC_ALL`, `LC_MESSAGES`, `LANG`), when it is one of ours.
fn locale() -> Option<Language> {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()))?;
    Language::parse(&set)
}

/// Writes to the standard output. A reader that has gone away (`| head`) is no failure.
pub fn out(text: &str) -> Exit {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Ok(()) => Exit::Done,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(_) => Exit::Failed,
    }
}

/// Writes to the standard error, as well as it can.
pub fn err(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// Says a sentence on the standard error, and how the command ends. In the journal it is an error, and in English.
pub fn fail(exit: Exit, language: Language, words: &Words) -> Exit {
    let entry = Entry::new(Level::ERROR).saying(words.say(Language::English)).with("event", "exit");
    if complain(&entry.with("exit_status", &exit.code().to_string())) {
        return exit;
    }
    let prefix = match language {
        Language::French => "jalon\u{a0}:",
        Language::English => "jalon:",
    };
    err(&format!("{prefix} {}\n", words.say(language)));
    exit
}

/// Prints problems on the standard error: the errors, and the warnings too where they are wanted.
pub fn report(problems: &[Problem], warnings: bool, language: Language) {
    for problem in problems.iter().filter(|problem| warnings || problem.severity == Severity::Error) {
        let level = if problem.severity == Severity::Error { Level::ERROR } else { Level::INFO };
        let entry = Entry::new(level).saying(&problem.show(Language::English)).with("event", "problem");
        if complain(&entry.with("code", problem.code).with("file", &problem.file)) {
            continue;
        }
        err(&format!("{}\n", problem.show(language)));
    }
}

/// Reads a moment: a date, a local date-time in this zone, or RFC 3339.
#[must_use]
pub fn moment(text: &str, zone: Zone) -> Option<DateTime<Utc>> {
    let day = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| zone.start_of(day));
    let local = |format| NaiveDateTime::parse_from_str(text, format).ok().map(|local| zone.instant(local));
    let exact = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
    day().or_else(|| local("%Y-%m-%dT%H:%M")).or_else(|| local("%Y-%m-%dT%H:%M:%S")).or_else(exact)
}

/// An instant as listings write it: RFC 3339, UTC, whole seconds unless there are milliseconds.
#[must_use]
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// Where the ledger is: as asked, as jalon.toml says, else `jalon.db` in the service's folder ([`run::state_folder`]). The
/// password of a server's user is read from where jalon.toml keeps it.
pub fn ledger_place(
    asked: Option<&str>,
    settings: Option<&Settings>,
    config: &Path,
) -> Result<Location, LedgerError> {
    let url = asked.or_else(|| settings.and_then(|settings| settings.ledger.url.as_deref()));
    let Some(url) = url.filter(|url| is_postgres(url)) else {
        return ledger_path(asked, settings, config).map(Location::File);
    };
    let mut place = Place::parse(url)?;
    if let Some(ca_file) = place.ca_file() {
        let pem = authorities(ca_file, "sslrootcert", config).map_err(|why| LedgerError::Unfit { why })?;
        place = place.trusting(Some(&pem))?;
    }
    if let Some(kept) = settings.and_then(|settings| settings.ledger.password.as_ref()) {
        let unreadable = |error: files::secrets::SecretError| {
            let (words, remedy) = error.words();
            let remedy = match error {
                files::secrets::SecretError::Open { .. } => remedy,
                files::secrets::SecretError::Unreadable { .. } => {
                    say("vérifiez password, sous [ledger]", "check `password` under [ledger]")
                }
            };
            let why =
                say(format!("{}\u{a0}; {}", words.fr, remedy.fr), format!("{}; {}", words.en, remedy.en));
            LedgerError::Unfit { why }
        };
        place = place.with_password(&secret(kept, config).map_err(unreadable)?);
    }
    Ok(Location::Server(Box::new(place)))
}

/// Where the ledger is, for what only a file can be asked for.
pub fn ledger_path(
    asked: Option<&str>,
    settings: Option<&Settings>,
    config: &Path,
) -> Result<PathBuf, LedgerError> {
    let url = asked.or_else(|| settings.and_then(|settings| settings.ledger.url.as_deref()));
    match url {
        None => Ok(run::state_folder(config).join("jalon.db")),
        Some(url) => match url.strip_prefix("sqlite:").filter(|path| !path.is_empty()) {
            // What is asked for on the command line is relative to where one stands.
            Some(path) if asked.is_some() => Ok(PathBuf::from(path)),
            Some(path) => Ok(run::state_path(Path::new(path), config)),
            None if is_postgres(url) => Err(LedgerError::Unfit { why: kept_elsewhere() }),
            None => Err(LedgerError::Address { url: without_password(url) }),
        },
    }
}

/// Why some commands do nothing to a ledger in PostgreSQL.
fn kept_elsewhere() -> Words {
    say(
        "ce registre est dans PostgreSQL, et cette commande ne connaît que les fichiers SQLite\u{a0}: copiez-le avec pg_dump, restaurez-le avec pg_restore, jalon arrêté partout",
        "this ledger is in PostgreSQL, and this command knows only files of SQLite: copy it with pg_dump, restore it with pg_restore while every jalon is stopped",
    )
}

/// An address fit to be shown: a password may stand anywhere in it.
fn without_password(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_lowercase()) => format!("{scheme}://…"),
        _ if looks_like_a_path(url) => url.to_owned(),
        _ => "…".to_owned(),
    }
}

/// Says what is wrong with a ledger, and how the command ends.
pub fn ledger_exit(error: &LedgerError, language: Language) -> Exit {
    let (exit, words) = of_ledger(error);
    fail(exit, language, &words)
}

/// What is wrong with a ledger and what to do about it, and how a command ends.
pub fn of_ledger(error: &LedgerError) -> (Exit, Words) {
    let (exit, Words { fr, en }) = what_ails(error);
    match error.remedy() {
        Some(remedy) => (exit, say(format!("{fr}\u{a0}; {}", remedy.fr), format!("{en}; {}", remedy.en))),
        None => (exit, say(fr, en)),
    }
}

/// The same, without what to do.
fn what_ails(error: &LedgerError) -> (Exit, Words) {
    let exit = match error {
        LedgerError::Busy { .. } | LedgerError::Newer { .. } => Exit::Busy,
        LedgerError::Stamp { .. } | LedgerError::Address { .. } | LedgerError::Unfit { .. } => {
            Exit::Configuration
        }
        LedgerError::Missing { .. } | LedgerError::Unusable { .. } | LedgerError::OffDuty { .. } => {
            Exit::Unreachable
        }
    };
    let en = error.to_string();
    let fr = match error {
        LedgerError::Busy { ledger } => format!("un autre jalon tient le registre {ledger}"),
        LedgerError::Newer { ledger, found, known } => {
            format!(
                "le registre {ledger} a le schéma {found}, ce programme connaît jusqu'à {known}\u{a0}: prenez le jalon plus récent"
            )
        }
        LedgerError::Stamp { ledger, .. } => format!(
            "le registre {ledger} ne mêle pas une horloge simulée (--as-of) et la vraie\u{a0}: choisissez un autre --ledger"
        ),
        LedgerError::Address { url } => {
            format!(
                "{url} n'est pas l'adresse d'un registre\u{a0}: écrivez sqlite:CHEMIN, ou postgres://UTILISATEUR@SERVEUR/BASE"
            )
        }
        LedgerError::Unfit { why } => why.fr.clone(),
        LedgerError::OffDuty { ledger } => format!("un autre serveur tient le plan du registre {ledger}"),
        LedgerError::Missing { ledger } => {
            format!(
                "le registre {ledger} n'existe pas encore\u{a0}: jalon run le crée à son premier démarrage"
            )
        }
        LedgerError::Unusable { ledger, source, .. } => {
            format!("le registre {ledger} est inutilisable\u{a0}: {}", source.french())
        }
    };
    (exit, say(fr, en))
}

/// Now, on the clock that a ledger lives on. What a pretended one says only its daemon knows: it is taken to be the
/// moment of the last round, and that is said.
pub async fn now_of(
    ledger: &impl Ledger,
    context: &Context,
    settings: Option<&Settings>,
    language: Language,
) -> Result<DateTime<Utc>, LedgerError> {
    let last = match ledger.stamp().await? {
        Stamp::Real => None,
        Stamp::Pretended => ledger.last_round().await?,
    };
    let Some(last) = last else { return Ok(context.clock.now()) };
    let zone = settings.map_or(Zone::UTC, |settings| settings.house.zone);
    let words = say(
        format!(
            "l'horloge de ce registre est simulée (--as-of)\u{a0}; cette commande se place à son dernier tour, le {}",
            words::moment(last, zone, Language::French)
        ),
        format!(
            "this ledger lives on a pretended clock (--as-of); this command takes its last round for now: {}",
            words::moment(last, zone, Language::English)
        ),
    );
    err(&format!("{}\n", words.say(language)));
    Ok(last)
}

/// Waits for one thing, without a daemon around it.
pub fn wait<T, E: From<LedgerError>>(future: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let unusable = |error: std::io::Error| LedgerError::Unusable {
        ledger: String::new(),
        ailment: Ailment::Unknown,
        source: Cause::Theirs(Box::new(error)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    runtime.block_on(future)
}
