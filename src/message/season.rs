//! Pure. Two recruitments that are made up, for the samples of mails: written as files are, and read by the same reader.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::{Addressee, PostingRef};
use crate::calendar::read::{Text, folder, posting};
use crate::calendar::{Language, Posting, Zone};
use crate::plan::notice::slip::{MOST, Slips, found};
use crate::settings::read::settings;

/// A day that lies so many days from another.
pub(super) fn shifted(day: NaiveDate, days: i64) -> NaiveDate {
    let count = Days::new(days.unsigned_abs());
    let to = if days < 0 { day.checked_sub_days(count) } else { day.checked_add_days(count) };
    to.unwrap_or(day)
}

const SETTINGS: &str = "time_zone = \"Europe/Paris\"\nholidays = \"none\"\n\
    [people.camille]\nname = \"Camille Exemple\"\nemail = \"camille@example.org\"\n\
    [people.sacha]\nname = \"Sacha Exemple\"\nemail = \"sacha@example.org\"\n";

/// What the samples are about.
pub(super) struct Season {
    /// The day on which the deadline is seven days away.
    pub today: NaiveDate,
    /// Where everything takes place.
    pub zone: Zone,
    /// A posting that says all it can: deadline, interview, start, end, milestone, in this order.
    pub full: Posting,
    /// One with days that are not fixed: interview, start, end, milestone.
    pub vague: Posting,
    /// Another recruiter's, which says only what it must: deadline and interview.
    pub bare: Posting,
    /// What is wrong with its file, since it was right last; with one that never was; and with one that is wrong in more
    /// ways than a mail tells.
    pub slips: Vec<Slips>,
}

impl Season {
    pub(super) fn new(language: Language, today: NaiveDate) -> Option<Self> {
        let house = settings("jalon.toml", SETTINGS).0?.house;
        let word = |fr: &'static str, en: &'static str| if language == Language::French { fr } else { en };
        let on = |days| shifted(today, days);
        let (title, other) =
            (word("Chargé·e d'accompagnement", "Support officer"), word("Cuisinier·ère", "Cook"));
        let (round, handover) = (word("Premier tour", "First round"), word("Passation", "Handover"));
        let (place, town) = (word("Crest, salle du conseil", "Crest, council room"), "Crest (Drôme)");
        let contract = word("CDD de 9 mois, 35 h", "9 months, 35 hours a week");
        let full = format!(
            "title = \"{title}\"\norganisation = \"Association Exemple\"\nrecruiters = [\"camille\", \"sacha\"]\n\
             contract = \"{contract}\"\nlocation = \"{town}\"\nreference = \"AEF-2\"\npublished = {}\n\
             url = \"https://www.example.org/recrutement/aef\"\n\
             apply = {{ email = \"candidatures@example.org\", cc = \"aide@example.org\", subject = \"AEF\" }}\n\
             [deadline]\nuntil = {}\n[[interview]]\nname = \"{round}\"\non = [{4}T09:00, {4}T14:30]\n\
             place = \"{place}\"\nlink = \"https://visio.example.org/aef\"\nduration = \"45m\"\n\
             panel = [\"camille\", \"sacha\"]\ncandidate = \"C-014\"\n[start]\non = {}\nplace = \"{place}\"\n\
             [end]\non = {}\n[[milestone]]\nname = \"{handover}\"\non = {5}\n",
            on(-18),
            on(7),
            on(43),
            on(320),
            on(13),
            on(50),
        );
        let (soon, month) =
            (word("fin du mois", "end of the month"), word("à la rentrée", "after the holidays"));
        let vague = format!(
            "title = \"{title}\"\norganisation = \"Association Exemple\"\nrecruiters = [\"camille\"]\n\
             [[interview]]\nlabel = \"{soon}\"\n[start]\nbetween = [{}, {}]\n[end]\nlabel = \"{month}\"\n\
             [[milestone]]\nname = \"{handover}\"\nbetween = [{}, {}]\nlabel = \"{soon}\"\n",
            on(30),
            on(44),
            on(30),
            on(44),
        );
        let bare = format!(
            "title = \"{other}\"\nrecruiters = [\"sacha\"]\n[deadline]\nuntil = {}T12:00\n[[interview]]\non = {}\n",
            on(7),
            on(12)
        );
        let read =
            |stem: &str, text: &str| posting(&format!("postings/{stem}.toml"), stem, text, &house).posting;
        let wrong = format!("{full}stat = \"open\"\n").replace("recruiters", "recruters");
        let wrong = format!("{wrong}[start]\non = 31/08\n");
        let many: String = (1..=MOST + 2).map(|n| format!("fact_{n} = 1\n")).collect();
        let texts = [
            ("accueil", full.replace("published", "publised")),
            ("never", wrong),
            ("plusieurs", format!("{many}{full}")),
        ]
        .map(|(stem, text)| Text {
            file: format!("postings/{stem}.toml"),
            stem: stem.to_owned(),
            contents: Ok(text),
            guess: None,
        });
        let broken = folder(&texts, &house);
        let last = read("accueil", &full)?;
        let since = house.zone.instant(shifted(today, -18).and_time(NaiveTime::MIN));
        let slips = found(
            &broken.broken,
            &broken.problems,
            &texts,
            &BTreeMap::from([("accueil".to_owned(), last)]),
            &BTreeMap::from([("accueil", since)]),
        );
        Some(Self {
            today,
            zone: house.zone,
            full: read("accompagnement", &full)?,
            vague: read("rentree", &vague)?,
            bare: read("cuisine", &bare)?,
            slips: slips.into_values().collect(),
        })
    }

    /// Nine o'clock, so many days after today.
    pub(super) fn at(&self, days: i64) -> DateTime<Utc> {
        let nine = NaiveTime::from_hms_opt(9, 0, 0).unwrap_or_default();
        self.zone.instant(shifted(self.today, days).and_time(nine))
    }

    pub(super) fn to(&self, language: Language) -> Addressee<'static> {
        let (name, email) = (Some("Camille Exemple"), "camille@example.org");
        Addressee { name, email, language, zone: self.zone }
    }
}

pub(super) fn heading(posting: &Posting) -> PostingRef<'_> {
    PostingRef { id: &posting.id, title: &posting.title, organisation: posting.organisation.as_deref() }
}
