//! The send path as a whole, each row beside something bare, in one run and by turns: `cargo bench --bench whole -- P1`.
//! What the rows are, and what was found: benches/README.md.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench may fail"
)]

mod common;
#[path = "whole/drain.rs"]
mod drain;
#[path = "whole/lateness.rs"]
mod lateness;
#[path = "whole/store.rs"]
mod store;

fn main() {
    let asked = common::Asked::read();
    drain::p1(&asked);
    lateness::p2(&asked);
    store::p9(&asked);
    store::p10(&asked);
}
