//! Pure. The operator's mails: one an episode, and one when it is over. The rows are the record of the episodes.
//!
//! A trouble is told some time after it began, so that what mends itself tells nobody; it is over when it has been
//! gone for a while, so that what comes and goes is one episode and not fifty.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::{MISSED, Scene, is_on_its_way};
use crate::calendar::Recipient;
use crate::diagnostic::Words;
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort, Wanted};

/// How long a trouble must be gone before it is over.
pub const HEALED: TimeDelta = TimeDelta::minutes(10);

/// How far apart two mails about one problem are at least, where what was told of is over and happens again.
const APART: TimeDelta = TimeDelta::hours(1);

/// Something that the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What it is about, as keys spell it: `relay-smtp.example.org`.
    pub problem: String,
    /// When it is to be told, if it is a new one.
    pub tell: DateTime<Utc>,
    /// Since when, where that is known: what was told before is another episode.
    pub since: Option<DateTime<Utc>>,
    /// What is the matter.
    pub sentence: Words,
}

/// Problems that begin so are a file's, of which the last good version rules.
pub const FILE: &str = "file-";

/// Problems that begin so are a relay's: what could not be told while they lasted is told afterwards.
pub const RELAY: &str = "relay-";

/// A relay had enough of our mails on a day: told once, whether or not it takes some again, and then afterwards as well.
pub const QUOTA: &str = "quota-";

/// Problems that begin so happened: nobody hears that they are over.
pub const LAPSED: &str = "lapsed-";
/// So are these: somebody's mail went to them though they were away.
pub const AWAY: &str = "away-";
/// And these: a template failed on a mail.
pub const TEMPLATE: &str = "template-";

/// What is known of the troubles of this moment.
#[derive(Clone, Debug, Default)]
pub struct Troubles {
    /// Those there are.
    pub present: Vec<Trouble>,
    /// Problems of which nothing is known for now: what was told of them stays as it is.
    pub unknown: BTreeSet<String>,
    /// What to say of problems that are over since this moment, where it is not that what was told is mended.
    pub over: BTreeMap<String, String>,
}

/// The operator's mails that the ledger should hold.
#[must_use]
pub fn episodes(scene: &Scene<'_>, operator: &Recipient, troubles: &Troubles) -> Vec<Wanted> {
    let mut known: BTreeMap<&str, BTreeMap<u32, Episode<'_>>> = BTreeMap::new();
    for row in scene.rows(Sort::Operator) {
        let Some((problem, number, healed)) = row.key.episode() else { continue };
        let episode = known.entry(problem).or_default().entry(number).or_default();
        *(if healed { &mut episode.healed } else { &mut episode.began }) = Some(row);
    }
    let desk = Desk { scene, operator };
    let mut wanted = Vec::new();
    for trouble in &troubles.present {
        let last = known.get(trouble.problem.as_str()).and_then(|episodes| episodes.last_key_value());
        wanted.push(desk.present(trouble, last));
    }
    let present: BTreeSet<&str> = troubles.present.iter().map(|trouble| trouble.problem.as_str()).collect();
    for (problem, episodes) in &known {
        let Some((number, episode)) = episodes.last_key_value() else { continue };
        if troubles.unknown.contains(*problem) {
            wanted
                .extend([episode.began, episode.healed].into_iter().flatten().map(|row| desk.as_it_is(row)));
        } else if !present.contains(problem) {
            wanted.extend(desk.gone(problem, *number, episode, troubles.over.get(*problem)));
        }
    }
    wanted
}

/// The rows of one episode.
#[derive(Clone, Copy, Default)]
struct Episode<'a> {
    began: Option<&'a Row>,
    healed: Option<&'a Row>,
}

/// Whether a row's mail was not taken back: what a hand withdrew is dealt with.
fn stands(row: &Row) -> bool {
    row.state != State::Withdrawn || row.reason == Some(Reason::Hand)
}

struct Desk<'a> {
    scene: &'a Scene<'a>,
    operator: &'a Recipient,
}

impl Desk<'_> {
    /// A trouble that is there: the open episode's mail as it is, else the next episode's.
    fn present(&self, trouble: &Trouble, last: Option<(&u32, &Episode<'_>)>) -> Wanted {
        // Its end is told, or about to be told to a relay: the next trouble is another episode.
        let over = |row: &Row| !matches!(row.state, State::Planned | State::Claimed | State::Withdrawn);
        let mut tell = trouble.tell.max(self.scene.now);
        let number = match last {
            None => 1,
            Some((number, Episode { healed: Some(healed), .. })) if over(healed) => number + 1,
            // It could not be told in time, and is still there.
            Some((number, Episode { began: Some(row), .. })) if row.state == State::Lapsed => number + 1,
            Some((number, Episode { began: Some(row), .. })) if stands(row) => {
                if trouble.since.is_none_or(|since| row.born >= since) {
                    // What is not told yet is told as it is by then.
                    let why =
                        if row.state == State::Planned { self.say(&trouble.sentence) } else { &row.why };
                    return Wanted { why: why.to_owned(), ..self.as_it_is(row) };
                }
                tell = tell.max(row.born + APART);
                number + 1
            }
            Some((number, _)) => *number,
        };
        self.wanted(Key::operator(&trouble.problem, number), tell, self.say(&trouble.sentence))
    }

    /// A trouble that is gone: whoever was told of it hears so.
    fn gone(
        &self,
        problem: &str,
        number: u32,
        episode: &Episode<'_>,
        over: Option<&String>,
    ) -> Option<Wanted> {
        let began = episode.began.filter(|row| stands(row))?;
        if let Some(healed) = episode.healed.filter(|row| stands(row)) {
            return is_on_its_way(healed).then(|| self.as_it_is(healed));
        }
        if began.state == State::Planned {
            // What nobody was told of needs no end; but what is due is on its way.
            let relays = problem.starts_with(RELAY) || problem.starts_with(QUOTA);
            let still = relays && began.due <= self.scene.now;
            return still.then(|| self.as_it_is(began));
        }
        let heals = ![LAPSED, AWAY, TEMPLATE, QUOTA].iter().any(|prefix| problem.starts_with(prefix));
        (heals && !matches!(began.state, State::Lapsed | State::Failed)).then(|| {
            self.wanted(Key::healed(problem, number), self.scene.now + HEALED, over.unwrap_or(&began.why))
        })
    }

    fn say<'a>(&self, words: &'a Words) -> &'a str {
        words.say(self.operator.language.unwrap_or(self.scene.house.language).spoken())
    }

    fn as_it_is(&self, row: &Row) -> Wanted {
        Wanted { due: row.due, late_after: row.late_after, ..self.wanted(row.key.clone(), row.due, &row.why) }
    }

    fn wanted(&self, key: Key, due: DateTime<Utc>, sentence: &str) -> Wanted {
        Wanted {
            key,
            posting: String::new(),
            event: String::new(),
            recipient: self.operator.id.clone(),
            reader: self.operator.id.clone(),
            email: self.operator.email.clone(),
            due,
            late_after: due + MISSED,
            why: sentence.to_owned(),
        }
    }
}
