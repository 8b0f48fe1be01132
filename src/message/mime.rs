//! Pure. A rendered mail → the bytes that are handed to a relay.
//!
//! Text first and HTML after it (RFC 2046 §5.1.4: the last is the best), and the headers by which machines know
//! a machine: `Auto-Submitted` (RFC 3834) and `X-Auto-Response-Suppress` (Microsoft's) keep out-of-office replies
//! away. The Message-ID is the caller's, and the boundary comes from it: nothing here is random.

use chrono::{DateTime, Datelike as _, Utc};
use lettre::Address;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as Named, Message, MultiPart, SinglePart};

use super::identity::digest;
use super::render::Rendered;
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
    refuse_unsafe("the subject", &rendered.subject)?;
    refuse_unsafe("the Message-ID", message_id)?;
    if !(1970..=9999).contains(&now.year()) {
        return Err(ComposeError::Date { now });
    }
    let mut mail = Message::builder()
        .date(now.into())
        .from(named(from.name.as_deref(), &from.email)?)
        .to(named(to.0, to.1)?)
        .subject(rendered.subject.as_str())
        .message_id(Some(format!("<{message_id}>")));
    if let Some(reply_to) = reply_to {
        mail = mail.reply_to(named(reply_to.name.as_deref(), &reply_to.email)?);
    }
    for (name, value) in [
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        ("Content-Language", rendered.language.code()),
    ] {
        mail = mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let body = MultiPart::alternative()
        .boundary(boundary(message_id))
        .singlepart(SinglePart::plain(rendered.text.clone()))
        .singlepart(SinglePart::html(rendered.html.clone()));
    let mail = mail.multipart(body).map_err(|error| ComposeError::Build { reason: error.to_string() })?;
    Ok(mail.formatted())
}

/// The line between the parts. `=_` stands in no quoted-printable or base64 line (RFC 2045 §6.7).
fn boundary(message_id: &str) -> String {
    format!("=_jalon_{}", digest(message_id))
}

fn named(name: Option<&str>, email: &str) -> Result<Named, ComposeError> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name {
        // lettre panics on a line break in a display name.
        refuse_unsafe("a name", name)?;
    }
    let address: Address = email.parse().map_err(|_| ComposeError::Address { address: email.to_owned() })?;
    Ok(Named::new(name.map(str::to_owned), address))
}

fn refuse_unsafe(what: &'static str, value: &str) -> Result<(), ComposeError> {
    if value.chars().any(|c| is_unsafe(c) || c.is_control()) {
        return Err(ComposeError::Unsafe { what, value: value.to_owned() });
    }
    Ok(())
}
