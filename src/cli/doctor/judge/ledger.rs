//! Pure. The ledger, who is at work on it, its copies, and what in it wants somebody.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::facts::{Ledger, Open};
use super::super::finding::{Check, Finding};
use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, say};
use crate::plan::row::{Row, State};
use crate::plan::words::{moment, span};

/// A daemon notes a round at least every five minutes.
const SILENT: TimeDelta = TimeDelta::minutes(10);

/// From how late on a row is overdue: mails say so from then on, too.
const LATE: TimeDelta = TimeDelta::minutes(15);

/// A copy is made every day.
const STALE: TimeDelta = TimeDelta::days(2);

/// A moment in both languages.
fn at(moment_of: DateTime<Utc>, zone: Zone) -> Words {
    let [fr, en] = [Language::French, Language::English].map(|language| moment(moment_of, zone, language));
    say(fr, en)
}

/// The ledger itself, its daemon and its copies.
pub(super) fn ledger(ledger: &Ledger, zone: Zone, now: DateTime<Utc>) -> Vec<Finding> {
    let check = Check::Ledger;
    match ledger {
        Ledger::Unknown => Vec::new(),
        Ledger::Open(open) => {
            let mut found = vec![sound(open)];
            found.push(daemon(open, zone, now));
            // Who keeps the database copies it.
            found.extend(copies(open, zone, now).filter(|_| open.shared.is_none()));
            found
        }
        Ledger::Missing { path, copies: true } => vec![Finding::wrong(
            check,
            say(
                format!("{} a disparu, et il y en a des copies", path.display()),
                format!("{} is gone, and there are copies of it", path.display()),
            ),
            say(
                "restaurez la plus récente\u{a0}: jalon restore FICHIER (elles sont dans « backups », à côté)",
                "restore the latest: jalon restore FILE (they are in `backups`, beside it)",
            ),
        )],
        Ledger::Missing { path, copies: false } => vec![Finding::warning(
            check,
            say(
                format!("{} n'existe pas encore", path.display()),
                format!("{} does not exist yet", path.display()),
            ),
            say(
                "jalon run le crée à son premier démarrage\u{a0}; si le service en a un ailleurs, dites où\u{a0}: STATE_DIRECTORY=/var/lib/jalon jalon doctor",
                "jalon run makes it when it first runs; if the daemon has one elsewhere, say where: STATE_DIRECTORY=/var/lib/jalon jalon doctor",
            ),
        )],
        Ledger::Forbidden { path } => vec![Finding::wrong(
            check,
            say(
                format!("vous n'avez pas le droit de regarder {}", path.display()),
                format!("you may not look at {}", path.display()),
            ),
            say(
                "lancez jalon doctor sous le compte du service, ou sous root (sudo)",
                "run jalon doctor as the service's account, or as root (sudo)",
            ),
        )],
        Ledger::Unusable(words, remedy) => {
            let general = || {
                say(
                    "vérifiez url, sous [ledger], et le disque\u{a0}; au besoin, jalon restore FICHIER",
                    "check url, under [ledger], and the disk; if need be, jalon restore FILE",
                )
            };
            vec![Finding::wrong(check, words.clone(), remedy.clone().unwrap_or_else(general))]
        }
    }
}

fn sound(open: &Open) -> Finding {
    let Open { path, schema, size, rows, .. } = open;
    let (path, kib, count) = (path.display(), size.div_ceil(1024), rows.len());
    let server = open.shared.as_ref().map(|shared| format!("PostgreSQL {}, ", shared.version));
    let server = server.unwrap_or_default();
    Finding::ok(
        Check::Ledger,
        say(
            format!("{path}\u{a0}: sain, {server}schéma {schema}, {count} lignes, {kib}\u{a0}Kio"),
            format!("{path}: sound, {server}schema {schema}, {count} rows, {kib} KiB"),
        ),
    )
}

/// Whether a row could leave now, as far as the ledger knows.
fn is_due(row: &Row, now: DateTime<Utc>) -> bool {
    row.state == State::Planned && row.due <= now && row.not_before.is_none_or(|at| at <= now)
}

