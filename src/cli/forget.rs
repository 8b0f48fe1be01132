//! `jalon forget`: somebody who left is forgotten (GDPR art. 17). A pseudonym takes their place in the ledger; what jalon
//! does not rewrite is said: copies of the ledger, logs, the relay's and the readers' own mail.
//!
//! It refuses whoever a file still names: the daemon would learn of them again at its next round.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;

use super::run::{kept_folder, state_path};
use super::whose::Who;
use super::{Context, Exit, err, fail, ledger_exit, ledger_place, now_of, out};
use crate::calendar::named;
use crate::diagnostic::{Language, Words, say};
use crate::files::Loaded;
use crate::files::kept::Kept;
use crate::ledger::sqlite::erasing::{copies_with, in_the_file, mention};
use crate::ledger::store::{Location, Store};
use crate::ledger::{Erased, Ledger as _, LedgerError, StoredHost, Whom};
use crate::plan::row::{Row, State};
use crate::settings::Settings;
use crate::transport::folder::Outbox;

/// Forget somebody who left: their name, address and id leave the ledger
#[derive(Debug, Args)]
pub struct Forget {
    /// Who: an id, a name or an address
    #[arg(value_name = "PERSON")]
    person: String,
    /// Say what would be forgotten, and forget nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask: it cannot be taken back
    #[arg(long)]
    yes: bool,
    /// The ledger [default: jalon.toml's, else $STATE_DIRECTORY/jalon.db, else ./var/jalon.db]
    #[arg(long, value_name = "URL")]
    ledger: Option<String>,
}

/// Why nobody is forgotten.
enum Refusal {
    Ledger(LedgerError),
    Said(Exit, Words),
}

impl From<LedgerError> for Refusal {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

/// What is kept on somebody.
struct Found {
    whom: Whom,
    rows: usize,
    planned: usize,
    mails: Vec<PathBuf>,
    copies: Vec<PathBuf>,
    /// Whether the ledger is in PostgreSQL.
    shared: bool,
}

impl Forget {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let (loaded, settings, language) = match context.settled() {
            Ok(settled) => settled,
            Err(exit) => return exit,
        };
        match self.forget(context, &loaded, &settings, language) {
            Ok((text, exit)) => match out(&text) {
                Exit::Done => exit,
                failed => failed,
            },
            Err(Refusal::Ledger(error)) => ledger_exit(&error, language),
            Err(Refusal::Said(exit, words)) => fail(exit, language, &words),
        }
    }

    fn forget(
        &self,
        context: &Context,
        loaded: &Loaded,
        settings: &Settings,
        language: Language,
    ) -> Result<(String, Exit), Refusal> {
        let place = ledger_place(self.ledger.as_deref(), Some(settings), &context.config)?;
        let ledger = Store::read(&place)?;
        let (now, rows, who, texts, people, hosts) = super::wait(async {
            let people = ledger.people().await?;
            let directory = Some(&settings.house.directory);
            let (rows, revisions) = (ledger.known().await?, ledger.revisions().await?);
            let mut who = Who::named(&self.person, directory, &people);
            who.learn(&rows, &revisions, directory);
            let texts = ledger.postings().await?;
            let now = now_of(&ledger, context, Some(settings), language).await?;
            let hosts = ledger.hosts().await?;
            Ok::<_, LedgerError>((now, rows, who, texts, people, hosts))
        })?;
        let shared = ledger.is_shared();
        drop(ledger);
        let mut places = in_files(&who, context, loaded, settings, self.ledger.as_deref());
        let there: BTreeSet<&str> =
            loaded.folder.postings.iter().map(|posting| posting.id.as_str()).collect();
        let gone = texts.iter().filter(|stored| !there.contains(stored.id.as_str()));
        places.extend(gone.filter(|stored| who.is_named_in(&stored.text)).map(|stored| {
            let id = &stored.id;
            say(
                format!("la dernière version de la fiche {id}, encore en vigueur (jalon check, ou jalon accept si elle doit disparaître)"),
                format!("the last version of the posting {id}, still in force (jalon check, or jalon accept if it is to go)"),
            )
        }));
        if shared {
            places.extend(on_hosts(&who, &people, &hosts));
        }
        if !places.is_empty() {
            return Err(Refusal::Said(Exit::Failed, still_named(&self.person, &places)));
        }
        let found = self.found(who, &rows, &place, (settings, &context.config))?;
        let held = rows.iter().filter(|row| row.state == State::Held && found.is_theirs(row)).count();
        if held > 0 {
            return Err(Refusal::Said(Exit::Failed, undecided(&self.person, held)));
        }
        let mut text = format!("{}\n", found.words(&self.person).say(language));
        if self.dry_run {
            let words = say("(--dry-run\u{a0}: rien n'est oublié.)", "(--dry-run: nothing is forgotten.)");
            return Ok((text + words.say(language) + "\n", Exit::Done));
        }
        self.confirmed(&mut text, language)?;
        match super::wait(place.erase(&found.whom, now))? {
            Erased::Open(open) => Err(Refusal::Said(Exit::Failed, under_way(open))),
            Erased::Done { word, entries, left } => {
                let unremoved = found.mails.iter().filter(|mail| std::fs::remove_file(mail).is_err()).count();
                let words = done(&word, entries, found.mails.len() - unremoved);
                text += &format!("{}\n{}", words.say(language), found.left_behind(language));
                if left || unremoved > 0 {
                    let words = a_trace(shared && left, found.whom.emails.first().unwrap_or(&self.person));
                    return Err(Refusal::Said(Exit::Failed, say(text.clone() + &words.fr, text + &words.en)));
                }
                Ok((text, Exit::Done))
            }
        }
    }

