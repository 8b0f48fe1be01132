//! Pure. What is to be made of what was found: facts and a moment in, lines out. Nothing is looked at here.

mod hosts;
mod ledger;
mod machine;
mod relay;

use chrono::{DateTime, Utc};

use super::facts::{Config, Facts, Force, Place, What};
use super::finding::{Check, Finding};
use crate::diagnostic::{Words, say};
use crate::files::rights::Rights;

/// How many problems of the files are shown.
const SHOWN: usize = 3;

/// The accounts of services (and of systemd's `DynamicUser=`): people's are others (login.defs, systemd.exec(5)).
fn is_of_a_service(user: u32) -> bool {
    matches!(user, 1..=999 | 61_184..=65_519)
}

/// Judges everything, in the order in which it is told.
#[must_use]
pub fn judge(facts: &Facts, now: DateTime<Utc>) -> Vec<Finding> {
    let mut found = config(&facts.config);
    if facts.config.force == Force::Nothing {
        return found;
    }
    found.extend(rights(&facts.rights, facts.service.as_ref()));
    found.extend(facts.relays.iter().flat_map(|one| relay::relay(one, facts.zone, now)));
    found.extend(facts.outbox.as_ref().map(|folder| {
        let folder = folder.display();
        let sentence = say(
            format!("personne ne reçoit rien\u{a0}: les courriels deviennent des fichiers de {folder}"),
            format!("nobody receives anything: mails become files in {folder}"),
        );
        let remedy = say(
            "pour envoyer, remplacez outbox par un relais, [smtp]",
            "to send, put a relay, [smtp], in place of outbox",
        );
        Finding::warning(Check::Outbox, sentence, remedy)
    }));
    found.extend(facts.sender.as_ref().map(|(domain, known)| relay::sender(domain, known)));
    found.extend(ledger::ledger(&facts.ledger, facts.zone, now));
    found.extend(hosts::hosts(&facts.ledger));
    found.extend(machine::clock(facts, now));
    found.push(machine::zones(&facts.zones, facts.zone));
    found.extend(machine::disk(facts));
    found.extend(ledger::rows(&facts.ledger, facts.zone, now));
    found
}

fn config(config: &Config) -> Vec<Finding> {
    let Config { file, postings: (good, files), templates, reminders, errors, warnings, force } = config;
    let s = |count: usize| if count > 1 { "s" } else { "" };
    let own = match *templates {
        0 => say("", ""),
        some => say(
            format!(" {some} modèle{} à vous,", s(some)),
            format!(" {some} template{} of your own,", s(some)),
        ),
    };
    let read = say(
        format!(
            "{file}\u{a0}; {good} fiche{} sur {files},{} {reminders} rappel{}",
            s(*good),
            own.fr,
            s(*reminders)
        ),
        format!("{file}; {good} of {files} postings,{} {reminders} reminder{}", own.en, s(*reminders)),
    );
    let read = if *force == Force::Nothing { say(file.as_str(), file.as_str()) } else { read };
    let (wrong, odd) = (errors.len(), warnings.len());
    let counted = say(
        format!("{}\u{a0}: {wrong} erreur{}, {odd} remarque{}", read.fr, s(wrong), s(odd)),
        format!("{}: {wrong} error{}, {odd} warning{}", read.en, s(wrong), s(odd)),
    );
    let all = || say("jalon check dit tout, avec les remèdes", "jalon check tells all, with the remedies");
    let mut first = match (wrong, odd) {
        (0, 0) => Finding::ok(Check::Config, read),
        (0, _) => Finding::warning(Check::Config, counted, all()),
        _ => Finding::wrong(Check::Config, counted, all()),
    };
    first.details = errors.iter().chain(warnings).take(SHOWN).cloned().collect();
    let mut found = vec![first];
    found.extend(in_force(*force));
    found
}

