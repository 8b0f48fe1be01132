//! How the service does, in one line for the service manager: put together from what the loops know, and told when it is
//! news. English, like the log; no person's address.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

use super::log;
use super::planner::Round;
use crate::calendar::Zone;
use crate::clock::Clock;
use crate::diagnostic::{Problem, Severity};
use crate::ledger::LedgerError;
use crate::plan::notice::episode::FILE;
use crate::plan::trust::Trust;
use crate::telemetry::manager::Manager;

/// How many wrong files are named.
const NAMED: usize = 3;

/// How a way out does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearing {
    /// Mails become files.
    Outbox,
    /// It was not tried yet.
    Unknown,
    /// It took the last mail, or was ready for it.
    Well,
    /// It takes no mail before this instant; in a word, why.
    Rests(DateTime<Utc>, &'static str),
    /// It failed, and is about to be tried again; in a word, why.
    Fails(&'static str),
}

/// What is known of how the service does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Why the clock is not trusted, if it is not.
    pub clock: Option<Trust>,
    /// Why the ledger cannot be planned in, if it cannot.
    pub planning: Option<String>,
    /// Why it cannot be sent from.
    pub sending: Option<String>,
    /// How many postings are in force.
    pub postings: usize,
    /// When the next reminder is due, and the zone to say it in.
    pub next: Option<(DateTime<Utc>, Zone)>,
    /// The ways out, by name.
    pub ways: Vec<(String, Bearing)>,
    /// The names of files with errors, one for each error.
    pub wrong: Vec<String>,
    /// What else is the matter, a sentence each.
    pub troubles: Vec<String>,
    /// Who plans, where several hosts share the ledger.
    pub hosts: Option<String>,
}

impl Standing {
    /// In one line: what keeps everything from leaving, else how all does.
    #[must_use]
    pub fn line(&self) -> String {
        if let Some(verdict) = self.clock {
            return log::status_distrusted(verdict);
        }
        if let Some(why) = self.sending.as_ref().or(self.planning.as_ref()) {
            return why.clone();
        }
        let postings = match self.postings {
            1 => "1 posting".to_owned(),
            many => format!("{many} postings"),
        };
        let next = self.next.map_or_else(
            || "no reminder to come".to_owned(),
            |(at, zone)| {
                format!("next reminder {} {}", zone.local(at).format("%a %-d %b %H:%M"), zone.name())
            },
        );
        let ways = self.ways.iter().map(|(name, bearing)| self.of_way(name, *bearing));
        let parts = [postings, next].into_iter().chain(ways).chain(self.hosts.clone());
        let parts = parts.chain(self.of_files()).chain(self.of_troubles());
        parts.collect::<Vec<_>>().join("; ")
    }

    fn of_way(&self, name: &str, bearing: Bearing) -> String {
        let zone = self.next.map_or(Zone::UTC, |(_, zone)| zone);
        match bearing {
            Bearing::Outbox => format!("outbox {name}: nobody receives anything"),
            Bearing::Unknown => format!("{name} was not tried yet"),
            Bearing::Well => format!("{name} is well"),
            Bearing::Rests(until, why) => {
                format!("{name} rests until {} {} ({why})", zone.local(until).format("%H:%M"), zone.name())
            }
            Bearing::Fails(why) => format!("{name} fails ({why})"),
        }
    }

    fn of_files(&self) -> Option<String> {
        let mut files = self.wrong.clone();
        files.sort();
        files.dedup();
        let more = files.len().saturating_sub(NAMED);
        let named = files.into_iter().take(NAMED).collect::<Vec<_>>().join(", ");
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        match self.wrong.len() {
            0 => None,
            1 => Some(format!("1 problem in {named} (jalon check)")),
            many => Some(format!("{many} problems in {named}{more} (jalon check)")),
        }
    }

    fn of_troubles(&self) -> Option<String> {
        let (first, others) = self.troubles.split_first()?;
        let more = if others.is_empty() { String::new() } else { format!(" (+{})", others.len()) };
        Some(format!("{}{more}", first.trim_end_matches('.')))
    }

    /// Takes over what a round of planning found; `refused`: why files were not taken.
    fn planned(&mut self, round: &Round, postings: usize, zone: Zone, refused: &[Problem]) {
        let wrong =
            round.problems.iter().chain(refused).filter(|problem| problem.severity == Severity::Error);
        let name = |problem: &Problem| problem.file.rsplit('/').next().unwrap_or_default().to_owned();
        let others = round.troubles.iter().filter(|trouble| !trouble.problem.starts_with(FILE));
        self.planning = None;
        self.postings = postings;
        self.next = round.next.map(|next| (next, zone));
        self.wrong = wrong.map(name).collect();
        self.troubles = others.map(|trouble| log::discreet(&trouble.sentence.en, &[])).collect();
    }
}

