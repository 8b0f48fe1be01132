//! Which host plans, where several share a ledger. This one says every twenty seconds that it is there, and is told; a
//! ledger in a file has one daemon, which always plans.
//!
//! Who plans goes by its files. The others go by what the ledger holds in force, whatever their own files of postings
//! say, so that a mail says what the plan does, whichever host sends it; only templates, relays and the service's own
//! terms are each host's. What the planner writes is refused once its duty has passed to another.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, Notify, watch};

use super::log;
use super::planner::Snapshot;
use super::pulse::{Life, MARGIN};
use super::taken::Taken;
use crate::clock::Clock;
use crate::files::Loaded;
use crate::ledger::{Attendance, Basis, Ledger, LedgerError, Orphans, StoredHost};
use crate::plan::duty::LEASE;
use crate::plan::notice::slip::name_of;

/// What of jalon.toml is each host's own.
const OWN: [&str; 4] = ["ledger", "smtp", "monitoring", "feed"];

/// What is known of the hosts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The term in which this host plans, if it does.
    pub term: Option<i64>,
    /// Every host.
    pub hosts: Vec<StoredHost>,
}

impl Standing {
    /// In a few words, for the service manager: who plans, and whose files differ from that host's. Nothing where there
    /// is one host.
    #[must_use]
    pub fn line(&self) -> Option<String> {
        let there: Vec<&StoredHost> = self.hosts.iter().filter(|host| host.lives).collect();
        let planner = there.iter().find(|host| host.plans);
        let Some(planner) = planner else {
            return (!there.is_empty()).then(|| "no host plans".to_owned());
        };
        if there.len() < 2 {
            return None;
        }
        let own = if self.term.is_some() { "this host plans" } else { "plans" };
        let name = if self.term.is_some() { String::new() } else { format!("{} ", planner.name) };
        let others = differing(&self.hosts).map(|host| host.name.as_str()).collect::<Vec<_>>();
        let blind = there.iter().filter(|host| !host.readable).map(|host| host.name.as_str());
        let mut line = format!("{} hosts, {name}{own}", there.len());
        if !others.is_empty() {
            line += &format!("; the files of {} are not those of {}", others.join(", "), planner.name);
        }
        let blind = blind.collect::<Vec<_>>();
        if !blind.is_empty() {
            line += &format!("; {} cannot read its files", blind.join(", "));
        }
        Some(line)
    }
}

/// The hosts that are there and whose files are not those of the host that plans.
pub fn differing(hosts: &[StoredHost]) -> impl Iterator<Item = &StoredHost> {
    let planner = hosts.iter().find(|host| host.plans && host.lives);
    hosts
        .iter()
        .filter(move |host| host.lives && planner.is_some_and(|planner| planner.digest != host.digest))
}

/// What a host says of its files: a digest of what they say of the plan and of mails, and whether all could be read.
#[must_use]
pub fn card(files: &Taken) -> (String, bool) {
    let loaded = &files.loaded;
    let readable = loaded.settings.is_some() && loaded.postings_readable && files.refused.is_empty();
    (digest(loaded), readable)
}

