//! A way to the database that breaks at a moment of one's choice: a socket in a folder of its own, which passes on what it
//! hears until it is told to lose a commit, or the answer to one.

#![allow(unreachable_pub, reason = "several test files use it")]

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

/// What becomes of the next commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It never arrives.
    IsLost = 1,
    /// It is done, and nobody hears of it.
    IsUnanswered = 2,
}

pub struct Way {
    folder: tempfile::TempDir,
    next: Arc<AtomicU8>,
}

impl Way {
    /// A way to the server whose socket is in this folder.
    pub fn to(server: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("jalon-cut-").tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).unwrap();
        let next = Arc::new(AtomicU8::new(0));
        let (socket, cut) = (server.join(".s.PGSQL.5432"), Arc::clone(&next));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (socket, cut) = (socket.clone(), Arc::clone(&cut));
                std::thread::spawn(move || pass(client, &socket, &cut));
            }
        });
        Self { folder, next }
    }

    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// The next commit meets this fate; those after it pass.
    pub fn next(&self, fate: Next) {
        self.next.store(fate as u8, Ordering::SeqCst);
    }
}

fn pass(mut client: UnixStream, socket: &Path, next: &AtomicU8) {
    let Ok(mut server) = UnixStream::connect(socket) else { return };
    let (mut back, mut home) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut back, &mut home);
        let _ = home.shutdown(std::net::Shutdown::Both);
    });
    let mut bytes = vec![0; 65536];
    while let Ok(read @ 1..) = client.read(&mut bytes) {
        let words = &bytes[..read];
        if words.windows(7).any(|window| window == b"COMMIT\0") {
            match next.swap(0, Ordering::SeqCst) {
                1 => break,
                2 => {
                    let _ = client.shutdown(std::net::Shutdown::Both);
                    let _ = server.write_all(words);
                    // It is over when the server has nothing more to do for us.
                    let _ = server.write_all(b"X\0\0\0\x04");
                    let _ = server.read(&mut [0; 1]);
                    break;
                }
                _ => {}
            }
        }
        if server.write_all(words).is_err() {
            break;
        }
    }
    let _ = server.shutdown(std::net::Shutdown::Both);
    let _ = client.shutdown(std::net::Shutdown::Both);
}