/// How the service does, and who is told. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    manager: Manager,
    standing: Arc<Mutex<Standing>>,
}

impl Status {
    /// For this manager.
    #[must_use]
    pub fn new(manager: Manager) -> Self {
        Self { manager, standing: Arc::default() }
    }

    /// A round of planning ended, in this way.
    pub fn planned(&self, round: &Round, postings: usize, zone: Zone, refused: &[Problem]) {
        self.know(|standing| standing.planned(round, postings, zone, refused));
    }

    /// A round of planning met a ledger that fails.
    pub fn planning_failed(&self, error: &LedgerError) {
        self.know(|standing| standing.planning = Some(log::status_failed(error)));
    }

    /// The ways out do so, and the ledger fails so or does not.
    pub fn sending(&self, ways: Vec<(String, Bearing)>, failed: Option<&LedgerError>) {
        self.know(|standing| {
            standing.ways = ways;
            standing.sending = failed.map(log::status_failed);
        });
    }

    /// The clock is distrusted for this reason, or is not.
    pub fn clock(&self, distrust: Option<Trust>) {
        self.know(|standing| standing.clock = distrust);
    }

    /// Who plans, where several hosts share the ledger.
    pub fn hosts(&self, line: Option<String>) {
        self.know(|standing| standing.hosts = line);
    }

    /// Says how the service does, if that is news.
    pub fn tell(&self) {
        self.manager.status(&self.line());
    }

    /// Says that work can begin, or goes on after a reload.
    pub fn ready(&self) {
        self.manager.ready(&self.line());
    }

    /// Says that files are read again; [`ready`](Self::ready) follows.
    pub fn reloading(&self) {
        self.manager.reloading(Clock::monotonic());
    }

    fn line(&self) -> String {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).line()
    }

    fn know(&self, learn: impl FnOnce(&mut Standing)) {
        learn(&mut self.standing.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn well() -> Standing {
        let zone = Zone::parse("Europe/Paris").expect("a zone");
        Standing {
            postings: 5,
            next: Some(("2026-06-26T07:00:00Z".parse().expect("a moment"), zone)),
            ways: vec![("smtp.example.org".to_owned(), Bearing::Well)],
            ..Standing::default()
        }
    }

    #[test]
    fn one_line_says_it_all() {
        let start = "5 postings; next reminder Fri 26 Jun 09:00 Europe/Paris; ";
        assert_eq!(well().line(), format!("{start}smtp.example.org is well"));
        let until = "2026-06-25T12:30:00Z".parse().expect("a moment");
        for (bearing, said) in [
            (Bearing::Unknown, "smtp.example.org was not tried yet"),
            (Bearing::Rests(until, "login"), "smtp.example.org rests until 14:30 Europe/Paris (login)"),
            (Bearing::Fails("away"), "smtp.example.org fails (away)"),
            (Bearing::Outbox, "outbox smtp.example.org: nobody receives anything"),
        ] {
            let ways = vec![("smtp.example.org".to_owned(), bearing)];
            assert_eq!(Standing { ways, ..well() }.line(), format!("{start}{said}"));
        }
        let none = Standing { postings: 1, next: None, ways: Vec::new(), ..well() };
        assert_eq!(none.line(), "1 posting; no reminder to come");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |files: &[&str]| files.iter().map(|file| (*file).to_owned()).collect();
        let said =
            |standing: Standing| standing.line().split_once("is well; ").map(|(_, rest)| rest.to_owned());
        let one = Standing { wrong: wrong(&["p.toml"]), ..well() };
        assert_eq!(said(one).as_deref(), Some("1 problem in p.toml (jalon check)"));
        let many = Standing { wrong: wrong(&["e", "d", "c", "b", "a", "a"]), ..well() };
        assert_eq!(said(many).as_deref(), Some("6 problems in a, b, c and 2 more (jalon check)"));
        let troubles = wrong(&["The address #602fab@example.org is refused.", "x"]);
        let other = Standing { troubles, ..well() };
        assert_eq!(said(other).as_deref(), Some("The address #602fab@example.org is refused (+1)"));
    }

    #[test]
    fn what_keeps_everything_from_leaving_is_all_that_is_said() {
        let mut standing = Standing { planning: Some("nothing leaves: planning".to_owned()), ..well() };
        assert_eq!(standing.line(), "nothing leaves: planning");
        standing.sending = Some("nothing leaves: sending".to_owned());
        assert_eq!(standing.line(), "nothing leaves: sending");
        standing.clock = Some(Trust::Behind(TimeDelta::minutes(90)));
        assert!(standing.line().starts_with("nothing is planned or sent: the clock is 1 h 30 min behind"));
    }
}
