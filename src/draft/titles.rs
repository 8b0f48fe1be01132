//! Pure. Titles of jobs: what is a title, what stands before and behind it, and which of two names a trade.

use super::organisations::letterhead;
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
    let line = parted(line.trim());
    let text = tidy(&line.replace(['\\', '`'], "").replace("__", ""));
    let text = text.trim_start_matches(['#', '>', '-', '•', '●', '*', '_', ' ', '+', '|']);
    text.trim_end_matches(['_', ' ', '|', '#', '"']).trim_start_matches('"').trim().to_owned()
}

/// A line whose columns are kept by blanks, with bars between them.
fn parted(line: &str) -> String {
    let mut parts = line.split("   ").map(str::trim).filter(|part| !part.is_empty());
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| format!("{line} | {part}"))
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
    let verbs = VERBS.split('|').filter_map(|verb| lower.find(verb).map(|at| (at, verb)));
    let (at, verb) = verbs.min_by_key(|(at, verb)| (*at, std::cmp::Reverse(verb.len())))?;
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
    let first = fold(who.split(' ').next().unwrap_or_default());
    let pronoun =
        matches!(first.as_str(), "nous" | "on" | "we" | "il" | "elle" | "tu" | "vous" | "qui" | "if")
            || fold(who) == "l'association";
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
const HEADS: &str = "offre d'emploi|offre de stage|offre de these|offre d'alternance|offre d'apprentissage|\
    offre de service civique|offre de poste|offre emploi|appel a candidatures|appel a candidature|\
    avis de recrutement d'un|avis de recrutement de |avis de recrutement|avis de vacance|avis de concours|\
    fiche de poste|profil de poste|recrutement d'un|recrutement de |recrutement :|recrutement -|job offer|\
    job vacancy|job opening|job announcement|position announcement|vacancy:|vacancy |vacancy -|job:|[job]|jobs:|\
    poste de |post of |position of |en cdd, |en cdi, |work with us|sujet :|objet :|subject:|title:|titre :|\
    tr:|tr :|re:|fwd:|fw:|nous recherchons |nous cherchons |nous recrutons |on recrute |on cherche |\
    on recherche |we are hiring |we're hiring |we are looking for |we're looking for |we are seeking |devenez |\
    to appoint |sa ou son |son ou sa |sa/son |son/sa |notre futur·e |notre future |notre futur |our next |our new |\
    personne pour occuper le poste de |un ou une |une ou un |un(e) |un·e |un.e |un-e |un/e |une |\
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
    let dangling = OPEN.contains(&fold(text.rsplit(' ').next().unwrap_or_default()).as_str());
    (letters > 2
        && !dangling
        && text.chars().count() <= LONGEST
        && !text.contains('@')
        && !is_generic(&fold(&text)))
    .then_some(text)
}

/// Words with which no title ends: what goes on stands in the next line.
const OPEN: [&str; 16] =
    ["et", "de", "des", "la", "le", "du", "en", "and", "of", "the", "a", "au", "pour", "d'un", "un", "une"];

