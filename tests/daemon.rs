//! The real binary as a daemon: it waits on a pretended clock, sends into an outbox, stops when told, and begins
//! again without sending twice.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead as _, BufReader, Lines, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-25\n";

struct Daemon {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    /// Dropped with the daemon; until then a daemon that says nothing for a minute is killed, and the test fails.
    _leash: mpsc::Sender<()>,
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
    std::fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
    std::fs::write(folder.path().join("config/postings/p.toml"), POSTING).unwrap();
    folder
}

fn jalon(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.current_dir(folder).env_clear().env("LANG", "C");
    command
}

impl Daemon {
    fn start(folder: &Path, as_of: &str) -> Self {
        let mut child = jalon(folder)
            .args(["run", "--as-of", as_of, "--ledger", "sqlite:jalon.db"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let (leash, held) = mpsc::channel();
        let id = child.id().to_string();
        std::thread::spawn(move || {
            if held.recv_timeout(Duration::from_mins(1)) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = Command::new("kill").args(["-9", &id]).status();
            }
        });
        Self { child, log, _leash: leash }
    }

    /// Reads the log until a line holds this; returns it, or what stood instead when the log ended.
    fn until(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        for line in self.log.by_ref() {
            let line = line.unwrap();
            if line.contains(wanted) {
                return line;
            }
            seen.push_str(&line);
            seen.push('\n');
        }
        panic!("the log ended without {wanted:?}:\n{seen}");
    }

    fn stop(mut self) -> i32 {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.until("event=\"stopped\"");
        self.child.wait().unwrap().code().unwrap()
    }
}

fn history(folder: &Path) -> Vec<serde_json::Value> {
    let output =
        jalon(folder).args(["history", "--ledger", "sqlite:jalon.db", "--format", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn states(folder: &Path) -> Vec<(String, String)> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = history(folder);
    let all = rows.iter().map(|row| (text(row, "key"), text(row, "state")));
    all.filter(|(key, _)| !key.starts_with('~')).collect()
}

fn expected(states: [&str; 3]) -> Vec<(String, String)> {
    ["-7d", "-1d", "0d"]
        .iter()
        .zip(states)
        .map(|(lead, state)| (format!("p/deadline/2026-06-25/{lead}/camille"), state.to_owned()))
        .collect()
}

fn mails(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("outbox")).map_or(0, |dir| {
        dir.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "eml")).count()
    })
}

/// A socket to be a relay on, and the settings that send there.
fn relay_instead_of_outbox(folder: &Path) -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let relay = format!("[smtp]\nhost = \"localhost\"\nport = {port}\ntls = \"none\"\n");
    let settings = JALON.replace("outbox = \"outbox\"\n", "") + &relay;
    std::fs::write(folder.join("config/jalon.toml"), settings).unwrap();
    listener
}

#[test]
fn it_waits_sends_stops_and_goes_on_without_sending_twice() {
    let folder = folder();
    let path = folder.path();
    // A second before the reminder of the day before is due; the one of seven days before is past.
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    let sent = daemon.until("event=\"sent\"");
    assert!(sent.contains("p/deadline/2026-06-25/-1d"), "{sent}");
    assert_eq!(daemon.stop(), 0);
    assert_eq!(states(path), expected(["skipped", "sent", "planned"]));
    assert_eq!(mails(path), 1);
    // The next day, late: the last one leaves at once, and nothing that had left.
    let mut daemon = Daemon::start(path, "2026-06-25T10:30:00");
    let sent = daemon.until("event=\"sent\"");
    assert!(sent.contains("p/deadline/2026-06-25/0d"), "{sent}");
    assert_eq!(daemon.stop(), 0);
    assert_eq!(states(path), expected(["skipped", "sent", "sent"]));
    assert_eq!(mails(path), 2);
    let row = &history(path)[2];
    for name in ["email", "reason", "due", "attempts", "doubts", "in_doubt", "message_id", "sent_at", "reply"]
    {
        assert!(!row[name].is_null(), "{name}: {row}");
    }
}

#[test]
fn a_second_daemon_on_one_ledger_is_refused_with_75() {
    let folder = folder();
    let mut daemon = Daemon::start(folder.path(), "2026-06-01T08:00:00");
    daemon.until("event=\"started\"");
    let second = jalon(folder.path())
        .args(["run", "--as-of", "2026-06-01", "--ledger", "sqlite:jalon.db"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(75), "{}", String::from_utf8_lossy(&second.stderr));
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_pretended_ledger_refuses_the_real_clock_with_78() {
    let folder = folder();
    let mut daemon = Daemon::start(folder.path(), "2026-06-01T08:00:00");
    daemon.until("event=\"started\"");
    daemon.stop();
    let real = jalon(folder.path()).args(["run", "--ledger", "sqlite:jalon.db"]).output().unwrap();
    assert_eq!(real.status.code(), Some(78), "{}", String::from_utf8_lossy(&real.stderr));
}

#[test]
fn a_pretended_clock_needs_a_ledger_of_its_own_and_sends_nothing_outside() {
    let folder = folder();
    let run =
        |arguments: &[&str]| jalon(folder.path()).arg("run").args(arguments).output().unwrap().status.code();
    assert_eq!(run(&["--as-of", "2026-06-01"]), Some(2));
    assert_eq!(run(&["--as-of", "yesterday", "--ledger", "sqlite:jalon.db"]), Some(2));
    let outside = JALON.replace("outbox = \"outbox\"\n", "") + "[smtp]\nhost = \"smtp.example.org\"\n";
    std::fs::write(folder.path().join("config/jalon.toml"), outside).unwrap();
    assert_eq!(run(&["--as-of", "2026-06-01", "--ledger", "sqlite:jalon.db"]), Some(78));
    assert!(!folder.path().join("jalon.db").exists());
}

#[test]
fn a_posting_that_breaks_goes_on_as_its_last_good_version_has_it() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-24T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    std::fs::write(path.join("config/postings/p.toml"), "title = \"T\nrecruiters = 3\n").unwrap();
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    daemon.until("event=\"problem\"");
    let sent = daemon.until("event=\"sent\"");
    assert!(sent.contains("p/deadline/2026-06-25/-1d"), "{sent}");
    assert_eq!(daemon.stop(), 0);
}

#[test]
fn a_vanished_posting_is_not_believed_at_once() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-24T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    std::fs::remove_file(path.join("config/postings/p.toml")).unwrap();
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    daemon.until("event=\"vanished\"");
    daemon.until("event=\"sent\"");
    daemon.stop();
    // After fifteen minutes it is.
    let mut daemon = Daemon::start(path, "2026-06-24T09:30:00");
    daemon.until("event=\"gone\"");
    daemon.stop();
    assert_eq!(states(path), expected(["skipped", "sent", "withdrawn"]));
}

