//! From what somebody wrote to what the page says: each answer is read by the reader of postings, so that a slip is
//! told in the sentence that `jalon check` has for it.

use super::dates::{self, Slip, Written};
use super::page::{Entry, quote, quoted};
use crate::calendar::read::posting;
use crate::calendar::{Directory, House};
use crate::diagnostic::{Language, Problem, Severity, Words, say};

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
fn fault(fragment: &str, house: &House) -> Option<Fault> {
    let problems = posting("", "x", fragment, house).problems;
    let wrong = |problem: &Problem| problem.severity == Severity::Error && problem.code != "missing-key";
    problems.into_iter().find(wrong).map(|problem| Fault {
        sentence: problem.sentence,
        // What is said of quotes and brackets helps nobody who wrote none.
        remedy: if problem.code == "syntax" { Some(examples()) } else { problem.remedy },
    })
}

fn checked<T>(value: T, fragment: &str, house: &House) -> Understood<T> {
    fault(fragment, house).map_or(Ok((value, None)), Err)
}

/// A text of a key.
pub fn text(key: &str, written: &str, house: &House) -> Understood<String> {
    checked(written.trim().to_owned(), &format!("{key} = {}", quote(written)), house)
}

/// People, teams and addresses, between commas; whole names of people stand for them.
pub fn recruiters(written: &[String], house: &House) -> Understood<Vec<String>> {
    let separated = written.iter().flat_map(|one| one.split([',', ';']));
    let names: Vec<String> = separated
        .flat_map(|one| one.split(" et ").flat_map(|one| one.split(" and ")))
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| id_of(name, &house.directory))
        .collect();
    let fragment = format!("recruiters = {}", quoted(&names));
    checked(names, &fragment, house)
}

/// The id of a person or team that is called so.
fn id_of(name: &str, directory: &Directory) -> String {
    let lower = name.to_lowercase();
    if directory.people.contains_key(&lower) || directory.teams.contains_key(&lower) {
        return lower;
    }
    let called = |person: &&crate::calendar::Person| {
        person.name.as_ref().is_some_and(|known| known.to_lowercase() == lower)
    };
    directory.people.values().find(called).map_or_else(|| name.to_owned(), |person| person.id.clone())
}

/// Until when applications are accepted.
pub fn deadline(written: &str, house: &House) -> Understood<Entry> {
    let answer = match dates::read(written) {
        Ok(answer) if answer.dates.len() == 1 && !answer.between => answer,
        Ok(_) => return Err(one_date()),
        Err(slip) => return Err(no_date(&slip, "deadline", "until", written, house)),
    };
    let key = if answer.before { "before" } else { "until" };
    let entry = (key, answer.dates[0].to_string());
    let echo = said(&answer.dates, |said| match (answer.before, said) {
        (false, Words { fr, en }) => say(format!("jusqu'au {fr}"), format!("until {en}")),
        (true, Words { fr, en }) => say(format!("avant le {fr}"), format!("before {en}")),
    });
    let fragment = format!("[deadline]\n{} = {}", entry.0, entry.1);
    Ok((checked(entry, &fragment, house)?.0, Some(echo)))
}

/// The dates of an event that may have several: fixed ones, or the bounds of a window.
pub fn event(kind: &'static str, written: &str, house: &House) -> Understood<Entry> {
    let answer = match dates::read(written) {
        Ok(answer) => answer,
        Err(slip) => return Err(no_date(&slip, kind, "on", written, house)),
    };
    let list: Vec<String> = answer.dates.iter().map(ToString::to_string).collect();
    let entry = match (&list[..], answer.between) {
        (_, true) => ("between", format!("[{}]", list.join(", "))),
        ([one], _) => ("on", one.clone()),
        _ => ("on", format!("[{}]", list.join(", "))),
    };
    let fragment = match kind {
        "interview" => format!("[[interview]]\n{} = {}", entry.0, entry.1),
        _ => format!("[{kind}]\n{} = {}", entry.0, entry.1),
    };
    let echo = said(&answer.dates, |Words { fr, en }| {
        if answer.between {
            say(format!("un jour entre\u{a0}: {fr}"), format!("some day between: {en}"))
        } else {
            say(fr, en)
        }
    });
    Ok((checked(entry, &fragment, house)?.0, Some(echo)))
}

/// The first day of work and, if the contract has one, its end.
pub fn contract(written: &str, house: &House) -> Understood<(Entry, Option<Entry>)> {
    if let Ok(answer) = dates::read(written)
        && let ([first, last], false) = (&answer.dates[..], answer.between)
    {
        let (start, _) = event("start", &first.to_string(), house)?;
        let (end, _) = event("end", &last.to_string(), house)?;
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
    let (start, echo) = event("start", written, house)?;
    Ok(((start, None), echo))
}

fn said(dates: &[Written], sentence: impl Fn(Words) -> Words) -> Words {
    let all = |language| dates.iter().map(|date| date.said(language)).collect::<Vec<_>>().join(", ");
    sentence(say(all(Language::French), all(Language::English)))
}

fn one_date() -> Fault {
    Fault { sentence: say("il faut une seule date", "one date is wanted"), remedy: Some(examples()) }
}

fn examples() -> Words {
    say(
        "écrivez par exemple 28/06/2026, 28 juin 2026 ou 2026-06-28",
        "write for instance 28/06/2026 (day first), 28 June 2026 or 2026-06-28",
    )
}

/// What is wrong with a text that is no date: the reader's sentence, where it has one.
fn no_date(slip: &Slip, table: &str, key: &str, written: &str, house: &House) -> Fault {
    if let Some((sentence, remedy)) = slip.say() {
        return Fault { sentence, remedy: Some(remedy) };
    }
    let fragment = format!("[{table}]\n{key} = {}", quote(written));
    let sentence = fault(&fragment, house)
        .map_or_else(|| say("ce n'est pas une date", "this is no date"), |found| found.sentence);
    Fault { sentence, remedy: Some(examples()) }
}
