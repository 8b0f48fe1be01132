//! A round of planning, share by share: what the ledger is asked, and what is written into it.
//!
//! A round is about the postings that *stir*: those whose rows were not made from what they would be made from now (their
//! text, jalon.toml, who was removed from it, this program), or that a hand touched; those whose file is gone or broken. That
//! is told by a digest which the ledger keeps with the rows and writes with them, so that it cannot disagree with them.
//! Every other row is as a look at everything would have it: nothing about a reminder or a confirmation depends on the
//! moment once its row is there. Notices do; a round ends with those postings that any may be about.
//!
//! « Everything » is a round like another: of all postings, some hundred at a time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::deciding::{Survey, circumstances};
use super::laying::{Base, Compared, Laid, Share};
use super::planner::{Planner, Round, Snapshot, early};
use crate::calendar::read::{Leaf, fingerprint};
use crate::calendar::{Directory, Zone};
use crate::ledger::{Batch, Ledger, LedgerError, Rows, StoredPosting};
use crate::plan::notice::change::may_tell;
use crate::plan::notice::refused::is_refused;
use crate::plan::notice::{MISSED, is_on_its_way};
use crate::plan::reconcile::{Change, reconcile};
use crate::plan::row::{Row, State};
use crate::plan::told::Histories;
use crate::plan::{Key, Sort, Wanted};
use crate::settings::Settings;

/// How often a round tries again whose changes met rows that had moved meanwhile.
const TRIES: usize = 5;

/// A round that has begun: which postings it is about.
pub struct Begun<'a> {
    pub(super) base: Base<'a>,
    survey: Survey,
    shares: VecDeque<BTreeSet<String>>,
    /// What the last share is about, besides those of which notices may be.
    last: BTreeSet<String>,
    everything: bool,
    over: bool,
}

impl<L: Ledger> Planner<L> {
    /// One round: looks, and writes. `None` as snapshot when no usable settings were ever read.
    pub async fn step(&self) -> Result<(Option<Arc<Snapshot>>, Round), LedgerError> {
        let Some(mut begun) = self.begin(false).await? else { return Ok((None, Round::default())) };
        self.introduce(&begun).await?;
        let (mut snapshot, mut round) = (None, Round::default());
        let mut next = self.next(&mut begun).await?;
        while let Some(laid) = next {
            snapshot = Some(Arc::clone(&laid.snapshot));
            let written;
            (written, next) = self.write_and_next(laid, &mut begun).await?;
            round = round.and(written);
        }
        Ok((snapshot, round))
    }

    /// The first half of a round in one: what should be in force of all that stirs, decided and not yet written. Once a
    /// first round has been written, its snapshot may be shown at once: what it does not hold is about to be withdrawn.
    pub async fn look(&self) -> Result<Option<Laid>, LedgerError> {
        let Some(mut begun) = self.begin(false).await? else { return Ok(None) };
        begun.last.extend(begun.shares.drain(..).flatten());
        self.next(&mut begun).await
    }

    /// The same of everything, whether it stirs or not.
    pub async fn look_at_all(&self) -> Result<Option<Laid>, LedgerError> {
        let Some(mut begun) = self.begin(true).await? else { return Ok(None) };
        self.next(&mut begun).await
    }