    /// What there is to forget; an error when there is nothing.
    fn found(
        &self,
        who: Who,
        rows: &[Row],
        place: &Location,
        (settings, config): (&Settings, &Path),
    ) -> Result<Found, Refusal> {
        let theirs: Vec<&Row> = rows.iter().filter(|row| who.is_in(row)).collect();
        let planned = theirs.iter().filter(|row| row.state == State::Planned).count();
        // An address that somebody else still has is not theirs alone.
        let shared = |email: &String| {
            settings.house.directory.people.values().any(|person| person.email.to_lowercase() == *email)
        };
        let emails = who.emails.into_iter().filter(|email| !shared(email)).collect();
        let whom = Whom { ids: who.ids, emails, names: who.names };
        let outbox =
            settings.mail.as_ref().and_then(|mail| mail.outbox.as_ref()).map(|path| state_path(path, config));
        let unreadable =
            |error: std::io::Error| Refusal::Said(Exit::Failed, say(error.to_string(), error.to_string()));
        let mut mails = Vec::new();
        for (mail, _) in
            outbox.map_or(Ok(Vec::new()), |folder| Outbox::new(folder).mails()).map_err(unreadable)?
        {
            if mention(&mail, &whom).map_err(unreadable)? {
                mails.push(mail);
            }
        }
        let copies =
            place.file().map_or(Ok(Vec::new()), |path| copies_with(path, &whom)).map_err(unreadable)?;
        // What a former run had to leave, since somebody was reading. An address that is the end of another one tells nothing.
        let within_another = |email: &String| {
            let people = settings.house.directory.people.values().map(|person| &person.email);
            rows.iter().map(|row| &row.email).chain(people).any(|other| other.to_lowercase().contains(email))
        };
        let trace = || {
            let emails = whom.emails.iter().filter(|email| !within_another(email)).cloned().collect();
            let alone = Whom { emails, ..Whom::default() };
            place.file().map_or(Ok(false), |path| in_the_file(path, &alone)).map_err(unreadable)
        };
        if theirs.is_empty() && mails.is_empty() && copies.is_empty() && !trace()? {
            let person = &self.person;
            return Err(Refusal::Said(
                Exit::Failed,
                say(
                    format!("rien n'est gardé sur « {person} »\u{a0}: jalon history --person le confirme"),
                    format!("nothing is kept on \"{person}\": jalon history --person says the same"),
                ),
            ));
        }
        Ok(Found { whom, rows: theirs.len(), planned, mails, copies, shared: place.file().is_none() })
    }

    /// Asks, unless that was answered on the line.
    fn confirmed(&self, text: &mut String, language: Language) -> Result<(), Refusal> {
        if self.yes {
            return Ok(());
        }
        let no = |exit| {
            let words = say(
                "rien n'est oublié\u{a0}; cela ne se reprend pas\u{a0}: ajoutez --yes",
                "nothing is forgotten; it cannot be taken back: add --yes",
            );
            Err(Refusal::Said(exit, words))
        };
        if !std::io::stdin().is_terminal() {
            return no(Exit::Usage);
        }
        let ask = say("Cela ne se reprend pas. Tapez oui\u{a0}: ", "It cannot be taken back. Type yes: ");
        err(&format!("{text}{}", ask.say(language)));
        text.clear();
        let _ = std::io::stderr().flush();
        let mut answer = String::new();
        let read = std::io::stdin().read_line(&mut answer);
        if read.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "oui" | "yes") {
            Ok(())
        } else {
            no(Exit::Failed)
        }
    }
}

