//! What the service manager is told of us, as sd_notify(3) has it: that work can begin, that files are read again, that
//! we are alive, that we end; and in one line how the service does.
//!
//! Whatever goes wrong with that is nobody's trouble. crate sd-notify would save little: the socket is one call, and every
//! word must pass [`without_addresses`].

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::addresses::without_addresses;

/// The service manager, if there is one (`$NOTIFY_SOCKET`). Clones speak as one.
#[derive(Clone, Debug, Default)]
pub struct Manager {
    socket: Option<OsString>,
    said: Arc<Mutex<Said>>,
}

/// What it was told.
#[derive(Debug, Default)]
struct Said {
    status: Option<String>,
    /// Before work can begin there is nothing to say of it.
    ready: bool,
    /// Nothing more is said of a service that ends.
    stopping: bool,
}

impl Manager {
    /// The manager that started this process.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { socket: std::env::var_os("NOTIFY_SOCKET"), said: Arc::default() }
    }

    /// Work can begin, or goes on after a reload; and how the service does.
    pub fn ready(&self, status: &str) {
        self.tell("READY=1\n", status, true);
    }

    /// Files are read again; [`ready`](Self::ready) follows. `now`: of CLOCK_MONOTONIC, which travels in the same datagram
    /// (`Type=notify-reload` asks for it).
    pub fn reloading(&self, now: Duration) {
        let words = format!("RELOADING=1\nMONOTONIC_USEC={}\n", now.as_micros());
        self.tell(&words, "reading the files again", true);
    }

    /// The service ends.
    pub fn stopping(&self) {
        self.tell("STOPPING=1\n", "finishing what is in hand", true);
        self.said.lock().unwrap_or_else(PoisonError::into_inner).stopping = true;
    }

    /// How the service does, in one line; only when that is news.
    pub fn status(&self, line: &str) {
        self.tell("", line, false);
    }

    /// The service is alive: the watchdog may wait anew.
    pub fn alive(&self) {
        self.send(b"WATCHDOG=1");
    }

    fn tell(&self, first: &str, status: &str, always: bool) {
        // Held while it is sent: what is said last is what arrives last.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let status = one_line(status);
        if said.stopping || (!always && (!said.ready || said.status.as_ref() == Some(&status))) {
            return;
        }
        said.ready = true;
        self.send(format!("{first}STATUS={status}").as_bytes());
        said.status = Some(status);
    }

    fn send(&self, message: &[u8]) {
        if let Some(socket) = &self.socket {
            let _ = notify(socket, message);
        }
    }
}

fn one_line(text: &str) -> String {
    without_addresses(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn notify(socket: &OsStr, message: &[u8]) -> io::Result<usize> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address)
}

/// How long the watchdog of this process waits (`$WATCHDOG_USEC`), if there is one and it is for us (`$WATCHDOG_PID`).
#[must_use]
pub fn watchdog() -> Option<Duration> {
    let of = |name| std::env::var(name).ok();
    watchdog_of(of("WATCHDOG_USEC").as_deref(), of("WATCHDOG_PID").as_deref(), std::process::id())
}

/// The same, of these values (sd_watchdog_enabled(3)) and this process.
fn watchdog_of(microseconds: Option<&str>, of: Option<&str>, us: u32) -> Option<Duration> {
    let microseconds: u64 = microseconds?.parse().ok().filter(|microseconds| *microseconds > 0)?;
    of.is_none_or(|of| of.parse() == Ok(us)).then(|| Duration::from_micros(microseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manager_reads_one_datagram_each_and_nothing_after_the_end() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("binds");
        socket.set_nonblocking(true).expect("can be asked");
        let manager = Manager { socket: Some(path.into_os_string()), ..Manager::default() };
        let also = manager.clone();
        let read = || {
            let mut bytes = [0; 200];
            socket.recv(&mut bytes).map(|length| String::from_utf8_lossy(&bytes[..length]).into_owned()).ok()
        };
        also.status("too early");
        assert_eq!(read(), None, "nothing has begun");
        manager.ready("5 postings");
        assert_eq!(read().as_deref(), Some("READY=1\nSTATUS=5 postings"));
        also.status("5 postings");
        assert_eq!(read(), None, "it is no news");
        also.status("line\nbreak, for lou.durand@example.org");
        assert_eq!(read().as_deref(), Some("STATUS=line break, for #602fab@example.org"));
        manager.reloading(Duration::from_millis(1500));
        let reloading = "RELOADING=1\nMONOTONIC_USEC=1500000\nSTATUS=reading the files again";
        assert_eq!(read().as_deref(), Some(reloading));
        manager.alive();
        assert_eq!(read().as_deref(), Some("WATCHDOG=1"));
        manager.stopping();
        assert_eq!(read().as_deref(), Some("STOPPING=1\nSTATUS=finishing what is in hand"));
        also.status("5 postings");
        also.ready("5 postings");
        assert_eq!(read(), None, "it ends");
        let nowhere = Manager { socket: Some("/nowhere/at/all".into()), ..Manager::default() };
        nowhere.ready("and nobody minds");
        assert!(notify(OsStr::new("/nowhere/at/all"), b"x").is_err());
    }

    #[test]
    fn a_watchdog_of_somebody_else_is_not_ours() {
        let minute = Some(Duration::from_mins(1));
        assert_eq!(watchdog_of(Some("60000000"), None, 7), minute);
        assert_eq!(watchdog_of(Some("60000000"), Some("7"), 7), minute);
        for (usec, pid) in [
            (None, None),
            (None, Some("7")),
            (Some("60000000"), Some("8")),
            (Some("60000000"), Some("")),
            (Some("0"), None),
            (Some("soon"), None),
        ] {
            assert_eq!(watchdog_of(usec, pid, 7), None, "{usec:?} {pid:?}");
        }
    }
}
