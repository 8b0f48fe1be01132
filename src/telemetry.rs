//! The log's way out: the standard error, which journald reads. What is said stands with who says it
//! (`daemon/log.rs`); here is only how lines look and which are shown; and that none of them, whoever wrote it and at
//! whatever level, holds an address of somebody: [`without_addresses`] has the last word on each.

use std::any::Any;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::ops::Range;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

use sha2::{Digest as _, Sha256};
use tracing_subscriber::EnvFilter;

/// Sends the log to the standard error: `$JALON_LOG` filters it (default `info`); under journald without time
/// and colour. From here on a panic is a line like the others.
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
    std::panic::set_hook(Box::new(|panic| {
        // Not through the subscriber, which may be what panicked.
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(Unbreakable, "ERROR {}", panicked(panic.payload(), &at));
    }));
}

/// What is said of a panic: where it was, and its words if they stood in the program. Words that were put together may
/// hold what a posting or a relay said.
fn panicked(payload: &(dyn Any + Send), at: &str) -> String {
    let words = payload.downcast_ref::<&'static str>().copied().unwrap_or("");
    format!(
        "event=\"panic\" at=\"{at}\" {words:?}: jalon stumbled; whatever it was about is tried otherwise or later"
    )
}

/// An address as logs have it: six digits of its hash and its domain, `#3fa4c1@example.org`. The same address is always
/// the same, and nobody's name is in it.
#[must_use]
pub fn shortened(address: &str) -> String {
    let lower = address.to_lowercase();
    let hash = Sha256::digest(lower.as_bytes()).iter().take(3).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    });
    format!("#{hash}@{}", address.rsplit_once('@').map_or("", |(_, domain)| domain))
}

/// A text in which every address of somebody is [`shortened`]. Message-IDs, which have the shape of one, stay.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for at in addresses(text) {
        shown.push_str(&text[done..at.start]);
        shown.push_str(&shortened(&text[at.clone()]));
        done = at.end;
    }
    shown + &text[done..]
}

/// Where a text names the addresses of people.
#[must_use]
pub fn addresses(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find('@').map(|at| from + at) {
        let (local, domain) = (local(&text[from..at]), domain(&text[at + 1..]));
        let end = at + 1 + domain.len();
        if !local.is_empty() && !domain.is_empty() && !is_ours(local) {
            found.push(at - local.len()..end);
        }
        from = end;
    }
    found
}

/// The local part that a text ends with (RFC 5322 §3.4.1), also between quotes; without signs that rather stand around
/// an address than in it.
fn local(text: &str) -> &str {
    if let Some(quoted) = text.strip_suffix('"') {
        return quoted.rfind('"').map_or("", |start| &text[start..]);
    }
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-^_.~".contains(c);
    let local = &text[text.trim_end_matches(is_local).len()..];
    local.trim_start_matches(|c: char| "'.&*".contains(c))
}

/// The domain that a text begins with: names with dots, or this machine. Of a unit such as `jalon@main`, nothing.
fn domain(text: &str) -> &str {
    let is_domain = |c: char| c.is_alphanumeric() || "-.".contains(c);
    let end = text.find(|c| !is_domain(c)).unwrap_or(text.len());
    let domain = text[..end].trim_end_matches(['.', '-']);
    if domain.contains('.') || domain.eq_ignore_ascii_case("localhost") { domain } else { "" }
}

/// Whether a local part is a Message-ID's, or was shortened already.
fn is_ours(local: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    local.strip_prefix("jalon.").is_some_and(|rest| hex(rest, 32))
        || local.strip_prefix('#').is_some_and(|rest| hex(rest, 6))
}

/// Tells the service manager in one line how the service does (`STATUS=` of sd_notify(3)), if there is one. Whatever
/// goes wrong with that is nobody's trouble.
pub fn status(line: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET") else { return };
    let line: String =
        without_addresses(line).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
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
        // A line comes whole.
        let line = without_addresses(&String::from_utf8_lossy(bytes));
        let _ = io::stderr().lock().write_all(line.as_bytes());
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
    fn no_line_names_an_address() {
        let short = |address: &str| shortened(address);
        assert_eq!(short("Lou.Durand@example.org"), "#602fab@example.org");
        for (text, address) in [
            ("to=lou.durand@example.org", "lou.durand@example.org"),
            ("550 5.1.1 <lou.durand@example.org>: unknown", "lou.durand@example.org"),
            ("p/deadline/2026-06-28/-7d/lou.durand@example.org", "lou.durand@example.org"),
            ("'lou.durand@example.org', no", "lou.durand@example.org"),
            ("écrire à zoé.d+1@académie.example.", "zoé.d+1@académie.example"),
            ("mailto:lou@localhost", "lou@localhost"),
            ("a \"lou durand\"@example.org b", "\"lou durand\"@example.org"),
        ] {
            let expected = text.replace(address, &shortened(address));
            assert_eq!(without_addresses(text), expected);
            assert_eq!(without_addresses(&expected), expected, "twice is once");
        }
        for same in [
            "message_id=\"jalon.c2763ae209cce951f0f3417771948a59@example.org\"",
            "/var/lib/jalon@main/jalon.db",
            "@ example.org, a@ b, @x.y",
            "user@",
            "",
        ] {
            assert_eq!(without_addresses(same), same);
        }
        assert_eq!(without_addresses("a@b.c@d.e").matches('#').count(), 1, "and nothing is lost after it");
    }

    #[test]
    fn a_panic_says_where_and_repeats_nothing() {
        let caught = std::panic::catch_unwind(|| panic!("{}", String::from("hunter2"))).unwrap_err();
        let line = panicked(&*caught, "src/x.rs:1:2");
        assert!(line.contains("at=\"src/x.rs:1:2\"") && !line.contains("hunter2"), "{line}");
        assert!(panicked(&"a literal", "x").contains("a literal"));
    }

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
