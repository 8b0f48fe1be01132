//! `jalon explain`: « Why did I (not) get this mail? »

pub mod page;
pub mod record;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use clap::Args;

use super::{Context, Exit, fail, ledger_path, now_of, out, report};
use crate::calendar::read::last_good_posting;
use crate::calendar::{Posting, named};
use crate::diagnostic::{Language, Words, nearest, say};
use crate::files::{self, Loaded};
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger as _, LedgerError, StoredPosting};
use crate::plan::row::Row;
use crate::settings::Settings;
use page::{Asked, page};

/// Why a reminder came, or did not
#[derive(Debug, Args)]
pub struct Explain {
    /// The posting's id
    posting: String,
    /// One of its events, such as deadline or interview:premier-tour [default: all]
    event: Option<String>,
    /// To this person or address only
    #[arg(long, value_name = "PERSON")]
    to: Option<String>,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

/// What a ledger holds.
type Kept = (Vec<Row>, Vec<StoredPosting>);

impl Explain {
    /// Runs the command. It reads beside a running daemon, and changes nothing.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let Some(settings) = &loaded.settings else {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        };
        let mut now = context.clock.now();
        let (kept, mut text) = match self.remembered(settings, context, language) {
            Ok((there, kept)) => {
                now = there;
                (Some(kept), String::new())
            }
            Err(error) => {
                let words = say(
                    format!("Sans registre, voici ce que les fichiers demandent ({}).", french(&error)),
                    format!("Without a ledger, this is what the files ask for ({error})."),
                );
                (None, format!("{}\n", words.say(language)))
            }
        };
        let rows: Option<&[Row]> = kept.as_ref().map(|(rows, _)| rows.as_slice());
        let stored = kept.as_ref().map_or(&[][..], |(_, stored)| stored.as_slice());
        let last_good = self.last_good(&loaded, stored, settings);
        let found = loaded.folder.postings.iter().find(|posting| posting.id == self.posting);
        let posting = found.or(last_good.as_ref());
        if let Err(words) = self.known(&loaded, posting, rows, stored) {
            return fail(Exit::Usage, language, &words);
        }
        let broken = loaded.folder.broken.iter().any(|file| file.id.as_deref() == Some(&self.posting));
        if found.is_none() && (broken || last_good.is_some()) {
            report(&loaded.problems, false, language);
            let words = if last_good.is_some() {
                say(
                    "Le fichier ne peut pas être lu\u{a0}: sa dernière version correcte reste en vigueur.",
                    "The file cannot be used: its last good version stays in force.",
                )
            } else {
                say(
                    "Le fichier ne peut pas être lu, et aucune version correcte n'en est connue.",
                    "The file cannot be used, and no good version of it is known.",
                )
            };
            text.push_str(&format!("{}\n", words.say(language)));
        }
        let teams = posting.map(|posting| teams(&loaded, posting, settings)).unwrap_or_default();
        text.push_str(&page(&Asked {
            id: &self.posting,
            posting,
            settings,
            rows,
            event: self.event.as_deref(),
            to: self.to.as_deref(),
            teams: &teams,
            now,
            language,
        }));
        match out(&text) {
            Exit::Done if broken => Exit::Configuration,
            exit => exit,
        }
    }

    fn remembered(
        &self,
        settings: &Settings,
        context: &Context,
        language: Language,
    ) -> Result<(DateTime<Utc>, Kept), LedgerError> {
        let ledger = SqliteLedger::read(&ledger_path(self.ledger.as_deref(), Some(settings))?)?;
        super::wait(async {
            let now = now_of(&ledger, context, Some(settings), language).await?;
            Ok((now, (ledger.known().await?, ledger.postings().await?)))
        })
    }

    /// The last good version, where the files have none that can be used.
    fn last_good(&self, loaded: &Loaded, stored: &[StoredPosting], settings: &Settings) -> Option<Posting> {
        let there = loaded.folder.postings.iter().any(|posting| posting.id == self.posting);
        let kept = stored.iter().find(|posting| posting.id == self.posting).filter(|_| !there)?;
        last_good_posting(&kept.path, &kept.id, &kept.text, &settings.house).posting
    }

