//! The only reader of the disk: configuration, postings, templates, secrets. It returns texts and problems, and
//! decides nothing about their contents.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::calendar::read::{Folder, Text, folder};
use crate::calendar::walk::LARGEST;
use crate::diagnostic::{Language, Place, Problem, say};
use crate::settings::read::reading;
use crate::settings::{Secret, Settings};

/// Everything that the configuration folder holds, read as the daemon reads it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings; `None` when jalon.toml cannot be used, and then nothing else was read.
    pub settings: Option<Settings>,
    /// The language of jalon.toml, also of one that cannot be used.
    pub language: Option<Language>,
    /// The postings.
    pub folder: Folder,
    /// The texts of the postings, usable or not.
    pub texts: Vec<Text>,
    /// The templates that replace built-in ones: name such as `fr/reminder.txt` → text.
    pub templates: BTreeMap<String, String>,
    /// Whether the folder of postings could be listed.
    pub postings_readable: bool,
    /// Files in the postings' folder that are none: ignored.
    pub ignored: Vec<String>,
    /// Everything wrong or odd, of every file.
    pub problems: Vec<Problem>,
}

/// Reads a configuration folder.
#[must_use]
pub fn load(config: &Path) -> Loaded {
    let mut loaded = Loaded {
        settings: None,
        language: None,
        folder: Folder::default(),
        texts: Vec::new(),
        templates: BTreeMap::new(),
        postings_readable: false,
        ignored: Vec::new(),
        problems: Vec::new(),
    };
    let path = config.join("jalon.toml");
    let text = match read(&path) {
        Ok(text) => text,
        Err(problem) => {
            loaded.problems.push(problem);
            return loaded;
        }
    };
    let read = reading(&path.display().to_string(), &text);
    loaded.problems = read.problems;
    loaded.language = read.house.as_ref().map(|(house, _)| house.language);
    let Some(settings) = read.settings else {
        // Nothing is used of the postings then; what is wrong with them is told all the same, in one go.
        if let Some((house, postings)) = read.house {
            read_postings(&config.join(postings), &mut loaded);
            loaded.problems.append(&mut folder(&loaded.texts, &house).problems);
        }
        return loaded;
    };
    read_postings(&config.join(&settings.postings), &mut loaded);
    loaded.folder = folder(&loaded.texts, &settings.house);
    loaded.problems.append(&mut loaded.folder.problems);
    let templates = config.join(settings.templates.clone().unwrap_or_else(|| PathBuf::from("templates")));
    if settings.templates.is_some() || templates.is_dir() {
        read_templates(&templates, &templates, &mut loaded);
    }
    loaded.settings = Some(settings);
    loaded
}

fn read_postings(dir: &Path, loaded: &mut Loaded) {
    let mut names = match names(dir) {
        Ok(names) => names,
        Err(problem) => return loaded.problems.push(problem),
    };
    loaded.postings_readable = true;
    names.sort();
    for path in names {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let hidden = name.starts_with(['.', '#', '~', '_']) || name.ends_with('~');
        let Some(stem) = name.strip_suffix(".toml").filter(|_| !hidden && !path.is_dir()) else {
            loaded.ignored.push(path.display().to_string());
            continue;
        };
        loaded.texts.push(Text {
            file: path.display().to_string(),
            stem: stem.to_owned(),
            contents: read(&path),
        });
    }
}

fn read_templates(root: &Path, dir: &Path, loaded: &mut Loaded) {
    let names = match names(dir) {
        Ok(names) => names,
        Err(problem) => return loaded.problems.push(problem),
    };
    for path in names {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(['.', '#', '~', '_'])
            || name.ends_with('~')
            || path.extension().is_some_and(|extension| extension == "md")
        {
            continue;
        }
        // A template's folder is two deep (fr/parts); deeper, or a link that goes in a circle, is not followed.
        if path.is_dir() {
            if path.strip_prefix(root).is_ok_and(|inner| inner.components().count() <= 2) {
                read_templates(root, &path, loaded);
            }
            continue;
        }
        match read(&path) {
            Ok(text) => {
                let inner = path.strip_prefix(root).unwrap_or(&path);
                let name = inner
                    .components()
                    .map(|part| part.as_os_str().to_string_lossy())
                    .collect::<Vec<_>>()
                    .join("/");
                loaded.templates.insert(name, text);
            }
            Err(problem) => loaded.problems.push(problem),
        }
    }
}

/// How a file looks from outside: its path, its length, and when it was last written.
type Look = (PathBuf, u64, Option<std::time::SystemTime>);

/// What the files look like from outside. Whoever sees the same twice need not read them again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looks(Vec<Look>);

/// Looks at every file that [`load`] would read, without reading any: jalon.toml, and the folders that these
/// settings name.
#[must_use]
pub fn looks(config: &Path, settings: Option<&Settings>) -> Looks {
    let postings = settings.map_or_else(|| PathBuf::from("postings"), |settings| settings.postings.clone());
    let templates = settings.and_then(|settings| settings.templates.clone());
    let templates = templates.unwrap_or_else(|| PathBuf::from("templates"));
    let mut found = Vec::new();
    look(&config.join("jalon.toml"), 0, &mut found);
    look(&config.join(postings), 1, &mut found);
    look(&config.join(templates), 3, &mut found);
    found.sort();
    Looks(found)
}

