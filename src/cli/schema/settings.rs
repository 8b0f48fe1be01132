//! The schema of jalon.toml; its keys in the order of `settings::read`.

use serde_json::{Value, json};

use super::shape::{
    ID, Keys, accepted, address, boolean, choice, date, duration, file, holidays, language as languages,
    rule, several, spans, text, texts, with, zone,
};
use crate::diagnostic::Language;
use crate::settings::CONNECTIONS;

/// The schema, described in a language.
pub(super) fn schema(language: Language) -> Value {
    let keys = Keys::new(language)
        .must(
            "time_zone",
            "Le fuseau dans lequel les dates s'entendent ; celui de la machine n'est jamais lu.",
            "The time zone in which dates are meant; the machine's is never read.",
            zone(),
        )
        .may(
            "language",
            "La langue des courriels (fr, en, ou un dossier de modèles), pour qui n'en a pas choisi.",
            "The language of mails (fr, en, or a folder of templates), for people who have none of their own.",
            with(languages(), &json!({ "default": "fr" })),
        )
        .may("holidays", "Les jours fériés qui comptent.", "The holidays that count.", with(holidays(), &json!({ "default": "FR" })))
        .may(
            "days_off",
            "Des jours de fermeture de plus : des dates, et des périodes [premier, dernier].",
            "Also closed: dates, and spans [first, last].",
            spans(),
        )
        .may(
            "work_days",
            "Des jours travaillés quand même : des dates, et des périodes [premier, dernier].",
            "Worked all the same: dates, and spans [first, last].",
            spans(),
        )
        .may(
            "postings",
            "Le dossier des fiches, depuis ce fichier.",
            "The folder of postings, relative to this file.",
            with(text(&["postings"]), &json!({ "default": "postings" })),
        )
        .may(
            "templates",
            "Un dossier de modèles qui remplacent ceux de jalon, depuis ce fichier ; d'office « templates » s'il existe.",
            "A folder of templates that replace built-in ones, relative to this file; by default \"templates\" if it exists.",
            text(&["templates"]),
        )
        .may(
            "accept",
            "Les avertissements de « jalon check » à ne pas dire (de toutes les fiches).",
            "Warnings of `jalon check` that are not to be said (of any file).",
            accepted(language),
        )
        .may("mail", "Qui écrit, et à qui l'on répond.", "Who writes, and where answers go.", mail(language))
        .may(
            "people",
            "Les personnes : [people.camille] et ainsi de suite ; les fiches les nomment par ce mot.",
            "People: [people.camille] and so on; postings name them by that word.",
            named(&person(language)),
        )
        .may(
            "teams",
            "Les équipes : un nom, et la liste de ses membres (des personnes, des adresses, des équipes).",
            "Teams: a name, and the list of its members (people, addresses, teams).",
            named(&texts(&json!([["camille", "sacha"]]))),
        )
        .may(
            "remind",
            "Une règle de rappel, pour une sorte de date ; sans règle, celle de jalon vaut.",
            "A rule of reminders, for a kind of date; without one, jalon's own holds.",
            several(&rule(language, false), &json!({})),
        );
    let table = machine(keys, language).table();
    file(
        table,
        language,
        ("jalon.toml", "jalon.toml"),
        (
            "Le service : fuseau, personnes, règles de rappel, courriel, registre.",
            "The service: time zone, people, rules, mail, ledger.",
        ),
    )
}

