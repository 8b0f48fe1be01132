//! What the reader promises of every text, good or bad.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::time::{Duration, Instant};

use jalon::calendar::read::posting;
use jalon::diagnostic::{Problem, any_error};
use jalon::settings::read::settings;

/// A posting that says all that can be said, and nothing that would go without saying.
pub const RICH_POSTING: &str = include_str!("rich-posting.toml");

/// A jalon.toml that says all that can be said, and nothing that would go without saying.
pub const RICH_JALON: &str = include_str!("rich-jalon.toml");

/// What a text was read as, without the lines that it stands on; and what is wrong with it.
fn read(name: &str, text: &str) -> (Option<String>, Vec<Problem>) {
    if name.starts_with("jalon") {
        let (settings, problems) = settings("jalon.toml", text);
        return (settings.map(|settings| format!("{settings:?}")), problems);
    }
    let house = settings("jalon.toml", RICH_JALON).0.unwrap().house;
    let read = posting("p.toml", "p", text, &house);
    (read.posting.map(|posting| format!("{posting:?}")), read.problems)
}

/// Reads a text and holds the reader to its promises: it does not panic; it ends quickly; a text that is refused is
/// refused with a place; places are in the text and show its lines; and no key of a text that is accepted goes for
/// nothing. Says whether the text is accepted.
pub fn keep(name: &str, text: &str) -> bool {
    let begun = Instant::now();
    let (usable, problems) = read(name, text);
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}:\n{text}", begun.elapsed());
    assert_eq!(usable.is_none(), any_error(&problems), "{text}\n{problems:?}");
    for problem in &problems {
        let place = problem.place.as_ref().unwrap_or_else(|| panic!("no place: {problem:?}"));
        let lines: Vec<&str> = text.split('\n').map(|line| line.trim_end_matches('\r')).collect();
        let line = lines.get(place.line - 1).unwrap_or_else(|| panic!("no such line: {problem:?}\n{text}"));
        assert!(place.column <= line.chars().count() + 1, "beyond the line: {problem:?}\n{text}");
        assert!((1..=300).contains(&place.width), "{problem:?}");
        let last = place.column - 1 + place.width;
        assert!(last <= line.chars().count().max(place.column), "beyond the line: {problem:?}\n{text}");
        // Under [smtp], a comment may hold a secret: it is not shown.
        let comment = line.strip_prefix(place.text.as_str()).map(str::trim_start);
        let shown = comment.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
        assert!(place.text.is_empty() || shown, "another line: {problem:?}\n{text}");
        assert!(problem.remedy.is_some(), "no remedy: {problem:?}");
    }
    if let Some(read_as) = &usable {
        nothing_is_lost(name, text, read_as, &problems);
    }
    usable.is_some()
}

/// A line `key = value` of an accepted text that could as well be empty was ignored.
fn nothing_is_lost(name: &str, text: &str, read_as: &str, problems: &[Problem]) {
    let lines: Vec<&str> = text.split('\n').collect();
    for (n, line) in lines.iter().enumerate() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let key = key.trim();
        if key.is_empty()
            || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            || goes_without_saying(key, value)
        {
            continue;
        }
        let mut without = lines.clone();
        without[n] = "";
        let (other, found) = read(name, &without.join("\n"));
        assert!(
            other.as_deref() != Some(read_as) || found != problems,
            "line {} goes for nothing: {line}\n{text}",
            n + 1
        );
    }
}

/// What would be so without being written.
fn goes_without_saying(key: &str, value: &str) -> bool {
    // Blanks within quotes go for nothing as well.
    let value: String = value.split('#').next().unwrap_or_default().split_whitespace().collect();
    let same = [
        ("language", "\"fr\""),
        ("status", "\"open\""),
        ("holidays", "\"FR\""),
        ("postings", "\"postings\""),
        ("keep", "\"400d\""),
        ("late_limit", "\"3d\""),
        ("in_doubt", "\"resend\""),
        ("hours", "\"07:00-21:00\""),
        ("time_zone", "\"Europe/Paris\""),
        ("digest_of", "\"own\""),
    ];
    same.contains(&(key, value.as_str())) || matches!(value.as_str(), "[]" | "false" | "true" | "\"\"")
}
