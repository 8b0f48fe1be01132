//! `jalon doctor`, the real binary: real files, a real ledger, a scripted relay. Each thing is turned bad once. What only
//! this machine can say of itself (room on its disk, who sets its clock) is `judged` elsewhere.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Stamp, StoredRelay, Turn};
use jalon::plan::complaint::Complaint;
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, State};
use jalon::plan::{Key, Wanted};

use super::certificates::Authority;
use super::running::{Daemon, ended, jalon};
use super::server::{Act, Script, Security, Server, Stage, say};
use super::tzif::tzif;

const PASSWORD: &str = "ouvre-toi-Sesame";
const LOGIN: &str =
    "ca_file = \"ca.pem\"\nusername = \"recrutement\"\npassword = { file = \"smtp.password\" }\n";
const OUTBOX: &str = "outbox = \"outbox\"";

/// Lines of which the machine decides.
const MACHINE: [&str; 2] = ["clock", "disk"];

struct World {
    folder: tempfile::TempDir,
    authority: Authority,
    environment: BTreeMap<&'static str, String>,
}

/// What a run said: by check, its state, sentence and remedy.
struct Said {
    code: i32,
    lines: Vec<BTreeMap<String, serde_json::Value>>,
}

impl Said {
    fn text(&self, check: &str, key: &str) -> String {
        let line = self.lines.iter().find(|line| line["check"] == check);
        let line = line.unwrap_or_else(|| panic!("no {check}: {:#?}", self.lines));
        line[key].as_str().unwrap_or_default().to_owned()
    }

    fn state(&self, check: &str) -> String {
        self.text(check, "state")
    }

    /// The checks that are not well, but for those of which the machine decides.
    fn bad(&self) -> Vec<String> {
        let checks = self.lines.iter().filter(|line| line["state"] != "ok");
        let checks = checks.map(|line| line["check"].as_str().unwrap().to_owned());
        checks.filter(|check| !MACHINE.contains(&check.as_str())).collect()
    }

    /// That this check is in this state and says this, with a remedy, and that the command ends so.
    #[track_caller]
    fn is(&self, check: &str, state: &str, words: &str, code: i32) {
        let sentence = self.text(check, "sentence");
        assert_eq!((self.state(check).as_str(), self.code), (state, code), "{:#?}", self.lines);
        assert!(sentence.contains(words), "{check}: {sentence:?} without {words:?}");
        assert!(!self.text(check, "remedy").is_empty(), "{check}: no remedy");
    }
}

impl World {
    /// A configuration without a warning, whose mails go this way.
    fn new(mail: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        fs::create_dir_all(config.join("postings")).unwrap();
        let posting =
            "title = \"Poste\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-28\n".to_owned();
        fs::write(config.join("postings/p.toml"), posting).unwrap();
        let toml = format!(
            "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\naccept = [\"dotless-address\", \"no-digest\", \"alone\"]\n[mail]\nfrom = \"Recrutement <r@localhost>\"\noperator = \"a@example.org\"\n{mail}\n[people.camille]\nemail = \"camille@example.org\"\n{more}\n"
        );
        fs::write(config.join("jalon.toml"), toml).unwrap();
        let secret = config.join("smtp.password");
        fs::write(&secret, PASSWORD).unwrap();
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        let authority = Authority::new("ours");
        fs::write(config.join("ca.pem"), authority.pem()).unwrap();
        // Of the machine's own zones nothing is to be seen.
        let environment = BTreeMap::from([("TZDIR", "/nowhere".to_owned())]);
        Self { folder, authority, environment }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn rights(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn edit(&self, name: &str, edit: impl Fn(String) -> String) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        fs::write(self.path(name), edit(text)).unwrap();
    }

    /// Its ledger, as a daemon would make it.
    fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(&self.path("var/jalon.db"), Stamp::Real).unwrap()
    }

    fn command(&self) -> Command {
        let mut command = jalon(self.folder.path());
        command.envs(&self.environment);
        command
    }

