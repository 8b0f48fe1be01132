//! `jalon doctor`: everything that an administrator asks when something is odd, on one screen. It sends nothing and
//! changes nothing, beside a running daemon and without one.
//!
//! `gather` and `relays` look, `judge` thinks, and here it is printed.

pub mod facts;
pub mod finding;
mod gather;
pub mod judge;
mod relays;

use clap::Args;
use serde::Serialize;

use self::finding::{Finding, State, exit};
use super::{Context, Exit, Format, Listing, fail, out};
use crate::diagnostic::{Language, printable, say};

/// Say whether all is well, and what to do where it is not; nothing is sent or changed
#[derive(Debug, Args)]
pub struct Doctor {
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
    /// Ask no relay, no name server and no token: look at this machine only
    #[arg(long)]
    no_relay: bool,
    #[command(flatten)]
    listing: Listing,
}

/// A line as `--format json` shows it.
#[derive(Serialize)]
struct Row<'a> {
    check: &'static str,
    about: Option<&'a str>,
    state: &'static str,
    sentence: &'a str,
    details: Vec<&'a str>,
    remedy: Option<&'a str>,
}

impl Doctor {
    /// Runs the command: 0 when nothing is wrong, whatever there is to look at.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let (facts, now, language) = gather::gather(context, self.ledger.as_deref(), self.no_relay);
        let findings = judge::judge(&facts, now);
        let text = match self.listing.format {
            Format::Json => json(&findings, language),
            Format::Table => Some(screen(&findings, language)),
        };
        let Some(text) = text else { return fail(Exit::Failed, language, &say("JSON", "JSON")) };
        match out(&text) {
            Exit::Done => exit(&findings),
            failed => failed,
        }
    }
}

fn json(findings: &[Finding], language: Language) -> Option<String> {
    let rows: Vec<Row<'_>> = findings
        .iter()
        .map(|one| Row {
            check: one.check.word(),
            about: one.about.as_deref(),
            state: one.state.word(),
            sentence: one.sentence.say(language),
            details: one.details.iter().map(|detail| detail.say(language)).collect(),
            remedy: one.remedy.as_ref().map(|remedy| remedy.say(language)),
        })
        .collect();
    serde_json::to_string_pretty(&rows).ok().map(|text| text + "\n")
}

/// A line each, what to do below it, and how many want somebody.
fn screen(findings: &[Finding], language: Language) -> String {
    let words = |one: &Finding| {
        let (state, check) = (one.state.label(), one.check.label());
        (state.say(language).to_owned(), check.say(language).to_owned())
    };
    let wide = |of: fn(&(String, String)) -> usize| findings.iter().map(|one| of(&words(one))).max();
    let states = wide(|(state, _)| state.chars().count()).unwrap_or_default();
    let checks = wide(|(_, check)| check.chars().count()).unwrap_or_default();
    let below = " ".repeat(states + checks + 4);
    let mut text = String::new();
    for one in findings {
        let (state, check) = words(one);
        text.push_str(&format!("{state:states$}  {check:checks$}  {}\n", one.sentence.say(language)));
        for detail in &one.details {
            text.push_str(&format!("{below}- {}\n", detail.say(language)));
        }
        if let Some(remedy) = &one.remedy {
            text.push_str(&format!("{below}→ {}\n", remedy.say(language)));
        }
    }
    let count = |state| findings.iter().filter(|one| one.state == state).count();
    let sum = match (count(State::Wrong), count(State::Warning)) {
        (0, 0) => say("tout est en ordre", "all is well"),
        (wrong, odd) => say(
            format!("{wrong} en défaut, {odd} à voir"),
            format!("{wrong} wrong, {odd} warning{}", if odd == 1 { "" } else { "s" }),
        ),
    };
    printable(&format!("{text}\n{}\n", sum.say(language)))
}
