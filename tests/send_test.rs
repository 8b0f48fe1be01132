//! `jalon send-test`: the real binary, against a scripted relay with TLS and a login, and an outbox.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;

use std::os::unix::fs::PermissionsExt as _;

use certificates::Authority;
use running::{ended, jalon};
use server::{Act, Script, Security, Server, Stage, say};

const PASSWORD: &str = "ouvre-toi-Sesame";

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new(mail: &str, relays: &str, authority: Option<&Authority>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("config");
        std::fs::create_dir_all(config.join("postings")).unwrap();
        let toml = format!(
            "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\nrecipients = [\"@example.org\"]\n{mail}\n{relays}\n[people.camille]\nemail = \"camille@example.org\"\n"
        );
        std::fs::write(config.join("jalon.toml"), toml).unwrap();
        let secret = config.join("smtp.password");
        std::fs::write(&secret, PASSWORD).unwrap();
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(authority) = authority {
            std::fs::write(config.join("ca.pem"), authority.pem()).unwrap();
        }
        Self { folder }
    }

    /// Ends with nothing of the password said.
    async fn send(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = jalon(self.folder.path());
        command.arg("send-test").args(arguments);
        let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
        let (code, said, error) = ended(&output);
        assert!(!said.contains(PASSWORD) && !error.contains(PASSWORD), "{said}{error}");
        (code, said, error)
    }
}

fn smtp(host: &str, port: u16, more: &str) -> String {
    format!("[[smtp]]\nhost = \"{host}\"\nport = {port}\n{more}\n")
}

const LOGIN: &str =
    "ca_file = \"ca.pem\"\nusername = \"recrutement\"\npassword = { file = \"smtp.password\" }";

