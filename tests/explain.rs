//! `jalon explain`: situations and the whole screen that answers each, in both languages.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use jalon::calendar::Zone;
use jalon::cli::explain::names::whom;
use jalon::cli::explain::page::{Asked, File, page};
use jalon::diagnostic::Language;
use jalon::plan::difference::begun;
use jalon::plan::lay::lay;
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::told::{Histories, Revision, revise};
use jalon::plan::{Key, Wanted};
use jalon::settings::Settings;
use support::{house, read, service};

/// What a situation is made of, besides its files.
struct World {
    rows: Vec<Row>,
    file: File,
    histories: Histories,
    /// Whether the posting is in force.
    there: bool,
}

/// A situation: what it is called, jalon.toml's addition, the posting, whom it is about, and what became of the rows.
type Situation = (&'static str, &'static str, &'static str, Option<&'static str>, fn(&mut World));

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

const DEADLINE: &str = "[deadline]\nuntil = 2026-06-28\n";

/// The row of a lead ends so.
fn end(
    World { rows, .. }: &mut World,
    lead: &str,
    state: State,
    reason: Option<Reason>,
    reply: Option<&str>,
) {
    let row = rows.iter_mut().find(|row| row.key.lead() == lead).unwrap();
    (row.state, row.reason, row.reply) = (state, reason, reply.map(str::to_owned));
    row.changed = row.due;
    row.sent_at = (state == State::Sent).then_some(row.due);
}

