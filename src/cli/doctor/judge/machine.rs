//! Pure. The machine: its clock, its time zones, the room on its disks.

use chrono::{DateTime, TimeDelta, Utc};

use super::super::facts::{Facts, Ledger};
use super::super::finding::{Check, Finding};
use crate::calendar::Zone;
use crate::calendar::tzif::offset;
use crate::calendar::zone::TZDB;
use crate::diagnostic::{Language, Words, say};
use crate::files::zoneinfo::Compared;
use crate::plan::trust::{Trust, held_against};
use crate::plan::words::{moment, span};

/// Less room than that is little, in bytes.
const LITTLE: u64 = 100_000_000;

/// So many times the ledger must there be room: copies of it are made aside before the old ones go.
const TIMES: u64 = 5;

/// The clock: against the ledger, against this program's own age, and as the machine says it does.
pub(super) fn clock(facts: &Facts, now: DateTime<Utc>) -> Option<Finding> {
    let check = Check::Clock;
    let in_words =
        |at| [Language::French, Language::English].map(|language| moment(at, facts.zone, language));
    let [fr, en] = in_words(now);
    let open = match &facts.ledger {
        Ledger::Open(open) if open.pretended => return None,
        Ledger::Open(open) => Some(open),
        _ => None,
    };
    let trust = open.map_or(Trust::Agrees, |open| held_against(now, open.last_round, open.held));
    let accept = || {
        say(
            "mettez-la à l'heure\u{a0}; si elle l'est déjà\u{a0}: jalon accept clock",
            "set it right; if it is: jalon accept clock",
        )
    };
    if let Trust::Behind(by) | Trust::Ahead(by) = trust {
        let by = span(by);
        let (of_fr, of_en) = match trust {
            Trust::Behind(_) => ("en retard", "behind"),
            _ => ("en avance", "ahead of"),
        };
        let sentence = say(
            format!(
                "{fr}\u{a0}: {of_fr} de {} sur le dernier tour du service, qui n'envoie rien tant qu'il en doute",
                by.fr
            ),
            format!("{en}: {} {of_en} the daemon's last round; nothing is sent while it is doubted", by.en),
        );
        return Some(Finding::wrong(check, sentence, accept()));
    }
    if let Some(made) = facts.made.filter(|made| now + TimeDelta::days(1) < *made) {
        let [made_fr, made_en] = in_words(made);
        let sentence = say(
            format!("{fr}\u{a0}: avant que ce programme soit fait, le {made_fr}"),
            format!("{en}: before this program was made, on {made_en}"),
        );
        return Some(Finding::wrong(
            check,
            sentence,
            say("mettez-la à l'heure\u{a0}: timedatectl", "set it right: timedatectl"),
        ));
    }
    Some(match facts.synchronised {
        Some(false) => Finding::warning(
            check,
            say(
                format!("{fr}\u{a0}; aucun serveur de temps ne l'a encore réglée"),
                format!("{en}; no time server has set it yet"),
            ),
            say(
                "timedatectl set-ntp true, et voyez timedatectl",
                "timedatectl set-ntp true, and see timedatectl",
            ),
        ),
        Some(true) => Finding::ok(
            check,
            say(format!("{fr}, réglée par un serveur de temps"), format!("{en}, set by a time server")),
        ),
        None => Finding::ok(check, say(fr, en)),
    })
}

