//! `jalon forget` and `jalon history --person`: what is kept on somebody, and that it leaves the files' very bytes. In both
//! stores.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;
#[path = "support/postgres.rs"]
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::planner::Planner;
use jalon::files::load;
use jalon::ledger::postgres::place::Place;
use jalon::ledger::shared::Host;
use jalon::ledger::store::{Location, Store};
use jalon::ledger::{Attendance, HandOver, Ledger as _, Mail, Stamp, Turn};
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::row::{Reason, State};
use jalon::transport::Letter;
use jalon::transport::folder::Outbox;
use running::{Daemon, ended, jalon, text};
use server::{Apart, Database};

const CAMILLE: &str = "[people.camille]\nname = \"Camille Exemple\"\nemail = \"Camille.Exemple@example.org\"\naway = [[2026-06-25, 2026-06-30]]\ncover = \"sacha\"\n";
const POSTING: &str = "title = \"Poste\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-28\n[[interview]]\non = 2026-07-06\npanel = [\"camille\", \"plain@example.org\"]\n";
const ADDRESS: &str = "camille.exemple@example.org";

fn settings(more: &str) -> String {
    format!(
        "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.sacha]\nemail = \"sacha@example.org\"\n{more}"
    )
}

/// Where the ledger of a test is.
enum On {
    Sqlite,
    Postgres(Apart),
}

/// Each promise, in both stores.
macro_rules! promises {
    ($($name:ident)*) => {
        mod on_sqlite {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::On::Sqlite).await;
            })*
        }
        mod on_postgres {
            $(#[tokio::test]
            async fn $name() {
                if !super::Database::can_be() {
                    return eprintln!("skipped: no programs of PostgreSQL here");
                }
                super::$name(super::On::Postgres(super::Apart::new())).await;
            })*
        }
    };
}

promises! {
    history_of_a_person_is_all_that_is_kept_on_them_by_whatever_name
    whoever_a_file_still_names_is_not_forgotten_and_every_place_is_said
    who_is_forgotten_leaves_no_byte_in_the_ledger
    an_address_alone_is_forgotten_too_and_its_planned_rows_are_withdrawn
    what_waits_for_a_decision_comes_first
    a_mailbox_that_others_still_have_stays_theirs
    mails_of_an_outbox_go_and_copies_are_named
    beside_a_running_daemon_nothing_comes_back
}

struct World {
    // Closed before the database goes.
    ledger: Store,
    folder: tempfile::TempDir,
    clock: Clock,
    on: On,
}

