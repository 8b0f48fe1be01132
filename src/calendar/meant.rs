//! Pure. What was probably meant: keys and words of another language, and the table in which a key belongs. Only
//! remedies are made from it, and whom to tell them; no posting is ever read this way.

use crate::diagnostic::{Words, nearest, say};

/// The words of a closed list as people write them who think in French, or of something else.
const VALUES: &[(&str, &str)] = &[
    ("ouvert", "open"),
    ("ouverte", "open"),
    ("en cours", "open"),
    ("pourvu", "filled"),
    ("pourvue", "filled"),
    ("trouvé", "filled"),
    ("recruté", "filled"),
    ("closed", "filled"),
    ("annulé", "cancelled"),
    ("annulée", "cancelled"),
    ("annule", "cancelled"),
    ("abandonné", "cancelled"),
    ("français", "fr"),
    ("francais", "fr"),
    ("french", "fr"),
    ("fr_fr", "fr"),
    ("anglais", "en"),
    ("english", "en"),
    ("avant", "earlier"),
    ("before", "earlier"),
    ("après", "later"),
    ("after", "later"),
    ("garder", "keep"),
    ("sauter", "skip"),
    ("tous", "all"),
    ("toutes", "all"),
    ("tout", "all"),
    ("miens", "own"),
    ("ssl", "implicit"),
    ("smtps", "implicit"),
    ("tls", "starttls"),
    ("true", "starttls"),
    ("aucun", "none"),
    ("non", "none"),
    ("renvoyer", "resend"),
    ("retenir", "hold"),
    ("france", "FR"),
    ("alsace", "FR-alsace-moselle"),
    ("moselle", "FR-alsace-moselle"),
    ("réunion", "FR-reunion"),
    ("recruteurs", "recruiters"),
    ("jury", "panel"),
    ("date_limite", "deadline"),
    ("clôture", "deadline"),
    ("entretien", "interview"),
    ("entretiens", "interview"),
    ("début", "start"),
    ("prise de poste", "start"),
    ("fin", "end"),
];

/// Which of these words was meant.
pub fn word<'a>(found: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'a str> {
    let lower = found.trim().to_lowercase();
    let translated = VALUES.iter().filter(|(word, _)| *word == lower).map(|(_, meant)| *meant);
    let mut translated = translated.filter_map(|meant| known.clone().into_iter().find(|word| *word == meant));
    translated.next().or_else(|| nearest(found, known))
}

/// The remedy for a word outside a closed list.
#[must_use]
pub fn choices(found: &str, known: &[&str]) -> Words {
    word(found, known.iter().copied()).map_or_else(
        || {
            say(
                format!("choisissez parmi\u{a0}: {}", known.join(", ")),
                format!("choose among: {}", known.join(", ")),
            )
        },
        |near| say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?")),
    )
}

