//! What each failure means, row by row of the table of failures: a relay on a real socket gives the answer, the daemon's
//! own steps run on it with a real ledger, and then it is looked at what became of the mail, how long it waits, whether
//! the relay rests, what `history` says, and who is told. Time is a clock that jumps; nothing waits for luck.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use certificates::Authority;
use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, LedgerError, Stamp};
use jalon::plan::next::InDoubt;
use jalon::plan::row::{Row, State};
use jalon::settings::{Relay, Tls};
use jalon::transport::Transport;
use jalon::transport::folder::Outbox;
use jalon::transport::smtp::{Credentials, LARGEST_MAIL, Smtp, Timeouts};
use server::{Act, Script, Security, Server, Stage, say};
use tokio::sync::watch;

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"fr\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"admin@example.org\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str =
    "title = \"Accueil\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-25\n";
const CAMILLE: &str = "p/deadline/2026-06-25/-1d/camille";
const SACHA: &str = "p/deadline/2026-06-25/-1d/sacha";
/// Nine in the morning in Paris: a mail to Camille, then one to Sacha.
const DUE: &str = "2026-06-24T07:00:00Z";

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// No limit but those of a test that hangs.
fn patient() -> Timeouts {
    Timeouts::all(Duration::from_secs(20))
}

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    _stop: watch::Sender<bool>,
}

impl World {
    /// A world at nine on the day on which two mails are due, with these ways out.
    async fn new(toml: &str, posting: &str, ways: Vec<Way>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "jalon.toml", toml);
        write(folder.path(), "postings/p.toml", posting);
        let clock = Clock::jumping(utc("2026-06-20T06:00:00Z"));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        let snapshot = planner.step().await.unwrap().0.unwrap();
        clock.wait_until(utc(DUE)).await;
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), ways, TimeDelta::minutes(30), stopping);
        Self { folder, clock, ledger, planner, dispatcher, snapshot, _stop: stop }
    }

    /// Steps until there is no more work.
    async fn drain(&mut self) -> Result<(), LedgerError> {
        while self.dispatcher.step(&self.snapshot).await?.worked {}
        Ok(())
    }

    async fn plan(&mut self) {
        self.planner.heed(self.dispatcher.health());
        self.snapshot = self.planner.step().await.unwrap().0.unwrap();
    }

    /// Lets time pass, with a round of planning and sending every so many minutes.
    async fn until(&mut self, when: &str, every: i64) {
        while self.clock.now() < utc(when) {
            let next = (self.clock.now() + TimeDelta::minutes(every)).min(utc(when));
            self.clock.wait_until(next).await;
            self.plan().await;
            self.drain().await.unwrap();
        }
    }

    async fn row(&self, key: &str) -> Row {
        self.ledger.known().await.unwrap().into_iter().find(|row| row.key.as_str() == key).unwrap()
    }

    /// The notices that wait, with the minutes until they are due, and what the operator reads in them.
    async fn told(&mut self) -> Vec<(String, i64, String)> {
        self.plan().await;
        let rows = self.ledger.known().await.unwrap();
        let now = self.clock.now();
        let notices = rows.iter().filter(|row| {
            ["~operator/", "~refused/"].iter().any(|start| row.key.as_str().starts_with(start))
        });
        notices.map(|row| (row.key.to_string(), (row.due - now).num_minutes(), row.why.clone())).collect()
    }

    /// `state`, attempts and doubts if any, and for how many seconds it waits.
    async fn fate(&self, key: &str) -> String {
        let row = self.row(key).await;
        let mut told = row.state.word().to_owned();
        for (count, word) in [(row.attempts, "attempts"), (row.doubts, "doubts")] {
            if count > 0 {
                told += &format!(", {count} {word}");
            }
        }
        if let Some(until) = row.not_before {
            told += &format!(", waits {}", (until - self.clock.now()).num_seconds());
        }
        told
    }

    fn rest(&self) -> i64 {
        self.dispatcher.rests_until().map_or(0, |until| (until - self.clock.now()).num_seconds())
    }
}

fn way(server: &Server, roots: &[Vec<u8>], timeouts: Timeouts) -> Way {
    let login = Credentials { username: "camille".to_owned(), password: "ouvre-toi".to_owned() };
    Way::new(
        "smtp.example".to_owned(),
        Transport::Smtp(Box::new(Smtp::new(&server.relay(), Some(login), roots, timeouts).unwrap())),
    )
}

/// A row of the table. What is said at a stage, the how-many-th time it is reached (0: every time).
struct Fault {
    name: &'static str,
    rules: Vec<(Stage, usize, Act)>,
    offers: Vec<&'static str>,
    timeouts: Timeouts,
    toml: String,
    /// Of Camille's row.
    fate: &'static str,
    /// Of Sacha's, who comes behind: whether the relay goes on.
    behind: &'static str,
    /// For how many seconds the relay rests; 0: it does not.
    rest: i64,
    /// What `history` shows, or a part of it.
    history: &'static str,
    /// Who is told: the beginnings of keys, and in how many minutes.
    told: Vec<(&'static str, i64)>,
    /// Some words that the operator reads.
    operator: &'static str,
    /// How many connections were opened.
    connections: usize,
}

impl Fault {
    fn new(name: &'static str, stage: Stage, nth: usize, act: Act) -> Self {
        Self {
            name,
            rules: vec![(stage, nth, act)],
            offers: vec!["AUTH PLAIN", "8BITMIME", "SMTPUTF8"],
            timeouts: patient(),
            toml: JALON.to_owned(),
            fate: "sent",
            behind: "sent",
            rest: 0,
            history: "",
            told: Vec::new(),
            operator: "",
            connections: 1,
        }
    }

