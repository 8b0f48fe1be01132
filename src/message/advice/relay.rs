//! Pure. What a relay's refusal means, and the remedy.
//!
//! Sources: RFC 3463 and RFC 4954 for the codes; Microsoft's « Fix issues with printers, scanners, and LOB
//! applications that send email » and « Enable or disable SMTP AUTH », its Message Center MC786329 (basic SMTP AUTH);
//! Google's « SMTP error reference ». Words are matched where one code has several meanings.

use crate::diagnostic::{Words, say};
use crate::plan::outcome::Reply;

/// What a refusal means for whoever runs jalon, and what to do; `None` when the relay's own words must do. A
/// sentence or two, ended by a full stop.
#[must_use]
pub fn explained(reply: &Reply) -> Option<Words> {
    let text = reply.text.to_lowercase();
    let subject = reply.enhanced().and_then(|code| code.split_once('.')).map_or("", |(_, rest)| rest);
    let seen = Seen { code: reply.code, subject, text: &text };
    TABLE.iter().find(|row| (row.meant)(&seen)).map(|row| say(row.fr, row.en))
}

/// A refusal, as the table looks at it.
struct Seen<'a> {
    /// The three digits.
    code: u16,
    /// The enhanced code without its class: `7.8` of 5.7.8.
    subject: &'a str,
    /// The words in lower case.
    text: &'a str,
}

impl Seen<'_> {
    fn says(&self, words: &str) -> bool {
        self.text.contains(words)
    }
}

