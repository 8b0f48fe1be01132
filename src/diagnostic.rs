//! Pure. What is wrong with a file, and the one way it is said.
//!
//! A [`Problem`] carries its file, its place, one plain sentence and a remedy, in French and in English.
//! Every room to the right reports trouble with a user's file as a `Problem`; nobody prints one by hand.
//! No I/O here: whoever found the problem hands over the text in which it stands.

mod secret;

pub use secret::{
    begins_a_statement, fit_to_show, looks_like_a_host, looks_like_a_path, repeats, speaks_of_a_secret,
    unsaid,
};

use std::fmt;
use std::ops::Range;

/// A language that jalon speaks to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// French, the first language of the house.
    #[default]
    French,
    /// English.
    English,
}

impl Language {
    /// Every language, in the order in which they are listed to people.
    pub const ALL: [Self; 2] = [Self::French, Self::English];

    /// The two-letter code (ISO 639-1), also the name of the folder of templates.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::French => "fr",
            Self::English => "en",
        }
    }

    /// The language of a two-letter code, or of a locale such as `fr_FR.UTF-8`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.split(['_', '-', '.']).next().unwrap_or_default() {
            "fr" => Some(Self::French),
            "en" => Some(Self::English),
            _ => None,
        }
    }
}

/// One sentence in every language of the house.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// French, with its no-break spaces.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The sentence in one language.
    #[must_use]
    pub fn say(&self, language: Language) -> &str {
        match language {
            Language::French => &self.fr,
            Language::English => &self.en,
        }
    }
}

/// A sentence in French and in English.
pub fn say(fr: impl Into<String>, en: impl Into<String>) -> Words {
    Words { fr: fr.into(), en: en.into() }
}

/// Whether a problem stops the file from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file is not used as it is.
    Error,
    /// The file is used; somebody should look at it.
    Warning,
}

/// Every warning that can be accepted, by its code, in the order in which a posting is thought through.
pub const WARNINGS: &[&str] = &[
    "past",
    "interview-before-deadline",
    "start-before-deadline",
    "start-before-interview",
    "end-before-start",
    "day-off",
    "weekday",
    "candidate-named",
    "hour-skipped",
    "two-at-once",
    "no-late-reminder",
    "due-too-late",
    "no-worked-day",
    "rule-twice",
    "empty-rule",
    "date-twice",
    "hidden-character",
    "same-posting",
    "not-a-posting",
    "nobody-there",
    "alone",
    "over-rate",
    "beyond-ascii",
    "zone-differs",
    "password-login",
    "plain-heartbeat",
    "no-operator",
    "no-digest",
    "shared-address",
    "dotless-address",
];

/// The longest line that is shown, in characters: a longer one helps nobody.
const LONGEST_LINE: usize = 300;

/// Where in a file: line and column count from 1, the column in characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// How many characters to underline, at least 1, on this line.
    pub width: usize,
    /// The line itself; empty where it is too long, or where showing it would give a secret away.
    pub text: String,
}

impl Place {
    /// The place of a byte range in a text. A range outside the text is brought inside it.
    #[must_use]
    pub fn of(source: &str, span: &Range<usize>) -> Self {
        let start = floor_boundary(source, span.start);
        let end = floor_boundary(source, span.end.max(start));
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source[start..].find('\n').map_or(source.len(), |at| start + at);
        let on_line = source[start..end.min(line_end).max(start)].trim_end_matches('\r');
        Self {
            line: source[..line_start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            width: on_line.chars().count().clamp(1, LONGEST_LINE),
            text: Some(source[line_start..line_end].trim_end_matches('\r'))
                .filter(|line| line.chars().count() <= LONGEST_LINE)
                .unwrap_or_default()
                .to_owned(),
        }
    }
}

fn floor_boundary(source: &str, at: usize) -> usize {
    (0..=at.min(source.len())).rev().find(|at| source.is_char_boundary(*at)).unwrap_or(0)
}

/// One thing wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// A stable name for this kind of problem, such as `unknown-key`.
    pub code: &'static str,
    /// The file, as its reader named it.
    pub file: String,
    /// Where in the file, when it is about one place.
    pub place: Option<Place>,
    /// What is wrong, naming the object and its value.
    pub sentence: Words,
    /// What to do about it.
    pub remedy: Option<Words>,
}

impl Problem {
    /// An error about a whole file.
    pub fn error(code: &'static str, file: impl Into<String>, sentence: Words) -> Self {
        Self { severity: Severity::Error, code, file: file.into(), place: None, sentence, remedy: None }
    }

    /// A warning about a whole file.
    pub fn warning(code: &'static str, file: impl Into<String>, sentence: Words) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, file, sentence) }
    }

    /// The same, at a place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// The same, its whole line shown and underlined, in the text of its file; the line of a secret is not shown.
    #[must_use]
    pub fn in_its_text(mut self, source: &str) -> Self {
        let Some(place) = self.place.as_mut().filter(|place| place.text.is_empty()) else { return self };
        let lines: Vec<&str> = source.lines().take(place.line).collect();
        let Some(line) = lines.get(place.line - 1).filter(|line| !line.trim().is_empty()) else {
            return self;
        };
        match fit_to_show(lines.iter().rev().copied()) {
            Some(line) => {
                let start = line.len() - line.trim_start().len();
                *place = Place { line: place.line, ..Place::of(line, &(start..line.trim_end().len())) };
                self
            }
            None => self.discreet(line),
        }
    }

    /// The same, with a remedy.
    #[must_use]
    pub fn remedy(mut self, remedy: Words) -> Self {
        self.remedy = Some(remedy);
        self
    }

