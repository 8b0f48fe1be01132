//! The schema of a posting; its keys in the order of `calendar::read`.

use serde_json::{Value, json};

use super::shape::{
    Keys, accepted, address, boolean, choice, date, duration, file, holidays, id, language as languages,
    link, moment, moments, people, rule, several, spans, text, window, with, zone,
};
use crate::calendar::Kind;
use crate::diagnostic::Language;

/// The schema, described in a language.
pub(super) fn schema(language: Language) -> Value {
    let keys = general(Keys::new(language), language);
    let table = dates(keys, language)
        .may(
            "remind",
            "Une règle de rappel de cette fiche : elle remplace celles de jalon.toml pour cette sorte de date, ou pour une date.",
            "A rule of this posting: it replaces those of jalon.toml for that kind of date, or for one date.",
            several(&rule(language, true), &json!({})),
        )
        .may(
            "announce",
            "false : ne pas prévenir les recruteurs que la fiche est nouvelle.",
            "false: do not tell the recruiters that the posting is new.",
            boolean(true),
        )
        .may(
            "accept",
            "Les avertissements de « jalon check » à ne pas dire de cette fiche.",
            "Warnings of `jalon check` that are not to be said of this posting.",
            accepted(language),
        )
        .table();
    file(
        table,
        language,
        ("Fiche de jalon", "Posting of jalon"),
        (
            "Un recrutement : qui recrute, qui est prévenu, et les dates qui comptent.",
            "One recruitment: who recruits, who is reminded, and the dates that matter.",
        ),
    )
}

/// What a posting is.
fn general(keys: Keys, language: Language) -> Keys {
    let status = choice(
        language,
        &[
            ("open", "on cherche", "candidates are sought"),
            (
                "filled",
                "pourvu : début, fin et autres dates comptent encore",
                "filled: start, end and milestones still count",
            ),
            (
                "cancelled",
                "abandonné : plus aucun rappel, et chacun l'apprend",
                "cancelled: no more reminders, and people are told",
            ),
        ],
    );
    keys.may(
        "id",
        "L'identifiant de la fiche, pour toujours ; d'office, le nom du fichier sans « .toml ».",
        "The posting's id, for ever; by default the file's name without \".toml\".",
        id(&["chargee-accompagnement-2026"]),
    )
    .must(
        "title",
        "L'intitulé du poste, tel que les courriels le disent.",
        "The title of the job, as mails say it.",
        text(&["Chargé·e d'accompagnement"]),
    )
    .may("organisation", "Qui recrute.", "Who recruits.", text(&["Villages Vivants"]))
    .must(
        "recruiters",
        "Qui reçoit les rappels : des personnes ou des équipes de jalon.toml, ou des adresses.",
        "Who is reminded: people or teams of jalon.toml, or addresses.",
        people(&json!([["camille"], ["camille", "rh"], ["camille@example.org"]])),
    )
    .may(
        "time_zone",
        "Le fuseau dans lequel ces dates s'entendent ; d'office, celui de jalon.toml.",
        "The time zone in which these dates are meant; by default that of jalon.toml.",
        zone(),
    )
    .may(
        "language",
        "La langue des courriels de cette fiche (fr, en, ou un dossier de modèles) ; d'office, celle de jalon.toml.",
        "The language of this posting's mails (fr, en, or a folder of templates); by default that of jalon.toml.",
        languages(),
    )
    .may(
        "holidays",
        "Les jours fériés qui comptent ; d'office, ceux de jalon.toml.",
        "The holidays that count; by default those of jalon.toml.",
        holidays(),
    )
    .may(
        "days_off",
        "Des jours de fermeture de plus : des dates, et des périodes [premier, dernier].",
        "More days off: dates, and spans [first, last].",
        spans(),
    )
    .may(
        "work_days",
        "Des jours travaillés quand même : des dates, et des périodes [premier, dernier].",
        "Days worked all the same: dates, and spans [first, last].",
        spans(),
    )
    .may(
        "contract",
        "Le contrat, en quelques mots.",
        "The contract, in a few words.",
        text(&["CDD de 9 mois"]),
    )
    .may(
        "location",
        "Le lieu de travail, en quelques mots.",
        "Where the work is done, in a few words.",
        text(&["Crest (Drôme)"]),
    )
    .may(
        "url",
        "L'adresse de l'annonce publiée.",
        "The address of the published posting.",
        link(&["https://example.org/poste"]),
    )
    .may("reference", "Votre référence.", "Your own reference.", text(&["RH-2026-014"]))
    .may("published", "Le jour de la parution.", "The day of publication.", date())
    .may(
        "apply",
        "Où l'on candidate.",
        "Where candidates write.",
        Keys::new(language)
            .must(
                "email",
                "L'adresse des candidatures.",
                "The address of applications.",
                address(&["candidatures@example.org"]),
            )
            .may(
                "cc",
                "L'adresse en copie.",
                "The address that receives a copy.",
                address(&["aide@example.org"]),
            )
            .may("subject", "L'objet demandé.", "The subject to be given.", text(&["AEF"]))
            .table(),
    )
    .may(
        "status",
        "Où en est le recrutement.",
        "How far the recruitment is.",
        with(status, &json!({ "default": "open" })),
    )
}

