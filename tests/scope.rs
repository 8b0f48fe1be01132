//! A round looks only at what stirs, and leaves the ledger exactly as a look at everything would. Seasons are drawn at
//! random, and lived three times: with one ledger round by round as the daemon does, with another one in which each posting
//! is a share of its own, laid out while the one before is written, and with a third by looking at everything each time.
//! After every step all hold the same rows, texts and revisions; and a second round finds nothing to do.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::clock::Clock;
use jalon::daemon::planner::{Planner, Round};
use jalon::files::{leaves, load};
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{Hand, HandOver, Ledger as _, Mail, Says, Stamp, StoredPosting, Turn};
use jalon::plan::Sort;
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::told::Revision;
use proptest::prelude::*;
use proptest::sample::Index;

/// What is done to the house, or by time.
#[derive(Clone, Debug)]
enum Act {
    /// A posting is written: which, and in which of the ways.
    Write(usize, usize, usize, usize),
    /// Its file is gone, broken, or named otherwise.
    Lose(usize),
    Break(usize),
    Rename(usize, usize),
    /// jalon.toml is written in one of the ways.
    Settings(usize, usize, usize),
    /// So many minutes pass.
    Pass(i64),
    /// What is due leaves: each mail in one of the ways.
    Send(Vec<usize>),
    /// What is due is taken, and what was taken before is settled in one of the ways.
    Take(usize),
    /// A hand on a row.
    Hand(Index, usize),
    /// Somebody accepts that files are gone.
    Accept,
    /// What is long over is forgotten.
    Forget,
    /// The process begins anew.
    Restart,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..5_usize, 0..8_usize, 0..6_usize, 0..6_usize).prop_map(|(n, a, b, c)| Act::Write(n, a, b, c)),
        1 => (0..5_usize).prop_map(Act::Lose),
        1 => (0..5_usize).prop_map(Act::Break),
        1 => (0..5_usize, 0..5_usize).prop_map(|(a, b)| Act::Rename(a, b)),
        2 => (0..7_usize, 0..4_usize, 0..4_usize).prop_map(|(a, b, c)| Act::Settings(a, b, c)),
        6 => prop_oneof![1..20_i64, 60..2000_i64, 1440..20000_i64].prop_map(Act::Pass),
        3 => prop::collection::vec(0..7_usize, 8).prop_map(Act::Send),
        2 => (0..7_usize).prop_map(Act::Take),
        2 => (any::<Index>(), 0..3_usize).prop_map(|(row, hand)| Act::Hand(row, hand)),
        1 => Just(Act::Accept),
        1 => Just(Act::Forget),
        1 => Just(Act::Restart),
    ]
}

/// The nth posting, written so: its dates, whom it names, how it stands.
fn posting(n: usize, when: usize, who: usize, how: usize) -> String {
    let recruiters = [
        "\"camille\"",
        "\"camille\", \"sacha\"",
        "\"rh\"",
        "\"x@example.org\"",
        "\"noa\", \"camille\"",
        "\"sacha\"",
    ];
    let dates = [
        "[deadline]\nuntil = 2026-06-20\n[[interview]]\non = 2026-06-25T10:00:00\npanel = [\"sacha\"]",
        "[deadline]\nuntil = 2026-06-22\n[[interview]]\non = 2026-06-25T10:00:00\npanel = [\"sacha\", \"noa\"]",
        "[deadline]\nuntil = 2026-06-20T12:00:00\n[start]\non = 2026-09-01",
        "[deadline]\nlabel = \"en juin\"\n[start]\nbetween = [2026-06-15, 2026-07-01]",
        "[[interview]]\nname = \"Un\"\non = [2026-06-12, 2026-06-14]\n[[interview]]\nname = \"Deux\"\non = 2026-06-30T09:30:00",
        "[[interview]]\nname = \"Deux\"\non = 2026-06-30T09:30:00\ncancelled = true\n[deadline]\nuntil = 2026-06-20",
        "[[milestone]]\nname = \"Bilan\"\non = 2026-06-18\n[end]\non = 2026-07-31",
        "[[milestone]]\nname = \"Passation\"\non = 2026-06-18\n[[remind]]\nevent = \"milestone\"\nbefore = [\"3d\", \"1d\"]\nafter = [\"2d\"]",
    ];
    let manner = [
        "",
        "status = \"filled\"",
        "status = \"cancelled\"",
        "language = \"en\"",
        "announce = false",
        "time_zone = \"Indian/Reunion\"",
    ];
    format!(
        "title = \"Poste {n}\"\nrecruiters = [{}]\n{}\n{}\n",
        recruiters[who % 6],
        manner[how % 6],
        dates[when % 8]
    )
}

