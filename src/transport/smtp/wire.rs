//! The stream that lettre speaks through: ours, above TLS, so that we see what the relay says and what leaves.
//!
//! lettre drives the conversation; this stream keeps four promises that lettre alone cannot:
//!
//! 1. **We know whether the dot has left.** The body is written and flushed by the link; then lettre is told that
//!    the message has no more parts, and writes the dot. [`Wire::end_body`] is called in between, and the next write
//!    is the dot: [`Stage::Dot`] is entered *before* a byte of it is passed on.
//! 2. **Answers do not slip.** lettre gets one line at a time, so nothing of a later answer hides in its
//!    buffer; a command is refused while words of the relay lie unread.
//! 3. **A code is read whatever its text.** Text that is not UTF-8 is taken for Latin-1, a bare line feed or a
//!    missing space after the code is mended; what has no code stays garbage.
//! 4. **Nothing grows without bound**, and what stood in plain text before TLS never comes up after it.
//!
//! No decision is taken here, nothing is retried, and no byte is ever invented in what leaves.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::fail_point::fail_point;

/// The longest line of an answer, in bytes (RFC 5321 §4.5.3.1.5 allows 512).
const LONGEST_LINE: usize = 1000;

/// The longest answer, in lines. lettre reads an answer again from its start at each line.
const MOST_LINES: u32 = 200;

/// How much of what comes after the dot is kept, in bytes.
const KEPT: usize = 512;

/// What carries the bytes.
pub(super) enum Stream {
    /// Nothing in between: before STARTTLS, and on the loopback interface.
    Plain(TcpStream),
    /// TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.get_ref().0,
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }

    fn writer(&mut self) -> Pin<&mut (dyn AsyncWrite + Unpin)> {
        Pin::new(match self {
            Self::Plain(tcp) => tcp,
            Self::Tls(tls) => tls.as_mut(),
        })
    }
}

/// How far the conversation is, as far as this stream must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Greeting to login. After a refusal nothing more is sent, so that lettre's own QUIT cannot hang.
    Setup,
    /// Commands and answers.
    Talk,
    /// The body is being written.
    Body,
    /// The body is written; what comes next is the dot.
    Ending,
    /// The dot was passed on at this moment, in whole, in part or not at all: nobody can tell.
    Dot(Instant),
}

/// What a look at the relay's side shows, without waiting.
enum Look {
    Quiet,
    Words,
    Closed(io::Error),
}

struct State {
    /// Gone once [`Wire::into_tcp`] has taken it.
    stream: Option<Stream>,
    /// What came and is not yet passed on.
    inbox: Vec<u8>,
    /// The line that lettre is reading, and how much of it is passed on.
    line: Vec<u8>,
    given: usize,
    /// How many lines of one answer were passed on.
    lines: u32,
    stage: Stage,
    closed: bool,
    refused: bool,
    size: Option<u64>,
    /// Whether the relay takes commands at once (RFC 2920).
    pipelines: bool,
    /// The first bytes that came after the dot, as they came.
    after_dot: Vec<u8>,
}

/// A handle on the stream: lettre holds one, the link another.
#[derive(Clone)]
pub(super) struct Wire {
    state: Arc<Mutex<State>>,
}

impl Wire {
    /// A wire over a stream on which the relay speaks first.
    pub(super) fn new(stream: Stream) -> Self {
        Self::with(stream, Vec::new())
    }

    /// A wire over a stream that STARTTLS has just secured. No greeting comes there (RFC 3207 §4.2), and
    /// lettre waits for one: it gets this one.
    pub(super) fn greeted(stream: Stream) -> Self {
        Self::with(stream, b"220 secured\r\n".to_vec())
    }

