//! The real binary, while its files are edited, and when it is started on files that cannot be used: edits are taken up
//! within seconds whatever way they are saved, and what was good is gone on with.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::io::{BufRead as _, BufReader, Lines};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use jalon::daemon::taken::Taken;
use jalon::files::load;

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nemail = \"camille@example.org\"\n";
const POSTING: &str = "title = \"T\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-25\n";

/// Edits that are noticed are noticed at once; without being heard of they wait for the beat of a minute. Five in a row
/// do not all meet it by chance.
const AT_ONCE: Duration = Duration::from_secs(20);

struct Daemon {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    /// Dropped with the daemon; until then a daemon that says nothing for a minute and a half is killed.
    _leash: mpsc::Sender<()>,
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "config/jalon.toml", JALON);
    write(folder.path(), "config/postings/p.toml", POSTING);
    folder
}

fn jalon(folder: &Path, config: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.current_dir(folder).env_clear().env("LANG", "C").args(["--config", config]);
    command
}

/// Kills a process after a minute and a half, unless what is returned is dropped before.
fn leash(child: &Child) -> mpsc::Sender<()> {
    let (leash, held) = mpsc::channel();
    let id = child.id().to_string();
    std::thread::spawn(move || {
        if held.recv_timeout(Duration::from_secs(90)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id]).status();
        }
    });
    leash
}

