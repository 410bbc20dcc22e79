//! Work that takes long.

use std::future::Future;

use muster_app::Error;
use tokio::runtime::Handle;
use tracing::{Instrument as _, Span};

/// Runs work that takes long on a thread of its own. On SQLite nothing in it ever waits, so on an async worker it would
/// keep every other request from being answered.
pub async fn long_work<T, W>(work: W) -> Result<T, Error>
where
    W: Future<Output = Result<T, Error>> + Send + 'static,
    T: Send + 'static,
{
    let handle = Handle::current();
    let work = work.instrument(Span::current());
    let done = tokio::task::spawn_blocking(move || handle.block_on(work)).await;
    done.unwrap_or_else(|_| Err(Error::bug("work on a thread of its own ended with a panic")))
}
