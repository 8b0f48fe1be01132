//! Pure. Rules × occurrences × recipients → reminders. Planning twice is planning once.
//!
//! In order, a candidate falls away by `day_off = "skip"`, by a due instant at or after its `late_after`, as a
//! double of a key, and as one of two at the same due instant (the shortest lead stays).

mod anchors;
pub(super) mod order;
mod people;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::slice::from_ref;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, TimeDelta, Utc};

use self::anchors::{Anchor, anchors, counted_from};
use self::order::in_order;
use self::people::{Group, Held, People};
use super::refused::{Refusal, Refused, silence};
use super::{Occasion, Occurrence, Plan};
use crate::calendar::rule::{Origin, Target, built_in};
use crate::calendar::{DayOff, Event, Kind, Lead, Posting, Rule, To, Unit, When};
use crate::diagnostic::{Place, Problem, Words, say};
use crate::settings::Settings;

/// How long before an instant a reminder *on the day* must have left.
const ON_DAY_MARGIN: TimeDelta = TimeDelta::hours(2);

/// For how many reminders room is made at most, before they are known: as if every posting had as many as the first.
const MANY: usize = 1 << 20;

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
    let of_kind: BTreeMap<Kind, Rules<'_>> =
        house.iter().map(|(kind, rules)| (*kind, Rules::of(rules.iter().collect()))).collect();
    let mut people = People::of(&settings.house.directory);
    let mut plan = Plan::default();
    for (n, posting) in postings.iter().enumerate() {
        if n == 1 {
            plan.reminders.reserve(plan.reminders.len().saturating_mul(postings.len()).min(MANY));
        }
        let id = Arc::from(posting.id.as_str());
        let recruiters = Group::by_zone(people.hold(&posting.recruiters), posting);
        for event in posting.events.iter().filter(|event| is_live(posting, event)) {
            let own = own_rules(posting, event, &house);
            let Some(rules) = own.as_ref().or_else(|| of_kind.get(&event.kind)) else { continue };
            let layer = Layer {
                posting,
                event,
                ids: (Arc::clone(&id), Arc::from(event.id.as_str())),
                settings,
                recruiters: &recruiters,
                people: &mut people,
                plan: &mut plan,
                refused: refused.as_deref_mut(),
            };
            layer.lay(rules);
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

/// The posting's own rules for an event, where it has any: then the house's are not in force.
fn own_rules<'a>(
    posting: &'a Posting,
    event: &Event,
    house: &'a BTreeMap<Kind, Vec<Rule>>,
) -> Option<Rules<'a>> {
    if posting.rules.is_empty() {
        return None;
    }
    let [of_event, of_kind, _] = levels(posting, event, house);
    [of_event, of_kind].into_iter().find(|rules| !rules.is_empty()).map(Rules::of)
}

/// Rules that are in force together.
struct Rules<'a> {
    rules: Vec<(&'a Rule, Arc<Origin>)>,
    /// Whether any lead stands there twice: only then can there be doubles.
    twice: bool,
}

impl<'a> Rules<'a> {
    fn of(rules: Vec<&'a Rule>) -> Self {
        let mut met = HashSet::new();
        let twice = rules.iter().flat_map(|rule| leads(rule)).any(|lead| !met.insert(lead));
        let with_origin = |rule: &'a Rule| (rule, Arc::new(rule.origin.clone()));
        Self { rules: rules.into_iter().map(with_origin).collect(), twice }
    }
}

fn leads(rule: &Rule) -> impl Iterator<Item = Lead> {
    let on_day = rule.on_day.then_some(Lead::ON_DAY);
    rule.before.iter().copied().chain(on_day).chain(rule.after.iter().copied())
}

/// When the reminders of a lead leave, whoever they are for.
enum Moment {
    /// At this instant.
    Instant(DateTime<Utc>),
    /// At this time of the recipient's own day, but no later than that instant.
    Local { at: NaiveDateTime, latest: Option<DateTime<Utc>>, moved_from: Option<NaiveDate> },
    /// They do not.
    Never(Refused),
}

