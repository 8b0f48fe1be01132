//! Clauses of `claim` and `release` about a mail that did not leave the first time: the Message-ID never
//! changes once it was handed, and nothing joins it.

use jalon::ledger::Ledger as _;
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, State};

use crate::world::*;

pub async fn a_mail_given_back_before_it_was_handed_lets_others_join<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 5, 100)]).await;
    let first = world.claim_one(1).await;
    world.release(&first, 2).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.message_id, row.attempts), (State::Planned, None, 0));
    let second = world.claim_one(5).await;
    assert_eq!(keys(&second), [key(WEEK), key(START)]);
    assert_ne!(second.message_id, first.message_id);
}

pub async fn a_mail_tried_again_before_it_was_handed_lets_others_join<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 5, 100)]).await;
    let first = world.claim_one(1).await;
    assert!(world.settle(&first, again(0, false), 2).await);
    assert_eq!(keys(&world.claim_one(5).await), [key(WEEK), key(START)]);
}

pub async fn a_mail_handed_once_keeps_its_id_and_nothing_joins_it<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 5, 90)]).await;
    let first = world.attempt(again(5, true), 1).await;
    let mails = world.claim(6).await;
    assert_eq!(mails.iter().map(keys).collect::<Vec<_>>(), [[key(START)], [key(WEEK)]]);
    assert_eq!(mails[1].message_id, first.message_id);
    assert_ne!(mails[0].message_id, first.message_id);
    assert_ne!(mails[1].term, first.term);
}

pub async fn a_mail_in_doubt_keeps_its_id_and_nothing_joins_it<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 5, 90)]).await;
    let first = world.attempt(resend(5), 1).await;
    let mails = world.claim(6).await;
    assert_eq!(mails.iter().map(keys).collect::<Vec<_>>(), [[key(START)], [key(WEEK)]]);
    assert_eq!(mails[1].message_id, first.message_id);
}

pub async fn a_mail_handed_once_keeps_its_id_when_it_is_given_back<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 5, 90)]).await;
    let first = world.attempt(again(3, true), 1).await;
    let second = world.claim_one(3).await;
    world.release(&second, 4).await;
    assert_eq!(world.row(WEEK).await.message_id.as_ref(), Some(&first.message_id));
    let third = world.claim(6).await;
    assert_eq!((keys(&third[1]), &third[1].message_id), (vec![key(WEEK)], &first.message_id));
}

/// Each address gets what is its own, and neither claim can hand or settle the other's row.
pub async fn rows_of_one_mail_that_part_by_address_are_two_mails<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 200)]).await;
    let first = world.attempt(again(3, true), 1).await;
    let covered = to("cover@example.org", wanted(START, 0, 200));
    assert!(world.change(Change::Refresh(covered), 2).await);
    let mails = world.claim(3).await;
    assert_eq!(mails.iter().map(keys).collect::<Vec<_>>(), [[key(WEEK)], [key(START)]]);
    assert!(mails.iter().all(|mail| mail.message_id == first.message_id));
    assert_ne!(mails[0].term, mails[1].term);
    assert_eq!(world.hand(&mails[0], 3).await, [key(WEEK)]);
    assert_eq!(world.state(START).await.0, State::Claimed);
    assert!(world.settle(&mails[0], never(), 3).await);
    assert_eq!(world.state(START).await.0, State::Claimed);
}

/// Under its old id, the recipient's server would drop it as a copy of the mail that left.
pub async fn a_row_whose_mail_was_sent_without_it_takes_a_new_id<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 200), (DAY, 20, 100)]).await;
    let first = world.attempt(again(5, true), 1).await;
    assert!(world.change(Change::Withdraw(key(START)), 2).await);
    assert_eq!(world.attempt(sent(), 5).await.message_id, first.message_id);
    assert!(world.change(Change::Return(Box::new(wanted(START, 0, 200)), State::Withdrawn), 6).await);
    // It is free again: what is due leaves with it, and if that is given back, others may join.
    let mail = world.claim_one(20).await;
    assert_eq!(keys(&mail), [key(START), key(DAY)]);
    assert_ne!(mail.message_id, first.message_id);
    world.release(&mail, 21).await;
    assert_eq!(world.row(START).await.message_id, None);
}

pub async fn a_row_in_doubt_keeps_its_id_though_its_mail_was_sent_without_it<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 200)]).await;
    let first = world.attempt(resend(5), 1).await;
    assert!(world.change(Change::Withdraw(key(START)), 2).await);
    assert_eq!(world.attempt(sent(), 5).await.message_id, first.message_id);
    assert_eq!(world.state(START).await, (State::Withdrawn, Some(Reason::Calendar)));
    assert!(world.change(Change::Return(Box::new(wanted(START, 0, 200)), State::Withdrawn), 6).await);
    assert_eq!(world.claim_one(20).await.message_id, first.message_id);
    assert_eq!(world.ledger.known().await.unwrap().len(), 2);
}
