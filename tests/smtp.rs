//! What each failure of a relay means: a scripted relay on a real socket that refuses, falls silent, hangs up
//! or talks nonsense at each stage, and what the transport makes of it. Nothing here waits by the clock except
//! the limits under test.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "support/server.rs"]
mod server;

use std::time::Duration;

use chrono::DateTime;
use jalon::plan::next::{InDoubt, Past, Verdict, next};
use jalon::plan::outcome::{Outcome, Phase, Reply};
use jalon::settings::Relay;
use jalon::transport::Letter;
use jalon::transport::smtp::{Credentials, IDLE_SECONDS, LARGEST_MAIL, MAILS_A_CONNECTION, Smtp, Timeouts};
use server::{Act, Script, Server, Stage, say};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const BODY: &[u8] = b"Subject: rappel\r\n\r\nBonjour\r\n.\r\n..deux\r\n.fin\r\n";

fn letter(bytes: &[u8]) -> Letter<'_> {
    Letter { from: "jalon@example.org", to: "camille@example.org", message_id: "1@example.org", bytes }
}

fn login() -> Credentials {
    Credentials { username: "camille".to_owned(), password: "ouvre-toi".to_owned() }
}

fn patient() -> Timeouts {
    Timeouts::all(Duration::from_secs(20))
}

fn to(server: &Server, timeouts: Timeouts) -> Smtp {
    Smtp::new(&server.relay(), Some(login()), &[], timeouts).unwrap()
}

/// A relay with a login and these faults, and a way to it.
async fn faulty(rules: Vec<(Stage, usize, Act)>, timeouts: Timeouts) -> (Server, Smtp) {
    faulty_by(rules, timeouts, false).await
}

/// The same, that takes commands one by one or several at once.
async fn faulty_by(rules: Vec<(Stage, usize, Act)>, timeouts: Timeouts, one_by_one: bool) -> (Server, Smtp) {
    let script = Script { offers: vec!["AUTH PLAIN LOGIN"], one_by_one, rules, ..Script::default() };
    let server = Server::start(script).await;
    let smtp = to(&server, timeouts);
    (server, smtp)
}

async fn attempt(smtp: &mut Smtp, bytes: &[u8]) -> Outcome {
    match smtp.ready().await {
        Ok(()) => smtp.send(letter(bytes)).await,
        Err(outcome) => outcome,
    }
}

/// What becomes of the mail, in one word.
fn fate(outcome: &Outcome) -> &'static str {
    match next(outcome, Past::default(), InDoubt::Resend, DateTime::UNIX_EPOCH).verdict {
        Verdict::Sent { .. } => "sent",
        Verdict::Again { counted: true, .. } => "again, counted",
        Verdict::Again { .. } => "again",
        Verdict::Never { .. } => "never",
        Verdict::Doubt { .. } => "doubt",
    }
}

/// An outcome without its words.
fn shape(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted(reply) => format!("accepted {}", reply.code),
        Outcome::Refused(phase, reply) => format!("refused {} {}", phase.word(), reply.code),
        Outcome::Lost(phase, _) => format!("lost {}", phase.word()),
        Outcome::NoToken(_) => "no token".to_owned(),
        Outcome::Untrusted(_) => "untrusted".to_owned(),
        Outcome::Unfit(_) => "unfit".to_owned(),
        Outcome::Unwritable(_) => "unwritable".to_owned(),
    }
}

/// The stages, and the phase of a failure there.
const STAGES: [(Stage, Phase); 8] = [
    (Stage::Greeting, Phase::Connect),
    (Stage::Ehlo, Phase::Connect),
    (Stage::Auth, Phase::Auth),
    (Stage::Mail, Phase::Sender),
    (Stage::Rcpt, Phase::Recipient),
    (Stage::Data, Phase::Data),
    (Stage::Body, Phase::Data),
    (Stage::Dot, Phase::Dot),
];

