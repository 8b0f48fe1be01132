//! The six questions.

use std::io::{BufRead, Write};

use super::answers::{Asking, Fault, Understood, contract, deadline, event, recruiters, text};
use super::page::Answers;
use crate::diagnostic::{Language, Words, is_unsafe, say};

/// The conversation ended before the last question.
#[derive(Debug)]
pub struct Gone;

/// What was answered already, on the command line.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// What is recruited.
    pub title: Option<String>,
    /// Who recruits.
    pub organisation: Option<String>,
    /// Who is reminded.
    pub recruiters: Vec<String>,
    /// Until when applications are accepted.
    pub until: Option<String>,
    /// The dates of the interviews.
    pub interview: Vec<String>,
    /// The first day of work.
    pub start: Option<String>,
    /// The last day of the contract.
    pub end: Option<String>,
}

impl Given {
    /// What is given, without a question, and how its dates were understood; or the option that is wrong, and why.
    pub fn answers(&self, asking: &Asking<'_>) -> Result<(Answers, Vec<Words>), (&'static str, Fault)> {
        let mut echoes = Vec::new();
        let title = self.title.as_deref().unwrap_or_default();
        let title = alone("--title", text("title", title, asking), &mut echoes)?;
        let written = self.organisation.as_deref().map(|written| text("organisation", written, asking));
        let organisation = written.map(|found| alone("--organisation", found, &mut echoes)).transpose()?;
        let recruiters = alone("--recruiter", recruiters(&self.recruiters, asking), &mut echoes)?;
        let written = self.until.as_deref().map(|written| deadline(written, asking));
        let deadline = written.map(|found| alone("--until", found, &mut echoes)).transpose()?;
        let written =
            (!self.interview.is_empty()).then(|| event("interview", &self.interview.join(", "), asking));
        let interview = written.map(|found| alone("--interview", found, &mut echoes)).transpose()?;
        let written = self.start.as_deref().map(|written| contract(written, asking));
        let start = written.map(|found| alone("--start", found, &mut echoes)).transpose()?;
        let (start, over) = start.map_or((None, None), |(start, end)| (Some(start), end));
        let written = self.end.as_deref().map(|written| event("end", written, asking));
        let end = written.map(|found| alone("--end", found, &mut echoes)).transpose()?.or(over);
        Ok((Answers { title, organisation, recruiters, deadline, interview, start, end }, echoes))
    }
}

fn alone<T>(
    option: &'static str,
    understood: Understood<T>,
    echoes: &mut Vec<Words>,
) -> Result<T, (&'static str, Fault)> {
    let (value, echo) = understood.map_err(|fault| (option, fault))?;
    echoes.extend(echo);
    Ok(value)
}

/// A conversation on a terminal.
pub struct Talk<'a> {
    /// What is typed.
    pub input: &'a mut dyn BufRead,
    /// What is shown.
    pub output: &'a mut dyn Write,
    /// The language that is spoken.
    pub language: Language,
    /// Who is there, and when it is.
    pub asking: Asking<'a>,
}

