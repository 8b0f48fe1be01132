//! The pure parts, each beside something bare, in one run and by turns; with criterion for how long ours take by themselves
//! (`cargo bench --bench pure -- --criterion`). What the rows are: benches/README.md.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench may fail"
)]

mod common;

use std::hint::black_box;

use common::{Asked, Target, compare, real, seconds};
use criterion::Criterion;
use jalon::calendar::Language;
use jalon::message::samples::{Told, samples};
use jalon::message::{Facts, Rendered, Templates, compose};
use jalon::settings::Mailbox;
use lettre::message::{Message, MultiPart};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

fn main() {
    let asked = Asked::read();
    if asked.wants("P11") {
        p11(&asked);
    }
}

/// P11. Every kind of mail to a recruiter, rendered from its facts and built, against bare minijinja and lettre with as many
/// lines of text and of HTML.
fn p11(asked: &Asked) {
    let templates = Templates::built_in();
    let shown = samples(&templates, Language::French, "2026-06-21".parse().unwrap());
    let of_recruiters = shown.iter().filter_map(|sample| match (&sample.facts, &sample.mail) {
        (Told::Recruiter(facts), Ok(mail)) => Some((&**facts, mail)),
        _ => None,
    });
    let (facts, mails): (Vec<&Facts>, Vec<&Rendered>) = of_recruiters.unzip();
    let lines: Vec<_> = mails
        .iter()
        .map(|mail| (mail.text.lines().collect::<Vec<_>>(), mail.html.lines().collect::<Vec<_>>()))
        .collect();
    let from = Mailbox { name: Some("Recrutement".to_owned()), email: "r@example.org".to_owned() };
    let now = "2026-06-21T07:00:00Z".parse().unwrap();
    let ours = || {
        for facts in &facts {
            let mail = templates.render(black_box(facts)).unwrap();
            black_box(
                compose(&mail, &from, None, (None, "camille@example.org"), "id@example.org", now).unwrap(),
            );
        }
    };
    let bare = Bare::new();
    let bare = || lines.iter().for_each(|(text, html)| drop(black_box(bare.write(text, html))));
    if std::env::args().any(|word| word == "--criterion") {
        Criterion::default().bench_function("P11 every kind of mail", |bench| bench.iter(ours));
        return;
    }
    let each = |took: f64| took * 1e6 / real(lines.len());
    compare(
        "P11",
        "one mail rendered and built (mean of every kind)",
        "µs",
        Target::AtMost(1.3),
        asked.rounds(15),
        || each(seconds(bare)),
        || each(seconds(ours)),
    );
}

struct Bare(Environment<'static>);

impl Bare {
    fn new() -> Self {
        let mut environment = Environment::new();
        environment.add_template("mail.txt", "{% for line in lines %}{{ line }}\n{% endfor %}").unwrap();
        environment
            .add_template("mail.html", "{% for line in lines %}{{ line|safe }}\n{% endfor %}")
            .unwrap();
        Self(environment)
    }

    fn write(&self, text: &[&str], html: &[&str]) -> Vec<u8> {
        let render = |name, lines: &[&str]| {
            let lines = Value::from(Serde(lines));
            self.0.get_template(name).unwrap().render(context! { lines }).unwrap()
        };
        Message::builder()
            .from("Recrutement <r@example.org>".parse().unwrap())
            .to("camille@example.org".parse().unwrap())
            .subject("Rappel : clôture des candidatures")
            .multipart(MultiPart::alternative_plain_html(render("mail.txt", text), render("mail.html", html)))
            .unwrap()
            .formatted()
    }
}
