//! Pure. What the refusals of providers mean and what to do about them, for whoever runs jalon: the sentences of
//! Microsoft, Google and others say neither.
//!
//! [`relay`] reads what a relay answered, [`endpoint`] what a token endpoint answered. What is in neither table is
//! told as it came.

pub mod endpoint;
pub mod relay;

use crate::diagnostic::{Words, say};
use crate::plan::outcome::Outcome;

/// What to do about an outcome, if that is known: a sentence or two, ended by a full stop.
#[must_use]
pub fn advice(outcome: &Outcome) -> Option<Words> {
    match outcome {
        Outcome::Refused(_, reply) => relay::explained(reply),
        Outcome::NoToken(words) => Some(endpoint::explained(words).unwrap_or_else(|| {
            say(
                "Lancez à la main, sous l'utilisateur du service, la commande écrite dans token_command.",
                "Run by hand, as the service's user, the command that is written in token_command.",
            )
        })),
        Outcome::Lost(_, words) => endpoint::explained(words),
        Outcome::Accepted(_) | Outcome::Untrusted(_) | Outcome::Unfit(_) | Outcome::Unwritable(_) => None,
    }
}
