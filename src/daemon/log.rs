//! What the daemon says in its log: stable event names, English, one line a mail, a reload, an episode.
//!
//! Priorities follow journald's. Addresses are shortened here, and once more on the way out
//! (`telemetry`), whoever wrote them; no mail's text, no secret.

use chrono::{DateTime, Utc};
use tracing::{error, info, warn};

use super::dispatcher::{Departure, Report};
use super::foreseen::Foreseen;
use super::forgetting::Forgotten;
use super::planner::Round;
use crate::diagnostic::{Language, Problem, Severity};
use crate::ledger::{CopyError, LedgerError, Orphans};
use crate::plan::next::Verdict;
use crate::plan::row::State;
use crate::plan::trust::Trust;
use crate::plan::worded::{counts, doubt, nothing, sentence};
use crate::plan::{Key, Sort};
use crate::telemetry::{addresses, shortened, without_addresses};

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
    troubles: Vec<String>,
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
            warn!(event = "trouble", "{}", discreet(trouble, &[]));
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

/// A step of the dispatcher.
pub fn dispatched(report: &Report) {
    ended(&report.ended);
    for key in &report.empty {
        info!(event = "empty", key = key.as_str(), "it had nothing to tell");
    }
    for departure in &report.departures {
        departed(departure);
    }
    templates_failed(&report.templates);
    for key in &report.aside {
        warn!(
            event = "aside",
            key = shown_key(key),
            "it cannot be told for now: no usable version of its posting holds it, or no template can write it"
        );
    }
    if let Some((relay, until, why)) = &report.resting {
        let why = discreet(why, &[]);
        warn!(event = "relay-rests", relay, until = %until, why, "the relay takes no mail for now");
    }
}

fn ended(rows: &[(Key, State)]) {
    for (key, state) in rows {
        match (state, key.sort()) {
            (State::Lapsed, Sort::Reminder | Sort::Change) => {
                error!(event = "lapsed", key = key.as_str(), "it could not leave while it was of use");
            }
            (State::Lapsed, _) => info!(event = "lapsed", key = key.as_str(), "it is of no use any more"),
            _ => info!(event = state.word(), key = key.as_str(), "a later reminder says it"),
        }
    }
}

/// What the service manager shows of the service: one line.
#[must_use]
pub fn status(round: &Round, postings: usize) -> String {
    let troubles = match round.troubles.as_slice() {
        [] => "all is well".to_owned(),
        [one] => discreet(one, &[]),
        [first, others @ ..] => format!("{} (+{})", discreet(first, &[]), others.len()),
    };
    format!("{postings} postings; {troubles}")
}

fn departed(departure: &Departure) {
    let to = recipient(&departure.reader);
    let id = &departure.message_id;
    let keys = departure.keys.iter().map(shown_key).collect::<Vec<_>>().join(" ");
    let about = |reply: &str| discreet(reply, &[&departure.email]);
    match &departure.verdict {
        Verdict::Sent { reply } => {
            info!(event = "sent", message_id = id, to, keys, reply = about(reply), "sent");
        }
        Verdict::Again { at, reply, .. } => {
            let reply = about(reply);
            warn!(event = "again", message_id = id, to, keys, reply, at = %at, "to be tried again");
        }
        Verdict::Never { reply, reason } => error!(
            event = "failed",
            message_id = id,
            to,
            keys,
            reply = about(reply),
            reason = reason.word(),
            "refused for good"
        ),
        Verdict::Doubt { reply, doubt } => {
            let reply = about(reply);
            error!(event = "doubt", message_id = id, to, keys, reply, next = ?doubt, "it may have left");
        }
    }
}

/// A person's id as it is; a plain address shortened.
fn recipient(id: &str) -> String {
    if id.contains('@') { shortened(id) } else { id.to_owned() }
}

/// Words of a relay, or that repeat such, without the addresses in them and these; nor what stands before their @, for
/// relays also say "no user zoe here".
fn discreet(words: &str, others: &[&str]) -> String {
    let named = addresses(words);
    let named = named.iter().map(|at| &words[at.clone()]).chain(others.iter().copied());
    let mut shown = without_addresses(words);
    for local in
        named.filter_map(|address| Some(address.rsplit_once('@')?.0)).filter(|local| !local.is_empty())
    {
        shown = without_word(&shown, local);
    }
    shown
}

fn without_word(text: &str, word: &str) -> String {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (lower, word) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for (at, _) in lower.match_indices(&word) {
        let end = at + word.len();
        if !is_letter(text[..at].chars().next_back()) && !is_letter(text[end..].chars().next()) {
            shown.push_str(&text[done..at]);
            shown.push_str("[…]");
            done = end;
        }
    }
    shown + &text[done..]
}

/// A key without a recipient's address in it.
fn shown_key(key: &Key) -> &str {
    let recipient = key.recipient();
    let whole = key.as_str();
    whole
        .strip_suffix(recipient)
        .filter(|_| !recipient.is_empty())
        .map_or(whole, |rest| rest.trim_end_matches('/'))
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
    info!(event = "copied", copy = %copy.display(), "the ledger is copied");
}

/// There is no copy of the ledger; the operator hears of it.
pub fn not_copied(problem: &CopyError) {
    warn!(event = "not-copied", "{problem}: mails go on; it is tried again every ten minutes");
}

/// There is no copy of the ledger from before its tables were changed.
pub fn changed_without_copy(problem: &CopyError) {
    warn!(event = "not-copied", "{problem}: the ledger's tables were brought up to date without a copy");
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
