//! Clauses of what a round of planning asks and brings: `glance`, `known_of`, `postings_of`, `revisions_of`, `revised`,
//! `known_otherwise`, `on_their_way`, `bring`, `next_reminder`, `tally` and `version`.

use jalon::ledger::{Batch, Glance, Hand, Head, Ledger as _, Rows, StoredPosting};
use jalon::plan::reconcile::Change;
use jalon::plan::row::State;
use jalon::plan::tally::Tally;
use jalon::plan::told::{Renaming, Revision};

use crate::world::*;

fn head(id: &str, basis: Option<&str>) -> Head {
    let StoredPosting { id, path, since, vanished_at, accepted, .. } = posting(id, "");
    Head { id, path, since, vanished_at, accepted, basis: basis.map(str::to_owned) }
}

fn standing_for(id: &str, basis: &str) -> Batch {
    Batch { remember: vec![(posting(id, "text"), Some(basis.to_owned()))], ..Batch::default() }
}

fn revision(posting: &str, event: &str, revision: u32, said: &str) -> Revision {
    let (posting, event, said) = (posting.to_owned(), event.to_owned(), said.to_owned());
    Revision { posting, event, revision, said, since: at(1) }
}

impl<F: Fixture> World<F> {
    async fn bring(&self, batch: Batch, now: i64) -> usize {
        self.ledger.bring(batch, at(now)).await.unwrap()
    }

    async fn heads(&self) -> Vec<Head> {
        self.ledger.glance().await.unwrap().heads
    }

    async fn asked(&self, asked: Rows) -> Vec<String> {
        let rows = self.ledger.known_of(vec![asked]).await.unwrap();
        rows.into_iter().map(|row| row.key.as_str().to_owned()).collect()
    }
}

pub async fn rows_and_what_they_stand_for_are_brought_together<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.glance().await.unwrap(), Glance::default());
    let batch = Batch {
        changes: vec![add(WEEK, 10, 100)],
        revisions: vec![revision("p", "deadline", 1, "{}")],
        ..standing_for("p", "made from this")
    };
    assert_eq!(world.bring(batch, 0).await, 0);
    let world = world.crash();
    let glance = world.ledger.glance().await.unwrap();
    assert_eq!(glance.heads, [head("p", Some("made from this"))]);
    assert!(!glance.filled, "whether a first round has ended, `remember` says");
    assert_eq!(world.ledger.postings().await.unwrap(), [posting("p", "text")]);
    assert_eq!(world.ledger.revisions().await.unwrap().len(), 1);
    assert_eq!(world.row(WEEK).await.state, State::Planned);
    // Another text, whose rows are not brought yet.
    let remember = vec![(posting("p", "another"), None)];
    world.bring(Batch { remember, ..Batch::default() }, 1).await;
    assert_eq!(world.heads().await, [head("p", None)]);
}

pub async fn rows_that_stood_elsewhere_stand_for_nothing<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 100)]).await;
    world.ledger.remember(vec![posting("gone", "")], vec![]).await.unwrap();
    assert!(world.by_hand(DAY, Hand::Withdraw, 0).await);
    let batch = Batch {
        changes: vec![Change::Withdraw(key(WEEK)), Change::Withdraw(key(DAY))],
        forget: vec!["gone".into()],
        rested: vec!["p".into()],
        ..standing_for("p", "made from this")
    };
    assert_eq!(world.bring(batch.clone(), 1).await, 1);
    assert_eq!(world.state(WEEK).await.0, State::Withdrawn, "what stands where it was seen is brought");
    assert_eq!(world.heads().await, [head("gone", None), head("p", None)]);
    assert_eq!(world.ledger.glance().await.unwrap().stirred, ["p"]);
    let batch = Batch { changes: vec![], ..batch };
    assert_eq!(world.bring(batch, 2).await, 0);
    assert_eq!(world.heads().await, [head("p", Some("made from this"))]);
    assert_eq!(world.ledger.glance().await.unwrap().stirred, [""; 0]);
}

pub async fn a_batch_is_brought_all_or_none<F: Fixture>(world: World<F>) {
    let nonsense = add(WEEK, 10, 10);
    let batch = Batch { changes: vec![nonsense], ..standing_for("p", "made from this") };
    assert!(world.ledger.bring(batch, at(0)).await.is_err());
    assert_eq!(world.heads().await, []);
}

pub async fn a_text_that_is_remembered_by_itself_stands_for_nothing<F: Fixture>(world: World<F>) {
    world.bring(standing_for("p", "made from this"), 0).await;
    world.ledger.remember(vec![posting("p", "text")], vec![]).await.unwrap();
    assert_eq!(world.heads().await, [head("p", None)]);
}

