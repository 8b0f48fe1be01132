//! The journal, in its own words: one datagram an entry, a name and a value a field
//! (<https://systemd.io/JOURNAL_NATIVE_PROTOCOL/>), so that `journalctl JALON_POSTING=…` finds what is asked for.
//!
//! tracing-journald would do the same, but past [`without_addresses`]: here every value passes it.

use std::fmt::{Debug, Write as _};
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::addresses::without_addresses;
use crate::plan::Key;

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// The longest value, in bytes: an entry has to fit into a datagram.
const LONGEST: usize = 16 * 1024;

/// Whether a stream is the journal's, as `$JOURNAL_STREAM` names it (systemd.exec(5)): `DEVICE:INODE`.
#[must_use]
pub fn leads_to(stream: impl AsFd, named: Option<&str>) -> bool {
    let Some((device, inode)) = named.and_then(|named| named.split_once(':')) else { return false };
    rustix::fs::fstat(stream)
        .is_ok_and(|stat| device.parse() == Ok(stat.st_dev) && inode.parse() == Ok(stat.st_ino))
}

/// The priority of a level, as syslog(3) counts.
#[must_use]
pub fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

/// The way to the journal.
#[derive(Debug)]
pub struct Journal(UnixDatagram);

impl Journal {
    /// Opens it.
    pub fn open() -> std::io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.connect(place())?;
        Ok(Self(socket))
    }

    /// Writes an entry down.
    pub fn write(&self, entry: &Entry) -> std::io::Result<()> {
        self.0.send(&entry.encoded()).map(drop)
    }
}

/// Where a test listens in its place; a release build knows one place only.
fn place() -> PathBuf {
    #[cfg(debug_assertions)]
    if let Some(path) = std::env::var_os("JALON_JOURNAL") {
        return path.into();
    }
    SOCKET.into()
}

/// An entry: a priority, a sentence and fields. None of it holds an address of somebody.
#[derive(Debug)]
pub struct Entry {
    priority: u8,
    message: String,
    /// What stands behind the sentence, for whoever reads and does not query.
    shown: String,
    fields: Vec<(String, String)>,
}

impl Entry {
    /// An entry of this level.
    #[must_use]
    pub fn new(level: Level) -> Self {
        Self { priority: priority(level), message: String::new(), shown: String::new(), fields: Vec::new() }
    }

    /// The entry of an event.
    #[must_use]
    pub fn of(event: &Event<'_>) -> Self {
        let mut entry = Self::new(*event.metadata().level());
        event.record(&mut entry);
        entry
    }

    /// Says what happened.
    #[must_use]
    pub fn saying(mut self, message: &str) -> Self {
        self.message = fit(message);
        self
    }

    /// Adds a field, by the name that it has in the program.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.add(name, value);
        self
    }

    fn add(&mut self, name: &str, value: &str) {
        match name {
            "message" => self.message = fit(value),
            // Words that are parted by spaces, one field each.
            "key" | "keys" => value.split(' ').for_each(|key| self.add_key(&key.replace('\u{a0}', " "))),
            "postings" if value.parse::<u64>().is_err() => {
                value.split(' ').for_each(|posting| self.push("posting", posting));
            }
            _ => self.push(name, value),
        }
        // What only queries ask for.
        if !matches!(name, "message" | "event" | "message_id" | "state" | "relay_code" | "relay_status") {
            let value = fit(value).replace(char::is_control, " ");
            let _ = write!(self.shown, " {name}={value}"); // writing to a String cannot fail
        }
    }

    fn add_key(&mut self, key: &str) {
        self.push("key", key);
        let key = Key::from_text(key);
        self.push("posting", key.posting());
        self.push("posting_event", key.event());
    }

    fn push(&mut self, name: &str, value: &str) {
        let field = (field_name(name), fit(value));
        // A mail with three reminders of one posting is of one posting.
        if !value.is_empty() && !self.fields.contains(&field) {
            self.fields.push(field);
        }
    }

    fn sentence(&self) -> String {
        let shown = self.shown.trim_start();
        match (self.message.as_str(), shown) {
            (message, "") => message.to_owned(),
            ("", shown) => shown.to_owned(),
            (message, shown) => format!("{message} ({shown})"),
        }
    }

    /// The entry as the journal reads it.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        put(&mut bytes, "MESSAGE", &self.sentence());
        put(&mut bytes, "PRIORITY", &self.priority.to_string());
        put(&mut bytes, "SYSLOG_IDENTIFIER", "jalon");
        for (name, value) in &self.fields {
            put(&mut bytes, name, value);
        }
        bytes
    }

    /// The entry for a stream that the journal reads line by line: each begins with its priority (sd-daemon(3)).
    #[must_use]
    pub fn lines(&self) -> String {
        let event = self.fields.iter().find(|(name, _)| name == "JALON_EVENT");
        let event = event.map(|(_, event)| format!(" event=\"{event}\"")).unwrap_or_default();
        prefixed(self.priority, &format!("{}{event}\n", self.sentence()))
    }
}

