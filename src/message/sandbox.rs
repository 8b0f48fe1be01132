//! Pure. What templates may do: put facts in their places, and no more.
//!
//! Whoever writes a posting may not write HTML, and whoever writes a template may not use up the machine. So in an
//! HTML page every fact is escaped, whatever the template asks for and whatever the file is called in which it stands;
//! links lead to pages, mails and telephones; and nothing that a template keeps can be longer than what it was given,
//! for work has a limit (fuel) and pages have one, but memory has none of its own: what doubles is refused where the
//! template is read.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior};

use super::fault::say;
use crate::diagnostic::Words;

/// How long a template may be, in bytes.
pub(super) const LONGEST_SOURCE: usize = 200_000;
/// How deep templates may call each other.
const DEPTH: usize = 100;

/// How long a list in words may become, in bytes; and how far `range` counts.
const LONGEST_LIST: usize = 10_000;
const LONGEST_RANGE: i64 = 10_000;

/// Filters that can make much out of little, or HTML out of facts.
pub(super) const NOT_SERVED: [&str; 26] = [
    "safe",
    "replace",
    "indent",
    "format",
    "list",
    "split",
    "lines",
    "batch",
    "slice",
    "chain",
    "zip",
    "tojson",
    "urlencode",
    "pprint",
    "dictsort",
    "items",
    "groupby",
    "map",
    "sum",
    "sort",
    "unique",
    "select",
    "reject",
    "reverse",
    "attr",
    "string",
];

/// What begins a tag that templates may use.
const TAGS: [&str; 14] = [
    "if", "elif", "else", "endif", "for", "endfor", "set", "include", "extends", "block", "endblock", "raw",
    "endraw", "with",
];

/// An empty environment, without what templates may not use, in which a template may run so many instructions. It prints
/// text.
pub(super) fn room(fuel: u64) -> Environment<'static> {
    let mut jinja = Environment::new();
    let syntax = SyntaxConfig::builder()
        // A line that holds only a tag leaves no line behind.
        .trim_blocks(true)
        .lstrip_blocks(true)
        .keep_trailing_newline(true)
        .build();
    // Only delimiters can be wrong, and none are set.
    if let Ok(syntax) = syntax {
        jinja.set_syntax(syntax);
    }
    jinja.set_undefined_behavior(UndefinedBehavior::Strict);
    jinja.set_fuel(Some(fuel));
    jinja.set_recursion_limit(DEPTH);
    jinja.set_debug(true); // names the unknown variable; costs something only when there is an error
    jinja.set_auto_escape_callback(|_| AutoEscape::None);
    for filter in NOT_SERVED {
        jinja.remove_filter(filter);
    }
    for function in ["dict", "debug"] {
        jinja.remove_global(function);
    }
    jinja.add_filter("join", join);
    jinja.add_function("range", range);
    jinja
}

fn too_long(what: &str) -> Error {
    Error::new(ErrorKind::InvalidOperation, format!("{what} is too long"))
}

/// The items of a list with something between them; a text is no list.
fn join(list: &Value, between: Option<String>) -> Result<String, Error> {
    if list.kind() == ValueKind::String {
        return Err(Error::new(ErrorKind::InvalidOperation, "join wants a list"));
    }
    let between = between.unwrap_or_default();
    let mut joined = Short { text: String::new(), room: LONGEST_LIST };
    for (n, item) in list.try_iter()?.enumerate() {
        let between = if n > 0 { between.as_str() } else { "" };
        write!(joined, "{between}{item}").map_err(|_| too_long("the list"))?;
    }
    Ok(joined.text)
}

fn range(lower: i64, upper: Option<i64>) -> Result<Vec<i64>, Error> {
    let (lower, upper) = upper.map_or((0, lower), |upper| (lower, upper));
    if upper.saturating_sub(lower) > LONGEST_RANGE {
        return Err(too_long("the range"));
    }
    Ok((lower..upper).collect())
}

/// A text up to a limit.
struct Short {
    text: String,
    room: usize,
}

impl fmt::Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.room = self.room.checked_sub(text.len()).ok_or(fmt::Error)?;
        self.text.push_str(text);
        Ok(())
    }
}

/// Prints a value into a text: none as nothing.
pub(super) fn print_text(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => Ok(()),
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        _ => Ok(out.write_str(&words(value)?)?),
    }
}

/// Prints a value into a page of HTML, with what must be escaped (minijinja escapes `/` too, which makes addresses
/// that people cannot read), whatever the template says of escaping.
pub(super) fn print_html(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    match value.kind() {
        ValueKind::None => return Ok(()),
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        // The filter `escape` has been here.
        ValueKind::String if value.is_safe() => return Ok(out.write_str(value.as_str().unwrap_or_default())?),
        _ => {}
    }
    let words = words(value)?;
    let mut from = 0;
    for (at, byte) in words.bytes().enumerate() {
        let spelt = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            _ => continue,
        };
        out.write_str(&words[from..at])?;
        out.write_str(spelt)?;
        from = at + 1;
    }
    Ok(out.write_str(&words[from..])?)
}

