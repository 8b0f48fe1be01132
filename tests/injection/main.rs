//! No name, subject, address, label, link, place or free text injects a header, a recipient, a part or a tag: every
//! kind of mail, with hostile texts everywhere, as three readers have it, and byte for byte on a socket.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test that cannot go on has failed")]

mod hostile;
mod html;
#[path = "../support/posting.rs"]
mod posting;
mod read;
mod socket;
mod strict;
mod whole;

use chrono::TimeDelta;
use jalon::calendar::people::is_address;
use jalon::calendar::read::{Text, folder};
use jalon::calendar::{Event, Language, Posting, When};
use jalon::diagnostic::is_unsafe;
use jalon::message::{
    Addressee, Changed, ComposeError, Digest, Item, Matter, Missed, New, Past, PostingRef, Rendered, Slip,
    Templates, Trouble, Why, Written, compose, write, write_operator,
};
use jalon::plan::Key;
use jalon::plan::notice::slip::{self, Slips};
use jalon::plan::said::{Difference, Said};
use jalon::settings::read::settings;
use jalon::settings::{Mail, Mailbox};
use posting::*;
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use read::{Read, Who};

const ID: &str = "jalon.c2763ae209cce951f0f3417771948a59@example.org";
const NOW: &str = "2026-06-22T09:05";

/// The kinds of mails.
const KINDS: [&str; 8] = ["reminder", "change", "new", "missed", "digest", "slip", "operator", "all at once"];

/// Hostile texts, given out in turn.
struct Texts<'t>(std::iter::Cycle<std::slice::Iter<'t, String>>);

impl Texts<'_> {
    fn one(&mut self) -> String {
        self.0.next().unwrap().clone()
    }

    #[expect(clippy::unnecessary_wraps, reason = "most facts may be missing")]
    fn some(&mut self) -> Option<String> {
        Some(self.one())
    }
}

fn hostile_posting(texts: &mut Texts<'_>) -> Posting {
    let mut of = |event: Event| Event {
        name: texts.some(),
        label: texts.some(),
        place: texts.some(),
        link: texts.some(),
        candidate: texts.some(),
        panel: vec![recipient("camille", Some(&texts.one())), recipient("sacha", Some(&texts.one()))],
        duration: Some(TimeDelta::minutes(45)),
        ..event
    };
    let events = vec![
        of(event("deadline", until("2026-06-28"))),
        of(event("interview:x", at(&["2026-07-06T09:00"]))),
        of(event("start", between("2026-08-24", "2026-08-31"))),
        of(event("end", When::Open)),
        of(event("milestone:y", on(&["2026-06-30"]))),
    ];
    let mut posting = full(events);
    posting.title = texts.one();
    posting.organisation = texts.some();
    posting.contract = texts.some();
    posting.location = texts.some();
    posting.url = texts.some();
    posting.reference = texts.some();
    let apply = posting.apply.as_mut().unwrap();
    (apply.email, apply.cc, apply.subject) = (texts.one(), texts.some(), texts.some());
    posting
}

/// A wrong file, by a hostile name, with hostile lines.
fn hostile_slips(texts: &mut Texts<'_>) -> Slips {
    let house = settings(
        "jalon.toml",
        "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\n",
    );
    let house = house.0.unwrap().house;
    let line = |text: String| text.replace(['\r', '\n'], " ");
    let text = format!(
        "title = {:?}\nrecruiters = [\"camille\"]\nplace = 7 # {}\n[deadline]\nuntil = {:?}\nlabel = \"{}\n",
        line(texts.one()),
        line(texts.one()),
        line(texts.one()),
        line(texts.one()),
    );
    let name = texts.one().replace('/', "-");
    let texts =
        [Text { file: format!("postings/{name}.toml"), stem: name.clone(), contents: Ok(text), guess: None }];
    let folder = folder(&texts, &house);
    let found = slip::found(
        &folder.broken,
        &folder.problems,
        &texts,
        &std::iter::empty().collect(),
        &std::iter::empty().collect(),
    );
    found.into_values().next().unwrap()
}

