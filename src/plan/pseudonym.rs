//! Pure. What stands in the place of somebody who is to be forgotten: the same word wherever they were named, and
//! nothing that leads back to them.

use std::collections::BTreeSet;

use super::{Key, Sort};

/// The domain of addresses that are nobody's (RFC 2606 §2).
const NOWHERE: &str = "oublie.invalid";

/// Somebody, by what they are named by, and what stands in their place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pseudonym {
    /// Their ids, each with what stands for it: two rows of two ids stay two.
    ids: Vec<(String, String)>,
    /// Their addresses and names in full, in lower case.
    texts: Vec<String>,
    /// What stands for these.
    word: String,
}

impl Pseudonym {
    /// This word for whoever has these ids, addresses and names. A name that is one word is left alone in texts: it may be
    /// anybody's.
    #[must_use]
    pub fn new(
        word: &str,
        ids: &BTreeSet<String>,
        emails: &BTreeSet<String>,
        names: &BTreeSet<String>,
    ) -> Self {
        let numbered = |(n, id): (usize, &String)| {
            (id.clone(), if n == 0 { word.to_owned() } else { format!("{word}-{}", n + 1) })
        };
        let names = names.iter().filter(|name| name.trim().contains(' '));
        let mut texts: Vec<String> =
            emails.iter().chain(names).map(|text| text.trim().to_lowercase()).collect();
        texts.retain(|text| !text.is_empty());
        texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
        Self { ids: ids.iter().enumerate().map(numbered).collect(), texts, word: word.to_owned() }
    }

    /// Whether a text names them by an address or by their whole name.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.text(text) != text
    }

    /// What stands for an id: itself, if it is not one of theirs.
    #[must_use]
    pub fn id(&self, id: &str) -> String {
        let ours = self.ids.iter().find(|(ours, _)| ours == id);
        ours.map_or_else(|| id.to_owned(), |(_, word)| word.clone())
    }

    /// What stands for an address.
    #[must_use]
    pub fn email(&self, email: &str) -> String {
        let ours = self.texts.contains(&email.to_lowercase());
        if ours { format!("{}@{NOWHERE}", self.word) } else { email.to_owned() }
    }

    /// A text, their addresses and whole names replaced. Of an address that only ends or begins like theirs, nothing is.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        let mut written = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let open = !written.chars().next_back().is_some_and(is_of_address);
            let found = self.texts.iter().filter(|_| open).find_map(|ours| head(rest, ours));
            if let Some(end) = found {
                written.push_str(&self.word);
                rest = &rest[end..];
            } else {
                written.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        written
    }

    /// A key: the recipient, and of an operator's mail also a problem that is theirs.
    #[must_use]
    pub fn key(&self, key: &str) -> String {
        let parsed = Key::from_text(key);
        let recipient = parsed.recipient();
        if let Some(head) = key.strip_suffix(recipient).filter(|_| !recipient.is_empty()) {
            return self.text(head) + &self.text(&self.id(recipient));
        }
        // `~operator/away-camille/1`: what the problem is about stands behind its sort.
        match key.split_once('-').filter(|_| parsed.sort() == Sort::Operator) {
            Some((sort, about)) => format!("{sort}-{}", self.sentence(about)),
            None => self.text(key),
        }
    }

    /// JSON: a string that is one of their ids, and whatever a text says of them.
    #[must_use]
    pub fn json(&self, json: &str) -> String {
        let quoted = |text: String, (id, word): &(String, String)| {
            text.replace(&format!("\"{id}\""), &format!("\"{word}\""))
        };
        self.text(&self.ids.iter().fold(json.to_owned(), quoted))
    }

    /// A sentence of ours, in which an id stands as a word.
    #[must_use]
    pub fn sentence(&self, sentence: &str) -> String {
        self.words(&self.text(sentence))
    }

    fn words(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (id, word) in self.ids.iter().filter(|(id, _)| !id.is_empty()) {
            let mut from = 0;
            while let Some(at) = text[from..].find(id.as_str()).map(|at| from + at) {
                let end = at + id.len();
                let bound = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
                let alone = bound(text[..at].chars().next_back()) && bound(text[end..].chars().next());
                if alone {
                    text.replace_range(at..end, word);
                }
                from = if alone { at + word.len() } else { end };
            }
        }
        text
    }
}

