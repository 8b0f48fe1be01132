//! `jalon diff`: what it lists is what the daemon's next round does; and the real binary.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may fail; dice are small")]

#[path = "support/running.rs"]
mod running;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::log::diff;
use jalon::daemon::planner::Planner;
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Says, Stamp, Turn};
use jalon::plan::difference::{Action, after};
use jalon::plan::next::Verdict;
use jalon::plan::row::State;
use jalon::plan::{Key, Sort};
use running::{Daemon, text};

const JALON: &str = "time_zone = \"Europe/Paris\"\nlanguage = \"en\"\n[people.camille]\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\ntime_zone = \"Indian/Reunion\"\n";

/// Numbers that look random, the same on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn posting(&mut self) -> String {
        let who = ["\"camille\"", "\"sacha\"", "\"camille\", \"sacha\""][self.roll(3) as usize];
        let status = ["open", "open", "open", "filled", "cancelled"][self.roll(5) as usize];
        let mut text = format!("title = \"T\"\nrecruiters = [{who}]\nstatus = \"{status}\"\n");
        text += &format!("[deadline]\nuntil = 2026-06-{:02}\n", 10 + self.roll(20));
        if self.roll(2) == 0 {
            text += &format!(
                "[[interview]]\non = 2026-07-{:02}T{:02}:00:00\n",
                1 + self.roll(9),
                8 + self.roll(9)
            );
        }
        if self.roll(3) == 0 {
            text += &format!(
                "[[remind]]\nevent = \"deadline\"\nbefore = [\"{}d\", \"1d\"]\non_day = true\nat = {:02}:00:00\n",
                2 + self.roll(6),
                7 + self.roll(12)
            );
        }
        text
    }
}

