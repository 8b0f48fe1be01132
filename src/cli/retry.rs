//! `jalon retry`: what was refused, is held, or was withdrawn by hand is planned again, if it is asked for and of use.

use std::collections::BTreeMap;

use clap::Args;

use super::hands::{Selection, Stop, Table, Told};
use super::{Context, Exit};
use crate::clock::Clock;
use crate::daemon::planner::Planner;
use crate::diagnostic::{Words, say};
use crate::files::Loaded;
use crate::ledger::Ledger as _;
use crate::plan::byhand::Bench;
use crate::plan::row::{Row, State};
use crate::plan::{Key, Wanted};

/// Try again what was refused or is held, or was withdrawn by hand
#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    selection: Selection,
    /// Only those in this state: failed, held or withdrawn [default: failed and held]
    #[arg(long, value_name = "STATE", value_parser = state)]
    state: Option<State>,
}

fn state(text: &str) -> Result<State, String> {
    let may = [State::Failed, State::Held, State::Withdrawn];
    State::parse(text).filter(|state| may.contains(state)).ok_or_else(|| may.map(State::word).join(", "))
}

impl Retry {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let all = self.state.is_some();
        self.selection.run(context, all, counted, |table, loaded| self.work(table, loaded, context))
    }

    async fn work(&self, table: Table, loaded: Loaded, context: &Context) -> Result<Vec<Told>, Stop> {
        let fit = |row: &Row| {
            let given = self.state.map(|state| row.state == state);
            given.unwrap_or(matches!(row.state, State::Failed | State::Held))
        };
        let (rows, mut told) = self.selection.rows(&table, &loaded, fit).await?;
        let config = context.config.clone();
        let planner = Planner::new(table.ledger.clone(), Clock::jumping(table.now), config, loaded);
        let Some((laid, wanted)) = planner.asked().await? else { return Err(Stop::Files) };
        let wanted: BTreeMap<&Key, &Wanted> = wanted.iter().map(|wanted| (&wanted.key, wanted)).collect();
        let bench = Bench {
            rows: &table.rows,
            wanted: &wanted,
            reminders: &laid.reminders,
            postings: &laid.snapshot.postings,
            unusable: &laid.frozen,
            now: table.now,
        };
        for row in &rows {
            told.push(match bench.retry(row) {
                Err(why) => table.refused(row, &why),
                Ok(wanted) => {
                    let done =
                        self.selection.dry_run || table.ledger.retry(wanted.clone(), table.now).await?;
                    if done { planned(&table, row, wanted) } else { Table::moved(row) }
                }
            });
        }
        Ok(told)
    }
}

/// When it leaves, to whom, and whether it may arrive a second time.
fn planned(table: &Table, row: &Row, wanted: &Wanted) -> Told {
    let to = &wanted.email;
    let words = if wanted.due > table.now {
        let due = table.time(wanted.due);
        say(format!("de nouveau prévu, à {to}, le {due}"), format!("planned again, to {to}, for {due}"))
    } else if table.held {
        say(
            format!("repart dans la minute (aux heures d'envoi), à {to}"),
            format!("leaves again within a minute (in the hours of delivery), to {to}"),
        )
    } else {
        say(
            format!("repart au prochain démarrage de jalon, à {to}"),
            format!("leaves again when jalon next starts, to {to}"),
        )
    };
    let twice = if row.in_doubt {
        say(
            "\u{a0}; il était peut-être déjà arrivé\u{a0}: ce serait une copie, du même Message-ID",
            "; it may have arrived already: this would be a copy, with the same Message-ID",
        )
    } else {
        say("", "")
    };
    let words = say(words.fr + &twice.fr, words.en + &twice.en);
    Told { key: row.key.to_string(), words, done: true }
}

fn counted(done: usize) -> Words {
    say(format!("Relancés\u{a0}: {done}."), format!("Retried: {done}."))
}
