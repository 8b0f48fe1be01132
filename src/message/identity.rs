//! Pure. Message-IDs: from the keys of a mail, for ever.

use sha2::{Digest as _, Sha256};

use crate::plan::Key;

/// The Message-ID of a mail, without angle brackets: a hash of its sorted keys, at the sender's domain
/// (RFC 5322 §3.6.4). The same keys give the same id on every machine and in every version.
#[must_use]
pub fn message_id<'a>(keys: impl IntoIterator<Item = &'a Key>, domain: &str) -> String {
    let mut keys: Vec<&str> = keys.into_iter().map(Key::as_str).collect();
    keys.sort_unstable();
    format!("jalon.{}@{domain}", digest(&keys.join("\n")))
}

/// The root of the thread of all mails about one posting, without angle brackets: it is never sent itself, and mails that
/// name it stand together (RFC 5322 §3.6.4, RFC 5256 on missing parents). `message_id` is that of the mail.
pub(super) fn root(posting: &str, message_id: &str) -> String {
    let domain = message_id.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
    format!("jalon.posting.{}@{domain}", digest(posting))
}

/// The first half of a text's SHA-256, in hexadecimal.
pub(super) fn digest(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let hash = Sha256::digest(text.as_bytes());
    let digits = hash.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(HEX[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_ids_are_for_ever() {
        let keys =
            ["p/deadline/2026-06-28/-7d/camille", "p/start/2026-08-31/-1d/camille"].map(Key::from_text);
        let id = message_id(&keys, "example.org");
        assert_eq!(id, message_id(keys.iter().rev(), "example.org"));
        assert_eq!(id, "jalon.c2763ae209cce951f0f3417771948a59@example.org");
    }
}
