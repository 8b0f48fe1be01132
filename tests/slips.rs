//! Slips: what is wrong with a posting's file is told to its recruiters, once for each distinct error. Planner and
//! dispatcher on a clock that jumps, real files, a real ledger, a relay that remembers.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[allow(dead_code, reason = "this test asks less of the relay than a year does")]
#[path = "year/relay.rs"]
mod relay;

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::dispatcher::{Departure, Dispatcher, Way};
use jalon::daemon::planner::{Planner, Snapshot};
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Hand, Ledger as _, Stamp};
use jalon::plan::Sort;
use jalon::plan::next::Verdict;
use jalon::plan::row::{Reason, Row, State};
use jalon::transport::Transport;
use jalon::transport::smtp::{Smtp, Timeouts};
use relay::Relay;
use tokio::sync::watch;

/// jalon.toml: Camille reads French, Sacha English.
const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\n\
    [people.sacha]\nemail = \"sacha@example.org\"\nlanguage = \"en\"\n\
    [people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n";

/// A posting whose sixth line says until when, followed by more.
fn posting(until: &str, more: &str) -> String {
    format!(
        "title = \"Accueil\"\norganisation = \"Villages Vivants\"\nrecruiters = [\"camille\", \"sacha\"]\n\n[deadline]\nuntil = {until}\n{more}"
    )
}

const GOOD: &str = "2026-06-28";
const BAD: &str = "2026-06-31";

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    relay: Relay,
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    dispatcher: Dispatcher<SqliteLedger>,
    snapshot: Option<Arc<Snapshot>>,
    _stop: watch::Sender<bool>,
}

impl World {
    /// A world in which `accueil.toml` is read at 9.12 on 3 June, and this one at ten on 10 June.
    async fn new(jalon: &str) -> Self {
        let mut world = Self::at("2026-06-03T07:12:33Z", jalon, &posting(GOOD, "")).await;
        world.to("2026-06-10T08:00:00Z").await;
        world.minute().await;
        world
    }

    async fn at(start: &str, jalon: &str, accueil: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("postings")).unwrap();
        std::fs::write(folder.path().join("jalon.toml"), jalon).unwrap();
        std::fs::write(folder.path().join("postings/accueil.toml"), accueil).unwrap();
        let clock = Clock::jumping(start.parse().unwrap());
        let relay = Relay::start().await;
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let planner = Planner::new(ledger.clone(), clock.clone(), folder.path().into(), load(folder.path()));
        let settings = relay.settings();
        let smtp = Smtp::new(&settings, None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
        let way = Way::new(settings.host, Transport::Smtp(Box::new(smtp)));
        let (stop, stopping) = watch::channel(false);
        let lease = TimeDelta::minutes(30);
        let dispatcher = Dispatcher::new(ledger.clone(), clock.clone(), vec![way], lease, stopping);
        let mut world =
            Self { folder, clock, relay, ledger, planner, dispatcher, snapshot: None, _stop: stop };
        world.minute().await;
        world
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).unwrap();
    }

    fn accueil(&self, text: &str) {
        self.write("postings/accueil.toml", text);
    }

    fn restart(&mut self) {
        let config = self.folder.path();
        self.planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.into(), load(config));
    }

    async fn to(&self, at: &str) {
        self.clock.wait_until(at.parse().unwrap()).await;
    }

    /// One minute of the daemon's life: files, plan, send.
    async fn minute(&mut self) -> Vec<Departure> {
        let _ = self.planner.reload();
        self.planner.heed(self.dispatcher.health());
        if let (Some(snapshot), _) = self.planner.step().await.unwrap() {
            self.snapshot = Some(snapshot);
        }
        self.dispatch().await
    }

    async fn dispatch(&mut self) -> Vec<Departure> {
        let mut all = Vec::new();
        loop {
            let snapshot = self.snapshot.clone().unwrap();
            let report = self.dispatcher.step(&snapshot).await.unwrap();
            all.extend(report.departures);
            if !report.worked {
                return all;
            }
        }
    }

    /// The mails with slips in them that leave in so many minutes.
    async fn minutes(&mut self, count: usize) -> Vec<Departure> {
        let mut all = Vec::new();
        for _ in 0..count {
            self.clock.wait_until(self.clock.now() + TimeDelta::minutes(1)).await;
            all.extend(self.minute().await);
        }
        all.retain(|mail| mail.keys.iter().any(|key| key.sort() == Sort::Slip));
        all
    }

    async fn rows(&self) -> Vec<Row> {
        let rows = self.ledger.known().await.unwrap();
        rows.into_iter().filter(|row| row.key.sort() == Sort::Slip).collect()
    }

    /// Where each row stands, whether it is wanted, and which time of its error it is.
    async fn states(&self) -> Vec<(State, bool, u32)> {
        let rows = self.rows().await;
        rows.iter().map(|row| (row.state, row.wanted, row.key.slipped().unwrap().2)).collect()
    }
}

