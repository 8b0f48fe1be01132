//! What a folder lists.

use std::fs::{self, DirEntry};
use std::path::Path;

use crate::diagnostic::{Problem, say};

/// Everything in a folder, in no order.
pub(super) fn entries(dir: &Path) -> Result<Vec<DirEntry>, Problem> {
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
    fs::read_dir(dir).and_then(Iterator::collect).map_err(|error| trouble(&error))
}

/// Whether it is a folder, or leads to one. The listing of a folder says so of all but links: no file is asked.
pub(super) fn is_folder(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Ok(kind) if !kind.is_symlink() => kind.is_dir(),
        _ => entry.path().is_dir(),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_what_it_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("folder")).unwrap();
        fs::write(path.join("file"), "").unwrap();
        for (link, to) in [("to-folder", "folder"), ("to-file", "file"), ("to-nothing", "nothing")] {
            symlink(to, path.join(link)).unwrap();
        }
        let mut folders: Vec<_> = entries(path).unwrap().into_iter().filter(is_folder).collect();
        folders.sort_by_key(DirEntry::file_name);
        let names: Vec<_> = folders.iter().map(DirEntry::file_name).collect();
        assert_eq!(names, ["folder", "to-folder"]);
        assert!(entries(&path.join("nothing")).is_err());
    }
}
