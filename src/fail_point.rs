//! Where a test may have the process die: around every durable write, and around the dot.
//!
//! A debug build that finds `JALON_FAIL=NAME` in its environment ends, without any tidying, the first time it comes to
//! the point of that name; `NAME:3`, the third time. A release build holds nothing of this: `tests/crash` looks.

/// A point at which a test may have the process die.
#[cfg(debug_assertions)]
pub fn fail_point(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};

    // The count belongs to the process, as the death does.
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("JALON_FAIL") else { return };
    let (wanted, time) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if wanted == name && (REACHED.fetch_add(1, Ordering::SeqCst) + 1).to_string() == time {
        std::process::abort();
    }
}

/// The points before or after a write that has these parts: `before-settle` and so on.
#[cfg(debug_assertions)]
pub fn fail_points(when: &str, parts: [(&str, bool); 2]) {
    for (part, _) in parts.into_iter().filter(|(_, present)| *present) {
        fail_point(&format!("{when}-{part}"));
    }
}

/// A point at which a test may have the process die: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn fail_point(_: &str) {}

/// The points before or after a write: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn fail_points(_: &str, _: [(&str, bool); 2]) {}