#[test]
fn what_is_in_hand_is_finished_when_it_is_told_to_stop() {
    let folder = folder();
    let path = folder.path();
    let listener = relay_instead_of_outbox(path);
    // A relay that takes the mail, and answers the dot only when it is told to.
    let (dot, dot_came) = mpsc::channel();
    let (answer, may_answer) = mpsc::channel::<()>();
    let relay = std::thread::spawn(move || {
        let (mut link, _) = listener.accept().unwrap();
        link.write_all(b"220 relay ESMTP\r\n").unwrap();
        let mut in_body = false;
        for line in BufReader::new(link.try_clone().unwrap()).lines() {
            let Ok(line) = line else { return };
            let reply: &[u8] = match (in_body, line.split(' ').next().unwrap()) {
                (true, ".") => {
                    in_body = false;
                    dot.send(()).unwrap();
                    may_answer.recv().unwrap();
                    b"250 2.0.0 taken\r\n"
                }
                (true, _) => continue,
                (_, "DATA") => {
                    in_body = true;
                    b"354 go on\r\n"
                }
                (_, "QUIT") => b"221 bye\r\n",
                _ => b"250 fine\r\n",
            };
            link.write_all(reply).unwrap();
        }
    });
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    dot_came.recv_timeout(Duration::from_mins(1)).unwrap();
    assert!(Command::new("kill").arg(daemon.child.id().to_string()).status().unwrap().success());
    daemon.until("event=\"stopping\"");
    answer.send(()).unwrap();
    daemon.until("event=\"sent\"");
    daemon.until("event=\"stopped\"");
    assert_eq!(daemon.child.wait().unwrap().code(), Some(0));
    relay.join().unwrap();
    assert_eq!(states(path), expected(["skipped", "sent", "planned"]));
}

#[test]
fn a_clock_behind_the_last_round_holds_everything() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-20T08:00:00");
    daemon.until("event=\"planned\"");
    daemon.stop();
    // Two days back: what is due in the meantime is neither planned anew nor sent.
    let mut daemon = Daemon::start(path, "2026-06-18T08:00:00");
    daemon.until("event=\"clock\"");
    daemon.stop();
    assert_eq!(states(path), expected(["skipped", "planned", "planned"]));
}

#[test]
fn a_crash_while_a_mail_is_in_hand_is_a_doubt_and_the_copy_bears_the_same_id() {
    let folder = folder();
    let path = folder.path();
    let listener = relay_instead_of_outbox(path);
    let (data, data_came) = mpsc::channel();
    std::thread::spawn(move || {
        let (mut link, _) = listener.accept().unwrap();
        link.write_all(b"220 relay ESMTP\r\n").unwrap();
        for line in BufReader::new(link.try_clone().unwrap()).lines() {
            let Ok(line) = line else { return };
            if line == "DATA" {
                data.send(()).unwrap(); // and no answer, ever
            } else {
                link.write_all(b"250 fine\r\n").unwrap();
            }
        }
    });
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    data_came.recv_timeout(Duration::from_mins(1)).unwrap();
    daemon.child.kill().unwrap();
    daemon.child.wait().unwrap();
    let id = history(path)[1]["message_id"].clone();
    assert_eq!(states(path), expected(["skipped", "handed", "planned"]));
    // It may have left, for all the ledger knows: it leaves again at once, under the same id, and the doubt is counted.
    std::fs::write(path.join("config/jalon.toml"), JALON).unwrap();
    let mut daemon = Daemon::start(path, "2026-06-24T09:01:00");
    daemon.until("event=\"doubt\"");
    daemon.until("event=\"sent\"");
    daemon.stop();
    let row = &history(path)[1];
    assert_eq!(
        (row["state"].as_str(), row["doubts"].as_u64(), &row["message_id"]),
        (Some("sent"), Some(1), &id)
    );
}

#[test]
fn a_log_that_nobody_reads_stops_nothing() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-24T08:59:59");
    daemon.until("event=\"started\"");
    // The reader of the log is gone; the mail leaves all the same, and so does the daemon, in good order.
    let Daemon { mut child, log, _leash: leash } = daemon;
    drop(log);
    let begun = std::time::Instant::now();
    while mails(path) == 0 {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing left");
        std::thread::yield_now();
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(leash);
}
