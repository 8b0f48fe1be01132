//! Where a ledger of PostgreSQL is, and how it is reached: `postgres://USER@HOST/DATABASE`, or by the socket of this
//! machine, `postgres:///DATABASE?host=/run/postgresql`.
//!
//! To another machine the connection is under TLS and its certificate is checked, unless the address says
//! `sslmode=disable`: there is no mode in which a stranger between us could have it otherwise (libpq's `prefer`, its
//! default, is one). A password is never part of an address.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::Tls;
use crate::diagnostic::{Words, say};
use crate::ledger::LedgerError;
use crate::settings::relay::is_loopback;

/// How long a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(5);

/// How long what was sent may go unacknowledged (RFC 5482): after that the way is taken to be cut.
const UNHEARD: Duration = Duration::from_secs(20);

/// Where a ledger is.
#[derive(Clone)]
pub struct Place {
    pub(super) config: Config,
    pub(super) tls: Tls,
    pub(super) read_only: bool,
    /// Whether its tables must be there.
    pub(super) made: bool,
    /// A file of certificate authorities, as the address names it.
    ca_file: Option<PathBuf>,
    shown: String,
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown) // the configuration holds the password
    }
}

/// Whether an address is one of PostgreSQL.
#[must_use]
pub fn is_postgres(url: &str) -> bool {
    url.starts_with("postgres://") || url.starts_with("postgresql://")
}

impl Place {
    /// Reads an address (libpq's connection URIs, PostgreSQL documentation §34.1.1.2). Nothing of it is repeated that may
    /// be a secret.
    pub fn parse(url: &str) -> Result<Self, LedgerError> {
        let (base, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut ca_file, mut rest) = (None, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", value)) => ca_file = Some(PathBuf::from(decoded(value))),
                _ => rest.push(pair),
            }
        }
        let plain = if rest.is_empty() { base.to_owned() } else { format!("{base}?{}", rest.join("&")) };
        let mut config: Config = plain.parse().map_err(|_| unfit(unreadable()))?;
        if config.get_password().is_some() {
            return Err(unfit(literal_password()));
        }
        if config.get_user().is_none() {
            return Err(unfit(no_user()));
        }
        if config.get_dbname().is_none() {
            return Err(unfit(no_database()));
        }
        if config.get_hosts().is_empty() {
            config.host_path("/run/postgresql");
        }
        let abroad = is_abroad(&config);
        let secure = match mode {
            None => abroad,
            Some("disable") => false,
            Some("require" | "verify-ca" | "verify-full") => true,
            Some(_) => return Err(unfit(weak_mode())),
        };
        let ssl_mode = if secure { SslMode::Require } else { SslMode::Disable };
        config
            .ssl_mode(ssl_mode)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(UNHEARD)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(10))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(2);
        if config.get_application_name().is_none() {
            config.application_name("jalon");
        }
        let shown = shown(&config);
        let mut place = Self { config, tls: Tls::none(), read_only: false, made: false, ca_file, shown };
        if secure {
            place = place.trusting(None)?;
        }
        Ok(place)
    }

    /// The same, with the password of its user.
    #[must_use]
    pub fn with_password(mut self, password: &str) -> Self {
        self.config.password(password);
        self
    }

    /// The same, which trusts the authorities of this PEM file too.
    pub fn trusting(mut self, pem: Option<&[u8]>) -> Result<Self, LedgerError> {
        let unusable = |why: String| {
            unfit(say(
                format!("les autorités de certification (sslrootcert) sont inutilisables\u{a0}: {why}"),
                format!("the certificate authorities (sslrootcert) cannot be used: {why}"),
            ))
        };
        if self.config.get_ssl_mode() == SslMode::Require {
            self.tls = Tls::trusting(pem).map_err(unusable)?;
        }
        Ok(self)
    }

    /// The file of authorities that the address names.
    #[must_use]
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    /// As it may be shown: no password is in it.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether what goes there goes over a network and in the clear.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Disable && is_abroad(&self.config)
    }
}

/// Whether any server of an address is on another machine; `hostaddr` says where one is, whatever it is called.
fn is_abroad(config: &Config) -> bool {
    let named = |host: &Host| matches!(host, Host::Tcp(name) if !is_loopback(name));
    config.get_hosts().iter().any(named) || config.get_hostaddrs().iter().any(|at| !at.is_loopback())
}