/// When and to whom mails left.
fn sent(mails: &[Departure]) -> Vec<String> {
    let sent = mails.iter().filter(|mail| matches!(mail.verdict, Verdict::Sent { .. }));
    sent.map(|mail| format!("{} {}", mail.at.format("%d %H:%M"), mail.reader)).collect()
}

/// The mail to somebody.
fn to<'a>(who: &str, mails: &'a [Departure]) -> &'a Departure {
    let mut found = mails.iter().filter(|mail| mail.reader == who);
    let mail = found.next().unwrap_or_else(|| panic!("nothing for {who}: {:?}", sent(mails)));
    assert!(found.next().is_none(), "more than one mail for {who}");
    mail
}

const BOTH: [&str; 2] = ["10 08:06 camille", "10 08:06 sacha"];

#[tokio::test]
async fn a_slip_is_told_once_after_five_minutes_to_each_recruiter_in_their_own_language() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(5).await), [""; 0], "met at 8:01");
    let told = world.minutes(1).await;
    assert_eq!(sent(&told), BOTH);
    let (fr, en) = (to("camille", &told), to("sacha", &told));
    assert_eq!(fr.written.subject, "Fiche à corriger\u{a0}: accueil.toml, ligne 6");
    for words in [
        "Accueil (Villages Vivants)\n",
        "\nLigne 6\u{a0}: le 31 juin 2026 n'existe pas\u{a0}: juin a 30 jours.\n",
        "\n    until = 2026-06-31\n            ^^^^^^^^^^\n",
        "\nPour corriger\u{a0}: le dernier jour du mois s'écrit 2026-06-30\n",
        "\nEn attendant, la version du 3 juin reste en vigueur\u{a0}: ",
    ] {
        assert!(fr.written.text.contains(words), "{words:?}\n{}", fr.written.text);
    }
    assert_eq!(en.written.subject, "To be corrected: accueil.toml, line 6");
    for words in
        ["\nLine 6: ", "\nTo correct it: ", "\nMeanwhile, the version of 3 June stays in force: ", "^^^^"]
    {
        assert!(en.written.text.contains(words), "{words:?}\n{}", en.written.text);
    }
    assert!(fr.written.html.contains(">2026-06-31</mark>"), "{}", fr.written.html);
    // Neither again, nor after a restart, nor when nothing is of use any more.
    assert_eq!(sent(&world.minutes(90).await), [""; 0]);
    world.restart();
    assert_eq!(sent(&world.minutes(10).await), [""; 0]);
    for day in ["2026-06-11", "2026-06-20", "2026-12-10"] {
        world.to(&format!("{day}T08:00:00Z")).await;
        assert_eq!(sent(&world.minutes(10).await), [""; 0], "{day}");
    }
    assert_eq!(world.states().await, [(State::Sent, true, 1); 2]);
}

#[tokio::test]
async fn a_new_posting_in_another_encoding_is_told_to_whoever_it_names() {
    let text = "title = \"Chargée\"\nrecruiters = [\"camille\"]\n[deadline]\nuntil = 2026-06-28\n";
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let wide = |bytes: fn(u16) -> [u8; 2]| {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect::<Vec<u8>>()
    };
    for bytes in [latin, wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
        let mut world = World::new(JALON).await;
        std::fs::write(world.folder.path().join("postings/neuf.toml"), bytes).unwrap();
        let told = world.minutes(10).await;
        assert_eq!(sent(&told), ["10 08:06 camille"]);
        let mail = &to("camille", &told).written;
        assert!(mail.subject.contains("neuf.toml"), "{}", mail.subject);
        assert!(mail.text.contains("Chargée"), "{}", mail.text);
        assert!(mail.text.contains("enregistrez-le avec l'encodage UTF-8"), "{}", mail.text);
    }
    // Torn bytes name nobody, and hurt nobody.
    let mut world = World::new(JALON).await;
    std::fs::write(world.folder.path().join("postings/neuf.toml"), [0xff, 0xfe, 0xd8]).unwrap();
    assert_eq!(sent(&world.minutes(10).await), [""; 0]);
}

