//! What mails at hand are written from: of all that the ledger holds, the postings that they are about, as they are in
//! force (their last good text, read by the house in force), what was said of these, and the rows that count.
//!
//! A digest tells of every posting. They are looked through some hundred at a time, and of those whose dates are far only
//! the names of who is concerned are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::composing::Background;
use super::digesting::{FARTHEST, is_at_hand};
use super::planner::{Snapshot, TOGETHER, concerns};
use crate::calendar::Posting;
use crate::calendar::read::last_good_posting;
use crate::ledger::{Ledger, LedgerError, Mail, Rows};
use crate::plan::Sort;
use crate::plan::lay::lay;
use crate::plan::notice::MISSED;
use crate::plan::row::{Row, State};
use crate::plan::told::Histories;

impl Snapshot {
    /// The same, with the postings that these mails are about and what was said of them.
    pub async fn with_mails<L: Ledger>(
        &self,
        ledger: &L,
        mails: &[Mail],
        now: DateTime<Utc>,
    ) -> Result<Self, LedgerError> {
        let rows = mails.iter().flat_map(|mail| &mail.rows);
        let of_row = |row: &Row| match row.key.slipped() {
            Some((file, ..)) => self.slips.get(file)?.posting.clone(),
            None => Some(row.key.posting().to_owned()).filter(|id| !id.is_empty()),
        };
        let about: BTreeSet<String> = rows.filter_map(of_row).collect();
        let digest = mails.iter().flat_map(|mail| &mail.rows).any(|row| row.key.sort() == Sort::Digest);
        let mut snapshot = Self {
            settings: Arc::clone(&self.settings),
            templates: Arc::clone(&self.templates),
            postings: BTreeMap::new(),
            histories: Histories::default(),
            concerns: BTreeMap::new(),
            reminded: BTreeMap::new(),
            slips: Arc::clone(&self.slips),
            about: about.iter().cloned().collect(),
            basis: self.basis,
        };
        if mails.is_empty() {
            return Ok(snapshot);
        }
        let mut told: BTreeSet<String> = about.clone();
        if digest {
            let ended = ledger.known_of(vec![Rows::Ended { since: now - FARTHEST, now }]).await?;
            told.extend(ended.iter().map(|row| row.key.posting().to_owned()));
            let failed = ended.iter().filter(|row| row.state != State::Sent).map(|row| row.key.posting());
            let kept: BTreeSet<&str> = about.iter().map(String::as_str).chain(failed).collect();
            snapshot.read_all(ledger, &kept, now).await?;
        } else {
            let read = snapshot.read(ledger, about.into_iter().collect()).await?;
            snapshot.postings.extend(read.into_iter().map(|posting| (posting.id.clone(), posting)));
        }
        told.extend(snapshot.postings.keys().cloned());
        snapshot.histories = Histories::of(ledger.revisions_of(told.into_iter().collect()).await?);
        Ok(snapshot)
    }

    /// Postings as they are in force.
    async fn read<L: Ledger>(&self, ledger: &L, ids: Vec<String>) -> Result<Vec<Posting>, LedgerError> {
        let house = &self.settings.house;
        let stored = ledger.postings_of(ids).await?;
        let read = stored.iter().map(|one| last_good_posting(&one.path, &one.id, &one.text, house));
        Ok(read.filter_map(|read| read.posting).collect())
    }

    /// Every posting that a digest may tell of or that is among these, and of which events whoever has a digest is reminded.
    async fn read_all<L: Ledger>(
        &mut self,
        ledger: &L,
        kept: &BTreeSet<&str>,
        now: DateTime<Utc>,
    ) -> Result<(), LedgerError> {
        let ids: Vec<String> = ledger.glance().await?.heads.into_iter().map(|head| head.id).collect();
        for ids in ids.chunks(TOGETHER) {
            let mut read = self.read(ledger, ids.to_vec()).await?;
            read.retain(|posting| kept.contains(posting.id.as_str()) || is_at_hand(posting, now));
            for (id, events) in concerns(&self.settings.house, &lay(&read, &self.settings).reminders) {
                self.concerns.entry(id).or_default().extend(events);
            }
            self.postings.extend(read.into_iter().map(|posting| (posting.id.clone(), posting)));
        }
        Ok(())
    }

    /// What the notices among mails at hand are written from; a digest, from what became of mails as well.
    pub(super) async fn background<L: Ledger>(
        &self,
        ledger: &L,
        digest: bool,
        now: DateTime<Utc>,
    ) -> Result<Background, LedgerError> {
        let mut asked = vec![Rows::Of(self.about.clone()), Rows::Notices(now)];
        if digest {
            asked.push(Rows::Ended { since: now - FARTHEST, now });
        }
        Ok(Background {
            known: ledger.known_of(asked).await?,
            told: ledger.told().await?,
            untold: ledger.untold(now - MISSED).await?,
        })
    }
}
