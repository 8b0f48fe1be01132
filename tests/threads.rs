//! Mails about one recruitment stand together in their reader's mailbox: they name one root, which is never sent.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;
#[path = "mails/whole.rs"]
mod whole;

use jalon::calendar::{Language, Posting};
use jalon::message::{Digest, Matter, New, PostingRef, Refusal, Templates, write};
use jalon::plan::Key;
use jalon::plan::said::Said;
use jalon::settings::Mail;
use jalon::settings::read::settings;

use posting::*;
use whole::*;

/// For ever: another root would begin another thread.
const ROOT: &str = "<jalon.posting.a9c5f31578f30f328c270c8ddd0d041e@example.org>";

fn sender() -> Mail {
    let text = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"r@example.org\"\noutbox = \"o\"\n";
    settings("jalon.toml", text).0.unwrap().mail.unwrap()
}

/// The References of the mail that tells this.
fn references(matter: &Matter<'_>, message_id: &str) -> Option<String> {
    let written = |id| {
        let to = camille(Language::French);
        write(&Templates::built_in(), matter, &to, &sender(), id, paris(NOW)).unwrap().bytes.unwrap()
    };
    let bytes = written(message_id);
    assert_eq!(bytes, written(message_id), "bytes are a function of what is told");
    let text = String::from_utf8(bytes).unwrap();
    let head = text.split_once("\r\n\r\n").unwrap().0;
    let found: Vec<&str> = head.split("\r\n").filter_map(|line| line.strip_prefix("References: ")).collect();
    assert!(found.len() <= 1 && !head.contains("In-Reply-To"), "{head}");
    assert!(head.contains(&format!("Message-ID: <{message_id}>")), "{head}");
    found.first().map(|root| (*root).to_owned())
}

fn heading(posting: &Posting) -> PostingRef<'_> {
    PostingRef { id: &posting.id, title: &posting.title, organisation: None }
}

#[test]
fn all_mails_about_one_posting_name_one_root_and_mails_about_several_none() {
    let one = full(vec![event("deadline", until("2026-06-28")), event("start", on(&["2026-08-31"]))]);
    let other = canteen(vec![event("deadline", until("2026-06-28"))]);
    let key = Key::from_text("accompagnement/deadline/2026-06-28/-7d/camille");
    let item = |posting| reminder(posting, 0, &key, NOW);
    let (before, after) = edited(&event("deadline", until("2026-06-28")), |e| e.when = until("2026-07-05"));
    let new = |posting| New { posting, planned: Vec::new(), skipped: Vec::new(), absent: None };
    let refusal = |posting| Refusal {
        heading: heading(posting),
        name: None,
        email: "sacha@example.org",
        reply: None,
        untold: vec![(Said::of(posting, &posting.events[0]), paris(NOW), false)],
        absent: None,
    };
    let digest = Digest {
        from: day("2026-06-22"),
        until: day("2026-07-06"),
        coming: vec![(&one, &one.events[0])],
        sent: Vec::new(),
        failed: Vec::new(),
        to_fix: Vec::new(),
        all: false,
    };
    let none = Matter::default;
    let moved = || change("deadline", &before, &after).changes;
    for (n, (matter, expected)) in [
        (Matter { reminders: vec![item(&one)], ..none() }, Some(ROOT)),
        (Matter { reminders: vec![reminder(&one, 1, &key, NOW), item(&one)], ..none() }, Some(ROOT)),
        (Matter { changes: moved(), ..none() }, Some(ROOT)),
        (Matter { changes: moved(), news: vec![new(&one)], ..none() }, Some(ROOT)),
        (Matter { refusals: vec![refusal(&one)], ..none() }, Some(ROOT)),
        (Matter { reminders: vec![item(&one), item(&other)], ..none() }, None),
        (Matter { changes: moved(), news: vec![new(&other)], ..none() }, None),
        (Matter { refusals: vec![refusal(&one), refusal(&other)], ..none() }, None),
        (Matter { reminders: vec![item(&one)], digest: Some(digest.clone()), ..none() }, None),
        (Matter { digest: Some(digest), ..none() }, None),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(references(&matter, "jalon.0@example.org").as_deref(), expected, "{n}");
        assert_eq!(references(&matter, &format!("jalon.{n}@example.org")).as_deref(), expected, "{n}");
    }
}

#[test]
fn another_posting_is_another_thread_and_a_long_domain_stays_whole() {
    let other = canteen(vec![event("deadline", until("2026-06-28"))]);
    let key = Key::from_text("cantine/deadline/2026-06-28/-7d/camille");
    let matter = Matter { reminders: vec![reminder(&other, 0, &key, NOW)], ..Matter::default() };
    let domain = format!("{}example.org", "recrutement.".repeat(8));
    let root = references(&matter, &format!("jalon.0@{domain}")).unwrap();
    assert!(root.starts_with("<jalon.posting.") && root.ends_with(&format!("@{domain}>")), "{root}");
    assert_ne!(root[..40], ROOT[..40]);
}
