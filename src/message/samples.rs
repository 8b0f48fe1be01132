//! Pure. A mail of every kind and every shape, about two recruitments that are made up: for whoever edits templates,
//! and for tests that every mail must pass.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Serialize;

use super::facts::facts_by;
use super::operator::operator_facts_by;
use super::season::{Season, heading, shifted};
use super::{
    Addressee, Changed, Digest, Facts, Item, Matter, Missed, New, OperatorFacts, Past, Refusal, Rendered,
    Slip, Templates, Trouble, Why,
};
use crate::calendar::{Event, Language, Posting, When, Zone};
use crate::diagnostic::{Problem, Words, say};
use crate::plan::Key;
use crate::plan::notice::slip::MOST;
use crate::plan::said::{Said, Standing, difference};

/// A mail that shows one kind in one shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The language it is in.
    pub language: Language,
    /// What it shows: « Entretien : la veille ».
    pub shape: Words,
    /// What its templates could name.
    pub facts: Told,
    /// The mail, or what is wrong with a template of it.
    pub mail: Result<Rendered, Problem>,
}

/// What the templates of a sample could name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Told {
    /// Those of a mail to a recruiter.
    Recruiter(Box<Facts>),
    /// Those of a mail to the operator.
    Operator(OperatorFacts),
}

/// Every sample in a language, as if `today` were the day on which a deadline is seven days away.
#[must_use]
pub fn samples(templates: &Templates, language: Language, today: NaiveDate) -> Vec<Sample> {
    let Some(season) = Season::new(language, today) else { return Vec::new() };
    let mut stage = Stage { season: &season, templates, language, shown: Vec::new() };
    stage.reminders();
    stage.several();
    stage.changes();
    stage.notices();
    stage.digests();
    stage.everything();
    stage.operator();
    stage.shown
}

/// The keys of a posting's reminders, by event.
fn keys(posting: &Posting) -> Vec<Key> {
    let key = |event: &Event| Key::from_text(format!("{}/{}/x/-1d/camille", posting.id, event.id));
    posting.events.iter().map(key).collect()
}

/// The reminders of all events of a posting.
fn items<'a>(posting: &'a Posting, keys: &'a [Key], due: DateTime<Utc>) -> Vec<Item<'a>> {
    let items = posting.events.iter().zip(keys);
    items.map(|(event, key)| Item { posting, event, key, due, absent: None }).collect()
}

struct Stage<'a> {
    season: &'a Season,
    templates: &'a Templates,
    language: Language,
    shown: Vec<Sample>,
}

