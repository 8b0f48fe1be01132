//! Pure. What is recruited, by whom, where, and under what contract.
//!
//! Lines are read from the top: a key (« Intitulé du poste : »), a sentence (« X recrute un·e … »), a heading. Nothing is
//! guessed from the middle of a paragraph.

use super::roles::Scene;
use super::words::{Kind, Words, tidy};
use super::{Draft, Found, Quote, quote};
use crate::diagnostic::Language;

/// The language of a text: whose little words it is full of.
pub(super) fn language(words: &Words<'_>) -> Language {
    let (mut french, mut english) = (0, 0);
    for at in 0..words.len().min(4000) {
        match words.fold(at) {
            "le" | "la" | "les" | "et" | "de" | "des" | "du" | "un" | "une" | "pour" | "vous" | "au" | "est" | "sur" => french += 1,
            "the" | "and" | "of" | "to" | "for" | "with" | "is" | "will" | "you" | "in" | "by" | "be" | "our" => english += 1,
            _ => {}
        }
    }
    if english > french { Language::English } else { Language::French }
}

/// How many lines are looked at, and how long a title may be, in characters.
const TOP: usize = 40;
const LONGEST: usize = 160;

/// A line that says something, without its markup.
struct Line {
    at: usize,
    text: String,
}

/// Title, organisation, contract and location.
pub(super) fn fill(scene: &Scene<'_>, draft: &mut Draft) {
    let words = scene.words;
    let lines = top(words);
    let recruiting = lines.iter().find_map(|line| recruits(&line.text).filter(|(_, what)| title(what).is_some()).map(|found| (line, found)));
    let found = |line: &Line, value: &str| {
        let value = shown(value)?;
        Some(Found { value, quote: of_line(words, line.at), doubts: Vec::new() })
    };
    let keyed = |keys: &[&str]| {
        lines.iter().find_map(|line| {
            let value = value_of(&line.text, keys)?;
            let value = if matches!(value, "" | ">-" | "|" | ">") { words.line(line.at + 1) } else { value };
            Some((line, title(value)?))
        })
    };
    const TITLES: &[&str] = &[
        "title", "titre du poste", "titre", "intitule du poste", "intitule", "poste", "job title", "position", "post title", "post", "role",
        "roles", "vacancy", "fonction", "emploi", "metier",
    ];
    let recruited = recruiting.as_ref().and_then(|(line, (_, what))| Some((*line, title(what)?)));
    let headings = lines.iter().enumerate().filter_map(|(nth, line)| Some((line, heading(&lines, nth)?)));
    // A key, a sentence, a heading: whichever names a trade, in that order.
    let mut titles: Vec<(i32, (&Line, String))> = Vec::new();
    titles.extend(keyed(TITLES).map(|one| (6, one)));
    titles.extend(recruited.map(|one| (5, one)));
    titles.extend(headings.take(25).enumerate().map(|(nth, one)| (if nth == 0 { 3 } else { 2 }, one)));
    let named = |(weight, (_, value)): &(i32, (&Line, String))| weight + if names_a_trade(value) { 4 } else { 0 };
    let best = titles.iter().rev().max_by_key(|one| named(one));
    draft.title = best.and_then(|(_, (line, value))| found(line, value));
    const ORGANISATIONS: &[&str] =
        &["organisation", "organization", "employeur", "employer", "structure", "entreprise", "company", "institution", "organisme", "school", "department"];
    let by_key = lines.iter().find_map(|line| Some((line, value_of(&line.text, ORGANISATIONS)?.to_owned())));
    let by_verb = recruiting.as_ref().map(|(line, (who, _))| (*line, who.clone()));
    let alone = || lines.iter().find_map(|line| Some((line, who_recruits(&line.text)?)));
    let organisation = by_key.or(by_verb).or_else(alone).and_then(|(line, value)| found(line, &without_article(&value)));
    let organisation = organisation.filter(|found| found.value.chars().count() > 1);
    draft.organisation = organisation.or_else(|| introduced(words)).or_else(|| institution(words));
    draft.contract = contract(words);
    draft.location = location(words);
}

fn top(words: &Words<'_>) -> Vec<Line> {
    let lines = (0..words.lines.len().min(400)).map(|at| Line { at, text: plain(words.line(at)) });
    lines.filter(|line| !line.text.is_empty()).take(TOP).collect()
}

