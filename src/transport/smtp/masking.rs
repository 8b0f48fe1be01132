//! Pure. A relay's words without our secrets: a relay may quote what it does not understand, at the login or at any
//! time after it, and its words are stored, logged and told.

use super::Credentials;
use crate::plan::outcome::{Outcome, Reply};

/// A login in the forms in which it travels (RFC 4616, RFC 4954, XOAUTH2): the password or token, with the blanks that
/// replies lose, and its base64, alone and as it stands in one line with the name.
pub(super) fn forms(Credentials { username, password }: &Credentials) -> Vec<String> {
    let spaced = password.split_whitespace().collect::<Vec<_>>().join(" ");
    let plain = format!("\0{username}\0{password}");
    let bearer = format!("user={username}\u{1}auth=Bearer {password}\u{1}\u{1}");
    let encoded = [password, &plain, &bearer].map(|text| base64(text.as_bytes()));
    [password.clone(), spaced].into_iter().chain(encoded).filter(|form| !form.is_empty()).collect()
}

/// Base64 (RFC 4648 §4).
fn base64(bytes: &[u8]) -> String {
    const SIGNS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len() * 4 / 3 + 3);
    for three in bytes.chunks(3) {
        let [first, second, third] = [0, 1, 2].map(|n| u32::from(three.get(n).copied().unwrap_or(0)));
        let bits = first << 16 | second << 8 | third;
        let sign = |shift: u32| char::from(SIGNS[(bits >> shift & 63) as usize]);
        text.extend([18, 12, 6, 0].into_iter().take(three.len() + 1).map(sign));
        text.push_str(&"=="[three.len() - 1..]);
    }
    text
}

/// The outcome, its words without these secrets.
pub(super) fn without(outcome: Outcome, secrets: &[String]) -> Outcome {
    match outcome {
        Outcome::Refused(phase, reply) => {
            Outcome::Refused(phase, Reply { code: reply.code, text: mask(&reply.text, secrets) })
        }
        Outcome::Accepted(reply) => {
            Outcome::Accepted(Reply { code: reply.code, text: mask(&reply.text, secrets) })
        }
        Outcome::Lost(phase, words) => Outcome::Lost(phase, mask(&words, secrets)),
        other => other,
    }
}

/// The text, every run of it hidden that is a secret or at least [`TELLING`] signs of one: quotes are cut.
fn mask(text: &str, secrets: &[String]) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = secrets.iter().map(|secret| shared(rest, secret)).max().unwrap_or(0);
        if hidden > 0 {
            shown.push_str("[…]");
        } else {
            shown.push(first);
        }
        rest = &rest[hidden.max(first.len_utf8())..];
    }
    shown
}

/// How many signs of a secret tell something of it.
const TELLING: usize = 6;

/// How many bytes at the head of the text come from the secret, if they tell something of it.
fn shared(text: &str, secret: &str) -> usize {
    let ends = text.char_indices().map(|(at, sign)| at + sign.len_utf8());
    let (signs, bytes) = ends
        .take_while(|&end| secret.contains(&text[..end]))
        .fold((0, 0), |(signs, _), end| (signs + 1, end));
    if signs >= TELLING || (bytes > 0 && text[..bytes] == *secret) { bytes } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_even_when_the_quote_is_cut() {
        let secrets = ["s3cret".to_owned(), "AHVzZXIAczNjcmV0Zm9yZXZlcg==".to_owned(), "pw".to_owned()];
        for (text, shown) in [
            ("5.7.8 no", "5.7.8 no"),
            ("bad AUTH PLAIN AHVzZXIAczNjcmV0Zm9yZXZlcg==!", "bad AUTH PLAIN […]!"),
            ("bad 'AUTH PLAIN AHVzZXIAczNj", "bad 'AUTH PLAIN […]"),
            ("…XIAczNjcmV0 é s3cret, pw", "…[…] é […], […]"),
        ] {
            assert_eq!(mask(text, &secrets), shown);
        }
        assert_eq!(mask("as it was", &[String::new()]), "as it was");
    }

    #[test]
    fn a_login_is_known_in_every_form_in_which_it_travels() {
        let login =
            Credentials { username: "camille@example.org".into(), password: "Tr0ub4dor  é&3".into() };
        let secrets = forms(&login);
        for said in [
            "Tr0ub4dor  é&3",
            "Tr0ub4dor é&3",
            "VHIwdWI0ZG9yICDDqSYz",
            "AGNhbWlsbGVAZXhhbXBsZS5vcmcAVHIwdWI0ZG9yICDDqSYz",
            "dXNlcj1jYW1pbGxlQGV4YW1wbGUub3JnAWF1dGg9QmVhcmVyIFRyMHViNGRvciAgw6kmMwEB",
        ] {
            assert_eq!(mask(&format!("no: <{said}>."), &secrets), "no: <[…]>.", "{said}");
        }
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }
}
