//! Work that takes long. A job is seen by the client that began it, and by administrators.

use muster_app::{Error, Scope};
use muster_store::Job;
use muster_web::Problem;
use serde_json::Value as Json;

use crate::{
    Operation,
    answer::Told,
    asked::{Asked, cursor},
};

pub(super) fn operations() -> Vec<Operation> {
    vec![
        Operation::list(
            ("jobs.list", "/jobs", "List your jobs, the newest first"),
            None,
            "@Job",
            list,
        )
        .paged(),
        Operation::get(
            ("jobs.get", "/jobs/{id}", "See how far a job is, or what came of it"),
            None,
            "@Job",
            get,
        ),
        Operation::post(
            ("jobs.stop", "/jobs/{id}/stop", "Let a job stop after what it does right now"),
            None,
            "@Job",
            stop,
        ),
    ]
}

fn is_seen(asked: &Asked, job: &Job) -> bool {
    // Bulk requests of SCIM have resources of their own.
    let own = asked.caller.client == job.client && &*job.kind != "scim.bulk";
    own || (asked.caller.authority.is_none() && asked.caller.scopes.cover(Scope::Admin))
}

fn document(asked: &Asked, job: &Job) -> Json {
    asked.jobs.document(job, asked.ctx.clock.is_gone(&job.process))
}

async fn find(asked: &Asked) -> Result<Job, Problem> {
    let id = asked.id("id");
    let mut tx = asked.opened.store.read().await.map_err(Error::from)?;
    let job = tx.job(id).await.map_err(Error::from)?.filter(|job| is_seen(asked, job));
    job.ok_or_else(|| Problem::not_found(format!("there is no job {id}")))
}

async fn list(asked: Asked) -> Result<Told, Problem> {
    let limit = asked.limit();
    let mut tx = asked.opened.store.read().await.map_err(Error::from)?;
    let jobs = tx.jobs(asked.after(), limit).await.map_err(Error::from)?;
    let next = jobs.last().filter(|_| jobs.len() == limit).map(|last| cursor(last.id));
    let seen = jobs.iter().filter(|job| is_seen(&asked, job));
    let items: Vec<Json> = seen.map(|job| document(&asked, job)).collect();
    Ok(muster_app::json::list(&items, next.as_deref()).into())
}

async fn get(asked: Asked) -> Result<Told, Problem> {
    let job = find(&asked).await?;
    Ok(document(&asked, &job).into())
}

async fn stop(asked: Asked) -> Result<Told, Problem> {
    let job = find(&asked).await?;
    asked.jobs.stop(job.id);
    Ok(document(&asked, &job).into())
}
