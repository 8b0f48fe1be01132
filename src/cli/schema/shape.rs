//! The shapes that values of TOML have, as JSON Schema, and tables of described keys.
//!
//! What taplo makes of a schema was tried (taplo 0.9.3 and its language server 0.8.0), and decides some of it:
//! - TOML's dates and times are strings to it, as written. `format = "date"` takes a date; `date-time` and `time` take
//!   only what has an offset, which is just what jalon refuses: those two are patterns. A date between quotes looks the
//!   same to it as one without: only `jalon check` tells them apart.
//! - `"type": "string"` makes it put quotes after the key, `"type": ["string"]` does not: a date has no quotes.
//! - It proposes every branch of an `anyOf`, so "at least one of these keys" is said with `if` and `then`; and what is
//!   wrong below a branch is told of the whole value, so tables that may stand alone or in a list are no branches.

use serde_json::{Map, Value, json};

use crate::calendar::Kind;
use crate::calendar::days::Holidays;
use crate::diagnostic::{Language, WARNINGS, Words, say};
use crate::message::typography;

/// A word of a closed list, and what it means.
pub(super) type Meaning<'a> = (&'a str, &'a str, &'a str);

/// The keys of a table, each with its words.
pub(super) struct Keys {
    language: Language,
    properties: Map<String, Value>,
    required: Vec<&'static str>,
}

impl Keys {
    /// No key yet.
    pub(super) fn new(language: Language) -> Self {
        Self { language, properties: Map::new(), required: Vec::new() }
    }

    /// A key that may stand there: its description in French and in English, and its shape.
    pub(super) fn may(mut self, name: &str, fr: &str, en: &str, shape: Value) -> Self {
        self.properties.insert(name.to_owned(), described(shape, self.language, fr, en));
        self
    }

    /// A key that must.
    pub(super) fn must(mut self, name: &'static str, fr: &str, en: &str, shape: Value) -> Self {
        self.required.push(name);
        self.may(name, fr, en, shape)
    }

    /// The table.
    pub(super) fn table(self) -> Value {
        let mut table =
            json!({ "type": "object", "properties": self.properties, "additionalProperties": false });
        if !self.required.is_empty() {
            table["required"] = json!(self.required);
        }
        table
    }
}

/// The words in a language, with the no-break spaces of French.
pub(super) fn words(language: Language, fr: &str, en: &str) -> String {
    let Words { fr, en } = say(typography::text(fr), en);
    match language {
        Language::French => fr,
        Language::English => en,
    }
}

/// A shape with its description, which each of its branches has too: editors show either.
pub(super) fn described(mut shape: Value, language: Language, fr: &str, en: &str) -> Value {
    let description = Value::from(words(language, fr, en));
    let branches = shape.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten();
    for branch in branches {
        branch["description"] = description.clone();
    }
    shape["description"] = description;
    shape
}

/// A shape with more keywords.
pub(super) fn with(mut shape: Value, more: &Value) -> Value {
    if let (Some(shape), Some(more)) = (shape.as_object_mut(), more.as_object()) {
        shape.extend(more.clone());
    }
    shape
}

/// A schema of a whole file.
pub(super) fn file(table: Value, language: Language, title: (&str, &str), about: (&str, &str)) -> Value {
    let head = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": words(language, title.0, title.1),
    });
    described(with(table, &head), language, about.0, about.1)
}

/// A text on one line, not empty; blanks around it do not count.
pub(super) fn text(examples: &[&str]) -> Value {
    json!({ "type": "string", "pattern": r"^\s*\S([^\r\n]*\S)?\s*$", "maxLength": 500, "examples": examples })
}

/// True or false.
pub(super) fn boolean(default: bool) -> Value {
    json!({ "type": "boolean", "default": default })
}

/// A date, from 1900 to 2199.
pub(super) fn date() -> Value {
    json!({ "type": ["string"], "format": "date", "pattern": "^(19|20|21)", "examples": ["2026-06-28"] })
}

const MOMENT: &str = r"^(19|20|21)\d\d-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.0+)?)?)?$";

