//! Writes down what evaluation found, so that the next run passes over whoever is settled.

use muster_app::{Error, Opened};
use muster_store::Evaluation;

const CHUNK: usize = 10_000;

/// Saves findings in chunks; nothing is written when there are none.
pub(crate) async fn save_findings(
    opened: &Opened,
    evaluations: &[Evaluation],
) -> Result<(), Error> {
    for chunk in evaluations.chunks(CHUNK) {
        let mut tx = opened.store.begin().await?;
        tx.save_evaluations(chunk).await?;
        tx.commit().await?;
    }
    Ok(())
}
