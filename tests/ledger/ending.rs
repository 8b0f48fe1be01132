//! Clauses of `tidy`, `by_hand` and `purge`: what ends without leaving, and what people do.

use jalon::ledger::{Hand, Ledger as _};
use jalon::plan::Key;
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, State};
use jalon::plan::tally::{Purged, Tally};

use crate::world::*;

const SUPERSEDED: (State, Option<Reason>) = (State::Superseded, Some(Reason::LaterReminder));
const LAPSED: (State, Option<Reason>) = (State::Lapsed, Some(Reason::TooLate));

pub async fn what_is_of_no_use_any_more_lapses<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 101), (START, 200, 300)]).await;
    assert_eq!(world.tidy(99).await, []);
    assert_eq!(world.tidy(100).await, [(key(WEEK), State::Lapsed)]);
    assert_eq!(world.state(WEEK).await, LAPSED);
    assert_eq!(world.tidy(100).await, [], "told once");
    // Due or not, waiting or not.
    world.attempt(again(250, true), 100).await;
    assert_eq!(world.tidy(300).await, [(key(SACHA), State::Lapsed), (key(START), State::Lapsed)]);
    assert_eq!(world.row(SACHA).await.not_before, None);
}

pub async fn an_earlier_reminder_gives_way_to_a_later_one_that_is_due<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 100)]).await;
    assert_eq!(world.tidy(50).await, [(key(WEEK), State::Superseded)]);
    assert_eq!(world.state(WEEK).await, SUPERSEDED);
    assert_eq!(keys(&world.claim_one(50).await), [key(DAY)]);
}

pub async fn a_chain_of_reminders_leaves_the_last<F: Fixture>(world: World<F>) {
    let chain = [14, 7, 3, 2, 1].map(|n| format!("p/deadline/2026-06-28/-{n}d/camille"));
    for (n, text) in chain.iter().enumerate() {
        world.plan(&[(text, i64::try_from(n).unwrap(), 100)]).await;
    }
    assert_eq!(world.tidy(9).await.len(), 4);
    for text in &chain[..4] {
        assert_eq!(world.state(text).await, SUPERSEDED);
    }
    assert_eq!(world.state(&chain[4]).await.0, State::Planned);
}

pub async fn an_earlier_reminder_gives_way_to_a_later_one_that_left_or_may_have<F: Fixture>(world: World<F>) {
    world.plan(&[(DAY, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    for step in [State::Claimed, State::Handed, State::Held, State::Sent] {
        match step {
            State::Handed => assert_eq!(world.hand(&mail, 1).await.len(), 1),
            State::Held => assert!(world.settle(&mail, hold(), 1).await),
            State::Sent => assert!(world.settle(&mail, sent(), 1).await),
            _ => {}
        }
        assert_eq!(world.state(DAY).await.0, step);
        let earlier = format!("p/deadline/2026-06-28/-{}d/camille", 10 + step as i64);
        world.plan(&[(&earlier, -50, 100)]).await;
        assert_eq!(world.tidy(1).await, [(key(&earlier), State::Superseded)], "{step:?}");
        // What is later still does not.
        let later = format!("p/deadline/2026-06-28/-{}d/camille", 30 + step as i64);
        world.plan(&[(&later, 1, 100)]).await;
        assert_eq!(world.tidy(1).await, [], "{step:?}");
        assert!(world.by_hand(&later, Hand::Withdraw, 1).await);
    }
}

pub async fn nothing_gives_way_to_a_reminder_that_ended_unsent<F: Fixture>(world: World<F>) {
    world.plan(&[(DAY, 50, 100)]).await;
    world.attempt(never(), 50).await;
    world.plan(&[(WEEK, 0, 100), (START, 60, 100)]).await;
    assert_eq!(world.tidy(51).await, [], "failed");
    assert!(world.by_hand(DAY, Hand::Retry, 51).await);
    assert!(world.by_hand(DAY, Hand::Withdraw, 51).await);
    assert_eq!(world.tidy(51).await, [], "withdrawn");
    let skipped = Change::Add(Box::new(wanted("p/start/2026-08-31/0d/camille", 61, 100)), State::Skipped);
    assert!(world.change(skipped, 62).await);
    assert_eq!(world.tidy(62).await, [], "skipped");
}

pub async fn nothing_gives_way_to_a_reminder_that_is_not_due<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 100)]).await;
    assert_eq!(world.tidy(49).await, []);
    // One that is due and waits to be tried again is due.
    let mail = world.claim_and_hand(49).await;
    assert_eq!(keys(&mail), [key(WEEK)]);
    assert!(world.settle(&mail, again(90, true), 49).await);
    assert_eq!(world.tidy(50).await, [(key(WEEK), State::Superseded)]);
}

