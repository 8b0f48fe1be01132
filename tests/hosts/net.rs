//! Three machines and a switch, as network namespaces of this one: the database's, where the switch is, and one for each
//! host, with a cable to it. A cable can be pulled; or nothing passes any more, and nobody is told of it.
//!
//! It takes root and `ip` (iproute2). Whatever a dead test left is removed at the next start: names hold the process.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "it is a test, all of it")]

use std::fs::File;
use std::net::TcpListener;
use std::os::fd::AsFd as _;
use std::process::{Command, Output};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Where the database listens.
pub const DATABASE: &str = "10.213.0.1";

pub struct Net {
    name: String,
    hosts: usize,
}

fn ip(words: &str) -> Result<Output, String> {
    let output =
        Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    Err(format!("ip {words}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// What tests that were killed left behind.
fn clear() {
    let Ok(output) = ip("netns list") else { return };
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let name = line.split(' ').next().unwrap_or_default();
        let process = name.strip_prefix("jalon-net-").and_then(|rest| rest.split('-').next());
        if process.is_some_and(|id| !std::path::Path::new("/proc").join(id).exists()) {
            let _ = ip(&format!("netns del {name}"));
        }
    }
}

impl Net {
    /// So many hosts; or why there can be none here.
    pub fn found(hosts: usize) -> Result<Self, String> {
        if !rustix::process::getuid().is_root() {
            return Err("network namespaces take root".to_owned());
        }
        clear();
        // Dropped half-made, it is removed all the same.
        let net = Self { name: format!("jalon-net-{}", std::process::id()), hosts };
        let hub = net.hub();
        ip(&format!("netns add {hub}"))?;
        ip(&format!("-n {hub} link set lo up"))?;
        ip(&format!("-n {hub} link add switch type bridge"))?;
        ip(&format!("-n {hub} addr add {DATABASE}/24 dev switch"))?;
        ip(&format!("-n {hub} link set switch up"))?;
        for host in 0..hosts {
            let name = net.host(host);
            ip(&format!("netns add {name}"))?;
            ip(&format!("-n {name} link set lo up"))?;
            ip(&format!("-n {hub} link add port{host} type veth peer name cable netns {name}"))?;
            ip(&format!("-n {hub} link set port{host} master switch"))?;
            ip(&format!("-n {hub} link set port{host} up"))?;
            ip(&format!("-n {name} addr add 10.213.0.{}/24 dev cable", 10 + host))?;
            ip(&format!("-n {name} link set cable up"))?;
        }
        Ok(net)
    }

    /// The namespace of the switch and of the database.
    pub fn hub(&self) -> String {
        format!("{}-db", self.name)
    }

    /// The namespace of a host.
    pub fn host(&self, host: usize) -> String {
        format!("{}-{host}", self.name)
    }

    /// The cable of a host is pulled: both ends see that.
    pub fn pull(&self, host: usize) {
        ip(&format!("-n {} link set port{host} down", self.hub())).unwrap();
    }

    /// What a host sends reaches nobody, nor what is sent to it: both are told a wrong address of the other's card. Nobody
    /// hears of it: no end, no refusal, and the cable is in.
    pub fn dam(&self, host: usize) {
        let (hub, name) = (self.hub(), self.host(host));
        let nobody = "lladdr 02:00:00:00:00:99 nud permanent";
        ip(&format!("-n {name} neigh replace {DATABASE} dev cable {nobody}")).unwrap();
        ip(&format!("-n {hub} neigh replace 10.213.0.{} dev switch {nobody}", 10 + host)).unwrap();
    }

    /// All is as it was.
    pub fn mend(&self, host: usize) {
        let (hub, name) = (self.hub(), self.host(host));
        ip(&format!("-n {hub} link set port{host} up")).unwrap();
        // Of a way that was not dammed there is nothing to undo.
        let _ = ip(&format!("-n {name} neigh del {DATABASE} dev cable"));
        let _ = ip(&format!("-n {hub} neigh del 10.213.0.{} dev switch", 10 + host));
    }

    /// Something that listens at this port of a host's own 127.0.0.1.
    pub fn listener(&self, host: usize, port: u16) -> TcpListener {
        let place = File::open(format!("/run/netns/{}", self.host(host))).unwrap();
        // A socket stays where it was made; the thread that went there ends.
        let there = std::thread::spawn(move || {
            move_into_link_name_space(place.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            TcpListener::bind(("127.0.0.1", port)).unwrap()
        });
        there.join().unwrap()
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for host in 0..self.hosts {
            let _ = ip(&format!("netns del {}", self.host(host)));
        }
        let _ = ip(&format!("netns del {}", self.hub()));
    }
}
