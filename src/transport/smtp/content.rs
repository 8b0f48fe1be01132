//! Pure. The content of a mail, line by line: what is refused, since a relay could take it for the end; how the rest travels.
//!
//! Nearly every message is as it should be and needs no change; so all of it is looked at first, many bytes at a time.

use std::borrow::Cow;

use memchr::{memchr_iter, memmem};

use super::super::Letter;
use super::LARGEST_MAIL;

/// What every relay would refuse, or could take for the end of the message.
pub(super) fn letter_is_fit(letter: Letter<'_>) -> Result<(), String> {
    let bytes = letter.bytes;
    if bytes.len() > LARGEST_MAIL {
        return Err(format!(
            "the mail is too large: {} bytes, and {LARGEST_MAIL} at most are sent",
            bytes.len()
        ));
    }
    // A lone CR or LF before a dot ends the message for some relays (RFC 5321 §2.3.8 forbids both).
    let lone_lf = |at: usize| !bytes[..at].ends_with(b"\r");
    let lone_cr = |at: usize| !bytes[at + 1..].starts_with(b"\n");
    if memchr_iter(b'\n', bytes).any(lone_lf) || memchr_iter(b'\r', bytes).any(lone_cr) {
        return Err("the mail has a line that does not end in CR LF".to_owned());
    }
    Ok(())
}

/// A text of a message as it travels: a line that begins with a dot gets one more (RFC 5321 §4.5.2). Every line ends in
/// CR LF: see [`letter_is_fit`].
pub(super) fn stuffed(text: &[u8]) -> Cow<'_, [u8]> {
    let mut stuffed = Vec::new();
    let mut from = 0;
    let first = text.starts_with(b".").then_some(0);
    for dot in first.into_iter().chain(memmem::find_iter(text, b"\n.").map(|end| end + 1)) {
        stuffed.extend_from_slice(&text[from..dot]);
        stuffed.push(b'.');
        from = dot;
    }
    if stuffed.is_empty() {
        return Cow::Borrowed(text);
    }
    stuffed.extend_from_slice(&text[from..]);
    Cow::Owned(stuffed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_does_not_end_in_cr_lf_is_not_sent() {
        let is_fit = |text: &str| {
            let bytes = text.as_bytes();
            letter_is_fit(Letter { from: "a@b.c", to: "d@e.f", message_id: "1@b.c", bytes }).is_ok()
        };
        for good in ["", "a", "\r\n", "a\r\n.\r\n\r\nb\r\n"] {
            assert!(is_fit(good), "{good:?}");
        }
        for bad in ["\n", "\r", "a\n.\r\n", "a\r.\r\n", "a\r\n\n", "a\r\r\n", "a\n\r", "a\r\nb\r", "\na\r\n"]
        {
            assert!(!is_fit(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_line_that_begins_with_a_dot_gets_one_more() {
        for (text, travels) in [
            ("", ""),
            (".", ".."),
            ("a.b\r\n", "a.b\r\n"),
            (".a\r\n..\r\n.", "..a\r\n...\r\n.."),
            ("a\r\n.\r\nb. .\r\n\r\n.c", "a\r\n..\r\nb. .\r\n\r\n..c"),
        ] {
            assert_eq!(stuffed(text.as_bytes()), travels.as_bytes(), "{text:?}");
        }
    }
}
