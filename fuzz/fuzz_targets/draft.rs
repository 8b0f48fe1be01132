//! Any bytes, as the text of an advertisement: the promises of `tests/draft/promises.rs`, for as long as one likes.
//!
//! `cargo +nightly fuzz run draft fuzz/corpus/draft tests/draft/postings` begins with the postings of the tests. What it
//! finds belongs among the phrases or the postings of `tests/draft`, whose properties are its bounded run.
#![no_main]

#[path = "../../tests/draft/promises.rs"]
mod promises;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    promises::keep(&String::from_utf8_lossy(bytes), None);
});
