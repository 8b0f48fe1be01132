//! Whole mails that tell of new postings, of what was missed, of a fortnight, of troubles, and of several things at
//! once: what a recruiter reads, word for word.
//!
//! `tests/mails/NAME.txt` holds a subject, an empty line, and the text; `~` there is a no-break space.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;
#[path = "mails/whole.rs"]
mod whole;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::read::{Text, folder};
use jalon::calendar::{Event, Language, Posting, When};
use jalon::message::{
    Addressee, Changed, Digest, Item, Matter, Missed, New, Past, PostingRef, Refusal, Slip, Templates,
    Trouble, Why, operator_facts,
};
use jalon::plan::Key;
use jalon::plan::notice::slip::{self, Slips};
use jalon::plan::said::Said;
use jalon::settings::read::settings;

use posting::*;
use whole::*;

// New postings.

#[test]
fn a_new_posting_says_its_dates_and_what_will_be_reminded() {
    let posting = full(vec![
        event("deadline", until("2026-06-28")),
        first_round(),
        Event { label: Some("à la rentrée".into()), ..event("start", When::Open) },
        event("end", on(&["2027-04-30"])),
        Event { name: Some("Bilan".into()), done: true, ..event("milestone:bilan", on(&["2026-06-01"])) },
    ]);
    let [deadline, interview, _, end, _] = posting.events.as_slice() else { panic!() };
    let new = New {
        posting: &posting,
        planned: vec![
            (deadline, paris("2026-06-28T09:00")),
            (deadline, paris("2026-06-27T09:00")),
            (interview, paris("2026-07-05T09:00")),
            (end, paris("2027-03-31T09:00")),
        ],
        skipped: vec![(deadline, paris("2026-06-21T09:00"))],
        absent: None,
    };
    both("new", &Matter { news: vec![new], ..Matter::default() });
}

#[test]
fn several_new_postings_are_one_mail_for_a_reader_in_la_reunion() {
    let here = full(vec![event("deadline", until("2026-07-05"))]);
    let there =
        canteen(vec![event("interview", at(&["2026-07-01T14:00"])), event("start", on(&["2026-09-01"]))]);
    let due = |text: &str| zone("Indian/Reunion").instant(local(text));
    let planned = vec![(&here.events[0], due("2026-06-28T09:00"))];
    let news = vec![
        New { posting: &here, planned, skipped: Vec::new(), absent: None },
        New {
            posting: &there,
            planned: vec![(&there.events[0], due("2026-06-30T09:00"))],
            skipped: Vec::new(),
            absent: Some("Élise Exemple"),
        },
    ];
    let matter = Matter { news, ..Matter::default() };
    for language in Language::ALL {
        let to = Addressee { zone: zone("Indian/Reunion"), ..camille(language) };
        golden(&format!("new.several.{}", language.code()), &mail(&matter, &to));
    }
}

// What was missed.

fn missed<'a>(posting: &'a Posting, said: &'a Said, due: &str) -> Missed<'a> {
    Missed {
        heading: PostingRef {
            id: &posting.id,
            title: &posting.title,
            organisation: posting.organisation.as_deref(),
        },
        said,
        due: paris(due),
        lapsed: paris(due) + TimeDelta::days(1),
        was_change: false,
        absent: None,
    }
}

#[test]
fn who_is_not_reached_is_told_to_the_others() {
    let posting = full(vec![event("deadline", until("2026-06-28")), first_round()]);
    let (of_deadline, of_round) =
        (Said::of(&posting, &posting.events[0]), Said::of(&posting, &posting.events[1]));
    let refusal = |name, absent, untold| Refusal {
        heading: PostingRef {
            id: &posting.id,
            title: &posting.title,
            organisation: posting.organisation.as_deref(),
        },
        name,
        email: "sacha@example.org",
        reply: name.map(|_| "550 5.1.1 no such user"),
        untold,
        absent,
    };
    let untold =
        vec![(of_deadline, paris("2026-06-21T09:00"), false), (of_round, paris("2026-06-22T10:10"), true)];
    let one = refusal(Some("Sacha Exemple"), None, untold);
    both("refused", &Matter { refusals: vec![one.clone()], ..Matter::default() });
    // Of one without a name, that the posting is new; and more in one mail.
    let two = refusal(None, Some("Élise Exemple"), Vec::new());
    both("refused.several", &Matter { refusals: vec![one, two], ..Matter::default() });
}

