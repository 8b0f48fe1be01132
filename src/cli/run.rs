//! `jalon run`: the daemon.

use std::ffi::OsString;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;

use super::ways::{self, Trouble};
use super::{Context, Exit, fail, ledger_exit, ledger_place, moment, report};
use crate::clock::Clock;
use crate::daemon::dispatcher::Way;
use crate::daemon::feeding::Feeds;
use crate::daemon::planner::Planner;
use crate::daemon::taken::Taken;
use crate::daemon::way::Remake;
use crate::daemon::{self, Parts, Signals};
use crate::diagnostic::{Language, Problem, say};
use crate::files::kept::Kept;
use crate::files::machine::Machine;
use crate::files::{INSTALLED, Loaded, leaves, zoneinfo};
use crate::ledger::shared::Host;
use crate::ledger::store::{Location, Store};
use crate::ledger::{Ledger as _, Stamp};
use crate::settings::Settings;
use crate::settings::relay::is_loopback;
use crate::telemetry;
use crate::transport::smtp::Timeouts;

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

/// What the daemon begins with.
struct Ready {
    loaded: Loaded,
    settings: Settings,
    ways: Vec<Way>,
    ledger: Location,
    /// Where copies of what is good are kept.
    kept: PathBuf,
    /// Why jalon.toml is not in force but its copy, if so.
    refused: Vec<Problem>,
}

