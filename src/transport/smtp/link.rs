//! One conversation with a relay: greeting, TLS, login, and mails one after the other, each with one recipient.
//!
//! Every function that can leave the conversation in doubt takes the link and gives it back only if it is in
//! step. Whether a mail is tried again is not decided here.

use std::error::Error as _;
use std::future::Future;
use std::io;
use std::pin::pin;

use lettre::Address;
use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials as Secret, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth, Data, Mail, Noop, Quit, Rcpt, Rset, Starttls};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::{Duration, Instant, timeout, timeout_at};
use tokio_rustls::rustls::pki_types::CertificateDer;

use super::super::Letter;
use super::content::stuffed;
use super::dial::own_name;
use super::masking::{forms, without};
use super::tls::Tls;
use super::wire::{Stream, Wire};
use super::{Credentials, IDLE_SECONDS, MAILS_A_CONNECTION, Timeouts};
use crate::plan::outcome::{Outcome, Phase, Reply};

/// How to log in.
#[derive(Clone)]
pub(super) struct Login {
    /// The ways that may be used, in order.
    pub(super) mechanisms: Vec<Mechanism>,
    /// With what.
    pub(super) credentials: Credentials,
}

/// How often a relay may ask for more during one login.
const CHALLENGES: u32 = 4;

/// A connection that has at least exchanged EHLO.
pub(super) struct Link {
    conn: AsyncSmtpConnection,
    wire: Wire,
    mails: u32,
    used: Instant,
    /// A mail was begun and not ended: RSET comes before the next.
    unfinished: bool,
    /// What was said to log in, which no words of the relay may repeat.
    secrets: Vec<String>,
}

impl Link {
    /// EHLO in the clear. The caller has made sure that the peer is this machine.
    pub(super) async fn plain(tcp: TcpStream, limits: &Timeouts) -> Result<Self, Outcome> {
        let name = own_name(&tcp);
        Self::hello(Wire::new(Stream::Plain(tcp)), &name, limits).await
    }

    /// TLS, then EHLO (RFC 8314 §3.3).
    pub(super) async fn implicit(tcp: TcpStream, tls: &Tls, limits: &Timeouts) -> Result<Self, Outcome> {
        let name = own_name(&tcp);
        let stream = tls.secure(tcp, limits.tls).await?;
        Self::hello(Wire::new(Stream::Tls(Box::new(stream))), &name, limits).await
    }

    /// EHLO, STARTTLS, TLS, and EHLO again, since nothing said before TLS counts (RFC 3207 §4.2). There is no
    /// way on without TLS.
    pub(super) async fn starttls(tcp: TcpStream, tls: &Tls, limits: &Timeouts) -> Result<Self, Outcome> {
        let name = own_name(&tcp);
        let lost = |words: &str| Outcome::Lost(Phase::Tls, words.to_owned());
        let wire = Wire::new(Stream::Plain(tcp));
        let mut clear = Self::hello(wire.clone(), &name, limits).await?;
        if !clear.conn.can_starttls() {
            let words = "the relay does not offer STARTTLS, and nothing is sent without it";
            return Err(Outcome::Untrusted(words.to_owned()));
        }
        let answer = clear.conn.command(Starttls);
        step(limits.tls, Phase::Tls, "STARTTLS", &wire, Severity::PositiveCompletion, answer).await?;
        // lettre's own `starttls()` keeps its read buffer across the handshake. Here its connection ends with
        // the plain text, and a new one begins with the TLS stream.
        drop(clear);
        let tcp = wire.into_tcp().ok_or_else(|| {
            lost("the relay, or somebody in between, said more in the clear than the answer to STARTTLS")
        })?;
        let stream = tls.secure(tcp, limits.tls).await?;
        Self::hello(Wire::greeted(Stream::Tls(Box::new(stream))), &name, limits).await
    }

