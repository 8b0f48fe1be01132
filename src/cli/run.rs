//! `jalon run`: the daemon.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::{Context, Exit, fail, ledger_exit, ledger_path, moment, report};
use crate::clock::Clock;
use crate::daemon::dispatcher::Way;
use crate::daemon::planner::Planner;
use crate::daemon::{self, Parts, Signals};
use crate::diagnostic::{Language, Words, say};
use crate::files::{self, Loaded};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger as _, Stamp};
use crate::settings::read::is_loopback;
use crate::settings::{Relay, Settings};
use crate::telemetry;
use crate::transport::Transport;
use crate::transport::folder::Outbox;
use crate::transport::smtp::{Credentials, Smtp, Timeouts};

/// Keep the dates: plan, wait, send
#[derive(Debug, Args)]
pub struct Run {
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    /// Begin at a pretended moment and run on from there; needs --ledger, and an outbox or a relay on this machine
    #[arg(long, value_name = "MOMENT", requires = "ledger")]
    as_of: Option<String>,
}

impl Run {
    /// Runs the command, until the process is told to stop.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let Some(settings) = loaded.settings.clone() else {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        };
        let (clock, stamp) = match self.clock(&settings, language) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        let ways = match ways(&settings, &context.config) {
            Ok(ways) => ways,
            Err(words) => return fail(Exit::Configuration, language, &words),
        };
        telemetry::begin();
        let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        let exit = runtime.block_on(self.live(context, language, loaded, settings, clock, stamp, ways));
        // A worker that did not end in time is left behind: its mail is in doubt at the next start.
        runtime.shutdown_timeout(Duration::from_millis(100));
        exit
    }

    fn clock(&self, settings: &Settings, language: Language) -> Result<(Clock, Stamp), Exit> {
        let Some(text) = &self.as_of else { return Ok((Clock::real(), Stamp::Real)) };
        let Some(start) = moment(text, settings.house.zone) else {
            let words = say(
                format!("« {text} » n'est pas un moment\u{a0}: écrivez 2026-06-19T08:59:00"),
                format!("\"{text}\" is not a moment: write 2026-06-19T08:59:00"),
            );
            return Err(fail(Exit::Usage, language, &words));
        };
        if let Some(relay) = settings.relays.iter().find(|relay| !is_loopback(&relay.host)) {
            let words = say(
                format!("--as-of n'envoie rien au-dehors\u{a0}: {} n'est pas cette machine", relay.host),
                format!("--as-of sends nothing outside: {} is not this machine", relay.host),
            );
            return Err(fail(Exit::Configuration, language, &words));
        }
        Ok((Clock::as_of(start), Stamp::Pretended))
    }

    #[expect(clippy::too_many_arguments, reason = "what the command found, handed to the daemon once")]
    async fn live(
        &self,
        context: &Context,
        language: Language,
        loaded: Loaded,
        settings: Settings,
        clock: Clock,
        stamp: Stamp,
        ways: Vec<Way>,
    ) -> Exit {
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        let path = match ledger_path(self.ledger.as_deref(), Some(&settings)) {
            Ok(path) => path,
            Err(error) => return ledger_exit(&error, language),
        };
        let ledger = match SqliteLedger::open(&path, stamp) {
            Ok(ledger) => ledger,
            Err(error) => return ledger_exit(&error, language),
        };
        if !loaded.postings_readable && ledger.postings().await.is_ok_and(|known| known.is_empty()) {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        }
        match ledger.orphans(true, settings.delivery.in_doubt, clock.now()).await {
            Ok(orphans) => daemon::log::orphans(&orphans),
            Err(error) => return ledger_exit(&error, language),
        }
        if let Some(outbox) = settings.mail.as_ref().and_then(|mail| mail.outbox.as_ref()) {
            daemon::log::nobody_receives(&state_path(outbox).display().to_string());
        }
        let planner = Planner::new(ledger.clone(), clock.clone(), context.config.clone(), loaded);
        let lease =
            TimeDelta::from_std(Timeouts::default().total()).unwrap_or_default() + TimeDelta::minutes(5);
        match daemon::run(Parts { ledger, clock, planner, ways, lease, signals }).await {
            Ok(()) => Exit::Done,
            Err(error) => fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        }
    }
}

/// A path of what the service keeps: relative ones are below `$STATE_DIRECTORY`, else the current folder.
#[must_use]
pub fn state_path(path: &Path) -> PathBuf {
    std::env::var_os("STATE_DIRECTORY")
        .filter(|dir| !dir.is_empty())
        .map_or_else(|| path.to_owned(), |dir| PathBuf::from(dir).join(path))
}

/// The ways out that the settings name: the relays in order, or the outbox.
fn ways(settings: &Settings, config: &Path) -> Result<Vec<Way>, Words> {
    let Some(mail) = &settings.mail else {
        return Err(say(
            "il manque [mail]\u{a0}: ajoutez from = \"Recrutement <recrutement@example.org>\"",
            "[mail] is missing: add from = \"Recruitment <recruitment@example.org>\"",
        ));
    };
    if let Some(outbox) = &mail.outbox {
        let folder = state_path(outbox);
        return Ok(vec![Way::new(folder.display().to_string(), Transport::Folder(Outbox::new(folder)))]);
    }
    if settings.relays.is_empty() {
        return Err(say(
            "aucun relais\u{a0}: ajoutez [smtp], ou outbox = \"var/outbox\" sous [mail] pour un essai",
            "no relay: add [smtp], or outbox = \"var/outbox\" under [mail] to try things out",
        ));
    }
    let mut ways = Vec::with_capacity(settings.relays.len());
    for relay in &settings.relays {
        let mut way = way(relay, config)?;
        // Two relays on one host are two: what is told of one is not told of the other.
        if settings.relays.iter().filter(|other| other.host == relay.host).count() > 1 {
            way.name = format!("{}:{}", relay.host, relay.port);
        }
        ways.push(way);
    }
    Ok(ways)
}

fn way(relay: &Relay, config: &Path) -> Result<Way, Words> {
    let trouble = |what: &dyn std::fmt::Display| {
        say(format!("relais {}\u{a0}: {what}", relay.host), format!("relay {}: {what}", relay.host))
    };
    if relay.token_command.is_some() {
        return Err(say(
            format!("relais {}\u{a0}: token_command n'est pas encore servi par cette version", relay.host),
            format!("relay {}: token_command is not served by this version yet", relay.host),
        ));
    }
    let password = relay.password.as_ref().map(|secret| files::secret(secret, config)).transpose();
    let password = password.map_err(|error| trouble(&error))?;
    let credentials =
        relay.username.clone().zip(password).map(|(username, password)| Credentials { username, password });
    let ca = relay.ca_file.as_ref().map(|path| files::authorities(path, config)).transpose();
    let ca: Vec<Vec<u8>> = ca.map_err(|error| trouble(&format!("ca_file: {error}")))?.into_iter().collect();
    let smtp = Smtp::new(relay, credentials, &ca, Timeouts::default()).map_err(|error| trouble(&error))?;
    Ok(Way::new(relay.host.clone(), Transport::Smtp(Box::new(smtp))))
}
