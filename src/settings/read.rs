//! Pure. jalon.toml's text → [`Settings`], or every problem in it.
//!
//! The order matters once: people and teams first, because rules name them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::monitoring::monitoring;
use super::people::directory;
use super::relay::relay;
use super::{Delivery, Feed, InDoubt, Ledger, Mail, Mailbox, Settings};
use crate::calendar::accept::accept;
use crate::calendar::people::is_address;
use crate::calendar::read::rule::of_house;
use crate::calendar::read::{address, dotless, language, unfit_address, working_days, zone};
use crate::calendar::rule::Target;
use crate::calendar::walk::{At, Source, Table};
use crate::calendar::{House, Kind, Rule, WorkingDays, Zone};
use crate::diagnostic::{Problem, looks_like_a_path, say, speaks_of_a_secret};
use chrono::{NaiveTime, TimeDelta};
use toml::de::DeValue;

/// What came of reading jalon.toml.
#[derive(Debug)]
pub struct Reading {
    /// The settings; `None` when there was an error.
    pub settings: Option<Settings>,
    /// As much of the house as could be read, and the folder of postings: enough to say what is wrong with the
    /// postings too, and never to plan. `None` when a line of it was lost.
    pub house: Option<(House, PathBuf)>,
    /// Everything wrong or odd, in the order of the file.
    pub problems: Vec<Problem>,
}

/// Reads jalon.toml. `file` names it in problems.
#[must_use]
pub fn reading(file: &str, contents: &str) -> Reading {
    let source = Source::new(file, contents).settings();
    if source.is_blank() {
        source.blank(say(
            "écrivez au moins time_zone = \"Europe/Paris\"",
            "write at least time_zone = \"Europe/Paris\"",
        ));
        return Reading { settings: None, house: None, problems: source.into_problems() };
    }
    let (house, settings) = {
        let root = source.parse();
        let table = Table::new(&source, root.get_ref(), 0..0);
        let (house, postings, settings) = whole(&table);
        table.finish();
        let settings = settings.filter(|_| !source.failed());
        ((!source.is_torn()).then_some((house, postings)), settings)
    };
    Reading { settings, house, problems: source.into_problems() }
}

/// Reads jalon.toml: the settings, `None` when there was an error, and every problem.
#[must_use]
pub fn settings(file: &str, contents: &str) -> (Option<Settings>, Vec<Problem>) {
    let reading = reading(file, contents);
    (reading.settings, reading.problems)
}

fn whole(table: &Table<'_, '_>) -> (House, PathBuf, Option<Settings>) {
    let accept = accept(table, &BTreeSet::new());
    let zone = zone(table, "time_zone");
    if table.get("time_zone").is_none() {
        table.missing("time_zone", "time_zone = \"Europe/Paris\"");
    }
    let language = language(table).unwrap_or_default();
    let days = working_days(table, &WorkingDays::default());
    let postings = path(table, "postings").unwrap_or_else(|| PathBuf::from("postings"));
    let templates = path(table, "templates");
    let mail_table = table.table("mail");
    let allowed = mail_table.as_ref().and_then(allowed);
    let directory = directory(table, allowed);
    let house = House { zone: zone.unwrap_or(Zone::UTC), language, days, directory, accept };
    let rules = rules(table, &house);
    let ledger = ledger(table);
    let twice = table.has_twice("smtp");
    let relays: Vec<_> = table.tables("smtp").iter().map(|table| relay(table, twice)).collect();
    let mail = mail_table.map(|table| mail(&table, !relays.is_empty()));
    let delivery = delivery(table);
    let monitoring = monitoring(table);
    let feed = table.table("feed").map(|table| feed(&table));
    let (known, folder) = (house.clone(), postings.clone());
    let settings = || {
        zone?;
        Some(Settings {
            house,
            postings,
            templates,
            rules,
            ledger,
            mail: mail.map_or(Some(None), |mail| mail.map(Some))?,
            relays: relays.into_iter().collect::<Option<_>>()?,
            delivery,
            monitoring,
            feed: feed.map_or(Some(None), |feed| feed.map(Some))?,
        })
    };
    (known, folder, settings())
}

pub(super) fn path(table: &Table<'_, '_>, key: &'static str) -> Option<PathBuf> {
    table.text(key).map(|path| PathBuf::from(path.into_inner()))
}