impl World {
    /// Camille's reminders of a deadline have been answered: one sent, one refused in words that name her.
    async fn new(on: On) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        let location = match &on {
            On::Sqlite => Location::File(folder.path().join("jalon.db")),
            On::Postgres(apart) => Location::Server(Box::new(Place::parse(&apart.url()).unwrap())),
        };
        let host = Host { id: "here".into(), name: "here".into(), run: "1".into() };
        let ledger = Store::open(&location, Stamp::Pretended, host).await.unwrap();
        let clock = Clock::jumping("2026-06-01T08:00:00Z".parse().unwrap());
        let world = Self { ledger, folder, clock, on };
        world.write(&settings(CAMILLE), POSTING);
        world.round("2026-06-01T08:00:00Z").await;
        world.round("2026-06-21T08:00:00Z").await;
        world.answer(sent).await;
        world.round("2026-06-27T08:00:00Z").await;
        world
            .answer(|mail| Verdict::Never {
                reason: Reason::RecipientRefused,
                reply: format!(
                    "rcpt: 550 5.1.1 <{}> for <Camille.Exemple@EXAMPLE.org>: who is Camille Exemple?",
                    mail.email
                ),
            })
            .await;
        world
    }

    fn write(&self, jalon_toml: &str, posting: &str) {
        std::fs::write(self.folder.path().join("config/jalon.toml"), jalon_toml).unwrap();
        std::fs::write(self.folder.path().join("config/postings/p.toml"), posting).unwrap();
    }

    /// Camille leaves every file, and a round is made of it.
    async fn leave(&self) {
        let posting = POSTING.replace("\"camille\", ", "");
        self.write(&settings(""), &posting);
        self.round("2026-06-28T08:00:00Z").await;
        if let On::Postgres(apart) = &self.on {
            apart.sql("ANALYZE"); // the server notes the commonest values of each column
        }
    }

    async fn round(&self, at: &str) {
        let at: DateTime<Utc> = at.parse().unwrap();
        self.clock.wait_until(at.max(self.clock.now())).await;
        self.ledger.note_round(self.clock.now(), false).await.unwrap();
        let config = self.folder.path().join("config");
        let planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.clone(), load(&config));
        planner.step().await.unwrap();
    }

    async fn answer(&self, verdict: impl Fn(&Mail) -> Verdict) {
        let lease = TimeDelta::minutes(30);
        for mail in self.ledger.claim(self.clock.now(), lease, 9, "example.org").await.unwrap() {
            let hand = HandOver { message_id: mail.message_id.clone(), term: mail.term, says: vec![] };
            let turn = Turn::hand(hand);
            self.ledger.turn(turn, self.clock.now(), lease).await.unwrap();
            let settle = Turn::settle(mail.message_id.clone(), mail.term, verdict(&mail));
            self.ledger.turn(settle, self.clock.now(), lease).await.unwrap();
        }
    }

    fn url(&self) -> String {
        match &self.on {
            On::Sqlite => "sqlite:jalon.db".to_owned(),
            On::Postgres(apart) => apart.url(),
        }
    }

    fn say(&self, arguments: &[&str]) -> (i32, String, String) {
        let (name, rest) = arguments.split_first().unwrap();
        let url = self.url();
        let mut line = jalon(self.folder.path());
        line.args(["--lang", "fr", name, "--ledger", &url]).args(rest);
        ended(&line.output().unwrap())
    }

    /// Whether the ledger holds a text, in any case: in a table, or anywhere in its files.
    fn holds(&self, what: &str) -> bool {
        match &self.on {
            On::Sqlite => {
                ["jalon.db", "jalon.db-wal"].iter().any(|file| holds(&self.folder.path().join(file), what))
            }
            On::Postgres(apart) => {
                apart.dump().to_lowercase().contains(&what.to_lowercase())
                    || apart.files().into_iter().any(|bytes| is_in(bytes, what))
            }
        }
    }

    fn history(&self, person: &str) -> Vec<serde_json::Value> {
        let (code, said, error) = self.say(&["history", "--person", person, "--format", "json"]);
        assert_eq!(code, 0, "{error}");
        serde_json::from_str(&said).unwrap()
    }
}

fn sent(_: &Mail) -> Verdict {
    Verdict::Sent { reply: "250 queued".into() }
}

/// Whether a file's bytes hold a text, in any case.
fn holds(file: &Path, what: &str) -> bool {
    is_in(std::fs::read(file).unwrap_or_default(), what)
}

