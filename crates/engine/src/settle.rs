//! Writes down what evaluation found, so that the next run passes over whoever is settled.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_model::{DriftId, EntityId};
use muster_store::Evaluation;

use crate::effects::{Notes, save_notes};

const CHUNK: usize = 10_000;

/// Saves findings in chunks, each with the notes about the same identities; nothing is written when there are none.
pub(crate) async fn save_findings(
    opened: &Opened,
    evaluations: &[Evaluation],
    mut notes: BTreeMap<EntityId, Notes>,
    now: Timestamp,
) -> Result<(), Error> {
    for chunk in evaluations.chunks(CHUNK) {
        let own = chunk.iter().filter_map(|found| notes.remove_entry(&found.entity));
        let own: Vec<(EntityId, Notes)> = own.collect();
        let mut tx = opened.store.begin().await?;
        tx.save_evaluations(chunk).await?;
        save_notes(&mut tx, &own, now).await?;
        tx.commit().await?;
    }
    let rest: Vec<(EntityId, Notes)> = notes.into_iter().collect();
    for chunk in rest.chunks(CHUNK) {
        let mut tx = opened.store.begin().await?;
        save_notes(&mut tx, chunk, now).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Ends drift that no difference is left of. Plans stay as they are: it was the cause of nothing in them.
pub(crate) async fn close_drift(
    opened: &Opened,
    over: &[DriftId],
    now: Timestamp,
) -> Result<(), Error> {
    for chunk in over.chunks(CHUNK) {
        let mut tx = opened.store.begin().await?;
        tx.close_drift(chunk, now, "as wanted").await?;
        tx.commit().await?;
    }
    Ok(())
}
