//! Looks at everything, and judges nothing.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::facts::{Config, Facts, Force, Ledger, Open, Place, Shared, What};
use super::relays;
use crate::calendar::Zone;
use crate::cli::check::all_problems;
use crate::cli::run::{kept_folder, state_path};
use crate::cli::{Context, in_force, ledger_place, wait, what_ails};
use crate::diagnostic::{Language, Problem, Severity, Words, say};
use crate::files::kept::Kept;
use crate::files::rights::{Rights, Room, group_name, made, rights, room, synchronised, user};
use crate::files::{Loaded, zoneinfo};
use crate::ledger::postgres::{self, PostgresLedger};
use crate::ledger::sqlite::{SqliteLedger, copy};
use crate::ledger::store::Location;
use crate::ledger::{Ledger as _, LedgerError, Stamp, StoredRelay};
use crate::settings::Settings;

/// Looks at everything; also now, on the clock that the ledger lives on, and the language to speak.
pub(super) fn gather(
    context: &Context,
    asked: Option<&str>,
    no_relay: bool,
) -> (Facts, DateTime<Utc>, Language) {
    let files = in_force::load(&context.config, asked);
    let mut loaded = files.loaded;
    let language = context.speak(&loaded);
    let now = context.clock.now();
    let (mut problems, reminders) = all_problems(context, &mut loaded, true);
    let Some(settings) = loaded.settings.clone() else {
        let config = config(context, &loaded, &problems, 0, Force::Nothing);
        return (Facts { config, ..nothing(Zone::UTC) }, now, language);
    };
    let by_copy = !files.refused.is_empty();
    problems.splice(0..0, files.refused);
    let place = ledger_place(asked, Some(&settings), &context.config);
    let (ledger, remembered) = match &place {
        Ok(Location::File(path)) => ledger(path),
        Ok(Location::Server(place)) => match shared(place) {
            Ok((open, relays)) => (Ledger::Open(Box::new(open)), relays),
            Err(error) => (unusable(&error), Vec::new()),
        },
        Err(error) => (unusable(error), Vec::new()),
    };
    let force = match &ledger {
        _ if by_copy => Force::Copy,
        Ledger::Open(open)
            if open.held && is_older(&kept_folder(asked, &context.config), context, &loaded) =>
        {
            Force::Older
        }
        _ => Force::Files,
    };
    let path = place.ok().and_then(|place| place.file().map(Path::to_owned));
    let service = path.as_deref().and_then(service);
    let hidden = matches!(ledger, Ledger::Forbidden { .. });
    let by = By { ours: !hidden && service.as_ref().is_none_or(|one| one.owner == user()), no_relay };
    let now = match &ledger {
        Ledger::Open(open) if open.pretended => open.last_round.unwrap_or(now),
        _ => now,
    };
    let outbox = settings
        .mail
        .as_ref()
        .and_then(|mail| mail.outbox.as_deref())
        .map(|outbox| state_path(outbox, &context.config));
    let (relays, sender) = match outbox {
        Some(_) => (Vec::new(), None),
        None => relays::look(context, &settings, &remembered, &by),
    };
    let facts = Facts {
        zone: settings.house.zone,
        config: config(context, &loaded, &problems, reminders, force),
        rights: places(context, &settings, path.as_deref(), outbox.as_deref()),
        service,
        relays,
        sender,
        made: made(),
        synchronised: synchronised(),
        zones: zoneinfo::compare(&settings, loaded.folder.leaves.iter().map(|leaf| leaf.zone), now),
        rooms: rooms(path.as_deref(), outbox.as_deref()),
        ledger,
        outbox,
    };
    (facts, now, language)
}

/// Who looks, and at what.
pub(super) struct By {
    /// Whether it is the service's own account, as far as is known.
    pub(super) ours: bool,
    /// Whether nobody outside is asked.
    pub(super) no_relay: bool,
}

fn nothing(zone: Zone) -> Facts {
    Facts {
        zone,
        config: Config::default(),
        rights: Vec::new(),
        service: None,
        relays: Vec::new(),
        outbox: None,
        sender: None,
        ledger: Ledger::Unknown,
        made: None,
        synchronised: None,
        zones: zoneinfo::Compared::default(),
        rooms: Vec::new(),
    }
}

fn config(
    context: &Context,
    loaded: &Loaded,
    problems: &[Problem],
    reminders: usize,
    force: Force,
) -> Config {
    let lines = |severity: Severity| {
        problems.iter().filter(|one| one.severity == severity).map(line).collect::<Vec<Words>>()
    };
    Config {
        file: context.config.join("jalon.toml").display().to_string(),
        postings: (loaded.folder.postings.len(), loaded.texts.len()),
        templates: loaded.templates.len(),
        reminders,
        errors: lines(Severity::Error),
        warnings: lines(Severity::Warning),
        force,
    }
}

