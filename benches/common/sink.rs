//! Where mails go: Postfix's `smtp-sink`, which counts them.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

/// When which count was first seen: the first mail, and the last one so far.
#[derive(Debug, Default)]
struct Seen {
    first: Option<Instant>,
    last: Option<(usize, Instant)>,
}

/// A running `smtp-sink`.
pub struct Sink {
    process: Child,
    pub port: u16,
    seen: Arc<(Mutex<Seen>, Condvar)>,
}

/// The sink, if this machine has it (the package is postfix).
pub fn start() -> Option<Sink> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut process = ["smtp-sink", "/usr/sbin/smtp-sink"].iter().find_map(|program| {
        // It refuses to work as root.
        let user: &[&str] = if rustix::process::geteuid().is_root() { &["-u", "nobody"] } else { &[] };
        let address = format!("127.0.0.1:{port}");
        let mut command = Command::new(program);
        command.args(user).args(["-c", &address, "1000"]).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().ok()
    })?;
    let mut counts = process.stdout.take().unwrap();
    let seen: Arc<(Mutex<Seen>, Condvar)> = Arc::default();
    let told = Arc::clone(&seen);
    std::thread::spawn(move || {
        let (mut bytes, mut text) = (vec![0; 65536], String::new());
        while let Ok(read @ 1..) = counts.read(&mut bytes) {
            let now = Instant::now();
            text.push_str(&String::from_utf8_lossy(&bytes[..read]));
            let last = text.rsplit("mesg=").next().filter(|_| text.contains("mesg="));
            let count = last.and_then(|last| last.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok());
            if let Some(count) = count.filter(|count| *count > 0) {
                let mut seen = told.0.lock().unwrap();
                seen.first.get_or_insert(now);
                seen.last = Some((count, now));
                told.1.notify_all();
            }
            text = text.split_off(text.floor_char_boundary(text.len().saturating_sub(64)));
        }
    });
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(process.try_wait().unwrap().is_none(), "smtp-sink does not work here");
        std::thread::sleep(Duration::from_millis(5));
    }
    Some(Sink { process, port, seen })
}

impl Sink {
    /// Waits until so many mails have come; seconds from the first to the last.
    pub fn taken(&self, mails: usize) -> f64 {
        let (seen, moved) = &*self.seen;
        let seen = seen.lock().unwrap();
        let wait = |seen: &mut Seen| seen.last.is_none_or(|(count, _)| count < mails);
        let (seen, late) = moved.wait_timeout_while(seen, Duration::from_hours(1), wait).unwrap();
        assert!(!late.timed_out(), "the mails did not come");
        (seen.last.unwrap().1 - seen.first.unwrap()).as_secs_f64()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