async fn relay(authority: &Authority, names: &[&str], rules: Vec<(Stage, usize, Act)>) -> Server {
    let security = Security::Starttls(authority.server(names, 2090));
    Server::start(Script { security, offers: vec!["AUTH PLAIN LOGIN"], rules, ..Script::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_is_told_and_the_mail_is_taken() {
    let authority = Authority::new("ours");
    let server = relay(&authority, &["localhost"], vec![]).await;
    let world = World::new("", &smtp("localhost", server.port, LOGIN), Some(&authority));
    let (code, said, error) = world.send(&["camille"]).await;
    assert_eq!(code, 0, "{said}{error}");
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines[0], format!("A test by localhost:{}, to camille@example.org:", server.port));
    assert_eq!(lines[1], "  connection: made");
    assert!(lines[2].starts_with("  security: TLS 1.3, TLS13-"), "{said}");
    assert!(lines[2].ends_with("; the certificate is that of localhost"), "{said}");
    assert_eq!(lines[3], "  login: accepted, recrutement");
    assert!(lines[4].starts_with("  mail: accepted (250 "), "{said}");
    assert!(lines[5].contains("Look into the mailbox of camille@example.org, junk too"), "{said}");
    let heard = server.lines();
    assert_eq!(heard.iter().filter(|line| line.starts_with("MAIL FROM:<r@example.org>")).count(), 1);
    assert_eq!(heard.iter().filter(|line| line.starts_with("RCPT TO:<camille@example.org>")).count(), 1);
    let body = heard.iter().find(|line| line.contains("Subject: ")).unwrap();
    assert!(body.contains("Auto-Submitted: auto-generated") && body.contains("jalon: test mail"), "{body}");
    // The ledger has nothing to do with it.
    assert!(!world.folder.path().join("var").exists());
    // Twice is two mails, not a copy.
    let id = |line: &&String| line.lines().find(|line| line.starts_with("Message-ID")).map(str::to_owned);
    assert_eq!(world.send(&["camille@example.org", "--lang", "fr"]).await.0, 0);
    let heard = server.lines();
    let ids: std::collections::BTreeSet<_> = heard.iter().filter_map(|line| id(&line)).collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_explained_at_its_step() {
    let authority = Authority::new("ours");
    for (stage, act, expected) in [
        (Stage::Greeting, say("554 no"), ["  connection: failed", "does not answer as it should on port"]),
        (
            Stage::Auth,
            say(&format!("535 5.7.8 bad password {PASSWORD}")),
            ["  login: failed", "The relay refuses the user name or the password"],
        ),
        (Stage::Auth, say("454 4.7.0 later"), ["  login: failed", "try again in some minutes"]),
        (
            Stage::Mail,
            say("553 5.7.1 not yours"),
            ["  mail: failed", "does not let us write as r@example.org"],
        ),
        (Stage::Rcpt, say("550 5.1.1 who?"), ["  mail: failed", "refuses the address camille@example.org"]),
        (Stage::Dot, say("554 5.7.1 spam"), ["  mail: failed", "refuses this mail"]),
        (Stage::Dot, Act::Drop, ["  mail: failed", "It may have left"]),
    ] {
        let server = relay(&authority, &["localhost"], vec![(stage, 0, act)]).await;
        let world = World::new("", &smtp("localhost", server.port, LOGIN), Some(&authority));
        let (code, said, error) = world.send(&["camille"]).await;
        assert_eq!(code, 69, "{stage:?}: {said}{error}");
        for words in expected {
            assert!(said.contains(words), "{stage:?} without {words:?}: {said}{error}");
        }
        assert_eq!(
            said.contains("login: accepted"),
            !matches!(stage, Stage::Greeting | Stage::Auth),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_safe_gets_neither_password_nor_mail() {
    let authority = Authority::new("ours");
    let server = relay(&authority, &["other.example.org"], vec![]).await;
    let world = World::new("", &smtp("localhost", server.port, LOGIN), Some(&authority));
    let (code, said, _) = world.send(&["camille"]).await;
    assert_eq!(code, 69);
    assert!(
        said.contains("  security: failed\n    answer: the certificate is not one of localhost"),
        "{said}"
    );
    assert!(said.contains("The link is not safe, and nothing has left"), "{said}");
    assert!(!server.lines().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_relay_is_tried_and_one_may_be_picked() {
    let authority = Authority::new("ours");
    let good = relay(&authority, &["localhost"], vec![]).await;
    let bad = relay(&authority, &["localhost"], vec![(Stage::Greeting, 0, Act::Drop)]).await;
    let relays = smtp("localhost", bad.port, LOGIN) + &smtp("localhost", good.port, LOGIN);
    let world = World::new("", &relays, Some(&authority));
    let (code, said, _) = world.send(&["camille"]).await;
    assert_eq!((code, said.matches("A test by").count()), (69, 2), "{said}");
    assert!(said.contains("connection: failed") && said.contains("mail: accepted"), "{said}");
    let picked = format!("LOCALHOST:{}", good.port);
    let (code, said, _) = world.send(&["camille", "--relay", &picked]).await;
    assert_eq!((code, said.matches("A test by").count()), (0, 1), "{said}");
    let (code, _, error) = world.send(&["camille", "--relay", "smtp.example.org"]).await;
    assert_eq!(code, 2);
    assert!(error.contains("no relay is called \"smtp.example.org\"; jalon.toml has: localhost"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outbox_keeps_a_file_and_says_that_nobody_receives_it() {
    let world = World::new("outbox = \"outbox\"", "", None);
    let (code, said, error) = world.send(&["camille@example.org", "--lang", "fr"]).await;
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains("Personne ne le recevra\u{a0}: l'outbox garde des fichiers."), "{said}");
    let mails: Vec<_> = std::fs::read_dir(world.folder.path().join("outbox")).unwrap().collect();
    assert_eq!(mails.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_jalon_may_not_write_to_and_what_cannot_be_used_is_refused() {
    let world = World::new("outbox = \"outbox\"", "", None);
    for (to, words) in [
        ("x@elsewhere.example", "recipients, under [mail], does not allow it"),
        ("robin", "neither an address nor a person"),
        ("a@example.org\r\nBcc: x@example.org", "neither an address nor a person"),
    ] {
        let (code, said, error) = world.send(&[to]).await;
        assert_eq!((code, said.as_str()), (2, ""), "{error}");
        assert!(error.contains(words), "{error}");
    }
    assert!(!world.folder.path().join("outbox").exists());
    let missing = smtp("localhost", 25, "username = \"x\"\npassword = { file = \"none\" }");
    for (mail, relays) in [("", missing.as_str()), ("", ""), ("outbox = 3", "")] {
        let (code, said, error) = World::new(mail, relays, None).send(&["camille"]).await;
        assert_eq!((code, said.as_str()), (78, ""), "{error}");
        assert!(error.contains("jalon.toml"), "{error}");
    }
}
