//! Pure. A rendered mail → the bytes that are handed to a relay.
//!
//! Text first and HTML after it (RFC 2046 §5.1.4: the last is the best), and the headers by which machines know
//! a machine: `Auto-Submitted` (RFC 3834) and `X-Auto-Response-Suppress` (Microsoft's) keep out-of-office replies
//! away. Dates come after both, as a file (RFC 2183): a client that finds a calendar among the alternatives shows that one,
//! and hides the HTML (Thunderbird). The Message-ID is the caller's, and the boundary comes from it: nothing here is random.

use std::fmt::Display;

use chrono::{DateTime, Datelike as _, Utc};
use email_encoding::headers::{rfc2047, writer::EmailWriter};
use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{self, ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox as Named, Mailboxes, Message, MultiPart, SinglePart};

use super::icalendar::CalendarFile;
use super::identity::{digest, root};
use super::quoted;
use super::render::Rendered;
use crate::calendar::people::is_address;
use crate::diagnostic::is_unsafe;
use crate::settings::Mailbox;

/// Why a mail cannot be put together. All but the last are caught where files are read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ComposeError {
    /// A name, a subject or an id that would break out of its header.
    #[error("{what} may not contain control characters: {value:?}")]
    Unsafe {
        /// Which of them.
        what: &'static str,
        /// Its value.
        value: String,
    },
    /// An address that no relay would take.
    #[error("{address:?} is no address that mail can be sent to")]
    Address {
        /// The address.
        address: String,
    },
    /// A date that no `Date` header can hold.
    #[error("{now} cannot be the date of a mail")]
    Date {
        /// The date.
        now: DateTime<Utc>,
    },
    /// Whatever else the builder of mails refuses.
    #[error("the mail cannot be built: {reason}")]
    Build {
        /// Its words.
        reason: String,
    },
}

/// The bytes of a mail. `message_id` comes without angle brackets.
pub fn compose(
    rendered: &Rendered,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
    to: (Option<&str>, &str),
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, ComposeError> {
    compose_with(rendered, None, from, reply_to, to, message_id, now)
}

/// The bytes of a mail that a calendar goes with.
pub fn compose_with(
    rendered: &Rendered,
    calendar: Option<&CalendarFile>,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
    to: (Option<&str>, &str),
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Vec<u8>, ComposeError> {
    refuse_unsafe("the subject", &rendered.subject)?;
    refuse_unsafe("the Message-ID", message_id)?;
    if !(1970..=9999).contains(&now.year()) {
        return Err(ComposeError::Date { now });
    }
    let (from, to) = (mailbox(from.name.as_deref(), &from.email)?, mailbox(to.0, to.1)?);
    let build = |error: &dyn Display| ComposeError::Build { reason: error.to_string() };
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.email.clone()]);
    let mut mail = Message::builder()
        .envelope(envelope.map_err(|error| build(&error))?)
        .date(now.into())
        .raw_header(alone(&from))
        .raw_header(named::<header::To>(to)?)
        .raw_header(subject(&rendered.subject)?)
        .message_id(Some(format!("<{message_id}>")));
    if let Some(reply_to) = reply_to {
        let reply_to = mailbox(reply_to.name.as_deref(), &reply_to.email)?;
        mail = mail.raw_header(named::<header::ReplyTo>(reply_to)?);
    }
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", rendered.language.code()),
    ] {
        mail = mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    if let Some(posting) = &rendered.about {
        let name = HeaderName::new_from_ascii_str("References");
        mail = mail.raw_header(HeaderValue::new(name, format!("<{}>", root(posting, message_id))));
    }
    let body = parts("alternative", message_id)?
        .singlepart(part(ContentType::TEXT_PLAIN, &rendered.text))
        .singlepart(part(ContentType::TEXT_HTML, &rendered.html));
    let body = match calendar {
        None => body,
        Some(calendar) => {
            parts("mixed", &format!("{message_id} with a file"))?.multipart(body).singlepart(file(calendar)?)
        }
    };
    let mut mail = mail.multipart(body).map_err(|error| build(&error))?;
    mail.headers_mut().insert_raw(named::<header::From>(from)?);
    Ok(mail.formatted())
}

/// Who writes, by the address alone, for lettre, which reads this header again while it builds a mail.
fn alone(from: &Named) -> HeaderValue {
    let address = from.email.to_string();
    HeaderValue::dangerous_new_pre_encoded(header::From::name(), address.clone(), address)
}

