//! A page of HTML as a tree, and how its text looks in light and in dark. It reads only what the layout of mails is
//! made of: whatever else it meets is a fault.

use std::collections::BTreeMap;

/// Elements without an end tag.
const VOID: [&str; 5] = ["meta", "br", "hr", "img", "link"];

/// An element.
#[derive(Debug)]
pub struct Element {
    pub tag: String,
    pub attributes: BTreeMap<String, String>,
    /// The element that it stands in.
    pub parent: Option<usize>,
}

/// Words between two tags.
#[derive(Debug)]
pub struct Words {
    pub text: String,
    /// The element that they stand in.
    pub parent: usize,
    /// How many elements began before them.
    pub after: usize,
}

#[derive(Debug)]
pub struct Page {
    pub elements: Vec<Element>,
    pub words: Vec<Words>,
    /// What stands in the style element.
    pub style: String,
}

/// Whether the reader's screen is dark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Screen {
    Light,
    Dark,
}

impl Page {
    /// Reads a page; a tag that is not closed, or closed twice, is an error.
    pub fn read(html: &str) -> Result<Self, String> {
        let mut page = Self { elements: Vec::new(), words: Vec::new(), style: String::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut rest = html.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
        while let Some(at) = rest.find('<') {
            page.say(&rest[..at], &open);
            let (tag, after) = rest[at + 1..].split_once('>').ok_or("a tag without an end")?;
            rest = after;
            if let Some(name) = tag.strip_prefix('/') {
                let closed = open.pop().map(|n| page.elements[n].tag.as_str());
                if closed != Some(name) {
                    return Err(format!("</{name}> closes {closed:?}"));
                }
                continue;
            }
            let (name, attributes) = tag.split_once([' ', '\n']).unwrap_or((tag, ""));
            let parent = open.last().copied();
            let attributes = read_attributes(attributes)?;
            page.elements.push(Element { tag: name.to_owned(), attributes, parent });
            if name == "style" {
                let (style, after) = rest.split_once("</style>").ok_or("a style without an end")?;
                page.style.push_str(style);
                rest = after;
            } else if !VOID.contains(&name) {
                open.push(page.elements.len() - 1);
            }
        }
        if open.is_empty() { Ok(page) } else { Err(format!("{} elements are not closed", open.len())) }
    }

    fn say(&mut self, words: &str, open: &[usize]) {
        let mut text = words.to_owned();
        for (entity, c) in [("&#39;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")] {
            text = text.replace(entity, c);
        }
        let text = text.trim_matches([' ', '\n']).to_owned();
        if let (false, Some(parent)) = (text.is_empty(), open.last()) {
            self.words.push(Words { text, parent: *parent, after: self.elements.len() });
        }
    }

    /// An element and all that it stands in, from the inside.
    pub fn around(&self, element: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(element), |n| self.elements[*n].parent)
    }

    /// All words in an element.
    pub fn text(&self, element: usize) -> String {
        let inside = |words: &&Words| self.around(words.parent).any(|n| n == element);
        self.words.iter().filter(inside).map(|words| words.text.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// What a property is for an element itself, not inherited.
    pub fn own(&self, element: usize, property: &str, screen: Screen) -> Option<String> {
        let Element { tag, attributes, .. } = &self.elements[element];
        let classes: Vec<String> = attributes
            .get("class")
            .into_iter()
            .flat_map(|all| all.split(' '))
            .map(|class| format!(".{class}"))
            .collect();
        let is_meant = |selector: &str| selector == tag || classes.iter().any(|class| class == selector);
        let (plain, dark) = match self.style.split_once("@media (prefers-color-scheme: dark)") {
            Some((plain, dark)) => (plain, dark),
            None => (self.style.as_str(), ""),
        };
        let plain = plain.split("@media").next().unwrap_or_default();
        let rule = |style: &str| {
            let mut found = None;
            for rule in style.split('}') {
                let Some((selector, body)) = rule.rsplit_once('{') else { continue };
                let selector = selector.rsplit('{').next().unwrap_or_default().trim();
                if selector.split(',').any(|one| is_meant(one.trim())) {
                    found = declared(body, property).or(found);
                }
            }
            found
        };
        let inline = attributes.get("style").and_then(|style| declared(style, property));
        let in_dark = if screen == Screen::Dark { rule(dark) } else { None };
        match in_dark {
            // Inline styles yield to nothing else.
            Some(value) if value.ends_with("!important") || inline.is_none() => {
                Some(value.trim_end_matches("!important").trim().to_owned())
            }
            _ => inline.or_else(|| rule(plain)),
        }
    }

    /// What a property is for an element: its own, or that of what it stands in.
    pub fn inherited(&self, element: usize, property: &str, screen: Screen) -> Option<String> {
        self.around(element).find_map(|n| self.own(n, property, screen))
    }
}

fn read_attributes(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) =
            rest.split_once("=\"").ok_or_else(|| format!("an attribute without quotes: {rest}"))?;
        let (value, after) = after.split_once('"').ok_or("a quote without an end")?;
        if found.insert(name.trim().to_owned(), value.replace("&amp;", "&")).is_some() {
            return Err(format!("{name} twice"));
        }
        rest = after.trim_start();
    }
    Ok(found)
}

/// The value of a property in a list of declarations; of several, the last.
pub fn declared(body: &str, property: &str) -> Option<String> {
    let declarations = body.split(';').filter_map(|one| one.split_once(':'));
    declarations
        .filter(|(name, _)| name.trim() == property)
        .map(|(_, value)| value.trim().to_owned())
        .next_back()
}

/// How far apart two colours are, from 1 to 21 (WCAG 2.1, contrast ratio). `#rrggbb` only.
pub fn contrast(one: &str, other: &str) -> Option<f64> {
    let (one, other) = (luminance(one)?, luminance(other)?);
    Some((one.max(other) + 0.05) / (one.min(other) + 0.05))
}

/// The relative luminance of a colour (WCAG 2.1).
fn luminance(colour: &str) -> Option<f64> {
    let hex = colour.strip_prefix('#').filter(|hex| hex.len() == 6)?;
    let channel = |at: usize| {
        let value = f64::from(u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?) / 255.0;
        Some(if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) })
    };
    Some(0.2126 * channel(0)? + 0.7152 * channel(2)? + 0.0722 * channel(4)?)
}
