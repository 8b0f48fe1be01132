//! The dispatcher's step, on a clock that jumps, a real ledger, and a scripted relay on a real socket: what
//! becomes of reminders when the relay is away, refuses, falls silent, or when one of them is poisoned.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/server.rs"]
mod server;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Dispatcher, Report, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Ledger as _, Stamp};
use jalon::plan::next::Verdict;
use jalon::plan::row::{Row, State};
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use rusqlite::{Connection, OpenFlags};
use server::{Act, Script, Server, Stage, say};
use tokio::sync::watch;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-25\n[start]\non = 2026-06-26\n";

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Arc<Snapshot>,
    server: Server,
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
    /// A world at eight in the morning of 20 June 2026, with this relay; the plan is laid.
    async fn new(more: &str, rules: Vec<(Stage, usize, Act)>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "jalon.toml", &format!("{JALON}{more}"));
        write(folder.path(), "postings/p.toml", POSTING);
        let clock = Clock::jumping(at("2026-06-20T06:00:00Z"));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        let snapshot = planner.step().await.unwrap().0.unwrap();
        let server = Server::start(Script { rules, ..Script::default() }).await;
        let timeouts = Timeouts::all(Duration::from_secs(20));
        let smtp = Smtp::new(&server.relay(), None, &[], timeouts).unwrap();
        let way = Way::new("relay".into(), Transport::Smtp(Box::new(smtp)));
        let (stop, stopping) = watch::channel(false);
        let dispatcher =
            Dispatcher::new(ledger.clone(), clock.clone(), vec![way], TimeDelta::minutes(30), stopping);
        Self { folder, clock, ledger, planner, dispatcher, snapshot, server, _stop: stop }
    }

    async fn go(&self, when: &str) {
        self.clock.wait_until(at(when)).await;
    }

    async fn wait(&self, time: TimeDelta) {
        self.clock.wait_until(self.clock.now() + time).await;
    }

    async fn step(&mut self) -> Report {
        self.dispatcher.step(&self.snapshot).await.unwrap()
    }

    /// Steps until there is no more work.
    async fn drain(&mut self) -> usize {
        let mut departures = 0;
        loop {
            let report = self.step().await;
            departures += report.departures.len();
            if !report.worked {
                return departures;
            }
        }
    }

    async fn replan(&mut self) {
        self.planner.reload().unwrap();
        self.snapshot = self.planner.step().await.unwrap().0.unwrap();
    }

    async fn row(&self, key: &str) -> Row {
        self.ledger.known().await.unwrap().into_iter().find(|row| row.key.as_str() == key).unwrap()
    }

    async fn states(&self, of: &str) -> String {
        let rows = self.ledger.known().await.unwrap();
        let of = rows.iter().filter(|row| row.key.recipient() == of);
        of.map(|row| format!("{}/{} {}", row.key.event(), row.key.lead(), row.state.word()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn recipients(&self) -> Vec<String> {
        self.server
            .lines()
            .into_iter()
            .filter_map(|line| Some(line.strip_prefix("RCPT TO:<")?.split('>').next()?.to_owned()))
            .collect()
    }

    fn message_ids(&self) -> Vec<String> {
        let bodies = self.server.lines().into_iter();
        bodies
            .filter_map(|line| Some(line.split_once("Message-ID: <")?.1.split('>').next()?.to_owned()))
            .collect()
    }
}

const CAMILLE: &str = "p/deadline/2026-06-25/-1d/camille";
const SACHA: &str = "p/deadline/2026-06-25/-1d/sacha";
const DUE: &str = "2026-06-24T07:00:00Z";

#[tokio::test]
async fn each_recipient_has_a_mail_of_their_own_and_all_over_one_connection() {
    let mut world = World::new("", vec![]).await;
    assert_eq!(world.drain().await, 0, "nothing is due yet");
    world.go(DUE).await;
    assert_eq!(world.drain().await, 2);
    assert_eq!(world.recipients(), ["camille@example.org", "sacha@example.org"]);
    assert_eq!(world.server.connections(), 1);
    assert_eq!(world.drain().await, 0, "nothing leaves twice");
}

/// The ledger of a dispatcher that tells, and who was told of.
static TOLD: Mutex<(PathBuf, Vec<String>)> = Mutex::new((PathBuf::new(), Vec::new()));

#[tokio::test]
async fn who_wants_to_hear_of_each_mail_does_so_once_when_it_is_written_and_before_the_next_is() {
    let mut world = World::new("", vec![]).await;
    TOLD.lock().unwrap().0 = world.folder.path().join("jalon.db");
    world.dispatcher = world.dispatcher.telling(|departure| {
        assert!(matches!(departure.verdict, Verdict::Sent { .. }), "{departure:?}");
        let (path, told) = &mut *TOLD.lock().unwrap();
        told.push(departure.reader.clone());
        let ledger = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sql = "SELECT recipient FROM rows WHERE state = 'sent' ORDER BY recipient";
        let mut sent = ledger.prepare(sql).unwrap();
        let sent = sent.query_map([], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(sent.map(Result::unwrap).collect::<Vec<_>>(), *told);
    });
    world.go(DUE).await;
    assert_eq!(world.drain().await, 0, "the report keeps none");
    assert_eq!(TOLD.lock().unwrap().1, ["camille", "sacha"]);
}

#[tokio::test]
async fn all_that_is_overdue_leaves_in_one_mail_and_the_latest_of_an_event_speaks_for_it() {
    let mut world = World::new("", vec![]).await;
    // Down from the 20th to the 25th at noon: deadline −1d and 0d, start −1d are due; start −14d was skipped.
    world.go("2026-06-25T10:00:00Z").await;
    assert_eq!(world.drain().await, 2);
    assert_eq!(
        world.states("camille").await,
        "deadline/-1d superseded, deadline/-7d skipped, deadline/0d sent, start/-14d skipped, start/-1d sent"
    );
    assert!(world.server.lines().iter().any(|line| line.contains("et 1 autre rappel")));
}

#[tokio::test]
async fn what_nobody_could_send_in_time_lapses_with_a_reason() {
    let mut world = World::new("", vec![]).await;
    world.go("2026-07-01T00:00:00Z").await;
    world.drain().await;
    assert_eq!(
        world.states("camille").await,
        "deadline/-1d superseded, deadline/-7d skipped, deadline/0d lapsed, start/-14d skipped, start/-1d lapsed"
    );
    assert!(world.row(CAMILLE).await.reason.is_some());
    assert_eq!(world.server.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_relay_that_is_away_costs_a_reminder_nothing() {
    let mut world =
        World::new("", vec![(Stage::Greeting, 1, Act::Drop), (Stage::Greeting, 2, say("421 busy"))]).await;
    world.go(DUE).await;
    for (rest, failures) in [(5, 1), (30, 2)] {
        let report = world.step().await;
        assert!(report.resting.is_some(), "failure {failures}");
        let row = world.row(CAMILLE).await;
        assert_eq!((row.state, row.attempts, row.doubts), (State::Planned, 0, 0));
        assert_eq!(world.dispatcher.rests_until(), Some(world.clock.now() + TimeDelta::seconds(rest)));
        assert!(!world.step().await.worked, "while it rests it is left alone");
        world.wait(TimeDelta::seconds(rest)).await;
    }
    assert_eq!(world.drain().await, 2);
    assert_eq!(world.dispatcher.rests_until(), None);
}

#[tokio::test]
async fn one_bad_address_fails_alone() {
    let mut world = World::new("", vec![(Stage::Rcpt, 1, say("550 5.1.1 unknown user"))]).await;
    world.go(DUE).await;
    world.drain().await;
    let (camille, sacha) = (world.row(CAMILLE).await, world.row(SACHA).await);
    assert_eq!((camille.state, sacha.state), (State::Failed, State::Sent));
    assert_eq!(camille.reply.as_deref(), Some("rcpt: 550 5.1.1 unknown user"));
    // A corrected address brings it back.
    write(world.folder.path(), "jalon.toml", &JALON.replace("camille@example.org", "c@example.org"));
    world.replan().await;
    world.drain().await;
    assert_eq!(world.row(CAMILLE).await.state, State::Sent);
    assert_eq!(world.recipients().last().unwrap(), "c@example.org");
}

#[tokio::test]
async fn a_refusal_for_now_waits_longer_each_time_and_holds_up_nobody() {
    let rules =
        vec![(Stage::Rcpt, 1, say("451 4.7.1 greylisted")), (Stage::Rcpt, 3, say("451 4.7.1 greylisted"))];
    let mut world = World::new("", rules).await;
    world.go(DUE).await;
    world.drain().await;
    assert_eq!((world.row(CAMILLE).await.state, world.row(SACHA).await.state), (State::Planned, State::Sent));
    for (minutes, attempts) in [(1, 1), (5, 2)] {
        let row = world.row(CAMILLE).await;
        assert_eq!(
            (row.attempts, row.not_before),
            (attempts, Some(world.clock.now() + TimeDelta::minutes(minutes)))
        );
        world.wait(TimeDelta::minutes(minutes)).await;
        world.drain().await;
    }
    assert_eq!(world.row(CAMILLE).await.state, State::Sent);
    let ids = world.message_ids();
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn silence_after_the_dot_is_a_doubt_and_the_copy_bears_the_same_id() {
    let mut world = World::new("", vec![(Stage::Dot, 1, Act::Drop)]).await;
    world.go(DUE).await;
    world.drain().await;
    let row = world.row(CAMILLE).await;
    assert_eq!((row.state, row.doubts, row.in_doubt), (State::Planned, 1, true));
    assert_eq!(row.not_before, Some(world.clock.now() + TimeDelta::minutes(1)));
    world.wait(TimeDelta::minutes(1)).await;
    world.drain().await;
    let row = world.row(CAMILLE).await;
    assert_eq!((row.state, row.doubts, row.in_doubt), (State::Sent, 1, false));
    let ids = world.message_ids();
    assert_eq!(ids.iter().filter(|id| Some(*id) == row.message_id.as_ref()).count(), 2);
}

#[tokio::test]
async fn under_hold_a_doubt_is_held_for_a_person() {
    let mut world = World::new("[delivery]\nin_doubt = \"hold\"\n", vec![(Stage::Dot, 1, Act::Drop)]).await;
    world.go(DUE).await;
    world.drain().await;
    world.go("2026-06-25T06:00:00Z").await;
    world.drain().await;
    assert_eq!(world.row(CAMILLE).await.state, State::Held);
    assert_eq!(world.recipients().iter().filter(|to| to.starts_with("camille")).count(), 1);
}

#[tokio::test]
async fn a_link_lost_before_the_dot_is_tried_at_once_on_a_new_connection() {
    let mut world = World::new("", vec![(Stage::Data, 1, Act::Drop)]).await;
    world.go(DUE).await;
    world.drain().await;
    let row = world.row(CAMILLE).await;
    assert_eq!((row.state, row.attempts, row.doubts), (State::Sent, 0, 0));
    assert_eq!(world.server.connections(), 2);
}

#[tokio::test]
async fn a_refused_sender_is_the_relays_state_and_no_reminders() {
    let mut world = World::new("", vec![(Stage::Mail, 0, say("550 5.7.1 not your address"))]).await;
    world.go(DUE).await;
    world.drain().await;
    assert_eq!(
        (world.row(CAMILLE).await.state, world.row(SACHA).await.state),
        (State::Planned, State::Planned)
    );
    assert_eq!(world.dispatcher.rests_until(), Some(world.clock.now() + TimeDelta::minutes(15)));
    assert_eq!(world.recipients(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mail_that_cannot_be_written_fails_nobody_else() {
    let mut world = World::new("", vec![]).await;
    // Another posting, of which no text is known by the time its mail is written.
    write(
        world.folder.path(),
        "postings/q.toml",
        &POSTING.replace("[\"camille\", \"sacha\"]", "[\"x@example.org\"]"),
    );
    world.replan().await;
    let known = world.ledger.postings_of(vec!["q".to_owned()]).await.unwrap();
    world.ledger.remember(Vec::new(), vec!["q".to_owned()]).await.unwrap();
    world.go(DUE).await;
    world.drain().await;
    let key = "q/deadline/2026-06-25/-1d/x@example.org";
    assert_eq!((world.row(CAMILLE).await.state, world.row(key).await.state), (State::Sent, State::Planned));
    world.ledger.remember(known, Vec::new()).await.unwrap();
    world.wait(TimeDelta::minutes(15)).await;
    world.drain().await;
    assert_eq!(world.row(key).await.state, State::Sent);
}

/// Why the templates that are there are not in force.
fn template_problems(world: &mut World) -> Vec<&'static str> {
    world.planner.files().template_problems().iter().map(|problem| problem.code).collect()
}

#[tokio::test]
async fn templates_are_taken_whole_or_the_last_good_ones_stay() {
    let mut world = World::new("", vec![]).await;
    write(world.folder.path(), "templates/fr/reminder.txt", "Salut, {{ headline }}");
    write(world.folder.path(), "templates/fr/notes.txt", "it replaces nothing, and stands in nobody's way");
    world.replan().await;
    assert_eq!(template_problems(&mut world), ["unknown-template"]);
    // One that does not read, one that names what is not there, and one that cannot be read: none is taken.
    for (name, text) in [("fr/reminder.html", "{% if %}"), ("fr/reminder.html", "{{ nothing_of_the_kind }}")]
    {
        write(world.folder.path(), "templates/fr/reminder.txt", "Adieu");
        write(world.folder.path(), &format!("templates/{name}"), text);
        world.replan().await;
        assert_eq!(template_problems(&mut world).len(), 2);
    }
    std::fs::remove_file(world.folder.path().join("templates/fr/reminder.html")).unwrap();
    std::fs::write(world.folder.path().join("templates/fr/reminder.html"), [0xff, 0xfe, 0xfd]).unwrap();
    world.replan().await;
    world.go(DUE).await;
    world.drain().await;
    assert_eq!(world.row(CAMILLE).await.state, State::Sent);
    let said = |word: &str| world.server.lines().iter().any(|line| line.contains(word));
    assert!(said("\r\n\r\nSalut") && !said("Adieu"));
}

#[tokio::test]
async fn what_the_calendar_takes_back_before_it_leaves_does_not_leave() {
    let mut world = World::new("", vec![]).await;
    write(world.folder.path(), "postings/p.toml", &format!("status = \"cancelled\"\n{POSTING}"));
    world.replan().await;
    world.go(DUE).await;
    assert_eq!(world.drain().await, 0);
    assert_eq!(world.row(CAMILLE).await.state, State::Withdrawn);
    // And what comes back in time leaves, once.
    write(world.folder.path(), "postings/p.toml", POSTING);
    world.replan().await;
    assert_eq!(world.drain().await, 2);
}

#[tokio::test]
async fn one_reminder_that_cannot_be_told_holds_up_no_other_of_its_mail() {
    let mut world = World::new("", vec![]).await;
    // Camille has reminders of two postings; of one of them no text is known.
    write(world.folder.path(), "postings/q.toml", POSTING);
    world.replan().await;
    world.ledger.remember(Vec::new(), vec!["q".to_owned()]).await.unwrap();
    world.go(DUE).await;
    world.drain().await;
    let poisoned = world.row("q/deadline/2026-06-25/-1d/camille").await;
    assert_eq!((world.row(CAMILLE).await.state, poisoned.state), (State::Sent, State::Planned));
    assert_eq!(poisoned.not_before, Some(world.clock.now() + TimeDelta::minutes(15)));
}

#[tokio::test]
async fn a_person_who_is_removed_while_named_costs_nobody_anything() {
    let mut world = World::new("", vec![]).await;
    let without = JALON.replace("[people.sacha]\nemail = \"sacha@example.org\"\n", "");
    write(world.folder.path(), "jalon.toml", &without);
    world.replan().await;
    world.go("2026-06-20T06:20:00Z").await;
    world.drain().await;
    assert_eq!(world.recipients(), ["a@example.org"], "the operator hears of it");
    world.go(DUE).await;
    world.drain().await;
    assert_eq!(world.recipients(), ["a@example.org", "camille@example.org", "sacha@example.org"]);
    // Once nobody names them any more, they are gone.
    write(world.folder.path(), "postings/p.toml", &POSTING.replace("\"camille\", \"sacha\"", "\"camille\""));
    world.replan().await;
    assert_eq!(world.row("p/deadline/2026-06-25/0d/sacha").await.state, State::Withdrawn);
    assert_eq!(world.ledger.people().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_mail_that_always_breaks_the_link_does_not_starve_the_others() {
    let rules = vec![(Stage::Data, 1, Act::Drop), (Stage::Data, 3, Act::Drop), (Stage::Data, 4, Act::Drop)];
    let mut world = World::new("", rules).await;
    world.go(DUE).await;
    // Camille's breaks the link; then Sacha's goes first.
    world.drain().await;
    assert_eq!((world.row(CAMILLE).await.state, world.row(SACHA).await.state), (State::Planned, State::Sent));
}

#[tokio::test]
async fn the_same_refusal_to_three_in_a_row_is_about_us() {
    let mut world =
        World::new("", (1..=3).map(|n| (Stage::Rcpt, n, say("554 5.7.1 relay access denied"))).collect())
            .await;
    write(
        world.folder.path(),
        "postings/p.toml",
        &POSTING.replace("[\"camille\", \"sacha\"]", "[\"camille\", \"sacha\", \"x@example.org\"]"),
    );
    world.replan().await;
    world.go(DUE).await;
    world.drain().await;
    for key in [CAMILLE, SACHA, "p/deadline/2026-06-25/-1d/x@example.org"] {
        assert_eq!(world.row(key).await.state, State::Planned, "{key}");
    }
    assert_eq!(world.dispatcher.rests_until(), Some(world.clock.now() + TimeDelta::minutes(15)));
    world.wait(TimeDelta::minutes(15)).await;
    world.drain().await;
    assert_eq!(world.row(CAMILLE).await.state, State::Sent);
    assert_eq!(world.row(SACHA).await.state, State::Sent);
}

#[tokio::test]
async fn what_is_late_waits_for_the_hours_of_delivery() {
    let mut world = World::new("", vec![]).await;
    // Due at nine on the 24th; the machine comes back at three in the morning of the 25th, Paris.
    world.go("2026-06-25T01:00:00Z").await;
    assert_eq!(world.drain().await, 0);
    assert_eq!(world.row(CAMILLE).await.not_before, Some(at("2026-06-25T05:00:00Z")));
    world.go("2026-06-25T05:00:00Z").await;
    assert_eq!(world.drain().await, 2);
    assert!(world.server.lines().iter().any(|line| line.contains("retard")));
}

#[tokio::test]
async fn a_broken_file_keeps_its_posting_whatever_its_id_was() {
    let mut world = World::new("", vec![]).await;
    write(world.folder.path(), "postings/p.toml", &format!("id = \"autre\"\n{POSTING}"));
    world.replan().await;
    let path = world.folder.path().join("postings/p.toml");
    for broken in [
        b"\xff\xfe".to_vec(),
        b"<<<<<<< HEAD\nid = \"autre\"\n".to_vec(),
        b"id = \"encore\"\ntitle = 3\n".to_vec(),
    ] {
        std::fs::write(&path, broken).unwrap();
        world.replan().await;
        world.wait(TimeDelta::hours(1)).await;
        world.replan().await;
        let row = world.row("autre/deadline/2026-06-25/-1d/camille").await;
        assert_eq!(row.state, State::Planned);
    }
}

#[tokio::test]
async fn a_renamed_file_reminds_nobody_twice() {
    let mut world = World::new("", vec![]).await;
    let folder = world.folder.path().join("postings");
    std::fs::rename(folder.join("p.toml"), folder.join("renamed.toml")).unwrap();
    world.replan().await;
    world.go(DUE).await;
    assert_eq!(world.drain().await, 2);
    assert_eq!(world.row(CAMILLE).await.state, State::Withdrawn);
    assert_eq!(world.row("renamed/deadline/2026-06-25/-1d/camille").await.state, State::Sent);
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_says_nothing_of_its_files() {
    let mut world = World::new("", vec![]).await;
    let (folder, away) = (world.folder.path().join("postings"), world.folder.path().join("away"));
    std::fs::rename(&folder, &away).unwrap();
    assert!(world.planner.reload().is_err());
    // Also when it is so from the start.
    let loaded = load(world.folder.path());
    world.planner =
        Planner::new(world.ledger.clone(), world.clock.clone(), world.folder.path().into(), loaded);
    for _ in 0..2 {
        let (snapshot, round) = world.planner.step().await.unwrap();
        assert!(round.doubted);
        world.snapshot = snapshot.unwrap();
        world.wait(TimeDelta::hours(1)).await;
    }
    world.go(DUE).await;
    world.drain().await;
    let reminded = world.recipients().into_iter().filter(|to| to != "a@example.org").count();
    assert_eq!(reminded, 2);
}

#[tokio::test]
async fn while_jalon_toml_is_wrong_postings_are_followed_by_its_version_in_force() {
    let mut world = World::new("", vec![]).await;
    let path = world.folder.path().to_owned();
    let good = std::fs::read_to_string(path.join("jalon.toml")).unwrap();
    // Cut in the middle; people misspelt; a change that takes a restart; a folder of postings that is none.
    let restart = good.replace("[mail]", "[mail]\noutbox = \"out\"");
    let nowhere = format!("postings = \"nowhere\"\n{good}");
    let people = good.replace("[people.", "[peuple.").replace("time_zone", "timezone");
    for (n, wrong) in [&good[..good.len() / 2], &people, &restart, &nowhere].into_iter().enumerate() {
        write(&path, "jalon.toml", wrong);
        let day = format!("2026-07-{:02}", 20 + n);
        write(&path, "postings/p.toml", &POSTING.replace("2026-06-25", &day));
        write(
            &path,
            "postings/q.toml",
            "title = \"Q\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = demain\n",
        );
        let refused = world.planner.reload().unwrap_err();
        assert!(refused.iter().all(|problem| problem.file.ends_with("jalon.toml")), "{refused:?}");
        let (snapshot, round) = world.planner.step().await.unwrap();
        world.snapshot = snapshot.unwrap();
        assert_eq!(world.row(&format!("p/deadline/{day}/-1d/camille")).await.state, State::Planned);
        let wrong: BTreeSet<&str> =
            round.problems.iter().map(|problem| problem.file.rsplit('/').next().unwrap()).collect();
        assert_eq!(wrong, BTreeSet::from(["q.toml"]), "{:?}", round.problems);
        // The operator hears of both, and of a posting that was never right that nothing is followed.
        assert_eq!(round.troubles.len(), 2, "{:?}", round.troubles);
        assert!(round.troubles[0].sentence.fr.starts_with("jalon.toml"), "{:?}", round.troubles);
        assert!(round.troubles[1].sentence.fr.contains("Rien n'en est suivi"), "{:?}", round.troubles);
    }
    write(&path, "jalon.toml", &good);
    world.planner.reload().unwrap();
}

#[tokio::test]
async fn edits_are_noticed_from_outside_and_once() {
    let mut world = World::new("", vec![]).await;
    assert!(!world.planner.files().changed());
    for (file, text) in [
        ("postings/p.toml", POSTING.replace("\"T\"", "\"Another\"")),
        ("postings/q.toml", POSTING.to_owned()),
        ("templates/fr/parts/start.txt", "{{ reminder.headline }}".to_owned()),
        ("jalon.toml", "broken".to_owned()),
    ] {
        write(world.folder.path(), file, &text);
        assert!(world.planner.files().changed(), "{file}");
        // Also when they are not taken.
        let _ = world.planner.reload();
        assert!(!world.planner.files().changed(), "{file}");
    }
    std::fs::remove_file(world.folder.path().join("postings/q.toml")).unwrap();
    assert!(world.planner.files().changed());
}
