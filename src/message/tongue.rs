//! Pure. What a language must be able to say for mails; `french` and `english` say it, and whatever `spoken` reads.
//!
//! A folder of templates says it in any other language (`spoken`), and needs no code. What is added here is also a phrase
//! there: its name and arguments in `spoken::phrases`, its samples in `spoken::samples`, and its English in
//! templates/en/words.txt; tests name what is forgotten.

use std::borrow::Cow;

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime};

use super::changed::{Became, Detail, Turn};
use super::leaf::LeafFacts;
use super::matter::Why;
use super::moment::Distance;
use super::worded::{Noun, with_first};
use crate::calendar::{Kind, Language, Zone};
use crate::diagnostic::{Language as Spoken, say};

/// How an event stands, for the words that name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tense {
    /// It is to come, on a known day.
    Coming,
    /// It is past.
    Past,
    /// Its day is not fixed.
    Vague,
}

/// The sentences and scraps of sentences that facts are made of. Every function is a small pure one.
pub(super) trait Tongue: Notices + Entries {
    /// A date without its weekday: « 3 juin 2026 ».
    fn date(&self, day: NaiveDate) -> String;
    /// A date as a leaf of a calendar: « juil. », « 6 », « lun. ».
    fn leaf(&self, day: NaiveDate) -> LeafFacts;
    /// Whole days: « lundi 6 et mardi 7 juillet 2026 ».
    fn days(&self, days: &[NaiveDate]) -> String;
    /// Starts, grouped by day: « lundi 6 juillet 2026 à 9 h et à 14 h 30 ».
    fn starts(&self, starts: &[NaiveDateTime]) -> String;
    /// The last day of a deadline that closes at midnight: « dimanche 28 juin 2026 inclus, jusqu'à minuit ».
    fn through(&self, day: NaiveDate) -> String;
    /// A window: « entre le 21 et le 31 juillet 2023 ».
    fn between(&self, first: NaiveDate, last: NaiveDate) -> String;
    /// Whose time it is: « heure de Paris ».
    fn zone(&self, zone: Zone) -> String;
    /// A length of time: « 45 min ».
    fn duration(&self, minutes: i64) -> String;
    /// How far away: « dans 3 jours », « hier ».
    fn distance(&self, distance: Distance) -> String;
    /// Things in a row: « Camille, Sacha et Noé ».
    fn list(&self, items: &[String]) -> String;
    /// A label and the days that it stands for: « 6 ou 7 juillet, soit lundi 6 et mardi 7 juillet 2026 ».
    fn that_is(&self, label: &str, when: &str) -> String;
    /// The words for an event that has neither date nor label.
    fn to_be_fixed(&self) -> Cow<'static, str>;
    /// What happens: « Clôture des candidatures »; a distance can follow it, save when its day is vague.
    fn what(&self, kind: Kind, tense: Tense, several: bool) -> Cow<'static, str>;
    /// The same of a day that is not fixed, further on in a sentence: « clôture des candidatures ».
    fn inside(&self, kind: Kind, several: bool) -> String {
        with_first(&self.what(kind, Tense::Vague, several), char::to_lowercase)
    }
    /// What happens and how far away it is: « Clôture des candidatures dans 7 jours ».
    fn headline(&self, what: &str, distance: &str) -> String {
        format!("{what} {distance}")
    }
    /// What happens, by its name: « Entretien « Premier tour » ».
    fn named(&self, what: &str, name: &str) -> String;
    /// What happens on a day that is not fixed: « Prise de poste : jour à fixer ».
    fn vaguely(&self, what: &str, past: bool) -> String;
    /// How many reminders follow the first of a mail: « et 2 autres rappels ».
    fn more(&self, others: usize) -> String;
    /// Why somebody receives reminders of so many postings, after "because".
    fn why(&self, postings: usize) -> Cow<'static, str>;
}

/// What a language says of notices besides.
pub(super) trait Notices {
    /// A day, with its hour if it has one, in short: « lundi 6 juillet à 9 h ».
    fn short(&self, day: NaiveDate, hour: Option<NaiveTime>, year: bool) -> String;
    /// Hours of a day: « à 9 h et à 14 h 30 ».
    fn hours(&self, hours: &[NaiveTime]) -> String;
    /// Until when applications are accepted on a day: « jusqu'à 12 h »; without an hour, until midnight.
    fn closing(&self, hour: Option<NaiveTime>) -> String;
    /// What became of an event: « Clôture des candidatures reportée au dimanche 5 juillet, nouveau lieu ».
    fn changed(&self, turn: &Turn, noun: &Noun, details: &[(Detail, Became)]) -> String;
    /// A new posting: « Nouveau recrutement : Chargé·e d'accompagnement (Villages Vivants) ».
    fn new_posting(&self, heading: &str) -> String;
    /// So many reminders and notices of changes could not leave: « 3 rappels qui n'ont pas pu partir ».
    fn missed(&self, reminders: usize, changes: usize) -> String;
    /// Somebody whose address is refused: « Camille Exemple ne reçoit pas nos messages ».
    fn not_reached(&self, who: &str) -> String;
    /// A headline and what it is about: « Rappel qui n'a pas pu partir : clôture des candidatures ».
    fn about(&self, headline: &str, what: &str) -> String;
    /// The days of a digest: « Vos recrutements du 29 juin au 12 juillet ».
    fn digest(&self, first: NaiveDate, last: NaiveDate, all: bool) -> String;
    /// Why a mail did not leave.
    fn failure(&self, why: &Why) -> String;
    /// In whose place somebody receives something, and whether for themselves too: « En l'absence de Camille. »
    fn absent(&self, names: &[String], also: bool) -> String;
    /// A file that is wrong, its first line that is, and how many more errors there are: « Fiche à corriger :
    /// accueil.toml, ligne 12 (et 2 autres erreurs) ».
    fn to_correct(&self, file: &str, line: Option<usize>, others: usize) -> String;
    /// How many errors are not shown: « et 5 autres ».
    fn more_errors(&self, others: usize) -> String;
    /// Which version of a file is in force, with its hour if it is today's: « la version du 3 juin ».
    fn version(&self, day: NaiveDate, today: Option<NaiveTime>, year: bool) -> String;
    /// What follows the first thing of a mail, not all of it reminders: « avec 2 autres rappels et 1 nouvelle ».
    /// The notices are `other` ones when the first thing is one too.
    fn rest(&self, reminders: usize, notices: usize, other: bool) -> String;
    /// How many troubles follow the first: « et 2 autres problèmes ».
    fn more_troubles(&self, others: usize) -> String;
    /// Why somebody receives a digest, after "because".
    fn why_digest(&self, all: bool) -> Cow<'static, str>;
    /// Why somebody receives what was meant for others, after "because".
    fn why_absent(&self, names: &[String]) -> String;
}

