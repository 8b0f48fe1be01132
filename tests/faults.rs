//! What each answer means for the mail and for the relay: the table of failures, row by row, and nothing else.
//! No socket here; tests/smtp.rs shows that the outcomes are the ones that real conversations have.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use chrono::{DateTime, TimeDelta, Utc};
use jalon::plan::next::{Doubt, Found, InDoubt, LAST_DOUBT, Next, Past, Relay, Verdict, doubt, next};
use jalon::plan::outcome::{Outcome, Phase, Reply};
use jalon::plan::row::Reason;

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn refused(phase: Phase, text: &str) -> Outcome {
    let (code, rest) = text.split_once(' ').unwrap();
    Outcome::Refused(phase, Reply::new(code.parse().unwrap(), rest))
}

fn lost(phase: Phase) -> Outcome {
    Outcome::Lost(phase, "no answer".to_owned())
}

fn seconds(later: DateTime<Utc>) -> i64 {
    (later - now()).num_seconds()
}

/// What becomes of mail and relay, as the table words it; waits in seconds.
fn told(next: &Next) -> (String, String) {
    let mail = match &next.verdict {
        Verdict::Sent { .. } => "sent".to_owned(),
        Verdict::Again { at, counted, .. } => {
            format!("again in {}{}", seconds(*at), if *counted { ", counted" } else { "" })
        }
        Verdict::Never { reason, .. } => format!("never: {reason:?}"),
        Verdict::Doubt { doubt: Doubt::Resend(at), .. } => format!("doubt, resend in {}", seconds(*at)),
        Verdict::Doubt { doubt: Doubt::Held(reason), .. } => format!("doubt, held: {reason:?}"),
    };
    let relay = match next.relay {
        Relay::GoesOn => "goes on".to_owned(),
        Relay::Closes => "closes".to_owned(),
        Relay::Rests(until) => format!("rests {}", seconds(until)),
    };
    (mail, relay)
}

fn first(outcome: &Outcome) -> (String, String) {
    told(&next(outcome, Past::default(), InDoubt::Resend, now()))
}

fn after(outcome: &Outcome, past: Past) -> (String, String) {
    told(&next(outcome, past, InDoubt::Resend, now()))
}

fn is(told: &(String, String), mail: &str, relay: &str, row: &str) {
    assert_eq!((&told.0[..], &told.1[..]), (mail, relay), "{row}");
}

#[test]
fn before_anybody_judged_the_mail() {
    for phase in [Phase::Connect, Phase::Tls, Phase::Auth] {
        is(&first(&lost(phase)), "again in 0", "rests 5", "lost");
        for (failures, rest) in [(0, 5), (1, 30), (2, 120), (3, 300), (4, 900), (5, 900), (4000, 900)] {
            let past = Past { relay_failures: failures, ..Past::default() };
            is(&after(&lost(phase), past), "again in 0", &format!("rests {rest}"), "rests longer");
            let past = Past { retried: true, ..past };
            is(&after(&lost(phase), past), "again in 0", &format!("rests {rest}"), "retried");
        }
    }
    for phase in [Phase::Connect, Phase::Tls] {
        for text in ["421 4.3.2 not now", "554 5.7.1 no service", "454 4.7.0 TLS not available"] {
            is(&first(&refused(phase, text)), "again in 0", "rests 5", text);
        }
    }
}

#[test]
fn login_and_sender() {
    for (phase, text, rest) in [
        (Phase::Auth, "454 4.7.0 temporary failure", 5),
        (Phase::Auth, "421 4.7.0 try later", 5),
        (Phase::Auth, "535 5.7.8 bad credentials", 900),
        (Phase::Auth, "535 5.7.139 Authentication unsuccessful, basic authentication is disabled", 900),
        (Phase::Auth, "550 5.7.30 Basic authentication is not supported", 900),
        (Phase::Auth, "530 5.7.0 Authentication required", 900),
        (Phase::Sender, "451 4.3.0 later", 5),
        (Phase::Sender, "550 5.7.60 Client does not have permissions to send as this sender", 900),
        (Phase::Sender, "553 5.7.1 Sender address rejected", 900),
    ] {
        is(&first(&refused(phase, text)), "again in 0", &format!("rests {rest}"), text);
    }
    let past = Past { relay_failures: 3, ..Past::default() };
    is(&after(&refused(Phase::Auth, "454 4.7.0 later"), past), "again in 0", "rests 300", "rests as above");
    is(&after(&refused(Phase::Auth, "535 5.7.8 no"), past), "again in 0", "rests 900", "lock-outs");
}

