//! What the program of `token_command` prints: a token found in it, and its complaints made fit to be told. No
//! I/O here.

use std::time::Duration;

use serde_json::Value;

/// How many signs of a program's complaints are told: their end, where programs say what stopped them.
const TOLD: usize = 400;

/// How long a word is, in bytes, that is hidden because it was printed or sent: a shorter one tells nothing.
const SHORTEST: usize = 6;

/// How many signs in a row, without a blank, may be a secret.
const SECRET: usize = 24;

/// An access token as it was printed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Printed {
    pub(super) token: String,
    /// How long it is good for, if that was said.
    pub(super) expires_in: Option<Duration>,
}

/// Reads what was printed: a JSON object with `access_token` and perhaps `expires_in` in seconds (RFC 6749 §5.1),
/// else the token on the first line.
///
/// # Errors
/// What is wrong with it, without a sign of it.
pub(super) fn printed(output: &[u8]) -> Result<Printed, &'static str> {
    let text = std::str::from_utf8(output).map_err(|_| "what it printed is not text")?.trim_start();
    let (token, expires_in) = if text.starts_with('{') {
        let object: Value = serde_json::from_str(text).map_err(|_| "what it printed is not whole JSON")?;
        let token = object.get("access_token").and_then(Value::as_str);
        let token = token.ok_or("the JSON that it printed has no \"access_token\"")?.to_owned();
        (token, object.get("expires_in").and_then(seconds))
    } else {
        (text.lines().next().unwrap_or_default().trim_end().to_owned(), None)
    };
    match token.as_str() {
        "" => Err("it printed nothing on its first line"),
        token if !is_token(token) => Err("what it printed on its first line is no access token"),
        _ => Ok(Printed { token, expires_in }),
    }
}

/// A number of seconds, as a number or, as some servers have it, in quotes.
fn seconds(value: &Value) -> Option<Duration> {
    let seconds = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    Some(Duration::from_secs(seconds))
}

/// The signs of a bearer token (RFC 6750 §2.1): none of them can end the SASL message that carries it.
fn is_token(text: &str) -> bool {
    let body = text.trim_end_matches('=');
    !body.is_empty() && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// The words of what a program printed that may be its token.
pub(super) fn words(stdout: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(stdout);
    let words = text.split(|sign: char| sign.is_whitespace() || "\"{},:".contains(sign));
    words.filter(|word| word.len() >= SHORTEST).map(str::to_owned).collect()
}

/// The end of a complaint, on one line, without these secrets and without what looks like one.
pub(super) fn complaint(text: &[u8], secrets: &[String]) -> String {
    let mut text = String::from_utf8_lossy(text).into_owned();
    for secret in secrets.iter().filter(|secret| secret.len() >= SHORTEST) {
        text = text.replace(secret.as_str(), "[…]");
    }
    text = text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
    // French has blanks that do not break; they are part of its words.
    let words: Vec<String> = text.split(' ').filter(|word| !word.is_empty()).map(without_secrets).collect();
    let text = words.join(" ");
    let signs = text.chars().count();
    if signs <= TOLD {
        return text;
    }
    let end: String = text.chars().skip(signs - TOLD).collect();
    let whole = end.split_once(' ').map_or(end.as_str(), |(_, whole)| whole);
    format!("… {whole}")
}

/// A word, every run of it hidden that is as long and as mixed as secrets are; an identifier such as a tenant's is
/// none.
fn without_secrets(word: &str) -> String {
    let of_secret = |sign: char| sign.is_ascii_alphanumeric() || "-._~+=".contains(sign);
    let mut shown = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let run = rest.find(|sign| !of_secret(sign)).unwrap_or(rest.len());
        shown.push_str(if is_secret(&rest[..run]) { "[…]" } else { &rest[..run] });
        rest = &rest[run..];
        let other = rest.find(of_secret).unwrap_or(rest.len());
        shown.push_str(&rest[..other]);
        rest = &rest[other..];
    }
    shown
}

