//! Mails that everybody can read: the rules of WCAG 2.1 AA and of the RGAA that a mail can break, tried on a mail of
//! every kind, in every shape, in every language.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "accessible/page.rs"]
#[allow(clippy::pub_underscore_fields, unreachable_pub, reason = "the test's own room")]
mod page;

use jalon::calendar::Language;
use jalon::message::Templates;
use jalon::message::samples::samples;

use page::{Page, Screen, contrast, declared};

/// The ratio of WCAG 2.1, 1.4.3, for words of any size.
const ENOUGH: f64 = 4.5;

/// What may say nothing by itself, or move what is read away from where it is written.
const UNWANTED: [&str; 15] = [
    "img", "svg", "object", "video", "audio", "input", "form", "script", "iframe", "th", "caption", "small",
    "font", "center", "marquee",
];
const MOVES: [&str; 8] =
    ["position", "order", "float", "flex-direction", "direction", "transform", "grid-area", "text-indent"];

/// Words that say nothing of where a link leads.
const VAGUE: [&str; 8] =
    ["ici", "cliquez ici", "lien", "en savoir plus", "here", "click here", "link", "more"];

/// What is wrong with a page in that language.
fn faults(html: &str, language: Language) -> Vec<String> {
    match Page::read(html) {
        Ok(page) => [frame(&page, language), looks(&page), words(&page, language)].concat(),
        Err(fault) => vec![format!("not well formed: {fault}")],
    }
}

/// Language, title, tables, headings, order.
fn frame(page: &Page, language: Language) -> Vec<String> {
    let mut faults = Vec::new();
    let mut headings = Vec::new();
    for (n, element) in page.elements.iter().enumerate() {
        let attribute = |name: &str| element.attributes.get(name).map(String::as_str);
        let tag = element.tag.as_str();
        match tag {
            "html" if attribute("lang") != Some(language.code()) => faults.push("another lang".to_owned()),
            "table" if attribute("role") != Some("presentation") => faults.push("a table of data".to_owned()),
            "title" if page.text(n).is_empty() => faults.push("no title".to_owned()),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => headings.push(u32::from(tag.as_bytes()[1] - b'0')),
            "li" if element.parent.is_none_or(|parent| page.elements[parent].tag != "ul") => {
                faults.push("an item without a list".to_owned());
            }
            _ if UNWANTED.contains(&tag) => faults.push(format!("a {tag}")),
            _ => {}
        }
        if element.attributes.keys().any(|name| name.starts_with("on") || name == "tabindex") {
            faults.push(format!("a {tag} that does something"));
        }
        if MOVES.iter().any(|moves| attribute("style").is_some_and(|style| declared(style, moves).is_some()))
        {
            faults.push(format!("a {tag} that is moved"));
        }
        let is_hidden = attribute("hidden").is_some()
            || attribute("style").is_some_and(|style| {
                let is = |property: &str, value: &str| declared(style, property).as_deref() == Some(value);
                is("display", "none")
                    || is("visibility", "hidden")
                    || is("opacity", "0")
                    || is("max-height", "0")
            });
        if is_hidden && attribute("aria-hidden") != Some("true") {
            faults.push(format!("a {tag} that is hidden from eyes alone"));
        }
    }
    if MOVES
        .iter()
        .any(|moves| page.style.split(['{', ';', ' ']).any(|word| word.strip_suffix(':') == Some(moves)))
    {
        faults.push("a style that moves".to_owned());
    }
    if headings.iter().filter(|level| **level == 1).count() != 1 || headings.first() != Some(&1) {
        faults.push(format!("not one h1 first: {headings:?}"));
    }
    if headings.windows(2).any(|pair| pair[1] > pair[0] + 1) {
        faults.push(format!("a level that is skipped: {headings:?}"));
    }
    faults
}

/// Colours in light and in dark, and sizes.
fn looks(page: &Page) -> Vec<String> {
    let mut faults = Vec::new();
    let body = page.elements.iter().position(|element| element.tag == "body").unwrap();
    for words in page.words.iter().filter(|words| page.around(words.parent).any(|n| n == body)) {
        for screen in [Screen::Light, Screen::Dark] {
            let value = |property| page.inherited(words.parent, property, screen).unwrap_or_default();
            let (ink, paper) = (value("color"), value("background-color"));
            match contrast(&ink, &paper) {
                Some(ratio) if ratio >= ENOUGH => {}
                Some(ratio) => {
                    faults.push(format!("{ratio:.2} in {screen:?}, {ink} on {paper}: {}", words.text));
                }
                None => faults
                    .push(format!("colours that cannot be compared, {ink:?} on {paper:?}: {}", words.text)),
            }
        }
        let size = page.inherited(words.parent, "font-size", Screen::Light).unwrap_or_default();
        if size.strip_suffix("px").and_then(|px| px.parse::<f64>().ok()).is_none_or(|px| px < 16.0) {
            faults.push(format!("{size:?}: {}", words.text));
        }
    }
    if page.style.contains("font-size") || page.style.contains("font:") {
        faults.push("a size that is not beside its words".to_owned());
    }
    faults
}

