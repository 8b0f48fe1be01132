//! Pure. Content lines (RFC 5545 §3.1): escaped, folded, each ended by CR LF; and nothing in a value that could end one.

use crate::diagnostic::is_unsafe;

/// How long a line may be, in octets, its CR LF not counted.
const LONGEST: usize = 75;

/// Content lines, one after the other.
#[derive(Debug, Default)]
pub struct Lines(String);

impl Lines {
    /// A property whose value is ours: a date, a number, a word.
    pub fn words(&mut self, name: &str, value: &str) {
        if value.chars().any(char::is_control) {
            let plain: String = value.chars().filter(|c| !c.is_control()).collect();
            return self.fold(&[name, ":", &plain].concat());
        }
        self.fold(&[name, ":", value].concat());
    }

    /// A property whose value is a text (§3.3.11).
    pub fn text(&mut self, name: &str, value: &str) {
        self.fold(&[name, ":", &escaped(value)].concat());
    }

    /// A property whose value is an address (§3.3.13, RFC 3986 §2): what cannot stand in one is spelt in percents.
    pub fn uri(&mut self, name: &str, address: &str) {
        let mut value = String::with_capacity(address.len());
        for byte in address.trim().bytes() {
            match byte {
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}' => {
                    value.push_str(&format!("%{byte:02X}"));
                }
                byte if byte.is_ascii_graphic() => value.push(char::from(byte)),
                byte => value.push_str(&format!("%{byte:02X}")),
            }
        }
        self.fold(&format!("{name}:{value}"));
    }

    /// All of them.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    /// A line, broken between characters; what goes on begins with a space, which counts.
    fn fold(&mut self, line: &str) {
        let (mut words, mut rest) = line.split_at(line.floor_char_boundary(LONGEST));
        self.0.push_str(words);
        while !rest.is_empty() {
            (words, rest) = rest.split_at(rest.floor_char_boundary(LONGEST - 1));
            self.0.push_str("\r\n ");
            self.0.push_str(words);
        }
        self.0.push_str("\r\n");
    }
}

/// A text as a value: line breaks are `\n`, other control characters are gone.
fn escaped(text: &str) -> String {
    let mut value = String::with_capacity(text.len() + 16);
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let spelt = match c {
            '\n' => "\\n",
            '\\' => "\\\\",
            ';' => "\\;",
            ',' => "\\,",
            '\t' => " ",
            c if is_unsafe(c) => "",
            _ => continue,
        };
        value.push_str(&text[from..at]);
        value.push_str(spelt);
        from = at + c.len_utf8();
    }
    value.push_str(&text[from..]);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str) -> String {
        let mut lines = Lines::default();
        lines.text("X", value);
        lines.into_text()
    }

    #[test]
    fn a_line_is_as_long_as_it_may_be_and_no_character_is_broken() {
        let full = "x".repeat(LONGEST - "X:".len());
        assert_eq!(written(&full), format!("X:{full}\r\n"));
        assert_eq!(written(&format!("{full}yé")), format!("X:{full}\r\n yé\r\n"));
        assert_eq!(written(&format!("{}é", &full[1..])), format!("X:{}\r\n é\r\n", &full[1..]));
        let next = "y".repeat(LONGEST - " ".len());
        assert_eq!(written(&format!("{full}{next}")), format!("X:{full}\r\n {next}\r\n"));
        assert_eq!(written(&format!("{full}{next}z")), format!("X:{full}\r\n {next}\r\n z\r\n"));
    }

    #[test]
    fn a_text_ends_no_line() {
        assert_eq!(written("a\r\nb\rc\n\\;,\td\u{202e}\0"), "X:a\\nbc\\n\\\\\\;\\, d\r\n");
    }
}
