//! Clauses of `claim` and `next_due`: what leaves together, in which order, and to one worker only.

use std::collections::BTreeSet;

use jalon::ledger::Ledger;
use jalon::message::identity::message_id;
use jalon::plan::reconcile::Change;
use jalon::plan::row::State;

use crate::world::*;

pub async fn a_mail_gathers_what_is_due_to_one_reader<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 2, 300), (DAY, 50, 100)]).await;
    let mail = world.claim_one(3).await;
    assert_eq!(keys(&mail), [key(WEEK), key(START)]);
    assert_eq!((mail.reader.as_str(), mail.email.as_str()), ("camille", "camille@example.org"));
    for row in &mail.rows {
        assert_eq!((row.state, row.message_id.as_ref()), (State::Claimed, Some(&mail.message_id)));
        assert_eq!(*row, world.row(row.key.as_str()).await, "rows are shown as they now are");
    }
    assert_eq!(world.state(DAY).await.0, State::Planned);
}

pub async fn the_message_id_is_the_hash_of_the_keys<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert_eq!(mail.message_id, message_id(&[key(START), key(WEEK)], DOMAIN));
}

pub async fn rows_of_a_mail_stand_by_due_instant_then_by_key<F: Fixture>(world: World<F>) {
    let [a, b, c] = ["p/start/2026-08-31/0d/x", "q/start/2026-08-31/0d/x", "r/start/2026-08-31/0d/x"];
    world.plan(&[(c, 5, 100), (b, 5, 90), (a, 6, 80)]).await;
    assert_eq!(keys(&world.claim_one(9).await), [b, c, a].map(key));
}

pub async fn each_reader_has_a_mail_of_their_own<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 90)]).await;
    // The same mailbox, even so: they are two people.
    let shared = to("camille@example.org", wanted(SACHA, 0, 90));
    assert!(world.change(Change::Refresh(shared), 0).await);
    let mails = world.claim(1).await;
    assert_eq!(mails.iter().map(keys).collect::<Vec<_>>(), [[key(SACHA)], [key(WEEK)]]);
}

pub async fn each_address_has_a_mail_of_its_own<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 200)]).await;
    let covered = to("cover@example.org", wanted(START, 0, 200));
    assert!(world.change(Change::Refresh(covered), 0).await);
    let mails = world.claim(1).await;
    let addresses: Vec<_> = mails.iter().map(|mail| (mail.email.as_str(), keys(mail))).collect();
    assert_eq!(
        addresses,
        [("camille@example.org", vec![key(WEEK)]), ("cover@example.org", vec![key(START)])]
    );
}

pub async fn a_mail_is_as_urgent_as_the_first_of_its_rows_to_end<F: Fixture>(world: World<F>) {
    world.plan(&[(START, 0, 300), (SACHA, 0, 90), (WEEK, 0, 60)]).await;
    let readers: Vec<_> = world.claim(1).await.into_iter().map(|mail| mail.reader).collect();
    assert_eq!(readers, ["camille", "sacha"]);
}

pub async fn the_mail_that_is_soonest_useless_leaves_first<F: Fixture>(world: World<F>) {
    let keys: Vec<String> = (0..6).map(|n| format!("p/deadline/2026-06-28/0d/person-{n}")).collect();
    for (n, late_after) in [60, 20, 50, 10, 40, 30].into_iter().enumerate() {
        world.plan(&[(&keys[n], -i64::try_from(n).unwrap(), late_after)]).await;
    }
    let mut order = Vec::new();
    for most in [0, 2, 3, 100] {
        let mails = world.ledger.claim(at(1), lease(), most, DOMAIN).await.unwrap();
        assert!(mails.len() <= most);
        order.extend(mails.into_iter().map(|mail| mail.reader));
    }
    assert_eq!(order, [3, 1, 5, 4, 2, 0].map(|n| format!("person-{n}")));
}

pub async fn nothing_is_claimed_before_it_is_due<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 10, 100)]).await;
    assert_eq!(world.claim(9).await, []);
    assert_eq!(world.claim(10).await.len(), 1);
}

pub async fn nothing_is_claimed_before_it_may_be_tried_again<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 20, 100)]).await;
    world.attempt(again(30, true), 1).await;
    assert_eq!(keys(&world.claim_one(29).await), [key(START)]);
    assert_eq!(keys(&world.claim_one(30).await), [key(WEEK)]);
}

pub async fn nothing_is_claimed_that_is_of_no_use_any_more<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    assert_eq!(world.claim(100).await, []);
    assert_eq!(world.claim(99).await.len(), 1);
}

pub async fn what_is_claimed_is_not_claimed_again<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert_eq!(world.claim(1).await, []);
    assert_eq!(world.claim(50).await, [], "not even after the lease, before the orphans are seen to");
    world.hand(&mail, 1).await;
    assert_eq!(world.claim(50).await, []);
}

