//! A relay on 127.0.0.1 that takes its time, says how far each conversation is, and remembers every mail whose dot it
//! read. Whoever listens to it may end its client at any of these moments.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::io::{self, BufRead as _, BufReader, ErrorKind, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// How far a conversation is: these words were read, and not answered yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was said.
    Connected,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    /// The mail is here, whole.
    Dot,
    /// The dot is answered.
    Answered,
}

/// A mail whose dot was read.
#[derive(Clone, Debug)]
pub struct Dot {
    /// In which life of the client.
    pub life: u32,
    pub message_id: String,
    pub to: String,
    /// The message, soft line breaks undone.
    pub text: String,
    /// Whether the relay took it: it delivers the mail.
    pub taken: bool,
    /// Whether its answer was written, to a client that was there.
    pub answered: bool,
}

/// Numbers that depend on a seed alone (splitmix64).
#[derive(Clone, Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

struct State {
    life: u32,
    talks: u32,
    dots: Vec<Dot>,
    /// The longest wait before an answer, in microseconds.
    slow: u64,
    dice: Dice,
    /// Whether every mail is delivered whose dot was read.
    faithful: bool,
    /// Nothing is answered at this moment until it is let go.
    held: Option<Moment>,
    closing: bool,
}

struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    moments: Mutex<Sender<Moment>>,
}

pub struct Relay {
    pub port: u16,
    shared: Arc<Shared>,
    moments: Receiver<Moment>,
}

impl Relay {
    /// A relay that waits up to so many microseconds before each answer. Of four mails it delivers three as soon as it
    /// has read the dot, and the fourth only if its sender is still there for the answer.
    pub fn start(seed: u64, slow: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, moments) = mpsc::channel();
        let state = State {
            life: 0,
            talks: 0,
            dots: Vec::new(),
            slow,
            dice: Dice(seed),
            faithful: false,
            held: None,
            closing: false,
        };
        let shared =
            Arc::new(Shared { state: Mutex::new(state), moved: Condvar::new(), moments: Mutex::new(tell) });
        serve(listener, Arc::clone(&shared));
        Self { port, shared, moments }
    }

    /// It takes mails here, too.
    pub fn also(&self, listener: TcpListener) {
        serve(listener, Arc::clone(&self.shared));
    }

    /// From now on every mail is delivered whose dot was read, whether or not its sender is still there.
    pub fn forget_none(&self) {
        self.shared.state.lock().unwrap().faithful = true;
    }

    /// A client begins: what is heard from now on belongs to this life. Moments of earlier ones are forgotten.
    pub fn begin(&self, life: u32) {
        self.quiet();
        self.shared.state.lock().unwrap().life = life;
        while self.moments.try_recv().is_ok() {}
    }

    /// The next moment; `None` when none comes in time.
    pub fn next(&self, limit: Duration) -> Option<Moment> {
        self.moments.recv_timeout(limit).ok()
    }

    /// Waits until a moment was reached so often; false when it is not in time.
    pub fn reached(&self, moment: Moment, times: u64, limit: Duration) -> bool {
        let begun = std::time::Instant::now();
        let mut left = times;
        while left > 0 {
            match self.next(limit.saturating_sub(begun.elapsed())) {
                Some(next) if next == moment => left -= 1,
                Some(_) => {}
                None => return false,
            }
        }
        true
    }

    /// Waits until every conversation is over: all that a dead client wrote has been read.
    pub fn quiet(&self) {
        let state = self.shared.state.lock().unwrap();
        drop(self.shared.moved.wait_while(state, |state| state.talks > 0).unwrap());
    }

    /// Every mail whose dot was read, in order.
    pub fn dots(&self) -> Vec<Dot> {
        self.shared.state.lock().unwrap().dots.clone()
    }

    /// The longest wait before an answer from now on, in microseconds.
    pub fn pace(&self, slow: u64) {
        self.shared.state.lock().unwrap().slow = slow;
    }

    /// Answers nothing at this moment, until [`Relay::let_go`].
    pub fn hold(&self, moment: Moment) {
        self.shared.state.lock().unwrap().held = Some(moment);
    }

    pub fn let_go(&self) {
        self.shared.state.lock().unwrap().held = None;
        self.shared.moved.notify_all();
    }
}

