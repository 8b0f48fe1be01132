//! `jalon retry`, `confirm` and `withdraw`: the real binary, beside whoever holds the ledger.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/running.rs"]
mod running;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::planner::Planner;
use jalon::files::load;
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, Mail, Stamp, Turn};
use jalon::plan::Key;
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::row::{Reason, Row, State};
use running::{Daemon, ended, jalon};

const JALON: &str = "time_zone = \"Europe/Paris\"\n[mail]\nfrom = \"Recrutement <r@example.org>\"\noperator = \"a@example.org\"\noutbox = \"outbox\"\n[people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n[people.sacha]\nemail = \"sacha@example.org\"\n";
const POSTING: &str =
    "title = \"Poste\"\nrecruiters = [\"camille\", \"sacha\"]\n[deadline]\nuntil = 2026-06-28\n";
const CAMILLE: &str = "p/deadline/2026-06-28/-7d/camille";
const SACHA: &str = "p/deadline/2026-06-28/-7d/sacha";
const DAY: &str = "p/deadline/2026-06-28/-1d/camille";
const LEDGER: [&str; 2] = ["--ledger", "sqlite:jalon.db"];

struct World {
    folder: tempfile::TempDir,
    ledger: SqliteLedger,
    clock: Clock,
}

impl World {
    /// Planned on 1 June; on 21 June at ten, the first reminders are due.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        std::fs::write(folder.path().join("config/jalon.toml"), JALON).unwrap();
        let ledger = SqliteLedger::open(&folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        let world = Self { folder, ledger, clock: Clock::jumping("2026-06-01T08:00:00Z".parse().unwrap()) };
        world.write(POSTING);
        world.round("2026-06-01T08:00:00Z").await;
        world.round("2026-06-21T08:00:00Z").await;
        world
    }

    fn write(&self, posting: &str) {
        std::fs::write(self.folder.path().join("config/postings/p.toml"), posting).unwrap();
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    async fn round(&self, at: &str) {
        self.clock.wait_until(at.parse().unwrap()).await;
        self.ledger.note_round(self.now(), false).await.unwrap();
        let config = self.folder.path().join("config");
        let planner = Planner::new(self.ledger.clone(), self.clock.clone(), config.clone(), load(&config));
        planner.step().await.unwrap();
    }

    async fn claim(&self) -> Vec<Mail> {
        self.ledger.claim(self.now(), TimeDelta::minutes(30), 9, "example.org").await.unwrap()
    }

    /// Has the relay answer so to whatever is due.
    async fn answer(&self, verdict: impl Fn(&Mail) -> Verdict) {
        for mail in self.claim().await {
            let hand = HandOver { message_id: mail.message_id.clone(), term: mail.term, says: vec![] };
            self.turn(Turn::hand(hand)).await;
            let settle = Turn::settle(mail.message_id.clone(), mail.term, verdict(&mail));
            self.turn(settle).await;
        }
    }

    async fn turn(&self, turn: Turn) {
        self.ledger.turn(turn, self.now(), TimeDelta::minutes(30)).await.unwrap();
    }

    async fn row(&self, key: &str) -> Row {
        let known = self.ledger.known().await.unwrap();
        known.into_iter().find(|row| row.key.as_str() == key).unwrap()
    }

    async fn state(&self, key: &str) -> (State, Option<Reason>) {
        let row = self.row(key).await;
        (row.state, row.reason)
    }

    fn say(&self, arguments: &[&str]) -> (i32, String, String) {
        let (name, rest) = arguments.split_first().unwrap();
        ended(
            &jalon(self.folder.path()).args(["--lang", "fr", name]).args(LEDGER).args(rest).output().unwrap(),
        )
    }

    /// That a command on a key is refused for this reason, and leaves the row as it was; also dry.
    async fn refuses(&self, command: &str, key: &str, why: &str) {
        let before = self.row(key).await;
        for arguments in [&[command, key][..], &[command, key, "--dry-run"]] {
            let (code, said, error) = self.say(arguments);
            assert_eq!(code, 1, "{said}{error}");
            assert!(said.starts_with(&format!("{key}\u{a0}: ")) && said.contains(why), "{said}");
        }
        assert_eq!(self.row(key).await, before);
    }
}

fn sent(_: &Mail) -> Verdict {
    Verdict::Sent { reply: "250 queued".into() }
}

fn never(_: &Mail) -> Verdict {
    Verdict::Never { reason: Reason::RecipientRefused, reply: "rcpt: 550 who?".into() }
}

fn hold(_: &Mail) -> Verdict {
    Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: "dot: no answer".into() }
}

