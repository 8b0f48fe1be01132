//! What the daemon needs to begin: ways out, and a ledger. `run` stops at the first that it lacks, `check` says them all.

use std::path::Path;

use super::run::state_path;
use super::{ledger_place, of_ledger};
use crate::daemon::dispatcher::Way;
use crate::daemon::heartbeat::target;
use crate::diagnostic::{Language, Problem, Words, say};
use crate::files::secrets::{authorities, secret};
use crate::ledger::LedgerError;
use crate::settings::monitoring::{self, Heartbeat};
use crate::settings::place::place;
use crate::settings::{Relay, Secret, Settings};
use crate::transport::Transport;
use crate::transport::folder::Outbox;
use crate::transport::smtp::{Credentials, SetupError, Smtp, Timeouts};
use crate::transport::token::{self, Program, Tokens};

/// Why the daemon cannot begin by settings that are otherwise good.
#[derive(Debug)]
pub struct Trouble {
    code: &'static str,
    /// Where in jalon.toml: a table, which one of several, a key.
    at: (&'static str, usize, &'static str),
    sentence: Words,
    remedy: Words,
}

impl Trouble {
    /// What is wrong, and what to do.
    #[must_use]
    pub fn words(self) -> (Words, Words) {
        (self.sentence, self.remedy)
    }

    /// The same as a problem of jalon.toml, whose text is given.
    #[must_use]
    pub fn problem(self, config: &Path, text: &str) -> Problem {
        let file = config.join("jalon.toml").display().to_string();
        let (table, n, key) = self.at;
        let problem = Problem::error(self.code, file, self.sentence).remedy(self.remedy);
        match place(text, Some((table, n)), key) {
            Some(place) => problem.at(place),
            None => problem,
        }
    }

    /// A ledger that cannot be had.
    #[must_use]
    pub fn of_ledger(error: &LedgerError) -> Self {
        Self {
            code: "unusable-ledger",
            at: ("ledger", 0, "url"),
            sentence: of_ledger(error).1,
            remedy: match error {
                LedgerError::Unfit { .. } => say(
                    "voyez « Two hosts, one ledger » dans README.md",
                    "see \"Two hosts, one ledger\" in README.md",
                ),
                _ => say("écrivez url = \"sqlite:var/jalon.db\"", "write url = \"sqlite:var/jalon.db\""),
            },
        }
    }
}

/// The ways out that the settings name: the relays in order, or the outbox.
pub fn ways(settings: &Settings, config: &Path) -> Result<Vec<Way>, Trouble> {
    if let Some(trouble) = no_way(settings) {
        return Err(trouble);
    }
    if let Some(outbox) = settings.mail.as_ref().and_then(|mail| mail.outbox.as_ref()) {
        let folder = state_path(outbox, config);
        return Ok(vec![Way::new(folder.display().to_string(), Transport::Folder(Outbox::new(folder)))]);
    }
    let relays = settings.relays.iter().enumerate();
    let language = settings.house.language.spoken();
    relays.map(|(n, relay)| way(n, relay, name(n, &settings.relays), config, language)).collect()
}

/// A way to each relay by itself, and the one that can be taken without its login: a relay whose password cannot be had
/// stands in no other's way.
pub(super) fn each(settings: &Settings, config: &Path) -> Vec<Each> {
    let language = settings.house.language.spoken();
    let relays = settings.relays.iter().enumerate();
    let each = relays.map(|(n, relay)| {
        let name = name(n, &settings.relays);
        let open = Relay { username: None, password: None, token_command: None, ..relay.clone() };
        Each {
            open: way(n, &open, name.clone(), config, language),
            whole: way(n, relay, name.clone(), config, language),
            name,
        }
    });
    each.collect()
}

/// A way to one relay.
pub(super) struct Each {
    /// What it goes by.
    pub(super) name: String,
    /// With its login.
    pub(super) whole: Result<Way, Trouble>,
    /// Without.
    pub(super) open: Result<Way, Trouble>,
}

