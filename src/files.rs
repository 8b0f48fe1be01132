//! The only reader of the disk: configuration, postings, templates, secrets. It returns texts and problems, and
//! decides nothing about their contents. `looks` sees files from outside, `watch` says when to look again, and `kept`
//! writes: copies of what was good, for a start on files that are not.

mod brought;
mod entries;
pub mod feeds;
mod folders;
pub mod kept;
pub mod languages;
pub mod leaves;
pub mod looks;
pub mod machine;
pub mod rights;
pub mod rotated;
pub mod secrets;
pub mod watch;
pub mod zoneinfo;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirEntry};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

pub use self::brought::{Unread, brought};
use self::entries::{entries, is_folder};
use self::kept::Kept;
use self::looks::Looks;
use crate::calendar::read::{Folder, Text, folder};
use crate::calendar::walk::LARGEST;
use crate::calendar::{Language as ReadIn, Zone, alien};
use crate::diagnostic::{Language, Place, Problem, Words, fit_to_show, say};
use crate::message;
use crate::settings::Settings;
use crate::settings::read::reading;

/// Where an installed service has its folders: what systemd says to it (`$CONFIGURATION_DIRECTORY`, `$STATE_DIRECTORY`,
/// `$CREDENTIALS_DIRECTORY`; systemd.exec(5)), and to no command by hand.
#[derive(Debug)]
pub struct Installed {
    /// jalon.toml and the postings.
    pub config: &'static str,
    /// The ledger and what else is kept.
    pub state: &'static str,
    /// The secrets that systemd gives it while it runs, readable by its account.
    pub credentials: &'static str,
}

/// The folders of the service in systemd/jalon.service.
pub const INSTALLED: Installed = Installed {
    config: "/etc/jalon",
    state: "/var/lib/jalon",
    credentials: "/run/credentials/jalon.service",
};

/// Everything that the configuration folder holds, read as the daemon reads it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the files looked like before they were read: what is written meanwhile looks otherwise afterwards.
    pub looks: Looks,
    /// The settings; `None` when jalon.toml cannot be used, and then nothing else was read.
    pub settings: Option<Settings>,
    /// The text of jalon.toml, as far as it could be read.
    pub text: String,
    /// The language of jalon.toml, also of one that cannot be used.
    pub language: Option<Language>,
    /// The postings.
    pub folder: Folder,
    /// The texts of the postings, usable or not; none when they were read leaf by leaf.
    pub texts: Vec<Text>,
    /// Whether they were: see [`leaves`].
    pub lean: bool,
    /// The templates that replace built-in ones: name such as `fr/reminder.txt` → text.
    pub templates: BTreeMap<String, String>,
    /// Whether all of them could be read.
    pub templates_readable: bool,
    /// Whether the folder of postings could be listed.
    pub postings_readable: bool,
    /// Files in the postings' folder that are none: ignored.
    pub ignored: Vec<String>,
    /// Everything wrong or odd, of every file.
    pub problems: Vec<Problem>,
}