    /// The relay is away: nothing is counted, it rests, and the operator hears of it after an hour.
    fn away(name: &'static str, stage: Stage, act: Act) -> Self {
        let told = vec![("~operator/relay-smtp.example/1", 60)];
        let operator = "Le relais smtp.example ne prend plus de courriels";
        Self { fate: "planned", behind: "planned", rest: 5, told, operator, ..Self::new(name, stage, 0, act) }
    }

    /// It will have none of us: it rests for long, and the operator hears of it at once.
    fn rests(name: &'static str, stage: Stage, act: Act, operator: &'static str) -> Self {
        let told = vec![("~operator/relay-smtp.example/1", 0)];
        Self {
            fate: "planned",
            behind: "planned",
            rest: 900,
            told,
            operator,
            ..Self::new(name, stage, 0, act)
        }
    }

    /// A quota: the same, in a mail of its own.
    fn quota(name: &'static str, stage: Stage, act: Act) -> Self {
        let told = vec![("~operator/quota-smtp.example-2026-06-24/1", 0)];
        Self { told, ..Self::rests(name, stage, act, "Le relais smtp.example dit que nous envoyons trop") }
    }

    /// Camille's mail waits, Sacha's leaves.
    fn waits(name: &'static str, stage: Stage, act: Act) -> Self {
        Self { fate: "planned, 1 attempts, waits 60", ..Self::new(name, stage, 1, act) }
    }

    /// Camille's mail may have left, Sacha's leaves.
    fn doubt(name: &'static str, act: Act) -> Self {
        let fate = "planned, 1 doubts, waits 60";
        Self { fate, history: "dot: ", connections: 2, ..Self::new(name, Stage::Dot, 1, act) }
    }

    /// Camille's mail failed, Sacha's left.
    fn fails(name: &'static str, stage: Stage, act: Act, operator: &'static str) -> Self {
        let told = vec![("~operator/refused-camille@example.org/1", 0)];
        Self { fate: "failed", told, operator, ..Self::new(name, stage, 1, act) }
    }

    fn said(mut self, history: &'static str) -> Self {
        self.history = history;
        self
    }

    fn over(mut self, connections: usize) -> Self {
        self.connections = connections;
        self
    }

    /// Only this step's limit is short.
    fn short(mut self, limit: impl Fn(&mut Timeouts) -> &mut Duration) -> Self {
        *limit(&mut self.timeouts) = Duration::from_millis(300);
        self
    }