    fn with(stream: Stream, inbox: Vec<u8>) -> Self {
        let state = State {
            stream: Some(stream),
            inbox,
            line: Vec::new(),
            given: 0,
            lines: 0,
            stage: Stage::Setup,
            closed: false,
            refused: false,
            size: None,
            pipelines: false,
            after_dot: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A poisoned lock means a panic in a poll; the state is plain data and the connection will be dropped.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the TCP stream back, to put TLS on it. `None` if the relay has said more than it was asked: that
    /// text was sent in the clear, by anybody, and must not be read as if it had come over TLS (RFC 3207 §6).
    pub(super) fn into_tcp(self) -> Option<TcpStream> {
        let mut state = self.lock();
        let unread = state.unread();
        match state.stream.take() {
            Some(Stream::Plain(tcp)) if !unread => Some(tcp),
            _ => None,
        }
    }

    /// The largest message that the relay takes, in bytes, if it says (RFC 1870).
    pub(super) fn size(&self) -> Option<u64> {
        self.lock().size
    }

    /// Whether the relay says that it takes commands at once (RFC 2920).
    pub(super) fn pipelines(&self) -> bool {
        self.lock().pipelines
    }

    /// The protocol and the cipher of TLS, in words.
    pub(super) fn secured(&self) -> Option<String> {
        let state = self.lock();
        let Some(Stream::Tls(tls)) = &state.stream else { return None };
        let session = tls.get_ref().1;
        let words = |name: Option<&str>| name.unwrap_or("?").replace("TLSv1_", "TLS 1.").replace('_', "-");
        let protocol = session.protocol_version().map(|version| format!("{version:?}"));
        let cipher = session.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
        Some(format!("{}, {}", words(protocol.as_deref()), words(cipher.as_deref())))
    }

    /// The certificates that the relay showed, its own first; none without TLS.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        let state = self.lock();
        let Some(Stream::Tls(tls)) = &state.stream else { return Vec::new() };
        let shown = tls.get_ref().1.peer_certificates().unwrap_or_default();
        shown.iter().map(|one| one.clone().into_owned()).collect()
    }

    /// Whether the relay has hung up.
    pub(super) fn closed(&self) -> bool {
        self.lock().closed
    }

    /// Whether the relay has said something that nobody has read.
    pub(super) fn unread(&self) -> bool {
        self.lock().unread()
    }

    /// From here on commands: the link is set up, or a message is over.
    pub(super) fn talk(&self) {
        let mut state = self.lock();
        state.stage = Stage::Talk;
        state.after_dot.clear();
    }

    /// From here on the body of a message.
    pub(super) fn begin_body(&self) {
        self.lock().stage = Stage::Body;
    }

    /// The body is written and flushed; the next write is the dot.
    pub(super) fn end_body(&self) {
        self.lock().stage = Stage::Ending;
    }

    /// When the dot was passed on; `None` if it was certainly not.
    pub(super) fn dot_left(&self) -> Option<Instant> {
        match self.lock().stage {
            Stage::Dot(at) => Some(at),
            _ => None,
        }
    }

    /// The text of an answer to the dot that begins with 250, whatever follows.
    pub(super) fn accepted(&self) -> Option<String> {
        let state = self.lock();
        let rest = state.after_dot.strip_prefix(b"250")?;
        let line = readable(rest.split(|&byte| byte == b'\n').next()?);
        Some(line.trim_start_matches('-').to_owned())
    }
}

impl State {
    fn stream(&mut self) -> io::Result<&mut Stream> {
        self.stream.as_mut().ok_or_else(|| ErrorKind::NotConnected.into())
    }

    fn unread(&self) -> bool {
        !self.inbox.is_empty() || self.given < self.line.len()
    }

    /// Reads what is there into the inbox.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [0; 4096];
        let mut buffer = ReadBuf::new(&mut bytes);
        let outcome = ready!(self.stream()?.poll_read(cx, &mut buffer));
        let came = buffer.filled();
        self.closed |= outcome.is_err() || came.is_empty();
        outcome?;
        self.inbox.extend_from_slice(came);
        if matches!(self.stage, Stage::Dot(_)) {
            let room = KEPT.saturating_sub(self.after_dot.len()).min(came.len());
            self.after_dot.extend_from_slice(&came[..room]);
        }
        Poll::Ready(Ok(came.len()))
    }

