//! Pure. A page on which a person reads every mail as its recipient would: the HTML part in a sandboxed frame
//! (nothing runs, nothing loads), the text part folded below.

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
main{display:grid;grid-template-columns:minmax(16rem,22rem) 1fr;gap:2rem;padding:1rem 2rem}\
nav{position:sticky;top:1rem;max-height:calc(100vh - 2rem);overflow:auto;align-self:start}\
nav ol{margin:0;padding:0;list-style:none}nav a{display:block;padding:.4rem .6rem;color:inherit;text-decoration:none;border-radius:.3rem}\
nav a:hover,nav a:focus{background:var(--soft)}nav small{display:block;color:var(--quiet)}\
article{margin:0 0 2.5rem;border:1px solid var(--line);border-radius:.5rem;overflow:hidden;scroll-margin-top:1rem}\
article h2{margin:0;font-size:1.05rem}article header{padding:.8rem 1rem;background:var(--soft);border-bottom:1px solid var(--line)}\
iframe{display:block;width:100%;height:40rem;border:0;resize:vertical;background:#fff}\
details{padding:.6rem 1rem;border-top:1px solid var(--line)}summary{cursor:pointer}\
pre{white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.45 ui-monospace,monospace}\
@media (max-width:50rem){main{grid-template-columns:1fr;padding:1rem}nav{position:static;max-height:14rem}header{padding:1rem}}";

/// The page. Mails stand in the order in which they left.
#[must_use]
pub fn gallery(pages: &[Page], language: Language) -> String {
    let (title, mails, hint, text_part, file, to, frame) = match language {
        Language::French => (
            "Répétition",
            "courriels",
            "Voici chaque courriel comme son destinataire le lirait. Rien n'a été envoyé.",
            "Version texte",
            "fichier .eml",
            "à",
            "Courriel",
        ),
        Language::English => (
            "Rehearsal",
            "mails",
            "Here is every mail as its recipient would read it. Nothing was sent.",
            "Text part",
            ".eml file",
            "to",
            "Mail",
        ),
    };
    let code = language.code();
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{code}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<header><h1>{title}\u{a0}: {} {mails}</h1><p>{hint}</p></header>\n<main>\n<nav><ol>\n",
        pages.len()
    );
    for (n, mail) in pages.iter().enumerate() {
        page += &format!(
            "<li><a href=\"#m{n}\"><small>{} · {}</small>{}</a></li>\n",
            escape(&mail.at),
            escape(&mail.to),
            escape(&mail.subject)
        );
    }
    page += "</ol></nav>\n<div>\n";
    for (n, mail) in pages.iter().enumerate() {
        page += &format!(
            "<article id=\"m{n}\"><header><h2>{}</h2><p>{} · {to} {} · <a href=\"{}\">{file}</a></p></header>\n\
             <iframe sandbox loading=\"lazy\" title=\"{frame} {}\" srcdoc=\"{}\"></iframe>\n\
             <details><summary>{text_part}</summary><pre>{}</pre></details></article>\n",
            escape(&mail.subject),
            escape(&mail.at),
            escape(&mail.to),
            escape(&mail.file),
            n + 1,
            escape(&mail.html),
            escape(&mail.text),
        );
    }
    page += "</div>\n</main>\n</body>\n</html>\n";
    page
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
