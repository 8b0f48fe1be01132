//! From a rendered mail to its bytes: headers, parts, and what is refused.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use chrono::{DateTime, Utc};
use jalon::calendar::Language;
use jalon::message::{ComposeError, Rendered, compose};
use jalon::settings::Mailbox;

const ID: &str = "jalon.c2763ae209cce951f0f3417771948a59@example.org";

fn mail() -> Rendered {
    Rendered {
        language: Language::French,
        about: None,
        subject: "Clôture des candidatures dans 7 jours – Chargé·e d'accompagnement".into(),
        text: "Bonjour,\n\nDate limite\u{a0}: dimanche 28 juin 2026\n".into(),
        html: "<p>Bonjour,</p>\n".into(),
    }
}

fn from() -> Mailbox {
    Mailbox { name: Some("Recrutement, Villages Vivants".into()), email: "recrutement@example.org".into() }
}

fn now() -> DateTime<Utc> {
    "2026-06-21T07:00:00Z".parse().unwrap()
}

fn composed(mail: &Rendered, to: (Option<&str>, &str), id: &str) -> Result<String, ComposeError> {
    let answers = Mailbox { name: None, email: "rh@example.org".into() };
    compose(mail, &from(), Some(&answers), to, id, now()).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn a_mail_byte_for_byte() {
    let bytes = composed(&mail(), (Some("Zoé Exemple"), "zoe@example.org"), ID).unwrap();
    assert_eq!(bytes.replace("\r\n", "\n"), include_str!("mails/envelope.eml"));
    assert!(bytes.is_ascii() && bytes.lines().all(|line| line.len() <= 998));
    assert_eq!(bytes.matches('\n').count(), bytes.matches("\r\n").count(), "every line ends with CRLF");
}

#[test]
fn the_same_mail_at_the_same_moment_is_the_same_bytes() {
    let to = (Some("Zoé Exemple"), "zoe@example.org");
    assert_eq!(composed(&mail(), to, ID), composed(&mail(), to, ID));
    let another = composed(&mail(), to, "jalon.0@example.org").unwrap();
    let boundary = |bytes: &str| bytes.split_once("boundary=\"").unwrap().1[..40].to_owned();
    assert_ne!(boundary(&composed(&mail(), to, ID).unwrap()), boundary(&another));
}

#[test]
fn a_long_message_id_stays_whole() {
    let id = format!("jalon.c2763ae209cce951f0f3417771948a59@{}.example.org", "recrutement.".repeat(8));
    let bytes = composed(&mail(), (None, "zoe@example.org"), &id).unwrap();
    assert!(bytes.contains(&format!("<{id}>\r\n")), "{bytes}");
}

#[test]
fn no_answer_address_is_no_header() {
    let bytes = compose(&mail(), &from(), None, (Some("  "), "zoe@example.org"), ID, now()).unwrap();
    let bytes = String::from_utf8(bytes).unwrap();
    assert!(!bytes.contains("Reply-To:") && bytes.contains("To: zoe@example.org\r\n"));
}

#[test]
fn what_would_break_out_of_its_header_is_refused() {
    for name in ["Zoé\r\nBcc: mallory@example.org", "Zoé\n", "a\u{0}b", "a\u{202e}b", "a\tb"] {
        let refused = composed(&mail(), (Some(name.trim_end()), "zoe@example.org"), ID);
        match refused {
            Err(ComposeError::Unsafe { what: "a name", .. }) => {}
            Ok(bytes) => assert!(!name.trim_end().contains(char::is_control), "{bytes}"),
            other => panic!("{name:?}: {other:?}"),
        }
    }
    let subject = Rendered { subject: "a\r\nBcc: mallory@example.org".into(), ..mail() };
    assert!(matches!(
        composed(&subject, (None, "zoe@example.org"), ID),
        Err(ComposeError::Unsafe { what: "the subject", .. })
    ));
    assert!(matches!(
        composed(&mail(), (None, "zoe@example.org"), "a@b>\r\nBcc: <c@d"),
        Err(ComposeError::Unsafe { what: "the Message-ID", .. })
    ));
    for address in ["", "zoe", "zoe@", "a b@example.org", "a@example.org\r\nBcc: b@example.org"] {
        assert_eq!(
            composed(&mail(), (None, address), ID),
            Err(ComposeError::Address { address: address.to_owned() })
        );
    }
}

#[test]
fn a_moment_that_no_date_header_can_hold_is_refused_not_a_panic() {
    for moment in
        [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC, "1969-12-31T23:59:59Z".parse().unwrap()]
    {
        let refused = compose(&mail(), &from(), None, (None, "zoe@example.org"), ID, moment);
        assert_eq!(refused, Err(ComposeError::Date { now: moment }));
    }
}