#[tokio::test]
async fn the_operator_hears_too() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    world.minutes(20).await;
    assert!(world.relay.taken().contains(&"admin@example.org".to_owned()), "{:?}", world.relay.taken());
}

#[tokio::test]
async fn what_is_mended_in_time_tells_nobody() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(4).await), [""; 0]);
    world.accueil(&posting(GOOD, ""));
    assert_eq!(sent(&world.minutes(90).await), [""; 0]);
    assert_eq!(world.states().await, [(State::Withdrawn, false, 1); 2]);
    // Nobody was told: when it is back it need not wait for an hour.
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(6).await).len(), 2);
    assert_eq!(world.states().await, [(State::Sent, true, 1); 2]);
}

#[tokio::test]
async fn another_error_is_told_alone() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    world.minutes(10).await;
    // A warning beside it is not told.
    world.accueil(&posting(BAD, "[start]\non = 2026-02-30\n[end]\non = 2026-01-01\n# \u{202e}\n"));
    let told = world.minutes(30).await;
    assert_eq!(sent(&told), ["10 08:16 camille", "10 08:16 sacha"]);
    let text = &to("camille", &told).written.text;
    assert!(text.contains("Ligne 8") && !text.contains("Ligne 6"), "{text}");
    assert!(!text.contains("autre"), "{text}");
}

#[tokio::test]
async fn an_error_that_only_moves_is_the_same() {
    let mut world = World::new(JALON).await;
    let twice = "contract = \"CDI\"\ncontract = \"CDI\"\n";
    world.accueil(&format!("{twice}{}", posting(BAD, "")));
    assert_eq!(sent(&world.minutes(10).await).len(), 2);
    // The second of its sentences says « la première fois ligne 1 ».
    world.accueil(&format!("# Accueil\n# 2026\n{twice}{}", posting(BAD, "").replace("until", "\tuntil")));
    assert_eq!(sent(&world.minutes(90).await), [""; 0]);
    // While it waits to be told it may move too: the mail says where it stands then.
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    world.minutes(3).await;
    world.accueil(&format!("# Accueil\n{}", posting(BAD, "")));
    let told = world.minutes(90).await;
    assert_eq!(sent(&told), BOTH);
    assert!(to("camille", &told).written.subject.ends_with("ligne 7"), "{told:?}");
}

#[tokio::test]
async fn what_is_gone_and_comes_back_is_told_again() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(10).await), BOTH);
    world.accueil(&posting(GOOD, ""));
    world.minutes(5).await;
    assert_eq!(world.states().await, [(State::Sent, false, 1); 2]);
    let ended: Vec<DateTime<Utc>> = world.rows().await.iter().map(|row| row.changed).collect();
    assert_eq!(ended, vec!["2026-06-10T08:06:00Z".parse::<DateTime<Utc>>().unwrap(); 2], "when it was sent");
    // Back at once: an hour after it was first met, at 8:01.
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(90).await), ["10 09:01 camille", "10 09:01 sacha"]);
    world.accueil(&posting(GOOD, ""));
    world.minutes(5).await;
    // Back after a day: five minutes, as the first time.
    world.to("2026-06-11T08:00:00Z").await;
    world.accueil(&posting(BAD, ""));
    let told = world.minutes(90).await;
    assert_eq!(sent(&told), ["11 08:06 camille", "11 08:06 sacha"]);
    // The version of the 3rd is back in force all the while: its text is the same.
    assert!(to("camille", &told).written.text.contains("la version du 3 juin "), "{told:?}");
    assert_eq!(world.states().await.iter().filter(|(_, wanted, _)| *wanted).count(), 2);
}

#[tokio::test]
async fn an_error_behind_a_torn_line_is_not_mended() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(10).await), BOTH);
    world.accueil("");
    world.minutes(2).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(90).await), [""; 0], "an editor emptied the file for a moment");
    // What was not told yet is told when it shows again.
    world.accueil(&posting("2026-06-32", ""));
    world.minutes(2).await;
    world.accueil("");
    world.minutes(4).await;
    world.accueil(&posting("2026-06-32", ""));
    let told = world.minutes(90).await;
    assert_eq!(sent(&told), ["10 09:54 camille", "10 09:54 sacha"], "five minutes after it shows again");
    assert!(to("sacha", &told).written.text.contains("2026-06-32"), "{told:?}");
}

