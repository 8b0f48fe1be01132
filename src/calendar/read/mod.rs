//! Pure. A posting's text → a [`Posting`], or every problem in it.
//!
//! To add a key: one line here (or in `event.rs`, `rule.rs`), and its field in `calendar`.

mod address;
mod event;
mod folder;
pub mod rule;

pub use address::{address, dotless, unfit_address};
pub use folder::{Broken, Folder, Leaf, Text, fingerprint, folder};

use std::ops::Range;

use toml::de::DeValue;

use super::accept::accept;
use super::days::{Holidays, Span};
use super::meant;
use super::people::{Recipient, Unknown};
use super::slug::{LONGEST_ID, is_id, propose, slug};
use super::value::{date, hidden_in, text};
use super::walk::{At, Source, Table, choices};
use super::{Apply, House, Language, Posting, Status, WorkingDays, Zone};
use crate::diagnostic::{Problem, Words, nearest, say};

/// What came of reading a posting.
#[derive(Debug)]
pub struct Read {
    /// The posting; `None` when there was an error.
    pub posting: Option<Posting>,
    /// The id it has or would have, when that much could be read: what a broken file is known by.
    pub id: Option<String>,
    /// Of a broken file its title, likewise.
    pub title: Option<String>,
    /// Of a broken file the recruiters, as far as they could be read and may be written to: who can mend it.
    pub recruiters: Vec<Recipient>,
    /// Everything wrong or odd, in the order of the file.
    pub problems: Vec<Problem>,
}

impl Read {
    /// What came of reading a text of which nothing could be used.
    fn failed(problems: Vec<Problem>) -> Self {
        Self { posting: None, id: None, title: None, recruiters: Vec::new(), problems }
    }
}

/// Reads a posting. `file` names it in problems; `stem` is the file's name without `.toml`, its id unless it
/// has another; `house` says what it takes from jalon.toml.
#[must_use]
pub fn posting(file: &str, stem: &str, contents: &str, house: &House) -> Read {
    read(Source::new(file, contents), stem, house)
}

fn read(source: Source<'_>, stem: &str, house: &House) -> Read {
    if source.is_blank() {
        source.blank(say(
            "écrivez au moins title = \"Chargé·e de mission\" et, sur la ligne suivante, recruiters = [\"camille\"]",
            "write at least title = \"Project officer\" and, on the next line, recruiters = [\"camille\"]",
        ));
        let id = is_id(stem).then(|| stem.to_owned());
        return Read { id, ..Read::failed(source.into_problems()) };
    }
    let (posting, id, title, recruiters) = {
        let root = source.parse();
        let table = Table::new(&source, root.get_ref(), 0..0);
        let id = posting_id(&table, stem);
        let posting = whole(&table, id.clone().unwrap_or_default(), house);
        table.finish();
        let posting = posting.filter(|_| !source.failed());
        if posting.is_some() {
            (posting, id, None, Vec::new())
        } else {
            let title = table.guessed("title").and_then(|title| title.as_str()).map(str::to_owned);
            (None, id, title, who_can_mend(&table, house))
        }
    };
    Read { posting, id, title, recruiters, problems: source.into_problems() }
}

/// Reads the last good version of a posting, under settings that may have changed since: whoever is no longer
/// known, or may no longer be written to, is left out with a warning; the others must not miss their reminders.
#[must_use]
pub fn last_good_posting(file: &str, id: &str, contents: &str, house: &House) -> Read {
    read(Source::new(file, contents).lenient(), id, house)
}

