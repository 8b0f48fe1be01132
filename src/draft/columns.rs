//! Pure. Tables: a date under a heading that names what it is for, whether columns are kept by bars or by blanks.

use std::ops::Range;

use super::cues::{Hit, Topic};
use super::roles::Scene;

/// A cell of a line: its columns, in characters, and its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cell {
    columns: Range<usize>,
    bytes: Range<usize>,
}

/// How many lines a row may stand below its headings, and the longest line that is a row, in bytes.
const BELOW: usize = 8;
const LONGEST: usize = 600;

/// The cells of a line: between bars, tabs, or three blanks.
fn cells(text: &str, line: Range<usize>) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    let mut blanks = 3;
    for (column, (at, c)) in text[line.clone()].char_indices().enumerate() {
        let at = line.start + at;
        match c {
            '|' | '\t' => blanks = 3,
            c if c.is_whitespace() => blanks += 1,
            _ => {
                let end = at + c.len_utf8();
                match cells.last_mut().filter(|_| blanks < 3) {
                    Some(cell) => {
                        cell.columns.end = column + 1;
                        cell.bytes.end = end;
                    }
                    None => cells.push(Cell { columns: column..column + 1, bytes: at..end }),
                }
                blanks = 0;
            }
        }
    }
    cells
}

/// What the heading of its column says of a date.
pub(super) fn heading(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    of_table(scene, at).or_else(|| above(scene, at))
}

/// How many lines a label may stand above its date in the same column, and by how many characters they may be apart.
const NEAR: usize = 3;
const APART: usize = 2;

/// What the cell above a date says, where the text stands in columns side by side.
fn above(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let (words, first) = (scene.words, scene.words.get(scene.expressions[at].from));
    let line = words.lines.get(first.line)?.clone();
    let row = if line.len() > LONGEST { Vec::new() } else { cells(words.text, line) };
    let place =
        row.iter().position(|cell| cell.bytes.contains(&first.span.start)).filter(|place| *place > 0)?;
    let names = |hit: &Hit| matches!(hit.topic, Topic::Closing | Topic::Interviewing);
    // « Clôture    15 mai » is a row, whatever stands above.
    if said(scene, &row[place]).is_some() || said(scene, &row[place - 1]).as_ref().is_some_and(names) {
        return None;
    }
    for other in (first.line.saturating_sub(NEAR)..first.line).rev() {
        let span = words.lines.get(other)?.clone();
        if span.len() > LONGEST {
            return None;
        }
        let same = |cell: &Cell| cell.columns.start.abs_diff(row[place].columns.start) <= APART;
        let Some(cell) = cells(words.text, span).into_iter().find(same) else { continue };
        if let Some(hit) = said(scene, &cell) {
            return Some((hit, 20)).filter(|(hit, _)| names(hit));
        }
    }
    None
}

/// What the heading says that the row of a table stands under.
fn of_table(scene: &Scene<'_>, at: usize) -> Option<(Hit, i32)> {
    let (words, expression) = (scene.words, &scene.expressions[at]);
    let first = words.get(expression.from);
    let line = words.lines.get(first.line)?.clone();
    if line.len() > LONGEST {
        return None;
    }
    words.looked(line.len());
    let row = cells(words.text, line);
    let place = row.iter().position(|cell| cell.bytes.contains(&first.span.start))?;
    // A row that says itself what it is about has no need of headings.
    if row.len() < 2 || row.iter().any(|cell| said(scene, cell).is_some()) {
        return None;
    }
    let above = (first.line.saturating_sub(BELOW)..first.line).rev();
    for other in above {
        let span = words.lines.get(other)?.clone();
        if span.len() > LONGEST {
            return None;
        }
        words.looked(span.len());
        let headings = cells(words.text, span);
        if headings.is_empty()
            || headings.iter().all(|cell| words.text[cell.bytes.clone()].chars().all(|c| "-=:_ ".contains(c)))
        {
            continue;
        }
        let saying = headings.iter().filter(|cell| said(scene, cell).is_some()).count();
        if saying < 2 {
            // Another row of the same table, perhaps.
            if headings.len() == row.len() {
                continue;
            }
            return None;
        }
        let distance = |cell: &Cell| cell.columns.start.abs_diff(row[place].columns.start);
        let heading = if headings.len() == row.len() {
            headings.get(place)
        } else {
            headings.iter().min_by_key(|cell| distance(cell))
        };
        return heading.and_then(|cell| said(scene, cell)).map(|hit| (hit, 20));
    }
    None
}

/// The surest cue in a cell.
fn said(scene: &Scene<'_>, cell: &Cell) -> Option<Hit> {
    let start = |hit: &Hit| scene.words.get(hit.from).span.start;
    let first = scene.hits.partition_point(|hit| start(hit) < cell.bytes.start);
    scene.hits[first..]
        .iter()
        .take_while(|hit| start(hit) < cell.bytes.end)
        .max_by_key(|hit| hit.weight)
        .copied()
}