fn is_in(mut bytes: Vec<u8>, what: &str) -> bool {
    bytes.make_ascii_lowercase();
    let what = what.to_ascii_lowercase();
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

async fn history_of_a_person_is_all_that_is_kept_on_them_by_whatever_name(on: On) {
    let world = World::new(on).await;
    let all = world.history("camille");
    let keys: Vec<&str> = all.iter().map(|row| row["key"].as_str().unwrap()).collect();
    assert!(keys.contains(&"p/deadline/2026-06-28/-7d/camille"), "{keys:?}");
    assert_eq!(world.history("camille exemple"), all);
    assert_eq!(world.history("CAMILLE.exemple@example.org"), all);
    // She was away: Sacha read for her. Both are told of it.
    let stood_in = "p/deadline/2026-06-28/-1d/camille";
    let row = all.iter().find(|row| row["key"] == stood_in).unwrap();
    assert_eq!(row["email"], "sacha@example.org");
    assert!(world.history("sacha").iter().any(|row| row["key"] == stood_in), "as a stand-in");
    // The relay's answer about another row names her.
    assert!(keys.contains(&"p/deadline/2026-06-28/-1d/sacha"), "{keys:?}");
    assert!(!keys.contains(&"p/interview/2026-07-06/-1d/plain@example.org"), "{keys:?}");
    assert!(world.history("plain@example.org").iter().all(|row| row["email"] == "plain@example.org"));
    assert_eq!(world.history("nobody").len(), 0);
    // Stable names.
    let names: Vec<&String> = all[0].as_object().unwrap().keys().collect();
    assert_eq!(
        names,
        [
            "attempts",
            "doubts",
            "due",
            "email",
            "in_doubt",
            "key",
            "message_id",
            "reason",
            "reply",
            "sent_at",
            "state"
        ]
    );
    // Once she has left every file, the ledger alone knows what belongs together.
    world.leave().await;
    assert!(world.ledger.people().await.unwrap().iter().all(|(id, _)| id != "camille"));
    let after = world.history("camille");
    assert!(keys.iter().all(|key| after.iter().any(|row| row["key"] == *key)), "{after:#?}");
    assert_eq!(world.history(ADDRESS), after);
}

async fn whoever_a_file_still_names_is_not_forgotten_and_every_place_is_said(on: On) {
    let world = World::new(on).await;
    for (jalon_toml, posting, place) in [
        (settings(CAMILLE), POSTING.to_owned(), "[people.camille], config/jalon.toml"),
        (settings(CAMILLE), POSTING.to_owned(), "config/postings/p.toml:2"),
        (
            settings(""),
            POSTING.replace("[\"camille\", \"sacha\"]", "[\"sacha\"]"),
            "config/postings/p.toml:7",
        ),
        (
            settings(""),
            format!("{}# Demander à Camille Exemple\n", POSTING.replace("\"camille\", ", "")),
            "config/postings/p.toml:8",
        ),
        (
            settings("[teams]\nrh = [\"sacha\", \"camille.exemple@example.org\"]\n"),
            POSTING.replace("\"camille\", ", ""),
            "config/jalon.toml:9",
        ),
        (
            settings("").replace("a@example.org", ADDRESS),
            POSTING.replace("\"camille\", ", ""),
            "config/jalon.toml:4",
        ),
    ] {
        world.write(&jalon_toml, &posting);
        let before = world.ledger.known().await.unwrap();
        let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
        assert_eq!((code, said.as_str()), (1, ""), "{place}: {error}");
        assert!(error.contains("est encore nommé. Retirez-le d'abord de"), "{error}");
        assert!(error.lines().any(|line| line == format!("  {place}")), "{place}\n{error}");
        assert_eq!(world.ledger.known().await.unwrap(), before);
    }
}

async fn who_is_forgotten_leaves_no_byte_in_the_ledger(on: On) {
    let world = World::new(on).await;
    world.leave().await;
    for what in [ADDRESS, "Camille Exemple", "/camille", "\"camille\""] {
        assert!(world.holds(what), "{what} is there to begin with");
    }
    let before = world.ledger.known().await.unwrap();
    let (code, said, error) = world.say(&["forget", "camille", "--dry-run"]);
    assert_eq!(code, 0, "{error}");
    assert!(said.contains("lignes du registre") && said.contains("rien n'est oublié"), "{said}");
    let (code, _, error) = world.say(&["forget", "camille"]);
    assert_eq!(code, 2, "nobody can answer here");
    assert!(error.contains("ajoutez --yes"), "{error}");
    assert_eq!(world.ledger.known().await.unwrap(), before, "nothing yet");

    let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    let word = said.split_once("« ").and_then(|(_, rest)| rest.split_once("oublie-")).unwrap().1;
    let word = format!("oublie-{}", &word[..4]);
    // Beside the ledger that this test holds open as a daemon would.
    for what in [ADDRESS, "camille.exemple", "Camille Exemple", "camille"] {
        assert!(!world.holds(what), "{what} has left the file");
    }
    let after = world.ledger.known().await.unwrap();
    assert_eq!(after.len(), before.len(), "the record stands");
    let states = |rows: &[jalon::plan::row::Row]| {
        let mut states: Vec<_> =
            rows.iter().map(|row| (row.state, row.due, row.message_id.clone())).collect();
        states.sort();
        states
    };
    assert_eq!(states(&after), states(&before));
    let row =
        after.iter().find(|row| row.key.as_str() == format!("p/deadline/2026-06-28/-7d/{word}")).unwrap();
    assert_eq!((row.state, row.reader.as_str()), (State::Sent, word.as_str()));
    assert_eq!(row.email, format!("{word}@oublie.invalid"));
    let refused = after.iter().find(|row| row.key.as_str().ends_with("/-1d/sacha")).unwrap();
    assert_eq!(
        refused.reply.as_deref().unwrap(),
        format!("rcpt: 550 5.1.1 <sacha@example.org> for <{word}>: who is {word}?")
    );
    assert!(said.contains("journaux") && said.contains("git"), "{said}");

    // The next rounds bring nothing back, and write to nobody of that name.
    world.round("2026-06-28T09:00:00Z").await;
    assert!(!world.holds("camille"));
    assert_eq!(world.history("camille").len(), 0);
    let (code, _, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 1);
    assert!(error.contains("rien n'est gardé sur"), "{error}");
    assert!(
        world
            .ledger
            .known()
            .await
            .unwrap()
            .iter()
            .all(|row| row.state != State::Planned || !row.email.contains("invalid"))
    );
}

async fn an_address_alone_is_forgotten_too_and_its_planned_rows_are_withdrawn(on: On) {
    let world = World::new(on).await;
    // It has left the posting, and no round was made since.
    world.write(&settings(CAMILLE), &POSTING.replace(", \"plain@example.org\"", ""));
    assert!(world.holds("plain@example.org"));
    let (code, said, error) = world.say(&["forget", "Plain@example.org", "--yes"]);
    // The ledger's own last good text is the file's, which is another one by now.
    if code == 1 {
        assert!(error.contains("p.toml") || error.contains("fiche p"), "{error}");
        world.round("2026-06-27T08:01:00Z").await;
        assert_eq!(world.say(&["forget", "Plain@example.org", "--yes"]).0, 0);
    } else {
        assert_eq!(code, 0, "{said}{error}");
    }
    world.round("2026-06-27T08:02:00Z").await;
    assert!(!world.holds("plain@example.org"));
    let known = world.ledger.known().await.unwrap();
    let theirs: Vec<_> = known.iter().filter(|row| row.email.ends_with("@oublie.invalid")).collect();
    assert!(!theirs.is_empty() && theirs.iter().all(|row| row.state == State::Withdrawn), "{theirs:#?}");
}

async fn what_waits_for_a_decision_comes_first(on: On) {
    let world = World::new(on).await;
    world.clock.wait_until("2026-07-05T08:00:00Z".parse().unwrap()).await;
    world.round("2026-07-05T08:00:00Z").await;
    world
        .answer(|_| Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: "dot: nothing".into() })
        .await;
    world.leave().await;
    let (code, _, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 1);
    assert!(error.contains("jalon confirm --person \"camille\""), "{error}");
    assert!(world.holds(ADDRESS));
    assert_eq!(world.say(&["withdraw", "--person", "camille"]).0, 0);
    assert_eq!(world.say(&["forget", "camille", "--yes"]).0, 0);
    assert!(!world.holds("camille"));
}