const SITUATIONS: &[Situation] = &[
    ("it was sent; the next was superseded; the last waits", "", DEADLINE, None, |world| {
        end(world, "-7d", State::Superseded, Some(Reason::LaterReminder), None);
        end(world, "-1d", State::Sent, Some(Reason::Accepted), Some("250 2.0.0 Ok: queued as 4F"));
    }),
    ("it was past when first read, withdrawn by hand, refused", "", DEADLINE, None, |world| {
        end(world, "-7d", State::Skipped, Some(Reason::PastWhenFirstSeen), None);
        end(world, "-1d", State::Withdrawn, Some(Reason::Hand), None);
        end(world, "0d", State::Failed, Some(Reason::RecipientRefused), Some("550 5.1.1 no such user"));
    }),
    ("it lapsed, is held, or confirmed", "", DEADLINE, None, |world| {
        end(world, "-7d", State::Lapsed, Some(Reason::TooLate), None);
        end(world, "-1d", State::Held, Some(Reason::InDoubt), None);
        end(world, "0d", State::Sent, Some(Reason::Confirmed), None);
    }),
    ("it is tried again later", "", DEADLINE, None, |world| {
        end(world, "-7d", State::Planned, None, Some("451 4.3.0 later"));
        world.rows[0].not_before = Some(utc("2026-06-27T08:00:00Z"));
        world.rows[0].attempts = 2;
    }),
    (
        "a day off is skipped",
        "",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"1d\"]\nday_off = \"skip\"\n",
        None,
        |_| (),
    ),
    ("a holiday moves it", "", "[[milestone]]\nname = \"M\"\non = 2026-07-15\n", None, |_| ()),
    (
        "due after it is of use",
        "",
        "[deadline]\nuntil = 2026-06-26T08:00:00\n[[remind]]\nevent = \"deadline\"\nbefore = [\"1h\"]\non_day = true\nat = 07:00:00\n[[interview]]\non = 2026-07-06T09:00:00\n[[remind]]\nevent = \"interview\"\nbefore = [\"1d\"]\nday_off = \"later\"\nat = 10:00:00\n",
        None,
        |_| (),
    ),
    (
        "the same instant as a shorter lead",
        "",
        "[deadline]\nuntil = 2026-06-29\n[[remind]]\nevent = \"deadline\"\nbefore = [\"2d\", \"3d\"]\n",
        None,
        |_| (),
    ),
    (
        "filled",
        "",
        "status = \"filled\"\n[deadline]\nuntil = 2026-06-28\n[start]\non = 2026-09-02\n",
        None,
        |_| (),
    ),
    ("cancelled", "", "status = \"cancelled\"\n[deadline]\nuntil = 2026-06-28\n", None, |_| ()),
    (
        "an event done, an event cancelled",
        "",
        "[deadline]\nuntil = 2026-06-28\ndone = true\n[start]\non = 2026-09-02\ncancelled = true\n",
        None,
        |_| (),
    ),
    (
        "to be fixed, and a window",
        "",
        "[[interview]]\nname = \"A\"\nlabel = \"fin juin\"\n[[interview]]\nname = \"B\"\nbetween = [2026-07-06, 2026-07-10]\n",
        None,
        |_| (),
    ),
    (
        "the posting's own rule",
        "[[remind]]\nevent = \"deadline\"\nbefore = [\"3d\"]\n",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = [\"2w\"]\n",
        None,
        |_| (),
    ),
    ("somebody who is nobody here", "", DEADLINE, Some("sacha"), |_| ()),
    (
        "a rule that asks for none",
        "",
        "[deadline]\nuntil = 2026-06-28\n[[remind]]\nevent = \"deadline\"\nbefore = []\n",
        None,
        |_| (),
    ),
    ("a date that was another, and a notice of it", "", DEADLINE, None, |world| {
        let mut old = world.rows[0].clone();
        old.key = Key::from_text("p/deadline/2026-06-20/-7d/camille");
        (old.state, old.reason) = (State::Withdrawn, Some(Reason::Calendar));
        let mut notice = world.rows[0].clone();
        notice.key = Key::change("p", "deadline", 2, "camille");
        (notice.state, notice.reason, notice.sent_at) = (State::Sent, Some(Reason::Accepted), Some(old.due));
        world.rows.extend([old, notice]);
    }),
    ("another's zone", "", "recruiters = [\"sacha\"]\n[start]\non = 2026-09-02T11:00:00\n", None, |_| ()),
    ("no ledger", "", DEADLINE, None, |world| world.rows.clear()),
    // What left late, and why.
    ("late: nothing tells why", "", DEADLINE, None, |world| late(world, "2026-06-20T08:00:00Z")),
    ("late: the hours of delivery", "", DEADLINE, None, |world| late(world, "2026-06-20T05:03:00Z")),
    ("late: refused for now", "", DEADLINE, None, |world| {
        late(world, "2026-06-19T08:06:00Z");
        world.rows[0].attempts = 3;
    }),
    ("late: the relay took no mail", "", DEADLINE, None, |world| {
        late(world, "2026-06-20T08:00:00Z");
        let mut trouble = world.rows[1].clone();
        trouble.key = Key::operator("relay-smtp.example.org", 1);
        trouble.born = utc("2026-06-19T09:00:00Z");
        world.rows.push(trouble);
    }),
    ("late: others left meanwhile", "", DEADLINE, None, |world| {
        late(world, "2026-06-20T08:00:00Z");
        let mut other = world.rows[0].clone();
        other.key = Key::from_text("other/deadline/2026-06-19/0d/sacha");
        other.sent_at = Some(utc("2026-06-19T12:00:00Z"));
        world.rows.push(other);
    }),
    ("fourteen minutes are not late", "", DEADLINE, None, |world| late(world, "2026-06-19T07:14:00Z")),
    ("lapsed: the relay did not answer", "", DEADLINE, None, |world| {
        end(world, "-7d", State::Lapsed, Some(Reason::TooLate), Some("connect: connection refused"));
    }),
    // What was taken back, and why.
    ("the deadline moved", "", DEADLINE, None, |world| {
        let before = "[deadline]\nuntil = 2026-06-20\n";
        taken(world, "p/deadline/2026-06-20/-7d/camille");
        world.histories = turns(&[before, DEADLINE]);
    }),
    ("the deadline moved, and moved again", "", DEADLINE, None, |world| {
        taken(world, "p/deadline/2026-06-20/-7d/camille");
        let [first, then] = ["[deadline]\nuntil = 2026-06-20\n", "[deadline]\nuntil = 2026-06-24\n"];
        world.histories = turns(&[first, then, DEADLINE]);
    }),
    ("the deadline moved, and the ledger says no more of it", "", DEADLINE, None, |world| {
        taken(world, "p/deadline/2026-06-20/-7d/camille");
    }),
    ("a recruiter was taken off", "", DEADLINE, Some("sacha"), |world| {
        taken(world, "p/deadline/2026-06-28/-7d/sacha");
    }),
    ("the rule changed", "[[remind]]\nevent = \"deadline\"\nbefore = [\"3d\"]\n", DEADLINE, None, |world| {
        taken(world, "p/deadline/2026-06-28/-7d/camille");
    }),
    (
        "filled, and so withdrawn",
        "",
        "status = \"filled\"\n[deadline]\nuntil = 2026-06-28\n",
        None,
        |world| {
            taken(world, "p/deadline/2026-06-28/-7d/camille");
            world.histories = turns(&[DEADLINE, "status = \"filled\"\n[deadline]\nuntil = 2026-06-28\n"]);
        },
    ),
    (
        "a skipped day off",
        "[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\"]\nday_off = \"skip\"\n",
        DEADLINE,
        None,
        |world| taken(world, "p/deadline/2026-06-28/-7d/camille"),
    ),
    ("an event was taken out", "", DEADLINE, None, |world| {
        taken(world, "p/start/2026-09-01/-14d/camille");
    }),
    ("an event was renamed", "", "[[interview]]\nname = \"B\"\non = 2026-07-06\n", None, |world| {
        taken(world, "p/interview:a/2026-07-06/-1d/camille");
        let taken_back = world.rows.last().unwrap().changed;
        world.rows[0].born = taken_back;
    }),
    // How files stand.
    ("the file is gone", "", DEADLINE, None, |world| {
        taken(world, "p/deadline/2026-06-28/-7d/camille");
        (world.file, world.there) = (File::Gone, false);
    }),
    ("the file has another name", "", DEADLINE, None, |world| {
        taken(world, "p/deadline/2026-06-28/-7d/camille");
        let mut heir = world.rows[0].clone();
        heir.key = Key::from_text("q/deadline/2026-06-28/-7d/camille");
        heir.born = world.rows.last().unwrap().changed;
        world.rows.push(heir);
        (world.file, world.there) = (File::Gone, false);
    }),
    ("the file vanished a moment ago", "", DEADLINE, None, |world| {
        world.file = File::Vanished(Some(utc("2026-06-26T11:50:00Z")), false);
    }),
    ("the file vanished, and the service has not seen it", "", DEADLINE, None, |world| {
        world.file = File::Vanished(None, false);
    }),
    ("it vanished with many others", "", DEADLINE, None, |world| {
        world.file = File::Vanished(Some(utc("2026-06-26T11:50:00Z")), true);
    }),
    ("the file is wrong", "", DEADLINE, None, |world| {
        world.file = File::LastGood(utc("2026-06-01T08:00:00Z"));
    }),
    ("the file never was right", "", DEADLINE, None, |world| {
        world.rows.clear();
        (world.file, world.there) = (File::NeverGood("postings/p.toml".to_owned()), false);
    }),
    ("away, and gone", "AWAY", "recruiters = [\"rh\"]\n[deadline]\nuntil = 2026-06-28\n", None, |_| ()),
];

/// The first reminder left at that instant.
fn late(world: &mut World, sent: &str) {
    end(world, "-7d", State::Sent, Some(Reason::Accepted), Some("250 Ok"));
    world.rows[0].sent_at = Some(utc(sent));
}

/// A row that the calendar took back on 2 June at ten in the morning, Paris.
fn taken(world: &mut World, key: &str) {
    let key = Key::from_text(key);
    world.rows.retain(|row| row.key != key);
    let zone = Zone::parse("Europe/Paris").unwrap();
    let due = zone.instant("2026-06-12T09:00:00".parse().unwrap());
    let (posting, event, recipient) =
        (key.posting().to_owned(), key.event().to_owned(), key.recipient().to_owned());
    let email = format!("{recipient}@example.org");
    let late_after = zone.end_of("2026-06-20".parse().unwrap());
    let reader = recipient.clone();
    let why = "jalon.toml:3".to_owned();
    let wanted = Wanted { key, posting, event, recipient, reader, email, due, late_after, why };
    let mut row = begun(&wanted, State::Withdrawn, Reason::Calendar, utc("2026-06-01T08:00:00Z"));
    (row.reason, row.wanted, row.changed) = (Some(Reason::Calendar), false, utc("2026-06-02T08:00:00Z"));
    world.rows.push(row);
}

/// The revisions of a posting that read so one after the other, since 1 June, 2 June, …
fn turns(texts: &[&str]) -> Histories {
    let settings = house("");
    let mut known: Vec<Revision> = Vec::new();
    for (n, text) in texts.iter().enumerate() {
        let posting = read(&settings, text).unwrap();
        let now = utc(&format!("2026-06-{:02}T08:00:00Z", n + 1));
        known.extend(revise(&[posting], &BTreeSet::new(), &BTreeMap::new(), known.clone(), now).new);
    }
    Histories::of(known)
}

/// A house where camille has left and sacha is away.
fn away() -> Settings {
    service(
        "time_zone = \"Europe/Paris\"\n[people.camille]\nemail = \"camille@example.org\"\nleaves = 2026-06-01\n[people.sacha]\nemail = \"sacha@example.org\"\naway = [[2026-06-15, 2026-06-27]]\n[teams]\nrh = [\"camille\", \"sacha\"]\n",
    )
}

/// All of it, situation by situation: the overview, then its first event in whole.
fn answers() -> String {
    let mut text = String::new();
    for (name, more, posting, to, became) in SITUATIONS {
        let settings = if *more == "AWAY" { away() } else { house(more) };
        let posting = read(&settings, posting).unwrap();
        let born = utc("2026-06-01T08:00:00Z");
        let planned = lay(std::slice::from_ref(&posting), &settings).reminders;
        let row = |wanted: Wanted| begun(&wanted, State::Planned, Reason::PastWhenFirstSeen, born);
        let rows = planned.iter().map(|one| row(Wanted::from(one))).collect();
        let mut world = World { rows, file: File::InForce, histories: Histories::default(), there: true };
        became(&mut world);
        let whom = to.map(|to| whom(to, &settings.house.directory, &[]).unwrap());
        let events = [None, Some(posting.events[0].id.as_str()).filter(|_| world.there)];
        for language in Language::ALL {
            for event in events.iter().take(if world.there { 2 } else { 1 }) {
                let _ = writeln!(text, "=== {name} [{}] {}", language.code(), event.unwrap_or_default());
                text.push_str(&page(&Asked {
                    id: "p",
                    posting: world.there.then_some(&posting),
                    file: &world.file,
                    settings: &settings,
                    rows: (*name != "no ledger").then_some(world.rows.as_slice()),
                    histories: &world.histories,
                    event: *event,
                    to: whom.as_ref(),
                    teams: &BTreeMap::new(),
                    now: utc("2026-06-26T12:00:00Z"),
                    language,
                }));
            }
        }
    }
    text
}

#[test]
fn every_situation_has_its_answer() {
    let (found, place) = (answers(), "tests/explain/answers.txt");
    if std::env::var_os("JALON_WRITE_ANSWERS").is_some() {
        std::fs::write(place, &found).unwrap();
    }
    let expected = std::fs::read_to_string(place).unwrap();
    for (found, expected) in found.split("=== ").zip(expected.split("=== ")) {
        assert_eq!(found, expected);
    }
    assert_eq!(found, expected);
}