    /// Sees what stirs. `None` when no usable settings were ever read.
    pub async fn begin(&self, everything: bool) -> Result<Option<Begun<'_>>, LedgerError> {
        let loaded = &self.files.loaded;
        let Some(mut settings) = loaded.settings.clone() else { return Ok(None) };
        let now = self.now();
        let glance = self.ledger.glance().await?;
        let view = self.view(&mut settings.house, &glance.people);
        // Feeds show every event of everybody.
        let everything = everything || settings.feed.is_some();
        let recalled: Vec<_> = glance.people.iter().filter(|(id, _)| view.recalled.contains(id)).collect();
        let circumstances = Some(circumstances(&loaded.text, &recalled));
        let base = Base {
            settings,
            view,
            heads: glance.heads,
            stirred: glance.stirred,
            filled: glance.filled,
            people: glance.people,
            circumstances,
            now,
        };
        let survey = self.survey(&base).await?;
        // Whether somebody who was removed is still named, also postings say whose files are gone.
        let everything = everything || !(base.view.recalled.is_empty() || survey.presence.missed.is_empty());
        let (mut shares, mut last) = (VecDeque::new(), survey.stirring.clone());
        if last.len() > self.share && !everything {
            shares = in_shares(&survey, self.share);
            last = survey.broken.keys().cloned().collect();
        }
        Ok(Some(Begun { base, survey, shares, last, everything, over: false }))
    }

    async fn survey(&self, base: &Base<'_>) -> Result<Survey, LedgerError> {
        let ground = base.ground(self.files.loaded.postings_readable);
        let absent = ground.absent();
        let ids: Vec<String> = absent.vanished.iter().map(|head| head.id.clone()).collect();
        let (mut renamed, mut open) = (BTreeMap::new(), BTreeSet::new());
        if !ids.is_empty() {
            let vanished = self.ledger.postings_of(ids).await?;
            let candidates = self.candidates(base, &ground.candidates(&absent.vanished));
            renamed = ground.renamed(&vanished, &candidates, &base.settings.house);
            let all = base.heads.iter().map(|head| head.id.clone()).collect();
            open = self.ledger.on_their_way(all).await?;
        }
        Ok(ground.survey(&absent, renamed, &open, base.now))
    }

    /// The next share of a round, decided and not yet written; `None` when it is over. The one before must be written.
    pub async fn next(&self, begun: &mut Begun<'_>) -> Result<Option<Laid>, LedgerError> {
        let share = self.ask(begun).await?;
        Ok(share.map(|share| self.lay_out(&begun.base, &begun.survey, share)))
    }

    /// Writes a share; and decides the next, if there is one, while the ledger is at it.
    pub async fn write_and_next(
        &self,
        laid: Laid,
        begun: &mut Begun<'_>,
    ) -> Result<(Round, Option<Laid>), LedgerError> {
        // The last share asks for what all others wrote; the others know nothing of each other.
        if begun.shares.is_empty() {
            let round = self.write(laid).await?;
            return Ok((round, self.next(begun).await?));
        }
        // Asked for first: afterwards, the answer would come after all that is written. Then written first: to lay out takes
        // this thread, and the ledger has its own.
        let share = self.ask(begun).await?;
        let begun = &*begun;
        let next = async {
            let mut next = self.lay_out(&begun.base, &begun.survey, share?);
            next.compared = Some(compare(&next));
            Some(next)
        };
        let (round, next) = tokio::join!(biased; self.write(laid), next);
        Ok((round?, next))
    }

    /// What is known of the next share; `None` when there is none.
    async fn ask(&self, begun: &mut Begun<'_>) -> Result<Option<Share>, LedgerError> {
        if begun.over {
            return Ok(None);
        }
        let share = if begun.everything {
            begun.over = true;
            Share {
                last: true,
                stored: self.ledger.postings().await?,
                known: self.ledger.known().await?,
                revisions: self.ledger.revisions().await?,
                ..Share::default()
            }
        } else if let Some(ids) = begun.shares.pop_front() {
            self.share(&begun.base, &begun.survey, ids, Vec::new()).await?
        } else {
            begun.over = true;
            let mut ids = std::mem::take(&mut begun.last);
            ids.extend(self.noticed(&begun.base).await?);
            let asked = asked(&begun.base.settings, begun.base.now);
            let share = self.share(&begun.base, &begun.survey, ids, asked).await?;
            Share { last: true, ..share }
        };
        Ok(Some(share))
    }

    /// Everything that is known of these postings.
    async fn share(
        &self,
        base: &Base<'_>,
        survey: &Survey,
        mut ids: BTreeSet<String>,
        mut asked: Vec<Rows>,
    ) -> Result<Share, LedgerError> {
        // What went by another id comes with the one it has.
        let former = survey.renamed.iter().filter(|(_, new)| ids.contains(*new)).map(|(old, _)| old.clone());
        let former: Vec<String> = former.collect();
        ids.extend(former);
        let all: Vec<String> = ids.iter().cloned().collect();
        asked.push(Rows::Of(all.clone()));
        let stored = self.ledger.postings_of(all.clone()).await?;
        let known = self.ledger.known_of(asked.clone()).await?;
        let revisions = self.ledger.revisions_of(all).await?;
        let texts: BTreeMap<&str, u128> =
            stored.iter().map(|posting| (posting.id.as_str(), fingerprint(&posting.text))).collect();
        let leaves = base.ground(true).leaves(Some(&ids));
        // Only a text that is new may have a new event.
        let is_new = |leaf: &&Leaf| texts.get(leaf.id.as_str()) != Some(&leaf.text);
        let otherwise =
            if leaves.iter().any(is_new) { self.ledger.known_otherwise().await? } else { Vec::new() };
        Ok(Share { of: Some(ids), last: false, stored, known, asked, revisions, otherwise })
    }

    /// Of which postings there may be notices: of a change that may still be told, of what is new, of somebody who is not
    /// reached.
    async fn noticed(&self, base: &Base<'_>) -> Result<BTreeSet<String>, LedgerError> {
        let now = base.now;
        let rows = self.ledger.known_of(vec![Rows::Notices(now), refused()]).await?;
        let counts = |row: &&Row| match row.key.sort() {
            Sort::New => is_on_its_way(row) || row.late_after > now || is_refused(row),
            Sort::Change => is_on_its_way(row) || is_refused(row),
            _ => is_refused(row),
        };
        let revised = Histories::of(self.ledger.revised().await?);
        let telling = revised.changed().filter(|(_, _, history)| may_tell(history, now));
        let ids = telling.map(|(posting, ..)| posting);
        let ids = ids.chain(rows.iter().filter(counts).map(|row| row.key.posting()));
        Ok(ids.filter(|id| !id.is_empty()).map(str::to_owned).collect())
    }

    /// Writes down what events are from now on and in which words, so that whoever is told of it from here on is known to
    /// have been; false when the whole share must be written first, because something goes by another name.
    pub async fn note(&self, laid: &mut Laid) -> Result<bool, LedgerError> {
        if !laid.renamings.is_empty() {
            return Ok(false);
        }
        let revisions = std::mem::take(&mut laid.revisions);
        let remember: Vec<_> = laid.remember.iter().map(|posting| (posting.clone(), None)).collect();
        if !revisions.is_empty() || !remember.is_empty() {
            self.ledger.bring(Batch { revisions, remember, ..Batch::default() }, laid.now).await?;
        }
        Ok(true)
    }

    /// The second half: the ledger is brought to what was laid, with the good texts and what rows were made from; and after
    /// the last share, what is overdue ends, and notices are seen to.
    pub async fn write(&self, mut laid: Laid) -> Result<Round, LedgerError> {
        let mut round = std::mem::take(&mut laid.round);
        let changed = self.bring(&mut laid, &mut round).await?;
        if !laid.last {
            return Ok(round);
        }
        let now = laid.now;
        round.ended = self.ledger.tidy(now).await?;
        if changed || !round.ended.is_empty() {
            laid.known = self.known(&laid).await?;
        }
        self.notify(&mut laid, &mut round).await?;
        if laid.snapshot.settings.monitoring.is_any() {
            round.tally = self.ledger.tally(now).await?;
        }
        let (people, forget) = std::mem::take(&mut laid.remember_people);
        if !people.is_empty() || !forget.is_empty() {
            self.ledger.remember_people(people, forget).await?;
        }
        if !laid.filled {
            self.ledger.remember(Vec::new(), Vec::new()).await?;
        }
        round.next = self.ledger.next_reminder(now).await?;
        Ok(round)
    }

    /// The rows of a share, as they are now.
    pub(super) async fn known(&self, laid: &Laid) -> Result<Vec<Row>, LedgerError> {
        if laid.of.is_none() {
            return self.ledger.known().await;
        }
        self.ledger.known_of(laid.asked.clone()).await
    }

    /// Brings the rows of a share to what is wanted, with all that goes with them; whether any row changed.
    async fn bring(&self, laid: &mut Laid, round: &mut Round) -> Result<bool, LedgerError> {
        let now = laid.now;
        let mut changed = false;
        for _ in 0..TRIES {
            let Compared { changes, remember } = laid.compared.take().unwrap_or_else(|| compare(laid));
            let batch = Batch {
                changes,
                remember,
                // These are written whatever rows are met; the rest only with all of them.
                renamed: std::mem::take(&mut laid.renamings),
                revisions: std::mem::take(&mut laid.revisions),
                forget: laid.forget.clone(),
                rested: laid.rested.clone(),
            };
            count(&batch.changes, round);
            changed |= !batch.changes.is_empty();
            if batch == Batch::default() || self.ledger.bring(batch, now).await? == 0 {
                break;
            }
            laid.known = self.known(laid).await?;
        }
        Ok(changed)
    }

    /// Brings the notices that are seen to.
    pub(super) async fn bring_notices(
        &self,
        notices: &[Wanted],
        laid: &mut Laid,
        round: &mut Round,
    ) -> Result<(), LedgerError> {
        for _ in 0..TRIES {
            let rows = laid.known.iter().filter(|row| !early(row));
            let changes = reconcile(notices, rows, &BTreeMap::new(), &laid.frozen, laid.now);
            if changes.is_empty() {
                break;
            }
            count(&changes, round);
            if self.ledger.apply(changes, laid.now).await? == 0 {
                break;
            }
            laid.known = self.known_with(laid, notices).await?;
        }
        Ok(())
    }

    /// The rows of a share, and those of these notices: of some that ended long ago nobody asked.
    pub(super) async fn known_with(&self, laid: &Laid, notices: &[Wanted]) -> Result<Vec<Row>, LedgerError> {
        let mut known = self.known(laid).await?;
        let missing = missing(&known, notices);
        if laid.of.is_some() && !missing.is_empty() {
            known.extend(self.ledger.known_of(vec![Rows::Keys(missing)]).await?);
        }
        Ok(known)
    }
}