/// What an administrator decides.
fn machine(keys: Keys, language: Language) -> Keys {
    let in_doubt = choice(
        language,
        &[
            ("resend", "le renvoyer, avec le même Message-ID", "send it again, with the same Message-ID"),
            ("hold", "le retenir jusqu'à ce que quelqu'un décide", "hold it until a person decides"),
        ],
    );
    keys.may(
        "ledger",
        "Le registre de ce qui est parti et de ce qui partira.",
        "The record of what left and of what will.",
        Keys::new(language)
            .may(
                "url",
                "Où il est ; d'office $STATE_DIRECTORY/jalon.db, sinon ./var/jalon.db. Plusieurs serveurs en partagent un dans PostgreSQL.",
                "Where it is; by default $STATE_DIRECTORY/jalon.db, else ./var/jalon.db. Several hosts share one in PostgreSQL.",
                text(&["sqlite:var/jalon.db", "postgres://jalon@db.example.org/jalon"]),
            )
            .may(
                "password",
                "Où est le mot de passe de PostgreSQL : credential (systemd), file ou env. Jamais le mot de passe lui-même.",
                "Where the password of PostgreSQL is kept: credential (systemd), file or env. Never the password itself.",
                password(language),
            )
            .may(
                "keep",
                "Combien de temps garder ce qui est fini.",
                "How long what is over is remembered.",
                with(duration(&["400d"]), &json!({ "default": "400d" })),
            )
            .table(),
    )
    .may(
        "feed",
        "Des calendriers (.ics) auxquels s'abonner : un de tout, un par personne.",
        "Calendars (.ics) to subscribe to: one of everything, one for each person.",
        Keys::new(language)
            .must(
                "folder",
                "Le dossier qu'un serveur web sert ; sous $STATE_DIRECTORY s'il est relatif.",
                "The folder that a web server serves; below $STATE_DIRECTORY if it is relative.",
                text(&["feeds"]),
            )
            .table(),
    )
    .may(
        "smtp",
        "Un relais ; [[smtp]] plusieurs fois, dans l'ordre de préférence. Remplace outbox.",
        "A relay; [[smtp]] several times, in order of preference. Stands in place of outbox.",
        several(&relay(language), &json!({})),
    )
    .may(
        "delivery",
        "Quand et comment le courriel part.",
        "When and how mail is delivered.",
        Keys::new(language)
            .may(
                "late_limit",
                "Combien de temps un rappel d'après une date reste utile.",
                "How long a reminder after an event is of use.",
                with(duration(&["3d"]), &json!({ "default": "3d" })),
            )
            .may(
                "in_doubt",
                "Que faire d'un courriel peut-être déjà parti.",
                "What to do with a mail that may have left.",
                with(in_doubt, &json!({ "default": "resend" })),
            )
            .may(
                "hours",
                "Les heures où partent les avis et ce qui est en retard, à la montre de qui les reçoit.",
                "The hours in which notices and late mails leave, by the reader's own clock.",
                json!({
                    "type": "string",
                    "pattern": r"^\s*\d{1,2}:\d{1,2}\s*-\s*\d{1,2}:\d{1,2}\s*$",
                    "default": "07:00-21:00",
                    "examples": ["07:00-21:00"],
                }),
            )
            .may(
                "preflight",
                "Quand essayer chaque relais, sans rien envoyer, la veille d'un jour où des courriels partent ; false : jamais.",
                "When to try each relay, sending nothing, on the evening before a day with mails; false: never.",
                json!({
                    "type": ["string", "boolean"],
                    "pattern": r"^\s*\d{1,2}:\d\d(:\d\d(\.0+)?)?\s*$",
                    "default": "17:00",
                    "examples": ["17:00", false],
                }),
            )
            .table(),
    )
    .may(
        "monitoring",
        "Les signes de vie que le service donne à qui le surveille.",
        "The signs of life that the service gives to those who watch over it.",
        Keys::new(language)
            .may(
                "heartbeat",
                "Une adresse à interroger chaque minute quand tout va bien (Healthchecks et semblables) ; un secret, qui peut être gardé ailleurs.",
                "An address to ask every minute while all is well (Healthchecks and the like); a secret, which may be kept elsewhere.",
                json!({ "anyOf": [
                    { "type": "string", "pattern": r"^\s*[hH][tT][tT][pP][sS]?://[^\s@#]+\s*$", "examples": ["https://hc-ping.com/UUID"] },
                    password(language),
                ] }),
            )
            .may(
                "metrics",
                "Un fichier de mesures pour le collecteur « textfile » de node-exporter : un chemin entier, qui finit par .prom.",
                "A file of metrics for node-exporter's textfile collector: a whole path that ends with .prom.",
                json!({
                    "type": "string",
                    "pattern": r"^\s*/.*\.prom\s*$",
                    "examples": ["/var/lib/prometheus/node-exporter/jalon.prom"],
                }),
            )
            .table(),
    )
}

/// A table whose keys are ids.
fn named(entry: &Value) -> Value {
    json!({ "type": "object", "propertyNames": { "pattern": ID }, "additionalProperties": entry })
}