fn shown(config: &Config) -> String {
    let (user, database) = (config.get_user().unwrap_or_default(), config.get_dbname().unwrap_or_default());
    let ports = config.get_ports();
    let port = |n: usize| ports.get(n).or(ports.first()).copied().filter(|port| *port != 5432);
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(n, host)| match host {
            Host::Tcp(name) => port(n).map_or_else(|| name.clone(), |port| format!("{name}:{port}")),
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    match config.get_hosts() {
        [Host::Unix(_), ..] => format!("postgres://{user}@/{database}?host={}", hosts.join(",")),
        _ => format!("postgres://{user}@{}/{database}", hosts.join(",")),
    }
}

/// What `%2F` and the like stand for.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let code = others.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let byte = code.filter(|_| *first == b'%').and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { others.get(2..).unwrap_or_default() } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn unfit(why: Words) -> LedgerError {
    LedgerError::Unfit { why }
}

fn unreadable() -> Words {
    say(
        "l'adresse du registre n'est pas lisible\u{a0}: écrivez postgres://jalon@serveur/jalon, ou postgres://jalon@/jalon?host=/run/postgresql",
        "the ledger's address cannot be read: write postgres://jalon@server/jalon, or postgres://jalon@/jalon?host=/run/postgresql",
    )
}

fn literal_password() -> Words {
    say(
        "un mot de passe ne s'écrit pas dans l'adresse du registre\u{a0}: écrivez sous [ledger] password = { credential = \"ledger-password\" }",
        "a password is not written in the ledger's address: write password = { credential = \"ledger-password\" } under [ledger]",
    )
}

fn no_user() -> Words {
    say(
        "l'adresse du registre ne dit pas pour quel utilisateur\u{a0}: écrivez postgres://jalon@serveur/jalon",
        "the ledger's address does not say as whom: write postgres://jalon@server/jalon",
    )
}

fn no_database() -> Words {
    say(
        "l'adresse du registre ne nomme pas de base de données\u{a0}: écrivez postgres://jalon@serveur/jalon",
        "the ledger's address names no database: write postgres://jalon@server/jalon",
    )
}

fn weak_mode() -> Words {
    say(
        "sslmode ne connaît ici que verify-full (d'office vers une autre machine) et disable\u{a0}: avec « prefer » ou « allow », le mot de passe pourrait partir en clair",
        "sslmode is verify-full (the default to another machine) or disable here: with `prefer` or `allow` the password could leave in the clear",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(url: &str) -> SslMode {
        Place::parse(url).expect("is an address").config.get_ssl_mode()
    }

    fn refused(url: &str) -> String {
        Place::parse(url).expect_err("is refused").to_string()
    }

    #[test]
    fn to_another_machine_it_is_tls_unless_it_is_said_otherwise() {
        assert_eq!(mode("postgres://jalon@db.example.org/jalon"), SslMode::Require);
        assert_eq!(mode("postgresql://jalon@db.example.org/jalon?sslmode=verify-full"), SslMode::Require);
        assert_eq!(mode("postgres://jalon@localhost/jalon"), SslMode::Disable);
        assert_eq!(mode("postgres://jalon@/jalon?host=/run/postgresql"), SslMode::Disable);
        let open = Place::parse("postgres://jalon@db.example.org/jalon?sslmode=disable").expect("it is said");
        assert!(open.is_open());
        assert!(!Place::parse("postgres://jalon@127.0.0.1/jalon").expect("is near").is_open());
        assert_eq!(mode("postgres://jalon@localhost/jalon?hostaddr=10.0.0.1"), SslMode::Require);
        for weak in ["prefer", "allow", "perhaps"] {
            assert!(
                refused(&format!("postgres://jalon@db.example.org/jalon?sslmode={weak}"))
                    .contains("verify-full")
            );
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        for url in
            ["postgres://jalon:tiger@localhost/jalon", "postgres://jalon@localhost/jalon?password=tiger"]
        {
            let words = refused(url);
            assert!(words.contains("password") && !words.contains("tiger"), "{words}");
        }
        let place = Place::parse("postgres://jalon@localhost/jalon").expect("is one").with_password("tiger");
        assert!(!format!("{place:?} {}", place.shown()).contains("tiger"));
    }

    #[test]
    fn what_is_shown_is_an_address() {
        for url in ["postgres://jalon@db.example.org:6432/base", "postgres://jalon@/base?host=/run/pg"] {
            assert_eq!(Place::parse(url).expect("is one").shown(), url);
        }
        assert_eq!(
            Place::parse("postgres://jalon@/base").expect("is one").shown(),
            "postgres://jalon@/base?host=/run/postgresql"
        );
        assert!(refused("postgres://localhost/jalon").contains("as whom"));
        assert!(refused("postgres://jalon@localhost").contains("database"));
    }

    #[test]
    fn a_path_may_be_written_with_signs() {
        assert_eq!(decoded("/etc/ssl/a%20b.pem"), "/etc/ssl/a b.pem");
        assert_eq!(decoded("100%"), "100%");
    }
}