/// The files that still name them, each with its line where there is one.
fn in_files(
    who: &Who,
    context: &Context,
    loaded: &Loaded,
    settings: &Settings,
    ledger: Option<&str>,
) -> Vec<Words> {
    let same = |text: &str| say(text.to_owned(), text.to_owned());
    let mut places = Vec::new();
    let jalon_toml = context.config.join("jalon.toml").display().to_string();
    let people = &settings.house.directory.people;
    let person = people.values().find(|person| who.ids.contains(&person.id));
    let others: BTreeSet<String> = people
        .values()
        .filter(|other| !who.ids.contains(&other.id))
        .map(|other| other.email.to_lowercase())
        .collect();
    // The mailbox that they shared with others stays theirs.
    let alone = Who { emails: who.emails.difference(&others).cloned().collect(), ..who.clone() };
    let asked_address = who.ids.iter().any(|id| others.contains(id));
    if let Some(person) = person {
        places.push(same(&format!("[people.{}], {jalon_toml}", person.id)));
    } else if asked_address {
        places.push(same(&jalon_toml));
    } else {
        let line = loaded.text.lines().position(|line| alone.is_named_in(line));
        places.extend(line.map(|line| same(&format!("{jalon_toml}:{}", line + 1))));
    }
    for text in &loaded.texts {
        let contents = text.contents.as_deref().unwrap_or_default();
        let posting = loaded.folder.postings.iter().filter(|posting| posting.file == text.file);
        let resolved = posting
            .into_iter()
            .any(|posting| named(std::slice::from_ref(posting)).iter().any(|id| who.ids.contains(*id)));
        match contents.lines().position(|line| alone.is_named_in(line)) {
            Some(line) => places.push(same(&format!("{}:{}", text.file, line + 1))),
            None if resolved => places.push(same(&text.file)),
            None => {}
        }
    }
    let kept = kept_folder(ledger, &context.config);
    let copy = Kept::read(&kept, &context.config).filter(|copy| alone.is_named_in(&copy.settings));
    if copy.is_some() && places.is_empty() {
        let kept = kept.display();
        places.push(say(
            format!("{kept}/jalon.toml, la copie que jalon run renouvelle quelques secondes après une correction\u{a0}: attendez, ou lancez-le"),
            format!("{kept}/jalon.toml, the copy that jalon run renews some seconds after an edit: wait, or start it"),
        ));
    }
    places
}

impl Found {
    fn is_theirs(&self, row: &Row) -> bool {
        self.whom.ids.contains(row.key.recipient())
            || self.whom.ids.contains(&row.reader)
            || self.whom.emails.contains(&row.email.to_lowercase())
    }

    fn words(&self, person: &str) -> Words {
        let Self { rows, planned, mails, .. } = self;
        let mails = mails.len();
        say(
            format!(
                "Sur « {person} »\u{a0}: {rows} lignes du registre (dont {planned} prévues, qui sont d'abord retirées), {mails} courriels de l'outbox."
            ),
            format!(
                "On \"{person}\": {rows} rows of the ledger (of which {planned} planned, withdrawn first), {mails} mails of the outbox."
            ),
        )
    }

    /// What jalon does not rewrite.
    fn left_behind(&self, language: Language) -> String {
        let mut text = String::new();
        if !self.copies.is_empty() {
            let words = say(
                "Ces copies du registre le nomment encore\u{a0}; supprimez-les, puis lancez jalon backup\u{a0}:",
                "These copies of the ledger still name them; remove them, then run jalon backup:",
            );
            text += &format!("{}\n", words.say(language));
            for copy in &self.copies {
                text += &format!("  rm {}\n", copy.display());
            }
        }
        let words = say(
            "jalon ne touche ni aux journaux du système (journalctl --vacuum-time=30d les abrège), ni à l'historique de git, ni à vos sauvegardes, ni aux courriels déjà reçus.",
            "jalon touches neither the system's logs (journalctl --vacuum-time=30d shortens them), nor git's history, nor your backups, nor mails already received.",
        );
        text += &format!("{}\n", words.say(language));
        if self.shared {
            let words = say(
                "PostgreSQL en garde ailleurs, et jalon n'y touche pas\u{a0}: sauvegardes (pg_dump, pg_basebackup), journaux archivés (WAL), journal du serveur. Renouvelez ou supprimez ceux d'avant. Un serveur de secours suit de lui-même.",
                "PostgreSQL keeps of it elsewhere, and jalon does not touch that: backups (pg_dump, pg_basebackup), archived logs (WAL), the server's own log. Renew or remove those from before. A standby server follows by itself.",
            );
            text += &format!("{}\n", words.say(language));
        }
        text
    }
}

