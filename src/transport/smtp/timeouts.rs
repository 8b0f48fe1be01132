//! How long each step of a conversation may last. RFC 5321 §4.5.3.2 asks for such a limit on every step: a
//! relay that falls silent must cost a worker minutes, not its life.

use std::time::Duration;

use super::super::token::LIMIT;

/// The longest wait for each step. A step that takes longer ends the connection; what that means for the
/// mail depends on the step alone.
///
/// The steps before the message are shorter than the RFC's five minutes: nothing has left, so giving up is
/// free. From DATA on the RFC's own times hold, because giving up after the dot is a doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// The name's addresses, and TCP with one of them: 30 s, shared between the addresses.
    pub connect: Duration,
    /// Greeting and EHLO together, and EHLO again after STARTTLS: 60 s each time.
    pub hello: Duration,
    /// The answer to STARTTLS, and the TLS handshake: 30 s each.
    pub tls: Duration,
    /// The whole login: 60 s.
    pub auth: Duration,
    /// The answer to MAIL: 60 s.
    pub sender: Duration,
    /// The answer to RCPT: two minutes, since relays ask around about recipients.
    pub recipient: Duration,
    /// The answer to DATA: two minutes (RFC 5321 §4.5.3.2.4).
    pub data: Duration,
    /// Writing the body: three minutes in all (§4.5.3.2.5 has three minutes a block).
    pub body: Duration,
    /// The answer to the dot, counted from the dot: ten minutes (§4.5.3.2.6). If it is shorter than `body`
    /// the wait may last until `body`, counted from the start of the body, is over.
    pub answer: Duration,
    /// NOOP or RSET before a connection is used again: 10 s.
    pub check: Duration,
    /// QUIT: 5 s; nothing depends on it.
    pub quit: Duration,
}

impl Timeouts {
    /// The same limit for every step, for tests and for impatient commands.
    #[must_use]
    pub fn all(limit: Duration) -> Self {
        Self {
            connect: limit,
            hello: limit,
            tls: limit,
            auth: limit,
            sender: limit,
            recipient: limit,
            data: limit,
            body: limit,
            answer: limit,
            check: limit,
            quit: limit,
        }
    }

    /// What a login by token may add to that: twice the wait for a program and its run, and a second connection.
    #[must_use]
    pub fn of_tokens(&self) -> Duration {
        4 * LIMIT + self.connect + 2 * self.hello + 2 * self.tls + self.auth
    }

    /// The longest that `ready` and `send` of one mail can take together: a lease on the mail must last longer.
    #[must_use]
    pub fn total(&self) -> Duration {
        let again = self.check + self.quit;
        let open = self.connect + 2 * self.hello + 2 * self.tls + self.auth;
        again + open + self.sender + self.recipient + self.data + self.body + self.answer
    }
}

impl Default for Timeouts {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            connect: seconds(30),
            hello: seconds(60),
            tls: seconds(30),
            auth: seconds(60),
            sender: seconds(60),
            recipient: seconds(120),
            data: seconds(120),
            body: seconds(180),
            answer: seconds(600),
            check: seconds(10),
            quit: seconds(5),
        }
    }
}
