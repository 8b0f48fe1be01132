//! `jalon send-test`: one mail, now, by each relay (or into the outbox), outside the ledger; each step told, and what a
//! refusal means. Nothing here knows a password: the transport hides whatever a relay quotes of it.

use clap::Args;

use super::ways;
use super::{Context, Exit, fail, out, report};
use crate::daemon::dispatcher::Way;
use crate::diagnostic::{Language, Words, say};
use crate::files;
use crate::message::advice::advice;
use crate::message::probe::{Probe, probe};
use crate::message::{compose, message_id};
use crate::plan::Key;
use crate::plan::outcome::{Outcome, Phase, Reply};
use crate::settings::{Mail, Relay, Settings, Tls};
use crate::transport::{Letter, Transport, own_name};

/// Send one test mail now, and say each step
#[derive(Debug, Args)]
pub struct SendTest {
    /// To whom: an address, or a person's id
    #[arg(value_name = "ADDRESS")]
    to: String,
    /// By this relay only (its host, or host:port) [default: by each]
    #[arg(long, value_name = "HOST")]
    relay: Option<String>,
}

impl SendTest {
    /// Runs the command.
    #[must_use]
    pub fn run(&self, context: &Context) -> Exit {
        let loaded = files::load(&context.config);
        let language = context.speak(&loaded);
        let Some(settings) = loaded.settings.as_ref() else {
            report(&loaded.problems, false, language);
            return Exit::Configuration;
        };
        let to = match self.recipient(settings) {
            Ok(to) => to,
            Err(words) => return fail(Exit::Usage, language, &words),
        };
        let all = match ways::ways(settings, &context.config) {
            Ok(all) => all,
            Err(trouble) => {
                report(&[trouble.problem(&context.config, &loaded.text)], false, language);
                return Exit::Configuration;
            }
        };
        let Some(mail) = settings.mail.as_ref() else { return Exit::Configuration };
        // The ways are the relays in their order; an outbox is none of them.
        let relays = settings.relays.iter().map(Some).chain(std::iter::repeat(None));
        let mut chosen: Vec<(Way, Option<&Relay>)> = all.into_iter().zip(relays).collect();
        if let Some(asked) = &self.relay {
            chosen.retain(|(_, relay)| relay.is_some_and(|relay| is_called(relay, asked)));
            if chosen.is_empty() {
                return fail(Exit::Usage, language, &no_such_relay(asked, settings));
            }
        }
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return fail(Exit::Failed, language, &say(error.to_string(), error.to_string())),
        };
        let tried = Tried { mail, to: &to, context, language };
        let mut exit = Exit::Done;
        for (mut way, relay) in chosen {
            if !runtime.block_on(tried.by(&mut way, relay)) {
                exit = Exit::Unreachable;
            }
        }
        exit
    }

    /// The address, if it is one that may be written to.
    fn recipient(&self, settings: &Settings) -> Result<String, Words> {
        let directory = &settings.house.directory;
        let asked = self.to.trim();
        let to = directory.people.get(asked).map_or(asked, |person| person.email.as_str());
        if !crate::calendar::people::is_address(to) {
            return Err(say(
                format!("« {asked} » n'est ni une adresse, ni une personne de jalon.toml"),
                format!("\"{asked}\" is neither an address nor a person of jalon.toml"),
            ));
        }
        if !directory.allows(to) {
            return Err(say(
                format!("jalon n'écrit pas à {to}\u{a0}: recipients, sous [mail], ne le permet pas"),
                format!("jalon does not write to {to}: recipients, under [mail], does not allow it"),
            ));
        }
        Ok(to.to_owned())
    }
}

/// What is tried.
struct Tried<'a> {
    mail: &'a Mail,
    to: &'a str,
    context: &'a Context,
    language: Language,
}

