//! The pure parts, each beside something bare, in one run and by turns; with criterion for how long ours take by themselves
//! (`cargo bench --bench pure -- --criterion`); `-- P11 --repeat 100` runs ours alone so many times, and
//! `--repeat-bare 100` the bare thing, for callgrind. What the rows are: benches/README.md.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a bench may fail"
)]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use common::{Asked, Target, compare, real, seconds};
use criterion::Criterion;
use jalon::calendar::Language;
use jalon::calendar::read::posting;
use jalon::message::samples::{Told, samples};
use jalon::message::{
    Addressee, Dates, Facts, Item, Matter, Rendered, Templates, Written, compose, message_id, write,
};
use jalon::plan::Key;
use jalon::plan::told::revise;
use jalon::settings::Mailbox;
use jalon::settings::read::settings;
use lettre::message::{Message, MultiPart};
use minijinja::value::{Serde, Value};
use minijinja::{Environment, context};

fn main() {
    let asked = Asked::read();
    if asked.wants("P11") {
        p11(&asked);
    }
    if asked.wants("PWRITE") {
        pwrite(&asked);
    }
}

/// Runs ours alone, so many times, or the bare thing, if that is what was asked for.
fn alone(what: &'static str, mut ours: impl FnMut(), mut bare: impl FnMut()) -> bool {
    let times = |asked: &str| {
        let number = std::env::args().skip_while(|word| word != asked).nth(1)?;
        number.parse::<usize>().ok()
    };
    let (of_ours, of_bare) = (times("--repeat"), times("--repeat-bare"));
    (0..of_ours.unwrap_or(0)).for_each(|_| ours());
    (0..of_bare.unwrap_or(0)).for_each(|_| bare());
    if of_ours.or(of_bare).is_some() {
        return true;
    }
    let criterion = std::env::args().any(|word| word == "--criterion");
    if criterion {
        Criterion::default().bench_function(what, |bench| bench.iter(&mut ours));
    }
    criterion
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
    if alone("P11 every kind of mail", ours, bare) {
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

/// How many mails are written between two looks at the clock.
const MANY: usize = 100;

/// The mail of P1, the whole way: what a plain reminder is to tell → facts, words, the calendar file that goes with it, bytes.
/// Beside it the bare mail of P11, without a calendar.
fn pwrite(asked: &Asked) {
    let house = settings(
        "jalon.toml",
        "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\n[smtp]\nhost = \"localhost\"\n\
         [people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n",
    );
    let house = house.0.unwrap();
    let text = "title = \"Chargé·e d'accompagnement\"\norganisation = \"Villages Vivants\"\nlocation = \"Crest (Drôme)\"\n\
         contract = \"CDD 9 mois\"\nurl = \"https://example.org/postes/1\"\nrecruiters = [\"camille\"]\n\
         [[milestone]]\nname = \"Passation\"\non = 2026-06-28T09:00:00\n";
    let posting = posting("p.toml", "p", text, &house.house).posting.unwrap();
    let event = &posting.events[0];
    let now = "2026-06-21T07:00:00Z".parse().unwrap();
    let revised = revise(std::slice::from_ref(&posting), &BTreeSet::new(), &BTreeMap::new(), Vec::new(), now);
    let key = Key::from_text(format!("p/{}/2026-06-28T09:00/-7d/camille", event.id));
    let to = Addressee {
        name: Some("Camille Exemple"),
        email: "camille@example.org",
        language: Language::French,
        zone: posting.zone,
    };
    let sender = house.mail.unwrap();
    let templates = Templates::built_in();
    let id = message_id([&key], "example.org");
    let whole = || -> Written {
        let dates = Dates {
            posting: &posting.id,
            event: &event.id,
            history: revised.histories.get(&posting.id, &event.id),
            now: Some((&posting, event)),
        };
        let item = Item { posting: &posting, event, key: &key, due: now, absent: None };
        let matter = Matter { reminders: vec![item], calendar: vec![dates], ..Matter::default() };
        write(&templates, black_box(&matter), &to, &sender, &id, now).unwrap()
    };
    let written = whole();
    let [text, html] = [&written.text, &written.html].map(|page| page.lines().collect::<Vec<_>>());
    let (bare, ours) = (Bare::new(), || drop(black_box(whole())));
    let bare = || drop(black_box(bare.write(&text, &html)));
    if alone("PWRITE a reminder, the whole way", ours, bare) {
        return;
    }
    let each = |took: f64| took * 1e6 / real(MANY);
    compare(
        "PWRITE",
        "a plain reminder with its calendar, the whole way",
        "µs",
        Target::None,
        asked.rounds(15),
        || each(seconds(|| (0..MANY).for_each(|_| bare()))),
        || each(seconds(|| (0..MANY).for_each(|_| ours()))),
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
