//! `jalon token`: an access token of Microsoft or Google on the standard output, as `token_command` wants it.
//!
//! Secrets are read where systemd, a file or the environment keeps them, and are never arguments: arguments are
//! seen by whoever lists the processes of the machine.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::run::state_path;
use super::{Context, Exit, err, fail, out};
use crate::diagnostic::{Language, Words, say};
use crate::files::rotated::Rotated;
use crate::files::secrets::secret;
use crate::message::advice::endpoint::explained;
use crate::settings::Secret;
use crate::transport::token::endpoint::{EndpointError, Granted, ask};

/// What Microsoft grants to an application that sends by itself (client credentials).
const MICROSOFT_OWN: &str = "https://outlook.office365.com/.default";

/// What Microsoft grants to an application that sends for a person (refresh token).
const MICROSOFT_PERSON: &str = "https://outlook.office.com/SMTP.Send offline_access";

/// Print an access token of Microsoft or Google, for `token_command`
///
/// It asks the provider each time it is called; jalon keeps the token until shortly before it expires. Secrets are
/// read from a systemd credential, a file (relative to jalon.toml's folder) or a variable, never from arguments.
#[derive(Debug, Args)]
pub struct Token {
    #[command(subcommand)]
    provider: Provider,
}

#[derive(Debug, Subcommand)]
enum Provider {
    /// Microsoft 365: by the application's own secret or, with a refresh token, for a person
    Microsoft {
        /// The organisation: « Directory (tenant) ID », or its domain
        #[arg(long, value_name = "ID")]
        tenant: String,
        #[command(flatten)]
        client: Client,
    },
    /// Google Workspace, Gmail: by a refresh token
    Google {
        #[command(flatten)]
        client: Client,
    },
}

#[derive(Debug, Args)]
struct Client {
    /// The application: « Application (client) ID »
    #[arg(long = "client-id", value_name = "ID")]
    id: String,
    /// The application's secret: a systemd credential
    #[arg(long, value_name = "NAME", group = "secret")]
    secret_credential: Option<String>,
    /// The application's secret: a file that nobody else can read
    #[arg(long, value_name = "FILE", group = "secret")]
    secret_file: Option<PathBuf>,
    /// The application's secret: an environment variable
    #[arg(long, value_name = "NAME", group = "secret")]
    secret_env: Option<String>,
    /// The refresh token: a systemd credential
    #[arg(long, value_name = "NAME", group = "refresh")]
    refresh_credential: Option<String>,
    /// The refresh token: a file that nobody else can read
    #[arg(long, value_name = "FILE", group = "refresh")]
    refresh_file: Option<PathBuf>,
    /// The refresh token: an environment variable
    #[arg(long, value_name = "NAME", group = "refresh")]
    refresh_env: Option<String>,
    /// Where to keep the refresh token when the provider changes it, as Microsoft does (below $STATE_DIRECTORY)
    #[arg(long, value_name = "FILE", requires = "refresh")]
    state: Option<PathBuf>,
    /// Another token endpoint: https, or http on this machine
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Another scope
    #[arg(long)]
    scope: Option<String>,
}

/// Where to ask, and what for.
struct Question<'a> {
    endpoint: String,
    scope: Option<&'a str>,
    client: &'a Client,
    secret: Option<String>,
    refresh: Option<String>,
    config: &'a Path,
}

impl Token {
    /// Runs the command: 69 if the provider cannot be reached, 78 if it refuses or a secret is missing.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let language = context.language.unwrap_or_default();
        match self.question(context).and_then(|question| question.ask(language)) {
            Ok(granted) => {
                let line = json!({ "access_token": granted.access_token, "expires_in": granted.expires_in });
                out(&format!("{line}\n"))
            }
            Err((exit, words)) => fail(exit, language, &words),
        }
    }

    fn question<'a>(&'a self, context: &'a Context) -> Result<Question<'a>, (Exit, Words)> {
        let (Provider::Microsoft { client, .. } | Provider::Google { client }) = &self.provider;
        let read = |option: &str, kept: Option<Secret>| {
            kept.map(|kept| secret(&kept, &context.config))
                .transpose()
                .map_err(|error| (Exit::Configuration, unread(option, &error.words().0)))
        };
        let secret = read("--secret-…", client.secret())?;
        let refresh = read("--refresh-…", client.refresh())?;
        let (usual, scope) = match &self.provider {
            Provider::Microsoft { tenant, .. } => {
                if secret.is_none() && refresh.is_none() {
                    return Err(missing("--secret-credential"));
                }
                if refresh.is_some() && client.state.is_none() {
                    return Err(missing("--state"));
                }
                let fit = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
                if tenant.is_empty() || !tenant.chars().all(fit) {
                    return Err(missing("--tenant"));
                }
                let scope = if refresh.is_some() { MICROSOFT_PERSON } else { MICROSOFT_OWN };
                (format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"), Some(scope))
            }
            Provider::Google { .. } => {
                if secret.is_none() {
                    return Err(missing("--secret-credential"));
                }
                if refresh.is_none() {
                    return Err(missing("--refresh-credential"));
                }
                ("https://oauth2.googleapis.com/token".to_owned(), None)
            }
        };
        let endpoint = client.endpoint.clone().unwrap_or(usual);
        Ok(Question {
            endpoint,
            scope: client.scope.as_deref().or(scope),
            client,
            secret,
            refresh,
            config: &context.config,
        })
    }
}