impl Tried<'_> {
    /// Tries one way, telling each step; whether the mail was taken.
    async fn by(&self, way: &mut Way, relay: Option<&Relay>) -> bool {
        let to = self.to;
        let by = relay.map_or_else(|| way.name.clone(), |relay| format!("{}:{}", relay.host, relay.port));
        self.line(0, &say(format!("Essai par {by}, à {to}\u{a0}:"), format!("A test by {by}, to {to}:")));
        // Nobody else uses this way: its line is here.
        let Some(transport) = way.first_mut() else { return false };
        if let Err(outcome) = transport.ready().await {
            self.failed(&outcome, relay);
            return false;
        }
        if let Some(relay) = relay {
            self.ready(transport, relay);
        }
        let now = self.context.clock.now();
        let machine = own_name();
        let domain = self.mail.from.domain();
        let page = probe(&Probe { machine: &machine, way: &by, domain, now }, self.language);
        let nanos = now.timestamp_nanos_opt().unwrap_or_default();
        let id = message_id(&[Key::from_text(format!("~test/{machine}/{by}/{to}/{nanos}"))], domain);
        let reply_to = self.mail.reply_to.as_ref();
        let bytes = match compose(&page, &self.mail.from, reply_to, (None, to), &id, now) {
            Ok(bytes) => bytes,
            Err(error) => {
                self.line(
                    1,
                    &say(format!("courriel\u{a0}: échec ({error})"), format!("mail: failed ({error})")),
                );
                return false;
            }
        };
        let from = self.mail.bounces.as_deref().unwrap_or(&self.mail.from.email);
        let outcome = transport.send(Letter { from, to, message_id: &id, bytes: &bytes }).await;
        transport.close().await;
        match &outcome {
            Outcome::Accepted(reply) => self.accepted(reply, relay.is_some()),
            _ => self.failed(&outcome, relay),
        }
        matches!(outcome, Outcome::Accepted(_))
    }

    fn line(&self, depth: usize, words: &Words) {
        let _ = out(&format!("{}{}\n", "  ".repeat(depth), words.say(self.language)));
    }

    fn ready(&self, transport: &Transport, relay: &Relay) {
        self.line(1, &say("connexion\u{a0}: faite", "connection: made"));
        let host = &relay.host;
        let secured = match transport.secured() {
            Some(secured) => say(
                format!("sécurité\u{a0}: {secured}\u{a0}; le certificat est bien celui de {host}"),
                format!("security: {secured}; the certificate is that of {host}"),
            ),
            None => say(
                "sécurité\u{a0}: aucune, le relais est cette machine",
                "security: none, the relay is this machine",
            ),
        };
        self.line(1, &secured);
        let login = match &relay.username {
            Some(user) => {
                say(format!("identification\u{a0}: acceptée, {user}"), format!("login: accepted, {user}"))
            }
            None => say("identification\u{a0}: aucune demandée", "login: none is set"),
        };
        self.line(1, &login);
    }

    fn accepted(&self, reply: &Reply, sent: bool) {
        self.line(1, &say(format!("courriel\u{a0}: accepté ({reply})"), format!("mail: accepted ({reply})")));
        let to = self.to;
        let next = if sent {
            say(
                format!(
                    "Regardez la boîte de {to}, indésirables compris\u{a0}: un relais accepte aussi ce qu'il ne livre pas."
                ),
                format!(
                    "Look into the mailbox of {to}, junk too: a relay also accepts what it does not deliver."
                ),
            )
        } else {
            say(
                "Personne ne le recevra\u{a0}: l'outbox garde des fichiers. Pour envoyer, il faut un relais ([smtp]).",
                "Nobody will receive it: the outbox keeps files. To send, a relay is needed ([smtp]).",
            )
        };
        self.line(0, &next);
    }

    fn failed(&self, outcome: &Outcome, relay: Option<&Relay>) {
        let (phase, detail) = match outcome {
            Outcome::Refused(phase, reply) => (Some(*phase), reply.to_string()),
            Outcome::Lost(phase, words) => (Some(*phase), words.clone()),
            Outcome::Untrusted(words) => (Some(Phase::Tls), words.clone()),
            Outcome::NoToken(words) => (Some(Phase::Auth), words.clone()),
            Outcome::Unfit(words) | Outcome::Unwritable(words) => (None, words.clone()),
            Outcome::Accepted(_) => return,
        };
        let step = match phase {
            Some(Phase::Connect) => say("connexion", "connection"),
            Some(Phase::Tls) => say("sécurité", "security"),
            Some(Phase::Auth) => say("identification", "login"),
            _ => say("courriel", "mail"),
        };
        self.line(1, &say(format!("{}\u{a0}: échec", step.fr), format!("{}: failed", step.en)));
        self.line(2, &say(format!("réponse\u{a0}: {detail}"), format!("answer: {detail}")));
        if let Some(words) = relay.and_then(|relay| explained(outcome, relay, self.mail, self.to)) {
            self.line(2, &words);
        }
    }
}