#[tokio::test]
async fn what_was_refused_leaves_again_to_the_address_that_holds_now() {
    let world = World::new().await;
    world.answer(never).await;
    let jalon_toml = world.folder.path().join("config/jalon.toml");
    std::fs::write(&jalon_toml, JALON.replace("camille@example.org", "c.exemple@example.org")).unwrap();
    let (code, said, error) = world.say(&["retry", CAMILLE]);
    assert_eq!(code, 0, "{said}{error}");
    let expected =
        format!("{CAMILLE}\u{a0}: repart dans la minute (aux heures d'envoi), à c.exemple@example.org\n");
    assert_eq!(said, expected);
    // No round came in between: a daemon would write to the address that holds.
    let claimed = world.claim().await;
    let claimed: Vec<(&str, &str)> =
        claimed.iter().map(|mail| (mail.email.as_str(), mail.rows[0].key.as_str())).collect();
    assert_eq!(claimed, [("c.exemple@example.org", CAMILLE)], "sacha's stays refused");
}

#[tokio::test]
async fn a_selection_takes_what_failed_and_is_held_and_nothing_else() {
    let world = World::new().await;
    world.answer(|mail| if mail.reader == "sacha" { hold(mail) } else { never(mail) }).await;
    for selection in
        [&["--posting", "p"][..], &["--posting", "p", "--event", "deadline"], &["--state", "held"]]
    {
        let (code, said, error) = world.say(&[&["retry", "--dry-run"], selection].concat());
        assert_eq!(code, 0, "{said}{error}");
        assert_eq!(said.contains(CAMILLE), selection[0] == "--posting", "{said}");
        assert!(said.contains(SACHA) && !said.contains("/-1d/"), "{said}");
        assert!(said.contains("du même Message-ID"), "{said}");
        assert!(said.ends_with("(--dry-run\u{a0}: rien n'est fait.)\n"), "{said}");
    }
    assert_eq!(world.state(SACHA).await.0, State::Held, "nothing was done");
    for person in ["sacha", "Sacha@example.org"] {
        let (_, said, _) = world.say(&["retry", "--dry-run", "--to", person]);
        assert!(said.contains(SACHA) && !said.contains(CAMILLE), "{said}");
    }
    assert!(world.say(&["retry", "--dry-run", "--person", "camille exemple"]).1.contains(CAMILLE));
    let (code, said, _) = world.say(&["retry", "--person", "camille", "--state", "held"]);
    assert_eq!((code, said.as_str()), (0, "Rien n'est concerné.\n"));
    let (code, said, _) = world.say(&["retry", "--posting", "p"]);
    assert!(code == 0 && said.ends_with("\nRelancés\u{a0}: 2.\n"), "{said}");
    assert_eq!(world.state(CAMILLE).await.0, State::Planned);
}

#[tokio::test]
async fn what_left_is_never_sent_again() {
    let world = World::new().await;
    world.answer(sent).await;
    world.refuses("retry", CAMILLE, "déjà envoyé, le dimanche 21 juin 2026 à 10\u{a0}h").await;
    world.refuses("withdraw", CAMILLE, "déjà envoyé").await;
    world.refuses("confirm", CAMILLE, "déjà envoyé").await;
    world.refuses("retry", DAY, "il est prévu, le vendredi 26 juin 2026 à 9\u{a0}h").await;
    world.refuses("confirm", DAY, "seul ce qui est retenu se confirme").await;
    let (code, said, _) = world.say(&["retry", CAMILLE, "p/deadline/2026-06-28/-7d/camile", DAY]);
    assert_eq!((code, said.lines().count()), (1, 4), "each is answered\n{said}");
    assert!(said.contains(&format!("vouliez-vous dire {CAMILLE}")), "{said}");
}

