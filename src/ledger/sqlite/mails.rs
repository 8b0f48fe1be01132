//! The verbs about mails: claimed, handed, settled, given back. A mail is the rows that bear one Message-ID in
//! one term; every verb names both, and touches nothing once the term has passed.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, named_params, params};

use super::rows::{At, COLUMNS, read, run};
use super::telling::{Teller, keep};
use crate::ledger::{Aside, HandOver, Mail, Orphans, Turn, Turned};
use crate::message::identity::message_id;
use crate::plan::next::{Doubt, Found, InDoubt, Verdict, doubt};
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Key, Sort};

/// What a claim has to know of every due row; all of it stands in the index.
pub(super) const WAITING: &str = "
    SELECT rowid, late_after, reader, email, sort = 'operator', message_id FROM rows
    WHERE state = 'planned' AND due <= :now AND ifnull(not_before, due) <= :now AND late_after > :now";

/// Whether a row is to take a new Message-ID. It bears the one under which it was handed, with one exception: when the rest
/// of that mail has been sent without it (it was not wanted then, or moved), and it cannot have left itself. Under the old
/// id, mail servers would drop it as a copy. That rest was handed with it, did not leave then, and was handed again.
pub(super) const LEFT_WITHOUT_IT: &str = "
    SELECT NOT in_doubt AND EXISTS (
        SELECT 1 FROM rows AS other WHERE other.message_id = mine.message_id AND other.state = 'sent' AND other.hands > 1)
    FROM rows AS mine WHERE mine.rowid = ?1";

fn left_without(db: &Connection, row: i64) -> rusqlite::Result<bool> {
    db.prepare_cached(LEFT_WITHOUT_IT)?.query_row([row], |row| row.get(0))
}

/// How many rows a mail holds at most: what templates can render. The rest leave in the next one.
const LONGEST: usize = 100;

/// A row that may leave, before it is known whether it does: no more of it than that takes, for a million may be due.
struct Due {
    /// One reader, one address, rows to the operator apart, one Message-ID if they bear any. Two may have the same number.
    place: u64,
    row: i64,
    /// When it is of no use any more.
    end: i64,
}

/// What a row that is due waits for: reader, address, whether it is to the operator, the Message-ID that it bears.
type Place<'a> = (&'a str, &'a str, bool, Option<&'a str>);

/// The rows of the mails that may leave next, nearest end first; between equals, what was planned first.
fn waiting(db: &Connection, now: DateTime<Utc>, most: usize) -> rusqlite::Result<Vec<Vec<i64>>> {
    let mut statement = db.prepare_cached(WAITING)?;
    let mut found = statement.query(named_params! { ":now": At(now) })?;
    let mut due = Vec::new();
    while let Some(row) = found.next()? {
        let number: i64 = row.get(0)?;
        let mut bears = row.get_ref(5)?.as_str_or_null()?;
        if bears.is_some() && left_without(db, number)? {
            bears = None;
        }
        let place: Place<'_> = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_str()?, row.get(4)?, bears);
        let mut hasher = DefaultHasher::new();
        place.hash(&mut hasher);
        due.push(Due { place: hasher.finish(), row: number, end: row.get(1)? });
    }
    due.sort_unstable_by_key(|due| (due.place, due.row));
    let of_one = due.chunk_by(|a, b| a.place == b.place);
    let mut mails: Vec<(Option<i64>, &[Due])> =
        of_one.map(|mail| (mail.iter().map(|due| due.end).min(), mail)).collect();
    let order = |(end, mail): &(Option<i64>, &[Due])| (*end, mail[0].row);
    if most < mails.len() {
        mails.select_nth_unstable_by_key(most, order);
        mails.truncate(most);
    }
    mails.sort_unstable_by_key(order);
    Ok(mails.into_iter().map(|(_, mail)| mail.iter().map(|due| due.row).collect()).collect())
}