/// One row of the big table: this act at this stage has this outcome and this fate, the same for a second
/// mail on a connection, and the mail after it is judged by its own answers, on a connection of its own if the
/// fault cut the first.
async fn row(
    one_by_one: bool,
    (stage, act, timeouts, want, want_fate): (Stage, Act, Timeouts, String, &'static str),
) {
    let name = format!("{stage:?} {act:?}, one by one: {one_by_one}");
    // What hits the body must hit it before the dot: a body that no buffer swallows.
    let big = "0123456789abcdef\r\n".repeat(LARGEST_MAIL / 18);
    let bytes = if stage == Stage::Body { big.as_bytes() } else { BODY };
    let rules = vec![(stage, 1, act), (Stage::Rcpt, 2, say("550 5.1.1 nobody"))];
    let (server, mut smtp) = faulty_by(rules, timeouts, one_by_one).await;
    // In good time: long before the limits of the other steps.
    let outcome =
        tokio::time::timeout(Duration::from_secs(15), attempt(&mut smtp, bytes)).await.expect(&name);
    assert_eq!(shape(&outcome), want, "{name}: {outcome:?}");
    assert_eq!(fate(&outcome), want_fate, "{name}: {outcome:?}");
    let lost = matches!(outcome, Outcome::Lost(..));
    let second = attempt(&mut smtp, BODY).await;
    if stage as usize >= Stage::Rcpt as usize {
        assert_eq!(shape(&second), "refused rcpt 550", "{name}: the next mail's own answer");
        assert_eq!(server.connections(), if lost { 2 } else { 1 }, "{name}: connections");
    } else {
        assert_eq!(shape(&second), "accepted 250", "{name}: the next mail");
    }
}

async fn table(rows: Vec<(Stage, Act, Timeouts, String, &'static str)>) {
    let mut set = JoinSet::new();
    for fault in rows {
        set.spawn(row(false, fault.clone()));
        set.spawn(row(true, fault));
    }
    assert!(!set.is_empty());
    while let Some(done) = set.join_next().await {
        done.unwrap();
    }
}

/// What a loss in this phase means.
fn lost_fate(phase: Phase) -> &'static str {
    if phase == Phase::Dot { "doubt" } else { "again" }
}

#[tokio::test]
async fn a_relay_that_refuses() {
    let mut rows = Vec::new();
    for (stage, phase) in STAGES {
        if stage == Stage::Body {
            continue;
        }
        for (text, code) in
            [("451 4.3.0 later", 451), ("550 5.1.1 no", 550), ("550-5.1.1 no\r\n550 5.1.1 at all", 550)]
        {
            let fate = match (phase, code) {
                (Phase::Recipient | Phase::Data | Phase::Dot, 550) => "never",
                (Phase::Recipient | Phase::Data | Phase::Dot, _) => "again, counted",
                _ => "again",
            };
            rows.push((stage, say(text), patient(), format!("refused {} {code}", phase.word()), fate));
        }
    }
    // Refused, and then silence: the refusal counts, and nobody waits for a goodbye.
    let refusal = Act::SayAndStall(b"550 5.7.1 go away\r\n".to_vec());
    for (stage, word) in [(Stage::Greeting, "connect"), (Stage::Ehlo, "connect"), (Stage::Auth, "auth")] {
        rows.push((stage, refusal.clone(), patient(), format!("refused {word} 550"), "again"));
    }
    table(rows).await;
}

#[tokio::test]
async fn a_relay_that_hangs_up() {
    let rows = STAGES.into_iter().flat_map(|(stage, phase)| {
        let want = format!("lost {}", phase.word());
        let half = Act::SayAndDrop(b"25".to_vec());
        [
            (stage, Act::Drop, patient(), want.clone(), lost_fate(phase)),
            (stage, half, patient(), want, lost_fate(phase)),
        ]
    });
    table(rows.filter(|(stage, act, ..)| *stage != Stage::Body || matches!(act, Act::Drop)).collect()).await;
}

#[tokio::test]
async fn a_relay_that_talks_nonsense() {
    let mut rows = Vec::new();
    for (stage, phase) in STAGES {
        if stage == Stage::Body {
            continue;
        }
        let (wrong, out_of_step) = match stage {
            Stage::Data => ("250 ok", "354 go\r\n354 go\r\n"),
            Stage::Greeting => ("999 hello", "999 hello\r\n"),
            Stage::Ehlo => ("250-half\r\n450 other", "2500 ok\r\n"),
            _ => ("354 go", "250-a\r\n251 b\r\n"),
        };
        let mut many = b"220-more\r\n".repeat(20_000);
        many.extend(b"220 end\r\n");
        for act in [
            say("\0\u{ff} this is not SMTP"),
            Act::Say(b"\x00\xff\xfe\r\n".to_vec()),
            Act::Say(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()),
            Act::Flood(b'2'),
            Act::Say(many),
            say(wrong),
        ] {
            rows.push((stage, act, patient(), format!("lost {}", phase.word()), lost_fate(phase)));
        }
        if stage == Stage::Data {
            rows.push((stage, Act::Say(out_of_step.into()), patient(), "lost data".to_owned(), "again"));
        }
    }
    table(rows).await;
}

#[tokio::test]
async fn a_relay_that_falls_silent_costs_that_step_and_no_more() {
    let short = Duration::from_secs(1);
    let rows = STAGES.into_iter().flat_map(|(stage, phase)| {
        let mut limits = patient();
        // Only the limit of the stage in question is short: another one would end in another phase.
        *match stage {
            Stage::Auth => &mut limits.auth,
            Stage::Mail => &mut limits.sender,
            Stage::Rcpt => &mut limits.recipient,
            Stage::Data => &mut limits.data,
            Stage::Body => &mut limits.body,
            Stage::Dot => &mut limits.answer,
            _ => &mut limits.hello,
        } = short;
        if stage == Stage::Dot {
            limits.body = 2 * short;
        }
        let want = format!("lost {}", phase.word());
        let half = Act::SayAndStall(b"250-and then\r\n25".to_vec());
        [
            (stage, Act::Stall, limits, want.clone(), lost_fate(phase)),
            (stage, half, limits, want, lost_fate(phase)),
        ]
    });
    // "250-" after the dot is an acceptance, and said before the dot it is an answer.
    let sense = |(stage, act, ..): &(Stage, Act, _, _, _)| {
        matches!(act, Act::Stall) || !matches!(stage, Stage::Dot | Stage::Body)
    };
    table(rows.filter(sense).collect()).await;
}

#[tokio::test]
async fn after_the_dot_a_reply_that_begins_250_is_an_acceptance_whatever_follows() {
    let mut limits = patient();
    limits.answer = Duration::from_millis(300);
    limits.body = Duration::from_secs(2);
    let endless = format!("250 {}", "x".repeat(50_000)).into_bytes();
    for (act, text, goes_on) in [
        (Act::Say(b"250 2.0.0 Queued as 4F\r\n".to_vec()), "2.0.0 Queued as 4F", true),
        (Act::Say(b"250\r\n".to_vec()), "", true),
        (Act::Say(b"250 unix\n".to_vec()), "unix", true),
        (
            Act::Say(b"250-2.0.0 merci\r\n250 2.0.0 bien re\xe7u\r\n".to_vec()),
            "2.0.0 merci 2.0.0 bien reçu",
            true,
        ),
        (Act::Say(b"250 \xff\xfe\x80\r\n".to_vec()), "ÿþ\u{80}", true),
        (Act::Say(b"250-ok\r\n550 no\r\n".to_vec()), "ok", false),
        (Act::Say(b"250-ok\r\n\x00\xff\xfe\r\n".to_vec()), "ok", false),
        (Act::Say(b"2500 ok\r\n".to_vec()), "0 ok", false),
        (Act::SayAndDrop(b"250".to_vec()), "", false),
        (Act::SayAndDrop(b"250-ok\r\n".to_vec()), "ok", false),
        (Act::SayAndStall(b"250-ok\r\n25".to_vec()), "ok", false),
        (Act::Say(endless), "xxxxxxxx", false),
    ] {
        let name = format!("{act:?}").chars().take(60).collect::<String>();
        let (server, mut smtp) = faulty(vec![(Stage::Dot, 1, act)], limits).await;
        let outcome = attempt(&mut smtp, BODY).await;
        let Outcome::Accepted(reply) = &outcome else { panic!("{name}: {outcome:?}") };
        assert_eq!(reply.code, 250, "{name}");
        let plain = Reply::new(250, text).text;
        assert!(reply.text.starts_with(&plain), "{name}: {:?} for {plain:?}", reply.text);
        assert_eq!(fate(&outcome), "sent", "{name}");
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{name}: the next");
        assert_eq!(server.connections(), if goes_on { 1 } else { 2 }, "{name}: connections");
    }
}

#[tokio::test]
async fn a_code_is_read_whatever_its_text() {
    for stage in [Stage::Mail, Stage::Rcpt, Stage::Dot] {
        let phase = STAGES.iter().find(|(at, _)| *at == stage).unwrap().1;
        let act = Act::Say(b"550 5.1.1 bo\xeete inconnue\r\n".to_vec());
        let (_server, mut smtp) = faulty(vec![(stage, 1, act)], patient()).await;
        assert_eq!(
            attempt(&mut smtp, BODY).await,
            Outcome::Refused(phase, Reply::new(550, "5.1.1 boîte inconnue"))
        );
    }
}

#[tokio::test]
async fn an_answer_before_the_dot_keeps_the_dot_back() {
    let big = "0123456789abcdef\r\n".repeat(200_000);
    for (act, want) in [
        (say("552 5.3.4 too much already"), "refused data 552"),
        (say("250 2.0.0 whatever you say"), "lost data"),
    ] {
        let (server, mut smtp) = faulty(vec![(Stage::Body, 1, act)], patient()).await;
        assert_eq!(shape(&attempt(&mut smtp, big.as_bytes()).await), want);
        assert!(!server.lines().iter().any(|line| line.contains("0123456789")), "{want}: the dot has left");
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{want}: the next");
        assert_eq!(server.connections(), 2, "{want}: connections");
    }
}

#[tokio::test]
async fn answers_never_slip_by_one() {
    // A reply too many, in the same packet: read later, every reply would answer the question before.
    let own = ["accepted 250", "refused dot 554", "accepted 250"];
    for (one_by_one, stage, want, bodies) in [
        // The stray words are noticed when the next command is about to leave; where all have left, when DATA is answered
        // as no DATA is.
        (true, Stage::Mail, ["lost rcpt", "accepted 250", "refused dot 554"], 2),
        (false, Stage::Mail, ["lost data", "accepted 250", "refused dot 554"], 2),
        (true, Stage::Rcpt, ["lost data", "accepted 250", "refused dot 554"], 2),
        (false, Stage::Rcpt, ["lost data", "accepted 250", "refused dot 554"], 2),
        (true, Stage::Dot, own, 3),
        (false, Stage::Dot, own, 3),
        (true, Stage::Noop, own, 3),
        (false, Stage::Noop, own, 3),
    ] {
        let stray = say("250 ok\r\n250 stray");
        let rules = vec![(stage, 1, stray), (Stage::Dot, 2, say("554 5.7.1 not this one"))];
        let (server, mut smtp) = faulty_by(rules, patient(), one_by_one).await;
        let mut outcomes = Vec::new();
        for _ in 0..3 {
            outcomes.push(shape(&attempt(&mut smtp, BODY).await));
        }
        assert_eq!(outcomes, want, "{stage:?}");
        let arrived = server.lines().iter().filter(|line| line.starts_with("Subject")).count();
        assert_eq!(arrived, bodies, "{stage:?}: bodies");
        assert_eq!(server.connections(), 2, "{stage:?}: connections");
    }
}

#[tokio::test]
async fn a_refusal_among_commands_said_at_once_is_the_mails_own_or_nobodys() {
    let body = "Subject: rappel";
    for (stage, answers, first, connections) in [
        // An answer too many: which command was refused is not known.
        (Stage::Mail, "250 ok\r\n550 5.1.1 nobody", "lost data", 2),
        // It refuses what it was asked, and goes on.
        (Stage::Rcpt, "550 5.1.1 nobody", "refused rcpt 550", 1),
        (Stage::Mail, "451 4.7.1 later", "refused mail 451", 1),
        (Stage::Mail, "421 4.3.2 closing", "refused mail 421", 2),
    ] {
        let (server, mut smtp) = faulty(vec![(stage, 1, say(answers))], patient()).await;
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), first, "{answers:?}");
        assert!(!server.lines().iter().any(|line| line.starts_with(body)), "{answers:?}: a dot has left");
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{answers:?}: the next");
        assert_eq!(server.connections(), connections, "{answers:?}");
    }
    // DATA is accepted all the same (RFC 2920 §3.1): neither the mail nor an empty one leaves, and nothing else is said to a
    // relay that takes every word for a mail.
    for (stage, first) in [(Stage::Rcpt, "refused rcpt 550"), (Stage::Mail, "refused mail 550")] {
        let rules = vec![(stage, 1, say("550 5.7.1 no")), (Stage::Data, 1, say("354 go"))];
        let (server, mut smtp) = faulty(rules, patient()).await;
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), first);
        let next = tokio::time::timeout(Duration::from_secs(10), attempt(&mut smtp, BODY)).await;
        assert_eq!(shape(&next.expect("nothing waits for an answer")), "accepted 250", "{first}: the next");
        assert_eq!(server.connections(), 2, "{first}");
        assert_eq!(server.lines().iter().filter(|line| line.starts_with(body)).count(), 1, "{first}");
    }
    // Refused, and gone or silent before the rest is answered: refused.
    let refusal = b"550 5.1.1 nobody\r\n".to_vec();
    let mut hasty = patient();
    hasty.data = Duration::from_millis(300);
    for (act, limits) in [(Act::SayAndDrop(refusal.clone()), patient()), (Act::SayAndStall(refusal), hasty)] {
        let (server, mut smtp) = faulty(vec![(Stage::Rcpt, 1, act.clone())], limits).await;
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "refused rcpt 550", "{act:?}");
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{act:?}: the next");
        assert_eq!(server.connections(), 2, "{act:?}");
    }
}

