//! Pure. A weekday written in a label that is not the weekday of the date: « lundi 7 juillet », when it is a Tuesday.

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};

use super::{Seen, days, live};
use crate::calendar::written::{Piece, WEEKDAYS, month, pieces, weekday};
use crate::calendar::{Event, Posting, When};
use crate::diagnostic::{Problem, say};

pub(super) fn warnings(seen: &Seen<'_>, posting: &Posting) -> Vec<Problem> {
    live(posting).filter_map(|event| of_event(seen, posting, event)).collect()
}

fn of_event(seen: &Seen<'_>, posting: &Posting, event: &Event) -> Option<Problem> {
    let label = event.label.as_deref()?;
    let own = dates(event);
    // The year is the event's, else one of the posting's other dates'.
    let mut years: BTreeSet<i32> = own.iter().map(Datelike::year).collect();
    if years.is_empty() {
        let all = posting.events.iter().filter_map(days);
        years = all.flat_map(|(first, last)| [first.year(), last.year()]).collect();
    }
    let window = matches!(event.when, When::Window { .. });
    let Unfit { written, day } = unfit(label, &own, &years, window)?;
    let name =
        |weekday: u32, language: usize| WEEKDAYS.get(weekday as usize).map_or("", |names| names[language]);
    let english = |weekday: u32| {
        let name = name(weekday, 1);
        name.get(..1).map_or_else(String::new, |first| format!("{}{}", first.to_uppercase(), &name[1..]))
    };
    let sentence = match (day, &own[..]) {
        (Some(day), _) => {
            let real = day.weekday().num_days_from_monday();
            say(
                format!("le {day} est un {}, et non un {}", name(real, 0), name(written, 0)),
                format!("{day} is a {}, not a {}", english(real), english(written)),
            )
        }
        (None, [first, .., last]) => say(
            format!("il n'y a pas de {} du {first} au {last}", name(written, 0)),
            format!("there is no {} from {first} to {last}", english(written)),
        ),
        (None, _) => return None,
    };
    let remedy = say("corrigez le label, ou la date", "mend the label, or the date");
    Some(seen.about(posting, event, &["label"], "weekday", sentence, remedy))
}

/// The days that an event certainly takes place on.
fn dates(event: &Event) -> Vec<NaiveDate> {
    match &event.when {
        When::Days(days) => days.clone(),
        When::Timed(starts) => starts.iter().map(|start| start.local.date()).collect(),
        When::Deadline { .. } | When::Window { .. } => {
            days(event).map(|(first, last)| vec![first, last]).unwrap_or_default()
        }
        When::Open => Vec::new(),
    }
}

/// A weekday (from Monday) and the day that it is not the weekday of; none for one that a window does not hold.
struct Unfit {
    written: u32,
    day: Option<NaiveDate>,
}

/// Weekdays in short, from Monday.
const SHORT: [&[&str]; 7] = [
    &["lun", "mon"],
    &["mar", "tue", "tues"],
    &["mer", "wed"],
    &["jeu", "thu", "thur", "thurs"],
    &["ven", "vend", "fri"],
    &["sam", "sat"],
    &["dim", "sun"],
];

/// The words of a label.
struct Label(Vec<Piece>);

/// A weekday in a label, and the days of the month that are said to be one.
struct Named {
    weekday: u32,
    numbers: Vec<u32>,
    /// Where the first of the numbers stands.
    at: usize,
    month: Option<u32>,
}

impl Label {
    fn word(&self, n: usize) -> Option<&str> {
        match self.0.get(n) {
            Some(Piece::Word(word)) => Some(word.as_str()),
            _ => None,
        }
    }

    fn month(&self, n: usize) -> Option<u32> {
        self.word(n).and_then(month)
    }

    fn is_mark(&self, n: usize, marks: &[char]) -> bool {
        matches!(self.0.get(n), Some(Piece::Mark(mark)) if marks.contains(mark))
    }

    /// A day of the month, and no hour.
    fn number(&self, n: usize) -> Option<u32> {
        match self.0.get(n) {
            Some(Piece::Number(day @ 1..=31, 1 | 2)) if !is_time(&self.0, n) => Some(*day),
            _ => None,
        }
    }