    async fn doctor(&self, arguments: &[&str]) -> Said {
        let mut command = self.command();
        command.args(["doctor", "--format", "json", "--lang", "en"]).args(arguments);
        outcome(command).await
    }
}

async fn outcome(mut command: Command) -> Said {
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let (code, text, error) = ended(&output);
    assert!(!text.contains(PASSWORD) && !error.contains(PASSWORD), "{text}{error}");
    assert_eq!(error, "", "{text}");
    Said { code, lines: serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}")) }
}

fn now() -> DateTime<Utc> {
    Clock::real().now()
}

fn wanted(key: &str, due: DateTime<Utc>) -> Box<Wanted> {
    Box::new(Wanted {
        key: Key::from_text(key),
        posting: "p".into(),
        event: "deadline".into(),
        recipient: "camille".into(),
        reader: "camille".into(),
        email: "camille@example.org".into(),
        due,
        late_after: now() + TimeDelta::days(30),
        why: "jalon.toml:1".into(),
    })
}

/// A relay that this world's authority vouches for, and a world that goes by it.
async fn with_relay(rules: Vec<(Stage, usize, Act)>, names: &[&str], ends: (i32, u8, u8)) -> (World, Server) {
    let mut world = World::new("", "");
    let security = Security::Starttls(world.authority.server_until(names, ends));
    let server =
        Server::start(Script { security, offers: vec!["AUTH PLAIN LOGIN"], rules, ..Script::default() })
            .await;
    world.environment.insert("LANG", "C".to_owned());
    let smtp = format!("[[smtp]]\nhost = \"localhost\"\nport = {}\n{LOGIN}", server.port);
    world.edit("config/jalon.toml", |text| text + &smtp);
    (world, server)
}

const FAR: (i32, u8, u8) = (2090, 12, 31);