    async fn holds(self) {
        let name = self.name;
        let script = Script { rules: self.rules, offers: self.offers, ..Script::default() };
        let server = Server::start(script).await;
        let mut world = World::new(&self.toml, POSTING, vec![way(&server, &[], self.timeouts)]).await;
        world.drain().await.unwrap();
        assert_eq!(world.fate(CAMILLE).await, self.fate, "{name}: the row");
        assert_eq!(world.fate(SACHA).await, self.behind, "{name}: the mail behind it");
        assert_eq!(world.rest(), self.rest, "{name}: the relay's rest");
        let reply = world.row(CAMILLE).await.reply.unwrap_or_default();
        assert!(reply.contains(self.history), "{name}: history says {reply:?}");
        let told = world.told().await;
        let shown: Vec<(&str, i64)> = told.iter().map(|(key, minutes, _)| (key.as_str(), *minutes)).collect();
        assert_eq!(shown, self.told, "{name}: who is told");
        let sentence = told.iter().map(|(_, _, why)| why.as_str()).collect::<Vec<_>>().join("\n");
        assert!(sentence.contains(self.operator), "{name}: the operator reads {sentence:?}");
        assert_eq!(server.connections(), self.connections, "{name}: connections");
    }
}

async fn all(faults: Vec<Fault>) {
    for fault in faults {
        fault.holds().await;
    }
}

const GARBAGE: &[u8] = b"HTTP/1.1 400 Bad Request\r\n\r\n";

#[tokio::test]
async fn a_relay_that_is_away_costs_no_attempt_and_the_operator_hears_after_an_hour() {
    let garbage = || Act::Say(GARBAGE.to_vec());
    all(vec![
        Fault::away("greeting: hangs up", Stage::Greeting, Act::Drop).over(0),
        Fault::away("greeting: busy", Stage::Greeting, say("421 4.3.2 busy")).over(0),
        Fault::away("greeting: refused", Stage::Greeting, say("554 5.7.1 no service")).over(0),
        Fault::away("greeting: garbage", Stage::Greeting, garbage()).over(0),
        Fault::away("greeting: silence", Stage::Greeting, Act::Stall).short(|t| &mut t.hello).over(0),
        Fault::away("EHLO: hangs up", Stage::Ehlo, Act::Drop),
        Fault::away("EHLO: refused", Stage::Ehlo, say("550 5.5.2 no")),
        Fault::away("EHLO: garbage", Stage::Ehlo, garbage()),
        Fault::away("EHLO: silence", Stage::Ehlo, Act::Stall).short(|t| &mut t.hello),
        Fault::away("AUTH: for now", Stage::Auth, say("454 4.7.0 temporary failure")),
        Fault::away("AUTH: closing", Stage::Auth, say("421 4.7.0 try later")),
        Fault::away("AUTH: hangs up", Stage::Auth, Act::Drop),
        Fault::away("AUTH: silence", Stage::Auth, Act::Stall).short(|t| &mut t.auth),
        Fault::away("MAIL: for now", Stage::Mail, say("451 4.3.0 later")).said("mail: 451 4.3.0 later"),
    ])
    .await;
}

#[tokio::test]
async fn a_relay_that_has_none_of_us_rests_for_long_and_the_operator_hears_at_once() {
    let login = "Le relais smtp.example refuse notre connexion";
    let sender = "Le relais smtp.example ne nous laisse pas écrire en tant que r@example.org";
    all(vec![
        Fault::rests("AUTH 535", Stage::Auth, say("535 5.7.8 bad credentials"), login),
        Fault::rests(
            "AUTH 530",
            Stage::Auth,
            say("530 5.7.0 Authentication required"),
            "username et password",
        ),
        Fault::rests(
            "AUTH 5.7.139",
            Stage::Auth,
            say("535 5.7.139 basic authentication is disabled"),
            "remplacez password par token_command",
        ),
        Fault::rests(
            "AUTH 5.7.30",
            Stage::Auth,
            say("550 5.7.30 Basic authentication is not supported"),
            "remplacez password par token_command",
        ),
        Fault::rests(
            "AUTH 5.7.9",
            Stage::Auth,
            say("534 5.7.9 Application-specific password required"),
            "mot de passe d'application",
        ),
        Fault::rests("MAIL 550", Stage::Mail, say("550 5.7.60 not your address"), sender)
            .said("mail: 550 5.7.60"),
        Fault::rests("MAIL 553", Stage::Mail, say("553 5.7.1 <r@example.org>: not yours"), sender),
        Fault::rests("MAIL 530", Stage::Mail, say("530 5.7.0 Must issue STARTTLS or log in first"), login),
        Fault {
            toml: JALON.replace("[people.camille]", "bounces = \"retours@example.org\"\n[people.camille]"),
            ..Fault::rests(
                "MAIL, with bounces",
                Stage::Mail,
                say("550 no"),
                "en tant que retours@example.org",
            )
        },
        // What Postfix has against a sender, it says in answer to RCPT; others at the dot.
        Fault::rests(
            "RCPT about the sender",
            Stage::Rcpt,
            say("553 5.7.1 <r@example.org>: Sender address rejected: not owned by user camille"),
            sender,
        ),
        Fault::rests("RCPT before a login", Stage::Rcpt, say("530 5.7.0 log in first"), login),
        Fault::rests(
            "dot: sender",
            Stage::Dot,
            say("550 5.7.60 Client does not have permissions to send as this sender"),
            sender,
        ),
        Fault::rests("DATA: sender", Stage::Data, say("550 5.1.7 invalid"), sender),
    ])
    .await;
}

#[tokio::test]
async fn nobody_is_told_a_password_or_a_mail_without_a_right_certificate_and_the_operator_hears_at_once() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let (starttls, implicit): (fn(_) -> _, fn(_) -> _) = (Security::Starttls, Security::Implicit);
    for (name, security, words) in [
        ("STARTTLS is not offered", Security::None, "does not offer STARTTLS"),
        ("expired", starttls(ours.server(&["localhost"], 2021)), "has expired"),
        ("wrong name", starttls(ours.server(&["other.example"], 2099)), "is not one of localhost"),
        ("untrusted", starttls(theirs.server(&["localhost"], 2099)), "is not trusted here"),
        ("expired, implicit", implicit(ours.server(&["localhost"], 2021)), "has expired"),
        ("wrong name, implicit", implicit(ours.server(&["other.example"], 2099)), "is not one of localhost"),
        ("untrusted, implicit", implicit(theirs.server(&["localhost"], 2099)), "is not trusted here"),
    ] {
        let stripped = matches!(security, Security::None);
        let server =
            Server::start(Script { security, offers: vec!["AUTH PLAIN LOGIN"], ..Script::default() }).await;
        let relay =
            Relay { tls: if stripped { Tls::Starttls } else { server.relay().tls }, ..server.relay() };
        let login = Credentials { username: "camille".to_owned(), password: "ouvre-toi".to_owned() };
        let smtp = Smtp::new(&relay, Some(login), &[ours.pem()], patient()).unwrap();
        let way = Way::new("smtp.example".to_owned(), Transport::Smtp(Box::new(smtp)));
        let mut world = World::new(JALON, POSTING, vec![way]).await;
        world.drain().await.unwrap();
        for (n, rest) in [(1, 5), (2, 30), (3, 120)] {
            assert_eq!(world.rest(), rest, "{name}: rest {n}");
            world.clock.wait_until(world.clock.now() + TimeDelta::seconds(rest)).await;
            world.drain().await.unwrap();
        }
        assert_eq!(world.fate(CAMILLE).await, "planned", "{name}");
        let told = world.told().await;
        assert_eq!(
            (told.len(), told[0].0.as_str(), told[0].1),
            (1, "~operator/relay-smtp.example/1", 0),
            "{name}"
        );
        assert!(
            told[0].2.starts_with("Rien n'est envoyé au relais smtp.example") && told[0].2.contains(words),
            "{told:?}"
        );
        let heard = server.lines();
        assert!(
            heard.iter().all(|line| line.starts_with("EHLO ") || line == "STARTTLS"),
            "{name}: {heard:?}"
        );
    }
}

