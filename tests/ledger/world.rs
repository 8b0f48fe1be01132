//! What the clauses are written with: a ledger to try, instants, mails-to-be, and short words for the verbs.

use chrono::{DateTime, TimeDelta, Utc};
use jalon::ledger::{Aside, Hand, HandOver, Ledger, Mail, Says, StoredPosting, Turn, Turned};
use jalon::plan::next::{Doubt, Verdict};
use jalon::plan::reconcile::Change;
use jalon::plan::row::{Reason, Row, State};
use jalon::plan::{Key, Wanted};

/// A store under contract.
pub trait Fixture: Send + Sync {
    type Ledger: Ledger;
    /// A place for one ledger, empty.
    fn new() -> Self;
    /// Opens the ledger of that place. Whoever held it before is gone without a word.
    fn open(&self) -> Self::Ledger;
    /// Whether the store can be had here.
    fn here() -> bool {
        true
    }
}

/// Whether a store can be had here; it is said when not.
pub fn is_here<F: Fixture>() -> bool {
    if !F::here() {
        eprintln!("skipped: this store is not to be had here");
    }
    F::here()
}

/// A ledger, and the place where it can be found again.
pub struct World<F: Fixture> {
    pub fixture: F,
    pub ledger: F::Ledger,
}

pub const DOMAIN: &str = "example.org";
/// Of one event: two reminders to Camille, one to Sacha. Of another one: one to Camille.
pub const WEEK: &str = "p/deadline/2026-06-28/-7d/camille";
pub const DAY: &str = "p/deadline/2026-06-28/-1d/camille";
pub const SACHA: &str = "p/deadline/2026-06-28/-7d/sacha";
pub const START: &str = "p/start/2026-08-31/-1d/camille";
/// Notices to Camille, and one to the operator.
pub const DIGEST: &str = "~digest/2026-06-29T08:00/camille";
pub const CHANGE: &str = "~change/p/deadline/2/camille";
pub const NEW: &str = "~new/p/camille";
pub const MISSED: &str = "~missed/2026-07-02/camille";
pub const SLIP: &str = "~slip/p.toml/0a1b2c3d4e5f/1/camille";
pub const OPERATOR: &str = "~operator/relay-rests/1";

/// An instant, in minutes from an arbitrary one.
pub fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap() + TimeDelta::minutes(minutes)
}

/// Long before everything.
pub fn before() -> DateTime<Utc> {
    at(-1_000_000)
}

/// How long a claim lasts: ten minutes.
pub fn lease() -> TimeDelta {
    TimeDelta::minutes(10)
}

pub fn key(text: &str) -> Key {
    Key::from_text(text)
}

/// A mail-to-be of that key, due then, of use until then (in minutes).
pub fn wanted(text: &str, due: i64, late_after: i64) -> Wanted {
    let key = key(text);
    let id = if key.recipient().is_empty() { "admin" } else { key.recipient() }.to_owned();
    Wanted {
        posting: key.posting().to_owned(),
        event: key.event().to_owned(),
        recipient: id.clone(),
        email: format!("{id}@{DOMAIN}"),
        reader: id,
        due: at(due),
        late_after: at(late_after),
        why: "config/jalon.toml:12".to_owned(),
        key,
    }
}

pub fn add(text: &str, due: i64, late_after: i64) -> Change {
    Change::Add(Box::new(wanted(text, due, late_after)), State::Planned)
}

/// The same to another address.
pub fn to(email: &str, mut wanted: Wanted) -> Box<Wanted> {
    email.clone_into(&mut wanted.email);
    Box::new(wanted)
}

/// The same, read by somebody else, at their address.
pub fn read_by(reader: &str, wanted: Wanted) -> Box<Wanted> {
    Box::new(Wanted { reader: reader.to_owned(), email: format!("{reader}@{DOMAIN}"), ..wanted })
}

/// That the row says this revision of the event of its key.
pub fn says(text: &str, revision: u32) -> Says {
    says_of(text, key(text).event(), revision)
}

/// That the row says this revision of an event of `p`.
pub fn says_of(text: &str, event: &str, revision: u32) -> Says {
    Says::Event { key: key(text), posting: "p".to_owned(), event: event.to_owned(), revision }
}

/// That the row says that another one ended.
pub fn ended(text: &str, ended: &str) -> Says {
    Says::End { key: key(text), ended: key(ended) }
}

pub fn posting(id: &str, text: &str) -> StoredPosting {
    let path = format!("config/postings/{id}.toml");
    StoredPosting { id: id.into(), path, text: text.into(), since: at(1), vanished_at: None, accepted: None }
}

pub fn sent() -> Verdict {
    Verdict::Sent { reply: "250 2.0.0 queued".into() }
}