/// What a failure means, and what to do.
pub(super) fn explained(outcome: &Outcome, relay: &Relay, mail: &Mail, to: &str) -> Option<Words> {
    let Relay { host, port, .. } = relay;
    let from = mail.bounces.as_deref().unwrap_or(&mail.from.email);
    // What is known of this very provider says more.
    if let Some(words) = advice(outcome) {
        return Some(words);
    }
    Some(match outcome {
        Outcome::Lost(Phase::Connect, _) | Outcome::Refused(Phase::Connect, _) => say(
            format!(
                "{host} ne répond pas comme il faut sur le port {port}. Vérifiez host et port (587 avec starttls, 465 avec tls = \"implicit\"), et que la sortie n'est pas filtrée."
            ),
            format!(
                "{host} does not answer as it should on port {port}. Check host and port (587 with starttls, 465 with tls = \"implicit\"), and that the way out is not filtered."
            ),
        ),
        Outcome::Lost(Phase::Tls, _) | Outcome::Refused(Phase::Tls, _) | Outcome::Untrusted(_) => {
            match relay.tls {
                Tls::Implicit => say(
                    "La liaison n'est pas sûre, et rien n'est parti. Vérifiez le certificat du relais et host\u{a0}; sur le port 587, écrivez tls = \"starttls\".",
                    "The link is not safe, and nothing has left. Check the relay's certificate and host; on port 587, write tls = \"starttls\".",
                ),
                _ => say(
                    "La liaison n'est pas sûre, et rien n'est parti. Vérifiez le certificat du relais et host\u{a0}; sur le port 465, écrivez tls = \"implicit\".",
                    "The link is not safe, and nothing has left. Check the relay's certificate and host; on port 465, write tls = \"implicit\".",
                ),
            }
        }
        Outcome::Refused(Phase::Auth, reply) if reply.code < 500 => later(),
        Outcome::Refused(Phase::Auth, _) | Outcome::Lost(Phase::Auth, _) => say(
            "Le relais refuse l'identification. Vérifiez username et le mot de passe\u{a0}; beaucoup de services veulent un mot de passe d'application, et Microsoft un jeton (XOAUTH2).",
            "The relay refuses the login. Check username and the password; many services want an application password, and Microsoft a token (XOAUTH2).",
        ),
        Outcome::Refused(_, reply) if reply.code < 500 => later(),
        Outcome::Refused(Phase::Sender, _) => say(
            format!(
                "Le relais ne nous laisse pas écrire en tant que {from}. Vérifiez from et bounces, ou demandez-lui de le permettre à cet identifiant."
            ),
            format!(
                "The relay does not let us write as {from}. Check from and bounces, or have it allow that to this login."
            ),
        ),
        Outcome::Refused(Phase::Recipient, _) => say(
            format!(
                "Le relais refuse l'adresse {to}. Vérifiez-la\u{a0}; s'il refuse toute adresse d'ailleurs, il veut une identification."
            ),
            format!(
                "The relay refuses the address {to}. Check it; if it refuses every address from elsewhere, it wants a login."
            ),
        ),
        Outcome::Refused(..) => say(
            "Le relais refuse ce courriel\u{a0}: sa réponse dit pourquoi (contenu, quota, expéditeur).",
            "The relay refuses this mail: its answer says why (content, quota, sender).",
        ),
        Outcome::Lost(Phase::Dot, _) => say(
            format!("Il est peut-être parti\u{a0}: regardez la boîte de {to}."),
            format!("It may have left: look into the mailbox of {to}."),
        ),
        Outcome::Lost(..) => later(),
        Outcome::NoToken(_) | Outcome::Accepted(_) | Outcome::Unfit(_) | Outcome::Unwritable(_) => {
            return None;
        }
    })
}

fn later() -> Words {
    say(
        "Un refus passager\u{a0}: recommencez dans quelques minutes.",
        "A passing refusal: try again in some minutes.",
    )
}

fn is_called(relay: &Relay, asked: &str) -> bool {
    relay.host.eq_ignore_ascii_case(asked)
        || format!("{}:{}", relay.host, relay.port).eq_ignore_ascii_case(asked)
}

fn no_such_relay(asked: &str, settings: &Settings) -> Words {
    let hosts: Vec<&str> = settings.relays.iter().map(|relay| relay.host.as_str()).collect();
    let hosts = if hosts.is_empty() { "–".to_owned() } else { hosts.join(", ") };
    say(
        format!("aucun relais ne s'appelle « {asked} »\u{a0}; jalon.toml a\u{a0}: {hosts}"),
        format!("no relay is called \"{asked}\"; jalon.toml has: {hosts}"),
    )
}