#[tokio::test]
async fn commands_leave_at_once_where_the_relay_says_that_it_takes_them_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = Relay { port, username: None, ..Server::start(Script::default()).await.relay() };
    let mut smtp = Smtp::new(&relay, None, &[], patient()).unwrap();
    let patient_relay = async {
        let mut io = BufReader::new(listener.accept().await.unwrap().0);
        let mut lines = Vec::new();
        io.write_all(b"220 relay.example\r\n").await.unwrap();
        // It answers MAIL when it has heard DATA, and not before.
        while lines.last().is_none_or(|last| last != "DATA") {
            let mut line = String::new();
            io.read_line(&mut line).await.unwrap();
            lines.push(line.trim_end().to_owned());
            if lines.len() == 1 {
                io.write_all(b"250-relay.example\r\n250 pipelining\r\n").await.unwrap();
            }
        }
        io.write_all(b"250 ok\r\n250 ok\r\n354 go\r\n").await.unwrap();
        let mut line = String::new();
        while line != ".\r\n" {
            line.clear();
            io.read_line(&mut line).await.unwrap();
        }
        io.write_all(b"250 queued\r\n").await.unwrap();
        lines
    };
    let (outcome, lines) = tokio::join!(attempt(&mut smtp, BODY), patient_relay);
    assert_eq!(shape(&outcome), "accepted 250");
    assert_eq!(lines[1..], ["MAIL FROM:<jalon@example.org>", "RCPT TO:<camille@example.org>", "DATA"]);
}

