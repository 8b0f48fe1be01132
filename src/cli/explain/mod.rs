//! `jalon explain`: « Why did I (not) get this mail? »

mod chain;
pub mod names;
pub mod page;
pub mod record;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use clap::Args;

use super::{Context, Exit, fail, in_force, ledger_place, now_of, out, report};
use crate::calendar::read::Broken;
use crate::calendar::{Event, Posting, To};
use crate::clock::Clock;
use crate::daemon::planner::{Laid, Memory, Planner};
use crate::diagnostic::{Language, Problem, Words, say};
use crate::files::Loaded;
use crate::ledger::store::Store;
use crate::ledger::{LedgerError, StoredPosting};
use crate::plan::row::Row;
use crate::plan::told::Histories;
use crate::settings::Settings;
use names::{Named, What, Whom, which, whom};
use page::{Asked, File, page};

/// Why a reminder came, or did not
#[derive(Debug, Args)]
pub struct Explain {
    /// The posting: its id, its title, its file, or a part of them
    posting: String,
    /// One of its events, in whole: deadline, interview:premier-tour, or its name [default: all, in short]
    event: Option<String>,
    /// To this person, team or address only
    #[arg(long, value_name = "PERSON")]
    to: Option<String>,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

impl Explain {
    /// Runs the command. It reads beside a running daemon, and changes nothing.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let in_force = in_force::load(&context.config, self.ledger.as_deref());
        let language = context.speak(&in_force.loaded);
        let jalon_toml = context.config.join("jalon.toml").display().to_string();
        let Some(settings) = in_force.loaded.settings.clone() else {
            let of_it: Vec<Problem> =
                in_force.loaded.problems.into_iter().filter(|problem| problem.file == jalon_toml).collect();
            report(&of_it, false, language);
            return Exit::Configuration;
        };
        in_force.warn(language);
        let (memory, now, without) = match self.remembered(&settings, context, language) {
            Ok((now, memory)) => (memory, now, None),
            Err(error) => (Memory::default(), context.clock.now(), Some(without(&error))),
        };
        let stored = memory.stored.clone();
        let clock = Clock::jumping(now);
        let mut planner = Planner::new((), clock, context.config.clone(), in_force.loaded);
        let Some(laid) = planner.decide(memory, now) else { return Exit::Configuration };
        let loaded = &planner.files().loaded;
        let world = World { laid: &laid, loaded, stored: &stored };
        let question = match self.understood(&world, language) {
            Ok(question) => question,
            Err(words) => return fail(Exit::Usage, language, &words),
        };
        report(&world.problems(&question, &jalon_toml), false, language);
        let text = without.as_ref().map(|words| format!("{}\n", words.say(language))).unwrap_or_default();
        let teams = question.posting.map(|posting| teams(loaded, posting, &laid.snapshot.settings));
        let answer = page(&Asked {
            id: &question.id,
            posting: question.posting,
            file: &question.file,
            settings: &laid.snapshot.settings,
            rows: without.is_none().then_some(laid.known.as_slice()),
            histories: &laid.snapshot.histories,
            event: question.event.as_deref(),
            to: question.to.as_ref(),
            teams: &teams.unwrap_or_default(),
            now,
            language,
        });
        match (out(&(text + &answer)), &question.file) {
            (Exit::Done, File::NeverGood(_)) => Exit::Configuration,
            (exit, _) => exit,
        }
    }

    fn remembered(
        &self,
        settings: &Settings,
        context: &Context,
        language: Language,
    ) -> Result<(DateTime<Utc>, Memory), LedgerError> {
        let ledger = Store::read(&ledger_place(self.ledger.as_deref(), Some(settings), &context.config)?)?;
        super::wait(async {
            let now = now_of(&ledger, context, Some(settings), language).await?;
            Ok((now, Memory::of(&ledger).await?))
        })
    }

    /// What is asked, by the names that things have; otherwise what there is.
    fn understood<'a>(&self, world: &World<'a>, language: Language) -> Result<Question<'a>, Words> {
        let id = which(&self.posting, &world.postings(), What::Posting)?.id.clone();
        let posting = world.laid.snapshot.postings.get(&id);
        let rows: Vec<&Row> = world.laid.known.iter().filter(|row| row.key.posting() == id).collect();
        let event = match &self.event {
            Some(name) => Some(which(name, &events(posting, &rows, language), What::Event(&id))?.id.clone()),
            None => None,
        };
        let directory = &world.laid.snapshot.settings.house.directory;
        let others = others(posting, &rows);
        let to = self.to.as_ref().map(|name| whom(name, directory, &others)).transpose()?;
        let file = world.file(&id, posting);
        Ok(Question { id, posting, file, event, to })
    }
}

/// What is asked.
struct Question<'a> {
    id: String,
    posting: Option<&'a Posting>,
    file: File,
    event: Option<String>,
    to: Option<Whom>,
}

/// What the files and the ledger have.
struct World<'a> {
    laid: &'a Laid,
    loaded: &'a Loaded,
    stored: &'a [StoredPosting],
}

