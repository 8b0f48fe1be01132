//! What a mail says, as three readers have it: ours, mail-parser, and Python's `email`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use mail_parser::{Address, Message, MessageParser};
use serde_json::Value;

/// A name, empty where there is none, and an address.
pub type Who = (String, String);

/// What a mail says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub headers: Vec<String>,
    pub from: Vec<Who>,
    pub to: Vec<Who>,
    pub reply_to: Vec<Who>,
    pub subject: String,
    pub message_id: String,
    pub text: String,
    pub html: String,
}

impl Read {
    /// The same, where readers differ without harm: blanks in a row, ends of line; and blanks in names, for Python
    /// leaves one between two encoded words.
    pub fn plain(self) -> Self {
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let who = |all: Vec<Who>| {
            all.into_iter().map(|(name, email)| (name.split_whitespace().collect(), email)).collect()
        };
        Self {
            headers: self.headers.iter().map(|name| name.to_lowercase()).collect(),
            from: who(self.from),
            to: who(self.to),
            reply_to: who(self.reply_to),
            subject: words(&self.subject),
            message_id: words(&self.message_id).replace(' ', ""),
            text: self.text.replace("\r\n", "\n"),
            html: self.html.replace("\r\n", "\n"),
        }
    }

    /// What stands otherwise in another reading, in short.
    pub fn difference(&self, other: &Self) -> Option<String> {
        let same = |name: &str, one: String, other: String| {
            let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
            let from = |text: &str| text.chars().skip(at.saturating_sub(20)).take(160).collect::<String>();
            (one != other).then(|| format!("{name}: …{:?} and …{:?}", from(&one), from(&other)))
        };
        let list = |of: &dyn std::fmt::Debug| format!("{of:?}");
        same("headers", list(&self.headers), list(&other.headers))
            .or_else(|| same("from", list(&self.from), list(&other.from)))
            .or_else(|| same("to", list(&self.to), list(&other.to)))
            .or_else(|| same("reply-to", list(&self.reply_to), list(&other.reply_to)))
            .or_else(|| same("subject", self.subject.clone(), other.subject.clone()))
            .or_else(|| same("message-id", self.message_id.clone(), other.message_id.clone()))
            .or_else(|| same("text", self.text.clone(), other.text.clone()))
            .or_else(|| same("html", self.html.clone(), other.html.clone()))
    }
}

/// What mail-parser reads.
pub fn mail_parser(bytes: &[u8]) -> Result<Read, String> {
    let mail = MessageParser::default().parse(bytes).ok_or("no mail")?;
    // With dates: what is around both, and the file.
    let parts = mail.parts.len() - 2 * mail.attachment_count();
    if parts != 3 || mail.attachment_count() > 1 || mail.text_body.len() != 1 || mail.html_body.len() != 1 {
        return Err(format!("{} parts", mail.parts.len()));
    }
    if mail.cc().is_some() || mail.bcc().is_some() || mail.sender().is_some() {
        return Err("somebody else is named".to_owned());
    }
    let body =
        |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned).ok_or("no body");
    Ok(Read {
        headers: mail.headers().iter().map(|header| header.name().to_owned()).collect(),
        from: people(mail.from())?,
        to: people(mail.to())?,
        reply_to: mail.reply_to().map_or(Ok(Vec::new()), |address| people(Some(address)))?,
        subject: mail.subject().unwrap_or_default().to_owned(),
        message_id: mail.message_id().unwrap_or_default().to_owned(),
        text: body(Message::body_text(&mail, 0))?,
        html: body(Message::body_html(&mail, 0))?,
    })
}

fn people(address: Option<&Address<'_>>) -> Result<Vec<Who>, String> {
    match address {
        Some(Address::List(list)) => {
            let text =
                |words: &Option<std::borrow::Cow<'_, str>>| words.as_deref().unwrap_or_default().to_owned();
            Ok(list.iter().map(|one| (text(&one.name), text(&one.address))).collect())
        }
        other => Err(format!("no list of addresses: {other:?}")),
    }
}

/// Python, asked one mail after the other.
struct Python {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What Python reads; `None` where there is no Python.
pub fn python(bytes: &[u8]) -> Option<Result<Read, String>> {
    static PYTHON: OnceLock<Option<Mutex<Python>>> = OnceLock::new();
    let python = PYTHON.get_or_init(|| {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/injection/read.py");
        let command =
            Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = match command {
            Ok(child) => child,
            Err(error) => {
                println!("skipped: Python's reading of the mails: python3: {error}");
                return None;
            }
        };
        let (asked, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Some(Mutex::new(Python { child, asked, answers }))
    });
    let mut python = python.as_ref()?.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Some(python.ask(bytes))
}

impl Python {
    fn ask(&mut self, bytes: &[u8]) -> Result<Read, String> {
        writeln!(self.asked, "{}", bytes.len()).unwrap();
        self.asked.write_all(bytes).unwrap();
        self.asked.flush().unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let read: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line:?}"))?;
        if let Some(wrong) = read["wrong"].as_str() {
            return Err(wrong.to_owned());
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |name: &str| read[name].as_array().cloned().unwrap_or_default();
        let who = |name: &str| list(name).iter().map(|one| (text(&one[0]), text(&one[1]))).collect();
        Ok(Read {
            headers: list("headers").iter().map(text).collect(),
            from: who("from"),
            to: who("to"),
            reply_to: who("reply_to"),
            subject: text(&read["subject"]),
            message_id: text(&read["message_id"]).trim_matches(['<', '>']).to_owned(),
            text: text(&read["text"]),
            html: text(&read["html"]),
        })
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
