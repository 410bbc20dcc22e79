//! Work that may take long: a page waits for it for a while, and lets it go on.

use std::{future::Future, time::Duration};

use muster_app::Error;
use tokio::runtime::Handle;
use tracing::{Instrument as _, Span};

/// How long a page waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// Begins work on a thread of its own. `None` when it goes on; what comes of it then is seen on the pages about it, and trouble in
/// the log.
pub(crate) async fn begun<T, W>(work: W) -> Result<Option<T>, Error>
where
    W: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let runtime = Handle::current();
    let logged = async move {
        let done = work.await;
        if let Err(error) = &done {
            tracing::warn!(%error, "work that a page began did not succeed");
        }
        done
    };
    let logged = logged.instrument(Span::current());
    let task = tokio::task::spawn_blocking(move || runtime.block_on(logged));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(done)) => done.map(Some),
        Ok(Err(_)) => Err(Error::bug("work that a page began ended with a panic")),
        Err(_) => Ok(None),
    }
}
