//! A strict reader of our HTML: what tags it has, where its links lead. A page that it cannot read is refused.

const TAGS: &[&str] = &[
    "html", "head", "meta", "title", "style", "body", "div", "p", "h1", "h2", "h3", "span", "strong", "em",
    "br", "hr", "a", "s", "code", "mark", "ul", "ol", "li", "small", "b", "i", "table", "tr", "td",
];
const ATTRIBUTES: &[&str] = &[
    "lang",
    "charset",
    "name",
    "content",
    "class",
    "style",
    "href",
    "role",
    "align",
    "width",
    "cellpadding",
    "cellspacing",
    "border",
    "aria-hidden",
];
const ENTITIES: &[&str] = &["&amp;", "&lt;", "&gt;", "&quot;", "&#39;", "&nbsp;"];

/// The links of a page, or what should not be in it.
pub fn links(page: &str) -> Result<Vec<String>, String> {
    let page = page.strip_prefix("<!DOCTYPE html>").ok_or("another document type")?;
    let (before, rest) = page.split_once("<style>").ok_or("no style")?;
    let (_, after) = rest.split_once("</style>").ok_or("no end of the style")?;
    let mut links = Vec::new();
    for piece in [before, after] {
        scan(piece, &mut links)?;
    }
    Ok(links)
}

fn scan(piece: &str, links: &mut Vec<String>) -> Result<(), String> {
    let mut rest = piece;
    while let Some(at) = rest.find(['<', '>', '&']) {
        let here = &rest[at..];
        let excerpt: String = here.chars().take(60).collect();
        rest = if let Some(tag) = here.strip_prefix('<') {
            tag_end(tag, links).map_err(|wrong| format!("{wrong}: {excerpt}"))?
        } else if here.starts_with('&') {
            entity(here).map_err(|wrong| format!("{wrong}: {excerpt}"))?
        } else {
            return Err(format!("a lone >: {excerpt}"));
        };
    }
    Ok(())
}

fn entity(text: &str) -> Result<&str, &'static str> {
    ENTITIES.iter().find_map(|known| text.strip_prefix(known)).ok_or("an entity of somebody else's")
}

/// Reads a tag; returns what follows it.
fn tag_end<'t>(tag: &'t str, links: &mut Vec<String>) -> Result<&'t str, String> {
    let (closes, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
    let end = tag.find(|c: char| !c.is_ascii_alphanumeric()).ok_or("no end")?;
    let (name, mut rest) = tag.split_at(end);
    if !TAGS.contains(&name) {
        return Err(format!("tag {name:?}"));
    }
    loop {
        if let Some(after) = rest.strip_prefix('>') {
            return Ok(after);
        }
        let attribute = rest.strip_prefix(' ').filter(|_| !closes).ok_or("no attribute")?;
        let (name, after) = attribute.split_once("=\"").ok_or("an attribute without a value")?;
        if !ATTRIBUTES.contains(&name) {
            return Err(format!("attribute {name:?}"));
        }
        let (value, after) = after.split_once('"').ok_or("a value without an end")?;
        let mut left = value;
        while let Some(at) = left.find(['<', '>', '&']) {
            left = entity(&left[at..])?;
        }
        if name == "href" {
            links.push(value.to_owned());
        }
        rest = after;
    }
}
