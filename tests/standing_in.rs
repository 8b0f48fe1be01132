//! Notices on their way out, on a clock that jumps, a real ledger and scripted relays: the operator's mails never wait
//! behind the relay that is the problem; whoever covers has one mail and not two; an empty digest ends with a reason.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/server.rs"]
mod server;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Way};
use jalon::daemon::planner::Planner;
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::row::{Reason, Row, State};
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use server::{Act, Script, Server, Stage, say};
use tokio::sync::watch;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"admin@example.org\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str =
    "title = \"T\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-25\n";

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    relays: Vec<Server>,
    _stop: watch::Sender<bool>,
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl World {
    /// A world at eight in the morning of 20 June 2026, with a relay for each list of rules.
    async fn new(more: &str, scripts: Vec<Vec<(Stage, usize, Act)>>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "jalon.toml", &format!("{JALON}{more}"));
        write(folder.path(), "postings/p.toml", POSTING);
        let clock = Clock::jumping(at("2026-06-20T06:00:00Z"));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        let (mut relays, mut ways) = (Vec::new(), Vec::new());
        for (n, rules) in scripts.into_iter().enumerate() {
            let server = Server::start(Script { rules, ..Script::default() }).await;
            let smtp = Smtp::new(&server.relay(), None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
            ways.push(Way::new(format!("relay{}", n + 1), Transport::Smtp(Box::new(smtp))));
            relays.push(server);
        }
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), ways, TimeDelta::minutes(30), stopping);
        let mut world = Self { folder, clock, ledger, planner, dispatcher, relays, _stop: stop };
        world.round().await;
        world
    }

    /// Plans and sends until there is nothing to do.
    async fn round(&mut self) {
        loop {
            self.planner.heed(self.dispatcher.health());
            let snapshot = self.planner.step().await.unwrap().0.unwrap();
            if !self.dispatcher.step(&snapshot).await.unwrap().worked {
                return;
            }
        }
    }

    /// Lets time pass, with a round every so many minutes.
    async fn until(&mut self, when: &str, every: i64) {
        while self.clock.now() < at(when) {
            let next = (self.clock.now() + TimeDelta::minutes(every)).min(at(when));
            self.clock.wait_until(next).await;
            self.round().await;
        }
    }

    async fn edit(&mut self, file: &str, text: &str) {
        write(self.folder.path(), file, text);
        let _ = self.planner.reload();
        self.round().await;
    }

    /// Whom a relay was given mails for.
    fn recipients(&self, relay: usize) -> Vec<String> {
        let lines = self.relays[relay].lines().into_iter();
        lines.filter_map(|line| Some(line.strip_prefix("RCPT TO:<")?.split('@').next()?.to_owned())).collect()
    }

    /// Whether a relay was given these words in some mail.
    fn says(&self, relay: usize, words: &str) -> bool {
        // The text part is quoted-printable: its soft ends of line are taken out.
        let lines = self.relays[relay].lines();
        lines.iter().any(|line| line.replace("=\r\n", "").replace("=\n", "").contains(words))
    }

    async fn rows(&self, beginning: &str) -> Vec<Row> {
        let rows = self.ledger.known().await.unwrap();
        rows.into_iter().filter(|row| row.key.as_str().starts_with(beginning)).collect()
    }
}

#[tokio::test]
async fn the_operator_hears_of_a_relay_by_another_one_and_once_more_when_it_is_well() {
    // The first relay hangs up on whoever calls, for more than an hour.
    let away = (1..=9).map(|n| (Stage::Greeting, n, Act::Drop)).collect();
    // Met by the mails themselves, and not on the evening before.
    let mut world = World::new("[delivery]\npreflight = false\n", vec![away, vec![]]).await;
    world.until("2026-06-24T07:00:00Z", 600).await;
    world.until("2026-06-24T07:30:00Z", 10).await;
    assert_eq!(world.recipients(1), ["camille", "sacha"], "the other relay takes what was due at nine");
    assert_eq!(world.rows("~operator/relay-relay1").await.len(), 1, "and an hour has not passed");
    world.until("2026-06-24T08:30:00Z", 10).await;
    assert_eq!(world.recipients(1), ["camille", "sacha", "admin"]);
    // It is tried again when there is something to send: on the 25th at nine it is still away, then well.
    world.until("2026-06-25T19:00:00Z", 300).await;
    for number in 0..6 {
        let text =
            format!("title = \"T{number}\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-07-30\n");
        world.edit(&format!("postings/n{number}.toml"), &text).await;
        world.until(&format!("2026-06-26T{:02}:{:02}:00Z", 6 + number / 4, number % 4 * 15), 5).await;
    }
    let told: Vec<_> =
        world.rows("~operator/").await.iter().map(|row| (row.key.to_string(), row.state)).collect();
    assert_eq!(
        told,
        [
            ("~operator/relay-relay1/1".to_owned(), State::Sent),
            ("~operator/relay-relay1/1/healed".to_owned(), State::Sent)
        ]
    );
}

