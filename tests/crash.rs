//! The real daemon against a slow relay, killed at random moments while reminders keep falling due: none is lost, and
//! none is doubled without a doubt that was counted. `tests/crash` runs the same for as long as one likes.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

#[path = "support/crash_count.rs"]
mod crash_count;
#[path = "support/crash_world.rs"]
mod crash_world;
#[path = "support/slow_relay.rs"]
mod slow_relay;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crash_count::{Count, count, found};
use crash_world::{LIMIT, Size, World};
use slow_relay::{Dice, Moment, Relay};

/// How much falls due in the world of a seed: in every other pair of worlds the relay has four lines, else one.
fn size(seed: u64) -> Size {
    Size {
        people: 40,
        seconds: 20,
        a_second: 16,
        connections: if (seed / 2).is_multiple_of(2) { 4 } else { 1 },
    }
}

/// The relay waits up to so many microseconds before each answer.
const SLOW: u64 = 6000;

/// Worlds side by side: a daemon mostly waits, for its relay and for the disk.
const LANES: u64 = 4;

/// When to kill.
#[derive(Debug)]
enum Aim {
    /// So many microseconds after the start, whatever the daemon is about.
    Blind(u64),
    /// So many microseconds after a moment was reached so often.
    At(Moment, u64, u64),
}

fn aim(dice: &mut Dice) -> Aim {
    const MOMENTS: [Moment; 7] = [
        Moment::Connected,
        Moment::Ehlo,
        Moment::Mail,
        Moment::Rcpt,
        Moment::Data,
        Moment::Dot,
        Moment::Answered,
    ];
    if dice.below(10) == 0 {
        return Aim::Blind(dice.below(200_000));
    }
    // A quarter has no aim but a time. What is over in a moment is aimed at most.
    let moment = match dice.below(16) {
        0..4 => return Aim::At(Moment::Connected, 1, dice.below(150_000)),
        4..8 => Moment::Answered,
        8..12 => Moment::Dot,
        _ => MOMENTS[usize::try_from(dice.below(7)).unwrap()],
    };
    let once = matches!(moment, Moment::Connected | Moment::Ehlo);
    let nth = if once { 1 } else { 1 + dice.below(4) };
    Aim::At(moment, nth, dice.below(if moment == Moment::Answered { 2500 } else { SLOW }))
}

/// Kills the daemon of one world again and again, as long as reminders fall due and `more` kills are wanted; then has
/// it finish, and counts.
fn campaign(seed: u64, in_doubt: &str, more: impl Fn(u64) -> bool) -> Count {
    let folder = tempfile::Builder::new().prefix("jalon-crash-").tempdir().unwrap();
    let relay = Relay::start(seed, SLOW);
    let world = World::found(folder.path(), relay.port, in_doubt, size(seed));
    let mut dice = Dice(!seed);
    let lines = usize::try_from(size(seed).connections).unwrap();
    let (mut kills, mut idle, mut life, mut crowds) = (Vec::new(), 0, 0, Vec::new());
    while world.goes_on() && more(0) {
        life += 1;
        relay.begin(life);
        let daemon = world.daemon(None);
        let called = match aim(&mut dice) {
            Aim::Blind(wait) => {
                std::thread::sleep(Duration::from_micros(wait));
                relay.next(Duration::ZERO).is_some()
            }
            Aim::At(moment, nth, wait) => {
                let begun = relay.reached(Moment::Connected, 1, LIMIT);
                let nth = if moment == Moment::Connected { 0 } else { nth };
                // When there are fewer mails than that, it dies idle.
                relay.reached(moment, nth, Duration::from_millis(500));
                std::thread::sleep(Duration::from_micros(wait));
                begun
            }
        };
        daemon.kill();
        relay.quiet();
        let met = found(life, &world.left(), &relay.dots());
        if met.len() > lines {
            crowds
                .push(format!("life {life}: {} mails in doubt, and the relay has {lines} lines", met.len()));
        }
        if called && !met.is_empty() {
            more(met.len().try_into().unwrap());
            kills.extend(met);
        } else {
            idle += 1;
        }
    }
    relay.begin(life + 1);
    relay.pace(0);
    world.drain();
    relay.quiet();
    let mut count = count(&world.asked, &world.history(), &relay.dots(), &kills, in_doubt == "hold");
    count.idle = idle;
    count.faults.extend(crowds);
    if !count.faults.is_empty() {
        let kept = folder.keep();
        count.faults.push(format!(
            "everything is left in {}; again: tests/crash --seed {seed} --in-doubt {in_doubt} --kills {}",
            kept.display(),
            kills.len()
        ));
    }
    count
}

/// Campaigns until so many kills met a mail in hand; `policies` take turns.
fn campaigns(seed: u64, policies: &[&str], wanted: u64) -> Vec<(String, Count)> {
    let (done, next) = (AtomicU64::new(0), AtomicU64::new(0));
    let counts = Mutex::new(policies.iter().map(|policy| ((*policy).to_owned(), Count::default())).collect());
    let more = |kills| done.fetch_add(kills, Ordering::SeqCst) + kills < wanted;
    std::thread::scope(|scope| {
        for _ in 0..LANES.min(wanted.div_ceil(25)) {
            scope.spawn(|| {
                while more(0) {
                    let world = next.fetch_add(1, Ordering::SeqCst);
                    let at = usize::try_from(world).unwrap() % policies.len();
                    let found = campaign(seed + world, policies[at], more);
                    let mut counts: std::sync::MutexGuard<'_, Vec<(String, Count)>> = counts.lock().unwrap();
                    counts[at].1.add(found);
                    let kills: u64 = counts.iter().map(|(_, count)| count.kills()).sum();
                    eprintln!("{kills} kills after {} worlds", world + 1);
                }
            });
        }
    });
    counts.into_inner().unwrap()
}

fn judge(counts: &[(String, Count)]) {
    let mut faults = Vec::new();
    for (policy, count) in counts {
        println!("{}", count.table(&format!("in_doubt = \"{policy}\"")));
        faults.extend_from_slice(&count.faults);
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn two_hundred_kills_lose_nothing_and_double_nothing_in_silence() {
    let counts = campaigns(1, &["resend", "hold"], 200);
    judge(&counts);
    assert!(counts.iter().map(|(_, count)| count.kills()).sum::<u64>() >= 200);
    // A campaign whose kills miss the moments that matter would prove nothing.
    let copies: u64 =
        counts.iter().flat_map(|(_, count)| count.by_phase.values()).map(|[_, _, copies, _]| copies).sum();
    assert!(copies > 0);
}

/// `tests/crash`: as many kills, of that seed, by that setting, as the environment says.
#[test]
#[ignore = "as long as one likes: tests/crash runs it"]
fn a_campaign() {
    let number = |name| std::env::var(name).unwrap().parse().unwrap();
    let (kills, seed) = (number("JALON_CRASH_KILLS"), number("JALON_CRASH_SEED"));
    let counts = match std::env::var("JALON_CRASH_IN_DOUBT").unwrap().as_str() {
        "both" => campaigns(seed, &["resend", "hold"], kills),
        policy => campaigns(seed, &[policy], kills),
    };
    judge(&counts);
}
