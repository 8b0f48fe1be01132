//! Pure. Every phrase, with arguments of every sort: so that a file of words that is read has said all that it can be
//! asked.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::super::changed::{Became, Detail, Turn};
use super::super::matter::Why;
use super::super::moment::Distance;
use super::super::tongue::{Fact, Tense, Tongue};
use super::super::voice::Voice;
use super::super::worded::Noun;
use crate::calendar::{Kind, Zone};

/// What somebody answers.
type Said = Box<dyn Fn(&dyn Tongue) -> String>;

/// A phrase with its arguments.
pub(super) struct Sample {
    /// What it is called.
    pub phrase: &'static str,
    /// Says it.
    pub say: Said,
}

/// What jalon itself answers to every sample in a language: the phrase, and its words.
#[must_use]
pub fn answers(voice: &Voice<'_>) -> Vec<(&'static str, String)> {
    samples().into_iter().map(|sample| (sample.phrase, (sample.say)(voice.tongue()))).collect()
}

/// The samples that are being gathered.
#[derive(Default)]
struct Samples(Vec<Sample>);

impl Samples {
    fn add(&mut self, phrase: &'static str, say: impl Fn(&dyn Tongue) -> String + 'static) {
        self.0.push(Sample { phrase, say: Box::new(say) });
    }
}

/// Every sample, phrase by phrase.
pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Samples::default();
    dates(&mut samples);
    times(&mut samples);
    events(&mut samples);
    counts(&mut samples);
    changes(&mut samples);
    notices(&mut samples);
    entries(&mut samples);
    samples.0
}

fn on(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

fn at(hour: u32, minute: u32, second: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, minute, second).unwrap_or_default()
}

fn hours() -> [NaiveTime; 9] {
    [
        (9, 0, 0),
        (9, 5, 0),
        (0, 0, 0),
        (0, 30, 0),
        (11, 59, 30),
        (12, 0, 0),
        (12, 30, 0),
        (14, 30, 0),
        (23, 59, 59),
    ]
    .map(|(hour, minute, second)| at(hour, minute, second))
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().copied().map(str::to_owned).collect()
}

/// Days in which months and years end, and others.
fn ends() -> [(NaiveDate, NaiveDate); 5] {
    [
        (on(2026, 7, 21), on(2026, 7, 31)),
        (on(2026, 5, 15), on(2026, 6, 1)),
        (on(2026, 12, 28), on(2027, 1, 10)),
        (on(2026, 3, 3), on(2026, 3, 4)),
        (on(2026, 8, 1), on(2026, 8, 1)),
    ]
}

fn dates(samples: &mut Samples) {
    for month in 1..=12 {
        let day = on(2026, month, month + 5);
        samples.add("short_month", move |tongue| tongue.leaf(day).month);
        samples.add("date", move |tongue| tongue.date(day));
        samples.add("through", move |tongue| tongue.through(day));
    }
    for first in 1..=31 {
        samples.add("short_weekday", move |tongue| tongue.leaf(on(2026, 1, first)).weekday);
        samples.add("days", move |tongue| tongue.days(&[on(2026, 1, first)]));
        samples.add("date", move |tongue| tongue.date(on(2026, 3, first)));
    }
    for days in [
        vec![on(2026, 7, 6), on(2026, 7, 7)],
        vec![on(2026, 8, 31), on(2026, 9, 1)],
        vec![on(2026, 12, 31), on(2027, 1, 1)],
        vec![on(2026, 7, 6), on(2026, 7, 8), on(2026, 7, 9), on(2026, 9, 1)],
    ] {
        samples.add("days", move |tongue| tongue.days(&days));
    }
    for days in [
        vec![on(2026, 7, 6), on(2026, 7, 7), on(2026, 7, 8)],
        vec![on(2026, 8, 31), on(2026, 9, 1), on(2026, 9, 2)],
        vec![on(2026, 12, 30), on(2026, 12, 31), on(2027, 1, 1)],
    ] {
        samples.add("span", move |tongue| tongue.days(&days));
    }
    for (first, last) in ends() {
        samples.add("between", move |tongue| tongue.between(first, last));
    }
    for (year, hour) in [(true, None), (false, None), (true, Some(at(9, 0, 0))), (false, Some(at(14, 30, 0)))]
    {
        samples.add("short", move |tongue| tongue.short(on(2026, 7, 1), hour, year));
        samples.add("version", move |tongue| tongue.version(on(2026, 7, 1), hour, year));
    }
}

