//! What the log says of mails: one line each.

use tracing::{error, info, warn};

use super::{ended, templates_failed};
use crate::daemon::dispatcher::{Departure, Report};
use crate::plan::Key;
use crate::plan::next::{Doubt, Verdict};
use crate::plan::outcome::Reply;
use crate::plan::row::State;
use crate::telemetry::{addresses, shortened, without_addresses};

/// A step of the dispatcher.
pub fn dispatched(report: &Report) {
    ended(&report.ended);
    for key in &report.empty {
        info!(event = "empty", state = State::Skipped.word(), key = one_word(key), "it had nothing to tell");
    }
    for departure in &report.departures {
        departed(departure);
    }
    templates_failed(&report.templates);
    for key in &report.aside {
        warn!(
            event = "aside",
            state = State::Planned.word(),
            key = one_word(key),
            "it cannot be told for now: no usable version of its posting holds it, no template can write it, or the host that plans has yet to take up its files"
        );
    }
    if let Some((relay, ready)) = &report.looked_at {
        looked_at(relay, *ready);
    }
    if let Some((relay, until, why)) = &report.resting {
        let reply = Reply::found_in(why);
        let (relay_code, relay_status) = codes(reply.as_ref());
        let why = discreet(why, &[]);
        warn!(
            event = "relay-rests",
            relay, until = %until, relay_code, relay_status, why, "the relay takes no mail for now"
        );
    }
}

/// A relay was looked at before mails are due; why it is not ready stands in the line about its rest.
fn looked_at(relay: &str, ready: bool) {
    if ready {
        info!(event = "preflight", relay, ready, "looked at before mails are due: it is ready for them");
    } else {
        warn!(event = "preflight", relay, ready, "looked at before mails are due: it would take none");
    }
}

/// What became of a mail.
pub fn departed(departure: &Departure) {
    let (to, relay) = (recipient(&departure.reader), &departure.relay);
    let message_id = &departure.message_id;
    let keys = departure.keys.iter().map(one_word).collect::<Vec<_>>().join(" ");
    let (Verdict::Sent { reply }
    | Verdict::Again { reply, .. }
    | Verdict::Never { reply, .. }
    | Verdict::Doubt { reply, .. }) = &departure.verdict;
    let said = Reply::found_in(reply);
    let (relay_code, relay_status) = codes(said.as_ref());
    let reply = discreet(reply, &[&departure.email]);
    let state = fate(&departure.verdict).word();
    match &departure.verdict {
        Verdict::Sent { .. } => {
            info!(
                event = "sent",
                message_id, state, to, keys, relay, relay_code, relay_status, reply, "sent"
            );
        }
        Verdict::Again { at, .. } => warn!(
            event = "again",
            message_id, state, to, keys, relay, relay_code, relay_status, reply, at = %at, "to be tried again"
        ),
        Verdict::Never { reason, .. } => {
            let reason = reason.word();
            error!(
                event = "failed",
                message_id,
                state,
                to,
                keys,
                relay,
                relay_code,
                relay_status,
                reply,
                reason,
                "refused for good"
            );
        }
        Verdict::Doubt { doubt, .. } => error!(
            event = "doubt",
            message_id, state, to, keys, relay, relay_code, relay_status, reply, next = ?doubt, "it may have left"
        ),
    }
}

/// What becomes of the reminders of a mail.
fn fate(verdict: &Verdict) -> State {
    match verdict {
        Verdict::Sent { .. } => State::Sent,
        Verdict::Again { .. } | Verdict::Doubt { doubt: Doubt::Resend(_), .. } => State::Planned,
        Verdict::Never { .. } => State::Failed,
        Verdict::Doubt { doubt: Doubt::Held(_), .. } => State::Held,
    }
}

/// The codes of a relay's answer: `550`, and `5.1.1` if it has one (RFC 3463).
fn codes(reply: Option<&Reply>) -> (Option<u16>, Option<&str>) {
    (reply.map(|reply| reply.code), reply.and_then(Reply::enhanced))
}

/// A key as one word among others: a file's name in it may hold a space.
pub(super) fn one_word(key: &Key) -> String {
    key.as_str().replace(' ', "\u{a0}")
}

/// A person's id as it is; a plain address shortened.
pub(super) fn recipient(id: &str) -> String {
    if id.contains('@') { shortened(id) } else { id.to_owned() }
}

/// Words of a relay, or that repeat such, without the addresses in them and these; nor what stands before their @, for
/// relays also say "no user zoe here".
pub(crate) fn discreet(words: &str, others: &[&str]) -> String {
    let named = addresses(words);
    let named = named.iter().map(|at| &words[at.clone()]).chain(others.iter().copied());
    let mut shown = without_addresses(words);
    for local in
        named.filter_map(|address| Some(address.rsplit_once('@')?.0)).filter(|local| !local.is_empty())
    {
        shown = without_word(&shown, local);
    }
    shown
}

fn without_word(text: &str, word: &str) -> String {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for (at, _) in lower.match_indices(&word) {
        let end = at + word.len();
        if !is_letter(text[..at].chars().next_back()) && !is_letter(text[end..].chars().next()) {
            shown.push_str(&text[done..at]);
            shown.push_str("[…]");
            done = end;
        }
    }
    shown + &text[done..]
}