impl Talk<'_> {
    /// Asks what is not given yet.
    pub fn ask(&mut self, given: &Given) -> Result<Answers, Gone> {
        let asking = &{ self.asking };
        let (year, next) = (asking.year, asking.year + 1);
        let optional = say("Entrée\u{a0}: pas encore connu", "Enter: not known yet");
        self.show(&say(
            "Six questions. Ctrl-C arrête tout, et rien n'est écrit.",
            "Six questions. Ctrl-C stops, and nothing is written.",
        ));
        let title = self.question(
            1,
            &say(
                "Quel poste\u{a0}? (l'intitulé, tel que les courriels le diront)",
                "Which job? (the title, as mails will say it)",
            ),
            given.title.as_deref(),
            |written| text("title", written, asking),
        )?;
        let organisation = self.question(
            2,
            &say(
                "Quelle organisation recrute\u{a0}? (Entrée\u{a0}: ne pas le dire)",
                "Which organisation recruits? (Enter: not said)",
            ),
            given.organisation.as_deref(),
            |written| maybe(written, |written| text("organisation", written, asking)),
        )?;
        let only = self.only_person();
        let recruiters = self.question(
            3,
            &self.who(only.as_deref()),
            (!given.recruiters.is_empty()).then(|| given.recruiters.join(", ")).as_deref(),
            |written| {
                let written =
                    only.as_ref().filter(|_| written.trim().is_empty()).map_or(written, |only| only);
                recruiters(&[written.to_owned()], asking)
            },
        )?;
        let about = |fr: String, en: String| {
            say(format!("{fr} ({})", optional.fr), format!("{en} ({})", optional.en))
        };
        let deadline = self.question(
            4,
            &about(
                format!("Jusqu'à quel jour reçoit-on les candidatures\u{a0}? Par exemple 28/06/{year}, ou 28 juin {year}"),
                format!("Until which day are applications accepted? For instance 28 June {year}, or 28/06/{year}"),
            ),
            given.until.as_deref(),
            |written| maybe(written, |written| deadline(written, asking)),
        )?;
        let interview = self.question(
            5,
            &about(
                format!("Quels jours pour les entretiens\u{a0}? Par exemple 6 et 7 juillet {year}, ou 6 juillet {year} à 9 h 30"),
                format!("Which days for the interviews? For instance 6 and 7 July {year}, or 6 July {year} at 9:30"),
            ),
            (!given.interview.is_empty()).then(|| given.interview.join(", ")).as_deref(),
            |written| maybe(written, |written| event("interview", written, asking)),
        )?;
        let contract = self.question(
            6,
            &about(
                format!("Quel premier jour de travail, et quel dernier s'il est connu\u{a0}? Par exemple 31/08/{year}, ou 31/08/{year} au 30/04/{next}"),
                format!("Which first day of work, and which last one if it is known? For instance 31/08/{year}, or 31/08/{year} to 30/04/{next}"),
            ),
            given.start.as_deref(),
            |written| maybe(written, |written| contract(written, asking)),
        )?;
        let (start, mut end) = contract.map_or((None, None), |(start, end)| (Some(start), end));
        if let Some(written) = &given.end {
            let words = say("Quel dernier jour de travail\u{a0}?", "Which last day of work?");
            end = Some(self.question(6, &words, Some(written), |written| event("end", written, asking))?);
        }
        Ok(Answers { title, organisation, recruiters, deadline, interview, start, end })
    }

    /// Asks until the answer will do. What was given on the command line is taken first.
    fn question<T>(
        &mut self,
        number: u8,
        words: &Words,
        given: Option<&str>,
        understand: impl Fn(&str) -> Understood<T>,
    ) -> Result<T, Gone> {
        let mut given = given.map(str::to_owned);
        let mut asked = false;
        loop {
            let written = if let Some(written) = given.take() {
                written
            } else {
                if !std::mem::replace(&mut asked, true) {
                    self.show(&say(
                        format!("\n{number}/6  {}", words.fr),
                        format!("\n{number}/6  {}", words.en),
                    ));
                }
                self.line()?
            };
            match understand(&written) {
                Ok((value, echo)) => {
                    if let Some(Words { fr, en }) = echo {
                        self.show(&say(format!("     → {fr}"), format!("     → {en}")));
                    }
                    return Ok(value);
                }
                Err(Fault { sentence, remedy }) => {
                    self.show(&say(format!("     {}", sentence.fr), format!("     {}", sentence.en)));
                    if let Some(Words { fr, en }) = remedy {
                        self.show(&say(format!("     = {fr}"), format!("     = {en}")));
                    }
                }
            }
        }
    }

    fn line(&mut self) -> Result<String, Gone> {
        let _ = write!(self.output, "   > ").and_then(|()| self.output.flush());
        let mut bytes = Vec::new();
        match self.input.read_until(b'\n', &mut bytes) {
            // A line that is cut short by the end of what is typed was not finished.
            Ok(_) if bytes.ends_with(b"\n") => {
                let text = String::from_utf8_lossy(&bytes);
                Ok(text.trim_end_matches(['\n', '\r']).to_owned())
            }
            _ => Err(Gone),
        }
    }

    /// What others wrote cannot move the cursor.
    fn show(&mut self, words: &Words) {
        let safe: String = words
            .say(self.language)
            .chars()
            .map(|c| if is_unsafe(c) && c != '\n' { '\u{fffd}' } else { c })
            .collect();
        let _ = writeln!(self.output, "{safe}");
    }

    /// The one person of jalon.toml, where there is just one.
    fn only_person(&self) -> Option<String> {
        let directory = &self.asking.house.directory;
        let mut people = directory.people.keys();
        let first = people.next()?;
        (people.next().is_none() && directory.teams.is_empty()).then(|| first.clone())
    }

    fn who(&self, only: Option<&str>) -> Words {
        let directory = &self.asking.house.directory;
        let mut known = String::new();
        for person in directory.people.values() {
            known.push_str(&format!(
                "\n       {}  {}",
                person.id,
                person.name.as_deref().unwrap_or(&person.email)
            ));
        }
        let mut words = say(known.clone(), known);
        for (team, members) in &directory.teams {
            let members = members.join(", ");
            words.fr.push_str(&format!("\n       {team}  (équipe\u{a0}: {members})"));
            words.en.push_str(&format!("\n       {team}  (team: {members})"));
        }
        let (enter_fr, enter_en) = only.map_or((String::new(), String::new()), |only| {
            (format!(" (Entrée\u{a0}: {only})"), format!(" (Enter: {only})"))
        });
        say(
            format!(
                "Qui reçoit les rappels\u{a0}? Des noms de cette liste, ou des adresses, entre virgules{enter_fr}{}",
                words.fr
            ),
            format!(
                "Who is reminded? Names of this list, or addresses, between commas{enter_en}{}",
                words.en
            ),
        )
    }
}

/// Nothing, where nothing was written.
fn maybe<T>(written: &str, understand: impl Fn(&str) -> Understood<T>) -> Understood<Option<T>> {
    if written.trim().is_empty() {
        return Ok((None, None));
    }
    understand(written).map(|(value, echo)| (Some(value), echo))
}
