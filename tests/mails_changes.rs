//! Whole mails that tell what became of a date: what a recruiter reads, word for word.
//!
//! `tests/mails/NAME.txt` holds a subject, an empty line, and the text; `~` there is a no-break space.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "support/posting.rs"]
mod posting;
#[path = "mails/whole.rs"]
mod whole;

use jalon::calendar::{Event, Language, Posting, When};
use jalon::message::{Addressee, Changed, Matter, facts};
use jalon::plan::said::{Difference, Said, Shift, Standing};

use posting::*;
use whole::*;

// Changes.

#[test]
fn a_deadline_is_extended() {
    let (before, after) = edited(&event("deadline", until("2026-06-28")), |e| e.when = until("2026-07-05"));
    both("change.moved.deadline", &change("deadline", &before, &after));
}

#[test]
fn a_window_becomes_a_day() {
    let window = Event {
        label: Some("fin août, au plus tard le 31".into()),
        ..event("start", between("2026-08-24", "2026-08-31"))
    };
    let (before, after) = edited(&window, |e| (e.when, e.label) = (on(&["2026-09-01"]), None));
    both("change.fixed", &change("start", &before, &after));
}

#[test]
fn an_interview_is_cancelled() {
    let (before, after) = edited(&first_round(), |e| e.cancelled = true);
    both("change.cancelled", &change("interview:premier-tour", &before, &after));
}

#[test]
fn an_interview_takes_place_elsewhere_with_others() {
    let (before, after) = edited(&first_round(), |e| {
        e.place = Some("Mairie de Crest, salle 2".into());
        e.link = Some("https://visio.example.org/salle-2".into());
        e.panel = vec![recipient("camille", Some("Camille Exemple")), recipient("noe", Some("Noé Exemple"))];
    });
    both("change.details", &change("interview:premier-tour", &before, &after));
}

#[test]
fn an_interview_is_moved_and_elsewhere() {
    let (before, after) = edited(&first_round(), |e| {
        e.when = at(&["2026-07-13T09:00"]);
        e.place = None;
    });
    both("change.moved.interview", &change("interview:premier-tour", &before, &after));
}

#[test]
fn a_zone_is_corrected() {
    let here = full(vec![event("deadline", until_time("2026-06-28T12:00"))]);
    let reunion = zone("Indian/Reunion");
    let mut there = Posting { zone: reunion, ..here.clone() };
    there.events[0].when = When::Deadline {
        closes: reunion.instant(local("2026-06-28T12:00")),
        last_day: day("2026-06-28"),
        written: Some(local("2026-06-28T12:00")),
    };
    let (before, after) = (said(&here), said(&there));
    for language in Language::ALL {
        let to = Addressee { zone: reunion, ..camille(language) };
        let name = format!("change.zone.{}", language.code());
        golden(&name, &mail(&change("deadline", &before, &after), &to));
    }
}

#[test]
fn a_date_is_removed_with_its_file() {
    let before = said(&full(vec![event("end", on(&["2027-04-30"]))]));
    let after = Said { standing: Standing::Removed, ..before.clone() };
    both("change.removed", &change("end", &before, &after));
}

#[test]
fn a_whole_posting_is_cancelled_under_one_heading() {
    let posting = full(vec![
        event("deadline", until("2026-06-28")),
        first_round(),
        event("start", on(&["2026-08-31"])),
    ]);
    let before: Vec<Said> = posting.events.iter().map(|event| Said::of(&posting, event)).collect();
    let after: Vec<Said> =
        before.iter().map(|said| Said { standing: Standing::Cancelled, ..said.clone() }).collect();
    let all = before.iter().zip(&after).zip(&posting.events);
    let mut changes: Vec<Changed<'_>> =
        all.map(|((before, after), event)| changed(&event.id, before, after)).collect();
    let matter = Matter { changes: changes.clone(), ..Matter::default() };
    both("change.several", &matter);
    changes.reverse();
    let turned = Matter { changes, ..Matter::default() };
    let to = camille(Language::French);
    assert_eq!(mail(&turned, &to), mail(&matter, &to), "the order of what is handed over says nothing");
}