#[tokio::test]
async fn a_future_that_is_dropped_takes_its_connection_along() {
    for stage in [Stage::Noop, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        let (server, mut smtp) = faulty(vec![(stage, 2, Act::Stall)], patient()).await;
        let mut taken = 0;
        loop {
            tokio::select! {
                biased;
                () = server.reached(stage, 2) => break,
                outcome = attempt(&mut smtp, BODY) => assert_eq!(shape(&outcome), "accepted 250", "{stage:?}"),
            }
            taken += 1;
            assert!(taken < 3, "{stage:?} is met by the third mail");
        }
        let before = server.connections();
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{stage:?}");
        assert_eq!(server.connections(), before + 1, "{stage:?}: connections");
    }
}

#[tokio::test]
async fn one_connection_carries_many_mails_and_then_a_new_one_does() {
    let (server, mut smtp) = faulty(Vec::new(), patient()).await;
    for _ in 0..MAILS_A_CONNECTION {
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250");
    }
    assert_eq!(server.connections(), 1);
    assert_eq!(server.lines().iter().filter(|line| *line == "NOOP").count(), MAILS_A_CONNECTION as usize - 1);
    assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250");
    assert_eq!(server.connections(), 2);
    assert!(server.lines().contains(&"QUIT".to_owned()));
}

