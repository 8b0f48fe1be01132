//! When to look again: inotify on the places where the configuration can change. It says that something stirred, never
//! what: the looks say that. Where the kernel cannot tell (a network's file system, an exhausted table of watches), the
//! planner's beat looks every minute anyway.

use std::collections::BTreeSet;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
use tokio::io::unix::AsyncFd;
use tokio::time::{Instant, sleep_until};

/// How long it is deaf after it heard something: a busy folder beside ours is looked at twice a second at most.
const DEAF: Duration = Duration::from_millis(500);

/// File systems of this machine, by their number in linux/magic.h: whatever changes there, the kernel hears of. On a
/// network's it hears only of what this machine does.
const OURS: [u32; 9] = [
    0x0000_ef53, // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0x794c_7630, // overlayfs
    0xf2f5_2010, // f2fs
    0x2fc1_2fc1, // zfs
    0xca45_1a4e, // bcachefs
];

/// Whether all that happens in a place can be heard of.
#[must_use]
pub fn is_heard(place: &Path) -> bool {
    let of = |path: &Path| rustix::fs::statfs(path).ok().and_then(|about| u32::try_from(about.f_type).ok());
    of(place).is_none_or(|number| OURS.contains(&number))
}

/// Listens for changes in places.
#[derive(Debug)]
pub struct Watch {
    fd: AsyncFd<OwnedFd>,
    deaf_until: Instant,
}

impl Watch {
    /// Begins to listen, nowhere yet.
    pub fn begin() -> io::Result<Self> {
        let fd = init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an OwnedFd has the I/O safety that it asks for"
        )]
        let fd = AsyncFd::new(fd)?;
        Ok(Self { fd, deaf_until: Instant::now() })
    }

    /// Listens in these places too. Those that are known stay, those that are gone fall away by themselves. The error is
    /// of the first that cannot be listened to; the others are.
    pub fn listen(&self, places: &BTreeSet<PathBuf>) -> io::Result<()> {
        let flags = WatchFlags::CREATE
            | WatchFlags::DELETE
            | WatchFlags::MOVE
            | WatchFlags::MODIFY
            | WatchFlags::ATTRIB
            | WatchFlags::DELETE_SELF
            | WatchFlags::MOVE_SELF
            | WatchFlags::EXCL_UNLINK;
        let mut heard = Ok(());
        for place in places {
            match add_watch(self.fd.get_ref(), place, flags) {
                // A place that is gone will be seen to be.
                Ok(_) | Err(rustix::io::Errno::NOENT) => {}
                Err(why) => heard = heard.and(Err(why.into())),
            }
        }
        heard
    }

    /// Waits until something stirred. What stirs while nobody waits is heard by whoever waits next.
    pub async fn stirred(&mut self) -> io::Result<()> {
        sleep_until(self.deaf_until).await;
        self.heard().await?;
        self.deaf_until = Instant::now() + DEAF;
        Ok(())
    }

    /// Waits for the next events, and takes all there are.
    async fn heard(&self) -> io::Result<()> {
        loop {
            let mut ready = self.fd.readable().await?;
            let mut space = [MaybeUninit::uninit(); 4096];
            let mut events = Reader::new(self.fd.get_ref(), &mut space);
            let mut heard = false;
            loop {
                match events.next() {
                    Ok(_) => heard = true,
                    Err(rustix::io::Errno::AGAIN) => break,
                    Err(rustix::io::Errno::INTR) => {}
                    Err(why) => return Err(why.into()),
                }
            }
            ready.clear_ready();
            if heard {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::files::looks::looks;

    async fn stirs(watch: &mut Watch, what: impl FnOnce()) {
        what();
        tokio::time::timeout(Duration::from_mins(1), watch.stirred()).await.unwrap().unwrap();
        watch.deaf_until = Instant::now();
    }

    fn write(path: &Path, name: &str) {
        fs::create_dir_all(path.join(name).parent().unwrap()).unwrap();
        fs::write(path.join(name), name).unwrap();
    }

    #[tokio::test]
    async fn every_way_of_saving_is_heard() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for name in
            ["v1/jalon.toml", "v1/postings/a.toml", "v1/templates/fr/parts/start.txt", "v2/jalon.toml", "x"]
        {
            write(path, name);
        }
        symlink("../../x", path.join("v1/postings/linked.toml")).unwrap();
        symlink("v1", path.join("current")).unwrap();
        let config = path.join("current");
        let mut watch = Watch::begin().unwrap();
        watch.listen(&looks(&config, None).places).unwrap();
        stirs(&mut watch, || write(path, "v1/jalon.toml")).await;
        stirs(&mut watch, || write(path, "v1/postings/b.toml")).await;
        stirs(&mut watch, || {
            fs::rename(path.join("v2/jalon.toml"), path.join("v1/postings/a.toml")).unwrap();
        })
        .await;
        stirs(&mut watch, || fs::remove_file(path.join("v1/postings/a.toml")).unwrap()).await;
        stirs(&mut watch, || write(path, "v1/templates/fr/parts/start.txt")).await;
        stirs(&mut watch, || write(path, "x")).await;
        stirs(&mut watch, || {
            symlink("v2", path.join("next")).unwrap();
            fs::rename(path.join("next"), &config).unwrap();
        })
        .await;
        // Not heard: what is beside it.
        write(path, "elsewhere/y");
        watch.listen(&looks(&config, None).places).unwrap();
    }
}
