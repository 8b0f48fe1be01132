//! A text that somebody brings: a file, or the standard input.
//!
//! It is UTF-8, else Windows-1252, which French texts of Windows are in; what is no text is refused by name.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// The longest text that is taken, in bytes: no posting is longer.
const LONGEST: u64 = 8 << 20;

/// Why a text could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// The file or the standard input cannot be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is a PDF, an office document or something else that is no text.
    #[error("{0} is not a text")]
    NoText(&'static str),
    /// It is longer than 8 MiB.
    #[error("longer than 8 MB")]
    TooLong,
}

/// Reads a text; `-` is the standard input.
pub fn brought(path: &Path) -> Result<String, Unread> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST {
        return Err(Unread::TooLong);
    }
    let kind = match &bytes[..] {
        [b'%', b'P', b'D', b'F', ..] => Some("PDF"),
        [b'P', b'K', 3, 4, ..] => Some("DOCX, ODT"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some("DOC"),
        _ => None,
    };
    match kind {
        Some(kind) => Err(Unread::NoText(kind)),
        None => Ok(decoded(bytes)),
    }
}

fn decoded(bytes: Vec<u8>) -> String {
    match &bytes[..] {
        [0xff, 0xfe, rest @ ..] => return of_utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => return of_utf16(rest, u16::from_be_bytes),
        _ => {}
    }
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(windows).collect())
}

fn of_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
    String::from_utf16_lossy(&units)
}

/// A byte of Windows-1252 (WHATWG Encoding): Latin-1, but for the marks that texts use.
fn windows(byte: u8) -> char {
    match byte {
        0x80 => '€',
        0x85 => '…',
        0x8c => 'Œ',
        0x91 => '‘',
        0x92 => '’',
        0x93 => '“',
        0x94 => '”',
        0x95 => '•',
        0x96 => '–',
        0x97 => '—',
        0x9c => 'œ',
        other => char::from(other),
    }
}
