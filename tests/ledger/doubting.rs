//! Clauses about doubt: what may have left, found live, late, or after the process had stopped.

use jalon::ledger::{Hand, Ledger as _, Orphans};
use jalon::plan::next::{Doubt, InDoubt, Verdict};
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, State};

use crate::world::*;

pub async fn a_doubt_is_counted_and_planned_again<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(resend(5), 1).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.doubts, row.in_doubt, row.attempts), (State::Planned, 1, true, 0));
    assert_eq!((row.not_before, row.message_id), (Some(at(5)), Some(mail.message_id)));
    assert_eq!(row.reply.as_deref(), Some("no answer"));
    // The doubt stays until it is known to have left.
    world.attempt(again(6, true), 5).await;
    assert!(world.row(WEEK).await.in_doubt);
    world.attempt(sent(), 6).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.doubts, row.in_doubt), (State::Sent, 1, false));
}

pub async fn a_doubt_that_is_held_waits_for_a_person<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(hold(), 1).await;
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Held, Some(Reason::InDoubt)));
    assert_eq!((row.doubts, row.in_doubt, row.not_before), (1, true, None));
    assert_eq!(world.claim(50).await, []);
}

pub async fn a_doubt_of_what_is_no_longer_wanted_is_withdrawn_and_counted<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_and_hand(1).await;
    assert!(world.change(Change::Want(key(WEEK), false), 2).await);
    assert!(world.settle(&mail, resend(5), 3).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Withdrawn, Some(Reason::Calendar)));
    assert_eq!((row.doubts, row.in_doubt, row.not_before), (1, true, None));
    assert_eq!(row.message_id, Some(mail.message_id));
}

pub async fn a_late_answer_is_taken_from_a_row_in_doubt<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    for (mail, verdict) in mails.iter().zip([resend(5), hold()]) {
        world.hand(mail, 1).await;
        assert!(world.settle(mail, verdict, 1).await);
        assert!(world.settle(mail, sent(), 7).await);
    }
    for text in [WEEK, SACHA] {
        let row = world.row(text).await;
        assert_eq!((row.state, row.reason, row.doubts), (State::Sent, Some(Reason::Accepted), 1));
        assert_eq!((row.in_doubt, row.sent_at, row.not_before), (false, Some(at(7)), None));
    }
}

pub async fn a_late_answer_is_taken_from_a_row_in_doubt_that_ended<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(resend(5), 1).await;
    assert_eq!(world.tidy(100).await, [(key(WEEK), State::Lapsed)]);
    assert!(world.settle(&mail, sent(), 101).await, "it did leave");
    assert_eq!(world.state(WEEK).await, (State::Sent, Some(Reason::Accepted)));

    world.plan(&[(SACHA, 0, 100)]).await;
    let mail = world.attempt(hold(), 1).await;
    assert!(world.by_hand(SACHA, Hand::Confirm, 2).await);
    assert!(!world.settle(&mail, sent(), 3).await, "nobody doubts it any more");
    assert_eq!(world.row(SACHA).await.sent_at, Some(at(2)));
}

pub async fn a_late_answer_is_refused_once_the_row_is_claimed_again<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let old = world.attempt(resend(2), 1).await;
    let new = world.claim_one(2).await;
    assert!(!world.settle(&old, sent(), 3).await);
    assert!(!world.settle(&new, sent(), 3).await, "the doubt is of another term");
    world.hand(&new, 3).await;
    assert!(!world.settle(&old, sent(), 3).await);
    assert_eq!(world.state(WEEK).await.0, State::Handed);
}

pub async fn a_late_answer_is_refused_after_the_row_was_claimed_and_given_back<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let old = world.attempt(resend(2), 1).await;
    let new = world.claim_one(2).await;
    world.release(&new, 3).await;
    for mail in [&old, &new] {
        assert!(!world.settle(mail, sent(), 4).await);
    }
    // Nor after an attempt that was settled otherwise.
    for verdict in [again(5, true), never()] {
        let mail = world.attempt(verdict, 5).await;
        assert!(world.row(WEEK).await.in_doubt, "the first copy may have arrived");
        assert!(!world.settle(&mail, sent(), 6).await);
    }
}

pub async fn only_sent_is_taken_late<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.attempt(resend(5), 1).await;
    let row = world.row(WEEK).await;
    for verdict in [again(9, true), never(), resend(9), hold()] {
        assert!(!world.settle(&mail, verdict, 2).await);
        assert_eq!(world.row(WEEK).await, row);
    }
}

