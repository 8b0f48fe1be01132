//! Pure. A posting's text → a [`Posting`], or every problem in it.
//!
//! To add a key: one line here (or in `event.rs`, `rule.rs`), and its field in `calendar`.

mod event;
pub mod rule;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;

use super::days::{Holidays, Span};
use super::people::{Recipient, Unknown, is_address};
use super::slug::{LONGEST_ID, is_id, propose};
use super::value::{date, text};
use super::walk::{At, Source, Table, choices};
use super::{Apply, House, Language, Posting, Recruitment, Status, WorkingDays, Zone};
use crate::diagnostic::{Problem, Words, nearest, say};

/// What came of reading a posting.
#[derive(Debug)]
pub struct Read {
    /// The posting; `None` when there was an error.
    pub posting: Option<Posting>,
    /// The id it has or would have, when that much could be read: what a broken file is known by.
    pub id: Option<String>,
    /// Everything wrong or odd, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads a posting. `file` names it in problems; `stem` is the file's name without `.toml`, its id unless it
/// has another; `house` says what it takes from jalon.toml.
#[must_use]
pub fn posting(file: &str, stem: &str, contents: &str, house: &House) -> Read {
    read(Source::new(file, contents), stem, house)
}

fn read(source: Source<'_>, stem: &str, house: &House) -> Read {
    let root = source.parse();
    let table = Table::new(&source, root.get_ref(), 0..0);
    let id = posting_id(&table, stem);
    let posting = whole(&table, id.clone().unwrap_or_default(), house);
    table.finish();
    let posting = posting.filter(|_| !source.failed());
    Read { posting, id, problems: source.into_problems() }
}

/// Reads the last good version of a posting, under settings that may have changed since: whoever is no longer
/// known, or may no longer be written to, is left out with a warning; the others must not miss their reminders.
#[must_use]
pub fn last_good_posting(file: &str, id: &str, contents: &str, house: &House) -> Read {
    read(Source::new(file, contents).lenient(), id, house)
}

fn posting_id(table: &Table<'_, '_>, stem: &str) -> Option<String> {
    let (id, span, what) = match table.get("id") {
        Some(value) => {
            let id = text(table.source, "id", value)?;
            (id.get_ref().clone(), id.span(), say("l'identifiant", "the id"))
        }
        None => (stem.to_owned(), 0..0, say("le nom du fichier", "the file's name")),
    };
    id_or_problem(table.source, id, &span, &what)
}

/// A text that must be an id, or a problem that proposes one.
fn id_or_problem(source: &Source<'_>, id: String, span: &Range<usize>, what: &Words) -> Option<String> {
    if is_id(&id) {
        return Some(id);
    }
    let remedy = propose(&id).map_or_else(
        || say("ajoutez un id, par exemple id = \"poste-1\"", "add an id, for instance id = \"post-1\""),
        |slug| say(format!("écrivez id = \"{slug}\""), format!("write id = \"{slug}\"")),
    );
    source.error(
        span,
        "unfit-id",
        say(
            format!(
                "{} « {id} » ne convient pas comme identifiant\u{a0}: il faut des minuscules a–z, 0–9, point, tiret ou tiret bas, {LONGEST_ID} caractères au plus",
                what.fr
            ),
            format!(
                "{} \"{id}\" is not a valid id: use a–z, 0–9, dot, hyphen or underscore, {LONGEST_ID} characters at most",
                what.en
            ),
        ),
        Some(remedy),
    );
    None
}

fn whole(table: &Table<'_, '_>, id: String, house: &House) -> Option<Posting> {
    let source = table.source;
    let title = table.text("title");
    if title.is_none() && table.get("title").is_none() {
        table.missing("title", "title = \"Chargé·e d'accompagnement\"");
    }
    let organisation = plain(table, "organisation");
    let recruiters = recipients(table, "recruiters", house);
    match &recruiters {
        None if table.get("recruiters").is_none() => {
            table.missing("recruiters", "recruiters = [\"camille\"]");
        }
        Some(list)
            if list.is_empty()
                && (source.is_lenient() || table.list("recruiters", "").is_some_and(<[_]>::is_empty)) =>
        {
            source.error(
                &table.key_span("recruiters"),
                "nobody",
                say(
                    "« recruiters » est vide\u{a0}: personne ne recevrait de rappel",
                    "`recruiters` is empty: nobody would be reminded",
                ),
                Some(say("nommez au moins une personne", "name at least one person")),
            );
        }
        _ => {}
    }
    let zone = zone(table, "time_zone").unwrap_or(house.zone);
    let language = language(table).unwrap_or(house.language);
    let days = working_days(table, &house.days);
    let contract = plain(table, "contract");
    let location = plain(table, "location");
    let url = link(table, "url");
    let reference = plain(table, "reference");
    let published = table.date("published");
    let apply = table.table("apply").and_then(|table| apply(&table));
    let status = table
        .choice(
            "status",
            &[("open", Status::Open), ("filled", Status::Filled), ("cancelled", Status::Cancelled)],
        )
        .unwrap_or_default();
    let events = event::events(table, zone, house);
    let rules = rule::of_posting(table, &events, house);
    let announce = table.boolean("announce").unwrap_or(true);
    Some(Posting {
        id,
        file: source.file.to_owned(),
        title: title?.into_inner(),
        organisation,
        recruiters: recruiters?,
        contract,
        location,
        url,
        reference,
        published,
        apply,
        status,
        zone,
        language,
        days,
        events,
        rules,
        announce,
    })
}

fn plain(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    table.text(key).map(At::into_inner)
}

fn apply(table: &Table<'_, '_>) -> Option<Apply> {
    let email = address(table, "email");
    if table.get("email").is_none() {
        table.missing("email", "email = \"candidatures@example.org\"");
    }
    let cc = address(table, "cc");
    let subject = plain(table, "subject");
    table.finish();
    Some(Apply { email: email?, cc, subject })
}

/// A plain address.
pub fn address(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let found = table.text(key)?;
    if is_address(found.get_ref()) {
        return Some(found.into_inner());
    }
    unfit_address(table.source, &found);
    None
}

/// Reports a text that is no address.
pub fn unfit_address(source: &Source<'_>, found: &At<String>) {
    source.error(
        &found.span(),
        "unfit-address",
        say(
            format!("« {} » n'est pas une adresse de courriel", found.get_ref()),
            format!("\"{}\" is not a mail address", found.get_ref()),
        ),
        Some(say(
            "écrivez une adresse comme camille@example.org",
            "write an address like camille@example.org",
        )),
    );
}

/// An address of a page, a mailbox or a telephone.
fn link(table: &Table<'_, '_>, key: &'static str) -> Option<String> {
    let found = table.text(key)?;
    let good = ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| {
        found.get_ref().get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && found.get_ref().len() > scheme.len()
    });
    if good && !found.get_ref().contains(char::is_whitespace) {
        return Some(found.into_inner());
    }
    table.source.error(
        &found.span(),
        "unfit-link",
        say(
            format!("« {} » n'est pas un lien", found.get_ref()),
            format!("\"{}\" is not a link", found.get_ref()),
        ),
        Some(say(
            "un lien commence par https://, http://, mailto: ou tel:, sans espace",
            "a link begins with https://, http://, mailto: or tel:, and holds no space",
        )),
    );
    None
}

