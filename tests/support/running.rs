//! The real binary: a command that ends, and a daemon whose log is read line by line. Nothing waits by the clock.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The binary, in a folder, with an environment of its own.
pub fn jalon(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_jalon"));
    command.current_dir(folder).env_clear().env("LANG", "C");
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command ends with: its code, and what it printed to both.
pub fn ended(output: &Output) -> (i32, String, String) {
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// Runs a command that is to end by itself; one that does not within twenty seconds is killed, and the test fails.
pub fn refused(mut command: Command) -> (i32, String, String) {
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (leash, held) = mpsc::channel::<()>();
    let id = child.id().to_string();
    std::thread::spawn(move || {
        if held.recv_timeout(Duration::from_secs(20)) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = Command::new("kill").args(["-9", &id]).status();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(leash);
    assert!(output.status.code().is_some(), "it was not refused: {}", text(&output.stderr));
    ended(&output)
}

/// A daemon.
pub struct Daemon {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
    /// Dropped with the daemon; until then a daemon that says nothing for a minute is killed, and the test fails.
    _leash: mpsc::Sender<()>,
}

impl Daemon {
    pub fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = jalon(folder);
        command.arg("run").args(arguments);
        Self::spawn(command)
    }

    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
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

    /// Reads the log until a line holds this; returns it and all before it.
    pub fn until(&mut self, wanted: &str) -> Vec<String> {
        let mut seen = Vec::new();
        for line in self.log.by_ref() {
            seen.push(line.unwrap());
            if seen.last().unwrap().contains(wanted) {
                return seen;
            }
        }
        panic!("the log ended without {wanted:?}:\n{}", seen.join("\n"));
    }

    /// Has it look at its files, and plan, now.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    pub fn stop(mut self) {
        self.signal("-TERM");
        self.until("event=\"stopped\"");
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
    }
}

impl Drop for Daemon {
    /// A test that fails leaves no daemon behind.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
