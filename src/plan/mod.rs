//! Pure. From a calendar to reminders; from the mails that are wanted to what must change in the ledger; from what
//! a relay answered to what comes next.
//!
//! ```text
//! postings ─[`lay`]─▶ reminders, notices ─▶ [`Wanted`] ─[`reconcile`]─▶ changes     outcome ─[`next`]─▶ verdict
//! ```
//! Every function here is total and takes `now` as a parameter. Nothing is stored, sent, logged or waited for.

pub mod absence;
pub mod blame;
pub mod byhand;
pub mod complaint;
pub mod difference;
pub mod duty;
pub mod hours;
pub mod lay;
pub mod notice;
pub mod next;
pub mod oddities;
mod occurrence;
pub mod outcome;
pub mod pace;
pub mod presence;
pub mod pseudonym;
pub mod reconcile;
pub mod refused;
mod reminder;
pub mod row;
pub mod said;
pub mod tally;
pub mod told;
pub mod trust;
pub mod why;
pub mod worded;
pub mod words;

use std::fmt;
use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

pub use occurrence::Occurrence;
pub use reminder::{Occasion, Reminded, Reminder};

use crate::calendar::Lead;

/// The kinds of mail that a row may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sort {
    /// A date draws near, is here, or has passed.
    Reminder,
    /// All that is to come, at the moment that a person chose.
    Digest,
    /// A date is not what it was said to be.
    Change,
    /// A posting is new.
    New,
    /// What should have been told in time, and was not.
    Missed,
    /// Somebody's address is refused, and the posting's other recruiters are told.
    Refused,
    /// A posting's file is wrong, and whoever can mend it is told.
    Slip,
    /// Whoever runs the service is told of a problem, or that it is over.
    Operator,
}

impl Sort {
    /// Every sort.
    pub const ALL: [Self; 8] = [
        Self::Reminder,
        Self::Digest,
        Self::Change,
        Self::New,
        Self::Missed,
        Self::Refused,
        Self::Slip,
        Self::Operator,
    ];

    /// The word in the ledger and in listings; of all but reminders, what stands behind the `~` in their keys.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Reminder => "reminder",
            Self::Digest => "digest",
            Self::Change => "change",
            Self::New => "new",
            Self::Missed => "missed",
            Self::Refused => "refused",
            Self::Slip => "slip",
            Self::Operator => "operator",
        }
    }

    /// The sort of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }
}

/// The identity of a mail-to-be. It is for ever.
///
/// ```text
/// POSTING/EVENT/OCCURRENCE/LEAD/RECIPIENT     a reminder
/// ~digest/MINUTE/PERSON                       all others are notices, and no posting's id begins with ~
/// ~change/POSTING/EVENT/REVISION/RECIPIENT
/// ~new/POSTING/RECIPIENT
/// ~missed/DAY/RECIPIENT
/// ~refused/POSTING/ADDRESS/RECIPIENT
/// ~slip/FILE/ERROR/N/RECIPIENT
/// ~operator/PROBLEM/N  ~operator/PROBLEM/N/healed
/// ```
/// A reminder's holds the event's date and not the due instant: a change of `at` moves what is planned and repeats
/// nothing. A recipient stands last, because an address may hold a `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(String);

impl Key {
    /// The key of a reminder with these parts.
    #[must_use]
    pub fn new(posting: &str, event: &str, occurrence: &Occurrence, lead: Lead, recipient: &str) -> Self {
        // With room for an occurrence of the longest sort, and for a lead.
        let mut key = String::with_capacity(posting.len() + event.len() + recipient.len() + 32);
        // Writing into a string cannot fail.
        let _ = write!(key, "{posting}/{event}/{occurrence}/{lead}/{recipient}");
        Self(key)
    }

    /// The key of a person's digest at a minute of their day.
    #[must_use]
    pub fn digest(minute: NaiveDateTime, person: &str) -> Self {
        Self(format!("~digest/{}/{person}", minute.format("%Y-%m-%dT%H:%M")))
    }

