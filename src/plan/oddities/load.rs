//! Pure. Too much at once, or too little: a person in two interviews, a relay on a busy day, a deadline of which
//! nobody is reminded any more; and a machine that is somewhere else.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::super::Reminder;
use super::{Seen, called, called_en, live};
use crate::calendar::rule::Target;
use crate::calendar::{Event, Posting, Rule, When, Zone};
use crate::diagnostic::{Place, Problem, say};

/// How long before its closing a deadline should have been brought to mind for the last time.
const LAST_DAYS: TimeDelta = TimeDelta::days(7);

/// A deadline to come without a reminder in its last seven days, unless no reminder is wanted at all.
pub(super) fn no_late_reminder(seen: &Seen<'_>, posting: &Posting, planned: &[&Reminder]) -> Vec<Problem> {
    let of = |event: &Event, closes: DateTime<Utc>| {
        let before = move |reminder: &&&Reminder| reminder.due < closes;
        let id = event.id.clone();
        planned.iter().filter(before).filter(move |reminder| *reminder.event == *id)
    };
    // What counts is when it leaves, not from when a day off moved it.
    let late = |event: &Event, last_day: NaiveDate, closes: DateTime<Utc>| {
        of(event, closes).any(|reminder| last_day - posting.zone.date(reminder.due) <= LAST_DAYS)
    };
    let deadlines = live(posting).filter_map(|event| match event.when {
        When::Deadline { closes, last_day, .. } if closes > seen.now => Some((event, last_day, closes)),
        _ => None,
    });
    deadlines
        .filter(|(event, last_day, closes)| asks(seen, posting, event) && !late(event, *last_day, *closes))
        .map(|(event, _, closes)| {
            let last = of(event, closes).max_by_key(|reminder| reminder.due);
            let moved = last.filter(|last| last.moved_from.is_some());
            let (fr, en) = moved.map_or_else(Default::default, |last| {
                let (lead, day) = (last.lead, posting.zone.date(last.due));
                (
                    format!("\u{a0}: {lead} tombe un jour non travaillé, et part dès le {day}"),
                    format!(": {lead} falls on a day off, and leaves as early as {day}"),
                )
            });
            seen.about(
                posting,
                event,
                &["until", "before"],
                "no-late-reminder",
                say(
                    format!("aucun rappel ne part dans les sept derniers jours avant la clôture{fr}"),
                    format!("no reminder leaves in the last seven days before the closing{en}"),
                ),
                say(
                    "ajoutez par exemple before = [\"7d\", \"1d\"] à la règle [[remind]] de deadline",
                    "add for instance before = [\"7d\", \"1d\"] to the rule [[remind]] of the deadline",
                ),
            )
        })
        .collect()
}

/// Whether the rules of an event ask for any reminder: `before = []` says that none is wanted.
fn asks(seen: &Seen<'_>, posting: &Posting, event: &Event) -> bool {
    let own = |target: Target| posting.rules.iter().filter(|rule| rule.target == target).collect::<Vec<_>>();
    let mut rules: Vec<&Rule> = own(Target::Event(event.id.clone()));
    if rules.is_empty() {
        rules = own(Target::Kind(event.kind));
    }
    if rules.is_empty() {
        rules = seen.settings.rules.get(&event.kind).into_iter().flatten().collect();
    }
    rules.is_empty()
        || rules.iter().any(|rule| rule.on_day || !rule.before.is_empty() || !rule.after.is_empty())
}

/// An interview at given times, of somebody in its panel.
struct Meeting<'a> {
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    posting: &'a Posting,
    event: &'a Event,
}

