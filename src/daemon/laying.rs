//! Pure but for texts that are read again. From what is known of some postings to what should be in force of them: a share of
//! a round, decided and not yet written.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::deciding::{Decided, Ground, Memory, Seen, Survey, basis, decide, heirs, remembered, to_remember};
use super::planner::{Planner, Round, Snapshot, early};
use crate::calendar::people::removed;
use crate::calendar::read::{Broken, Folder, Leaf, Text, posting};
use crate::calendar::{House, Person, Posting, named};
use crate::diagnostic::{Problem, Words, say};
use crate::ledger::{Head, Rows, StoredPosting};
use crate::message::icalendar::feed::reminded;
use crate::plan::lay::lay;
use crate::plan::notice::slip::{Slips, found_among, name_of};
use crate::plan::notice::{Scene, is_on_its_way, news};
use crate::plan::reconcile::Change;
use crate::plan::row::Row;
use crate::plan::told::{Renaming, Revised, Revision, revise_beside};
use crate::plan::{Key, Reminder, Wanted};
use crate::settings::Settings;

/// The files as the house in force reads them.
pub(super) struct View<'a> {
    pub(super) folder: Cow<'a, Folder>,
    /// The texts, where they were read otherwise than [`Loaded`](crate::files::Loaded) has them.
    texts: Option<BTreeMap<String, Text>>,
    /// Whom jalon.toml no longer has, and the ledger still knows.
    pub(super) recalled: BTreeSet<String>,
}

/// What is known of some postings.
#[derive(Debug, Default)]
pub(super) struct Share {
    /// Which; none for all there are.
    pub(super) of: Option<BTreeSet<String>>,
    /// Whether the round ends with it.
    pub(super) last: bool,
    /// Those of them that the ledger remembers.
    pub(super) stored: Vec<StoredPosting>,
    /// Their rows, and others that were asked for.
    pub(super) known: Vec<Row>,
    /// How these were asked for; empty for all.
    pub(super) asked: Vec<Rows>,
    /// The revisions of their events.
    pub(super) revisions: Vec<Revision>,
    /// Revisions of others that say what no new event may be called in calendars.
    pub(super) otherwise: Vec<Revision>,
}

/// What shares are laid from.
pub(super) struct Base<'a> {
    pub(super) settings: Settings,
    pub(super) view: View<'a>,
    pub(super) heads: Vec<Head>,
    pub(super) stirred: Vec<String>,
    pub(super) filled: bool,
    pub(super) people: Vec<(String, String)>,
    pub(super) circumstances: Option<String>,
    pub(super) now: DateTime<Utc>,
}

impl Base<'_> {
    pub(super) fn ground(&self, readable: bool) -> Ground<'_> {
        Ground {
            folder: &self.view.folder,
            readable,
            heads: &self.heads,
            stirred: &self.stirred,
            circumstances: self.circumstances.as_deref(),
        }
    }
}

impl<L> Planner<L> {
    /// What should be in force by the files and by what a ledger remembers, decided and not yet written. `None` when no
    /// usable settings were ever read.
    #[must_use]
    pub fn decide(&self, memory: Memory, now: DateTime<Utc>) -> Option<Laid> {
        let Memory { stored, known, filled, people, revisions } = memory;
        let mut settings = self.files.loaded.settings.clone()?;
        let view = self.view(&mut settings.house, &people);
        let head = |posting: &StoredPosting| Head {
            id: posting.id.clone(),
            path: posting.path.clone(),
            since: posting.since,
            vanished_at: posting.vanished_at,
            accepted: posting.accepted,
            basis: None,
        };
        let mut heads: Vec<Head> = stored.iter().map(head).collect();
        heads.sort_by(|a, b| a.id.cmp(&b.id));
        let (stirred, circumstances) = (Vec::new(), None);
        let base = Base { settings, view, heads, stirred, filled, people, circumstances, now };
        let ground = base.ground(self.files.loaded.postings_readable);
        let absent = ground.absent();
        let vanished: BTreeSet<&str> = absent.vanished.iter().map(|head| head.id.as_str()).collect();
        let gone: Vec<StoredPosting> =
            stored.iter().filter(|posting| vanished.contains(posting.id.as_str())).cloned().collect();
        let candidates = self.candidates(&base, &ground.candidates(&absent.vanished));
        let renamed = ground.renamed(&gone, &candidates, &base.settings.house);
        let open = known.iter().filter(|row| is_on_its_way(row)).map(|row| row.key.posting().to_owned());
        let survey = ground.survey(&absent, renamed, &open.collect(), now);
        let share = Share { last: true, stored, known, revisions, ..Share::default() };
        Some(self.lay_out(&base, &survey, share))
    }

