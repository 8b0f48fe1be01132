//! `jalon check`: everything read as the daemon reads it; every problem, every warning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::{DateTime, Days, TimeDelta, Utc};
use clap::Args;

use super::{Context, Exit, out, report};
use crate::calendar::{Event, Posting, When, Zone};
use crate::diagnostic::{Language, Problem, any_error, say};
use crate::files;
use crate::message::{
    Addressee, Changed, Digest, Item, Matter, Missed, New, Past, PostingRef, Templates, Trouble, Why, facts,
    operator_facts,
};
use crate::plan;
use crate::plan::Reminder;
use crate::plan::said::{Difference, Member, Said, Shift, Standing};
use crate::settings::{Secret, Settings};

/// Read everything as the daemon would, and say what is wrong or odd
#[derive(Debug, Args)]
pub struct Check {}

impl Check {
    /// Runs the command: 78 if there is any error.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let mut problems = loaded.problems;
        let Some(settings) = loaded.settings else {
            report(&problems, true, language);
            return Exit::Configuration;
        };
        let planned = plan::lay::lay(&loaded.folder.postings, &settings);
        problems.extend(planned.warnings);
        problems.extend(plan::absence::warnings(
            &loaded.folder.postings,
            &planned.reminders,
            &settings.house.directory,
            context.clock.now(),
        ));
        problems.extend(rendering(&loaded.folder.postings, &planned.reminders, &loaded.templates));
        problems.extend(secrets(&settings, &context.config));
        report(&problems, true, language);
        let (postings, reminders, files) =
            (loaded.folder.postings.len(), planned.reminders.len(), loaded.texts.len());
        let ignored = loaded.ignored.iter().map(|file| format!("  {file}\n")).collect::<String>();
        let plural = |count: usize| if count > 1 { "s" } else { "" };
        let (p, r) = (plural(postings), plural(reminders));
        let (summary, title) = match language {
            Language::French => {
                (format!("{postings} fiche{p} lue{p} sur {files}, {reminders} rappel{r}"), "ignorés\u{a0}:")
            }
            Language::English => {
                (format!("{postings} of {files} postings read, {reminders} reminder{r}"), "ignored:")
            }
        };
        let text = if ignored.is_empty() {
            format!("{summary}\n")
        } else {
            format!("{summary}\n{title}\n{ignored}")
        };
        match out(&text) {
            Exit::Done if any_error(&problems) => Exit::Configuration,
            exit => exit,
        }
    }
}

/// What goes wrong when each event is told, once in each language in which it will be: broken templates, and
/// templates that name what is not there. Notices are made up: the event is moved, cancelled, fixed, and so on.
fn rendering(
    postings: &[Posting],
    reminders: &[Reminder],
    overrides: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let templates = match Templates::new(overrides.clone()) {
        Ok(templates) => templates,
        Err(problems) => return problems,
    };
    let mut of_posting: BTreeMap<&str, Vec<&Reminder>> = BTreeMap::new();
    for reminder in reminders {
        of_posting.entry(&reminder.posting).or_default().push(reminder);
    }
    let mut problems: Vec<Problem> = Vec::new();
    let mut languages = BTreeSet::new();
    let mut shapes = BTreeSet::new();
    for posting in postings {
        let reminders = of_posting.remove(posting.id.as_str()).unwrap_or_default();
        for (to, now) in readers(posting, &reminders) {
            languages.insert(to.language);
            for event in &posting.events {
                let of_event = |one: &&&Reminder| one.event == event.id && one.language == to.language;
                let item = reminders.iter().find(of_event).map(|reminder| Item {
                    posting,
                    event,
                    key: &reminder.key,
                    due: reminder.due,
                    absent: None,
                });
                // Of what is alike, notices are tried once: they are many, and differ in words alone.
                let notices = shapes.insert((to.language, shape(posting, event)));
                for found in told(&templates, posting, event, item, &to, now, notices) {
                    if !problems.contains(&found) {
                        problems.push(found);
                    }
                }
            }
        }
    }
    for found in languages.into_iter().flat_map(|language| page(&templates, language)) {
        if !problems.contains(&found) {
            problems.push(found);
        }
    }
    problems
}