fn settings(rules: usize, camille: usize, rest: usize) -> String {
    let (keys, rules) = [
        ("", ""),
        ("", "[[remind]]\nevent = \"deadline\"\nbefore = [\"14d\", \"3d\"]\non_day = true\n"),
        ("", "[[remind]]\nevent = \"deadline\"\nbefore = [\"7d\", \"1d\"]\nat = 11:00:00\n"),
        ("days_off = [[2026-06-10, 2026-06-13]]\n", ""),
        ("holidays = \"none\"\n", ""),
        (
            "",
            "[[remind]]\nevent = \"interview\"\nbefore = [\"2h\", \"1d\"]\nto = [\"recruiters\", \"sacha\"]\n",
        ),
        ("# another word\n", ""),
    ][rules % 7];
    let camille = [
        "email = \"camille@example.org\"\n",
        "email = \"c.exemple@example.org\"\naway = [[2026-06-05, 2026-06-24]]\n",
        "email = \"camille@example.org\"\naway = [[2026-06-05, 2026-06-24]]\ncover = \"sacha\"\n",
        "email = \"camille@example.org\"\nleaves = 2026-06-16\ndigest = \"0 8 * * Mon\"\n",
    ][camille % 4];
    // Noa is sometimes taken out of jalon.toml, and postings may name them still.
    let noa = "[people.noa]\nname = \"Noa\"\nemail = \"noa@example.org\"\n";
    let rest = [noa, "", noa, "[delivery]\nlate_limit = \"5d\"\n"][rest % 4];
    format!(
        "time_zone = \"Europe/Paris\"\n{keys}[ledger]\nkeep = \"40d\"\n[mail]\nfrom = \"R <r@example.org>\"\noperator = \"admin@example.org\"\noutbox = \"out\"\n[people.camille]\nname = \"Camille\"\n{camille}[people.sacha]\nname = \"Sacha\"\nemail = \"sacha@example.org\"\n{rest}[teams]\nrh = [\"camille\", \"sacha\"]\n{rules}"
    )
}

/// What a round looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Scope {
    /// What stirs, at once.
    Stirring,
    /// What stirs, one posting after the other.
    InShares,
    /// Everything.
    Whole,
}

/// A ledger, and the planner that brings it to the files.
struct House {
    ledger: SqliteLedger,
    planner: Planner<SqliteLedger>,
    scope: Scope,
    taken: Vec<Mail>,
}

/// What all must agree on.
type Held = (Vec<Row>, Vec<StoredPosting>, Vec<Revision>, Vec<(String, String)>);

impl House {
    async fn round(&mut self) -> Round {
        let _ = self.planner.reload();
        if self.scope != Scope::Whole {
            return self.planner.step().await.unwrap().1;
        }
        match self.planner.look_at_all().await.unwrap() {
            Some(laid) => self.planner.write(laid).await.unwrap(),
            None => Round::default(),
        }
    }

    async fn held(&self) -> Held {
        let ledger = &self.ledger;
        let known = ledger.known().await.unwrap();
        let texts = ledger.postings().await.unwrap();
        (known, texts, ledger.revisions().await.unwrap(), ledger.people().await.unwrap())
    }

    /// What a mail says: of each reminder and change, the event as it is.
    async fn says(&self, mail: &Mail) -> Vec<Says> {
        let mut says = Vec::new();
        for row in mail.rows.iter().filter(|row| matches!(row.key.sort(), Sort::Reminder | Sort::Change)) {
            let (posting, event) = (row.key.posting().to_owned(), row.key.event().to_owned());
            let revisions = self.ledger.revisions_of(vec![posting.clone()]).await.unwrap();
            let last = revisions.into_iter().rev().find(|one| one.event == event);
            says.extend(last.map(|last| Says::Event {
                key: row.key.clone(),
                posting,
                event,
                revision: last.revision,
            }));
        }
        says
    }