fn words(value: &Value) -> Result<Cow<'_, str>, Error> {
    if let Some(text) = value.as_str() {
        return Ok(Cow::Borrowed(text));
    }
    let mut words = Short { text: String::new(), room: LONGEST_LIST };
    write!(words, "{value}").map_err(|_| too_long("the value"))?;
    Ok(Cow::Owned(words.text))
}

/// In a page, all is HTML, also what is included from a file of text.
pub(super) fn html(_: &str) -> AutoEscape {
    AutoEscape::Html
}

/// What a template may not use: where, and what is wrong with it.
pub(super) fn forbidden(source: &str) -> Option<(Range<usize>, Words)> {
    tags(source, |tokens, statement| in_tag(source, tokens, statement))
}

/// The first thing that is found in the tags of a source.
pub(super) fn tags<T>(source: &str, mut found: impl FnMut(&[Range<usize>], bool) -> Option<T>) -> Option<T> {
    let mut from = 0;
    while let Some(open) = source[from..].find('{').map(|at| from + at) {
        from = open + 1;
        let rest = &source[from..];
        if rest.starts_with('#') {
            from = source[from..].find("#}").map_or(source.len(), |end| from + end + 2);
        } else if rest.starts_with('{') || rest.starts_with('%') {
            let tokens = tokens(source, from + 1, if rest.starts_with('%') { "%}" } else { "}}" });
            if let Some(found) = found(&tokens, rest.starts_with('%')) {
                return Some(found);
            }
            from = tokens.last().map_or(from + 1, |token| token.end);
        }
    }
    None
}

/// The words and signs of a tag, without its texts between quotes.
fn tokens(source: &str, from: usize, close: &str) -> Vec<Range<usize>> {
    let (mut found, mut at) = (Vec::new(), from);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    while let Some(c) = source[at..].chars().next() {
        if source[at..].starts_with(close) {
            break;
        }
        let mut end = at + c.len_utf8();
        if c == '"' || c == '\'' {
            let mut escaped = false;
            for c in source[end..].chars() {
                end += c.len_utf8();
                match c {
                    _ if escaped => escaped = false,
                    '\\' => escaped = true,
                    quote if source[at..].starts_with(quote) => break,
                    _ => {}
                }
            }
        } else if is_word(c) {
            end = source[at..].find(|c| !is_word(c)).map_or(source.len(), |length| at + length);
        }
        if !c.is_whitespace() {
            found.push(at..end);
        }
        at = end;
    }
    found
}

fn in_tag(source: &str, tokens: &[Range<usize>], statement: bool) -> Option<(Range<usize>, Words)> {
    let text = |n: usize| tokens.get(n).map_or("", |token| &source[token.clone()]);
    // `{%-` and `{%+` only trim.
    let first = usize::from(matches!(text(0), "-" | "+"));
    let last =
        tokens.len() - usize::from(tokens.len() > first && matches!(text(tokens.len() - 1), "-" | "+"));
    let name = if statement { text(first) } else { "" };
    let refused = |n: usize, words: Words| Some((tokens[n].clone(), words));
    if statement && first < last && !TAGS.contains(&name) && name.chars().all(char::is_alphabetic) {
        // What jalon does not know either, minijinja names.
        let known =
            ["macro", "endmacro", "call", "endcall", "filter", "endfilter", "import", "from", "autoescape"];
        let known = known.iter().chain(&["endautoescape", "do", "endset"]).any(|known| *known == name);
        return if known { refused(first, not_served(name)) } else { None };
    }
    let keeps = matches!(name, "set" | "for" | "with");
    if name == "set" && !(first..last).any(|n| text(n) == "=") {
        return refused(first, not_served("set … endset"));
    }
    for n in first..last {
        let before = if n > first { text(n - 1) } else { "" };
        let follows_a_value = before.ends_with(|c: char| c.is_alphanumeric() || "_])\"'".contains(c));
        let wrong = match text(n) {
            "*" => true,
            "~" | "+" => keeps,
            "[" | "{" => keeps && !(text(n) == "[" && follows_a_value && before != "in"),
            _ => false,
        };
        if wrong {
            return refused(n, calculates(text(n)));
        }
        if before == "|" && NOT_SERVED.contains(&text(n)) {
            return refused(n, not_served(&format!("| {}", text(n))));
        }
        let is_call = text(n) == "(" && follows_a_value && !KEYWORDS.contains(&before);
        let of_filter = n >= 2 && matches!(text(n - 2), "|" | "is" | "not");
        let of_loop = n >= 3 && text(n - 3) == "loop" && matches!(before, "cycle" | "changed");
        if is_call && !of_filter && !of_loop && !matches!(before, "range" | "namespace") {
            return refused(n - 1, not_served(&format!("{before}()")));
        }
        if text(n) == "recursive" && name == "for" && n + 1 == last {
            return refused(n, not_served("recursive"));
        }
    }
    None
}

