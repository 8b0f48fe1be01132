//! `token_command`: a program prints an access token; it is kept, renewed once when it is refused, and never waited
//! for without end. Real processes, a real socket; time is pretended, not slept.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/server.rs"]
mod server;
#[path = "support/xoauth2.rs"]
mod xoauth2;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use jalon::plan::next::{InDoubt, Past, Relay as Fate, next};
use jalon::plan::outcome::{Outcome, Phase};
use jalon::settings::{Relay, Tls};
use jalon::transport::Letter;
use jalon::transport::smtp::{Credentials, Smtp, Timeouts};
use jalon::transport::token::{LIMIT, Program, TokenError, Tokens};
use tempfile::TempDir;
use xoauth2::TokenRelay;

/// A folder with a program: a shell script, told where it is by `$1`. It is read by `sh`, not run itself.
struct Script {
    folder: TempDir,
}

impl Script {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("token.sh"), format!("cd \"$1\" || exit 9\n{text}\n")).unwrap();
        Self { folder }
    }

    /// Prints `token-1`, `token-2` and so on, a run each.
    fn counting(more: &str) -> Self {
        Self::new(&format!("echo run >> runs\nn=$(wc -l < runs)\n{more}\necho token-$((n))"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self) -> Program {
        let path = self.path("token.sh");
        let words = ["/bin/sh", path.to_str().unwrap(), self.folder.path().to_str().unwrap()];
        Program { words: words.map(str::to_owned).to_vec(), environment: Vec::new() }
    }

    fn tokens(&self, limit: Duration) -> Tokens {
        Tokens::new(self.program(), limit)
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).map_or(0, |text| text.lines().count())
    }
}

fn smtp(relay: &TokenRelay, tokens: &Tokens) -> Smtp {
    let settings = Relay {
        host: "localhost".to_owned(),
        port: relay.port,
        tls: Tls::None,
        username: Some("camille@example.org".to_owned()),
        password: None,
        token_command: Some(vec!["token".to_owned()]),
        auth: Vec::new(),
        ca_file: None,
        rate: Vec::new(),
        connections: 1,
    };
    let login = Credentials { username: "camille@example.org".to_owned(), password: String::new() };
    let limits = Timeouts::all(Duration::from_secs(20));
    Smtp::new(&settings, Some(login), &[], limits).unwrap().with_tokens(tokens.clone())
}

/// Looks again and again until it is so.
fn until(what: &str, mut so: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !so() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::yield_now();
    }
}

/// Whether a process is gone, or dead and not yet buried.
fn gone(pid: &str) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat"));
    stat.map_or(true, |stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z')))
}

