//! What planning is where several hosts share a ledger: on which basis, and what a host shows that does not plan. See
//! `duty`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deciding::to_remember;
use super::planner::{Memory, Planner, Round, Snapshot};
use super::rounds::Begun;
use crate::calendar::Person;
use crate::calendar::read::Folder;
use crate::ledger::{Basis, Ledger, LedgerError};
use crate::plan::told::Histories;
use crate::settings::Settings;

impl<L: Ledger> Planner<L> {
    /// Plans on this basis from now on: what is written is refused once it does not stand any more.
    pub fn serve(&mut self, basis: Basis) {
        if self.basis != basis {
            let term = if let Basis::Term(term) = basis { Some(term) } else { None };
            (self.ledger, self.basis) = (self.ledger.on_duty(term), basis);
        }
    }

    /// Whether that is what plans are made by now.
    pub(super) fn is_by(&self, basis: Basis) -> bool {
        self.basis == basis
    }

    /// What a host sends by that does not plan: its own service and templates, and the people of the ledger. Mails are
    /// written from what that holds ([`Snapshot::with_mails`]); only feeds need all of it at once. Nothing is written.
    pub async fn follow(&self) -> Result<Option<Arc<Snapshot>>, LedgerError> {
        let Some(mut settings) = self.files.loaded.settings.clone() else { return Ok(None) };
        adopt(&mut settings, &self.ledger.people().await?);
        if settings.feed.is_some() {
            return self.follow_all(settings).await;
        }
        Ok(Some(Arc::new(Snapshot {
            settings: Arc::new(settings),
            templates: self.files.templates(),
            postings: BTreeMap::new(),
            histories: Histories::default(),
            concerns: BTreeMap::new(),
            reminded: BTreeMap::new(),
            slips: Arc::default(),
            about: Vec::new(),
            basis: self.basis,
        })))
    }

    async fn follow_all(&self, settings: Settings) -> Result<Option<Arc<Snapshot>>, LedgerError> {
        let memory = Memory::of(&self.ledger).await?;
        // As if the files of postings could not be read: then what the ledger remembers rules.
        let mut loaded = self.files.loaded.clone();
        (loaded.settings, loaded.folder, loaded.postings_readable) =
            (Some(settings), Folder::default(), false);
        let mut follower = Self::over(self.ledger.clone(), self.clock.clone(), self.files.over(loaded));
        follower.basis = self.basis;
        Ok(follower.decide(memory, self.now()).map(|laid| laid.snapshot))
    }

    /// How the ledger stands, for a host that does not plan.
    pub async fn standing(&self, snapshot: &Snapshot) -> Result<Round, LedgerError> {
        let now = self.now();
        let mut round = Round {
            problems: self.files.loaded.problems.clone(),
            next: self.ledger.next_reminder(now).await?,
            postings: self.ledger.glance().await?.heads.len(),
            ..Round::default()
        };
        if snapshot.settings.monitoring.is_any() {
            round.tally = self.ledger.tally(now).await?;
        }
        Ok(round)
    }

    /// Who sends goes by the people of the ledger: those who are new or otherwise are there before what is planned for them.
    pub(super) async fn introduce(&self, Begun { base, .. }: &Begun<'_>) -> Result<(), LedgerError> {
        if !self.ledger.is_shared() {
            return Ok(());
        }
        let (people, _) = to_remember(&base.settings.house, &base.people);
        if people.is_empty() { Ok(()) } else { self.ledger.remember_people(people, Vec::new()).await }
    }
}

/// Puts the people of the ledger, if it has any, in the place of those of jalon.toml.
fn adopt(settings: &mut Settings, people: &[(String, String)]) {
    let known = people.iter().filter_map(|(id, entry)| {
        let person: Person = serde_json::from_str(entry).ok()?;
        Some((id.clone(), person))
    });
    let known: BTreeMap<String, Person> = known.collect();
    if !known.is_empty() {
        settings.house.directory.people = known;
    }
}