pub async fn two_workers_at_once_claim_all_and_each_once<F: Fixture>(world: World<F>) {
    let texts: Vec<String> =
        (0..3000).map(|n| format!("p-{}/deadline/2026-06-28/0d/person-{}", n % 3, n / 3)).collect();
    world.plan(&texts.iter().map(|text| (text.as_str(), 0, 100)).collect::<Vec<_>>()).await;
    let work = |ledger: F::Ledger| async move {
        let mut mails = Vec::new();
        loop {
            let some = ledger.claim(at(1), lease(), 7, DOMAIN).await.unwrap();
            if some.is_empty() {
                return mails;
            }
            mails.extend(some);
        }
    };
    let workers = [world.ledger.clone(), world.ledger.clone()].map(|ledger| tokio::spawn(work(ledger)));
    let mut mails = Vec::new();
    for worker in workers {
        let theirs = worker.await.unwrap();
        assert!(!theirs.is_empty(), "both had work");
        mails.extend(theirs);
    }
    assert_eq!(mails.len(), 1000, "a mail a person");
    let claimed: Vec<_> = mails.iter().flat_map(keys).collect();
    assert_eq!(claimed.len(), 3000, "each row once");
    assert_eq!(claimed.into_iter().collect::<BTreeSet<_>>().len(), 3000, "every row");
}

pub async fn no_two_claims_have_the_same_term<F: Fixture>(mut world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 100)]).await;
    let mut terms = Vec::new();
    for round in 0..3 {
        for mail in world.claim(1 + round).await {
            terms.push(mail.term);
            world.release(&mail, 1 + round).await;
        }
        world = world.crash();
    }
    assert_eq!(terms.len(), 6);
    assert!(terms.is_sorted_by(|a, b| a < b), "{terms:?}");
}

pub async fn the_next_instant_is_the_earliest_at_which_a_row_is_ready_or_ends<F: Fixture>(world: World<F>) {
    let next = async || world.ledger.next_due().await.unwrap();
    world.plan(&[(WEEK, 10, 100), (SACHA, 40, 300)]).await;
    assert_eq!(next().await, Some(at(10)));
    let mail = world.claim_one(10).await;
    assert_eq!(next().await, Some(at(40)), "what is claimed waits for nothing");
    world.settle(&mail, again(30, true), 11).await;
    assert_eq!(next().await, Some(at(30)), "not before");
    let mail = world.claim_one(30).await;
    world.settle(&mail, again(200, true), 31).await;
    assert_eq!(next().await, Some(at(40)));
    world.change(Change::Withdraw(key(SACHA)), 32).await;
    assert_eq!(next().await, Some(at(100)), "it lapses before it may be tried again");
}

pub async fn nothing_planned_has_no_next_instant<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.next_due().await.unwrap(), None);
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(sent(), 1).await;
    assert_eq!(world.ledger.next_due().await.unwrap(), None);
}

pub async fn a_mail_holds_a_hundred_at_most_and_the_rest_leave_in_the_next<F: Fixture>(world: World<F>) {
    let texts: Vec<String> = (0..130).map(|n| format!("p{n:03}/deadline/2026-06-28/-7d/camille")).collect();
    world.plan(&texts.iter().map(|text| (text.as_str(), 0, 100)).collect::<Vec<_>>()).await;
    let first = world.claim_one(1).await;
    let second = world.claim_one(1).await;
    assert_eq!((keys(&first).len(), keys(&second).len()), (100, 30));
}

pub async fn rows_of_every_sort_that_one_person_reads_are_one_mail<F: Fixture>(world: World<F>) {
    world
        .plan(&[
            (WEEK, 0, 100),
            (DIGEST, 1, 200),
            (CHANGE, 2, 300),
            (NEW, 3, 400),
            (MISSED, 4, 500),
            (SLIP, 5, 600),
        ])
        .await;
    let mail = world.claim_one(9).await;
    assert_eq!(keys(&mail), [WEEK, DIGEST, CHANGE, NEW, MISSED, SLIP].map(key));
    assert_eq!(mail.message_id, message_id(&keys(&mail), DOMAIN));
}

pub async fn what_is_for_the_operator_is_a_mail_apart<F: Fixture>(world: World<F>) {
    let healed = "~operator/relay-rests/1/healed";
    world.plan(&[(WEEK, 0, 100), (DIGEST, 0, 200)]).await;
    for (text, due) in [(OPERATOR, 0), (healed, 1)] {
        // Camille runs the service, too.
        let change = Change::Add(read_by("camille", wanted(text, due, 90)), State::Planned);
        assert!(world.change(change, 0).await);
    }
    let mails = world.claim(2).await;
    let of: Vec<_> =
        mails.iter().map(|mail| (mail.reader.as_str(), mail.email.as_str(), keys(mail))).collect();
    let camille = ("camille", "camille@example.org");
    assert_eq!(
        of,
        [
            (camille.0, camille.1, vec![key(OPERATOR), key(healed)]),
            (camille.0, camille.1, vec![key(WEEK), key(DIGEST)])
        ]
    );
}

pub async fn what_somebody_reads_for_another_joins_their_own_mail<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 100), (START, 0, 100), (DIGEST, 0, 200)]).await;
    assert!(world.change(Change::Refresh(read_by("sacha", wanted(START, 0, 100))), 0).await);
    assert!(world.change(Change::Refresh(read_by("sacha", wanted(DIGEST, 0, 200))), 0).await);
    let mails = world.claim(1).await;
    let of: Vec<_> =
        mails.iter().map(|mail| (mail.reader.as_str(), mail.email.as_str(), keys(mail))).collect();
    assert_eq!(
        of,
        [
            ("camille", "camille@example.org", vec![key(WEEK)]),
            ("sacha", "sacha@example.org", vec![key(SACHA), key(START), key(DIGEST)])
        ]
    );
    assert!(mails[1].rows.iter().all(|row| row.reader == "sacha"));
}
