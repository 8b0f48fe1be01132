//! The page that `jalon new` writes: a posting with its comments, in the language of whoever asked.

use crate::diagnostic::{Language, is_unsafe};
use crate::message::typography;

/// A key and its value, as TOML.
pub type Entry = (&'static str, String);

/// What a new posting says; dates are entries of their tables: `("until", &format!("{year}-06-28"))`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// What is recruited.
    pub title: String,
    /// Who recruits.
    pub organisation: Option<String>,
    /// Who is reminded: people, teams, addresses.
    pub recruiters: Vec<String>,
    /// `until`, `before` or `label`.
    pub deadline: Option<Entry>,
    /// `on`, `between` or `label`.
    pub interview: Option<Entry>,
    /// `on`, `between` or `label`.
    pub start: Option<Entry>,
    /// `on`, `between` or `label`.
    pub end: Option<Entry>,
}

/// A text as TOML, whatever stands in it: between straight quotes, on one line.
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_unsafe(c) || c.is_control() => quoted.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts as TOML.
#[must_use]
pub fn quoted(texts: &[String]) -> String {
    format!("[{}]", texts.iter().map(|text| quote(text)).collect::<Vec<_>>().join(", "))
}

/// Where comments begin.
const MARGIN: usize = 39;

struct Page {
    text: String,
    language: Language,
    /// The year of dates in comments.
    year: i32,
}

impl Page {
    /// A comment in the person's language.
    fn words(&self, fr: &str, en: &str) -> String {
        match self.language {
            Language::French => typography::text(fr),
            Language::English => en.to_owned(),
        }
    }

    /// A line, with a comment behind it where one is given.
    fn line(&mut self, line: &str, fr: &str, en: &str) {
        let words = self.words(fr, en);
        let width = line.chars().count();
        self.text.push_str(line);
        if !words.is_empty() {
            self.text.push_str(&" ".repeat(MARGIN.saturating_sub(width).max(1)));
            self.text.push_str("# ");
            self.text.push_str(&words);
        }
        self.text.push('\n');
    }

    /// A comment of its own.
    fn remark(&mut self, fr: &str, en: &str) {
        let words = self.words(fr, en);
        self.text.push_str(&format!("# {words}\n"));
    }

    /// A line of its own in each language.
    fn either(&mut self, fr: &str, en: &str) {
        let line = self.words(fr, en);
        self.line(&line, "", "");
    }

    /// The table of a date: with its entry, or as a comment where there is none yet.
    fn date(&mut self, head: &str, entry: Option<&Entry>, usual: (&str, &str), fr: &str, en: &str) {
        self.text.push('\n');
        if let Some(("label", value)) = entry {
            self.line(head, "", "");
            self.line(
                &format!("label = {value}"),
                "pas encore de date : rien n'est rappelé",
                "no date yet: nobody is reminded",
            );
            self.line(&format!("# {} = {}", usual.0, usual.1), fr, en);
        } else if let Some((key, value)) = entry {
            self.line(head, "", "");
            self.line(&format!("{key} = {value}"), fr, en);
        } else {
            let (not_yet_fr, not_yet_en) = (
                "pas encore de date : retirez les « # » quand vous la saurez",
                "no date yet: take the # away once you know it",
            );
            self.line(&format!("# {head}"), not_yet_fr, not_yet_en);
            self.line(&format!("# {} = {}", usual.0, usual.1), fr, en);
        }
    }
}

/// The name of the schema of postings that is shipped in a language.
#[must_use]
pub fn schema_name(language: Language) -> String {
    format!("posting.{}.json", language.code())
}