#[test]
fn refused_for_now() {
    for (phase, text) in [
        (Phase::Recipient, "450 4.2.1 mailbox busy"),
        (Phase::Recipient, "451 4.7.1 greylisted"),
        (Phase::Recipient, "452 4.2.2 mailbox over quota"),
        (Phase::Data, "451 4.3.0 no space"),
        (Phase::Dot, "451 4.3.0 queue file write error"),
        (Phase::Dot, "450 4.7.1 sender unknown for now"),
    ] {
        let outcome = refused(phase, text);
        for (attempts, minutes) in [(0, 1), (1, 5), (2, 15), (3, 60), (4, 60), (4000, 60)] {
            let past = Past { attempts, ..Past::default() };
            is(&after(&outcome, past), &format!("again in {}, counted", minutes * 60), "goes on", text);
        }
    }
    for phase in [Phase::Recipient, Phase::Data, Phase::Dot] {
        is(&first(&refused(phase, "421 4.3.2 closing")), "again in 60, counted", "closes", "421");
    }
}

#[test]
fn refused_for_good() {
    for (phase, text, reason) in [
        (Phase::Recipient, "550 5.1.1 no such user", "RecipientRefused"),
        (Phase::Recipient, "553 no", "RecipientRefused"),
        (Phase::Recipient, "552 5.2.2 mailbox quota limit exceeded", "RecipientRefused"),
        (Phase::Recipient, "552 mailbox quota exceeded", "RecipientRefused"),
        (Phase::Data, "554 5.5.1 no valid recipients", "MailRefused"),
        (Phase::Dot, "550 5.7.1 looks like spam", "MailRefused"),
        (Phase::Dot, "552 5.3.4 message size exceeds the limit", "MailRefused"),
        (Phase::Dot, "552 5.2.3 message length exceeds administrative limit exceeded", "MailRefused"),
        (Phase::Dot, "552 message size limit exceeded", "MailRefused"),
    ] {
        is(&first(&refused(phase, text)), &format!("never: {reason}"), "goes on", text);
    }
    for phase in [Phase::Data, Phase::Dot] {
        for text in ["550 5.1.8 bad sender", "553 5.1.7 bad sender syntax", "550 5.7.1 sender not allowed"] {
            is(&first(&refused(phase, text)), "again in 0", "rests 900", text);
        }
        let past = Past { relay_failures: 1, ..Past::default() };
        is(
            &after(&refused(phase, "550 5.7.1 sender not allowed"), past),
            "again in 0",
            "rests 3600",
            "sender",
        );
    }
}

#[test]
fn too_much_mail_at_any_stage() {
    let phases =
        [Phase::Connect, Phase::Tls, Phase::Auth, Phase::Sender, Phase::Recipient, Phase::Data, Phase::Dot];
    for phase in phases {
        for text in [
            "452 4.4.5 Insufficient disk space",
            "550 5.4.5 Daily user sending limit",
            "550 5.7.233 tenant exceeded its threshold",
            "550 5.1.90 Your message can't be sent because you've reached your daily limit",
            "550 5.1.8 Access denied, bad outbound sender",
            "550 5.7.705 Access denied, tenant has exceeded threshold",
            "451 Your quota of mails is used up",
            "550 sending limit exceeded for this account",
            "450 4.7.0 too many messages",
            "550 5.7.1 Rate limit reached",
        ] {
            let outcome = refused(phase, text);
            let row = format!("{phase:?} {text}");
            is(&first(&outcome), "again in 0", "rests 900", &row);
            let past = Past { relay_failures: 1, attempts: 3, ..Past::default() };
            is(&after(&outcome, past), "again in 0", "rests 3600", &row);
        }
    }
}

#[test]
fn too_many_connections_is_not_too_much_mail() {
    is(
        &first(&refused(Phase::Connect, "421 4.7.0 Too many connections")),
        "again in 0",
        "rests 5",
        "greeting",
    );
    let text = "432 4.3.2 STOREDRV; Concurrent connections limit exceeded";
    is(&first(&refused(Phase::Dot, text)), "again in 60, counted", "goes on", text);
}

#[test]
fn lost_before_the_dot() {
    for phase in [Phase::Sender, Phase::Recipient, Phase::Data] {
        is(&first(&lost(phase)), "again in 0", "closes", "once at once on a new connection");
        let past = Past { retried: true, relay_failures: 1, ..Past::default() };
        is(&after(&lost(phase), past), "again in 0", "rests 30", "then one failure");
    }
}