/// Its dates.
fn dates(keys: Keys, language: Language) -> Keys {
    let event = |kind| event(kind, language);
    keys.may(
        "deadline",
        "La clôture des candidatures : until, before, ou un label si elle reste à fixer.",
        "The application deadline: until, before, or a label if it is still to be fixed.",
        deadline(language),
    )
    .may(
        "interview",
        "Les entretiens d'un tour : on, between, ou un label s'ils restent à fixer. Plusieurs tours : chacun a son [[interview]] et son nom.",
        "The interviews of a round: on, between, or a label if still to be fixed. Several rounds: each has its own [[interview]] and a name.",
        several(
            &event(Kind::Interview),
            &json!({ "if": { "minItems": 2 }, "then": { "items": { "required": ["name"] } } }),
        ),
    )
    .may(
        "start",
        "La prise de poste : on, between, ou un label si elle reste à fixer.",
        "The first day of work: on, between, or a label if it is still to be fixed.",
        event(Kind::Start),
    )
    .may(
        "end",
        "La fin du contrat : on, between, ou un label si elle reste à fixer.",
        "The last day of the contract: on, between, or a label if it is still to be fixed.",
        event(Kind::End),
    )
    .may(
        "milestone",
        "Une autre date qui compte, avec son nom : passation, fin de période d'essai…",
        "Another date that matters, with its name: handover, end of the trial period…",
        several(&event(Kind::Milestone), &json!({})),
    )
}

/// One of two keys for the date, never both; a label where neither stands.
fn one_date(table: Value, first: &str, second: &str) -> Value {
    with(
        table,
        &json!({
            "not": { "required": [first, second] },
            "if": { "not": { "required": [first] } },
            "then": { "if": { "not": { "required": [second] } }, "then": { "required": ["label"] } },
        }),
    )
}

fn deadline(language: Language) -> Value {
    let keys = Keys::new(language)
        .may(
            "until",
            "Le dernier jour où les candidatures sont reçues, inclus ; ou l'heure de clôture : 2026-06-28T12:00:00. Sans guillemets.",
            "The last day on which applications are accepted, included; or the time at which they close: 2026-06-28T12:00:00. No quotes.",
            moment(),
        )
        .may(
            "before",
            "« Avant le » : le premier jour où il est trop tard. Sans guillemets. Remplace until.",
            "The first day on which it is too late. No quotes. Stands in place of until.",
            moment(),
        );
    one_date(standing(keys, Kind::Deadline).table(), "until", "before")
}

fn event(kind: Kind, language: Language) -> Value {
    let mut keys = Keys::new(language);
    if matches!(kind, Kind::Interview | Kind::Milestone) {
        let name = "Son nom, tel que les courriels le disent.";
        keys = if kind == Kind::Milestone {
            keys.must("name", name, "Its name, as mails say it.", text(&["Passation"]))
        } else {
            keys.may(
                "name",
                "Le nom de ce tour ; il en faut un dès qu'il y a plusieurs tours.",
                "The name of this round; required as soon as there are several.",
                text(&["Premier tour"]),
            )
        };
        keys = keys.may(
            "id",
            "Son identifiant, pour toujours ; d'office, tiré du nom.",
            "Its id, for ever; by default made from the name.",
            id(&["tour-1"]),
        );
    }
    keys = keys
        .may(
            "on",
            "La date, ou la liste des dates ; avec l'heure si elle est connue : 2026-07-06T09:30:00. Sans guillemets.",
            "The date, or the list of dates; with the time if it is known: 2026-07-06T09:30:00. No quotes.",
            moments(),
        )
        .may(
            "between",
            "Un jour à fixer, entre ces deux-là. Remplace on.",
            "Some day between these two, not fixed yet. Stands in place of on.",
            window(),
        )
        .may("place", "Le lieu.", "Where.", text(&["Crest, ou visio"]))
        .may("link", "Le lien de la visio, ou de la page.", "The address of the call, or of a page.", link(&["https://visio.example.org/abc"]))
        .may("duration", "La durée d'un rendez-vous, s'il a une heure.", "How long an appointment lasts, if it has a time.", duration(&["45m", "1h30m"]));
    if kind == Kind::Interview {
        keys = keys
            .may(
                "panel",
                "Le jury, prévenu avec les recruteurs : des personnes, des équipes ou des adresses.",
                "The panel, reminded together with the recruiters: people, teams or addresses.",
                with(people(&json!([["camille"]])), &json!({ "minItems": 0 })),
            )
            .may(
                "candidate",
                "Un code pour la personne reçue, pas son nom.",
                "A code for who is met, not a name.",
                text(&["C-014"]),
            );
    }
    one_date(standing(keys, kind).table(), "on", "between")
}

/// What every date has.
fn standing(keys: Keys, kind: Kind) -> Keys {
    let label = match kind {
        Kind::Deadline => "fin juin",
        Kind::Interview => "6 ou 7 juillet",
        _ => "mi-mai",
    };
    keys.may(
        "label",
        "Comment les courriels disent la date, si elle se dit mieux autrement ; seul, il dit qu'elle reste à fixer.",
        "How mails word the date, where it is better said otherwise; alone, it says that it is still to be fixed.",
        text(&[label]),
    )
    .may(
        "cancelled",
        "Annulée : plus de rappel, et qui avait été prévenu l'apprend.",
        "It will not take place: no more reminders, and whoever was reminded is told.",
        boolean(false),
    )
    .may(
        "done",
        "C'est fait : plus de rappel, et personne n'est prévenu.",
        "It is done with: no more reminders, and nobody is told.",
        boolean(false),
    )
}
