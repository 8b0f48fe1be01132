//! One question to a token endpoint (RFC 6749 §3.2): a form is posted, a token or a refusal comes back. No redirect
//! is followed, since the form holds secrets; over plain HTTP nothing goes further than this machine.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Proxy};

use super::output::complaint;
use crate::settings::relay::is_loopback;

/// How long a question may take in all: 20 s, less than a run of `token_command` may ([`super::LIMIT`]).
const LIMIT: Duration = Duration::from_secs(20);

/// How much of an answer is read, in bytes.
const MOST: u64 = 64 * 1024;

/// What an endpoint gives.
#[derive(PartialEq, Eq)]
pub struct Granted {
    /// The access token.
    pub access_token: String,
    /// How long it is good for, in seconds, if that is said.
    pub expires_in: Option<u64>,
    /// The refresh token to use from now on, where the provider changes it.
    pub refresh_token: Option<String>,
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Granted").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Why nothing is given. No word of it holds what was sent.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The address is neither https nor http on this machine.
    #[error("{0:?} is no address of a token endpoint")]
    Address(String),
    /// It cannot be reached, or not now: the same question may be answered later.
    #[error("the token endpoint {host} cannot be reached: {why}")]
    Unreachable {
        /// Whom we wanted.
        host: String,
        /// What happened.
        why: String,
    },
    /// It refuses (RFC 6749 §5.2).
    #[error("the token endpoint refuses: {code}: {description}")]
    Refused {
        /// The code, such as `invalid_client`.
        code: String,
        /// What it says of it, for people.
        description: String,
    },
    /// Its answer is none of a token endpoint.
    #[error("{host} does not answer like a token endpoint (HTTP {status})")]
    Strange {
        /// Who.
        host: String,
        /// The status of HTTP.
        status: u16,
    },
}

/// Posts this form and reads the answer. Blocks for 20 s at most.
pub fn ask(address: &str, form: &[(&str, &str)]) -> Result<Granted, EndpointError> {
    let (host, plain) = checked(address)?;
    let unreachable = |why: String| EndpointError::Unreachable { host: host.clone(), why };
    // What is in the clear must not leave this machine, whatever proxy the environment names.
    let mut response = agent(LIMIT, plain)
        .post(address)
        .header("Accept", "application/json")
        .send_form(form.iter().copied())
        .map_err(|error| unreachable(error.to_string()))?;
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(MOST).read_to_vec();
    let body = body.map_err(|error| unreachable(error.to_string()))?;
    let secret = |(key, _): &&(&str, &str)| matches!(*key, "client_secret" | "refresh_token");
    let secrets: Vec<String> = form.iter().filter(secret).map(|(_, value)| (*value).to_owned()).collect();
    answer(&host, status, &body, &secrets)
}

/// Whoever asks by HTTP: by our ring and our authorities, for so long at most; no redirect is followed, for the address or
/// what is sent may be a secret. `here`: not through the proxy of the environment.
#[must_use]
pub fn agent(limit: Duration, here: bool) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(ring::default_provider()))
        .root_certs(authorities())
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(limit))
        .user_agent(concat!("jalon/", env!("CARGO_PKG_VERSION")))
        .proxy(if here { None } else { Proxy::try_from_env() })
        .tls_config(tls)
        .build()
        .into()
}

/// The host of an address that a secret may be sent to, and whether the way there is in the clear.
fn checked(address: &str) -> Result<(String, bool), EndpointError> {
    let unfit = || EndpointError::Address(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| unfit())?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(unfit)?.to_owned();
    let named = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    match uri.scheme_str() {
        Some("https") if named => Ok((host, false)),
        Some("http") if named && is_loopback(&host) => Ok((host, true)),
        _ => Err(unfit()),
    }
}

/// The machine's authorities (and those of `$SSL_CERT_FILE`), the same as for relays.
fn authorities() -> RootCerts {
    let found = rustls_native_certs::load_native_certs().certs;
    let certificates: Vec<_> = found.iter().map(|der| Certificate::from_der(der).to_owned()).collect();
    RootCerts::new_with_certs(&certificates)
}

