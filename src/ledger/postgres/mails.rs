//! The verbs about mails: claimed, handed, settled, given back. A mail is the rows that bear one Message-ID in
//! one term; every verb names both, and touches nothing once the term has passed.
//!
//! Several hosts ask at once. Each verb is one transaction that reads what is committed when each of its statements
//! begins (READ COMMITTED), and every statement that changes a row names the state that it must find: whoever comes second
//! waits for the first, looks again and finds nothing. That is all that serializable would add here, without its retries.
//! Claims queue on the row of `meta`: no two hosts take a part each of one mail. What somebody else is writing, they skip.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::errors::Fault;
use super::pool::Session;
use super::rows::{COLUMNS, count, millis, read, text};
use super::telling::keep;
use super::{Holder, Leases};
use crate::ledger::{Aside, HandOver, Mail, Orphans, Turn, Turned};
use crate::message::identity::message_id;
use crate::plan::Key;
use crate::plan::next::{Doubt, Found, InDoubt, Verdict, doubt};
use crate::plan::row::{Reason, State};

/// Claims, and what ends rows, come one after the other.
pub(super) const QUEUE: &str = "SELECT term FROM meta FOR UPDATE";

/// The due rows of the mails that may leave next. A row bears the Message-ID under which it was handed, with
/// one exception: when the rest of that mail has been sent without it (it was not wanted then, or moved), and
/// it cannot have left itself, it takes a new one. Under the old id, mail servers would drop it as a copy.
///
/// What is locked is looked at again: it may have moved since it was found.
pub(super) const WAITING: &str = "
    WITH waiting AS MATERIALIZED (
        SELECT number, key, reader, email, sort = 'operator' AS apart, due, late_after, message_id,
            CASE WHEN in_doubt OR NOT EXISTS (
                    SELECT 1 FROM rows AS other
                    WHERE other.message_id = mine.message_id AND other.state = 'sent')
                THEN message_id END AS bears
        FROM rows AS mine
        WHERE state = 'planned' AND ready <= $1 AND late_after > $1
    ), mails AS (
        SELECT reader, email, apart, bears, min(late_after) AS nearest, min(key) AS first, count(*) AS parts
        FROM waiting GROUP BY reader, email, apart, bears
        ORDER BY nearest, first LIMIT $2
    )
    SELECT mails.first, mails.bears, rows.number, rows.key, mails.parts
    FROM mails JOIN waiting ON waiting.reader = mails.reader AND waiting.email = mails.email
            AND waiting.apart = mails.apart AND waiting.bears IS NOT DISTINCT FROM mails.bears
        JOIN rows ON rows.number = waiting.number
    WHERE rows.state = 'planned' AND rows.ready <= $1 AND rows.late_after > $1 AND rows.reader = waiting.reader
        AND rows.email = waiting.email AND rows.message_id IS NOT DISTINCT FROM waiting.message_id
    ORDER BY mails.nearest, mails.first, waiting.due, waiting.key
    FOR UPDATE OF rows SKIP LOCKED";

/// How many rows a mail holds at most: what templates can render. The rest leave in the next one.
const LONGEST: usize = 100;

/// A mail before it is claimed.
struct Waiting {
    /// The first of its keys in the order of text: it tells mails apart.
    first: String,
    bears: Option<String>,
    numbers: Vec<i64>,
    keys: Vec<Key>,
    /// How many rows were found, and how many there should be: of a mail that somebody else is writing to, some are missing.
    parts: (i64, i64),
}

async fn waiting(db: &Session, now: DateTime<Utc>, most: usize) -> Result<Vec<Waiting>, Fault> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let mut mails: Vec<Waiting> = Vec::new();
    for row in db.query(WAITING, &[&millis(now), &most]).await? {
        let first: String = row.get(0)?;
        if mails.last().is_none_or(|mail| mail.first != first) {
            mails.push(Waiting {
                first,
                bears: row.get(1)?,
                numbers: Vec::new(),
                keys: Vec::new(),
                parts: (0, row.get(4)?),
            });
        }
        if let Some(mail) = mails.last_mut() {
            mail.parts.0 += 1;
            if mail.keys.len() < LONGEST {
                mail.numbers.push(row.get(2)?);
                mail.keys.push(row.key(3)?);
            }
        }
    }
    // A mail leaves whole: it is there again at the next look.
    mails.retain(|mail| mail.parts.0 == mail.parts.1);
    Ok(mails)
}

