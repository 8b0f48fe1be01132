//! Tries each relay up to the login, and says QUIT: no MAIL, so that nothing can be sent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::facts::{Domain, Relay, Secret, Tried};
use super::gather::By;
use crate::cli::Context;
use crate::cli::send_test::explained;
use crate::cli::ways::{self, Each};
use crate::daemon::dispatcher::Way;
use crate::diagnostic::{Words, say};
use crate::ledger::StoredRelay;
use crate::message::advice::advice;
use crate::plan::outcome::{Outcome, Phase};
use crate::settings::{self, Mail, Settings};
use crate::transport::Transport;

/// How long a relay is waited for, in all: far longer than one takes that is well.
const PATIENCE: Duration = Duration::from_secs(40);

/// How long a name server is.
const NAMED: Duration = Duration::from_secs(5);

/// What glibc and musl say of a name that is there, or is not, but has no address.
const NO_ADDRESS: [&str; 4] = [
    "Name or service not known",
    "No address associated",
    "Name does not resolve",
    "Name has no usable address",
];

/// Looks at every relay, and at the domain that we write from.
pub(super) fn look(
    context: &Context,
    settings: &Settings,
    remembered: &[StoredRelay],
    by: &By,
) -> (Vec<Relay>, Option<(String, Domain)>) {
    let Some(mail) = settings.mail.as_ref().filter(|_| !settings.relays.is_empty()) else {
        return (Vec::new(), None);
    };
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return (Vec::new(), None);
    };
    let now = context.clock.now();
    let found = runtime.block_on(async {
        let mut relays = Vec::new();
        for (each, relay) in ways::each(settings, &context.config).into_iter().zip(&settings.relays) {
            let remembered = remembered.iter().find(|one| one.name == each.name).cloned();
            relays.push(look_at(each, relay, context, mail, by, now, remembered).await);
        }
        let sender = if by.no_relay { None } else { Some(domain(mail.from.domain()).await) };
        (relays, sender)
    });
    // A name server that does not answer keeps a thread; it is not waited for.
    runtime.shutdown_background();
    found
}

async fn look_at(
    each: Each,
    relay: &settings::Relay,
    context: &Context,
    mail: &Mail,
    by: &By,
    now: DateTime<Utc>,
    remembered: Option<StoredRelay>,
) -> Relay {
    let Each { name, whole, open } = each;
    let mut found = Relay {
        name,
        host: relay.host.clone(),
        port: relay.port,
        username: relay.username.clone(),
        secret: Secret::None,
        unfit: None,
        tried: None,
        remembered,
    };
    let open = match open {
        Ok(open) => open,
        Err(trouble) => {
            found.unfit = Some(trouble.words());
            return found;
        }
    };
    let (way, logs_in) = match whole {
        Err(trouble) => {
            found.secret = missing(trouble.words(), relay, context, by);
            (open, false)
        }
        Ok(whole) => {
            found.secret = had(&whole, relay, by).await;
            let logs_in = matches!(found.secret, Secret::Password | Secret::Token(_));
            (if logs_in { whole } else { open }, logs_in)
        }
    };
    if !by.no_relay {
        found.tried = Some(tried(way, relay, mail, logs_in, now).await);
    }
    found
}

/// The secret of a way that could be made: a password was read then, a token comes now.
async fn had(way: &Way, relay: &settings::Relay, by: &By) -> Secret {
    let Some(Transport::Smtp(smtp)) = way.first() else { return Secret::None };
    let Some(tokens) = smtp.tokens() else {
        return if relay.username.is_some() { Secret::Password } else { Secret::None };
    };
    if by.no_relay {
        return Secret::Unasked;
    }
    if !by.ours {
        // A provider may change its refresh token at each use: it must be kept by the account that uses it.
        return Secret::Elsewhere(
            say(
                "le jeton n'a pas été demandé\u{a0}: ce compte n'est pas celui du service",
                "no token was asked for: this is not the service's account",
            ),
            say("lancez jalon doctor sous le compte du service", "run jalon doctor as the service's account"),
        );
    }
    match tokens.lifetime().await {
        Ok(left) => Secret::Token(left),
        Err(error) => Secret::NoToken(error.to_string(), advice(&error.outcome())),
    }
}