/// What is asked for, of whomever: a rule's lead before, on or after an occurrence.
struct Asked<'a> {
    rule: &'a Rule,
    origin: &'a Arc<Origin>,
    lead: Lead,
    anchor: &'a Anchor,
}

/// What decides which of the reminders that one recipient would get of an event at one instant stays: the first of these.
/// The recipient's id, due instant, length of its lead, place among the reminders.
type Rival<'a> = (&'a str, DateTime<Utc>, i64, usize);

struct Layer<'a, 'b> {
    posting: &'a Posting,
    event: &'a Event,
    /// Their ids.
    ids: (Arc<str>, Arc<str>),
    settings: &'a Settings,
    recruiters: &'b [Group],
    people: &'b mut People<'a>,
    plan: &'b mut Plan,
    refused: Option<&'b mut Vec<Refusal>>,
}

impl<'a, 'b> Layer<'a, 'b> {
    fn lay(mut self, rules: &Rules<'a>) {
        let first = self.plan.reminders.len();
        let anchors = anchors(self.posting, self.event);
        let mut instants = Vec::new();
        // What makes a key: lead, occurrence (of one lead, by its place among them), recipient; and the first rule with it.
        let mut keys: HashMap<(Lead, usize, usize), usize> = HashMap::new();
        for (n, (rule, origin)) in rules.rules.iter().enumerate() {
            let groups = self.recipients(rule);
            for lead in leads(rule) {
                let mut counted = counted_from(&anchors, lead).enumerate().peekable();
                if counted.peek().is_none() {
                    for group in &*groups {
                        self.refuse(rule, lead, None, &group.held, self.no_anchor(lead));
                    }
                }
                for (nth, anchor) in counted {
                    let asked = Asked { rule, origin, lead, anchor };
                    let moment = self.moment(&asked);
                    for group in &*groups {
                        let occasion = match self.occasion(&asked, &moment, group) {
                            Ok(occasion) => Arc::new(occasion),
                            Err(why) => {
                                self.never(&asked, group, why);
                                continue;
                            }
                        };
                        instants.push(occasion.due);
                        if !rules.twice {
                            self.plan.reminders.extend(occasion.reminders());
                            continue;
                        }
                        for (held, reminder) in group.held.iter().zip(occasion.reminders()) {
                            if let Some(first) = keys.insert((lead, nth, held.number), n) {
                                let why = if first == n { Refused::Repeated } else { Refused::Double };
                                self.double(rule, lead, why);
                                self.refuse(rule, lead, Some(anchor), from_ref(held), why);
                            } else {
                                self.plan.reminders.push(reminder);
                            }
                        }
                    }
                }
            }
        }
        instants.sort_unstable();
        if instants.windows(2).any(|two| two[0] == two[1]) {
            self.give_way(first);
        }
    }

    /// Notes what is not planned, if anybody wants to know.
    fn refuse(
        &mut self,
        rule: &Rule,
        lead: Lead,
        anchor: Option<&Anchor>,
        recipients: &[Held],
        why: Refused,
    ) {
        let (posting, event) = (self.posting, self.event);
        let Some(refused) = &mut self.refused else { return };
        refused.extend(recipients.iter().map(|held| Refusal {
            posting: posting.id.clone(),
            event: event.id.clone(),
            origin: rule.origin.clone(),
            lead,
            occurrence: anchor.map(|anchor| anchor.occurrence),
            recipient: (*held.recipient).clone(),
            why,
        }));
    }

