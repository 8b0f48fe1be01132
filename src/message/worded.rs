//! Pure. The words that reminders and notices share: what an event is called, when it is, and for whom; and what
//! makes the texts of postings safe to print.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::moment::Shown;
use super::tongue::{Tense, Tongue};
use crate::calendar::{Kind, Zone};
use crate::diagnostic::is_unsafe;

/// For whom words are found, and when.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    /// The language they read.
    pub tongue: &'a dyn Tongue,
    /// The zone in which they live.
    pub zone: Zone,
    /// When the mail is written.
    pub now: DateTime<Utc>,
}

impl Reader<'_> {
    /// An instant in full, on the reader's clock: « dimanche 21 juin 2026 à 9 h, heure de Paris ».
    pub(super) fn instant(&self, at: DateTime<Utc>) -> String {
        format!("{}, {}", self.tongue.starts(&[self.zone.local(at)]), self.tongue.zone(self.zone))
    }

    /// An instant in short, on the reader's clock: « dimanche 21 juin à 9 h ».
    pub(super) fn short(&self, at: DateTime<Utc>) -> String {
        let local = self.zone.local(at);
        self.tongue.short(local.date(), Some(local.time()), self.other_year(local.date()))
    }

    /// Whether the year of a date has to be said.
    pub(super) fn other_year(&self, day: NaiveDate) -> bool {
        day.year() != self.zone.local(self.now).year()
    }

    /// The sentence that says in whose place the reader receives something: once for several people, and
    /// otherwise when the reader receives it for themselves too.
    pub(super) fn absent<'a>(&self, readers: impl Iterator<Item = Option<&'a str>>) -> Option<String> {
        let (names, own) = absentees(readers);
        (!names.is_empty()).then(|| self.tongue.absent(&names, own))
    }
}

/// Who is absent, each once, in the order of the alphabet; and whether something is the reader's own.
pub(super) fn absentees<'a>(readers: impl Iterator<Item = Option<&'a str>>) -> (Vec<String>, bool) {
    let mut names = Vec::new();
    let mut own = false;
    for absent in readers {
        match absent.and_then(line) {
            Some(name) => names.push(name),
            None => own = true,
        }
    }
    names.sort();
    names.dedup();
    (names, own)
}

/// What an event is called.
pub(super) struct Noun {
    /// What kind of event it is.
    pub kind: Kind,
    /// Whether it stands for several.
    pub several: bool,
    /// At the beginning of a sentence: « Entretien « Premier tour » ».
    pub first: String,
    /// Further on: « entretien « Premier tour » ».
    pub inside: String,
}

impl Noun {
    pub(super) fn of(kind: Kind, name: Option<&str>, several: bool, tongue: &dyn Tongue) -> Self {
        let what = tongue.what(kind, Tense::Vague, several);
        let inside = tongue.inside(kind, several);
        let (first, inside) = match name.and_then(line) {
            Some(name) if kind == Kind::Milestone => (name.clone(), name),
            Some(name) => (tongue.named(&what, &name), tongue.named(&inside, &name)),
            None => (what.into_owned(), inside),
        };
        Self { kind, several, first, inside }
    }
}

/// A date in words.
pub(super) struct Dated {
    /// Where the event is.
    pub when: String,
    /// Where the reader is, if their clock differs.
    pub there: Option<String>,
}

/// What is shown of an event, with its label, in its own zone and in the reader's. A label alone says a date that
/// is not fixed, unless both are wanted.
pub(super) fn dated(
    shown: &Shown,
    label: Option<&str>,
    both: bool,
    zone: Zone,
    there: Zone,
    tongue: &dyn Tongue,
) -> Dated {
    let label = label.and_then(line);
    let when = match (words(shown, zone, zone, tongue), label) {
        (Some(when), Some(label)) if (both || !is_vague(shown)) && label != when => {
            tongue.that_is(&label, &when)
        }
        (_, Some(label)) => label,
        (Some(when), None) => when,
        (None, None) => tongue.to_be_fixed().into_owned(),
    };
    let there = words(shown, zone, there, tongue).filter(|_| reads_differently(shown, zone, there));
    Dated { when, there }
}

/// Whether the day is not fixed.
pub(super) fn is_vague(shown: &Shown) -> bool {
    matches!(shown, Shown::Window(..) | Shown::Open)
}

/// Whether several things take place.
pub(super) fn is_several(shown: &Shown) -> bool {
    match shown {
        Shown::Days(days) => days.len() > 1,
        Shown::Starts(starts) => starts.len() > 1,
        _ => false,
    }
}

