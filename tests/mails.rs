//! Whole mails: what a recruiter reads, word for word.
//!
//! `tests/mails/NAME.txt` holds a subject, an empty line, and the text; `~` there is a no-break space.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;

use std::collections::BTreeMap;
use std::{fs, path::Path};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::{Event, Language, Posting, When};
use jalon::message::{Addressee, Facts, Item, Matter, Rendered, Templates, facts};
use jalon::plan::Key;

use posting::*;

/// A reminder: its posting, which of its events, the rest of its key, and when it was due in Paris.
struct Reminder<'a>(&'a Posting, usize, &'a str, DateTime<Utc>);

fn told(reminders: &[Reminder<'_>], to: &Addressee<'_>, now: DateTime<Utc>) -> Facts {
    let keys: Vec<Key> = reminders
        .iter()
        .map(|Reminder(posting, n, rest, _)| {
            Key::from_text(format!("{}/{}/{rest}/camille", posting.id, posting.events[*n].id))
        })
        .collect();
    let items: Vec<Item<'_>> = reminders
        .iter()
        .zip(&keys)
        .map(|(Reminder(posting, n, _, due), key)| Item {
            posting,
            event: &posting.events[*n],
            key,
            due: *due,
            absent: None,
        })
        .collect();
    facts(&Matter { reminders: items, ..Matter::default() }, to, now)
}

/// The mail of one reminder that leaves on time.
fn one(posting: &Posting, rest: &str, language: Language, now: &str) -> Rendered {
    let reminder = Reminder(posting, 0, rest, paris(now));
    built_in().render(&told(&[reminder], &camille(language), paris(now))).unwrap()
}

fn camille(language: Language) -> Addressee<'static> {
    Addressee {
        name: Some("Camille Exemple"),
        email: "camille@example.org",
        language,
        zone: zone("Europe/Paris"),
    }
}

fn built_in() -> Templates {
    Templates::new(BTreeMap::new()).unwrap()
}

fn golden(name: &str, mail: &Rendered) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mails").join(format!("{name}.txt"));
    let found = format!("{}\n\n{}", mail.subject, mail.text).replace('\u{a0}', "~");
    if std::env::var_os("JALON_BLESS").is_some() {
        fs::write(&path, &found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "\n{found}\nis not what {} says", path.display());
}

fn both(name: &str, posting: &Posting, rest: &str, now: &str) {
    golden(&format!("{name}.fr"), &one(posting, rest, Language::French, now));
    golden(&format!("{name}.en"), &one(posting, rest, Language::English, now));
}

// The five kinds, with all that a posting can say.

#[test]
fn a_deadline_a_week_before() {
    both(
        "deadline",
        &full(vec![event("deadline", until("2026-06-28"))]),
        "2026-06-28/-7d",
        "2026-06-21T09:00",
    );
}

#[test]
fn an_interview_the_day_before() {
    let when = at(&["2026-07-06T09:00", "2026-07-06T14:30", "2026-07-07T09:30"]);
    let interview = Event { name: Some("Premier tour".into()), ..met(event("interview:premier-tour", when)) };
    both("interview", &full(vec![interview]), "2026-07-06T09:00/-1d", "2026-07-05T09:00");
}

#[test]
fn a_start_two_weeks_before() {
    both("start", &full(vec![event("start", on(&["2026-08-31"]))]), "2026-08-31/-14d", "2026-08-17T09:00");
}

#[test]
fn an_end_a_month_before() {
    both("end", &full(vec![event("end", on(&["2027-04-30"]))]), "2027-04-30/-30d", "2027-03-31T09:00");
}

#[test]
fn a_milestone_on_the_day() {
    let handover =
        Event { name: Some("Passation".into()), ..event("milestone:passation", on(&["2026-09-04"])) };
    both("milestone", &full(vec![handover]), "2026-09-04/0d", "2026-09-04T09:00");
}

#[test]
fn all_of_it_with_facts_that_say_nothing_more() {
    // No empty lines, no stray punctuation.
    for (id, when) in [
        ("deadline", until("2026-06-28")),
        ("interview", on(&["2026-06-28"])),
        ("start", on(&["2026-06-28"])),
        ("end", on(&["2026-06-28"])),
        ("milestone:passation", on(&["2026-06-28"])),
    ] {
        let posting = minimal(vec![event(id, when)]);
        let kind = posting.events[0].kind.word();
        let nobody = Addressee { name: None, ..camille(Language::French) };
        let due = paris("2026-06-27T09:00");
        let mail =
            built_in().render(&told(&[Reminder(&posting, 0, "2026-06-28/-1d", due)], &nobody, due)).unwrap();
        golden(&format!("minimal.{kind}.fr"), &mail);
        golden(
            &format!("minimal.{kind}.en"),
            &one(&posting, "2026-06-28/-1d", Language::English, "2026-06-27T09:00"),
        );
    }
}

// What makes a date read otherwise.

