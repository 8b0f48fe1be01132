//! Pure. A page on which a person reads every mail as its recipient would: the HTML part in a sandboxed frame
//! (nothing runs, nothing loads), the text part folded below.

use super::samples::Sample;
use crate::diagnostic::Language;

/// One mail of a gallery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Where its .eml file is, relative to the page.
    pub file: String,
    /// When it left, in words.
    pub at: String,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its text part.
    pub text: String,
    /// Its HTML part.
    pub html: String,
}

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#c9c9c9;--soft:#f3f3f1;--ink:#1d1d1b;--quiet:#5a5a57;--paper:#fff}\
@media (prefers-color-scheme:dark){:root{--line:#4a4a47;--soft:#242422;--ink:#ececea;--quiet:#b3b3af;--paper:#161615}}\
*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}\
header{padding:1.5rem 2rem .5rem}h1{margin:0;font-size:1.4rem}p{margin:.25rem 0;color:var(--quiet)}\
main{display:grid;grid-template-columns:minmax(14rem,18rem) 1fr;gap:2rem;padding:1rem 2rem}\
nav{position:sticky;top:1rem;max-height:calc(100vh - 2rem);overflow:auto;align-self:start}\
nav ol{margin:0;padding:0;list-style:none}nav a{display:block;padding:.4rem .6rem;color:inherit;text-decoration:none;border-radius:.3rem}\
nav a:hover,nav a:focus{background:var(--soft)}nav small{display:block;color:var(--quiet)}\
article{margin:0 0 2.5rem;border:1px solid var(--line);border-radius:.5rem;overflow:hidden;scroll-margin-top:1rem}\
article h2{margin:0;font-size:1.05rem}article header{padding:.8rem 1rem;background:var(--soft);border-bottom:1px solid var(--line)}\
iframe{display:block;max-width:100%;border:0;resize:vertical}.pair{display:flex;flex-wrap:wrap;gap:1rem;padding:1rem}\
.subject{padding:.6rem 1rem 0;font-weight:600;color:inherit}.wrong{padding:0 1rem}small{color:var(--quiet)}\
details{padding:.6rem 1rem;border-top:1px solid var(--line)}summary{cursor:pointer}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.45 ui-monospace,monospace}\
@media (max-width:50rem){main{grid-template-columns:1fr;padding:1rem}nav{position:static;max-height:14rem}header{padding:1rem}}";

/// How wide a mail is shown, in CSS pixels: as on a desk, and as on a telephone.
const DESK: usize = 640;
const PHONE: usize = 390;

/// What a page says round its mails.
struct Frame {
    code: &'static str,
    title: String,
    hint: &'static str,
    text_part: &'static str,
    mail: &'static str,
    phone: &'static str,
}

impl Frame {
    /// A page with these entries in its list and these articles.
    fn page(&self, list: &str, articles: &str) -> String {
        let Self { code, title, hint, .. } = self;
        format!(
            "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header><h1>{title}</h1><p>{hint}</p></header>\n<main>\n<nav><ol>\n\
             {list}</ol></nav>\n<div>\n{articles}</div>\n</main>\n</body>\n</html>\n"
        )
    }

    /// A mail in a frame of this width that is as high as the mail, nearly; `scheme` are declarations besides.
    fn framed(&self, html: &str, width: usize, scheme: &str, named: &str) -> String {
        let (high, html, named) = (height(html, width), escape(html), escape(named));
        format!(
            "<iframe sandbox loading=\"lazy\" title=\"{} {named}\" style=\"width:{width}px;height:{high}px{scheme}\" srcdoc=\"{html}\"></iframe>\n",
            if width == PHONE { self.phone } else { self.mail },
        )
    }

    fn folded(&self, text: &str) -> String {
        format!("<details><summary>{}</summary><pre>{}</pre></details>", self.text_part, escape(text))
    }
}

/// The page of a rehearsal. Mails stand in the order in which they left.
#[must_use]
pub fn gallery(pages: &[Page], language: Language) -> String {
    let count = pages.len();
    let (frame, file, to) = match language {
        Language::French => (
            Frame {
                code: "fr",
                title: format!("Répétition\u{a0}: {count} courriels"),
                hint: "Voici chaque courriel comme son destinataire le lirait. Rien n'a été envoyé.",
                text_part: "Version texte",
                mail: "Courriel",
                phone: "Téléphone",
            },
            "fichier .eml",
            "à",
        ),
        Language::English => (
            Frame {
                code: "en",
                title: format!("Rehearsal: {count} mails"),
                hint: "Here is every mail as its recipient would read it. Nothing was sent.",
                text_part: "Text part",
                mail: "Mail",
                phone: "Phone",
            },
            ".eml file",
            "to",
        ),
    };
    let (mut list, mut articles) = (String::new(), String::new());
    for (n, mail) in pages.iter().enumerate() {
        let (at, reader, subject) = (escape(&mail.at), escape(&mail.to), escape(&mail.subject));
        list += &format!("<li><a href=\"#m{n}\"><small>{at} · {reader}</small>{subject}</a></li>\n");
        articles += &format!(
            "<article id=\"m{n}\"><header><h2>{subject}</h2><p>{at} · {to} {reader} · <a href=\"{}\">{file}</a></p></header>\n\
             {}{}</article>\n",
            escape(&mail.file),
            frame.framed(&mail.html, DESK, "", &(n + 1).to_string()),
            frame.folded(&mail.text),
        );
    }
    frame.page(&list, &articles)
}

