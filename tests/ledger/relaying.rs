//! Clauses of `relays`, `note_relay`, `count_mail` and `counted_mails`: what outlives a restart of how relays do.

use jalon::ledger::{Ledger as _, StoredRelay};
use jalon::plan::complaint::Complaint;

use crate::world::*;

fn resting(name: &str, until: i64, complaint: Complaint) -> StoredRelay {
    StoredRelay {
        name: name.to_owned(),
        rest_until: Some(at(until)),
        failures: 3,
        trouble: Some((at(until - 5), complaint, "auth: 535 5.7.8 no".to_owned())),
        tried: Some(at(until - 1)),
    }
}

pub async fn a_relay_is_remembered_whole_and_replaced<F: Fixture>(world: World<F>) {
    assert_eq!(world.ledger.relays().await.unwrap(), []);
    for (n, complaint) in (10..).zip(Complaint::ALL) {
        let (two, one) = (resting("two", n, complaint), resting("one", 2 * n, complaint));
        world.ledger.note_relay(two.clone()).await.unwrap();
        world.ledger.note_relay(one.clone()).await.unwrap();
        assert_eq!(world.ledger.relays().await.unwrap(), [one, two]);
    }
    let well =
        StoredRelay { name: "one".to_owned(), rest_until: None, failures: 0, trouble: None, tried: None };
    world.ledger.note_relay(well.clone()).await.unwrap();
    assert_eq!(world.ledger.relays().await.unwrap()[0], well);
}

pub async fn what_a_relay_was_given_is_counted_by_relay_and_in_order<F: Fixture>(world: World<F>) {
    let ledger = &world.ledger;
    for (relay, minute, forget) in [("one", 2, 0), ("one", 1, 0), ("one", 1, 0), ("two", 3, 0), ("one", 4, 2)]
    {
        ledger.count_mail(relay.to_owned(), at(minute), at(forget)).await.unwrap();
    }
    assert_eq!(ledger.counted_mails("one".to_owned(), at(0)).await.unwrap(), [at(2), at(4)]);
    assert_eq!(ledger.counted_mails("one".to_owned(), at(3)).await.unwrap(), [at(4)]);
    assert_eq!(ledger.counted_mails("one".to_owned(), at(4)).await.unwrap(), [at(4)]);
    assert_eq!(ledger.counted_mails("two".to_owned(), at(0)).await.unwrap(), [at(3)]);
    assert!(ledger.counted_mails("none".to_owned(), at(0)).await.unwrap().is_empty());
}

pub async fn a_crash_keeps_how_relays_do<F: Fixture>(world: World<F>) {
    let relay = resting("one", 9, Complaint::Login);
    world.ledger.note_relay(relay.clone()).await.unwrap();
    world.ledger.count_mail("one".to_owned(), at(1), at(0)).await.unwrap();
    let world = world.crash();
    assert_eq!(world.ledger.relays().await.unwrap(), [relay]);
    assert_eq!(world.ledger.counted_mails("one".to_owned(), at(0)).await.unwrap(), [at(1)]);
}