/// A mail of this kind, or why there is none. `name` and `email` are its recipient's.
fn mail(kind: &str, texts: &[String], to: &Addressee<'_>, sender: &Mail, templates: &Templates) -> Written {
    let mut texts = Texts(texts.iter().cycle());
    let posting = hostile_posting(&mut texts);
    let now = paris(NOW);
    if kind == "operator" {
        let sentences = [texts.one(), texts.one()];
        let trouble = |n: usize, healed| Trouble { sentence: &sentences[n], since: now, healed };
        return write_operator(templates, &[trouble(0, None), trouble(1, Some(now))], to, sender, ID, now)
            .unwrap();
    }
    let is = |one: &str| kind == one || kind == "all at once";
    let keys: Vec<Key> =
        posting.events.iter().map(|event| Key::from_text(format!("p/{}/x/-7d/camille", event.id))).collect();
    let absent = texts.one();
    let absent = Some(absent.as_str());
    let said: Vec<Said> = posting.events.iter().map(|event| Said::of(&posting, event)).collect();
    let other = hostile_posting(&mut texts);
    let before: Vec<Said> = other.events.iter().map(|event| Said::of(&other, event)).collect();
    let slips = hostile_slips(&mut texts);
    let (word, reply) = (texts.one(), texts.one());
    let mut matter = Matter::default();
    if is("reminder") {
        let items = posting.events.iter().zip(&keys);
        matter.reminders =
            items.map(|(event, key)| Item { posting: &posting, event, key, due: now, absent }).collect();
    }
    if is("change") {
        let difference = Difference { shift: None, place: true, link: true, panel: true };
        matter.changes = said
            .iter()
            .zip(&before)
            .zip(&posting.events)
            .map(|((after, before), event)| Changed {
                posting: &posting.id,
                event: &event.id,
                before,
                after,
                difference,
                reminded: true,
                dropped: false,
                absent,
            })
            .collect();
    }
    if is("new") {
        let planned: Vec<_> = posting.events.iter().map(|event| (event, now + TimeDelta::days(1))).collect();
        matter.news = vec![New { posting: &posting, planned: planned.clone(), skipped: planned, absent }];
    }
    if is("missed") {
        let heading = PostingRef {
            id: &posting.id,
            title: &posting.title,
            organisation: posting.organisation.as_deref(),
        };
        matter.missed = said
            .iter()
            .map(|said| Missed { heading, said, due: now, lapsed: now, was_change: false, absent })
            .collect();
    }
    if is("digest") {
        let whys = [None, Some(Why::Lapsed), Some(Why::Refused(reply.clone())), Some(Why::Delayed(reply))];
        let past = |n: usize| Past {
            posting: &posting.title,
            said: Some(&said[n]),
            at: now,
            change: n == 2,
            to: Some(word.clone()),
            why: whys[n].clone(),
        };
        let events = || posting.events.iter().map(|event| (&posting, event)).collect::<Vec<_>>();
        matter.digest = Some(Digest {
            from: day("2026-06-22"),
            until: day("2026-07-06"),
            coming: events(),
            sent: vec![past(0)],
            failed: (1..4).map(past).collect(),
            to_fix: events(),
            all: false,
        });
    }
    if is("slip") {
        matter.slips = slips.errors.iter().map(|error| Slip { of: &slips, error, absent }).collect();
    }
    write(templates, &matter, to, sender, ID, now).unwrap()
}

fn addressee<'a>(name: &'a str, email: &'a str, language: Language) -> Addressee<'a> {
    Addressee { name: Some(name), email, language, zone: zone("Europe/Paris") }
}

fn sender(from: &str, reply_to: &str) -> Mail {
    let mailbox = |name: &str, email: &str| Mailbox { name: Some(name.to_owned()), email: email.to_owned() };
    Mail {
        from: mailbox(from, "recrutement@example.org"),
        operator: None,
        reply_to: Some(mailbox(reply_to, "rh@example.org")),
        bounces: None,
        outbox: None,
    }
}

