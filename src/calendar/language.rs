//! Pure. The language that somebody reads mails in: one of those that jalon speaks itself, or one that a folder of
//! templates speaks for it.

use std::fmt;

use crate::diagnostic;

/// A language of mails. Commands speak [`diagnostic::Language`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// French, the first language of the house.
    #[default]
    French,
    /// English.
    English,
    /// That of a folder of templates.
    Other(Code),
}

/// How long a code may be: `zh-Hant-TW`, and a language or a region of three.
const LONGEST: usize = 12;

/// The code of a language other than French and English, written as BCP 47 (RFC 5646 §2.1.1) recommends: a language of
/// two or three letters, and possibly a script and a region: `de`, `pt-BR`, `zh-Hant-TW`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code([u8; LONGEST]);

impl Code {
    fn text(&self) -> &str {
        let length = self.0.iter().position(|byte| *byte == 0).unwrap_or(LONGEST);
        // Only ASCII comes in.
        str::from_utf8(&self.0[..length]).unwrap_or_default()
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl Language {
    /// The languages that jalon speaks itself.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// Its code (BCP 47), also the name of its folder of templates.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::French => "fr",
            Self::English => "en",
            Self::Other(code) => code.text(),
        }
    }

    /// The language of a code. None of a text that is none, and of one that is written otherwise than its folder would
    /// be called: see [`Self::usual`].
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let language = match code {
            "fr" => Self::French,
            "en" => Self::English,
            _ => {
                let mut bytes = [0; LONGEST];
                bytes.get_mut(..code.len())?.copy_from_slice(code.as_bytes());
                Self::Other(Code(bytes))
            }
        };
        (Self::usual(code).as_deref() == Some(code)).then_some(language)
    }

    /// How the code of a language is written: `pt-BR` of `pt_br`. None of a text that is no code.
    #[must_use]
    pub fn usual(code: &str) -> Option<String> {
        let mut parts = code.split(['-', '_']);
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
        let mut written =
            parts.next().filter(|part| letters(part) && matches!(part.len(), 2 | 3))?.to_lowercase();
        let (mut script, mut region) = (false, false);
        for part in parts {
            let digits = part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            let part = match part.len() {
                4 if letters(part) && !script && !region => {
                    script = true;
                    format!("{}{}", part[..1].to_uppercase(), part[1..].to_lowercase())
                }
                2 if letters(part) && !region => {
                    region = true;
                    part.to_uppercase()
                }
                _ if digits && !region => {
                    region = true;
                    part.to_owned()
                }
                _ => return None,
            };
            written = format!("{written}-{part}");
        }
        Some(written)
    }

    /// The language of what jalon says itself to somebody who reads this one.
    #[must_use]
    pub fn spoken(self) -> diagnostic::Language {
        match self {
            Self::French => diagnostic::Language::French,
            Self::English | Self::Other(_) => diagnostic::Language::English,
        }
    }
}

impl From<diagnostic::Language> for Language {
    fn from(language: diagnostic::Language) -> Self {
        match language {
            diagnostic::Language::French => Self::French,
            diagnostic::Language::English => Self::English,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_it_is_written_and_in_one_way_only() {
        for code in ["fr", "en", "de", "gsw", "pt-BR", "zh-Hant", "zh-Hant-TW", "es-419", "gsw-Latn-419"] {
            let language = Language::parse(code);
            assert_eq!(language.as_ref().map(Language::code), Some(code));
        }
        assert_eq!(Language::parse("fr"), Some(Language::French));
        for none in [
            "", "d", "deutsch", "parts", "DE", "pt-br", "pt_BR", "de-", "de-x", "de-DE-AT", "d3", "dé",
            "de/..",
        ] {
            assert_eq!(Language::parse(none), None, "{none}");
        }
        assert_eq!(Language::usual("pt_br").as_deref(), Some("pt-BR"));
        assert_eq!(Language::usual("DE").as_deref(), Some("de"));
        assert_eq!(Language::usual("allemand"), None);
    }
}
