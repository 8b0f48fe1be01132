//! Pure. What a token endpoint's refusal means, and the remedy: the error codes of OAuth 2.0 (RFC 6749 §5.2) and of
//! Microsoft Entra (« Microsoft Entra authentication and authorization error codes »), found in any text.

use crate::diagnostic::{Words, say};

/// What words of a token endpoint, or of a program that quotes them, mean, and what to do; `None` when they say
/// nothing known. A sentence or two, ended by a full stop.
#[must_use]
pub fn explained(said: &str) -> Option<Words> {
    let has = |code: &str| said.split(|sign: char| !is_of_word(sign)).any(|word| word == code);
    let row = TABLE.iter().find(|(codes, ..)| codes.iter().any(|code| has(code)));
    row.map(|(_, fr, en)| say(*fr, *en))
}

fn is_of_word(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || sign == '_'
}

/// Codes, French, English. From the particular to the general: the first row of which a code is there is told.
const TABLE: &[(&[&str], &str, &str)] = &[
    (
        &["AADSTS7000222"],
        "Le secret de l'application a expiré\u{a0}: créez-en un dans Entra (Inscriptions d'applications, l'application, Certificats et secrets), et mettez sa valeur à la place de l'ancien.",
        "The application's secret has expired: make a new one in Entra (App registrations, the application, Certificates & secrets), and put its value in place of the old one.",
    ),
    (
        &["AADSTS7000215"],
        "Le secret de l'application est faux\u{a0}: il faut sa valeur (Value), et non son identifiant (Secret ID).",
        "The application's secret is wrong: what is wanted is its Value, not its Secret ID.",
    ),
    (
        &["AADSTS700016"],
        "Microsoft ne connaît pas cette application dans cette organisation\u{a0}: vérifiez --client-id (« ID d'application (client) ») et --tenant (« ID de l'annuaire (locataire) »).",
        "Microsoft does not know this application in this organisation: check --client-id (\"Application (client) ID\") and --tenant (\"Directory (tenant) ID\").",
    ),
    (
        &["AADSTS90002", "AADSTS900023"],
        "Microsoft ne connaît pas cette organisation\u{a0}: vérifiez --tenant (« ID de l'annuaire (locataire) »).",
        "Microsoft does not know this organisation: check --tenant (\"Directory (tenant) ID\").",
    ),
    (
        &["AADSTS65001", "AADSTS50105"],
        "Un administrateur doit encore accorder la permission\u{a0}: dans Entra, l'application, Autorisations des API, « Accorder le consentement d'administrateur ».",
        "An administrator must still grant the permission: in Entra, the application, API permissions, \"Grant admin consent\".",
    ),
    (
        &["AADSTS7000112"],
        "L'application est désactivée dans Entra\u{a0}: son administrateur la réactive sous Applications d'entreprise.",
        "The application is disabled in Entra: its administrator enables it under Enterprise applications.",
    ),
    (
        &["AADSTS700082", "AADSTS70008", "AADSTS50173", "AADSTS50076", "AADSTS50079"],
        "Le jeton d'actualisation ne vaut plus (trop longtemps inutilisé, mot de passe changé, ou double authentification exigée)\u{a0}: obtenez-en un nouveau, ou passez à un secret d'application, qui ne dépend de personne.",
        "The refresh token is no longer good (unused for too long, password changed, or a second factor asked for): get a new one, or move to an application's secret, which depends on nobody.",
    ),
    (
        &["AADSTS53003"],
        "Une règle d'accès conditionnel de l'organisation refuse cette connexion\u{a0}: son administrateur voit laquelle dans Entra, « Journaux de connexion », et y fait une exception.",
        "A conditional access policy of the organisation refuses this login: its administrator sees which one in Entra, \"Sign-in logs\", and makes an exception there.",
    ),
    (
        &["invalid_grant"],
        "Le jeton d'actualisation n'est plus accepté (révoqué, expiré, ou mot de passe changé)\u{a0}: obtenez-en un nouveau. Chez Google, un projet « en test » n'en donne que pour sept jours\u{a0}: publiez-le, ou rendez-le interne.",
        "The refresh token is no longer accepted (revoked, expired, or the password was changed): get a new one. At Google, a project \"in testing\" gives them for seven days only: publish it, or make it internal.",
    ),
    (
        &["invalid_client"],
        "Le fournisseur refuse l'identifiant ou le secret de l'application\u{a0}: vérifiez --client-id et le secret.",
        "The provider refuses the application's id or secret: check --client-id and the secret.",
    ),
    (
        &["unauthorized_client"],
        "L'application n'a pas le droit de demander un jeton ainsi\u{a0}: vérifiez --client-id, --tenant, et le type de l'application.",
        "The application may not ask for a token this way: check --client-id, --tenant, and the kind of the application.",
    ),
    (
        &["invalid_scope"],
        "Le fournisseur ne donne pas cet accès\u{a0}: la permission d'envoyer manque à l'application (README, « Microsoft 365 and Google »).",
        "The provider does not give this access: the application lacks the permission to send (README, \"Microsoft 365 and Google\").",
    ),
    (
        &["unsupported_grant_type", "invalid_request"],
        "Le fournisseur ne comprend pas la demande\u{a0}: vérifiez --endpoint, --tenant et --client-id.",
        "The provider does not understand the request: check --endpoint, --tenant and --client-id.",
    ),
];
