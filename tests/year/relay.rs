//! A relay on 127.0.0.1 that can be down for a while and refuse recipients, and remembers whom it took mails for. It
//! knows as much SMTP as a year takes.

use std::sync::{Arc, Mutex};

use jalon::settings::{Relay as Settings, Tls};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct State {
    down: bool,
    refused: Vec<String>,
    taken: Vec<String>,
}

/// The relay.
pub(crate) struct Relay {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State::default()));
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tcp.set_nodelay(true).unwrap();
                tokio::spawn(serve(tcp, Arc::clone(&served)));
            }
        });
        Self { port, state }
    }

    /// Down: every connection is dropped, the open ones at their next word.
    pub(crate) fn set_down(&self, down: bool) {
        self.state.lock().unwrap().down = down;
    }

    /// Refuses these recipients for good, and no others.
    pub(crate) fn refuse(&self, addresses: Vec<String>) {
        self.state.lock().unwrap().refused = addresses;
    }

    /// The recipients of the mails it took, in order.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The settings of a way to it.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            host: "localhost".to_owned(),
            port: self.port,
            tls: Tls::None,
            username: None,
            password: None,
            token_command: None,
            auth: Vec::new(),
            ca_file: None,
            rate: Vec::new(),
            connections: 1,
        }
    }
}

/// One connection, until either side has had enough.
async fn serve(tcp: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut io = BufReader::new(tcp);
    let mut to = String::new();
    let mut answer = "220 relay.example ESMTP";
    loop {
        if state.lock().unwrap().down {
            return Ok(());
        }
        io.write_all(format!("{answer}\r\n").as_bytes()).await?;
        let mut line = String::new();
        if io.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        answer = match line.split([' ', ':', '\r']).next().unwrap().to_ascii_uppercase().as_str() {
            "EHLO" => "250 relay.example",
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let refused = state.lock().unwrap().refused.contains(&to);
                if refused { "550 5.1.1 no such mailbox" } else { "250 2.1.5 ok" }
            }
            "DATA" => {
                io.write_all(b"354 go\r\n").await?;
                while line != ".\r\n" {
                    line.clear();
                    if io.read_line(&mut line).await? == 0 {
                        return Ok(());
                    }
                }
                state.lock().unwrap().taken.push(std::mem::take(&mut to));
                "250 2.0.0 queued"
            }
            "MAIL" | "NOOP" | "RSET" => "250 ok",
            "QUIT" => "221 bye",
            _ => "500 what?",
        };
    }
}