/// A line without markup, bullets and numbering.
fn plain(line: &str) -> String {
    let line = line.char_indices().nth(2000).map_or(line, |(end, _)| &line[..end]);
    let mut text = String::new();
    let mut in_tag = false;
    for c in line.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                text.push(' ');
            }
            c if !in_tag => text.push(c),
            _ => {}
        }
    }
    let text = tidy(&text.replace("\\", "").replace("__", ""));
    let text = text.trim_start_matches(['#', '>', '-', '•', '●', '*', '_', ' ', '+', '|']);
    text.trim_end_matches(['_', ' ', '|', '#', '"']).trim_start_matches('"').trim().to_owned()
}

fn fold(text: &str) -> String {
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
fn value_of<'a>(line: &'a str, keys: &[&str]) -> Option<&'a str> {
    let colon = line.find([':', '='])?;
    let key = fold(line[..colon].trim());
    let value = line[colon + 1..].trim().trim_matches(['"', '\'', ' ']);
    (keys.contains(&key.as_str())).then_some(value)
}

/// « X recrute un·e Y »: who, and whom.
fn recruits(line: &str) -> Option<(String, String)> {
    const VERBS: &[&str] = &[
        " recrute ", " recrutent ", " recherche ", " recherchent ", " embauche ", " is seeking to appoint ", " is seeking ", " seeks ",
        " is looking for ", " is recruiting ", " are recruiting ", " is hiring ", " invites applications for ", " wishes to appoint ", " are looking for ",
    ];
    let lower = line.to_lowercase();
    if lower.len() != line.len() {
        return None;
    }
    let (at, verb) = VERBS.iter().filter_map(|verb| lower.find(verb).map(|at| (at, *verb))).min()?;
    let who = line[..at].trim();
    let who = value_of(who, &["title", "description", "titre", "objet", "subject"]).unwrap_or(who);
    let what = line[at + verb.len()..].trim();
    let folded = fold(who);
    let is_clause = [" est ", " a la", " sont ", "en ", "pour ", "dans ", "due ", "afin "].iter().any(|part| folded.contains(part.trim_end()) && (part.starts_with(' ') || folded.starts_with(part)));
    let is_somebody = !is_clause && who.split_whitespace().count() <= 12 && who.chars().next().is_some_and(char::is_uppercase);
    let pronoun = matches!(fold(who).as_str(), "nous" | "on" | "we" | "il" | "elle" | "l'association");
    (is_somebody && !pronoun).then(|| (who.to_owned(), what.to_owned()))
}

/// « X recrute ! »: who, when no more is said.
fn who_recruits(line: &str) -> Option<String> {
    let lower = fold(line);
    let end = [" recrute", " embauche", " is hiring", " recrutent"].iter().find_map(|verb| {
        let at = lower.find(verb)?;
        (!lower[at + verb.len()..].starts_with(char::is_alphabetic)).then_some(at)
    })?;
    let count = lower[..end].chars().count();
    let who: String = line.chars().take(count).collect();
    let who = value_of(&who, &["title", "description"]).map_or(who.clone(), str::to_owned);
    (who.split_whitespace().count() <= 8).then_some(who)
}

/// A title as it should stand: without « Offre d'emploi », an article, the contract behind it.
fn title(text: &str) -> Option<String> {
    let mut text = plain(text).trim_end_matches(['!', '.', ',', ';', ':', ' ', '"']).to_owned();
    loop {
        let lower = fold(&text);
        const HEADS: &[&str] = &[
            "offre d'emploi", "offre de stage", "offre de poste", "offre emploi", "appel a candidatures", "appel a candidature", "avis de recrutement d'un", "avis de recrutement de ", "avis de vacance",
            "fiche de poste", "recrutement d'un", "recrutement :", "recrutement -", "job offer", "job vacancy", "vacancy:", "job:", "[job]", "jobs:", "poste de ", "en cdd, ", "en cdi, ", "personne pour occuper le poste de ",
            "un ou une ", "une ou un ", "un(e) ", "un·e ", "un.e ", "un-e ", "une ", "un ", "e ", ".e ", "-e ", "(e) ", "·e ", "a ", "an ", "des ", "-", "–", "—", ":", "|", "!", "#",
        ];
        let Some(head) = HEADS.iter().find(|head| lower.starts_with(**head)) else { break };
        let rest: String = text.chars().skip(head.chars().count()).collect();
        let rest = rest.trim().to_owned();
        if rest.is_empty() {
            return None;
        }
        text = rest;
    }
    const TAILS: &[&str] =
        &[" cdd", " cdi", " en cdd", " (cdd", " (cdi", " - cdd", " – cdd", " en contrat", " a temps plein", " a temps partiel", " afin de ", " pour une duree", " h/f", " f/h", " (h/f", " (f/h", " in order to", " to join"];
    let lower = fold(&text);
    if lower.chars().count() == text.chars().count()
        && let Some(end) = TAILS.iter().filter_map(|tail| lower.find(tail)).min()
    {
        let count = lower[..end].chars().count();
        text = text.chars().take(count).collect();
    }
    let text = text.trim().trim_end_matches(['-', '–', '—', ',', '(', '!', '.', ' ', '|']).trim().to_owned();
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (letters > 2 && text.chars().count() <= LONGEST && !text.contains('@') && !is_generic(&fold(&text))).then_some(text)
}

