//! Pure. Single values of TOML: texts, dates, moments, lengths of time; each reported where it is wrong.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _};
use toml::Spanned;
use toml::de::DeValue;

use super::Zone;
use super::walk::{At, Source};
use super::written::{self, Guess};
use crate::diagnostic::{Words, is_invisible, is_unsafe, name_of, say};

/// A text on one line, trimmed, not empty.
pub fn text(source: &Source<'_>, key: &str, value: &At<DeValue<'_>>) -> Option<At<String>> {
    let Some(found) = value.get_ref().as_str() else {
        source.wrong_type(value, key, &say("un texte entre guillemets", "a text between quotes"));
        return None;
    };
    let trimmed = found.trim();
    let trouble = if trimmed.is_empty() {
        say(format!("« {key} » est vide"), format!("`{key}` is empty"))
    } else if let Some(c) = trimmed.chars().find(|c| is_unsafe(*c)) {
        let (fr, en) = name_of(c);
        if !matches!(c, '\n' | '\r') {
            // The place of the character itself, unless it is written as an escape.
            let at = source.raw(&value.span()).find(c).map(|at| value.span().start + at);
            source.error(
                &at.map_or_else(|| value.span(), |at| at..at + c.len_utf8()),
                "unfit-text",
                say(
                    format!("« {key} » contient un caractère invisible ({fr})"),
                    format!("`{key}` holds an invisible character ({en})"),
                ),
                Some(say("effacez-le, ou retapez le texte", "delete it, or type the text again")),
            );
            return None;
        }
        say(format!("« {key} » contient un retour à la ligne"), format!("`{key}` holds a line break"))
    } else if trimmed.chars().count() > 500 {
        say(format!("« {key} » dépasse 500 caractères"), format!("`{key}` is longer than 500 characters"))
    } else {
        return Some(Spanned::new(value.span(), trimmed.to_owned()));
    };
    source.error(
        &value.span(),
        "unfit-text",
        trouble,
        Some(say("écrivez un texte court, sur une ligne", "write a short text, on one line")),
    );
    None
}

/// What is wrong with a name in which an invisible character hides, and what to write: it looks good, and is not.
#[must_use]
pub fn hidden_in(text: &str) -> Option<(Words, Words)> {
    let (fr, en) = name_of(text.chars().find(|c| is_invisible(*c))?);
    let clean: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    Some((
        say(
            format!("un caractère invisible ({fr}) se cache dans « {clean} »"),
            format!("an invisible character ({en}) hides in \"{clean}\""),
        ),
        say(format!("retapez-le\u{a0}: \"{clean}\""), format!("type it again: \"{clean}\"")),
    ))
}

/// A date without a time.
pub fn date(source: &Source<'_>, key: &str, value: &At<DeValue<'_>>) -> Option<NaiveDate> {
    match moment(source, key, value, None)? {
        Moment::Day(day) => Some(day),
        Moment::Time(time) => {
            source.error(
                &value.span(),
                "wrong-date",
                say(
                    format!("« {key} » attend une date sans heure"),
                    format!("`{key}` wants a date without a time"),
                ),
                Some(say(format!("écrivez {}", time.date()), format!("write {}", time.date()))),
            );
            None
        }
    }
}

/// A date, or a local date-time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// `2026-06-28`
    Day(NaiveDate),
    /// `2026-06-28T12:00:00`
    Time(NaiveDateTime),
}

