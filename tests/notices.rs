//! Which notices the ledger should hold, of what it holds already: pure, and so tried without files or a ledger.
//! (The whole of it, over a year, is in `year.rs`.)
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use jalon::calendar::{Posting, Recipient};
use jalon::diagnostic::say;
use jalon::plan::lay::lay;
use jalon::plan::notice::change::changes;
use jalon::plan::notice::digest::digests;
use jalon::plan::notice::episode::{Trouble, Troubles, episodes};
use jalon::plan::notice::{Scene, missed, news};
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::told::{Histories, Told, revise};
use jalon::plan::{Key, Wanted};
use jalon::settings::Settings;

fn at(text: &str) -> DateTime<Utc> {
    format!("{text}:00Z").parse().unwrap()
}

/// A row of that key, as one that was planned and came to a state.
fn row(key: &str, state: State, due: &str) -> Row {
    let key = Key::from_text(key);
    let reader = if key.recipient().is_empty() { "a@example.org" } else { key.recipient() }.to_owned();
    Row {
        email: format!("{reader}@example.org"),
        reader,
        key,
        due: at(due),
        late_after: at(due) + TimeDelta::days(1),
        state,
        reason: (state == State::Withdrawn).then_some(Reason::Calendar),
        wanted: true,
        attempts: 0,
        doubts: 0,
        in_doubt: false,
        not_before: None,
        message_id: None,
        sent_at: (state == State::Sent).then(|| at(due)),
        reply: None,
        born: at(due),
        changed: at(due),
        why: String::new(),
    }
}

