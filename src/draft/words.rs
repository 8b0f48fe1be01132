//! Pure. A text → its words, as a careful reader sees them.
//!
//! Case, accents, no-break spaces, markup and the slips of scanners are folded away; every word keeps its line and
//! its bytes, so that whatever is read can be quoted. One pass, no backtracking: the cost grows with the text only.

use std::cell::Cell;
use std::ops::Range;

use super::entities::entity;
use super::lexicon::month;
use super::mailboxes::{mailboxes, spelt_out};
use super::sentences::is_open;

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Letters.
    Letters,
    /// Digits, and their value.
    Number(u32),
    /// A mark.
    Mark(char),
    /// A mail address.
    Mailbox,
    /// The address of a page or a picture: no date stands in it.
    Link,
}

/// How a word is set off from the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// Not at all.
    #[default]
    None,
    /// By a space.
    Space,
    /// It begins a line.
    Line,
    /// It begins a paragraph.
    Paragraph,
}

/// A word of the text.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
    /// From 0.
    pub(super) line: usize,
    folded: Range<usize>,
    pub(super) gap: Gap,
    pub(super) capital: bool,
    /// A letter was taken for a digit: « 2O26 ».
    pub(super) slip: bool,
    /// How many digits.
    pub(super) digits: usize,
}

/// The words of a text.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) text: &'a str,
    list: Vec<Word>,
    folds: String,
    /// The bytes of each line, without its end.
    pub(super) lines: Vec<Range<usize>>,
    steps: Cell<usize>,
}

const NOTHING: Word = Word {
    kind: Kind::Mark(' '),
    span: 0..0,
    line: 0,
    folded: 0..0,
    gap: Gap::Paragraph,
    capital: false,
    slip: false,
    digits: 0,
};

/// Marks that set words in bold or italics, and characters that are not seen: they are passed over.
fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '*' | '_' | '`' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{2060}' | '\u{202a}'..='\u{202e}'
    )
}

fn is_letter(c: char) -> bool {
    c.is_alphabetic() || c == '\u{fffd}' || ('\u{300}'..='\u{36f}').contains(&c)
}

/// Adds a letter in lower case, without its accent.
fn fold(c: char, folds: &mut String) {
    match c {
        'a'..='z' => folds.push(c),
        'A'..='Z' => folds.push(c.to_ascii_lowercase()),
        'à'..='å' | 'À'..='Å' => folds.push('a'),
        'ç' | 'Ç' => folds.push('c'),
        'è'..='ë' | 'È'..='Ë' | 'ᵉ' => folds.push('e'),
        'ì'..='ï' | 'Ì'..='Ï' => folds.push('i'),
        'ñ' | 'Ñ' => folds.push('n'),
        'ò'..='ö' | 'Ò'..='Ö' | 'ø' | 'Ø' => folds.push('o'),
        'ù'..='ü' | 'Ù'..='Ü' => folds.push('u'),
        'ý' | 'ÿ' | 'Ý' => folds.push('y'),
        'ʳ' => folds.push('r'),
        'œ' | 'Œ' => folds.push_str("oe"),
        'æ' | 'Æ' => folds.push_str("ae"),
        'ß' => folds.push_str("ss"),
        'ﬁ' => folds.push_str("fi"),
        'ﬂ' => folds.push_str("fl"),
        'ﬀ' => folds.push_str("ff"),
        '\u{fffd}' => folds.push('?'),
        '\u{300}'..='\u{36f}' => {}
        other => folds.extend(other.to_lowercase()),
    }
}

/// The character that stands at a byte, and where the next one begins. Entities of HTML and UTF-8 that was read as
/// Latin-1 are taken for what was meant.
fn char_at(text: &str, at: usize) -> Option<(char, usize)> {
    let mut rest = text[at..].chars();
    let c = rest.next()?;
    let next = at + c.len_utf8();
    match c {
        '&' => Some(entity(&text[next..]).map_or((c, next), |(meant, length)| (meant, next + length))),
        'Ã' => {
            let second = rest.next().filter(|second| ('\u{a0}'..='\u{bf}').contains(second));
            let meant = second.and_then(|second| char::from_u32(u32::from(second) + 0x40).zip(Some(second)));
            Some(meant.map_or((c, next), |(meant, second)| (meant, next + second.len_utf8())))
        }
        _ => Some((c, next)),
    }
}

