//! Pure. Addresses: those that are none, and those that hardly can be one.

use super::super::people::is_address;
use super::super::value::hidden_in;
use super::super::walk::{At, Source, Table};
use crate::diagnostic::say;

/// A plain address.
pub fn address(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let found = table.text(key)?;
    if is_address(found.get_ref()) {
        dotless(table.source, &found);
        return Some(found.into_inner());
    }
    unfit_address(table.source, &found);
    None
}

/// Reports a text that is no address.
pub fn unfit_address(source: &Source<'_>, found: &At<String>) {
    let text = found.get_ref().as_str();
    if let Some((sentence, remedy)) = hidden_in(text) {
        return source.error(&found.span(), "unfit-address", sentence, Some(remedy));
    }
    source.error(
        &found.span(),
        "unfit-address",
        say(
            format!("« {text} » n'est pas une adresse de courriel"),
            format!("\"{text}\" is not a mail address"),
        ),
        Some(match near_address(text) {
            Some(near) => say(format!("écrivez \"{near}\""), format!("write \"{near}\"")),
            None if text.contains('@') => say(
                "écrivez une adresse comme camille@example.org",
                "write an address like camille@example.org",
            ),
            None => say(
                "il manque le @\u{a0}: écrivez une adresse comme camille@example.org",
                "the @ is missing: write an address like camille@example.org",
            ),
        }),
    );
}

/// The one address in a text, or what the text is without blanks around its dots and its @.
fn near_address(text: &str) -> Option<String> {
    // `lea@example,org`: what stands before the comma would be an address without a dot.
    let dotted = text.trim().replace([',', ';'], ".");
    if text.split_once([',', ';']).is_some_and(|(before, _)| {
        before.split_once('@').is_some_and(|(_, domain)| !domain.contains('.')) && is_address(&dotted)
    }) {
        return Some(dotted);
    }
    let words = text.split([' ', '\t', '\u{a0}', '<', '>', ',', ';']).filter(|word| is_address(word));
    let words: Vec<&str> = words.collect();
    if let [word] = words[..] {
        return Some(word.to_owned());
    }
    let mut near = text.replace('\u{a0}', " ");
    for mark in ["@", "."] {
        for spaced in [format!(" {mark}"), format!("{mark} ")] {
            near = near.replace(&spaced, mark);
        }
    }
    Some(near).filter(|near| is_address(near))
}

/// Warns of an address at a host of one word, which only the machine itself or a private network could know:
/// `camille@exemple`. Anything else may be a name.
pub fn dotless(source: &Source<'_>, found: &At<String>) {
    let text = found.get_ref();
    let Some((_, host)) = text.rsplit_once('@') else { return };
    if host.contains('.') || host.eq_ignore_ascii_case("localhost") {
        return;
    }
    source.warning(
        &found.span(),
        "dotless-address",
        say(
            format!("l'adresse « {text} » n'a pas de fin\u{a0}: aucun courriel n'y arriverait, hors d'un réseau privé"),
            format!("the address \"{text}\" has no ending: no mail would get there, save in a private network"),
        ),
        Some(say(
            format!("écrivez par exemple \"{text}.fr\" ou \"{text}.org\""),
            format!("write for instance \"{text}.org\" or \"{text}.com\""),
        )),
    );
}
