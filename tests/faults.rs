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
