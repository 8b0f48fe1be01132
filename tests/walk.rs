//! A random walk over edits, reloads, clock steps, refusals, lost answers and crashes, against a simple model: a
//! relay that counts what it accepted. No copy without a counted doubt, no reminder without an end.
//!
//! `JALON_WALKS=2000` walks longer than the suite's forty.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use jalon::ledger::sqlite::SqliteLedger;
use jalon::ledger::{HandOver, Ledger as _, LedgerError, Mail, Stamp, Turn};
use jalon::plan::lay::lay;
use jalon::plan::next::{InDoubt, Past, next};
use jalon::plan::outcome::{Outcome, Phase, Reply};
use jalon::plan::reconcile::reconcile;
use jalon::plan::row::State;
use jalon::plan::{Key, Wanted};
use jalon::settings::Settings;
use proptest::prelude::*;

/// What one mail meets.
#[derive(Clone, Copy, Debug)]
enum Fate {
    Accepted,
    /// The relay took it, and its answer was lost.
    AnswerLost,
    /// It did not take it, and that answer was lost too.
    RefusalLost,
    Again,
    Never,
    LinkLost,
    /// The process dies before anything left, after the mark.
    DiesHanded,
    /// The process dies after the relay took it, before that is written.
    DiesSent,
    /// The process dies with mails claimed.
    DiesClaimed,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Edit { posting: usize, change: u8, day: u8 },
    Reload,
    Wait { minutes: i64 },
    ClockBack { minutes: i64 },
    Send { fates: [Fate; 3] },
    LeasesRunOut,
    Crash,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        6 => Just(Fate::Accepted),
        1 => Just(Fate::AnswerLost),
        1 => Just(Fate::RefusalLost),
        1 => Just(Fate::Again),
        1 => Just(Fate::Never),
        1 => Just(Fate::LinkLost),
        1 => Just(Fate::DiesHanded),
        1 => Just(Fate::DiesSent),
        1 => Just(Fate::DiesClaimed),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0_usize..3, any::<u8>(), any::<u8>()).prop_map(|(posting, change, day)| Step::Edit { posting, change, day }),
        4 => Just(Step::Reload),
        4 => (1_i64..6 * 24 * 60).prop_map(|minutes| Step::Wait { minutes }),
        1 => (1_i64..40).prop_map(|minutes| Step::ClockBack { minutes }),
        6 => [fate(), fate(), fate()].prop_map(|fates| Step::Send { fates }),
        1 => Just(Step::LeasesRunOut),
        1 => Just(Step::Crash),
    ]
}

/// A posting as the walk edits it.
#[derive(Clone, Debug)]
struct Draft {
    there: bool,
    status: &'static str,
    deadline: u8,
    hour: u8,
    team: bool,
    interview: bool,
}

impl Draft {
    fn text(&self) -> String {
        let day = 1 + self.deadline % 28;
        let interview = if self.interview {
            "[[interview]]\non = [2026-07-06T09:30:00, 2026-07-06T14:00:00]\n"
        } else {
            ""
        };
        format!(
            "title = \"T\"\nrecruiters = [\"{}\"]\nstatus = \"{}\"\n[deadline]\nuntil = 2026-06-{day:02}\n{interview}[start]\non = 2026-09-0{}\n[[remind]]\nevent = \"deadline\"\nbefore = [\"10d\", \"5d\", \"1d\"]\non_day = true\nafter = [\"1d\"]\nat = {:02}:00:00\n",
            if self.team { "rh" } else { "camille" },
            self.status,
            1 + self.deadline % 9,
            6 + self.hour % 12,
        )
    }

    fn edit(&mut self, change: u8, day: u8) {
        match change % 7 {
            0 => self.there = !self.there,
            1 => self.status = ["open", "filled", "cancelled"][usize::from(day % 3)],
            2 | 3 => self.deadline = day,
            4 => self.hour = day,
            5 => self.team = !self.team,
            _ => self.interview = !self.interview,
        }
    }
}

struct World {
    folder: tempfile::TempDir,
    ledger: Option<SqliteLedger>,
    settings: Settings,
    drafts: Vec<Draft>,
    now: DateTime<Utc>,
    policy: InDoubt,
    /// The model: how often the relay took each reminder.
    taken: BTreeMap<Key, u32>,
    /// Every key that was ever asked for.
    asked: BTreeSet<Key>,
}

