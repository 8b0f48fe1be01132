//! Pure. jalon.toml's text → the house's zone and people, the default rules, the relays, the delivery.
//!
//! [`read`] returns settings that are complete and checked, or every problem of the file. Secrets are not
//! here: only where they are kept (`files` reads them).

mod cron;
pub mod monitoring;
mod people;
pub mod place;
pub mod read;
pub mod relay;

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{NaiveTime, TimeDelta};

use self::monitoring::Monitoring;

use crate::calendar::{House, Kind, Rule};

/// The service's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What postings take from here: zone, language, working days, people.
    pub house: House,
    /// The folder of postings, relative to jalon.toml.
    pub postings: PathBuf,
    /// The folder of templates, relative to jalon.toml; `None` for "templates" if it exists.
    pub templates: Option<PathBuf>,
    /// The rules by kind, in file order; a kind without an entry has the built-in rule.
    pub rules: BTreeMap<Kind, Vec<Rule>>,
    /// Where the ledger is and how long it keeps what is over.
    pub ledger: Ledger,
    /// Who writes; `None` when the file has no `[mail]`.
    pub mail: Option<Mail>,
    /// The relays, in order of preference.
    pub relays: Vec<Relay>,
    /// When and how mail is delivered.
    pub delivery: Delivery,
    /// The signs that the service gives of itself.
    pub monitoring: Monitoring,
    /// Where calendars are written that clients subscribe to; `None` when the file has no `[feed]`.
    pub feed: Option<Feed>,
}

/// `[ledger]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The address, if the file names one.
    pub url: Option<String>,
    /// How long final rows are kept.
    pub keep: TimeDelta,
    /// The password of the address's user, where it is kept.
    pub password: Option<Secret>,
}

/// `[mail]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Who writes.
    pub from: Mailbox,
    /// Who is told when something is wrong.
    pub operator: Option<String>,
    /// Where answers go, if not to `from`.
    pub reply_to: Option<Mailbox>,
    /// The envelope sender, where bounces go, if not `from`'s address.
    pub bounces: Option<String>,
    /// A folder of .eml files, instead of a relay.
    pub outbox: Option<PathBuf>,
}

impl Mail {
    /// The envelope sender (RFC 5321 §3.3): as whom we write to relays, and where bounces go.
    #[must_use]
    pub fn envelope(&self) -> &str {
        self.bounces.as_deref().unwrap_or(&self.from.email)
    }
}

/// `[feed]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The folder, relative to where the service keeps what it keeps.
    pub folder: PathBuf,
}

/// A name and an address (RFC 5322 §3.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name.
    pub name: Option<String>,
    /// The address.
    pub email: String,
}

impl Mailbox {
    /// The address's domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.email.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// `[smtp]`: a server that mails are handed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the link is secured.
    pub tls: Tls,
    /// The login, if one is needed.
    pub username: Option<String>,
    /// Where the password is kept.
    pub password: Option<Secret>,
    /// A command that prints an OAuth 2.0 access token (XOAUTH2).
    pub token_command: Option<Vec<String>>,
    /// The ways to log in that may be used, in order; empty for PLAIN, then LOGIN.
    pub auth: Vec<Auth>,
    /// A PEM file of certificate authorities to trust besides the system's, relative to jalon.toml.
    pub ca_file: Option<PathBuf>,
    /// How much it takes.
    pub rate: Vec<Rate>,
    /// How many mails it may be given at once, each on a connection of its own.
    pub connections: usize,
}

/// How many connections a relay is given unless the settings say otherwise: as many as Exchange Online takes from one
/// mailbox, the narrowest of the great providers. A fourth would gain little: mails are small.
pub const CONNECTIONS: usize = 3;

/// How a link is secured. Never downgraded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS (RFC 3207), required.
    #[default]
    Starttls,
    /// TLS from the first byte (RFC 8314).
    Implicit,
    /// None: on the loopback interface only.
    None,
}

/// A way to log in (RFC 4954).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// RFC 4616.
    Plain,
    /// The old way.
    Login,
    /// OAuth 2.0 as Google and Microsoft have it.
    Xoauth2,
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A systemd credential, by name.
    Credential(String),
    /// A file, relative to jalon.toml.
    File(PathBuf),
    /// An environment variable.
    Env(String),
}

/// At most so many mails in so long a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub mails: u32,
    /// In how long.
    pub per: TimeDelta,
}

/// `[delivery]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How long a reminder *after* an event is of use.
    pub late_limit: TimeDelta,
    /// What is done with a mail in doubt.
    pub in_doubt: InDoubt,
    /// The hours in which late mails and notices leave, local to the recipient.
    pub hours: (NaiveTime, NaiveTime),
    /// When relays are looked at on the evening before a day with mails, in the house's zone; none when they are not.
    pub preflight: Option<NaiveTime>,
}

/// What to do with a mail that may have left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InDoubt {
    /// Send it again, with the same Message-ID.
    #[default]
    Resend,
    /// Hold it until a person decides.
    Hold,
}