    async fn hello(wire: Wire, name: &ClientId, limits: &Timeouts) -> Result<Self, Outcome> {
        let connecting = AsyncSmtpConnection::connect_with_transport(Box::new(wire.clone()), name);
        let conn = within(limits.hello, Phase::Connect, "greeting and EHLO", &wire, connecting).await?;
        Ok(Self { conn, wire, mails: 0, used: Instant::now(), unfinished: false, secrets: Vec::new() })
    }

    /// AUTH (RFC 4954). Nothing that was sent comes back in the words of a failure.
    pub(super) async fn log_in(&mut self, login: &Login, limits: &Timeouts) -> Result<(), Outcome> {
        let Some(mechanism) = self.conn.server_info().get_auth_mechanism(&login.mechanisms) else {
            let names: Vec<_> = login.mechanisms.iter().map(ToString::to_string).collect();
            let words = format!("the relay does not offer to log in by AUTH {}", names.join(" or AUTH "));
            return Err(Outcome::Lost(Phase::Auth, words));
        };
        let mut secrets = forms(&login.credentials);
        let secret = Secret::new(login.credentials.username.clone(), login.credentials.password.clone());
        let conn = &mut self.conn;
        let said = &mut secrets;
        let talk = async move {
            let mut line = Auth::new(mechanism, secret.clone(), None)?.to_string();
            let mut challenges = 0;
            loop {
                // "AUTH LOGIN" itself is no secret; what follows it, or stands alone, is.
                said.extend(
                    line.split_whitespace().last().filter(|word| *word != "LOGIN").map(str::to_owned),
                );
                let answer = conn.command(line).await?;
                challenges += 1;
                if !answer.has_code(334) || challenges > CHALLENGES {
                    return Ok(answer);
                }
                line = match mechanism {
                    // The relay has refused the token and says why in the challenge: an empty line asks for
                    // the refusal itself.
                    Mechanism::Xoauth2 => "\r\n".to_owned(),
                    _ => Auth::new_from_response(mechanism, secret.clone(), &answer)?.to_string(),
                };
            }
        };
        let done =
            step(limits.auth, Phase::Auth, "AUTH", &self.wire, Severity::PositiveCompletion, talk).await;
        self.secrets = secrets;
        done.map(drop).map_err(|outcome| without(outcome, &self.secrets))
    }

    /// The link is set up; mails may follow.
    pub(super) fn begin(&mut self) {
        self.wire.talk();
        self.used = Instant::now();
    }

    /// Whether the link has carried enough mails, or lain idle long enough.
    pub(super) fn is_worn(&self) -> bool {
        self.mails >= MAILS_A_CONNECTION || self.idle_until() <= Instant::now()
    }

    /// When it will have lain idle long enough.
    pub(super) fn idle_until(&self) -> Instant {
        self.used + Duration::from_secs(IDLE_SECONDS)
    }

    /// What knows whether the dot of the mail under way has left.
    pub(super) fn dot(&self) -> Wire {
        self.wire.clone()
    }

    /// How it is secured: protocol and cipher.
    pub(super) fn secured(&self) -> Option<String> {
        self.wire.secured()
    }

