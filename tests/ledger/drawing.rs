//! The drawing in `plan::row`, as a table: every verb tried on every state. What is not in the table leaves
//! the row as it was.

use jalon::ledger::{Aside, Hand, HandOver, Ledger as _, Turn};
use jalon::plan::next::InDoubt;
use jalon::plan::reconcile::Change;
use jalon::plan::row::State::{self, *};
use jalon::plan::row::{Reason, Row};

use crate::world::*;

/// The mail that last held the row, or one that never was.
type Hold = (String, i64);

#[derive(Clone, Copy, Debug)]
enum Verb {
    Add,
    Inherit,
    Refresh,
    Return,
    WithdrawByCalendar,
    Unwant,
    LapseTidy,
    SupersedeTidy,
    Claim,
    Hand,
    SetAside,
    NothingToTell,
    Sent,
    Again,
    Never,
    Resend,
    Hold,
    Release,
    OrphansToResend,
    OrphansToHold,
    OrphansWithinLease,
    OrphansAfterLease,
    Retry,
    Confirm,
    WithdrawByHand,
}

/// Every verb, with the moves it makes. A held row was put in doubt by the mail that asks, so it may still
/// be told that it was sent.
const DRAWING: [(Verb, &[(State, State)]); 25] = [
    (Verb::Add, &[]),
    (Verb::Inherit, &[]),
    (Verb::Refresh, &[]),
    (Verb::Return, &[(Skipped, Planned), (Withdrawn, Planned), (Failed, Planned)]),
    (Verb::WithdrawByCalendar, &[(Planned, Withdrawn)]),
    (Verb::Unwant, &[]),
    (Verb::LapseTidy, &[(Planned, Lapsed)]),
    (Verb::SupersedeTidy, &[(Planned, Superseded)]),
    (Verb::Claim, &[(Planned, Claimed)]),
    (Verb::Hand, &[(Claimed, Handed)]),
    (Verb::SetAside, &[(Claimed, Planned)]),
    (Verb::NothingToTell, &[(Claimed, Skipped)]),
    (Verb::Sent, &[(Handed, Sent), (Held, Sent)]),
    (Verb::Again, &[(Claimed, Planned), (Handed, Planned)]),
    (Verb::Never, &[(Handed, Failed)]),
    (Verb::Resend, &[(Handed, Planned)]),
    (Verb::Hold, &[(Handed, Held)]),
    (Verb::Release, &[(Claimed, Planned)]),
    (Verb::OrphansToResend, &[(Claimed, Planned), (Handed, Planned)]),
    (Verb::OrphansToHold, &[(Claimed, Planned), (Handed, Held)]),
    (Verb::OrphansWithinLease, &[]),
    (Verb::OrphansAfterLease, &[(Claimed, Planned), (Handed, Planned)]),
    (Verb::Retry, &[(Failed, Planned), (Held, Planned), (Withdrawn, Planned)]),
    (Verb::Confirm, &[(Held, Sent)]),
    (Verb::WithdrawByHand, &[(Planned, Withdrawn), (Held, Withdrawn), (Skipped, Withdrawn)]),
];

/// A reminder of the same event that is due later than [`WEEK`].
const LATER: &str = DAY;

/// Brings [`WEEK`] into a state, on the shortest way.
async fn bring<F: Fixture>(world: &World<F>, state: State) -> Hold {
    if state == Skipped {
        assert!(world.change(Change::Add(Box::new(wanted(WEEK, 0, 100)), Skipped), 1).await);
        return ("none@example.org".into(), 0);
    }
    world.plan(&[(WEEK, 0, 100)]).await;
    let mail = world.claim_one(1).await;
    match state {
        Claimed => {}
        Planned | Withdrawn | Superseded | Lapsed => world.release(&mail, 1).await,
        _ => assert_eq!(world.hand(&mail, 1).await.len(), 1),
    }
    match state {
        Sent => assert!(world.settle(&mail, sent(), 1).await),
        Failed => assert!(world.settle(&mail, never(), 1).await),
        Held => assert!(world.settle(&mail, hold(), 1).await),
        Withdrawn => assert!(world.change(Change::Withdraw(key(WEEK)), 1).await),
        Lapsed => assert_eq!(world.tidy(100).await.len(), 1),
        Superseded => {
            world.plan(&[(LATER, 1, 100)]).await;
            assert_eq!(world.tidy(1).await.len(), 1);
        }
        _ => {}
    }
    assert_eq!(world.state(WEEK).await.0, state);
    (mail.message_id, mail.term)
}