/// Whom `recruiters` names, also where that key or some of its names are wrong. Nothing is reported: that is done.
fn who_can_mend(table: &Table<'_, '_>, house: &House) -> Vec<Recipient> {
    let Some(value) = table.guessed("recruiters") else { return Vec::new() };
    let names: Vec<&str> = match value {
        DeValue::Array(list) => list.iter().filter_map(|name| name.get_ref().as_str()).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let mut found = Vec::new();
    for name in names {
        let _ = house.directory.resolve(name, &mut found);
    }
    found
}

fn posting_id(table: &Table<'_, '_>, stem: &str) -> Option<String> {
    if let Some(value) = table.get("id") {
        let id = text(table.source, "id", value)?;
        let span = id.span();
        return id_or_problem(table.source, id.into_inner(), &span, &say("l'identifiant", "the id"));
    }
    if let Some((sentence, remedy)) = copy(stem).filter(|_| !is_id(stem)) {
        table.source.error(&(0..0), "unfit-id", sentence, Some(remedy));
        return None;
    }
    id_or_problem(table.source, stem.to_owned(), &(0..0), &say("le nom du fichier", "the file's name"))
}

/// What is said of the name of a copy, as file managers make it: « poste - Copie », « poste (1) », « Copie de poste ».
fn copy(stem: &str) -> Option<(Words, Words)> {
    let lower = stem.to_lowercase();
    let counted = lower.strip_suffix(')').and_then(|rest| rest.rsplit_once('('));
    let base = match counted {
        Some((base, count)) if count.chars().all(|c| c.is_ascii_digit()) => base.trim_end(),
        _ => lower.as_str(),
    };
    let tail = |mark: &str| base.strip_suffix(mark).map(|base| base.trim_end_matches([' ', '-', '_']));
    let head = |mark: &str| base.strip_prefix(mark);
    let named = tail("copie").or_else(|| tail("copy"));
    let named = named.or_else(|| head("copie de ")).or_else(|| head("copy of "));
    let base = named.or_else(|| (base.len() < lower.len()).then_some(base))?;
    let other = slug(base).unwrap_or_else(|| "poste".to_owned());
    Some((
        say(
            format!("« {stem} » a l'air du nom d'une copie de « {other} »"),
            format!("\"{stem}\" looks like the name of a copy of \"{other}\""),
        ),
        say(
            format!(
                "supprimez cette copie\u{a0}; si c'est un autre poste, renommez-la, par exemple {other}-2.toml"
            ),
            format!("remove this copy; if it is another post, rename it, for instance {other}-2.toml"),
        ),
    ))
}

/// A text that must be an id, or a problem that proposes one.
fn id_or_problem(source: &Source<'_>, id: String, span: &Range<usize>, what: &Words) -> Option<String> {
    if is_id(&id) {
        return Some(id);
    }
    if let Some((sentence, remedy)) = hidden_in(&id) {
        source.error(span, "unfit-id", sentence, Some(remedy));
        return None;
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
                "{} « {id} » ne convient pas\u{a0}: il faut des minuscules a–z, 0–9, point, tiret ou tiret bas, {LONGEST_ID} caractères au plus",
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
    let accept = accept(table, &house.accept);
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
                && (source.is_lenient()
                    || table
                        .get("recruiters")
                        .and_then(|value| value.get_ref().as_array())
                        .is_some_and(|list| list.is_empty())) =>
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
        events: events.good,
        rules,
        announce,
        accept,
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
        Some(near_zone(found.get_ref()).map_or_else(
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

/// The zone whose name, or whose last part, is nearest to a text.
fn near_zone(text: &str) -> Option<&'static str> {
    let city = |name: &'static str| slug(name.rsplit('/').next().unwrap_or(name));
    let wanted = slug(text);
    Zone::names()
        .find(|name| slug(name) == wanted)
        .or_else(|| Zone::names().find(|name| city(name) == wanted))
        .or_else(|| nearest(text, Zone::names()))
}

/// A language, by its code: whether there are templates in it is not known here.
pub fn language(table: &Table<'_, '_>) -> Option<Language> {
    let written = table.text("language")?;
    if let Some(language) = Language::parse(written.get_ref()) {
        return Some(language);
    }
    let usual = Language::usual(written.get_ref());
    let known = ["fr", "en"].into_iter().chain(usual.as_deref());
    table.source.error(
        &written.span(),
        "unknown-word",
        say(
            format!("« language » ne peut pas être « {} »", written.get_ref()),
            format!("`language` cannot be \"{}\"", written.get_ref()),
        ),
        Some(match meant::word(written.get_ref(), known) {
            Some(near) => say(
                format!("vouliez-vous dire language = \"{near}\"\u{a0}?"),
                format!("did you mean language = \"{near}\"?"),
            ),
            None => say(
                "écrivez fr, en, ou le nom d'un dossier de modèles, comme de",
                "write fr, en, or the name of a folder of templates, such as de",
            ),
        }),
    );
    None
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
    let Err(unknown) = house.directory.resolve(name.get_ref(), found) else {
        return dotless(source, name);
    };
    if let (Unknown::Name(_), Some((sentence, remedy))) = (&unknown, hidden_in(name.get_ref())) {
        return source.absence(&name.span(), "unknown-person", sentence, Some(remedy));
    }
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
