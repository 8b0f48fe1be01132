//! Pure. Rules × occurrences × recipients → reminders. Planning twice is planning once.
//!
//! In order, a candidate falls away by `day_off = "skip"`, by a due instant at or after its `late_after`, as a
//! double of a key, and as one of two at the same due instant (the shortest lead stays).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::slice::from_ref;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use super::absence::{Route, reroute};
use super::refused::{Refusal, Refused, silence};
use super::{Key, Occurrence, Plan, Reminder};
use crate::calendar::rule::{Target, built_in};
use crate::calendar::{DayOff, Event, Kind, Lead, Posting, Recipient, Rule, To, Unit, When};
use crate::diagnostic::{Place, Problem, Words, say};
use crate::settings::Settings;

/// How long before an instant a reminder *on the day* must have left.
const ON_DAY_MARGIN: TimeDelta = TimeDelta::hours(2);

/// Everything that these postings ask for, under these settings: their rules, how long a reminder *after* an event
/// is of use, and who is away.
#[must_use]
pub fn lay(postings: &[Posting], settings: &Settings) -> Plan {
    lay_telling(postings, settings, None)
}

/// The same; and what rules in force ask for that is not planned, for whoever wants to know why.
#[must_use]
pub fn lay_telling(
    postings: &[Posting],
    settings: &Settings,
    mut refused: Option<&mut Vec<Refusal>>,
) -> Plan {
    let house = house_rules(settings);
    let mut plan = Plan::default();
    for posting in postings {
        for event in posting.events.iter().filter(|event| is_live(posting, event)) {
            let refused = refused.as_deref_mut();
            Layer { posting, event, settings, plan: &mut plan, refused }
                .lay(&rules_of(posting, event, &house));
        }
    }
    plan.reminders = in_order(plan.reminders);
    let mut said = HashSet::new();
    plan.warnings
        .retain(|problem| said.insert((problem.code, problem.file.clone(), problem.sentence.fr.clone())));
    plan
}

/// Whether anybody is to be reminded of an event.
#[must_use]
pub fn is_live(posting: &Posting, event: &Event) -> bool {
    silence(posting, event).is_none()
}

/// The house's rules of every kind: jalon.toml's, else the built-in one.
#[must_use]
pub fn house_rules(settings: &Settings) -> BTreeMap<Kind, Vec<Rule>> {
    Kind::ALL
        .map(|kind| (kind, settings.rules.get(&kind).cloned().unwrap_or_else(|| vec![built_in(kind)])))
        .into()
}

/// The rules that could be an event's, in the order in which they count: the posting's for it, the posting's for its
/// kind, the house's. The first that are any are in force, and take the place of the others.
#[must_use]
pub fn levels<'a>(
    posting: &'a Posting,
    event: &Event,
    house: &'a BTreeMap<Kind, Vec<Rule>>,
) -> [Vec<&'a Rule>; 3] {
    let own = |target: Target| posting.rules.iter().filter(|rule| rule.target == target).collect::<Vec<_>>();
    [
        own(Target::Event(event.id.clone())),
        own(Target::Kind(event.kind)),
        house.get(&event.kind).into_iter().flatten().collect(),
    ]
}

/// The rules of an event that are in force.
fn rules_of<'a>(posting: &'a Posting, event: &Event, house: &'a BTreeMap<Kind, Vec<Rule>>) -> Vec<&'a Rule> {
    levels(posting, event, house).into_iter().find(|rules| !rules.is_empty()).unwrap_or_default()
}

/// From where a lead counts, and until when its reminder is of use.
struct Anchor {
    occurrence: Occurrence,
    /// The day, in the posting's zone.
    day: NaiveDate,
    /// The instant, where the event has one: its start or closing; for `after`, its end.
    instant: Option<DateTime<Utc>>,
    /// Until when a reminder before it, or on the day, is of use.
    until: DateTime<Utc>,
}

struct Layer<'a> {
    posting: &'a Posting,
    event: &'a Event,
    settings: &'a Settings,
    plan: &'a mut Plan,
    refused: Option<&'a mut Vec<Refusal>>,
}