/// Somebody who sits on two panels at once; said once for each pair of events.
pub(super) fn two_at_once(seen: &Seen<'_>) -> Vec<Problem> {
    let mut of_person: BTreeMap<&str, Vec<Meeting<'_>>> = BTreeMap::new();
    for posting in seen.postings {
        for event in live(posting) {
            let When::Timed(starts) = &event.when else { continue };
            for start in starts.iter().map(|start| start.instant) {
                // Of unknown length, it takes place at its start.
                let end = start + event.duration.unwrap_or(TimeDelta::minutes(1));
                for recipient in event.panel.iter().filter(|_| end > seen.now) {
                    of_person.entry(&recipient.id).or_default().push(Meeting { start, end, posting, event });
                }
            }
        }
    }
    let mut found = Vec::new();
    for (id, mut meetings) in of_person {
        meetings.sort_by_key(|meeting| (meeting.start, &meeting.posting.id, &meeting.event.id));
        let mut said = BTreeSet::new();
        let mut open: Option<&Meeting<'_>> = None;
        for meeting in &meetings {
            if let Some(first) = open.filter(|first| meeting.start < first.end) {
                let pair = (&first.posting.id, &first.event.id, &meeting.posting.id, &meeting.event.id);
                if said.insert(pair) {
                    found.extend(both(seen, id, first, meeting));
                }
            }
            if open.is_none_or(|first| first.end < meeting.end) {
                open = Some(meeting);
            }
        }
    }
    found
}

fn both(seen: &Seen<'_>, id: &str, first: &Meeting<'_>, second: &Meeting<'_>) -> Option<Problem> {
    if [first, second].iter().any(|meeting| meeting.posting.accepts("two-at-once")) {
        return None;
    }
    let Meeting { posting, event, .. } = second;
    // Of a copy, `same-posting` says enough.
    if first.posting.id != posting.id && first.posting.same_recruitment(posting) {
        return None;
    }
    let local = posting.zone.local(second.start);
    let at = local.format("%Y-%m-%d %H:%M");
    let (elsewhere_fr, elsewhere_en) = if first.posting.id == posting.id {
        Default::default()
    } else {
        (format!(" de {}", first.posting.file), format!(" of {}", first.posting.file))
    };
    let (this, other) = (called(event), called(first.event));
    Some(seen.about(
        posting,
        event,
        &["on"],
        "two-at-once",
        say(
            format!("« {id} » est attendu·e à deux entretiens à la fois le {at}\u{a0}: {this} et {other}{elsewhere_fr}"),
            format!("\"{id}\" is expected at two interviews at once on {at}: {} and {}{elsewhere_en}", called_en(event), called_en(first.event)),
        ),
        say("changez une heure, une durée (duration) ou un panel", "change a time, a duration or a panel"),
    ))
}

/// Addresses with letters beyond ASCII, where mails leave by relays: not every one of these takes them (RFC 6531), and
/// what it does not take fails.
pub(super) fn beyond_ascii(seen: &Seen<'_>) -> Vec<Problem> {
    if seen.settings.relays.is_empty() {
        return Vec::new();
    }
    let people = seen.settings.house.directory.people.values().map(|person| person.email.as_str());
    let readers = seen.reminders.iter().map(|reminder| reminder.reader().email.as_str());
    let odd: BTreeSet<&str> = people.chain(readers).filter(|email| !email.is_ascii()).collect();
    odd.into_iter()
        .map(|email| {
            let sentence = say(
                format!("l'adresse {email} a des lettres accentuées, que bien des relais ne prennent pas (SMTPUTF8)"),
                format!("the address {email} has letters beyond ASCII, which many relays do not take (SMTPUTF8)"),
            );
            let remedy = say(
                "écrivez l'adresse sans accents, s'il en existe une\u{a0}; sinon essayez-la avant qu'elle serve",
                "write the address without accents, if there is one; else try it before it is needed",
            );
            let found = seen.texts.iter().find_map(|(file, text)| {
                let line = text.lines().position(|line| line.contains(email))?;
                Some((*file, *text, line + 1))
            });
            let (file, text, line) = found.unwrap_or((seen.jalon_toml, "", 0));
            let problem = Problem::warning("beyond-ascii", file, sentence).remedy(remedy);
            if line == 0 {
                return problem;
            }
            problem.at(Place { line, column: 1, width: 1, text: String::new() }).in_its_text(text)
        })
        .collect()
}