/// What every reader must read in a mail.
fn expected(written: &Written, to: &Addressee<'_>, sender: &Mail) -> Read {
    let who = |name: Option<&str>, email: &str| -> Vec<Who> {
        vec![(name.unwrap_or_default().trim().to_owned(), email.to_owned())]
    };
    let headers = [
        "date",
        "from",
        "to",
        "subject",
        "message-id",
        "reply-to",
        "auto-submitted",
        "x-auto-response-suppress",
        "content-language",
        "mime-version",
        "content-type",
    ];
    // A mail about one posting names its thread; strict.rs knows what that looks like.
    let is_threaded = |bytes: &Vec<u8>| bytes.windows(13).any(|line| line == b"\nReferences: ");
    let thread = written.bytes.as_ref().is_ok_and(is_threaded).then_some("references");
    Read {
        headers: headers.into_iter().chain(thread).map(str::to_owned).collect(),
        from: who(sender.from.name.as_deref(), &sender.from.email),
        to: who(to.name, to.email),
        reply_to: sender.reply_to.iter().flat_map(|one| who(one.name.as_deref(), &one.email)).collect(),
        subject: written.subject.clone(),
        message_id: ID.to_owned(),
        text: written.text.clone(),
        html: written.html.clone(),
    }
}

/// Holds three readers to what was meant.
fn agree(bytes: &[u8], expected: Read) {
    // The beginning is enough: proptest names the texts.
    let shown = || String::from_utf8_lossy(bytes).chars().take(1200).collect::<String>();
    let expected = sorted(expected.plain());
    let readings = [
        ("ours", Some(strict::read(bytes))),
        ("mail-parser", Some(read::mail_parser(bytes))),
        ("Python", read::python(bytes)),
    ];
    for (reader, reading) in readings {
        let Some(reading) = reading else { continue };
        let reading = reading.unwrap_or_else(|wrong| panic!("{reader}: {wrong}\n{}", shown()));
        if let Some(difference) = sorted(reading.plain()).difference(&expected) {
            panic!("{reader}: {difference}\n{}", shown());
        }
    }
}

fn sorted(mut read: Read) -> Read {
    read.headers.sort_unstable();
    read
}

/// The bytes of a mail, read by all; or the refusal of what can be in no header.
fn hold(written: &Written, to: &Addressee<'_>, sender: &Mail) {
    let names =
        [to.name, sender.from.name.as_deref(), sender.reply_to.as_ref().and_then(|one| one.name.as_deref())];
    let breaks_out = |name: &str| name.trim().chars().any(|c| is_unsafe(c) || c.is_control());
    let unsafe_name = names.into_iter().flatten().any(breaks_out);
    match &written.bytes {
        Ok(bytes) => {
            assert!(!unsafe_name && is_address(to.email), "{to:?}");
            agree(bytes, expected(written, to, sender));
        }
        Err(ComposeError::Unsafe { what: "a name", .. }) => assert!(unsafe_name, "{names:?}"),
        Err(ComposeError::Address { address }) => assert!(!is_address(address), "{address:?}"),
        Err(other) => panic!("{other}"),
    }
    let links = html::links(&written.html).unwrap_or_else(|wrong| panic!("{wrong}"));
    for link in links {
        let lower = link.to_ascii_lowercase();
        assert!(
            ["http:", "https:", "mailto:", "tel:"].iter().any(|good| lower.starts_with(good)),
            "{link:?}"
        );
    }
}

fn often(cases: u32) -> Config {
    let persistence = FileFailurePersistence::WithSource("proptest-regressions");
    Config {
        cases,
        failure_persistence: Some(Box::new(persistence)),
        max_shrink_iters: 300,
        ..Config::default()
    }
}

fn language() -> impl Strategy<Value = Language> {
    proptest::sample::select(&Language::ALL[..])
}

/// Texts that may stand in a name: without what is refused.
fn name() -> impl Strategy<Value = String> {
    hostile::text().prop_map(|text| text.chars().filter(|c| !is_unsafe(*c) && !c.is_control()).collect())
}

