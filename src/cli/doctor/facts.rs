//! What `jalon doctor` found, before anybody judges it: values only.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::calendar::Zone;
use crate::diagnostic::Words;
use crate::files::rights::{Rights, Room};
use crate::files::zoneinfo::Compared;
use crate::ledger::{StoredHost, StoredRelay};
use crate::plan::outcome::Outcome;
use crate::plan::row::Row;

/// Everything that was looked at.
#[derive(Debug)]
pub struct Facts {
    /// The zone in which moments are said.
    pub zone: Zone,
    /// The files.
    pub config: Config,
    /// Files and folders, and who may do what with them.
    pub rights: Vec<Place>,
    /// Whose the ledger is, or its folder: the service's account.
    pub service: Option<Rights>,
    /// The relays, in their order.
    pub relays: Vec<Relay>,
    /// The outbox in place of a relay.
    pub outbox: Option<PathBuf>,
    /// The domain of `from`, and what is known of it; not asked without a relay.
    pub sender: Option<(String, Domain)>,
    /// The ledger.
    pub ledger: Ledger,
    /// When this program's file was made.
    pub made: Option<DateTime<Utc>>,
    /// Whether the machine says that its clock is set by a time server.
    pub synchronised: Option<bool>,
    /// The machine's time zones against ours.
    pub zones: Compared,
    /// What is written to, and how much room there is.
    pub rooms: Vec<(PathBuf, Room)>,
}

/// jalon.toml, postings and templates.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// jalon.toml.
    pub file: String,
    /// How many postings can be used, of how many files.
    pub postings: (usize, usize),
    /// How many templates replace built-in ones.
    pub templates: usize,
    /// How many reminders are planned.
    pub reminders: usize,
    /// What is wrong, a line each.
    pub errors: Vec<Words>,
    /// What is odd, a line each.
    pub warnings: Vec<Words>,
    /// What a daemon goes by.
    pub force: Force,
}

/// What a daemon goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Force {
    /// The files as they are, as far as is known.
    #[default]
    Files,
    /// jalon.toml cannot be used: the copy of its last good version.
    Copy,
    /// jalon.toml cannot be used, and there is no copy: no daemon can begin.
    Nothing,
    /// The daemon's copy is of another version than the files, which are good.
    Older,
}

/// A file or folder.
#[derive(Clone, Debug)]
pub struct Place {
    /// What it is.
    pub what: What,
    /// Where.
    pub path: PathBuf,
    /// Who may do what with it.
    pub rights: Rights,
    /// The name of its group.
    pub group: String,
}

/// What a file or folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// jalon.toml, or its folder.
    Settings,
    /// The folder of postings.
    Postings,
    /// The ledger, or the folder of its copies: for its owner's eyes only.
    Ledger,
    /// The folder of the ledger.
    State,
    /// The folder of mails that are files.
    Outbox,
}

/// A relay.
#[derive(Clone, Debug)]
pub struct Relay {
    /// What it goes by.
    pub name: String,
    /// Where it is.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The name to log in with.
    pub username: Option<String>,
    /// Whether its secret can be had.
    pub secret: Secret,
    /// Why it cannot even be tried.
    pub unfit: Option<(Words, Words)>,
    /// What came of a try; none with `--no-relay`.
    pub tried: Option<Tried>,
    /// How it does, as the ledger remembers it.
    pub remembered: Option<StoredRelay>,
}

/// A password or token.
#[derive(Clone, Debug)]
pub enum Secret {
    /// None is needed.
    None,
    /// The password was read.
    Password,
    /// A token was had; how much longer it is used, if it is kept at all.
    Token(Option<Duration>),
    /// There are tokens, and none was asked for: `--no-relay`.
    Unasked,
    /// It cannot be had: why, and what to do.
    Missing(Words, Words),
    /// Not by this user, or not from this shell: why, and what to do.
    Elsewhere(Words, Words),
    /// The program of `token_command` gave none: what came of it, and what it means.
    NoToken(String, Option<Words>),
}

/// What came of a try of a relay, in which nothing was sent.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The addresses of its name.
    pub addresses: Vec<IpAddr>,
    /// The one that answered, and in how long.
    pub answered: Option<(SocketAddr, Duration)>,
    /// Protocol and cipher.
    pub secured: Option<String>,
    /// Until when its certificate is good.
    pub certified_until: Option<DateTime<Utc>>,
    /// Whether the login was tried and taken.
    pub logged_in: bool,
    /// What failed, and what it means.
    pub failed: Option<(Outcome, Option<Words>)>,
}

/// What is known of a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// It has addresses.
    Has,
    /// It has none, or there is no such domain: the system's words.
    Lacks(String),
    /// It could not be looked up: the system's words.
    Unknown(String),
}

/// The ledger.
#[derive(Debug)]
pub enum Ledger {
    /// Not looked for: without jalon.toml nobody knows where it is.
    Unknown,
    /// Not there; whether there are copies of one.
    Missing {
        /// Where it would be.
        path: PathBuf,
        /// Whether there are copies.
        copies: bool,
    },
    /// This user may not look at it.
    Forbidden {
        /// Where it is.
        path: PathBuf,
    },
    /// It cannot be used: why, and what to do.
    Unusable(Words, Option<Words>),
    /// It was read.
    Open(Box<Open>),
}

/// A ledger that was read.
#[derive(Debug)]
pub struct Open {
    /// Where it is.
    pub path: PathBuf,
    /// Its schema.
    pub schema: i64,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it lives on a pretended clock.
    pub pretended: bool,
    /// Whether a daemon holds it.
    pub held: bool,
    /// When a daemon last looked.
    pub last_round: Option<DateTime<Utc>>,
    /// When the latest daily copy was made.
    pub copied: Option<DateTime<Utc>>,
    /// What is in it.
    pub rows: Vec<Row>,
    /// The server that keeps it, and the hosts that share it; none of a file.
    pub shared: Option<Shared>,
}

/// A ledger that hosts share.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The server's version.
    pub version: String,
    /// Whether what it commits survives a power cut.
    pub durable: bool,
    /// Whether what goes there goes over a network and in the clear.
    pub open: bool,
    /// The hosts.
    pub hosts: Vec<StoredHost>,
}