/// A day on which more mails would leave than the relays take; the worst one is named.
pub(super) fn over_rate(seen: &Seen<'_>) -> Option<Problem> {
    let day = TimeDelta::days(1);
    // What the relays take in a day, all together; one without a limit takes everything.
    let capacity: u64 = seen
        .settings
        .relays
        .iter()
        .map(|relay| {
            let of_rate = |mails: u32, per: TimeDelta| {
                u64::from(mails) * u64::try_from(day.num_seconds() / per.num_seconds().max(1)).unwrap_or(1)
            };
            relay.rate.iter().map(|rate| of_rate(rate.mails, rate.per)).min()
        })
        .sum::<Option<u64>>()?;
    if seen.settings.relays.is_empty() {
        return None;
    }
    let zone = seen.settings.house.zone;
    // What is due to one reader at one instant is one mail.
    let mails: BTreeSet<(DateTime<Utc>, &str)> = seen
        .reminders
        .iter()
        .filter(|reminder| reminder.due >= seen.now)
        .map(|reminder| (reminder.due, reminder.reader().id.as_str()))
        .collect();
    let mut of_day: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for (due, _) in mails {
        *of_day.entry(zone.date(due)).or_default() += 1;
    }
    of_day.retain(|_, count| *count > capacity);
    let (worst, count) = of_day.iter().max_by_key(|(day, count)| (**count, std::cmp::Reverse(**day)))?;
    let others = of_day.len() - 1;
    let (fr, en) = match others {
        0 => Default::default(),
        1 => (" (et un autre jour)".to_owned(), " (and on another day)".to_owned()),
        _ => (format!(" (et {others} autres jours)"), format!(" (and on {others} other days)")),
    };
    Some(seen.about_settings(
        "rate",
        "over-rate",
        say(
            format!("le {worst}, {count} courriels seraient à envoyer, et le relais en prend {capacity} par jour{fr}"),
            format!("on {worst}, {count} mails would have to leave, and the relay takes {capacity} a day{en}"),
        ),
        say(
            "les derniers partiraient le lendemain\u{a0}: étalez les heures (at), ou relevez rate",
            "the last ones would leave the day after: spread the hours (at), or raise the rate",
        ),
    ))
}

/// A machine whose clock shows another hour than the house's, in the year to come. One that is set to universal
/// time, as servers are, says nothing of where people are.
pub(super) fn zone_differs(seen: &Seen<'_>) -> Option<Problem> {
    let machine = seen.machine?;
    let house = seen.settings.house.zone;
    let universal = ["UTC", "UCT", "GMT", "Universal", "Zulu", "Greenwich"];
    let last = machine.name().rsplit('/').next().unwrap_or_default();
    if universal.iter().any(|name| last.starts_with(name)) || same_hours(machine, house, seen.now) {
        return None;
    }
    let (here, there) = (machine.name(), house.name());
    Some(seen.about_settings(
        "time_zone",
        "zone-differs",
        say(
            format!("cette machine est à l'heure de {here}, et jalon.toml à celle de {there}"),
            format!("this machine is on the time of {here}, and jalon.toml on that of {there}"),
        ),
        say(
            "vérifiez time_zone\u{a0}: elle seule compte, celle de la machine n'est jamais utilisée",
            "check time_zone: it alone counts, the machine's is never used",
        ),
    ))
}

fn same_hours(one: Zone, other: Zone, now: DateTime<Utc>) -> bool {
    (0..53).map(|week| now + TimeDelta::weeks(week)).all(|at| one.local(at) == other.local(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_compared_by_what_clocks_show() {
        let zone = |name: &str| Zone::parse(name).unwrap();
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        assert!(same_hours(zone("Europe/Brussels"), zone("Europe/Paris"), now));
        assert!(!same_hours(zone("Africa/Algiers"), zone("Europe/Paris"), now), "no summer time there");
    }
}
