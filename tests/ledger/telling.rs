//! Clauses of `revisions`, `revise`, `told` and `untold`: what people were told counts once it left.

use jalon::ledger::{Hand, Ledger as _, Mail, Says};
use jalon::plan::next::InDoubt;
use jalon::plan::reconcile::Change;
use jalon::plan::row::State;
use jalon::plan::told::{Renaming, Revision, Told};

use crate::world::*;

/// Revisions 1 to `last` of an event.
fn revisions(posting: &str, event: &str, last: u32) -> Vec<Revision> {
    (1..=last).map(|n| revision(posting, event, n, &format!("{posting}/{event}/{n}"))).collect()
}

fn revision(posting: &str, event: &str, revision: u32, said: &str) -> Revision {
    let (posting, event) = (posting.to_owned(), event.to_owned());
    Revision { posting, event, revision, said: said.to_owned(), since: at(i64::from(revision)) }
}

fn renaming(from: (&str, &str), to: (&str, &str)) -> Renaming {
    let owned = |(posting, event): (&str, &str)| (posting.to_owned(), event.to_owned());
    Renaming { from: owned(from), to: owned(to) }
}

impl<F: Fixture> World<F> {
    async fn revise(&self, new: Vec<Revision>) {
        self.ledger.revise(vec![], new).await.unwrap();
    }

    async fn rename(&self, renamed: Vec<Renaming>) {
        self.ledger.revise(renamed, vec![]).await.unwrap();
    }

    /// What was told: `POSTING/EVENT READER REVISION MINUTE`.
    async fn told(&self) -> Vec<String> {
        let minutes = |told: &Told| (told.at - at(0)).num_minutes();
        let told = self.ledger.told().await.unwrap();
        told.iter()
            .map(|told| {
                let Told { posting, event, reader, revision, .. } = told;
                format!("{posting}/{event} {reader} {revision} {}", minutes(told))
            })
            .collect()
    }

    async fn untold(&self, since: i64) -> Vec<String> {
        let rows = self.ledger.untold(at(since)).await.unwrap();
        for row in &rows {
            assert_eq!(*row, self.row(row.key.as_str()).await, "whole rows");
        }
        rows.iter().map(|row| row.key.to_string()).collect()
    }

    /// What is kept: `POSTING/EVENT/REVISION = SAID`.
    async fn kept(&self) -> Vec<String> {
        let kept = self.ledger.revisions().await.unwrap();
        kept.iter()
            .map(|one| format!("{}/{}/{} = {}", one.posting, one.event, one.revision, one.said))
            .collect()
    }

    /// Claims one mail, which says this and is sent.
    async fn tell(&self, says: Vec<Says>, now: i64) -> Mail {
        let mail = self.claim_one(now).await;
        self.hand_saying(&mail, says, now).await;
        assert!(self.settle(&mail, sent(), now).await);
        mail
    }
}

pub async fn nothing_is_told_before_it_is_sent<F: Fixture>(world: World<F>) {
    world.revise(revisions("p", "deadline", 2)).await;
    world.plan(&[(WEEK, 0, 100)]).await;
    let mut mail = world.claim_one(1).await;
    assert_eq!(world.hand_saying(&mail, vec![says(WEEK, 2)], 1).await, [key(WEEK)]);
    assert_eq!(world.told().await, [""; 0], "handed");
    for verdict in [again(1, true), resend(1), never(), hold()] {
        assert!(world.settle(&mail, verdict.clone(), 1).await, "{verdict:?}");
        assert_eq!(world.told().await, [""; 0], "{verdict:?}");
        world.by_hand(WEEK, Hand::Retry, 1).await;
        mail = world.claim_one(1).await;
        assert_eq!(world.told().await, [""; 0], "claimed");
        world.hand_saying(&mail, vec![says(WEEK, 2)], 1).await;
    }
    world.ledger.orphans(true, InDoubt::Resend, at(1)).await.unwrap();
    assert_eq!(world.told().await, [""; 0], "in doubt");
    world.tell(vec![says(WEEK, 2)], 7).await;
    assert_eq!(world.told().await, ["p/deadline camille 2 7"]);
}

