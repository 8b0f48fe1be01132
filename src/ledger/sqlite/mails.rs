//! The verbs about mails: claimed, handed, settled, given back. A mail is the rows that bear one Message-ID in
//! one term; every verb names both, and touches nothing once the term has passed.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, named_params, params};

use super::rows::{At, COLUMNS, read};
use crate::ledger::{Mail, Orphans, Turn, Turned};
use crate::message::identity::message_id;
use crate::plan::Key;
use crate::plan::next::{Doubt, Found, InDoubt, Verdict, doubt};
use crate::plan::row::State;

/// The due rows of the mails that may leave next. A row bears the Message-ID under which it was handed, with
/// one exception: when the rest of that mail has been sent without it (it was not wanted then, or moved), and
/// it cannot have left itself, it takes a new one. Under the old id, mail servers would drop it as a copy.
pub(super) const WAITING: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT rowid AS number, key, recipient, email, due, late_after,
            iif(in_doubt OR NOT EXISTS (
                    SELECT 1 FROM reminders AS other
                    WHERE other.message_id = reminder.message_id AND other.state = 'sent'),
                message_id, NULL) AS bears
        FROM reminders AS reminder
        WHERE state = 'planned' AND ready <= :now AND late_after > :now
    ), mails AS (
        SELECT recipient, email, bears, min(late_after) AS nearest, min(key) AS first
        FROM waiting GROUP BY recipient, email, bears
        ORDER BY nearest, first LIMIT :most
    )
    SELECT mails.first, waiting.bears, waiting.number, waiting.key
    FROM mails JOIN waiting ON waiting.recipient = mails.recipient AND waiting.email = mails.email
        AND waiting.bears IS mails.bears
    ORDER BY mails.nearest, mails.first, waiting.due, waiting.key";

/// How many reminders a mail holds at most: what templates can render.
const LONGEST: usize = 100;

/// A mail before it is claimed: its first key, which tells mails apart; the Message-ID that it bears; its rows.
type Group = (String, Option<String>, Vec<(i64, Key)>);

/// Takes up to `most` mails.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    most: usize,
    domain: &str,
) -> rusqlite::Result<Vec<Mail>> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut groups: Vec<Group> = Vec::new();
    let mut statement = db.prepare_cached(WAITING)?;
    let mut rows = statement.query(named_params! { ":now": At(now), ":most": most })?;
    while let Some(row) = rows.next()? {
        let (first, bears, number, key): (String, Option<String>, i64, Key) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        match groups.last_mut() {
            Some((known, id, members)) if *known == first && *id == bears => members.push((number, key)),
            _ => groups.push((first, bears, vec![(number, key)])),
        }
    }
    let mut mails = Vec::new();
    for (_, bears, mut members) in groups {
        members.truncate(LONGEST);
        let id = bears.unwrap_or_else(|| message_id(members.iter().map(|(_, key)| key), domain));
        let term: i64 = db
            .prepare_cached("UPDATE meta SET term = term + 1 RETURNING term")?
            .query_row([], |row| row.get(0))?;
        let mut take = db.prepare_cached(&format!(
            "UPDATE reminders SET state = 'claimed', not_before = NULL, term = :term, lease_until = :until,
                 hands = iif(message_id = :id, hands, 0), message_id = :id, changed = :now
             WHERE rowid = :number RETURNING {COLUMNS}, recipient"
        ))?;
        let mut taken = Vec::new();
        let mut recipient = String::new();
        for (number, _) in &members {
            let (row, to) = take.query_row(
                named_params! { ":term": term, ":until": At(now + lease), ":id": id, ":now": At(now), ":number": number },
                |row| Ok((read(row)?, row.get::<_, String>(14)?)),
            )?;
            recipient = to;
            taken.push(row);
        }
        let email = taken.first().map(|row: &crate::plan::row::Row| row.email.clone()).unwrap_or_default();
        mails.push(Mail { message_id: id, term, recipient, email, rows: taken });
    }
    Ok(mails)
}

