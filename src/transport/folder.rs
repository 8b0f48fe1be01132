//! An outbox: a folder of .eml files, named by Message-ID, written aside and renamed, so that a reader never
//! meets half a mail and a mail sent twice is one file. Nothing else in the folder is touched, and a mail that
//! is reported as kept is on the disk. Folder and files are for the owner's eyes only: they hold addresses.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::Letter;
use crate::plan::outcome::{Outcome, Reply};

/// How much of a mail is read to know whose it is, in bytes.
const HEAD: u64 = 16_384;

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

    /// The mails that are in it, ours alone: each with its path, and when it was written by its `Date`.
    pub fn mails(&self) -> io::Result<Vec<(PathBuf, DateTime<Utc>)>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            found.extend(written(&path).map(|at| (path, at)));
        }
        Ok(found)
    }

    /// Removes the mails that were written before an instant; how many.
    pub fn purge(&self, before: DateTime<Utc>) -> io::Result<usize> {
        let old: Vec<_> = self.mails()?.into_iter().filter(|(_, at)| *at < before).collect();
        for (path, _) in &old {
            fs::remove_file(path)?;
        }
        Ok(old.len())
    }

    fn write(&self, name: &str, place: &Path, bytes: &[u8]) -> io::Result<()> {
        if !self.folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
            if let Some(parent) = self.folder.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync(parent)?;
            }
        }
        let aside = self.folder.join(format!(".{}.tmp", name.trim_end_matches(".eml")));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
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

/// When a mail of ours was written: its name is that of its Message-ID, and nobody else's is.
fn written(path: &Path) -> Option<DateTime<Utc>> {
    let name = path.file_name()?.to_str()?;
    let mut head = Vec::new();
    File::open(path).ok()?.take(HEAD).read_to_end(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head);
    let head = head.split("\r\n\r\n").next()?;
    let field = |field: &str| head.lines().find_map(|line| line.strip_prefix(field)).map(str::trim);
    let id = field("Message-ID:")?.trim_matches(['<', '>']);
    let date = DateTime::parse_from_rfc2822(field("Date:")?).ok()?;
    (file_name(id) == name).then(|| date.with_timezone(&Utc))
}

/// A Message-ID as a file's name: what could lead elsewhere, or puzzle a shell, is an underscore.
#[must_use]
pub fn file_name(message_id: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '@' | '_' | '-');
    let stem: String = message_id.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("{stem}.eml")
}