    fn look(&mut self, cx: &mut Context<'_>) -> Look {
        if self.unread() {
            return Look::Words;
        }
        if self.closed {
            return Look::Closed(ErrorKind::UnexpectedEof.into());
        }
        match self.poll_fill(cx) {
            Poll::Pending => Look::Quiet,
            Poll::Ready(Ok(0)) => Look::Closed(ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Ok(_)) => Look::Words,
            Poll::Ready(Err(error)) => Look::Closed(error),
        }
    }

    /// Moves the next whole line of the inbox to where lettre reads it.
    fn next_line(&mut self) -> io::Result<bool> {
        let end = self.inbox.iter().position(|&byte| byte == b'\n');
        if end.unwrap_or(self.inbox.len()) > LONGEST_LINE || self.lines >= MOST_LINES {
            return Err(io::Error::new(ErrorKind::InvalidData, "the answer is too long"));
        }
        let Some(end) = end else { return Ok(false) };
        let raw: Vec<u8> = self.inbox.drain(..=end).collect();
        let mut line = tidy(&raw);
        self.lines = if line.as_bytes().get(3) == Some(&b'-') { self.lines + 1 } else { 0 };
        if self.stage == Stage::Setup {
            if line.starts_with("250") {
                // Keywords of EHLO may come in any case (RFC 5321 §4.1.1.1); lettre knows capitals only.
                line.make_ascii_uppercase();
                let keyword = line[3..].trim_start_matches(['-', ' ']).trim_end();
                if let Some(size) = keyword.strip_prefix("SIZE ") {
                    // Zero means: no fixed limit.
                    self.size = size.trim().parse().ok().filter(|&size| size > 0);
                }
                self.pipelines |= keyword == "PIPELINING";
            }
            self.refused |= line.starts_with(['4', '5']) && line.as_bytes().get(3) == Some(&b' ');
        }
        self.line = line.into_bytes();
        self.given = 0;
        Ok(true)
    }
}

/// Bytes as text: UTF-8, else Latin-1, which no byte is foreign to.
fn readable(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes)
        .map_or_else(|_| bytes.iter().map(|&byte| char::from(byte)).collect(), str::to_owned)
}

/// A line as lettre wants it: UTF-8, ended by CRLF, a space after a lone code (RFC 5321 §4.2 lets it fall
/// away). A line that begins with no code is passed on as it is, and fails there.
fn tidy(raw: &[u8]) -> String {
    let text = readable(raw);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    let lone = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    format!("{text}{}\r\n", if lone { " " } else { "" })
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        loop {
            if state.given < state.line.len() {
                let some = buffer.remaining().min(state.line.len() - state.given);
                buffer.put_slice(&state.line[state.given..state.given + some]);
                state.given += some;
                return Poll::Ready(Ok(()));
            }
            if state.next_line()? {
                continue;
            }
            if state.closed || ready!(state.poll_fill(cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut state = self.lock();
        match state.stage {
            Stage::Setup if state.refused => return Poll::Ready(Err(ErrorKind::NotConnected.into())),
            Stage::Setup | Stage::Talk => match state.look(cx) {
                Look::Quiet => {}
                Look::Words => {
                    let error = io::Error::new(ErrorKind::InvalidData, "the relay spoke before it was asked");
                    return Poll::Ready(Err(error));
                }
                Look::Closed(error) => return Poll::Ready(Err(error)),
            },
            Stage::Ending => match state.look(cx) {
                Look::Quiet => {
                    fail_point("before-dot");
                    state.stage = Stage::Dot(Instant::now());
                }
                // The relay has answered before the dot: the dot does not leave, and lettre reads that answer.
                Look::Words => return Poll::Ready(Ok(bytes.len())),
                Look::Closed(error) => return Poll::Ready(Err(error)),
            },
            Stage::Body | Stage::Dot(_) => {}
        }
        state.stream()?.writer().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        ready!(state.stream()?.writer().poll_flush(cx))?;
        if matches!(state.stage, Stage::Dot(_)) {
            fail_point("after-dot");
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.lock().stream()?.writer().poll_shutdown(cx)
    }
}

impl AsyncTokioStream for Wire {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.lock().stream()?.tcp().peer_addr()
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes: a password may be among them.
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
