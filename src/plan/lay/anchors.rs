//! Pure. From where leads count: the occurrences of an event.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::calendar::{Event, Lead, Posting, Start, When};
use crate::plan::Occurrence;

/// From where a lead counts, and until when its reminder is of use.
pub(super) struct Anchor {
    pub(super) occurrence: Occurrence,
    /// The days, in the posting's zone, from which leads before and after count: one, but for a window.
    days: (NaiveDate, NaiveDate),
    /// The instants, where the event has them: its start or closing; for `after`, its end.
    instants: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Until when a reminder before it, or on the day, is of use.
    pub(super) until: DateTime<Utc>,
    /// Whether it is the first of its day.
    opens_its_day: bool,
}

impl Anchor {
    fn on(occurrence: Occurrence, day: NaiveDate, until: DateTime<Utc>) -> Self {
        Self { occurrence, days: (day, day), instants: None, until, opens_its_day: true }
    }

    /// The day that a lead counts from.
    pub(super) fn day(&self, lead: Lead) -> NaiveDate {
        if lead.count > 0 { self.days.1 } else { self.days.0 }
    }

    /// The instant that it counts from, if there is one.
    pub(super) fn instant(&self, lead: Lead) -> Option<DateTime<Utc>> {
        self.instants.map(|(starts, ends)| if lead.count > 0 { ends } else { starts })
    }
}

/// The occurrences of an event, in time.
pub(super) fn anchors(posting: &Posting, event: &Event) -> Vec<Anchor> {
    let zone = posting.zone;
    match &event.when {
        When::Open => Vec::new(),
        When::Deadline { closes, last_day, written } => {
            let occurrence = written.map_or(Occurrence::Day(*last_day), Occurrence::Time);
            vec![Anchor { instants: Some((*closes, *closes)), ..Anchor::on(occurrence, *last_day, *closes) }]
        }
        When::Window { first, last } => vec![Anchor {
            days: (*first, *last),
            ..Anchor::on(Occurrence::Window(*first, *last), *first, zone.end_of(*last))
        }],
        When::Days(days) => {
            days.iter().map(|day| Anchor::on(Occurrence::Day(*day), *day, zone.end_of(*day))).collect()
        }
        When::Timed(starts) => {
            let length = event.duration.unwrap_or_default();
            let mut met = HashSet::new();
            let anchor = |start: &Start| Anchor {
                instants: Some((start.instant, start.instant + length)),
                opens_its_day: met.insert(start.local.date()),
                ..Anchor::on(Occurrence::Time(start.local), start.local.date(), start.instant)
            };
            starts.iter().map(anchor).collect()
        }
    }
}

/// Those of them that a lead counts from: the table of the design, 2.3.3.
pub(super) fn counted_from(anchors: &[Anchor], lead: Lead) -> impl Iterator<Item = &Anchor> {
    let is_window = matches!(anchors, [Anchor { occurrence: Occurrence::Window(..), .. }]);
    let some = match (lead.is_timed(), lead.count) {
        (false, 0) if is_window => &[],
        (true, _) | (_, 0) => anchors,
        (_, ..0) => &anchors[..anchors.len().min(1)],
        (_, 1..) => &anchors[anchors.len().saturating_sub(1)..],
    };
    some.iter().filter(move |anchor| {
        if lead.is_timed() { anchor.instants.is_some() } else { lead.count != 0 || anchor.opens_its_day }
    })
}
