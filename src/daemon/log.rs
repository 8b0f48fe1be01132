//! What the daemon says in its log: stable event names (README has them all), English, one line a mail, a reload, an
//! episode, a day.
//!
//! Priorities follow journald's. Names of fields are `journalctl`'s as well: `relay_code` is JALON_RELAY_CODE; of `keys`
//! each becomes a JALON_KEY, with its JALON_POSTING and JALON_POSTING_EVENT (`telemetry::journal`). Addresses are
//! shortened here, and once more on the way out (`telemetry`), whoever wrote them; no mail's text, no secret.

mod mails;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{debug, error, info, warn};

pub(super) use mails::discreet;
pub use mails::{departed, dispatched};
use mails::{one_word, recipient};

use super::duty::{Standing, differing};
use super::foreseen::Foreseen;
use super::forgetting::Forgotten;
use super::planner::Round;
use super::pulse::Promise;
use crate::calendar::Zone;
use crate::calendar::tzif::{Parting, offset};
use crate::diagnostic::{Language, Problem, Severity};
use crate::ledger::{CopyError, LedgerError, Orphans};
use crate::plan::notice::episode::Trouble;
use crate::plan::row::{Row, State};
use crate::plan::trust::Trust;
use crate::plan::worded::{counts, doubt, nothing, sentence};
use crate::plan::{Key, Sort};

/// How many lines the log has of what edited files change.
const LISTED: usize = 40;

/// Every file was read, the ledger is open, the loops run.
pub fn started() {
    info!(
        event = "started",
        version = env!("CARGO_PKG_VERSION"),
        tzdb = crate::calendar::zone::TZDB,
        "jalon is at work"
    );
}

/// The machine's database of time zones is of another opinion than ours, which counts.
pub fn tz_differs(parting: &Parting) {
    let Parting { zone, at, ours, theirs } = parting;
    let (ours, theirs) = (offset(*ours), offset(*theirs));
    warn!(
        event = "tz-differs",
        zone = zone.name(),
        from = %at,
        ours,
        theirs,
        "jalon's time zones are not this machine's: update jalon or tzdata, whichever is older"
    );
}

/// Another host plans than before, one came or went, or its files are not those of the host that plans.
pub fn hosts(standing: &Standing) {
    let words = standing.line().unwrap_or_else(|| "one host, which plans".to_owned());
    if differing(&standing.hosts).next().is_some() || !standing.hosts.iter().any(|host| host.plans) {
        warn!(event = "hosts", plans = standing.term.is_some(), "{words}");
    } else {
        info!(event = "hosts", plans = standing.term.is_some(), "{words}");
    }
}

/// Nothing leaves this machine.
pub fn nobody_receives(outbox: &str) {
    warn!(event = "outbox", outbox, "mails become files: nobody receives anything");
}

/// Told to stop.
pub fn stopping() {
    info!(event = "stopping", "finishing what is in hand");
}

/// What was in hand took too long.
pub fn cut_short() {
    warn!(
        event = "cut-short",
        "a mail was still in hand after the grace time: it will be in doubt at the next start"
    );
}

/// The end.
pub fn stopped() {
    info!(event = "stopped", "stopped");
}

/// What the log was told of the files, so that an episode is told once.
#[derive(Debug, Default)]
pub struct Told {
    files: bool,
    missed: Vec<String>,
    doubted: bool,
    troubles: Vec<Trouble>,
    unkept: Option<String>,
}

impl Told {
    /// Whether files are gone, as far as was told.
    #[must_use]
    pub fn misses_files(&self) -> bool {
        !self.missed.is_empty()
    }
}

/// A round of planning; with the problems of the files when they were just read.
pub fn planned(round: &Round, told: &mut Told, postings: usize) {
    let Round { added, skipped, moved, withdrawn, .. } = round;
    if !std::mem::replace(&mut told.files, true) {
        problems(&round.problems);
        info!(event = "loaded", postings, problems = round.problems.len(), "files read");
    }
    if added + skipped + moved + withdrawn > 0 {
        info!(event = "planned", added, skipped, moved, withdrawn, "the plan changed");
    }
    ended(&round.ended);
    if told.troubles != round.troubles {
        for trouble in round.troubles.iter().filter(|trouble| !told.troubles.contains(trouble)) {
            warn!(event = "trouble", trouble = trouble.problem, "{}", discreet(&trouble.sentence.en, &[]));
        }
        told.troubles.clone_from(&round.troubles);
    }
    let news = told.missed != round.missed || told.doubted != round.doubted;
    if news && round.doubted {
        error!(
            event = "vanished",
            postings = round.missed.join(" "),
            "most postings vanished at once, or their folder cannot be read: none is believed, reminders go on; put them back or, if it was on purpose, run jalon accept"
        );
    } else if news && !round.missed.is_empty() {
        warn!(
            event = "vanished",
            postings = round.missed.join(" "),
            "files are gone: believed after fifteen minutes, or at once by jalon accept"
        );
    }
    (told.missed, told.doubted) = (round.missed.clone(), round.doubted);
    if !round.gone.is_empty() {
        warn!(
            event = "gone",
            postings = round.gone.join(" "),
            "their files are gone: their reminders are withdrawn"
        );
    }
}

