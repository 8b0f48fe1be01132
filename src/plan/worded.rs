//! Pure. The lines of a difference in plain words, the same in `jalon diff` and in the daemon's log.

use chrono::{DateTime, Utc};

use super::difference::{Action, Line};
use super::said::{Said, Standing};
use super::told::Histories;
use super::words::{time, when};
use super::{Key, Sort};
use crate::calendar::Zone;
use crate::diagnostic::{Language, Words, say};

/// How lines are worded.
#[derive(Clone, Copy, Debug)]
pub struct Wording<'a> {
    /// The zone of times.
    pub zone: Zone,
    /// Now.
    pub now: DateTime<Utc>,
    /// The language.
    pub language: Language,
    /// How a person's id, which may be an address, is written.
    pub name: fn(&str) -> String,
    /// What was said of events.
    pub histories: &'a Histories,
}

/// That so many files are gone at once that it is not believed.
#[must_use]
pub fn doubt(missed: &[String]) -> Words {
    let ids = missed.join(", ");
    say(
        format!(
            "tant de fichiers manquent à la fois que leur absence n'est pas crue ({ids})\u{a0}: leurs rappels continuent"
        ),
        format!("so many files are gone at once that it is not believed ({ids}): their reminders go on"),
    )
}

/// That there is no line.
#[must_use]
pub fn nothing() -> Words {
    say("ces fichiers ne changent rien à ce qui est prévu", "these files change nothing in the plan")
}

