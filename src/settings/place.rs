//! Pure. Where something stands in the text of jalon.toml that was read, for trouble that is found out only later: a
//! folder or a file that is not there.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Place, fit_to_show};

/// Where the value of a key stands: at the top, or in a table, or in the n-th of `[[table]]` from 0. Where only the
/// table is there, its own place. `None` when the text has neither, or is not TOML.
#[must_use]
pub fn place(text: &str, table: Option<(&str, usize)>, key: &str) -> Option<Place> {
    let root = DeTable::parse(text).ok()?;
    let span = match table {
        None => root.get_ref().get(key)?.span(),
        Some((table, n)) => {
            let value = root.get_ref().get(table)?;
            let value = match value.get_ref() {
                DeValue::Array(list) => list.get(n)?,
                _ => value,
            };
            let inner = value.get_ref().as_table();
            inner.and_then(|inner| inner.get(key)).map_or_else(|| value.span(), toml::Spanned::span)
        }
    };
    Some(shown(text, &span))
}

/// Where the value of a key of a person stands.
#[must_use]
pub fn place_of_person(text: &str, id: &str, key: &str) -> Option<Place> {
    let root = DeTable::parse(text).ok()?;
    let people = root.get_ref().get("people")?.get_ref().as_table()?;
    let span = people.get(id)?.get_ref().as_table()?.get(key)?.span();
    Some(shown(text, &span))
}

/// A place with as much of its line as may be shown.
fn shown(text: &str, span: &Range<usize>) -> Place {
    let mut place = Place::of(text, span);
    let lines: Vec<&str> = text.lines().take(place.line).collect();
    let shown = fit_to_show(lines.into_iter().rev()).unwrap_or_default();
    if shown.len() < place.text.len() {
        shown.clone_into(&mut place.text);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_at_the_top_in_a_table_and_in_one_of_several() {
        let text = "postings = \"p\"\n[mail]\nfrom = \"a\"\n[[smtp]]\nca_file = \"ca.pem\" # x\n[[smtp]]\npassword = 1\n";
        let found = |table, key| place(text, table, key).map(|place| (place.line, place.column, place.text));
        assert_eq!(found(None, "postings"), Some((1, 12, "postings = \"p\"".to_owned())));
        assert_eq!(found(Some(("mail", 0)), "outbox"), Some((2, 1, "[mail]".to_owned())));
        assert_eq!(found(Some(("smtp", 0)), "ca_file"), Some((5, 11, "ca_file = \"ca.pem\"".to_owned())));
        assert_eq!(found(Some(("smtp", 1)), "password"), Some((7, 12, String::new())));
        assert_eq!(found(None, "templates"), None);
        let people = "[people]\nb = { name = \"B\", language = \"de\" }\n[people.a]\nlanguage = \"it\"\n";
        let of = |id| place_of_person(people, id, "language").map(|place| (place.line, place.column));
        assert_eq!((of("a"), of("b"), of("c")), (Some((4, 12)), Some((2, 30)), None));
        assert_eq!(place("a = ", None, "a"), None);
    }
}
