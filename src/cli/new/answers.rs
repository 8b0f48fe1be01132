//! From what somebody wrote to what the page says: each answer is read by the reader of postings, so that a slip is
//! told in the sentence that `jalon check` has for it.

use chrono::NaiveDate;

use super::dates::{self, Answer, Slip, Written};
use super::page::{Entry, quote, quoted};
use super::vague;
use crate::calendar::read::posting;
use crate::calendar::slug::slug;
use crate::calendar::{Directory, House};
use crate::diagnostic::{Language, Problem, Severity, Words, say};

/// Who is there, and when it is: what an answer is understood by.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The house.
    pub house: &'a House,
    /// The year of dates in examples: one to come.
    pub year: i32,
}

/// An answer that will not do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong with it.
    pub sentence: Words,
    /// What to do about it.
    pub remedy: Option<Words>,
}

/// An answer that will: what the page says, and what was understood, to be said back.
pub type Understood<T> = Result<(T, Option<Words>), Fault>;

/// What a posting with this alone in it would be told, other than that keys are missing.
fn fault(fragment: &str, asking: &Asking<'_>) -> Option<Fault> {
    let problems = posting("", "x", fragment, asking.house).problems;
    let wrong = |problem: &Problem| problem.severity == Severity::Error && problem.code != "missing-key";
    problems.into_iter().find(wrong).map(|problem| Fault {
        sentence: without_keys(&problem.sentence),
        // What is said of quotes and brackets helps nobody who wrote none.
        remedy: if problem.code == "syntax" {
            Some(examples(asking))
        } else {
            problem.remedy.as_ref().map(without_keys)
        },
    })
}

/// The reader's sentence for somebody who has seen no key yet.
fn without_keys(words: &Words) -> Words {
    let keys = [
        ("title", "l'intitulé", "the title"),
        ("organisation", "l'organisation", "the organisation"),
        ("recruiters", "la liste de qui reçoit les rappels", "the list of who is reminded"),
        ("until", "cette réponse", "this answer"),
        ("before", "cette réponse", "this answer"),
        ("on", "cette réponse", "this answer"),
        ("between", "cette réponse", "this answer"),
    ];
    keys.iter().fold(words.clone(), |words, (key, fr, en)| {
        say(words.fr.replace(&format!("« {key} »"), fr), words.en.replace(&format!("`{key}`"), en))
    })
}

fn checked<T>(value: T, fragment: &str, asking: &Asking<'_>) -> Understood<T> {
    fault(fragment, asking).map_or(Ok((value, None)), Err)
}

/// A text of a key.
pub fn text(key: &str, written: &str, asking: &Asking<'_>) -> Understood<String> {
    checked(written.trim().to_owned(), &format!("{key} = {}", quote(written)), asking)
}

/// People, teams and addresses, between commas; whole names of people stand for them.
pub fn recruiters(written: &[String], asking: &Asking<'_>) -> Understood<Vec<String>> {
    let separated = written.iter().flat_map(|one| one.split([',', ';']));
    let names: Vec<String> = separated
        .flat_map(|one| one.split(" et ").flat_map(|one| one.split(" and ")))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| id_of(name, &asking.house.directory))
        .collect();
    let fragment = format!("recruiters = {}", quoted(&names));
    checked(names, &fragment, asking)
}

/// The id of the person or team that is called so, whatever the case, the accents and the blanks.
fn id_of(name: &str, directory: &Directory) -> String {
    let Some(wanted) = slug(name).filter(|_| !name.contains('@')) else { return name.to_owned() };
    let people = directory.people.values().filter(|person| {
        [Some(&person.id), person.name.as_ref()]
            .into_iter()
            .flatten()
            .any(|known| slug(known).as_ref() == Some(&wanted))
    });
    let teams = directory.teams.keys().filter(|id| slug(id).as_ref() == Some(&wanted));
    let mut called = people.map(|person| &person.id).chain(teams);
    match (called.next(), called.next()) {
        (Some(id), None) => id.clone(),
        _ => name.to_owned(),
    }
}