#[test]
fn a_deadline_at_noon_on_the_day() {
    let posting = full(vec![event("deadline", until_time("2026-06-28T12:00"))]);
    both("noon", &posting, "2026-06-28T12:00/0d", "2026-06-28T09:00");
}

#[test]
fn a_deadline_the_day_after() {
    both(
        "deadline.after",
        &full(vec![event("deadline", until("2026-06-28"))]),
        "2026-06-28/+1d",
        "2026-06-29T09:00",
    );
}

#[test]
fn an_hour_after_an_interview_while_another_is_to_come() {
    let posting = full(vec![event("interview", at(&["2026-07-06T09:00", "2026-07-06T14:30"]))]);
    both("interview.after", &posting, "2026-07-06T09:00/+1h", "2026-07-06T10:00");
}

#[test]
fn a_label_stands_before_the_days_that_it_means() {
    let posting = full(vec![Event {
        label: Some("6 ou 7 juillet".into()),
        ..event("interview", on(&["2026-07-06", "2026-07-07"]))
    }]);
    both("label", &posting, "2026-07-06/-3d", "2026-07-03T09:00");
}

#[test]
fn a_window_is_its_label_and_is_never_in_some_days() {
    let window = event("start", between("2024-05-15", "2024-06-01"));
    let labelled = Event { label: Some("mi-mai 2024, au plus tard le 1er juin".into()), ..window.clone() };
    both("window.label", &full(vec![labelled]), "2024-05-15..2024-06-01/-14d", "2024-05-01T09:00");
    both("window", &full(vec![window]), "2024-05-15..2024-06-01/-14d", "2024-05-01T09:00");
}

#[test]
fn what_is_vague_stays_vague() {
    let posting = minimal(vec![
        event("start", between("2024-05-15", "2024-06-01")),
        event("end", When::Open),
        Event { label: Some("à la rentrée".into()), ..event("milestone:bilan", When::Open) },
        Event { label: Some("lundi 6 mai 2024".into()), ..event("interview", on(&["2024-05-06"])) },
    ]);
    let due = paris("2024-06-02T09:00");
    let reminders: Vec<_> = (0..4).map(|n| Reminder(&posting, n, "x/+1d", due)).collect();
    let facts = told(&reminders, &camille(Language::French), due);
    let said: Vec<_> =
        facts.reminders.iter().map(|r| (r.headline.replace('\u{a0}', " "), r.when.as_str())).collect();
    assert_eq!(
        said,
        [
            ("Fin du contrat : jour à fixer".to_owned(), "date à fixer"),
            ("Date à retenir : jour à fixer".to_owned(), "à la rentrée"),
            ("Prise de poste : période écoulée".to_owned(), "entre le 15 mai et le 1er juin 2024"),
            // A label that says what the date says is not said twice.
            ("Entretien il y a 27 jours".to_owned(), "lundi 6 mai 2024"),
        ]
    );
    assert!(facts.reminders.iter().all(|r| r.remaining.is_none() == r.vague));
    let again: Vec<bool> = facts.reminders.iter().map(|r| r.again).collect();
    assert_eq!(again, [false, true, true, true], "the posting is told once");
}

#[test]
fn a_recipient_in_la_reunion_reads_their_own_time_too() {
    let posting = full(vec![
        event("deadline", until("2026-06-28")),
        event("interview", at(&["2026-07-06T22:30"])),
        event("start", on(&["2026-08-31"])),
    ]);
    let now = paris("2026-06-21T09:00");
    let reminders = [
        Reminder(&posting, 2, "2026-08-31/-71d", now),
        Reminder(&posting, 1, "2026-07-06T22:30/-15d", now),
        Reminder(&posting, 0, "2026-06-28/-7d", now),
    ];
    for (name, language) in [("reunion.fr", Language::French), ("reunion.en", Language::English)] {
        let there = Addressee { zone: zone("Indian/Reunion"), ..camille(language) };
        golden(name, &built_in().render(&told(&reminders, &there, now)).unwrap());
    }
}

#[test]
fn a_zone_of_the_same_hour_is_not_said_twice() {
    let posting = full(vec![event("deadline", until("2026-06-28"))]);
    let due = paris("2026-06-21T09:00");
    let there = Addressee { zone: zone("Europe/Brussels"), ..camille(Language::French) };
    let facts = told(&[Reminder(&posting, 0, "2026-06-28/-7d", due)], &there, due);
    assert_eq!(facts.reminders[0].when_there, None);
}

// Several, and late.

