//! The refresh token that a provider gave last, kept beside the one that a person gave first.
//!
//! Providers such as Microsoft change the refresh token at each use. The new one is written here, in a file that
//! nobody else reads, and rules as long as it descends from the token that the settings name: a person who puts
//! another one there is believed at once.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// Where a rotated refresh token is kept.
#[derive(Debug)]
pub struct Rotated {
    path: PathBuf,
    /// Open before the provider is asked: what cannot be kept must not be asked for.
    aside: File,
    aside_path: PathBuf,
}

impl Rotated {
    /// Makes ready to write: fails if the file could not be replaced.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_owned();
        // Two runs at once must not write into one another's file.
        name.push(format!(".{}.tmp", std::process::id()));
        let aside_path = path.with_file_name(name);
        let _ = fs::remove_file(&aside_path);
        let aside = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside_path)?;
        Ok(Self { path: path.to_owned(), aside, aside_path })
    }

    /// The token to use: the newest that descends from this one, else this one itself.
    #[must_use]
    pub fn newest_of(&self, given: &str) -> String {
        let kept = fs::read(&self.path).ok().and_then(|text| serde_json::from_slice::<Value>(&text).ok());
        let text = |key: &str| kept.as_ref().and_then(|kept| kept.get(key)).and_then(Value::as_str);
        match text("refresh_token") {
            Some(newest) if text("from") == Some(&digest(given)) => newest.to_owned(),
            _ => given.to_owned(),
        }
    }

    /// Keeps this token, which descends from the given one; whole, or not at all.
    pub fn keep(mut self, given: &str, newest: &str) -> io::Result<()> {
        let text = json!({ "from": digest(given), "refresh_token": newest }).to_string();
        self.aside.write_all(text.as_bytes())?;
        self.aside.sync_all()?;
        fs::rename(&self.aside_path, &self.path)
    }
}

impl Drop for Rotated {
    fn drop(&mut self) {
        // After `keep` it is not there any more.
        let _ = fs::remove_file(&self.aside_path);
    }
}

/// A fingerprint that tells one token from another and gives neither away.
fn digest(token: &str) -> String {
    Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect()
}
