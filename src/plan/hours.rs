//! Pure. Lateness, and the hours in which what is late may leave: nobody is woken at three in the morning by a
//! mail that should have come the evening before.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};

use super::Sort;
use super::row::Row;
use crate::calendar::Zone;

/// From when on a reminder is late.
pub const LATE: TimeDelta = TimeDelta::minutes(15);

/// Until when a mail of these rows waits: for the hours to begin, in the reader's zone. `None` when it leaves now: the
/// hours are on, something in it is on time (a rule or a person chose that minute), or it would be of no use any more
/// by then: `at_most` says until when each can wait. Notices have no minute of their own.
#[must_use]
pub fn waits_until(
    rows: &[Row],
    at_most: impl Fn(&Row) -> DateTime<Utc>,
    zone: Zone,
    (from, until): (NaiveTime, NaiveTime),
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let local = zone.local(now);
    if (from..until).contains(&local.time()) || rows.iter().any(|row| is_on_time(row, now)) {
        return None;
    }
    let day = if local.time() < from { local.date() } else { local.date().checked_add_days(Days::new(1))? };
    let opening = zone.instant(day.and_time(from));
    rows.iter().all(|row| at_most(row) > opening).then_some(opening).filter(|opening| *opening > now)
}

fn is_on_time(row: &Row, now: DateTime<Utc>) -> bool {
    matches!(row.key.sort(), Sort::Reminder | Sort::Digest) && now - row.due <= LATE
}

#[cfg(test)]
mod tests {
    use super::super::Key;
    use super::super::row::State;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn row(due: &str, late_after: &str) -> Row {
        Row {
            key: Key::from_text("p/deadline/2026-06-28/-1d/camille"),
            reader: "camille".into(),
            email: "c@example.org".into(),
            due: at(due),
            late_after: at(late_after),
            state: State::Planned,
            reason: None,
            wanted: true,
            attempts: 0,
            doubts: 0,
            in_doubt: false,
            not_before: None,
            message_id: None,
            sent_at: None,
            reply: None,
            born: at(due),
            changed: at(due),
            why: String::new(),
        }
    }

    #[test]
    fn what_is_late_waits_for_the_hours_unless_it_would_be_of_no_use_by_then() {
        let paris = Zone::parse("Europe/Paris").unwrap();
        let hours = (NaiveTime::from_hms_opt(7, 0, 0).unwrap(), NaiveTime::from_hms_opt(21, 0, 0).unwrap());
        let rows = [row("2026-06-26T07:00:00Z", "2026-06-28T22:00:00Z")];
        let waits = |now: &str, rows: &[Row]| {
            waits_until(rows, |row| row.late_after, paris, hours, at(now)).map(|at| at.to_rfc3339())
        };
        // Three in the morning, and half past nine in the evening, Paris.
        assert_eq!(waits("2026-06-27T01:00:00Z", &rows).as_deref(), Some("2026-06-27T05:00:00+00:00"));
        assert_eq!(waits("2026-06-26T19:30:00Z", &rows).as_deref(), Some("2026-06-27T05:00:00+00:00"));
        assert_eq!(waits("2026-06-26T18:59:00Z", &rows), None, "the hours are on");
        assert_eq!(waits("2026-06-27T05:00:00Z", &rows), None, "they begin");
        let urgent = [row("2026-06-26T07:00:00Z", "2026-06-27T04:00:00Z")];
        assert_eq!(waits("2026-06-27T01:00:00Z", &urgent), None, "of no use by then");
        let on_time = [row("2026-06-27T00:50:00Z", "2026-06-28T22:00:00Z")];
        assert_eq!(waits("2026-06-27T01:00:00Z", &on_time), None, "wanted at that hour");
        assert_eq!(waits("2026-06-27T01:00:00Z", &[rows[0].clone(), on_time[0].clone()]), None);
    }
}
