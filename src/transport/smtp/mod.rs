//! One connection to a relay, through lettre's `AsyncSmtpConnection` over a stream of ours.
//!
//! ```text
//! dial ─TcpStream─▶ tls ─TlsStream─▶ wire ─▶ lettre's connection ─▶ link (greeting … AUTH; MAIL … dot) ─▶ Smtp
//! ```
//! lettre's pool and its `send()` are never used: a cancelled connection goes back into that pool out of step,
//! and the answer to one mail is then read as the answer to the next. Here a connection is taken out of its
//! place before it is used and put back only after a clean answer, so that an error, a timeout or a dropped
//! future can only lose it. Every step has its own limit ([`Timeouts`]), and the phase of a failure is ours.
//! Nothing is retried, nothing is logged, and no credential gets into a text.

mod content;
mod dial;
mod link;
mod masking;
mod reach;
mod timeouts;
mod tls;
mod wire;

use std::fmt;
use std::future::Future;

use chrono::{DateTime, Utc};
use lettre::transport::smtp::authentication::Mechanism;
use thiserror::Error;
use tokio::time::{Duration, Instant, sleep};

use super::Letter;
use super::token::Tokens;
use crate::plan::outcome::{Outcome, Phase};
use crate::settings::{Auth, Relay, Tls as Link};
use content::letter_is_fit;
use link::Login;
pub use reach::Reach;
pub use timeouts::Timeouts;

/// The largest mail that is sent, in bytes: what every relay of note takes, and far more than a reminder needs.
pub const LARGEST_MAIL: usize = 10_000_000;

/// How many mails one connection carries before it is replaced.
pub const MAILS_A_CONNECTION: u32 = 50;

/// How long a connection may lie idle, in seconds, before it is closed.
pub const IDLE_SECONDS: u64 = 30;

/// How long a relay may take over a mail in hand after the word to stop, up to the dot, in seconds. A process that is
/// cut off later would leave a doubt where there is none.
pub const STOP_SECONDS: u64 = 5;

/// A login. Its secret does not print.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The name to log in with.
    pub username: String,
    /// The password, or for XOAUTH2 the access token.
    pub password: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// Why a relay cannot even be tried.
#[derive(Debug, Error)]
pub enum SetupError {
    /// The host of the settings can be in no certificate.
    #[error("{0:?} is neither a host name nor an address")]
    Host(String),
    /// A file of authorities cannot be used.
    #[error("the file of certificate authorities cannot be used: {0}")]
    Authority(String),
    /// No authority is known at all, so that no certificate could be checked.
    #[error("no certificate authority is known: the system has none, and no ca_file is given ({0})")]
    NoAuthorities(String),
    /// The TLS library refuses its settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
    /// The settings name a user and no secret came.
    #[error("a user name is set, but its password or token is missing")]
    NoSecret,
}

/// A way to a relay: at most one connection, opened when it is needed.
pub struct Smtp {
    host: String,
    port: u16,
    /// `None` for the loopback interface without TLS.
    tls: Option<tls::Tls>,
    starttls: bool,
    login: Option<Login>,
    /// Where the secret of the login comes from, if it is a token.
    tokens: Option<Tokens>,
    timeouts: Timeouts,
    link: Option<link::Link>,
    /// How far the last attempt at a connection came.
    reach: Reach,
    /// What it was made from, besides the login: the settings, and the files of authorities.
    made_of: (Relay, Vec<Vec<u8>>),
}

impl Smtp {
    /// A way to this relay. `roots` are the PEM texts of `ca_file`, trusted besides the system's authorities,
    /// which are read here: make a new `Smtp` when they may have changed.
    pub fn new(
        relay: &Relay,
        credentials: Option<Credentials>,
        roots: &[Vec<u8>],
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let tls = match relay.tls {
            Link::None => None,
            Link::Starttls | Link::Implicit => Some(tls::Tls::new(&relay.host, roots)?),
        };
        if relay.username.is_some() && credentials.is_none() {
            return Err(SetupError::NoSecret);
        }
        let mechanisms: Vec<Mechanism> = match &relay.auth[..] {
            [] if relay.token_command.is_some() => vec![Mechanism::Xoauth2],
            [] => vec![Mechanism::Plain, Mechanism::Login],
            chosen => chosen.iter().map(|&way| mechanism(way)).collect(),
        };
        Ok(Self {
            host: relay.host.clone(),
            port: relay.port,
            tls,
            starttls: relay.tls == Link::Starttls,
            login: credentials.map(|credentials| Login { mechanisms, credentials }),
            tokens: None,
            timeouts,
            link: None,
            reach: Reach::default(),
            made_of: (relay.clone(), roots.to_vec()),
        })
    }