#[tokio::test]
async fn the_version_in_force_has_the_day_of_its_text() {
    // Of the same day, with its hour; and without the seconds of it.
    let mut world = World::at("2026-06-03T07:12:33Z", JALON, &posting(GOOD, "")).await;
    world.accueil(&posting(BAD, ""));
    let told = world.minutes(10).await;
    let text = &to("camille", &told).written.text;
    assert!(text.contains("la version d'aujourd'hui, 9\u{a0}h\u{a0}12, reste en vigueur\u{a0}: "), "{text}");
    assert!(to("sacha", &told).written.text.contains("today's version, of 9:12\u{a0}am, stays"), "{told:?}");
    // A file that was only touched, moved or gone for a moment has the version that it had; another text is another.
    world.to("2026-06-05T08:00:00Z").await;
    world.accueil(&posting(GOOD, ""));
    world.minutes(2).await;
    let since = async |world: &World| world.ledger.postings().await.unwrap()[0].since;
    assert_eq!(since(&world).await, "2026-06-03T07:12:33Z".parse::<DateTime<Utc>>().unwrap());
    std::fs::remove_file(world.folder.path().join("postings/accueil.toml")).unwrap();
    world.write("postings/bienvenue.toml", &posting(GOOD, ""));
    world.minutes(2).await;
    let stored = world.ledger.postings().await.unwrap();
    assert_eq!((stored.len(), stored[0].id.as_str()), (1, "bienvenue"));
    assert_eq!(since(&world).await, "2026-06-03T07:12:33Z".parse::<DateTime<Utc>>().unwrap());
    world.write("postings/bienvenue.toml", &posting("2026-06-29", ""));
    world.minutes(1).await;
    assert_eq!(since(&world).await, "2026-06-05T08:05:00Z".parse::<DateTime<Utc>>().unwrap());
}

#[tokio::test]
async fn a_file_that_never_was_right_tells_whom_it_names() {
    let mut world = World::new(JALON).await;
    // A key in French, a name that is nobody's, a date that does not exist.
    world.write(
        "postings/cantine.toml",
        "title = \"Cantine\"\nrecruteurs = [\"sacha\", \"nobody\", \"lou@example.net\"]\n[deadline]\nuntil = 2026-02-30\n",
    );
    let told = world.minutes(60).await;
    let mut readers = sent(&told);
    readers.sort();
    assert_eq!(readers, ["10 08:06 lou@example.net", "10 08:06 sacha"]);
    let text = &to("sacha", &told).written.text;
    assert!(text.contains("\nCantine\n") && text.contains("Line 2: ") && text.contains("Line 4: "), "{text}");
    assert!(text.contains("\nMeanwhile, nothing of this file is followed: "), "{text}");
    // A torn one, as far as it can be read.
    world.write(
        "postings/jardin.toml",
        "title = \"Jardin\nrecruiters = [camille, lou@example.net]\n[deadline]\nuntil = 2026-06-28\n",
    );
    let mut readers = sent(&world.minutes(60).await);
    readers.sort();
    assert_eq!(readers, ["10 09:06 camille", "10 09:06 lou@example.net"]);
    // One whose only error is that it names one person, and not a list.
    world.write(
        "postings/verger.toml",
        "title = \"Verger\"\nrecruiters = \"sacha\"\n[start]\nlabel = \"?\"\n",
    );
    assert_eq!(sent(&world.minutes(60).await), ["10 10:06 sacha"]);
    // One that names nobody is the operator's alone.
    world.write("postings/potager.toml", "title = \"Potager\"\n[deadline]\nuntil = 2026-02-30\n");
    assert_eq!(sent(&world.minutes(60).await), [""; 0]);
    assert!(world.relay.taken().contains(&"admin@example.org".to_owned()));
}

#[tokio::test]
async fn nobody_is_told_whom_jalon_may_not_write_to() {
    let jalon = JALON.replace("[mail]\n", "[mail]\nrecipients = [\"@example.org\"]\n");
    let mut world = World::new(&jalon).await;
    world.write(
        "postings/cantine.toml",
        "title = \"Cantine\"\nrecruiters = [\"lou@example.net\", \"camille\"]\n[deadline]\nuntil = 2026-06-28\n",
    );
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), ["10 08:06 camille"]);
    let text = &told[0].written.text;
    assert!(text.contains("Ligne 2\u{a0}: jalon.toml n'autorise pas à écrire à lou@example.net."), "{text}");
}

