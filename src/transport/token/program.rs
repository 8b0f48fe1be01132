//! Runs the program of `token_command`: no shell, a group of its own, bounded output, a limit on its life.
//!
//! Whatever ends the run — the limit, too much output, the daemon's own end — ends the whole group, so that no
//! child of a script stays behind. Dropping the future is enough.

use std::ffi::OsString;
use std::fmt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::{Duration, timeout};

use super::TokenError;
use super::output::{Printed, complaint, printed, words};

/// How much a program may print, in bytes: tokens have a few thousand.
pub(super) const MOST_PRINTED: usize = 64 * 1024;

/// How much of its complaints is kept, in bytes: the end.
const KEPT: usize = 4 * 1024;

/// Exit statuses that say: not now, but later (sysexits.h: EX_UNAVAILABLE, EX_TEMPFAIL).
const LATER: [i32; 2] = [69, 75];

/// A program and its arguments, run as they are, without a shell.
#[derive(Clone)]
pub struct Program {
    /// The program, looked for in `$PATH` if it is a lone name, then its arguments.
    pub words: Vec<String>,
    /// Variables that it is given besides those of this process.
    pub environment: Vec<(&'static str, OsString)>,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the words: somebody may have written a secret among them.
        f.debug_struct("Program").finish_non_exhaustive()
    }
}

/// A process that leads a group, which ends with it unless it ended by itself.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // A child that was not waited for keeps its number, dead or alive: the group is still its own.
        let leader = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(leader) = leader {
            // The only refusal is that it is gone already.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Runs it once, for its token.
pub(super) async fn run(program: &Program, limit: Duration) -> Result<Printed, TokenError> {
    let Some((name, arguments)) = program.words.split_first() else {
        return Err(TokenError::Start { why: "it names no program".to_owned() });
    };
    let mut command = Command::new(name);
    command
        .args(arguments)
        .envs(program.environment.iter().map(|(name, value)| (name, value)))
        // It is no service of systemd's, and must not speak as ours.
        .env_remove("NOTIFY_SOCKET")
        .env_remove("WATCHDOG_USEC")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut group = Group(command.spawn().map_err(|why| TokenError::Start { why: why.to_string() })?);
    let (stdout, stderr) = (group.0.stdout.take(), group.0.stderr.take());
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    let ended = {
        let talk = async {
            // Only when both are closed is it waited for: until then its group can be ended.
            tokio::try_join!(read(stdout, &mut said), keep_end(stderr, &mut complained))?;
            group.0.wait().await.map_err(|why| TokenError::Start { why: why.to_string() })
        };
        timeout(limit, talk).await
    };
    let said_why = |said: &[u8]| match complaint(&complained, &words(said)) {
        why if why.is_empty() => why,
        why => format!(": {why}"),
    };
    let status = match ended {
        Ok(status) => status?,
        Err(_) => return Err(TokenError::Slow { limit, why: said_why(&said) }),
    };
    if !status.success() {
        let later = status.code().is_some_and(|code| LATER.contains(&code));
        return Err(TokenError::Failed { status, later, why: said_why(&said) });
    }
    printed(&said).map_err(|what| TokenError::Output { what, why: said_why(&said) })
}

/// Reads all, and too much is an error.
async fn read(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), TokenError> {
    let Some(pipe) = pipe else { return Ok(()) };
    let most = u64::try_from(MOST_PRINTED).unwrap_or(u64::MAX);
    // What cannot be read is missing, and that is told of what was read.
    let _ = pipe.take(most + 1).read_to_end(into).await;
    if into.len() > MOST_PRINTED { Err(TokenError::TooMuch) } else { Ok(()) }
}

/// Reads all and keeps the end.
async fn keep_end(pipe: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), TokenError> {
    let Some(mut pipe) = pipe else { return Ok(()) };
    while let Ok(1..) = pipe.read_buf(into).await {
        let over = into.len().saturating_sub(KEPT);
        into.drain(..over);
    }
    Ok(())
}
