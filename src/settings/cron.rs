//! Pure. `digest`: a cron line, and what is wrong with one.

use crate::calendar::recurrence::{Recurrence, Unfit};
use crate::calendar::walk::{At, Source};
use crate::diagnostic::{Words, say};

/// Days and months as people write them who think in French, by their beginnings, and as cron lines have them.
const NAMES: [(&str, &str); 20] = [
    ("lun", "Mon"),
    ("mar", "Tue"),
    ("mer", "Wed"),
    ("jeu", "Thu"),
    ("ven", "Fri"),
    ("sam", "Sat"),
    ("dim", "Sun"),
    ("jan", "Jan"),
    ("fév", "Feb"),
    ("fev", "Feb"),
    ("avr", "Apr"),
    ("mai", "May"),
    ("juin", "Jun"),
    ("juil", "Jul"),
    ("août", "Aug"),
    ("aout", "Aug"),
    ("sep", "Sep"),
    ("oct", "Oct"),
    ("nov", "Nov"),
    ("déc", "Dec"),
];

/// A cron line that comes.
pub(super) fn recurrence(source: &Source<'_>, line: &At<String>) -> Option<Recurrence> {
    let text = line.get_ref();
    let (code, (sentence, remedy)) = match Recurrence::parse(text) {
        Ok(recurrence) => return Some(recurrence),
        Err(Unfit::Malformed) => ("wrong-cron", malformed(text)),
        Err(Unfit::Never) => (
            "never-comes",
            (
                say(
                    format!("« {text} » ne vient jamais\u{a0}: aucune année n'a ce jour"),
                    format!("\"{text}\" never comes: no year has such a day"),
                ),
                say(
                    "vérifiez le jour et le mois\u{a0}; \"0 8 L * *\" est le dernier jour de chaque mois",
                    "check the day and the month; \"0 8 L * *\" is the last day of each month",
                ),
            ),
        ),
    };
    source.error(&line.span(), code, sentence, Some(remedy));
    None
}

/// What is wrong with a line that is no cron line, and what to write.
fn malformed(text: &str) -> (Words, Words) {
    let example = say("écrivez par exemple \"0 8 * * Mon\"", "write for instance \"0 8 * * Mon\"");
    let fields: Vec<&str> = text.split_whitespace().collect();
    let count = fields.len();
    if count != 5 {
        return (
            say(
                format!(
                    "une ligne cron a cinq champs (minute, heure, jour, mois, jour de la semaine), celle-ci en a {count}"
                ),
                format!(
                    "a cron line has five fields (minute, hour, day, month, day of the week), this one has {count}"
                ),
            ),
            example,
        );
    }
    let with = |n: usize, field: &str| {
        let mut fields = fields.clone();
        fields[n] = field;
        fields.join(" ")
    };
    // The field that is wrong is the one without which the line is right.
    let wrong = (0..count).find(|n| !matches!(Recurrence::parse(&with(*n, "*")), Err(Unfit::Malformed)));
    let field = wrong.map_or(text, |n| fields[n]);
    let mended = fields.iter().enumerate().map(|(n, field)| in_cron(n, field)).collect::<Vec<_>>().join(" ");
    let remedy = if Recurrence::parse(&mended).is_ok() {
        say(format!("écrivez \"{mended}\""), format!("write \"{mended}\""))
    } else {
        example
    };
    (
        say(
            format!("« {field} » n'est pas compris dans cette ligne cron"),
            format!("\"{field}\" is not understood in this cron line"),
        ),
        remedy,
    )
}

/// A field, its French names of days and months in the English of cron lines.
fn in_cron(n: usize, field: &str) -> String {
    let names = match n {
        3 => &NAMES[7..],
        4 => &NAMES[..7],
        _ => return field.to_owned(),
    };
    let english = |word: &str| {
        let lower = word.to_lowercase();
        let found = names.iter().find(|(start, _)| lower.starts_with(start));
        let march = n == 3 && lower.starts_with("mar");
        found.map_or_else(|| if march { "Mar" } else { word }.to_owned(), |(_, name)| (*name).to_owned())
    };
    let mut mended = String::new();
    let mut rest = field;
    while let Some(first) = rest.chars().next() {
        let is_word = first.is_alphabetic();
        let end = rest.find(|c: char| c.is_alphabetic() != is_word).unwrap_or(rest.len());
        mended += &if is_word { english(&rest[..end]) } else { rest[..end].to_owned() };
        rest = &rest[end..];
    }
    mended
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_cron_line_is_named() {
        for (line, sentence, remedy) in [
            ("0 8 * * lun", "\"lun\"", "write \"0 8 * * Mon\""),
            ("0 8 * * lundi,jeudi", "\"lundi,jeudi\"", "write \"0 8 * * Mon,Thu\""),
            ("0 8 1 mars *", "\"mars\"", "write \"0 8 1 Mar *\""),
            ("0 25 * * Mon", "\"25\"", "for instance"),
            ("0 8 * *", "this one has 4", "for instance"),
            ("8h le lundi", "this one has 3", "for instance"),
            ("@daily", "this one has 1", "for instance"),
        ] {
            let (said, write) = malformed(line);
            assert!(said.en.contains(sentence), "{line}: {said:?}");
            assert!(write.en.contains(remedy), "{line}: {write:?}");
        }
    }
}