#[tokio::test]
async fn who_is_away_is_stood_in_for() {
    let away = format!("{JALON}away = [[2026-06-09, 2026-06-12]]\ncover = \"lou\"\n[people.lou]\n");
    let mut world = World::new(&format!("{away}email = \"lou@example.org\"\n")).await;
    world.accueil(&posting(BAD, ""));
    let told = world.minutes(60).await;
    let mut readers = sent(&told);
    readers.sort();
    assert_eq!(readers, ["10 08:06 lou", "10 08:06 sacha"]);
    let text = &to("lou", &told).written.text;
    assert!(text.contains("\nEn l'absence de Camille Exemple.\n"), "{text}");
    // Of a file that never was right, by another of its recruiters; and each error is told once to who reads for two.
    let away = JALON.replace("language", "away = [[2026-06-09, 2026-06-12]]\nlanguage");
    let mut world = World::new(&away).await;
    world.write("postings/cantine.toml", &posting(BAD, ""));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), ["10 08:06 camille"]);
    let text = &told[0].written.text;
    assert_eq!(text.matches("Ligne 6").count(), 1, "{text}");
    assert!(text.contains("Aussi pour sacha, en son absence."), "{text}");
}

#[tokio::test]
async fn the_operator_hears_of_a_slip_that_reached_somebody_who_is_away_alone() {
    let mut world = World::new(&format!("{JALON}away = [[2026-06-09, 2026-06-12]]\n")).await;
    world.write("postings/cantine.toml", &posting(BAD, "").replace(", \"sacha\"", ""));
    assert_eq!(sent(&world.minutes(10).await), ["10 08:06 camille"]);
    let rows = world.ledger.known().await.unwrap();
    assert!(rows.iter().any(|row| row.key.as_str() == "~operator/away-camille/1"), "{rows:?}");
}

#[tokio::test]
async fn a_plain_address_reads_the_language_of_its_posting() {
    let text = |until| {
        posting(until, "").replace("\"camille\", \"sacha\"]", "\"lou@example.net\"]\nlanguage = \"en\"")
    };
    let mut world = World::at("2026-06-03T07:12:33Z", JALON, &text(GOOD)).await;
    world.accueil(&text(BAD));
    let told = world.minutes(10).await;
    assert_eq!(to("lou@example.net", &told).written.subject, "To be corrected: accueil.toml, line 7");
}

#[tokio::test]
async fn at_night_it_waits_for_the_hours_of_delivery() {
    let mut world = World::new(JALON).await;
    world.to("2026-06-10T21:00:00Z").await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(60).await), [""; 0]);
    world.to("2026-06-11T04:59:00Z").await;
    assert_eq!(sent(&world.minutes(60).await), ["11 05:00 camille", "11 05:00 sacha"]);
    // Mended before the morning, it tells nobody.
    world.to("2026-06-11T21:00:00Z").await;
    world.accueil(&posting("2026-06-32", ""));
    world.minutes(60).await;
    world.accueil(&posting(GOOD, ""));
    world.minutes(2).await;
    world.to("2026-06-12T05:00:00Z").await;
    assert_eq!(sent(&world.minutes(60).await), [""; 0]);
}

#[tokio::test]
async fn reminders_go_on_and_leave_in_the_same_mail() {
    let mut world = World::new(JALON).await;
    // The reminder of the week before leaves at nine on the 19th, for the 21st is a Sunday.
    world.to("2026-06-19T06:54:00Z").await;
    world.accueil(&posting(BAD, ""));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), ["19 07:00 camille", "19 07:00 sacha"]);
    let written = &to("camille", &told).written;
    assert!(
        written.subject.starts_with("Clôture des candidatures dans 9 jours – Accueil"),
        "{}",
        written.subject
    );
    assert!(written.subject.ends_with(" et 1 nouvelle"), "{}", written.subject);
    let at = |words: &str| written.text.find(words).unwrap_or_else(|| panic!("{words}\n{}", written.text));
    assert!(at("dimanche 28 juin 2026") < at("\n* * *\n") && at("\n* * *\n") < at("Fiche à corriger"));
    let reminders = |rows: Vec<Row>| {
        let of = rows.into_iter().filter(|row| row.key.sort() == Sort::Reminder);
        of.map(|row| row.state).collect::<Vec<_>>()
    };
    let rows = reminders(world.ledger.known().await.unwrap());
    assert!(rows.contains(&State::Planned) && !rows.contains(&State::Withdrawn), "{rows:?}");
    world.to("2026-06-26T07:00:00Z").await;
    world.minute().await;
    let rows = reminders(world.ledger.known().await.unwrap());
    assert_eq!(rows.iter().filter(|state| **state == State::Sent).count(), 4, "{rows:?}");
}