proptest! {
    #![proptest_config(often(40))]

    #[test]
    fn a_mail_says_what_it_is_to_say_and_nothing_else(
        texts in proptest::collection::vec(hostile::text(), 37),
        [to, from, reply_to] in [name(), name(), name()],
        language in language(),
    ) {
        let (sender, to) = (sender(&from, &reply_to), addressee(&to, "zoe@example.org", language));
        for kind in KINDS {
            let written = mail(kind, &texts, &to, &sender, &Templates::built_in());
            prop_assert!(written.bytes.is_ok(), "{:?}", written.bytes);
            hold(&written, &to, &sender);
        }
    }

    #[test]
    fn names_and_addresses_that_nobody_has_checked_are_refused_or_stay_what_they_are(
        [to, from, email] in [hostile::text(), hostile::text(), hostile::text()],
        local in "[a-z.\"\\\\ (),:;<>@é]{1,12}",
        host in proptest::sample::select(&["example.org", "xn--pypal-4ve.com", "раураl.com", "[127.0.0.1]", "b.example, c@d.example", "é"][..]),
    ) {
        let sender = sender(&from, "x");
        let texts = ["x".to_owned()];
        for email in [email, format!("{local}@{host}")] {
            let to = addressee(&to, &email, Language::English);
            hold(&mail("reminder", &texts, &to, &sender, &Templates::built_in()), &to, &sender);
        }
    }

    #[test]
    fn whatever_a_template_makes_of_them_subject_and_bodies_arrive_unchanged(
        [subject, text, html] in [hostile::text(), hostile::text(), hostile::text()],
        more in hostile::text(),
    ) {
        // As templates of one's own could: many lines, the boundary itself, a dot alone.
        let text = format!("{text}\n--=_jalon_{0}\n{more}\n.\n--=_jalon_{0}--\n", boundary());
        let rendered = Rendered { language: Language::English, about: None, subject, text, html: format!("{html}\n{more}") };
        let sender = sender("R", "H");
        let bytes = compose(&rendered, &sender.from, sender.reply_to.as_ref(), (None, "zoe@example.org"), ID, paris(NOW));
        if let Ok(bytes) = bytes {
            let Rendered { subject, text, html, .. } = rendered;
            // Ends of line are CRLF in a mail, whatever they were.
            let ends = |text: String| text.replace("\r\n", "\n");
            let to = addressee("", "zoe@example.org", Language::English);
            let written = Written { subject, text: ends(text), html: ends(html), bytes: Ok(Vec::new()) };
            agree(&bytes, expected(&written, &to, &sender));
        } else {
            prop_assert!(rendered.subject.chars().any(|c| is_unsafe(c) || c.is_control()), "{bytes:?}");
        }
    }
}

/// What our boundaries are made of: everybody who knows a key can know it.
fn boundary() -> String {
    let sender = sender("R", "H");
    let rendered = Rendered {
        language: Language::English,
        about: None,
        subject: "x".into(),
        text: "x".into(),
        html: "x".into(),
    };
    let bytes = compose(&rendered, &sender.from, None, (None, "zoe@example.org"), ID, paris(NOW)).unwrap();
    let mail = String::from_utf8(bytes).unwrap();
    let rest = mail.split_once("boundary=\"=_jalon_").unwrap().1;
    rest.split('"').next().unwrap().to_owned()
}

/// Each trick alone, so that none depends on chance.
#[test]
fn every_trick_in_every_place_of_every_mail() {
    for (n, trick) in hostile::TRICKS.iter().enumerate() {
        let texts = [(*trick).to_owned()];
        let name: String = trick.chars().filter(|c| !is_unsafe(*c) && !c.is_control()).collect();
        let sender = sender(&name, &name);
        for (kind, language) in KINDS.iter().zip(Language::ALL.into_iter().cycle().skip(n % 2)) {
            let to = addressee(&name, "zoe@example.org", language);
            let written = mail(kind, &texts, &to, &sender, &Templates::built_in());
            assert!(written.bytes.is_ok(), "{trick:?}: {:?}", written.bytes);
            hold(&written, &to, &sender);
        }
    }
}

#[test]
fn a_name_without_end_is_folded_and_an_address_in_quotes_refused() {
    let texts = ["x".to_owned()];
    let send = |name: &str, email: &str| {
        let (sender, to) = (sender(name, name), addressee(name, email, Language::English));
        let written = mail("reminder", &texts, &to, &sender, &Templates::built_in());
        hold(&written, &to, &sender);
        written.bytes
    };
    for name in ["a".repeat(1000), "a\"".repeat(500), format!("Zoé {}", "b".repeat(997)), "a b ".repeat(300)]
    {
        assert!(send(&name, "zoe@example.org").is_ok(), "{name:.20}");
    }
    for email in
        ["\"a b\"@example.org", "\"a\\\"b\"@example.org", "\"a@b.example,\"@example.org", "a@[127.0.0.1]"]
    {
        assert_eq!(send("Zoé", email), Err(ComposeError::Address { address: email.to_owned() }));
    }
}