    /// The key of the notice that an event is otherwise than it was: now as this revision of it says.
    #[must_use]
    pub fn change(posting: &str, event: &str, revision: u32, person: &str) -> Self {
        Self(format!("~change/{posting}/{event}/{revision}/{person}"))
    }

    /// The key of the notice that a posting is new.
    #[must_use]
    pub fn new_posting(posting: &str, person: &str) -> Self {
        Self(format!("~new/{posting}/{person}"))
    }

    /// The key of a day's notice of what lapsed.
    #[must_use]
    pub fn missed(day: NaiveDate, person: &str) -> Self {
        Self(format!("~missed/{}/{person}", day.format("%Y-%m-%d")))
    }

    /// The key of the notice, to one recruiter, that a posting's mails to an address are refused.
    #[must_use]
    pub fn refused(posting: &str, address: &str, person: &str) -> Self {
        Self(format!("~refused/{posting}/{}/{person}", address.to_lowercase().replace('/', "_")))
    }

    /// The key of the notice that something is wrong with a posting's file, for the `n`th time: the file's name, and
    /// what the error is known by.
    #[must_use]
    pub fn slip(file: &str, error: &str, n: u32, person: &str) -> Self {
        Self(format!("~slip/{}/{error}/{n}/{person}", file.replace('/', "_")))
    }

    /// The key of the operator's mail about the `n`th time of a problem.
    #[must_use]
    pub fn operator(problem: &str, n: u32) -> Self {
        Self(format!("~operator/{}/{n}", problem.replace('/', "_")))
    }

    /// The key of the operator's mail that this time of a problem is over.
    #[must_use]
    pub fn healed(problem: &str, n: u32) -> Self {
        Self(format!("{}/healed", Self::operator(problem, n)))
    }

    /// A key that was stored as text.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What sort of mail it names.
    #[must_use]
    pub fn sort(&self) -> Sort {
        let first = self.0.split('/').next().unwrap_or_default();
        first.strip_prefix('~').and_then(Sort::parse).unwrap_or(Sort::Reminder)
    }

    /// The `n`th of so many parts; the last one may hold a `/`.
    fn part(&self, n: usize, of: usize) -> &str {
        self.0.splitn(of, '/').nth(n).unwrap_or_default()
    }

    /// The posting's id; empty when it is of none.
    #[must_use]
    pub fn posting(&self) -> &str {
        match self.sort() {
            Sort::Reminder => self.part(0, 5),
            Sort::Change => self.part(1, 5),
            Sort::New => self.part(1, 3),
            Sort::Refused => self.part(1, 4),
            Sort::Digest | Sort::Missed | Sort::Slip | Sort::Operator => "",
        }
    }

    /// The event's id; empty when it is of none.
    #[must_use]
    pub fn event(&self) -> &str {
        match self.sort() {
            Sort::Reminder => self.part(1, 5),
            Sort::Change => self.part(2, 5),
            Sort::New | Sort::Digest | Sort::Missed | Sort::Refused | Sort::Slip | Sort::Operator => "",
        }
    }

    /// The occurrence, as written in the key; only reminders have one.
    #[must_use]
    pub fn occurrence(&self) -> &str {
        if self.sort() == Sort::Reminder { self.part(2, 5) } else { "" }
    }

    /// The lead, as written in the key; only reminders have one.
    #[must_use]
    pub fn lead(&self) -> &str {
        if self.sort() == Sort::Reminder { self.part(3, 5) } else { "" }
    }

    /// The recipient's id: a person's, else an address in lower case. Empty for the operator.
    #[must_use]
    pub fn recipient(&self) -> &str {
        match self.sort() {
            Sort::Reminder | Sort::Change | Sort::Slip => self.part(4, 5),
            Sort::Digest | Sort::New | Sort::Missed => self.part(2, 3),
            Sort::Refused => self.part(3, 4),
            Sort::Operator => "",
        }
    }

    /// The revision that the notice of a change tells of.
    #[must_use]
    pub fn revision(&self) -> Option<u32> {
        if self.sort() != Sort::Change {
            return None;
        }
        self.0.split('/').nth(3)?.parse().ok()
    }

