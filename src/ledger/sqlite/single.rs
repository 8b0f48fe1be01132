//! The verbs about single rows: what the calendar, time and people do to them.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, named_params, params};

use super::asking;
use super::rows::{At, COLUMNS, read};
use crate::ledger::Hand;
use crate::plan::reconcile::Change;
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Wanted};

/// Every row, by key.
pub(super) fn known(db: &Connection) -> rusqlite::Result<Vec<Row>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM rows ORDER BY key"))?.query_map([], read)?.collect()
}

const ADD: &str = "
    INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why,
                      state, reason, born, changed)
    VALUES (:key, :sort, :posting, :event, :recipient, :reader, :email, :due, :late_after, :why,
            :state, :reason, :now, :now)
    ON CONFLICT (key) DO NOTHING";

/// Only while the former row stands where it was seen: one that was handed meanwhile is not to leave twice. What may
/// have left must not leave as something else: the Message-ID goes with what is planned.
const INHERIT: &str = "
    INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why,
                      state, reason, born, changed, attempts, doubts, in_doubt, not_before, message_id, hands)
    SELECT :key, :sort, :posting, :event, :recipient, :reader, :email, :due, :late_after, :why,
           :state, :reason, :now, :now, iif(goes_on, attempts, 0), iif(goes_on, doubts, 0),
           iif(goes_on, in_doubt, 0), iif(goes_on, not_before, NULL),
           iif(goes_on AND hands > 0, message_id, NULL), iif(goes_on, hands, 0)
    FROM (SELECT *, :state = 'planned' AS goes_on FROM rows WHERE key = :former AND state = :stood)
    WHERE true
    ON CONFLICT (key) DO NOTHING";

const REFRESH: &str = "
    UPDATE rows SET reader = :reader, email = :email, due = :due, late_after = :late_after, why = :why,
        changed = :now
    WHERE key = :key AND state IN ('planned', 'skipped')";

/// What a hand withdrew meanwhile stays withdrawn. The doubts stay, and with them the Message-ID: what may
/// have left must not leave as something else.
const RETURN: &str = "
    UPDATE rows SET reader = :reader, email = :email, due = :due, late_after = :late_after, why = :why,
        changed = :now, state = 'planned', reason = NULL, wanted = 1, attempts = 0, not_before = NULL,
        message_id = iif(hands = 0, NULL, message_id)
    WHERE key = :key AND state = :from AND state IN ('skipped', 'withdrawn', 'failed') AND reason <> 'hand'";

const WITHDRAW: &str = "
    UPDATE rows SET state = 'withdrawn', reason = 'calendar', wanted = 0, not_before = NULL, changed = ?2
    WHERE key = ?1 AND state = 'planned'";

const TOLD: &str = "
    UPDATE rows SET state = 'superseded', reason = 'told-already', not_before = NULL, changed = ?2
    WHERE key = ?1 AND state = 'planned' AND sort = 'change'";

/// The ended row of a slip is marked as well; it keeps the instant at which it ended.
const WANT: &str = "
    UPDATE rows SET wanted = ?2, changed = iif(state IN ('claimed', 'handed', 'held'), ?3, changed)
    WHERE key = ?1 AND (state IN ('claimed', 'handed', 'held')
        OR (sort = 'slip' AND state <> 'planned' AND NOT ?2))";

/// Applies changes; returns how many found their row elsewhere.
pub(super) fn apply(db: &Connection, changes: &[Change], now: DateTime<Utc>) -> rusqlite::Result<usize> {
    let now = At(now);
    let [mut add, mut inherit] = [db.prepare_cached(ADD)?, db.prepare_cached(INHERIT)?];
    let [mut refresh, mut come_back] = [db.prepare_cached(REFRESH)?, db.prepare_cached(RETURN)?];
    let [mut withdraw, mut told, mut want] =
        [db.prepare_cached(WITHDRAW)?, db.prepare_cached(TOLD)?, db.prepare_cached(WANT)?];
    let mut missed = 0;
    for change in changes {
        let found = match change {
            Change::Add(new, state) => add.execute(named_params! {
                ":key": new.key, ":sort": new.key.sort(), ":posting": new.posting, ":event": new.event,
                ":recipient": new.recipient, ":reader": new.reader, ":email": new.email,
                ":due": At(new.due), ":late_after": At(new.late_after), ":why": new.why, ":state": state,
                ":reason": (*state == State::Skipped).then_some(Reason::PastWhenFirstSeen), ":now": now,
            })?,
            Change::Inherit(new, state, (former, stood)) => inherit.execute(named_params! {
                ":key": new.key, ":sort": new.key.sort(), ":posting": new.posting, ":event": new.event,
                ":recipient": new.recipient, ":reader": new.reader, ":email": new.email,
                ":due": At(new.due), ":late_after": At(new.late_after), ":why": new.why, ":state": state,
                ":reason": (*state == State::Skipped).then_some(Reason::Renamed), ":now": now,
                ":former": former, ":stood": stood,
            })?,
            Change::Refresh(new) => refresh.execute(named_params! {
                ":key": new.key, ":reader": new.reader, ":email": new.email, ":due": At(new.due),
                ":late_after": At(new.late_after), ":why": new.why, ":now": now,
            })?,
            Change::Return(new, from) => come_back.execute(named_params! {
                ":key": new.key, ":reader": new.reader, ":email": new.email, ":due": At(new.due),
                ":late_after": At(new.late_after), ":why": new.why, ":now": now, ":from": from,
            })?,
            Change::Withdraw(key) => withdraw.execute(params![key, now])?,
            Change::Told(key) => told.execute(params![key, now])?,
            Change::Want(key, wanted) => want.execute(params![key, wanted, now])?,
        };
        missed += usize::from(found == 0);
    }
    Ok(missed)
}