impl Run {
    /// Runs the command, until the process is told to stop.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        if let Err(error) = descriptors() {
            let words = say(
                format!(
                    "trop peu de descripteurs de fichiers ({error})\u{a0}: relevez la limite (LimitNOFILE=, ulimit -n), 256 suffisent"
                ),
                format!(
                    "too few file descriptors ({error}): raise the limit (LimitNOFILE=, ulimit -n), 256 are enough"
                ),
            );
            return fail(Exit::Failed, context.language.unwrap_or_default(), &words);
        }
        let loaded = leaves::load(&context.config, None);
        let language = context.speak(&loaded);
        let ready = match self.ready(context, loaded, language) {
            Ok(ready) => ready,
            Err(exit) => return exit,
        };
        let (clock, stamp) = match self.clock(&ready.settings, language) {
            Ok(found) => found,
            Err(exit) => return exit,
        };
        telemetry::begin();
        if !ready.refused.is_empty() {
            daemon::log::on_copies(&ready.refused);
        }
        // Two at least: a loop that hangs must not keep the others, nor the pulse, from being heard.
        let workers = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = match builder.worker_threads(workers).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        let exit = runtime.block_on(self.live(context, language, ready, clock, stamp));
        // A worker that did not end in time is left behind: its mail is in doubt at the next start.
        runtime.shutdown_timeout(Duration::from_millis(100));
        exit
    }

    /// What the daemon begins with: what was loaded, else the copy of the last good jalon.toml.
    fn ready(&self, context: &Context, loaded: Loaded, language: Language) -> Result<Ready, Exit> {
        let config = &context.config;
        let jalon_toml = config.join("jalon.toml").display().to_string();
        let kept = kept_folder(self.ledger.as_deref(), config);
        if let Some(Err(error)) = self.ledger.as_deref().map(|asked| ledger_place(Some(asked), None, config))
        {
            return Err(ledger_exit(&error, language));
        }
        let problems = match self.usable(&loaded, config) {
            Ok((settings, ways, ledger)) => {
                return Ok(Ready { loaded, settings, ways, ledger, kept, refused: Vec::new() });
            }
            Err(problems) => problems,
        };
        let copy = Kept::read(&kept, config).and_then(|copy| leaves::load_by(config, &copy, None));
        if let Some(loaded) = copy
            && let Ok((settings, ways, ledger)) = self.usable(&loaded, config)
        {
            // The others are told of what is in force.
            let refused = problems.into_iter().filter(|problem| problem.file == jalon_toml).collect();
            return Ok(Ready { loaded, settings, ways, ledger, kept, refused });
        }
        report(&problems, false, language);
        Err(Exit::Configuration)
    }

    /// The settings, the ways out and the ledger's place, or why there is none of these.
    fn usable(&self, loaded: &Loaded, config: &Path) -> Result<(Settings, Vec<Way>, Location), Vec<Problem>> {
        let settings = loaded.settings.clone().ok_or_else(|| loaded.problems.clone())?;
        let told = |trouble: Trouble| vec![trouble.problem(config, &loaded.text)];
        let ways = ways::ways(&settings, config).map_err(told)?;
        let ledger = ledger_place(self.ledger.as_deref(), Some(&settings), config)
            .map_err(|error| told(Trouble::of_ledger(&error)))?;
        Ok((settings, ways, ledger))
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

    async fn live(
        &self,
        context: &Context,
        language: Language,
        ready: Ready,
        clock: Clock,
        stamp: Stamp,
    ) -> Exit {
        let Ready { loaded, settings, ways, ledger: location, kept, refused } = ready;
        let signals = match Signals::listen() {
            Ok(signals) => signals,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        // Kept as long as the daemon runs: it says of its run that it is not over.
        let machine =
            location.file().is_none().then(|| Machine::take(&context.config, &state_folder(&context.config)));
        let host = machine.as_ref().map(Host::of).unwrap_or_default();
        let ledger = match Store::open(&location, stamp, host).await {
            Ok(ledger) => ledger,
            Err(error) => return ledger_exit(&error, language),
        };
        if let Some(error) = ledger.uncopied() {
            daemon::log::changed_without_copy(error);
        }
        if !loaded.postings_readable && ledger.postings().await.is_ok_and(|known| known.is_empty()) {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        }
        match ledger.orphans(true, settings.delivery.in_doubt, clock.now()).await {
            Ok(orphans) => daemon::log::orphans(&orphans),
            Err(error) => return ledger_exit(&error, language),
        }
        if let Some(outbox) = settings.mail.as_ref().and_then(|mail| mail.outbox.as_ref()) {
            daemon::log::nobody_receives(&state_path(outbox, &context.config).display().to_string());
        }
        for parting in
            zoneinfo::compare(&settings, loaded.folder.leaves.iter().map(|leaf| leaf.zone), clock.now())
                .partings
        {
            daemon::log::tz_differs(&parting);
        }
        let files = Taken::keeping(context.config.clone(), loaded, kept, refused);
        let planner = Planner::over(ledger.clone(), clock.clone(), files);
        let limits = Timeouts::default();
        let lease = TimeDelta::from_std(limits.total() + limits.of_tokens()).unwrap_or_default()
            + TimeDelta::minutes(5);
        let config = context.config.clone();
        let remake = Remake::new(move |settings, text| {
            ways::ways(settings, &config).map_err(|trouble| trouble.problem(&config, text))
        });
        // What is pretended is nobody's calendar.
        let feeds = (stamp == Stamp::Real).then(|| {
            Feeds::new(
                state_path(Path::new(""), &context.config),
                feed_secret(self.ledger.as_deref(), &context.config),
            )
        });
        let parts = Parts { ledger, clock, planner, ways, remake, lease, feeds, signals };
        match Box::pin(daemon::run(parts)).await {
            Ok(()) => Exit::Done,
            Err(error) => fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        }
    }
}

/// How many file descriptors a daemon needs to begin.
const DESCRIPTORS: usize = 32;

/// Whether so many can be had. Where they cannot, tokio panics as it begins to hear signals; asked before, it is an
/// error like another.
fn descriptors() -> std::io::Result<()> {
    let pairs: std::io::Result<Vec<_>> = (0..DESCRIPTORS / 2).map(|_| UnixStream::pair()).collect();
    pairs.map(drop)
}

/// Where copies are kept: beside the ledger that was asked for, else in the state folder, where they are found
/// whatever jalon.toml says.
#[must_use]
pub fn kept_folder(ledger: Option<&str>, config: &Path) -> PathBuf {
    let asked = ledger.and_then(|url| url.strip_prefix("sqlite:"));
    asked.map_or_else(
        || state_folder(config).join("last-good"),
        |path| Path::new(path).with_extension("last-good"),
    )
}

/// Where the secret of feeds is kept: beside the ledger that was asked for, else in the state folder.
#[must_use]
pub fn feed_secret(ledger: Option<&str>, config: &Path) -> PathBuf {
    let asked = ledger.and_then(|url| url.strip_prefix("sqlite:"));
    asked.map_or_else(
        || state_folder(config).join("feed-secret"),
        |path| Path::new(path).with_extension("feed-secret"),
    )
}

/// Where the service keeps what it keeps: `$STATE_DIRECTORY`; else `/var/lib/jalon` where the configuration is the
/// installed one; else `./var`.
#[must_use]
pub fn state_folder(config: &Path) -> PathBuf {
    state_of(std::env::var_os("STATE_DIRECTORY"), config).unwrap_or_else(|| "var".into())
}

/// A path of what the service keeps: relative ones are below its folder, else the current one. A leading `var` stands
/// for that folder, so that what a file says means the same wherever it is used.
#[must_use]
pub fn state_path(path: &Path, config: &Path) -> PathBuf {
    state_of(std::env::var_os("STATE_DIRECTORY"), config)
        .map_or_else(|| path.to_owned(), |state| state.join(path.strip_prefix("var").unwrap_or(path)))
}

/// The service's own folder, if it has one.
fn state_of(said: Option<OsString>, config: &Path) -> Option<PathBuf> {
    said.filter(|dir| !dir.is_empty())
        .map(PathBuf::from)
        .or_else(|| (config == Path::new(INSTALLED.config)).then(|| INSTALLED.state.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_by_hand_finds_what_the_service_keeps() {
        let of = |said: Option<&str>, config: &str| state_of(said.map(OsString::from), Path::new(config));
        assert_eq!(of(None, "/etc/jalon"), Some("/var/lib/jalon".into()));
        assert_eq!(of(None, "/etc/jalon/"), Some("/var/lib/jalon".into()));
        assert_eq!(of(Some(""), "/etc/jalon"), Some("/var/lib/jalon".into()));
        assert_eq!(
            of(Some("/srv/jalon"), "/etc/jalon"),
            Some("/srv/jalon".into()),
            "what systemd says holds"
        );
        assert_eq!(of(None, "config"), None, "a checkout keeps its own");
        assert_eq!(of(None, "/srv/config"), None);
    }

    #[test]
    fn var_in_a_file_is_the_folder_of_the_service() {
        let path = |path: &str| state_path(Path::new(path), Path::new("/etc/jalon"));
        assert_eq!(path("var/outbox"), Path::new("/var/lib/jalon/outbox"));
        assert_eq!(path("outbox"), Path::new("/var/lib/jalon/outbox"));
        assert_eq!(path("variable"), Path::new("/var/lib/jalon/variable"));
        assert_eq!(path("/srv/outbox"), Path::new("/srv/outbox"));
        assert_eq!(state_path(Path::new("var/outbox"), Path::new("config")), Path::new("var/outbox"));
    }
}
