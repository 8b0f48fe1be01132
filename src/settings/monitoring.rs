//! Pure. `[monitoring]`: the signs that the service gives of itself, for those who watch over it.

use std::fmt;
use std::path::PathBuf;

use super::Secret;
use super::relay::{is_loopback, kept};
use crate::calendar::walk::Table;
use crate::diagnostic::{Words, say};

/// `[monitoring]`
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Monitoring {
    /// The address that is asked for after good rounds.
    pub heartbeat: Option<Heartbeat>,
    /// The file of metrics: an absolute path that ends with `.prom`.
    pub metrics: Option<PathBuf>,
}

impl Monitoring {
    /// Whether anybody watches.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.heartbeat.is_some() || self.metrics.is_some()
    }
}

/// Where the address of a heartbeat stands. Whoever knows it can say that all is well: it does not print.
#[derive(Clone, PartialEq, Eq)]
pub enum Heartbeat {
    /// In jalon.toml itself.
    Written(Target),
    /// Where secrets are kept.
    Kept(Secret),
}

impl fmt::Debug for Heartbeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(target) => target.fmt(f),
            Self::Kept(secret) => secret.fmt(f),
        }
    }
}

/// The address of a heartbeat. Only its host prints.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    url: String,
    host: String,
    secured: bool,
}

impl Target {
    /// The target of an address (RFC 3986 §3): https or http, with a host, without a user, a fragment or blanks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let url = text.trim();
        let (scheme, rest) = url.split_once("://")?;
        let secured = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => inner.split_once(']').map(|(host, port)| (host, port.strip_prefix(':')))?,
            None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
        };
        let sign = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        let fit = !host.is_empty()
            && host.chars().all(sign)
            && port.is_none_or(|port| port.parse::<u16>().is_ok())
            && url.chars().all(|c| c.is_ascii_graphic() && c != '#');
        fit.then(|| Self { url: url.to_owned(), host: host.to_owned(), secured })
    }

    /// Whose it is: what may be said of it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is on this machine.
    #[must_use]
    pub fn is_here(&self) -> bool {
        is_loopback(&self.host)
    }

    /// Whether it would travel in the clear beyond this machine.
    #[must_use]
    pub fn is_in_the_clear(&self) -> bool {
        !self.secured && !self.is_here()
    }

    /// What is asked for after a good round; after a bad one, the same with `/fail` at its end, as Healthchecks has it.
    /// An address with a query has another grammar: then nothing is asked for, and what is missing is the alarm.
    #[must_use]
    pub fn url(&self, good: bool) -> Option<String> {
        if good {
            return Some(self.url.clone());
        }
        (!self.url.contains('?')).then(|| format!("{}/fail", self.url.trim_end_matches('/')))
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What stands under `[monitoring]`.
pub(super) fn monitoring(table: &Table<'_, '_>) -> Monitoring {
    let Some(table) = table.table("monitoring") else { return Monitoring::default() };
    let found = Monitoring { heartbeat: heartbeat(&table), metrics: metrics(&table) };
    table.finish();
    found
}

/// What to write for a heartbeat.
#[must_use]
pub fn remedy() -> Words {
    say(
        "écrivez \"https://…\", ou { file = \"…\" } ou { credential = \"…\" } pour qu'elle n'y soit pas",
        "write \"https://…\", or { file = \"…\" } or { credential = \"…\" } to keep it elsewhere",
    )
}

fn heartbeat(table: &Table<'_, '_>) -> Option<Heartbeat> {
    let value = table.get("heartbeat")?;
    if value.get_ref().is_table() {
        return kept(table, "heartbeat", value, remedy()).map(Heartbeat::Kept);
    }
    let text = table.text("heartbeat")?;
    let Some(target) = Target::parse(text.get_ref()) else {
        table.source.error_without_text(
            &text.span(),
            "unfit-heartbeat",
            say("« heartbeat » attend une adresse https", "`heartbeat` wants an https address"),
            remedy(),
        );
        return None;
    };
    if target.is_in_the_clear() {
        table.source.warning(
            &text.span(),
            "plain-heartbeat",
            say(
                "cette adresse passerait en clair\u{a0}: qui la lirait pourrait dire que tout va bien",
                "this address would travel in the clear: whoever reads it could say that all is well",
            ),
            Some(say("écrivez-la en https", "write it with https")),
        );
    }
    Some(Heartbeat::Written(target))
}

fn metrics(table: &Table<'_, '_>) -> Option<PathBuf> {
    let found = table.text("metrics")?;
    let path = PathBuf::from(found.get_ref());
    let ends = path.extension().is_some_and(|extension| extension == "prom");
    if path.is_absolute() && ends && path.file_stem().is_some() {
        return Some(path);
    }
    let (sentence, remedy) = (
        say(
            "« metrics » attend un chemin entier qui finit par .prom",
            "`metrics` wants a whole path that ends with .prom",
        ),
        say(
            "écrivez metrics = \"/var/lib/prometheus/node-exporter/jalon.prom\"",
            "write metrics = \"/var/lib/prometheus/node-exporter/jalon.prom\"",
        ),
    );
    // An address may be the other key's.
    if found.get_ref().contains("://") {
        table.source.error_without_text(&found.span(), "unfit-metrics", sentence, remedy);
    } else {
        table.source.error(&found.span(), "unfit-metrics", sentence, Some(remedy));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_or_refused() {
        for (text, host, clear) in [
            ("https://hc-ping.com/6b1c7c5e", Some("hc-ping.com"), false),
            ("HTTPS://hc.example.org:8443/ping/x", Some("hc.example.org"), false),
            ("http://127.0.0.1:8000/ping/x", Some("127.0.0.1"), false),
            ("http://[::1]:8000/ping/x", Some("::1"), false),
            ("http://localhost/x", Some("localhost"), false),
            ("http://hc.example.org/x", Some("hc.example.org"), true),
            ("http://localhost.example.org/x", Some("localhost.example.org"), true),
            ("https://hc.example.org?token=1", Some("hc.example.org"), false),
            ("http://127.0.0.1@hc.example.org/x", None, false),
            ("https://user:word@hc.example.org/x", None, false),
            ("https://hc.example.org:port/x", None, false),
            ("https:///x", None, false),
            ("https://hc.example.org/a b", None, false),
            ("https://hc.example.org/x#y", None, false),
            ("ftp://hc.example.org/x", None, false),
            ("file:///etc/passwd", None, false),
            ("hc-ping.com/6b1c7c5e", None, false),
            ("", None, false),
        ] {
            let target = Target::parse(text);
            assert_eq!(target.as_ref().map(Target::host), host, "{text}");
            assert_eq!(target.is_some_and(|target| target.is_in_the_clear()), clear, "{text}");
        }
    }

    #[test]
    fn a_bad_round_is_said_as_healthchecks_has_it() {
        let url = |text, good| Target::parse(text).and_then(|target| target.url(good));
        assert_eq!(url("https://h/a", true).as_deref(), Some("https://h/a"));
        assert_eq!(url("https://h/a", false).as_deref(), Some("https://h/a/fail"));
        assert_eq!(url("https://h/a/", false).as_deref(), Some("https://h/a/fail"));
        assert_eq!(url("https://h/a?status=up", true).as_deref(), Some("https://h/a?status=up"));
        assert_eq!(url("https://h/a?status=up", false), None);
        let target = Target::parse("https://hc.example.org/6b1c7c5e").unwrap();
        assert!(!format!("{:?}", Heartbeat::Written(target)).contains("6b1c7c5e"));
    }
}