/// Edits cannot be heard of: every beat looks instead.
pub fn deaf(why: &std::io::Error) {
    warn!(event = "unwatched", %why, "edits are noticed within a minute, not at once");
}

/// Copies of what is in force, for a start on files that are not good.
pub fn kept(kept: std::io::Result<bool>, told: &mut Told) {
    match kept {
        Ok(true) => info!(event = "kept", "jalon.toml and the templates are copied into the state folder"),
        Ok(false) => {}
        Err(why) => {
            let why = why.to_string();
            if told.unkept.as_ref() != Some(&why) {
                warn!(event = "not-kept", why, "the last good jalon.toml and templates cannot be copied");
            }
            told.unkept = Some(why);
        }
    }
}

/// jalon.toml cannot be used: its copy is.
pub fn on_copies(problems_of: &[Problem]) {
    problems(problems_of);
    error!(
        event = "last-good",
        "jalon.toml cannot be used: jalon is at work on the copy of its last good version; mend it, and jalon takes it up"
    );
}

/// Templates that failed on a mail: it left as the built-in ones write it.
fn templates_failed(found: &[Problem]) {
    for problem in found {
        let line = problem.place.as_ref().map_or(0, |place| place.line);
        let (file, sentence) = (&problem.file, problem.sentence.say(Language::English));
        error!(
            event = "template",
            code = problem.code,
            file,
            line,
            "{sentence}: the built-in one is used for this mail"
        );
    }
}

/// What edited files change, as `jalon diff` says it: a line each, and whom it names by more than an id is shortened.
pub fn foreseen(foreseen: &Foreseen) {
    let zone = foreseen.snapshot.settings.house.zone.name();
    for (posting, line) in diff(foreseen) {
        info!(event = "diff", posting, zone, "{line}");
    }
}

/// The lines of [`foreseen`], each with its posting.
#[must_use]
pub fn diff(foreseen: &Foreseen) -> Vec<(&str, String)> {
    let mut said = Vec::new();
    if foreseen.doubted && !foreseen.missed.is_empty() {
        said.push(("", doubt(&foreseen.missed).en));
    }
    let lines = foreseen.ordered();
    if lines.is_empty() {
        said.push(("", nothing().en));
    }
    let wording = foreseen.wording(Language::English, recipient);
    let (first, more) = lines.split_at(lines.len().min(LISTED));
    said.extend(first.iter().map(|line| (line.key.posting(), sentence(line, &wording))));
    if !more.is_empty() {
        said.push(("", format!("and {} more: {}", more.len(), counts(more, Language::English))));
    }
    said
}

/// jalon.toml was not taken: what was in force stays.
pub fn refused(found: &[Problem]) {
    problems(found);
    error!(
        event = "refused",
        "jalon.toml is not taken: its version in force stays, and postings and templates are read by it"
    );
}

fn problems(problems: &[Problem]) {
    for problem in problems {
        let line = problem.place.as_ref().map_or(0, |place| place.line);
        let (file, code, sentence) = (&problem.file, problem.code, problem.sentence.say(Language::English));
        match problem.severity {
            Severity::Error => error!(event = "problem", code, file, line, "{sentence}"),
            Severity::Warning => info!(event = "remark", code, file, line, "{sentence}"),
        }
    }
}

fn ended(rows: &[(Key, State)]) {
    for (key, state) in rows {
        match (state, key.sort()) {
            (State::Lapsed, Sort::Reminder | Sort::Change) => {
                error!(
                    event = "lapsed",
                    state = "lapsed",
                    key = one_word(key),
                    "it could not leave while it was of use"
                );
            }
            (State::Lapsed, _) => {
                info!(event = "lapsed", state = "lapsed", key = one_word(key), "it is of no use any more");
            }
            _ => info!(
                event = state.word(),
                state = state.word(),
                key = one_word(key),
                "a later reminder says it"
            ),
        }
    }
}

/// Rows that nobody held any more.
pub fn orphans(orphans: &Orphans) {
    let Orphans { released, doubted, held } = *orphans;
    if doubted + held > 0 {
        error!(
            event = "doubt",
            released, doubted, held, "mails were in hand when their worker ended: they may have left"
        );
    } else if released > 0 {
        warn!(event = "released", released, "mails were claimed when their worker ended: nothing had left");
    }
}

/// What is older than the settings keep was forgotten.
pub fn forgotten(forgotten: Forgotten) {
    let Forgotten { rows, mails, copies } = forgotten;
    if rows + mails + copies > 0 {
        info!(event = "forgotten", rows, mails, copies, "what is older than the settings keep was forgotten");
    }
}

/// The ledger failed: nothing leaves without its mark.
pub fn ledger_failed(doing: &str, problem: &LedgerError) {
    let remedy = problem.remedy().map(|remedy| remedy.en).unwrap_or_default();
    error!(event = "ledger-failed", doing, remedy, "{problem}");
}

