//! Addresses of people, kept out of all that logs: found in any text, and shortened.

use std::fmt::Write as _;
use std::ops::Range;

use sha2::{Digest as _, Sha256};

/// An address as logs have it: six digits of its hash and its domain, `#3fa4c1@example.org`. The same address is always
/// the same, and nobody's name is in it.
#[must_use]
pub fn shortened(address: &str) -> String {
    let lower = address.to_lowercase();
    let hash = Sha256::digest(lower.as_bytes()).iter().take(3).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    });
    format!("#{hash}@{}", address.rsplit_once('@').map_or("", |(_, domain)| domain))
}

/// A text in which every address of somebody is [`shortened`]. Message-IDs, which have the shape of one, stay.
#[must_use]
pub fn without_addresses(text: &str) -> String {
    let (mut shown, mut done) = (String::with_capacity(text.len()), 0);
    for at in addresses(text) {
        shown.push_str(&text[done..at.start]);
        shown.push_str(&shortened(&text[at.clone()]));
        done = at.end;
    }
    shown + &text[done..]
}

/// Where a text names the addresses of people.
#[must_use]
pub fn addresses(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = text[from..].find('@').map(|at| from + at) {
        let (local, domain) = (local(&text[from..at]), domain(&text[at + 1..]));
        let end = at + 1 + domain.len();
        if !local.is_empty() && !domain.is_empty() && !is_ours(local) {
            found.push(at - local.len()..end);
        }
        from = end;
    }
    found
}

/// The local part that a text ends with (RFC 5322 §3.4.1), also between quotes; without signs that rather stand around
/// an address than in it.
fn local(text: &str) -> &str {
    if let Some(quoted) = text.strip_suffix('"') {
        return quoted.rfind('"').map_or("", |start| &text[start..]);
    }
    let is_local = |c: char| c.is_alphanumeric() || "!#$%&'*+-^_.~".contains(c);
    let local = &text[text.trim_end_matches(is_local).len()..];
    local.trim_start_matches(|c: char| "'.&*".contains(c))
}

/// The domain that a text begins with: names with dots, or this machine. Of a unit such as `jalon@main`, nothing.
fn domain(text: &str) -> &str {
    let is_domain = |c: char| c.is_alphanumeric() || "-.".contains(c);
    let end = text.find(|c| !is_domain(c)).unwrap_or(text.len());
    let domain = text[..end].trim_end_matches(['.', '-']);
    if domain.contains('.') || domain.eq_ignore_ascii_case("localhost") { domain } else { "" }
}

/// Whether a local part is a Message-ID's, or was shortened already.
fn is_ours(local: &str) -> bool {
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    local.strip_prefix("jalon.").is_some_and(|rest| hex(rest, 32))
        || local.strip_prefix('#').is_some_and(|rest| hex(rest, 6))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_names_an_address() {
        let short = |address: &str| shortened(address);
        assert_eq!(short("Lou.Durand@example.org"), "#602fab@example.org");
        for (text, address) in [
            ("to=lou.durand@example.org", "lou.durand@example.org"),
            ("550 5.1.1 <lou.durand@example.org>: unknown", "lou.durand@example.org"),
            ("p/deadline/2026-06-28/-7d/lou.durand@example.org", "lou.durand@example.org"),
            ("'lou.durand@example.org', no", "lou.durand@example.org"),
            ("écrire à zoé.d+1@académie.example.", "zoé.d+1@académie.example"),
            ("mailto:lou@localhost", "lou@localhost"),
            ("a \"lou durand\"@example.org b", "\"lou durand\"@example.org"),
        ] {
            let expected = text.replace(address, &shortened(address));
            assert_eq!(without_addresses(text), expected);
            assert_eq!(without_addresses(&expected), expected, "twice is once");
        }
        for same in [
            "message_id=\"jalon.c2763ae209cce951f0f3417771948a59@example.org\"",
            "/var/lib/jalon@main/jalon.db",
            "@ example.org, a@ b, @x.y",
            "user@",
            "",
        ] {
            assert_eq!(without_addresses(same), same);
        }
        assert_eq!(without_addresses("a@b.c@d.e").matches('#').count(), 1, "and nothing is lost after it");
    }
}