/// Settles one mail and hands the next.
pub(super) fn turn(
    db: &Connection,
    turn: &Turn,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> rusqlite::Result<Turned> {
    let settled = match &turn.settle {
        Some((id, term, verdict)) => settle(db, id, *term, verdict, now)?,
        None => false,
    };
    let handed = match &turn.hand {
        Some((id, term)) => hand(db, id, *term, now, lease)?,
        None => Vec::new(),
    };
    Ok(Turned { settled, handed })
}

fn settle(
    db: &Connection,
    id: &str,
    term: i64,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> rusqlite::Result<bool> {
    let now_at = At(now);
    let changed = match verdict {
        Verdict::Sent { reply } => db.execute(
            "UPDATE reminders SET state = 'sent', reason = 'accepted', sent_at = ?3, reply = ?4, in_doubt = 0,
                 lease_until = NULL, not_before = NULL, changed = ?3
             WHERE message_id = ?1 AND term = ?2 AND (state = 'handed' OR (state IN ('planned', 'held') AND in_doubt = 1))",
            params![id, term, now_at, reply],
        )?,
        Verdict::Never { reason, reply } => db.execute(
            "UPDATE reminders SET state = 'failed', reason = ?3, reply = ?4, lease_until = NULL, changed = ?5
             WHERE message_id = ?1 AND term = ?2 AND state = 'handed'",
            params![id, term, reason, reply, now_at],
        )?,
        Verdict::Again { at, counted, reply } => again(db, id, term, *at, *counted, Some(reply), now)?,
        Verdict::Doubt { doubt, reply } => {
            in_doubt(db, "message_id = ?1 AND term = ?2 AND state = 'handed'", params![id, term], *doubt, Some(reply), now)?
        }
    };
    Ok(changed > 0)
}

/// Back to planned, or withdrawn where nobody wants it any more.
fn again(
    db: &Connection,
    id: &str,
    term: i64,
    at: DateTime<Utc>,
    counted: bool,
    reply: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    db.execute(
        "UPDATE reminders SET state = iif(wanted, 'planned', 'withdrawn'), reason = iif(wanted, NULL, 'calendar'),
             attempts = attempts + ?3, not_before = iif(wanted, ?4, NULL), lease_until = NULL, reply = ?5,
             message_id = iif(hands = 0, NULL, message_id), changed = ?6
         WHERE message_id = ?1 AND term = ?2 AND state IN ('claimed', 'handed')",
        params![id, term, counted, (at > now).then_some(At(at)), reply, At(now)],
    )
}

/// In doubt: planned again, held, or withdrawn where nobody wants it any more.
fn in_doubt(
    db: &Connection,
    which: &str,
    these: &[&dyn rusqlite::ToSql],
    doubt: Doubt,
    reply: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    let n = these.len();
    let (state, reason, at) = match doubt {
        Doubt::Resend(at) => (State::Planned, None, (at > now).then_some(At(at))),
        Doubt::Held(reason) => (State::Held, Some(reason), None),
    };
    let sql = format!(
        "UPDATE reminders SET
             state = iif(wanted OR ?{s} = 'held', ?{s}, 'withdrawn'),
             reason = iif(wanted OR ?{s} = 'held', ?{r}, 'calendar'),
             not_before = iif(wanted, ?{a}, NULL), doubts = doubts + 1, in_doubt = 1, lease_until = NULL,
             reply = coalesce(?{w}, reply), changed = ?{c}
         WHERE {which}",
        s = n + 1,
        r = n + 2,
        a = n + 3,
        w = n + 4,
        c = n + 5,
    );
    let now = At(now);
    let mut all: Vec<&dyn rusqlite::ToSql> = these.to_vec();
    all.extend_from_slice(&[&state, &reason, &at, &reply, &now]);
    db.execute(&sql, &all[..])
}

/// Marks what may leave now; what nobody wants any more drops out.
fn hand(
    db: &Connection,
    id: &str,
    term: i64,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> rusqlite::Result<Vec<Key>> {
    db.execute(
        "UPDATE reminders SET state = 'withdrawn', reason = 'calendar', lease_until = NULL,
             message_id = iif(hands = 0, NULL, message_id), changed = ?3
         WHERE message_id = ?1 AND term = ?2 AND state = 'claimed' AND lease_until > ?3 AND wanted = 0",
        params![id, term, At(now)],
    )?;
    let mut keys: Vec<Key> = db
        .prepare_cached(
            "UPDATE reminders SET state = 'handed', hands = hands + 1, lease_until = ?4, changed = ?3
             WHERE message_id = ?1 AND term = ?2 AND state = 'claimed' AND lease_until > ?3 AND wanted = 1
               AND late_after > ?3
             RETURNING key",
        )?
        .query_map(params![id, term, At(now), At(now + lease)], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    keys.sort();
    Ok(keys)
}

/// Puts some rows of a claimed mail aside.
pub(super) fn set_aside(
    db: &Connection,
    (id, term): &(String, i64),
    keys: &[Key],
    until: DateTime<Utc>,
    reply: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    for key in keys {
        db.execute(
            "UPDATE reminders SET state = iif(wanted, 'planned', 'withdrawn'), reason = iif(wanted, NULL, 'calendar'),
                 not_before = iif(wanted, ?4, NULL), lease_until = NULL, reply = ?5,
                 message_id = iif(hands = 0, NULL, message_id), changed = ?6
             WHERE message_id = ?1 AND term = ?2 AND key = ?3 AND state = 'claimed'",
            params![id, term, key, At(until), reply, At(now)],
        )?;
    }
    Ok(())
}

/// Gives claimed mails back.
pub(super) fn release(db: &Connection, mails: &[(String, i64)], now: DateTime<Utc>) -> rusqlite::Result<()> {
    for (id, term) in mails {
        db.execute(
            "UPDATE reminders SET state = iif(wanted, 'planned', 'withdrawn'), reason = iif(wanted, NULL, 'calendar'),
                 lease_until = NULL, message_id = iif(hands = 0, NULL, message_id), changed = ?3
             WHERE message_id = ?1 AND term = ?2 AND state = 'claimed'",
            params![id, term, At(now)],
        )?;
    }
    Ok(())
}

/// Sees to rows whose holder is gone.
pub(super) fn orphans(
    db: &Connection,
    every: bool,
    policy: InDoubt,
    now: DateTime<Utc>,
) -> rusqlite::Result<Orphans> {
    let until = if every { i64::MAX } else { At(now).millis() };
    let mut orphans = Orphans {
        released: db.execute(
            "UPDATE reminders SET state = iif(wanted, 'planned', 'withdrawn'), reason = iif(wanted, NULL, 'calendar'),
                 lease_until = NULL, message_id = iif(hands = 0, NULL, message_id), changed = ?2
             WHERE state = 'claimed' AND lease_until <= ?1",
            params![until, At(now)],
        )?,
        ..Orphans::default()
    };
    let found: Vec<(i64, u32)> = db
        .prepare("SELECT rowid, doubts FROM reminders WHERE state = 'handed' AND lease_until <= ?1")?
        .query_map([until], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (number, doubts) in found {
        let doubt = doubt(doubts, policy, Found::Afterwards, now);
        in_doubt(db, "rowid = ?1", params![number], doubt, None, now)?;
        match doubt {
            Doubt::Resend(_) => orphans.doubted += 1,
            Doubt::Held(_) => orphans.held += 1,
        }
    }
    Ok(orphans)
}
