//! The ways out: SMTP through lettre, or a folder of .eml files.
//!
//! A transport does what it is told and says what came of it ([`Outcome`]); whether to try again is
//! `plan::next`'s business. Nothing is retried here, nothing is logged here, and no connection outlives an error.

pub mod folder;
pub mod smtp;
pub mod token;

use tokio::time::{Duration, Instant};

use crate::plan::outcome::Outcome;

/// One mail, ready to leave.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The envelope sender: where bounces go.
    pub from: &'a str,
    /// The one recipient.
    pub to: &'a str,
    /// The Message-ID, without angle brackets.
    pub message_id: &'a str,
    /// Header and body, lines ended by CRLF.
    pub bytes: &'a [u8],
}

/// A way out. One worker owns one.
#[derive(Debug)]
pub enum Transport {
    /// A connection to a relay, opened when it is needed.
    Smtp(Box<smtp::Smtp>),
    /// An outbox.
    Folder(folder::Outbox),
}

impl Transport {
    /// Makes ready to send: for SMTP, connects, secures the link and logs in, unless a live connection is
    /// there (a NOOP proves it). Done before a mail is marked as handed, so that a relay that is away costs
    /// no doubt. `Err` holds a `Refused` or `Lost` outcome of an early phase.
    pub async fn ready(&mut self) -> Result<(), Outcome> {
        match self {
            Self::Smtp(smtp) => smtp.ready().await,
            Self::Folder(_) => Ok(()),
        }
    }

    /// Sends one mail.
    pub async fn send(&mut self, letter: Letter<'_>) -> Outcome {
        self.send_unless(letter, std::future::pending()).await
    }

    /// Sends one mail. Soon after `told` ends it gives up, unless the mail may have left by then.
    pub async fn send_unless(&mut self, letter: Letter<'_>, told: impl Future<Output = ()>) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send_unless(letter, told).await,
            Self::Folder(outbox) => outbox.send(letter),
        }
    }

    /// How the live connection is secured, in words: « TLS 1.3, AES-256-GCM-SHA384 ». None without TLS.
    #[must_use]
    pub fn secured(&self) -> Option<String> {
        match self {
            Self::Smtp(smtp) => smtp.secured(),
            Self::Folder(_) => None,
        }
    }

    /// How long making ready and sending one mail can take together: whoever has not heard of it by then never will.
    #[must_use]
    pub fn longest(&self) -> Duration {
        match self {
            Self::Smtp(smtp) => smtp.longest(),
            Self::Folder(_) => Duration::from_mins(5),
        }
    }

    /// Whether its connection has carried as many mails as one should: [`ready`](Self::ready) comes before the next.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        match self {
            Self::Smtp(smtp) => smtp.is_worn(),
            Self::Folder(_) => false,
        }
    }

    /// When its connection, if it has one, will have lain idle for long enough.
    #[must_use]
    pub fn idle_until(&self) -> Option<Instant> {
        match self {
            Self::Smtp(smtp) => smtp.idle_until(),
            Self::Folder(_) => None,
        }
    }

    /// Takes over another one that leads to the same place. True when its terms are the same: then a connection goes on.
    pub async fn adopt(&mut self, new: Self) -> bool {
        match (self, new) {
            (Self::Smtp(smtp), Self::Smtp(new)) => smtp.adopt(*new).await,
            (this, new) => {
                *this = new;
                true
            }
        }
    }

    /// Says goodbye, where there is somebody to say it to.
    pub async fn close(&mut self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}

/// What this machine calls itself.
#[must_use]
pub fn own_name() -> String {
    lettre::transport::smtp::extension::ClientId::default().to_string()
}