    /// Adds to the house whom jalon.toml no longer has, as their last known entry had them; and reads the postings
    /// again if there are such people.
    pub(super) fn view(&self, house: &mut House, people: &[(String, String)]) -> View<'_> {
        let entries = people.iter().filter_map(|(id, entry)| {
            let person: Person = serde_json::from_str(entry).ok()?;
            Some((id.clone(), person))
        });
        let recalled: BTreeSet<String> = house.directory.recall(entries.collect()).into_iter().collect();
        if recalled.is_empty() {
            return View { folder: Cow::Borrowed(&self.files.loaded.folder), texts: None, recalled };
        }
        let (folder, texts) = self.files.loaded.by_house(house);
        let texts = texts.into_iter().map(|text| (text.file.clone(), text)).collect();
        View { folder: Cow::Owned(folder), texts: Some(texts), recalled }
    }

    /// A posting as its file shows it, with its text; none when that was written since it was looked through.
    pub(super) fn shown(&self, base: &Base<'_>, leaf: &Leaf) -> Option<(Posting, String)> {
        let read = &base.view.folder.postings;
        let at = read.binary_search_by(|posting| posting.id.cmp(&leaf.id)).ok();
        let text = match &base.view.texts {
            Some(texts) => texts.get(&leaf.file)?.contents.clone().ok()?,
            None => self.files.loaded.text(leaf)?,
        };
        let posting = if let Some(at) = at {
            read[at].clone()
        } else {
            let name = name_of(&leaf.file);
            let stem = name.strip_suffix(".toml").unwrap_or(name);
            posting(&leaf.file, stem, &text, &base.settings.house).posting?
        };
        Some((posting, text))
    }

    /// The same of several, without their texts.
    pub(super) fn candidates(&self, base: &Base<'_>, leaves: &[&Leaf]) -> Vec<Posting> {
        leaves.iter().filter_map(|leaf| Some(self.shown(base, leaf)?.0)).collect()
    }

    /// What should be in force of a share of the postings.
    pub(super) fn lay_out(&self, base: &Base<'_>, survey: &Survey, mut share: Share) -> Laid {
        let now = base.now;
        let mut settings = base.settings.clone();
        let loaded = &self.files.loaded;
        let ground = base.ground(loaded.postings_readable);
        let folder = &*base.view.folder;
        let mut shown = Vec::new();
        for leaf in ground.leaves(share.of.as_ref()) {
            match self.shown(base, leaf) {
                Some(found) => shown.push(found),
                // It was written a moment ago: it stays as it is until it is looked through.
                None => share.without(&leaf.id, folder),
            }
        }
        let Share { of, last, stored, known, asked, revisions, otherwise } = share;
        let seen = Seen {
            shown: &shown,
            stored: &stored,
            known: &known,
            revisions: &revisions,
            filled: base.filled,
        };
        let decided = decide(seen, ground, survey, &settings.house);
        let remember = remembered(seen, &survey.presence, now);
        let followed = |file: &&Broken| !decided.problems.iter().any(|problem| problem.file == file.file);
        let unfollowed = folder.broken.iter().filter(followed).map(|file| file.file.clone()).collect();
        let Decided { postings, frozen, first_seen, problems: odd } = decided;
        let mut plan = lay(&postings, &settings);
        // What the ledger may have forgotten is not laid again; what it still holds is.
        let kept = now - settings.ledger.keep;
        if plan.reminders.iter().any(|reminder| reminder.late_after < kept) {
            let held: BTreeSet<&Key> = known.iter().map(|row| &row.key).collect();
            plan.reminders.retain(|reminder| reminder.late_after >= kept || held.contains(&reminder.key()));
        }
        let Survey { presence, renamed, .. } = survey;
        let revised = revise_beside(&postings, &presence.gone, renamed, revisions, &otherwise, now);
        let (mut problems, removed) = self.of_people(base, &mut settings.house, &postings);
        let remember_people = to_remember(&settings.house, &base.people);
        let in_force = folder.leaves.len() + odd.len();
        let postings: BTreeMap<String, Posting> =
            postings.into_iter().map(|posting| (posting.id.clone(), posting)).collect();
        let slips = slips(base, folder, &problems, &postings);
        problems.extend(odd);
        problems.extend(plan.warnings);
        problems.extend_from_slice(self.files.template_problems());
        let round = Round {
            postings: in_force,
            missed: presence.missed.keys().cloned().collect(),
            gone: presence.gone.iter().cloned().collect(),
            doubted: presence.doubted,
            problems,
            removed,
            unfollowed,
            ..Round::default()
        };
        let feed = settings.feed.as_ref();
        let reminded = feed.map(|_| reminded(&plan.reminders, &known, &postings)).unwrap_or_default();
        let Revised { renamed: renamings, new: revisions, histories, .. } = revised;
        let heirs = heirs(&plan.reminders, &renamings);
        let snapshot = Arc::new(Snapshot {
            concerns: super::planner::concerns(&settings.house, &plan.reminders),
            settings: Arc::new(settings),
            templates: self.files.templates(),
            postings,
            histories,
            reminded,
            slips: Arc::new(slips),
            about: Vec::new(),
            basis: self.basis,
        });
        let bases = bases(base, ground, &shown);
        let ours = |id: &&String| of.as_ref().is_none_or(|of| of.contains(*id));
        let rested = base.stirred.iter().filter(ours).cloned().collect();
        let forget = presence.gone.iter().filter(ours).cloned().collect();
        Laid {
            snapshot,
            reminders: plan.reminders,
            known,
            frozen,
            heirs,
            renamings,
            revisions,
            first_seen,
            remember,
            remember_people,
            filled: base.filled,
            round,
            now,
            of,
            last,
            asked,
            stored,
            bases,
            rested,
            forget,
            compared: None,
        }
    }

    /// What is wrong with the files, and who was removed and is still named. Who was recalled for nothing leaves the
    /// house again.
    fn of_people(
        &self,
        base: &Base<'_>,
        house: &mut House,
        postings: &[Posting],
    ) -> (Vec<Problem>, Vec<(String, Words)>) {
        let mut problems = self.files.loaded.problems.clone();
        if let Some(texts) = &base.view.texts {
            problems.retain(|problem| !texts.contains_key(&problem.file));
            problems.extend(base.view.folder.problems.iter().cloned());
        }
        let mut still_named = Vec::new();
        for id in &base.view.recalled {
            let names = |posting: &&Posting| named(std::slice::from_ref(*posting)).contains(id.as_str());
            let name = |posting: &'_ Posting| name_of(&posting.file).to_owned();
            // All of them were read again, to know.
            let all = base.view.folder.postings.iter().chain(postings).filter(names);
            let by: BTreeSet<String> = all.map(name).collect();
            if by.is_empty() {
                house.directory.people.remove(id);
            } else {
                let by: Vec<&str> = by.iter().map(String::as_str).collect();
                let problem = removed(&self.jalon_toml(), id, &by, house.zone.date(base.now));
                still_named.push((id.clone(), with_remedy(&problem)));
                problems.push(problem);
            }
        }
        (problems, still_named)
    }
}

