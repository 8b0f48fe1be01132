//! `jalon diff`: what it lists is what the daemon's next round does; and the real binary.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may fail; dice are small")]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::cli::diff::foresee::foresee;
use jalon::clock::Clock;
use jalon::daemon::planner::{Memory, Planner};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Says, Stamp, Turn};
use jalon::plan::difference::{Action, after};
use jalon::plan::next::Verdict;
use jalon::plan::row::State;
use jalon::plan::{Key, Sort};

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
        ledger.turn(Turn { settle: None, hand: Some(hand) }, now, lease).await.unwrap();
        let sent = Verdict::Sent { reply: "250 Ok".into() };
        ledger.turn(Turn { settle: Some((id, term, sent)), hand: None }, now, lease).await.unwrap();
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
            let memory = Memory::of(&ledger).await.unwrap();
            let (before, told) = (memory.known.clone(), ledger.told().await.unwrap());
            let foreseen = foresee(folder.path(), load(folder.path()), memory, told, now).unwrap();
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
            assert_eq!(count(&[Action::Skipped]), round.skipped, "{context}");
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

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.args(arguments).current_dir(folder).env_clear().env("LANG", "C").output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
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