    /// Of the reminders of one event to one recipient at one due instant, the one with the shortest lead stays; between
    /// equals the first.
    fn give_way(&mut self, first: usize) {
        let of_event = (first..).zip(&self.plan.reminders[first..]);
        let mut rivals: Vec<Rival<'_>> =
            of_event.map(|(n, one)| (&*one.recipient().id, one.due, one.lead.length(), n)).collect();
        rivals.sort_unstable();
        let mut lost: BTreeMap<usize, Lead> = BTreeMap::new();
        for same in rivals.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let kept = self.plan.reminders[same[0].3].lead;
            lost.extend(same[1..].iter().map(|(.., place)| (*place, kept)));
        }
        if lost.is_empty() {
            return;
        }
        for (place, reminder) in (first..).zip(self.plan.reminders.split_off(first)) {
            let Some(nearer) = lost.get(&place) else {
                self.plan.reminders.push(reminder);
                continue;
            };
            let Some(refused) = &mut self.refused else { continue };
            refused.push(Refusal {
                posting: self.posting.id.clone(),
                event: self.event.id.clone(),
                origin: (*reminder.origin).clone(),
                lead: reminder.lead,
                occurrence: Some(reminder.occurrence),
                recipient: reminder.recipient().clone(),
                why: Refused::Shorter(*nearer),
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
    fn recipients(&mut self, rule: &'a Rule) -> Cow<'b, [Group]> {
        let has_panel = self.event.kind == Kind::Interview && !self.event.panel.is_empty();
        let default = if has_panel { &[To::Recruiters, To::Panel][..] } else { &[To::Recruiters] };
        let to = if rule.to.is_empty() { default } else { &rule.to };
        if let [To::Recruiters] = to {
            return Cow::Borrowed(self.recruiters);
        }
        let lists = to.iter().map(|to| match to {
            To::Panel if has_panel => &self.event.panel,
            To::Recruiters | To::Panel => &self.posting.recruiters,
            To::Some(list) => list,
        });
        Cow::Owned(Group::by_zone(lists.flat_map(|list| self.people.hold(list)), self.posting))
    }

    /// When the reminders of a lead leave.
    fn moment(&self, &Asked { rule, lead, anchor, .. }: &Asked<'_>) -> Moment {
        let instant = anchor.instant(lead);
        if let (Unit::Hour | Unit::Minute, Some(instant)) = (lead.unit, instant) {
            return Moment::Instant(instant + TimeDelta::minutes(lead.count * lead.unit.minutes()));
        }
        if lead.count == 0 {
            let at = anchor.day(lead).and_time(rule.at);
            return Moment::Local { at, latest: instant.map(|at| at - ON_DAY_MARGIN), moved_from: None };
        }
        match self.lead_day(rule, lead, anchor.day(lead)) {
            LeadDay::On(day, moved_from) => {
                Moment::Local { at: day.and_time(rule.at), latest: None, moved_from }
            }
            LeadDay::Skipped(day) => Moment::Never(Refused::DayOff(day)),
            LeadDay::Nowhere => Moment::Never(Refused::Nowhere),
        }
    }

    /// What recipients are reminded of then, unless a day off or its uselessness takes it away.
    fn occasion(
        &self,
        &Asked { origin, lead, anchor, .. }: &Asked<'_>,
        moment: &Moment,
        group: &Group,
    ) -> Result<Occasion, Refused> {
        let (due, moved_from) = match moment {
            Moment::Instant(due) => (*due, None),
            Moment::Local { at, latest, moved_from } => {
                let at = group.zone.instant(*at);
                (latest.map_or(at, |latest| at.min(latest)), *moved_from)
            }
            Moment::Never(why) => return Err(*why),
        };
        let late_after = if lead.count > 0 { due + self.settings.delivery.late_limit } else { anchor.until };
        if due >= late_after {
            return Err(Refused::Useless { due, late_after });
        }
        Ok(Occasion {
            posting: Arc::clone(&self.ids.0),
            event: Arc::clone(&self.ids.1),
            kind: self.event.kind,
            occurrence: anchor.occurrence,
            lead,
            zone: group.zone,
            due,
            late_after,
            origin: Arc::clone(origin),
            moved_from,
            to: group.at(due, self.posting, &self.settings.house.directory),
        })
    }

    /// Says why some are not reminded.
    fn never(&mut self, &Asked { rule, lead, anchor, .. }: &Asked<'_>, group: &Group, why: Refused) {
        match why {
            Refused::Nowhere => self.nowhere(rule, lead),
            Refused::Useless { .. } => self.useless(rule, lead, &anchor.occurrence, why),
            _ => {}
        }
        self.refuse(rule, lead, Some(anchor), &group.held, why);
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