impl Layer<'_> {
    fn lay(mut self, rules: &[&Rule]) {
        let mut laid: Vec<(usize, Reminder)> = Vec::new();
        // What makes a key: lead, occurrence (of one lead, by its place among them), recipient; and the first rule with it.
        let mut keys: HashMap<(Lead, usize, usize), usize> = HashMap::new();
        let mut ids: Vec<String> = Vec::new();
        for (n, rule) in rules.iter().enumerate() {
            let recipients = self.recipients(rule);
            let numbers: Vec<usize> = recipients.iter().map(|one| number_of(&one.id, &mut ids)).collect();
            let leads = rule
                .before
                .iter()
                .copied()
                .chain(rule.on_day.then_some(Lead::ON_DAY))
                .chain(rule.after.iter().copied());
            for lead in leads {
                let anchors = self.anchors(lead);
                if anchors.is_empty() {
                    self.refuse(rule, lead, None, &recipients, self.no_anchor(lead));
                }
                for (nth, anchor) in anchors.into_iter().enumerate() {
                    for (recipient, number) in recipients.iter().zip(&numbers) {
                        let Some(reminder) = self.reminder(rule, lead, &anchor, recipient) else { continue };
                        let Some(first) = keys.insert((lead, nth, *number), n) else {
                            laid.push((*number, reminder));
                            continue;
                        };
                        let why = if first == n { Refused::Repeated } else { Refused::Double };
                        self.double(rule, lead, why);
                        self.refuse(rule, lead, Some(&anchor), from_ref(recipient), why);
                    }
                }
            }
        }
        let all = self.refused.is_some().then(|| laid.iter().map(|(_, one)| one.clone()).collect());
        let kept = shortest_at_each_instant(laid);
        self.give_way(all.unwrap_or_default(), &kept);
        self.plan.reminders.extend(kept);
    }

    /// Notes what is not planned, if anybody wants to know.
    fn refuse(
        &mut self,
        rule: &Rule,
        lead: Lead,
        anchor: Option<&Anchor>,
        recipients: &[Arc<Recipient>],
        why: Refused,
    ) {
        let (posting, event) = (self.posting, self.event);
        let Some(refused) = &mut self.refused else { return };
        refused.extend(recipients.iter().map(|recipient| Refusal {
            posting: posting.id.clone(),
            event: event.id.clone(),
            origin: rule.origin.clone(),
            lead,
            occurrence: anchor.map(|anchor| anchor.occurrence.clone()),
            recipient: (**recipient).clone(),
            why,
        }));
    }

    /// Notes which reminders gave way to a nearer one at the same instant.
    fn give_way(&mut self, all: Vec<Reminder>, kept: &[Reminder]) {
        let Some(refused) = &mut self.refused else { return };
        for lost in all.into_iter().filter(|one| !kept.iter().any(|kept| kept.key == one.key)) {
            let same = |kept: &&Reminder| kept.recipient.id == lost.recipient.id && kept.due == lost.due;
            let Some(kept) = kept.iter().find(same) else { continue };
            refused.push(Refusal {
                posting: lost.posting,
                event: lost.event,
                origin: lost.origin,
                lead: lost.lead,
                occurrence: Some(lost.occurrence),
                recipient: (*lost.recipient).clone(),
                why: Refused::Shorter(kept.lead),
            });
        }
    }

    /// Why a lead has nothing to count from.
    fn no_anchor(&self, lead: Lead) -> Refused {
        match self.event.when {
            When::Open => Refused::Open,
            When::Window { .. } if lead.count == 0 => Refused::NoDay,
            _ => Refused::NoInstant,
        }
    }

    /// Whom a rule reminds of this event, each once.
    fn recipients(&self, rule: &Rule) -> Vec<Arc<Recipient>> {
        let (posting, event) = (self.posting, self.event);
        let has_panel = event.kind == Kind::Interview && !event.panel.is_empty();
        let default = if has_panel { &[To::Recruiters, To::Panel][..] } else { &[To::Recruiters] };
        let to = if rule.to.is_empty() { default } else { &rule.to };
        let mut found: Vec<Arc<Recipient>> = Vec::new();
        for to in to {
            let group = match to {
                To::Panel if has_panel => &event.panel,
                To::Recruiters | To::Panel => &posting.recruiters,
                To::Some(list) => list,
            };
            for recipient in group {
                if !found.iter().any(|known| known.id == recipient.id) {
                    found.push(Arc::new(recipient.clone()));
                }
            }
        }
        found
    }

    /// The occurrences that a lead counts from, in time: the table of the design, 2.3.3.
    fn anchors(&self, lead: Lead) -> Vec<Anchor> {
        let zone = self.posting.zone;
        let day = |day: NaiveDate| Anchor {
            occurrence: Occurrence::Day(day),
            day,
            instant: None,
            until: zone.end_of(day),
        };
        match &self.event.when {
            When::Open => Vec::new(),
            When::Deadline { closes, last_day, written } => vec![Anchor {
                occurrence: written.map_or(Occurrence::Day(*last_day), Occurrence::Time),
                day: *last_day,
                instant: Some(*closes),
                until: *closes,
            }],
            When::Window { .. } | When::Days(_) if lead.is_timed() => Vec::new(),
            When::Window { .. } if lead.count == 0 => Vec::new(),
            When::Window { first, last } => vec![Anchor {
                occurrence: Occurrence::Window(*first, *last),
                day: if lead.count < 0 { *first } else { *last },
                instant: None,
                until: zone.end_of(*last),
            }],
            When::Days(days) => pick(days, lead).into_iter().map(|d| day(*d)).collect(),
            When::Timed(starts) => {
                let length = self.event.duration.unwrap_or_default();
                let picked = if lead.is_timed() {
                    starts.iter().collect()
                } else if lead.count == 0 {
                    let mut seen = HashSet::new();
                    starts.iter().filter(|start| seen.insert(start.local.date())).collect()
                } else {
                    pick(starts, lead)
                };
                let anchor = |start: &crate::calendar::Start| Anchor {
                    occurrence: Occurrence::Time(start.local),
                    day: start.local.date(),
                    instant: Some(if lead.count > 0 { start.instant + length } else { start.instant }),
                    until: start.instant,
                };
                picked.into_iter().map(anchor).collect()
            }
        }
    }

    /// One reminder, unless a day off or its uselessness takes it away.
    fn reminder(
        &mut self,
        rule: &Rule,
        lead: Lead,
        anchor: &Anchor,
        recipient: &Arc<Recipient>,
    ) -> Option<Reminder> {
        let posting = self.posting;
        let zone = recipient.zone.map_or(posting.zone, |zone| zone.0);
        let (due, moved_from) = match (lead.unit, anchor.instant) {
            (Unit::Hour | Unit::Minute, Some(instant)) => {
                (instant + TimeDelta::minutes(lead.count * lead.unit.minutes()), None)
            }
            (Unit::Hour | Unit::Minute, None) => return None,
            _ if lead.count == 0 => {
                let at = zone.instant(anchor.day.and_time(rule.at));
                (anchor.instant.map_or(at, |instant| at.min(instant - ON_DAY_MARGIN)), None)
            }
            _ => {
                let (day, moved_from) = match self.lead_day(rule, lead, anchor.day) {
                    LeadDay::On(day, moved_from) => (day, moved_from),
                    LeadDay::Skipped(day) => {
                        self.refuse(rule, lead, Some(anchor), from_ref(recipient), Refused::DayOff(day));
                        return None;
                    }
                    LeadDay::Nowhere => {
                        self.nowhere(rule, lead);
                        self.refuse(rule, lead, Some(anchor), from_ref(recipient), Refused::Nowhere);
                        return None;
                    }
                };
                (zone.instant(day.and_time(rule.at)), moved_from)
            }
        };
        let late_after = if lead.count > 0 { due + self.settings.delivery.late_limit } else { anchor.until };
        if due >= late_after {
            let why = Refused::Useless { due, late_after };
            self.useless(rule, lead, &anchor.occurrence, why);
            self.refuse(rule, lead, Some(anchor), from_ref(recipient), why);
            return None;
        }
        let directory = &self.settings.house.directory;
        let rerouted = reroute(recipient, due, posting.zone, &posting.recruiters, directory);
        let (reader, alone) = rerouted.map_or_else(
            || (Arc::clone(recipient), false),
            |Route { reader, alone }| (Arc::new(reader), alone),
        );
        Some(Reminder {
            key: Key::new(&posting.id, &self.event.id, &anchor.occurrence, lead, &recipient.id),
            posting: posting.id.clone(),
            event: self.event.id.clone(),
            kind: self.event.kind,
            occurrence: anchor.occurrence.clone(),
            lead,
            recipient: Arc::clone(recipient),
            language: reader.language.unwrap_or(posting.language),
            reader,
            alone,
            zone,
            due,
            late_after,
            origin: rule.origin.clone(),
            moved_from,
        })
    }

    /// The date of a lead in days, weeks or worked days, in the posting's zone.
    fn lead_day(&self, rule: &Rule, lead: Lead, from: NaiveDate) -> LeadDay {
        let days = &self.posting.days;
        if lead.unit == Unit::WorkedDay {
            return days.walk(from, lead.count).map_or(LeadDay::Nowhere, |day| LeadDay::On(day, None));
        }
        let distance = Days::new(lead.count.unsigned_abs() * if lead.unit == Unit::Week { 7 } else { 1 });
        let reached =
            if lead.count < 0 { from.checked_sub_days(distance) } else { from.checked_add_days(distance) };
        let Some(day) = reached else { return LeadDay::Nowhere };
        if days.is_worked(day) {
            return LeadDay::On(day, None);
        }
        let usual = if lead.count < 0 { DayOff::Earlier } else { DayOff::Later };
        let moved = match rule.day_off.unwrap_or(usual) {
            DayOff::Keep => return LeadDay::On(day, None),
            DayOff::Skip => return LeadDay::Skipped(day),
            DayOff::Earlier => days.at_or_before(day),
            DayOff::Later => days.at_or_after(day),
        };
        moved.map_or(LeadDay::Nowhere, |moved| LeadDay::On(moved, Some(day)))
    }

    fn warn(&mut self, rule: &Rule, code: &'static str, sentence: Words, remedy: Words) {
        let (file, line) = match &rule.origin.file {
            Some(file) => (file.clone(), rule.origin.line),
            None => (self.posting.file.clone(), self.event.line),
        };
        let place = Place { line, column: 1, width: 1, text: String::new() };
        self.plan.warnings.push(Problem::warning(code, file, sentence).at(place).remedy(remedy));
    }

    /// What `check` says of it: the posting, the event, and why.
    fn about(&self, occurrence: &str, why: Refused, lead: Lead) -> Words {
        let (posting, event, why) = (&self.posting.id, &self.event.id, why.sentence(lead));
        say(
            format!("{posting}, {event}{occurrence}\u{a0}: {}", why.fr),
            format!("{posting}, {event}{occurrence}: {}", why.en),
        )
    }

    fn useless(&mut self, rule: &Rule, lead: Lead, occurrence: &Occurrence, why: Refused) {
        let sentence = self.about(&format!(" ({occurrence})"), why, lead);
        self.warn(
            rule,
            "due-too-late",
            sentence,
            say(
                "avancez son heure (at), ou choisissez un autre délai",
                "make it earlier (at), or choose another lead",
            ),
        );
    }

    fn double(&mut self, rule: &Rule, lead: Lead, why: Refused) {
        let sentence = self.about("", why, lead);
        let remedy = match why {
            // The rule itself is wanted: only what is written twice in it goes.
            Refused::Repeated => say("écrivez-le une seule fois dans la liste", "write it once in the list"),
            _ => say("supprimez l'une des deux", "remove one of the two"),
        };
        self.warn(rule, "rule-twice", sentence, remedy);
    }

    fn nowhere(&mut self, rule: &Rule, lead: Lead) {
        let sentence = self.about("", Refused::Nowhere, lead);
        self.warn(rule, "no-worked-day", sentence, say("vérifiez days_off", "check days_off"));
    }
}