#[test]
fn what_could_not_leave_is_told_once() {
    let posting = full(vec![event("deadline", until("2026-06-20"))]);
    let of_deadline = said(&posting);
    let one = missed(&posting, &of_deadline, "2026-06-20T09:00");
    both("missed", &Matter { missed: vec![one], ..Matter::default() });

    let there = canteen(vec![event("interview", at(&["2026-06-19T14:00"]))]);
    let of_interview = said(&there);
    let change = Missed {
        was_change: true,
        absent: Some("Sacha Exemple"),
        ..missed(&there, &of_interview, "2026-06-18T09:00")
    };
    both("missed.several", &Matter { missed: vec![one, change], ..Matter::default() });
}

// The digest.

fn first_day() -> Digest<'static> {
    Digest {
        from: day("2026-06-29"),
        until: day("2026-07-13"),
        coming: Vec::new(),
        sent: Vec::new(),
        failed: Vec::new(),
        to_fix: Vec::new(),
        all: false,
    }
}

#[test]
fn a_digest_says_what_comes_what_is_to_be_fixed_what_left_and_what_did_not() {
    let here = full(vec![
        event("deadline", until("2026-06-30")),
        first_round(),
        event("start", between("2026-06-24", "2026-07-03")),
        Event { label: Some("au printemps 2027".into()), ..event("end", When::Open) },
    ]);
    let there = canteen(vec![
        event("deadline", until_time("2026-06-30T12:00")),
        event("interview", on(&["2026-07-06", "2026-07-13"])),
    ]);
    let (of_here, of_there) = (said(&here), said(&there));
    let past = |posting: &'static str, said, at: &str| Past {
        posting,
        said,
        at: paris(at),
        change: false,
        to: None,
        why: None,
    };
    let failed = |at: &str, why| Past { why: Some(why), ..past(HEADING, Some(&of_here), at) };
    let digest = Digest {
        coming: vec![
            (&there, &there.events[1]),
            (&here, &here.events[0]),
            (&here, &here.events[1]),
            (&there, &there.events[0]),
            (&here, &here.events[2]),
        ],
        to_fix: vec![(&here, &here.events[3])],
        sent: vec![
            past("Cuisinier·ère (La Fabrique)", Some(&of_there), "2026-06-23T09:00"),
            Past {
                change: false,
                to: Some("Sacha Exemple".into()),
                ..past("boulangerie", None, "2026-06-22T09:00")
            },
        ],
        failed: vec![
            failed("2026-06-24T09:00", Why::Lapsed),
            failed("2026-06-25T09:00", Why::Refused("550 5.1.1 unknown\r\nuser".into())),
            failed("2026-06-26T09:00", Why::Held),
            failed("2026-06-27T09:00", Why::Delayed("421 try later".into())),
        ],
        ..first_day()
    };
    both("digest", &Matter { digest: Some(digest), ..Matter::default() });
    both("digest.empty", &Matter { digest: Some(first_day()), ..Matter::default() });
    let all = Matter { digest: Some(Digest { all: true, ..first_day() }), ..Matter::default() };
    assert_eq!(
        mail(&all, &camille(Language::French)).subject,
        "Tous les recrutements du 29 juin au 12 juillet"
    );
}