impl Client {
    fn secret(&self) -> Option<Secret> {
        kept(self.secret_credential.as_ref(), self.secret_file.as_ref(), self.secret_env.as_ref())
    }

    fn refresh(&self) -> Option<Secret> {
        kept(self.refresh_credential.as_ref(), self.refresh_file.as_ref(), self.refresh_env.as_ref())
    }
}

fn kept(credential: Option<&String>, file: Option<&PathBuf>, env: Option<&String>) -> Option<Secret> {
    let credential = credential.cloned().map(Secret::Credential);
    credential.or_else(|| file.cloned().map(Secret::File)).or_else(|| env.cloned().map(Secret::Env))
}

impl Question<'_> {
    /// Asks, and keeps the refresh token that comes in place of the one that was used.
    fn ask(&self, language: Language) -> Result<Granted, (Exit, Words)> {
        let state = self.client.state.as_deref().map(|path| state_path(path, self.config));
        let rotated = state.as_deref().map(Rotated::open).transpose();
        let rotated = rotated.map_err(|why| (Exit::Failed, unkept(&why)))?;
        let newest = match (&rotated, &self.refresh) {
            (Some(rotated), Some(given)) => Some(rotated.newest_of(given)),
            (_, given) => given.clone(),
        };
        let mut form = vec![("client_id", self.client.id.as_str())];
        form.extend(self.secret.as_deref().map(|secret| ("client_secret", secret)));
        form.extend(self.scope.map(|scope| ("scope", scope)));
        match newest.as_deref() {
            Some(newest) => form.extend([("grant_type", "refresh_token"), ("refresh_token", newest)]),
            None => form.push(("grant_type", "client_credentials")),
        }
        let granted = ask(&self.endpoint, &form).map_err(|error| refused(&error))?;
        if let (Some(rotated), Some(given), Some(new)) = (rotated, &self.refresh, &granted.refresh_token)
            && newest.as_deref() != Some(new)
            && let Err(why) = rotated.keep(given, new)
        {
            // The token is good all the same, and the old refresh token most often is for weeks.
            err(&format!("{}\n", unkept(&why).say(language)));
        }
        Ok(granted)
    }
}

fn missing(option: &str) -> (Exit, Words) {
    let words = say(
        format!("il manque {option}, ou sa valeur ne convient pas\u{a0}: voyez jalon token --help"),
        format!("{option} is missing, or its value will not do: see jalon token --help"),
    );
    (Exit::Usage, words)
}

fn unread(option: &str, why: &Words) -> Words {
    say(format!("{option}\u{a0}: {}", why.fr), format!("{option}: {}", why.en))
}

fn unkept(why: &std::io::Error) -> Words {
    say(
        format!("le jeton d'actualisation ne peut pas être gardé (--state)\u{a0}: {why}"),
        format!("the refresh token cannot be kept (--state): {why}"),
    )
}

/// Why there is no token, explained where that is known; the provider's own codes stand at the end, for searches.
fn refused(error: &EndpointError) -> (Exit, Words) {
    let en = error.to_string();
    match error {
        EndpointError::Address(address) => (
            Exit::Usage,
            say(
                format!("--endpoint veut une adresse https, ou http sur cette machine\u{a0}: {address}"),
                format!("--endpoint wants an address in https, or http on this machine: {address}"),
            ),
        ),
        EndpointError::Unreachable { host, why } => (
            Exit::Unreachable,
            say(format!("{host} ne répond pas\u{a0}: {why}"), format!("{host} cannot be reached: {why}")),
        ),
        EndpointError::Strange { host, status } => (
            Exit::Configuration,
            say(format!("{host} ne répond pas comme un fournisseur de jetons (HTTP {status})"), en),
        ),
        EndpointError::Refused { code, description } => {
            let words = match explained(&format!("{description} {code}")) {
                Some(Words { fr, en }) => {
                    let codes = codes(code, description);
                    say(format!("{fr} ({codes})"), format!("{en} ({codes})"))
                }
                None => say(
                    format!("le fournisseur refuse\u{a0}: {code}\u{a0}: {description}"),
                    format!("the provider refuses: {code}: {description}"),
                ),
            };
            (Exit::Configuration, words)
        }
    }
}

/// The code of OAuth, and Microsoft's own.
fn codes(code: &str, description: &str) -> String {
    let own = description.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| word.starts_with("AADSTS"));
    own.map_or_else(|| code.to_owned(), |own| format!("{code}, {own}"))
}
