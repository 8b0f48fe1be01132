//! The verbs about single rows: what the calendar, time and people do to them.

use chrono::{DateTime, Utc};

use super::asking;
use super::errors::Fault;
use super::pool::Session;
use super::rows::{COLUMNS, millis, read, text};
use crate::ledger::Hand;
use crate::plan::reconcile::Change;
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Wanted};

/// Every row, by key.
pub(super) async fn known(db: &Session) -> Result<Vec<Row>, Fault> {
    db.query(&format!("SELECT {COLUMNS} FROM rows ORDER BY key"), &[]).await?.iter().map(read).collect()
}

/// How many rows are added by one statement.
const TOGETHER_ADDED: usize = 1000;

const ADD: &str = "
    INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why,
                      state, reason, born, changed)
    SELECT *, $13::bigint, $13::bigint
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
                $9::bigint[], $10::text[], $11::text[], $12::text[])
    ON CONFLICT (key) DO NOTHING";

/// Only while the former row stands where it was seen: one that was handed meanwhile is not to leave twice. It is locked,
/// so that nobody hands it before this is written. What may have left must not leave as something else: the Message-ID goes
/// with what is planned.
const INHERIT: &str = "
    INSERT INTO rows (key, sort, posting, event, recipient, reader, email, due, late_after, why,
                      state, reason, born, changed, attempts, doubts, in_doubt, not_before, message_id, hands)
    SELECT $1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bigint, $9::bigint, $10::text,
           $11::text, $12::text, $13::bigint, $13::bigint,
           CASE WHEN goes_on THEN attempts ELSE 0 END, CASE WHEN goes_on THEN doubts ELSE 0 END,
           goes_on AND in_doubt, CASE WHEN goes_on THEN not_before END,
           CASE WHEN goes_on AND hands > 0 THEN message_id END, CASE WHEN goes_on THEN hands ELSE 0 END
    FROM (SELECT *, $11::text = 'planned' AS goes_on FROM rows WHERE key = $14 AND state = $15 FOR UPDATE) AS former
    ON CONFLICT (key) DO NOTHING";

const REFRESH: &str = "
    UPDATE rows SET reader = $2, email = $3, due = $4, late_after = $5, why = $6, changed = $7
    WHERE key = $1 AND state IN ('planned', 'skipped')";

/// What a hand withdrew meanwhile stays withdrawn. The doubts stay, and with them the Message-ID: what may
/// have left must not leave as something else.
const RETURN: &str = "
    UPDATE rows SET reader = $2, email = $3, due = $4, late_after = $5, why = $6,
        changed = $7, state = 'planned', reason = NULL, wanted = true, attempts = 0, not_before = NULL,
        message_id = CASE WHEN hands > 0 THEN message_id END
    WHERE key = $1 AND state = $8 AND state IN ('skipped', 'withdrawn', 'failed') AND reason <> 'hand'";

const WITHDRAW: &str = "
    UPDATE rows SET state = 'withdrawn', reason = 'calendar', wanted = false, not_before = NULL, changed = $2
    WHERE key = $1 AND state = 'planned'";

const TOLD: &str = "
    UPDATE rows SET state = 'superseded', reason = 'told-already', not_before = NULL, changed = $2
    WHERE key = $1 AND state = 'planned' AND sort = 'change'";

/// The ended row of a slip is marked as well; it keeps the instant at which it ended.
const WANT: &str = "
    UPDATE rows SET wanted = $2,
        changed = CASE WHEN state IN ('claimed', 'handed', 'held') THEN $3 ELSE changed END
    WHERE key = $1 AND (state IN ('claimed', 'handed', 'held')
        OR (sort = 'slip' AND state <> 'planned' AND NOT $2))";

/// Applies changes; returns how many found their row elsewhere.
pub(super) async fn apply(db: &Session, changes: &[Change], now: DateTime<Utc>) -> Result<usize, Fault> {
    let now = millis(now);
    let mut missed = 0;
    // What is added one after the other is added at once: a first plan is nothing else.
    let added = |change: &Change| matches!(change, Change::Add(..));
    for run in changes.chunk_by(|one, next| added(one) && added(next)) {
        if run.first().is_some_and(added) {
            for run in run.chunks(TOGETHER_ADDED) {
                missed += run.len() - add(db, run, now).await?;
            }
            continue;
        }
        for change in run {
            missed += usize::from(one(db, change, now).await? == 0);
        }
    }
    Ok(missed)
}

