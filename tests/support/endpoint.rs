//! A token endpoint on 127.0.0.1: plain HTTP, the answers that a test wants, in order, the last one again and again.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test file uses its part")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What an endpoint was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The request line, such as `POST /token HTTP/1.1`.
    pub line: String,
    /// The form, decoded, in the order in which it came.
    pub form: Vec<(String, String)>,
}

impl Asked {
    pub fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

pub struct Endpoint {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    answers: Arc<Mutex<Vec<(u16, String)>>>,
}

impl Endpoint {
    /// Answers: a status, and a body; a status of 0 hangs up.
    pub fn start(answers: &[(u16, &str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(Mutex::new(owned(answers)));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (heard, told) = (Arc::clone(&asked), Arc::clone(&answers));
        std::thread::spawn(move || {
            for tcp in listener.incoming() {
                let _ = serve(&tcp.unwrap(), &told.lock().unwrap().clone(), &heard);
            }
        });
        Self { port, asked, answers }
    }

    /// From now on this is the answer.
    pub fn answer(&self, status: u16, body: &str) {
        *self.answers.lock().unwrap() = owned(&[(status, body)]);
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/token", self.port)
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn owned(answers: &[(u16, &str)]) -> Vec<(u16, String)> {
    answers.iter().map(|&(code, body)| (code, body.to_owned())).collect()
}

fn serve(tcp: &TcpStream, answers: &[(u16, String)], heard: &Mutex<Vec<Asked>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(tcp);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        if header.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let pairs = String::from_utf8(body).unwrap();
    let form =
        pairs.split('&').filter_map(|pair| pair.split_once('=')).map(|(k, v)| (decoded(k), decoded(v)));
    let count = {
        let mut heard = heard.lock().unwrap();
        heard.push(Asked { line: line.trim_end().to_owned(), form: form.collect() });
        heard.len()
    };
    let (status, body) = &answers[(count - 1).min(answers.len() - 1)];
    if *status == 0 {
        return Ok(());
    }
    let location = if *status / 100 == 3 { format!("Location: {body}\r\n") } else { String::new() };
    write!(
        &mut &*tcp,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// `application/x-www-form-urlencoded` back to text.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let hex: Vec<u8> = rest.by_ref().take(2).collect();
                u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