#[test]
fn several_reminders_are_one_mail_the_nearest_first_and_each_event_once() {
    let here = full(vec![
        event("deadline", until("2026-06-28")),
        event("interview", on(&["2026-07-06"])),
        event("start", on(&["2026-06-22"])),
    ]);
    let there = Posting {
        id: "cantine".into(),
        title: "Cuisinier·ère".into(),
        organisation: Some("La Fabrique".into()),
        ..minimal(vec![event("deadline", until("2026-06-28"))])
    };
    let now = paris("2026-06-27T09:00");
    let mut reminders = vec![
        Reminder(&here, 2, "2026-06-22/+5d", now),
        Reminder(&here, 1, "2026-07-06/-9d", now),
        Reminder(&there, 0, "2026-06-28/-1d", now),
        Reminder(&here, 0, "2026-06-28/-7d", now - TimeDelta::minutes(10)),
        Reminder(&here, 0, "2026-06-28/-1d", now),
    ];
    let mail = built_in().render(&told(&reminders, &camille(Language::French), now)).unwrap();
    golden("several.fr", &mail);
    reminders.reverse();
    assert_eq!(built_in().render(&told(&reminders, &camille(Language::French), now)).unwrap(), mail);
    golden("several.en", &built_in().render(&told(&reminders, &camille(Language::English), now)).unwrap());

    let two = told(&reminders[..2], &camille(Language::French), now);
    assert_eq!((two.reminders.len(), two.more), (1, None), "two reminders of one event are one");
}

#[test]
fn a_late_mail_says_so_and_says_the_true_distance() {
    let posting = minimal(vec![event("deadline", until("2026-06-28"))]);
    let due = paris("2026-06-21T09:00");
    let reminder = [Reminder(&posting, 0, "2026-06-28/-7d", due)];
    let on_time = told(&reminder, &camille(Language::French), due + TimeDelta::minutes(15));
    assert_eq!(on_time.late, None);
    // Of two reminders of one event, the later one counts, and it leaves on time.
    let now = paris("2026-06-27T09:00");
    let two = [Reminder(&posting, 0, "2026-06-28/-7d", due), Reminder(&posting, 0, "2026-06-28/-1d", now)];
    assert_eq!(told(&two, &camille(Language::French), now).late, None);

    for (name, language) in [("late.fr", Language::French), ("late.en", Language::English)] {
        let facts = told(&reminder, &camille(language), paris("2026-06-25T07:00"));
        golden(name, &built_in().render(&facts).unwrap());
    }
}

// What may not happen.

#[test]
fn what_a_posting_says_is_data() {
    let hostile = "<script>alert(1)</script> {{ 7 * 7 }} {% endfor %} \"&'";
    let posting = Posting {
        title: hostile.into(),
        location: Some("Crest\r\nBcc: mallory@example.org".into()),
        url: Some("javascript:alert(1)".into()),
        ..full(vec![Event {
            label: Some("6 juillet\r\n\r\nDernier\u{7} jour".into()),
            link: Some("https://example.org/\"onclick=\"alert(1)".into()),
            ..event("interview", on(&["2026-07-06"]))
        }])
    };
    let mail = one(&posting, "2026-07-06/-1d", Language::French, "2026-07-05T09:00");
    assert_eq!(
        mail.subject,
        "Entretien demain – <script>alert(1)</script> {{ 7 * 7 }} {% endfor %} \"&' (Villages Vivants)"
    );
    assert!(
        mail.text.contains("\n<script>alert(1)</script> {{ 7 * 7 }} {% endfor %} \"&' (Villages Vivants)\n")
    );
    assert!(mail.text.contains("Lieu de travail\u{a0}: Crest Bcc: mallory@example.org\n"));
    assert!(mail.text.contains("Quand\u{a0}: 6 juillet Dernier jour, soit lundi 6 juillet 2026\n"));
    assert!(
        mail.html.contains("&lt;script&gt;alert(1)&lt;/script&gt; {{ 7 * 7 }} {% endfor %} &quot;&amp;&#39;")
    );
    assert!(mail.html.contains("href=\"https://example.org/&quot;onclick=&quot;alert(1)\""));
    for mail in [&mail.text, &mail.html] {
        assert!(!mail.contains("javascript:") && !mail.contains(" 49 "));
    }
    assert!(!mail.html.contains("<script"));
}

#[test]
fn a_long_title_makes_no_endless_subject() {
    let posting =
        Posting { title: "Très long ".repeat(100), ..minimal(vec![event("deadline", until("2026-06-28"))]) };
    let subject = one(&posting, "2026-06-28/-1d", Language::French, "2026-06-27T09:00").subject;
    assert!(subject.chars().count() <= 200, "{subject}");
    assert!(subject.starts_with("Clôture des candidatures demain – Très long") && subject.ends_with('…'));
}

#[test]
fn an_outage_ends_in_a_mail_however_many_reminders_it_holds() {
    let postings: Vec<Posting> = (0..200)
        .map(|n| Posting {
            id: format!("p{n}"),
            ..full(vec![met(event("interview", at(&["2026-07-06T09:00", "2026-07-07T09:00"])))])
        })
        .collect();
    let due = paris("2026-07-05T09:00");
    let reminders: Vec<_> =
        postings.iter().map(|posting| Reminder(posting, 0, "2026-07-06T09:00/-1d", due)).collect();
    let mail = built_in().render(&told(&reminders, &camille(Language::French), due)).unwrap();
    assert!(mail.subject.ends_with("et 199 autres rappels"));
}
