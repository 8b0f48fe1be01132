//! Pure. What of an event is shown at a moment, and how far away it is: the same in every language.
//!
//! "Now" decides, never the lead of the rule: a reminder that leaves late still tells the truth. Days are
//! counted on the calendar of the posting's zone; only instants nearer than [`SOON`] are counted in minutes.
//! A window has no distance: nobody knows its day yet.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use crate::calendar::{When, Zone};

/// Instants nearer than this are counted in minutes, not in days.
const SOON: TimeDelta = TimeDelta::hours(6);

/// The part of an event that a mail words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// Applications are accepted through the whole of this day, which ends at this instant.
    Through(NaiveDate, DateTime<Utc>),
    /// Applications are accepted until this instant, within a day.
    Until(DateTime<Utc>),
    /// Whole days.
    Days(Vec<NaiveDate>),
    /// Starts.
    Starts(Vec<DateTime<Utc>>),
    /// Some day of these, not fixed yet.
    Window(NaiveDate, NaiveDate),
    /// To be fixed.
    Open,
}

/// How far away something is: negative when it is past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Distance {
    /// So many dates further on the calendar: 0 is today.
    Days(i64),
    /// So many minutes, never negative.
    Minutes(i64),
}

/// An event at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// What a mail words: what is still to come, or everything once all is past.
    pub shown: Shown,
    /// Whether nothing is to come.
    pub past: bool,
    /// How far away the nearest of it is.
    pub distance: Option<Distance>,
    /// The instant at which the nearest of it begins (a deadline: closes), by which mails sort reminders.
    pub at: Option<DateTime<Utc>>,
    /// The date of that, in the posting's zone.
    pub date: Option<NaiveDate>,
}

/// The whole of an event, whatever is past of it.
pub(super) fn whole(when: &When, zone: Zone) -> Shown {
    match when {
        When::Deadline { closes, last_day, written } => {
            let whole_day = written.is_none() || zone.local(*closes).time() == NaiveTime::MIN;
            if whole_day { Shown::Through(*last_day, *closes) } else { Shown::Until(*closes) }
        }
        When::Days(days) => Shown::Days(days.clone()),
        When::Timed(starts) => Shown::Starts(starts.iter().map(|start| start.instant).collect()),
        When::Window { first, last } => Shown::Window(*first, *last),
        When::Open => Shown::Open,
    }
}

/// An event at `now`, in its posting's zone. `over` names the starts that leads in hours *after* an event look
/// back on: such a reminder is about them alone, whatever else is to come.
pub(super) fn moment(when: &When, zone: Zone, over: &[NaiveDateTime], now: DateTime<Utc>) -> Moment {
    let today = zone.date(now);
    let days_to = |day: NaiveDate| (day - today).num_days();
    match when {
        When::Deadline { closes, last_day, .. } => {
            let distance = soon(*closes, now).unwrap_or(Distance::Days(days_to(*last_day)));
            Moment {
                shown: whole(when, zone),
                past: *closes <= now,
                distance: Some(distance),
                at: Some(*closes),
                date: Some(*last_day),
            }
        }
        When::Days(days) => {
            let to_come: Vec<NaiveDate> = days.iter().copied().filter(|day| *day >= today).collect();
            let past = to_come.is_empty();
            let nearest = if past { days.last() } else { to_come.first() }.copied();
            Moment {
                past,
                distance: nearest.map(|day| Distance::Days(days_to(day))),
                at: nearest.map(|day| zone.start_of(day)),
                date: nearest,
                shown: Shown::Days(if past { days.clone() } else { to_come }),
            }
        }
        When::Timed(starts) => {
            let over: Vec<DateTime<Utc>> = starts
                .iter()
                .filter(|start| over.contains(&start.local) && start.instant <= now)
                .map(|start| start.instant)
                .collect();
            let to_come: Vec<DateTime<Utc>> =
                starts.iter().map(|start| start.instant).filter(|at| *at > now).collect();
            let past = to_come.is_empty() || !over.is_empty();
            let shown = match (over.is_empty(), past) {
                (false, _) => over,
                (true, true) => starts.iter().map(|start| start.instant).collect(),
                (true, false) => to_come,
            };
            let nearest = if past { shown.last() } else { shown.first() }.copied();
            Moment {
                past,
                distance: nearest
                    .map(|at| soon(at, now).unwrap_or_else(|| Distance::Days(days_to(zone.date(at))))),
                at: nearest,
                date: nearest.map(|at| zone.date(at)),
                shown: Shown::Starts(shown),
            }
        }
        When::Window { first, last } => {
            let nearest = if *first >= today { *first } else { *last };
            Moment {
                shown: Shown::Window(*first, *last),
                past: *last < today,
                distance: None,
                at: Some(zone.start_of(nearest)),
                date: Some(nearest),
            }
        }
        When::Open => Moment { shown: Shown::Open, past: false, distance: None, at: None, date: None },
    }
}