impl World<'_> {
    /// Every posting that can be asked about: in force, wrong, or only in the ledger.
    fn postings(&self) -> Vec<Named> {
        let mut found: BTreeMap<String, Named> = BTreeMap::new();
        let mut add = |id: &str, title: Option<&str>, file: Option<&str>| {
            let others = title.iter().chain(&file).map(|text| (*text).to_owned()).collect();
            let shown = title.unwrap_or_default().to_owned();
            found.entry(id.to_owned()).or_insert_with(|| Named { id: id.to_owned(), others, shown });
        };
        for posting in self.laid.snapshot.postings.values() {
            add(&posting.id, Some(&posting.title), Some(&posting.file));
        }
        for broken in &self.loaded.folder.broken {
            // What is in force under another id is found by that.
            if !self.followed(broken) {
                add(id_of(broken), broken.title.as_deref(), Some(&broken.file));
            }
        }
        for row in self.laid.known.iter().filter(|row| !row.key.posting().is_empty()) {
            let title = title_of(&self.laid.snapshot.histories, row);
            add(row.key.posting(), title.as_deref(), None);
        }
        found.into_values().collect()
    }

    /// Whether the last good version of a wrong file, or what it says once removed people are known, is in force.
    fn followed(&self, broken: &Broken) -> bool {
        !self.laid.round.unfollowed.contains(&broken.file)
    }

    /// How the file of a posting stands.
    fn file(&self, id: &str, posting: Option<&Posting>) -> File {
        let stored = self.stored.iter().find(|stored| stored.id == id);
        if self.laid.round.missed.iter().any(|missed| missed == id) {
            return File::Vanished(stored.and_then(|stored| stored.vanished_at), self.laid.round.doubted);
        }
        let broken = self.broken(id);
        match (posting, broken, stored) {
            (Some(_), Some(broken), Some(stored)) if self.is_last_good(&broken.file) => {
                File::LastGood(stored.since)
            }
            (Some(_), ..) => File::InForce,
            (None, Some(broken), _) => File::NeverGood(broken.file.clone()),
            (None, None, _) => File::Gone,
        }
    }

    fn is_last_good(&self, file: &str) -> bool {
        self.laid.round.problems.iter().any(|problem| problem.code == "last-good" && problem.file == file)
    }

    /// The wrong file of a posting: by its id, or by its name.
    fn broken(&self, id: &str) -> Option<&Broken> {
        let name = |path: &str| path.rsplit('/').next().map(str::to_owned);
        let stored = self.stored.iter().find(|stored| stored.id == id).and_then(|stored| name(&stored.path));
        let mut all = self.loaded.folder.broken.iter();
        all.find(|broken| id_of(broken) == id || (stored.is_some() && name(&broken.file) == stored))
    }

    /// What is wrong with the posting's file, and with jalon.toml: what is wrong with others is not asked.
    fn problems(&self, question: &Question<'_>, jalon_toml: &str) -> Vec<Problem> {
        let broken = self.broken(&question.id).map(|broken| broken.file.as_str());
        let file = question.posting.map(|posting| posting.file.as_str());
        let mine = |problem: &&Problem| {
            let of = Some(problem.file.as_str());
            problem.file == jalon_toml || of == broken || of == file
        };
        self.laid.round.problems.iter().filter(mine).cloned().collect()
    }
}

/// The id that a wrong file has or would have.
fn id_of(broken: &Broken) -> &str {
    let name = broken.file.rsplit('/').next().unwrap_or_default();
    broken.id.as_deref().unwrap_or_else(|| name.strip_suffix(".toml").unwrap_or(name))
}

/// What was recruited, by what was last said of a row's event.
fn title_of(histories: &Histories, row: &Row) -> Option<String> {
    Some(histories.get(row.key.posting(), row.key.event()).last()?.said()?.title)
}

/// Every event that can be asked about: the posting's, and those that the ledger remembers.
fn events(posting: Option<&Posting>, rows: &[&Row], language: Language) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    if let Some(posting) = posting {
        let named = |event: &Event| names::event(event, posting.zone, language);
        found.extend(posting.events.iter().map(named));
    }
    for id in rows.iter().map(|row| row.key.event()).filter(|id| !id.is_empty()).collect::<BTreeSet<_>>() {
        if !found.iter().any(|known| known.id == id) {
            let slug = id.split_once(':').map(|(_, slug)| slug.to_owned());
            found.push(Named { id: id.to_owned(), others: slug.into_iter().collect(), shown: String::new() });
        }
    }
    found
}

/// Who has to do with a posting, besides the people of jalon.toml: ids and addresses.
fn others(posting: Option<&Posting>, rows: &[&Row]) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    if let Some(posting) = posting {
        let panels = posting.events.iter().flat_map(|event| &event.panel);
        let to = posting.rules.iter().flat_map(|rule| &rule.to).filter_map(|to| match to {
            To::Some(list) => Some(list),
            To::Recruiters | To::Panel => None,
        });
        let all = posting.recruiters.iter().chain(panels).chain(to.flatten());
        found.extend(all.map(|one| (one.id.clone(), one.email.clone())));
    }
    for row in rows {
        found.push((row.reader.clone(), row.email.clone()));
        found.push((row.key.recipient().to_owned(), String::new()));
    }
    found.retain(|(id, _)| !id.is_empty());
    found
}

/// That there is no ledger to ask, and why.
fn without(error: &LedgerError) -> Words {
    say(
        format!("Sans registre, voici ce que les fichiers demandent ({}).", french(error)),
        format!("Without a ledger, this is what the files ask for ({error})."),
    )
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
        LedgerError::Unfit { why } => why.fr.clone(),
        LedgerError::Busy { ledger }
        | LedgerError::Stamp { ledger, .. }
        | LedgerError::OffDuty { ledger } => {
            format!("{ledger} est tenu par un autre jalon")
        }
    }
}
