//! Pure. A trial of templates: every one on every posting, in every language in which it is read.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Days, TimeDelta, Utc};

use super::facts::facts_by;
use super::fault::{TOO_LONG, file};
use super::operator::operator_facts_by;
use super::samples::samples;
use super::{
    Addressee, Changed, Digest, Item, Matter, Missed, New, Past, PostingRef, Refusal, Rendered, Slip,
    Templates, Trouble, Why,
};
use crate::calendar::read::Broken;
use crate::calendar::{Event, Language, Posting, When, Zone};
use crate::diagnostic::{Place, Problem, say};
use crate::plan::notice::slip::{MOST, found};
use crate::plan::said::{Difference, Member, Said, Shift, Standing};
use crate::plan::{Key, Reminder};

/// So many events of one posting are told on trial; the others are like them.
const MOST_EVENTS: usize = 200;
/// So many events stand in one mail of a trial: a posting of hundreds would make one that is too long.
const IN_ONE_MAIL: usize = 25;

/// What goes wrong when each event is told, once in each language in which it will be, and in each of which there are
/// templates: broken templates, and templates that name what is not there. Notices are made up: the
/// event is moved, cancelled, fixed, and so on. Where nothing is replaced, nothing is to be mended.
#[must_use]
pub fn trial(
    postings: &[Posting],
    reminders: &[Reminder],
    overrides: &BTreeMap<String, String>,
) -> Vec<Problem> {
    if overrides.is_empty() {
        return Vec::new();
    }
    let (templates, mut problems) = Templates::read(overrides.clone());
    let Some(templates) = templates else { return problems };
    let mut of_posting: BTreeMap<&str, Vec<&Reminder>> = BTreeMap::new();
    for reminder in reminders {
        of_posting.entry(&*reminder.posting).or_default().push(reminder);
    }
    let replaced: Vec<Language> = Language::ALL
        .into_iter()
        .filter(|language| {
            let folder = format!("{}/", language.code());
            overrides.keys().any(|name| name.starts_with(&folder) || !name.contains('/'))
        })
        .chain(templates.folders())
        .collect();
    let room = Room { templates: &templates, of_posting: &of_posting, replaced: &replaced };
    // A thousand postings are thousands of mails: every core takes its share.
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = postings.len().div_ceil(cores).max(50);
    let found: Vec<(Vec<Problem>, BTreeSet<Language>)> = std::thread::scope(|scope| {
        let workers: Vec<_> =
            postings.chunks(share).map(|postings| scope.spawn(move || room.of_postings(postings))).collect();
        let joined = workers.into_iter().map(std::thread::ScopedJoinHandle::join);
        joined.map(|done| done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    });
    let languages: BTreeSet<Language> =
        found.iter().flat_map(|(_, languages)| languages).chain(&replaced).copied().collect();
    let pages = languages.into_iter().flat_map(|language| page(&templates, language));
    // Nobody can shorten a built-in template.
    let is_built_in = |problem: &Problem| !overrides.keys().any(|name| problem.file == file(name));
    // Whoever adds a language may have no posting yet: any day will do for those that are made up.
    let any_day = DateTime::UNIX_EPOCH.date_naive();
    let shown = templates.folders().flat_map(|language| samples(&templates, language, any_day));
    let shown = shown.filter_map(|sample| sample.mail.err());
    for problem in found.into_iter().flat_map(|(problems, _)| problems).chain(pages).chain(shown) {
        let beyond_help = problem.code == TOO_LONG && is_built_in(&problem);
        if !beyond_help && !problems.contains(&problem) {
            problems.push(problem);
        }
    }
    problems
}

/// What every worker has before it.
#[derive(Clone, Copy)]
struct Room<'a> {
    templates: &'a Templates,
    of_posting: &'a BTreeMap<&'a str, Vec<&'a Reminder>>,
    /// The languages of which a template was replaced.
    replaced: &'a [Language],
}