/// Until when applications are accepted.
pub fn deadline(written: &str, asking: &Asking<'_>) -> Understood<Entry> {
    let answer = match dates::read(written) {
        Ok(answer) if answer.dates.len() == 1 && !answer.between => answer,
        Ok(_) => return Err(one_date(asking)),
        Err(slip) => return undated(&slip, "deadline", written, asking),
    };
    let key = if answer.before { "before" } else { "until" };
    let entry = (key, answer.dates[0].to_string());
    let echo = said(&answer.dates, |said| match (answer.before, said) {
        (false, Words { fr, en }) => say(format!("jusqu'au {fr}"), format!("until {en}")),
        (true, Words { fr, en }) => say(format!("avant le {fr}"), format!("before {en}")),
    });
    let fragment = format!("[deadline]\n{} = {}", entry.0, entry.1);
    Ok((checked(entry, &fragment, asking)?.0, Some(echo)))
}

/// The dates of an event that may have several: fixed ones, or the bounds of a window. Of an interview, every working
/// day of a span.
pub fn event(kind: &'static str, written: &str, asking: &Asking<'_>) -> Understood<Entry> {
    let answer = match dates::read(written) {
        Ok(answer) => answer,
        Err(slip) => return undated(&slip, kind, written, asking),
    };
    let (dates, left_out) = match (&answer.ends[..], answer.between, kind) {
        ([], ..) | (_, true, _) => (answer.dates.clone(), Vec::new()),
        (_, false, "interview") => every_day(&answer, asking)?,
        _ => return Err(no_span(&answer)),
    };
    let timed = dates.iter().filter(|date| date.time.is_some()).count();
    if timed != 0 && timed != dates.len() {
        return Err(Fault {
            sentence: say(
                "une date a une heure, une autre n'en a pas",
                "one date has a time, another has none",
            ),
            remedy: Some(say(
                "écrivez l'heure de chacune, ou d'aucune",
                "write the time of each, or of none",
            )),
        });
    }
    let list: Vec<String> = dates.iter().map(ToString::to_string).collect();
    let entry = match (&list[..], answer.between) {
        (_, true) => ("between", format!("[{}]", list.join(", "))),
        ([one], _) => ("on", one.clone()),
        _ => ("on", format!("[{}]", list.join(", "))),
    };
    let echo = said(&dates, |Words { fr, en }| {
        if answer.between {
            say(format!("un jour entre\u{a0}: {fr}"), format!("some day between: {en}"))
        } else {
            say(fr, en)
        }
    });
    let echo = if left_out.is_empty() {
        echo
    } else {
        let Words { fr, en } = said(&left_out, |days| days);
        say(
            format!("{} (sauf {fr}\u{a0}: on n'y travaille pas)", echo.fr),
            format!("{} (but not {en}: nobody works then)", echo.en),
        )
    };
    let fragment = fragment(kind, &entry);
    Ok((checked(entry, &fragment, asking)?.0, Some(echo)))
}

fn fragment(kind: &str, (key, value): &Entry) -> String {
    match kind {
        "interview" => format!("[[interview]]\n{key} = {value}"),
        _ => format!("[{kind}]\n{key} = {value}"),
    }
}

/// How many days of interviews a span may have: of a longer one, something else was meant.
const LONGEST: usize = 31;

/// The days of spans one by one, and those that are left out: days on which nobody works, unless a span begins or ends
/// with one.
fn every_day(answer: &Answer, asking: &Asking<'_>) -> Result<(Vec<Written>, Vec<Written>), Fault> {
    let (mut all, mut left_out): (Vec<Written>, Vec<Written>) = Default::default();
    for (at, end) in answer.dates.iter().enumerate() {
        let begin = all.last().filter(|_| answer.ends.contains(&at)).copied();
        let bounds = begin.and_then(|begin| Some((begin, begin.date()?, end.date()?)));
        let Some((begin, first, last)) = bounds else {
            all.push(*end);
            continue;
        };
        if first >= last || begin.time != end.time {
            return Err(no_span(answer));
        }
        let days: Vec<NaiveDate> =
            first.iter_days().skip(1).take_while(|day| *day <= last).take(LONGEST).collect();
        if days.len() >= LONGEST {
            return Err(no_span(answer));
        }
        let is_worked = |day: NaiveDate| asking.house.days.is_worked(day);
        let whole = !is_worked(first) || !is_worked(last);
        for day in days {
            let written = Written::of(day, end.time);
            if whole || is_worked(day) { all.push(written) } else { left_out.push(Written::of(day, None)) }
        }
    }
    Ok((all, left_out))
}