    /// The weekday that stands here next to a day of the month. A weekday alone may be of anything: « réponse avant
    /// vendredi », « salle Vendredi », « du lundi au jeudi ».
    fn named(&self, n: usize) -> Option<Named> {
        let word = self.word(n)?;
        let plain = weekday(word);
        let plural = || word.strip_suffix('s').and_then(weekday);
        let short =
            || SHORT.iter().zip(0..).find(|(names, _)| names.contains(&word)).map(|(_, weekday)| weekday);
        let weekday = plain.or_else(plural).or_else(short)?;
        let is_plural = plain.is_none() && plural().is_some();
        let is_short = plain.is_none() && !is_plural;
        let dotted = is_short && self.is_mark(n + 1, &['.']);
        // « lundi le 7 », "Monday, the 7th", "Monday July 7": the number may stand behind a word or two.
        let mut at = n + 1 + usize::from(dotted);
        while matches!(self.word(at), Some("le" | "the" | "of"))
            || self.is_mark(at, &[',', '('])
            || self.month(at).is_some()
        {
            at += 1;
        }
        let Some(first) = self.number(at) else {
            return self.behind(n).map(|(at, number, month)| Named {
                weekday,
                numbers: vec![number],
                at,
                month,
            });
        };
        let within = (n + 1..at).find_map(|at| self.month(at));
        // « mar 6 » may be March, and « mon 2e entretien » no Monday.
        let certain = within.is_some() || self.month(at + 1).is_some() || dotted && word != "mar";
        if is_short && !certain {
            return None;
        }
        let mut numbers = vec![first];
        // « les lundis 6 et 7 »
        let mut next = at + 2;
        while is_plural
            && (self.is_mark(next - 1, &[',', '/', '&'])
                || matches!(self.word(next - 1), Some("et" | "ou" | "and" | "or")))
            && let Some(number) = self.number(next)
        {
            numbers.push(number);
            next += 2;
        }
        let month = within.or_else(|| (at + 1..self.0.len()).find_map(|at| self.month(at)));
        Some(Named { weekday, numbers, at, month })
    }

    /// The day in front of a weekday in brackets: « 7 juillet (lundi) ».
    fn behind(&self, n: usize) -> Option<(usize, u32, Option<u32>)> {
        let open = n.checked_sub(1)?;
        if !self.is_mark(open, &['(']) || !self.is_mark(n + 1, &[')']) {
            return None;
        }
        let before = open.checked_sub(1)?;
        let month = self.month(before);
        let at = if month.is_some() { before.checked_sub(1)? } else { before };
        Some((at, self.number(at)?, month))
    }

    /// The weekday of « un vendredi » at the very beginning: it is the event's own.
    fn indefinite(&self) -> Option<u32> {
        let of_several = matches!(self.word(2), Some("sur" | "par" | "out" | "per" | "in"));
        let article = matches!(self.word(0), Some("un" | "a"));
        self.word(1).and_then(weekday).filter(|_| article && !of_several && self.number(2).is_none())
    }

    fn year(&self, from: usize) -> Option<i32> {
        self.0[from..].iter().find_map(|piece| match piece {
            Piece::Number(year, 4) => i32::try_from(*year).ok(),
            _ => None,
        })
    }
}

/// The first weekday of a label that fits no date that it may stand for.
fn unfit(label: &str, own: &[NaiveDate], years: &BTreeSet<i32>, window: bool) -> Option<Unfit> {
    let label = Label(pieces(label));
    let is = |day: &NaiveDate, weekday: u32| day.weekday().num_days_from_monday() == weekday;
    if let (Some(written), Some(first), Some(last)) = (label.indefinite(), own.first(), own.last()) {
        let fits = if window {
            first.iter_days().take(7).take_while(|day| day <= last).any(|day| is(&day, written))
        } else {
            own.iter().any(|day| is(day, written))
        };
        if !fits {
            return Some(Unfit { written, day: (!window).then_some(*first) });
        }
    }
    for Named { weekday, numbers, at, month } in (0..label.0.len()).filter_map(|n| label.named(n)) {
        let years: Vec<i32> =
            label.year(at).map_or_else(|| years.iter().copied().collect(), |year| vec![year]);
        let months: BTreeSet<u32> =
            month.map_or_else(|| own.iter().map(Datelike::month).collect(), |month| [month].into());
        for number in numbers {
            let on = |year: &i32, month: &u32| NaiveDate::from_ymd_opt(*year, *month, number);
            let mut days: Vec<NaiveDate> =
                years.iter().flat_map(|year| months.iter().filter_map(|month| on(year, month))).collect();
            // Of several days with this number, the event's own is meant.
            let is_own = |day: &NaiveDate| {
                let within = own.first().is_some_and(|first| first <= day)
                    && own.last().is_some_and(|last| day <= last);
                own.contains(day) || window && within
            };
            if days.iter().any(is_own) {
                days.retain(is_own);
            }
            if let (false, Some(day)) = (days.iter().any(|day| is(day, weekday)), days.first()) {
                return Some(Unfit { written: weekday, day: Some(*day) });
            }
        }
    }
    None
}