async fn a_mailbox_that_others_still_have_stays_theirs(on: On) {
    let shared = settings(
        "[people.camille]\nname = \"Camille Exemple\"\nemail = \"rh@example.org\"\n[people.robin]\nemail = \"rh@example.org\"\n",
    );
    let world = World::new(on).await;
    world.write(&shared, POSTING);
    world.round("2026-06-27T09:00:00Z").await;
    world.write(
        &settings("[people.robin]\nemail = \"rh@example.org\"\n"),
        &POSTING.replace("\"camille\"", "\"robin\""),
    );
    world.round("2026-06-27T09:01:00Z").await;
    let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(!world.holds("camille") && world.holds("rh@example.org"));
    assert_eq!(world.say(&["forget", "rh@example.org", "--yes"]).0, 1, "it is Robin's");
}

async fn mails_of_an_outbox_go_and_copies_are_named(on: On) {
    let world = World::new(on).await;
    let outbox = Outbox::new(world.folder.path().join("outbox"));
    for (id, to) in [("1@example.org", "Camille.Exemple@example.org"), ("2@example.org", "sacha@example.org")]
    {
        let bytes =
            format!("Date: Fri, 01 May 2026 08:00:00 +0000\r\nMessage-ID: <{id}>\r\nTo: {to}\r\n\r\n");
        let letter = Letter { from: "r@example.org", to, message_id: id, bytes: bytes.as_bytes() };
        let _ = outbox.send(letter);
    }
    let copy = world.folder.path().join("backups/jalon.db.20260601T080000Z");
    if matches!(world.on, On::Sqlite) {
        std::fs::create_dir(world.folder.path().join("backups")).unwrap();
        std::fs::copy(world.folder.path().join("jalon.db"), &copy).unwrap();
        let log = std::fs::read(world.folder.path().join("jalon.db-wal")).unwrap();
        std::fs::write(&copy, [std::fs::read(&copy).unwrap(), log].concat()).unwrap();
    }
    world.leave().await;
    let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains("courriels de l'outbox supprimés\u{a0}: 1."), "{said}");
    match world.on {
        On::Sqlite => {
            assert!(said.contains("\n  rm backups/jalon.db.20260601T080000Z\n"), "{said}");
            assert!(copy.exists(), "jalon removes no copy by itself");
        }
        // What is not its own is told.
        On::Postgres(_) => {
            for word in ["pg_dump", "pg_basebackup", "WAL", "journal du serveur"] {
                assert!(said.contains(word), "{word}: {said}");
            }
        }
    }
    let folder = world.folder.path().join("outbox");
    assert!(!folder.join("1@example.org.eml").exists() && folder.join("2@example.org.eml").exists());
}

