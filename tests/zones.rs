//! Summer time as RFC 5545 has it, over every transition of ten zones, against a second implementation with a
//! time zone database of its own.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/tzif.rs"]
mod tzif;

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use jalon::calendar::Zone;
use jalon::calendar::tzif::{offset, parting};
use jiff::civil;
use jiff::tz::TimeZone;
use tzif::tzif;

/// Zones whose rules did not change in the years looked at, chosen for their oddities: half-hour summer time,
/// gaps at midnight, a day that never was, summer time in winter.
const ZONES: [&str; 10] = [
    "Europe/Paris",
    "Europe/Dublin",
    "Europe/London",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Asia/Beirut",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Pacific/Apia",
];

fn second_opinion(zone: &TimeZone, local: NaiveDateTime) -> DateTime<Utc> {
    let text = local.format("%Y-%m-%dT%H:%M:%S").to_string();
    let local: civil::DateTime = text.parse().unwrap();
    // jiff's "compatible" is RFC 5545 §3.3.5: the offset before a gap, the first of a fold.
    let at = zone.to_ambiguous_zoned(local).compatible().unwrap().timestamp();
    DateTime::from_timestamp(at.as_second(), 0).unwrap()
}

#[test]
fn every_transition_of_ten_zones_is_read_as_the_rfc_says() {
    let from: jiff::Timestamp = "1990-01-01T00:00:00Z".parse().unwrap();
    let until: jiff::Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
    for name in ZONES {
        let (ours, theirs) = (Zone::parse(name).unwrap(), TimeZone::get(name).unwrap());
        let mut transitions = 0;
        for transition in theirs.following(from).take_while(|transition| transition.timestamp() < until) {
            transitions += 1;
            let at = DateTime::from_timestamp(transition.timestamp().as_second(), 0).unwrap();
            let around = ours.local(at);
            // Every half hour of the two days around it, and the seconds at its edges.
            let steps = (-96..=96).map(|n| TimeDelta::minutes(30 * n));
            for step in steps.chain([-3601, -1, 0, 1, 3599, 3600].map(TimeDelta::seconds)) {
                let local = around + step;
                assert_eq!(ours.instant(local), second_opinion(&theirs, local), "{name} {local}");
            }
        }
        assert!(transitions > 10, "{name}: only {transitions} transitions were looked at");
    }
}

#[test]
fn a_day_lasts_until_the_next_begins_also_when_it_never_was() {
    let apia = Zone::parse("Pacific/Apia").unwrap();
    let day = |text: &str| text.parse().unwrap();
    // 30 December 2011 was skipped in Samoa.
    assert_eq!(apia.end_of(day("2011-12-29")), apia.start_of(day("2011-12-31")));
    let paris = Zone::parse("Europe/Paris").unwrap();
    let hours = |text: &str| (paris.end_of(day(text)) - paris.start_of(day(text))).num_hours();
    assert_eq!([hours("2026-03-29"), hours("2026-06-28"), hours("2026-10-25")], [23, 24, 25]);
}

#[test]
fn where_the_machine_is_of_another_opinion_its_first_instant_is_told() {
    let paris = Zone::parse("Europe/Paris").unwrap();
    let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let [from, until] = [at("2026-11-01T08:07:00Z"), at("2028-11-01T08:07:00Z")];
    let parts = |rule: &str, until| parting(paris, &tzif(rule), from, until).unwrap();
    assert_eq!(parts("CET-1CEST,M3.5.0,M10.5.0/3", until), None);
    // A machine on which summer time was done away with.
    let first = parts("CET-1", until).unwrap();
    assert_eq!(
        (first.at, offset(first.ours), offset(first.theirs)),
        (at("2027-03-28T01:00:00Z"), "+02:00".into(), "+01:00".into())
    );
    assert_eq!(first.to_string(), "Europe/Paris 2027-03-28T01:00:00+00:00: +02:00 / +01:00");
    assert_eq!(parts("CET-1", first.at), None, "what comes later does not matter yet");
    assert_eq!(parts("NFT3:30", until).map(|first| offset(first.theirs)), Some("-03:30".into()));
    assert!(parting(paris, b"TZif no more", from, until).is_err());
}
