//! The verbs about hosts: that they are there, and which of them plans. All instants are the database's.

use chrono::DateTime;

use super::errors::Fault;
use super::pool::Session;
use super::rows::{Found, instant};
use super::{Holder, PLANNER};
use crate::ledger::{Attendance, Attended, StoredHost};
use crate::plan::duty::{Candidate, Duty, LEASE, Turn, turn};

pub(super) use crate::plan::duty::SILENCE;

/// How long a host is remembered that is not heard of any more.
const FORGOTTEN: i64 = 7 * 24 * 3600 * 1000;

/// Notes that a host is there, and gives it the duty, or leaves it with it, where it is its turn.
pub(super) async fn attend(db: &Session, me: &Holder, card: &Attendance) -> Result<Attended, Fault> {
    let clock = || async { db.one("SELECT lease_clock(NULL)", &[]).await?.get::<i64>(0) };
    // The duty first: who waits for it does not hold anything else meanwhile.
    let found = db
        .query("SELECT holder, run, digest, until, term FROM duty WHERE name = $1 FOR UPDATE", &[&PLANNER])
        .await?;
    let now = clock().await?;
    let ahead = card.now.timestamp_millis() - now;
    db.execute(
        "INSERT INTO hosts (id, name, program, digest, readable, ahead, run, seen)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, program = excluded.program, digest = excluded.digest,
             readable = excluded.readable, ahead = excluded.ahead, run = excluded.run, seen = excluded.seen",
        &[
            &me.host,
            &me.name,
            &env!("CARGO_PKG_VERSION"),
            &card.digest,
            &card.readable,
            &ahead,
            &me.run,
            &now,
        ],
    )
    .await?;
    db.execute("DELETE FROM hosts WHERE seen < $1", &[&(now - FORGOTTEN)]).await?;
    let others = db
        .one(
            "SELECT EXISTS (SELECT 1 FROM hosts WHERE id <> $1 AND readable AND seen > $2)",
            &[&me.host, &(now - SILENCE.num_milliseconds())],
        )
        .await?;
    let duty = found.first().map(read_duty).transpose()?;
    let mut term: i64 = found.first().map_or(Ok(0), |row| row.get(4))?;
    let candidate = Candidate {
        host: me.host.clone(),
        run: me.run.clone(),
        digest: card.digest.clone(),
        readable: card.readable,
    };
    let turn = turn(duty.as_ref(), &candidate, others.get(0)?, instant(now)?);
    let lease = LEASE.num_milliseconds();
    let held = match turn {
        Turn::Leave => false,
        Turn::Renew => {
            let digest = if card.readable { Some(&card.digest) } else { None };
            db.execute(
                "UPDATE duty SET until = lease_clock(NULL) + $2, digest = coalesce($3, digest) WHERE name = $1",
                &[&PLANNER, &lease, &digest],
            )
            .await?
                > 0
        }
        Turn::Take => {
            term += 1;
            let taken = db
                .execute(
                    "INSERT INTO duty (name, holder, run, term, digest, until)
                     VALUES ($1, $2, $3, $4, $5, lease_clock(NULL) + $6)
                     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, run = excluded.run,
                         term = excluded.term, digest = excluded.digest, until = excluded.until
                     WHERE duty.term < excluded.term",
                    &[&PLANNER, &me.host, &me.run, &term, &card.digest, &lease],
                )
                .await?;
            taken > 0
        }
    };
    Ok(Attended { term: held.then_some(term), hosts: hosts(db).await? })
}

fn read_duty(row: &Found) -> Result<Duty, Fault> {
    Ok(Duty { holder: row.get(0)?, run: row.get(1)?, digest: row.get(2)?, until: row.at(3)? })
}

/// The hosts that were heard of lately, by name.
pub(super) async fn hosts(db: &Session) -> Result<Vec<StoredHost>, Fault> {
    let found = db
        .query(
            "SELECT id, hosts.name, program, hosts.digest, readable, ahead, seen, seen > lease_clock(NULL) - $2,
                 coalesce(duty.run = hosts.run AND duty.until > lease_clock(NULL), false)
             FROM hosts LEFT JOIN duty ON duty.name = $1 ORDER BY hosts.name, id",
            &[&PLANNER, &SILENCE.num_milliseconds()],
        )
        .await?;
    let host = |row: &Found| {
        Ok(StoredHost {
            id: row.get(0)?,
            name: row.get(1)?,
            program: row.get(2)?,
            digest: row.get(3)?,
            readable: row.get(4)?,
            ahead: chrono::TimeDelta::milliseconds(row.get(5)?),
            seen: row.at(6)?,
            lives: row.get(7)?,
            plans: row.get(8)?,
        })
    };
    found.iter().map(host).collect()
}

/// Whether a run of a host plans in a term. Who takes the duty over waits until what it allows here is written.
pub(super) async fn on_duty(db: &Session, run: &str, term: i64) -> Result<(), Fault> {
    let found = db
        .query(
            "SELECT 1 FROM duty WHERE name = $1 AND run = $2 AND term = $3 AND until > lease_clock(NULL) FOR SHARE",
            &[&PLANNER, &run, &term],
        )
        .await?;
    if found.is_empty() { Err(Fault::OffDuty) } else { Ok(()) }
}

/// Whether it does now.
pub(super) async fn plans(db: &Session, run: &str, term: i64) -> Result<bool, Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM duty
        WHERE name = $1 AND run = $2 AND term = $3 AND until > lease_clock(NULL))";
    db.one(sql, &[&PLANNER, &run, &term]).await?.get(0)
}

/// What the database's clock says.
pub(super) async fn clock(db: &Session) -> Result<DateTime<chrono::Utc>, Fault> {
    db.one("SELECT lease_clock(NULL)", &[]).await?.at(0)
}
