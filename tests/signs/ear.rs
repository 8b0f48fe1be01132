//! Who listens to heartbeats: a small HTTP server on 127.0.0.1, in the clear or over TLS, that writes down what it is asked.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

/// An answer that does not come until another one is wanted.
pub(crate) const STALL: u16 = 0;

pub(crate) struct Ear {
    port: u16,
    secured: bool,
    asked: Arc<Mutex<Vec<String>>>,
    answer: Arc<AtomicU16>,
    moved: Arc<Notify>,
}

impl Ear {
    pub(crate) async fn start(tls: Option<TlsAcceptor>, answer: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, secured) = (Arc::new(Mutex::new(Vec::new())), tls.is_some());
        let answer = Arc::new(AtomicU16::new(answer));
        let moved = Arc::new(Notify::new());
        let (hears, answers, moves) = (Arc::clone(&asked), Arc::clone(&answer), Arc::clone(&moved));
        tokio::spawn(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let (tls, hears, answers) = (tls.clone(), Arc::clone(&hears), Arc::clone(&answers));
                let moves = Arc::clone(&moves);
                tokio::spawn(async move {
                    match tls {
                        None => serve(tcp, &hears, &answers, &moves).await,
                        Some(tls) => match tls.accept(tcp).await {
                            Ok(stream) => serve(stream, &hears, &answers, &moves).await,
                            Err(_) => Ok(()),
                        },
                    }
                });
            }
        });
        Self { port, secured, asked, answer, moved }
    }

    /// From now on this is its status.
    pub(crate) fn answer(&self, status: u16) {
        self.answer.store(status, Ordering::SeqCst);
        self.moved.notify_waiters();
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.secured { "https" } else { "http" };
        format!("{scheme}://localhost:{}/6b1c7c5e", self.port)
    }

    /// The first line of every request.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// Waits until it was asked so often.
    pub(crate) async fn heard(&self, times: usize) -> Vec<String> {
        let heard = async {
            loop {
                let moved = self.moved.notified();
                if self.asked().len() >= times {
                    return;
                }
                moved.await;
            }
        };
        let done = tokio::time::timeout(std::time::Duration::from_mins(1), heard).await;
        assert!(done.is_ok(), "waited in vain for {times}: {:?}", self.asked());
        self.asked()
    }
}

async fn serve(
    io: impl AsyncRead + AsyncWrite + Unpin,
    hears: &Mutex<Vec<String>>,
    answers: &AtomicU16,
    moves: &Notify,
) -> std::io::Result<()> {
    let mut io = BufReader::new(io);
    let mut first = String::new();
    io.read_line(&mut first).await?;
    let mut line = String::new();
    while io.read_line(&mut line).await? > 2 {
        line.clear();
    }
    hears.lock().unwrap().push(first.trim_end().to_owned());
    moves.notify_waiters();
    let status = loop {
        let moved = moves.notified();
        match answers.load(Ordering::SeqCst) {
            STALL => moved.await,
            status => break status,
        }
    };
    let head = format!("HTTP/1.1 {status} X\r\nLocation: http://localhost:1/elsewhere\r\n");
    io.write_all(format!("{head}Content-Length: 2\r\nConnection: close\r\n\r\nOK").as_bytes()).await?;
    io.flush().await
}