    /// The certificates that the relay showed, its own first; none without TLS.
    pub(super) fn chain(&self) -> Vec<CertificateDer<'static>> {
        self.wire.chain()
    }

    /// Whether a mail was begun and not ended.
    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished
    }

    /// The link, if the relay still answers on it: to RSET when a mail stayed unfinished, else to NOOP.
    pub(super) async fn check(mut self, limits: &Timeouts) -> Option<Self> {
        let wanted = Severity::PositiveCompletion;
        let done = if self.unfinished {
            step(limits.check, Phase::Connect, "RSET", &self.wire, wanted, self.conn.command(Rset)).await
        } else {
            step(limits.check, Phase::Connect, "NOOP", &self.wire, wanted, self.conn.command(Noop)).await
        };
        self.unfinished = false;
        self.used = Instant::now();
        (done.is_ok() && !self.wire.unread()).then_some(self)
    }

    /// Says goodbye.
    pub(super) async fn quit(mut self, limits: &Timeouts) {
        // The mails of this link are settled: no answer could change anything.
        let _ = timeout(limits.quit, self.conn.command(Quit)).await;
    }

    /// One mail. The link comes back if it is in step with the relay.
    pub(super) async fn send(mut self, letter: Letter<'_>, limits: &Timeouts) -> (Outcome, Option<Self>) {
        let (outcome, clean) = match self.envelope(letter, limits).await {
            Ok(()) => self.content(letter.bytes, limits).await,
            Err(failed) => failed,
        };
        let outcome = without(outcome, &self.secrets);
        self.used = Instant::now();
        self.mails += 1;
        let goes_on = clean
            && match &outcome {
                Outcome::Accepted(_) | Outcome::Unfit(_) => true,
                Outcome::Refused(phase, reply) => {
                    // After its answer to the dot the relay has forgotten the mail (RFC 5321 §4.1.1.4).
                    self.unfinished = *phase != Phase::Dot;
                    reply.code != 421
                }
                Outcome::Lost(..) | Outcome::Untrusted(_) | Outcome::NoToken(_) | Outcome::Unwritable(_) => {
                    false
                }
            };
        (outcome, goes_on.then_some(self))
    }

    /// MAIL, RCPT, DATA; else what came of the mail, and whether the link is in step.
    async fn envelope(&mut self, letter: Letter<'_>, limits: &Timeouts) -> Result<(), (Outcome, bool)> {
        let (mail, rcpt) = self.commands(letter).map_err(|outcome| (outcome, true))?;
        self.open(mail, rcpt, limits).await
    }

    /// The commands that name sender and recipient, if the relay can take the mail.
    fn commands(&self, letter: Letter<'_>) -> Result<(Mail, Rcpt), Outcome> {
        let info = self.conn.server_info();
        if let Some(size) = self.wire.size()
            && size < letter.bytes.len() as u64
        {
            let bytes = letter.bytes.len();
            return Err(Outcome::Unfit(format!(
                "the mail is too large: {bytes} bytes, and the relay takes {size}"
            )));
        }
        let to: Address = address(letter.to).map_err(Outcome::Unfit)?;
        let from: Option<Address> = match letter.from {
            "" => None,
            from => Some(address(from).map_err(|words| Outcome::Lost(Phase::Sender, words))?),
        };
        let mut parameters = Vec::new();
        if !letter.to.is_ascii() || !letter.from.is_ascii() {
            if !info.supports_feature(Extension::SmtpUtfEight) {
                let words = |address| {
                    format!(
                        "the address {address} has letters beyond ASCII, which the relay cannot take (SMTPUTF8)"
                    )
                };
                return Err(if letter.to.is_ascii() {
                    Outcome::Lost(Phase::Sender, words(letter.from))
                } else {
                    Outcome::Unfit(words(letter.to))
                });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !letter.bytes.is_ascii() {
            if !info.supports_feature(Extension::EightBitMime) {
                return Err(Outcome::Unfit(
                    "the mail has bytes beyond ASCII, which the relay cannot take (8BITMIME)".to_owned(),
                ));
            }
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok((Mail::new(from, parameters), Rcpt::new(to, Vec::new())))
    }

    /// What comes before the body: one command after the other, or all at once where the relay takes them so (RFC 2920).
    async fn open(&mut self, mail: Mail, rcpt: Rcpt, limits: &Timeouts) -> Result<(), (Outcome, bool)> {
        let (wire, done) = (&self.wire, Severity::PositiveCompletion);
        let said = [mail.to_string(), rcpt.to_string(), Data.to_string()];
        let questions = [
            Question { limit: limits.sender, phase: Phase::Sender, what: "MAIL", wanted: done },
            Question { limit: limits.recipient, phase: Phase::Recipient, what: "RCPT", wanted: done },
            Question {
                limit: limits.data,
                phase: Phase::Data,
                what: "DATA",
                wanted: Severity::PositiveIntermediate,
            },
        ];
        let pipelines = wire.pipelines();
        for (n, Question { limit, phase, what, wanted }) in questions.iter().copied().enumerate() {
            let conn = &mut self.conn;
            let answer = async {
                match (pipelines, n) {
                    (true, 0) => conn.command(said.concat()).await,
                    (true, _) => conn.read_response().await,
                    (false, _) => conn.command(&said[n]).await,
                }
            };
            match step(limit, phase, what, wire, wanted, answer).await {
                Ok(_) => {}
                Err(Outcome::Refused(phase, reply)) if pipelines && reply.code != 421 => {
                    return Err(self.rest_of(&questions[n + 1..], Outcome::Refused(phase, reply)).await);
                }
                Err(outcome) => return Err((outcome, true)),
            }
        }
        Ok(())
    }

    /// Reads the answers to what was said along with a refused command; what came of the mail, and whether the link is in step.
    async fn rest_of(&mut self, questions: &[Question], refused: Outcome) -> (Outcome, bool) {
        let mut in_step = true;
        for &Question { limit, phase, what, wanted } in questions {
            match within(limit, phase, what, &self.wire, self.conn.read_response()).await {
                Err(Outcome::Refused(..)) => {}
                // To DATA: it waits for a mail whose sender or recipient it has refused, and no dot leaves.
                Ok(answer) if answer.code().severity == wanted => in_step &= phase != Phase::Data,
                // These are answers to other questions, and so may the refusal have been.
                Ok(answer) => return (expect(&answer, wanted, phase, what).err().unwrap_or(refused), false),
                // It is gone, or silent. What it has refused is refused.
                Err(_) => return (refused, false),
            }
        }
        (refused, in_step)
    }

    /// The body, the dot, and the answer to it; also whether the link is in step afterwards.
    async fn content(&mut self, bytes: &[u8], limits: &Timeouts) -> (Outcome, bool) {
        // lettre writes CRLF before the dot; ours would make an empty line of it.
        let body = stuffed(bytes.strip_suffix(b"\r\n").unwrap_or(bytes));
        let (wire, conn) = (&self.wire, &mut self.conn);
        wire.begin_body();
        // lettre asks for a part of a message when all before it is written and flushed; told that there is none, it
        // writes the dot.
        let end = || -> Option<&[u8]> {
            wire.end_body();
            None
        };
        let mut sending = pin!(async {
            let mut out = wire.clone();
            out.write_all(&body).await.map_err(Broken::Body)?;
            out.flush().await.map_err(Broken::Body)?;
            conn.message_iter(std::iter::from_fn(end)).await.map_err(Broken::Talk)
        });
        let done = match timeout(limits.body, &mut sending).await {
            Ok(done) => Some(done),
            Err(_) => match wire.dot_left() {
                Some(at) => timeout_at(at + limits.answer, &mut sending).await.ok(),
                None => None,
            },
        };
        let phase = if wire.dot_left().is_some() { Phase::Dot } else { Phase::Data };
        let (what, limit) = match phase {
            Phase::Dot => ("the dot", limits.answer),
            _ => ("the message", limits.body),
        };
        let outcome = match done {
            Some(done) => done
                .map_err(|broken| match broken {
                    Broken::Body(error) => lost(phase, what, wire, &error.to_string()),
                    Broken::Talk(error) => fault(phase, what, wire, &error),
                })
                .and_then(|answer| expect(&answer, Severity::PositiveCompletion, phase, what)),
            None => Err(slow(phase, what, limit)),
        };
        let (outcome, clean) = match outcome {
            // An answer before the dot is no answer to it.
            Ok(reply) if phase == Phase::Data => {
                (Outcome::Lost(phase, format!("answered {reply} before the message was over")), false)
            }
            Ok(reply) => (Outcome::Accepted(reply), true),
            // Refused before the dot left: the relay still waits for it.
            Err(refused @ Outcome::Refused(..)) => (refused, phase == Phase::Dot),
            Err(other) => match wire.accepted() {
                Some(text) if phase == Phase::Dot => (Outcome::Accepted(Reply::new(250, &text)), false),
                _ => (other, false),
            },
        };
        wire.talk();
        (outcome, clean)
    }
}

/// What breaks while a message is sent.
enum Broken {
    /// Writing its body.
    Body(io::Error),
    /// What came after it.
    Talk(SmtpError),
}

/// An address that can stand in a command.
fn address(text: &str) -> Result<Address, String> {
    let unfit = |why: &str| format!("{} is not an address: {why}", plain(text));
    if text.chars().any(|c| c.is_control() || matches!(c, '<' | '>')) {
        return Err(unfit("it has signs that no address has"));
    }
    text.parse().map_err(|error: lettre::address::AddressError| unfit(&error.to_string()))
}

/// A command, and what is known of its answer.
#[derive(Clone, Copy)]
struct Question {
    limit: Duration,
    phase: Phase,
    what: &'static str,
    wanted: Severity,
}

/// One command and its answer, within a limit; `wanted` is the answer's first digit (RFC 5321 §4.2.1).
async fn step(
    limit: Duration,
    phase: Phase,
    what: &str,
    wire: &Wire,
    wanted: Severity,
    talk: impl Future<Output = Result<Response, SmtpError>>,
) -> Result<Reply, Outcome> {
    let answer = within(limit, phase, what, wire, talk).await?;
    expect(&answer, wanted, phase, what)
}

async fn within<T>(
    limit: Duration,
    phase: Phase,
    what: &str,
    wire: &Wire,
    talk: impl Future<Output = Result<T, SmtpError>>,
) -> Result<T, Outcome> {
    match timeout(limit, talk).await {
        Ok(done) => done.map_err(|error| fault(phase, what, wire, &error)),
        Err(_) => Err(slow(phase, what, limit)),
    }
}

fn slow(phase: Phase, what: &str, limit: Duration) -> Outcome {
    Outcome::Lost(phase, format!("no answer to {what} within {limit:?}"))
}

fn expect(answer: &Response, wanted: Severity, phase: Phase, what: &str) -> Result<Reply, Outcome> {
    let text: Vec<_> = answer.message().collect();
    let reply = Reply::new(u16::from(answer.code()), &text.join(" "));
    if answer.code().severity == wanted {
        Ok(reply)
    } else {
        // An answer to another question: the conversation is out of step.
        Err(Outcome::Lost(phase, format!("answered {reply} to {what}")))
    }
}

/// What an error of lettre's means in this phase. Its kind tells only whether there was a refusal.
fn fault(phase: Phase, what: &str, wire: &Wire, error: &SmtpError) -> Outcome {
    let source = error.source().map(ToString::to_string).unwrap_or_default();
    if let Some(code) = error.status() {
        return Outcome::Refused(phase, Reply::new(u16::from(code), &source));
    }
    if error.is_response() && !wire.closed() {
        return Outcome::Lost(phase, plain(&format!("the answer to {what} is not SMTP: {source}")));
    }
    lost(phase, what, wire, &source)
}

/// What a broken connection means in this phase.
fn lost(phase: Phase, what: &str, wire: &Wire, words: &str) -> Outcome {
    let words = if wire.closed() {
        format!("the relay hung up at {what}")
    } else {
        plain(&format!("{what}: {words}"))
    };
    Outcome::Lost(phase, words)
}

/// Text fit to be stored and shown.
fn plain(text: &str) -> String {
    Reply::new(0, text).text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_carry_a_command() {
        for bad in ["", "nobody", "a@b\r\nRCPT TO:<c@d>", "a@b> SIZE=1", "<a@b>", "a@\u{7f}b"] {
            assert!(address(bad).is_err(), "{bad:?}");
        }
        for good in ["a@example.org", "élodie@example.org", "a.b+c@académie.example"] {
            assert!(address(good).is_ok(), "{good}");
        }
    }
}
