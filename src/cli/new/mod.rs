//! `jalon new`: a posting by six questions, or by options where nobody is there to be asked.
//!
//! What is written is first read back by the reader of postings, among the other files: a posting of `new` passes
//! `check`, whose warnings about it are shown at once. Nothing is ever overwritten.

pub mod answers;
pub mod ask;
pub mod dates;
pub mod page;
mod said;
mod vague;

use std::fs::OpenOptions;
use std::io::{ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use chrono::{Datelike as _, Days, NaiveDate};
use clap::Args;

use super::{Context, Exit, check, draft, err, fail, out, report};
use crate::calendar::Posting;
use crate::calendar::read::{Text, folder};
use crate::calendar::slug::{is_id, propose};
use crate::diagnostic::{Language, Problem, Words, any_error, say};
use crate::files;
use crate::files::Loaded;
use crate::message::{Addressee, Item, Matter, facts};
use crate::plan::Reminder;
use crate::plan::oddities;
use crate::settings::Settings;
use answers::Asking;
use ask::{Given, Talk};

/// Make a posting, by six questions or by options
///
/// With --title and --recruiter nothing is asked. Otherwise, on a terminal, whatever the options do not say is.
/// Dates are taken as people write them: 28/06/2026 (day first), "28 juin 2026", "June 28, 2026", 2026-06-28;
/// "6 et 7 juillet 2026 à 9 h 30"; "entre le 15 mai et le 1er juin 2026"; "avant le 29 juin 2026".
#[derive(Debug, Args)]
pub struct New {
    /// A name for the posting: its file and its id are made from it
    name: String,
    /// Take all from the text of an advertisement, as jalon draft reads it; - for the standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["title", "organisation", "until", "interview", "start", "end"])]
    from: Option<PathBuf>,
    /// With --from, the day on which the advertisement was published
    #[arg(long, value_name = "DATE", requires = "from")]
    published: Option<NaiveDate>,
    /// The title of the job, as mails say it
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// Who recruits
    #[arg(long, value_name = "TEXT")]
    organisation: Option<String>,
    /// Who is reminded: a person, a team or an address; several times, or between commas
    #[arg(long = "recruiter", value_name = "NAME")]
    recruiters: Vec<String>,
    /// The last day on which applications are accepted
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// The day or days of the interviews
    #[arg(long, value_name = "DATE", num_args = 1..)]
    interview: Vec<String>,
    /// The first day of work
    #[arg(long, value_name = "DATE")]
    start: Option<String>,
    /// The last day of the contract
    #[arg(long, value_name = "DATE")]
    end: Option<String>,
}

/// The options that make questions unnecessary.
const OPTIONS: &str = "--title --organisation --recruiter --until --interview --start --end";

impl New {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let mut loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let Some(settings) = &loaded.settings.clone() else {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        };
        let dir = context.config.join(&settings.postings);
        let (id, path) = match self.place(&dir, &loaded) {
            Ok(place) => place,
            Err(words) => return fail(Exit::Failed, language, &words),
        };
        let schema = schema(&dir, language);
        let made = match &self.from {
            Some(file) => self.drawn(file, &loaded, schema.as_deref(), language),
            None => self.answered(context, settings, schema.as_deref(), language),
        };
        let (text, echoes) = match made {
            Ok(made) => made,
            Err(exit) => return exit,
        };
        let (posting, mut problems) = read_back(&id, &path, &text, &mut loaded, settings);
        let Some(posting) = posting.filter(|_| !any_error(&problems)) else {
            report(&problems, false, language);
            return Exit::Failed;
        };
        if let Err(error) = write(&dir, &path, &text) {
            return fail(Exit::Failed, language, &unwritten(&path, &error));
        }
        let planned = oddities::plan(&loaded.folder.postings, settings);
        let thoughts = check::thought(context, &loaded, settings, &planned);
        problems.extend(thoughts.into_iter().filter(|problem| problem.file == posting.file));
        report(&problems, true, language);
        let echoes: String = echoes.iter().map(|echo| format!("→ {}\n", echo.say(language))).collect();
        let reread = reread();
        let odd = if problems.is_empty() { "" } else { reread.say(language) };
        let mine: Vec<&Reminder> =
            planned.reminders.iter().filter(|reminder| *reminder.posting == *posting.id).collect();
        out(&(echoes + &summary(context, &path, &posting, &mine, language) + odd))
    }

    /// The page from the text of an advertisement.
    fn drawn(
        &self,
        file: &Path,
        loaded: &Loaded,
        schema: Option<&str>,
        language: Language,
    ) -> Result<(String, Vec<Words>), Exit> {
        let (text, draft) = draft::read(file, self.published, language)?;
        let recruiters = draft::recruiters(&self.recruiters, loaded);
        draft::tell(file, &text, &draft, &recruiters, language);
        Ok((crate::draft::page::page(&draft, &recruiters, schema), Vec::new()))
    }

    /// The page from answers, and how their dates were understood.
    fn answered(
        &self,
        context: &Context,
        settings: &Settings,
        schema: Option<&str>,
        language: Language,
    ) -> Result<(String, Vec<Words>), Exit> {
        let given = Given {
            title: self.title.clone(),
            organisation: self.organisation.clone(),
            recruiters: self.recruiters.clone(),
            until: self.until.clone(),
            interview: self.interview.clone(),
            start: self.start.clone(),
            end: self.end.clone(),
        };
        let now = context.clock.now();
        let year = settings.house.zone.date(now).year() + 1;
        let asking = Asking { house: &settings.house, year };
        let answers = if given.title.is_some() && !given.recruiters.is_empty() {
            given.answers(&asking).map_err(|(option, fault)| usage(option, &fault, language))
        } else if std::io::stdin().is_terminal() {
            converse(&given, asking, language).map(|answers| (answers, Vec::new()))
        } else {
            let words = say(
                format!(
                    "personne ne peut répondre ici\u{a0}: écrivez au moins --title et --recruiter ({OPTIONS})"
                ),
                format!("nobody can answer here: write --title and --recruiter at least ({OPTIONS})"),
            );
            Err(fail(Exit::Usage, language, &words))
        };
        let (answers, echoes) = answers?;
        Ok((page::page(&answers, language, year, schema), echoes))
    }

    /// The id and the file of a new posting, both free.
    fn place(&self, dir: &Path, loaded: &Loaded) -> Result<(String, PathBuf), Words> {
        let name = self.name.trim();
        let file = name.strip_suffix(".toml").map(|path| path.rsplit('/').next().unwrap_or(path));
        let name = file.unwrap_or(name);
        let id = if is_id(name) { Some(name.to_owned()) } else { propose(name) };
        let Some(id) = id else {
            return Err(say(
                format!("« {name} » n'a ni lettre latine ni chiffre\u{a0}: choisissez un autre nom"),
                format!("\"{name}\" has neither a Latin letter nor a digit: choose another name"),
            ));
        };
        let path = dir.join(format!("{id}.toml"));
        let twin =
            loaded.folder.postings.iter().find(|posting| posting.id == id).map(|posting| &posting.file);
        let broken =
            loaded.folder.broken.iter().find(|file| file.id.as_ref() == Some(&id)).map(|file| &file.file);
        if let Some(file) = twin.or(broken) {
            return Err(taken(file));
        }
        if path.symlink_metadata().is_ok() {
            return Err(taken(&path.display().to_string()));
        }
        Ok((id, path))
    }
}

