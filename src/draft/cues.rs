//! Pure. The words by which a posting says what a date is for.
//!
//! A cue is one or several folded words; a `*` at the end of one stands for any ending. The weight says how surely the
//! cue names its topic, from 1 to 10; the nearest cue wins where weights are alike (`roles`).

use super::words::{Gap, Kind, Words};

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
    /// What else is handed in or closes: a grant's file, a season, a ballot.
    Foreign,
    /// People meet: an interview where the text speaks of candidates (`hits`).
    Meeting,
}

use Topic::{
    Applying, Closing, Contracting, Ending, Foreign, Happening, Interviewing, Meeting, Noticing, Past,
    Publishing, Starting,
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
         date, review of applications begin*, review of applications will begin, review of applications will commence, open until, review of application* \
         begin*, screening of applications, full consideration, bewerbungsschluss, bewerbungsfrist, \
         einsendeschluss, fecha limite, plazo*, date de fin de candidature*, fin de validite, candidature \
         jusqu au, reponse souhaitee, reponse attendue, reponse avant, repondre avant, reponse au plus \
         tard, candidatures jusqu au, postuler jusqu au, ouvert jusqu au, ouverte jusqu au, ouvertes \
         jusqu au, date de cloture, offre valable, annonce valable, valable jusqu au",
    ),
    (
        Closing,
        10,
        "terme de la periode de depot, terme du depot, date limite de reponse, limite de reponse, limite du \
         depot, heure limites, heure et date limite*, date et heure limite*, date d echeance, echeance :, \
         limite :, delai :, depot :, candidatures :, candidature :, applications :, expires :, validthrough :, \
         responses by, begin reviewing applications, reviewing applications, screening of applica*, review of \
         candidates, evaluation of candidates, evaluation of applications, assessment of applications, offre expire, annonce expire, derniere limite, retour souhaite*, retour attendu, retours attendus, annonce court, appel court, \
         candidatures courent, candidatures s arretent, arret des candidatures, depot se termine, candidatures se \
         terminent, periode se termine, appel se termine, inscriptions se terminent, candidatures prennent fin, \
         portal closes, portal will close, form will close, link closes, link will close, advert comes down, \
         advert runs, vacancy runs, window closes, window shuts, want to hear from you, love to hear from you, \
         like to hear from you, stop taking applications, stop accepting applications, applications shut, form closes, form shuts, boite \
         ferme, boite se ferme, application ferme, plateforme ferme, portail ferme, formulaire ferme, formulaire \
         se ferme, depot ferme, annonce ferme, offre ferme, candidatures ferment, l appel ferme, appel ferme, fermerons l appel, date d expiration, expiration :, fin de l affichage, fin d affichage, \
         affichage du, periode d affichage, periode de candidature, periode de depot, fermeture du depot, \
         fermeture des candidatures, fermeture :, sera clos*, seront clos*, est clos*, closes le, clos le, \
         remise des candidatures, remise des dossiers, remise du dossier, candidatures recevables, dossiers \
         recevables, cand . avant, sera ferme le, advert end*, advert closing, advertising end*, posting end \
         date, posting ends, vacancy end*, job end date, listing ends, expiry date, posting will expire, vacancy will expire, advert will expire, job will expire, job \
         expires, posting expires, applications end, end of application*, application period, application \
         window, latest date, close date, submission deadline, priority date, best consideration, first \
         consideration, received no later, need to have heard from you, must have heard from you, need to \
         hear from you, must hear from you, heard from you by, hear from you by, accepting applications, \
         applications accepted, accept applications, candidatures acceptees",
    ),
    (
        Applying,
        7,
        "candidature*, candidater, candidatez, postul*, dossier*, cv, curriculum, lettre de motivation, \
         lettre, envoy*, envoi*, adress*, transmett*, transmis*, parvenir, soumettre, deposer, depose*, \
         appliquer, repond*, ecrivez, ecrire a, faire acte, appl*, submit*, submission*, send, sent, \
         received, returned, return, resume, cover letter, expression* of interest, reach us, email your, \
         forms, inscription*, inscrire, inscrivez, manifester, bewerbung*, candidacy, materials, solicitud*, presentacion, \
         reception, recues, recus, nominations, complete*, write to, plis, sous pli, sous pli ferme, sous pli cachete, candidatures seront recues, candidatures sont \
         recues, dossiers seront recus, dossiers sont recus, offres seront recues, inbox, get us your, let us have, with \
         us by, forms should, reach me, ecris*, ecrire, transmets, nous rejoindre, en etre, cvs, lettres, courriers, vous proposer, te proposer, vous presenter, le tout, \
         note d intention, remettre, remis, manifestez, vous signaler, signalez, faites vous connaitre, \
         vous faire connaitre, nous arriver, nous etre arrive*, entre nos mains, sur notre bureau, vous avez \
         jusqu au, tu as jusqu au, you have until, have until, ve got until, must arrive, should arrive, to \
         arrive, arrive by, arrive no later, arrive before, land with us, in our hands, on my desk, on our \
         desk, with me by, with her by, with him by, forms back, your form, vous manifester",
    ),
    (
        Interviewing,
        9,
        "entretien*, audition*, auditionn*, jury, jurys, oral, oraux, orale*, epreuve*, tests, test, mise \
         en situation, commission de recrutement, commission de selection, comite de selection, comite de \
         recrutement, journee de recrutement, journee de selection, premier tour, second tour, deuxieme tour, \
         dernier tour, er tour, e tour, nd tour, eme tour, tour d entretien*, interview*, assessment day, assessment centre, assessment center, selection day, selection \
         panel, interview panel, interviewing panel, appointment panel, appointments panel, panel interview*, panel meet*, \
         panel will, panel :, presentation day, selection process, vorstellungsgesprach*, entrevue*, \
         entrevista*, rencontres individuelles, interviews will begin, interviews begin, interviews will start, \
         interviews start, entretiens debuter*, entretiens commencer*, selection event, selection will take place, selection takes place, commission d embauche, comite d embauche, recruitment \
         day*, session* de recrutement, phone screen*, \
         written test*, written exercise*, exercice ecrit, convoques le, convoquees le, convoque le, convoquee le, convoques les, convoquees les, convoque • e • s \
         le, convoque • es le, convoque • e le, premier contact telephonique, entretien* d embauche, pour les entretiens, pour l entretien, pour les \
         auditions, for interviews, for the interview*, rdv de selection, rendez vous de selection, pour un entretien*, \
         pour entretien, for interview, for an interview, screening interview*, screening call*, echange telephonique, entretien* telephonique*, epreuve \
         pratique, jour des entretiens, interview day*, interview date*, assessment event",
    ),
    (
        Meeting,
        8,
        "nous nous verrons, nous nous rencontrerons, on se verra, on se rencontrera, nous rencontrer, venir nous \
         voir, a un echange, seeing people, see people, talking to people, talk to people, vous recevra, vous \
         rencontrera, vous verra, vous verrons, te verra, te rencontrera, te recevra, te recevrons, \
         on se voit, on se rencontre, on se parle, on s appelle, nous appelons, nous appellerons, vous \
         appellerons, echangerons, passer la matinee, passer une matinee, passer la journee, passer une journee, \
         passer une demi journee, premier rendez vous, second rendez vous, deuxieme rendez vous, dernier rendez \
         vous, er rendez vous, e rendez vous, nd rendez vous, rencontres chez nous, faire connaissance, meet us, \
         see you, invite you in, invite you to come, have you in, come in on, come in for, a slot, slots, call \
         you on, phone you on, speak to you, talk to you, recevrons, rencontrerons, rencontres se feront, rencontres sont prevues, rencontres avec les \
         candidat*, rencontre avec l equipe, rencontre avec la direction, rencontre avec le jury, echanges avec \
         les candidat*, echanges avec les personnes, meet people, meeting people, meet you, first chat, phone \
         chat, zoom chat, video chat, chat by phone, round conversation*, half day with us, trial day, trial \
         shift, journee d essai, demi journee d essai",
    ),
    (
        Meeting,
        7,
        "viendront, seront invite*, entendre les, invited to, be invited, talking to candidates, speaking to \
         applicants, asked in, asked to come, asked to attend, invited in, invited to come, invited to attend, speak to \
         candidates, talk to candidates, speak with candidates, rendre disponible*, rencontre a, recevra, rencontrera, seront recu*, serez recu*, sera recu*, seront rencontre*, seront entendu*, seront \
         vu*, meet, meet shortlisted, meet with shortlisted, meet the shortlisted, chats with shortlisted, \
         conversations with shortlisted, see shortlisted, meeting candidates, meetings with, conversation*, \
         chats with, visit campus, visit us, finalists, finalistes, will be seen, see candidates, seeing \
         candidates, paid half day, paid day, demi journee, appel video, video call*, phone call*, zoom call*",
    ),
    (
        Foreign,
        9,
        "subvention*, agrement*, appel a projet*, appels a projet*, appel a film*, appel a oeuvres, appels d \
         offre*, appel d offre*, marche public, exposition*, exhibition*, saison se, saison s, inscriptions \
         des eleves, inscription des eleves, inscriptions aux, abonnes, enquete publique, reserve de \
         recrutement, liste d aptitude, demande d aide, demande de financement, dossier de financement, \
         funding bid*, grant claim*, grant application*, grant programme*, grant program*, grant round, \
         tender*, planting season, summer camp*, early bird, ballot, on display, filed by, planning \
         application*, referees must, referees should, recommenders, concept note, film \
         submissions, elections, census, panel will expire, panel will remain, panel expires, reserve list, \
         school admissions, must be aged, must be at least, must hold, must have, have completed, have \
         submitted, have obtained, have been awarded, completed their, submitted their, phd by, degree by, be \
         awarded, soutenu, avoir soutenu, panel discussion*, jury du prix, jury d examen, jury du palmares, \
         jurys du, auditions des eleves, audition des eleves, auditions publiques, half term, parents evening, bank holiday*",
    ),
    // These block what speaks of no candidates, and say nothing themselves.
    (
        Foreign,
        1,
        "eleves, ateliers, abonnement*, billetterie, reservation*, concertation, vivier, labellisation, \
         classement, charte, bilan, rapport*, comptes, budget, reports, bid, planning, season, camp, camps, \
         booking*, tickets, filed, papers, abstracts, membership, tax, enrolment*, panel, saison, projet, \
         grant, funding",
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
         dates, to appoint, appoint a*, recherche un*, cherche un*, recherchons, cherchons, employed, seasonal, saisonnier*, bourse, residence, saison, recrute*, secondment, cover",
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
        Starting,
        9,
        "prenez votre service, prenez vos fonctions, prenez votre poste, prendre son service, prendra son service, a \
         effet, avec effet, prenant effet, entree dans le poste, entree dans l emploi, entree dans les fonctions, \
         entree au, entree le, entree des, with effect from, be filled by, be filled from, be filled as of, be filled on, duties begin, poste a \
         prendre, recrute pour, recrute au, recrutons pour, recrutons au, recrutons des, recherche pour, recherchons \
         pour, cherche pour, cherchons pour, demarre, rejoign*, prendre ses fonctions, prend ses fonctions, prendra ses fonctions, prendront leurs fonctions, prendre son \
         poste, prendra son poste, prendre le poste, prendrez vos fonctions, prendrez votre poste, prends ton poste, \
         rejoindre l equipe, rejoindre notre equipe, rejoindrez, rejoindra, nous rejoindre, nous rejoins, \
         demarres, demarrez, demarrons, demarrage souhaite, demarrage prevu, commences, commencez, debut souhaite, \
         debut prevu, debut de l engagement, debut d activite, debut des fonctions, debut d engagement, debut du \
         stage, debut de stage, debut de la these, debut de these, debut du cdd, date d entree, date d effet, date \
         de demarrage, entree en activite, entree en charge, entree prevue, date d arrivee, arrivee souhaitee, \
         date d affectation, affectation, prise d effet, sera libre, poste libre, libre au, libre a partir, libre a \
         compter, libre des, attendons, t attend, vous attend, date de recrutement, date de nomination, nomination \
         au, nomination a compter, operationnel des, a occuper, embauche prevue, embauche souhaitee, \
         join us, join the team, join our team, joining the team, first day, date of commencement, \
         commencement date, commences, begin work, start work, starting work, starts work, take up the post, take \
         up post, take up their, takes up, takes office, assume duties, assume the, assumes, appointments will be \
         made, appointment will be made, report for work, be in place, required for, required from, required to \
         start, needed from, needed for, needed to start, wanted for, sought for, employment begins, employment \
         starts, appointment begins, appointment date, appointment start, date of hire, hire date, service date, \
         on board, onboard",
    ),
    (
        Ending,
        9,
        "date de fin de contrat, contrat prend fin, contrat prendra fin, contrat se termine, contrat s acheve, \
         contrat s achevera, contrat expire, contrat arrive a echeance, contrat a echeance, terme du cdd, terme de \
         la mission, fin de l engagement, fin d engagement, fin de la these, fin du stage, fin du remplacement, \
         fin de remplacement, fin des fonctions, contract ends, contract ending, contract expires, contract runs \
         until, contract runs to, contract end date, contract finishes, post ends, post ending, appointment ends, \
         appointment until, end of appointment, end of the contract, employment ends, term ends, last day of work, will end, end on",
    ),
    (
        Noticing,
        10,
        "like a chat, informal chat, have a chat, for a chat, une reponse, recevront, repondra, repondrons, repondront, sans nouvelles, sans reponse, invites to \
         interview, invitation* to interview, invitation* aux entretiens, convocation* aux entretiens, \
         informe*, prevenu*, notifi*, notification*, resultat*, results, reponse*, contacte, contactee*, contactes, \
         recontacte*, convoque*, convocation*, avise*, invites, preselection*, pre selection*, selection \
         des dossiers, examen des dossiers, examen des candidatures, annonce des, shortlist*, short \
         list*, longlist*, hear from, heard from, heard, hear back, be informed, be contacted, be \
         notified, outcome, decision*, feedback, publication des resultats, review of applications, \
         sifting, sift, etude des candidatures, lettres de recommandation, letters of recommendation, letters of reference, references must, references should, references must be received, references should be received, references must be sent, references are, references due, references will, reference letters, \
         consultation, informal, visite*, visit, questions jusqu, renseignements, \
         information session, reunion d information, webinar, webinaire, portes ouvertes, open day, faq, \
         liste*",
    ),
    (
        Publishing,
        10,
        "publie*, publication, date de publication, mise en ligne, mis en ligne, mise a jour, mis a jour, \
         maj, posted, posted on, published, date posted, posting date, updated, last updated, modified, \
         emis le, fait a, fait le, diffusion, parue*, paru, created, ouverture des candidatures, \
         ouverture du depot, ouverture de l appli*, ouverture de la plateforme, ouverture du portail, ouverture de l appel, ouverture des \
         inscriptions, ouverture :, opening date, open date, placed on, open on, opens on, applications open, ouvertes a partir, opens, date d ouverture, open from, message du, envoye le, \
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
         fermee, fermes, fermeture, spectacle*, rencontre du, rencontre regionale, seminaire, \
         colloque, conference*, congress, concert*, exhibition*, closed, holiday*, jubile, anniversaire, \
         salaire, salary, remuneration, grille, points, anniversary, programme, programmes, programmation, programming, workshop*, \
         atelier*, inauguration, horaires, opening hours, term dates, marche, salon, forum, \
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
    /// Whether a colon is part of it.
    label: bool,
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
                    label: rest.is_some_and(|rest| rest.ends_with(':')),
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
        let begins = at == 0
            || words.get(at).gap >= Gap::Line
            || matches!(words.get(at - 1).kind, Kind::Mark(mark) if mark != '\'' && mark != ',');
        // Of several that begin here, the longest says most.
        let longest = cues
            .iter()
            .filter(|cue| if cue.open { word.starts_with(cue.first) } else { word == cue.first })
            // « Dépôt : » is a label only where it begins something.
            .filter(|cue| !cue.label || begins)
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
    meetings(words, found)
}

