//! What people expect: the lines of expected.txt, whose head explains them, and how they compare with what left.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{NaiveDateTime, TimeDelta};

use crate::moment;

/// A mail that is expected.
#[derive(Debug)]
pub(crate) struct Expected {
    line: usize,
    text: String,
    at: NaiveDateTime,
    tolerance: TimeDelta,
    reader: String,
    keys: Vec<String>,
    /// Keys that may be in the mail or not.
    perhaps: Vec<String>,
}

/// A mail that left.
#[derive(Debug)]
pub(crate) struct Left {
    /// In Paris.
    pub(crate) at: NaiveDateTime,
    pub(crate) reader: String,
    pub(crate) keys: Vec<String>,
    pub(crate) subject: String,
}

impl fmt::Display for Left {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, reader, keys, subject } = self;
        write!(f, "{}  {reader:<8} {}  # {subject}", at.format("%Y-%m-%d %H:%M"), keys.join(" "))
    }
}

/// Reads the list.
pub(crate) fn expected(text: &str) -> Vec<Expected> {
    let lines = text.lines().enumerate().map(|(n, line)| (n + 1, line.split('#').next().unwrap().trim()));
    lines.filter(|(_, line)| !line.is_empty()).map(|(n, line)| read(n, line)).collect()
}

fn read(line: usize, text: &str) -> Expected {
    let mut words = text.split_whitespace();
    let (day, time) = (words.next().unwrap(), words.next().unwrap());
    let (time, tolerance) = time.split_once('~').unwrap_or((time, "0"));
    let reader = words.next().unwrap().to_owned();
    let (perhaps, keys): (Vec<&str>, Vec<&str>) = words.partition(|word| word.starts_with('('));
    assert!(!keys.is_empty(), "line {line}: what does it tell?");
    Expected {
        line,
        text: text.to_owned(),
        at: moment(&format!("{day} {time}")),
        tolerance: TimeDelta::minutes(tolerance.parse().unwrap()),
        reader,
        keys: keys.into_iter().map(str::to_owned).collect(),
        perhaps: perhaps.iter().map(|key| key.trim_matches(['(', ')']).to_owned()).collect(),
    }
}

impl Expected {
    /// Whether it tells this reader these things.
    fn tells(&self, left: &Left) -> bool {
        let mut rest: Vec<&String> = left.keys.iter().collect();
        let mut take = |pattern: &String| {
            let found = rest.iter().position(|key| fits(pattern, key));
            found.map(|at| rest.swap_remove(at)).is_some()
        };
        let all = self.keys.iter().all(&mut take);
        for pattern in &self.perhaps {
            take(pattern);
        }
        self.reader == left.reader && all && rest.is_empty()
    }

    /// Whether it leaves then.
    fn at(&self, at: NaiveDateTime) -> bool {
        (self.at..self.at + self.tolerance + TimeDelta::minutes(1)).contains(&at)
    }
}

/// Whether a key is what a pattern says: `*` is anything without a slash.
fn fits(pattern: &str, key: &str) -> bool {
    let part = |pattern: &str, key: &str| {
        let mut pieces = pattern.split('*');
        let Some(mut rest) = key.strip_prefix(pieces.next().unwrap()) else { return false };
        let mut pieces: Vec<&str> = pieces.collect();
        let Some(last) = pieces.pop() else { return rest.is_empty() };
        for piece in pieces {
            let Some((_, after)) = rest.split_once(piece) else { return false };
            rest = after;
        }
        rest.ends_with(last)
    };
    let (pattern, key): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), key.split('/').collect());
    pattern.len() == key.len() && pattern.iter().zip(key).all(|(pattern, key)| part(pattern, key))
}

/// The difference, in the order of time, for a person to read; empty when there is none.
pub(crate) fn compare(expected: &[Expected], left: &[Left]) -> String {
    let mut unmet: Vec<Option<&Expected>> = expected.iter().map(Some).collect();
    let mut surprising: Vec<Option<&Left>> = left.iter().map(Some).collect();
    // First what is as it should be, then what tells the same at another time.
    for expected in &mut unmet {
        let found = surprising.iter_mut().find(|left| {
            left.is_some_and(|left| {
                expected.is_some_and(|expected| expected.tells(left) && expected.at(left.at))
            })
        });
        if let Some(found) = found {
            (*expected, *found) = (None, None);
        }
    }
    let mut lines: BTreeMap<(NaiveDateTime, usize), String> = BTreeMap::new();
    for (n, expected) in unmet.iter().enumerate().filter_map(|(n, expected)| Some((n, (*expected)?))) {
        let near = |left: &Left| expected.tells(left) && (left.at - expected.at).abs() <= TimeDelta::days(3);
        let found = surprising.iter_mut().find(|left| left.is_some_and(near));
        let instead = match found.and_then(Option::take) {
            Some(left) => format!("\n             left {} instead", left.at.format("%Y-%m-%d %H:%M:%S")),
            None => String::new(),
        };
        lines.insert(
            (expected.at, n),
            format!("missing      {}  (line {}){instead}", expected.text, expected.line),
        );
    }
    let from = expected.len();
    for (n, left) in surprising.iter().flatten().enumerate() {
        lines.insert((left.at, from + n), format!("surprising   {left}"));
    }
    lines.into_values().collect::<Vec<_>>().join("\n")
}

#[test]
fn the_comparison_bites() {
    let list = "2026-03-13 13:40~15 lou a/end/2026-04-01/-7d/lou (~change/a/end/*/lou) # why\n# no\n";
    let left = |at: &str, keys: &[&str]| Left {
        at: moment(at),
        reader: "lou".into(),
        keys: keys.iter().map(|key| (*key).to_owned()).collect(),
        subject: "s".into(),
    };
    let against = |left: Vec<Left>| compare(&expected(list), &left);
    let key = "a/end/2026-04-01/-7d/lou";
    assert_eq!(against(vec![left("2026-03-13 13:55", &[key])]), "");
    assert_eq!(against(vec![left("2026-03-13 13:40", &["~change/a/end/3/lou", key])]), "");
    for (wrong, words) in [
        (vec![], "missing"),
        (vec![left("2026-03-13 13:56", &[key])], "instead"),
        (vec![left("2026-03-13 13:39", &[key])], "instead"),
        (vec![left("2026-03-13 13:40", &[key]), left("2026-03-13 13:41", &[key])], "surprising"),
        (vec![left("2026-03-13 13:40", &[key, "b/end/2026-04-01/-7d/lou"])], "surprising"),
        (vec![left("2026-03-13 13:40", &["~change/a/end/3/lou"])], "missing"),
    ] {
        let found = against(wrong);
        assert!(found.contains(words), "{found}");
    }
    assert!(fits("~operator/file-ecole*/*/healed", "~operator/file-ecole.toml/2/healed"));
    assert!(!fits("~operator/file-ecole*/*", "~operator/file-ecole.toml/2/healed"));
    assert!(!fits("~change/a/end/*/lou", "~change/a/end/3/camille"));
}
