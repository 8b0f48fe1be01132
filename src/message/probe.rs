//! Pure. The mail of `jalon send-test`: in both languages, whoever reads it, and from no template of one's own, so that it
//! tries the way and nothing else.

use chrono::{DateTime, Utc};
use minijinja::HtmlEscape;

use super::Rendered;
use crate::diagnostic::{Language, is_unsafe};

/// What a test mail says of itself.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// The machine that sends it.
    pub machine: &'a str,
    /// The relay, or the outbox.
    pub way: &'a str,
    /// The domain that it is written from.
    pub domain: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// The test mail in words; `language` decides which of the two comes first.
#[must_use]
pub fn probe(probe: &Probe<'_>, language: Language) -> Rendered {
    let Probe { machine, way, domain, now } = *probe;
    let [machine, way, domain] = [machine, way, domain].map(plain);
    let when = now.format("%Y-%m-%d %H:%M UTC");
    let french = [
        "Si vous lisez ceci, jalon peut vous écrire.".to_owned(),
        format!("Essai du {when}, de la machine {machine}, par {way}."),
        format!(
            "Était-il parmi les indésirables\u{a0}? Demandez à qui tient le domaine {domain} de vérifier SPF, DKIM et DMARC."
        ),
    ];
    let english = [
        "If you can read this, jalon can write to you.".to_owned(),
        format!("A test of {when}, from the machine {machine}, by {way}."),
        format!("Was it among the junk? Ask whoever keeps the domain {domain} to check SPF, DKIM and DMARC."),
    ];
    let (subject, both) = match language {
        Language::French => ("jalon\u{a0}: courriel d'essai", [french, english]),
        Language::English => ("jalon: test mail", [english, french]),
    };
    let text: Vec<String> = both.iter().map(|lines| lines.join("\n")).collect();
    let paragraphs = both.iter().flatten().map(|line| format!("<p>{}</p>\n", HtmlEscape(line)));
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"{}\"><meta charset=\"utf-8\"><title>{subject}</title><body>\n{}</body></html>\n",
        language.code(),
        paragraphs.collect::<String>()
    );
    Rendered {
        language: language.into(),
        about: None,
        subject: subject.to_owned(),
        text: text.join("\n\n—\n\n") + "\n",
        html,
    }
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !is_unsafe(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_in_both_languages_what_it_tries_and_escapes_it() {
        let now = DateTime::from_timestamp(1_780_000_000, 0).expect("is one");
        let page = probe(
            &Probe { machine: "crest", way: "<b>\n&relay", domain: "example.org", now },
            Language::French,
        );
        assert_eq!(page.subject, "jalon\u{a0}: courriel d'essai");
        let (fr, en) = page.text.split_once("\n\n—\n\n").expect("both");
        assert!(
            fr.starts_with("Si vous lisez ceci, jalon peut vous écrire.\n") && en.starts_with("If you can")
        );
        assert!(
            page.text.contains("2026-05-28 20:26 UTC, de la machine crest, par <b>&relay."),
            "{}",
            page.text
        );
        assert!(page.html.contains("par &lt;b&gt;&amp;relay."), "{}", page.html);
    }
}