/// Links, urgency, what is struck out, what only the eye is shown.
fn words(page: &Page, language: Language) -> Vec<String> {
    let mut faults = Vec::new();
    let near: &[&str] = match language {
        Language::French => &["aujourd'hui", "demain", "dans ", "heure"],
        _ => &["today", "tomorrow", "in ", "hour"],
    };
    let mut heading = String::new();
    for (n, element) in page.elements.iter().enumerate() {
        let class = element.attributes.get("class").map_or("", String::as_str);
        let before = |text: &str| {
            // The words just before it, in the same place.
            let place = element.parent.unwrap();
            let written = page.words.iter().filter(|words| words.after <= n && words.text != text);
            written.filter(|words| page.around(words.parent).any(|around| around == place)).count()
        };
        let text = page.text(n);
        match element.tag.as_str() {
            "h1" | "h2" => heading.clone_from(&text),
            "a" => {
                let said = text.to_lowercase();
                let leads = element.attributes.get("href").is_some_and(|href| href.contains(&text));
                if said.is_empty() || VAGUE.contains(&said.as_str()) || !leads {
                    faults.push(format!("a link that does not say where it leads: {text:?}"));
                }
            }
            "s" if before(&text) == 0 => faults.push(format!("struck out for the eye alone: {text}")),
            _ => {}
        }
        if class.split(' ').any(|class| class == "near") && !near.iter().any(|word| heading.contains(word)) {
            faults.push(format!("near by its colour alone: {heading}"));
        }
        if element.attributes.contains_key("aria-hidden") {
            let row = page.around(n).find(|around| page.elements[*around].tag == "tr").unwrap_or(n);
            let shown = page.text(row).replacen(&text, "", 1);
            let figures: String = text.chars().filter(char::is_ascii_digit).collect();
            let is_said = shown.split(|c: char| !c.is_ascii_digit()).any(|number| number == figures);
            if figures.is_empty() || !is_said || text.contains("://") {
                faults.push(format!("for the eye alone: {text}"));
            }
        }
    }
    faults
}

fn pages() -> Vec<(String, Language, String)> {
    let day = "2026-06-22".parse().unwrap();
    let all = Language::ALL.into_iter().flat_map(|language| samples(&Templates::built_in(), language, day));
    all.map(|sample| (sample.shape.en, sample.language, sample.mail.unwrap().html)).collect()
}

#[test]
fn every_mail_can_be_read_by_everybody() {
    let pages = pages();
    assert!(pages.len() >= 80, "{}", pages.len());
    let mut found = Vec::new();
    for (shape, language, html) in &pages {
        found.extend(
            faults(html, *language)
                .into_iter()
                .map(|fault| format!("{shape} ({}): {fault}", language.code())),
        );
    }
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn nothing_is_said_by_a_colour_that_is_not_said_in_words() {
    // The samples show what the rules are about: else the rules would hold of nothing.
    let all: String = pages().into_iter().map(|(_, _, html)| html).collect();
    for shown in
        ["class=\"near\"", "class=\"leaf\" aria-hidden=\"true\"", "<s", "<a href", "<mark", "<h3", "<li"]
    {
        assert!(all.contains(shown), "{shown}");
    }
}

#[test]
fn each_rule_bites() {
    let pages = pages();
    let of = |shape: &str| &pages.iter().find(|(name, ..)| name == shape).unwrap().2;
    let deadline = of("Deadline: the day before");
    let place = of("Another place, link and panel");
    for (page, from, to, expected) in [
        (deadline, "lang=\"fr\"", "lang=\"en\"", "another lang"),
        (deadline, "role=\"presentation\" class=\"box\"", "class=\"box\"", "a table of data"),
        (deadline, "<h1", "<h1>x</h1><h1", "not one h1"),
        (deadline, "</h1>", "</h1><h3>x</h3>", "a level that is skipped"),
        (deadline, "</p>", "", "not well formed"),
        (deadline, "<strong>", "<strong style=\"float:left;\">", "is moved"),
        (deadline, "<strong>", "<strong style=\"display:none;\">", "hidden from eyes alone"),
        (deadline, "<strong>", "<strong style=\"font-size:14px;\">", "14px"),
        (deadline, "<strong>", "<strong style=\"color:#8a8f96;\">", "in Light"),
        (deadline, "color: #2b1206 !important", "color: #ffffff !important", "in Dark"),
        (deadline, ".box { background-color: #1c332d !important; }", "", "in Dark"),
        (deadline, "<strong>", "<strong style=\"color:grey;\">", "cannot be compared"),
        (deadline, ">example.org</a>", ">ici</a>", "does not say where"),
        (deadline, ">example.org</a>", ">autre.example</a>", "does not say where"),
        (deadline, "<strong>", "<img src=\"cid:x\"><strong>", "a img"),
        (deadline, "<strong>", "<strong onclick=\"x\">", "does something"),
        (deadline, " demain</h1>", "</h1>", "by its colour alone"),
        (deadline, ">29</div>", ">30</div>", "for the eye alone"),
        (deadline, "  a { color", "  .sheet { order: 2 }\n  a { color", "a style that moves"),
        (place, "(avant\u{a0}: <s>", "<s>", "struck out"),
    ] {
        let broken = page.replacen(from, to, 1);
        assert_ne!(&broken, page, "{from} is not there");
        let found = faults(&broken, Language::French);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{from} → {to}: {found:?}");
    }
}

#[test]
fn contrast_is_as_the_standard_computes_it() {
    let ratio = |one, other| (contrast(one, other).unwrap() * 100.0).round() / 100.0;
    assert!((ratio("#000000", "#ffffff") - 21.0).abs() < 0.001);
    assert!((ratio("#777777", "#ffffff") - 4.48).abs() < 0.001, "the grey that is just too light");
    assert!((ratio("#767676", "#ffffff") - 4.54).abs() < 0.001, "the one that just is not");
    assert_eq!(contrast("grey", "#ffffff"), None);
}