fn times(samples: &mut Samples) {
    let day = on(2026, 7, 6);
    for hour in hours() {
        samples.add("starts", move |tongue| tongue.starts(&[day.and_time(hour)]));
        samples.add("hours", move |tongue| tongue.hours(&[hour]));
        samples.add("closing", move |tongue| tongue.closing(Some(hour)));
    }
    samples.add("closing", |tongue| tongue.closing(None));
    samples.add("hours", |tongue| tongue.hours(&hours()[..2]));
    samples.add("hours", |tongue| tongue.hours(&hours()[..3]));
    let starts = |at: &[(NaiveDate, u32)]| -> Vec<NaiveDateTime> {
        at.iter().filter_map(|(day, hour)| day.and_hms_opt(*hour, 0, 0)).collect()
    };
    let next = on(2026, 9, 1);
    for starts in [
        starts(&[(day, 9), (day, 14)]),
        starts(&[(day, 9), (day, 14), (next, 9)]),
        starts(&[(day, 9), (next, 9), (on(2027, 1, 1), 8)]),
    ] {
        samples.add("starts", move |tongue| tongue.starts(&starts));
    }
    let zones = [
        "Europe/Paris",
        "Indian/Reunion",
        "America/Port_of_Spain",
        "America/Marigot",
        "UTC",
        "Etc/GMT-4",
        "CET",
    ];
    for zone in zones.into_iter().filter_map(Zone::parse) {
        samples.add("zone", move |tongue| tongue.zone(zone));
    }
    for minutes in [0, 1, 2, 5, 45, 60, 61, 90, 120, 121, 300] {
        samples.add("time_away", move |tongue| tongue.distance(Distance::Minutes(minutes)));
        samples.add("duration", move |tongue| tongue.duration(minutes.max(1)));
    }
    for days in [0, 1, -1, 2, -2, 3, 5, 7, 11, 14, 21, 22, 25, 30, 101, -30, 365] {
        samples.add("days_away", move |tongue| tongue.distance(Distance::Days(days)));
    }
}

fn events(samples: &mut Samples) {
    for kind in Kind::ALL {
        for several in [false, true] {
            for tense in [Tense::Coming, Tense::Past, Tense::Vague] {
                samples.add("what", move |tongue| tongue.what(kind, tense, several).into_owned());
            }
            samples.add("what", move |tongue| tongue.inside(kind, several));
        }
    }
    samples.add("named", |tongue| tongue.named("A", "B"));
    samples.add("headline", |tongue| tongue.headline("A", "B"));
    for past in [false, true] {
        samples.add("vaguely", move |tongue| tongue.vaguely("A", past));
    }
    samples.add("that_is", |tongue| tongue.that_is("A", "B"));
    samples.add("to_be_fixed", |tongue| tongue.to_be_fixed().into_owned());
    for names in [&["Camille", "Sacha"][..], &["Camille", "Sacha", "Noé"], &["A", "B", "C", "D"]] {
        samples.add("list", move |tongue| tongue.list(&texts(names)));
    }
}

fn counts(samples: &mut Samples) {
    for others in [1, 2, 3, 4, 5, 11, 21, 22, 101] {
        samples.add("more", move |tongue| tongue.more(others));
        samples.add("more_troubles", move |tongue| tongue.more_troubles(others));
        samples.add("more_errors", move |tongue| tongue.more_errors(others));
        samples.add("to_correct", move |tongue| tongue.to_correct("a.toml", None, others));
        samples.add("to_correct", move |tongue| tongue.to_correct("a.toml", Some(12), others));
        samples.add("missed", move |tongue| tongue.missed(others, 0));
        samples.add("missed", move |tongue| tongue.missed(0, others));
        samples.add("missed", move |tongue| tongue.missed(others, 1));
        for reminders in [0, 1, 2, 5, 21] {
            for other in [false, true] {
                samples.add("rest", move |tongue| tongue.rest(reminders, others, other));
            }
        }
    }
    for line in [None, Some(1)] {
        samples.add("to_correct", move |tongue| tongue.to_correct("a.toml", line, 0));
    }
    for postings in [0, 1, 2, 5] {
        samples.add("why", move |tongue| tongue.why(postings).into_owned());
    }
    for names in [&["Camille"][..], &["Élise", "Noé"], &["A", "B", "C"]] {
        samples.add("why_absent", move |tongue| tongue.why_absent(&texts(names)));
        for also in [false, true] {
            samples.add("absent", move |tongue| tongue.absent(&texts(names), also));
        }
    }
}

