//! How far an attempt at a connection came: what an administrator asks of a relay that does not answer.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

/// How far an attempt came. What it did not come to is empty.
#[derive(Clone, Debug, Default)]
pub struct Reach {
    /// The addresses of the name.
    pub addresses: Vec<IpAddr>,
    /// The one that answered, and in how long (TCP alone).
    pub answered: Option<(SocketAddr, Duration)>,
    /// How the link was secured: protocol and cipher.
    pub secured: Option<String>,
    /// The relay's certificate, then those that vouch for it.
    pub(super) chain: Vec<CertificateDer<'static>>,
}
