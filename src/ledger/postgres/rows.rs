//! How words, instants and rows of the ledger are spelt in PostgreSQL.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use tokio_postgres::types::{FromSql, ToSql};

use super::errors::Fault;
use crate::plan::Key;
use crate::plan::row::{Reason, Row, State};

/// An instant as it is stored: whole milliseconds since 1970. What is finer is cut off.
pub(super) fn millis(at: DateTime<Utc>) -> i64 {
    at.timestamp_millis()
}

/// An instant that was stored.
pub(super) fn instant(millis: i64) -> Result<DateTime<Utc>, Fault> {
    DateTime::from_timestamp_millis(millis).ok_or_else(|| Fault::Odd(format!("{millis} is no instant")))
}

/// Text as PostgreSQL takes it: it has no character 0, which a relay may well send.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{fffd}").into() } else { text.into() }
}

/// A value that only code can make: what else is found there was written past us.
pub(super) fn word<T>(word: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Fault> {
    parse(word).ok_or_else(|| Fault::Odd(format!("\"{word}\" is no word of this program")))
}

/// A count.
pub(super) fn count(found: i64) -> Result<u32, Fault> {
    u32::try_from(found).map_err(|_| Fault::Odd(format!("{found} is no count")))
}

/// How many rows a statement touched, or may touch.
pub(super) fn size(rows: u64) -> usize {
    usize::try_from(rows).unwrap_or(usize::MAX)
}

/// A row of an answer, whose columns are read by place.
pub(super) struct Found(pub(super) tokio_postgres::Row);

impl Found {
    pub(super) fn get<'a, T: FromSql<'a>>(&'a self, column: usize) -> Result<T, Fault> {
        Ok(self.0.try_get(column)?)
    }

    pub(super) fn at(&self, column: usize) -> Result<DateTime<Utc>, Fault> {
        instant(self.get(column)?)
    }

    pub(super) fn at_if_any(&self, column: usize) -> Result<Option<DateTime<Utc>>, Fault> {
        self.get::<Option<i64>>(column)?.map(instant).transpose()
    }

    pub(super) fn key(&self, column: usize) -> Result<Key, Fault> {
        self.get::<&str>(column).map(Key::from_text)
    }

    pub(super) fn state(&self, column: usize) -> Result<State, Fault> {
        word(self.get(column)?, State::parse)
    }
}

/// What a statement is given.
pub(super) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "rows.key, rows.reader, rows.email, rows.due, rows.late_after, rows.state, rows.reason, \
     rows.wanted, rows.attempts, rows.doubts, rows.in_doubt, rows.not_before, rows.message_id, rows.sent_at, rows.reply, \
     rows.born, rows.changed, rows.why";

/// Reads the [`COLUMNS`] of a row.
pub(super) fn read(row: &Found) -> Result<Row, Fault> {
    Ok(Row {
        key: row.key(0)?,
        reader: row.get(1)?,
        email: row.get(2)?,
        due: row.at(3)?,
        late_after: row.at(4)?,
        state: row.state(5)?,
        reason: row.get::<Option<&str>>(6)?.map(|reason| word(reason, Reason::parse)).transpose()?,
        wanted: row.get(7)?,
        attempts: count(row.get(8)?)?,
        doubts: count(row.get(9)?)?,
        in_doubt: row.get(10)?,
        not_before: row.at_if_any(11)?,
        message_id: row.get(12)?,
        sent_at: row.at_if_any(13)?,
        reply: row.get(14)?,
        born: row.at(15)?,
        changed: row.at(16)?,
        why: row.get(17)?,
    })
}