/// The headline of a change, and the two dates.
fn headline(event: &Event, edit: impl FnOnce(&mut Event), language: Language) -> [String; 3] {
    let (before, after) = edited(event, edit);
    let found = facts(&change(&event.id, &before, &after), &camille(language), paris(NOW)).changes.remove(0);
    [Some(found.headline), found.before, found.now]
        .map(|words| words.unwrap_or_default().replace('\u{a0}', " "))
}

#[test]
fn headlines_say_what_became_of_the_date() {
    type Case<'a> = (Event, When, &'a str, &'a str);
    let interview = || event("interview", at(&["2026-07-06T09:00"]));
    let handover =
        || Event { name: Some("Passation".into()), ..event("milestone:passation", on(&["2026-09-04"])) };
    let cases: Vec<Case<'_>> = vec![
        (
            event("deadline", until("2026-07-05")),
            until("2026-06-28"),
            "Clôture des candidatures avancée au dimanche 28 juin",
            "Closing date for applications brought forward to Sunday 28 June",
        ),
        (
            event("deadline", until("2026-06-28")),
            until_time("2026-06-28T12:00"),
            "Nouvel horaire : clôture des candidatures, dimanche 28 juin à 12 h",
            "New time: closing date for applications, Sunday 28 June at 12 noon",
        ),
        (
            interview(),
            at(&["2026-07-06T10:30"]),
            "Nouvel horaire : entretien, lundi 6 juillet à 10 h 30",
            "New time: interview, Monday 6 July at 10:30 am",
        ),
        (
            interview(),
            at(&["2026-07-13T09:00"]),
            "Entretien reporté au lundi 13 juillet à 9 h",
            "Interview postponed to Monday 13 July at 9 am",
        ),
        (
            interview(),
            at(&["2026-07-03T09:00", "2026-07-03T14:00"]),
            "Entretiens avancés au vendredi 3 juillet",
            "Interviews brought forward to Friday 3 July",
        ),
        (
            interview(),
            on(&["2026-07-06", "2026-07-07"]),
            "Nouvelles dates : entretiens",
            "New dates: interviews",
        ),
        (
            event("interview", on(&["2026-07-06", "2026-07-07"])),
            on(&["2026-07-08"]),
            "Nouvelle date : entretien, mercredi 8 juillet",
            "New date: interview, Wednesday 8 July",
        ),
        (interview(), on(&["2026-07-06"]), "Horaire à fixer : entretien", "Time to be set: interview"),
        (
            event("interview", on(&["2026-07-06"])),
            at(&["2026-07-06T09:00"]),
            "Horaire fixé : entretien, lundi 6 juillet à 9 h",
            "Time set: interview, Monday 6 July at 9 am",
        ),
        (
            handover(),
            on(&["2027-01-04"]),
            "Nouvelle date : Passation, lundi 4 janvier 2027",
            "New date: Passation, Monday 4 January 2027",
        ),
        (
            event("end", on(&["2027-04-30"])),
            on(&["2027-05-31"]),
            "Fin du contrat reportée au lundi 31 mai 2027",
            "End of the contract postponed to Monday 31 May 2027",
        ),
        (
            event("start", on(&["2026-08-31"])),
            between("2026-08-31", "2026-09-04"),
            "La date n'est plus arrêtée : prise de poste",
            "Date no longer set: start date",
        ),
        (
            event("start", between("2026-08-24", "2026-08-28")),
            between("2026-08-31", "2026-09-04"),
            "Nouvelle période : prise de poste",
            "New period: start date",
        ),
        (
            event("start", between("2026-08-24", "2026-08-28")),
            When::Open,
            "Date à fixer : prise de poste",
            "Date to be set: start date",
        ),
        (
            event("start", When::Open),
            on(&["2026-09-01"]),
            "La date est arrêtée : prise de poste, mardi 1er septembre",
            "Date set: start date, Tuesday 1 September",
        ),
    ];
    for (event, when, french, english) in cases {
        let edit = |edited: &mut Event| edited.when = when.clone();
        assert_eq!(headline(&event, edit, Language::French)[0], french);
        assert_eq!(headline(&event, edit, Language::English)[0], english);
    }
}

