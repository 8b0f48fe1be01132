//! No secret and nobody's address gets out: the real binary at its most talkative, against relays that repeat
//! everything they are told, with every way to keep a password and to log in.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use jalon::telemetry::shortened;
use running::jalon;
use server::{Act, Script, Server, Stage, say};

const PASSWORD: &str = "Tr0ub4dor&3-hunter2";
/// The same as it travels: alone, and with the name (RFC 4616).
const ENCODED: &str = "VHIwdWI0ZG9yJjMtaHVudGVyMg==";
const PLAIN: &str = "AHJlbGFpcy5qYWxvbkBleGFtcGxlLm9yZwBUcjB1YjRkb3ImMy1odW50ZXIy";
const PIECES: [&str; 5] = [PASSWORD, "hunter2", "VHIwdWI0ZG9y", "JjMtaHVudGVy", "Ujb3ImMy1odW50"];

/// Whose names must not be in a log.
const LOCAL_PARTS: [&str; 6] = [
    "claire.voyante",
    "lou.durand",
    "admin.nistrateur",
    "recrutement.jalon",
    "relais.jalon",
    "rebonds.jalon",
];

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[mail]\nfrom = \"R <recrutement.jalon@example.org>\"\nbounces = \"rebonds.jalon@example.org\"\noperator = \"admin.nistrateur@example.org\"\n[people.camille]\nname = \"Claire\"\nemail = \"claire.voyante@example.org\"\n[teams]\nrh = [\"camille\", \"lou.durand@example.org\"]\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"rh\"]\napply = { email = \"lou.durand@example.org\" }\n[deadline]\nuntil = 2026-06-25\n";

/// What a relay says that repeats all it was told.
fn echo(code: &str, of: &str) -> Act {
    say(&format!(
        "{code} you said {PASSWORD}, {ENCODED}, AUTH PLAIN {PLAIN} for {of}, user {}",
        of.split('@').next().unwrap()
    ))
}

struct World {
    folder: tempfile::TempDir,
    daemon: Option<Child>,
}

impl World {
    /// A folder with these settings besides the usual ones, and a password as its owner keeps it.
    fn new(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir_all(path.join("config/postings")).unwrap();
        fs::create_dir_all(path.join("credentials")).unwrap();
        fs::write(path.join("config/jalon.toml"), format!("{JALON}{more}")).unwrap();
        fs::write(path.join("config/postings/p.toml"), POSTING).unwrap();
        for file in ["config/smtp.password", "credentials/smtp-password"] {
            fs::write(path.join(file), format!("{PASSWORD}\n")).unwrap();
            fs::set_permissions(path.join(file), fs::Permissions::from_mode(0o600)).unwrap();
        }
        Self { folder, daemon: None }
    }

