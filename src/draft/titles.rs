//! Pure. Titles of jobs: what is a title, what stands before and behind it, and which of two names a trade.

use super::words::tidy;

/// How many heads are taken off one title: « Offre d'emploi : recrutement d'un·e ».
const HEADS_AT_MOST: usize = 6;
/// How long a title may be, in characters.
const LONGEST: usize = 160;

/// A line that says something, without its markup.
pub(super) struct Line {
    pub(super) at: usize,
    pub(super) text: String,
}

/// A line without markup, bullets and numbering.
pub(super) fn plain(line: &str) -> String {
    let line = line.char_indices().nth(2000).map_or(line, |(end, _)| &line[..end]);
    let line = line.replace("</th>", " | ").replace("</td>", " | ");
    let text = tidy(&line.replace(['\\', '`'], "").replace("__", ""));
    let text = text.trim_start_matches(['#', '>', '-', '•', '●', '*', '_', ' ', '+', '|']);
    text.trim_end_matches(['_', ' ', '|', '#', '"']).trim_start_matches('"').trim().to_owned()
}

pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            'é' | 'è' | 'ê' | 'É' | 'È' | 'Ê' => folded.push('e'),
            'à' | 'â' | 'À' => folded.push('a'),
            'ô' | 'Ô' => folded.push('o'),
            'ç' => folded.push('c'),
            '’' => folded.push('\''),
            '\u{a0}' | '\u{202f}' => folded.push(' '),
            other => folded.extend(other.to_lowercase()),
        }
    }
    folded
}

/// What stands behind one of these keys and its colon.
pub(super) fn value_of<'a>(line: &'a str, keys: &str) -> Option<&'a str> {
    let colon = line.find([':', '=', '|'])?;
    let key = fold(line[..colon].trim());
    let value = line[colon + 1..].trim().trim_matches(['"', '\'', ' ']);
    keys.split('|').any(|one| one == key).then_some(value)
}

/// « X recrute un·e Y »: who, and whom.
pub(super) fn recruits(line: &str) -> Option<(String, String)> {
    const VERBS: &str = " recrute | recrutent | cherche | cherchent | recherche | recherchent | embauche | \
         is seeking to appoint | is seeking | seeks | is looking for | is recruiting | \
         are recruiting | is hiring | invites applications for | wishes to appoint | \
         are looking for ";
    let lower = line.to_lowercase();
    if lower.len() != line.len() {
        return None;
    }
    let (at, verb) = VERBS.split('|').filter_map(|verb| lower.find(verb).map(|at| (at, verb))).min()?;
    let who = line[..at].trim();
    let who = value_of(who, "title|description|titre|objet|subject").unwrap_or(who);
    let what = line[at + verb.len()..].trim();
    let folded = fold(who);
    let is_clause = [" est ", " a la", " sont ", "en ", "pour ", "dans ", "due ", "afin "]
        .iter()
        .any(|part| folded.contains(part.trim_end()) && (part.starts_with(' ') || folded.starts_with(part)));
    let is_somebody = !is_clause
        && who.split_whitespace().count() <= 12
        && who.chars().next().is_some_and(char::is_uppercase);
    let pronoun = matches!(fold(who).as_str(), "nous" | "on" | "we" | "il" | "elle" | "l'association");
    (is_somebody && !pronoun).then(|| (who.to_owned(), what.to_owned()))
}

/// « X recrute ! »: who, when no more is said.
pub(super) fn who_recruits(line: &str) -> Option<String> {
    let lower = fold(line);
    let end = [" recrute", " embauche", " is hiring", " recrutent"].iter().find_map(|verb| {
        let at = lower.find(verb)?;
        (!lower[at + verb.len()..].starts_with(char::is_alphabetic)).then_some(at)
    })?;
    let count = lower[..end].chars().count();
    let who: String = line.chars().take(count).collect();
    let who = value_of(&who, "title|description").map_or(who.clone(), str::to_owned);
    (who.split_whitespace().count() <= 8).then_some(who)
}

/// What stands before titles.
const HEADS: &str = "offre d'emploi|offre de stage|offre de poste|offre emploi|appel a candidatures|\
    appel a candidature|avis de recrutement d'un|avis de recrutement de |avis de vacance|\
    fiche de poste|recrutement d'un|recrutement :|recrutement -|job offer|job vacancy|\
    vacancy:|job:|[job]|jobs:|poste de |en cdd, |en cdi, |\
    personne pour occuper le poste de |un ou une |une ou un |un(e) |un·e |un.e |un-e |une |\
    un |e |.e |-e |(e) |·e |a |an |des |-|–|—|:|!|#";
/// What stands behind them.
const TAILS: &str = " cdd| cdi| en cdd| (cdd| (cdi| - cdd| – cdd| en contrat| a temps plein| a temps partiel| \
     afin de | pour une duree| h/f| f/h| (h/f| (f/h| in order to| to join";