/// Where in a text one of theirs ends that stands at its head, whatever its case; not when an address goes on.
fn head(text: &str, ours: &str) -> Option<usize> {
    let mut wanted = ours.chars();
    for (at, c) in text.char_indices() {
        for lower in c.to_lowercase() {
            match wanted.next() {
                None => return ends(&text[at..]).then_some(at),
                Some(wanted) if wanted == lower => {}
                Some(_) => return None,
            }
        }
    }
    wanted.next().is_none().then_some(text.len())
}

/// Whether what follows is not a part of the same address or name.
fn ends(rest: &str) -> bool {
    let mut signs = rest.chars();
    match signs.next() {
        Some('.' | '-') => !signs.next().is_some_and(char::is_alphanumeric),
        Some(c) => !c.is_alphanumeric() && c != '_',
        None => true,
    }
}

/// Whether a sign may stand before the rest of an address.
fn is_of_address(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '_' | '+' | '-' | '%')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camille() -> Pseudonym {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Pseudonym::new(
            "oublie-3f2a",
            &set(&["camille", "camille@example.org"]),
            &set(&["camille@example.org"]),
            &set(&["Camille Exemple", "Cam"]),
        )
    }

    #[test]
    fn an_address_and_a_whole_name_are_replaced_and_what_only_looks_like_them_is_not() {
        for (text, expected) in [
            ("550 <Camille@Example.ORG>: who?", "550 <oublie-3f2a>: who?"),
            ("à CAMILLE EXEMPLE, et à camille@example.org.", "à oublie-3f2a, et à oublie-3f2a."),
            ("jean-camille@example.org", "jean-camille@example.org"),
            ("camille@example.org.uk", "camille@example.org.uk"),
            ("camille@example.organic", "camille@example.organic"),
            ("Camille Exemples", "Camille Exemples"),
            ("camille, Cam", "camille, Cam"),
            ("", ""),
        ] {
            assert_eq!(camille().text(text), expected);
            assert_eq!(camille().is_in(text), text != expected);
        }
    }

    #[test]
    fn keys_keep_their_shape() {
        for (key, expected) in [
            ("p/deadline/2026-06-28/-7d/camille", "p/deadline/2026-06-28/-7d/oublie-3f2a"),
            ("p/deadline/2026-06-28/-7d/camille@example.org", "p/deadline/2026-06-28/-7d/oublie-3f2a-2"),
            ("p/deadline/2026-06-28/-7d/sacha", "p/deadline/2026-06-28/-7d/sacha"),
            ("camille/deadline/2026-06-28/-7d/sacha", "camille/deadline/2026-06-28/-7d/sacha"),
            ("~new/p/camille", "~new/p/oublie-3f2a"),
            ("~operator/away-camille/1", "~operator/away-oublie-3f2a/1"),
            ("~operator/refused-camille@example.org/1/healed", "~operator/refused-oublie-3f2a/1/healed"),
            ("~operator/away-camillette/1", "~operator/away-camillette/1"),
        ] {
            assert_eq!(camille().key(key), expected);
        }
    }

    #[test]
    fn ids_are_replaced_where_they_are_ids() {
        let camille = camille();
        assert_eq!(
            camille.json(r#"{"id":"camille","shown":"Camille Exemple"}"#),
            r#"{"id":"oublie-3f2a","shown":"oublie-3f2a"}"#
        );
        assert_eq!(camille.json(r#"{"title":"camille et moi"}"#), r#"{"title":"camille et moi"}"#);
        assert_eq!(camille.sentence("« camille » est absent."), "« oublie-3f2a » est absent.");
        assert_eq!(camille.sentence("camillette"), "camillette");
        assert_eq!(
            (camille.id("sacha"), camille.email("Camille@example.org")),
            ("sacha".into(), "oublie-3f2a@oublie.invalid".into())
        );
    }
}