    /// A way to a relay, with a password kept so and these mechanisms.
    fn relay(port: u16, password: &str, auth: &str) -> String {
        format!(
            "[smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\nusername = \"relais.jalon@example.org\"\npassword = {password}\nauth = [\"{auth}\"]\n"
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = jalon(self.folder.path());
        command.args(["--config", "config"]);
        command.env("SMTP_PASSWORD", PASSWORD).env("CREDENTIALS_DIRECTORY", self.path("credentials"));
        command
    }

    /// Starts the daemon two seconds before reminders are due, at its most talkative.
    fn start(&mut self) {
        let log = File::create(self.path("log")).unwrap();
        let mut command = self.command();
        command.args(["run", "--ledger", "sqlite:var/jalon.db", "--as-of", "2026-06-24T08:59:58"]);
        self.daemon = Some(command.env("JALON_LOG", "trace").stderr(log).spawn().unwrap());
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// Waits until the log holds this so often.
    fn until(&self, wanted: &str, times: usize) {
        let begun = Instant::now();
        while self.log().matches(wanted).count() < times {
            assert!(begun.elapsed() < Duration::from_mins(1), "no {wanted}:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal(&self, name: &str) {
        let id = self.daemon.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    fn stop(&mut self) {
        self.signal("-TERM");
        assert_eq!(self.daemon.take().unwrap().wait().unwrap().code(), Some(0), "{}", self.log());
    }

    /// Everything that was written and can be asked for: files, and what commands print.
    fn spilt(&self) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with("smtp.password") && !path.ends_with("smtp-password") {
                    found.push((path.display().to_string(), fs::read(&path).unwrap()));
                }
            }
        }
        for language in ["fr", "en"] {
            for arguments in [
                &["history", "--ledger", "sqlite:var/jalon.db"][..],
                &["history", "--ledger", "sqlite:var/jalon.db", "--format", "json"],
                &["explain", "p", "--ledger", "sqlite:var/jalon.db"],
                &["check"],
                &["agenda", "--from", "2026-06-01"],
            ] {
                let output = self.command().args(["--lang", language]).args(arguments).output().unwrap();
                found.push((arguments.join(" "), [output.stdout, output.stderr].concat()));
            }
        }
        found
    }

    /// No secret anywhere; in the log, nobody's name either.
    fn hold(&self) {
        for (place, bytes) in self.spilt() {
            let text = String::from_utf8_lossy(&bytes);
            for piece in PIECES {
                assert!(!text.contains(piece), "{piece} is in {place}:\n{text:.3000}");
            }
        }
        let log = self.log().to_lowercase();
        for local in LOCAL_PARTS {
            assert!(!log.contains(local), "{local} is in the log:\n{log}");
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(mut daemon) = self.daemon.take() {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

async fn relay(rules: Vec<(Stage, usize, Act)>) -> Server {
    Server::start(Script { offers: vec!["AUTH PLAIN LOGIN"], rules, ..Script::default() }).await
}

/// In turn, for the daemon is waited for as a process.
async fn waited(world: World, work: impl FnOnce(&mut World) + Send + 'static) {
    let mut world = world;
    tokio::task::spawn_blocking(move || work(&mut world)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_is_told_without_the_login() {
    for (password, auth) in [
        ("{ file = \"smtp.password\" }", "plain"),
        ("{ env = \"SMTP_PASSWORD\" }", "login"),
        ("{ credential = \"smtp-password\" }", "plain"),
    ] {
        let server = relay(vec![(Stage::Auth, 0, echo("535 5.7.8", "relais.jalon@example.org"))]).await;
        let world = World::new(&World::relay(server.port, password, auth));
        waited(world, |world| {
            world.start();
            world.until("event=\"relay-rests\"", 1);
            world.stop();
            assert!(world.log().contains("535 5.7.8 you said […], […], AUTH PLAIN […]"), "{}", world.log());
            world.hold();
        })
        .await;
        let said = server.lines().join("\n");
        assert!(said.contains(if auth == "plain" { PLAIN } else { ENCODED }), "it did log in: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_relay_repeats_later_is_neither_kept_nor_told() {
    for auth in ["plain", "login"] {
        let server = relay(vec![
            (Stage::Rcpt, 1, echo("550 5.1.1", "claire.voyante@example.org")),
            (Stage::Rcpt, 2, echo("451 4.2.1", "lou.durand@example.org")),
            (Stage::Dot, 0, echo("250 2.0.0", "admin.nistrateur@example.org")),
        ])
        .await;
        let world = World::new(&World::relay(server.port, "{ file = \"smtp.password\" }", auth));
        waited(world, |world| {
            world.start();
            world.until("event=\"failed\"", 1);
            world.until("event=\"again\"", 1);
            // The files change meanwhile: one becomes wrong, one comes, each with addresses in them.
            let wrong = POSTING.replace("until = 2026-06-25", "until = \"lou.durand@example.org\"");
            fs::write(world.path("config/postings/p.toml"), wrong).unwrap();
            let other = POSTING.replace(
                "\"rh\"",
                "\"claire.voyante@example.org\", \"lou.duran@example.org\", \"lou durand@example.org\"",
            );
            fs::write(world.path("config/postings/q.toml"), other).unwrap();
            world.signal("-HUP");
            world.until("event=\"problem\"", 1);
            fs::write(world.path("config/postings/p.toml"), POSTING.replace("06-25", "06-27")).unwrap();
            world.signal("-HUP");
            world.until("event=\"diff\"", 1);
            world.until("event=\"sent\"", 1);
            world.stop();
            world.hold();
            let lou = shortened("lou.durand@example.org");
            assert!(world.log().contains(&lou), "the log tells addresses apart:\n{}", world.log());
        })
        .await;
        for heard in server.heard().iter().filter(|heard| heard.what.contains("Message-ID:")) {
            assert!(!PIECES.iter().any(|piece| heard.what.contains(piece)), "{}", heard.what);
        }
    }
}

/// The same, where the journal is spoken to in its own words: no field of any entry, at any level.
#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_told_no_secret_and_nobodys_name() {
    let server = relay(vec![
        (Stage::Rcpt, 1, echo("550 5.1.1", "claire.voyante@example.org")),
        (Stage::Rcpt, 2, echo("451 4.2.1", "lou.durand@example.org")),
        (Stage::Dot, 0, echo("250 2.0.0", "admin.nistrateur@example.org")),
    ])
    .await;
    let world = World::new(&World::relay(server.port, "{ file = \"smtp.password\" }", "plain"));
    waited(world, |world| {
        let journal = UnixDatagram::bind(world.path("journal")).unwrap();
        journal.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let log = File::create(world.path("log")).unwrap();
        let meta = log.metadata().unwrap();
        let mut command = world.command();
        command.args(["run", "--ledger", "sqlite:var/jalon.db", "--as-of", "2026-06-24T08:59:58"]);
        command.env("JOURNAL_STREAM", format!("{}:{}", meta.dev(), meta.ino()));
        command.env("JALON_JOURNAL", world.path("journal")).env("JALON_LOG", "trace").stderr(log);
        world.daemon = Some(command.spawn().unwrap());
        let (mut said, mut bytes) = (String::new(), vec![0; 200_000]);
        for wanted in ["JALON_EVENT=failed\n", "JALON_EVENT=again\n", "JALON_EVENT=stopped\n"] {
            if wanted.contains("stopped") {
                world.signal("-TERM");
            }
            while !said.contains(wanted) {
                let length = journal.recv(&mut bytes).unwrap();
                said.push_str(&String::from_utf8_lossy(&bytes[..length]));
            }
        }
        assert_eq!(world.daemon.take().unwrap().wait().unwrap().code(), Some(0));
        assert!(said.contains("JALON_REPLY=rcpt: 550 5.1.1 you said […]"), "{said}");
        for piece in PIECES.iter().chain(&LOCAL_PARTS) {
            assert!(!said.to_lowercase().contains(&piece.to_lowercase()), "{piece}:\n{said}");
        }
        assert!(said.contains(&shortened("lou.durand@example.org")), "addresses are told apart:\n{said}");
    })
    .await;
}

#[test]
fn what_is_kept_is_for_the_owners_eyes_only() {
    let mut world = World::new("");
    let settings = JALON.replace("[people", "outbox = \"var/outbox\"\n[people");
    fs::write(world.path("config/jalon.toml"), settings).unwrap();
    fs::create_dir_all(world.path("config/templates/fr")).unwrap();
    fs::write(world.path("config/templates/fr/operator.subject.txt"), "x").unwrap();
    world.start();
    world.until("event=\"sent\"", 2);
    world.until("event=\"kept\"", 1);
    let mut folders = vec![world.path("var")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let mode = path.metadata().unwrap().permissions().mode() & 0o777;
            if path.is_dir() {
                assert_eq!(mode, 0o700, "{}", path.display());
                folders.push(path);
            } else {
                // The ledger, its log and its lock, copies, mails.
                assert_eq!(mode, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files >= 7, "{files} files");
    world.stop();
    world.hold();
}

#[test]
fn the_address_of_a_ledger_is_told_without_its_password() {
    let urls = [
        "postgres://jalon:hunter2@db.example.org/jalon",
        "postgres://db.example.org/jalon?password=hunter2",
        "host=db password=hunter2",
    ];
    for url in urls {
        let world = World::new(&format!("[ledger]\nurl = \"{url}\"\n"));
        for language in ["fr", "en"] {
            for arguments in [
                &["run"][..],
                &["run", "--ledger", url],
                &["check"],
                &["history"],
                &["history", "--ledger", url],
                &["explain", "p"],
                &["diff"],
                &["diff", "--ledger", url],
                &["accept", "--ledger", url],
            ] {
                let mut command = world.command();
                let output =
                    command.env("JALON_LOG", "trace").args(["--lang", language]).args(arguments).output();
                let output = output.unwrap();
                let said = [output.stdout, output.stderr].concat();
                let said = String::from_utf8_lossy(&said);
                assert!(!said.is_empty() && !said.contains("hunter2"), "{arguments:?}: {said}");
            }
        }
    }
}

#[test]
fn a_password_that_cannot_be_had_is_not_said() {
    for password in [
        "{ file = \"hunter2\" }",
        "{ env = \"hunter2\" }",
        "{ credential = \"HUNTER2-hunter2\" }",
        "\"hunter2\"",
    ] {
        let world = World::new(&World::relay(1, password, "plain"));
        for arguments in [&["run"][..], &["check"]] {
            let output = world.command().env("JALON_LOG", "trace").args(arguments).output().unwrap();
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            assert!(!said.to_lowercase().contains("hunter2"), "{password}: {said}");
        }
    }
}

/// Whoever may write a template may not thereby read what only jalon may read.
#[test]
fn a_template_that_is_a_link_to_a_secret_is_not_followed() {
    let world = World::new("");
    let templates = world.path("config/templates/fr");
    fs::create_dir_all(&templates).unwrap();
    let template = templates.join("reminder.txt");
    for (mode, followed) in [(0o600, false), (0o640, false), (0o644, true)] {
        let outside = world.path("outside");
        fs::write(&outside, "hunter2 {{ reminders[0].nothing }}").unwrap();
        fs::set_permissions(&outside, fs::Permissions::from_mode(mode)).unwrap();
        let _ = fs::remove_file(&template);
        std::os::unix::fs::symlink(&outside, &template).unwrap();
        let output = world.command().args(["--lang", "en", "check"]).output().unwrap();
        let said =
            String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert_eq!(said.contains("hunter2"), followed, "{mode:o}: {said}");
        assert_eq!(said.contains("leads out of the folder of templates"), !followed, "{mode:o}: {said}");
    }
}

/// The path is not a secret, and a person needs it.
#[test]
fn a_folder_with_an_at_sign_keeps_its_name() {
    assert_eq!(
        jalon::telemetry::without_addresses("/srv/jalon@main/var"),
        Path::new("/srv/jalon@main/var").to_str().unwrap()
    );
}
