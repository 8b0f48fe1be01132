//! `jalon confirm`: a person says that what is held did arrive.

use clap::Args;

use super::hands::{Selection, Stop, Table, Told};
use super::{Context, Exit};
use crate::diagnostic::{Words, say};
use crate::files::Loaded;
use crate::ledger::{Hand, Ledger as _};
use crate::plan::byhand::confirm;
use crate::plan::row::{Row, State};

/// Say that what is held did arrive: it counts as sent
#[derive(Debug, Args)]
pub struct Confirm {
    #[command(flatten)]
    selection: Selection,
}

impl Confirm {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        self.selection.run(context, false, counted, |table, loaded| self.work(table, loaded))
    }

    async fn work(&self, table: Table, loaded: Loaded) -> Result<Vec<Told>, Stop> {
        let held = |row: &Row| row.state == State::Held;
        let (rows, mut told) = self.selection.rows(&table, &loaded, held).await?;
        for row in &rows {
            if let Err(why) = confirm(row) {
                told.push(table.refused(row, &why));
                continue;
            }
            let key = row.key.clone();
            let done = self.selection.dry_run || table.ledger.by_hand(key, Hand::Confirm, table.now).await?;
            let words = say(
                "arrivé, à votre parole\u{a0}: il compte comme envoyé",
                "it arrived, on your word: it counts as sent",
            );
            told.push(if done { Told { key: row.key.to_string(), words, done } } else { Table::moved(row) });
        }
        Ok(told)
    }
}

fn counted(done: usize) -> Words {
    say(format!("Confirmés\u{a0}: {done}."), format!("Confirmed: {done}."))
}
