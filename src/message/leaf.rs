//! Pure. A date as a leaf of a calendar: what the eye finds first.

use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;

use super::moment::Shown;
use super::tongue::Tongue;
use crate::calendar::Zone;

/// A leaf of a calendar. The date stands in full beside it: a leaf is for the eye alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeafFacts {
    /// The month in short: « juil. ».
    pub month: String,
    /// The day of the month: « 6 ».
    pub day: String,
    /// The day of the week in short: « lun. ».
    pub weekday: String,
}

/// The leaf of the first day that is shown, where the event is; none for a day that is not fixed.
pub(super) fn leaf(shown: &Shown, zone: Zone, tongue: &dyn Tongue) -> Option<LeafFacts> {
    Some(tongue.leaf(day(shown, zone)?))
}

fn day(shown: &Shown, zone: Zone) -> Option<NaiveDate> {
    match shown {
        Shown::Through(day, _) => Some(*day),
        Shown::Until(closes) => {
            let local = zone.local(*closes);
            // Midnight belongs to the day that ends.
            if local.time() == NaiveTime::MIN { local.date().pred_opt() } else { Some(local.date()) }
        }
        Shown::Days(days) => days.first().copied(),
        Shown::Starts(starts) => starts.first().map(|at| zone.date(*at)),
        Shown::Window(..) | Shown::Open => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Language;
    use crate::message::voice::Voice;

    #[test]
    fn a_leaf_is_the_first_day_where_the_event_is() {
        let paris = Zone::parse("Europe/Paris").expect("is known");
        let utc = |text: &str| text.parse().expect("an instant");
        let date = |text: &str| text.parse::<NaiveDate>().expect("a date");
        let words = |shown: Shown, language| {
            let leaf = leaf(&shown, paris, Voice::of(language).tongue());
            leaf.map(|LeafFacts { month, day, weekday }| format!("{weekday} {day} {month}"))
        };
        let french = |shown| words(shown, Language::French);
        assert_eq!(
            french(Shown::Days(vec![date("2026-07-06"), date("2026-07-07")])).as_deref(),
            Some("lun. 6 juil.")
        );
        assert_eq!(
            words(Shown::Days(vec![date("2026-07-06")]), Language::English).as_deref(),
            Some("Mon 6 Jul")
        );
        assert_eq!(french(Shown::Starts(vec![utc("2026-12-31T23:30:00Z")])).as_deref(), Some("ven. 1 janv."));
        assert_eq!(french(Shown::Until(utc("2026-06-28T22:00:00Z"))).as_deref(), Some("dim. 28 juin"));
        assert_eq!(french(Shown::Until(utc("2026-06-28T10:00:00Z"))).as_deref(), Some("dim. 28 juin"));
        assert_eq!(
            french(Shown::Through(date("2026-03-01"), utc("2026-03-01T23:00:00Z"))).as_deref(),
            Some("dim. 1 mars")
        );
        assert_eq!(french(Shown::Window(date("2026-03-01"), date("2026-03-09"))), None);
        assert_eq!(french(Shown::Open), None);
    }
}