/// Sends what is due, and notes what it said.
async fn send(ledger: &SqliteLedger, now: DateTime<Utc>) {
    let lease = TimeDelta::minutes(30);
    let revisions = ledger.revisions().await.unwrap();
    let last: BTreeMap<(String, String), u32> =
        revisions.into_iter().map(|one| ((one.posting, one.event), one.revision)).collect();
    for mail in ledger.claim(now, lease, 100, "example.org").await.unwrap() {
        // A reminder tells its event; the notice of a new posting, all of them.
        let says = mail.rows.iter().flat_map(|row| {
            let all = row.key.sort() == Sort::New;
            let about = move |posting: &str, event: &str| {
                posting == row.key.posting() && (all || event == row.key.event())
            };
            let said = last.iter().filter(move |((posting, event), _)| about(posting, event));
            said.map(|((posting, event), revision)| Says::Event {
                key: row.key.clone(),
                posting: posting.clone(),
                event: event.clone(),
                revision: *revision,
            })
        });
        let (id, term) = (mail.message_id.clone(), mail.term);
        let hand = HandOver { message_id: id.clone(), term, says: says.collect() };
        ledger.turn(Turn::hand(hand), now, lease).await.unwrap();
        let sent = Verdict::Sent { reply: "250 Ok".into() };
        ledger.turn(Turn::settle(id, term, sent), now, lease).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_listed_is_what_the_round_does() {
    let mut notices = 0;
    for seed in 0..40 {
        let mut dice = Dice(seed);
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("postings")).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("jalon.toml", JALON);
        write("postings/a.toml", &dice.posting());
        write("postings/b.toml", &dice.posting().replace("\"T\"", "\"U\""));
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let clock = Clock::jumping("2026-06-05T08:00:00Z".parse().unwrap());
        let step = async || {
            let path = folder.path();
            let planner = Planner::new(ledger.clone(), clock.clone(), path.to_owned(), load(path));
            planner.step().await.unwrap().1
        };
        step().await;
        for turn in 0..6 {
            let hours = TimeDelta::hours(i64::try_from(1 + dice.roll(90)).unwrap());
            clock.wait_until(clock.now() + hours).await;
            step().await;
            send(&ledger, clock.now()).await;
            match dice.roll(6) {
                0 => write("postings/c.toml", &dice.posting().replace("\"T\"", "\"V\"")),
                1 => write("postings/b.toml", &dice.posting().replace("\"T\"", "\"U\"")),
                2 => {
                    let _ = std::fs::rename(
                        folder.path().join("postings/a.toml"),
                        folder.path().join("postings/d.toml"),
                    );
                }
                3 => {
                    let _ = std::fs::remove_file(folder.path().join("postings/c.toml"));
                }
                _ => write("postings/a.toml", &dice.posting()),
            }
            let now = clock.now();
            let before = ledger.known().await.unwrap();
            let path = folder.path();
            let ahead = Planner::new(ledger.clone(), clock.clone(), path.to_owned(), load(path));
            let (_, foreseen) = ahead.look_ahead().await.unwrap().unwrap();
            let round = step().await;
            let context = format!("seed {seed}, turn {turn}: {:#?}", foreseen.lines);
            // Keys and states are as they were foreseen, but for what ended on the way.
            let ended: BTreeMap<&Key, State> = round.ended.iter().map(|(key, state)| (key, *state)).collect();
            let mut expected = BTreeMap::new();
            for row in after(&before, &foreseen.changes, now) {
                let state = ended.get(&row.key).copied().unwrap_or(row.state);
                expected.insert(row.key, (state, row.due));
            }
            let found = ledger.known().await.unwrap();
            let found: BTreeMap<Key, (State, DateTime<Utc>)> =
                found.into_iter().map(|row| (row.key, (row.state, row.due))).collect();
            assert_eq!(found, expected, "{context}");
            // The lines count what the round counts: what moved to another key was withdrawn and added.
            let count = |actions: &[Action]| {
                let of = |line: &&jalon::plan::difference::Line| actions.contains(&line.action);
                foreseen.lines.iter().filter(of).count()
            };
            let begun = foreseen
                .lines
                .iter()
                .filter(|line| line.due.is_some() && !before.iter().any(|row| row.key == line.key));
            assert_eq!(begun.count(), round.added, "{context}");
            // What had left under another name is renamed, and skipped under the new one.
            let settled =
                |line: &&jalon::plan::difference::Line| line.action == Action::Renamed && line.due.is_none();
            let settled = foreseen.lines.iter().filter(settled).count();
            assert_eq!(count(&[Action::Skipped]) + settled, round.skipped, "{context}");
            notices += foreseen.lines.iter().filter(|line| line.key.sort() == Sort::Change).count();
            if foreseen.lines.iter().all(|line| line.action == Action::Vanishing) {
                assert_eq!(
                    (round.added, round.skipped, round.moved, round.withdrawn),
                    (0, 0, 0, 0),
                    "{context}"
                );
            }
        }
    }
    assert!(notices > 20, "the edits told people of {notices} changes only");
}

#[tokio::test]
async fn whoever_a_digest_told_is_foreseen_to_hear_of_a_change() {
    // By another name, too.
    for (id, notice) in [("p", "~change/p/deadline/2/camille"), ("q", "~change/q/deadline/2/camille")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::fs::create_dir_all(path.join("postings")).unwrap();
        let jalon = JALON.replace("[people.sacha]", "digest = \"0 8 * * *\"\n[people.sacha]");
        std::fs::write(path.join("jalon.toml"), jalon).unwrap();
        let write = |id: &str, day: &str| {
            let text = format!("title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = {day}\n");
            std::fs::write(path.join("postings/p.toml"), format!("id = \"{id}\"\n{text}")).unwrap();
        };
        let ledger = SqliteLedger::open(&path.join("jalon.db"), Stamp::Pretended).unwrap();
        let clock = Clock::jumping("2026-06-05T08:00:00Z".parse().unwrap());
        let planner = || Planner::new(ledger.clone(), clock.clone(), path.to_owned(), load(path));
        write("p", "2026-06-28");
        planner().step().await.unwrap();
        clock.wait_until("2026-06-06T06:00:00Z".parse().unwrap()).await;
        let (now, lease) = (clock.now(), TimeDelta::minutes(30));
        for mail in ledger.claim(now, lease, 100, "example.org").await.unwrap() {
            let key = mail.rows[0].key.clone();
            assert_eq!(key.as_str(), "~digest/2026-06-06T08:00/camille");
            let says = Says::Event { key, posting: "p".into(), event: "deadline".into(), revision: 1 };
            let (message_id, term) = (mail.message_id, mail.term);
            let hand = HandOver { message_id: message_id.clone(), term, says: vec![says] };
            ledger.turn(Turn::hand(hand), now, lease).await.unwrap();
            let sent = Turn::settle(message_id, term, Verdict::Sent { reply: "250 Ok".into() });
            ledger.turn(sent, now, lease).await.unwrap();
        }
        clock.wait_until(now + TimeDelta::hours(1)).await;
        write(id, "2026-06-29");
        let (_, foreseen) = planner().look_ahead().await.unwrap().unwrap();
        let notices: Vec<&str> = foreseen
            .lines
            .iter()
            .filter(|line| line.action == Action::Notice && line.key.sort() == Sort::Change)
            .map(|line| line.key.as_str())
            .collect();
        assert_eq!(notices, [notice]);
        planner().step().await.unwrap();
        assert!(ledger.known().await.unwrap().iter().any(|row| row.key.as_str() == notice));
    }
}

/// The lines of `jalon diff` as it prints them, without headings.
fn printed(shown: &str) -> Vec<String> {
    shown.lines().filter_map(|line| line.strip_prefix("  ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_daemon_logs_what_diff_would_have_printed() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::create_dir_all(config.join("postings")).unwrap();
    std::fs::write(config.join("jalon.toml"), JALON).unwrap();
    let write = |id: &str, who: &str, day: &str| {
        let text = format!("title = \"{id}\"\nrecruiters = [{who}]\n[deadline]\nuntil = {day}\n");
        std::fs::write(config.join(format!("postings/{id}.toml")), text).unwrap();
    };
    let remove = |id: &str| std::fs::remove_file(config.join(format!("postings/{id}.toml"))).unwrap();
    let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
    let clock = Clock::jumping("2026-06-05T08:00:00Z".parse().unwrap());
    for id in ["a", "b", "c", "d"] {
        write(id, "\"camille\", \"sacha\"", "2026-06-28");
    }
    let mut planner = Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config));
    planner.step().await.unwrap();
    clock.wait_until("2026-06-21T07:00:00Z".parse().unwrap()).await;
    planner.step().await.unwrap();
    send(&ledger, clock.now()).await;
    // Both asked before the round is written: the binary beside whoever holds the ledger, and the daemon.
    let mut both = async || {
        clock.wait_until(clock.now() + TimeDelta::minutes(20)).await;
        ledger.note_round(clock.now(), false).await.unwrap();
        let shown = run(folder.path(), &["diff", "--ledger", "sqlite:jalon.db"]);
        let before = ledger.known().await.unwrap();
        planner.reload().unwrap();
        let (laid, foreseen) = planner.look_ahead().await.unwrap().unwrap();
        assert_eq!(ledger.known().await.unwrap(), before, "nothing is written yet");
        let logged: Vec<(String, String)> =
            diff(&foreseen).into_iter().map(|(posting, line)| (posting.to_owned(), line)).collect();
        planner.write(laid).await.unwrap();
        (text(&shown.stdout), logged)
    };
    let lines = |logged: &[(String, String)]| logged.iter().map(|(_, line)| line.clone()).collect::<Vec<_>>();
    // Moved, and told; new; gone.
    write("b", "\"camille\", \"sacha\"", "2026-07-05");
    write("e", "\"camille\"", "2026-06-22");
    remove("a");
    let (shown, logged) = both().await;
    assert_eq!(lines(&logged), printed(&shown), "{shown}");
    for (posting, words) in [
        ("a", "- its file is gone: deadline -1d (2026-06-28), camille"),
        ("b", "~ moved: deadline -1d (2026-07-05), sacha"),
        ("b", "@ notice of the change of deadline, camille"),
        ("e", "@ notice of the new posting, camille"),
    ] {
        assert!(logged.iter().any(|(id, line)| id == posting && line.starts_with(words)), "{logged:#?}");
    }
    // What edits nothing that is planned says so, in the same words.
    let (shown, logged) = both().await;
    assert!(shown.contains("- withdrawn: deadline"), "a is believed to be gone by now: {shown}");
    assert_eq!(lines(&logged), printed(&shown));
    let (shown, logged) = both().await;
    assert_eq!(shown, format!("{}\n", logged[0].1));
    assert_eq!(logged, [(String::new(), "these files change nothing in the plan".to_owned())]);
    // A plain address is not the log's to have.
    write("b", "\"lou.durand@example.org\"", "2026-07-06");
    let (shown, logged) = both().await;
    assert!(printed(&shown).iter().any(|line| line.contains(", lou.durand@example.org —")), "{shown}");
    let short: Vec<String> = printed(&shown)
        .iter()
        .map(|line| {
            line.replace("lou.durand@example.org", &jalon::telemetry::shortened("lou.durand@example.org"))
        })
        .collect();
    assert_eq!(lines(&logged), short);
    // The first forty, and how many more.
    for n in 0..20 {
        write(&format!("f{n:02}"), "\"camille\"", &format!("2026-09-{:02}", n + 1));
    }
    let (shown, logged) = both().await;
    let all = printed(&shown);
    assert_eq!(all.len(), 80);
    assert_eq!(lines(&logged[..40]), all[..40]);
    assert_eq!(logged[40..], [(String::new(), "and 40 more: 30 added, 10 to be told".to_owned())]);
    // So many gone at once.
    for n in 0..20 {
        remove(&format!("f{n:02}"));
    }
    let (shown, logged) = both().await;
    assert_eq!(shown.lines().next(), Some(&*logged[0].1));
    assert!(logged[0].1.starts_with("so many files are gone at once that it is not believed (f00, f01"));
    let why = run(folder.path(), &["explain", "c", "--ledger", "sqlite:jalon.db"]);
    assert!(
        text(&why.stderr).contains("takes its last round for now: 21 June 2026, 11:00"),
        "{:?}",
        why.stderr
    );
}

#[test]
fn a_running_daemon_logs_it_when_it_takes_edited_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    std::fs::create_dir_all(path.join("config/postings")).unwrap();
    let mail = "[mail]\nfrom = \"R <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n";
    std::fs::write(path.join("config/jalon.toml"), format!("{JALON}{mail}")).unwrap();
    let write = |day: &str| {
        let text = format!("title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = {day}\n");
        std::fs::write(path.join("config/postings/p.toml"), text).unwrap();
    };
    write("2026-06-28");
    let mut daemon = Daemon::start(path, &["--as-of", "2026-06-01T08:00:00", "--ledger", "sqlite:jalon.db"]);
    let log = daemon.until("event=\"planned\"");
    assert!(!log.iter().any(|line| line.contains("event=\"diff\"")), "nothing was edited: {log:#?}");
    write("2026-06-29");
    let shown = run(path, &["diff", "--ledger", "sqlite:jalon.db"]);
    daemon.hang_up();
    let log = daemon.until("event=\"planned\"");
    let said: Vec<&String> = log.iter().filter(|line| line.contains("event=\"diff\"")).collect();
    let expected = printed(&text(&shown.stdout));
    assert_eq!((said.len(), expected.len()), (3, 3), "{log:#?}");
    for (said, line) in said.iter().zip(&expected) {
        assert!(said.contains(line) && said.contains("posting=\"p\"") && said.contains(" INFO "), "{said}");
        assert!(said.contains("zone=\"Europe/Paris\""), "{said}");
    }
    daemon.stop();
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.args(arguments).current_dir(folder).env_clear().env("LANG", "C").output().unwrap()
}

