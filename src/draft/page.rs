//! Pure. A draft → the page: a posting in TOML, each value with the words it comes from.
//!
//! The page is in the language of the text. What was not found stands there as a comment, so that it is seen; what is
//! inferred or doubtful is marked « à vérifier ».

use chrono::NaiveDate;

use super::{Draft, Event, Found, Moment, Quote, Warning, When};
use crate::diagnostic::{Language, Words, is_unsafe, say};

/// Who is reminded: a posting's text never says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recruiters {
    /// People, teams, addresses.
    pub names: Vec<String>,
    /// Why that should be looked at.
    pub doubt: Option<Words>,
}

/// Where comments begin.
const MARGIN: usize = 39;
/// How much of the text a comment quotes, in characters.
const QUOTED: usize = 100;

/// A text as TOML: between straight quotes, on one line.
#[must_use]
pub fn text(value: &str) -> String {
    let mut quoted = String::from('"');
    for c in value.chars().filter(|c| !is_unsafe(*c) && !c.is_control()).take(300) {
        if matches!(c, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

struct Page {
    text: String,
    language: Language,
}

impl Page {
    fn say<'a>(&self, fr: &'a str, en: &'a str) -> &'a str {
        match self.language {
            Language::French => fr,
            Language::English => en,
        }
    }

    /// A line, with a comment behind it where there is one.
    fn line(&mut self, line: &str, comment: &str) {
        self.text.push_str(line);
        if !comment.is_empty() {
            let blanks = MARGIN.saturating_sub(line.chars().count()).max(1);
            self.text.push_str(&" ".repeat(blanks));
            self.text.push_str("# ");
            self.text.push_str(comment);
        }
        self.text.push('\n');
    }

    /// A value, its words, and what is doubtful about it.
    fn value(&mut self, line: &str, quote: &Quote, doubts: &[Words]) {
        let words = self.quoted(quote);
        self.line(line, &words);
        self.doubts(doubts);
    }

    fn doubts(&mut self, doubts: &[Words]) {
        for doubt in doubts {
            let sentence = fit(doubt.say(self.language), 300);
            let mark = self.say("à vérifier\u{a0}:", "to check:");
            self.text.push_str(&format!("# {mark} {sentence}\n"));
        }
    }

    fn quoted(&self, quote: &Quote) -> String {
        let words = fit(&quote.words, QUOTED);
        match self.language {
            Language::French => format!("«\u{a0}{words}\u{a0}», ligne {}", quote.line),
            Language::English => format!("\"{words}\", line {}", quote.line),
        }
    }

    fn found(&mut self, key: &str, found: Option<&Found<String>>, usual: (&str, &str)) {
        if let Some(Found { value, quote, doubts }) = found {
            self.value(&format!("{key} = {}", text(value)), quote, doubts);
        } else {
            let usual = self.say(usual.0, usual.1);
            let (line, missing) = (
                format!("# {key} = {}", text(usual)),
                self.say("pas trouvé dans le texte", "not found in the text"),
            );
            self.line(&line, missing);
        }
    }

    /// The table of an event; as a comment where there is no date.
    fn event(&mut self, head: &str, event: Option<&Event>, usual: &str) {
        self.text.push('\n');
        let missing = self.say("pas trouvé dans le texte", "not found in the text").to_owned();
        let Some(event) = event else {
            self.line(&format!("# {head}"), &missing);
            self.line(&format!("# {usual}"), "");
            return;
        };
        if let When::Impossible(written) = &event.when {
            let words = self.quoted(&event.quote);
            self.line(&format!("# {head}"), &words);
            self.line(&format!("# {usual}"), "");
            let doubt = no_such_day(written);
            self.doubts(std::slice::from_ref(&doubt));
            self.doubts(&event.doubts);
            return;
        }
        self.line(head, "");
        if let Some(name) = &event.name {
            let name = format!("name  = {}", text(name.say(self.language)));
            self.line(&name, "");
        }
        let line = match &event.when {
            When::Until(moment) => format!("until = {}", written(*moment, true)),
            When::Before(day) => format!("before = {day}"),
            When::On(days) => on(days),
            When::Between(first, last) => format!("between = [{first}, {last}]"),
            When::Open(words) => format!("label = {}", text(words)),
            When::Impossible(_) => return,
        };
        self.value(&line, &event.quote, &event.doubts);
        if let Some(label) = event.label.as_ref().filter(|label| !label.is_empty()) {
            self.line(&format!("label = {}", text(label)), "");
        }
    }
}

fn no_such_day(written: &str) -> Words {
    say(format!("« {written} » n'existe pas"), format!("there is no \"{written}\""))
}

/// A text cut to a length, fit for a comment.
fn fit(text: &str, most: usize) -> String {
    let clean = || text.chars().filter(|c| !is_unsafe(*c) && !c.is_control());
    let cut: String = clean().take(most).collect();
    if clean().nth(most).is_some() { format!("{}…", cut.trim_end()) } else { cut }
}

fn written(moment: Moment, timed: bool) -> String {
    match moment.time.filter(|_| timed) {
        Some((hour, minute)) => format!("{}T{hour:02}:{minute:02}:00", moment.day),
        None => moment.day.to_string(),
    }
}

fn on(days: &[Moment]) -> String {
    // Dates and moments do not go together.
    let timed = days.iter().all(|day| day.time.is_some());
    match days {
        [only] => format!("on = {}", written(*only, timed)),
        _ => format!("on = [{}]", days.iter().map(|day| written(*day, timed)).collect::<Vec<_>>().join(", ")),
    }
}

/// The page. `schema` is the path of the schema from there, if it has one.
#[must_use]
pub fn page(draft: &Draft, recruiters: &Recruiters, schema: Option<&str>) -> String {
    let mut page = Page { text: String::new(), language: draft.language };
    if let Some(schema) = schema {
        page.text.push_str(&format!("#:schema {schema}\n"));
    }
    let head = page.say(
        "# Tiré d'une annonce par jalon draft\u{a0}: à relire, surtout ce qui est «\u{a0}à vérifier\u{a0}». Puis\u{a0}: jalon check\n\n",
        "# Drawn from a posting's text by jalon draft: read it over, above all what is \"to check\". Then: jalon check\n\n",
    );
    page.text.push_str(head);
    if let Some(title) = &draft.title {
        page.value(&format!("title        = {}", text(&title.value)), &title.quote, &title.doubts);
    } else {
        let line = format!("title        = {}", text(page.say("Poste à préciser", "Job to be named")));
        page.line(&line, "");
        let doubt = say("le texte ne dit pas l'intitulé", "the text does not say the title");
        page.doubts(&[doubt]);
    }
    page.found("organisation", draft.organisation.as_ref(), ("qui recrute", "who recruits"));
    let names: Vec<String> = recruiters.names.iter().map(|name| text(name)).collect();
    let line = format!("recruiters   = [{}]", names.join(", "));
    let comment = page.say("qui reçoit les rappels", "who is reminded");
    page.line(&line, comment);
    page.doubts(recruiters.doubt.as_slice());
    page.found("contract    ", draft.contract.as_ref(), ("CDD de 9 mois", "nine months"));
    page.found("location    ", draft.location.as_ref(), ("Crest (Drôme)", "Bristol"));
    if let Some(published) = draft.published {
        page.line(&format!("published    = {published}"), "");
    }
    if let Some(Found { value, quote, doubts }) = &draft.time_zone {
        page.value(&format!("time_zone    = {}", text(value)), quote, doubts);
    }
    apply(&mut page, draft);
    page.event("[deadline]", draft.deadline.as_ref(), &format!("until = {}", example(draft)));
    if draft.interviews.is_empty() {
        page.event("[[interview]]", None, &format!("on = {}", example(draft)));
    }
    for interview in &draft.interviews {
        page.event("[[interview]]", Some(interview), "on = 2026-07-06");
    }
    page.event("[start]", draft.start.as_ref(), &format!("on = {}", example(draft)));
    page.event("[end]", draft.end.as_ref(), &format!("on = {}", example(draft)));
    let loose: Vec<Words> = draft.warnings.iter().map(|warning| warning.sentence.clone()).collect();
    if !loose.is_empty() {
        page.text.push('\n');
        page.doubts(&loose);
    }
    page.text
}

/// A date for a comment, near those of the text.
fn example(draft: &Draft) -> NaiveDate {
    let known = draft.published.or_else(|| match draft.deadline.as_ref()?.when {
        When::Until(moment) => Some(moment.day),
        When::Before(day) => Some(day),
        _ => None,
    });
    known.or_else(|| NaiveDate::from_ymd_opt(2026, 6, 28)).unwrap_or_default()
}

fn apply(page: &mut Page, draft: &Draft) {
    page.text.push('\n');
    let Some(apply) = &draft.apply else {
        let missing = page.say(
            "pas trouvé dans le texte\u{a0}: où l'on candidate",
            "not found in the text: where one applies",
        );
        page.line("# [apply]", missing);
        page.line("# email = \"candidatures@example.org\"", "");
        return;
    };
    page.line("[apply]", "");
    page.found("email", Some(&apply.email), ("", ""));
    if let Some(cc) = &apply.cc {
        page.found("cc", Some(cc), ("", ""));
    }
    if let Some(subject) = &apply.subject {
        page.found("subject", Some(subject), ("", ""));
    }
}

/// Everything about a draft that needs a person, in the order of the page: for the standard error.
#[must_use]
pub fn warnings(draft: &Draft) -> Vec<Warning> {
    let mut all = Vec::new();
    let events = draft.deadline.iter().chain(&draft.interviews).chain(&draft.start).chain(&draft.end);
    for event in events {
        let quote = Some(event.quote.clone());
        all.extend(
            event.doubts.iter().map(|doubt| Warning { sentence: doubt.clone(), quote: quote.clone() }),
        );
    }
    all.extend(draft.warnings.iter().cloned());
    let missing = [
        (
            draft.title.is_none(),
            say(
                "l'intitulé du poste n'a pas été trouvé\u{a0}: écrivez title",
                "the title of the job was not found: write title",
            ),
        ),
        (
            draft.deadline.is_none(),
            say(
                "aucune date limite n'a été trouvée\u{a0}: écrivez [deadline], s'il y en a une",
                "no deadline was found: write [deadline], if there is one",
            ),
        ),
    ];
    let missing = missing.into_iter().filter(|(is_missing, _)| *is_missing);
    all.extend(missing.map(|(_, sentence)| Warning { sentence, quote: None }));
    all
}
