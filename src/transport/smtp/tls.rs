//! TLS to a relay: whom we trust, and what a refused certificate is called. There is no way to trust nobody in
//! particular: no option turns the check of the chain, the name or the dates off.

use std::io;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};

use super::SetupError;
use crate::plan::outcome::{Outcome, Phase};

/// How far ahead certificates are asked about.
const FAR: TimeDelta = TimeDelta::days(36_525);

/// How to put TLS on a connection to one relay. Clones share what they know.
#[derive(Clone)]
pub(super) struct Tls {
    connector: TlsConnector,
    /// What the handshake judges certificates by, to ask it about other days.
    judge: Arc<WebPkiServerVerifier>,
    name: ServerName<'static>,
}

impl Tls {
    /// Trusts the machine's authorities and those of these PEM files. Reads the machine's store from the disk.
    pub(super) fn new(host: &str, roots: &[Vec<u8>]) -> Result<Self, SetupError> {
        let plain = host.trim_matches(['[', ']']);
        let name = ServerName::try_from(plain.strip_suffix('.').unwrap_or(plain).to_owned())
            .map_err(|_| SetupError::Host(host.to_owned()))?;
        let mut store = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(system.certs);
        for pem in roots {
            let before = store.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| SetupError::Authority(error.to_string()))?;
                store.add(certificate).map_err(|error| SetupError::Authority(error.to_string()))?;
            }
            if store.len() == before {
                return Err(SetupError::Authority("it holds no certificate".to_owned()));
            }
        }
        if store.is_empty() {
            let words = system.errors.first().map(ToString::to_string).unwrap_or_default();
            return Err(SetupError::NoAuthorities(words));
        }
        let (store, provider) = (Arc::new(store), Arc::new(ring::default_provider()));
        let judge = WebPkiServerVerifier::builder_with_provider(Arc::clone(&store), Arc::clone(&provider))
            .build()
            .map_err(|error| SetupError::Tls(error.to_string()))?;
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| SetupError::Tls(error.to_string()))?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), judge, name })
    }

    /// Until when this chain, the relay's own certificate first, is good for this relay, to the second: the latest moment
    /// at which the handshake would still take it. None when it is not good at `now`.
    pub(super) fn good_until(
        &self,
        chain: &[CertificateDer<'_>],
        now: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let (own, others) = chain.split_first()?;
        let good = |seconds: i64| {
            let since = u64::try_from(now.timestamp() + seconds).unwrap_or_default();
            let at = UnixTime::since_unix_epoch(Duration::from_secs(since));
            self.judge.verify_server_cert(own, others, &self.name, &[], at).is_ok()
        };
        let (mut last, mut bad) = (0, FAR.num_seconds());
        if !good(last) {
            return None;
        }
        while bad - last > 1 {
            let middle = last.midpoint(bad);
            if good(middle) {
                last = middle;
            } else {
                bad = middle;
            }
        }
        Some(now + TimeDelta::seconds(last))
    }

    /// The handshake. Certificate, name and dates are checked before a byte of SMTP follows.
    pub(super) async fn secure(
        &self,
        tcp: TcpStream,
        limit: Duration,
    ) -> Result<TlsStream<TcpStream>, Outcome> {
        let lost = |words| Outcome::Lost(Phase::Tls, words);
        match timeout(limit, self.connector.connect(self.name.clone(), tcp)).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(self.failed(&error)),
            Err(_) => Err(lost(format!("the TLS handshake took more than {limit:?}"))),
        }
    }

    fn failed(&self, error: &io::Error) -> Outcome {
        let name = self.name.to_str();
        let lost = |words| Outcome::Lost(Phase::Tls, words);
        match error.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()) {
            Some(TlsError::InvalidCertificate(why)) => Outcome::Untrusted(refused(&name, why)),
            Some(TlsError::InvalidMessage(_)) => lost(format!("{name} does not answer in TLS: {error}")),
            _ => lost(format!("the TLS handshake with {name} failed: {error}")),
        }
    }
}

/// Why a certificate is refused.
fn refused(name: &str, why: &CertificateError) -> String {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            format!("the certificate of {name} has expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            format!("the certificate of {name} is not valid yet (is this machine's clock right?)")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("the certificate is not one of {name}")
        }
        CertificateError::UnknownIssuer => format!(
            "the certificate of {name} comes from an authority that is not trusted here (ca_file adds one)"
        ),
        other => format!("the certificate of {name} is refused: {other:?}"),
    }
}