#[test]
fn two_folders_are_compared_without_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    for side in ["old", "new"] {
        std::fs::create_dir_all(folder.path().join(side).join("postings")).unwrap();
        write(&format!("{side}/jalon.toml"), JALON);
        write(
            &format!("{side}/postings/p.toml"),
            "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-28\n",
        );
    }
    let diff = |more: &[&str]| {
        run(folder.path(), &[&["--config", "new", "diff", "--base", "old", "--exit-code"], more].concat())
    };
    let same = diff(&[]);
    assert_eq!(
        (same.status.code(), text(&same.stdout)),
        (Some(0), "these files change nothing in the plan\n".into())
    );
    assert_eq!(text(&diff(&["--format", "json"]).stdout), "[]\n");
    write(
        "new/postings/p.toml",
        "title = \"Other\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-28\n",
    );
    assert_eq!(diff(&[]).status.code(), Some(0), "a title is no date");
    write(
        "new/postings/p.toml",
        "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-30\n",
    );
    let moved = diff(&["--format", "json"]);
    assert_eq!(moved.status.code(), Some(1), "{}", text(&moved.stderr));
    let rows: serde_json::Value = serde_json::from_slice(&moved.stdout).unwrap();
    assert_eq!(
        rows[0],
        serde_json::json!({
            "action": "moved", "key": "p/deadline/2190-06-30/-7d/camille", "former": "p/deadline/2190-06-28/-7d/camille",
            "due": "2190-06-23T08:00:00Z", "was": "2190-06-21T08:00:00Z",
        })
    );
    assert_eq!(rows.as_array().unwrap().len(), 3);
    let shown = text(&diff(&["--lang", "fr"]).stdout);
    assert!(shown.contains("~ déplacé\u{a0}: deadline -7d (2190-06-30), camille"), "{shown}");
    std::fs::remove_file(folder.path().join("new/postings/p.toml")).unwrap();
    assert!(text(&diff(&[]).stdout).contains("- withdrawn: deadline -7d"));
    write("new/postings/q.toml", "title = \"T\"\nrecruiters = [\"camile\"]\n");
    let broken = diff(&[]);
    assert_eq!(broken.status.code(), Some(78), "after the rest");
    assert!(text(&broken.stdout).contains("- withdrawn") && text(&broken.stderr).contains("q.toml:2:15"));
}

