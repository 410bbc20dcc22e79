//! The answer of whoever was called by a task that waits for one.

use muster_app::{Ctx, Error, Kind, Opened, raise_alarm};
use muster_model::Text;
use muster_store::{Entry, RunState, Tx, WorkflowRun, WorkflowTask};
use serde_json::json;

use super::{run::alarm, tasks::CALLED};
use crate::lease::Lease;

/// Letters of a note that are kept.
const LONGEST: usize = 500;

/// What whoever was called says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunAnswer {
    /// Whether it was done; otherwise the run has failed.
    pub done: bool,
    /// What there is to say about it.
    pub note: Option<String>,
}

/// Takes the answer that a run waits for. It goes on at once, or has failed, with an alarm.
///
/// Refused: a run that waits for none, or whose time is up (`Conflict`), and while somebody runs workflows (`Busy`).
pub async fn answer_run(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    answer: &RunAnswer,
) -> Result<(), Error> {
    let lease = Lease::take(ctx, opened, "workflows").await?;
    let taken = take(ctx, opened, id, answer).await;
    lease.release(opened, taken).await
}

async fn take(ctx: &Ctx, opened: &Opened, id: i64, answer: &RunAnswer) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    let missing = || Error::not_found(format!("there is no run `{id}` of a workflow"));
    let run = tx.workflow_run(id).await?.ok_or_else(missing)?;
    let tasks = tx.workflow_tasks(id).await?;
    let is_called = |task: &WorkflowTask| {
        task.seq == run.step + 1 && task.state == RunState::Open && &*task.detail == CALLED
    };
    let is_in_time = run.state == RunState::Open && run.wake_at.is_some_and(|at| at > ctx.now());
    let Some(task) = tasks.into_iter().find(is_called).filter(|_| is_in_time) else {
        let message = format!("the run `{id}` waits for no answer");
        return Err(Error::new(Kind::Conflict, message).hint("its time may be up"));
    };
    settle(&mut tx, ctx, run, task, answer).await?;
    Ok(tx.commit().await?)
}

async fn settle(
    tx: &mut Tx,
    ctx: &Ctx,
    mut run: WorkflowRun,
    mut task: WorkflowTask,
    answer: &RunAnswer,
) -> Result<(), Error> {
    let now = Some(ctx.now());
    let note: String = answer.note.iter().flat_map(|note| note.chars()).take(LONGEST).collect();
    let said = if note.is_empty() { "answered" } else { &note };
    (task.ended_at, task.detail) = (now, said.into());
    if answer.done {
        (task.state, run.step, run.wake_at) = (RunState::Done, run.step + 1, now);
    } else {
        (task.state, run.state, run.ended_at, run.wake_at) =
            (RunState::Failed, RunState::Failed, now, None);
        run.detail = format!("task {} failed", task.seq).into();
        let problem = format!("task {} ({}) failed: {}", task.seq, task.kind, task.detail);
        raise_alarm(tx, ctx, &alarm(&run, &problem)).await?;
    }
    tx.save_workflow_task(&task).await?;
    tx.advance_workflow_run(&run).await?;
    let detail = json!({ "task": task.seq, "done": answer.done, "note": note });
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "workflow.answer".into(),
        subject: format!("workflow {}", run.workflow).into(),
        detail: detail.to_string().into(),
        correlation: Some(Text::from(format!("workflow run {}", run.id))),
    })
    .await?;
    Ok(())
}