pub async fn nothing_gives_way_across_events_recipients_or_postings<F: Fixture>(world: World<F>) {
    let other = "q/deadline/2026-06-28/-1d/camille";
    world.plan(&[(WEEK, 0, 100), (START, 10, 100), (SACHA, 20, 100), (other, 30, 100)]).await;
    assert_eq!(world.tidy(50).await, []);
}

pub async fn lapsing_comes_before_giving_way<F: Fixture>(world: World<F>) {
    // The later one is of use for a shorter time: having lapsed, it makes nothing give way.
    world.plan(&[(WEEK, 0, 200), (DAY, 50, 100)]).await;
    assert_eq!(world.tidy(100).await, [(key(DAY), State::Lapsed)]);
    assert_eq!(world.state(WEEK).await.0, State::Planned);
    // And what could do both lapses.
    world.plan(&[("p/deadline/2026-06-28/-2d/camille", 120, 300)]).await;
    assert_eq!(world.tidy(200).await, [(key(WEEK), State::Lapsed)]);
}

pub async fn a_notice_of_what_its_reader_knows_gives_way<F: Fixture>(world: World<F>) {
    let change = "~change/p/deadline/2/camille";
    world.plan(&[(WEEK, 0, 100), (change, 10, 100)]).await;
    assert!(world.change(Change::Told(key(change)), 5).await);
    assert_eq!(world.state(change).await, (State::Superseded, Some(Reason::ToldAlready)));
    assert!(!world.change(Change::Told(key(change)), 6).await, "once");
    assert!(!world.change(Change::Told(key(WEEK)), 6).await, "no reminder does");
}

pub async fn of_what_lapses_together_the_latest_speaks_for_its_event<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 100), (SACHA, 0, 100), (START, 0, 100)]).await;
    let ended = world.tidy(100).await;
    let lapsed: Vec<Key> =
        ended.iter().filter(|(_, state)| *state == State::Lapsed).map(|(key, _)| key.clone()).collect();
    assert_eq!(lapsed, [key(DAY), key(SACHA), key(START)]);
    assert_eq!(world.state(WEEK).await, (State::Superseded, Some(Reason::LaterReminder)));
}

pub async fn rows_under_way_neither_lapse_nor_give_way<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 100)]).await;
    let mail = world.claim_one(1).await;
    assert_eq!(world.tidy(60).await, []);
    world.hand(&mail, 1).await;
    assert_eq!(world.tidy(60).await, []);
    assert!(world.settle(&mail, hold(), 1).await);
    assert_eq!(world.tidy(100).await, [(key(DAY), State::Lapsed)]);
    assert_eq!(world.state(WEEK).await.0, State::Held);
}

pub async fn a_retried_row_is_as_new_and_due_at_once<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200), (START, 0, 300)]).await;
    let start = Change::Refresh(to("other@example.org", wanted(START, 0, 300)));
    assert!(world.change(start, 0).await);
    let mails = world.claim(1).await;
    for (mail, verdict) in mails.iter().zip([again(9, true), hold(), never()]) {
        world.hand(mail, 1).await;
        assert!(world.settle(mail, verdict, 1).await);
    }
    assert!(world.change(Change::Withdraw(key(WEEK)), 2).await);
    for (text, doubts) in [(WEEK, 0), (SACHA, 1), (START, 0)] {
        assert!(world.by_hand(text, Hand::Retry, 3).await);
        let row = world.row(text).await;
        assert_eq!((row.state, row.reason, row.wanted), (State::Planned, None, true));
        assert_eq!((row.attempts, row.not_before, row.due), (0, None, at(0)));
        assert_eq!((row.doubts, row.in_doubt), (doubts, doubts > 0));
    }
    let ids = |mails: &[jalon::ledger::Mail]| mails.iter().map(|m| m.message_id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&world.claim(3).await), ids(&mails), "each had been handed");
}