#[test]
fn an_event_that_takes_place_after_all_says_when() {
    let cancelled = Event { cancelled: true, ..event("interview", at(&["2026-07-06T09:00"])) };
    assert_eq!(
        headline(&cancelled, |e| e.cancelled = false, Language::French),
        [
            "De nouveau prévu : entretien, lundi 6 juillet à 9 h",
            "",
            "lundi 6 juillet 2026 à 9 h, heure de Paris"
        ]
    );
}

#[test]
fn details_that_come_and_go_are_called_so() {
    let interview = || Event { place: Some("Crest".into()), ..event("interview", on(&["2026-07-06"])) };
    let link = |e: &mut Event| e.link = Some("https://visio.example.org/aef".into());
    assert_eq!(headline(&interview(), link, Language::French)[0], "Entretien : lien ajouté");
    let gone = headline(&interview(), |e| e.place = None, Language::French);
    assert_eq!(gone[0], "Entretien : lieu à préciser");
    let moved = |e: &mut Event| (e.when, e.place) = (on(&["2026-07-07"]), Some("Die".into()));
    assert_eq!(
        headline(&interview(), moved, Language::French)[0],
        "Entretien reporté au mardi 7 juillet, nouveau lieu"
    );
}

#[test]
fn one_label_for_two_windows_does_not_hide_that_they_differ() {
    let window =
        Event { label: Some("mi-mai".into()), ..event("start", between("2027-05-10", "2027-05-20")) };
    let [_, before, now] =
        headline(&window, |e| e.when = between("2027-05-12", "2027-05-22"), Language::French);
    assert_eq!(before, "mi-mai, soit entre le 10 et le 20 mai 2027");
    assert_eq!(now, "mi-mai, soit entre le 12 et le 22 mai 2027");
}

#[test]
fn a_date_that_was_put_right_afterwards_promises_no_reminder() {
    let (before, after) = edited(&event("start", on(&["2026-09-01"])), |e| e.when = on(&["2026-06-15"]));
    let text = mail(&change("start", &before, &after), &camille(Language::French)).text;
    assert!(!text.contains("rappels suivront"), "{text}");
}

#[test]
fn one_change_for_two_people_is_told_once() {
    let (before, after) = edited(&event("deadline", until("2026-06-28")), |e| e.when = until("2026-07-05"));
    let own = changed("deadline", &before, &after);
    let others = Changed { absent: Some("Sacha"), ..own };
    let matter = Matter { changes: vec![others, own, others], ..Matter::default() };
    let changes = facts(&matter, &camille(Language::French), paris(NOW)).changes;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].absent.as_deref(), Some("Aussi pour Sacha, en son absence."));
    // Who was told otherwise is told their own.
    let earlier = Said { when: until("2026-06-25"), ..before.clone() };
    let matter = Matter { changes: vec![own, Changed { before: &earlier, ..others }], ..Matter::default() };
    assert_eq!(facts(&matter, &camille(Language::French), paris(NOW)).changes.len(), 2);
}

// What may not happen.

#[test]
fn a_difference_that_is_not_one_is_still_words() {
    // Whatever is handed over: a mail, and no panic.
    let posting = full(vec![first_round()]);
    let same = said(&posting);
    for shift in [Shift::Moved, Shift::Fixed, Shift::Unfixed, Shift::Restored, Shift::Removed] {
        let difference = Difference { shift: Some(shift), place: true, link: true, panel: true };
        let change = Changed { difference, ..changed_by(&same, difference) };
        let matter = Matter { changes: vec![change], ..Matter::default() };
        assert!(!mail(&matter, &camille(Language::English)).subject.is_empty());
    }
    assert_eq!(mail(&Matter::default(), &camille(Language::English)).subject, "jalon");
}

fn changed_by(said: &Said, difference: Difference) -> Changed<'_> {
    Changed {
        posting: "p",
        event: "interview",
        before: said,
        after: said,
        difference,
        reminded: true,
        dropped: false,
        absent: None,
    }
}
