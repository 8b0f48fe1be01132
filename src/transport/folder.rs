//! An outbox: a folder of .eml files, named by Message-ID, written aside and renamed, so that a reader never
//! meets half a mail and a mail sent twice is one file. Nothing else in the folder is touched, and a mail that
//! is reported as kept is on the disk.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Letter;
use crate::plan::outcome::{Outcome, Reply};

/// A folder of .eml files.
#[derive(Clone, Debug)]
pub struct Outbox {
    folder: PathBuf,
}

impl Outbox {
    /// An outbox in this folder, which is made when the first mail is written.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Writes one mail: `Accepted`, or `Unwritable` with the path and the system's words. Waits for the disk.
    #[must_use]
    pub fn send(&self, letter: Letter<'_>) -> Outcome {
        let name = file_name(letter.message_id);
        let place = self.folder.join(&name);
        match self.write(&name, &place, letter.bytes) {
            Ok(()) => Outcome::Accepted(Reply::new(250, &format!("kept as {}", place.display()))),
            Err(error) => Outcome::Unwritable(format!("{} cannot be written: {error}", place.display())),
        }
    }

    fn write(&self, name: &str, place: &Path, bytes: &[u8]) -> io::Result<()> {
        if !self.folder.is_dir() {
            fs::create_dir_all(&self.folder)?;
            if let Some(parent) = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync(parent)?;
            }
        }
        let aside = self.folder.join(format!(".{}.tmp", name.trim_end_matches(".eml")));
        let mut file = File::create(&aside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&aside, place)?;
        // The rename itself lives in the folder.
        sync(&self.folder)
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A Message-ID as a file's name: what could lead elsewhere, or puzzle a shell, is an underscore.
#[must_use]
pub fn file_name(message_id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_' | '-');
    let stem: String = message_id.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{stem}.eml")
}