#[tokio::test]
async fn what_is_leaving_is_left_alone() {
    let world = World::new().await;
    assert_eq!(world.claim().await.len(), 2);
    for command in ["retry", "confirm", "withdraw"] {
        world.refuses(command, CAMILLE, "il est en train de partir").await;
    }
}

#[tokio::test]
async fn what_no_file_asks_for_any_more_is_refused_with_the_reason() {
    let world = World::new().await;
    world.answer(hold).await;
    for (posting, why) in [
        (POSTING.replace("2026-06-28", "2026-06-29"), "la date de son étape a changé"),
        (POSTING.replace("[deadline]\nuntil", "[start]\non"), "son étape n'est plus dans la fiche"),
        (POSTING.replace("\"camille\", ", ""), "cette personne n'est plus prévenue de cette étape"),
        (format!("status = \"filled\"\n{POSTING}"), "la fiche est pourvue ou annulée"),
        (format!("{POSTING}cancelled = true\n"), "son étape est annulée"),
        (
            format!("{POSTING}[[remind]]\nevent = \"deadline\"\nbefore = [\"3d\"]\n"),
            "plus aucune règle ne le demande",
        ),
        (
            format!("id = \"q\"\n{}", POSTING.replace("Poste", "Autre").replace("-28", "-30")),
            "sa fiche n'est plus là",
        ),
    ] {
        world.write(&posting);
        if why.contains("plus là") {
            // Believed to be gone, and not only missed.
            for at in ["2026-06-21T08:01:00Z", "2026-06-21T08:20:00Z"] {
                world.round(at).await;
            }
        }
        world.refuses("retry", CAMILLE, why).await;
    }
    // A person may still say what became of it.
    assert_eq!(world.say(&["confirm", CAMILLE]).0, 0);
    assert_eq!(world.say(&["withdraw", SACHA]).0, 0);
}

#[tokio::test]
async fn what_is_of_no_use_any_more_is_refused() {
    let world = World::new().await;
    world.answer(hold).await;
    // The next reminder of the event is due: this one would give way to it.
    world.clock.wait_until("2026-06-26T07:30:00Z".parse().unwrap()).await;
    world.ledger.note_round(world.now(), false).await.unwrap();
    world.refuses("retry", CAMILLE, &format!("un rappel plus proche de la date le remplace, {DAY}")).await;
    // The deadline is over.
    world.ledger.note_round("2026-06-29T08:00:00Z".parse().unwrap(), false).await.unwrap();
    world.refuses("retry", CAMILLE, "il n'est plus utile depuis le lundi 29 juin 2026 à 0\u{a0}h").await;
}

#[tokio::test]
async fn what_a_hand_withdrew_returns_by_hand_only() {
    let world = World::new().await;
    let (code, said, error) = world.say(&["withdraw", DAY, "--dry-run"]);
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.ends_with("(--dry-run\u{a0}: rien n'est fait.)\n"), "{said}");
    assert_eq!(world.state(DAY).await.0, State::Planned);
    let (code, said, _) = world.say(&["withdraw", DAY]);
    assert_eq!(code, 0);
    assert!(said.starts_with(&format!("{DAY}\u{a0}: retiré\u{a0}: il ne partira pas")), "{said}");
    assert_eq!(world.state(DAY).await, (State::Withdrawn, Some(Reason::Hand)));
    world.refuses("withdraw", DAY, "il est déjà retiré à la main").await;
    world.round("2026-06-21T09:00:00Z").await;
    assert_eq!(world.state(DAY).await, (State::Withdrawn, Some(Reason::Hand)), "the calendar asks in vain");
    let (_, said, _) = world.say(&["retry", "--posting", "p"]);
    assert_eq!(said, "Rien n'est concerné.\n", "a selection does not take it");
    let (code, said, _) = world.say(&["retry", "--posting", "p", "--state", "withdrawn"]);
    let expected = format!(
        "{DAY}\u{a0}: de nouveau prévu, à camille@example.org, le vendredi 26 juin 2026 à 9\u{a0}h\n"
    );
    assert_eq!((code, said), (0, expected));
    assert_eq!(world.state(DAY).await, (State::Planned, None));
}