pub async fn a_late_answer_tells_and_so_does_a_persons_word<F: Fixture>(world: World<F>) {
    world.revise(revisions("p", "deadline", 2)).await;
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    for (mail, text) in mails.iter().zip([WEEK, SACHA]) {
        world.hand_saying(mail, vec![says(text, 2)], 1).await;
    }
    assert!(world.settle(&mails[0], resend(5), 1).await);
    assert!(world.settle(&mails[1], hold(), 1).await);
    assert_eq!(world.tidy(100).await, [(key(WEEK), State::Lapsed)]);
    let world = world.crash();
    assert_eq!(world.told().await, [""; 0]);
    assert!(world.settle(&mails[0], sent(), 101).await);
    assert_eq!(world.told().await, ["p/deadline camille 2 101"]);
    assert!(world.by_hand(SACHA, Hand::Confirm, 102).await);
    assert_eq!(world.told().await, ["p/deadline camille 2 101", "p/deadline sacha 2 102"]);
}

pub async fn who_reads_it_is_told_not_whom_it_was_for<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 2), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(SACHA, 0, 100)]).await;
    let covered = Change::Add(read_by("sacha", wanted(START, 0, 100)), State::Planned);
    assert!(world.change(covered, 0).await);
    world.tell(vec![says(SACHA, 2), says(START, 2)], 1).await;
    assert_eq!(world.told().await, ["p/deadline sacha 2 1", "p/start sacha 2 1"]);
}

pub async fn what_left_last_counts<F: Fixture>(world: World<F>) {
    world.revise(revisions("p", "deadline", 3)).await;
    world.plan(&[(WEEK, 0, 100)]).await;
    world.tell(vec![says(WEEK, 3)], 1).await;
    // An event may be again what it was: the number does not say what was heard last.
    world.plan(&[(DAY, 0, 100)]).await;
    world.tell(vec![says(DAY, 2)], 2).await;
    assert_eq!(world.told().await, ["p/deadline camille 2 2"]);
    // Of what left at once, the later revision.
    world.plan(&[(CHANGE, 0, 100), (DIGEST, 0, 100), (NEW, 0, 100)]).await;
    let event = |text, revision| says_of(text, "deadline", revision);
    world.tell(vec![event(DIGEST, 1), event(CHANGE, 3), event(NEW, 2)], 9).await;
    assert_eq!(world.told().await, ["p/deadline camille 3 9"]);
}

pub async fn what_is_handed_again_says_anew<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 3), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(MISSED, 0, 100)]).await;
    world.plan(&[(WEEK, -9, 1), (DAY, -9, 1)]).await;
    world.tidy(1).await;
    let of = |event, revision| says_of(MISSED, event, revision);
    let mail = world.claim_one(1).await;
    let first = vec![of("deadline", 2), of("start", 2), ended(MISSED, WEEK), ended(MISSED, WEEK)];
    assert_eq!(world.hand_saying(&mail, first, 1).await.len(), 1);
    assert!(world.settle(&mail, resend(5), 1).await);
    world.tell(vec![of("deadline", 3), of("deadline", 3), ended(MISSED, DAY)], 5).await;
    assert_eq!(world.told().await, ["p/deadline camille 3 5"]);
    assert_eq!(world.untold(0).await, [WEEK]);
    // Also of its own event.
    world.plan(&[(SACHA, 6, 100)]).await;
    let mail = world.claim_one(6).await;
    world.hand_saying(&mail, vec![says(SACHA, 2)], 6).await;
    assert!(world.settle(&mail, resend(7), 6).await);
    world.tell(vec![], 7).await;
    assert_eq!(world.told().await, ["p/deadline camille 3 5"]);
}

pub async fn only_what_is_handed_says_anything<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 2), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert!(world.change(Change::Want(key(START), false), 1).await);
    let all =
        || vec![says(WEEK, 2), says(START, 2), says("p/end/2026-12-31/0d/nobody", 2), ended(START, WEEK)];
    let late = Mail { term: mail.term + 1, ..mail.clone() };
    assert!(world.hand_saying(&late, all(), 1).await.is_empty());
    assert_eq!(world.hand_saying(&mail, all(), 1).await, [key(WEEK)]);
    assert!(world.settle(&mail, sent(), 2).await);
    // The row that dropped out leaves in the end, and says something else.
    assert!(world.change(Change::Return(Box::new(wanted(START, 0, 100)), State::Withdrawn), 3).await);
    world.tell(vec![], 3).await;
    assert_eq!(world.told().await, ["p/deadline camille 2 2"]);
    // A mail that is handed no more says nothing more.
    assert!(world.hand_saying(&mail, vec![says(WEEK, 1)], 4).await.is_empty());
    assert_eq!(world.told().await, ["p/deadline camille 2 2"]);
}