/// `hands` counts under one Message-ID.
const TAKE: &str = "
    UPDATE rows SET state = 'claimed', not_before = NULL, term = taken.term, holder = $4,
        lease_until = lease_clock($5) + $6, hands = CASE WHEN message_id = taken.id THEN hands ELSE 0 END,
        message_id = taken.id, changed = $7
    FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS taken (number, id, term)
    WHERE rows.number = taken.number";

/// The rows that a run of a host claimed in terms after one.
const CLAIMED: &str = "
    FROM rows WHERE state = 'claimed' AND holder = $1 AND term > $2 ORDER BY term, due, key";

/// Takes up to `most` mails, each in a term of its own.
pub(super) async fn claim(
    db: &Session,
    (now, leases, lease): (DateTime<Utc>, Leases, TimeDelta),
    most: usize,
    domain: &str,
    holder: &Holder,
) -> Result<Vec<Mail>, Fault> {
    let queued = db.query(QUEUE, &[]).await?;
    let mut term: i64 = queued.first().map_or(Ok(0), |row| row.get(0))?;
    let before = term;
    let (mut numbers, mut ids, mut terms) = (Vec::new(), Vec::new(), Vec::new());
    for Waiting { bears, numbers: of_mail, keys, .. } in waiting(db, now, most).await? {
        let id = bears.unwrap_or_else(|| message_id(&keys, domain));
        term += 1;
        for number in of_mail {
            numbers.push(number);
            ids.push(id.clone());
            terms.push(term);
        }
    }
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    db.execute("UPDATE meta SET term = $1", &[&term]).await?;
    let told = leases.told(now);
    db.execute(TAKE, &[&numbers, &ids, &terms, &holder.run, &told, &lease.num_milliseconds(), &millis(now)])
        .await?;
    claimed_since(db, holder, before).await
}

/// The mails that this run claimed in terms after one, in their order.
pub(super) async fn claimed_since(db: &Session, holder: &Holder, term: i64) -> Result<Vec<Mail>, Fault> {
    let mut mails: BTreeMap<i64, Mail> = BTreeMap::new();
    let sql = format!("SELECT {COLUMNS}, rows.term {CLAIMED}");
    for found in db.query(&sql, &[&holder.run, &term]).await? {
        let (row, term) = (read(&found)?, found.get(18)?);
        let mail = mails.entry(term).or_insert_with(|| Mail {
            message_id: row.message_id.clone().unwrap_or_default(),
            term,
            reader: row.reader.clone(),
            email: row.email.clone(),
            rows: Vec::new(),
        });
        mail.rows.push(row);
    }
    Ok(mails.into_values().collect())
}

/// Settles mails, then hands the next ones.
pub(super) async fn turn(
    db: &Session,
    turn: &Turn,
    (now, leases, lease): (DateTime<Utc>, Leases, TimeDelta),
) -> Result<Turned, Fault> {
    let mut turned = Turned::default();
    for (id, term, verdict) in &turn.settle {
        turned.settled.push(settle(db, id, *term, verdict, now).await? > 0);
    }
    for mail in &turn.hand {
        turned.handed.push(hand(db, mail, (now, leases, lease)).await?);
    }
    Ok(turned)
}

/// What a turn came to whose answer was lost, where it is seen that it was written: something of it stands handed. What it
/// settled then was settled with it, as far as it could be. A commit under way is waited for: its rows are locked.
pub(super) async fn turned(db: &Session, turn: &Turn) -> Result<Option<Turned>, Fault> {
    let mut found = Turned { settled: vec![true; turn.settle.len()], handed: Vec::new() };
    for HandOver { message_id, term, .. } in &turn.hand {
        found.handed.push(handed(db, message_id, *term).await?);
    }
    Ok(Some(found).filter(|found| found.handed.iter().any(|keys| !keys.is_empty())))
}

/// Marks a mail as leaving, and keeps what it says; returns the keys that may leave.
async fn hand(
    db: &Session,
    HandOver { message_id: id, term, says }: &HandOver,
    (now, leases, lease): (DateTime<Utc>, Leases, TimeDelta),
) -> Result<Vec<Key>, Fault> {
    let (told, now) = (leases.told(now), millis(now));
    db.execute(
        "UPDATE rows SET state = 'withdrawn', reason = 'calendar', term = NULL, lease_until = NULL,
             message_id = CASE WHEN hands > 0 THEN message_id END, changed = $3
         WHERE message_id = $1 AND term = $2 AND state = 'claimed' AND lease_until > lease_clock($4) AND NOT wanted",
        &[id, term, &now, &told],
    )
    .await?;
    let marked = db
        .change(
            "UPDATE rows SET state = 'handed', hands = hands + 1, lease_until = lease_clock($4) + $5, changed = $3
             WHERE message_id = $1 AND term = $2 AND state = 'claimed' AND lease_until > lease_clock($4)
                 AND late_after > $3
             RETURNING due, key",
            &[id, term, &now, &told, &lease.num_milliseconds()],
        )
        .await?;
    let mut handed: Vec<(i64, Key)> = Vec::with_capacity(marked.len());
    for row in &marked {
        handed.push((row.get(0)?, row.key(1)?));
    }
    handed.sort();
    let handed: Vec<Key> = handed.into_iter().map(|(_, key)| key).collect();
    keep(db, &handed, says).await?;
    Ok(handed)
}