fn is_secret(run: &str) -> bool {
    let digits = run.bytes().filter(u8::is_ascii_digit).count();
    let letters = run.bytes().filter(u8::is_ascii_alphabetic).count();
    run.len() >= SECRET && digits >= 2 && letters >= 2 && !is_guid(run)
}

/// RFC 9562 §4: 8-4-4-4-12 hexadecimal digits, perhaps with a full stop after it.
fn is_guid(text: &str) -> bool {
    let parts: Vec<&str> = text.trim_end_matches('.').split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_first_line_or_in_json() {
        let lives = |seconds| Some(Duration::from_secs(seconds));
        for (output, token, expires_in) in [
            ("ya29.a0-b_c~d+e/f==\n", "ya29.a0-b_c~d+e/f==", None),
            ("eyJ0.eyJ1.sig\r\nexpires tomorrow\n", "eyJ0.eyJ1.sig", None),
            ("{\"access_token\": \"abc\", \"expires_in\": 3599}", "abc", lives(3599)),
            (
                "\n{\n \"token_type\": \"Bearer\",\n \"expires_in\": \"60\",\n \"access_token\": \"abc\"\n}\n",
                "abc",
                lives(60),
            ),
            ("{\"access_token\":\"abc\",\"expires_in\":null}", "abc", None),
            ("{\"access_token\":\"abc\",\"expires_in\":-1}", "abc", None),
        ] {
            let printed = printed(output.as_bytes()).unwrap_or_else(|why| panic!("{output:?}: {why}"));
            assert_eq!((printed.token.as_str(), printed.expires_in), (token, expires_in), "{output:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for output in [
            "",
            "\n",
            "  \n",
            "{",
            "{}",
            "{\"error\":\"invalid_grant\"}",
            "{\"access_token\":\"\"}",
            "{\"access_token\":5}",
            "error: no token\n",
            "a b",
            "jeton\u{e9}",
            "abc\u{1}def",
            "====",
            "{\"access_token\":\"a\\u0001auth=Bearer b\"}",
        ] {
            let why = printed(output.as_bytes()).err().unwrap_or_else(|| panic!("{output:?}"));
            assert!(output.len() < 5 || !why.contains(output.trim()), "{why}");
        }
        assert!(printed(b"\xff\xfe").is_err());
    }

    #[test]
    fn complaints_hold_no_secret_and_end_with_the_end() {
        let token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQi.c2ln";
        let guid = "11111111-2222-3333-4444-55555555abcd";
        for (stderr, shown) in [
            ("no such file: /etc/jalon/smtp.secret\n", "no such file: /etc/jalon/smtp.secret"),
            (
                "AADSTS7000222: expired for app\n  'x' Trace ID: 11111111-2222-3333-4444-55555555abcd.",
                "AADSTS7000222: expired for app 'x' Trace ID: 11111111-2222-3333-4444-55555555abcd.",
            ),
            ("+ curl -d client_secret=Abc8Q~0123456789abcdefghijklmnopqrs-_x", "+ curl -d […]"),
            ("got \"eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQi.c2ln\"", "got \"[…]\""),
            ("refresh 1//0gAbCdEf0123456789-ABCDEFGHIJKLmnop no", "refresh 1//[…] no"),
            ("", ""),
        ] {
            assert_eq!(complaint(stderr.as_bytes(), &[token.to_owned()]), shown);
        }
        assert!(is_guid(guid));
        let quoted = complaint(b"oops no-digits!", &words(b"{\"access_token\": \"no-digits\"}"));
        assert_eq!(quoted, "oops […]!", "whatever was printed is hidden");
        let long = complaint(format!("{}the end", "word ".repeat(500)).as_bytes(), &[]);
        assert!(long.starts_with("… word") && long.ends_with("the end") && long.chars().count() <= TOLD + 2);
    }
}