#[tokio::test]
async fn a_renamed_file_is_said_to_be_renamed_once_and_moves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let text =
        |day: &str| format!("title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-{day}\n");
    for side in ["old", "new"] {
        std::fs::create_dir_all(folder.path().join(side).join("postings")).unwrap();
        write(&format!("{side}/jalon.toml"), JALON);
    }
    write("old/postings/p.toml", &text("28"));
    write("new/postings/q.toml", &text("28"));
    // With a ledger, and in the log; the first reminder has left.
    let config = folder.path().join("old");
    let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
    let clock = Clock::jumping("2026-06-05T08:00:00Z".parse().unwrap());
    Planner::new(ledger.clone(), clock.clone(), config.clone(), load(&config)).step().await.unwrap();
    clock.wait_until("2026-06-21T07:00:00Z".parse().unwrap()).await;
    send(&ledger, clock.now()).await;
    ledger.note_round(clock.now(), false).await.unwrap();
    let new = folder.path().join("new");
    let planner = Planner::new(ledger.clone(), clock.clone(), new.clone(), load(&new));
    let (_, foreseen) = planner.look_ahead().await.unwrap().unwrap();
    let renamed = [("q".to_owned(), "~ renamed: p → q".to_owned())];
    let logged: Vec<(String, String)> =
        diff(&foreseen).into_iter().map(|(posting, line)| (posting.to_owned(), line)).collect();
    assert_eq!(logged, renamed);
    let with_ledger = ["--config", "new", "--lang", "fr", "diff", "--ledger", "sqlite:jalon.db"];
    let shown = text_of(&run(folder.path(), &with_ledger));
    assert_eq!(shown, "heures de Europe/Paris\n\nq — T\n  ~ renommé\u{a0}: p → q\n\n1 sous un autre nom\n");
    let json: serde_json::Value = serde_json::from_str(&text_of(&run(
        folder.path(),
        &[&with_ledger[..], &["--format", "json"]].concat(),
    )))
    .unwrap();
    let rows = json.as_array().unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row["action"] == "renamed"), "each has its row: {json}");
    // What moves besides is told besides.
    let rule = "[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"1d\"]\non_day = true\nat = 10:00:00\n";
    write("new/postings/q.toml", &format!("{}{rule}", text("28")));
    let shown = text_of(&run(folder.path(), &with_ledger));
    assert_eq!(
        printed(&shown).iter().filter(|line| line.starts_with("~ déplacé\u{a0}: deadline")).count(),
        2
    );
    assert!(!shown.contains("renommé"), "{shown}");
    // Between two folders.
    write("old/postings/p.toml", &text("28").replace("2026", "2190"));
    write("new/postings/q.toml", &text("28").replace("2026", "2190"));
    let between = ["--config", "new", "diff", "--base", "old"];
    assert_eq!(
        text_of(&run(folder.path(), &between)),
        "times of Europe/Paris\n\nq — T\n  ~ renamed: p → q\n\n1 renamed\n"
    );
}

