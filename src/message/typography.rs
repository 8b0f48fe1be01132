//! Pure. The no-break spaces that French wants: before `: ; ! ? »` and after `«`.
//!
//! People edit templates in ordinary editors and type ordinary spaces; this turns those spaces, and only those,
//! into U+00A0. It adds and removes nothing, so an address (which holds no space) stays as it is, and doing it
//! twice is doing it once. In HTML it leaves tags, comments, styles, scripts and entities alone.

use memchr::{memchr, memchr_iter, memchr2, memchr3};

/// French text with its no-break spaces.
#[must_use]
pub fn text(words: &str) -> String {
    let mut set = String::with_capacity(words.len() + 16);
    push(words, &mut set);
    set
}

/// Adds words with their no-break spaces.
fn push(words: &str, set: &mut String) {
    let mut from = 0;
    // Bytes below 0x80 are characters (UTF-8): what is cut at one is whole.
    for at in memchr_iter(b' ', words.as_bytes()) {
        let tied = match words.as_bytes()[at + 1..] {
            [b':' | b';' | b'!' | b'?', ..] => true,
            _ => words[at + 1..].starts_with('»') || words[..at].ends_with('«'),
        };
        if tied {
            set.push_str(&words[from..at]);
            set.push('\u{a0}');
            from = at + 1;
        }
    }
    set.push_str(&words[from..]);
}

/// French HTML with its no-break spaces.
#[must_use]
pub fn html(source: &str) -> String {
    let mut set = String::with_capacity(source.len() + 64);
    let mut rest = source;
    while let Some(at) = memchr2(b'<', b'&', rest.as_bytes()) {
        let (words, code) = rest.split_at(at);
        push(words, &mut set);
        // A lone `<` or `&` is a word among others.
        let length = code_length(code).unwrap_or(1);
        set.push_str(&code[..length]);
        rest = &code[length..];
    }
    push(rest, &mut set);
    set
}

/// How long the tag, comment, element or entity is that begins a text, if one does.
fn code_length(code: &str) -> Option<usize> {
    if let Some(entity) = code.strip_prefix('&') {
        let name = entity.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#').count();
        return (name > 0 && entity[name..].starts_with(';')).then_some(name + 2);
    }
    if let Some(comment) = code.strip_prefix("<!--") {
        return Some(comment.find("-->").map_or(code.len(), |end| end + "<!--".len() + "-->".len()));
    }
    if !code[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        return None;
    }
    let tag = tag_length(code);
    for (opening, closing) in [("<style", "</style"), ("<script", "</script")] {
        if code.get(..opening.len()).is_some_and(|start| start.eq_ignore_ascii_case(opening)) {
            let ends = |end: &usize| {
                code.as_bytes()[*end..]
                    .get(..closing.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(closing.as_bytes()))
            };
            let end = code[tag..].match_indices('<').map(|(end, _)| tag + end).find(ends);
            return Some(end.unwrap_or(code.len()));
        }
    }
    Some(tag)
}

/// How long a tag is: to its `>`, not counting those between quotes; to the end when it has none.
fn tag_length(tag: &str) -> usize {
    let mut at = 0;
    while let Some(sign) = memchr3(b'>', b'"', b'\'', &tag.as_bytes()[at..]) {
        let sign = at + sign;
        at = sign + 1;
        if tag[sign..].starts_with('>') {
            return at;
        }
        let Some(closes) = memchr(tag.as_bytes()[sign], &tag.as_bytes()[at..]) else { break };
        at += closes + 1;
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spaces_before_high_punctuation_and_inside_guillemets_do_not_break() {
        for (typed, expected) in [
            ("Lieu : Crest", "Lieu\u{a0}: Crest"),
            ("Prêts ? Oui ! Bien ; merci", "Prêts\u{a0}? Oui\u{a0}! Bien\u{a0}; merci"),
            ("objet « AEF »", "objet «\u{a0}AEF\u{a0}»"),
            ("l'annonce, d'ici là", "l'annonce, d'ici là"),
            ("https://example.org/?a=b;c : voir", "https://example.org/?a=b;c\u{a0}: voir"),
            ("à 9:30", "à 9:30"),
            ("fin\n: début", "fin\n: début"),
        ] {
            assert_eq!(text(typed), expected);
        }
    }

    #[test]
    fn html_changes_between_tags_only() {
        for (typed, expected) in [
            ("<p>Lieu : Crest</p>", "<p>Lieu\u{a0}: Crest</p>"),
            ("<b>Lieu</b> : Crest", "<b>Lieu</b>\u{a0}: Crest"),
            ("<p style=\"color : red ; margin : 0\">a</p>", "<p style=\"color : red ; margin : 0\">a</p>"),
            ("<a title='a > b : c'>d : e</a>", "<a title='a > b : c'>d\u{a0}: e</a>"),
            ("<style>\np { color : red }\n</style>a : b", "<style>\np { color : red }\n</style>a\u{a0}: b"),
            ("<SCRIPT>a ? b : c</SCRIPT> ?", "<SCRIPT>a ? b : c</SCRIPT>\u{a0}?"),
            ("<!-- a : b --> : c", "<!-- a : b -->\u{a0}: c"),
            ("a &amp; b &lt; c ; d", "a &amp; b &lt; c\u{a0}; d"),
            ("1 < 2 : oui & non : si", "1 < 2\u{a0}: oui & non\u{a0}: si"),
            ("<p", "<p"),
        ] {
            assert_eq!(html(typed), expected);
        }
    }

    /// Everything between tags, and everything else, of something that looks like HTML.
    fn tags(source: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut rest = source;
        while let Some(at) = rest.find(['<', '&']) {
            let length = code_length(&rest[at..]).unwrap_or(1);
            found.push(rest[at..at + length].to_owned());
            rest = &rest[at + length..];
        }
        found
    }

    /// What `text` does, a character at a time.
    fn slowly(words: &str) -> String {
        let words: Vec<char> = words.chars().collect();
        let tied = |at: usize| {
            words[..at].ends_with(&['«'])
                || words.get(at + 1).is_some_and(|next| [':', ';', '!', '?', '»'].contains(next))
        };
        let space = |at: usize| if tied(at) { '\u{a0}' } else { ' ' };
        words.iter().enumerate().map(|(at, c)| if *c == ' ' { space(at) } else { *c }).collect()
    }

    proptest! {
        #[test]
        fn characters_are_seen_whole(words in "[a «»:;!?<é\u{c2bb}\u{2bb}« ]{0,40}") {
            prop_assert_eq!(text(&words), slowly(&words));
        }

        #[test]
        fn twice_is_once(words in "[a« »:;!?<>&\"'/= \u{a0}é-]{0,40}") {
            prop_assert_eq!(text(&text(&words)), text(&words));
            prop_assert_eq!(html(&html(&words)), html(&words));
        }

        #[test]
        fn only_spaces_change_and_only_into_no_break_ones(
            words in "([a« :;!?»]|<b>|</b>|<i t=\"a : b\">|<!-- : -->|<style> : </style>|&amp;|< ){0,20}"
        ) {
            let set = html(&words);
            prop_assert_eq!(set.replace('\u{a0}', " "), words.clone());
            prop_assert_eq!(tags(&set), tags(&words));
        }
    }
}