/// How many lines there are of each action: `2 en plus, 1 en moins`.
#[must_use]
pub fn counts(lines: &[&Line], language: Language) -> String {
    let counts = Action::ALL.into_iter().filter_map(|action| {
        let many = lines.iter().filter(|line| line.action == action).count();
        (many > 0).then(|| format!("{many} {}", label(action).say(language)))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn label(action: Action) -> Words {
    match action {
        Action::Leaves => say("à envoyer aussitôt", "leaving at once"),
        Action::Added => say("en plus", "added"),
        Action::Moved => say("à une autre date", "moved"),
        Action::Renamed => say("sous un autre nom", "renamed"),
        Action::Returned => say("de retour", "back"),
        Action::Rerouted => say("pour un autre lecteur", "to another reader"),
        Action::Kept => say("à la même heure", "at the same time"),
        Action::Withdrawn => say("en moins", "withdrawn"),
        Action::Vanishing => say("bientôt en moins", "soon withdrawn"),
        Action::Skipped | Action::StaysSkipped => say("sans envoi, déjà passé", "past, not sent"),
        Action::Lapses => say("sans envoi, trop tard", "too late, not sent"),
        Action::Notice => say("à annoncer", "to be told"),
    }
}

/// What a line is about: an event's reminder and whom it is for, or a notice.
fn what(key: &Key, reader: &str, name: fn(&str) -> String) -> Words {
    let whom = name(key.recipient());
    let whom = if reader == key.recipient() { whom } else { format!("{whom} → {}", name(reader)) };
    match key.sort() {
        Sort::Reminder => {
            let about = format!("{} {} ({})", key.event(), key.lead(), key.occurrence());
            say(format!("{about}, {whom}"), format!("{about}, {whom}"))
        }
        Sort::New => {
            say(format!("annonce de la nouvelle fiche, {whom}"), format!("notice of the new posting, {whom}"))
        }
        _ => say(
            format!("avis de changement de {}, {whom}", key.event()),
            format!("notice of the change of {}, {whom}", key.event()),
        ),
    }
}

/// What a renamed reminder went by, and what it goes by: of the posting, or of an event in it.
#[must_use]
pub fn names(line: &Line) -> (&str, &str) {
    let former = line.former.as_ref().unwrap_or(&line.key);
    if former.posting() == line.key.posting() {
        (former.event(), line.key.event())
    } else {
        (former.posting(), line.key.posting())
    }
}

/// A line in one sentence.
#[must_use]
pub fn sentence(line: &Line, wording: &Wording<'_>) -> String {
    let Wording { zone, now, language, name, .. } = *wording;
    let at = |at: Option<DateTime<Utc>>| at.map(|at| time(at, zone, language)).unwrap_or_default();
    let (due, was) = (at(line.due), at(line.was));
    let what = what(&line.key, &line.reader, name).say(language).to_owned();
    let former = line.former.as_ref().map(|key| (key.event(), key.occurrence()));
    let from = former.filter(|former| *former != (line.key.event(), line.key.occurrence()));
    let from = from.map(|(event, on)| format!(" [{event} ({on}) →]")).unwrap_or_default();
    let words = match line.action {
        Action::Leaves if line.was.is_some() && line.was != line.due => say(
            format!(
                "! part aussitôt\u{a0}: {what}{from} — était prévu le {was}, l'est maintenant le {due}, déjà passé"
            ),
            format!("! leaves at once: {what}{from} — was due {was}, is now due {due}, which is past"),
        ),
        Action::Leaves => say(
            format!("! part aussitôt\u{a0}: {what}{from} — prévu le {due}, déjà passé"),
            format!("! leaves at once: {what}{from} — due {due}, which is past"),
        ),
        Action::Added => {
            say(format!("+ ajouté\u{a0}: {what} — le {due}"), format!("+ added: {what} — {due}"))
        }
        Action::Moved if line.was == line.due => say(
            format!("~ déplacé\u{a0}: {what}{from} — toujours le {due}"),
            format!("~ moved: {what}{from} — still {due}"),
        ),
        Action::Renamed => {
            let (former, now) = names(line);
            say(format!("~ renommé\u{a0}: {former} → {now}"), format!("~ renamed: {former} → {now}"))
        }
        Action::Moved if was.is_empty() => {
            say(format!("~ déplacé\u{a0}: {what}{from} — le {due}"), format!("~ moved: {what}{from} — {due}"))
        }
        Action::Moved => say(
            format!("~ déplacé\u{a0}: {what}{from} — du {was} au {due}"),
            format!("~ moved: {what}{from} — from {was} to {due}"),
        ),
        Action::Returned => say(
            format!("+ de nouveau prévu\u{a0}: {what} — le {due}"),
            format!("+ planned again: {what} — {due}"),
        ),
        Action::Rerouted => say(
            format!("~ autre lecteur ou autre adresse\u{a0}: {what} — le {due}"),
            format!("~ another reader or address: {what} — {due}"),
        ),
        Action::Kept => say(
            format!("~ à la même heure\u{a0}: {what} — le {due}"),
            format!("~ at the same time: {what} — {due}"),
        ),
        Action::Withdrawn => say(
            format!("- retiré\u{a0}: {what} — était prévu le {was}"),
            format!("- withdrawn: {what} — was due {was}"),
        ),
        Action::Vanishing => say(
            format!(
                "- fichier disparu\u{a0}: {what} — sera retiré quand il aura manqué un quart d'heure (prévu le {was})"
            ),
            format!(
                "- its file is gone: {what} — withdrawn once it has been gone for fifteen minutes (due {was})"
            ),
        ),
        Action::Skipped => say(
            format!("· déjà passé\u{a0}: {what} — rien ne part"),
            format!("· past: {what} — nothing leaves"),
        ),
        Action::StaysSkipped => say(
            format!("· toujours passé\u{a0}: {what} — rien ne part"),
            format!("· still past: {what} — nothing leaves"),
        ),
        Action::Lapses => say(
            format!("· trop tard\u{a0}: {what} — ne sert plus, rien ne part"),
            format!("· too late: {what} — of no use any more, nothing leaves"),
        ),
        Action::Notice => {
            let turn = turned(&line.key, wording);
            // What is due is told as soon as the daemon sees it.
            let due = if line.due.is_some_and(|due| due > now) { due } else { time(now, zone, language) };
            say(format!("@ {what} — le {due}{turn}"), format!("@ {what} — {due}{turn}"))
        }
    };
    words.say(language).to_owned()
}

/// What an event was, and what it is.
fn turned(key: &Key, wording: &Wording<'_>) -> String {
    let language = wording.language;
    let turn = || {
        let (last, before) = wording.histories.get(key.posting(), key.event()).split_last()?;
        Some((before.last()?.said()?, last.said()?))
    };
    let Some((before, after)) = turn().filter(|_| key.sort() == Sort::Change) else {
        return String::new();
    };
    let colon = if language == Language::French { "\u{a0}:" } else { ":" };
    let (then, now) = (state(&before, language), state(&after, language));
    if then == now {
        let place = say("lieu, lien ou panel", "place, link or panel");
        return format!("{colon} {}", place.say(language));
    }
    format!("{colon} {then} → {now}")
}

fn state(said: &Said, language: Language) -> String {
    let words = match said.standing {
        Standing::On => return when(&said.when, said.label.as_deref(), said.zone, language),
        Standing::Over => say("terminé", "over"),
        Standing::Cancelled => say("annulé", "cancelled"),
        Standing::Removed => say("supprimé", "removed"),
    };
    words.say(language).to_owned()
}
