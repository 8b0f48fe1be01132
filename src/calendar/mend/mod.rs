//! Pure. Syntax errors of TOML in plain words, and a text mended line by line, so that everything else that is
//! wrong with the file can be said in the same go.
//!
//! The parser says where it stumbled; what was meant is read off the line. Each slip mends its line (or empties
//! it), and the parser goes over the text again. A mended text is never used for anything but messages.
//! Lines are never added or taken away: line 12 of one text is line 12 of the other.

mod heading;
mod inline;
mod line;
mod list;
mod value;
mod words;

pub(super) use words::{hidden, not_toml};

use std::collections::BTreeMap;
use std::ops::Range;

use toml::de::DeTable;

use crate::diagnostic::{Words, fit_to_show, repeats, speaks_of_a_secret, unsaid};

/// How many slips of one file are told; after that, the file is something else.
const MOST: usize = 60;
/// How many bytes are parsed at most in looking for them, all passes together.
const EFFORT: usize = 3_000_000;

/// A slip of the pen.
#[derive(Clone, Debug)]
pub(super) struct Slip {
    /// Where, in the text as it was written.
    pub(super) span: Range<usize>,
    /// What is wrong.
    pub(super) sentence: Words,
    /// What to write.
    pub(super) remedy: Words,
    /// Whether it is left untold when something else is said of its line: a key that is unknown besides.
    pub(super) yields: bool,
}

/// A text that was mended, and how.
#[derive(Debug, Default)]
pub(super) struct Mended {
    /// The text, which the parser reads without an error unless `hopeless`.
    pub(super) text: String,
    /// What was mended, in the order of the file.
    pub(super) slips: Vec<Slip>,
    /// The keys whose statement was emptied, and their lines.
    pub(super) lost: Vec<(usize, String)>,
    /// The lines (from 1) that hold guesses: nothing more is said of them.
    pub(super) unsure: Vec<usize>,
    /// The line from which on nothing can be made of the text.
    pub(super) hopeless: Option<usize>,
    /// Where each line of the text begins.
    pub(super) starts: Vec<usize>,
    original: Vec<String>,
    original_starts: Vec<usize>,
}

/// What was found at one error.
struct Finding {
    /// The lines that are written anew.
    edits: Vec<(usize, String)>,
    /// The line to show, and the bytes of it to underline.
    mark: (usize, Range<usize>),
    sentence: Words,
    remedy: Words,
    kind: Sureness,
}

/// How much is known of what was meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sureness {
    /// The line reads as it was meant.
    Sure,
    /// The line can be parsed; its value is made up.
    Unsure,
    /// The line can be parsed and will be complained of for another reason.
    Yields,
    /// Nothing after it makes sense.
    Last,
}