/// Takes up to `most` mails, each in a term of its own.
pub(super) fn claim(
    db: &Connection,
    now: DateTime<Utc>,
    lease: TimeDelta,
    most: usize,
    domain: &str,
) -> rusqlite::Result<Vec<Mail>> {
    let waiting = waiting(db, now, most)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let count = i64::try_from(waiting.len()).unwrap_or(i64::MAX);
    let last: i64 = db
        .prepare_cached("UPDATE meta SET term = term + ?1 RETURNING term")?
        .query_row([count], |row| row.get(0))?;
    let mut look = db.prepare_cached(&format!("SELECT {COLUMNS} FROM rows WHERE rowid = ?1"))?;
    // `hands` counts under one Message-ID.
    let mut take = db.prepare_cached(
        "UPDATE rows SET state = 'claimed', not_before = NULL, term = :term, lease_until = :until,
             hands = iif(message_id = :id, hands, 0), message_id = :id, changed = :now
         WHERE rowid = :number",
    )?;
    let mut mails = Vec::with_capacity(waiting.len());
    for (numbers, term) in waiting.into_iter().zip(last - count + 1..) {
        let mut rows = Vec::with_capacity(numbers.len());
        for number in numbers {
            let mut row = look.query_row([number], read)?;
            if row.message_id.is_some() && left_without(db, number)? {
                row.message_id = None;
            }
            rows.push((number, row));
        }
        let mut rows = one_mail(rows);
        let Some((_, first)) = rows.first() else { continue };
        let (reader, email, bears) = (first.reader.clone(), first.email.clone(), first.message_id.clone());
        let message_id = bears.unwrap_or_else(|| {
            let keys: Vec<Key> = rows.iter().map(|(_, row)| row.key.clone()).collect();
            message_id(&keys, domain)
        });
        for (number, row) in &mut rows {
            take.execute(named_params! {
                ":number": *number, ":id": message_id, ":term": term, ":now": At(now), ":until": until(now, lease),
            })?;
            (row.state, row.not_before, row.message_id) = (State::Claimed, None, Some(message_id.clone()));
            row.changed = At(now).stored();
        }
        let rows = rows.into_iter().map(|(_, row)| row).collect();
        mails.push(Mail { message_id, term, reader, email, rows });
    }
    Ok(mails)
}

/// Of rows whose places have one number, those of the mail that leaves first, in its order. Where that number is one by
/// chance, the others wait for the next claim.
fn one_mail(mut rows: Vec<(i64, Row)>) -> Vec<(i64, Row)> {
    rows.sort_by(|(_, a), (_, b)| (a.due, &a.key).cmp(&(b.due, &b.key)));
    for n in (1..rows.len()).rev() {
        if place(&rows[n].1) != place(&rows[0].1) {
            rows.remove(n);
        }
    }
    rows.truncate(LONGEST);
    rows
}

/// What a row that is due waits for.
fn place(row: &Row) -> Place<'_> {
    (&row.reader, &row.email, row.key.sort() == Sort::Operator, row.message_id.as_deref())
}

/// When a lease taken now ends.
fn until(now: DateTime<Utc>, lease: TimeDelta) -> i64 {
    At(now).millis().saturating_add(lease.num_milliseconds())
}

/// Settles mails, then hands the next ones.
pub(super) fn turn(
    db: &Connection,
    turn: &Turn,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> rusqlite::Result<Turned> {
    let settled = turn.settle.iter().map(|(id, term, verdict)| Ok(settle(db, id, *term, verdict, now)? > 0));
    let settled = settled.collect::<rusqlite::Result<_>>()?;
    let handed = turn.hand.iter().map(|mail| hand(db, mail, now, lease)).collect::<rusqlite::Result<_>>()?;
    Ok(Turned { settled, handed })
}

/// Marks a mail as leaving, and keeps what it says; returns the keys that may leave.
fn hand(
    db: &Connection,
    HandOver { message_id: id, term, says }: &HandOver,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> rusqlite::Result<Vec<Key>> {
    let claimed: Vec<(i64, bool, bool, i64, Teller)> = db
        .prepare_cached(
            "SELECT rowid, wanted, late_after > :now, due, key, posting, event FROM rows INDEXED BY under_way
             WHERE term = :term AND message_id = :id AND state = 'claimed' AND lease_until > :now",
        )?
        .query_map(named_params! { ":id": id, ":term": term, ":now": At(now) }, |row| {
            let teller = Teller { key: row.get(4)?, posting: row.get(5)?, event: row.get(6)? };
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, teller))
        })?
        .collect::<Result<_, _>>()?;
    let mut handed = Vec::with_capacity(claimed.len());
    for (number, wanted, of_use, due, teller) in claimed {
        if !wanted {
            run(
                db,
                "UPDATE rows SET state = 'withdrawn', reason = 'calendar', term = NULL, lease_until = NULL,
                     message_id = iif(hands = 0, NULL, message_id), changed = ?2
                 WHERE rowid = ?1",
                params![number, At(now)],
            )?;
        } else if of_use {
            keep(db, &teller, says)?;
            run(
                db,
                "UPDATE rows SET state = 'handed', hands = hands + 1, lease_until = ?3, changed = ?2, said = ?4
                 WHERE rowid = ?1",
                params![number, At(now), until(now, lease), teller.own(says)],
            )?;
            handed.push((due, teller.key));
        }
    }
    handed.sort();
    Ok(handed.into_iter().map(|(_, key)| key).collect())
}

