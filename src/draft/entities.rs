//! Pure. The entities of HTML that texts copied from pages are full of (HTML Living Standard, named character
//! references): those of French and English.

const NAMED: &[(&str, char)] = &[
    ("nbsp;", '\u{a0}'),
    ("amp;", '&'),
    ("lt;", '‹'),
    ("gt;", '›'),
    ("quot;", '"'),
    ("apos;", '\''),
    ("rsquo;", '’'),
    ("lsquo;", '‘'),
    ("ldquo;", '“'),
    ("rdquo;", '”'),
    ("laquo;", '«'),
    ("raquo;", '»'),
    ("ndash;", '–'),
    ("mdash;", '—'),
    ("hellip;", '…'),
    ("bull;", '•'),
    ("middot;", '·'),
    ("euro;", '€'),
    ("pound;", '£'),
    ("deg;", '°'),
    ("agrave;", 'à'),
    ("acirc;", 'â'),
    ("ccedil;", 'ç'),
    ("egrave;", 'è'),
    ("eacute;", 'é'),
    ("ecirc;", 'ê'),
    ("euml;", 'ë'),
    ("icirc;", 'î'),
    ("iuml;", 'ï'),
    ("ocirc;", 'ô'),
    ("oelig;", 'œ'),
    ("ugrave;", 'ù'),
    ("ucirc;", 'û'),
    ("uuml;", 'ü'),
    ("Agrave;", 'À'),
    ("Ccedil;", 'Ç'),
    ("Eacute;", 'É'),
    ("Egrave;", 'È'),
];

/// What stands after an ampersand, if it is an entity: the character, and the bytes up to its semicolon.
pub(super) fn entity(rest: &str) -> Option<(char, usize)> {
    if let Some(number) = rest.strip_prefix('#') {
        let length = number.bytes().take(7).position(|b| b == b';')?;
        let code = match number[..length].strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number[..length].parse().ok()?,
        };
        return char::from_u32(code).filter(|c| *c != '\n').map(|c| (c, length + 2));
    }
    NAMED.iter().find(|(name, _)| rest.starts_with(name)).map(|(name, c)| (*c, name.len()))
}
