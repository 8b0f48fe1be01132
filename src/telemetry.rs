//! What the process says of itself: the log's way out, and the service manager. What is said stands with who says it
//! (`daemon/log.rs`); here is only how it looks and where it goes; and that none of it, whoever wrote it and at whatever
//! level, holds an address of somebody: [`without_addresses`] has the last word on each.

mod addresses;
pub mod journal;
pub mod manager;

use std::any::Any;
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use addresses::{addresses, shortened, without_addresses};
use journal::{Entry, Journal, ToJournal, prefixed, priority};

/// Begins the log: into the journal when the standard error is the journal's, else on the standard error (without time
/// and with priorities where the journal reads that, but cannot be spoken to). `$JALON_LOG` filters it (default `info`).
/// From here on a panic is a line like the others.
pub fn begin() {
    let filter = EnvFilter::try_from_env("JALON_LOG")
        .unwrap_or_else(|_| EnvFilter::new("info,tokio_cron_scheduler=warn"));
    let journal = if is_journal() { Journal::open().ok().map(Arc::new) } else { None };
    let lines = |prefixes| {
        tracing_subscriber::fmt().with_writer(Lines { prefixes }).with_target(false).with_ansi(false)
    };
    // A second subscriber (in tests) changes nothing.
    let _ = match &journal {
        Some(journal) => tracing_subscriber::registry()
            .with(filter)
            .with(ToJournal(Arc::clone(journal)))
            .try_init()
            .is_ok(),
        None if is_journal() => {
            lines(true).with_env_filter(filter).without_time().with_level(false).try_init().is_ok()
        }
        None => {
            let colours = io::stderr().is_terminal();
            lines(false).with_env_filter(filter).with_ansi(colours).try_init().is_ok()
        }
    };
    std::panic::set_hook(Box::new(move |panic| {
        // Not through the subscriber, which may be what panicked.
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let words = panicked(panic.payload(), &at);
        let entry = Entry::new(Level::ERROR).saying(&words).with("event", "panic");
        match &journal {
            Some(journal) if journal.write(&entry).is_ok() => {}
            _ if is_journal() => say(&entry.lines()),
            _ => say(&format!("ERROR event=\"panic\" {words}\n")),
        }
    }));
}

/// Whether the standard error is the journal's.
#[must_use]
pub fn is_journal() -> bool {
    journal::leads_to(io::stderr(), std::env::var("JOURNAL_STREAM").ok().as_deref())
}

/// Says in the journal why a command does not do its work. False when the standard error is not the journal's: then
/// nothing was said, for a person reads it.
pub fn complain(entry: &Entry) -> bool {
    let ours = is_journal();
    if ours && Journal::open().and_then(|journal| journal.write(entry)).is_err() {
        say(&entry.lines());
    }
    ours
}

/// What is said of a panic: where it was, and its words if they stood in the program. Words that were put together may
/// hold what a posting or a relay said.
fn panicked(payload: &(dyn Any + Send), at: &str) -> String {
    let words = payload.downcast_ref::<&'static str>().copied().unwrap_or("");
    format!("at=\"{at}\" {words:?}: jalon stumbled; whatever it was about is tried otherwise or later")
}

/// Writes on the standard error, where a failure to write is nobody's: a log that cannot be written (a pipe whose reader
/// is gone, a full disk) must never stop a reminder.
fn say(text: &str) {
    let _ = io::stderr().lock().write_all(without_addresses(text).as_bytes());
}

/// The standard error, for the lines of the subscriber.
#[derive(Clone, Copy, Debug)]
struct Lines {
    /// Whether each begins with its priority.
    prefixes: bool,
}

/// One line, which comes whole.
struct Line(Option<u8>);

impl MakeWriter<'_> for Lines {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line(None)
    }

    fn make_writer_for(&self, of: &Metadata<'_>) -> Line {
        Line(self.prefixes.then(|| priority(*of.level())))
    }
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        match self.0 {
            Some(priority) => say(&prefixed(priority, &line)),
            None => say(&line),
        }
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
    fn a_panic_says_where_and_repeats_nothing() {
        let caught = std::panic::catch_unwind(|| panic!("{}", String::from("hunter2"))).unwrap_err();
        let line = panicked(&*caught, "src/x.rs:1:2");
        assert!(line.contains("at=\"src/x.rs:1:2\"") && !line.contains("hunter2"), "{line}");
        assert!(panicked(&"a literal", "x").contains("a literal"));
    }
}
