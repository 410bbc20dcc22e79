//! Where an incremental read goes on, and when everything is read again.

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_connector::{Connector, ConnectorError, ReadEnd};
use muster_model::Text;
use muster_store::{ReadRun, ReadTx};

use super::{Source, remap};

/// The cursor to go on after; `None` when everything is to be read: the first time, when a complete read is due, when
/// other columns are asked for than before, and where the system cannot tell what changed.
pub(super) async fn since(
    tx: &mut ReadTx,
    opened: &Opened,
    source: Source<'_>,
    connector: &dyn Connector,
    now: Timestamp,
) -> Result<Option<Text>, Error> {
    if !source.read.incremental || !connector.capabilities().incremental {
        return Ok(None);
    }
    let Some(cursor) = last(tx, opened, source).await? else { return Ok(None) };
    let complete = tx.latest_complete_read(system_no(opened, source), source.what).await?;
    let due = complete
        .and_then(|run| run.started_at.checked_add(source.read.complete_every).ok())
        .is_none_or(|due| due <= now);
    let asks_for_more = remap::Mapped::load(tx, opened, source).await?.asks_for_more();
    Ok((!due && !asks_for_more).then_some(cursor))
}

/// The cursor that the latest run of the read left.
pub(super) async fn last(
    tx: &mut ReadTx,
    opened: &Opened,
    source: Source<'_>,
) -> Result<Option<Text>, Error> {
    let runs = tx.latest_read_runs(system_no(opened, source)).await?;
    let run: Option<ReadRun> = runs.into_iter().find(|run| run.what == *source.what);
    let cursor = run.and_then(|run| run.cursor);
    Ok(cursor.and_then(|bytes| String::from_utf8(bytes).ok()).map(Into::into))
}

/// True when the system does not know the cursor any more, or cannot go on after it.
pub(super) fn is_lost(end: &Result<ReadEnd, ConnectorError>) -> bool {
    match end {
        Ok(end) => end.incremental && !end.complete,
        Err(error) => !error.is_transient(),
    }
}

fn system_no(opened: &Opened, source: Source<'_>) -> i64 {
    opened.names.systems.get(source.system.id.index()).map_or(0, |names| names.no)
}