impl Share {
    /// Leaves out a posting of which nothing can be said now.
    fn without(&mut self, id: &str, folder: &Folder) {
        let all = || folder.leaves.iter().map(|leaf| leaf.id.clone()).collect();
        self.of.get_or_insert_with(all).remove(id);
        self.stored.retain(|posting| posting.id != id);
        self.known.retain(|row| row.key.posting() != id);
        self.revisions.retain(|revision| revision.posting != id);
    }
}

/// What is wrong with the files of postings, for those who can mend it.
fn slips(
    base: &Base<'_>,
    folder: &Folder,
    problems: &[Problem],
    postings: &BTreeMap<String, Posting>,
) -> BTreeMap<String, Slips> {
    if folder.broken.is_empty() {
        return BTreeMap::new();
    }
    let since = base.heads.iter().map(|head| (head.id.as_str(), head.since)).collect();
    let there = folder.leaves.iter().map(|leaf| name_of(&leaf.file));
    let there = there.chain(folder.broken.iter().map(|broken| name_of(&broken.file))).collect();
    found_among(&folder.broken, problems, &there, postings, &since)
}

/// What the rows of a posting are made from.
#[derive(Clone, Debug)]
pub(super) struct NewBasis {
    /// A digest of it.
    pub(super) basis: String,
    /// Whether the ledger says that it is another: that is so no more, whatever of this is written.
    pub(super) replaces: bool,
}

