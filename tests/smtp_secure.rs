//! Who hears our password and our mails: TLS that is demanded and checked, logins, and the mails that a relay
//! cannot take. The rule of every test here: what may not leave is looked for among everything that was heard.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/server.rs"]
mod server;

use std::time::Duration;

use certificates::Authority;
use jalon::plan::outcome::{Outcome, Phase, Reply};
use jalon::settings::{Auth, Relay};
use jalon::transport::smtp::{Credentials, LARGEST_MAIL, SetupError, Smtp, Timeouts};
use jalon::transport::{Letter, Transport};
use server::{Act, Script, Security, Server, Stage, decode, say};
use tokio_rustls::TlsAcceptor;

const LETTER: Letter<'_> = Letter {
    from: "jalon@example.org",
    to: "camille@example.org",
    message_id: "1@example.org",
    bytes: b"Subject: rappel\r\n\r\nBonjour\r\n",
};
const PASSWORD: &str = "S\u{e9}same, ouvre-toi";

type Way = fn(TlsAcceptor) -> Security;
const WAYS: [Way; 2] = [Security::Starttls, Security::Implicit];

fn login() -> Credentials {
    Credentials { username: "camille".to_owned(), password: PASSWORD.to_owned() }
}

fn limits() -> Timeouts {
    Timeouts::all(Duration::from_secs(20))
}

fn to(relay: &Relay, roots: &[Vec<u8>]) -> Smtp {
    Smtp::new(relay, Some(login()), roots, limits()).unwrap()
}

async fn script(security: Security, rules: Vec<(Stage, usize, Act)>) -> Server {
    Server::start(Script { security, offers: vec!["AUTH LOGIN PLAIN"], rules, ..Script::default() }).await
}

/// The first words of what was heard after the greeting.
fn verbs(server: &Server) -> Vec<String> {
    server.lines().iter().map(|line| line.split([' ', ':']).next().unwrap().to_owned()).collect()
}

fn lost(outcome: Result<(), Outcome>, phase: Phase, words: &str) {
    match outcome {
        Err(Outcome::Lost(at, said)) if at == phase && said.contains(words) => {}
        other => panic!("{other:?} instead of {phase:?} with {words:?}"),
    }
}

fn untrusted(outcome: Result<(), Outcome>, words: &str) {
    match outcome {
        Err(Outcome::Untrusted(said)) if said.contains(words) => {}
        other => panic!("{other:?} instead of distrust with {words:?}"),
    }
}

#[tokio::test]
async fn a_mail_over_tls() {
    let authority = Authority::new("ours");
    for way in WAYS {
        let server = script(way(authority.server(&["localhost"], 2099)), Vec::new()).await;
        let mut transport = Transport::Smtp(Box::new(to(&server.relay(), &[authority.pem()])));
        for _ in 0..3 {
            transport.ready().await.unwrap();
            let outcome = transport.send(LETTER).await;
            assert_eq!(outcome, Outcome::Accepted(Reply::new(250, "2.0.0 queued")));
        }
        transport.close().await;
        assert_eq!(server.connections(), 1);
        let heard = server.heard();
        let clear: Vec<_> =
            heard.iter().filter(|heard| !heard.secure).map(|heard| &heard.what[..4]).collect();
        assert!(clear.is_empty() || clear == ["EHLO", "STAR"], "in the clear: {clear:?}");
        assert_eq!(heard.iter().filter(|heard| heard.what.ends_with("Bonjour\r\n")).count(), 3);
    }
}