/// A named zone.
pub fn zone(table: &Table<'_, '_>, key: &'static str) -> Option<Zone> {
    let found = table.text(key)?;
    if let Some(zone) = Zone::parse(found.get_ref()) {
        return Some(zone);
    }
    table.source.error(
        &found.span(),
        "unknown-zone",
        say(
            format!("le fuseau « {} » n'existe pas", found.get_ref()),
            format!("there is no time zone \"{}\"", found.get_ref()),
        ),
        Some(nearest(found.get_ref(), Zone::names()).map_or_else(
            || {
                say(
                    "écrivez un nom comme Europe/Paris ou Indian/Reunion",
                    "write a name like Europe/Paris or Indian/Reunion",
                )
            },
            |near| say(format!("vouliez-vous dire « {near} »\u{a0}?"), format!("did you mean \"{near}\"?")),
        )),
    );
    None
}

/// A language.
pub fn language(table: &Table<'_, '_>) -> Option<Language> {
    table.choice("language", &Language::ALL.map(|language| (language.code(), language)))
}

/// `holidays` (in place of the house's), `days_off` and `work_days` (besides the house's).
pub fn working_days(table: &Table<'_, '_>, house: &WorkingDays) -> WorkingDays {
    let mut days = house.clone();
    if let Some(found) = table.text("holidays") {
        if let Some(list) = Holidays::parse(found.get_ref()) {
            days.holidays = list;
        } else {
            let known = Holidays::ALL.map(Holidays::code);
            table.source.error(
                &found.span(),
                "unknown-holidays",
                say(
                    format!("jalon ne connaît pas les jours fériés « {} »", found.get_ref()),
                    format!("jalon knows no holidays \"{}\"", found.get_ref()),
                ),
                Some(choices(found.get_ref(), &known)),
            );
        }
    }
    days.off.extend(spans(table, "days_off"));
    days.worked.extend(spans(table, "work_days"));
    days
}