/// Whether a number is an hour: `14h`, `9:30`.
fn is_time(pieces: &[Piece], at: usize) -> bool {
    match pieces.get(at + 1) {
        Some(Piece::Word(word)) => matches!(word.as_str(), "h" | "heures" | "heure" | "am" | "pm"),
        Some(Piece::Mark(mark)) => *mark == ':',
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekdays_are_held_against_the_dates_that_they_name() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let own = [day("2026-07-07"), day("2026-07-08")]; // a Tuesday and a Wednesday
        for (label, expected) in [
            ("mardi 7 juillet", None),
            ("lundi 7 juillet", Some("2026-07-07")),
            ("Lundi 7", Some("2026-07-07")),
            ("mardi 7 ou mercredi 8 juillet", None),
            ("mardi 7 ou jeudi 8 juillet", Some("2026-07-08")),
            ("Monday, July 7th", Some("2026-07-07")),
            ("Tuesday the 7th of July", None),
            ("avant le lundi 29 juin", None),
            ("avant le lundi 30 juin", Some("2026-06-30")),
            ("lundi 7 juillet 2025", None),
            ("un mardi", None),
            ("un lundi", Some("2026-07-07")),
            ("mercredi 14h", None),
            ("lundi 14h", None),
            // Only a weekday next to a day of the month says something of it.
            ("Mardi 7, 14 h ; réponse le jeudi suivant", None),
            ("7 juillet, à temps partiel : du lundi au jeudi", None),
            ("le week-end suivant, avant lundi", None),
            ("7 ou 8 juillet, salle Vendredi", None),
            ("mardi 7 juillet à 9 h 30, puis jeudi pour la réponse", None),
            ("mardi 7 ou mercredi 8 (réponse avant vendredi)", None),
            ("lun. 7 juillet", Some("2026-07-07")),
            ("mar. 7 juillet", None),
            ("Mar 8", None),
            ("Mon, July 7", Some("2026-07-07")),
            ("mon 2e entretien, le 7 juillet", None),
            ("les lundis 6 et 7", Some("2026-07-07")),
            ("les mardis 7, 14 et 21 juillet à 9 h", None),
            ("7 juillet (lundi)", Some("2026-07-07")),
            ("8 juillet (mercredi)", None),
            ("un lundi sur deux", None),
            ("mi-juillet", None),
            ("lundi 31 juin", None),
        ] {
            let found = unfit(label, &own, &[2026].into(), false);
            assert_eq!(found.map(|found| found.day), expected.map(|text| Some(day(text))), "{label}");
        }
        let in_window = |label: &str| {
            // From a Monday to a Wednesday.
            let own = [day("2026-08-31"), day("2026-09-02")];
            unfit(label, &own, &[2026].into(), true).map(|found| found.day)
        };
        assert_eq!(in_window("un mardi"), None);
        assert_eq!(in_window("un vendredi, fin août"), Some(None));
        assert_eq!(in_window("vendredi 1"), Some(Some(day("2026-09-01"))));
        assert_eq!(in_window("mardi 1"), None);
        assert_eq!(
            in_window("samedi 1"),
            Some(Some(day("2026-09-01"))),
            "1 August is a Saturday, and outside"
        );
        assert!(unfit("lundi 7 juillet", &[], &BTreeSet::new(), false).is_none(), "of no known year");
        assert!(unfit("lundi 7 juillet", &[], &[2025, 2026].into(), false).is_none(), "it was one in 2025");
    }
}