impl Room<'_> {
    /// What goes wrong with these postings, and the languages in which they are told.
    fn of_postings<'p>(self, postings: &'p [Posting]) -> (Vec<Problem>, BTreeSet<Language>) {
        let mut problems: Vec<Problem> = Vec::new();
        let mut keep = |found: Option<Problem>| {
            if let Some(found) = found.filter(|found| !problems.contains(found)) {
                problems.push(found);
            }
        };
        let (mut shapes, mut languages) = (HashSet::new(), BTreeSet::new());
        let none = Vec::new();
        for posting in postings {
            let reminders = self.of_posting.get(posting.id.as_str()).unwrap_or(&none);
            let mut first: HashMap<&str, (Key, DateTime<Utc>)> = HashMap::new();
            for reminder in reminders {
                first.entry(&reminder.event).or_insert_with(|| (reminder.key(), reminder.due));
            }
            for (to, now) in readers(posting, reminders, self.replaced) {
                let item = |event: &'p Event| {
                    let (key, due) = first.get(event.id.as_str())?;
                    Some(Item { posting, event, key, due: *due, absent: None })
                };
                let events: Vec<(&Event, Option<Item<'_>>)> =
                    posting.events.iter().take(MOST_EVENTS).map(|event| (event, item(event))).collect();
                for (event, item) in &events {
                    keep(item.and_then(|item| alone(self.templates, item, &to, now)));
                    // Every way in which it might change, once for each sort of event: what differs between two of
                    // one sort is said in the mail about them all.
                    if shapes.insert((to.language, event.kind, std::mem::discriminant(&event.when))) {
                        keep(item.and_then(|item| late(self.templates, item, &to, now)));
                        keep(
                            item.and_then(|item| {
                                late(self.templates, item, &to, now + TimeDelta::days(4000))
                            }),
                        );
                        keep(told(self.templates, posting, &[(event, *item)], &to, now, usize::MAX));
                    }
                }
                for events in events.chunks(IN_ONE_MAIL) {
                    keep(told(self.templates, posting, events, &to, now, 1));
                }
                if languages.insert(to.language) {
                    keep(nothing(self.templates, posting, &to, now));
                    keep(slips(self.templates, posting, &to, now));
                }
            }
        }
        (problems, languages)
    }
}