/// Adds rows; how many were not there.
async fn add(db: &Session, changes: &[Change], now: i64) -> Result<usize, Fault> {
    let rows: Vec<(&Wanted, State)> = changes
        .iter()
        .filter_map(|change| if let Change::Add(new, state) = change { Some((&**new, *state)) } else { None })
        .collect();
    let texts = |of: fn(&Wanted) -> &str| rows.iter().map(|(new, _)| text(of(new))).collect::<Vec<_>>();
    let dues: Vec<i64> = rows.iter().map(|(new, _)| millis(new.due)).collect();
    let ends: Vec<i64> = rows.iter().map(|(new, _)| millis(new.late_after)).collect();
    let states: Vec<&str> = rows.iter().map(|(_, state)| state.word()).collect();
    let reasons: Vec<Option<&str>> = rows
        .iter()
        .map(|(_, state)| (*state == State::Skipped).then_some(Reason::PastWhenFirstSeen.word()))
        .collect();
    db.execute(
        ADD,
        &[
            &texts(|new| new.key.as_str()),
            &texts(|new| new.key.sort().word()),
            &texts(|new| &new.posting),
            &texts(|new| &new.event),
            &texts(|new| &new.recipient),
            &texts(|new| &new.reader),
            &texts(|new| &new.email),
            &dues,
            &ends,
            &texts(|new| &new.why),
            &states,
            &reasons,
            &now,
        ],
    )
    .await
}

/// Applies one change that adds nothing new; how many rows it found.
async fn one(db: &Session, change: &Change, now: i64) -> Result<usize, Fault> {
    match change {
        Change::Add(..) => add(db, std::slice::from_ref(change), now).await,
        Change::Inherit(new, state, (former, stood)) => {
            let reason = (*state == State::Skipped).then_some(Reason::Renamed.word());
            db.execute(
                INHERIT,
                &[
                    &new.key.as_str(),
                    &new.key.sort().word(),
                    &new.posting,
                    &new.event,
                    &new.recipient,
                    &new.reader,
                    &new.email,
                    &millis(new.due),
                    &millis(new.late_after),
                    &text(&new.why),
                    &state.word(),
                    &reason,
                    &now,
                    &former.as_str(),
                    &stood.word(),
                ],
            )
            .await
        }
        Change::Refresh(new) => {
            let (due, end) = (millis(new.due), millis(new.late_after));
            db.execute(
                REFRESH,
                &[&new.key.as_str(), &new.reader, &new.email, &due, &end, &text(&new.why), &now],
            )
            .await
        }
        Change::Return(new, from) => {
            let (due, end) = (millis(new.due), millis(new.late_after));
            let from = from.word();
            db.execute(
                RETURN,
                &[&new.key.as_str(), &new.reader, &new.email, &due, &end, &text(&new.why), &now, &from],
            )
            .await
        }
        Change::Withdraw(key) => db.execute(WITHDRAW, &[&key.as_str(), &now]).await,
        Change::Told(key) => db.execute(TOLD, &[&key.as_str(), &now]).await,
        Change::Want(key, wanted) => db.execute(WANT, &[&key.as_str(), wanted, &now]).await,
    }
}

/// Of what lapses together, the latest speaks for its event: people hear of each once.
pub(super) const TOGETHER: &str = "
    UPDATE rows SET state = 'superseded', reason = 'later-reminder', not_before = NULL, changed = $1
    WHERE state = 'planned' AND late_after <= $1 AND sort = 'reminder' AND EXISTS (
        SELECT 1 FROM rows AS later
        WHERE later.sort = 'reminder' AND later.posting = rows.posting AND later.event = rows.event
          AND later.recipient = rows.recipient AND later.due > rows.due
          AND later.state = 'planned' AND later.late_after <= $1 AND later.late_after >= rows.late_after)
    RETURNING key, state";

