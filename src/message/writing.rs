//! Pure. The whole way: what a mail is to tell → a mail in words and in bytes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::facts::facts_by;
use super::icalendar::attached;
use super::operator::operator_facts_by;
use super::{Addressee, CalendarFile, ComposeError, Matter, Rendered, Templates, Trouble, compose_with};
use crate::diagnostic::Problem;
use crate::settings::Mail;

/// A mail, ready to leave.
#[derive(Debug)]
pub struct Written {
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
    /// Header and body, or why no mail can be made of them.
    pub bytes: Result<Vec<u8>, ComposeError>,
}

/// Writes the mail that tells this to this reader, now. The same arguments give the same bytes.
pub fn write(
    templates: &Templates,
    matter: &Matter<'_>,
    to: &Addressee<'_>,
    sender: &Mail,
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Written, Problem> {
    let about = matter.about().map(str::to_owned);
    let voice = templates.voice(to.language);
    let facts = facts_by(&voice, matter, to, now);
    let calendar = attached(&matter.calendar, &voice);
    if let Some(fault) = voice.fault() {
        return Err(fault);
    }
    let rendered = Rendered { about, ..templates.render(&facts)? };
    Ok(wrapped(rendered, calendar.as_ref(), to, sender, message_id, now))
}

/// Writes the mail that tells the operator of these troubles, now. The same arguments give the same bytes.
pub fn write_operator(
    templates: &Templates,
    troubles: &[Trouble<'_>],
    to: &Addressee<'_>,
    sender: &Mail,
    message_id: &str,
    now: DateTime<Utc>,
) -> Result<Written, Problem> {
    let voice = templates.voice(to.language);
    let facts = operator_facts_by(&voice, troubles, to, now);
    if let Some(fault) = voice.fault() {
        return Err(fault);
    }
    let rendered = templates.render_operator(&facts)?;
    Ok(wrapped(rendered, None, to, sender, message_id, now))
}

fn wrapped(
    rendered: Rendered,
    calendar: Option<&CalendarFile>,
    to: &Addressee<'_>,
    sender: &Mail,
    message_id: &str,
    now: DateTime<Utc>,
) -> Written {
    let (from, reply_to, to) = (&sender.from, sender.reply_to.as_ref(), (to.name, to.email));
    let bytes = compose_with(&rendered, calendar, from, reply_to, to, message_id, now);
    Written { subject: rendered.subject, text: rendered.text, html: rendered.html, bytes }
}

impl Templates {
    /// The built-in templates with these in their places; where any of these is broken, the built-in ones alone,
    /// and what is wrong: a mail never waits for a template.
    #[must_use]
    pub fn or_built_in(overrides: &BTreeMap<String, String>) -> (Self, Vec<Problem>) {
        let (ours, problems) = Self::read(overrides.clone());
        (ours.unwrap_or_else(Self::built_in), problems)
    }
}