/// The rows that stand handed in a term, by due instant, then key.
async fn handed(db: &Session, id: &str, term: i64) -> Result<Vec<Key>, Fault> {
    let sql = "SELECT key, state FROM rows WHERE message_id = $1 AND term = $2 ORDER BY due, key FOR UPDATE";
    let mut handed = Vec::new();
    for row in db.query(sql, &[&id, &term]).await? {
        if row.state(1)? == State::Handed {
            handed.push(row.key(0)?);
        }
    }
    Ok(handed)
}

/// Writes down what came of a mail; returns of how many rows.
async fn settle(
    db: &Session,
    id: &str,
    term: i64,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> Result<usize, Fault> {
    match verdict {
        Verdict::Sent { reply } => {
            db.execute(
                // Also of rows in doubt, whatever became of them since: they did leave. Whoever claims a row, or
                // gives it back, takes its term away; so these are in doubt by this very term.
                "UPDATE rows SET state = 'sent', reason = 'accepted', sent_at = $4, reply = $3,
                     in_doubt = false, not_before = NULL, term = NULL, lease_until = NULL, changed = $4
                 WHERE message_id = $1 AND term = $2
                   AND (state = 'handed' OR (in_doubt AND state <> 'claimed'))",
                &[&id, &term, &text(reply), &millis(now)],
            )
            .await
        }
        Verdict::Again { at, counted, reply } => {
            let later = (*at > now).then_some(millis(*at));
            plan_again(db, id, term, Some((later, *counted, reply)), now).await
        }
        Verdict::Never { reason, reply } => {
            db.execute(
                "UPDATE rows SET state = 'failed', reason = $3, reply = $4, term = NULL,
                     lease_until = NULL, changed = $5
                 WHERE message_id = $1 AND term = $2 AND state = 'handed'",
                &[&id, &term, &reason.word(), &text(reply), &millis(now)],
            )
            .await
        }
        Verdict::Doubt { doubt, reply } => put_in_doubt(db, id, term, None, *doubt, Some(reply), now).await,
    }
}

/// Plans a mail's rows again, or withdraws those not wanted any more. After an attempt (not before when,
/// whether it counts, what was said), claimed and handed rows; else claimed ones only, as they were.
async fn plan_again(
    db: &Session,
    id: &str,
    term: i64,
    attempt: Option<(Option<i64>, bool, &str)>,
    now: DateTime<Utc>,
) -> Result<usize, Fault> {
    let (not_before, counted, reply) = match attempt {
        Some((not_before, counted, reply)) => (not_before, counted, Some(text(reply))),
        None => (None, false, None),
    };
    db.execute(
        "UPDATE rows SET state = CASE WHEN wanted THEN 'planned' ELSE 'withdrawn' END,
             reason = CASE WHEN wanted THEN NULL ELSE 'calendar' END,
             not_before = CASE WHEN wanted THEN $3::bigint END,
             attempts = attempts + CASE WHEN $4 THEN 1 ELSE 0 END, reply = coalesce($5, reply),
             message_id = CASE WHEN hands > 0 THEN message_id END, term = NULL, lease_until = NULL, changed = $7
         WHERE message_id = $1 AND term = $2 AND (state = 'claimed' OR (state = 'handed' AND $6))",
        &[&id, &term, &not_before, &counted, &reply, &attempt.is_some(), &millis(now)],
    )
    .await
}

/// Puts a mail's handed rows in doubt: all, or those with so many doubts already.
async fn put_in_doubt(
    db: &Session,
    id: &str,
    term: i64,
    doubts: Option<u32>,
    doubt: Doubt,
    reply: Option<&str>,
    now: DateTime<Utc>,
) -> Result<usize, Fault> {
    let (held, later) = match doubt {
        Doubt::Held(reason) => (Some(reason.word()), None),
        Doubt::Resend(at) => (None, (at > now).then_some(millis(at))),
    };
    let doubts = doubts.map(i64::from);
    db.execute(
        "UPDATE rows SET
             state = CASE WHEN $4::text IS NOT NULL THEN 'held' WHEN wanted THEN 'planned' ELSE 'withdrawn' END,
             reason = CASE WHEN $4::text IS NOT NULL THEN $4::text WHEN wanted THEN NULL ELSE 'calendar' END,
             not_before = CASE WHEN wanted THEN $5::bigint END, doubts = doubts + 1, in_doubt = true,
             reply = coalesce($6, reply), lease_until = NULL, changed = $7
         WHERE message_id = $1 AND term = $2 AND state = 'handed' AND doubts = coalesce($3, doubts)",
        &[&id, &term, &doubts, &held, &later, &reply.map(text), &millis(now)],
    )
    .await
}

/// Puts some rows of a claimed mail aside.
pub(super) async fn set_aside(
    db: &Session,
    (id, term): &(String, i64),
    keys: &[Key],
    aside: &Aside,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    let (state, reason, until, reply) = match aside {
        Aside::Until(until, reply) => (State::Planned, None, Some(millis(*until)), Some(text(reply))),
        Aside::NothingToTell => (State::Skipped, Some(Reason::NothingToTell.word()), None, None),
    };
    let keys: Vec<&str> = keys.iter().map(Key::as_str).collect();
    db.execute(
        "UPDATE rows SET state = CASE WHEN wanted THEN $4 ELSE 'withdrawn' END,
             reason = CASE WHEN wanted THEN $5::text ELSE 'calendar' END,
             not_before = CASE WHEN wanted THEN $6::bigint END, reply = coalesce($7, reply),
             message_id = CASE WHEN hands > 0 THEN message_id END, term = NULL, lease_until = NULL, changed = $8
         WHERE message_id = $1 AND term = $2 AND key = ANY ($3) AND state = 'claimed'",
        &[id, term, &keys, &state.word(), &reason, &until, &reply, &millis(now)],
    )
    .await?;
    Ok(())
}

/// Gives claimed mails back.
pub(super) async fn release(db: &Session, mails: &[(String, i64)], now: DateTime<Utc>) -> Result<(), Fault> {
    for (id, term) in mails {
        plan_again(db, id, *term, None, now).await?;
    }
    Ok(())
}

/// At the start of a run, what earlier runs of its host left (`every`): that they are over is known, or it could not have
/// begun. What was claimed, and not handed, by a run that is not heard of any more, need not wait for its lease: should it live,
/// its term has passed, and it cannot hand it. What it handed may be leaving, and waits.
pub(super) const LEASED: &str = "
    SELECT DISTINCT message_id, term, state, doubts FROM rows
    WHERE lease_until IS NOT NULL AND (($1 AND split_part(holder, ' ', 1) = $4) OR lease_until <= (SELECT lease_clock($2))
        OR (state = 'claimed' AND EXISTS (
            SELECT 1 FROM hosts WHERE hosts.id = split_part(rows.holder, ' ', 1)
                AND (hosts.run <> rows.holder OR hosts.seen <= (SELECT lease_clock(NULL)) - $3))))
    ORDER BY message_id, term, state, doubts";

/// Sees to the rows whose holder is gone.
pub(super) async fn orphans(
    db: &Session,
    every: bool,
    policy: InDoubt,
    (now, leases): (DateTime<Utc>, Leases),
    me: &Holder,
) -> Result<Orphans, Fault> {
    let silence = super::hosts::SILENCE.num_milliseconds();
    let left = db.query(LEASED, &[&every, &leases.told(now), &silence, &me.host]).await?;
    let mut orphans = Orphans::default();
    for row in &left {
        let (id, term, state, doubts): (String, i64, _, _) =
            (row.get(0)?, row.get(1)?, row.state(2)?, count(row.get(3)?)?);
        if state == State::Handed {
            let what = doubt(doubts, policy, Found::Afterwards, now);
            let count = put_in_doubt(db, &id, term, Some(doubts), what, None, now).await?;
            match what {
                Doubt::Resend(_) => orphans.doubted += count,
                Doubt::Held(_) => orphans.held += count,
            }
        } else {
            orphans.released += plan_again(db, &id, term, None, now).await?;
        }
    }
    Ok(orphans)
}

pub(super) const NEXT_DUE: &str = "
    SELECT min(at) FROM (SELECT min(ready) AS at FROM rows WHERE state = 'planned'
        UNION ALL SELECT min(late_after) FROM rows WHERE state = 'planned') AS ends";

/// The earliest instant at which a planned row can be claimed or lapses.
pub(super) async fn next_due(db: &Session) -> Result<Option<DateTime<Utc>>, Fault> {
    db.one(NEXT_DUE, &[]).await?.at_if_any(0)
}