pub(super) const LAPSE: &str = "
    UPDATE rows SET state = 'lapsed', reason = 'too-late', not_before = NULL, changed = $1
    WHERE state = 'planned' AND late_after <= $1
    RETURNING key, state";

pub(super) const SUPERSEDE: &str = "
    UPDATE rows SET state = 'superseded', reason = 'later-reminder', not_before = NULL, changed = $1
    WHERE state = 'planned' AND due <= $1 AND sort = 'reminder' AND EXISTS (
        SELECT 1 FROM rows AS later
        WHERE later.sort = 'reminder' AND later.posting = rows.posting AND later.event = rows.event
          AND later.recipient = rows.recipient AND later.due > rows.due
          AND (later.state IN ('sent', 'claimed', 'handed', 'held')
               OR (later.state = 'planned' AND later.due <= $1 AND later.late_after >= rows.late_after)))
    RETURNING key, state";

/// Lapses, then supersedes. The order counts: a row that has just lapsed makes no other give way that is still of use.
///
/// Whether a row is superseded does not depend on the order in which its fellows are: the latest one never is,
/// and every other finds that one. With claims it goes one after the other: neither sees the other half-way.
pub(super) async fn tidy(db: &Session, now: DateTime<Utc>) -> Result<Vec<(Key, State)>, Fault> {
    db.query(super::mails::QUEUE, &[]).await?;
    let mut ended = Vec::new();
    for sql in [TOGETHER, LAPSE, SUPERSEDE] {
        for row in db.change(sql, &[&millis(now)]).await? {
            ended.push((row.key(0)?, row.state(1)?));
        }
    }
    ended.sort();
    Ok(ended)
}

const RETRY: &str = "
    UPDATE rows SET state = 'planned', reason = NULL, wanted = true, attempts = 0, not_before = NULL,
        message_id = CASE WHEN hands > 0 THEN message_id END, changed = $2
    WHERE key = $1 AND state IN ('failed', 'held', 'withdrawn') AND late_after > $2";

const CONFIRM: &str = "
    UPDATE rows SET state = 'sent', reason = 'confirmed', sent_at = $2, in_doubt = false, changed = $2
    WHERE key = $1 AND state = 'held'";

const WITHDRAW_BY_HAND: &str = "
    UPDATE rows SET state = 'withdrawn', reason = 'hand', not_before = NULL, changed = $2
    WHERE key = $1 AND state IN ('planned', 'held', 'skipped')";

/// Does what a person asks of a row; false when it is not in a state that allows it.
pub(super) async fn by_hand(db: &Session, key: &Key, hand: Hand, now: DateTime<Utc>) -> Result<bool, Fault> {
    let sql = match hand {
        Hand::Retry => RETRY,
        Hand::Confirm => CONFIRM,
        Hand::Withdraw => WITHDRAW_BY_HAND,
    };
    asking::stir(db, key).await?;
    Ok(db.execute(sql, &[&key.as_str(), &millis(now)]).await? > 0)
}

/// What [`RETRY`] does, with facts as they are now: between two statements a daemon could send to the old address.
const RETRY_AS: &str = "
    UPDATE rows SET state = 'planned', reason = NULL, wanted = true, attempts = 0, not_before = NULL,
        reader = $2, email = $3, due = $4, late_after = $5, why = $6,
        message_id = CASE WHEN hands > 0 THEN message_id END, changed = $7
    WHERE key = $1 AND state IN ('failed', 'held', 'withdrawn') AND $5::bigint > $7";

/// Plans a row again, as it is asked for now; false when it is not in a state that allows it, or of no use.
pub(super) async fn retry(db: &Session, wanted: &Wanted, now: DateTime<Utc>) -> Result<bool, Fault> {
    let (due, end) = (millis(wanted.due), millis(wanted.late_after));
    asking::stir(db, &wanted.key).await?;
    let found = db
        .execute(
            RETRY_AS,
            &[
                &wanted.key.as_str(),
                &wanted.reader,
                &wanted.email,
                &due,
                &end,
                &text(&wanted.why),
                &millis(now),
            ],
        )
        .await?;
    Ok(found > 0)
}
