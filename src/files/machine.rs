//! Which machine this is, for ledgers that several share.

use std::fs::{self, File};
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// A machine, and one run of jalon on it.
#[derive(Debug)]
pub struct Machine {
    /// The same as long as the machine and the places of its files are, of one jalon at a time: no blank in it.
    pub id: String,
    /// What people call the machine.
    pub name: String,
    /// What tells this run from others.
    pub run: String,
    /// Held as long as this run lasts: whoever finds it free knows that the run is over.
    _slot: Option<File>,
}

/// How many jalons with the same files find a place of their own.
const SLOTS: usize = 16;

impl Machine {
    /// This one, for as long as the value is kept. `state` is the folder of what the service keeps.
    #[must_use]
    pub fn take(config: &Path, state: &Path) -> Self {
        let read =
            |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let name = read("/proc/sys/kernel/hostname");
        let place = |path: &Path| {
            let found = path.canonicalize().or_else(|_| std::path::absolute(path));
            found.unwrap_or_else(|_| path.to_owned()).display().to_string()
        };
        // What is kept apart from the run: its process, its start and the machine's (proc(5), stat, field 22).
        let stat = read("/proc/self/stat");
        let started = stat.rsplit(')').next().and_then(|rest| rest.split(' ').nth(20)).unwrap_or_default();
        let boot: String = read("/proc/sys/kernel/random/boot_id").chars().take(8).collect();
        let run = format!("{}.{started}.{boot}", std::process::id());
        let (slot, n) = slot(state).unwrap_or((None, run.clone()));
        let words = [read("/etc/machine-id"), name.clone(), place(config), place(state), n];
        let digest = Sha256::digest(words.join("\n"));
        let id = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { id, name, run, _slot: slot }
    }
}

/// A place that no other run has; none where no file can be made.
fn slot(state: &Path) -> Option<(Option<File>, String)> {
    fs::create_dir_all(state).ok()?;
    (1..=SLOTS).find_map(|n| {
        let path = state.join(format!("host-{n}.lock"));
        let file = File::options().create(true).truncate(false).write(true).open(path).ok()?;
        file.try_lock().ok()?;
        Some((Some(file), n.to_string()))
    })
}
