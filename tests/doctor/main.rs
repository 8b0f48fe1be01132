//! `jalon doctor`: what is made of what was found (`judged`), and the real binary on real trouble (`world`).
#![allow(unreachable_pub, clippy::unwrap_used, reason = "it is a test, all of it")]

#[path = "../support/certificates.rs"]
mod certificates;
mod judged;
#[path = "../support/running.rs"]
mod running;
#[path = "../support/server.rs"]
mod server;
#[path = "../support/tzif.rs"]
mod tzif;
mod world;