fn rules(table: &Table<'_, '_>, house: &House) -> BTreeMap<Kind, Vec<Rule>> {
    let mut rules: BTreeMap<Kind, Vec<Rule>> = BTreeMap::new();
    for rule in of_house(table, house) {
        if let Target::Kind(kind) = rule.target {
            rules.entry(kind).or_default().push(rule);
        }
    }
    rules
}

/// The shortest time for which what is over is kept: people are told for a week of what was missed.
const SHORTEST_KEEP: TimeDelta = TimeDelta::days(30);

fn ledger(table: &Table<'_, '_>) -> Ledger {
    let keep_default = TimeDelta::days(400);
    let Some(table) = table.table("ledger") else {
        return Ledger { url: None, keep: keep_default, password: None };
    };
    let url = table.text("url").and_then(|url| ledger_url(table.source, url));
    let keep = table.duration("keep").unwrap_or(keep_default);
    if keep < SHORTEST_KEEP
        && let Some(value) = table.get("keep")
    {
        table.source.error(
            &value.span(),
            "keep-too-short",
            say(
                "keep est trop court\u{a0}: ce qui vient de se passer serait oublié avant d'être dit",
                "keep is too short: what has just happened would be forgotten before it is told",
            ),
            Some(say("écrivez keep = \"30d\" au moins", "write keep = \"30d\" at least")),
        );
    }
    let password = super::relay::secret(&table, "ledger-password");
    table.finish();
    Ledger { url, keep, password }
}

/// The ledger's address: `sqlite:PATH`, or `postgres://…`. Nothing of another is repeated: it may hold a password.
fn ledger_url(source: &Source<'_>, url: At<String>) -> Option<String> {
    let text = url.get_ref();
    let (scheme, rest) = text.split_once(':').unwrap_or(("", text));
    if !rest.is_empty()
        && (scheme == "sqlite" || ["postgres", "postgresql"].contains(&scheme) && rest.starts_with("//"))
    {
        return Some(url.into_inner());
    }
    let remedy = if scheme.is_empty() && looks_like_a_path(text) && !speaks_of_a_secret(text) {
        say(format!("écrivez url = \"sqlite:{text}\""), format!("write url = \"sqlite:{text}\""))
    } else {
        say(
            "écrivez url = \"sqlite:var/jalon.db\", ou \"postgres://jalon@serveur/jalon\"",
            "write url = \"sqlite:var/jalon.db\", or \"postgres://jalon@server/jalon\"",
        )
    };
    source.error_without_text(
        &url.span(),
        "unfit-ledger",
        say("« url » n'est pas l'adresse d'un registre", "`url` is not the address of a ledger"),
        remedy,
    );
    None
}

fn allowed(table: &Table<'_, '_>) -> Option<Vec<String>> {
    let list = table.texts("recipients", "[\"@example.org\"]")?;
    for rule in &list {
        let plain = rule.get_ref();
        let good = plain
            .strip_prefix('@')
            .map_or_else(|| is_address(plain), |domain| is_address(&format!("a@{domain}")));
        if !good && is_address(&format!("a@{plain}")) {
            table.source.error(
                &rule.span(),
                "unfit-address",
                say(format!("« {plain} » n'est pas une adresse"), format!("\"{plain}\" is not an address")),
                Some(say(
                    format!("pour toutes celles de ce domaine, écrivez \"@{plain}\""),
                    format!("for all of that domain, write \"@{plain}\""),
                )),
            );
        } else if !good {
            unfit_address(table.source, rule);
        }
    }
    Some(list.into_iter().map(|rule| rule.into_inner().to_lowercase()).collect())
}

fn mail(table: &Table<'_, '_>, relays: bool) -> Option<Mail> {
    let from = mailbox(table, "from");
    if table.get("from").is_none() {
        table.missing("from", "from = \"Recrutement <recrutement@example.org>\"");
    }
    let operator = address(table, "operator");
    if table.get("operator").is_none() {
        table.miss_softly(
            "operator",
            "no-operator",
            say(
                "personne ne sera prévenu des pannes\u{a0}: il manque « operator »",
                "nobody will be told of failures: `operator` is missing",
            ),
            say("ajoutez operator = \"admin@example.org\"", "add operator = \"admin@example.org\""),
        );
    }
    let reply_to = mailbox(table, "reply_to");
    let bounces = address(table, "bounces");
    let outbox = path(table, "outbox");
    if outbox.is_some() && relays {
        table.source.error(
            &table.key_span("outbox"),
            "outbox-and-relay",
            say(
                "« outbox » remplace le relais\u{a0}: les deux sont écrits",
                "`outbox` stands in place of a relay: both are written",
            ),
            Some(say(
                "gardez outbox pour un essai, ou [smtp] pour envoyer",
                "keep outbox to try things out, or [smtp] to send",
            )),
        );
    }
    let _ = table.get("recipients"); // read by `allowed`
    table.finish();
    Some(Mail { from: from?, operator, reply_to, bounces, outbox })
}

