//! Recipients refused one after the other: whether it is they that are refused, or we. Pure but for its memory, which a
//! restart empties.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use crate::ledger::Mail;
use crate::plan::Key;
use crate::plan::next::{Next, Relay, Verdict};
use crate::plan::outcome::{Outcome, Phase};

/// So many recipients refused in a row with one code, and it is we who are refused, not they.
const IN_A_ROW: usize = 3;

/// How long a relay rests that refuses us so.
const REST: TimeDelta = TimeDelta::minutes(15);

/// What is remembered of refused recipients.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Refused for good one after the other, with one code.
    row: Vec<Refusal>,
    /// Addresses refused so whose mails were planned again.
    second_chance: BTreeSet<String>,
    /// Those of them that it is about: the relay took another mail since.
    truly_refused: BTreeSet<String>,
    /// With which code the relay refused us when it last began to rest for that.
    everybody: Option<u16>,
}

#[derive(Debug)]
struct Refusal {
    code: u16,
    email: String,
    message_ids: Vec<String>,
    keys: Vec<Key>,
}

/// What was refused for nothing.
#[derive(Debug, Default)]
pub(super) struct Undone {
    /// Rows that failed and are to be planned again.
    pub again: Vec<Key>,
    /// The mails, to be tried last: others show whether the relay takes any mail of ours.
    pub message_ids: Vec<String>,
}

impl Refusals {
    /// Takes note of what came of a mail. Three addresses refused for good in a row, with one code: the relay refuses us.
    /// It rests, and their rows are planned again: this one's by its verdict, those of the others as is returned. One
    /// address that is refused three times says nothing of the relay; nor do addresses that are refused again after it
    /// took another mail: they are refused.
    ///
    /// A mail is `late` that was begun before the relay began to rest: its refusal is one more of those for which it
    /// rests, and that it was taken says nothing of them.
    pub(super) fn heed(
        &mut self,
        outcome: &Outcome,
        next: &mut Next,
        mail: &Mail,
        keys: &[Key],
        late: bool,
        now: DateTime<Utc>,
    ) -> Undone {
        if matches!(outcome, Outcome::Accepted(_)) && !late {
            self.truly_refused.append(&mut self.second_chance);
            self.truly_refused.remove(&mail.email);
        }
        let (Outcome::Refused(Phase::Recipient, reply), Verdict::Never { reply: said, .. }) =
            (outcome, &next.verdict)
        else {
            self.row.clear();
            return Undone::default();
        };
        if self.truly_refused.contains(&mail.email) {
            return Undone::default();
        }
        if late && self.everybody == Some(reply.code) {
            next.verdict = Verdict::Again { at: now, counted: false, reply: said.clone() };
            self.second_chance.insert(mail.email.clone());
            return Undone { again: Vec::new(), message_ids: vec![mail.message_id.clone()] };
        }
        self.row.retain(|refusal| refusal.code == reply.code);
        if let Some(known) = self.row.iter_mut().find(|refusal| refusal.email == mail.email) {
            known.message_ids.push(mail.message_id.clone());
            known.keys.extend_from_slice(keys);
        } else {
            self.row.push(Refusal {
                code: reply.code,
                email: mail.email.clone(),
                message_ids: vec![mail.message_id.clone()],
                keys: keys.to_vec(),
            });
        }
        if self.row.len() < IN_A_ROW {
            return Undone::default();
        }
        self.everybody = Some(reply.code);
        next.verdict = Verdict::Again { at: now, counted: false, reply: said.clone() };
        next.relay = Relay::Rests(now + REST);
        let mut undone = Undone::default();
        for refusal in std::mem::take(&mut self.row) {
            undone.again.extend(refusal.keys.into_iter().filter(|key| !keys.contains(key)));
            undone.message_ids.extend(refusal.message_ids);
            self.second_chance.insert(refusal.email);
        }
        undone
    }
}