/// A problem on one line.
fn line(problem: &Problem) -> Words {
    let line = problem.place.as_ref().map_or_else(String::new, |place| format!(":{}", place.line));
    let (file, sentence) = (&problem.file, &problem.sentence);
    say(format!("{file}{line}\u{a0}: {}", sentence.fr), format!("{file}{line}: {}", sentence.en))
}

/// Whether the daemon's copy of what it goes by is of other files than those that are there.
fn is_older(kept: &Path, context: &Context, loaded: &Loaded) -> bool {
    Kept::read(kept, &context.config)
        .is_some_and(|kept| kept.settings != loaded.text || kept.templates != loaded.templates)
}

/// Whose the ledger is, or would be.
fn service(ledger: &Path) -> Option<Rights> {
    rights(ledger).or_else(|_| rights(&folder_of(ledger))).ok()
}

fn unusable(error: &LedgerError) -> Ledger {
    Ledger::Unusable(what_ails(error).1, error.remedy())
}

/// The ledger, and what it remembers of relays.
fn ledger(path: &Path) -> (Ledger, Vec<StoredRelay>) {
    let none = |ledger| (ledger, Vec::new());
    match fs::File::open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            return none(Ledger::Forbidden { path: path.to_owned() });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return none(Ledger::Missing { path: path.to_owned(), copies: copy::latest(path).is_some() });
        }
        _ => {}
    }
    match opened(path) {
        Ok((open, relays)) => (Ledger::Open(Box::new(open)), relays),
        Err(error) => none(unusable(&error)),
    }
}

fn opened(path: &Path) -> Result<(Open, Vec<StoredRelay>), LedgerError> {
    let held = SqliteLedger::is_held(path);
    let seen = copy::glance(path)?;
    let ledger = SqliteLedger::read(path)?;
    wait(async {
        let open = Open {
            path: path.to_owned(),
            schema: seen.schema,
            size: fs::metadata(path).map(|about| about.len()).unwrap_or_default(),
            pretended: seen.stamp == Stamp::Pretended,
            held,
            last_round: ledger.last_round().await?,
            copied: copy::latest(path),
            rows: ledger.known().await?,
            shared: None,
        };
        Ok((open, ledger.relays().await?))
    })
}

/// A ledger that hosts share, and what it remembers of relays.
fn shared(place: &postgres::place::Place) -> Result<(Open, Vec<StoredRelay>), LedgerError> {
    let ledger = PostgresLedger::read(place.clone());
    wait(async {
        let (server, hosts) = (ledger.server().await?, ledger.hosts().await?);
        let open = Open {
            path: place.shown().into(),
            schema: server.schema,
            size: server.bytes,
            pretended: ledger.stamp().await? == Stamp::Pretended,
            held: hosts.iter().any(|host| host.lives),
            last_round: ledger.last_round().await?,
            copied: None,
            rows: ledger.known().await?,
            shared: Some(Shared {
                version: server.version,
                durable: server.durable,
                open: place.is_open(),
                hosts,
            }),
        };
        Ok((open, ledger.relays().await?))
    })
}

/// Every file and folder of which it matters who may do what; those that are there.
fn places(
    context: &Context,
    settings: &Settings,
    ledger: Option<&Path>,
    outbox: Option<&Path>,
) -> Vec<Place> {
    let config = &context.config;
    let mut all = vec![
        (What::Settings, config.clone()),
        (What::Settings, config.join("jalon.toml")),
        (What::Postings, config.join(&settings.postings)),
    ];
    if let Some(ledger) = ledger {
        all.push((What::State, folder_of(ledger)));
        all.push((What::Ledger, ledger.to_owned()));
        all.push((What::Ledger, ledger.with_file_name(copy::FOLDER)));
    }
    all.extend(outbox.map(|outbox| (What::Outbox, outbox.to_owned())));
    let place = |(what, path): (What, PathBuf)| {
        let rights = rights(&path).ok()?;
        let group = group_name(rights.group);
        Some(Place { what, path, rights, group })
    };
    all.into_iter().filter_map(place).collect()
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new(".")).to_owned()
}

/// Where something is written, each file system once.
fn rooms(ledger: Option<&Path>, outbox: Option<&Path>) -> Vec<(PathBuf, Room)> {
    let ledger = ledger.map(folder_of);
    let copies = ledger.as_ref().map(|folder| folder.join(copy::FOLDER));
    let mut found: Vec<(PathBuf, Room)> = Vec::new();
    for folder in ledger.into_iter().chain(copies).chain(outbox.map(Path::to_owned)) {
        let Ok(room) = room(&folder) else { continue };
        if !found.iter().any(|(_, other)| (other.system, other.read_only) == (room.system, room.read_only)) {
            found.push((folder, room));
        }
    }
    found
}