#[test]
fn a_digest_in_another_zone_says_whose_hours_it_gives() {
    let posting = full(vec![event("interview", at(&["2026-07-01T14:00"]))]);
    let digest = Digest { coming: vec![(&posting, &posting.events[0])], ..first_day() };
    let to = Addressee { zone: zone("Indian/Reunion"), ..camille(Language::French) };
    let text = mail(&Matter { digest: Some(digest), ..Matter::default() }, &to).text;
    assert!(text.contains("Mercredi 1er juillet\n– Entretien, à 14\u{a0}h, heure de Paris\n"), "{text}");
}

#[test]
fn nothing_that_is_put_into_a_digest_is_lost() {
    let posting = full(vec![event("start", on(&["2026-09-01"])), event("end", When::Open)]);
    let coming = posting.events.iter().map(|event| (&posting, event)).collect();
    let digest = Digest { coming, ..first_day() };
    let text = mail(&Matter { digest: Some(digest), ..Matter::default() }, &camille(Language::French)).text;
    assert!(text.contains("Mardi 1er septembre\n– Prise de poste, mardi 1er septembre 2026\n"), "{text}");
    assert!(text.contains("– Fin du contrat, date à fixer\n"), "{text}");
}

// In somebody's place.

#[test]
fn what_is_somebody_elses_says_so() {
    let posting = full(vec![event("deadline", until("2026-06-28")), event("start", on(&["2026-08-31"]))]);
    let key = |text: &str| Key::from_text(text);
    let keys = [
        key("accompagnement/deadline/2026-06-28/-6d/sacha"),
        key("accompagnement/deadline/2026-06-28/-6d/camille"),
        key("accompagnement/start/2026-08-31/-70d/camille"),
    ];
    let absent = Some("Camille Exemple");
    let reminders = vec![
        Item { absent, ..reminder(&posting, 0, &keys[1], "2026-06-22T09:00") },
        reminder(&posting, 0, &keys[0], "2026-06-22T09:00"),
        Item { absent, ..reminder(&posting, 1, &keys[2], "2026-06-22T09:00") },
    ];
    let matter = Matter { reminders, ..Matter::default() };
    let alone = Matter { reminders: vec![matter.reminders[2]], ..Matter::default() };
    for language in Language::ALL {
        let sacha =
            Addressee { name: Some("Sacha Exemple"), email: "sacha@example.org", ..camille(language) };
        golden(&format!("absent.{}", language.code()), &mail(&matter, &sacha));
        golden(&format!("absent.alone.{}", language.code()), &mail(&alone, &sacha));
    }
}

// Several things at once.

#[test]
fn reminders_come_first_then_changes_then_what_was_missed() {
    let here = full(vec![event("deadline", until("2026-06-28")), event("start", on(&["2026-08-31"]))]);
    let there = canteen(vec![event("deadline", until("2026-06-20"))]);
    let keys = ["deadline/2026-06-28/-7d", "start/2026-08-31/-70d"]
        .map(|rest| Key::from_text(format!("accompagnement/{rest}/camille")));
    let before = Said { when: until("2026-06-25"), ..said(&here) };
    let (after, lapsed) = (said(&here), said(&there));
    let matter = Matter {
        reminders: vec![
            reminder(&here, 0, &keys[0], "2026-06-21T09:00"),
            reminder(&here, 1, &keys[1], "2026-06-22T09:00"),
        ],
        changes: vec![changed("deadline", &before, &after)],
        missed: vec![missed(&there, &lapsed, "2026-06-20T09:00")],
        ..Matter::default()
    };
    both("mixed", &matter);
}