    /// Takes the first of all mails that are due. Which of those that are of use for as long is the first depends on which of
    /// their rows was written first, and shares are written in another order.
    async fn claim(&self, most: usize, now: DateTime<Utc>) -> Vec<Mail> {
        let mut mails = self.ledger.claim(now, TimeDelta::days(60), 64, "example.org").await.unwrap();
        mails.sort_by(|a, b| a.message_id.cmp(&b.message_id));
        let rest = mails.split_off(most.min(mails.len()));
        let rest = rest.into_iter().map(|mail| (mail.message_id, mail.term)).collect();
        self.ledger.release(rest, now).await.unwrap();
        mails
    }

    async fn hand(&self, mail: &Mail, now: DateTime<Utc>) {
        let (message_id, term) = (mail.message_id.clone(), mail.term);
        let hand = HandOver { message_id, term, says: self.says(mail).await };
        self.ledger
            .turn(Turn { settle: Vec::new(), hand: vec![hand] }, now, TimeDelta::days(60))
            .await
            .unwrap();
    }

    async fn settle(&self, mail: &Mail, how: usize, now: DateTime<Utc>) {
        let reply = || "550 5.1.1 no".to_owned();
        let verdict = match how {
            0..=2 => Verdict::Sent { reply: "250 fine".to_owned() },
            3 => Verdict::Never { reason: Reason::RecipientRefused, reply: reply() },
            4 => Verdict::Again { at: now + TimeDelta::minutes(30), counted: true, reply: reply() },
            5 => Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: reply() },
            _ => return self.ledger.release(vec![(mail.message_id.clone(), mail.term)], now).await.unwrap(),
        };
        let settle = vec![(mail.message_id.clone(), mail.term, verdict)];
        self.ledger.turn(Turn { settle, hand: Vec::new() }, now, TimeDelta::days(60)).await.unwrap();
    }

    async fn act(&mut self, act: &Act, now: DateTime<Utc>) {
        match act {
            Act::Send(ways) => {
                self.ledger.tidy(now).await.unwrap();
                let mails = self.claim(8, now).await;
                for (mail, how) in mails.iter().zip(ways) {
                    self.hand(mail, now).await;
                    self.settle(mail, *how, now).await;
                }
            }
            Act::Take(how) => {
                for mail in std::mem::take(&mut self.taken) {
                    self.settle(&mail, *how, now).await;
                }
                self.ledger.tidy(now).await.unwrap();
                self.taken = self.claim(4, now).await;
                if *how % 2 == 0 {
                    for mail in &self.taken {
                        self.hand(mail, now).await;
                    }
                }
            }
            Act::Hand(at, hand) => {
                let known = self.ledger.known().await.unwrap();
                if !known.is_empty() {
                    let key = known[at.index(known.len())].key.clone();
                    let hand = [Hand::Retry, Hand::Confirm, Hand::Withdraw][*hand];
                    self.ledger.by_hand(key, hand, now).await.unwrap();
                }
            }
            Act::Accept => {
                let gone = self.ledger.postings().await.unwrap().into_iter();
                let gone =
                    gone.filter(|posting| posting.vanished_at.is_some()).map(|posting| posting.id).collect();
                self.ledger.accept(gone, now).await.unwrap();
            }
            Act::Forget => drop(self.ledger.purge(now - TimeDelta::days(40)).await.unwrap()),
            _ => {}
        }
    }
}