pub async fn a_retry_is_refused_when_it_is_too_late<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(never(), 1).await;
    assert!(!world.by_hand(WEEK, Hand::Retry, 100).await);
    assert_eq!(world.state(WEEK).await.0, State::Failed);
    assert!(world.by_hand(WEEK, Hand::Retry, 99).await);
}

pub async fn a_retry_with_facts_takes_them_at_once<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 100)]).await;
    let mails = world.claim(1).await;
    for (mail, verdict) in mails.iter().zip([hold(), sent()]) {
        world.hand(mail, 1).await;
        assert!(world.settle(mail, verdict, 1).await);
    }
    let asked =
        |text, due, late_after| *to("new@example.org", *read_by("robin", wanted(text, due, late_after)));
    assert!(!world.ledger.retry(asked(WEEK, 0, 5), at(5)).await.unwrap(), "of no use");
    assert!(!world.ledger.retry(asked(SACHA, 0, 200), at(5)).await.unwrap(), "it left");
    assert!(!world.ledger.retry(asked(START, 0, 200), at(5)).await.unwrap(), "unknown");
    assert!(world.ledger.retry(asked(WEEK, 3, 200), at(150)).await.unwrap(), "of use now");
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.doubts, row.in_doubt), (State::Planned, None, 1, true));
    assert_eq!((row.reader.as_str(), row.email.as_str()), ("robin", "new@example.org"));
    assert_eq!((row.due, row.late_after), (at(3), at(200)));
    let again = world.claim_one(150).await;
    assert_eq!((again.email.as_str(), &again.message_id), ("new@example.org", &mails[0].message_id));
    assert!(!world.ledger.retry(asked(WEEK, 3, 200), at(151)).await.unwrap(), "it is leaving");
}

pub async fn a_held_row_that_arrived_is_sent<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(hold(), 1).await;
    assert!(world.by_hand(WEEK, Hand::Confirm, 8).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason), (State::Sent, Some(Reason::Confirmed)));
    assert_eq!((row.sent_at, row.in_doubt, row.doubts), (Some(at(8)), false, 1));
}

pub async fn a_row_withdrawn_by_hand_returns_by_hand_only<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    assert!(world.by_hand(WEEK, Hand::Withdraw, 1).await);
    let row = world.row(WEEK).await;
    assert_eq!((row.state, row.reason, row.wanted), (State::Withdrawn, Some(Reason::Hand), true));
    assert!(!world.by_hand(WEEK, Hand::Withdraw, 1).await);
    assert_eq!(world.claim(1).await, []);
    assert!(world.by_hand(WEEK, Hand::Retry, 2).await);
    assert_eq!(world.claim(2).await.len(), 1);
}

pub async fn a_hand_on_an_unknown_row_does_nothing<F: Fixture>(world: World<F>) {
    for hand in [Hand::Retry, Hand::Confirm, Hand::Withdraw] {
        assert!(!world.by_hand(WEEK, hand, 1).await);
    }
    assert_eq!(world.ledger.known().await.unwrap(), []);
}

pub async fn only_final_rows_are_purged<F: Fixture>(world: World<F>) {
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(sent(), 1).await;
    world.plan(&[(SACHA, 0, 100), (DAY, 50, 100)]).await;
    assert_eq!(world.ledger.purge(at(100)).await.unwrap(), 0, "they were of use until then");
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 1);
    let left: Vec<_> = world.ledger.known().await.unwrap().into_iter().map(|row| row.key).collect();
    assert_eq!(left, [key(DAY), key(SACHA)]);
}

pub async fn nothing_gives_way_to_a_reminder_that_is_sooner_of_no_use<F: Fixture>(world: World<F>) {
    // Two slots of one day: the later reminder of the first is due after the earlier reminder of the second, and
    // of no use before it.
    world.plan(&[(WEEK, 0, 100), (DAY, 50, 60)]).await;
    assert_eq!(world.tidy(55).await, []);
    assert_eq!(world.tidy(60).await, [(key(DAY), State::Lapsed)]);
    assert_eq!(keys(&world.claim_one(60).await), [key(WEEK)]);
}