#[tokio::test]
async fn withdrawing_a_posting_by_hand_takes_what_is_open_of_that_person() {
    let world = World::new().await;
    world.answer(|mail| if mail.reader == "sacha" { sent(mail) } else { hold(mail) }).await;
    let (code, said, _) = world.say(&["withdraw", "--posting", "p", "--to", "camille"]);
    assert_eq!((code, said.lines().count()), (0, 4), "{said}");
    assert!(said.contains("ce qui est peut-être déjà parti ne se rattrape pas"), "{said}");
    assert!(said.ends_with("Retirés\u{a0}: 3.\n") && !said.contains("sacha"), "{said}");
    let known = world.ledger.known().await.unwrap();
    let open = known.iter().filter(|row| row.state == State::Planned);
    assert!(open.clone().count() == 2 && open.clone().all(|row| row.reader == "sacha"));
}

#[tokio::test]
async fn what_is_held_is_confirmed() {
    let world = World::new().await;
    world.answer(hold).await;
    let (code, said, _) = world.say(&["confirm", "--posting", "p"]);
    assert!(code == 0 && said.ends_with("Confirmés\u{a0}: 2.\n"), "{said}");
    assert_eq!(world.state(SACHA).await, (State::Sent, Some(Reason::Confirmed)));
    assert!(world.row(SACHA).await.sent_at.is_some());
}

#[tokio::test]
async fn a_hand_that_names_nothing_is_told_how() {
    let world = World::new().await;
    for command in ["retry", "confirm", "withdraw"] {
        let (code, said, error) = world.say(&[command]);
        assert_eq!((code, said.as_str()), (2, ""));
        assert!(error.contains("jalon history") && error.contains("--posting"), "{error}");
        let (code, _, error) = world.say(&[command, "--posting", "q"]);
        assert_eq!(code, 1);
        assert!(error.contains("rien de tel dans le registre"), "{error}");
        assert_eq!(world.say(&[command, "--event", "deadline"]).0, 2);
        assert_eq!(world.say(&[command, CAMILLE, "--posting", "p"]).0, 2);
        let english = jalon(world.folder.path()).arg(command).output().unwrap();
        assert!(ended(&english).2.starts_with("jalon:") || ended(&english).0 == 2);
    }
    let (code, _, error) = world.say(&["retry", "--state", "sent"]);
    assert_eq!(code, 2);
    assert!(error.contains("failed, held, withdrawn"), "{error}");
}

/// The outbox, once the folder holds a mail to somebody.
fn mails_to(folder: &Path, address: &str) -> usize {
    let Ok(entries) = std::fs::read_dir(folder.join("outbox")) else { return 0 };
    let to = format!("To: {address}");
    let texts = entries.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    texts.filter(|text| text.contains(&to)).count()
}

#[tokio::test]
async fn a_running_daemon_takes_it_up() {
    let world = World::new().await;
    world.answer(|mail| if mail.reader == "sacha" { hold(mail) } else { sent(mail) }).await;
    let message_id = world.row(SACHA).await.message_id.unwrap();
    let World { folder, ledger, .. } = world;
    drop(ledger);
    let arguments = ["--as-of", "2026-06-21T10:30:00", LEDGER[0], LEDGER[1]];
    let mut daemon = Daemon::start(folder.path(), &arguments);
    daemon.until("event=\"planned\"");
    assert_eq!(mails_to(folder.path(), "sacha@example.org"), 0, "held");
    let line = ["--lang", "en", "retry", SACHA, LEDGER[0], LEDGER[1]];
    let (code, said, error) = ended(&jalon(folder.path()).args(line).output().unwrap());
    assert_eq!(code, 0, "{said}{error}");
    assert!(said.contains("leaves again within a minute"), "{said}");
    // At the next beat; a signal is a beat.
    daemon.hang_up();
    let log = daemon.until(&message_id).pop().unwrap();
    assert!(log.contains("event=\"sent\"") && log.contains("sacha"), "the same mail\n{log}");
    assert_eq!(mails_to(folder.path(), "sacha@example.org"), 1);
    daemon.stop();
    let ledger = SqliteLedger::read(&folder.path().join("jalon.db")).unwrap();
    let known = ledger.known().await.unwrap();
    let row = known.iter().find(|row| row.key == Key::from_text(SACHA)).unwrap();
    assert_eq!((row.state, row.doubts), (State::Sent, 1));
}