/// What a relay goes by: its host, and as much more as tells it from the others. What is told of one, and counted or
/// remembered, is not another's.
fn name(n: usize, relays: &[Relay]) -> String {
    let relay = &relays[n];
    let port = format!("{}:{}", relay.host, relay.port);
    let others = |same: fn(&Relay, &Relay) -> bool| {
        relays.iter().enumerate().any(|(at, other)| at != n && same(relay, other))
    };
    if others(|a, b| (&a.host, a.port, &a.username) == (&b.host, b.port, &b.username)) {
        return format!("{port} ({})", n + 1);
    }
    if others(|a, b| (&a.host, a.port) == (&b.host, b.port)) {
        return format!("{port} ({})", relay.username.as_deref().unwrap_or("–"));
    }
    if others(|a, b| a.host == b.host) { port } else { relay.host.clone() }
}

/// Everything for which `run` would refuse these settings. Credentials and variables exist only where it runs; files
/// that are kept out of a repository (`password`, `ca_file`) also, where it is said to be `elsewhere`.
#[must_use]
pub fn troubles(settings: &Settings, config: &Path, elsewhere: bool) -> Vec<Trouble> {
    let kept_here = |relay: &&Relay| !elsewhere && matches!(relay.password, Some(Secret::File(_)));
    let mut found: Vec<Trouble> = no_way(settings).into_iter().collect();
    for (n, relay) in settings.relays.iter().enumerate() {
        found.extend(Some(relay).filter(kept_here).and_then(|relay| password(n, relay, config).err()));
        // What the login is does not matter here.
        let mut open = Relay { username: None, ..relay.clone() };
        open.ca_file = open.ca_file.filter(|_| !elsewhere);
        found.extend(smtp(n, &open, None, config).err());
    }
    let unfit = |error: &LedgerError| {
        !elsewhere || settings.ledger.password.is_none() || !matches!(error, LedgerError::Unfit { .. })
    };
    found.extend(
        ledger_place(None, Some(settings), config)
            .err()
            .filter(unfit)
            .map(|error| Trouble::of_ledger(&error)),
    );
    found
}

/// What is wrong with the file that holds the address of the heartbeat: a warning, for `run` goes on without.
#[must_use]
pub fn no_heartbeat(settings: &Settings, config: &Path, text: &str) -> Option<Problem> {
    let kept @ Heartbeat::Kept(Secret::File(_)) = settings.monitoring.heartbeat.as_ref()? else {
        return None;
    };
    let sentence = target(kept, config).err()?;
    let file = config.join("jalon.toml").display().to_string();
    let problem = Problem::warning("no-heartbeat", file, sentence).remedy(monitoring::remedy());
    Some(match place(text, Some(("monitoring", 0)), "heartbeat") {
        Some(place) => problem.at(place),
        None => problem,
    })
}

/// Whether there is no way out at all.
fn no_way(settings: &Settings) -> Option<Trouble> {
    let Some(mail) = &settings.mail else {
        return Some(Trouble {
            code: "no-mail",
            at: ("mail", 0, "from"),
            sentence: say(
                "il manque [mail]\u{a0}: aucun rappel ne pourrait partir",
                "[mail] is missing: no reminder could leave",
            ),
            remedy: say(
                "ajoutez [mail] et, sur la ligne suivante, from = \"Recrutement <recrutement@example.org>\"",
                "add [mail] and, on the next line, from = \"Recruitment <recruitment@example.org>\"",
            ),
        });
    };
    (mail.outbox.is_none() && settings.relays.is_empty()).then(|| Trouble {
        code: "no-relay",
        at: ("mail", 0, "outbox"),
        sentence: say(
            "aucun relais\u{a0}: aucun rappel ne pourrait partir",
            "there is no relay: no reminder could leave",
        ),
        remedy: say(
            "ajoutez [smtp], ou outbox = \"var/outbox\" sous [mail] pour un essai",
            "add [smtp], or outbox = \"var/outbox\" under [mail] to try things out",
        ),
    })
}