/// A title as it should stand: without « Offre d'emploi », an article, the contract behind it.
pub(super) fn title(text: &str) -> Option<String> {
    let mut text = plain(text).trim_end_matches(['!', '.', ',', ';', ':', ' ', '"']).to_owned();
    for _ in 0..HEADS_AT_MOST {
        let lower = fold(&text);
        let Some(head) = HEADS.split('|').find(|head| lower.starts_with(*head)) else { break };
        let rest: String = text.chars().skip(head.chars().count()).collect();
        let rest = rest.trim().to_owned();
        if rest.is_empty() {
            return None;
        }
        text = rest;
    }
    let lower = fold(&text);
    if lower.chars().count() == text.chars().count()
        && let Some(end) = TAILS.split('|').filter_map(|tail| lower.find(tail)).min()
    {
        let count = lower[..end].chars().count();
        text = text.chars().take(count).collect();
    }
    let until = text.char_indices().find(|(at, _)| {
        let rest = &text[*at..];
        [" pour ", " for ", ", "].iter().any(|head| {
            rest.strip_prefix(head).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        })
    });
    let text = until.map_or(text.as_str(), |(at, _)| &text[..at]);
    let text = text.trim().trim_end_matches(['-', '–', '—', ',', '(', '!', '.', ' ', '|']).trim().to_owned();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (letters > 2 && text.chars().count() <= LONGEST && !text.contains('@') && !is_generic(&fold(&text)))
        .then_some(text)
}

fn is_generic(folded: &str) -> bool {
    const GENERIC: &str = "offre d'emploi|offres d'emploi|emploi|recrutement|annonce|job offer|vacancy|vacancies|\
        job description|jobs|contexte|presentation|startfragment|recrute|fiche de poste|\
        nous recrutons|we are hiring|proceso selectivo|temps plein|temps partiel|stage|missions";
    GENERIC.split('|').any(|one| one == folded)
        || folded.ends_with("recrute")
        || folded.ends_with("embauche")
        || [
            "cdd",
            "cdi",
            "http",
            "www",
            "dear ",
            "bonjour",
            "hello",
            "date",
            "a propos",
            "about",
            "qui sommes",
            "cher",
            "please",
            "the following",
            "---",
            "<!--",
            "[image",
            "![",
            "contexte",
            "presentation",
            "tel ",
            "accueil",
            "description",
        ]
        .iter()
        .any(|start| folded.starts_with(start))
}

/// A heading that may be the title, with the line that goes on with it.
pub(super) fn heading(lines: &[Line], nth: usize) -> Option<String> {
    let line = lines.get(nth)?;
    let next = lines.get(nth + 1).is_some_and(|next| next.at == line.at + 1);
    let wrapped = next && line.text.chars().count() > 58 && !line.text.ends_with(['!', ')']);
    let continues = nth > 0 && lines[nth - 1].at + 1 == line.at && lines[nth - 1].text.chars().count() > 58;
    let starts_low = line.text.chars().next().is_some_and(char::is_lowercase) && !names_a_trade(&line.text);
    let is_sentence = wrapped
        || continues
        || starts_low
        || line.text.ends_with('.') && line.text.split_whitespace().count() > 6
        || line.text.ends_with(',')
        || line.text.ends_with(';');
    let key = line.text.find(':').is_some_and(|colon| !line.text[..colon].contains(' '));
    let words = line.text.split_whitespace().count();
    if is_sentence || key || words > 18 || line.text.chars().filter(char::is_ascii_digit).count() > 6 {
        return None;
    }
    let linked = ["avec", "de", "des", "du", "et", "en", "pour", "à", "au", "and", "of", "for", "d'", "d’"];
    let open = ["et", "de", "des", "la", "le", "du", "en", "and", "of", "the", "à", "au", "pour"];
    let last = line.text.rsplit(' ').next().unwrap_or_default().to_lowercase();
    let goes_on = |next: &&Line| {
        let first = next.text.split(' ').next().unwrap_or_default().to_lowercase();
        next.at == line.at + 1
            && next.text.chars().count() < 60
            && (open.contains(&last.as_str())
                || names_a_trade(&line.text) && linked.contains(&first.as_str()))
    };
    let whole = match lines.get(nth + 1).filter(goes_on) {
        Some(next) => format!("{} {}", line.text, next.text),
        None => line.text.clone(),
    };
    title(&whole)
}

/// How the names of trades begin.
const TRADES: &str = "charge, responsable, assistant, directeur, directrice, coordinat, coordonn, animat, technicien, \
     regisseu, mediat, administrat, comptable, secretaire, gestionnaire, ingenieur, chercheu, \
     doctorant, postdoc, post-doc, professeur, enseignant, maitre de conf, conseill, delegue, chef, \
     developp, designer, agent, bibliothecaire, documentaliste, archiviste, conservat, libraire, \
     cuisinier, educat, infirmi, accompagn, formateur, formatrice, stage, stagiaire, volontaire, \
     apprenti, attache, juriste, redact, journaliste, chauffeu, ouvrier, jardin, menuisi, musicien, \
     artiste, comedien, danseu, graphiste, photograph, economiste, analyste, consultant, officer, \
     manager, lecturer, professor, fellow, researcher, librarian, advisor, adviser, curator, \
     coordinator, administrator, director, head of, teacher, teaching, tutor, trainee, intern, \
     apprentice, worker, engineer, developer, scientist, technician, producer, editor, writer, clerk, \
     chef, cook, caretaker, keeper, warden, ranger, nurse, organiser, organizer, fundraiser, \
     lectureship, professorship, phd, postdoctoral, research associate, archivist, conservator, \
     caseworker, leader, specialist, executive, secretary, treasurer, hilfskraft, mitarbeiter, ux, dev, poste de";

/// Whether a title says what somebody does.
pub(super) fn names_a_trade(title: &str) -> bool {
    let folded = fold(title);
    let begins = |at: usize| !folded[..at].ends_with(char::is_alphabetic);
    let starts: Vec<&str> =
        folded.char_indices().filter(|(at, _)| begins(*at)).map(|(at, _)| &folded[at..]).collect();
    TRADES.split(", ").any(|trade| starts.iter().any(|start| start.starts_with(trade)))
}
