//! Secrets and certificate authorities: read where they are kept, and never repeated.

use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::diagnostic::{Words, looks_like_a_path, say};
use crate::files::INSTALLED;
use crate::settings::Secret;

/// Reads the file of certificate authorities that `setting` names, as it is; else says what is wrong with it.
pub fn authorities(path: &Path, setting: &str, config: &Path) -> Result<Vec<u8>, Words> {
    fs::read(config.join(path)).map_err(|error| {
        let shown = named(path, config);
        let why = why(&error);
        say(
            format!("le fichier d'autorités ({setting}){shown} ne peut pas être lu\u{a0}: {}", why.fr),
            format!("the file of authorities ({setting}){shown} cannot be read: {}", why.en),
        )
    })
}

/// Why a secret could not be had. No value is in it: what stands in place of a path or a name may be the secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is not where it should be.
    #[error("the password{name} cannot be read: {}", why.en)]
    Unreadable {
        /// The credential, the file or the variable, in brackets after a blank; nothing when it may be the secret.
        name: String,
        /// What is wrong.
        why: Words,
        /// Whether it should be in a file.
        file: bool,
    },
    /// Others can read it.
    #[error("{path} can be read by others (mode {mode:o}): chmod 600 {path}")]
    Open {
        /// The file.
        path: String,
        /// Its mode.
        mode: u32,
    },
}

impl SecretError {
    /// What is wrong, and what to do about it.
    #[must_use]
    pub fn words(&self) -> (Words, Words) {
        match self {
            Self::Unreadable { name, why, file } => (
                say(
                    format!("le mot de passe{name} ne peut pas être lu\u{a0}: {}", why.fr),
                    format!("the password{name} cannot be read: {}", why.en),
                ),
                if *file && name.is_empty() {
                    say(
                        "écrivez password = { file = \"smtp.password\" }, et le mot de passe seul dans ce fichier",
                        "write password = { file = \"smtp.password\" }, and the password alone in that file",
                    )
                } else if *file {
                    say(
                        "nommez sous [smtp] le fichier qui contient le mot de passe, seul",
                        "name under [smtp] the file that holds the password, alone",
                    )
                } else {
                    say("vérifiez ce qui est écrit sous [smtp]", "check what is written under [smtp]")
                },
            ),
            Self::Open { path, mode } => (
                say(
                    format!("d'autres que jalon peuvent lire {path} (mode {mode:o})"),
                    format!("{path} can be read by others (mode {mode:o})"),
                ),
                say(format!("chmod 600 {path}"), format!("chmod 600 {path}")),
            ),
        }
    }
}

/// Reads a secret; one line break at its end is dropped. A file that its group or others can read is refused,
/// unless systemd keeps it (`$CREDENTIALS_DIRECTORY`): it sets the modes there, and a user manager's are others.
pub fn secret(secret: &Secret, config: &Path) -> Result<String, SecretError> {
    let (path, kept_by_systemd, name) = match secret {
        Secret::Env(name) => {
            return std::env::var(name).map_err(|_| SecretError::Unreadable {
                name: plain(name, |c| c.is_ascii_uppercase()),
                why: say("cette variable n'est pas définie", "this variable is not set"),
                file: false,
            });
        }
        Secret::Credential(name) => {
            let shown = plain(name, |c| c.is_ascii_lowercase());
            let unreadable = |why| SecretError::Unreadable { name: shown.clone(), why, file: false };
            // By hand, those of the service while it runs.
            let by_hand = || (config == Path::new(INSTALLED.config)).then(|| INSTALLED.credentials.into());
            let dir = std::env::var_os("CREDENTIALS_DIRECTORY").or_else(by_hand).ok_or_else(|| {
                unreadable(say(
                    "$CREDENTIALS_DIRECTORY n'est pas défini (voyez LoadCredential= dans systemd.exec(5))",
                    "$CREDENTIALS_DIRECTORY is not set (see LoadCredential= in systemd.exec(5))",
                ))
            })?;
            if name.contains(['/', '\0']) {
                return Err(unreadable(say(
                    "le nom d'un « credential » ne contient pas de barre oblique",
                    "a credential's name holds no slash",
                )));
            }
            (PathBuf::from(dir).join(name), true, shown)
        }
        Secret::File(path) => (config.join(path), false, named(path, config)),
    };
    let unreadable = |why| SecretError::Unreadable { name: name.clone(), why, file: !kept_by_systemd };
    if !kept_by_systemd {
        let about = fs::metadata(&path).map_err(|error| unreadable(why(&error)))?;
        if !about.is_file() {
            let kind = if about.is_dir() { ErrorKind::IsADirectory } else { ErrorKind::InvalidInput };
            return Err(unreadable(why(&kind.into())));
        }
    }
    let mut file = fs::File::open(&path).map_err(|error| unreadable(why(&error)))?;
    // Of the very file that is read. Who owns it does not matter: at mode 600 only its owner, and root, can read it.
    let mode = mode(&file.metadata().map_err(|error| unreadable(why(&error)))?);
    if !kept_by_systemd && mode & 0o077 != 0 {
        return Err(SecretError::Open { path: path.display().to_string(), mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(|error| unreadable(why(&error)))?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned()).unwrap_or(text))
}

/// A path in brackets, as it is said to people: nothing when it may be the secret itself.
fn named(path: &Path, config: &Path) -> String {
    let whole = config.join(path);
    let fit = looks_like_a_path(&path.to_string_lossy()) || whole.exists();
    if fit { format!(" ({})", whole.display()) } else { String::new() }
}

/// The same for a name: in letters of one kind, with digits at its end at most.
fn plain(name: &str, letter: fn(char) -> bool) -> String {
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let fit = !start.is_empty() && start.chars().all(|c| letter(c) || "-_.".contains(c));
    if fit { format!(" ({name})") } else { String::new() }
}

/// Why a file cannot be read, in plain words.
fn why(error: &std::io::Error) -> Words {
    match error.kind() {
        ErrorKind::NotFound => say("ce fichier n'existe pas", "this file does not exist"),
        ErrorKind::PermissionDenied => {
            say("jalon n'a pas le droit de lire ce fichier", "jalon may not read this file")
        }
        ErrorKind::IsADirectory => say("c'est un dossier, et non un fichier", "this is a folder, not a file"),
        ErrorKind::InvalidInput => say("ce n'est pas un fichier ordinaire", "this is not an ordinary file"),
        ErrorKind::InvalidData => {
            say("ce fichier n'est pas du texte en UTF-8", "this file is not text in UTF-8")
        }
        _ => say(error.to_string(), error.to_string()),
    }
}

fn mode(about: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o777
}