impl Daemon {
    fn start(folder: &Path, as_of: &str) -> Self {
        let mut child = jalon(folder, "config")
            .args(["run", "--as-of", as_of, "--ledger", "sqlite:var/jalon.db"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        let leash = leash(&child);
        Self { child, log, _leash: leash }
    }

    /// Reads the log until a line holds this; everything up to there.
    fn until(&mut self, wanted: &str) -> String {
        let mut seen = String::new();
        for line in self.log.by_ref() {
            let line = line.unwrap();
            seen.push_str(&line);
            seen.push('\n');
            if line.contains(wanted) {
                return seen;
            }
        }
        panic!("the log ended without {wanted:?}:\n{seen}");
    }

    fn stop(mut self) {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.until("event=\"stopped\"");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

/// The mails of an outbox, with the soft ends of their lines taken out.
fn mails(folder: &Path) -> Vec<String> {
    let mails = fs::read_dir(folder.join("outbox")).map_or_else(|_| Vec::new(), Iterator::collect);
    let texts = mails.into_iter().filter_map(|entry| fs::read_to_string(entry.ok()?.path()).ok());
    texts.map(|text| text.replace("=\r\n", "").replace("=\n", "")).collect()
}

#[test]
fn an_edit_is_taken_up_at_once_in_whatever_way_it_is_saved() {
    let folder = folder();
    let path = folder.path();
    // What a deployment looks like: the folder is a link, and is swapped.
    fs::rename(path.join("config"), path.join("v1")).unwrap();
    symlink("v1", path.join("config")).unwrap();
    write(path, "v2/jalon.toml", JALON);
    write(path, "v2/postings/p.toml", &POSTING.replace("06-25", "08-20"));
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    daemon.until("event=\"loaded\"");
    let mut edit = |what: &dyn Fn(), wanted: &str| {
        let begun = Instant::now();
        what();
        let log = daemon.until(wanted);
        assert!(begun.elapsed() < AT_ONCE, "{wanted}: {log}");
    };
    edit(&|| write(path, "v1/postings/p.toml", &POSTING.replace("06-25", "07-15")), "event=\"planned\"");
    edit(
        &|| {
            write(path, "v1/postings/.p.toml.swp", &POSTING.replace("06-25", "07-20"));
            fs::rename(path.join("v1/postings/.p.toml.swp"), path.join("v1/postings/p.toml")).unwrap();
        },
        "event=\"planned\"",
    );
    edit(&|| write(path, "v1/postings/q.toml", POSTING), "event=\"planned\"");
    edit(&|| write(path, "v1/templates/fr/reminder.txt", "{{ nothing }}"), "unknown");
    edit(&|| write(path, "v1/jalon.toml", "time_zone = 1"), "event=\"refused\"");
    edit(
        &|| {
            symlink("v2", path.join("next")).unwrap();
            fs::rename(path.join("next"), path.join("config")).unwrap();
        },
        "13 August 2026",
    );
    edit(&|| fs::remove_file(path.join("v2/postings/p.toml")).unwrap(), "event=\"vanished\"");
    daemon.stop();
}

#[test]
fn a_hangup_waits_for_nothing() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    daemon.until("event=\"loaded\"");
    // Somebody who writes without end would be waited for.
    let (done, writing) = mpsc::channel::<()>();
    let posting = path.join("config/postings/p.toml");
    let writer = std::thread::spawn(move || {
        for n in 0_u32.. {
            fs::write(&posting, format!("{}#{n}\n", POSTING.replace("06-25", "07-15"))).unwrap();
            if writing.recv_timeout(Duration::from_millis(100)) != Err(mpsc::RecvTimeoutError::Timeout) {
                break;
            }
        }
    });
    let begun = Instant::now();
    assert!(Command::new("kill").args(["-HUP", &daemon.child.id().to_string()]).status().unwrap().success());
    daemon.until("event=\"diff\"");
    let took = begun.elapsed();
    drop(done);
    writer.join().unwrap();
    assert!(took < Duration::from_secs(8), "{took:?}");
    daemon.stop();
}

#[test]
fn a_template_that_fails_at_sending_is_noted_at_once() {
    let folder = folder();
    let path = folder.path();
    for n in 1..7 {
        write(path, &format!("config/postings/p{n}.toml"), &POSTING.replace("\"T\"", &format!("\"T{n}\"")));
    }
    write(path, "config/templates/fr/reminder.txt", "{{ 1 // (reminders|length - 7) }}");
    let mut daemon = Daemon::start(path, "2026-06-18T08:59:58");
    daemon.until("event=\"template\"");
    // Before the next beat, which is a minute away.
    let begun = Instant::now();
    let noted = || {
        let history = ["history", "--ledger", "sqlite:var/jalon.db", "--format", "json"];
        let output = jalon(path, "config").args(history).output().unwrap();
        String::from_utf8(output.stdout).unwrap().contains("~operator/template-")
    };
    while !noted() {
        assert!(begun.elapsed() < AT_ONCE, "nothing is noted");
        std::thread::sleep(Duration::from_millis(50));
    }
    daemon.stop();
}

#[test]
fn what_was_edited_while_no_daemon_was_there_is_told_at_its_start() {
    let folder = folder();
    let path = folder.path();
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    assert!(!daemon.until("event=\"planned\"").contains("event=\"diff\""), "nothing was edited");
    daemon.stop();
    write(path, "config/postings/p.toml", &POSTING.replace("06-25", "07-15"));
    let mut daemon = Daemon::start(path, "2026-06-01T13:00:00");
    let log = daemon.until("event=\"planned\"");
    assert!(log.contains("event=\"diff\"") && log.contains("8 July 2026"), "{log}");
    daemon.stop();
}

#[test]
fn what_was_good_is_gone_on_with_after_a_restart() {
    let folder = folder();
    let path = folder.path();
    write(path, "config/templates/fr/reminder.subject.txt", "Rappel maison");
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    daemon.until("event=\"kept\"");
    daemon.stop();

    let broken = "time_zone = \"Europe/Paris\"\nrecruteurs = 1\n";
    write(path, "config/jalon.toml", broken);
    write(path, "config/templates/fr/reminder.subject.txt", "{{ nothing }}");
    // It is a little before the reminder of seven days; the posting itself is read as it is now.
    write(path, "config/postings/p.toml", &POSTING.replace("06-25", "06-26"));
    let mut daemon = Daemon::start(path, "2026-06-19T08:59:58");
    let log = daemon.until("event=\"started\"");
    assert!(log.contains("event=\"last-good\""), "{log}");
    assert!(log.contains("recruteurs") && log.contains("line=2"), "{log}");
    daemon.until("event=\"sent\"");
    let mails_now = mails(path);
    assert!(mails_now.iter().any(|mail| mail.contains("Subject: Rappel maison")), "{mails_now:?}");
    assert!(mails_now.iter().any(|mail| mail.contains("vendredi 26 juin 2026")), "{mails_now:?}");
    // Mended, it is taken up without a restart, and the copy follows.
    write(path, "config/jalon.toml", &format!("{JALON}\n"));
    write(path, "config/templates/fr/reminder.subject.txt", "Encore");
    daemon.until("event=\"kept\"");
    daemon.stop();
    assert_eq!(
        fs::read_to_string(path.join("var/jalon.last-good/jalon.toml")).unwrap(),
        format!("{JALON}\n")
    );
}

#[test]
fn a_whole_folder_that_is_gone_is_gone_on_without() {
    let folder = folder();
    let path = folder.path();
    write(path, "config/templates/fr/reminder.subject.txt", "Rappel maison");
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    daemon.until("event=\"kept\"");
    daemon.stop();
    fs::rename(path.join("config"), path.join("elsewhere")).unwrap();
    let mut daemon = Daemon::start(path, "2026-06-18T08:59:58");
    daemon.until("p/deadline/2026-06-25/-7d");
    daemon.stop();
    let mails = mails(path);
    assert!(mails.iter().any(|mail| mail.contains("Subject: Rappel maison")), "{mails:?}");
}

#[test]
fn there_is_no_copy_of_another_folder_or_of_nothing() {
    let folder = folder();
    let path = folder.path();
    let ends_with = |config: &str| {
        let run = ["run", "--as-of", "2026-06-01", "--ledger", "sqlite:var/jalon.db"];
        let child = jalon(path, config).args(run).stderr(Stdio::piped()).spawn().unwrap();
        let _leash = leash(&child);
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    write(path, "other/jalon.toml", "time_zone = 1");
    let (code, said) = ends_with("other");
    assert!(code == Some(78) && said.contains("other/jalon.toml:1:13"), "{said}");
    assert!(!path.join("var").exists(), "what was never good is not kept");
    let mut daemon = Daemon::start(path, "2026-06-01T12:00:00");
    daemon.until("event=\"kept\"");
    daemon.stop();
    assert_eq!(ends_with("other").0, Some(78));
    // A relay that cannot be made ready is no better than a word that cannot be read: the copy is used.
    let relay = "[smtp]\nhost = \"localhost\"\ntls = \"none\"\npassword = { file = \"nowhere.txt\" }\nusername = \"u\"\n";
    write(path, "config/jalon.toml", &(JALON.replace("outbox = \"outbox\"\n", "") + relay));
    let mut daemon = Daemon::start(path, "2026-06-01T13:00:00");
    let log = daemon.until("event=\"started\"");
    assert!(log.contains("event=\"last-good\"") && log.contains("nowhere"), "{log}");
    daemon.stop();
}

#[tokio::test(start_paused = true)]
async fn files_are_read_once_they_are_still() {
    let folder = folder();
    let config = folder.path().join("config");
    let posting = config.join("postings/p.toml");
    let taken = Taken::new(config.clone(), load(&config));
    // So many seconds of writing, a line every 600 ms: and how long it takes until nobody writes any more.
    for (writing, waits) in [(0, 1), (3, 4), (60, 10)] {
        let begun = tokio::time::Instant::now();
        let write = async {
            while begun.elapsed().as_secs() < writing {
                let text = fs::read_to_string(&posting).unwrap();
                fs::write(&posting, text + "#\n").unwrap();
                tokio::time::sleep(Duration::from_millis(600)).await;
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = taken.stillness() => {}
            () = write => {}
        }
        assert_eq!(begun.elapsed().as_secs(), waits, "{writing}");
    }
}
