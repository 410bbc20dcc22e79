//! Hands what a reading thread finds to the sink, batch by batch.

use muster_connector::{BadObject, ConnectorError, ReadEnd, ReadObject, Sink};
use tokio::sync::mpsc;

/// Batches that may wait for the sink; bounds memory when the sink is slower than the file.
const WAITING: usize = 4;

/// What the sink gets at once.
#[derive(Default)]
pub(crate) struct Batch {
    /// Good objects.
    pub(crate) objects: Vec<ReadObject>,
    /// Bad ones.
    pub(crate) bad: Vec<BadObject>,
}

impl Batch {
    /// True when it should be handed over.
    pub(crate) fn is_full(&self, size: usize) -> bool {
        self.objects.len() >= size || self.bad.len() >= size
    }

    /// Hands the batch over and starts a new one; false when nobody listens any more.
    pub(crate) fn flush(&mut self, size: usize, sender: &mpsc::Sender<Self>) -> bool {
        let batch = std::mem::take(self);
        if batch.objects.is_empty() && batch.bad.is_empty() {
            return true;
        }
        self.objects.reserve(size.min(4096));
        sender.blocking_send(batch).is_ok()
    }
}

/// Runs `produce` on a thread of its own and hands what it sends to `sink`, as the batch that `batch` makes of it.
pub(crate) async fn deliver<P: Send + 'static>(
    sink: &mut dyn Sink,
    produce: impl FnOnce(&mpsc::Sender<P>) -> Result<ReadEnd, ConnectorError> + Send + 'static,
    batch: impl Fn(P) -> Batch + Send,
) -> Result<ReadEnd, ConnectorError> {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let reading = tokio::task::spawn_blocking(move || produce(&sender));
    let mut taken = Ok(());
    while taken.is_ok() {
        let Some(part) = receiver.recv().await else { break };
        taken = hand_over(batch(part), sink).await;
    }
    // The thread notices at its next batch that nobody listens, and ends.
    drop(receiver);
    let end = reading.await.map_err(|error| stopped(&error))?;
    taken.and(end)
}

async fn hand_over(batch: Batch, sink: &mut dyn Sink) -> Result<(), ConnectorError> {
    for bad in batch.bad {
        sink.bad(bad).await?;
    }
    if batch.objects.is_empty() { Ok(()) } else { sink.objects(batch.objects).await }
}

/// The error for a reading or writing thread that ended without an answer.
pub(crate) fn stopped(error: &tokio::task::JoinError) -> ConnectorError {
    ConnectorError::Unreachable(format!("the thread that works on the file stopped: {error}"))
}

/// The end of a read of a whole file: complete when there is no problem.
pub(crate) fn complete(problem: Option<String>) -> ReadEnd {
    ReadEnd {
        complete: problem.is_none(),
        incremental: false,
        cursor: None,
        deleted: Vec::new(),
        problem,
    }
}