fn in_force(force: Force) -> Option<Finding> {
    let (sentence, remedy) = match force {
        Force::Files => return None,
        Force::Copy => (
            say(
                "jalon.toml ne peut pas servir\u{a0}: sa dernière version correcte est suivie, et la suite en parle",
                "jalon.toml cannot be used: its last good version is followed, and the rest is about that one",
            ),
            say(
                "corrigez jalon.toml\u{a0}: le service la reprend de lui-même",
                "mend jalon.toml: the daemon takes it up by itself",
            ),
        ),
        Force::Nothing => (
            say(
                "jalon.toml ne peut pas servir, et aucune version correcte n'en est gardée ici\u{a0}: le reste n'a pas pu être regardé",
                "jalon.toml cannot be used, and no good version of it is kept here: the rest could not be looked at",
            ),
            say(
                "corrigez jalon.toml, ou nommez son dossier\u{a0}: --config DOSSIER",
                "mend jalon.toml, or name its folder: --config DIR",
            ),
        ),
        Force::Older => (
            say(
                "le service suit une version plus ancienne de jalon.toml ou des modèles que celle des fichiers",
                "the daemon follows an older version of jalon.toml or of the templates than the files have",
            ),
            say(
                "rechargez-le (systemctl reload jalon)\u{a0}; [smtp], outbox et [ledger] url veulent un redémarrage\u{a0}; son journal dit ce qu'il refuse",
                "reload it (systemctl reload jalon); [smtp], outbox and [ledger] url want a restart; its log says what it refuses",
            ),
        ),
    };
    Some(match force {
        Force::Older => Finding::warning(Check::InForce, sentence, remedy),
        _ => Finding::wrong(Check::InForce, sentence, remedy),
    })
}

/// What is wrong with who may do what; one line when nothing is.
fn rights(places: &[Place], service: Option<&Rights>) -> Vec<Finding> {
    let found: Vec<Finding> = places.iter().filter_map(|place| right(place, service)).collect();
    if !found.is_empty() || places.is_empty() {
        return found;
    }
    let postings = places.iter().find(|place| place.what == What::Postings);
    let shared = postings.filter(|place| place.rights.mode & 0o020 != 0).map(|place| &place.group);
    let (fr, en) = match shared {
        Some(group) => (
            format!("les fiches s'écrivent par le groupe {group}, le reste par son propriétaire"),
            format!("postings are written by the group {group}, the rest by its owner"),
        ),
        None => (
            "chaque fichier ne s'écrit que par son propriétaire".to_owned(),
            "each file is written by its owner only".to_owned(),
        ),
    };
    vec![Finding::ok(Check::Rights, say(fr, en))]
}

fn right(place: &Place, service: Option<&Rights>) -> Option<Finding> {
    let Rights { mode, owner, group } = place.rights;
    let path = place.path.display();
    let for_all = mode & 0o002 != 0 && mode & 0o1000 == 0;
    let by_service = service.is_some_and(|service| {
        is_of_a_service(service.owner)
            && (owner == service.owner && mode & 0o200 != 0 || group == service.group && mode & 0o020 != 0)
    });
    let found = |judged: fn(Check, Words, Words) -> Finding, sentence: Words, chmod: &str| {
        let remedy = format!("{chmod} {path}");
        Some(judged(Check::Rights, sentence, say(remedy.clone(), remedy)).about(path.to_string()))
    };
    let anybody = || {
        say(
            format!("tout le monde peut écrire dans {path} (mode {mode:o})"),
            format!("anybody may write {path} (mode {mode:o})"),
        )
    };
    match place.what {
        What::Settings | What::State if for_all => found(Finding::wrong, anybody(), "chmod o-w"),
        What::Postings if for_all => found(Finding::warning, anybody(), "chmod o-w"),
        What::Settings if by_service => found(
            Finding::warning,
            say(
                format!("le compte du service peut écrire {path} (mode {mode:o}), qu'il n'a qu'à lire"),
                format!("the service's account may write {path} (mode {mode:o}), which it only has to read"),
            ),
            "chown root:",
        ),
        What::Ledger if mode & 0o077 != 0 => found(
            Finding::wrong,
            say(
                format!(
                    "d'autres que jalon ont des droits sur {path} (mode {mode:o}), qui contient des adresses"
                ),
                format!("others than jalon have rights on {path} (mode {mode:o}), which holds addresses"),
            ),
            "chmod go-rwx",
        ),
        What::Outbox if mode & 0o007 != 0 => found(
            Finding::warning,
            say(
                format!(
                    "tout le monde peut regarder dans {path} (mode {mode:o}), qui contient des courriels"
                ),
                format!("anybody may look into {path} (mode {mode:o}), which holds mails"),
            ),
            "chmod o-rwx",
        ),
        _ => None,
    }
}
