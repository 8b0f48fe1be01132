//! Pure. The page for whoever runs jalon: what is wrong, or is well again.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::facts::{RecipientFacts, code};
use super::matter::{Addressee, Trouble};
use super::voice::Voice;
use super::worded::{Reader, line};
use crate::calendar::Language;

/// How long the first trouble may be in a subject, in characters.
const SHORT: usize = 100;

/// Everything that the templates of a mail to the operator may name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperatorFacts {
    /// The language of the mail: `fr`, `en`, or the name of its folder.
    #[serde(serialize_with = "code")]
    pub language: Language,
    /// To whom the mail goes.
    pub recipient: RecipientFacts,
    /// The first trouble in short, without its full stop: for a subject.
    pub headline: String,
    /// How many follow the first, for a subject: « et 2 autres problèmes ». None when it is the only one.
    pub more: Option<String>,
    /// True when all of it is well again.
    pub healed: bool,
    /// What is wrong first, then what is well again; the oldest first.
    pub troubles: Vec<TroubleFacts>,
}

/// Something that is wrong, or is well again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TroubleFacts {
    /// What is wrong, in a sentence.
    pub sentence: String,
    /// Since when, in the recipient's own time: « lundi 22 juin 2026 à 9 h 05, heure de Paris ». Without the zone
    /// when it is well again, for `healed` says that.
    pub since: String,
    /// When it was healed, in the recipient's own time, with its zone. None while it is not.
    pub healed: Option<String>,
}

/// The facts of a mail that tells the operator of these troubles at `now`, as jalon words them itself.
#[must_use]
pub fn operator_facts(troubles: &[Trouble<'_>], to: &Addressee<'_>, now: DateTime<Utc>) -> OperatorFacts {
    operator_facts_by(&Voice::of(to.language), troubles, to, now)
}

/// The same, as somebody words them.
#[must_use]
pub fn operator_facts_by(
    voice: &Voice<'_>,
    troubles: &[Trouble<'_>],
    to: &Addressee<'_>,
    now: DateTime<Utc>,
) -> OperatorFacts {
    let reader = Reader { tongue: voice.tongue(), zone: to.zone, now };
    let mut sorted: Vec<&Trouble<'_>> = troubles.iter().collect();
    sorted.sort_by_key(|trouble| (trouble.healed.is_some(), trouble.since));
    let troubles: Vec<TroubleFacts> = sorted
        .iter()
        .map(|trouble| TroubleFacts {
            sentence: line(trouble.sentence).unwrap_or_else(|| "?".to_owned()),
            since: match trouble.healed {
                Some(_) => reader.tongue.starts(&[reader.zone.local(trouble.since)]),
                None => reader.instant(trouble.since),
            },
            healed: trouble.healed.map(|healed| reader.instant(healed)),
        })
        .collect();
    let others = troubles.len().saturating_sub(1);
    OperatorFacts {
        language: voice.language(),
        recipient: RecipientFacts::of(to),
        headline: troubles.first().map(|trouble| shortened(&trouble.sentence)).unwrap_or_default(),
        more: (others > 0).then(|| reader.tongue.more_troubles(others)),
        healed: troubles.iter().all(|trouble| trouble.healed.is_some()),
        troubles,
    }
}

/// A sentence without its full stop, cut between two words where it is long.
fn shortened(sentence: &str) -> String {
    let sentence = sentence.strip_suffix('.').unwrap_or(sentence);
    if sentence.chars().count() <= SHORT {
        return sentence.to_owned();
    }
    let cut: String = sentence.chars().take(SHORT - 1).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(whole, _)| whole);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '\u{a0}', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sentence_is_cut_between_words() {
        assert_eq!(shortened("Le relais ne répond plus."), "Le relais ne répond plus");
        let cut = shortened(&"mot ".repeat(60));
        assert!(cut.ends_with("mot…") && cut.chars().count() <= SHORT, "{cut}");
        assert_eq!(shortened(&"x".repeat(300)).chars().count(), SHORT);
    }
}