    /// Of the notice of a slip: the file, the error, and which time of it.
    #[must_use]
    pub fn slipped(&self) -> Option<(&str, &str, u32)> {
        let n = self.part(3, 5).parse().ok().filter(|_| self.sort() == Sort::Slip)?;
        Some((self.part(1, 5), self.part(2, 5), n))
    }

    /// Of an operator's mail: the problem, which time of it, and whether it says that it is over.
    #[must_use]
    pub fn episode(&self) -> Option<(&str, u32, bool)> {
        let parts: Vec<&str> = self.0.split('/').collect();
        match (self.sort(), parts.as_slice()) {
            (Sort::Operator, [_, problem, n]) => Some((problem, n.parse().ok()?, false)),
            (Sort::Operator, [_, problem, n, "healed"]) => Some((problem, n.parse().ok()?, true)),
            _ => None,
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A mail-to-be as the ledger holds it: what [`reconcile`] compares, whatever its sort.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its identity.
    pub key: Key,
    /// The posting's id; empty when it is of none.
    pub posting: String,
    /// The event's id; empty when it is of none.
    pub event: String,
    /// For whom it is: the id in the key; of an operator's mail, the operator's.
    pub recipient: String,
    /// The id of who reads it: whoever covers for the recipient while they are away, else the recipient.
    pub reader: String,
    /// The reader's address.
    pub email: String,
    /// When it is to leave.
    pub due: DateTime<Utc>,
    /// From when on it is of no use.
    pub late_after: DateTime<Utc>,
    /// Of a reminder, the rule that wants it (`jalon.toml:12`); of an operator's mail, its sentence.
    pub why: String,
}

impl From<&Reminder> for Wanted {
    fn from(reminder: &Reminder) -> Self {
        Self {
            key: reminder.key(),
            posting: reminder.posting.to_string(),
            event: reminder.event.to_string(),
            recipient: reminder.recipient().id.clone(),
            reader: reminder.reader().id.clone(),
            email: reminder.reader().email.clone(),
            due: reminder.due,
            late_after: reminder.late_after,
            why: reminder.origin.to_string(),
        }
    }
}

impl Wanted {
    /// Whether a row says all that is asked for.
    #[must_use]
    pub fn is_as(&self, row: &row::Row) -> bool {
        row.wanted
            && row.due == self.due
            && row.late_after == self.late_after
            && row.reader == self.reader
            && row.email == self.email
    }
}

/// What a calendar asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The reminders, by due instant, then key.
    pub reminders: Vec<Reminder>,
    /// What is odd about it: warnings only.
    pub warnings: Vec<crate::diagnostic::Problem>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A key, and what it is made of: sort, posting, event, occurrence, lead, recipient.
    type Golden = (Key, &'static str, Sort, [&'static str; 5]);