struct Row {
    meant: fn(&Seen<'_>) -> bool,
    fr: &'static str,
    en: &'static str,
}

/// From the particular to the general: the first row that fits is told.
const TABLE: &[Row] = &[
    Row {
        meant: |seen| seen.subject == "7.30" || seen.says("basic authentication is not supported"),
        fr: "Microsoft n'accepte plus de mot de passe ici\u{a0}: remplacez password par token_command = [\"jalon\", \"token\", \"microsoft\", …] (README, « Microsoft 365 and Google »).",
        en: "Microsoft takes no password here any more: replace password by token_command = [\"jalon\", \"token\", \"microsoft\", …] (README, \"Microsoft 365 and Google\").",
    },
    Row {
        meant: |seen| seen.says("smtpclientauthentication is disabled") && seen.says("mailbox"),
        fr: "L'envoi authentifié est fermé pour cette boîte\u{a0}: dans le centre d'administration Microsoft 365, Utilisateurs, la boîte, Courrier, « Gérer les applications de messagerie », cochez « SMTP authentifié ».",
        en: "Authenticated sending is off for this mailbox: in the Microsoft 365 admin center, Users, the mailbox, Mail, \"Manage email apps\", tick \"Authenticated SMTP\".",
    },
    Row {
        meant: |seen| seen.says("smtpclientauthentication is disabled"),
        fr: "L'envoi authentifié est fermé pour toute l'organisation\u{a0}: ouvrez-le pour la seule boîte de jalon (Set-CASMailbox BOÎTE -SmtpClientAuthenticationDisabled $false).",
        en: "Authenticated sending is off for the whole organisation: turn it on for jalon's mailbox alone (Set-CASMailbox MAILBOX -SmtpClientAuthenticationDisabled $false).",
    },
    Row {
        meant: |seen| {
            seen.subject == "7.139"
                && (seen.says("security defaults") || seen.says("basic authentication is disabled"))
        },
        fr: "Les paramètres de sécurité de l'organisation refusent les mots de passe\u{a0}: remplacez password par token_command = [\"jalon\", \"token\", \"microsoft\", …] (README, « Microsoft 365 and Google »).",
        en: "The organisation's security defaults refuse passwords: replace password by token_command = [\"jalon\", \"token\", \"microsoft\", …] (README, \"Microsoft 365 and Google\").",
    },
    Row {
        meant: |seen| seen.subject == "7.139" && seen.says("locked"),
        fr: "Le compte est verrouillé chez Microsoft\u{a0}: son administrateur le rouvre dans Entra, puis on vérifie le mot de passe ou le secret.",
        en: "The account is locked at Microsoft: its administrator unlocks it in Entra; then check the password or the secret.",
    },
    Row {
        meant: |seen| seen.subject == "7.139" && seen.says("criteria"),
        fr: "Une règle d'accès conditionnel de l'organisation refuse cette connexion\u{a0}: son administrateur voit laquelle dans Entra, « Journaux de connexion », et y fait une exception.",
        en: "A conditional access policy of the organisation refuses this login: its administrator sees which one in Entra, \"Sign-in logs\", and makes an exception there.",
    },
    Row {
        meant: |seen| matches!(seen.subject, "7.3" | "7.139") && seen.code == 535,
        fr: "Microsoft refuse la connexion. Avec token_command\u{a0}: vérifiez que l'application a la permission SMTP.SendAsApp, accordée par un administrateur, qu'elle est déclarée dans Exchange (New-ServicePrincipal) et qu'elle a accès à la boîte de username (Add-MailboxPermission). Avec password\u{a0}: vérifiez username et le mot de passe, ou passez à token_command.",
        en: "Microsoft refuses the login. With token_command: check that the application has the permission SMTP.SendAsApp, granted by an administrator, that it is known to Exchange (New-ServicePrincipal), and that it may use the mailbox of username (Add-MailboxPermission). With password: check username and the password, or move to token_command.",
    },
    Row {
        meant: |seen| seen.subject == "7.57" || seen.says("not authenticated to send"),
        fr: "Le relais veut une connexion avec identifiant\u{a0}: ajoutez username et password ou token_command sous [smtp].",
        en: "The relay wants a login: add username, and password or token_command, under [smtp].",
    },
    Row {
        meant: |seen| {
            seen.subject == "7.60"
                || seen.says("sendasdenied")
                || seen.says("permissions to send as this sender")
                || seen.says("sender address rejected: not owned")
        },
        fr: "Le compte de username n'a pas le droit d'écrire sous l'adresse de from\u{a0}: mettez dans from (et bounces) l'adresse de ce compte, ou donnez-lui le droit « Envoyer en tant que ».",
        en: "The account of username may not write as the address of from: put that account's address into from (and bounces), or give it the right \"Send as\".",
    },
    Row {
        meant: |seen| seen.says("application-specific password required"),
        fr: "Google veut ici un mot de passe d'application, et non celui du compte\u{a0}: créez-en un sur myaccount.google.com/apppasswords (la validation en deux étapes doit être active), ou passez à token_command.",
        en: "Google wants an app password here, not the account's: make one at myaccount.google.com/apppasswords (2-step verification must be on), or move to token_command.",
    },
    Row {
        meant: |seen| {
            (seen.code == 534 && matches!(seen.subject, "7.9" | "7.14"))
                || seen.says("web browser")
                || seen.says("web login required")
        },
        fr: "Google veut d'abord une connexion par le navigateur\u{a0}: ouvrez le compte de username sur accounts.google.com, confirmez que c'est bien vous, puis utilisez un mot de passe d'application ou token_command.",
        en: "Google wants a login by browser first: open the account of username at accounts.google.com, confirm that it is you, then use an app password or token_command.",
    },
    Row {
        meant: |seen| seen.says("username and password not accepted"),
        fr: "Google n'accepte ni ce mot de passe ni ce jeton\u{a0}: un mot de passe doit être un mot de passe d'application (myaccount.google.com/apppasswords), un jeton doit être celui de l'adresse écrite dans username, avec l'accès https://mail.google.com/.",
        en: "Google takes neither this password nor this token: a password must be an app password (myaccount.google.com/apppasswords), a token must be of the address in username, with the scope https://mail.google.com/.",
    },
    Row {
        meant: |seen| seen.code == 530 && (seen.says("starttls")),
        fr: "Le relais veut un lien chiffré\u{a0}: écrivez tls = \"starttls\" (port 587) ou \"implicit\" (port 465).",
        en: "The relay wants an encrypted link: write tls = \"starttls\" (port 587) or \"implicit\" (port 465).",
    },
    Row {
        meant: |seen| {
            seen.code == 530
                && (seen.subject == "7.0" || seen.subject == "7.1" || seen.says("authentication required"))
        },
        fr: "Le relais veut une connexion avec identifiant\u{a0}: ajoutez username et password ou token_command sous [smtp].",
        en: "The relay wants a login: add username, and password or token_command, under [smtp].",
    },
    Row {
        meant: |seen| seen.code == 535,
        fr: "Le relais refuse l'identifiant ou le mot de passe\u{a0}: username est le plus souvent l'adresse entière\u{a0}; vérifiez le mot de passe en vous connectant au webmail. Chez certains hébergeurs (Infomaniak, Gandi, OVH…), c'est un mot de passe propre aux appareils ou à la boîte, et non celui du compte client.",
        en: "The relay refuses the user name or the password: username is most often the whole address; check the password by logging in to the webmail. At some hosts (Infomaniak, Gandi, OVH…) it is a password of the device or of the mailbox, not that of the customer's account.",
    },
];