#[test]
fn lost_after_the_dot_is_doubt() {
    let outcome = lost(Phase::Dot);
    for retried in [false, true] {
        for (doubts, fate) in [
            (0, "doubt, resend in 60"),
            (1, "doubt, resend in 300"),
            (4, "doubt, resend in 300"),
            (5, "doubt, held: TooManyDoubts"),
            (6, "doubt, held: TooManyDoubts"),
        ] {
            let past = Past { doubts, retried, relay_failures: 2, attempts: 2 };
            is(&after(&outcome, past), fate, "closes", "resend");
            let held = told(&next(&outcome, past, InDoubt::Hold, now()));
            is(&held, "doubt, held: InDoubt", "closes", "hold");
        }
    }
    // The process died while the mail was marked as leaving.
    for doubts in 0..LAST_DOUBT - 1 {
        assert_eq!(doubt(doubts, InDoubt::Resend, Found::Afterwards, now()), Doubt::Resend(now()));
        assert_eq!(doubt(doubts, InDoubt::Hold, Found::Afterwards, now()), Doubt::Held(Reason::InDoubt));
    }
    let last = doubt(LAST_DOUBT - 1, InDoubt::Resend, Found::Afterwards, now());
    assert_eq!(last, Doubt::Held(Reason::TooManyDoubts));
}

#[test]
fn taken_unfit_unwritable() {
    is(&first(&Outcome::Accepted(Reply::new(250, "ok"))), "sent", "goes on", "taken");
    let past = Past { attempts: 9, doubts: 9, relay_failures: 9, retried: true };
    is(&after(&Outcome::Accepted(Reply::new(250, "")), past), "sent", "goes on", "taken at last");
    is(&first(&Outcome::Unfit("too large".to_owned())), "never: MailRefused", "goes on", "unfit");
    for (failures, rest) in [(0, 5), (1, 30), (4, 900)] {
        let past = Past { relay_failures: failures, ..Past::default() };
        let outcome = Outcome::Unwritable("no space".to_owned());
        is(&after(&outcome, past), "again in 0", &format!("rests {rest}"), "outbox");
    }
}

#[test]
fn no_answer_but_the_one_after_the_dot_ever_holds_or_loses_a_mail_in_silence() {
    let phases = [Phase::Connect, Phase::Tls, Phase::Auth, Phase::Sender, Phase::Recipient, Phase::Data];
    for phase in phases {
        for code in 400..600 {
            for text in ["", "5.1.1 no", "4.2.2 full", "quota", "sender"] {
                let outcome = Outcome::Refused(phase, Reply::new(code, text));
                let decided = next(&outcome, Past::default(), InDoubt::Hold, now());
                let never = matches!(decided.verdict, Verdict::Never { .. });
                assert!(!never || (phase >= Phase::Recipient && code >= 500), "{outcome:?}: {decided:?}");
                assert!(
                    !matches!(decided.verdict, Verdict::Doubt { .. } | Verdict::Sent { .. }),
                    "{outcome:?}"
                );
                if let Relay::Rests(until) = decided.relay {
                    assert!(until > now() && until - now() <= TimeDelta::hours(1), "{outcome:?}");
                }
            }
        }
        let decided = next(&lost(phase), Past::default(), InDoubt::Hold, now());
        assert!(matches!(decided.verdict, Verdict::Again { counted: false, .. }), "{phase:?}");
    }
}

