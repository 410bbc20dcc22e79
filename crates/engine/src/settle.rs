//! Writes down what evaluation found, so that the next run passes over whoever is settled.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_model::{DriftId, EntityId};
use muster_store::{Evaluation, Tx};

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
        let mut tx = opened.store.begin().await?;
        save_findings_in(&mut tx, chunk, &mut notes, now).await?;
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

/// Saves findings as part of a transaction, with the notes about the same identities.
pub(crate) async fn save_findings_in(
    tx: &mut Tx,
    evaluations: &[Evaluation],
    notes: &mut BTreeMap<EntityId, Notes>,
    now: Timestamp,
) -> Result<(), Error> {
    let own = evaluations.iter().filter_map(|found| notes.remove_entry(&found.entity));
    let own: Vec<(EntityId, Notes)> = own.collect();
    tx.save_evaluations(evaluations).await?;
    save_notes(tx, &own, now).await
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