/// A name and an address, or an address.
fn mailbox(examples: &[&str]) -> Value {
    json!({ "type": "string", "pattern": r"^(.*<)?[^\s<>]+@[^\s<>]+>?\s*$", "examples": examples })
}

fn mail(language: Language) -> Value {
    Keys::new(language)
        .must(
            "from",
            "Qui écrit : un nom et une adresse.",
            "Who writes: a name and an address.",
            mailbox(&["Recrutement <recrutement@example.org>"]),
        )
        .may(
            "operator",
            "L'adresse de qui est prévenu quand quelque chose ne va pas.",
            "The address of whoever is told when something is wrong.",
            address(&["admin@example.org"]),
        )
        .may(
            "reply_to",
            "Où vont les réponses, si ce n'est à from.",
            "Where answers go, if not to from.",
            mailbox(&["rh@example.org"]),
        )
        .may(
            "bounces",
            "L'adresse d'enveloppe, où reviennent les refus, si ce n'est celle de from.",
            "The envelope sender, where bounces go, if not the address of from.",
            address(&["retours@example.org"]),
        )
        .may(
            "outbox",
            "Un dossier, au lieu d'un relais : les courriels y deviennent des fichiers .eml, et personne ne reçoit rien.",
            "A folder, in place of a relay: mails become .eml files, and nobody receives anything.",
            text(&["var/outbox"]),
        )
        .may(
            "recipients",
            "Les seules adresses où l'on peut écrire : @domaine, ou des adresses entières.",
            "The only addresses that may be written to: @domain, or whole addresses.",
            json!({
                "type": "array",
                "items": { "type": "string", "pattern": r"^\s*\S*@\S+\s*$" },
                "examples": [["@example.org"]],
            }),
        )
        .table()
}

fn person(language: Language) -> Value {
    let digest_of = choice(
        language,
        &[
            ("own", "des fiches dont les rappels lui viennent", "of the postings of which they are reminded"),
            ("all", "de toutes les fiches", "of all postings"),
        ],
    );
    Keys::new(language)
        .may("name", "Son nom, dans les courriels.", "Their name, in mails.", text(&["Camille Exemple"]))
        .must("email", "Son adresse.", "Their address.", address(&["camille@example.org"]))
        .may(
            "language",
            "La langue de ses courriels, quelle que soit la fiche.",
            "The language of their mails, whatever the posting's.",
            languages(),
        )
        .may(
            "time_zone",
            "Son fuseau : les rappels partent à l'heure de sa montre.",
            "Their time zone: reminders leave by their own clock.",
            zone(),
        )
        .may(
            "digest",
            "Quand envoyer un récapitulatif : minute heure jour mois jour-de-semaine. \"0 8 * * Mon\" : le lundi à 8 h.",
            "When to send a digest: minute hour day month weekday. \"0 8 * * Mon\": on Mondays at eight.",
            json!({ "type": "string", "pattern": r"^\s*\S+(\s+\S+){4}\s*$", "examples": ["0 8 * * Mon"] }),
        )
        .may(
            "digest_of",
            "De quelles fiches parle son récapitulatif.",
            "Which postings the digest is about.",
            with(digest_of, &json!({ "default": "own" })),
        )
        .may(
            "digest_always",
            "Envoyer le récapitulatif même s'il n'y a rien à dire.",
            "Send the digest also when there is nothing to say.",
            boolean(false),
        )
        .may(
            "away",
            "Ses absences : des dates, et des périodes [premier jour, dernier jour].",
            "When they are away: dates, and spans [first day, last day].",
            spans(),
        )
        .may(
            "leaves",
            "Le jour de son départ, pour de bon ; l'entrée reste tant que des fiches nomment la personne.",
            "The first day on which they are gone for good; the entry stays as long as postings name them.",
            date(),
        )
        .may(
            "cover",
            "Qui lit son courrier pendant ce temps : le mot d'une autre personne.",
            "Who reads their mail meanwhile: another person's word.",
            text(&["sacha"]),
        )
        .table()
}

