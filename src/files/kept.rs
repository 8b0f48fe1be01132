//! The last good version of jalon.toml and of the templates, as copies in the state folder: a daemon that is started on
//! files that cannot be used starts on these. (The postings' last good texts are in the ledger.)
//!
//! ```text
//! last-good/of            the configuration folder that these are copies of
//!          /jalon.toml
//!          /templates/…   those that replace built-in ones
//! ```
//! They are written whole beside, and then renamed: a power cut leaves the old ones or the new ones. No secret is in
//! them: jalon.toml holds none.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::{read, read_templates};

/// Texts that were good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// jalon.toml.
    pub settings: String,
    /// The templates that replace built-in ones, by name.
    pub templates: BTreeMap<String, String>,
}

impl Kept {
    /// The copies in a folder, if they are whole and of this configuration folder.
    #[must_use]
    pub fn read(folder: &Path, config: &Path) -> Option<Self> {
        // Between the two renames of a writer there is only the one that was put aside.
        [folder.to_owned(), aside(folder)].iter().find_map(|folder| {
            let of = fs::read(folder.join("of")).ok()?;
            if of != of_config(config) {
                return None;
            }
            let settings = read(&folder.join("jalon.toml")).ok()?;
            let (root, mut templates, mut problems) = (folder.join("templates"), BTreeMap::new(), Vec::new());
            read_templates(&root, &root, &mut templates, &mut problems);
            problems.is_empty().then_some(Self { settings, templates })
        })
    }

    /// Puts these copies in the place of those that are there.
    pub fn write(&self, folder: &Path, config: &Path) -> io::Result<()> {
        let new = beside(folder, ".new");
        let old = aside(folder);
        remove(&new)?;
        write(&new.join("of"), &of_config(config))?;
        write(&new.join("jalon.toml"), self.settings.as_bytes())?;
        make(&new.join("templates"))?;
        for (name, text) in &self.templates {
            write(&new.join("templates").join(name), text.as_bytes())?;
        }
        if folder.exists() {
            remove(&old)?;
            fs::rename(folder, &old)?;
        }
        fs::rename(&new, folder)?;
        if let Some(parent) = folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        remove(&old)
    }
}

/// What says whose copies these are: where the configuration folder is, links as they are.
fn of_config(config: &Path) -> Vec<u8> {
    let path = std::path::absolute(config).unwrap_or_else(|_| config.to_owned());
    path.as_os_str().as_bytes().to_vec()
}

fn aside(folder: &Path) -> PathBuf {
    beside(folder, ".old")
}

fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut path = folder.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn make(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    path.parent().map_or(Ok(()), make)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(words: &str) -> Kept {
        let template = ("fr/parts/start.txt".to_owned(), words.to_owned());
        Kept { settings: words.to_owned(), templates: BTreeMap::from([template]) }
    }

    #[test]
    fn what_is_kept_is_read_again_and_only_for_its_own_folder() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("last-good");
        let config = Path::new("/etc/jalon");
        assert_eq!(Kept::read(&folder, config), None);
        for words in ["one", "two"] {
            kept(words).write(&folder, config).unwrap();
            assert_eq!(Kept::read(&folder, config), Some(kept(words)));
        }
        let without = Kept { templates: BTreeMap::new(), ..kept("three") };
        without.write(&folder, config).unwrap();
        assert_eq!(Kept::read(&folder, config), Some(without));
        assert_eq!(Kept::read(&folder, Path::new("/etc/other")), None);
        assert_eq!(fs::read_dir(state.path()).unwrap().count(), 1, "nothing is left beside");
    }

    #[test]
    fn a_writer_that_was_cut_off_leaves_the_old_or_the_new() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("last-good");
        let config = Path::new("/etc/jalon");
        kept("one").write(&folder, config).unwrap();
        // Cut off while the new ones were written: half a folder beside.
        write(&beside(&folder, ".new").join("of"), b"x").unwrap();
        assert_eq!(Kept::read(&folder, config), Some(kept("one")));
        // Cut off between the two renames.
        fs::rename(&folder, aside(&folder)).unwrap();
        assert_eq!(Kept::read(&folder, config), Some(kept("one")));
        kept("two").write(&folder, config).unwrap();
        assert_eq!(Kept::read(&folder, config), Some(kept("two")));
    }
}
