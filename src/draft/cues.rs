//! Pure. The words by which a posting says what a date is for.
//!
//! A cue is one or several folded words; a `*` at the end of one stands for any ending. The weight says how surely the
//! cue names its topic, from 1 to 10; the nearest cue wins where weights are alike (`roles`).

use super::words::{Kind, Words};

/// What a sentence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// The end of applications, by name.
    Closing,
    /// Applications: with « avant le » or « jusqu'au » they have an end.
    Applying,
    /// Interviews, auditions, juries, tests.
    Interviewing,
    /// The first day of work.
    Starting,
    /// The contract: with a range, or with « jusqu'au », its days.
    Contracting,
    /// The last day of the contract.
    Ending,
    /// Who was chosen hears of it.
    Noticing,
    /// The posting itself was published.
    Publishing,
    /// What has been: foundings, laws, careers.
    Past,
    /// What else the organisation does.
    Happening,
}

use Topic::{
    Applying, Closing, Contracting, Ending, Happening, Interviewing, Noticing, Past, Publishing, Starting,
};

/// The cues, by topic: topic, weight, words.
const CUES: &[(Topic, i32, &str)] = &[
    (
        Closing,
        10,
        "date limite, limite de candidature*, limite de depot*, limite de reception, limite d envoi, date \
         butoir, limite pour, limite d inscription, heure limite, limite des candidatures, cloture*, \
         clot, fin des candidatures, fin de candidature*, fin du depot, fin de depot, fin de reception, \
         fin de l appel, fin d appel, fin des inscriptions, delai de candidature*, delai de depot, delai \
         d inscription, delai de reception, delai de postulation, delai pour, depot des candidatures, \
         depot de candidature*, depot des dossiers, depot du dossier, depot de dossier*, reception des \
         candidatures, reception des dossiers, retour des candidatures, envoi des candidatures, envoi des \
         dossiers, echeance des candidatures, dernier jour pour, dernier delai, dernier jour de \
         candidature, candidatures ouvertes, appel ouvert, prolonge*, deadline*, closing date*, closing \
         on, closes, close on, close at, closing, applications close, application close*, application \
         due, applications due, due date, apply by, apply before, apply no later, apply until, last date, \
         last day to, last day for, final date, cut off, cutoff, extended to, extended until, application \
         date, review of applications begin*, review of applications will begin, review of application* \
         begin*, screening of applications, full consideration, bewerbungsschluss, bewerbungsfrist, \
         einsendeschluss, fecha limite, plazo*, date de fin de candidature*, fin de validite, candidature \
         jusqu au, reponse souhaitee, reponse attendue, reponse avant, repondre avant, reponse au plus \
         tard, candidatures jusqu au, postuler jusqu au, ouvert jusqu au, ouverte jusqu au, ouvertes \
         jusqu au, date de cloture, offre valable, annonce valable, valable jusqu au",
    ),
    (
        Applying,
        7,
        "candidature*, candidater, candidatez, postul*, dossier*, cv, curriculum, lettre de motivation, \
         lettre, envoy*, envoi*, adress*, transmett*, transmis*, parvenir, soumettre, deposer, depose*, \
         appliquer, repond*, ecrivez, ecrire a, faire acte, appl*, submit*, submission*, send, sent, \
         received, returned, return, resume, cover letter, expression* of interest, reach us, email your, \
         forms, inscri*, manifester, bewerbung*, candidacy, materials, solicitud*, presentacion, \
         reception, recues, recus, nominations, complete*, write to",
    ),
    (
        Interviewing,
        9,
        "entretien*, audition*, auditionn*, jury, jurys, oral, oraux, orale*, epreuve*, tests, test, mise \
         en situation, commission de recrutement, commission de selection, comite de selection, comite de \
         recrutement, journee de recrutement, journee de selection, tour, premier tour, second tour, \
         interview*, assessment day, assessment centre, assessment center, selection day, selection \
         panel, panel, presentation day, selection process, vorstellungsgesprach*, entrevue*, \
         entrevista*, rencontres individuelles",
    ),
    (
        Starting,
        9,
        "prise de poste*, prise de fonction*, prise en poste, prise de service, pourvoir, pourvu, entree \
         en fonction*, entree en service, entree en poste, demarrage, demarrer, demarrera, date de debut, \
         debut, debut du contrat, debut de contrat, debut de mission, debut de la mission, debutera, \
         debutant, debute, debuter, commence, commencer, commencera, commencant, embauche, date d \
         embauche, date de prise, disponible*, disponibilite*, engagement, engage*, recrutement prevu, \
         recrutement a compter, recrutement a partir, poste vacant, vacant, vacance du poste, vacance d \
         emploi, integration, arrivee, date souhaitee, date previsionnelle, a compter, start date, join us on, you will join, joining us on, \
         startdate, startingdate, starting date, start, starts, starting, to start, commencing, to \
         commence, commencement, available from, available immediately, take up, taking up, in post, in \
         post by, begin, begins, beginning, appointment from, effective, date of appointment, tenable \
         from, arbeitsbeginn, beginn, begin*, eintritt*, employment date, expected start, entry on duty, \
         rentree, joining date, position available",
    ),
    (
        Contracting,
        6,
        "cdd, cdi, temps plein, temps partiel, full time, part time, contrat*, contract*, duree, duration, poste, mission, remplacement, conge maternite, stage, \
         periode, du poste, service civique, apprentissage, alternance, vacation*, financ*, fixed term, \
         term, temporary, maternity cover, tenure, appointment, academic year, annee universitaire, annee \
         scolaire, funded, funding, position, post, renouvelable, emploi, internship, fellowship, stelle, \
         bourse, residence, saison, recrute*, secondment, cover",
    ),
    (
        Ending,
        9,
        "fin de contrat, fin du contrat, fin de mission, fin de la mission, date de fin, fin prevue, fin \
         de poste, fin du poste, terme du contrat, termine, se termine, prend fin, prendra fin, echeance \
         du contrat, contrat jusqu au, end date, ends, ending, contract until, contract end, finish*, end \
         of contract, expires, befristet, fin du cdd, fin de stage",
    ),
    (
        Noticing,
        10,
        "informe*, prevenu*, notifi*, notification*, resultat*, results, reponse*, contacte*, contactes, \
         recontacte*, convoque*, convocation*, avise*, invites, preselection*, pre selection*, selection \
         des dossiers, examen des dossiers, examen des candidatures, annonce des, shortlist*, short \
         list*, longlist*, hear from, heard from, heard, hear back, be informed, be contacted, be \
         notified, outcome, decision*, feedback, publication des resultats, review of applications, \
         sifting, sift, etude des candidatures, lettres de recommandation, letters of recommendation, letters of reference, references must, references should, references must be received, references should be received, references must be sent, reference letters, \
         references, referees, consultation, informal, visite*, visit, questions jusqu, renseignements, \
         information session, reunion d information, webinar, webinaire, portes ouvertes, open day, faq, \
         liste*",
    ),
    (
        Publishing,
        10,
        "publie*, publication, date de publication, mise en ligne, mis en ligne, mise a jour, mis a jour, \
         maj, posted, posted on, published, date posted, posting date, updated, last updated, modified, \
         emis le, fait a, fait le, diffusion, parue*, paru, created, ouverture des candidatures, \
         ouverture du depot, opening date, open on, opens on, applications open, ouvertes a partir, opens, date d ouverture, open from, message du, envoye le, \
         sent on",
    ),
    (
        Past,
        9,
        "cree*, fonde*, depuis, since, loi, lois, decret*, arrete, ordonnance, reglement, directive, \
         convention, accord, avenant, code, established, founded, born, act, ne le, nee le, inaugure*, \
         lance*, launched, vote*, adopte*, article, statuts, registered, copyright, as at, from the, \
         deliberation*, agree*, opened, incorporated, soutenue, obtenu*, obtained, awarded, titulaire",
    ),
    (
        Happening,
        9,
        "assemblee generale, ag, festival*, evenement*, edition, vacances, en vacance, conges, ferme, \
         fermee, fermes, fermeture, exposition, spectacle*, rencontre du, rencontre regionale, seminaire, \
         colloque, conference*, congress, concert*, exhibition*, closed, holiday*, jubile, anniversaire, \
         salaire, salary, remuneration, grille, points, anniversary, programme*, programming, workshop*, \
         atelier*, inauguration, elections, horaires, opening hours, term dates, marche, salon, forum, \
         remboursement, probation, essai, augmentation, formation",
    ),
];

