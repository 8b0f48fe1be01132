//! Hears that other hosts wrote something, on a connection of its own. It is a hint and nothing else: whoever hears nothing
//! looks all the same, a little later.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::AsyncMessage;

use super::place::Place;

/// What notes are sent to.
pub(super) const CHANNEL: &str = "jalon";

/// One note: of which ledger, where a database holds several, and by which run.
pub(super) const NOTE: &str = "SELECT pg_notify($1, current_schema() || ' ' || $2)";

/// The pause between two tries to listen: the first, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_mins(1));

/// Listens until it is dropped.
pub(super) struct Ear {
    heard: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Ear {
    /// Begins to listen to what others than this run write.
    pub(super) fn open(place: Place, run: String) -> Self {
        let heard = watch::Sender::new(());
        let tell = heard.clone();
        let task = tokio::spawn(async move {
            let mut pause = PAUSES.0;
            loop {
                if listen(&place, &run, &tell).await.is_some() {
                    pause = PAUSES.0;
                }
                tell.send_replace(()); // something may have been said while nobody listened
                sleep(pause).await;
                pause = (pause * 2).min(PAUSES.1);
            }
        });
        Self { heard, task }
    }

    /// Who is told.
    pub(super) fn heard(&self) -> watch::Receiver<()> {
        self.heard.subscribe()
    }
}

/// Listens as long as the connection lasts; none when there was none.
async fn listen(place: &Place, run: &str, tell: &watch::Sender<()>) -> Option<()> {
    let connecting = timeout(Duration::from_secs(10), place.config.connect(place.tls.clone()));
    let (client, mut connection) = connecting.await.ok()?.ok()?;
    let begin = async move {
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await.ok()?;
        let ledger: String = client.query_one("SELECT current_schema()::text", &[]).await.ok()?.get(0);
        Some((client, ledger))
    };
    let ours = std::sync::OnceLock::<String>::new();
    let hear = async {
        while let Some(Ok(message)) = std::future::poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(note) = message
                && ours.get().is_none_or(|ledger| {
                    note.payload().split_once(' ').is_some_and(|(of, by)| of == ledger && by != run)
                })
            {
                tell.send_replace(());
            }
        }
    };
    tokio::pin!(begin, hear);
    // The connection is driven by whoever hears: both go on side by side, then the client is kept.
    let _client = tokio::select! {
        begun = &mut begin => {
            let (client, ledger) = begun?;
            let _ = ours.set(ledger);
            client
        }
        () = &mut hear => return None,
    };
    tell.send_replace(());
    hear.await;
    Some(())
}
