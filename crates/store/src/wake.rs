//! Wakes whoever waits for a change: in this process at the commit, from other nodes through `LISTEN`.
//!
//! A wake says that something may have changed, never what. Whoever is woken looks for itself, so one that is lost costs
//! time only; on SQLite, where other processes cannot be heard, whoever waits also looks by itself from time to time.

use std::{
    future::poll_fn,
    sync::{Arc, Weak},
    time::Duration,
};

use tokio::sync::watch;
use tokio_postgres::{AsyncMessage, Config, NoTls, Socket, tls::MakeTlsConnect};

use crate::{postgres::Access, store::Shared};

/// Tables whose change is news for somebody who waits.
const NEWS: &[&str] = &["evaluation", "journal", "operation", "plan", "revision"];
/// The pause before the database is listened to again after the connection broke.
const LISTEN_AGAIN: Duration = Duration::from_millis(250);
/// How long after the last clone of a store is dropped its listener may stay.
const STILL_WANTED: Duration = Duration::from_secs(2);

/// Hears that something changed. See [`crate::Store::wake`].
#[derive(Debug, Clone)]
pub struct Wake(watch::Receiver<u64>);

impl Wake {
    /// Waits until something was changed since the last call. Returns at once when it was.
    pub async fn changed(&mut self) {
        if self.0.changed().await.is_err() {
            // The store is gone: nothing will ever change again.
            std::future::pending::<()>().await;
        }
    }
}

/// Tells those who wait.
#[derive(Debug)]
pub(crate) struct Bell(watch::Sender<u64>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Bell {
    /// Somebody who waits from now on.
    pub(crate) fn wake(&self) -> Wake {
        Wake(self.0.subscribe())
    }

    /// Wakes everybody.
    pub(crate) fn ring(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }
}

/// True when a transaction that changed these tables is news.
pub(crate) fn is_news<'t>(mut tables: impl Iterator<Item = &'t &'static str>) -> bool {
    tables.any(|table| NEWS.contains(table))
}

/// Listens to the database for as long as the store is there, and begins again when the connection breaks.
async fn listen(Access { config, tls }: Access, shared: Weak<Shared>) {
    while shared.strong_count() > 0 {
        // Whatever happened while nobody listened is news too; a connection that cannot be made is tried again.
        drop(match tls.clone() {
            Some(tls) => listen_once(&config, tls, &shared).await,
            None => listen_once(&config, NoTls, &shared).await,
        });
        tokio::time::sleep(LISTEN_AGAIN).await;
    }
}

async fn listen_once<T>(
    config: &Config,
    tls: T,
    shared: &Weak<Shared>,
) -> Result<(), tokio_postgres::Error>
where
    T: MakeTlsConnect<Socket, Stream: Send>,
{
    let (client, mut connection) = config.connect(tls).await?;
    let hear = async {
        loop {
            match poll_fn(|cx| connection.poll_message(cx)).await {
                Some(Ok(AsyncMessage::Notification(_))) => ring(shared),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error),
                None => return Ok(()),
            }
        }
    };
    let begin = async {
        client.batch_execute("LISTEN muster").await?;
        ring(shared);
        let wanted = || async { tokio::time::sleep(STILL_WANTED).await };
        while shared.strong_count() > 0 {
            wanted().await;
        }
        Ok(())
    };
    tokio::select! {
        ended = hear => ended,
        ended = begin => ended,
    }
}

fn ring(shared: &Weak<Shared>) {
    if let Some(shared) = Weak::upgrade(shared) {
        shared.bell.ring();
    }
}

/// Begins to listen, once per store.
pub(crate) fn begin_listening(access: &Access, shared: &Arc<Shared>) {
    tokio::spawn(listen(access.clone(), Arc::downgrade(shared)));
}