fn way(n: usize, relay: &Relay, name: String, config: &Path, language: Language) -> Result<Way, Trouble> {
    let tokens = relay.token_command.as_ref().map(|words| tokens(words, config, language));
    // Tokens come in time; until then there is no secret.
    let secret = if tokens.is_some() { Some(String::new()) } else { password(n, relay, config)? };
    let credentials =
        relay.username.clone().zip(secret).map(|(username, password)| Credentials { username, password });
    let smtp = smtp(n, relay, credentials, config)?;
    let smtp = match tokens {
        Some(tokens) => smtp.with_tokens(tokens),
        None => smtp,
    };
    let line = |smtp: Smtp| Transport::Smtp(Box::new(smtp));
    let more: Vec<_> = (1..relay.connections).map(|_| line(smtp.another())).collect();
    Ok(Way::new(name, line(smtp)).with_lines(more).with_rates(relay.rate.clone()))
}

/// The tokens that a command prints. `jalon` alone means this very program, wherever it is, and it complains in the
/// service's language; any program is told the folder of jalon.toml.
fn tokens(words: &[String], config: &Path, language: Language) -> Tokens {
    let mut words = words.to_vec();
    if words.first().is_some_and(|program| program == "jalon")
        && let Ok(Ok(this)) = std::env::current_exe().map(|path| path.into_os_string().into_string())
    {
        words[0] = this;
        if !words.iter().any(|word| word.starts_with("--lang")) {
            words.extend(["--lang".to_owned(), language.code().to_owned()]);
        }
    }
    let folder = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    let environment = vec![("CONFIGURATION_DIRECTORY", folder.into_os_string())];
    Tokens::new(Program { words, environment }, token::LIMIT)
}

fn password(n: usize, relay: &Relay, config: &Path) -> Result<Option<String>, Trouble> {
    relay.password.as_ref().map(|kept| secret(kept, config)).transpose().map_err(|error| {
        let (sentence, remedy) = error.words();
        Trouble { code: "unreadable-secret", at: ("smtp", n, "password"), sentence, remedy }
    })
}

fn smtp(n: usize, relay: &Relay, login: Option<Credentials>, config: &Path) -> Result<Smtp, Trouble> {
    let trouble =
        |key, sentence, remedy| Trouble { code: "unusable-relay", at: ("smtp", n, key), sentence, remedy };
    let right = || {
        say(
            "nommez un fichier PEM, ou supprimez la ligne si l'autorité est connue de la machine",
            "name a PEM file, or remove the line if the machine knows the authority",
        )
    };
    let ca = relay.ca_file.as_ref().map(|path| authorities(path, "ca_file", config)).transpose();
    let ca: Vec<Vec<u8>> =
        ca.map_err(|sentence| trouble("ca_file", sentence, right()))?.into_iter().collect();
    Smtp::new(relay, login, &ca, Timeouts::default()).map_err(|error| {
        let en = error.to_string();
        match error {
            SetupError::Host(_) => trouble(
                "host",
                say("« host » n'est pas le nom d'une machine", "`host` is not the name of a machine"),
                say("écrivez host = \"smtp.example.org\"", "write host = \"smtp.example.org\""),
            ),
            SetupError::Authority(_) => trouble(
                "ca_file",
                say("le fichier d'autorités (ca_file) ne contient aucun certificat utilisable", en),
                right(),
            ),
            SetupError::NoAuthorities(_) => trouble(
                "ca_file",
                say(
                    "cette machine ne connaît aucune autorité de certification, et ca_file n'en ajoute pas",
                    en,
                ),
                say(
                    "installez ca-certificates, ou écrivez ca_file",
                    "install ca-certificates, or write ca_file",
                ),
            ),
            SetupError::Tls(_) | SetupError::NoSecret => trouble(
                "tls",
                say(format!("le relais ne peut pas être préparé\u{a0}: {en}"), en),
                say("vérifiez ce qui est écrit sous [smtp]", "check what is written under [smtp]"),
            ),
        }
    })
}