/// What people write who think in French, or of another program: each with the keys that it may stand for.
const KEYS: &[(&[&str], &[&str])] = &[
    (&["titre", "intitulé", "intitule", "poste", "nom_du_poste", "job", "job_title"], &["title"]),
    (
        &["organisme", "structure", "employeur", "association", "entreprise", "employer", "company"],
        &["organisation"],
    ),
    (
        &["recruteurs", "recruteur", "recruteuse", "recruteuses", "responsable", "responsables", "contacts"],
        &["recruiters"],
    ),
    (&["contrat", "type_contrat", "type_de_contrat"], &["contract"]),
    (&["lieu", "ville", "adresse", "où", "ou", "salle"], &["place", "location"]),
    (&["lien", "url", "site", "annonce", "visio"], &["link", "url"]),
    (&["référence", "réf", "ref"], &["reference"]),
    (&["publié", "publie", "publiée", "publication", "date_publication", "publié_le"], &["published"]),
    (&["candidature", "candidatures", "postuler", "candidater"], &["apply"]),
    (&["email", "mail", "courriel", "e-mail", "adresse", "adresse_mail"], &["email", "apply"]),
    (&["copie"], &["cc"]),
    (&["objet", "sujet"], &["subject"]),
    (&["durée", "duree"], &["duration"]),
    (&["statut", "état", "etat"], &["status"]),
    (&["langue"], &["language"]),
    (&["fuseau", "fuseau_horaire", "zone", "timezone", "tz"], &["time_zone"]),
    (&["fériés", "jours_fériés", "jours_feries"], &["holidays"]),
    (&["fermetures", "jours_fermés", "jours_fermes"], &["days_off"]),
    (&["date", "dates", "le", "jour", "jours", "day", "days"], &["on", "until"]),
    (&["until", "before"], &["on"]),
    (&["on"], &["until"]),
    (&["entre", "période", "periode", "window"], &["between"]),
    (&["nom"], &["name"]),
    (&["libellé", "libelle", "texte", "mention"], &["label"]),
    (&["jusqu'au", "jusqu", "jusqu_au", "jusquau", "fin", "dernier_jour", "date", "limite"], &["until"]),
    (&["avant", "avant_le"], &["before"]),
    (&["après", "apres"], &["after"]),
    (&["jour_même", "jour_meme", "le_jour", "jour_j"], &["on_day"]),
    (&["heure", "time", "hour"], &["at", "on"]),
    (&["jury", "participants", "avec"], &["panel"]),
    (&["candidat", "candidate", "candidat·e"], &["candidate"]),
    (&["annulé", "annule", "annulée"], &["cancelled"]),
    (&["fait", "terminé", "termine"], &["done"]),
    (&["destinataires", "destinataire", "à", "qui", "pour"], &["to"]),
    (&["annoncer"], &["announce"]),
    (&["identifiant", "code"], &["id"]),
    (&["accepter", "ignorer", "ignore"], &["accept"]),
    (
        &["date_limite", "date limite", "limite", "clôture", "cloture", "échéance", "echeance", "closing"],
        &["deadline"],
    ),
    (&["entretien", "entretiens", "interviews", "audition", "auditions"], &["interview"]),
    (
        &["début", "debut", "prise_de_poste", "prise de poste", "embauche", "arrivée", "date_debut"],
        &["start"],
    ),
    (&["fin", "fin_de_contrat", "terme", "date_fin"], &["end"]),
    (&["étape", "etape", "jalon", "milestones"], &["milestone"]),
    (&["rappel", "rappels", "relance", "relances", "reminder", "reminders", "rule"], &["remind"]),
    (&["personnes", "personne", "person", "users"], &["people"]),
    (&["équipes", "équipe", "equipe", "equipes", "team"], &["teams"]),
    (&["absent", "absence", "absences", "congés", "conges", "vacances"], &["away"]),
    (&["remplaçant", "remplacant", "remplace"], &["cover"]),
    (&["départ", "depart", "part"], &["leaves"]),
    (&["récapitulatif", "recapitulatif", "résumé"], &["digest"]),
    (&["expéditeur", "expediteur", "de", "sender"], &["from"]),
    (&["opérateur", "operateur", "admin"], &["operator"]),
    (&["serveur", "server", "hôte", "hote", "hostname"], &["host"]),
    (
        &["utilisateur", "user", "usr", "user_name", "login", "identifiant", "compte", "smtp_user"],
        &["username"],
    ),
    (
        &[
            "mot_de_passe",
            "motdepasse",
            "mot_passe",
            "motpasse",
            "mdp",
            "pass",
            "passe",
            "passwd",
            "psswd",
            "passwort",
            "pwd",
            "psw",
            "pw",
            "secret",
            "smtp_pass",
            "smtp_password",
            "smtp_pwd",
        ],
        &["password"],
    ),
    (&["débit", "limite", "limit"], &["rate"]),
    (&["fiches", "dossier"], &["postings"]),
    (&["modèles", "modeles"], &["templates"]),
    (&["registre", "database", "db"], &["ledger"]),
    (&["heures"], &["hours"]),
];

/// The keys that a name stands for in another language.
pub fn translations(name: &str) -> impl Iterator<Item = &'static str> {
    let (lower, spaced) = (name.to_lowercase(), spaced(name));
    let found = KEYS
        .iter()
        .filter(move |(names, _)| names.contains(&lower.as_str()) || names.contains(&spaced.as_str()));
    found.flat_map(|(_, keys)| keys.iter().copied())
}

fn spaced(name: &str) -> String {
    name.to_lowercase().replace([' ', '-', '\''], "_")
}

/// Which of these keys a name stands for, in another language or with blanks in it.
pub fn translated<'a>(name: &str, known: &(impl Iterator<Item = &'a str> + Clone)) -> Option<&'a str> {
    let wanted = spaced(name);
    let find = |wanted: &str| known.clone().find(|word| *word == wanted);
    find(&wanted).or_else(|| translations(name).find_map(find))
}

/// Which of these keys was meant: in another language, or with a slip of the pen.
pub fn key<'a>(name: &str, known: impl IntoIterator<Item = &'a str, IntoIter: Clone>) -> Option<&'a str> {
    let known = known.into_iter();
    translated(name, &known).or_else(|| nearest(name, known))
}

/// `true` or `false`, as people say it.
#[must_use]
pub fn boolean(text: &str) -> Option<&'static str> {
    match text.trim().to_lowercase().as_str() {
        "true" | "oui" | "yes" | "vrai" => Some("true"),
        "false" | "non" | "no" | "faux" => Some("false"),
        _ => None,
    }
}