/// What relays say when they have had enough of our mails, as their users report it.
const QUOTAS: &[&str] = &[
    // Google
    "550 5.4.5 Daily user sending quota exceeded. o65sm25351206pga.71 - gsmtp",
    "550 5.4.5 Daily SMTP relay sending limit exceeded for customer.",
    "454 4.7.0 Too many login attempts, please try again later.",
    "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address.",
    // Microsoft
    "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed to process message",
    "550 5.7.233 Your message can't be sent because your tenant exceeded its tenant external recipient rate limit",
    "550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients",
    "550 5.1.8 Access denied, bad outbound sender AS(42004)",
    "550 5.7.705 Access denied, tenant has exceeded threshold",
    "432 4.3.2 Too many messages submitted, try again later",
    // Amazon, Mailjet, Brevo, SendGrid, Mailgun, AuthSMTP, Zoho
    "454 Throttling failure: Maximum sending rate exceeded.",
    "454 Throttling failure: Daily message quota exceeded.",
    "550 5.7.1 Sending limit reached for this API key",
    "550 Your account has reached its daily limit",
    "525 5.7.1 Not enough credits to send this email",
    "451 You've exceeded your messaging limits",
    "451 Maximum credits exceeded, sending quota is used up",
    "421 Domain mg.example.org is not allowed to send: message limit reached",
    "433 Account is at / over message quota",
    "550 5.4.6 mail rate exceeded limit",
    // Hosting: cPanel with Exim, Postfix with policyd or postfwd, Plesk, rspamd, OVH
    "550 Domain example.org has exceeded the max emails per hour (500/500 (100%)) allowed. Message discarded.",
    "550 Domain example.org has exceeded the max defers and failures per hour (5/5 (100%)) allowed. Message discarded.",
    "451 4.7.1 Sending too fast, ratelimit exceeded",
    "450 4.7.1 <r@example.org>: Sender address rejected: Policy rejection: quota exceeded",
    "450 4.7.1 Number messages per hour exceeded",
    "450 4.7.1 Error: too much mail from 192.0.2.1",
    "451 4.7.1 Ratelimit \"user\" exceeded",
    "552 5.7.0 Your mailbox has exceeded its hourly sending limit",
    "550 5.7.1 You have reached the maximum number of outgoing messages per hour",
    "452 4.5.3 Too many recipients",
    "550 5.7.1 Outgoing mail from this account is suspended: sending limit reached",
    // In French
    "550 5.7.1 Limite d'envoi atteinte pour ce compte",
    "550 5.7.1 Limite d\u{2019}envoi dépassée : 200 messages par heure",
    "451 4.7.1 Quota d'envoi dépassé, réessayez plus tard",
    "550 Vous avez dépassé le nombre maximal de messages par jour",
    "450 4.7.1 Trop de messages envoyés, veuillez patienter",
    "550 5.7.1 Nombre maximum de destinataires par heure atteint",
    "550 Crédits insuffisants pour envoyer ce message",
    "550 5.7.1 Votre boîte a atteint sa limite journalière d'envoi",
];

#[test]
fn a_quota_is_known_in_whatever_words_a_relay_puts_it() {
    for phase in [Phase::Auth, Phase::Sender, Phase::Recipient, Phase::Data, Phase::Dot] {
        for text in QUOTAS {
            is(&first(&refused(phase, text)), "again in 0", "rests 900", &format!("{phase:?} {text}"));
        }
    }
}

#[test]
fn what_is_too_much_of_something_else_is_no_quota() {
    for (phase, text) in [
        (Phase::Recipient, "552 5.2.2 The email account that you tried to reach is over quota"),
        (Phase::Recipient, "552 5.2.2 Over quota"),
        (Phase::Recipient, "550 5.2.1 The user you are trying to contact is receiving mail too quickly"),
        (
            Phase::Recipient,
            "550 5.2.122 The recipient has exceeded their limit for the number of messages they can receive per hour",
        ),
        (Phase::Recipient, "550 Boîte aux lettres pleine, quota dépassé"),
        (Phase::Recipient, "552 Requested mail action aborted: exceeded storage allocation quota"),
        (Phase::Dot, "554 5.4.6 Too many hops"),
        (Phase::Dot, "552 5.3.4 Message size exceeds fixed limit"),
        (Phase::Dot, "552 Taille maximale du message dépassée"),
        (Phase::Dot, "554 5.7.1 Too many links in message"),
        (Phase::Recipient, "550 5.1.1 User unknown"),
        (Phase::Recipient, "550 5.7.1 Rejected by policy"),
    ] {
        let (mail, relay) = first(&refused(phase, text));
        assert!(mail.starts_with("never") && relay == "goes on", "{text}: {mail}, {relay}");
    }
}

#[test]
fn what_is_said_of_us_in_answer_to_a_recipient_costs_the_mail_nothing() {
    for text in [
        "553 5.7.1 <r@example.org>: Sender address rejected: not owned by user camille",
        "550 5.7.1 Client host rejected: Access denied",
        "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
        "530 5.7.0 Authentication required",
        "550 5.7.1 Authentification requise",
        "550 Sender verify failed",
    ] {
        let (mail, relay) = first(&refused(Phase::Recipient, text));
        assert!(mail == "again in 0" && relay == "rests 900", "{text}: {mail}, {relay}");
    }
}
