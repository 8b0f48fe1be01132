//! Postings made by hand, for tests of what comes after the files have been read.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use jalon::calendar::{
    Apply, Event, Kind, Language, Posting, Recipient, Start, Status, When, WorkingDays, Zone,
};

/// A zone by its name.
pub fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

/// A date, such as `2026-06-28`.
pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A local date-time, such as `2026-06-28T09:00`.
pub fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
}

/// The instant of a local date-time in Paris.
pub fn paris(text: &str) -> DateTime<Utc> {
    zone("Europe/Paris").instant(local(text))
}

/// A posting that says only what it must.
pub fn minimal(events: Vec<Event>) -> Posting {
    Posting {
        id: "accompagnement".into(),
        file: "postings/accompagnement.toml".into(),
        title: "Chargé·e d'accompagnement".into(),
        organisation: None,
        recruiters: vec![recipient("camille", Some("Camille Exemple"))],
        contract: None,
        location: None,
        url: None,
        reference: None,
        published: None,
        apply: None,
        status: Status::Open,
        zone: zone("Europe/Paris"),
        language: Language::French,
        days: WorkingDays::default(),
        events,
        rules: Vec::new(),
        announce: true,
        accept: std::collections::BTreeSet::new(),
    }
}

/// A posting that says all it can.
pub fn full(events: Vec<Event>) -> Posting {
    Posting {
        organisation: Some("Villages Vivants".into()),
        contract: Some("CDD 9 mois, 35 h".into()),
        location: Some("Crest (Drôme)".into()),
        url: Some("https://www.example.org/recrutement/aef?lang=fr&v=2".into()),
        reference: Some("AEF-2026".into()),
        published: Some(day("2026-06-03")),
        apply: Some(Apply {
            email: "candidatures@example.org".into(),
            cc: Some("aide@example.org".into()),
            subject: Some("AEF".into()),
        }),
        ..minimal(events)
    }
}

/// Somebody of jalon.toml.
pub fn recipient(id: &str, name: Option<&str>) -> Recipient {
    Recipient {
        id: id.into(),
        name: name.map(str::to_owned),
        email: format!("{id}@example.org"),
        language: None,
        zone: None,
    }
}

/// An event that says only when it is.
pub fn event(id: &str, when: When) -> Event {
    let kind = Kind::parse(id.split(':').next().unwrap()).unwrap();
    Event {
        id: id.into(),
        kind,
        name: None,
        label: None,
        when,
        place: None,
        link: None,
        duration: None,
        panel: Vec::new(),
        candidate: None,
        cancelled: false,
        done: false,
        line: 1,
    }
}

/// An event with all that one may say of where, how long, and who.
pub fn met(event: Event) -> Event {
    Event {
        place: Some("Crest, ou visio".into()),
        link: Some("https://visio.example.org/aef".into()),
        duration: Some(TimeDelta::minutes(45)),
        panel: vec![recipient("camille", Some("Camille Exemple")), recipient("sacha", None)],
        candidate: Some("C-014".into()),
        ..event
    }
}

/// `until = D`: open through that day, in Paris.
pub fn until(last: &str) -> When {
    When::Deadline { closes: zone("Europe/Paris").end_of(day(last)), last_day: day(last), written: None }
}

/// `until = D at a time`, in Paris.
pub fn until_time(at: &str) -> When {
    When::Deadline { closes: paris(at), last_day: local(at).date(), written: Some(local(at)) }
}

/// Whole days.
pub fn on(days: &[&str]) -> When {
    When::Days(days.iter().map(|text| day(text)).collect())
}

/// Starts, in Paris.
pub fn at(starts: &[&str]) -> When {
    When::Timed(starts.iter().map(|text| Start { instant: paris(text), local: local(text) }).collect())
}

/// A window.
pub fn between(first: &str, last: &str) -> When {
    When::Window { first: day(first), last: day(last) }
}