pub fn again(minutes: i64, counted: bool) -> Verdict {
    Verdict::Again { at: at(minutes), counted, reply: "451 later".into() }
}

pub fn never() -> Verdict {
    Verdict::Never { reason: Reason::RecipientRefused, reply: "550 who?".into() }
}

pub fn resend(minutes: i64) -> Verdict {
    Verdict::Doubt { doubt: Doubt::Resend(at(minutes)), reply: "no answer".into() }
}

pub fn hold() -> Verdict {
    Verdict::Doubt { doubt: Doubt::Held(Reason::InDoubt), reply: "no answer".into() }
}

impl<F: Fixture> World<F> {
    pub fn new() -> Self {
        let fixture = F::new();
        let ledger = fixture.open();
        Self { fixture, ledger }
    }

    /// The process dies, and starts again.
    pub fn crash(self) -> Self {
        let Self { fixture, ledger } = self;
        drop(ledger);
        let ledger = fixture.open();
        Self { fixture, ledger }
    }

    /// Plans these: key, due, of use until.
    pub async fn plan(&self, rows: &[(&str, i64, i64)]) {
        let changes = rows.iter().map(|(key, due, late)| add(key, *due, *late)).collect();
        assert_eq!(self.ledger.apply(changes, before()).await.unwrap(), 0);
    }

    /// Applies one change; whether it found its row.
    pub async fn change(&self, change: Change, now: i64) -> bool {
        self.ledger.apply(vec![change], at(now)).await.unwrap() == 0
    }

    pub async fn row(&self, text: &str) -> Row {
        let known = self.ledger.known().await.unwrap();
        known.into_iter().find(|row| row.key == key(text)).unwrap()
    }

    pub async fn state(&self, text: &str) -> (State, Option<Reason>) {
        let row = self.row(text).await;
        (row.state, row.reason)
    }

    pub async fn claim(&self, now: i64) -> Vec<Mail> {
        self.ledger.claim(at(now), lease(), 100, DOMAIN).await.unwrap()
    }

    /// Claims what must be exactly one mail.
    pub async fn claim_one(&self, now: i64) -> Mail {
        let mut mails = self.claim(now).await;
        assert_eq!(mails.len(), 1, "{mails:#?}");
        mails.remove(0)
    }

    pub async fn turn(&self, turn: Turn, now: i64) -> Turned {
        self.ledger.turn(turn, at(now), lease()).await.unwrap()
    }

    pub async fn hand(&self, mail: &Mail, now: i64) -> Vec<Key> {
        self.hand_saying(mail, vec![], now).await
    }

    pub async fn hand_saying(&self, mail: &Mail, says: Vec<Says>, now: i64) -> Vec<Key> {
        let turn = Turn::hand(HandOver { says, ..over(mail) });
        self.turn(turn, now).await.handed.concat()
    }

    pub async fn settle(&self, mail: &Mail, verdict: Verdict, now: i64) -> bool {
        let turn = Turn::settle(mail.message_id.clone(), mail.term, verdict);
        self.turn(turn, now).await.settled == [true]
    }

    /// Claims one mail and hands it.
    pub async fn claim_and_hand(&self, now: i64) -> Mail {
        let mail = self.claim_one(now).await;
        assert_eq!(self.hand(&mail, now).await, keys(&mail));
        mail
    }

    /// Claims one mail, hands it, and settles it.
    pub async fn attempt(&self, verdict: Verdict, now: i64) -> Mail {
        let mail = self.claim_and_hand(now).await;
        assert!(self.settle(&mail, verdict, now).await);
        mail
    }

    pub async fn release(&self, mail: &Mail, now: i64) {
        self.ledger.release(vec![(mail.message_id.clone(), mail.term)], at(now)).await.unwrap();
    }

    /// Puts rows of a mail aside.
    pub async fn aside(&self, mail: &Mail, texts: &[&str], aside: Aside, now: i64) {
        let (claim, keys) =
            ((mail.message_id.clone(), mail.term), texts.iter().map(|text| key(text)).collect());
        self.ledger.set_aside(claim, keys, aside, at(now)).await.unwrap();
    }

    pub async fn by_hand(&self, text: &str, hand: Hand, now: i64) -> bool {
        self.ledger.by_hand(key(text), hand, at(now)).await.unwrap()
    }

    pub async fn tidy(&self, now: i64) -> Vec<(Key, State)> {
        self.ledger.tidy(at(now)).await.unwrap()
    }
}

/// The keys of a mail.
pub fn keys(mail: &Mail) -> Vec<Key> {
    mail.rows.iter().map(|row| row.key.clone()).collect()
}

/// A mail about to leave, which says nothing that counts.
pub fn over(mail: &Mail) -> HandOver {
    HandOver { message_id: mail.message_id.clone(), term: mail.term, says: vec![] }
}