fn daemon(open: &Open, zone: Zone, now: DateTime<Utc>) -> Finding {
    let check = Check::Daemon;
    let waits = open.rows.iter().filter(|row| is_due(row, now)).count();
    let (fr, en) = match waits {
        0 => (String::new(), String::new()),
        1 => (", et un courriel attend".to_owned(), ", and one mail waits".to_owned()),
        many => (format!(", et {many} courriels attendent"), format!(", and {many} mails wait")),
    };
    let last = open.last_round.map(|last| at(last, zone));
    let judged = |words: Words, remedy: Words| {
        if waits > 0 { Finding::wrong(check, words, remedy) } else { Finding::warning(check, words, remedy) }
    };
    if open.pretended {
        let sentence = say(
            "l'horloge de ce registre est simulée (--as-of)",
            "this ledger lives on a pretended clock (--as-of)",
        );
        let remedy = say(
            "c'est un essai\u{a0}: le vrai service a un autre registre",
            "this is a trial: the real daemon has another ledger",
        );
        return Finding::warning(check, sentence, remedy);
    }
    if !open.held {
        let since = last.map_or_else(
            || say("", ""),
            |last| say(format!(" depuis le {}", last.fr), format!(" since {}", last.en)),
        );
        return judged(
            say(
                format!("aucun jalon n'est à l'œuvre{}{fr}", since.fr),
                format!("no jalon is at work{}{en}", since.en),
            ),
            say("démarrez-le\u{a0}: systemctl start jalon", "start it: systemctl start jalon"),
        );
    }
    match (open.last_round, last) {
        (Some(round), Some(last)) if now - round > SILENT => judged(
            say(
                format!("le service tient le registre, mais n'a plus rien regardé depuis le {}{fr}", last.fr),
                format!("the daemon holds the ledger, but has looked at nothing since {}{en}", last.en),
            ),
            say(
                "journalctl -u jalon dit pourquoi (l'horloge, le disque\u{a0}?)\u{a0}; sinon systemctl restart jalon",
                "journalctl -u jalon says why (the clock, the disk?); else systemctl restart jalon",
            ),
        ),
        (_, last) => {
            let last = last.unwrap_or_else(|| say("–", "–"));
            Finding::ok(
                check,
                say(
                    format!("à l'œuvre, dernier tour le {}", last.fr),
                    format!("at work, last round {}", last.en),
                ),
            )
        }
    }
}

fn copies(open: &Open, zone: Zone, now: DateTime<Utc>) -> Option<Finding> {
    let remedy = || {
        say(
            "journalctl -u jalon dit pourquoi\u{a0}; en attendant, jalon backup FICHIER en fait une",
            "journalctl -u jalon says why; meanwhile jalon backup FILE makes one",
        )
    };
    let check = Check::Copies;
    Some(match open.copied {
        // A daemon makes the first at its first round.
        None if open.last_round.is_none() => return None,
        None => Finding::warning(
            check,
            say("aucune copie du jour du registre", "there is no daily copy of the ledger"),
            remedy(),
        ),
        Some(copied) => {
            let made = at(copied, zone);
            let sentence = say(
                format!("la dernière copie du registre est du {}", made.fr),
                format!("the latest copy of the ledger is of {}", made.en),
            );
            if now - copied > STALE {
                Finding::warning(check, sentence, remedy())
            } else {
                Finding::ok(check, sentence)
            }
        }
    })
}

