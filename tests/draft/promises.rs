//! The promises about any text: the page that is drawn from it is a posting, what it quotes stands there, on that line,
//! and the time grows with the length. Also what `fuzz/fuzz_targets/draft.rs` holds.
#![allow(unreachable_pub, clippy::unwrap_used, reason = "a test may fail")]

use chrono::NaiveDate;
use jalon::calendar::read::posting;
use jalon::diagnostic::{Language, any_error};
use jalon::draft::page::{Recruiters, page, warnings};
use jalon::draft::{Draft, Quote, draft};
use jalon::settings::read::settings;

fn quotes(draft: &Draft) -> Vec<Quote> {
    let fields = [&draft.title, &draft.organisation, &draft.contract, &draft.location, &draft.time_zone];
    let mut all: Vec<Quote> = fields.into_iter().flatten().map(|found| found.quote.clone()).collect();
    let events = draft.deadline.iter().chain(&draft.interviews).chain(&draft.start).chain(&draft.end);
    all.extend(events.map(|event| event.quote.clone()));
    all.extend(draft.apply.iter().map(|apply| apply.email.quote.clone()));
    all.extend(warnings(draft).into_iter().filter_map(|warning| warning.quote));
    all
}

/// The promises about one text.
pub fn keep(text: &str, published: Option<NaiveDate>) {
    let draft = draft(text, published);
    let recruiters = Recruiters { names: vec!["camille@example.org".to_owned()], doubt: None };
    let made = page(&draft, &recruiters, None);
    let (settings, _) = settings("jalon.toml", "time_zone = \"Europe/Paris\"\n");
    let read = posting("p.toml", "p", &made, &settings.unwrap().house);
    let errors: String = read.problems.iter().map(|problem| problem.show(Language::English)).collect();
    assert!(!any_error(&read.problems), "{text:?}\n{made}\n{errors}");
    assert!(draft.steps <= 4_000 + 200 * text.len(), "{} looks at {} bytes", draft.steps, text.len());
    for quote in quotes(&draft) {
        assert!(text.get(quote.span.clone()).is_some(), "{text:?}: {quote:?}");
        assert_eq!(text[..quote.span.start].matches('\n').count() + 1, quote.line, "{text:?}: {quote:?}");
    }
}