/// Words before a bracket that is no call.
const KEYWORDS: [&str; 9] = ["if", "elif", "in", "and", "or", "not", "else", "set", "include"];

pub(super) fn not_served(what: &str) -> Words {
    say(
        format!("« {what} » n'est pas permis dans un modèle de courriel"),
        format!("{what} is not allowed in a template of a mail"),
    )
}

pub(super) fn calculates(sign: &str) -> Words {
    say(
        format!("un modèle place des mots et ne calcule pas : « {sign} » n'est pas permis ici"),
        format!("a template puts words in their places and does not calculate: {sign} is not allowed here"),
    )
}

/// What to do about it.
pub(super) fn remedy() -> Words {
    say(
        "écrivez les valeurs l'une après l'autre, {{ a }} {{ b }} ; avec if, for, set x = y, include, extends et block",
        "write the values one after the other, {{ a }} {{ b }}; with if, for, set x = y, include, extends and block",
    )
}

/// A link of a page that leads elsewhere than to a page, a mail or a telephone: `javascript:`, `data:`, a file. Facts
/// are escaped, so whatever is a tag was written in a template.
pub(super) fn bad_link(page: &str) -> Option<&str> {
    if plainly_good(page) {
        return None;
    }
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if rest.starts_with("!--") {
            rest = rest.find("-->").map_or("", |end| &rest[end..]);
            continue;
        }
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let mut attributes = attributes(rest);
        if let Some((_, link)) = attributes.find(|(name, link)| is_link(name) && !leads_well(link)) {
            return Some(link);
        }
        rest = attributes.0;
    }
    None
}

/// Whether every `href` of a page, wherever it stands, is followed by a link that leads well. Nearly all pages are so, and need
/// not be read tag by tag.
fn plainly_good(page: &str) -> bool {
    memchr::memchr2_iter(b'f', b'F', page.as_bytes()).all(|end| {
        let is_link = end >= 3 && page.as_bytes()[end - 3..end].eq_ignore_ascii_case(b"hre");
        !is_link || page[end + 1..].strip_prefix("=\"").is_some_and(leads_well)
    })
}

/// `href`, also of another language of marks: `xlink:href`.
fn is_link(name: &str) -> bool {
    let prefix = name.len().checked_sub("href".len()).and_then(|at| name.split_at_checked(at));
    prefix.is_some_and(|(prefix, name)| {
        name.eq_ignore_ascii_case("href") && (prefix.is_empty() || prefix.ends_with(':'))
    })
}

fn leads_well(link: &str) -> bool {
    let link = link.trim();
    let begins = |good: &str| link.get(..good.len()).is_some_and(|start| start.eq_ignore_ascii_case(good));
    link.is_empty() || ["https:", "http:", "mailto:", "tel:", "#"].into_iter().any(begins)
}

/// The names and values of a tag, one after the other; then holds what follows it.
struct Attributes<'a>(&'a str);

fn attributes(tag: &str) -> Attributes<'_> {
    Attributes(tag.trim_start_matches(|c: char| !c.is_whitespace() && c != '/' && c != '>'))
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            self.0 = self.0.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let first = self.0.chars().next().filter(|c| *c != '>')?;
            let end = self.0[first.len_utf8()..]
                .find(|c: char| c.is_whitespace() || matches!(c, '/' | '>' | '='))
                .map_or(self.0.len(), |end| end + first.len_utf8());
            let (name, after) = self.0.split_at(end);
            self.0 = after;
            let Some(value) = after.trim_start().strip_prefix('=').map(str::trim_start) else { continue };
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (value, after) = match quote {
                Some(quote) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                None => {
                    value.split_at(value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len()))
                }
            };
            self.0 = after;
            return Some((name, value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_found_among_other_attributes() {
        for (page, found) in [
            ("<p é><a é=\"1\" ü href=\"javascript:1\">", Some("javascript:1")),
            ("<a title=\"href\" title='>' HREF = data:x>", Some("data:x")),
            ("<a xlink:href='x:1'>", Some("x:1")),
            ("<a nohref='x:1' href:x='x:1' href></a>", None),
            ("<!-- <a href='x:1'> --><a href=''><a href='#é'>", None),
            ("<a href=\"https://x\"><a href=\"mailto:f\">href=\"tel:1", None),
            ("<a href=\"https://x\"><A HREF=\"data:x\">", Some("data:x")),
            ("<a href=\"https://x\"><a HRef =\"data:x\">", Some("data:x")),
            ("<a title='href=\"https://x\"' href=data:x>", Some("data:x")),
            ("<a href='mailto:a'><a href='Tel:1'><a href=' https://x'><a href='teé'>", Some("teé")),
        ] {
            assert_eq!(bad_link(page), found, "{page}");
        }
    }
}
