//! Feeds on the disk: written whole beside, then renamed, so that a reader sees the old one or the new one; and the secret
//! from which their names come.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// How long the secret is, in bytes.
const SECRET: usize = 32;

/// The secret of a state folder, in hexadecimal; drawn and kept there (mode 0600) when there is none.
pub fn secret(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) if text.trim().len() == 2 * SECRET => return Ok(text.trim().to_owned()),
        // What a full disk left behind: no feed ever had its name from that.
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let mut drawn = [0; SECRET];
    File::open("/dev/urandom")?.read_exact(&mut drawn)?;
    let text: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
    put(path, text.as_bytes(), 0o600)?;
    Ok(text)
}

/// Brings a folder to hold these feeds, by name, and no other of ours; what is as it should be is not written. Returns how
/// many were written or removed.
pub fn bring(
    folder: &Path,
    feeds: &BTreeMap<String, String>,
    ours: impl Fn(&str, &str) -> bool,
) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut changed = 0;
    for (name, text) in feeds {
        let path = folder.join(name);
        if fs::read(&path).is_ok_and(|there| there == text.as_bytes()) {
            continue;
        }
        // A web server is another user: who may read is for the folder to say.
        put(&path, text.as_bytes(), 0o644)?;
        changed += 1;
    }
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let name = entry.file_name().to_string_lossy().into_owned();
        if feeds.contains_key(&name) || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        if fs::read_to_string(entry.path()).is_ok_and(|text| ours(&name, &text)) {
            fs::remove_file(entry.path())?;
            changed += 1;
        }
    }
    Ok(changed)
}

fn put(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    // Whatever the process's umask is.
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(mode))?;
    file.sync_all()?;
    fs::rename(&new, path)
}