/// So many milestones on a day that does not exist, with as many names.
fn milestones(count: usize) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "[[milestone]]\nname = \"n{n}\"\non = 2026-02-3{}", n % 10);
        text
    })
}

#[tokio::test]
async fn of_many_errors_ten_are_told() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(GOOD, &milestones(15)));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), BOTH);
    let written = &to("camille", &told).written;
    assert_eq!(written.text.matches("Pour corriger").count(), 10, "{}", written.text);
    assert!(written.text.contains("\n… et 5 autres\u{a0}: jalon check les montre toutes.\n"));
    assert!(written.subject.ends_with("ligne 9 (et 14 autres erreurs)"), "{}", written.subject);
    // One more above them: it is told alone, and those that it moved beyond the tenth stay told.
    world.accueil(&posting(BAD, &milestones(15)));
    let told = world.minutes(60).await;
    assert_eq!(to("camille", &told).written.text.matches("Pour corriger").count(), 1);
    assert_eq!(world.states().await, vec![(State::Sent, true, 1); 22]);
    // Once five are mended, the others have their turn.
    world.accueil(&posting(GOOD, milestones(15).split_once("[[milestone]]\nname = \"n5\"").unwrap().1));
    world.minutes(60).await;
    world.accueil(&posting(GOOD, ""));
    world.minutes(3).await;
    assert!(world.states().await.iter().all(|(_, wanted, _)| !wanted));
}

#[tokio::test]
async fn very_many_errors_of_very_many_files_are_told() {
    let mut world = World::new(JALON).await;
    for n in 0..25 {
        world.write(&format!("postings/p{n}.toml"), &posting(GOOD, &milestones(15)));
    }
    let told = world.minutes(10).await;
    let rows: usize = told.iter().map(|mail| mail.keys.len()).sum();
    assert_eq!(rows, 2 * 25 * 10, "{:?}", sent(&told));
    assert_eq!(told.len(), 2 * 3, "a hundred rows a mail");
}

#[tokio::test]
async fn two_equal_lines_are_two_errors() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(GOOD, "[start]\non = 2026-02-30\n[end]\non = 2026-02-30\n"));
    let told = world.minutes(10).await;
    let text = &to("camille", &told).written.text;
    assert!(text.contains("Ligne 8") && text.contains("Ligne 10"), "{text}");
    // One of them is mended: the other was told.
    world.accueil(&posting(GOOD, "[start]\non = 2026-02-28\n[end]\non = 2026-02-30\n"));
    assert_eq!(sent(&world.minutes(90).await), [""; 0]);
}

#[tokio::test]
async fn of_two_files_with_one_id_each_tells_its_own() {
    let mut world = World::new(JALON).await;
    let copy = posting(GOOD, "").replace("\"camille\", ", "");
    world.write("postings/copie.toml", &format!("id = \"accueil\"\n{copy}"));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), BOTH);
    let (camille, sacha) = (&to("camille", &told).written, &to("sacha", &told).written);
    assert_eq!(camille.subject, "Fiche à corriger\u{a0}: accueil.toml");
    let sentence = "Accueil.toml et copie.toml ont le même identifiant «\u{a0}accueil\u{a0}».";
    assert!(camille.text.contains(sentence), "{}", camille.text);
    assert!(camille.text.contains("la version du 3 juin reste") && !camille.text.contains("rien de ce"));
    // Sacha is named by both: the one goes on, the other does not.
    assert!(sacha.subject.ends_with("accueil.toml and 1 other update"), "{}", sacha.subject);
    assert!(
        sacha.text.contains("the version of 3 June stays") && sacha.text.contains("nothing of this file")
    );
    let folder = world.folder.path().display().to_string();
    assert!(!camille.text.contains(&folder) && !camille.html.contains(&folder), "{}", camille.text);
}