fn taken(file: &str) -> Words {
    say(
        format!("{file} existe déjà, et jalon n'écrase rien\u{a0}: choisissez un autre nom"),
        format!("{file} is there already, and jalon overwrites nothing: choose another name"),
    )
}

fn unwritten(path: &Path, error: &std::io::Error) -> Words {
    let path = path.display();
    if error.kind() == ErrorKind::AlreadyExists {
        return taken(&path.to_string());
    }
    say(format!("{path} ne peut pas être écrit\u{a0}: {error}"), format!("{path} cannot be written: {error}"))
}

fn usage(option: &str, fault: &answers::Fault, language: Language) -> Exit {
    let remedy = |language| fault.remedy.as_ref().map_or("", |remedy| remedy.say(language));
    let sentence = |language: Language, colon: &str, dash: &str| {
        format!("{option}{colon} {}{dash}{}", fault.sentence.say(language), remedy(language))
    };
    let words = say(sentence(Language::French, "\u{a0}:", " — "), sentence(Language::English, ":", " — "));
    fail(Exit::Usage, language, &words)
}

fn reread() -> Words {
    say(
        "Relisez ce qui est dit plus haut de cette fiche\u{a0}: si c'est une erreur, corrigez le fichier, puis jalon check.\n",
        "Read again what is said above of this posting: if it is a mistake, correct the file, then jalon check.\n",
    )
}

