//! A machine's file of zones, of whatever opinion a test wants.
#![allow(unreachable_pub, reason = "each test file uses its part")]

/// A file of zones (TZif, RFC 9636) that goes by this rule of POSIX at all times, and is an hour ahead at first.
pub fn tzif(rule: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    // For readers of old, then for those of today.
    for _ in 0..2 {
        bytes.extend(b"TZif2");
        bytes.extend([0; 15]);
        // isut, isstd, leap, time, type, char
        for count in [0_u32, 0, 0, 0, 1, 4] {
            bytes.extend(count.to_be_bytes());
        }
        bytes.extend(3600_i32.to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(b"CET\0");
    }
    bytes.extend(format!("\n{rule}\n").as_bytes());
    bytes
}
