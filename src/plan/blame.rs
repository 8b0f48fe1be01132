//! Pure. Whom a refusal is about: this recipient, this mail, or us. What is about us never counts against a mail.
//!
//! Relays say so by codes (RFC 3463, and some of their own) or in words alone, English or French. Words are looked for
//! in lower case without accents. Where they may mean either, a reminder that waits is better than one that is lost.

use super::outcome::{Phase, Reply};

/// Whom or what a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blamed {
    /// The relay takes nothing for now.
    Relay,
    /// It does not let us in.
    Login,
    /// It does not let us write in this name.
    Sender,
    /// It has had enough of our mails for a while.
    Quota,
    /// It does not take mails for this recipient.
    Recipient,
    /// It does not take this mail.
    Mail,
}

/// Whom a refusal in this phase is about.
#[must_use]
pub fn blamed(phase: Phase, reply: &Reply) -> Blamed {
    let permanent = reply.code >= 500;
    match phase {
        _ if is_quota(phase, reply) => Blamed::Quota,
        Phase::Auth if permanent => Blamed::Login,
        Phase::Sender if permanent => {
            if reply.code == 530 {
                Blamed::Login
            } else {
                Blamed::Sender
            }
        }
        Phase::Connect | Phase::Tls | Phase::Auth | Phase::Sender => Blamed::Relay,
        // Postfix and others keep what they have against the sender until RCPT (`smtpd_delay_reject`).
        Phase::Recipient if permanent && reply.code == 530 => Blamed::Login,
        Phase::Recipient if permanent && is_about_us(reply) => Blamed::Sender,
        Phase::Recipient => Blamed::Recipient,
        Phase::Data | Phase::Dot if permanent && is_about_sender(reply) => Blamed::Sender,
        Phase::Data | Phase::Dot => Blamed::Mail,
    }
}

/// The part of an enhanced status code (RFC 3463) behind its class: `4.5` of `5.4.5`.
fn detail(reply: &Reply) -> Option<&str> {
    reply.enhanced().and_then(|code| code.split_once('.')).map(|(_, detail)| detail)
}

/// A relay's words as they are looked at: in lower case, without accents, with plain apostrophes.
fn folded(text: &str) -> String {
    let plain = |c: char| match c {
        'é' | 'è' | 'ê' | 'ë' => 'e',
        'à' | 'â' => 'a',
        'î' | 'ï' => 'i',
        'ô' => 'o',
        'û' | 'ù' => 'u',
        '’' => '\'',
        other => other,
    };
    text.to_lowercase().chars().map(plain).collect()
}

fn says(words: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| words.contains(phrase))
}

/// Whether a refusal of a mail is about its sender rather than about the mail (RFC 3463 X.1.7, X.1.8, X.7.1's
/// "sender").
fn is_about_sender(reply: &Reply) -> bool {
    matches!(detail(reply), Some("1.7" | "1.8"))
        || says(&folded(&reply.text), &["sender", "expediteur", "send as"])
}

/// Whether the refusal of a recipient names us instead: the address we write as, our login, our machine.
fn is_about_us(reply: &Reply) -> bool {
    matches!(detail(reply), Some("1.7"))
        || says(
            &folded(&reply.text),
            &[
                "sender address rejected",
                "sender rejected",
                "sender verify failed",
                "sender address must",
                "not owned by user",
                "send as this sender",
                "client host rejected",
                "helo command rejected",
                "authentication required",
                "must authenticate",
                "not authenticated",
                "adresse d'expediteur refusee",
                "authentification requise",
            ],
        )
}

/// Codes that say by themselves that we have sent too much: RFC 3463 X.4.5; Exchange Online's for tenants and senders
/// that are over their limits or blocked for it.
const QUOTA_CODES: &[&str] = &["4.5", "7.233", "1.8", "1.90", "7.705"];

/// Words that speak of too much.
const TOO_MUCH: &[&str] = &[
    "quota",
    "too many",
    "too much mail",
    "too fast",
    "too quickly",
    "limit exceeded",
    "limit has been exceeded",
    "limits exceeded",
    "limit reached",
    "limit was reached",
    "limit has been reached",
    "limit for this",
    "exceeded the limit",
    "exceeds the limit",
    "exceeded your",
    "exceeded its",
    "exceeded their",
    "exceeded the max",
    "exceeded max",
    "reached your",
    "reached the limit",
    "reached the max",
    "reached its",
    "over limit",
    "over the limit",
    "rate limit",
    "rate-limit",
    "ratelimit",
    "rate exceeded",
    "rate control",
    "sending rate",
    "unusual rate",
    "throttl",
    "sending limit",
    "sending-limit",
    "send limit",
    "daily limit",
    "hourly limit",
    "messages per",
    "emails per",
    "mails per",
    "recipients per",
    "not enough credits",
    "no credits",
    "trop de",
    "limite d'envoi",
    "limite atteinte",
    "limite depassee",
    "limite journaliere",
    "limite quotidienne",
    "limite horaire",
    "limite de messages",
    "nombre maximal",
    "nombre maximum",
    "plafond",
    "depass",
    "credits insuffisants",
];

/// Words that speak of sending: then a mailbox that is named is ours.
const OF_SENDING: &[&str] = &[
    "send",
    "sent",
    "outbound",
    "outgoing",
    "submission",
    "submit",
    "per hour",
    "per day",
    "hourly",
    "daily",
    "smtp",
    "envoi",
    "envoy",
    "emission",
    "sortant",
    "par heure",
    "par jour",
];

/// Words of limits that are not ours: on connections, on sizes, on what one recipient receives; and of what is wrong
/// with one mail.
const SOMETHING_ELSE: &[&str] = &[
    "connection",
    "connexion",
    "size",
    "taille",
    "too large",
    "too big",
    "receiv",
    "recoit",
    "hops",
    "loop",
    "received headers",
    "links",
    "urls",
    "errors",
    "attachment",
    "piece jointe",
];

/// Whether a refusal says that we have sent too much. Words about the recipient's full mailbox, about the size of the
/// mail or about the number of connections are no such thing: none of them says that the relay has had enough of our
/// mails.
fn is_quota(phase: Phase, reply: &Reply) -> bool {
    if reply.code < 400 {
        return false;
    }
    let detail = detail(reply);
    if detail.is_some_and(|detail| QUOTA_CODES.contains(&detail)) {
        return true;
    }
    let words = folded(&reply.text);
    let ours = says(&words, OF_SENDING);
    // X.2.X is the recipient's mailbox, save Exchange's 5.2.0 for what we submit; X.3.4 the size of the mail. RFC 5321
    // has 552 for a mailbox that is full as well.
    let mailbox = detail.is_some_and(|detail| detail.starts_with("2.") && detail != "2.0")
        || (!ours
            && (says(&words, &["mailbox", "boite", "inbox", "storage", "disk", "disque"])
                || (phase >= Phase::Recipient && reply.code == 552)));
    !mailbox && detail != Some("3.4") && !says(&words, SOMETHING_ELSE) && says(&words, TOO_MUCH)
}