#[tokio::test]
async fn trouble_with_tls_that_may_pass_is_told_after_an_hour() {
    let ours = Authority::new("ours");
    for (name, stage, act) in [
        ("STARTTLS for now", Stage::Starttls, say("454 4.7.0 TLS not available")),
        ("STARTTLS refused", Stage::Starttls, say("502 5.5.1 no")),
        ("STARTTLS: hangs up", Stage::Starttls, Act::Drop),
        ("handshake: hangs up", Stage::Handshake, Act::Drop),
        ("handshake: garbage", Stage::Handshake, say("220 surprise")),
    ] {
        let security = Security::Starttls(ours.server(&["localhost"], 2099));
        let script = Script {
            security,
            offers: vec!["AUTH PLAIN"],
            rules: vec![(stage, 0, act)],
            ..Script::default()
        };
        let server = Server::start(script).await;
        let mut world = World::new(JALON, POSTING, vec![way(&server, &[ours.pem()], patient())]).await;
        world.drain().await.unwrap();
        assert_eq!((world.fate(CAMILLE).await.as_str(), world.rest()), ("planned", 5), "{name}");
        let told = world.told().await;
        assert_eq!((told[0].0.as_str(), told[0].1), ("~operator/relay-smtp.example/1", 60), "{name}");
        assert!(
            !server.lines().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{name}"
        );
    }
}

#[tokio::test]
async fn a_recipient_refused_for_now_waits_alone() {
    all(vec![
        Fault::waits("RCPT 450", Stage::Rcpt, say("450 4.2.1 busy")).said("rcpt: 450 4.2.1 busy"),
        Fault::waits("RCPT 451", Stage::Rcpt, say("451 4.7.1 greylisted")),
        Fault::waits("RCPT 452", Stage::Rcpt, say("452 4.2.2 mailbox over quota")),
        Fault::waits("RCPT 421", Stage::Rcpt, say("421 4.3.2 closing")).over(2),
        Fault::waits("DATA 451", Stage::Data, say("451 4.3.0 no space")).said("data: 451"),
        Fault::waits("DATA 421", Stage::Data, say("421 4.3.2 closing")).over(2),
        Fault::waits("dot 451", Stage::Dot, say("451 4.3.0 queue error")).said("dot: 451"),
        Fault::waits("dot 421", Stage::Dot, say("421 4.3.2 closing")).over(2),
    ])
    .await;
}

#[tokio::test]
async fn the_waits_grow_to_an_hour_and_last_until_it_is_of_no_use() {
    let refuse = (0, say("451 4.7.1 greylisted"));
    let server =
        Server::start(Script { rules: vec![(Stage::Rcpt, refuse.0, refuse.1)], ..Script::default() }).await;
    let smtp = Smtp::new(&server.relay(), None, &[], patient()).unwrap();
    let ways = vec![Way::new("smtp.example".to_owned(), Transport::Smtp(Box::new(smtp)))];
    let mut world = World::new(JALON, &POSTING.replace(", \"sacha\"", ""), ways).await;
    for (attempt, minutes) in [(1, 1), (2, 5), (3, 15), (4, 60), (5, 60), (6, 60)] {
        world.drain().await.unwrap();
        let expected = format!("planned, {attempt} attempts, waits {}", minutes * 60);
        assert_eq!((world.fate(CAMILLE).await, world.rest()), (expected, 0));
        world.clock.wait_until(world.clock.now() + TimeDelta::minutes(minutes)).await;
    }
    world.until("2026-06-26T00:00:00Z", 60).await;
    let row = world.row(CAMILLE).await;
    assert!(matches!(row.state, State::Superseded | State::Lapsed), "{row:?}");
    assert_eq!(row.reply.as_deref(), Some("rcpt: 451 4.7.1 greylisted"));
}

/// The text of the last mail to somebody, its soft ends of line undone.
fn mail_to(server: &Server, address: &str) -> String {
    let lines = server.lines();
    let head = format!("To: {address}");
    let mail =
        lines.iter().rev().find(|line| line.contains(&head) || line.contains(&format!("<{address}>\r\n")));
    mail.map(|mail| mail.replace("=\r\n", "")).unwrap_or_default()
}

