//! Pure. What is the matter with a relay that fails, and how the operator is told: in whose hands it is, and what to do.

use super::blame::{Blamed, blamed};
use super::outcome::Outcome;
use crate::diagnostic::{Words, say};

/// What the operator is told of a relay that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Complaint {
    /// It is away, busy, or not to be understood.
    Away,
    /// Its certificate is not right, or it offers no TLS.
    Untrusted,
    /// It refuses our login.
    Login,
    /// No access token is to be had for it.
    Token,
    /// It does not let us write in our name.
    Sender,
    /// It has had enough of our mails for a while.
    Quota,
    /// It refused several recipients in a row with one code.
    Everybody,
    /// It is an outbox that cannot be written.
    Outbox,
}

impl Complaint {
    /// Every complaint.
    pub const ALL: [Self; 8] = [
        Self::Away,
        Self::Untrusted,
        Self::Login,
        Self::Token,
        Self::Sender,
        Self::Quota,
        Self::Everybody,
        Self::Outbox,
    ];

    /// Whether a hand mends it, and no waiting does.
    #[must_use]
    pub fn wants_a_hand(self) -> bool {
        matches!(self, Self::Untrusted | Self::Login | Self::Token | Self::Sender)
    }

    /// The complaint about a relay that rests after this.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Untrusted(_) => Self::Untrusted,
            Outcome::NoToken(_) => Self::Token,
            Outcome::Unwritable(_) => Self::Outbox,
            Outcome::Refused(phase, reply) => match blamed(*phase, reply) {
                Blamed::Relay => Self::Away,
                Blamed::Login => Self::Login,
                Blamed::Sender => Self::Sender,
                Blamed::Quota => Self::Quota,
                Blamed::Recipient | Blamed::Mail => Self::Everybody,
            },
            Outcome::Accepted(_) | Outcome::Lost(..) | Outcome::Unfit(_) => Self::Away,
        }
    }

    /// Whether no waiting will mend it, so that the operator hears of it at once.
    #[must_use]
    pub fn cannot_wait(self) -> bool {
        !matches!(self, Self::Away | Self::Outbox)
    }

    /// The word in the ledger.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Untrusted => "untrusted",
            Self::Login => "login",
            Self::Token => "token",
            Self::Sender => "sender",
            Self::Quota => "quota",
            Self::Everybody => "everybody",
            Self::Outbox => "outbox",
        }
    }

    /// The complaint of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|complaint| complaint.word() == word)
    }

    /// What the operator is told: of this relay, which said these words, and to which we write as `sender`; and what
    /// that means at this provider's, where it is known.
    #[must_use]
    pub fn sentence(self, relay: &str, said: &str, sender: &str, advice: Option<&Words>) -> Words {
        let whole = self.in_general(relay, said, sender, advice);
        let says_so = |whole: &str, advice: &str| whole.contains(advice.trim_end_matches('.'));
        // Of what it has had enough of, and of whom it refuses, all is said.
        match advice.filter(|_| !matches!(self, Self::Login | Self::Quota | Self::Everybody | Self::Outbox)) {
            Some(more) if !says_so(&whole.fr, &more.fr) && !says_so(&whole.en, &more.en) => {
                say(format!("{} {}", whole.fr, more.fr), format!("{} {}", whole.en, more.en))
            }
            _ => whole,
        }
    }

    fn in_general(self, relay: &str, said: &str, sender: &str, advice: Option<&Words>) -> Words {
        let said = said.trim_end_matches('.');
        match self {
            Self::Away => say(
                format!("Le relais {relay} ne prend plus de courriels\u{a0}: {said}."),
                format!("The relay {relay} takes no mail: {said}."),
            ),
            Self::Outbox => say(
                format!("Le dossier {relay} ne peut pas être écrit\u{a0}: {said}. Rien ne part."),
                format!("The folder {relay} cannot be written: {said}. Nothing leaves."),
            ),
            Self::Untrusted => say(
                format!(
                    "Rien n'est envoyé au relais {relay}, dont l'identité ou le chiffrement n'est pas assuré\u{a0}: {said}. Voyez le certificat du relais, host, port et ca_file sous [smtp]."
                ),
                format!(
                    "Nothing is sent to the relay {relay}, whose identity or encryption is not certain: {said}. See the relay's certificate, and host, port and ca_file under [smtp]."
                ),
            ),
            Self::Login => {
                let why = advice.cloned().unwrap_or_else(|| explained(said));
                say(
                    format!("Le relais {relay} refuse notre connexion\u{a0}: {said}. {}", why.fr),
                    format!("The relay {relay} refuses our login: {said}. {}", why.en),
                )
            }
            Self::Token => say(
                format!(
                    "Pas de jeton (XOAUTH2) pour le relais {relay}, et rien ne part par lui\u{a0}: {said}."
                ),
                format!(
                    "There is no token (XOAUTH2) for the relay {relay}, and nothing leaves by it: {said}."
                ),
            ),
            Self::Sender => say(
                format!(
                    "Le relais {relay} ne nous laisse pas écrire en tant que {sender}\u{a0}: {said}. Corrigez from ou bounces sous [mail], ou autorisez cette adresse chez le relais."
                ),
                format!(
                    "The relay {relay} does not let us write as {sender}: {said}. Correct from or bounces under [mail], or have the relay allow that address."
                ),
            ),
            Self::Quota => say(
                format!(
                    "Le relais {relay} dit que nous envoyons trop\u{a0}: {said}. Les courriels attendent qu'il en prenne de nouveau, ou partent par un autre relais\u{a0}; rate, sous [smtp], évite d'atteindre sa limite."
                ),
                format!(
                    "The relay {relay} says that we send too much: {said}. Mails wait until it takes some again, or leave by another relay; rate, under [smtp], keeps us below its limit."
                ),
            ),
            Self::Everybody => say(
                format!(
                    "Le relais {relay} refuse un destinataire après l'autre\u{a0}: {said}. C'est sans doute nous qu'il refuse\u{a0}: les courriels attendent. Voyez avec lui."
                ),
                format!(
                    "The relay {relay} refuses one recipient after the other: {said}. It seems to refuse us: the mails wait. Ask those who run it."
                ),
            ),
        }
    }
}

/// What a refused login means, and what to do. Codes: Microsoft's 5.7.30 and 5.7.139, Google's 5.7.8 and 5.7.9.
fn explained(said: &str) -> Words {
    let has = |codes: &[&str]| codes.iter().any(|code| said.contains(code));
    if has(&["5.7.30", "5.7.139"]) {
        say(
            "Microsoft n'y accepte plus de mot de passe\u{a0}: faites autoriser SMTP AUTH pour cette boîte, ou écrivez token_command (XOAUTH2).",
            "Microsoft takes no password there any more: have SMTP AUTH allowed for that mailbox, or write token_command (XOAUTH2).",
        )
    } else if has(&["5.7.9"]) {
        say(
            "Ce compte demande un mot de passe d'application\u{a0}: créez-en un chez le fournisseur.",
            "This account wants an app password: make one at the provider's.",
        )
    } else if has(&["530"]) {
        say(
            "Il demande de s'identifier\u{a0}: écrivez username et password sous [smtp].",
            "It wants a login: write username and password under [smtp].",
        )
    } else {
        say(
            "Vérifiez le nom et le mot de passe sous [smtp]\u{a0}; Google demande un mot de passe d'application. Puis rechargez jalon\u{a0}: il n'y a pas à le redémarrer.",
            "Check name and password under [smtp]; Google wants an app password. Then reload jalon: it need not be restarted.",
        )
    }
}
