//! Pure. `[smtp]`: a relay, how it is logged in to, and how much it takes.

use std::path::PathBuf;

use chrono::TimeDelta;
use toml::de::DeValue;

use super::read::path;
use super::{Auth, CONNECTIONS, Rate, Relay, Secret, Tls};
use crate::calendar::walk::{At, Source, Table, choices};
use crate::diagnostic::{Words, looks_like_a_host, say};

/// A relay; `twice` when what stands in a second [smtp], which was told, may be missing here.
pub(super) fn relay(table: &Table<'_, '_>, twice: bool) -> Option<Relay> {
    let source = table.source;
    let host = table.text("host");
    if table.get("host").is_none() && !twice {
        table.missing("host", "host = \"smtp.example.org\"");
    }
    let tls = table
        .choice("tls", &[("starttls", Tls::Starttls), ("implicit", Tls::Implicit), ("none", Tls::None)])
        .unwrap_or_default();
    let port = table.number("port", 1..65_536).and_then(|port| u16::try_from(port).ok());
    let host = host.and_then(|host| machine(source, host));
    if tls == Tls::None && host.as_deref().is_some_and(|host| !is_loopback(host)) {
        source.error(
            &table.key_span("tls"),
            "plain-link",
            say(
                "sans TLS, mots de passe et courriels passeraient en clair",
                "without TLS, passwords and mails would travel in the clear",
            ),
            Some(say(
                "écrivez tls = \"starttls\" ou \"implicit\"\u{a0}; \"none\" ne vaut que pour localhost",
                "write tls = \"starttls\" or \"implicit\"; \"none\" is for localhost only",
            )),
        );
    }
    let username = table.text("username").map(At::into_inner);
    let password = secret(table, "smtp-password");
    let token_command = token_command(table);
    let auth = table.texts("auth", "[\"plain\"]").unwrap_or_default();
    let auth: Vec<Auth> = auth.iter().filter_map(|word| one_auth(source, word)).collect();
    ways_fit(table, &auth, token_command.is_some());
    if !twice {
        login_is_whole(table);
    }
    let ca_file = path(table, "ca_file");
    let rate = table.texts("rate", "[\"30/min\", \"500/day\"]").unwrap_or_default();
    let rate = rate.iter().filter_map(|word| one_rate(source, word)).collect();
    let connections = table.number("connections", 1..17).and_then(|many| usize::try_from(many).ok());
    table.finish();
    let usual = match tls {
        Tls::Starttls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    };
    Some(Relay {
        host: host?,
        port: port.unwrap_or(usual),
        tls,
        username,
        password,
        token_command,
        auth,
        ca_file,
        rate,
        connections: connections.unwrap_or(CONNECTIONS),
    })
}

/// The name of a machine, or its address.
fn machine(source: &Source<'_>, host: At<String>) -> Option<String> {
    let text = host.get_ref().as_str();
    let good = |c: char| c.is_ascii_alphanumeric() || ".-_:[]".contains(c);
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    let is_address = plain.parse::<std::net::IpAddr>().is_ok();
    if is_address || text.chars().all(good) && !text.contains(['[', ']', ':']) {
        return Some(host.into_inner());
    }
    let port = text.rsplit_once(':').filter(|(name, port)| {
        port.parse::<u16>().is_ok() && looks_like_a_host(name) && !name.contains("://")
    });
    let Some((name, port)) = port else {
        let sentence = say(
            "« host » attend un nom de machine, et rien d'autre",
            "`host` wants a host name, and nothing else",
        );
        let remedy = say("écrivez host = \"smtp.example.org\"", "write host = \"smtp.example.org\"");
        source.error_without_text(&host.span(), "unfit-host", sentence, remedy);
        return None;
    };
    source.error(
        &host.span(),
        "unfit-host",
        say("« host » attend un nom de machine, sans le port", "`host` wants a host name, without the port"),
        Some(say(
            format!("écrivez host = \"{name}\", et port = {port} sur la ligne suivante"),
            format!("write host = \"{name}\", and port = {port} on the next line"),
        )),
    );
    None
}