#[tokio::test]
async fn a_file_that_was_renamed_and_broken_at_once_keeps_its_version() {
    let mut world =
        World::at("2026-06-03T07:12:33Z", JALON, &format!("id = \"a\"\n{}", posting(GOOD, ""))).await;
    world.to("2026-06-10T08:00:00Z").await;
    std::fs::remove_file(world.folder.path().join("postings/accueil.toml")).unwrap();
    // Its recruiters are those of the version in force, whoever it names now.
    let text = posting(BAD, "").replace("\"camille\", ", "");
    world.write("postings/bienvenue.toml", &format!("id = \"a\"\n{text}"));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), BOTH);
    let text = &to("camille", &told).written.text;
    assert!(
        text.contains("bienvenue.toml, ligne 7") && text.contains("la version du 3 juin reste"),
        "{text}"
    );
}

#[tokio::test]
async fn no_secret_is_ever_in_a_mail() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(GOOD, "password = \"hunter2\"\n[smtp]\nlogin = hunter2\n"));
    let told = world.minutes(60).await;
    assert_eq!(sent(&told), BOTH);
    let written = &to("camille", &told).written;
    assert!(written.text.contains("Ligne 7\u{a0}: "), "{}", written.text);
    assert!(!written.text.contains("hunter2") && !written.html.contains("hunter2"), "{}", written.text);
}

#[tokio::test]
async fn what_is_wrong_with_jalon_toml_or_a_template_is_the_operators() {
    let mut world = World::new(JALON).await;
    std::fs::create_dir_all(world.folder.path().join("templates/fr")).unwrap();
    world.write("templates/fr/notice.txt", "{{ nothing");
    world.minutes(30).await;
    world.write("jalon.toml", &format!("{JALON}nickname = \"C\"\n"));
    world.minutes(30).await;
    assert!(world.rows().await.is_empty(), "{:?}", world.rows().await);
    assert_eq!(world.relay.taken(), ["admin@example.org"; 2]);
    // A warning is not told either.
    world.write("jalon.toml", JALON);
    world.accueil(&posting("2026-06-09", ""));
    world.minutes(30).await;
    assert!(world.rows().await.is_empty(), "{:?}", world.rows().await);
}

#[tokio::test]
async fn what_was_mended_since_it_was_claimed_tells_nothing_and_is_told_when_it_is_back() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    world.minutes(5).await;
    // Shown, and not written yet: as the daemon does.
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(1)).await;
    world.accueil(&posting(GOOD, ""));
    world.planner.reload().unwrap();
    world.snapshot = Some(Arc::clone(&world.planner.look().await.unwrap().unwrap().snapshot));
    assert_eq!(sent(&world.dispatch().await), [""; 0]);
    let rows = world.rows().await;
    assert_eq!((rows[0].state, rows[0].reason), (State::Skipped, Some(Reason::NothingToTell)));
    world.accueil(&posting(BAD, ""));
    let told = world.minutes(90).await;
    assert_eq!(sent(&told), ["10 09:01 camille", "10 09:01 sacha"]);
    assert!(world.states().await.contains(&(State::Sent, true, 2)));
}

#[tokio::test]
async fn what_a_hand_withdrew_stays_so_until_the_error_is_gone() {
    let mut world = World::new(JALON).await;
    world.accueil(&posting(BAD, ""));
    world.minutes(2).await;
    for row in world.rows().await {
        assert!(world.ledger.by_hand(row.key, Hand::Withdraw, world.clock.now()).await.unwrap());
    }
    assert_eq!(sent(&world.minutes(90).await), [""; 0]);
    world.accueil(&posting(GOOD, ""));
    world.minutes(2).await;
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(90).await).len(), 2);
}

#[tokio::test]
async fn a_refused_address_is_told_once_it_is_corrected_and_a_mended_file_heals_no_address() {
    let wrong = JALON.replace("camille@example.org", "camile@example.org");
    let mut world = World::new(&wrong).await;
    world.relay.refuse(vec!["camile@example.org".to_owned()]);
    world.accueil(&posting(BAD, ""));
    assert_eq!(sent(&world.minutes(10).await), ["10 08:06 sacha"]);
    world.write("jalon.toml", JALON);
    assert_eq!(sent(&world.minutes(10).await), ["10 08:11 camille"]);
    // A second round right after a first changes nothing.
    for _ in 0..2 {
        let (_, round) = world.planner.step().await.unwrap();
        assert_eq!((round.added, round.moved, round.withdrawn), (0, 0, 0));
    }
}
