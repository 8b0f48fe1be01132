//! `jalon draft`: a posting from the text of an advertisement, to be read over. The text is read, the page printed;
//! nothing is written anywhere.

use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use clap::Args;

use super::{Context, Exit, err, fail, out};
use crate::diagnostic::{Language, Place, Problem, Words, say};
use crate::draft;
use crate::draft::page::{Recruiters, page, warnings};
use crate::files;
use crate::files::{Loaded, Unread, brought};

/// Make a posting from the text of an advertisement
///
/// Prints a posting with the dates, the place to apply and the title that the text gives, each with its words and
/// line. What is inferred or doubtful is marked: read it over. A PDF goes through pdftotext -layout first.
///
/// jalon draft advertisement.txt > config/postings/name.toml
#[derive(Debug, Args)]
pub struct Draft {
    /// The text; - for the standard input
    file: PathBuf,
    /// The day on which it was published, which tells the year of dates that have none
    #[arg(long, value_name = "DATE")]
    published: Option<NaiveDate>,
    /// Who is reminded: a person, a team or an address; several times, or between commas
    #[arg(long = "recruiter", value_name = "NAME")]
    recruiters: Vec<String>,
}

impl Draft {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let (text, draft) = match read(&self.file, self.published, language) {
            Ok(read) => read,
            Err(exit) => return exit,
        };
        let recruiters = recruiters(&self.recruiters, &loaded);
        let printed = out(&page(&draft, &recruiters, None));
        tell(&self.file, &text, &draft, &recruiters, language);
        printed
    }
}

/// Reads the text of an advertisement; what stands in the way is said.
pub(super) fn read(
    file: &Path,
    published: Option<NaiveDate>,
    language: Language,
) -> Result<(String, draft::Draft), Exit> {
    match brought(file) {
        Ok(text) if text.trim().is_empty() => Err(fail(Exit::Failed, language, &empty(file))),
        Ok(text) => {
            let draft = draft::draft(&text, published);
            Ok((text, draft))
        }
        Err(error) => Err(fail(Exit::Failed, language, &unread(file, &error))),
    }
}

/// Says on the standard error what needs a person.
pub(super) fn tell(
    file: &Path,
    text: &str,
    draft: &draft::Draft,
    recruiters: &Recruiters,
    language: Language,
) {
    let file = file.display().to_string();
    for warning in warnings(draft) {
        let problem = Problem::warning("to-check", &file, warning.sentence);
        let problem = match warning.quote {
            Some(quote) => problem.at(Place::of(text, &quote.span)),
            None => problem,
        };
        err(&format!("{}\n", problem.show(language)));
    }
    if let Some(doubt) = &recruiters.doubt {
        err(&format!("{}\n", Problem::warning("to-check", file, doubt.clone()).show(language)));
    }
}

/// Who is reminded: as asked, else the only person of jalon.toml; among several somebody has to choose.
pub(super) fn recruiters(asked: &[String], loaded: &Loaded) -> Recruiters {
    let asked: Vec<String> =
        asked.iter().flat_map(|one| one.split([',', ';'])).map(|one| one.trim().to_owned()).collect();
    let asked: Vec<String> = asked.into_iter().filter(|one| !one.is_empty()).collect();
    if !asked.is_empty() {
        return Recruiters { names: asked, doubt: None };
    }
    let people: Vec<&String> =
        loaded.settings.iter().flat_map(|settings| settings.house.directory.people.keys()).collect();
    match people[..] {
        [only] => Recruiters { names: vec![only.clone()], doubt: None },
        [first, ..] => Recruiters {
            names: vec![first.clone()],
            doubt: Some(say(
                format!("qui reçoit les rappels\u{a0}? « {first} » est la première personne de jalon.toml"),
                format!("who is reminded? \"{first}\" is the first person of jalon.toml"),
            )),
        },
        [] => Recruiters {
            names: vec!["camille".to_owned()],
            doubt: Some(say(
                "qui reçoit les rappels\u{a0}? Écrivez un nom de jalon.toml ou une adresse (--recruiter)",
                "who is reminded? Write a name of jalon.toml, or an address (--recruiter)",
            )),
        },
    }
}

fn empty(file: &Path) -> Words {
    let file = file.display();
    say(
        format!("{file} est vide\u{a0}: donnez le texte de l'annonce"),
        format!("{file} is empty: give the text of the advertisement"),
    )
}

fn unread(file: &Path, error: &Unread) -> Words {
    let path = file.display();
    match error {
        Unread::Io(error) => say(
            format!("{path} ne peut pas être lu\u{a0}: {error}"),
            format!("{path} cannot be read: {error}"),
        ),
        Unread::NoText("PDF") => say(
            format!("{path} est un PDF\u{a0}: essayez pdftotext -layout {path} - | jalon draft -"),
            format!("{path} is a PDF: try pdftotext -layout {path} - | jalon draft -"),
        ),
        Unread::NoText(kind) => say(
            format!("{path} n'est pas un texte ({kind})\u{a0}: enregistrez-le en texte brut"),
            format!("{path} is not a text ({kind}): save it as plain text"),
        ),
        Unread::TooLong => say(
            format!("{path} dépasse 8 Mo\u{a0}: ce n'est pas une annonce"),
            format!("{path} is over 8 MB: that is no posting"),
        ),
    }
}
