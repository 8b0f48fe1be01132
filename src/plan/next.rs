//! Pure. What a relay's answer means for a mail, and for the relay: again, never, doubt — and when.
//!
//! A refusal counts against a mail only in answer to RCPT, DATA or the dot. Whatever fails earlier, and every
//! quota and every complaint about the sender, is the relay's state: the mail stays planned and loses nothing.
//! After the dot, silence is doubt: the mail may have left.

use chrono::{DateTime, TimeDelta, Utc};

use super::outcome::{Outcome, Phase, Reply};
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
    let again =
        |after: TimeDelta, counted: bool, reply: String| Verdict::Again { at: now + after, counted, reply };
    let rests = |after: TimeDelta, reply: String| Next {
        verdict: again(TimeDelta::zero(), false, reply),
        relay: Relay::Rests(now + after),
    };
    match outcome {
        Outcome::Accepted(reply) => {
            Next { verdict: Verdict::Sent { reply: reply.to_string() }, relay: Relay::GoesOn }
        }
        Outcome::Unfit(words) => Next {
            verdict: Verdict::Never { reason: Reason::MailRefused, reply: words.clone() },
            relay: Relay::GoesOn,
        },
        Outcome::Unwritable(words) => rests(rest(past.relay_failures), words.clone()),
        Outcome::NoToken(words) => {
            rests(rest(past.relay_failures), format!("{}: {words}", Phase::Auth.word()))
        }
        Outcome::Lost(Phase::Dot, words) => Next {
            verdict: Verdict::Doubt {
                doubt: doubt(past.doubts, policy, Found::Live, now),
                reply: format!("{}: {words}", Phase::Dot.word()),
            },
            relay: Relay::Closes,
        },
        Outcome::Lost(phase, words) => {
            let said = format!("{}: {words}", phase.word());
            if *phase >= Phase::Sender && !past.retried {
                Next { verdict: again(TimeDelta::zero(), false, said), relay: Relay::Closes }
            } else {
                rests(rest(past.relay_failures), said)
            }
        }
        Outcome::Refused(phase, reply) => {
            let said = format!("{}: {reply}", phase.word());
            let permanent = reply.code >= 500;
            match phase {
                _ if is_quota(reply) => rests(long_rest(past.relay_failures), said),
                Phase::Auth | Phase::Sender if permanent => rests(TimeDelta::minutes(15), said),
                Phase::Connect | Phase::Tls | Phase::Auth | Phase::Sender => {
                    rests(rest(past.relay_failures), said)
                }
                Phase::Recipient if permanent => Next {
                    verdict: Verdict::Never { reason: Reason::RecipientRefused, reply: said },
                    relay: Relay::GoesOn,
                },
                Phase::Data | Phase::Dot if permanent && is_about_sender(reply) => {
                    rests(long_rest(past.relay_failures), said)
                }
                Phase::Data | Phase::Dot if permanent => Next {
                    verdict: Verdict::Never { reason: Reason::MailRefused, reply: said },
                    relay: Relay::GoesOn,
                },
                Phase::Recipient | Phase::Data | Phase::Dot => Next {
                    verdict: again(wait(past.attempts), true, said),
                    relay: if reply.code == 421 { Relay::Closes } else { Relay::GoesOn },
                },
            }
        }
    }
}

/// Whether a refusal says that we have sent too much: by code (RFC 3463 X.4.5, Exchange Online's own), or by
/// its words. Words about the recipient's full mailbox, about the size of the mail or about the number of
/// connections are no such thing: none of them says that the relay has had enough of our mails.
fn is_quota(reply: &Reply) -> bool {
    let code = reply.enhanced().and_then(|code| code.split_once('.')).map(|(_, rest)| rest);
    let words = reply.text.to_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| words.contains(phrase));
    let something_else =
        matches!(code, Some("2.2" | "2.3" | "3.4")) || says(&["mailbox", "size", "connection"]);
    reply.code >= 400
        && (matches!(code, Some("4.5" | "7.233" | "1.8" | "1.90" | "7.705"))
            || !something_else
                && says(&[
                    "quota",
                    "too many",
                    "limit exceeded",
                    "limit has been exceeded",
                    "exceeded the limit",
                    "exceeds the limit",
                    "rate limit",
                ]))
}

/// Whether a refusal of a mail is about its sender rather than about the mail (RFC 3463 X.1.7, X.1.8, X.7.1's
/// "sender").
fn is_about_sender(reply: &Reply) -> bool {
    let code = reply.enhanced().and_then(|code| code.split_once('.')).map(|(_, rest)| rest);
    matches!(code, Some("1.7" | "1.8")) || reply.text.to_lowercase().contains("sender")
}