fn digest(loaded: &Loaded) -> String {
    let mut all = Sha256::new();
    let mut add = |part: &str| {
        all.update(part.len().to_le_bytes());
        all.update(part);
    };
    // What cannot be read as a table is told apart by its text.
    match loaded.text.parse::<toml::Table>() {
        Ok(mut table) => {
            for own in OWN {
                table.remove(own);
            }
            if let Some(mail) = table.get_mut("mail").and_then(toml::Value::as_table_mut) {
                mail.remove("outbox");
            }
            add(&serde_json::to_string(&table).unwrap_or_default());
        }
        Err(_) => add(&loaded.text),
    }
    let good = loaded.folder.leaves.iter().map(|leaf| (name_of(&leaf.file), format!("{:032x}", leaf.text)));
    let broken = loaded.folder.broken.iter().map(|broken| (name_of(&broken.file), String::new()));
    let mut postings: Vec<(&str, String)> = good.chain(broken).collect();
    postings.sort_unstable();
    for (name, text) in &postings {
        add(name);
        add(text);
    }
    for (name, text) in &loaded.templates {
        add(name);
        add(text);
    }
    all.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Says that this host is there, and knows whether it plans.
#[derive(Clone, Debug)]
pub struct Office<L> {
    ledger: L,
    clock: Clock,
    /// What is to be said of the files.
    card: Arc<Mutex<Option<(String, bool)>>>,
    standing: Arc<watch::Sender<Standing>>,
}

impl<L: Ledger> Office<L> {
    /// Nothing is known yet.
    pub fn new(ledger: L, clock: Clock) -> Self {
        let standing = Arc::new(watch::Sender::new(Standing::default()));
        Self { ledger, clock, card: Arc::default(), standing }
    }

    /// Who hears of it.
    #[must_use]
    pub fn heard(&self) -> watch::Receiver<Standing> {
        self.standing.subscribe()
    }

    /// What plans are made by now, given the files as they were read.
    pub async fn basis(&self, files: &Taken) -> Result<Basis, LedgerError> {
        if !self.ledger.is_shared() {
            return Ok(Basis::Alone);
        }
        let now = card(files);
        let news = self.card.lock().await.replace(now.clone()).as_ref() != Some(&now);
        // What is news is said at once: nobody plans by files that the ledger does not know of.
        if news {
            self.attend().await?;
        }
        let term = self.standing.borrow().term;
        match term {
            Some(term) => Ok(Basis::Term(term)),
            None => Ok(Basis::Edition(self.ledger.edition().await?)),
        }
    }

    async fn attend(&self) -> Result<(), LedgerError> {
        let card = self.card.lock().await.clone();
        let Some((digest, readable)) = card else { return Ok(()) };
        let attended = self.ledger.attend(Attendance { digest, readable, now: self.clock.now() }).await?;
        let now = Standing { term: attended.term, hosts: attended.hosts };
        // When each was last seen is no news.
        let is_news = self.standing.send_if_modified(|known| {
            let before = std::mem::replace(known, now.clone());
            before.line() != now.line() || before.term != now.term
        });
        if is_news {
            log::hosts(&now);
        }
        Ok(())
    }

    /// Says it again in time, until told to stop; and sees to what hosts left that are not there any more; whoever sends hears of it.
    pub(super) async fn attend_loop(
        self,
        shown: watch::Receiver<Option<Arc<Snapshot>>>,
        wake: Arc<Notify>,
        life: Life,
        mut stopping: watch::Receiver<bool>,
    ) {
        if !self.ledger.is_shared() {
            return drop(stopping.wait_for(|stop| *stop).await);
        }
        let third = (LEASE / 3).to_std().unwrap_or(Duration::from_secs(20));
        let mut failing = false;
        loop {
            life.within(third + MARGIN);
            tokio::select! {
                () = tokio::time::sleep(third) => {}
                _ = stopping.changed() => return,
            }
            life.begins(third + MARGIN).await;
            match self.attend().await {
                Ok(()) => failing = false,
                // The duty may have passed to another: what is written finds out.
                Err(error) if !std::mem::replace(&mut failing, true) => {
                    log::ledger_failed("attendance", &error);
                }
                Err(_) => {}
            }
            let policy = shown.borrow().as_ref().map(|snapshot| snapshot.settings.delivery.in_doubt);
            let Some(policy) = policy else { continue };
            match self.ledger.orphans(false, policy, self.clock.now()).await {
                Ok(orphans) if orphans == Orphans::default() => {}
                Ok(orphans) => {
                    log::orphans(&orphans);
                    wake.notify_one();
                }
                Err(error) => log::ledger_failed("attendance", &error),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn host(name: &str, digest: &str, plans: bool) -> StoredHost {
        StoredHost {
            id: name.to_owned(),
            name: name.to_owned(),
            program: "0.1.0".to_owned(),
            digest: digest.to_owned(),
            readable: true,
            ahead: TimeDelta::zero(),
            seen: DateTime::UNIX_EPOCH,
            lives: true,
            plans,
        }
    }

    #[test]
    fn the_service_manager_hears_who_plans_and_whose_files_differ() {
        let line = |term, hosts: &[StoredHost]| Standing { term, hosts: hosts.to_vec() }.line();
        let [one, two] = [host("one", "a", true), host("two", "b", false)];
        assert_eq!(line(Some(1), std::slice::from_ref(&one)), None, "alone");
        assert_eq!(
            line(Some(1), &[one.clone(), StoredHost { digest: "a".into(), ..two.clone() }]).as_deref(),
            Some("2 hosts, this host plans")
        );
        assert_eq!(
            line(None, &[one.clone(), two.clone()]).as_deref(),
            Some("2 hosts, one plans; the files of two are not those of one")
        );
        let blind = StoredHost { digest: "a".into(), readable: false, ..two.clone() };
        assert_eq!(
            line(None, &[one, blind]).as_deref(),
            Some("2 hosts, one plans; two cannot read its files")
        );
        assert_eq!(line(None, &[two]).as_deref(), Some("no host plans"));
    }
}
