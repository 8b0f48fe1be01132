//! Tables for people: columns as wide as their widest cell.

/// Lays rows out under a head; two spaces between columns, none at the end of a line.
#[must_use]
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |n: usize| {
        rows.iter()
            .filter_map(|row| row.get(n))
            .map(|cell| cell.chars().count())
            .chain([head[n].chars().count()])
            .max()
    };
    let widths: Vec<usize> = (0..head.len()).filter_map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(head.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["été".to_owned(), "x".to_owned()], vec!["a".to_owned(), String::new()]];
        assert_eq!(super::table(&["N", "date"], &rows), "N    date\nété  x\na\n");
    }
}