/// Writes down what came of a mail; returns of how many rows.
fn settle(
    db: &Connection,
    id: &str,
    term: i64,
    verdict: &Verdict,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    match verdict {
        Verdict::Sent { reply } => run(
            db,
            // Also of rows in doubt, whatever became of them since: they did leave. Whoever claims a row, or
            // gives it back, takes its term away; so these are in doubt by this very term.
            "UPDATE rows INDEXED BY under_way SET state = 'sent', reason = 'accepted', sent_at = :now, reply = :reply,
                 in_doubt = 0, not_before = NULL, term = NULL, lease_until = NULL, changed = :now
             WHERE term = :term AND message_id = :id
               AND (state = 'handed' OR (in_doubt AND state <> 'claimed'))",
            named_params! { ":id": id, ":term": term, ":reply": reply, ":now": At(now) },
        ),
        Verdict::Again { at, counted, reply } => {
            let later = (*at > now).then_some(At(*at));
            plan_again(db, id, term, Some((later, *counted, reply)), now)
        }
        Verdict::Never { reason, reply } => run(
            db,
            "UPDATE rows INDEXED BY under_way SET state = 'failed', reason = :reason, reply = :reply, term = NULL,
                 lease_until = NULL, changed = :now
             WHERE term = :term AND message_id = :id AND state = 'handed'",
            named_params! {
                ":id": id, ":term": term, ":reason": reason, ":reply": reply, ":now": At(now),
            },
        ),
        Verdict::Doubt { doubt, reply } => put_in_doubt(db, id, term, None, *doubt, Some(reply), now),
    }
}

/// Plans a mail's rows again, or withdraws those not wanted any more. After an attempt (not before when,
/// whether it counts, what was said), claimed and handed rows; else claimed ones only, as they were.
fn plan_again(
    db: &Connection,
    id: &str,
    term: i64,
    attempt: Option<(Option<At>, bool, &str)>,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    let (not_before, counted, reply) = match attempt {
        Some((not_before, counted, reply)) => (not_before, counted, Some(reply)),
        None => (None, false, None),
    };
    run(
        db,
        "UPDATE rows INDEXED BY under_way SET state = iif(wanted, 'planned', 'withdrawn'),
             reason = iif(wanted, NULL, 'calendar'), not_before = iif(wanted, :not_before, NULL),
             attempts = attempts + :counted, reply = ifnull(:reply, reply),
             message_id = iif(hands = 0, NULL, message_id), term = NULL, lease_until = NULL, changed = :now
         WHERE term = :term AND message_id = :id AND (state = 'claimed' OR (state = 'handed' AND :handed))",
        named_params! {
            ":id": id, ":term": term, ":not_before": not_before, ":counted": counted, ":reply": reply,
            ":handed": attempt.is_some(), ":now": At(now),
        },
    )
}