async fn beside_a_running_daemon_nothing_comes_back(on: On) {
    let world = World::new(on).await;
    let (url, World { folder, ledger, on, .. }) = (world.url(), world);
    drop(ledger);
    let mut daemon = Daemon::start(folder.path(), &["--as-of", "2026-06-27T11:00:00", "--ledger", &url]);
    daemon.until("event=\"kept\"");
    let config = folder.path().join("config");
    std::fs::write(config.join("postings/p.toml"), POSTING.replace("\"camille\", ", "")).unwrap();
    std::fs::write(config.join("jalon.toml"), settings("")).unwrap();
    let forget = || {
        let line = ["--lang", "en", "forget", "camille", "--yes", "--ledger", &url];
        ended(&jalon(folder.path()).args(line).output().unwrap())
    };
    let (begun, mut asked) = (Instant::now(), false);
    loop {
        let (code, said, error) = forget();
        if code == 0 {
            break;
        }
        // The daemon has not taken it up: its copy of jalon.toml, or the ledger, names her still.
        assert_eq!(code, 1, "{said}{error}");
        assert!(error.contains("still named") || error.contains("leaving"), "{error}");
        assert!(begun.elapsed() < Duration::from_mins(1), "{error}");
        if !asked {
            asked = true;
            daemon.hang_up();
            daemon.until("event=\"kept\"");
        }
    }
    daemon.hang_up();
    daemon.until("event=\"loaded\"");
    daemon.stop();
    for file in ["jalon.db", "jalon.db-wal", "jalon.last-good/jalon.toml", "var/last-good/jalon.toml"] {
        assert!(!holds(&folder.path().join(file), "camille"), "{file}");
    }
    if let On::Postgres(apart) = &on {
        assert!(!apart.dump().to_lowercase().contains("camille"));
    }
    let list = jalon(folder.path())
        .args(["--lang", "en", "history", "--person", "camille", "--ledger", &url])
        .output()
        .unwrap();
    assert_eq!(text(&list.stdout), "nothing in the ledger\n");
}

/// A promise of PostgreSQL alone.
async fn in_postgres() -> Option<World> {
    if !Database::can_be() {
        eprintln!("skipped: no programs of PostgreSQL here");
        return None;
    }
    Some(World::new(On::Postgres(Apart::new())).await)
}

impl World {
    fn apart(&self) -> &Apart {
        match &self.on {
            On::Postgres(apart) => apart,
            On::Sqlite => panic!("it is no PostgreSQL"),
        }
    }
}

mod on_postgres_only {
    use super::*;