async fn act<F: Fixture>(world: &World<F>, from: State, verb: Verb, (id, term): Hold) {
    let ledger = &world.ledger;
    let same = || Box::new(wanted(WEEK, 0, 100));
    let change = match verb {
        Verb::Add => Some(add(WEEK, 0, 100)),
        Verb::Inherit => Some(Change::Inherit(same(), Planned, (key(WEEK), from))),
        Verb::Refresh => Some(Change::Refresh(to("new@example.org", wanted(WEEK, 0, 100)))),
        Verb::Return => Some(Change::Return(same(), from)),
        Verb::WithdrawByCalendar => Some(Change::Withdraw(key(WEEK))),
        Verb::Unwant => Some(Change::Want(key(WEEK), false)),
        _ => None,
    };
    let verdict = match verb {
        Verb::Sent => Some(sent()),
        Verb::Again => Some(again(5, true)),
        Verb::Never => Some(never()),
        Verb::Resend => Some(resend(5)),
        Verb::Hold => Some(hold()),
        _ => None,
    };
    let orphans = match verb {
        Verb::OrphansToResend => Some((true, InDoubt::Resend, at(2))),
        Verb::OrphansToHold => Some((true, InDoubt::Hold, at(2))),
        Verb::OrphansWithinLease => Some((false, InDoubt::Resend, at(10))),
        Verb::OrphansAfterLease => Some((false, InDoubt::Resend, at(11))),
        _ => None,
    };
    let hand = match verb {
        Verb::Retry => Some(Hand::Retry),
        Verb::Confirm => Some(Hand::Confirm),
        Verb::WithdrawByHand => Some(Hand::Withdraw),
        _ => None,
    };
    if let Some(change) = change {
        ledger.apply(vec![change], at(2)).await.unwrap();
    } else if verdict.is_some() || matches!(verb, Verb::Hand) {
        let turn = match verdict {
            None => Turn::hand(HandOver { message_id: id, term, says: vec![] }),
            Some(verdict) => Turn::settle(id, term, verdict),
        };
        ledger.turn(turn, at(2), lease()).await.unwrap();
    } else if let Some((every, policy, now)) = orphans {
        ledger.orphans(every, policy, now).await.unwrap();
    } else if let Some(hand) = hand {
        ledger.by_hand(key(WEEK), hand, at(2)).await.unwrap();
    } else {
        match verb {
            Verb::Claim => drop(world.claim(2).await),
            Verb::SetAside | Verb::NothingToTell => {
                let aside = match verb {
                    Verb::SetAside => Aside::Until(at(5), "not now".into()),
                    _ => Aside::NothingToTell,
                };
                ledger.set_aside((id, term), vec![key(WEEK)], aside, at(2)).await.unwrap();
            }
            Verb::Release => ledger.release(vec![(id, term)], at(2)).await.unwrap(),
            Verb::LapseTidy => drop(world.tidy(100).await),
            Verb::SupersedeTidy => {
                ledger.apply(vec![add(LATER, 1, 100)], before()).await.unwrap();
                world.tidy(2).await;
            }
            other => unreachable!("{other:?}"),
        }
    }
}

/// Whether a row says of itself what its state requires.
fn is_sound(row: &Row) -> bool {
    let explained = Reason::ALL.iter().any(|(_, state)| *state == row.state);
    explained == row.reason.is_some()
        && row.reason.is_none_or(|reason| Reason::ALL.contains(&(reason, row.state)))
        && (row.state == Sent) == row.sent_at.is_some()
        && (row.state == Planned || row.not_before.is_none())
        && (row.message_id.is_some() || !matches!(row.state, Claimed | Handed | Sent | Failed | Held))
}

pub async fn every_verb_moves_every_state_as_drawn<F: Fixture>(_: World<F>) {
    for (verb, moves) in DRAWING {
        for from in State::ALL {
            let world = World::<F>::new();
            let hold = bring(&world, from).await;
            act(&world, from, verb, hold).await;
            let to = moves.iter().find(|(state, _)| *state == from).map_or(from, |(_, to)| *to);
            let row = world.row(WEEK).await;
            assert_eq!(row.state, to, "{verb:?} on {from:?}");
            assert!(is_sound(&row), "{verb:?} on {from:?}: {row:#?}");
        }
    }
}

pub async fn only_final_states_are_forgotten<F: Fixture>(_: World<F>) {
    for state in State::ALL {
        let world = World::<F>::new();
        bring(&world, state).await;
        let kept = matches!(state, Planned | Claimed | Handed | Held);
        world.ledger.purge(at(101)).await.unwrap();
        let known = world.ledger.known().await.unwrap();
        assert_eq!(known.iter().any(|row| row.key == key(WEEK)), kept, "{state:?}");
    }
}