pub async fn what_is_handed_under_a_new_id_says_anew<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 2), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (NEW, 0, 200)]).await;
    let mail = world.claim_one(1).await;
    world.hand_saying(&mail, vec![says(WEEK, 2), says_of(NEW, "start", 2)], 1).await;
    assert!(world.settle(&mail, again(5, true), 1).await);
    assert!(world.change(Change::Withdraw(key(NEW)), 2).await);
    assert_eq!(world.tell(vec![says(WEEK, 2)], 5).await.message_id, mail.message_id);
    assert!(world.change(Change::Return(Box::new(wanted(NEW, 0, 200)), State::Withdrawn), 6).await);
    assert_ne!(world.tell(vec![says_of(NEW, "deadline", 1)], 7).await.message_id, mail.message_id);
    assert_eq!(world.told().await, ["p/deadline camille 1 7"]);
}

pub async fn what_was_never_revised_is_not_asked_after<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 1), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    world.tell(vec![says(WEEK, 1), says(START, 1)], 1).await;
    assert_eq!(world.told().await, ["p/start camille 1 1"]);
    world.revise(revisions("p", "deadline", 2)).await;
    assert_eq!(world.told().await, ["p/deadline camille 1 1", "p/start camille 1 1"]);
}

pub async fn of_some_events_it_is_asked_all_the_same<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 1), revisions("p", "start", 1)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200), (DIGEST, 0, 100)]).await;
    let ask = async |events: &[&str]| {
        let events = events.iter().map(|event| ("p".to_owned(), (*event).to_owned())).collect();
        let told = world.ledger.told_of(events).await.unwrap();
        let show = |told: Told| format!("{} {} {}", told.event, told.reader, told.revision);
        told.into_iter().map(show).collect::<Vec<_>>()
    };
    let mails = world.claim(1).await;
    for mail in &mails {
        let said = mail.rows.iter().map(|row| says_of(row.key.as_str(), "deadline", 1)).collect();
        world.hand_saying(mail, said, 1).await;
    }
    assert_eq!(ask(&["deadline"]).await, [""; 0], "handed");
    for mail in &mails {
        world.settle(mail, sent(), 2).await;
    }
    assert_eq!(world.told().await, [""; 0]);
    assert_eq!(ask(&["deadline"]).await, ["deadline camille 1", "deadline sacha 1"], "a digest tells, too");
    assert_eq!(ask(&["start", "nothing"]).await, [""; 0]);
    // What left last, and of what left at once the later revision.
    world.revise(vec![revision("p", "deadline", 2, "two"), revision("p", "start", 2, "two")]).await;
    world.plan(&[(DAY, 0, 100), (CHANGE, 0, 100)]).await;
    world.tell(vec![says_of(DAY, "deadline", 1), says_of(CHANGE, "deadline", 2)], 3).await;
    assert_eq!(ask(&["start", "deadline"]).await, ["deadline camille 2", "deadline sacha 1"]);
    let all = vec![("p".to_owned(), "deadline".to_owned())];
    assert_eq!(world.ledger.told_of(all).await.unwrap(), world.ledger.told().await.unwrap());
}

pub async fn revisions_are_kept_in_order_and_may_be_put_into_new_words<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.revisions().await.unwrap(), []);
    let mut all = [
        revision("p", "deadline", 1, "one"),
        revision("p", "deadline", 2, "{\"é\": \"'\"}"),
        revision("p", "deadline", 10, "ten"),
        revision("p", "start", 1, "start"),
        revision("q", "deadline", 1, "q"),
    ];
    world.revise(all.iter().rev().cloned().collect()).await;
    // Its words may change; since when it holds does not.
    let later = Revision { since: at(5000), ..revision("p", "deadline", 1, "otherwise") };
    world.revise(vec![later]).await;
    "otherwise".clone_into(&mut all[0].said);
    let world = world.crash();
    assert_eq!(world.ledger.revisions().await.unwrap(), all);
}