/// The hosts that know them still, or may.
fn on_hosts(who: &Who, people: &[(String, String)], hosts: &[StoredHost]) -> Vec<Words> {
    let mut places = Vec::new();
    let planner = hosts.iter().find(|host| host.plans);
    if people.iter().any(|(id, _)| who.ids.contains(id)) {
        let of = planner.map_or_else(String::new, |host| format!(" ({})", host.name));
        places.push(say(
            format!("le registre, que l'hôte qui planifie{of} met à jour d'après ses fichiers\u{a0}: corrigez-les là aussi, puis attendez, ou lancez-le"),
            format!("the ledger, which the host that plans{of} keeps by its files: edit them there too, then wait, or start it"),
        ));
    }
    let others = hosts.iter().filter(|host| {
        host.lives && planner.is_some_and(|planner| !host.readable || host.digest != planner.digest)
    });
    places.extend(others.map(|host| {
        let name = &host.name;
        say(
            format!("peut-être les fichiers de l'hôte {name}, qui ne sont pas ceux de l'hôte qui planifie\u{a0}: rendez-les égaux (jalon doctor), ou arrêtez-le"),
            format!("perhaps the files of the host {name}, which are not those of the host that plans: make them the same (jalon doctor), or stop it"),
        )
    }));
    places
}

/// What is left of somebody who is forgotten, and how it goes as well. The ledger knows them by nothing but an address now.
fn a_trace(in_postgres: bool, email: &str) -> Words {
    if in_postgres {
        return say(
            "Aucune table ne le nomme plus\u{a0}; mais les fichiers de PostgreSQL peuvent garder d'anciennes versions de ces lignes (une transaction restait ouverte\u{a0}: pg_stat_activity dit laquelle\u{a0}; ou la base n'est pas à l'utilisateur de jalon). Dès que possible, qui tient la base\u{a0}: psql -d LABASE -c 'VACUUM FULL'",
            "No table names them any more; but PostgreSQL's files may keep former versions of these rows (a transaction was open: pg_stat_activity says which; or the database is not owned by jalon's user). As soon as can be, whoever keeps the database: psql -d THEDATABASE -c 'VACUUM FULL'",
        );
    }
    let again = format!("jalon forget {email}");
    say(
        format!(
            "Il en reste pourtant une trace\u{a0}: un autre programme lisait le registre, ou un courriel de l'outbox n'a pas pu être supprimé. Dès que possible\u{a0}: {again}"
        ),
        format!(
            "Yet a trace is left: another program was reading the ledger, or a mail of the outbox could not be removed. As soon as can be: {again}"
        ),
    )
}

fn still_named(person: &str, places: &[Words]) -> Words {
    let list = |language: Language| {
        places.iter().map(|place| format!("\n  {}", place.say(language))).collect::<String>()
    };
    say(
        format!("« {person} » est encore nommé. Retirez-le d'abord de\u{a0}:{}", list(Language::French)),
        format!("\"{person}\" is still named. First remove them from:{}", list(Language::English)),
    )
}

fn undecided(person: &str, held: usize) -> Words {
    say(
        format!(
            "courriels peut-être partis, qui attendent une décision\u{a0}: {held}. D'abord jalon confirm --person \"{person}\" (arrivés) ou jalon withdraw --person \"{person}\""
        ),
        format!(
            "mails that may have left and wait for a decision: {held}. First jalon confirm --person \"{person}\" (they arrived) or jalon withdraw --person \"{person}\""
        ),
    )
}

fn under_way(open: usize) -> Words {
    say(
        format!(
            "rien n'est oublié\u{a0}: {open} courriels sont en train de partir\u{a0}; recommencez dans une minute"
        ),
        format!("nothing is forgotten: {open} mails are leaving; try again in a minute"),
    )
}

fn done(word: &str, entries: usize, mails: usize) -> Words {
    say(
        format!(
            "C'est oublié\u{a0}: « {word} » prend sa place dans {entries} entrées du registre\u{a0}; courriels de l'outbox supprimés\u{a0}: {mails}."
        ),
        format!(
            "Forgotten: \"{word}\" stands in {entries} entries of the ledger; mails of the outbox removed: {mails}."
        ),
    )
}