#[test]
fn a_subject_says_the_first_thing_and_counts_the_others() {
    let posting = full(vec![event("deadline", until("2026-06-28"))]);
    let of_deadline = said(&posting);
    let later = Said { when: until("2026-07-05"), ..of_deadline.clone() };
    let change = changed("deadline", &of_deadline, &later);
    let new = New { posting: &posting, planned: Vec::new(), skipped: Vec::new(), absent: None };
    let missed = missed(&posting, &of_deadline, "2026-06-20T09:00");
    let key = Key::from_text("accompagnement/deadline/2026-06-28/-7d/camille");
    let reminders = vec![reminder(&posting, 0, &key, NOW)];
    let digest = Some(first_day());
    let none = Matter::default;
    let cases = [
        (
            Matter { reminders, changes: vec![change], ..none() },
            "Clôture des candidatures dans 6 jours – Chargé·e d'accompagnement (Villages Vivants) et 1 nouvelle",
        ),
        (
            Matter { changes: vec![change], news: vec![new.clone()], missed: vec![missed; 2], ..none() },
            "Clôture des candidatures reportée au dimanche 5 juillet – Chargé·e d'accompagnement (Villages Vivants) et 3 autres nouvelles",
        ),
        (
            Matter { news: vec![new], digest: digest.clone(), ..none() },
            "Nouveau recrutement\u{a0}: Chargé·e d'accompagnement (Villages Vivants) et 1 autre nouvelle",
        ),
        (
            Matter { missed: vec![missed; 3], digest, ..none() },
            "3 rappels qui n'ont pas pu partir et 1 autre nouvelle",
        ),
    ];
    for (matter, expected) in cases {
        assert_eq!(mail(&matter, &camille(Language::French)).subject, expected);
    }
}

// Slips.

/// What is wrong with a file of this text; the version of that moment is in force, if there is one.
fn wrong(text: &str, since: Option<&str>) -> Slips {
    let jalon = "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\n";
    let house = settings("jalon.toml", jalon).0.unwrap().house;
    let contents = Ok(text.to_owned());
    let file = "config/postings/accueil.toml".into();
    let texts = [Text { file, stem: "accueil".into(), contents, guess: None }];
    let folder = folder(&texts, &house);
    let last = Posting { id: "accueil".into(), file: "postings/accueil.toml".into(), ..full(Vec::new()) };
    let in_force = since.iter().map(|_| ("accueil".to_owned(), last.clone())).collect();
    let since = since.iter().map(|since| ("accueil", paris(since))).collect();
    slip::found(&folder.broken, &folder.problems, &texts, &in_force, &since).remove("accueil.toml").unwrap()
}

fn slipped<'a>(of: &'a Slips, absent: Option<&'a str>) -> Vec<Slip<'a>> {
    of.errors.iter().take(slip::MOST).map(|error| Slip { of, error, absent }).collect()
}

#[test]
fn a_slip_says_where_it_is_what_to_write_and_what_holds_meanwhile() {
    let text =
        "title = \"Accueil\"\nrecruiters = [\"camille\"]\n\n[deadline]\nuntil = 2026-06-31 # fin juin\n";
    let one = wrong(text, Some("2026-06-03T09:12"));
    let matter = Matter { slips: slipped(&one, None), ..Matter::default() };
    both("slip", &matter);
    let html = mail(&matter, &camille(Language::French)).html;
    let line = html.lines().find(|line| line.starts_with("<br><code style=\"")).unwrap();
    let (before, after) =
        line.split_once("<mark class=\"mark\" style=\"background-color:#ffe08a; color:#22262b; ").unwrap();
    assert!(before.ends_with("; font-size:16px;\">until = "), "{line}");
    assert!(after.ends_with(";\">2026-06-31</mark> # fin juin</code>"), "{line}");
    // The file never was right: nobody's title but its own, which is hostile; a key is missing as a whole.
    let hostile = "title = \"<b>Accueil</b>\"\n[deadline]\nuntil = \"<script>28/06/2026</script>\"\n";
    let never = wrong(hostile, None);
    let matter = Matter { slips: slipped(&never, None), ..Matter::default() };
    both("slip.never", &matter);
    let html = mail(&matter, &camille(Language::French)).html;
    assert!(html.contains(">&quot;&lt;script&gt;28/06/2026&lt;/script&gt;&quot;</mark></code>"), "{html}");
    assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
    // What is missing at the end of a line has a mark too.
    let mut end = never.errors[1].clone();
    end.place.as_mut().unwrap().column = 99;
    let end = Slips { errors: vec![end], ..never.clone() };
    let html =
        mail(&Matter { slips: slipped(&end, None), ..Matter::default() }, &camille(Language::French)).html;
    assert!(html.contains("\">\u{a0}</mark></code>"), "{html}");
    // More than are told, of today; in the place of somebody.
    let milestone = |n| format!("[[milestone]]\nname = \"n{n}\"\non = 2026-02-30\n");
    let text = format!("{text}{}", (1..13).map(milestone).collect::<String>());
    let many = wrong(&text, Some("2026-06-22T08:00"));
    both("slip.many", &Matter { slips: slipped(&many, Some("Élise Exemple")), ..Matter::default() });
}