/// A date, or a local date-time.
pub(super) fn moment() -> Value {
    json!({ "type": ["string"], "pattern": MOMENT, "examples": ["2026-06-28", "2026-06-28T12:00:00"] })
}

/// One date or date-time, or several.
pub(super) fn moments() -> Value {
    // A local date-time right before a comma is 1970-01-01T00:00:00Z to taplo 0.9.3, whatever stands there.
    let listed = format!("{MOMENT}|^1970-01-01T00:00:00Z$");
    json!({
        "type": ["string", "array"],
        "pattern": MOMENT,
        "items": { "type": ["string"], "pattern": listed },
        "minItems": 1,
        "examples": ["2026-07-06", ["2026-07-06", "2026-07-07"], "2026-07-06T09:30:00"],
    })
}

/// The first and the last day of a window.
pub(super) fn window() -> Value {
    json!({
        "type": "array",
        "items": { "type": ["string"], "format": "date", "pattern": "^(19|20|21)" },
        "minItems": 2,
        "maxItems": 2,
        "examples": [["2026-05-15", "2026-06-01"]],
    })
}

/// Days, and spans of days.
pub(super) fn spans() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": ["string", "array"],
            "format": "date",
            "items": { "type": ["string"], "format": "date" },
            "minItems": 2,
            "maxItems": 2,
        },
        "examples": [["2026-05-15", ["2026-08-03", "2026-08-21"]]],
    })
}

/// A time of day.
pub(super) fn time() -> Value {
    json!({ "type": ["string"], "pattern": r"^\d\d:\d\d(:\d\d(\.0+)?)?$", "examples": ["09:00:00"] })
}

/// A length of time.
pub(super) fn duration(examples: &[&str]) -> Value {
    json!({
        "type": "string",
        "pattern": r"^(?=.*[1-9])(\d+d)?(\d+h)?(\d+m)?(\d+s)?$",
        "examples": examples,
    })
}

/// A mail address.
pub(super) fn address(examples: &[&str]) -> Value {
    json!({ "type": "string", "format": "idn-email", "examples": examples })
}

/// An address of a page, a mailbox or a telephone.
pub(super) fn link(examples: &[&str]) -> Value {
    let scheme = "([hH][tT][tT][pP][sS]?://|[mM][aA][iI][lL][tT][oO]:|[tT][eE][lL]:)";
    json!({ "type": "string", "pattern": format!(r"^\s*{scheme}\S+\s*$"), "examples": examples })
}

/// An id.
pub(super) fn id(examples: &[&str]) -> Value {
    json!({ "type": "string", "pattern": ID, "examples": examples })
}

/// What ids look like.
pub(super) const ID: &str = "^[a-z0-9][a-z0-9._-]{0,79}$";

/// A list of texts.
pub(super) fn texts(examples: &Value) -> Value {
    json!({ "type": "array", "items": { "type": "string", "minLength": 1 }, "examples": examples })
}

/// People, teams or addresses; at least one.
pub(super) fn people(examples: &Value) -> Value {
    with(texts(examples), &json!({ "minItems": 1 }))
}