#[tokio::test]
async fn the_dot_is_known_over_tls_as_well() {
    let authority = Authority::new("ours");
    let big = "0123456789abcdef\r\n".repeat(LARGEST_MAIL / 18);
    let big = Letter { bytes: big.as_bytes(), ..LETTER };
    for way in WAYS {
        for (stage, act, letter, want) in [
            (
                Stage::Dot,
                Act::Say(b"250 re\xe7u\r\n".to_vec()),
                LETTER,
                "Accepted(Reply { code: 250, text: \"reçu\"",
            ),
            (Stage::Dot, Act::SayAndDrop(b"250".to_vec()), LETTER, "Accepted(Reply { code: 250"),
            (Stage::Dot, say("\0 what"), LETTER, "Lost(Dot"),
            (Stage::Dot, Act::Drop, LETTER, "Lost(Dot"),
            (Stage::Body, Act::Drop, big, "Lost(Data"),
            (Stage::Data, Act::Drop, LETTER, "Lost(Data"),
        ] {
            let name = format!("{stage:?} {act:?}");
            let security = way(authority.server(&["localhost"], 2099));
            let server = script(security, vec![(stage, 1, act)]).await;
            let mut smtp = to(&server.relay(), &[authority.pem()]);
            let outcome = format!("{:?}", smtp.send(letter).await);
            assert!(outcome.starts_with(want), "{name}: {outcome}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_right_gets_neither_login_nor_mail() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    for way in WAYS {
        for (what, acceptor, words) in [
            ("wrong name", ours.server(&["other.example"], 2099), "is not one of localhost"),
            ("expired", ours.server(&["localhost"], 2021), "has expired"),
            ("untrusted", theirs.server(&["localhost"], 2099), "not trusted"),
        ] {
            let server = script(way(acceptor), Vec::new()).await;
            let mut smtp = to(&server.relay(), &[ours.pem()]);
            untrusted(smtp.ready().await, words);
            assert!(matches!(smtp.send(LETTER).await, Outcome::Untrusted(_)), "{what}");
            smtp.close().await;
            let bad: Vec<_> =
                verbs(&server).into_iter().filter(|verb| verb != "EHLO" && verb != "STARTTLS").collect();
            assert!(bad.is_empty(), "{what}: {bad:?}");
        }
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent() {
    let authority = Authority::new("ours");
    let nothing = Server::start(Script { offers: vec!["AUTH PLAIN"], ..Script::default() }).await;
    let relay = Relay { tls: jalon::settings::Tls::Starttls, ..nothing.relay() };
    let mut smtp = to(&relay, &[authority.pem()]);
    untrusted(smtp.ready().await, "does not offer STARTTLS");
    assert!(matches!(smtp.send(LETTER).await, Outcome::Untrusted(_)));
    assert_eq!(verbs(&nothing), ["EHLO", "EHLO"]);
}

#[tokio::test]
async fn trouble_between_starttls_and_the_second_ehlo() {
    let authority = Authority::new("ours");
    let short = Duration::from_secs(1);
    let mut table = vec![
        (Stage::Starttls, say("454 4.7.0 not now"), "refused tls 454"),
        (Stage::Starttls, say("502 5.5.1 never"), "refused tls 502"),
        (Stage::Starttls, say("354 go"), "lost tls"),
        (Stage::Starttls, say("\0 what"), "lost tls"),
        (Stage::Starttls, Act::Drop, "lost tls"),
        (Stage::Starttls, Act::Stall, "lost tls"),
        (Stage::Handshake, say("220 surprise"), "lost tls"),
        (Stage::Handshake, Act::Drop, "lost tls"),
        (Stage::Handshake, Act::Stall, "lost tls"),
        (Stage::EhloAgain, say("550 5.7.1 you again"), "refused connect 550"),
        (Stage::EhloAgain, Act::Drop, "lost connect"),
        (Stage::EhloAgain, Act::Stall, "lost connect"),
    ];
    // Text in the clear behind the answer to STARTTLS: it must not pass for something said over TLS.
    for text in
        ["220 go\r\n250 relay.example", "220 go\r\n250-relay.example\r\n250 AUTH PLAIN", "220 go\r\n25"]
    {
        table.push((Stage::Starttls, say(text), "lost tls"));
    }
    for (stage, act, want) in table {
        let name = format!("{stage:?} {act:?}");
        let mut limits = limits();
        if matches!(act, Act::Stall) {
            *if stage == Stage::EhloAgain { &mut limits.hello } else { &mut limits.tls } = short;
        }
        let security = Security::Starttls(authority.server(&["localhost"], 2099));
        let server = script(security, vec![(stage, 0, act)]).await;
        let mut smtp = Smtp::new(&server.relay(), Some(login()), &[authority.pem()], limits).unwrap();
        let shape = match smtp.ready().await {
            Err(Outcome::Refused(phase, reply)) => format!("refused {} {}", phase.word(), reply.code),
            Err(Outcome::Lost(phase, _)) => format!("lost {}", phase.word()),
            other => format!("{other:?}"),
        };
        assert_eq!(shape, want, "{name}");
        assert!(!verbs(&server).iter().any(|verb| verb == "AUTH" || verb == "MAIL"), "{name}");
    }
}

#[tokio::test]
async fn something_else_than_tls() {
    let authority = Authority::new("ours");
    let plain = Server::start(Script::default()).await;
    let relay = Relay { tls: jalon::settings::Tls::Implicit, ..plain.relay() };
    lost(to(&relay, &[authority.pem()]).ready().await, Phase::Tls, "does not answer in TLS");
}

#[tokio::test]
async fn logins() {
    for (offers, auth, want) in [
        ("AUTH PLAIN LOGIN", vec![], "plain"),
        ("auth login plain", vec![], "plain"),
        ("AUTH LOGIN XOAUTH2", vec![], "login"),
        ("AUTH PLAIN LOGIN XOAUTH2", vec![Auth::Login], "login"),
        ("AUTH PLAIN LOGIN XOAUTH2", vec![Auth::Xoauth2, Auth::Plain], "xoauth2"),
    ] {
        let server = Server::start(Script { offers: vec![offers], ..Script::default() }).await;
        let mut smtp = to(&Relay { auth, ..server.relay() }, &[]);
        smtp.ready().await.unwrap();
        let lines: Vec<_> = server.lines().into_iter().skip_while(|line| !line.starts_with("AUTH")).collect();
        match (want, &lines[..]) {
            ("plain", [line]) => {
                let sent = decode(line.strip_prefix("AUTH PLAIN ").unwrap());
                assert_eq!(sent, format!("\0camille\0{PASSWORD}"));
            }
            ("login", [line, user, password]) => {
                assert_eq!(line, "AUTH LOGIN");
                assert_eq!((&decode(user)[..], &decode(password)[..]), ("camille", PASSWORD));
            }
            ("xoauth2", [line]) => {
                let sent = decode(line.strip_prefix("AUTH XOAUTH2 ").unwrap());
                assert_eq!(sent, format!("user=camille\x01auth=Bearer {PASSWORD}\x01\x01"));
            }
            other => panic!("{offers}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_token_that_is_refused_is_asked_why_and_can_be_renewed() {
    let offers = vec!["AUTH XOAUTH2"];
    // The challenge says why; an empty line asks for the refusal (the script answers an empty verb with 500,
    // as if it were the refusal).
    let rules = vec![(Stage::Auth, 1, say("334 eyJzdGF0dXMiOiI0MDAifQ=="))];
    let server = Server::start(Script { offers, rules, ..Script::default() }).await;
    let relay = Relay { token_command: Some(vec!["token".to_owned()]), ..server.relay() };
    let mut smtp = to(&relay, &[]);
    assert!(matches!(smtp.ready().await, Err(Outcome::Refused(Phase::Auth, _))));
    assert_eq!(server.lines().last().unwrap(), "");
    smtp.renew(Credentials { username: "camille".to_owned(), password: "fresh".to_owned() });
    smtp.ready().await.unwrap();
    let last = server.lines().pop().unwrap();
    assert!(decode(last.strip_prefix("AUTH XOAUTH2 ").unwrap()).contains("Bearer fresh"));
}

#[tokio::test]
async fn no_way_to_log_in_sends_no_password() {
    for offers in [vec![], vec!["AUTH CRAM-MD5 XOAUTH2"]] {
        let server = Server::start(Script { offers, ..Script::default() }).await;
        lost(to(&server.relay(), &[]).ready().await, Phase::Auth, "AUTH PLAIN or AUTH LOGIN");
        assert_eq!(verbs(&server), ["EHLO"]);
    }
}

#[tokio::test]
async fn no_secret_gets_into_words() {
    let plain = "AGNhbWlsbGUAU8Opc2FtZSwgb3V2cmUtdG9p";
    for text in [
        format!("535 5.7.8 AUTH PLAIN {plain} is wrong"),
        format!("502 unknown: AUTH PLAIN {}", &plain[..20]),
        format!("535 5.7.8 {PASSWORD}"),
        format!("999 {PASSWORD}"),
        format!("354 {PASSWORD} {plain}"),
    ] {
        let server = script(Security::None, vec![(Stage::Auth, 0, say(&text))]).await;
        let mut smtp = to(&server.relay(), &[]);
        assert!(server.lines().iter().all(|line| !line.contains(plain)));
        let words = format!("{:?} {smtp:?}", smtp.ready().await);
        assert!(server.lines().last().unwrap().contains(plain), "the test's own idea of the secret");
        assert!(!words.contains(&plain[..8]) && !words.contains("ouvre"), "{words}");
        assert!(words.contains("[…]"), "{words}");
    }
    let words = format!("{:?}", login());
    assert!(words.contains("camille") && !words.contains("ouvre"), "{words}");
}

#[tokio::test]
async fn mails_that_the_relay_cannot_take() {
    let utf8 = Letter { to: "élodie@example.org", ..LETTER };
    let eight = Letter { bytes: "Subject: été\r\n\r\n".as_bytes(), ..LETTER };
    let long = vec![b'x'; 2000];
    let long = Letter { bytes: &long, ..LETTER };
    let huge = vec![b'x'; LARGEST_MAIL + 1];
    let huge = Letter { bytes: &huge, ..LETTER };
    let bare = Letter { bytes: b"Subject: x\r\n\r\na\n.\nb\r\n", ..LETTER };
    let broken = Letter { to: "camille@example.org>\r\nRCPT TO:<x@y.example", ..LETTER };
    for (letter, offers, unfit) in [
        (utf8, vec!["8BITMIME"], Some("élodie@example.org has letters beyond ASCII")),
        (utf8, vec!["SMTPUTF8"], None),
        (eight, vec!["SMTPUTF8"], Some("8BITMIME")),
        (eight, vec!["8BITMIME"], None),
        (long, vec!["SIZE 1999"], Some("2000 bytes, and the relay takes 1999")),
        (long, vec!["size 2000"], None),
        (long, vec!["SIZE 0"], None),
        (long, vec!["SIZE"], None),
        (huge, vec![], Some("10000001 bytes, and 10000000 at most")),
        (bare, vec![], Some("CR LF")),
        (broken, vec![], Some("is not an address")),
    ] {
        let server = Server::start(Script { offers: offers.clone(), ..Script::default() }).await;
        let mut smtp = Smtp::new(&server.relay(), None, &[], limits()).unwrap();
        match (smtp.send(letter).await, unfit) {
            (Outcome::Unfit(words), Some(want)) => {
                assert!(words.contains(want), "{words}");
                assert!(!verbs(&server).contains(&"MAIL".to_owned()), "{want}");
                assert_eq!(smtp.send(LETTER).await, Outcome::Accepted(Reply::new(250, "2.0.0 queued")));
                assert_eq!(server.connections(), 1, "{want}: the connection goes on");
            }
            (Outcome::Accepted(_), None) => {}
            other => panic!("{offers:?}: {other:?}"),
        }
        let sent = server.lines().into_iter().find(|line| line.starts_with("MAIL"));
        assert_eq!(
            sent.is_some_and(|line| line.ends_with(" SMTPUTF8")),
            unfit.is_none() && letter.to == utf8.to
        );
    }
    // The sender is everybody's: no mail is at fault.
    let server = Server::start(Script::default()).await;
    let mut smtp = Smtp::new(&server.relay(), None, &[], limits()).unwrap();
    let outcome = smtp.send(Letter { from: "équipe@example.org", ..LETTER }).await;
    assert!(matches!(outcome, Outcome::Lost(Phase::Sender, _)), "{outcome:?}");
}

#[tokio::test]
async fn nobody_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = Server::start(Script::default()).await;
    for (host, port) in [("127.0.0.1", closed), ("nowhere.invalid", 25)] {
        let relay = Relay { host: host.to_owned(), port, ..server.relay() };
        lost(to(&relay, &[]).ready().await, Phase::Connect, host);
    }
}

#[test]
fn settings_that_can_never_work() {
    let relay = Relay {
        host: "localhost".to_owned(),
        port: 25,
        tls: jalon::settings::Tls::Starttls,
        username: Some("camille".to_owned()),
        password: None,
        token_command: None,
        auth: Vec::new(),
        ca_file: None,
        rate: Vec::new(),
        connections: 1,
    };
    let root = Authority::new("ours").pem();
    let make = |relay: &Relay, login, roots: &[Vec<u8>]| Smtp::new(relay, login, roots, limits()).map(drop);
    assert!(matches!(make(&relay, None, std::slice::from_ref(&root)), Err(SetupError::NoSecret)));
    for bad in [b"".to_vec(), b"not a certificate".to_vec(), b"-----BEGIN CERTIFICATE-----\nAAAA\n".to_vec()]
    {
        assert!(matches!(make(&relay, Some(login()), &[bad]), Err(SetupError::Authority(_))));
    }
    let odd = Relay { host: "no such/host".to_owned(), ..relay.clone() };
    assert!(matches!(make(&odd, Some(login()), std::slice::from_ref(&root)), Err(SetupError::Host(_))));
    make(&relay, Some(login()), &[root]).unwrap();
}

#[test]
fn a_lease_can_outlast_all_steps() {
    let second = Duration::from_secs(1);
    // NOOP, QUIT, connect, two greetings, STARTTLS and handshake, AUTH, MAIL, RCPT, DATA, body, answer.
    assert_eq!(Timeouts::all(second).total(), 13 * second);
    let usual = Timeouts::default();
    assert!(usual.answer >= 600 * second && usual.answer > usual.body && usual.total() < 1800 * second);
}