/// Puts a mail's handed rows in doubt: all, or those with so many doubts already.
fn put_in_doubt(
    db: &Connection,
    id: &str,
    term: i64,
    doubts: Option<u32>,
    doubt: Doubt,
    reply: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<usize> {
    let (held, later) = match doubt {
        Doubt::Held(reason) => (Some(reason), None),
        Doubt::Resend(at) => (None, (at > now).then_some(At(at))),
    };
    run(
        db,
        "UPDATE rows INDEXED BY under_way SET
             state = CASE WHEN :held IS NOT NULL THEN 'held' WHEN wanted THEN 'planned' ELSE 'withdrawn' END,
             reason = CASE WHEN :held IS NOT NULL THEN :held WHEN wanted THEN NULL ELSE 'calendar' END,
             not_before = iif(wanted, :later, NULL), doubts = doubts + 1, in_doubt = 1,
             reply = ifnull(:reply, reply), lease_until = NULL, changed = :now
         WHERE term = :term AND message_id = :id AND state = 'handed' AND doubts = ifnull(:doubts, doubts)",
        named_params! {
            ":id": id, ":term": term, ":doubts": doubts, ":held": held, ":later": later, ":reply": reply,
            ":now": At(now),
        },
    )
}

/// Puts some rows of a claimed mail aside.
pub(super) fn set_aside(
    db: &Connection,
    (id, term): &(String, i64),
    keys: &[Key],
    aside: &Aside,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let (state, reason, until, reply) = match aside {
        Aside::Until(until, reply) => (State::Planned, None, Some(At(*until)), Some(reply)),
        Aside::NothingToTell => (State::Skipped, Some(Reason::NothingToTell), None, None),
    };
    let mut put = db.prepare_cached(
        "UPDATE rows INDEXED BY under_way
         SET state = iif(wanted, :state, 'withdrawn'), reason = iif(wanted, :reason, 'calendar'),
             not_before = iif(wanted, :until, NULL), reply = ifnull(:reply, reply),
             message_id = iif(hands = 0, NULL, message_id), term = NULL, lease_until = NULL, changed = :now
         WHERE term = :term AND message_id = :id AND key = :key AND state = 'claimed'",
    )?;
    for key in keys {
        put.execute(named_params! {
            ":id": id, ":term": term, ":key": key, ":state": state, ":reason": reason, ":until": until,
            ":reply": reply, ":now": At(now),
        })?;
    }
    Ok(())
}

/// Gives claimed mails back.
pub(super) fn release(db: &Connection, mails: &[(String, i64)], now: DateTime<Utc>) -> rusqlite::Result<()> {
    for (id, term) in mails {
        plan_again(db, id, *term, None, now)?;
    }
    Ok(())
}

pub(super) const LEASED: &str = "
    SELECT DISTINCT message_id, term, state, doubts FROM rows INDEXED BY under_way
    WHERE term IS NOT NULL AND lease_until <= ?1 ORDER BY message_id, term, state, doubts";

/// Sees to the rows whose holder is gone.
pub(super) fn orphans(
    db: &Connection,
    every: bool,
    policy: InDoubt,
    now: DateTime<Utc>,
) -> rusqlite::Result<Orphans> {
    let ended_by = if every { i64::MAX } else { At(now).millis() };
    let left: Vec<(String, i64, State, u32)> = db
        .prepare_cached(LEASED)?
        .query_map([ended_by], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?
        .collect::<Result<_, _>>()?;
    let mut orphans = Orphans::default();
    for (id, term, state, doubts) in left {
        if state == State::Handed {
            let what = doubt(doubts, policy, Found::Afterwards, now);
            let count = put_in_doubt(db, &id, term, Some(doubts), what, None, now)?;
            match what {
                Doubt::Resend(_) => orphans.doubted += count,
                Doubt::Held(_) => orphans.held += count,
            }
        } else {
            orphans.released += plan_again(db, &id, term, None, now)?;
        }
    }
    Ok(orphans)
}

pub(super) const NEXT_DUE: &str = "
    SELECT min(at) FROM (
        SELECT min(due) AS at FROM rows INDEXED BY planned_by_due WHERE state = 'planned' AND not_before IS NULL
        UNION ALL
        SELECT min(min(late_after, max(due, not_before))) FROM rows INDEXED BY postponed WHERE not_before IS NOT NULL)";

/// The earliest instant at which a planned row can be claimed or lapses.
pub(super) fn next_due(db: &Connection) -> rusqlite::Result<Option<DateTime<Utc>>> {
    db.prepare_cached(NEXT_DUE)?.query_row([], |row| Ok(row.get::<_, Option<At>>(0)?.map(|at| at.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Wanted;
    use crate::plan::difference::begun;

    #[test]
    fn a_number_that_two_places_share_by_chance_mixes_no_mails() {
        let at = DateTime::UNIX_EPOCH;
        let row = |key: &str, due, reader: &str, email: &str, bears: Option<&str>| {
            let wanted = Wanted {
                key: Key::from_text(key),
                posting: String::new(),
                event: String::new(),
                recipient: reader.to_owned(),
                reader: reader.to_owned(),
                email: email.to_owned(),
                due: at + TimeDelta::minutes(due),
                late_after: at + TimeDelta::days(1),
                why: String::new(),
            };
            let message_id = bears.map(str::to_owned);
            Row { message_id, ..begun(&wanted, State::Planned, Reason::Calendar, at) }
        };
        let rows = vec![
            (1, row("p/start/2026-07-01/-1d/lou", 2, "lou", "lou@example.org", None)),
            (2, row("p/start/2026-07-01/-2d/lou", 1, "lou", "lou@example.org", None)),
            (3, row("p/start/2026-07-01/-3d/lou", 3, "lou", "lou@example.com", None)),
            (4, row("p/start/2026-07-01/-1d/camille", 2, "camille", "lou@example.org", None)),
            (5, row("p/start/2026-07-01/-4d/lou", 2, "lou", "lou@example.org", Some("1@example.org"))),
            (6, row("~operator/relay/lou", 2, "lou", "lou@example.org", None)),
        ];
        let numbers: Vec<i64> = one_mail(rows).into_iter().map(|(number, _)| number).collect();
        assert_eq!(numbers, [2, 1], "one reader, one address, no Message-ID yet; by due instant");
    }
}
