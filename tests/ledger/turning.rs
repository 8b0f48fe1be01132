//! Clauses of `turn`: the durable mark before a mail leaves, and what came of it.

use jalon::ledger::{Aside, Ledger as _, Mail, Orphans, Turn, Turned};
use jalon::plan::next::InDoubt;
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, State};

use crate::world::*;

pub async fn a_handed_mail_is_marked_and_its_keys_come_back_in_order<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 1, 100), (START, 0, 200)]).await;
    let mail = world.claim_one(1).await;
    assert_eq!(world.hand(&mail, 1).await, [key(START), key(WEEK)]);
    for text in [START, WEEK] {
        let row = world.row(text).await;
        assert_eq!((row.state, row.reason), (State::Handed, None));
        assert_eq!(row.message_id.as_ref(), Some(&mail.message_id));
    }
}

pub async fn a_row_no_longer_wanted_drops_out_at_the_hand<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 200)]).await;
    let mail = world.claim_one(1).await;
    assert!(world.change(Change::Want(key(WEEK), false), 2).await);
    assert_eq!(world.hand(&mail, 3).await, [key(START)]);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Withdrawn, Some(Reason::Calendar)));
    assert_eq!(row.message_id, None, "it never left under it");
    assert!(world.settle(&mail, sent(), 4).await);
    assert_eq!(world.state(WEEK).await.0, State::Withdrawn);
    assert_eq!(world.row(START).await.message_id, Some(mail.message_id), "the id stays");
}

pub async fn a_mail_of_which_nothing_is_wanted_is_not_handed<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert!(world.change(Change::Want(key(WEEK), false), 2).await);
    assert_eq!(world.hand(&mail, 3).await, []);
    assert_eq!(world.state(WEEK).await, (State::Withdrawn, Some(Reason::Calendar)));
}

pub async fn a_row_wanted_again_in_time_leaves<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    for wanted in [false, true] {
        assert!(world.change(Change::Want(key(WEEK), wanted), 2).await);
    }
    assert_eq!(world.hand(&mail, 3).await, [key(WEEK)]);
}

pub async fn nothing_is_handed_after_its_lease<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    assert!(world.change(Change::Want(key(START), false), 2).await);
    assert_eq!(world.hand(&mail, 11).await, []);
    assert_eq!(world.state(WEEK).await.0, State::Claimed);
    assert_eq!(world.state(START).await.0, State::Claimed);
    assert_eq!(world.hand(&mail, 10).await, [key(WEEK)]);
}

pub async fn the_hand_renews_the_lease_of_that_mail_only<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(0).await;
    assert_eq!(world.hand(&mails[0], 9).await, [key(WEEK)]);
    let orphans = world.ledger.orphans(false, InDoubt::Resend, at(10)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 1, ..Orphans::default() });
    assert_eq!(world.state(WEEK).await.0, State::Handed);
    assert_eq!(world.state(SACHA).await.0, State::Planned);
    let orphans = world.ledger.orphans(false, InDoubt::Resend, at(19)).await.unwrap();
    assert_eq!(orphans, Orphans { doubted: 1, ..Orphans::default() });
}

pub async fn nothing_is_handed_twice<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_and_hand(1).await;
    assert_eq!(world.hand(&mail, 1).await, []);
    assert!(world.settle(&mail, sent(), 2).await);
    assert_eq!(world.hand(&mail, 2).await, []);
}

pub async fn nothing_is_handed_in_another_term<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let old = world.claim_one(1).await;
    world.release(&old, 2).await;
    let new = world.claim_one(3).await;
    assert_eq!(old.message_id, new.message_id);
    assert_eq!(world.hand(&old, 3).await, []);
    assert_eq!(world.state(WEEK).await.0, State::Claimed);
    assert_eq!(world.hand(&new, 3).await, [key(WEEK)]);
}

pub async fn what_is_sent_says_when_and_what_the_relay_said<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(sent(), 7).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.in_doubt), (State::Sent, Some(Reason::Accepted), false));
    assert_eq!((row.sent_at, row.reply.as_deref()), (Some(at(7)), Some("250 2.0.0 queued")));
    assert_eq!(row.message_id, Some(mail.message_id));
}

