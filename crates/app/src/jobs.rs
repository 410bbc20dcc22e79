//! Work that takes longer than a request.

use muster_store::{Job, Sequence};

use crate::{Ctx, Error, Opened};

/// Writes down that a job of this kind begins for a client, in a transaction of its own.
pub async fn begin_job(ctx: &Ctx, opened: &Opened, client: i64, kind: &str) -> Result<Job, Error> {
    let mut tx = opened.store.begin().await?;
    let job = Job {
        id: tx.take_ids(Sequence::Job, 1).await?,
        client,
        kind: kind.into(),
        process: ctx.clock.process().into(),
        actor: ctx.actor.clone(),
        correlation: ctx.correlation.clone(),
        begun_at: ctx.now(),
        ended_at: None,
        status: None,
        answer: None,
    };
    tx.insert_job(&job).await?;
    tx.commit().await?;
    Ok(job)
}
