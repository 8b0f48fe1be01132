//! Pure. Text as quoted-printable (RFC 2045 §6.7), in one pass: the same bytes as lettre's own encoder, for a part of the work.

/// How long a line may be, in bytes, its CR LF not counted.
const LONGEST: usize = 76;

/// A text whose lines end with CR LF, whichever way they ended; a CR by itself is spelt, as everything else that is no
/// plain ASCII.
pub(super) fn encode(text: &str) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(text.len() + text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some(end) = memchr::memchr(b'\n', rest) {
        let line = &rest[..end];
        encode_line(line.strip_suffix(b"\r").unwrap_or(line), &mut encoded);
        encoded.extend_from_slice(b"\r\n");
        rest = &rest[end + 1..];
    }
    encode_line(rest, &mut encoded);
    encoded
}

fn encode_line(line: &[u8], encoded: &mut Vec<u8>) {
    // A space at the end would be lost on the way (rule 3).
    let (mut rest, space) = match line {
        [line @ .., space @ (b' ' | b'\t')] => (line, Some(*space)),
        _ => (line, None),
    };
    let mut length = 0;
    while let Some(first) = rest.first() {
        // Whatever something follows leaves room for the `=` of a soft line break (rule 5).
        let room = LONGEST - 1 - length;
        let plain = plain(&rest[..rest.len().min(room + 1)]);
        let is_last = plain.max(1) == rest.len() && space.is_none();
        if plain > 0 && (plain <= room || is_last) {
            let (words, after) = rest.split_at(plain);
            encoded.extend_from_slice(words);
            (length, rest) = (length + plain, after);
        } else if plain > 0 {
            let (words, after) = rest.split_at(room);
            encoded.extend_from_slice(words);
            encoded.extend_from_slice(SOFT);
            (length, rest) = (0, after);
        } else {
            length = encode_byte(*first, length, is_last, encoded);
            rest = &rest[1..];
        }
    }
    if let Some(space) = space {
        encode_byte(space, length, true, encoded);
    }
}

/// A line break that is none.
const SOFT: &[u8] = b"=\r\n";

/// A byte as three, on the next line if this one has no room; how long the line is then.
fn encode_byte(byte: u8, length: usize, is_last: bool, encoded: &mut Vec<u8>) -> usize {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let fits = length + 3 + usize::from(!is_last) <= LONGEST;
    if !fits {
        encoded.extend_from_slice(SOFT);
    }
    encoded.extend_from_slice(&[b'=', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    if fits { length + 3 } else { 3 }
}

/// How many bytes may stand for themselves before the first that may not.
fn plain(bytes: &[u8]) -> usize {
    // Sixteen at a time: without a branch for each, the compiler compares them at once.
    let sixteen = |some: &[u8; 16]| some.iter().fold(true, |all, byte| all & is_plain(*byte));
    let (chunks, end) = bytes.as_chunks();
    let whole = 16 * chunks.iter().take_while(|some| sixteen(some)).count();
    // The end of a line that is plain so far is looked at along with what comes before it.
    if whole + end.len() == bytes.len() && bytes.last_chunk().is_some_and(sixteen) {
        return bytes.len();
    }
    whole + bytes[whole..].iter().take_while(|byte| is_plain(**byte)).count()
}

/// Whether a byte may stand for itself (rules 1 and 2); within a line, spaces too.
fn is_plain(byte: u8) -> bool {
    (matches!(byte, b' '..=b'~') && byte != b'=') || byte == b'\t'
}

#[cfg(test)]
mod tests {
    use lettre::message::Body;
    use lettre::message::header::ContentTransferEncoding::QuotedPrintable;
    use mail_parser::decoders::quoted_printable::quoted_printable_decode;
    use proptest::prelude::*;

    use super::*;

    fn lines(text: &str) -> String {
        String::from_utf8(encode(text)).unwrap()
    }

    #[test]
    fn lines_end_with_both_signs_and_never_with_a_space() {
        for (text, expected) in [
            ("", ""),
            ("a\nb\r\nc", "a\r\nb\r\nc"),
            ("a \n b\t", "a=20\r\n b=09"),
            ("\n \n", "\r\n=20\r\n"),
            ("a\rb\r\r\n\r", "a=0Db=0D\r\n=0D"),
            ("1+1=2", "1+1=3D2"),
            ("« été »", "=C2=AB =C3=A9t=C3=A9 =C2=BB"),
            ("\0\u{7f}", "=00=7F"),
        ] {
            assert_eq!(lines(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be() {
        let (full, seventy) = ("x".repeat(76), "x".repeat(70));
        assert_eq!(lines(&format!("{full}\n{full}")), format!("{full}\r\n{full}"));
        assert_eq!(lines(&format!("{full}x")), format!("{}=\r\nxx", &full[1..]));
        assert_eq!(lines(&format!("{seventy}é")), format!("{seventy}=C3=A9"));
        assert_eq!(lines(&format!("{seventy}xé")), format!("{seventy}x=C3=\r\n=A9"));
        assert_eq!(lines(&format!("{seventy}xxx=")), format!("{seventy}xxx=3D"));
        assert_eq!(lines(&format!("{seventy}xxx=x")), format!("{seventy}xxx=\r\n=3Dx"));
        assert_eq!(lines(&format!("{seventy}xxx \n")), format!("{seventy}xxx=20\r\n"));
        assert_eq!(lines(&format!("{seventy}xxxx \n")), format!("{seventy}xxxx=\r\n=20\r\n"));
        assert_eq!(lines(&format!("{}\n", " ".repeat(76))), format!("{}=\r\n=20\r\n", " ".repeat(75)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_read_is_what_was_written(text in "([a-z ]{0,80}|[é»=.\u{a0}\t ]{0,30}|\r|\r?\n| \n|\\PC|.){0,12}") {
            let encoded = encode(&text);
            // RFC 2045 §6.7: rules 1 (plain ASCII), 3 (no space at an end) and 5 (76 characters).
            let whole = std::str::from_utf8(&encoded).unwrap();
            for line in whole.split("\r\n") {
                prop_assert!(line.len() <= LONGEST && !line.ends_with([' ', '\t']), "{line:?}");
                prop_assert!(line.chars().all(|c| matches!(c, '\t' | ' '..='~')), "{line:?}");
            }
            let read = quoted_printable_decode(&encoded).unwrap();
            // A line may end either way.
            let ended = text.replace("\r\n", "\n").replace('\n', "\r\n");
            prop_assert_eq!(String::from_utf8(read).unwrap(), ended);
        }

        #[test]
        fn lettre_writes_the_same(text in "([a-z ]{0,80}|[é»=.\u{a0}\t ]{0,30}|\r|\r?\n| \n|\\PC|.){0,12}") {
            let theirs = Body::new_with_encoding(text.clone(), QuotedPrintable).unwrap();
            prop_assert_eq!(encode(&text), theirs.into_vec());
        }
    }
}
