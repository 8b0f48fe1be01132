//! Pure. What a file of words may not do, besides what no template may: it calls its own macros, so that nothing may be
//! put together that they could hand to each other and double; and what it prints in a loop is short.

use std::ops::Range;

use super::super::fault::{TOO_LONG, file, say};
use super::super::sandbox::{self, NOT_SERVED, calculates, not_served};
use crate::diagnostic::{Place, Problem, Words};

/// How long a file of words may be, in bytes.
const LONGEST: usize = 60_000;

/// How long the words between two tags may be, in bytes.
const LONGEST_BETWEEN: usize = 500;

/// What begins a tag.
const TAGS: [&str; 11] =
    ["macro", "endmacro", "if", "elif", "else", "endif", "for", "endfor", "set", "with", "endwith"];

pub(super) fn too_long(name: &str, source: &str) -> Option<Problem> {
    let words = || {
        say(
            format!("ce fichier de mots est trop long : {LONGEST} octets au plus"),
            format!("this file of words is too long: {LONGEST} bytes at most"),
        )
    };
    (source.len() > LONGEST).then(|| Problem::error(TOO_LONG, file(name), words()))
}

pub(super) fn forbidden(name: &str, source: &str) -> Option<Problem> {
    let mut end = 0;
    let (at, sentence) = sandbox::tags(source, |tokens, statement| {
        let (first, last) = (tokens.first()?, tokens.last()?);
        // The braces are not among the tokens.
        let between = end..first.start.saturating_sub(2).max(end);
        end = last.end + 2;
        if printed(source.get(between.clone()).unwrap_or_default()) > LONGEST_BETWEEN {
            return Some((between, too_much()));
        }
        in_tag(source, tokens, statement)
    })?;
    let problem = Problem::error("template-calculates", file(name), sentence).remedy(say(
        "écrivez les valeurs l'une après l'autre, {{ a }} {{ b }} ; voyez templates/README.md",
        "write the values one after the other, {{ a }} {{ b }}; see templates/README.md",
    ));
    Some(problem.at(Place::of(source, &at)))
}

/// How long a text is without its comments.
fn printed(text: &str) -> usize {
    let mut length = text.len();
    let mut rest = text;
    while let Some((_, comment)) = rest.split_once("{#") {
        let (said, after) = comment.split_once("#}").unwrap_or((comment, ""));
        length = length.saturating_sub(said.len());
        rest = after;
    }
    length
}

fn too_much() -> Words {
    say(
        format!("plus de {LONGEST_BETWEEN} octets de mots d'affilée"),
        format!("more than {LONGEST_BETWEEN} bytes of words in a row"),
    )
}

fn in_tag(source: &str, tokens: &[Range<usize>], statement: bool) -> Option<(Range<usize>, Words)> {
    let text = |n: usize| tokens.get(n).map_or("", |token| &source[token.clone()]);
    let refused = |n: usize, words: Words| Some((tokens.get(n)?.clone(), words));
    // `{%-` and `{%+` only trim.
    let first = usize::from(matches!(text(0), "-" | "+"));
    let last =
        tokens.len() - usize::from(tokens.len() > first && matches!(text(tokens.len() - 1), "-" | "+"));
    let name = if statement { text(first) } else { "" };
    if statement && !TAGS.contains(&name) {
        return refused(first, not_served(name));
    }
    if name == "set" && !(first..last).any(|n| text(n) == "=") {
        return refused(first, not_served("set … endset"));
    }
    for n in first..last {
        let before = if n > first { text(n - 1) } else { "" };
        let follows_a_value = before.ends_with(|c: char| c.is_alphanumeric() || "_])\"'".contains(c))
            && !matches!(before, "in" | "if" | "elif" | "and" | "or" | "not" | "else");
        let wrong = match text(n) {
            "*" | "~" | "+" | "{" => true,
            "[" if name == "set" && is_list_of_words(source, &tokens[n..last]) => false,
            "[" => !follows_a_value,
            _ => false,
        };
        if wrong {
            return refused(n, calculates(text(n)));
        }
        if before == "|" && NOT_SERVED.contains(&text(n)) {
            return refused(n, not_served(&format!("| {}", text(n))));
        }
        let method = text(n) == "(" && n >= 2 && text(n - 2) == "." && follows_a_value;
        if method || text(n) == "namespace" || (text(n) == "recursive" && name == "for") {
            return refused(n, not_served(text(n)));
        }
    }
    None
}

/// Whether these are the signs of a list of nothing but words between quotes.
fn is_list_of_words(source: &str, tokens: &[Range<usize>]) -> bool {
    let mut words = tokens.iter().map(|token| &source[token.clone()]).skip(1);
    let is_word = |word: &str| word.starts_with(['"', '\'']);
    let mut closed = false;
    words.all(|word| {
        let fits = !closed && (is_word(word) || matches!(word, "," | "]"));
        closed = word == "]";
        fits
    })
}