pub async fn at_start_every_claim_is_an_orphan<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200), (START, 2, 100)]).await;
    let mails = world.claim(1).await;
    assert_eq!(world.hand(&mails[1], 1).await, [key(SACHA)]);
    let world = world.crash();
    assert_eq!(world.claim(2).await.len(), 1, "of START: the others are not free yet");
    let orphans = world.ledger.orphans(true, InDoubt::Resend, at(2)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 2, doubted: 1, held: 0 });

    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.doubts, row.in_doubt, row.message_id), (State::Planned, 0, false, None));
    let row = world.row(SACHA).await;
    assert_eq!((row.state, row.doubts, row.in_doubt), (State::Planned, 1, true));
    assert_eq!(row.not_before, None, "at once");
    let again = world.claim(2).await;
    assert_eq!(keys(&again[0]), [key(WEEK), key(START)], "nothing of it had left: others join");
    assert_eq!(again[1].message_id, mails[1].message_id);
    assert_eq!(world.hand(&mails[0], 3).await, [], "the dead hand nothing");
}

pub async fn at_start_what_was_handed_is_held_if_the_settings_say_so<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    assert_eq!(world.hand(&mails[1], 1).await, [key(SACHA)]);
    let world = world.crash();
    let orphans = world.ledger.orphans(true, InDoubt::Hold, at(2)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 1, doubted: 0, held: 1 });
    assert_eq!(world.state(WEEK).await.0, State::Planned);
    let row = world.row(SACHA).await;
    assert_eq!((row.state, row.reason, row.doubts), (State::Held, Some(Reason::InDoubt), 1));
    assert!(row.in_doubt);
}

pub async fn the_sixth_doubt_holds<F: Fixture>(mut world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    let mut ids = Vec::new();
    for doubts in 1..=6 {
        ids.push(world.claim_and_hand(1).await.message_id);
        world = world.crash();
        let orphans = world.ledger.orphans(true, InDoubt::Resend, at(1)).await.unwrap();
        let (doubted, held) = if doubts < 6 { (1, 0) } else { (0, 1) };
        assert_eq!(orphans, Orphans { released: 0, doubted, held });
        assert_eq!(world.row(WEEK).await.doubts, doubts);
    }
    assert_eq!(world.state(WEEK).await, (State::Held, Some(Reason::TooManyDoubts)));
    ids.dedup();
    assert_eq!(ids.len(), 1, "one Message-ID");
}

pub async fn the_doubts_of_a_row_are_its_own<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (START, 0, 100)]).await;
    for _ in 0..4 {
        world.attempt(resend(1), 1).await;
    }
    // START sits one doubt out.
    assert!(world.change(Change::Withdraw(key(START)), 1).await);
    world.attempt(resend(1), 1).await;
    assert!(world.change(Change::Return(Box::new(wanted(START, 0, 100)), State::Withdrawn), 1).await);
    let mail = world.claim_and_hand(1).await;
    assert_eq!(mail.rows.len(), 2);
    let orphans = world.ledger.orphans(true, InDoubt::Resend, at(1)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 0, doubted: 1, held: 1 });
    assert_eq!(world.state(WEEK).await, (State::Held, Some(Reason::TooManyDoubts)));
    assert_eq!(world.state(START).await.0, State::Planned);
    assert_eq!((world.row(WEEK).await.doubts, world.row(START).await.doubts), (6, 5));
}

pub async fn while_running_only_leases_that_ended_make_orphans<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 5, 200)]).await;
    world.claim_one(1).await;
    world.claim_one(5).await;
    let see = async |now| world.ledger.orphans(false, InDoubt::Resend, at(now)).await.unwrap();
    assert_eq!(see(10).await, Orphans::default());
    assert_eq!(see(11).await, Orphans { released: 1, ..Orphans::default() });
    assert_eq!(see(11).await, Orphans::default());
    assert_eq!(world.state(WEEK).await.0, State::Planned);
    assert_eq!(world.state(SACHA).await.0, State::Claimed);
}

pub async fn orphans_no_longer_wanted_are_withdrawn<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    let mails = world.claim(1).await;
    world.hand(&mails[1], 1).await;
    for text in [WEEK, SACHA] {
        assert!(world.change(Change::Want(key(text), false), 2).await);
    }
    let orphans = world.ledger.orphans(true, InDoubt::Resend, at(3)).await.unwrap();
    assert_eq!(orphans, Orphans { released: 1, doubted: 1, held: 0 });
    for (text, doubts) in [(WEEK, 0), (SACHA, 1)] {
        assert_eq!(world.state(text).await, (State::Withdrawn, Some(Reason::Calendar)));
        assert_eq!(world.row(text).await.doubts, doubts);
    }
    // Held, it stays with the person, wanted or not.
    world.plan(&[(DAY, 0, 100)]).await;
    let mail = world.claim_and_hand(3).await;
    assert!(world.change(Change::Want(key(DAY), false), 4).await);
    let held = Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: String::new() };
    assert!(world.settle(&mail, held, 5).await);
    assert_eq!(world.state(DAY).await.0, State::Held);
}