impl Stage<'_> {
    fn show(&mut self, fr: &str, en: &str, matter: &Matter<'_>, now: DateTime<Utc>) {
        self.show_to(fr, en, matter, now, &self.season.to(self.language));
    }

    fn show_to(&mut self, fr: &str, en: &str, matter: &Matter<'_>, now: DateTime<Utc>, to: &Addressee<'_>) {
        let voice = self.templates.voice(self.language);
        let facts = facts_by(&voice, matter, to, now);
        let mail = voice.fault().map_or_else(|| self.templates.render(&facts), Err);
        self.push(fr, en, Told::Recruiter(Box::new(facts)), mail);
    }

    fn push(&mut self, fr: &str, en: &str, facts: Told, mail: Result<Rendered, Problem>) {
        self.shown.push(Sample { language: self.language, shape: say(fr, en), facts, mail });
    }

    /// One event, told alone.
    fn reminders(&mut self) {
        let season = self.season;
        let of_full = keys(&season.full);
        let one = |n: usize, now| Matter {
            reminders: items(&season.full, &of_full, now).into_iter().skip(n).take(1).collect(),
            ..Matter::default()
        };
        for (fr, en, n, days) in [
            ("Candidatures\u{a0}: une semaine avant", "Deadline: a week before", 0, 0),
            ("Candidatures\u{a0}: la veille", "Deadline: the day before", 0, 6),
            ("Candidatures\u{a0}: le lendemain", "Deadline: the day after", 0, 8),
            ("Entretien\u{a0}: la veille", "Interview: the day before", 1, 12),
            ("Entretien\u{a0}: le lendemain", "Interview: the day after", 1, 14),
            ("Prise de poste\u{a0}: deux semaines avant", "Start: two weeks before", 2, 29),
            ("Prise de poste\u{a0}: le lendemain", "Start: the day after", 2, 44),
            ("Fin du contrat\u{a0}: un mois avant", "End: a month before", 3, 290),
            ("Fin du contrat\u{a0}: le lendemain", "End: the day after", 3, 321),
            ("Étape\u{a0}: le jour même", "Milestone: on the day", 4, 50),
            ("Étape\u{a0}: le lendemain", "Milestone: the day after", 4, 51),
        ] {
            let now = season.at(days);
            self.show(fr, en, &one(n, now), now);
        }
        let of_vague = keys(&season.vague);
        for (fr, en, n) in [
            ("Entretien\u{a0}: date ouverte", "Interview: open date", 0),
            ("Prise de poste\u{a0}: période", "Start: a window", 1),
            ("Fin du contrat\u{a0}: date ouverte", "End: open date", 2),
            ("Étape\u{a0}: période avec ses mots", "Milestone: a window in words", 3),
        ] {
            let now = season.at(16);
            let item = items(&season.vague, &of_vague, now).into_iter().skip(n).take(1).collect();
            self.show(fr, en, &Matter { reminders: item, ..Matter::default() }, now);
        }
        let now = season.at(12);
        let reunion = Zone::parse("Indian/Reunion").unwrap_or(season.zone);
        let there = Addressee { zone: reunion, ..season.to(self.language) };
        self.show_to("Lecteur d'un autre fuseau", "A reader in another zone", &one(1, now), now, &there);
    }

    /// Several reminders, late ones, those of somebody who is absent.
    fn several(&mut self) {
        let season = self.season;
        let (of_full, of_bare) = (keys(&season.full), keys(&season.bare));
        let now = season.at(6);
        let late = now + TimeDelta::hours(3);
        let all = [items(&season.full, &of_full, now), items(&season.bare, &of_bare, now)].concat();
        let matter = Matter { reminders: all.clone(), ..Matter::default() };
        self.show("Plusieurs rappels", "Several reminders", &matter, now);
        self.show("Plusieurs rappels en retard", "Several late reminders", &matter, late);
        let one = Matter { reminders: vec![all[0]], ..Matter::default() };
        self.show("Rappel en retard", "A late reminder", &one, late);
        let covered = Item { absent: Some("Sacha Exemple"), ..all[0] };
        let covered = Matter { reminders: vec![covered], ..Matter::default() };
        self.show("En l'absence de quelqu'un", "In somebody's place", &covered, now);
        let other = Said::of(&season.bare, &season.bare.events[0]);
        let mut after = other.clone();
        after.when = season.full.events[0].when.clone();
        let changes = changed(&season.bare, 0, &other, &after, now).into_iter().collect();
        let mixed = Matter { changes, reminders: vec![all[0]], ..Matter::default() };
        self.show("Rappel et changement", "A reminder and a change", &mixed, now);
    }

    /// What became of a date.
    fn changes(&mut self) {
        let season = self.season;
        let now = season.at(0);
        let said = |n: usize| Said::of(&season.full, &season.full.events[n]);
        let vague = |n: usize| Said::of(&season.vague, &season.vague.events[n]);
        let with = |n: usize, standing| Said { standing, ..said(n) };
        let moved = |n: usize, days: i64| {
            let mut later = said(n);
            later.when = match later.when {
                When::Timed(mut starts) => {
                    for start in &mut starts {
                        start.local += TimeDelta::days(days);
                        start.instant = season.zone.instant(start.local);
                    }
                    When::Timed(starts)
                }
                _ => When::Days(vec![shifted(season.today, days)]),
            };
            later
        };
        let elsewhere = Said {
            place: Some(season.full.location.clone().unwrap_or_default()),
            link: Some("https://visio.example.org/autre".to_owned()),
            panel: said(1).panel.into_iter().skip(1).collect(),
            ..said(1)
        };
        let nowhere = Said { place: None, link: None, panel: Vec::new(), ..moved(1, 7) };
        for (fr, en, n, before, after) in [
            ("Date reportée", "A date that moved", 2, said(2), moved(2, 60)),
            (
                "Entretien reporté, lieu à préciser",
                "An interview that moved, without a place",
                1,
                said(1),
                nowhere,
            ),
            ("Autre lieu, autre lien, autre jury", "Another place, link and panel", 1, said(1), elsewhere),
            ("Date fixée", "A date that was fixed", 2, vague(1), said(2)),
            ("Date qui n'est plus fixée", "A date that is not fixed any more", 2, said(2), vague(1)),
            ("Date à fixer", "A date to be fixed", 1, said(1), vague(0)),
            ("Date annulée", "A date that was cancelled", 1, said(1), with(1, Standing::Cancelled)),
            ("Date retirée", "A date that was removed", 3, said(3), with(3, Standing::Removed)),
            ("Date rétablie", "A date that was restored", 1, with(1, Standing::Cancelled), said(1)),
        ] {
            let changes = changed(&season.full, n, &before, &after, now).into_iter().collect();
            self.show(fr, en, &Matter { changes, ..Matter::default() }, now);
        }
        let before: Vec<Said> = (0..3).map(said).collect();
        let after: Vec<Said> = (0..3).map(|n| with(n, Standing::Cancelled)).collect();
        let pairs = before.iter().zip(&after).enumerate();
        let changes =
            pairs.filter_map(|(n, (before, after))| changed(&season.full, n, before, after, now)).collect();
        self.show(
            "Recrutement annulé",
            "A cancelled recruitment",
            &Matter { changes, ..Matter::default() },
            now,
        );
    }

    /// New postings, wrong files, what was missed, who is not reached.
    fn notices(&mut self) {
        let season = self.season;
        let now = season.at(0);
        let (full, bare) = (&season.full, &season.bare);
        let new = New {
            posting: full,
            planned: vec![
                (&full.events[0], season.at(6)),
                (&full.events[0], season.at(7)),
                (&full.events[1], season.at(12)),
                (&full.events[2], season.at(29)),
            ],
            skipped: vec![(&full.events[0], season.at(-1))],
            absent: None,
        };
        let other =
            New { posting: bare, planned: Vec::new(), skipped: Vec::new(), absent: Some("Sacha Exemple") };
        let news = |news| Matter { news, ..Matter::default() };
        self.show("Nouveau recrutement", "A new recruitment", &news(vec![new.clone()]), now);
        let both = news(vec![new, other]);
        self.show("Plusieurs nouveaux recrutements", "Several new recruitments", &both, now);
        for (n, (fr, en)) in [
            ("Fiche à corriger, l'ancienne vaut encore", "A wrong file, the former one still holds"),
            ("Fiche qui n'a jamais été juste", "A file that never was right"),
        ]
        .into_iter()
        .enumerate()
        {
            let of = season.slips.get(n).into_iter();
            let told = of.flat_map(|of| of.errors.iter().take(MOST).map(move |error| (of, error)));
            let slips = told.map(|(of, error)| Slip { of, error, absent: None }).collect();
            self.show(fr, en, &Matter { slips, ..Matter::default() }, now);
        }
        let said = Said::of(full, &full.events[0]);
        let lapsed = season.at(8);
        let missed = |due, was_change, absent| Missed {
            heading: heading(full),
            said: &said,
            due,
            lapsed,
            was_change,
            absent,
        };
        let lost = |missed| Matter { missed, ..Matter::default() };
        let first = missed(season.at(7), false, None);
        self.show(
            "Rappel qui n'a pas pu partir",
            "A reminder that could not leave",
            &lost(vec![first]),
            lapsed,
        );
        let second = missed(season.at(6), true, Some("Sacha Exemple"));
        let all = lost(vec![first, second]);
        self.show("Plusieurs messages perdus", "Several messages that could not leave", &all, lapsed);
        let refusals = vec![Refusal {
            heading: heading(full),
            name: Some("Sacha Exemple"),
            email: "sacha@example.org",
            reply: Some("550 5.1.1 no such user"),
            untold: vec![(said.clone(), season.at(6), false)],
            absent: None,
        }];
        let refused = Matter { refusals, ..Matter::default() };
        self.show("Adresse refusée", "An address that is refused", &refused, now);
    }

    fn digests(&mut self) {
        let season = self.season;
        let now = season.at(0);
        let said = Said::of(&season.full, &season.full.events[0]);
        let past = |why: Option<Why>, to: Option<&str>| Past {
            posting: &season.full.title,
            said: Some(&said),
            at: season.at(-1),
            change: to.is_some(),
            to: to.map(str::to_owned),
            why,
        };
        let nothing = Digest {
            from: season.today,
            until: shifted(season.today, 14),
            coming: Vec::new(),
            sent: Vec::new(),
            failed: Vec::new(),
            to_fix: Vec::new(),
            all: false,
        };
        let coming = |posting| -> Vec<(&Posting, &Event)> {
            let posting: &Posting = posting;
            posting.events.iter().take(2).map(|event| (posting, event)).collect()
        };
        let full = Digest {
            coming: [coming(&season.full), coming(&season.bare)].concat(),
            to_fix: vec![(&season.vague, &season.vague.events[0])],
            sent: vec![past(None, None), past(None, Some("Sacha Exemple"))],
            failed: vec![past(Some(Why::Refused("550 5.1.1".to_owned())), Some("Sacha Exemple"))],
            ..nothing.clone()
        };
        let digest = |digest| Matter { digest: Some(digest), ..Matter::default() };
        self.show("Bilan", "A summary", &digest(full.clone()), now);
        let of_bare = keys(&season.bare);
        let reminders = items(&season.bare, &of_bare, now);
        let both = Matter { reminders, ..digest(full.clone()) };
        self.show("Rappels et bilan", "Reminders and a summary", &both, now);
        let all = digest(Digest { all: true, ..full });
        self.show("Bilan de tous les recrutements", "A summary of all recruitments", &all, now);
        self.show("Bilan vide", "An empty summary", &digest(nothing), now);
    }

    /// All sorts of notices in one mail, to somebody who lives elsewhere and stands in for somebody else.
    fn everything(&mut self) {
        let season = self.season;
        let now = season.at(14);
        let absent = Some("Sacha Exemple");
        let said = |n: usize| Said::of(&season.full, &season.full.events[n]);
        let deadline = said(0);
        let noon = Said { when: season.bare.events[0].when.clone(), ..deadline.clone() };
        let change = changed(&season.full, 0, &noon, &deadline, season.at(0));
        let of = season.slips.get(2).into_iter();
        let errors = of.flat_map(|of| of.errors.iter().take(MOST).map(move |error| (of, error)));
        let (full, vague) = (&season.full, &season.vague);
        let all = |posting| {
            let posting: &Posting = posting;
            posting.events.iter().map(|event| (event, season.at(30))).collect()
        };
        let new = |posting| New { posting, planned: all(posting), skipped: Vec::new(), absent };
        let refusal = Refusal {
            heading: heading(full),
            name: None,
            email: "sacha@example.org",
            reply: None,
            untold: vec![(deadline.clone(), season.at(6), true)],
            absent,
        };
        let (due, lapsed) = (season.at(7), season.at(8));
        let missed =
            Missed { heading: heading(full), said: &deadline, due, lapsed, was_change: false, absent };
        let matter = Matter {
            slips: errors.map(|(of, error)| Slip { of, error, absent }).collect(),
            changes: change.into_iter().map(|change| Changed { absent, ..change }).collect(),
            news: vec![new(full), new(vague)],
            missed: vec![missed],
            refusals: vec![refusal],
            ..Matter::default()
        };
        let zone = Zone::parse("Indian/Reunion").unwrap_or(season.zone);
        let there = Addressee { zone, ..season.to(self.language) };
        self.show_to("Tout à la fois", "Everything at once", &matter, now, &there);
    }

    fn operator(&mut self) {
        let season = self.season;
        let sentence = say(
            "Le relais smtp.example.org ne répond plus depuis une heure\u{a0}: aucun message ne part.",
            "The relay smtp.example.org has not answered for an hour: no message leaves.",
        );
        let sentence = sentence.say(self.language.spoken());
        let open = Trouble { sentence, since: season.at(0), healed: None };
        let healed = Trouble { healed: Some(season.at(1)), ..open };
        let to = Addressee { name: None, email: "admin@example.org", ..season.to(self.language) };
        for (fr, en, troubles) in [
            ("Exploitant\u{a0}: incident", "Operator: an incident", &[open][..]),
            ("Exploitant\u{a0}: plusieurs incidents", "Operator: several incidents", &[open, healed]),
            ("Exploitant\u{a0}: incident terminé", "Operator: well again", &[healed]),
        ] {
            let voice = self.templates.voice(self.language);
            let facts = operator_facts_by(&voice, troubles, &to, season.at(1));
            let mail = voice.fault().map_or_else(|| self.templates.render_operator(&facts), Err);
            self.push(fr, en, Told::Operator(facts), mail);
        }
    }
}

/// An event of a posting that is otherwise than was told.
fn changed<'a>(
    posting: &'a Posting,
    event: usize,
    before: &'a Said,
    after: &'a Said,
    now: DateTime<Utc>,
) -> Option<Changed<'a>> {
    Some(Changed {
        posting: &posting.id,
        event: &posting.events.get(event)?.id,
        before,
        after,
        difference: difference(before, after, now)?,
        reminded: true,
        dropped: before.panel.len() > after.panel.len() && !after.panel.is_empty(),
        absent: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_makes_a_mail_in_every_language_on_any_day() {
        for day in ["2026-06-21", "2028-02-29", "2026-12-31"] {
            let day = day.parse().expect("is a date");
            let counts = Language::ALL.map(|language| {
                let shown = samples(&Templates::built_in(), language, day);
                for sample in &shown {
                    assert!(sample.mail.is_ok(), "{sample:?}");
                }
                shown.len()
            });
            assert!(counts[0] == counts[1] && counts[0] >= 40, "{counts:?}");
        }
    }
}