#[tokio::test]
async fn a_refused_login_is_told_at_once_and_never_twice() {
    let refused = vec![(Stage::Mail, 0, say("550 5.7.1 not your address"))];
    let mut world = World::new("", vec![refused, vec![]]).await;
    world.until("2026-06-24T07:00:00Z", 600).await;
    world.until("2026-06-24T07:05:00Z", 1).await;
    let mut told = world.recipients(1);
    told.sort();
    assert_eq!(told, ["admin", "camille", "sacha"]);
    world.until("2026-06-25T19:00:00Z", 60).await;
    assert_eq!(world.recipients(1).iter().filter(|to| *to == "admin").count(), 1);
}

#[tokio::test]
async fn whoever_covers_has_one_mail_and_reads_for_whom_it_is() {
    let mut world = World::new("", vec![vec![]]).await;
    let away = JALON.replace(
        "email = \"camille@example.org\"",
        "email = \"camille@example.org\"\naway = [[2026-06-24, 2026-06-24]]\ncover = \"sacha\"",
    );
    world.edit("jalon.toml", &away).await;
    world.until("2026-06-24T07:00:00Z", 600).await;
    assert_eq!(world.recipients(0), ["sacha"]);
    assert!(world.says(0, "Aussi pour Camille Exemple"));
    let rows = world.rows("p/deadline/2026-06-25/-1d/").await;
    let read: Vec<_> = rows.iter().map(|row| (row.key.recipient(), row.reader.as_str(), row.state)).collect();
    assert_eq!(read, [("camille", "sacha", State::Sent), ("sacha", "sacha", State::Sent)]);
    // The next day she is back.
    world.until("2026-06-25T07:00:00Z", 600).await;
    assert_eq!(world.recipients(0), ["sacha", "camille", "sacha"]);
}

#[tokio::test]
async fn an_empty_digest_ends_with_a_reason_and_one_that_is_always_wanted_leaves() {
    let digest = |more: &str| {
        JALON.replace("sacha@example.org\"", &format!("sacha@example.org\"\ndigest = \"0 8 * * *\"{more}"))
    };
    let mut world = World::new("", vec![vec![]]).await;
    world.edit("postings/p.toml", &POSTING.replace(", \"sacha\"", "")).await;
    world.edit("jalon.toml", &digest("")).await;
    world.until("2026-06-21T06:00:00Z", 600).await;
    assert_eq!(world.recipients(0), Vec::<String>::new());
    let ended = &world.rows("~digest/2026-06-21T08:00/sacha").await[0];
    assert_eq!((ended.state, ended.reason), (State::Skipped, Some(Reason::NothingToTell)));
    world.edit("jalon.toml", &digest("\ndigest_always = true")).await;
    world.until("2026-06-22T06:00:00Z", 600).await;
    assert_eq!(world.recipients(0), ["sacha"]);
    // A manager sees what is not theirs.
    world.edit("jalon.toml", &digest("\ndigest_of = \"all\"")).await;
    world.until("2026-06-23T06:00:00Z", 600).await;
    assert_eq!(world.recipients(0), ["sacha", "sacha"]);
    assert!(world.says(0, "Cl=C3=B4ture des candidatures"));
}

#[tokio::test]
async fn a_template_that_fails_on_a_mail_gives_way_and_the_operator_hears_of_it_once() {
    let mut world = World::new("", vec![vec![]]).await;
    // It is good for whoever tries it first.
    let text = "Salut{% if recipient.email == \"sacha@example.org\" %}{{ nothing }}{% endif %}";
    world.edit("templates/fr/reminder.txt", text).await;
    world.until("2026-06-25T12:00:00Z", 30).await;
    let mails = world.relays[0].lines();
    let told = |word: &str| mails.iter().filter(|line| line.contains(word)).count();
    assert_eq!((told("\r\n\r\nSalut"), told("To: sacha@example.org")), (2, 2), "{mails:?}");
    let of = |world: &World| world.recipients(0).iter().filter(|to| *to == "admin").count();
    assert_eq!((of(&world), told("fr/reminder.txt, ligne 1")), (1, 1), "{mails:?}");
    // Mended, nothing more is said.
    world.edit("templates/fr/reminder.txt", "Salut").await;
    world.until("2026-06-25T18:00:00Z", 30).await;
    assert_eq!(of(&world), 1);
}