/// `Name <address>`, or a plain address.
fn mailbox(table: &Table<'_, '_>, key: &'static str) -> Option<Mailbox> {
    let found = table.text(key)?;
    let whole = found.get_ref();
    let (name, email) = match whole.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, email)) => {
            (Some(name.trim().trim_matches('"').to_owned()).filter(|name| !name.is_empty()), email)
        }
        None => (None, whole.as_str()),
    };
    if is_address(email) {
        dotless(table.source, &At::new(found.span(), email.to_owned()));
        return Some(Mailbox { name, email: email.to_owned() });
    }
    let address = whole.split_whitespace().next_back().filter(|word| is_address(word));
    let Some(address) = address else {
        unfit_address(table.source, &found);
        return None;
    };
    let name = whole.trim_end_matches(address).trim();
    table.source.error(
        &found.span(),
        "unfit-address",
        say(
            format!("« {whole} » n'est pas une adresse de courriel"),
            format!("\"{whole}\" is not a mail address"),
        ),
        Some(say(format!("écrivez \"{name} <{address}>\""), format!("write \"{name} <{address}>\""))),
    );
    None
}

fn feed(table: &Table<'_, '_>) -> Option<Feed> {
    let folder = path(table, "folder");
    if table.get("folder").is_none() {
        table.missing("folder", "folder = \"feeds\"");
    }
    table.finish();
    Some(Feed { folder: folder? })
}

fn delivery(table: &Table<'_, '_>) -> Delivery {
    let usual = Delivery {
        late_limit: TimeDelta::days(3),
        in_doubt: InDoubt::Resend,
        hours: (
            NaiveTime::from_hms_opt(7, 0, 0).unwrap_or_default(),
            NaiveTime::from_hms_opt(21, 0, 0).unwrap_or_default(),
        ),
        preflight: NaiveTime::from_hms_opt(17, 0, 0),
    };
    let Some(table) = table.table("delivery") else { return usual };
    let late_limit = table.duration("late_limit").unwrap_or(usual.late_limit);
    let in_doubt = table
        .choice("in_doubt", &[("resend", InDoubt::Resend), ("hold", InDoubt::Hold)])
        .unwrap_or(usual.in_doubt);
    let hours = table
        .text("hours")
        .map_or(Some(usual.hours), |found| hours(table.source, &found))
        .unwrap_or(usual.hours);
    let preflight = preflight(&table, usual.preflight);
    table.finish();
    Delivery { late_limit, in_doubt, hours, preflight }
}

/// A time of day, written as `hours` or as `at`; or false.
fn preflight(table: &Table<'_, '_>, usual: Option<NaiveTime>) -> Option<NaiveTime> {
    let Some(value) = table.get("preflight") else { return usual };
    let found = match value.get_ref() {
        DeValue::Boolean(true) => return usual,
        DeValue::Boolean(false) => return None,
        DeValue::String(text) => NaiveTime::parse_from_str(text.trim(), "%H:%M").ok(),
        DeValue::Datetime(_) => return table.time("preflight"),
        _ => None,
    };
    if found.is_none() {
        table.source.error(
            &value.span(),
            "wrong-time",
            say("« preflight » attend une heure, ou false", "`preflight` wants a time of day, or false"),
            Some(say(
                "écrivez preflight = \"17:00\", ou preflight = false",
                "write preflight = \"17:00\", or preflight = false",
            )),
        );
    }
    found
}

fn hours(source: &Source<'_>, found: &At<String>) -> Option<(NaiveTime, NaiveTime)> {
    let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
    let read = found.get_ref().split_once('-').and_then(|(from, until)| Some((time(from)?, time(until)?)));
    let good = read.filter(|(from, until)| from < until);
    if good.is_none() {
        source.error(
            &found.span(),
            "wrong-hours",
            say(
                format!("« {} » n'est pas une plage d'heures", found.get_ref()),
                format!("\"{}\" is no span of hours", found.get_ref()),
            ),
            Some(say("écrivez par exemple \"07:00-21:00\"", "write for instance \"07:00-21:00\"")),
        );
    }
    good
}
