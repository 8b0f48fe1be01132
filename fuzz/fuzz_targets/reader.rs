//! Any bytes, as a posting or as jalon.toml: the promises of `tests/support/promises.rs`, for as long as one likes.
//!
//! `cargo +nightly fuzz run reader fuzz/corpus/reader config/postings tests/bad tests/support` begins with files
//! that are good, or bad in known ways. What it finds belongs in `tests/bad`. `tests/mutations.rs` is its bounded
//! run, in every test of the project.
#![no_main]

#[path = "../../tests/support/promises.rs"]
mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    promises::keep("p", &text);
    promises::keep("jalon", &text);
});