/// The keys of notices that are not among these rows.
pub(super) fn missing(known: &[Row], notices: &[Wanted]) -> Vec<Key> {
    let there: BTreeSet<&Key> = known.iter().map(|row| &row.key).collect();
    notices.iter().map(|notice| &notice.key).filter(|key| !there.contains(key)).cloned().collect()
}

/// What stirs in shares; what only has another name goes with what it is now.
fn in_shares(survey: &Survey, most: usize) -> VecDeque<BTreeSet<String>> {
    let alone: Vec<&String> = survey.stirring.iter().filter(|id| !survey.renamed.contains_key(*id)).collect();
    alone.chunks(most.max(1)).map(|ids| ids.iter().map(|id| (*id).clone()).collect()).collect()
}

/// What ever was refused for good: of an address that is in use the operator hears until something reaches it.
fn refused() -> Rows {
    Rows::Refused(DateTime::UNIX_EPOCH)
}

/// Which rows notices are made from, besides those of the postings that they are about.
fn asked(settings: &Settings, now: DateTime<Utc>) -> Vec<Rows> {
    let mut asked = vec![Rows::Notices(now), refused(), Rows::Lapsed(now - MISSED)];
    asked.extend(away(&settings.house.directory, settings.house.zone, now));
    asked
}

/// What those who are away now read themselves, since they are.
fn away(directory: &Directory, house: Zone, now: DateTime<Utc>) -> Vec<Rows> {
    let absent = directory.people.values().filter_map(|person| {
        let zone = person.zone.unwrap_or(house);
        let today = zone.date(now);
        let span = person.away.iter().filter(|(first, end)| (*first..=*end).contains(&today));
        let first = span.map(|(first, _)| *first).chain(person.leaves.filter(|day| *day <= today)).min()?;
        // A day more: a row counts by the day of its due instant.
        let since = zone.start_of(first) - TimeDelta::days(1);
        Some(Rows::Own { reader: person.id.clone(), since, until: now })
    });
    absent.collect()
}