/// The words of a text.
pub(super) fn words(text: &str) -> Words<'_> {
    let mut reader = Reader {
        words: Words {
            text,
            list: Vec::with_capacity(text.len() / 5),
            folds: String::with_capacity(text.len()),
            lines: lines(text),
            steps: Cell::new(0),
        },
        at: 0,
        line: 0,
        gap: Gap::Paragraph,
    };
    let mut boxes = mailboxes(text).into_iter().peekable();
    while reader.at < text.len() {
        while boxes.next_if(|span| span.start < reader.at).is_some() {}
        let here = boxes.next_if(|span| span.start == reader.at);
        if let Some(span) = here {
            reader.push(Kind::Mailbox, span.start, span.end);
            continue;
        }
        let until = boxes.peek().map_or(text.len(), |span| span.start);
        reader.step(until);
    }
    let mut words = reader.words;
    for (first, last) in spelt_out(&words) {
        let end = words.list[last].span.end;
        words.list[first].kind = Kind::Mailbox;
        words.list[first].span.end = end;
        for word in &mut words.list[first + 1..=last] {
            word.kind = Kind::Mark('\u{1}');
            word.folded = 0..0;
        }
    }
    words
}

fn lines(text: &str) -> Vec<Range<usize>> {
    let mut start = 0;
    let ends = text.split_inclusive('\n').map(|line| {
        let from = start;
        start += line.len();
        from..from + line.trim_end_matches(['\n', '\r']).len()
    });
    ends.collect()
}

struct Reader<'a> {
    words: Words<'a>,
    at: usize,
    line: usize,
    gap: Gap,
}

