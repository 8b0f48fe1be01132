//! Pure. A relay that will not go on as it is.

use super::{Seen, has_key};
use crate::diagnostic::{Problem, say};
use crate::settings::Relay;

/// A password for a relay of Microsoft's, which turns them off (basic SMTP AUTH; Message Center MC786329, as of
/// January 2026: off by default from the end of December 2026, an administrator may turn it on again for a time).
pub(super) fn password_login(seen: &Seen<'_>) -> Option<Problem> {
    let relay = seen.settings.relays.iter().find(|relay| relay.password.is_some() && is_microsoft(relay))?;
    let text = seen.texts.get(seen.jalon_toml).copied().unwrap_or_default();
    let line = text.lines().position(|line| has_key(line, "host") && line.contains(&relay.host));
    Some(seen.about_line(
        line,
        "password-login",
        say(
            "Microsoft n'accepte plus les mots de passe à l'envoi à partir de la fin décembre 2026, sauf si l'administrateur les rouvre",
            "Microsoft takes no passwords for sending from the end of December 2026 on, unless an administrator turns them on again",
        ),
        say(
            "remplacez password par token_command = [\"jalon\", \"token\", \"microsoft\", …]\u{a0}: README, « Microsoft 365 and Google »",
            "replace password by token_command = [\"jalon\", \"token\", \"microsoft\", …]: README, \"Microsoft 365 and Google\"",
        ),
    ))
}

/// Names of Microsoft's relays: Exchange Online, and Outlook.com.
fn is_microsoft(relay: &Relay) -> bool {
    let host = relay.host.trim_end_matches('.').to_ascii_lowercase();
    ["office365.com", "outlook.com", "hotmail.com"]
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
