//! Who may read and write what, how much room is left, and what else the machine says of itself: looked at, never
//! changed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use chrono::{DateTime, Utc};

/// Who owns a file or folder, and who may do what with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// The twelve bits of its mode.
    pub mode: u32,
    /// Its owner.
    pub owner: u32,
    /// Its group.
    pub group: u32,
}

/// What a file's rights are; links are followed.
pub fn rights(path: &Path) -> io::Result<Rights> {
    let about = fs::metadata(path)?;
    Ok(Rights { mode: about.mode() & 0o7777, owner: about.uid(), group: about.gid() })
}

/// The name of a group by its number, else the number.
#[must_use]
pub fn group_name(number: u32) -> String {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    let named = groups.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| number.to_string())
}

/// Who runs this program.
#[must_use]
pub fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The room where a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// How many bytes this user may still write there.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub read_only: bool,
    /// Which file system it is.
    pub system: u64,
}

/// How much room there is in a folder, or where it would be made.
pub fn room(folder: &Path) -> io::Result<Room> {
    let there = folder.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    let about = rustix::fs::statvfs(there.unwrap_or(Path::new(".")))?;
    Ok(Room {
        free: about.f_bavail.saturating_mul(about.f_frsize),
        system: about.f_fsid,
        read_only: about.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
    })
}

/// When this program's file was made: no right clock is before that.
#[must_use]
pub fn made() -> Option<DateTime<Utc>> {
    let about = fs::metadata(std::env::current_exe().ok()?).ok()?;
    Some(about.modified().ok()?.into())
}

/// Whether systemd-timesyncd has set the clock since the machine is up; nothing is known where it does not run.
#[must_use]
pub fn synchronised() -> Option<bool> {
    let folder = Path::new("/run/systemd/timesync");
    folder.is_dir().then(|| folder.join("synchronized").exists())
}