pub async fn a_renaming_moves_revisions_and_what_was_said<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 2), revisions("p", "start", 2)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (START, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    world.hand_saying(&mails[0], vec![says(WEEK, 2), says(START, 1)], 1).await;
    world.hand_saying(&mails[1], vec![says(SACHA, 1)], 1).await;
    assert!(world.settle(&mails[0], sent(), 1).await);
    let renamed = vec![renaming(("p", "deadline"), ("q", "deadline")), renaming(("x", "y"), ("z", "y"))];
    world.ledger.revise(renamed, vec![revision("q", "deadline", 3, "three")]).await.unwrap();
    assert_eq!(
        world.kept().await,
        [
            "p/start/1 = p/start/1",
            "p/start/2 = p/start/2",
            "q/deadline/1 = p/deadline/1",
            "q/deadline/2 = p/deadline/2",
            "q/deadline/3 = three"
        ]
    );
    assert_eq!(world.told().await, ["p/start camille 1 1", "q/deadline camille 2 1"]);
    // What was on its way then had the old name, and tells of the new one when it arrives.
    assert!(world.settle(&mails[1], sent(), 2).await);
    assert_eq!(world.told().await[1..], ["q/deadline camille 2 1", "q/deadline sacha 1 2"]);
}

pub async fn a_renaming_onto_an_event_that_has_revisions_drops_its_own<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 3), revisions("q", "deadline", 2)].concat()).await;
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    world.hand_saying(&mails[0], vec![says(WEEK, 3)], 1).await;
    let of_q = Says::Event { key: key(SACHA), posting: "q".into(), event: "deadline".into(), revision: 1 };
    world.hand_saying(&mails[1], vec![of_q], 1).await;
    for mail in &mails {
        assert!(world.settle(mail, sent(), 1).await);
    }
    world.rename(vec![renaming(("p", "deadline"), ("q", "deadline"))]).await;
    assert_eq!(world.kept().await, ["q/deadline/1 = q/deadline/1", "q/deadline/2 = q/deadline/2"]);
    assert_eq!(world.told().await, ["q/deadline sacha 1 1"]);
    world.revise(revisions("p", "deadline", 3)).await;
    assert_eq!(world.told().await, ["q/deadline sacha 1 1"], "what was said of it is gone, too");
    // Nor does it turn up with the next event that is renamed.
    world.revise(revisions("r", "deadline", 2)).await;
    world.rename(vec![renaming(("r", "deadline"), ("s", "deadline"))]).await;
    assert_eq!(world.told().await, ["q/deadline sacha 1 1"]);
}

pub async fn events_may_change_places<F: Fixture>(world: World<F>) {
    world.revise([revisions("p", "deadline", 1), revisions("p", "start", 2)].concat()).await;
    world.revise(revisions("p", "end", 1)).await;
    world.plan(&[(START, 0, 100)]).await;
    world.tell(vec![says(START, 2)], 1).await;
    world
        .rename(vec![
            renaming(("p", "deadline"), ("p", "start")),
            renaming(("p", "start"), ("p", "deadline")),
            renaming(("p", "end"), ("p", "end")),
        ])
        .await;
    assert_eq!(
        world.kept().await,
        [
            "p/deadline/1 = p/start/1",
            "p/deadline/2 = p/start/2",
            "p/end/1 = p/end/1",
            "p/start/1 = p/deadline/1"
        ]
    );
    assert_eq!(world.told().await, ["p/deadline camille 2 1"]);
}

