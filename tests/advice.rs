//! What providers' refusals mean for whoever runs jalon: the sentences as they are really sent, and a word that the
//! remedy must have, in both languages.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use jalon::diagnostic::Words;
use jalon::message::advice::{advice, endpoint, relay};
use jalon::plan::outcome::{Outcome, Phase, Reply};

/// A sentence or two in both languages, ended by a full stop; French with its no-break spaces.
fn is_well_written(words: &Words) {
    assert!(words.fr.ends_with('.') && words.en.ends_with('.'), "{words:?}");
    assert_ne!(words.fr, words.en);
    for sign in [':', ';', '!', '?'] {
        let bare = words.fr.replace("https://", "").replace(&format!("\u{a0}{sign}"), "");
        assert!(!bare.contains(sign), "{sign} without its no-break space: {}", words.fr);
    }
    assert!(words.fr.chars().count() <= 400, "{} is too long", words.fr);
}

#[test]
fn refusals_of_relays_are_explained_with_a_remedy() {
    for (reply, fr, en) in [
        (
            "550 5.7.30 Basic authentication is not supported for Client Submission.",
            "token_command",
            "takes no password",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [PR0P264CA0001.FRAP264.PROD.OUTLOOK.COM]",
            "Set-CASMailbox",
            "whole organisation",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox. Visit https://aka.ms/smtp_auth_disabled for more information.",
            "« SMTP authentifié »",
            "\"Authenticated SMTP\"",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
            "paramètres de sécurité",
            "security defaults",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled.",
            "token_command",
            "token_command",
        ),
        ("535 5.7.139 Authentication unsuccessful, account locked.", "verrouillé", "locked"),
        (
            "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.",
            "accès conditionnel",
            "conditional access",
        ),
        (
            "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
            "New-ServicePrincipal",
            "SMTP.SendAsApp",
        ),
        (
            "535 5.7.3 Authentication unsuccessful [MR2P264CA0001.FRAP264.PROD.OUTLOOK.COM]",
            "SMTP.SendAsApp",
            "Add-MailboxPermission",
        ),
        ("530 5.7.57 Client not authenticated to send mail. [PR1P264CA0001]", "username", "wants a login"),
        (
            "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM",
            "username",
            "wants a login",
        ),
        (
            "554 5.2.252 SendAsDenied; a@example.org not allowed to send as b@example.org",
            "« Envoyer en tant que »",
            "\"Send as\"",
        ),
        ("550 5.7.60 SMTP; Client does not have permissions to send as this sender", "from", "from"),
        (
            "553 5.7.1 <a@example.org>: Sender address rejected: not owned by user b@example.org",
            "from",
            "from",
        ),
        (
            "534 5.7.9 Application-specific password required. For more information, go to https://support.google.com/mail/?p=InvalidSecondFactor 4-2002 - gsmtp",
            "mot de passe d'application",
            "app password",
        ),
        (
            "534 5.7.9 Please log in with your web browser and then try again. For more information, go to https://support.google.com/mail/?p=WebLoginRequired",
            "navigateur",
            "browser",
        ),
        (
            "534 5.7.14 <https://accounts.google.com/signin/continue?sarp=1> Please log in via your web browser and then try again.",
            "navigateur",
            "browser",
        ),
        (
            "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
            "Google",
            "app password",
        ),
        ("530 5.7.0 Must issue a STARTTLS command first.", "tls = \"starttls\"", "tls = \"starttls\""),
        ("530 5.7.0 Authentication Required. For more information, go to", "username", "wants a login"),
        ("535 5.7.0 Invalid login or password", "webmail", "webmail"),
        ("535 5.7.1 Authentication failed", "webmail", "webmail"),
        ("535 5.7.8 Error: authentication failed: (reason unavailable)", "adresse entière", "whole address"),
        ("535 Authentication failed", "Infomaniak", "Infomaniak"),
    ] {
        let (code, text) = reply.split_once(' ').unwrap();
        let reply = Reply::new(code.parse().unwrap(), text);
        let words = relay::explained(&reply).unwrap_or_else(|| panic!("{reply}"));
        assert!(words.fr.contains(fr), "{reply}: {}", words.fr);
        assert!(words.en.contains(en), "{reply}: {}", words.en);
        is_well_written(&words);
        assert_eq!(advice(&Outcome::Refused(Phase::Auth, reply)), Some(words));
    }
}

#[test]
fn what_is_clear_or_passes_is_told_as_it_came() {
    for reply in [
        "550 5.1.1 User unknown",
        "421 4.3.2 Service not available",
        "454 4.7.0 Temporary authentication failure",
        "452 4.2.2 Mailbox full",
        "552 5.3.4 Message too big",
        "250 2.0.0 queued",
    ] {
        let (code, text) = reply.split_once(' ').unwrap();
        assert_eq!(relay::explained(&Reply::new(code.parse().unwrap(), text)), None, "{reply}");
    }
    assert_eq!(advice(&Outcome::Lost(Phase::Connect, "no connection to 127.0.0.1:1".to_owned())), None);
    assert_eq!(endpoint::explained("HTTP 404"), None);
    assert_eq!(endpoint::explained("my_invalid_client_2"), None, "whole words only");
}

#[test]
fn refusals_of_token_endpoints_are_explained_with_a_remedy() {
    for (said, fr, en) in [
        (
            "invalid_client: AADSTS7000222: The provided client secret keys for app '11111111-2222-3333-4444-555555555555' are expired. Visit the Azure portal to create new keys for your app",
            "a expiré",
            "has expired",
        ),
        (
            "invalid_client: AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID",
            "Secret ID",
            "Secret ID",
        ),
        (
            "unauthorized_client: AADSTS700016: Application with identifier 'x' was not found in the directory 'Contoso'.",
            "--client-id",
            "--client-id",
        ),
        ("invalid_request: AADSTS90002: Tenant 'x' not found.", "--tenant", "--tenant"),
        (
            "invalid_grant: AADSTS65001: The user or administrator has not consented",
            "consentement",
            "consent",
        ),
        ("unauthorized_client: AADSTS7000112: Application 'x' is disabled.", "désactivée", "disabled"),
        (
            "invalid_grant: AADSTS700082: The refresh token has expired due to inactivity.",
            "jeton d'actualisation",
            "refresh token",
        ),
        (
            "interaction_required: AADSTS53003: Access has been blocked by Conditional Access policies.",
            "accès conditionnel",
            "conditional access",
        ),
        (
            "{\"error\": \"invalid_grant\", \"error_description\": \"Token has been expired or revoked.\"}",
            "sept jours",
            "seven days",
        ),
        (
            "{\"error\":\"invalid_client\",\"error_description\":\"The OAuth client was not found.\"}",
            "--client-id",
            "--client-id",
        ),
        ("unauthorized_client: Unauthorized", "type de l'application", "kind of the application"),
        ("invalid_scope: Bad Request", "permission", "permission"),
        ("unsupported_grant_type", "--endpoint", "--endpoint"),
    ] {
        let words = endpoint::explained(said).unwrap_or_else(|| panic!("{said}"));
        assert!(words.fr.contains(fr), "{said}: {}", words.fr);
        assert!(words.en.contains(en), "{said}: {}", words.en);
        is_well_written(&words);
        let failed = format!("the program of token_command failed (exit status: 1): {said}");
        assert_eq!(advice(&Outcome::NoToken(failed)), Some(words), "whoever quotes it");
    }
    let words = advice(&Outcome::NoToken("the program of token_command failed (exit status: 1)".to_owned()));
    assert!(words.unwrap().en.starts_with("Run by hand"), "what is unknown has a remedy too");
}