/// Several parts in one. The line between them comes from `id`; its `=_` stands in no quoted-printable line (RFC 2045 §6.7).
fn parts(kind: &str, id: &str) -> Result<MultiPart, ComposeError> {
    let kind = format!("multipart/{kind}; boundary=\"=_jalon_{}\"", digest(id));
    let kind =
        ContentType::parse(&kind).map_err(|error| ComposeError::Build { reason: error.to_string() })?;
    Ok(MultiPart::builder().header(kind).build())
}

/// A part, always as quoted-printable: as plain ASCII it could hold the boundary, which anybody can know who knows the
/// keys, or a line break that is none.
fn part(kind: ContentType, text: &str) -> SinglePart {
    let body = Body::dangerous_pre_encoded(quoted::encode(text), ContentTransferEncoding::QuotedPrintable);
    SinglePart::builder().header(kind).body(body)
}

/// A calendar as a file, in base64: its lines arrive as they were folded. METHOD stands beside the type, too
/// (RFC 6047 §2.4), for clients that act on it.
fn file(calendar: &CalendarFile) -> Result<SinglePart, ComposeError> {
    let build = |reason: String| ComposeError::Build { reason };
    refuse_unsafe("the name of the calendar", &calendar.name)?;
    let name = calendar.name.replace(['"', '\\'], "");
    let kind = format!("text/calendar; charset=utf-8; method=PUBLISH; name=\"{name}\"");
    let kind = ContentType::parse(&kind).map_err(|error| build(error.to_string()))?;
    let body = Body::new_with_encoding(calendar.text.clone(), ContentTransferEncoding::Base64)
        .map_err(|_| build("the calendar cannot be encoded".to_owned()))?;
    let attached = header::ContentDisposition::attachment(&name);
    Ok(SinglePart::builder().header(kind).header(attached).body(body))
}

/// How long a word of a header may be as it is, in bytes: no line of a header can be broken within a word.
const LONGEST_WORD: usize = 60;

/// Whether words would not be read as they are written: what looks like an encoded word, also between quotes, is
/// decoded by many readers (RFC 2047 §6.2), and a word without end makes a line that no relay takes.
fn needs_encoding(words: &str) -> bool {
    words.contains("=?") || words.split(' ').any(|word| word.len() > LONGEST_WORD)
}

/// Words as encoded words, whole, for a header of this name.
fn encoded(name: &HeaderName, words: &str) -> Result<String, ComposeError> {
    let mut value = String::new();
    rfc2047::encode(words, &mut EmailWriter::new(&mut value, name.len() + ": ".len(), 0, false))
        .map_err(|error| ComposeError::Build { reason: error.to_string() })?;
    Ok(value)
}

fn subject(words: &str) -> Result<HeaderValue, ComposeError> {
    let name = HeaderName::new_from_ascii_str("Subject");
    if needs_encoding(words) {
        let value = encoded(&name, words)?;
        return Ok(HeaderValue::dangerous_new_pre_encoded(name, words.to_owned(), value));
    }
    Ok(HeaderValue::new(name, words.to_owned()))
}

/// A header that names one person.
fn named<H: Header + From<Mailboxes>>(mailbox: Named) -> Result<HeaderValue, ComposeError> {
    // lettre writes a name of letters and dots as it is; "." and "St.Jean" are no words (RFC 5322 §3.2.3).
    let dotted = |name: &str| name.contains('.') && !name.contains(' ');
    if let Some(words) = mailbox.name.as_deref().filter(|name| needs_encoding(name) || dotted(name)) {
        let value = format!("{}\r\n <{}>", encoded(&H::name(), words)?, mailbox.email);
        return Ok(HeaderValue::dangerous_new_pre_encoded(H::name(), value.clone(), value));
    }
    Ok(H::from(Mailboxes::from(mailbox)).display())
}

fn mailbox(name: Option<&str>, email: &str) -> Result<Named, ComposeError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name {
        // lettre panics on a line break in a display name.
        refuse_unsafe("a name", name)?;
    }
    // The reader's own notion of an address: lettre's knows quotes and literals, in which a header could be begun.
    let address: Option<Address> = email.parse().ok().filter(|_| is_address(email));
    let address = address.ok_or_else(|| ComposeError::Address { address: email.to_owned() })?;
    Ok(Named::new(name.map(str::to_owned), address))
}

fn refuse_unsafe(what: &'static str, value: &str) -> Result<(), ComposeError> {
    if value.chars().any(|c| is_unsafe(c) || c.is_control()) {
        return Err(ComposeError::Unsafe { what, value: value.to_owned() });
    }
    Ok(())
}