/// What is open where the parser stumbled.
struct Open {
    /// Brackets and braces, the innermost last: line, byte, character.
    brackets: Vec<(usize, usize, char)>,
    /// A text over several lines: where it begins, and its quotes.
    text: Option<(usize, usize, &'static str)>,
    /// The line on which the statement begins.
    statement: usize,
}

/// Mends a text that has errors.
pub(super) fn mend(text: &str) -> Mended {
    let original: Vec<String> = text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect();
    let mut original_starts = starts(text);
    original_starts.truncate(original.len());
    let mut lines = original.clone();
    let mut mended = Mended { original, original_starts, ..Mended::default() };
    if let Some((sentence, remedy)) = super::alien::of_text(text) {
        mended.slips.push(Slip { span: 0..0, sentence, remedy, yields: false });
        mended.hopeless = Some(1);
        return mended;
    }
    mended.resolve(&mut lines);
    let mut touched: BTreeMap<usize, usize> = BTreeMap::new();
    let most = (EFFORT / (text.len() + 1)).clamp(2, 4 * MOST);
    for pass in 0.. {
        mended.text = lines.join("\n");
        mended.starts = starts(&mended.text);
        let errors = DeTable::parse_recoverable(&mended.text).1;
        let Some(error) = errors.iter().min_by_key(|error| error.span().map_or(0, |span| span.start)) else {
            break;
        };
        let (n, at) = mended.position(error.span().map_or(0, |span| span.start));
        if mended.slips.len() >= MOST || pass >= most {
            mended.hopeless = Some(n + 1);
            break;
        }
        let times = touched.entry(n).or_default();
        *times += 1;
        match *times {
            // A second slip on a line that was already guessed at: the line goes, without another word.
            2.. if mended.unsure.contains(&(n + 1)) || *times > 3 => {
                if *times > 5 || lines[n].is_empty() {
                    mended.hopeless = Some(n + 1);
                    break;
                }
                mended.lose(n, &lines[n]);
                lines[n].clear();
            }
            _ => {
                let open = scan(&lines, n, at);
                let finding = line::find(&lines, n, at, error.message(), &open);
                mended.take(&finding, &mut lines, open.statement);
                if finding.kind == Sureness::Last {
                    mended.hopeless = Some(n + 1);
                    break;
                }
            }
        }
    }
    mended.slips.sort_by_key(|slip| slip.span.start);
    mended
}

impl Mended {
    /// Tells every conflict that git left, and keeps one side of each, so that the rest of the file is read.
    fn resolve(&mut self, lines: &mut [String]) {
        let mut from = 0;
        while let Some(start) = (from..lines.len()).find(|n| lines[*n].starts_with("<<<<<<<")) {
            from = start + 1;
            let next = |mark: &str, from: usize| {
                (from..lines.len())
                    .take_while(|n| !lines[*n].starts_with("<<<<<<<"))
                    .find(|n| lines[*n].starts_with(mark))
            };
            let Some(middle) = next("=======", from) else { continue };
            let Some(end) = next(">>>>>>>", middle) else { continue };
            let base = next("|||||||", from).filter(|base| *base < middle);
            let (sentence, remedy) = words::conflict(base.is_some());
            let at = self.original_starts.get(start).copied().unwrap_or_default();
            self.slips.push(Slip { span: at..at + lines[start].len(), sentence, remedy, yields: false });
            let first = from..base.unwrap_or(middle);
            let is_blank = first.clone().all(|n| lines[n].trim().is_empty());
            let kept = if is_blank { middle + 1..end } else { first };
            for n in (start..=end).filter(|n| !kept.contains(n)) {
                lines[n].clear();
            }
            from = end + 1;
        }
    }

    fn take(&mut self, finding: &Finding, lines: &mut [String], statement: usize) {
        let (line, bytes) = &finding.mark;
        let from = &lines[statement.min(*line)..=*line];
        // What ends the reading says nothing of the line itself, and of a line that is too long nothing is repeated.
        let secret = finding.kind != Sureness::Last
            && lines[*line].len() <= line::LONGEST
            && (from.iter().any(|line| speaks_of_a_secret(line))
                || fit_to_show(lines[..=*line].iter().rev().map(String::as_str)).is_none());
        // A value that goes on is told as one: what it goes on with is no more to be repeated than what it begins with.
        let last = finding.edits.iter().map(|(n, _)| *n).max().unwrap_or(*line).max(*line);
        let whole = lines[statement.min(*line)..=last].join("\n");
        let unfit = |words: &Words| secret && repeats(words, &whole);
        let sentence = if unfit(&finding.sentence) { words::of_a_secret() } else { finding.sentence.clone() };
        let remedy = if unfit(&finding.remedy) { unsaid(&whole) } else { finding.remedy.clone() };
        let start = self.back(*line, &lines[*line], bytes.start, false);
        let end = self.back(*line, &lines[*line], bytes.end, true).max(start);
        self.slips.push(Slip {
            span: start..end,
            sentence,
            remedy,
            yields: finding.kind == Sureness::Yields,
        });
        for (n, text) in &finding.edits {
            if finding.kind == Sureness::Unsure {
                self.unsure.push(n + 1);
                if text.trim().is_empty() || text.trim_start().starts_with('#') {
                    let lost = lines[*n].clone();
                    self.lose(*n, &lost);
                } else {
                    // A second key on the line goes.
                    let keys = value::later_keys(&lines[*n]);
                    self.lost.extend(keys.into_iter().map(|key| (n + 1, key)));
                }
            }
            lines[*n].clone_from(text);
        }
    }