fn text_of(output: &Output) -> String {
    text(&output.stdout)
}

#[test]
fn without_a_ledger_there_is_nothing_to_compare_with() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    std::fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
    assert_eq!(run(folder.path(), &["diff"]).status.code(), Some(69));
    assert_eq!(run(folder.path(), &["diff", "--base", "x", "--ledger", "sqlite:y"]).status.code(), Some(2));
    assert_eq!(run(folder.path(), &["diff", "--base", "nowhere"]).status.code(), Some(78));
}

#[tokio::test]
async fn the_binary_reads_beside_whoever_holds_the_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    std::fs::create_dir_all(config.join("postings")).unwrap();
    std::fs::write(config.join("jalon.toml"), JALON).unwrap();
    let posting = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2190-06-28\n";
    std::fs::write(config.join("postings/p.toml"), posting).unwrap();
    let held = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Real).unwrap();
    Planner::new(held.clone(), Clock::real(), config.clone(), load(&config)).step().await.unwrap();
    let diff = || run(folder.path(), &["diff", "--ledger", "sqlite:jalon.db", "--exit-code"]);
    assert_eq!(diff().status.code(), Some(0), "{}", text(&diff().stdout));
    std::fs::write(config.join("postings/p.toml"), posting.replace("06-28", "06-29")).unwrap();
    let before = held.known().await.unwrap();
    assert_eq!(diff().status.code(), Some(1));
    assert!(text(&diff().stdout).contains("~ moved: deadline -7d"), "{}", text(&diff().stdout));
    assert_eq!(held.known().await.unwrap(), before, "nothing is written");
    let why = run(folder.path(), &["explain", "p", "--ledger", "sqlite:jalon.db"]);
    assert!(text(&why.stdout).contains("not noted yet"), "{}", text(&why.stdout));
}