impl Reader<'_> {
    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let folded = self.words.folds.len();
        let mut capital = false;
        let mut digits = 0;
        match kind {
            Kind::Letters => {
                let mut at = start;
                let mut first = true;
                while let Some((c, next)) = char_at(self.words.text, at).filter(|_| at < end) {
                    if !is_unseen(c) {
                        capital |= std::mem::take(&mut first) && c.is_uppercase();
                        fold(c, &mut self.words.folds);
                    }
                    at = next;
                }
            }
            Kind::Number(_) => {
                digits = end - start;
                self.words.folds.push_str(&self.words.text[start..end]);
            }
            Kind::Mark(c) => self.words.folds.push(c),
            Kind::Mailbox | Kind::Link => {}
        }
        let folded = folded..self.words.folds.len();
        let (line, gap) = (self.line, std::mem::take(&mut self.gap));
        self.words.list.push(Word {
            kind,
            span: start..end,
            line,
            folded,
            gap,
            capital,
            slip: false,
            digits,
        });
        self.at = end;
    }

    fn set_off(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Reads one word, blank or mark; letters end before `until`, where an address begins.
    fn step(&mut self, until: usize) {
        let text = self.words.text;
        let Some((c, next)) = char_at(text, self.at) else { return self.at = text.len() };
        let start = self.at;
        let rest = &text[start..];
        match c {
            '\n' => {
                self.set_off(if self.gap >= Gap::Line { Gap::Paragraph } else { Gap::Line });
                self.line += 1;
                self.at = next;
            }
            _ if is_unseen(c) => self.at = next,
            _ if c.is_whitespace() || c.is_control() => {
                self.set_off(Gap::Space);
                self.at = next;
            }
            // A mail that is quoted: « le 28 > mai ».
            '>' if self.gap == Gap::Line && self.goes_on() => self.at = next,
            '.' | '…' if leader(rest) > 0 => self.push(Kind::Mark(':'), start, start + leader(rest)),
            '<' => self.tag(next),
            ']' if rest.starts_with("](") && !rest.starts_with("](mailto:") => {
                let length = rest.find([')', '\n', ' ']).unwrap_or(rest.len());
                self.push(Kind::Link, start, start + length);
            }
            _ if is_link(rest) => {
                let length = rest.find(|c: char| c.is_whitespace() || "<>\")]|".contains(c));
                self.push(Kind::Link, start, start + length.unwrap_or(rest.len()));
            }
            '0'..='9' => self.number(until),
            _ if is_letter(c) => {
                if matches!(c, 'O' | 'o' | 'l' | 'I') && self.number_of_slips(until) {
                    return;
                }
                let mut end = next;
                while let Some((_, next)) =
                    char_at(text, end).filter(|(c, _)| end < until && (is_letter(*c) || is_hidden(*c)))
                {
                    end = next;
                }
                self.push(Kind::Letters, start, end);
            }
            _ => self.push(Kind::Mark(plain(c)), start, next),
        }
    }

    /// Whether the last word wants another: « avant le », a number, a month.
    fn goes_on(&self) -> bool {
        self.words.list.last().is_some_and(|word| {
            let fold = &self.words.folds[word.folded.clone()];
            matches!(word.kind, Kind::Number(_)) || is_open(fold) || month(fold).is_some()
        })
    }

    /// A tag of HTML is passed over: some begin a line, or a cell; the address it leads to is kept.
    fn tag(&mut self, inside: usize) {
        let text = self.words.text;
        let rest = &text[inside..];
        let length = rest.find(['<', '>', '\n']).unwrap_or(rest.len());
        let body = &rest[..length];
        let name = body.trim_start_matches('/');
        let is_tag = rest[length..].starts_with('>')
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '!')
            && !is_link(name);
        let leads_to = body.find("mailto:").map(|at| inside + at);
        if !is_tag || body.contains('@') && leads_to.is_none() {
            return self.push(Kind::Mark('<'), inside - 1, inside);
        }
        let end: String = name.chars().take_while(char::is_ascii_alphanumeric).collect();
        match end.to_ascii_lowercase().as_str() {
            "br" | "p" | "div" | "li" | "tr" | "ul" | "ol" | "table" | "h" | "h1" | "h2" | "h3" | "h4" => {
                self.set_off(Gap::Line);
            }
            "td" | "th" => self.push(Kind::Mark('|'), inside - 1, inside),
            _ => {}
        }
        self.at = leads_to.unwrap_or(inside + length + 1);
    }

    fn number(&mut self, until: usize) {
        if self.number_of_slips(until) {
            return;
        }
        let (start, bytes) = (self.at, self.words.text.as_bytes());
        let digits = bytes[start..until.max(start + 1)].iter().take_while(|b| b.is_ascii_digit()).count();
        let value = self.words.text[start..start + digits].parse().unwrap_or(u32::MAX);
        self.push(Kind::Number(value), start, start + digits);
    }

    /// « 3O », « 2O26 », « l5 »: digits among which a letter slipped.
    fn number_of_slips(&mut self, until: usize) -> bool {
        let (start, bytes) = (self.at, self.words.text.as_bytes());
        let run = &bytes[start..until.max(start + 1)];
        let length = run.iter().take(5).take_while(|b| b.is_ascii_alphanumeric()).count();
        let run = &run[..length];
        let digits = run.iter().filter(|b| b.is_ascii_digit()).count();
        let follows = self.words.text[start + length..].chars().next();
        if digits == 0
            || digits == length
            || length > 4
            || follows.is_some_and(is_letter)
            || !run.iter().all(|b| b.is_ascii_digit() || matches!(b, b'O' | b'o' | b'l' | b'I'))
        {
            return false;
        }
        let value = run.iter().fold(0, |value, b| {
            let digit = match b {
                b'O' | b'o' => 0,
                b'l' | b'I' => 1,
                digit => u32::from(digit - b'0'),
            };
            value * 10 + digit
        });
        self.push(Kind::Number(value), start, start + length);
        if let Some(word) = self.words.list.last_mut() {
            word.slip = true;
        }
        true
    }
}