pub async fn what_readers_of_a_remembered_posting_were_told_is_kept_while_it_goes_on<F: Fixture>(
    world: World<F>,
) {
    world.plan(&[(WEEK, 0, 100), (CHANGE, 0, 100), (NEW, 0, 100), (START, 900, 1000)]).await;
    world.tidy(100).await;
    let posting = posting("p", "");
    world.ledger.remember(vec![posting.clone()], vec![]).await.unwrap();
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 1, "the reminder alone");
    let left: Vec<_> = world.ledger.known().await.unwrap().into_iter().map(|row| row.key).collect();
    assert_eq!(left, [key(START), key(CHANGE), key(NEW)]);
    world.tidy(1000).await;
    assert_eq!(world.ledger.purge(at(1000)).await.unwrap(), 0, "the last row is of use until then");
    assert_eq!(world.ledger.purge(at(1001)).await.unwrap(), 3, "it is over");
    // Of a posting that is gone, nothing waits for the last row.
    world.plan(&[(NEW, 0, 100), (START, 900, 1000)]).await;
    world.tidy(100).await;
    world.ledger.remember(vec![], vec![posting.id]).await.unwrap();
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 1);
}

pub async fn no_notice_gives_way_and_nothing_gives_way_to_one<F: Fixture>(world: World<F>) {
    // A change and a reminder of the same event, to the same person; two changes; two notices of no event.
    let (early, late) = ("~change/p/start/1/camille", "~change/p/start/3/camille");
    world
        .plan(&[(WEEK, 0, 100), (CHANGE, 10, 100), (early, 0, 100), (START, 10, 100), (late, 20, 100)])
        .await;
    world.plan(&[(DIGEST, 0, 100), ("~digest/2026-06-30T08:00/camille", 20, 100), (MISSED, 20, 100)]).await;
    assert_eq!(world.tidy(50).await, []);
    world.attempt(sent(), 50).await;
    world
        .plan(&[("~change/p/deadline/1/camille", -10, 100), ("p/end/2026-12-31/0d/camille", -10, 100)])
        .await;
    world.plan(&[("~change/p/end/2/camille", 0, 100)]).await;
    world.attempt(sent(), 50).await;
    assert_eq!(world.tidy(50).await, []);
    // They lapse as all do.
    world.plan(&[(OPERATOR, 0, 100)]).await;
    assert_eq!(world.tidy(100).await, [(key(OPERATOR), State::Lapsed)]);
}

pub async fn notices_of_no_posting_are_forgotten_with_time<F: Fixture>(world: World<F>) {
    world.ledger.remember(vec![posting("p", "")], vec![]).await.unwrap();
    world
        .plan(&[(CHANGE, 0, 100), (NEW, 0, 100), (DIGEST, 0, 100), (MISSED, 0, 100), (OPERATOR, 0, 100)])
        .await;
    world.plan(&[(START, 900, 1000)]).await;
    world.tidy(100).await;
    assert_eq!(world.ledger.purge(at(100)).await.unwrap(), 0);
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 3);
    let left: Vec<_> = world.ledger.known().await.unwrap().into_iter().map(|row| row.key).collect();
    assert_eq!(left, [key(START), key(CHANGE), key(NEW)], "their posting goes on");
}

pub async fn what_was_sent_and_forgotten_is_still_counted<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.purged().await.unwrap(), Purged::default());
    // One is sent after a doubt, one lapses, one is to come.
    world.plan(&[(WEEK, 0, 100)]).await;
    world.attempt(Verdict::Doubt { doubt: Doubt::Resend(at(2)), reply: "silence".into() }, 1).await;
    world.attempt(sent(), 2).await;
    world.plan(&[(SACHA, 0, 100), (START, 900, 1000)]).await;
    world.tidy(100).await;
    let all = Tally::of(&world.ledger.known().await.unwrap(), at(100));
    assert_eq!((all.planned, all.sent, all.doubts), (1, 1, 1));
    assert_eq!(world.ledger.purge(at(101)).await.unwrap(), 2);
    let left = Tally::of(&world.ledger.known().await.unwrap(), at(101));
    assert_eq!((left.planned, left.sent, left.doubts), (1, 0, 0));
    let world = world.crash();
    assert_eq!(world.ledger.purged().await.unwrap(), Purged { sent: 1, doubts: 1 });
    world.ledger.purge(at(101)).await.unwrap();
    assert_eq!(world.ledger.purged().await.unwrap(), Purged { sent: 1, doubts: 1 }, "once");
}