#[test]
fn a_slip_stands_behind_what_is_reminded_and_before_what_is_new() {
    let here = full(vec![event("deadline", until("2026-06-28"))]);
    let there = canteen(vec![event("deadline", until("2026-07-20"))]);
    let key = Key::from_text("accompagnement/deadline/2026-06-28/-7d/camille");
    let of = wrong("title = \"Accueil\n", Some("2025-12-31T09:12"));
    let new = New { posting: &there, planned: Vec::new(), skipped: Vec::new(), absent: None };
    let matter = Matter {
        reminders: vec![reminder(&here, 0, &key, NOW)],
        slips: slipped(&of, None),
        news: vec![new],
        ..Matter::default()
    };
    both("slip.mixed", &matter);
    let alone = Matter { reminders: Vec::new(), ..matter };
    let mail = mail(&alone, &camille(Language::French));
    assert!(mail.subject.ends_with(" et 1 autre nouvelle"), "{}", mail.subject);
    assert_eq!(mail.html.matches("<hr ").count(), 1);
}

// The operator.

#[test]
fn the_operator_reads_what_is_wrong_and_what_is_well_again() {
    let trouble = |sentence, since: &str, healed: Option<&str>| Trouble {
        sentence,
        since: paris(since),
        healed: healed.map(paris),
    };
    for language in Language::ALL {
        let [relay, file] = match language {
            Language::French => [
                "Le relais smtp.example.org ne répond plus.",
                "Le fichier postings/cantine.toml ne peut pas être lu ; sa dernière bonne version reste en vigueur.",
            ],
            _ => [
                "The relay smtp.example.org does not answer any more.",
                "The file postings/cantine.toml cannot be read; its last good version stays in force.",
            ],
        };
        let to = Addressee { name: None, email: "admin@example.org", ..camille(language) };
        let write = |troubles: &[Trouble<'_>]| {
            let facts = operator_facts(troubles, &to, paris(NOW));
            let mail = Templates::built_in().render_operator(&facts).unwrap();
            html_says_what_text_says(&mail);
            mail
        };
        let open = trouble(relay, "2026-06-22T08:50", None);
        let healed = trouble(file, "2026-06-21T18:00", Some("2026-06-22T09:00"));
        golden(&format!("operator.{}", language.code()), &write(&[open]));
        golden(&format!("operator.healed.{}", language.code()), &write(&[healed]));
        golden(&format!("operator.several.{}", language.code()), &write(&[healed, open]));
    }
}

// What may not happen.