fn relay(language: Language) -> Value {
    let tls = choice(
        language,
        &[
            ("starttls", "STARTTLS, exigé (port 587)", "STARTTLS, never downgraded (port 587)"),
            ("implicit", "TLS dès le premier octet (port 465)", "TLS from the first byte (port 465)"),
            ("none", "aucun : pour localhost seulement (port 25)", "none: for localhost only (port 25)"),
        ],
    );
    let table = Keys::new(language)
        .must(
            "host",
            "Le nom de la machine, et rien d'autre.",
            "Its host name, and nothing else.",
            json!({
                "type": "string",
                "pattern": r"^\s*[A-Za-z0-9._:\[\]-]+\s*$",
                "examples": ["smtp.example.org"],
            }),
        )
        .may("tls", "Comment le lien est protégé.", "How the link is secured.", with(tls, &json!({ "default": "starttls" })))
        .may(
            "port",
            "Son port ; d'office 587 avec starttls, 465 avec implicit, 25 avec none.",
            "Its port; by default 587 with starttls, 465 with implicit, 25 with none.",
            json!({ "type": "integer", "minimum": 1, "maximum": 65535, "examples": [587] }),
        )
        .may("username", "Le nom d'utilisateur.", "The login.", text(&["recrutement@example.org"]))
        .may(
            "password",
            "Où le mot de passe est gardé : credential (systemd), file ou env. Jamais le mot de passe lui-même.",
            "Where the password is kept: credential (systemd), file or env. Never the password itself.",
            password(language),
        )
        .may(
            "token_command",
            "Une commande qui donne un jeton OAuth 2.0 (XOAUTH2), à la place d'un mot de passe : un programme et ses mots, sans shell.",
            "A command that prints an OAuth 2.0 token (XOAUTH2), in place of a password: a program and its words, without a shell.",
            with(texts(&json!([["jalon", "token", "microsoft", "--tenant", "…"]])), &json!({ "minItems": 1 })),
        )
        .may(
            "auth",
            "Les façons de s'identifier, dans l'ordre ; d'office plain, puis login.",
            "The ways to log in, in order; by default plain, then login.",
            json!({
                "type": "array",
                "items": { "type": "string", "enum": ["plain", "login", "xoauth2"] },
                "examples": [["plain", "login"]],
            }),
        )
        .may(
            "ca_file",
            "Une autorité de certification de plus (PEM), depuis ce fichier.",
            "A certificate authority to trust besides the system's (PEM), relative to this file.",
            text(&["ca.pem"]),
        )
        .may(
            "rate",
            "Ce que le relais accepte : \"30/min\", \"200/h\", \"500/day\". Chaque fenêtre glisse (une journée, ce sont les dernières 24 heures) ; tout courriel commencé compte, aussi avant un redémarrage.",
            "How much it takes: \"30/min\", \"200/h\", \"500/day\". Every window slides (a day is the last 24 hours); each mail that was begun counts, before a restart as well.",
            json!({
                "type": "array",
                "items": {
                    "type": "string",
                    "pattern": r"^\s*0*[1-9]\d*\s*/\s*(s|sec|second|m|min|minute|h|hour|d|day)\s*$",
                },
                "examples": [["30/min", "500/day"]],
            }),
        )
        .may(
            "connections",
            "Combien de courriels le relais reçoit à la fois au plus, chacun par sa propre connexion ; d'office 3, ce que prend Exchange Online.",
            "How many mails the relay is given at once at most, each on a connection of its own; by default 3, what Exchange Online takes.",
            json!({ "type": "integer", "minimum": 1, "maximum": 16, "default": CONNECTIONS, "examples": [1] }),
        )
        .table();
    with(
        table,
        &json!({
            "dependencies": { "password": ["username"], "token_command": ["username"] },
            "not": { "required": ["password", "token_command"] },
            "if": { "required": ["username"], "not": { "required": ["password"] } },
            "then": { "required": ["token_command"] },
        }),
    )
}

fn password(language: Language) -> Value {
    let keys = Keys::new(language)
        .may(
            "credential",
            "Le nom d'un secret de systemd (LoadCredential=).",
            "The name of a systemd credential (LoadCredential=).",
            text(&["smtp-password"]),
        )
        .may(
            "file",
            "Un fichier que personne d'autre ne lit (chmod 600), depuis jalon.toml.",
            "A file that nobody else can read (chmod 600), relative to jalon.toml.",
            text(&["smtp.password"]),
        )
        .may("env", "Une variable d'environnement.", "An environment variable.", text(&["SMTP_PASSWORD"]));
    with(keys.table(), &json!({ "minProperties": 1, "maxProperties": 1 }))
}