    #[tokio::test]
    async fn what_the_ledger_or_another_host_still_knows_of_them_is_said() {
        let Some(world) = in_postgres().await else { return };
        // Edited here; the host that plans has made no round since.
        world.write(&settings(""), &POSTING.replace("\"camille\", ", ""));
        let (code, _, error) = world.say(&["forget", "camille", "--yes"]);
        assert_eq!(code, 1);
        assert!(error.contains("le registre, que l'hôte qui planifie"), "{error}");
        world.leave().await;
        let attend = |name: &str, digest: &str| {
            let place = Place::parse(&world.apart().url()).unwrap();
            let host = Host { id: name.into(), name: name.into(), run: "1".into() };
            let card = Attendance { digest: digest.into(), readable: true, now: Clock::real().now() };
            async move {
                let ledger =
                    Store::open(&Location::Server(Box::new(place)), Stamp::Pretended, host).await.unwrap();
                ledger.attend(card).await.unwrap()
            }
        };
        assert!(attend("one", "same").await.term.is_some());
        attend("two", "other").await;
        let (code, _, error) = world.say(&["forget", "camille", "--yes"]);
        assert_eq!(code, 1);
        assert!(error.contains("peut-être les fichiers de l'hôte two,"), "{error}");
        attend("two", "same").await;
        let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
        assert_eq!(code, 0, "{said}{error}");
    }

    #[tokio::test]
    async fn what_somebody_still_reads_is_said_to_be_left_in_the_files() {
        let Some(world) = in_postgres().await else { return };
        world.leave().await;
        let mut reader = server::session(&Database::folder(), &world.apart().name);
        reader.say("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM rows;");
        let (code, said, error) = world.say(&["forget", "camille", "--yes"]);
        assert_eq!((code, said.as_str()), (1, ""), "{error}");
        assert!(error.contains("C'est oublié") && error.contains("VACUUM FULL"), "{error}");
        assert!(!world.apart().dump().to_lowercase().contains("camille"), "no table names her");
        drop(reader);
        // Nothing is kept on her: there is nothing more for jalon to do.
        assert_eq!(world.say(&["forget", "camille", "--yes"]).0, 1);
    }

    #[tokio::test]
    async fn the_last_of_all_people_leaves_no_byte_either() {
        let Some(world) = in_postgres().await else { return };
        world.apart().sql("ANALYZE"); // of a table that is empty later on, the server keeps what it knew
        let alone = settings("").replace("[people.sacha]\nemail = \"sacha@example.org\"\n", "");
        let posting = POSTING.replace("\"camille\", \"sacha\"", "\"plain@example.org\"");
        world.write(&alone, &posting.replace("\"camille\", ", ""));
        world.round("2026-06-28T08:00:00Z").await;
        world.apart().sql("ANALYZE");
        assert_eq!(world.say(&["forget", "sacha", "--yes"]).0, 0);
        assert_eq!(world.say(&["forget", "camille", "--yes"]).0, 0);
        for who in ["camille", "sacha"] {
            assert!(!world.holds(who), "{who}");
        }
    }
}

/// As long as another program reads the ledger as it was, the file must keep that. It is said, and how it goes.
#[tokio::test]
async fn what_a_reader_made_it_keep_goes_at_the_second_time() {
    let world = World::new(On::Sqlite).await;
    world.leave().await;
    let reader = rusqlite::Connection::open(world.folder.path().join("jalon.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM rows;").unwrap();
    let (code, _, error) = world.say(&["forget", "camille", "--yes"]);
    assert_eq!(code, 1, "{error}");
    let again = format!("jalon forget {ADDRESS}");
    assert!(error.contains("une trace") && error.contains(&again), "{error}");
    assert!(world.holds(ADDRESS) && world.history(ADDRESS).is_empty());
    reader.execute_batch("COMMIT").unwrap();
    let (code, said, error) = world.say(&["forget", ADDRESS, "--yes"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(!world.holds(ADDRESS), "{said}");
    // The second is the end of Sacha's.
    for nobody in [ADDRESS, "cha@example.org"] {
        let (code, _, error) = world.say(&["forget", nobody, "--yes"]);
        assert!(code == 1 && error.contains("rien n'est gardé"), "{error}");
    }
}
