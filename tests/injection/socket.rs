//! On the wire: what a relay hears of hostile mails, byte for byte.

use std::time::Duration;

use jalon::calendar::Language;
use jalon::message::{Rendered, compose};
use jalon::plan::outcome::Outcome;
use jalon::settings::{Relay, Tls};
use jalon::transport::Letter;
use jalon::transport::smtp::{Smtp, Timeouts};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// One mail as a relay hears it.
#[derive(Debug, Default)]
struct Heard {
    commands: Vec<String>,
    body: Vec<u8>,
}

/// A relay that takes everything, and returns what it heard when the other side hangs up.
struct Ear {
    tcp: TcpStream,
    heard: Vec<u8>,
}

impl Ear {
    /// Everything up to and with this mark.
    async fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.heard.windows(mark.len()).position(|bytes| bytes == mark) {
                return Some(self.heard.drain(..at + mark.len()).collect());
            }
            if self.tcp.read_buf(&mut self.heard).await.unwrap() == 0 {
                assert!(self.heard.is_empty(), "half a line: {:?}", String::from_utf8_lossy(&self.heard));
                return None;
            }
        }
    }

    async fn say(&mut self, words: &str) {
        // A client that has said more than it was asked would be heard twice.
        assert!(self.heard.is_empty(), "before it was asked: {:?}", String::from_utf8_lossy(&self.heard));
        self.tcp.write_all(words.as_bytes()).await.unwrap();
    }

    async fn listen(mut self) -> Vec<Heard> {
        let mut mails = vec![Heard::default()];
        self.say("220 relay.example ESMTP\r\n").await;
        while let Some(line) = self.until(b"\r\n").await {
            let line = String::from_utf8(line).unwrap().trim_end_matches("\r\n").to_owned();
            assert!(!line.contains(['\r', '\n']), "{line:?}");
            let verb = line.split([' ', ':']).next().unwrap().to_owned();
            mails.last_mut().unwrap().commands.push(line);
            match verb.as_str() {
                "EHLO" => self.say("250-relay.example\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n").await,
                "DATA" => {
                    self.say("354 go\r\n").await;
                    // With what precedes it, for a mail that is a dot alone.
                    let mut body = self.until(b"\r\n.\r\n").await.unwrap();
                    body.truncate(body.len() - 3);
                    mails.last_mut().unwrap().body = body;
                    mails.push(Heard::default());
                    self.say("250 ok\r\n").await;
                }
                "QUIT" => self.say("221 bye\r\n").await,
                _ => self.say("250 ok\r\n").await,
            }
        }
        mails
    }
}

/// What a relay makes of a body (RFC 5321 §4.5.2).
fn without_stuffing(body: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        plain.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
    }
    plain
}

/// Sends these, each to its recipient, and returns what was heard.
async fn send(mails: &[(String, Vec<u8>)]) -> Vec<Heard> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let relay = Relay {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        tls: Tls::None,
        username: None,
        password: None,
        token_command: None,
        auth: Vec::new(),
        ca_file: None,
        rate: Vec::new(),
        connections: 1,
    };
    let listening = tokio::spawn(async move {
        let tcp = listener.accept().await.unwrap().0;
        Ear { tcp, heard: Vec::new() }.listen().await
    });
    let mut smtp = Smtp::new(&relay, None, &[], Timeouts::all(Duration::from_secs(20))).unwrap();
    for (to, bytes) in mails {
        let letter = Letter { from: "r@example.org", to, message_id: ID, bytes };
        let outcome = smtp.send(letter).await;
        assert!(matches!(outcome, Outcome::Accepted(_)), "{outcome:?}");
    }
    smtp.close().await;
    listening.await.unwrap()
}

fn check(mails: &[(String, Vec<u8>)], heard: &[Heard]) {
    assert_eq!(heard.len(), mails.len() + 1, "{heard:?}");
    assert_eq!(heard.last().unwrap().commands, ["QUIT"]);
    for ((to, bytes), heard) in mails.iter().zip(heard) {
        let greeting = usize::from(heard.commands[0].starts_with("EHLO "));
        let said: Vec<&str> = heard.commands[greeting..].iter().map(String::as_str).collect();
        let sender =
            if to.is_ascii() { "MAIL FROM:<r@example.org>" } else { "MAIL FROM:<r@example.org> SMTPUTF8" };
        let sender = if bytes.is_ascii() { sender.to_owned() } else { format!("{sender} BODY=8BITMIME") };
        assert_eq!(said, [&sender, &format!("RCPT TO:<{to}>"), "DATA"]);
        let same = without_stuffing(&heard.body) == *bytes;
        assert!(same, "{:.600}", String::from_utf8_lossy(&heard.body));
    }
}

#[tokio::test]
async fn a_relay_hears_one_sender_one_recipient_and_the_mail() {
    let mut mails = Vec::new();
    for (n, trick) in hostile::TRICKS.iter().enumerate() {
        let texts = [(*trick).to_owned()];
        let sender = sender("R", "H");
        let email = if n % 7 == 0 { "zoé@example.org" } else { "zoe@example.org" };
        let to = addressee("Zoé", email, Language::ALL[n % 2]);
        let written = mail(KINDS[n % KINDS.len()], &texts, &to, &sender, &Templates::built_in());
        mails.push((email.to_owned(), written.bytes.unwrap()));
        // Whatever a template of one's own makes of it.
        let text = format!(".{trick}\n.\n..\n{trick}\r\n.\r\nQUIT\r\n.");
        let rendered = Rendered {
            language: Language::English,
            about: None,
            subject: "x".into(),
            html: text.clone(),
            text,
        };
        let bytes = compose(&rendered, &sender.from, None, (None, email), ID, paris(NOW)).unwrap();
        mails.push((email.to_owned(), bytes));
    }
    for mails in mails.chunks(40) {
        check(mails, &send(mails).await);
    }
}

/// The last line of defence: a transport that is handed anything at all.
#[tokio::test]
async fn a_letter_that_begins_or_ends_with_dots_stays_one_letter() {
    let letters = [
        ".\r\n",
        "..\r\n.\r\n",
        "a\r\n.\r\nMAIL FROM:<x@y.example>\r\n",
        ".\r\n.\r\n",
        "\r\n",
        "a\r\n\r\n.\r\n\r\n",
    ];
    let mails: Vec<(String, Vec<u8>)> =
        letters.iter().map(|bytes| ("zoe@example.org".to_owned(), bytes.as_bytes().to_vec())).collect();
    check(&mails, &send(&mails).await);
}
