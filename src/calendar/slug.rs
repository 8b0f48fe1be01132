//! Pure. Slugs and ids. They are parts of keys, and keys are for ever: golden tests hold them.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The slug of a name: NFKD, marks dropped, lower case, œ æ ß spelt out, every run of anything but a–z and
/// 0–9 one hyphen, none at the ends. `None` when nothing is left.
#[must_use]
pub fn slug(name: &str) -> Option<String> {
    let mut slug = String::new();
    let plain = name.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    for c in plain {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'œ' => slug.push_str("oe"),
            'æ' => slug.push_str("ae"),
            'ß' => slug.push_str("ss"),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    slug.truncate(slug.trim_end_matches('-').len());
    (!slug.is_empty()).then_some(slug)
}

/// The longest id, in characters.
pub const LONGEST_ID: usize = 80;

/// Whether a text may be an id: `[a-z0-9][a-z0-9._-]*`, at most 80 characters.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let mut chars = text.chars();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= LONGEST_ID
        && chars.next().is_some_and(plain)
        && chars.all(|c| plain(c) || ".-_".contains(c))
}

/// An id near to a text that is none, to be proposed.
#[must_use]
pub fn propose(text: &str) -> Option<String> {
    let slug = slug(text)?;
    let cut: String = slug.chars().take(LONGEST_ID).collect();
    Some(cut.trim_end_matches('-').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_for_ever() {
        for (name, expected) in [
            ("Premier tour", Some("premier-tour")),
            ("  Deuxième   tour !! ", Some("deuxieme-tour")),
            ("Cœur & æther — Straße", Some("coeur-aether-strasse")),
            ("ŒUVRE", Some("oeuvre")),
            ("ﬁn d’été nº 2", Some("fin-d-ete-no-2")),
            ("İstanbul", Some("istanbul")),
            ("ẞ", Some("ss")),
            ("Øre", Some("re")),
            ("½", Some("1-2")),
            ("日本", None),
            ("---", None),
            ("", None),
        ] {
            assert_eq!(slug(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn ids_are_narrow() {
        for good in ["a", "2026", "villages-vivants.v2_x"] {
            assert!(is_id(good), "{good}");
        }
        for bad in ["", "-a", ".a", "A", "é", "a/b", "~a", "a b", &"a".repeat(81)] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
