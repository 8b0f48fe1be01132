//! `jalon withdraw`: what is planned, held or was skipped is not wanted; only `jalon retry` brings it back.

use clap::Args;

use super::hands::{Selection, Stop, Table, Told};
use super::{Context, Exit};
use crate::diagnostic::{Words, say};
use crate::files::Loaded;
use crate::ledger::{Hand, Ledger as _};
use crate::plan::byhand::withdraw;
use crate::plan::row::{Row, State};

/// Take back what is planned or held: it does not leave, whatever the files say
#[derive(Debug, Args)]
pub struct Withdraw {
    #[command(flatten)]
    selection: Selection,
}

impl Withdraw {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        self.selection.run(context, false, counted, |table, loaded| self.work(table, loaded))
    }

    async fn work(&self, table: Table, loaded: Loaded) -> Result<Vec<Told>, Stop> {
        let open = |row: &Row| matches!(row.state, State::Planned | State::Held);
        let (rows, mut told) = self.selection.rows(&table, &loaded, open).await?;
        for row in &rows {
            if let Err(why) = withdraw(row) {
                told.push(table.refused(row, &why));
                continue;
            }
            let key = row.key.clone();
            let done = self.selection.dry_run || table.ledger.by_hand(key, Hand::Withdraw, table.now).await?;
            told.push(if done { withdrawn(row) } else { Table::moved(row) });
        }
        Ok(told)
    }
}

fn withdrawn(row: &Row) -> Told {
    let words = if row.in_doubt {
        say(
            "retiré\u{a0}: il ne partira pas (ce qui est peut-être déjà parti ne se rattrape pas)",
            "withdrawn: it will not leave (what may have left already cannot be called back)",
        )
    } else {
        say(
            "retiré\u{a0}: il ne partira pas, sauf si quelqu'un lance jalon retry avec cette clé",
            "withdrawn: it will not leave, unless somebody runs jalon retry with this key",
        )
    };
    Told { key: row.key.to_string(), words, done: true }
}

fn counted(done: usize) -> Words {
    say(format!("Retirés\u{a0}: {done}."), format!("Withdrawn: {done}."))
}