    fn lose(&mut self, n: usize, line: &str) {
        self.unsure.push(n + 1);
        let key = line.split(['=', ':']).next().unwrap_or_default();
        self.lost.push((n + 1, key.trim().trim_matches(['"', '\'']).to_owned()));
    }

    /// The line and the byte in it of a byte of the mended text.
    fn position(&self, at: usize) -> (usize, usize) {
        let n = self.starts.partition_point(|start| *start <= at).saturating_sub(1);
        (n, at - self.starts[n])
    }

    /// The byte of the text as it was written, for a byte of the mended one.
    pub(super) fn original(&self, at: usize, end: bool) -> usize {
        let (n, byte) = self.position(at.min(self.text.len()));
        let length = self.starts.get(n + 1).map_or(self.text.len(), |next| next - 1) - self.starts[n];
        self.back(n, &self.text[self.starts[n]..self.starts[n] + length], byte, end)
    }

    /// The same for a byte of a line: what was left alone keeps its place, what was changed is one place.
    fn back(&self, n: usize, line: &str, byte: usize, end: bool) -> usize {
        let (Some(original), Some(start)) = (self.original.get(n), self.original_starts.get(n)) else {
            return 0;
        };
        let same = |(a, b): &(u8, u8)| a == b;
        let head = line.bytes().zip(original.bytes()).take_while(same).count();
        let room = line.len().min(original.len()) - head;
        let tail = line.bytes().rev().zip(original.bytes().rev()).take_while(same).take(room).count();
        start
            + if line == original || byte <= head {
                byte.min(original.len())
            } else if byte >= line.len() - tail {
                original.len() - (line.len() - byte.min(line.len()))
            } else if end {
                original.len() - tail
            } else {
                head
            }
    }

    /// Whether one of these keys was lost between a table's head and the next one.
    pub(super) fn has_lost(&self, head: usize, keys: &[&str]) -> bool {
        if self.lost.is_empty() {
            return false;
        }
        let is_head =
            |line: &usize| self.text[self.starts[*line]..].trim_start_matches([' ', '\t']).starts_with('[');
        let next = (head..self.starts.len()).find(is_head).map_or(usize::MAX, |next| next + 1);
        self.lost.iter().any(|(line, lost)| {
            (head..next).contains(line)
                && (keys.contains(&lost.as_str()) || super::meant::key(lost, keys.iter().copied()).is_some())
        })
    }
}

fn starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// What is open at a byte of a line, in a text without errors before it.
fn scan(lines: &[String], n: usize, at: usize) -> Open {
    let mut open = Open { brackets: Vec::new(), text: None, statement: 0 };
    for (number, line) in lines.iter().enumerate().take(n + 1) {
        if open.brackets.is_empty() && open.text.is_none() {
            open.statement = number;
        }
        let until = if number == n { at.min(line.len()) } else { line.len() };
        let mut byte = 0;
        while byte < until {
            let rest = &line[byte..];
            if let Some((_, _, quotes)) = open.text {
                match rest.find(quotes) {
                    Some(found) => {
                        open.text = None;
                        byte += found + quotes.len();
                    }
                    None => byte = line.len(),
                }
                continue;
            }
            let Some(c) = rest.chars().next() else { break };
            let long = ["\"\"\"", "'''"].into_iter().find(|quotes| rest.starts_with(quotes));
            match c {
                '#' => break,
                _ if long.is_some() => {
                    open.text = long.map(|quotes| (number, byte, quotes));
                    byte += 3;
                    continue;
                }
                '"' | '\'' => {
                    byte += value::text_length(rest);
                    continue;
                }
                '[' | '{' => open.brackets.push((number, byte, c)),
                ']' | '}' => {
                    open.brackets.pop();
                }
                _ => {}
            }
            byte += c.len_utf8();
        }
    }
    open
}
