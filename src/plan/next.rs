//! Pure. What a relay's answer means for a mail, and for the relay: again, never, doubt — and when.
//!
//! A refusal counts against a mail only in answer to RCPT, DATA or the dot. Whatever fails earlier, and every
//! quota and every complaint about the sender, is the relay's state: the mail stays planned and loses nothing.
//! After the dot, silence is doubt: the mail may have left.

use chrono::{DateTime, TimeDelta, Utc};

use super::blame::{Blamed, blamed};
use super::outcome::{Outcome, Phase};
use super::row::Reason;
pub use crate::settings::InDoubt;

/// How a doubt was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// At start, or by a lease that ran out: the process had stopped.
    Afterwards,
    /// While talking to the relay.
    Live,
}

/// What becomes of a mail in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Planned again, not before this instant.
    Resend(DateTime<Utc>),
    /// Held for a person, for this reason.
    Held(Reason),
}

/// The doubt that holds a mail whatever the settings say.
pub const LAST_DOUBT: u32 = 6;

/// What becomes of a mail that comes into doubt after `doubts` earlier ones.
#[must_use]
pub fn doubt(doubts: u32, policy: InDoubt, found: Found, now: DateTime<Utc>) -> Doubt {
    match (policy, found) {
        (InDoubt::Hold, _) => Doubt::Held(Reason::InDoubt),
        (InDoubt::Resend, _) if doubts + 1 >= LAST_DOUBT => Doubt::Held(Reason::TooManyDoubts),
        (InDoubt::Resend, Found::Afterwards) => Doubt::Resend(now),
        (InDoubt::Resend, Found::Live) => {
            Doubt::Resend(now + TimeDelta::minutes(if doubts == 0 { 1 } else { 5 }))
        }
    }
}

/// What to write into the ledger for a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It left.
    Sent {
        /// The relay's words.
        reply: String,
    },
    /// It is planned again.
    Again {
        /// Not before this instant.
        at: DateTime<Utc>,
        /// Whether the mail itself was refused for now, so that the next wait is longer.
        counted: bool,
        /// What happened.
        reply: String,
    },
    /// It was refused for good.
    Never {
        /// Who or what is refused.
        reason: Reason,
        /// The relay's words.
        reply: String,
    },
    /// It may have left.
    Doubt {
        /// What becomes of it.
        doubt: Doubt,
        /// What happened.
        reply: String,
    },
}

/// What to do with the relay's connection, and with the relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relay {
    /// Use the connection for the next mail.
    GoesOn,
    /// Close the connection; the relay is well.
    Closes,
    /// Close the connection; give the relay no mail before this instant.
    Rests(DateTime<Utc>),
}

/// What comes next after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// For the mail.
    pub verdict: Verdict,
    /// For the relay.
    pub relay: Relay,
}

/// How it went so far: with this mail, and with this relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// How often the mail was refused for now.
    pub attempts: u32,
    /// How often the mail was in doubt.
    pub doubts: u32,
    /// How often in a row the relay failed before it could judge a mail.
    pub relay_failures: u32,
    /// Whether this mail was already tried again at once, on a new connection.
    pub retried: bool,
}

/// How long a relay rests that cannot be reached, by failures so far.
fn rest(failures: u32) -> TimeDelta {
    TimeDelta::seconds([5, 30, 120, 300, 900][(failures as usize).min(4)])
}

/// How long a relay rests that will have no mail of ours: a refused login, sender or quota.
fn long_rest(failures: u32) -> TimeDelta {
    TimeDelta::minutes(if failures == 0 { 15 } else { 60 })
}

/// How long a mail waits that was refused for now, by refusals so far.
fn wait(attempts: u32) -> TimeDelta {
    TimeDelta::minutes([1, 5, 15, 60][(attempts as usize).min(3)])
}

/// Decides what an outcome means. Source: RFC 5321 §4.2.1, §4.5.4.1; RFC 3463; FAULTS of the design.
#[must_use]
pub fn next(outcome: &Outcome, past: Past, policy: InDoubt, now: DateTime<Utc>) -> Next {
    let reply = outcome.words();
    let again = |reply: String| Verdict::Again { at: now, counted: false, reply };
    let rests =
        |after: TimeDelta, reply: String| Next { verdict: again(reply), relay: Relay::Rests(now + after) };
    let never = |reason: Reason, reply: String| Next {
        verdict: Verdict::Never { reason, reply },
        relay: Relay::GoesOn,
    };
    match outcome {
        Outcome::Accepted(_) => Next { verdict: Verdict::Sent { reply }, relay: Relay::GoesOn },
        Outcome::Unfit(_) => never(Reason::MailRefused, reply),
        Outcome::Lost(Phase::Dot, _) => {
            let doubt = doubt(past.doubts, policy, Found::Live, now);
            Next { verdict: Verdict::Doubt { doubt, reply }, relay: Relay::Closes }
        }
        Outcome::Lost(phase, _) if *phase >= Phase::Sender && !past.retried => {
            Next { verdict: again(reply), relay: Relay::Closes }
        }
        Outcome::Lost(..) | Outcome::Unwritable(_) | Outcome::Untrusted(_) | Outcome::NoToken(_) => {
            rests(rest(past.relay_failures), reply)
        }
        Outcome::Refused(phase, said) => {
            let permanent = said.code >= 500;
            match blamed(*phase, said) {
                Blamed::Login => rests(TimeDelta::minutes(15), reply),
                Blamed::Sender if *phase == Phase::Sender => rests(TimeDelta::minutes(15), reply),
                Blamed::Sender | Blamed::Quota => rests(long_rest(past.relay_failures), reply),
                Blamed::Relay => rests(rest(past.relay_failures), reply),
                Blamed::Recipient if permanent => never(Reason::RecipientRefused, reply),
                Blamed::Mail if permanent => never(Reason::MailRefused, reply),
                Blamed::Recipient | Blamed::Mail => Next {
                    verdict: Verdict::Again { at: now + wait(past.attempts), counted: true, reply },
                    relay: if said.code == 421 { Relay::Closes } else { Relay::GoesOn },
                },
            }
        }
    }
}
