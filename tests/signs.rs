//! The signs that the service gives of itself: relays that are looked at on the evening before, heartbeats, metrics. Real
//! sockets, a real ledger, real files; a clock that jumps, or the real daemon.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/certificates.rs"]
mod certificates;
#[path = "signs/ear.rs"]
mod ear;
#[path = "signs/heartbeat.rs"]
mod heartbeat;
#[path = "signs/metrics.rs"]
mod metrics;
#[path = "signs/preflight.rs"]
mod preflight;
#[path = "support/running.rs"]
mod running;
#[path = "support/server.rs"]
mod server;
#[path = "signs/world.rs"]
mod world;
