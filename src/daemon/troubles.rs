//! Pure. What the operator should know at a moment, from what the planner sees and how the ways out do: each trouble
//! with a stable name, a sentence, and when it is worth a mail.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use crate::calendar::{Directory, Recipient, Zone};
use crate::diagnostic::{Language, Problem, Severity, Words, say};
use crate::plan::complaint::Complaint;
use crate::plan::notice::episode::{AWAY, FILE, LAPSED, QUOTA, RELAY, TEMPLATE, Trouble, Troubles};
use crate::plan::notice::{MISSED, is_on_its_way};
use crate::plan::row::{Reason, Row, State};
use crate::plan::{Reminder, Sort};
use crate::settings::Settings;

/// How long a file may be wrong before the operator hears of it: whoever is editing mends it meanwhile.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

/// The code of the problem that has a trouble of its own.
const REMOVED: &str = "removed-person";

/// What the trouble with copies of the ledger is called.
const BACKUP: &str = "backup";

/// What the trouble with feeds is called.
const FEED: &str = "feed";

/// How long a relay may fail before the operator hears of it.
const RELAY_PATIENCE: TimeDelta = TimeDelta::hours(1);

/// How many things a sentence names.
const LISTED: usize = 20;

/// A way out, and how it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WayHealth {
    /// The relay's host, or the outbox.
    pub name: String,
    /// How it does.
    pub health: Health,
}

/// How a way out does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It was not tried yet.
    #[default]
    Unknown,
    /// It took the last mail, or was ready for it.
    Well,
    /// It fails.
    Failing {
        /// Since when.
        since: DateTime<Utc>,
        /// When it failed last.
        last: DateTime<Utc>,
        /// What is the matter.
        complaint: Complaint,
        /// What it said.
        words: String,
        /// What that means, and what to do, where it is known.
        advice: Option<Words>,
    },
}

/// A template that failed on a mail, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong with it.
    pub problem: Problem,
    /// When it failed first.
    pub since: DateTime<Utc>,
}

/// What the dispatcher feels: how the ways out do, and which templates failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Felt {
    /// The ways out.
    pub ways: Vec<WayHealth>,
    /// The templates that failed since they are in force.
    pub templates: Vec<Fault>,
    /// The daily copies of the ledger.
    pub copies: Health,
    /// The calendars to subscribe to.
    pub feeds: Health,
    /// Since when the ledger cannot be written, and what it said.
    pub ledger: Option<(DateTime<Utc>, String)>,
}

/// What troubles are seen by.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signs<'a> {
    pub language: Language,
    pub zone: Zone,
    /// What is wrong with the files in force.
    pub problems: &'a [Problem],
    /// People who were removed and are still named, and what is said of it.
    pub removed: &'a [(String, Words)],
    /// Files that are wrong, and of which no good version is known.
    pub unfollowed: &'a [String],
    /// Why files were not taken.
    pub refused: &'a [Problem],
    /// Postings that vanished together, and are not believed to be gone.
    pub missed: &'a [String],
    /// As whom mails are written, to the relays.
    pub sender: &'a str,
    /// Postings that are believed to be gone since this round.
    pub gone: &'a [String],
    /// Wrong templates in place of which the built-in ones are used.
    pub built_in: &'a BTreeSet<String>,
    pub reminders: &'a [Reminder],
    pub known: &'a [Row],
    /// How the ways out and the templates do; none while nobody has said.
    pub felt: Option<&'a Felt>,
    pub now: DateTime<Utc>,
}

/// What is said once somebody has accepted that postings are gone.
fn accepted(gone: &[String]) -> Words {
    let postings = listed(gone.iter().map(String::as_str));
    say(
        format!("La disparition de fiches a été acceptée ({postings}) : leurs rappels sont retirés."),
        format!("It was accepted that postings are gone ({postings}): their reminders are withdrawn."),
    )
}