/// Our database of time zones against the machine's.
pub(super) fn zones(compared: &Compared, zone: Zone) -> Finding {
    let check = Check::Zones;
    let theirs = compared.version.as_deref().unwrap_or("–");
    let remedy = || {
        say(
            "mettez à jour le plus ancien des deux\u{a0}: jalon, ou tzdata\u{a0}; c'est le fuseau de jalon qui compte",
            "update the older of the two: jalon, or tzdata; it is jalon's that counts",
        )
    };
    if let Some(first) = compared.partings.iter().min_by_key(|parting| parting.at) {
        let [fr, en] = [Language::French, Language::English].map(|language| moment(first.at, zone, language));
        let (name, ours, other) = (first.zone.name(), offset(first.ours), offset(first.theirs));
        let sentence = say(
            format!(
                "{name}\u{a0}: dès le {fr}, jalon ({TZDB}) compte {ours} et cette machine ({theirs}) {other}"
            ),
            format!("{name}: from {en} on jalon ({TZDB}) has {ours} and this machine ({theirs}) {other}"),
        );
        let mut found = Finding::warning(check, sentence, remedy());
        found.details = compared
            .partings
            .iter()
            .filter(|other| *other != first)
            .map(|other| say(other.to_string(), other.to_string()))
            .collect();
        return found;
    }
    if let Some(error) = compared.unreadable.first() {
        let (name, why) = (error.zone, &error.why);
        return Finding::warning(
            check,
            say(
                format!("le fichier {name} de cette machine n'est pas lisible\u{a0}: {why}"),
                format!("this machine's file of {name} cannot be read: {why}"),
            ),
            say("réinstallez tzdata", "install tzdata anew"),
        );
    }
    let (zones, known) = (compared.zones, compared.known);
    let sentence = if known == 0 {
        say(
            format!("jalon a les siens ({TZDB})\u{a0}; cette machine n'en a pas à comparer"),
            format!("jalon has its own ({TZDB}); this machine has none to compare"),
        )
    } else {
        say(
            format!(
                "jalon ({TZDB}) et cette machine ({theirs}) s'accordent pour deux ans, sur {known} de {zones} en usage"
            ),
            format!(
                "jalon ({TZDB}) and this machine ({theirs}) agree for two years, on {known} of {zones} in use"
            ),
        )
    };
    Finding::ok(check, sentence)
}

/// Room where something is written. One line when there is enough everywhere.
pub(super) fn disk(facts: &Facts) -> Vec<Finding> {
    let check = Check::Disk;
    let size = match &facts.ledger {
        Ledger::Open(open) if open.shared.is_none() => open.size,
        _ => 0,
    };
    let enough = LITTLE.max(size.saturating_mul(TIMES));
    let bad = facts.rooms.iter().filter_map(|(path, room)| {
        let path = path.display();
        if room.read_only {
            let sentence = say(
                format!("{path} est monté en lecture seule\u{a0}: rien ne peut y être écrit"),
                format!("{path} is mounted read-only: nothing can be written there"),
            );
            let remedy = say(
                "rendez-le inscriptible (mount -o remount,rw\u{a0}; dans le service\u{a0}: StateDirectory=)",
                "make it writable (mount -o remount,rw; in the service: StateDirectory=)",
            );
            return Some(Finding::wrong(check, sentence, remedy).about(path.to_string()));
        }
        (room.free < enough).then(|| {
            let (free, enough) = (size_in_words(room.free), size_in_words(enough));
            let sentence = say(
                format!("il reste {} pour {path}\u{a0}; il en faudrait {}", free.fr, enough.fr),
                format!("{} are left for {path}; there should be {}", free.en, enough.en),
            );
            let remedy = say(
                "libérez de la place\u{a0}: sur un disque plein, plus rien ne part",
                "make room: on a full disk nothing leaves any more",
            );
            Finding::warning(check, sentence, remedy).about(path.to_string())
        })
    });
    let bad: Vec<Finding> = bad.collect();
    let least = facts.rooms.iter().map(|(_, room)| room.free).min().map(size_in_words);
    match least {
        Some(least) if bad.is_empty() => {
            vec![Finding::ok(check, say(format!("{} libres", least.fr), format!("{} free", least.en)))]
        }
        _ => bad,
    }
}

/// So many bytes, in megabytes or gigabytes of a thousand each.
fn size_in_words(bytes: u64) -> Words {
    match bytes / 1_000_000 {
        mega @ ..10_000 => say(format!("{mega}\u{a0}Mo"), format!("{mega} MB")),
        mega => say(format!("{}\u{a0}Go", mega / 1000), format!("{} GB", mega / 1000)),
    }
}