/// A time zone. Its six hundred names are not listed: an editor would show them all at each slip.
pub(super) fn zone() -> Value {
    json!({
        "type": "string",
        "pattern": "^[A-Z][A-Za-z0-9_+/-]+$",
        "examples": ["Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "Pacific/Noumea"],
    })
}

/// One word of a closed list.
pub(super) fn choice(language: Language, meanings: &[Meaning<'_>]) -> Value {
    let known: Vec<&str> = meanings.iter().map(|(word, ..)| *word).collect();
    let about: Vec<String> = meanings.iter().map(|(_, fr, en)| words(language, fr, en)).collect();
    json!({ "type": "string", "enum": known, "x-taplo": { "docs": { "enumValues": about } } })
}

/// A language of mails: its code. Which there are besides French and English, the folder of templates knows.
pub(super) fn language() -> Value {
    json!({
        "type": "string",
        "pattern": r"^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?$",
        "examples": ["fr", "en"],
    })
}

/// A list of holidays.
pub(super) fn holidays() -> Value {
    json!({ "type": "string", "enum": Holidays::ALL.map(Holidays::code) })
}

/// Warnings that are not to be said.
pub(super) fn accepted(language: Language) -> Value {
    let meanings: Vec<Meaning<'_>> = WARNINGS.iter().map(|code| meaning(code)).collect();
    json!({ "type": "array", "items": choice(language, &meanings) })
}

/// What a warning is about.
fn meaning(code: &'static str) -> Meaning<'static> {
    let (fr, en) = match code {
        "past" => ("une date passée", "a date in the past"),
        "interview-before-deadline" => ("un entretien avant la clôture", "an interview before the deadline"),
        "start-before-deadline" => ("un début avant la clôture", "a start before the deadline"),
        "start-before-interview" => ("un début avant un entretien", "a start before an interview"),
        "end-before-start" => ("une fin avant le début", "an end before the start"),
        "day-off" => ("un dimanche, un jour férié ou fermé", "a Sunday, a holiday or a day off"),
        "weekday" => {
            ("un jour de la semaine qui ne va pas avec la date", "a weekday that does not fit the date")
        }
        "hour-skipped" => {
            ("une heure qui n'existe pas ce jour-là", "an hour that does not exist on that day")
        }
        "two-at-once" => ("une personne à deux entretiens à la fois", "a person in two interviews at once"),
        "no-late-reminder" => ("aucun rappel dans les 7 derniers jours", "no reminder in the last 7 days"),
        "due-too-late" => {
            ("un rappel qui viendrait après sa date", "a reminder that would come after its event")
        }
        "no-worked-day" => ("aucun jour travaillé assez près", "no worked day near enough"),
        "rule-twice" => ("deux règles pour un même rappel", "two rules for one reminder"),
        "empty-rule" => ("une règle qui ne rappelle rien", "a rule that reminds of nothing"),
        "date-twice" => ("une date écrite deux fois", "a date written twice"),
        "dotless-address" => ("une adresse sans .fr ni .org", "an address without .org or .com"),
        "hidden-character" => ("un caractère invisible", "a hidden character"),
        "same-posting" => ("deux fiches pour un même recrutement", "two postings of one recruitment"),
        "not-a-posting" => {
            ("une fiche dont le nom ne finit pas par .toml", "a posting whose name does not end with .toml")
        }
        "nobody-there" => {
            ("tout le monde absent le jour d'un rappel", "everybody away on the day of a reminder")
        }
        "alone" => {
            ("une absence sans personne pour prendre le relais", "an absence in which nobody stands in")
        }
        "over-rate" => ("un jour au-delà de ce que prend le relais", "a day over the relay's rate"),
        "beyond-ascii" => ("une adresse à lettres accentuées", "an address with letters beyond ASCII"),
        "zone-differs" => ("un autre fuseau que celui de la machine", "another zone than the machine's"),
        "password-login" => {
            ("un mot de passe là où il n'en faudra plus", "a password where none will do any more")
        }
        "plain-heartbeat" => ("une adresse de heartbeat sans https", "a heartbeat's address without https"),
        "no-operator" => ("personne à prévenir des pannes", "nobody to tell of failures"),
        "no-digest" => ("digest_of sans digest", "digest_of without a digest"),
        "shared-address" => ("une adresse pour deux personnes", "one address for two people"),
        other => (other, other),
    };
    (code, fr, en)
}

/// A kind of event.
fn kinds(language: Language) -> Value {
    let meanings = Kind::ALL.map(|kind| match kind {
        Kind::Deadline => (kind.word(), "la clôture des candidatures", "the application deadline"),
        Kind::Interview => (kind.word(), "les entretiens", "the interviews"),
        Kind::Start => (kind.word(), "la prise de poste", "the first day of work"),
        Kind::End => (kind.word(), "la fin du contrat", "the end of the contract"),
        Kind::Milestone => (kind.word(), "les autres dates", "the other dates"),
    });
    choice(language, &meanings)
}

/// Leads, each a distance.
fn leads(examples: &Value) -> Value {
    let lead = json!({ "type": "string", "pattern": "^0*[1-9][0-9]*(d|w|bd|h|m)$" });
    json!({ "type": "array", "items": lead, "examples": examples })
}

/// A table that may stand once (`[name]`) or several times (`[[name]]`); `list` is what holds of the list besides.
pub(super) fn several(table: &Value, list: &Value) -> Value {
    let mut shape = json!({
        "anyOf": [{ "type": "array" }, { "type": "object" }],
        "items": table,
        "if": { "type": "array" },
        "then": list,
        "else": {},
    });
    for (keyword, value) in table.as_object().into_iter().flatten() {
        match keyword.as_str() {
            // These look at objects only, and editors look for them here.
            "properties" | "additionalProperties" | "required" => shape[keyword] = value.clone(),
            _ => shape["else"][keyword] = value.clone(),
        }
    }
    shape
}

/// A rule; in a posting it may also be about one event.
pub(super) fn rule(language: Language, of_posting: bool) -> Value {
    let kinds = kinds(language);
    let event = if of_posting {
        let one = json!({ "type": "string", "pattern": "^(interview|milestone):[a-z0-9][a-z0-9._-]*$" });
        json!({ "anyOf": [kinds, one], "examples": ["deadline", "interview:premier-tour"] })
    } else {
        kinds
    };
    let day_off = choice(
        language,
        &[
            (
                "earlier",
                "le jour ouvré d'avant (d'office pour before)",
                "the working day before (default of before)",
            ),
            (
                "later",
                "le jour ouvré d'après (d'office pour after)",
                "the working day after (default of after)",
            ),
            ("keep", "ce jour-là quand même", "that day all the same"),
            ("skip", "pas de rappel", "no reminder"),
        ],
    );
    let to = json!({
        "type": "array",
        "items": { "anyOf": [{ "type": "string", "enum": ["recruiters", "panel"] }, { "type": "string", "minLength": 1 }] },
        "minItems": 1,
        "examples": [["recruiters"], ["recruiters", "panel"]],
    });
    Keys::new(language)
        .must(
            "event",
            if of_posting {
                "De quelles dates il s'agit : d'une sorte, ou d'une seule date par son nom (\"interview:premier-tour\")."
            } else {
                "De quelle sorte de dates il s'agit."
            },
            if of_posting {
                "Which dates it is about: a kind, or one date by its name (\"interview:first-round\")."
            } else {
                "Which kind of dates it is about."
            },
            event,
        )
        .may(
            "before",
            "Combien de temps avant : d jours, w semaines, bd jours ouvrés, h heures, m minutes. Une liste vide dit : aucun, exprès.",
            "How long before: d days, w weeks, bd working days, h hours, m minutes. An empty list says: none, on purpose.",
            leads(&json!([["7d", "1d"], ["2w", "3bd"], ["2h"]])),
        )
        .may("on_day", "Rappeler aussi le jour même.", "Remind on the day itself too.", boolean(false))
        .may(
            "after",
            "Combien de temps après : d jours, w semaines, bd jours ouvrés, h heures, m minutes.",
            "How long after: d days, w weeks, bd working days, h hours, m minutes.",
            leads(&json!([["1d"]])),
        )
        .may(
            "at",
            "L'heure des rappels comptés en jours, à la montre de qui les reçoit (d'office : 09:00:00). Sans guillemets.",
            "The time of reminders counted in days, by the reader's own clock (default: 09:00:00). No quotes.",
            time(),
        )
        .may(
            "day_off",
            "Ce que devient un rappel qui tomberait un dimanche, un jour férié ou un jour de fermeture.",
            "What becomes of a reminder that would fall on a Sunday, a holiday or a day off.",
            day_off,
        )
        .may(
            "to",
            "À qui : recruiters, panel (le jury), une personne, une équipe ou une adresse. D'office : les recruteurs, et le jury d'un entretien.",
            "To whom: recruiters, panel, a person, a team or an address. By default: the recruiters, and the panel of an interview.",
            to,
        )
        .table()
}