pub async fn what_lapsed_is_untold_until_a_mail_that_tells_of_it_is_sent<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 5, 100), (DAY, 2, 99), (CHANGE, 0, 100), (MISSED, 100, 900)]).await;
    assert_eq!(world.untold(0).await, [""; 0], "planned");
    world.tidy(99).await;
    world.tidy(100).await;
    assert_eq!(world.untold(0).await, [CHANGE, DAY, WEEK], "by due instant");
    let mail = world.claim_one(100).await;
    let both = || vec![ended(MISSED, WEEK), ended(MISSED, CHANGE)];
    world.hand_saying(&mail, both(), 100).await;
    assert_eq!(world.untold(0).await.len(), 3, "handed");
    assert!(world.settle(&mail, hold(), 100).await);
    assert_eq!(world.untold(0).await.len(), 3, "held");
    let world = world.crash();
    assert!(world.by_hand(MISSED, Hand::Confirm, 101).await);
    assert_eq!(world.untold(0).await, [DAY]);
    // And by an answer that came late.
    let next = "~missed/2026-07-03/camille";
    world.plan(&[(next, 101, 900)]).await;
    let mail = world.claim_one(101).await;
    world.hand_saying(&mail, vec![ended(next, DAY)], 101).await;
    assert!(world.settle(&mail, resend(110), 101).await);
    assert_eq!(world.untold(0).await, [DAY]);
    assert!(world.settle(&mail, sent(), 102).await);
    assert_eq!(world.untold(0).await, [""; 0]);
}

pub async fn only_reminders_and_changes_that_lapsed_since_are_untold<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (CHANGE, 0, 150), (START, 0, 200)]).await;
    world.plan(&[(DIGEST, 0, 100), (NEW, 0, 100), (MISSED, 0, 100), (OPERATOR, 0, 100)]).await;
    assert_eq!(world.tidy(110).await.len(), 5);
    assert_eq!(world.untold(110).await, [WEEK]);
    assert_eq!(world.untold(111).await, [""; 0]);
    assert_eq!(world.tidy(160).await.len(), 1);
    assert_eq!(world.untold(110).await, [WEEK, CHANGE]);
    assert_eq!(world.untold(111).await, [CHANGE]);
    // What left in the end, late answer or not, was not missed.
    let mail = world.attempt(resend(300), 170).await;
    assert_eq!(world.tidy(200).await.len(), 1);
    assert_eq!(world.untold(161).await, [START]);
    assert!(world.settle(&mail, sent(), 201).await);
    assert_eq!(world.untold(161).await, [""; 0]);
}

pub async fn what_a_forgotten_row_said_is_forgotten<F: Fixture>(world: World<F>) {
    world.revise(revisions("p", "deadline", 2)).await;
    world.ledger.remember(vec![posting("p", "")], vec![]).await.unwrap();
    world.plan(&[(DIGEST, 0, 100), (CHANGE, -9, 0), (MISSED, 0, 100), (START, 900, 1000)]).await;
    world.tidy(0).await;
    let event = says_of(DIGEST, "deadline", 2);
    world.tell(vec![event, ended(MISSED, CHANGE)], 1).await;
    assert_eq!((world.told().await.len(), world.untold(0).await.len()), (1, 0));
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 2);
    assert_eq!((world.told().await.len(), world.untold(0).await.len()), (0, 1));
    // A row of the same key is another one.
    world.plan(&[(DIGEST, 0, 100)]).await;
    world.attempt(sent(), 1).await;
    assert_eq!(world.told().await, [""; 0]);
}

pub async fn revisions_are_forgotten_with_the_last_row_of_a_forgotten_posting<F: Fixture>(world: World<F>) {
    for id in ["p", "q", "r"] {
        world.revise(revisions(id, "deadline", 2)).await;
    }
    world.plan(&[(WEEK, 0, 100), ("q/deadline/2026-06-28/-7d/camille", 0, 200)]).await;
    world.attempt(sent(), 1).await;
    world.ledger.remember(vec![posting("q", ""), posting("r", "")], vec![]).await.unwrap();
    let left = async || {
        let mut ids: Vec<_> =
            world.ledger.revisions().await.unwrap().into_iter().map(|one| one.posting).collect();
        ids.dedup();
        ids.concat()
    };
    assert_eq!(world.ledger.purge(at(100)).await.unwrap(), 0);
    assert_eq!(left().await, "pqr", "a row of p is left; q and r are remembered");
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 1);
    assert_eq!(left().await, "qr");
    world.ledger.remember(vec![], vec!["q".into(), "r".into()]).await.unwrap();
    assert_eq!(world.ledger.purge(at(100)).await.unwrap(), 0);
    assert_eq!(left().await, "q", "r never had a row");
    assert_eq!(world.ledger.purge(at(201)).await.unwrap(), 1);
    assert_eq!(left().await, "");
}