fn converse(given: &Given, asking: Asking<'_>, language: Language) -> Result<page::Answers, Exit> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stderr().lock());
    let mut talk = Talk { input: &mut input, output: &mut output, language, asking };
    let answers = talk.ask(given);
    drop((input, output));
    answers.map_err(|ask::Gone| {
        err("\n");
        fail(Exit::Failed, language, &say("rien n'a été écrit", "nothing was written"))
    })
}

/// The path of the shipped schema from the folder of postings, if it stands beside that folder.
fn schema(dir: &Path, language: Language) -> Option<String> {
    let name = page::schema_name(language);
    let beside = dir.parent()?.join("schema").join(&name);
    beside.is_file().then(|| format!("../schema/{name}"))
}

/// The posting as the daemon will read it among the others, and what there is to say of it. `loaded` has it from then
/// on.
fn read_back(
    id: &str,
    path: &Path,
    text: &str,
    loaded: &mut Loaded,
    settings: &Settings,
) -> (Option<Posting>, Vec<Problem>) {
    let file = path.display().to_string();
    let contents = Ok(text.to_owned());
    loaded.texts.push(Text { file: file.clone(), stem: id.to_owned(), contents, guess: None });
    loaded.folder = folder(&loaded.texts, &settings.house);
    let problems = loaded.folder.problems.iter().filter(|problem| problem.file == file).cloned().collect();
    (loaded.folder.postings.iter().find(|posting| posting.file == file).cloned(), problems)
}

/// Writes a file that was not there.
fn write(dir: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a posting would be told of as a wrong one.
        let _ = std::fs::remove_file(path);
    }
    written
}

/// What was written, and the next three reminders.
fn summary(
    context: &Context,
    path: &Path,
    posting: &Posting,
    reminders: &[&Reminder],
    language: Language,
) -> String {
    let (path, now) = (path.display(), context.clock.now());
    let coming: Vec<&Reminder> = reminders.iter().copied().filter(|reminder| reminder.due > now).collect();
    let mut text = pick(
        language,
        format!("{path} est écrit, et jalon le lit sans erreur.\n"),
        format!("{path} is written, and jalon reads it without an error.\n"),
    );
    let Some(last) = coming.last() else {
        text.push_str(&pick(
            language,
            "Aucun rappel ne partira\u{a0}: il n'y a pas de date à venir.\n".to_owned(),
            "No reminder will leave: there is no date to come.\n".to_owned(),
        ));
        return text;
    };
    text.push_str(&pick(
        language,
        "Prochains rappels\u{a0}:\n".to_owned(),
        "The next reminders:\n".to_owned(),
    ));
    for reminder in coming.iter().take(3) {
        text.push_str(&format!("  {}\n", told(posting, reminder, language)));
    }
    let (from, until) = (posting.zone.date(now), posting.zone.date(last.due));
    let until = until.checked_add_days(Days::new(1)).unwrap_or(until);
    let mut command = format!("jalon rehearse --from {from} --until {until}");
    if context.config != super::default_config() {
        command.push_str(&format!(" --config {}", context.config.display()));
    }
    text.push_str(&pick(
        language,
        format!("Pour voir tous ses courriels\u{a0}: {command}\n"),
        format!("To see all its mails: {command}\n"),
    ));
    text
}

/// When a reminder leaves, to whom, and what it will say.
#[must_use]
pub fn told(posting: &Posting, reminder: &Reminder, language: Language) -> String {
    let when = dates::moment(reminder.zone.local(reminder.due), language);
    let whose =
        if reminder.zone == posting.zone { String::new() } else { format!(" ({})", reminder.zone.name()) };
    let to = Addressee {
        name: reminder.reader().name.as_deref(),
        email: &reminder.reader().email,
        language: language.into(),
        zone: reminder.zone,
    };
    let key = reminder.key();
    let headline = posting.events.iter().find(|event| *event.id == *reminder.event).map(|event| {
        let item = Item { posting, event, key: &key, due: reminder.due, absent: None };
        facts(&Matter { reminders: vec![item], ..Matter::default() }, &to, reminder.due).headline
    });
    let (to, headline) = (&reminder.reader().id, headline.unwrap_or_default());
    pick(
        language,
        format!("{when}{whose}, à {to}\u{a0}: {headline}"),
        format!("{when}{whose}, to {to}: {headline}"),
    )
}

fn pick(language: Language, fr: String, en: String) -> String {
    match language {
        Language::French => fr,
        Language::English => en,
    }
}