/// Reads an answer; `secrets` must not be in any word of an error.
fn answer(host: &str, status: u16, body: &[u8], secrets: &[String]) -> Result<Granted, EndpointError> {
    let strange = || EndpointError::Strange { host: host.to_owned(), status };
    let later = |why: String| EndpointError::Unreachable { host: host.to_owned(), why };
    // 408, 429 and 5xx say: later (RFC 9110 §15.5.9, §15.6; RFC 6585 §4).
    if status == 408 || status == 429 || status >= 500 {
        return Err(later(format!("HTTP {status}")));
    }
    let body: Value = serde_json::from_slice(body).map_err(|_| strange())?;
    let text = |key: &str| body.get(key).and_then(Value::as_str);
    if let Some(code) = text("error") {
        let code = complaint(code.as_bytes(), secrets);
        let whole = text("error_description").unwrap_or_default();
        // What follows is for Microsoft's own support.
        let first = whole.split("Trace ID").next().unwrap_or(whole).trim();
        let description = complaint(first.as_bytes(), secrets);
        if matches!(&code[..], "temporarily_unavailable" | "server_error") {
            return Err(later(format!("{code}: {description}")));
        }
        return Err(EndpointError::Refused { code, description });
    }
    let token =
        text("access_token").filter(|token| status == 200 && !token.is_empty()).ok_or_else(strange)?;
    Ok(Granted {
        access_token: token.to_owned(),
        expires_in: body.get("expires_in").and_then(|it| it.as_u64().or_else(|| it.as_str()?.parse().ok())),
        refresh_token: text("refresh_token").filter(|token| !token.is_empty()).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_here() {
        for (address, plain) in [
            ("https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token", Some(false)),
            ("https://127.0.0.1:8443/token", Some(false)),
            ("http://127.0.0.1:8080/token", Some(true)),
            ("http://[::1]:8080/token", Some(true)),
            ("http://localhost/token", Some(true)),
            ("http://login.microsoftonline.com/token", None),
            ("http://127.0.0.1@evil.example/token", None),
            ("https://user@login.example/token", None),
            ("http://localhost.evil.example/token", None),
            ("ftp://127.0.0.1/", None),
            ("/token", None),
            ("login.example", None),
            ("", None),
        ] {
            assert_eq!(checked(address).ok().map(|(_, plain)| plain), plain, "{address}");
        }
    }

    #[test]
    fn answers_are_read_or_named() {
        let given = |status, body: &str| match answer("h", status, body.as_bytes(), &["hunter2-x".to_owned()])
        {
            Ok(granted) => {
                format!("{} {:?} {:?}", granted.access_token, granted.expires_in, granted.refresh_token)
            }
            Err(error) => error.to_string(),
        };
        for (status, body, shown) in [
            (200, r#"{"access_token":"a","expires_in":3599}"#, "a Some(3599) None"),
            (200, r#"{"access_token":"a","expires_in":"9","refresh_token":"r"}"#, "a Some(9) Some(\"r\")"),
            (200, r#"{"access_token":""}"#, "h does not answer like a token endpoint (HTTP 200)"),
            (302, r#"{"access_token":"a"}"#, "h does not answer like a token endpoint (HTTP 302)"),
            (404, "<html>", "h does not answer like a token endpoint (HTTP 404)"),
            (503, "", "the token endpoint h cannot be reached: HTTP 503"),
            (429, r#"{"error":"x"}"#, "the token endpoint h cannot be reached: HTTP 429"),
            (
                400,
                r#"{"error":"temporarily_unavailable"}"#,
                "the token endpoint h cannot be reached: temporarily_unavailable: ",
            ),
            (
                401,
                r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired.\r\nTrace ID: 1"}"#,
                "the token endpoint refuses: invalid_client: AADSTS7000222: expired.",
            ),
            (
                400,
                r#"{"error":"invalid_grant","error_description":"hunter2-x is no good"}"#,
                "the token endpoint refuses: invalid_grant: […] is no good",
            ),
        ] {
            assert_eq!(given(status, body), shown, "{body}");
        }
    }
}