fn look(path: &Path, depth: usize, found: &mut Vec<Look>) {
    let Ok(about) = fs::metadata(path) else { return };
    found.push((path.to_owned(), about.len(), about.modified().ok()));
    if depth > 0 && about.is_dir() {
        for inner in names(path).unwrap_or_default() {
            look(&inner, depth - 1, found);
        }
    }
}

fn names(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    let trouble = |error: &std::io::Error| {
        Problem::error(
            "unreadable-folder",
            dir.display().to_string(),
            say(
                format!("ce dossier ne peut pas être lu\u{a0}: {error}"),
                format!("this folder cannot be read: {error}"),
            ),
        )
        .remedy(say("créez-le, ou vérifiez ses droits", "make it, or check its rights"))
    };
    let entries = fs::read_dir(dir).map_err(|error| trouble(&error))?;
    let names = entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>();
    names.map_err(|error| trouble(&error))
}

/// Reads a text: a regular file, UTF-8 (a byte order mark is dropped), of at most a million bytes.
pub fn read(path: &Path) -> Result<String, Problem> {
    let file = path.display().to_string();
    let unreadable = |error: &std::io::Error| {
        let remedy = match error.kind() {
            ErrorKind::NotFound => {
                say("vérifiez le chemin (--config DOSSIER)", "check the path (--config DIR)")
            }
            ErrorKind::PermissionDenied => {
                say("donnez à jalon le droit de le lire", "give jalon the right to read it")
            }
            _ => say("remettez un fichier ordinaire à cette place", "put an ordinary file in its place"),
        };
        Problem::error(
            "unreadable-file",
            &file,
            say(
                format!("ce fichier ne peut pas être lu\u{a0}: {error}"),
                format!("this file cannot be read: {error}"),
            ),
        )
        .remedy(remedy)
    };
    let about = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !about.is_file() {
        return Err(unreadable(&std::io::Error::other("not a regular file")));
    }
    if about.len() > LARGEST as u64 {
        return Err(Problem::error(
            "file-too-large",
            &file,
            say(
                format!("ce fichier fait {} octets\u{a0}; jalon en lit {LARGEST} au plus", about.len()),
                format!("this file has {} bytes; jalon reads at most {LARGEST}", about.len()),
            ),
        )
        .remedy(say("est-ce bien une fiche\u{a0}?", "is it really a posting?")));
    }
    let bytes = fs::read(path).map_err(|error| unreadable(&error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        Problem::error("not-utf8", &file, say("ce fichier n'est pas en UTF-8", "this file is not UTF-8"))
            .at(Place::of(&text, &(good..good + 1)))
            .remedy(say("enregistrez-le avec l'encodage UTF-8", "save it with the encoding UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Reads a file of certificate authorities, as it is.
pub fn authorities(path: &Path, config: &Path) -> std::io::Result<Vec<u8>> {
    fs::read(config.join(path))
}

/// Why a secret could not be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It is not where it should be.
    #[error("the secret {name} cannot be read: {why}")]
    Unreadable {
        /// The credential, the file or the variable.
        name: String,
        /// What the system said.
        why: String,
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

/// Reads a secret; one line break at its end is dropped. A file that its group or others can read is refused,
/// unless systemd keeps it (`$CREDENTIALS_DIRECTORY`).
pub fn secret(secret: &Secret, config: &Path) -> Result<String, SecretError> {
    let unreadable = |name: &str, why: String| SecretError::Unreadable { name: name.to_owned(), why };
    let (path, kept_by_systemd) = match secret {
        Secret::Env(name) => {
            return std::env::var(name).map_err(|_| unreadable(name, "the variable is not set".to_owned()));
        }
        Secret::Credential(name) => {
            let dir = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                unreadable(
                    name,
                    "$CREDENTIALS_DIRECTORY is not set (see LoadCredential= in systemd.exec(5))".to_owned(),
                )
            })?;
            if name.contains(['/', '\0']) {
                return Err(unreadable(name, "a credential's name holds no slash".to_owned()));
            }
            (PathBuf::from(dir).join(name), true)
        }
        Secret::File(path) => (config.join(path), false),
    };
    let shown = path.display().to_string();
    if !kept_by_systemd {
        let mode = mode(&path).map_err(|error| unreadable(&shown, error.to_string()))?;
        if mode & 0o077 != 0 {
            return Err(SecretError::Open { path: shown, mode });
        }
    }
    let text = fs::read_to_string(&path).map_err(|error| unreadable(&shown, error.to_string()))?;
    Ok(text.strip_suffix('\n').map(|text| text.strip_suffix('\r').unwrap_or(text).to_owned()).unwrap_or(text))
}

fn mode(path: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}