/// A password that cannot be had: wrong, or only not from here.
fn missing(
    (sentence, remedy): (Words, Words),
    relay: &settings::Relay,
    context: &Context,
    by: &By,
) -> Secret {
    let set = |name| std::env::var_os(name).is_some();
    match &relay.password {
        Some(settings::Secret::File(path)) => {
            let denied = std::fs::File::open(context.config.join(path))
                .is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied);
            if !denied || by.ours {
                return Secret::Missing(sentence, remedy);
            }
            Secret::Elsewhere(
                say(
                    format!(
                        "ce compte n'a pas le droit de lire le mot de passe de {}\u{a0}: la connexion n'est pas essayée",
                        relay.host
                    ),
                    format!(
                        "this account may not read the password for {}: the login is not tried",
                        relay.host
                    ),
                ),
                say(
                    "lancez jalon doctor sous le compte du service, ou sous root (sudo)",
                    "run jalon doctor as the service's account, or as root (sudo)",
                ),
            )
        }
        Some(settings::Secret::Credential(_)) if !set("CREDENTIALS_DIRECTORY") => Secret::Elsewhere(
            say(
                format!(
                    "le mot de passe de {} est un « credential », que systemd ne donne qu'au service\u{a0}: la connexion n'est pas essayée",
                    relay.host
                ),
                format!(
                    "the password for {} is a credential, which systemd gives to the service only: the login is not tried",
                    relay.host
                ),
            ),
            say(
                "pendant que le service tourne, sous root\u{a0}: CREDENTIALS_DIRECTORY=/run/credentials/jalon.service jalon doctor",
                "while the service runs, as root: CREDENTIALS_DIRECTORY=/run/credentials/jalon.service jalon doctor",
            ),
        ),
        Some(settings::Secret::Env(_)) if !set("INVOCATION_ID") => Secret::Elsewhere(
            say(
                format!(
                    "la variable qui contient le mot de passe de {} n'est pas définie ici\u{a0}: la connexion n'est pas essayée",
                    relay.host
                ),
                format!(
                    "the variable that holds the password for {} is not set here: the login is not tried",
                    relay.host
                ),
            ),
            say(
                "donnez-la à jalon doctor comme au service\u{a0}; mieux\u{a0}: password = { credential = \"…\" }",
                "give it to jalon doctor as to the service; better: password = { credential = \"…\" }",
            ),
        ),
        _ => Secret::Missing(sentence, remedy),
    }
}

async fn tried(
    mut way: Way,
    relay: &settings::Relay,
    mail: &Mail,
    logs_in: bool,
    now: DateTime<Utc>,
) -> Tried {
    let Some(Transport::Smtp(smtp)) = way.first_mut() else {
        return Tried {
            addresses: Vec::new(),
            answered: None,
            secured: None,
            certified_until: None,
            logged_in: false,
            failed: None,
        };
    };
    let ready = timeout(PATIENCE, smtp.ready()).await;
    let reach = smtp.reach().clone();
    let failed = match ready {
        Ok(Ok(())) => None,
        Ok(Err(outcome)) => Some(outcome),
        Err(_) => {
            let phase = if reach.secured.is_some() { Phase::Auth } else { Phase::Connect };
            Some(Outcome::Lost(phase, format!("no answer within {PATIENCE:?}")))
        }
    };
    smtp.close().await;
    Tried {
        certified_until: smtp.certified_until(now),
        addresses: reach.addresses,
        answered: reach.answered,
        secured: reach.secured,
        logged_in: logs_in && failed.is_none(),
        failed: failed.map(|outcome| {
            let words = explained(&outcome, relay, mail, "");
            (outcome, words)
        }),
    }
}

/// What the system's resolver knows of a domain: its addresses. (It does not ask for mail servers.)
async fn domain(name: &str) -> (String, Domain) {
    let known = match timeout(NAMED, lookup_host((name, 25))).await {
        Ok(Ok(found)) => match found.count() {
            0 => Domain::Lacks("–".to_owned()),
            _ => Domain::Has,
        },
        Ok(Err(error)) => {
            let words = error.to_string();
            if NO_ADDRESS.iter().any(|said| words.contains(said)) {
                Domain::Lacks(words)
            } else {
                Domain::Unknown(words)
            }
        }
        Err(_) => Domain::Unknown(format!("no answer within {NAMED:?}")),
    };
    (name.to_owned(), known)
}