/// Where a cue stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) topic: Topic,
    pub(super) weight: i32,
    pub(super) from: usize,
    pub(super) to: usize,
}

struct Cue {
    topic: Topic,
    weight: i32,
    /// Its first word, and whether any ending will do.
    first: &'static str,
    open: bool,
    /// The others.
    rest: Option<&'static str>,
}

/// Every cue of a text, in order.
pub(super) fn hits(words: &Words<'_>) -> Vec<Hit> {
    let mut by_letter: [Vec<Cue>; 26] = Default::default();
    for (topic, weight, list) in CUES {
        for words in list.split(", ") {
            let letter = words.bytes().next().unwrap_or(b'a').wrapping_sub(b'a');
            if let Some(cues) = by_letter.get_mut(usize::from(letter)) {
                let (first, rest) =
                    words.split_once(' ').map_or((words, None), |(first, rest)| (first, Some(rest)));
                let start = first.trim_end_matches('*');
                cues.push(Cue {
                    topic: *topic,
                    weight: *weight,
                    first: start,
                    open: start.len() < first.len(),
                    rest,
                });
            }
        }
    }
    let mut found = Vec::new();
    // What a longer cue holds says nothing of its own: « fin de contrat » is not « contrat ».
    let mut free = 0;
    for at in 0..words.len() {
        if at < free || words.get(at).kind != Kind::Letters {
            continue;
        }
        let word = words.fold(at);
        let letter = word.bytes().next().unwrap_or(0).wrapping_sub(b'a');
        let Some(cues) = by_letter.get(usize::from(letter)) else { continue };
        // Of several that begin here, the longest says most.
        let longest = cues
            .iter()
            .filter(|cue| if cue.open { word.starts_with(cue.first) } else { word == cue.first })
            .filter_map(|cue| {
                Some((cue.rest.map_or(Some(at + 1), |rest| matched(words, at + 1, rest))?, cue))
            })
            .max_by_key(|(to, cue)| (*to, cue.weight));
        if let Some((to, cue)) = longest {
            // More words are surer than one.
            let weight = cue.weight + i32::try_from((to - at).min(4)).unwrap_or(0) / 2;
            found.push(Hit { topic: cue.topic, weight, from: at, to });
            free = to;
        }
    }
    found
}

/// Where the other words of a cue end, which begin here. Apostrophes and marks between its words do not count.
fn matched(words: &Words<'_>, from: usize, cue: &str) -> Option<usize> {
    let mut at = from;
    for part in cue.split(' ') {
        let mut skipped = 0;
        while skipped < 2 && matches!(words.get(at).kind, Kind::Mark('\'' | '-' | '"' | '(' | '/')) {
            at += 1;
            skipped += 1;
        }
        let word = words.fold(at);
        let fits = match part.strip_suffix('*') {
            Some(start) => word.starts_with(start),
            None => word == part,
        };
        if !fits {
            return None;
        }
        at += 1;
    }
    Some(at)
}
