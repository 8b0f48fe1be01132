//! What the benches share: which rows are asked for, interleaved runs, a table of ratios, and the world around a daemon.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "each bench uses its part, and may fail"
)]

pub mod daemon;
pub mod plot;
pub mod sink;

use std::time::{Duration, Instant};

/// Which way a ratio should lie.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// As much as this, or more.
    AtLeast(f64),
    /// No more than this.
    AtMost(f64),
    /// It stands there for orientation.
    None,
}

/// What was asked for on the command line: `cargo bench --bench whole -- P1 P9 --rounds 5 --size 10000 --growth`.
#[derive(Debug)]
pub struct Asked {
    rows: Vec<String>,
    rounds: Option<usize>,
    size: Option<usize>,
    /// Whether tables of growth are wanted.
    pub growth: bool,
}

impl Asked {
    pub fn read() -> Self {
        let mut asked = Self { rows: Vec::new(), rounds: None, size: None, growth: false };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            let mut number = || words.next().and_then(|word| word.parse().ok());
            match word.as_str() {
                "--rounds" => asked.rounds = number(),
                "--size" => asked.size = number(),
                "--growth" => asked.growth = true,
                row if row.starts_with('P') => asked.rows.push(row.to_owned()),
                _ => {} // what cargo adds
            }
        }
        asked
    }

    /// Whether a row is wanted; all are when none is named.
    pub fn wants(&self, row: &str) -> bool {
        self.rows.is_empty() || self.rows.iter().any(|asked| asked == row)
    }

    /// How many rounds, if that was not said.
    pub fn rounds(&self, usual: usize) -> usize {
        self.rounds.unwrap_or(usual).max(1)
    }

    /// How much, if that was not said; several amounts where a table of growth is wanted.
    pub fn sizes(&self, usual: usize, growth: &[usize]) -> Vec<usize> {
        match self.size {
            Some(size) => vec![size],
            None if self.growth => growth.to_vec(),
            None => vec![usual],
        }
    }
}

/// Runs the bare thing and ours by turns, and prints the median of the ratios of neighbours (ours to bare).
pub fn compare(
    row: &str,
    what: &str,
    unit: &str,
    target: Target,
    rounds: usize,
    mut bare: impl FnMut() -> f64,
    mut ours: impl FnMut() -> f64,
) -> (f64, f64) {
    let pairs: Vec<(f64, f64)> = (0..rounds).map(|_| (bare(), ours())).collect();
    print(row, what, unit, target, &pairs)
}

/// Prints a row of pairs (bare, ours) that were measured side by side; returns the median of each.
pub fn print(row: &str, what: &str, unit: &str, target: Target, pairs: &[(f64, f64)]) -> (f64, f64) {
    let ratio = median(pairs.iter().map(|(bare, ours)| ours / bare).collect());
    let low = pairs.iter().map(|(bare, ours)| ours / bare).fold(f64::INFINITY, f64::min);
    let high = pairs.iter().map(|(bare, ours)| ours / bare).fold(0.0, f64::max);
    let bare = median(pairs.iter().map(|(bare, _)| *bare).collect());
    let ours = median(pairs.iter().map(|(_, ours)| *ours).collect());
    let (target, verdict) = match target {
        Target::AtLeast(least) => (format!("≥ {least}"), if ratio >= least { "met" } else { "MISSED" }),
        Target::AtMost(most) => (format!("≤ {most}"), if ratio <= most { "met" } else { "MISSED" }),
        Target::None => (String::new(), ""),
    };
    println!(
        "{row:<4} {what:<52} bare {:>10}  ours {:>10} {unit:<7} ratio {ratio:>6.3} [{low:.3}–{high:.3}, {}] {target:<8} {verdict}",
        short(bare),
        short(ours),
        pairs.len()
    );
    (bare, ours)
}

/// A number in a few characters.
pub fn short(number: f64) -> String {
    match number {
        n if n >= 1000.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.3}"),
    }
}

pub fn median(mut numbers: Vec<f64>) -> f64 {
    percentile(&mut numbers, 50.0)
}

/// A percentile, by the nearest rank.
pub fn percentile(numbers: &mut [f64], percent: f64) -> f64 {
    numbers.sort_by(f64::total_cmp);
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "small"
    )]
    let rank = (percent / 100.0 * numbers.len() as f64).ceil() as usize;
    numbers[rank.clamp(1, numbers.len()) - 1]
}

/// As a number to reckon with.
#[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
pub fn real(count: usize) -> f64 {
    count as f64
}

/// Seconds that some work takes.
pub fn seconds(work: impl FnOnce()) -> f64 {
    let begun = Instant::now();
    work();
    begun.elapsed().as_secs_f64()
}

/// Processor time of a process so far, its threads with it.
pub fn cpu(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10) // Linux counts in hundredths of a second, whatever its own clock
}
