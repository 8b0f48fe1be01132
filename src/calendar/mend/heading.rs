//! Pure. What is wrong with a heading in brackets, or with a key or a heading that is there twice.

use std::ops::Range;

use super::super::meant;
use super::line::{comment_mark, content};
use super::words::{self, Said};
use super::{Finding, Sureness, value};
use crate::diagnostic::{say, speaks_of_a_secret};

/// `[table]` or `[[table]]`.
pub(super) fn table(lines: &[String], n: usize, message: &str) -> Finding {
    let line = &lines[n];
    let code = value::code(line);
    let trimmed = code.trim();
    let mark = content(code);
    let with = |text: String, mark: Range<usize>, said: Said, kind| Finding {
        edits: vec![(n, text)],
        mark: (n, mark),
        sentence: said.0,
        remedy: said.1,
        kind,
    };
    let opening = trimmed.len() - trimmed.trim_start_matches('[').len();
    let inner = trimmed[opening..].split(']').next().unwrap_or_default();
    let closing = trimmed[opening + inner.len()..].len()
        - trimmed[opening + inner.len()..].trim_start_matches(']').len();
    let rest = trimmed[opening + inner.len() + closing..].trim();
    let name = inner.trim();
    if message.contains("duplicate key") || message.starts_with("cannot extend") {
        return twice(lines, n, name, opening);
    }
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_.\"'".contains(c);
    let (open, close) = if opening > 1 { ("[[", "]]") } else { ("[", "]") };
    // `[deadline until = …`: what follows the name is not part of it.
    if closing == 0 && name.contains('=') {
        let (head, after) = name.split_once(char::is_whitespace).unwrap_or((name, ""));
        return with(
            format!("{open}{head}{close}"),
            mark,
            (words::both(words::table_brackets()), words::write(&format!("{open}{head}{close}"))),
            if after.is_empty() { Sureness::Sure } else { Sureness::Unsure },
        );
    }
    if !name.is_empty() && !name.chars().all(bare) {
        let wanted: Vec<String> = name.split('.').map(|part| quoted_key(part.trim())).collect();
        let text = format!("{open}{}{close}", wanted.join("."));
        return with(text, mark, key_form(name), Sureness::Yields);
    }
    if name.is_empty() || name.ends_with('.') || name.starts_with('.') {
        return with(format!("#{line}"), mark, words::not_toml(), Sureness::Unsure);
    }
    if closing != opening || opening > 2 {
        let count = if opening.max(closing) >= 2 { 2 } else { 1 };
        let shown = meant::shown(name.split('.').next().unwrap_or(name)).filter(|_| !name.contains('.'));
        let wanted = shown.unwrap_or_else(|| format!("{}{name}{}", &"[["[..count], &"]]"[..count]));
        return with(
            wanted.clone(),
            mark,
            (words::both(words::table_brackets()), words::write(&wanted)),
            Sureness::Sure,
        );
    }
    if !rest.is_empty() && !rest.contains(char::is_alphanumeric) {
        let from = line.find(rest).unwrap_or(mark.start);
        let wanted = format!("{open}{name}{close}");
        let said = (words::both(words::something_after()), words::write(&wanted));
        return with(wanted, from..from + rest.len(), said, Sureness::Sure);
    }
    if !rest.is_empty() && !rest.contains(['=', ':']) && comment_mark(rest).is_none() {
        let from = line.find(rest).unwrap_or(mark.start);
        let wanted = format!("{open}{name}{close}");
        let said = words::beside_a_table(&wanted, rest, speaks_of_a_secret(line));
        return with(wanted, from..from + rest.len(), said, Sureness::Sure);
    }
    if !rest.is_empty() {
        let secret = speaks_of_a_secret(line);
        if let Some(comment) = comment_mark(rest) {
            let text = line.replacen(comment, "#", 1);
            let start = line.len() - line.trim_start().len();
            return with(
                text,
                start..mark.end,
                (words::both(words::comment()), words::both(words::comment())),
                Sureness::Sure,
            );
        }
        let from = line.find(rest).unwrap_or(mark.start);
        let kind = if rest.contains('=') { Sureness::Unsure } else { Sureness::Sure };
        return with(
            format!("{open}{name}{close}"),
            from..from + rest.len(),
            words::after_a_table(rest, secret),
            kind,
        );
    }
    with(format!("#{line}"), mark, words::fallback(), Sureness::Unsure)
}

pub(super) fn quoted_key(key: &str) -> String {
    if key.starts_with(['"', '\'']) || key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return key.to_owned();
    }
    value::quote(key)
}

pub(super) fn key_form(key: &str) -> Said {
    (
        say(format!("« {key} » ne peut pas être une clé"), format!("`{key}` cannot be a key")),
        say(
            "une clé s'écrit sans accent ni espace, par exemple time_zone",
            "a key has neither accents nor spaces: time_zone, for instance",
        ),
    )
}

/// A key or a table that is there already.
pub(super) fn twice(lines: &[String], n: usize, name: &str, brackets: usize) -> Finding {
    let line = &lines[n];
    let mark = content(value::code(line));
    let plain = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    if brackets > 0 {
        let head = |line: &&String| {
            let code = value::code(line).trim();
            code.starts_with('[') && plain(code.trim_matches(['[', ']', ' '])) == plain(name)
        };
        let first = lines[..n].iter().position(|line| head(&line));
        let several = matches!(name, "interview" | "milestone" | "remind");
        let said = words::table_twice(name, first.map(|first| first + 1));
        let mut edits = Vec::new();
        let kind = if let Some(first) = first.filter(|_| several) {
            let all = lines.iter().enumerate().skip(first).filter(|(_, line)| head(line));
            edits.extend(all.map(|(n, _)| (n, format!("[[{name}]]"))));
            Sureness::Sure
        } else {
            // Under a name of its own, what it holds is left in peace.
            edits.push((n, format!("[{name}{n}_twice]")));
            Sureness::Unsure
        };
        return Finding { edits, mark: (n, mark), sentence: said.0, remedy: said.1, kind };
    }
    let head =
        lines[..n].iter().rposition(|line| line.trim_start().starts_with('[')).map_or(0, |head| head + 1);
    let same = |line: &String| line.split_once('=').is_some_and(|(key, _)| plain(key) == plain(name));
    let first = lines[head..n].iter().position(same).map(|first| head + first + 1);
    let said = words::key_twice(name, first);
    let text = line.replacen(name.trim(), &value::quote(&format!("{}{n}_twice", plain(name))), 1);
    let end = mark.start + name.trim().len();
    Finding {
        edits: vec![(n, text)],
        mark: (n, mark.start..end),
        sentence: said.0,
        remedy: said.1,
        kind: Sureness::Unsure,
    }
}
