//! Work that takes long: begun by a call, followed by its number, and kept with what came of it.
//!
//! A job runs on a thread of this process. When the process dies, the job is shown as interrupted; what it did is not lost,
//! because every run can be begun again: a plan that is applied again goes on where it stopped.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use axum::http::StatusCode;
use muster_app::{Error, begin_job};
use muster_engine::{CancelFlag, Progress, Task};
use muster_store::Job;
use muster_web::{Code, Problem};
use serde_json::{Value as Json, json};
use tokio::runtime::Handle;

use crate::{
    answer::{Told, problem_body},
    asked::Asked,
};

/// Jobs that run at the same time at most: each takes a thread and may read everybody.
const MOST_RUNNING: usize = 8;

/// The jobs that run in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct Jobs(Arc<Mutex<BTreeMap<i64, Running>>>);

/// A job that runs: how far it is, and a way to stop it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Running {
    step: Arc<Mutex<(String, Option<u64>)>>,
    done: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
}

impl Running {
    /// Set when the job is to stop.
    pub(crate) fn cancel(&self) -> CancelFlag {
        CancelFlag(Arc::clone(&self.stop))
    }
}

impl Progress for Running {
    fn begin(&self, task: &str, total: Option<u64>) -> Box<dyn Task> {
        *self.step.lock().unwrap_or_else(PoisonError::into_inner) = (task.to_owned(), total);
        self.done.store(0, Ordering::Relaxed);
        Box::new(self.clone())
    }
}

impl Task for Running {
    fn advance(&self, n: u64) {
        self.done.fetch_add(n, Ordering::Relaxed);
    }

    fn note(&self, _text: &str) {}
}

impl Jobs {
    /// Begins `work` and answers 202 with the job.
    pub(crate) async fn begin<W, F>(asked: Asked, kind: &str, work: W) -> Result<Told, Problem>
    where
        W: FnOnce(Asked, Running) -> F + Send + 'static,
        F: Future<Output = Result<Json, Error>>,
    {
        if asked.jobs.list().len() >= MOST_RUNNING {
            let detail = format!("{MOST_RUNNING} jobs run already");
            return Err(Problem::new(Code::BUSY, detail).retry_after(5));
        }
        let job = begin_job(&asked.ctx, &asked.opened, asked.caller.client, kind).await?;
        let running = Running::default();
        asked.jobs.list().insert(job.id, running.clone());
        let document = json!({ "job": asked.jobs.document(&job, false) });
        let document = document.get("job").cloned().unwrap_or_default();
        let (handle, id) = (Handle::current(), job.id);
        // The job outlives the request, and its end is written down by itself.
        drop(tokio::task::spawn_blocking(move || {
            handle.block_on(async move {
                let (jobs, opened, ctx) =
                    (asked.jobs.clone(), Arc::clone(&asked.opened), asked.ctx.clone());
                let (status, answer) = match work(asked, running).await {
                    Ok(document) => (200, document.to_string().into_bytes()),
                    Err(error) => {
                        let problem = Problem::from(error);
                        (i64::from(problem.status.as_u16()), problem_body(&problem))
                    }
                };
                let ended = async {
                    let mut tx = opened.store.begin().await?;
                    tx.end_job(id, ctx.now(), status, &answer).await?;
                    tx.commit().await
                };
                if let Err(error) = ended.await {
                    tracing::error!(%error, job.id = id, "the end of a job could not be written");
                }
                jobs.list().remove(&id);
            });
        }));
        Ok(Told::document(StatusCode::ACCEPTED, &document).at(format!("/api/v1/jobs/{id}")))
    }

    /// Asks a job to stop; false when it does not run here.
    pub(crate) fn stop(&self, id: i64) -> bool {
        let running = self.list().get(&id).cloned();
        running.is_some_and(|job| {
            job.stop.store(true, Ordering::Relaxed);
            true
        })
    }

    /// A job as a document.
    pub(crate) fn document(&self, job: &Job, is_gone: bool) -> Json {
        let running = self.list().get(&job.id).cloned();
        let state = match (job.status, &running) {
            (Some(200), _) => "done",
            (Some(_), _) => "failed",
            (None, None) if is_gone => "interrupted",
            (None, _) => "running",
        };
        let progress = running.map(|running| {
            let (step, total) = running.step.lock().unwrap_or_else(PoisonError::into_inner).clone();
            json!({ "step": step, "done": running.done.load(Ordering::Relaxed), "total": total })
        });
        let answer =
            job.answer.as_deref().and_then(|body| serde_json::from_slice::<Json>(body).ok());
        let (result, problem) =
            if job.status == Some(200) { (answer, None) } else { (None, answer) };
        json!({
            "id": job.id, "kind": &*job.kind, "state": state, "by": &*job.actor, "begun_at": job.begun_at.to_string(),
            "ended_at": job.ended_at.map(|at| at.to_string()), "progress": progress, "result": result, "problem": problem,
            "correlation": &*job.correlation,
        })
    }

    fn list(&self) -> std::sync::MutexGuard<'_, BTreeMap<i64, Running>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