pub async fn a_hand_stirs_the_posting_of_its_row<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100), (DIGEST, 10, 100)]).await;
    assert!(world.by_hand(DIGEST, Hand::Withdraw, 0).await, "it is of no posting");
    assert_eq!(world.ledger.glance().await.unwrap().stirred, [""; 0]);
    for hand in [Hand::Withdraw, Hand::Retry] {
        assert!(world.by_hand(WEEK, hand, 0).await);
        assert_eq!(world.ledger.glance().await.unwrap().stirred, ["p"]);
        world.bring(Batch { rested: vec!["p".into()], ..Batch::default() }, 0).await;
    }
    assert!(world.by_hand(WEEK, Hand::Withdraw, 0).await);
    world.bring(Batch { rested: vec!["p".into()], ..Batch::default() }, 0).await;
    assert!(world.ledger.retry(wanted(WEEK, 20, 100), at(0)).await.unwrap());
    assert_eq!(world.crash().ledger.glance().await.unwrap().stirred, ["p"]);
}

pub async fn what_is_asked_for_by_name_is_all_that_comes<F: Fixture>(world: World<F>) {
    let other = "q/start/2026-08-31/-1d/camille";
    world.plan(&[(WEEK, 10, 100), (DAY, 50, 100), (CHANGE, 5, 100), (NEW, 5, 100), (other, 5, 100)]).await;
    let of = |ids: &[&str]| Rows::Of(ids.iter().map(|id| (*id).to_owned()).collect());
    assert_eq!(world.asked(of(&["p"])).await, [DAY, WEEK, CHANGE, NEW], "by key");
    assert_eq!(world.asked(of(&["q", "unknown"])).await, [other]);
    assert_eq!(world.asked(Rows::Keys(vec![key(other), key(SACHA), key(DAY)])).await, [DAY, other]);
    let both = world.ledger.known_of(vec![of(&["p"]), Rows::Keys(vec![key(DAY)])]).await.unwrap();
    assert_eq!(both.len(), 4, "each once");
    assert_eq!(both[0], world.row(DAY).await, "whole");
    world.ledger.remember(vec![posting("b", "two"), posting("a", "one")], vec![]).await.unwrap();
    let asked = vec!["b".to_owned(), "unknown".to_owned()];
    assert_eq!(world.ledger.postings_of(asked).await.unwrap(), [posting("b", "two")]);
}

pub async fn notices_that_may_count_are_asked_for_apart<F: Fixture>(world: World<F>) {
    let (late, last) = ("~change/p/deadline/1/camille", "~digest/2026-06-22T08:00/camille");
    let first = "~digest/2026-06-15T08:00/camille";
    world
        .plan(&[(WEEK, 10, 100), (CHANGE, 10, 100), (late, 1, 5), (NEW, 1, 5), (MISSED, 1, 5), (SLIP, 1, 5)])
        .await;
    world.plan(&[(OPERATOR, 1, 5), (first, 1, 3), (last, 2, 5), (DIGEST, 60, 100)]).await;
    let ends = [late, NEW, MISSED, SLIP, OPERATOR, first, last];
    // Planned ones count whatever their time.
    assert_eq!(world.asked(Rows::Notices(at(6))).await.len(), 9);
    for end in ends {
        assert!(world.by_hand(end, Hand::Withdraw, 2).await);
    }
    assert_eq!(world.asked(Rows::Notices(at(6))).await, [CHANGE, DIGEST, MISSED, OPERATOR, SLIP]);
    assert!(world.change(Change::Withdraw(key(DIGEST)), 2).await);
    assert_eq!(world.asked(Rows::Notices(at(101))).await, [CHANGE, last, MISSED, OPERATOR, SLIP]);
    let mail = world.claim_one(10).await;
    assert_eq!(world.asked(Rows::Open).await, [WEEK, CHANGE]);
    world.hand(&mail, 10).await;
    assert_eq!(world.asked(Rows::Notices(at(101))).await[0], WEEK, "whatever is under way");
    assert!(world.settle(&mail, hold(), 11).await);
    assert_eq!(world.asked(Rows::Open).await, [WEEK, CHANGE], "and what waits for a person's word");
}

pub async fn what_ended_is_asked_for_by_when<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100), (DAY, 30, 100), (SACHA, 10, 100), (START, 200, 300)]).await;
    let mails = world.claim(10).await;
    for mail in &mails {
        world.hand(mail, 10).await;
    }
    let of = |reader: &str| mails.iter().find(|mail| mail.reader == reader).unwrap();
    world.settle(of("camille"), never(), 11).await;
    world.settle(of("sacha"), again(20, true), 12).await;
    assert_eq!(world.asked(Rows::Refused(at(11))).await, [WEEK]);
    assert_eq!(world.asked(Rows::Refused(at(12))).await, [""; 0]);
    let ended = async |since: i64| world.asked(Rows::Ended { since: at(since), now: at(40) }).await;
    assert_eq!(ended(11).await, [WEEK, SACHA], "what was refused for now is news as well");
    assert_eq!(ended(12).await, [SACHA]);
    world.attempt(sent(), 20).await;
    assert_eq!(ended(12).await, [SACHA]);
    world.attempt(sent(), 31).await;
    assert_eq!(world.asked(Rows::Refused(at(0))).await, [DAY, WEEK], "and what left for that address since");
    let own =
        |since: i64, until: i64| Rows::Own { reader: "camille".into(), since: at(since), until: at(until) };
    assert_eq!(world.asked(own(0, 40)).await, [DAY], "not what failed");
    assert_eq!(world.asked(own(0, 29)).await, [""; 0]);
    assert_eq!(world.asked(own(30, 200)).await, [DAY, START]);
    world.tidy(300).await;
    assert_eq!(world.asked(Rows::Lapsed(at(300))).await, [START]);
    assert_eq!(world.asked(Rows::Lapsed(at(301))).await, [""; 0]);
}