fn pids(script: &Script) -> Vec<String> {
    fs::read_to_string(script.path("pids")).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn a_mail_leaves_by_a_token_and_all_connections_share_one_run() {
    let (relay, script) = (TokenRelay::start(&["token-1"]), Script::counting(""));
    let tokens = script.tokens(LIMIT);
    let mut ways: Vec<Smtp> = (0..4).map(|_| smtp(&relay, &tokens)).collect();
    let [a, b, c, d] = &mut ways[..] else { panic!() };
    let (a, b, c, d) = tokio::join!(a.ready(), b.ready(), c.ready(), d.ready());
    assert_eq!((a, b, c, d), (Ok(()), Ok(()), Ok(()), Ok(())));
    assert_eq!(script.runs(), 1, "one run for all");
    assert_eq!(relay.tokens(), ["token-1"; 4]);
    assert_eq!(relay.users(), ["camille@example.org"; 4]);
    let letter = Letter {
        from: "a@example.org",
        to: "b@example.org",
        message_id: "1@x",
        bytes: b"Subject: x\r\n\r\nx\r\n",
    };
    assert!(matches!(ways[0].send(letter).await, Outcome::Accepted(_)));
    assert_eq!(relay.mails().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_at_once() {
    let (relay, script) = (TokenRelay::start(&["token-2"]), Script::counting(""));
    let tokens = script.tokens(LIMIT);
    let (mut one, mut other) = (smtp(&relay, &tokens), smtp(&relay, &tokens));
    assert_eq!(one.ready().await, Ok(()));
    assert_eq!(other.ready().await, Ok(()));
    assert_eq!(relay.tokens(), ["token-1", "token-2", "token-2"], "on a new connection; then it is kept");
    assert_eq!(script.runs(), 2);
    // Another worker that still holds the old one does not run the program: the new one is there.
    assert_eq!(tokens.other_than("token-1").await.unwrap(), "token-2");
    assert_eq!(script.runs(), 2);
}

#[tokio::test]
async fn a_token_that_ended_before_its_time_costs_no_mail() {
    let (relay, script) = (TokenRelay::start(&["token-1"]), Script::counting(""));
    let tokens = script.tokens(LIMIT);
    assert_eq!(smtp(&relay, &tokens).ready().await, Ok(()));
    relay.take(&["token-2"]);
    assert_eq!(smtp(&relay, &tokens).ready().await, Ok(()));
    assert_eq!(relay.tokens(), ["token-1", "token-1", "token-2"]);
}

#[tokio::test]
async fn two_refusals_are_the_relays_which_rests_and_both_tokens_are_forgotten() {
    let (relay, script) =
        (TokenRelay::start(&[]).refusing("535 5.7.3 Authentication unsuccessful"), Script::counting(""));
    let tokens = script.tokens(LIMIT);
    let mut way = smtp(&relay, &tokens);
    let outcome = way.ready().await.unwrap_err();
    let Outcome::Refused(Phase::Auth, reply) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((reply.code, reply.enhanced()), (535, Some("5.7.3")));
    assert!(!format!("{outcome:?}").contains("token-"), "{outcome:?}");
    let now = DateTime::UNIX_EPOCH;
    assert_eq!(
        next(&outcome, Past { retried: true, ..Past::default() }, InDoubt::Resend, now).relay,
        Fate::Rests(now + TimeDelta::minutes(15))
    );
    assert_eq!(script.runs(), 2, "no third try");
    assert!(way.ready().await.is_err());
    assert_eq!(relay.tokens(), ["token-1", "token-2", "token-3", "token-4"]);
}

#[tokio::test]
async fn a_refusal_for_now_renews_nothing_at_once() {
    let (relay, script) =
        (TokenRelay::start(&[]).refusing("454 4.7.0 Temporary failure"), Script::counting(""));
    let outcome = smtp(&relay, &script.tokens(LIMIT)).ready().await.unwrap_err();
    assert!(matches!(&outcome, Outcome::Refused(Phase::Auth, reply) if reply.code == 454), "{outcome:?}");
    assert_eq!((script.runs(), relay.tokens().len()), (1, 1));
}

/// Moves the clock on, while nothing runs.
async fn later(seconds: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(seconds)).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_token_is_used_until_five_minutes_before_it_expires() {
    let script = Script::counting("printf '{\"access_token\":\"t-%s\",\"expires_in\":3600}' $n; exit");
    let tokens = script.tokens(LIMIT);
    assert_eq!(tokens.token().await.unwrap(), "t-1");
    later(3600 - 300 - 60).await;
    assert_eq!(tokens.token().await.unwrap(), "t-1");
    later(60).await;
    assert_eq!(tokens.token().await.unwrap(), "t-2");
}

#[tokio::test]
async fn a_token_that_says_no_end_is_used_for_45_minutes() {
    let script = Script::counting("");
    let tokens = script.tokens(LIMIT);
    assert_eq!(tokens.token().await.unwrap(), "token-1");
    later(44 * 60).await;
    assert_eq!(tokens.token().await.unwrap(), "token-1");
    later(60).await;
    assert_eq!(tokens.token().await.unwrap(), "token-2");
}

#[tokio::test]
async fn a_token_that_hardly_lives_is_used_and_not_kept() {
    let script = Script::counting("printf '{\"access_token\":\"t-%s\",\"expires_in\":200}' $n; exit");
    let tokens = script.tokens(LIMIT);
    assert_eq!(tokens.token().await.unwrap(), "t-1");
    assert_eq!(tokens.token().await.unwrap(), "t-2");
}

/// A program that waits for a child of its own; both write down their numbers.
const STUCK: &str =
    "echo asking the wall >&2\nsleep 3600 &\necho $! > pids.new; echo $$ >> pids.new; mv pids.new pids\nwait";

#[tokio::test]
async fn a_program_that_hangs_is_killed_with_its_children() {
    let script = Script::new(STUCK);
    let tokens = script.tokens(Duration::from_secs(2));
    let error = tokens.token().await.unwrap_err();
    assert!(matches!(error, TokenError::Slow { .. }), "{error:?}");
    assert_eq!(error.to_string(), "the program of token_command did not end within 2s: asking the wall");
    assert!(matches!(error.outcome(), Outcome::Lost(Phase::Auth, _)), "as a relay that does not answer");
    let pids = pids(&script);
    assert_eq!(pids.len(), 2);
    until("both are gone", || pids.iter().all(|pid| gone(pid)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_waited_for_any_more_is_killed_with_its_children() {
    let script = Script::new(STUCK);
    let tokens = script.tokens(LIMIT);
    let asking = tokio::spawn(async move { tokens.token().await });
    until("it runs", || pids(&script).len() == 2);
    asking.abort();
    assert!(asking.await.unwrap_err().is_cancelled());
    until("both are gone", || pids(&script).iter().all(|pid| gone(pid)));
}

#[tokio::test]
async fn a_program_that_prints_without_end_is_killed() {
    let script = Script::new("echo $$ > pids\nwhile :; do echo eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9; done");
    let error = script.tokens(LIMIT).token().await.unwrap_err();
    assert!(matches!(error, TokenError::TooMuch), "{error:?}");
    until("it is gone", || pids(&script).iter().all(|pid| gone(pid)));
}

#[tokio::test]
async fn a_program_that_complains_without_end_is_heard_to_the_end() {
    let script = Script::new(
        "i=0; while [ $i -lt 5000 ]; do echo 'it is raining, and that is no good' >&2; i=$((i+1)); done; echo over >&2; echo abc",
    );
    assert_eq!(script.tokens(LIMIT).token().await.unwrap(), "abc");
}

#[tokio::test]
async fn what_a_program_complains_of_is_told_and_its_token_is_not() {
    const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.payload-0123456789.sig";
    for (script, outcome, told) in [
        ("echo 'no network' >&2; exit 69", "lost", "failed (exit status: 69): no network"),
        ("exit 75", "lost", "failed (exit status: 75)"),
        (
            "echo 'AADSTS7000222: the secret has expired' >&2; exit 78",
            "none",
            "failed (exit status: 78): AADSTS7000222: the secret has expired",
        ),
        (
            &format!("echo {TOKEN}; echo 'got {TOKEN}, then died' >&2; exit 1"),
            "none",
            "failed (exit status: 1): got […], then died",
        ),
        ("kill -9 $$", "none", "failed (signal: 9 (SIGKILL))"),
        (
            "echo 'error: try again'",
            "none",
            "gave no token: what it printed on its first line is no access token",
        ),
        ("echo oops >&2", "none", "gave no token: it printed nothing on its first line: oops"),
    ] {
        let error = Script::new(script).tokens(LIMIT).token().await.unwrap_err();
        let words = error.to_string();
        assert_eq!(words, format!("the program of token_command {told}"), "{script}");
        let found = match error.outcome() {
            Outcome::Lost(Phase::Auth, _) => "lost",
            Outcome::NoToken(_) => "none",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, outcome, "{script}");
        assert!(!format!("{error:?}").contains("payload"), "{error:?}");
    }
    for words in [vec!["/no/such/program".to_owned()], vec!["/".to_owned()], Vec::new()] {
        let error = Tokens::new(Program { words, environment: Vec::new() }, LIMIT).token().await.unwrap_err();
        assert!(matches!(error, TokenError::Start { .. }), "{error:?}");
        assert!(matches!(error.outcome(), Outcome::NoToken(_)));
    }
}

#[tokio::test]
async fn no_shell_reads_the_words_and_nothing_is_to_be_read() {
    // A shell would make a folder of it.
    let words = ["/bin/echo", "~"].map(str::to_owned).to_vec();
    let tokens = Tokens::new(Program { words, environment: Vec::new() }, LIMIT);
    assert_eq!(tokens.token().await.unwrap(), "~");
    let script = Script::new("read line && exit 3\necho abc");
    assert_eq!(script.tokens(LIMIT).token().await.unwrap(), "abc", "its standard input is empty");
    assert!(!format!("{tokens:?} {:?}", script.program()).contains("sh"), "words may hold a secret");
}

#[tokio::test]
async fn a_failed_run_is_the_relays_state_and_no_connection_is_made() {
    let (relay, script) = (TokenRelay::start(&[]), Script::new("echo 'invalid_grant' >&2; exit 1"));
    let outcome = smtp(&relay, &script.tokens(LIMIT)).ready().await.unwrap_err();
    assert!(matches!(&outcome, Outcome::NoToken(words) if words.ends_with(": invalid_grant")), "{outcome:?}");
    let now = DateTime::UNIX_EPOCH;
    let decided = next(&outcome, Past { retried: true, ..Past::default() }, InDoubt::Resend, now);
    assert_eq!(decided.relay, Fate::Rests(now + TimeDelta::seconds(5)));
    assert!(format!("{:?}", decided.verdict).contains("counted: false"), "no mail pays for it");
    assert_eq!(relay.tokens(), [""; 0]);
}