pub async fn what_is_refused_for_good_says_why<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(never(), 1).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Failed, Some(Reason::RecipientRefused)));
    assert_eq!((row.sent_at, row.reply.as_deref()), (None, Some("550 who?")));
}

pub async fn a_refusal_for_now_counts_and_waits<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    for attempts in 1..4 {
        world.attempt(again(10 * i64::from(attempts), true), 10 * i64::from(attempts) - 9).await;
        let row = world.row(WEEK).await;
        assert_eq!((row.state, row.attempts, row.doubts), (State::Planned, attempts, 0));
        assert_eq!(row.not_before, Some(at(10 * i64::from(attempts))));
        assert_eq!(row.reply.as_deref(), Some("451 later"));
    }
}

pub async fn a_failure_of_the_relay_counts_nothing<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(again(9, false), 1).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.attempts, row.not_before), (State::Planned, 0, Some(at(9))));
}

pub async fn what_may_be_tried_at_once_does_not_wait<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(again(1, false), 1).await;
    assert_eq!(world.row(WEEK).await.not_before, None);
    world.attempt(resend(1), 1).await;
    assert_eq!(world.row(WEEK).await.not_before, None);
    assert_eq!(world.claim(1).await.len(), 1);
}

pub async fn what_is_no_longer_wanted_is_not_tried_again<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    let mail = world.claim_and_hand(1).await;
    assert!(world.change(Change::Want(key(WEEK), false), 2).await);
    assert!(world.settle(&mail, again(9, true), 3).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Withdrawn, Some(Reason::Calendar)));
    assert_eq!((row.attempts, row.not_before), (1, None));
    assert_eq!(world.state(START).await.0, State::Planned);
    // The same for what was never handed, and given back.
    let mail = world.claim_one(9).await;
    assert!(world.change(Change::Want(key(START), false), 9).await);
    world.release(&mail, 9).await;
    assert_eq!(world.state(START).await, (State::Withdrawn, Some(Reason::Calendar)));
}

pub async fn a_settlement_outlives_the_lease<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_and_hand(1).await;
    assert!(world.settle(&mail, sent(), 60).await, "nobody else has taken it");
    assert_eq!(world.state(WEEK).await.0, State::Sent);
}

pub async fn a_settlement_in_a_passed_term_is_refused<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let old = world.attempt(again(0, true), 1).await;
    let new = world.claim_and_hand(2).await;
    assert_eq!(old.message_id, new.message_id);
    let row = world.row(WEEK).await;
    for verdict in [sent(), again(9, true), never(), resend(9), hold()] {
        assert!(!world.settle(&old, verdict, 3).await);
        assert_eq!(world.row(WEEK).await, row);
    }
    assert!(world.settle(&new, sent(), 4).await);
}

pub async fn a_mail_is_settled_once<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(sent(), 1).await;
    let row = world.row(WEEK).await;
    for verdict in [sent(), again(9, true), never(), resend(9), hold()] {
        assert!(!world.settle(&mail, verdict, 2).await);
    }
    assert_eq!(world.row(WEEK).await, row);
}

pub async fn one_turn_settles_one_mail_and_hands_the_next<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    world.hand(&mails[0], 1).await;
    let turn = Turn {
        settle: vec![(mails[0].message_id.clone(), mails[0].term, sent())],
        hand: vec![over(&mails[1])],
    };
    assert_eq!(world.turn(turn, 2).await, Turned { settled: vec![true], handed: vec![vec![key(SACHA)]] });
    assert_eq!(world.state(WEEK).await.0, State::Sent);
    assert_eq!(world.state(SACHA).await.0, State::Handed);
}

pub async fn a_refused_settlement_does_not_stop_the_next_hand<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    let turn = Turn {
        settle: vec![(mails[0].message_id.clone(), mails[0].term, sent())],
        hand: vec![over(&mails[1])],
    };
    assert_eq!(world.turn(turn, 2).await, Turned { settled: vec![false], handed: vec![vec![key(SACHA)]] });
    assert_eq!(world.state(WEEK).await.0, State::Claimed, "what was never handed cannot have been sent");
}

