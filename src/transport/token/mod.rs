//! Access tokens for XOAUTH2: a program prints one, and it is used until shortly before it expires.
//!
//! One program a relay, one run at a time, whoever asks; the others wait for its token, and never longer than a
//! run may take. What is not here: any provider's ways (that is the program's business; `jalon token` is one, and asks through [`endpoint`]), any
//! decision of when to try again, and any log. A token is in no text and in no `Debug`.

pub mod endpoint;
mod output;
mod program;

use std::fmt;
use std::process::ExitStatus;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::{Duration, Instant, timeout};

pub use program::Program;

use crate::plan::outcome::{Outcome, Phase};

/// How long a program may take, in all: 30 s.
pub const LIMIT: Duration = Duration::from_secs(30);

/// How long before it expires a token is no longer used: five minutes, for a login must not race it.
const MARGIN: Duration = Duration::from_mins(5);

/// How long a token is used that does not say when it expires: those of Google and Microsoft live for an hour or
/// more. One that ends before is refused by the relay, and renewed at once.
const UNSAID: Duration = Duration::from_mins(45);

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The program could not be started, or not be waited for.
    #[error("the program of token_command cannot be run: {why}")]
    Start {
        /// What the system said.
        why: String,
    },
    /// It ended with a status that is no success.
    #[error("the program of token_command failed ({status}){why}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// Whether its status says that it may succeed later: 69 or 75.
        later: bool,
        /// What it complained of, after a colon.
        why: String,
    },
    /// It did not end in time, and was killed.
    #[error("the program of token_command did not end within {limit:?}{why}")]
    Slow {
        /// The time.
        limit: Duration,
        /// What it complained of, after a colon.
        why: String,
    },
    /// It printed more than any token is, and was killed.
    #[error("the program of token_command printed more than {} bytes", program::MOST_PRINTED)]
    TooMuch,
    /// What it printed is no token.
    #[error("the program of token_command gave no token: {what}{why}")]
    Output {
        /// What is wrong with what it printed.
        what: &'static str,
        /// What it complained of, after a colon.
        why: String,
    },
}

impl TokenError {
    /// What it means for the relay: a program that was slow, or says that it may do better later, is like a relay
    /// that cannot be reached; any other failure wants a person.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Slow { .. } | Self::Failed { later: true, .. } => {
                Outcome::Lost(Phase::Auth, self.to_string())
            }
            _ => Outcome::NoToken(self.to_string()),
        }
    }
}

/// A token, and until when it is used.
struct Kept {
    token: String,
    until: Instant,
}

struct Source {
    program: Program,
    limit: Duration,
    kept: Mutex<Option<Kept>>,
}

/// Where the tokens of one relay come from. Clones share it.
#[derive(Clone)]
pub struct Tokens(Arc<Source>);

impl Tokens {
    /// Tokens that this program prints, within this time ([`LIMIT`]).
    #[must_use]
    pub fn new(program: Program, limit: Duration) -> Self {
        Self(Arc::new(Source { program, limit, kept: Mutex::new(None) }))
    }

    /// A token: the one that is kept while it is good, else a new one.
    pub async fn token(&self) -> Result<String, TokenError> {
        self.take(|_| false).await
    }

    /// A token other than this one, which was refused: a new one, unless somebody has it already.
    pub async fn other_than(&self, refused: &str) -> Result<String, TokenError> {
        self.take(|kept| kept == refused).await
    }

    /// How much longer the present token, or a new one where there is none, will be used; none of one that is asked for
    /// anew each time.
    pub async fn lifetime(&self) -> Result<Option<Duration>, TokenError> {
        self.token().await?;
        let kept = self.0.kept.lock().await;
        let left = kept.as_ref().map(|kept| kept.until.saturating_duration_since(Instant::now()));
        Ok(left.filter(|left| !left.is_zero()))
    }

    /// Keeps this token no longer: it was refused, or nobody knows.
    pub async fn forget(&self, token: &str) {
        let mut kept = self.0.kept.lock().await;
        if kept.as_ref().is_some_and(|kept| kept.token == token) {
            *kept = None;
        }
    }

    async fn take(&self, unfit: impl Fn(&str) -> bool) -> Result<String, TokenError> {
        let Source { program, limit, kept } = &*self.0;
        let Ok(mut kept) = timeout(*limit, kept.lock()).await else {
            return Err(TokenError::Slow { limit: *limit, why: String::new() });
        };
        if let Some(Kept { token, until }) = &*kept
            && *until > Instant::now()
            && !unfit(token)
        {
            return Ok(token.clone());
        }
        *kept = None;
        // Counted from before the run: the token is not younger than that.
        let begun = Instant::now();
        let printed = Box::pin(program::run(program, *limit)).await?;
        let good_for = printed.expires_in.map_or(UNSAID, |lives| lives.saturating_sub(MARGIN));
        // A life beyond all reckoning is no reason to fail: such a token is not kept.
        *kept = begun.checked_add(good_for).map(|until| Kept { token: printed.token.clone(), until });
        Ok(printed.token)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}
