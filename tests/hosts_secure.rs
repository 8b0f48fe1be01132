//! The way to a ledger on another machine: who may hear our password and our reminders. A PostgreSQL of the test's own, with
//! TLS and passwords, that calls itself db.example.org and listens on an address of this machine.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "support/running.rs"]
mod running;
#[path = "support/postgres.rs"]
mod server;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use certificates::Authority;
use running::{Daemon, ended, jalon};

const NAME: &str = "db.example.org";
const PASSWORD: &str = "S3same, ouvre-toi";
const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"r@example.org\"\noutbox = \"out\"\n";

/// How many were made in this program.
static WORLDS: AtomicU32 = AtomicU32::new(0);

/// A server, and the files of a jalon that uses it.
struct World {
    folder: tempfile::TempDir,
    cluster: PathBuf,
    address: String,
    ours: Authority,
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(pid) = server::server_pid(&self.cluster) {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
        }
    }
}

impl World {
    /// None where there are no programs of PostgreSQL.
    fn new() -> Option<Self> {
        if server::programs().is_none() {
            eprintln!("skipped: no programs of PostgreSQL here");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("jalon-secure-").tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        let cluster = folder.path().join("pg");
        server::make_cluster(&cluster, false);
        // One address of this machine for each world of each test program: the usual port is free there.
        let (id, world) = (std::process::id(), WORLDS.fetch_add(1, Ordering::Relaxed));
        let net = 1 + (id >> 16) % 64 + 64 * (world % 3);
        let address = format!("127.{net}.{}.{}", (id >> 8) % 256, id % 256);
        let data = cluster.join("data");
        fs::write(data.join("pg_hba.conf"), "local all all trust\nhost all all 127.0.0.0/8 scram-sha-256\n")
            .unwrap();
        let conf = fs::read_to_string(data.join("postgresql.conf")).unwrap();
        fs::write(
            data.join("postgresql.conf"),
            format!("{conf}\nlisten_addresses = '{address}'\npassword_encryption = 'scram-sha-256'\n"),
        )
        .unwrap();
        server::start(&cluster);
        server::sql(&cluster, "postgres", &format!("CREATE ROLE app LOGIN PASSWORD '{PASSWORD}'"));
        server::sql(&cluster, "postgres", "CREATE DATABASE app OWNER app");
        let world = Self { folder, cluster, address, ours: Authority::new("ours") };
        world.keep("config/ca.pem", &String::from_utf8(world.ours.pem()).unwrap());
        world.keep("config/db.password", PASSWORD);
        Some(world)
    }

    /// A file that only its owner reads.
    fn keep(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The server shows this certificate from now on.
    fn shows(&self, (certificate, key): (String, String)) {
        let data = self.cluster.join("data");
        fs::write(data.join("server.crt"), certificate).unwrap();
        let path = data.join("server.key");
        fs::write(&path, key).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        if let Some(user) = server::servant() {
            assert!(Command::new("chown").arg(user).arg(&path).status().unwrap().success());
        }
        server::sql(&self.cluster, "postgres", "ALTER SYSTEM SET ssl = on");
        let restart = server::as_servant(&server::programs().unwrap().join("pg_ctl"))
            .args(["restart", "-w", "-s", "-m", "immediate", "-D"])
            .arg(&data)
            .arg("-l")
            .arg(self.cluster.join("log"))
            .status();
        assert!(restart.unwrap().success());
    }

    /// jalon.toml names the server so, and keeps the password so.
    fn uses(&self, query: &str, password: &str) {
        let url = format!("postgres://app@{NAME}/app?hostaddr={}{query}", self.address);
        self.keep("config/jalon.toml", &format!("{JALON}[ledger]\nurl = \"{url}\"\n{password}\n"));
    }

    fn say(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = jalon(self.folder.path());
        command
            .env("JALON_LOG", "trace")
            .env("CREDENTIALS_DIRECTORY", self.folder.path().join("credentials"));
        let (code, said, error) = ended(&command.args(arguments).output().unwrap());
        assert!(!said.contains("ouvre-toi") && !error.contains("ouvre-toi"), "{said}{error}");
        (code, said + &error)
    }

    /// A command is refused, in both languages, and doctor says the same.
    fn is_refused(&self, case: &str, code: i32, fr: &str, en: &str) {
        for (language, words) in [("fr", fr), ("en", en)] {
            let (found, said) = self.say(&["--lang", language, "history"]);
            assert!(
                found == code && said.contains(words),
                "{case}: {found}, not {code} with {words}: {said}"
            );
            let (found, said) = self.say(&["--lang", language, "doctor"]);
            assert!(found != 0 && said.contains(words), "{case}: {words}: {said}");
        }
    }

    /// A daemon begins to work, and a command reads what it made.
    fn works(&self) {
        let mut command = jalon(self.folder.path());
        command.env("CREDENTIALS_DIRECTORY", self.folder.path().join("credentials")).arg("run");
        let mut daemon = Daemon::spawn(command);
        daemon.until("event=\"loaded\"");
        assert_eq!(self.say(&["--lang", "en", "history"]), (0, "nothing in the ledger\n".to_owned()));
        daemon.stop();
    }
}

const FILE: &str = "password = { file = \"db.password\" }";
const CA: &str = "&sslrootcert=ca.pem";

#[test]
fn the_password_is_said_to_a_server_with_a_certificate_that_can_be_trusted_and_to_no_other() {
    let Some(world) = World::new() else { return };
    world.uses(CA, FILE);
    world.is_refused("no TLS", 69, "il ne propose pas TLS", "it offers no TLS");
    world.shows(Authority::new("strangers").files(&[NAME], 2999));
    let unknown = ["d'une autorité inconnue d'ici", "an authority that is unknown here"];
    world.is_refused("a stranger's", 69, unknown[0], unknown[1]);
    world.shows(world.ours.files(&["elsewhere.example.org", "localhost"], 2999));
    world.is_refused("another name", 69, "au nom d'une autre machine", "is of another name");
    world.shows(world.ours.files(&[NAME], 2021));
    world.is_refused("expired", 69, "renouvelez-le", "renew it");
    let (code, said) = world.say(&["--lang", "en", "run"]);
    assert!(code == 69 && said.contains("renew it"), "{code}: {said}");

    world.shows(world.ours.files(&[NAME], 2999));
    world.works();
    let encrypted = "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app' AND NOT ssl";
    assert_eq!(server::sql(&world.cluster, "app", encrypted), "0");
    world.uses("&sslrootcert=ca.pem&sslmode=verify-full", FILE);
    assert_eq!(world.say(&["history"]).0, 0);

    // The same server, and nobody who vouches for it.
    world.uses("", FILE);
    world.is_refused("no authority", 69, unknown[0], unknown[1]);
    world.uses("&sslrootcert=none.pem", FILE);
    world.is_refused("no such file", 78, "autorités (sslrootcert)", "authorities (sslrootcert)");
    world.keep("config/empty.pem", "nothing\n");
    world.uses("&sslrootcert=empty.pem", FILE);
    world.is_refused(
        "no certificate in it",
        78,
        "(sslrootcert) sont inutilisables",
        "(sslrootcert) cannot be used",
    );
}

#[test]
fn a_password_that_does_not_fit_is_named_and_not_shown() {
    let Some(world) = World::new() else { return };
    world.shows(world.ours.files(&[NAME], 2999));
    world.keep("credentials/ledger-password", &format!("{PASSWORD}\n"));
    for kept in [FILE, "password = { credential = \"ledger-password\" }"] {
        world.uses(CA, kept);
        world.works();
    }
    let check = ["vérifiez l'utilisateur, le mot de passe", "check the user, the password"];
    world.uses(CA, "");
    world.is_refused("none", 69, check[0], check[1]);
    world.keep("config/db.password", "not ouvre-toi");
    world.uses(CA, FILE);
    world.is_refused("a wrong one", 69, check[0], check[1]);
    let (code, said) = world.say(&["--lang", "fr", "run"]);
    assert!(code == 69 && said.contains(check[0]) && said.contains("app"), "{code}: {said}");
    world.uses(CA, "password = { file = \"gone.password\" }");
    world.is_refused("no such file", 78, "password, sous [ledger]", "`password` under [ledger]");
    let open = world.folder.path().join("config/db.password");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
    world.uses(CA, FILE);
    world.is_refused("for all to read", 78, "chmod 600", "chmod 600");
}

#[test]
fn in_the_clear_nothing_goes_to_another_machine_unless_it_is_written() {
    let Some(world) = World::new() else { return };
    for mode in ["prefer", "allow"] {
        world.uses(&format!("&sslmode={mode}"), FILE);
        world.is_refused(mode, 78, "verify-full", "verify-full");
    }
    world.uses("&sslmode=disable", FILE);
    world.works();
    let (_, said) = world.say(&["--lang", "en", "doctor"]);
    assert!(said.contains("not encrypted"), "{said}");
}