/// Whether a host is this machine: `localhost`, 127.0.0.0/8 or ::1.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// A name and a secret go together.
fn login_is_whole(table: &Table<'_, '_>) {
    let [username, password, token] =
        ["username", "password", "token_command"].map(|key| table.get(key).is_some());
    let remedy = say(
        "écrivez username, et password = { credential = \"smtp-password\" } ou token_command",
        "write username, and password = { credential = \"smtp-password\" } or token_command",
    );
    let (keys, sentence): (&[&'static str], _) = match (username, password, token) {
        (true, false, false) => (
            &["password", "token_command"],
            say("« username » est écrit sans mot de passe", "`username` is written without a password"),
        ),
        (false, true, _) | (false, _, true) => {
            (&["username"], say("il manque « username »", "`username` is missing"))
        }
        (true, true, true) => {
            let both = say(
                "« password » et « token_command » ne vont pas ensemble",
                "`password` and `token_command` do not go together",
            );
            return table.source.error(&table.span, "half-login", both, Some(remedy));
        }
        _ => return,
    };
    table.miss(keys, "half-login", sentence, remedy);
}

/// Where the password of a table is kept; `credential` is the name that is proposed for it.
pub(super) fn secret(table: &Table<'_, '_>, credential: &str) -> Option<Secret> {
    let value = table.get("password")?;
    let remedy = || {
        say(
            format!("écrivez {{ credential = \"{credential}\" }}, {{ file = \"…\" }} ou {{ env = \"…\" }}"),
            format!("write {{ credential = \"{credential}\" }}, {{ file = \"…\" }} or {{ env = \"…\" }}"),
        )
    };
    if value.get_ref().as_table().is_none() {
        table.source.error_without_text(
            &value.span(),
            "literal-secret",
            say("un mot de passe ne s'écrit pas dans jalon.toml", "a password is not written in jalon.toml"),
            remedy(),
        );
        return None;
    }
    kept(table, "password", value, remedy())
}

/// The one place where a secret is kept, of the three there may be.
pub(super) fn kept<'a>(
    table: &Table<'_, 'a>,
    key: &str,
    value: &At<DeValue<'a>>,
    remedy: Words,
) -> Option<Secret> {
    let inner = table.as_table(key, value)?;
    let found: Vec<_> = [
        inner.text("credential").map(|name| Secret::Credential(name.into_inner())),
        inner.text("file").map(|path| Secret::File(PathBuf::from(path.into_inner()))),
        inner.text("env").map(|name| Secret::Env(name.into_inner())),
    ]
    .into_iter()
    .flatten()
    .collect();
    inner.finish();
    // What stands in place of a source is told once, as a key that is unknown.
    if found.is_empty() && !inner.is_empty() {
        return None;
    }
    if found.len() != 1 {
        table.source.error_without_text(
            &value.span(),
            "unclear-secret",
            say(format!("« {key} » nomme une seule source"), format!("`{key}` names one source")),
            remedy,
        );
        return None;
    }
    found.into_iter().next()
}

/// A program and its arguments: at least a program.
fn token_command(table: &Table<'_, '_>) -> Option<Vec<String>> {
    let words = table.texts("token_command", "[\"/usr/local/bin/token\"]")?;
    let words: Vec<String> = words.into_iter().map(At::into_inner).collect();
    if words.first().is_none_or(|program| program.trim().is_empty()) {
        table.source.error(
            &table.key_span("token_command"),
            "no-program",
            say("« token_command » ne nomme aucun programme", "`token_command` names no program"),
            Some(say(
                "écrivez par exemple token_command = [\"jalon\", \"token\", \"microsoft\", …]",
                "write for instance token_command = [\"jalon\", \"token\", \"microsoft\", …]",
            )),
        );
        return None;
    }
    Some(words)
}

/// A token goes by XOAUTH2 and nothing else: sent as a password it would be given away, and refused.
fn ways_fit(table: &Table<'_, '_>, auth: &[Auth], token: bool) {
    let by_token = |way: &Auth| *way == Auth::Xoauth2;
    if token && !auth.iter().all(by_token) {
        table.source.error(
            &table.key_span("auth"),
            "unfit-auth",
            say(
                "avec « token_command », la connexion se fait par xoauth2 seulement",
                "with `token_command`, the login is by xoauth2 only",
            ),
            Some(say("retirez la ligne « auth »", "remove the line `auth`")),
        );
    } else if table.get("password").is_some() && auth.iter().any(by_token) {
        table.source.error(
            &table.key_span("auth"),
            "unfit-auth",
            say("xoauth2 veut un jeton, et non un mot de passe", "xoauth2 wants a token, not a password"),
            Some(say(
                "écrivez token_command à la place de password, ou retirez xoauth2",
                "write token_command in place of password, or remove xoauth2",
            )),
        );
    }
}

fn one_auth(source: &Source<'_>, word: &At<String>) -> Option<Auth> {
    let known = ["plain", "login", "xoauth2"];
    let found = match word.get_ref().to_lowercase().as_str() {
        "plain" => Some(Auth::Plain),
        "login" => Some(Auth::Login),
        "xoauth2" => Some(Auth::Xoauth2),
        _ => None,
    };
    if found.is_none() {
        source.error(
            &word.span(),
            "unknown-word",
            say(
                format!("« auth » ne connaît pas « {} »", word.get_ref()),
                format!("`auth` knows no \"{}\"", word.get_ref()),
            ),
            Some(choices(word.get_ref(), &known)),
        );
    }
    found
}

fn one_rate(source: &Source<'_>, word: &At<String>) -> Option<Rate> {
    let found = word.get_ref().split_once('/').and_then(|(mails, per)| {
        let per = match per.trim() {
            "s" | "sec" | "second" => TimeDelta::seconds(1),
            "min" | "m" | "minute" => TimeDelta::minutes(1),
            "h" | "hour" => TimeDelta::hours(1),
            "day" | "d" => TimeDelta::days(1),
            _ => return None,
        };
        mails.trim().parse().ok().filter(|mails| *mails > 0).map(|mails| Rate { mails, per })
    });
    if found.is_none() {
        source.error(
            &word.span(),
            "wrong-rate",
            say(
                format!("« {} » n'est pas un débit", word.get_ref()),
                format!("\"{}\" is not a rate", word.get_ref()),
            ),
            Some(say(
                "écrivez par exemple \"30/min\" ou \"500/day\"",
                "write for instance \"30/min\" or \"500/day\"",
            )),
        );
    }
    found
}