const LEASE: TimeDelta = TimeDelta::minutes(30);

impl World {
    fn new(policy: InDoubt) -> Self {
        let draft =
            Draft { there: true, status: "open", deadline: 19, hour: 3, team: false, interview: true };
        let mut world = Self {
            folder: tempfile::tempdir().unwrap(),
            ledger: None,
            settings: support::house(""),
            drafts: vec![
                draft.clone(),
                Draft { deadline: 24, team: true, ..draft.clone() },
                Draft { there: false, ..draft },
            ],
            now: "2026-06-01T06:00:00Z".parse().unwrap(),
            policy,
            taken: BTreeMap::new(),
            asked: BTreeSet::new(),
        };
        world.open();
        world
    }

    fn open(&mut self) {
        self.ledger = None;
        let ledger = SqliteLedger::open(&self.folder.path().join("jalon.db"), Stamp::Pretended).unwrap();
        self.ledger = Some(ledger);
        let (policy, now) = (self.policy, self.now);
        self.call(|ledger| async move { ledger.orphans(true, policy, now).await });
    }

    fn call<T, F: Future<Output = Result<T, LedgerError>>>(&self, verb: impl FnOnce(SqliteLedger) -> F) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(verb(self.ledger.clone().unwrap())).unwrap()
    }

    fn reload(&mut self) {
        let postings: Vec<_> = self
            .drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.there)
            .map(|(n, draft)| {
                let mut posting =
                    support::read(&self.settings, draft.text().strip_prefix("title = \"T\"\n").unwrap())
                        .unwrap();
                posting.id = format!("p{n}");
                posting
            })
            .collect();
        let plan = lay(&postings, &self.settings);
        self.asked.extend(plan.reminders.iter().map(jalon::plan::Reminder::key));
        let known = self.call(|ledger| async move { ledger.known().await });
        let wanted: Vec<Wanted> = plan.reminders.iter().map(Wanted::from).collect();
        let changes = reconcile(&wanted, &known, &BTreeMap::new(), &BTreeSet::new(), self.now);
        let now = self.now;
        let missed = self.call(|ledger| async move { ledger.apply(changes, now).await });
        assert_eq!(missed, 0, "nobody else moves rows here");
        let known = self.call(|ledger| async move { ledger.known().await });
        // Planning twice is planning once.
        assert_eq!(reconcile(&wanted, &known, &BTreeMap::new(), &BTreeSet::new(), self.now), []);
    }

    fn took(&mut self, keys: &[Key]) {
        for key in keys {
            *self.taken.entry(key.clone()).or_default() += 1;
        }
    }

    /// One step of a worker. False when nothing was due.
    fn send(&mut self, fates: &[Fate]) -> bool {
        let now = self.now;
        self.call(|ledger| async move { ledger.tidy(now).await });
        let mails = self.call(|ledger| async move { ledger.claim(now, LEASE, 3, "example.org").await });
        let worked = !mails.is_empty();
        let mut left = mails.into_iter().zip(fates);
        while let Some((mail, fate)) = left.next() {
            match self.meet(&mail, *fate) {
                Met::Settled => {}
                Met::Died => return true,
                Met::Stops => {
                    let claims = left.map(|(mail, _)| (mail.message_id, mail.term)).collect();
                    self.call(|ledger| async move { ledger.release(claims, now).await });
                    return true;
                }
            }
        }
        worked
    }

    fn meet(&mut self, mail: &Mail, fate: Fate) -> Met {
        let now = self.now;
        if matches!(fate, Fate::DiesClaimed) {
            self.open();
            return Met::Died;
        }
        let claim = (mail.message_id.clone(), mail.term);
        let over = HandOver { message_id: claim.0.clone(), term: claim.1, says: vec![] };
        let hand = Turn::hand(over);
        let handed = self.call(|ledger| async move { ledger.turn(hand, now, LEASE).await }).handed.concat();
        if handed.is_empty() {
            return Met::Settled;
        }
        let no = |code, text| Reply::new(code, text);
        let outcome = match fate {
            Fate::DiesClaimed | Fate::DiesHanded => {
                self.open();
                return Met::Died;
            }
            Fate::DiesSent => {
                self.took(&handed);
                self.open();
                return Met::Died;
            }
            Fate::Accepted => {
                self.took(&handed);
                Outcome::Accepted(no(250, "2.0.0 queued"))
            }
            Fate::AnswerLost => {
                self.took(&handed);
                Outcome::Lost(Phase::Dot, "no answer".into())
            }
            Fate::RefusalLost => Outcome::Lost(Phase::Dot, "no answer".into()),
            Fate::Again => Outcome::Refused(Phase::Recipient, no(451, "4.7.1 greylisted")),
            Fate::Never => Outcome::Refused(Phase::Recipient, no(550, "5.1.1 unknown")),
            Fate::LinkLost => Outcome::Lost(Phase::Data, "reset".into()),
        };
        let most = |of: fn(&jalon::plan::row::Row) -> u32| mail.rows.iter().map(of).max().unwrap();
        let past =
            Past { attempts: most(|row| row.attempts), doubts: most(|row| row.doubts), ..Past::default() };
        let verdict = next(&outcome, past, self.policy, now).verdict;
        let settle = Turn::settle(claim.0, claim.1, verdict);
        let turned = self.call(|ledger| async move { ledger.turn(settle, now, LEASE).await });
        assert_eq!(turned.settled, [true], "the claim was ours");
        if matches!(fate, Fate::LinkLost) { Met::Stops } else { Met::Settled }
    }

    /// Everything that is left is sent or runs out; then the books are compared.
    fn settle_the_books(&mut self) {
        self.reload();
        for _ in 0..400 {
            while self.send(&[Fate::Accepted; 3]) {}
            let due = self.call(|ledger| async move { ledger.next_due().await });
            let Some(due) = due else { break };
            self.now = self.now.max(due) + TimeDelta::minutes(1);
        }
        let rows = self.call(|ledger| async move { ledger.known().await });
        for row in &rows {
            let taken = self.taken.get(&row.key).copied().unwrap_or_default();
            assert!(taken <= 1 + row.doubts, "{}: taken {taken} times, {} doubts", row.key, row.doubts);
            if self.policy == InDoubt::Hold {
                assert!(taken <= 1, "{}: taken {taken} times under hold", row.key);
            }
            assert!(
                !matches!(row.state, State::Planned | State::Claimed | State::Handed),
                "{} has no end: {}",
                row.key,
                row.state.word()
            );
            if row.state == State::Sent {
                assert!(taken >= 1, "{} is sent and nobody took it", row.key);
            } else if row.doubts == 0 {
                assert_eq!(taken, 0, "{} was taken and is {}", row.key, row.state.word());
            }
            assert!(row.reason.is_some(), "{} ended without a reason", row.key);
        }
        let known: BTreeSet<Key> = rows.into_iter().map(|row| row.key).collect();
        assert!(self.asked.is_subset(&known), "a reminder disappeared");
    }
}

enum Met {
    Settled,
    Stops,
    Died,
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("JALON_WALKS").ok().and_then(|n| n.parse().ok()).unwrap_or(40),
        max_shrink_iters: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_copy_without_a_counted_doubt_and_no_reminder_without_an_end(
        steps in prop::collection::vec(step(), 1..90),
        hold in any::<bool>(),
    ) {
        let mut world = World::new(if hold { InDoubt::Hold } else { InDoubt::Resend });
        for step in steps {
            match step {
                Step::Edit { posting, change, day } => world.drafts[posting].edit(change, day),
                Step::Reload => world.reload(),
                Step::Wait { minutes } => world.now += TimeDelta::minutes(minutes),
                Step::ClockBack { minutes } => world.now -= TimeDelta::minutes(minutes),
                Step::Send { fates } => { world.send(&fates); }
                Step::LeasesRunOut => {
                    let (policy, later) = (world.policy, world.now + TimeDelta::hours(1));
                    world.call(|ledger| async move { ledger.orphans(false, policy, later).await });
                }
                Step::Crash => world.open(),
            }
        }
        world.settle_the_books();
    }
}
