//! Pure. `accept = ["…"]`: the warnings that somebody has read and does not want to read again.

use std::collections::BTreeSet;

use super::walk::Table;
use crate::diagnostic::{WARNINGS, nearest, say};

/// Reads `accept`, added to what the house accepts. From here on, the file's reader says nothing of these.
pub(crate) fn accept(table: &Table<'_, '_>, house: &BTreeSet<String>) -> BTreeSet<String> {
    let mut accepted = house.clone();
    for code in table.texts("accept", "[\"past\"]").unwrap_or_default() {
        if WARNINGS.contains(&code.get_ref().as_str()) {
            accepted.insert(code.into_inner());
            continue;
        }
        table.source.warning(
            &code.span(),
            "unknown-accept",
            say(
                format!("aucun avertissement ne s'appelle « {} »", code.get_ref()),
                format!("no warning is called \"{}\"", code.get_ref()),
            ),
            Some(nearest(code.get_ref(), WARNINGS.iter().copied()).map_or_else(
                || {
                    say(
                        format!("choisissez parmi\u{a0}: {}", WARNINGS.join(", ")),
                        format!("choose among: {}", WARNINGS.join(", ")),
                    )
                },
                |near| {
                    say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?"))
                },
            )),
        );
    }
    table.source.accept(&accepted);
    accepted
}
