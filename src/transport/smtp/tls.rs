//! TLS to a relay: whom we trust, and what a refused certificate is called. There is no way to trust nobody in
//! particular: no option turns the check of the chain, the name or the dates off.

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error as TlsError, RootCertStore};

use super::SetupError;
use crate::plan::outcome::{Outcome, Phase};

/// How to put TLS on a connection to one relay.
pub(super) struct Tls {
    connector: TlsConnector,
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
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| SetupError::Tls(error.to_string()))?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
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