struct World {
    folder: tempfile::TempDir,
    clock: Clock,
    houses: Vec<House>,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("config/postings")).unwrap();
        let clock = Clock::jumping("2026-06-01T07:00:00Z".parse().unwrap());
        let mut world = Self { folder, clock, houses: Vec::new() };
        world.write("jalon.toml", &settings(0, 0, 0));
        for n in 0..4 {
            world.write(&format!("postings/p{n}.toml"), &posting(n, n, n, 0));
        }
        for scope in [Scope::Stirring, Scope::InShares, Scope::Whole] {
            let path = world.folder.path().join(format!("{scope:?}.db"));
            let ledger = SqliteLedger::open(&path, Stamp::Pretended).unwrap();
            let planner = world.planner(&ledger, scope);
            world.houses.push(House { ledger, planner, scope, taken: Vec::new() });
        }
        world
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("config")
    }

    fn planner(&self, ledger: &SqliteLedger, scope: Scope) -> Planner<SqliteLedger> {
        let config = self.config();
        let loaded = if scope == Scope::Whole { load(&config) } else { leaves::load(&config, None) };
        let planner = Planner::new(ledger.clone(), self.clock.clone(), config, loaded);
        if scope == Scope::InShares { planner.in_shares_of(1) } else { planner }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.config().join(file), text).unwrap();
    }

    async fn act(&mut self, act: &Act) {
        let file = |n: &usize| self.config().join(format!("postings/p{n}.toml"));
        match act {
            Act::Write(n, when, who, how) => fs::write(file(n), posting(*n, *when, *who, *how)).unwrap(),
            Act::Lose(n) => drop(fs::remove_file(file(n))),
            Act::Break(n) => fs::write(file(n), "title = \"Poste\nrecruiters = [\"camille\"]\n").unwrap(),
            Act::Rename(from, to) => drop(fs::rename(file(from), file(to))),
            Act::Settings(rules, camille, rest) => {
                self.write("jalon.toml", &settings(*rules, *camille, *rest));
            }
            Act::Pass(minutes) => {
                self.clock.wait_until(self.clock.now() + TimeDelta::minutes(*minutes)).await;
            }
            Act::Restart => {
                for at in 0..self.houses.len() {
                    let planner = self.planner(&self.houses[at].ledger, self.houses[at].scope);
                    self.houses[at].planner = planner;
                }
            }
            _ => {}
        }
        let now = self.clock.now();
        for house in &mut self.houses {
            house.act(act, now).await;
            house.round().await;
        }
    }

    async fn agree(&self, after: &[Act]) {
        let other = self.houses[2].held().await;
        for house in &self.houses[..2] {
            let (one, scope) = (house.held().await, house.scope);
            let differ: Vec<_> = one.0.iter().zip(&other.0).filter(|(a, b)| a != b).collect();
            assert_eq!(one.0.len(), other.0.len(), "{scope:?} {after:?}");
            assert!(differ.is_empty(), "{scope:?} {after:?}\n{differ:#?}");
            assert_eq!(one, other, "{scope:?} {after:?}");
        }
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

/// What a round writes into a ledger that is as it should be already.
async fn writes_nothing(house: &mut House) -> bool {
    let before = house.ledger.version().await.unwrap();
    house.round().await;
    house.ledger.version().await.unwrap() == before
}

#[tokio::test]
async fn a_round_that_finds_nothing_to_do_writes_nothing() {
    let mut world = World::new();
    world.act(&Act::Pass(1)).await;
    assert!(writes_nothing(&mut world.houses[0]).await);
    world.act(&Act::Restart).await;
    assert!(writes_nothing(&mut world.houses[0]).await, "nor after a restart");
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(5)).await;
    assert!(writes_nothing(&mut world.houses[0]).await, "nor later");
}

#[tokio::test]
async fn an_edit_touches_the_rows_of_its_posting_and_no_other() {
    let mut world = World::new();
    world.act(&Act::Pass(1)).await;
    let before = world.houses[0].held().await;
    world.clock.wait_until(world.clock.now() + TimeDelta::minutes(1)).await;
    world.act(&Act::Write(1, 2, 1, 0)).await;
    let now = world.clock.now();
    let after = world.houses[0].held().await;
    let touched: Vec<&str> =
        after.0.iter().filter(|row| row.changed == now).map(|row| row.key.posting()).collect();
    assert!(touched.len() > 4 && touched.iter().all(|posting| *posting == "p1"), "{touched:?}");
    let others =
        |held: &Held| held.0.iter().filter(|row| row.key.posting() != "p1").cloned().collect::<Vec<_>>();
    assert_eq!(others(&before), others(&after));
    let texts = |held: &Held| held.1.iter().filter(|one| one.id != "p1").cloned().collect::<Vec<_>>();
    assert_eq!(texts(&before), texts(&after));
    // Nor is any of the others read: their rows stand for what they stood for.
    let laid = world.houses[0].planner.look().await.unwrap().unwrap();
    assert!(!laid.snapshot.postings.contains_key("p3"), "{:?}", laid.snapshot.postings.keys());
}

