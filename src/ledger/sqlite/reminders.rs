//! The verbs about single reminders: what the calendar, time and people do to them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params, params};

use super::rows::{At, COLUMNS, read};
use crate::ledger::Hand;
use crate::plan::Key;
use crate::plan::reconcile::Change;
use crate::plan::row::{Reason, Row, State};

/// Every row, by key.
pub(super) fn known(db: &Connection) -> rusqlite::Result<Vec<Row>> {
    db.prepare(&format!("SELECT {COLUMNS} FROM reminders ORDER BY key"))?.query_map([], read)?.collect()
}

const ADD: &str = "
    INSERT INTO reminders (key, posting, event, kind, occurrence, lead, recipient,
                           email, due, late_after, rule, state, reason, born, changed)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)
    ON CONFLICT (key) DO NOTHING";

const REFRESH: &str = "
    UPDATE reminders SET email = ?2, due = ?3, late_after = ?4, rule = ?5, changed = ?6
    WHERE key = ?1 AND state IN ('planned', 'skipped')";

/// What a hand withdrew meanwhile stays withdrawn. The doubts stay, and with them the Message-ID: what may
/// have left must not leave as something else.
const RETURN: &str = "
    UPDATE reminders SET email = ?2, due = ?3, late_after = ?4, rule = ?5, changed = ?6,
        state = 'planned', reason = NULL, wanted = 1, attempts = 0, not_before = NULL,
        message_id = iif(hands = 0, NULL, message_id)
    WHERE key = ?1 AND state = ?7 AND state IN ('skipped', 'withdrawn', 'failed') AND reason <> 'hand'";

const WITHDRAW: &str = "
    UPDATE reminders SET state = 'withdrawn', reason = 'calendar', wanted = 0, not_before = NULL, changed = ?2
    WHERE key = ?1 AND state = 'planned'";

const WANT: &str = "
    UPDATE reminders SET wanted = ?2, changed = ?3
    WHERE key = ?1 AND state IN ('claimed', 'handed', 'held')";

/// Applies changes; returns how many found their row elsewhere.
pub(super) fn apply(db: &Connection, changes: &[Change], now: DateTime<Utc>) -> rusqlite::Result<usize> {
    let now = At(now);
    let [mut add, mut refresh] = [db.prepare(ADD)?, db.prepare(REFRESH)?];
    let [mut come_back, mut withdraw, mut want] =
        [db.prepare(RETURN)?, db.prepare(WITHDRAW)?, db.prepare(WANT)?];
    let mut missed = 0;
    for change in changes {
        let found = match change {
            Change::Add(new, state) => add.execute(params![
                new.key,
                new.posting,
                new.event,
                new.kind.word(),
                new.occurrence.to_string(),
                new.lead.to_string(),
                new.recipient.id,
                new.recipient.email,
                At(new.due),
                At(new.late_after),
                new.origin.to_string(),
                state,
                (*state == State::Skipped).then_some(Reason::PastWhenFirstSeen),
                now,
            ])?,
            Change::Refresh(new) => refresh.execute(params![
                new.key,
                new.recipient.email,
                At(new.due),
                At(new.late_after),
                new.origin.to_string(),
                now,
            ])?,
            Change::Return(new, from) => come_back.execute(params![
                new.key,
                new.recipient.email,
                At(new.due),
                At(new.late_after),
                new.origin.to_string(),
                now,
                from,
            ])?,
            Change::Withdraw(key) => withdraw.execute(params![key, now])?,
            Change::Want(key, wanted) => want.execute(params![key, wanted, now])?,
        };
        missed += usize::from(found == 0);
    }
    Ok(missed)
}

pub(super) const LAPSE: &str = "
    UPDATE reminders SET state = 'lapsed', reason = 'too-late', not_before = NULL, changed = :now
    WHERE state = 'planned' AND late_after <= :now
    RETURNING key, state";

pub(super) const SUPERSEDE: &str = "
    UPDATE reminders SET state = 'superseded', reason = 'later-reminder', not_before = NULL, changed = :now
    WHERE state = 'planned' AND due <= :now AND EXISTS (
        SELECT 1 FROM reminders AS later
        WHERE later.posting = reminders.posting AND later.event = reminders.event
          AND later.recipient = reminders.recipient AND later.due > reminders.due
          AND (later.state IN ('sent', 'claimed', 'handed', 'held')
               OR (later.state = 'planned' AND later.due <= :now AND later.late_after >= reminders.late_after)))
    RETURNING key, state";

/// Lapses, then supersedes. The order counts: a row that has just lapsed makes no other give way.
///
/// Whether a row is superseded does not depend on the order in which its fellows are: the latest one never is,
/// and every other finds that one.
pub(super) fn tidy(db: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Vec<(Key, State)>> {
    let mut ended = Vec::new();
    for sql in [LAPSE, SUPERSEDE] {
        let mut statement = db.prepare(sql)?;
        let rows =
            statement.query_map(named_params! { ":now": At(now) }, |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            ended.push(row?);
        }
    }
    ended.sort();
    Ok(ended)
}

const RETRY: &str = "
    UPDATE reminders SET state = 'planned', reason = NULL, wanted = 1, attempts = 0, not_before = NULL,
        message_id = iif(hands = 0, NULL, message_id), changed = :now
    WHERE key = :key AND state IN ('failed', 'held', 'withdrawn') AND late_after > :now";

const CONFIRM: &str = "
    UPDATE reminders SET state = 'sent', reason = 'confirmed', sent_at = :now, in_doubt = 0, changed = :now
    WHERE key = :key AND state = 'held'";

const WITHDRAW_BY_HAND: &str = "
    UPDATE reminders SET state = 'withdrawn', reason = 'hand', not_before = NULL, changed = :now
    WHERE key = :key AND state IN ('planned', 'held', 'skipped')";

/// Does what a person asks of a row; false when it is not in a state that allows it.
pub(super) fn by_hand(db: &Connection, key: &Key, hand: Hand, now: DateTime<Utc>) -> rusqlite::Result<bool> {
    let sql = match hand {
        Hand::Retry => RETRY,
        Hand::Confirm => CONFIRM,
        Hand::Withdraw => WITHDRAW_BY_HAND,
    };
    Ok(db.execute(sql, named_params! { ":key": key, ":now": At(now) })? > 0)
}

/// Forgets final rows that were of use until an instant, and whose posting is no longer there: as long as its
/// file is, the plan asks for them, and a row that was forgotten would be met for the first time again.
pub(super) fn purge(db: &Connection, before: DateTime<Utc>) -> rusqlite::Result<usize> {
    db.execute(
        "DELETE FROM reminders WHERE late_after < ?1 AND posting NOT IN (SELECT id FROM postings)
         AND state IN ('sent', 'failed', 'withdrawn', 'skipped', 'superseded', 'lapsed')",
        [At(before)],
    )
}
