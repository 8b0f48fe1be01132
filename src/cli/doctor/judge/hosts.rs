//! Pure. A ledger that hosts share: its server, and the hosts.

use chrono::TimeDelta;

use crate::cli::doctor::facts::{Ledger, Shared};
use crate::cli::doctor::finding::{Check, Finding};
use crate::daemon::duty::differing;
use crate::diagnostic::{Words, say};
use crate::ledger::StoredHost;

/// By how much a host's clock may be off the database's: a daemon whose clock is a minute behind the others' stops.
const OFF: TimeDelta = TimeDelta::seconds(20);

/// The server and the hosts, where the ledger has any.
pub(super) fn hosts(ledger: &Ledger) -> Vec<Finding> {
    let Ledger::Open(open) = ledger else { return Vec::new() };
    let Some(shared) = &open.shared else { return Vec::new() };
    let mut found = server(shared);
    let there: Vec<&StoredHost> = shared.hosts.iter().filter(|host| host.lives).collect();
    if there.is_empty() {
        return found; // the daemon's line says that none is at work
    }
    let planner = there.iter().find(|host| host.plans);
    found.push(match planner {
        Some(planner) => Finding::ok(
            Check::Hosts,
            say(
                format!(
                    "{} à l'œuvre ({})\u{a0}; {} tient le plan",
                    there.len(),
                    names(&there),
                    planner.name
                ),
                format!("{} at work ({}); {} plans", there.len(), names(&there), planner.name),
            ),
        ),
        None => Finding::warning(
            Check::Hosts,
            say(
                format!("aucun serveur ne tient le plan ({})\u{a0}: les envois continuent", names(&there)),
                format!("no host plans ({}): what is planned goes on to leave", names(&there)),
            ),
            say(
                "attendez une minute, cinq si leurs fichiers diffèrent\u{a0}; sinon jalon check sur chacun",
                "wait a minute, five if their files differ; else jalon check on each",
            ),
        ),
    });
    let other: Vec<&StoredHost> = differing(&shared.hosts).collect();
    if let (Some(planner), false) = (planner, other.is_empty()) {
        found.push(Finding::warning(
            Check::Hosts,
            say(
                format!(
                    "les fichiers de {} ne sont pas ceux de {}, qui font foi",
                    names(&other),
                    planner.name
                ),
                format!("the files of {} are not those of {}, which rule", names(&other), planner.name),
            ),
            say(
                "mettez les mêmes fichiers partout (jalon.toml, fiches, modèles)",
                "put the same files everywhere (jalon.toml, postings, templates)",
            ),
        ));
    }
    let blind: Vec<&StoredHost> = there.iter().copied().filter(|host| !host.readable).collect();
    if !blind.is_empty() {
        found.push(Finding::warning(
            Check::Hosts,
            say(
                format!("{} ne peut pas lire tous ses fichiers, et ne tiendra pas le plan", names(&blind)),
                format!("{} cannot read all of its files, and will not plan", names(&blind)),
            ),
            say("lancez jalon check sur ce serveur", "run jalon check on that host"),
        ));
    }
    for host in there.iter().filter(|host| host.ahead.abs() > OFF) {
        let by = host.ahead.num_seconds().abs();
        let (fr, en) =
            if host.ahead > TimeDelta::zero() { ("avance", "ahead of") } else { ("retarde", "behind") };
        found.push(Finding::warning(
            Check::Clock,
            say(
                format!("l'horloge de {} {fr} de {by}\u{a0}s sur celle de PostgreSQL", host.name),
                format!("the clock of {} is {by} s {en} PostgreSQL's", host.name),
            ),
            say("réglez-la par NTP (timedatectl)", "have it set by NTP (timedatectl)"),
        ));
    }
    let programs: std::collections::BTreeSet<&str> = there.iter().map(|host| host.program.as_str()).collect();
    if programs.len() > 1 {
        let all = programs.into_iter().collect::<Vec<_>>().join(", ");
        found.push(Finding::warning(
            Check::Hosts,
            say(
                format!("les serveurs n'ont pas la même version de jalon ({all})"),
                format!("the hosts do not have the same version of jalon ({all})"),
            ),
            say("mettez-la à jour partout", "bring all of them up to date"),
        ));
    }
    found
}

fn server(shared: &Shared) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut warn = |words: Words, remedy: Words| found.push(Finding::warning(Check::Ledger, words, remedy));
    if !shared.durable {
        warn(
            say(
                "ce PostgreSQL peut perdre ce qu'il a confirmé (fsync ou full_page_writes = off)\u{a0}: un courriel pourrait partir deux fois",
                "this PostgreSQL may lose what it confirmed (fsync or full_page_writes = off): a mail could leave twice",
            ),
            say("remettez-les à on dans postgresql.conf", "set them to on in postgresql.conf"),
        );
    }
    if shared.open {
        warn(
            say(
                "la liaison avec PostgreSQL n'est pas chiffrée (sslmode=disable)",
                "the connection to PostgreSQL is not encrypted (sslmode=disable)",
            ),
            say("ôtez sslmode=disable de l'adresse", "remove sslmode=disable from the address"),
        );
    }
    found
}

fn names(hosts: &[&StoredHost]) -> String {
    hosts.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", ")
}