/// The operator, as a recipient: a person of jalon.toml if the address is theirs.
pub(super) fn operator(settings: &Settings) -> Option<Recipient> {
    let email = settings.mail.as_ref()?.operator.clone()?;
    let id = email.to_lowercase();
    let people = settings.house.directory.people.values();
    let person = people.into_iter().find(|person| person.email.to_lowercase() == id);
    Some(person.map_or_else(
        || Recipient { id, name: None, email: email.clone(), language: None, zone: None },
        Recipient::from,
    ))
}

/// The troubles of this moment.
pub(super) fn troubles(signs: &Signs<'_>, directory: &Directory) -> Troubles {
    let mut found = Found { signs, troubles: Troubles::default() };
    found.files();
    found.vanished();
    found.alone(directory);
    found.refused(directory);
    found.held();
    found.lapsed();
    found.ways();
    found.templates();
    found.copies();
    found.feeds();
    found.ledger();
    found.troubles
}

struct Found<'a> {
    signs: &'a Signs<'a>,
    troubles: Troubles,
}

impl Found<'_> {
    fn add(&mut self, problem: &str, tell: DateTime<Utc>, words: &Words) {
        let problem = problem.replace('/', "_");
        self.troubles.present.push(Trouble { problem, tell, since: None, sentence: words.clone() });
    }

    /// Files that are wrong, one trouble each; and people who are no longer in theirs.
    fn files(&mut self) {
        let tell = self.signs.now + PATIENCE;
        for (id, words) in self.signs.removed {
            self.add(&format!("removed-{id}"), tell, words);
        }
        let wrong = |problem: &&Problem| problem.severity == Severity::Error && problem.code != REMOVED;
        let mut files: BTreeMap<&str, (&Problem, usize)> = BTreeMap::new();
        for problem in self.signs.problems.iter().chain(self.signs.refused).filter(wrong) {
            let name = problem.file.rsplit('/').next().unwrap_or_default();
            files.entry(name).or_insert((problem, 0)).1 += 1;
        }
        for (name, (first, count)) in files {
            let (fr, en) = (first.sentence.say(Language::French), first.sentence.say(Language::English));
            let line = first.place.as_ref().map(|place| place.line);
            let (ligne, line) = line
                .map_or_else(Default::default, |line| (format!(", ligne {line}"), format!(", line {line}")));
            let (autres, others) = match count - 1 {
                0 => (String::new(), String::new()),
                1 => (" (et 1 autre erreur)".to_owned(), " (and 1 more error)".to_owned()),
                more => (format!(" (et {more} autres erreurs)"), format!(" (and {more} more errors)")),
            };
            // A posting that was never right has no version to go on with.
            let goes_on = !self.signs.unfollowed.contains(&first.file);
            let (suite, then) = if self.signs.built_in.contains(&first.file) {
                ("Le modèle fourni avec jalon sert à sa place.", "jalon's own template is used in its place.")
            } else if goes_on {
                ("La dernière version correcte reste en vigueur.", "The last good version stays in force.")
            } else {
                ("Rien n'en est suivi pour l'instant.", "Nothing of it is followed for now.")
            };
            let words = say(
                format!("{name}{ligne} : {fr}{autres}. {suite}"),
                format!("{name}{line}: {en}{others}. {then}"),
            );
            self.add(&format!("{FILE}{name}"), tell, &words);
        }
    }

    fn vanished(&mut self) {
        if self.signs.missed.is_empty() {
            if !self.signs.gone.is_empty() {
                let words = accepted(self.signs.gone);
                let sentence = words.say(self.signs.language).to_owned();
                self.troubles.over.insert("vanished".to_owned(), sentence);
            }
            return;
        }
        let postings = listed(self.signs.missed.iter().map(String::as_str));
        let words = say(
            format!(
                "Des fiches ont disparu toutes à la fois ({postings}), jalon n'y croit pas et les rappels continuent. Remettez-les ; si c'était voulu, lancez jalon accept."
            ),
            format!(
                "Postings vanished all at once ({postings}): jalon does not believe it, and reminders go on. Put them back; if it was on purpose, run jalon accept."
            ),
        );
        self.add("vanished", self.signs.now, &words);
    }

    /// Mails that went to somebody though they were away, because nobody stands in: once an absence.
    fn alone(&mut self, directory: &Directory) {
        let Signs { now, zone: house, .. } = *self.signs;
        let mut absences: BTreeMap<&str, NaiveDate> = BTreeMap::new();
        let counts = |row: &&Row| {
            let kind = matches!(row.key.sort(), Sort::Reminder | Sort::Change | Sort::New | Sort::Slip);
            kind && row.due <= now && (row.state == State::Sent || is_on_its_way(row))
        };
        for row in self.signs.known.iter().filter(counts).filter(|row| row.reader == row.key.recipient()) {
            let Some(person) = directory.people.get(&row.reader) else { continue };
            let zone = person.zone.unwrap_or(house);
            let (day, today) = (zone.date(row.due), zone.date(now));
            // The absence in which it fell due, if it lasts.
            let span =
                person.away.iter().find(|(first, end)| (*first..=*end).contains(&day) && today <= *end);
            let gone = person.leaves.filter(|leaves| *leaves <= day);
            if let Some(first) = span.map(|(first, _)| *first).or(gone) {
                absences.insert(&row.reader, first);
            }
        }
        for (id, first) in absences {
            let person = directory.people.get(id);
            let name = person.and_then(|person| person.name.as_deref()).unwrap_or(id);
            let words = say(
                format!(
                    "{name} a reçu un message en son absence, car personne ne prend le relais. Ajoutez « cover » à son entrée dans jalon.toml, ou une autre personne à la fiche."
                ),
                format!(
                    "{name} received a mail while away: nobody stands in. Add `cover` to their entry in jalon.toml, or somebody else to the posting."
                ),
            );
            self.add(&format!("{AWAY}{id}"), now, &words);
            if let Some(trouble) = self.troubles.present.last_mut() {
                trouble.since = Some(person.and_then(|person| person.zone).unwrap_or(house).start_of(first));
            }
        }
    }

    /// Addresses that a relay refuses for good, until something reaches them.
    fn refused(&mut self, directory: &Directory) {
        let reminders = self.signs.reminders.iter();
        let reminded = reminders.map(|one| (&*one.posting, one.reader().email.as_str()));
        let reminded: BTreeSet<(&str, &str)> = reminded.collect();
        let people: BTreeSet<&str> = directory.people.values().map(|person| person.email.as_str()).collect();
        let mut last: BTreeMap<&str, &Row> = BTreeMap::new();
        let counts =
            |row: &&Row| matches!(row.state, State::Failed | State::Sent) && row.key.sort() != Sort::Operator;
        for row in self.signs.known.iter().filter(counts) {
            let newest = last.entry(&row.email).or_insert(row);
            if row.changed >= newest.changed {
                *newest = row;
            }
        }
        // A corrected address is another one: in the posting whose mail was refused, or among the people.
        let refused = |(email, row): &(&str, &Row)| {
            let in_use = people.contains(email) || reminded.contains(&(row.key.posting(), *email));
            row.state == State::Failed && in_use
        };
        for (email, row) in last.into_iter().filter(refused) {
            let reply = row.reply.as_deref().unwrap_or("–");
            if let Some(words) = unfit(email, reply) {
                self.add(&format!("refused-{email}"), self.signs.now, &words);
                continue;
            }
            let words = if row.reason == Some(Reason::RecipientRefused) {
                say(
                    format!("L'adresse {email} est refusée ({reply}). Corrigez-la."),
                    format!("The address {email} is refused ({reply}). Correct it."),
                )
            } else {
                say(
                    format!("Un courriel à {email} a été refusé ({reply})."),
                    format!("A mail to {email} was refused ({reply})."),
                )
            };
            self.add(&format!("refused-{email}"), self.signs.now, &words);
        }
    }

    fn held(&mut self) {
        let held = self.signs.known.iter().filter(|row| row.state == State::Held).count();
        if held == 0 {
            return;
        }
        let words = say(
            format!(
                "Courriels peut-être partis, qui attendent une décision : {held}. Voyez jalon history --state held."
            ),
            format!(
                "Mails that may have left and wait for a decision: {held}. See jalon history --state held."
            ),
        );
        self.add("held", self.signs.now, &words);
    }

    /// What lapsed, by the day on which it did.
    fn lapsed(&mut self) {
        let Signs { now, zone, .. } = *self.signs;
        let mut days: BTreeMap<String, Vec<&Row>> = BTreeMap::new();
        let lapsed = |row: &&Row| {
            let counts = matches!(row.key.sort(), Sort::Reminder | Sort::Change);
            counts && row.state == State::Lapsed && now - row.changed < MISSED
        };
        for row in self.signs.known.iter().filter(lapsed) {
            days.entry(zone.date(row.changed).format("%Y-%m-%d").to_string()).or_default().push(row);
        }
        for (day, rows) in days {
            let keys = listed(rows.iter().map(|row| row.key.as_str()));
            let words = match rows.len() {
                1 => say(
                    format!("1 message n'a pas pu partir tant qu'il en était temps : {keys}."),
                    format!("1 message could not leave while there was time: {keys}."),
                ),
                count => say(
                    format!("{count} messages n'ont pas pu partir tant qu'il en était temps : {keys}."),
                    format!("{count} messages could not leave while there was time: {keys}."),
                ),
            };
            self.add(&format!("{LAPSED}{day}"), now, &words);
            // What lapses after that was told is another episode.
            if let Some(trouble) = self.troubles.present.last_mut() {
                trouble.since = rows.iter().map(|row| row.changed).max();
            }
        }
    }

    fn ways(&mut self) {
        let Some(Felt { ways, .. }) = self.signs.felt else {
            let relays = self.signs.known.iter().filter_map(|row| Some(row.key.episode()?.0));
            let ours = |name: &&str| name.starts_with(RELAY) || name.starts_with(QUOTA);
            self.troubles.unknown.extend(relays.filter(ours).map(str::to_owned));
            return;
        };
        for way in ways {
            let problem = format!("{RELAY}{}", way.name);
            match &way.health {
                Health::Unknown => {
                    self.troubles.unknown.insert(problem.replace('/', "_"));
                }
                Health::Well => {}
                Health::Failing { since, last, complaint, words, advice } => {
                    let words = complaint.sentence(&way.name, words, self.signs.sender, advice.as_ref());
                    if *complaint == Complaint::Quota {
                        // Once a day, however often it comes and goes.
                        let day = self.signs.zone.date(*last).format("%Y-%m-%d");
                        self.add(&format!("{QUOTA}{}-{day}", way.name), *last, &words);
                        continue;
                    }
                    let wait = if complaint.cannot_wait() { TimeDelta::zero() } else { RELAY_PATIENCE };
                    let tell = *since + wait;
                    self.add(&problem, tell, &words);
                }
            }
        }
    }
}