/// The page. `year` is that of dates in comments; `schema` is the path of the schema from there, if it has one.
#[must_use]
pub fn page(answers: &Answers, language: Language, year: i32, schema: Option<&str>) -> String {
    let mut page = Page { text: String::new(), language, year };
    if let Some(schema) = schema {
        page.text.push_str(&format!("#:schema {schema}\n"));
    }
    page.remark(
        "Un recrutement. Ce qui suit un # est pour vous : jalon ne le lit pas.",
        "One recruitment. What follows a # is for you: jalon does not read it.",
    );
    page.remark(
        &format!("Les dates s'écrivent {year}-06-28, sans guillemets ; les textes, entre guillemets droits."),
        &format!("Dates are written {year}-06-28, without quotes; texts between straight quotes."),
    );
    page.remark("Après un changement : jalon check", "After a change: jalon check");
    page.text.push('\n');
    page.line(&format!("title        = {}", quote(&answers.title)), "", "");
    match &answers.organisation {
        Some(organisation) => page.line(&format!("organisation = {}", quote(organisation)), "", ""),
        None => page.line("# organisation = \"…\"", "qui recrute", "who recruits"),
    }
    page.line(
        &format!("recruiters   = {}", quoted(&answers.recruiters)),
        "qui reçoit les rappels : personnes, équipes, adresses",
        "who is reminded: people, teams, addresses",
    );
    page.either("# contract = \"CDD de 9 mois\"", "# contract = \"nine months\"");
    page.either("# location = \"Crest (Drôme)\"", "# location = \"Bristol\"");
    page.line("# url = \"https://example.org/poste\"", "l'annonce", "the advertisement");
    page.line(
        "# apply = { email = \"candidatures@example.org\" }",
        "où l'on candidate",
        "where candidates write",
    );
    page.line(
        "# status = \"filled\"",
        "c'est pourvu ; \"cancelled\" : c'est abandonné",
        "somebody was found; \"cancelled\": it will not happen",
    );
    dates(&mut page, answers);
    page.text.push('\n');
    page.remark(
        "Les rappels suivent les règles de jalon.toml ; pour en avoir d'autres sur cette fiche :",
        "Reminders follow the rules of jalon.toml; for others on this posting:",
    );
    page.line("# [[remind]]", "", "");
    page.line(
        "# event = \"deadline\"",
        "ou interview, start, end, milestone",
        "or interview, start, end, milestone",
    );
    page.line(
        "# before = [\"30d\", \"7d\", \"1d\"]",
        "d jours, w semaines, bd jours ouvrés",
        "d days, w weeks, bd working days",
    );
    page.line("# on_day = true", "", "");
    page.text
}

fn dates(page: &mut Page, answers: &Answers) {
    let (year, next) = (page.year, page.year + 1);
    let before = answers.deadline.as_ref().is_some_and(|(key, _)| *key == "before");
    let (fr, en) = if before {
        ("le premier jour où il est trop tard", "the first day on which it is too late")
    } else {
        (
            "le dernier jour où les candidatures sont reçues, inclus",
            "the last day on which applications are accepted",
        )
    };
    page.date("[deadline]", answers.deadline.as_ref(), ("until", &format!("{year}-06-28")), fr, en);
    let interview = answers.interview.as_ref();
    let timed = interview.is_some_and(|(key, value)| *key == "on" && value.contains('T'));
    let hour = |words: &str| if timed { String::new() } else { format!("{words} {year}-07-06T09:30:00") };
    page.date(
        "[[interview]]",
        interview,
        ("on", &format!("[{year}-07-06, {year}-07-07]")),
        &hour("avec l'heure, si elle est connue :"),
        &hour("with the time, if it is known:"),
    );
    if let (Some((key, _)), Some(first)) = (interview, answers.recruiters.first()) {
        if *key != "label" {
            let label = page.words("# label = \"6 ou 7 juillet\"", "# label = \"6 or 7 July\"");
            page.line(
                &label,
                "pour dire la date autrement dans les courriels",
                "to word the date otherwise in mails",
            );
        }
        page.either("# place = \"Crest, ou visio\"", "# place = \"Bristol, or a call\"");
        page.line(
            &format!("# panel = [{}]", quote(first)),
            "le jury, prévenu aussi",
            "the panel, reminded too",
        );
    }
    page.date(
        "[start]",
        answers.start.as_ref(),
        ("on", &format!("{year}-08-31")),
        "la prise de poste",
        "the first day of work",
    );
    page.date(
        "[end]",
        answers.end.as_ref(),
        ("on", &format!("{next}-04-30")),
        "la fin du contrat, s'il en a une",
        "the end of the contract, if it has one",
    );
}