fn is_generic(folded: &str) -> bool {
    const GENERIC: &[&str] = &[
        "offre d'emploi", "offres d'emploi", "emploi", "recrutement", "annonce", "job offer", "vacancy", "vacancies", "job description", "jobs", "contexte", "presentation", "startfragment", "recrute", "fiche de poste",
        "nous recrutons", "we are hiring", "proceso selectivo", "temps plein", "temps partiel", "stage", "missions",
    ];
    GENERIC.contains(&folded)
        || folded.ends_with("recrute")
        || folded.ends_with("embauche")
        || ["cdd", "cdi", "http", "www", "dear ", "bonjour", "hello", "date", "a propos", "about", "qui sommes", "cher", "please", "the following", "---", "<!--", "[image", "![", "contexte", "presentation", "tel ", "accueil", "description"]
            .iter()
            .any(|start| folded.starts_with(start))
}

/// A heading that may be the title, with the line that goes on with it.
fn heading(lines: &[Line], nth: usize) -> Option<String> {
    let line = lines.get(nth)?;
    let next = lines.get(nth + 1).is_some_and(|next| next.at == line.at + 1);
    let wrapped = next && line.text.chars().count() > 58 && !line.text.ends_with(['!', ')']);
    let goes_on = nth > 0 && lines[nth - 1].at + 1 == line.at && lines[nth - 1].text.chars().count() > 58;
    let starts_low = line.text.chars().next().is_some_and(char::is_lowercase) && !names_a_trade(&line.text);
    let is_sentence = wrapped || goes_on || starts_low || line.text.ends_with('.') && line.text.split_whitespace().count() > 6 || line.text.ends_with(',') || line.text.ends_with(';');
    let key = line.text.find(':').is_some_and(|colon| !line.text[..colon].contains(' '));
    let words = line.text.split_whitespace().count();
    if is_sentence || key || words > 18 || line.text.chars().filter(|c| c.is_ascii_digit()).count() > 6 {
        return None;
    }
    let open = ["et", "de", "des", "la", "le", "du", "en", "and", "of", "the", "à", "au", "pour"];
    let last = line.text.rsplit(' ').next().unwrap_or_default().to_lowercase();
    let whole = match lines.get(nth + 1).filter(|next| next.at == line.at + 1 && open.contains(&last.as_str())) {
        Some(next) => format!("{} {}", line.text, next.text),
        None => line.text.clone(),
    };
    title(&whole)
}

/// Whether a title says what somebody does.
fn names_a_trade(title: &str) -> bool {
    const TRADES: &[&str] = &[
        "charge", "responsable", "assistant", "directeur", "directrice", "coordinat", "coordonn", "animat", "technicien", "regisseu", "mediat", "administrat", "comptable", "secretaire", "gestionnaire",
        "ingenieur", "chercheu", "doctorant", "postdoc", "post-doc", "professeur", "enseignant", "maitre de conf", "conseill", "delegue", "chef", "developp", "designer", "agent", "bibliothecaire", "documentaliste",
        "archiviste", "conservat", "libraire", "cuisinier", "educat", "infirmi", "accompagn", "formateur", "formatrice", "stage", "stagiaire", "volontaire", "apprenti", "attache", "juriste", "redact", "journaliste",
        "chauffeu", "ouvrier", "jardin", "menuisi", "musicien", "artiste", "comedien", "danseu", "graphiste", "photograph", "economiste", "analyste", "consultant", "officer", "manager", "lecturer", "professor",
        "fellow", "researcher", "librarian", "advisor", "adviser", "curator", "coordinator", "administrator", "director", "head of", "teacher", "teaching", "tutor", "trainee", "intern", "apprentice", "worker", "engineer", "developer",
        "scientist", "technician", "producer", "editor", "writer", "clerk", "chef", "cook", "caretaker", "keeper", "warden", "ranger", "nurse", "organiser", "organizer", "fundraiser", "lectureship", "professorship", "phd", "postdoctoral",
        "research associate", "archivist", "conservator", "caseworker", "leader", "specialist", "executive", "secretary", "treasurer", "hilfskraft", "mitarbeiter", "ux ", "dev ", "poste de ",
    ];
    let folded = fold(title);
    TRADES.iter().any(|trade| folded.match_indices(trade).any(|(at, _)| !folded[..at].ends_with(char::is_alphabetic)))
}