fn is_hidden(c: char) -> bool {
    !matches!(c, '*' | '_' | '`') && is_unseen(c)
}

fn is_link(rest: &str) -> bool {
    ["http://", "https://", "www.", "ftp://"].iter().any(|start| rest.starts_with(start))
}

/// How many bytes of dots lead from a label to its value here: they say what a colon says.
fn leader(rest: &str) -> usize {
    let length = rest.find(|c: char| !matches!(c, '.' | '…')).unwrap_or(rest.len());
    if length > 3 { length } else { 0 }
}

/// A mark as it is typed.
fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '→' => '-',
        '’' | '‘' | 'ʼ' | '´' | '′' => '\'',
        '“' | '”' | '„' | '«' | '»' | '″' => '"',
        '•' | '●' | '○' | '◦' | '▪' | '■' | '➢' | '➔' | '►' | '‣' | '·' | '\u{f0b7}' | '\u{f0a7}' => {
            '•'
        }
        other => other,
    }
}

impl Words<'_> {
    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// The word at a place; beyond the last, one that is nothing.
    pub(super) fn get(&self, at: usize) -> &Word {
        self.steps.set(self.steps.get() + 1);
        self.list.get(at).unwrap_or(&NOTHING)
    }

    /// Its letters in lower case and without accents, its digits or its mark.
    pub(super) fn fold(&self, at: usize) -> &str {
        &self.folds[self.get(at).folded.clone()]
    }

    /// The number at a place.
    pub(super) fn number(&self, at: usize) -> Option<u32> {
        if let Kind::Number(value) = self.get(at).kind { Some(value) } else { None }
    }

    /// Whether this mark stands at a place.
    pub(super) fn is(&self, at: usize, mark: char) -> bool {
        self.get(at).kind == Kind::Mark(mark)
    }

    /// Whether nothing stands between the word at a place and the one before.
    pub(super) fn is_glued(&self, at: usize) -> bool {
        self.get(at).gap == Gap::None
    }

    /// How often a word was looked at: what the time depends on.
    pub(super) fn steps(&self) -> usize {
        self.steps.get()
    }

    /// Counts what was looked at beside words: characters of lines.
    pub(super) fn looked(&self, count: usize) {
        self.steps.set(self.steps.get() + count);
    }

    /// The text from one word up to another, on one line.
    pub(super) fn said(&self, from: usize, to: usize) -> String {
        let (Some(first), Some(last)) = (self.list.get(from), self.list.get(to.saturating_sub(1))) else {
            return String::new();
        };
        tidy(self.text.get(first.span.start..last.span.end).unwrap_or_default())
    }

    /// A line of the text, on one line and without markup.
    pub(super) fn line(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |span| &self.text[span.clone()])
    }
}

/// Where a tag ends whose inside begins here.
fn end_of_tag(inside: &str) -> Option<usize> {
    let end = inside.find(['<', '>', '\n']).filter(|end| inside[*end..].starts_with('>'))?;
    inside.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/').then_some(end)
}

/// A piece of a text on one line, without blanks, markup and characters that are not seen.
pub(super) fn tidy(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut at = 0;
    while let Some((c, next)) = char_at(text, at) {
        at = next;
        let tag = (c == '<').then(|| end_of_tag(&text[at..])).flatten();
        if let Some(end) = tag.filter(|end| !text[at..at + end].contains('@') || text[at..].starts_with("a "))
        {
            at += end + 1;
        }
        if c.is_whitespace() || c.is_control() || tag.is_some() {
            if !tidied.ends_with(' ') && !tidied.is_empty() {
                tidied.push(' ');
            }
        } else if !is_unseen(c) || c == '_' {
            tidied.push(c);
        }
    }
    tidied.trim_end().to_owned()
}
