//! Pure. Whether a date is the contract's own. A text tells many beginnings and ends: of pay scales, grants, projects,
//! plans, renewals, absences. A date is the contract's only where its clause speaks of the work, and of none of these.

use super::cues::{Hit, Topic};
use super::expressions::{Expression, Lead};
use super::roles::{Role, Scene, begins_line, is_long};
use super::words::{Gap, Kind, Words};

/// How far a clause reaches back from its date, in words.
const CLAUSE: usize = 40;

/// What begins and ends beside the work: the beginnings of words, by how they would mislead.
const OTHERS: &str = "scale, scales, rate, rates, grille, echelle, echelon, indice, bareme, award, spine, \
    remuneration, salaire, salary, salaries, stipend, traitement, smic, prime, primes, avenant, accord, \
    cct, financ*, fund*, grant*, subvention*, convention, conventions, conventionn*, agrement*, budget*, \
    bailleur*, lottery, strateg*, plan, plans, schema, framework*, contractor*, marche, bail, lease, \
    label*, classe*, certifi*, accredit*, mandat*, charte, charter, reserve, reservation*, display*, \
    exposition*, exhibition*, festival*, edition*, spectacle*, concert*, tournee, travaux, works, \
    redevelopment, inaugur*, opening, ouverture, reopen*, election*, ballot*, audit*, census, season, \
    sortant, sortante, predecess*, outgoing, retire*, retraite, depart, departure, leaves, absent*, away, \
    ferme*, fermeture, closed, closure, vacances, holiday*, prerentree, formation*, training, induction, \
    session*, seminaire*, atelier*, workshop*, journee*, reunion*, meeting*, visite*, tuilage, handover, \
    passation, webinar*, webinaire*, colloque*, conference*, congres, assemblee, loi, decret*, arrete, \
    act, regulation*, scheme, circular, vigueur, diplome*, permis, donnees, data, conserv*, fieldwork, \
    enquete*, soir, soiree*, weekend*, catering, cleaning, lettings, half, requete*, essai, probation, \
    prestation*, fiscal, exercice, comptes, accounts";

/// What is said of the posting itself and of those who answer it.
const ANSWERS: &str = "affich*, visible*, display, advert*, annonce*, offre, publication, publie*, \
    placed, posted, candidature*, postul*, inscri*, dossier*, application*, questions, renseignements";

/// What may come of a contract later.
const LATER: &str = "evoluti*, perspective*, possibilit*, titularis*, perennis*, transform*, potential*";

/// What makes a contract longer than it is.
const LONGER: &str = "renouvel*, prolong*, reconduct*, reconduit*, maxim*, max, extend*, extens*, renew*";

/// What a contract is called, or whoever has it.
const WORK: &str = "poste, postes, contrat, contrats, cdd, cdi, mission, missions, stage, stages, emploi, embauche*, \
    recrut*, recherch*, cherch*, fonction, fonctions, candidat, candidate, candidat*, personne, collegue*, collabor*, \
    vous, tu, post, posts, position, positions, role, job, contract, contracts, appointment*, appointee*, candidates, \
    colleague, you, employment, fellowship, internship*, placement, studentship, engagement, titulaire, remplac*, \
    service, apprenti*, alternan*, doctora*, these, vacation*, fixed, temporary, tenure, work, travail, hiring, equipe, \
    holder, cover, volontaire*, benevol*, maternity, maternite, lecture*, professor*, phd, postdoc*, scholarship, instructor*,  tenured, \
    elu, elue, laureat*, retenu*, successful, coordinat*, teacher*, director*, directeur, directrice, animat*, charge, chargee, assistant*, officer, manager";