fn shown(value: &str) -> Option<String> {
    let value = tidy(value);
    let value: String = value.chars().filter(|c| !crate::diagnostic::is_unsafe(*c)).take(300).collect();
    let value = value.trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// « La CRESS » is called CRESS; « Le Labo » keeps its article.
fn without_article(name: &str) -> String {
    let name = name.trim().trim_end_matches(['!', ',', ':', '-', ' ']);
    let rest = ["La ", "Le ", "L'", "L’", "Les ", "The ", "l’", "l'"].iter().find_map(|article| name.strip_prefix(article));
    match rest {
        Some(rest) => {
            let first = rest.split(' ').next().unwrap_or_default();
            let acronym = first.chars().filter(|c| c.is_uppercase()).count() > 1 && !first.chars().any(char::is_lowercase);
            let common = rest.chars().next().is_some_and(char::is_lowercase);
            let rest = rest.strip_prefix("association ").unwrap_or(rest);
            if acronym || common { rest.to_owned() } else { name.to_owned() }
        }
        None => name.to_owned(),
    }
}

fn of_line(words: &Words<'_>, line: usize) -> Quote {
    let span = words.lines.get(line).cloned().unwrap_or_default();
    Quote { words: tidy(words.line(line)), line: line + 1, span }
}

/// « Villages Vivants est une coopérative »: who speaks of itself, in the first sentence that does.
fn introduced(words: &Words<'_>) -> Option<Found<String>> {
    for at in 1..words.len().min(1500) {
        let is = matches!((words.fold(at), words.fold(at + 1)), ("est", "un" | "une" | "le" | "la" | "l") | ("is", "a" | "an" | "the") | ("sont", "un" | "une"));
        if !is {
            continue;
        }
        let mut from = at;
        while from > 0 && at - from < 10 {
            let before = words.get(from - 1);
            let stops = matches!(before.kind, Kind::Mark(',' | '.' | ':' | ';' | '!' | '?' | '•' | '>')) || words.get(from).gap >= super::words::Gap::Paragraph;
            if stops {
                break;
            }
            from -= 1;
        }
        let name = words.said(from, at);
        let name = ["l’association ", "l'association ", "L'association ", "L’association "].iter().find_map(|head| name.strip_prefix(head)).unwrap_or(&name);
        let capitals = name.split([' ', '-']).filter(|word| word.chars().next().is_some_and(char::is_uppercase)).count();
        let count = name.split_whitespace().count();
        let vague = matches!(fold(name).split(' ').next(), Some("ce" | "cette" | "il" | "elle" | "this" | "it" | "the" | "poste" | "votre" | "notre" | "our" | "your" | "mission"));
        if capitals > 0 && count <= 8 && !vague && name.chars().next().is_some_and(char::is_uppercase) {
            return Some(Found { value: shown(&without_article(name))?, quote: quote(words, from, at), doubts: Vec::new() });
        }
    }
    None
}

/// « CDD de 9 mois », « CDI », "fixed-term".
fn contract(words: &Words<'_>) -> Option<Found<String>> {
    let mut kind = None;
    for at in 0..words.len() {
        let word = words.fold(at);
        let is_kind = matches!(word, "cdd" | "cdi" | "permanent") || matches!((word, words.fold(at + 2)), ("fixed", "term"));
        if !is_kind {
            continue;
        }
        let to = at + if word == "fixed" { 3 } else { 1 };
        let length = (to..to + 5).find(|at| matches!(words.fold(*at), "mois" | "an" | "ans" | "months" | "years" | "year") && words.number(at - 1).is_some());
        let length = length.filter(|end| *end > to && words.get(*end).line == words.get(at).line);
        if let Some(end) = length {
            let close = end + 1 + usize::from(words.is(end + 1, ')') && (to..*&end).any(|at| words.is(at, '(')));
            return Some(Found { value: shown(&words.said(at, close))?, quote: quote(words, at, close), doubts: Vec::new() });
        }
        kind = kind.or_else(|| Some(Found { value: shown(&words.said(at, to))?, quote: quote(words, at, to), doubts: Vec::new() }));
    }
    kind
}

/// « Lieu de travail : Besançon », « Poste basé à Crest », "based in".
fn location(words: &Words<'_>) -> Option<Found<String>> {
    for at in 0..words.len() {
        let (word, next) = (words.fold(at), words.fold(at + 1));
        let from = match (word, next) {
            ("lieu" | "localisation" | "location" | "localite", ":") => at + 2,
            ("lieu", "de" | "d") if matches!(words.fold(at + 2), "travail" | "exercice") && words.is(at + 3, ':') => at + 4,
            ("lieu", "d") if words.is(at + 4, ':') => at + 5,
            ("base" | "basee" | "situe", "a" | "au" | "aux") => at + 2,
            ("based", "in" | "at") => at + 2,
            _ => continue,
        };
        // « basé à » without a post may be where the organisation is.
        let keyed = words.is(from - 1, ':');
        let post = (at.saturating_sub(4)..at).any(|at| matches!(words.fold(at), "poste" | "post" | "position" | "role" | "job" | "travail" | "be"));
        let begins = words.get(at).gap >= super::words::Gap::Line || at > 0 && matches!(words.get(at - 1).kind, Kind::Mark(_));
        if !(keyed && begins || post) {
            continue;
        }
        let line = words.get(from).line;
        let mut to = from;
        while to < from + 14 && to < words.len() && words.get(to).line == line {
            let stops = match words.get(to).kind {
                Kind::Mark('.' | ';' | '|' | '\\' | ':') => true,
                Kind::Mark(',') => to > from + 1,
                Kind::Mark('-') => words.get(to).gap > super::words::Gap::None,
                _ => matches!(words.fold(to), "avec" | "possibilite" | "with" | "et" | "and"),
            };
            if stops {
                break;
            }
            to += 1;
        }
        let value = words.said(from, to);
        if !keyed && !words.get(from).capital && words.fold(from) != "l" || value.is_empty() {
            continue;
        }
        return Some(Found { value: shown(&value)?, quote: quote(words, at, to), doubts: Vec::new() });
    }
    None
}

/// « Université de Lausanne », "Leeds University", « musée du Trièves »: the first institution that is named.
fn institution(words: &Words<'_>) -> Option<Found<String>> {
    const FIRST: &[&str] = &[
        "universite", "university", "musee", "museum", "theatre", "association", "fondation", "foundation", "mairie", "ville", "commune", "communaute", "departement", "conseil", "ecole", "institut", "institute", "laboratoire", "cooperative",
        "centre", "maison", "federation", "syndicat", "orchestre", "opera", "mediatheque", "bibliotheque", "compagnie", "college", "universidad", "colegio", "parc",
    ];
    const LAST: &[&str] = &[
        "university", "museum", "theatre", "trust", "council", "college", "libraries", "library", "foundation", "society", "association", "institute", "gallery", "school", "charity", "co-operative", "cooperative", "hospital", "centre", "orchestra", "archive", "archives",
    ];
    let capital = |at: usize| words.get(at).kind == Kind::Letters && words.get(at).capital;
    let links = |at: usize| matches!(words.fold(at), "of" | "de" | "d" | "du" | "des" | "la" | "le" | "les" | "l" | "'" | "-" | "the" | "at" | "and" | "et" | "&" | "in");
    for at in 0..words.len().min(1200) {
        if !capital(at) {
            continue;
        }
        let word = words.fold(at);
        let mut to = at + 1;
        if FIRST.contains(&word) {
            let mut next = to;
            while next < at + 10 && words.get(next).gap < super::words::Gap::Paragraph && (capital(next) || links(next)) {
                next += 1;
                if capital(next - 1) {
                    to = next;
                }
            }
        }
        let mut from = at;
        if LAST.contains(&word) && to == at + 1 {
            while from > 0 && at - from < 5 && capital(from - 1) && words.get(from).gap < super::words::Gap::Paragraph {
                from -= 1;
            }
        }
        if to - from > 1 {
            return Some(Found { value: shown(&words.said(from, to))?, quote: quote(words, from, to), doubts: Vec::new() });
        }
    }
    None
}