/// The same for the service manager, in one line.
#[must_use]
pub fn status_failed(problem: &LedgerError) -> String {
    let remedy = problem.remedy().map(|remedy| format!("; {}", remedy.en)).unwrap_or_default();
    format!("nothing leaves: {problem}{remedy}")
}

/// The day's copy of the ledger.
pub fn copied(copy: &std::path::Path) {
    debug!(event = "copied", copy = %copy.display(), "the ledger is copied");
}

/// A day in one line, once it is over: what left and what was refused on it, and how all stands now.
pub fn day(
    postings: usize,
    (rows, planned, next): (&[Row], u64, Option<DateTime<Utc>>),
    copy: Option<&std::path::Path>,
    zone: Zone,
    now: DateTime<Utc>,
) {
    let day = zone.date(now).pred_opt().unwrap_or_default();
    let count = |counts: &dyn Fn(&&Row) -> bool| rows.iter().filter(counts).count();
    let on = |at: DateTime<Utc>| zone.date(at) == day;
    let next = next.map(|due| zone.rfc3339(due));
    let copy = copy.map(|copy| copy.display().to_string());
    info!(
        event = "day",
        day = %day,
        postings,
        sent = count(&|row| row.sent_at.is_some_and(on)),
        failed = count(&|row| row.state == State::Failed && on(row.changed)),
        held = count(&|row| row.state == State::Held),
        planned,
        next,
        copy,
        "what left and failed that day; what is held and planned now"
    );
}

/// A loop is silent for longer than it may be: the service manager hears nothing more of us, and starts us anew.
pub fn hang(promise: Promise, now: Duration) {
    let silent = now.saturating_sub(promise.given).as_secs();
    let (doing, promised) = (promise.by.word(), promise.until.saturating_sub(promise.given).as_secs());
    error!(
        event = "hang",
        doing,
        silent,
        promised,
        "one of jalon's loops was not heard of for {silent} s: the watchdog is fed no more; where there is none, restart jalon"
    );
}

/// Feeds that are otherwise than they were.
pub fn fed(changed: usize, folder: &std::path::Path) {
    if changed > 0 {
        info!(event = "fed", changed, folder = %folder.display(), "calendars to subscribe to are up to date");
    }
}

/// Feeds cannot be written; the operator hears of it.
pub fn not_fed(problem: &str) {
    warn!(event = "not-fed", "{problem}: feeds are not written; mails go on; it is tried again every minute");
}

/// There is no copy of the ledger; the operator hears of it.
pub fn not_copied(problem: &CopyError) {
    warn!(event = "not-copied", "{problem}: mails go on; it is tried again every ten minutes");
}

/// There is no copy of the ledger from before its tables were changed.
pub fn changed_without_copy(problem: &CopyError) {
    warn!(event = "not-copied", "{problem}: the ledger's tables were brought up to date without a copy");
}

/// Nobody answers the heartbeat; its address is a secret, and not said.
pub fn heartbeat_unanswered(host: &str, why: &str) {
    warn!(event = "heartbeat", host, why, "the heartbeat is not heard; mails go on");
}

/// The heartbeat is heard again.
pub fn heartbeat_answered(host: &str) {
    info!(event = "heartbeat", host, "the heartbeat is heard again");
}

/// The metrics cannot be written.
pub fn metrics_unwritten(path: &std::path::Path, why: &std::io::Error) {
    warn!(event = "metrics", path = %path.display(), %why, "the metrics cannot be written (systemd: ReadWritePaths=); mails go on");
}

/// The metrics are written again.
pub fn metrics_written(path: &std::path::Path) {
    info!(event = "metrics", path = %path.display(), "the metrics are written again");
}

/// The clock is not to be trusted.
pub fn distrusted(verdict: Trust, now: DateTime<Utc>, last_round: Option<DateTime<Utc>>) {
    let (by, how) = match verdict {
        Trust::Agrees => return,
        Trust::Behind(by) => (by, "behind the ledger's last round"),
        Trust::Ahead(by) => (by, "ahead of the time that passed"),
    };
    let last_round = last_round.map(|last| last.to_string()).unwrap_or_default();
    error!(event = "clock", now = %now, last_round, seconds = by.num_seconds(), "nothing is planned or sent until the clock agrees: it is {how}; set it right or, if it is right now, run jalon accept clock");
}

/// The same for the service manager, in one line.
#[must_use]
pub fn status_distrusted(verdict: Trust) -> String {
    let (by, how) = match verdict {
        Trust::Agrees => return "the clock agrees".to_owned(),
        Trust::Behind(by) => (by, "behind the ledger's last round"),
        Trust::Ahead(by) => (by, "ahead of the time that passed"),
    };
    let (hours, minutes) = (by.num_hours(), by.num_minutes() % 60);
    format!(
        "nothing is planned or sent: the clock is {hours} h {minutes:02} min {how}; set it right, or run jalon accept clock"
    )
}
