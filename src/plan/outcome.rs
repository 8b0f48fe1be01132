//! Pure. What came of handing one mail to a relay, and how far the conversation had gone.
//!
//! The phase is ours, not the error's: whether a mail may be sent again depends on what had left, never on
//! how a library words its failure.

/// How far a conversation with a relay had gone when it ended (RFC 5321 §3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Name, route, TCP, greeting, EHLO.
    Connect,
    /// STARTTLS and the TLS handshake.
    Tls,
    /// AUTH.
    Auth,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, and the body up to the last dot.
    Data,
    /// The dot has left; its answer has not come.
    Dot,
}

impl Phase {
    /// A stable word for logs and the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Auth => "auth",
            Self::Sender => "mail",
            Self::Recipient => "rcpt",
            Self::Data => "data",
            Self::Dot => "dot",
        }
    }
}

/// An answer of a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three digits.
    pub code: u16,
    /// The rest, lines joined by a space, without control characters, at most 500 characters.
    pub text: String,
}

impl Reply {
    /// A reply, its text made fit to be stored and shown.
    #[must_use]
    pub fn new(code: u16, text: &str) -> Self {
        let plain: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
        Self { code, text: plain.split_whitespace().collect::<Vec<_>>().join(" ") }
    }

    /// The answer in the words of an [`Outcome`], if they hold one: `rcpt: 550 5.1.1 unknown`.
    #[must_use]
    pub fn found_in(words: &str) -> Option<Self> {
        let phase = words.split_once(": ").filter(|(phase, _)| phase.bytes().all(|b| b.is_ascii_lowercase()));
        let (code, text) = phase.map_or(words, |(_, rest)| rest).split_once(' ')?;
        let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit());
        code.parse().ok().filter(|_| is_code).map(|code| Self::new(code, text))
    }

    /// The enhanced status code (RFC 3463), such as `4.2.2`, when the text begins with one.
    #[must_use]
    pub fn enhanced(&self) -> Option<&str> {
        let word = self.text.split_whitespace().next()?;
        let parts: Vec<_> = word.split('.').collect();
        let good = matches!(parts[..], [class, subject, detail]
            if matches!(class, "2" | "4" | "5")
                && [subject, detail].iter().all(|n| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit())));
        good.then_some(word)
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

/// What came of one mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The relay, or the outbox, took it.
    Accepted(Reply),
    /// The relay answered no, in this phase.
    Refused(Phase, Reply),
    /// No usable answer in this phase: refused, cut, timed out, garbage. The words are for people.
    Lost(Phase, String),
    /// No access token could be had, and no waiting mends that: nobody was asked anything. The words are for people.
    NoToken(String),
    /// Nobody may be trusted there: STARTTLS is not offered, or the certificate is not right. Nothing was said to them.
    Untrusted(String),
    /// We could not or would not hand it over: this mail is at fault (too large, needs SMTPUTF8 …).
    Unfit(String),
    /// The outbox could not be written: nothing left.
    Unwritable(String),
}

impl Outcome {
    /// What happened, as the ledger and the log keep it: the phase and the relay's words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Accepted(reply) => reply.to_string(),
            Self::Refused(phase, reply) => format!("{}: {reply}", phase.word()),
            Self::Lost(phase, words) => format!("{}: {words}", phase.word()),
            Self::Untrusted(words) => format!("{}: {words}", Phase::Tls.word()),
            Self::NoToken(words) => format!("{}: {words}", Phase::Auth.word()),
            Self::Unfit(words) | Self::Unwritable(words) => words.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_found_again_in_its_words() {
        let reply = Reply::new(550, "5.1.1 <x>: no such user");
        for outcome in [Outcome::Accepted(reply.clone()), Outcome::Refused(Phase::Recipient, reply.clone())] {
            assert_eq!(Reply::found_in(&outcome.words()), Some(reply.clone()), "{outcome:?}");
        }
        assert_eq!(Reply::found_in("rcpt: 550 5.1.1 x").as_ref().and_then(Reply::enhanced), Some("5.1.1"));
        for none in ["", "550", "data: the link was lost", "5500 bytes", "a: b: 550 x", "+55 x", "connect: "]
        {
            assert_eq!(Reply::found_in(none), None, "{none}");
        }
    }
}