/// A list of dates and of spans `[first, last]`.
pub fn spans(table: &Table<'_, '_>, key: &'static str) -> Vec<Span> {
    let list = table.list(key, "[2026-05-15, [2026-08-03, 2026-08-21]]").unwrap_or_default();
    list.iter().filter_map(|value| span(table.source, key, value)).collect()
}

fn span(source: &Source<'_>, key: &str, value: &At<toml::de::DeValue<'_>>) -> Option<Span> {
    let Some(list) = value.get_ref().as_array() else {
        return date(source, key, value).map(|day| (day, day));
    };
    let days: Vec<_> = list.iter().filter_map(|value| date(source, key, value)).collect();
    match (list.len(), &days[..]) {
        (2, [first, last]) if first <= last => Some((*first, *last)),
        (2, [first, last]) => {
            source.error(
                &value.span(),
                "turned-round",
                say(
                    format!("cette période finit le {last}, avant de commencer le {first}"),
                    format!("this span ends on {last}, before it begins on {first}"),
                ),
                Some(say(format!("écrivez [{last}, {first}]"), format!("write [{last}, {first}]"))),
            );
            None
        }
        (2, _) => None,
        (count, _) => {
            source.error(
                &value.span(),
                "wrong-span",
                say(
                    format!("une période a deux dates, celle-ci en a {count}"),
                    format!("a span has two dates, this one has {count}"),
                ),
                Some(say("écrivez [premier jour, dernier jour]", "write [first day, last day]")),
            );
            None
        }
    }
}

/// People, teams or addresses, each recipient once. Names that stand for nobody are reported.
pub fn recipients(table: &Table<'_, '_>, key: &'static str, house: &House) -> Option<Vec<Recipient>> {
    let mut found = Vec::new();
    for name in table.texts(key, "[\"camille\"]")? {
        resolve(table.source, &name, house, &mut found);
    }
    Some(found)
}

/// Adds whom a name stands for, or reports it.
pub fn resolve(source: &Source<'_>, name: &At<String>, house: &House, found: &mut Vec<Recipient>) {
    let Err(unknown) = house.directory.resolve(name.get_ref(), found) else { return };
    match unknown {
        Unknown::Address => unfit_address(source, name),
        Unknown::Name(near) => source.absence(
            &name.span(),
            "unknown-person",
            say(
                format!("« {} » n'est ni une personne ni une équipe de jalon.toml", name.get_ref()),
                format!("\"{}\" is neither a person nor a team of jalon.toml", name.get_ref()),
            ),
            Some(unknown_person_remedy(near.as_deref())),
        ),
        Unknown::Forbidden(email) => forbidden(source, &name.span(), &email),
    }
}

/// Reports an address that `recipients` does not allow.
pub fn forbidden(source: &Source<'_>, span: &Range<usize>, email: &str) {
    source.absence(
        span,
        "forbidden-address",
        say(
            format!("jalon.toml n'autorise pas à écrire à {email}"),
            format!("jalon.toml does not allow to write to {email}"),
        ),
        Some(say("voyez « recipients » sous [mail]", "see `recipients` under [mail]")),
    );
}