/// What to write for `true` or `false`, of a key that wants a word.
#[must_use]
pub fn of_boolean(key: &str, found: bool) -> Option<Words> {
    let (fr, en) = match (key, found) {
        ("holidays", false) => ("\"none\"", "\"none\""),
        ("holidays", true) => ("\"FR\"", "\"FR\""),
        ("tls", true) => (
            "\"starttls\" (port 587 le plus souvent), ou \"implicit\" (port 465)",
            "\"starttls\" (port 587 as a rule), or \"implicit\" (port 465)",
        ),
        ("tls", false) => ("\"starttls\"", "\"starttls\""),
        _ => return None,
    };
    Some(say(format!("écrivez {key} = {fr}"), format!("write {key} = {en}")))
}

/// Where a key is written: before the first table, or in one.
const HOMES: &[(&[&str], &str)] = &[
    (
        &[
            "title",
            "organisation",
            "recruiters",
            "contract",
            "location",
            "url",
            "reference",
            "published",
            "apply",
            "status",
            "announce",
            "accept",
        ],
        "",
    ),
    (&["until"], "[deadline]"),
    (&["panel", "candidate"], "[[interview]]"),
    (&["duration", "link", "place", "between"], "[[interview]], [start], [end], [[milestone]]"),
    (&["on"], "[[interview]], [start], [end], [[milestone]]"),
    (&["on_day", "day_off", "after", "to", "event"], "[[remind]]"),
    (&["from", "operator", "reply_to", "bounces", "recipients", "outbox"], "[mail]"),
    (
        &[
            "host",
            "port",
            "tls",
            "username",
            "password",
            "auth",
            "ca_file",
            "rate",
            "connections",
            "token_command",
        ],
        "[smtp]",
    ),
    (&["late_limit", "in_doubt", "hours"], "[delivery]"),
    (&["keep"], "[ledger]"),
];

const HOUSE: &[&str] = &["[mail]", "[smtp]", "[delivery]", "[ledger]"];

/// Where a key belongs that stands in the wrong table; `root` says whether it stands before the first one,
/// `settings` whether in jalon.toml.
#[must_use]
pub fn home(name: &str, root: bool, settings: bool) -> Option<Words> {
    let shared =
        ["time_zone", "language", "holidays", "days_off", "work_days", "postings", "templates", "accept"];
    let top = if settings {
        shared.contains(&name)
    } else {
        shared[..5].contains(&name)
            || name == "id"
            || HOMES.first().is_some_and(|(names, _)| names.contains(&name))
    };
    if !root && top {
        return Some(say(
            format!("« {name} » se place en haut du fichier, avant la première ligne entre crochets"),
            format!("`{name}` stands at the top of the file, before the first line in brackets"),
        ));
    }
    let fits =
        |place: &str| !place.is_empty() && (HOUSE.contains(&place) == settings || place == "[[remind]]");
    let (_, place) = HOMES.iter().find(|(names, place)| names.contains(&name) && fits(place))?;
    let (first, several) = place.split_once(", ").map_or((*place, false), |(first, _)| (first, true));
    let (or, or_en) = if several {
        (format!(" (ou {})", &place[first.len() + 2..]), format!(" (or {})", &place[first.len() + 2..]))
    } else {
        Default::default()
    };
    Some(say(
        format!("« {name} » se place sous {first}{or}"),
        format!("`{name}` stands under {first}{or_en}"),
    ))
}

/// A key as a file shows it: tables in their brackets.
#[must_use]
pub fn shown(key: &str) -> Option<String> {
    match key {
        "deadline" | "start" | "end" | "mail" | "smtp" | "delivery" | "ledger" | "teams" => {
            Some(format!("[{key}]"))
        }
        "interview" | "milestone" | "remind" => Some(format!("[[{key}]]")),
        "people" => Some("[people.camille]".to_owned()),
        "apply" => Some("apply = { email = \"…\" }".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_find_their_home() {
        assert_eq!(key("date_limite", ["deadline", "title"]), Some("deadline"));
        assert_eq!(key("lieu", ["location", "title"]), Some("location"));
        assert_eq!(key("lieu", ["place", "on"]), Some("place"));
        assert_eq!(key("time zone", ["time_zone"]), Some("time_zone"));
        assert_eq!(key("zzz", ["time_zone"]), None);
        let home =
            |name, root, settings| home(name, root, settings).map(|words| words.en).unwrap_or_default();
        assert!(home("url", false, false).contains("top of the file"));
        assert!(home("until", true, false).ends_with("under [deadline]"));
        assert!(home("operator", true, true).ends_with("under [mail]"));
        assert_eq!(home("operator", true, false), "");
        assert_eq!(home("until", true, true), "");
    }
}