impl Loaded {
    fn empty(config: &Path) -> Self {
        Self {
            looks: Looks::of_settings(config),
            settings: None,
            text: String::new(),
            language: None,
            folder: Folder::default(),
            texts: Vec::new(),
            lean: false,
            templates: BTreeMap::new(),
            templates_readable: true,
            postings_readable: false,
            ignored: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Reads the folders that settings name.
    fn fill(&mut self, config: &Path, settings: Settings, keep: Keep<'_>) {
        self.looks.add_folders(config, Some(&settings));
        match keep {
            Keep::Texts => {
                self.read_postings(config, &settings.postings, &settings.house.accept);
                self.folder = folder(&self.texts, &settings.house);
            }
            Keep::Leaves(before) => self.read_leaves(config, &settings, before),
        }
        self.problems.append(&mut self.folder.problems);
        let templates = config.join(settings.templates.as_deref().unwrap_or(Path::new("templates")));
        if settings.templates.is_some() || templates.is_dir() {
            let problems = self.problems.len();
            match folders::trouble(config, &templates, "templates", &self.text) {
                Some(problem) => self.problems.push(problem),
                None => read_templates(&templates, &templates, &mut self.templates, &mut self.problems),
            }
            self.templates_readable = self.problems.len() == problems;
        }
        let unknown = languages::unknown(config, self, &settings);
        self.problems.extend(unknown);
        self.settings = Some(settings);
    }

    fn read_postings(&mut self, config: &Path, postings: &Path, accept: &BTreeSet<String>) {
        let dir = config.join(postings);
        if let Some(problem) = folders::trouble(config, &dir, "postings", &self.text) {
            self.problems.push(problem);
            return;
        }
        let files = files_of_postings(&dir, self, accept);
        self.texts.extend(files.iter().map(|path| text_of(path)));
    }
}

/// What is kept of postings.
#[derive(Clone, Copy, Debug)]
enum Keep<'a> {
    /// Everything.
    Texts,
    /// A leaf each; what looks as it did when others were read need not be read again.
    Leaves(Option<&'a Loaded>),
}

/// Problems of templates, each with the path of its file, as other problems have it. Built-in ones have none.
#[must_use]
pub fn with_paths(problems: Vec<Problem>, loaded: &Loaded, config: &Path) -> Vec<Problem> {
    let named = loaded.settings.as_ref().and_then(|settings| settings.templates.as_deref());
    let folder = config.join(named.unwrap_or(Path::new("templates")));
    let spoken = message::render::languages(&loaded.templates);
    let path = |file: &str| {
        let of_folder = |name: &&str| {
            let folder = name.split_once('/').and_then(|(folder, _)| ReadIn::parse(folder));
            folder.is_some_and(|language| spoken.contains(&language))
        };
        let ours = |name: &&str| loaded.templates.contains_key(*name) || of_folder(name);
        let name = file.strip_prefix("templates/").filter(ours)?;
        Some(folder.join(name).display().to_string())
    };
    problems
        .into_iter()
        .map(|problem| Problem { file: path(&problem.file).unwrap_or(problem.file), ..problem })
        .collect()
}

/// Reads a configuration folder.
#[must_use]
pub fn load(config: &Path) -> Loaded {
    load_keeping(config, Keep::Texts)
}

fn load_keeping(config: &Path, keep: Keep<'_>) -> Loaded {
    let mut loaded = Loaded::empty(config);
    let path = config.join("jalon.toml");
    let text = match read(&path) {
        Ok(text) => text,
        Err(problem) => {
            loaded.problems.push(problem);
            return loaded;
        }
    };
    let read = reading(&path.display().to_string(), &text);
    loaded.text = text;
    loaded.problems = read.problems;
    loaded.language = read.house.as_ref().map(|(house, _)| house.language.spoken());
    if let Some(settings) = read.settings {
        loaded.fill(config, settings, keep);
    } else if let Some((house, postings)) = read.house {
        // Nothing is used of the postings then; what is wrong with them is told all the same, in one go.
        loaded.read_postings(config, &postings, &house.accept);
        loaded.problems.append(&mut folder(&loaded.texts, &house).problems);
    }
    loaded
}

/// Reads a configuration folder by another text of jalon.toml than its own: one that was good. `None` when that one is
/// not, either.
#[must_use]
pub fn load_by(config: &Path, kept: &Kept) -> Option<Loaded> {
    load_by_keeping(config, kept, Keep::Texts)
}

fn load_by_keeping(config: &Path, kept: &Kept, keep: Keep<'_>) -> Option<Loaded> {
    let read = reading(&config.join("jalon.toml").display().to_string(), &kept.settings);
    let settings = read.settings?;
    let mut loaded = Loaded::empty(config);
    loaded.text.clone_from(&kept.settings);
    loaded.language = Some(settings.house.language.spoken());
    loaded.problems = read.problems;
    loaded.fill(config, settings, keep);
    if !config.is_dir() {
        loaded.templates.clone_from(&kept.templates);
    }
    Some(loaded)
}

/// The files of postings in a folder, in order; what else is there is noted.
fn files_of_postings(dir: &Path, loaded: &mut Loaded, accept: &BTreeSet<String>) -> Vec<PathBuf> {
    let mut entries = match entries(dir) {
        Ok(entries) => entries,
        Err(problem) => {
            loaded.problems.push(problem);
            return Vec::new();
        }
    };
    loaded.postings_readable = true;
    entries.sort_by_cached_key(DirEntry::file_name);
    let mut files = Vec::with_capacity(entries.len());
    for entry in entries {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let hidden = name.starts_with(['.', '#', '~', '_']) || name.ends_with('~');
        if name.strip_suffix(".toml").is_some() && !hidden && !is_folder(&entry) {
            files.push(path);
            continue;
        }
        let meant = posting_meant(&name).filter(|_| !hidden && !is_folder(&entry));
        if let Some(meant) = meant.filter(|_| !accept.contains(NOT_A_POSTING)) {
            loaded.problems.push(not_a_posting(&path, &meant));
        }
        loaded.ignored.push(path.display().to_string());
    }
    files
}

/// Reads the file of a posting.
fn text_of(path: &Path) -> Text {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let contents = read(path);
    let foreign = contents.as_ref().is_err_and(|problem| problem.code == NOT_UTF8);
    let guess = foreign.then(|| fs::read(path).ok()).flatten().filter(|bytes| bytes.len() <= LARGEST);
    Text {
        file: path.display().to_string(),
        stem: name.strip_suffix(".toml").unwrap_or(&name).to_owned(),
        contents,
        guess: guess.map(|bytes| guessed(&bytes)),
    }
}

/// The code of a file that was probably meant to be a posting.
const NOT_A_POSTING: &str = "not-a-posting";

/// The code of a text in another encoding.
const NOT_UTF8: &str = "not-utf8";

/// A text in another encoding than UTF-8: UTF-16 where it says so (RFC 2781 §3.2), else Latin-1, which no byte is
/// foreign to.
fn guessed(bytes: &[u8]) -> String {
    let wide = |of: fn([u8; 2]) -> u16| {
        let units = bytes[2..].chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The name that a posting's file was probably meant to have: the Notepad adds `.txt`, and other systems see no
/// difference between `.TOML` and `.toml`.
fn posting_meant(name: &str) -> Option<String> {
    let lower = name.to_lowercase();
    let stem = lower.strip_suffix(".toml.txt").or_else(|| lower.strip_suffix(".toml"))?;
    Some(format!("{stem}.toml")).filter(|_| !stem.is_empty())
}

fn not_a_posting(path: &Path, meant: &str) -> Problem {
    let capitals = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
    let (fr, en) = if capitals { (" en minuscules", " in small letters") } else { Default::default() };
    let remedy = if path.with_file_name(meant).exists() {
        say(
            format!("{meant} existe déjà\u{a0}: gardez l'un des deux fichiers"),
            format!("there is {meant} already: keep one of the two files"),
        )
    } else {
        say(format!("renommez-le en {meant}"), format!("rename it to {meant}"))
    };
    Problem::warning(
        "not-a-posting",
        path.display().to_string(),
        say(
            format!("ce fichier n'est pas lu, car son nom ne finit pas par .toml{fr}\u{a0}: ses dates ne seront pas rappelées"),
            format!("this file is not read, because its name does not end with .toml{en}: nobody is reminded of its dates"),
        ),
    )
    .remedy(remedy)
}

fn read_templates(
    root: &Path,
    dir: &Path,
    templates: &mut BTreeMap<String, String>,
    problems: &mut Vec<Problem>,
) {
    let names = match names(dir) {
        Ok(names) => names,
        Err(problem) => return problems.push(problem),
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
                read_templates(root, &path, templates, problems);
            }
            continue;
        }
        if leads_to_a_secret(root, &path) {
            problems.push(secret_template(&path));
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
                templates.insert(name, text);
            }
            Err(problem) => problems.push(problem),
        }
    }
}

/// Whether a path leads out of its folder, to a file that is for its owner's eyes only. What is linked from elsewhere
/// for all to read is as good as what is here.
fn leads_to_a_secret(root: &Path, path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    let (Ok(root), Ok(real)) = (root.canonicalize(), path.canonicalize()) else { return false };
    let private = || real.metadata().is_ok_and(|about| about.permissions().mode() & 0o004 == 0);
    !real.starts_with(root) && private()
}

fn secret_template(path: &Path) -> Problem {
    let sentence = say(
        "ce lien mène, hors du dossier des modèles, à un fichier que tous ne peuvent pas lire\u{a0}: il n'est pas suivi",
        "this link leads out of the folder of templates, to a file that not everybody may read: it is not followed",
    );
    Problem::error("unreadable-file", path.display().to_string(), sentence).remedy(say(
        "mettez une copie du modèle à la place du lien",
        "put a copy of the template in the place of the link",
    ))
}

fn names(dir: &Path) -> Result<Vec<PathBuf>, Problem> {
    Ok(entries(dir)?.iter().map(DirEntry::path).collect())
}

/// Reads a text: a regular file, UTF-8 (a byte order mark is dropped), of at most a million bytes.
pub fn read(path: &Path) -> Result<String, Problem> {
    let file = path.display().to_string();
    let unreadable = |error: &std::io::Error| {
        let (sentence, remedy) = why(path, error);
        Problem::error("unreadable-file", &file, sentence).remedy(remedy)
    };
    let too_large = |bytes: u64| {
        Problem::error(
            "file-too-large",
            &file,
            say(
                format!("ce fichier fait {bytes} octets\u{a0}; jalon en lit {LARGEST} au plus"),
                format!("this file has {bytes} bytes; jalon reads at most {LARGEST}"),
            ),
        )
        .remedy(say("est-ce bien une fiche\u{a0}?", "is it really a posting?"))
    };
    let about = fs::metadata(path).map_err(|error| unreadable(&error))?;
    if !about.is_file() {
        return Err(unreadable(&ErrorKind::InvalidInput.into()));
    }
    if about.len() > LARGEST as u64 {
        return Err(too_large(about.len()));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let mut most = fs::File::open(path).map_err(|error| unreadable(&error))?.take(LARGEST as u64 + 1);
    most.read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() > LARGEST {
        return Err(too_large(bytes.len() as u64));
    }
    if let Some((sentence, remedy)) = alien::of_bytes(&bytes) {
        return Err(Problem::error("not-a-text", &file, sentence).remedy(remedy));
    }
    let text = String::from_utf8(bytes).map_err(|error| not_utf8(&file, &error))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

/// Why a file cannot be read, and what to do.
fn why(path: &Path, error: &std::io::Error) -> (Words, Words) {
    let is_loop = error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    let is_link = fs::symlink_metadata(path).is_ok_and(|about| about.file_type().is_symlink());
    match error.kind() {
        _ if is_loop => (
            say("ce lien tourne en rond", "this link goes in a circle"),
            say("supprimez-le, ou mettez le fichier à sa place", "remove it, or put the file in its place"),
        ),
        ErrorKind::NotFound if is_link => (
            say("ce lien ne mène à aucun fichier", "this link leads to no file"),
            say("supprimez-le, ou remettez le fichier", "remove it, or put the file back"),
        ),
        ErrorKind::NotFound => (
            say("ce fichier n'existe pas", "this file does not exist"),
            say("vérifiez le chemin (--config DOSSIER)", "check the path (--config DIR)"),
        ),
        ErrorKind::PermissionDenied => (
            say("jalon n'a pas le droit de lire ce fichier", "jalon may not read this file"),
            say("donnez-lui ce droit\u{a0}: chmod a+r", "give it the right: chmod a+r"),
        ),
        ErrorKind::InvalidInput | ErrorKind::IsADirectory => (
            say("ce n'est pas un fichier ordinaire", "this is not an ordinary file"),
            say("mettez un fichier de texte à cette place", "put a text file in its place"),
        ),
        _ => (
            say(
                format!("ce fichier ne peut pas être lu\u{a0}: {error}"),
                format!("this file cannot be read: {error}"),
            ),
            say("vérifiez le disque, puis réessayez", "check the disk, then try again"),
        ),
    }
}

fn not_utf8(file: &str, error: &std::string::FromUtf8Error) -> Problem {
    let bytes = error.as_bytes();
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Problem::error(
            NOT_UTF8,
            file,
            say(
                "ce fichier est en UTF-16 («\u{a0}Unicode\u{a0}» du Bloc-notes), et non en UTF-8",
                "this file is UTF-16 (the Notepad's \"Unicode\"), and not UTF-8",
            ),
        )
        .remedy(say("enregistrez-le avec l'encodage UTF-8", "save it with the encoding UTF-8"));
    }
    let good = error.utf8_error().valid_up_to();
    let text = String::from_utf8_lossy(bytes).into_owned();
    let mut place = Place::of(&text, &(good..good + 1));
    let lines: Vec<&str> = text.lines().take(place.line).collect();
    if fit_to_show(lines.into_iter().rev()).is_none_or(|shown| shown.len() < place.text.len()) {
        place.text = String::new();
    }
    Problem::error(
        NOT_UTF8,
        file,
        say(
            "ce fichier n'est pas en UTF-8\u{a0}: ses accents sont illisibles",
            "this file is not UTF-8: its accents cannot be read",
        ),
    )
    .at(place)
    .remedy(say("enregistrez-le avec l'encodage UTF-8", "save it with the encoding UTF-8"))
}

/// The machine's own zone, if it says one: `$TZ`, else what /etc/localtime points to. Only ever compared with
/// jalon.toml's, never used.
#[must_use]
pub fn machine_zone() -> Option<Zone> {
    let name = |path: &str| path.rsplit_once("zoneinfo/").map(|(_, name)| name.to_owned());
    let set = std::env::var("TZ").ok().filter(|set| !set.is_empty());
    let named = match set {
        Some(set) => {
            let set = set.trim_start_matches(':').to_owned();
            name(&set).unwrap_or(set)
        }
        None => name(&fs::read_link("/etc/localtime").ok()?.display().to_string())?,
    };
    Zone::parse(&named)
}