#[test]
fn what_a_posting_says_is_data_in_notices_too() {
    let hostile = "<script>alert(1)</script>\r\nBcc: mallory@example.org {{ 7 * 7 }}";
    let mut posting = full(vec![Event {
        name: Some(hostile.into()),
        label: Some(hostile.into()),
        ..met(event("interview", on(&["2026-07-06"])))
    }]);
    posting.title = hostile.into();
    posting.organisation = Some(hostile.into());
    let before = said(&posting);
    let mut after = Said {
        when: on(&["2026-07-07"]),
        place: Some(hostile.into()),
        link: Some("javascript:alert(1)".into()),
        ..before.clone()
    };
    after.panel[0].id = "x".into();
    after.panel[0].shown = hostile.into();
    let absent = Some(hostile);
    let past = Past {
        posting: hostile,
        said: Some(&before),
        at: paris(NOW),
        change: false,
        to: Some(hostile.into()),
        why: Some(Why::Refused(hostile.into())),
    };
    let matter = Matter {
        changes: vec![Changed { absent, ..changed("interview", &before, &after) }],
        news: vec![New { posting: &posting, planned: Vec::new(), skipped: Vec::new(), absent }],
        missed: vec![Missed { absent, ..missed(&posting, &before, NOW) }],
        digest: Some(Digest {
            coming: vec![(&posting, &posting.events[0])],
            to_fix: vec![(&posting, &posting.events[0])],
            sent: vec![past.clone()],
            failed: vec![past],
            ..first_day()
        }),
        ..Matter::default()
    };
    let trouble = Trouble { sentence: hostile, since: paris(NOW), healed: None };
    let to = camille(Language::French);
    let operator = operator_facts(&[trouble], &to, paris(NOW));
    for mail in [mail(&matter, &to), Templates::built_in().render_operator(&operator).unwrap()] {
        assert!(!mail.subject.contains(['\r', '\n']) && !mail.text.contains('\r'));
        assert!(
            !mail.text.contains("\nBcc:") && mail.text.contains("<script>alert(1)</script> Bcc: mallory")
        );
        assert!(!mail.html.contains("<script") && mail.html.contains("&lt;script&gt;"));
        for part in [&mail.text, &mail.html] {
            assert!(!part.contains("javascript:") && !part.contains(" 49"), "{part}");
        }
    }
}

#[test]
fn a_return_from_a_long_absence_ends_in_a_mail() {
    let postings: Vec<Posting> = (0..200)
        .map(|n| Posting {
            id: format!("p{n}"),
            ..full(vec![first_round(), event("deadline", until("2026-06-28"))])
        })
        .collect();
    let of_first: Vec<Said> = postings.iter().map(said).collect();
    let moved: Vec<Said> =
        of_first.iter().map(|said| Said { when: on(&["2026-07-13"]), place: None, ..said.clone() }).collect();
    let changes = postings.iter().zip(of_first.iter().zip(&moved));
    let due = |n: i64| paris(NOW) + TimeDelta::days(n);
    let planned = |posting| -> Vec<(&Event, DateTime<Utc>)> {
        let posting: &Posting = posting;
        posting.events.iter().flat_map(|event| (0..3).map(move |n| (event, due(n)))).collect()
    };
    let past = |said| Past {
        posting: HEADING,
        said: Some(said),
        at: due(-1),
        change: false,
        to: None,
        why: Some(Why::Held),
    };
    let matter = Matter {
        changes: changes
            .map(|(posting, (before, after))| Changed {
                posting: &posting.id,
                ..changed("interview:premier-tour", before, after)
            })
            .collect(),
        news: postings
            .iter()
            .map(|posting| New { posting, planned: planned(posting), skipped: Vec::new(), absent: None })
            .collect(),
        missed: postings.iter().zip(&of_first).map(|(posting, said)| missed(posting, said, NOW)).collect(),
        digest: Some(Digest {
            coming: postings.iter().map(|posting| (posting, &posting.events[0])).collect(),
            sent: of_first.iter().map(past).collect(),
            failed: of_first.iter().map(past).collect(),
            ..first_day()
        }),
        ..Matter::default()
    };
    let mail = mail(&matter, &camille(Language::French));
    assert!(mail.subject.ends_with("et 600 autres nouvelles"), "{}", mail.subject);
}