/// Somebody for each language in which a posting is told, and when they are; and for each of which a template was
/// replaced, whoever reads it one day.
fn readers<'a>(
    posting: &'a Posting,
    reminders: &[&'a Reminder],
    replaced: &[Language],
) -> Vec<(Addressee<'a>, DateTime<Utc>)> {
    let mut found: BTreeMap<Language, (Addressee<'a>, DateTime<Utc>)> = BTreeMap::new();
    for reminder in reminders {
        let (reader, language) = (reminder.reader(), reminder.reminded().language);
        let name = reader.name.as_deref();
        let zone = reader.zone.map_or(posting.zone, |zone| zone.0);
        let to = Addressee { name, email: &reader.email, language, zone };
        found.entry(language).or_insert((to, reminder.due));
    }
    if let (true, Some(first)) = (found.is_empty(), posting.recruiters.first()) {
        let (name, language) = (first.name.as_deref(), first.language.unwrap_or(posting.language));
        let to = Addressee { name, email: &first.email, language, zone: posting.zone };
        found.insert(language, (to, DateTime::UNIX_EPOCH));
    }
    if let Some((to, due)) = found.values().next().copied() {
        for language in replaced {
            found.entry(*language).or_insert((Addressee { language: *language, ..to }, due));
        }
    }
    found.into_values().collect()
}

/// The mail in words that tells this.
fn written(
    templates: &Templates,
    matter: &Matter<'_>,
    to: &Addressee<'_>,
    now: DateTime<Utc>,
) -> Result<Rendered, Problem> {
    let voice = templates.voice(to.language);
    let facts = facts_by(&voice, matter, to, now);
    voice.fault().map_or_else(|| templates.render(&facts), Err)
}

/// What goes wrong when a reminder leaves alone.
fn alone(templates: &Templates, item: Item<'_>, to: &Addressee<'_>, now: DateTime<Utc>) -> Option<Problem> {
    let matter = Matter { reminders: vec![item], ..Matter::default() };
    written(templates, &matter, to, now).err()
}

/// What goes wrong when reminders leave late: two of one posting, one of them to whoever covers.
fn late(templates: &Templates, item: Item<'_>, to: &Addressee<'_>, now: DateTime<Utc>) -> Option<Problem> {
    let matter =
        Matter { reminders: vec![item, Item { absent: Some("Camille"), ..item }], ..Matter::default() };
    written(templates, &matter, to, now + TimeDelta::hours(1)).err()
}

/// What goes wrong when events are told in every way there is, all in one mail: their reminders, how they changed
/// (the first `changes` of the ways in which they might), what was missed, what is new, and a digest.
fn told(
    templates: &Templates,
    posting: &Posting,
    events: &[(&Event, Option<Item<'_>>)],
    to: &Addressee<'_>,
    now: DateTime<Utc>,
    changes: usize,
) -> Option<Problem> {
    let said: Vec<(&Event, Said)> =
        events.iter().map(|(event, _)| (*event, Said::of(posting, event))).collect();
    let made_up: Vec<_> = said
        .iter()
        .flat_map(|(event, said)| made_up(said).into_iter().take(changes).map(|change| (*event, change)))
        .collect();
    let changes = made_up.iter().map(|(event, (before, after, difference))| Changed {
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
    let missed = said.iter().flat_map(|(_, said)| {
        [false, true].map(|was_change| Missed {
            heading,
            said,
            due: now,
            lapsed: now,
            was_change,
            absent: Some("Camille"),
        })
    });
    let refusals = [None, Some("550 5.1.1")].into_iter().map(|reply| Refusal {
        heading,
        name: reply,
        email: "camille@example.org",
        reply,
        untold: said
            .iter()
            .flat_map(|(_, said)| [false, true].map(|change| (said.clone(), now, change)))
            .collect(),
        absent: reply,
    });
    let past = |why: Option<Why>| {
        said.iter().map(move |(_, said)| Past {
            posting: &posting.title,
            said: Some(said),
            at: now,
            change: false,
            to: Some("Camille".to_owned()),
            why: why.clone(),
        })
    };
    let from = posting.zone.date(now);
    let dates: Vec<_> = events.iter().map(|(event, _)| (posting, *event)).collect();
    let failed = [Some(Why::Refused("550".to_owned())), Some(Why::Held)];
    let digest = Digest {
        from,
        until: from.checked_add_days(Days::new(14)).unwrap_or(from),
        coming: dates.clone(),
        sent: past(None).collect(),
        failed: failed.into_iter().flat_map(past).collect(),
        to_fix: dates,
        all: false,
    };
    let later = now + TimeDelta::hours(1);
    let news = New {
        posting,
        planned: events.iter().flat_map(|(event, _)| [(*event, now), (*event, later)]).collect(),
        skipped: events.iter().map(|(event, _)| (*event, now)).collect(),
        absent: Some("Camille"),
    };
    let reminders = events.iter().filter_map(|(_, item)| *item);
    let matter = Matter {
        reminders: reminders.map(|item| Item { absent: Some("Camille"), ..item }).collect(),
        slips: Vec::new(),
        changes: changes.collect(),
        news: vec![news],
        missed: missed.collect(),
        refusals: refusals.collect(),
        digest: Some(digest),
        calendar: Vec::new(),
    };
    written(templates, &matter, to, later).err()
}

/// What goes wrong in a digest that has nothing to say.
fn nothing(
    templates: &Templates,
    posting: &Posting,
    to: &Addressee<'_>,
    now: DateTime<Utc>,
) -> Option<Problem> {
    let from = posting.zone.date(now);
    let digest = Digest {
        from,
        until: from.checked_add_days(Days::new(14)).unwrap_or(from),
        coming: Vec::new(),
        sent: Vec::new(),
        failed: Vec::new(),
        to_fix: Vec::new(),
        all: false,
    };
    let matter = Matter { digest: Some(digest), ..Matter::default() };
    written(templates, &matter, to, now).err()
}

/// What goes wrong when two files are wrong in more ways than a mail tells: one that was right before, and one that
/// never was.
fn slips(
    templates: &Templates,
    posting: &Posting,
    to: &Addressee<'_>,
    now: DateTime<Utc>,
) -> Option<Problem> {
    let words = |what: &str| say(what, what);
    let wrong = |file: &str, n: usize| {
        let problem = Problem::error("wrong", file, words("…"));
        let place = Place { line: n, column: 9, width: 1, text: "title = 1".to_owned() };
        // The first is about the whole file.
        if n == 0 { problem } else { problem.at(place).remedy(words("…")) }
    };
    let never = "~";
    let recruiters = &posting.recruiters;
    let broken = [posting.file.as_str(), never].map(|file| Broken {
        file: file.to_owned(),
        id: None,
        title: None,
        recruiters: recruiters.clone(),
    });
    let problems: Vec<Problem> =
        broken.iter().flat_map(|file| (0..=MOST).map(|n| wrong(&file.file, n))).collect();
    let in_force = BTreeMap::from([(posting.id.clone(), posting.clone())]);
    let since = BTreeMap::from([(posting.id.as_str(), now)]);
    let found = found(&broken, &problems, &[], &in_force, &since);
    let told = found.values().flat_map(|of| of.errors.iter().map(move |error| (of, error)));
    let slips = told.map(|(of, error)| Slip { of, error, absent: Some("Camille") }).collect();
    written(templates, &Matter { slips, ..Matter::default() }, to, now).err()
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
        .filter_map(|troubles| {
            let voice = templates.voice(language);
            let facts = operator_facts_by(&voice, troubles, &to, since);
            voice.fault().or_else(|| templates.render_operator(&facts).err())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::read::posting;
    use crate::message::render::BUILT_IN;
    use crate::plan;
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
        trial(&postings, &planned.reminders, &overrides)
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
    fn of_hundreds_of_events_no_built_in_template_is_blamed() {
        let settings =
            settings("jalon.toml", "time_zone = \"Europe/Paris\"\n[people.a]\nemail = \"a@example.org\"\n")
                .0
                .unwrap();
        let mut text = "title = \"T\"\nrecruiters = [\"a\"]\n".to_owned();
        for n in 0..400 {
            text = format!("{text}[[milestone]]\nname = \"M{n}\"\non = 2026-09-04\n");
        }
        let postings = [posting("p.toml", "p", &text, &settings.house).posting.unwrap()];
        let planned = plan::lay::lay(&postings, &settings);
        assert_eq!(trial(&postings, &planned.reminders, &BTreeMap::new()), []);
        let subject = |text: &str| BTreeMap::from([("fr/reminder.subject.txt".to_owned(), text.to_owned())]);
        assert_eq!(trial(&postings, &planned.reminders, &subject("Rappel")), []);
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        let found = trial(&postings, &planned.reminders, &subject(endless));
        assert!(!found.is_empty() && found.iter().all(|problem| problem.code == TOO_LONG), "{found:?}");
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
            ("fr/parts/slip.txt", "slip.since"),
            ("fr/parts/slip.txt", "not slip.since and slip.more"),
            ("fr/parts/slip.txt", "slip.title and slip.absent"),
            ("fr/parts/slip.txt", "not slip.title"),
            ("fr/parts/slip.html", "not slip.errors[0].line and not slip.errors[0].remedy"),
            ("fr/parts/slip.html", "slip.errors[1].text and slip.errors[1].remedy"),
            ("fr/parts/digest.txt", "digest.empty"),
            ("fr/parts/digest.txt", "digest.failed and digest.failed[0].why"),
            ("fr/reminder.txt", "late"),
            ("fr/reminder.html", "reminders[1].again and reminders[1].absent"),
            ("fr/parts/interview.txt", "reminder.past and not reminder.again"),
            ("fr/operator.txt", "healed"),
            ("fr/operator.txt", "more"),
            ("fr/notice.txt", "late"),
        ] {
            let text = format!("{{% if {branch} %}}{{{{ nothing }}}}{{% endif %}}");
            assert_eq!(wrong(name, &text).len(), 1, "{branch}");
        }
    }
}