    /// Another way to the same relay on the same terms, with a connection of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        Self {
            host: self.host.clone(),
            port: self.port,
            tls: self.tls.clone(),
            starttls: self.starttls,
            login: self.login.clone(),
            tokens: self.tokens.clone(),
            timeouts: self.timeouts,
            link: None,
            reach: Reach::default(),
            made_of: self.made_of.clone(),
        }
    }

    /// The secret of the login is a token from here, taken anew for each connection.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Tokens) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Takes over another way to the same relay, made later. When its terms are the same (settings, login, files of
    /// authorities), a connection goes on, and true is returned; else it is closed.
    pub(super) async fn adopt(&mut self, new: Self) -> bool {
        // Of a login by tokens, the token is not one of the terms: it changes every hour.
        let login = |smtp: &Self| {
            let login = smtp.login.as_ref().filter(|_| smtp.tokens.is_none());
            login.map(|login| login.credentials.clone())
        };
        let same = self.made_of == new.made_of && login(self) == login(&new);
        let link = self.link.take();
        *self = new;
        if same {
            self.link = link;
        } else if let Some(link) = link {
            link.quit(&self.timeouts).await;
        }
        same
    }

    /// How long making ready, with a token, and sending one mail can take together.
    pub(super) fn longest(&self) -> Duration {
        self.timeouts.total() + self.timeouts.of_tokens()
    }

    /// Whether there is no connection, or one that has carried [`MAILS_A_CONNECTION`].
    pub(super) fn is_worn(&self) -> bool {
        self.link.as_ref().is_none_or(link::Link::is_worn)
    }

    /// When the connection there is will have lain idle for [`IDLE_SECONDS`].
    pub(super) fn idle_until(&self) -> Option<Instant> {
        self.link.as_ref().map(link::Link::idle_until)
    }

    /// From the next connection on, logs in with these: a token was renewed.
    pub fn renew(&mut self, credentials: Credentials) {
        if let Some(login) = &mut self.login {
            login.credentials = credentials;
        }
    }

    /// Makes ready to send: the connection there is, if NOOP (after an unfinished mail RSET) proves it alive
    /// and it has carried few mails lately; else a new one, secured and logged in.
    ///
    /// # Errors
    /// `Untrusted`, `NoToken`, or `Refused` or `Lost` in one of the phases `Connect`, `Tls` and `Auth`: nothing of a mail
    /// has left.
    pub async fn ready(&mut self) -> Result<(), Outcome> {
        if let Some(link) = self.link.take() {
            if link.is_worn() {
                link.quit(&self.timeouts).await;
            } else if let Some(alive) = link.check(&self.timeouts).await {
                self.link = Some(alive);
                return Ok(());
            }
        }
        let opened = self.open().await;
        self.link = Some(opened.map_err(|outcome| self.discreet(outcome))?);
        Ok(())
    }

    /// A new connection. A token that is refused is renewed once, at once: it may have ended before its time.
    async fn open(&mut self) -> Result<link::Link, Outcome> {
        let Some(tokens) = self.tokens.clone() else { return self.connect().await };
        let first = tokens.token().await.map_err(|error| error.outcome())?;
        self.use_token(&first);
        match self.connect().await {
            Err(Outcome::Refused(Phase::Auth, reply)) if reply.code >= 500 => {}
            done => return kept(done, &tokens, &first).await,
        }
        let second = tokens.other_than(&first).await.map_err(|error| error.outcome())?;
        self.use_token(&second);
        kept(self.connect().await, &tokens, &second).await
    }

    fn use_token(&mut self, token: &str) {
        if let Some(login) = &mut self.login {
            token.clone_into(&mut login.credentials.password);
        }
    }

    async fn connect(&mut self) -> Result<link::Link, Outcome> {
        let limits = &self.timeouts;
        self.reach = Reach::default();
        let reach = &mut self.reach;
        let tcp = dial::dial(&self.host, self.port, self.tls.is_none(), limits.connect, reach).await?;
        let mut link = match &self.tls {
            None => link::Link::plain(tcp, limits).await?,
            Some(tls) if self.starttls => link::Link::starttls(tcp, tls, limits).await?,
            Some(tls) => link::Link::implicit(tcp, tls, limits).await?,
        };
        (self.reach.secured, self.reach.chain) = (link.secured(), link.chain());
        if let Some(login) = &self.login {
            link.log_in(login, limits).await?;
        }
        link.begin();
        Ok(link)
    }

    /// What came of an attempt, in words that repeat nothing of the login.
    fn discreet(&self, outcome: Outcome) -> Outcome {
        let secrets = self.login.as_ref().map(|login| masking::forms(&login.credentials));
        masking::without(outcome, &secrets.unwrap_or_default())
    }

    /// Sends one mail to its one recipient. [`ready`](Self::ready) comes first; where it did not, or a mail
    /// stayed unfinished, it is done here.
    ///
    /// The outcome tells all: after `Accepted`, most `Refused` and `Unfit` the connection goes on; after `Lost`,
    /// and after 421, it is gone. Dropping the future loses the connection too.
    pub async fn send(&mut self, letter: Letter<'_>) -> Outcome {
        self.send_unless(letter, std::future::pending()).await
    }

    /// The same, but gives up [`STOP_SECONDS`] after `told` ends, as long as the dot has certainly not left: then
    /// `Lost` in phase `Data`. Once it may have, the answer is waited for.
    pub async fn send_unless(&mut self, letter: Letter<'_>, told: impl Future<Output = ()>) -> Outcome {
        if let Err(words) = letter_is_fit(letter) {
            return Outcome::Unfit(words);
        }
        if self.link.as_ref().is_none_or(link::Link::is_unfinished)
            && let Err(outcome) = self.ready().await
        {
            return outcome;
        }
        let Some(link) = self.link.take() else {
            return Outcome::Lost(Phase::Connect, "no connection".to_owned());
        };
        let dot = link.dot();
        let mut sending = Box::pin(link.send(letter, &self.timeouts));
        let done = tokio::select! {
            done = &mut sending => Some(done),
            () = async { told.await; sleep(Duration::from_secs(STOP_SECONDS)).await } => None,
        };
        let (outcome, link) = match done {
            Some(done) => done,
            None if dot.dot_left().is_some() => sending.await,
            None => (Outcome::Lost(Phase::Data, "given up before the mail was over".to_owned()), None),
        };
        self.link = link;
        outcome
    }

    /// How the live connection is secured: protocol and cipher. None without a connection, or without TLS.
    #[must_use]
    pub fn secured(&self) -> Option<String> {
        self.link.as_ref().and_then(link::Link::secured)
    }

    /// How far the last attempt at a connection came.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// Until when the certificate that was last shown, with those that vouch for it, is good; a hundred years at most.
    /// None without TLS, and where it is not good at `now`.
    #[must_use]
    pub fn certified_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.tls.as_ref()?.good_until(&self.reach.chain, now)
    }

    /// Where the secret of the login comes from, if it is a token.
    #[must_use]
    pub fn tokens(&self) -> Option<&Tokens> {
        self.tokens.as_ref()
    }

    /// Says QUIT, briefly, and lets the connection go.
    pub async fn close(&mut self) {
        if let Some(link) = self.link.take() {
            link.quit(&self.timeouts).await;
        }
    }
}

/// What came of a connection; a token with which a login failed, however it did, is not used again.
async fn kept(
    done: Result<link::Link, Outcome>,
    tokens: &Tokens,
    token: &str,
) -> Result<link::Link, Outcome> {
    if let Err(Outcome::Refused(Phase::Auth, _) | Outcome::Lost(Phase::Auth, _)) = &done {
        tokens.forget(token).await;
    }
    done
}

fn mechanism(way: Auth) -> Mechanism {
    match way {
        Auth::Plain => Mechanism::Plain,
        Auth::Login => Mechanism::Login,
        Auth::Xoauth2 => Mechanism::Xoauth2,
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}
