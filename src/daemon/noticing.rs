//! The notices of a round: what is otherwise now than it was told, what is new, what lapsed, what troubles there are.

use std::collections::BTreeMap;

use super::laying::Laid;
use super::planner::{Planner, Round};
use super::rounds::{count, missing};
use super::troubles::{Signs, operator, troubles};
use crate::ledger::{Ledger, LedgerError, Rows};
use crate::plan::notice::change::{changes, told_already};
use crate::plan::notice::digest::digests;
use crate::plan::notice::episode::episodes;
use crate::plan::notice::refused::refused;
use crate::plan::notice::slip::slips;
use crate::plan::notice::{MISSED, Scene, missed};
use crate::plan::reconcile::Change;
use crate::plan::row::{Row, State};
use crate::plan::{Key, Wanted};
use crate::settings::Mail;

impl<L: Ledger> Planner<L> {
    /// Brings the notices of a last share to what they should be.
    pub(super) async fn notify(&self, laid: &mut Laid, round: &mut Round) -> Result<(), LedgerError> {
        let (notices, vain) = self.notices(laid, round).await?;
        if !vain.is_empty() {
            let vain: Vec<Change> = vain.into_iter().map(Change::Told).collect();
            count(&vain, round);
            self.ledger.apply(vain, laid.now).await?;
            laid.known = self.known_with(laid, &notices).await?;
        } else if laid.of.is_some() {
            let missing = missing(&laid.known, &notices);
            if !missing.is_empty() {
                laid.known.extend(self.ledger.known_of(vec![Rows::Keys(missing)]).await?);
            }
        }
        self.bring_notices(&notices, laid, round).await?;
        let waits =
            |row: &&Row| row.state == State::Planned && row.due > laid.now && !super::planner::early(row);
        round.notice = laid.known.iter().filter(waits).map(|row| row.due).min();
        Ok(())
    }

    /// The notices that the ledger should hold, and those that wait in vain.
    pub(super) async fn notices(
        &self,
        laid: &Laid,
        round: &mut Round,
    ) -> Result<(Vec<Wanted>, Vec<Key>), LedgerError> {
        let Laid { snapshot, reminders, known, now, .. } = laid;
        let now = *now;
        let mut changed = snapshot.histories.changed();
        let told = if changed.next().is_some() { self.ledger.told().await? } else { Vec::new() };
        let lapsed = known.iter().any(|row| row.state == State::Lapsed);
        let untold = if lapsed { self.ledger.untold(now - MISSED).await? } else { Vec::new() };
        let by_key: BTreeMap<&Key, &Row> = known.iter().map(|row| (&row.key, row)).collect();
        let house = &snapshot.settings.house;
        let scene = Scene { postings: &snapshot.postings, house, known: &by_key, now };
        let mut notices = changes(&scene, &snapshot.histories, &told, reminders);
        let vain = told_already(&scene, &notices, &told);
        notices.extend(digests(&scene));
        notices.extend(missed(&scene, &untold));
        notices.extend(refused(&scene));
        notices.extend(slips(&scene, &snapshot.slips));
        let operator = operator(&snapshot.settings);
        let signs = Signs {
            language: operator
                .as_ref()
                .and_then(|operator| operator.language)
                .unwrap_or(house.language)
                .spoken(),
            zone: house.zone,
            problems: &round.problems,
            removed: &round.removed,
            unfollowed: &round.unfollowed,
            refused: &self.files.refused,
            missed: if round.doubted { &round.missed } else { &[] },
            sender: snapshot.settings.mail.as_ref().map_or("", Mail::envelope),
            gone: &round.gone,
            built_in: &self.files.built_in_instead(),
            reminders,
            known,
            felt: self.felt.as_ref(),
            now,
        };
        let troubles = troubles(&signs, &house.directory);
        round.troubles.clone_from(&troubles.present);
        if let Some(operator) = operator {
            notices.extend(episodes(&scene, &operator, &troubles));
        }
        Ok((notices, vain))
    }
}