/// Lines that each begin with a priority.
#[must_use]
pub fn prefixed(priority: u8, text: &str) -> String {
    text.lines().map(|line| format!("<{priority}>{line}\n")).collect()
}

/// A value without anybody's address, cut where it is too long.
fn fit(value: &str) -> String {
    let shown = without_addresses(value);
    shown[..shown.floor_char_boundary(LONGEST)].to_owned()
}

/// `message_id` is `JALON_MESSAGE_ID`: upper case letters, digits and underscores, at most 64.
fn field_name(name: &str) -> String {
    let fit = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    "JALON_".chars().chain(name.chars().map(fit)).take(64).collect()
}

fn put(bytes: &mut Vec<u8>, name: &str, value: &str) {
    bytes.extend_from_slice(name.as_bytes());
    if value.contains('\n') {
        bytes.push(b'\n');
        bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
    } else {
        bytes.push(b'=');
    }
    bytes.extend_from_slice(value.as_bytes());
    bytes.push(b'\n');
}

impl Visit for Entry {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(field.name(), &format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field.name(), value);
    }
}

/// Writes every event into the journal; where that fails, on the standard error, which leads there too.
pub(super) struct ToJournal(pub(super) std::sync::Arc<Journal>);

impl<S: Subscriber> Layer<S> for ToJournal {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let entry = Entry::of(event);
        if self.0.write(&entry).is_err() {
            super::say(&entry.lines());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(entry: &Entry) -> String {
        String::from_utf8(entry.encoded()).expect("text")
    }

    #[test]
    fn a_mail_of_several_reminders_is_one_entry() {
        let keys = "accueil/deadline/2026-06-28/-7d/camille accueil/interview-1/2026-07-06/0d/lou.durand@example.org";
        let entry = Entry::new(Level::INFO)
            .saying("sent")
            .with("event", "sent")
            .with("keys", keys)
            .with("relay_status", "2.0.0")
            .with("to", "camille");
        assert_eq!(
            fields(&entry),
            "MESSAGE=sent (keys=accueil/deadline/2026-06-28/-7d/camille accueil/interview-1/2026-07-06/0d/#602fab@example.org to=camille)\n\
             PRIORITY=6\nSYSLOG_IDENTIFIER=jalon\nJALON_EVENT=sent\n\
             JALON_KEY=accueil/deadline/2026-06-28/-7d/camille\nJALON_POSTING=accueil\nJALON_POSTING_EVENT=deadline\n\
             JALON_KEY=accueil/interview-1/2026-07-06/0d/#602fab@example.org\nJALON_POSTING_EVENT=interview-1\n\
             JALON_RELAY_STATUS=2.0.0\nJALON_TO=camille\n"
        );
        let line = entry.lines();
        assert!(
            line.starts_with("<6>sent (keys=") && line.ends_with(" to=camille) event=\"sent\"\n"),
            "{line}"
        );
    }

    #[test]
    fn no_value_breaks_out_of_its_field_and_none_names_an_address() {
        let hostile = "x\nPRIORITY=0\nJALON_KEY=lou.durand@example.org";
        let entry = Entry::new(Level::ERROR).saying(hostile).with("reply", hostile).with("od\nd=", "y");
        let bytes = entry.encoded();
        let said = String::from_utf8_lossy(&bytes);
        assert!(!said.contains("lou.durand"), "{said}");
        // Read as the journal reads it.
        let (mut rest, mut read) = (&bytes[..], Vec::new());
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n').expect("a line");
            let line = String::from_utf8_lossy(&rest[..end]).into_owned();
            rest = &rest[end + 1..];
            if let Some((name, value)) = line.split_once('=') {
                read.push((name.to_owned(), value.to_owned()));
            } else {
                let length =
                    usize::try_from(u64::from_le_bytes(rest[..8].try_into().expect("eight"))).unwrap();
                read.push((line, String::from_utf8_lossy(&rest[8..8 + length]).into_owned()));
                rest = &rest[8 + length + 1..];
            }
        }
        let names: Vec<&str> = read.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "JALON_REPLY", "JALON_OD_D_"]);
        assert_eq!(read[3].1, hostile.replace("lou.durand", "#602fab"));
        let line = entry.lines();
        assert!(line.lines().all(|line| line.starts_with("<3>")), "{line}");
        assert!(fit(&"é".repeat(LONGEST)).len() <= LONGEST);
    }

    #[test]
    fn only_the_stream_that_the_journal_gave_is_its() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = std::fs::File::create(folder.path().join("log")).expect("a file");
        let stat = rustix::fs::fstat(&file).expect("its numbers");
        let named = format!("{}:{}", stat.st_dev, stat.st_ino);
        assert!(leads_to(&file, Some(&named)));
        let other = std::fs::File::create(folder.path().join("other")).expect("a file");
        assert!(!leads_to(&other, Some(&named)) && !leads_to(&file, None));
        for wrong in ["", ":", "1", "a:b", &format!("{named}:")] {
            assert!(!leads_to(&file, Some(wrong)), "{wrong}");
        }
    }
}