/// Words that begin or end anything: alone they say nothing of the work.
const WEAK: &str = "debut, debutera, debutant, debute, debuter, commence, commencer, commencera, commencant, commences, \
    commencez, demarrage, demarre, demarrer, demarrera, demarres, demarrez, demarrons, embauche, disponible*, disponibilite*, engage*, vacant, \
    integration, arrivee, a, effective, start, starts, starting, with, avec, prenant,  commencing, commencement, begin*, available, \
    beginn, rentree, ends, ending, end, finish*, expires, termine, se, prend, prendra, fin, date, libre, join, \
    joining, rejoin*, rejoig*, will, nous, required, needed, wanted, sought, to, dates, entree, affectation, attendons, poste, in, assume*, first";

/// Words by their first letter; a `*` stands for any ending.
struct Index([Vec<&'static str>; 26]);

impl Index {
    fn new(list: &'static str) -> Self {
        let mut index: [Vec<&'static str>; 26] = Default::default();
        for word in list.split(", ") {
            let letter = word.bytes().next().unwrap_or(b'a').wrapping_sub(b'a');
            index.get_mut(usize::from(letter)).into_iter().for_each(|words| words.push(word));
        }
        Self(index)
    }

    fn has(&self, word: &str) -> bool {
        let letter = word.bytes().next().unwrap_or(0).wrapping_sub(b'a');
        let fits = |one: &str| one.strip_suffix('*').map_or(word == one, |start| word.starts_with(start));
        self.0.get(usize::from(letter)).is_some_and(|words| words.iter().any(|one| fits(one)))
    }
}

/// What the words around a date are compared with.
pub(super) struct Employment {
    others: Index,
    answers: Index,
    longer: Index,
    later: Index,
    work: Index,
    weak: Index,
}

impl Employment {
    pub(super) fn new() -> Self {
        let [others, answers, longer, later, work, weak] =
            [OTHERS, ANSWERS, LONGER, LATER, WORK, WEAK].map(Index::new);
        Self { others, answers, longer, later, work, weak }
    }

    /// What a date that seems the contract's is for: the same, or nothing.
    pub(super) fn checked(&self, scene: &Scene<'_>, expression: &Expression, hit: &Hit, role: Role) -> Role {
        let words = scene.words;
        let tied = between(expression, hit);
        if !matches!(role, Role::Start | Role::End | Role::Contract) {
            return role;
        }
        if speaks(words, tied, &self.others) || speaks(words, tied, &self.answers) {
            return Role::None;
        }
        let near = near(words, expression);
        let renewed = speaks(words, near, &self.later)
            || role != Role::Start
                && (speaks(words, tied, &self.longer) || speaks(words, near, &self.longer));
        let holds = match hit.topic {
            _ if renewed || is_bought(words, hit) => false,
            Topic::Contracting => is_of_work(words, expression, hit, role),
            _ if self.is_strong(words, hit) => true,
            _ => {
                self.is_tied(scene, expression, hit)
                    || earlier(scene, expression, hit)
                        .any(|one| self.is_strong(words, one) || self.is_tied(scene, expression, one))
            }
        };
        if holds { role } else { Role::None }
    }

    /// Whether a cue that says nothing by itself is the label of its date, or speaks of the work.
    fn is_tied(&self, scene: &Scene<'_>, expression: &Expression, hit: &Hit) -> bool {
        let labelled = is_label(scene.words, expression, hit);
        let limited = matches!(expression.lead, Lead::Before | Lead::Until);
        (labelled || !limited)
            && !speaks(scene.words, clause(scene, expression, hit), &self.others)
            && !speaks(scene.words, (hit.from.saturating_sub(3), hit.from), &self.answers)
            && (labelled || speaks(scene.words, around(scene, expression, hit), &self.work))
    }

    /// Whether a cue names the work's beginning or end by itself.
    fn is_strong(&self, words: &Words<'_>, hit: &Hit) -> bool {
        let of_work = |at: usize| self.work.has(words.fold(at));
        let start_date = words.fold(hit.from).starts_with("start") && words.fold(hit.from + 1) == "date";
        start_date || !self.weak.has(words.fold(hit.from)) || (hit.from + 1..hit.to).any(of_work)
    }
}

/// The words that say the same as a cue, shortly before it: « date de début : rentrée de septembre ».
fn earlier<'a>(
    scene: &'a Scene<'_>,
    expression: &'a Expression,
    hit: &'a Hit,
) -> impl Iterator<Item = &'a Hit> {
    let (from, _) = clause(scene, expression, hit);
    let here = scene.hits.partition_point(|one| one.from < hit.from.min(expression.from));
    let before = scene.hits[..here].iter().rev().take(4);
    before.filter(move |one| one.from >= from && one.topic == hit.topic && hit.from - one.from <= 12)
}

/// Whether the contract of a cue is one of work, and a date alone its end: not « contrat de ville », « en poste ».
fn is_of_work(words: &Words<'_>, expression: &Expression, hit: &Hit, role: Role) -> bool {
    let before = if hit.from > 0 { words.fold(hit.from - 1) } else { "" };
    match words.fold(hit.from) {
        "poste" => before != "en",
        "dates" => role == Role::Contract && is_label(words, expression, hit) && is_long(expression),
        "term" | "residence" => is_label(words, expression, hit) && is_long(expression),
        "saison" | "academic" | "annee" | "renouvelable" => role == Role::Contract,
        // "The post is funded until": its money ends with it. Of a project's or a charity's, nobody knows.
        word if word.starts_with("financ") || word.starts_with("fund") => {
            let mut back = (hit.from.saturating_sub(3)..hit.from).rev().map(|at| words.fold(at));
            let subject = back.find(|word| !matches!(*word, "is" | "est" | "currently" | "already" | "deja"));
            role == Role::End
                && subject.is_some_and(|word| matches!(word, "post" | "poste" | "position" | "job"))
        }
        word if word.starts_with("contractor") => false,
        word if word.starts_with("contra") => !(hit.to..hit.to + 3).any(|at| is_public(words.fold(at))),
        _ => true,
    }
}

/// "The catering contract": one of those that an organisation has with others.
fn is_bought(words: &Words<'_>, hit: &Hit) -> bool {
    hit.from > 0
        && words.fold(hit.from).starts_with("contra")
        && matches!(
            words.fold(hit.from - 1),
            "catering" | "cleaning" | "maintenance" | "supply" | "framework" | "security" | "construction"
        )
}

/// Contracts between bodies: « contrat de ville », « contrat d'objectifs ».
fn is_public(word: &str) -> bool {
    matches!(
        word,
        "prestation"
            | "prestations"
            | "association"
            | "ville"
            | "territoire"
            | "objectifs"
            | "riviere"
            | "filiere"
            | "plan"
            | "relance"
            | "enfance"
            | "canal"
            | "maintenance"
            | "concession"
            | "location"
            | "assurance"
            | "quartier"
            | "cession"
            | "licence"
            | "performance"
            | "transition"
            | "tripartite"
    )
}

/// The words between a cue and its date.
fn between(expression: &Expression, hit: &Hit) -> (usize, usize) {
    if hit.from < expression.from { (hit.to, expression.from) } else { (expression.to, hit.from) }
}

/// The last words before a date, on its line.
fn near(words: &Words<'_>, expression: &Expression) -> (usize, usize) {
    let line = words.get(expression.from).line;
    let wrapped = |at: &usize| line - words.get(*at).line.min(line) <= 1;
    let floor = expression.from.saturating_sub(8);
    let last = (floor..expression.from).rev().take_while(|at| wrapped(at) && !words.is(*at, ':')).last();
    (last.unwrap_or(expression.from), expression.from)
}

/// The clause of a date and its cue, up to the cue's or the date's end.
fn clause(scene: &Scene<'_>, expression: &Expression, hit: &Hit) -> (usize, usize) {
    let words = scene.words;
    let last = hit.from.min(expression.from);
    let sentence = scene.sentences.get(last);
    let mut from = last;
    while from > 0 && last - from < CLAUSE && scene.sentences.get(from - 1) == sentence {
        let before = words.get(from - 1).kind;
        let dated = scene.expressions.binary_search_by(|one| {
            if one.to < from {
                std::cmp::Ordering::Less
            } else if one.from > from - 1 {
                std::cmp::Ordering::Greater
            } else {
                std::cmp::Ordering::Equal
            }
        });
        // «, et », ", and": what follows is a clause of its own.
        let joined =
            before == Kind::Mark(',') && matches!(words.fold(from), "et" | "and" | "puis" | "but" | "mais");
        if joined || matches!(before, Kind::Mark(';' | '.' | '|' | '•')) || dated.is_ok() || cell(words, from)
        {
            break;
        }
        from -= 1;
    }
    (from, hit.to.max(expression.to))
}

/// Whether a column begins here: three blanks before it.
fn cell(words: &Words<'_>, at: usize) -> bool {
    at > 0
        && words.get(at).gap == Gap::Space
        && words.get(at).span.start.saturating_sub(words.get(at - 1).span.end) >= 3
        && !words.is(at - 1, '.')
}

/// The sentence around a date, as far as it may name the work.
fn around(scene: &Scene<'_>, expression: &Expression, hit: &Hit) -> (usize, usize) {
    let sentence = scene.sentences.get(expression.from);
    let first = hit.from.min(expression.from);
    let from =
        (first.saturating_sub(30)..first).find(|at| scene.sentences.get(*at) == sentence).unwrap_or(first);
    let last = hit.to.max(expression.to);
    let to = (last..last + 8)
        .take_while(|at| scene.sentences.get(*at) == sentence)
        .last()
        .map_or(last, |at| at + 1);
    (from, to)
}

/// Whether a cue is the label of its line, close before its date: « Début : », "Ideal start  June".
fn is_label(words: &Words<'_>, expression: &Expression, hit: &Hit) -> bool {
    if hit.from > expression.from {
        return begins_line(words, expression.whole.0) && hit.from - expression.to <= 4;
    }
    let mut from = hit.from;
    while from > 0 && hit.from - from < 4 && words.get(from).gap < Gap::Line && !is_edge(words, from) {
        from -= 1;
    }
    let begins = from == 0 || words.get(from).gap >= Gap::Line || is_edge(words, from);
    let marked = (hit.to..expression.whole.0)
        .any(|at| matches!(words.get(at).kind, Kind::Mark(':' | '|' | '=')) || cell(words, at));
    let marked = marked || cell(words, expression.whole.0);
    let letters =
        (hit.to..expression.whole.0).filter(|at| words.get(*at).kind == Kind::Letters).take(6).count();
    let alone = (from..hit.from).all(|at| words.get(at).kind != Kind::Letters || is_hedge(words.fold(at)));
    begins && letters <= 4 && (marked || alone)
}

/// What may stand before a label: "Available to start", "Ideal start".
fn is_hedge(word: &str) -> bool {
    matches!(
        word,
        "available"
            | "ideal"
            | "anticipated"
            | "expected"
            | "proposed"
            | "target"
            | "earliest"
            | "latest"
            | "desired"
            | "preferred"
            | "provisional"
            | "planned"
            | "idealement"
            | "souhaite"
            | "souhaitee"
    )
}

fn is_edge(words: &Words<'_>, at: usize) -> bool {
    matches!(words.get(at - 1).kind, Kind::Mark('|' | '•' | ';' | '.' | '-')) || cell(words, at)
}

/// Whether a stretch has one of these words, apart from what stands in brackets inside it.
fn speaks(words: &Words<'_>, (from, to): (usize, usize), list: &Index) -> bool {
    let mut at = from;
    while at < to {
        if words.is(at, '(') {
            at = (at..to).find(|at| words.is(*at, ')')).unwrap_or(at);
        } else if words.get(at).kind == Kind::Letters && list.has(words.fold(at)) {
            return true;
        }
        at += 1;
    }
    false
}