/// How many words before and behind a meeting may speak of candidates: of one that "we" hold, and of any other.
const AROUND: [(usize, usize); 2] = [(150, 30), (18, 18)];

/// Words that speak of candidates, by how they begin.
const CANDIDATES: [&str; 13] = [
    "candid",
    "postul",
    "retenu",
    "selectionn",
    "preselectionn",
    "finalist",
    "shortlist",
    "appl",
    "interview",
    "entretien",
    "entrevue",
    "cv",
    "resume",
];

/// People who meet are candidates where the words around speak of them; else it is no matter of the recruitment.
fn meetings(words: &Words<'_>, mut found: Vec<Hit>) -> Vec<Hit> {
    if found.iter().all(|hit| hit.topic != Meeting) {
        return found;
    }
    let speaks = |at: &usize| CANDIDATES.iter().any(|start| words.fold(*at).starts_with(start));
    let candidates: Vec<usize> = (0..words.len()).filter(speaks).collect();
    let applies = |hit: &&Hit| matches!(hit.topic, Applying | Closing);
    let applying: Vec<usize> = found.iter().filter(applies).map(|hit| hit.from).collect();
    found.retain_mut(|hit| {
        if hit.topic != Meeting {
            return true;
        }
        hit.topic = Interviewing;
        // Weights grow with the words of a cue: only the bare ones are below.
        let ours = hit.weight >= 8;
        let (before, behind) = AROUND[usize::from(!ours)];
        let near = |list: &[usize]| {
            let first = list.partition_point(|at| at + before < hit.from);
            list.get(first).is_some_and(|at| *at < hit.to + behind)
        };
        near(&candidates) || ours && near(&applying)
    });
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