pub async fn one_turn_settles_many_and_hands_many_each_as_if_alone<F: Fixture>(world: World<F>) {
    use State::{Claimed, Failed, Handed, Sent, Withdrawn};
    let sorts = ["a", "b", "c", "d", "e", "f"].map(|to| format!("p/deadline/2026-06-28/-7d/{to}"));
    let rows: Vec<_> = sorts.iter().zip(100..).map(|(key, late)| (key.as_str(), 0, late)).collect();
    world.plan(&rows).await;
    let mails = world.claim(1).await;
    for mail in &mails[..3] {
        world.hand(mail, 1).await;
    }
    // One claim passes, and is taken anew: whoever still names the old term gets nothing, and the others all theirs.
    world.release(&mails[4], 2).await;
    let again = world.claim_one(2).await;
    assert!(world.change(Change::Want(key(&sorts[5]), false), 2).await);
    let settle = |n: usize, term, verdict| (mails[n].message_id.clone(), term, verdict);
    let turn = Turn {
        settle: vec![
            settle(0, mails[0].term, sent()),
            settle(1, mails[1].term + 100, sent()),
            settle(2, mails[2].term, never()),
        ],
        hand: mails[3..].iter().map(over).collect(),
    };
    let handed = vec![vec![key(&sorts[3])], vec![], vec![]];
    assert_eq!(world.turn(turn, 2).await, Turned { settled: vec![true, false, true], handed });
    let mut states = Vec::new();
    for sort in &sorts {
        states.push(world.state(sort).await.0);
    }
    assert_eq!(states, [Sent, Handed, Failed, Handed, Claimed, Withdrawn]);
    assert_eq!(world.hand(&again, 3).await, [key(&sorts[4])]);
}

pub async fn an_empty_turn_does_nothing<F: Fixture>(world: World<F>) {
    assert_eq!(world.turn(Turn::default(), 1).await, Turned::default());
}

pub async fn nothing_is_handed_that_became_of_no_use_meanwhile<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 10), (START, 0, 100)]).await;
    let mail = world.claim_one(5).await;
    assert_eq!(keys(&mail).len(), 2);
    assert_eq!(world.hand(&mail, 10).await, [key(START)]);
    world.release(&mail, 10).await;
    assert_eq!(world.tidy(10).await, [(key(WEEK), State::Lapsed)]);
}

pub async fn what_is_set_aside_waits_alone<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    let later = || Aside::Until(at(20), "cannot be told".to_owned());
    let other = Mail { term: mail.term + 1, ..mail.clone() };
    world.aside(&other, &[START], later(), 1).await;
    assert_eq!(world.row(START).await.state, State::Claimed, "another term");
    world.aside(&mail, &[WEEK], later(), 1).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.not_before, row.message_id), (State::Planned, Some(at(20)), None));
    assert_eq!(row.reply.as_deref(), Some("cannot be told"));
    assert_eq!(world.hand(&mail, 1).await, [key(START)]);
    world.aside(&mail, &[START], later(), 1).await;
    assert_eq!(world.row(START).await.state, State::Handed, "what is handed may have left");
}

pub async fn what_has_nothing_to_tell_is_skipped_alone<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DIGEST, 0, 100), (MISSED, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    let other = Mail { term: mail.term + 1, ..mail.clone() };
    world.aside(&other, &[DIGEST], Aside::NothingToTell, 1).await;
    assert_eq!(world.row(DIGEST).await.state, State::Claimed, "another term");
    assert!(world.change(Change::Want(key(MISSED), false), 1).await);
    world.aside(&mail, &[DIGEST, MISSED], Aside::NothingToTell, 2).await;
    let row = world.row(DIGEST).await;
    assert_eq!((row.state, row.reason), (State::Skipped, Some(Reason::NothingToTell)));
    assert_eq!((row.message_id, row.not_before, row.changed), (None, None, at(2)));
    assert_eq!(world.state(MISSED).await, (State::Withdrawn, Some(Reason::Calendar)), "nobody wanted it");
    assert_eq!(world.hand(&mail, 2).await, [key(WEEK)]);
    world.aside(&mail, &[WEEK], Aside::NothingToTell, 2).await;
    assert_eq!(world.row(WEEK).await.state, State::Handed, "what is handed may have left");
    assert_eq!(world.claim(50).await, []);
}