#[tokio::test]
async fn what_has_waited_for_more_than_four_hours_stands_in_the_digest() {
    // Camille is the first; Sacha's digest is at three in the afternoon, six hours later.
    let mut rules: Vec<_> = (3..60).map(|n| (Stage::Rcpt, n, say("451 4.7.1 greylisted"))).collect();
    rules.insert(0, (Stage::Rcpt, 1, say("451 4.7.1 greylisted")));
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let digest = Server::start(Script::default()).await;
    let toml = format!("{JALON}digest = \"0 15 * * *\"\n");
    let mut world = World::new(&toml, POSTING, vec![way_in_the_clear(&server, "smtp.example")]).await;
    world.drain().await.unwrap();
    world.until("2026-06-24T12:59:00Z", 30).await;
    assert!(world.fate(CAMILLE).await.starts_with("planned, "));
    // The digest itself leaves by a relay that takes it.
    let (_stop, stopping) = watch::channel(false);
    let ways = vec![way_in_the_clear(&digest, "other.example")];
    world.dispatcher =
        Dispatcher::new(world.ledger.clone(), world.clock.clone(), ways, TimeDelta::minutes(30), stopping);
    world.until("2026-06-24T13:00:00Z", 1).await;
    let text = mail_to(&digest, "sacha@example.org");
    assert!(text.contains("451 4.7.1 greylisted") && text.contains("Camille Exemple"), "{text}");
}

fn way_in_the_clear(server: &Server, name: &str) -> Way {
    let smtp = Smtp::new(&server.relay(), None, &[], patient()).unwrap();
    Way::new(name.to_owned(), Transport::Smtp(Box::new(smtp)))
}

#[tokio::test]
async fn a_recipient_refused_for_good_fails_alone_and_those_who_can_help_are_told() {
    let fails = |name, stage, text: &str, operator| {
        let refused = ("~refused/p/camille@example.org/sacha", 5);
        let mut fault = Fault::fails(name, stage, say(text), operator);
        if stage == Stage::Rcpt {
            fault.told.push(refused);
        }
        fault
    };
    let address = "L'adresse camille@example.org est refusée (rcpt: 550 5.1.1 no such user). Corrigez-la.";
    let mail = "Un courriel à camille@example.org a été refusé";
    all(vec![
        fails("RCPT 550", Stage::Rcpt, "550 5.1.1 no such user", address)
            .said("rcpt: 550 5.1.1 no such user"),
        fails("RCPT 553", Stage::Rcpt, "553 no", "est refusée"),
        fails("RCPT 552", Stage::Rcpt, "552 5.2.2 mailbox full: quota exceeded", "est refusée"),
        fails("RCPT, not UTF-8", Stage::Rcpt, "550 5.1.1 bo\u{ee}te inconnue", "est refusée"),
        fails("DATA 554", Stage::Data, "554 5.5.1 no valid recipients", mail).said("data: 554"),
        fails("dot 550", Stage::Dot, "550 5.7.1 looks like spam", mail)
            .said("dot: 550 5.7.1 looks like spam"),
        fails("dot 552", Stage::Dot, "552 5.3.4 message size exceeds the limit", mail),
    ])
    .await;
}

