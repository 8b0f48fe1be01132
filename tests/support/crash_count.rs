//! What became of every reminder after many crashes, by what the ledger says and by what the relay took; and where the
//! daemon was when it died.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jalon::plan::row::{Row, State};
use serde_json::Value;

use super::crash_world::Asked;
use super::slow_relay::Dot;

/// Where a daemon was with its mail when it died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Claimed, by the ledger, and none handed.
    Claimed,
    /// Handed, by the ledger; the relay read no dot.
    Handed,
    /// The relay read the dot, and did not answer.
    Dot,
    /// The relay answered; the ledger does not know.
    Answered,
}

impl Phase {
    pub const ALL: [Self; 4] = [Self::Claimed, Self::Handed, Self::Dot, Self::Answered];

    pub fn words(self) -> &'static str {
        match self {
            Self::Claimed => "claimed, before the hand",
            Self::Handed => "handed, before the dot",
            Self::Dot => "after the dot, before the answer",
            Self::Answered => "after the answer, before settle",
        }
    }
}

/// A mail in hand that a kill met.
#[derive(Clone, Debug)]
pub struct Kill {
    pub life: u32,
    pub phase: Phase,
    /// The mail that was handed, if one was.
    pub handed: Option<String>,
    /// The keys of the handed rows, or of the claimed ones.
    pub keys: Vec<String>,
}

/// Where a daemon was, with each mail that was handed, that died in this life, after it had called the relay; none: no mail
/// was in hand.
pub fn found(life: u32, left: &[Row], dots: &[Dot]) -> Vec<Kill> {
    let mut handed: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in left.iter().filter(|row| row.state == State::Handed) {
        handed.entry(row.message_id.as_deref().unwrap()).or_default().push(row.key.to_string());
    }
    if handed.is_empty() {
        let claimed = left.iter().filter(|row| row.state == State::Claimed);
        let keys: Vec<_> = claimed.map(|row| row.key.to_string()).collect();
        let kill = Kill { life, phase: Phase::Claimed, handed: None, keys };
        return if kill.keys.is_empty() { Vec::new() } else { vec![kill] };
    }
    let kills = handed.into_iter().map(|(id, keys)| {
        let dot = dots.iter().rfind(|dot| dot.life == life && dot.message_id == id);
        let phase = match dot {
            None => Phase::Handed,
            Some(dot) if dot.answered => Phase::Answered,
            Some(_) => Phase::Dot,
        };
        Kill { life, phase, handed: Some(id.to_owned()), keys }
    });
    kills.collect()
}

/// What was counted in one world, or in several.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// By phase: kills, reminders lost, copies that followed, doubts that no copy followed.
    pub by_phase: BTreeMap<Phase, [u64; 4]>,
    /// Kills that met no mail in hand.
    pub idle: u64,
    /// Reminders that fell due; that the relay took once; more than once; held rows that it took; that it did not.
    pub due: u64,
    pub once: u64,
    pub copied: u64,
    pub held_taken: u64,
    pub held_untaken: u64,
    /// Everything that is not as promised.
    pub faults: Vec<String>,
}