fn changes(samples: &mut Samples) {
    let date = || "T".to_owned();
    let turns: [fn(String) -> Turn; 20] = [
        Turn::Later,
        Turn::Earlier,
        Turn::Date,
        |_| Turn::Dates,
        |_| Turn::Period,
        |to| Turn::Hour(Some(to)),
        |_| Turn::Hour(None),
        |_| Turn::HourToFix,
        |_| Turn::Zone,
        |to| Turn::Fixed(Some(to)),
        |_| Turn::Fixed(None),
        |to| Turn::HourFixed(Some(to)),
        |_| Turn::HourFixed(None),
        |_| Turn::Unfixed,
        |_| Turn::ToFix,
        |_| Turn::Cancelled,
        |_| Turn::Removed,
        |to| Turn::Restored(Some(to)),
        |_| Turn::Restored(None),
        |_| Turn::Same,
    ];
    let all: Vec<(Detail, Became)> = [Detail::Place, Detail::Link, Detail::Panel]
        .into_iter()
        .flat_map(|detail| [Became::Known, Became::Other, Became::Unknown].map(|became| (detail, became)))
        .collect();
    for turn in turns {
        for kind in Kind::ALL {
            for several in [false, true] {
                let details: Vec<&[(Detail, Became)]> = vec![&[], &all[..1]];
                for details in details {
                    let details = details.to_vec();
                    // What is as it was has something else that is not.
                    let details = if details.is_empty() && matches!(turn(date()), Turn::Same) {
                        all.clone()
                    } else {
                        details
                    };
                    samples.add("changed", move |tongue| {
                        let noun = Noun { kind, several, first: "A".to_owned(), inside: "a".to_owned() };
                        tongue.changed(&turn(date()), &noun, &details)
                    });
                }
            }
        }
    }
    for details in all.chunks(1).chain([&all[..2]]) {
        let details = details.to_vec();
        samples.add("detail", move |tongue| {
            let noun =
                Noun { kind: Kind::End, several: false, first: "A".to_owned(), inside: "a".to_owned() };
            tongue.changed(&Turn::Same, &noun, &details)
        });
    }
}

fn notices(samples: &mut Samples) {
    samples.add("new_posting", |tongue| tongue.new_posting("A"));
    samples.add("not_reached", |tongue| tongue.not_reached("A"));
    samples.add("about", |tongue| tongue.about("A", "b"));
    for all in [false, true] {
        for (first, last) in ends() {
            samples.add("digest", move |tongue| tongue.digest(first, last, all));
        }
        samples.add("why_digest", move |tongue| tongue.why_digest(all).into_owned());
    }
    for words in ["", "550 5.1.1 no such user"] {
        samples.add("failure", move |tongue| tongue.failure(&Why::Refused(words.to_owned())));
        samples.add("failure", move |tongue| tongue.failure(&Why::Delayed(words.to_owned())));
    }
    samples.add("failure", |tongue| tongue.failure(&Why::Lapsed));
    samples.add("failure", |tongue| tongue.failure(&Why::Held));
}

fn entries(samples: &mut Samples) {
    for event in [false, true] {
        samples.add("no_more", move |tongue| tongue.no_more("A", event));
    }
    for fact in [Fact::Panel, Fact::Application, Fact::Link, Fact::Posting] {
        samples.add("fact", move |tongue| tongue.fact(fact, "A"));
    }
    samples.add("no_length", |tongue| tongue.no_length());
    for who in [None, Some("Camille Exemple")] {
        samples.add("feed", move |tongue| tongue.feed(who));
    }
}