    fn goldens() -> Vec<Golden> {
        let day = NaiveDate::from_ymd_opt(2026, 6, 28).unwrap_or_default();
        let minute = day.and_hms_opt(8, 0, 59).unwrap_or_default();
        let [deadline, round] = ["deadline", "interview:premier-tour"];
        let plain = "a/b@example.org"; // an address may hold a slash
        vec![
            (
                Key::new("p", deadline, &Occurrence::Day(day), Lead::ON_DAY, "camille"),
                "p/deadline/2026-06-28/0d/camille",
                Sort::Reminder,
                ["p", deadline, "2026-06-28", "0d", "camille"],
            ),
            (
                Key::new("p", round, &Occurrence::Time(minute), Lead::ON_DAY, plain),
                "p/interview:premier-tour/2026-06-28T08:00:59/0d/a/b@example.org",
                Sort::Reminder,
                ["p", round, "2026-06-28T08:00:59", "0d", plain],
            ),
            (
                Key::digest(minute, "camille"),
                "~digest/2026-06-28T08:00/camille",
                Sort::Digest,
                ["", "", "", "", "camille"],
            ),
            (
                Key::change("p", round, 12, "camille"),
                "~change/p/interview:premier-tour/12/camille",
                Sort::Change,
                ["p", round, "", "", "camille"],
            ),
            (
                Key::change("p", deadline, 2, plain),
                "~change/p/deadline/2/a/b@example.org",
                Sort::Change,
                ["p", deadline, "", "", plain],
            ),
            (Key::new_posting("p", "camille"), "~new/p/camille", Sort::New, ["p", "", "", "", "camille"]),
            (Key::new_posting("p", plain), "~new/p/a/b@example.org", Sort::New, ["p", "", "", "", plain]),
            (
                Key::missed(day, "camille"),
                "~missed/2026-06-28/camille",
                Sort::Missed,
                ["", "", "", "", "camille"],
            ),
            (
                Key::missed(day, plain),
                "~missed/2026-06-28/a/b@example.org",
                Sort::Missed,
                ["", "", "", "", plain],
            ),
            (
                Key::refused("p", "A/b@Example.org", plain),
                "~refused/p/a_b@example.org/a/b@example.org",
                Sort::Refused,
                ["p", "", "", "", plain],
            ),
            (
                Key::slip("accueil.toml", "0a1b2c3d4e5f", 2, "camille"),
                "~slip/accueil.toml/0a1b2c3d4e5f/2/camille",
                Sort::Slip,
                ["", "", "", "", "camille"],
            ),
            (
                Key::slip("a/b.toml", "0a1b2c3d4e5f", 12, plain),
                "~slip/a_b.toml/0a1b2c3d4e5f/12/a/b@example.org",
                Sort::Slip,
                ["", "", "", "", plain],
            ),
            (Key::operator("relay-rests", 3), "~operator/relay-rests/3", Sort::Operator, [""; 5]),
            (Key::healed("relay-rests", 3), "~operator/relay-rests/3/healed", Sort::Operator, [""; 5]),
            (Key::operator("a/b/c", 1), "~operator/a_b_c/1", Sort::Operator, [""; 5]),
        ]
    }

    #[test]
    fn keys_are_for_ever() {
        for (key, text, sort, parts) in goldens() {
            assert_eq!(key.as_str(), text);
            assert_eq!(key, Key::from_text(text));
            assert_eq!(key.sort(), sort, "{text}");
            let read = [key.posting(), key.event(), key.occurrence(), key.lead(), key.recipient()];
            assert_eq!(read, parts, "{text}");
            assert_eq!(key.episode().is_some(), sort == Sort::Operator, "{text}");
        }
        let tried: std::collections::BTreeSet<Sort> = goldens().iter().map(|(_, _, sort, _)| *sort).collect();
        assert_eq!(tried, Sort::ALL.into());
    }

    #[test]
    fn the_key_of_a_slip_tells_its_file_its_error_and_its_number() {
        let key = Key::slip("a/b.toml", "0a1b", 12, "a/b@example.org");
        assert_eq!(key.slipped(), Some(("a_b.toml", "0a1b", 12)));
        for text in ["~slip", "~slip/x/y/z/camille", "slip/x/y/1/camille"] {
            assert_eq!(Key::from_text(text).slipped(), None, "{text}");
        }
    }

    #[test]
    fn an_operators_key_tells_its_episode() {
        assert_eq!(Key::operator("relay-rests", 3).episode(), Some(("relay-rests", 3, false)));
        assert_eq!(Key::healed("a/b", u32::MAX).episode(), Some(("a_b", u32::MAX, true)));
        for text in
            ["~operator", "~operator/x", "~operator/x/y", "~operator/x/1/ill", "~operator/x/1/healed/2"]
        {
            assert_eq!(Key::from_text(text).episode(), None, "{text}");
        }
        assert_eq!(Key::from_text("operator/x/1").episode(), None, "a posting may be called so");
    }

    #[test]
    fn every_sort_has_a_word_of_its_own() {
        for sort in Sort::ALL {
            assert_eq!(Sort::parse(sort.word()), Some(sort));
        }
        assert_eq!(Sort::parse("party"), None);
        assert_eq!(Key::from_text("digest/deadline/2026-06-28/0d/x").sort(), Sort::Reminder);
    }
}
