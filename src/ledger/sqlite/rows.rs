//! How words, instants and rows of the ledger are spelt in SQLite.

use chrono::{DateTime, Utc};
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, Params};

use crate::ledger::Stamp;
use crate::plan::complaint::Complaint;
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort};

/// An instant, stored as whole milliseconds since 1970. What is finer is cut off.
#[derive(Clone, Copy)]
pub(super) struct At(pub(super) DateTime<Utc>);

impl At {
    pub(super) fn millis(self) -> i64 {
        self.0.timestamp_millis()
    }

    /// The same as it is read again: without what was cut off.
    pub(super) fn stored(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis()).unwrap_or(self.0)
    }
}

impl ToSql for At {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.millis().into())
    }
}

impl FromSql for At {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let millis = value.as_i64()?;
        DateTime::from_timestamp_millis(millis).map(Self).ok_or(FromSqlError::OutOfRange(millis))
    }
}

impl ToSql for State {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for State {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl FromSql for Stamp {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for Complaint {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Complaint {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for Reason {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl FromSql for Reason {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::parse(value.as_str()?).ok_or(FromSqlError::InvalidType)
    }
}

impl ToSql for Sort {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.word().into())
    }
}

impl ToSql for Key {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for Key {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str().map(Self::from_text)
    }
}

/// The columns that [`read`] reads, in its order.
pub(super) const COLUMNS: &str = "key, reader, email, due, late_after, state, reason, wanted, attempts, doubts, \
     in_doubt, not_before, message_id, sent_at, reply, born, changed, why";

/// Reads the [`COLUMNS`] of a row.
pub(super) fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        key: row.get(0)?,
        reader: row.get(1)?,
        email: row.get(2)?,
        due: row.get::<_, At>(3)?.0,
        late_after: row.get::<_, At>(4)?.0,
        state: row.get(5)?,
        reason: row.get(6)?,
        wanted: row.get(7)?,
        attempts: row.get(8)?,
        doubts: row.get(9)?,
        in_doubt: row.get(10)?,
        not_before: row.get::<_, Option<At>>(11)?.map(|at| at.0),
        message_id: row.get(12)?,
        sent_at: row.get::<_, Option<At>>(13)?.map(|at| at.0),
        reply: row.get(14)?,
        born: row.get::<_, At>(15)?.0,
        changed: row.get::<_, At>(16)?.0,
        why: row.get(17)?,
    })
}

/// Executes a statement that is kept prepared; returns how many rows it changed.
pub(super) fn run(db: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute(params)
}
