//! Pure. A relay: its secret, its name, the way to it, its certificate, our login; and the domain that we write from.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::facts::{Domain, Relay, Secret, Tried};
use super::super::finding::{Check, Finding};
use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, say};
use crate::plan::outcome::{Outcome, Phase};
use crate::plan::words::moment;

/// How long before a certificate ends somebody should look: those that renew themselves do it weeks before.
const SOON: TimeDelta = TimeDelta::days(14);

/// The lines about one relay, as far as it was got to.
pub(super) fn relay(relay: &Relay, zone: Zone, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found: Vec<Finding> = secret(relay).into_iter().collect();
    if let Some((sentence, remedy)) = &relay.unfit {
        found.push(Finding::wrong(Check::RelayTls, sentence.clone(), remedy.clone()));
    }
    if let Some(tried) = &relay.tried {
        found.extend(steps(relay, tried, zone, now));
    }
    found.extend(rest(relay, zone, now));
    found.into_iter().map(|one| one.about(&relay.name)).collect()
}

fn secret(relay: &Relay) -> Option<Finding> {
    let name = &relay.name;
    let check = Check::Credential;
    Some(match &relay.secret {
        Secret::None | Secret::Unasked => return None,
        Secret::Password => Finding::ok(
            check,
            say(format!("le mot de passe pour {name} est lu"), format!("the password for {name} was read")),
        ),
        Secret::Token(left) => {
            let left = left.map(|left| left.as_secs() / 60);
            let (fr, en) = match left {
                Some(minutes) => (
                    format!(", utilisé encore {minutes}\u{a0}min"),
                    format!(", used for another {minutes} min"),
                ),
                None => {
                    (", redemandé à chaque connexion".to_owned(), ", asked for at each connection".to_owned())
                }
            };
            Finding::ok(
                check,
                say(format!("jeton pour {name} obtenu{fr}"), format!("there is a token for {name}{en}")),
            )
        }
        Secret::Missing(sentence, remedy) => Finding::wrong(check, sentence.clone(), remedy.clone()),
        Secret::Elsewhere(sentence, remedy) => Finding::warning(check, sentence.clone(), remedy.clone()),
        Secret::NoToken(said, advice) => {
            let remedy = advice.clone().unwrap_or_else(|| {
                say(
                    "lancez à la main, sous le compte du service, la commande de token_command",
                    "run by hand, as the service's account, the command of token_command",
                )
            });
            let sentence = say(
                format!("pas de jeton pour {name}\u{a0}: {said}"),
                format!("there is no token for {name}: {said}"),
            );
            Finding::wrong(check, sentence, remedy)
        }
    })
}

/// Name, route, TLS, login: those that are well, and the first that is not.
fn steps(relay: &Relay, tried: &Tried, zone: Zone, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = Vec::new();
    for check in [Check::RelayName, Check::RelayRoute, Check::RelayTls, Check::RelayLogin] {
        if let Some((outcome, advice)) = &tried.failed
            && failed_at(tried, outcome) == check
        {
            found.push(failure(check, relay, outcome, advice.as_ref()));
            break;
        }
        found.extend(passed(check, relay, tried, zone, now));
    }
    found
}

/// The step at which it failed. An answer that is no relay's is told with the route: there is somebody, but who?
fn failed_at(tried: &Tried, outcome: &Outcome) -> Check {
    match outcome {
        Outcome::Untrusted(_) | Outcome::Lost(Phase::Tls, _) | Outcome::Refused(Phase::Tls, _) => {
            Check::RelayTls
        }
        Outcome::Lost(Phase::Connect, _) if tried.addresses.is_empty() => Check::RelayName,
        Outcome::Lost(Phase::Connect, _) | Outcome::Refused(Phase::Connect, _) => Check::RelayRoute,
        _ => Check::RelayLogin,
    }
}

fn failure(check: Check, relay: &Relay, outcome: &Outcome, advice: Option<&Words>) -> Finding {
    let Relay { host, port, .. } = relay;
    let said = match outcome {
        Outcome::Refused(_, reply) => reply.to_string(),
        Outcome::Lost(_, words) | Outcome::Untrusted(words) | Outcome::NoToken(words) => words.clone(),
        other => other.words(),
    };
    let (fr, en) = match check {
        Check::RelayName => (format!("le nom {host}"), format!("the name {host}")),
        Check::RelayRoute => (format!("{host}, port {port}"), format!("{host}, port {port}")),
        Check::RelayTls => (format!("la liaison avec {host}"), format!("the link with {host}")),
        _ => (format!("l'identification auprès de {host}"), format!("the login at {host}")),
    };
    let remedy = match (check, advice) {
        (Check::RelayName, _) => say(
            format!("vérifiez host (« {host} »), et que cette machine interroge un serveur DNS"),
            format!("check host (\"{host}\"), and that this machine asks a name server"),
        ),
        (_, Some(advice)) => advice.clone(),
        (_, None) => say("voyez ce que le relais dit", "see what the relay says"),
    };
    let sentence = say(format!("{fr}\u{a0}: échec\u{a0}; {said}"), format!("{en}: failed; {said}"));
    Finding::wrong(check, sentence, remedy)
}

