//! Pure. Notices that somebody is not reached: a relay refuses their address for good, so that they were not reminded.
//! The posting's other recruiters are told, once for each posting and address: they can tell that person otherwise, or
//! see to it themselves. The operator hears of it on a page of their own.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{MISSED, Scene};
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort, Wanted};

/// How long after a refusal its notice leaves: what turns out to be about us is planned again meanwhile.
const SETTLE: TimeDelta = TimeDelta::minutes(5);

/// Whether a row tells that somebody was not reached. Notices of this kind tell of no other.
#[must_use]
pub fn is_refused(row: &Row) -> bool {
    row.state == State::Failed
        && row.reason == Some(Reason::RecipientRefused)
        && matches!(row.key.sort(), Sort::Reminder | Sort::Change | Sort::New)
}

/// The notices that the ledger should hold: of what was refused lately.
#[must_use]
pub fn refused(scene: &Scene<'_>) -> Vec<Wanted> {
    let mut first: BTreeMap<(&str, String), DateTime<Utc>> = BTreeMap::new();
    let lately = |row: &&&Row| is_refused(row) && scene.now - row.changed < MISSED;
    for row in scene.known.values().filter(lately) {
        let since = first.entry((row.key.posting(), row.email.to_lowercase())).or_insert(row.changed);
        *since = row.changed.min(*since);
    }
    let mut wanted = Vec::new();
    for ((posting, email), since) in first {
        let Some(there) = scene.postings.get(posting) else { continue };
        let due = since + SETTLE;
        for recruiter in &there.recruiters {
            let key = Key::refused(posting, &email, &recruiter.id);
            let notice = scene.notice(key, (posting, ""), recruiter, (due, due + MISSED));
            // Whoever is not reached is not told so by the same way.
            if notice.email.to_lowercase() != email && recruiter.email.to_lowercase() != email {
                wanted.push(notice);
            }
        }
    }
    wanted
}