/// The page of all samples, as on a desk in light, and as on a telephone in dark (a frame prefers the colours of its
/// element). A template that fails says so in the place of its mail.
#[must_use]
pub fn models(samples: &[Sample], language: Language) -> String {
    let frame = match language {
        Language::French => Frame {
            code: "fr",
            title: format!("Modèles\u{a0}: {} courriels", samples.len()),
            hint: "Chaque sorte de courriel, dans chaque langue, avec les modèles en vigueur. Les recrutements sont inventés.",
            text_part: "Version texte",
            mail: "Courriel",
            phone: "Téléphone",
        },
        Language::English => Frame {
            code: "en",
            title: format!("Templates: {} mails", samples.len()),
            hint: "Every kind of mail, in each language, with the templates in force. The recruitments are made up.",
            text_part: "Text part",
            mail: "Mail",
            phone: "Phone",
        },
    };
    let (mut list, mut articles) = (String::new(), String::new());
    for (n, sample) in samples.iter().enumerate() {
        let (code, shape) = (sample.language.code(), escape(sample.shape.say(language)));
        list += &format!("<li><a href=\"#m{n}\"><small>{code}</small>{shape}</a></li>\n");
        let shown = match &sample.mail {
            Ok(mail) => format!(
                "<p class=\"subject\" lang=\"{code}\">{}</p>\n<div class=\"pair\">{}{}</div>\n{}",
                escape(&mail.subject),
                frame.framed(&mail.html, DESK, ";color-scheme:light", &shape),
                frame.framed(&mail.html, PHONE, ";color-scheme:dark", &shape),
                frame.folded(&mail.text),
            ),
            Err(problem) => format!("<pre class=\"wrong\">{}</pre>", escape(&problem.show(language))),
        };
        articles += &format!(
            "<article id=\"m{n}\"><header><h2>{shape} <small>({code})</small></h2></header>\n{shown}</article>\n"
        );
    }
    frame.page(&list, &articles)
}

/// About how high a mail is in a frame, in CSS pixels: rather too high than too low. Nothing runs in the page, so that
/// nothing can measure it there.
fn height(html: &str, width: usize) -> usize {
    let body = html.split_once("<body").map_or(html, |(_, body)| body);
    let room = width.min(600).saturating_sub(if width > 480 { 84 } else { 60 }).max(1);
    let (mut high, mut letters, mut font) = (110, 0, 16);
    let mut end_line = |letters: &mut usize, font: usize| {
        // Letters are about half as wide as they are high.
        high += (*letters * font * 11 / 20).div_ceil(room) * (font * 3 / 2);
        *letters = 0;
    };
    let (mut margins, mut boxes, mut leaves) = (0, 0, 0);
    for piece in body.split('<').skip(1) {
        let (tag, words) = piece.split_once('>').unwrap_or((piece, ""));
        let name = tag.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default();
        let ends = tag.starts_with('/');
        // On a telephone, a fact stands below its name.
        if width <= 480 && tag.contains("class=\"fact\"") {
            end_line(&mut letters, font);
        }
        if matches!(
            name,
            "p" | "div" | "td" | "tr" | "li" | "ul" | "br" | "hr" | "h1" | "h2" | "h3" | "table"
        ) {
            end_line(&mut letters, font);
            margins += match (name, ends) {
                ("p" | "h1" | "h2" | "h3" | "ul", true) => 18,
                ("table", true) => 44,
                ("div" | "li", true) => 8,
                ("hr", _) => 57,
                _ => 0,
            };
            font = match (name, ends) {
                ("h1", false) => 24,
                ("h2", false) => 20,
                ("h3", false) => 18,
                _ => 16,
            };
        }
        // A box has more room round its words; a leaf stands beside the words of its date, not above them.
        boxes += usize::from(tag.starts_with("div class=\"box\""));
        leaves += usize::from(tag.starts_with("div class=\"leaf\""));
        letters += words.trim().chars().count();
    }
    end_line(&mut letters, font);
    (high + margins + boxes * 40).saturating_sub(leaves * 65) * 21 / 20
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_mail_escapes_its_frame() {
        let page = Page {
            file: "mails/a.eml".into(),
            at: "2026".into(),
            to: "<b>".into(),
            subject: "\"><script>alert(1)</script>".into(),
            text: "</pre><script>".into(),
            html: "<p title=\"x\">\"</p></iframe><script>".into(),
        };
        let html = gallery(&[page], Language::French);
        assert!(!html.contains("<script>") && !html.contains("</pre><s"));
        assert_eq!(html.matches("<iframe sandbox ").count(), 1);
        assert_eq!(html.matches("</iframe>").count(), 1);
    }
}
