//! Pure. The tongue of a file of words: each phrase of [`Tongue`] is a macro's.

use std::borrow::Cow;
use std::cell::RefCell;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use minijinja::value::Value;

use super::super::changed::{Became, Detail, Turn};
use super::super::leaf::LeafFacts;
use super::super::matter::Why;
use super::super::moment::Distance;
use super::super::tongue::{Clock, Entries, Fact, Notices, Tense, Tongue, by_day, clock, span, spelt};
use super::super::worded::Noun;
use super::Lexicon;
use super::phrases::phrase_of;
use super::value::{self, day, day_at, hour, maybe};
use crate::calendar::{Kind, Language, Zone};
use crate::diagnostic::Problem;

/// Somebody who speaks a language for one mail: the first phrase that fails leaves a fault, and no words.
#[derive(Debug)]
pub(in crate::message) struct Speaker<'a> {
    lexicon: &'a Lexicon,
    fault: RefCell<Option<Box<Problem>>>,
}

impl<'a> Speaker<'a> {
    pub(super) fn new(lexicon: &'a Lexicon) -> Self {
        Self { lexicon, fault: RefCell::new(None) }
    }

    /// What went wrong first.
    pub(in crate::message) fn fault(&self) -> Option<Problem> {
        self.fault.borrow().as_deref().cloned()
    }

    fn say(&self, name: &str, given: &[(&'static str, Value)]) -> String {
        let Some(phrase) = phrase_of(name) else { return String::new() };
        self.lexicon.say(phrase, given).unwrap_or_else(|problem| {
            self.fault.borrow_mut().get_or_insert(Box::new(problem));
            String::new()
        })
    }

    /// « lundi 6 juillet », and what of it is to be said of each day, for those that stand in a row.
    fn row(days: &[NaiveDate]) -> Vec<Value> {
        spelt(days).map(|(one, month, year)| day(one, month, year)).collect()
    }

    /// "new place"; of several details, "new arrangements".
    fn detailed(&self, details: &[(Detail, Became)]) -> Option<String> {
        let (what, became) = match details {
            [] => return None,
            [(what, became)] => (value::detail(*what), value::became(*became)),
            _ => ("several", value::became(Became::Other)),
        };
        Some(self.say("detail", &[("what", what.into()), ("became", became.into())]))
    }
}

fn list(texts: &[String]) -> Value {
    texts.iter().map(String::as_str).collect()
}

/// Hours and minutes.
fn long(minutes: i64) -> [(&'static str, Value); 2] {
    [("hours", (minutes / 60).into()), ("minutes", (minutes % 60).into())]
}

impl Entries for Speaker<'_> {
    fn language(&self) -> Language {
        self.lexicon.language
    }

    fn no_more(&self, what: &str, event: bool) -> String {
        self.say("no_more", &[("what", what.into()), ("event", event.into())])
    }

    fn fact(&self, fact: Fact, what: &str) -> String {
        self.say("fact", &[("fact", value::fact(fact).into()), ("what", what.into())])
    }

    fn no_length(&self) -> String {
        self.say("no_length", &[])
    }

    fn feed(&self, who: Option<&str>) -> String {
        self.say("feed", &[("who", maybe(who))])
    }
}

impl Tongue for Speaker<'_> {
    fn date(&self, on: NaiveDate) -> String {
        self.say("date", &[("day", day(on, true, true))])
    }

    fn leaf(&self, on: NaiveDate) -> LeafFacts {
        let given = [("day", day(on, true, true))];
        LeafFacts {
            month: self.say("short_month", &given),
            day: chrono::Datelike::day(&on).to_string(),
            weekday: self.say("short_weekday", &given),
        }
    }

    fn days(&self, days: &[NaiveDate]) -> String {
        match span(days).map(|ends| Self::row(&ends)).as_deref() {
            Some([first, last]) => self.say("span", &[("first", first.clone()), ("last", last.clone())]),
            _ => self.say("days", &[("days", Self::row(days).into())]),
        }
    }

    fn starts(&self, starts: &[NaiveDateTime]) -> String {
        let (days, times) = by_day(starts);
        let days: Value = spelt(&days)
            .zip(times)
            .map(|((one, month, year), times)| day_at(one, month, year, Some(&times)))
            .collect();
        self.say("starts", &[("days", days)])
    }

    fn through(&self, on: NaiveDate) -> String {
        self.say("through", &[("day", day(on, true, true))])
    }

    fn between(&self, first: NaiveDate, last: NaiveDate) -> String {
        match Self::row(&[first, last]).as_slice() {
            [first_day, last_day] if first != last => {
                self.say("between", &[("first", first_day.clone()), ("last", last_day.clone())])
            }
            _ => self.days(&[first]),
        }
    }

    fn zone(&self, zone: Zone) -> String {
        let (kind, name) = match clock(zone.name()) {
            Clock::Utc(name) => ("utc", name),
            Clock::City(name) => ("city", name),
            Clock::Other(name) => ("other", name.to_owned()),
        };
        self.say("zone", &[("name", name.into()), ("kind", kind.into()), ("id", zone.name().into())])
    }

    fn duration(&self, minutes: i64) -> String {
        self.say("duration", &long(minutes))
    }

    fn distance(&self, distance: Distance) -> String {
        match distance {
            Distance::Days(days) => {
                self.say("days_away", &[("days", days.abs().into()), ("past", (days < 0).into())])
            }
            Distance::Minutes(minutes) => self.say("time_away", &long(minutes)),
        }
    }

    fn list(&self, items: &[String]) -> String {
        // A name alone is one in every language.
        if let [one] = items { one.clone() } else { self.say("list", &[("items", list(items))]) }
    }

    fn that_is(&self, label: &str, when: &str) -> String {
        self.say("that_is", &[("label", label.into()), ("when", when.into())])
    }

    fn to_be_fixed(&self) -> Cow<'static, str> {
        self.say("to_be_fixed", &[]).into()
    }