impl Found<'_> {
    /// The daily copy of the ledger.
    fn copies(&mut self) {
        match self.signs.felt.map(|felt| &felt.copies) {
            None | Some(Health::Unknown) => {
                self.troubles.unknown.insert(BACKUP.to_owned());
            }
            Some(Health::Well) => {}
            Some(Health::Failing { since, words, .. }) => {
                let words = say(
                    format!(
                        "La copie quotidienne du registre ne se fait pas\u{a0}: {words}. Les courriels partent\u{a0}; mais si le registre se perdait, cette copie manquerait. Libérez de la place ou corrigez les droits du dossier."
                    ),
                    format!(
                        "The daily copy of the ledger is not made: {words}. Mails go on; but were the ledger lost, that copy would be missing. Make room, or mend the folder's permissions."
                    ),
                );
                self.add(BACKUP, *since, &words);
            }
        }
    }

    /// The calendars to subscribe to.
    fn feeds(&mut self) {
        match self.signs.felt.map(|felt| &felt.feeds) {
            None | Some(Health::Unknown) => {
                self.troubles.unknown.insert(FEED.to_owned());
            }
            Some(Health::Well) => {}
            Some(Health::Failing { since, words, .. }) => {
                let words = say(
                    format!(
                        "Les calendriers de [feed] ne s'écrivent pas\u{a0}: {words}. Les courriels partent\u{a0}; qui s'est abonné ne voit plus les changements. Corrigez les droits du dossier, ou folder dans jalon.toml."
                    ),
                    format!(
                        "The calendars of [feed] are not written: {words}. Mails go on; whoever subscribed sees no change any more. Mend the folder's permissions, or folder in jalon.toml."
                    ),
                );
                self.add(FEED, *since, &words);
            }
        }
    }

    /// A ledger that cannot be written: nothing leaves without its mark.
    fn ledger(&mut self) {
        let Some((since, words)) = self.signs.felt.and_then(|felt| felt.ledger.as_ref()) else { return };
        let words = say(
            format!(
                "Rien ne part\u{a0}: {words}. Un courriel ne part qu'une fois noté dans le registre. Voyez l'espace disque et les droits."
            ),
            format!(
                "Nothing leaves: {words}. A mail leaves only once it is noted in the ledger. See to disk space and permissions."
            ),
        );
        self.add("ledger", *since + RELAY_PATIENCE, &words);
    }

    /// Templates that failed on a mail, which left as the built-in ones write it.
    fn templates(&mut self) {
        for Fault { problem, since } in self.signs.felt.map_or(&[][..], |felt| &felt.templates) {
            let name = problem.file.trim_start_matches("templates/");
            let (fr, en) = (problem.sentence.say(Language::French), problem.sentence.say(Language::English));
            let line = problem.place.as_ref().map(|place| place.line);
            let (ligne, line) = line
                .map_or_else(Default::default, |line| (format!(", ligne {line}"), format!(", line {line}")));
            let words = say(
                format!(
                    "Le modèle {name}{ligne} : {fr}. Un courriel est parti avec les modèles fournis à sa place. Corrigez-le, puis lancez jalon check."
                ),
                format!(
                    "The template {name}{line}: {en}. A mail left by the built-in templates instead. Mend it, then run jalon check."
                ),
            );
            self.add(&format!("{TEMPLATE}{name}"), *since, &words);
            if let Some(trouble) = self.troubles.present.last_mut() {
                trouble.since = Some(*since);
            }
        }
    }
}

/// What is said of a mail that we did not even offer, because the relay cannot take it; by what the transport says.
fn unfit(email: &str, reply: &str) -> Option<Words> {
    if reply.contains("(SMTPUTF8)") {
        Some(say(
            format!(
                "L'adresse {email} a des lettres accentuées, que le relais ne prend pas (SMTPUTF8). Écrivez-la sans accents s'il en existe une, ou choisissez un autre relais."
            ),
            format!(
                "The address {email} has letters beyond ASCII, which the relay does not take (SMTPUTF8). Write it without accents if there is one, or choose another relay."
            ),
        ))
    } else if reply.starts_with("the mail is too large") {
        Some(say(
            format!(
                "Un courriel à {email} est trop grand pour le relais ({reply}). Voyez les modèles et les textes des fiches."
            ),
            format!(
                "A mail to {email} is too large for the relay ({reply}). See the templates and the texts of postings."
            ),
        ))
    } else {
        None
    }
}

/// Things in a row: the first twenty, and how many more there are.
fn listed<'a>(things: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = things.len().saturating_sub(LISTED);
    let first = things.take(LISTED).collect::<Vec<_>>().join(", ");
    if more > 0 { format!("{first} … (+{more})") } else { first }
}