/// A date of that zone in words, as a clock of another shows it.
fn words(shown: &Shown, of: Zone, zone: Zone, tongue: &dyn Tongue) -> Option<String> {
    let (words, timed) = match shown {
        Shown::Through(day, _) if of == zone => (tongue.through(*day), true),
        Shown::Through(_, closes) | Shown::Until(closes) => {
            let local = zone.local(*closes);
            match local.date().pred_opt() {
                // Midnight belongs to the day that ends: nobody reads "Monday at 0:00" right.
                Some(day) if local.time() == NaiveTime::MIN => (tongue.through(day), true),
                _ => (tongue.starts(&[local]), true),
            }
        }
        Shown::Starts(starts) => {
            let local: Vec<NaiveDateTime> = starts.iter().map(|at| zone.local(*at)).collect();
            (tongue.starts(&local), true)
        }
        Shown::Days(days) => (tongue.days(days), false),
        Shown::Window(first, last) => (tongue.between(*first, *last), false),
        Shown::Open => return None,
    };
    Some(if timed { format!("{words}, {}", tongue.zone(zone)) } else { words })
}

/// Whether a clock there shows something else than one of the event's own zone.
pub(super) fn reads_differently(shown: &Shown, here: Zone, there: Zone) -> bool {
    let differs = |at: &DateTime<Utc>| here.local(*at) != there.local(*at);
    match shown {
        Shown::Through(_, closes) | Shown::Until(closes) => differs(closes),
        Shown::Starts(starts) => starts.iter().any(differs),
        Shown::Days(_) | Shown::Window(..) | Shown::Open => false,
    }
}

/// A text whose first letter is another one.
pub(super) fn with_first<I: Iterator<Item = char>>(text: &str, turn: impl Fn(char) -> I) -> String {
    let mut rest = text.chars();
    rest.next().map_or_else(String::new, |first| turn(first).chain(rest).collect())
}

/// A text on one line, without control characters; none when nothing is left.
pub(super) fn line(text: &str) -> Option<String> {
    if is_line(text) {
        return Some(text.to_owned());
    }
    let spaced: String = text.chars().map(|c| if is_unsafe(c) || c == '\t' { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    (!words.is_empty()).then(|| words.join(" "))
}

/// Whether a text is such a line as it stands, as most are.
fn is_line(text: &str) -> bool {
    let mut before = ' ';
    let fits = |c: char| {
        let doubled = c == ' ' && before == ' ';
        before = c;
        !doubled && c != '\t' && !is_unsafe(c)
    };
    text.chars().all(fits) && before != ' '
}

/// An address that a click may follow; none for any other scheme, such as `javascript:`.
pub(super) fn link(address: &str) -> Option<String> {
    let address = address.trim();
    let (scheme, _) = address.split_once(':')?;
    let known = ["http", "https", "mailto", "tel"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let plain = !address.chars().any(|c| is_unsafe(c) || c.is_whitespace());
    (known && plain).then(|| address.to_owned())
}

/// Where a link leads, in words: the host of a page, an address, a number.
pub(super) fn site(link: &str) -> String {
    let rest = link.split_once(':').map_or("", |(_, rest)| rest);
    let end = if rest.starts_with("//") { &['/', '?', '#'][..] } else { &['?'][..] };
    let site = rest.trim_start_matches('/').split(end).next().unwrap_or_default();
    let host = site.rsplit_once('@').filter(|_| rest.starts_with("//")).map_or(site, |(_, host)| host);
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_one_line() {
        assert_eq!(line("  Crest,\r\n ou\tvisio \u{202e}"), Some("Crest, ou visio".to_owned()));
        assert_eq!(line("6\u{a0}juillet"), Some("6\u{a0}juillet".to_owned()));
        assert_eq!(line(" \n"), None);
        assert_eq!(line(""), None);
        for (text, said) in [("a  b", "a b"), (" a", "a"), ("a ", "a"), ("a\tb", "a b"), ("a b", "a b")] {
            assert_eq!(line(text).as_deref(), Some(said), "{text:?}");
        }
    }

    #[test]
    fn a_link_says_where_it_leads() {
        for (link, said) in [
            ("https://www.villagesvivants.com/recrutement?x=1", "villagesvivants.com"),
            ("https://camille@meet.example.org:8443#r", "meet.example.org:8443"),
            ("mailto:rh@example.org?subject=x", "rh@example.org"),
            ("tel:+33123456789", "+33123456789"),
        ] {
            assert_eq!(site(link), said);
        }
    }

    #[test]
    fn only_harmless_schemes_are_links() {
        for good in
            ["https://example.org/a?b", "HTTP://example.org", "mailto:a@example.org", "tel:+33123456789"]
        {
            assert_eq!(link(good).as_deref(), Some(good));
        }
        for bad in
            ["javascript:alert(1)", "data:text/html,x", "example.org", "https://a b", "java\nscript:x", ""]
        {
            assert_eq!(link(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_first_letter_may_be_several() {
        assert_eq!(with_first("Été", char::to_lowercase), "été");
        assert_eq!(with_first("ßa", char::to_uppercase), "SSa");
        assert_eq!(with_first("", char::to_uppercase), "");
    }
}
