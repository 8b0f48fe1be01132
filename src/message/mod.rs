//! Pure. Message-IDs, so far.

pub mod identity;