#[tokio::test]
async fn the_other_recruiters_read_who_is_not_reached_and_hear_of_it_once() {
    let refuse = |n| (Stage::Rcpt, n, say("550 5.1.1 no such user"));
    // Camille's first mail, and on the day itself: her reminder of the deadline is the fifth to be announced.
    let server = Server::start(Script { rules: vec![refuse(1)], ..Script::default() }).await;
    let mut world = World::new(JALON, POSTING, vec![way_in_the_clear(&server, "smtp.example")]).await;
    world.drain().await.unwrap();
    world.until("2026-06-24T07:10:00Z", 1).await;
    let recipients = || -> Vec<String> {
        let rcpt = |line: &String| Some(line.strip_prefix("RCPT TO:<")?.split('@').next()?.to_owned());
        server.lines().iter().filter_map(rcpt).collect()
    };
    assert_eq!(recipients(), ["camille", "sacha", "admin", "sacha"]);
    let text = mail_to(&server, "sacha@example.org");
    for words in [
        "Camille Exemple ne re=C3=A7oit pas nos messages",
        "550 5.1.1 no such user",
        "autre moyen",
        "jeudi 25 juin 2026 inclus",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let key = "~refused/p/camille@example.org/sacha";
    assert_eq!(world.row(key).await.state, State::Sent);
    // A copy that fails again is no news.
    assert!(
        world
            .ledger
            .by_hand(jalon::plan::Key::from_text(CAMILLE), jalon::ledger::Hand::Retry, world.clock.now())
            .await
            .unwrap()
    );
    let again = Server::start(Script { rules: vec![refuse(1)], ..Script::default() }).await;
    let (_stop, stopping) = watch::channel(false);
    let ways = vec![way_in_the_clear(&again, "smtp.example")];
    world.dispatcher =
        Dispatcher::new(world.ledger.clone(), world.clock.clone(), ways, TimeDelta::minutes(30), stopping);
    world.until("2026-06-24T08:00:00Z", 5).await;
    assert_eq!(world.row(CAMILLE).await.state, State::Failed);
    assert!(!again.lines().iter().any(|line| line.contains("RCPT TO:<sacha")), "{:?}", again.lines());
}

/// Eight people of one posting, each with a mail at nine.
fn eight() -> (String, String) {
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let people: String =
        names.map(|name| format!("[people.{name}]\nemail = \"{name}@example.org\"\n")).concat();
    let list = names.map(|name| format!("\"{name}\"")).join(", ");
    (format!("{JALON}{people}"), POSTING.replace("\"camille\", \"sacha\"", &list))
}

#[tokio::test]
async fn three_recipients_refused_in_a_row_with_one_code_are_about_us() {
    let (toml, posting) = eight();
    let rules = vec![(Stage::Rcpt, 0, say("550 5.7.1 relaying denied"))];
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let mut world = World::new(&toml, &posting, vec![way_in_the_clear(&server, "smtp.example")]).await;
    world.drain().await.unwrap();
    assert_eq!(world.rest(), 900);
    for name in ["a", "b", "c", "d", "h"] {
        assert_eq!(world.fate(&CAMILLE.replace("camille", name)).await, "planned", "{name}");
    }
    let told = world.told().await;
    assert_eq!(told.len(), 1, "no recruiter hears of it: {told:?}");
    assert!(told[0].2.contains("refuse un destinataire après l'autre"), "{told:?}");
    // It goes on so until it relents: nobody fails.
    world.until("2026-06-24T12:00:00Z", 5).await;
    let rows = world.ledger.known().await.unwrap();
    assert!(rows.iter().all(|row| row.state != State::Failed), "{rows:?}");
}

#[tokio::test]
async fn three_codes_are_three_refusals() {
    // Three people, three codes: each fails alone.
    let (toml, posting) = eight();
    let codes = ["550 5.1.1 a", "551 5.1.6 b", "553 5.1.3 c"];
    let rules = (1..).zip(codes).map(|(n, text)| (Stage::Rcpt, n, say(text))).collect();
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let mut world = World::new(&toml, &posting, vec![way_in_the_clear(&server, "smtp.example")]).await;
    world.drain().await.unwrap();
    assert_eq!(world.rest(), 0);
    for (name, state) in [("a", "failed"), ("b", "failed"), ("c", "failed"), ("d", "sent")] {
        assert_eq!(world.fate(&CAMILLE.replace("camille", name)).await, state, "{name}");
    }
}

#[tokio::test]
async fn three_in_a_row_are_so_in_different_steps_as_well() {
    let text = |name: &str, minute: i64| {
        format!(
            "title = \"T\"\nrecruiters = [\"{name}\"]\nannounce = false\n[deadline]\nuntil = 2026-06-25\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1d\"]\nat = 09:0{minute}:00\n"
        )
    };
    let rules = vec![(Stage::Rcpt, 0, say("550 5.7.1 relaying denied"))];
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let ways = vec![way_in_the_clear(&server, "smtp.example")];
    // Without an operator: a mail to them would be refused as well, and be the third.
    let toml = eight().0.replace("operator = \"admin@example.org\"\n", "");
    let mut world = World::new(&toml, &text("a", 1), ways).await;
    write(world.folder.path(), "postings/q.toml", &text("b", 2));
    write(world.folder.path(), "postings/r.toml", &text("c", 3));
    world.planner.reload().unwrap();
    let [a, b, c] =
        ["p/deadline/2026-06-25/-1d/a", "q/deadline/2026-06-25/-1d/b", "r/deadline/2026-06-25/-1d/c"];
    world.until("2026-06-24T07:02:00Z", 1).await;
    assert_eq!((world.fate(a).await, world.fate(b).await), ("failed".to_owned(), "failed".to_owned()));
    world.until("2026-06-24T07:03:00Z", 1).await;
    for key in [a, b, c] {
        assert_eq!(world.fate(key).await, "planned", "{key}");
    }
    assert_eq!(world.rest(), 900);
}

#[tokio::test]
async fn addresses_that_are_really_gone_fail_once_the_relay_took_another_mail() {
    let (toml, posting) = eight();
    // The first three are gone, whoever asks; they are announced first, and after the rest last.
    let mut rules: Vec<_> = [1, 2, 3].map(|n| (Stage::Rcpt, n, say("550 5.1.1 gone"))).into();
    rules.extend([9, 10, 11].map(|n| (Stage::Rcpt, n, say("550 5.1.1 gone"))));
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let mut world = World::new(&toml, &posting, vec![way_in_the_clear(&server, "smtp.example")]).await;
    world.drain().await.unwrap();
    assert_eq!(world.rest(), 900);
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(15)).await;
    world.drain().await.unwrap();
    assert_eq!(world.rest(), 0);
    for (name, state) in [("a", "failed"), ("b", "failed"), ("c", "failed"), ("d", "sent"), ("h", "sent")] {
        assert_eq!(world.fate(&CAMILLE.replace("camille", name)).await, state, "{name}");
    }
}

