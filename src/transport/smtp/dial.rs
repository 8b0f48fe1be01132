//! From a name to a TCP connection, and what we call ourselves on it. No SMTP and no TLS here.

use std::net::{IpAddr, SocketAddr};

use lettre::transport::smtp::extension::ClientId;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Duration, Instant, timeout, timeout_at};

use super::reach::Reach;
use crate::plan::outcome::{Outcome, Phase};

fn lost(words: String) -> Outcome {
    Outcome::Lost(Phase::Connect, words)
}

/// Connects to the first address of the name that answers, all within `limit`, with `TCP_NODELAY`: SMTP is
/// small writes that wait for answers, and Nagle's algorithm holds each up for some 40 ms. Notes how far it came.
///
/// With `loopback_only`, for a link without TLS, the address that was in fact reached must be this machine.
pub(super) async fn dial(
    host: &str,
    port: u16,
    loopback_only: bool,
    limit: Duration,
    reach: &mut Reach,
) -> Result<TcpStream, Outcome> {
    let until = Instant::now() + limit;
    let host = host.trim_matches(['[', ']']);
    let mut addresses: Vec<SocketAddr> = match timeout_at(until, lookup_host((host, port))).await {
        Ok(Ok(found)) => found.collect(),
        Ok(Err(error)) => return Err(lost(format!("the name {host} cannot be resolved: {error}"))),
        Err(_) => return Err(lost(format!("the name {host} was not resolved within {limit:?}"))),
    };
    addresses.dedup();
    reach.addresses = addresses.iter().map(SocketAddr::ip).collect();
    let mut why = format!("the name {host} has no address");
    let mut left = u32::try_from(addresses.len()).unwrap_or(u32::MAX);
    for address in addresses {
        // A dead address (IPv6 without a route, often) must leave time for the next.
        let share = until.saturating_duration_since(Instant::now()) / left.max(1);
        left = left.saturating_sub(1);
        let begun = Instant::now();
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                let peer = tcp.peer_addr().map_err(|error| lost(error.to_string()))?;
                reach.answered = Some((peer, begun.elapsed()));
                return check(tcp, peer, loopback_only).map_err(lost);
            }
            Ok(Err(error)) => why = format!("no connection to {address}: {error}"),
            Err(_) => why = format!("no connection to {address}: no answer"),
        }
    }
    Err(lost(why))
}

fn check(tcp: TcpStream, peer: SocketAddr, loopback_only: bool) -> Result<TcpStream, String> {
    if loopback_only && !is_loopback(peer.ip()) {
        return Err(format!("tls = \"none\" is for the loopback interface only, and the relay is at {peer}"));
    }
    tcp.set_nodelay(true).map_err(|error| format!("TCP_NODELAY could not be set: {error}"))?;
    Ok(tcp)
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// What we call ourselves in EHLO (RFC 5321 §4.1.1.1): the machine's name if it is a full one, else the
/// address that this connection leaves from. Relays turn half a name away.
pub(super) fn own_name(tcp: &TcpStream) -> ClientId {
    match ClientId::default() {
        ClientId::Domain(name) if is_full(&name) => ClientId::Domain(name),
        other => match tcp.local_addr().map(|address| address.ip().to_canonical()) {
            Ok(IpAddr::V4(address)) => ClientId::Ipv4(address),
            Ok(IpAddr::V6(address)) => ClientId::Ipv6(address),
            Err(_) => other,
        },
    }
}

fn is_full(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_this_machine_only() {
        for (address, loopback) in [
            ("127.0.0.1", true),
            ("127.8.9.10", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("192.168.1.1", false),
            ("fe80::1", false),
            ("::ffff:10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(address.parse().unwrap()), loopback, "{address}");
        }
    }

    #[test]
    fn half_a_name_is_no_name() {
        for (name, full) in [
            ("mail.example.org", true),
            ("a-1.example", true),
            ("localhost", false),
            ("", false),
            ("example.", false),
            ("a b.example", false),
            ("a\r\nMAIL.example", false),
        ] {
            assert_eq!(is_full(name), full, "{name:?}");
        }
    }

    #[tokio::test]
    async fn a_connection_sends_at_once_and_calls_itself_something() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut reach = Reach::default();
        let tcp = dial("127.0.0.1", port, true, Duration::from_secs(5), &mut reach).await.unwrap();
        assert_eq!(reach.answered.map(|(peer, _)| peer.port()), Some(port));
        assert!(tcp.nodelay().unwrap(), "TCP_NODELAY");
        let name = own_name(&tcp).to_string();
        assert!(name == "[127.0.0.1]" || is_full(&name), "{name}");
        // As if the name had led elsewhere: without TLS nothing may be said there.
        let peer = "10.0.0.1:25".parse().unwrap();
        assert!(check(tcp, peer, true).unwrap_err().contains("loopback interface only"));
    }
}