/// What in the ledger wants somebody, and what comes next.
pub(super) fn rows(ledger: &Ledger, zone: Zone, now: DateTime<Utc>) -> Vec<Finding> {
    let Ledger::Open(open) = ledger else { return Vec::new() };
    let mut found: Vec<Finding> = overdue(&open.rows, zone, now).into_iter().collect();
    let of_use = |row: &&Row| row.late_after > now;
    let count = |state: State| open.rows.iter().filter(move |row| row.state == state);
    let s = |count: usize| if count > 1 { "s" } else { "" };
    let held = count(State::Held).count();
    if held > 0 {
        found.push(Finding::warning(
            Check::Held,
            say(
                format!("{held} courriel{} peut-être parti{}, retenu{0} pour une personne", s(held), s(held)),
                format!("{held} mail{} may have left, and wait{} for a person", s(held), if held > 1 { "" } else { "s" }),
            ),
            say(
                "jalon history --state held les montre\u{a0}; jalon confirm si c'est arrivé, jalon retry sinon",
                "jalon history --state held shows them; jalon confirm what did arrive, jalon retry what did not",
            ),
        ));
    }
    let failed = count(State::Failed).filter(of_use).count();
    if failed > 0 {
        found.push(Finding::warning(
            Check::Failed,
            say(
                format!("{failed} courriel{} refusé{0} qui serai{} encore utile{0}", s(failed), if failed > 1 { "ent" } else { "t" }),
                format!("{failed} refused mail{} would still be of use", s(failed)),
            ),
            say(
                "jalon history --state failed dit pourquoi\u{a0}; corrigez l'adresse, puis jalon retry --state failed",
                "jalon history --state failed says why; correct the address, then jalon retry --state failed",
            ),
        ));
    }
    let doubts = count(State::Planned).filter(|row| row.in_doubt).count();
    if doubts > 0 {
        found.push(Finding::warning(
            Check::Doubts,
            say(
                format!(
                    "{doubts} courriel{} peut-être déjà parti{0}, qui repartir{} avec le même Message-ID",
                    s(doubts),
                    if doubts > 1 { "ont" } else { "a" }
                ),
                format!(
                    "{doubts} mail{} may have left already, and will leave again with the same Message-ID",
                    s(doubts)
                ),
            ),
            say(
                "in_doubt = \"hold\", sous [delivery], les retient pour une personne",
                "in_doubt = \"hold\", under [delivery], holds them for a person",
            ),
        ));
    }
    let next = count(State::Planned).map(|row| row.due.max(row.not_before.unwrap_or(row.due)));
    let next = next.filter(|due| *due > now).min().map(|due| at(due, zone));
    found.push(Finding::ok(
        Check::Next,
        next.map_or_else(
            || say("rien n'est prévu", "nothing is planned"),
            |next| say(format!("prochain départ le {}", next.fr), format!("next departure {}", next.en)),
        ),
    ));
    found
}

fn overdue(rows: &[Row], zone: Zone, now: DateTime<Utc>) -> Option<Finding> {
    let waits = |row: &&Row| matches!(row.state, State::Planned | State::Claimed | State::Handed);
    let late: Vec<&Row> = rows.iter().filter(waits).filter(|row| row.due + LATE < now).collect();
    let oldest = late.iter().min_by_key(|row| row.due)?;
    let again = late.iter().filter_map(|row| row.not_before).filter(|at| *at > now).min();
    let (since, by, count) = (at(oldest.due, zone), span(now - oldest.due), late.len());
    let s = if count > 1 { "s" } else { "" };
    let (fr, en) = again.map_or_else(Default::default, |again| {
        let again = at(again, zone);
        (format!("\u{a0}; prochain essai le {}", again.fr), format!("; tried again {}", again.en))
    });
    let why = oldest.reply.as_deref().map(|said| (format!("\u{a0}; {said}"), format!("; {said}")));
    let (why_fr, why_en) = why.unwrap_or_default();
    Some(Finding::warning(
        Check::Overdue,
        say(
            format!(
                "{count} courriel{s} en retard, le plus ancien depuis le {} ({}){fr}{why_fr}",
                since.fr, by.fr
            ),
            format!("{count} mail{s} late, the oldest since {} ({}){en}{why_en}", since.en, by.en),
        ),
        say(
            "voyez le relais et le service ci-dessus\u{a0}; ce qui est en retard attend aussi [delivery] hours et rate",
            "see the relay and the daemon above; what is late also waits for [delivery] hours and rate",
        ),
    ))
}
