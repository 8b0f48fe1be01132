//! Where a test may have the process die: around every durable write, and around the dot; or one of its loops hang.
//!
//! A debug build that finds `JALON_FAIL=NAME` in its environment ends, without any tidying, the first time it comes to
//! the point of that name; `NAME:3`, the third time. A release build holds nothing of this: `tests/crash` looks.

/// A point at which a test may have the process die.
#[cfg(debug_assertions)]
pub fn fail_point(name: &str) {
    if reached(name) {
        std::process::abort();
    }
}

#[cfg(debug_assertions)]
fn reached(name: &str) -> bool {
    use std::sync::atomic::{AtomicU32, Ordering};

    // The count belongs to the process, as the death does.
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("JALON_FAIL") else { return false };
    let (wanted, time) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    wanted == name && (REACHED.fetch_add(1, Ordering::SeqCst) + 1).to_string() == time
}

/// Whether a test has this loop of the daemon hang: `JALON_FAIL=hang-sending`, or `hang-sending:3` at its third round.
#[cfg(debug_assertions)]
pub fn hangs(name: &str) -> bool {
    reached(&format!("hang-{name}"))
}

/// Whether a test has it hang, and keep its thread: `block-sending`.
#[cfg(debug_assertions)]
pub fn blocks(name: &str) -> bool {
    reached(&format!("block-{name}"))
}

/// Whether a test has it panic: `panic-sending`.
#[cfg(debug_assertions)]
pub fn panics(name: &str) -> bool {
    reached(&format!("panic-{name}"))
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

/// Whether a test has a loop hang: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn hangs(_: &str) -> bool {
    false
}

/// Whether a test has a loop hang and keep its thread: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn blocks(_: &str) -> bool {
    false
}

/// Whether a test has a loop panic: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn panics(_: &str) -> bool {
    false
}

/// The points before or after a write: not in a release build.
#[cfg(not(debug_assertions))]
#[inline]
pub const fn fail_points(_: &str, _: [(&str, bool); 2]) {}