fn serve(listener: TcpListener, shared: Arc<Shared>) {
    std::thread::spawn(move || {
        for tcp in listener.incoming().map_while(Result::ok) {
            let mut state = shared.state.lock().unwrap();
            if state.closing {
                return;
            }
            state.talks += 1;
            let life = state.life;
            drop(state);
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                // A client that dies in the middle is what this is for.
                let _ = shared.talk(&tcp, life);
                shared.state.lock().unwrap().talks -= 1;
                shared.moved.notify_all();
            });
        }
    });
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap().closing = true;
        self.let_go();
        let _ = TcpStream::connect(("127.0.0.1", self.port)); // wakes the listener, which goes
    }
}

impl Shared {
    fn at(&self, moment: Moment) {
        let _ = self.moments.lock().unwrap().send(moment);
        let state = self.state.lock().unwrap();
        let mut state = self.moved.wait_while(state, |state| state.held == Some(moment)).unwrap();
        let slow = state.slow;
        let wait = if slow == 0 { 0 } else { state.dice.below(slow) };
        drop(state);
        std::thread::sleep(Duration::from_micros(wait));
    }

    fn talk(&self, tcp: &TcpStream, life: u32) -> io::Result<()> {
        tcp.set_nodelay(true)?;
        let mut client = tcp;
        let mut lines = BufReader::new(tcp);
        self.at(Moment::Connected);
        client.write_all(b"220 slow.example ESMTP\r\n")?;
        let mut to = String::new();
        loop {
            let mut line = String::new();
            if lines.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let answer: &[u8] = match line.get(..4).unwrap_or_default() {
                "EHLO" => {
                    self.at(Moment::Ehlo);
                    b"250-slow.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
                }
                "MAIL" => {
                    self.at(Moment::Mail);
                    b"250 2.1.0 fine\r\n"
                }
                "RCPT" => {
                    self.at(Moment::Rcpt);
                    line.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                    b"250 2.1.5 fine\r\n"
                }
                "DATA" => {
                    self.at(Moment::Data);
                    client.write_all(b"354 go on\r\n")?;
                    let Some(text) = body(&mut lines)? else { return Ok(()) };
                    self.dot(tcp, life, &to, &text)?;
                    continue;
                }
                "QUIT" => return client.write_all(b"221 bye\r\n"),
                _ => b"250 fine\r\n",
            };
            client.write_all(answer)?;
        }
    }

    fn dot(&self, tcp: &TcpStream, life: u32, to: &str, text: &str) -> io::Result<()> {
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: <")?.strip_suffix('>'));
        let mut state = self.state.lock().unwrap();
        let at = state.dots.len();
        let taken = state.faithful || state.dice.below(4) > 0;
        state.dots.push(Dot {
            life,
            message_id: id.unwrap_or_default().to_owned(),
            to: to.to_owned(),
            text: text.replace("=\r\n", ""),
            taken,
            answered: false,
        });
        drop(state);
        self.at(Moment::Dot);
        if hung_up(tcp)? {
            return Ok(());
        }
        self.state.lock().unwrap().dots[at].taken = true;
        let mut client = tcp;
        client.write_all(b"250 2.0.0 taken\r\n")?;
        self.state.lock().unwrap().dots[at].answered = true;
        let _ = self.moments.lock().unwrap().send(Moment::Answered);
        Ok(())
    }
}

/// A message up to its dot; `None` when the client went before.
fn body(lines: &mut BufReader<&TcpStream>) -> io::Result<Option<String>> {
    let mut body = Vec::new();
    loop {
        let begun = body.len();
        if lines.read_until(b'\n', &mut body)? == 0 {
            return Ok(None);
        }
        if &body[begun..] == b".\r\n" {
            body.truncate(begun);
            return Ok(Some(String::from_utf8_lossy(&body).into_owned()));
        }
    }
}

/// Whether the client has gone.
fn hung_up(tcp: &TcpStream) -> io::Result<bool> {
    tcp.set_nonblocking(true)?;
    let looked = tcp.peek(&mut [0]);
    tcp.set_nonblocking(false)?;
    match looked {
        Ok(read) => Ok(read == 0),
        Err(error) => Ok(error.kind() != ErrorKind::WouldBlock),
    }
}