enum LeadDay {
    /// On this day; moved from that one.
    On(NaiveDate, Option<NaiveDate>),
    /// `day_off = "skip"` on this day.
    Skipped(NaiveDate),
    /// No worked day within reach.
    Nowhere,
}

/// By due instant, then key. A reminder is large, and moved once.
fn in_order(reminders: Vec<Reminder>) -> Vec<Reminder> {
    let mut order: Vec<usize> = (0..reminders.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (&reminders[*a], &reminders[*b]);
        (a.due, &a.key).cmp(&(b.due, &b.key))
    });
    let mut reminders: Vec<Option<Reminder>> = reminders.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| reminders[at].take()).collect()
}

/// The number of an id among those met so far.
fn number_of(id: &str, ids: &mut Vec<String>) -> usize {
    ids.iter().position(|known| known == id).unwrap_or_else(|| {
        ids.push(id.to_owned());
        ids.len() - 1
    })
}

/// What a lead in days counts from: the first, each, or the last.
fn pick<T>(sorted: &[T], lead: Lead) -> Vec<&T> {
    match lead.count {
        ..0 => sorted.first().into_iter().collect(),
        0 => sorted.iter().collect(),
        1.. => sorted.last().into_iter().collect(),
    }
}

/// Of the reminders of one event to one recipient at one due instant, the one with the shortest lead; between
/// equals the first. Keeps the order otherwise.
fn shortest_at_each_instant(laid: Vec<(usize, Reminder)>) -> Vec<Reminder> {
    let mut kept: Vec<Reminder> = Vec::with_capacity(laid.len());
    let mut at: HashMap<(usize, DateTime<Utc>), usize> = HashMap::with_capacity(laid.len());
    for (recipient, reminder) in laid {
        let place = *at.entry((recipient, reminder.due)).or_insert(kept.len());
        match kept.get_mut(place) {
            None => kept.push(reminder),
            Some(rival) if reminder.lead.length() < rival.lead.length() => *rival = reminder,
            Some(_) => {}
        }
    }
    kept
}