#[tokio::test]
async fn every_change_of_the_house_is_noticed() {
    for changed in [(1, 0, 0), (2, 0, 0), (3, 0, 0), (0, 1, 0), (0, 2, 0), (0, 0, 3)] {
        let mut world = World::new();
        world.write("postings/p3.toml", &posting(3, 1, 2, 0));
        world.act(&Act::Pass(1)).await;
        let before = world.houses[0].held().await.0;
        // While no daemon is there to see it, too.
        world.write("jalon.toml", &settings(changed.0, changed.1, changed.2));
        world.act(&Act::Restart).await;
        world.agree(&[]).await;
        let after = world.houses[0].held().await.0;
        assert_ne!(before, after, "{changed:?}");
    }
}

#[tokio::test]
async fn a_row_that_moved_while_its_share_was_laid_out_is_met_where_it_is() {
    let mut world = World::new();
    world.act(&Act::Pass(1)).await;
    // Camille has another address: every posting stirs, and each is a share.
    world.write("jalon.toml", &settings(0, 1, 0));
    let now = world.clock.now();
    let House { ledger, planner, .. } = &mut world.houses[1];
    planner.reload().unwrap();
    let mut begun = planner.begin(false).await.unwrap().unwrap();
    let first = planner.next(&mut begun).await.unwrap().unwrap();
    let (_, second) = planner.write_and_next(first, &mut begun).await.unwrap();
    let second = second.unwrap();
    let id = second.snapshot.postings.keys().next().unwrap().clone();
    let hers = |rows: Vec<Row>| -> Vec<Row> {
        rows.into_iter().filter(|row| row.key.posting() == id && row.reader == "camille").collect()
    };
    let before = hers(ledger.known().await.unwrap());
    let [withdrawn, _, ..] = before.as_slice() else { panic!("has too few rows: {before:?}") };
    ledger.by_hand(withdrawn.key.clone(), Hand::Withdraw, now).await.unwrap();
    planner.write_and_next(second, &mut begun).await.unwrap();
    for row in hers(ledger.known().await.unwrap()) {
        let is_it = row.key == withdrawn.key;
        let as_it_is = (row.state, row.reason, row.email != withdrawn.email);
        let asked =
            if is_it { (State::Withdrawn, Some(Reason::Hand), false) } else { (State::Planned, None, true) };
        assert_eq!(as_it_is, asked, "{row:?}");
    }
    // And they are what they are made from: no later round has to look at them for that.
    let heads = ledger.glance().await.unwrap().heads;
    assert!(heads.iter().any(|head| head.id == id && head.basis.is_some()), "{heads:?}");
}

#[tokio::test]
async fn what_is_leaving_while_it_changes_is_brought_to_it_afterwards() {
    for handed in [false, true] {
        let mut world = World::new();
        world.act(&Act::Pass(1)).await;
        // Reminders to Camille are due, and taken.
        world.clock.wait_until("2026-06-13T08:00:00Z".parse().unwrap()).await;
        let now = world.clock.now();
        for house in &mut world.houses {
            house.taken = house.ledger.claim(now, TimeDelta::days(60), 9, "example.org").await.unwrap();
            house.taken.retain(|mail| mail.reader == "camille");
            assert!(!house.taken.is_empty());
            if handed {
                house.hand(&house.taken[0], now).await;
            }
        }
        // Meanwhile she has another address.
        world.act(&Act::Settings(0, 1, 0)).await;
        world.agree(&[]).await;
        for house in &world.houses {
            house.settle(&house.taken[0], if handed { 4 } else { 6 }, now).await;
        }
        world.act(&Act::Pass(1)).await;
        world.agree(&[]).await;
        let known = world.houses[0].held().await.0;
        let row = known.iter().find(|row| row.key == world.houses[0].taken[0].rows[0].key).unwrap();
        assert!(row.email == "c.exemple@example.org" || row.reader != "camille", "{row:?}");
    }
}