#[tokio::test]
async fn an_idle_connection_is_replaced() {
    let (server, mut smtp) = faulty(Vec::new(), patient()).await;
    assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250");
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(IDLE_SECONDS)).await;
    tokio::time::resume();
    assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_that_died_in_the_meantime_costs_nothing() {
    for (stage, act) in [
        (Stage::Noop, Act::Drop),
        (Stage::Noop, Act::Stall),
        (Stage::Noop, say("421 4.4.2 idle too long")),
        (Stage::Dot, Act::SayAndDrop(b"250 ok\r\n421 4.4.2 closing\r\n".to_vec())),
        (Stage::Dot, Act::SayAndDrop(b"250 ok\r\n".to_vec())),
    ] {
        let name = format!("{stage:?} {act:?}");
        let mut limits = patient();
        if matches!(act, Act::Stall) {
            limits.check = Duration::from_secs(1);
        }
        let (server, mut smtp) = faulty(vec![(stage, 1, act)], limits).await;
        for _ in 0..3 {
            assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{name}");
        }
        assert_eq!(server.connections(), 2, "{name}");
    }
}

#[tokio::test]
async fn after_a_refusal_the_connection_goes_on_and_after_421_it_does_not() {
    let (server, mut smtp) = faulty(vec![(Stage::Rcpt, 1, say("450 4.2.1 later"))], patient()).await;
    assert_eq!(shape(&attempt(&mut smtp, BODY).await), "refused rcpt 450");
    // `send` alone, too, clears the table first.
    assert_eq!(shape(&smtp.send(letter(BODY)).await), "accepted 250");
    smtp.close().await;
    let lines = server.lines();
    let from = lines.iter().position(|line| line.starts_with("RCPT")).unwrap();
    let verbs: Vec<_> = lines[from..].iter().map(|line| line.split([' ', ':']).next().unwrap()).collect();
    // What was said along with the refused command is answered first.
    assert_eq!(verbs, ["RCPT", "out", "RSET", "MAIL", "RCPT", "DATA", "Subject", "QUIT"]);
    assert_eq!(server.connections(), 1);

    for stage in [Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot] {
        let (server, mut smtp) = faulty(vec![(stage, 1, say("421 4.3.2 closing"))], patient()).await;
        assert!(shape(&attempt(&mut smtp, BODY).await).ends_with("421"), "{stage:?}");
        assert_eq!(shape(&attempt(&mut smtp, BODY).await), "accepted 250", "{stage:?}");
        assert_eq!(server.connections(), 2, "{stage:?}");
    }
}

#[tokio::test]
async fn what_arrives_is_what_was_written() {
    let (server, mut smtp) = faulty(Vec::new(), patient()).await;
    for bytes in [BODY, b"", b".\r\n", b"no end of line", b"\r\n\r\n", b"a\r\n.\r\nMAIL FROM:<x@y>\r\n"] {
        assert_eq!(shape(&attempt(&mut smtp, bytes).await), "accepted 250");
        let mut want = String::from_utf8_lossy(bytes).into_owned();
        if !want.ends_with("\r\n") {
            want.push_str("\r\n");
        }
        assert_eq!(server.lines().last(), Some(&want));
    }
    assert!(server.lines().contains(&"MAIL FROM:<jalon@example.org>".to_owned()));
    assert!(server.lines().contains(&"RCPT TO:<camille@example.org>".to_owned()));
}
