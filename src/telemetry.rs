//! The log's way out: the standard error, which journald reads. What is said stands with who says it
//! (`daemon/log.rs`); here is only how lines look and which are shown.

use std::ffi::OsStr;
use std::io::{self, IsTerminal as _, Write};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use tracing_subscriber::EnvFilter;

/// Sends the log to the standard error: `$JALON_LOG` filters it (default `info`); under journald without time
/// and colour.
pub fn begin() {
    let filter = EnvFilter::try_from_env("JALON_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,tokio_cron_scheduler=warn"));
    let under_journald = std::env::var_os("JOURNAL_STREAM").is_some();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| Unbreakable)
        .with_target(false)
        .with_ansi(!under_journald && std::io::stderr().is_terminal());
    // A second subscriber (in tests) changes nothing.
    let _ = if under_journald { builder.without_time().try_init() } else { builder.try_init() };
}

/// Tells the service manager in one line how the service does (`STATUS=` of sd_notify(3)), if there is one. Whatever
/// goes wrong with that is nobody's trouble.
pub fn status(line: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = notify(&socket, format!("STATUS={line}").as_bytes());
}

fn notify(socket: &OsStr, message: &[u8]) -> io::Result<usize> {
    let bytes = socket.as_bytes();
    let address = match bytes.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message, &address)
}

/// The standard error, where a failure to write is nobody's: a log that cannot be written (a pipe whose reader is
/// gone, a full disk) must never stop a reminder.
struct Unbreakable;

impl Write for Unbreakable {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_manager_reads_one_datagram() {
        let folder = std::env::temp_dir().join(format!("jalon-notify-{}", std::process::id()));
        let _ = std::fs::remove_file(&folder);
        let socket = UnixDatagram::bind(&folder).expect("binds");
        assert_eq!(notify(folder.as_os_str(), b"STATUS=5 postings; all is well").expect("is sent"), 30);
        let mut read = [0; 100];
        let length = socket.recv(&mut read).expect("arrives");
        assert_eq!(&read[..length], b"STATUS=5 postings; all is well");
        std::fs::remove_file(&folder).expect("is removed");
        assert!(notify(OsStr::new("/nowhere/at/all"), b"x").is_err(), "and nobody minds");
    }
}