/// What the rows of postings are made from, where the ledger does not say so yet.
fn bases(base: &Base<'_>, ground: Ground<'_>, shown: &[(Posting, String)]) -> BTreeMap<String, NewBasis> {
    let Some(circumstances) = &base.circumstances else { return BTreeMap::new() };
    let leaves = shown.iter().filter_map(|(posting, _)| ground.leaf(&posting.id));
    let new = leaves.filter_map(|leaf| {
        let basis = basis(leaf, circumstances);
        let known = ground.head(&leaf.id).and_then(|head| head.basis.as_ref());
        let replaces = known.is_some();
        (known != Some(&basis)).then(|| (leaf.id.clone(), NewBasis { basis, replaces }))
    });
    new.collect()
}

/// The confirmations of postings that are new.
fn confirmations(
    snapshot: &Snapshot,
    first_seen: &BTreeSet<String>,
    known: &[Row],
    now: DateTime<Utc>,
) -> Vec<Wanted> {
    let known: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
    let house = &snapshot.settings.house;
    let scene = Scene { postings: &snapshot.postings, house, known: &known, now };
    let first_seen: Vec<&Posting> = first_seen.iter().filter_map(|id| snapshot.postings.get(id)).collect();
    news(&scene, &first_seen)
}

/// What is wrong, and what to do about it.
fn with_remedy(problem: &Problem) -> Words {
    let Some(remedy) = &problem.remedy else { return problem.sentence.clone() };
    let both = |sentence: &str, remedy: &str| {
        let mut letters = remedy.chars();
        let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
        format!("{sentence}. {first}{}.", letters.as_str())
    };
    say(both(&problem.sentence.fr, &remedy.fr), both(&problem.sentence.en, &remedy.en))
}

/// What a round decided of some postings, or of all, before it is written.
#[derive(Debug)]
pub struct Laid {
    /// What is in force of them.
    pub snapshot: Arc<Snapshot>,
    pub(crate) reminders: Vec<Reminder>,
    pub(crate) known: Vec<Row>,
    pub(crate) frozen: BTreeSet<String>,
    pub(crate) heirs: BTreeMap<Key, Key>,
    pub(crate) renamings: Vec<Renaming>,
    pub(crate) revisions: Vec<Revision>,
    pub(super) first_seen: BTreeSet<String>,
    pub(crate) remember: Vec<StoredPosting>,
    pub(crate) remember_people: (Vec<(String, String)>, Vec<String>),
    /// Whether a plan was ever written before.
    pub(super) filled: bool,
    pub(crate) round: Round,
    pub(crate) now: DateTime<Utc>,
    /// Of which postings; none for all there are.
    pub(super) of: Option<BTreeSet<String>>,
    /// Whether the round ends with it.
    pub(super) last: bool,
    /// How the rows were asked for; empty for all.
    pub(super) asked: Vec<Rows>,
    pub(super) stored: Vec<StoredPosting>,
    /// What the rows of postings are made from, where the ledger does not say so yet.
    pub(super) bases: BTreeMap<String, NewBasis>,
    /// Postings that a hand touched, and that are seen to.
    pub(super) rested: Vec<String>,
    /// Postings to be forgotten.
    pub(super) forget: Vec<String>,
    /// What is to be written of the rows and texts, where that was worked out beforehand.
    pub(super) compared: Option<Compared>,
}

/// What brings the rows of a share to what is wanted; and the texts to remember, each with what its rows then stand for.
#[derive(Debug)]
pub(super) struct Compared {
    pub(super) changes: Vec<Change>,
    pub(super) remember: Vec<(StoredPosting, Option<String>)>,
}

impl Laid {
    /// The reminders and confirmations that the ledger should hold. They go together, all or none: once a posting has
    /// rows, it is not new any more.
    pub(super) fn wanted(&self) -> Vec<Wanted> {
        let confirmed = confirmations(&self.snapshot, &self.first_seen, &self.known, self.now);
        self.reminders.iter().map(Wanted::from).chain(confirmed).collect()
    }

    /// Whether a row is among those that [`wanted`](Self::wanted) is about.
    pub(super) fn is_ours(&self, row: &Row) -> bool {
        early(row) && self.of.as_ref().is_none_or(|of| of.contains(row.key.posting()))
    }
}