    /// The problem as a person reads it, in one language.
    #[must_use]
    pub fn show(&self, language: Language) -> String {
        printable(&Shown { problem: self, language }.to_string())
    }
}

/// True when at least one of these is an error.
#[must_use]
pub fn any_error(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.severity == Severity::Error)
}

struct Shown<'a> {
    problem: &'a Problem,
    language: Language,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { problem, language } = *self;
        let word = match (language, problem.severity) {
            (Language::French, Severity::Error) => "erreur\u{a0}:",
            (Language::French, Severity::Warning) => "avertissement\u{a0}:",
            (Language::English, Severity::Error) => "error:",
            (Language::English, Severity::Warning) => "warning:",
        };
        writeln!(f, "{word} {}", problem.sentence.say(language))?;
        let margin = problem.place.as_ref().map_or(1, |place| place.line.to_string().len());
        let blank = " ".repeat(margin);
        match &problem.place {
            None => writeln!(f, "{blank}--> {}", problem.file)?,
            Some(place) => {
                writeln!(f, "{blank}--> {}:{}:{}", problem.file, place.line, place.column)?;
                if !place.text.is_empty() {
                    // Tabs keep their width under the line, so the underline stands where the eye looks.
                    let lead: String = place
                        .text
                        .chars()
                        .take(place.column - 1)
                        .map(|c| if c == '\t' { '\t' } else { ' ' })
                        .collect();
                    writeln!(f, "{blank} |")?;
                    writeln!(f, "{} | {}", place.line, place.text)?;
                    writeln!(f, "{blank} | {lead}{}", "^".repeat(place.width))?;
                }
            }
        }
        if let Some(remedy) = &problem.remedy {
            writeln!(f, "{blank} = {}", remedy.say(language))?;
        }
        if problem.severity == Severity::Warning && WARNINGS.contains(&problem.code) {
            let accept = format!("accept = [\"{}\"]", problem.code);
            // What is not read cannot say that it is meant so.
            let (fr, en) = match problem.code {
                "not-a-posting" => ("de jalon.toml", "of jalon.toml"),
                _ => ("du fichier", "of the file"),
            };
            match language {
                Language::French => {
                    writeln!(f, "{blank} = si c'est voulu, en haut {fr}\u{a0}: {accept}")?;
                }
                Language::English => {
                    writeln!(f, "{blank} = if it is meant, at the top {en}: {accept}")?;
                }
            }
        }
        Ok(())
    }
}

/// A character that may not stand in a name, a subject or a terminal line: a control character other than
/// the tab, or one that turns the direction of writing (Unicode TR #9, "Trojan Source").
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{2028}' | '\u{2029}')
}

/// A character that nobody sees and that makes a name another one: such a text looks good, and is found nowhere.
/// (Joiners, of which emoji and scripts are made, are none.)
#[must_use]
pub fn is_invisible(c: char) -> bool {
    is_unsafe(c)
        || matches!(c,
            '\u{ad}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
            | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{ffa0}' | '\u{e0000}'..='\u{e007f}')
}

/// What an invisible character is called, in French and in English.
#[must_use]
pub fn name_of(c: char) -> (String, String) {
    let (fr, en) = match c {
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ("retour à la ligne", "line break"),
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            ("sens d'écriture", "direction of writing")
        }
        '\u{feff}' => ("marque de début de fichier", "byte order mark"),
        '\u{ad}' => ("césure", "soft hyphen"),
        '\u{200b}' => ("espace de largeur nulle", "zero-width space"),
        '\u{2060}' => ("gluon", "word joiner"),
        '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' => ("lettre coréenne vide", "Hangul filler"),
        '\u{e0000}'..='\u{e007f}' => ("étiquette", "tag"),
        _ => {
            let code = format!("U+{:04X}", u32::from(c));
            return (code.clone(), code);
        }
    };
    let code = u32::from(c);
    (format!("U+{code:04X}, {fr}"), format!("U+{code:04X}, {en}"))
}

/// A text fit for a terminal: names of files and people may hold what would move the cursor or turn the writing
/// round.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if is_invisible(c) && c != '\n' { '\u{fffd}' } else { c }).collect()
}

/// The name nearest to `wanted`, when one is near enough to be what was meant.
pub fn nearest<'a>(wanted: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&wanted.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= (name.chars().count().max(wanted.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_file_place_sentence_and_remedy() {
        let source = "title = \"Été\"\n\trecruteurs = [\"camille\"]\r\n";
        let start = source.find("recruteurs").unwrap();
        let problem = Problem::error("unknown-key", "postings/x.toml", say("clé inconnue", "unknown key"))
            .at(Place::of(source, &(start..start + 10)))
            .remedy(say("écrivez « recruiters »", "write \"recruiters\""));
        assert_eq!(
            problem.show(Language::English),
            "error: unknown key\n --> postings/x.toml:2:2\n  |\n2 | \trecruteurs = [\"camille\"]\n  | \t^^^^^^^^^^\n  = write \"recruiters\"\n"
        );
    }

    #[test]
    fn a_place_never_leaves_its_text() {
        for (source, span) in [("", 5..9), ("é", 1..2), ("a\n", 2..2), ("a\nb", 0..3)] {
            let place = Place::of(source, &span);
            assert!(place.line >= 1 && place.column >= 1 && place.width >= 1);
        }
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("recruteurs", ["recruiters", "status"]), Some("recruiters"));
        assert_eq!(nearest("camile", ["camille", "sacha"]), Some("camille"));
        assert_eq!(nearest("zzz", ["camille", "sacha"]), None);
    }
}
