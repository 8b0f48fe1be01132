//! A relay on 127.0.0.1 that does what a script says, and writes down what it was sent. It knows no more SMTP
//! than the tests need, never waits by the clock, and judges nothing: the tests do.
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex};

use jalon::settings::{Auth, Relay, Tls};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// Where a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Greeting,
    Ehlo,
    Starttls,
    /// Instead of the TLS handshake after STARTTLS.
    Handshake,
    /// EHLO under TLS, after STARTTLS.
    EhloAgain,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After 354, before the dot.
    Body,
    /// After the dot, before the answer.
    Dot,
    Noop,
    Rset,
}

/// What is done there instead of the usual answer.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    /// These bytes, and on.
    Say(Vec<u8>),
    /// These bytes, then the end of the connection.
    SayAndDrop(Vec<u8>),
    /// The end of the connection.
    Drop,
    /// Nothing more, ever; the connection stays open.
    Stall,
    /// These bytes, then nothing more.
    SayAndStall(Vec<u8>),
    /// This byte, for ever.
    Flood(u8),
}

pub(crate) fn say(text: &str) -> Act {
    Act::Say(format!("{text}\r\n").into_bytes())
}

/// Something that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Which connection, from 1.
    pub(crate) connection: usize,
    /// Whether it came over TLS.
    pub(crate) secure: bool,
    /// A line without its end (« out of turn: » before it where it came to nothing), or a whole body, dots undone, with its
    /// ends of line.
    pub(crate) what: String,
}

/// How links are secured.
#[derive(Clone, Default)]
pub(crate) enum Security {
    #[default]
    None,
    Starttls(TlsAcceptor),
    Implicit(TlsAcceptor),
}

/// What the relay is and does.
#[derive(Clone, Default)]
pub(crate) struct Script {
    pub(crate) security: Security,
    /// Lines of EHLO, besides STARTTLS.
    pub(crate) offers: Vec<&'static str>,
    /// Whether commands are taken one by one only: without PIPELINING among the lines of EHLO.
    pub(crate) one_by_one: bool,
    /// At a stage, the how-many-th time it is reached (0: every time): do this.
    pub(crate) rules: Vec<(Stage, usize, Act)>,
}

struct Shared {
    script: Script,
    heard: Mutex<Vec<Heard>>,
    reached: Mutex<HashMap<Stage, usize>>,
    moved: Notify,
}

pub(crate) struct Server {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

/// How a conversation ends early.
enum End {
    Closed,
    Io,
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        Self::Io
    }
}

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

struct Talk {
    io: BufReader<Box<dyn Io>>,
    shared: Arc<Shared>,
    connection: usize,
    secure: bool,
    /// Of a mail that was begun, which command may come next.
    takes: Option<Takes>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Recipient,
    Data,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script,
            heard: Mutex::default(),
            reached: Mutex::default(),
            moved: Notify::new(),
        });
        let served = Arc::clone(&shared);
        tokio::spawn(async move {
            for connection in 1.. {
                let (tcp, _) = listener.accept().await.unwrap();
                tcp.set_nodelay(true).unwrap();
                tokio::spawn(serve(tcp, connection, Arc::clone(&served)));
            }
        });
        Self { port, shared }
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// Everything heard so far, as text.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.heard().into_iter().map(|heard| heard.what).collect()
    }

    /// How many connections said something.
    pub(crate) fn connections(&self) -> usize {
        self.heard().last().map_or(0, |heard| heard.connection)
    }

    /// Waits until a stage has been reached so often.
    pub(crate) async fn reached(&self, stage: Stage, times: usize) {
        loop {
            let moved = self.shared.moved.notified();
            if self.shared.reached.lock().unwrap().get(&stage).is_some_and(|&so_far| so_far >= times) {
                return;
            }
            moved.await;
        }
    }

    /// The settings of a way to it.
    pub(crate) fn relay(&self) -> Relay {
        Relay {
            host: "localhost".to_owned(),
            port: self.port,
            tls: match self.shared.script.security {
                Security::None => Tls::None,
                Security::Starttls(_) => Tls::Starttls,
                Security::Implicit(_) => Tls::Implicit,
            },
            username: None,
            password: None,
            token_command: None,
            auth: Vec::<Auth>::new(),
            ca_file: None,
            rate: Vec::new(),
            connections: 1,
        }
    }
}

async fn serve(tcp: TcpStream, connection: usize, shared: Arc<Shared>) {
    let (io, secure): (Box<dyn Io>, bool) = match &shared.script.security {
        Security::Implicit(acceptor) => match acceptor.accept(tcp).await {
            Ok(stream) => (Box::new(stream), true),
            Err(_) => return,
        },
        _ => (Box::new(tcp), false),
    };
    let talk = Talk { io: BufReader::new(io), shared, connection, secure, takes: None };
    let _ = talk.run().await;
}