/// A slip of the pen, somebody new, or somebody who left and whose entry was taken out.
fn unknown_person_remedy(near: Option<&str>) -> Words {
    let (fr, en) = match near {
        Some(near) => {
            (format!("vouliez-vous dire « {near} »\u{a0}? Si"), format!("did you mean \"{near}\"? If"))
        }
        None => (
            "ajoutez la personne à jalon.toml, ou écrivez son adresse\u{a0}; si".to_owned(),
            "add the person to jalon.toml, or write their address; if".to_owned(),
        ),
    };
    say(
        format!("{fr} la personne est partie, remettez son entrée dans jalon.toml avec leaves = 2026-09-01"),
        format!("{en} they left, put their entry back into jalon.toml with leaves = 2026-09-01"),
    )
}

/// The text of a posting's file, as it was found.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file, as problems name it.
    pub file: String,
    /// Its name without `.toml`.
    pub stem: String,
    /// What stands in it, or why that could not be read.
    pub contents: Result<String, Problem>,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub file: String,
    /// The id it has or would have, when that much is known.
    pub id: Option<String>,
}

/// What came of reading a folder.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// The postings that can be used, by id.
    pub postings: Vec<Posting>,
    /// The files that cannot.
    pub broken: Vec<Broken>,
    /// Everything wrong or odd.
    pub problems: Vec<Problem>,
}

/// Reads every posting of a folder. Two files with one id are both broken.
#[must_use]
pub fn folder(texts: &[Text], house: &House) -> Folder {
    let mut folder = Folder::default();
    for text in texts {
        let read = match &text.contents {
            Ok(contents) => posting(&text.file, &text.stem, contents, house),
            Err(problem) => {
                let id = is_id(&text.stem).then(|| text.stem.clone());
                Read { posting: None, id, problems: vec![problem.clone()] }
            }
        };
        folder.problems.extend(read.problems);
        match read.posting {
            Some(posting) => folder.postings.push(posting),
            None => folder.broken.push(Broken { file: text.file.clone(), id: read.id }),
        }
    }
    folder.postings.sort_by(|a, b| (&a.id, &a.file).cmp(&(&b.id, &b.file)));
    refuse_twins(&mut folder);
    doubt_copies(&mut folder);
    folder
}

/// Two files that are about one recruitment under two ids: everybody would be reminded twice.
fn doubt_copies(folder: &mut Folder) {
    let mut first: BTreeMap<Recruitment<'_>, &str> = BTreeMap::new();
    let mut by_file: Vec<&Posting> = folder.postings.iter().collect();
    by_file.sort_by_key(|posting| &posting.file);
    for posting in by_file {
        let file = &posting.file;
        match first.entry(posting.recruitment()) {
            Entry::Vacant(entry) => {
                entry.insert(file);
            }
            Entry::Occupied(entry) => folder.problems.push(
                Problem::warning(
                    "same-posting",
                    file,
                    say(
                        format!(
                            "{file} a l'intitulé, l'organisation et les dates de {}\u{a0}: chaque rappel partirait deux fois",
                            entry.get()
                        ),
                        format!(
                            "{file} has the title, the organisation and the dates of {}: each reminder would leave twice",
                            entry.get()
                        ),
                    ),
                )
                .remedy(say(
                    "supprimez l'un des deux\u{a0}; si ce sont bien deux postes, ne changez rien",
                    "remove one of the two; if they really are two, change nothing",
                )),
            ),
        }
    }
}

fn refuse_twins(folder: &mut Folder) {
    let twins: Vec<(String, String)> = folder
        .postings
        .windows(2)
        .filter(|pair| pair[0].id == pair[1].id)
        .flat_map(|pair| {
            [(pair[0].file.clone(), pair[1].file.clone()), (pair[1].file.clone(), pair[0].file.clone())]
        })
        .collect();
    for (file, other) in twins {
        let Some(at) = folder.postings.iter().position(|posting| posting.file == file) else { continue };
        let twin = folder.postings.remove(at);
        folder.problems.push(
            Problem::error(
                "id-twice",
                &file,
                say(
                    format!("{file} et {other} ont le même identifiant « {} »", twin.id),
                    format!("{file} and {other} have the same id \"{}\"", twin.id),
                ),
            )
            .remedy(say("donnez un autre id à l'un des deux", "give one of them another id")),
        );
        folder.broken.push(Broken { file, id: Some(twin.id) });
    }
}