/// What stands after its name in an entry of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fact {
    /// Who meets the candidates.
    Panel,
    /// Whom they meet.
    Application,
    /// Where one meets.
    Link,
    /// The published posting.
    Posting,
}

/// What a language says in calendars besides. French and English say it here, any other has to say it itself.
pub(super) trait Entries {
    /// Which language it is.
    fn language(&self) -> Language;
    /// A date that is no more: of an event that takes place on others, or of one that does not take place at all.
    fn no_more(&self, what: &str, event: bool) -> String {
        let (fr, en) = if event { ("Annulé", "Cancelled") } else { ("Date retirée", "Date taken back") };
        say(format!("{fr}\u{a0}: {what}"), format!("{en}: {what}")).say(self.language().spoken()).to_owned()
    }
    /// A fact after its name: « Jury : Camille et Sacha ».
    fn fact(&self, fact: Fact, what: &str) -> String {
        let (fr, en) = match fact {
            Fact::Panel => ("Jury", "Panel"),
            Fact::Application => ("Candidature", "Application"),
            Fact::Link => ("Lien", "Link"),
            Fact::Posting => ("Annonce", "Posting"),
        };
        match self.language().spoken() {
            Spoken::French => format!("{fr}\u{a0}: {what}"),
            Spoken::English => format!("{en}: {what}"),
        }
    }
    /// How long it lasts is not known.
    fn no_length(&self) -> String {
        let unknown = say(
            "La durée n'est pas précisée\u{a0}: une heure est réservée.",
            "No length is given: an hour is set aside.",
        );
        unknown.say(self.language().spoken()).to_owned()
    }
    /// What the calendar is called to which somebody, or nobody alone, subscribes.
    fn feed(&self, who: Option<&str>) -> String {
        let who = who.map_or_else(String::new, |who| format!(" ({who})"));
        let name = say(format!("Recrutements{who}"), format!("Recruitments{who}"));
        name.say(self.language().spoken()).to_owned()
    }
}

/// Things in a row, with commas and a last word: "a, b and c".
pub(super) fn row(items: &[String], and: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} {and} {last}", most.join(", ")),
    }
}

/// Each day, and whether its month and its year have to be said or are those of the next one.
pub(super) fn spelt(days: &[NaiveDate]) -> impl Iterator<Item = (NaiveDate, bool, bool)> {
    days.iter().enumerate().map(|(n, day)| {
        let next = days.get(n + 1);
        let year = next.is_none_or(|next| next.year() != day.year());
        (*day, year || next.is_none_or(|next| next.month() != day.month()), year)
    })
}

/// The first and the last of three or more days without a gap: they read better as a span.
pub(super) fn span(days: &[NaiveDate]) -> Option<[NaiveDate; 2]> {
    let (first, last) = (*days.first()?, *days.last()?);
    let unbroken = days.windows(2).all(|pair| pair[0].succ_opt() == Some(pair[1]));
    (days.len() > 2 && unbroken).then_some([first, last])
}

/// Starts by day, in their order.
pub(super) fn by_day(starts: &[NaiveDateTime]) -> (Vec<NaiveDate>, Vec<Vec<NaiveTime>>) {
    let mut days: Vec<NaiveDate> = Vec::new();
    let mut times: Vec<Vec<NaiveTime>> = Vec::new();
    for start in starts {
        if days.last() != Some(&start.date()) {
            days.push(start.date());
            times.push(Vec::new());
        }
        if let Some(of_day) = times.last_mut() {
            of_day.push(start.time());
        }
    }
    (days, times)
}

/// How the clock of a zone is called by its IANA name, for zones that have no name of their own in a tongue.
pub(super) enum Clock<'a> {
    /// UTC, or an offset from it.
    Utc(String),
    /// A city or an island.
    City(String),
    /// An abbreviation, or an old name.
    Other(&'a str),
}

/// Reads the name of a zone.
pub(super) fn clock(name: &str) -> Clock<'_> {
    if matches!(
        name,
        "UTC" | "Etc/UTC" | "Etc/UCT" | "UCT" | "Etc/Zulu" | "Zulu" | "Etc/Universal" | "Universal"
    ) {
        return Clock::Utc("UTC".to_owned());
    }
    // `Etc/GMT+3` is three hours *behind* UTC (POSIX counts the other way).
    if let Some(offset) = name.strip_prefix("Etc/GMT") {
        let turned = offset.replace('+', "−").replace('-', "+");
        return Clock::Utc(format!("UTC{}", turned.trim_start_matches('0')));
    }
    match name.rsplit_once('/') {
        Some((_, city)) => Clock::City(city.replace('_', " ")),
        None => Clock::Other(name),
    }
}