impl Talk {
    async fn run(mut self) -> Result<(), End> {
        self.at(Stage::Greeting, "220 relay.example ESMTP").await?;
        loop {
            let line = self.line().await?;
            let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
            match &verb[..] {
                "EHLO" => {
                    let security = &self.shared.script.security;
                    let mut lines = vec!["relay.example"];
                    if matches!(security, Security::Starttls(_)) && !self.secure {
                        lines.push("STARTTLS");
                    }
                    if !self.shared.script.one_by_one {
                        lines.push("PIPELINING");
                    }
                    lines.extend(&self.shared.script.offers);
                    let last = lines.len() - 1;
                    let sign = |at| if at == last { ' ' } else { '-' };
                    let lines: Vec<_> =
                        lines.iter().enumerate().map(|(at, line)| format!("250{}{line}", sign(at))).collect();
                    let again = self.secure && matches!(security, Security::Starttls(_));
                    self.at(if again { Stage::EhloAgain } else { Stage::Ehlo }, &lines.join("\r\n")).await?;
                }
                "STARTTLS" => {
                    if self.at(Stage::Starttls, "220 go ahead").await? {
                        self.at(Stage::Handshake, "").await?;
                        let Security::Starttls(acceptor) = self.shared.script.security.clone() else {
                            return Err(End::Closed);
                        };
                        let stream = acceptor.accept(self.io.into_inner()).await?;
                        self.io = BufReader::new(Box::new(stream));
                        self.secure = true;
                    }
                }
                "AUTH" => self.auth(&line).await?,
                "MAIL" => {
                    self.takes = self.at(Stage::Mail, "250 2.1.0 ok").await?.then_some(Takes::Recipient);
                }
                "RCPT" | "DATA" if self.is_out_of_turn(&line) => {
                    self.say(b"503 5.5.1 out of turn\r\n").await?;
                }
                "RCPT" => {
                    if self.at(Stage::Rcpt, "250 2.1.5 ok").await? {
                        self.takes = Some(Takes::Data);
                    }
                }
                "DATA" => {
                    self.takes = None;
                    if self.at(Stage::Data, "354 go").await? {
                        self.at(Stage::Body, "").await?;
                        self.body().await?;
                        self.at(Stage::Dot, "250 2.0.0 queued").await?;
                    }
                }
                "NOOP" => drop(self.at(Stage::Noop, "250 ok").await?),
                "RSET" => {
                    self.takes = None;
                    self.at(Stage::Rset, "250 ok").await?;
                }
                "QUIT" => {
                    self.say(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => self.say(b"500 what?\r\n").await?,
            }
        }
    }

    async fn auth(&mut self, line: &str) -> Result<(), End> {
        if line == "AUTH LOGIN" {
            for challenge in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"] {
                self.say(challenge.as_bytes()).await?;
                self.line().await?;
            }
        }
        self.at(Stage::Auth, "235 2.7.0 welcome").await.map(drop)
    }

    async fn body(&mut self) -> Result<(), End> {
        let mut body = Vec::new();
        loop {
            let mut line = Vec::new();
            if self.io.read_until(b'\n', &mut line).await? == 0 {
                return Err(End::Closed);
            }
            if line == b".\r\n" {
                self.note(String::from_utf8_lossy(&body).into_owned());
                return Ok(());
            }
            body.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
    }

    /// Does what the script says for this stage, else gives the usual answer. Whether the usual course goes on.
    async fn at(&mut self, stage: Stage, usual: &str) -> Result<bool, End> {
        let times = {
            let mut reached = self.shared.reached.lock().unwrap();
            let times = reached.entry(stage).or_default();
            *times += 1;
            *times
        };
        self.shared.moved.notify_waiters();
        let rules = &self.shared.script.rules;
        let rule = rules.iter().find(|(at, nth, _)| *at == stage && (*nth == 0 || *nth == times));
        match rule.map(|(.., act)| act.clone()) {
            None if usual.is_empty() => Ok(true),
            None => self.say(format!("{usual}\r\n").as_bytes()).await.map(|()| true),
            Some(Act::Say(bytes)) => {
                self.say(&bytes).await?;
                Ok(bytes.get(..3) == usual.as_bytes().get(..3))
            }
            Some(Act::SayAndDrop(bytes)) => {
                self.say(&bytes).await?;
                Err(End::Closed)
            }
            Some(Act::Drop) => {
                if stage == Stage::Body {
                    // Some of the body arrives, and the rest meets a closed door.
                    self.io.read_exact(&mut [0; 500]).await?;
                }
                Err(End::Closed)
            }
            Some(Act::SayAndStall(bytes)) => {
                self.say(&bytes).await?;
                std::future::pending().await
            }
            Some(Act::Stall) => std::future::pending().await,
            Some(Act::Flood(byte)) => loop {
                self.say(&[byte; 4096]).await?;
            },
        }
    }

    async fn say(&mut self, bytes: &[u8]) -> Result<(), End> {
        self.io.write_all(bytes).await?;
        self.io.flush().await?;
        Ok(())
    }

    async fn line(&mut self) -> Result<String, End> {
        let mut bytes = Vec::new();
        if self.io.read_until(b'\n', &mut bytes).await? == 0 {
            return Err(End::Closed);
        }
        if self.shared.script.one_by_one && !self.io.buffer().is_empty() {
            self.note("more than one command at once".to_owned());
            return Err(End::Closed);
        }
        let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
        self.note(if self.is_out_of_turn(&line) { format!("out of turn: {line}") } else { line.clone() });
        Ok(line)
    }

    /// Whether a command was said along with one that was refused, and comes to nothing.
    fn is_out_of_turn(&self, line: &str) -> bool {
        match line.get(..4).unwrap_or_default() {
            "RCPT" => self.takes.is_none(),
            // A relay with a rule for DATA obeys that.
            "DATA" => {
                let rules = &self.shared.script.rules;
                self.takes != Some(Takes::Data) && !rules.iter().any(|(stage, ..)| *stage == Stage::Data)
            }
            _ => false,
        }
    }

    fn note(&self, what: String) {
        let heard = Heard { connection: self.connection, secure: self.secure, what };
        self.shared.heard.lock().unwrap().push(heard);
        self.shared.moved.notify_waiters();
    }
}

/// Base64 (RFC 4648 §4) back to text.
pub(crate) fn decode(base64: &str) -> String {
    const SIGNS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for sign in base64.bytes().filter(|&sign| sign != b'=') {
        let value = SIGNS.iter().position(|&known| known == sign).unwrap();
        held = held << 6 | u32::try_from(value).unwrap();
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).unwrap());
        }
    }
    String::from_utf8(bytes).unwrap()
}