/// The distance of an instant that is near, in minutes: by the minute within the hour, beyond it by five,
/// so that a mail that leaves three seconds after its time does not say "1 h 59".
fn soon(at: DateTime<Utc>, now: DateTime<Utc>) -> Option<Distance> {
    let left = at - now;
    (left > TimeDelta::zero() && left < SOON).then(|| {
        let minutes = (left.num_seconds() + 30) / 60;
        Distance::Minutes(if minutes > 60 { (minutes + 2) / 5 * 5 } else { minutes })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Start;
    use crate::calendar::zone::Zone;

    fn paris() -> Zone {
        Zone::parse("Europe/Paris").unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        paris().instant(local(text))
    }

    fn deadline(last: &str) -> When {
        When::Deadline { closes: paris().end_of(day(last)), last_day: day(last), written: None }
    }

    fn timed(starts: &[&str]) -> When {
        When::Timed(starts.iter().map(|s| Start { instant: at(s), local: local(s) }).collect())
    }

    #[test]
    fn days_are_counted_on_the_calendar_of_the_posting() {
        for (now, expected, past) in [
            ("2026-06-21T09:00", Distance::Days(7), false),
            // Nearly midnight, and still tomorrow: nine hours are not "today".
            ("2026-06-27T23:59", Distance::Days(1), false),
            ("2026-06-28T09:00", Distance::Days(0), false),
            ("2026-06-28T18:00", Distance::Days(0), false),
            ("2026-06-28T18:01", Distance::Minutes(360), false),
            ("2026-06-28T22:00", Distance::Minutes(120), false),
            ("2026-06-29T00:00", Distance::Days(-1), true),
        ] {
            let moment = moment(&deadline("2026-06-28"), paris(), &[], at(now));
            assert_eq!((moment.distance, moment.past), (Some(expected), past), "{now}");
        }
    }

    #[test]
    fn a_day_of_twenty_three_hours_is_a_day() {
        let when = When::Days(vec![day("2026-03-30")]);
        let moment = moment(&when, paris(), &[], at("2026-03-29T00:30"));
        assert_eq!(moment.distance, Some(Distance::Days(1)));
    }

    #[test]
    fn a_deadline_written_at_midnight_closes_with_the_day_before() {
        let written = Some(local("2026-06-29T00:00"));
        let when = When::Deadline { closes: at("2026-06-29T00:00"), last_day: day("2026-06-28"), written };
        let shown = moment(&when, paris(), &[], at("2026-06-20T09:00")).shown;
        assert_eq!(shown, Shown::Through(day("2026-06-28"), at("2026-06-29T00:00")));
    }

    #[test]
    fn what_is_over_is_not_shown_while_something_is_to_come() {
        let when = When::Days(vec![day("2026-07-06"), day("2026-07-07")]);
        let shown = |now| moment(&when, paris(), &[], at(now)).shown;
        assert_eq!(shown("2026-07-06T23:00"), Shown::Days(vec![day("2026-07-06"), day("2026-07-07")]));
        assert_eq!(shown("2026-07-07T09:00"), Shown::Days(vec![day("2026-07-07")]));
        assert_eq!(shown("2026-07-08T09:00"), Shown::Days(vec![day("2026-07-06"), day("2026-07-07")]));

        let when = timed(&["2026-07-06T09:00", "2026-07-06T14:30"]);
        let at_ten = moment(&when, paris(), &[], at("2026-07-06T10:00"));
        assert_eq!(at_ten.shown, Shown::Starts(vec![at("2026-07-06T14:30")]));
        assert_eq!(at_ten.distance, Some(Distance::Minutes(270)));
    }

    #[test]
    fn an_hour_after_a_start_the_mail_is_about_that_start() {
        let when = timed(&["2026-07-06T09:00", "2026-07-06T14:30"]);
        let moment = moment(&when, paris(), &[local("2026-07-06T09:00")], at("2026-07-06T10:45"));
        assert!(moment.past);
        assert_eq!(moment.shown, Shown::Starts(vec![at("2026-07-06T09:00")]));
        assert_eq!(moment.distance, Some(Distance::Days(0)));
    }

    #[test]
    fn a_window_has_no_distance() {
        let when = When::Window { first: day("2026-05-15"), last: day("2026-06-01") };
        for (now, nearest, past) in [
            ("2026-05-01T09:00", "2026-05-15", false),
            ("2026-05-20T09:00", "2026-06-01", false),
            ("2026-06-01T23:00", "2026-06-01", false),
            ("2026-06-02T00:00", "2026-06-01", true),
        ] {
            let moment = moment(&when, paris(), &[], at(now));
            assert_eq!((moment.distance, moment.date, moment.past), (None, Some(day(nearest)), past));
        }
    }
}