/// Somebody for each language in which a posting is told, and when they are.
fn readers<'a>(posting: &'a Posting, reminders: &[&'a Reminder]) -> Vec<(Addressee<'a>, DateTime<Utc>)> {
    let mut found: BTreeMap<Language, (Addressee<'a>, DateTime<Utc>)> = BTreeMap::new();
    for Reminder { reader, language, due, .. } in reminders {
        let name = reader.name.as_deref();
        let zone = reader.zone.map_or(posting.zone, |zone| zone.0);
        let to = Addressee { name, email: &reader.email, language: *language, zone };
        found.entry(*language).or_insert((to, *due));
    }
    if let (true, Some(first)) = (found.is_empty(), posting.recruiters.first()) {
        let (name, language) = (first.name.as_deref(), first.language.unwrap_or(posting.language));
        let to = Addressee { name, email: &first.email, language, zone: posting.zone };
        found.insert(language, (to, DateTime::UNIX_EPOCH));
    }
    found.into_values().collect()
}

/// What templates can ask of an event: its kind and the shape of its date, and which of its facts there are.
fn shape(posting: &Posting, event: &Event) -> (&'static str, u8, Vec<bool>) {
    let when = match &event.when {
        When::Deadline { written: None, .. } => 0,
        When::Deadline { .. } => 1,
        When::Days(days) => 2 + u8::from(days.len() > 1),
        When::Timed(starts) => 4 + u8::from(starts.len() > 1),
        When::Window { .. } => 6,
        When::Open => 7,
    };
    let is_first = posting.events.first().is_some_and(|first| first.id == event.id);
    let facts = [
        is_first,
        event.name.is_some(),
        event.label.is_some(),
        event.place.is_some(),
        event.link.is_some(),
        event.duration.is_some(),
        event.candidate.is_some(),
        !event.panel.is_empty(),
        posting.organisation.is_some(),
        posting.contract.is_some(),
        posting.location.is_some(),
        posting.reference.is_some(),
        posting.url.is_some(),
        posting.apply.is_some(),
        posting.published.is_some(),
    ];
    (event.kind.word(), when, facts.to_vec())
}

/// What goes wrong when an event is told: its reminder alone, then, if notices are to be tried, everything in one mail.
fn told(
    templates: &Templates,
    posting: &Posting,
    event: &Event,
    item: Option<Item<'_>>,
    to: &Addressee<'_>,
    now: DateTime<Utc>,
    notices: bool,
) -> Vec<Problem> {
    let alone = item.map(|item| Matter { reminders: vec![item], ..Matter::default() });
    let render = |matter: &Matter<'_>, now| templates.render(&facts(matter, to, now)).err();
    if !notices {
        return alone.iter().filter_map(|matter| render(matter, now)).collect();
    }
    let said = Said::of(posting, event);
    let made_up = made_up(&said);
    let changes = made_up.iter().map(|(before, after, difference)| Changed {
        posting: &posting.id,
        event: &event.id,
        before,
        after,
        difference: *difference,
        reminded: true,
        dropped: false,
        absent: Some("Camille"),
    });
    let organisation = posting.organisation.as_deref();
    let heading = PostingRef { id: &posting.id, title: &posting.title, organisation };
    let missed = |was_change| Missed {
        heading,
        said: &said,
        due: now,
        lapsed: now,
        was_change,
        absent: Some("Camille"),
    };
    let past = |why| Past {
        posting: &posting.title,
        said: Some(&said),
        at: now,
        change: false,
        to: Some("Camille".to_owned()),
        why,
    };
    let from = posting.zone.date(now);
    let digest = Digest {
        from,
        until: from.checked_add_days(Days::new(14)).unwrap_or(from),
        coming: vec![(posting, event)],
        sent: vec![past(None)],
        failed: vec![past(Some(Why::Refused("550".to_owned()))), past(Some(Why::Held))],
        to_fix: vec![(posting, event)],
        all: false,
    };
    let nothing = Digest {
        coming: Vec::new(),
        sent: Vec::new(),
        failed: Vec::new(),
        to_fix: Vec::new(),
        ..digest.clone()
    };
    let later = now + TimeDelta::hours(1);
    let news = New {
        posting,
        planned: posting.events.iter().flat_map(|event| [(event, now), (event, later)]).collect(),
        skipped: posting.events.iter().map(|event| (event, now)).collect(),
        absent: Some("Camille"),
    };
    // A new posting is told whole: once, with its first event.
    let is_first = posting.events.first().is_some_and(|first| first.id == event.id);
    let notices = Matter {
        reminders: item.into_iter().map(|item| Item { absent: Some("Camille"), ..item }).collect(),
        changes: changes.collect(),
        news: is_first.then_some(news).into_iter().collect(),
        missed: vec![missed(false), missed(true)],
        digest: Some(digest),
    };
    let empty = Matter { digest: Some(nothing), ..Matter::default() };
    let mails = alone.iter().map(|matter| (matter, now)).chain([(&notices, later), (&empty, now)]);
    mails.filter_map(|(matter, now)| render(matter, now)).collect()
}

/// Ways in which an event might change.
fn made_up(said: &Said) -> Vec<(Said, Said, Difference)> {
    let with = |when: When, standing| Said { when, standing, ..said.clone() };
    let window = said.begins().map_or(When::Open, |at| {
        let first = said.zone.date(at);
        When::Window { first, last: first.checked_add_days(Days::new(1)).unwrap_or(first) }
    });
    let day = said.begins().map_or(When::Open, |at| {
        let day = said.zone.date(at);
        When::Days(vec![day.checked_add_days(Days::new(1)).unwrap_or(day)])
    });
    let elsewhere = |place: Option<&str>, panel: &[Member]| Said {
        place: place.map(str::to_owned),
        link: place.map(|_| "https://example.org/".to_owned()),
        panel: panel.to_vec(),
        ..said.clone()
    };
    let somebody = [Member { id: "camille".to_owned(), shown: "Camille".to_owned() }];
    let none = Difference { shift: None, place: false, link: false, panel: false };
    let shift = |shift| Difference { shift: Some(shift), ..none };
    let details = Difference { place: true, link: true, panel: true, ..none };
    let (on, gone) = (Standing::On, Standing::Cancelled);
    vec![
        (said.clone(), with(day.clone(), on), shift(Shift::Moved)),
        (with(When::Open, on), with(day.clone(), on), shift(Shift::Fixed)),
        (said.clone(), with(window, on), shift(Shift::Unfixed)),
        (said.clone(), with(When::Open, on), shift(Shift::Unfixed)),
        (said.clone(), with(said.when.clone(), gone), shift(Shift::Cancelled)),
        (said.clone(), with(said.when.clone(), Standing::Removed), shift(Shift::Removed)),
        (with(said.when.clone(), gone), with(day, on), shift(Shift::Restored)),
        (elsewhere(None, &[]), elsewhere(Some("ici"), &somebody), details),
        (elsewhere(Some("ici"), &somebody), elsewhere(Some("là"), &somebody), details),
        (elsewhere(Some("là"), &somebody), elsewhere(None, &[]), details),
    ]
}

/// What goes wrong on the operator's page.
fn page(templates: &Templates, language: Language) -> Vec<Problem> {
    let to = Addressee { name: None, email: "operator@example.org", language, zone: Zone::UTC };
    let since = DateTime::UNIX_EPOCH;
    let open = Trouble { sentence: "…", since, healed: None };
    let healed = Trouble { healed: Some(since), ..open };
    let pages: [&[Trouble<'_>]; 3] = [&[open], &[healed], &[open, healed]];
    pages
        .iter()
        .filter_map(|troubles| templates.render_operator(&operator_facts(troubles, &to, since)).err())
        .collect()
}

/// Password files that the daemon would refuse. Credentials and variables exist only where the daemon runs.
fn secrets(settings: &Settings, config: &Path) -> Vec<Problem> {
    let file = config.join("jalon.toml").display().to_string();
    let kept = settings.relays.iter().filter_map(|relay| relay.password.as_ref());
    let trouble = kept
        .filter(|secret| matches!(secret, Secret::File(_)))
        .filter_map(|secret| files::secret(secret, config).err());
    trouble
        .map(|error| Problem::error("unreadable-secret", &file, say(error.to_string(), error.to_string())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::read::posting;
    use crate::message::render::BUILT_IN;
    use crate::settings::read::settings;

    /// What is wrong when one template is replaced by this text, with a posting of every kind of event.
    fn wrong(name: &str, text: &str) -> Vec<Problem> {
        let settings =
            settings("jalon.toml", "time_zone = \"Europe/Paris\"\n[people.a]\nemail = \"a@example.org\"\n")
                .0
                .unwrap();
        let text_of_posting = "title = \"T\"\nrecruiters = [\"a\"]\n[deadline]\nuntil = 2026-06-28\n\
            [[interview]]\non = 2026-07-06T09:00:00\n[start]\non = 2026-08-31\n[end]\nlabel = \"?\"\n\
            [[milestone]]\nname = \"M\"\non = 2026-09-04\n";
        let posting = posting("p.toml", "p", text_of_posting, &settings.house).posting.unwrap();
        let postings = [posting];
        let planned = plan::lay::lay(&postings, &settings);
        let overrides = BTreeMap::from([(name.to_owned(), text.to_owned())]);
        rendering(&postings, &planned.reminders, &overrides)
    }

    #[test]
    fn every_template_that_fails_is_found_wherever_it_fails() {
        let french = BUILT_IN.iter().filter(|(name, _)| name.starts_with("fr/"));
        for (name, text) in french {
            assert_eq!(wrong(name, text), [], "{name}");
            // An end of an event that has no date plans no reminder: its part is not in use.
            let expected = usize::from(!name.contains("/end."));
            for text in
                [format!("{text}{{{{ nothing }}}}"), "x {{ reminder.nothing }}{{ nothing }}".to_owned()]
            {
                assert_eq!(wrong(name, &text).len(), expected, "{name}");
            }
        }
    }

    #[test]
    fn every_branch_of_a_notice_is_walked() {
        for word in ["moved", "fixed", "unfixed", "cancelled", "removed", "restored", "details"] {
            let text = format!("{{% if change.what == \"{word}\" %}}{{{{ nothing }}}}{{% endif %}}");
            assert_eq!(wrong("fr/parts/change.txt", &text).len(), 1, "{word}");
        }
        for (name, branch) in [
            ("fr/parts/change.html", "change.place and not change.place.before"),
            ("fr/parts/change.html", "change.panel and not change.panel.now"),
            ("fr/parts/change.html", "change.again and change.absent"),
            ("fr/parts/new.txt", "new.dates[3].open"),
            ("fr/parts/missed.txt", "missed.messages[1].change"),
            ("fr/parts/digest.txt", "digest.empty"),
            ("fr/parts/digest.txt", "digest.failed and digest.failed[0].why"),
            ("fr/operator.txt", "healed"),
            ("fr/operator.txt", "more"),
            ("fr/notice.txt", "late"),
        ] {
            let text = format!("{{% if {branch} %}}{{{{ nothing }}}}{{% endif %}}");
            assert_eq!(wrong(name, &text).len(), 1, "{branch}");
        }
    }
}
