//! Clauses of `postings`, `remember`, `accept`, `is_filled`, `people`, `stamp`, `last_round` and `note_round`, and of
//! what a crash leaves.

use jalon::ledger::{Hand, Ledger as _, Stamp, StoredPosting};
use jalon::plan::row::State;

use crate::world::*;

pub async fn postings_are_remembered_whole<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.postings().await.unwrap(), []);
    let text = "title = \"Chargé·e d'accompagnement\"\r\n# 'quotes' \u{1f600}\n";
    let gone = StoredPosting { vanished_at: Some(at(3)), ..posting("b", text) };
    let accepted =
        StoredPosting { accepted: Some(at(4)), ..StoredPosting { id: "c".into(), ..gone.clone() } };
    world.ledger.remember(vec![accepted.clone(), gone.clone(), posting("a", "")], vec![]).await.unwrap();
    let world = world.crash();
    assert_eq!(world.ledger.postings().await.unwrap(), [posting("a", ""), gone, accepted]);
}

pub async fn postings_are_replaced_and_forgotten<F: Fixture>(world: World<F>) {
    let gone = StoredPosting { vanished_at: Some(at(3)), ..posting("a", "one") };
    world.ledger.remember(vec![gone, posting("b", ""), posting("c", "")], vec![]).await.unwrap();
    let back = StoredPosting { path: "elsewhere.toml".into(), since: at(4), ..posting("a", "two") };
    world.ledger.remember(vec![back.clone()], vec!["b".into(), "unknown".into()]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap(), [back, posting("c", "")]);
}

pub async fn what_is_forgotten_and_remembered_at_once_is_remembered<F: Fixture>(world: World<F>) {
    world.ledger.remember(vec![posting("a", "one")], vec![]).await.unwrap();
    world.ledger.remember(vec![posting("a", "two")], vec!["a".into()]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap(), [posting("a", "two")]);
}

pub async fn an_acceptance_is_kept_until_the_file_returns<F: Fixture>(world: World<F>) {
    let gone = |since, accepted: Option<i64>| StoredPosting {
        vanished_at: Some(at(since)),
        accepted: accepted.map(at),
        ..posting("a", "one")
    };
    world.ledger.remember(vec![gone(3, None), posting("b", "")], vec![]).await.unwrap();
    world.ledger.accept(vec!["a".into(), "unknown".into()], at(5)).await.unwrap();
    let world = world.crash();
    assert_eq!(world.ledger.postings().await.unwrap(), [gone(3, Some(5)), posting("b", "")]);
    // Whoever looked before it was accepted does not undo it.
    world.ledger.remember(vec![gone(6, None)], vec![]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap()[0], gone(6, Some(5)));
    world.ledger.accept(vec!["a".into()], at(7)).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap()[0], gone(6, Some(7)));
    // It returns, and vanishes again.
    world.ledger.remember(vec![posting("a", "two")], vec![]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap()[0], posting("a", "two"));
    world.ledger.remember(vec![gone(8, None)], vec![]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap()[0], gone(8, None));
    // It is forgotten, and known anew.
    world.ledger.accept(vec!["a".into()], at(9)).await.unwrap();
    world.ledger.remember(vec![gone(10, None)], vec!["a".into()]).await.unwrap();
    assert_eq!(world.ledger.postings().await.unwrap()[0], gone(10, None));
}

pub async fn what_no_daemon_has_missed_yet_may_be_accepted<F: Fixture>(world: World<F>) {
    world.ledger.remember(vec![posting("a", "")], vec![]).await.unwrap();
    world.ledger.accept(vec!["a".into()], at(5)).await.unwrap();
    let accepted = StoredPosting { vanished_at: Some(at(5)), accepted: Some(at(5)), ..posting("a", "") };
    assert_eq!(world.ledger.postings().await.unwrap(), [accepted]);
}

pub async fn the_clock_that_a_ledger_lives_on_is_known<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.stamp().await.unwrap(), Stamp::Real);
    assert_eq!(world.crash().ledger.stamp().await.unwrap(), Stamp::Real);
}

pub async fn a_ledger_is_filled_once_a_plan_was_written<F: Fixture>(world: World<F>) {
    assert!(!world.ledger.is_filled().await.unwrap());
    world.plan(&[(WEEK, 0, 100)]).await;
    world.ledger.note_round(at(1), false).await.unwrap();
    assert!(!world.crash().ledger.is_filled().await.unwrap());

    let world = World::<F>::new();
    world.ledger.remember(vec![], vec![]).await.unwrap();
    assert!(world.ledger.is_filled().await.unwrap(), "with no posting, too");
    assert!(world.crash().ledger.is_filled().await.unwrap());
}

pub async fn people_are_remembered_and_forgotten<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.people().await.unwrap(), []);
    let all = |pairs: &[(&str, &str)]| -> Vec<_> {
        pairs.iter().map(|(id, entry)| ((*id).to_owned(), (*entry).to_owned())).collect()
    };
    world.ledger.remember_people(all(&[("sacha", "{\"é\": 1}"), ("camille", "one")]), vec![]).await.unwrap();
    assert_eq!(world.ledger.people().await.unwrap(), all(&[("camille", "one"), ("sacha", "{\"é\": 1}")]));
    let forget = ["camille", "sacha", "unknown"].map(str::to_owned).to_vec();
    world.ledger.remember_people(all(&[("camille", "two")]), forget).await.unwrap();
    let world = world.crash();
    assert_eq!(world.ledger.people().await.unwrap(), all(&[("camille", "two")]));
}

pub async fn the_last_round_never_goes_back_unless_accepted<F: Fixture>(world: World<F>) {
    let last = async |ledger: &F::Ledger| ledger.last_round().await.unwrap();
    assert_eq!(last(&world.ledger).await, None);
    for (now, accept_earlier, expected) in
        [(10, false, 10), (20, false, 20), (15, false, 20), (15, true, 15), (16, false, 16), (30, true, 30)]
    {
        world.ledger.note_round(at(now), accept_earlier).await.unwrap();
        assert_eq!(last(&world.ledger).await, Some(at(expected)));
    }
    let world = world.crash();
    assert_eq!(last(&world.ledger).await, Some(at(30)));
}

pub async fn a_crash_keeps_all_that_was_answered<F: Fixture>(mut world: World<F>) {
    world.plan(&[(WEEK, 0, 100), (SACHA, 0, 200)]).await;
    world = world.crash();
    let mails = world.claim(1).await;
    world = world.crash();
    assert_eq!(world.hand(&mails[0], 1).await, [key(WEEK)]);
    world = world.crash();
    assert_eq!(world.state(WEEK).await.0, State::Handed);
    assert_eq!(world.state(SACHA).await.0, State::Claimed);
    assert!(world.settle(&mails[0], sent(), 2).await);
    world.release(&mails[1], 2).await;
    assert!(world.by_hand(SACHA, Hand::Withdraw, 2).await);
    let known = world.ledger.known().await.unwrap();
    world = world.crash();
    assert_eq!(world.ledger.known().await.unwrap(), known);
    assert_eq!(world.state(WEEK).await.0, State::Sent);
    assert_eq!(world.state(SACHA).await.0, State::Withdrawn);
}