/// What is below a folder: names and lengths.
fn listing(folder: &Path, into: &mut BTreeMap<PathBuf, u64>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let entry = entry.unwrap();
        into.insert(entry.path(), entry.metadata().unwrap().len());
        listing(&entry.path(), into);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_all_is_well_every_line_says_so_nothing_is_sent_and_nothing_changes() {
    let (world, server) = with_relay(vec![], &["localhost"], FAR).await;
    let mut command = world.command();
    command.arg("run");
    let mut daemon = Daemon::spawn(command);
    // Two loops, in whichever order.
    let log = daemon.until("event=\"day\"").join("\n");
    if !log.contains("event=\"kept\"") {
        daemon.until("event=\"kept\"");
    }
    let files = || {
        let mut all = BTreeMap::new();
        listing(world.folder.path(), &mut all);
        all.retain(|path, _| !path.to_string_lossy().contains("jalon.db-"));
        all
    };
    let before = files();
    let said = world.doctor(&[]).await;
    assert_eq!((said.bad(), said.code), (vec![], 0), "{:#?}", said.lines);
    let checks: Vec<&str> = said.lines.iter().map(|line| line["check"].as_str().unwrap()).collect();
    let all = [
        "config",
        "rights",
        "credential",
        "relay-name",
        "relay-route",
        "relay-tls",
        "relay-login",
        "sender",
        "ledger",
        "daemon",
        "copies",
        "clock",
        "zones",
        "disk",
        "next",
    ];
    assert_eq!(checks, all, "the names are for ever");
    let keys: Vec<&str> = said.lines[0].keys().map(String::as_str).collect();
    assert_eq!(keys, ["about", "check", "details", "remedy", "sentence", "state"]);
    assert!(said.text("relay-route", "sentence").contains(&format!(":{} answers in ", server.port)));
    assert!(said.text("relay-tls", "sentence").contains("TLS 1.3"));
    assert!(said.text("relay-tls", "sentence").contains("until 31 December 2090"), "{:#?}", said.lines);
    assert_eq!(said.text("relay-login", "sentence"), "accepted, recrutement; nothing was sent");
    let heard = server.lines();
    assert_eq!(heard.iter().filter(|line| line.starts_with("AUTH")).count(), 1, "{heard:?}");
    assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
    assert!(!heard.iter().any(|line| line.starts_with("MAIL")), "{heard:?}");
    assert_eq!(files(), before);
    // The same for people, in French; and nobody outside is asked where that is not wanted.
    let mut command = world.command();
    let (code, screen, _) = ended(&command.args(["--lang", "fr", "doctor", "--no-relay"]).output().unwrap());
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains("en ordre  registre"), "{screen}");
    assert!(screen.contains("service") && screen.contains("à l'œuvre, dernier tour le "), "{screen}");
    assert!(
        !screen.contains("relais") && !screen.contains("expéditeur") && screen.lines().count() <= 24,
        "{screen}"
    );
    assert_eq!(server.lines(), heard);
    // The daemon goes by what it was given: another relay takes a restart.
    world
        .edit("config/jalon.toml", |text| text.replace("username = \"recrutement\"", "username = \"autre\""));
    world.doctor(&["--no-relay"]).await.is("in-force", "warning", "follows an older version", 0);
    // A ledger that nobody holds: no daemon is at work.
    daemon.stop();
    let said = world.doctor(&["--no-relay"]).await;
    said.is("daemon", "warning", "no jalon is at work since", 0);
    assert_eq!(said.bad(), ["daemon"], "and nobody follows an older version");
    // A jalon.toml that cannot be used: its copy is looked at.
    world.edit("config/jalon.toml", |text| text.replace("time_zone", "tim_zone"));
    let said = world.doctor(&["--no-relay"]).await;
    said.is("in-force", "wrong", "its last good version is followed", 78);
    assert_eq!(said.state("ledger"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_used_are_counted_as_check_counts_them() {
    let world = World::new(OUTBOX, "");
    let said = world.doctor(&[]).await;
    said.is("ledger", "warning", "does not exist yet", 0);
    assert_eq!(said.bad(), ["outbox", "ledger"], "{:#?}", said.lines);
    world.edit("config/postings/p.toml", |text| text.replace("2190-06-28", "2190-06-31"));
    let said = world.doctor(&[]).await;
    said.is("config", "wrong", "0 of 1 postings", 78);
    let details = said.lines[0]["details"].as_array().unwrap();
    assert!(details[0].as_str().unwrap().contains("p.toml:4: "), "{details:?}");
    world.edit("config/jalon.toml", |text| text.replace("time_zone", "tim_zone"));
    let said = world.doctor(&[]).await;
    said.is("in-force", "wrong", "no good version of it is kept here", 78);
    assert_eq!(said.lines.len(), 2, "{:#?}", said.lines);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_told_step_by_step() {
    let at = |stage, act| vec![(stage, 0, act)];
    let here: &[&str] = &["localhost"];
    for (rules, names, ends, check, words) in [
        (at(Stage::Greeting, say("554 go away")), here, FAR, "relay-route", "554 go away"),
        (vec![], &["other.example.org"], FAR, "relay-tls", "not one of localhost"),
        (vec![], here, (2021, 1, 1), "relay-tls", "has expired"),
        (at(Stage::Starttls, say("454 not now")), here, FAR, "relay-tls", "454 not now"),
        (
            at(Stage::Auth, say(&format!("535 5.7.8 no, {PASSWORD}"))),
            here,
            FAR,
            "relay-login",
            "535 5.7.8 no, […]",
        ),
    ] {
        let (world, server) = with_relay(rules, names, ends).await;
        let said = world.doctor(&[]).await;
        said.is(check, "wrong", words, 69);
        let bad: Vec<_> = said.bad().into_iter().filter(|one| one != "ledger").collect();
        assert_eq!(bad, [check], "{:#?}", said.lines);
        assert!(!server.lines().iter().any(|line| line.starts_with("MAIL")));
    }
    // Without STARTTLS nothing is said; a port that is shut; a name that nobody has.
    let server = Server::start(Script::default()).await;
    let shut = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (host, port, check, words) in [
        ("localhost", server.port, "relay-tls", "does not offer STARTTLS"),
        ("localhost", shut, "relay-route", "no connection to"),
        ("nowhere.invalid", 25, "relay-name", "the name nowhere.invalid: failed"),
    ] {
        let world = World::new("", &format!("[smtp]\nhost = \"{host}\"\nport = {port}"));
        world.doctor(&[]).await.is(check, "wrong", words, 69);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_ends_soon_is_told_before_it_does() {
    let soon = (now() + TimeDelta::days(10)).date_naive();
    let ends = (soon.year(), u8::try_from(soon.month()).unwrap(), u8::try_from(soon.day()).unwrap());
    let (world, _server) = with_relay(vec![], &["localhost"], ends).await;
    let said = world.doctor(&[]).await;
    said.is("relay-tls", "warning", "good for ", 0);
    assert_eq!(said.state("relay-login"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_and_tokens() {
    let (world, server) = with_relay(vec![], &["localhost"], FAR).await;
    world.rights("config/smtp.password", 0o644);
    let said = world.doctor(&[]).await;
    said.is("credential", "wrong", "can be read by others", 78);
    assert_eq!(said.state("relay-tls"), "ok", "the way there is looked at all the same");
    assert!(!server.lines().iter().any(|line| line.starts_with("AUTH")));
    fs::remove_file(world.path("config/smtp.password")).unwrap();
    world.doctor(&[]).await.is("credential", "wrong", "this file does not exist", 78);
    // What systemd gives to the service only is not wrong in a shell, and is in the service.
    world.edit("config/jalon.toml", |text| {
        text.replace("file = \"smtp.password\"", "credential = \"smtp-password\"")
    });
    let mut service = world.environment.clone();
    world.doctor(&[]).await.is("credential", "warning", "is a credential", 0);
    service.insert("CREDENTIALS_DIRECTORY", world.path("none").display().to_string());
    let mut command = world.command();
    command.envs(&service).args(["doctor", "--format", "json", "--lang", "en"]);
    outcome(command).await.is("credential", "wrong", "this file does not exist", 78);
    // A token is asked for and not shown.
    let token =
        |script: &str| format!("username = \"u\"\ntoken_command = [\"/bin/sh\", \"-c\", \"{script}\"]\n");
    for (script, state, words, code) in [
        ("echo secret-token-0123456789", "ok", "used for another 44 min", 69),
        ("echo no luck >&2; exit 1", "wrong", "there is no token for localhost", 78),
    ] {
        let smtp = format!(
            "[smtp]\nhost = \"localhost\"\nport = {}\nca_file = \"ca.pem\"\n{}",
            server.port,
            token(script)
        );
        let other = World::new("", &smtp);
        fs::write(other.path("config/ca.pem"), world.authority.pem()).unwrap();
        let said = other.doctor(&[]).await;
        assert!(!format!("{:?}", said.lines).contains("secret-token"));
        assert_eq!((said.state("credential").as_str(), said.code), (state, code), "{:#?}", said.lines);
        assert!(said.text("credential", "sentence").contains(words), "{:#?}", said.lines);
        assert_eq!(other.doctor(&["--no-relay"]).await.code, 0, "nobody is asked");
        // A provider may give another refresh token at each use: only the service's account asks for one.
        if rustix::process::geteuid().is_root() {
            fs::create_dir(other.path("var")).unwrap();
            std::os::unix::fs::chown(other.path("var"), Some(998), None).unwrap();
            let said = other.doctor(&[]).await;
            said.is("credential", "warning", "no token was asked for", 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_are_too_wide() {
    let world = World::new(OUTBOX, "");
    drop(world.ledger());
    fs::create_dir(world.path("outbox")).unwrap();
    for (name, mode, good, state, words, code) in [
        ("config/jalon.toml", 0o666, 0o644, "wrong", "anybody may write config/jalon.toml", 1),
        ("config", 0o777, 0o755, "wrong", "anybody may write config ", 1),
        ("config/postings", 0o777, 0o755, "warning", "anybody may write config/postings", 0),
        ("var", 0o777, 0o755, "wrong", "anybody may write var ", 1),
        ("var/jalon.db", 0o644, 0o600, "wrong", "which holds addresses", 1),
        ("outbox", 0o755, 0o700, "warning", "which holds mails", 0),
    ] {
        for name in ["config", "config/postings", "var"] {
            world.rights(name, 0o755);
        }
        world.rights("outbox", 0o700);
        world.rights(name, mode);
        world.doctor(&[]).await.is("rights", state, words, code);
        world.rights(name, good);
    }
    assert_eq!(world.doctor(&[]).await.state("rights"), "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_may_read_neither_password_nor_ledger_hears_just_that() {
    if !rustix::process::geteuid().is_root() {
        return; // Only root can be somebody else.
    }
    let (mut world, server) = with_relay(vec![], &["localhost"], FAR).await;
    drop(world.ledger());
    world.rights("", 0o755);
    // The program, where everybody may run it.
    let program = world.path("jalon");
    fs::copy(env!("CARGO_BIN_EXE_jalon"), &program).unwrap();
    let as_nobody = |world: &World| {
        let mut command = Command::new(&program);
        command.current_dir(world.folder.path()).env_clear().envs(&world.environment);
        command.uid(65_534).gid(65_534).args(["doctor", "--format", "json", "--lang", "en"]);
        outcome(command)
    };
    let said = as_nobody(&world).await;
    said.is("credential", "warning", "this account may not read the password for localhost", 69);
    said.is("ledger", "wrong", "you may not look at var/jalon.db", 69);
    assert_eq!(said.bad(), ["credential", "ledger"], "{:#?}", said.lines);
    assert_eq!(said.state("relay-tls"), "ok");
    assert!(!server.lines().iter().any(|line| line.starts_with("AUTH")));
    // Where not even the owner of the ledger is to be seen (/var/lib/private).
    fs::create_dir(world.path("private")).unwrap();
    fs::rename(world.path("var"), world.path("private/var")).unwrap();
    world.rights("private", 0o700);
    world.environment.insert("STATE_DIRECTORY", "private/var".to_owned());
    let said = as_nobody(&world).await;
    assert_eq!(
        (said.state("credential"), said.bad()),
        ("warning".to_owned(), vec!["credential".to_owned(), "ledger".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ails_the_ledger() {
    let world = World::new(OUTBOX, "");
    let ledger = world.ledger();
    ledger.note_round(now(), false).await.unwrap();
    // Held by this test, as by a daemon.
    let said = world.doctor(&[]).await;
    assert_eq!((said.state("ledger"), said.state("daemon")), ("ok".to_owned(), "ok".to_owned()));
    said.is("copies", "warning", "no daily copy", 0);
    fs::create_dir(world.path("var/backups")).unwrap();
    world.rights("var/backups", 0o700);
    fs::write(world.path("var/backups/jalon.db.20200102T030405Z"), "x").unwrap();
    world.doctor(&[]).await.is("copies", "warning", "2 January 2020", 0);
    ledger.note_round(now() - TimeDelta::minutes(20), true).await.unwrap();
    world.doctor(&[]).await.is("daemon", "warning", "has looked at nothing since", 0);
    let due =
        Change::Add(wanted("p/deadline/2190-06-28/-7d/camille", now() - TimeDelta::hours(3)), State::Planned);
    ledger.apply(vec![due], now()).await.unwrap();
    let said = world.doctor(&[]).await;
    said.is("daemon", "wrong", "and one mail waits", 1);
    said.is("overdue", "warning", "1 mail late, the oldest since", 1);
    ledger.note_round(now() + TimeDelta::days(1), false).await.unwrap();
    world.doctor(&[]).await.is("clock", "wrong", "behind the daemon's last round", 1);
    drop(ledger);
    // Not sound; not a ledger; gone, with copies of it.
    let path = world.path("var/jalon.db");
    let whole = fs::read(&path).unwrap();
    let mut torn = whole.clone();
    torn[4096..12288].fill(0x5a);
    for (bytes, words) in
        [(torn, "cannot be used"), (b"not a ledger, but words".repeat(99), "cannot be used")]
    {
        let _ = fs::remove_file(world.path("var/jalon.db-wal"));
        fs::write(&path, bytes).unwrap();
        world.doctor(&[]).await.is("ledger", "wrong", words, 69);
    }
    fs::remove_file(&path).unwrap();
    world.doctor(&[]).await.is("ledger", "wrong", "is gone, and there are copies of it", 69);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_in_the_ledger_wants_somebody() {
    let (world, _server) = with_relay(vec![], &["localhost"], FAR).await;
    let ledger = world.ledger();
    ledger.note_round(now(), false).await.unwrap();
    let verdicts: [fn() -> Verdict; 3] = [
        || Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: "dot: no answer".into() },
        || Verdict::Never { reason: Reason::RecipientRefused, reply: "rcpt: 550 who?".into() },
        || Verdict::Doubt { doubt: Doubt::Resend(now() + TimeDelta::minutes(5)), reply: "dot: gone".into() },
    ];
    for (n, verdict) in verdicts.into_iter().enumerate() {
        let row = wanted(&format!("p/deadline/2190-06-2{n}/-7d/camille"), now());
        ledger.apply(vec![Change::Add(row, State::Planned)], now()).await.unwrap();
        let lease = TimeDelta::minutes(30);
        let mail = ledger.claim(now(), lease, 1, "example.org").await.unwrap().remove(0);
        let hand = HandOver { message_id: mail.message_id.clone(), term: mail.term, says: vec![] };
        ledger.turn(Turn::hand(hand), now(), lease).await.unwrap();
        let settle = Turn::settle(mail.message_id, mail.term, verdict());
        ledger.turn(settle, now(), lease).await.unwrap();
    }
    let rest_until = Some(now() + TimeDelta::minutes(15));
    let trouble = Some((now(), Complaint::Login, "auth: 535 5.7.8 no".to_owned()));
    let relay = StoredRelay { name: "localhost".into(), rest_until, failures: 1, trouble, tried: None };
    ledger.note_relay(relay).await.unwrap();
    let said = world.doctor(&["--no-relay"]).await;
    said.is("held", "warning", "1 mail may have left", 0);
    said.is("failed", "warning", "1 refused mail would still be of use", 0);
    said.is("doubts", "warning", "1 mail may have left already", 0);
    said.is("relay-rest", "warning", "localhost takes nothing before", 0);
    assert!(said.text("relay-rest", "sentence").ends_with("auth: 535 5.7.8 no"));
    assert!(said.text("next", "sentence").starts_with("next departure"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_of_another_opinion_on_time_zones_is_told_and_logged() {
    let mut world = World::new(OUTBOX, "");
    fs::create_dir_all(world.path("zones/Europe")).unwrap();
    fs::write(world.path("zones/tzdata.zi"), "# version 2031z\n").unwrap();
    fs::write(world.path("zones/Europe/Paris"), tzif("<+05>-5")).unwrap();
    world.environment.insert("TZDIR", world.path("zones").display().to_string());
    let said = world.doctor(&[]).await;
    said.is("zones", "warning", "and this machine (2031z) +05:00", 0);
    assert!(said.text("zones", "sentence").starts_with("Europe/Paris: from "));
    let mut command = world.command();
    command.arg("run");
    let mut daemon = Daemon::spawn(command);
    let log = daemon.until("event=\"started\"").join("\n");
    assert!(log.contains("event=\"tz-differs\" zone=\"Europe/Paris\""), "{log}");
    assert!(log.contains("theirs=\"+05:00\""), "{log}");
    daemon.stop();
    fs::write(world.path("zones/Europe/Paris"), "TZif no more").unwrap();
    world.doctor(&[]).await.is("zones", "warning", "this machine's file of Europe/Paris cannot be read", 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_has_no_address_is_told() {
    let (world, _server) = with_relay(vec![], &["localhost"], FAR).await;
    world.edit("config/jalon.toml", |text| text.replace("r@localhost", "r@nowhere.invalid"));
    let begun = Instant::now();
    let said = world.doctor(&[]).await;
    said.is("sender", "warning", "nowhere.invalid", 0);
    assert!(begun.elapsed() < Duration::from_secs(30), "a name server that is silent holds nothing up");
}