    fn what(&self, kind: Kind, tense: Tense, several: bool) -> Cow<'static, str> {
        let (kind, tense) = (kind.word().into(), value::tense(tense).into());
        let given = [("kind", kind), ("tense", tense), ("several", several.into()), ("inside", false.into())];
        self.say("what", &given).into()
    }

    fn inside(&self, kind: Kind, several: bool) -> String {
        let (kind, tense) = (kind.word().into(), value::tense(Tense::Vague).into());
        let given = [("kind", kind), ("tense", tense), ("several", several.into()), ("inside", true.into())];
        self.say("what", &given)
    }

    fn headline(&self, what: &str, distance: &str) -> String {
        self.say("headline", &[("what", what.into()), ("distance", distance.into())])
    }

    fn named(&self, what: &str, name: &str) -> String {
        self.say("named", &[("what", what.into()), ("name", name.into())])
    }

    fn vaguely(&self, what: &str, past: bool) -> String {
        self.say("vaguely", &[("what", what.into()), ("past", past.into())])
    }

    fn more(&self, others: usize) -> String {
        self.say("more", &[("others", others.into())])
    }

    fn why(&self, postings: usize) -> Cow<'static, str> {
        self.say("why", &[("postings", postings.into())]).into()
    }
}

impl Notices for Speaker<'_> {
    fn short(&self, on: NaiveDate, at: Option<NaiveTime>, year: bool) -> String {
        self.say("short", &[("day", day(on, true, year)), ("hour", maybe(at.map(hour)))])
    }

    fn hours(&self, hours: &[NaiveTime]) -> String {
        self.say("hours", &[("hours", hours.iter().copied().map(hour).collect())])
    }

    fn closing(&self, at: Option<NaiveTime>) -> String {
        self.say("closing", &[("hour", maybe(at.map(hour)))])
    }

    fn changed(&self, turn: &Turn, noun: &Noun, details: &[(Detail, Became)]) -> String {
        let (turn, to) = value::turn(turn);
        let given = [
            ("turn", turn.into()),
            ("kind", noun.kind.word().into()),
            ("several", noun.several.into()),
            ("first", noun.first.as_str().into()),
            ("inside", noun.inside.as_str().into()),
            ("to", maybe(to)),
            ("detail", maybe(self.detailed(details))),
        ];
        self.say("changed", &given)
    }

    fn new_posting(&self, heading: &str) -> String {
        self.say("new_posting", &[("heading", heading.into())])
    }

    fn missed(&self, reminders: usize, changes: usize) -> String {
        let total = (reminders + changes).into();
        self.say("missed", &[("reminders", reminders.into()), ("changes", changes.into()), ("total", total)])
    }

    fn not_reached(&self, who: &str) -> String {
        self.say("not_reached", &[("who", who.into())])
    }

    fn about(&self, headline: &str, what: &str) -> String {
        self.say("about", &[("headline", headline.into()), ("what", what.into())])
    }

    fn digest(&self, first: NaiveDate, last: NaiveDate, all: bool) -> String {
        let mut ends =
            spelt(&[first, last]).map(|(one, month, _)| day(one, month, false)).collect::<Vec<_>>();
        let last = ends.pop().unwrap_or_default();
        let first = ends.pop().unwrap_or_default();
        self.say("digest", &[("first", first), ("last", last), ("all", all.into())])
    }

    fn failure(&self, why: &Why) -> String {
        let (why, words) = match why {
            Why::Lapsed => ("lapsed", None),
            Why::Refused(words) => ("refused", Some(words)),
            Why::Held => ("held", None),
            Why::Delayed(words) => ("delayed", Some(words)),
        };
        let words = maybe(words.filter(|words| !words.is_empty()).map(String::as_str));
        self.say("failure", &[("why", why.into()), ("words", words)])
    }

    fn absent(&self, names: &[String], also: bool) -> String {
        self.say("absent", &[("names", list(names)), ("also", also.into())])
    }

    fn to_correct(&self, file: &str, line: Option<usize>, others: usize) -> String {
        let given = [
            ("file", file.into()),
            ("line", maybe(line)),
            ("errors", (others + 1).into()),
            ("others", others.into()),
        ];
        self.say("to_correct", &given)
    }

    fn more_errors(&self, others: usize) -> String {
        self.say("more_errors", &[("others", others.into())])
    }

    fn version(&self, on: NaiveDate, today: Option<NaiveTime>, year: bool) -> String {
        self.say("version", &[("day", day(on, true, year)), ("hour", maybe(today.map(hour)))])
    }

    fn rest(&self, reminders: usize, notices: usize, other: bool) -> String {
        let given = [("reminders", reminders.into()), ("notices", notices.into()), ("other", other.into())];
        self.say("rest", &given)
    }

    fn more_troubles(&self, others: usize) -> String {
        self.say("more_troubles", &[("others", others.into())])
    }

    fn why_digest(&self, all: bool) -> Cow<'static, str> {
        self.say("why_digest", &[("all", all.into())]).into()
    }

    fn why_absent(&self, names: &[String]) -> String {
        self.say("why_absent", &[("names", list(names))])
    }
}
