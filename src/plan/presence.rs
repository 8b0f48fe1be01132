//! Pure. Files that vanish: when it is believed that a posting is gone.
//!
//! A file that vanishes is believed after fifteen minutes. If all open postings (two or more), or more than half
//! of at least four, are gone at once, none is believed: that is a bad deploy or an unmounted disk, and
//! reminders go on until they return or a person accepts it (`jalon accept`).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

/// How long a file must be gone before it is believed.
pub const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// What is to be made of files that are not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Gone, and not believed yet: the last good version rules. Since when.
    pub missed: BTreeMap<String, DateTime<Utc>>,
    /// Gone, and believed: their reminders are withdrawn and their text is forgotten.
    pub gone: BTreeSet<String>,
    /// Whether so many are gone that none is believed.
    pub doubted: bool,
}

/// Decides about the postings that the ledger remembers and the files no longer show. `known`: every remembered
/// posting, and since when its file is gone; `accepted`: of which a person accepted that; `open`: which of them still
/// had something to remind of; `present`: the ids that the files show, usable or not; `blind`: the folder itself
/// cannot be read. While absence is doubted, patience does not run: it begins when the doubt ends. What was accepted
/// is believed at once, and says nothing of the rest; but a folder that cannot be read does not even say that it is
/// still gone.
#[must_use]
pub fn presence(
    known: &BTreeMap<&str, Option<DateTime<Utc>>>,
    accepted: &BTreeSet<&str>,
    open: &BTreeSet<String>,
    present: &BTreeSet<&str>,
    blind: bool,
    now: DateTime<Utc>,
) -> Presence {
    let believed = |id: &&str| !blind && accepted.contains(id) && !present.contains(id);
    let absent: BTreeMap<&str, DateTime<Utc>> = known
        .iter()
        .filter(|(id, _)| !present.contains(*id) && !believed(id))
        .map(|(id, since)| (*id, since.unwrap_or(now)))
        .collect();
    let open_known = known.keys().filter(|id| open.contains(**id) && !believed(id)).count();
    let open_absent = absent.keys().filter(|id| open.contains(**id)).count();
    let doubted = blind
        || (open_known >= 2 && open_absent == open_known)
        || (open_known >= 4 && 2 * open_absent > open_known);
    let gone = known.keys().filter(|id| believed(id)).map(|id| (*id).to_owned()).collect();
    let mut presence = Presence { gone, doubted, ..Presence::default() };
    for (id, since) in absent {
        if !doubted && now - since >= PATIENCE {
            presence.gone.insert(id.to_owned());
        } else {
            presence.missed.insert(id.to_owned(), if doubted { now } else { since });
        }
    }
    presence
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    fn ids(text: &str) -> BTreeSet<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn names(text: &str) -> BTreeSet<&str> {
        text.split_whitespace().collect()
    }

    fn decide(known: &str, since: Option<i64>, present: &str, now: i64) -> Presence {
        after_accepting("", known, since, present, now)
    }

    fn after_accepting(accepted: &str, known: &str, since: Option<i64>, present: &str, now: i64) -> Presence {
        let known = names(known).into_iter().map(|id| (id, since.map(at))).collect();
        presence(&known, &names(accepted), &ids("a b c d e f"), &names(present), false, at(now))
    }

    #[test]
    fn one_file_is_believed_after_fifteen_minutes() {
        assert!(decide("a b c", None, "b c", 0).gone.is_empty());
        assert!(decide("a b c", Some(0), "b c", 14).gone.is_empty());
        assert_eq!(decide("a b c", Some(0), "b c", 15).gone, ids("a"));
        assert_eq!(decide("a", Some(0), "", 15).gone, ids("a"), "the only posting may be taken away");
    }

    #[test]
    fn all_or_more_than_half_at_once_is_not_believed() {
        assert!(decide("a b", Some(0), "", 999).doubted);
        assert!(decide("a b c d e", Some(0), "a b", 999).doubted);
        assert!(!decide("a b c d", Some(0), "a b", 999).doubted, "half is not more than half");
        assert!(!decide("a b c", Some(0), "a", 999).doubted, "two of three are fewer than four");
        assert!(decide("a b", Some(0), "", 999).gone.is_empty());
    }

    #[test]
    fn patience_begins_when_the_doubt_ends() {
        assert_eq!(decide("a b", Some(0), "", 999).missed["a"], at(999));
        assert_eq!(decide("a b c", Some(0), "b c", 10).missed["a"], at(0));
        let known = BTreeMap::from([("a", Some(at(0)))]);
        let blind = presence(&known, &names(""), &ids("a"), &names(""), true, at(999));
        assert!(blind.doubted && blind.gone.is_empty(), "a folder that cannot be read says nothing");
    }

    #[test]
    fn what_a_person_accepted_is_believed_at_once_and_casts_no_doubt() {
        for (accepted, known, present, gone, missed, doubted) in [
            ("a b", "a b", "", "a b", "", false),
            ("a", "a", "", "a", "", false),
            // They are neither among the absent …
            ("a b", "a b c d e", "d e", "a b", "c", false),
            // … nor among the known: of the rest, all are gone.
            ("a b", "a b c d", "", "a b", "c d", true),
            ("a b", "a b c d e f", "e f", "a b", "c d", false),
            ("a b", "a b c d e f", "f", "a b", "c d e", true),
            // What returned is there, and counts as it did.
            ("a b", "a b c d", "a b", "", "c d", false),
            ("a b", "a b c", "a", "b", "c", false),
        ] {
            let found = after_accepting(accepted, known, Some(0), present, 1);
            let missing: BTreeSet<String> = found.missed.keys().cloned().collect();
            assert_eq!(
                (found.gone, missing, found.doubted),
                (ids(gone), ids(missed), doubted),
                "accepted {accepted:?}, known {known:?}, present {present:?}"
            );
        }
        let known = BTreeMap::from([("a", Some(at(0)))]);
        let blind = presence(&known, &names("a"), &ids("a"), &names(""), true, at(999));
        assert!(blind.gone.is_empty() && blind.missed.contains_key("a"), "it may have returned meanwhile");
    }

    #[test]
    fn postings_wholly_past_do_not_count() {
        assert_eq!(decide("x y", Some(0), "", 15).gone, ids("x y"));
    }
}