/// A date or a local date-time between 1900 and 2199, in whole seconds. One with an offset is an error that
/// shows the local time to write, in this zone.
pub fn moment(source: &Source<'_>, key: &str, value: &At<DeValue<'_>>, zone: Option<Zone>) -> Option<Moment> {
    let wrong = |sentence: Words, remedy: Words| {
        source.error(&value.span(), "wrong-date", sentence, Some(remedy));
        None
    };
    let plain = say(
        "écrivez une date comme 2026-06-28, sans guillemets",
        "write a date like 2026-06-28, without quotes",
    );
    let Some(found) = value.get_ref().as_datetime() else {
        let wanted = say(format!("« {key} » attend une date"), format!("`{key}` wants a date"));
        let (sentence, remedy) = match value.get_ref().as_str() {
            Some(text) => date_in_quotes(key, text, wanted, plain),
            None => (wanted, plain),
        };
        return wrong(sentence, remedy);
    };
    let day = found
        .date
        .and_then(|d| NaiveDate::from_ymd_opt(i32::from(d.year), u32::from(d.month), u32::from(d.day)));
    let time = found.time.as_ref().map(naive_time);
    let Some(day) = day else {
        return wrong(
            say(
                format!("« {key} » attend une date, et non une heure seule"),
                format!("`{key}` wants a date, not a time alone"),
            ),
            plain,
        );
    };
    if !(1900..2200).contains(&day.year()) {
        return wrong(
            say(
                format!("l'année de {day} n'est pas plausible"),
                format!("the year of {day} is not plausible"),
            ),
            say("les années vont de 1900 à 2199", "years go from 1900 to 2199"),
        );
    }
    match (time, found.offset) {
        (None, _) => Some(Moment::Day(day)),
        (Some(Some(time)), None) => Some(Moment::Time(day.and_time(time))),
        (Some(None), _) => wrong(
            say(format!("l'heure de {found} n'est pas entière"), format!("the time of {found} is not whole")),
            say("écrivez des secondes entières, de 00 à 59", "write whole seconds, from 00 to 59"),
        ),
        (Some(Some(time)), Some(offset)) => {
            let minutes = match offset {
                toml::value::Offset::Z => 0,
                toml::value::Offset::Custom { minutes } => i64::from(minutes),
            };
            let begin = day.and_time(time);
            let utc = (begin - TimeDelta::minutes(minutes)).and_utc();
            let local = zone.map_or(begin, |zone| zone.local(utc));
            if let Some(length) = range(begin, minutes).filter(|_| local != begin) {
                let (sentence, remedy) = written::no_range(key, begin, length);
                return wrong(sentence, remedy);
            }
            let local = local.format("%Y-%m-%dT%H:%M:%S");
            wrong(
                say(
                    format!("« {key} » attend l'heure locale, sans décalage"),
                    format!("`{key}` wants the local time, without an offset"),
                ),
                say(format!("écrivez {local}"), format!("write {local}")),
            )
        }
    }
}

/// `09:30-10:15` reads as an offset, and is none: a minus sign, and a later hour of the same working day. Until when
/// it lasts. (Nobody has such an offset here but whoever is on it, and theirs is their zone's.)
fn range(begin: NaiveDateTime, minutes: i64) -> Option<TimeDelta> {
    let length = begin.date().and_time(NaiveTime::MIN) + TimeDelta::minutes(-minutes) - begin;
    (begin.hour() >= 6 && length > TimeDelta::zero()).then_some(length)
}

/// What is wrong with a text in place of a date, and what to write.
fn date_in_quotes(key: &str, text: &str, wanted: Words, plain: Words) -> (Words, Words) {
    let label = text.trim();
    match written::date(text) {
        Some(Guess::Nowhere(year, month, day)) => written::no_such_day(Some(year), month, day),
        Some(Guess::Yearless(day, month)) => written::yearless(month, day),
        guess => match guess.and_then(Guess::toml) {
            Some(date) => (
                wanted,
                say(format!("écrivez {date}, sans guillemets"), format!("write {date}, without quotes")),
            ),
            None if matches!(key, "on" | "until" | "between")
                && (1..=60).contains(&label.chars().count())
                && !label.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                (
                    wanted,
                    say(
                        format!(
                            "écrivez une date comme 2026-06-28, ou label = \"{label}\" si elle reste à fixer"
                        ),
                        format!(
                            "write a date like 2026-06-28, or label = \"{label}\" if it is still to be fixed"
                        ),
                    ),
                )
            }
            None => (wanted, plain),
        },
    }
}

pub(super) fn naive_time(time: &toml::value::Time) -> Option<NaiveTime> {
    if time.nanosecond.unwrap_or(0) != 0 {
        return None;
    }
    NaiveTime::from_hms_opt(u32::from(time.hour), u32::from(time.minute), u32::from(time.second.unwrap_or(0)))
}

/// Reads `45m`, `1h30m`, `3d`: whole numbers of d (24 hours), h, m, s, greatest first, each at most once.
#[must_use]
pub fn parse_duration(text: &str) -> Option<TimeDelta> {
    let mut rest = text;
    let mut total = 0_i64;
    for (unit, seconds) in [('d', 86_400_i64), ('h', 3_600), ('m', 60), ('s', 1)] {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits > 0 && rest[digits..].starts_with(unit) {
            total = total.checked_add(rest[..digits].parse::<i64>().ok()?.checked_mul(seconds)?)?;
            rest = &rest[digits + 1..];
        }
    }
    (rest.is_empty() && total > 0 && total <= 3660 * 86_400).then(|| TimeDelta::seconds(total))
}
