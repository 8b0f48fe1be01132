//! The heartbeat: a GET to an address of the administrator's after every good round of planning, once a minute at most. Whoever
//! listens there raises the alarm when it falls silent: also when this machine is gone, or its network.
//!
//! A bad round says so where the address has the grammar of Healthchecks (`/fail`), else nothing. The address is a secret
//! and in no line of the log. What is asked never delays a round, nor the stop; that nobody answers is one line of the log
//! an episode, and changes nothing else.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::{JoinHandle, spawn_blocking};

use super::log;
use super::monitor::Episode;
use super::planner::Round;
use super::troubles::{Felt, Health, WayHealth};
use crate::diagnostic::{Words, say};
use crate::files::secrets::{SecretError, secret};
use crate::plan::complaint::Complaint;
use crate::plan::tally::Tally;
use crate::settings::monitoring::{Heartbeat, Target};
use crate::transport::token::endpoint::agent;

/// How long an answer is waited for.
const LIMIT: Duration = Duration::from_secs(10);

/// How long no relay may take a mail before rounds are bad, where waiting may mend it: from then on the operator hears too.
const AWAY: TimeDelta = TimeDelta::hours(1);

/// How long mails may be due, and none leave, without a reason.
const STUCK: TimeDelta = TimeDelta::minutes(15);

/// Rounds that lie further apart are those of a machine that slept.
const SLEPT: TimeDelta = TimeDelta::minutes(10);

/// Pure. Whether reminders leave as they should: the round was made (the ledger was written, the clock agrees, the postings
/// are there), mails can be written down as sent, a way out takes them, and none waits without a reason. A file that is
/// wrong is no bad round: its last good version goes on, and whoever can mend it is told.
#[must_use]
pub fn is_good(round: Option<&Round>, felt: &Felt, stuck: bool, now: DateTime<Utc>) -> bool {
    let made = round.is_some_and(|round| !round.doubted);
    let closed = !felt.ways.is_empty() && felt.ways.iter().all(|way| is_closed(way, now));
    made && felt.ledger.is_none() && !closed && !stuck
}

/// Whether a way out takes no mail, for long or for good.
fn is_closed(way: &WayHealth, now: DateTime<Utc>) -> bool {
    let Health::Failing { since, complaint, .. } = &way.health else { return false };
    // A quota is over by itself.
    let passes = !complaint.cannot_wait() || *complaint == Complaint::Quota;
    !passes || now - *since >= AWAY
}

/// Whether mails that are due leave.
#[derive(Debug, Default)]
pub struct Progress {
    /// When it was last asked; and since when mails are due and none left.
    seen: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// How many had left by then.
    sent: u64,
}

impl Progress {
    /// Pure. Whether mails have been due for fifteen minutes, and none left meanwhile, without a reason (`excused`: a relay
    /// that is away, or has been given all that its rate allows). What was due before the process began, or while the
    /// machine slept, has that time from then on.
    pub fn is_stuck(&mut self, tally: &Tally, excused: bool, now: DateTime<Utc>) -> bool {
        let moves = tally.overdue.is_none() || tally.sent != self.sent || excused;
        let since = self.seen.filter(|(seen, _)| !moves && *seen <= now && now - *seen < SLEPT);
        let since = since.map_or(now, |(_, since)| since);
        self.seen = Some((now, since));
        self.sent = tally.sent;
        now - since > STUCK
    }
}

/// The address of a heartbeat, from where it is kept; or what is wrong with it, without a word of it.
pub fn target(heartbeat: &Heartbeat, config: &Path) -> Result<Target, Words> {
    let kept = match heartbeat {
        Heartbeat::Written(target) => return Ok(target.clone()),
        Heartbeat::Kept(kept) => kept,
    };
    let text = secret(kept, config).map_err(|error| match &error {
        SecretError::Unreadable { name, why, .. } => say(
            format!("l'adresse de « heartbeat »{name} ne peut pas être lue\u{a0}: {}", why.fr),
            format!("the address of `heartbeat`{name} cannot be read: {}", why.en),
        ),
        SecretError::Open { .. } => error.words().0,
    })?;
    Target::parse(&text).ok_or_else(|| {
        say(
            "ce qui est gardé pour « heartbeat » n'est pas une adresse https",
            "what is kept for `heartbeat` is no https address",
        )
    })
}

/// Asks for an address; any answer of 200 to 299 will do. Else why not, without a word of the address.
pub fn ask(target: &Target, good: bool) -> Result<(), String> {
    let Some(url) = target.url(good) else { return Ok(()) };
    let status = agent(LIMIT, target.is_here()).get(&url).call().map_err(|error| words(&error))?.status();
    match status.as_u16() {
        200..300 => Ok(()),
        // Where it leads to may be anybody's.
        status @ 300..400 => Err(format!("it answers {status}: write the address that it leads to")),
        status => Err(format!("it answers {status}")),
    }
}

/// What went wrong. Some errors repeat the address: of these, only what they are.
fn words(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => format!("no answer within {} s", LIMIT.as_secs()),
        ureq::Error::HostNotFound => "its name is not known".to_owned(),
        ureq::Error::Io(error) => error.to_string(),
        ureq::Error::Rustls(error) => error.to_string(),
        ureq::Error::ConnectProxyFailed(_) => "the proxy does not let it through".to_owned(),
        _ => "no answer of HTTP".to_owned(),
    }
}

/// Asks, beside the rounds.
#[derive(Debug, Default)]
pub struct Heartbeats {
    /// In which minute it was last asked, and what was said.
    last: Option<(i64, bool)>,
    asking: Option<JoinHandle<()>>,
    episode: Episode,
}

impl Heartbeats {
    /// Whether an answer is waited for.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        self.asking.as_ref().is_some_and(|asking| !asking.is_finished())
    }

    /// After a round: asks once in a minute of the clock, or at once when a good round follows a bad one or a bad one a good
    /// one. One that is not answered yet is not overtaken. With `here`, nobody is asked but this machine.
    pub fn beat(&mut self, heartbeat: &Heartbeat, config: &Path, good: bool, here: bool, now: DateTime<Utc>) {
        let this = (now.timestamp().div_euclid(60), good);
        if self.last == Some(this) || self.is_asking() {
            return;
        }
        self.last = Some(this);
        let (heartbeat, config, episode) = (heartbeat.clone(), config.to_owned(), self.episode.clone());
        self.asking = Some(spawn_blocking(move || {
            let (host, done) = match target(&heartbeat, &config) {
                Ok(target) if here && !target.is_here() => return,
                Ok(target) => (target.host().to_owned(), ask(&target, good)),
                Err(words) => (String::new(), Err(words.en)),
            };
            match done {
                Ok(()) if episode.ends() => log::heartbeat_answered(&host),
                Err(why) if episode.begins() => log::heartbeat_unanswered(&host, &why),
                Ok(()) | Err(_) => {}
            }
        }));
    }
}
