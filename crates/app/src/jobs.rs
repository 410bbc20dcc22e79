//! Work that takes longer than a request.

use muster_store::{Job, Sequence, Tx};

use crate::{Ctx, Error, Opened};

/// Writes down that a job of this kind begins for a client, in a transaction of its own.
pub async fn begin_job(ctx: &Ctx, opened: &Opened, client: i64, kind: &str) -> Result<Job, Error> {
    let mut tx = opened.store.begin().await?;
    let job = begin_job_in(ctx, &mut tx, client, kind).await?;
    tx.commit().await?;
    Ok(job)
}

/// As [`begin_job`], within a transaction that the caller commits.
pub async fn begin_job_in(ctx: &Ctx, tx: &mut Tx, client: i64, kind: &str) -> Result<Job, Error> {
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
    Ok(job)
}