/// Of what lapses together, the latest speaks for its event: people hear of each once. All of it is due, as every row is
/// before its end.
pub(super) const TOGETHER: &str = "
    UPDATE rows SET state = 'superseded', reason = 'later-reminder', not_before = NULL, changed = :now
    WHERE state = 'planned' AND due <= :now AND late_after <= :now AND sort = 'reminder' AND EXISTS (
        SELECT 1 FROM rows AS later
        WHERE later.sort = 'reminder' AND later.posting = rows.posting AND later.event = rows.event
          AND later.recipient = rows.recipient AND later.due > rows.due
          AND later.state = 'planned' AND later.late_after <= :now AND later.late_after >= rows.late_after)
    RETURNING key, state";

pub(super) const LAPSE: &str = "
    UPDATE rows SET state = 'lapsed', reason = 'too-late', not_before = NULL, changed = :now
    WHERE state = 'planned' AND due <= :now AND late_after <= :now
    RETURNING key, state";

pub(super) const SUPERSEDE: &str = "
    UPDATE rows SET state = 'superseded', reason = 'later-reminder', not_before = NULL, changed = :now
    WHERE state = 'planned' AND due <= :now AND sort = 'reminder' AND EXISTS (
        SELECT 1 FROM rows AS later
        WHERE later.sort = 'reminder' AND later.posting = rows.posting AND later.event = rows.event
          AND later.recipient = rows.recipient AND later.due > rows.due
          AND (later.state IN ('sent', 'claimed', 'handed', 'held')
               OR (later.state = 'planned' AND later.due <= :now AND later.late_after >= rows.late_after)))
    RETURNING key, state";

/// Lapses, then supersedes. The order counts: a row that has just lapsed makes no other give way that is still of use.
///
/// Whether a row is superseded does not depend on the order in which its fellows are: the latest one never is,
/// and every other finds that one.
pub(super) fn tidy(db: &Connection, now: DateTime<Utc>) -> rusqlite::Result<Vec<(Key, State)>> {
    let mut ended = Vec::new();
    for sql in [TOGETHER, LAPSE, SUPERSEDE] {
        let mut statement = db.prepare_cached(sql)?;
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
    UPDATE rows SET state = 'planned', reason = NULL, wanted = 1, attempts = 0, not_before = NULL,
        message_id = iif(hands = 0, NULL, message_id), changed = :now
    WHERE key = :key AND state IN ('failed', 'held', 'withdrawn') AND late_after > :now";

const CONFIRM: &str = "
    UPDATE rows SET state = 'sent', reason = 'confirmed', sent_at = :now, in_doubt = 0, changed = :now
    WHERE key = :key AND state = 'held'";

const WITHDRAW_BY_HAND: &str = "
    UPDATE rows SET state = 'withdrawn', reason = 'hand', not_before = NULL, changed = :now
    WHERE key = :key AND state IN ('planned', 'held', 'skipped')";

/// Does what a person asks of a row; false when it is not in a state that allows it.
pub(super) fn by_hand(db: &Connection, key: &Key, hand: Hand, now: DateTime<Utc>) -> rusqlite::Result<bool> {
    let sql = match hand {
        Hand::Retry => RETRY,
        Hand::Confirm => CONFIRM,
        Hand::Withdraw => WITHDRAW_BY_HAND,
    };
    asking::stir(db, key)?;
    Ok(db.execute(sql, named_params! { ":key": key, ":now": At(now) })? > 0)
}

/// What [`RETRY`] does, with facts as they are now: between two statements a daemon could send to the old address.
const RETRY_AS: &str = "
    UPDATE rows SET state = 'planned', reason = NULL, wanted = 1, attempts = 0, not_before = NULL,
        reader = :reader, email = :email, due = :due, late_after = :late_after, why = :why,
        message_id = iif(hands = 0, NULL, message_id), changed = :now
    WHERE key = :key AND state IN ('failed', 'held', 'withdrawn') AND :late_after > :now";

/// Plans a row again, as it is asked for now; false when it is not in a state that allows it, or of no use.
pub(super) fn retry(db: &Connection, wanted: &Wanted, now: DateTime<Utc>) -> rusqlite::Result<bool> {
    let facts = named_params! {
        ":key": wanted.key, ":reader": wanted.reader, ":email": wanted.email, ":due": At(wanted.due),
        ":late_after": At(wanted.late_after), ":why": wanted.why, ":now": At(now),
    };
    asking::stir(db, &wanted.key)?;
    Ok(db.execute(RETRY_AS, facts)? > 0)
}