impl Count {
    pub fn add(&mut self, other: Self) {
        for (phase, counts) in other.by_phase {
            let sums = self.by_phase.entry(phase).or_default();
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        self.idle += other.idle;
        self.due += other.due;
        self.once += other.once;
        self.copied += other.copied;
        self.held_taken += other.held_taken;
        self.held_untaken += other.held_untaken;
        self.faults.extend(other.faults);
    }

    pub fn kills(&self) -> u64 {
        self.by_phase.values().map(|counts| counts[0]).sum()
    }

    /// A table for people.
    pub fn table(&self, title: &str) -> String {
        let line = |name: &str, [kills, lost, copies, doubts]: [u64; 4]| {
            format!("{name:<36}{kills:>8}{lost:>8}{copies:>8}{doubts:>24}\n")
        };
        let mut text =
            format!("{title:<36}{:>8}{:>8}{:>8}{:>24}\n", "kills", "lost", "copies", "doubts without a copy");
        let mut sums = [0; 4];
        for phase in Phase::ALL {
            let counts = self.by_phase.get(&phase).copied().unwrap_or_default();
            text.push_str(&line(phase.words(), counts));
            for (sum, count) in sums.iter_mut().zip(counts) {
                *sum += count;
            }
        }
        text.push_str(&line("together", sums));
        writeln!(
            text,
            "{} reminders due: {} taken once, {} more often, {} held and taken, {} held and not taken; {} faults\n({} more kills met no mail in hand, and count for nothing)",
            self.due,
            self.once,
            self.copied,
            self.held_taken,
            self.held_untaken,
            self.faults.len(),
            self.idle
        )
        .unwrap();
        text
    }
}

/// Compares what was asked for with `jalon history` and with what the relay took.
pub fn count(asked: &[Asked], history: &[Value], dots: &[Dot], kills: &[Kill], holds: bool) -> Count {
    let mut count = Count::default();
    let taken: Vec<&Dot> = dots.iter().filter(|dot| dot.taken).collect();
    for kill in kills {
        let sums = count.by_phase.entry(kill.phase).or_default();
        sums[0] += 1;
        if let Some(id) = &kill.handed {
            let left = taken.iter().any(|dot| dot.life == kill.life && dot.message_id == *id);
            let again = taken.iter().any(|dot| dot.life > kill.life && dot.message_id == *id);
            sums[if left && again { 2 } else { 3 }] += 1;
        }
    }
    let rows: BTreeMap<&str, &Value> =
        history.iter().map(|row| (row["key"].as_str().unwrap(), row)).collect();
    let known: BTreeSet<&str> = history.iter().filter_map(|row| row["message_id"].as_str()).collect();
    for dot in &taken {
        if !known.contains(dot.message_id.as_str()) {
            count.faults.push(format!("the relay took {}, which history does not have", dot.message_id));
        }
    }
    for asked in asked {
        let mut hit = kills.iter().filter(|kill| kill.keys.contains(&asked.key));
        let doubts = hit.clone().filter(|kill| kill.handed.is_some()).count();
        let copies: Vec<&&Dot> = taken.iter().filter(|dot| dot.text.contains(&asked.mark)).collect();
        let fault = match rows.get(asked.key.as_str()) {
            Some(row) => fault(asked, row, &copies, doubts, holds),
            None => Some("LOST: history does not have it".to_owned()),
        };
        let state = rows.get(asked.key.as_str()).map_or("", |row| row["state"].as_str().unwrap());
        count.due += 1;
        *match (state, copies.len()) {
            ("held", 0) => &mut count.held_untaken,
            ("held", _) => &mut count.held_taken,
            (_, 0 | 1) => &mut count.once,
            _ => &mut count.copied,
        } += 1;
        if let Some(fault) = fault {
            if let Some(kill) = hit.next_back().filter(|_| fault.starts_with("LOST")) {
                count.by_phase.entry(kill.phase).or_default()[1] += 1;
            }
            let ids: Vec<&str> = copies.iter().map(|dot| dot.message_id.as_str()).collect();
            count.faults.push(format!("{}: {fault} (taken as {ids:?})", asked.key));
        }
    }
    count
}

/// What is not as promised with one reminder.
fn fault(asked: &Asked, row: &Value, copies: &[&&Dot], doubts: usize, holds: bool) -> Option<String> {
    let state = row["state"].as_str().unwrap();
    let counted = usize::try_from(row["doubts"].as_u64().unwrap()).unwrap();
    let says = |fault: &str| Some(format!("{fault}; history says {row}"));
    if row["email"] != asked.email.as_str() || copies.iter().any(|dot| dot.to != asked.email) {
        return says("it went to somebody else");
    }
    if copies.iter().any(|dot| row["message_id"] != dot.message_id.as_str()) {
        return says("it left under another Message-ID");
    }
    if counted != doubts {
        return says(&format!("{doubts} kills met it handed, and the doubts are otherwise"));
    }
    if copies.len() > 1 + counted {
        return says("COPY without a doubt");
    }
    if holds && copies.len() > 1 {
        return says("COPY although doubts are held");
    }
    match state {
        "sent" if copies.is_empty() => says("LOST: sent, and the relay never took it"),
        "sent" if row["sent_at"].is_null() || row["in_doubt"] == true => says("sent, and not told so"),
        // Held by the setting, or by the sixth doubt.
        "held" if counted == 0 || !(holds || counted >= 6) => says("held without a reason"),
        "sent" | "held" => None,
        _ => says("LOST: neither sent nor held"),
    }
}