fn passed(check: Check, relay: &Relay, tried: &Tried, zone: Zone, now: DateTime<Utc>) -> Option<Finding> {
    let host = &relay.host;
    Some(match check {
        Check::RelayName => {
            let all: Vec<String> = tried.addresses.iter().map(ToString::to_string).collect();
            let all = all.join(", ");
            Finding::ok(check, say(format!("{host}\u{a0}: {all}"), format!("{host}: {all}")))
        }
        Check::RelayRoute => {
            let (address, took) = tried.answered.as_ref()?;
            let took = took.as_millis();
            Finding::ok(
                check,
                say(format!("{address} répond en {took}\u{a0}ms"), format!("{address} answers in {took} ms")),
            )
        }
        Check::RelayTls => certificate(relay, tried, zone, now),
        _ => {
            let user = relay.username.as_ref();
            match (user, tried.logged_in) {
                (Some(user), true) => Finding::ok(
                    check,
                    say(
                        format!("acceptée, {user}\u{a0}; rien n'a été envoyé"),
                        format!("accepted, {user}; nothing was sent"),
                    ),
                ),
                // Why it was not tried is told with the secret.
                (Some(_), false) => return None,
                (None, _) => Finding::ok(check, say("aucune demandée", "none is set")),
            }
        }
    })
}

fn certificate(relay: &Relay, tried: &Tried, zone: Zone, now: DateTime<Utc>) -> Finding {
    let (host, check) = (&relay.host, Check::RelayTls);
    let Some(secured) = &tried.secured else {
        let words = say("aucune, le relais est cette machine", "none, the relay is this machine");
        return Finding::ok(check, words);
    };
    // What was good at the handshake was good just now.
    let until = tried.certified_until.unwrap_or(now);
    let days = (until - now).num_days();
    let [fr, en] = [Language::French, Language::English].map(|language| moment(until, zone, language));
    let sentence = say(
        format!(
            "{secured}\u{a0}; le certificat est bien celui de {host}, valable {days} jours, jusqu'au {fr}"
        ),
        format!("{secured}; the certificate is that of {host}, good for {days} days, until {en}"),
    );
    if until - now >= SOON {
        return Finding::ok(check, sentence);
    }
    let remedy = say(
        "prévenez qui tient le relais\u{a0}: à cette date, plus rien ne partira par lui",
        "tell those who run the relay: from that day on nothing will leave by it",
    );
    Finding::warning(check, sentence, remedy)
}

fn rest(relay: &Relay, zone: Zone, now: DateTime<Utc>) -> Option<Finding> {
    let remembered = relay.remembered.as_ref()?;
    let name = &relay.name;
    let why = remembered.trouble.as_ref().map_or("–", |(_, _, words)| words.as_str());
    let since = remembered.trouble.as_ref().map(|(since, _, _)| *since);
    let until = remembered.rest_until.filter(|until| *until > now);
    let at = |at: DateTime<Utc>, language| moment(at, zone, language);
    let (fr, en) = match (until, since) {
        (Some(until), _) => (
            format!("{name} ne prend rien avant le {}", at(until, Language::French)),
            format!("{name} takes nothing before {}", at(until, Language::English)),
        ),
        (None, Some(since)) => (
            format!("{name} échoue depuis le {}", at(since, Language::French)),
            format!("{name} fails since {}", at(since, Language::English)),
        ),
        (None, None) => return None,
    };
    let remedy = say(
        "le service le réessaie de lui-même\u{a0}; après un changement de mot de passe ou de ca_file\u{a0}: systemctl reload jalon",
        "the daemon tries it again by itself; after a change of password or ca_file: systemctl reload jalon",
    );
    Some(Finding::warning(
        Check::RelayRest,
        say(format!("{fr}\u{a0}: {why}"), format!("{en}: {why}")),
        remedy,
    ))
}

/// What is known of the domain of `from`.
pub(super) fn sender(domain: &str, known: &Domain) -> Finding {
    let check = Check::Sender;
    match known {
        Domain::Has => Finding::ok(
            check,
            say(
                format!("le domaine {domain} existe\u{a0}; SPF, DKIM et DMARC ne sont pas vérifiés ici"),
                format!("the domain {domain} exists; SPF, DKIM and DMARC are not checked here"),
            ),
        ),
        Domain::Lacks(said) => Finding::warning(
            check,
            say(
                format!("aucune adresse pour {domain}, le domaine de from\u{a0}: {said}"),
                format!("there is no address for {domain}, the domain of from: {said}"),
            ),
            say(
                format!(
                    "ce n'est un défaut que s'il n'a pas non plus de serveur de courrier (host -t MX {domain})\u{a0}; vérifiez from, et demandez à qui tient le domaine SPF, DKIM et DMARC pour ce relais"
                ),
                format!(
                    "that is only wrong if it has no mail server either (host -t MX {domain}); check from, and ask those who run the domain for SPF, DKIM and DMARC for this relay"
                ),
            ),
        ),
        Domain::Unknown(said) => Finding::warning(
            check,
            say(
                format!("le domaine de from, {domain}, n'a pas pu être cherché\u{a0}: {said}"),
                format!("the domain of from, {domain}, could not be looked up: {said}"),
            ),
            say(
                "vérifiez que cette machine interroge un serveur DNS",
                "check that this machine asks a name server",
            ),
        ),
    }
}