    /// Whether what is asked about is known; otherwise what was perhaps meant.
    fn known(
        &self,
        loaded: &Loaded,
        posting: Option<&Posting>,
        rows: Option<&[Row]>,
        stored: &[StoredPosting],
    ) -> Result<(), Words> {
        let rows = rows.unwrap_or_default();
        let mut ids: BTreeSet<&str> = rows.iter().map(|row| row.key.posting()).collect();
        ids.extend(loaded.folder.postings.iter().map(|posting| posting.id.as_str()));
        ids.extend(loaded.folder.broken.iter().filter_map(|file| file.id.as_deref()));
        ids.extend(stored.iter().map(|posting| posting.id.as_str()));
        ids.remove("");
        unknown(&self.posting, &ids, |id| {
            (format!("aucune fiche « {id} »"), format!("no posting \"{id}\""))
        })?;
        if let Some(event) = &self.event {
            let of = rows.iter().filter(|row| row.key.posting() == self.posting);
            let mut ids: BTreeSet<&str> = of.map(|row| row.key.event()).collect();
            ids.extend(posting.iter().flat_map(|posting| &posting.events).map(|event| event.id.as_str()));
            ids.remove("");
            let id = &self.posting;
            unknown(event, &ids, |event| {
                (format!("aucune étape « {event} » dans {id}"), format!("no event \"{event}\" in {id}"))
            })?;
        }
        let Some(to) = &self.to else { return Ok(()) };
        let people = loaded.settings.iter().flat_map(|settings| settings.house.directory.people.values());
        let mut ids: BTreeSet<&str> = named(posting.map(std::slice::from_ref).unwrap_or_default());
        let mut emails: BTreeSet<String> = BTreeSet::new();
        for person in people {
            ids.insert(&person.id);
            emails.insert(person.email.to_lowercase());
        }
        for row in rows.iter().filter(|row| row.key.posting() == self.posting) {
            ids.extend([row.key.recipient(), row.reader.as_str()]);
            emails.insert(row.email.to_lowercase());
        }
        if emails.contains(&to.to_lowercase()) {
            return Ok(());
        }
        ids.extend(emails.iter().map(String::as_str).filter(|_| to.contains('@')));
        ids.remove("");
        unknown(to, &ids, |to| {
            (format!("personne ne s'appelle « {to} » ici"), format!("nobody here is called \"{to}\""))
        })
    }
}

/// `Err`, with the nearest name, when a name is none of these.
fn unknown(
    name: &str,
    names: &BTreeSet<&str>,
    sentence: impl Fn(&str) -> (String, String),
) -> Result<(), Words> {
    if names.contains(name) {
        return Ok(());
    }
    let (mut fr, mut en) = sentence(name);
    if let Some(near) = nearest(name, names.iter().copied()) {
        fr += &format!("\u{a0}; vouliez-vous dire « {near} »\u{a0}?");
        en += &format!("; did you mean \"{near}\"?");
    }
    Err(say(fr, en))
}

/// By which team of a posting's `recruiters` somebody is reached who is not named there.
fn teams(loaded: &Loaded, posting: &Posting, settings: &Settings) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let text = loaded.texts.iter().find(|text| text.file == posting.file);
    let table = text.and_then(|text| text.contents.as_deref().ok()?.parse::<toml::Table>().ok());
    let names = table.as_ref().and_then(|table| table.get("recruiters")?.as_array()).into_iter().flatten();
    for name in names.filter_map(|name| name.as_str()) {
        let mut reached = Vec::new();
        if settings.house.directory.resolve(name, &mut reached).is_err() {
            continue;
        }
        let is_team = settings.house.directory.teams.contains_key(name);
        for one in reached {
            let by = if is_team { name } else { "" };
            found.entry(one.id).or_insert_with(|| by.to_owned());
        }
    }
    found.retain(|_, team: &mut String| !team.is_empty());
    found
}

fn french(error: &LedgerError) -> String {
    match error {
        LedgerError::Missing { ledger } => format!("{ledger} n'existe pas encore"),
        LedgerError::Unusable { ledger, .. } => format!("{ledger} ne peut pas être lu"),
        LedgerError::Newer { ledger, .. } => format!("{ledger} est d'un jalon plus récent"),
        LedgerError::Address { url } => format!("{url} n'est pas l'adresse d'un registre"),
        LedgerError::Busy { ledger } | LedgerError::Stamp { ledger, .. } => {
            format!("{ledger} est tenu par un autre jalon")
        }
    }
}
