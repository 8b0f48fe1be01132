//! What `jalon doctor` says: a check, a state, a sentence and a remedy.

use crate::cli::Exit;
use crate::diagnostic::{Words, say};

/// How it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// All is well.
    Ok,
    /// Somebody should look at it.
    Warning,
    /// It does not work.
    Wrong,
}

impl State {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Wrong => "wrong",
        }
    }

    /// The word for people.
    #[must_use]
    pub fn label(self) -> Words {
        match self {
            Self::Ok => say("en ordre", "ok"),
            Self::Warning => say("à voir", "warning"),
            Self::Wrong => say("en défaut", "wrong"),
        }
    }
}

/// What was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// jalon.toml, postings, templates.
    Config,
    /// Which version of the files is in force.
    InForce,
    /// Who may read and write what.
    Rights,
    /// Passwords and tokens.
    Credential,
    /// A relay's name.
    RelayName,
    /// The way to it.
    RelayRoute,
    /// Its certificate.
    RelayTls,
    /// Our login there.
    RelayLogin,
    /// Whether it rests.
    RelayRest,
    /// The folder of mails that are files.
    Outbox,
    /// The domain of `from`.
    Sender,
    /// The ledger.
    Ledger,
    /// Whether a daemon is at work.
    Daemon,
    /// The hosts that share the ledger.
    Hosts,
    /// The daily copies of the ledger.
    Copies,
    /// The clock.
    Clock,
    /// The time zones.
    Zones,
    /// Room on disks.
    Disk,
    /// What is late.
    Overdue,
    /// What waits for a person.
    Held,
    /// What was refused.
    Failed,
    /// What may have left.
    Doubts,
    /// What comes next.
    Next,
}

impl Check {
    /// The stable name in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.names().0
    }

    /// The name for people.
    #[must_use]
    pub fn label(self) -> Words {
        let (_, fr, en) = self.names();
        say(fr, en)
    }

    fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Config => ("config", "fichiers", "files"),
            Self::InForce => ("in-force", "en vigueur", "in force"),
            Self::Rights => ("rights", "droits", "rights"),
            Self::Credential => ("credential", "secret", "secret"),
            Self::RelayName => ("relay-name", "relais\u{a0}: nom", "relay: name"),
            Self::RelayRoute => ("relay-route", "relais\u{a0}: accès", "relay: route"),
            Self::RelayTls => ("relay-tls", "relais\u{a0}: TLS", "relay: TLS"),
            Self::RelayLogin => ("relay-login", "relais\u{a0}: connexion", "relay: login"),
            Self::RelayRest => ("relay-rest", "relais\u{a0}: repos", "relay: rest"),
            Self::Outbox => ("outbox", "outbox", "outbox"),
            Self::Sender => ("sender", "expéditeur", "sender"),
            Self::Ledger => ("ledger", "registre", "ledger"),
            Self::Daemon => ("daemon", "service", "daemon"),
            Self::Hosts => ("hosts", "serveurs", "hosts"),
            Self::Copies => ("copies", "copies", "copies"),
            Self::Clock => ("clock", "horloge", "clock"),
            Self::Zones => ("zones", "fuseaux", "time zones"),
            Self::Disk => ("disk", "disque", "disk"),
            Self::Overdue => ("overdue", "en retard", "overdue"),
            Self::Held => ("held", "retenus", "held"),
            Self::Failed => ("failed", "refusés", "refused"),
            Self::Doubts => ("doubts", "en doute", "in doubt"),
            Self::Next => ("next", "à venir", "to come"),
        }
    }

    /// How the command ends when it is wrong.
    fn exit(self) -> Exit {
        match self {
            Self::Config | Self::InForce | Self::Credential => Exit::Configuration,
            Self::RelayName | Self::RelayRoute | Self::RelayTls | Self::RelayLogin | Self::Ledger => {
                Exit::Unreachable
            }
            _ => Exit::Failed,
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub check: Check,
    /// Which one of several: a relay, a path.
    pub about: Option<String>,
    /// How it is.
    pub state: State,
    /// What was found.
    pub sentence: Words,
    /// More of it, a line each.
    pub details: Vec<Words>,
    /// What to do, of what is not well.
    pub remedy: Option<Words>,
}

impl Finding {
    /// All is well.
    #[must_use]
    pub fn ok(check: Check, sentence: Words) -> Self {
        Self { check, about: None, state: State::Ok, sentence, details: Vec::new(), remedy: None }
    }

    /// Somebody should look at it.
    #[must_use]
    pub fn warning(check: Check, sentence: Words, remedy: Words) -> Self {
        Self { state: State::Warning, remedy: Some(remedy), ..Self::ok(check, sentence) }
    }

    /// It does not work.
    #[must_use]
    pub fn wrong(check: Check, sentence: Words, remedy: Words) -> Self {
        Self { state: State::Wrong, ..Self::warning(check, sentence, remedy) }
    }

    /// The same, of one of several.
    #[must_use]
    pub fn about(self, about: impl Into<String>) -> Self {
        Self { about: Some(about.into()), ..self }
    }
}

/// How the command ends: by what is wrong, the configuration first, since the rest may follow from it.
#[must_use]
pub fn exit(findings: &[Finding]) -> Exit {
    let wrong = || findings.iter().filter(|one| one.state == State::Wrong).map(|one| one.check.exit());
    let order = [Exit::Configuration, Exit::Unreachable, Exit::Failed];
    order.into_iter().find(|exit| wrong().any(|one| one == *exit)).unwrap_or(Exit::Done)
}