#[test]
fn a_folder_read_leaf_by_leaf_is_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config");
    fs::create_dir_all(config.join("postings")).unwrap();
    fs::write(config.join("jalon.toml"), settings(0, 0, 0)).unwrap();
    let write = |name: &str, text: &str| fs::write(config.join("postings").join(name), text).unwrap();
    let same = |lean: &jalon::files::Loaded| {
        let full = load(&config);
        let mut problems = [&full.problems, &lean.problems]
            .map(|all| all.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>());
        for all in &mut problems {
            all.sort();
        }
        assert_eq!(problems[0], problems[1]);
        assert_eq!(full.folder.leaves, lean.folder.leaves);
        let mut broken = [&full.folder, &lean.folder].map(|one| one.broken.clone());
        for all in &mut broken {
            all.sort_by(|a, b| a.file.cmp(&b.file));
        }
        assert_eq!(broken[0], broken[1]);
        assert!(lean.folder.postings.is_empty() && lean.texts.is_empty());
        assert_eq!(full.folder.postings, lean.postings());
    };
    write("a.toml", &posting(1, 0, 0, 0));
    write("b.toml", &posting(2, 1, 1, 0));
    let mut seen = leaves::load(&config, None);
    same(&seen);
    // A copy; two files of one id; a broken file; and each of them mended.
    for (name, text) in [
        ("copie.toml", posting(1, 0, 0, 0)),
        ("twin.toml", format!("id = \"b\"\n{}", posting(3, 2, 0, 0))),
        ("c.toml", "title = \"x\n".to_owned()),
        ("c.toml", posting(4, 3, 0, 0)),
        ("twin.toml", posting(3, 2, 0, 0)),
        ("copie.toml", posting(5, 4, 0, 0)),
    ] {
        write(name, &text);
        let again = leaves::load(&config, Some(&seen));
        seen = again;
        same(&seen);
    }
    fs::remove_file(config.join("postings/a.toml")).unwrap();
    same(&leaves::load(&config, Some(&seen)));
    // Under other settings, nothing is taken over.
    fs::write(config.join("jalon.toml"), settings(0, 0, 1)).unwrap();
    same(&leaves::load(&config, Some(&seen)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_round_leaves_the_ledger_as_a_look_at_everything_would(acts in prop::collection::vec(act(), 1..30)) {
        live(&acts);
    }
}

fn live(acts: &[Act]) {
    block_on(async {
        let mut world = World::new();
        world.act(&Act::Pass(1)).await;
        world.agree(&[]).await;
        for n in 0..acts.len() {
            world.act(&acts[n]).await;
            world.agree(&acts[..=n]).await;
        }
    });
}

#[tokio::test]
async fn beside_a_row_that_is_held_a_second_round_writes_nothing() {
    let mut world = World::new();
    for act in [Act::Pass(15839), Act::Send(vec![5; 8]), Act::Settings(0, 1, 0)] {
        world.act(&act).await;
    }
    assert!(writes_nothing(&mut world.houses[0]).await);
}

#[test]
fn the_last_share_of_a_round_knows_what_the_others_wrote() {
    live(&[Act::Break(0), Act::Pass(14601), Act::Settings(1, 0, 0), Act::Write(1, 2, 0, 3)]);
}

#[test]
fn what_is_changed_and_changed_back_is_seen_also_beside_a_row_that_is_held() {
    live(&[
        Act::Pass(15839),
        Act::Send(vec![5; 8]),
        Act::Settings(0, 1, 0),
        Act::Settings(0, 0, 2),
        Act::Pass(1),
    ]);
}

#[test]
fn a_refused_confirmation_is_told_of_after_it_was_of_use() {
    let acts = [
        Act::Accept,
        Act::Write(3, 1, 3, 0),
        Act::Pass(588),
        Act::Write(4, 5, 2, 5),
        Act::Pass(2315),
        Act::Break(1),
        Act::Write(1, 4, 1, 1),
        Act::Send(vec![0, 3, 0, 6, 2, 0, 4, 2]),
        Act::Write(0, 6, 1, 3),
        Act::Write(0, 1, 1, 0),
        Act::Pass(9326),
    ];
    live(&acts);
}