/// What is wanted of some rows at a moment, a line each: key, due, of use until.
fn wanted(
    settings: &Settings,
    rows: &[Row],
    now: &str,
    ask: impl Fn(&Scene<'_>) -> Vec<Wanted>,
) -> Vec<String> {
    let known: BTreeMap<&Key, &Row> = rows.iter().map(|row| (&row.key, row)).collect();
    let postings = BTreeMap::new();
    let scene = Scene { postings: &postings, house: &settings.house, known: &known, now: at(now) };
    let short = |at: DateTime<Utc>| at.format("%m-%dT%H:%M").to_string();
    let line = |one: &Wanted| format!("{} {} {}", one.key, short(one.due), short(one.late_after));
    ask(&scene).iter().map(line).collect()
}

fn of_camille(more: &str) -> Settings {
    support::service(&format!(
        "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\n{more}"
    ))
}

// Digests.

#[test]
fn only_the_next_digest_is_planned_at_the_persons_own_minute() {
    let mondays = of_camille("digest = \"0 8 * * Mon\"\n");
    // Summer time begins on the 29th: eight in Paris is seven, then six.
    for (now, expected) in [
        ("2026-03-20T12:00", "~digest/2026-03-23T08:00/camille 03-23T07:00 03-24T07:00"),
        ("2026-03-23T07:00", "~digest/2026-03-30T08:00/camille 03-30T06:00 03-31T06:00"),
    ] {
        assert_eq!(wanted(&mondays, &[], now, digests), [expected]);
    }
    let hourly = of_camille("digest = \"0 * * * *\"\n");
    let next = "~digest/2026-03-20T14:00/camille 03-20T13:00 03-20T14:00";
    assert_eq!(wanted(&hourly, &[], "2026-03-20T12:30", digests), [next], "of use until the one after");
    assert_eq!(wanted(&of_camille(""), &[], "2026-03-20T12:30", digests), Vec::<String>::new());
}

#[test]
fn nobody_has_a_digest_while_they_are_away() {
    let away = of_camille("digest = \"0 8 * * Mon\"\naway = [[2026-03-23, 2026-04-03]]\n");
    let back = "~digest/2026-04-06T08:00/camille 04-06T06:00 04-07T06:00";
    assert_eq!(wanted(&away, &[], "2026-03-20T12:00", digests), [back]);
    let gone = of_camille("digest = \"0 8 * * Mon\"\nleaves = 2026-03-23\n");
    assert_eq!(wanted(&gone, &[], "2026-03-20T12:00", digests), Vec::<String>::new());
}

#[test]
fn what_is_due_stays_and_downtime_is_made_up_for_once() {
    let daily = of_camille("digest = \"0 8 * * *\"\n");
    let next = "~digest/2026-03-24T08:00/camille 03-24T07:00 03-25T07:00";
    let today = "~digest/2026-03-23T08:00/camille 03-23T07:00 03-24T07:00";
    let noon = "2026-03-23T12:00";
    // Due and not sent yet; sent; ended.
    let due = row("~digest/2026-03-23T08:00/camille", State::Planned, "2026-03-23T07:00");
    assert_eq!(wanted(&daily, std::slice::from_ref(&due), noon, digests), [today, next]);
    for state in [State::Sent, State::Skipped, State::Lapsed, State::Failed] {
        assert_eq!(wanted(&daily, &[Row { state, ..due.clone() }], noon, digests), [next], "{state:?}");
    }
    // Down from Friday to Monday noon: Saturday's and Sunday's are gone, Monday's is still of use.
    let friday = row("~digest/2026-03-20T08:00/camille", State::Sent, "2026-03-20T07:00");
    let saturday = row("~digest/2026-03-21T08:00/camille", State::Lapsed, "2026-03-21T07:00");
    assert_eq!(wanted(&daily, &[friday, saturday.clone()], noon, digests), [today, next]);
    // What fell into an absence is not made up for.
    let away = of_camille("digest = \"0 8 * * *\"\naway = [[2026-03-21, 2026-03-23]]\n");
    assert_eq!(
        wanted(
            &away,
            &[row("~digest/2026-03-20T08:00/camille", State::Sent, "2026-03-20T07:00")],
            noon,
            digests
        ),
        [next]
    );
    // Nobody who has just asked for digests gets this morning's.
    assert_eq!(wanted(&daily, &[], noon, digests), [next]);
    let withdrawn = Row { state: State::Withdrawn, reason: Some(Reason::Calendar), ..saturday };
    assert_eq!(wanted(&daily, &[withdrawn], noon, digests), [next]);
}

// What was missed.

#[test]
fn what_lapsed_is_told_in_one_mail_and_the_next_one_bears_another_day() {
    let settings = of_camille("");
    let lapsed = [row("p/deadline/2026-06-28/-1d/camille", State::Lapsed, "2026-06-27T07:00")];
    let now = "2026-06-29T06:00";
    let ask = |scene: &Scene<'_>| missed(scene, &lapsed);
    let first = "~missed/2026-06-29/camille 06-29T06:00 07-06T06:00";
    assert_eq!(wanted(&settings, &[], now, ask), [first]);
    // On its way, it is the same one.
    let waiting = row("~missed/2026-06-28/camille", State::Planned, "2026-06-28T20:00");
    assert_eq!(
        wanted(&settings, &[waiting], now, ask),
        ["~missed/2026-06-28/camille 06-28T20:00 06-29T20:00"]
    );
    // However it ended, it is not begun again; only what lapsed since then is told by another.
    for state in [State::Sent, State::Failed, State::Skipped, State::Withdrawn] {
        let ended = row("~missed/2026-06-29/camille", state, "2026-06-29T05:00");
        assert_eq!(wanted(&settings, &[ended], now, ask), [""; 0], "{state:?}");
    }
    let earlier = Row {
        born: at("2026-06-26T05:00"),
        ..row("~missed/2026-06-29/camille", State::Sent, "2026-06-26T05:00")
    };
    assert_eq!(
        wanted(&settings, &[earlier], now, ask),
        ["~missed/2026-06-30/camille 06-29T06:00 07-06T06:00"]
    );
}

// Changes.

struct Moved {
    settings: Settings,
    posting: Posting,
    histories: Histories,
}

/// A posting whose interview was first seen on 1 June, and edited at noon UTC on 3 July.
fn moved(before: &str, after: &str) -> Moved {
    let settings = support::house("");
    let read = |when: &str| support::read(&settings, &format!("[[interview]]\n{when}\n")).unwrap();
    let none = (BTreeSet::new(), BTreeMap::new());
    let first = revise(&[read(before)], &none.0, &none.1, Vec::new(), at("2026-06-01T08:00"));
    let posting = read(after);
    let then = revise(std::slice::from_ref(&posting), &none.0, &none.1, first.new, at("2026-07-03T12:00"));
    Moved { settings, posting, histories: then.histories }
}

fn told(reader: &str, revision: u32) -> Told {
    Told {
        posting: "p".to_owned(),
        event: "interview".to_owned(),
        reader: reader.to_owned(),
        revision,
        at: at("2026-06-20T08:00"),
        by_notice: false,
    }
}

impl Moved {
    fn notices(&self, rows: &[Row], told: &[Told], now: &str) -> Vec<String> {
        let plan = lay(std::slice::from_ref(&self.posting), &self.settings);
        wanted(&self.settings, rows, now, |scene| changes(scene, &self.histories, told, &plan.reminders))
    }
}

#[test]
fn whoever_was_told_something_else_has_one_notice_and_whoever_knows_has_none() {
    let moved = moved("on = 2026-07-20", "on = 2026-07-27");
    assert_eq!(
        moved.notices(
            &[],
            &[told("camille", 1), told("sacha", 2), told("x@example.org", 1)],
            "2026-07-03T12:01"
        ),
        [
            "~change/p/interview/2/camille 07-03T12:10 07-27T22:00",
            "~change/p/interview/2/x@example.org 07-03T12:10 07-27T22:00",
        ]
    );
    assert_eq!(moved.notices(&[], &[], "2026-07-03T12:01"), Vec::<String>::new(), "nobody was told");
    assert_eq!(
        moved.notices(&[], &[told("camille", 1)], "2026-07-28T08:00"),
        Vec::<String>::new(),
        "it is past"
    );
}

#[test]
fn whoever_was_taken_off_hears_of_the_next_change_and_of_no_other() {
    let moved = moved("on = 2026-07-20", "on = 2026-07-27");
    let by_notice = |reader: &str| Told { by_notice: true, ..told(reader, 1) };
    // The posting is not in the scene of these tests: then everybody who was told is to be told.
    assert_eq!(moved.notices(&[], &[by_notice("x@example.org")], "2026-07-03T12:01").len(), 1);
    let known = BTreeMap::new();
    let postings = BTreeMap::from([("p".to_owned(), moved.posting.clone())]);
    let scene = Scene {
        postings: &postings,
        house: &moved.settings.house,
        known: &known,
        now: at("2026-07-03T12:01"),
    };
    let told = [told("x@example.org", 1), by_notice("sacha"), by_notice("camille")];
    let wanted = changes(&scene, &moved.histories, &told, &[]);
    let recipients: Vec<&str> = wanted.iter().map(|wanted| wanted.recipient.as_str()).collect();
    assert_eq!(recipients, ["x@example.org", "camille"], "camille recruits, sacha does not");
}

#[test]
fn what_is_near_cannot_wait() {
    for (before, after, expected) in [
        ("on = 2026-07-04", "on = 2026-07-20", "07-03T12:03 07-20T22:00"),
        ("on = 2026-07-20", "on = 2026-07-05", "07-03T12:03 07-20T22:00"),
        ("on = 2026-07-20", "on = 2026-07-06", "07-03T12:10 07-20T22:00"),
        ("on = 2026-07-20", "label = \"en été\"", "07-03T12:10 07-20T22:00"),
        // Of use for less than three minutes: at once.
        ("on = 2026-07-03T14:01:00", "on = 2026-07-03T14:02:00", "07-03T12:00 07-03T12:02"),
    ] {
        let found = moved(before, after).notices(&[], &[told("camille", 1)], "2026-07-03T12:00");
        assert_eq!(found, [format!("~change/p/interview/2/camille {expected}")], "{before} → {after}");
    }
}

#[test]
fn whoever_lost_a_reminder_by_the_move_is_told_though_nobody_mailed_them_before() {
    let moved = moved("on = 2026-07-20", "on = 2026-07-04");
    let lost = row("p/interview/2026-07-04/-1d/camille", State::Skipped, "2026-07-03T12:00");
    let notice = ["~change/p/interview/2/camille 07-03T12:03 07-20T22:00"];
    assert_eq!(moved.notices(std::slice::from_ref(&lost), &[], "2026-07-03T12:01"), notice);
    // Told or not, once.
    assert_eq!(moved.notices(std::slice::from_ref(&lost), &[told("camille", 1)], "2026-07-03T12:01"), notice);
    assert_eq!(
        moved.notices(std::slice::from_ref(&lost), &[told("camille", 2)], "2026-07-03T12:01"),
        [""; 0]
    );
    // A reminder that was skipped for another reason: a rule or a recruiter added a day later.
    let later = Row { born: at("2026-07-04T08:00"), ..lost.clone() };
    assert_eq!(moved.notices(&[later], &[], "2026-07-04T08:01"), [""; 0]);
    // It is to come: nothing is lost.
    let planned = Row { state: State::Planned, ..lost };
    assert_eq!(moved.notices(&[planned], &[], "2026-07-03T12:01"), [""; 0]);
}

// New postings.

#[test]
fn recruiters_of_a_new_posting_are_told_unless_it_is_past_or_silent() {
    let settings = support::house("");
    let ask = |text: &str| {
        let posting = support::read(&settings, text).unwrap();
        wanted(&settings, &[], "2026-06-20T08:00", |scene| news(scene, &[&posting]))
    };
    let both = "recruiters = [\"rh\", \"x@example.org\"]\n";
    assert_eq!(
        ask(&format!("{both}[deadline]\nuntil = 2026-06-28")),
        ["camille", "sacha", "x@example.org"].map(|id| format!("~new/p/{id} 06-20T08:00 06-23T08:00"))
    );
    for silent in [
        "announce = false\n[deadline]\nuntil = 2026-06-28",
        "[deadline]\nuntil = 2026-06-18",
        "status = \"cancelled\"\n[deadline]\nuntil = 2026-06-28",
        "status = \"filled\"\n[deadline]\nuntil = 2026-06-28",
    ] {
        assert_eq!(ask(silent), [""; 0], "{silent}");
    }
    assert_eq!(ask("[start]\nlabel = \"à la rentrée\"").len(), 1, "what is to be fixed is to come");
}

// The operator.

/// The operator's mails while these problems are there, by their names; `?` marks one of which nothing is known.
fn told_of(rows: &[Row], problems: &[&str], now: &str) -> Vec<String> {
    let settings = of_camille("");
    let operator = Recipient {
        id: "a@example.org".to_owned(),
        name: None,
        email: "a@example.org".to_owned(),
        language: None,
        zone: None,
    };
    let mut troubles = Troubles::default();
    for problem in problems {
        match problem.strip_prefix('?') {
            Some(unknown) => {
                troubles.unknown.insert(unknown.to_owned());
            }
            None => troubles.present.push(Trouble {
                problem: (*problem).to_owned(),
                tell: at(now) + TimeDelta::minutes(15),
                since: problem.starts_with("away-").then(|| at("2026-06-20T00:00")),
                sentence: say("…", "…"),
            }),
        }
    }
    let lines = wanted(&settings, rows, now, |scene| episodes(scene, &operator, &troubles));
    lines.iter().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn an_episode_is_told_once_and_once_more_when_it_is_over() {
    let began = |state, due| row("~operator/file-p.toml/1", state, due);
    let healed = |state, due| row("~operator/file-p.toml/1/healed", state, due);
    let now = "2026-06-20T12:00";
    let (sent, early) = (State::Sent, "2026-06-20T10:00");
    let file = ["file-p.toml"].as_slice();
    for (rows, problems, expected) in [
        // It begins; it goes on; what was told is not told again.
        (vec![], file, vec!["~operator/file-p.toml/1 06-20T12:15"]),
        (vec![began(State::Planned, "2026-06-20T12:10")], file, vec!["~operator/file-p.toml/1 06-20T12:10"]),
        (vec![began(sent, early)], file, vec!["~operator/file-p.toml/1 06-20T10:00"]),
        // It mends itself before anybody is told.
        (vec![began(State::Planned, "2026-06-20T12:10")], &[], vec![]),
        (vec![began(State::Planned, early)], &[], vec![]),
        // And is there again: the same episode begins anew.
        (vec![began(State::Withdrawn, early)], file, vec!["~operator/file-p.toml/1 06-20T12:15"]),
        // It is over.
        (vec![began(sent, early)], &[], vec!["~operator/file-p.toml/1/healed 06-20T12:10"]),
        (
            vec![began(sent, early), healed(State::Planned, "2026-06-20T12:05")],
            &[],
            vec!["~operator/file-p.toml/1/healed 06-20T12:05"],
        ),
        (vec![began(sent, early), healed(sent, early)], &[], vec![]),
        // It comes back before that is told, and after.
        (
            vec![began(sent, early), healed(State::Planned, "2026-06-20T12:05")],
            file,
            vec!["~operator/file-p.toml/1 06-20T10:00"],
        ),
        (vec![began(sent, early), healed(sent, early)], file, vec!["~operator/file-p.toml/2 06-20T12:15"]),
        // It could not be told in time, and is still there.
        (vec![began(State::Lapsed, early)], file, vec!["~operator/file-p.toml/2 06-20T12:15"]),
        // What was never told has no end.
        (vec![began(State::Lapsed, early)], &[], vec![]),
        (vec![began(State::Failed, early)], &[], vec![]),
        // Nothing is known of it.
        (vec![began(sent, early)], &["?file-p.toml"], vec!["~operator/file-p.toml/1 06-20T10:00"]),
    ] {
        let keys: Vec<_> = rows.iter().map(|row| format!("{} {:?}", row.key, row.state)).collect();
        assert_eq!(told_of(&rows, problems, now), expected, "{keys:?} {problems:?}");
    }
}

#[test]
fn what_the_operator_was_not_told_yet_is_told_as_it_is_by_then() {
    let trouble = || Trouble {
        problem: "file-p.toml".to_owned(),
        tell: at("2026-06-20T12:15"),
        since: None,
        sentence: say("another error", "another error"),
    };
    for (state, told) in [(State::Planned, "another error"), (State::Sent, "an error")] {
        let began =
            Row { why: "an error".to_owned(), ..row("~operator/file-p.toml/1", state, "2026-06-20T12:10") };
        let troubles = Troubles { present: vec![trouble()], ..Troubles::default() };
        let settings = of_camille("");
        let known = [began];
        let by_key: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
        let postings = BTreeMap::new();
        let scene = Scene {
            postings: &postings,
            house: &settings.house,
            known: &by_key,
            now: at("2026-06-20T12:00"),
        };
        let email = "admin@example.org".to_owned();
        let operator = Recipient { id: "admin".to_owned(), name: None, email, language: None, zone: None };
        let wanted = episodes(&scene, &operator, &troubles);
        assert_eq!(wanted.iter().map(|wanted| wanted.why.as_str()).collect::<Vec<_>>(), [told]);
    }
}

#[test]
fn a_relay_that_is_back_lets_out_what_was_to_be_told_of_it() {
    let began = row("~operator/relay-smtp.example.org/1", State::Planned, "2026-06-20T10:00");
    let now = "2026-06-20T12:00";
    assert_eq!(
        told_of(std::slice::from_ref(&began), &[], now),
        ["~operator/relay-smtp.example.org/1 06-20T10:00"]
    );
    let not_due = Row { due: at("2026-06-20T13:00"), ..began };
    assert_eq!(told_of(&[not_due], &[], now), [""; 0]);
}

#[test]
fn what_happened_is_never_over_and_the_next_absence_is_another_episode() {
    let now = "2026-06-20T12:00";
    for problem in ["lapsed-2026-06-20", "away-camille"] {
        let told = row(&format!("~operator/{problem}/1"), State::Sent, "2026-06-20T10:00");
        assert_eq!(told_of(&[told], &[], now), [""; 0], "{problem}");
    }
    let last_year = row("~operator/away-camille/1", State::Sent, "2025-08-01T10:00");
    assert_eq!(told_of(&[last_year], &["away-camille"], now), ["~operator/away-camille/2 06-20T12:15"]);
}
