//! What the configuration looks like from outside: which files there are, how long, when written. Nothing is read.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::names;
use crate::settings::Settings;

/// How deep links may lead to links; the kernel's own limit.
const LINKS: usize = 40;

/// How a file or folder looks: where it is, and what changes when it is written, replaced, linked or given other rights.
type Look = (PathBuf, [i64; 6]);

/// A path as it is written: comparing paths part by part takes ten times as long, and there are many.
fn as_written(path: &Path) -> &OsStr {
    path.as_os_str()
}

/// What the files look like. Whoever sees the same twice need not read them again.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    found: Vec<Look>,
    /// Where something happens when any of it changes: folders, and files that links lead to.
    pub places: BTreeSet<PathBuf>,
}

impl PartialEq for Looks {
    fn eq(&self, other: &Self) -> bool {
        self.found == other.found
    }
}

/// Looks at every file that [`load`](super::load) would read: jalon.toml, and the folders that these settings name.
#[must_use]
pub fn looks(config: &Path, settings: Option<&Settings>) -> Looks {
    let mut looks = Looks::of_settings(config);
    looks.add_folders(config, settings);
    looks
}

impl Looks {
    /// What jalon.toml looks like, and where it is.
    pub(super) fn of_settings(config: &Path) -> Self {
        let mut looks = Self::default();
        looks.way(config, LINKS);
        looks.at(config, 0);
        looks.places.insert(config.to_owned());
        looks.at(&config.join("jalon.toml"), 0);
        looks
    }

    /// Whether a file looked the same when others were looked at.
    pub(super) fn same(&self, path: &Path, others: &Self) -> bool {
        let of = |looks: &Self| {
            let at =
                looks.found.binary_search_by(|(there, _)| as_written(there).cmp(as_written(path))).ok()?;
            Some(looks.found[at].1)
        };
        of(self).is_some_and(|look| of(others) == Some(look))
    }

    /// What the folders look like that these settings name.
    pub(super) fn add_folders(&mut self, config: &Path, settings: Option<&Settings>) {
        let postings = settings.map_or(Path::new("postings"), |settings| &settings.postings);
        let templates = settings.and_then(|settings| settings.templates.as_deref());
        self.at(&config.join(postings), 1);
        self.at(&config.join(templates.unwrap_or(Path::new("templates"))), 3);
        self.found.sort_unstable_by(|(a, _), (b, _)| as_written(a).cmp(as_written(b)));
    }

    /// A file, or a folder so deep.
    fn at(&mut self, path: &Path, depth: usize) {
        let itself = fs::symlink_metadata(path);
        let is_link = itself.as_ref().is_ok_and(fs::Metadata::is_symlink);
        if is_link {
            self.way(path, LINKS);
        }
        let about = if is_link { fs::metadata(path) } else { itself };
        let Ok(about) = about else { return };
        if about.is_dir() {
            // What a folder holds is looked at by itself; its own times also change with files that are none of ours.
            let number = |number: u64| i64::try_from(number).unwrap_or_default();
            self.found.push((path.to_owned(), [number(about.dev()), number(about.ino()), 0, 0, 0, 0]));
            if depth > 0 {
                self.places.insert(path.to_owned());
                for inner in names(path).unwrap_or_default() {
                    self.at(&inner, depth - 1);
                }
            }
            return;
        }
        if is_link {
            self.places.insert(path.to_owned());
        }
        let size = i64::try_from(about.len()).unwrap_or_default();
        let inode = i64::try_from(about.ino()).unwrap_or_default();
        let (written, changed) = ((about.mtime(), about.mtime_nsec()), (about.ctime(), about.ctime_nsec()));
        self.found.push((path.to_owned(), [size, inode, written.0, written.1, changed.0, changed.1]));
    }

    /// The folders that hold the links on the way to a path: where one is swapped, another file is there.
    fn way(&mut self, path: &Path, links: usize) {
        for part in path.ancestors().filter(|part| !part.as_os_str().is_empty()) {
            let Ok(target) = fs::read_link(part) else { continue };
            let folder = part.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            self.places.insert(folder.to_owned());
            if links > 0 {
                self.way(&folder.join(target), links - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, name).unwrap();
        };
        for name in ["config/jalon.toml", "config/postings/a.toml", "v2/postings/a.toml", "elsewhere/b.toml"]
        {
            write(name);
        }
        folder
    }

    #[test]
    fn whatever_is_done_to_a_file_is_seen_and_nothing_else() {
        let folder = folder();
        let path = folder.path();
        let config = path.join("config");
        let mut seen = looks(&config, None);
        let mut changed = || {
            let now = looks(&config, None);
            std::mem::replace(&mut seen, now.clone()) != now
        };
        assert!(!changed());
        // The same bytes at the same moment, in another file: an editor that saves by renaming.
        let posting = config.join("postings/a.toml");
        let when = fs::metadata(&posting).unwrap().modified().unwrap();
        fs::write(path.join("new"), "config/postings/a.toml").unwrap();
        fs::File::options().write(true).open(path.join("new")).unwrap().set_modified(when).unwrap();
        fs::rename(path.join("new"), &posting).unwrap();
        assert!(changed());
        fs::remove_file(&posting).unwrap();
        assert!(changed());
        symlink("../../elsewhere/b.toml", &posting).unwrap();
        assert!(changed());
        fs::write(path.join("elsewhere/b.toml"), "other words").unwrap();
        assert!(changed());
        fs::create_dir_all(config.join("templates/fr/parts")).unwrap();
        assert!(changed());
        fs::write(config.join("templates/fr/parts/start.txt"), "").unwrap();
        assert!(changed());
        fs::write(path.join("elsewhere/c.toml"), "").unwrap();
        fs::write(config.join("notes.txt"), "").unwrap();
        assert!(!changed());
    }

    #[test]
    fn a_link_that_is_swapped_is_seen_and_its_folder_is_a_place_to_watch() {
        let folder = folder();
        let path = folder.path();
        symlink("config", path.join("v1")).unwrap();
        symlink("v1", path.join("current")).unwrap();
        fs::create_dir(path.join("etc")).unwrap();
        symlink("../current", path.join("etc/jalon")).unwrap();
        let config = path.join("etc/jalon");
        let seen = looks(&config, None);
        for place in [path.join("etc"), path.join("etc/.."), config.clone(), config.join("postings")] {
            assert!(seen.places.contains(&place), "{place:?}: {:?}", seen.places);
        }
        fs::remove_file(path.join("current")).unwrap();
        symlink("v2", path.join("current")).unwrap();
        assert!(looks(&config, None) != seen);
        // Links in a circle lead nowhere, and end.
        fs::remove_file(path.join("current")).unwrap();
        symlink("current", path.join("current")).unwrap();
        assert!(looks(&config, None) != seen);
    }
}