/// The first day of work and, if the contract has one, its end.
pub fn contract(written: &str, asking: &Asking<'_>) -> Understood<(Entry, Option<Entry>)> {
    if let Ok(answer) = dates::read(written)
        && let ([first, last], false) = (&answer.dates[..], answer.between)
    {
        let (start, _) = event("start", &first.to_string(), asking)?;
        let (end, _) = event("end", &last.to_string(), asking)?;
        let echo = say(
            format!("du {} au {}", first.said(Language::French), last.said(Language::French)),
            format!("from {} to {}", first.said(Language::English), last.said(Language::English)),
        );
        return if first.date() < last.date() {
            Ok(((start, Some(end)), Some(echo)))
        } else {
            Err(Fault {
                sentence: say("la fin précède le début", "the end comes before the start"),
                remedy: Some(say(
                    "écrivez le premier jour, puis le dernier",
                    "write the first day, then the last",
                )),
            })
        };
    }
    let (start, echo) = event("start", written, asking)?;
    Ok(((start, None), echo))
}

fn said(dates: &[Written], sentence: impl Fn(Words) -> Words) -> Words {
    let all = |language| dates.iter().map(|date| date.said(language)).collect::<Vec<_>>().join(", ");
    sentence(say(all(Language::French), all(Language::English)))
}

fn one_date(asking: &Asking<'_>) -> Fault {
    Fault { sentence: say("il faut une seule date", "one date is wanted"), remedy: Some(examples(asking)) }
}

/// What to write in place of a span.
fn no_span(answer: &Answer) -> Fault {
    let (first, last) = (answer.dates.first(), answer.dates.last());
    let day = |date: Option<&Written>, language| {
        date.map(|date| Written { time: None, ..*date }.said(language)).unwrap_or_default()
    };
    Fault {
        sentence: say("cette période ne dit pas quels jours", "this span does not say which days"),
        remedy: Some(say(
            format!(
                "écrivez chaque date, entre virgules\u{a0}; ou, pour un jour qui n'est pas encore fixé\u{a0}: entre le {} et le {}",
                day(first, Language::French),
                day(last, Language::French)
            ),
            format!(
                "write each date, between commas; or, for a day that is not fixed yet: between {} and {}",
                day(first, Language::English),
                day(last, Language::English)
            ),
        )),
    }
}

fn examples(asking: &Asking<'_>) -> Words {
    let year = asking.year;
    say(
        format!(
            "écrivez par exemple 28/06/{year}, 28 juin {year} ou {year}-06-28\u{a0}; si le jour n'est pas fixé, « fin juin {year} »"
        ),
        format!(
            "write for instance 28/06/{year} (day first), 28 June {year} or {year}-06-28; if the day is not fixed, \"late June {year}\""
        ),
    )
}

/// A text that is no date: a label, where it says about when; else what is wrong with it.
fn undated(slip: &Slip, kind: &'static str, written: &str, asking: &Asking<'_>) -> Understood<Entry> {
    if let Some((sentence, remedy)) = slip.say(asking.year) {
        return Err(Fault { sentence, remedy: Some(remedy) });
    }
    let Some(label) = vague::label(written) else {
        let written: String = written.trim().chars().take(60).collect();
        return Err(Fault {
            sentence: say(
                format!("jalon ne comprend pas « {written} » comme une date"),
                format!("jalon does not understand \"{written}\" as a date"),
            ),
            remedy: Some(examples(asking)),
        });
    };
    let entry = ("label", quote(&label));
    let echo = say(
        format!(
            "« {label} »\u{a0}: les courriels le diront ainsi, et aucun rappel ne part tant que la date n'est pas écrite"
        ),
        format!("\"{label}\": mails will say it like this, and nobody is reminded until the date is written"),
    );
    let fragment = fragment(kind, &entry);
    Ok((checked(entry, &fragment, asking)?.0, Some(echo)))
}
