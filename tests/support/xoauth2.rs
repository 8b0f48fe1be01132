//! A relay on 127.0.0.1 that wants XOAUTH2 and knows which tokens are good: Google's course of refusal, a challenge
//! with JSON in it, an empty line, then 535. It writes down every token that it sees.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use super::server::decode;

/// `{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}`
const CHALLENGE: &str = "334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIiwic2NvcGUiOiJodHRwczovL21haWwuZ29vZ2xlLmNvbS8ifQ==\r\n";

#[derive(Default)]
struct Seen {
    good: Vec<String>,
    refusal: String,
    /// User and token, a login each.
    logins: Vec<(String, String)>,
    mails: Vec<String>,
}

pub struct TokenRelay {
    pub port: u16,
    seen: Arc<Mutex<Seen>>,
}

impl TokenRelay {
    pub fn start(good: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Seen {
            good: good.iter().map(|&token| token.to_owned()).collect(),
            refusal: "535 5.7.8 Username and Password not accepted".to_owned(),
            ..Seen::default()
        };
        let seen = Arc::new(Mutex::new(seen));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let (tcp, seen) = (tcp.unwrap(), Arc::clone(&shared));
                std::thread::spawn(move || talk(&tcp, &seen));
            }
        });
        Self { port, seen }
    }

    /// Another answer to a bad token.
    pub fn refusing(self, refusal: &str) -> Self {
        refusal.clone_into(&mut self.seen.lock().unwrap().refusal);
        self
    }

    /// From now on these are good, and no other.
    pub fn take(&self, good: &[&str]) {
        self.seen.lock().unwrap().good = good.iter().map(|&token| token.to_owned()).collect();
    }

    /// Every token that was shown, in order.
    pub fn tokens(&self) -> Vec<String> {
        self.seen.lock().unwrap().logins.iter().map(|(_, token)| token.clone()).collect()
    }

    pub fn users(&self) -> Vec<String> {
        self.seen.lock().unwrap().logins.iter().map(|(user, _)| user.clone()).collect()
    }

    pub fn mails(&self) -> Vec<String> {
        self.seen.lock().unwrap().mails.clone()
    }
}

fn talk(tcp: &TcpStream, seen: &Mutex<Seen>) -> Option<()> {
    tcp.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(tcp);
    let say = |text: &str| (&mut &*tcp).write_all(text.as_bytes()).ok();
    let mut line = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|count| *count > 0)?;
        Some(line.trim_end().to_owned())
    };
    say("220 relay.example ESMTP\r\n")?;
    let mut known = false;
    loop {
        let said = line()?;
        match said.split(' ').next().unwrap() {
            "EHLO" => say("250-relay.example\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n")?,
            "AUTH" => {
                let message = decode(said.strip_prefix("AUTH XOAUTH2 ").unwrap());
                let (user, token) =
                    message.strip_prefix("user=").unwrap().split_once("\u{1}auth=Bearer ").unwrap();
                let token = token.strip_suffix("\u{1}\u{1}").unwrap().to_owned();
                let good = {
                    let mut seen = seen.lock().unwrap();
                    seen.logins.push((user.to_owned(), token.clone()));
                    seen.good.contains(&token)
                };
                if good {
                    known = true;
                    say("235 2.7.0 Accepted\r\n")?;
                } else {
                    say(CHALLENGE)?;
                    assert_eq!(line()?, "", "the answer to the challenge is an empty line");
                    let refusal = seen.lock().unwrap().refusal.clone();
                    say(&format!("{refusal}\r\n"))?;
                }
            }
            "MAIL" if !known => say("530 5.7.57 Client not authenticated to send mail\r\n")?,
            "MAIL" | "RCPT" | "NOOP" | "RSET" => say("250 ok\r\n")?,
            "DATA" => {
                say("354 go\r\n")?;
                let mut body = String::new();
                loop {
                    let part = line()?;
                    if part == "." {
                        break;
                    }
                    body += &part;
                    body += "\n";
                }
                seen.lock().unwrap().mails.push(body);
                say("250 2.0.0 queued\r\n")?;
            }
            "QUIT" => {
                say("221 bye\r\n")?;
                return Some(());
            }
            other => panic!("{other}"),
        }
    }
}