fn is_generic(folded: &str) -> bool {
    const GENERIC: &str = "offre d'emploi|offres d'emploi|emploi|recrutement|annonce|job offer|vacancy|vacancies|\
        job description|jobs|contexte|presentation|startfragment|recrute|fiche de poste|\
        conditions|candidature|candidatures|profil|le profil|le poste|the role|the post|about us|who we are|\
        how to apply|comment postuler|comment candidater|for information|pour information|vos missions|duties|\
        activites|home|position|announcement|information|informations|job details|details|nous|equipe|\
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
            "la date",
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

fn last_word(text: &str) -> String {
    fold(text.rsplit(' ').next().unwrap_or_default())
}

/// Lines of a mail's head, of a signature, of what goes with the work: no title stands in them.
fn is_beside(folded: &str) -> bool {
    const STARTS: &str = "from:|from :|de :|to:|to :|pour :|date:|date :|cc:|cc :|reply-to|message-id|salary|salaire|\
        remuneration|required |reference|site internet|facebook|twitter|linkedin|page |location|lieu|reports to|\
        hours|horaires|contact|tel.|phone|faculty of|school of|department of|university of|universite |institut |\
        skip to|home ";
    folded.contains("http")
        || folded.contains('@')
        || folded.contains("www.")
        || folded.contains(" at ") && folded.rsplit(' ').next().is_some_and(|last| last.contains('.'))
        || STARTS.split('|').any(|start| folded.starts_with(start.trim_start()))
}

/// A heading that may be the title, with the line that goes on with it.
pub(super) fn heading(lines: &[Line], nth: usize) -> Option<String> {
    let line = lines.get(nth)?;
    if line.text.split_whitespace().nth(18).is_some() || recruits(&line.text).is_some() {
        return None;
    }
    let next = lines.get(nth + 1).is_some_and(|next| next.at == line.at + 1);
    let wrapped = next && line.text.chars().count() > 58 && !line.text.ends_with(['!', ')']);
    // « … un poste de », and below it the title.
    let continues = nth > 0
        && lines[nth - 1].at + 1 == line.at
        && lines[nth - 1].text.chars().count() > 58
        && !(OPEN.contains(&last_word(&lines[nth - 1].text).as_str()) && names_a_trade(&line.text));
    let starts_low = line.text.chars().next().is_some_and(char::is_lowercase) && !names_a_trade(&line.text);
    let is_sentence = wrapped
        || continues
        || starts_low
        || line.text.ends_with('.') && line.text.split_whitespace().count() > 6
        || line.text.ends_with(',')
        || line.text.ends_with(';');
    let key = line.text.find(':').is_some_and(|colon| !line.text[..colon].contains(' '));
    if is_sentence
        || key
        || is_beside(&fold(&line.text))
        || line.text.chars().filter(char::is_ascii_digit).count() > 6
    {
        return None;
    }
    let linked = ["avec", "de", "des", "du", "et", "en", "pour", "à", "au", "and", "of", "for", "d'", "d’"];
    let last = last_word(&line.text);
    let goes_on = |next: &&Line| {
        let first = next.text.split(' ').next().unwrap_or_default().to_lowercase();
        next.at == line.at + 1
            && next.text.chars().count() < 60
            && (OPEN.contains(&last.as_str())
                || names_a_trade(&line.text) && linked.contains(&first.as_str()))
    };
    let whole = match lines.get(nth + 1).filter(goes_on) {
        Some(next) => format!("{} {}", line.text, next.text),
        None => line.text.clone(),
    };
    // « INSTITUT X … : responsable »: behind the colon, where only that names a trade.
    let whole = match whole.split_once(": ") {
        Some((before, after)) if names_a_trade(after) && !names_a_trade(before) => after.to_owned(),
        _ => whole,
    };
    let first: String = whole.split_whitespace().take(4).collect::<Vec<_>>().join(" ");
    if letterhead(&whole).is_some() && !names_a_trade(&first) {
        return None;
    }
    // Of columns the one that names a trade, else the first.
    let cells: Vec<&str> = whole.split(" | ").collect();
    let cell = cells.iter().find(|cell| names_a_trade(cell)).or(cells.first())?;
    title(cell)
}

/// How the names of trades begin, by their first letter.
const TRADES: [&str; 26] = [
    "accompagn, accountant, adjoint, administrateur, administrator, administratrice, adviser, advisor, \
     agent, aide a, aide d, aide-, analyste, animateur, animatrice, apprenti, apprentice, architect , \
     architecte, archivist, archiviste, artisan, artiste, assistant, assistantship, ater , attache, \
     attorney, auxiliaire, avocat",
    "baker, berger, bibliothecaire, biologist, biologiste, bookkeeper, boulanger, boulangere, bursar",
    "campaigner, capitaine, captain, carer, caretaker, caseworker, chair in, chaplain, charge, \
     chauffeu, chef, chercheu, chercheuse, cleaner, clerk, collaborateur, collaboratrice, comedien, \
     commis , community manager, comptable, concierge, conducteu, conductri, conseill, conservateur, \
     conservator , conservatrice, consultant, cook , coordinat, coordinator, coordonn, cordist, \
     costumi, counsellor, counselor, cuisinier, curator",
    "danseu, data scientist, dean, delegue, designer, dev, developer, developp, directeur, director, \
     directrice, doctor , doctorant, documentaliste, driver",
    "ecologist, ecologue, econome, economiste, editor, educateur, educatrice, electricien, engineer, \
     enseignant, entraineu, executive",
    "farmer, fellow, forestier, formateur, formatrice, fundraiser",
    "garde , gardien, geomaticien, gestionnaire, graphiste, guide ",
    "head of , hilfskraft, historien",
    "infirmi, ingenieur, ingenieure, instructor, intendant, intern , internship, interprete",
    "jardinier, journaliste, juriste",
    "keeper",
    "lawyer, leader, lecturer, lectureship, libraire, librarian, livreu, logisticien",
    "machinist, macon, magasinier, maitre d, maitre de conf, maitresse, manager, maraich, mecanicien, \
     medecin, mediateur, mediatrice, menuisier, midwife, mitarbeiter, moniteu, monitri, monteur, \
     monteuse, musicien, musicologue",
    "nurse",
    "officer, operateur, operatrice, organiser, organizer, orthophoniste, ouvrier",
    "paysagiste, pedagogue, peintre, phd, photographe, planner, plombi, porter, post-doc, postdoc, \
     postdoctoral, producer, producteur, productrice, professeur, professor, professorat, \
     professorship, programmateur, programmatrice, programmer, psychologist, psychologue",
    "",
    "ranger, reader in, realisateur, realisatrice, receptionist, redacteur, redactrice, referent, \
     regisseu, registrar, representative, research associate, researcher, responsable",
    "sage-femme, scenograph, scientist, secretaire, secretary, serveur, serveuse, soudeu, specialist, \
     stage, stagiaire, statistician, statisticien, steward, studentship, surveillant, surveyor",
    "teacher, teaching, technician, technicien, therapist, traducteur, traductrice, trainee, \
     translator, treasurer, trustee, tutor",
    "urbaniste, ux",
    "veilleu, vendeu, vendeur, vigneron, volontaire",
    "warden, webdesigner, webmaster, worker, writer",
    "",
    "",
    "",
];

/// Whether a title says what somebody does.
pub(super) fn names_a_trade(title: &str) -> bool {
    let folded = fold(title);
    let mut begins = true;
    for (at, c) in folded.char_indices() {
        let letter = usize::from(u8::try_from(c).unwrap_or(0).wrapping_sub(b'a'));
        let trades = TRADES.get(letter).filter(|_| begins);
        if trades.is_some_and(|trades| {
            trades.split(", ").any(|trade| !trade.is_empty() && folded[at..].starts_with(trade))
        }) {
            return true;
        }
        begins = !c.is_alphabetic();
    }
    false
}