/// What brings the rows of a share, as they are known, to what is wanted.
fn compare(laid: &Laid) -> Compared {
    let wanted = laid.wanted();
    let rows = laid.known.iter().filter(|row| laid.is_ours(row));
    let changes = reconcile(&wanted, rows, &laid.heirs, &laid.frozen, laid.now);
    Compared { changes, remember: to_keep(laid, &wanted) }
}

/// The texts to remember, and of what the rows stand for what is so: rows that are leaving, or are held, and are not what
/// is asked for, are brought to it later. Until then their postings stand for nothing: least of all for what they stood for
/// before, which may be asked for again.
fn to_keep(laid: &Laid, wanted: &[Wanted]) -> Vec<(StoredPosting, Option<String>)> {
    let by_key: BTreeMap<&Key, &Wanted> = wanted.iter().map(|wanted| (&wanted.key, wanted)).collect();
    let is_apart = |row: &&Row| {
        let leaving = matches!(row.state, State::Claimed | State::Handed | State::Held);
        leaving && early(row) && by_key.get(&row.key).is_none_or(|wanted| !wanted.is_as(row))
    };
    let apart: BTreeSet<&str> = laid.known.iter().filter(is_apart).map(|row| row.key.posting()).collect();
    let whole = |id: &str| !apart.contains(id);
    let basis = |id: &str| laid.bases.get(id).filter(|_| whole(id)).map(|new| new.basis.clone());
    let new = laid.remember.iter().map(|posting| (posting.clone(), basis(&posting.id)));
    let texts: BTreeSet<&str> = laid.remember.iter().map(|posting| posting.id.as_str()).collect();
    let same = laid.stored.iter().filter(|posting| !texts.contains(posting.id.as_str()));
    let counts = |posting: &&StoredPosting| {
        laid.bases.get(&posting.id).is_some_and(|new| new.replaces || whole(&posting.id))
    };
    let same = same.filter(counts).map(|posting| (posting.clone(), basis(&posting.id)));
    new.chain(same).collect()
}

/// Counts changes.
pub(super) fn count(changes: &[Change], round: &mut Round) {
    for change in changes {
        match change {
            Change::Add(_, State::Planned) | Change::Inherit(_, State::Planned, _) => round.added += 1,
            Change::Add(..) | Change::Inherit(..) => round.skipped += 1,
            Change::Refresh(_) | Change::Return(..) => round.moved += 1,
            // What was wrong is mended.
            Change::Want(key, false) if key.sort() == Sort::Slip => {}
            Change::Withdraw(_) | Change::Told(_) | Change::Want(_, false) => round.withdrawn += 1,
            Change::Want(_, true) => {}
        }
    }
}