pub async fn revisions_are_asked_for_by_posting<F: Fixture>(world: World<F>) {
    let all = vec![
        revision("p", "deadline", 1, "{}"),
        revision("p", "start", 1, "{}"),
        revision("p", "start", 2, "{\"known_as\":\"o/start\"}"),
        revision("q", "deadline", 1, "{}"),
    ];
    world.ledger.revise(vec![], all.clone()).await.unwrap();
    assert_eq!(world.ledger.revisions_of(vec!["q".into(), "unknown".into()]).await.unwrap(), all[3..]);
    assert_eq!(world.ledger.revisions_of(vec!["p".into()]).await.unwrap(), all[..3]);
    assert_eq!(world.ledger.revised().await.unwrap(), all[1..3]);
    assert_eq!(world.ledger.known_otherwise().await.unwrap(), all[2..3]);
    let to = ("r".to_owned(), "start".to_owned());
    let renamed = vec![Renaming { from: ("p".into(), "start".into()), to }];
    assert_eq!(world.bring(Batch { renamed, ..Batch::default() }, 0).await, 0);
    assert_eq!(world.ledger.revisions_of(vec!["r".into()]).await.unwrap().len(), 2, "moved as `revise` does");
}

pub async fn it_is_known_of_which_postings_mails_are_on_their_way<F: Fixture>(world: World<F>) {
    let other = "q/start/2026-08-31/-1d/camille";
    world.plan(&[(WEEK, 10, 100), (other, 10, 100)]).await;
    let both = || vec!["p".to_owned(), "q".to_owned(), "unknown".to_owned()];
    assert!(world.change(Change::Withdraw(key(other)), 0).await);
    assert_eq!(world.ledger.on_their_way(both()).await.unwrap(), ["p".to_owned()].into());
    world.claim_and_hand(10).await;
    assert_eq!(world.ledger.on_their_way(both()).await.unwrap(), ["p".to_owned()].into());
    let mail = world.crash();
    mail.ledger.orphans(true, jalon::plan::next::InDoubt::Hold, at(11)).await.unwrap();
    assert_eq!(mail.ledger.on_their_way(both()).await.unwrap(), ["p".to_owned()].into());
    assert!(mail.by_hand(WEEK, Hand::Confirm, 12).await);
    assert_eq!(mail.ledger.on_their_way(both()).await.unwrap(), [].into());
}

pub async fn all_rows_are_counted_as_they_stand<F: Fixture>(world: World<F>) {
    world
        .plan(&[(WEEK, 10, 100), (DAY, 30, 100), (SACHA, 10, 100), (START, 200, 300), (DIGEST, 5, 400)])
        .await;
    assert_eq!(world.ledger.next_reminder(at(0)).await.unwrap(), Some(at(10)), "a digest is none");
    assert_eq!(world.ledger.next_reminder(at(10)).await.unwrap(), Some(at(30)));
    for mail in world.claim(10).await {
        world.hand(&mail, 10).await;
        world.settle(&mail, if mail.reader == "sacha" { resend(20) } else { sent() }, 11).await;
    }
    for now in [11, 25, 500] {
        let known = world.ledger.known().await.unwrap();
        assert_eq!(world.ledger.tally(at(now)).await.unwrap(), Tally::of(&known, at(now)));
    }
    assert_eq!(world.ledger.next_reminder(at(200)).await.unwrap(), None);
}

pub async fn another_version_says_that_something_was_written<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100)]).await;
    let version = async || world.ledger.version().await.unwrap();
    let before = version().await;
    world.ledger.known().await.unwrap();
    world.tidy(0).await;
    assert!(world.claim(0).await.is_empty());
    world.ledger.note_round(at(5), false).await.unwrap();
    assert_eq!(version().await, before, "nothing was written, but that a round was made");
    world.claim_one(10).await;
    assert_ne!(version().await, before);
    let before = version().await;
    world.ledger.remember(vec![posting("p", "")], vec![]).await.unwrap();
    assert_ne!(version().await, before);
}