#[tokio::test]
async fn a_quota_rests_the_relay_at_any_stage_and_costs_no_mail_anything() {
    let mut faults = Vec::new();
    for (name, stage) in [
        ("greeting", Stage::Greeting),
        ("AUTH", Stage::Auth),
        ("MAIL", Stage::Mail),
        ("RCPT", Stage::Rcpt),
        ("DATA", Stage::Data),
        ("dot", Stage::Dot),
    ] {
        for text in ["550 5.4.5 Daily user sending quota exceeded", "451 4.7.1 Limite d'envoi atteinte"] {
            let over = usize::from(stage != Stage::Greeting);
            faults.push(Fault::quota(name, stage, say(text)).over(over));
        }
    }
    all(faults).await;
}

#[tokio::test]
async fn a_quota_rests_longer_the_second_time_and_is_told_once_a_day() {
    let rules = vec![(Stage::Dot, 0, say("550 5.4.5 Daily user sending quota exceeded"))];
    let server = Server::start(Script { rules, ..Script::default() }).await;
    let posting = POSTING.replace("2026-06-25", "2026-06-25\n[[interview]]\non = 2026-06-26");
    let mut world = World::new(JALON, &posting, vec![way_in_the_clear(&server, "smtp.example")]).await;
    for rest in [900, 3600, 3600] {
        world.plan().await;
        world.drain().await.unwrap();
        assert_eq!(world.rest(), rest);
        world.clock.wait_until(world.clock.now() + TimeDelta::seconds(rest)).await;
    }
    world.until("2026-06-25T21:00:00Z", 15).await;
    let told: Vec<String> = world.told().await.into_iter().map(|(key, ..)| key).collect();
    let expected = ["~operator/quota-smtp.example-2026-06-24/1", "~operator/quota-smtp.example-2026-06-25/1"];
    assert_eq!(told.iter().filter(|key| key.contains("quota")).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_link_lost_before_the_dot_is_one_failure_after_a_second_try_at_once() {
    // Once: it leaves at once, on a new connection.
    let once = |name, stage, act| Fault { connections: 2, ..Fault::new(name, stage, 1, act) };
    // Again and again: the relay rests, and nothing was counted.
    let twice = |name, stage, act| {
        let history = match stage {
            Stage::Mail => "mail: ",
            Stage::Rcpt => "rcpt: ",
            _ => "data: ",
        };
        Fault { connections: 3, ..Fault::away(name, stage, act) }.said(history)
    };
    let garbage = || Act::Say(GARBAGE.to_vec());
    all(vec![
        once("MAIL: hangs up", Stage::Mail, Act::Drop),
        once("RCPT: hangs up", Stage::Rcpt, Act::Drop),
        once("DATA: hangs up", Stage::Data, Act::Drop),
        once("DATA: garbage", Stage::Data, garbage()),
        once("RCPT: silence", Stage::Rcpt, Act::Stall).short(|t| &mut t.recipient),
        once("DATA: silence", Stage::Data, Act::Stall).short(|t| &mut t.data),
        twice("MAIL: hangs up each time", Stage::Mail, Act::Drop),
        twice("RCPT: hangs up each time", Stage::Rcpt, Act::Drop),
        twice("DATA: garbage each time", Stage::Data, garbage()),
    ])
    .await;
}

#[tokio::test]
async fn silence_after_the_dot_is_a_doubt() {
    assert_eq!(Timeouts::default().answer, Duration::from_mins(10), "RFC 5321 §4.5.3.2.6");
    let short = |mut fault: Fault| {
        fault.timeouts.answer = Duration::from_millis(300);
        fault.timeouts.body = Duration::from_secs(2);
        fault
    };
    let hold = |mut fault: Fault| {
        fault.toml += "[delivery]\nin_doubt = \"hold\"\n";
        fault.fate = "held, 1 doubts";
        fault.told = vec![("~operator/held/1", 0)];
        fault.operator = "Courriels peut-être partis, qui attendent une décision";
        fault
    };
    all(vec![
        Fault::doubt("dot: end of the connection", Act::Drop),
        Fault::doubt("dot: half an answer", Act::SayAndDrop(b"25".to_vec())),
        Fault::doubt("dot: unreadable", Act::Say(GARBAGE.to_vec())),
        short(Fault::doubt("dot: no answer in ten minutes", Act::Stall)),
        hold(Fault::doubt("dot, hold: end of the connection", Act::Drop)),
    ])
    .await;
}

#[tokio::test]
async fn a_reply_that_begins_250_is_an_acceptance_whatever_follows() {
    let sent = |name, act, connections| Fault { connections, ..Fault::new(name, Stage::Dot, 1, act) };
    all(vec![
        sent("not UTF-8", Act::Say(b"250 2.0.0 bien re\xe7u\r\n".to_vec()), 1).said("250 2.0.0 bien reçu"),
        sent("then the end", Act::SayAndDrop(b"250".to_vec()), 2).said("250"),
        sent("then another answer", Act::Say(b"250-ok\r\n550 no\r\n".to_vec()), 2).said("250 ok"),
        sent("then nonsense", Act::Say(b"250-ok\r\n\x00\xff\xfe\r\n".to_vec()), 2).said("250 ok"),
    ])
    .await;
}

#[tokio::test]
async fn what_the_relay_cannot_take_fails_alone_and_the_operator_is_told() {
    let toml = JALON.replace("camille@example.org", "élodie@example.org");
    let utf8 = Fault {
        toml,
        rules: Vec::new(),
        offers: vec!["AUTH PLAIN", "8BITMIME"],
        told: vec![("~operator/refused-élodie@example.org/1", 0)],
        ..Fault::fails(
            "no SMTPUTF8",
            Stage::Noop,
            say("250 ok"),
            "des lettres accentuées, que le relais ne prend pas",
        )
    };
    let small = Fault {
        rules: Vec::new(),
        offers: vec!["AUTH PLAIN", "8BITMIME", "SIZE 100"],
        behind: "failed",
        told: vec![
            ("~operator/refused-camille@example.org/1", 0),
            ("~operator/refused-sacha@example.org/1", 0),
        ],
        ..Fault::fails("larger than SIZE", Stage::Noop, say("250 ok"), "est trop grand pour le relais")
    };
    all(vec![utf8.said("SMTPUTF8"), small.said("too large")]).await;
    assert_eq!(LARGEST_MAIL, 10_000_000, "and none larger than 10 MB: tests/smtp_secure.rs");
}

#[tokio::test]
async fn an_outbox_that_cannot_be_written_rests_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let outbox = Transport::Folder(Outbox::new(file.join("outbox")));
    let mut world = World::new(JALON, POSTING, vec![Way::new("outbox".to_owned(), outbox)]).await;
    let report = world.dispatcher.step(&world.snapshot).await.unwrap();
    assert!(report.resting.is_some_and(|(_, _, why)| why.contains("cannot be written")), "the log");
    assert_eq!((world.fate(CAMILLE).await.as_str(), world.rest()), ("planned", 5));
    world.planner.heed(world.dispatcher.health());
    let round = world.planner.step().await.unwrap().1;
    assert!(
        round.troubles.iter().any(|trouble| trouble.sentence.fr.contains("Rien ne part")),
        "STATUS=: {:?}",
        round.troubles
    );
}

#[tokio::test]
async fn a_process_that_dies_while_a_mail_is_handed_leaves_a_doubt() {
    for (policy, fate) in [(InDoubt::Resend, "planned, 1 doubts"), (InDoubt::Hold, "held, 1 doubts")] {
        let rules = vec![(Stage::Dot, 1, Act::Stall)];
        let server = Server::start(Script { rules, ..Script::default() }).await;
        let mut world = World::new(JALON, POSTING, vec![way_in_the_clear(&server, "smtp.example")]).await;
        {
            let snapshot = Arc::clone(&world.snapshot);
            tokio::select! {
                biased;
                () = server.reached(Stage::Dot, 1) => {}
                _ = world.dispatcher.step(&snapshot) => panic!("no answer comes"),
            }
        }
        assert_eq!(
            (world.fate(CAMILLE).await.as_str(), world.fate(SACHA).await.as_str()),
            ("handed", "claimed")
        );
        world.ledger.orphans(true, policy, world.clock.now()).await.unwrap();
        assert_eq!((world.fate(CAMILLE).await.as_str(), world.fate(SACHA).await.as_str()), (fate, "planned"));
    }
}

impl World {
    /// From now on, no row can come into this state: the disk is full, or worse.
    fn forbid(&self, state: &str) -> rusqlite::Connection {
        let db = rusqlite::Connection::open(self.folder.path().join("jalon.db")).unwrap();
        let sql = format!(
            "CREATE TRIGGER forbid BEFORE UPDATE OF state ON rows WHEN NEW.state = '{state}'
             BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        );
        db.execute_batch(&sql).unwrap();
        db
    }
}

#[tokio::test]
async fn a_mail_that_cannot_be_marked_does_not_leave() {
    let server = Server::start(Script::default()).await;
    let mut world = World::new(JALON, POSTING, vec![way_in_the_clear(&server, "smtp.example")]).await;
    let db = world.forbid("handed");
    let failed = world.drain().await.unwrap_err();
    assert!(matches!(failed, LedgerError::Unusable { .. }), "{failed}");
    assert!(!server.lines().iter().any(|line| line.starts_with("MAIL")), "{:?}", server.lines());
    db.execute_batch("DROP TRIGGER forbid").unwrap();
    world.drain().await.unwrap();
    assert_eq!(world.fate(CAMILLE).await, "sent");
}

#[tokio::test]
async fn a_mail_that_left_and_cannot_be_noted_stops_all_sending_and_is_in_doubt_after_a_restart() {
    let server = Server::start(Script::default()).await;
    let mut world = World::new(JALON, POSTING, vec![way_in_the_clear(&server, "smtp.example")]).await;
    let db = world.forbid("sent");
    let sent = || server.lines().iter().filter(|line| line.starts_with("MAIL")).count();
    for _ in 0..3 {
        world.drain().await.unwrap_err();
        assert_eq!(sent(), 1, "nothing else leaves");
    }
    db.execute_batch("DROP TRIGGER forbid").unwrap();
    // The same process notes it after all …
    let before = world.fate(CAMILLE).await;
    assert_eq!(before, "handed");
    // … and another one, which knows nothing of the answer, is in doubt.
    world.ledger.orphans(true, InDoubt::Resend, world.clock.now()).await.unwrap();
    assert_eq!(world.fate(CAMILLE).await, "planned, 1 doubts");
}
